#!/usr/bin/env python3
"""A person's accounts at providers, what services may do with them, and taking that back: by an application with the person's
token, and on the pages of the account (contract: service API 1.5)."""
import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

from kit import *
from harness import Process, Providers
from connecting import *
from script import Script, make_old, token_of
from service import refusal, said
from signing_in import form_to

fakes = Providers()
ACCOUNT = {"id", "provider", "provider_user_id", "email", "display_name", "scopes", "expires_at", "status", "grants"}
GRANT = {"id", "service_id", "scopes", "granted_at", "last_used_at"}
NOBODY = "00000000-0000-4000-8000-000000000000"


def place(site, **options):
    return Place(site, fakes, **options)


def connected(site, provider="google", **options):
    """A member with an account at the provider, a grant of their service, and an application's token."""
    here = place(site, **options)
    user = SignedIn(here)
    user.connect(provider, browser=user.browser)
    return here, user, user.token_of()


def accounts(app):
    return said(app.get("linked-accounts"), 200)["accounts"]


def twin_of(user, there):
    return Member(there, user.name, user.email, there.key.post("users", {"email": user.email}).json()["id"])


@test("linked accounts, with what each service may do, and the providers that there are")
def listed(site):
    here, user, app = connected(site)
    body = said(app.get("linked-accounts"), 200)
    equal(set(body), {"accounts", "available_providers"}, "members")
    [account] = body["accounts"]
    equal(set(account), ACCOUNT, "account")
    equal((account["provider"], account["email"], account["status"]), ("google", user.email, "active"), "account")
    equal(sorted(account["scopes"]), ["email", "openid"], "scopes")
    [grant] = account["grants"]
    equal(set(grant), GRANT, "grant")
    equal((grant["service_id"], grant["last_used_at"]), (here.service, None), "grant")
    offered = {one["provider"]: one for one in body["available_providers"]}
    equal(set(offered["github"]), {"provider", "display_name", "provider_type", "scopes", "connect_supported"}, "provider")
    equal((offered["github"]["display_name"], offered["github"]["scopes"], offered["acme"]["provider_type"]), ("GitHub", ["repo", "read:user"], "oidc"), "providers")
    user.token("google")
    assert accounts(app)[0]["grants"][0]["last_used_at"], "used"


@test("without the scope account there is nothing, and another person's is nobody's")
def whose(site):
    here, user, app = connected(site)
    other = SignedIn(here)
    plain, stranger = user.token_of(scope="openid email"), other.token_of()
    [account] = accounts(app)
    url = user.action("github")["reauth_url"]
    state = url.rsplit("/", 1)[1]
    for path in ("linked-accounts", f"provider-token-requests/{state}", "/api/provider-token/google"):
        refusal(plain.get(path), 403)
    equal(accounts(stranger), [], "another's")
    for path in (f"linked-accounts/{account['id']}", f"linked-accounts/{account['id']}/grants/{here.service}", f"linked-accounts/{NOBODY}", "linked-accounts/x"):
        refusal(stranger.delete(path), 404)
    refusal(stranger.post(f"linked-accounts/{account['id']}/grants"), 404)
    for path in ("", "/complete", "/link"):
        refusal(stranger.call("POST" if path else "GET", f"provider-token-requests/{state}{path}", {} if path else None), 404)
    equal(accounts(app), [account], "untouched")


