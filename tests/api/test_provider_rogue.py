#!/usr/bin/env python3
"""A provider that means harm, or that is broken in ways that no fake is: what it says of people, what it signs and with what,
and what it does on the wire. Nobody is signed in as somebody else, nothing of ours breaks, and nobody waits for long."""
import gzip
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

from jose import b64, hs256, unsigned
from kit import *
from providing import *
from rogue import *
from signing_in import *

rogue = Rogue()
LIMIT_S = 13  # eight, and what a busy machine adds: one call after the other takes longer


def known(site, of=None, **changes):
    """Adds the rogue, or another one, as a provider once; its name."""
    of, name = of or rogue, changes.get("name", "rogue")
    path = os.path.join(site.directory, f"provider-{name}.json")
    if not os.path.exists(path):
        with open(path, "w") as file:
            json.dump(of.metadata(**changes), file)
        site.cli("provider", "add", "--metadata", path)
    return name


def arrive(browser, name, asked, code="c"):
    return browser.get(f"/api/auth/{name}/callback", {"code": code, "state": asked["state"]})


def come(site, sub="somebody", token=None, browser=None, of=None, name="rogue", **claims):
    """Somebody comes back from it: browser, answer. token: what makes the ID Token of what was asked."""
    browser, of = browser or site.browser(), of or rogue
    asked = asked_of(leave(browser, name))
    of.answers["/token"] = of.tokens(token(asked) if token else of.key.sign(of.claims(sub, asked["nonce"], **claims)))
    return browser, arrive(browser, name, asked)


def vouched(word):
    return {"email": word if "@" in word else address_of(word), "email_verified": True}


# --- what it says of people ---

@test("T-82, security 122: an address is one of ours in any case and by any dot, and nobody's in no other spelling; what isn't one is none")
def addresses(site):
    rogue.reset()
    known(site)
    owner = site.add_person()
    local, domain = owner.email.split("@")
    spellings = {
        # the account's: its owner is asked for
        "proof": [owner.email, owner.email.upper(), f"{local}@{domain.upper()}", f"{local}@{domain.replace('.', chr(0x3002))}"],
        # an address of its own
        "new": [f'"{local}"@{domain}', f"{local}@{domain.replace('e', chr(0x435), 1)}", f"{local}+tag@{domain}", f"{local}%40{domain}@evil.example",
                f"{chr(0xff50)}{local[1:]}@{domain}", f"<script>@{domain}", f"a'b{local}@{domain}", f"a\\b{local}@{domain}", f"{local:x<64}@{domain}"],
        # none
        "none": [owner.email + ".", f"{local}{chr(0xff20)}{domain}", f"{local}\u200b@{domain}", " " + owner.email, owner.email + " ", owner.email + "\n",
                 f"<{owner.email}>", f"x <{owner.email}>", f"{owner.email}@evil.example", f"{owner.email},x@evil.example", [owner.email], {"x": 1}, 7, True,
                 "", "@", "a@", "@b", "a" * 300 + "@" + domain, "a" * 65 + "@" + domain, "a@" + "b" * 260, f"{local}@[127.0.0.1]", f"{owner.email}\r\nBcc: x@evil.example"],
        "failed": [owner.email + "\0.evil.example"],
    }
    for number, (fate, email) in enumerate((fate, email) for fate, all_of_it in spellings.items() for email in all_of_it):
        browser, answer = come(site, f"address-{number}", email=email, email_verified=True)
        here = who(browser)
        equal({"new": None, "proof": None, "none": "rogue_no_email", "failed": "rogue_callback_failed"}[fate], error_of(answer), repr(email))
        equal(fate == "proof", answer.location.startswith("/login/connect?"), repr(email))
        equal(fate == "new", bool(here), repr(email))
        assert not here or (here["id"] != owner.id and here["email"] == email), f"{email!r}: {here}"
    equal(connections_of(site, owner.email), [], "connected to the owner's account")


@test("T-82, abuse 72: subjects are told apart byte by byte; one that can't be kept as it is signs nobody in")
def subjects(site):
    rogue.reset()
    known(site)
    people = set()
    kept = ("CaseMe", "caseme", "CASEME", "caseme ", " caseme", "x" * 255, "x" * 254, "%00", "' OR 1=1 -- ", "7")
    for number, sub in enumerate(kept):
        browser, answer = come(site, sub, **vouched(f"subject{number}-{somebody()}@people.example"))
        people.add(who(browser)["id"])
        again, answer = come(site, sub, email="another@people.example")
        equal(who(again)["id"], who(browser)["id"], repr(sub))
    equal(len(people), len(kept))
    for sub in ("x" * 256, "x" * 300, "", None, 7, 7.5, True, ["a"], {"a": 1}, "a\0b", "a\tb", "a\x7fb", "\u00c4", "\U0001f600"):
        browser, answer = come(site, sub, **vouched(somebody()))
        equal((error_of(answer), who(browser)), ("rogue_callback_failed", None), repr(sub))


