#!/usr/bin/env python3
"""Redeeming codes: what a code is bound to, and that it works once."""
import secrets
import time

from kit import *


def fresh_code(site, client, person=None, **parameters):
    """A code and the verifier that belongs to it."""
    verifier = secrets.token_urlsafe(48)
    parameters.setdefault("verifier", verifier)
    return authorize(site, client, person, **parameters)["code"], verifier


def plain_code(site, client, **parameters):
    """A code of a request without a challenge."""
    return authorize(site, client, **parameters)["code"]


@test("token: the tokens of a code, and the answer's headers (C4, 73)")
def success(site):
    client = site.client()
    code, verifier = fresh_code(site, client, scope="openid profile")
    body = token_response(redeem(site, client, code, code_verifier=verifier))
    equal(set(body), {"access_token", "token_type", "expires_in", "scope", "id_token"}, "members")
    equal(set(body["scope"].split()), {"openid", "profile"}, "scope")
    equal(body["expires_in"], 3600, "expires_in")


@test("71, 72: an access token is an at+jwt with aud, client_id, jti, scope, sub and an hour to live (RFC 9068)")
def access_token_form(site):
    client = site.client()
    tokens = sign_in(site, client)
    token = Jwt(tokens.access).verify(jwks(site))
    equal(token.header["typ"], "at+jwt", "typ")
    claims = token.claims
    equal((claims["iss"], claims["aud"], claims["client_id"]), (site.url, client.id, client.id), "iss, aud, client_id")
    equal(claims["sub"], tokens.id_claims["sub"], "sub")
    assert claims["jti"] and claims["scope"] == "openid", claims
    assert 0 < claims["exp"] - claims["iat"] <= 3600, claims


@test("decision 6: openid is never added; without it there is no ID Token")
def no_openid(site):
    client = site.client()
    code, verifier = fresh_code(site, client, scope="profile", nonce=None)
    body = token_response(redeem(site, client, code, code_verifier=verifier))
    assert "id_token" not in body and body["scope"] == "profile", body


@test("refresh token only with offline_access granted")
def offline_access(site):
    client = site.client()
    assert sign_in(site, client, scope="openid").refresh is None
    assert sign_in(site, client, scope="openid offline_access", prompt="consent").refresh


@test("JSON body: the contract's form of the same request (decision 5)")
def json_body(site):
    client = site.client("post")
    code, verifier = fresh_code(site, client)
    answer = site.web.request("POST", TOKEN, data={
        "grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri,
        "client_id": client.id, "client_secret": client.secret, "code_verifier": verifier})
    token_response(answer)


@test("root aliases: /token and /oauth2/token are the same row")
def aliases(site):
    client = site.client()
    for path in ("/token", "/oauth2/token"):
        code, verifier = fresh_code(site, client)
        answer = site.web.post(path, {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri,
                                      "code_verifier": verifier}, headers=client.headers())
        token_response(answer)


@test("invalid_request: each required parameter missing, and grant_type as well")
def missing_parameters(site):
    client = site.client()
    for name in ("code", "grant_type"):
        for value in (None, ""):
            words = {"grant_type": "authorization_code", "code": "x", "redirect_uri": client.redirect_uri, name: value}
            refused(post_token(site, client, **words), 400, "invalid_request")
    refused(site.web.post(TOKEN, {}, headers=client.headers()), 400, "invalid_request")


@test("7, unsupported_grant_type: password and others are none of ours")
def unsupported_grants(site):
    client = site.client()
    for grant in ("password", "implicit", "urn:ietf:params:oauth:grant-type:token-exchange", "AUTHORIZATION_CODE",
                  "urn:ietf:params:oauth:grant-type:device_code", "x"):
        refused(post_token(site, client, grant_type=grant, username="a", password="b"), 400, "unsupported_grant_type")


@test("62, unauthorized_client: a client uses only the grants it is registered for")
def unregistered_grant(site):
    refused(client_credentials(site, site.client("code only")), 400, "unauthorized_client")
    machine = site.client("machine")
    refused(post_token(site, machine, grant_type="authorization_code", code="x", redirect_uri="https://a.example/"),
            400, ("unauthorized_client", "invalid_grant"))
    refused(refresh(site, site.client("code only"), "x"), 400, ("unauthorized_client", "invalid_grant"))


