#!/usr/bin/env python3
"""Identity providers in the hands of the installation: the command line, the administrators' API and console, the file of the
configuration. (Who uses them is elsewhere.)"""
import json
import os
import subprocess
import tempfile

from kit import *
from refusing import refusing, unchanged
from console import console, is_done, make_old, new_admin, send, sign_in as sign_admin_in

SECRET = "a-secret-that-must-never-be-seen"
CORP = {"name": "corp", "issuer": "https://login.example.com", "client_id": "doorward", "client_secret": SECRET,
        "display_name": "Corporate"}
FORGE = {"name": "forge", "kind": "oauth2", "authorization_endpoint": "https://forge.example/a", "token_endpoint": "https://forge.example/t",
         "userinfo_endpoint": "https://forge.example/u", "client_id": "doorward", "client_secret": SECRET, "scopes": ["read", "user:email"],
         "profile": {"subject": "data.id", "name": "data.name login"}, "pkce": False, "sign_in": False}
API = "/api/admin/providers"


def run_cli(site, *arguments, stdin=None, conf=None):
    return subprocess.run([site.program, "-c", conf or site.conf, "provider", *arguments, "--json"], input=stdin, capture_output=True,
                          text=True, timeout=60)


def cli(site, *arguments, stdin=None):
    done = run_cli(site, *arguments, stdin=json.dumps(stdin) if stdin is not None else None)
    equal(done.returncode, 0, done.stderr)
    assert SECRET not in done.stdout + done.stderr
    return json.loads(done.stdout)


def add(site, **metadata):
    return cli(site, "add", "--metadata", "-", stdin=metadata)


def refused(site, words, *arguments, stdin=None):
    done = run_cli(site, *arguments, stdin=json.dumps(stdin) if stdin is not None else None)
    equal((done.returncode, done.stdout), (1, ""), done.stderr)
    assert words in done.stderr, done.stderr
    assert SECRET not in done.stderr


def clean(site):
    for one in cli(site, "list"):
        cli(site, "remove", "--connections", one["name"])


def history(site):
    return [tuple(row) for row in site.sql("SELECT kind, actor, subject FROM history WHERE kind LIKE 'provider.%' ORDER BY at_ms, id")]


def connect(site, provider):
    """An account that is connected by it."""
    person = site.person()
    site.sql("INSERT INTO connections (id, user_id, provider, subject, created_at) VALUES "
             f"(UNHEX(REPLACE(UUID(), '-', '')), UNHEX(REPLACE('{person.id}', '-', '')), '{provider}', UUID(), 1)")


# --- the command line ---

@test("doorward provider: a provider is added, listed, shown, changed, switched and removed, and its secret is never told again")
def life(site):
    clean(site)
    site.sql("DELETE FROM history")
    made = add(site, **CORP)
    equal((made["name"], made["kind"], made["display_name"], made["status"], made["source"]), ("corp", "oidc", "Corporate", "active", "database"))
    equal((made["issuer"], made["client_id"], made["has_client_secret"], made["sign_in"]), ("https://login.example.com", "doorward", True, True))
    equal(made["callback_url"], site.url + "/api/auth/corp/callback")
    equal(made["scopes"], ["openid", "profile", "email"])
    equal(cli(site, "show", "corp"), made)
    equal(cli(site, "list"), [made])
    changed = cli(site, "set", "--metadata", "-", "corp", stdin={"display_name": "The Corporation", "scopes": "openid email", "sign_in": False})
    equal((changed["display_name"], changed["scopes"], changed["sign_in"], changed["has_client_secret"]),
          ("The Corporation", ["openid", "email"], False, True))
    equal(cli(site, "set", "--metadata", "-", "corp", stdin={"display_name": None})["display_name"], "corp")
    equal(cli(site, "disable", "corp")["status"], "disabled")
    equal(cli(site, "enable", "corp")["status"], "active")
    equal(cli(site, "remove", "corp"), {"id": "corp", "status": "removed"})
    refused(site, "no such provider", "show", "corp")
    equal(history(site), [(f"provider.{what}", "cli", "corp") for what in ("created", "updated", "updated", "disabled", "enabled", "removed")])


