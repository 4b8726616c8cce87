#!/usr/bin/env python3
"""Plans and subscriptions of the service API (contract: service API 1.3), and ours beside them: trials, ends
that were asked for, history, the command line, and what ends by itself."""
import copy
import json
import time
import uuid

import service
from console import console
from kit import *
from together import at_once

PLANS, SUBSCRIPTIONS = "/api/service/plans", "/api/service/subscriptions"
PERMISSIONS = "read:subscriptions write:subscriptions delete:subscriptions"
DAY = 24 * 3600
CONTRACT = ["id", "user_id", "plan_id", "plan_name", "status", "current_period_end"]


class Key(service.Key):
    """A service's key, and what this file does by it."""

    def __init__(self, site, service=None, permissions=PERMISSIONS):
        super().__init__(site, service, permissions)
        self.headers = {"X-API-Key": self.text}

    def on(self, web):
        """The same key on another connection."""
        other = copy.copy(self)
        other.web = web
        return other

    def plan(self, name, **terms):
        return good(self.post(PLANS, {"name": name, **terms}), 201)

    def subscribe(self, user, plan, **more):
        return self.post(SUBSCRIPTIONS, {"user_id": user, "plan_id": plan, **more})

    def change(self, user, data, **headers):
        return self.patch(f"{SUBSCRIPTIONS}/{user}", data, **headers)

    def free(self):
        return good(self.get(PLANS))["plans"][0]["id"]


_keys = {}


def key_of(site, which="own"):
    """A key of the installation's service, or of another service with one member."""
    if which not in _keys:
        service = None if which == "own" else site.cli("service", "add", "--name", "Other")["id"]
        _keys[which] = Key(site, service)
    return _keys[which]


def member(site, service=None):
    """A new person who is linked to the service."""
    person = site.add_person()
    link(site, service or site.service, person.id)
    return person.id


def link(site, service, user):
    site.sql(f"INSERT INTO members (service_id, user_id, created_at) VALUES ({binary(service)}, {binary(user)}, 1)")


def binary(text):
    return f"X'{text.replace('-', '')}'"


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def seconds(text):
    return int(time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))) - time.timezone


def good(answer, status=200):
    equal(answer.status, status, str(answer))
    return answer.json()


def refuses(answer, status, code, word=""):
    equal(answer.status, status, str(answer))
    body = answer.json()
    equal((sorted(body), body["error_code"]), (["error", "error_code", "timestamp"], code), str(answer))
    assert word in body["error"], f"no {word!r} in {body}"
    assert abs(seconds(body["timestamp"]) - time.time()) < 60


def subscribed(site, **more):
    """A member with a subscription to Free: key, user's id, the subscription."""
    key = key_of(site)
    user = member(site)
    return key, user, good(key.subscribe(user, key.free(), **more))


# --- plans ---

@test("a new service has the plan Free, and so has one that was made without")
def free(site):
    key = key_of(site, "other")
    body = good(key.get(PLANS))
    equal(body["total"], 1, str(body))
    plan = body["plans"][0]
    equal(list(plan), ["id", "service_id", "name", "price_cents", "currency", "features", "created_at"], "members")
    equal([plan["service_id"], plan["name"], plan["price_cents"], plan["currency"], plan["features"]],
          [key.service, "Free", 0, "usd", []], "Free")
    old = str(uuid.uuid4())
    site.sql(f"INSERT INTO services (id, name, created_at, updated_at) VALUES ({binary(old)}, 'Old', 1, 1)")
    of_old = Key(site, old)
    bodies = {json.dumps(good(answer)) for answer in at_once(site, 8, lambda web, _: of_old.on(web).get(PLANS))}
    equal(len(bodies), 1, f"answers: {bodies}")
    equal([plan["name"] for plan in json.loads(bodies.pop())["plans"]], ["Free"], "plans of an old service")


@test("plans are made, listed by pages, changed and removed")
def plans(site):
    key = Key(site, site.cli("service", "add", "--name", "Plans")["id"])
    made = key.plan("Pro", price_cents=990, currency="EUR", features=["reports", "größer"])
    equal([made["price_cents"], made["currency"], made["features"]], [990, "eur", ["reports", "größer"]], "as made")
    one = f"{PLANS}/{made['id']}"
    equal(good(key.get(one)), made, "as read")
    equal([plan["name"] for plan in good(key.get(PLANS))["plans"]], ["Free", "Pro"], "order")
    page = good(key.get(PLANS + "?limit=1&offset=1"))
    equal(([plan["name"] for plan in page["plans"]], page["total"]), (["Pro"], 2), "a page")
    changed = good(key.patch(one, {"name": "Pro 2", "features": []}))
    equal(changed, {**made, "name": "Pro 2", "features": []}, "as changed")
    equal(good(key.patch(one, {})), changed, "nothing changed")
    equal(key.delete(one).status, 204, "removal")
    refuses(key.get(one), 404, "NOT_FOUND")
    refuses(key.delete(one), 404, "NOT_FOUND")
    refuses(key.patch(one, {"name": "x"}), 404, "NOT_FOUND")
    refuses(key.get(PLANS + "/x"), 404, "NOT_FOUND")


