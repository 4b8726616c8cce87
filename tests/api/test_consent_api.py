#!/usr/bin/env python3
"""Consent by a page of one's own (contract: hosted SSO 2.2): POST /api/oauth/consent and /api/oauth/authorize/approve, with
the person's session, from a page that is trusted."""
from kit import *
from script import Script, said

CONSENT, APPROVE = "/api/oauth/consent", "/api/oauth/authorize/approve"
SCOPE = "openid profile email"


class Page(Script):
    """A consent page's script, with a client of its own to ask for."""

    def __init__(self, site, signed_in=True):
        super().__init__(site)
        self.client, self.person = site.add_client(), site.add_person()
        if signed_in:
            self.sign_in(self.person)

    def consent(self, origin="own", **words):
        return self.post(CONSENT, {"client_id": self.client.id, "scope": SCOPE, "approved": True, **words}, origin=origin)

    def approve(self, origin="own", **words):
        words = {"client_id": self.client.id, "redirect_uri": self.client.redirect_uri, "scope": SCOPE, "state": "s 1&=", **words}
        return self.post(APPROVE, {name: value for name, value in words.items() if value is not None}, origin=origin)


def denied(answer, status, error):
    refused(answer, status, error)
    equal(set(answer.json()), {"error", "error_description"}, "members")


@test("2.2: consent answers {success}, and {success, denied}; what was allowed gives a code, bound to what was asked for")
def happy(site):
    page = Page(site)
    equal(said(page.consent(approved=False), 200), {"success": True, "denied": True}, "denied")
    denied(page.approve(), 400, "consent_required")
    equal(said(page.consent(), 200), {"success": True}, "allowed")
    body = said(page.approve(nonce="n-1"), 200, state="s 1&=", iss=site.url)
    equal(set(body), {"code", "state", "iss"}, "members")
    tokens = redeem(site, page.client, body["code"]).json()
    equal((tokens["scope"], Jwt(tokens["id_token"]).claims["nonce"]), (SCOPE, "n-1"), "tokens")
    refused(redeem(site, page.client, body["code"]), 400, "invalid_grant")
    assert "state" not in said(page.approve(state=None), 200), "a state that nobody gave"


@test("2.2: without a session 401; from a page that isn't trusted, or of nobody knows where, 403 Request origin not allowed")
def strangers(site):
    page, nobody = Page(site), Page(site, signed_in=False)
    for ask in (nobody.consent, nobody.approve):
        denied(ask(), 401, "invalid_token")
    for ask in (page.consent, page.approve):
        for origin in ("https://evil.example", "null", None):
            answer = ask(origin=origin)
            denied(answer, 403, "invalid_request")
            equal(answer.json()["error_description"], "Request origin not allowed", str(origin))
    denied(page.approve(), 400, "consent_required")


@test("2.2: what doesn't validate is 400 and never a redirect, a client that nobody knows among it")
def mistakes(site):
    page = Page(site)
    for words in ({"client_id": None}, {"client_id": 5}, {"approved": None}, {"approved": "yes"}, {"approved": 1}):
        denied(page.consent(**words), 400, "invalid_request")
    for words in ({"scope": None}, {"scope": "nonsense"}, {"scope": "manage_permissions"}):
        denied(page.consent(**words), 400, "invalid_scope")
    said(page.consent(), 200)
    for words, error in (({"redirect_uri": "https://evil.example/"}, "invalid_request"), ({"redirect_uri": None}, "invalid_request"),
                         ({"scope": "openid nonsense"}, "invalid_scope"), ({"code_challenge": "x", "code_challenge_method": "plain"}, "invalid_request")):
        answer = page.approve(**words)
        denied(answer, 400, error)
        equal(answer.location, None, str(words))
    for ask in (page.consent, page.approve):
        denied(ask(client_id="nobody"), 400, "invalid_client")
    site.cli("client", "disable", page.client.id)
    for ask in (page.consent, page.approve):
        denied(ask(), 400, "unauthorized_client")


run()
