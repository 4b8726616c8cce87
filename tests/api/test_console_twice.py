#!/usr/bin/env python3
"""Two clicks on what makes something on the console: one thing is made, and both answers are the first one's."""
import re
from concurrent.futures import ThreadPoolExecutor

from kit import *
from console import console, form_named, here, make_old, new_admin, shared, sign_in
from script import checksums
from together import holding
from web import filled

SHOWN_ONCE = re.compile(r'class="detail"><code>([^<]+)</code>')


def uuid_of(site, select):
    ident = site.sql(select)[0][0].lower()
    return f"{ident[:8]}-{ident[8:12]}-{ident[12:16]}-{ident[16:20]}-{ident[20:]}"


def a_client(site):
    if "client" not in shared:
        shared["client"] = site.client("machine").id
    return shared["client"]


def a_key(site, name):
    site.cli("api-key", "add", "--service", site.service, "--name", name, "--permissions", "read:users")
    return uuid_of(site, f"SELECT HEX(id) FROM api_keys WHERE name = '{name}'")


def makers(site, mark):
    """Each form that makes something: page, name, what is typed, the button of a row, and where it is kept."""
    client = here(site, f"/clients/{a_client(site)}")
    web = {"client_name": f"Web {mark}", "client_kind": "web", "redirect_uris": "https://twice.example/cb"}
    return [
        ("/admin/services", "service_add", {"service_name": f"Shop {mark}"}, None, "services"),
        ("/admin/providers", "provider_add", {"provider_kind": "oidc", "provider_name": f"corp-{mark}", "issuer": "https://login.example.com",
                                              "client_id": "doorward", "provider_secret": "of-theirs"}, None, "providers"),
        (here(site, "/clients"), "client_add", web, None, "clients"),
        (here(site, "/clients"), "client_add", dict(web, client_name=f"Public {mark}", client_kind="public"), None, "clients"),
        (client, "client_secret", {"keep": "keep_none"}, None, "history WHERE kind = 'client.secret_rotated'"),
        (client, "client_secret_add", {}, None, "client_secrets"),
        (here(site, "/keys"), "key_add", {"key_name": f"Key {mark}", "permissions": "read:users"}, None, "api_keys"),
        (here(site, "/keys"), "key_rotate", {}, a_key(site, f"Old {mark}"), "api_keys"),
        (here(site, "/plans"), "plan_add", {"plan_name": f"Plan {mark}", "price_cents": "100", "currency": "eur"}, None, "plans"),
    ]


def shown(browser, path, name, values=None, button=None):
    """A form as it was shown once, filled in: what each click on it sends."""
    form = form_named(browser.open(path), name, button)
    return filled(form, values, {"name": "id", "value": button} if button else None)


def click(browser, path, pairs):
    return browser.request("POST", path, form=pairs)


def state(site):
    return checksums(site, only=["services", "clients", "client_secrets", "api_keys", "plans", "providers", "history"])


def count(site, table):
    return int(site.sql(f"SELECT COUNT(*) FROM {table}")[0][0])


def kept(site):
    return {row[0] for row in site.sql("SELECT HEX(id) FROM idempotency_keys")}


def is_again(first, second, what):
    """The second answer is the first one, to the letter, and sets nothing in the browser."""
    one_of(first.status, (200, 303), f"{what}: {first}")
    equal((second.status, second.location, second.body), (first.status, first.location, first.body), what)
    names = ("Content-Type", "Content-Security-Policy", "Content-Language", "Cache-Control", "X-Frame-Options", "Cross-Origin-Opener-Policy", "Vary")
    equal([second.header(name) for name in names], [first.header(name) for name in names], what)
    equal((first.header("Idempotency-Replayed"), second.header("Idempotency-Replayed"), second.header("Set-Cookie")), (None, "true", None), what)


@test("a form that makes something, sent twice, makes one; the second answer is the first, a secret that is shown once too")
def one_thing(site):
    browser = console(site)
    for path, name, values, button, table in makers(site, f"a{site._mark}"):
        pairs, before = shown(browser, path, name, values, button), count(site, table)
        first = click(browser, path, pairs)
        made = state(site)
        second = click(browser, path, pairs)
        is_again(first, second, name)
        equal(state(site), made, f"{name}: the second click has changed something")
        equal(count(site, table) - before, 1, name)
        assert first.status == 303 or len(SHOWN_ONCE.findall(second.text)) == 1, second.text
        assert first.status == 200 or browser.follow(second).status == 200, name


def click_twice_at_once(site, path, pairs, table):
    """The answer of a click that is held up before it has made anything, and of another that came meanwhile."""
    service = f"services WHERE id = UNHEX(REPLACE('{site.service}', '-', ''))"
    with ThreadPoolExecutor(2) as pool:
        with holding(site) as holder:
            holder.hold(service)
            first = pool.submit(click, console(site), path, pairs)
            holder.until_waiting(1, [first])
            holder.hold("idempotency_keys")
            second = pool.submit(click, console(site).clone_without(), path, pairs)
            holder.until_waiting(2, [first, second])
        return first.result(), second.result()