@test("T-82: numbers that are too large for one, or no whole ones, are no subjects: nobody is taken for their neighbour")
def numbers(site):
    rogue.reset()
    name = known(site, name="numbers", kind="oauth2", issuer=None, authorization_endpoint=rogue.url + "/authorize", token_endpoint=rogue.url + "/token",
                 userinfo_endpoint=rogue.url + "/userinfo", profile={"subject": "id"})
    for id, fine in ((b"9223372036854775807", True), (b"9223372036854775808", False), (b"12345678901234567890", False), (b"12345678901234567891", False),
                     (b"1e3", False), (b"1000.0", False), (b"007", False), (b"7,\"id\":8", False), (b"7", True)):
        browser = site.browser()
        asked = asked_of(leave(browser, name))
        rogue.answers["/userinfo"] = b'{"email":"%s","email_verified":true,"id":%s}' % (address_of(somebody()).encode(), id)
        answer = arrive(browser, name, asked)
        equal((error_of(answer), bool(who(browser))), (None if fine else "numbers_callback_failed", fine), id)


# --- what it signs ---

@test("38, abuse 72: an ID Token for several needs azp, and that is us; a nonce is a string; what a header asks for, or brings along, is neither done nor fetched")
def id_tokens(site):
    rogue.reset()
    known(site)
    key, now, word = rogue.key, int(time.time()), somebody()

    def signed(by=key, header=None, **claims):
        return lambda asked: by.sign(rogue.claims("tokens", asked["nonce"], **{**vouched(word), **claims}), **(header or {}))

    def with_nonce(make):
        return lambda asked: key.sign(rogue.claims("tokens", make(asked["nonce"]), **vouched(word)))

    for claims in ({}, {"aud": [CLIENT_ID]}, {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}):
        browser, answer = come(site, token=signed(**claims))
        equal((who(browser) or {}).get("email"), address_of(word), str(claims))
    bad = {str(claims): signed(**claims) for claims in (
        {"aud": [CLIENT_ID, "another"]}, {"aud": [CLIENT_ID, "another"], "azp": "another"}, {"aud": {CLIENT_ID: 1}}, {"aud": [[CLIENT_ID]]},
        {"aud": [CLIENT_ID, 7], "azp": CLIENT_ID}, {"aud": CLIENT_ID + "x"}, {"aud": CLIENT_ID.upper()}, {"azp": [CLIENT_ID]}, {"azp": ""},
        {"iss": rogue.url + "/"}, {"iss": rogue.url.upper()}, {"iss": [rogue.url]}, {"exp": str(now + 300)}, {"nbf": now + 3600})}
    bad |= {"nonce in an array": with_nonce(lambda nonce: [nonce]), "no nonce": with_nonce(lambda nonce: None), "empty nonce": with_nonce(lambda nonce: ""),
            "longer nonce": with_nonce(lambda nonce: nonce + "A"), "azp null": lambda asked: key.sign({**rogue.claims("tokens", asked["nonce"]), "azp": None})}
    stranger = EcKey(key.kid)
    bad |= {"its kid by another key": signed(stranger), "jwk": signed(stranger, {"jwk": stranger.public()}), "jku": signed(stranger, {"jku": rogue.url + "/evil"}),
            "x5u": signed(stranger, {"x5u": rogue.url + "/evil"}), "kid is a path": signed(EcKey("../../../../dev/null")), "kid is SQL": signed(EcKey("' OR 1=1 -- ")),
            "crit": signed(header={"crit": ["x"], "x": 1}), "b64": signed(header={"crit": ["b64"], "b64": False}), "a fourth part": lambda asked: signed()(asked) + ".x",
            "padding": lambda asked: signed()(asked) + "=", "white space": lambda asked: " " + signed()(asked)}
    rogue.answers["/evil"] = {"keys": [stranger.public()]}
    for alg in ("none", "None", "NONE", ""):
        bad[f"alg {alg!r}"] = lambda asked, alg=alg: unsigned(rogue.claims("tokens", asked["nonce"]), alg=alg)
    for what, secret in (("secret", b"s3cret-of-rogue"), ("public key", json.dumps(key.public(alg="ES256", use="sig")).encode()), ("nothing", b"")):
        bad[f"HMAC by the {what}"] = lambda asked, secret=secret: hs256(rogue.claims("tokens", asked["nonce"]), secret, kid=key.kid)
    for what, token in bad.items():
        browser, answer = come(site, token=token)
        equal((error_of(answer), who(browser)), ("rogue_callback_failed", None), what)
    equal(rogue.count("/evil"), 0, "fetched what a header named")


