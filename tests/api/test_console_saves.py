#!/usr/bin/env python3
"""Two administrators at one thing: a form of the console saves over what its page has shown, or not at all. And what a form
shows is what it saves."""
import json
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from kit import *
from console import console, form_named, here, is_done, new_admin, shared, sign_in
from together import holding
from web import filled

STALE = "Somebody has changed this since you opened the page, so nothing was saved."


def second_browser(site):
    if "second" not in shared:
        shared["second"] = sign_in(site, new_admin(site))
    return shared["second"]


def plan(site):
    return site.cli("plan", "add", "--service", site.service, "--name", f"Gold {site._mark}", "--price-cents", "1999", "--currency", "eur",
                    "--features", "one,two")["id"]


def provider(site):
    name = f"corp-{site._mark}"
    done = subprocess.run([site.program, "-c", site.conf, "provider", "add", "--metadata", "-", "--json"], capture_output=True, text=True,
                          timeout=60, input=json.dumps({"name": name, "issuer": "https://login.example.com", "client_id": "doorward",
                                                        "client_secret": "a-secret-of-theirs"}))
    equal(done.returncode, 0, done.stderr)
    return name


def subscriber(site):
    person = site.add_person(name="Sub Scriber")
    site.sql("INSERT INTO members (service_id, user_id, created_at, email_key, words) SELECT UNHEX(REPLACE("
             f"'{site.service}', '-', '')), id, 1700000000, email_key, email_key FROM users WHERE id = UNHEX(REPLACE('{person.id}', '-', ''))")
    if "plan" not in shared:
        shared["plan"] = plan(site)
    site.cli("subscription", "set", "--service", site.service, "--plan", shared["plan"], person.id)
    return person.id


def things(site):
    """Each form that changes something: its page, name, two sets of values to save, what the page then says is saved, and how
    the thing stands."""
    if "things" in shared:
        return shared["things"]
    client, machine = site.client("web"), site.client("machine")
    person, name = subscriber(site), provider(site)
    service = lambda: dict(site.cli("service", "show", site.service), updated_at=None)
    show_client = lambda: site.cli("client", "show", client.id)
    shared["things"] = [
        (here(site), "service_profile", {"service_name": "First Shop"}, {"service_name": "Second Shop"}, "First Shop", service),
        (here(site), "service_change", {"pin_gate": "always"}, {"pin_gate": "off"}, "always", service),
        (here(site), "service_providers", {"provider_redirect_uris": "https://one.example/cb\r\nhttps://two.example/cb"},
         {"provider_redirect_uris": "https://three.example/cb"}, "https://one.example/cb https://two.example/cb", service),
        (here(site, f"/clients/{client.id}"), "client_change", {"client_name": "First", "skip_consent": "yes"}, {"client_name": "Second"}, "First", show_client),
        (here(site, f"/clients/{client.id}"), "client_security", {"allowed_addresses": "192.0.2.1\r\n192.0.2.2"}, {"allowed_addresses": "192.0.2.3"},
         "192.0.2.1 192.0.2.2", show_client),
        (here(site, f"/plans/{shared['plan']}"), "plan_change", {"price_cents": "2500"}, {"price_cents": "3100"}, "2500",
         lambda: site.sql(f"SELECT name, price_cents, currency, features FROM plans WHERE id = UNHEX(REPLACE('{shared['plan']}', '-', ''))")),
        (f"/admin/providers/{name}", "provider_change", {"display_name": "First House", "provider_secret": "another"}, {"display_name": "Second House"},
         "First House", lambda: site.sql(f"SELECT HEX(metadata), HEX(secret_sealed) FROM providers WHERE name = '{name}'")),
    ]
    shared["subscriber"], shared["machine"] = person, machine.id
    return shared["things"]


@test("two saves: the one from an older page is refused and saves nothing; the page shows both, and saves when it's sent again")
def two_saves(site):
    one, two = console(site), second_browser(site)
    for path, name, first, second, shown, state in things(site):
        older = form_named(two.open(path), name)
        assert dict(filled(older)).get("seen"), f"{name} doesn't say what it has shown"
        is_done(one, one.submit(form_named(one.open(path), name), first, follow=False), "have been saved")
        saved = state()
        answer = two.submit(older, second, follow=False)
        equal((answer.status, state() == saved), (409, True), f"{name}: {answer}")
        page = answer.page()
        assert STALE in page.text and page.title.startswith("Error:"), f"{name}: {page.title}: {page.text}"
        assert f"Saved now: {shown}" in page.text, f"{name}: {page.text}"
        again = form_named(answer, name)
        field, typed = list(second.items())[0]
        equal(dict(filled(again))[field], typed, f"{name}: what was typed is gone")
        is_done(two, two.submit(again, second, follow=False), "have been saved")
        assert state() != saved, name
        is_done(two, two.submit(form_named(two.open(path), name), first, follow=False), "have been saved")


def row_of(site, path):
    """The row of what a page shows."""
    section, ident = path.split("/")[-2:]
    return {"services": f"services WHERE id = UNHEX(REPLACE('{ident}', '-', ''))", "clients": f"clients WHERE client_id = '{ident}'",
            "plans": f"plans WHERE id = UNHEX(REPLACE('{ident}', '-', ''))", "providers": f"providers WHERE name = '{ident}'"}[section]


@test("a provider's page says nothing of its secret, saved or typed, also where somebody else has saved meanwhile")
def secret_beside(site):
    one, two = console(site), second_browser(site)
    path = next(path for path, name, *_ in things(site) if name == "provider_change")
    older = form_named(two.open(path), "provider_change")
    is_done(one, one.submit(form_named(one.open(path), "provider_change"), {"display_name": "Their House"}, follow=False), "have been saved")
    answer = two.submit(older, {"provider_secret": "typed-beside-another"}, follow=False)
    equal(answer.status, 409, str(answer))
    equal(answer.page().text.count("Saved now:"), 1, answer.page().text)
    assert "Saved now: Their House" in answer.page().text and "typed-beside-another" not in answer.text, answer.text


