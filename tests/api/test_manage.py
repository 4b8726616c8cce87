#!/usr/bin/env python3
"""A service's API keys and plans in the hands of the people who manage it (contract: service API 1.1, key management)."""
import re
import time
import uuid

from kit import *
from service import TIME, Key, add_service, refusal
from signing_in import in_service

KEY = {"id", "service_id", "name", "prefix", "permissions", "expires_at", "created_at", "created_by", "last_used_at", "addresses", "rotated_to"}
NOWHERE = "00000000-0000-4000-8000-000000000000"


class Manager:
    """A member of a service and what they call by an access token."""

    def __init__(self, site, role="owner", scope="openid manage_service", own=None):
        self.site = own or in_service(site)
        self.service, self.person = self.site.service, site.add_person()
        self.client = self.site.add_client(scope="openid manage_service read:things")
        self.token = sign_in(self.site, self.client, self.person, scope=scope).access
        if role != "none":
            site.cli("service", "set-role", self.service, self.person.id, "--role", role)
        else:
            site.sql(f"DELETE FROM members WHERE user_id = X'{self.person.id.replace('-', '')}'")

    def call(self, method, path="", data=None, service=None, organization="main", token=None, what="api-keys", key=None):
        target = f"/api/organizations/{organization}/services/{service or self.service}/{what}{path}"
        named = {"Idempotency-Key": key} if key else {}
        answer = self.site.web.request(method, target, data=data, headers={"Authorization": f"Bearer {token or self.token}", **named})
        equal(answer.header("Cache-Control"), "no-store", str(answer))
        return answer

    def add(self, **more):
        return said(self.call("POST", data={"name": "Made here", "permissions": ["read:users", "read:service"], **more}), 201)


def said(answer, status=200):
    equal(answer.status, status, str(answer))
    return answer.json()


_kept = {}


def manager(site):
    if "it" not in _kept:
        _kept["it"] = Manager(site)
    return _kept["it"]


def calls(key=NOWHERE):
    body = {"name": "K", "permissions": ["read:users"]}
    return (("GET", "", None), ("POST", "", body), ("GET", "/" + key, None), ("POST", f"/{key}/rotate", {}), ("DELETE", "/" + key, None))


@test("1.1: a key is sk_live_ or sk_test_ as it is asked for, stays so by rotation, and nothing else can be asked for")
def environments(site):
    who = manager(site)
    for word, prefix in (("test", "sk_test_"), ("live", "sk_live_")):
        made = who.add(name=word, environment=word)
        assert made["key"].startswith(prefix) and made["prefix"].startswith(prefix), made
        assert said(who.call("POST", f"/{made['id']}/rotate", {}), 201)["key"].startswith(prefix), word
        equal(Key(site, who.service, text=made["key"]).get("info").status, 200, word)
    for wrong in ("staging", "Test", "", 1, ["test"]):
        refusal(who.call("POST", "", {"name": "x", "permissions": ["read:users"], "environment": wrong}), 400)


@test("1.1: a key that is made is told whole and once, works, is listed and shown without itself, and ends at once when it is deleted")
def life(site):
    who = manager(site)
    made = who.add(name="For the back end", expires_in_days=30)
    equal(set(made), KEY | {"key"}, "members")
    assert re.fullmatch(r"sk_live_[0-9a-f]{12}_[0-9a-f]{64}", made["key"]) and made["key"].startswith(made["prefix"] + "_"), made
    equal((made["service_id"], made["name"], made["permissions"]), (who.service, "For the back end", ["read:users", "read:service"]))
    equal((made["created_by"], made["last_used_at"], made["rotated_to"], made["addresses"]), (who.person.id, None, None, []))
    assert TIME.match(made["created_at"]) and TIME.match(made["expires_at"]) and str(uuid.UUID(made["id"])) == made["id"], made
    key = Key(site, who.service, text=made["key"])
    equal(key.get("info").json()["id"], who.service)
    shown = said(who.call("GET", "/" + made["id"]))
    equal(set(shown), KEY, "members")
    assert TIME.match(shown["last_used_at"]), "not told that it was used"
    listed = said(who.call("GET"))
    equal(set(listed), {"api_keys", "total"})
    assert shown in listed["api_keys"] and listed["total"] == len(listed["api_keys"]), listed
    equal(who.call("DELETE", "/" + made["id"]).status, 204)
    refusal(key.get("info"), 401)
    for method, path, data in calls(made["id"])[2:]:
        refusal(who.call(method, path, data), 404)
    assert made["id"] not in [one["id"] for one in said(who.call("GET"))["api_keys"]]
    history = site.sql(f"SELECT kind, actor FROM history WHERE subject = '{made['id']}' ORDER BY at_ms")
    equal(history, [["api_key.created", f"user:{who.person.id}"], ["api_key.revoked", f"user:{who.person.id}"]])


