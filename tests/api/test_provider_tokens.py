#!/usr/bin/env python3
"""POST /api/service/provider-tokens: each check in its order, each row of the decision table, what is at rest and what is
refreshed (contract: service API 1.4)."""
import base64
import calendar
import json
import os
import re
import secrets
import subprocess
import threading
import time

import console
import fcgi_client as wire
from kit import *
from harness import Providers
from connecting import *
from machines import second_machine
from service import Key, refusal, said
from together import at_once

fakes = Providers()


def place(site, **options):
    return Place(site, fakes, **options)


def connection(site, user):
    """The row of a user's only connection."""
    columns = ("id", "version", "status", "scopes", "token_expires_at", "sign_in", "email")
    rows = site.sql(f"SELECT LOWER(HEX(id)), {', '.join(columns[1:])} FROM connections WHERE user_id = UNHEX('{user.id.replace('-', '')}')")
    equal(len(rows), 1, "connections")
    return dict(zip(columns, rows[0]))


def change(site, user, words):
    site.sql(f"UPDATE connections SET {words} WHERE user_id = UNHEX('{user.id.replace('-', '')}')")


def expire(site, user, seconds=60):
    change(site, user, f"token_expires_at = {int(time.time()) + seconds}")


# --- what a service may ask for ---

@test("what a service may ask of providers: by the command line and in the console, in force at the next call")
def settings(site):
    here = place(site, scopes="github=repo read:user", redirect_uris=CALLBACK)
    shown = here.set(scopes="google=openid")["providers"]
    equal(shown, {"scopes": {"github": ["repo", "read:user"], "google": ["openid"]}, "redirect_uris": [CALLBACK]}, "those of others stay")
    user = here.member()
    user.action("google")
    equal(here.set(scopes="github=")["providers"]["scopes"], {"google": ["openid"]}, "taken off")
    refusal(user.ask("github"), 403)
    for words in (["--provider-scopes", "repo"], ["--provider-scopes", "a/b=repo"], ["--provider-redirect-uri", "http://app.example/cb"],
                  ["--provider-redirect-uri", "https://app.example/cb#x"], ["--sign-in-providers", "a/b"]):
        site.cli("service", "set", here.service, *words, check=False)
        equal(site.cli("service", "show", here.service)["providers"]["redirect_uris"], [CALLBACK], str(words))
        equal(site.cli("service", "show", here.service)["providers"]["scopes"], {"google": ["openid"]}, str(words))
    equal(site.cli("service", "set", here.service, "--sign-in-providers", "google github")["providers"]["sign_in"], ["google", "github"], "sign-in")
    assert "sign_in" not in site.cli("service", "set", here.service, "--sign-in-providers", "all")["providers"], "all"

    browser, path = console.console(site), f"/admin/services/{here.service}"
    typed = {"sign_in_providers": "none", "provider_scopes": "github=repo\r\ngoogle=openid email\r\n", "provider_redirect_uris": CALLBACK + "\r\nhttps://app.example/b"}
    console.is_done(browser, console.send(browser, path, "service_providers", typed), "have been saved")
    equal(site.cli("service", "show", here.service)["providers"],
          {"sign_in": [], "scopes": {"github": ["repo"], "google": ["openid", "email"]}, "redirect_uris": [CALLBACK, "https://app.example/b"]}, "saved")
    for field, value in (("provider_scopes", "repo"), ("provider_redirect_uris", "ftp://x"), ("sign_in_providers", "a/b")):
        equal(console.send(browser, path, "service_providers", {**typed, field: value}).status, 400, field)
    console.is_done(browser, console.send(browser, path, "service_providers", {**typed, "provider_scopes": ""}), "have been saved")
    refusal(user.ask("google"), 403)


