#!/usr/bin/env python3
"""Signing in by other providers where nobody new is let in, addresses are asked for before passwords, and a provider is
away or only gives tokens."""
import json
import tempfile

from kit import *
from providing import *
from signing_in import *


def named(name, **changes):
    """Acme by another name."""
    return {**fakes["acme"].metadata(**changes), "name": name}


@test("where registration is closed nobody new comes in by a provider, and is told whom to ask; who is known does")
def closed(site):
    word, browser = somebody(), site.browser()
    answer = sign_in(browser, "google", word, follow=False)
    equal(error_of(answer), "google_registration_closed")
    page = browser.follow(answer)
    assert "made by the people who run" in errors_of(page) and who(browser) is None, str(page)
    equal(site.sql(f"SELECT COUNT(*) FROM users WHERE email_key = '{address_of(word)}'"), [["0"]])
    owner = add_owner(site, word)
    page = sign_in(browser, "google", word)
    fill_login(browser, page, owner)
    again = site.browser()
    sign_in(again, "google", word)
    equal(who(again)["email"], owner.email)


@test("identifier first: the buttons are on both steps, and keep the flow")
def identifier_first(site):
    browser, login, client = open_flow(site)
    assert not is_login(login.page()), "the password is asked for at once"
    person = site.add_person()
    second = browser.submit(form_to(login, "/login"), {"email": person.email})
    assert is_login(second.page())
    for page in (login, second):
        assert "oauth_request=" in link_to(page, "/api/auth/google/login"), str(page)


@test("the proof of an account asks for its password at once, with the address named")
def proof_names_the_address(site):
    word, browser = somebody(), site.browser()
    owner = add_owner(site, word)
    page = sign_in(browser, "google", word)
    assert is_login(page.page()) and owner.email in page.text and "Connect Google" in page.text, str(page)
    assert "has been connected" in fill_login(browser, page, owner).text


@test("a provider whose discovery can't be had has its button, and says that it can't be reached")
def away(site):
    browser = site.browser()
    answer = browser.get(link_to(browser.open("/login"), "/api/auth/away/login"))
    equal(error_of(answer), "away_unavailable")
    page = browser.follow(answer)
    assert "can't be reached" in errors_of(page) and link_to(page, "/login"), str(page)
    assert link_to(page, "/login")


@test("a provider that only gives tokens has no button, no way in, and no way back in")
def tokens_only(site):
    browser = site.browser()
    page = browser.open("/login")
    assert not [link for link in page.page().links if "/tokens/" in link], page.page().links
    equal(error_of(browser.get("/api/auth/tokens/login")), "tokens_not_offered")


@test("a name that is a word for another way to sign in isn't taken for a provider")
def reserved_names(site):
    for name in ("pwd", "otp", "mail", "password"):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(named(name), file)
            file.flush()
            try:
                site.cli("provider", "add", "--metadata", file.name)
            except AssertionError as refused:
                assert "another way to sign in" in str(refused), refused
                continue
        raise AssertionError(f"{name} was taken")


def options():
    given = options_with_providers(registration="no", sign_in_form="identifier_first")
    path = given["settings"]["providers"]
    with open(path) as file:
        listed = json.load(file)
    listed.append(named("away", display_name="Away", issuer="http://localhost:9"))
    listed.append(named("tokens", display_name="Tokens", sign_in=False))
    with open(path, "w") as file:
        json.dump(listed, file)
    return given


run(**options())
