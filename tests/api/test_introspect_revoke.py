#!/usr/bin/env python3
"""Introspection (RFC 7662) and revocation (RFC 7009): whose tokens, and what is said of others'."""
import time

from kit import *
from jose import foreign


def offline(site, client, person=None):
    return sign_in(site, client, person, scope="openid profile offline_access", prompt="consent")


INACTIVE = {"active": False}


@test("introspection: an active access token with the members of the contract")
def active_access_token(site):
    client, person = site.client(), site.person()
    tokens = sign_in(site, client, scope="openid profile")
    answer = introspect(site, client, tokens.access)
    equal(answer.status, 200, str(answer))
    body = answer.json()
    claims = Jwt(tokens.access).claims
    equal(body["active"], True, "active")
    for name in ("client_id", "scope", "exp", "iat", "sub", "aud", "iss", "jti"):
        equal(body[name], claims[name], name)
    equal(body["token_type"].lower(), "bearer", "token_type")
    equal(body["username"], person.email, "username")
    assert "no-store" in answer.header("Cache-Control"), answer.headers


@test("introspection: an active refresh token, and one of client_credentials without sub")
def active_others(site):
    client = site.client()
    tokens = offline(site, client)
    body = introspect(site, client, tokens.refresh).json()
    equal((body["active"], body["client_id"]), (True, client.id), "refresh token")
    assert body["sub"] and body["exp"] > time.time(), body
    machine = site.client("machine")
    body = introspect(site, machine, token_response(client_credentials(site, machine))["access_token"]).json()
    assert body["active"] is True and "sub" not in body, body


@test("75, T-98: unknown, broken, foreign, expired, revoked and other clients' tokens all give the same three words")
def inactive_tokens(site):
    client, other = site.client(), site.client("other")
    theirs, revoked = offline(site, other), sign_in(site, client)
    revoke(site, client, revoked.access)
    tokens = sign_in(site, client)
    for token in ("x", "a.b.c", theirs.access, theirs.refresh, revoked.access, tokens.id, tokens.access + "x", "dwr_" + "A" * 90,
                  foreign(Jwt(tokens.access).claims, typ="at+jwt"), "\u00e9", "a" * 4000):
        answer = introspect(site, client, token)
        equal((answer.status, answer.json()), (200, INACTIVE), token[:30])


@test("a rotated refresh token is inactive, its successor active")
def rotated(site):
    client = site.client()
    tokens = offline(site, client)
    fresh = token_response(refresh(site, client, tokens.refresh))["refresh_token"]
    equal(introspect(site, client, fresh).json()["active"], True, "successor")


@test("75: introspection needs authentication; a public client's name alone is not enough")
def authentication(site):
    for words in ({}, {"client_id": site.client().id}, {"client_id": site.client("post").id, "client_secret": "wrong"}):
        refused(site.web.post(INTROSPECT, {"token": "x", **words}), (400, 401), ("invalid_client", "invalid_request"))


@test("invalid_request: no token at introspection and revocation")
def missing_token(site):
    client = site.client()
    for path in (INTROSPECT, REVOKE):
        for words in ({}, {"token": ""}):
            refused(site.web.post(path, words, headers=client.headers()), 400, "invalid_request")


@test("both take JSON as well as forms (decision 5), client_secret_post included")
def json_bodies(site):
    client = site.client("post")
    token = sign_in(site, client).access
    words = {"token": token, "client_id": client.id, "client_secret": client.secret}
    equal(site.web.request("POST", INTROSPECT, data=words).json()["active"], True, "introspection")
    equal(site.web.request("POST", REVOKE, data=words).status, 200, "revocation")
    equal(site.web.request("POST", INTROSPECT, data=words).json(), INACTIVE, "afterwards")


