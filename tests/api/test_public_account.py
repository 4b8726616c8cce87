#!/usr/bin/env python3
"""What a signed-in person does with their account by script: password, address, name, sessions, applications, connected
accounts, leaving."""
import re

from kit import *
from script import *

NEW = "another good password"


def me(script):
    return said(script.get("session"), 200)["user"]


@test("T-24, security 112: change-password ends every other session and all tokens, gives a new session, and mails")
def change_password(site):
    person, client = site.add_person(), site.client()
    script, other = Script(site).sign_in(person), Script(site).sign_in(person)
    tokens = sign_in(site, client, person, site.browser(), scope="openid offline_access", prompt="consent")
    old = script.session
    said(script.post("change-password", {"currentPassword": person.password, "newPassword": NEW}), 200, success=True)
    assert script.session != old, "the session's name is the same"
    equal(me(script)["email"], person.email, "still signed in")
    said(other.get("session"), 401)
    refused(refresh(site, client, tokens.refresh), 400, "invalid_grant")
    equal(userinfo(site, tokens.access).status, 401, "the access token")
    refusal(Script(site).post("login", {"email": person.email, "password": person.password}), 401, "Invalid email or password")
    person.password = NEW
    Script(site).sign_in(person)
    assert site.mail.wait(person.email, "password_changed")


@test("change-password: every refusal with its words; nothing is changed")
def change_password_refusals(site):
    person, script = site.add_person(), None
    script = Script(site).sign_in(person)
    for body in ({}, {"currentPassword": "x"}, {"newPassword": NEW}, {"currentPassword": 5, "newPassword": NEW}, {"currentPassword": "x", "newPassword": [NEW]}):
        refusal(script.post("change-password", body), 400, "Missing required fields")
    refusal(script.post("change-password", {"currentPassword": "wrong password", "newPassword": NEW}), 401, "Current password is incorrect")
    for weak in ("short", "password", person.email):
        body = refusal(script.post("change-password", {"currentPassword": person.password, "newPassword": weak}), 400, "Password too weak")
        assert body["message"], body
    social = Script(site).sign_in(person)
    site.sql(f"UPDATE users SET password_hash = NULL WHERE email_key = '{person.email}'")
    refusal(social.post("change-password", {"currentPassword": "x", "newPassword": NEW}), 401, "Password not set", also=["availableLoginMethods"])


@test("profile: the name changes; every refusal with its words")
def profile(site):
    person = site.add_person()
    script = Script(site).sign_in(person)
    body = said(script.call("PATCH", "profile", {"name": "  Zoë Ünal "}), 200, success=True)
    equal(body["user"], {"id": person.id, "email": person.email, "name": "Zoë Ünal"}, "user")
    equal(me(script)["name"], "Zoë Ünal", "the name")
    for body in ({}, {"name": ""}, {"name": None}, {"name": 5}, {"name": ["x"]}, {"email": "x@y.example"}):
        refusal(script.call("PATCH", "profile", body), 400, "Missing required fields")
    for name in ("N", " ", "\u202eoeN", "a\u0000b"[:1] + "\u0007x", "x" * 300):
        refusal(script.call("PATCH", "profile", {"name": name}), 400, "Invalid name")
    equal(me(script)["name"], "Zoë Ünal", "the name")


@test("T-109: a profile update with every column of the tables, in every spelling, changes the name alone")
def mass_assignment(site):
    person, victim = site.add_person(), site.add_person()
    script = Script(site).sign_in(person)
    columns = [row[0] for row in site.sql("SELECT DISTINCT column_name FROM information_schema.columns WHERE table_schema = DATABASE()")]
    camel = [re.sub("_(.)", lambda match: match.group(1).upper(), name) for name in columns]
    names = [line[0] for line in site.sql("SHOW COLUMNS FROM users")]
    row = f"SELECT {', '.join(f'HEX({name})' for name in names)} FROM users WHERE email_key = '{person.email}'"
    before = dict(zip(names, site.sql(row)[0]))
    for value in ("1", "admin", victim.id, victim.email, "active"):
        body = {name: value for name in [*columns, *camel, "role", "isAdmin", "loginMethods", "permissions"] if name != "name"}
        for names in (list(body)[start:start + 60] for start in range(0, len(body), 60)):
            said(script.call("PATCH", "profile", {**{name: body[name] for name in names}, "name": "Still Me"}), 200)
    after = dict(zip(before, site.sql(row)[0]))
    equal({name for name in before if before[name] != after[name]} - {"updated_at"}, {"name"}, "columns that changed")
    equal(bytes.fromhex(after["name"]), b"Still Me", "the name")
    equal(me(script)["role"], "user", "the role")
    equal(site.sql(f"SELECT name FROM users WHERE email_key = '{victim.email}'"), [[victim.name]], "somebody else's name")


