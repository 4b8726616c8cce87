#!/usr/bin/env python3
"""Becoming somebody and signing in by script (hosted-sso 2.3): register, login, session, logout, validate."""
import re

from kit import *
from script import *

ISO = re.compile(r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
UUID = re.compile(r"\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
REGISTER_MEMBERS = {"success", "message", "isAccountLinking", "loginMethods", "user"}


@test("register: 201, the person as the contract has them, a session, and a mail to verify the address")
def register(site):
    script, email = Script(site), new_address()
    answer = script.post("register", {"email": email, "password": PASSWORD, "name": "Neo New"})
    body = said(answer, 201, success=True, isAccountLinking=False, loginMethods=["password"])
    equal(set(body), REGISTER_MEMBERS, "members")
    user = body["user"]
    equal((user["email"], user["name"], user["role"]), (email, "Neo New", "user"), "user")
    assert UUID.match(user["id"]) and ISO.match(user["createdAt"]), user
    equal(set(user), {"id", "email", "name", "role", "createdAt"}, "members of user")
    equal(re.fullmatch("[0-9a-f]{64}", script.session or "") is not None, True, "the session's cookie")
    session = said(script.get("session"), 200, isValid=True)["user"]
    equal((session["id"], session["emailVerified"]), (user["id"], False), "the session")
    assert site.mail.wait(email, "verify_email").link("/confirm?token=")


@test("register: every refusal with its words")
def register_refusals(site):
    good = {"email": new_address("good"), "password": PASSWORD, "name": "Neo New"}
    script = Script(site)
    for name in good:
        for value in (None, "", 5, True, ["x"], {"a": "b"}):
            refusal(script.post("register", {**good, name: value}), 400, "Missing required fields")
        refusal(script.post("register", {key: value for key, value in good.items() if key != name}), 400, "Missing required fields")
    for email in ("neo", "neo@", "@example.org", "a b@example.org", "a@b@c.example", "neo@example.org\r\nBcc: x@y.example", "x" * 300 + "@example.org",
                  "x" * 65 + "@example.org"):
        refusal(script.post("register", {**good, "email": email}), 400, "Invalid email")
    for name in ("N", "  N  ", "\u202eoeN", "Neo\u0007", "x" * 300):
        refusal(script.post("register", {**good, "name": name}), 400, "Invalid name")
    assert script.session is None
    equal(site.sql(f"SELECT COUNT(*) FROM users WHERE email_key = '{good['email']}'"), [["0"]], "users")


@test("register takes an address with 64 bytes before the @, as mail servers do; who has one with more already signs in with it")
def long_local_part(site):
    said(Script(site).post("register", {"email": f"{new_address('long').split('@')[0]:x<64}@people.example", "password": PASSWORD, "name": "Neo New"}), 201)
    person = site.add_person()
    longer = f"{new_address('longer').split('@')[0]:x<65}@people.example"
    site.sql(f"UPDATE users SET email = '{longer}', email_key = '{longer}' WHERE email_key = '{person.email}'")
    script = Script(site)
    said(script.post("login", {"email": longer, "password": person.password}), 200)
    equal(said(script.get("session"), 200)["user"]["id"], person.id, "by password")
    equal(site.cli("user", "show", longer)["id"], person.id, "by the command line")


@test("register: a password that is too weak is refused, with why in message")
def register_weak(site):
    email = new_address("weak")
    whys = set()
    for password in ("seven77", "1234567", "letmein1", "12345678", "aaaaaaaaaaaa", email, "x" * 1025):
        answer = Script(site).post("register", {"email": email, "password": password, "name": "Neo New"})
        body = refusal(answer, 400, "Password too weak")
        assert body["message"] and password not in body["message"], body
        whys.add(body["message"])
    assert len(whys) >= 3, whys


@test("register: 409 and the ways to sign in for an address that has a password, in any spelling of it")
def register_taken(site):
    person = site.add_person()
    for email in (person.email, person.email.upper()):
        answer = Script(site).post("register", {"email": email, "password": PASSWORD, "name": "Neo New"})
        body = refusal(answer, 409, "Account already exists", also=["loginMethods"])
        equal(body["loginMethods"], ["password"], "loginMethods")


@test("register: an account without a password gets one only by the mail's proof: 200, nobody is signed in, nothing told")
def register_linking(site):
    person = without_password(site)
    script = Script(site)
    password = "a password of its very own"
    answer = script.post("register", {"email": person.email, "password": password, "name": "Somebody Else"})
    body = said(answer, 200, success=True, isAccountLinking=True, loginMethods=["google"])
    assert set(body) <= REGISTER_MEMBERS, body
    assert person.name not in answer.text and person.id not in answer.text, f"a stranger is told {answer}"
    assert script.session is None, "a session for somebody who has proven nothing"
    refusal(script.post("login", {"email": person.email, "password": password}), 401, "Password not set", also=["availableLoginMethods"])
    mail = site.mail.wait(person.email, "add_password")
    said(Script(site).post("verify-email", {"token": token_of(mail.link("token="))}), 200, success=True, result="password_added")
    person.password = password
    script.sign_in(person)
    equal(said(script.get("session"), 200)["user"]["loginMethods"], ["password", "google"], "loginMethods")


@test("login: 200 and a session, no tokens; session tells who it is")
def login(site):
    person, script = site.add_person(), Script(site)
    answer = script.post("login", {"email": person.email, "password": person.password})
    equal(set(said(answer, 200, success=True)), {"success", "message"}, "members")
    body = said(script.get("session"), 200, isValid=True)
    equal(set(body), {"isValid", "user"}, "members")
    equal(body["user"], {"id": person.id, "email": person.email, "name": person.name, "role": "user", "status": "active",
                         "emailVerified": True, "loginMethods": ["password"]}, "user")


@test("security 105: a sign-in gives a new session and ends the one that the browser brought")
def new_session(site):
    person, script = site.add_person(), Script(site)
    script.sign_in(person)
    old = script.session
    script.sign_in(person)
    assert script.session != old
    other = Script(site)
    other.cookies["public-session"] = old
    said(other.get("session"), 401, isValid=False)
    other.cookies["public-session"] = "0" * 64
    other.sign_in(person)
    assert other.session != "0" * 64, "T-68: a session that the browser chose"


@test("login: every refusal with its words; the same for an unknown and a disabled account")
def login_refusals(site):
    person, disabled = site.add_person(), site.add_person()
    site.cli("user", "disable", disabled.email)
    script = Script(site)
    for body in ({}, {"password": "x"}, {"email": "", "password": "x"}, {"email": 5, "password": "x"}, {"email": ["a@b.example"], "password": "x"}):
        refusal(script.post("login", body), 400, "Email is required")
    for body in ({}, {"password": ""}, {"password": 5}, {"password": None}, {"password": {"$ne": ""}}):
        refusal(script.post("login", {"email": person.email, **body}), 400, "Password is required")
    wrong = script.post("login", {"email": person.email, "password": "wrong password"})
    refusal(wrong, 401, "Invalid email or password")
    for email, password in ((new_address("nobody"), "wrong password"), (disabled.email, disabled.password), ("no address", "x"), (person.email, "x" * 2000)):
        same_for_a_stranger(wrong, script.post("login", {"email": email, "password": password}), email)
    assert script.session is None
    assert "sign-in failed from 127.0.0.1" in site.log(), "no words for fail2ban"


@test("login: an account without a password: 401 with the ways that it has")
def login_without_password(site):
    person = without_password(site)
    answer = Script(site).post("login", {"email": person.email, "password": "whatever it is"})
    body = refusal(answer, 401, "Password not set", also=["availableLoginMethods"])
    equal(body["availableLoginMethods"], ["google"], "availableLoginMethods")
    assert body["message"], body


@test("login: who registered signs in again only once the address is verified; a wrong password learns nothing of it")
def login_unverified(site):
    _, email = registered(site)
    refusal(Script(site).post("login", {"email": email, "password": "wrong password"}), 401, "Invalid email or password")
    refusal(Script(site).post("login", {"email": email, "password": PASSWORD}), 403, "Email not verified")
    said(Script(site).post("verify-email", {"token": token_of(site.mail.wait(email, "verify_email").link("token="))}), 200, result="verified")
    said(Script(site).post("login", {"email": email, "password": PASSWORD}), 200, success=True)


@test("session: 401 and isValid false without a cookie, with a forged one, and for a disabled account (security 111)")
def session_refusals(site):
    person, script = site.add_person(), Script(site)
    nobody = {"isValid": False, "message": "No active session found"}
    equal(said(script.get("session"), 401), nobody, "without a cookie")
    for value in ("x", "0" * 64, "A" * 64, "0" * 63, "%00"):
        script.cookies["public-session"] = value
        equal(said(script.get("session"), 401), nobody, value)
    script.sign_in(person)
    site.cli("user", "disable", person.email)
    equal(said(script.get("session"), 401), nobody, "disabled")


@test("security 109: logout ends every session of the person, clears the cookie, and is fine without one")
def logout(site):
    person = site.add_person()
    one, other = Script(site).sign_in(person), Script(site).sign_in(person)
    kept = one.session
    answer = one.post("logout")
    equal(set(said(answer, 200, success=True)), {"success", "message"}, "members")
    assert one.session is None, answer.headers
    one.cookies["public-session"] = kept
    said(one.get("session"), 401, isValid=False)
    said(other.get("session"), 401, isValid=False)
    said(Script(site).post("logout"), 200, success=True)
    said(Script(site).post("logout", {}), 200, success=True)


@test("security 116: logout from another site, or from nowhere that is told, is 403 and ends nothing")
def logout_foreign(site):
    script = Script(site).sign_in(site.add_person())
    for origin in ("https://evil.example", "null", None):
        refusal(script.post("logout", origin=origin), 403, "Request origin not allowed")
    said(script.get("session"), 200, isValid=True)


@test("validate: the person, in the contract's shape, and 401 for nobody")
def validate(site):
    person, script = site.add_person(), Script(site)
    equal(said(script.get(VALIDATE), 401), {"isValid": False, "message": "No active session found"}, "nobody")
    script.sign_in(person)
    wanted = {"isValid": True, "userType": "public", "user": {"id": person.id, "email": person.email, "name": person.name}}
    equal(said(script.get(VALIDATE), 200), wanted, "body")


ADMIN = "UNHEX('aa00000000000000000000000000aa01')"


def admin_session(site, cookie, **columns):
    """A session of an administrator, as signing in to the admin's side will make it."""
    site.sql(f"DELETE FROM admins WHERE id = {ADMIN}")
    site.sql("INSERT INTO admins (id, email, email_key, name, password_hash, status, created_at, updated_at) VALUES "
             f"({ADMIN}, 'root@admin.example', 'root@admin.example', 'Root Admin', 'x', '{columns.get('status', 'active')}', 0, 0)")
    expires = columns.get("expires_at", "UNIX_TIMESTAMP() + 14400")
    site.sql("INSERT INTO admin_sessions (id_hash, admin_id, created_at, authenticated_at, seen_at, method, address, user_agent, expires_at) "
             f"VALUES (UNHEX(SHA2('{cookie}', 256)), {ADMIN}, UNIX_TIMESTAMP(), UNIX_TIMESTAMP(), UNIX_TIMESTAMP(), 'pwd', '127.0.0.1', '', {expires})")


@test("validate: an administrator's session counts before a person's; an ended one doesn't count")
def validate_admin(site):
    script = Script(site).sign_in(site.add_person())
    script.cookies["admin-session"] = cookie = "ab" * 32
    equal(said(script.get(VALIDATE), 200)["userType"], "public", "an unknown admin-session")
    admin_session(site, cookie)
    body = said(script.get(VALIDATE), 200, isValid=True, userType="admin")
    equal(set(body["user"]), {"id", "email", "name", "role", "permissions"}, "members of an administrator")
    equal((body["user"]["email"], body["user"]["role"]), ("root@admin.example", "admin"), "administrator")
    assert isinstance(body["user"]["permissions"], list), body
    said(script.get("session"), 200)  # that's the person's
    for columns in ({"expires_at": "UNIX_TIMESTAMP() - 1"}, {"status": "disabled"}):
        admin_session(site, cookie, **columns)
        equal(said(script.get(VALIDATE), 200)["userType"], "public", columns)
    del script.cookies["public-session"]
    said(script.get(VALIDATE), 401, isValid=False)


@test("T-110: with registration off, register is 403 and makes nobody")
def registration_off(site):
    email = new_address("closed")
    with Doorward(settings={"registration": "no"}) as door:
        closed = Site(door.environment(), door)
        refusal(Script(closed).post("register", {"email": email, "password": PASSWORD, "name": "Neo New"}), 403, "Registration is closed")
        equal(closed.sql(f"SELECT COUNT(*) FROM users WHERE email_key = '{email}'"), [["0"]], "users")
        closed.web.close()


run()
