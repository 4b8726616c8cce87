#!/usr/bin/env python3
"""What each endpoint costs the database, counted by the database, held to budget.json: statements, round
trips and commits per request. One look at the stored versions per second is the machine's, not the
request's, and is taken off by the time that a run took."""
import json
import math
import os
import time

from kit import *
from proofs import *
from signers import EcKey

REQUESTS = 200
COUNTERS = ("Questions", "Com_stmt_execute", "Com_stmt_prepare", "Com_stmt_close", "Com_stmt_reset", "Com_begin", "Com_commit", "Com_rollback",
            "Com_insert", "Com_update", "Com_delete", "Com_replace", "Com_select", "Com_set_option")
WRITES = ("Com_insert", "Com_update", "Com_delete", "Com_replace")

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "budget.json"), encoding="utf-8") as file:
    BUDGET = json.load(file)


def status(site):
    names = ",".join(f"'{name}'" for name in COUNTERS)
    return {name: int(value) for name, value in site.sql(f"SHOW GLOBAL STATUS WHERE Variable_name IN ({names})")}


def own_cost(site):
    """What looking costs by itself."""
    one, two = status(site), status(site)
    return {name: two[name] - one[name] for name in COUNTERS}


def measure(site, calls):
    """Statements, round trips and commits of all calls together, and the seconds they took."""
    looking = own_cost(site)
    before, began = status(site), time.monotonic()
    for call in calls:
        answer = call()
        assert answer.status == 200, str(answer)
    elapsed = time.monotonic() - began
    after = status(site)
    used = {name: after[name] - before[name] - looking[name] for name in COUNTERS}
    statements = used["Com_stmt_execute"] or used["Questions"]
    # An explicit transaction commits once; without one each write commits by itself.
    commits = used["Com_commit"] if used["Com_begin"] else sum(used[name] for name in WRITES)
    return {"statements": statements, "round_trips": used["Questions"] + used["Com_stmt_prepare"], "commits": commits}, elapsed, used


def note_no_uses(site):
    """That a client or a key was used is noted once a minute, by a write of its own: not while something is measured."""
    for table in ("clients", "client_secrets", "api_keys"):
        site.sql(f"UPDATE {table} SET last_used_at = 9999999999")
    site.cli("service", "enable", site.service)  # caches are dropped


def held(site, name, warm_up, calls):
    """Asserts that the calls stay within the budget of that name."""
    note_no_uses(site)
    for call in warm_up:
        assert call().status == 200
    seen, elapsed, used = measure(site, calls)
    tolerated = math.ceil(elapsed) + 16  # versions and what is read anew for a new one, couriers, housekeeping, the look for other machines
    for what, limit in BUDGET[name].items():
        allowed = limit * len(calls) + (0 if what == "commits" else tolerated)
        assert seen[what] <= allowed, f"{name}: {seen[what]} {what} for {len(calls)} requests in {elapsed:.1f} s, allowed {allowed}; {used}"


def repeated(site, name, call):
    held(site, name, [call] * 10, [call] * REQUESTS)


@test("budget: discovery and keys cost nothing")
def documents(site):
    repeated(site, "discovery", lambda: site.web.get("/.well-known/openid-configuration"))
    repeated(site, "keys", lambda: site.web.get("/.well-known/jwks.json"))


@test("budget: client_credentials costs nothing but a look at the versions once a second")
def machine(site):
    client = site.client("machine")
    repeated(site, "client_credentials", lambda: client_credentials(site, client))


@test("budget: introspection and userinfo are one statement, in one round trip, without a commit")
def reads(site):
    client = site.client()
    tokens = sign_in(site, client, scope="openid profile offline_access", prompt="consent")
    repeated(site, "introspection", lambda: introspect(site, client, tokens.access))
    repeated(site, "introspection of a refresh token", lambda: introspect(site, client, tokens.refresh))
    repeated(site, "userinfo", lambda: userinfo(site, tokens.access))


@test("budget: a read of the service API is one statement for its data, a list one more for the total, and writes nothing")
def service_api(site):
    from service import Key, new_address
    key = Key(site)
    user = key.post("users", {"email": new_address("budget")}).json()["id"]
    repeated(site, "service API, one member", lambda: key.get(f"users/{user}"))
    repeated(site, "service API, a list", lambda: key.get("users?limit=10"))