@test("T-109: the members of other calls can't name somebody else either")
def naming_another(site):
    person, victim = site.add_person(), site.add_person()
    script, theirs = Script(site).sign_in(person), Script(site).sign_in(victim)
    session = said(theirs.get("sessions"), 200)["sessions"][0]["id"]
    refusal(script.call("DELETE", f"sessions/{session}"), 404, "Not found")
    more = {"id": victim.id, "user_id": victim.id, "userId": victim.id, "email": victim.email, "sub": victim.id}
    said(script.post("change-password", {**more, "currentPassword": person.password, "newPassword": NEW}), 200)
    said(script.post("logout", more), 200)
    equal(me(theirs)["id"], victim.id, "the other one's session")
    Script(site).sign_in(victim)


@test("security 113: sessions lists where one is signed in; one that is ended is dead, and ending the own one clears the cookie")
def sessions(site):
    person = site.add_person()
    script, other = Script(site).sign_in(person), Script(site)
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    said(other.post("login", {"email": person.email, "password": person.password}, User_Agent=firefox), 200)
    found = said(script.get("sessions"), 200, success=True)["sessions"]
    equal(sorted(session["isCurrent"] for session in found), [False, True], "current")
    far = next(session for session in found if not session["isCurrent"])
    equal((far["ip"], far["userAgent"], far["method"]), ("127.0.0.1", firefox, "pwd"), str(far))
    assert "Firefox" in far["browser"] and far["createdAt"].endswith("Z") and far["expiresAt"] > far["createdAt"], far
    for value in (script.session, other.session):
        assert value not in str(found), "a cookie's value is told"
    said(script.call("DELETE", f"sessions/{far['id']}"), 200, success=True)
    said(other.get("session"), 401)
    refusal(script.call("DELETE", f"sessions/{far['id']}"), 404, "Not found")
    own = next(session for session in found if session["isCurrent"])
    said(script.call("DELETE", f"sessions/{own['id']}"), 200)
    assert script.session is None


@test("authorizations lists what applications may; one that is withdrawn takes its tokens with it at once")
def authorizations(site):
    person, client = site.add_person(), site.add_client(client_uri="https://client.example/")
    script = Script(site).sign_in(person)
    equal(said(script.get("authorizations"), 200, success=True)["authorizations"], [], "before")
    tokens = sign_in(site, client, person, site.browser(), scope="openid email offline_access", prompt="consent")
    found = said(script.get("authorizations"), 200)["authorizations"]
    equal(len(found), 1, str(found))
    equal((found[0]["clientId"], found[0]["clientName"], found[0]["clientUri"]), (client.id, client.metadata["client_name"], "https://client.example/"), "client")
    equal(set(found[0]["scope"].split()), {"openid", "email", "offline_access"}, "scope")
    stranger = Script(site).sign_in(site.add_person())
    refusal(stranger.call("DELETE", f"authorizations/{found[0]['id']}"), 404, "Not found")
    equal(userinfo(site, tokens.access).status, 200, "the token stands")
    said(script.call("DELETE", f"authorizations/{found[0]['id']}"), 200, success=True)
    equal(userinfo(site, tokens.access).status, 401, "the access token")
    refused(refresh(site, client, tokens.refresh), 400, "invalid_grant")
    equal(said(script.get("authorizations"), 200)["authorizations"], [], "after")


def connect(site, person):
    site.sql("INSERT INTO connections (id, user_id, provider, subject, label, created_at) SELECT UNHEX(MD5(CONCAT(email, 'x'))), id, 'google', "
             f"MD5(email), email, UNIX_TIMESTAMP() FROM users WHERE email_key = '{person.email}'")