@test("doorward provider: kinds stand for themselves, in any case, and an installation's own kind says all of itself")
def kinds(site):
    clean(site)
    google = add(site, kind="google", client_id="c", client_secret=SECRET)
    equal((google["name"], google["token_endpoint"]), ("google", "https://oauth2.googleapis.com/token"))
    equal(add(site, name="GitHub", client_id="c", client_secret=SECRET)["name"], "github")
    equal(cli(site, "show", "GITHUB")["name"], "github")
    forge = add(site, **FORGE)
    equal((forge["scopes"], forge["profile"]["subject"], forge["profile"]["name"], forge["pkce"], forge["sign_in"]),
          (["read", "user:email"], "data.id", "data.name login", False, False))
    assert "issuer" not in forge and "jwks_uri" not in forge, forge
    fake = add(site, name="google2", kind="google", authorization_endpoint="https://fake.example/a", token_endpoint="https://fake.example/t",
               userinfo_endpoint="https://fake.example/u", client_id="c", client_secret=SECRET)
    assert not any("google" in str(fake.get(name)) for name in ("issuer", "token_endpoint", "jwks_uri", "revocation_endpoint")), fake
    equal({one["name"] for one in cli(site, "list")}, {"google", "github", "forge", "google2"})


@test("doorward provider: what isn't known, of the wrong type or can't be used is refused by its name, and nothing is added")
def refusals(site):
    clean(site)
    for change, words in (({"colour": "red"}, "colour isn't a member"), ({"client_id": 1}, "client_id must"), ({"kind": "myspace"}, "kind must be one of"),
                          ({"issuer": "http://login.example.com"}, "issuer can't be used"), ({"issuer": "https://127.0.0.1"}, "issuer can't be used"),
                          ({"name": "a b"}, "name must"), ({"scopes": 1}, "scopes must"), ({"client_secret": None}, "client_secret must"),
                          ({"sign_in": "no"}, "sign_in must"), ({"profile": []}, "profile must"),
                          ({"client_secret_file": "/nowhere"}, "can't both be given")):
        refused(site, words, "add", "--metadata", "-", stdin={**CORP, **change})
    refused(site, "client_secret is missing", "add", "--metadata", "-", stdin={key: value for key, value in CORP.items() if key != "client_secret"})
    refused(site, "client_secret_file /nowhere: No such file", "add", "--metadata", "-",
            stdin={**{key: value for key, value in CORP.items() if key != "client_secret"}, "client_secret_file": "/nowhere"})
    refused(site, "must be a JSON object", "add", "--metadata", "-", stdin=[])
    equal(cli(site, "list"), [])
    add(site, **CORP)
    refused(site, "there is a provider of this name", "add", "--metadata", "-", stdin=CORP)
    refused(site, "client_id is missing", "set", "--metadata", "-", "corp", stdin={"client_id": None})
    refused(site, "client_secret is missing", "set", "--metadata", "-", "corp", stdin={"client_secret": None})
    refused(site, "no such provider", "set", "--metadata", "-", "nobody", stdin={})
    for what in ("enable", "disable", "remove"):
        refused(site, "no such provider", what, "nobody")
    equal(run_cli(site, "add", "--metadata", "/nowhere").returncode, 1)
    equal(run_cli(site, "add").returncode, 2)


@test("doorward provider: a secret comes from a file, is sealed in the database and bound to its row")
def secrets(site):
    clean(site)
    with tempfile.NamedTemporaryFile("w", dir="/tmp") as file:
        file.write(SECRET + "\n")
        file.flush()
        made = add(site, **{**{key: value for key, value in CORP.items() if key != "client_secret"}, "client_secret_file": file.name})
    assert made["has_client_secret"] and file.name not in json.dumps(made), made
    add(site, **{**CORP, "name": "other"})
    everything = str(site.sql("SELECT name, kind, metadata, HEX(secret_sealed) FROM providers"))
    assert SECRET not in everything and SECRET.encode().hex().upper() not in everything and "client_secret" not in everything
    equal(cli(site, "show", "corp")["status"], "active")
    site.sql("UPDATE providers p JOIN providers o ON o.name = 'other' SET p.secret_sealed = o.secret_sealed WHERE p.name = 'corp'")
    broken = cli(site, "show", "corp")
    equal((broken["status"], broken["error"]), ("broken", "its secret doesn't open with the key file"))
    cli(site, "set", "--metadata", "-", "corp", stdin={"client_secret": SECRET})
    equal(cli(site, "show", "corp")["status"], "active")


