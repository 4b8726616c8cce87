#!/usr/bin/env python3
"""The modules of OpenID certification's Basic OP plan, each under its name."""
import time

from kit import *

PROFILE = "openid profile email"


def again(site, client, browser, person=None, **parameters):
    """A second request in a signed-in browser: the Response and what the person saw on the way."""
    seen = []
    response = authorize(site, client, person, browser, seen, **parameters)
    return response, seen


def id_claims_of(site, client, response, **parameters):
    body = token_response(redeem(site, client, response["code"], **parameters))
    return Jwt(body["id_token"]).verify(jwks(site)).claims, body


@test("oidcc-server C1 C2 C3 C4 C5 C6 C7: the whole code flow, checked as it goes")
def server(site):
    client = site.client()
    request = request_of(client)
    browser = site.browser()
    response = walk(browser, browser.open(AUTHORIZE, request), site.person(), client.redirect_uri)
    authorization_response(response, request, site.url)
    body = token_response(redeem(site, client, response["code"]))
    claims = id_token(body, jwks(site), site.url, client, request["nonce"])
    info = userinfo(site, body["access_token"])
    equal(info.status, 200, str(info))
    equal(info.json()["sub"], claims["sub"], "sub")
    assert "client_secret_basic" in metadata(site)["token_endpoint_auth_methods_supported"]


@test("oidcc-idtoken-signature: RS256 when the client names no algorithm, with a kid; ES256 and EdDSA when it names them (93)")
def idtoken_signature(site):
    for kind, alg in (("web", "RS256"), ("rs256", "RS256"), ("es256", "ES256"), ("eddsa", "EdDSA")):
        client = site.client(kind)
        tokens = sign_in(site, client)
        token = Jwt(tokens.id).verify(jwks(site))
        equal(token.header["alg"], alg, kind)
        assert token.header["kid"]


@test("oidcc-idtoken-unsigned: skipped by metadata, none is not among the algorithms")
def idtoken_unsigned(site):
    assert "none" not in metadata(site)["id_token_signing_alg_values_supported"]


@test("oidcc-userinfo-get: GET with a Bearer header, JSON with sub")
def userinfo_get(site):
    tokens = sign_in(site, site.client())
    answer = userinfo(site, tokens.access)
    equal((answer.status, answer.json()["sub"]), (200, tokens.id_claims["sub"]), str(answer))


@test("oidcc-userinfo-post-header: POST with a Bearer header")
def userinfo_post_header(site):
    tokens = sign_in(site, site.client())
    answer = userinfo(site, tokens.access, "POST")
    equal((answer.status, answer.json()["sub"]), (200, tokens.id_claims["sub"]), str(answer))


@test("oidcc-userinfo-post-body: a token in the form body works or is a clean 4xx")
def userinfo_post_body(site):
    tokens = sign_in(site, site.client())
    answer = site.web.post(USERINFO, {"access_token": tokens.access})
    assert answer.status == 200 and answer.json()["sub"] or 400 <= answer.status < 500 and answer.json()["error"], str(answer)


@test("oidcc-ensure-request-without-nonce-succeeds-for-code-flow: and the ID Token has none")
def without_nonce(site):
    client = site.client()
    response, _ = again(site, client, site.browser(), nonce=None)
    claims, _ = id_claims_of(site, client, response)
    assert "nonce" not in claims, claims


def scope_module(name, scope, wanted):
    @test(f"oidcc-{name}: the claims of the scope, in the right shape")
    def module(site):
        tokens = sign_in(site, site.client(), scope=scope)
        info = userinfo(site, tokens.access).json()
        assert wanted <= set(info), f"{wanted - set(info)} missing in {info}"
        assert "updated_at" not in info or type(info["updated_at"]) is int
        assert "email_verified" not in info or type(info["email_verified"]) is bool
    return module


scope_module("scope-profile", "openid profile", {"sub", "name", "updated_at"})
scope_module("scope-email", "openid email", {"sub", "email", "email_verified"})


def scope_unknown_or_served(name, scope, claim):
    @test(f"oidcc-{name}: skipped by metadata, or the claim in the right shape")
    def module(site):
        supported = metadata(site)["scopes_supported"]
        if scope not in supported:
            return
        client = site.add_client(scope=f"openid {scope}")
        tokens = sign_in(site, client, scope=f"openid {scope}")
        value = userinfo(site, tokens.access).json().get(claim)
        assert value is None or isinstance(value, dict if claim == "address" else str), value
    return module


scope_unknown_or_served("scope-address", "address", "address")
scope_unknown_or_served("scope-phone", "phone", "phone_number")


@test("oidcc-scope-all: every scope that the metadata lists, at once")
def scope_all(site):
    scopes = [s for s in metadata(site)["scopes_supported"] if s in ("openid", "profile", "email", "address", "phone", "offline_access")]
    client = site.add_client(scope=" ".join(scopes))
    tokens = sign_in(site, client, scope=" ".join(scopes))
    assert {"sub", "name", "email", "email_verified"} <= set(userinfo(site, tokens.access).json())


