#!/usr/bin/env python3
"""What must hold of accounts whoever tries: links that are used out of turn, by somebody else or twice at once; addresses
that two people want; accounts that somebody made of another's address; what dies when a password, an address or an account
goes."""
import threading
import time

from kit import *
from script import *
from signing_in import new_email, open_flow, in_service
from together import at_once

NEW = "another good password"
OFFLINE = "openid offline_access"
ENDED = "Invalid or expired token"


# --- helpers ---

def ask_reset(site, email):
    said(Script(site).post("forgot-password", {"email": email}), 200)
    return token_of(site.mail.wait(email, "reset_password").link("/reset-password?token="))


def reset(site, token, password=NEW, script=None, **more):
    return (script or Script(site)).post("reset-password", {"token": token, "password": password, **more})


def confirm(site, token, script=None):
    return (script or Script(site)).post("verify-email", {"token": token})


def link_in(site, email, mail):
    return token_of(site.mail.wait(email, mail).link("token="))


def begin_change(site, script, old, new, both=True):
    """The tokens of the two links; the old one's is None for an address that wasn't verified."""
    said(script.post("change-email", {"email": new}), 200)
    new_link = link_in(site, new, "confirm_new_email")
    return link_in(site, old, "confirm_old_email") if both else None, new_link


def user_row(site, email, columns):
    rows = site.sql(f"SELECT {columns} FROM users WHERE email_key = '{email}'")
    return rows[0] if rows else None


def is_in(script):
    return script.get("session").status == 200


def can_sign_in(site, email, password):
    return Script(site).post("login", {"email": email, "password": password}).status == 200


def add_connection(site, email, provider):
    site.sql("INSERT INTO connections (id, user_id, provider, subject, label, created_at) SELECT "
             f"UNHEX(MD5(CONCAT(email, '{provider}'))), id, '{provider}', MD5(email), email, 1 FROM users WHERE email_key = '{email}'")


def connections(site, email):
    return sorted(row[0] for row in site.sql("SELECT provider FROM connections WHERE user_id = "
                                             f"(SELECT id FROM users WHERE email_key = '{email}')"))


def wait_for(answers, number):
    end = time.monotonic() + 60
    while len(answers) < number and time.monotonic() < end:
        time.sleep(0.01)


# --- links ---

@test("T-78, security 132: a reset walked out of turn changes nothing: no link, another's kind, a looked-at link, an older one, a used one")
def reset_out_of_turn(site):
    person = site.add_person(verified=False)
    hash_before = user_row(site, person.email, "password_hash")
    for token in ("", "x", "." * 60, person.id, person.email, "a" * 5000):
        equal(reset(site, token).status in (400, 410), True, token[:20])
    said(Script(site).post("resend-verification", {"email": person.email}), 200)
    verify = link_in(site, person.email, "verify_email")
    refusal(reset(site, verify), 410, ENDED)
    first, second = ask_reset(site, person.email), ask_reset(site, person.email)
    refusal(reset(site, first), 410, ENDED)  # the newer one took its place
    page = site.browser().open(f"/reset-password?token={second}")
    equal(page.status, 200, "looking")
    refusal(confirm(site, second), 410, ENDED)
    refusal(reset(site, second, "short"), 400, "Password too weak")
    equal(user_row(site, person.email, "password_hash"), hash_before, "the password")
    said(reset(site, second), 200)
    refusal(reset(site, second, "yet another one"), 410, ENDED)
    refusal(confirm(site, verify), 410, ENDED)  # the reset ended every other link
    assert can_sign_in(site, person.email, NEW)


@test("T-78: a reset whose account was disabled, deleted or moved to another address meanwhile is over")
def reset_overtaken(site):
    disabled, deleted, moved = (site.add_person() for _ in range(3))
    tokens = [ask_reset(site, person.email) for person in (disabled, deleted, moved)]
    site.cli("user", "disable", disabled.email)
    said(Script(site).sign_in(deleted).call("DELETE", "account"), 200)
    old, new = begin_change(site, Script(site).sign_in(moved), moved.email, new_email())
    said(confirm(site, old), 200)
    said(confirm(site, new), 200, result="changed")
    for token in tokens:
        refusal(reset(site, token), 410, ENDED)
    site.cli("user", "enable", disabled.email)
    refusal(reset(site, tokens[0]), 410, ENDED)  # disabling ended the link, enabling brings nothing back


