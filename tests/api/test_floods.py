#!/usr/bin/env python3
"""Guessing, mailing and registering by the hundred, from one address and from many: what is let through is bounded, others don't
notice, and what is left behind is swept. Requests come as the web server would hand them over, each from an address of choice."""
import secrets
import threading
import time

from kit import *
from from_anywhere import *
from machines import within
from script import *
from signing_in import *

ADDRESS_LIMIT, ACCOUNT_LIMIT, MAIL_LIMIT = 12, 6, 4
KEPT = ("sessions", "challenges", "attempts", "outbox", "tickets", "email_changes", "authorizations", "users")


def rows(site, table, where="1"):
    return int(site.sql(f"SELECT COUNT(*) FROM {table} WHERE {where}")[0][0])


@test("abuse 39, security 130: one password tried at 300 accounts from one address: as many as the limit says are checked, and from elsewhere people sign in")
def spray(site):
    person = site.add_person()
    statuses = [guess(site, "198.51.99.1", f"somebody-{number}@people.example") for number in range(300)]
    equal(counted(statuses), {401: ADDRESS_LIMIT, 429: 300 - ADDRESS_LIMIT}, "answers")
    equal(guess(site, "198.51.99.1", person.email, person.password), 429, "that address")
    equal(guess(site, "198.51.99.2", person.email, person.password), 200, "another address")
    equal(guess(site, "2001:db8:0:1::1", "a@people.example"), 401, "IPv6")
    inside = [guess(site, f"2001:db8:0:1::{number:x}", f"v6-{number}@people.example") for number in range(2, 30)]
    equal(inside.count(401), ADDRESS_LIMIT - 1, f"one customer's /64: {counted(inside)}")


@test("abuse 39, security 130: one account tried at from 150 addresses: no more than its limit are checked; its owner gets in from a browser that knows it, and by mail")
def stuffing(site):
    person, known = site.add_person(), Script(site)
    known.sign_in(person)
    known.post("logout")
    statuses = [guess(site, address, person.email, f"{WRONG} {number}") for number, address in enumerate(addresses(150))]
    assert 0 < statuses.count(401) <= ACCOUNT_LIMIT and set(statuses) == {401, 429}, counted(statuses)
    site.sql(f"UPDATE attempts SET at_ms = at_ms - 200000 WHERE expires_at > UNIX_TIMESTAMP()")
    statuses += [guess(site, address, person.email) for address in addresses(150)]
    site.sql(f"UPDATE attempts SET at_ms = at_ms - 200000 WHERE expires_at > UNIX_TIMESTAMP()")
    statuses += [guess(site, address, person.email) for address in addresses(150)]
    assert statuses.count(401) <= ACCOUNT_LIMIT, counted(statuses)
    equal(guess(site, "198.51.98.1", person.email, person.password), 429, "a stranger with the right password")
    said(known.post("login", {"email": person.email, "password": person.password}), 200, success=True)
    browser = site.browser()
    asked = ask_for_link(site, browser, browser.open("/login"), person.email)
    type_pin(browser, asked, site.mail.wait(person.email, "magic_link").pin)
    assert is_signed_in(browser), "not even by mail"


@test("abuse 39: one guess each from 150 addresses at 150 accounts, side by side: none ends in an error of ours, and whoever signs in meanwhile gets in")
def distributed(site):
    person, stop, seen = site.add_person(), threading.Event(), []

    def sign_in_again_and_again():
        while not stop.is_set():
            seen.append(guess(site, "198.51.97.1", person.email, person.password))
            time.sleep(1)
    beside = threading.Thread(target=sign_in_again_and_again)
    beside.start()
    statuses = in_threads(8, enumerate(addresses(60)), lambda one: guess(site, f"203.0.113.{one[0] + 1}", f"spread-{one[0]}@people.example"))
    stop.set()
    beside.join()
    assert set(statuses) <= {401, 503}, counted(statuses)
    assert 200 in seen and set(seen) <= {200, 503, 429}, seen


# --- one account, one counter ---

@test("T-90, security 130: spellings of one address share a counter: case, width, composition, and a domain in letters or as xn--")
def spellings(site):
    local = secrets.token_hex(4)
    written = [f"jos\u00e9.{local}@b\u00fccher.example", f"JOS\u00c9.{local}@B\u00dcCHER.example", f"jose\u0301.{local}@bu\u0308cher.example",
               f"jos\u00e9.{local}@xn--bcher-kva.example", f"Jos\u00e9.{local.upper()}@XN--BCHER-KVA.EXAMPLE",
               f"jos\u00e9.{local}@\uff42\u00fccher.example", f"jos\u00e9.{local}@b\u00fccher\u3002example"]
    before = rows(site, "attempts", "1")
    statuses = []
    for number in range(ACCOUNT_LIMIT * len(written)):
        statuses.append(guess(site, addresses(100)[number], written[number % len(written)]))
        site.sql("UPDATE attempts SET at_ms = at_ms - 60000 WHERE expires_at > UNIX_TIMESTAMP()")
    assert statuses.count(401) <= ACCOUNT_LIMIT and 429 in statuses, counted(statuses)
    subjects = site.sql(f"SELECT COUNT(*) FROM attempts GROUP BY subject HAVING COUNT(*) >= {ACCOUNT_LIMIT}")
    assert subjects and rows(site, "attempts") > before
    other = guess(site, "198.51.96.1", f"jos\u00e9.{local}x@b\u00fccher.example")
    equal(other, 401, "another mailbox")


# --- mails and rows ---

