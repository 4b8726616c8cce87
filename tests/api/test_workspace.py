#!/usr/bin/env python3
"""The workspace API (workspace-auth 5.1 to 5.4): /v1/auth/*, where the server itself is the client."""
import json
import secrets
import urllib.parse
import uuid

from kit import *
from together import at_once
from workspaces import *

NOBODY = {"Host": "nobody.example"}


def four_fields(body):
    equal(set(body), {"access_token", "refresh_token", "token_type", "expires_in"}, "members")
    equal((body["token_type"], body["expires_in"]), ("Bearer", 3600), "type and life")
    return body


_kept = {}


def shared(site, name="main", **settings):
    if name not in _kept:
        _kept[name] = Workspace(site, **settings)
    return _kept[name]


# --- which workspace ---


@test("404 SW_TENANT_NOT_FOUND while there is no workspace, for every endpoint that needs one")
def none_yet(site):
    for method, path, form in (("GET", "config", None), ("GET", "start", None), ("GET", "login?code=x", None), ("POST", "login", {"code": "x"}),
                               ("POST", "refresh", {"refresh_token": "x"}), ("POST", "token", {"grant_type": "password"})):
        answer = site.web.request(method, BASE + path, form=form)
        failed(answer, 404, "SW_TENANT_NOT_FOUND")
    token = sign_in(site, site.client(), scope="openid").access
    answer = site.web.post(BASE + "register", headers={"Authorization": f"Bearer {token}"})
    failed(answer, 404, "SW_TENANT_NOT_FOUND")


@test("the only workspace there is needs no host name and no client_id; config asks for no credentials")
def only_one(site):
    only = Workspace(site, host=False)
    body = data(site.web.get(BASE + "config"))
    equal(set(body), {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "scopes_supported", "redirect_uri",
                      "client_id"}, "members")
    discovery = metadata(site)
    for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"):
        equal(body[name], discovery[name], name)
    equal((body["client_id"], body["redirect_uri"]), (only.client.id, CALLBACK), "client and redirect_uri")
    equal(body["scopes_supported"], only.client.metadata["scope"].split(), "scopes")
    only.change(redirect_uri=None)
    equal(data(site.web.get(BASE + "config"))["redirect_uri"], site.url + "/v1/auth/login", "redirect_uri by default")
    only.change(redirect_uri=CALLBACK)
    four_fields(data(site.web.post(BASE + "login", {"code": only.code()})))
    equal(site.web.get(BASE + "config", headers=NOBODY).status, 200, "a host that nobody has set")
    _kept["first"] = only


@test("of several, the host name decides, else client_id, code or refresh token; none of them: 404")
def several(site):
    one, other = shared(site), shared(site, "other")
    first = _kept["first"]
    equal(data(one.call("GET", "config"))["client_id"], one.client.id, "by host")
    equal(data(one.call("GET", "config", headers={"Host": one.host.upper() + ":8443"}))["client_id"], one.client.id, "by host and port")
    equal(data(other.call("GET", "config"))["client_id"], other.client.id, "by another host")
    equal(data(site.web.get(BASE + "config", {"client_id": other.client.id}, headers=NOBODY))["client_id"], other.client.id, "by client_id")
    failed(site.web.get(BASE + "config", headers=NOBODY), 404, "SW_TENANT_NOT_FOUND")
    failed(site.web.get(BASE + "config", {"client_id": "nobody"}, headers=NOBODY), 404, "SW_TENANT_NOT_FOUND")
    failed(site.web.get(BASE + "config", {"client_id": site.client().id}, headers=NOBODY), 404, "SW_TENANT_NOT_FOUND")
    body = four_fields(data(site.web.post(BASE + "login", {"code": first.code()})))
    equal(Jwt(body["access_token"]).claims["tenant_id"], first.service, "by code")
    body = data(site.web.post(BASE + "refresh", {"refresh_token": body["refresh_token"]}))
    equal(Jwt(body["access_token"]).claims["tenant_id"], first.service, "by refresh token")
    failed(site.web.post(BASE + "login", {"code": "dwc_nonsense"}), 404, "SW_TENANT_NOT_FOUND")


