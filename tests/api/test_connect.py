#!/usr/bin/env python3
"""/connect/provider-token/{state}: a service asks a person for a provider's token, and gets its answer (contract: service
API 1.5, 1.6)."""
import threading
import urllib.parse

from kit import *
from harness import Providers
from connecting import *
from service import refusal, said
from together import at_once

fakes = Providers()
HTML = "text/html"


def place(site, **options):
    return Place(site, fakes, **options)


def gone(browser, url):
    """404 for programs and for people."""
    refusal(browser.get(url, headers={"Accept": "*/*"}), 404, "NOT_FOUND")
    answer = browser.get(url)
    equal((answer.status, answer.media_type), (404, HTML), str(answer))


def scopes_of(target):
    return words_of(target)["scope"].replace(",", " ").split()


# --- the address ---

@test("its address leads a program to the provider, with PKCE, a state of its own and exactly what is asked for; no session is needed (1.5)")
def out(site):
    here = place(site)
    user = here.member()
    url = user.action(scopes=["repo"])["reauth_url"]
    browser = site.browser()
    target = leave(browser, url)
    assert target.startswith(fakes["github"].url + "/login/oauth/authorize?"), target
    words = words_of(target)
    equal(scopes_of(target), ["repo"], "scopes")
    equal(words["code_challenge_method"], "S256", "PKCE")
    assert user.email not in target and urllib.parse.quote(user.email) not in target, "the person's address"
    assert words["state"] not in url and len(words["state"]) > 40, words
    equal(words["redirect_uri"], f"{site.url}/api/auth/github/callback", "our callback")
    assert any("csrf-token" in line for line in browser.seen_cookies), browser.seen_cookies
    equal(set(scopes_of(leave(site.browser(), user.action("google")["reauth_url"]))), {"openid", "email"}, "of google")


@test("what is unknown, forged or of another kind isn't found, by programs and by people")
def unknown(site):
    here = place(site)
    url = here.member().action()["reauth_url"]
    browser = site.browser()
    base, state = url.rsplit("/", 1)
    for other in ("x", "00000000-0000-4000-8000-000000000000", state[:-1] + ("A" if state[-1] != "A" else "B"), "dwt_" + state[4:], state + "A", state[4:]):
        gone(browser, f"{base}/{other}")
    equal(browser.get(url).status, 200, "the right one")


@test("it is used once, and waits fifteen minutes (1.6 item 8)")
def once(site):
    here = place(site)
    user = here.member()
    url = user.action()["reauth_url"]
    left = site.sql(f"SELECT expires_at - created_at FROM provider_requests WHERE user_id = UNHEX('{user.id.replace('-', '')}')")
    equal(left, [["900"]], "seconds")
    browser = site.browser()
    equal(user.go(url, browser=browser)["provider_grant"], "success", "the answer")
    gone(browser, url)
    late = here.member()
    url = late.action()["reauth_url"]
    site.sql(f"UPDATE provider_requests SET expires_at = UNIX_TIMESTAMP() WHERE user_id = UNHEX('{late.id.replace('-', '')}')")
    gone(browser, url)


@test("two tabs that finish the same request: one does, the other is told that it is over")
def twice(site):
    here = place(site)
    user = here.member()
    url = user.action()["reauth_url"]
    one, two = site.browser(), site.browser()
    backs = [fakes["github"].visit(leave(browser, url), user.name, scopes=None) for browser in (one, two)]
    assert backs[0] != backs[1]
    # github tells no address for these scopes: it is asked once more
    answers = [come_back(browser, back) for browser, back in zip((one, two), backs)]
    finals = [come_back(browser, fakes["github"].visit(answer.location, user.name)) for browser, answer in zip((one, two), answers)]
    equal(sorted(answer.status for answer in finals), [302, 404], "one of them")
    equal(site.sql(f"SELECT COUNT(*) FROM provider_grants WHERE user_id = UNHEX('{user.id.replace('-', '')}')"), [["1"]], "grants")


