#!/usr/bin/env python3
"""The pages of signing in: password, mailed link and code, PIN, registration, recovery, confirmation, unlocking."""
import re
import time
import urllib.parse

from kit import *
from signing_in import *
from web import field_of, filled


def consenting(site, person, client):
    """The client asks for openid only, which is never asked about twice: consent is given once."""
    authorize(site, client, person)
    return person


def person_of(site, client=None):
    return consenting(site, site.add_person(), client or site.client())


def mailed_link(site, person, browser=None, flow=True):
    """A person who has asked for a link: browser, page "check your mail", mail."""
    browser = browser or site.browser()
    login = open_flow(site, browser=browser)[1] if flow else browser.open("/login")
    sent = ask_for_link(site, browser, login, person.email)
    return browser, sent, site.mail.wait(person.email, "magic_link")


# --- the ways in, each from an application and back to it ---

@test("sign-in by mailed link, in the browser that asked, ends at the application with a code; the POST is answered by 303")
def by_link(site):
    person = person_of(site)
    browser, sent, mail = mailed_link(site, person)
    equal(urllib.parse.urlsplit(browser.here).path, "/login/link/sent", browser.here)
    assert person.email not in urllib.parse.unquote(browser.here), f"18: an address in an address: {browser.here}"
    landing = browser.open(path_of(mail.link("magic-login")))
    equal(landing.status, 200, str(landing))
    assert person.email in landing.text and site.client().metadata["client_name"] in landing.text, "for whom and for what isn't said"
    assert not is_signed_in(browser), "117: looking signed in"
    answer = press(browser, landing, "/api/public/magic-login", follow=False)
    equal(answer.status, 303, "14: status behind a POST")
    code_of(browser.follow(answer), site.client(), "mailed link")


@test("sign-in by the code of the mail ends at the application; spaces are tolerated when it's typed")
def by_mailed_pin(site):
    person = person_of(site)
    browser, sent, mail = mailed_link(site, person)
    field = form_to(sent, "/login/link/pin")
    assert field_of(field, autocomplete="one-time-code", inputmode="numeric"), field
    code_of(type_pin(browser, sent, f" {mail.pin[:3]} {mail.pin[3:]} "), site.client(), "mailed code")


@test("a wrong code says so and may be tried three times; then not even the right one does, with a way to a new mail; an empty one isn't counted")
def wrong_pins(site):
    person = person_of(site)
    browser, sent, mail = mailed_link(site, person)
    answer = type_pin(browser, sent, "")
    assert answer.status == 400 and "Enter the code" in errors_of(answer), str(answer)
    for left in (2, 1, 0):
        answer = type_pin(browser, answer, wrong(mail.pin))
        assert answer.status == 400 and "not right" in errors_of(answer), f"{left} left: {answer}"
    answer = type_pin(browser, answer, mail.pin)
    assert answer.status == 400 and "too often" in errors_of(answer), str(answer)
    again = browser.open(link_to(answer, "/login/link"))
    equal(field_value(form_to(again, "/login/link"), "email"), person.email, "the address is filled in")
    assert not is_signed_in(browser)
    assert "sign-in failed from " in site.log()


def field_value(form, name):
    return next((field.get("value") for field in form["fields"] if field.get("name") == name), None)


@test("T-71, security 121: the code of the mail works in the browser that asked, and in no other")
def pin_of_another_browser(site):
    person = person_of(site)
    browser, sent, mail = mailed_link(site, person)
    other, sent_too, other_mail = mailed_link(site, site.add_person())
    form = form_to(sent_too, "/login/link/pin")
    answer = other.submit(form, {"pin": mail.pin, "email": person.email})
    assert answer.status == 400 and not is_signed_in(other), str(answer)
    assert "another browser" in errors_of(answer), str(answer)
    code_of(type_pin(browser, sent, mail.pin), site.client(), "the browser that asked")


@test("decision: an unknown and an unverified address get the same page as a known one, and no mail")
def same_page_for_all(site):
    known, unverified = site.add_person(), site.add_person(verified=False)
    pages = []
    for email in (known.email, unverified.email, new_email("nobody")):
        browser, login, _ = open_flow(site)
        sent = ask_for_link(site, browser, login, email)
        text = sent.text.replace(email, "EMAIL")
        pages.append((sent.status, re.sub(r'(value|href)="[^"]*"', "", text)))
    equal(pages[0], pages[1], "unverified")
    equal(pages[0], pages[2], "unknown")
    site.mail.wait(known.email, "magic_link")
    assert site.mail.take(unverified.email, "magic_link") is None


