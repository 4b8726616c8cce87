#!/usr/bin/env python3
"""What protects clients beyond their way of authentication: limits of failures, enhanced security with its lock, address
ranges, and the failures that are written down."""
import json
import socket
import time

from kit import *
from installation import basic
from proofs import proof
from prove import *
from signers import EcKey, EdKey, RsaKey

LIMIT = 12
LOCK = 5


def enhanced_client(site, key=None, **metadata):
    return keyed_client(site, key, enhanced_security=True, **metadata)


def failures(site, client, *options):
    return site.cli("client", "failures", client.id, *options)


def failed_by(site, client, reason):
    """That a failure with this reason is written down."""
    reasons = [entry["reason"] for entry in failures(site, client)]
    assert any(reason in one for one in reasons), f"{reason}: {reasons}"


# --- once, over restarts ---

@test("T-36: what was used stays used when every worker, and the whole program, was started anew")
def after_a_restart(site):
    client = keyed_client(site)
    words = asserted(assertion(site, client, exp=int(time.time()) + 600))
    equal(ask(site, TOKEN, client, words).status, 200, "first")
    site.door.reload()
    site.door.wait_ready()
    invalid_client(ask(site, TOKEN, client, words), "after a reload")
    equal(site.door.stop_service(), 0, "end")
    site.door.start_service()
    site.door.wait_ready()
    site.web.close()
    invalid_client(ask(site, TOKEN, client, words), "after a restart")
    equal(get_token(site, client).status, 200, "another one")


# --- limits of failures ---

@test("security 54: after many failures of one client from one address that address is turned away with 429 and when to come back; another client isn't")
def failure_limit(site):
    victim, other = site.add_client(**{**MACHINE, "token_endpoint_auth_method": "client_secret_post"}), site.client()
    for _ in range(LIMIT):
        invalid_client(ask(site, TOKEN, victim, {"client_id": victim.id, "client_secret": "guess"}))
    answers = [ask(site, TOKEN, victim, {"client_id": victim.id, "client_secret": "guess"}) for _ in range(100 - LIMIT)]
    equal({answer.status for answer in answers}, {429}, "100 failures")
    assert int(answers[0].header("Retry-After")) > 0
    equal(get_token(site, victim).status, 429, "the right secret can't be told from a guess there")
    equal(get_token(site, other).status, 200, "another client from the same address")
    for path in (INTROSPECT, REVOKE):
        equal(ask(site, path, victim, {"client_id": victim.id, "client_secret": "guess"}).status, 429, path)


@test("security 54: the client itself, from another address, is not disturbed by a stranger's failures")
def strangers_failures(site):
    victim = site.add_client(**{**MACHINE, "token_endpoint_auth_method": "client_secret_post"})
    for _ in range(LIMIT + 3):
        site.web.post(TOKEN, {"grant_type": "client_credentials", "client_id": victim.id, "client_secret": "guess"}, headers={"X-Forwarded-For": "198.51.100.7"})
    words, _ = proof_of(site, victim)
    equal(site.web.post(TOKEN, {"grant_type": "client_credentials", **words}, headers={"X-Forwarded-For": "198.51.100.7"}).status, 429, "the stranger's address")
    equal(site.web.post(TOKEN, {"grant_type": "client_credentials", **words}, headers={"X-Forwarded-For": "198.51.100.8"}).status, 200, "its own")


@test("security 54: an IPv6 customer's addresses count as one")
def one_customer(site):
    victim = site.add_client(**{**MACHINE, "token_endpoint_auth_method": "client_secret_post"})
    statuses = [site.web.post(TOKEN, {"grant_type": "client_credentials", "client_id": victim.id, "client_secret": "guess"},
                              headers={"X-Forwarded-For": f"2001:db8:1:2::{number:x}"}).status for number in range(LIMIT + 1)]
    equal(statuses[-1], 429, "the last")


# --- what is written down ---

