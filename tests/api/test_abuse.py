#!/usr/bin/env python3
"""Bad input at every endpoint: a well-formed refusal in bounded time, never a crash, a hang or a 500."""
import json
import time

from kit import *

ENDPOINTS = [("GET", "/.well-known/openid-configuration"), ("GET", "/.well-known/jwks.json"), ("GET", AUTHORIZE), ("POST", AUTHORIZE),
             ("POST", TOKEN), ("GET", USERINFO), ("POST", USERINFO), ("POST", REVOKE), ("POST", INTROSPECT), ("GET", LOGOUT),
             ("POST", LOGOUT), ("GET", "/login"), ("POST", "/login"), ("GET", "/register"), ("POST", "/register"),
             ("GET", "/oauth/consent"), ("POST", "/oauth/consent"), ("GET", "/healthz"), ("GET", "/nowhere"),
             ("GET", "/api/public/session"), ("POST", "/api/public/login"), ("POST", "/api/public/register"), ("POST", "/api/public/verify-pin"),
             ("GET", "/api/sso/validate")]
JSON_ENDPOINTS = (TOKEN, REVOKE, INTROSPECT)
BOUND_S = 10  # what takes long takes longer, also where machines are slow
FORM = [("Content-Type", "application/x-www-form-urlencoded")]


def fine(answer, what, began=None):
    assert 200 <= answer.status < 500, f"{what}: {answer}"
    if began is not None:
        assert time.monotonic() - began < BOUND_S, f"{what}: took {time.monotonic() - began:.1f} s"


@test("1, 2, 5: half-encoded, NUL and broken UTF-8 in query and form are refused at every endpoint")
def broken_encodings(site):
    for method, path in ENDPOINTS:
        for value in ("%", "%z", "%00", "a%00b", "%c0%af", "%ed%a0%80", "%ff"):
            if method == "GET":
                answer = site.web.raw_request("GET", f"{path}?x={value}")
            else:
                answer = site.web.raw_request("POST", path, FORM, f"x={value}")
            fine(answer, f"{method} {path} {value}")
            if path in (AUTHORIZE, TOKEN, REVOKE, INTROSPECT):
                one_of(answer.status, (400, 401), f"{method} {path} {value}")


@test("2: NUL, encoded or as \\u0000, is refused in paths, cookies and JSON")
def nul(site):
    for path in ("/login%00", "/%00", "/api/oauth/token%00.json"):
        one_of(site.web.raw_request("GET", path).status, (400, 404), path)
    fine(site.web.get("/login", headers={"Cookie": "public-session=%00"}), "cookie")
    client = site.client("post")
    for member in ("token", "client_id", "client_secret", "extra"):
        words = {"token": "x", "client_id": client.id, "client_secret": client.secret, "extra": "y"}
        words[member] = words[member][:4] + "\x00" + words[member][4:]
        one_of(site.web.request("POST", INTROSPECT, data=words).status, (400, 401), member)


@test("6: headers of 1 MiB and 100 headers get 4xx, and the next request works")
def big_headers(site):
    for headers in ([("X-Big", "a" * (1 << 20))], [(f"X-{i}", "a") for i in range(100)], [("Cookie", "a=" + "b" * (1 << 20))],
                    [("Cookie", "a=" + "b" * 7000)], [("Authorization", "Bearer " + "a" * 7000)]):
        try:
            answer = site.web.raw_request("GET", USERINFO, headers)
        except (ConnectionError, AssertionError):
            continue  # the web server may close on us
        assert 400 <= answer.status < 500, f"{headers[0][0]}: {answer}"
    equal(site.web.get("/healthz").status, 200, "afterwards")


@test("7: a query of 1 MiB, 10,000 parameters and a name of 64 KiB are refused in bounded time")
def big_queries(site):
    for query in ("x=" + "a" * (1 << 20), "&".join(f"p{i}=1" for i in range(10000)), "a" * 65536 + "=1"):
        began = time.monotonic()
        try:
            answer = site.web.raw_request("GET", AUTHORIZE + "?" + query)
        except (ConnectionError, AssertionError):
            continue
        one_of(answer.status, (400, 413, 414, 431), f"query of {len(query)}")
        assert time.monotonic() - began < BOUND_S
    for body in ("&".join(f"p{i}=1" for i in range(3000)), "&" * 10000, "=" * 10000, "a&" * 1000):
        began = time.monotonic()
        answer = site.web.raw_request("POST", TOKEN, FORM, body)
        one_of(answer.status, (400, 401, 413), f"body of {len(body)}")
        assert time.monotonic() - began < BOUND_S


