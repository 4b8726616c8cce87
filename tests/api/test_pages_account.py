#!/usr/bin/env python3
"""The pages at /account: what a person sees there and does, and what nobody else can."""
import html
import re
import urllib.parse

from kit import *
from script import checksums
from web import filled

PAGES = ["/account", "/account/password", "/account/email", "/account/sessions", "/account/applications", "/account/connections",
         "/account/delete"]
FORMS = {"/account": "/account/profile"}
NEW_PASSWORD = "another quite good password"
TABLES = ["users", "sessions", "grants", "authorizations", "connections", "email_changes", "challenges", "outbox"]


def newcomer(site, **options):
    """A person nobody else knows, in a browser of theirs."""
    person = site.add_person(**options)
    return person, signed_in(site, person)


def form_to(answer, path):
    forms = [form for form in answer.page().forms if urllib.parse.urlsplit(form["action"]).path == path]
    assert forms, f"no form to {path} on {answer}"
    return forms[-1]


def act(browser, page, values=None, button=None, headers=None):
    """Opens the page, fills in its last form and sends it; the answer itself, a redirect included."""
    answer = browser.open(page)
    equal(answer.status, 200, f"{page}: {answer}")
    form = form_to(answer, FORMS.get(page, page))
    pressed = None if button is None else {"name": button[0], "value": button[1]}
    return browser.submit(form, values, pressed, headers=headers, follow=False)


def is_done(browser, answer, words):
    """PRG: a 303 to the page, which says so once."""
    equal(answer.status, 303, str(answer))
    shown = browser.follow(answer)
    equal(shown.status, 200, str(shown))
    assert words in shown.page().text, f"not said: {words}: {shown.page().text}"
    return shown


def is_refused(answer, words, status=400):
    equal(answer.status, status, str(answer))
    assert words in answer.page().text, f"not said: {words}: {answer.page().text}"
    assert answer.page().title.startswith("Error") or status != 400, answer.page().title


def is_signed_in(browser):
    return browser.get("/account").status == 200


def make_old(site, person):
    site.sql(f"UPDATE sessions SET authenticated_at = authenticated_at - 86400 WHERE user_id = UNHEX(REPLACE('{person.id}', '-', ''))")


def state_of(site):
    return checksums(site, only=TABLES)


# --- who may enter ---

@test("pages: without a session every page sends to the sign-in, which leads back to it")
def strangers(site):
    for page in PAGES:
        browser = site.browser()
        answer = browser.get(page)
        equal(answer.status, 303, page)
        equal(answer.location.replace(site.url, ""), f"/login?return_to={page}", page)
        back = fill_login(browser, browser.follow(answer), site.person())
        equal((back.status, urllib.parse.urlsplit(browser.here).path), (200, page), str(back))
        posted = site.browser().request("POST", FORMS.get(page, page), form=[("name", "X")])
        equal(posted.status, 303, f"POST {page}")


@test("security 109: the pages are not stored; they carry the strict headers of all pages")
def headers(site):
    browser = signed_in(site)
    for page in PAGES:
        answer = browser.open(page)
        equal(answer.status, 200, str(answer))
        assert "no-store" in answer.header("Cache-Control"), page
        assert "frame-ancestors 'none'" in answer.header("Content-Security-Policy") and answer.header("X-Frame-Options"), page
        equal(answer.header("Referrer-Policy"), "no-referrer", page)
        assert not [tag for tag, _ in answer.page().tags if tag == "script"], page


@test("pages: the navigation names all pages and marks this one")
def navigation(site):
    browser = signed_in(site)
    for page in PAGES:
        shown = browser.open(page).page()
        assert set(PAGES) <= set(shown.links), shown.links
        current = [attributes["href"] for tag, attributes in shown.tags if tag == "a" and attributes.get("aria-current") == "page"]
        equal(current, [page])
    assert "/account" in browser.open("/").page().links


@test("security 114: changing the address, disconnecting and deleting ask for a fresh sign-in; what was typed before it changes nothing")
def fresh(site):
    person, browser = newcomer(site)
    forms = {page: form_to(browser.open(page), page) for page in ("/account/email", "/account/delete")}
    make_old(site, person)
    before = state_of(site)
    for page, form in forms.items():
        answer = browser.get(page)
        equal((answer.status, answer.location.replace(site.url, "")), (303, f"/login?return_to={page}&again=1"))
        equal(browser.submit(form, {"email": "new@people.example"} if "email" in page else {}, follow=False).status, 303, page)
    equal(state_of(site), before, "changed without a fresh sign-in")
    answer = fill_login(browser, browser.open("/account/email"), person)
    equal(urllib.parse.urlsplit(browser.here).path, "/account/email", str(answer))


