#!/usr/bin/env python3
"""Permission records: who may do what with them, and what a client gets that demands one."""
import json
import re

from kit import *
from script import PASSWORD, Script, make_old, said  # noqa: F401
from signing_in import form_to, path_of

DASHBOARD = "dashboard"  # of the option admin_dashboard_client; a client is renamed to it
SCOPES = "openid profile email offline_access roles subscription manage_permissions read:things"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
ADMIN = "UNHEX('aa00000000000000000000000000aa02')"
RECORD = {"userId", "clientId", "appName", "role", "status", "hasAccess", "requestedAt", "grantedAt", "grantedBy", "revokedAt",
          "revokedBy", "lastAccessedAt", "createdAt", "updatedAt"}
TIMES = [name for name in RECORD if name.endswith("At")]


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def record_path(person, client, what="permissions"):
    return f"/api/users/{getattr(person, 'id', person)}/apps/{getattr(client, 'id', client)}/{what}"


def admin_path(person, client):
    return "/api/admin" + record_path(person, client)[len("/api"):]


def history_path(person, client, query=""):
    return record_path(person, client, "permissions/history") + query


def looks_like_record(body):
    equal(set(body), RECORD, "members of a record")
    for name in TIMES:
        assert body[name] is None or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body[name]), f"{name} of {body}"
    for name in ("createdAt", "updatedAt"):
        assert body[name], body
    return body


def machine(site, client, scope="manage_permissions"):
    answer = client_credentials(site, client, scope=scope)
    equal(answer.status, 200, str(answer))
    return answer.json()["access_token"]


def put(site, client, person, role="user", status="approved", **more):
    """The client's own back end decides."""
    answer = site.web.request("PUT", record_path(person, client), data={"role": role, "status": status, **more},
                              headers=bearer(machine(site, client)))
    return looks_like_record(said(answer, 200, success=True)["permission"])


def get(site, client, person):
    return site.web.get(record_path(person, client), headers=bearer(machine(site, client)))


def cli(site, *words, check=True):
    return site.cli("permission", *words, check=check)


def forget(site, person, client):
    site.sql(f"DELETE p FROM permissions p JOIN clients c ON c.number = p.client_number "
             f"WHERE c.client_id = '{client.id}' AND p.user_id = UNHEX(REPLACE('{person.id}', '-', ''))")


def app(site, **more):
    return site.add_client(scope=SCOPES, **more)


def signed_in_script(site, person):
    script = Script(site)
    script.post("login", {"email": person.email, "password": person.password}, User_Agent=BROWSER)
    assert script.session, "no session"
    return script


def admin_session(site, cookie, expires="UNIX_TIMESTAMP() + 14400", authenticated="UNIX_TIMESTAMP()"):
    site.sql(f"INSERT IGNORE INTO admins (id, email, email_key, name, password_hash, status, created_at, updated_at) VALUES "
             f"({ADMIN}, 'root@admin.example', 'root@admin.example', 'Root Admin', 'x', 'active', 0, 0)")
    site.sql("INSERT INTO admin_sessions (id_hash, admin_id, created_at, authenticated_at, seen_at, method, address, user_agent, "
             f"expires_at) VALUES (UNHEX(SHA2('{cookie}', 256)), {ADMIN}, {authenticated}, {authenticated}, UNIX_TIMESTAMP(), 'pwd', "
             f"'127.0.0.1', '', {expires})")
    return {"Cookie": f"admin-session={cookie}", "Origin": site.url}


def dashboard(site):
    """The client of the administrators' dashboard."""
    if not site.sql(f"SELECT 1 FROM clients WHERE client_id = '{DASHBOARD}'"):
        made = app(site)
        site.sql(f"UPDATE clients SET client_id = '{DASHBOARD}' WHERE client_id = '{made.id}'")
    return DASHBOARD


def cookies_of(script, *names, **headers):
    """Headers of a call with these of the script's cookies (none named: all)."""
    kept = {name: value for name, value in script.cookies.items() if not names or name in names}
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in kept.items()), "Origin": script.site.url, **headers}


def dashboard_admin(site):
    person = site.add_person()
    cli(site, "set", person.id, dashboard(site), "--role", "admin")
    return person


# --- who may ---