@test("a plan that can't be is refused: 400 BAD_REQUEST; a name that the service has: 400 DUPLICATE_CONSTRAINT")
def odd_plans(site):
    key = key_of(site)
    for data in ({}, {"name": ""}, {"name": 1}, {"name": "x" * 201}, {"name": "a\u202eb"}, {"name": "P", "price_cents": -1},
                 {"name": "P", "price_cents": 1.5}, {"name": "P", "price_cents": "1"}, {"name": "P", "price_cents": 10**15},
                 {"name": "P", "currency": "euro"}, {"name": "P", "currency": "e1r"}, {"name": "P", "features": "x"},
                 {"name": "P", "features": [1]}, {"name": "P", "features": [""]}, {"name": "P", "features": ["f"] * 101},
                 {"name": "P", "features": ["f" * 190] * 90}):
        refuses(key.post(PLANS, data), 400, "BAD_REQUEST")
    for body in ("", "[]", "{", '{"name":"a","name":"b"}'):
        refuses(key.site.web.request("POST", PLANS, body=body, headers={**key.headers, "Content-Type": "application/json"}),
                400, "BAD_REQUEST")
    refuses(key.site.web.request("POST", PLANS, body="name=x", headers=key.headers), 400, "BAD_REQUEST")
    refuses(key.post(PLANS, {"name": "Free"}), 400, "DUPLICATE_CONSTRAINT")
    plan = key.plan("Once")
    refuses(key.patch(f"{PLANS}/{plan['id']}", {"name": "Free"}), 400, "DUPLICATE_CONSTRAINT")
    equal(good(key_of(site, "other").post(PLANS, {"name": "Once"}), 201)["name"], "Once", "of another service")


@test("a plan that somebody subscribes to isn't removed")
def plan_in_use(site):
    key = key_of(site)
    plan, user = key.plan("In use"), member(site)
    good(key.subscribe(user, plan["id"]))
    refuses(key.delete(f"{PLANS}/{plan['id']}"), 400, "BAD_REQUEST", "subscribes")
    good(key.get(f"{SUBSCRIPTIONS}/{user}"))
    equal(key.delete(f"{SUBSCRIPTIONS}/{user}").status, 204, "removal")
    equal(key.delete(f"{PLANS}/{plan['id']}").status, 204, "removal of the plan")


@test("If-Match on a plan: only who has seen its present state changes it, else 412")
def plan_tags(site):
    key = key_of(site)
    answer = key.post(PLANS, {"name": "Tagged"})
    one, tag = f"{PLANS}/{good(answer, 201)['id']}", answer.header("ETag")
    equal(key.get(one).header("ETag"), tag, "the tag of the same state")
    changed = key.patch(one, {"price_cents": 1}, If_Match=tag)
    equal(good(changed)["price_cents"], 1, "changed")
    refuses(key.patch(one, {"price_cents": 2}, If_Match=tag), 412, "PRECONDITION_FAILED")
    good(key.patch(one, {"price_cents": 3}, If_Match=changed.header("ETag")))


# --- subscriptions ---

@test("a subscription is made with 200, read, changed and removed as the contract has it")
def life(site):
    key = key_of(site)
    user, plan = member(site), key.free()
    before = int(time.time())
    made = good(key.subscribe(user, plan))
    equal(list(made)[:6], CONTRACT, "members")
    equal([made[name] for name in CONTRACT[1:5]], [user, plan, "Free", "active"], "as made")
    end = seconds(made["current_period_end"])
    assert before + 30 * DAY <= end <= time.time() + 30 * DAY, "30 days by default"
    equal([made["trial_end"], made["cancel_at_period_end"], made["cancelled_at"], made["features"]],
          [None, False, None, []], "ours")
    one = f"{SUBSCRIPTIONS}/{user}"
    equal(good(key.get(one)), made, "as read")
    later = rfc3339(before + 90 * DAY)
    changed = good(key.change(user, {"status": "cancelled", "current_period_end": later}))
    equal([changed["status"], changed["current_period_end"]], ["cancelled", later], "as changed")
    assert seconds(changed["cancelled_at"]) >= before
    equal(good(key.change(user, {"status": "active"}))["cancelled_at"], None, "taken back")
    answer = key.delete(one)
    equal((answer.status, answer.body), (204, b""), "removal")
    for method, data in (("GET", None), ("PATCH", {"status": "active"}), ("DELETE", None)):
        refuses(key.call(method, one, data), 404, "NOT_FOUND")
    good(key.subscribe(user, plan, status="expired", current_period_end="2027-01-31T01:00:00+01:00"))
    equal(good(key.get(one))["current_period_end"], "2027-01-31T00:00:00Z", "UTC")