@test("security 117: looking at every page of an account changes nothing")
def looking(site):
    _, browser = newcomer(site)
    browser.open("/account")
    before = state_of(site)
    for page in PAGES + ["/account/applications?withdraw=x", "/account/sessions?others=end", "/account?done=name"]:
        browser.get(page)
    equal(state_of(site), before)


# --- forms ---

@test("T-67, security 115: a form without its token, or with that of another page, browser or session, is refused and does nothing")
def tokens(site):
    person, browser = newcomer(site)
    other = signed_in(site, person)
    stranger = signed_in(site, site.person("second"))
    token = {page: filled(form_to(browser.open(page), FORMS.get(page, page))) for page in PAGES if page not in
             ("/account/applications", "/account/connections")}
    token = {page: dict(pairs)["token"] for page, pairs in token.items()}
    values = {"/account": [("name", "Forged Name")], "/account/password": [("current", person.password), ("password", NEW_PASSWORD)],
              "/account/email": [("email", "forged@people.example")], "/account/sessions": [("others", "end")], "/account/delete": [],
              "/account/applications": [("application", "x")], "/account/connections": [("provider", "google")]}
    before = state_of(site)
    for page, pairs in values.items():
        foreign = [dict(filled(form_to(one.open(page), FORMS.get(page, page))))["token"] for one in (other, stranger)] if page in token else []
        wrong = [None, "", "x" * 43, next(value for name, value in token.items() if name != page), *foreign]
        for value in wrong:
            answer = browser.request("POST", FORMS.get(page, page), form=pairs + ([] if value is None else [("token", value)]))
            equal(answer.status, 403, f"{page} with {value}: {answer}")
            assert page in answer.page().links, f"{page}: the refusal doesn't lead back"
        if page in token:
            twice = browser.request("POST", FORMS.get(page, page), form=pairs + [("token", token[page])] * 2)
            equal(twice.status, 403, f"{page} twice")
            for sent in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
                answer = browser.request("POST", FORMS.get(page, page), form=pairs + [("token", token[page])], headers=sent)
                equal(answer.status, 403, f"{page} {sent}")
    equal(state_of(site), before, "something was done")


@test("T-67, security 105: a form of an earlier session of the same browser is refused")
def earlier_session(site):
    person, browser = newcomer(site)
    form = form_to(browser.open("/account"), "/account/profile")
    authorize(site, site.client(), person, browser, prompt="login")
    equal(browser.submit(form, {"name": "Somebody Else"}, follow=False).status, 403)


@test("T-72: a form sent empty shows its page again and does nothing")
def empty(site):
    _, browser = newcomer(site)
    link = withdraw_link(browser)
    before = state_of(site)
    for page in ("/account", "/account/password", "/account/email", "/account/sessions", "/account/applications"):
        form = form_to(browser.open(link if "applications" in page else page), FORMS.get(page, page))
        token = [(field["name"], field["value"]) for field in form["fields"] if field.get("name") == "token"]
        answer = browser.request("POST", form["action"], form=token)
        equal((answer.status, answer.page().form_with(name="token") is not None or "applications" in page), (400, True), page)
    equal(state_of(site), before)


# --- profile ---

@test("profile: a name is changed, and said so once; one that can't be shown is refused beside its field")
def name(site):
    person, browser = newcomer(site)
    shown = is_done(browser, act(browser, "/account", {"name": "Grace Example"}), "Your name has been saved")
    assert "Grace Example" in shown.text
    assert "Your name has been saved" not in browser.open("/account").text
    for wrong in ("", "G", "G" * 101, "Gr\u202eace", "Gr\u200bace", "Gr\x07ace"):
        is_refused(act(browser, "/account", {"name": wrong}), "Enter a name of 2 to 100 characters")
    equal(site.sql(f"SELECT name FROM users WHERE email_key = '{person.email}'"), [["Grace Example"]])


