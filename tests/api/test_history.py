#!/usr/bin/env python3
"""History: what is done to a service, its clients, keys and plans and to its members' accounts is written down with who
did it and what has changed, in the transaction of the change."""
import base64
import json
import re
import tempfile

from kit import *
from console import console, enrol, new_admin, send, shared, sign_in as console_sign_in
from service import Key

SECRETS = re.compile(r"sk_(live|test)_[0-9a-f]{12}_|client_secret|scrypt|password|[\w-]{43}\b")
WORKER_CLIENT = {"client_name": "Worker", "grant_types": ["client_credentials"], "response_types": [], "redirect_uris": [], "scope": "read:things"}


def entries(site, service=None, subject=None):
    """(type, actor, subject, data), the oldest first."""
    where = f"service_id = UNHEX(REPLACE('{service or site.service}', '-', ''))" + (f" AND subject = '{subject}'" if subject else "")
    rows = site.sql(f"SELECT kind, actor, subject, TO_BASE64(`change`) FROM history WHERE {where} ORDER BY at_ms, id")
    return [(kind, actor, about, json.loads(base64.b64decode(data.replace("\\n", "")))) for kind, actor, about, data in rows]


def last(site, service=None, subject=None):
    return entries(site, service, subject)[-1]


def link(site, service, user):
    binary = [f"UNHEX(REPLACE('{one}', '-', ''))" for one in (service, user)]
    site.sql(f"INSERT INTO members (service_id, user_id, created_at) VALUES ({binary[0]}, {binary[1]}, 1)")


def metadata_file(words):
    file = tempfile.NamedTemporaryFile("w", suffix=".json")
    json.dump(words, file)
    file.flush()
    return file


def cli_client(site, **more):
    with metadata_file({**WORKER_CLIENT, **more}) as file:
        return site.cli("client", "add", "--service", site.service, "--metadata", file.name)["client_id"]


@test("history: what the command line does to services, clients, keys, plans and accounts is there, by cli, with what has changed and no secret")
def by_command_line(site):
    service = site.cli("service", "add", "--name", "Shop")["id"]
    equal(last(site, service), ("service.created", "cli", service, {"service_id": service, "name": "Shop", "service_type": "web", "status": "active"}))
    site.cli("service", "set", service, "--slug", "shop-of-history", "--pin-gate", "always", "--features", "a b")
    told = [entry[3] for entry in entries(site, service) if entry[0] == "service.updated"]
    equal(told, [{"service_id": service, "pin_gate": "always", "slug": "shop-of-history", "features": ["a", "b"]}], "what was set, at once")
    site.cli("service", "set", service, "--slug", "none")
    equal(last(site, service)[3], {"service_id": service, "slug": None})
    site.cli("service", "disable", service)
    equal(last(site, service), ("service.disabled", "cli", service, {"service_id": service, "status": "disabled"}))
    client = cli_client(site)
    kind, actor, subject, data = last(site, subject=client)
    equal((kind, actor, subject, data["client_id"], data["client_name"]), ("client.created", "cli", client, client, "Worker"))
    site.cli("client", "disable", client)
    equal(last(site, subject=client)[::3], ("client.disabled", {"client_id": client, "status": "disabled"}))
    site.cli("client", "rotate-secret", client, "--keep-old", "1h")
    equal((last(site, subject=client)[0], set(last(site, subject=client)[3])), ("client.secret_rotated", {"client_id", "secret_id", "old_secrets_expire_at"}))
    key = site.cli("api-key", "add", "--service", site.service, "--name", "Job", "--permissions", "read:users")
    kind, actor, _, data = last(site, subject=key["id"])
    equal((kind, actor, data["name"], data["permissions"], data["prefix"]), ("api_key.created", "cli", "Job", ["read:users"], key["prefix"]))
    successor = site.cli("api-key", "rotate", key["id"])
    equal((last(site, subject=key["id"])[0], last(site, subject=key["id"])[3]["rotated_to"]), ("api_key.rotated", successor["id"]))
    site.cli("api-key", "revoke", successor["id"])
    equal(last(site, subject=successor["id"])[0], "api_key.revoked")
    plan = site.cli("plan", "add", "--service", site.service, "--name", "Written down", "--price-cents", "5")["id"]
    equal((last(site, subject=plan)[0], last(site, subject=plan)[3]["price_cents"]), ("plan.created", 5))
    site.cli("plan", "remove", plan, "--service", site.service)
    equal((last(site, subject=plan)[0], last(site, subject=plan)[3]["name"]), ("plan.deleted", "Written down"))
    for entry in entries(site):
        assert not SECRETS.search(json.dumps(entry[3])), entry


