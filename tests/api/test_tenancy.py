#!/usr/bin/env python3
"""One service never reaches what another has: every endpoint that the program lists for keys, clients, tokens or
administrators, with everybody else's credentials. An endpoint that isn't known here fails, so that none is forgotten."""
import itertools
import json
import re
import tempfile
import time
import urllib.parse
import uuid

import service
from kit import *
from installation import basic
from script import Script, checksums
from service import ALL, Key
from signing_in import in_service
from together import at_once

WAYS = {"api-key", "client", "bearer", "admin"}
FOREIGN = "Foreign"  # is in whatever the first service has, and in nothing else
HOOK = "https://hooks.example.com/foreign"
# numbers of use, which are counted for refused calls as well, and what the courier tries by itself (Tenant.data() has the service's)
COUNTED = ("usage_counts", "limit_counts", "attempts", "webhook_deliveries")
# what a call that changes something sends, beside the path; {words} as in paths
BODIES = {
    "POST /api/service/users": {"email": "newcomer{number}@members.example"},
    "PATCH /api/service/users/{user_id}": {"name": "Changed"},
    "PATCH /api/service/info": {},
    "POST /api/service/plans": {"name": "Plan {number}", "price_cents": 1},
    "PATCH /api/service/plans/{plan_id}": {"name": "Changed {number}"},
    "POST /api/service/subscriptions": {"user_id": "{user_id}", "plan_id": "{plan_id}"},
    "PATCH /api/service/subscriptions/{user_id}": {"status": "cancelled"},
    "POST /api/service/webhooks": {"url": "https://hooks.example.com/{number}"},
    "PATCH /api/service/webhooks/{webhook}": {"url": "https://hooks.example.com/changed"},
    "POST /api/service/webhooks/{webhook}/rotate-secret": {},
    "POST /api/service/webhooks/{webhook}/test": {},
    "POST /api/service/webhooks/{webhook}/deliveries/{delivery}/replay": {},
    "PUT /api/users/{userId}/apps/{clientId}/permissions": {"role": "admin", "status": "approved"},
    "POST /api/users/{userId}/apps/{clientId}/request-access": {},
    "PUT /api/admin/users/{userId}/apps/{clientId}/permissions": {"role": "admin", "status": "approved"},
    "POST /api/admin/providers": {"name": "taken{number}", "issuer": "https://login.example.com", "client_id": "c", "client_secret": "s"},
    "PATCH /api/admin/providers/{provider}": {"client_id": "taken"},
    "POST /v1/auth/register": {},
    "PATCH /api/user": {},
    "POST /api/user/set-password": {"password": "taken over and over"},
    "POST /api/service/provider-tokens": {"user_id": "{user_id}", "provider": "google"},
    "POST /api/user/provider-token-requests/{state}/complete": {},
    "POST /api/user/provider-token-requests/{state}/link": {},
    "POST /api/user/linked-accounts/{provider}/link": {},
    "POST /api/user/linked-accounts/{account}/grants": {"service_id": "{service}"},
    "POST /api/user/change-password": {"current_password": "x", "new_password": "taken over and over"},
    "POST /api/admin/oauth-clients": {"service_id": "{service}", "client_name": "Taken", "grant_types": ["client_credentials"]},
    "PATCH /api/admin/oauth-clients/{client}": {"client_name": "Taken"},
    "POST /api/admin/oauth-clients/{client}/regenerate-secret": {},
    "POST /api/organizations/{organization}/services/{service}/api-keys": {"name": "Taken", "permissions": ["read:users"]},
    "POST /api/organizations/{organization}/services/{service}/api-keys/{id}/rotate": {"overlap_hours": 0},
    "POST /api/organizations/{organization}/services/{service}/plans": {"name": "Plan {number}"},
    "PATCH /api/organizations/{organization}/services/{service}/plans/{plan_id}": {"name": "Changed {number}"},
}
FORMS = {
    "POST /api/oauth/token": {"grant_type": "refresh_token", "refresh_token": "{refresh_token}"},
    "POST /api/oauth/introspect": {"token": "{access_token}"},
    "POST /api/oauth/revoke": {"token": "{refresh_token}"},
    "POST /api/oauth/userinfo": {},
}
QUERIES = {"GET /api/service/analytics/series": "?metric=sign_ins"}
# what acts on the caller's own service: by another's key or token it works, and shows and changes that one alone
OWN = {"GET /api/service/users", "POST /api/service/users", "GET /api/service/info", "PATCH /api/service/info", "GET /api/service/plans",
       "POST /api/service/plans", "GET /api/service/subscriptions", "GET /api/service/webhooks", "POST /api/service/webhooks",
       "GET /api/service/analytics", "GET /api/service/analytics/series", "GET /api/oauth/userinfo", "POST /api/oauth/userinfo",
       "GET /api/user"}