@test("two clicks under way at once, in two workers: the second waits for the first, one is made, and both see the same")
def under_way(site):
    for name in ("client_add", "key_add", "plan_add"):
        for attempt in range(5):
            path, _, values, button, table = next(one for one in makers(site, f"b{attempt}{name}{site._mark}") if one[1] == name)
            before = count(site, table)
            first, second = click_twice_at_once(site, path, shown(console(site), path, name, values, button), table)
            if max(first.status, second.status) < 500:
                break  # else it was held for longer than a statement waits for a row
        is_again(first, second, name)
        equal(count(site, table) - before, 1, name)


@test("clicks let go together make one thing, whichever comes first")
def together(site):
    browsers = [console(site)] + [console(site).clone_without() for _ in range(3)]
    for browser in browsers:
        browser.web.warm()
    for path, name, values, button, table in makers(site, f"c{site._mark}"):
        if name == "client_secret_add":
            continue  # there are two already
        pairs, before = shown(browsers[0], path, name, values, button), count(site, table)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda browser: click(browser, path, pairs), browsers))
        answers.sort(key=lambda answer: answer.header("Idempotency-Replayed") or "")
        for answer in answers[1:]:
            is_again(answers[0], answer, name)
        equal(count(site, table) - before, 1, name)


@test("a form that is altered and sent again is a new one, and so is the page when it's shown again")
def altered(site):
    browser, before = console(site), count(site, "api_keys")
    path, values = here(site, "/keys"), {"key_name": f"Altered {site._mark}", "permissions": "read:users"}
    pairs = shown(browser, path, "key_add", values)
    other = [(name, "Another" if name == "key_name" else value) for name, value in pairs]
    answers = [click(browser, path, sent) for sent in (pairs, other, shown(browser, path, "key_add", values))]
    equal([(answer.status, answer.header("Idempotency-Replayed")) for answer in answers], [(200, None)] * 3)
    equal(len({SHOWN_ONCE.search(answer.text).group(1) for answer in answers}), 3)
    equal(count(site, "api_keys") - before, 3)


@test("what was refused is not kept: the same form is taken when what was in its way is gone")
def refused_first(site):
    browser, path, name = console(site), here(site, "/plans"), f"Way {site._mark}"
    plan = site.cli("plan", "add", "--service", site.service, "--name", name)["id"]
    pairs, before = shown(browser, path, "plan_add", {"plan_name": name}), kept(site)
    equal([click(browser, path, pairs).status for _ in range(2)], [400, 400])
    equal(kept(site), before)
    site.sql(f"DELETE FROM plans WHERE id = UNHEX(REPLACE('{plan}', '-', ''))")
    equal([click(browser, path, pairs).status for _ in range(2)], [303, 303])


@test("a kept page is for its administrator's session alone, behind a fresh sign-in, sealed, and for ten minutes")
def kept_for_one(site):
    admin = new_admin(site)
    browser, other = sign_in(site, admin), console(site)
    path, before = here(site, "/keys"), kept(site)
    pairs = shown(browser, path, "key_add", {"key_name": f"Kept {site._mark}", "permissions": "read:users"})
    first = click(browser, path, pairs)
    key = SHOWN_ONCE.search(first.text).group(1)
    [ident] = kept(site) - before
    row = f"idempotency_keys WHERE id = UNHEX('{ident}')"
    equal(list(site.sql(f"SELECT expires_at - created_at, LOCATE('{key}', sealed), LENGTH(sealed) > 1000 FROM {row}")[0]), ["600", "0", "1"])
    made = state(site)
    foreign = click(other, path, pairs)
    equal((foreign.status, key in foreign.text), (403, False))
    bare = [(name, value) for name, value in pairs if name != "token"]
    equal(click(browser, path, bare).status, 403)
    is_again(first, click(browser, path, pairs), "meanwhile")
    make_old(site, browser)
    old = click(browser, path, pairs)
    equal((old.status, key in old.text, "again=1" in old.location), (303, False, True))
    make_old(site, browser, -1000)
    is_again(first, click(browser, path, pairs), "when it is fresh again")
    equal(state(site), made)
    site.sql(f"UPDATE {row.replace('WHERE', 'SET expires_at = UNIX_TIMESTAMP() - 1 WHERE')}")
    later = click(browser, path, pairs)
    equal((later.status, key in later.text, later.header("Idempotency-Replayed")), (200, False, None))
    browser.submit(next(form for form in browser.open("/admin/services").page().forms if form["action"].endswith("/sign-out")), follow=False)
    gone = click(browser, path, pairs)
    equal((gone.status, SHOWN_ONCE.search(gone.text)), (303, None))
    again = sign_in(site, admin, browser)
    equal(click(again, path, pairs).status, 403, "a form of the session before")


@test("when the first click hasn't ended in time, the second is told so on a page with a way back, and makes nothing")
def never_ends(site):
    browser, path, before = console(site), here(site, "/plans"), kept(site)
    pairs = shown(browser, path, "plan_add", {"plan_name": f"Lost {site._mark}"})
    equal(click(browser, path, pairs).status, 303)
    # as a worker leaves it that dies before it has answered
    [ident] = kept(site) - before
    site.sql(f"UPDATE idempotency_keys SET status = 0, sealed = '', expires_at = UNIX_TIMESTAMP() + 60 WHERE id = UNHEX('{ident}')")
    made = state(site)
    lost = click(browser, path, pairs)
    equal((lost.status, state(site)), (409, made), str(lost))
    assert "This is still being done" in lost.page().text and path in lost.page().links, lost.page().text


run()
