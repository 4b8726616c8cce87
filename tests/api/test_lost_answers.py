#!/usr/bin/env python3
"""The connection to the database is lost while something is being written, so that nobody knows whether it
was (abuse 50): it is looked up under its own key, and only what was written is told to anyone."""
import base64
import hashlib
import os
import re
import signal
import sys
import threading
import time

from kit import *
from machines import within

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "store"))
from database import LossyProxy  # noqa: E402

OFFLINE = "openid offline_access"


def children(site):
    """The master's processes."""
    with open(f"/proc/{site.master}/task/{site.master}/children", encoding="ascii") as file:
        return set(file.read().split())


class Proxy(LossyProxy):
    """Carries every connection of this Doorward. holding: the armed request waits for release(), and is then
    lost on its way to the server instead of on its way back."""

    def __init__(self, site):
        super().__init__(site.directory, site.database_socket)
        self.holding, self.held, self.released = False, threading.Event(), threading.Event()
        self.passed, self.behind = 0, b""  # how many such requests pass; what the same connection has said before
        with open(site.conf, encoding="utf-8") as file:
            text = file.read()
        with open(site.conf, "w", encoding="utf-8") as file:
            file.write(re.sub(r"(?m)^(database_socket *= *).*$", lambda line: line[1] + self.path, text))
        before = children(site)
        os.kill(site.master, signal.SIGHUP)
        within(60, lambda: "ready generation=2" in site.log() and not before & children(site), "a new generation")

    def _ask(self, client, server, cut):
        marked = None  # how many were cut before the bytes that must come first
        try:
            while data := client.recv(65536):
                if self.armed and self.behind in data:
                    marked = self.cuts
                meant = self.armed and self.armed in data and marked == self.cuts
                if meant and self.passed:
                    self.passed -= 1
                elif meant:
                    self.armed, self.cuts = None, self.cuts + 1
                    cut.set()
                    if self.holding:
                        self.held.set()
                        self.released.wait(10)
                        break
                server.sendall(data)
        except OSError:
            pass
        self._shut(client, server)


def proxy(site):
    if not hasattr(site, "proxy"):
        site.proxy = Proxy(site)
    site.proxy.holding = False
    return site.proxy


def handle_bytes(text):
    """The bytes of a code or refresh token: the row's id, a generation, the secret, a MAC."""
    text = text[4:]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def hash_of(code):
    """What the database knows a code by: only the redemption's own statement names it."""
    return hashlib.sha256(handle_bytes(code)[20:52]).digest()


def lossy(site, armed, call, passed=0, behind=b""):
    """The answer to a call whose write is done, and whose connection is cut before anyone hears of it;
    so many requests that hold the armed bytes pass before, and none counts that isn't behind those bytes on its connection."""
    lost = proxy(site)
    before, lost.passed, lost.behind = lost.cuts, passed, behind
    lost.armed = armed
    answer = call()
    equal(lost.cuts, before + 1, "connections that were cut")
    return answer


@test("abuse 50: a code whose redemption was written is answered with tokens, with and without a refresh token")
def redemption(site):
    for scope in ("openid", OFFLINE):
        proxy(site)
        code = authorize(site, site.client(), scope=scope, prompt="consent")["code"]
        body = token_response(lossy(site, hash_of(code), lambda: redeem(site, site.client(), code)))
        equal(userinfo(site, body["access_token"]).status, 200, "userinfo")
        equal("refresh_token" in body, scope == OFFLINE, "a refresh token")
        if scope == OFFLINE:
            token_response(refresh(site, site.client(), body["refresh_token"]))


@test("abuse 50, T-21: a redemption that was lost is never taken for another's of the same second")
def foreign_redemption(site):
    lost, client = proxy(site), site.client()
    code = authorize(site, client)["code"]
    lost.held.clear()
    lost.released.clear()
    answers = {}
    time.sleep(1.02 - time.time() % 1)  # both in one second
    lost.holding, lost.armed = True, hash_of(code)
    slow = threading.Thread(target=lambda: answers.update(lost=redeem(site, client, code, web=site.connect())))
    slow.start()
    assert lost.held.wait(5), "the redemption wasn't seen"
    answers["other"] = redeem(site, client, code, web=site.connect())
    lost.released.set()
    slow.join()
    equal([answers["other"].status, answers["lost"].status], [200, 503], "of two redemptions")


@test("abuse 50: a code that was written reaches the client, from a page's form and without one")
def issue(site):
    client, browser = site.add_client(), site.browser()
    proxy(site)
    answer = browser.open(AUTHORIZE, request_of(client))
    answer = fill_login(browser, answer, site.person())
    decide(browser, answer)  # the grant is there: what commits next is a code
    nonce = "n" * 40
    answer = lossy(site, nonce.encode(), lambda: browser.get(AUTHORIZE, request_of(client, nonce=nonce)))
    token_response(redeem(site, client, response_of(answer, client.redirect_uri)["code"]))
    page = browser.open(AUTHORIZE, request_of(client, prompt="login"))
    form = page.page().form_with(autocomplete="current-password")
    assert form, str(page)
    # the housekeeper's transactions, on its own connection, may end meanwhile
    answer = lossy(site, b"COMMIT", lambda: fill_login(browser, page, site.person()), behind=site.person().email.encode())
    token_response(redeem(site, client, response_of(answer, client.redirect_uri)["code"]))


@test("abuse 50: a refresh whose rotation was written is 503, and its retry gets the successor")
def rotation(site):
    proxy(site)
    tokens = sign_in(site, site.client(), scope=OFFLINE, prompt="consent")
    row = handle_bytes(tokens.refresh)[:16]
    answer = lossy(site, row, lambda: refresh(site, site.client(), tokens.refresh), passed=1)
    equal((answer.status, answer.error), (503, "temporarily_unavailable"), str(answer))
    body = token_response(refresh(site, site.client(), tokens.refresh))
    token_response(refresh(site, site.client(), body["refresh_token"]))


run()
