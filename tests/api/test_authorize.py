#!/usr/bin/env python3
"""The authorization endpoint: which requests it takes, which it refuses, and where a refusal goes."""
import time
import urllib.parse

from kit import *

CALLBACK = "https://client.example/cb"


def ask(site, client, browser=None, **parameters):
    """One request without a person; the first Answer, redirects not followed."""
    return (browser or site.browser()).get(AUTHORIZE, request_of(client, **parameters))


def post_from_us(site, request):
    """The request as a form from a browser that has been here: without our cookie it would become a GET first."""
    browser = site.browser()
    browser.get(AUTHORIZE, {"client_id": request["client_id"], "redirect_uri": request["redirect_uri"], "response_type": "code", "scope": "openid"})
    assert browser.cookies, "no cookie"
    return browser.request("POST", AUTHORIZE, form=request)


def stays_here(answer, what):
    """A refusal that may not leave: 400 and no Location (decision 7)."""
    equal(answer.status, 400, f"{what}: {answer}")
    equal(answer.location, None, what)


def travels(answer, client, error, what, state=None):
    """A refusal that goes to the client."""
    response = response_of(answer, client.redirect_uri)
    assert response, f"{what}: no response for the client but {answer}"
    errors = error if isinstance(error, tuple) else (error,)
    one_of(response.get("error"), errors, what)
    assert response.get("iss"), f"{what}: no iss"
    if state is not None:
        equal(response.get("state"), state, what)
    return response


# --- what stays here ---

@test("3, T-11: an unknown, missing or disabled client is told here, never by redirect")
def bad_client(site):
    client = site.client()
    for client_id in (None, "", "nobody", client.id + "x", client.id.upper() + "X", "a b", "'", "\u00e9"):
        stays_here(ask(site, client, client_id=client_id), f"client_id {client_id!r}")
    gone = site.add_client()
    site.cli("client", "disable", gone.id)
    stays_here(ask(site, gone), "disabled client")


@test("decision 7, 2.9: a refusal that stays here is a page for a browser, which names text/html, and JSON for a program")
def refusal_by_accept(site):
    request = request_of(site.client(), client_id="nobody")
    for accept in ("text/html,*/*;q=0.8", "text/html,application/json;q=0.9"):
        page = site.web.get(AUTHORIZE, request, {"Accept": accept})
        equal((page.status, page.media_type), (400, "text/html"), accept)
    for accept in ("application/json", "*/*", "", "text/html;q=0.5,application/json", "text/html;q=0"):
        body = refused(site.web.get(AUTHORIZE, request, {"Accept": accept}), 400, "invalid_client")
        assert body["error_description"], accept
    for path in (AUTHORIZE, "/authorize"):
        refused(site.web.request("GET", path + "?client_id=nobody"), 400, "invalid_client")


ZOO = ["/", "?x", "?x=1", "#f", "%2e", "/../cb", "/..;/cb", "/%2e%2e/cb", "/./", "/.", "%00", "%0a", "\\", "/\\evil.example",
       ";x", "%3f", "%23", "%20", " ", "\t", "/sub", "%2fsub", "%252e%252e%252f", "@evil.example", ".evil.example",
       "%E2%80%AE", "%c0%ae%c0%ae/", "&x=1"]
FOREIGN = ["https://evil.example/cb", "http://client.example/cb", "HTTPS://client.example/cb", "https://CLIENT.example/cb",
           "https://client.example:443/cb", "https://client.example:8443/cb", "https://client.example./cb",
           "https://client.example/CB", "https://client.example/c%62", "https://client.example//cb", "//client.example/cb",
           "/cb", "cb", "https:client.example/cb", "https:/client.example/cb", "https:///client.example/cb",
           "https://user@client.example/cb", "https://client.example@evil.example/cb", "https://client.example:x@evil.example/cb",
           "https://a@b@client.example/cb", "https://client.example\\@evil.example/cb", "https://evil-client.example/cb",
           "https://client.example.evil.example/cb", "https://clientXexample/cb", "javascript:alert(1)//https://client.example/cb",
           "data:text/html,x", "file:///etc/passwd", "https://xn--client-.example/cb", "https://client%2eexample/cb",
           "https://[::1]/cb", "https://client.example/" + "a" * 8000, "https://client.example/..;/cb", "*", "%"]


