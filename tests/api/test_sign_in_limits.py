#!/usr/bin/env python3
"""Limits of signing in that hold on every machine, and don't keep out who has been here before."""
import time

from kit import *
from machines import restart_as_another_machine
from script import *

ADDRESS_LIMIT, ACCOUNT_LIMIT = 40, 4
WRONG = {"password": "wrong wrong wrong"}


def rows(site):
    return int(site.sql("SELECT COUNT(*) FROM attempts")[0][0])


def lock(site, email):
    """The first half of the guesses is free; then they wait, 1 s and 2 s."""
    script = Script(site)
    for pause in (0, 0, 1.1, 2.1):
        time.sleep(pause)
        refusal(script.post("login", {"email": email, **WRONG}), 401, "Invalid email or password")
    refusal(script.post("login", {"email": email, **WRONG}), 429, "Too many requests")
    return script


@test("T-87, security 130: guesses wait longer and longer, then the account is locked for everybody else, and not for a browser that knows it")
def known_browser(site):
    person = site.add_person()
    own = Script(site).sign_in(person)
    own.post("logout")
    assert own.session is None
    lock(site, person.email)
    said(own.post("login", {"email": person.email, "password": person.password}), 200, success=True)
    right = {"email": person.email, "password": person.password}
    refusal(Script(site).post("login", right), 429, "Too many requests")
    thief = Script(site)
    thief.cookies = {name: value for name, value in own.cookies.items() if "devices" in name}
    refusal(thief.post("login", right), 429, "Too many requests")


@test("security 130: reaching the lock mails its link once; nobody's address gets none, and locks alike")
def unlock_mail(site):
    person = site.add_person()
    lock(site, person.email)
    site.mail.wait(person.email, "unlock")
    refusal(Script(site).post("login", {"email": person.email, **WRONG}), 429, "Too many requests")
    assert site.mail.none(person.email, "unlock")
    lock(site, "nobody-at-all@example.org")
    assert site.mail.none("nobody-at-all@example.org")
    equal(site.sql("SELECT state FROM outbox WHERE recipient = 'nobody-at-all@example.org'"), [["dropped"]], "T-86: the same rows")


@test("T-87: an address's limit holds on another machine, and a machine that has reached it writes nothing more")
def another_machine(site):
    script = Script(site)
    answers = []
    while not answers or (answers[-1] != 429 and len(answers) <= ADDRESS_LIMIT):
        answers.append(script.post("login", {"email": f"nobody-{len(answers)}@example.org", **WRONG}).status)
    equal(answers[-1], 429, "the limit")
    before = rows(site)
    for _ in range(5):
        refusal(script.post("login", {"email": "nobody@example.org", **WRONG}), 429, "Too many requests")
    equal(rows(site), before, "rows of a machine that has reached its limit")
    restart_as_another_machine(site)
    answer = Script(site).post("login", {"email": "nobody@example.org", **WRONG})
    refusal(answer, 429, "Too many requests")
    assert int(answer.header("Retry-After")) > 60, answer.headers
    equal(answer.header("RateLimit-Remaining"), "0", "told")


run(settings={"sign_in_limit_per_address": ADDRESS_LIMIT, "sign_in_limit_per_account": ACCOUNT_LIMIT, "scrypt_log_n": "12"})
