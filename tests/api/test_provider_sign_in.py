#!/usr/bin/env python3
"""Signing in by other providers: every way in, every way back, and what must never open anything."""
import base64
import json
import re
import threading
import time
import urllib.parse

from kit import *
from providing import *
from signing_in import *
from web import encode

CALLBACK_OF = "/api/auth/{}/callback"


def flow_at(site, provider, client=None, browser=None, **parameters):
    """A flow in front of its sign-in page, and where its provider's button leads: browser, client, address, state."""
    browser, login, client = open_flow(site, client, browser, **parameters)
    return browser, client, leave(browser, provider, login), request_state(login)


def request_state(login):
    return urllib.parse.urlsplit(form_to(login, "/login")["action"]).query


def parameters_of(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def allow(browser, answer):
    """Through the consent page, where there is one."""
    return decide(browser, answer) if is_consent(answer.page()) else answer


def claims_of(site, client, answer):
    """What the ID Token says behind a response of the flow."""
    response = response_of(answer, client.redirect_uri)
    assert response and response.get("code"), f"no code: {answer}"
    return Jwt(redeem(site, client, response).json()["id_token"]).claims


def redeem(site, client, response):
    return site.web.post(TOKEN, {"grant_type": "authorization_code", "code": response["code"],
                                 "redirect_uri": client.redirect_uri, **client.parameters()}, headers=client.headers())


# --- the way out ---

@test("2.6: the way out is a redirect to the provider with its own scope, our callback and a state, and sets the csrf-token cookie: HttpOnly, Lax, 24 hours; nothing is stored")
def way_out(site):
    wanted = {"google": "openid email profile", "facebook": "email,public_profile", "github": None, "acme": None, "apple": None, "microsoft": "openid profile email"}
    for provider, scope in wanted.items():
        browser = site.browser()
        before = site.sql("SELECT (SELECT COUNT(*) FROM tickets), (SELECT COUNT(*) FROM challenges), (SELECT COUNT(*) FROM used_ids)")
        answer = browser.get(f"/api/auth/{provider}/login")
        equal(answer.status, 302, provider)
        asked = parameters_of(answer.location)
        equal(asked["redirect_uri"], site.url + CALLBACK_OF.format(provider), provider)
        equal(asked["response_type"], "code", provider)
        if scope:
            equal(set(re.split("[ ,]", asked["scope"])), set(re.split("[ ,]", scope)), provider)
        cookie = next(line for line in browser.seen_cookies if line.startswith("csrf-token="))
        assert re.match(r"csrf-token=[0-9a-f]{64}\.[0-9a-f]{64};", cookie), cookie
        for attribute in ("HttpOnly", "SameSite=Lax", "Secure", "Max-Age=86400"):
            assert attribute.lower() in cookie.lower(), cookie
        state = json.loads(base64.urlsafe_b64decode(asked["state"] + "=="))
        equal(sorted(state), ["csrf", "journey"], "what a state shows")
        equal(state["csrf"], browser.cookies["csrf-token"])
        after = site.sql("SELECT (SELECT COUNT(*) FROM tickets), (SELECT COUNT(*) FROM challenges), (SELECT COUNT(*) FROM used_ids)")
        equal(after, before, f"rows after {provider}")


@test("each journey has a state, a nonce and a challenge of its own, where the provider knows them; the cookie stays")
def own_secrets(site):
    browser = site.browser()
    first, second = (parameters_of(leave(browser, "acme")) for _ in range(2))
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name], name
    equal(first["code_challenge_method"], "S256")
    equal(len([line for line in browser.seen_cookies if line.startswith("csrf-token=")]), 2)
    equal(len({line.split(";")[0] for line in browser.seen_cookies if line.startswith("csrf-token=")}), 1)


@test("prompt and login_hint are passed on; a prompt that isn't one of a sign-in isn't; an unknown provider is 404, in JSON for programs and a page for browsers")
def hints(site):
    asked = parameters_of(leave(site.browser(), "acme", prompt="login", login_hint="ann@people.example"))
    equal((asked["prompt"], asked["login_hint"]), ("login", "ann@people.example"))
    assert "prompt" not in parameters_of(leave(site.browser(), "acme", prompt="none"))
    # who has no prompt=login is asked what comes next to it
    equal([parameters_of(leave(site.browser(), name, prompt="login")).get("prompt") for name in ("google", "github", "facebook")],
          ["select_account", "select_account", None])
    answer = site.web.get("/api/auth/nowhere/login")
    equal((answer.status, answer.media_type), (404, "application/json"))
    answer = site.browser().get("/api/auth/nowhere/login")
    equal((answer.status, answer.media_type), (404, "text/html"))
    answer = site.web.get("/api/auth/nowhere/callback?code=x&state=x")
    equal(answer.status, 404)
    assert site.web.get("/api/auth/Google/login").is_redirect, "names of kinds in any case"


# --- new people, and people who are known ---

@test("a new person signs in by each provider: an account with what the provider says, a session, /?login=success; the cookie is taken back; the second time it's the same account")
def new_people(site):
    for provider in PROVIDERS:
        word, browser = somebody(), site.browser()
        answer = sign_in(browser, provider, word, follow=False)
        equal(answer.status, 302, f"{provider}: {answer}")
        equal(urllib.parse.urlsplit(answer.location).query, "login=success", provider)
        assert "csrf-token" not in browser.cookies, provider
        person = who(browser)
        equal(person["email"], address_of(word), provider)
        equal(person["emailVerified"], True, provider)
        equal(person["loginMethods"], [provider], provider)
        again = site.browser()
        sign_in(again, provider, word)
        equal(who(again)["id"], person["id"], provider)
        equal(len(connections_of(site, word)), 1, provider)