def callers(site, client, other, person):
    """Headers of everybody who may come by."""
    friend, chief, late, plain = site.add_person(), dashboard_admin(site), dashboard_admin(site), site.add_person()
    reader = dashboard_user(site)
    fresh, stale, nobody = signed_in_script(site, chief), signed_in_script(site, late), signed_in_script(site, plain)
    with_role = signed_in_script(site, reader)
    make_old(site, late.email, 16 * 60)
    own = sign_in(site, client, person).access
    dead = sign_in(site, client, person).access
    revoke(site, client, dead)
    return {
        "own token": bearer(own),
        "own token, revoked": bearer(dead),
        "other person's token": bearer(sign_in(site, client, friend).access),
        "own token of another client": bearer(sign_in(site, other, person).access),
        "the client, managing": bearer(machine(site, client)),
        "the client, not managing": bearer(machine(site, client, "read:things")),
        "another client, managing": bearer(machine(site, other)),
        "another client, not managing": bearer(machine(site, other, "read:things")),
        "administrator": admin_session(site, "cd" * 32),
        "administrator, hours ago": admin_session(site, "ce" * 32, authenticated="UNIX_TIMESTAMP() - 3 * 3600"),
        "administrator, ended": admin_session(site, "cf" * 32, expires="UNIX_TIMESTAMP() - 1"),
        "dashboard's admin": cookies_of(fresh),
        "dashboard's admin, same agent and address": cookies_of(fresh, "public-session", User_Agent=BROWSER),
        "dashboard's admin, stale": cookies_of(stale),
        "dashboard's admin, other device": cookies_of(fresh, "public-session", User_Agent="Mozilla/5.0 (Windows)"),
        "dashboard's user": cookies_of(with_role),
        "plain user": cookies_of(nobody),
        "token and administrator": {**admin_session(site, "c0" * 32), **bearer(dead)},
        "garbage": bearer("garbage"),
        "none": {"Origin": site.url},
    }


def dashboard_user(site):
    person = site.add_person()
    cli(site, "set", person.id, dashboard(site), "--role", "user")
    return person


OK = (200, None)
NO = (401, "Unauthorized")
FORBIDDEN = (403, "Forbidden")
UNKNOWN = (401, "unauthorized")
SCOPE = (403, "insufficient_scope")
ADMIN_UNKNOWN, ADMIN_FORBIDDEN, REAUTH = (401, "UNAUTHORIZED"), (403, "FORBIDDEN"), (403, "REAUTH_REQUIRED")

#                                               GET        PUT, DELETE  request    admin PUT, DELETE
TABLE = {
    "own token":                                (OK,        SCOPE,       OK,        ADMIN_UNKNOWN),
    "own token, revoked":                       (NO,        UNKNOWN,     NO,        ADMIN_UNKNOWN),
    "other person's token":                     (FORBIDDEN, SCOPE,       FORBIDDEN, ADMIN_UNKNOWN),
    "own token of another client":              (FORBIDDEN, SCOPE,       FORBIDDEN, ADMIN_UNKNOWN),
    "the client, managing":                     (OK,        OK,          FORBIDDEN, ADMIN_UNKNOWN),
    "the client, not managing":                 (FORBIDDEN, SCOPE,       FORBIDDEN, ADMIN_UNKNOWN),
    "another client, managing":                 (FORBIDDEN, FORBIDDEN,   FORBIDDEN, ADMIN_UNKNOWN),
    "another client, not managing":             (FORBIDDEN, SCOPE,       FORBIDDEN, ADMIN_UNKNOWN),
    "administrator":                            (OK,        UNKNOWN,     NO,        OK),
    "administrator, hours ago":                 (OK,        UNKNOWN,     NO,        REAUTH),
    "administrator, ended":                     (NO,        UNKNOWN,     NO,        ADMIN_UNKNOWN),
    "dashboard's admin":                        (OK,        UNKNOWN,     NO,        OK),
    "dashboard's admin, same agent and address": (OK,       UNKNOWN,     NO,        OK),
    "dashboard's admin, stale":                 (OK,        UNKNOWN,     NO,        REAUTH),
    "dashboard's admin, other device":          (NO,        UNKNOWN,     NO,        REAUTH),
    "dashboard's user":                         (NO,        UNKNOWN,     NO,        ADMIN_FORBIDDEN),
    "plain user":                               (NO,        UNKNOWN,     NO,        ADMIN_FORBIDDEN),
    "token and administrator":                  (NO,        UNKNOWN,     NO,        OK),
    "garbage":                                  (NO,        UNKNOWN,     NO,        ADMIN_UNKNOWN),
    "none":                                     (NO,        UNKNOWN,     NO,        ADMIN_UNKNOWN),
}
BODY = {"role": "user", "status": "approved"}


def ended_as(answer, wanted, admins, what):
    status, word = wanted
    equal(answer.status, status, f"{what}: {answer}")
    body = answer.json()
    equal(answer.header("Cache-Control"), "no-store", what)
    if status == 200:
        return
    if admins:
        equal(set(body), {"error"}, what)
        equal(set(body["error"]), {"code", "message"}, what)
        equal(body["error"]["code"], word, what)
    else:
        equal(body["error"], word, what)
        assert set(body) <= {"error", "message"}, f"{what}: {body}"


def state_of(site, person, client):
    return site.sql("SELECT p.role, p.status, p.denied, p.granted_by, p.granted_at, p.revoked_by, p.updated_at FROM permissions p JOIN clients c ON c.number = p.client_number WHERE "
                    f"c.client_id = '{client.id}' AND p.user_id = UNHEX(REPLACE('{person.id}', '-', ''))")


@test("permissions, T-103: every caller at every endpoint is let in or refused as the contract's table says, and who is refused "
      "changes nothing")