@test("tester 5: a second subscription is 400 DUPLICATE_CONSTRAINT, another service's plan 403, an unknown one 404")
def refused_posts(site):
    key, user, made = subscribed(site)
    refuses(key.subscribe(user, key.free()), 400, "DUPLICATE_CONSTRAINT")
    refuses(key.subscribe(member(site), key_of(site, "other").free()), 403, "FORBIDDEN")
    equal(good(key.get(f"{SUBSCRIPTIONS}/{user}")), made, "the first one")
    for plan in (str(uuid.uuid4()), "x", "Free"):
        refuses(key.subscribe(member(site), plan), 404, "NOT_FOUND")
    for stranger in (site.add_person().id, str(uuid.uuid4()), "x"):
        refuses(key.subscribe(stranger, key.free()), 404, "NOT_FOUND")
        refuses(key.get(f"{SUBSCRIPTIONS}/{stranger}"), 404, "NOT_FOUND")


@test("dates, words and types that can't be are 400, in a POST and in a PATCH, and change nothing")
def odd_members(site):
    key, user, made = subscribed(site)
    other = member(site)
    for more in ({"status": "free"}, {"status": "Active"}, {"status": ""}, {"status": 1}, {"current_period_end": "soon"},
                 {"current_period_end": "2027-02-30T00:00:00Z"}, {"current_period_end": 1800000000},
                 {"current_period_end": "2027-01-01"}, {"current_period_end": "1970-01-01T00:00:00Z"},
                 {"trial_end": "1970-01-01T00:00:00Z"}, {"trial_end": "1970-01-01T02:00:00+02:00"}, {"current_period_end": "9999-12-31T23:59:59-01:00"},
                 {"trial_end": "x"}, {"cancel_at_period_end": "yes"}, {"cancel_at_period_end": 1}):
        refuses(key.subscribe(other, key.free(), **more), 400, "BAD_REQUEST", list(more)[0])
        refuses(key.change(user, more), 400, "BAD_REQUEST", list(more)[0])
    for data in ({}, {"user_id": other}, {"plan_id": key.free()}, {"user_id": 1, "plan_id": key.free()}):
        refuses(key.post(SUBSCRIPTIONS, data), 400, "BAD_REQUEST")
    refuses(key.change(user, {"plan_id": key.free()}), 400, "BAD_REQUEST", "plan_id")
    equal(good(key.change(user, {})), made, "a PATCH of nothing")
    equal(good(key.get(f"{SUBSCRIPTIONS}/{user}")), made, "the subscription")
    refuses(key.get(f"{SUBSCRIPTIONS}/{other}"), 404, "NOT_FOUND")


@test("lists: by status and plan, by pages; limit is clamped to 100, odd numbers are refused")
def lists(site):
    key = Key(site, site.cli("service", "add", "--name", "Lists")["id"])
    plan = key.plan("Second")["id"]
    words = ["active", "active", "cancelled", "expired", "trialing"]
    users = [member(site, key.service) for _ in words]
    for user, word in zip(users, words):
        good(key.subscribe(user, plan if word == "active" else key.free(), status=word))
    body = good(key.get(SUBSCRIPTIONS))
    equal([row["user_id"] for row in body["subscriptions"]], users, "all, in their order")
    equal(body["total"], 5, "total")
    for query, wanted in (("status=active", 2), ("status=cancelled", 1), ("status=trialing", 1), (f"plan_id={plan}", 2),
                          (f"plan_id={plan}&status=expired", 0)):
        body = good(key.get(f"{SUBSCRIPTIONS}?{query}"))
        equal((len(body["subscriptions"]), body["total"]), (wanted, wanted), query)
    body = good(key.get(SUBSCRIPTIONS + "?limit=2&offset=3"))
    equal(([row["user_id"] for row in body["subscriptions"]], body["total"]), (users[3:], 5), "a page")
    equal(len(good(key.get(SUBSCRIPTIONS + "?limit=1000"))["subscriptions"]), 5, "a large limit")
    for query in ("limit=x", "offset=-1", "offset=1.5", "status=free", "plan_id=x"):
        refuses(key.get(f"{SUBSCRIPTIONS}?{query}"), 400, "BAD_REQUEST")


