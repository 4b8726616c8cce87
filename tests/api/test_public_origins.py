#!/usr/bin/env python3
"""Who may call the family "public", and whose scripts may read its answers: CORS, Origin and Sec-Fetch-Site as tables;
methods, media types and bodies that aren't objects."""
from kit import *
from script import *

LISTED, SECOND, EVIL = "https://app.example", "https://two.example", "https://evil.example"
METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
SIGNS_IN = ["register", "login", "request-magic-link", "verify-pin", "forgot-password", "reset-password", "verify-email", "resend-verification"]
CHANGES = [("POST", "change-password"), ("POST", "change-email"), ("PATCH", "profile"), ("DELETE", "account"),
           ("DELETE", "account/unlink/google"), ("DELETE", "authorizations/x"), ("DELETE", "sessions/x")]
READS = ["session", VALIDATE, "authorizations", "sessions"]


def cors(answer, origin, credentials, what):
    equal(answer.header("Access-Control-Allow-Origin"), origin, f"{what}: Access-Control-Allow-Origin")
    equal(answer.header("Access-Control-Allow-Credentials"), "true" if credentials else None, f"{what}: Access-Control-Allow-Credentials")
    assert "Origin" in (answer.header("Vary") or ""), f"{what}: Vary is {answer.header('Vary')}"


def every_row():
    return [("POST", path) for path in [*SIGNS_IN, "logout"]] + CHANGES + [("GET", path) for path in READS]


@test("CORS: a listed origin may read with cookies, at every endpoint; any other learns the first that is listed; refusals too")
def cors_headers(site):
    script = Script(site)
    for method, path in every_row():
        for origin, allowed, credentials in ((LISTED, LISTED, True), (SECOND, SECOND, True), (EVIL, LISTED, False), ("null", LISTED, False)):
            answer = script.call(method, path, {} if method in ("POST", "PATCH") else None, origin=origin)
            cors(answer, allowed, credentials, f"{method} {path} from {origin}: {answer.status}")
    cors(script.get("session"), LISTED, False, "without Origin")


@test("CORS: a preflight is 204 with the methods and headers, and does nothing")
def preflight(site):
    script = Script(site)
    for _, path in every_row():
        for origin, allowed, credentials in ((LISTED, LISTED, True), (EVIL, LISTED, False)):
            answer = script.call("OPTIONS", path, origin=origin, Access_Control_Request_Method="POST")
            equal((answer.status, answer.body), (204, b""), path)
            cors(answer, allowed, credentials, f"OPTIONS {path}")
            equal(answer.header("Access-Control-Allow-Methods"), METHODS, path)
            equal(answer.header("Access-Control-Allow-Headers"), "Content-Type, Authorization", path)


# origin, referer, site; whether what signs in lets it pass; whether what changes something by the cookie does
TABLE = [
    (None, None, None, True, False), ("own", None, None, True, True), (LISTED, None, None, True, True),
    ("own", None, "same-origin", True, True), (LISTED, None, "cross-site", True, True), (None, "own/login", None, True, True),
    (None, None, "same-origin", True, False), (None, None, "none", True, False), (None, None, "same-site", False, False),
    (None, None, "cross-site", False, False), ("own", None, "cross-site", False, False), ("null", None, None, False, False),
    ("null", None, "same-origin", False, False), (EVIL, None, None, False, False), (None, EVIL + "/", None, False, False),
    (EVIL, "own/", None, False, False), (LISTED + ".evil.example", None, None, False, False), (LISTED + "/", None, None, False, False),
    ("http://app.example", None, None, False, False), (LISTED + ":443", None, None, False, False), ("*", None, None, False, False),
]