@test("T-79: a reset link is for its own account, whomever the request names, and halves of two links make none")
def reset_of_another(site):
    thief, victim = site.add_person(), site.add_person()
    one, two = ask_reset(site, thief.email), ask_reset(site, victim.email)
    for cut in range(8, min(len(one), len(two)) - 8, 3):
        if (mixed := two[:cut] + one[cut:]) not in (one, two):
            refusal(reset(site, mixed), 410, ENDED)
    naming = {"email": victim.email, "user": victim.id, "user_id": victim.id, "userId": victim.id, "sub": victim.id, "id": victim.id}
    script = Script(site).sign_in(victim)
    said(reset(site, one, **naming), 200)
    assert is_in(script), "the other one's session"
    assert can_sign_in(site, victim.email, victim.password) and can_sign_in(site, thief.email, NEW)
    assert not can_sign_in(site, victim.email, NEW)


@test("T-81, security 132: links are random, differ each time, are in the database as hashes alone, and end by time")
def links_are_secrets(site):
    person = site.add_person()
    tokens = [ask_reset(site, person.email) for _ in range(3)]
    equal(len(set(tokens)), 3, "different")
    for token in tokens:
        unguessable(token, "a reset link")
    dump = str(site.sql(f"SELECT HEX(id), HEX(secret_hash), data FROM challenges WHERE email_key = '{person.email}'"))
    rows = site.sql(f"SELECT HEX(id), expires_at - created_at FROM challenges WHERE email_key = '{person.email}'")
    equal([row[1] for row in rows], ["3600"], "living ones")
    assert tokens[-1] not in dump
    site.sql(f"UPDATE challenges SET expires_at = 1 WHERE email_key = '{person.email}'")
    refusal(reset(site, tokens[-1]), 410, ENDED)


@test("security 132: a reset proves a password, not the PIN: who must give one is still asked")
def reset_is_no_second_factor(site):
    guarded, person = in_service(site, pin_gate="always"), site.add_person()
    browser, script = site.browser(), Script(site)
    said(reset(site, ask_reset(site, person.email), script=script), 200)
    equal(site.sql(f"SELECT method FROM sessions WHERE user_id = (SELECT id FROM users WHERE email_key = '{person.email}')"),
          [["pwd"]], "method")
    browser.cookies.update(script.cookies)
    try:
        _, page, _ = open_flow(guarded, guarded.add_client(), browser)
        assert page.page().form_with(autocomplete="one-time-code") or "/login/pin" in page.url, str(page)
    finally:
        site.cli("service", "set", guarded.service, "--pin-gate", "off")


@test("T-92, abuse 35: one reset link sent 16 times at once: one of them changes the password, the others nothing")
def one_reset(site):
    person = site.add_person()
    token = ask_reset(site, person.email)
    passwords = [f"password number {i} of many" for i in range(16)]
    answers = at_once(site, 16, lambda web, i: web.post(PUBLIC + "reset-password", data={"token": token, "password": passwords[i]},
                                                        headers={"Origin": site.url}))
    equal(sorted(answer.status for answer in answers), [200] + [410] * 15, "answers")
    winner = [answer.status for answer in answers].index(200)
    assert can_sign_in(site, person.email, passwords[winner])
    equal(len(site.sql(f"SELECT HEX(id) FROM outbox WHERE recipient_key = '{person.email}' AND template = 'password_changed'")), 1, "mails")


@test("T-92, abuse 35: both links of a change of address sent many times at once change it once")
def one_change(site):
    person, new = site.add_person(), new_email()
    links = begin_change(site, Script(site).sign_in(person), person.email, new)
    answers = at_once(site, 16, lambda web, i: web.post(PUBLIC + "verify-email", data={"token": links[i % 2]}, headers={"Origin": site.url}))
    said_so = [answer.json().get("result") for answer in answers if answer.status == 200]
    equal(sorted(said_so), ["change_waits", "changed"], "successes")
    equal({answer.status for answer in answers}, {200, 410}, "answers")
    assert user_row(site, new, "HEX(id)") and not user_row(site, person.email, "HEX(id)")