@test("T-17, T-18, 21: another client never redeems a code, whatever else is right, and the first one still can")
def other_client(site):
    client = site.client()
    code, verifier = fresh_code(site, client)
    for kind in ("other", "post", "public", "native"):
        refused(redeem(site, site.client(kind), code, code_verifier=verifier, redirect_uri=client.redirect_uri), 400, "invalid_grant")
    token_response(redeem(site, client, code, code_verifier=verifier))


@test("22: redirect_uri other than in the request, or left out though sent, is invalid_grant")
def redirect_uri_differs(site):
    client = site.client("two places")
    for uri in ("https://client.example/other?x=1", "https://client.example/cb/", None, "https://CLIENT.example/cb", ""):
        code, verifier = fresh_code(site, client)
        refused(redeem(site, client, code, code_verifier=verifier, redirect_uri=uri), 400, ("invalid_grant", "invalid_request"))


@test("2.9, 9, T-31: the verifier left out, empty, short, long or wrong is invalid_grant, and the code is no use afterwards or still only with the right one")
def verifier_differs(site):
    client = site.client()
    for wrong in (None, "", "a" * 42, "a" * 129, "a" * 43, "wrong" * 10, "a" * 43 + "\u00e9"):
        code, verifier = fresh_code(site, client)
        refused(redeem(site, client, code, code_verifier=wrong), 400, ("invalid_grant", "invalid_request"))
    code, verifier = fresh_code(site, client)
    challenge = challenge_of(verifier)
    refused(redeem(site, client, code, code_verifier=challenge), 400, "invalid_grant")


@test("10, T-32: a verifier though no challenge was sent is invalid_grant")
def verifier_without_challenge(site):
    client = site.client()
    code = plain_code(site, client)
    refused(redeem(site, client, code, code_verifier="v" * 43), 400, "invalid_grant")


@test("T-34: public client times proof: nothing but its own code with its own verifier works")
def public_client_truth_table(site):
    public = site.client("public")
    for verifier_sent, secret_sent in ((False, False), (False, True), (True, True)):
        code, verifier = fresh_code(site, public)
        words = {"code_verifier": verifier if verifier_sent else None, "client_secret": "x" if secret_sent else None}
        answer = redeem(site, public, code, **words)
        refused(answer, (400, 401), ("invalid_grant", "invalid_client", "invalid_request"))
    code, verifier = fresh_code(site, public)
    token_response(redeem(site, public, code, code_verifier=verifier))


@test("19: a code is dead a second after its 60")
def expired_code(site):
    client = site.client()
    code, verifier = fresh_code(site, client)
    site.sql("UPDATE authorizations SET code_expires_at = UNIX_TIMESTAMP() - 1 WHERE redeemed_at = 0")
    refused(redeem(site, client, code, code_verifier=verifier), 400, "invalid_grant")


@test("19: a code lives 60 seconds by default")
def code_lifetime(site):
    client = site.add_client()
    fresh_code(site, client)
    rows = site.sql(f"SELECT code_expires_at - created_at FROM authorizations WHERE client_number = (SELECT number FROM clients WHERE client_id = '{client.id}')")
    equal(rows[0][0], "60", "seconds")


@test("T-28: a code cut, extended or changed at any place is invalid_grant")
def changed_codes(site):
    client = site.client()
    code, verifier = fresh_code(site, client)
    changed = [code[:-1], code + "A", code[1:], code + "=", code.upper(), code.swapcase(), " " + code, code + " ", code + "\n"]
    for at in range(len(code)):
        changed.append(code[:at] + ("A" if code[at] != "A" else "B") + code[at + 1:])
    for other in changed:
        answer = redeem(site, client, other, code_verifier=verifier)
        assert answer.status == 400 and answer.error in ("invalid_grant", "invalid_request"), f"{other}: {answer}"
    token_response(redeem(site, client, code, code_verifier=verifier))