@test("38: of the keys that it publishes none verifies that is secret, for something else, or for another algorithm; one among many that can't does")
def keys(site):
    secret = {"kty": "oct", "k": b64(b"s3cret-of-rogue"), "kid": "k1", "alg": "HS256"}
    cases = {"oct": (lambda key: [secret], False), "private": (lambda key: [key.private()], False), "enc": (lambda key: [key.public(use="enc")], False),
             "ops": (lambda key: [key.public(key_ops=["encrypt"])], False), "alg": (lambda key: [key.public(alg="ES384")], False),
             "many": (lambda key: [secret, {}, 7, {"kty": "EC", "kid": "k1"}, EcKey("k1").public(), EcKey("k2").public(), key.public()], True),
             "crowd": (lambda key: [EcKey("k1").public()] * 50 + [key.public()], False), "bomb": (lambda key: [{}] * 40000 + [key.public()], False)}
    for what, (make, fine) in cases.items():
        one = Rogue()
        name = known(site, one, name="keys-" + what)
        one.answers["/keys"] = {"keys": make(one.key)}
        browser, answer = come(site, of=one, name=name, **vouched(somebody()))
        equal((error_of(answer), bool(who(browser))), (None if fine else f"{name}_callback_failed", fine), what)
        if what == "oct":
            browser, answer = come(site, of=one, name=name, token=lambda asked: hs256(one.claims("x", asked["nonce"], **vouched(somebody())), b"s3cret-of-rogue", kid="k1"))
            equal((error_of(answer), who(browser)), (f"{name}_callback_failed", None), "signed by the secret")
        one.stop()


@test("security 122: of two providers with one issuer and one endpoint each takes what was made for its own client, and people of one aren't those of the other")
def shared_issuer(site):
    rogue.reset()
    known(site)
    name, word = known(site, name="twin", client_id="twin"), somebody()
    browser, answer = come(site, "the-same", **vouched(word))
    first = who(browser)
    browser, answer = come(site, "the-same", name=name, **vouched(word))
    equal((error_of(answer), who(browser)), ("twin_callback_failed", None), "an ID Token for the other client")
    browser, answer = come(site, "the-same", name=name, aud="twin", **vouched(word))
    assert answer.location.startswith("/login/connect?") and who(browser) is None, f"the same subject at another provider: {answer.location}"
    asked = asked_of(leave(browser, "rogue"))
    rogue.answers["/token"] = rogue.tokens(rogue.key.sign(rogue.claims("the-same", asked["nonce"])))
    equal(error_of(arrive(browser, name, asked)), "twin_invalid_state", "the other's state")
    equal(first["loginMethods"], ["rogue"])


# --- what it does on the wire ---

def sends(data):
    return lambda handler: handler.send(data)


def pours(start, more):
    """Without end."""
    def answer(handler):
        going = handler.send(start)
        while going:
            going = handler.send(more)
    return answer


def drips(start, more):
    def answer(handler):
        going = handler.send(start)
        while going:
            time.sleep(0.2)
            going = handler.send(more)
    return answer