@test("an application inspects a request, and completes it with an account that has all scopes")
def complete(site):
    here, user, app = connected(site, "github")
    there = place(site, redirect_uris="https://app.example/cb?x=1")
    twin = twin_of(user, there)
    state = twin.action(state="s")["reauth_url"].rsplit("/", 1)[1]
    body = said(app.get(f"provider-token-requests/{state}"), 200)
    equal(set(body), {"state", "provider", "requested_scopes", "service_id", "service_name", "expires_at", "accounts"}, "members")
    equal((body["state"], body["provider"], body["requested_scopes"], body["service_id"]), (state, "github", ["repo", "read:user"], there.service), "request")
    [account] = body["accounts"]
    path = f"provider-token-requests/{state}/complete"
    for id in (NOBODY, "x"):
        refusal(app.post(path, {"connected_account_id": id}), 404)
    refusal(app.post(path, {"connected_account_id": 7}), 400)
    body = said(app.post(path, {"connected_account_id": account["id"]}), 200)
    equal(body, {"redirect_url": "https://app.example/cb?x=1&provider_grant=success&provider=github&state=s"}, "where to")
    twin.token()
    refusal(app.post(path), 404)
    refusal(app.get(f"provider-token-requests/{state}"), 404)
    refusal(app.get("provider-token-requests/unknown"), 404)


@test("no account that has all scopes: 400, and the request waits on; its link is the page of the request")
def incomplete(site):
    here, user, app = connected(site, "google")
    url = user.action("github")["reauth_url"]
    state = url.rsplit("/", 1)[1]
    refusal(app.post(f"provider-token-requests/{state}/complete"), 400, "BAD_REQUEST")
    equal(said(app.post(f"provider-token-requests/{state}/link"), 200), {"authorization_url": url}, "link")
    [google] = accounts(app)
    refusal(app.post(f"provider-token-requests/{state}/complete", {"connected_account_id": google["id"]}), 404)
    user.go(url, browser=user.browser)
    user.token()


@test("grants: all that the service may have, or some of it; never more than it may, or than the account has")
def grants(site):
    here, user, app = connected(site, "github")
    there = place(site)
    twin = twin_of(user, there)
    [account] = accounts(app)
    path = f"linked-accounts/{account['id']}/grants"
    grant = said(app.post(path, {"service_id": there.service, "scopes": []}), 200)
    equal(set(grant), GRANT, "grant")
    equal((grant["service_id"], sorted(grant["scopes"])), (there.service, ["read:user", "repo"]), "grant")
    twin.token()
    refusal(app.post(path, {"service_id": there.service, "scopes": ["gist"]}), 403)
    there.set(scopes="github=repo read:user gist")
    refusal(app.post(path, {"service_id": there.service, "scopes": ["gist"]}), 400)
    refusal(app.post(path, {"service_id": there.service, "scopes": "repo"}), 400)
    refusal(app.post(path, {"service_id": place(site).service}), 404)
    refusal(app.post(path, {"service_id": NOBODY}), 404)
    equal(said(app.post(path), 200)["service_id"], here.service, "the application's own")
    equal(app.delete(f"{path}/{there.service}").status, 204, "withdrawn")
    refusal(app.delete(f"{path}/{there.service}"), 404)
    equal(twin.action(scopes=["repo", "read:user"])["code"], "PROVIDER_GRANT_REQUIRED", "withdrawn")
    user.token()


@test("an account is taken off: the services lose it at once, the provider forgets its tokens; those by which one signs in ask for a fresh sign-in")
def taken_off(site):
    here, user, app = connected(site)
    google = fakes["google"]
    token = user.token("google")["access_token"]
    [account] = accounts(app)
    revoked = google.counts["revoke"]
    equal(app.delete(f"linked-accounts/{account['id']}").status, 204, "taken off")
    until(lambda: google.counts["revoke"] == revoked + 1, "revoked")
    user.action("google", code="PROVIDER_LINK_REQUIRED")
    equal(accounts(app), [], "accounts")
    assert token not in site.log(), "in the log"
    kinds = {row[0] for row in site.sql(f"SELECT kind FROM history WHERE subject = '{user.id}'")}
    assert {"provider_grant.created", "provider_grant.deleted"} <= kinds, kinds

    user.connect("google", browser=user.browser)
    site.sql(f"UPDATE connections SET sign_in = 1 WHERE user_id = UNHEX('{user.id.replace('-', '')}')")
    [account] = accounts(app)
    make_old(site, user.email)
    refusal(user.token_of(browser=user.browser).delete(f"linked-accounts/{account['id']}"), 403)
    equal(app.delete(f"linked-accounts/{account['id']}").status, 204, "taken off")