@test("8, 84: a body over the limit is 413; a length that is wrong, negative or no number never hangs")
def big_bodies(site):
    for path in (TOKEN, REVOKE, INTROSPECT, AUTHORIZE):
        equal(site.web.raw_request("POST", path, FORM, "x=" + "a" * 20000).status, 413, path)
        text = f"POST {path} HTTP/1.1\r\nHost: {site.web.host}\r\nConnection: close\r\nContent-Length: {1 << 20}\r\n\r\n"
        answer = site.web.raw(text + "a" * (1 << 20))
        assert not answer or answer.split()[1] == b"413", f"{path}: {answer[:100]}"
    for length in ("-1", "x", "1e3", "99999999999999999999", "0x10", "+5", " "):
        text = f"POST {TOKEN} HTTP/1.1\r\nHost: {site.web.host}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\ngrant_type=x"
        began = time.monotonic()
        answer = site.web.raw(text, timeout=30)
        assert not answer or answer.split()[1][:1] == b"4", f"length {length}: {answer[:100]}"
        assert time.monotonic() - began < 30


@test("9: a chunked body works or is refused; a gzip body is refused")
def chunked(site):
    client = site.client()
    text = (f"POST {TOKEN} HTTP/1.1\r\nHost: {site.web.host}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Authorization: {client.headers()['Authorization']}\r\nTransfer-Encoding: chunked\r\n\r\n"
            "1d\r\ngrant_type=client_credentials\r\n0\r\n\r\n")
    answer = site.web.raw(text, timeout=30)
    assert b" 200 " in answer[:20] or answer[9:10] == b"4", answer[:200]
    answer = site.web.raw_request("POST", TOKEN, FORM + [("Content-Encoding", "gzip")], "\x1f\x8b\x08")
    assert 400 <= answer.status < 500, str(answer)


@test("10: a wrong content type is 415 or 400 on every endpoint that takes a body")
def content_types(site):
    for method, path in ENDPOINTS:
        if method != "POST" or path == USERINFO:
            continue
        for kind in ("text/plain", "multipart/form-data; boundary=x", "application/xml", "application/json;x", "x", "application/x-www-form-urlencoded2"):
            answer = site.web.raw_request("POST", path, [("Content-Type", kind)], "a=b")
            one_of(answer.status, (400, 401, 403, 415), f"{path} {kind}")


@test("11: the method matrix: 405 with Allow, never a 500")
def methods(site):
    known = {}
    for method, path in ENDPOINTS:
        known.setdefault(path, set()).add(method)
    for path, allowed in known.items():
        for method in ("PUT", "PATCH", "DELETE", "PROPFIND", "get", "PROPFIND"):
            answer = site.web.raw_request(method, path)
            if path == "/nowhere":
                one_of(answer.status, (404, 405, 400, 501), f"{method} {path}")
            else:
                one_of(answer.status, (405, 400, 501), f"{method} {path}")
                assert answer.status != 405 or answer.header("Allow"), f"{method} {path} without Allow"
        fine(site.web.raw_request("HEAD", path), f"HEAD {path}")


DEEP = '{"a":' * 10000 + "1" + "}" * 10000


@test("12, T-125: JSON bodies that are deep, huge, doubled, trailing, not an object or no JSON are 400")
def odd_json(site):
    for path in JSON_ENDPOINTS:
        for body in (DEEP[:15000], "[" * 10000, '{"a":1e999}', '{"a":' + "9" * 10000 + "}", '{"token":"a","token":"b"}', '{"token":"a"} x', "\ufeff{}",
                     '{"a":NaN}', '{"a":Infinity}', "[]", '"x"', "null", "1", "true", "", "{", '{"a"', "{'a':1}", '{"a":1,}', "//x\n{}", "/*x*/{}", '{"a":"\ud800"}'.encode("utf-8", "surrogatepass").decode("latin-1"),
                     '{"token":"\\ud800"}'):
            began = time.monotonic()
            answer = site.web.raw_request("POST", path, [("Content-Type", "application/json")], body)
            one_of(answer.status, (400, 401), f"{path} {body[:30]}: {answer}")
            assert answer.error in ("invalid_request", "invalid_client"), f"{path} {body[:30]}: {answer}"
            assert time.monotonic() - began < BOUND_S


@test("13: another JSON type where a string belongs is 400, member by member")
def json_types(site):
    client = site.client("post")
    good = {"grant_type": "client_credentials", "client_id": client.id, "client_secret": client.secret, "scope": "read:things"}
    token_response(site.web.request("POST", TOKEN, data=good))
    for member in good:
        for value in (1, 1.5, {}, [], [good[member]], {"a": "b"}, True, False):
            answer = site.web.request("POST", TOKEN, data={**good, member: value})
            refused(answer, (400, 401), ("invalid_request", "invalid_client"))