@test("T-82: while accounts are connected, what says who somebody is there stays: no other issuer or subject, no removal by the way")
def identity(site):
    clean(site)
    add(site, **CORP)
    connect(site, "corp")
    for change, words in (({"issuer": "https://evil.example"}, "can't be changed while accounts are connected"),
                          ({"profile": {"subject": "email"}}, "can't be changed while accounts are connected"),
                          ({"kind": "google"}, "name and kind can't be changed"), ({"name": "corp2"}, "name and kind can't be changed")):
        refused(site, words, "set", "--metadata", "-", "corp", stdin=change)
    equal(cli(site, "show", "corp")["issuer"], CORP["issuer"])
    refused(site, "accounts are connected", "remove", "corp")
    equal(cli(site, "show", "corp")["status"], "active")
    cli(site, "remove", "--connections", "corp")
    equal(site.sql("SELECT COUNT(*) FROM connections WHERE provider = 'corp'"), [["0"]])
    add(site, **CORP)
    equal(cli(site, "set", "--metadata", "-", "corp", stdin={"issuer": "https://new.example"})["issuer"], "https://new.example")


# --- the administrators' API ---

def call(browser, method, path="", body=None, origin=True, if_match=None):
    if origin:
        seen = {"If-Match": if_match} if if_match else {}
        return browser.request(method, API + path, data=body, headers={"Origin": browser.web.base, **seen})
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return browser.web.request(method, API + path, data=body, headers={"Cookie": cookies})


def said(answer, status=200):
    equal(answer.status, status, str(answer))
    assert SECRET not in str(answer.text)
    return answer.json()


@test("/api/admin/providers: an administrator adds, sees, changes, switches and removes them, and it is written down")
def by_api(site):
    clean(site)
    site.sql("DELETE FROM history")
    browser = console(site)
    made = said(call(browser, "POST", body=CORP), 201)
    equal(made, cli(site, "show", "corp"))
    equal(said(call(browser, "GET")), {"providers": [made], "total": 1})
    equal(said(call(browser, "GET", "/corp")), made)
    changed = said(call(browser, "PATCH", "/corp", {"display_name": "New", "status": "disabled"}))
    equal((changed["display_name"], changed["status"]), ("New", "disabled"))
    equal(said(call(browser, "PATCH", "/corp", {"status": "active"}))["status"], "active")
    for body, words in (({"status": "broken"}, "status must"), ({"colour": 1}, "colour isn't"), ({"client_secret_file": "/etc/passwd"}, "client_secret_file can only")):
        answer = call(browser, "PATCH", "/corp", body)
        assert words in said(answer, 400)["error"], str(answer)
    assert "client_secret_file can only" in said(call(browser, "POST", body={**CORP, "name": "n", "client_secret_file": "/etc/passwd"}), 400)["error"]
    equal(said(call(browser, "POST", body=CORP), 400)["error_code"], "DUPLICATE_CONSTRAINT")
    connect(site, "corp")
    equal(said(call(browser, "DELETE", "/corp"), 400)["error_code"], "DUPLICATE_CONSTRAINT")
    site.sql("DELETE FROM connections")
    equal(call(browser, "DELETE", "/corp").status, 204)
    for method, body in (("GET", None), ("PATCH", {"display_name": "x"}), ("DELETE", None)):
        said(call(browser, method, "/corp", body), 404)
    actors = {row[1] for row in history(site)}
    assert len(actors) == 1 and actors.pop().startswith("admin:admin"), history(site)
    equal(sorted(row[0] for row in history(site)),
          ["provider.created", "provider.disabled", "provider.enabled", "provider.removed", "provider.updated"])
    told = site.sql("SELECT `change` FROM history WHERE kind LIKE 'provider.%'")
    assert SECRET not in str(told) and "secret_changed" in str(told), told


@test("/api/admin/providers: a PATCH with a status and other members is one change: when one half fails or is refused nothing has changed; If-Match is for the state that was seen")
def patched_at_once(site):
    clean(site)
    add(site, **CORP)
    browser = console(site)
    before = said(call(browser, "GET", "/corp"))
    tag = call(browser, "GET", "/corp").header("ETag")
    with unchanged(site, "providers"):
        for kind in ("provider.disabled", "provider.updated"):
            with refusing(site, kind):
                equal(call(browser, "PATCH", "/corp", {"display_name": "Half", "status": "disabled"}).status, 503, kind)
        for wrong in ({"display_name": "Half", "status": "off"}, {"colour": 1, "status": "disabled"}, {"kind": "github", "status": "disabled"}):
            equal(call(browser, "PATCH", "/corp", wrong).status, 400, str(wrong))
        for stale in ('"x"', "W/" + tag):
            equal(call(browser, "PATCH", "/corp", {"display_name": "Half", "status": "disabled"}, if_match=stale).status, 412, stale)
    equal(said(call(browser, "GET", "/corp")), before, "as read")
    changed = call(browser, "PATCH", "/corp", {"display_name": "Whole", "status": "disabled"}, if_match=tag)
    equal((said(changed)["display_name"], said(changed)["status"]), ("Whole", "disabled"), str(changed))
    equal(call(browser, "PATCH", "/corp", {"display_name": "Late"}, if_match=tag).status, 412, "what was seen before")
    equal(call(browser, "PATCH", "/corp", {"status": "active"}, if_match=f'"x", {changed.header("ETag")}').status, 200, "in a list")


