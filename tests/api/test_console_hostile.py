#!/usr/bin/env python3
"""Every form of the console as somebody sends it who means harm, or clicks twice: each page that there is, each form on it."""
import json
import subprocess
import tempfile
import urllib.parse

from kit import *
from console import console, here, new_admin, shared, sign_in
from script import checksums
from web import filled

HTML = "\"'><img src=x onerror=alert(1)></textarea><script>alert(1)</script>{{7*7}}"
ODD = ["x" * 40000, HTML, "javascript:alert(1)", "data:text/html,x", "\x00", "a\x00b", "\r\nX-Evil: 1", "\u202e\u200b", "\udcff", "-1", "9" * 30, "%00", "null", "[]", "{}",
       "' OR 1=1 --", "../../admin", "💣" * 300]


def uuid_of(site, select):
    ident = site.sql(select)[0][0].lower()
    return f"{ident[:8]}-{ident[8:12]}-{ident[12:16]}-{ident[16:20]}-{ident[20:]}"


def installation(site, service, mark):
    """A service with one of everything; the pages that show it."""
    key = f"UNHEX(REPLACE('{service}', '-', ''))"
    with tempfile.NamedTemporaryFile("w") as file:
        json.dump({"client_name": f"App {mark}", "redirect_uris": ["https://app.example/cb"], "scope": "openid"}, file)
        file.flush()
        client = site.cli("client", "add", "--service", service, "--metadata", file.name)["client_id"]
    person = site.add_person(name=f"Hostile {mark}")
    user = f"UNHEX(REPLACE('{person.id}', '-', ''))"
    site.cli("api-key", "add", "--service", service, "--name", f"Key {mark}", "--permissions", "read:users")
    plan = site.cli("plan", "add", "--service", service, "--name", f"Plan {mark}")["id"]
    number = site.sql(f"SELECT number FROM clients WHERE client_id = '{client}'")[0][0]
    site.sql(f"INSERT INTO members (service_id, user_id, created_at, email_key, words) VALUES ({key}, {user}, 1700000000, '{person.email}', '{person.email}');"
             "INSERT INTO permissions (user_id, client_number, role, status, requested_at, created_at, updated_at)"
             f" VALUES ({user}, {number}, 'none', 'pending', 1, 1, 1)")
    site.cli("subscription", "set", "--service", service, "--plan", plan, person.id)
    path = f"/admin/services/{service}"
    return [path, path + "/clients", f"{path}/clients/{client}", path + "/keys", path + "/members", f"{path}/members/{person.id}", path + "/requests",
            path + "/subscriptions", f"{path}/subscriptions/{person.id}", path + "/plans", f"{path}/plans/{plan}"]


def pages(site):
    if "pages" not in shared:
        name = f"hostile-{site._mark}"
        done = subprocess.run([site.program, "-c", site.conf, "provider", "add", "--metadata", "-", "--json"], capture_output=True, text=True, timeout=60,
                              input=json.dumps({"name": name, "issuer": "https://login.example.com", "client_id": "x", "client_secret": "y"}))
        equal(done.returncode, 0, done.stderr)
        shared["mine"] = site.cli("service", "add", "--name", "Mine")["id"]
        shared["other"] = site.cli("service", "add", "--name", "Theirs")["id"]
        shared["pages"] = ["/admin/services", "/admin/providers", f"/admin/providers/{name}"] + installation(site, shared["mine"], "mine")
        shared["others"] = installation(site, shared["other"], "theirs")
    return shared["pages"]


def forms_of(answer):
    """Each form that sends something here, once, with what a browser would send of it."""
    seen = {}
    for form in answer.page().forms:
        fields = dict(filled(form, None, form["buttons"][0] if form["buttons"] else None))
        if form["method"] == "post" and "form" in fields:
            seen.setdefault(fields["form"], (form, fields))
    return seen


def every_form(site, browser):
    for path in pages(site):
        answer = browser.open(path)
        equal(answer.status, 200, f"{path}: {answer}")
        forms = forms_of(answer)
        yield from ((path, name, form, fields) for name, (form, fields) in forms.items())