@test("a name that no provider has is taken, as one may be added later, and told to whoever typed it")
def mistyped(site):
    here = place(site)
    command = [site.program, "-c", site.conf, "service", "set", here.service]
    for words, names in ((["--provider-scopes", "githb=repo"], ["githb"]), (["--sign-in-providers", "google gogle"], ["gogle", "githb"]),
                         (["--sign-in-providers", "all", "--provider-scopes", "githb="], []), (["--name", "Other"], [])):
        done = subprocess.run([*command, *words], capture_output=True, text=True, timeout=60)
        equal((done.returncode, done.stderr), (0, "".join(f"doorward: no provider {name} is there and switched on\n" for name in names)), str(words))
    shown = subprocess.run([*command, "--provider-scopes", "google=openid email", "--provider-redirect-uri", CALLBACK], capture_output=True, text=True, timeout=60)
    assert "  may ask google for openid email\n" in shown.stdout and f"  and has people sent back to {CALLBACK}\n" in shown.stdout, shown.stdout


# --- the checks ---

@test("a key without the permission is refused whatever it sends; one for a provider does for that provider alone (1.4, check 1)")
def checks_permission(site):
    here = place(site)
    user = here.member()
    for permissions in ("read:users write:users", "read:provider_tokens:google"):
        key = Key(site, here.service, permissions)
        refusal(here.ask(user, key=key), 403)
        refusal(here.ask("nobody", key=key), 403)
    refusal(Key(site, here.service, "read:users").post("provider-tokens", {}), 403)
    for provider in ("github", "GitHub", "GITHUB"):
        told(here.ask(user, provider, key=Key(site, here.service, "read:provider_tokens:github")), "action_required", provider="github")
    for text in (None, "x", "sk_live_unknown"):
        key = Key(site, here.service, text="")
        key.text = text
        refusal(here.ask(user, key=key), 401)


@test("what isn't as it must be is refused before anything is looked up")
def checks_shape(site):
    here = place(site)
    user = here.member()
    for body in ({}, {"user_id": user.id}, {"provider": "github"}, {"user_id": 1, "provider": "github"}, {"user_id": user.id, "provider": ["github"]},
                 {"user_id": user.id, "provider": "github", "scopes": "repo"}, {"user_id": user.id, "provider": "github", "scopes": [1]},
                 {"user_id": user.id, "provider": "github", "scopes": ["repo read:user"]},
                 {"user_id": user.id, "provider": "github", "redirect_uri": 7}, {"user_id": user.id, "provider": "github", "state": {}},
                 {"user_id": user.id, "provider": "github", "state": "x" * 2001}):
        refusal(here.key.post("provider-tokens", body), 400, "BAD_REQUEST")
    refusal(here.key.call("POST", "provider-tokens", None), 400)


@test("who is no member isn't found, before scopes and addresses are looked at (1.4, check 2)")
def checks_member(site):
    here, other = place(site), place(site)
    stranger = other.member()
    for user in (stranger.id, site.add_person().id, "00000000-0000-4000-8000-000000000000", "nobody", ""):
        if user:
            refusal(here.ask(user, "nowhere", scopes=["never"], redirect_uri="https://evil.example/"), 404, "NOT_FOUND")
    user = here.member()
    here.key.delete(f"users/{user.id}")
    refusal(user.ask(), 404, "NOT_FOUND")


@test("a provider or a scope that the service may not ask for is refused, before addresses are looked at (1.4, checks 3 and 4)")
def checks_scopes(site):
    here = place(site)
    user = here.member()
    refusal(user.ask("facebook"), 403, "FORBIDDEN")
    refusal(user.ask("nowhere"), 403, "FORBIDDEN")
    refusal(user.ask("Acme"), 403, "FORBIDDEN")  # the name of a connection of one's own keeps its case
    refusal(user.ask(scopes=["repo", "gist"], redirect_uri="https://evil.example/"), 403, "FORBIDDEN")
    for scopes in ([], None):
        more = {} if scopes is None else {"scopes": scopes}
        equal(user.action(**more)["missing_scopes"], ["repo", "read:user"], "all that are allowed")
    equal(user.action(scopes=["read:user", "read:user"])["missing_scopes"], ["read:user"], "each once")