@test("T-125, security 115, 116: Origin, Referer and Sec-Fetch-Site as a table: refused is 403, before anything is done")
def origins(site):
    person = site.add_person()
    script = Script(site).sign_in(person)
    for origin, referer, fetch_site, signs_in, changes in TABLE:
        origin = site.url if origin == "own" else origin
        headers = {"Referer": referer and referer.replace("own", site.url), "Sec_Fetch_Site": fetch_site}
        headers = {name: value for name, value in headers.items() if value}
        what = f"{origin} {headers}"
        answer = script.call("POST", "login", {"email": person.email}, origin=origin, **headers)
        equal(answer.error, "Password is required" if signs_in else "Request origin not allowed", what)
        answer = script.call("PATCH", "profile", {}, origin=origin, **headers)
        equal(answer.error, "Missing required fields" if changes else "Request origin not allowed", what)
        equal(answer.status, 400 if changes else 403, what)
        said(script.get("session", **headers), 200)  # reading changes nothing, and CORS keeps others out


@test("security 115: from another site nothing that needs the cookie is done, at any endpoint")
def foreign_changes(site):
    script = Script(site).sign_in(site.add_person())
    before = checksums(site)
    for method, path in [*CHANGES, ("POST", "logout")]:
        for origin in (EVIL, "null", None):
            answer = script.call(method, path, {"name": "Mallory"} if method != "DELETE" else None, origin=origin)
            refusal(answer, 403, "Request origin not allowed")
    equal(checksums(site), before, "tables")


@test("every endpoint that needs a session is 401 without one")
def without_session(site):
    script = Script(site)
    for method, path in CHANGES:
        refusal(script.call(method, path, {"name": "x"} if method != "DELETE" else None), 401, "Unauthorized")
    for path in ("authorizations", "sessions"):
        refusal(script.get(path), 401, "Unauthorized")


@test("a wrong method is 405 with Allow and the contract's body")
def methods(site):
    script = Script(site)
    for method, path in every_row():
        if path in ("authorizations", "sessions"):
            continue
        for wrong in ("PUT", "DELETE" if method != "DELETE" else "POST"):
            answer = script.call(wrong, path)
            equal((answer.status, answer.json()), (405, {"error": "Method not allowed"}), f"{wrong} {path}")
            assert method in answer.header("Allow"), f"{wrong} {path}: {answer.headers}"


@test("a body that is no JSON is 415; T-125: JSON that is no object, or broken, is 400 everywhere")
def bodies(site):
    script = Script(site).sign_in(site.add_person())
    targets = [("POST", path) for path in [*SIGNS_IN, "logout"]] + [row for row in CHANGES if row[0] != "DELETE"]
    cookie = {"Cookie": f"public-session={script.session}", "Origin": site.url}
    for method, path in targets:
        for media in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data", "application/jsonx"):
            answer = site.web.request(method, PUBLIC + path, body='{"email":"x"}', headers={**cookie, "Content-Type": media})
            refusal(answer, 415, "Unsupported media type")
        for body in ("[]", '"x"', "null", "5", "true", "{", '{"a":1,"a":2}', '{"a":"\\u0000"}', '{"email":' + "[" * 40 + "]" * 40 + "}", "[,,]", '{"x":NaN}'):
            answer = site.web.request(method, PUBLIC + path, body=body, headers={**cookie, "Content-Type": "application/json"})
            refusal(answer, 400, "Invalid request")
        answer = site.web.request(method, PUBLIC + path, body='{"x":"' + "a" * 20000 + '"}', headers={**cookie, "Content-Type": "application/json"})
        refusal(answer, 413, "Payload too large")
    said(script.get("session"), 200)


@test("a path below that nobody has is 404 in JSON; an id that is no id too")
def unknown(site):
    script = Script(site).sign_in(site.add_person())
    equal(script.get("nothing").status, 404, "nothing")
    for path in ("authorizations/x", "sessions/x", "sessions/00000000-0000-0000-0000-000000000000", "account/unlink/google",
                 "authorizations/00000000-0000-0000-0000-000000000000", "account/unlink/' OR 1=1"):
        refusal(script.call("DELETE", path.replace(" ", "%20").replace("'", "%27")), 404, "Not found")


run(settings={"cors_origins": f"{LISTED} {SECOND}"})