@test("a list of many gives 100 at most")
def long_list(site):
    key = Key(site, site.cli("service", "add", "--name", "Many")["id"])
    user, plan = member(site, key.service), key.free()
    good(key.subscribe(user, plan))
    site.sql("SET foreign_key_checks = 0; INSERT INTO subscriptions (id, service_id, user_id, plan_id, status, "
             "current_period_start, current_period_end, created_at, updated_at) SELECT UNHEX(MD5(seq)), "
             f"{binary(key.service)}, UNHEX(MD5(seq)), {binary(plan)}, 'active', 1, 1, seq, 1 FROM seq_1_to_150")
    body = good(key.get(SUBSCRIPTIONS + "?limit=1000"))
    equal((len(body["subscriptions"]), body["total"]), (100, 151), "one page of all")
    site.sql(f"SET foreign_key_checks = 0; DELETE FROM subscriptions WHERE service_id = {binary(key.service)}")


# --- who may ---

@test("no key, a wrong one: 401; a key without the permission: 403, which names it; on every endpoint")
def keys(site):
    key, user, _ = subscribed(site)
    reader, writer = Key(site, permissions="read:users"), Key(site, permissions="write:subscriptions")
    one, plan = f"{SUBSCRIPTIONS}/{user}", f"{PLANS}/{key.free()}"
    for method, path, permission in (
            ("GET", PLANS, "read"), ("POST", PLANS, "write"), ("GET", plan, "read"), ("PATCH", plan, "write"),
            ("DELETE", plan, "delete"), ("GET", SUBSCRIPTIONS, "read"), ("POST", SUBSCRIPTIONS, "write"),
            ("GET", one, "read"), ("PATCH", one, "write"), ("DELETE", one, "delete"), ("GET", one + "/history", "read")):
        data = {} if method in ("POST", "PATCH") else None
        refuses(site.web.request(method, path, data=data), 401, "UNAUTHORIZED")
        refuses(site.web.request(method, path, data=data, headers={"X-API-Key": "sk_live_x"}), 401, "UNAUTHORIZED")
        refuses(reader.call(method, path, data), 403, "FORBIDDEN", f"{permission}:subscriptions")
        if permission != "write":
            refuses(writer.call(method, path, data), 403, "FORBIDDEN", f"{permission}:subscriptions")
    good(key.get(one))


@test("another service's key sees nothing of a subscription or plan, and changes nothing")
def other_service(site):
    key, user, made = subscribed(site)
    stranger = key_of(site, "other")
    one, plan = f"{SUBSCRIPTIONS}/{user}", f"{PLANS}/{key.plan('Mine')['id']}"
    for method, path in (("GET", one), ("PATCH", one), ("DELETE", one), ("GET", one + "/history"), ("GET", plan),
                         ("PATCH", plan), ("DELETE", plan)):
        data = {"name": "Stolen", "status": "expired"} if method == "PATCH" else None
        refuses(stranger.call(method, path, data), 404, "NOT_FOUND")
    refuses(stranger.subscribe(user, stranger.free()), 404, "NOT_FOUND")
    equal(good(stranger.get(SUBSCRIPTIONS))["total"], 0, "its list")
    equal(good(stranger.get(f"{SUBSCRIPTIONS}?plan_id={made['plan_id']}"))["total"], 0, "its list by the other's plan")
    equal(good(key.get(one)), made, "the subscription")
    equal(good(key.get(plan))["name"], "Mine", "the plan")
    # one person, two services: each has its own
    link(site, stranger.service, user)
    good(stranger.subscribe(user, stranger.free(), status="expired"))
    equal(good(key.get(one)), made, "the subscription beside it")
    equal(stranger.delete(one).status, 204, "removal")
    equal(good(key.get(one)), made, "the subscription that stays")


# --- at once ---

@test("16 POSTs at once for one member give one subscription, and one entry of history")
def parallel_posts(site):
    key = key_of(site)
    user, plan = member(site), key.free()
    data = {"user_id": user, "plan_id": plan}
    answers = at_once(site, 16, lambda web, _: key.on(web).post(SUBSCRIPTIONS, data))
    made = [answer for answer in answers if answer.status == 200]
    equal(len(made), 1, f"made: {[answer.status for answer in answers]}")
    for answer in answers:
        if answer.status != 200:
            refuses(answer, 400, "DUPLICATE_CONSTRAINT")
    equal(len(good(key.get(f"{SUBSCRIPTIONS}/{user}/history"))["history"]), 1, "entries")


