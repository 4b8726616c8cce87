#!/usr/bin/env python3
"""What one caller and one service may ask for: counted for each, told in headers, right across workers and, within
two seconds, across machines; and no request writes for it."""
import time

from kit import *
from machines import ask_at, second_machine, within

LIMIT, FACTOR, RATE, BURST, AUTHORIZATIONS = 20, 3, 2, 6, 15
TOKEN_BODY = {"grant_type": "client_credentials"}


def machine_of(site, service=None, **metadata):
    before = site.service
    site.service = service or before
    try:
        return site.add_client(**{"grant_types": ["client_credentials"], "redirect_uris": None, "response_types": None, **metadata})
    finally:
        site.service = before


def add_service(site):
    return site.cli("service", "add", "--name", "Limited")["id"]


def add_key(site, service):
    return site.cli("api-key", "add", "--service", service, "--name", "limited", "--permissions", "read:analytics")["key"]


def told(answer):
    return tuple(int(answer.header(f"RateLimit-{name}")) for name in ("Limit", "Remaining"))


def refused(answer, error=None):
    """A 429 with everything that it promises; when to come back."""
    equal(answer.status, 429, str(answer))
    equal(answer.header("RateLimit-Remaining"), "0", "nothing remains")
    after = int(answer.header("Retry-After"))
    assert after >= 1 and int(answer.header("RateLimit-Reset")) >= after, answer.headers
    if error:
        equal(answer.json()["error"], error, str(answer))
    return after


def token_at(socket, client, **more):
    return ask_at(socket, "POST", TOKEN, {**TOKEN_BODY, **client.parameters()}, headers=client.headers(), **more)


@test("limits: a client has so many tokens an hour, told with each answer; then 429, and other clients go on")
def clients(site):
    client, other = machine_of(site), machine_of(site)
    connections = [site.connect() for _ in range(3)]  # to several workers
    for number in range(LIMIT):
        answer = post_token(site, client, connections[number % 3], **TOKEN_BODY)
        equal((answer.status, told(answer)), (200, (LIMIT, LIMIT - 1 - number)), str(answer))
    after = refused(post_token(site, client, **TOKEN_BODY), "Too many requests")
    assert after <= 2 * 3600, after
    refused(introspect(site, client, "anything"), "Too many requests")  # the same budget
    equal(told(post_token(site, other, **TOKEN_BODY)), (LIMIT, LIMIT - 1), "another client")
    equal(post_token(site, client, **{**TOKEN_BODY, "client_secret": "wrong"}, web=site.connect()).status in (400, 401), True, "who it is comes first")


@test("limits: a service's clients together have so many times that")
def services(site):
    service = add_service(site)
    clients = [machine_of(site, service) for _ in range(FACTOR + 1)]
    for client in clients[:FACTOR]:
        for _ in range(LIMIT):
            equal(post_token(site, client, **TOKEN_BODY).status, 200, "within the service's limit")
    refused(post_token(site, clients[FACTOR], **TOKEN_BODY), "Too many requests")
    equal(post_token(site, machine_of(site, add_service(site)), **TOKEN_BODY).status, 200, "another service")


@test("limits: who hasn't shown who they are can't use up what a public client or its service has")
def strangers(site):
    service = add_service(site)
    before, site.service = site.service, service
    client = site.add_client(token_endpoint_auth_method="none")
    site.service = before
    fields = {"grant_type": "authorization_code", "code": "none", "client_id": client.id}
    for _ in range(LIMIT):
        equal(ask_at(site.door.socket, "POST", TOKEN, fields, "192.0.2.1").status, 400, "a bad code")
    refused(Json(ask_at(site.door.socket, "POST", TOKEN, fields, "192.0.2.1")), "Too many requests")
    answer = ask_at(site.door.socket, "POST", TOKEN, fields, "192.0.2.2")
    equal((answer.status, told(answer)), (400, (LIMIT, LIMIT - 1)), "from another address")
    for number in range(AUTHORIZATIONS):
        address = f"2001:db8:1:2::{number + 1:x}"  # one customer's
        assert ask_at(site.door.socket, "GET", AUTHORIZE + "?client_id=" + client.id, address=address).status != 429
    equal(ask_at(site.door.socket, "GET", AUTHORIZE + "?client_id=" + client.id, address="2001:db8:1:2::ffff").status, 429, "authorization requests")
    assert ask_at(site.door.socket, "GET", AUTHORIZE + "?client_id=" + client.id, address="2001:db8:1:3::1").status != 429


