#!/usr/bin/env python3
"""What bench/run measures with: rows that it puts into the store itself, as thousands of sign-ins would take too long."""
import os
import subprocess

from kit import *
from flow import redeem, refresh


def seeded(site, client, kind):
    """Two codes or refresh tokens, as bench/seed.c makes them."""
    command = [os.path.join(os.path.dirname(site.program), "bench-seed"), site.conf, client.id, site.add_person().email, "openid offline_access", "2", kind]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "REDIRECT_URI": client.redirect_uri}, check=False)
    assert done.returncode == 0, done.stderr
    handles = done.stdout.split()
    equal(len(set(handles)), 2, "handles")
    return handles


@test("bench: the codes and refresh tokens that it seeds are good ones, as the store has them today")
def handles(site):
    client = site.client()
    for code in seeded(site, client, "code"):
        answer = redeem(site, client, code)
        equal(answer.status, 200, str(answer))
        assert {"access_token", "id_token", "refresh_token"} <= set(answer.json()), answer.json().keys()
    for token in seeded(site, client, "refresh"):
        answer = refresh(site, client, token)
        equal(answer.status, 200, str(answer))
        assert answer.json()["refresh_token"] != token, "not rotated"


run()
