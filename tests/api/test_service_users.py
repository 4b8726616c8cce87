#!/usr/bin/env python3
"""The service API: a service's members and what it says of itself, by API key (contract: service API 1.1 to 1.3)."""
import re
import threading
import time
import uuid

from kit import *
from script import Script, token_of
from service import *

ENDPOINTS = (("GET", "users", "read:users"), ("POST", "users", "write:users"), ("GET", "users/{id}", "read:users"),
             ("PATCH", "users/{id}", "write:users"), ("DELETE", "users/{id}", "delete:users"), ("GET", "info", "read:service"),
             ("PATCH", "info", "write:service"))
BODIES = {"POST": {"email": "somebody@members.example"}, "PATCH": {}}


def add(key, email=None, status=201, **more):
    """A member; the body that told of it."""
    body = said(key.post("users", {"email": email or new_address(), **more}), status)
    assert {"id", "email", "created_at"} <= set(body), body
    assert str(uuid.UUID(body["id"])) == body["id"] and TIME.match(body["created_at"]), body
    return body


# --- keys ---

@test("1.6.1: no key, a malformed, unknown, expired or revoked one is 401 at each endpoint, and says nothing more")
def keys_refused(site):
    ended = Key(site)
    site.cli("api-key", "revoke", ended.id)
    expired = Key(site)
    site.sql(f"UPDATE api_keys SET expires_at = UNIX_TIMESTAMP() - 1 WHERE id = UNHEX(REPLACE('{expired.id}', '-', ''))")
    good = Key(site)
    unknown = good.text[:-1] + ("0" if good.text[-1] != "0" else "1")
    texts = ("", "x", "sk_", "sk__", "sk_live_", "sk_live", "Bearer " + good.text, good.text + "0", good.text[:-1], unknown, "sk_live_'--", "sk_a_" + "b" * 300)
    user = add(good)["id"]
    for method, path, _ in ENDPOINTS:
        equal(Key(site, text="x").call(method, path, BODIES.get(method)).header("WWW-Authenticate"), 'ApiKey realm="Doorward"', "the challenge")
        bodies = [refusal(Key(site, text=text).call(method, path.replace("{id}", user), BODIES.get(method)), 401) for text in texts]
        bodies += [refusal(key.call(method, path.replace("{id}", user), BODIES.get(method)), 401) for key in (ended, expired)]
        equal(len({body["error"] for body in bodies}), 1, "different words")
    said(good.get(f"users/{user}"), 200)


@test("1.6.1: a key without the permission is 403 at each endpoint, which names it; with it alone it passes")
def permissions(site):
    full = Key(site)
    for method, path, permission in ENDPOINTS:
        path = path.replace("{id}", add(full)["id"])
        without = Key(site, permissions=" ".join(word for word in ALL.split() if word != permission))
        body = refusal(without.call(method, path, BODIES.get(method)), 403)
        assert permission in body["error"], body
        one_of(Key(site, permissions=permission).call(method, path, BODIES.get(method)).status, (200, 201, 204), f"{method} {path}")


@test("a key of a service that is switched off is 403 ORGANIZATION_NOT_ACTIVE, at once, and works again when it is on")
def service_disabled(site):
    key = Key(site, add_service(site))
    said(key.get("users"), 200)
    site.cli("service", "disable", key.service)
    refusal(key.get("users"), 403, "ORGANIZATION_NOT_ACTIVE")
    site.cli("service", "enable", key.service)
    said(key.get("users"), 200)


@test("a key that was used is refused from the next request on when it is revoked (T-107)")
def revoked_at_once(site):
    key = Key(site)
    said(key.get("users"), 200)
    site.cli("api-key", "revoke", key.id)
    refusal(key.get("users"), 401)


@test("a key with addresses works from them alone, IPv4 and ranges")
def addresses(site):
    for addresses, status in (("192.0.2.0/24", 403), ("2001:db8::/32 192.0.2.7", 403), ("127.0.0.0/8", 200), ("192.0.2.1 127.0.0.1", 200),
                              ("127.0.0.0/31", 200), ("127.0.0.2", 403), ("0.0.0.0/0", 200), ("::/0", 200), ("::1", 403)):
        key = Key(site, addresses=addresses)
        equal(key.get("users").status, status, addresses)


