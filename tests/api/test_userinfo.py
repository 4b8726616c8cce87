#!/usr/bin/env python3
"""UserInfo: who may ask, what comes back."""
import time

from kit import *
from jose import foreign, hs256, unsigned


def unauthorized(answer, error="invalid_token"):
    refused(answer, 401, error)
    challenge = answer.header("WWW-Authenticate") or ""
    assert challenge.startswith("Bearer"), f"WWW-Authenticate: {challenge}"
    assert f'error="{error}"' in challenge, challenge


@test("userinfo: the claims of the granted scopes and no others (82)")
def claims_by_scope(site):
    person, client = site.person(), site.client()
    for scope, names in (("openid", {"sub"}), ("openid profile", {"sub", "name", "updated_at"}),
                         ("openid email", {"sub", "email", "email_verified"})):
        tokens = sign_in(site, client, scope=scope)
        answer = userinfo(site, tokens.access)
        equal(answer.status, 200, str(answer))
        equal(set(answer.json()) - {"picture"}, names, scope)
        assert "no-store" in answer.header("Cache-Control"), answer.headers
    equal(answer.json()["email"], person.email, "email")


@test("2.8: email_verified says the truth")
def email_verified(site):
    doubtful = site.add_person(verified=False)
    for person, wanted in ((doubtful, False), (site.person(), True)):
        tokens = sign_in(site, site.client(), person, scope="openid email")
        equal(userinfo(site, tokens.access).json()["email_verified"], wanted, person.email)


@test("101: claims keep their types: a name of digits is a string")
def types(site):
    person = site.add_person(name="12345")
    info = userinfo(site, sign_in(site, site.client(), person, scope="openid profile").access).json()
    assert info["name"] == "12345" and type(info["updated_at"]) is int and isinstance(info["sub"], str), info


@test("2.8, T-46: no token, a broken one, a foreign one: 401 with WWW-Authenticate, never a crash")
def bad_tokens(site):
    client = site.client()
    tokens = sign_in(site, client)
    claims = Jwt(tokens.access).claims
    header = Jwt(tokens.access).header
    answer = site.web.get(USERINFO)
    equal(answer.status, 401, str(answer))
    assert (answer.header("WWW-Authenticate") or "").startswith("Bearer"), answer.headers
    pem_like = str(jwks(site)).encode()
    for token in ("x", "a.b.c", ".", "..", "...", "a" * 5000, tokens.access + "x", tokens.access[:-1], tokens.access[:-10] + "A" * 10,
                  tokens.access.replace(".", "..", 1), tokens.access + ".", unsigned(claims, typ="at+jwt", kid=header["kid"]),
                  unsigned(claims, "None", typ="at+jwt"), unsigned(claims, "nOnE", typ="at+jwt"), foreign(claims, typ="at+jwt", kid=header["kid"]),
                  foreign(claims, typ="at+jwt"), hs256(claims, pem_like, typ="at+jwt", kid=header["kid"]),
                  foreign(claims, typ="at+jwt", kid=header["kid"], jwk={"kty": "EC"}), foreign(claims, typ="at+jwt", jku="https://127.0.0.1:1/x")):
        unauthorized(userinfo(site, token))


@test("abuse 14: tokens with odd dots, base64, padding and claims are refused")
def odd_tokens(site):
    tokens = sign_in(site, site.client())
    head, body, signature = tokens.access.split(".")
    for token in (f"{head}.{body}", f"{head}.{body}.{signature}.", f"{head}.{body}.{signature}=", f"{head}=.{body}.{signature}",
                  f"{head}.{body}.", f".{body}.{signature}", "." * 1000, f"{head}.{body[:-2]}.{signature}"):
        equal(userinfo(site, token).status, 401, token[:20])


@test("T-27, 77: an expired access token is refused everywhere")
def expired(site):
    quick = site.client("web")
    tokens = sign_in(site, quick)
    claims = dict(Jwt(tokens.access).claims, exp=int(time.time()) - 1)
    equal(userinfo(site, foreign(claims, typ="at+jwt")).status, 401, "expired")
    equal(introspect(site, quick, foreign(claims, typ="at+jwt")).json(), {"active": False}, "expired")


@test("72: an ID Token is no access token")
def id_token_is_not_access(site):
    unauthorized(userinfo(site, sign_in(site, site.client()).id))


@test("2.9, 82, 80: a token without openid is 403 insufficient_scope")
def without_openid(site):
    client = site.client()
    tokens = sign_in(site, client, scope="profile", nonce=None)
    answer = userinfo(site, tokens.access)
    refused(answer, 403, "insufficient_scope")
    assert 'error="insufficient_scope"' in (answer.header("WWW-Authenticate") or ""), answer.headers


@test("78: a token in the query is not read")
def token_in_query(site):
    tokens = sign_in(site, site.client())
    answer = site.web.get(USERINFO, {"access_token": tokens.access})
    one_of(answer.status, (400, 401), str(answer))


@test("79: a token in the header and in the body at once is invalid_request")
def token_twice(site):
    tokens = sign_in(site, site.client())
    answer = site.web.post(USERINFO, {"access_token": tokens.access}, headers={"Authorization": f"Bearer {tokens.access}"})
    one_of(answer.status, (400, 200), str(answer))
    if answer.status == 200:  # bodies are not read at all here, so there is only one way of sending it
        one_of(site.web.post(USERINFO, {"access_token": tokens.access}).status, (400, 401), "body alone")
    else:
        refused(answer, 400, "invalid_request")


@test("81: the scheme's name is case-insensitive")
def scheme_case(site):
    tokens = sign_in(site, site.client())
    for scheme in ("bearer", "BEARER", "bEaReR"):
        equal(site.web.get(USERINFO, headers={"Authorization": f"{scheme} {tokens.access}"}).status, 200, scheme)


@test("T-46: malformed Authorization headers are refused")
def malformed_headers(site):
    tokens = sign_in(site, site.client())
    for value in ("Bearer", "Bearer ", "Bearer  ", "Bearer" + tokens.access, "Bearer=" + tokens.access, "Token " + tokens.access,
                  f"Bearer {tokens.access} x", f"Bearer {tokens.access},", f'Bearer "{tokens.access}"', "Basic Og==", ":", ","):
        one_of(site.web.get(USERINFO, headers={"Authorization": value}).status, (400, 401), value[:30])


@test("root alias: /userinfo serves the same")
def alias(site):
    tokens = sign_in(site, site.client())
    equal(site.web.get("/userinfo", headers={"Authorization": f"Bearer {tokens.access}"}).status, 200, "/userinfo")


@test("methods: PUT, DELETE and unknown ones are 405 with Allow")
def methods(site):
    for method in ("PUT", "DELETE", "PATCH", "PROPFIND"):
        answer = site.web.request(method, USERINFO, body="")
        equal((answer.status, answer.header("Allow") is not None), (405, True), method)


@test("T-24: a disabled or deleted user's token is 401 at the next request")
def dead_user(site):
    for command in ("disable", "delete"):
        person = site.add_person()
        tokens = sign_in(site, site.client(), person, scope="openid email")
        equal(userinfo(site, tokens.access).status, 200, "before")
        if command == "disable":
            site.cli("user", "disable", person.email)
        else:
            site.sql(f"DELETE FROM users WHERE email_key = '{person.email}'")
        equal(userinfo(site, tokens.access).status, 401, command)


run()
