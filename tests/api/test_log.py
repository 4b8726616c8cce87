#!/usr/bin/env python3
"""T-111, 141, 142: the log tells what happened and holds no secret."""
import re
import secrets

from kit import *


@test("T-111, T-85, security 142: no password, code, token, secret, cookie or verifier reaches the log")
def canaries(site):
    client, post = site.client(), site.client("post")
    person = site.add_person(password="canary-password-" + secrets.token_hex(8))
    verifier = secrets.token_urlsafe(48)
    browser = site.browser()
    state, nonce = "canary-state-" + secrets.token_hex(8), "canary-nonce-" + secrets.token_hex(8)
    answer = browser.open(AUTHORIZE, request_of(client))
    fill_login(browser, answer, person, password="canary-wrong-password")
    response = authorize(site, client, person, browser, scope="openid offline_access", prompt="consent", verifier=verifier, state=state, nonce=nonce)
    body = token_response(redeem(site, client, response["code"], code_verifier=verifier))
    fresh = token_response(refresh(site, client, body["refresh_token"]))
    redeem(site, client, response["code"], code_verifier=verifier)
    introspect(site, post, body["access_token"])
    revoke(site, client, fresh["refresh_token"])
    userinfo(site, body["access_token"])
    site.web.get(USERINFO, {"access_token": "canary-query-token"})
    site.web.post(TOKEN + "?client_secret=canary-query-secret", {"grant_type": "x"})
    log = site.log()
    words = [person.password, "canary-wrong-password", response["code"], verifier, client.secret, post.secret, "canary-query-token",
             "canary-query-secret", nonce, body["access_token"], body["refresh_token"], body["id_token"], fresh["access_token"], fresh["refresh_token"]]
    words += list(browser.cookies.values())
    for word in words:
        assert word not in log, f"{word[:24]}... is in the log"
        assert word[-24:] not in log, f"the end of {word[:24]}... is in the log"


@test("one line a request, with request id, path and outcome; the error page carries the same id")
def one_line(site):
    answer = site.browser().get(AUTHORIZE, {"client_id": "nobody"})
    lines = [line for line in site.log().splitlines() if "/api/oauth/authorize" in line]
    assert lines, "the request is not in the log"
    ids = re.findall(r"\b[0-9A-Za-z_-]{16}\b", lines[-1])
    assert any(found in answer.text for found in ids), f"the page does not carry an id of {lines[-1]}"


@test("security 141: a newline in a user name or address makes no second line")
def no_forged_lines(site):
    browser = site.browser()
    answer = browser.open(AUTHORIZE, request_of(site.client()))
    class Forger:
        pass
    forger = Forger()
    forger.email, forger.password = "a@b.example\nforged=line", "wrong password\r\nforged=line"
    fill_login(browser, answer, forger)
    assert not [line for line in site.log().splitlines() if line.startswith("forged")]


run()