@test("the alias /auth/{provider}/callback answers as well")
def alias(site):
    word, browser = somebody(), site.browser()
    back = fakes["acme"].visit(leave(browser, "acme"), word)
    come_back(browser, back.replace("/api/auth/acme/callback", "/auth/acme/callback"))
    equal(who(browser)["email"], address_of(word))


@test("a flow goes on where it was: page, provider, consent, code; the ID Token's amr names the provider, auth_time is when they came back, and the service's numbers know it")
def in_a_flow(site):
    word = somebody()
    client = site.add_client()
    browser, client, url, _ = flow_at(site, "google", client, scope="openid email")
    answer = allow(browser, come_back(browser, fakes["google"].visit(url, word)))
    claims = claims_of(site, client, answer)
    equal(claims["amr"], ["google"])
    equal((claims["email"], claims["email_verified"]), (address_of(word), True))
    rows = site.sql(f"SELECT provider FROM sign_ins WHERE user_id = UNHEX('{claims['sub'].replace('-', '')}')")
    equal(rows, [["google"]])


@test("an address that the provider doesn't vouch for makes an account with an unverified address, which gets the confirmation mail and is told so")
def unvouched_newcomer(site):
    word = somebody()
    fakes["acme"].set(people={word: {"verified": False}})
    browser = site.browser()
    answer = sign_in(browser, "acme", word)
    equal(urllib.parse.urlsplit(browser.here).path, "/confirm", str(answer))
    equal(who(browser)["emailVerified"], False)
    mail = site.mail.wait(address_of(word), "verify_email")
    landing = browser.open(path_of(mail.link("confirm")))
    # until then it's as with a password: signed in once, and not again
    again = site.browser()
    page = sign_in(again, "acme", word)
    assert who(again) is None and urllib.parse.urlsplit(again.here).path == "/confirm", str(page)
    press(browser, landing, "/confirm")
    equal(who(browser)["emailVerified"], True)
    sign_in(again, "acme", word)
    equal(who(again)["id"], who(browser)["id"])
    fakes["acme"].reset()


@test("what the provider vouches for later needs no mail any more")
def vouched_later(site):
    word = somebody()
    fakes["acme"].set(people={word: {"verified": False}})
    sign_in(site.browser(), "acme", word)
    fakes["acme"].reset()
    browser = site.browser()
    sign_in(browser, "acme", word)
    equal(who(browser)["emailVerified"], True)


@test("without an address there is no account: google_no_email, in the contract's shape, with ways on")
def no_address(site):
    browser = site.browser()
    answer = sign_in(browser, "acme", "noemail", follow=False)
    assert answer.is_redirect and "message=" in answer.location, str(answer)
    equal(error_of(answer), "acme_no_email")
    page = browser.follow(answer)
    assert "Acme told us no e-mail address" in errors_of(page), str(page)
    assert link_to(page, "/login") and link_to(page, "/register") and who(browser) is None
    equal(error_of(sign_in(site.browser(), "facebook", "noemail", follow=False)), "facebook_no_email")


@test("abuse 72, T-82: whose address changed at the provider is still who they were; their account here keeps its address, and nobody else's is touched")
def changed_address(site):
    word, other = somebody(), somebody()
    owner = add_owner(site, other)
    browser = site.browser()
    sign_in(browser, "acme", word)
    person = who(browser)
    fakes["acme"].set(people={word: {"email": owner.email}})
    again = site.browser()
    sign_in(again, "acme", word)
    fakes["acme"].reset()
    equal((who(again)["id"], who(again)["email"]), (person["id"], person["email"]))
    equal(connections_of(site, owner.email), [])


@test("8 first sign-ins of one person at once make one account, and all 8 are signed in to it")
def race(site):
    for _ in range(4):
        race_once(site, somebody())


