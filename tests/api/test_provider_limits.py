#!/usr/bin/env python3
"""Signing in by other providers is limited per client address like any other way in."""
from kit import *
from machines import restart_as_another_machine
from providing import *


@test("the way back counts as a sign-in of its address: past the limit 429 with Retry-After, nobody is signed in, the provider isn't asked, and the answer is still good later; what opens nothing isn't counted")
def limited(site):
    for _ in range(10):
        assert site.web.get("/api/auth/acme/callback?code=x&state=eyJjc3JmIjoieCJ9").is_redirect
    for _ in range(3):
        sign_in(site.browser(), "acme", somebody())
    word, browser = somebody(), site.browser()
    back = fakes["acme"].visit(leave(browser, "acme"), word)
    calls = fakes["acme"].counts["token"]
    answer = come_back(browser, back)
    equal(answer.status, 429, str(answer))
    assert answer.header("Retry-After") and who(browser) is None
    equal(fakes["acme"].counts["token"], calls)
    site.sql("UPDATE attempts SET at_ms = at_ms - 900000")  # the window is over, in the database and in the machine's memory
    restart_as_another_machine(site)
    answer = come_back(browser, back)
    equal(answer.status, 200, f"{browser.here}: {answer}")
    equal(who(browser)["email"], address_of(word))


run(**options_with_providers(sign_in_limit_per_address=3))