@test("the last way to sign in can't be taken off")
def last_way(site):
    here, user, app = connected(site)
    site.sql(f"UPDATE connections SET sign_in = 1 WHERE user_id = UNHEX('{user.id.replace('-', '')}')")
    site.sql(f"UPDATE users SET password_hash = NULL WHERE email_key = '{user.email}'")
    [account] = accounts(app)
    refusal(app.delete(f"linked-accounts/{account['id']}"), 403)
    equal(len(accounts(app)), 1, "still there")


@test("an application asks to connect an account: by an address of ours, in the person's own browser alone (T-81)")
def link(site):
    here = place(site)
    user, other = SignedIn(here), SignedIn(here)
    app = user.token_of()
    back = app.client.redirect_uri
    refusal(app.post("linked-accounts/nowhere/link"), 404)
    refusal(app.post("linked-accounts/github/link?redirect_uri=https%3A%2F%2Fevil.example%2F"), 400)
    url = said(app.post(f"linked-accounts/GitHub/link?redirect_uri={urllib.parse.quote(back, safe='')}"), 200)["authorization_url"]
    assert url.startswith(site.url + "/connect/account/"), url
    for browser in (site.browser(), other.browser):
        answer = browser.get(url)
        assert answer.is_redirect and "/login?return_to=/connect/account/" in answer.location, answer.location
    equal(user.browser.get(tampered(url)).status, 404, "forged")
    page = user.browser.get(url)
    equal(page.status, 200, str(page))
    form = form_to(page, urllib.parse.urlsplit(url).path)
    sent = user.browser.submit(form, follow=False)
    assert sent.location.startswith(fakes["github"].url), sent.location
    answer = user.browser.get(fakes["github"].visit(sent.location, user.name))
    assert answer.location.startswith(back), answer
    equal(words_of(answer.location), {"status": "success", "provider": "github", "action": "link"}, "where to")
    [account] = accounts(app)
    assert {"repo", "read:user"} <= set(account["scopes"]), account
    said(app.post(f"linked-accounts/{account['id']}/grants"), 200)
    user.token()
    said(app.post("identities/github/link"), 200)
    equal(user.browser.submit(form, follow=False).status, 303, "again: there is no harm in it")


@test("GET /api/provider-token/{provider}: the token for the application's service, when it may; else what is missing")
def own_token(site):
    here, user, app = connected(site)
    body = said(app.get("/api/provider-token/google"), 200)
    equal(set(body), {"access_token", "expires_at", "scopes", "provider"}, "members")
    equal(body["access_token"], user.token("google")["access_token"], "token")
    refusal(app.get("/api/provider-token/github"), 403, "PROVIDER_LINK_REQUIRED")
    refusal(app.get("/api/provider-token/facebook"), 403, "FORBIDDEN")
    equal(site.sql(f"SELECT COUNT(*) FROM provider_requests WHERE user_id = UNHEX('{user.id.replace('-', '')}') AND status = 'pending'"), [["0"]], "requests")


# --- revoked later ---

def revocations(site):
    """Those of the running test: what it began with is over."""
    return [tuple(row) for row in site.sql("SELECT state, attempts, token_sealed = '', error FROM provider_revocations ORDER BY created_at, id")]


def ended(site):
    """Whatever tests before have left is over, and forgotten."""
    site.sql("UPDATE provider_revocations SET state = 'dead' WHERE state = 'waiting'")
    until(lambda: site.sql("SELECT COUNT(*) FROM provider_revocations WHERE state IN ('waiting', 'sending')") == [["0"]], "an end of what was")
    site.sql("DELETE FROM provider_revocations")


def due(site):
    """As when the pause is over; the courier is woken as by anything that waits."""
    site.sql("UPDATE provider_revocations SET next_at = UNIX_TIMESTAMP() WHERE state = 'waiting'")
    site.cli("mail", "retry")