@test("oidcc-alternate-happy-flow, oidcc-ensure-other-scope-order-succeeds: scope words and parameters in another order")
def alternate_happy_flow(site):
    client = site.client()
    request = list(reversed(request_of(client, scope="email profile openid").items()))
    browser = site.browser()
    response = walk(browser, browser.open(AUTHORIZE, request), site.person(), client.redirect_uri)
    id_claims_of(site, client, response)


@test("oidcc-display-page, oidcc-display-popup: the parameter is accepted and a login page shows")
def display(site):
    for value in ("page", "popup", "touch", "wap"):
        answer = site.browser().open(AUTHORIZE, request_of(site.client(), display=value))
        assert is_login(answer.page()), f"{value}: {answer}"


@test("oidcc-prompt-login: asks for the password again in a live session; auth_time is later")
def prompt_login(site):
    client = site.client()
    browser = site.browser()
    first, _ = again(site, client, browser, max_age="10000")
    before, _ = id_claims_of(site, client, first)
    time.sleep(1.1)
    second, seen = again(site, client, browser, prompt="login", max_age="10000")
    assert "login" in seen, "no password was asked for"
    after, _ = id_claims_of(site, client, second)
    assert after["auth_time"] > before["auth_time"], (before, after)
    equal(after["sub"], before["sub"], "sub")


@test("oidcc-prompt-none-not-logged-in: login_required by redirect, no page")
def prompt_none_not_logged_in(site):
    client = site.client()
    answer = site.browser().get(AUTHORIZE, request_of(client, prompt="none", state="s"))
    response = response_of(answer, client.redirect_uri)
    equal((response.get("error"), response.get("state")), ("login_required", "s"), str(answer))


@test("oidcc-prompt-none-logged-in: no page, the same sub and auth_time")
def prompt_none_logged_in(site):
    client = site.client()
    browser = site.browser()
    first, _ = again(site, client, browser, max_age="10000")
    before, _ = id_claims_of(site, client, first)
    second, seen = again(site, client, browser, prompt="none", max_age="10000")
    equal(seen, [], "pages")
    after, _ = id_claims_of(site, client, second)
    equal((after["sub"], after["auth_time"]), (before["sub"], before["auth_time"]), "sub and auth_time")


@test("oidcc-max-age-1: signs in again after 2 seconds; auth_time is there, later and recent")
def max_age_1(site):
    client = site.client()
    browser = site.browser()
    first, _ = again(site, client, browser)
    before, _ = id_claims_of(site, client, first)
    time.sleep(2.1)
    second, seen = again(site, client, browser, max_age="1")
    assert "login" in seen, "no password was asked for"
    after, _ = id_claims_of(site, client, second)
    assert time.time() - after["auth_time"] < 10, after
    assert after["auth_time"] > before["iat"], (before, after)


@test("oidcc-max-age-10000: no second sign-in; auth_time is there and the first one's")
def max_age_10000(site):
    client = site.client()
    browser = site.browser()
    first, _ = again(site, client, browser, max_age="10000")
    before, _ = id_claims_of(site, client, first)
    second, seen = again(site, client, browser, max_age="10000")
    assert "login" not in seen
    after, _ = id_claims_of(site, client, second)
    equal(after["auth_time"], before["auth_time"], "auth_time")


@test("30: max_age=0 asks for the password again")
def max_age_0(site):
    client = site.client()
    browser = signed_in(site)
    _, seen = again(site, client, browser, max_age="0")
    assert "login" in seen


@test("oidcc-id-token-hint: prompt=none with the hint of who is signed in gives the same sub; with another's, no code")
def id_token_hint(site):
    client = site.client()
    browser = site.browser()
    tokens = sign_in(site, client, browser=browser)
    response, seen = again(site, client, browser, prompt="none", id_token_hint=tokens.id)
    claims, _ = id_claims_of(site, client, response)
    equal((claims["sub"], seen), (tokens.id_claims["sub"], []), "sub and pages")
    other = sign_in(site, client, person=site.person("second"))
    answer = browser.get(AUTHORIZE, request_of(client, prompt="none", id_token_hint=other.id))
    equal(response_of(answer, client.redirect_uri).get("error"), "login_required", str(answer))


@test("oidcc-login-hint: the address is filled in")
def login_hint(site):
    client = site.client()
    answer = site.browser().open(AUTHORIZE, request_of(client, login_hint="bob@people.example"))
    field = answer.page().form_with(autocomplete="current-password")["fields"]
    assert any(f.get("value") == "bob@people.example" for f in field), field


@test("oidcc-ui-locales, oidcc-claims-locales: no error, whatever the tags (abuse 23)")
def locales(site):
    for value in ("se", "en de", "../../x", "x-klingon", " ".join(["de"] * 1000), "\"<"):
        answer = site.browser().open(AUTHORIZE, request_of(site.client(), ui_locales=value, claims_locales=value))
        assert is_login(answer.page()), f"{value[:20]}: {answer}"


@test("oidcc-ensure-request-with-acr-values-succeeds: no error, and no acr that is not true (95)")
def acr_values(site):
    client = site.client()
    response, _ = again(site, client, site.browser(), acr_values="urn:x:gold 1")
    claims, _ = id_claims_of(site, client, response)
    assert claims.get("acr") in (None, "0", "1"), claims