@test("history: what is done to an account is told to every service that it is a member of, and to no other")
def of_accounts(site):
    person = site.add_person()
    services = [site.service] + [site.cli("service", "add", "--name", f"Of accounts {number}")["id"] for number in range(2)]
    for service in services[:2]:
        link(site, service, person.id)
    for words, kind in ((["disable"], "user.disabled"), (["enable"], "user.enabled"), (["sign-out"], "user.signed_out")):
        site.cli("user", *words, person.id)
        for service in services[:2]:
            equal(last(site, service, person.id), (kind, "cli", person.id, {"id": person.id}), kind)
    equal(entries(site, services[2], person.id), [], "of the third")


@test("history: the console's changes name the administrator and what has changed; what is saved as it was leaves no entry")
def by_console(site):
    browser = console(site)
    actor = f"admin:{shared['admin'].email}"
    client = cli_client(site, redirect_uris=["https://a.example/cb"], grant_types=["authorization_code"], response_types=["code"], scope="openid")
    page = f"/admin/services/{site.service}/clients/{client}"
    fields = {"client_name": "Worker", "redirect_uris": "https://a.example/cb", "scope": "openid", "post_logout_redirect_uris": ""}
    before = len(entries(site, subject=client))
    equal(send(browser, page, "client_change", fields).status, 303)
    equal(len(entries(site, subject=client)), before, "entries of a change that changes nothing")
    equal(send(browser, page, "client_change", dict(fields, client_name="Renamed", redirect_uris="https://b.example/cb",
                                                    client_uri="https://b.example/")).status, 303)
    equal(last(site, subject=client), ("client.updated", actor, client, {
        "client_id": client, "client_name": "Renamed", "redirect_uris": ["https://b.example/cb"], "client_uri": "https://b.example/"}))
    equal(send(browser, page, "client_change", dict(fields, client_name="Renamed", redirect_uris="https://b.example/cb", client_uri="")).status, 303)
    equal(last(site, subject=client)[3], {"client_id": client, "client_uri": None}, "what was taken off")
    person = site.add_person()
    link(site, site.service, person.id)
    equal(send(browser, f"/admin/services/{site.service}/members/{person.id}", "member_sign_out").status, 303)
    equal(last(site, subject=person.id)[:2], ("user.signed_out", actor))


@test("history: a client's metadata that is too long to be kept twice is named, not copied")
def long_metadata(site):
    uris = [f"https://long{number}.example/{'x' * 1500}" for number in range(20)]
    client = cli_client(site, redirect_uris=uris, grant_types=["authorization_code"], response_types=["code"], scope="openid")
    data = last(site, subject=client)[3]
    equal(set(data), {"client_id", "changed"})
    assert "redirect_uris" in data["changed"], data


@test("history: by API key and access token it is the key or the person; a plan's entry has the plan")
def by_programs(site):
    key = Key(site, site.service)
    plan = key.post("plans", {"name": "By key"}).json()["id"]
    equal(last(site, subject=plan)[:2], ("plan.created", f"api_key:{key.id}"))
    equal(key.call("PATCH", f"plans/{plan}", {"price_cents": 7}).status, 200)
    equal((last(site, subject=plan)[0], last(site, subject=plan)[3]["price_cents"]), ("plan.updated", 7))
    before = len(entries(site, subject=plan))
    equal(key.call("PATCH", f"plans/{plan}", {"price_cents": 7}).status, 200)
    equal(len(entries(site, subject=plan)), before, "entries of a change that changes nothing")
    equal(key.call("PATCH", "info", {"name": "Renamed by key"}).status, 200)
    equal(last(site, subject=site.service)[::3], ("service.updated", {"service_id": site.service, "name": "Renamed by key"}))
    equal(last(site, subject=site.service)[1], f"api_key:{key.id}")


NOBODY = "00000000-0000-0000-0000-000000000000"


def told_of(site, subject):
    """What webhooks were told of it."""
    return site.sql(f"SELECT event FROM webhook_deliveries WHERE payload LIKE '%{subject}%' AND event NOT IN ('webhook.test', 'member.created')")


