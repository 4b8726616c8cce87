#!/usr/bin/env python3
"""The workspace API's password grant under the limits of signing in (workspace-auth 5.1)."""
from kit import *
from workspaces import Workspace, failed, password


@test("one try too many from an address is 429 SW_RATE_LIMIT_EXCEEDED, right or wrong; sign-ins by page count too; other endpoints go on")
def address(site):
    own, person = Workspace(site, password_grant_enabled=True), site.add_person()
    body = own.login(person)
    for used in range(1, 6):
        answer = password(own, person, username="nobody@people.example")
        failed(answer, 401, "SW_AUTH_INVALID_CREDENTIALS")
        equal((answer.header("RateLimit-Limit"), answer.header("RateLimit-Remaining")), ("6", str(5 - used)), f"no. {used}")
    for _ in range(2):
        answer = password(own, person)
        failed(answer, 429, "SW_RATE_LIMIT_EXCEEDED")
        assert int(answer.header("Retry-After")) > 0 and answer.header("RateLimit-Remaining") == "0", answer.headers
    equal(own.post("refresh", {"refresh_token": body["refresh_token"]}).status, 200, "refresh")
    equal(own.register(body["access_token"]).status, 200, "register")
    equal(own.call("GET", "config").status, 200, "config")


run(settings={"sign_in_limit_per_address": "6"})
