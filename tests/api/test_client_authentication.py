#!/usr/bin/env python3
"""How clients prove themselves at the token endpoint: Basic, body, none."""
import base64
import urllib.parse

from kit import *
from installation import basic


def ask(site, parameters=None, headers=None, **more):
    words = {"grant_type": "client_credentials", **(parameters or {})}
    return site.web.post(TOKEN, words, headers=headers or {}, **more)


def raw_basic(text):
    data = text if isinstance(text, bytes) else text.encode()
    return {"Authorization": "Basic " + base64.b64encode(data).decode()}


@test("client_secret_basic and client_secret_post each work for the client registered for them")
def right_ways(site):
    for kind in ("web", "post"):
        token_response(client_credentials(site, site.client(kind)))


@test("security 50: a failed Basic authentication is 401 with WWW-Authenticate; in the body it is 401 invalid_client")
def wrong_secret(site):
    web, post = site.client(), site.client("post")
    answer = ask(site, headers={"Authorization": basic(web.id, web.secret + "x")})
    refused(answer, 401, "invalid_client")
    assert (answer.header("WWW-Authenticate") or "").startswith("Basic"), answer.headers
    refused(ask(site, {"client_id": post.id, "client_secret": post.secret + "x"}), 401, "invalid_client")


@test("T-35: a secret that is empty, blank, missing, cut, extended or NUL is invalid_client")
def odd_secrets(site):
    web, post = site.client(), site.client("post")
    for secret in ("", " ", "\t", "null", web.secret[:-1], web.secret + " ", web.secret.swapcase(), "undefined"):
        refused(ask(site, headers={"Authorization": basic(web.id, secret)}), 401, "invalid_client")
    for secret in ("", " ", None, post.secret[:-1], post.secret + "a", post.secret.swapcase()):
        refused(ask(site, {"client_id": post.id, "client_secret": secret}), (400, 401), ("invalid_client", "invalid_request"))
    answer = site.web.raw_request("POST", TOKEN, [("Content-Type", "application/x-www-form-urlencoded")],
                                  f"grant_type=client_credentials&client_id={post.id}&client_secret=%00")
    one_of(answer.status, (400, 401), "NUL")


@test("security 49: both parts of Basic are form-decoded before they are compared (RFC 6749 2.3.1)")
def decoded_credentials(site):
    web = site.client()
    escaped = "".join(f"%{ord(c):02X}" for c in web.id) + ":" + "".join(f"%{ord(c):02x}" for c in web.secret)
    token_response(ask(site, headers=raw_basic(escaped)))
    for text in (web.id, web.id + ":", ":" + web.secret, ":", "", web.id + ":" + web.secret + "%", web.id + ":%zz",
                 web.id + ":" + web.secret + "%00", f"%00{web.id}:{web.secret}", b"\xff\xfe:" + web.secret.encode(), web.id + ":%ff"):
        refused(ask(site, headers=raw_basic(text)), (400, 401), ("invalid_client", "invalid_request"))


@test("T-46, T-47: a malformed Authorization header is refused, never a 500 and never a guess")
def malformed_headers(site):
    web = site.client()
    good = basic(web.id, web.secret).split()[1]
    for value in ("Basic", "Basic ", "Basic !!!", "Basic " + good[:-1] + "!", "Basic " + good + " x", "Basic  " + good[:7], "Bearer",
                  "Bearer " + good, "Basic=" + good, "Basic:" + good, "Digest " + good, good, "Basic " + "A" * 8000, "Basic \t" + good[:4],
                  "Basic " + urllib.parse.quote(good + "==")):
        answer = ask(site, headers={"Authorization": value})
        one_of(answer.status, (400, 401), value[:40])
        one_of(answer.error, ("invalid_client", "invalid_request"), value[:40])
    answer = site.web.raw_request("POST", TOKEN, [("Authorization", basic(web.id, web.secret)), ("Authorization", basic(web.id, "x")),
                                                  ("Content-Type", "application/x-www-form-urlencoded")], "grant_type=client_credentials")
    one_of(answer.status, (400, 401), "two Authorization headers")


@test("security 81: the scheme's name is case-insensitive")
def scheme_case(site):
    web = site.client()
    value = basic(web.id, web.secret).split()[1]
    for scheme in ("basic", "BASIC", "bAsIc"):
        token_response(ask(site, headers={"Authorization": f"{scheme} {value}"}))


@test("security 48: Basic and a secret in the body at once is invalid_request")
def two_ways(site):
    web = site.client()
    answer = ask(site, {"client_id": web.id, "client_secret": web.secret}, web.headers())
    refused(answer, (400, 401), ("invalid_request", "invalid_client"))


@test("Basic with the same client_id in the body works; with another one it is refused")
def id_in_both(site):
    web = site.client()
    token_response(ask(site, {"client_id": web.id}, web.headers()))
    refused(ask(site, {"client_id": site.client("other").id}, web.headers()), (400, 401), ("invalid_request", "invalid_client"))


@test("security 51: the registered way is enforced")
def registered_way(site):
    web, post = site.client(), site.client("post")
    refused(ask(site, {"client_id": web.id, "client_secret": web.secret}), 401, "invalid_client")
    refused(ask(site, headers={"Authorization": basic(post.id, post.secret)}), 401, "invalid_client")


@test("security 52: a public client that sends a secret, and a confidential one that sends none, are refused")
def public_and_confidential(site):
    public, web = site.client("public"), site.client()
    refused(ask(site, {"grant_type": "authorization_code", "code": "x", "client_id": public.id, "client_secret": "x"}),
            (400, 401), ("invalid_client", "invalid_request"))
    refused(ask(site, {"client_id": web.id}), 401, "invalid_client")
    refused(ask(site, {}), (400, 401), ("invalid_client", "invalid_request"))
    refused(ask(site, {"client_id": public.id}), 400, "unauthorized_client")


@test("47 of abuse: an unknown client and a wrong secret are not told apart")
def unknown_or_wrong(site):
    post = site.client("post")
    one = ask(site, {"client_id": post.id, "client_secret": "wrong"})
    other = ask(site, {"client_id": "00000000-0000-4000-8000-000000000000", "client_secret": "wrong"})
    same_for_a_stranger(one, other, "token endpoint")


@test("a disabled client is invalid_client at once, at every endpoint that it authenticates to")
def disabled_client(site):
    client = site.add_client()
    token = token_response(client_credentials(site, client))["access_token"]
    site.cli("client", "disable", client.id)
    refused(client_credentials(site, client), 401, "invalid_client")
    refused(introspect(site, client, token), 401, "invalid_client")
    refused(revoke(site, client, token), 401, "invalid_client")


@test("security 53: the database holds no client secret that could be read")
def secrets_are_hashed(site):
    client = site.client()
    rows = site.sql(f"SELECT COUNT(*) FROM clients WHERE metadata LIKE '%{client.secret}%'")
    equal(rows[0][0], "0", "secret in metadata")
    rows = site.sql(f"SELECT COUNT(*) FROM client_secrets WHERE INSTR(sealed, '{client.secret}') > 0 OR INSTR(secret_hash, '{client.secret[:20]}') > 0")
    equal(rows[0][0], "0", "secret in the clear")


@test("a client secret carries 256 bits")
def secret_strength(site):
    unguessable(site.client().secret, "client_secret")
    assert len(site.client().secret) >= 43


@test("HTTP methods of client authentication do not leak into the log (T-111)")
def secrets_not_logged(site):
    log = site.log()
    for kind in ("web", "post"):
        client = site.client(kind)
        assert client.secret not in log and basic(client.id, client.secret) not in log, f"secret of {kind} in the log"


run()
