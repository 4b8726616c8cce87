#!/usr/bin/env python3
"""Refresh tokens: rotated, one successor, served again to a retry, ended by reuse."""
import time

from kit import *

OFFLINE = "openid profile offline_access"


def offline(site, client, person=None, browser=None, scope=OFFLINE):
    return sign_in(site, client, person, browser, scope=scope, prompt="consent")


def past_grace(site):
    """Makes every rotation so far look as if it had happened a minute ago."""
    site.sql("UPDATE authorizations SET refreshed_at_ms = refreshed_at_ms - 60000 WHERE refreshed_at_ms > 0")


@test("refresh: a new access token and a rotated refresh token (64)")
def rotation(site):
    client = site.client()
    tokens = offline(site, client)
    body = token_response(refresh(site, client, tokens.refresh))
    assert body["refresh_token"] != tokens.refresh and body["access_token"] != tokens.access
    equal(set(body["scope"].split()), set(OFFLINE.split()), "scope")


@test("public clients rotate as well (64)")
def public_rotation(site):
    client = site.client("public")
    tokens = offline(site, client)
    body = token_response(refresh(site, client, tokens.refresh))
    assert body["refresh_token"] != tokens.refresh


@test("65, T-21: a retry within the grace gets the very same successor, and both lead on in one line")
def grace(site):
    client = site.client()
    tokens = offline(site, client)
    first = token_response(refresh(site, client, tokens.refresh))
    again = token_response(refresh(site, client, tokens.refresh))
    equal(again["refresh_token"], first["refresh_token"], "the successor")
    equal(again["scope"], first["scope"], "scope")
    token_response(refresh(site, client, first["refresh_token"]))


@test("64, T-22: reuse after the grace ends the family: old and new tokens, refresh and access")
def reuse_ends_family(site):
    client = site.client()
    tokens = offline(site, client)
    first = token_response(refresh(site, client, tokens.refresh))
    past_grace(site)
    refused(refresh(site, client, tokens.refresh), 400, "invalid_grant")
    refused(refresh(site, client, first["refresh_token"]), 400, "invalid_grant")
    equal(userinfo(site, first["access_token"]).status, 401, "an access token of the family")


@test("T-22: a generation long past is reuse even within the grace of the newest")
def old_generation(site):
    client = site.client()
    tokens = offline(site, client)
    second = token_response(refresh(site, client, tokens.refresh))["refresh_token"]
    third = token_response(refresh(site, client, second))["refresh_token"]
    refused(refresh(site, client, tokens.refresh), 400, "invalid_grant")
    refused(refresh(site, client, third), 400, "invalid_grant")


@test("reuse in one family leaves the user's other families alone")
def other_family(site):
    client = site.client()
    one, other = offline(site, client), offline(site, client)
    first = token_response(refresh(site, client, one.refresh))
    past_grace(site)
    refused(refresh(site, client, one.refresh), 400, "invalid_grant")
    refused(refresh(site, client, first["refresh_token"]), 400, "invalid_grant")
    token_response(refresh(site, client, other.refresh))


@test("63: a scope that is wider is invalid_scope, not narrowed silently; a subset is granted")
def scope(site):
    client = site.client()
    tokens = offline(site, client)
    for wider in ("openid email", OFFLINE + " email", "read:things", "openid nonsense:x"):
        refused(refresh(site, client, tokens.refresh, scope=wider), 400, "invalid_scope")
    body = token_response(refresh(site, client, tokens.refresh, scope="openid"))
    equal(body["scope"], "openid", "scope")
    equal(Jwt(body["access_token"]).claims["scope"], "openid", "the token's scope")
    body = token_response(refresh(site, client, body["refresh_token"]))
    assert "profile" in body["scope"], f"narrowing once is not for ever (RFC 6749 6): {body['scope']}"


@test("a refused scope does not use the token up")
def refused_scope_keeps_token(site):
    client = site.client()
    tokens = offline(site, client)
    refused(refresh(site, client, tokens.refresh, scope="openid email"), 400, "invalid_scope")
    first = token_response(refresh(site, client, tokens.refresh))
    token_response(refresh(site, client, first["refresh_token"]))


@test("T-17: another client, public or not, gets invalid_grant, and the family stays alive")
def other_client(site):
    client = site.client()
    tokens = offline(site, client)
    for kind in ("other", "post", "public"):
        refused(refresh(site, site.client(kind), tokens.refresh), 400, "invalid_grant")
    token_response(refresh(site, client, tokens.refresh))