_numbers = itertools.count(1)


def binary(text):
    return f"X'{text.replace('-', '')}'"


def said(answer, status):
    equal(answer.status, status, str(answer))
    return answer.json()


class Tenant:
    """A service with one of everything; name is in all of it that has a name."""

    def __init__(self, site, name):
        self.site, self.name = in_service(site), f"{name} {next(_numbers)}"
        self.service = self.site.service
        site.cli("service", "set", self.service, "--name", self.name)
        self.person = site.add_person(name=self.name)
        scope = "openid profile email offline_access manage_permissions manage_service read:things"
        self.client = self.site.add_client(client_name=self.name, scope=scope)
        self.tokens = sign_in(self.site, self.client, self.person, scope="openid profile email offline_access manage_service")
        self.machine = said(client_credentials(self.site, self.client, scope="manage_permissions"), 200)["access_token"]
        self.key = Key(site, self.service)
        self.set_up(site)

    def set_up(self, site):
        self.host = f"tenant{next(_numbers)}.example"
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"client_id": self.client.id, "redirect_uri": self.client.redirect_uri, "host": self.host}, file)
            file.flush()
            site.cli("service", "set", self.service, "--workspace", file.name)
        # who manages one service manages nothing of another
        site.cli("service", "set-role", self.service, self.person.id, "--role", "owner")
        site.cli("permission", "set", self.person.id, self.client.id, "--role", "user")
        plan = said(self.key.post("plans", {"name": self.name, "price_cents": 1}), 201)["id"]
        said(self.key.post("subscriptions", {"user_id": self.person.id, "plan_id": plan}), 200)
        self.set_up_provider(site)  # before there is a webhook that is told of it
        webhook = said(self.key.post("webhooks", {"url": HOOK if self.name.startswith(FOREIGN) else HOOK + "-not"}), 201)["id"]
        delivery = said(self.key.post(f"webhooks/{webhook}/test", {}), 202)["id"]
        self.end_delivery(site, delivery)
        # its use is noted once a minute: not while tables are compared
        site.sql(f"UPDATE api_keys SET last_used_at = UNIX_TIMESTAMP() + 3600 WHERE service_id = {binary(self.service)}")
        site.sql("UPDATE client_secrets SET last_used_at = UNIX_TIMESTAMP() + 3600")
        secret = site.cli("client", "secret", "list", self.client.id)[0]["id"]
        self.words = {"secret": secret, "provider": "google", "user_id": self.person.id, "user": self.person.id, "userId": self.person.id, "plan_id": plan, "plan": plan,
                      "webhook": webhook, "delivery": delivery, "service": self.service, "client": self.client.id, "clientId": self.client.id,
                      "id": self.key.id, "organization": "main", "org": "main", "access_token": self.tokens.access,
                      "refresh_token": self.tokens.refresh, "account": self.account, "state": self.state}

    def set_up_provider(self, site):
        """An account at a provider that the service may use, and a request for more; the provider itself is never asked."""
        if not site.cli("provider", "list"):
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                json.dump({"name": "google", "client_id": "x", "client_secret": "y"}, file)
                file.flush()
                site.cli("provider", "add", "--metadata", file.name)
        site.cli("service", "set", self.service, "--provider-scopes", "google=openid email", "--provider-redirect-uri", "https://app.example/cb")
        asked = said(self.key.post("provider-tokens", {"user_id": self.person.id, "provider": "google"}), 200)
        self.state = asked["reauth_url"].rsplit("/", 1)[1]
        self.account = str(uuid.uuid4())
        site.sql("INSERT INTO connections (id, user_id, provider, subject, label, created_at, email, sign_in, scopes) VALUES "
                 f"({binary(self.account)}, {binary(self.person.id)}, 'google', '{self.account}', '{self.person.email}', 1, '{self.person.email}', 0, 'openid email')")
        site.sql("INSERT INTO provider_grants (id, connection_id, service_id, user_id, scopes, granted_at) VALUES "
                 f"(UNHEX(MD5('{self.account}')), {binary(self.account)}, {binary(self.service)}, {binary(self.person.id)}, 'openid email', 1)")

    @staticmethod
    def end_delivery(site, delivery):
        """Waits for the courier's first attempt, and forbids others."""
        for _ in range(200):
            if site.sql(f"SELECT 1 FROM webhook_deliveries WHERE id = {binary(delivery)} AND state <> 'sending' AND attempts > 0"):
                break
            time.sleep(0.05)
        site.sql(f"UPDATE webhook_deliveries SET state = 'failed' WHERE id = {binary(delivery)}")

    def fill(self, text):
        """The text with this service's ids for its {words}."""
        def word(match):
            if match[1] == "number" and "number" not in self.words:
                return str(next(_numbers))
            assert match[1] in self.words, f"{text}: this test doesn't know what {match[0]} is; teach Tenant.set_up() a value for it"
            return urllib.parse.quote(self.words[match[1]], safe="")
        return re.sub(r"\{(\w+)\}", word, text)

    def data(self):
        """What the database has of this service, beside numbers of use and who was when here: one number a table."""
        columns = {}
        for table, column in self.site.sql("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE() "
                                           "ORDER BY table_name, ordinal_position"):
            columns.setdefault(table, []).append(column)
        parts = []
        for table, names in columns.items():
            if "service_id" in names and table not in COUNTED[:3]:
                parts.append((table, names, f"service_id = {binary(self.service)}"))
        parts += [("services", columns["services"], f"id = {binary(self.service)}"),
                  ("webhook_deliveries", columns["webhook_deliveries"],
                   f"webhook_id IN (SELECT id FROM webhooks WHERE service_id = {binary(self.service)})")]
        return {row[0]: row[1:] for row in self.site.sql(" UNION ALL ".join(
            f"SELECT '{table}', COUNT(*), BIT_XOR(CRC32(CONCAT_WS('|', {', '.join(f'COALESCE(HEX(`{name}`), 0)' for name in names)}))) "
            f"FROM {table} WHERE {where}" for table, names, where in parts))}