@test("unlink takes a connected account off, never the last way to sign in, and only for who signed in recently (security 114)")
def unlink(site):
    person = site.add_person()
    script = Script(site).sign_in(person)
    connect(site, person)
    equal(me(script)["loginMethods"], ["password", "google"], "loginMethods")
    refusal(script.call("DELETE", "account/unlink/facebook"), 404, "Not found")
    make_old(site, person.email)
    refusal(script.call("DELETE", "account/unlink/google"), 403, "Reauthentication required")
    script.sign_in(person)
    said(script.call("DELETE", "account/unlink/google"), 200, success=True)
    equal(me(script)["loginMethods"], ["password"], "loginMethods")
    connect(site, person)
    site.sql(f"UPDATE users SET password_hash = NULL WHERE email_key = '{person.email}'")
    refusal(script.call("DELETE", "account/unlink/google"), 403, "Last login method")
    equal(me(script)["loginMethods"], ["google"], "loginMethods")


@test("change-email: confirmed at both addresses, in either order; the old one signs in until then, then the new one")
def change_email(site):
    person, new = site.add_person(), new_address("moved")
    script = Script(site).sign_in(person)
    said(script.post("change-email", {"email": new}), 200, success=True)
    equal(me(script)["email"], person.email, "the address")
    old_mail, new_mail = site.mail.wait(person.email, "confirm_old_email"), site.mail.wait(new, "confirm_new_email")
    said(Script(site).post("verify-email", {"token": token_of(new_mail.link("token="))}), 200, result="change_waits")
    equal(me(script)["email"], person.email, "the address")
    said(Script(site).post("verify-email", {"token": token_of(old_mail.link("token="))}), 200, result="changed")
    person.email = new
    Script(site).sign_in(person)
    refusal(Script(site).post("verify-email", {"token": token_of(new_mail.link("token="))}), 410, "Invalid or expired token")


@test("change-email: every refusal with its words; the same answer for an address that somebody has")
def change_email_refusals(site):
    person, other = site.add_person(), site.add_person()
    script = Script(site).sign_in(person)
    for body in ({}, {"email": ""}, {"email": 5}, {"email": [other.email]}):
        refusal(script.post("change-email", body), 400, "Email is required")
    for email in ("nothing", "a b@c.example", "x" * 65 + "@people.example", person.email):
        refusal(script.post("change-email", {"email": email}), 400, "Invalid email")
    free = script.post("change-email", {"email": new_address("free")})
    same_for_a_stranger(free, script.post("change-email", {"email": other.email}), "a taken address")
    make_old(site, person.email)
    refusal(script.post("change-email", {"email": new_address("late")}), 403, "Reauthentication required")


@test("24, T-24: delete takes the account with all that is its, at once, and only for who signed in recently (security 114)")
def delete(site):
    person, client = site.add_person(), site.client()
    script, other = Script(site).sign_in(person), Script(site).sign_in(person)
    tokens = sign_in(site, client, person, site.browser(), scope="openid offline_access", prompt="consent")
    make_old(site, person.email)
    refusal(script.call("DELETE", "account"), 403, "Reauthentication required")
    script.sign_in(person)
    said(script.call("DELETE", "account"), 200, success=True)
    assert script.session is None
    said(other.get("session"), 401)
    equal(userinfo(site, tokens.access).status, 401, "the access token")
    refused(refresh(site, client, tokens.refresh), 400, "invalid_grant")
    refusal(Script(site).post("login", {"email": person.email, "password": person.password}), 401, "Invalid email or password")
    assert site.mail.wait(person.email, "account_deleted")


@test("security 117: reading changes nothing: tables are the same after every GET, with and without a session")
def reading(site):
    script = Script(site).sign_in(site.add_person())
    before = checksums(site)
    for path in ("session", "sessions", "authorizations", VALIDATE):
        for who in (script, Script(site)):
            who.get(path)
    for path in ("logout", "account", "profile", "login", "register", "request-magic-link", "verify-email?token=x", "change-password"):
        one_of(script.get(path).status, (404, 405), path)
    equal(checksums(site), before, "tables")


run()