def state(site):
    """All that any of the forms may change."""
    tables = ["services", "clients", "client_secrets", "api_keys", "users", "members", "permissions", "plans", "subscriptions", "providers", "history"]
    return checksums(site, only=tables)


def things(site):
    """How many there are of what a form may make."""
    return site.sql(" UNION ALL ".join(f"SELECT COUNT(*) FROM {table}" for table in ("services", "clients", "client_secrets", "api_keys", "plans", "providers")))


def is_calm(answer, what):
    """An answer to a person: no failure of ours, and nothing of what was sent that a browser would run."""
    assert answer.status < 500, f"{what}: {answer}"
    assert "<img src=x" not in answer.text and "<script>alert" not in answer.text, f"{what}: {answer.text}"
    assert "X-Evil" not in str([name for name, _ in answer.headers]), what


@test("T-67: no form of any page counts without its token, with one of another form, page or session, or with two")
def tokens(site):
    browser, other = console(site), sign_in(site, new_admin(site))
    count = 0
    before = None
    foreign = {(path, name): fields["token"] for path, name, _, fields in every_form(site, other)}
    all_forms = list(every_form(site, browser))
    tokens = [fields["token"] for _, _, _, fields in all_forms]
    for at, (path, name, _, fields) in enumerate(all_forms):
        before = before or state(site)
        for token in (None, "", "x" * 43, tokens[at - 1], foreign[(path, name)]):
            sent = {key: value for key, value in dict(fields, token=token).items() if value is not None}
            equal(browser.request("POST", path, form=sent).status, 403, f"{path} {name}: {token}")
        for twice in ("token", "form", "seen", "id"):
            if twice in fields:
                answer = browser.request("POST", path, form=[*fields.items(), (twice, fields[twice])])
                equal(answer.status, 403 if twice == "token" else 400, f"{path} {name}: two of {twice}")
        count += 1
    equal(state(site), before)
    assert count >= 25, f"only {count} forms"