@test("an address is byte for byte a registered one, the first when none is named (1.4, check 5; 1.6 item 10)")
def checks_address(site):
    here = place(site, redirect_uris="https://app.example/cb?x=1 https://app.example/other")
    user = here.member()
    for uri in ("https://app.example/cb", "https://app.example/cb?x=1&y=2", "https://app.example/other/", "https://APP.example/other", "https://evil.example/"):
        refusal(user.ask(redirect_uri=uri), 400, "BAD_REQUEST")
    equal(user.connect(), {"x": "1", "provider_grant": "success", "provider": "github"}, "the first one's query is kept")
    refusal(here.member().ask(redirect_uri="https://evil.example/"), 400)
    user.token(redirect_uri="https://evil.example/")  # only looked at when somebody has to go there
    here.set(redirect_uris="none")
    refusal(here.member().ask(), 400, "BAD_REQUEST")


# --- the decision table ---

@test("table: nobody connected; then the token, with its account and the grant's scopes")
def table_link(site):
    here = place(site)
    user = here.member()
    body = user.action(code="PROVIDER_LINK_REQUIRED", scopes=["repo"])
    equal(body["missing_scopes"], ["repo"], "missing")
    assert re.fullmatch(re.escape(site.url) + PATH + r"[A-Za-z0-9_-]{40,}", body["reauth_url"]), body
    user.go(body["reauth_url"])
    got = user.token(scopes=["repo"])
    equal(set(got), {"status", "access_token", "expires_at", "scopes", "provider", "account"}, "members")
    equal(got["scopes"], ["repo"], "scopes")
    equal(got["expires_at"], None, "github's tokens don't expire")
    equal(set(got["account"]), {"id", "provider_user_id", "email", "display_name"}, "account")
    equal(got["account"]["email"], user.email, "address")


@test("table: an account that has all, and no grant of this service")
def table_grant(site):
    here, other = place(site), place(site)
    user = here.member()
    user.connect()
    twin = Member(other, user.name, user.email, other.key.post("users", {"email": user.email}).json()["id"])
    equal(twin.id, user.id, "one user")
    body = twin.action(code="PROVIDER_GRANT_REQUIRED")
    equal(body["missing_scopes"], [], "missing")
    twin.go(body["reauth_url"])
    twin.token()
    user.token()


@test("table: a grant that lacks some, and accounts of which none has all")
def table_scopes(site):
    here, other = place(site), place(site)
    user = here.member()
    user.connect(scopes=["read:user"])
    body = user.action(code="PROVIDER_SCOPE_CONSENT_REQUIRED")
    equal(body["missing_scopes"], ["repo"], "only what the grant lacks")
    twin = Member(other, user.name, user.email, other.key.post("users", {"email": user.email}).json()["id"])
    equal(twin.action(code="PROVIDER_SCOPE_CONSENT_REQUIRED")["missing_scopes"], ["repo", "read:user"], "all that was asked for")
    user.go(body["reauth_url"])
    equal(sorted(user.token()["scopes"]), ["read:user", "repo"], "the grant is wider now")


@test("table: a token that can do more than the grant or the service may is not handed out")
def table_wide(site):
    here = place(site)
    user = here.member()
    user.connect()
    user.token(scopes=["read:user"])
    site.sql(f"UPDATE provider_grants SET scopes = 'read:user' WHERE user_id = UNHEX('{user.id.replace('-', '')}')")
    body = user.action(code="PROVIDER_REAUTH_REQUIRED", scopes=["read:user"])
    equal(body["missing_scopes"], [], "missing")
    user.go(body["reauth_url"])
    equal(user.token(scopes=["read:user"])["scopes"], ["read:user"], "a narrower token")
    equal(user.connect(), {"provider_grant": "success", "provider": "github"}, "and a wider one again")
    here.set(scopes="github=read:user")
    body = user.action(code="PROVIDER_REAUTH_REQUIRED")
    user.go(body["reauth_url"])
    user.token()


