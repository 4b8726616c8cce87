#!/usr/bin/env python3
"""T-24, T-25, 67, 111: every way to tokens times every state of the account: dead at the next request."""
import os
import re
import subprocess
import time

from kit import *

OFFLINE = "openid profile offline_access"


class Standing:
    """What a person has before something happens to them: a browser, a code, tokens."""

    def __init__(self, site, client, person):
        self.browser = site.browser()
        self.tokens = sign_in(site, client, person, self.browser, scope=OFFLINE, prompt="consent")
        self.code = authorize(site, client, person, self.browser, prompt="none", scope="openid")["code"]
        self.login = site.browser()
        self.page = self.login.open(AUTHORIZE, request_of(client, scope="openid"))


def all_refused(site, client, person, standing, what):
    refused(redeem(site, client, standing.code), (400, 401), ("invalid_grant", "invalid_client"))
    refused(refresh(site, client, standing.tokens.refresh), (400, 401), ("invalid_grant", "invalid_client"))
    equal(userinfo(site, standing.tokens.access).status, 401, f"{what}: userinfo")
    answer = standing.browser.get(AUTHORIZE, request_of(client, prompt="none"))
    response = response_of(answer, client.redirect_uri)
    assert response is None or response.get("code") is None, f"{what}: a new code from the old session"


@test("T-24, T-25, security 111: a disabled user: code, refresh, userinfo, session and sign-in are all refused at once")
def disabled_user(site):
    client, person = site.client(), site.add_person()
    standing = Standing(site, client, person)
    site.cli("user", "disable", person.email)
    all_refused(site, client, person, standing, "disabled")
    answer = fill_login(standing.login, standing.page, person)
    assert response_of(answer, client.redirect_uri) is None and "public-session" not in standing.login.cookies, str(answer)
    equal(introspect(site, client, standing.tokens.access).json(), {"active": False}, "introspection")
    equal(introspect(site, client, standing.tokens.refresh).json(), {"active": False}, "introspection of the refresh token")


@test("T-24, security 111: a deleted user: the same")
def deleted_user(site):
    client, person = site.client(), site.add_person()
    standing = Standing(site, client, person)
    site.sql(f"DELETE FROM users WHERE email_key = '{person.email}'")
    all_refused(site, client, person, standing, "deleted")


@test("T-24, security 67, 112: after a password change the old tokens and sessions are dead")
def password_changed(site):
    import tempfile
    client, person = site.client(), site.add_person()
    standing = Standing(site, client, person)
    time.sleep(1.1)  # times are seconds: what was authorized in this second may belong to after the change
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("another good password\n")
        file.flush()
        site.cli("user", "set-password", person.email, "--password-file", file.name)
    all_refused(site, client, person, standing, "password changed")
    person.password = "another good password"
    assert sign_in(site, client, person).access


@test("T-25: a disabled client: authorize, code, refresh and client_credentials are all refused at once")
def disabled_client(site):
    client, person = site.add_client(), site.person()
    standing = Standing(site, client, person)
    site.cli("client", "disable", client.id)
    refused(redeem(site, client, standing.code), 401, "invalid_client")
    refused(refresh(site, client, standing.tokens.refresh), 401, "invalid_client")
    refused(client_credentials(site, client), 401, "invalid_client")
    equal(standing.browser.get(AUTHORIZE, request_of(client)).status, 400, "authorize")
    equal(userinfo(site, standing.tokens.access).status, 401, "userinfo")
    answer = fill_login(standing.login, standing.page, person)
    assert response_of(answer, client.redirect_uri) is None, f"T-73: a flow in progress ended well: {answer}"


@test("T-25: what is enabled again works again, for people and clients")
def enabled_again(site):
    client, person = site.add_client(), site.add_person()
    site.cli("client", "disable", client.id)
    site.cli("client", "enable", client.id)
    site.cli("user", "disable", person.email)
    site.cli("user", "enable", person.email)
    assert sign_in(site, client, person).access


@test("security 108: a session past its idle time or its whole life is over")
def session_limits(site):
    client = site.client()
    for change in ("seen_at = seen_at - 86400 * 365, authenticated_at = authenticated_at - 86400 * 365, created_at = created_at - 86400 * 365",
                   "expires_at = UNIX_TIMESTAMP() - 1"):
        browser = signed_in(site)
        site.sql(f"UPDATE sessions SET {change}")
        answer = browser.get(AUTHORIZE, request_of(client, prompt="none"))
        equal(response_of(answer, client.redirect_uri).get("error"), "login_required", change)