def rows(site):
    """The endpoints that somebody must prove to be somebody for, as (name, row); the name is METHOD path."""
    return [(f"{row['method']} {row['path']}", row) for row in site.cli("routes") if WAYS & set(row["who"])]


def request(tenant, name, row, headers, web=None):
    """The endpoint's call about the tenant's things, with somebody's headers."""
    method, path = name.split(" ")
    more, headers = {}, {"Host": tenant.host, **headers} if path.startswith("/v1/") else dict(headers)
    if path.startswith("/admin"):
        headers.setdefault("Accept", "text/html")
        if method == "POST":
            more["form"] = {"form": "key_revoke", "id": tenant.key.id}
    elif name in FORMS:
        more["form"] = {word: tenant.fill(value) for word, value in FORMS[name].items()}
    elif name in BODIES:
        more["data"] = {word: tenant.fill(value) if isinstance(value, str) else value for word, value in BODIES[name].items()}
    else:
        assert not row["body"], f"{name}: this test doesn't know what to send; give it a row in BODIES"
    return (web or tenant.site.web).request(method, tenant.fill(path) + QUERIES.get(name, ""), headers=headers, **more)


_kept = {}


def tenants(site):
    """The service whose things are wanted, and the one whose credentials come."""
    if not _kept:
        _kept["mine"], _kept["other"] = Tenant(site, FOREIGN), Tenant(site, "Stranger")
    return _kept["mine"], _kept["other"]


