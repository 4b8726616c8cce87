#!/usr/bin/env python3
"""The PIN behind a password, for an installation that always asks for it (hosted-sso 2.3, 2.9)."""
import re
import threading

from kit import *
from script import *


def begin(site, person, script=None):
    """Signs in up to the PIN: the Script, the mailed PIN."""
    script = script or Script(site)
    answer = script.post("login", {"email": person.email, "password": person.password})
    body = said(answer, 200, success=False, requiresPin=True, email=person.email)
    equal(set(body), {"success", "requiresPin", "message", "email"}, "members")
    assert script.session is None, "a session before the PIN"
    return script, site.mail.wait(person.email, "pin").pin


@test("login asks for the PIN that was mailed, and gives no session; verify-pin gives it, once")
def gate(site):
    person = site.add_person()
    script, pin = begin(site, person)
    assert re.fullmatch(r"\d{6}", pin), pin
    said(script.get("session"), 401)
    said(script.post("verify-pin", {"email": person.email, "pin": pin}), 200, success=True)
    equal(said(script.get("session"), 200)["user"]["id"], person.id, "who")
    equal([session["method"] for session in said(script.get("sessions"), 200)["sessions"]], ["pwd otp"], "method")
    refusal(script.post("verify-pin", {"email": person.email, "pin": pin}), 401, "PIN expired or not found")


@test("a wrong password gets no PIN, and is told apart from nobody's")
def wrong_password(site):
    person, script = site.add_person(), Script(site)
    wrong = script.post("login", {"email": person.email, "password": "wrong password"})
    refusal(wrong, 401, "Invalid email or password")
    same_for_a_stranger(wrong, script.post("login", {"email": new_address("nobody"), "password": "wrong password"}), "login")
    assert site.mail.none(person.email, "pin")


@test("security 135: the PIN is bound to the browser that began, and to its address")
def bound(site):
    person, other = site.add_person(), site.add_person()
    script, pin = begin(site, person)
    refusal(Script(site).post("verify-pin", {"email": person.email, "pin": pin}), 401, "Invalid credentials")
    elsewhere, _ = begin(site, other)
    refusal(elsewhere.post("verify-pin", {"email": person.email, "pin": pin}), 401, "PIN expired or not found")
    forged = Script(site)
    forged.cookies["__Host-doorward-browser"] = "A" * 43
    refusal(forged.post("verify-pin", {"email": person.email, "pin": pin}), 401, "PIN expired or not found")
    said(script.post("verify-pin", {"email": person.email, "pin": pin}), 200)


@test("security 135: three tries; the fourth is too many; a new sign-in gives a new PIN, and the old one is dead")
def tries(site):
    person = site.add_person()
    script, pin = begin(site, person)
    wrong = f"{(int(pin) + 7) % 1000000:06}"
    errors = [script.post("verify-pin", {"email": person.email, "pin": wrong}).error for _ in range(4)]
    equal((errors[0], errors[1], errors[3]), ("Incorrect PIN", "Incorrect PIN", "Too many attempts"), "tries")
    refusal(script.post("verify-pin", {"email": person.email, "pin": pin}), 401, "Too many attempts")
    _, fresh = begin(site, person, script)
    if fresh != pin:
        refusal(script.post("verify-pin", {"email": person.email, "pin": pin}), 401, "Incorrect PIN")
    said(script.post("verify-pin", {"email": person.email, "pin": fresh}), 200)


@test("the PIN of an expired challenge is not found")
def expired(site):
    person = site.add_person()
    script, pin = begin(site, person)
    site.sql("UPDATE challenges SET expires_at = UNIX_TIMESTAMP() - 1")
    refusal(script.post("verify-pin", {"email": person.email, "pin": pin}), 401, "PIN expired or not found")


@test("T-87: of many parallel guesses at a PIN at most three are checked")
def parallel(site):
    person = site.add_person()
    script, pin = begin(site, person)
    errors, lock = [], threading.Lock()

    def guess(number):
        mine = Script(site)
        mine.cookies = dict(script.cookies)
        answer = mine.post("verify-pin", {"email": person.email, "pin": f"{(int(pin) + number) % 1000000:06}"})
        with lock:
            errors.append(answer.error)
        mine.web.close()

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(len(errors), 16, "answers")
    assert errors.count("Incorrect PIN") <= 3 and set(errors) <= {"Incorrect PIN", "Too many attempts"}, errors
    refusal(script.post("verify-pin", {"email": person.email, "pin": pin}), 401, "Too many attempts")


run(settings={"pin_gate": "always", "pin_limit_per_address": "1000"})