@test("a hot read costs no write and one statement for its data: last_used_at moves once a minute")
def last_used(site):
    key = Key(site)
    row = f"SELECT last_used_at FROM api_keys WHERE id = UNHEX(REPLACE('{key.id}', '-', ''))"
    equal(site.sql(row), [["0"]], "before its use")
    said(key.get("info"), 200)
    used = int(site.sql(row)[0][0])
    assert used > 0
    site.sql(f"UPDATE api_keys SET last_used_at = {used - 30} WHERE id = UNHEX(REPLACE('{key.id}', '-', ''))")
    for _ in range(10):
        said(key.get("info"), 200)
    equal(site.sql(row), [[str(used - 30)]], "written within the minute")


# --- members ---

@test("1.6.2: POST users makes a member: 201; the same address again, in any spelling: 200 with the same id")
def provision(site):
    key, email = Key(site), new_address()
    first = add(key, email)
    equal(set(first), {"id", "email", "created_at"}, "members of a User")
    for again in (email, email.upper(), email.capitalize()):
        equal(said(key.post("users", {"email": again}), 200), first, again)
    equal(said(key.get(f"users/{first['id']}"), 200), first, "GET")
    row = site.sql(f"SELECT email_verified, password_hash, name FROM users WHERE email_key = '{email}'")
    equal(row, [["0", "NULL", email.split("@")[0]]], "the user")
    equal(site.sql(f"SELECT linked_by FROM members JOIN users ON id = user_id WHERE users.email_key = '{email}'"), [["service_api"]], "the link")


@test("POST users links somebody who is there already, as they are; a name is for who is made alone")
def link(site):
    key, person = Key(site, add_service(site)), site.add_person()
    body = add(key, person.email, name="Somebody Else")
    equal(body["id"], person.id, "id")
    equal(site.sql(f"SELECT name FROM users WHERE email_key = '{person.email}'"), [[person.name]], "the name")
    email = new_address()
    add(key, email, name="Zoë Ünal")
    equal(site.sql(f"SELECT name FROM users WHERE email_key = '{email}'"), [["Zoë Ünal"]], "the name")


@test("POST users: nobody is made with more than 64 bytes before the @, and who has such an address already comes in with it")
def long_local_part(site):
    key, person = Key(site), site.add_person()
    longer = f"{new_address().split('@')[0]:x<65}@members.example"
    assert "64 bytes" in refusal(key.post("users", {"email": longer}), 400)["error"], "the reason"
    site.sql(f"UPDATE users SET email = '{longer}', email_key = '{longer}' WHERE email_key = '{person.email}'")
    equal(add(key, longer)["id"], person.id, "in the service")
    equal([one["id"] for one in said(key.get(f"users?email={longer}"), 200)["users"]], [person.id], "found")
    add(key, longer[1:])


@test("POST users: every wrong body is 400 BAD_REQUEST, and makes nobody")
def wrong_bodies(site):
    key = Key(site)
    before = site.sql("SELECT COUNT(*) FROM users")
    for body in ({}, {"email": ""}, {"email": None}, {"email": 5}, {"email": ["a@b.example"]}, {"email": "nobody"}, {"email": "a@b@c"}, {"email": "@"},
                 {"email": "a b@c.example"}, {"email": "x" * 300 + "@y.example"}, {"email": "x" * 65 + "@y.example"}, {"email": "x" * 65 + "@y.example", "invite": True},
                 {"email": "ok@members.example", "invite": "yes"},
                 {"email": "ok@members.example", "name": 5}, {"email": "ok@members.example", "name": "\u202eevil"}, {"email": "ok@members.example", "name": ""}):
        refusal(key.post("users", body), 400)
    for body, kind in ((b"{", "application/json"), (b"[]", "application/json"), (b'"x"', "application/json"), (b"", "application/json"), (b"", None),
                       (b'{"email":"ok@members.example"}', "text/plain"), (b'{"email":"ok@members.example"}', None), (b"email=ok%40members.example", "application/x-www-form-urlencoded"),
                       (b'{"email":"ok@members.example","email":"x@members.example"}', "application/json")):
        headers = {"X-API-Key": key.text, **({"Content-Type": kind} if kind else {})}
        refusal(site.web.request("POST", "/api/service/users", body=body, headers=headers), 400)
    equal(site.sql("SELECT COUNT(*) FROM users"), before, "users")


@test("GET users/ID: 404 for unknown ids, what is no id, and users of other services alone")
def not_found(site):
    key, other = Key(site, add_service(site)), Key(site, add_service(site))
    theirs = add(other)["id"]
    stranger = site.add_person().id
    for user in (str(uuid.uuid4()), "x", "0", theirs.upper(), theirs, stranger, "%20", "%25", "a'b"):
        for method in ("GET", "PATCH", "DELETE"):
            refusal(key.call(method, f"users/{user}", BODIES.get(method)), 404)
    said(other.get(f"users/{theirs}"), 200)