@test("security 108: to the second: a session that is idle or old for as long as the options say sends to the sign-in, a moment earlier it doesn't")
def limits_to_the_second(site):
    idle, life = 30 * 86400, 90 * 86400
    for change, lives in ((f"seen_at = UNIX_TIMESTAMP() - {idle} + 20", True), (f"seen_at = UNIX_TIMESTAMP() - {idle}", False),
                          ("expires_at = UNIX_TIMESTAMP() + 20", True), ("expires_at = UNIX_TIMESTAMP()", False)):
        site.sql("DELETE FROM sessions")
        browser = signed_in(site, site.person("idler"))
        equal(site.sql("SELECT expires_at - created_at FROM sessions"), [[str(life)]], "whole life")
        site.sql(f"UPDATE sessions SET {change}")
        answer = browser.get("/account")
        equal(answer.status, 200 if lives else 303, change)
        assert lives or answer.location.replace(site.url, "").startswith("/login?"), answer.location
        equal(browser.get("/api/public/session").status, 200 if lives else 401, change)


@test("security 125: a password of 1024 bytes works whole, one byte more is refused, and it may be of any characters")
def longest_passwords(site):
    headers = {"Origin": site.url}
    for number, password in enumerate(("x9" * 511 + "yz", " spaces at both ends ", "\u2603 \U0001f600 \u00fcber \u05e9\u05dc\u05d5\u05dd", "onlylowercaseletters", "\"'<&%\\;--`$(){}")):
        email = f"long-{number}-{time.time_ns()}@people.example"
        added = site.web.post("/api/public/register", data={"email": email, "password": password, "name": "Long Words"}, headers=headers)
        equal(added.status, 201, f"{password[:20]}: {added}")
        site.sql(f"UPDATE users SET email_verified = 1 WHERE email_key = '{email}'")
        for typed, status in ((password, 200), (password[:-1] + "?", 401), (password[:-1], 401), (password + "x", 401)):
            equal(site.web.post("/api/public/login", data={"email": email, "password": typed}, headers=headers).status, status, f"{typed[:20]!r}, {len(typed)}")
    refused_one = site.web.post("/api/public/register", data={"email": f"longer-{time.time_ns()}@people.example", "password": "x9" * 512 + "y", "name": "Long Words"}, headers=headers)
    equal((refused_one.status, refused_one.error), (400, "Password too weak"), str(refused_one))


@test("security 128: a hash of weaker parameters is made anew at the next sign-in, by it alone, and the password goes on working")
def upgraded(site):
    person = site.add_person()
    column = f"SELECT password_hash FROM users WHERE email_key = '{person.email}'"
    with open(site.conf, encoding="utf-8") as file:
        conf = file.read()
    weak = site.conf + ".weak"
    with open(os.open(weak, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(re.sub(r"(?m)^scrypt_log_n = .*$", "scrypt_log_n = 10", conf))
    done = subprocess.run([site.program, "-c", weak, "user", "set-password", person.email, "--password-file", "-"], input=person.password, text=True, capture_output=True, check=False)
    equal(done.returncode, 0, done.stderr)
    old = site.sql(column)[0][0]
    assert old.startswith("$s1$0a"), old
    browser = site.browser()
    fill_login(browser, browser.open("/login"), person, password="a wrong password")
    equal(site.sql(column)[0][0], old, "a wrong password")
    fill_login(browser, browser.open("/login"), person)
    fresh = site.sql(column)[0][0]
    assert fresh.startswith("$s1$0b") and fresh != old, fresh
    again = site.browser()
    fill_login(again, again.open("/login"), person)
    equal((again.get("/account").status, site.sql(column)[0][0]), (200, fresh), "the next sign-in")


@test("T-22, abuse 79: a code, session or refresh token whose row is gone is invalid, never a 500")
def rows_gone(site):
    client = site.client()
    standing = Standing(site, client, site.add_person())
    site.sql("DELETE FROM authorizations")
    refused(redeem(site, client, standing.code), 400, "invalid_grant")
    refused(refresh(site, client, standing.tokens.refresh), 400, "invalid_grant")
    equal(userinfo(site, standing.tokens.access).status, 401, "userinfo")


run(settings={"scrypt_log_n": 11})
