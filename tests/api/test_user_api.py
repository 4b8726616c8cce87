#!/usr/bin/env python3
"""A person's account and subscription by an application with the person's access token."""
import hashlib
import json

from kit import *
from script import make_old, without_password
from service import refusal
from together import at_once

USER, PASSWORD, IDENTITIES, SUBSCRIPTION = "/api/user", "/api/user/change-password", "/api/user/identities", "/api/subscription"
FIRST = "/api/user/set-password"
SCOPES = "openid profile email offline_access subscription account manage_service read:things"
NEW = "a wholly different password"


class Token:
    """An application's access token of a person."""

    def __init__(self, site, scope="openid account", person=None, client=None, text=None):
        self.site, self.web, self.text = site, site.connect(), text
        self.person, self.client = person or site.add_person(), client or app(site)
        if text is None:
            self.tokens = sign_in(site, self.client, self.person, scope=scope)
            self.text = self.tokens.access

    def call(self, method, path, data=None, web=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = (web or self.web).request(method, path, data=data, headers={"Authorization": f"Bearer {self.text}", **headers})
        equal(answer.header("Cache-Control"), "no-store", f"Cache-Control of {answer}")
        return answer

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, data, **more):
        return self.call("POST", path, data, **more)

    def patch(self, path, data, **headers):
        return self.call("PATCH", path, data, **headers)

    def delete(self, path):
        return self.call("DELETE", path)


_apps = {}


def app(site, service=None):
    """A client with every scope of this family, of the site's service or another."""
    if service not in _apps:
        _apps[service] = add_app(site, service)
    return _apps[service]


def add_app(site, service):
    own, site.service = site.service, service or site.service
    try:
        return site.add_client(scope=SCOPES)
    finally:
        site.service = own


def good(answer, status=200):
    equal(answer.status, status, str(answer))
    return answer.json()


def machine(site):
    """A token of no user."""
    client = site.add_client(scope="openid account manage_service read:things")
    return Token(site, client=client, person=site.person(), text=client_credentials(site, client).json()["access_token"])


def connect(site, person, provider="github"):
    site.sql("INSERT INTO connections (id, user_id, provider, subject, label, created_at) SELECT "
             f"UNHEX(MD5(CONCAT(email, '{provider}'))), id, '{provider}', MD5(email), 'Label', 1700000000 FROM users WHERE email_key = '{person.email}'")


def token_without_password(site):
    """A token of a person who is signed in to by a provider alone; with a new sign-in unless aged."""
    token = Token(site)
    site.sql(f"UPDATE users SET password_hash = NULL WHERE email_key = '{token.person.email}'")
    connect(site, token.person, "google")
    return token


def old_token(site, person=None):
    """A token of a sign-in of an hour ago."""
    person, client, browser = person or site.add_person(), app(site), site.browser()
    authorize(site, client, person, browser, scope="openid account")
    make_old(site, person.email, 3600)
    return Token(site, person=person, text=sign_in(site, client, person, browser, scope="openid account").access)


CALLS = {
    "account or profile": [("GET", USER, None)],
    "account or subscription": [("GET", SUBSCRIPTION, None)],
    "account": [("PATCH", USER, {"name": "Somebody Else"}), ("POST", FIRST, {"password": NEW}),
                ("POST", PASSWORD, {"current_password": "x", "new_password": NEW}), ("GET", IDENTITIES, None),
                ("DELETE", IDENTITIES + "/google", None)],
}


# --- who may ---

@test("PATCH /api/user honours If-Match: of eight at once with one ETag one is done, a stale one is 412, and none is needed")
def if_match(site):
    token = Token(site)
    tag = token.get(USER).header("ETag")
    answers = at_once(site, 8, lambda web, index: token.call("PATCH", USER, {"name": f"Number {index}"}, web=web, If_Match=tag))
    equal(sorted(answer.status for answer in answers), [200] + [412] * 7, "answers")
    for answer in answers:
        if answer.status == 412:
            refusal(answer, 412)
    done = [answer for answer in answers if answer.status == 200][0]
    equal((good(token.get(USER)), token.get(USER).header("ETag")), (done.json(), done.header("ETag")), "what it is now")
    refusal(token.patch(USER, {"name": "Late"}, If_Match=tag), 412)
    good(token.patch(USER, {"name": "In time"}, If_Match=done.header("ETag")))
    good(token.patch(USER, {"name": "Whatever"}, If_Match="*"))
    good(token.patch(USER, {"name": "Without"}))