@test("budget: code redemption is one statement, and one more with its commit")
def codes(site):
    client = site.client()
    browser = signed_in(site)
    ready = [authorize(site, client, browser=browser, prompt="none")["code"] for _ in range(REQUESTS // 2 + 10)]
    calls = [lambda code=code: redeem(site, client, code) for code in ready]
    held(site, "code redemption", calls[:10], calls[10:])


@test("budget: refresh is one statement, and one more with its commit")
def refreshes(site):
    client = site.client()
    line = [sign_in(site, client, scope="openid offline_access", prompt="consent").refresh]

    def rotate():
        answer = refresh(site, client, line[0])
        if answer.status == 200:
            line[0] = answer.json()["refresh_token"]
        return answer
    repeated(site, "refresh", rotate)


@test("budget: a DPoP proof adds one statement, and no second commit to what commits anyway")
def proofs(site):
    machine, client, key = site.client("machine"), site.client(), EcKey()
    repeated(site, "client_credentials with a proof", lambda: ask_token(site, machine, key, grant_type="client_credentials"))
    browser = signed_in(site)
    ready = [authorize(site, client, browser=browser, prompt="none")["code"] for _ in range(60)]
    answers = []

    def redeem_one(code):
        answers.append(ask_token(site, client, key, grant_type="authorization_code", code=code, redirect_uri=client.redirect_uri))
        return answers[-1]
    calls = [lambda code=code: redeem_one(code) for code in ready]
    held(site, "code redemption with a proof", calls[:10], calls[10:])
    token = answers[-1].json()["access_token"]
    repeated(site, "userinfo with a proof", lambda: use(site, token, key))
    line = [sign_in(site, client, scope="openid offline_access", prompt="consent").refresh]

    def rotate():
        answer = ask_token(site, client, key, grant_type="refresh_token", refresh_token=line[0])
        if answer.status == 200:
            line[0] = answer.json()["refresh_token"]
        return answer
    repeated(site, "refresh with a proof", rotate)


def asserting(site, **metadata):
    """A client that proves itself by assertions, and how each call of a list is made ready before it is measured."""
    from prove import asserted, assertion, keyed_client
    client = keyed_client(site, redirect_uris=["https://client.example/cb"], response_types=["code"], scope="openid offline_access read:things",
                          grant_types=["authorization_code", "refresh_token", "client_credentials"], **metadata)

    def ready(path, words, number):
        made = [asserted(assertion(site, client), **words) for _ in range(number)]
        return [lambda body=body: site.web.post(path, body) for body in made]
    return client, ready


@test("T-36, budget: an assertion adds one statement and no second commit: to client_credentials, introspection, redemption, refresh and revocation")
def assertions(site):
    from prove import asserted, assertion, get_token
    client, ready = asserting(site)
    calls = ready(TOKEN, {"grant_type": "client_credentials"}, REQUESTS)
    held(site, "client_credentials with an assertion", calls[:10], calls[10:])
    access = get_token(site, client).json()["access_token"]
    calls = ready(INTROSPECT, {"token": access}, 110)
    held(site, "introspection with an assertion", calls[:10], calls[10:])

    calls = []
    for _ in range(60):
        token = get_token(site, client).json()["access_token"]
        calls += ready(REVOKE, {"token": token}, 1)
    held(site, "revocation with an assertion", calls[:10], calls[10:])

    calls, browser, person = [], None, site.person()
    browser = site.browser()
    for _ in range(60):
        code = authorize(site, client, person, browser, scope="openid offline_access")["code"]
        calls += ready(TOKEN, {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri}, 1)
    held(site, "code redemption with an assertion", calls[:10], calls[10:])

    code = authorize(site, client, person, browser, scope="openid offline_access")["code"]
    words = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri}
    line = [site.web.post(TOKEN, asserted(assertion(site, client), **words)).json()["refresh_token"]]
    made = [asserted(assertion(site, client)) for _ in range(60)]

    def rotate(proof):
        answer = site.web.post(TOKEN, {"grant_type": "refresh_token", "refresh_token": line[0], **proof})
        if answer.status == 200:
            line[0] = answer.json()["refresh_token"]
        return answer
    calls = [lambda proof=proof: rotate(proof) for proof in made]
    held(site, "refresh with an assertion", calls[:10], calls[10:])


@test("budget: revocation is one statement and its commit")
def revocations(site):
    machine = site.client("machine")
    tokens = [client_credentials(site, machine).json()["access_token"] for _ in range(110)]
    calls = [lambda token=token: revoke(site, machine, token) for token in tokens]
    held(site, "revocation", calls[:10], calls[10:])
    client, person = site.client(), site.person()
    tokens = [sign_in(site, client, person, scope="openid offline_access", prompt="consent").refresh for _ in range(40)]
    calls = [lambda token=token: revoke(site, client, token) for token in tokens]
    held(site, "revocation of a refresh token", calls[:10], calls[10:])


@test("budget: a sign-in by password is ten statements, five of them writes: two guesses counted, one forgotten, the session and its note")
def sign_ins(site):
    person = site.add_person()
    right = {"email": person.email, "password": person.password}

    def sign_in_once():
        return site.web.request("POST", "/api/public/login", data=right)
    held(site, "sign-in by password", [sign_in_once] * 10, [sign_in_once] * 100)


run(workers=1, settings={"housekeeping_interval": "1h"})
