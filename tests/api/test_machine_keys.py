#!/usr/bin/env python3
"""Ids and secrets of machines: made, shown once, listed, rotated with an overlap and revoked, on the console's page of the
application, by the command line and by the admins' API; and what is told of their use."""
import json
import subprocess
import time

from kit import *
from admin_api import API, AdminApi
from console import console, form_named, here, is_done, make_old, new_admin, send, sign_in as console_sign_in
from installation import Client, basic
from prove import *
from signers import EcKey


def machine(site, **metadata):
    return site.add_client(**{**MACHINE, "token_endpoint_auth_method": "client_secret_post", **metadata})


def works(site, client, secret):
    return ask(site, TOKEN, client, {"client_id": client.id, "client_secret": secret}).status == 200


def refusal(site, *arguments, stdin=""):
    done = subprocess.run([site.program, "-c", site.conf, *arguments], input=stdin, capture_output=True, text=True, timeout=60)
    equal(done.returncode, 1, f"{arguments}: {done.stdout}")
    return done.stderr


# --- the command line ---

@test("5: doorward client secret: two secrets are valid at once, a third is refused, a revoked one ends at once, rotation overlaps")
def by_command_line(site):
    client = machine(site)
    second = site.cli("client", "secret", "add", client.id)
    assert second["client_secret"].startswith(second["prefix"]) and 0 < len(second["prefix"]) <= 8
    for secret in (client.secret, second["client_secret"]):
        assert works(site, client, secret)
    assert "two secrets" in refusal(site, "client", "secret", "add", client.id)
    listed = site.cli("client", "secret", "list", client.id)
    equal([one["id"] == second["id"] for one in listed], [True, False], "newest first")
    assert all("client_secret" not in one for one in listed) and second["client_secret"] not in json.dumps(listed)
    equal({one["created_by"] for one in listed}, {"cli"}, "who made them")
    site.cli("client", "secret", "revoke", client.id, listed[1]["id"])
    equal((works(site, client, client.secret), works(site, client, second["client_secret"])), (False, True), "the first is revoked")
    assert "no such secret" in refusal(site, "client", "secret", "revoke", client.id, listed[1]["id"])
    other = machine(site)
    assert "no such secret" in refusal(site, "client", "secret", "revoke", other.id, second["id"])
    assert works(site, client, second["client_secret"]), "another client's name revokes nothing"
    third = site.cli("client", "secret", "rotate", "--keep-old", "1h", client.id)
    for secret in (second["client_secret"], third["client_secret"]):
        assert works(site, client, secret)
    shown = {one["id"]: one for one in site.cli("client", "secret", "list", client.id)}
    assert abs(shown[second["id"]]["expires_at"] - time.time() - 3600) < 30 and shown[third["id"]]["expires_at"] == 0
    fourth = site.cli("client", "rotate-secret", "--keep-old", "7d", client.id)["client_secret"]
    equal([works(site, client, secret) for secret in (second["client_secret"], third["client_secret"], fourth)], [False, True, True], "one before is kept")
    site.cli("client", "rotate-secret", client.id)
    equal([works(site, client, secret) for secret in (third["client_secret"], fourth)], [False, False], "none is kept")


@test("5: what a secret was last used for is told, with the address, at most a minute old; keys as well")
def last_use(site):
    client, key = machine(site), keyed_client(site)
    equal([site.cli("client", "secret", "list", client.id)[0][name] for name in ("last_used_at", "last_used_from")], [0, ""], "never")
    for _ in range(3):
        assert works(site, client, client.secret)
    equal(get_token(site, key).status, 200)
    used = site.cli("client", "secret", "list", client.id)[0]
    assert abs(used["last_used_at"] - time.time()) < 30 and used["last_used_from"] == "127.0.0.1", used
    seen = site.cli("client", "show", key.id)
    assert abs(seen["last_used_at"] - time.time()) < 30 and seen["last_used_from"] == "127.0.0.1", seen


@test("clients without secrets are given none; a public one neither")
def no_secrets(site):
    assert "has no secret" in refusal(site, "client", "secret", "add", keyed_client(site).id)
    assert "has no secret" in refusal(site, "client", "secret", "rotate", site.client("public").id)
    assert "client_secret" not in keyed_client(site).metadata
    assert "no such client" in refusal(site, "client", "secret", "list", "nobody")


@test("security 96: a secret of client_secret_jwt is long enough for HS512")
def mac_secret(site):
    assert len(secret_client(site).secret) >= 64