@test("Idempotency-Key: a POST that is sent again is answered as the first time; another under its key is refused")
def idempotency(site):
    key = key_of(site)
    user, plan = member(site), key.free()
    first = key.post(SUBSCRIPTIONS, {"user_id": user, "plan_id": plan}, Idempotency_Key="sub-1")
    again = key.post(SUBSCRIPTIONS, {"user_id": user, "plan_id": plan}, Idempotency_Key="sub-1")
    equal(good(again), good(first), "the answer")
    refuses(key.post(SUBSCRIPTIONS, {"user_id": member(site), "plan_id": plan}, Idempotency_Key="sub-1"),
            422, "IDEMPOTENCY_KEY_REUSED")
    refuses(key.subscribe(user, plan), 400, "DUPLICATE_CONSTRAINT")


@test("If-Match: only who has seen the present state changes it, else 412; of 8 at once with one tag one does")
def tags(site):
    key, user, _ = subscribed(site)
    one = f"{SUBSCRIPTIONS}/{user}"
    tag = key.get(one).header("ETag")
    changed = key.change(user, {"status": "cancelled"}, If_Match=tag)
    good(changed)
    assert changed.header("ETag") not in (None, tag)
    refuses(key.change(user, {"status": "active"}, If_Match=tag), 412, "PRECONDITION_FAILED")
    refuses(key.change(user, {"status": "active"}, If_Match="W/" + changed.header("ETag")), 412, "PRECONDITION_FAILED")
    equal(good(key.get(one))["status"], "cancelled", "status")
    same = key.change(user, {"status": "cancelled"}, If_Match=f'"x", {changed.header("ETag")}')
    equal((good(same)["status"], same.header("ETag")), ("cancelled", changed.header("ETag")), "nothing changed, same tag")
    good(key.change(user, {"status": "expired"}, If_Match="*"))
    tag = key.get(one).header("ETag")
    answers = at_once(site, 8, lambda web, i: key.on(web).patch(
        one, {"current_period_end": rfc3339(time.time() + (i + 1) * DAY)}, If_Match=tag))
    equal(sorted(answer.status for answer in answers), [200] + [412] * 7, "answers")
    # a new one in its place isn't the one that was seen
    tag = key.get(one).header("ETag")
    equal(key.delete(one).status, 204, "removal")
    good(key.subscribe(user, key.free()))
    refuses(key.change(user, {"status": "expired"}, If_Match=tag), 412, "PRECONDITION_FAILED")


# --- what is told of it ---

@test("history: who changed what, newest first, also behind a removal; webhooks are told in the same transaction")
def history(site):
    key = key_of(site)
    user, plan = member(site), key.free()
    site.sql("INSERT INTO webhooks (id, service_id, url, events, secret_sealed, created_at, updated_at) VALUES "
             f"({binary(str(uuid.uuid4()))}, {binary(site.service)}, 'https://hooks.example/', "
             "'subscription.created,subscription.updated,subscription.deleted', 'x', 1, 1)")
    path = f"{SUBSCRIPTIONS}/{user}/history"
    equal(good(key.get(path)), {"history": []}, "before")
    good(key.subscribe(user, plan))
    good(key.change(user, {"status": "cancelled"}))
    good(key.change(user, {"status": "cancelled"}))
    refuses(key.change(user, {"status": "x"}), 400, "BAD_REQUEST")
    refuses(key.subscribe(user, plan), 400, "DUPLICATE_CONSTRAINT")
    equal(key.delete(f"{SUBSCRIPTIONS}/{user}").status, 204, "removal")
    entries = good(key.get(path))["history"]
    equal([(entry["type"], entry["actor"], entry["subscription"]["status"]) for entry in entries],
          [("subscription.deleted", f"api_key:{key.id}", "cancelled"),
           ("subscription.updated", f"api_key:{key.id}", "cancelled"),
           ("subscription.created", f"api_key:{key.id}", "active")], "entries")
    assert abs(seconds(entries[0]["at"]) - time.time()) < 60
    equal(good(key.get(path + "?limit=1&offset=1"))["history"], entries[1:2], "a page")
    told = site.sql(f"SELECT event, payload FROM webhook_deliveries WHERE payload LIKE '%{user}%' ORDER BY id")
    equal(sorted(row[0] for row in told), ["subscription.created", "subscription.deleted", "subscription.updated"], "told")
    payload = json.loads(told[0][1])
    equal((payload["type"], payload["data"]["user_id"]), (told[0][0], user), "payload")
    refuses(key.get(f"{SUBSCRIPTIONS}/{site.add_person().id}/history"), 404, "NOT_FOUND")
    site.sql("DELETE FROM webhooks")