@test("who has no token, a bad one, one of no user or one without the scope is refused, and changes nothing")
def refused_callers(site):
    every = [call for calls in CALLS.values() for call in calls]
    of_machine, garbage = machine(site), Token(site, person=site.person(), text="garbage")
    key = site.cli("api-key", "add", "--service", site.service, "--name", "K", "--permissions", "read:users write:subscriptions")
    for method, path, data in every:
        refusal(site.web.request(method, path, data=data), 401, "UNAUTHORIZED")
        refusal(garbage.call(method, path, data), 401, "UNAUTHORIZED")
        refusal(of_machine.call(method, path, data), 403, "FORBIDDEN")
        refusal(site.web.request(method, path, data=data, headers={"X-API-Key": key["key"]}), 401, "UNAUTHORIZED")
    person = site.add_person()
    for scope in ("openid", "openid profile email", "openid subscription", "openid manage_service", "openid read:things"):
        token = Token(site, scope, person)
        for words, calls in CALLS.items():
            if set(words.split()) & set(scope.split()):
                continue
            for method, path, data in calls:
                body = refusal(token.call(method, path, data), 403, "FORBIDDEN")
                assert "scope" in body["error"], body
    equal(site.sql(f"SELECT name FROM users WHERE email_key = '{person.email}'"), [[person.name]], "the name")


@test("a scope that the application isn't registered for isn't given; a person who is asked for account reads what it means")
def consent_says_it(site):
    client = site.client()
    browser = site.browser()
    answer = browser.open(AUTHORIZE, request_of(client, scope="openid account"))
    assert "invalid_scope" in str(answer.location) + answer.text, str(answer)
    asked = fill_login(browser, browser.open(AUTHORIZE, request_of(app(site), scope="openid account manage_service")), site.add_person())
    for words in ("Change your account", "Your name, password and connected accounts"):
        assert words in asked.text, f"no {words!r} on the consent page"
    for scope in ("account", "manage_service"):
        assert scope in metadata(site)["scopes_supported"], scope


# --- the account ---

@test("GET /api/user tells what the scope allows: the address only with email or account")
def read_user(site):
    person = site.add_person()
    base = {"id", "name", "created_at", "updated_at"}
    for scope, more in (("openid profile", set()), ("openid profile email", {"email", "email_verified"}),
                        ("openid account", {"email", "email_verified", "has_password"})):
        body = good(Token(site, scope, person).get(USER))
        equal(set(body), base | more, scope)
        equal((body["id"], body["name"]), (person.id, person.name), scope)
    equal((body["email"], body["email_verified"], body["has_password"]), (person.email, True, True), "with account")


@test("T-109: PATCH /api/user changes the name and nothing else; an address is refused with 403")
def change_name(site):
    token = Token(site)
    before = good(token.get(USER))
    changed = good(token.patch(USER, {"name": "  Ada Lovelace ", "email_verified": False, "status": "admin", "id": "x", "role": "admin"}))
    equal({**changed, "updated_at": 0}, {**before, "name": "Ada Lovelace", "updated_at": 0}, "as changed")
    equal(good(token.patch(USER, {})), changed, "nothing named")
    for data in ({"email": "new@people.example"}, {"email": None}, {"name": "Eve", "email": token.person.email}):
        assert "address" in refusal(token.patch(USER, data), 403, "FORBIDDEN")["error"]
    for data in ({"name": ""}, {"name": "x"}, {"name": 1}, {"name": "a\u202eb"}, {"name": "x" * 101}, []):
        refusal(token.patch(USER, data), 400, "BAD_REQUEST")
    equal(good(token.get(USER)), changed, "afterwards")


# --- passwords ---

@test("a changed password ends every token and session, the caller's own too, and is mailed")
def change_password(site):
    person, client, browser = site.add_person(), app(site), site.browser()
    other = Token(site, "openid profile", person, site.client())
    tokens = sign_in(site, client, person, browser, scope="openid account offline_access")
    token = Token(site, person=person, client=client, text=tokens.access)
    good(token.post(PASSWORD, {"current_password": person.password, "new_password": NEW}))
    for dead in (token, other):
        refusal(dead.get(USER), 401, "UNAUTHORIZED")
    equal(refresh(site, client, tokens.refresh).status, 400, "its refresh token")
    assert is_login(browser.open(AUTHORIZE, request_of(client)).page()), "the browser is still signed in"
    site.mail.wait(person.email, "password_changed")
    person.password = NEW
    good(Token(site, "openid profile", person, client).get(USER))


@test("a password isn't changed behind a wrong one, to a bad one, without both, or where there is none")
def refused_passwords(site):
    token = Token(site)
    own = token.person.password
    for data in ({}, {"current_password": own}, {"new_password": NEW}, {"current_password": own, "new_password": "short"},
                 {"current_password": own, "new_password": "password1"}, {"current_password": 1, "new_password": NEW},
                 {"current_password": "wrong one", "new_password": NEW}):
        refusal(token.post(PASSWORD, data), 400, "BAD_REQUEST")
    assert "current password" in refusal(token.post(PASSWORD, {"current_password": "wrong", "new_password": NEW}), 400)["error"]
    good(token.get(USER))
    refusal(token_without_password(site).post(PASSWORD, {"current_password": own, "new_password": NEW}), 400, "BAD_REQUEST")


@test("wrong current passwords are counted: no token guesses for long")
def guesses(site):
    token = Token(site)
    codes = [token.post(PASSWORD, {"current_password": f"wrong {number}", "new_password": NEW}).status for number in range(30)]
    assert 429 in codes, codes
    equal(set(codes), {400, 429}, "answers")
    right = token.post(PASSWORD, {"current_password": token.person.password, "new_password": NEW})
    refusal(right, 429, "TOO_MANY_REQUESTS")
    assert int(right.header("Retry-After")) > 0