@test("table: a token within five minutes of its end is refreshed; one that can't be has to be made again")
def table_stale(site):
    here = place(site)
    user = here.member()
    user.connect("google")
    old = user.token("google")
    assert old["expires_at"], old
    expire(site, user, 310)
    equal(user.token("google")["access_token"], old["access_token"], "good for more than five minutes")
    expire(site, user, 290)
    new = user.token("google")
    assert new["access_token"] != old["access_token"] and new["expires_at"] > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600)), new
    equal(user.token("google")["access_token"], new["access_token"], "the new one is kept")

    hub = here.member()
    hub.connect("github")
    expire(site, hub)
    equal(hub.action(code="PROVIDER_REAUTH_REQUIRED")["missing_scopes"], [], "github never refreshes")


@test("Facebook refreshes nothing, so a token that would end within hours is exchanged for one that lasts before it is kept; what was declined is missing")
def lasting(site):
    facebook, user = fakes["facebook"], place(site, scopes="facebook=email user_birthday").member()
    facebook.set(lifetime=7200)
    user.connect("facebook", scopes=["email"])
    left = calendar.timegm(time.strptime(user.token("facebook", scopes=["email"])["expires_at"], "%Y-%m-%dT%H:%M:%SZ")) - time.time()
    facebook.reset()
    assert 59 * 86400 < left <= 60 * 86400, left
    answer = follow(user.place, site.browser(), user.action("facebook")["reauth_url"], "facebook", user.name, "*/*", scopes=["email", "public_profile"])
    refusal(answer, 400, "BAD_REQUEST")
    assert "PROVIDER_SCOPE_CONSENT_REQUIRED" in answer.text, answer
    equal(user.connect("facebook")["provider_grant"], "success", "asked once more")


@test("a refresh that fails is no reason to give up the connection; one that is refused is")
def table_refused(site):
    here = place(site)
    google = fakes["google"]
    user = here.member()
    user.connect("google")
    expire(site, user)
    google.fault("refresh", "status", status=500)
    user.action("google", code="PROVIDER_REAUTH_REQUIRED")
    equal(connection(site, user)["status"], "active", "status")
    change(site, user, "refresh_until_ms = 0")
    user.token("google")
    expire(site, user)
    google.withdraw(user.name)
    body = user.action("google", code="PROVIDER_REAUTH_REQUIRED")
    equal(connection(site, user)["status"], "broken", "status")
    before = google.counts["refresh"]
    user.action("google", code="PROVIDER_REAUTH_REQUIRED")
    equal(google.counts["refresh"], before, "the provider isn't asked again")
    user.go(body["reauth_url"], "google")
    user.token("google")


# --- tokens ---

@test("tokens are sealed under the key file, for their row and column alone")
def sealed(site):
    here = place(site)
    one, two = here.member(), here.member()
    for user in (one, two):
        user.connect("google")
    token = one.token("google")["access_token"]
    dump = subprocess.run(["mariadb-dump", "--no-defaults", "-uroot", "-S", site.database_socket, "--hex-blob", site.database, "connections",
                           "idempotency_keys", "history", "webhook_deliveries"], capture_output=True, text=True, check=True).stdout
    assert token not in dump and token.encode().hex().upper() not in dump.upper(), "a token in clear"
    ids = [user.id.replace("-", "") for user in (one, two)]
    site.sql(f"UPDATE connections a JOIN connections b ON b.user_id = UNHEX('{ids[1]}') SET a.access_sealed = b.access_sealed"
             f" WHERE a.user_id = UNHEX('{ids[0]}')")
    fresh = one.token("google")["access_token"]  # another row's doesn't open, so it is refreshed
    assert fresh not in (token, two.token("google")["access_token"]), "a token of another row"
    change(site, one, "access_sealed = refresh_sealed")
    assert one.token("google")["access_token"] != fresh, "a token of another column"
    change(site, one, "access_sealed = NULL, refresh_sealed = NULL")
    one.action("google", code="PROVIDER_REAUTH_REQUIRED")