@test("oidcc-codereuse: a second use at once is invalid_grant")
def codereuse(site):
    client = site.client()
    response, _ = again(site, client, site.browser())
    token_response(redeem(site, client, response["code"]))
    refused(redeem(site, client, response["code"]), 400, "invalid_grant")


@test("oidcc-codereuse-30seconds 20: a later second use is invalid_grant, and what the first one got is dead")
def codereuse_30seconds(site):
    client = site.client()
    response, _ = again(site, client, site.browser(), scope="openid offline_access", prompt="consent")
    body = token_response(redeem(site, client, response["code"]))
    site.sql("UPDATE authorizations SET redeemed_at = redeemed_at - 30 WHERE redeemed_at > 0 ORDER BY created_at DESC LIMIT 5")
    refused(redeem(site, client, response["code"]), 400, "invalid_grant")
    equal(userinfo(site, body["access_token"]).status, 401, "the first access token")
    refused(refresh(site, client, body["refresh_token"]), 400, "invalid_grant")


@test("oidcc-ensure-post-request-succeeds: the authorization request as a POSTed form (28)")
def post_request(site):
    client = site.client()
    browser = site.browser()
    # it comes from the client's page, so the browser says the client's origin
    answer = browser.request("POST", AUTHORIZE, form=request_of(client), headers={"Origin": "https://client.example"})
    response = walk(browser, browser.follow(answer), site.person(), client.redirect_uri)
    id_claims_of(site, client, response)


@test("oidcc-server-client-secret-post: the whole flow with the secret in the body")
def client_secret_post(site):
    client = site.client("post")
    response, _ = again(site, client, site.browser())
    id_claims_of(site, client, response)


@test("oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported")
def request_uri(site):
    client = site.client()
    answer = site.browser().get(AUTHORIZE, request_of(client, request_uri="https://client.example/request.jwt"))
    equal(response_of(answer, client.redirect_uri).get("error"), "request_uri_not_supported", str(answer))


@test("oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported, oidcc-ensure-request-object-with-redirect-uri")
def request_object(site):
    from jose import unsigned
    client = site.client()
    request = unsigned({"redirect_uri": "https://evil.example/cb", "scope": "openid"})
    answer = site.browser().get(AUTHORIZE, request_of(client, request=request))
    equal(response_of(answer, client.redirect_uri).get("error"), "request_not_supported", str(answer))


@test("oidcc-claims-essential: the claims parameter is not advertised; the request still succeeds")
def claims_essential(site):
    client = site.client()
    equal(metadata(site)["claims_parameter_supported"], False, "metadata")
    response, _ = again(site, client, site.browser(), claims='{"userinfo":{"name":{"essential":true}}}')
    id_claims_of(site, client, response)


@test("oidcc-refresh-token: new access token, the ID Token keeps iss, sub, aud and auth_time; another client gets invalid_grant")
def refresh_token(site):
    client, other = site.client(), site.client("other")
    assert "refresh_token" in metadata(site)["grant_types_supported"]
    response, _ = again(site, client, site.browser(), scope="openid offline_access", prompt="consent")
    before, body = id_claims_of(site, client, response)
    answer = refresh(site, client, body["refresh_token"])
    fresh = token_response(answer)
    assert fresh["access_token"] != body["access_token"]
    after = Jwt(fresh["id_token"]).verify(jwks(site)).claims
    for name in ("iss", "sub", "aud", "auth_time"):
        equal(after.get(name), before.get(name), name)
    assert after.get("nonce") in (None, before.get("nonce")), after
    refused(refresh(site, other, fresh["refresh_token"]), 400, "invalid_grant")
    token_response(refresh(site, client, fresh["refresh_token"]))


@test("oidcc-ensure-request-with-valid-pkce-succeeds: S256")
def valid_pkce(site):
    assert sign_in(site, site.client()).id


@test("92, ensure-authorization-request-with-long-nonce: a nonce of 384 and of 1024 characters comes back whole or is refused")
def long_nonce(site):
    client = site.client()
    for length in (64, 384, 1024):
        nonce = "n" * length
        response, _ = again(site, client, site.browser(), nonce=nonce)
        if response.get("error") == "invalid_request":
            continue
        claims, _ = id_claims_of(site, client, response)
        equal(claims["nonce"], nonce, f"nonce of {length}")


@test("94: sub stays the same over clients and time, and a user made anew has a new one")
def stable_subject(site):
    person = site.add_person()
    one = sign_in(site, site.client(), person).id_claims["sub"]
    two = sign_in(site, site.client("other"), person).id_claims["sub"]
    equal(one, two, "sub")
    site.sql(f"DELETE FROM users WHERE email_key = '{person.email}'")
    import tempfile
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(person.password + "\n")
        file.flush()
        site.cli("user", "add", "--email", person.email, "--name", "Again", "--password-file", file.name, "--verified")
    assert sign_in(site, site.client(), person).id_claims["sub"] != one


run()
