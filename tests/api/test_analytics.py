#!/usr/bin/env python3
"""A service's numbers are what happened: each test counts what it does and asks for the same."""
import datetime
import time

from kit import *
from signing_in import *

DAY = 86400
METRICS = ("sign_ins", "active_users", "new_users", "tokens", "failures")


class Numbers:
    """A service of its own with a client and a key."""

    def __init__(self, site, permissions="read:analytics"):
        self.site = site
        self.id = site.cli("service", "add", "--name", "Counted")["id"]
        before, site.service = site.service, self.id
        self.client = site.add_client()
        self.machine = site.add_client(grant_types=["client_credentials"], redirect_uris=None, response_types=None)
        site.service = before
        self.key = site.cli("api-key", "add", "--service", self.id, "--name", "numbers", "--permissions", permissions)["key"]

    def get(self, path="", key=None, **query):
        return self.site.web.get("/api/service/analytics" + path, query, headers={"X-API-Key": key or self.key})

    def totals(self):
        answer = self.get()
        equal(answer.status, 200, str(answer))
        return answer.json()

    def series(self, metric, **query):
        answer = self.get("/series", metric=metric, **query)
        equal(answer.status, 200, str(answer))
        return answer.json()

    def today(self, metric, **query):
        """The last point's value (and what providers it has)."""
        point = self.series(metric, **query)["points"][-1]
        return (point["value"], point["providers"]) if query.get("group_by") else point["value"]

    def add(self, at, user="NULL", kind="sign_in", provider="password"):
        """A row of a day gone by."""
        self.site.sql("INSERT INTO sign_ins (id, service_id, user_id, kind, provider, at, expires_at) VALUES (RANDOM_BYTES(16), "
                      f"UNHEX(REPLACE('{self.id}', '-', '')), {user}, '{kind}', '{provider}', {at}, {at + 400 * DAY})")


def refused(answer, status, code):
    equal(answer.status, status, str(answer))
    body = answer.json()
    equal(set(body), {"error", "error_code", "timestamp"}, str(body))
    equal(body["error_code"], code, str(body))
    return body["error"]


def until(what, wanted, seconds=60):
    """Waits for what the housekeeper stores."""
    deadline = time.monotonic() + seconds
    while what() != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    equal(what(), wanted, "in the end")


@test("analytics: the five numbers count members, subscriptions and sign-ins of 30 days, of this service alone")
def totals(site):
    numbers, other = Numbers(site), Numbers(site)
    nothing = {"total_users": 0, "total_subscriptions": 0, "active_subscriptions": 0, "total_logins_30d": 0, "unique_users_30d": 0}
    equal(numbers.totals(), nothing, "before anything happened")
    first, second = site.add_person(), site.add_person()
    for person, times in ((first, 3), (second, 1)):
        for _ in range(times):
            sign_in(site, numbers.client, person)
    browser = signed_in(site, first, numbers.client)  # and once more, by a session that stays
    authorize(site, numbers.client, browser=browser, prompt="none")
    equal(numbers.totals(), {**nothing, "total_users": 2, "total_logins_30d": 6, "unique_users_30d": 2}, "after six sign-ins of two")
    now = int(time.time())
    numbers.add(now - 31 * DAY)
    numbers.add(now - 29 * DAY, "RANDOM_BYTES(16)")
    equal(numbers.totals(), {**nothing, "total_users": 2, "total_logins_30d": 7, "unique_users_30d": 3}, "31 days are too long ago")
    equal(other.totals(), nothing, "another service's")


@test("analytics: subscriptions are counted by what they are")
def subscriptions(site):
    numbers = Numbers(site)
    service = f"UNHEX(REPLACE('{numbers.id}', '-', ''))"
    site.sql(f"INSERT INTO plans (id, service_id, name, features, created_at, updated_at) VALUES (RANDOM_BYTES(16), {service}, 'Counted', '[]', 1, 1)")
    for status in ("active", "active", "cancelled"):
        person = site.add_person()
        sign_in(site, numbers.client, person)
        site.sql(f"INSERT INTO subscriptions (id, service_id, user_id, plan_id, status, current_period_start, current_period_end, created_at, updated_at)"
                 f" SELECT RANDOM_BYTES(16), {service}, UNHEX(REPLACE('{person.id}', '-', '')), id, '{status}', 1, 2, 1, 1 FROM plans"
                 f" WHERE service_id = {service} AND name = 'Counted'")
    said = numbers.totals()
    equal((said["total_users"], said["total_subscriptions"], said["active_subscriptions"]), (3, 3, 2), str(said))