@test("2.9, 1, T-01 T-02 T-03 T-06 T-07 T-09 T-14 T-15, abuse 17, oidcc-ensure-registered-redirect-uri: only the registered string, byte for byte")
def redirect_uri_is_exact(site):
    client = site.client()
    for uri in [CALLBACK + tail for tail in ZOO] + FOREIGN:
        stays_here(ask(site, client, redirect_uri=uri), f"redirect_uri {uri[:80]!r}")


@test("T-04: the exact rule holds for form_post as well, and for refusals")
def redirect_uri_in_every_mode(site):
    client = site.client()
    for more in ({"response_mode": "form_post"}, {"response_type": "token"}, {"prompt": "none"}, {"scope": "nonsense:x"}):
        for uri in (CALLBACK + "/", CALLBACK + "?x=1", "https://evil.example/cb"):
            stays_here(ask(site, client, redirect_uri=uri, **more), f"{more} {uri}")


@test("2, T-05, T-08: of a loopback address of a native client only the port may vary (RFC 8252 7.3)")
def loopback_port(site):
    native, web = site.client("native"), site.client()
    for uri in ("http://127.0.0.1:54321/cb", "http://127.0.0.1/cb", "http://[::1]:8080/cb"):
        answer = ask(site, native, redirect_uri=uri, verifier="v" * 43)
        assert answer.status in (200, 302, 303), f"{uri}: {answer}"
    for uri in ("http://127.0.0.1.evil/cb", "http://127.0.0.1:80.evil/cb", "http://localhost:54321/cb", "http://localhost.evil/cb",
                "http://127.0.0.2:54321/cb", "http://127.0.0.1:54321/other", "http://127.0.0.1:54321/cb?x=1", "https://127.0.0.1:54321/cb",
                "http://127.0.0.1:99999/cb", "http://127.0.0.1:/cb", "http://127.0.0.1:1:2/cb", "http://127.1:54321/cb",
                "http://0x7f000001:54321/cb", "http://127.0.0.1:5432a/cb", "http://a@127.0.0.1:54321/cb", "http://[::1]:54321/other",
                "http://[::ffff:127.0.0.1]:54321/cb", "com.example.app:/cb2"):
        stays_here(ask(site, native, redirect_uri=uri, verifier="v" * 43), uri)
    stays_here(ask(site, web, redirect_uri="http://127.0.0.1:54321/cb"), "a web client")


@test("redirect_uri: the only registered one is the default outside OpenID; two registered ones must be named (oidcc-ensure-redirect-uri-in-authorization-request)")
def redirect_uri_left_out(site):
    stays_here(ask(site, site.client("two places"), redirect_uri=None), "two registered")


@test("oidcc-redirect-uri-query-OK: a registered URI with a query keeps it, and the answer is appended")
def registered_query(site):
    client = site.client("two places")
    uri = "https://client.example/other?x=1"
    answer = ask(site, client, redirect_uri=uri, prompt="none", state="s1")
    assert answer.location.startswith(uri + "&"), answer.location
    stays_here(ask(site, client, redirect_uri="https://client.example/other?x=2"), "oidcc-redirect-uri-query-mismatch")
    stays_here(ask(site, client, redirect_uri=uri + "&y=2"), "oidcc-redirect-uri-query-added")
    stays_here(ask(site, client, redirect_uri="https://client.example/other"), "the query left out")


# --- what travels ---

@test("oidcc-response-type-missing: a missing response_type is invalid_request or unsupported_response_type")
def response_type_missing(site):
    client = site.client()
    for value in (None, ""):
        travels(ask(site, client, response_type=value, state="s"), client,
                ("invalid_request", "unsupported_response_type"), "no response_type", "s")


@test("6: implicit, hybrid and unknown response types are unsupported_response_type")
def response_types(site):
    client = site.client()
    for value in ("token", "id_token", "id_token token", "code id_token", "code token", "none", "CODE", "code code", " code", "x"):
        answer = ask(site, client, response_type=value, state="s")
        response = travels(answer, client, ("unsupported_response_type", "invalid_request"), value, "s")
        equal(response.fragment, "", value)


