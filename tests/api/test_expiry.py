#!/usr/bin/env python3
"""T-27: what has a life is dead a second after it, at every endpoint; with lives as short as they may be."""
import time

from kit import *


@test("T-27, 19, 77: code, access token, and flow are each refused a second past their life, nothing before")
def lives(site):
    client = site.client()
    browser = site.browser()
    tokens = sign_in(site, client, browser=browser)
    issued = time.time()
    machine = token_response(client_credentials(site, client))
    equal(machine["expires_in"], 30, "expires_in")
    code = authorize(site, client, browser=browser)["code"]
    time.sleep(3)
    equal(userinfo(site, tokens.access).status, 200, "before its end")
    time.sleep(3.1)
    refused(redeem(site, client, code), 400, "invalid_grant")
    time.sleep(max(0, issued + 31 - time.time()))
    refused(userinfo(site, tokens.access), 401, "invalid_token")
    for token, code in ((tokens.access, "TOKEN_EXPIRED"), ("nonsense", "UNAUTHORIZED")):
        answer = site.web.get("/api/user", headers={"Authorization": f"Bearer {token}"})
        equal((answer.status, answer.json()["error_code"]), (401, code), "1.2: who is told to refresh")
    equal(introspect(site, client, tokens.access).json(), {"active": False}, "introspection")
    equal(introspect(site, client, machine["access_token"]).json(), {"active": False}, "introspection of client_credentials")
    equal(revoke(site, client, tokens.access).status, 200, "revocation of an expired token")
    answer = browser.get(AUTHORIZE, request_of(client, prompt="none", id_token_hint=tokens.id))
    assert response_of(answer, client.redirect_uri), "37: an expired hint is no error page"


run(settings={"access_token_lifetime": "30s", "id_token_lifetime": "30s", "code_lifetime": "5s"})