@test("T-60, T-64: odd, overlong and executable values in any field of any form, and forms without their fields, are refused or shown as they are")
def odd_values(site):
    browser = console(site)
    for path, name, form, fields in every_form(site, browser):
        if name in ("member_disable", "service_disable", "client_remove", "provider_remove", "plan_remove"):
            continue
        names = [field["name"] for field in form["fields"] if field.get("name") not in ("token", "form", None)]
        for field in names + (["id"] if "id" in fields else []):
            for odd in ODD:
                body = "&".join(f"{key}={quote(odd if key == field else value)}" for key, value in fields.items())
                body += "" if field in fields else f"&{field}={quote(odd)}"
                answer = browser.request("POST", path, body=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
                is_calm(answer, f"{path} {name} {field}={odd[:30]!r}")
                if odd.startswith(("javascript:", "data:")) and field.endswith(("_uri", "_uris", "issuer")):
                    one_of(answer.status, (400, 409), f"{path} {name} {field}={odd}")
        answer = browser.request("POST", path, form={"token": fields["token"], "form": name})
        is_calm(answer, f"{path} {name} without its fields")
        is_calm(browser.get(path), path)


@test("a form that was cut short takes nothing off: what wasn't sent stays")
def cut_short(site):
    browser = console(site)
    pages(site)
    path, client = f"/admin/services/{shared['mine']}", next(path for path in shared["pages"] if "/clients/" in path)
    show = lambda: (site.cli("client", "show", client.rsplit("/", 1)[1]), dict(site.cli("service", "show", shared["mine"]), updated_at=None))
    full = {"logo_uri": "https://app.example/logo.png", "policy_uri": "https://app.example/policy", "post_logout_redirect_uris": "https://app.example/out"}
    equal(browser.submit(forms_of(browser.open(client))["client_change"][0], full, follow=False).status, 303)
    equal(browser.submit(forms_of(browser.open(client))["client_security"][0], {"allowed_addresses": "192.0.2.1"}, follow=False).status, 303)
    equal(browser.submit(forms_of(browser.open(path))["service_profile"][0], {"slug": f"mine-{site._mark}"}, follow=False).status, 303)
    equal(browser.submit(forms_of(browser.open(path))["service_providers"][0], {"provider_redirect_uris": "https://app.example/cb"}, follow=False).status, 303)
    before = show()
    for where, name in ((client, "client_change"), (client, "client_security"), (path, "service_profile"), (path, "service_providers"), (path, "service_change")):
        fields = forms_of(browser.open(where))[name][1]
        sent = {key: fields[key] for key in ("token", "form", "seen", "client_name", "service_name") if key in fields}
        equal(browser.request("POST", where, form=sent).status, 303, name)
        equal(show(), before, name)


@test("T-103: ids of another service, in the path or in what is sent, are of nothing here")
def other_ids(site):
    browser = console(site)
    pages(site)
    mine, other = shared["mine"], shared["other"]
    before = state(site)
    for path in shared["others"]:
        moved = path.replace(other, mine)
        if path.count("/") > 4:
            equal(browser.get(moved).status, 404, moved)
        for name, (_, fields) in forms_of(browser.open(path)).items():
            if path.count("/") > 4 or "id" in fields:
                one_of(browser.request("POST", moved, form=fields).status, (403, 404), f"{moved} {name}")
    # with a good form of one's own page, and the other's id
    for path in shared["pages"]:
        for name, (_, fields) in forms_of(browser.open(path)).items():
            if "id" not in fields:
                continue
            theirs = next(found["id"] for where in shared["others"] for found in [forms_of(browser.open(where)).get(name, (None, {}))[1]] if "id" in found)
            for odd in (theirs, "", "nonsense", theirs.upper() + "0", "00000000-0000-0000-0000-000000000000"):
                one_of(browser.request("POST", path, form=dict(fields, id=odd)).status, (400, 404), f"{path} {name} {odd}")
    equal(state(site), before)


@test("what is sent twice, by a double click or the back button, is done once or says so; after sign-out it does nothing")
def twice(site):
    browser, gone = console(site), sign_in(site, new_admin(site))
    left = [(path, fields) for path, _, _, fields in every_form(site, gone)]
    gone.submit(next(form for form in gone.open("/admin/services").page().forms if form["action"].endswith("/sign-out")), follow=False)
    before = state(site)
    for path, fields in left:
        answer = gone.request("POST", path, form=fields)
        one_of(answer.status, (303, 403), f"{path} {fields['form']}")
        assert answer.status == 403 or answer.location.replace(site.url, "").startswith("/admin"), answer.location
    equal(state(site), before)
    names = {"provider_name": f"twice-{site._mark}", "provider_secret": "of-theirs", "client_id": "doorward", "plan_name": f"Twice {site._mark}", "client_name": "Twice", "key_name": "Twice", "service_name": "Twice", "permissions": "read:users",
             "redirect_uris": "https://twice.example/cb"}
    last = ("service_disable", "client_disable", "client_remove", "plan_remove", "provider_remove", "member_disable")
    everything = sorted(every_form(site, browser), key=lambda one: one[1] in last)
    for path, name, form, fields in everything:
        sent = dict(fields, **{key: value for key, value in names.items() if key in fields or key == "permissions"})
        answers, counts = [], []
        for _ in range(2):
            answers.append(browser.request("POST", path, form=sent))
            counts.append(things(site))
        equal(counts[1], counts[0], f"{path} {name}: the second one has made something")
        for answer in answers:
            is_calm(answer, f"{path} {name}")
        one_of(answers[1].status, (200, 303, 400, 404, 409), f"{path} {name}: {answers[1]}")
        assert answers[1].status == 303 or answers[1].page().links, f"{path} {name} leads nowhere"
        if name in ("client_secret_revoke", "key_revoke"):
            equal([answer.status for answer in answers], [303, 404], name)
            assert "not there any more" in answers[1].page().text and name.removesuffix("_revoke") in answers[1].text, answers[1].page().text
        if name == "provider_remove":
            equal([answer.status for answer in answers], [303, 404], name)
            assert "/admin/providers" in answers[1].page().links, f"{name} leads to what is gone"


def quote(text):
    return urllib.parse.quote(text.encode("utf-8", "surrogateescape"), safe="")


run()