@test("T-92, security 117, 132: looking at a link 20 times, also by HEAD and prefetch, doesn't use it; once used it's a 401 page with a way on")
def looking_is_free(site):
    person = person_of(site)
    browser, sent, mail = mailed_link(site, person, flow=False)
    path = path_of(mail.link("magic-login"))
    for number in range(20):
        scanner = site.browser()
        method = "HEAD" if number % 4 == 3 else "GET"
        answer = scanner.request(method, path, headers={"Sec-Purpose": "prefetch"} if number % 4 == 2 else {})
        equal(answer.status, 200, f"look {number}")
        assert "public-session" not in scanner.cookies
    landing = browser.open(path)
    answer = press(browser, landing, "/api/public/magic-login", follow=False)
    assert answer.status == 303 and is_signed_in(browser), str(answer)
    for again in (browser.get(path), press(browser, landing, "/api/public/magic-login")):
        equal((again.status, again.media_type), (401, "text/html"), "magic link twice")
        assert link_to(again, "/login/link")
    answer = type_pin(browser, sent, mail.pin, follow=False)
    assert answer.status in (302, 303, 400), f"the code of a used mail: {answer}"
    # T-92: used up for everybody, whoever comes second
    other = site.browser()
    equal(other.get(path).status, 401, "another browser")


@test("bad links of every kind are pages with a way on: forged, cut, of another kind, missing; nothing is shown back")
def bad_links(site):
    person = site.add_person()
    browser, _, mail = mailed_link(site, person, flow=False)
    good = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(mail.link("magic-login")).query))["token"]
    tokens = {"forged": good[:-4] + "AAAA", "cut": good[:-5], "nonsense": "x", "polyglot": POLYGLOT, "long": "A" * 3000}
    pages = {"/api/public/magic-login": 401, "/reset-password": 410, "/confirm": 410, "/unlock": 410}
    for path, status in pages.items():
        for what, token in [*tokens.items(), *([] if "magic" in path else [("of another kind", good)])]:
            answer = browser.get(path, {"token": token})
            equal((answer.status, answer.media_type), (status, "text/html"), f"{path}, {what}")
            assert len(answer.page().links) >= 2 and "alert(1)" not in answer.text, f"{path}, {what}: {answer}"
        if path != "/confirm":
            equal(browser.get(path).status, 400, f"{path} without a token")
    equal(browser.open("/confirm").status, 200, "/confirm without a token")
    code = browser.get("/api/public/magic-login", {"token": good})
    equal(code.status, 200, "the good one still stands")


@test("T-71, security 117: a link opened in another browser says where the first window can go on; pressed there, it signs in there, not into the flow")
def link_elsewhere(site):
    person = person_of(site)
    browser, sent, mail = mailed_link(site, person)
    other = site.browser()
    landing = other.open(path_of(mail.link("magic-login")))
    assert "another browser" in landing.page().text and site.client().metadata["client_name"] in landing.text, str(landing)
    code_of(type_pin(browser, sent, mail.pin), site.client(), "the first window")
    equal(other.open(path_of(mail.link("magic-login"))).status, 401, "used by its code")

    browser, sent, mail = mailed_link(site, person)
    answer = press(other, other.open(path_of(mail.link("magic-login"))), "/api/public/magic-login", follow=False)
    equal((answer.status, answer.location), (303, "/"), "signed in there")
    assert is_signed_in(other) and not is_signed_in(browser)
    answer = type_pin(browser, sent, mail.pin)
    assert answer.status == 400 and link_to(answer, "/login/link"), f"the first window has a way on: {answer}"


@test("4, contract: redirect_uri and return_to of a link: evil ones lead to /, registered ones and paths of ours are gone to")
def link_targets(site):
    person = site.add_person()
    origin = urllib.parse.urlsplit(site.client().redirect_uri)
    home = f"{origin.scheme}://{origin.netloc}/welcome"
    cases = [({"redirect_uri": evil}, "/") for evil in EVIL[:4]] + [({"return_to": evil}, "/") for evil in EVIL[4:7]]
    cases += [({"redirect_uri": home}, home), ({"return_to": "/account"}, "/account"), ({"return_to": EVIL[0], "redirect_uri": home}, home),
              ({"return_to": "/account", "redirect_uri": home}, "/account")]
    for query, target in cases:
        browser, _, mail = mailed_link(site, person, flow=False)
        landing = browser.open(path_of(mail.link("magic-login")), query)
        assert "evil" not in landing.text, f"{query}: {landing}"
        answer = press(browser, landing, "/api/public/magic-login", follow=False)
        equal((answer.status, answer.location), (303, target), f"{query}")


@test("4: return_to of the sign-in pages: evil ones lead to /, ours are gone to after password, link and code; and never by a GET with a foreign address")
def return_to(site):
    person = site.add_person()
    for evil in EVIL:
        browser = site.browser()
        login = browser.get("/login", {"return_to": evil})
        assert login.status == 200 and "evil" not in login.text, f"{evil}: {login}"
        form = form_to(login, "/login")
        answer = browser.request("POST", "/login", form=filled(form, {"email": person.email, "password": person.password, "return_to": evil}))
        equal((answer.status, answer.location), (303, "/"), f"{evil}")
        answer = browser.get("/login", {"return_to": evil})
        equal(answer.location, "/", f"signed in already, {evil}")
    browser = site.browser()
    answer = browser.submit(form_to(browser.open("/login", {"return_to": "/account"}), "/login"), {"email": person.email, "password": person.password}, follow=False)
    equal((answer.status, answer.location), (303, "/account"), "after a password")
    browser = site.browser()
    sent = ask_for_link(site, browser, browser.open("/login", {"return_to": "/account"}), person.email)
    answer = type_pin(browser, sent, site.mail.wait(person.email, "magic_link").pin, follow=False)
    equal((answer.status, answer.location), (303, "/account"), "after a mailed code")