@test("abuse 22, T-99: a scope that nobody knows or the client may not use is invalid_scope, whatever its characters")
def scopes(site):
    client = site.client()
    for scope in ("openid nonsense:x", "openid manage_permissions", 'openid "', "openid \\", "openid \u00e9", "openid\tprofile",
                  "openid\x7f"):
        answer = post_from_us(site, request_of(client, scope=scope, state="s"))  # web servers refuse some in a query
        travels(answer, client, "invalid_scope", scope, "s")


@test("T-119: 10,000 scope words are refused at once")
def many_scopes(site):
    client = site.client()
    began = time.monotonic()
    answer = site.web.post(AUTHORIZE, request_of(client, scope="openid " + " ".join(f"a{i}" for i in range(2000))))
    one_of(answer.status, (302, 303, 400, 413), "many scopes")
    assert time.monotonic() - began < 10


@test("8, T-32, T-33: a public client without a challenge is refused, and plain for everybody")
def pkce_required(site):
    public, strict, web = site.client("public"), site.client("strict"), site.client()
    challenge = challenge_of("v" * 43)
    for client in (public, strict):
        travels(ask(site, client, state="s"), client, "invalid_request", "no challenge", "s")
        travels(ask(site, client, code_challenge="", code_challenge_method="S256"), client, "invalid_request", "empty challenge")
    for client in (public, strict, web):
        for method in ("plain", "s256", "S512", "none"):
            answer = ask(site, client, code_challenge=challenge, code_challenge_method=method)
            travels(answer, client, "invalid_request", f"method {method}")
        travels(ask(site, client, code_challenge_method="S256"), client, "invalid_request", "a method without a challenge")


@test("T-33: a challenge without a method is refused, or taken for S256; never for plain")
def method_left_out(site):
    client, verifier = site.client("public"), "v" * 43
    answer = ask(site, client, code_challenge=challenge_of(verifier), prompt="none")
    if response_of(answer, client.redirect_uri).get("error") == "invalid_request":
        return
    for challenge, status in ((challenge_of(verifier), 200), (verifier, 400)):
        code = authorize(site, client, code_challenge=challenge)["code"]
        equal(redeem(site, client, code, code_verifier=verifier).status, status, challenge)


@test("11: a challenge is 43 unreserved characters, as S256 makes them (RFC 7636 4.2)")
def challenge_form(site):
    client = site.client("public")
    for challenge in ("a" * 42, "a" * 129, "a" * 42 + "+", "a" * 42 + "/", "a" * 42 + "=", "a" * 42 + " ", "a" * 42 + "\u00e9"):
        answer = ask(site, client, code_challenge=challenge, code_challenge_method="S256")
        travels(answer, client, "invalid_request", f"challenge {challenge[-3:]!r} of {len(challenge)}")


@test("25, T-16, abuse 3: a known parameter that comes twice is refused, with the same value and with another")
def repeated_parameters(site):
    client = site.client()
    request = request_of(client, code_challenge=challenge_of("v" * 43), code_challenge_method="S256", prompt="none",
                         max_age="100", login_hint="a@b.example", response_mode="query")
    for name, value in request.items():
        for second in (value, "other"):
            answer = site.browser().get(AUTHORIZE, list(request.items()) + [(name, second)])
            if name in ("client_id", "redirect_uri"):
                stays_here(answer, f"{name} twice")
            elif name == "state" or name == "response_mode":
                assert answer.status == 400 or response_of(answer, client.redirect_uri).get("error") == "invalid_request", str(answer)
            else:
                travels(answer, client, "invalid_request", f"{name} twice")


@test("27, oidcc-ensure-request-with-unknown-parameter-succeeds: unknown parameters are ignored, even twice")
def unknown_parameters(site):
    client = site.client()
    answer = site.browser().open(AUTHORIZE, list(request_of(client).items()) + [("extra", "1"), ("extra", "2")])
    assert is_login(answer.page()), str(answer)