def race_once(site, word):
    browsers = [site.browser() for _ in range(8)]
    backs = [fakes["acme"].visit(leave(browser, "acme"), word) for browser in browsers]
    results, together = [None] * 8, threading.Barrier(8)

    def arrive(number):
        together.wait()
        come_back(browsers[number], backs[number])
        results[number] = (who(browsers[number]) or {}).get("id")

    threads = [threading.Thread(target=arrive, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(results)) == 1 and results[0], results
    equal(len(site.sql(f"SELECT HEX(id) FROM users WHERE email_key = '{address_of(word)}'")), 1)
    equal(len(connections_of(site, word)), 1)


# --- what comes back wrong ---

@test("2.6: missing code or state and a state that can't be read are 400, as JSON; for a browser a page; repeated ones too")
def bad_answers(site):
    for query in ("", "code=x", "state=x", "code=x&state=x", "code=x&state=bm90IEpTT04", "code=x&state=W10", "state=eyJjc3JmIjoieCJ9",
                  "code=x&code=y&state=eyJjc3JmIjoieCJ9", "code=x&state=eyJjc3JmIjoieCJ9&state=eyJjc3JmIjoieCJ9"):
        answer = site.web.get(CALLBACK_OF.format("google") + "?" + query)
        equal((answer.status, answer.media_type), (400, "application/json"), query)
        assert answer.json()["error"], query
        answer = site.browser().get(CALLBACK_OF.format("google") + "?" + query)
        equal((answer.status, answer.media_type), (400, "text/html"), query)


@test("2.1: another method than those of a way to a provider, or back, is 405 and told which there are, each once")
def other_methods(site):
    for method, way, allowed in (("POST", "login", "GET, HEAD"), ("DELETE", "callback", "GET, HEAD, POST")):
        answer = site.web.request(method, f"/api/auth/google/{way}")
        equal((answer.status, answer.json()["error"]), (405, "Method not allowed"), way)
        equal(answer.all_headers("Allow"), [allowed], way)


@test("2.6, 2.9: a foreign state is google_invalid_state, whatever is foreign about it; nothing of the address is shown (T-65)")
def foreign_states(site):
    word, browser, other = somebody(), site.browser(), site.browser()
    back = fakes["google"].visit(leave(browser, "google"), word)
    theirs = parameters_of(fakes["google"].visit(leave(other, "google"), word))["state"]
    own = parameters_of(back)["state"]
    forged = base64.urlsafe_b64encode(json.dumps({"csrf": browser.cookies["csrf-token"], "journey": "AAAA"}).encode()).decode().rstrip("=")
    swapped = base64.urlsafe_b64encode(json.dumps({
        "csrf": browser.cookies["csrf-token"],
        "journey": json.loads(base64.urlsafe_b64decode(theirs + "=="))["journey"]}).encode()).decode().rstrip("=")
    for what, state in {"another browser's": theirs, "forged": forged, "another's journey": swapped}.items():
        answer = browser.get(CALLBACK_OF.format("google"), {**parameters_of(back), "state": state})
        equal(error_of(answer), "google_invalid_state", what)
        assert who(browser) is None, what
    bare = browser.clone_without("csrf-token")
    equal(error_of(come_back(bare, back, follow=False)), "google_invalid_state", "without the cookie")
    page = browser.get("/?error=google_invalid_state&message=" + urllib.parse.quote("Call 0900 123 <svg onload=alert(1)>"))
    assert "0900" not in page.text and "another browser" in errors_of(page), str(page)
    page = browser.get("/?error=nowhere_bad&message=x")
    assert page.status == 200 and not errors_of(page), "an error of nobody's"
    answer = come_back(browser, back)
    equal(who(browser)["email"], address_of(word), f"the state is still good for its own: {answer}; state {own[:8]}")


@test("38, RFC 9207: what came for one provider is refused at another's callback, and an answer of another issuer too; nothing of it reaches a provider")
def mix_up(site):
    word, browser = somebody(), site.browser()
    back = fakes["google"].visit(leave(browser, "google"), word)
    answer = browser.get(CALLBACK_OF.format("acme"), parameters_of(back))
    equal(error_of(answer), "acme_invalid_state")
    for what, change in {"foreign": {"set": {"iss": "https://evil.example"}}, "missing where it's promised": {"remove": ["iss"]}}.items():
        fakes["acme"].reset()
        fakes["acme"].fault("back", "change", **change)
        calls = fakes["acme"].counts["token"]
        answer = sign_in(browser, "acme", word, follow=False)
        equal(error_of(answer), "acme_callback_failed", f"iss {what}")
        equal(fakes["acme"].counts["token"], calls, f"iss {what}: the code was sent")
    fakes["acme"].reset()
    assert who(browser) is None


@test("T-83, abuse 72: an answer is taken once; a second one, by reload or by somebody who saw it, opens nothing, and who is signed in goes on")
def replay(site):
    word, browser = somebody(), site.browser()
    back = fakes["acme"].visit(leave(browser, "acme"), word)
    cookie = browser.cookies["csrf-token"]
    come_back(browser, back)
    person = who(browser)
    browser.cookies["csrf-token"] = cookie
    calls = fakes["acme"].counts["token"]
    answer = come_back(browser, back)
    equal((answer.status, who(browser)["id"]), (200, person["id"]), "reload")
    browser.cookies.pop("public-session")
    answer = come_back(browser, back, follow=False)
    equal(error_of(answer), "acme_invalid_state", "by who isn't signed in")
    assert who(browser) is None
    equal(fakes["acme"].counts["token"], calls, "the code was sent again")


@test("two of the same answer at once: one is taken")
def replay_at_once(site):
    word, browser = somebody(), site.browser()
    back = fakes["acme"].visit(leave(browser, "acme"), word)
    browsers = [browser.clone_without() for _ in range(6)]
    threads = [threading.Thread(target=come_back, args=(one, back)) for one in browsers]
    calls = fakes["acme"].counts["token"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(sum("public-session" in one.cookies for one in browsers), 1)
    equal(fakes["acme"].counts["token"], calls + 1)


@test("2.6: who cancels comes back with google_access_denied and our words for it; a provider's other words are told as ours, odd ones aren't passed on")
def cancelled(site):
    browser = site.browser()
    back = fakes["google"].visit(leave(browser, "google"), "ann", allow=False)
    answer = come_back(browser, back, follow=False)
    equal(error_of(answer), "google_access_denied")
    assert "cancelled" in parameters_of(answer.location)["message"], answer.location
    page = browser.follow(answer)
    assert "Google was cancelled" in errors_of(page) and link_to(page, "/login"), str(page)
    back = fakes["apple"].visit(leave(browser, "apple"), "ann", allow=False)
    equal((back[1]["error"], error_of(come_back(browser, back, follow=False))), ("user_cancelled_authorize", "apple_access_denied"), "Apple's word for it")
    for word, told in {"server_error": "acme_server_error", "temporarily_unavailable": "acme_temporarily_unavailable", "not_admin": "acme_not_admin",
                       "<svg onload=alert(1)>": "acme_callback_failed", "x" * 300: "acme_callback_failed"}.items():
        state = parameters_of(leave(browser, "acme"))["state"]
        answer = browser.get(CALLBACK_OF.format("acme"), {"error": word, "error_description": "Call 0900", "state": state,
                                                          "iss": fakes["acme"].url})
        equal(error_of(answer), told, word)
        page = browser.follow(answer)
        assert page.status == 200 and errors_of(page) and "0900" not in page.text, str(page)


@test("abuse 72: whatever is wrong with the provider ends on a page that leads back into the flow, in good time, and signs nobody in")
def broken_providers(site):
    faults = {"500": ("token", "status", {}), "bad JSON": ("token", "bad_json", {}), "HTML": ("token", "html", {}),
              "closed": ("token", "close", {}), "refused": ("token", "error", {"error": "invalid_grant"}),
              "wrong iss": ("token", "id_token", {"claims": {"iss": "https://evil.example"}}),
              "wrong aud": ("token", "id_token", {"claims": {"aud": "somebody"}}),
              "wrong nonce": ("token", "id_token", {"claims": {"nonce": "another"}}),
              "expired": ("token", "id_token", {"claims": {"exp": 1000000000}}),
              "unsigned": ("token", "id_token", {"alg": "none"}), "foreign key": ("token", "id_token", {"key": "foreign"}),
              "spoilt": ("token", "id_token", {"spoil": True})}
    client = site.add_client()
    for what, (at, do, more) in faults.items():
        browser, client, url, _ = flow_at(site, "acme", client)
        fakes["acme"].fault(at, do, **more)
        answer = come_back(browser, fakes["acme"].visit(url, "ann"), follow=False)
        equal(error_of(answer), "acme_callback_failed", what)
        page = browser.follow(answer)
        assert "did not work" in errors_of(page), f"{what}: {page}"
        assert who(browser) is None, what
        login = browser.open(link_to(page, "/login"))
        assert is_login(login.page()) and client.metadata["client_name"] in login.text, f"{what}: not back in the flow: {login}"
        fakes["acme"].reset()
    rows = site.sql("SELECT COUNT(*) FROM sign_ins WHERE kind = 'failure' AND provider = 'acme'")
    equal(rows, [[str(len(faults))]], "the service's numbers")
    word = somebody()
    browser, client, url, _ = flow_at(site, "acme", client)
    answer = allow(browser, come_back(browser, fakes["acme"].visit(url, word)))
    assert response_of(answer, client.redirect_uri), "all is well again"


# --- accounts that are there: never linked silently ---

@test("T-80, security 122: an address that the provider vouches for and somebody here has signs nobody in: their password is asked for, and then both are connected and a mail says so")
def proof_by_password(site):
    word, browser = somebody(), site.browser()
    owner = add_owner(site, word)
    page = sign_in(browser, "google", word)
    assert who(browser) is None and connections_of(site, word) == [], "before the proof"
    assert owner.email in page.text and "Google" in page.text and is_login(page.page()), str(page)
    answer = fill_login(browser, page, owner, "not the password")
    assert answer.status == 400 and "Google" in answer.text and connections_of(site, word) == [], str(answer)
    answer = fill_login(browser, answer, owner)
    assert "has been connected" in answer.text, str(answer)
    equal(who(browser)["loginMethods"], ["password", "google"])
    mail = site.mail.wait(owner.email, "connection_added")
    assert "Google" in mail.text, mail.text
    again = site.browser()
    sign_in(again, "google", word)
    equal(who(again)["id"], who(browser)["id"])


@test("in a flow the proof leads on to the application")
def proof_in_a_flow(site):
    word = somebody()
    owner = add_owner(site, word)
    client = site.add_client()
    browser, client, url, _ = flow_at(site, "github", client)
    page = come_back(browser, fakes["github"].visit(url, word))
    claims = claims_of(site, client, allow(browser, fill_login(browser, page, owner)))
    equal(claims["sub"], owner.id)
    equal(claims["amr"], ["pwd"])
    equal(len(connections_of(site, word)), 1)


@test("proof by the code and by the link of a mail, in the browser that began")
def proof_by_mail(site):
    for way in ("pin", "link"):
        word, browser = somebody(), site.browser()
        owner = add_owner(site, word)
        page = sign_in(browser, "google", word)
        sent = ask_for_link(site, browser, page, owner.email)
        mail = site.mail.wait(owner.email, "magic_link")
        if way == "pin":
            answer = type_pin(browser, sent, mail.pin)
        else:
            answer = press(browser, browser.open(path_of(mail.link("magic-login"))), "/api/public/magic-login")
        assert "has been connected" in answer.text, f"{way}: {answer}"
        equal(len(connections_of(site, word)), 1, way)


@test("T-81: the mail's link in another browser signs in there and connects nothing")
def mail_elsewhere(site):
    word, browser, other = somebody(), site.browser(), site.browser()
    owner = add_owner(site, word)
    page = sign_in(browser, "google", word)
    ask_for_link(site, browser, page, owner.email)
    mail = site.mail.wait(owner.email, "magic_link")
    press(other, other.open(path_of(mail.link("magic-login"))), "/api/public/magic-login")
    equal(who(other)["email"], owner.email)
    equal(connections_of(site, word), [])


@test("T-81: whom a service added, and who has never been here, proves the account by the mailed link, which proves the address as well")
def proof_of_a_members_account(site):
    from service import Key
    for way in ("link", "code"):
        word, browser = somebody(), site.browser()
        member = Key(site).post("users", {"email": address_of(word)}).json()
        page = sign_in(browser, "google", word)
        assert "Connect Google" in page.page().title and who(browser) is None, str(page)
        sent = ask_for_link(site, browser, page, address_of(word))
        mail = site.mail.wait(address_of(word), "magic_link")
        if way == "code":
            end = type_pin(browser, sent, mail.pin)
        else:
            end = press(browser, browser.open(path_of(mail.link("magic-login"))), "/api/public/magic-login")
        assert "has been connected" in end.text, f"{way}: {end}"
        here = who(browser)
        equal((here["id"], here["emailVerified"], here["loginMethods"]), (member["id"], True, ["google"]), way)
        again = site.browser()
        sign_in(again, "google", word)
        equal(who(again)["id"], member["id"], way)


@test("T-80: who registered somebody else's address still gets no link by which its owner would come into their account")
def no_link_into_a_strangers_account(site):
    for how in ("with a password", "by a provider"):
        word, browser = somebody(), site.browser()
        if how == "with a password":
            add_owner(site, word, verified=False)
        else:
            fakes["acme"].set(people={word: {"verified": False}})
            sign_in(site.browser(), "acme", word)
            fakes["acme"].reset()
        page = sign_in(browser, "google", word)
        ask_for_link(site, browser, page, address_of(word))
        assert site.mail.none(address_of(word), "magic_link"), how


@test("proof by another account that is connected already")
def proof_by_other_provider(site):
    word, browser = somebody(), site.browser()
    sign_in(site.browser(), "github", word)
    page = sign_in(browser, "google", word)
    assert who(browser) is None
    answer = sign_in(browser, "github", word, page)
    assert "has been connected" in answer.text, str(answer)
    equal(sorted(row[0] for row in connections_of(site, word)), ["github", "google"])


@test("proof by a session that was opened just now is a button; looking at it connects nothing")
def proof_by_session(site):
    word, browser = somebody(), site.browser()
    owner = add_owner(site, word)
    fill_login(browser, browser.open("/login"), owner)
    page = sign_in(browser, "google", word)
    equal(connections_of(site, word), [])
    assert owner.email in page.text and "Connect Google" in page.text, str(page)
    answer = press(browser, page, "/login/connect")
    assert "has been connected" in answer.text, str(answer)
    equal(len(connections_of(site, word)), 1)


@test("T-81: what waits for one person is never connected to another: not who signs in instead, not whose session it is, not by a forged or a taken handle, not in another browser")
def never_to_another(site):
    word, browser = somebody(), site.browser()
    owner, other = add_owner(site, word), site.add_person()
    fill_login(browser, browser.open("/login"), other)
    page = sign_in(browser, "google", word)
    pending = parameters_of(browser.here)["pending"]
    assert is_login(page.page()) and owner.email in page.text, f"who is signed in is somebody else: {page}"
    form = form_to(page, "/login")
    answer = browser.submit(form, {"email": other.email, "password": other.password})
    equal(who(browser)["email"], other.email)
    equal(connections_of(site, other.email) + connections_of(site, word), [])
    # in another browser, where the owner signs in
    elsewhere = site.browser()
    page = elsewhere.open("/login/connect", {"pending": pending})
    assert "another browser" in errors_of(page), str(page)
    fill_login(elsewhere, elsewhere.open("/login", {"pending": pending}), owner)
    for bad in (pending[:-4] + "AAAA", "x", POLYGLOT):
        answer = elsewhere.open("/login/connect", {"pending": bad})
        assert answer.status == 200, str(answer)
    equal(connections_of(site, other.email) + connections_of(site, word), [])
    # by a POST of who is signed in as somebody else
    token = dict(hidden_of(form))
    answer = browser.request("POST", "/login/connect", form={"pending": pending, "token": token["token"]})
    assert answer.status == 403, str(answer)
    equal(connections_of(site, other.email) + connections_of(site, word), [])


@test("T-81: what waits is used once, and a change of password ends it")
def pending_is_used_once(site):
    word, browser = somebody(), site.browser()
    owner = add_owner(site, word)
    page = sign_in(browser, "google", word)
    copy_of_page, pending = page, parameters_of(browser.here)["pending"]
    fill_login(browser, page, owner)
    equal(len(connections_of(site, word)), 1)
    site.sql(f"DELETE c FROM connections c JOIN users u ON u.id = c.user_id WHERE u.email_key = '{owner.email}'")
    fill_login(browser, copy_of_page, owner)
    browser.open("/login/connect", {"pending": pending})
    equal(connections_of(site, word), [], "used twice")
    equal(site.sql(f"SELECT COUNT(*) FROM challenges ch JOIN users u ON u.id = ch.user_id WHERE u.email_key = '{owner.email}'"), [["0"]])


@test("security 122: an address that the provider doesn't vouch for matches nobody: a page says to sign in and connect; no handle, no mail, no row")
def unvouched_taken(site):
    word, browser = somebody(), site.browser()
    owner = add_owner(site, word)
    fakes["acme"].set(people={word: {"verified": False}})
    answer = sign_in(browser, "acme", word, follow=False)
    fakes["acme"].reset()
    equal(error_of(answer), "acme_address_taken")
    page = browser.follow(answer)
    assert "Connections" in errors_of(page) and link_to(page, "/login"), str(page)
    equal(connections_of(site, word), [])
    equal(site.sql(f"SELECT COUNT(*) FROM challenges WHERE email_key = '{owner.email}'"), [["0"]])


@test("an account that was registered before its address was proven isn't taken over, nor does it take over: its password is asked for, its mail resets it")
def unproven_account(site):
    word, browser = somebody(), site.browser()
    owner = add_owner(site, word, verified=False)
    page = sign_in(browser, "google", word)
    assert who(browser) is None and is_login(page.page())
    link_to(page, "/forgot-password")
    equal(connections_of(site, owner.email), [])


# --- the rules that hold behind a password ---

@test("a disabled account isn't opened by its provider, in the words of any failure; its sessions stay ended")
def disabled(site):
    word, browser = somebody(), site.browser()
    sign_in(browser, "google", word)
    person = who(browser)
    site.sql(f"UPDATE users SET status = 'disabled' WHERE id = UNHEX('{person['id'].replace('-', '')}')")
    answer = sign_in(site.browser(), "google", word, follow=False)
    equal(error_of(answer), "google_callback_failed")
    assert "sign-in failed from " in site.log()


@test("the service's PIN gate holds behind a provider: the code is mailed, and the flow goes on behind it; amr tells both")
def pin_gate(site):
    word = somebody()
    sign_in(site.browser(), "google", word)
    strict = in_service(site, pin_gate="always")
    client = strict.add_client()
    browser, client, url, _ = flow_at(strict, "google", client)
    page = come_back(browser, fakes["google"].visit(url, word))
    assert who(browser) is None and urllib.parse.urlsplit(browser.here).path == "/login/pin", str(page)
    mail = site.mail.wait(address_of(word), "pin")
    claims = claims_of(site, client, allow(browser, type_pin(browser, page, mail.pin, "/login/pin")))
    equal(claims["amr"], ["google", "otp"])
    site.cli("service", "set", strict.service, "--pin-gate", "off")


@test("a client that demands a permission asks for it behind a provider, too")
def permission(site):
    client = site.add_client(requires_permission=True)
    browser, client, url, _ = flow_at(site, "google", client)
    page = come_back(browser, fakes["google"].visit(url, somebody()))
    equal(urllib.parse.urlsplit(browser.here).path, "/oauth/request-access", str(page))


@test("T-100: a service says by which providers people sign in to it: others have no button, no way in by their address, and no way back in")
def chosen_by_service(site):
    narrow = in_service(site, sign_in_providers="github")
    client = narrow.add_client()
    browser, login, _ = open_flow(narrow, client)
    hrefs = [link for link in login.page().links if "/api/auth/" in link]
    equal(len(hrefs), 1, str(hrefs))
    assert "/github/" in hrefs[0]
    answer = browser.get(hrefs[0].replace("github", "google"))
    equal(error_of(answer), "google_not_offered")
    equal(len([link for link in site.browser().open("/login").page().links if "/api/auth/" in link]), len(PROVIDERS))


# --- /api/oauth/authorize ---

@test("provider= goes straight to the provider, with the login_hint, and on to the code; an unknown one to the sign-in page; one that is named twice is refused")
def straight_to_provider(site):
    word, client, browser = somebody(), site.add_client(), site.browser()
    request = request_of(client, provider="acme", login_hint=address_of(word))
    answer = browser.open(AUTHORIZE, request)
    assert answer.is_redirect and answer.location.startswith(fakes["acme"].url), str(answer)
    equal(parameters_of(answer.location)["login_hint"], address_of(word))
    answer = allow(browser, come_back(browser, fakes["acme"].visit(answer.location, word)))
    response = response_of(answer, client.redirect_uri)
    equal(response["state"], request["state"])
    # signed in by now: nobody is sent anywhere
    assert response_of(allow(browser, browser.open(AUTHORIZE, request_of(client, provider="acme"))), client.redirect_uri)
    assert is_login(site.browser().open(AUTHORIZE, request_of(client, provider="nowhere")).page())
    answer = site.browser().get(AUTHORIZE + "?" + encode(request_of(client)) + "&provider=acme&provider=google")
    equal(response_of(answer, client.redirect_uri)["error"], "invalid_request")


@test("prompt=none never leaves for a provider: login_required")
def prompt_none(site):
    client = site.add_client()
    answer = site.browser().open(AUTHORIZE, request_of(client, provider="acme", prompt="none"))
    equal(response_of(answer, client.redirect_uri)["error"], "login_required")


@test("prompt=login and max_age go on to the provider as prompt=login, end with a fresh auth_time, and don't go round in circles")
def prompt_login(site):
    word, client, browser = somebody(), site.add_client(), site.browser()
    sign_in(browser, "acme", word)
    old = site.sql(f"SELECT s.authenticated_at FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email_key = '{address_of(word)}'")[0][0]
    site.sql(f"UPDATE sessions s JOIN users u ON u.id = s.user_id SET s.authenticated_at = s.authenticated_at - 1000 WHERE u.email_key = '{address_of(word)}'")
    for more in ({"prompt": "login"}, {"max_age": "0"}, {"max_age": "500"}):
        answer = browser.open(AUTHORIZE, request_of(client, provider="acme", **more))
        assert answer.is_redirect and answer.location.startswith(fakes["acme"].url), f"{more}: {answer}"
        equal(parameters_of(answer.location).get("prompt"), "login", str(more))
        answer = allow(browser, come_back(browser, fakes["acme"].visit(answer.location, word)))
        claims = claims_of(site, client, answer)
        assert claims["auth_time"] >= int(old), more
        site.sql(f"UPDATE sessions s JOIN users u ON u.id = s.user_id SET s.authenticated_at = s.authenticated_at - 1000 WHERE u.email_key = '{address_of(word)}'")


@test("prompt=login is not met by a provider that says of its own sign-in that it is an old one")
def stale_sign_in(site):
    word = somebody()
    sign_in(site.browser(), "acme", word)
    for seconds, fine in ((3600, False), (5, True)):
        browser, client, url, _ = flow_at(site, "acme", prompt="login")
        fakes["acme"].fault("token", "id_token", claims={"auth_time": int(time.time()) - seconds})
        answer = come_back(browser, fakes["acme"].visit(url, word))
        equal("error=acme_callback_failed" in answer.url, not fine, f"{seconds} s ago: {answer}")


@test("whom the application named (id_token_hint) isn't who came back: told so on the sign-in page, and not sent to the provider again")
def wrong_person(site):
    word, other, client = somebody(), somebody(), site.add_client()
    browser, client, url, _ = flow_at(site, "acme", client)
    answer = allow(browser, come_back(browser, fakes["acme"].visit(url, word)))
    token = redeem(site, client, response_of(answer, client.redirect_uri)).json()["id_token"]
    fresh = site.browser()
    answer = fresh.open(AUTHORIZE, request_of(client, provider="acme", id_token_hint=token))
    page = come_back(fresh, fakes["acme"].visit(answer.location, other))
    assert "another account" in errors_of(page), str(page)


# --- deep flows ---

@test("five tabs: five flows by five ways to two providers, in any order, each ends at its own application's state")
def five_tabs(site):
    word, client, browser = somebody(), site.add_client(), site.browser()
    sign_in(site.browser(), "acme", word)
    tabs = []
    for number in range(5):
        request = request_of(client)
        login = browser.open(AUTHORIZE, request)
        tabs.append((request["state"], leave(browser, "acme", login)))
    for state, url in reversed(tabs):
        answer = allow(browser, come_back(browser, fakes["acme"].visit(url, word)))
        equal(response_of(answer, client.redirect_uri)["state"], state)


@test("back and reload of the callback in a flow that is done say so, with a way to the application; a flow that was finished elsewhere too")
def finished_flows(site):
    word, client = somebody(), site.add_client(client_uri="https://client.example/")
    browser, client, url, _ = flow_at(site, "acme", client)
    back, cookie = fakes["acme"].visit(url, word), browser.cookies["csrf-token"]
    assert response_of(allow(browser, come_back(browser, back)), client.redirect_uri)
    browser.cookies["csrf-token"] = cookie
    answer = come_back(browser, back)
    equal(answer.status, 410, str(answer))
    # two tabs of one flow: the second comes back when the first is done
    browser, client, url, _ = flow_at(site, "acme", client)
    second = fakes["acme"].visit(leave(browser, "acme", browser.open(browser_login(browser))), word)
    assert response_of(allow(browser, come_back(browser, fakes["acme"].visit(url, word))), client.redirect_uri)
    answer = come_back(browser, second)
    assert answer.status in (302, 410), str(answer)
    assert "client.example" in answer.text or answer.is_redirect


def browser_login(browser):
    return "/login?" + urllib.parse.urlsplit(browser.here).query.split("&prompt")[0]


@test("a flow whose answer comes into another browser tells nobody anything: invalid_state, and the flow isn't that browser's")
def other_browser(site):
    word = somebody()
    browser, client, url, _ = flow_at(site, "acme")
    back = fakes["acme"].visit(url, word)
    other = site.browser()
    answer = come_back(other, back, follow=False)
    equal(error_of(answer), "acme_invalid_state")
    page = other.follow(answer)
    assert errors_of(page) and page.status == 200, str(page)
    assert response_of(allow(browser, come_back(browser, back)), client.redirect_uri), "its own browser goes on"


@test("no open redirector (security 4): return_to leads nowhere else, by login and by state")
def no_open_redirector(site):
    for evil in EVIL:
        browser = site.browser()
        url = leave(browser, "acme", return_to=evil)
        answer = come_back(browser, fakes["acme"].visit(url, somebody()), follow=False)
        assert answer.location in ("/?login=success", site.url + "/?login=success"), f"{evil}: {answer.location}"
    browser = site.browser()
    answer = come_back(browser, fakes["acme"].visit(leave(browser, "acme", return_to="/account"), somebody()), follow=False)
    assert answer.location.endswith("/account"), answer.location


@test("nothing of a provider's answers is in the log: no code, no token, no address")
def log_is_clean(site):
    word, browser = somebody(), site.browser()
    back = fakes["acme"].visit(leave(browser, "acme"), word)
    come_back(browser, back)
    log = site.log()
    assert parameters_of(back)["code"] not in log and word not in log and parameters_of(back)["state"] not in log


# --- /account/connections ---

def open_connections(browser):
    return browser.open("/account/connections")


@test("who is signed in connects another account and takes it off again; both are mailed; the last way to sign in stays")
def connect_and_disconnect(site):
    word, other, browser = somebody(), somebody(), site.browser()
    sign_in(browser, "google", word)
    page = open_connections(browser)
    back = fakes["github"].visit(leave(browser, "github", page), other)
    page = come_back(browser, back)
    assert "has been connected" in page.text and "GitHub" in page.text, str(page)
    equal(who(browser)["loginMethods"], ["github", "google"])
    assert "GitHub" in site.mail.wait(address_of(word), "connection_added").text
    again = site.browser()
    answer = sign_in(again, "github", other)
    assert who(again), f"{again.here} {answer}"
    equal(who(again)["id"], who(browser)["id"], "either opens it")
    page = browser.submit(page.page().forms[-1], button={"name": "provider", "value": "google"})
    assert "disconnected" in page.text, str(page)
    assert "Google" in site.mail.wait(address_of(word), "connection_removed").text
    page = browser.submit(page.page().forms[-1], button={"name": "provider", "value": "github"})
    assert "only way" in errors_of(page), str(page)
    equal(who(browser)["loginMethods"], ["github"])


@test("an account there that is somebody else's here isn't connected, and a cancelled connection says so on the page")
def connect_taken(site):
    word, other, browser = somebody(), somebody(), site.browser()
    sign_in(site.browser(), "github", other)
    sign_in(browser, "google", word)
    page = come_back(browser, fakes["github"].visit(leave(browser, "github", open_connections(browser)), other))
    assert "somebody else" in errors_of(page), str(page)
    equal(who(browser)["loginMethods"], ["google"])
    page = come_back(browser, fakes["github"].visit(leave(browser, "github", open_connections(browser)), other, allow=False))
    assert "cancelled" in errors_of(page) and urllib.parse.urlsplit(browser.here).path == "/account/connections", str(page)


@test("T-81: a connection is begun by the person's own page alone, and ends in their own session: no foreign link, another's token, another session")
def connect_is_bound(site):
    word, other, browser = somebody(), somebody(), site.browser()
    sign_in(browser, "google", word)
    href = link_to(open_connections(browser), "/api/auth/github/login")
    for bad in ("/api/auth/github/login?connect=1", href[:-4] + "AAAA"):
        answer = browser.get(bad)
        equal(answer.status, 403, bad)
    theirs = site.browser()
    sign_in(theirs, "google", other)
    equal(theirs.get(href).status, 403, "another person's link")
    assert "/login" in site.browser().get(href).location, "without a session"
    # begun by one, and come back when another is signed in
    url, cookie = leave(browser, "github", open_connections(browser)), browser.cookies["csrf-token"]
    sign_in(browser, "acme", somebody())
    browser.cookies["csrf-token"] = cookie
    page = come_back(browser, fakes["github"].visit(url, somebody()))
    assert "somebody else" in errors_of(page), str(page)
    equal(len(connections_of(site, word)), 1)


@test("connecting and disconnecting ask for a fresh sign-in")
def connect_is_fresh(site):
    word, browser = somebody(), site.browser()
    sign_in(browser, "google", word)
    page = open_connections(browser)
    site.sql(f"UPDATE sessions s JOIN users u ON u.id = s.user_id SET s.authenticated_at = 1000 WHERE u.email_key = '{address_of(word)}'")
    answer = browser.get(link_to(page, "/api/auth/github/login"))
    assert "/login?" in answer.location and "again=1" in answer.location, str(answer)
    page = browser.follow(answer)
    back = sign_in(browser, "google", word, page)
    equal(urllib.parse.urlsplit(browser.here).path, "/account/connections", str(back))


# --- administrators ---

def add_admin(site, word):
    import tempfile
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(PASSWORD + "\n")
        file.flush()
        return site.cli("admin", "add", "--email", address_of(word), "--name", "Admin", "--password-file", file.name)


@test("2.6: an administrator signs in by a provider that vouches for their address, and the second step stays; anybody else is not_admin")
def administrators(site):
    word, browser = somebody(), site.browser()
    add_admin(site, word)
    page = browser.open("/admin")
    answer = sign_in(browser, "google", word, page)
    equal(urllib.parse.urlsplit(browser.here).path, "/admin/second-step", str(answer))
    assert "admin-session" not in browser.cookies, "before the second step"
    equal(connections_of(site, word), [])
    for who_comes, verified in ((somebody(), True), (word, False)):
        fakes["acme"].set(people={who_comes: {"verified": verified}})
        other = site.browser()
        answer = sign_in(other, "acme", who_comes, other.open("/admin"), follow=False)
        fakes["acme"].reset()
        assert urllib.parse.urlsplit(answer.location).path == "/admin", answer.location
        equal(error_of(answer), "not_admin")
        page = other.follow(answer)
        assert "no administrator" in errors_of(page) and "public-session" not in other.cookies, str(page)
    padded = base64.urlsafe_b64encode(b'{"admin_login":true}').decode()
    for state in (padded.rstrip("="), padded):
        answer = sign_in(site.browser(), "google", somebody(), follow=False, state=state)
        equal(error_of(answer), "not_admin", "the contract's way to say so")
    bare = site.browser()
    answer = come_back(bare, fakes["google"].visit(leave(bare, "google", state="admin_login"), word, allow=False), follow=False)
    assert answer.location.startswith("/admin?error=google_access_denied&message="), answer.location


# --- buttons ---

@test("each configured provider has a button on the sign-in, registration, mail and console pages; in the reader's language")
def buttons(site):
    browser = site.browser()
    for path in ("/login", "/register", "/login/link", "/admin"):
        page = browser.open(path)
        for name in PROVIDERS:
            assert link_to(page, f"/api/auth/{name}/login"), f"{path}: {name}"
        for words in ("Continue with Google", "Continue with GitHub", "Continue with Acme"):
            assert words in page.text, f"{path}: {words}"
    german = browser.get("/login", headers={"Accept-Language": "de"})
    assert "Weiter mit Google" in german.text


run(workers=6, **options_with_providers())