def who_may(site):
    client, other, person = app(site), app(site), site.add_person()
    known = callers(site, client, other, person)
    equal(set(known), set(TABLE), "callers")
    calls = [("GET", record_path(person, client), 0), ("GET", history_path(person, client), 0), ("PUT", record_path(person, client), 1),
             ("DELETE", record_path(person, client), 1), ("POST", record_path(person, client, "request-access"), 2),
             ("PUT", admin_path(person, client), 3), ("DELETE", admin_path(person, client), 3)]
    before = None
    for method, path, column in calls:
        for name, headers in known.items():
            if before is None:
                cli(site, "set", person.id, client.id, "--role", "user", "--status", "pending")
                before = state_of(site, person, client)
            answer = site.web.request(method, path, data=BODY if method in ("PUT", "POST") else None, headers={"Origin": site.url, **headers})
            what = f"{method} {path} by {name}"
            wanted = TABLE[name][column]
            ended_as(answer, wanted, "/admin/" in path, what)
            changed = state_of(site, person, client) != before
            equal(changed, wanted == OK and column in (1, 3), f"{what} changes the record")
            before = None if changed else before


@test("permissions: without the option admin_dashboard_client no user's session administers anything")
def no_dashboard(site):
    with Doorward() as door:
        own = Site(door.environment(), door)
        client, person = app(own), own.add_person()
        chief = own.add_person()
        cli(own, "set", chief.id, client.id, "--role", "admin")
        script = signed_in_script(own, chief)
        answer = own.web.request("PUT", admin_path(person, client), data=BODY, headers=cookies_of(script))
        ended_as(answer, ADMIN_FORBIDDEN, True, "admin of another client")
        own.web.close()


@test("permissions: an administrator's cookie alone, without a trusted Origin, changes nothing")
def origins(site):
    client, person = app(site), site.add_person()
    headers = admin_session(site, "d0" * 32)
    for origin in (None, "https://evil.example", "null", "*"):
        sent = {name: value for name, value in headers.items() if name != "Origin"}
        if origin:
            sent["Origin"] = origin
        for method in ("PUT", "DELETE"):
            answer = site.web.request(method, admin_path(person, client), data=BODY if method == "PUT" else None, headers=sent)
            ended_as(answer, ADMIN_FORBIDDEN, True, f"{method} from {origin}")
    equal(state_of(site, person, client), [], "record")


@test("permissions: the dashboard's admin loses the right with the role, at the next call")
def admin_no_more(site):
    client, person, chief = app(site), site.add_person(), dashboard_admin(site)
    headers = cookies_of(signed_in_script(site, chief))
    call = lambda: site.web.request("PUT", admin_path(person, client), data=BODY, headers=headers)  # noqa: E731
    equal(call().status, 200, "with the role")
    for words in (["--role", "user"], ["--role", "admin", "--deny"], ["--role", "admin", "--status", "pending"]):
        cli(site, "set", chief.id, DASHBOARD, *words)
        ended_as(call(), ADMIN_FORBIDDEN, True, words)


# --- records ---

@test("permissions: a record goes from none by a request to pending, approved, revoked and approved again; it is never deleted")
def state_machine(site):
    client, person = app(site), site.add_person()
    token = sign_in(site, client, person).access
    path = record_path(person, client)
    body = said(site.web.get(path, headers=bearer(token)), 404)
    equal(body, {"error": "No permission record found", "hasAccess": False, "status": "none", "userId": person.id, "clientId": client.id},
          "no record")
    equal(site.web.request("DELETE", path, headers=bearer(machine(site, client))).json()["error"], "Not found", "DELETE of none")

    asked = site.web.request("POST", path.replace("permissions", "request-access"), data={"email": person.email, "name": "Some Body"},
                             headers=bearer(token))
    body = said(asked, 201)
    equal(set(body), {"message", "permission"}, "members")
    equal(set(body["permission"]), {"userId", "clientId", "appName", "hasAccess", "status", "role", "requestedAt"}, "members")
    equal([body["permission"][name] for name in ("status", "role", "hasAccess", "appName")],
          ["pending", "none", False, client.metadata["client_name"]], "request")
    again = site.web.request("POST", path.replace("permissions", "request-access"), headers=bearer(token))
    equal(looks_like_record(said(again, 200)["permission"])["requestedAt"], body["permission"]["requestedAt"], "requestedAt")

    record = put(site, client, person, "user", "approved")
    equal([record[name] for name in ("role", "status", "hasAccess", "grantedBy", "revokedAt", "revokedBy")],
          ["user", "approved", True, f"app:{client.id}", None, None], "approved")
    assert record["grantedAt"] and record["requestedAt"], record
    equal(said(site.web.get(path, headers=bearer(token)), 200), record, "what GET says")

    said(site.web.request("DELETE", path, headers=bearer(machine(site, client))), 200, success=True)
    record = looks_like_record(get(site, client, person).json())
    equal([record[name] for name in ("role", "status", "hasAccess", "revokedBy")], ["none", "revoked", False, f"app:{client.id}"], "revoked")
    assert record["revokedAt"] and record["grantedAt"], record
    still = site.web.request("POST", path.replace("permissions", "request-access"), headers=bearer(token))
    equal(said(still, 200)["permission"]["status"], "revoked", "asking again")

    record = put(site, client, person, "admin", "approved", grantedBy="the boss")
    equal([record[name] for name in ("role", "status", "hasAccess", "grantedBy", "revokedAt")],
          ["admin", "approved", True, "the boss", None], "approved again")
    record = put(site, client, person, "admin", "revoked")
    equal([record[name] for name in ("role", "status", "hasAccess")], ["none", "revoked", False], "revoked by PUT")
    equal(len(state_of(site, person, client)), 1, "rows")