@test("a member who is removed, a service that may not ask any more, a service or user that is switched off: at once")
def withdrawn(site):
    here = place(site)
    browser = site.browser()
    removed, narrowed, moved, disabled = (here.member() for _ in range(4))
    urls = {user: user.action()["reauth_url"] for user in (removed, narrowed, moved, disabled)}
    here.key.delete(f"users/{removed.id}")
    gone(browser, urls[removed])
    here.set(scopes="github=read:user")
    gone(browser, urls[narrowed])
    here.set(scopes="github=repo read:user")
    here.set(redirect_uris="https://app.example/new")
    gone(browser, urls[moved])
    here.set(redirect_uris=CALLBACK)
    site.cli("user", "disable", disabled.id)
    refusal(browser.get(urls[disabled], headers={"Accept": "*/*"}), 403)
    site.cli("service", "disable", here.service)
    refusal(browser.get(urls[narrowed], headers={"Accept": "*/*"}), 403, "ORGANIZATION_NOT_ACTIVE")


@test("what ends while the person is at the provider has ended: whoever comes back then connects nothing, and the service is told of no success")
def ended_meanwhile(site):
    """At the provider, with the code in hand, when it happens."""
    here = place(site)

    def signs_in_as_another(browser):
        fill_login(browser, browser.open("/login"), site.add_person())

    ends = {
        "the address is taken off": (lambda _: here.set(redirect_uris="https://app.example/new"), 404, lambda: here.set(redirect_uris=CALLBACK)),
        "a scope is taken off": (lambda _: here.set(scopes="github=read:user"), 404, lambda: here.set(scopes="github=repo read:user")),
        "the member is removed": (lambda user: here.key.delete(f"users/{user.id}"), 404, None),
        "the user is disabled": (lambda user: site.cli("user", "disable", user.id), 403, None),
        "the service is switched off": (lambda _: site.cli("service", "disable", here.service), 403, lambda: site.cli("service", "enable", here.service)),
        "somebody else signs in": (None, 400, None),
        "another browser brings the answer": (None, 302, None),
    }
    for what, (end, status, undo) in ends.items():
        user, browser = here.member(), site.browser()
        back = fakes["github"].visit(leave(browser, user.action()["reauth_url"]), user.name)
        if end:
            end(user)
        elif status == 400:
            signs_in_as_another(browser)
        else:
            browser = site.browser()
        try:
            answer = come_back(browser, back, "*/*")
            equal(answer.status, status, f"{what}: {answer}")
            equal(words_of(answer.location or "").get("provider_grant"), "error" if status == 302 else None, what)
            equal(site.sql(f"SELECT COUNT(*) FROM connections WHERE user_id = UNHEX('{user.id.replace('-', '')}')"), [["0"]], what)
        finally:
            if undo:
                undo()


# --- the page ---

@test("a browser sees who asks for what, by a button goes on, and nothing of the person is shown")
def page(site):
    here = place(site)
    site.cli("service", "set", here.service, "--name", "Ledger & Sons")
    user = here.member()
    user.connect("google")
    browser = site.browser()
    answer = browser.get(user.action(scopes=["repo"])["reauth_url"])
    equal(answer.status, 200, str(answer))
    text = answer.page().text
    for wanted in ("Ledger & Sons", "GitHub", "your repositories", "app.example"):
        assert wanted in text, (wanted, text)
    assert user.email not in answer.text and user.name not in answer.text, "the person's address"
    assert "connection" not in {field.get("name") for form in answer.page().forms for field in form["fields"]}, "accounts"
    sent = press(browser, answer, "link")
    equal(sent.status, 303, str(sent))
    assert sent.location.startswith(fakes["github"].url), sent.location
    policy = answer.header("Content-Security-Policy")
    assert fakes["github"].url in policy and "https://app.example" in policy, policy