@test("16 changes of a password at once from one session: one is done, and the others are signed out")
def one_password(site):
    person = site.add_person()
    script = Script(site).sign_in(person)
    cookies = "; ".join(f"{name}={value}" for name, value in script.cookies.items())
    passwords = [f"password number {i} of many" for i in range(16)]
    answers = at_once(site, 16, lambda web, i: web.post(PUBLIC + "change-password", headers={"Origin": site.url, "Cookie": cookies},
                                                        data={"currentPassword": person.password, "newPassword": passwords[i]}))
    good = [i for i, answer in enumerate(answers) if answer.status == 200]
    equal(len(good), 1, str([answer.status for answer in answers]))
    assert all(answer.status in (200, 401, 429) for answer in answers), [answer.status for answer in answers]
    assert can_sign_in(site, person.email, passwords[good[0]])


# --- addresses ---

@test("T-84: nobody marks an address verified but by its link: not in registering, not in the profile")
def verified_is_not_asked(site):
    email = new_email()
    more = {name: value for name in ("email_verified", "emailVerified", "verified", "self_registered", "selfRegistered",
                                     "status", "role", "tokens_after", "password_hash") for value in (True,)}
    script = Script(site)
    said(script.post("register", {**more, "email": email, "password": PASSWORD, "name": "Eve Eager"}), 201)
    said(script.call("PATCH", "profile", {**more, "name": "Eve Eager"}), 200)
    equal(user_row(site, email, "email_verified, self_registered, status, tokens_after"), ["0", "1", "active", "0"], "the row")
    said(confirm(site, link_in(site, email, "verify_email")), 200, result="verified")
    equal(user_row(site, email, "email_verified"), ["1"], "after the link")


@test("T-96: somebody's address, in any spelling, isn't had by changing to it: its owner hears nothing, nothing happens")
def taken_address(site):
    person, owner = site.add_person(), site.add_person()
    script = Script(site).sign_in(person)
    for spelling in (owner.email, owner.email.upper(), owner.email.capitalize()):
        said(script.post("change-email", {"email": spelling}), 200)
        old = link_in(site, person.email, "confirm_old_email")
        said(confirm(site, old), 200, result="change_waits")
    assert site.mail.none(owner.email), "the owner got mail"
    equal(user_row(site, owner.email, "name"), [owner.name], "the owner")
    equal(user_row(site, person.email, "name"), [person.name], "the other")


@test("T-96: who has an address in the end is settled at the end: two who change to it, and one who registers it meanwhile")
def contested_address(site):
    one, two, new = site.add_person(), site.add_person(), new_email()
    links = [begin_change(site, Script(site).sign_in(person), person.email, new) for person in (one, two)]
    for old, _ in links:
        said(confirm(site, old), 200, result="change_waits")
    answers = at_once(site, 2, lambda web, i: web.post(PUBLIC + "verify-email", data={"token": links[i][1]}, headers={"Origin": site.url}))
    equal(sorted(answer.status for answer in answers), [200, 409], str([str(answer) for answer in answers]))
    equal(len(site.sql(f"SELECT HEX(id) FROM users WHERE email_key = '{new}'")), 1, "owners")
    third, wanted = site.add_person(), new_email()
    old, last = begin_change(site, Script(site).sign_in(third), third.email, wanted)
    said(confirm(site, old), 200)
    said(Script(site).post("register", {"email": wanted.upper(), "password": PASSWORD, "name": "Fay Faster"}), 201)
    equal(confirm(site, last).status, 409, "the late one")
    equal(user_row(site, third.email, "name"), [third.name], "the late one's address")


@test("a change of address: links of an earlier one, of one given up and of one too old do nothing; other sessions end, tokens stay")
def change_of_address(site):
    person, client, new = site.add_person(), site.client(), new_email()
    script, other = Script(site).sign_in(person), Script(site).sign_in(person)
    tokens = sign_in(site, client, person, site.browser(), scope=OFFLINE, prompt="consent")
    earlier = begin_change(site, script, person.email, new_email())
    site.sql("UPDATE email_changes SET expires_at = 1")
    for link in earlier:
        refusal(confirm(site, link), 410, ENDED)
    old, last = begin_change(site, script, person.email, new)
    for link in earlier:
        refusal(confirm(site, link), 410, ENDED)
    reset_link = ask_reset(site, person.email)
    said(confirm(site, last), 200, result="change_waits")
    said(confirm(site, old), 200, result="changed")
    mail = site.mail.wait(person.email, "email_changed")
    assert new in mail.text, mail.text
    assert is_in(script) and not is_in(other)
    equal(userinfo(site, tokens.access).status, 200, "the access token")
    refusal(reset(site, reset_link), 410, ENDED)
    assert not can_sign_in(site, person.email, person.password) and can_sign_in(site, new, person.password)


