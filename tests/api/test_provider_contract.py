#!/usr/bin/env python3
"""What a tester of the service API's contract goes through with a person and a provider: the address that the decision names, the
way there and back, and what the service then gets (contract: service API 1.5, 1.6)."""
import secrets
import time

from kit import *
from harness import Providers
from connecting import *
from service import refusal
from together import at_once

fakes = Providers()
JSON = "application/json"


def place(site, **options):
    return Place(site, fakes, **options)


def connections(site):
    return site.sql("SELECT COUNT(*) FROM connections")[0][0], site.sql("SELECT COUNT(*) FROM provider_grants")[0][0]


def query_of(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


@test("1.5: the address sends whoever has it to the provider, with the scopes that were asked for, PKCE and a state of our own; it needs no session and sets none")
def way_out(site):
    here = place(site)
    user = here.member()
    url = user.action(code="PROVIDER_LINK_REQUIRED", state="the-clients")["reauth_url"]
    assert url.startswith(f"{site.url}/connect/provider-token/"), url
    assert len(url.rpartition("/")[2]) >= 22, url
    browser = site.browser()
    answer = browser.get(url, headers={"Accept": "*/*"})
    one_of(answer.status, (302, 303), str(answer))
    words = query_of(answer.location)
    equal(answer.location.split("?")[0], fakes["github"].metadata()["authorization_endpoint"], "where to")
    equal(sorted(words["scope"].split()), ["read:user", "repo"], "scopes")
    equal(words["code_challenge_method"], "S256", "PKCE")
    assert words["state"] not in (url, "the-clients") and url.rpartition("/")[2] not in answer.location, "the state is our own"
    assert words["redirect_uri"].startswith(site.url + "/"), words
    assert "public-session" not in browser.cookies
    other = query_of(site.browser().get(url, headers={"Accept": "*/*"}).location)
    assert other["state"] != words["state"] and other["code_challenge"] != words["code_challenge"], "one for each visit"


@test("1.6 items 7, 8: the address works until the request is completed, once, and for a quarter of an hour; then it is 404")
def works_once(site):
    here = place(site)
    user = here.member()
    action = user.action(code="PROVIDER_LINK_REQUIRED")
    equal(sorted(action["missing_scopes"]), ["read:user", "repo"], "missing")
    url = action["reauth_url"]
    for _ in range(2):
        one_of(site.browser().get(url, headers={"Accept": JSON}).status, (302, 303), "before it is completed")
    equal(user.go(url)["provider_grant"], "success", "completed")
    refusal(Web(site).get(url), 404)
    assert user.token()["access_token"], "and the service has its token"
    late = here.member().action()["reauth_url"]
    site.sql(f"UPDATE provider_requests SET expires_at = {int(time.time()) + 16 * 60} WHERE status = 'pending'")
    one_of(site.browser().get(late, headers={"Accept": JSON}).status, (302, 303), "in time")
    site.sql(f"UPDATE provider_requests SET expires_at = {int(time.time()) - 1} WHERE status = 'pending'")
    refusal(Web(site).get(late), 404)
    for last in ("x", "0" * 43, tampered(url.rpartition("/")[2]), "dwq_" + secrets.token_urlsafe(40)):
        equal(Web(site).get(f"{site.url}/connect/provider-token/{last}").status, 404, last)


class Web:
    """A program: no cookies, JSON."""

    def __init__(self, site):
        self.web = site.connect()

    def get(self, url):
        return self.web.get(url, headers={"Accept": JSON})


@test("1.6: a request is good for 15 minutes")
def lifetime(site):
    here = place(site)
    here.member().action()
    seconds = int(site.sql("SELECT MAX(expires_at) FROM provider_requests")[0][0]) - time.time()
    assert 14.5 * 60 < seconds <= 15 * 60 + 1, seconds


@test("1.6 item 9: the service's address keeps its query, then provider_grant, provider and the service's state")
def query_is_kept(site):
    here = place(site, redirect_uris="https://app.example/cb?x=1 https://app.example/plain")
    user = here.member()
    url = user.action(redirect_uri="https://app.example/cb?x=1", state="a b&c=d")["reauth_url"]
    answer = follow(here, site.browser(), url, "github", user.name)
    equal(urllib.parse.urlsplit(answer.location)._replace(query="").geturl(), "https://app.example/cb", "where")
    equal(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.location).query),
          [("x", "1"), ("provider_grant", "success"), ("provider", "github"), ("state", "a b&c=d")], "the query")
    other = here.member()
    words = other.connect(redirect_uri="https://app.example/plain")
    equal(words, {"provider_grant": "success", "provider": "github"}, "no state that wasn't given")


@test("1.6 item 10: an address that isn't registered to the letter is 400, and none is made up where none is registered")
def unregistered(site):
    here = place(site, redirect_uris="https://app.example/cb")
    user = here.member()
    for uri in ("https://app.example/cb/", "https://app.example/cb?x=1", "https://app.example/CB", "http://app.example/cb", "https://app.example:443/cb",
                "https://app.example@evil.example/cb", "https://evil.example/", "//app.example/cb", "javascript:alert(1)"):
        refusal(user.ask(redirect_uri=uri), 400)
    here.set(redirect_uris="none")
    refusal(user.ask(), 400)