@test("history: webhooks made, changed, given a new secret, tested, replayed and removed are there, by whom, with what changed, without secret and path; no webhook is told")
def of_webhooks(site):
    key = Key(site, site.service)
    all_hooks = key.post("webhooks", {"url": "https://every.example/hook"}).json()["id"]
    made = key.post("webhooks", {"url": "https://hooks.example:8443/T00/s3cr3t?token=s3cr3t", "events": ["member.created"]}).json()
    ident, origin = made["id"], "https://hooks.example:8443"
    of = lambda kind, **more: (kind, f"api_key:{key.id}", ident, {"id": ident, **more})
    equal(last(site, subject=ident), of("webhook.created", origin=origin, events=["member.created"], status="active"))
    equal(key.patch(f"webhooks/{ident}", {"events": ["member.created"]}).status, 200)
    equal(len(entries(site, subject=ident)), 1, "entries behind a change that changes nothing")
    equal(key.patch(f"webhooks/{ident}", {"url": "https://other.example/s3cr3t", "events": ["*"]}).status, 200)
    equal(last(site, subject=ident), of("webhook.updated", origin="https://other.example", events=["*"], status="active", changed=["url", "events"]))
    secret = key.post(f"webhooks/{ident}/rotate-secret", {}).json()["secret"]
    equal(last(site, subject=ident), of("webhook.secret_rotated", origin="https://other.example", events=["*"], status="active"))
    tested = key.post(f"webhooks/{ident}/test", {}).json()["id"]
    equal(last(site, subject=ident), of("webhook.tested", delivery_id=tested, event="webhook.test"))
    delivery = "0190c0de-0000-7000-8000-000000000001"
    site.sql("INSERT INTO webhook_deliveries (id, webhook_id, event, payload, state, attempts, next_at, created_at, expires_at) VALUES "
             f"(UNHEX(REPLACE('{delivery}', '-', '')), UNHEX(REPLACE('{ident}', '-', '')), 'member.created', '{{}}', 'dead', 9, 1, 1, 4000000000)")
    equal(key.post(f"webhooks/{ident}/deliveries/{delivery}/replay", {}).status, 202)
    equal(last(site, subject=ident), of("webhook.replayed", delivery_id=delivery, event="member.created"))
    for refused, path, data in (("PATCH", ident, {"url": "http://x.example/"}), ("PATCH", ident, {"status": "x"}), ("POST", f"{ident}/deliveries/{ident}/replay", {})):
        assert key.call(refused, f"webhooks/{path}", data).status >= 400
    equal(key.delete(f"webhooks/{ident}").status, 204)
    equal(last(site, subject=ident), of("webhook.deleted", origin="https://other.example", events=["*"], status="active"))
    equal(len(entries(site, subject=ident)), 6, "entries")
    by_hand = site.cli("webhook", "add", "--service", site.service, "--url", "https://hand.example/")["id"]
    site.cli("webhook", "remove", by_hand)
    equal([entry[:2] for entry in entries(site, subject=by_hand)], [("webhook.created", "cli"), ("webhook.deleted", "cli")])
    equal(told_of(site, ident) + told_of(site, by_hand), [], "what webhooks were told")
    for row in entries(site):
        assert "s3cr3t" not in json.dumps(row) and secret not in json.dumps(row) and made["secret"] not in json.dumps(row), row
    site.cli("webhook", "remove", all_hooks)


@test("history: administrators made, switched off and on, given a password and a new second step, and what they do of it themselves are there, by whom, without a secret")
def of_admins(site):
    admin = new_admin(site)
    ident = site.cli("admin", "show", admin.email)["id"]
    by = lambda actor, *kinds: [(f"admin.{kind}", actor, ident, {"id": ident, "email": admin.email}) for kind in kinds]
    equal(entries(site, NOBODY, ident), by("cli", "created"))
    browser = site.browser()
    enrol(browser, admin)
    own = by(f"admin:{admin.email}", "second_step_set")
    equal(entries(site, NOBODY, ident)[1:], own)
    console_sign_in(site, admin, code=admin.codes[0])
    own += by(f"admin:{admin.email}", "recovery_code_used")
    equal(entries(site, NOBODY, ident)[1:], own)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("an altogether different one\n")
        file.flush()
        for words in (["disable"], ["disable"], ["enable"], ["set-password", "--password-file", file.name], ["reset-second-step"]):
            site.cli("admin", words[0], *words[1:], admin.email)
    equal(entries(site, NOBODY, ident)[3:], by("cli", "disabled", "enabled", "password_set", "second_step_reset"))
    for row in entries(site, NOBODY, ident):
        assert not any(code in json.dumps(row) for code in [*admin.codes, admin.secret, "altogether"]), row