def disconnect(user, provider="google"):
    """By the button of the account at this provider."""
    whose = f"user_id = UNHEX('{user.id.replace('-', '')}') AND provider = '{provider}'"
    [[id]] = user.place.site.sql(f"SELECT LOWER(HEX(id)) FROM connections WHERE {whose}")
    form = form_to(user.browser.open("/account/connections"), "/account/connections")
    button = next(button for button in form["buttons"] if (button.get("value") or "").replace("-", "") == id)
    return user.browser.submit(form, button=button)


def tokens_told(fake):
    """What we have sent there and got there, of all who were there."""
    return {call["form"]["token"] for call in fake.asked("revoke") if "token" in call["form"]}


@test("a provider that is down when an account is taken off is told once it is back; until then the token is sealed, then the row has none")
def down(site):
    ended(site)
    here, user, app = connected(site)
    google = fakes["google"]
    google.fault("revoke", "status", status=503, times=2)
    [account] = accounts(app)
    began = time.time()
    equal(app.delete(f"linked-accounts/{account['id']}").status, 204, "taken off")
    until(lambda: revocations(site) and revocations(site)[0][:3] == ("waiting", "1", "0"), "the first attempt")
    assert "503" in revocations(site)[0][3], revocations(site)
    [[later]] = site.sql("SELECT next_at FROM provider_revocations")
    assert began + 29 <= int(later) <= time.time() + 31, int(later) - began
    told = tokens_told(google)
    [[stored]] = site.sql("SELECT HEX(token_sealed) FROM provider_revocations")
    assert told and not any(token.encode().hex().upper() in stored for token in told), "a token in clear"
    due(site)
    until(lambda: revocations(site)[0][:3] == ("waiting", "2", "0"), "the second")
    due(site)
    until(lambda: revocations(site) == [("sent", "3", "1", "")], "the third")
    for word in ("provider_token.revocation_delayed", "provider_token.revoked"):
        until(lambda: word in site.log(), word)
    log = site.log()
    assert not any(token in log for token in tokens_told(google)), "a token in the log"
    days = site.sql("SELECT (expires_at - created_at) / 86400 FROM provider_revocations")
    equal(float(days[0][0]), 7.0, "kept")


@test("a provider that hangs keeps no page waiting, and what else waits for it waits ten times as long; others are told meanwhile")
def hanging(site):
    ended(site)
    here, user, app = connected(site)
    other = SignedIn(here)
    other.connect("google", browser=other.browser)
    third = SignedIn(here)
    third.connect("github", browser=third.browser)
    google, github = fakes["google"], fakes["github"]
    known = github.counts["revoke"]
    google.fault("revoke", "hang", times=2)
    try:
        for person, provider in ((user, "google"), (other, "google"), (third, "github")):
            began = time.monotonic()
            answer = disconnect(person, provider)
            assert time.monotonic() - began < 8, "the page waited"
            equal(answer.status, 200, "page")
        until(lambda: github.counts["revoke"] == known + 1, "another provider")
        states = site.sql("SELECT provider, state, next_at - UNIX_TIMESTAMP() FROM provider_revocations WHERE provider = 'google' ORDER BY attempts DESC")
        equal([row[1] for row in states], ["waiting", "waiting"], "Google's")
        assert int(states[1][2]) > 20, states
    finally:
        google.reset()
    due(site)
    until(lambda: {row[0] for row in revocations(site)} == {"sent"}, "all", 25)


@test("an account of ours that is deleted while its provider is down leaves nothing but the sealed token, which is revoked later")
def deleted_while_down(site):
    ended(site)
    here, user, app = connected(site)
    google = fakes["google"]
    google.fault("revoke", "close")
    page = user.browser.open("/account/delete")
    user.browser.submit(form_to(page, "/account/delete"), {"password": user.person.password, "confirm": "delete"})
    equal(site.sql(f"SELECT COUNT(*) FROM users WHERE id = UNHEX('{user.id.replace('-', '')}')"), [["0"]], "users")
    ends = f"SELECT COUNT(*) FROM history WHERE subject = '{user.id}' AND kind = 'provider_grant.deleted'"
    equal(site.sql(ends), [["1"]], "what the service is told")
    until(lambda: revocations(site) and revocations(site)[0][:3] == ("waiting", "1", "0"), "the first attempt")
    due(site)
    until(lambda: revocations(site) == [("sent", "2", "1", "")], "the second")