@test("a code and a refresh token of one workspace are worth nothing at another's host")
def foreign_code(site):
    one, other = shared(site), shared(site, "other")
    failed(other.post("login", {"code": one.code()}), 400, "SW_AUTH_OIDC_FAILED")
    body = one.login()
    failed(other.post("refresh", {"refresh_token": body["refresh_token"]}), 401, "SW_AUTH_INVALID_TOKEN")
    data(one.post("refresh", {"refresh_token": body["refresh_token"]}))


@test("a disabled client or service has no workspace")
def disabled(site):
    own = Workspace(site)
    token = own.login()["access_token"]
    site.cli("client", "disable", own.client.id)
    failed(own.call("GET", "config"), 404, "SW_TENANT_NOT_FOUND")
    failed(own.register(token), 401, "SW_AUTH_INVALID_TOKEN")
    site.cli("client", "enable", own.client.id)
    data(own.call("GET", "config"))
    site.cli("service", "disable", own.service)
    failed(own.call("GET", "config"), 404, "SW_TENANT_NOT_FOUND")


# --- login ---


@test("login: the code as form, as query and as JSON; the four fields; the access token names the tenant")
def login(site):
    own, person = shared(site), site.add_person()
    for send in (lambda code: own.post("login", {"code": code}),
                 lambda code: own.call("POST", "login?" + urllib.parse.urlencode({"code": code})),
                 lambda code: own.post("login?" + urllib.parse.urlencode({"code": code}), {}),
                 lambda code: own.call("POST", "login", data={"code": code})):
        body = four_fields(data(send(own.code(person))))
        claims = Jwt(body["access_token"]).verify(jwks(site)).claims
        equal((claims["tenant_id"], claims["client_id"], claims["sub"], claims["iss"]), (own.service, own.client.id, person.id, site.url), "claims")
    equal(userinfo(site, body["access_token"]).json()["sub"], person.id, "userinfo")


@test("login: a code that was used, is unknown, missing, expired or came twice is SW_AUTH_OIDC_FAILED; reuse ends its tokens")
def bad_codes(site):
    own = shared(site)
    code = own.code()
    body = data(own.post("login", {"code": code}))
    failed(own.post("login", {"code": code}), 400, "SW_AUTH_OIDC_FAILED")
    failed(own.register(body["access_token"]), 401, "SW_AUTH_INVALID_TOKEN")
    failed(own.post("refresh", {"refresh_token": body["refresh_token"]}), 401, "SW_AUTH_INVALID_TOKEN")
    for form in ({"code": "dwc_nonsense"}, {"code": ""}, {}, {"state": "x"}, {"code": "a" * 3000}):
        failed(own.post("login", form), 400, "SW_AUTH_OIDC_FAILED")
    failed(own.call("POST", "login"), 400, "SW_AUTH_OIDC_FAILED")
    code = own.code()
    failed(own.post("login?" + urllib.parse.urlencode({"code": code}), {"code": code}), 400, "SW_AUTH_OIDC_FAILED")
    site.sql("UPDATE authorizations SET code_expires_at = UNIX_TIMESTAMP() - 1 WHERE redeemed_at = 0")
    failed(own.post("login", {"code": code}), 400, "SW_AUTH_OIDC_FAILED")


@test("login: redirect_uri is optional and must be the configured one; a wrong one doesn't cost the code")
def redirects(site):
    own = shared(site)
    code = own.code()
    for wrong in (CALLBACK + "/", own.login_url, "https://evil.example/cb", "x"):
        failed(own.post("login", {"code": code, "redirect_uri": wrong}), 400, "SW_AUTH_REDIRECT_MISMATCH")
    data(own.post("login", {"code": code, "redirect_uri": CALLBACK}))
    answer = authorize(own.site, own.client, scope=SCOPE, redirect_uri=CALLBACK)
    failed(own.change(redirect_uri=None).post("login", {"code": answer["code"]}), 400, "SW_AUTH_OIDC_FAILED")
    own.change(redirect_uri=CALLBACK)