# --- accounts that somebody made of another's address ---

def squatted(site):
    """An account that a stranger registered with somebody's address: the stranger's script, the address."""
    script, email = registered(site)
    assert is_in(script)
    return script, email


@test("T-80: who registered another's address is out when its owner resets: password, sessions, links, provider, change of address")
def squatter_loses(site):
    script, email = squatted(site)
    mine = new_email()
    said(script.post("change-email", {"email": mine}), 200)
    change = link_in(site, mine, "confirm_new_email")
    add_connection(site, email, "google")
    said(reset(site, ask_reset(site, email), "the owner's own password"), 200)
    assert not is_in(script) and not can_sign_in(site, email, PASSWORD)
    refusal(confirm(site, change), 410, ENDED)
    equal(connections(site, email), [], "the stranger's provider")
    equal(user_row(site, email, "email_verified"), ["1"], "verified")


@test("T-80: a change of address begun before the address was verified doesn't outlive its verification")
def change_ends_with_proof(site):
    script, email = squatted(site)
    mine = new_email()
    said(script.post("change-email", {"email": mine}), 200)
    said(confirm(site, link_in(site, email, "verify_email")), 200, result="verified")
    refusal(confirm(site, link_in(site, mine, "confirm_new_email")), 410, ENDED)
    assert user_row(site, email, "HEX(id)") and not user_row(site, mine, "HEX(id)")


@test("T-80: an added password whose proof is an unverified account's first throws out who was there; a verified account's own stay")
def added_password(site):
    for verified in (False, True):
        person = site.add_person(verified=True)
        script = Script(site).sign_in(person)
        add_connection(site, person.email, "google")
        site.sql(f"UPDATE users SET password_hash = NULL, email_verified = {int(verified)} WHERE email_key = '{person.email}'")
        said(Script(site).post("register", {"email": person.email, "password": NEW, "name": "Ola Owner"}), 200, isAccountLinking=True)
        assert not can_sign_in(site, person.email, NEW), "before the proof"
        said(confirm(site, link_in(site, person.email, "add_password")), 200, result="password_added")
        equal((is_in(script), connections(site, person.email)), (verified, ["google"] if verified else []), f"verified {verified}")
        assert can_sign_in(site, person.email, NEW)
        equal(user_row(site, person.email, "name, email_verified"), [person.name, "1"], "the row")


@test("a mail to an address that nobody has proven greets nobody: strangers can't have us send words of theirs")
def no_words_of_strangers(site):
    words = "Call 0900 1234 now"
    email = new_email()
    said(Script(site).post("register", {"email": email, "password": PASSWORD, "name": words}), 201)
    mail = site.mail.wait(email, "verify_email")
    assert words not in mail.text and words not in mail.html and words not in mail.subject


@test("abuse 41: past the limit of mails no more are sent, and the last link that was sent still works")
def mail_limit(site):
    person = site.add_person()
    tokens = [ask_reset(site, person.email) for _ in range(6)]
    for _ in range(3):
        said(Script(site).post("forgot-password", {"email": person.email}), 200)
    assert site.mail.none(person.email, "reset_password")
    said(reset(site, tokens[-1]), 200)


# --- what ends with what ---

class Access:
    """A person's sessions, links and tokens, just before something happens."""

    def __init__(self, site):
        self.site, self.person, self.client = site, site.add_person(), site.add_client()
        self.script, self.other = Script(site).sign_in(self.person), Script(site).sign_in(self.person)
        browser = site.browser()
        self.tokens = sign_in(site, self.client, self.person, browser, scope=OFFLINE, prompt="consent")
        self.code = authorize(site, self.client, self.person, browser, scope=OFFLINE)["code"]
        self.link = ask_reset(site, self.person.email)

    def alive(self):
        answer = {"session": is_in(self.other), "token": userinfo(self.site, self.tokens.access).status == 200,
                  "code": redeem(self.site, self.client, self.code).status == 200,
                  "refresh": refresh(self.site, self.client, self.tokens.refresh).status == 200}
        answer["link"] = self.site.browser().open(f"/reset-password?token={self.link}").status == 200
        return {name for name, works in answer.items() if works}