@test("T-80: what somebody had connected to an account of another's address is revoked when its owner sets a password")
def not_the_owner(site):
    for mail, path in (("reset_password", "reset-password"), ("add_password", "verify-email")):
        ended(site)
        here, user, app = connected(site)
        revoked = fakes["google"].counts["revoke"]
        site.sql(f"UPDATE users SET email_verified = 0 WHERE email_key = '{user.email}'")
        if mail == "reset_password":
            said(Script(site).post("forgot-password", {"email": user.email}), 200)
        else:
            site.sql(f"UPDATE users SET password_hash = NULL WHERE email_key = '{user.email}'")
            said(Script(site).post("register", {"email": user.email, "password": "another good password", "name": "Ola Owner"}), 200)
        token = token_of(site.mail.wait(user.email, mail).link("token="))
        said(Script(site).post(path, {"token": token, **({"password": "another good password"} if path == "reset-password" else {})}), 200)
        until(lambda: revocations(site) == [("sent", "1", "1", "")], mail)
        equal(fakes["google"].counts["revoke"], revoked + 1, mail)


@test("a token whose key is gone is given up in words and blanked; so is one that was tried for days")
def given_up(site):
    here, user, app = connected(site)
    for what, words in (("key", "key file"), ("age", "503")):
        ended(site)
        if what != "key":
            user.connect("google", browser=user.browser)
        google = fakes["google"]
        google.fault("revoke", "status", status=503, times=2)
        disconnect(user)
        until(lambda: revocations(site) and revocations(site)[0][:2] == ("waiting", "1"), "the first attempt")
        try:
            if what == "key":
                site.sql("UPDATE provider_revocations SET token_sealed = 'x'")
            else:
                site.sql("UPDATE provider_revocations SET created_at = created_at - 5 * 86400")
            due(site)
            until(lambda: revocations(site)[0][:3] == ("dead", "2", "1"), what)
        finally:
            google.reset()
        assert words in revocations(site)[0][3], revocations(site)
    assert "provider_token.not_revoked" in site.log(), "log"


@test("an account that is connected anew while the old token waits to be revoked keeps what is new, with every provider")
def connected_anew(site):
    for provider in ("google", "github"):
        ended(site)
        here, user, app = connected(site, provider)
        fake = fakes[provider]
        fake.fault("revoke", "status", status=503)
        [account] = accounts(app)
        equal(app.delete(f"linked-accounts/{account['id']}").status, 204, "taken off")
        until(lambda: revocations(site) and revocations(site)[0][:2] == ("waiting", "1"), "the first attempt")
        user.connect(provider, browser=user.browser)
        revoked = fake.counts["revoke"]
        due(site)
        until(lambda: revocations(site)[0][:2] == ("dead", "2") and revocations(site)[0][2] == "1", f"{provider}: {revocations(site)}")
        equal(fake.counts["revoke"] - revoked, 0, "told")
        user.token(provider)
    assert "connected anew" in site.log(), "log"