@test("26: an empty parameter is as good as absent")
def empty_parameters(site):
    client = site.client()
    response = authorize(site, client, state="", nonce="", login_hint="", prompt="", max_age="")
    assert response.get("code") and "state" not in response.parameters, response.parameters
    body = redeem(site, client, response["code"]).json()
    assert "nonce" not in Jwt(body["id_token"]).claims


@test("2.9, 13, abuse 18: state comes back whole whatever it holds, and is never markup in a page")
def state_is_opaque(site):
    client = site.client()
    for state in ('"><script>alert(1)</script>', "\u00e4\u6f22\U0001f600", "a b+c%20d&e=f", "x\r\nSet-Cookie: a=b", "%00", "s" * 2048, "{{x}}", "'; --"):
        for mode in ("query", "form_post"):
            answer = post_from_us(site, request_of(client, state=state, prompt="none", response_mode=mode))
            response = travels(answer, client, "login_required", f"state {state[:20]!r}", None)
            seen = response.get("state")
            if mode == "form_post":  # a browser normalises line ends in a form
                seen, state_seen = seen.replace("\r\n", "\n"), state.replace("\r\n", "\n")
            else:
                state_seen = state
            equal(seen, state_seen, f"state by {mode}")
            assert "<script>alert" not in answer.text and not answer.header("a"), mode
            assert all("a=b" not in line for line in answer.all_headers("Set-Cookie"))


@test("28: a POST that brings none of our cookies becomes the GET that brings them, and nothing of it is lost")
def post_becomes_get(site):
    client = site.client()
    request = request_of(client, state="a b&c=d", prompt="none")
    answer = site.web.post(AUTHORIZE, request)
    equal(answer.status, 303, str(answer))
    travels(site.web.get(answer.location), client, "login_required", "as a GET", "a b&c=d")


@test("12: every answer to the client carries iss, a refusal as well (RFC 9207)")
def iss_always(site):
    client = site.client()
    for more in ({"prompt": "none"}, {"response_type": "token"}, {"scope": "nonsense:x"}, {"request": "x"}, {"prompt": "none login"}):
        response = response_of(ask(site, client, **more), client.redirect_uri)
        equal(response.get("iss"), site.url, str(more))


@test("28: other verbs than GET and POST are 405 with Allow")
def methods(site):
    for method in ("PUT", "PATCH", "DELETE", "PROPFIND"):
        answer = site.web.request(method, AUTHORIZE, body="a=b")
        equal(answer.status, 405, method)
        assert {"GET", "POST"} <= set((answer.header("Allow") or "").replace(" ", "").split(",")), answer.headers


@test("abuse 4: at a POST the query's parameters don't count")
def post_with_query(site):
    client = site.client()
    request = request_of(client)
    answer = site.web.post(with_client_in_query(client), {k: v for k, v in request.items() if k != "client_id"})
    equal(answer.status, 400, str(answer))


def with_client_in_query(client):
    return AUTHORIZE + "?client_id=" + urllib.parse.quote(client.id)


@test("29: prompt=none with another prompt, and unknown prompts, are invalid_request")
def prompts(site):
    client = site.client()
    for prompt in ("none login", "login none", "none consent", "none select_account", "none none login"):
        travels(ask(site, client, prompt=prompt), client, "invalid_request", prompt)


@test("30, abuse 29: max_age must be a number that is not negative; a huge one does no harm")
def max_age_form(site):
    client = site.client()
    for value in ("-1", "x", "1.5", "1e3", "0x10", " 1", "99999999999999999999999999", "+5"):
        answer = ask(site, client, max_age=value, prompt="none")
        travels(answer, client, "invalid_request", f"max_age {value!r}")
    travels(ask(site, client, max_age="99999999999", prompt="none"), client, ("login_required", "invalid_request"), "huge")


@test("31, 32: fragment and unknown response modes are refused for code")
def response_modes(site):
    client = site.client()
    for mode in ("x", "query.jwt", "form_post.jwt", "web_message"):
        answer = ask(site, client, response_mode=mode)
        assert answer.status == 400 or response_of(answer, client.redirect_uri).get("error") == "invalid_request", f"{mode}: {answer}"