@test("a form of another browser, or of another session, isn't taken")
def foreign_form(site):
    here = place(site)
    user = here.member()
    url = user.action()["reauth_url"]
    page = site.browser().get(url)
    equal(press(site.browser(), page, "deny").status, 403, "another browser's")
    someone = SignedIn(here)
    own = someone.action()["reauth_url"]
    stranger = site.browser()
    shown = stranger.get(own)
    stranger.cookies.update(someone.browser.cookies)
    equal(press(stranger, shown, "deny").status, 403, "from before the sign-in")


@test("another person's session is refused, with a page that says so and leads on; their own account isn't touched")
def other_session(site):
    here = place(site)
    asked, other = SignedIn(here), SignedIn(here)
    url = asked.action()["reauth_url"]
    answer = other.browser.get(url)
    equal(answer.status, 403, str(answer))
    assert "Somebody else is signed in" in answer.page().text, answer.page().text
    links = answer.page().links
    assert any(link.startswith("/login?return_to=/connect/") and "switch=1" in link for link in links), links
    refusal(other.browser.get(url, headers={"Accept": "*/*"}), 403)
    # who signs in meanwhile, in the same browser, is noticed when they come back
    browser = site.browser()
    back = fakes["github"].visit(leave(browser, url), other.name)
    browser.cookies.update({name: value for name, value in other.browser.cookies.items() if name not in ("csrf-token", "__Host-doorward-browser")})
    told = come_back(browser, back, "*/*")
    equal(refusal(told, 400, "BAD_REQUEST")["error"], "PROVIDER_CONTEXT_MISMATCH", str(told))
    equal(site.sql(f"SELECT COUNT(*) FROM connections WHERE user_id = UNHEX('{other.id.replace('-', '')}')"), [["0"]], "connections")


@test("whose own session it is may allow with an account that they have, without leaving")
def own_session(site):
    here, there = place(site), place(site)
    asked = SignedIn(here)
    asked.connect(browser=asked.browser)
    twin = Member(there, asked.name, asked.email, there.key.post("users", {"email": asked.email}).json()["id"])
    url = twin.action(code="PROVIDER_GRANT_REQUIRED", state="s p&c")["reauth_url"]
    answer = asked.browser.get(url)
    assert any(field.get("name") == "connection" for form in answer.page().forms for field in form["fields"]), "their own accounts"
    before = fakes["github"].counts["token"]
    sent = press(asked.browser, answer, "allow")
    equal(words_of(sent.location), {"provider_grant": "success", "provider": "github", "state": "s p&c"}, "the service's address")
    equal(fakes["github"].counts["token"], before, "the provider isn't asked")
    twin.token()
    gone(asked.browser, url)


@test("an account that can do more than the service may isn't offered: the person goes to the provider for a narrower token")
def wider(site):
    here, there = place(site), place(site, scopes="github=read:user")
    asked = SignedIn(here)
    asked.connect(browser=asked.browser)
    twin = Member(there, asked.name, asked.email, there.key.post("users", {"email": asked.email}).json()["id"])
    answer = asked.browser.get(twin.action(code="PROVIDER_GRANT_REQUIRED")["reauth_url"])
    assert asked.email not in [field.get("value") for form in answer.page().forms for field in form["fields"]], "offered"
    equal([button["value"] for button in answer.page().forms[0]["buttons"]], ["link", "deny"], "buttons")


# --- the way back ---

@test("the callback's query is kept, and provider_grant, provider and the client's state are added (1.6 item 9)")
def query(site):
    here = place(site, redirect_uris="https://app.example/cb?x=1")
    user = here.member()
    url = user.action(state="a b&c=d/é")["reauth_url"]
    answer = follow(here, site.browser(), url, "github", user.name)
    assert answer.location.startswith("https://app.example/cb?x=1&provider_grant=success&provider=github&state="), answer.location
    equal(words_of(answer.location)["state"], "a b&c=d/é", "state")