@test("a membership that ends takes its subscription along, and that is told too")
def ended_membership(site):
    key, user, made = subscribed(site)
    users = Key(site, permissions="delete:users")
    equal(users.delete(f"/api/service/users/{user}").status, 204, "removal of the member")
    refuses(key.get(f"{SUBSCRIPTIONS}/{user}"), 404, "NOT_FOUND")
    refuses(key.get(f"{SUBSCRIPTIONS}/{user}/history"), 404, "NOT_FOUND")
    link(site, site.service, user)
    entry = good(key.get(f"{SUBSCRIPTIONS}/{user}/history"))["history"][0]
    equal((entry["type"], entry["actor"], entry["subscription"]["id"]),
          ("subscription.deleted", f"api_key:{users.id}", made["id"]), "the last entry")


# --- trials and ends ---

@test("a trial: trial_end without a status makes it trialing; null takes it away")
def trials(site):
    end = rfc3339(time.time() + 7 * DAY)
    key, user, made = subscribed(site, trial_end=end)
    equal([made["status"], made["trial_end"]], ["trialing", end], "a trial")
    changed = good(key.change(user, {"status": "active", "trial_end": None}))
    equal([changed["status"], changed["trial_end"]], ["active", None], "no trial")
    equal(subscribed(site, trial_end=end, status="active")[2]["status"], "active", "the status that was given")


@test("a period that is over begins anew when the subscription becomes active again")
def renewal(site):
    key, user, _ = subscribed(site, current_period_end=rfc3339(time.time() - DAY))
    changed = good(key.change(user, {"status": "active"}))
    assert abs(seconds(changed["current_period_end"]) - time.time() - 30 * DAY) < 60, changed
    assert abs(seconds(changed["current_period_start"]) - time.time()) < 60, changed


def over(site, user):
    """Moves the times of a subscription into the past."""
    site.sql("UPDATE subscriptions SET current_period_end = current_period_end - 100 * 86400, ends_at = ends_at - 100 * 86400, "
             f"trial_end = IF(trial_end > 0, trial_end - 100 * 86400, 0) WHERE user_id = {binary(user)} AND ends_at > 0")


def housekeep(site):
    site.cli("housekeep")


@test("what ends by itself: expired when period or trial is over, cancelled where that was asked for, each told once")
def ends(site):
    cases = [({}, "expired"), ({"cancel_at_period_end": True}, "cancelled"),
             ({"trial_end": rfc3339(time.time() + DAY)}, "expired"),
             ({"trial_end": rfc3339(time.time() + DAY), "cancel_at_period_end": True}, "cancelled"),
             ({"status": "trialing"}, "expired")]
    made = [(subscribed(site, **more), wanted) for more, wanted in cases]
    key, lasting, _ = subscribed(site)
    for (_, user, _), _ in made:
        over(site, user)
    housekeep(site)
    housekeep(site)
    for (_, user, before), wanted in made:
        now = good(key.get(f"{SUBSCRIPTIONS}/{user}"))
        equal((now["status"], now["cancelled_at"] is not None), (wanted, wanted == "cancelled"), str(before))
        entries = good(key.get(f"{SUBSCRIPTIONS}/{user}/history"))["history"]
        equal([(entry["type"], entry["actor"]) for entry in entries],
              [("subscription.updated", "housekeeper"), ("subscription.created", f"api_key:{key.id}")], "entries")
        equal(entries[0]["subscription"]["status"], wanted, "as told")
    equal(good(key.get(f"{SUBSCRIPTIONS}/{lasting}"))["status"], "active", "one that lasts")
    equal(len(good(key.get(f"{SUBSCRIPTIONS}/{lasting}/history"))["history"]), 1, "entries of one that lasts")


def status_of(key, user):
    return good(key.get(f"{SUBSCRIPTIONS}/{user}"))["status"]