@test("a provider that is switched off is told what it is to forget all the same: by a person, and by doorward provider remove --connections")
def switched_off(site):
    ended(site)
    here, user, app = connected(site)
    google, acme = fakes["google"], fakes["acme"]
    google.fault("revoke", "status", status=503)
    disconnect(user)
    until(lambda: revocations(site) and revocations(site)[0][:2] == ("waiting", "1"), "the first attempt")
    site.cli("provider", "disable", "google")
    try:
        due(site)
        until(lambda: revocations(site) == [("sent", "2", "1", "")], "told")
    finally:
        site.cli("provider", "enable", "google")
    ended(site)
    acme.register(site.cli, name="acme3")
    here = place(site, scopes="acme3=openid email profile offline_access")
    here.fakes = {"acme3": acme}
    member = here.member()
    member.connect("acme3")
    revoked = acme.counts["revoke"]
    site.cli("provider", "disable", "acme3")
    equal(site.cli("provider", "remove", "acme3", "--connections")["status"], "removed", "provider")
    equal(acme.counts["revoke"], revoked + 1, "revoked")
    ends = f"SELECT actor FROM history WHERE subject = '{member.id}' AND kind = 'provider_grant.deleted'"
    equal(site.sql(ends), [["cli"]], "who took the service's grant")


@test("T-80: a reset password takes off what was connected before the address was proven, and services hear of their grants' end")
def reset_takes_off(site):
    here = place(site)
    user = here.member()
    user.connect()
    site.sql(f"UPDATE users SET email_verified = 0 WHERE id = UNHEX('{user.id.replace('-', '')}')")
    script = Script(site)
    said(script.post("forgot-password", {"email": user.email}), 200)
    token = token_of(site.mail.wait(user.email, "reset_password").link("/reset-password?token="))
    said(script.post("reset-password", {"token": token, "password": "another good password"}), 200)
    user.action(code="PROVIDER_LINK_REQUIRED")
    ends = f"SELECT COUNT(*) FROM history WHERE subject = '{user.id}' AND kind = 'provider_grant.deleted'"
    equal(site.sql(ends), [["1"]], "history")


def in_flight(site, user, what):
    """Done while the user's token at acme is being refreshed; what the service is answered."""
    acme = fakes["acme"]
    site.sql(f"UPDATE connections SET token_expires_at = UNIX_TIMESTAMP() + 60 WHERE user_id = UNHEX('{user.id.replace('-', '')}')")
    acme.fault("refresh", "slow", ms=2500)
    refreshed, answers = acme.counts["refresh"], []
    asking = threading.Thread(target=lambda: answers.append(user.ask("acme")))
    asking.start()
    until(lambda: acme.counts["refresh"] > refreshed, "the refresh")
    what()
    asking.join()
    return answers[0]


@test("a token that comes from the provider when the account has been taken off meanwhile is given to nobody, and revoked as the old one is")
def taken_off_in_flight(site):
    acme = fakes["acme"]

    def remove(user):
        [account] = accounts(user.token_of())
        return lambda app=user.token_of(): equal(app.delete(f"linked-accounts/{account['id']}").status, 204, "taken off")

    def withdraw(user):
        form = form_to(user.browser.open("/account/connections"), "/account/connections")
        button = next(button for button in form["buttons"] if button.get("name") == "grant")
        return lambda: user.browser.submit(form, button=button)

    def delete(user):
        form = form_to(user.browser.open("/account/delete"), "/account/delete")
        return lambda: user.browser.submit(form, {"password": user.person.password, "confirm": "delete"})

    for how, status in ((remove, 200), (withdraw, 200), (delete, 404)):
        ended(site)
        here, user, app = connected(site, "acme")
        old = user.token("acme")["access_token"]
        known = tokens_told(acme)
        acme.fault("revoke", "status", status=503)  # or there would be nothing to refresh with
        answer = in_flight(site, user, how(user))
        equal(answer.status, status, str(answer))
        assert "access_token" not in answer.text and old not in answer.text, answer.text
        until(lambda: sorted(row[0] for row in revocations(site)) == ["sent", "waiting"], f"{how.__name__}: one told")
        due(site)
        until(lambda: [row[0] for row in revocations(site)] == ["sent", "sent"], f"{how.__name__}: both told")
        equal(len(tokens_told(acme) - known), 2, f"{how.__name__}: the old one and the new one")
        assert not any(token in site.log() for token in tokens_told(acme)), "a token in the log"