@test("1.6.3: PATCH users: any email is 403 FORBIDDEN and changes nothing; without one the user comes back")
def patch(site):
    key = Key(site)
    user = add(key)
    for value in (new_address(), user["email"], None, 5, ""):
        refusal(key.patch(f"users/{user['id']}", {"email": value}), 403)
    for body in ({}, {"name": "Somebody"}, {"id": "x", "created_at": "2020-01-01T00:00:00Z"}):
        equal(said(key.patch(f"users/{user['id']}", body), 200), user, str(body))
    equal(said(key.patch(f"users/{user['id']}"), 200), user, "no body")
    equal(said(key.patch("info"), 200), said(key.get("info"), 200), "no body")
    refusal(key.patch(f"users/{user['id']}", [1]), 400)


@test("1.6.4: DELETE users takes the link and the subscription, and nothing else; the person still signs in")
def remove(site):
    key, other, person = Key(site, add_service(site)), Key(site, add_service(site)), site.add_person()
    add(key, person.email), add(other, person.email)
    binary = f"UNHEX(REPLACE('{key.service}', '-', ''))"
    site.sql(f"INSERT INTO plans (id, service_id, name, features, created_at, updated_at) VALUES (UNHEX(MD5('{key.service}')), {binary}, 'P', '[]', 1, 1)")
    site.sql("INSERT INTO subscriptions (id, service_id, user_id, plan_id, status, current_period_start, current_period_end, created_at, updated_at) SELECT "
             f"UNHEX(MD5('s{key.service}')), {binary}, id, UNHEX(MD5('{key.service}')), 'active', 1, 2, 1, 1 FROM users WHERE email_key = '{person.email}'")
    equal(key.delete(f"users/{person.id}").status, 204, "DELETE")
    refusal(key.get(f"users/{person.id}"), 404)
    refusal(key.delete(f"users/{person.id}"), 404)
    equal(site.sql(f"SELECT COUNT(*) FROM subscriptions WHERE service_id = {binary}"), [["0"]], "subscriptions")
    said(other.get(f"users/{person.id}"), 200)
    tokens = sign_in(site, site.client(), person, site.browser())
    assert tokens.access
    equal(add(key, person.email)["id"], person.id, "linked again")


@test("who signs in to a service's application is its member from then on")
def by_sign_in(site):
    key, person = Key(site), site.add_person()
    refusal(key.get(f"users/{person.id}"), 404)
    sign_in(site, site.client(), person, site.browser())
    equal(said(key.get(f"users/{person.id}"), 200)["email"], person.email, "address")
    sign_in(site, site.client(), person, site.browser(), prompt="consent")
    equal(site.sql(f"SELECT kind, actor FROM history WHERE subject = '{person.id}'"), [["member.created", f"user:{person.id}"]], "history")
    equal([user["id"] for user in said(key.get(f"users?email={person.email}"), 200)["users"]], [person.id], "found by address")


# --- lists ---

def listed(key, query=""):
    body = said(key.get("users" + (f"?{query}" if query else "")), 200)
    equal(set(body), {"users", "total"}, str(body))
    return [user["email"] for user in body["users"]], body["total"]


def some(site, count):
    """A service with that many members, made a minute apart: its key, their addresses in that order."""
    key = Key(site, add_service(site))
    users = [add(key, f"{chr(ord('z') - number)}{number}-{key.service[-12:]}@list.example", name=f"Person Number{number}x") for number in range(count)]
    for number, user in enumerate(users):
        site.sql(f"UPDATE members SET created_at = {1700000000 + 60 * number} WHERE user_id = UNHEX(REPLACE('{user['id']}', '-', ''))")
    return key, [user["email"] for user in users]


@test("1.6.6: limit is brought into 1 to 100; what is no number or a negative offset is 400; total is that of all")
def pages(site):
    key, emails = some(site, 7)
    equal(listed(key), (emails, 7), "all")
    equal(listed(key, "limit=3&offset=2"), (emails[2:5], 7), "a page")
    equal(listed(key, "limit=3&offset=6"), (emails[6:], 7), "the last page")
    equal(listed(key, "offset=7"), ([], 7), "behind the end")
    for limit in ("0", "-1", "-99999999999999999999"):
        equal(listed(key, f"limit={limit}"), (emails[:1], 7), limit)
    for limit in ("1000", "101", "99999999999999999999"):
        equal(listed(key, f"limit={limit}"), (emails, 7), limit)
    equal(listed(key, "offset=99999999999999999999"), ([], 7), "a very large offset")
    for query in ("limit=x", "limit=1.5", "limit=1e2", "limit=%2B1", "limit=-", "offset=x", "offset=-1", "offset=-99999999999999999999", "offset=0x1",
                  "limit=1&limit=2", "offset=0&limit=1&offset=1", "search=a&search=a"):
        refusal(key.get(f"users?{query}"), 400)