@test("again=1 asks who is signed in to prove it once more; without it they go on at once")
def again(site):
    person = site.add_person()
    browser = signed_in(site, person)
    before = browser.cookies["public-session"]
    equal(browser.get("/login", {"return_to": "/account"}).location, "/account", "signed in")
    page = browser.get("/login", {"return_to": "/account", "again": "1"})
    equal(page.status, 200, str(page))
    form = form_to(page, "/login")
    equal(field_value(form, "email"), person.email, "who")
    answer = browser.submit(form, {"password": "not the right one"})
    assert answer.status == 400 and browser.cookies["public-session"] == before, str(answer)
    answer = browser.submit(form_to(answer, "/login"), {"password": person.password}, follow=False)
    equal((answer.status, answer.location), (303, "/account"), "after it")
    assert browser.cookies["public-session"] != before, "105, T-68: the session id is a new one"


# --- address first ---

@test("address first: step 1 asks the address, step 2 shows it with the password, the same for every address, and ends at the application")
def identifier_first(site):
    own = in_service(site, sign_in_form="identifier_first")
    client = own.client()
    person = site.add_person()
    pages = []
    for email in (person.email, new_email("nobody"), site.add_person(verified=False).email):
        browser, first, _ = open_flow(own, client)
        form = form_to(first, "/login")
        assert field_of(form, autocomplete="current-password") is None, "a password in step 1"
        answer = browser.submit(form, {"email": email}, follow=False)
        equal(answer.status, 303, "step 1")
        assert email not in urllib.parse.unquote(answer.location), answer.location
        second = browser.follow(answer)
        assert email in second.page().text, "in words, which wrap where a field would cut them"
        assert link_to(second, "/login/link") and link_to(second, "/forgot-password")
        pages.append(re.sub(r'(value|href)="[^"]*"', "", second.text.replace(email, "EMAIL")))
        if email == person.email:
            browsers = (browser, second)
    equal(pages[0], pages[1], "T-86: unknown")
    equal(pages[0], pages[2], "T-86: unverified")
    browser, second = browsers
    equal(browser.get(browser.here).status, 200, "a reload")
    answer = browser.submit(form_to(second, "/login"), {"password": "not the right one"})
    assert answer.status == 400 and person.email in answer.text and field_of(form_to(answer, "/login"), autocomplete="current-password"), str(answer)
    response = walk(browser, answer, person, client.redirect_uri)
    assert response["code"]


@test("address first: from step 2 to the mailed link the address comes along; another account can be named; what is no address stays on step 1")
def identifier_first_ways(site):
    own = in_service(site, sign_in_form="identifier_first")
    person = site.add_person()
    browser, first, client = open_flow(own)
    answer = browser.submit(form_to(first, "/login"), {"email": "no address"})
    assert answer.status == 400 and field_of(form_to(answer, "/login"), autocomplete="current-password") is None, str(answer)
    second = browser.submit(form_to(first, "/login"), {"email": person.email})
    asking = browser.open(link_to(second, "/login/link"))
    equal(field_value(form_to(asking, "/login/link"), "email"), person.email, "the address on the link page")
    forgot = browser.open(link_to(second, "/forgot-password"))
    equal(field_value(form_to(forgot, "/forgot-password"), "email"), person.email, "the address on the forgotten password page")
    first = browser.open(link_to(second, "/login"))
    assert not field_value(form_to(first, "/login"), "email"), "another account"


# --- the PIN behind the password ---

@test("T-85, T-95, security 135: a service that asks for a PIN: it's mailed behind the password, nobody is signed in before it, and it ends at the application")
def pin_gate(site):
    with gated(site) as own:
        person = site.add_person()
        browser, login, client = open_flow(own)
        page = fill_login(browser, login, person)
        equal(urllib.parse.urlsplit(browser.here).path, "/login/pin", str(page))
        assert not is_signed_in(browser), "T-95: a session before the second factor"
        mail = site.mail.wait(person.email, "pin")
        assert mail.pin not in page.text, "T-85"
        answer = type_pin(browser, page, wrong(mail.pin), "/login/pin")
        assert answer.status == 400 and "not right" in errors_of(answer) and not is_signed_in(browser), str(answer)
        equal(browser.get(browser.here).status, 200, "a reload")
        response = walk(browser, type_pin(browser, answer, f"{mail.pin[:3]} {mail.pin[3:]}", "/login/pin"), person, client.redirect_uri)
        assert response["code"]