@test("1.5: who refuses at the provider is sent back to the service with the error and its state, and the request stays pending")
def refused_there(site):
    here = place(site)
    user = here.member()
    url = user.action(state="s-1")["reauth_url"]
    equal(user.go(url, allow=False), {"provider_grant": "error", "error": "access_denied", "provider": "github", "state": "s-1"}, "refused")
    equal(user.go(url)["provider_grant"], "success", "the same request, allowed at last")


@test("1.5: a provider that gives too little, an account that is somebody else's, and another address than the person's are 400 in the contract's words")
def too_little(site):
    here = place(site)
    user, other = here.member(), here.member()
    before = connections(site)

    def fails(word, member, account, **choices):
        answer = follow(here, site.browser(), member.action()["reauth_url"], "github", account, accept=JSON, **choices)
        body = refusal(answer, 400)
        assert word in body["error"], f"{word}: {body}"

    fails("PROVIDER_SCOPE_CONSENT_REQUIRED", user, user.name, scopes=["read:user", "user:email"])
    fails("", user, other.name)
    equal(connections(site), before, "connections and grants")
    other.connect()
    taken = fakes["github"].asked("authorize")
    assert taken, "went there"
    fakes["github"].set(people={user.name: {"subject": subject_of(site, other)}})
    fails("PROVIDER_ACCOUNT_CONFLICT", user, user.name)
    fakes["github"].reset()


def subject_of(site, member):
    return site.sql(f"SELECT subject FROM connections WHERE user_id = UNHEX('{member.id.replace('-', '')}')")[0][0]


@test("1.5: an address that is sent on to somebody else connects nothing of theirs: not who is signed in, nor who isn't (T-81)")
def sent_on(site):
    here = place(site)
    mallory, victim = here.member(), site.add_person()
    word = victim.email.split("@")[0]
    before = connections(site)
    url = mallory.action()["reauth_url"]
    stranger = site.browser()
    refusal(follow(here, stranger, url, "github", word, accept=JSON), 400)
    signed_in = site.browser()
    fill_login(signed_in, signed_in.open("/login"), victim)
    for accept in (JSON, "text/html"):
        equal(signed_in.get(url, headers={"Accept": accept}).status, 403, f"somebody else's session, {accept}")
    equal(connections(site), before, "connections and grants")
    equal(mallory.ask().json()["status"], "action_required", "and the service has nothing")


@test("1.5: the way back is taken once, in the browser that was sent; sixteen at once make one connection and one grant")
def at_once_back(site):
    here = place(site)
    user = here.member()
    browser, google = site.browser(), fakes["google"]
    back = google.visit(leave(browser, user.action("google")["reauth_url"]), user.name)
    thief = site.browser()
    answer = thief.get(back)
    assert "provider_grant=success" not in (answer.location or ""), answer.location
    browsers = [browser.clone_without() for _ in range(16)]
    counted = google.counts["token"]
    at_once(site, 16, lambda _, number: browsers[number].get(back))
    equal(google.counts["token"] - counted, 1, "codes redeemed")
    mine = f"user_id = UNHEX('{user.id.replace('-', '')}')"
    for table in ("connections", "provider_grants"):
        equal(site.sql(f"SELECT COUNT(*) FROM {table} WHERE {mine}")[0][0], "1", table)


@test("1.4, 1.5: who is taken out of the service has no request any more, and the service nothing of theirs")
def taken_out(site):
    here = place(site)
    user, other = here.member(), here.member()
    url = user.action()["reauth_url"]
    other.connect()
    for member in (user, other):
        equal(here.key.delete(f"users/{member.id}").status, 204, "taken out")
    one_of(Web(site).get(url).status, (403, 404), "the request")
    refusal(other.ask(), 404)


@test("1.5: github's errors with status 200, and google's missing refresh token at a second consent, end no connection that there was")
def quirks(site):
    here = place(site)
    user = here.member()
    fakes["github"].fault("token", "status", status=200, body="error=bad_verification_code&error_description=x")
    answer = follow(here, site.browser(), user.action()["reauth_url"], "github", user.name)
    assert "provider_grant=success" not in (answer.location or ""), answer.location
    equal(user.connect()["provider_grant"], "success", "github")
    equal(user.connect("google")["provider_grant"], "success", "google")
    site.sql("DELETE FROM provider_grants WHERE user_id = UNHEX('%s')" % user.id.replace("-", ""))
    equal(user.connect("google")["provider_grant"], "success", "google, again")
    site.sql(f"UPDATE connections SET token_expires_at = {int(time.time()) + 60} WHERE provider = 'google' AND user_id = UNHEX('%s')"
             % user.id.replace("-", ""))
    counted = fakes["google"].counts["refresh"]
    assert user.token("google")["access_token"]
    equal(fakes["google"].counts["refresh"] - counted, 1, "refreshed with the refresh token of the first consent, or the second")


if __name__ == "__main__":
    with fakes:
        run(settings=fakes.settings, workers=4)