@test("T-64, security 119: markup in a name, a browser's name, an application's or a connection's stays text on every page")
def hostile(site):
    evil = "<img src=x onerror=alert(1)>\"'{{text.sign_in}}"
    person, browser = newcomer(site, name=evil)
    client = site.add_client(client_name=evil, client_uri="https://client.example/")
    authorize(site, client, person, browser)
    key = person.id.replace("-", "")
    site.sql(f"INSERT INTO connections (id, user_id, provider, subject, label, created_at) VALUES (UNHEX(MD5('{key}')), UNHEX('{key}'), 'google', "
             f"'{key}', '{evil.replace(chr(39), chr(39) * 2)}\u202e', 1760000000)")
    site.sql(f"UPDATE sessions SET user_agent = '<script>alert(1)</script>' WHERE user_id = UNHEX('{key}')")
    for page in PAGES:
        answer = browser.open(page)
        equal(answer.status, 200, str(answer))
        assert "<img src=x" not in answer.text and "<script" not in answer.text and "\u202e" not in answer.text, page
        assert not [tag for tag, attributes in answer.page().tags if "onerror" in attributes], page
    assert html.escape(evil, quote=False)[:20] in browser.open("/account/applications").text.replace("&quot;", '"')


@test("profile: who isn't verified sees so, has the mail sent again, and is back on the profile behind its link")
def not_verified(site):
    person, browser = newcomer(site, verified=False)
    answer = browser.open("/account")
    assert "Not confirmed yet" in answer.page().text
    sent = browser.submit(form_to(answer, "/confirm/send"))
    assert sent.status in (200, 303), str(sent)
    link = site.door.mail.wait(person.email, "verify_email").link("/confirm?token=")
    done = browser.submit(form_to(browser.open(link), "/confirm"))
    on = [link for link in done.page().links if urllib.parse.urlsplit(link).path == "/login"]
    shown = browser.open(on[0])
    equal((shown.status, urllib.parse.urlsplit(browser.here).path), (200, "/account"), str(shown))
    assert "Confirmed" in shown.page().text and "Not confirmed yet" not in shown.page().text


# --- password ---

@test("T-68, security 105, 112, 131: a new password ends every other session and all tokens; this browser goes on under a new id; a mail tells of it")
def password(site):
    person, browser = newcomer(site)
    client = site.add_client()
    tokens_ = sign_in(site, client, person, browser, scope="openid offline_access")
    other = signed_in(site, person)
    old = browser.cookies["public-session"]
    answer = act(browser, "/account/password", {"current": person.password, "password": NEW_PASSWORD})
    is_done(browser, answer, "Your password has been changed")
    assert browser.cookies["public-session"] != old and is_signed_in(browser)
    assert not is_signed_in(other), "the other session goes on"
    thief = site.browser()
    thief.cookies["public-session"] = old
    assert not is_signed_in(thief), "the old id is alive"
    equal(refresh(site, client, tokens_.refresh).error, "invalid_grant")
    equal(userinfo(site, tokens_.access).status, 401)
    assert site.door.mail.wait(person.email, "password_changed")
    form = site.browser().open("/login")
    equal(fill_login(site.browser(), form, person).status, 403, "a form of another browser")
    fresh_one = site.browser()
    assert is_login(fill_login(fresh_one, fresh_one.open("/login"), person).page()), "the old password still works"
    fill_login(fresh_one, fresh_one.open("/login"), person, NEW_PASSWORD)
    assert is_signed_in(fresh_one)


@test("security 131: a wrong or missing current one, and a new one that is too short or common, are refused beside their field")
def password_refusals(site):
    person, browser = newcomer(site)
    for current, new, words in (("wrong one", NEW_PASSWORD, "The current password is not right"), ("", NEW_PASSWORD, "Enter your current password"),
                                (person.password, "", "Choose a password")):
        answer = act(browser, "/account/password", {"current": current, "password": new})
        is_refused(answer, words)
        assert NEW_PASSWORD not in answer.text and person.password not in answer.text, "a password is shown"
    for new in ("short", "password123", person.email):
        answer = act(browser, "/account/password", {"current": person.password, "password": new})
        equal(answer.status, 400, str(answer))
        assert "password-error" in answer.text, str(answer)
    assert is_signed_in(browser)


