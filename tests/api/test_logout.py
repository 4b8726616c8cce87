#!/usr/bin/env python3
"""RP-initiated logout: the modules of its certification plan, each under its name."""
import base64
import json

from kit import *
from jose import b64, foreign, unsigned

BYE = "https://client.example/bye"


def begin(site):
    """A signed-in browser and the ID Token that it got for a client with a logout address."""
    client = site.client("leaver")
    browser = site.browser()
    return client, browser, sign_in(site, client, browser=browser)


def is_signed_in(site, client, browser):
    answer = browser.get(AUTHORIZE, request_of(client, prompt="none"))
    return response_of(answer, client.redirect_uri).get("code") is not None


def logout(browser, **parameters):
    return browser.get(LOGOUT, {k: v for k, v in parameters.items() if v is not None})


def confirm_form(answer):
    for form in answer.page().forms:
        if form["method"] == "post" and form["buttons"]:
            return form
    return None


def confirmed(browser, answer):
    """Presses the confirm page's button; the answer after it."""
    answer = browser.follow(answer)
    equal(answer.status, 200, f"a page that asks: {answer}")
    form = confirm_form(answer)
    assert form, f"no confirm form on {answer}"
    return browser.submit(form, button=form["buttons"][0])


def stays(browser, answer, what):
    """No redirect to anywhere but our own pages: an error page or a confirm page."""
    answer = browser.follow(answer)
    assert not answer.is_redirect, f"{what}: redirects to {answer.location}"
    one_of(answer.status, (200, 400), what)
    return answer


@test("oidcc-rp-initiated-logout: with the hint it redirects to the registered address with the state, and prompt=none fails afterwards")
def rp_initiated_logout(site):
    client, browser, tokens = begin(site)
    assert is_signed_in(site, client, browser)
    answer = browser.follow(logout(browser, id_token_hint=tokens.id, post_logout_redirect_uri=BYE, state="s&1"))
    equal(answer.location, BYE + "?state=s%261", str(answer))
    assert not is_signed_in(site, client, browser), "still signed in"


@test("logout by POST works as by GET (RP-initiated logout 2)")
def by_post(site):
    client, browser, tokens = begin(site)
    answer = browser.request("POST", LOGOUT, form={"id_token_hint": tokens.id, "post_logout_redirect_uri": BYE},
                             headers={"Origin": "https://client.example"})
    equal(browser.follow(answer).location, BYE, str(answer))
    assert not is_signed_in(site, client, browser)


@test("logout by POST from the client's site, which brings no cookie of ours, becomes the GET that brings them")
def by_post_from_the_client(site):
    client, browser, tokens = begin(site)
    answer = site.web.post(LOGOUT, {"id_token_hint": tokens.id, "post_logout_redirect_uri": BYE, "state": "s&1"},
                           headers={"Origin": "https://client.example", "Sec-Fetch-Site": "cross-site"})
    assert answer.is_redirect and answer.location.startswith("/api/oauth/logout?"), str(answer)
    equal(browser.get(answer.location).location, BYE + "?state=s%261", "where the browser is sent")
    assert not is_signed_in(site, client, browser), "told signed out, and still signed in"


@test("oidcc-rp-initiated-logout-no-state: redirects without a state")
def no_state(site):
    client, browser, tokens = begin(site)
    answer = browser.follow(logout(browser, id_token_hint=tokens.id, post_logout_redirect_uri=BYE))
    equal(answer.location, BYE, str(answer))


@test("oidcc-rp-initiated-logout-bad-post-logout-redirect-uri, -query-added-to-post-logout-redirect-uri: exact or not at all (T-12, T-14)")
def bad_uri(site):
    client, browser, tokens = begin(site)
    for uri in ("https://evil.example/bye", BYE + "?x=1", BYE + "/", BYE + "#f", "https://client.example/cb", "//evil.example", "/\\evil.example",
                "https:evil.example", "javascript:alert(1)", BYE.upper(), BYE + "%20", "https://client.example.evil.example/bye",
                "https://evil.example\\@client.example/bye", "/\tevil.example", BYE + "\\", "https://client.example//bye"):
        stays(browser, logout(browser, id_token_hint=tokens.id, post_logout_redirect_uri=uri, state="s"), uri)