@test("lists of 100 at most: of 120 members a limit of 1000 shows 100")
def clamped(site):
    key = Key(site, add_service(site))
    fill(site, key, 120)
    for query, count in (("limit=1000", 100), ("", 50), ("limit=100&offset=50", 70)):
        emails, total = listed(key, query)
        equal((len(emails), len(set(emails)), total), (count, count, 120), query)


@test("a path that nobody has is refused in the words of what is next to it, and a name of nothing that is seen isn't one")
def neighbours(site):
    key = Key(site)
    for method, path in (("GET", "nothing"), ("POST", "users/x/y/z"), ("DELETE", "info/more"), ("GET", "/api/user/nothing"), ("GET", "/api/organizations/main/x")):
        refusal(key.call(method, path), 404)
    for path, members in (("/v1/auth/nothing", {"error"}), ("/api/oauth/nothing", {"error", "error_description"}), ("/api/public/nothing", {"error", "message"}),
                          ("/api/users/1/apps/2/nothing", {"error", "message"}), ("/api/admin/users/1/apps/2/nothing", {"error", "message"})):
        answer = site.web.get(path)
        equal((answer.status, set(answer.json()) - {"message"}), (404, members - {"message"}), str(answer))
    for blank in (" ", "   ", "\u3000", "\u3164", "\u2800 \u115f", "\u0301"):
        refusal(key.patch("info", {"name": blank}), 400)
        refusal(key.post("plans", {"name": blank}), 400)
        refusal(key.post("users", {"email": new_address(), "name": blank}), 400)


@test("sort orders by time or address, both ways, the same in every page")
def sorting(site):
    key, emails = some(site, 6)
    orders = {"created_at": emails, "-created_at": emails[::-1], "email": sorted(emails), "-email": sorted(emails)[::-1]}
    for sort, wanted in orders.items():
        equal(listed(key, f"sort={sort}"), (wanted, 6), sort)
        paged = [email for offset in range(0, 6, 2) for email in listed(key, f"sort={sort}&limit=2&offset={offset}")[0]]
        equal(paged, wanted, f"{sort} by pages")
        equal(listed(key, f"sort={sort}&search=list.example&limit=4"), (wanted[:4], 6), f"{sort} of a search")
    for sort in ("name", "email desc", "--email", "created_at;DROP TABLE members", "EMAIL"):
        refusal(key.get(f"users?sort={sort.replace(' ', '%20')}"), 400)


@test("created_after and created_before leave out; email is exactly one address, search part of an address or name")
def filters(site):
    key, emails = some(site, 6)
    time = lambda number, zone="Z": f"2023-11-14T22:{13 + number:02}:20{zone}"  # noqa: E731
    equal(listed(key, f"created_after={time(2)}"), (emails[3:], 3), "after")
    equal(listed(key, f"created_before={time(2)}"), (emails[:2], 2), "before")
    equal(listed(key, f"created_after={time(0)}&created_before={time(4)}&sort=-created_at"), (emails[1:4][::-1], 3), "between")
    equal(listed(key, "created_after=2023-11-15T00:15:20%2B02:00"), (emails[3:], 3), "another zone")
    equal(listed(key, f"created_after={time(2, '.999Z')}"), (emails[3:], 3), "a fraction")
    equal(listed(key, f"email={emails[3]}"), ([emails[3]], 1), "email")
    equal(listed(key, f"email={emails[3].upper()}"), ([emails[3]], 1), "email in capitals")
    equal(listed(key, f"email={emails[3]}&created_after={time(3)}"), ([], 0), "email and time")
    equal(listed(key, f"email={emails[3]}&offset=1"), ([], 1), "email and offset")
    for email in ("nobody@list.example", "nobody", emails[3][:-1], "%25"):
        equal(listed(key, f"email={email}"), ([], 0), email)
    equal(listed(key, "search=LIST.example"), (emails, 6), "search by address")
    equal(listed(key, "search=number4X"), ([emails[4]], 1), "search by name")
    equal(listed(key, f"search=list&created_after={time(3)}"), (emails[4:], 2), "search and time")
    for search in ("%25", "_", "%5C", "'", "x%27%20OR%201=1"):
        equal(listed(key, f"search={search}"), ([], 0), search)
    for query in ("created_after=yesterday", "created_after=2023-11-14", "created_before=2023-02-30T00:00:00Z", "created_before=1700000000",
                  "created_before=2023-11-14T22:13:20", "email=a@b.example&search=a"):
        refusal(key.get(f"users?{query}"), 400)