@test("two saves at the same moment: one is done and the other one refused")
def at_once(site):
    browsers = [console(site), second_browser(site)]
    for path, name, first, second, _, _ in things(site):
        for _ in range(5):
            # neither of the two may be of what is there already
            is_done(browsers[0], browsers[0].submit(form_named(browsers[0].open(path), name), dict(first, **OTHERWISE.get(name, {})), follow=False), "saved")
            values = [dict(first, **THEIRS.get(name, {})), second]
            forms = [form_named(browser.open(path), name) for browser in browsers]
            with ThreadPoolExecutor(2) as pool:
                with holding(site) as holder:
                    holder.hold(row_of(site, path))
                    calls = [pool.submit(browsers[at].submit, forms[at], values[at], follow=False) for at in (0, 1)]
                    holder.until_waiting(2, calls)
                statuses = sorted(call.result().status for call in calls)
            if 503 not in statuses:
                break
        equal(statuses, [303, 409], name)


OTHERWISE = {"service_change": {"pin_gate": "periodic"}, "service_providers": {"provider_redirect_uris": "https://zero.example/cb"},
             "client_security": {"allowed_addresses": "192.0.2.9"}}
THEIRS = {"service_profile": {"service_name": "Theirs"}, "client_change": {"client_name": "Theirs"}, "plan_change": {"price_cents": "1"},
          "provider_change": {"display_name": "Theirs"}}


@test("two saves: what anybody else has saved counts, by the command line and the API too")
def elsewhere(site):
    browser, client = console(site), site.client("web")
    path = here(site, f"/clients/{client.id}")
    form = form_named(browser.open(path), "client_change")
    site.cli("client", "change", client.id, "--metadata", metadata_file(site, {"client_name": "By hand"}))
    answer = browser.submit(form, {"client_name": "On the page"}, follow=False)
    equal(answer.status, 409, str(answer))
    assert "Saved now: By hand" in answer.page().text
    equal(site.cli("client", "show", client.id)["client_name"], "By hand")


def metadata_file(site, metadata):
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        json.dump(metadata, file)
    return file.name


@test("two saves: a form that is refused for what was typed doesn't come to know what it hasn't shown; nor one that says nothing")
def refused_in_between(site):
    one, two = console(site), second_browser(site)
    things(site)
    path = here(site, f"/plans/{shared['plan']}")
    older = form_named(two.open(path), "plan_change")
    is_done(one, one.submit(form_named(one.open(path), "plan_change"), {"price_cents": "4200"}, follow=False), "have been saved")
    refused = two.submit(older, {"price_cents": "much"}, follow=False)
    equal(refused.status, 400, str(refused))
    answer = two.submit(form_named(refused, "plan_change"), {"price_cents": "4300"}, follow=False)
    equal(answer.status, 409, str(answer))
    for seen in (None, "", "*", '"*"', "x" * 5000):
        fields = dict(filled(form_named(two.open(path), "plan_change")), seen=seen, price_cents="4400")
        equal(two.request("POST", path, form={name: value for name, value in fields.items() if value is not None}).status, 409, f"seen: {seen!r}")
    price = site.sql(f"SELECT price_cents FROM plans WHERE id = UNHEX(REPLACE('{shared['plan']}', '-', ''))")
    equal(price, [["4200"]])


@test("two saves: a subscription is cancelled as it was shown, or not; a request is answered once, also at the same moment")
def subscriptions_and_requests(site):
    one, two, client = console(site), second_browser(site), site.client("web")
    things(site)
    path = here(site, f"/subscriptions/{shared['subscriber']}")
    older = form_named(two.open(path), "subscription_cancel")
    other = site.cli("plan", "add", "--service", site.service, "--name", f"Silver {site._mark}")["id"]
    site.cli("subscription", "set", "--service", site.service, "--plan", other, shared["subscriber"])
    answer = two.submit(older, follow=False)
    equal(answer.status, 409, str(answer))
    assert STALE in answer.page().text and f"Silver {site._mark}" in answer.page().text, answer.page().text
    is_done(two, two.submit(form_named(answer, "subscription_cancel"), follow=False), "have been saved")
    number = site.sql(f"SELECT number FROM clients WHERE client_id = '{client.id}'")[0][0]
    for _ in range(5):
        person = site.add_person()
        site.sql("INSERT INTO permissions (user_id, client_number, role, status, requested_at, created_at, updated_at)"
                 f" VALUES (UNHEX(REPLACE('{person.id}', '-', '')), {number}, 'none', 'pending', 1, 1, 1)")
        button = f"{person.id} {client.id}"
        forms = [form_named(browser.open(here(site, "/requests")), name, button) for browser, name in ((one, "request_admin"), (two, "request_refuse"))]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda pair: pair[0].submit(pair[1], None, {"name": "id", "value": button}, follow=False).status,
                                    ((one, forms[0]), (two, forms[1]))))
        equal(sorted(answers), [303, 400])


@test("what a form shows is what it saves: sent back as it is shown, it changes nothing")
def as_shown(site):
    browser = console(site)
    for path, name, first, _, _, state in things(site):
        is_done(browser, browser.submit(form_named(browser.open(path), name), first, follow=False), "have been saved")
        before = state()
        is_done(browser, browser.submit(form_named(browser.open(path), name), follow=False), "have been saved")
        if name != "provider_change":  # whose secret is sealed anew
            equal(state(), before, name)


run()
