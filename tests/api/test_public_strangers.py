#!/usr/bin/env python3
"""T-86, 2.9: what mails, and what checks a password, tells nobody whether an address has an account: not by its bytes, not by
its headers, not by its time."""
import statistics
import time

from kit import *
from script import *

SAMPLES = 80  # a share of pairs is then good to some 5 %
# A link that replaces an older one costs some 70 us more than one that replaces none: two of three pairs, and no more
# than ten times an hour for one address. What is left out for nobody, a hash or the rows, is nearly all pairs.
BOUND = 1 / 4
VARIES = {"date", "set-cookie", "ratelimit-remaining", "ratelimit-reset"}  # by the hour and by the caller's own requests
CASES = {
    "login": lambda email: {"email": email, "password": "wrong password"},
    "request-magic-link": lambda email: {"email": email},
    "forgot-password": lambda email: {"email": email},
    "resend-verification": lambda email: {"email": email},
    "verify-pin": lambda email: {"email": email, "pin": "000000"},
}


def shape(answer):
    """All of an answer that doesn't tell the time, or a cookie of random digits: those without their values."""
    headers = sorted((name.lower(), value) for name, value in answer.headers if name.lower() not in VARIES)
    cookies = sorted(line.split("=")[0] + line.partition(";")[2] for line in answer.all_headers("Set-Cookie"))
    return answer.status, answer.body, headers, cookies


def timed(site, path, email):
    script = Script(site)
    script.web.warm()
    began = time.perf_counter()
    answer = script.post(path, CASES[path](email))
    passed = time.perf_counter() - began
    script.web.close()
    return passed, answer


@test("T-86, 2.9, security 129: identical bytes and headers for a known, an unknown, an unverified and a disabled address")
def bytes_and_headers(site):
    known, unverified, disabled = site.add_person(), site.add_person(verified=False), site.add_person()
    site.cli("user", "disable", disabled.email)
    for path in CASES:
        shapes = {who: shape(timed(site, path, email)[1]) for who, email in
                  (("known", known.email), ("upper case", known.email.upper()), ("unverified", unverified.email), ("disabled", disabled.email),
                   ("unknown", new_address("nobody")))}
        for who, seen in shapes.items():
            equal(seen, shapes["unknown"], f"{path}: {who}")


def slower(one, other):
    """How often a time of one is longer than one of the other: 0.5 when nothing tells them apart."""
    return statistics.mean((a > b) + (a == b) / 2 for a in one for b in other)


@test("T-86, 2.9, security 129: times don't tell known from unknown addresses: taken in turns, neither is longer in more than three of four pairs")
def times(site):
    for path in CASES:
        # As many of each, asked for as often: what an address has been sent already is counted, whosever it is.
        people, nobodies = [site.add_person().email for _ in range(8)], [new_address("nobody") for _ in range(8)]
        known, unknown = [], []
        share = 1
        while abs(share - 0.5) >= BOUND and len(known) < 4 * SAMPLES:  # chance doesn't last
            for number in range(SAMPLES):
                known.append(timed(site, path, people[number % len(people)])[0])
                unknown.append(timed(site, path, nobodies[number % len(nobodies)])[0])
            share = slower(known, unknown)
        print(f"# {path}: known {statistics.median(known) * 1000:.2f} ms, unknown {statistics.median(unknown) * 1000:.2f} ms, "
              f"known longer in {share:.0%} of pairs")
        assert abs(share - 0.5) < BOUND, f"{path}: {share:.0%}"


run(settings={"sign_in_limit_per_account": "100000", "scrypt_log_n": "12"})