@test("a token stands in the answer, and neither in the log nor in history")
def not_told(site):
    here = place(site)
    user = here.member()
    user.connect("google")
    first = user.token("google")["access_token"]
    expire(site, user)
    second = user.token("google")["access_token"]
    google = fakes["google"]
    secrets_told = {first, second}
    for call in google.asked("refresh") + google.asked("token"):
        secrets_told |= {value for name, value in call["form"].items() if name in ("code", "refresh_token", "client_secret", "code_verifier")}
    log = site.log()
    for secret in secrets_told:
        assert secret not in log, "a secret in the log"
    history = json.dumps(site.sql(f"SELECT kind, `change` FROM history WHERE subject = '{user.id}'"))
    for kind in ("provider_grant.created", "provider_token.used"):
        assert kind in history, (kind, history)
    assert not any(secret in history for secret in secrets_told), history


@test("a token that is handed out again and again is noted once a minute, and costs one statement")
def cheap(site):
    here = place(site)
    user = here.member()
    user.connect()
    for _ in range(3):
        user.token()
    rows = site.sql(f"SELECT COUNT(*) FROM history WHERE subject = '{user.id}' AND kind = 'provider_token.used'")
    equal(rows, [["1"]], "history")
    used = site.sql(f"SELECT last_used_at FROM provider_grants WHERE user_id = UNHEX('{user.id.replace('-', '')}')")[0][0]
    assert abs(int(used) - time.time()) < 60, used
    site.sql(f"UPDATE provider_grants SET last_used_at = last_used_at - 61 WHERE user_id = UNHEX('{user.id.replace('-', '')}')")
    user.token()
    rows = site.sql(f"SELECT COUNT(*) FROM history WHERE subject = '{user.id}' AND kind = 'provider_token.used'")
    equal(rows, [["2"]], "history")
    site.sql("SET GLOBAL log_output = 'TABLE'; TRUNCATE mysql.general_log; SET GLOBAL general_log = 1")
    for _ in range(20):
        user.token()
    # The housekeeper and the couriers look at the same tables on their own connections, when their time has come.
    answering = "SELECT thread_id FROM mysql.general_log WHERE command_type = 'Execute' AND argument LIKE '%provider_grants%'"
    statements = site.sql("SET GLOBAL general_log = 0; SELECT COUNT(*) FROM mysql.general_log WHERE command_type = 'Execute'"
                          " AND argument REGEXP 'provider_|connections|members|history|START'"
                          f" AND thread_id IN ({answering})")
    equal(statements, [["20"]], "statements for 20 calls, beside what every worker reads of the key once")


@test("an answer with a token is never given again, whatever Idempotency-Key comes with the call")
def not_replayed(site):
    here = place(site)
    user = here.member()
    key = {"Idempotency_Key": "the-same"}
    body = {"user_id": user.id, "provider": "github"}
    one, two = (here.key.post("provider-tokens", body, **key).json()["reauth_url"] for _ in range(2))
    assert one != two, "each call is one of its own"


@test("16 calls at once for a token that is about to end: one refresh, 16 good tokens")
def race(site):
    here = place(site)
    acme = fakes["acme"]  # each refresh token is good for one use
    user = here.member()
    user.connect("acme")
    old = user.token("acme")["access_token"]
    expire(site, user)
    before = acme.counts["refresh"]
    acme.fault("refresh", "slow", ms=700)
    body = {"user_id": user.id, "provider": "acme"}
    answers = at_once(site, 16, lambda web, _: web.post("/api/service/provider-tokens", data=body, headers={"X-API-Key": here.key.text}))
    tokens = {told(answer, "ok")["access_token"] for answer in answers}
    equal(len(tokens), 1, f"tokens: {len(tokens)}")
    assert old not in tokens, "the old one"
    equal(acme.counts["refresh"] - before, 1, "refreshes")
    expire(site, user)
    assert user.token("acme")["access_token"] not in tokens, "the rotated refresh token was kept"