@test("password: an account without one gets the way by mail")
def no_password(site):
    person, browser = newcomer(site)
    site.sql(f"UPDATE users SET password_hash = NULL WHERE email_key = '{person.email}'")
    shown = browser.open("/account/password")
    assert "Your account has no password" in shown.page().text and shown.page().form_with(type="password") is None
    is_done(browser, act(browser, "/account/password", button=("way", "mail")), "We have sent you a mail")
    assert site.door.mail.wait(person.email, "reset_password").link("/reset-password?token=")


# --- address ---

@test("security 114: a change of address waits to be confirmed at both, is shown on the profile, and can be given up")
def change_email(site):
    person, browser = newcomer(site)
    new = "new-" + person.email
    shown = is_done(browser, act(browser, "/account/email", {"email": new}), "We have sent mails to both addresses")
    assert new in shown.page().text
    assert new in browser.open("/account").page().text and person.email in browser.open("/account").page().text
    assert site.door.mail.wait(new, "confirm_new_email") and site.door.mail.wait(person.email, "confirm_old_email")
    answer = browser.open("/account/email")
    waiting = next(form for form in answer.page().forms if form["buttons"] and form["buttons"][0].get("value") == "give_up")
    is_done(browser, browser.submit(waiting, button=waiting["buttons"][0], follow=False), "Your address stays as it is")
    assert new not in browser.open("/account").page().text
    equal(site.sql(f"SELECT COUNT(*) FROM users WHERE email_key = '{new}'"), [["0"]])


@test("address: none, no address, and the present one are refused; one that somebody has is answered like any other")
def change_email_refusals(site):
    person, browser = newcomer(site)
    for email, words in (("", "Enter your e-mail address"), ("nobody", "like name@example.org"), (person.email.upper(), "That is your address already")):
        is_refused(act(browser, "/account/email", {"email": email}), words)
    taken = is_done(browser, act(browser, "/account/email", {"email": site.person("second").email}), "We have sent mails to both addresses")
    assert taken.status == 200


# --- sessions ---

@test("security 113: a person sees where they are signed in and ends one, or all others")
def sessions(site):
    person, browser = newcomer(site)
    others = [signed_in(site, person) for _ in range(3)]
    page = browser.open("/account/sessions").page()
    equal(page.text.count("Signed in since"), 4)
    equal(page.text.count("This browser"), 1)
    buttons = [button for button in page.forms[-1]["buttons"] if button["name"] == "session"]
    equal(len(buttons), 3)
    is_done(browser, act(browser, "/account/sessions", button=("session", buttons[0]["value"])), "has been ended")
    equal(sum(map(is_signed_in, others)), 2)
    is_done(browser, act(browser, "/account/sessions", button=("others", "end")), "signed out")
    equal(sum(map(is_signed_in, others)), 0)
    assert is_signed_in(browser)


@test("T-109: another person's session, and one that isn't there, are not found and go on")
def foreign_session(site):
    _, browser = newcomer(site)
    victim, theirs = newcomer(site)
    sid = site.sql(f"SELECT LOWER(HEX(sid)) FROM sessions WHERE user_id = UNHEX(REPLACE('{victim.id}', '-', ''))")[0][0]
    uuid = f"{sid[:8]}-{sid[8:12]}-{sid[12:16]}-{sid[16:20]}-{sid[20:]}"
    for value in (uuid, sid, "00000000-0000-4000-8000-000000000000", "x"):
        equal(act(browser, "/account/sessions", button=("session", value)).status, 404, value)
    assert is_signed_in(theirs)


@test("security 113: who ends the session at hand is signed out")
def own_session(site):
    person, browser = newcomer(site)
    sid = site.sql(f"SELECT LOWER(HEX(sid)) FROM sessions WHERE user_id = UNHEX(REPLACE('{person.id}', '-', ''))")[0][0]
    uuid = f"{sid[:8]}-{sid[8:12]}-{sid[12:16]}-{sid[16:20]}-{sid[20:]}"
    answer = act(browser, "/account/sessions", button=("session", uuid))
    equal((answer.status, answer.location.replace(site.url, "")), (303, "/signed-out"))
    assert "public-session" not in browser.cookies and not is_signed_in(browser)


# --- applications ---

def withdraw_link(browser):
    return next(link for link in browser.open("/account/applications").page().links if "withdraw=" in link)


