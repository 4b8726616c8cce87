#!/usr/bin/env python3
"""97, oidcc-server-rotate-keys: signing keys have a next, a current and retired ones, all published."""
import time

from kit import *


def kids(site, alg="ES256"):
    return [key["kid"] for key in jwks(site)["keys"] if key["alg"] == alg]


def signing_kid(site):
    client = site.client("es256")
    return Jwt(sign_in(site, client).id).header["kid"]


@test("97: the key that will sign next is published before it signs")
def next_is_published(site):
    assert len(kids(site)) >= 2, kids(site)
    before = kids(site)
    site.cli("key", "rotate")
    time.sleep(1.5)
    assert signing_kid(site) in before, "signed with a key that nobody had seen"


@test("oidcc-server-rotate-keys: after a rotation a new key signs, old and new are published, kids distinct, old tokens verify")
def rotation(site):
    client = site.client("es256")
    tokens = sign_in(site, client, scope="openid offline_access", prompt="consent")
    before, old = kids(site), Jwt(tokens.id).header["kid"]
    site.cli("key", "rotate")
    time.sleep(1.5)
    after = kids(site)
    assert old in after, "the old key is gone"
    equal(len(after), len(set(after)), "distinct kids")
    assert set(after) - set(before), "no new key"
    new = signing_kid(site)
    assert new != old, "the old key still signs"
    Jwt(tokens.id).verify(jwks(site))
    equal(userinfo(site, tokens.access).status, 200, "an access token of the old key")
    body = token_response(refresh(site, client, tokens.refresh))
    equal(Jwt(body["id_token"]).header["kid"], new, "a refreshed ID Token")


@test("97: all workers change over: 30 tokens after a rotation are of one key")
def all_workers(site):
    client = site.client("machine")
    site.cli("key", "rotate")
    time.sleep(1.5)
    seen = {Jwt(token_response(client_credentials(site, client))["access_token"]).header["kid"] for _ in range(30)}
    equal(len(seen), 1, "signing keys")


run()