OK = b"HTTP/1.1 200 OK\r\n"
BOMB = gzip.compress(b'{"access_token":"' + b"x" * 20_000_000 + b'"}')
WIRE = {
    "headers without end": pours(OK, b"X-Header: " + b"y" * 500 + b"\r\n"), "a header without end": pours(OK + b"X: ", b"x" * 65536),
    "a status line without end": pours(b"HTTP/1.1 200 ", b"x" * 65536), "interim answers without end": pours(b"", b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n"),
    "status lines without end": pours(OK, OK), "a body without end": pours(OK + b"\r\n", b"x" * 65536),
    "gzip": sends(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB),
    "gzip on the way": sends(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n%x\r\n" % len(BOMB) + BOMB + b"\r\n0\r\n\r\n"),
    "two lengths": sends(OK + b"Content-Length: 2\r\nContent-Length: 99\r\n\r\n{}"), "a negative length": sends(OK + b"Content-Length: -1\r\n\r\n{}"),
    "a chunk below nothing": sends(OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n"), "cut in a chunk": sends(OK + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{}"),
    "a chunk beyond all": sends(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n"), "HTTP/0.9": sends(b'{"access_token":"a"}'),
    "another protocol": sends(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"), "NUL": sends(OK + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}"),
    "nothing": lambda handler: None, "204": sends(b"HTTP/1.1 204 No\r\n\r\n"), "304": sends(b"HTTP/1.1 304 No\r\n\r\n"), "999": sends(b"HTTP/1.1 999 No\r\nContent-Length: 2\r\n\r\n{}"),
    "asks for a password": sends(b"HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n"),
    "sends on": sends(b"HTTP/1.1 307 On\r\nLocation: /elsewhere\r\nRefresh: 0;url=/elsewhere\r\nContent-Length: 0\r\n\r\n"),
    "many objects": sends(OK + b'\r\n{"access_token":"a","x":[' + b"{}," * 40000 + b"{}]}"), "not UTF-8": sends(OK + b'\r\n{"access_token":"\xff"}'),
    "a header in a token": lambda handler: handler.tell({"access_token": "a\r\nX-Evil: 1"}),
}
SLOW = {"headers drip": drips(OK, b"X: y\r\n"), "chunks drip": drips(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1;x\r\n \r\n"),
        "a chunk's extension drips": drips(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"e" * 1000), "it hangs": lambda handler: time.sleep(20)}


@test("abuse 44, 72, T-53: whatever an answer is on the wire, there is a page, in time, and the next one is taken")
def wire(site):
    rogue.reset()
    known(site)
    for what, answers in WIRE.items():
        browser = site.browser()
        asked = asked_of(leave(browser, "rogue"))
        rogue.answers["/token"] = answers
        began = time.monotonic()
        equal(error_of(arrive(browser, "rogue", asked)), "rogue_callback_failed", what)
        assert time.monotonic() - began < 7 and who(browser) is None, what
    equal(rogue.count("/elsewhere"), 0, "followed")
    assert not [headers for _, _, headers, _ in rogue.asked if "cookie" in headers], "a cookie of its own was sent back"
    browser, answer = come(site, "behind-the-wire", **vouched(somebody()))
    assert who(browser), f"the next one: {answer} {answer.location}"


@test("abuse 44, 72: one that is slow in everything, each time within what a call may take, costs ten seconds at most, and no worker")
def slow_everywhere(site):
    def late(seconds, value):
        def answer(handler):
            time.sleep(seconds)
            handler.tell(value)
        return answer

    one = Rogue()
    name, browser = known(site, one, name="late"), site.browser()
    asked = asked_of(leave(browser, name))
    one.answers["/token"] = late(5, one.tokens(EcKey("nobody's").sign(one.claims("x", asked["nonce"], **vouched(somebody())))))
    one.answers["/keys"] = late(4.5, {"keys": [one.key.public()]})
    one.answers["/userinfo"] = late(5, {})
    began = time.monotonic()
    equal(error_of(arrive(browser, name, asked)), "late_callback_failed")
    assert time.monotonic() - began < LIMIT_S, f"{time.monotonic() - began:.1f} s"
    rounds = list(SLOW.items())
    for pair in (rounds[:2], rounds[2:]):  # no more than may wait for a host at once
        ways = []
        for what, answers in pair:
            browser = site.browser()
            ways.append((browser, asked_of(leave(browser, name))))
        one.answers["/token"] = lambda handler, pair=pair: dict(pair)[handler.form["code"]](handler)
        began = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            got = list(pool.map(lambda way, what: arrive(way[0], name, way[1], what), ways, dict(pair)))
        equal([error_of(answer) for answer in got], ["late_callback_failed"] * 2, str(list(dict(pair))))
        assert time.monotonic() - began < LIMIT_S, f"{list(dict(pair))}: {time.monotonic() - began:.1f} s"
    assert "worker killed" not in site.log()
    one.stop()


@test("abuse 44: when a provider hangs while many come back from it at once, the pages of everybody else are there again in a moment, and stay")
def storm(site):
    one = Rogue("localhost")  # another host than the one that was slow just now
    name = known(site, one, name="hanging")
    ways = [(browser, asked_of(leave(browser, name))) for browser in (site.browser() for _ in range(24))]
    one.answers["/token"] = lambda handler: time.sleep(20)
    with ThreadPoolExecutor(len(ways)) as pool:
        began = time.monotonic()
        answers = [pool.submit(arrive, browser, name, asked) for browser, asked in ways]
        until(lambda: one.count("/token") >= 4, "all workers ask it")
        equal(site.connect().get("/login").status, 200)
        assert time.monotonic() - began < 10, f"the first page: {time.monotonic() - began:.1f} s"
        while not all(answer.done() for answer in answers):
            page = time.monotonic()
            equal(site.connect().get("/login").status, 200)
            assert time.monotonic() - page < 6, f"a later page: {time.monotonic() - page:.1f} s"
            time.sleep(0.2)
        equal({error_of(answer.result()) for answer in answers}, {"hanging_callback_failed"})
    one.stop()


# --- the way back ---

@test("2.6: an error that comes without a state is told in its word, as one with a state is, and opens nothing")
def error_alone(site):
    browser = site.browser()
    answer = browser.get("/api/auth/google/callback?error=access_denied")
    equal((answer.status, error_of(answer)), (302, "google_access_denied"))
    page = browser.follow(answer)
    assert link_to(page, "/login") and who(browser) is None, str(page)
    equal(error_of(site.web.get("/api/auth/google/callback?error=access_denied&code=x")), "google_access_denied")
    equal(error_of(site.web.get("/api/auth/google/callback?error=%3Csvg%3E")), "google_callback_failed")
    equal(error_of(site.web.get("/api/auth/apple/callback?error=user_cancelled_authorize")), "apple_access_denied")
    for query in ("error=access_denied&state=x", "error=a&error=b", "error=access_denied&state=e30&state=e30"):
        equal(site.web.get("/api/auth/google/callback?" + query).status, 400, query)


@test("T-83, security 122: a neighbour's csrf-token, planted with the answer that belongs to it, signs nobody in, nor swaps who is signed in")
def planted(site):
    rogue.reset()
    known(site)
    evil = site.browser()
    for word in (None, somebody()):
        victim = site.browser()
        victim.open("/login")
        if word:
            come(site, word, browser=victim, **vouched(word))
        asked = asked_of(leave(evil, "rogue"))
        rogue.answers["/token"] = rogue.tokens(rogue.key.sign(rogue.claims("evil", asked["nonce"], **vouched("evil@people.example"))))
        victim.cookies["csrf-token"] = evil.cookies["csrf-token"]
        calls = rogue.count("/token")
        equal(error_of(arrive(victim, "rogue", asked)), "rogue_invalid_state")
        equal((who(victim) or {}).get("email"), address_of(word) if word else None)
        equal(rogue.count("/token"), calls, "codes redeemed")
    asked = asked_of(leave(evil, "rogue"))
    rogue.answers["/token"] = rogue.tokens(rogue.key.sign(rogue.claims("evil", asked["nonce"], **vouched("evil@people.example"))))
    arrive(evil, "rogue", asked)
    equal(who(evil)["email"], "evil@people.example", "in its own browser")


@test("the last way in that is open can't be taken off: an account at a provider that was switched off meanwhile is none")
def last_open_way(site):
    rogue.reset()
    known(site)
    name, word = known(site, name="closing"), somebody()
    browser, _ = come(site, word, **vouched(word))
    page = browser.open("/account/connections")
    asked = asked_of(browser.get(link_to(page, f"/api/auth/{name}/login")).location)
    rogue.answers["/token"] = rogue.tokens(rogue.key.sign(rogue.claims("there", asked["nonce"])))
    arrive(browser, name, asked)
    equal([row[0] for row in connections_of(site, word)], ["closing", "rogue"])
    site.cli("provider", "disable", name)
    until(lambda: site.connect().get(f"/api/auth/{name}/login").status == 404, "switched off")
    answer = browser.request("DELETE", "/api/public/account/unlink/rogue", headers={"Origin": site.url})
    equal(answer.status, 403, answer.text)
    equal([row[0] for row in connections_of(site, word)], ["closing", "rogue"])
    site.cli("provider", "enable", name)
    until(lambda: site.connect().get(f"/api/auth/{name}/login").status == 302, "switched on")
    answer = browser.request("DELETE", "/api/public/account/unlink/rogue", headers={"Origin": site.url})
    equal(answer.status, 200, answer.text)


run(workers=4, **options_with_providers(egress_allow="127.0.0.1 localhost"))