@test("permissions: roles and statuses are taken with their aliases, and stored as what they mean; owner stores admin")
def aliases(site):
    client, person = app(site), site.add_person()
    for word, role in (("none", "none"), ("guest", "none"), ("user", "user"), ("admin", "admin"), ("owner", "admin"),
                       ("superadmin", "admin"), ("super-admin", "admin")):
        record = put(site, client, person, word, "active")
        equal([record["role"], record["status"], record["hasAccess"]], [role, "approved", role != "none"], word)
    record = put(site, client, person, "admin", "pending")
    equal([record["status"], record["hasAccess"]], ["pending", False], "pending")


WRONG_BODIES = [
    ({}, "Missing required fields"), (None, "Missing required fields"),
    ({"role": "user"}, "Missing required fields"), ({"status": "approved"}, "Missing required fields"),
    ({"role": "", "status": "approved"}, "Missing required fields"), ({"role": None, "status": "approved"}, "Missing required fields"),
    ({"role": "user", "status": ""}, "Missing required fields"),
    ({"role": "root", "status": "approved"}, "Invalid role"), ({"role": "Admin", "status": "approved"}, "Invalid role"),
    ({"role": ["admin"], "status": "approved"}, "Invalid role"), ({"role": 1, "status": "nonsense"}, "Invalid role"),
    ({"role": "user", "status": "granted"}, "Invalid status"), ({"role": "user", "status": "none"}, "Invalid status"),
    ({"role": "user", "status": True}, "Invalid status"),
    ({"role": "user", "status": "approved", "grantedBy": 7}, "Invalid grantedBy"),
    ({"role": "user", "status": "approved", "grantedBy": "x" * 321}, "Invalid grantedBy"),
    ({"role": "user", "status": "approved", "grantedBy": "a\u0007b"}, "Invalid grantedBy"),
]


@test("permissions: PUT checks the body before the token, and says literally what is wrong with it")
def bodies(site):
    client, person = app(site), site.add_person()
    path = record_path(person, client)
    for body, error in WRONG_BODIES:
        for headers in ({}, bearer("garbage"), bearer(machine(site, client))):
            answer = site.web.request("PUT", path, data=body, headers=headers) if body is not None else \
                site.web.request("PUT", path, headers=headers)
            equal((answer.status, answer.error), (400, error), f"{body} with {list(headers)}")
    for text in ("{", "[]", '"x"', '{"role":"user","role":"admin","status":"approved"}', '{"role":"user","status":"approved"} x'):
        answer = site.web.request("PUT", path, body=text, headers={"Content-Type": "application/json", **bearer(machine(site, client))})
        equal((answer.status, answer.error), (400, "Invalid request"), text)
    answer = site.web.request("PUT", path, form=BODY, headers=bearer(machine(site, client)))
    equal(answer.status, 415, "a form")
    equal(site.web.request("PATCH", path).json(), {"error": "Method not allowed"}, "another method")
    equal(state_of(site, person, client), [], "record")


@test("permissions: the administrator's PUT takes hasAccess only as true or false, and false denies")
def admin_bodies(site):
    client, person = app(site), site.add_person()
    headers = admin_session(site, "d1" * 32)
    path = admin_path(person, client)
    wrong = [body for body, error in WRONG_BODIES if body and error != "Invalid grantedBy"]
    for body in (*wrong, {**BODY, "hasAccess": "false"}, {**BODY, "hasAccess": 0}, {**BODY, "hasAccess": None}):
        answer = site.web.request("PUT", path, data=body, headers=headers)
        equal((answer.status, answer.json()["error"]), (400, "Invalid request"), body)
    for more, access in (({}, True), ({"hasAccess": True}, True), ({"hasAccess": False}, False), ({}, True)):
        body = said(site.web.request("PUT", path, data={**BODY, **more}, headers=headers), 200, success=True)
        record = looks_like_record(body["permission"])
        equal([record["hasAccess"], record["grantedBy"]], [access, "root@admin.example"], more)
    gone = said(site.web.request("DELETE", path, headers=headers), 200, success=True)["permission"]
    equal(set(gone), {"userId", "clientId", "appName", "hasAccess", "status", "role", "revokedAt", "revokedBy"}, "members")
    equal([gone["status"], gone["role"], gone["hasAccess"], gone["revokedBy"]], ["revoked", "none", False, "root@admin.example"], "DELETE")