@test("client authentication is demanded: wrong or missing is invalid_client")
def authentication(site):
    client = site.client()
    tokens = offline(site, client)
    words = {"grant_type": "refresh_token", "refresh_token": tokens.refresh}
    refused(site.web.post(TOKEN, {**words, "client_id": client.id}), 401, "invalid_client")
    refused(site.web.post(TOKEN, words), (400, 401), ("invalid_client", "invalid_request"))


@test("T-28: a refresh token changed at any place is invalid_grant and ends nothing")
def changed_tokens(site):
    client = site.client()
    token = offline(site, client).refresh
    for at in range(0, len(token), 3):
        other = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1:]
        refused(refresh(site, client, other), 400, "invalid_grant")
    for other in (token[:-1], token + "A", token[1:], token + "=", " " + token, token.swapcase(), "x", "null"):
        refused(refresh(site, client, other), 400, "invalid_grant")
    token_response(refresh(site, client, token))


@test("missing: no refresh_token is invalid_request")
def missing(site):
    refused(refresh(site, site.client(), None), 400, "invalid_request")
    refused(refresh(site, site.client(), ""), 400, "invalid_request")


@test("66: past its absolute life a refresh token is invalid_grant, however often it was used")
def absolute_life(site):
    client = site.client()
    tokens = offline(site, client)
    body = token_response(refresh(site, client, tokens.refresh))
    site.sql("UPDATE authorizations SET expires_at = UNIX_TIMESTAMP() - 1 WHERE refresh_generation > 0")
    refused(refresh(site, client, body["refresh_token"]), 400, "invalid_grant")


@test("66: rotating never leads past the absolute life, a year after the sign-in")
def life_is_bounded(site):
    client = site.add_client()
    tokens = offline(site, client)
    row = f"client_number = (SELECT number FROM clients WHERE client_id = '{client.id}')"
    site.sql(f"UPDATE authorizations SET created_at = created_at - 365 * 86400 + 60 WHERE {row}")
    token_response(refresh(site, client, tokens.refresh))
    left = int(site.sql(f"SELECT expires_at - UNIX_TIMESTAMP() FROM authorizations WHERE {row}")[0][0])
    assert left <= 60, f"{left} s left"


@test("T-29: scopes that the client lost are gone at the next refresh")
def scopes_reevaluated(site):
    client = site.add_client()
    tokens = offline(site, client)
    site.sql(f"UPDATE clients SET metadata = REPLACE(metadata, 'openid profile email', 'openid email') WHERE client_id = '{client.id}'")
    site.sql("UPDATE versions SET value = value + 1 WHERE name = 'directory'")
    time.sleep(1.5)
    answer = refresh(site, client, tokens.refresh)
    if answer.status == 200:
        assert "profile" not in answer.json()["scope"].split(), answer.text
    else:
        refused(answer, 400, ("invalid_grant", "invalid_scope"))


@test("T-24, 67: consent withdrawn, client disabled: the next refresh is refused")
def dead_by_client(site):
    client = site.add_client()
    tokens = offline(site, client)
    site.cli("client", "disable", client.id)
    refused(refresh(site, client, tokens.refresh), 401, "invalid_client")


@test("67: a refresh token with offline_access outlives the browser session")
def outlives_session(site):
    client = site.client()
    browser = site.browser()
    tokens = offline(site, client, browser=browser)
    site.sql("DELETE FROM sessions")
    token_response(refresh(site, client, tokens.refresh))


@test("JSON body works for refresh as well (decision 5)")
def json_body(site):
    client = site.client("post")
    tokens = offline(site, client)
    token_response(site.web.request("POST", TOKEN, data={
        "grant_type": "refresh_token", "refresh_token": tokens.refresh, "client_id": client.id, "client_secret": client.secret}))


@test("54 of the design: the database never holds a refresh token or a code in the clear")
def nothing_in_the_clear(site):
    client = site.client()
    tokens = offline(site, client)
    secret = tokens.refresh[-20:]
    columns = ["refresh_sealed", "refresh_hash", "code_hash"]
    for column in columns:
        equal(site.sql(f"SELECT COUNT(*) FROM authorizations WHERE INSTR({column}, '{secret}') > 0")[0][0], "0", column)


run()