@test("who refuses at the provider, or on the page, goes back with the error; the request waits on")
def refused(site):
    here = place(site)
    user = here.member()
    url = user.action(state="xyz")["reauth_url"]
    wanted = {"provider_grant": "error", "error": "access_denied", "provider": "github", "state": "xyz"}
    equal(user.go(url, allow=False), wanted, "at the provider")
    browser = site.browser()
    equal(words_of(press(browser, browser.get(url), "deny").location), wanted, "on the page")
    equal(user.go(url)["provider_grant"], "success", "and then they do")


@test("a provider that fails leads back with an error, and the request waits on (abuse 72)")
def failing(site):
    here = place(site)
    for fault in ({"at": "token", "do": "status", "status": 500}, {"at": "token", "do": "bad_json"}, {"at": "userinfo", "do": "html"}):
        user = here.member()
        url = user.action()["reauth_url"]
        fakes["github"].fault(**fault)
        answer = come_back(browser := site.browser(), fakes["github"].visit(leave(browser, url), user.name))
        equal(words_of(answer.location), {"provider_grant": "error", "error": "server_error", "provider": "github"}, str(fault))
        equal(user.go(url)["provider_grant"], "success", "tried again")


@test("less than was asked for isn't enough: 400 with the contract's word, a page with ways on for people")
def too_little(site):
    here = place(site)
    user = here.member()
    url = user.action("google")["reauth_url"]
    user2 = here.member()
    url2 = user2.action()["reauth_url"]
    browser = site.browser()
    back = fakes["github"].visit(leave(browser, url2), user2.name, scopes=["read:user"])
    equal(refusal(come_back(browser, back, "*/*"), 400, "BAD_REQUEST")["error"], "PROVIDER_SCOPE_CONSENT_REQUIRED", "word")
    browser = site.browser()
    answer = come_back(browser, fakes["github"].visit(leave(browser, url2), user2.name, scopes=["read:user"]))
    equal((answer.status, answer.media_type), (400, HTML), str(answer))
    links = answer.page().links
    assert urllib.parse.urlsplit(url2).path in links and any(link.startswith(CALLBACK + "?provider_grant=error") for link in links), links
    assert user.action("google")["reauth_url"] != url


@test("an account of somebody else here, or another than the one that is meant, is a conflict; nothing changes hands")
def conflict(site):
    here = place(site)
    owner, thief = here.member(), here.member()
    owner.connect()
    url = thief.action()["reauth_url"]
    browser = site.browser()
    answer = follow(here, browser, url, "github", owner.name, accept="*/*")
    equal(refusal(answer, 400, "BAD_REQUEST")["error"], "PROVIDER_ACCOUNT_CONFLICT", "somebody else's")
    site.sql(f"UPDATE connections SET status = 'broken' WHERE user_id = UNHEX('{owner.id.replace('-', '')}')")
    url = owner.action(code="PROVIDER_REAUTH_REQUIRED")["reauth_url"]
    answer = follow(here, site.browser(), url, "github", word(), accept="*/*")
    equal(refusal(answer, 400)["error"], "PROVIDER_ACCOUNT_CONFLICT", "another than the bound one")
    equal(owner.go(url)["provider_grant"], "success", "the bound one")
    owner.token()


@test("an account with another address than the user's isn't taken, though its case may differ; one without is asked for it (T-81)")
def address(site):
    here = place(site)
    user = here.member()
    url = user.action("google")["reauth_url"]
    answer = follow(here, site.browser(), url, "google", word(), accept="*/*")
    equal(refusal(answer, 400, "BAD_REQUEST")["error"], "PROVIDER_EMAIL_MISMATCH", "another's")
    fakes["google"].set(people={user.name: {"email": user.email.upper()}})
    equal(user.go(url, "google")["provider_grant"], "success", "upper case")
    bare = here.member()
    fakes["github"].set(people={bare.name: {"email": None}})
    url = bare.action()["reauth_url"]
    answer = follow(here, site.browser(), url, "github", bare.name, accept="*/*")
    equal(refusal(answer, 400)["error"], "PROVIDER_EMAIL_MISMATCH", "none at all, and nobody known to be there")
    someone = SignedIn(here)
    fakes["github"].set(people={someone.name: {"email": None}})
    equal(someone.connect(browser=someone.browser)["provider_grant"], "success", "none, but their own session")
    fakes["github"].set(people={})