@test("abuse 41, security 132: one mailbox bombed from 60 addresses by every endpoint that mails gets no more than the limit of each kind; another gets its own")
def mail_bombing(site):
    target, other, fresh = site.add_person(), site.add_person(), new_email()
    equal(ask(site, "198.51.94.1", "register", {"email": fresh, "password": PASSWORD, "name": "Neo New"}).status, 201, "register")
    for address in addresses(20):
        for path, email in (("request-magic-link", target.email), ("forgot-password", target.email.upper()), ("resend-verification", fresh)):
            equal(ask(site, address, path, {"email": email}).status, 200, path)
        equal(ask(site, address.replace("198.51", "203.0"), "register", {"email": fresh, "password": PASSWORD, "name": "Neo New"}).status, 409, "register again")
    equal(ask(site, "198.51.94.2", "request-magic-link", {"email": other.email}).status, 200, "another")
    site.mail.wait(other.email, "magic_link")
    within(60, lambda: rows(site, "outbox", "state IN ('waiting', 'sending')") == 0, "the last mail")
    seen = {kind: len(site.mail.all(email, kind)) for email, kind in ((target.email, "magic_link"), (target.email, "reset_password"), (fresh, "verify_email"))}
    equal(seen, {"magic_link": MAIL_LIMIT, "reset_password": MAIL_LIMIT, "verify_email": MAIL_LIMIT}, "mails")
    equal(rows(site, "outbox", f"recipient_key = '{target.email}' AND state = 'dropped' AND LENGTH(sealed) > 0"), 0, "dropped ones with something in them")


@test("abuse 42: of 60 registrations from one address as many as the limit says become rows; 400 visitors without cookies leave none but flows, which are swept")
def registrations(site):
    before = rows(site, "users")
    statuses = [ask(site, "198.51.93.1", "register", {"email": new_email("flood"), "password": PASSWORD, "name": "Neo New"}).status for _ in range(60)]
    equal(counted(statuses), {201: ADDRESS_LIMIT, 429: 60 - ADDRESS_LIMIT}, "registrations")
    equal(rows(site, "users") - before, ADDRESS_LIMIT, "accounts")
    counts = {table: rows(site, table) for table in KEPT}
    for _ in range(200):
        site.web.get("/login")
        site.web.get("/account")
    equal({table: rows(site, table) for table in KEPT}, counts, "rows of visitors")
    for _ in range(100):
        equal(site.web.get(AUTHORIZE, request_of(site.client())).status, 302, "a flow")
    left = {table: rows(site, table) - counts[table] for table in KEPT}
    equal({table for table, more in left.items() if more}, {"tickets"}, f"rows of flows: {left}")
    assert left["tickets"] <= 100, left


@test("abuse 42, 41: what floods leave behind has an end, each table of it, and is deleted once it's over, 12,000 rows in one go")
def swept(site):
    tables = [row[0] for row in site.sql("SELECT table_name FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name = 'expires_at'")]
    growing = ("tickets", "attempts", "challenges", "outbox", "sessions", "email_changes", "authorizations")
    assert set(growing) <= set(tables), set(growing) - set(tables)
    for table in ("tickets", "attempts", "challenges", "outbox", "sessions", "email_changes"):
        equal(rows(site, table, "expires_at <= 0 OR expires_at > UNIX_TIMESTAMP() + 86400 * 91"), 0, f"{table}: rows without an end")
    site.sql("INSERT INTO attempts SELECT UNHEX(MD5(CONCAT('old', seq))), UNHEX(MD5(seq)), 1, UNIX_TIMESTAMP() - 1 FROM seq_1_to_12000")
    for table in ("tickets", "challenges", "outbox"):
        site.sql(f"UPDATE {table} SET expires_at = UNIX_TIMESTAMP() - 1")
    site.cli("housekeep", check=False)
    for table in ("tickets", "attempts", "challenges", "outbox"):
        equal(rows(site, table, "expires_at <= UNIX_TIMESTAMP() - 1"), 0, table)


# --- where somebody is ---

@test("security 124: forwarded addresses change neither the address in the log and in one's sessions nor whose limit counts")
def spoofed(site):
    person, script = site.add_person(), Script(site)
    forged = {"X_Forwarded_For": "192.0.2.77", "X_Real_IP": "192.0.2.77", "Forwarded": "for=192.0.2.77", "Client_IP": "192.0.2.77", "True_Client_IP": "192.0.2.77",
              "CF_Connecting_IP": "192.0.2.77", "X_Client_IP": "192.0.2.77"}
    said(script.post("login", {"email": person.email, "password": person.password}, **forged), 200)
    refusal(Script(site).post("login", {"email": person.email, "password": WRONG}, **forged), 401, "Invalid email or password")
    assert "192.0.2.77" not in site.log() and "sign-in failed from 127.0.0.1" in site.log(), "the log"
    listed = site.cli("user", "sessions", person.email)
    equal([one["address"] for one in listed], ["127.0.0.1"], "sessions")
    used = 0
    while Script(site).post("login", {"email": new_address("nobody"), "password": WRONG}, X_Forwarded_For=f"192.0.2.{used}", Forwarded=f"for=192.0.2.{used}").status == 401:
        used += 1
        assert used <= ADDRESS_LIMIT, "the limit has been got round"


run(settings={"sign_in_limit_per_address": ADDRESS_LIMIT, "sign_in_limit_per_account": ACCOUNT_LIMIT, "mail_limit_per_recipient": MAIL_LIMIT}, workers=4)
