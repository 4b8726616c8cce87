#!/usr/bin/env python3
"""Many at once: what may happen once happens once."""
import math
import os
import signal
import threading
import time

from kit import *
from machines import within
from together import at_once
from web import filled

OFFLINE = "openid offline_access"


@test("abuse 33, T-21: 64 parallel redemptions of one code: exactly one 200, and its tokens are dead afterwards")
def parallel_codes(site):
    client = site.client()
    code = authorize(site, client, scope=OFFLINE, prompt="consent")["code"]
    answers = at_once(site, 64, lambda web, _: redeem(site, client, code, web))
    good = [answer for answer in answers if answer.status == 200]
    equal(len(good), 1, f"good answers; others: {set(str(a.status) + str(a.error) for a in answers)}")
    for answer in answers:
        if answer.status != 200:
            refused(answer, 400, "invalid_grant")
    body = good[0].json()
    equal(userinfo(site, body["access_token"]).status, 401, "its access token")
    refused(refresh(site, client, body["refresh_token"]), 400, "invalid_grant")


@test("abuse 34, T-21: 64 parallel refreshes with one token: every one gets the same single successor")
def parallel_refreshes(site):
    client = site.client()
    tokens = sign_in(site, client, scope=OFFLINE, prompt="consent")
    answers = at_once(site, 64, lambda web, _: refresh(site, client, tokens.refresh, web))
    good = [token_response(answer) for answer in answers if answer.status == 200]
    assert good, f"no success: {set(str(a.status) + str(a.error) for a in answers)}"
    equal(len({body["refresh_token"] for body in good}), 1, "successors")
    equal(len(good), 64, f"answers that were served: {set(str(a.status) + str(a.error) for a in answers)}")
    equal(site.sql("SELECT MAX(refresh_generation) FROM authorizations WHERE redeemed_at > 0 ORDER BY created_at DESC LIMIT 1")[0][0] != "0", True, "generation")
    token_response(refresh(site, client, good[0]["refresh_token"]))


@test("T-21: 8 lines of 25 rotations at once: no line is torn")
def parallel_families(site):
    client = site.client()
    lines = [sign_in(site, client, scope=OFFLINE, prompt="consent").refresh for _ in range(8)]

    def rotate(web, index):
        for _ in range(25):
            answer = refresh(site, client, lines[index], web)
            if answer.status != 200:
                return answer
            lines[index] = answer.json()["refresh_token"]
        return answer
    for answer in at_once(site, 8, rotate):
        token_response(answer)


@test("abuse 35: one consent form sent 16 times at once gives one code")
def parallel_consents(site):
    client = site.add_client()
    browser = site.browser()
    answer = browser.open(AUTHORIZE, request_of(client, scope="openid email"))
    answer = fill_login(browser, answer, site.person())
    form = consent_form(answer.page())
    pairs = filled(form, button=button_of(form, "allow", "approve", "accept", "yes"))
    cookie = "; ".join(f"{k}={v}" for k, v in browser.cookies.items())
    answers = at_once(site, 16, lambda web, _: web.post(form["action"].replace(site.url, "") or browser.here, pairs,
                                                        headers={"Cookie": cookie, "Origin": site.url, "Accept": "text/html"}))
    codes = [response_of(a, client.redirect_uri) for a in answers]
    codes = [c for c in codes if c and c.get("code")]
    equal(len(codes), 1, f"codes; statuses {[a.status for a in answers]}")
    assert all(a.status < 500 for a in answers)


@test("abuse 35: the first consents of one person in several tabs are all taken, whatever the isolation level")
def first_consents(site):
    if not site.door:
        return  # the level is the server's, and this server is somebody else's
    site.sql("SET GLOBAL tx_isolation = 'READ-COMMITTED'")
    try:
        os.kill(site.master, signal.SIGHUP)  # new workers, new connections
        time.sleep(1.5)
        browser = signed_in(site)
        for _ in range(20):
            consent_in_tabs(site, browser, site.add_client(), 6)
    finally:
        site.sql("SET GLOBAL tx_isolation = 'REPEATABLE-READ'")


def consent_in_tabs(site, browser, client, tabs):
    headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in browser.cookies.items()), "Origin": site.url}
    forms = [consent_form(browser.open(AUTHORIZE, request_of(client)).page()) for _ in range(tabs)]
    posts = [filled(form, button=button_of(form, "allow")) for form in forms]
    answers = at_once(site, tabs, lambda web, i: web.post("/oauth/consent", posts[i], headers=headers))
    equal([answer.status for answer in answers], [303] * tabs, "answers")