@test("analytics: failed sign-ins on the way to a service count as its failures, by what was tried")
def failures(site):
    numbers = Numbers(site)
    person = site.add_person()
    for _ in range(2):
        browser = site.browser()
        answer = browser.open(AUTHORIZE, request_of(numbers.client))
        fill_login(browser, answer, person, password="wrong wrong wrong")
    equal(numbers.today("failures", group_by="provider"), (2, {"password": 2}), "wrong passwords")
    equal(numbers.today("sign_ins"), 0, "no sign-in")
    equal(site.sql(f"SELECT COUNT(user_id) FROM sign_ins WHERE service_id = UNHEX(REPLACE('{numbers.id}', '-', ''))"), [["0"]], "whose they were")
    equal(numbers.totals()["total_logins_30d"], 0, "failures are no sign-ins")


@test("analytics: tokens are counted in memory and stored by the housekeeper, each answer once")
def tokens(site):
    numbers = Numbers(site)
    for _ in range(7):
        equal(client_credentials(site, numbers.machine).status, 200, "a token")
    equal(client_credentials(site, numbers.machine, scope="nothing:of-the-kind").status, 400, "none")
    until(lambda: numbers.today("tokens"), 7)
    made = sign_in(site, numbers.client, scope="openid offline_access", prompt="consent")
    refresh(site, numbers.client, made.refresh)
    until(lambda: numbers.today("tokens"), 9)
    time.sleep(2.5)
    equal(numbers.today("tokens"), 9, "stored again, counted once")
    equal(site.sql(f"SELECT COUNT(*) < 3 FROM usage_counts WHERE service_id = UNHEX(REPLACE('{numbers.id}', '-', ''))"), [["1"]], "rows: one an hour")


@test("analytics: a series tells each day, who was there, who was new, and by which provider")
def series(site):
    numbers = Numbers(site)
    midnight = int(time.time()) // DAY * DAY
    for day, user, provider in ((1, 1, "password"), (1, 1, "mail"), (1, 2, "password"), (3, 2, "password")):
        numbers.add(midnight - day * DAY + 3600, f"UNHEX(REPEAT('{user:02x}', 16))", provider=provider)
    at = {"from": stamp(midnight - 4 * DAY), "to": stamp(midnight)}
    equal(values(numbers.series("sign_ins", **at)), [0, 1, 0, 3], "sign-ins")
    equal(values(numbers.series("active_users", **at)), [0, 1, 0, 2], "people")
    points = numbers.series("sign_ins", group_by="provider", **at)["points"]
    equal([point["providers"] for point in points], [{}, {"password": 1}, {}, {"mail": 1, "password": 2}], "by provider")
    equal([point["start"] for point in points], [stamp(midnight - day * DAY) for day in (4, 3, 2, 1)], "days of UTC")
    weeks = numbers.series("sign_ins", interval="week", **at)["points"]
    equal(sum(point["value"] for point in weeks), 4, "by week")
    equal({datetime.datetime.fromisoformat(point["start"].replace("Z", "+00:00")).weekday() for point in weeks}, {0}, "weeks begin on Monday")
    equal(sum(values(numbers.series("sign_ins", interval="month", **at))), 4, "by month")
    clipped = numbers.series("sign_ins", **{"from": stamp(midnight - DAY + 3601), "to": stamp(midnight)})
    equal(values(clipped), [0], "before from nothing counts")
    sign_in(site, numbers.client, site.add_person())
    equal(numbers.today("new_users", group_by="provider"), (1, {"grant": 1}), "a new member")
    equal(numbers.today("active_users"), 1, "today")