@test("T-71, T-88, security 135: the PIN works in the browser that typed the password alone; three wrong ones end it, with a way to begin again")
def pin_gate_guesses(site):
    with gated(site) as own:
        person = site.add_person()
        browser, login, client = open_flow(own)
        page = fill_login(browser, login, person)
        mail = site.mail.wait(person.email, "pin")
        other, other_login, _ = open_flow(own)
        other_person = site.add_person()
        other_page = fill_login(other, other_login, other_person)
        answer = other.submit(form_to(other_page, "/login/pin"), {"email": person.email, "pin": mail.pin})
        assert answer.status == 400 and not is_signed_in(other), f"T-71: {answer}"
        answer = page
        for _ in range(3):
            answer = type_pin(browser, answer, wrong(mail.pin), "/login/pin")
            assert answer.status == 400 and "not right" in errors_of(answer), str(answer)
        answer = type_pin(browser, answer, mail.pin, "/login/pin")
        assert "too often" in errors_of(answer) and not is_signed_in(browser), f"the right one after three wrong ones: {answer}"
        equal(browser.open(link_to(answer, "/login")).status, 200, "a way to begin again")


@test("T-68, security 105: step-up: who is signed in by password alone is asked for a PIN by a service that wants one; looking sends nothing, the button does")
def step_up(site):
    with gated(site) as own:
        person = site.add_person()
        browser = signed_in(site, person)
        before = browser.cookies.get("public-session")
        page = browser.open(AUTHORIZE, request_of(own.client()))
        equal(urllib.parse.urlsplit(browser.here).path, "/login/pin", str(page))
        browser.open(browser.here)
        assert site.mail.take(person.email, "pin") is None, "117: a GET sent a mail"
        page = press(browser, page, "/login/pin/send")
        mail = site.mail.wait(person.email, "pin")
        response = walk(browser, type_pin(browser, page, mail.pin, "/login/pin"), person, own.client().redirect_uri)
        assert response["code"]
        assert browser.cookies["public-session"] != before, "T-68: a new session id at every change of privilege"


@test("abuse 27: a PIN whose form is sent twice at once: the second answer leads to where the first one's session goes on")
def pin_sent_twice(site):
    with gated(site) as own:
        person = site.add_person()
        browser, login, client = open_flow(own)
        page = fill_login(browser, login, person)
        pin = site.mail.wait(person.email, "pin").pin
        twin = browser.clone_without()
        first = type_pin(browser, page, pin, "/login/pin", follow=False)
        second = type_pin(twin, page, pin, "/login/pin", follow=False)
        equal((first.status, second.status, is_signed_in(twin)), (303, 303, False), str(second))
        response = walk(browser, browser.follow(second), person, client.redirect_uri)
        assert response["code"]


# --- registration and confirmation ---

@test("registration in a flow goes on to the application; the mail's link confirms the address, and looking at it doesn't")
def registration(site):
    client = site.client()
    browser, login, _ = open_flow(site, client)
    email = new_email()
    answer = register(browser, browser.open(link_to(login, "/register")), email)
    person = type("Person", (), {"email": email, "password": "a quite good password"})
    response = walk(browser, answer, person, client.redirect_uri)
    assert response["code"]
    mail = site.mail.wait(email, "verify_email")
    assert mail.links[0].startswith(site.url + "/confirm?token="), mail.links
    for _ in range(3):
        page = browser.open(path_of(mail.links[0]))
        equal(page.status, 200, str(page))
    equal(verified(site, email), "0", "117: looking confirmed it")
    answer = press(browser, page, "/confirm", follow=False)
    equal(answer.status, 303, "14")
    answer = browser.follow(answer)
    assert answer.status == 200 and "is confirmed" in answer.page().text, str(answer)
    equal(verified(site, email), "1", "confirmed")
    equal(browser.get(browser.here).status, 200, "a reload")
    equal(browser.get(path_of(mail.links[0])).status, 410, "twice")


def verified(site, email):
    return site.sql(f"SELECT email_verified FROM users WHERE email_key = '{email}'")[0][0]


@test("an account that isn't confirmed: behind the right password it's said, the mail is sent again, and after it the flow ends at the application")
def unverified(site):
    client = site.client()
    email, password = new_email(), "a quite good password"
    first = site.browser()
    register(first, first.open("/register"), email, password)
    site.mail.wait(email, "verify_email")
    browser, login, _ = open_flow(site, client)
    person = type("Person", (), {"email": email, "password": password})
    answer = fill_login(browser, login, person, password="not the right one")
    assert answer.status == 400 and "not right" in errors_of(answer), f"behind the right password only: {answer}"
    answer = fill_login(browser, answer, person)
    assert "Confirm your address first" in answer.page().text and not is_signed_in(browser), str(answer)
    answer = press(browser, answer, "/confirm/send", follow=False)
    equal(answer.status, 303, "14")
    assert "Check your mail" in browser.follow(answer).page().text
    mail = site.mail.wait(email, "verify_email")
    done = press(browser, browser.open(path_of(mail.links[0])), "/confirm")
    login = browser.open(link_to(done, "/login"))
    response = walk(browser, login, person, client.redirect_uri)
    assert response["code"], "the flow was kept"