@test("limits: the workspace API gives tokens from the same budget, by address: its refusals and others' calls count apart")
def workspaces(site):
    for path, fields in (("login", {"code": "none"}), ("refresh", {"refresh_token": "none"})):
        for _ in range(LIMIT // 2):
            assert ask_at(site.door.socket, "POST", "/v1/auth/" + path, fields, "192.0.2.77").status in (400, 401, 404), path
    answer = Json(ask_at(site.door.socket, "POST", "/v1/auth/refresh", fields, "192.0.2.77"))
    refused(answer)
    equal(answer.json()["error"]["code"], "SW_RATE_LIMIT_EXCEEDED", str(answer))
    equal(ask_at(site.door.socket, "GET", "/v1/auth/login?code=none", address="192.0.2.77").status, 429, "by GET")
    equal(told(ask_at(site.door.socket, "POST", "/v1/auth/refresh", fields, "192.0.2.78")), (LIMIT, LIMIT - 1), "from another address")


@test("limits: userinfo counts for the person at the client, not for the client's others")
def people(site):
    client = site.add_client()
    first = sign_in(site, client, scope="openid").access
    for _ in range(LIMIT):
        equal(userinfo(site, first).status, 200, "userinfo")
    refused(userinfo(site, first))
    equal(userinfo(site, sign_in(site, client, site.add_person(), scope="openid").access).status, 200, "somebody else's")


@test("limits: an API key may make its burst at once, and goes on when it was told; other keys aren't held up")
def keys(site):
    service = add_service(site)
    key, other = add_key(site, service), add_key(site, service)

    def get(text):
        return site.web.get("/api/service/analytics", headers={"X-API-Key": text})
    began, answers = time.monotonic(), []
    while not answers or answers[-1].status == 200:
        answers.append(get(key))
        seconds = time.monotonic() - began
        assert len(answers) <= BURST + 1 + RATE * seconds, f"{len(answers)} in {seconds:.1f} s"
    for number, answer in enumerate(answers[:-1]):
        equal(told(answer)[0], BURST, f"call {number}: {answer}")
    assert len(answers) > BURST, f"only {len(answers) - 1} at once"
    answer = answers[-1]
    after = refused(answer)
    equal(answer.json()["error_code"], "TOO_MANY_REQUESTS", str(answer))
    assert after <= 2 * BURST / RATE, after
    equal(get(other).status, 200, "another key of the same service")
    time.sleep(after)
    equal(get(key).status, 200, "after the time that was told")
    began = last = time.monotonic()
    let_in, longest = 0, 0
    while last - began < 6:
        let_in += get(key).status == 200
        time.sleep(0.05)
        last, before = time.monotonic(), last
        longest = max(longest, last - before)  # what a busy machine let pass unasked is nobody's
    seconds = last - began
    assert RATE * (seconds - longest) - BURST <= let_in <= RATE * seconds + BURST, f"{let_in} in {seconds:.1f} s"


@test("limits: no request writes, and a machine that is alone tells nobody what it counts")
def nothing_written(site):
    client = machine_of(site, add_service(site))
    # That a client is used is noted once a minute, by each worker for itself: not while something is counted.
    site.sql("UPDATE clients SET last_used_at = 9999999999; UPDATE client_secrets SET last_used_at = 9999999999")
    site.cli("service", "enable", site.service)  # caches are dropped
    names = "'Com_insert', 'Com_update', 'Com_delete', 'Com_replace'"

    def writes():
        return site.sql(f"SHOW GLOBAL STATUS WHERE Variable_name IN ({names})")
    post_token(site, client, **TOKEN_BODY)
    time.sleep(2.5)
    before = writes()
    for _ in range(LIMIT + 5):
        post_token(site, client, **TOKEN_BODY)
    time.sleep(2.5)
    equal(writes(), before, "writes")
    equal(site.sql("SELECT COUNT(*) FROM limit_counts WHERE count > 0"), [["0"]], "counts")


class Json:
    """A wire answer that is asked like one of web.py."""

    def __init__(self, answer):
        self.answer, self.status, self.headers = answer, answer.status, answer.headers

    def header(self, name):
        return self.answer.header(name)

    def json(self):
        import json
        return json.loads(self.answer.body)


def heard(place, client, used):
    """Two seconds later this machine knows what was used on both, its own calls among them; what is used then. A busy machine may
    be late."""
    for _ in range(4):
        time.sleep(2.2)
        used += 1
        seen = told(token_at(place, client))
        if seen == (LIMIT, LIMIT - used):
            return used
    raise AssertionError(f"{seen[1]} of {LIMIT} remain, and {used} are used")


@test("limits: two machines add up what they count, within two seconds; what is over by then is what the other let through")
def machines(site):
    here = site.door.socket
    client, racer = machine_of(site, add_service(site)), machine_of(site, add_service(site))
    with second_machine(site) as there:
        for _ in range(LIMIT // 2):
            equal(token_at(here, client).status, 200, "here")
        # Machines look for each other every ten seconds.
        published = f"SELECT COUNT(*) FROM limit_counts WHERE count >= {LIMIT // 2}"
        within(60, lambda: site.sql(published) != [["0"]], "this machine's count")
        equal(token_at(there, client).status, 200, "there")
        used = heard(there, client, LIMIT // 2 + 1)
        token_at(here, client)  # a machine without requests doesn't listen
        heard(here, client, used + 1)
        # Both at two requests a second: the other machine lets four through before it is known.
        let_in, pause = [0, 0], 0.25
        for number in range(2 * LIMIT):
            let_in[number % 2] += token_at((here, there)[number % 2], racer).status == 200
            time.sleep(pause)
        assert LIMIT <= sum(let_in) <= LIMIT + 10, f"let in {let_in}"  # four, and what a busy machine was late with
        assert min(let_in) > LIMIT // 4, f"not fair: {let_in}"
        refused(Json(token_at(there, racer)), "Too many requests")


run(settings={"token_limit": LIMIT, "service_limit_factor": FACTOR, "service_api_rate": RATE, "service_api_burst": BURST,
              "authorization_limit": AUTHORIZATIONS, "service_management_limit": 1000, "housekeeping_interval": "1h"})
