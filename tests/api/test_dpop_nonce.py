#!/usr/bin/env python3
"""DPoP with nonces of ours (RFC 9449 sections 8 and 9): asked for where dpop_nonce_lifetime is set."""
import secrets
import time

from kit import *
from proofs import *
from signers import EcKey

LIFETIME = 8


def asks(answer, status):
    """A refusal that hands a nonce over; the nonce."""
    equal((answer.status, answer.error), (status, "use_dpop_nonce"), str(answer))
    equal(len(answer.all_headers("DPoP-Nonce")), 1, answer.headers)
    return answer.header("DPoP-Nonce")


def token_with(site, its_key, nonce, **more):
    return ask_token(site, site.client("machine"), its_key, grant_type="client_credentials", more={"nonce": nonce, **more})


def fresh(site, its_key):
    return asks(token_with(site, its_key, None), 400)


@test("security 61: use_dpop_nonce once, then it works: 400 at the token endpoint, 401 with its challenge at a resource, one nonce for both")
def flow(site):
    its_key, verifier, client = EcKey(), secrets.token_urlsafe(48), site.client()
    code = authorize(site, client, verifier=verifier)["code"]
    words = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri, "code_verifier": verifier}
    nonce = asks(ask_token(site, client, its_key, **words), 400)
    answer = ask_token(site, client, its_key, more={"nonce": nonce}, **words)
    equal((answer.status, answer.json()["token_type"]), (200, "DPoP"), "the code was not spent by the first try")
    token = answer.json()["access_token"]
    refusal = use(site, token, its_key)
    nonce = asks(refusal, 401)
    challenge = [text for text in refusal.all_headers("WWW-Authenticate") if text.startswith("DPoP")]
    assert len(challenge) == 1 and 'error="use_dpop_nonce"' in challenge[0], challenge
    for _ in range(2):
        equal(use(site, token, its_key, nonce=nonce).status, 200, "the nonce may be used until it expires")


@test("security 61: an old nonce expires; one that is about to is followed by the next, with a success")
def expiry(site):
    its_key = EcKey()
    nonce, began, told = fresh(site, its_key), time.monotonic(), []
    while time.monotonic() - began < LIFETIME + 2:
        answer = token_with(site, its_key, nonce)
        if answer.status != 200:
            break
        told += answer.all_headers("DPoP-Nonce")
        time.sleep(0.5)
    new = asks(answer, 400)
    assert new != nonce, "an expired nonce was handed over again"
    assert told and nonce not in told, told
    equal(token_with(site, its_key, new).status, 200, "the new one")


@test("9449 8.2: a success tells a nonce only when there is a new one")
def told_when_new(site):
    its_key = EcKey()
    for _ in range(3):
        nonce = fresh(site, its_key)
        one_of(token_with(site, its_key, nonce).header("DPoP-Nonce"), (None, fresh(site, its_key)), "told")
    answers = [token_with(site, its_key, fresh(site, its_key)).header("DPoP-Nonce") for _ in range(6)]
    assert None in answers, answers


@test("security 61: nonces that aren't ours, or were changed, are refused as old ones are; none of them is stored")
def foreign_nonces(site):
    its_key = EcKey()
    nonce = fresh(site, its_key)
    for other in ("x", "", nonce + "A", nonce[:-1], ("B" if nonce[0] == "A" else "A") + nonce[1:], tampered(nonce), "A" * 32, 7, None, [nonce]):
        asks(token_with(site, its_key, other), 400)
    equal(token_with(site, its_key, nonce).status, 200, "as it was")


@test("9449 11.1: with a nonce the server's clock counts and the client's may be wrong; without iat it is no proof")
def clocks(site):
    its_key = EcKey()
    for off in (-86400, 86400):
        equal(token_with(site, its_key, fresh(site, its_key), iat=int(time.time()) + off).status, 200, f"a clock {off} s off")
    refused(token_with(site, its_key, fresh(site, its_key), iat=None), 400, "invalid_dpop_proof")


@test("T-36: with a nonce too a proof is taken once")
def once(site):
    its_key = EcKey()
    made = proof(its_key, "POST", site.url + TOKEN, nonce=fresh(site, its_key))
    ask = lambda: ask_token(site, site.client("machine"), its_key, dpop=made, grant_type="client_credentials")
    equal(ask().status, 200, "first")
    refused(ask(), 400, "invalid_dpop_proof")


@test("who sends no proof is asked for none, and told no nonce")
def plain(site):
    answer = client_credentials(site, site.client("machine"))
    equal((answer.status, answer.json()["token_type"], answer.header("DPoP-Nonce")), (200, "Bearer", None), "Bearer")


@test("a bad proof is invalid_dpop_proof, whatever its nonce, and learns none")
def bad_first(site):
    its_key = EcKey()
    answer = token_with(site, its_key, None, htm="GET")
    refused(answer, 400, "invalid_dpop_proof")
    equal(answer.header("DPoP-Nonce"), None, "told")


run(settings={"dpop_nonce_lifetime": f"{LIFETIME}s"})