def strangers(site, other):
    """Headers of everybody who has no business with the first service: (who, headers)."""
    script = Script(site).sign_in(site.add_person())
    session = {"Cookie": "; ".join(f"{name}={value}" for name, value in script.cookies.items()), "Origin": site.url}
    found = {
        "nobody": {},
        "another service's key": {"X-API-Key": other.key.text},
        "a key that nobody has": {"X-API-Key": "sk_live_" + "0" * 12 + "_" + "0" * 64},
        "another service's client": {"Authorization": basic(other.client.id, other.client.secret)},
        "another service's machine": {"Authorization": f"Bearer {other.machine}"},
        "another service's user": {"Authorization": f"Bearer {other.tokens.access}"},
        "an ordinary person": session,
        "a cookie that nobody has": {"Cookie": "admin-session=" + "ab" * 32 + "; public-session=" + "ab" * 32, "Origin": site.url},
    }
    return found.items()


def may_be_fine(name, who, answer):
    """What another service may be told: of itself; and that a token isn't its own (RFC 7662 section 2.2, RFC 7009 section 2.2)."""
    if name in OWN and who in ("another service's key", "another service's user"):
        return True
    if who == "another service's client" and name == "POST /api/oauth/introspect":
        return answer.json() == {"active": False}
    return who == "another service's client" and name == "POST /api/oauth/revoke" and not answer.body.strip(b"{} \n")


@test("T-103, T-107, T-98: every endpoint for keys, clients, tokens and administrators, called by everybody else about one service's things: "
      "nobody is let in, told or changes anything of it")
def walk_all(site):
    mine, other = tenants(site)
    everybody = list(strangers(site, other))
    before, tables = mine.data(), checksums(site, COUNTED)
    names = set()
    for name, row in rows(site):
        names.add(name)
        fine = False
        for who, headers in everybody:
            answer = request(mine, name, row, headers)
            what = f"{name} by {who}: {answer}"
            assert FOREIGN not in answer.text and mine.person.email not in answer.text and HOOK + '"' not in answer.text, f"told: {what}"
            assert "/permissions" not in name or '"approved"' not in answer.text, f"told: {what}"
            assert answer.status < 500, what
            if 200 <= answer.status < 300:
                assert may_be_fine(name, who, answer), f"let in: {what}"
                fine = True
        now = checksums(site, COUNTED)
        if not fine:
            equal({table for table in tables if tables[table] != now[table]}, set(), f"tables behind refused calls of {name}")
        tables = now
        equal(mine.data(), before, f"what the service has, behind {name}")
    for table in (BODIES, FORMS):
        assert set(table) <= names, f"no endpoints any more: {set(table) - names}"
    assert introspect(mine.site, mine.client, mine.tokens.access).json()["active"], "the access token still stands"
    equal(refresh(mine.site, mine.client, mine.tokens.refresh).status, 200, "the refresh token still stands")


@test("T-107: every endpoint names who may call, and those for sessions, too, let nobody in who is nobody")
def everyone_named(site):
    for row in site.cli("routes"):
        assert row["who"], row
        if set(row["who"]) & {"anyone", "browser", "client"}:
            continue
        path = re.sub(r"\{\w+\}", "00000000-0000-4000-8000-000000000000", row["path"])
        body = {"data": {}} if "json-values" in row["body"] else {}
        for headers in ({}, {"Origin": site.url}):
            answer = site.web.request(row["method"], path, headers=headers, **body)
            assert 300 <= answer.status < 500, f"{row['method']} {path}: {answer}"


@test("1.6.1: on every endpoint for keys one without the row's permission, and with every other one, is 403, which names it; nothing changes")
def each_permission(site):
    mine, _ = tenants(site)
    keys = {word: Key(site, mine.service, " ".join(one for one in ALL.split() if one != word)) for word in ALL.split()}
    for key in keys.values():
        one_of(key.get("info").status, (200, 403))
    tables, seen = checksums(site, COUNTED), 0
    for name, row in rows(site):
        if "api-key" not in row["who"]:
            continue
        word = row["permission"].removesuffix(":*")  # one for some of them is enough
        assert word in ALL.split(), f"{name} asks for {word!r}"
        body = service.refusal(request(mine, name, row, {"X-API-Key": keys[word].text}), 403, "FORBIDDEN")
        assert word in body["error"], f"{name}: {body}"
        seen += 1
    now = checksums(site, COUNTED)
    equal({table for table in tables if tables[table] != now[table]}, set(), "tables")
    assert seen >= 25, seen