@test("oidcc-rp-initiated-logout-modified-id-token-hint: the hint turned into alg none: no redirect")
def modified_hint(site):
    client, browser, tokens = begin(site)
    hint = unsigned(tokens.id_claims)
    stays(browser, logout(browser, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s"), "alg none")
    assert is_signed_in(site, client, browser), "signed out by a forged hint"


@test("oidcc-rp-initiated-logout-bad-id-token-hint: a hint of a foreign key, changed, or of another kind: no redirect")
def bad_hint(site):
    client, browser, tokens = begin(site)
    head, body, signature = tokens.id.split(".")
    other = dict(tokens.id_claims, sub="somebody-else")
    changed = head + "." + b64(json.dumps(other).encode()) + "." + signature
    for hint in (foreign(tokens.id_claims, kid=Jwt(tokens.id).header["kid"]), changed, tokens.access, "x", "a.b.c", head + "." + body + "."):
        stays(browser, logout(browser, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s"), hint[:30])
    assert is_signed_in(site, client, browser), "signed out by a forged hint"


@test("oidcc-rp-initiated-logout-no-id-token-hint: no redirect without any proof of the client")
def no_hint(site):
    client, browser, _ = begin(site)
    stays(browser, logout(browser, post_logout_redirect_uri=BYE, state="s"), "no hint")


@test("security 110, oidcc-rp-initiated-logout-no-params, -only-state, -no-post-logout-redirect-uri: signed out after a confirmation, and the page says so")
def without_uri(site):
    for words in ({}, {"state": "s"}):
        client, browser, _ = begin(site)
        answer = logout(browser, **words)
        assert is_signed_in(site, client, browser), "110: a GET without a hint signs nobody out"
        answer = confirmed(browser, answer)
        equal(answer.status, 200, str(answer))
        assert not is_signed_in(site, client, browser), f"still signed in after {words}"
    client, browser, tokens = begin(site)
    answer = browser.follow(logout(browser, id_token_hint=tokens.id))
    equal(answer.status, 200, str(answer))
    assert not is_signed_in(site, client, browser), "still signed in"


@test("security 110, 109: no other site signs somebody out: neither by GET nor by POST, nor with a hint of its own making")
def from_elsewhere(site):
    client, browser, _ = begin(site)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "cross-site"}):
        for method, path, more in (("GET", LOGOUT, {}), ("POST", LOGOUT, {"form": {}}), ("POST", LOGOUT, {"form": {"confirm": "yes", "token": "A" * 43}}),
                                   ("POST", "/api/public/logout", {"data": {}}), ("GET", "/api/public/logout", {}),
                                   ("GET", LOGOUT + "?id_token_hint=" + unsigned({"sub": "x"}), {})):
            answer = browser.request(method, path, headers=headers, **more)
            assert answer.status < 500, str(answer)
            assert is_signed_in(site, client, browser), f"{method} {path} with {headers} signed out"


@test("with client_id a registered address is reached after the person's confirmation")
def with_client_id(site):
    client, browser, _ = begin(site)
    answer = logout(browser, client_id=client.id, post_logout_redirect_uri=BYE, state="s")
    answer = confirmed(browser, answer)
    assert answer.is_redirect and answer.location.startswith(BYE), str(answer)
    assert not is_signed_in(site, client, browser)


@test("client_id and hint of different clients: no redirect")
def foreign_client_id(site):
    client, browser, tokens = begin(site)
    stays(browser, logout(browser, id_token_hint=tokens.id, client_id=site.client().id, post_logout_redirect_uri=BYE), "other client")


@test("T-30: logout ends this session alone: the person's other browser stays signed in, and offline access lives")
def other_sessions(site):
    client, browser, tokens = begin(site)
    second = site.browser()
    offline = sign_in(site, client, browser=second, scope="openid offline_access", prompt="consent")
    browser.follow(logout(browser, id_token_hint=tokens.id, post_logout_redirect_uri=BYE))
    assert is_signed_in(site, client, second), "the other browser was signed out"
    token_response(refresh(site, client, offline.refresh))


@test("T-30, security 110: a hint of another browser's session does not sign this one out without asking")
def foreign_session_hint(site):
    client, browser, _ = begin(site)
    victim = site.browser()
    sign_in(site, client, person=site.person("second"), browser=victim)
    stolen = sign_in(site, client, browser=site.browser())
    logout(victim, id_token_hint=stolen.id, post_logout_redirect_uri=BYE)
    assert is_signed_in(site, client, victim), "somebody else's hint signed this person out"


@test("37: an expired hint still serves for logout")
def expired_hint(site):
    client, browser, tokens = begin(site)
    # an expired ID Token of ours can only be had by waiting; the session being gone is the same case
    site.sql("DELETE FROM sessions")
    answer = browser.follow(logout(browser, id_token_hint=tokens.id, post_logout_redirect_uri=BYE, state="s"))
    assert not answer.is_redirect or answer.location.startswith(BYE), str(answer)


@test("security 109: after logout the old cookie is worth nothing")
def old_cookie(site):
    client, browser, tokens = begin(site)
    thief = site.browser()
    thief.cookies = dict(browser.cookies)
    browser.follow(logout(browser, id_token_hint=tokens.id))
    assert not is_signed_in(site, client, thief), "the session lives on"


@test("security 115: the confirm form needs its token: missing, changed or of another browser is refused")
def confirm_needs_token(site):
    client, browser, _ = begin(site)
    answer = browser.follow(logout(browser))
    form = confirm_form(answer)
    other, second, _ = begin(site)
    foreign_form = confirm_form(second.follow(logout(second)))
    hidden = [f["name"] for f in form["fields"] if f.get("type") == "hidden"]
    assert hidden, "a form without a token"
    bare = dict(form, fields=[])
    mixed = dict(form, fields=foreign_form["fields"])
    for broken in (bare, mixed):
        answer = browser.submit(broken, button=form["buttons"][0], follow=False)
        one_of(answer.status, (200, 400, 403), str(answer))
        assert is_signed_in(site, client, browser), "signed out without a token"


run()