@test("18, T-62: CR and LF in state, scope, User-Agent and Referer split no header and no log line")
def header_splitting(site):
    client = site.client()
    before = len(site.log().splitlines())
    for name in ("state", "scope", "login_hint", "nonce", "extra"):
        answer = site.browser().get(AUTHORIZE, request_of(client, prompt="none", **{name: "x\r\nX-Split: 1\r\n\r\nforged"}))
        assert answer.header("X-Split") is None, f"{name}: {answer.headers}"
    site.web.get("/healthz", headers={"User-Agent": "a\tforged line", "Referer": "x"})
    assert not [line for line in site.log().splitlines()[before:] if line.startswith(("forged", "X-Split"))]


@test("abuse 19, T-77, T-115, security 124: forwarded and host-like headers change nothing: not the issuer, not the links, not the transport")
def forwarded_headers(site):
    client = site.client()
    for name, value in (("X-Forwarded-Host", "evil.example"), ("X-Forwarded-For", "1.2.3.4, x, ,,;"), ("X-Forwarded-Proto", "http"), ("Forwarded", "for=\"[::1\";host=evil.example;proto=http"),
                        ("X-Real-IP", "not an address"), ("Proxy", "http://evil.example"), ("X-Original-URL", "/healthz"), ("X-Rewrite-URL", "/healthz"),
                        ("X-HTTP-Method-Override", "DELETE"), ("HTTPS", "off"), ("X-Forwarded-Ssl", "off"), ("Front-End-Https", "off"),
                        ("Remote-User", "admin"), ("X-Forwarded-User", "admin"), ("SSL-Client-Cert", "x"), ("X-Forwarded-For", "a" * 5000)):
        answer = site.web.get(AUTHORIZE, request_of(client, prompt="none", state="s"), {name: value})
        response = response_of(answer, client.redirect_uri)
        assert response and response.get("iss") == site.url and response.get("error") == "login_required", f"{name}: {answer}"
        assert "evil.example" not in str(answer.headers) + answer.text, name


@test("T-114, 20: path look-alikes of the token endpoint are 404 or 400, never the endpoint")
def path_confusions(site):
    client = site.client()
    headers = FORM + [("Authorization", client.headers()["Authorization"])]
    for path in ("//api/oauth/token", "/api/oauth/token/", "/api/oauth/token%2f", "/./api/oauth/token", "/api/oauth/token;x", "/api/oauth/../oauth/token",
                 "/api/oauth//token", "/API/oauth/token", "/api/oauth/%74oken%20", "/api\\oauth\\token", "/api/oauth/token%3f", "/api/oauth/token.json", "/api%2foauth%2ftoken"):
        answer = site.web.raw_request("POST", path, headers, "grant_type=client_credentials")
        one_of(answer.status, (400, 404), path)


@test("21: SQL, template, shell and path characters are data in every field")
def metacharacters(site):
    client = site.client("post")
    for text in ("'", "' OR '1'='1", "%_", "{{client_id}}", "{{{x}}}", "${jndi:x}", "../../etc/passwd", "`id`", "$(id)", "\\", "1;DROP TABLE users", "*)(uid=*"):
        refused(post_token(site, client, grant_type="client_credentials", client_id=text), 401, "invalid_client")
        refused(post_token(site, client, grant_type="authorization_code", code=text, redirect_uri=text), 400, "invalid_grant")
        refused(post_token(site, client, grant_type="refresh_token", refresh_token=text), 400, "invalid_grant")
        equal(introspect(site, client, text).json(), {"active": False}, text)
        equal(site.browser().get(AUTHORIZE, request_of(client, client_id=text)).status, 400, text)


@test("22: scope with quotes, backslashes, 10,000 and repeated words")
def scopes(site):
    machine = site.client("machine")
    for scope in ('read:things"', "read:things\\", "re\u00e4d", " ".join(["read:things"] * 500), "x" * 5000):
        answer = client_credentials(site, machine, scope=scope)
        assert answer.status == 200 and answer.json()["scope"] == "read:things" or answer.status in (400, 413), f"{scope[:20]}: {answer}"


@test("30: an odd Accept never ends in an error")
def accept(site):
    for value in ("", "*/*;q=0", "x", "text/html;q=x", "," * 500, "application/json;q=0.1,text/html", "a/b" * 1000):
        fine(site.web.get("/.well-known/openid-configuration", headers={"Accept": value}), value[:20])
        answer = site.web.get(AUTHORIZE, {"client_id": "nobody"}, {"Accept": value})
        equal(answer.status, 400, value[:20])


@test("T-126: an answer is written once: no second body behind an error")
def one_body(site):
    for method, path in ENDPOINTS:
        data = site.web.raw(f"{method} {path} HTTP/1.1\r\nHost: {site.web.host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        equal(data.count(b"HTTP/1.1 "), 1, f"{method} {path}")


@test("46 of security, 11: TRACE shows nothing back")
def trace(site):
    answer = site.web.raw_request("TRACE", TOKEN, [("Cookie", "public-session=canary")])
    assert answer.status >= 400 and "canary" not in answer.text, str(answer)


run()