@test("times of a list: the beginning of time is a time like others, not none")
def first_second(site):
    key = Key(site, add_service(site))
    add(key)
    for name, total in (("created_after", 1), ("created_before", 0)):
        for time_ in ("1970-01-01T00:00:00Z", "1970-01-01T02:00:00%2B02:00"):
            equal(said(key.get(f"users?{name}={time_}"), 200)["total"], total, f"{name}={time_}")
    refusal(Key(site, key.service).get("analytics/series?metric=sign_ins&from=1970-01-01T00:00:00Z"), 400)


@test("another service's members are in no list, search or total")
def apart(site):
    key, emails = some(site, 2)
    other, others = some(site, 3)
    equal(listed(key), (emails, 2), "list")
    equal(listed(key, "search=list.example"), (emails, 2), "search")
    equal(listed(key, f"email={others[0]}"), ([], 0), "email")
    equal(listed(other), (others, 3), "theirs")


@test("an address that its owner changes is the one that is listed, found and sorted by")
def address_changes(site):
    key, person = Key(site, add_service(site)), site.add_person()
    add(key, person.email), add(key, "m-in-the-middle@list.example")
    script, new = Script(site).sign_in(person), "zz-last@list.example"
    equal(script.post("change-email", {"email": new}).status, 200, "change-email")
    for address, mail in ((new, "confirm_new_email"), (person.email, "confirm_old_email")):
        token = token_of(site.mail.wait(address, mail).link("token="))
        equal(Script(site).post("verify-email", {"token": token}).status, 200, mail)
    equal(script.call("PATCH", "profile", {"name": "Zoë Other"}).status, 200, "profile")
    equal(listed(key, "search=ZO%C3%8B%20oth"), ([new], 1), "found by the new name")
    equal(listed(key, "sort=-email"), ([new, "m-in-the-middle@list.example"], 2), "sorted")


def fill(site, key, count):
    """Members by SQL, a second apart."""
    site.sql(f"INSERT INTO users (id, email, email_key, name, created_at, updated_at) SELECT UNHEX(MD5(CONCAT('{key.service}', seq))), "
             f"CONCAT(MD5(seq), '-{key.service[-12:]}@many.example'), CONCAT(MD5(seq), '-{key.service[-12:]}@many.example'), CONCAT('Person ', seq), 1600000000, 1600000000 "
             f"FROM seq_1_to_{count}")
    site.sql(f"INSERT INTO members (service_id, user_id, created_at, email_key, words) SELECT UNHEX(REPLACE('{key.service}', '-', '')), UNHEX(MD5(CONCAT('{key.service}', seq))), "
             f"1600000000 + seq, CONCAT(MD5(seq), '-{key.service[-12:]}@many.example'), CONCAT(MD5(seq), '-{key.service[-12:]}@many.example\\nperson ', seq) FROM seq_1_to_{count}")
    site.sql("ANALYZE TABLE members, users")


@test("100,000 members in one service: list, deep page, both orders, filters within a second, a search within two, its 2,000th page within five")
def many(site):
    key = Key(site, add_service(site))
    fill(site, key, 100_000)
    email = listed(key, "sort=email&limit=1")[0][0]
    queries = {"limit=100": 100_000, "limit=100&offset=99900": 100_000, "sort=-created_at&offset=50000": 100_000, "sort=email&limit=100&offset=99900": 100_000,
               "sort=-email": 100_000, "created_after=2020-09-14T02:20:00Z&sort=email": 50_000, f"email={email}": 1, "search=erson%2099999": 1,
               "search=many.example&offset=99950": 100_000, "search=nobody": 0, "search=person%2012&sort=-email": 1111}
    slow = {}
    for query, total in queries.items():
        times = []
        limit = 5 if "offset=99950" in query else 2 if "search=" in query else 1
        while len(times) < 3 or (min(times) > limit and len(times) < 10):  # others may use the machine, too
            started = time.monotonic()
            answer = key.get("users?" + query)
            if answer.status == 503:
                times.append(float("inf"))  # longer than database_timeout, on a machine that others keep busy: once may happen
                continue
            seen = said(answer, 200)["total"]
            times.append(time.monotonic() - started)
            equal(seen, total, query)
        if min(times) > limit:
            slow[query] = min(times)
        print(f"# {query}: {1000 * min(times):.0f} ms")
    equal(slow, {}, "queries that take too long")