@test("permissions: users and clients that aren't there, in every spelling, are 404 and never a fault")
def strangers(site):
    client, person = app(site), site.add_person()
    headers = admin_session(site, "d2" * 32)
    nobody = "00000000-0000-4000-8000-000000000000"
    for user in (nobody, "x", person.id.upper(), "%00", "a" * 500, "..", "%2e%2e"):
        answer = site.web.get(record_path(user, client), headers=headers)
        if answer.media_type != "application/json":
            continue  # the web server refuses such a path itself
        equal((answer.status, answer.json().get("status", "none")), (404, "none"), user)
        equal(site.web.request("PUT", admin_path(user, client), data=BODY, headers=headers).status, 404, user)
        equal(site.web.request("DELETE", admin_path(user, client), headers=headers).status, 404, user)
        said(site.web.request("PUT", record_path(user, client), data=BODY, headers=bearer(machine(site, client))), 404)
    for other in (nobody, "x", "a" * 500):
        answer = site.web.request("PUT", admin_path(person, other), data=BODY, headers=headers)
        equal(answer.json(), {"error": "Client not found"}, other)
        equal(said(site.web.get(record_path(person, other), headers=headers), 404)["status"], "none", other)
        token = sign_in(site, client, person).access
        answer = site.web.request("POST", record_path(person, other, "request-access"), headers=bearer(token))
        said(answer, 404, error="Client not found")


@test("permissions: a request for access says why it is refused")
def request_words(site):
    client, other, person, friend = app(site), app(site), site.add_person(), site.add_person()
    path = record_path(person, client, "request-access")
    for token, message in ((machine(site, client), "user-bound token required"),
                           (sign_in(site, client, friend).access, "subject mismatch"),
                           (sign_in(site, other, person).access, "client mismatch")):
        answer = site.web.request("POST", path, data={}, headers=bearer(token))
        said(answer, 403, error="Forbidden", message=message)
    token = sign_in(site, client, person).access
    for body in ({"email": 1}, {"name": []}, {"email": None}):
        said(site.web.request("POST", path, data=body, headers=bearer(token)), 400, error="Invalid request")
    equal(state_of(site, person, client), [], "record")


@test("permissions: fifty requests at once make one record, one event and one mail to each administrator")
def at_once(site):
    client, person = app(site), site.add_person()
    admin_session(site, "d3" * 32)
    token = sign_in(site, client, person).access
    answers = together(50, lambda web: web.request("POST", record_path(person, client, "request-access"), data={}, headers=bearer(token)),
                       site)
    equal(sorted({answer.status for answer in answers}), [200, 201], "answers")
    equal(sum(answer.status == 201 for answer in answers), 1, "made")
    equal(len(state_of(site, person, client)), 1, "rows")
    events = [entry["event"] for entry in cli(site, "history", person.id, client.id)]
    equal(events, ["permission.requested"], "history")
    equal(site.sql("SELECT COUNT(*) FROM outbox WHERE template = 'access_requested' AND recipient_key = 'root@admin.example' AND "
                   f"service_id = UNHEX(REPLACE('{site.service}', '-', '')) AND created_at > UNIX_TIMESTAMP() - 60")[0][0] != "0", True, "mail")


def together(count, work, site):
    import threading
    answers = [None] * count

    def run(number):
        web = site.connect()
        answers[number] = work(web)
        web.close()
    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@test("permissions: every change is in the history, by whom, and the application's word for who granted isn't taken for it")
def history(site):
    client, person = app(site), site.add_person()
    put(site, client, person, "user", "approved", grantedBy="admin:somebody@else.example")
    headers = admin_session(site, "d4" * 32)
    said(site.web.request("PUT", admin_path(person, client), data={"role": "admin", "status": "approved"}, headers=headers), 200)
    chief = dashboard_admin(site)
    said(site.web.request("DELETE", admin_path(person, client), headers=cookies_of(signed_in_script(site, chief))), 200)
    cli(site, "set", person.id, client.id, "--role", "user")
    entries = cli(site, "history", person.email, client.id)
    equal([entry["actor"] for entry in entries], ["cli", f"user:{chief.id}", "admin:root@admin.example", f"app:{client.id}"], "actors")
    equal([entry["data"]["status"] for entry in entries], ["approved", "revoked", "approved", "approved"], "statuses")
    equal({entry["event"] for entry in entries}, {"permission.changed"}, "events")
    equal(cli(site, "history", site.add_person().id, client.id), [], "of another")
    shown = history_of(site, client, person)
    equal([(one["type"], one["actor"], one["permission"]) for one in shown],
          [(one["event"], one["actor"], one["data"]) for one in entries], "the endpoint's history")
    for one in shown:
        equal(set(one), {"type", "at", "actor", "permission"}, "members of an entry")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one["at"]), one