@test("42: an allowed application is listed with its scopes in words; withdrawn, behind a question, its tokens are dead at once")
def withdraw(site):
    person, browser = newcomer(site)
    client = site.add_client(client_name="Holiday Planner")
    tokens_ = sign_in(site, client, person, browser, scope="openid email offline_access")
    page = browser.open("/account/applications").page()
    for words in ("Holiday Planner", "See your e-mail address", "Keep this access while you are away"):
        assert words in page.text, page.text
    link = next(link for link in page.links if "withdraw=" in link and
                "Holiday Planner" in browser.open(link).page().text)
    assert "Withdraw access from Holiday Planner?" in browser.open(link).page().text
    equal(userinfo(site, tokens_.access).status, 200, "the question alone withdraws")
    asked = browser.open(link)
    is_done(browser, browser.submit(form_to(asked, "/account/applications"), follow=False), "Its access has been withdrawn")
    equal(userinfo(site, tokens_.access).status, 401)
    equal(refresh(site, client, tokens_.refresh).error, "invalid_grant")
    assert "Holiday Planner" not in browser.open("/account/applications").page().text
    answer = browser.open(AUTHORIZE, request_of(client, scope="openid email"))
    assert is_consent(answer.page()), "goes on without asking anew"


@test("T-109: what another person has allowed is not found, neither to ask about nor to withdraw")
def foreign_application(site):
    _, browser = newcomer(site)
    victim, theirs = newcomer(site)
    client = site.add_client()
    tokens_ = sign_in(site, client, victim, theirs, scope="openid")
    link = withdraw_link(theirs)
    id = link.split("withdraw=")[1]
    equal(browser.get(link).status, 404)
    own = browser.open(withdraw_link(browser))
    for value in (id, "x"):
        answer = browser.submit(form_to(own, "/account/applications"), {"application": value}, follow=False)
        equal(answer.status, 404, value)
    equal(userinfo(site, tokens_.access).status, 200)


@test("applications: an account that has allowed nothing says so calmly")
def no_application(site):
    person = site.add_person()
    browser = site.browser()
    fill_login(browser, browser.open("/login"), person)
    assert "You haven't allowed any application access" in browser.open("/account/applications").page().text


# --- connections ---

def connect(site, person, provider="google"):
    key = person.id.replace("-", "")
    site.sql(f"INSERT INTO connections (id, user_id, provider, subject, label, created_at) VALUES (UNHEX(MD5('{key}{provider}')), UNHEX('{key}'), "
             f"'{provider}', '{key}', 'ann@mail.example', 1760000000)")


@test("connections: none is said calmly; one is listed and taken off; it isn't when it's the only way to sign in, or the sign-in is old")
def connections(site):
    person, browser = newcomer(site)
    assert "No accounts elsewhere are connected" in browser.open("/account/connections").page().text
    connect(site, person)
    page = browser.open("/account/connections").page()
    assert "Google" in page.text and "ann@mail.example" in page.text and "9 October 2025" in page.text, page.text
    form = page.forms[-1]
    make_old(site, person)
    answer = browser.submit(form, button=form["buttons"][0], follow=False)
    equal((answer.status, answer.location.replace(site.url, "")), (303, "/login?return_to=/account/connections&again=1"))
    fill_login(browser, browser.follow(answer), person)
    site.sql(f"UPDATE users SET password_hash = NULL, email_verified = 0 WHERE email_key = '{person.email}'")
    is_refused(act(browser, "/account/connections", button=("provider", "google")), "That is your only way to sign in")
    site.sql(f"UPDATE users SET password_hash = (SELECT password_hash FROM users AS one WHERE email_key = '{site.person().email}') "
             f"WHERE email_key = '{person.email}'")
    equal(act(browser, "/account/connections", button=("provider", "github")).status, 404)
    is_done(browser, act(browser, "/account/connections", button=("provider", "google")), "The account has been disconnected")
    equal(site.sql(f"SELECT COUNT(*) FROM connections WHERE user_id = UNHEX(REPLACE('{person.id}', '-', ''))"), [["0"]])


