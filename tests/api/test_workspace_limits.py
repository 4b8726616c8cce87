#!/usr/bin/env python3
"""The workspace API with few tries and short lives: the limits of signing in, expired tokens (workspace-auth 5.1)."""
import time

from kit import *
from workspaces import Workspace, data, failed, password


@test("register with an expired access token is SW_AUTH_EXPIRED_TOKEN; refreshed, it goes on")
def expired(site):
    own = Workspace(site)
    body = own.login(site.person())
    equal(body["expires_in"], 30, "expires_in")
    data(own.register(body["access_token"]))
    time.sleep(30.1)
    failed(own.register(body["access_token"]), 401, "SW_AUTH_EXPIRED_TOKEN")
    head, claims, signature = body["access_token"].split(".")
    failed(own.register(f"{head}.{claims}.{signature[:-4]}AAAA"), 401, "SW_AUTH_INVALID_TOKEN")
    data(own.register(data(own.post("refresh", {"refresh_token": body["refresh_token"]}))["access_token"]))


@test("one try too many from an address is 429 SW_RATE_LIMIT_EXCEEDED, right or wrong; sign-ins by page count too; other endpoints go on")
def address(site):
    own, person = Workspace(site, password_grant_enabled=True), site.add_person()
    body = own.login(person)
    for used in range(1, 6):
        answer = password(own, person, username="nobody@people.example")
        failed(answer, 401, "SW_AUTH_INVALID_CREDENTIALS")
        equal((answer.header("RateLimit-Limit"), answer.header("RateLimit-Remaining")), ("7", str(5 - used)), f"no. {used}")
    for _ in range(2):
        answer = password(own, person)
        failed(answer, 429, "SW_RATE_LIMIT_EXCEEDED")
        assert int(answer.header("Retry-After")) > 0 and answer.header("RateLimit-Remaining") == "0", answer.headers
    equal(own.post("refresh", {"refresh_token": body["refresh_token"]}).status, 200, "refresh")
    equal(own.call("GET", "config").status, 200, "config")


run(settings={"access_token_lifetime": "30s", "sign_in_limit_per_address": "7"})