@test("T-101: a key without permissions, with an unknown state or of a service in an unknown state gets nothing: the default is no")
def default_is_no(site):
    own = service.add_service(site, "Odd")
    for change, status in (("api_keys SET permissions = ''", 403), ("api_keys SET permissions = 'read:user read:users:x xread:users READ:USERS'", 403),
                           ("api_keys SET status = ''", 401), ("api_keys SET status = 'Active'", 401), ("api_keys SET expires_at = -1", 401),
                           ("api_keys SET addresses = 'nonsense'", 403), ("api_keys SET addresses = ' '", 403)):
        key = Key(site, own)
        site.sql(f"UPDATE {change} WHERE id = {binary(key.id)}")
        equal(key.get("users").status, status, change)
    for state in ("", "Active", "odd"):
        key = Key(site, own)
        site.sql(f"UPDATE services SET status = '{state}' WHERE id = {binary(own)}")
        service.refusal(key.get("users"), 403, "ORGANIZATION_NOT_ACTIVE")


# POSTs of programs that need no Idempotency-Key: they change nothing, or the same call again is the same call by itself
BY_THEMSELVES = {"POST /api/service/provider-tokens", "POST /api/oauth/userinfo", "POST /api/users/{userId}/apps/{clientId}/request-access", "POST /v1/auth/register"}


@test("Idempotency-Key: every POST by an API key or an access token honours it: sent again it is answered as before, and done once")
def every_post_replays(site):
    tenant, seen = Tenant(site, "Twice"), 0
    tenant.words["number"] = str(next(_numbers))
    for name, row in rows(site):
        if row["method"] != "POST" or not {"api-key", "bearer"} & set(row["who"]) or name in BY_THEMSELVES:
            continue
        assert row["replays"], f"{name} doesn't honour Idempotency-Key"
        who = {"X-API-Key": tenant.key.text} if "api-key" in row["who"] else {"Authorization": f"Bearer {tenant.tokens.access}"}
        headers = {**who, "Idempotency-Key": f"walk {seen}"}
        first = request(tenant, name, row, headers)
        assert first.status < 500 and first.status != 429, f"{name}: {first}"
        tables = checksums(site, COUNTED)
        again = request(tenant, name, row, headers)
        equal((again.status, again.body, first.header("Idempotency-Replayed"), again.header("Idempotency-Replayed")),
              (first.status, first.body, None, "true"), f"{name} again")
        now = checksums(site, COUNTED)
        equal({table for table in tables if tables[table] != now[table]}, set(), f"tables behind {name} again")
        seen += 1
    assert seen >= 11, seen


@test("T-104: no answer of the service API to its own key tells key material: of keys, clients, webhooks or ours")
def no_secrets(site):
    mine, _ = tenants(site)
    material = re.compile(r"whsec_|sk_(live|test)_[0-9a-f]{12}_|_hash|scrypt|_sealed|PRIVATE|secret", re.I)
    seen = 0
    for name, row in rows(site):
        if "api-key" in row["who"] and row["method"] == "GET":
            answer = request(mine, name, row, {"X-API-Key": mine.key.text})
            equal(answer.status, 200, f"{name}: {answer}")
            assert not material.search(answer.text), f"{name}: {answer}"
            seen += 1
    assert seen >= 9, seen


HOSTILE = ("1;DROP TABLE users", "' OR '1'='1", "1 UNION SELECT password_hash FROM users", "created_at;--", "(SELECT SLEEP(5))", "name,id", "-1", "0x10",
           "99999999999999999999999", "-99999999999999999999", "1e9", "%", "_", "\\", "\"", "\u202e", "password_hash", "created_at DESC", "id", "[]", "x" * 3000)
FIELDS = ("limit", "offset", "sort", "search", "email", "status", "created_after", "created_before", "event", "state", "plan_id", "user_id", "cursor", "page", "from",
          "to", "time_zone", "interval", "service_id")