@test("analytics: days are those of the time zone, also where a day has 23 or 25 hours")
def zones(site):
    numbers = Numbers(site)
    berlin = [datetime.datetime(2026, 3, day, tzinfo=datetime.timezone.utc).timestamp() for day in (28, 29, 30, 31)]
    numbers.add(int(berlin[0]) - 1800)          # 28 March, 00:30 in Berlin
    numbers.add(int(berlin[1]) + 22 * 3600 - 1)  # 29 March, 23:59:59 of a day of 23 hours
    numbers.add(int(berlin[1]) + 22 * 3600)      # 30 March, 00:00
    at = {"from": "2026-03-28T00:00:00+01:00", "to": "2026-03-31T00:00:00+02:00"}
    said = numbers.series("sign_ins", time_zone="Europe/Berlin", **at)
    equal([point["start"] for point in said["points"]], ["2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"], "beginnings")
    equal(values(said), [1, 1, 1], "by day")
    autumn = numbers.series("sign_ins", time_zone="Europe/Berlin", **{"from": "2026-10-24T22:00:00Z", "to": "2026-10-26T23:00:00Z"})
    equal([point["start"] for point in autumn["points"]], ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"], "a day of 25 hours")
    offset = numbers.series("sign_ins", time_zone="+05:30", **at)["points"]
    equal(offset[0]["start"], "2026-03-27T18:30:00Z", "an offset")
    beirut = numbers.series("sign_ins", time_zone="Asia/Beirut", **{"from": "2026-03-28T10:00:00Z", "to": "2026-03-30T10:00:00Z"})["points"]
    equal([point["start"] for point in beirut], ["2026-03-27T22:00:00Z", "2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"], "midnight is left out")
    equal(numbers.series("sign_ins", **at)["points"][0]["start"], "2026-03-27T00:00:00Z", "UTC again, by the same process")


@test("analytics: what isn't offered is refused, with its reason")
def refusals(site):
    numbers = Numbers(site)
    for query in ({}, {"metric": "logins"}, {"metric": "sign_ins", "interval": "year"}, {"metric": "sign_ins", "group_by": "user"},
                  {"metric": "tokens", "group_by": "provider"}, {"metric": "sign_ins", "from": "yesterday"},
                  {"metric": "sign_ins", "from": "2026-01-02T00:00:00Z", "to": "2026-01-02T00:00:00Z"},
                  {"metric": "sign_ins", "from": "2020-01-01T00:00:00Z"},
                  *({"metric": "sign_ins", "time_zone": zone} for zone in ("Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe", "+99:00", "+1:00",
                                                                           "", "Europe/Berlin;", "x" * 300, "zone.tab"))):
        answer = numbers.get("/series", **query)
        if query.get("time_zone") == "":
            equal(answer.status, 200, "an empty parameter is none")
            continue
        refused(answer, 400, "BAD_REQUEST")
    equal(len(numbers.series("sign_ins", **{"from": stamp(time.time() - 399 * DAY)})["points"]) >= 399, True, "the longest range")
    for path in ("", "/series"):
        other = Numbers(site, "read:users")
        assert "read:analytics" in refused(other.get(path, metric="sign_ins"), 403, "FORBIDDEN")
        refused(numbers.get(path, key="sk_live_none", metric="sign_ins"), 401, "UNAUTHORIZED")


@test("analytics: when an account goes, the numbers stay and don't name it")
def gone(site):
    numbers = Numbers(site)
    person = site.add_person()
    browser = site.browser()
    for _ in range(2):
        authorize(site, numbers.client, person, browser, prompt="login")
    named = f"SELECT COUNT(*) FROM sign_ins WHERE user_id = UNHEX(REPLACE('{person.id}', '-', ''))"
    equal(site.sql(named), [["2"]], "named")
    answer = browser.request("DELETE", "/api/public/account", headers={"Origin": site.url})
    equal(answer.status, 200, str(answer))
    equal(site.sql(named), [["0"]], "named when the account is gone")
    said = numbers.totals()
    equal((said["total_users"], said["total_logins_30d"], said["unique_users_30d"]), (0, 2, 1), str(said))


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def values(series):
    return [point["value"] for point in series["points"]]


if DAY - time.time() % DAY < 60:
    time.sleep(60)  # what is counted today is told of today
run(settings={"housekeeping_interval": "1s", "sign_in_limit_per_address": 10000})