@test("a grant that is taken back while the token is being refreshed is over: the service gets nothing, and the account keeps its new token")
def withdrawn_in_flight(site):
    here, user, app = connected(site, "acme")
    [account] = accounts(app)
    answer = in_flight(site, user, lambda: equal(app.delete(f"linked-accounts/{account['id']}/grants/{here.service}").status, 204, "withdrawn"))
    told(answer, "action_required", code="PROVIDER_GRANT_REQUIRED")
    said(app.post(f"linked-accounts/{account['id']}/grants"), 200)
    refreshed = fakes["acme"].counts["refresh"]
    user.token("acme")
    equal(fakes["acme"].counts["refresh"], refreshed, "what came then is in the row")


@test("a membership that ends takes the service's grants and requests with it, and says so: who is a member again has to be asked again")
def member_no_more(site):
    here, user, app = connected(site)
    there = place(site)
    twin = twin_of(user, there)
    twin.connect("google", browser=user.browser)
    url = user.action("github")["reauth_url"]
    site.sql(f"DELETE FROM history WHERE subject = '{user.id}'")
    equal(here.key.delete(f"users/{user.id}").status, 204, "removed")
    refusal(user.ask("google"), 404)
    equal(site.sql(f"SELECT kind FROM history WHERE subject = '{user.id}' AND kind LIKE 'provider%'"), [["provider_grant.deleted"]], "history")
    equal(user.browser.get(url).status, 404, "its request")
    [account] = accounts(user.token_of(client=there.site.add_client(scope="openid email account")))
    equal([grant["service_id"] for grant in account["grants"]], [there.service], "the other service's stays")
    twin.token("google")
    here.key.post("users", {"email": user.email})
    user.action("google", code="PROVIDER_GRANT_REQUIRED")
    equal(user.browser.get(url).status, 404, "its request is over for good")


@test("doorward provider remove --connections revokes the tokens before the provider goes; what can't be is told")
def provider_removed(site):
    ended(site)
    acme = fakes["acme"]
    name = "acme2"
    acme.register(site.cli, name=name)
    here = place(site, scopes=f"{name}=openid email profile offline_access")
    users = [here.member() for _ in range(3)]
    here.fakes = {name: acme}
    for user in users[:2]:
        user.connect(name)
    revoked = acme.counts["revoke"]
    acme.fault("revoke", "slow", ms=1200)
    equal(site.cli("provider", "remove", name, "--connections")["status"], "removed", "provider")
    equal(acme.counts["revoke"], revoked + 2, "revoked")
    equal([row[0::2] for row in revocations(site)], [("sent", "1")] * 2, "rows")
    equal(site.sql(f"SELECT COUNT(*) FROM connections WHERE provider = '{name}'"), [["0"]], "connections")

    acme.register(site.cli, name=name)
    users[2].connect(name)
    acme.fault("revoke", "status", status=500)
    done = subprocess.run([site.program, "-c", site.conf, "provider", "remove", name, "--connections"], capture_output=True, text=True, timeout=60)
    equal(done.returncode, 0, done.stderr)
    assert "tokens of 1 accounts could not be revoked" in done.stderr, done
    due(site)
    until(lambda: [row[0::2] for row in revocations(site)][-1] == ("dead", "1"), "given up")


@test("where there is no master a worker that is alone revokes between requests, and `doorward housekeep` does")
def without_master(site):
    ended(site)
    here, user, app = connected(site)
    google = fakes["google"]
    revoked = google.counts["revoke"]
    courier = courier_of(site)
    os.kill(courier, signal.SIGSTOP)
    try:
        disconnect(user)
        equal(revocations(site), [("waiting", "0", "0", "")], "waits")
        with alone(site):
            until(lambda: revocations(site) == [("sent", "1", "1", "")], "by the worker")
        user.connect("google", browser=user.browser)
        disconnect(user)
        site.cli("housekeep")
        equal([row[:3] for row in revocations(site)], [("sent", "1", "1")] * 2, "by housekeep")
    finally:
        os.kill(courier, signal.SIGCONT)
    equal(google.counts["revoke"], revoked + 2, "revoked")