@test("permissions/history is paged, newest first: 50 entries by default and 100 at most; a page of nonsense is refused")
def history_pages(site):
    client, person = app(site), site.add_person()
    put(site, client, person)
    site.sql("INSERT INTO history (id, service_id, kind, subject, actor, `change`, at_ms, expires_at) SELECT UNHEX(MD5(CONCAT(RAND(), seq))), "
             f"service_id, kind, subject, CONCAT('old:', seq), `change`, at_ms - seq, expires_at FROM history JOIN seq_1_to_120 WHERE subject = '{person.id} {client.id}'")
    equal(len(history_of(site, client, person)), 50, "by default")
    equal(len(history_of(site, client, person, "?limit=1000")), 100, "at most")
    equal([one["actor"] for one in history_of(site, client, person, "?limit=3&offset=1")], ["old:1", "old:2", "old:3"], "a page")
    equal(len(history_of(site, client, person, "?limit=100&offset=100")), 21, "the last page")
    equal(history_of(site, client, person, "?offset=5000"), [], "behind the end")
    equal(len(history_of(site, client, person, "?limit=-5")), 1, "a negative limit")
    for query in ("?limit=x", "?offset=-1", "?offset=1e3"):
        said(site.web.get(history_path(person, client, query), headers=bearer(machine(site, client))), 400, error="Invalid request")


@test("permissions/history of somebody without a record is 404 as the record is, and of another client's it's never told")
def history_of_none(site):
    client, other, person = app(site), app(site), site.add_person()
    put(site, other, person)
    for user in (person.id, site.add_person().id, "nobody"):
        answer = site.web.get(history_path(user, client), headers=bearer(machine(site, client)))
        equal((answer.status, answer.json()), (404, {"error": "No permission record found", "hasAccess": False, "status": "none",
                                                     "userId": user, "clientId": client.id}), "history of none")
    said(site.web.get(history_path(person, other), headers=bearer(machine(site, client))), 403, error="Forbidden")


def history_of(site, client, person, query=""):
    body = said(site.web.get(history_path(person, client, query), headers=bearer(machine(site, client))), 200)
    equal(set(body), {"history"}, "members")
    return body["history"]


@test("permission list|show|set|revoke: the command line does what the endpoints do")
def commands(site):
    client, other, person = app(site), app(site), site.add_person()
    equal(cli(site, "show", person.id, client.id, check=False), None, "show of none")
    equal(cli(site, "revoke", person.id, client.id, check=False), None, "revoke of none")
    equal(cli(site, "set", person.email, client.id, "--role", "owner")["role"], "admin", "set")
    equal(cli(site, "show", person.email, client.id)["has_access"], True, "show")
    cli(site, "set", person.id, other.id, "--role", "user", "--status", "pending")
    equal([row["client_id"] for row in cli(site, "list", "--client", client.id)], [client.id], "list of a client")
    equal([row["client_id"] for row in cli(site, "list", "--client", other.id, "--status", "pending")], [other.id], "list of a status")
    equal(cli(site, "list", "--client", other.id, "--status", "approved"), [], "list of another status")
    equal(len(cli(site, "list", "--service", site.service, "--limit", "2")), 2, "list of a service")
    equal(cli(site, "revoke", person.id, client.id)["status"], "revoked", "revoke")
    for words in (["--role", "root"], ["--role", "user", "--status", "none"]):
        equal(cli(site, "set", person.id, client.id, *words, check=False), None, words)


# --- clients that demand a permission ---

def demanding(site, **more):
    return app(site, requires_permission=True, client_uri="https://client.example/home", **more)


LACKS = {  # the words of `permission set`, None: no record
    "no record": None,
    "pending": ["--role", "user", "--status", "pending"],
    "no role": ["--role", "none", "--status", "approved"],
    "denied": ["--role", "admin", "--deny"],
    "revoked": ["--role", "user", "--status", "revoked"],
}


def lack(site, person, client, words):
    if words is None:
        forget(site, person, client)
    else:
        cli(site, "set", person.id, client.id, *words)


@test("T-101: a client that demands a permission gets nothing by any grant while a part of it is missing, and what it has is dead at once")
def every_grant(site):
    client, person = demanding(site), site.add_person()
    for name, words in LACKS.items():
        cli(site, "set", person.id, client.id, "--role", "user")
        browser = site.browser()
        tokens = sign_in(site, client, person, browser, scope="openid offline_access")
        request = {"scope": "openid offline_access", "prompt": "none"}
        code = authorize(site, client, person, browser, **request)["code"]
        equal(introspect(site, client, tokens.access).json()["active"], True, name)
        lack(site, person, client, words)

        equal(authorize(site, client, person, browser, **request).get("error"), "access_denied", f"{name}: prompt=none")
        refused(redeem(site, client, code), 400, "invalid_grant")
        refused(refresh(site, client, tokens.refresh), 400, "invalid_grant")
        refused(userinfo(site, tokens.access), 401, "invalid_token")
        for token in (tokens.access, tokens.refresh):
            equal(introspect(site, client, token).json(), {"active": False}, f"{name}: introspection")
        own = site.web.get(record_path(person, client), headers=bearer(tokens.access))
        equal(own.status, 401, f"{name}: own record")
        script = Script(site)
        script.cookies = dict(browser.cookies)
        body = {"client_id": client.id, "redirect_uri": client.redirect_uri, "scope": "openid", "state": "s"}
        refused(script.post("/api/oauth/authorize/approve", body), 403, "access_denied")