@test("connections: of two accounts at one provider the one whose button is pressed goes; pressed twice it's gone all the same; another person's stays")
def one_of_two(site):
    person, browser = newcomer(site)
    other = site.add_person()
    connect(site, other)
    connect(site, person)
    key = person.id.replace("-", "")
    site.sql(f"INSERT INTO connections (id, user_id, provider, subject, label, created_at) VALUES (UNHEX(MD5('{key}second')), UNHEX('{key}'), "
             "'google', UUID(), 'ann.work@mail.example', 1760000000)")
    labels = lambda who: [row[0] for row in site.sql(f"SELECT label FROM connections WHERE user_id = UNHEX(REPLACE('{who.id}', '-', '')) ORDER BY label")]
    ids = {label: ident for label, ident in site.sql("SELECT label, LOWER(INSERT(INSERT(INSERT(INSERT(HEX(id), 21, 0, '-'), 17, 0, '-'), 13, 0, '-'), 9, 0, '-')) "
                                                     f"FROM connections WHERE user_id = UNHEX('{key}')")}
    theirs = site.sql("SELECT LOWER(INSERT(INSERT(INSERT(INSERT(HEX(id), 21, 0, '-'), 17, 0, '-'), 13, 0, '-'), 9, 0, '-')) FROM connections "
                      f"WHERE user_id = UNHEX(REPLACE('{other.id}', '-', ''))")[0][0]
    form = form_to(browser.open("/account/connections"), "/account/connections")
    pressed = {"name": "connection", "value": ids["ann.work@mail.example"]}
    assert pressed["value"] in [button.get("value") for button in form["buttons"]], form["buttons"]
    for _ in range(2):
        is_done(browser, browser.submit(form, None, pressed, follow=False), "The account has been disconnected")
        equal(labels(person), ["ann@mail.example"])
    browser.submit(form, None, {"name": "connection", "value": theirs}, follow=False)
    equal(labels(other), ["ann@mail.example"])
    for odd in ("google", "x" * 5000, ids["ann@mail.example"] + "0"):
        equal(browser.submit(form, None, {"name": "connection", "value": odd}, follow=False).status, 400, odd[:50])
    equal(labels(person), ["ann@mail.example"])


# --- the end ---

@test("security 111: a deleted account is gone with its sessions and tokens, and a mail says farewell")
def delete(site):
    person, browser = newcomer(site)
    other = signed_in(site, person)
    client = site.add_client()
    tokens_ = sign_in(site, client, person, browser, scope="openid offline_access")
    answer = act(browser, "/account/delete")
    equal(answer.status, 303, str(answer))
    assert "Your account has been deleted" in browser.follow(answer).page().text
    assert "public-session" not in browser.cookies and not is_signed_in(other)
    equal(userinfo(site, tokens_.access).status, 401)
    equal(refresh(site, client, tokens_.refresh).error, "invalid_grant")
    equal(site.sql(f"SELECT COUNT(*) FROM users WHERE email_key = '{person.email}'"), [["0"]])
    assert site.door.mail.wait(person.email, "account_deleted")
    stranger = site.browser()
    assert is_login(fill_login(stranger, stranger.open("/login"), person).page())


@test("pages: nobody can have a page say that something was done by a link from elsewhere")
def forged_notice(site):
    browser = signed_in(site)
    for query in ("?done=password", "?note=password", "?done=%3Cb%3E", "?notice=Done"):
        assert not [tag for tag, attributes in browser.open("/account" + query).page().tags if attributes.get("role") == "status"], query


@test("German: a mail names the browser as the page of sessions does")
def german_mail(site):
    person, browser = newcomer(site)
    sent = {"Accept-Language": "de", "User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"}
    equal(act(browser, "/account/password", {"current": person.password, "password": NEW_PASSWORD}, headers=sent).status, 303)
    mail = site.door.mail.wait(person.email, "password_changed")
    assert "Firefox unter Windows" in mail.text, mail.text
    assert "Firefox unter Windows" in browser.open("/account/sessions", headers={"Accept-Language": "de"}).page().text


@test("German: every page of the account is told in German")
def german(site):
    browser = signed_in(site)
    for page, heading in zip(PAGES, ("Ihr Profil", "Ihr Passwort", "Ihre E-Mail-Adresse", "Wo Sie angemeldet sind", "Anwendungen mit Zugriff",
                                     "Verbundene Konten", "Ihr Konto löschen?")):
        assert heading in browser.open(page, headers={"Accept-Language": "de"}).page().text, page


run()