@test("login: code_verifier must fit a challenge, and must not come without one")
def verifiers(site):
    own, verifier = shared(site), secrets.token_urlsafe(48)
    failed(own.post("login", {"code": own.code(verifier=verifier)}), 400, "SW_AUTH_OIDC_FAILED")
    failed(own.post("login", {"code": own.code(verifier=verifier), "code_verifier": verifier[::-1]}), 400, "SW_AUTH_OIDC_FAILED")
    failed(own.post("login", {"code": own.code(), "code_verifier": verifier}), 400, "SW_AUTH_OIDC_FAILED")
    data(own.post("login", {"code": own.code(verifier=verifier), "code_verifier": verifier, "state": "anything"}))


@test("of 16 requests with one code at once exactly one gets tokens")
def one_code(site):
    own = shared(site)
    code = own.code()
    answers = at_once(site, 16, lambda web, index: own.post("login", {"code": code}, web=web))
    equal(sorted(answer.status for answer in answers), [200] + [400] * 15, "answers")


# --- the browser's way ---


def arrival(site, own, browser, person=None, **changes):
    """A sign-in that begins at /start, up to where the browser is sent back: its parameters."""
    started = browser.get(BASE + "start", headers={"Host": own.host} if own.host else None)
    equal(started.status, 302, "start")
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(started.location).query))
    assert started.location.startswith(site.url + AUTHORIZE + "?"), started.location
    equal((query["client_id"], query["redirect_uri"], query["code_challenge_method"]), (own.client.id, own.login_url, "S256"), "the request")
    query.update(changes)
    answer = browser.get(AUTHORIZE, query)
    while not (answer.is_redirect and answer.location.startswith(own.login_url)):
        response = response_of(answer, own.login_url)
        if response:
            return response.pairs
        if answer.is_redirect:
            answer = browser.get(answer.location)
        elif is_login(answer.page()):
            form = answer.page().form_with(autocomplete="current-password")
            answer = browser.submit(form, {field_name(form, "username"): person.email, field_name(form, "current-password"): person.password},
                                    form["buttons"][0], follow=False)
        else:
            form = consent_form(answer.page())
            answer = browser.submit(form, button=button_of(form, "allow"), follow=False)
    return urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.location).query)


def field_name(form, kind):
    return [field["name"] for field in form["fields"] if field.get("autocomplete") == kind][0]


def arrive(own, browser, pairs, method="GET", **headers):
    words = {**({"Host": own.host} if own.host else {}), **headers}
    if method == "GET":
        return browser.get(BASE + "login", pairs, headers=words)
    return browser.request("POST", BASE + "login", form=pairs, headers=words)


