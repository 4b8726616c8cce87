#!/usr/bin/env python3
"""How often one address may ask: the contract's limits, at their defaults, and how they are told."""
from kit import *
from script import *

LONGEST = 2 * 15 * 60  # windows slide: what was counted in the one before weighs on this one


def limited(answer, limit, what):
    """429 as the contract has it."""
    body = refusal(answer, 429, "Too many requests")
    assert body["message"] and isinstance(body["retryAfter"], int) and 0 < body["retryAfter"] <= LONGEST, body
    equal(answer.header("Retry-After"), str(body["retryAfter"]), what)
    equal((answer.header("RateLimit-Limit"), answer.header("RateLimit-Remaining")), (str(limit), "0"), what)
    assert 0 < int(answer.header("RateLimit-Reset")) <= LONGEST, answer.headers


def use_up(site, path, body, limit, statuses):
    script = Script(site)
    for used in range(1, limit + 1):
        answer = script.post(path, body)
        one_of(answer.status, statuses, f"{path} no. {used}")
        equal((answer.header("RateLimit-Limit"), answer.header("RateLimit-Remaining")), (str(limit), str(limit - used)), f"{path} no. {used}")
    for _ in range(3):
        limited(script.post(path, body), limit, path)
    return script


@test("2.9: the 6th login within 15 minutes is 429, right or wrong; register counts with it, other endpoints don't")
def login(site):
    person = site.add_person()
    script = use_up(site, "login", {"email": new_address("nobody"), "password": "wrong password"}, 5, (401,))
    limited(script.post("login", {"email": person.email, "password": person.password}), 5, "the right password")
    limited(script.post("register", {"email": new_address(), "password": PASSWORD, "name": "Neo New"}), 5, "register")
    said(script.get("session"), 401)
    said(script.get(VALIDATE), 401)


@test("what mails: 3 within 15 minutes, over all its endpoints")
def mails(site):
    script = use_up(site, "request-magic-link", {"email": new_address("nobody")}, 3, (200,))
    for path in ("forgot-password", "resend-verification"):
        limited(script.post(path, {"email": new_address("nobody")}), 3, path)


@test("PINs: 10 within 15 minutes")
def pins(site):
    use_up(site, "verify-pin", {"email": new_address("nobody"), "pin": "000000"}, 10, (401,))


@test("security 124: a forged X-Forwarded-For doesn't get round the limit")
def forged_address(site):
    script = Script(site)
    for number in range(3):
        limited(script.post("login", {"email": "a@b.example", "password": "x"}, X_Forwarded_For=f"192.0.2.{number}", Forwarded="for=192.0.2.9"), 5, "forged")


@test("the limit is told to listed origins as any answer is, and a preflight isn't counted")
def preflight(site):
    script = Script(site, origin="https://app.example")
    for _ in range(8):
        equal(script.call("OPTIONS", "login").status, 204, "preflight")
    answer = script.post("login", {"email": "a@b.example", "password": "x"})
    limited(answer, 5, "login")
    equal(answer.header("Access-Control-Allow-Origin"), "https://app.example", "CORS of a 429")


run(settings={"sign_in_limit_per_address": "5", "mail_request_limit_per_address": "3", "pin_limit_per_address": "10",
              "cors_origins": "https://app.example"})