@test("a claim whose holder has died runs out; until then the others wait, and get what there is")
def dead_claim(site):
    here = place(site)
    user = here.member()
    user.connect("acme")
    old = user.token("acme")["access_token"]
    expire(site, user)
    until_ms = int(time.time() * 1000) + 500  # well within what is left of the request for another try
    change(site, user, f"refresh_claim = UNHEX('{'ab' * 16}'), refresh_until_ms = {until_ms}")
    assert user.token("acme")["access_token"] != old, "refreshed by the next one"
    assert time.time() * 1000 >= until_ms, "behind the claim's end"


@test("a claim of a machine whose clock is wrong holds nobody up")
def claim_of_a_wrong_clock(site):
    user = place(site).member()
    user.connect("acme")
    old = user.token("acme")["access_token"]
    expire(site, user)
    change(site, user, f"refresh_claim = UNHEX('{'ab' * 16}'), refresh_until_ms = {int(time.time() * 1000) + 3600 * 1000}")
    assert user.token("acme")["access_token"] != old, "refreshed"


@test("a refresh that is answered with another person's ID Token gives nobody anything, and the account has to be connected anew")
def refreshed_for_another(site):
    user = place(site).member()
    user.connect("acme")
    old = user.token("acme")["access_token"]
    expire(site, user)
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    fakes["acme"].fault("refresh", "change", set={"id_token": f"{part({'alg': 'RS256', 'kid': 'x'})}.{part({'sub': 'another'})}.{part('a signature')}"})
    user.action("acme", code="PROVIDER_REAUTH_REQUIRED")
    equal(connection(site, user)["status"], "broken", "status")
    assert "its ID Token is another's" in site.log(), "log"
    user.connect("acme")
    assert user.token("acme")["access_token"] != old, "anew"


@test("a refresh that is answered with fewer scopes: the token isn't handed out for what it lacks, and what is missing is told")
def refreshed_for_less(site):
    user = place(site).member()
    user.connect("acme")
    expire(site, user)
    fakes["acme"].fault("refresh", "change", set={"scope": "openid email"})
    equal(user.action("acme", code="PROVIDER_SCOPE_CONSENT_REQUIRED")["missing_scopes"], ["openid", "email", "profile", "offline_access"], "missing")
    equal(connection(site, user)["scopes"], "openid email", "scopes")
    user.connect("acme")
    user.token("acme")


ODD_ACCESS_TOKENS = ({"access_token": "x" * 20000}, {"access_token": "a b"}, {"access_token": None}, {"token_type": "mac"}, {"access_token": 7})


def answered_oddly(site, here, change_of):
    """Somebody whose refresh was answered so, and their row of before."""
    user = here.member()
    user.connect("acme")
    had = connection(site, user)
    expire(site, user)
    fakes["acme"].fault("refresh", "change", set=change_of)
    user.action("acme", code="PROVIDER_REAUTH_REQUIRED")
    equal(connection(site, user)["status"], "active", f"status after {str(change_of)[:40]}")
    return user, had


def pause(site, user):
    """Whether nobody refreshes it, and nobody may for a while."""
    whose = f"user_id = UNHEX('{user.id.replace('-', '')}')"
    return [tuple(map(str, row)) for row in site.sql(f"SELECT refresh_claim IS NULL, refresh_until_ms > 0 FROM connections WHERE {whose}")]


@test("a refresh that is answered with tokens of absurd size, or with none, is a failure: what was there stays")
def refreshed_oddly(site):
    here = place(site)
    for change_of in ODD_ACCESS_TOKENS:
        for refresh_token in (None, "", "a b", 7, "x" * 20000):
            user, had = answered_oddly(site, here, change_of | {"refresh_token": refresh_token})
            equal(connection(site, user)["version"], had["version"], f"version after {str(change_of)[:40]}, {str(refresh_token)[:10]}")


@test("a refresh that is answered with a new refresh token beside an access token that can't be used: the new one is kept, and the next try goes by it")
def refreshed_by_half(site):
    here, acme = place(site), fakes["acme"]  # each refresh token is good for one use
    for change_of in ODD_ACCESS_TOKENS:
        user, had = answered_oddly(site, here, change_of)
        before = acme.counts["refresh"]
        equal(pause(site, user), [("1", "1")], "nobody asks for a moment, as behind any failure")
        equal(connection(site, user)["scopes"], had["scopes"], "scopes")
        change(site, user, "refresh_until_ms = 0")
        token = user.token("acme")["access_token"]
        expire(site, user)
        assert user.token("acme")["access_token"] != token, "and by the one that came then"
        equal(acme.counts["refresh"] - before, 2, "refreshes")