@test("of changes at once with one token one is done")
def race(site):
    token = Token(site)
    words = [f"{NEW} {number}" for number in range(4)]
    answers = at_once(site, 4, lambda web, number: token.post(
        PASSWORD, {"current_password": token.person.password, "new_password": words[number]}, web=web))
    codes = [answer.status for answer in answers]
    equal(codes.count(200), 1, str(codes))
    token.person.password = words[codes.index(200)]
    Token(site, "openid", token.person)


@test("a first password is set with a recent sign-in, once, is mailed and works; other tokens stay")
def set_password(site):
    token = token_without_password(site)
    equal(good(token.get(USER))["has_password"], False, "before")
    for data in ({}, {"password": ""}, {"password": "short"}, {"password": 7}):
        refusal(token.post(FIRST, data), 400, "BAD_REQUEST")
    for replayed in (None, "true"):
        answer = token.post(FIRST, {"password": NEW}, Idempotency_Key="first")
        good(answer)
        equal(answer.header("Idempotency-Replayed"), replayed, "Idempotency-Key")
    plain = hashlib.sha256(("\napplication/json\n" + hashlib.sha256(json.dumps({"password": NEW}).encode()).hexdigest()).encode())
    kept = site.sql("SELECT LOWER(HEX(request_hash)) FROM idempotency_keys")
    assert kept and [plain.hexdigest()] not in kept, "a password could be guessed at by what is kept"
    equal(good(token.get(USER))["has_password"], True, "afterwards")
    refusal(token.post(FIRST, {"password": NEW + "!"}), 400, "DUPLICATE_CONSTRAINT")
    site.mail.wait(token.person.email, "password_changed")
    token.person.password = NEW
    Token(site, "openid", token.person)


@test("a first password and a removal need a recent sign-in: an old token gets 403, and nothing changes")
def recent(site):
    token = old_token(site)
    connect(site, token.person, "google")
    site.sql(f"UPDATE users SET password_hash = NULL WHERE email_key = '{token.person.email}'")
    for method, path, data in (("POST", FIRST, {"password": NEW}), ("DELETE", IDENTITIES + "/google", None)):
        assert "too long ago" in refusal(token.call(method, path, data), 403, "FORBIDDEN")["error"]
    equal(good(token.get(USER))["has_password"], False, "afterwards")


# --- connected accounts ---

@test("connected accounts are listed and removed, but not the last way to sign in, and not another person's")
def identities(site):
    for provider in ("google", "github"):
        site.add_provider(provider)
    token = token_without_password(site)
    connect(site, token.person, "github")
    friend = Token(site)
    listed = good(token.get(IDENTITIES))["identities"]
    equal(sorted(entry["provider"] for entry in listed), ["github", "google"], "listed")
    equal(set(listed[0]), {"provider", "label", "created_at"}, "members")
    equal(good(friend.get(IDENTITIES)), {"identities": []}, "the friend's")
    refusal(friend.delete(IDENTITIES + "/google"), 404, "NOT_FOUND")
    refusal(token.delete(IDENTITIES + "/nobody"), 404, "NOT_FOUND")
    equal(token.delete(IDENTITIES + "/google").status, 204, "removal")
    refusal(token.delete(IDENTITIES + "/google"), 404, "NOT_FOUND")
    assert "only way" in refusal(token.delete(IDENTITIES + "/github"), 403, "FORBIDDEN")["error"]
    good(token.post(FIRST, {"password": NEW}))
    equal(token.delete(IDENTITIES + "/github").status, 204, "with a password")
    equal(good(token.get(IDENTITIES)), {"identities": []}, "in the end")


# --- the subscription ---

@test("GET /api/subscription is the person's at the application's service, 404 without; never at another service")
def subscription(site):
    person = site.add_person()
    token = Token(site, "openid subscription", person)
    refusal(token.get(SUBSCRIPTION), 404, "NOT_FOUND")
    plan = site.cli("plan", "add", "--service", site.service, "--name", f"Gold {person.email[:20]}")["id"]
    site.cli("subscription", "set", "--service", site.service, "--plan", plan, person.id)
    body = good(token.get(SUBSCRIPTION))
    equal((body["user_id"], body["plan_id"], body["status"]), (person.id, plan, "active"), str(body))
    equal(good(Token(site, "openid account", person).get(SUBSCRIPTION)), body, "with account")
    elsewhere = Token(site, "openid subscription", person, app(site, other_service(site)))
    refusal(elsewhere.get(SUBSCRIPTION), 404, "NOT_FOUND")
    refusal(Token(site, "openid subscription").get(SUBSCRIPTION), 404, "NOT_FOUND")


_services = []


def other_service(site):
    if not _services:
        _services.append(site.cli("service", "add", "--name", "Elsewhere")["id"])
    return _services[0]


run(settings={"sign_in_limit_per_address": 10000}, workers=4)