@test("4.3: every failure is written down with way, reason and address, and shown by the command line")
def written_down(site):
    client = keyed_client(site)
    now = int(time.time())
    reasons = {
        "expired": asserted(assertion(site, client, exp=now - 5)),
        "aud is somebody else": asserted(assertion(site, client, aud="https://other.example")),
        "signature": asserted(assertion(site, client, key=EcKey("one"))),
        "no such key": asserted(assertion(site, client, key=EcKey("other"))),
        "another way": {"client_id": client.id, "client_secret": "x"},
    }
    for words in reasons.values():
        invalid_client(ask(site, TOKEN, client, words))
    shown = failures(site, client)
    for reason in reasons:
        failed_by(site, client, reason)
    for entry in shown:
        equal(entry["address"], "127.0.0.1", "address")
        assert abs(entry["at"] - now) < 20, entry
    equal(sorted(entry["method"] for entry in shown), ["client_secret_post"] + ["private_key_jwt"] * 4, "ways")
    equal(len(failures(site, client, "--limit", "2")), 2, "a page")
    used = asserted(assertion(site, client))
    ask(site, TOKEN, client, used)
    invalid_client(ask(site, TOKEN, client, used))
    failed_by(site, client, "used before")
    assert client.id in site.log()


# --- enhanced security ---

@test("4.3: enhanced security takes no secrets and no weak algorithms, at registration and when it is used")
def strong_ways(site):
    import subprocess
    key = EcKey("one")
    for metadata in ({"token_endpoint_auth_method": "client_secret_basic"}, {"token_endpoint_auth_method": "client_secret_jwt"},
                     {"token_endpoint_auth_method": "none", "grant_types": ["authorization_code"], "redirect_uris": ["https://a.example/cb"]},
                     {"token_endpoint_auth_signing_alg": "RS256", "jwks": {"keys": [RsaKey("r").public()]}},
                     {"jwks": {"keys": [EcKey().public()]}}, {"jwks": {"keys": [key.public(), EcKey().public()]}}):
        words = {**{name: value for name, value in MACHINE.items() if value}, "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [key.public()]},
                 "enhanced_security": True, **metadata}
        done = subprocess.run([site.program, "-c", site.conf, "client", "add", "--service", site.service, "--metadata", "-"], input=json.dumps(words),
                              capture_output=True, text=True, timeout=60)
        equal(done.returncode, 1, f"{metadata}: {done.stdout}")
    for key in (RsaKey("rsa"), EcKey("ec"), EdKey("ed")):
        client = enhanced_client(site, key)
        for alg in key.algs:
            wanted = "not strong" if alg not in ("PS256", "ES256", "EdDSA", "Ed25519") else None
            answer = ask(site, TOKEN, client, asserted(assertion(site, client, alg)))
            if wanted:
                invalid_client(answer, alg)
                failed_by(site, client, wanted)
            else:
                assert answer.status != 401, f"{alg}: {answer}"
            site.cli("client", "unlock", client.id)


@test("4.3: a client with enhanced security gets 401 for Basic and for a secret, though it once had one")
def secrets_refused(site):
    client = site.add_client(**{**MACHINE, "token_endpoint_auth_method": "client_secret_basic"})
    equal(get_token(site, client).status, 200, "before")
    change(site, client, token_endpoint_auth_method="private_key_jwt", jwks={"keys": [EcKey("one").public()]}, enhanced_security=True)
    invalid_client(get_token(site, client), "Basic")
    invalid_client(ask(site, TOKEN, client, {"client_id": client.id, "client_secret": client.secret}), "body")


@test("4.3: under enhanced security an assertion needs a kid, the issuer alone as aud, in a string (FAPI 2.0 5.3.2.1), and lives for five minutes")
def strict_assertions(site):
    key = EcKey("one")
    client = enhanced_client(site, key)
    now = int(time.time())
    for claims, header in (({}, {"kid": None}), ({"exp": now + 400}, {}), ({"aud": site.url + TOKEN}, {}), ({"aud": [site.url, site.url + TOKEN]}, {}),
                           ({"aud": [site.url, "https://other.example"]}, {}),
                           ({"aud": [site.url]}, {}), ({"aud": []}, {})):
        invalid_client(ask(site, REVOKE, client, asserted(assertion(site, client, header=header, **claims))), f"{claims} {header}")
        site.cli("client", "unlock", client.id)
        lift(site, client)
    for claims in ({"aud": site.url}, {"exp": now + 295}):
        equal(ask(site, REVOKE, client, asserted(assertion(site, client, **claims))).status, 200, f"{claims}")


def change(site, client, **metadata):
    site.cli("client", "change", client.id, "--metadata", "-", stdin=json.dumps(metadata))


def lift(site, client):
    """Failures of before don't count any more."""
    site.sql(f"DELETE f FROM client_failures f JOIN clients c ON c.number = f.client_number WHERE c.client_id = '{client.id}'")