@test("GET login: a browser that began at /start comes back with its code, by redirect or by form_post, and gets the tokens once")
def browser_login(site):
    own, person, browser = shared(site, "browser").change(redirect_uri=None), site.add_person(), site.browser()
    pairs = arrival(site, own, browser, person)
    cookie = [line for line in browser.seen_cookies if line.startswith("__Host-doorward-workspace=")][0].lower()
    assert "httponly" in cookie and "secure" in cookie and "samesite=lax" in cookie and "path=/" in cookie, cookie
    body = four_fields(data(arrive(own, browser, pairs)))
    equal(Jwt(body["access_token"]).claims["sub"], person.id, "who")
    assert "__Host-doorward-workspace" not in browser.cookies, "the cookie stays behind"
    failed(arrive(own, browser, pairs), 400, "SW_AUTH_OIDC_FAILED")
    pairs = arrival(site, own, browser, person, response_mode="form_post")
    four_fields(data(arrive(own, browser, pairs, "POST", **{"Origin": "null", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"})))


@test("GET login: without this browser's state it's SW_AUTH_OIDC_FAILED, and the code isn't spent")
def foreign_state(site):
    own, person, browser = shared(site, "browser"), site.person(), site.browser()
    pairs = arrival(site, own, browser, person)
    failed(arrive(own, site.browser(), pairs), 400, "SW_AUTH_OIDC_FAILED")
    failed(arrive(own, site.browser(), pairs, "POST", **{"Sec-Fetch-Mode": "navigate"}), 400, "SW_AUTH_OIDC_FAILED")
    one = shared(site)
    code = one.code(person)
    failed(one.call("GET", "login?" + urllib.parse.urlencode({"code": code, "state": "x"})), 400, "SW_AUTH_OIDC_FAILED")
    data(one.post("login", {"code": code}))
    elsewhere = site.browser()
    arrival(site, own, elsewhere, person)
    failed(arrive(own, elsewhere, pairs), 400, "SW_AUTH_OIDC_FAILED")
    kept = dict(browser.cookies)
    for changed in ([pair for pair in pairs if pair[0] != "state"], pairs + [("state", "x")], [(n, "x" if n == "state" else v) for n, v in pairs],
                    [(n, "https://evil.example" if n == "iss" else v) for n, v in pairs], [pair for pair in pairs if pair[0] != "code"]):
        browser.cookies = dict(kept)
        failed(arrive(own, browser, changed), 400, "SW_AUTH_OIDC_FAILED")
    browser.cookies = dict(kept)
    four_fields(data(arrive(own, browser, pairs)))


@test("GET login: what the provider refused with is told; nothing is reflected that is no word")
def provider_error(site):
    own = shared(site, "browser")
    assert "access_denied" in failed(own.call("GET", "login?error=access_denied&state=x"), 400, "SW_AUTH_OIDC_FAILED")
    assert "script" not in failed(own.call("GET", "login?error=%3Cscript%3E"), 400, "SW_AUTH_OIDC_FAILED")
    failed(own.call("GET", "login"), 400, "SW_AUTH_OIDC_FAILED")


# --- the password grant ---


@test("token: off by default (403), on when the service says so: the four fields, for a token like any other")
def password_grant(site):
    own, person = Workspace(site), site.add_person()
    failed(password(own, person), 403, "SW_AUTH_INSUFFICIENT_PERMISSION")
    equal(site.sql(f"SELECT COUNT(*) FROM sessions WHERE user_id = UNHEX('{person.id.replace('-', '')}')"), [["0"]], "sessions")
    own.change(password_grant_enabled=True)
    body = four_fields(data(password(own, person)))
    claims = Jwt(body["access_token"]).verify(jwks(site)).claims
    equal((claims["sub"], claims["tenant_id"], claims["client_id"]), (person.id, own.service, own.client.id), "claims")
    equal(set(claims["scope"].split()), set(own.client.metadata["scope"].split()), "scope")
    four_fields(data(own.post("refresh", {"refresh_token": body["refresh_token"]})))
    four_fields(data(own.call("POST", "token", data={"grant_type": "password", "username": person.email, "password": person.password})))
    narrow = data(password(own, person, scope="openid"))
    equal(Jwt(narrow["access_token"]).claims["scope"], "openid", "scope")
    own.change(password_grant_enabled=False)
    failed(password(own, person), 403, "SW_AUTH_INSUFFICIENT_PERMISSION")


@test("token: another grant, a missing field or a scope that isn't the client's is 400; wrong credentials are 401, alike for every address")
def password_refusals(site):
    own, person = shared(site, "password", password_grant_enabled=True), site.add_person()
    for changes in ({"grant_type": "authorization_code"}, {"grant_type": None}, {"username": None}, {"password": None}, {"password": ""},
                    {"scope": "openid nonsense:x"}):
        failed(password(own, person, **changes), 400, "SW_AUTH_OIDC_FAILED")
    failed(own.post("token"), 400, "SW_AUTH_OIDC_FAILED")
    wrong = failed(password(own, person, password="wrong password"), 401, "SW_AUTH_INVALID_CREDENTIALS")
    equal(failed(password(own, person, username="nobody@people.example"), 401, "SW_AUTH_INVALID_CREDENTIALS"), wrong, "a stranger")
    equal(failed(password(own, person, username="nonsense"), 401, "SW_AUTH_INVALID_CREDENTIALS"), wrong, "no address")
    site.sql(f"UPDATE users SET status = 'disabled' WHERE email = '{person.email}'")
    equal(failed(password(own, person), 401, "SW_AUTH_INVALID_CREDENTIALS"), wrong, "disabled")


@test("token: who has registered and not confirmed, and a service whose gate asks for a PIN, are 403; no PIN is mailed")
def password_gates(site):
    own, person = shared(site, "password"), site.add_person(verified=False)
    site.sql(f"UPDATE users SET self_registered = 1 WHERE email = '{person.email}'")
    failed(password(own, person), 403, "SW_AUTH_INSUFFICIENT_PERMISSION")
    gated, person = Workspace(site, password_grant_enabled=True), site.add_person()
    for gate in ("always", "new_browser"):
        site.cli("service", "set", gated.service, "--pin-gate", gate)
        failed(password(gated, person), 403, "SW_AUTH_INSUFFICIENT_PERMISSION")
        failed(password(gated, person, password="wrong password"), 401, "SW_AUTH_INVALID_CREDENTIALS")
    assert site.mail.none(person.email, "pin")
    site.cli("service", "set", gated.service, "--pin-gate", "off")
    data(password(gated, person))


@test("token: a client that demands a permission gives none without it")
def password_permission(site):
    own = Workspace(site, client={"requires_permission": True}, password_grant_enabled=True)
    failed(password(own, site.add_person()), 403, "SW_AUTH_INSUFFICIENT_PERMISSION")


@test("token: the sign-in is a session that the person sees, and an application that they can take the permission from")
def password_session(site):
    from script import Script, said
    own, person, script = shared(site, "password"), site.add_person(), Script(site)
    body = data(password(own, person))
    script.sign_in(person)
    equal(len(said(script.get("sessions"), 200)["sessions"]), 2, "sessions")
    allowed = said(script.get("authorizations"), 200)["authorizations"]
    equal(len(allowed), 1, "applications")
    said(script.call("DELETE", f"authorizations/{allowed[0]['id']}"), 200)
    failed(own.register(body["access_token"]), 401, "SW_AUTH_INVALID_TOKEN")
    failed(own.post("refresh", {"refresh_token": body["refresh_token"]}), 401, "SW_AUTH_INVALID_TOKEN")


@test("token: too many wrong passwords for one account are 429 with Retry-After, and the right one is with them")
def password_account_limit(site):
    own, person = shared(site, "password"), site.add_person()
    answers = [password(own, person, password="wrong password") for _ in range(12)]
    assert 429 in [answer.status for answer in answers], [answer.status for answer in answers]
    for answer in answers:
        failed(answer, answer.status, {401: "SW_AUTH_INVALID_CREDENTIALS", 429: "SW_RATE_LIMIT_EXCEEDED"}[answer.status])
    last = password(own, person)
    failed(last, 429, "SW_RATE_LIMIT_EXCEEDED")
    assert int(last.header("Retry-After")) > 0, last.headers


# --- refresh ---


def past_grace(site):
    site.sql("UPDATE authorizations SET refreshed_at_ms = refreshed_at_ms - 60000 WHERE refreshed_at_ms > 0")


@test("refresh rotates by default; replay of a rotated token ends the family")
def rotation(site):
    own = shared(site)
    body = own.login()
    first = four_fields(data(own.post("refresh", {"refresh_token": body["refresh_token"]})))
    assert first["refresh_token"] != body["refresh_token"] and first["access_token"] != body["access_token"]
    again = data(own.call("POST", "refresh", data={"refresh_token": body["refresh_token"]}))
    equal(again["refresh_token"], first["refresh_token"], "within the grace: the same successor")
    past_grace(site)
    failed(own.post("refresh", {"refresh_token": body["refresh_token"]}), 401, "SW_AUTH_INVALID_TOKEN")
    failed(own.post("refresh", {"refresh_token": first["refresh_token"]}), 401, "SW_AUTH_INVALID_TOKEN")
    failed(own.register(first["access_token"]), 401, "SW_AUTH_INVALID_TOKEN")


@test("refresh with rotation off gives the same token back, as often as it comes; what was rotated before stays dead")
def no_rotation(site):
    own = Workspace(site)
    old = own.login()["refresh_token"]
    current = data(own.post("refresh", {"refresh_token": old}))["refresh_token"]
    own.change(refresh_rotation=False)
    for _ in range(3):
        body = four_fields(data(own.post("refresh", {"refresh_token": current})))
        equal(body["refresh_token"], current, "the refresh token")
    answers = at_once(site, 8, lambda web, index: own.post("refresh", {"refresh_token": current}, web=web))
    equal({data(answer)["refresh_token"] for answer in answers}, {current}, "at once")
    equal(refresh(site, own.client, current).json()["refresh_token"], current, "at the token endpoint as well")
    past_grace(site)
    failed(own.post("refresh", {"refresh_token": old}), 401, "SW_AUTH_INVALID_TOKEN")
    failed(own.post("refresh", {"refresh_token": current}), 401, "SW_AUTH_INVALID_TOKEN")


@test("refresh: expired is SW_AUTH_EXPIRED_TOKEN; unknown, revoked or of another kind is SW_AUTH_INVALID_TOKEN; missing is 400")
def refresh_refusals(site):
    own, person = shared(site), site.add_person()
    body = own.login(person)
    for wrong in ("nonsense", body["access_token"], tampered(body["refresh_token"]), own.code()):
        failed(own.post("refresh", {"refresh_token": wrong}), 401, "SW_AUTH_INVALID_TOKEN")
    for form in ({}, {"refresh_token": ""}, {"code": "x"}):
        failed(own.post("refresh", form), 400, "SW_AUTH_OIDC_FAILED")
    site.sql(f"UPDATE authorizations SET expires_at = UNIX_TIMESTAMP() - 1 WHERE user_id = UNHEX('{person.id.replace('-', '')}')")
    failed(own.post("refresh", {"refresh_token": body["refresh_token"]}), 401, "SW_AUTH_EXPIRED_TOKEN")
    refused(refresh(site, own.client, body["refresh_token"]), 400, "invalid_grant")
    revoked = own.login()["refresh_token"]
    equal(revoke(site, own.client, revoked).status, 200, "revocation")
    failed(own.post("refresh", {"refresh_token": revoked}), 401, "SW_AUTH_INVALID_TOKEN")


# --- register ---


@test("register: one participant, its workspace and the tenant, the same for ever; name and address follow the account")
def register(site):
    own, person = shared(site), site.add_person()
    token = own.login(person)["access_token"]
    body = data(own.register(token))
    equal(set(body), {"participant_id", "tenant_id", "display_name", "email", "personal_workspace_id"}, "members")
    equal((body["tenant_id"], body["display_name"], body["email"]), (own.service, person.name, person.email), "who")
    ids = [str(uuid.UUID(body[name])) for name in ("participant_id", "personal_workspace_id")]
    equal(len({*ids, own.service, person.id}), 4, "ids of their own")
    equal(data(own.register(token)), body, "the second time")
    equal(data(own.register(own.login(person)["access_token"])), body, "with another token")
    site.sql(f"UPDATE users SET name = 'Renamed' WHERE email = '{person.email}'")
    equal(data(own.register(token)), {**body, "display_name": "Renamed"}, "after a change of name")
    equal(data(own.call("POST", "register", data={}, headers={"Authorization": f"Bearer {token}"}))["participant_id"], body["participant_id"], "with a body")


@test("register: another person and another tenant have participants of their own")
def register_apart(site):
    own, other, person = shared(site), shared(site, "other"), site.add_person()
    mine = data(own.register(own.login(person)["access_token"]))
    theirs = data(own.register(own.login(site.add_person())["access_token"]))
    there = data(other.register(other.login(person)["access_token"]))
    equal(len({body[name] for body in (mine, theirs, there) for name in ("participant_id", "personal_workspace_id")}), 6, "ids")


@test("register: what the token's scope doesn't tell isn't taken from the account")
def register_scope(site):
    own, person = shared(site), site.add_person()
    body = data(own.register(own.login(person, scope="openid")["access_token"]))
    equal((body["display_name"], body["email"]), ("", ""), "name and address")


@test("register: 50 first calls at once give one participant and one answer")
def register_at_once(site):
    for own in (shared(site), shared(site), shared(site), Workspace(site, participants_max=1)):
        person = site.add_person()
        token = own.login(person)["access_token"]
        answers = at_once(site, 50, lambda web, index: own.register(token, web=web))
        bodies = [data(answer) for answer in answers]
        assert all(body == bodies[0] for body in bodies), bodies
        equal(site.sql(f"SELECT COUNT(*) FROM participants WHERE user_id = UNHEX('{person.id.replace('-', '')}')"), [["1"]], "rows")


@test("register: 409 SW_TENANT_CAPACITY for the one too many, also when many come at once; who is in stays in")
def capacity(site):
    own = Workspace(site, participants_max=3)
    tokens = [own.login(site.add_person())["access_token"] for _ in range(8)]
    answers = at_once(site, 8, lambda web, index: own.register(tokens[index], web=web))
    equal(sorted(answer.status for answer in answers), [200] * 3 + [409] * 5, "answers")
    for answer, token in zip(answers, tokens):
        again = own.register(token)
        if answer.status == 200:
            equal(data(again), data(answer), "who is in")
        else:
            failed(answer, 409, "SW_TENANT_CAPACITY")
            failed(again, 409, "SW_TENANT_CAPACITY")
    equal(site.sql(f"SELECT COUNT(*) FROM participants WHERE service_id = UNHEX('{own.service.replace('-', '')}')"), [["3"]], "rows")


@test("register: no token, a broken or a machine's one; 401 with the challenge, 403 for a machine")
def register_tokens(site):
    own = shared(site)
    answer = own.call("POST", "register")
    failed(answer, 401, "SW_AUTH_INVALID_TOKEN")
    assert answer.header("WWW-Authenticate").startswith("Bearer"), answer.headers
    token = own.login()["access_token"]
    head, body, signature = token.split(".")
    for wrong in ("nonsense", f"{head}.{body}.", f"{head}.{body}.{signature[:-4]}AAAA", own.login()["refresh_token"]):
        failed(own.register(wrong), 401, "SW_AUTH_INVALID_TOKEN")
    machine = token_response(client_credentials(site, own.client, scope="read:things"))["access_token"]
    failed(own.register(machine), 403, "SW_AUTH_INSUFFICIENT_PERMISSION")
    equal(revoke(site, own.client, token).status, 200, "revocation")
    failed(own.register(token), 401, "SW_AUTH_INVALID_TOKEN")


@test("register: a token of another tenant at this one's host is SW_AUTH_TENANT_MISMATCH; of a service without a workspace 404")
def register_tenants(site):
    own, other = shared(site), shared(site, "other")
    failed(own.register(other.login()["access_token"]), 403, "SW_AUTH_TENANT_MISMATCH")
    foreign = sign_in(site, site.client(), scope="openid").access
    failed(own.register(foreign), 404, "SW_TENANT_NOT_FOUND")
    colleague = own.site.add_client()
    body = data(own.register(sign_in(own.site, colleague, scope=SCOPE).access))
    equal(body["tenant_id"], own.service, "another client of the same service")
    site.cli("service", "set", other.service, "--workspace", "none")
    failed(other.register(other_token(other)), 404, "SW_TENANT_NOT_FOUND")
    other.change()


def other_token(own):
    return sign_in(own.site, own.client, scope=SCOPE).access


@test("register: who is no member any more is 403 SW_NOT_MEMBER, and the participant has gone with the membership")
def not_member(site):
    own, person = shared(site), site.add_person()
    token = own.login(person)["access_token"]
    data(own.register(token))
    user = f"user_id = UNHEX('{person.id.replace('-', '')}')"
    site.sql(f"DELETE FROM members WHERE {user}")
    equal(site.sql(f"SELECT COUNT(*) FROM participants WHERE {user}"), [["0"]], "participants")
    failed(own.register(token), 403, "SW_NOT_MEMBER")


# --- the family ---


@test("a wrong method is 405 with Allow, in the family's shape")
def methods(site):
    own = shared(site)
    for path, allowed in (("config", "GET, HEAD"), ("start", "GET, HEAD"), ("login", "GET, HEAD, POST"), ("token", "POST"), ("refresh", "POST"),
                          ("register", "POST")):
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH"} - set(allowed.replace(" ", "").split(",")):
            answer = own.call(method, path)
            failed(answer, 405, "SW_METHOD_NOT_ALLOWED")
            equal(answer.header("Allow"), allowed, path)


@test("a path that isn't there is no missing tenant: 404 SW_NOT_FOUND")
def nowhere(site):
    own = shared(site)
    for path in ("nothing", "login/more", "config/"):
        failed(own.call("GET", path), 404, "SW_NOT_FOUND")


@test("bodies: malformed JSON or form is 400, another type 415, a large one 413; each in the family's shape")
def bodies(site):
    own = shared(site)
    for path in ("login", "token", "refresh"):
        for body in ("{", "[]", '{"code": 1}', '{"code": "a", "code": "b"}'):
            failed(own.call("POST", path, body=body, headers={"Content-Type": "application/json"}), 400, "SW_AUTH_OIDC_FAILED")
        failed(own.call("POST", path, body="a=%zz", headers={"Content-Type": "application/x-www-form-urlencoded"}), 400, "SW_AUTH_OIDC_FAILED")
        failed(own.call("POST", path, body="<x/>", headers={"Content-Type": "text/xml"}), 415, "SW_UNSUPPORTED_MEDIA_TYPE")
        failed(own.post(path, {"code": "a" * 20000}), 413, "SW_CONTENT_TOO_LARGE")


@test("scripts of listed origins may read the answers, without cookies; config is for every script")
def scripts(site):
    own = shared(site)
    equal(own.call("GET", "config", headers={"Origin": "https://spa.example"}).header("Access-Control-Allow-Origin"), "*", "config")
    answer = own.post("login", {"code": "x"}, headers={"Origin": "https://listed.example"})
    equal(answer.header("Access-Control-Allow-Origin"), "https://listed.example", "a listed one")
    assert answer.header("Access-Control-Allow-Credentials") is None, answer.headers
    assert own.post("login", {"code": "x"}, headers={"Origin": "https://spa.example"}).header("Access-Control-Allow-Origin") != "https://spa.example"


# --- setting it up ---


@test("service set --workspace: the client is the service's own with both grants and the redirect URI; the host is nobody else's; words are known")
def settings_checked(site):
    own = Workspace(site)
    other = shared(site, "other")
    good = {"client_id": own.client.id, "redirect_uri": CALLBACK}
    equal(set_workspace(site, own.service, good)["workspace"], good, "shown")
    wrong = [{**good, "client_id": other.client.id}, {**good, "client_id": "nobody"}, {**good, "redirect_uri": "https://evil.example/"},
             {**good, "host": other.host}, {**good, "host": "Upper.example"}, {**good, "host": "a:1"}, {**good, "unknown": 1},
             {**good, "participants_max": -1}, {**good, "participants_max": "3"}, {**good, "refresh_rotation": "yes"}, {**good, "client_id": ""},
             {"redirect_uri": CALLBACK}, [], {}]
    for settings in wrong:
        assert set_workspace(site, own.service, settings, check=False) is None, settings
    for text in ("", "nonsense", '"x"', json.dumps(good)[:-1]):
        assert set_workspace(site, own.service, text, check=False) is None, text
    no_refresh = own.site.add_client(grant_types=["authorization_code"])
    assert set_workspace(site, own.service, {**good, "client_id": no_refresh.id}, check=False) is None
    equal(site.cli("service", "show", own.service)["workspace"], good, "what stands")
    assert site.cli("service", "set", own.service, "--workspace", "none")["workspace"] is None


run(workers=8, settings={"sign_in_limit_per_address": "1000", "cors_origins": "https://listed.example"})
