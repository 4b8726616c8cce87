#!/usr/bin/env python3
"""A flood of sign-ins with passwords at their real cost."""
import re
import threading
import time

from kit import *
from from_anywhere import *

HASHES = 2
LOG_N = 14  # 16 MiB a hash
HASH_KIB = 128 * 8 * 2**LOG_N // 1024


def memory_kib(site):
    """What the program's processes have for themselves at this moment, together."""
    total, tree = 0, [site.master]
    while tree:
        pid = tree.pop()
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            tree += [int(word) for word in file.read().split()]
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            status = file.read()
        total += int(re.search(r"RssAnon:\s+(\d+)", status).group(1))
    return total


@test("abuse 40, security 128, T-97: 80 sign-ins, 24 at once, 16 MiB a hash: memory stays under the cap, some are told 503 early, and other endpoints answer")
def flood(site):
    person, client = site.add_person(), site.client()
    sign_in(site, client, person)
    at_rest, most, waits, stop = memory_kib(site), [0], [], threading.Event()

    def look():
        web = site.connect()
        while not stop.is_set():
            began = time.monotonic()
            equal(web.get("/healthz").status, 200, "healthz")
            equal(post_token(site, client, web, grant_type="client_credentials").status, 200, "token")
            waits.append((time.monotonic() - began) / 2)
            most[0] = max(most[0], memory_kib(site))
            time.sleep(0.02)
        web.close()
    looking = threading.Thread(target=look)
    looking.start()
    statuses = in_threads(24, range(80), lambda number: ask(site, f"192.0.2.{number + 1}", "login", {"email": f"flood-{number}@people.example", "password": WRONG}, "people").status)
    stop.set()
    looking.join()
    waits.sort()
    print(f"# {counted(statuses)}; others waited {waits[len(waits) // 2] * 1000:.0f} ms, at most {waits[-1] * 1000:.0f} ms; {at_rest} KiB grew to {most[0]} KiB")
    assert set(statuses) <= {401, 503} and 401 in statuses, counted(statuses)
    assert len(waits) > 10 and waits[int(len(waits) * 0.99)] < 3, waits[-5:]
    assert most[0] - at_rest < HASHES * HASH_KIB + 24 * 1024, f"{at_rest} KiB grew to {most[0]} KiB"


# A sanitizer would keep what has been freed, to find out who still uses it.
run(env={"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99:quarantine_size_mb=1"}, settings={"max_concurrent_hashes": HASHES, "scrypt_log_n": LOG_N},
    pools={"main": {"workers": 2}, "people": {"workers": 4, "families": "public"}})
