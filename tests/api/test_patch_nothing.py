#!/usr/bin/env python3
"""A PATCH that says nothing, or what is there already, changes nothing: it is answered as any, with the tag that was there,
and leaves no time of a last change, no history, no message to a webhook and no new version behind."""
import itertools

from kit import *
from admin_api import API as CLIENTS, AdminApi
from refusing import unchanged
from script import Script
from service import Key

PROVIDERS = "/api/admin/providers"
OLD = 1600000000
numbers = itertools.count(1)
SECRET = "a-secret-of-the-provider"


class Thing:
    """Something that can be changed: how, where it is kept, bodies that change nothing, and one that changes it."""

    def __init__(self, call, path, table, same, other, tagged=True):
        self.call, self.path, self.table, self.same, self.other, self.tagged = call, path, table, same, other, tagged

    def patch(self, body, **headers):
        return self.call("PATCH", self.path, body, **headers)

    def seen(self):
        """The body and the tag that GET tells."""
        answer = self.call("GET", self.path)
        equal(answer.status, 200, f"{self.path}: {answer}")
        assert bool(answer.header("ETag")) == self.tagged, f"{self.path}: {answer}"
        return answer.json(), answer.header("ETag")


def of_service(site):
    key = Key(site)
    said = lambda answer: (one_of(answer.status, (200, 201)), answer.json())[1]
    plan = said(key.post("plans", {"name": "Gold", "price_cents": 1999, "currency": "EUR", "features": ["one", "two"]}))
    member = said(key.post("users", {"email": f"member-{site._mark}@members.example"}))["id"]
    taken = said(key.post("subscriptions", {"user_id": member, "plan_id": plan["id"], "trial_end": "2040-01-01T00:00:00Z"}))
    # of every event, so that each change would be told
    hook = said(key.post("webhooks", {"url": "https://hooks.example/all"}))
    end = {name: taken[name] for name in ("status", "current_period_end", "trial_end", "cancel_at_period_end")}
    terms = {name: plan[name] for name in ("name", "price_cents", "currency", "features")}
    info = key.get("info").json()
    return [
        Thing(key.call, "/api/service/info", "services", [{"name": info["name"]}], {"name": "Renamed"}),
        Thing(key.call, f"/api/service/plans/{plan['id']}", "plans", [{"name": "Gold"}, {"currency": "EUR"}, terms], {"price_cents": 2000}),
        Thing(key.call, f"/api/service/users/{member}", "users", [{"name": "Nothing of theirs"}], None),
        Thing(key.call, f"/api/service/subscriptions/{member}", "subscriptions", [{"status": taken["status"]}, {"cancel_at_period_end": False}, end],
              {"cancel_at_period_end": True}),
        Thing(key.call, f"/api/service/webhooks/{hook['id']}", "webhooks",
              [{"status": "active"}, {name: hook[name] for name in ("url", "events", "status")}], {"events": ["member.created"]}),
    ]


def of_installation(site):
    admin, client = AdminApi(site), site.add_client()
    origin = {"Origin": site.url}
    metadata = admin.good("GET", f"/{client.id}")
    words = {name: metadata[name] for name in ("client_name", "redirect_uris", "grant_types", "scope")}
    corp = {"name": f"corp-{next(numbers)}-{site._mark}", "issuer": "https://login.example.com", "client_id": "doorward", "client_secret": SECRET,
            "display_name": "Corporate", "scopes": ["openid", "email"], "sign_in": True}
    made = admin.browser.request("POST", PROVIDERS, data=corp, headers=origin)
    equal(made.status, 201, str(made))

    def provider(method, path, body=None, **headers):
        return admin.browser.request(method, path, data=body, headers={**origin, **{name.replace("_", "-"): value for name, value in headers.items()}})

    def application(method, path, body=None, **headers):
        return admin.call(method, path.removeprefix(CLIENTS), body, **{name.replace("_", "-"): value for name, value in headers.items()})

    return [
        Thing(application, f"{CLIENTS}/{client.id}", "clients", [{"status": "active"}, {"client_name": metadata["client_name"], "status": "active"}, words],
              {"client_name": "Renamed"}),
        Thing(provider, f"{PROVIDERS}/{corp['name']}", "providers",
              [{"status": "active"}, {"client_secret": SECRET}, {"display_name": "Corporate", "key_id": None}, {**corp, "status": "active"}],
              {"client_secret": SECRET + "-2"}),
    ]


def of_person(site):
    owner, person = site.add_person(), site.add_person()
    token = sign_in(site, site.add_client(scope="openid account"), owner, scope="openid account").access
    script = Script(site).sign_in(person)

    def account(method, path, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return site.web.request(method, path, data=body, headers={"Authorization": f"Bearer {token}", **headers})

    def profile(method, path, body=None, **headers):
        return script.call(method, "/api/public/session" if method == "GET" else path, body, **headers)

    return [
        Thing(account, "/api/user", "users", [{"name": owner.name}, {"name": f"  {owner.name} "}], {"name": "Somebody Else"}),
        Thing(profile, "/api/public/profile", "users", [{"name": person.name}], {"name": "Somebody Else"}, tagged=False),
    ]


def changes_nothing(site, thing):
    site.sql(f"UPDATE {thing.table} SET updated_at = {OLD}")
    body, tag = thing.seen()
    for same in ([{}] if thing.tagged else []) + thing.same:
        with unchanged(site, thing.table, "members"):
            for headers in ({}, {"If_Match": tag}) if tag else ({},):
                answer = thing.patch(same, **headers)
                equal((answer.status, answer.header("ETag")), (200, tag), f"{thing.path} {same}: {answer}")
                if tag:
                    equal(answer.json(), body, f"{thing.path} {same}")
            equal(thing.seen(), (body, tag), f"{thing.path} {same}")
        if tag:
            equal(thing.patch(same, If_Match='"x"').status, 412, f"{thing.path} {same}: what was never seen")


def changes(site, thing):
    """So the same test sees a change."""
    _, tag = thing.seen()
    answer = thing.patch(thing.other)
    equal(answer.status, 200, f"{thing.path}: {answer}")
    assert not tag or answer.header("ETag") != tag, f"{thing.path}: the tag stays"
    assert site.sql(f"SELECT COUNT(*) FROM {thing.table} WHERE updated_at <> {OLD}") != [["0"]], f"{thing.path}: nothing is written"


def each(site, things):
    for thing in things:
        changes_nothing(site, thing)
        if thing.other:
            changes(site, thing)


@test("a PATCH of nothing, or of what is there, at the service API: service, plan, member, subscription and webhook are as they were, with the tag of before")
def by_key(site):
    each(site, of_service(site))


@test("a PATCH of nothing, or of what is there, by an administrator: application and provider are as they were, also with the secret that it has")
def by_admin(site):
    each(site, of_installation(site))


@test("a name that is the same again changes nothing of an account, by an application and by a page's script")
def by_person(site):
    each(site, of_person(site))


@test("what changes something beside what is there already is written down as that alone")
def beside(site):
    thing = of_installation(site)[1]
    name = thing.path.rsplit("/", 1)[1]
    equal(thing.patch({"display_name": "New", "client_secret": SECRET}).status, 200)
    equal(thing.patch({"display_name": "New", "status": "disabled"}).status, 200)
    told = site.sql(f"SELECT kind, `change` FROM history WHERE subject = '{name}' ORDER BY at_ms, id")
    equal([kind for kind, _ in told], ["provider.created", "provider.updated", "provider.disabled"], str(told))
    assert "secret_changed" in told[0][1] and "secret_changed" not in told[1][1] and "New" in told[1][1], told


run()
