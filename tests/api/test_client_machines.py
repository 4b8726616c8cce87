#!/usr/bin/env python3
"""Two machines, each a master of its own, on one database: what may be used once is used once on both together, and what
clients fail at is added up."""
import secrets

from kit import *
from machines import ask_at, second_machine, within
from proofs import proof
from prove import *
from signers import EcKey
from together import at_once

LIMIT, LOCK = 8, 6
FORM = {"grant_type": "client_credentials"}


def doors_of(site, there):
    return site.door.socket, there


def address_of(index):
    return f"198.51.100.{index}"


def sent_to_both(site, doors, number, request):
    """What each of number texts, made by request(), is answered when it is sent to both machines at once; request gives a function of a
    socket and an address, of which each text has its own, so that no limit of failures comes in between."""
    calls = [request() for _ in range(number)]
    answers = at_once(site, 2 * number, lambda _, index: calls[index // 2](doors[index % 2], address_of(index)))
    return [(answers[2 * index], answers[2 * index + 1]) for index in range(number)]


def one_of_each(pairs, taken, refused, what):
    for pair in pairs:
        equal(sorted(answer.status for answer in pair), sorted((taken, refused)), f"{what}: {[answer.body for answer in pair]}")


@test("T-36, RFC 7523 3: an assertion that two machines get at once is taken by one of them, at each endpoint; sixteen such pairs in parallel too")
def assertions(site):
    with second_machine(site) as there:
        for path in (TOKEN, INTROSPECT, REVOKE):
            client = keyed_client(site)

            def request():
                words = {**words_for(site, path, client), **asserted(assertion(site, client))}
                return lambda door, address: ask_at(door, "POST", path, words, address=address)
            for _ in range(4):
                one_of_each(sent_to_both(site, doors_of(site, there), 1, request), 200, 401, path)
            one_of_each(sent_to_both(site, doors_of(site, there), 16, request), 200, 401, path)


@test("T-36: one assertion, thirty-two times at once at two machines: one is taken, and what was used at one is used at the other later on")
def one_assertion(site):
    client = keyed_client(site)
    with second_machine(site) as there:
        words = {**FORM, **asserted(assertion(site, client))}
        answers = at_once(site, 32, lambda _, index: ask_at(doors_of(site, there)[index % 2], "POST", TOKEN, words, address=address_of(index)))
        equal(sorted(answer.status for answer in answers), [200] + 31 * [401], "answers")
        for door in doors_of(site, there):
            equal(ask_at(door, "POST", TOKEN, words).status, 401, "later")


@test("T-36, RFC 9449 11.1: a DPoP proof that two machines get at once is taken by one of them, at the token endpoint and at a resource, alone and in many pairs")
def proofs(site):
    key = EcKey()
    client = keyed_client(site, dpop_bound_access_tokens=True)
    with second_machine(site) as there:
        doors = doors_of(site, there)

        def token_request():
            dpop = proof(key, "POST", site.url + TOKEN)
            both = iter([{**FORM, **asserted(assertion(site, client))} for _ in doors])
            return lambda door, address: ask_at(door, "POST", TOKEN, next(both), headers={"DPoP": dpop}, address=address)
        person = kept_token(site, key)

        def use():
            dpop = proof(key, "GET", site.url + USERINFO, person)
            return lambda door, address: ask_at(door, "GET", USERINFO, address=address, headers={"DPoP": dpop, "Authorization": f"DPoP {person}"})
        for request, refused in ((token_request, 400), (use, 401)):
            for _ in range(4):
                one_of_each(sent_to_both(site, doors, 1, request), 200, refused, request.__name__)
            one_of_each(sent_to_both(site, doors, 16, request), 200, refused, request.__name__)


def kept_token(site, key):
    """A person's token that is bound to the key."""
    client, verifier = site.add_client(scope="openid"), secrets.token_urlsafe(48)
    code = authorize(site, client, scope="openid", verifier=verifier, prompt="consent")["code"]
    answer = site.web.post(TOKEN, {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri, "code_verifier": verifier,
                                   **client.parameters()}, headers={**client.headers(), "DPoP": proof(key, "POST", site.url + TOKEN)})
    equal(answer.status, 200, str(answer))
    return answer.json()["access_token"]


@test("security 54: failures of one client from one range count on all machines together; another range, and another client, aren't turned away")
def ranges(site):
    client, other = (site.add_client(**{**MACHINE, "token_endpoint_auth_method": "client_secret_post"}) for _ in range(2))
    stranger, elsewhere = "198.51.100.7", "198.51.100.8"

    def ask(door, one, secret, address):
        return ask_at(door, "POST", TOKEN, {**FORM, "client_id": one.id, "client_secret": secret}, address=address).status
    with second_machine(site) as there:
        for _ in range(LIMIT - 1):
            equal(ask(site.door.socket, client, "guess", stranger), 401, "here")
        equal(ask(there, client, "guess", stranger), 401, "there")
        # Machines look for each other every ten seconds; then each tells what it has counted within one.
        within(30, lambda: ask(there, client, client.secret, stranger) == 429, "turned away there, where it failed once")
        for door in (site.door.socket, there):
            equal(ask(door, client, client.secret, elsewhere), 200, "another range")
            equal(ask(door, other, other.secret, stranger), 200, "another client")


@test("4.3: failures of who holds the key lock the client wherever they were counted, on both machines; and unlocking it undoes it on both")
def locked(site):
    client = keyed_client(site, enhanced_security=True)

    def good(door):
        return ask_at(door, "POST", REVOKE, {"token": "x", **asserted(assertion(site, client))}).status
    with second_machine(site) as there:
        doors = doors_of(site, there)
        for number in range(LOCK):
            words = {**FORM, **asserted(assertion(site, client, aud="https://other.example"))}
            equal(ask_at(doors[number % 2], "POST", TOKEN, words, address=f"198.51.100.{number}").status, 401, f"failure {number}")
        for door in doors:
            within(10, lambda: good(door) == 401, "locked")
        site.cli("client", "unlock", client.id)
        for door in doors:
            within(10, lambda: good(door) == 200, "unlocked")


run(workers=4, settings={"client_failure_limit": LIMIT, "client_lock_failures": LOCK})