@test("4.3: two keys at once: both work, so that one is replaced without an outage; the one that is taken off doesn't")
def two_keys(site):
    old, new = EcKey("old"), EdKey("new")
    client = enhanced_client(site, old)
    change(site, client, jwks={"keys": [old.public(), new.public()]})
    for key in (old, new):
        equal(ask(site, REVOKE, client, asserted(assertion(site, client, key=key))).status, 200, key.kid)
    change(site, client, jwks={"keys": [new.public()]})
    equal(ask(site, REVOKE, client, asserted(assertion(site, client, key=new))).status, 200, "new")
    invalid_client(ask(site, REVOKE, client, asserted(assertion(site, client, key=old))), "old")


def signed_but_wrong(site, client, headers=None):
    """A failure by who holds the client's key."""
    return ask(site, TOKEN, client, asserted(assertion(site, client, aud="https://other.example")), headers)


def at(address):
    return {"X-Forwarded-For": address}


@test("4.3: after N failures by who holds the key the client is locked, for good proofs too, from everywhere, on every worker at once, until it is unlocked")
def locked(site):
    client = enhanced_client(site)
    now = int(time.time())
    used = asserted(assertion(site, client))
    equal(ask(site, REVOKE, client, used, at("198.51.100.1")).status, 200, "first use")
    mistakes = [used, asserted(assertion(site, client, exp=now - 5)), asserted(assertion(site, client, aud="https://other.example")),
                asserted(assertion(site, client, jti=None)), asserted(assertion(site, client, exp=now + 3600))]
    equal(len(mistakes), LOCK, "mistakes")
    for number, words in enumerate(mistakes):
        equal(ask(site, REVOKE, client, proof_of(site, client)[0]).status, 200, f"before failure {number}")
        invalid_client(ask(site, REVOKE, client, words, at(f"198.51.100.{number}")))
    equal([entry["counted"] for entry in failures(site, client)], [True] * LOCK, "counted")
    for number, path in enumerate((REVOKE, INTROSPECT, TOKEN)):
        invalid_client(ask(site, path, client, proof_of(site, client)[0], at(f"203.0.113.{number}")), f"locked, at {path}")
    assert site.cli("client", "show", client.id)["locked_at"] > 0
    failed_by(site, client, "locked")
    site.cli("client", "unlock", client.id)
    equal(ask(site, REVOKE, client, proof_of(site, client)[0]).status, 200, "unlocked")
    assert "locked_at" not in site.cli("client", "show", client.id)
    invalid_client(signed_but_wrong(site, client))
    equal(ask(site, REVOKE, client, proof_of(site, client)[0]).status, 200, "failures of before don't count")


@test("4.3: who knows the client_id alone can't lock the client, with however many failures: the range they come from is turned away for it")
def strangers_lock(site):
    client = enhanced_client(site)
    for stranger in ("198.51.100.7", "2001:db8:1:2::7"):
        for _ in range(LOCK):
            invalid_client(ask(site, TOKEN, client, asserted(assertion(site, client, key=EcKey("one"))), at(stranger)))
        equal(ask(site, TOKEN, client, {}, at(stranger)).status, 401, "who names no client is told nothing of it")
    for turned_away in ("198.51.100.7", "2001:db8:1:2::7", "2001:db8:1:2:ffff::1"):
        answer = ask(site, REVOKE, client, proof_of(site, client)[0], at(turned_away))
        equal(answer.status, 429, turned_away)
        assert int(answer.header("Retry-After")) > 0, answer.headers
    for free in ("198.51.100.8", "2001:db8:1:3::7"):
        equal(ask(site, REVOKE, client, proof_of(site, client)[0], at(free)).status, 200, free)
    told = failures(site, client)
    equal({entry["counted"] for entry in told}, {False}, "towards the lock")
    equal(sum("from now on this address is turned away" in entry["reason"] for entry in told), 2, "that it is turned away is told once for each")
    assert "locked_at" not in site.cli("client", "show", client.id)
    for _ in range(2):  # unlocked twice within a second, too
        site.cli("client", "unlock", client.id)
        equal(ask(site, REVOKE, client, proof_of(site, client)[0], at("198.51.100.7")).status, 200, "unlocked")
        for _ in range(LOCK):
            invalid_client(ask(site, TOKEN, client, {"client_id": client.id, "client_secret": "guess"}, at("198.51.100.7")))
        equal(ask(site, REVOKE, client, proof_of(site, client)[0], at("198.51.100.7")).status, 429, "once more")