@test("1.1: a key without an end has none; the service is named by its slug as well")
def by_slug(site):
    who = manager(site)
    site.cli("service", "set", who.service, "--slug", "managed-one")
    made = said(who.call("POST", data={"name": "S", "permissions": ["read:provider_tokens:git.hub-1"]}, service="managed-one"), 201)
    equal((made["expires_at"], made["service_id"]), (None, who.service))


@test("1.1: an empty name or list, an unknown permission, odd days and addresses, wrong types are 400 BAD_REQUEST, and make nothing")
def refused_bodies(site):
    who = manager(site)
    fine = {"name": "K", "permissions": ["read:users"]}
    total = said(who.call("GET"))["total"]
    wrong = [{"permissions": ["read:users"]}, {"name": "K"}, {}]
    wrong += [{**fine, "name": name} for name in ("", 7, [], "x" * 201, "a\u0007b")]
    wrong += [{**fine, "permissions": words} for words in ([], "read:users", ["read:everything"], ["read:users write:users"], [""], [7], {"a": 1}, ["read:users"] * 200)]
    wrong += [{**fine, "expires_in_days": days} for days in (0, -1, "30", 1.5, 10**12, True)]
    wrong += [{**fine, "addresses": words} for words in (["nowhere"], ["10.0.0.1/8"], "10.0.0.1", [7], ["1.2.3.4"] * 101)]
    for body in wrong:
        refusal(who.call("POST", data=body), 400)
    equal(said(who.call("GET"))["total"], total)


@test("a POST with an Idempotency-Key is done once: the same key or plan again, itself shown; another body under it is 422")
def once(site):
    who, name = Manager(site), str(uuid.uuid4())
    calls = (("api-keys", {"name": "Once", "permissions": ["read:users"]}), ("plans", {"name": "Once"}))
    for what, body in calls:
        first = said(who.call("POST", data=body, what=what, key=name), 201)
        again = who.call("POST", data=body, what=what, key=name)
        equal((said(again, 201), again.header("Idempotency-Replayed")), (first, "true"), what)
        refusal(who.call("POST", data={**body, "name": "Other"}, what=what, key=name), 422)
    total = said(who.call("GET"))["total"]
    rotate = f"/{said(who.call('GET'))['api_keys'][0]['id']}/rotate"
    equal(said(who.call("POST", rotate, {}, key=name), 201), said(who.call("POST", rotate, {}, key=name), 201), "rotate")
    equal(said(who.call("GET"))["total"], total + 1)


@test("1.1: lists take limit and offset, as every list of the family")
def pages(site):
    who = Manager(site)
    ids = [who.add()["id"] for _ in range(5)]
    equal([one["id"] for one in said(who.call("GET", "?limit=2&offset=1"))["api_keys"]], sorted(ids)[1:3])
    equal(len(said(who.call("GET", "?limit=1000"))["api_keys"]), 5)
    for query in ("?limit=x", "?offset=-1", "?offset=x"):
        refusal(who.call("GET", query), 400)


@test("a key with addresses works from them alone, also once it is cached")
def addresses(site):
    who = manager(site)
    for words, status in ((["127.0.0.0/8", "::1"], 200), (["192.0.2.0/24", "2001:db8::/32"], 403)):
        made = who.add(addresses=words)
        equal(made["addresses"], words)
        for _ in range(6):
            equal(Key(site, who.service, text=made["key"]).get("users").status, status, words)


