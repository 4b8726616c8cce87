#!/usr/bin/env python3
"""The database goes away and comes back: what needs it says 503 and when to try again, what doesn't
still answers, nothing is half done, and no worker has to be restarted (abuse 49 to 53, T-23)."""
import contextlib
import time

from kit import *

OFFLINE = "openid offline_access"
OVERHEAD = 15  # seconds: an answer must come within a request's deadline


class Away:
    """The database is gone inside the with block."""

    def __init__(self, site, how="kill"):
        self.site, self.how, self.database = site, how, site.door.database

    def __enter__(self):
        if self.how == "freeze":
            self.database.freeze()
        else:
            self.database.kill()

    def __exit__(self, *_):
        if self.how == "freeze":
            self.database.thaw()
        else:
            self.database.start()


def unavailable(answer, what):
    equal(answer.status, 503, f"{what}: {answer}")
    assert int(answer.header("Retry-After")) > 0, f"{what} without Retry-After: {answer.headers}"
    assert answer.error != "invalid_grant" and answer.error != "invalid_client", f"{what}: {answer}"


def comes_back(site, call, seconds=60):
    """Until every worker is back: each tries to connect again at most once a second."""
    end, good = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        answer = call()
        good = good + 1 if answer.status == 200 else 0
        if good == 12:
            return
        time.sleep(0.1)
    raise AssertionError(f"not back after {seconds} s: {answer}")


def needing(site, client, tokens, code):
    """What needs the database, by name."""
    return {
        "code": lambda: redeem(site, client, code),
        "refresh": lambda: refresh(site, client, tokens.refresh),
        "userinfo": lambda: userinfo(site, tokens.access),
        "introspection": lambda: introspect(site, client, tokens.access),
        "revocation": lambda: revoke(site, client, tokens.refresh),
        "readyz": lambda: site.web.get("/readyz"),
        "login by script": lambda: site.web.request("POST", "/api/public/login", data={"email": "a@b.example", "password": "x"}),
        "who is signed in": lambda: not_told(site.web.get("/api/public/session", headers={"Cookie": "public-session=" + "0" * 64})),
        "validate": lambda: not_told(site.web.get("/api/sso/validate", headers={"Cookie": "admin-session=" + "0" * 64})),
    }


def not_told(answer):
    """Whether anybody is signed in can't be told: neither yes nor "no such session"."""
    body = answer.json()
    equal((set(body), body["isValid"]), ({"isValid", "message"}, False), str(answer))
    return answer


@test("database killed: discovery, keys and healthz answer; the rest is 503 with Retry-After; it comes back by itself, and nothing was used up")
def killed(site):
    client = site.client()
    tokens = sign_in(site, client, scope=OFFLINE, prompt="consent")
    browser = signed_in(site)
    code = authorize(site, client, browser=browser)["code"]
    pids = workers(site)
    with Away(site):
        for path in ("/.well-known/openid-configuration", "/.well-known/jwks.json", "/healthz"):
            equal(site.web.get(path).status, 200, path)
        for name, call in needing(site, client, tokens, code).items():
            unavailable(call(), name)
        for answer in (browser.get(AUTHORIZE, request_of(client)), site.browser().open(AUTHORIZE, request_of(client))):
            unavailable(answer, "authorize")
            equal(answer.media_type, "text/html", "a page for a person")
    comes_back(site, lambda: site.web.get("/readyz"))
    token_response(refresh(site, client, tokens.refresh))
    equal(userinfo(site, tokens.access).status, 200, "userinfo")
    equal(workers(site), pids, "the workers")


@test("a code that met a database that was away can still be redeemed when it is back")
def code_survives(site):
    client = site.client()
    code = authorize(site, client)["code"]
    with Away(site):
        unavailable(redeem(site, client, code), "code")
    comes_back(site, lambda: site.web.get("/readyz"))
    token_response(redeem(site, client, code))


@test("T-23: a revocation that could not be stored is not told as done")
def revocation_not_told(site):
    client = site.client()
    tokens = sign_in(site, client, scope=OFFLINE, prompt="consent")
    with Away(site):
        for token in (tokens.access, tokens.refresh):
            unavailable(revoke(site, client, token), "revocation")
    comes_back(site, lambda: site.web.get("/readyz"))
    equal(userinfo(site, tokens.access).status, 200, "still alive, as was told")


@test("client_credentials go on for known clients, or are 503; never invalid_client")
def client_credentials_without(site):
    client = site.client("machine")
    token_response(client_credentials(site, client))
    with Away(site):
        for known in (client, site_client_unknown(client)):
            answer = client_credentials(site, known)
            one_of(answer.status, (200, 503), str(answer))
    comes_back(site, lambda: site.web.get("/readyz"))


def site_client_unknown(client):
    """A client that no worker has cached: its existence can't be told with the database away."""
    import copy
    other = copy.copy(client)
    other.id = "00000000-0000-4000-8000-00000000abcd"
    return other


@test("53: database frozen: every answer comes within the deadline as 503, keys still answer, and all is well after the thaw")
def frozen(site):
    client = site.client()
    tokens = sign_in(site, client, scope=OFFLINE, prompt="consent")
    with Away(site, "freeze"):
        began = time.monotonic()
        unavailable(userinfo(site, tokens.access), "userinfo")
        assert time.monotonic() - began < OVERHEAD, f"{time.monotonic() - began:.1f} s"
        began = time.monotonic()
        equal(site.web.get("/.well-known/jwks.json").status, 200, "keys")
        assert time.monotonic() - began < OVERHEAD
    comes_back(site, lambda: userinfo(site, tokens.access))


@test("50: connections killed between requests cost nothing: the next request connects anew")
def connections_killed(site):
    client = site.client()
    tokens = sign_in(site, client, scope=OFFLINE, prompt="consent")
    for _ in range(3):
        for (number,) in site.sql("SELECT id FROM information_schema.processlist WHERE user = 'doorward'"):
            with contextlib.suppress(AssertionError):  # it has ended by itself
                site.sql(f"KILL {number}")
        for _ in range(4):
            equal(userinfo(site, tokens.access).status, 200, "userinfo")
        tokens.refresh = token_response(refresh(site, client, tokens.refresh))["refresh_token"]


@test("abuse 54, security 120: a table missing or locked for writing is 503 and one clear log line, never a 500 page with SQL")
def table_missing(site):
    client = site.client()
    tokens = sign_in(site, client, scope=OFFLINE, prompt="consent")
    site.sql("RENAME TABLE authorizations TO authorizations_away")
    try:
        answer = refresh(site, client, tokens.refresh)
        one_of(answer.status, (500, 503), str(answer))
        assert "SELECT" not in answer.text and "authorizations" not in answer.text, answer.text
    finally:
        site.sql("RENAME TABLE authorizations_away TO authorizations")
    comes_back(site, lambda: site.web.get("/readyz"))
    token_response(refresh(site, client, tokens.refresh))


def workers(site):
    """The worker processes of the master."""
    with open(f"/proc/{site.master}/task/{site.master}/children") as file:
        return sorted(int(pid) for pid in file.read().split())


run(durable=True, settings={"database_timeout": "3s"})