@test("registration without an application tells of the mail; confirmed in another tab, a reload goes on")
def registration_alone(site):
    browser, email = site.browser(), new_email()
    page = register(browser, browser.open("/register"), email)
    assert "Your account is ready" in page.page().text and is_signed_in(browser), str(page)
    equal(urllib.parse.urlsplit(browser.here).path, "/confirm", browser.here)
    where = browser.here
    mail = site.mail.wait(email, "verify_email")
    press(browser, browser.open(path_of(mail.links[0])), "/confirm")
    equal(browser.open(where).status, 200, "reload")
    equal(browser.here, "/", "settled: goes on")


@test("abuse 27: a registration that a second click sends again within a minute goes on as the first did; with another password, later, or of an account "
      "that wasn't registered so, it's refused")
def registered_twice(site):
    browser, email = site.browser(), new_email()
    page = browser.open("/register")
    for _ in range(2):
        answer = browser.submit(form_to(page, "/register"), {"name": "New Person", "email": email, "password": "a quite good password"}, follow=False)
        equal(answer.status, 303, str(answer))
        assert is_signed_in(browser), str(answer)
    equal(site.sql(f"SELECT COUNT(*) FROM users WHERE email_key = '{email}'"), [["1"]], "accounts")
    stranger = site.browser()
    answer = register(stranger, stranger.open("/register"), email, "another quite good one")
    assert answer.status == 409 and not is_signed_in(stranger), str(answer)
    answer = register(stranger, stranger.open("/register"), site.person().email, site.person().password)
    assert answer.status == 409 and not is_signed_in(stranger), str(answer)
    site.sql(f"UPDATE users SET created_at = created_at - 61 WHERE email_key = '{email}'")
    answer = register(stranger, stranger.open("/register"), email)
    assert answer.status == 409 and not is_signed_in(stranger), str(answer)


@test("each reason why a password isn't taken is told precisely; what was typed is kept, the password isn't; nobody is signed in")
def password_problems(site):
    browser, email = site.browser(), new_email("longlocalpart")
    page = browser.open("/register")
    cases = {"": "Choose a password", "short": "at least 8", "x" * 1025: "at most 1,000", "password1": "guessed first",
             "aaaaaaaaaaaa": "guessed first", email: "too near"}
    for password, words in cases.items():
        answer = register(browser, page, email, password)
        assert answer.status == 400 and words in errors_of(answer), f"{password[:20]!r}: {answer}"
        form = form_to(answer, "/register")
        equal(field_value(form, "email"), email, "kept")
        assert not field_value(form, "password"), "a password in the page"
    for values, words in (({"email": "no address"}, "like name@example.org"), ({"name": "x"}, "2 to 100")):
        answer = browser.submit(form_to(page, "/register"), {"email": email, "name": "New Person", "password": "a quite good password", **values})
        assert answer.status == 400 and words in errors_of(answer), f"{values}: {answer}"
    answer = register(browser, page, site.person().email)
    assert answer.status == 409 and not is_signed_in(browser), str(answer)


# --- recovery ---

@test("a forgotten password in a flow: the link sets a new one, signs in with a new session id, ends the others, and ends at the application")
def forgotten(site):
    client = site.client()
    person = person_of(site)
    elsewhere = signed_in(site, person)
    browser, login, _ = open_flow(site, client)
    sent = browser.submit(form_to(browser.open(link_to(login, "/forgot-password")), "/forgot-password"), {"email": person.email}, follow=False)
    equal(sent.status, 303, "14")
    assert "on its way" in browser.follow(sent).page().text
    mail = site.mail.wait(person.email, "reset_password")
    for _ in range(3):
        page = browser.open(path_of(mail.links[0]))
        equal(page.status, 200, str(page))
    form = form_to(page, "/reset-password")
    assert person.email in page.page().text, "in words, which wrap"
    assert field_of(form, autocomplete="new-password") and field_of(form, autocomplete="username"), form
    for password, words in (("", "Choose a password"), ("short", "at least 8"), (person.email, "too near")):
        answer = browser.submit(form, {"password": password})
        assert answer.status == 400 and words in errors_of(answer), f"{password!r}: {answer}"
    person.password = "another very good password"
    answer = browser.submit(form, {"password": person.password}, follow=False)
    equal(answer.status, 303, "14")
    code_of(browser.follow(answer), client, "after the reset")
    equal(elsewhere.open("/").page().text.count(person.email), 0, "the other browser is signed out")
    equal(browser.get(path_of(mail.links[0])).status, 410, "twice")
    site.mail.wait(person.email, "password_changed")


