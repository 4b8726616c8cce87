#!/usr/bin/env python3
"""Applications in administrators' hands: a PATCH of several things is one change, and the end of an application is the end of
all that hangs from it, by the admins' API, the command line and the console."""
import subprocess
import time

from kit import *
from admin_api import API, AdminApi
from console import console, here, is_done, make_old, new_admin, send, sign_in as console_sign_in
from refusing import refusing, unchanged
from together import at_once


def entries(site, client):
    return site.sql(f"SELECT kind, actor FROM history WHERE subject = '{client}' ORDER BY at_ms, kind")


def number_of(site, client):
    return site.sql(f"SELECT number FROM clients WHERE client_id = '{client.id}'")[0][0]


def left_of(site, number):
    """What the tables still have of a client."""
    tables = ("client_secrets", "grants", "authorizations", "permissions", "client_failures")
    return {table: count for table in tables
            for [count] in site.sql(f"SELECT COUNT(*) FROM {table} WHERE client_number = {number}") if count != "0"}


@test("a PATCH with a status and other members is one change: one answer, one moment, and its history says both")
def patched(site):
    api, client = AdminApi(site), site.add_client()
    path = f"/{client.id}"
    said = api.good("PATCH", path, {"client_name": "Both", "status": "disabled"})
    equal((said["client_name"], said["status"]), ("Both", "disabled"), str(said))
    equal(api.good("GET", path), said, "as read")
    equal([kind for kind, _ in entries(site, client.id)], ["client.created", "client.disabled", "client.updated"], "history")
    api.good("PATCH", path, {"client_name": "Both", "status": "disabled"})
    api.good("PATCH", path, {})
    equal(len(entries(site, client.id)), 3, "entries of what changes nothing")
    equal(api.good("PATCH", path, {"status": "active"})["status"], "active")


@test("a PATCH whose second half fails changes nothing: neither client, history, webhooks nor versions; when the first half is refused, as well")
def failing_half(site):
    api, client = AdminApi(site), site.add_client()
    path = f"/{client.id}"
    before = api.good("GET", path)
    site.sql("INSERT INTO webhooks (id, service_id, url, events, secret_sealed, created_at, updated_at) SELECT RANDOM_BYTES(16), "
             f"service_id, 'https://hooks.example/', '*', 'x', 1, 1 FROM clients WHERE client_id = '{client.id}'")
    with unchanged(site, "clients"):
        with refusing(site, "client.disabled"):
            equal(api.call("PATCH", path, {"client_name": "Half", "status": "disabled"}).status, 503)
        with refusing(site, "client.updated"):
            equal(api.call("PATCH", path, {"client_name": "Half", "status": "disabled"}).status, 503)
        for wrong in ({"client_name": "Half", "status": "off"}, {"redirect_uris": ["javascript:alert(1)"], "status": "disabled"},
                      {"token_endpoint_auth_method": "none", "status": "disabled"}):
            equal(api.call("PATCH", path, wrong).status, 400, str(wrong))
    equal(api.good("GET", path), before, "as read")
    site.sql("DELETE FROM webhooks")


@test("If-Match on an application: only who has seen its present state changes or removes it, else 412 and nothing has changed; of 8 at once one does")
def tags(site):
    api, client = AdminApi(site), site.add_client()
    path = f"/{client.id}"
    tag = api.call("GET", path).header("ETag")
    changed = api.call("PATCH", path, {"status": "disabled", "client_name": "Seen"}, **{"If-Match": tag})
    equal(changed.status, 200, str(changed))
    equal(api.call("GET", path).header("ETag"), changed.header("ETag"), "its tag")
    with unchanged(site, "clients", "client_secrets"):
        for stale in (tag, "W/" + changed.header("ETag"), '"x"', ','):
            for method, body in (("PATCH", {"status": "active", "client_name": "Stale"}), ("DELETE", None)):
                equal(api.call(method, path, body, **{"If-Match": stale}).status, 412, f"{method} {stale}")
    now = changed.header("ETag")
    answers = at_once(site, 8, lambda web, i: api.call("PATCH", path, {"client_name": f"Name {i}", "status": "active"}, web, **{"If-Match": f'"x", {now}'}))
    equal(sorted(answer.status for answer in answers), [200] + [412] * 7, "answers")
    said = next(answer for answer in answers if answer.status == 200)
    equal(api.good("GET", path), said.json(), "the one that was done")
    equal(api.call("DELETE", path, **{"If-Match": said.header("ETag")}).status, 204, "removal")


@test("PATCHes of different members at once all stand: none takes back what another has said")
def together(site):
    api, client = AdminApi(site), site.add_client()
    wanted = {"client_name": "Together", "scope": "openid read:things", "default_max_age": 77, "client_uri": "https://together.example/",
              "policy_uri": "https://together.example/policy", "status": "disabled"}
    for attempt in range(3):
        members = [{name: value} for name, value in {**wanted, "client_name": f"Together {attempt}"}.items()]
        answers = at_once(site, len(members), lambda web, i: api.call("PATCH", f"/{client.id}", members[i], web))
        equal([answer.status for answer in answers], [200] * len(members), "answers")
        now = api.good("GET", f"/{client.id}")
        equal({name: now[name] for name in wanted}, {**wanted, "client_name": f"Together {attempt}"}, "what stands")
        api.good("PATCH", f"/{client.id}", {"scope": "openid", "default_max_age": None, "client_uri": None, "policy_uri": None, "status": "active"})