@test("16 calls at once, of which the first is answered with a new refresh token alone: nobody asks with the old one, and it is refreshed then")
def race_by_half(site):
    here, acme = place(site), fakes["acme"]
    user = here.member()
    user.connect("acme")
    expire(site, user)
    acme.fault("refresh", "slow", ms=700)
    acme.fault("refresh", "change", remove=["access_token"])
    body = {"user_id": user.id, "provider": "acme"}
    at_once(site, 16, lambda web, _: web.post("/api/service/provider-tokens", data=body, headers={"X-API-Key": here.key.text}))
    equal(connection(site, user)["status"], "active", "the provider refused nothing")
    change(site, user, "refresh_until_ms = 0")
    user.token("acme")


@test("16 calls at once on two machines with one database: one refresh, 16 good tokens")
def two_machines(site):
    here = place(site)
    acme = fakes["acme"]
    user = here.member()
    user.connect("acme")
    expire(site, user)
    before = acme.counts["refresh"]
    acme.fault("refresh", "slow", ms=700)
    body = json.dumps({"user_id": user.id, "provider": "acme"}).encode()
    with second_machine(site) as there:
        doors = (site.door.socket, there)
        answers = at_once(site, 16, lambda _, number: ask_at(doors[number % 2], here.key.text, body))
    tokens = {answer["access_token"] for answer in answers}
    equal(len(tokens), 1, "tokens")
    equal(acme.counts["refresh"] - before, 1, "refreshes")


def ask_at(socket, key, body):
    extra = [("HTTP_X_API_KEY", key), ("CONTENT_TYPE", "application/json"), ("CONTENT_LENGTH", str(len(body)))]
    answer = wire.request(socket, wire.parameters("/api/service/provider-tokens", "POST", extra), body, timeout=20)
    equal(answer.status, 200, answer.body)
    return json.loads(answer.body)


def refresh_while(site, breaks, late_ms, ask=lambda user: user.token("acme")["access_token"]):
    """A refresh that the provider answers late; once it is asked, something happens to the database. The user, their token, and
    the count of refreshes then."""
    acme, user = fakes["acme"], place(site).member()
    user.connect("acme")
    expire(site, user)
    acme.fault("refresh", "slow", ms=late_ms)
    count = acme.counts["refresh"] + 1

    def break_it():
        until(lambda: acme.counts["refresh"] == count, "the provider is asked")
        breaks()

    breaker = threading.Thread(target=break_it)
    breaker.start()
    try:
        return user, ask(user), count
    finally:
        breaker.join()


def is_written(user, token, count):
    """Once the database is well: what was handed out is in the row, and came by the only refresh."""
    until(lambda: user.ask("acme").status == 200, "answers")
    until(lambda: user.token("acme")["access_token"] == token, "what is in the row now")
    equal(fakes["acme"].counts["refresh"], count, "refreshes")


@test("the database goes away while the provider answers: the caller has the token, and the rotated one is written when it is back")
def away(site):
    try:
        user, token, count = refresh_while(site, site.door.database.stop, 4000)
        until(lambda: "provider_token.not_written_yet" in site.log(), "kept by the process")
    finally:
        site.door.database.start()
    until(lambda: "provider_token.written_at_last" in site.log(), "written")
    is_written(user, token, count)
    expire(site, user)
    assert user.token("acme")["access_token"] != token, "the rotated refresh token is a good one"
    equal(connection(site, user)["status"], "active", "status")