@test("T-101: tokens of before a revocation stay dead when access is granted again")
def not_revived(site):
    client, person = demanding(site), site.add_person()
    put(site, client, person)
    tokens = sign_in(site, client, person, scope="openid offline_access")
    put(site, client, person, "user", "revoked")
    put(site, client, person)
    refused(userinfo(site, tokens.access), 401, "invalid_token")
    refused(refresh(site, client, tokens.refresh), 400, "invalid_grant")
    equal(userinfo(site, sign_in(site, client, person).access).status, 200, "a new one")


@test("permissions: a client that demands none isn't kept from anything by a record")
def not_demanding(site):
    client, person = app(site), site.add_person()
    tokens = sign_in(site, client, person, scope="openid offline_access")
    put(site, client, person, "none", "revoked")
    equal(userinfo(site, tokens.access).status, 200, "userinfo")
    equal(refresh(site, client, tokens.refresh).status, 200, "refresh")


@test("permissions: a client's own tokens need nobody's permission")
def machines(site):
    equal(client_credentials(site, demanding(site), scope="read:things").status, 200, "client_credentials")


@test("request access: a person asks on the page, waits, and goes on with the sign-in when it was granted; the mails tell")
def page_flow(site):
    client, person = demanding(site), site.add_person()
    admin_session(site, "d5" * 32)
    browser = site.browser()
    page = fill_login(browser, browser.open(AUTHORIZE, request_of(client)), person)
    equal(page.status, 200, str(page))
    assert "request-access" in browser.here, browser.here
    asked = press(browser, page)
    assert "You have asked for access" in asked.text, asked
    equal(cli(site, "show", person.id, client.id)["status"], "pending", "record")
    mail = site.mail.wait("root@admin.example", "access_requested")
    while person.email not in mail.text:
        mail = site.mail.wait("root@admin.example", "access_requested")  # that was another test's
    assert client.metadata["client_name"] in mail.text and f"/admin/services/{site.service}/requests" in mail.text, mail.text
    assert "\n  from " not in mail.text and "\n  with " not in mail.text, mail.text

    looked = press(browser, asked, "look")
    assert "You have asked for access" in looked.text, looked
    put(site, client, person)
    mail = site.mail.wait(person.email, "access_granted")
    assert client.metadata["client_name"] in mail.text and "\n  from " not in mail.text, mail.text
    response = walk(browser, press(browser, looked, "look"), person, client.redirect_uri)
    equal(redeem(site, client, response["code"]).status, 200, "tokens")
    put(site, client, person, "admin")
    assert site.mail.none(person.email, "access_granted"), "a mail for a change that nobody asked for"


def press(browser, answer, value=None):
    form = form_to(answer, "/oauth/request-access")
    button = next(button for button in form["buttons"] if button.get("value") == value)
    return browser.submit(form, button=button)


@test("request access: who was refused learns it on the page and by mail, and can't ask again")
def page_refused(site):
    client, person = demanding(site), site.add_person()
    browser = site.browser()
    asked = press(browser, fill_login(browser, browser.open(AUTHORIZE, request_of(client)), person))
    put(site, client, person, "none", "revoked")
    site.mail.wait(person.email, "access_refused")
    looked = press(browser, asked, "look")
    assert "may not use" in looked.text, looked
    equal([form for form in looked.page().forms if "request-access" in form["action"]], [], "forms")
    assert "https://client.example/home" in looked.page().links, looked.page().links
    form = form_to(asked, "/oauth/request-access")
    browser.submit(form)
    equal(cli(site, "show", person.id, client.id)["status"], "revoked", "record")


@test("request access: the form is one of ours, for this person and flow, and asks for nothing else")
def page_forged(site):
    client, person = demanding(site), site.add_person()
    browser = site.browser()
    page = fill_login(browser, browser.open(AUTHORIZE, request_of(client)), person)
    form = form_to(page, "/oauth/request-access")
    fields = {field["name"]: field["value"] for field in form["fields"]}
    for change in ({"token": ""}, {"token": tampered(fields["token"])}):
        equal(browser.request("POST", "/oauth/request-access", form={**fields, **change}).status, 403, change)
    equal(browser.request("POST", "/oauth/request-access", form=fields, headers={"Origin": "https://evil.example"}).status, 403, "origin")
    for gone in ("nonsense", ""):
        equal(browser.request("GET", f"/oauth/request-access?request={gone}").status, 410, gone)
    forget_all = site.sql(f"SELECT COUNT(*) FROM permissions WHERE user_id = UNHEX(REPLACE('{person.id}', '-', ''))")
    equal(forget_all, [["0"]], "records")


# --- claims ---

