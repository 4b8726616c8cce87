#!/usr/bin/env python3
"""What must hold of every way in alike: a lock, a disabled account, a PIN that isn't the whole one."""
import time

from kit import *
from from_anywhere import ask
from script import *
from signing_in import *

ACCOUNT_LIMIT = 10


def by_api(site, person, browser):
    return ask(site, "198.51.95.1", "login", {"email": person.email, "password": person.password}).status == 200


def by_page(site, person, browser):
    fill_login(browser, browser.open("/login"), person)
    return is_signed_in(browser)


def by_flow(site, person, browser):
    fill_login(browser, open_flow(site, browser=browser)[1], person)
    return is_signed_in(browser)


def by_address_first(site, person, browser):
    own = in_service(site, sign_in_form="identifier_first")
    first = browser.open(AUTHORIZE, request_of(own.client()))
    fill_login(browser, browser.submit(form_to(first, "/login"), {"email": person.email}), person)
    return is_signed_in(browser)


def by_gate(site, person, browser):
    with gated(site) as own:
        page = fill_login(browser, browser.open(AUTHORIZE, request_of(own.client())), person)
        return any(form["action"].startswith("/login/pin") for form in page.page().forms)


@test("T-89, security 130: every way that checks a password honours the lock: API, page, flow, address first, and before the PIN")
def locked_everywhere(site):
    person = site.add_person()
    ways = (by_api, by_page, by_flow, by_address_first, by_gate)
    for way in ways:
        assert way(site, person, site.browser()), f"{way.__name__}: the way itself"
    key = f"UNHEX(LEFT(SHA2(CONCAT('password\\n', '{person.email}'), 256), 32))"
    site.sql(f"INSERT INTO attempts SELECT UNHEX(MD5(seq + {time.time_ns() % 10**9})), {key}, UNIX_TIMESTAMP() * 1000, UNIX_TIMESTAMP() + 900 FROM seq_1_to_{ACCOUNT_LIMIT}")
    for way in ways:
        assert not way(site, person, site.browser()), f"{way.__name__}: let in"
    site.cli("user", "unlock", person.email)
    assert by_page(site, person, site.browser())


@test("T-89, T-73, security 111: who is disabled is let in by no way that was begun before: link, PIN, PIN behind the password, reset, change of address, flow")
def disabled_everywhere(site):
    def link(person, browser):
        ask_for_link(site, browser, browser.open("/login"), person.email)
        mail = site.mail.wait(person.email, "magic_link")
        page = browser.open(path_of(mail.link("magic-login")))
        return lambda: press(browser, page, "/api/public/magic-login")

    def pin(person, browser):
        asked = ask_for_link(site, browser, browser.open("/login"), person.email)
        mail = site.mail.wait(person.email, "magic_link")
        return lambda: type_pin(browser, asked, mail.pin)

    def gate(person, browser):
        page = fill_login(browser, browser.open(AUTHORIZE, request_of(own.client())), person)
        mail = site.mail.wait(person.email, "pin")
        return lambda: type_pin(browser, page, mail.pin, "/login/pin")

    def reset(person, browser):
        browser.submit(form_to(browser.open("/forgot-password"), "/forgot-password"), {"email": person.email})
        page = browser.open(path_of(site.mail.wait(person.email, "reset_password").links[0]))
        return lambda: browser.submit(form_to(page, "/reset-password"), {"password": "another good password"})

    def password(person, browser):
        page = open_flow(site, browser=browser)[1]
        return lambda: fill_login(browser, page, person)

    with gated(site) as own:
        for way in (link, pin, gate, reset, password):
            for happening in ("nothing", "disable"):
                person, browser = site.add_person(), site.browser()
                go_on = way(person, browser)
                if happening == "disable":
                    site.cli("user", "disable", person.email)
                if way is password and happening == "nothing":
                    continue  # the gate is there
                answer = go_on()
                assert answer.status < 500, str(answer)
                equal(is_signed_in(browser) and browser.get("/account").status == 200, happening == "nothing", f"{way.__name__}, {happening}")