@test("T-78: the steps of a reset, skipped, reordered or with another's link, change nothing")
def reset_skipped(site):
    person, other = site.add_person(), site.add_person()
    browser = site.browser()
    browser.submit(form_to(browser.open("/forgot-password"), "/forgot-password"), {"email": person.email})
    link = site.mail.wait(person.email, "reset_password").links[0]
    page = browser.open(path_of(link))
    form = form_to(page, "/reset-password")
    hash_before = password_hash(site, person), password_hash(site, other)
    pairs = dict(filled(form, {"password": "another very good password"}))
    stranger = site.browser()
    stranger.open("/login")
    attempts = [(browser, {**pairs, "link": ""}), (browser, {**pairs, "link": pairs["link"][:-3] + "AAA"}), (browser, {**pairs, "token": ""}),
                (stranger, pairs), (site.browser(), pairs), (browser, {"password": pairs["password"]}), (browser, {**pairs, "password": ""})]
    for number, (who, values) in enumerate(attempts):
        answer = who.request("POST", "/reset-password", form=values)
        assert answer.status in (400, 403, 410) and not is_signed_in(who), f"{number}: {answer}"
        equal((password_hash(site, person), password_hash(site, other)), hash_before, f"{number}")
    # T-70: a link of one kind is nothing for another page
    sign_in_link = mailed_link(site, person, site.browser(), flow=False)[2].link("magic-login")
    token = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(sign_in_link).query))["token"]
    answer = browser.get("/reset-password", {"token": token})
    equal(answer.status, 410, str(answer))
    answer = browser.submit(form, {"password": pairs["password"]}, follow=False)
    equal(answer.status, 303, "the right way")
    equal(password_hash(site, other), hash_before[1], "T-79: the other's")


def password_hash(site, person):
    return site.sql(f"SELECT password_hash FROM users WHERE email_key = '{person.email}'")[0][0]


@test("T-77, security 123: twelve headers that name another host change no link of any mail and no address on a page")
def hostile_headers(site):
    evil = "evil.example"
    headers = {"X-Forwarded-Host": evil, "X-Forwarded-Server": evil, "Forwarded": f"host={evil};proto=http", "X-Host": evil,
               "X-Original-Host": evil, "X-Rewrite-URL": f"https://{evil}/", "X-Original-URL": f"https://{evil}/", "X-Forwarded-Proto": "http",
               "X-Forwarded-Port": "666", "X-HTTP-Host-Override": evil, "Referer": f"https://{evil}/", "X-Forwarded-Prefix": "//" + evil}
    person = site.add_person()
    browser = site.browser()
    for path, kind in (("/login/link", "magic_link"), ("/forgot-password", "reset_password")):
        page = browser.get(path, headers=headers)
        assert evil not in page.text, str(page)
        answer = browser.submit(form_to(page, path), {"email": person.email}, headers=headers, follow=False)
        assert answer.status == 303 and evil not in answer.location, f"{answer}: {answer.location}"
        mail = site.mail.wait(person.email, kind)
        assert evil.encode() not in mail.bytes, mail.text
        assert all(link.startswith(site.url + "/") for link in mail.links), mail.links


# --- unlocking ---

@test("security 130: a locked account is told of by mail; its link unlocks behind the button, and the right password works again")
def unlocking(site):
    person = site.add_person()
    link = None
    stranger = site.browser()
    for _ in range(30):
        login = stranger.open("/login")
        fill_login(stranger, login, person, password="a wrong guess")
        mail = site.mail.take(person.email, "unlock")
        if mail:
            link = mail.links[0]
            break
        site.sql("UPDATE attempts SET at_ms = at_ms - 30000")  # what grows is the wait, not the test's patience
    mail = site.mail.wait(person.email, "unlock") if link is None else None
    link = link or mail.links[0]
    browser = site.browser()
    answer = fill_login(browser, browser.open("/login"), person)
    equal(answer.status, 429, "locked")
    assert answer.header("Retry-After") and "minute" in errors_of(answer) and person.email in answer.text, str(answer)
    page = browser.open(path_of(link))
    browser.open(path_of(link))
    equal(fill_login(browser, browser.open("/login"), person).status, 429, "looking didn't unlock")
    done = press(browser, page, "/unlock", follow=False)
    equal(done.status, 303, "14")
    done = browser.follow(done)
    assert "is unlocked" in done.page().text, str(done)
    fill_login(browser, browser.open(link_to(done, "/login")), person)
    assert is_signed_in(browser)


# --- what holds for all of them ---

FORMS = ("/login", "/register", "/login/link", "/login/link/pin", "/forgot-password", "/reset-password", "/confirm/send", "/unlock", "/login/pin",
         "/login/pin/send", "/confirm", "/api/public/magic-login")


def every_form(site):
    """A browser in front of each form that somebody who isn't signed in can meet: path, browser, page."""
    person = site.add_person()
    browser = site.browser()
    login = browser.open("/login")
    yield "/login", browser, login
    yield "/register", browser, browser.open("/register")
    yield "/login/link", browser, browser.open("/login/link")
    yield "/forgot-password", browser, browser.open("/forgot-password")
    sent = ask_for_link(site, browser, login, person.email)
    yield "/login/link/pin", browser, sent
    yield "/api/public/magic-login", browser, browser.open(path_of(site.mail.wait(person.email, "magic_link").link("magic-login")))
    browser.submit(form_to(browser.open("/forgot-password"), "/forgot-password"), {"email": person.email})
    yield "/reset-password", browser, browser.open(path_of(site.mail.wait(person.email, "reset_password").links[0]))
    emails = [new_email(), new_email()]
    for email in emails:
        first = site.browser()
        register(first, first.open("/register"), email)
    yield "/confirm", browser, browser.open(path_of(site.mail.wait(emails[0], "verify_email").links[0]))
    yield "/confirm/send", browser, fill_login(browser, login, type("Person", (), {"email": emails[1], "password": "a quite good password"}))
    with gated(site) as own:
        asked, login, _ = open_flow(own)
        yield "/login/pin", asked, fill_login(asked, login, site.add_person())