@test("at its end a subscription has ended, wherever it is told, before the housekeeper has looked: service and user API, lists, counts, claims, command line, console")
def told_at_the_end(site):
    service = site.cli("service", "add", "--name", "Ending")["id"]
    key = Key(site, service, PERMISSIONS + " read:analytics")
    before, site.service = site.service, service
    client = site.add_client(scope="openid subscription")
    site.service = before
    free, words = key.free(), {}
    people = [site.add_person() for _ in range(4)]
    terms = [{}, {"cancel_at_period_end": True}, {"trial_end": rfc3339(time.time() + DAY), "current_period_end": rfc3339(time.time() + 90 * DAY)}, {}]
    for person, more in zip(people, terms):
        link(site, service, person.id)
        good(key.subscribe(person.id, free, **more))
    plain, leaving, trying, lasting = people
    tokens = sign_in(site, client, plain, scope="openid subscription")
    equal(userinfo(site, tokens.access).json()["subscription"]["status"], "active", "userinfo before")
    tag = key.get(f"{SUBSCRIPTIONS}/{plain.id}").header("ETag")
    for person in people[:3]:
        over(site, person.id)
    wanted = {plain.id: "expired", leaving.id: "cancelled", trying.id: "expired", lasting.id: "active"}
    read = {user: key.get(f"{SUBSCRIPTIONS}/{user}") for user in wanted}
    equal({user: good(answer)["status"] for user, answer in read.items()}, wanted, "each")
    left = good(read[leaving.id])
    equal(left["cancelled_at"], left["current_period_end"], "cancelled when it ended")
    equal({row["user_id"]: row["status"] for row in good(key.get(SUBSCRIPTIONS))["subscriptions"]}, wanted, "the list of all")
    for word in ("active", "trialing", "cancelled", "expired"):
        body = good(key.get(f"{SUBSCRIPTIONS}?status={word}&plan_id={free}"))
        users = [user for user, status in wanted.items() if status == word]
        equal(([row["user_id"] for row in body["subscriptions"]], body["total"]), (users, len(users)), word)
        equal([row["status"] for row in body["subscriptions"]], [word] * len(users), word)
        words[word] = body
    page = good(key.get(f"{SUBSCRIPTIONS}?status=expired&limit=1&offset=1"))
    equal(([row["user_id"] for row in page["subscriptions"]], page["total"]), ([trying.id], 2), "a page")
    numbers = good(key.get("/api/service/analytics"))
    equal((numbers["total_subscriptions"], numbers["active_subscriptions"]), (4, 1), "numbers")
    equal(userinfo(site, tokens.access).json()["subscription"]["status"], "expired", "userinfo")
    again = sign_in(site, client, plain, scope="openid subscription")
    equal(again.id_claims["subscription"]["status"], "expired", "ID token")
    mine = site.web.get("/api/subscription", headers={"Authorization": f"Bearer {again.access}"})
    equal(good(mine), good(read[plain.id]), "the user API")
    equal(site.cli("subscription", "show", leaving.id, "--service", service)["status"], "cancelled", "command line")
    listed = site.cli("subscription", "list", "--service", service, "--status", "expired")
    equal([row["user_id"] for row in listed], [plain.id, trying.id], "listed by the command line")
    theirs = console(site).get(f"/admin/services/{service}/subscriptions/{plain.id}").page().text
    assert "Expired" in theirs or "expired" in theirs, theirs
    # what the housekeeper then writes is what was told
    housekeep(site)
    for user, answer in read.items():
        now = key.get(f"{SUBSCRIPTIONS}/{user}")
        equal((good(now), now.header("ETag")), (good(answer), answer.header("ETag")), "behind the sweep")
    for word, body in words.items():
        equal(good(key.get(f"{SUBSCRIPTIONS}?status={word}&plan_id={free}")), body, word)
    refuses(key.change(plain.id, {"status": "active"}, If_Match=tag), 412, "PRECONDITION_FAILED")


@test("a change, a removal and a new end behind an end that nobody wrote down yet find it ended, and its history says so first")
def changed_at_the_end(site):
    key, user, _ = subscribed(site)
    path = f"{SUBSCRIPTIONS}/{user}/history"
    told = lambda: [(entry["type"].split(".")[1], entry["actor"].split(":")[0], entry["subscription"]["status"])
                    for entry in good(key.get(path))["history"]][::-1]
    tag = key.get(f"{SUBSCRIPTIONS}/{user}").header("ETag")
    over(site, user)
    refuses(key.change(user, {"current_period_end": rfc3339(time.time() + DAY)}, If_Match=tag), 412, "PRECONDITION_FAILED")
    changed = good(key.change(user, {"current_period_end": rfc3339(time.time() + DAY)}))
    equal(changed["status"], "expired", "a later end alone revives nothing")
    ended = ("updated", "housekeeper", "expired")
    equal(told(), [("created", "api_key", "active"), ended, ("updated", "api_key", "expired")], "history")
    equal(good(key.change(user, {"status": "active"}))["status"], "active", "begun anew")
    over(site, user)
    equal(key.delete(f"{SUBSCRIPTIONS}/{user}").status, 204, "removal")
    equal(told()[3:], [("updated", "api_key", "active"), ended, ("deleted", "api_key", "expired")], "history of the removal")
    past = rfc3339(time.time() - DAY)
    equal(good(key.subscribe(user, key.free(), current_period_end=past))["status"], "expired", "made with an end that is over")
    equal(good(key.change(user, {"status": "active"}))["status"], "active", "begun anew")
    shortened = good(key.change(user, {"current_period_end": past, "cancel_at_period_end": True}))
    equal((shortened["status"], status_of(key, user)), ("cancelled", "cancelled"), "changed to an end that is over")
    housekeep(site)
    equal(good(key.get(f"{SUBSCRIPTIONS}/{user}")), shortened, "behind the sweep")
    equal([status for _, _, status in told()[6:]], ["expired", "active", "cancelled"], "each told once")