@test("4.3: what is no signature by the client's key never counts towards its lock: none, a guessed secret, another's key, another algorithm, a changed word")
def only_the_holder(site):
    client = enhanced_client(site)
    good = assertion(site, client)
    head, body, signature = good.split(".")
    strangers = [{"client_id": client.id}, {"client_id": client.id, "client_secret": "guess"}, asserted(assertion(site, client, key=EcKey("one"), exp=1)),
                 asserted(assertion(site, client, key=EcKey("other"))), asserted(f"{head}.{body}.{signature[:-8]}AAAAAAAA"), asserted(f"{head}.{body}."),
                 asserted(assertion(site, client, key=RsaKey("one"), aud="x")), asserted("x")]
    for number, words in enumerate(strangers):
        invalid_client(ask(site, TOKEN, client, words, at(f"198.51.100.{number}")), f"{words}")
    equal({entry["counted"] for entry in failures(site, client)}, {False}, "towards the lock")


@test("4.3: one assertion counts once towards the lock, however often and from wherever it is sent: whoever has seen it could")
def counted_once(site):
    client = enhanced_client(site)
    used, old = asserted(assertion(site, client)), asserted(assertion(site, client, exp=int(time.time()) - 5))
    equal(ask(site, REVOKE, client, used).status, 200, "first use")
    for number in range(LOCK + 2):
        for words in (used, old):
            invalid_client(ask(site, REVOKE, client, words, at(f"198.51.100.{number}")))
    equal(sum(entry["counted"] for entry in failures(site, client)), 2, "counted")
    equal(ask(site, REVOKE, client, proof_of(site, client)[0]).status, 200, "not locked")


@test("4.3: an enhanced client's token requests without a proof, or with a bad one, are written down; they never lock it, and a nonce that is asked for is no failure")
def without_proof(site):
    client, its_key = enhanced_client(site), EcKey()
    for number in range(LOCK + 1):
        headers = {} if number % 2 else {"DPoP": proof(its_key, "GET", site.url + TOKEN)}
        answer = ask(site, TOKEN, client, proof_of(site, client)[0], {**headers, **at(f"198.51.100.{number}")})
        equal((answer.status, answer.json()["error"]), (400, "invalid_dpop_proof"), str(answer))
    told = failures(site, client)
    equal({(entry["method"], entry["counted"]) for entry in told}, {("dpop", False)}, "ways")
    equal(sorted({entry["reason"] for entry in told}), ["a DPoP proof is required", "the proof's htm is another method"], "reasons")
    equal(ask(site, TOKEN, client, proof_of(site, client)[0], {"DPoP": proof(its_key, "POST", site.url + TOKEN)}).status, 200, "with one")


@test("a client without enhanced security is never locked")
def not_locked(site):
    client = keyed_client(site)
    for _ in range(LOCK + 2):
        invalid_client(signed_but_wrong(site, client))
    equal(get_token(site, client).status, 200, "still")


@test("4.3: from an address outside of its ranges a good proof is 403, a bad one 401; those don't lock it, signed or not, and it works from inside")
def ranges(site):
    client = enhanced_client(site, allowed_addresses=["198.51.100.0/24", "2001:db8:7::/48"])
    for number in range(LOCK + 3):
        invalid_client(signed_but_wrong(site, client, at(f"203.0.113.{number}")), "with the key, from elsewhere")
        refused(ask(site, REVOKE, client, proof_of(site, client)[0], at(f"203.0.113.{number}")), 403, "access_denied")
    answer = ask(site, REVOKE, client, proof_of(site, client)[0])
    refused(answer, 403, "access_denied")
    failed_by(site, client, "an address that it may not come from")
    for inside in ("198.51.100.7", "2001:db8:7:1::5"):
        equal(ask(site, REVOKE, client, proof_of(site, client)[0], {"X-Forwarded-For": inside}).status, 200, inside)
    words = proof_of(site, client)[0]
    refused(ask(site, REVOKE, client, words, {"X-Forwarded-For": "198.51.101.7"}), 403, "access_denied")
    invalid_client(ask(site, REVOKE, client, words, {"X-Forwarded-For": "198.51.100.7"}), "an assertion that was seen outside is used")
    for bad in (["198.51.100.1/24"], "198.51.100.0/24", ["x"], [7], [""]):
        import subprocess
        done = subprocess.run([site.program, "-c", site.conf, "client", "change", client.id, "--metadata", "-"], input=json.dumps({"allowed_addresses": bad}),
                              capture_output=True, text=True, timeout=60)
        equal(done.returncode, 1, f"{bad}: {done.stdout}")