# --- the end of one ---

def used(site):
    """An application with all that can hang from one: its tokens, the person's permission, a failure."""
    client, person = site.add_client(), site.add_person()
    tokens = sign_in(site, client, person, scope="openid offline_access")
    site.cli("permission", "set", person.id, client.id, "--role", "user", "--status", "approved")
    machine_token = client_credentials(site, client, scope="read:things").json()["access_token"]
    failed = site.web.post("/api/oauth/token", {"grant_type": "client_credentials", "client_id": client.id, "client_secret": "wrong"})
    equal(failed.status, 401, str(failed))
    return client, person, tokens, machine_token


def is_gone(site, api, client, person, tokens, machine_token, number):
    other = site.client("other")
    for _ in range(4):  # whichever worker answers
        equal(userinfo(site, tokens.access).status, 401, "userinfo")
        for token in (tokens.access, tokens.refresh, machine_token):
            equal(introspect(site, other, token).json(), {"active": False}, "introspection")
        equal(refresh(site, client, tokens.refresh).status, 401, "refresh")
        equal(client_credentials(site, client, scope="read:things").status, 401, "a new token")
        equal(site.web.get("/api/oauth/authorize", {"client_id": client.id, "response_type": "code", "redirect_uri": client.redirect_uri,
                                                    "scope": "openid"}).status, 400, "a new request")
    for method, path, body in (("GET", "", None), ("PATCH", "", {"client_name": "x"}), ("DELETE", "", None), ("GET", "/secrets", None),
                               ("POST", "/secrets", None), ("GET", "/failures", None)):
        equal(api.call(method, f"/{client.id}{path}", body).status, 404, f"{method} {path}")
    equal(left_of(site, number), {}, "left in the tables")
    kinds = [kind for kind, _ in entries(site, client.id)]
    equal((kinds[0], kinds[-1]), ("client.created", "client.deleted"), str(kinds))
    told = site.sql(f"SELECT COUNT(*) FROM history WHERE subject = '{person.id} {client.id}'")
    assert told != [["0"]], "the history of its permissions is gone"


@test("DELETE of an application ends what hangs from it: tokens, secrets, grants, permissions, failures, on every worker at once; its history stays")
def removed(site):
    api = AdminApi(site)
    client, person, tokens, machine_token = used(site)
    beside = sign_in(site, site.client("other"), person, scope="openid")
    number = number_of(site, client)
    assert {"client_secrets", "grants", "authorizations", "permissions"} <= set(left_of(site, number)), left_of(site, number)
    answer = api.call("DELETE", f"/{client.id}")
    equal((answer.status, answer.body), (204, b""), str(answer))
    is_gone(site, api, client, person, tokens, machine_token, number)
    equal(userinfo(site, beside.access).status, 200, "the same person's token of another application")
    equal([actor.split(":")[0] for kind, actor in entries(site, client.id) if kind == "client.deleted"], ["admin"], "who did it")


@test("doorward client remove does the same, and says what it can't: an unknown one, the one by which a workspace signs people in")
def removed_by_command_line(site):
    client, person, tokens, machine_token = used(site)
    number = number_of(site, client)
    equal(site.cli("client", "remove", client.id), {"id": client.id, "status": "removed"})
    is_gone(site, AdminApi(site), client, person, tokens, machine_token, number)
    equal(entries(site, client.id)[-1], ["client.deleted", "cli"], "who did it")
    for unknown in (client.id, "nobody", "x" * 300, "a\tb"):
        done = subprocess.run([site.program, "-c", site.conf, "client", "remove", unknown], capture_output=True, text=True, timeout=60)
        equal((done.returncode, "no such client" in done.stderr), (1, True), unknown)
    kept = site.add_client()
    settings = site.sql(f"SELECT 1 FROM services WHERE id = X'{site.service.replace('-', '')}' AND workspace IS NULL")
    equal(len(settings), 1, "a service without a workspace")
    site.sql(f"UPDATE services SET workspace = '{{\"client_id\":\"{kept.id}\"}}' WHERE id = X'{site.service.replace('-', '')}'")
    with unchanged(site, "clients"):
        answer = AdminApi(site).call("DELETE", f"/{kept.id}")
        equal((answer.status, "workspace" in answer.json()["error"]), (400, True), str(answer))
    site.sql(f"UPDATE services SET workspace = NULL WHERE id = X'{site.service.replace('-', '')}'")
    equal(AdminApi(site).call("DELETE", f"/{kept.id}").status, 204)


@test("the removal that fails in its last part leaves the application with all that it has")
def failing_removal(site):
    client, person, tokens, _ = used(site)
    with unchanged(site, "clients", "client_secrets", "grants", "permissions", "authorizations"), refusing(site, "client.deleted"):
        equal(AdminApi(site).call("DELETE", f"/{client.id}").status, 503)
    equal(userinfo(site, tokens.access).status, 200, "its token")