@test("what a provider tells without the scopes for it is less than before: what is known of the account stays")
def still_known(site):
    here = place(site)
    user = here.member()
    user.connect(scopes=["read:user"])
    known = user.token(scopes=["read:user"])["account"]
    assert known["email"] == user.email and known["display_name"], known
    user.connect()
    token = user.token()
    equal((sorted(token["scopes"]), token["account"]), (["read:user", "repo"], known), "github, which wasn't asked for the address again")


@test("a second consent that brings no refresh token leaves the one that a refresh has put there meanwhile")
def refreshed_meanwhile(site):
    here = place(site)
    user = here.member()
    user.connect("acme")
    whose = f"WHERE user_id = UNHEX('{user.id.replace('-', '')}')"
    site.sql(f"UPDATE connections SET status = 'broken' {whose}")
    url = user.action("acme")["reauth_url"]
    fakes["acme"].fault("token", "change", remove=["refresh_token"])
    other = threading.Thread(target=site.sql, args=(
        f"BEGIN; UPDATE connections SET refresh_sealed = CONCAT(refresh_sealed, '!'), version = version + 1 {whose}; DO SLEEP(3); COMMIT",))
    other.start()
    until(lambda: site.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(3)%' AND id <> CONNECTION_ID()") != [["0"]], "the other's turn")
    equal(user.go(url, "acme")["provider_grant"], "success", "connected")
    other.join()
    equal(site.sql(f"SELECT RIGHT(refresh_sealed, 1), status FROM connections {whose}"), [["!", "active"]], "the newer one")


@test("an address that somebody only claimed here, with a password of theirs, gets them nobody's account: neither the token nor a grant (T-80, T-81)")
def claimed_address(site):
    here = place(site)
    mallory = SignedIn(here)
    site.sql(f"UPDATE users SET email_verified = 0 WHERE email_key = '{mallory.email}'")
    url = mallory.action("google")["reauth_url"]
    answer = follow(here, site.browser(), url, "google", mallory.name, accept="*/*")  # whose address it is
    equal(refusal(answer, 400, "BAD_REQUEST")["error"], "PROVIDER_EMAIL_MISMATCH", "sent to whose address it is")
    mallory.action("google", code="PROVIDER_LINK_REQUIRED")
    equal(mallory.go(url, "google", mallory.browser)["provider_grant"], "success", "in their own session")


def unproven(user):
    fakes["acme"].set(people={user.name: {"verified": False}})


@test("who got hold of somebody's request doesn't get an account of theirs into it that only claims the person's address; the person signs in first, and goes on (T-81)")
def address_claimed_there(site):
    here = place(site)
    for user in (SignedIn(here), here.member()):
        unproven(user)
        url = user.action("acme")["reauth_url"]
        if not isinstance(user, SignedIn):  # to whose account nobody has come yet: the address is all that there is
            equal(user.go(url, "acme")["provider_grant"], "success", "of a service's making")
            continue
        answer = follow(here, site.browser(), url, "acme", user.name, accept="*/*")
        equal(refusal(answer, 400, "BAD_REQUEST")["error"], "PROVIDER_EMAIL_MISMATCH", "a program")
        browser = site.browser()
        page = follow(here, browser, url, "acme", user.name)
        equal((page.status, page.media_type), (400, HTML), str(page))
        assert user.email not in page.text and "Sign in first" in page.text, page.text
        login = browser.open(next(link for link in page.page().links if link.startswith("/login?")))
        shown = browser.submit(form_to(login, "/login"), {"email": user.email, "password": user.person.password})
        equal(urllib.parse.urlsplit(browser.here).path, urllib.parse.urlsplit(url).path, "back at the request")
        back = come_back(browser, fakes["acme"].visit(press(browser, shown, "link").location, user.name))
        equal(words_of(back.location)["provider_grant"], "success", "in their own session")
    fakes["acme"].set(people={})


@test("an address that somebody only claimed here, by a provider that vouches for nothing, gets them nobody's account either (T-80, T-81)")
def address_claimed_by_a_provider(site):
    here = place(site)
    mallory = here.member()
    site.sql(f"UPDATE users SET self_registered = 1 WHERE email_key = '{mallory.email}'")
    url = mallory.action("google")["reauth_url"]
    answer = follow(here, site.browser(), url, "google", mallory.name, accept="*/*")  # whose address it is
    equal(refusal(answer, 400, "BAD_REQUEST")["error"], "PROVIDER_EMAIL_MISMATCH", "sent to whose address it is")
    mallory.action("google", code="PROVIDER_LINK_REQUIRED")


@test("a connection that was made for its tokens doesn't sign in (T-80)")
def no_sign_in(site):
    here = place(site)
    user = here.member()
    user.connect("google")
    equal(site.sql(f"SELECT sign_in FROM connections WHERE user_id = UNHEX('{user.id.replace('-', '')}')"), [["0"]], "sign_in")
    browser = site.browser()
    login = browser.get("/api/auth/google/login")
    answer = browser.follow(browser.get(fakes["google"].visit(login.location, user.name)))
    assert "public-session" not in browser.cookies, f"signed in at {answer}"


@test("what is missing is asked for beside what there is: google adds it to the old consent, others are asked for all of it")
def incremental(site):
    here = place(site, scopes="google=openid email profile github=repo read:user")
    user = here.member()
    user.connect("google", scopes=["openid", "email"])
    url = user.action("google", code="PROVIDER_SCOPE_CONSENT_REQUIRED")["reauth_url"]
    target = leave(site.browser(), url)
    assert "profile" in scopes_of(target), target
    equal(words_of(target).get("include_granted_scopes"), "true", target)
    answer = follow(here, site.browser(), url, "google", user.name, accept="*/*")
    assert answer.is_redirect, (answer.text[-300:], fakes["google"].asked("token")[-1])
    equal(sorted(user.token("google")["scopes"]), ["email", "openid", "profile"], "grant")
    user.connect("github", scopes=["read:user"])
    target = leave(site.browser(), user.action("github")["reauth_url"])
    equal(sorted(scopes_of(target)), ["read:user", "repo"], "all of it")


@test("state and page are the service's way in: what is in the address of the callback is never followed (T-65)")
def not_followed(site):
    here = place(site)
    user = here.member()
    url = user.action()["reauth_url"]
    browser = site.browser()
    target = leave(browser, f"{url}?redirect_uri=https://evil.example/&state=evil")
    back = fakes["github"].visit(target, user.name)
    answer = come_back(browser, back + "&redirect_uri=https%3A%2F%2Fevil.example%2F")
    assert "evil.example" not in (answer.location or ""), answer.location


@test("16 that allow at once: one request is completed once, one grant is made")
def race(site):
    here, there = place(site), place(site)
    asked = SignedIn(here)
    asked.connect(browser=asked.browser)
    twin = Member(there, asked.name, asked.email, there.key.post("users", {"email": asked.email}).json()["id"])
    url = twin.action()["reauth_url"]
    page = asked.browser.get(url)
    form = next(form for form in page.page().forms if "connect" in form["action"])
    pairs = filled(form, {}, next(button for button in form["buttons"] if button["value"] == "allow"))
    cookie = "; ".join(f"{name}={value}" for name, value in asked.browser.cookies.items())
    answers = at_once(site, 16, lambda web, _: web.post(form["action"], pairs, headers={"Cookie": cookie, "Origin": site.url, "Accept": "text/html"}))
    equal(sorted({answer.status for answer in answers}), [303, 404], "answers")
    equal(sum(answer.status == 303 for answer in answers), 1, "completed")
    twin.token()


if __name__ == "__main__":
    with fakes:
        run(settings=fakes.settings, workers=6)