@contextlib.contextmanager
def alone(site):
    """A worker without a master, on the same database."""
    directory = os.path.join(site.directory, "alone")
    os.makedirs(directory, exist_ok=True)
    config = os.path.join(directory, "conf")
    with open(config, "w") as file:
        file.writelines(f"{option} = {value}\n" for option, value in {**site.door.settings(), "run_directory": directory}.items())
    os.chmod(config, 0o600)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.join(directory, "sock"))
        listener.listen(8)
        worker = Process("alone", [site.program, "-c", config, "serve"], os.path.join(directory, "log"), stdin=listener)
        try:
            yield
        finally:
            worker.stop()


def courier_of(site):
    """The pid of the courier of revocations."""
    master = site.door.service.pid
    with open(f"/proc/{master}/task/{master}/children") as file:
        for pid in file.read().split():
            with open(f"/proc/{pid}/comm") as name:
                if name.read().strip() == "doorward-revoke":
                    return int(pid)
    raise AssertionError("there is no courier of revocations")


# --- the pages of the account ---

@test("the account's page shows which service may use which account for what, and withdraws it: the provider forgets the tokens")
def withdrawn(site):
    here, user, app = connected(site)
    there = place(site)
    site.cli("service", "set", here.service, "--name", "Ledger & Sons")
    twin = twin_of(user, there)
    twin.connect("google", browser=user.browser)
    google = fakes["google"]
    page = user.browser.open("/account/connections")
    for wanted in ("Ledger & Sons", "Know who you are; See your e-mail address", "Google", user.email, "doesn't sign you in"):
        assert wanted in page.page().text, (wanted, page.page().text)
    form = form_to(page, "/account/connections")
    buttons = [button for button in form["buttons"] if button.get("name") == "grant"]
    equal(len(buttons), 2, "grants")
    mine = next(button for button in buttons if button["value"].endswith(here.service))
    revoked = google.counts["revoke"]
    page = user.browser.submit(form, button=mine)
    assert "may no longer use the account" in page.page().text, page.page().text
    user.action("google", code="PROVIDER_GRANT_REQUIRED")
    twin.token("google")
    equal(site.sql("SELECT COUNT(*) FROM provider_revocations WHERE token_sealed <> ''"), [["0"]], "another service may still use it")
    equal(google.counts["revoke"], revoked, "another service may still use it")
    form = form_to(page, "/account/connections")
    user.browser.submit(form, button=next(button for button in form["buttons"] if button.get("name") == "grant"))
    until(lambda: google.counts["revoke"] == revoked + 1, "revoked")
    twin.action("google", code="PROVIDER_GRANT_REQUIRED")
    equal(site.sql(f"SELECT access_sealed IS NULL, refresh_sealed IS NULL FROM connections WHERE user_id = UNHEX('{user.id.replace('-', '')}')"), [["1", "1"]], "tokens")
    twin.connect("google", browser=user.browser)
    twin.token("google")
    equal(user.browser.submit(form, {"grant": f"{NOBODY} {NOBODY}"}).status, 200, "one that is gone")
    equal(user.browser.submit(form, {"grant": "x"}).status, 400, "none")


@test("an account of ours that is deleted, and one that is disconnected, are forgotten by the provider too")
def deleted(site):
    here, user, app = connected(site)
    google = fakes["google"]
    revoked = google.counts["revoke"]
    disconnect(user)
    until(lambda: google.counts["revoke"] == revoked + 1, "disconnected")
    user.connect("google", browser=user.browser)
    page = user.browser.open("/account/delete")
    user.browser.submit(form_to(page, "/account/delete"), {"password": user.person.password, "confirm": "delete"})
    equal(site.sql(f"SELECT COUNT(*) FROM users WHERE id = UNHEX('{user.id.replace('-', '')}')"), [["0"]], "users")
    until(lambda: google.counts["revoke"] == revoked + 2, "deleted")


if __name__ == "__main__":
    with fakes:
        run(settings=fakes.settings, workers=6)