@test("33, T-51: request, request_uri and registration are refused with their own words, and nothing is fetched")
def request_objects(site):
    client = site.client()
    for name, value, error in (("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"),
                               ("request_uri", "https://127.0.0.1:1/x", "request_uri_not_supported"),
                               ("request_uri", "urn:ietf:params:oauth:request_uri:x", "request_uri_not_supported"),
                               ("registration", "{}", "registration_not_supported")):
        travels(ask(site, client, **{name: value}), client, error, name)
    response = travels(ask(site, client, request="x", request_uri="https://a.example/"), client,
                       ("invalid_request", "request_not_supported", "request_uri_not_supported"), "both")
    assert response


@test("36: claims that is no JSON object, or too deep, never ends in a 500")
def claims_parameter(site):
    client = site.client()
    for value in ("x", "[]", "null", "1", '"a"', "{", "[" * 10000, '{"a":' * 200 + "1" + "}" * 200):
        answer = site.web.post(AUTHORIZE, request_of(client, claims=value))
        assert answer.status < 500, f"claims {value[:20]}: {answer}"


@test("37: a foreign, unsigned or broken id_token_hint is refused or ignored, never a 500, and tells nothing")
def id_token_hints(site):
    from jose import foreign, unsigned
    client = site.client()
    claims = {"iss": site.url, "aud": client.id, "sub": "x", "exp": time.time() + 60, "iat": time.time()}
    for hint in (foreign(claims, kid="x"), unsigned(claims), "x", "a.b.c", "." * 50, "e30.e30."):
        response = response_of(ask(site, client, id_token_hint=hint, prompt="none"), client.redirect_uri)
        one_of(response.get("error"), ("login_required", "invalid_request"), hint[:20])


@test("16: no CORS headers on the authorization endpoint, for any origin")
def no_cors(site):
    for origin in ("https://evil.example", "null", site.url):
        answer = site.web.get(AUTHORIZE, request_of(site.client()), {"Origin": origin})
        equal(answer.header("Access-Control-Allow-Origin"), None, origin)


@test("root alias: /authorize serves the same")
def alias(site):
    client = site.client()
    answer = site.browser().get("/authorize", request_of(client, prompt="none", state="s"))
    travels(answer, client, "login_required", "/authorize", "s")


@test("68: prompt=none never adds offline_access newly")
def offline_needs_consent(site):
    client = site.add_client()
    browser = signed_in(site, client=client)
    answer = browser.get(AUTHORIZE, request_of(client, scope="openid offline_access", prompt="none"))
    travels(answer, client, ("consent_required", "interaction_required"), "offline_access")


@test("abuse 7: hints of any length are passed over, escaped as they may be, and never end in an error of ours")
def long_hints(site):
    import urllib.parse
    browser = site.browser()
    browser.get("/login")  # the cookie: what follows is a form of this browser's
    for hint in (b"\x01" * 12000, b"%22" * 4000):
        for name in (b"login_hint", b"ui_locales"):
            request = urllib.parse.urlencode(request_of(site.client())).encode() + b"&" + name + b"=" + hint
            answer = browser.request("POST", AUTHORIZE, body=request,
                                     headers={"Content-Type": "application/x-www-form-urlencoded"})
            equal(answer.status, 303, f"{name} of {len(hint)} bytes: {answer}")
            assert is_login(browser.open(answer.location).page()), "no login page"


@test("14: no redirect after a POST is a 307")
def no_307(site):
    client = site.client()
    answer = site.web.post(AUTHORIZE, request_of(client, prompt="none"))
    one_of(answer.status, (302, 303), "status")


@test("abuse 1, 2, 5: half-encoded, NUL and broken UTF-8 parameters are refused, not guessed at")
def broken_encodings(site):
    client = site.client()
    query = urllib.parse.urlencode(request_of(client, state=None, prompt="none"))
    for value in ("%", "%z", "%zz", "%u0041", "%00", "a%00b", "%c0%af", "%ed%a0%80", "%e2%82", "%ff", "%f8%88%80%80%80"):
        for name in ("state", "login_hint", "extra"):
            answer = site.web.raw_request("GET", f"{AUTHORIZE}?{query}&{name}={value}")
            equal(answer.status, 400, f"{name}={value}")
            equal(answer.location, None, f"{name}={value}")


run()