# --- invitations ---

@test("invite: true mails a link by which the person sets a password and is in; the link works once")
def invite(site):
    key, email = Key(site, add_service(site, "Sample Shop")), new_address("invited")
    equal(add(key, email, invite=True)["invited"], True, "invited")
    mail = site.mail.wait(email, "invite")
    assert "Sample Shop" in mail.text and "7 days" in mail.text, mail.text
    assert not re.search(r"\bfrom\s+[0-9:]", mail.text), "the program's address in the mail"
    browser = site.browser()
    page = browser.get(mail.link("token=")).page()
    form = page.forms[0]
    answer = browser.submit(form, {"password": "a brand new password"}, follow=False)
    one_of(answer.status, (302, 303), str(answer))
    equal(site.sql(f"SELECT email_verified, password_hash IS NULL FROM users WHERE email_key = '{email}'"), [["1", "0"]], "the user")
    equal(site.browser().get(mail.link("token=")).status, 410, "the link once more")
    equal(said(key.post("users", {"email": email, "invite": True}), 200)["invited"], False, "who has a password")
    assert site.mail.none(email, "invite")


@test("invite: again for who hasn't come yet; nothing for who can sign in; without it no mail; German where it is asked for")
def invitations(site):
    key, email, person = Key(site), new_address("invited"), site.add_person()
    add(key, email)
    assert site.mail.none(email)
    equal(said(key.post("users", {"email": email, "invite": True}, Accept_Language="de"), 200)["invited"], True, "linked before")
    assert "7 Tage" in site.mail.wait(email, "invite").text
    equal(add(key, person.email, invite=True)["invited"], False, "who can sign in")
    assert site.mail.none(person.email, "invite")


# --- the service ---

@test("GET info tells the service; PATCH changes its name alone; an empty body changes nothing")
def info(site):
    key = Key(site, add_service(site, "First name"))
    body = said(key.get("info"), 200, id=key.service, name="First name", slug=key.service, service_type="web")
    equal(set(body), {"id", "name", "slug", "service_type", "created_at"}, str(body))
    assert TIME.match(body["created_at"]), body
    for empty in ({}, {"name": None}, {"slug": "x", "service_type": "api", "id": "x"}):
        equal(said(key.patch("info", empty), 200), body, str(empty))
    equal(said(key.patch("info", {"name": "Zweiter Name ü"}), 200), {**body, "name": "Zweiter Name ü"}, "changed")
    equal(said(key.get("info"), 200)["name"], "Zweiter Name ü", "read again")
    for wrong in ({"name": ""}, {"name": 5}, {"name": ["x"]}, {"name": "x" * 201}, {"name": "a\u0007b"}, {"name": "\u202ex"}, []):
        refusal(key.patch("info", wrong), 400)
    equal(site.cli("service", "show", key.service)["name"], "Zweiter Name ü", "the command line's")


@test("service set: several things are one change: where one can't be, none is, and the history says it once")
def set_at_once(site):
    service, other = add_service(site), add_service(site)
    site.cli("service", "set", other, "--slug", "taken-at-once")
    before = site.cli("service", "show", service)
    fine = ["--workspace", "none", "--sign-in-providers", "none", "--pin-gate", "always", "--name", "At once", "--features", "a b"]
    for wrong in (["--slug", "taken-at-once"], ["--slug", "Not A Slug"], ["--type", "car"], ["--sign-in-form", "x"]):
        equal(site.cli("service", "set", service, *fine, *wrong, check=False), None, str(wrong))
        equal(site.cli("service", "show", service), before, f"behind {wrong}")
    written = lambda: site.sql(f"SELECT kind, actor FROM history WHERE subject = '{service}' AND kind = 'service.updated'")
    equal(written(), [], "history of what wasn't done")
    said = site.cli("service", "set", service, *fine, "--slug", "at-once", "--type", "api", "--sign-in-form", "both")
    equal((said["name"], said["slug"], said["service_type"], said["features"], said["pin_gate"], said["sign_in_form"]),
          ("At once", "at-once", "api", ["a", "b"], "always", "both"), str(said))
    equal(said["providers"]["sign_in"], [], str(said))
    equal(written(), [["service.updated", "cli"]], "history")