def nothing(access):
    pass


def change_password(access):
    said(access.script.post("change-password", {"currentPassword": access.person.password, "newPassword": NEW}), 200)


def reset_password(access):
    said(reset(access.site, access.link), 200)


def admin_sets_password(access):
    access.site.cli("user", "set-password", access.person.email, "--password-file", "-", stdin=NEW)


def admin_disables(access):
    access.site.cli("user", "disable", access.person.email)


def admin_signs_out(access):
    access.site.cli("user", "sign-out", access.person.email)


def delete_account(access):
    said(access.script.call("DELETE", "account"), 200)


def withdraw(access):
    found = said(access.script.get("authorizations"), 200)["authorizations"]
    said(access.script.call("DELETE", f"authorizations/{found[0]['id']}"), 200)


def log_out(access):
    said(access.script.post("logout"), 200)


ALL = {"session", "token", "code", "refresh", "link"}
for _happening, _left in ((nothing, ALL), (change_password, set()), (reset_password, set()), (admin_sets_password, set()), (admin_disables, set()),
                          (admin_signs_out, set()), (delete_account, set()), (withdraw, {"session", "link"}), (log_out, ALL - {"session"})):
    @test(f"security 67, 109, 111, 112: {_happening.__name__.replace('_', ' ')}: of {', '.join(sorted(ALL))} stay: {', '.join(sorted(_left)) or 'none'}")
    def what_stays(site, happening=_happening, left=_left):
        access = Access(site)
        happening(access)
        equal(access.alive(), left, happening.__name__)


@test("security 131: guesses at the current password are limited, and don't lock the person out of signing in")
def guesses_at_current(site):
    person = site.add_person()
    script = Script(site).sign_in(person)
    seen = set()
    for number in range(30):
        seen.add(script.post("change-password", {"currentPassword": f"wrong guess {number}", "newPassword": NEW}).status)
    equal(seen, {401, 429}, "answers")
    assert can_sign_in(site, person.email, person.password)


@test("security 113: an admin sees where somebody is signed in, and ends it; show tells of the sign-ins")
def admin_sees(site):
    person = site.add_person()
    scripts = [Script(site).sign_in(person) for _ in range(2)]
    listed = site.cli("user", "sessions", person.email)
    equal(len(listed), 2, str(listed))
    equal((listed[0]["method"], listed[0]["address"]), ("pwd", "127.0.0.1"), str(listed))
    for script in scripts:
        assert script.session not in str(listed)
    shown = site.cli("user", "show", person.email)
    equal((shown["sign_ins"], shown["email_verified"], shown["self_registered"]), (2, True, False), str(shown))
    assert shown["last_sign_in_at"] >= listed[0]["created_at"] - 1
    site.cli("user", "sign-out", person.id)
    equal(site.cli("user", "sessions", person.email), [], "afterwards")
    assert not any(is_in(script) for script in scripts)


@test("two connected accounts taken off at once: one way to sign in stays")
def last_way(site):
    for provider in ("google", "github"):
        site.add_provider(provider)
    for _ in range(5):
        person = site.add_person()
        script = Script(site).sign_in(person)
        for provider in ("google", "github"):
            add_connection(site, person.email, provider)
        site.sql(f"UPDATE users SET password_hash = NULL WHERE email_key = '{person.email}'")
        cookies = "; ".join(f"{name}={value}" for name, value in script.cookies.items())
        answers = at_once(site, 2, lambda web, i: web.request("DELETE", PUBLIC + "account/unlink/" + ("google", "github")[i],
                                                              headers={"Origin": site.url, "Cookie": cookies}))
        equal(sorted(answer.status for answer in answers), [200, 403], "answers")
        equal(len(connections(site, person.email)), 1, "left")