@test("T-106: hostile pages, sorts and filters of every list are refused or find nothing of others: never an error of ours, a wait or a change")
def hostile_fields(site):
    mine, other = tenants(site)
    tables = checksums(site, COUNTED)
    for name, row in rows(site):
        if "api-key" not in row["who"] or row["method"] != "GET":
            continue
        path = other.fill(row["path"])
        for field, value in [(field, value) for field in FIELDS for value in HOSTILE] + [("service_id", mine.service), ("user_id", mine.person.id)]:
            for _ in range(3):  # a busy machine may be slow once; what the value does it does again
                began = time.monotonic()
                answer = other.key.get(path + "?" + urllib.parse.urlencode({field: value}))
                seconds = time.monotonic() - began
                if seconds < 4.5:
                    break
            one_of(answer.status, (200, 400), f"{name} {field}={value[:30]}: {answer}")
            assert FOREIGN not in answer.text and mine.person.email not in answer.text, f"{name} {field}={value[:30]}: {answer}"
            assert seconds < 4.5, f"{name} {field}={value[:30]}"
            if answer.status == 400:
                service.refusal(answer, 400)
    now = checksums(site, COUNTED)
    equal({table for table in tables if tables[table] != now[table]}, set(), "tables")


@test("T-112: two services' keys taking turns, 2,000 requests on four connections: each answer is its own service's")
def interleaved(site):
    pair = tenants(site)
    wanted = [(tenant.service, tenant.person.id) for tenant in pair]

    def turns(web, index):
        first, wrong = index % 2, []
        for number in range(250):
            for which in (first, 1 - first):
                headers = {"X-API-Key": pair[which].key.text}
                path, member = (("/api/service/info", "id"), (f"/api/service/users/{wanted[which][1]}", "id"))[number % 2]
                answer = web.request("GET", path, headers=headers)
                expected = wanted[which][number % 2]
                if answer.status != 200 or answer.json()[member] != expected:
                    wrong.append(f"{path} of {which}: {answer}")
        return [wrong]
    equal([wrong for found in at_once(site, 4, turns) for wrong in found[0]][:3], [], "answers of the other service")


@test("T-103: the console finds a service's things below that service alone")
def console(site):
    mine, other = tenants(site)
    cookie = {"Cookie": "admin-session=" + "d7" * 32, "Origin": site.url, "Accept": "text/html"}
    admin = binary("dd000000-0000-0000-0000-000000000007")
    site.sql("INSERT INTO admins (id, email, email_key, name, password_hash, status, created_at, updated_at) VALUES "
             f"({admin}, 'tenancy@admin.example', 'tenancy@admin.example', 'T', 'x', 'active', 0, 0)")
    site.sql("INSERT INTO admin_sessions (id_hash, admin_id, created_at, authenticated_at, seen_at, method, address, user_agent, expires_at) VALUES "
             f"(UNHEX(SHA2('{'d7' * 32}', 256)), {admin}, UNIX_TIMESTAMP(), UNIX_TIMESTAMP(), UNIX_TIMESTAMP(), 'pwd', '127.0.0.1', '', UNIX_TIMESTAMP() + 9000)")
    seen = 0
    for name, row in rows(site):
        if not row["path"].startswith("/admin/services/{service}/") or row["method"] != "GET":
            continue
        of_two = row["path"].count("{") > 1
        equal(site.web.request("GET", mine.fill(row["path"]), headers=cookie).status, 200, name)
        crossed = mine.fill(row["path"].replace("{service}", other.service))
        answer = site.web.request("GET", crossed, headers=cookie)
        equal(answer.status, 404 if of_two else 200, f"{name} below another service: {answer}")
        assert mine.name not in answer.text, f"{name}: {answer}"
        seen += of_two
    assert seen >= 2, seen


@test("T-108: no path leads out of where assets are, whatever its dots and escapes")
def traversal(site):
    own = re.findall(r'"(/assets/[^"]+)"', site.web.get("/login").text)[0]
    base = own.rsplit("/", 1)[0]
    for out in ("../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "....//etc/passwd", "..%5c..%5cetc%5cpasswd",
                "..%c0%af..%c0%afetc%c0%afpasswd", "%00", "style.css%00.svg", "/etc/passwd", "..", "."):
        for path in (f"{base}/{out}", f"/assets/{out}", f"/assets/x/y/{out}"):
            answer = site.web.raw_request("GET", path, [("Accept", "text/html")])
            assert answer.status in (301, 302, 400, 403, 404), f"{path}: {answer}"
            assert "root:" not in answer.text, path


run()