@test("76: revocation of an access token: 200 {}, and it is refused at once (77)")
def revoke_access_token(site):
    client = site.client()
    tokens = sign_in(site, client)
    answer = revoke(site, client, tokens.access)
    equal((answer.status, answer.json()), (200, {}), str(answer))
    equal(userinfo(site, tokens.access).status, 401, "userinfo")
    equal(introspect(site, client, tokens.access).json(), INACTIVE, "introspection")


@test("76: revoking a refresh token ends its family, access tokens included")
def revoke_refresh_token(site):
    client = site.client()
    tokens = offline(site, client)
    equal(revoke(site, client, tokens.refresh).status, 200, "revocation")
    refused(refresh(site, client, tokens.refresh), 400, "invalid_grant")
    equal(userinfo(site, tokens.access).status, 401, "access token of the family")


@test("76: revoking a rotated refresh token ends the family as well")
def revoke_rotated(site):
    client = site.client()
    tokens = offline(site, client)
    fresh = token_response(refresh(site, client, tokens.refresh))["refresh_token"]
    equal(revoke(site, client, tokens.refresh).status, 200, "revocation")
    refused(refresh(site, client, fresh), 400, "invalid_grant")


@test("76: unknown, broken and already revoked tokens are 200 {}; a wrong hint does no harm")
def revoke_anything(site):
    client = site.client()
    tokens = offline(site, client)
    for token in ("x", "a.b.c", "dwr_" + "A" * 90, "\u00e9"):
        answer = revoke(site, client, token)
        equal((answer.status, answer.json()), (200, {}), token)
    for hint in ("access_token", "x", "refresh_token", ""):
        equal(revoke(site, client, tokens.refresh, token_type_hint=hint).status, 200, hint)
    refused(refresh(site, client, tokens.refresh), 400, "invalid_grant")
    access = sign_in(site, client).access
    equal(revoke(site, client, access, token_type_hint="refresh_token").status, 200, "wrong hint")
    equal(userinfo(site, access).status, 401, "revoked in spite of the hint")


@test("2.8, 76: only the client's own tokens are revoked, and the answer doesn't tell")
def revoke_foreign(site):
    client, other = site.client(), site.client("other")
    tokens = offline(site, client)
    for token in (tokens.access, tokens.refresh):
        answer = revoke(site, other, token)
        equal((answer.status, answer.json()), (200, {}), "somebody else's")
    equal(userinfo(site, tokens.access).status, 200, "still alive")
    token_response(refresh(site, client, tokens.refresh))


@test("76: a public client revokes its own tokens by naming itself")
def revoke_public(site):
    client = site.client("public")
    tokens = sign_in(site, client)
    equal(revoke(site, client, tokens.access).status, 200, "revocation")
    equal(userinfo(site, tokens.access).status, 401, "userinfo")


@test("76: a client_credentials token can be revoked")
def revoke_machine(site):
    client = site.client("machine")
    token = token_response(client_credentials(site, client))["access_token"]
    equal(introspect(site, client, token).json()["active"], True, "before")
    equal(revoke(site, client, token).status, 200, "revocation")
    equal(introspect(site, client, token).json(), INACTIVE, "afterwards")


@test("73: answers of both are JSON that may not be stored")
def headers(site):
    client = site.client()
    for answer in (revoke(site, client, "x"), introspect(site, client, "x")):
        equal(answer.media_type, "application/json", answer.url)
        assert "no-store" in answer.header("Cache-Control"), answer.headers


@test("methods: GET is 405 with Allow at both")
def methods(site):
    for path in (REVOKE, INTROSPECT):
        for method in ("GET", "PUT", "DELETE"):
            answer = site.web.request(method, path)
            equal((answer.status, answer.header("Allow")), (405, "POST") if "OPTIONS" not in (answer.header("Allow") or "") else (405, answer.header("Allow")), f"{method} {path}")


@test("T-16: repeated parameters are invalid_request")
def repeated(site):
    client = site.client()
    for path in (REVOKE, INTROSPECT):
        refused(site.web.post(path, [("token", "a"), ("token", "b")], headers=client.headers()), 400, "invalid_request")


run()