@test("T-66, T-67, security 115, 116: every form is refused without its token, with another form's, from another browser and from another site")
def every_form_has_a_token(site):
    foreign = None
    for path, browser, page in every_form(site):
        form = form_to(page, path)
        pairs = dict(filled(form))
        for what, values in (("none", {**pairs, "token": ""}), ("another form's", {**pairs, "token": foreign or "A" * 43})):
            answer = browser.request("POST", path, form=values)
            equal(answer.status, 403, f"{path}: {what}: {answer}")
        stranger = site.browser()
        stranger.open("/login")
        equal(stranger.request("POST", path, form=pairs).status, 403, f"{path}: another browser's")
        equal(browser.request("POST", path, form=pairs, headers={"Origin": "https://evil.example"}).status, 403, f"{path}: another site's")
        equal(browser.request("POST", path, form=pairs, headers={"Sec-Fetch-Site": "cross-site"}).status, 403, f"{path}: cross-site")
        assert not is_signed_in(browser), path
        foreign = pairs["token"]


@test("T-72: an empty post to each step stays on its step: nobody is signed in, nothing is used or sent, and the form comes again")
def empty_posts(site):
    for path, browser, page in every_form(site):
        form = form_to(page, path)
        equal(browser.request("POST", path, form=[]).status, 403, f"{path}: nothing at all")
        if path in ("/confirm", "/api/public/magic-login", "/confirm/send"):
            continue  # one button: what it sends is all there is
        answer = browser.request("POST", path, form=hidden_of(form))
        assert answer.status == 400 and not is_signed_in(browser), f"{path}: {answer}"
        assert form_to(answer, path) and answer.page().title.startswith("Error"), f"{path}: {answer}"


@test("security 15, 118, 18: each of these pages: not framable, strict policy, not stored, no referrer, nothing from elsewhere, one h1, labels")
def headers(site):
    from test_pages import check_headers
    for path, browser, page in every_form(site):
        check_headers(site, page, path)
        equal(sum(tag == "h1" for tag, _ in page.page().tags), 1, f"{path}: h1")
        labelled = {attributes.get("for") for tag, attributes in page.page().tags if tag == "label"}
        for field in form_to(page, path)["fields"]:
            assert field.get("type") == "hidden" or field.get("id") in labelled, f"{path}: {field}"


@test("security 127: passwords may be pasted and managed: autocomplete says what each field is, and nothing shortens or stops what is typed")
def password_managers(site):
    wanted = {"/login": {"username", "current-password"}, "/register": {"name", "new-password"}, "/reset-password": {"new-password"},
              "/login/link": {"username"}, "/forgot-password": {"username"}, "/login/link/pin": {"one-time-code"}, "/login/pin": {"one-time-code"}}
    seen = set()
    for path, _, page in every_form(site):
        fields = [field for field in form_to(page, path)["fields"] if field.get("type") != "hidden"]
        told = {field.get("autocomplete") for field in fields}
        assert wanted.get(path, set()) <= told and None not in told and "off" not in told, f"{path}: {told}"
        for field in fields:
            assert int(field.get("maxlength") or 9999) >= 1024 or field.get("type") != "password", field
            assert field.get("type") != "password" or not field.get("pattern"), field
            assert not [name for name in field if name.startswith("on")], field
            assert "readonly" not in field or field["autocomplete"] == "username", field
        assert "new-password" not in told or "username" in told or "email" in told or path == "/reset-password", f"{path}: {told}"
        seen.add(path)
    assert set(wanted) <= seen, set(wanted) - seen
    account = signed_in(site)
    told = {field.get("autocomplete") for form in account.open("/account/password").page().forms for field in form["fields"] if field.get("type") == "password"}
    equal(told, {"current-password", "new-password"}, "/account/password")


@test("security 133: no hint and no secret question: neither is there a field for one on any form, nor a place for it in the database")
def no_hints(site):
    words = re.compile(r"(?i)hint|question|answer|maiden|reminder|frage")
    for path, _, page in every_form(site):
        for field in form_to(page, path)["fields"]:
            assert not words.search(field.get("name") or ""), f"{path}: {field}"
        assert not re.search(r"(?i)secret question|security question|password hint|maiden", page.page().text), path
    columns = site.sql("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()")
    equal([column for column in columns if words.search(column[1])], [], "columns")