@test("abuse 38: revocation while a line refreshes: afterwards nothing of it works")
def revoke_during_refresh(site):
    client = site.client()
    for _ in range(5):
        tokens = sign_in(site, client, scope=OFFLINE, prompt="consent")
        def step(web, index):
            return revoke(site, client, tokens.refresh, web) if index == 0 else refresh(site, client, tokens.refresh, web)
        answers = at_once(site, 6, step)
        assert all(a.status in (200, 400) for a in answers), [str(a) for a in answers]
        for answer in answers[1:]:
            if answer.status == 200:
                refused(refresh(site, client, answer.json()["refresh_token"]), 400, "invalid_grant")
                equal(userinfo(site, answer.json()["access_token"]).status, 401, "an access token")


@test("abuse 38: a user deleted while refreshing: before or after, never a 500, no row left behind")
def delete_during_refresh(site):
    client = site.client()
    for _ in range(3):
        person = site.add_person()
        tokens = sign_in(site, client, person, scope=OFFLINE, prompt="consent")
        def step(web, index):
            if index == 0:
                site.sql(f"DELETE FROM users WHERE email_key = '{person.email}'")
                return True
            return refresh(site, client, tokens.refresh, web)
        answers = at_once(site, 5, step)
        assert all(a is True or a.status in (200, 400) for a in answers), [str(a) for a in answers]
    equal(site.sql("SELECT COUNT(*) FROM authorizations a LEFT JOIN users u ON u.id = a.user_id WHERE u.id IS NULL")[0][0], "0", "orphans")


@test("abuse 38: a user deleted while signing in or consenting: an ended flow, never a 500, no row left behind")
def delete_during_sign_in(site):
    for step in (fill_login, lambda browser, answer, person: decide(browser, answer)):
        client, person = site.add_client(), site.add_person()
        browser = site.browser()
        answer = browser.open(AUTHORIZE, request_of(client))
        if step is not fill_login:
            answer = fill_login(browser, answer, person)
        # what the step writes waits for the user's row, which is gone when it comes to it
        deletion = threading.Thread(target=site.sql, args=(
            f"START TRANSACTION; DELETE FROM users WHERE email_key = '{person.email}'; DO SLEEP(2); COMMIT",))
        deletion.start()
        within(30, lambda: site.sql(f"SELECT 1 FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'"), "the deletion")
        answer = step(browser, answer, person)
        deletion.join()
        assert 400 <= answer.status < 500, f"{step}: {answer}"
        for table in ("grants", "sessions", "authorizations"):
            equal(site.sql(f"SELECT COUNT(*) FROM {table} t LEFT JOIN users u ON u.id = t.user_id WHERE u.id IS NULL"),
                  [["0"]], table)


@test("abuse 38: keys rotated while tokens are signed: each token verifies, and no request fails")
def rotate_during_signing(site):
    client = site.client("machine")
    def step(web, index):
        if index == 0:
            site.cli("key", "rotate")
            return True
        answers = [web.post(TOKEN, {"grant_type": "client_credentials"}, headers=client.headers()) for _ in range(30)]
        bad = [a for a in answers if a.status != 200]
        return bad[0] if bad else answers
    results = at_once(site, 5, step)
    keys = jwks(site)
    for result in results:
        assert result is True or isinstance(result, list), str(result)
        for answer in result if isinstance(result, list) else []:
            Jwt(answer.json()["access_token"]).verify(keys)


@test("87: 40 parallel wrong guesses are all counted: no more are checked than one after another")
def parallel_guesses(site):
    person = site.add_person()
    forms = []
    for _ in range(40):
        browser = site.browser()
        page = browser.open(AUTHORIZE, request_of(site.client()))
        forms.append((browser, page))
    began = time.monotonic()
    answers = at_once(site, 40, lambda _, i: fill_login(forms[i][0], forms[i][1], person, password="wrong wrong wrong"))
    seconds = time.monotonic() - began
    # Five are free; then a second passes, two, four, eight.
    checked, allowed = sum(a.status != 429 for a in answers), 5 + math.floor(math.log2(seconds + 1))
    assert 0 < checked <= allowed, f"{checked} in {seconds:.1f} s: {[a.status for a in answers]}"
    # The pause that they have earned is measured from now on, however long they took.
    site.sql("UPDATE attempts SET at_ms = at_ms + 60000 WHERE at_ms > (UNIX_TIMESTAMP() - 60) * 1000")
    browser = site.browser()
    page = browser.open(AUTHORIZE, request_of(site.client()))
    equal(fill_login(browser, page, person, password="wrong wrong wrong").status, 429, "the next one")


run(workers=6)