@test("24, 112: whoever goes on asking for codes with a session while its person resets the password has none that works after")
def asking_during_reset(site):
    for _ in range(3):
        person, client = site.add_person(), site.client()
        browsers = [site.browser() for _ in range(4)]
        for browser in browsers:
            sign_in(site, client, person, browser, scope=OFFLINE, prompt="consent")
        token, over, codes = ask_reset(site, person.email), threading.Event(), []

        def go_on(browser):
            while not over.is_set():
                answer = browser.get(AUTHORIZE, request_of(client, scope=OFFLINE, prompt="none"))
                codes.append((response_of(answer, client.redirect_uri) or {}).get("code"))
        threads = [threading.Thread(target=go_on, args=(browser,)) for browser in browsers]
        for thread in threads:
            thread.start()
        wait_for(codes, 20)
        said(reset(site, token), 200)
        wait_for(codes, len(codes) + 8)
        over.set()
        for thread in threads:
            thread.join()
        assert any(codes) and not all(codes), codes
        for code in [code for code in codes if code][-30:]:
            refused(redeem(site, client, code), 400, "invalid_grant")
        equal(site.sql(f"SELECT COUNT(*) FROM authorizations WHERE revoked_at = 0 AND user_id = UNHEX(REPLACE('{person.id}', '-', ''))"),
              [["0"]], "authorizations that stand")


PERSONAL = ("sessions", "grants", "authorizations", "members", "challenges", "connections", "email_changes", "permissions")
OF_MEMBERS = ("subscriptions", "participants", "provider_grants", "provider_requests")  # these go with the membership


def orphans(site):
    """Rows of people who are gone, by table."""
    found = {}
    for table in PERSONAL + OF_MEMBERS:
        count = site.sql(f"SELECT COUNT(*) FROM {table} t LEFT JOIN users u ON u.id = t.user_id WHERE t.user_id IS NOT NULL AND u.id IS NULL")
        if count != [["0"]]:
            found[table] = count
    return found


@test("abuse 38, security 111: an account deleted while its tokens are refreshed and its links asked for: no 500, no orphan rows, all dead")
def delete_during_refresh(site):
    for _ in range(4):
        person, client = site.add_person(), site.client()
        script = Script(site).sign_in(person)
        said(script.post("change-email", {"email": new_email()}), 200)
        add_connection(site, person.email, "google")
        tokens = sign_in(site, client, person, site.browser(), scope=OFFLINE, prompt="consent")
        over, refreshed, asked, current = threading.Event(), [], [], {"refresh": tokens.refresh, "access": tokens.access}

        def go_on_refreshing():
            web = site.connect()
            while not over.is_set():
                answer = refresh(site, client, current["refresh"], web)
                refreshed.append(answer.status)
                if answer.status == 200:
                    current.update(refresh=answer.json()["refresh_token"], access=answer.json()["access_token"])
            web.close()

        def go_on_asking():
            web = site.connect()
            while not over.is_set():
                for path in ("forgot-password", "request-magic-link"):
                    asked.append(web.post(PUBLIC + path, data={"email": person.email}, headers={"Origin": site.url}).status)
            web.close()
        threads = [threading.Thread(target=one) for one in (go_on_refreshing, go_on_asking)]
        for thread in threads:
            thread.start()
        wait_for(refreshed, 5)
        wait_for(asked, 5)
        said(script.call("DELETE", "account"), 200)
        wait_for(refreshed, len(refreshed) + 5)
        over.set()
        for thread in threads:
            thread.join()
        equal((set(refreshed), set(asked)), ({200, 400}, {200}), "answers")
        equal(orphans(site), {}, "orphans")
        equal(userinfo(site, current["access"]).status, 401, "the last access token")
        refused(refresh(site, client, current["refresh"]), 400, "invalid_grant")


@test("every table that names a person goes with the person")
def every_table(site):
    rows = site.sql("SELECT table_name FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name = 'user_id'")
    equal({row[0] for row in rows} - {"sign_ins"}, set(PERSONAL + OF_MEMBERS), "tables with a user_id: each is looked at by orphans()")  # sign_ins only counts
    keys = site.sql("SELECT table_name, delete_rule FROM information_schema.referential_constraints "
                    "WHERE constraint_schema = DATABASE() AND referenced_table_name = 'users'")
    equal({row[0] for row in keys}, set(PERSONAL), "tables with a foreign key")
    equal({row[1] for row in keys}, {"CASCADE"}, "rules")


run(settings={"mail_limit_per_recipient": 6})
