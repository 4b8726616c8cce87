#!/usr/bin/env python3
"""client_credentials: tokens for programs that act for themselves."""
from kit import *


@test("client_credentials: access_token, token_type, expires_in, scope and nothing else (69)")
def members(site):
    body = token_response(client_credentials(site, site.client(), scope="read:things"))
    equal(set(body), {"access_token", "token_type", "expires_in", "scope"}, "members")
    equal(body["scope"], "read:things", "scope")


@test("2.2, 2.9: the token speaks of the client alone: no sub (69), so it is no at+jwt either (RFC 9068 2.2 demands one)")
def no_sub(site):
    client = site.client("machine")
    body = token_response(client_credentials(site, client, scope="read:things"))
    token = Jwt(body["access_token"]).verify(jwks(site))
    equal(token.header["typ"], "JWT", "typ")
    assert "sub" not in token.claims, token.claims
    equal((token.claims["client_id"], token.claims["aud"], token.claims["iss"]), (client.id, client.id, site.url), "claims")


@test("invalid_scope: what the client may not have, and what is only for people")
def scopes(site):
    machine = site.client("machine")
    for scope in ("email", "read:things nonsense:x", "manage_permissions", "READ:THINGS", "read:things\tx", '"', "read:thing"):
        refused(client_credentials(site, machine, scope=scope), 400, "invalid_scope")
    for scope in ("openid", "offline_access"):
        answer = client_credentials(site, site.client(), scope=f"{scope} read:things")
        if answer.status == 200:
            assert "id_token" not in answer.json() and "refresh_token" not in answer.json()
        else:
            refused(answer, 400, "invalid_scope")


@test("scope left out: what the client may have, or a word of it; never more")
def default_scope(site):
    machine = site.client("machine")
    body = token_response(client_credentials(site, machine))
    assert set(body.get("scope", "").split()) <= {"read:things", "write:things"}, body


@test("69: never on a public client")
def public_client(site):
    refused(client_credentials(site, site.client("public")), 400, "unauthorized_client")


@test("T-25: a disabled service's client gets nothing")
def disabled_service(site):
    service = site.cli("service", "add", "--name", "Short-lived")["id"]
    import json
    import tempfile
    with tempfile.NamedTemporaryFile("w") as file:
        json.dump({"grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_basic",
                   "scope": "read:things", "client_name": "X"}, file)
        file.flush()
        from installation import Client
        client = Client(site.cli("client", "add", "--service", service, "--metadata", file.name))
    token_response(client_credentials(site, client))
    site.cli("service", "disable", service)
    refused(client_credentials(site, client), 401, "invalid_client")


@test("2.9: userinfo with a client_credentials token is 401 or 403")
def not_a_person(site):
    token = token_response(client_credentials(site, site.client()))["access_token"]
    one_of(userinfo(site, token).status, (401, 403), "userinfo")


run()