@test("a subscription is active until the second of its end, and expired from then on")
def the_second(site):
    end = int(time.time()) + 4
    key, user, made = subscribed(site, current_period_end=rfc3339(end))
    equal(made["status"], "active", "before")
    seen = []
    while time.time() < end + 1.5:
        before, status, after = time.time(), status_of(key, user), time.time()
        if after < end or before >= end:
            seen.append(("active" if after < end else "expired", status))
        time.sleep(0.02)
    equal([wanted for wanted, _ in seen], [status for _, status in seen], "as seen")


@test("of several housekeepers at once one ends a subscription; more than a batch end in one go")
def many_ends(site):
    key = key_of(site)
    users = [member(site) for _ in range(3)]
    for user in users:
        good(key.subscribe(user, key.free()))
        over(site, user)
    site.sql("SET foreign_key_checks = 0; INSERT INTO subscriptions (id, service_id, user_id, plan_id, status, "
             "current_period_start, current_period_end, ends_at, created_at, updated_at) SELECT UNHEX(MD5(seq)), "
             f"{binary(site.service)}, UNHEX(MD5(seq)), {binary(key.free())}, 'active', 1, 1, 1, 1, 1 FROM seq_1_to_70")
    at_once(site, 4, lambda web, _: housekeep(site) or True)
    equal(site.sql("SELECT COUNT(*) FROM subscriptions WHERE ends_at BETWEEN 1 AND UNIX_TIMESTAMP()"), [["0"]], "left")
    equal(site.sql("SELECT COUNT(*), COUNT(DISTINCT subject) FROM history WHERE actor = 'housekeeper' AND subject IN "
                   f"({', '.join(repr(user) for user in users)})"), [["3", "3"]], "told")
    equal(site.sql("SELECT COUNT(*) FROM subscriptions WHERE current_period_end = 1 AND status = 'expired'"), [["70"]], "many")
    site.sql("DELETE FROM subscriptions WHERE current_period_end = 1")


@test("the housekeeper process ends them too, on an installation where nobody asks for anything")
def by_the_process(site):
    key, user, _ = subscribed(site, current_period_end=rfc3339(time.time() + 3))
    deadline = time.time() + 30
    while site.sql(f"SELECT status FROM subscriptions WHERE user_id = {binary(user)}") == [["active"]]:
        assert time.time() < deadline, "it never ended"
        time.sleep(0.5)
    equal(good(key.get(f"{SUBSCRIPTIONS}/{user}/history"))["history"][0]["actor"], "housekeeper", "written down by")
    equal(good(key.get(f"{SUBSCRIPTIONS}/{user}"))["status"], "expired", "status")


# --- the command line ---

@test("doorward plan and doorward subscription do the same from the command line")
def command_line(site):
    service, key = ["--service", site.service], key_of(site)
    plan = site.cli("plan", "add", *service, "--name", "By hand", "--price-cents", "500", "--features", "one, two")
    equal((plan["price_cents"], plan["features"]), (500, ["one", "two"]), "plan")
    assert plan in site.cli("plan", "list", *service)
    person = site.add_person()
    assert site.cli("subscription", "set", person.email, *service, "--plan", plan["id"], check=False) is None
    link(site, site.service, person.id)
    made = site.cli("subscription", "set", person.email, *service, "--plan", plan["id"], "--cancel-at-period-end", "yes")
    equal((made["plan_name"], made["cancel_at_period_end"]), ("By hand", True), "made")
    equal(site.cli("subscription", "show", person.id, *service), made, "shown")
    equal(good(key.get(f"{SUBSCRIPTIONS}/{person.id}")), made, "by the API")
    assert made in site.cli("subscription", "list", *service, "--plan", plan["id"])
    assert site.cli("plan", "remove", plan["id"], *service, check=False) is None
    changed = site.cli("subscription", "set", person.id, *service, "--plan", key.free(), "--status", "cancelled",
                       "--trial-end", "none", "--period-end", "2030-01-01T00:00:00Z")
    equal((changed["plan_name"], changed["status"], changed["current_period_end"]),
          ("Free", "cancelled", "2030-01-01T00:00:00Z"), "changed")
    equal(site.cli("plan", "remove", plan["id"], *service)["status"], "removed", "removal")
    actors = {entry["actor"] for entry in good(key.get(f"{SUBSCRIPTIONS}/{person.id}/history"))["history"]}
    equal(actors, {"cli"}, "actors")


run(settings={"housekeeping_interval": "1s"}, workers=4)