def states(site):
    """All that the changes below would change."""
    return site.sql("SELECT HEX(id), name, status, pin_gate FROM services ORDER BY id; SELECT client_id, status, MD5(metadata) FROM clients ORDER BY number;"
                    "SELECT HEX(id), expires_at FROM client_secrets ORDER BY id; SELECT HEX(id), status, expires_at, HEX(rotated_to) FROM api_keys ORDER BY id;"
                    "SELECT HEX(id), name, price_cents FROM plans ORDER BY id; SELECT HEX(id), status, password_hash FROM users ORDER BY id;"
                    "SELECT HEX(id), url, events, status, HEX(secret_sealed) FROM webhooks ORDER BY id; SELECT COUNT(*) FROM webhook_deliveries;"
                    "SELECT HEX(id), status, password_hash, HEX(totp_sealed) FROM admins ORDER BY id; SELECT HEX(id_hash) FROM admin_sessions ORDER BY id_hash")


@test("history: a change whose history can't be written doesn't happen: by the command line, the console, API keys")
def one_transaction(site):
    browser, key, person, client = console(site), Key(site, site.service), site.add_person(), cli_client(site)
    link(site, site.service, person.id)
    own = site.cli("api-key", "add", "--service", site.service, "--name", "Stays", "--permissions", "read:users")["id"]
    plan = key.post("plans", {"name": "Stays"}).json()["id"]
    password = tempfile.NamedTemporaryFile("w")
    password.write("an altogether different one\n")
    password.flush()
    metadata = metadata_file(WORKER_CLIENT)
    hook = key.post("webhooks", {"url": "https://stays.example/", "status": "disabled"}).json()["id"]
    admin = new_admin(site)
    console_sign_in(site, admin)
    site.sql("RENAME TABLE history TO history_away")
    try:
        before = states(site)
        for words in (["service", "add", "--name", "Not made"], ["service", "set", site.service, "--name", "Not named"],
                      ["service", "set", site.service, "--pin-gate", "always"], ["service", "disable", site.service],
                      ["client", "add", "--service", site.service, "--metadata", metadata.name], ["client", "disable", client],
                      ["client", "rotate-secret", client], ["api-key", "add", "--service", site.service, "--name", "N", "--permissions", "read:users"],
                      ["api-key", "rotate", own], ["api-key", "revoke", own], ["plan", "add", "--service", site.service, "--name", "N"],
                      ["plan", "remove", plan, "--service", site.service], ["user", "disable", person.id], ["user", "sign-out", person.id],
                      ["user", "set-password", person.id, "--password-file", password.name], ["client", "remove", client],
                      ["webhook", "add", "--service", site.service, "--url", "https://n.example/"], ["webhook", "remove", hook],
                      ["admin", "disable", admin.email], ["admin", "set-password", admin.email, "--password-file", password.name],
                      ["admin", "reset-second-step", admin.email]):
            equal(site.cli(*words, check=False), None, words)
            equal(states(site), before, f"behind {words}")
        here = f"/admin/services/{site.service}"
        for path, form, values, button in (("/admin/services", "service_add", {"service_name": "Not made"}, None), (here, "service_disable", None, None),
                                           (f"{here}/clients/{client}", "client_disable", None, None), (f"{here}/clients/{client}", "client_secret", None, None),
                                           (f"{here}/keys", "key_revoke", None, own), (f"{here}/members/{person.id}", "member_disable", None, None),
                                           (f"{here}/plans/{plan}", "plan_remove", None, None)):
            equal(send(browser, path, form, values, button).status, 503, f"{form} on {path}")
            equal(states(site), before, f"behind {form}")
        for method, path, data in (("POST", "plans", {"name": "N"}), ("PATCH", f"plans/{plan}", {"name": "N"}), ("DELETE", f"plans/{plan}", None),
                                   ("PATCH", "info", {"name": "N"}), ("POST", "webhooks", {"url": "https://n.example/"}), ("PATCH", f"webhooks/{hook}", {"status": "active"}),
                                   ("POST", f"webhooks/{hook}/rotate-secret", {}), ("DELETE", f"webhooks/{hook}", None)):
            equal(key.call(method, path, data).status, 503, f"{method} {path}")
            equal(states(site), before, f"behind {method} {path}")
    finally:
        site.sql("RENAME TABLE history_away TO history")


run()