@test("the database goes away while the provider answers with a new refresh token alone: nobody asks with the old one, and it is written when it is back")
def away_by_half(site):
    fakes["acme"].fault("refresh", "change", set={"token_type": "mac"})
    try:
        user, _, count = refresh_while(site, site.door.database.stop, 4000, lambda user: user.ask("acme"))
    finally:
        site.door.database.start()
    until(lambda: user.ask("acme").status == 200, "answers")
    until(lambda: user.ask("acme").json().get("status") == "ok", "a token")
    equal((connection(site, user)["status"], fakes["acme"].counts["refresh"]), ("active", count + 1), "status, refreshes")


@test("the database is stuck while the provider answers late: within the request's time the caller has the token, and nothing is lost")
def stuck(site):
    try:
        user, token, count = refresh_while(site, site.door.database.freeze, 6500)
    finally:
        site.door.database.thaw()
    is_written(user, token, count)


def rotate(site):
    """A new key on top of the key file; its name."""
    path = os.path.join(site.directory, "keys")
    with open(path) as file:
        had = file.read()
    name, key = f"k-{secrets.token_hex(3)}", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    with open(path, "w") as file:
        file.write(f"{name} {key}\n{had}")
    site.sql("DELETE FROM file_keys")  # of second machines that are gone
    return name


def sealed_by(site, column="access_sealed", user=None):
    whose = f" WHERE user_id = UNHEX('{user.id.replace('-', '')}')" if user else ""
    return {row[0] for row in site.sql(f"SELECT DISTINCT SUBSTRING({column}, 2, ORD({column})) FROM connections{whose}")} - {"NULL", ""}


@test("a new key in the key file while a token is being refreshed: both are kept, the provider's answer and the new key")
def resealed(site):
    here = place(site)
    users = [here.member() for _ in range(3)]
    for user in users:
        user.connect("acme")
    newest = rotate(site)
    acme = fakes["acme"]
    expire(site, users[0])
    acme.fault("refresh", "slow", ms=4000)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(users[0].token("acme")["access_token"]))
    before = acme.counts["refresh"]
    asking.start()
    until(lambda: acme.counts["refresh"] > before, "asked")
    site.door.reload()
    until(lambda: sealed_by(site, user=users[1]) == sealed_by(site, "refresh_sealed", users[1]) == {newest}, "sealed anew")
    asking.join()
    site.cli("housekeep")
    equal((sealed_by(site), sealed_by(site, "refresh_sealed")), ({newest}, {newest}), "all")
    equal(users[0].token("acme")["access_token"], answers[0], "what was answered")
    expire(site, users[2])
    users[2].token("acme")


@test("a token whose key is gone from the key file is refused, and still there when the key is back")
def key_is_away(site):
    here = place(site)
    user = here.member()
    user.connect("acme")
    token = user.token("acme")["access_token"]
    had = connection(site, user)
    for column in ("access_sealed", "refresh_sealed"):
        change(site, user, f"{column} = INSERT({column}, 2, 1, 'z')")
    user.action("acme", code="PROVIDER_REAUTH_REQUIRED")
    for column in ("access_sealed", "refresh_sealed"):
        change(site, user, f"{column} = INSERT({column}, 2, 1, 'k')")
    equal((user.token("acme")["access_token"], connection(site, user)["status"]), (token, had["status"]), "as before")


@test("another service's key gets nothing of it, nor a key of another service for the same person")
def tenancy(site):
    here, other = place(site), place(site)
    user = here.member()
    user.connect()
    refusal(here.ask(user, key=other.key), 404)
    other.key.post("users", {"email": user.email})
    said(here.ask(user, key=other.key), 200, code="PROVIDER_GRANT_REQUIRED")


@test("a user who is disabled, a service that is switched off: at the next call")
def switched_off(site):
    here = place(site)
    user = here.member()
    user.connect()
    user.token()
    site.cli("user", "disable", user.id)
    refusal(user.ask(), 403, "FORBIDDEN")
    site.cli("user", "enable", user.id)
    user.token()
    site.cli("service", "disable", here.service)
    refusal(user.ask(), 403, "ORGANIZATION_NOT_ACTIVE")


if __name__ == "__main__":
    with fakes:
        run(settings=fakes.settings, workers=16)