@test("address ranges hold for every client that has them")
def ranges_of_any(site):
    client = site.add_client(**{**MACHINE, "allowed_addresses": ["198.51.100.0/24"]})
    refused(get_token(site, client), 403, "access_denied")
    words, headers = proof_of(site, client)
    equal(ask(site, TOKEN, client, words, {**headers, "X-Forwarded-For": "198.51.100.7"}).status, 200, "inside")


@test("the way of authentication changes with the registration; not from or to none")
def changed_ways(site):
    import subprocess
    client = site.add_client(**{**MACHINE, "token_endpoint_auth_method": "client_secret_basic"})
    client.key = EcKey("one")
    change(site, client, token_endpoint_auth_method="private_key_jwt", jwks={"keys": [client.key.public()]})
    client.method = "private_key_jwt"
    equal(get_token(site, client).status, 200, "by key")
    invalid_client(ask(site, TOKEN, client, {}, {"Authorization": basic(client.id, client.secret)}), "by the secret that it had")
    change(site, client, token_endpoint_auth_method="client_secret_basic", jwks=None)
    client.method = "client_secret_basic"
    equal(get_token(site, client).status, 200, "back")
    for one, other in ((client, "none"), (site.client("public"), "client_secret_basic")):
        done = subprocess.run([site.program, "-c", site.conf, "client", "change", one.id, "--metadata", "-"], input=json.dumps({"token_endpoint_auth_method": other}),
                              capture_output=True, text=True, timeout=60)
        equal(done.returncode, 1, other)


@test("T-52, T-54: a jwks_uri whose name resolves to an address of ours, or that says http, is never connected to")
def guarded(site):
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        door.settimeout(0.5)
        port = door.getsockname()[1]
        client = site.add_client(**{**MACHINE, "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": f"https://localhost:{port}/jwks"})
        client.key = EcKey("one")
        invalid_client(get_token(site, client))
        for uri in (f"http://localhost:{port}/jwks", f"https://127.0.0.1:{port}/jwks", f"https://[::ffff:127.0.0.1]:{port}/jwks"):
            site.sql(f"UPDATE clients SET metadata = JSON_SET(metadata, '$.jwks_uri', '{uri}') WHERE client_id = '{client.id}'")
            site.cli("client", "enable", client.id)  # caches are dropped
            invalid_client(get_token(site, client), uri)
        try:
            door.accept()
            raise AssertionError("it was connected to")
        except TimeoutError:
            pass
    failed_by(site, client, "jwks_uri could not be read")


@test("T-57, security 86: logo, policy and terms of a client are never fetched, not when it is registered, not when a page shows them")
def links(site):
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        door.settimeout(0.5)
        place = f"https://127.0.0.1:{door.getsockname()[1]}/"
        client = site.add_client(logo_uri=place + "logo.png", policy_uri=place + "policy", tos_uri=place + "terms", client_uri=place)
        browser = site.browser()
        for prompt in ("login", "consent"):
            answer = browser.open("/api/oauth/authorize", {"response_type": "code", "client_id": client.id, "redirect_uri": client.redirect_uri,
                                                           "scope": "openid", "prompt": prompt, "state": "x", "code_challenge": "x" * 43,
                                                           "code_challenge_method": "S256"})
            equal(answer.status, 200, str(answer))
            assert "img-src" in answer.header("Content-Security-Policy"), answer.headers
        try:
            door.accept()
            raise AssertionError("it was connected to")
        except TimeoutError:
            pass


@test("4.3: with client_lock_failures = 0 no client is ever locked, nothing counts towards a lock, and ranges are turned away as for any client")
def no_lock(site):
    client = enhanced_client(site)
    site.door.extra_settings["client_lock_failures"] = 0
    site.door.write_config()
    site.door.stop_service()
    site.door.start_service()
    site.door.wait_ready()
    site.web.close()
    for number in range(LOCK + 2):
        invalid_client(signed_but_wrong(site, client, at(f"198.51.100.{number}")), f"failure {number}")
    equal([entry["counted"] for entry in failures(site, client)], [False] * (LOCK + 2), "counted")
    for _ in range(LIMIT):
        invalid_client(signed_but_wrong(site, client, at("203.0.113.7")), "as many as of any client")
    equal(signed_but_wrong(site, client, at("203.0.113.7")).status, 429, "turned away")
    equal(ask(site, REVOKE, client, proof_of(site, client)[0]).status, 200, "not locked")


run(workers=2, settings={"client_failure_limit": LIMIT, "client_lock_failures": LOCK, "trusted_proxies": "127.0.0.1"})