@test("claims: roles and subscription come to those who ask for them, in ID token, userinfo and access token, and to nobody else")
def claims(site):
    client, person = app(site), site.add_person()
    subscribe(site, person, client)
    for role, access, roles in (("admin", True, ["admin"]), ("none", False, [])):
        put(site, client, person, role, "approved")
        tokens = sign_in(site, client, person, scope="openid roles subscription")
        told = userinfo(site, tokens.access).json()
        for where, body in (("ID token", tokens.id_claims), ("userinfo", told)):
            equal(body.get("role"), role, where)
            equal(body.get("permissions"), {"role": role, "status": "approved", "hasAccess": access}, where)
            equal(body["subscription"]["plan"], "Gold", where)
            equal(set(body["subscription"]), {"plan", "status", "current_period_end", "cancel_at_period_end"}, where)
        inside = Jwt(tokens.access).claims
        equal(inside.get("roles"), roles, "access token")
        equal(inside["subscription"], told["subscription"], "access token")
        assert "permissions" not in inside and "email" not in inside, inside
    without = sign_in(site, client, person, scope="openid")
    for body in (without.id_claims, userinfo(site, without.access).json(), Jwt(without.access).claims):
        assert not {"role", "roles", "permissions", "subscription"} & set(body), body
    stranger = sign_in(site, client, site.add_person(), scope="openid roles subscription")
    equal(stranger.id_claims["permissions"], {"role": "none", "status": "none", "hasAccess": False}, "no record")
    assert "subscription" not in stranger.id_claims, stranger.id_claims


@test("claims: what changed is told by the next answer of userinfo and the next refresh")
def claims_change(site):
    client, person = app(site), site.add_person()
    put(site, client, person, "user")
    tokens = sign_in(site, client, person, scope="openid offline_access roles")
    put(site, client, person, "admin")
    equal(userinfo(site, tokens.access).json()["role"], "admin", "userinfo")
    equal(Tokens(refresh(site, client, tokens.refresh).json()).id_claims["role"], "admin", "refresh")


def subscribe(site, person, client):
    """As the service API will do it."""
    service = f"UNHEX(REPLACE('{site.service}', '-', ''))"
    user = f"UNHEX(REPLACE('{person.id}', '-', ''))"
    site.sql(f"INSERT IGNORE INTO members (service_id, user_id, created_at) VALUES ({service}, {user}, 1)")
    site.sql(f"INSERT INTO plans (id, service_id, name, features, created_at, updated_at) VALUES (UNHEX(MD5('{client.id}')), {service}, "
             "'Gold', '[]', 1, 1)")
    site.sql("INSERT INTO subscriptions (id, service_id, user_id, plan_id, status, current_period_start, current_period_end, created_at, "
             f"updated_at) VALUES (UNHEX(MD5('s{client.id}')), {service}, {user}, UNHEX(MD5('{client.id}')), 'active', 1, 1800000000, 1, 1)")


@test("permissions: the last access is noted with tokens, and at most once an hour")
def last_access(site):
    client, person = app(site), site.add_person()
    put(site, client, person)
    equal(get(site, client, person).json()["lastAccessedAt"], None, "before")
    tokens = sign_in(site, client, person, scope="openid offline_access")
    first = get(site, client, person).json()["lastAccessedAt"]
    assert first, "not noted"
    where = f"WHERE user_id = UNHEX(REPLACE('{person.id}', '-', ''))"
    for age, moves in ((3500, False), (3700, True)):
        site.sql(f"UPDATE permissions SET last_accessed_at = UNIX_TIMESTAMP() - {age} {where}")
        before = site.sql(f"SELECT last_accessed_at FROM permissions {where}")
        equal(userinfo(site, tokens.access).status, 200, "userinfo")
        equal(site.sql(f"SELECT last_accessed_at FROM permissions {where}"), before, "userinfo writes")
        tokens = Tokens(refresh(site, client, tokens.refresh).json())
        equal(site.sql(f"SELECT last_accessed_at FROM permissions {where}") != before, moves, f"after {age} s")


@test("permissions: scripts of listed origins may call with cookies, and no others read the answer")
def cors(site):
    client, person = app(site), site.add_person()
    for origin, allowed in (("https://console.example", "https://console.example"), ("https://evil.example", "https://console.example")):
        answer = site.web.request("OPTIONS", admin_path(person, client), headers={"Origin": origin, "Access-Control-Request-Method": "PUT"})
        equal(answer.status, 204, "preflight")
        equal(answer.header("Access-Control-Allow-Origin"), allowed, origin)
        assert "PUT" in answer.header("Access-Control-Allow-Methods") and "DELETE" in answer.header("Access-Control-Allow-Methods")
    headers = {**admin_session(site, "d6" * 32), "Origin": "https://console.example"}
    answer = site.web.request("PUT", admin_path(person, client), data=BODY, headers=headers)
    equal((answer.status, answer.header("Access-Control-Allow-Credentials")), (200, "true"), str(answer))


run(settings={"admin_dashboard_client": DASHBOARD, "cors_origins": "https://console.example"})