@test("T-19: one kind of handle is never good as another")
def kinds_of_handles(site):
    client = site.client()
    browser = site.browser()
    login = browser.get(AUTHORIZE, request_of(client))
    import urllib.parse
    ticket = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(login.location).query)).get("oauth_request", "")
    assert ticket, f"no ticket in {login.location}"
    code, verifier = fresh_code(site, client)
    tokens = sign_in(site, client, scope="openid offline_access", prompt="consent")
    for thing in (ticket, tokens.refresh, tokens.access, tokens.id, browser.cookies.get("__Host-doorward-browser", "x")):
        refused(redeem(site, client, thing, code_verifier=verifier), 400, "invalid_grant")
    for thing in (ticket, code, tokens.access, tokens.id):
        refused(refresh(site, client, thing), 400, "invalid_grant")
    for thing in (ticket, code, tokens.refresh, tokens.id):
        equal(userinfo(site, thing).status, 401, "as a Bearer token")
    for thing in (code, tokens.refresh, tokens.access):
        answer = site.browser().get("/login", {"oauth_request": thing})
        assert answer.status < 500 and client.redirect_uri not in (answer.location or ""), str(answer)


@test("46, client authentication 4.2: GET is 405 with Allow, other content types are 400 invalid_request (RFC 6749 5.2; abuse 10, 11)")
def methods_and_types(site):
    client = site.client()
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "PROPFIND"):
        answer = site.web.request(method, TOKEN, body=None)
        equal((answer.status, answer.header("Allow") is not None), (405, True), method)
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/xml", ""):
        answer = site.web.request("POST", TOKEN, body="grant_type=client_credentials", headers={**client.headers(), "Content-Type": kind})
        refused(answer, 400, "invalid_request")
    for kind in ("application/x-www-form-urlencoded;charset=UTF-8", "Application/X-WWW-Form-Urlencoded"):
        answer = site.web.request("POST", TOKEN, body="grant_type=client_credentials", headers={**client.headers(), "Content-Type": kind})
        equal(answer.status, 200, f"{kind}: {answer}")


@test("47: parameters in the query string are not read")
def query_parameters(site):
    client = site.client("post")
    answer = site.web.post(f"{TOKEN}?client_secret={client.secret}&grant_type=client_credentials",
                           {"client_id": client.id, "grant_type": "client_credentials"})
    refused(answer, (400, 401), ("invalid_client", "invalid_request"))


@test("25, T-16: a repeated parameter is invalid_request")
def repeated(site):
    client = site.client()
    for name in ("grant_type", "scope", "code", "redirect_uri", "client_id", "code_verifier", "refresh_token"):
        pairs = [("grant_type", "client_credentials"), (name, "client_credentials" if name == "grant_type" else "a"),
                 (name, "client_credentials" if name == "grant_type" else "a")]
        refused(site.web.post(TOKEN, pairs, headers=client.headers()), (400, 401), ("invalid_request", "invalid_client"))


@test("16, 17: no origin but a listed one gets CORS on the token endpoint, never with credentials")
def cors(site):
    for origin in ("https://evil.example", "null"):
        answer = site.web.post(TOKEN, {}, headers={"Origin": origin})
        allowed = answer.header("Access-Control-Allow-Origin")
        assert allowed is None or answer.header("Access-Control-Allow-Credentials") is None, answer.headers
        assert allowed != origin, answer.headers


@test("24: codes and tokens of 40 flows never repeat and look random")
def randomness(site):
    client = site.client()
    browser = signed_in(site)
    codes = [authorize(site, client, browser=browser, prompt="none")["code"] for _ in range(40)]
    equal(len(set(codes)), 40, "distinct codes")
    for code in codes:
        unguessable(code, "code")
    ids = [Jwt(token_response(client_credentials(site, client))["access_token"]).claims["jti"] for _ in range(40)]
    equal(len(set(ids)), 40, "distinct jti")


@test("74: an error never gives back the secret or what was sent")
def no_echo(site):
    client = site.client("post")
    answer = redeem(site, client, "canary-code-1234567890", code_verifier="canary-verifier-" + "x" * 40)
    for secret in (client.secret, "canary-code", "canary-verifier"):
        assert secret not in answer.text and all(secret not in value for _, value in answer.headers), str(answer)


@test("2.9, 20: redeeming a code twice ends its tokens, but no other tokens of the user")
def reuse_ends_its_own(site):
    client = site.client()
    bystander = sign_in(site, client)
    code, verifier = fresh_code(site, client)
    first = token_response(redeem(site, client, code, code_verifier=verifier))
    time.sleep(0.1)
    refused(redeem(site, client, code, code_verifier=verifier), 400, "invalid_grant")
    equal(userinfo(site, first["access_token"]).status, 401, "the code's own token")
    equal(userinfo(site, bystander.access).status, 200, "a bystander's token")


run()