@test("a key that is rotated works beside its successor until the overlap ends, once; with no overlap it ends at once")
def rotation(site):
    who = manager(site)
    made = who.add()
    after = said(who.call("POST", f"/{made['id']}/rotate", {"overlap_hours": 2}), 201)
    old, new = Key(site, who.service, text=made["key"]), Key(site, who.service, text=after["key"])
    for key in (old, new):
        equal(key.get("users").status, 200)
    equal((after["permissions"], after["name"], after["expires_at"]), (made["permissions"], made["name"], None))
    shown = said(who.call("GET", "/" + made["id"]))
    equal(shown["rotated_to"], after["id"])
    ends = time.mktime(time.strptime(shown["expires_at"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    assert abs(ends - time.time() - 7200) < 60, shown
    refusal(who.call("POST", f"/{made['id']}/rotate", {}), 400, "DUPLICATE_CONSTRAINT")
    for hours in (-1, "1", 10**9):
        refusal(who.call("POST", f"/{after['id']}/rotate", {"overlap_hours": hours}), 400)
    last = said(who.call("POST", f"/{after['id']}/rotate", {"overlap_hours": 0}), 201)
    refusal(new.get("users"), 401)
    equal(Key(site, who.service, text=last["key"]).get("users").status, 200)
    equal(old.get("users").status, 200, "the first one's overlap isn't over")


@test("T-103, T-101: only an owner or admin of that service by a token with manage_service may: 401, 403 or 404, and nothing changes")
def who_may(site):
    who = manager(site)
    key = who.add()["id"]
    other = Manager(site)
    cases = [(Manager(site, "user", own=who.site), 403), (Manager(site, "none", own=who.site), 404), (other, 404),
             (Manager(site, "owner", "openid", own=who.site), 403)]
    machine = who.site.add_client(scope="manage_permissions read:things", grant_types=["client_credentials"], redirect_uris=None, response_types=None)
    token = client_credentials(who.site, machine, scope="manage_permissions").json()["access_token"]
    count = site.sql("SELECT COUNT(*), SUM(status = 'active') FROM api_keys")
    for method, path, data in calls(key):
        for caller, status in cases:
            refusal(caller.call(method, path, data, service=who.service), status)
        refusal(who.call(method, path, data, token=token), 403)
        refusal(who.call(method, path, data, token="nonsense"), 401)
        refusal(site.web.request(method, f"/api/organizations/main/services/{who.service}/api-keys{path}", data=data), 401)
        for place in ({"organization": "other"}, {"service": NOWHERE}, {"service": "no-such-slug"}, {"service": "%27"}):
            refusal(who.call(method, path, data, **place), 404)
    for method, path, data in calls(key)[2:]:
        refusal(other.call(method, path, data), 404)
    equal(site.sql("SELECT COUNT(*), SUM(status = 'active') FROM api_keys"), count)
    equal(said(Manager(site, "admin", own=who.site).call("GET", "/" + key))["id"], key)


@test("T-99: a machine can't have manage_service; a role that is taken away, and a service that is switched off, end it at once")
def ends(site):
    who = Manager(site)
    equal(client_credentials(who.site, who.client, scope="manage_service").error, "invalid_scope")
    said(who.call("GET"))
    site.cli("service", "set-role", who.service, who.person.id, "--role", "user")
    refusal(who.call("GET"), 403)
    assert site.cli("service", "set-role", who.service, who.person.id, "--role", "root", check=False) is None
    assert site.cli("service", "set-role", add_service(site), who.person.id, "--role", "owner", check=False) is None
    site.cli("service", "set-role", who.service, who.person.email, "--role", "admin")
    said(who.call("GET"))
    site.cli("service", "disable", who.service)
    one_of(who.call("GET").status, (401, 403))


@test("1.3: the plans of a service in the hands of who manages it: made, listed, changed, removed")
def plans(site):
    who = Manager(site)
    made = said(who.call("POST", data={"name": "Big", "price_cents": 900}, what="plans"), 201)
    equal(sorted(one["name"] for one in said(who.call("GET", what="plans"))["plans"]), ["Big", "Free"])
    equal(said(who.call("PATCH", "/" + made["id"], {"name": "Bigger"}, what="plans"))["name"], "Bigger")
    refusal(who.call("POST", data={"name": "Bigger"}, what="plans"), 400, "DUPLICATE_CONSTRAINT")
    other = Manager(site)
    for method, path, data in (("GET", "", None), ("POST", "", {"name": "X"}), ("PATCH", "/" + made["id"], {"name": "X"}), ("DELETE", "/" + made["id"], None)):
        refusal(other.call(method, path, data, service=who.service, what="plans"), 404)
        if path:
            refusal(other.call(method, path, data, what="plans"), 404)
    equal(who.call("DELETE", "/" + made["id"], what="plans").status, 204)


@test("T-103: an owner's token from another service's application manages nothing here")
def other_application(site):
    who, elsewhere = manager(site), in_service(site)
    client = elsewhere.add_client(scope="openid manage_service")
    token = sign_in(elsewhere, client, who.person, scope="openid manage_service").access
    before = said(who.call("GET"))
    for method, path, body in calls(before["api_keys"][0]["id"] if before["api_keys"] else NOWHERE):
        refusal(who.call(method, path, body, token=token), 404)
    equal(said(who.call("GET")), before, "the keys")


run()
