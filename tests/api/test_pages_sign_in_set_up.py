#!/usr/bin/env python3
"""The sign-in pages under other settings: address first everywhere, without mail, without registration, with low limits."""
from kit import *
from signing_in import *
from web import field_of

MAIL_PAGES = ("/login/link", "/login/link/sent", "/forgot-password")


@test("sign_in_form = identifier_first holds for sign-ins without an application and with one")
def address_first(site):
    person = site.add_person()
    browser = site.browser()
    first = browser.open("/login", {"return_to": "/account"})
    assert field_of(form_to(first, "/login"), autocomplete="current-password") is None, str(first)
    second = browser.submit(form_to(first, "/login"), {"email": person.email})
    answer = browser.submit(form_to(second, "/login"), {"password": person.password}, follow=False)
    equal((answer.status, answer.location), (303, "/account"), "signed in")
    browser, first, _ = open_flow(site)
    assert field_of(form_to(first, "/login"), autocomplete="current-password") is None, str(first)


@test("who has to sign in again is asked for the password at once")
def again(site):
    person = site.add_person()
    browser = site.browser()
    second = browser.submit(form_to(browser.open("/login"), "/login"), {"email": person.email})
    browser.submit(form_to(second, "/login"), {"password": person.password})
    page = browser.open("/login", {"again": "1"})
    assert person.email in page.text and field_of(form_to(page, "/login"), autocomplete="current-password"), str(page)
    other = browser.open(link_to(page, "/login"))
    assert person.email not in other.text and not field_of(form_to(other, "/login"), autocomplete="current-password"), str(other)


@test("without mail nothing is offered that needs one, and its pages aren't there")
def no_mail(site):
    browser = site.browser()
    login = browser.open("/login")
    assert not [link for link in login.page().links if link.startswith(MAIL_PAGES)], login.page().links
    token = form_to(login, "/login")["fields"][0]["value"]
    for path in MAIL_PAGES:
        equal(browser.get(path).status, 404, path)
    for path in ("/login/link", "/forgot-password"):
        equal(browser.request("POST", path, form={"email": "ann@example.org", "token": token}).status, 404, path)


@test("T-110: registration that is closed isn't offered, and its page is a 403 that says so")
def no_registration(site):
    browser = site.browser()
    login = browser.open("/login")
    assert not [link for link in login.page().links if "register" in link], login.page().links
    equal(browser.get("/register").status, 403, "GET")
    equal(browser.request("POST", "/register", form={"email": "ann@example.org"}).status, 403, "POST")


@test("429: the page says how long to wait, with a way on, and Retry-After; the log has the words for fail2ban")
def limits(site):
    browser = site.browser()
    page = browser.submit(form_to(browser.open("/login"), "/login"), {"email": "ann@example.org"})
    for _ in range(70):
        answer = browser.submit(form_to(page, "/login"), {"password": "wrong"})
        if answer.status == 429:
            break
        page = answer if answer.page().forms else page
    equal(answer.status, 429, str(answer))
    assert int(answer.header("Retry-After")) > 0 and "minute" in answer.page().text and (answer.page().forms or answer.page().links), str(answer)
    assert "sign-in failed from 127.0.0.1" in site.log(), "the words"


run(settings={"sign_in_form": "identifier_first", "mail": "", "registration": "no", "sign_in_limit_per_address": 60})