@test("/api/admin/providers: the ETag moves with the secret alone, however fast, and is another of one that takes the place of one that was removed")
def tags(site):
    clean(site)
    browser = console(site)
    seen = [call(browser, "POST", body=CORP).header("ETag")]
    for number in range(4):
        seen.append(call(browser, "PATCH", "/corp", {"client_secret": f"{SECRET}-{number}"}, if_match=seen[-1]).header("ETag"))
        equal(call(browser, "GET", "/corp").header("ETag"), seen[-1], "as read")
    equal(call(browser, "DELETE", "/corp").status, 204)
    seen.append(call(browser, "POST", body=CORP).header("ETag"))
    equal((len(set(seen)), None in seen), (6, False), str(seen))
    equal(call(browser, "PATCH", "/corp", {"client_secret": SECRET + "-4"}, if_match=seen[0]).status, 412, "of the one that was removed")


@test("/api/admin/providers: nobody else gets in, no other page of the web, and nothing changes behind an old sign-in")
def api_closed(site):
    clean(site)
    add(site, **CORP)
    calls = (("GET", "", None), ("POST", "", {**CORP, "name": "evil"}), ("GET", "/corp", None), ("PATCH", "/corp", {"client_id": "evil"}), ("DELETE", "/corp", None))
    stranger = site.browser()
    for method, path, body in calls:
        said(call(stranger, method, path, body), 401)
    browser = sign_admin_in(site, new_admin(site))
    for method, path, body in calls:
        if method != "GET":
            said(call(browser, method, path, body, origin=False), 403)
            answer = browser.request(method, API + path, data=body, headers={"Origin": "https://evil.example"})
            said(answer, 403)
    make_old(site, browser)
    for method, path, body in calls:
        equal(call(browser, method, path, body).status, 200 if method == "GET" else 403, method)
    equal([(one["name"], one["client_id"]) for one in cli(site, "list")], [("corp", "doorward")])


# --- the console ---

@test("The console adds a provider, shows the redirect URI to enter there, changes, switches and removes it, and never shows its secret")
def by_console(site):
    clean(site)
    browser = console(site)
    answer = send(browser, "/admin/providers", "provider_add", {"provider_kind": "google", "client_id": "c", "provider_secret": SECRET})
    shown = is_done(browser, answer, "has been added")
    assert site.url + "/api/auth/google/callback" in shown.text and SECRET not in shown.text
    equal(cli(site, "show", "google")["status"], "active")
    answer = send(browser, "/admin/providers/google", "provider_change",
                  {"display_name": "Goo", "client_id": "d", "scope": "openid email", "offers_sign_in": None})
    is_done(browser, answer, "have been saved")
    changed = cli(site, "show", "google")
    equal((changed["display_name"], changed["client_id"], changed["scopes"], changed["has_client_secret"]), ("Goo", "d", ["openid", "email"], True))
    is_done(browser, send(browser, "/admin/providers/google", "provider_disable"), "switched off")
    equal(cli(site, "show", "google")["status"], "disabled")
    is_done(browser, send(browser, "/admin/providers/google", "provider_enable"), "switched on")
    connect(site, "google")
    answer = send(browser, "/admin/providers/google", "provider_remove")
    assert answer.status == 400 and "switch it off instead" in answer.page().text, str(answer)
    site.sql("DELETE FROM connections")
    is_done(browser, send(browser, "/admin/providers/google", "provider_remove"), "has been removed")
    equal(cli(site, "list"), [])
    equal(browser.open("/admin/providers/google").status, 404)