@test("service set: slug, type and features, each with its refusals; a slug is one service's alone")
def set_profile(site):
    one, two = Key(site, add_service(site)), Key(site, add_service(site))
    shown = site.cli("service", "set", one.service, "--slug", "acme-1", "--type", "mobile", "--features", "auth.password_grant_enabled other")
    equal((shown["slug"], shown["service_type"], shown["features"]), ("acme-1", "mobile", ["auth.password_grant_enabled", "other"]), str(shown))
    said(one.get("info"), 200, slug="acme-1", service_type="mobile")
    for option, word in (("--slug", "acme-1"), ("--slug", "A"), ("--slug", "-a"), ("--slug", "a" * 65), ("--slug", one.service), ("--slug", ""), ("--type", "car"),
                         ("--features", "Upper"), ("--features", "x" * 65)):
        assert site.cli("service", "set", two.service, option, word, check=False) is None, (option, word)
    shown = site.cli("service", "set", one.service, "--slug", "none", "--features", "none")
    equal((shown["slug"], shown["features"]), (one.service, []), str(shown))


# --- ETag and If-Match ---

@test("PATCH with If-Match changes only what the caller has seen: 412 PRECONDITION_FAILED else")
def if_match(site):
    key = Key(site, add_service(site))
    user = add(key)
    for path, body in (("info", {"name": "Once"}), (f"users/{user['id']}", {})):
        tag = key.get(path).header("ETag")
        assert tag and tag[0] == tag[-1] == '"', tag
        for wrong in ('"x"', "x", f"W/{tag}", '""', tag[:-1], f'"x", W/{tag}'):
            refusal(key.patch(path, {"name": "Never"}, If_Match=wrong), 412)
        for right in (tag, "*", f'"x", {tag}', f'"x",{tag},"y"', f'"x",\t{tag}\t, "y"', f',, {tag} ,', f'"a,b", {tag}'):
            equal(key.patch(path, {}, If_Match=right).status, 200, right)
        said(key.patch(path, body, If_Match=tag), 200)
    refusal(key.patch("info", {"name": "Twice"}, If_Match='"' + "0" * 24 + '"'), 412)
    equal(said(key.get("info"), 200)["name"], "Once", "the name")
    tag = key.get("info").header("ETag")
    newer = key.patch("info", {"name": "Newer"}).header("ETag")
    refusal(key.patch("info", {"name": "Older"}, If_Match=tag), 412)
    equal(key.get("info").header("ETag"), newer, "the tag of the change")


@test("of eight changes at once with the same If-Match one is made")
def if_match_race(site):
    key = Key(site, add_service(site))
    tag = key.get("info").header("ETag")
    statuses = at_once([lambda n=n: Key(site, text=key.text).patch("info", {"name": f"Racer {n}"}, If_Match=tag).status for n in range(8)])
    equal(sorted(statuses), [200] + [412] * 7, "statuses")


def at_once(calls):
    results, threads = [], []
    gate = threading.Barrier(len(calls))

    def run_one(call):
        gate.wait()
        results.append(call())
    for call in calls:
        threads.append(threading.Thread(target=run_one, args=(call,)))
        threads[-1].start()
    for thread in threads:
        thread.join(60)
    return results


@test("what takes no body takes an empty JSON object, which many programs send with everything, and nothing more")
def empty_object(site):
    key = Key(site)
    path = "users/" + said(key.post("users", {"email": new_address()}), 201)["id"]
    for body in ({"x": 1}, [], "", None, 0):
        refusal(key.call("DELETE", path, body, Content_Type="application/json") if body is not None else
                key.web.request("DELETE", "/api/service/" + path, body="{}", headers={"X-API-Key": key.text, "Content-Type": "text/plain"}), 400)
    equal(key.call("DELETE", path, {}).status, 204, "an empty one")


# --- Idempotency-Key ---

@test("a POST with an Idempotency-Key is done once: the same answer again, with its status")
def idempotency(site):
    key, name, email = Key(site), str(uuid.uuid4()), new_address()
    first = key.post("users", {"email": email}, Idempotency_Key=name)
    body = said(first, 201)
    equal(first.header("Idempotency-Replayed"), None, "the first")
    key.delete(f"users/{body['id']}")
    again = key.post("users", {"email": email}, Idempotency_Key=name)
    equal((said(again, 201), again.header("Idempotency-Replayed"), again.header("ETag")), (body, "true", first.header("ETag")), "the second")
    refusal(key.get(f"users/{body['id']}"), 404)
    for other in (Key(site), Key(site, text=key.text)):
        said(other.post("users", {"email": email}, Idempotency_Key=name), 201, id=body["id"])
    assert email.encode().hex().upper() not in str(site.sql("SELECT HEX(sealed) FROM idempotency_keys")), "the answer in the clear"