def every_secret(site):
    """One of each kind of secret that we give out, by kind; all of one person."""
    person, client = site.add_person(), site.client()
    browser = site.browser()
    login = browser.open(AUTHORIZE, request_of(client))
    found = {"flow": browser.here.partition("oauth_request=")[2], "form": hidden_of(form_to(login, "/login"))[0][1]}
    found["flow"] = found["flow"] or dict(hidden_of(form_to(login, "/login")))["oauth_request"]
    tokens = sign_in(site, client, person, browser, scope="openid offline_access", prompt="consent")
    found.update(access=tokens.access, refresh=tokens.refresh, id=tokens.id, code=authorize(site, client, person, browser, prompt="none")["code"])
    found.update(session=browser.cookies["public-session"], browser=browser.cookies["__Host-doorward-browser"], devices=browser.cookies["__Host-doorward-devices"])
    for path, mail in (("request-magic-link", "magic_link"), ("forgot-password", "reset_password")):
        said(Script(site).post(path, {"email": person.email}), 200)
        found[mail] = token_of(site.mail.wait(person.email, mail).link("token="))
    _, email = registered(site)
    found["verify_email"] = token_of(site.mail.wait(email, "verify_email").link("token="))
    return client, found


@test("T-70, T-19: no secret passes for one of another kind: flow, form, code, tokens, cookies and links, each at every place where one is taken")
def typed(site):
    client, found = every_secret(site)
    web = site.web
    cookie = lambda name, value, path: web.get(path, headers={"Cookie": f"{name}={value}", "Accept": "text/html"})
    places = {
        "session": lambda secret: cookie("public-session", secret, "/api/public/session").status == 200,
        "access": lambda secret: userinfo(site, secret).status == 200,
        "flow": lambda secret: cookie("__Host-doorward-browser", found["browser"], "/login?oauth_request=" + secret).status in (200, 302, 303),
        "magic_link": lambda secret: web.get("/api/public/magic-login", {"token": secret}).status == 200,
        "reset_password": lambda secret: web.get("/reset-password", {"token": secret}).status == 200,
        "verify_email": lambda secret: web.get("/confirm", {"token": secret}).status == 200,
        "code": lambda secret: redeem(site, client, secret).status == 200,
        "refresh": lambda secret: refresh(site, client, secret).status == 200,
    }
    for place, works in places.items():
        taken = [kind for kind, secret in found.items() if kind != place and works(secret)]
        equal(taken, [], f"taken for {place}")
    for place, works in places.items():
        assert works(found[place]), f"{place}: the right one"


@test("security 135: the code beside a mailed link lasts ten minutes, as page and mail say; one behind a password five; to the second")
def how_long(site):
    person, script = site.add_person(), Script(site)
    for age, works in ((590, True), (600, False)):
        said(script.post("request-magic-link", {"email": person.email}), 200)
        mail = site.mail.wait(person.email, "magic_link")
        assert "10 minutes" in mail.text, mail.text
        row = f"WHERE email_key = '{person.email}'"
        site.sql(f"UPDATE challenges SET created_at = created_at - {age}, expires_at = expires_at - {age} {row}")
        equal(script.post("verify-pin", {"email": person.email, "pin": mail.pin}).status, 200 if works else 401, f"{age} s")
    browser = site.browser()
    assert "10 minutes" in ask_for_link(site, browser, browser.open("/login"), person.email).page().text
    with gated(site):
        for age, works in ((290, True), (300, False)):
            script = Script(site)
            script.post("login", {"email": person.email, "password": person.password})
            pin = site.mail.wait(person.email, "pin").pin
            site.sql(f"UPDATE challenges SET expires_at = expires_at - {age} {row} AND kind = 'pin'")
            equal(script.post("verify-pin", {"email": person.email, "pin": pin}).status, 200 if works else 401, f"{age} s")


@test("T-94, security 135: a PIN is compared whole: its beginning, more of it, other digits of its value and another kind's don't do, and it's spent by its use")
def whole_pins(site):
    person, script = site.add_person(), Script(site)
    said(script.post("request-magic-link", {"email": person.email}), 200)
    pin = site.mail.wait(person.email, "magic_link").pin
    for odd in (pin[:5], pin[:1], "", pin + "0", "0" + pin, pin + "\x00", f"+{pin}", f"{int(pin)}.0", pin[:5] + "%", "%", "______", f"{int(pin):#x}",
                pin.translate({48 + digit: 0xff10 + digit for digit in range(10)})):
        one_of(script.post("verify-pin", {"email": person.email, "pin": odd}).status, (400, 401), repr(odd))
    one_of(script.post("verify-pin", {"email": person.email, "pin": int(pin)}).status, (400,), "a number")
    assert script.session is None
    answers = [script.post("verify-pin", {"email": person.email, "pin": pin}).status for _ in range(3)]
    equal(answers, [200, 401, 401], "the PIN itself")


run()