@test("5: 16 secrets made at once: two are valid, and no more")
def parallel_additions(site):
    client = machine(site)
    running = [subprocess.Popen([site.program, "-c", site.conf, "client", "secret", "add", client.id, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
               for _ in range(16)]
    made = [one for one in running if one.wait() == 0]
    for one in running:
        one.communicate()
    equal((len(made), len(site.cli("client", "secret", "list", client.id))), (1, 2), "made, valid")


# --- the admins' API ---

@test("5: the admins' API: registered, told, changed, secrets made, regenerated and revoked, failures and unlock")
def by_api(site):
    api = AdminApi(site)
    words = {"service_id": site.service, "client_name": "By API", "grant_types": ["client_credentials"], "scope": "read:things",
             "token_endpoint_auth_method": "client_secret_post"}
    client = Client(api.good("POST", "", words, 201))
    assert works(site, client, client.secret)
    assert client.id in [one["client_id"] for one in api.good("GET", f"?service={site.service}&limit=100")["clients"]]
    shown = api.good("GET", f"/{client.id}")
    assert "client_secret" not in shown and shown["client_name"] == "By API"
    second = api.good("POST", f"/{client.id}/secrets", None, 201)
    assert second["created_by"].startswith("admin:"), second
    equal(api.call("POST", f"/{client.id}/secrets").status, 409, "a third")
    listed = api.good("GET", f"/{client.id}/secrets")["secrets"]
    equal(len(listed), 2, "secrets")
    api.good("DELETE", f"/{client.id}/secrets/{listed[1]['id']}", None, 204)
    equal(works(site, client, client.secret), False, "revoked")
    equal(api.call("DELETE", f"/{client.id}/secrets/{listed[1]['id']}").status, 404, "again")
    third = api.good("POST", f"/{client.id}/regenerate-secret", {"keep_old_s": 600}, 201)["client_secret"]
    assert works(site, client, third) and works(site, client, second["client_secret"])
    fourth = api.good("POST", f"/{client.id}/regenerate-secret", {}, 201)["client_secret"]
    equal([works(site, client, one) for one in (second["client_secret"], third, fourth)], [False, False, True], "regenerated")
    equal(api.call("POST", f"/{client.id}/regenerate-secret", {"keep_old_s": -1}).status, 400, "a bad time")
    assert "wrong secret" in api.good("GET", f"/{client.id}/failures?limit=1")["failures"][0]["reason"]
    api.good("PATCH", f"/{client.id}", {"client_name": "Renamed", "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [EcKey("a").public()]}})
    equal(api.call("PATCH", f"/{client.id}", {"jwks_uri": "https://keys.example/"}).status, 400, "both")
    equal(api.call("PATCH", f"/{client.id}", {"client_name": "Half", "status": "off"}).status, 400, "another status")
    equal(api.good("GET", f"/{client.id}")["client_name"], "Renamed", "all of it or nothing")
    equal(api.good("PATCH", f"/{client.id}", {"status": "disabled"})["status"], "disabled", "off")
    api.good("POST", f"/{client.id}/unlock")


@test("5: the admins' API is for administrators alone, from our own origin, and changes need a fresh sign-in")
def api_is_guarded(site):
    client = machine(site)
    admin = new_admin(site)
    browser = console_sign_in(site, admin)
    api, rows = AdminApi(site, browser), [("POST", "", {}), ("PATCH", f"/{client.id}", {}), ("POST", f"/{client.id}/secrets", None), ("POST", f"/{client.id}/unlock", None),
                                     ("POST", f"/{client.id}/regenerate-secret", {}), ("DELETE", f"/{client.id}/secrets/x", None)]
    reads = [("GET", "", None), ("GET", f"/{client.id}", None), ("GET", f"/{client.id}/secrets", None), ("GET", f"/{client.id}/failures", None)]
    for method, path, body in rows + reads:
        equal(api.call(method, path, body, Cookie="").status, 401, f"nobody: {method} {path}")
    for method, path, body in rows:
        equal(api.call(method, path, body, Origin="https://evil.example").status, 403, f"elsewhere: {method} {path}")
    make_old(site, browser)
    for method, path, body in rows:
        equal(api.call(method, path, body).status, 403, f"stale: {method} {path}")
    for method, path, body in reads:
        equal(api.call(method, path, body).status, 200, f"{method} {path}")
    equal(len(site.cli("client", "secret", "list", client.id)), 1, "secrets")


# --- the console ---

@test("5: the console: an application's page lists its secrets and failures; one more, rotated, revoked, each shown once")
def by_console(site):
    browser, client = console(site), machine(site)
    path = here(site, f"/clients/{client.id}")
    shown = send(browser, path, "client_secret_add")
    equal(shown.status, 200, str(shown))
    text = shown.page().text
    second = [word for word in text.split() if len(word) == 43 and works(site, client, word)]
    equal(len(second), 1, text)
    again = browser.open(path)
    assert second[0] not in again.text and second[0][:6] in again.text
    try:
        form_named(again, "client_secret_add")
        raise AssertionError("a third is offered")
    except AssertionError as error:
        assert "no form" in str(error), error
    first = site.cli("client", "secret", "list", client.id)[1]
    is_done(browser, send(browser, path, "client_secret_revoke", button=first["id"]), "The secret has been revoked.")
    equal((works(site, client, client.secret), works(site, client, second[0])), (False, True), "the first is revoked")
    assert "wrong secret" in browser.open(path).page().text
    shown = send(browser, path, "client_secret", {"keep": "keep_day"})
    equal((shown.status, works(site, client, second[0])), (200, True), "rotated")
    assert "127.0.0.1" in browser.open(path).text


@test("5, 4.3: the console: keys, enhanced security and address ranges are set; a locked application is shown and unlocked")
def security_by_console(site):
    browser, client = console(site), machine(site)
    key, path = EcKey("one"), here(site, f"/clients/{client.id}")
    wanted = {"token_endpoint_auth_method": "private_key_jwt", "enhanced_security": "on", "allowed_addresses": "127.0.0.0/8\n2001:db8::/32"}
    for jwks, words in (("{", "JWK"), ('{"keys":[]}', "can't be used"), ("", "can't be used")):
        answer = send(browser, path, "client_security", {**wanted, "jwks": jwks})
        equal(answer.status, 400, str(answer))
        assert words in answer.page().text, answer.page().text
    answer = send(browser, path, "client_security", {**wanted, "jwks": "", "token_endpoint_auth_method": "client_secret_basic"})
    assert "Enhanced security needs" in answer.page().text, answer.page().text
    is_done(browser, send(browser, path, "client_security", {**wanted, "jwks": json.dumps({"keys": [key.public()]})}), "saved")
    client.method, client.key = "private_key_jwt", key
    equal(ask(site, REVOKE, client, proof_of(site, client)[0]).status, 200, "by key")
    for _ in range(10):
        invalid_client(ask(site, REVOKE, client, asserted(assertion(site, client, aud="https://other.example"))))
    invalid_client(ask(site, REVOKE, client, proof_of(site, client)[0]), "locked")
    assert "locked" in browser.open(path).page().text
    is_done(browser, send(browser, path, "client_unlock"), "unlocked")
    equal(ask(site, REVOKE, client, proof_of(site, client)[0]).status, 200, "unlocked")


@test("5: history tells who made, rotated and revoked secrets, locked and unlocked; never a secret")
def told(site):
    client = keyed_client(site, enhanced_security=True)
    for _ in range(10):
        ask(site, REVOKE, client, asserted(assertion(site, client, aud="https://other.example")))
    site.cli("client", "unlock", client.id)
    other = machine(site)
    made = [other.secret, site.cli("client", "secret", "add", other.id), site.cli("client", "secret", "rotate", other.id)]
    site.cli("client", "secret", "revoke", other.id, made[2]["id"])
    kinds = [row[0] for row in site.sql(f"SELECT kind FROM history WHERE subject = '{client.id}' ORDER BY at_ms")]
    equal(kinds, ["client.created", "client.locked", "client.unlocked"], "of the locked one")
    rows = site.sql(f"SELECT kind, actor, `change` FROM history WHERE subject = '{other.id}' ORDER BY at_ms")
    equal([row[0] for row in rows], ["client.created", "client.secret_added", "client.secret_rotated", "client.secret_revoked"], "of the other")
    for secret in (made[0], made[1]["client_secret"], made[2]["client_secret"]):
        assert secret not in str(rows), "a secret in history"
    equal(site.sql("SELECT COUNT(*) FROM client_secrets WHERE last_used_at > 0 AND last_used_from = ''"), [["0"]], "uses have addresses")


run(workers=2)