@test("an application that a great many people use is switched off and taken apart, with all that hangs from it")
def large(site):
    client = site.add_client()
    number = number_of(site, client)
    ids = "UNHEX(MD5(CONCAT('large', seq)))"
    site.sql("SET foreign_key_checks = 0; INSERT INTO grants (id, user_id, client_number, scope, created_at, updated_at) SELECT "
             f"{ids}, {ids}, {number}, 'openid', 1, 1 FROM seq_1_to_1201; "
             "INSERT INTO permissions (user_id, client_number, role, status, created_at, updated_at) SELECT "
             f"{ids}, {number}, 'user', 'approved', 1, 1 FROM seq_1_to_1700; "
             "INSERT INTO authorizations (id, grant_id, user_id, client_number, sid, scope, redirect_uri, redirect_uri_sent, auth_time, amr, "
             "code_hash, code_expires_at, created_at, expires_at) SELECT "
             f"{ids}, {ids}, {ids}, {number}, '', '', '', 0, 1, '', '', 1, 1, {int(time.time()) + 9999} FROM seq_1_to_1201")
    equal(left_of(site, number), {"client_secrets": "1", "grants": "1201", "permissions": "1700", "authorizations": "1201"}, "before")
    equal(AdminApi(site).call("DELETE", f"/{client.id}").status, 204)
    equal(left_of(site, number), {}, "left in the tables")
    equal([kind for kind, _ in entries(site, client.id)], ["client.created", "client.disabled", "client.deleted"], "history")


@test("an application that comes by a great deal while it is taken apart isn't called removed: 503, and gone when it is asked for again")
def growing(site):
    client = site.add_client()
    number = number_of(site, client)
    of = lambda word: f"UNHEX(MD5(CONCAT('{word}', seq)))"
    site.sql(f"INSERT INTO users (id, email, email_key, name, status, created_at, updated_at) SELECT {of('growing')}, CONCAT('growing', seq, '@example.org'), "
             "CONCAT('growing', seq, '@example.org'), 'Growing', 'active', 1, 1 FROM seq_1_to_600; "
             "INSERT INTO permissions (user_id, client_number, role, status, requested_at, created_at, updated_at) SELECT "
             f"{of('growing')}, {number}, 'user', 'approved', seq, 1, 1 FROM seq_1_to_600; "
             "CREATE TRIGGER growing AFTER DELETE ON permissions FOR EACH ROW "
             "INSERT INTO grants (id, user_id, client_number, scope, created_at, updated_at) SELECT "
             f"{of('grown')}, {of('growing')}, {number}, 'openid', 1, 1 FROM seq_1_to_600 WHERE OLD.user_id = UNHEX(MD5('growing600'))")
    try:
        answer = AdminApi(site).call("DELETE", f"/{client.id}")
        equal((answer.status, answer.header("Retry-After")), (503, "5"), str(answer))
        equal((left_of(site, number)["grants"], AdminApi(site).good("GET", f"/{client.id}")["status"]), ("600", "disabled"), "what is there")
    finally:
        site.sql("DROP TRIGGER growing")
    equal(AdminApi(site).call("DELETE", f"/{client.id}").status, 204)
    equal(left_of(site, number), {}, "left in the tables")


@test("DELETE of an application: by nobody but an administrator whose sign-in is fresh, from no other site's page")
def closed(site):
    client = site.add_client()
    path = f"/{client.id}"
    stranger, token = site.browser(), client_credentials(site, client, scope="read:things").json()["access_token"]
    browser = console_sign_in(site, new_admin(site))
    api = AdminApi(site, browser)
    with unchanged(site, "clients", "client_secrets"):
        equal(AdminApi(site, stranger).call("DELETE", path).status, 401, "nobody")
        for origin in ("https://evil.example", "null", ""):
            equal(api.call("DELETE", path, Origin=origin).status, 403, f"Origin {origin!r}")
        make_old(site, browser)
        equal(api.call("DELETE", path).status, 403, "an old sign-in")
        answer = site.web.request("DELETE", API + path, headers={"Authorization": f"Bearer {token}", "Origin": site.url})
        equal(answer.status, 401, "a token")
    equal(AdminApi(site).call("DELETE", path).status, 204, "a fresh one")


@test("the console removes an application behind a fresh sign-in alone, says so on the list, and shows it no more")
def by_console(site):
    client, person, tokens, machine_token = used(site)
    number, page = number_of(site, client), here(site, f"/clients/{client.id}")
    browser = console_sign_in(site, new_admin(site))
    make_old(site, browser)
    old = send(browser, page, "client_remove")
    assert old.status == 303 and "again=1" in old.location, str(old)
    assert left_of(site, number), "an old sign-in removed it"
    browser = console(site)
    answer = send(browser, page, "client_remove")
    shown = is_done(browser, answer, "has been removed")
    assert client.id not in shown.page().text and answer.header("Location").split("?")[0].endswith("/clients"), str(answer)
    equal(browser.open(page).status, 404, "its page")
    is_gone(site, AdminApi(site), client, person, tokens, machine_token, number)


run()