@test("a refusal is kept too; another body, or query, under the key is 422 IDEMPOTENCY_KEY_REUSED")
def idempotency_reused(site):
    key, name = Key(site), str(uuid.uuid4())
    first = refusal(key.post("users", {"email": "nobody"}, Idempotency_Key=name), 400)
    equal(refusal(key.post("users", {"email": "nobody"}, Idempotency_Key=name), 400), first, "again")
    before = site.sql("SELECT COUNT(*) FROM users")
    refusal(key.post("users", {"email": new_address()}, Idempotency_Key=name), 422)
    refusal(key.post("users?x=1", {"email": "nobody"}, Idempotency_Key=name), 422)
    equal(site.sql("SELECT COUNT(*) FROM users"), before, "users")
    for wrong in ("x" * 256, "a\tb", "ü"):
        one_of(key.post("users", {"email": new_address()}, Idempotency_Key=wrong).status, (400,), wrong)


@test("a key is its service's own: another service's call under the same one is a call of its own")
def idempotency_apart(site):
    name, email = str(uuid.uuid4()), new_address()
    bodies = [said(Key(site, add_service(site)).post("users", {"email": email}, Idempotency_Key=name), 201) for _ in range(2)]
    equal(bodies[0]["id"], bodies[1]["id"], "the same person")


@test("eight at once under one key: one is done, the others get its answer or 409 IDEMPOTENCY_KEY_IN_USE with Retry-After")
def idempotency_race(site):
    key, name, email = Key(site), str(uuid.uuid4()), new_address()
    answers = at_once([lambda: Key(site, text=key.text).post("users", {"email": email}, Idempotency_Key=name) for _ in range(8)])
    done = [answer for answer in answers if answer.status == 201 and not answer.header("Idempotency-Replayed")]
    equal(len(done), 1, str([str(answer) for answer in answers]))
    for answer in answers:
        if answer.status != 201:
            refusal(answer, 409)
            assert int(answer.header("Retry-After")) > 0
    equal(len({answer.body for answer in answers if answer.status == 201}), 1, "answers")


@test("a call whose worker died blocks its key for its minute, then the next one is done")
def idempotency_abandoned(site):
    key, name, email = Key(site), str(uuid.uuid4()), new_address()
    said(key.post("users", {"email": email}, Idempotency_Key=name), 201)
    site.sql("UPDATE idempotency_keys SET status = 0, sealed = '' ORDER BY created_at DESC LIMIT 1000")
    refusal(key.post("users", {"email": email}, Idempotency_Key=name), 409)
    site.sql("UPDATE idempotency_keys SET expires_at = UNIX_TIMESTAMP() - 1 LIMIT 1000")
    said(key.post("users", {"email": email}, Idempotency_Key=name), 200)


@test("two POSTs of one new address at once make one user")
def provision_race(site):
    for _ in range(4):
        key, email = Key(site), new_address()
        answers = at_once([lambda: Key(site, text=key.text).post("users", {"email": email}) for _ in range(6)])
        for answer in answers:
            one_of(answer.status, (200, 201), str(answer))
        equal(sorted(answer.status for answer in answers), [200] * 5 + [201], "statuses")
        equal(len({answer.json()["id"] for answer in answers}), 1, "ids")


# --- the rest of the family's form ---

@test("405 with Allow and METHOD_NOT_ALLOWED for another method; 413 for a body that is too large; HEAD as GET")
def methods(site):
    key = Key(site)
    answer = key.call("PUT", "users")
    refusal(answer, 405)
    equal(answer.header("Allow"), "GET, HEAD, POST", "Allow")
    equal(key.delete("info").header("Allow"), "GET, HEAD, PATCH", "Allow")
    refusal(key.post("users", {"email": "x" * 20000}), 413)
    equal(key.call("HEAD", "users").status, 200, "HEAD")
    equal(key.call("HEAD", "users").body, b"", "HEAD")


@test("members that come and go are in the history and told to webhooks, with who did it")
def events(site):
    key = Key(site, add_service(site))
    user = add(key)
    said(key.post("users", {"email": user["email"]}), 200)
    key.delete(f"users/{user['id']}")
    rows = site.sql(f"SELECT kind, actor, `change` FROM history WHERE subject = '{user['id']}' ORDER BY at_ms, kind")
    equal([row[0] for row in rows], ["member.created", "member.deleted"], "kinds")
    for row in rows:
        equal(row[1], f"api_key:{key.id}", "actor")
        assert user["email"] in row[2], row


run()