@test("T-58, security 119: a polyglot in every parameter of every page and form comes back as text or not at all, in no header")
def polyglot(site):
    browser = site.browser()
    pages = ["/login", "/register", "/login/link", "/login/link/sent", "/login/pin", "/forgot-password", "/reset-password", "/confirm", "/unlock",
             "/api/public/magic-login"]
    names = ["oauth_request", "return_to", "redirect_uri", "again", "switch", "note", "token", "link", "email", "password", "pin", "name", "error", "message"]
    for path in pages:
        for name in names:
            check_inert(browser.get(path, {name: POLYGLOT}), f"GET {path} {name}")
        check_inert(browser.get(path, {name: POLYGLOT for name in names}), f"GET {path}")
    for path, browser, page in every_form(site):
        form = form_to(page, path)
        for name in names:
            copy = browser.clone_without()  # some of these forms sign in, whatever else is sent
            check_inert(copy.request("POST", path, form={**dict(hidden_of(form)), name: POLYGLOT}), f"POST {path} {name}")


def check_inert(answer, what):
    assert answer.status < 500, f"{what}: {answer}"
    for tag, attributes in answer.page().tags:
        assert tag not in ("svg", "script") and not [a for a in attributes if a.startswith("on")], f"{what}: <{tag}>"
        for where in ("href", "src", "action"):
            assert not (attributes.get(where) or "").startswith("javascript:"), f"{what}: {attributes}"
    assert "49" not in [word for word in answer.page().text.split() if word == "49"], f"{what}: evaluated"
    for name, value in answer.headers:
        assert "evil" not in name.lower() and "<" not in value and "alert(1)" not in urllib.parse.unquote(value) or name.lower() == "location" and value.startswith("/"), f"{what}: {name}: {value}"


@test("T-68, security 105: every way in gives a new session id, and never one that the browser brought; the old one is dead")
def new_session_ids(site):
    person = site.add_person()
    browser = site.browser()
    brought = "a" * 64
    browser.cookies["public-session"] = brought
    seen = {brought}
    for way in ("link", "code", "reset"):
        old = browser.clone_without()
        if way == "reset":
            browser.submit(form_to(browser.open("/forgot-password"), "/forgot-password"), {"email": person.email})
            page = browser.open(path_of(site.mail.wait(person.email, "reset_password").links[0]))
            browser.submit(form_to(page, "/reset-password"), {"password": "another very good password"})
        else:
            login = browser.open("/login", {"again": "1"})
            sent = ask_for_link(site, browser, login, person.email)
            mail = site.mail.wait(person.email, "magic_link")
            if way == "code":
                type_pin(browser, sent, mail.pin)
            else:
                press(browser, browser.open(path_of(mail.link("magic-login"))), "/api/public/magic-login")
        assert browser.cookies["public-session"] not in seen, way
        seen.add(browser.cookies["public-session"])
        assert person.email not in old.open("/").text, f"{way}: the old session lives"


@test("9: five tabs, a reload, the back button and a sign-in finished in another tab: each page goes on or shows its form")
def tabs(site):
    person = person_of(site)
    client = site.client()
    browser = site.browser()
    tabs = []
    for _ in range(5):
        login = browser.open(AUTHORIZE, request_of(client))
        tabs.append((browser.here, login))
    asked = [browser.open(link_to(login, "/login/link")) for _, login in tabs]
    sent = [browser.submit(form_to(page, "/login/link"), {"email": person.email}) for page in asked]
    where = browser.here
    while len(site.mail.all(person.email, "magic_link")) < 5:
        time.sleep(0.05)
    mail = site.mail.wait(person.email, "magic_link")
    code_of(type_pin(browser, sent[4], mail.pin), client, "the last tab")
    for number, (address, _) in enumerate(tabs[:4]):
        code_of(browser.open(address), client, f"a reload of tab {number}")
    answer = browser.open(where)
    assert answer.status == 410 and answer.page().links, f"back to the tab that is done: {answer}"
    for path in ("/login", "/login/link", "/login/link/sent", "/login/pin"):
        browser.here = "/"
        answer = browser.open(path)
        equal((answer.status, browser.here), (200, "/"), f"{path}, signed in without a flow")


@test("security 121: a sign-in page's address opened in another browser doesn't join the flow")
def flow_elsewhere(site):
    browser, login, _ = open_flow(site)
    for path in ("/login", "/login/link", "/register", "/forgot-password", "/login/pin", "/login/link/sent", "/confirm"):
        query = urllib.parse.urlsplit(browser.here).query
        answer = site.browser().get(path, query)
        assert answer.status == 410 and answer.page().links, f"{path}: {answer}"


@test("T-85, security 18, 142: none of the mails' secrets and typed addresses is in the log")
def log_is_silent(site):
    person = site.add_person()
    browser, sent, mail = mailed_link(site, person)
    type_pin(browser, sent, wrong(mail.pin))
    log = site.log()
    token = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(mail.link("magic-login")).query))["token"]
    assert token not in log and person.email not in log and f"pin={mail.pin}" not in log, "a secret or an address in the log"


run()