@test("The console tells beside which field something is wrong, keeps what was typed but for the secret, and leads to its pages")
def console_refusals(site):
    clean(site)
    browser = console(site)
    for typed, words in (({"provider_kind": "oidc", "client_id": "c", "provider_secret": SECRET, "provider_name": "corp"}, "begins with https://"),
                         ({"provider_kind": "oidc", "client_id": "c", "provider_secret": SECRET, "issuer": "https://i.example"}, "The word has 1 to 40"),
                         ({"provider_kind": "google", "provider_secret": SECRET}, "Fill this in"),
                         ({"provider_kind": "google", "client_id": "c", "provider_secret": SECRET, "provider_name": "otp"}, "stands for another way"),
                         ({"provider_kind": "google", "client_id": "typed-client"}, "Fill this in"),
                         ({"provider_kind": "apple", "client_id": "c", "provider_secret": SECRET}, "Fill this in"),
                         ({"provider_kind": "apple", "client_id": "c", "provider_secret": SECRET, "team_id": "T", "key_id": "K"}, "no private key"),
                         ({"provider_kind": "myspace", "client_id": "c", "provider_secret": SECRET}, "kind must be one of")):
        answer = send(browser, "/admin/providers", "provider_add", typed)
        assert answer.status == 400 and words in answer.page().text, f"{typed}: {answer.page().text}"
        assert SECRET not in answer.text
        assert typed.get("client_id", "") in answer.text
    equal(cli(site, "list"), [])
    page = browser.open(f"/admin/services/{site.service}")
    assert 'href="/admin/providers"' in page.text
    page = browser.open("/admin/providers")
    assert "/admin/services/" not in page.text, "a provider isn't a service"
    add(site, **CORP)
    page = browser.open("/admin/providers/corp")
    assert 'href="/admin/providers" aria-current="page"' in page.text and "/admin/services/corp" not in page.text


# --- the file of the configuration ---

def configured(site, text):
    """The path of a file with this text (None: there is none), and of a configuration that names it: another run directory, else as
    the site's."""
    directory = tempfile.mkdtemp(prefix="providers-", dir=site.directory)
    path, conf = os.path.join(directory, "providers.json"), os.path.join(directory, "conf")
    if text is not None:
        with open(path, "w") as file:
            file.write(text)
    with open(site.conf) as old, open(conf, "w") as new:
        lines = [line for line in old if not line.startswith("run_directory")]
        new.write(f"run_directory = {directory}/run\nproviders = {path}\n" + "".join(lines))
    return path, conf


@test("A file of providers works as the database does, wins where both have a name, and is changed by nobody but its owner")
def by_file(site):
    _, conf = configured(site, json.dumps([{**CORP, "client_id": "of-the-file"}, {"kind": "google", "client_id": "g", "client_secret": SECRET}]))
    clean(site)
    add(site, **CORP)
    listed = json.loads(run_cli(site, "list", conf=conf).stdout)
    equal([(one["name"], one["source"], one["status"]) for one in listed],
          [("corp", "file", "active"), ("google", "file", "active"), ("corp", "database", "disabled")])
    equal(json.loads(run_cli(site, "show", "corp", conf=conf).stdout)["client_id"], "of-the-file")
    assert SECRET not in json.dumps(listed)
    for arguments, stdin in ((("disable", "google"), None), (("remove", "corp"), None), (("set", "--metadata", "-", "corp"), "{}"),
                             (("add", "--metadata", "-"), json.dumps({"kind": "google", "client_id": "c", "client_secret": "s"}))):
        done = run_cli(site, *arguments, conf=conf, stdin=stdin)
        assert done.returncode == 1 and "configuration" in done.stderr, done.stderr
    equal(cli(site, "show", "corp")["client_id"], "doorward")


@test("A file of providers that can't be used keeps the server from starting, and the command line from working, and says why")
def broken_files(site):
    for text, words in (("", "expected"), ("{}", "must be a JSON array"), ("[{}]", "provider 1: kind must be one of"),
                        (json.dumps([CORP, CORP]), "provider 2: the name corp is there already"),
                        (json.dumps([{**CORP, "colour": 1}]), "provider 1: colour isn't a member"),
                        (json.dumps([{"kind": "google", "client_id": "c", "client_secret_file": "/nowhere"}]), "client_secret_file /nowhere"),
                        (None, "No such file")):
        path, conf = configured(site, text)
        for command in (["provider", "list"], ["serve"]):
            done = subprocess.run([site.program, "-c", conf, *command], capture_output=True, text=True, timeout=30)
            equal(done.returncode, 3, f"{command}: {done.stderr}")
            assert f"providers = {path}" in done.stderr and words in done.stderr, done.stderr
            assert SECRET not in done.stderr
        done = subprocess.run([site.program, "-c", conf, "config", "check"], capture_output=True, text=True, timeout=30)
        assert done.returncode != 0 and words in done.stdout + done.stderr, done.stdout


run()
