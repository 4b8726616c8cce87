#!/usr/bin/env python3
"""What can go wrong at a provider, and on the way there and back: a person always gets a page that says what happened and leads
on, nobody is signed in by mistake, and it never takes long."""
import json
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from kit import *
from signing_in import *
from travel import *

LIMIT_S = 14  # eight of the provider's, and what a busy machine adds: twice eight is too much
HOUR = 3600
ISSUERS = ("google", "microsoft", "acme")

BROKEN = [
    ("status", {"status": 500}), ("status", {"status": 503, "body": "<h1>away</h1>"}), ("status", {"status": 404}), ("bad_json", {}),
    ("html", {}), ("close", {}), ("lost", {}), ("oversized", {}), ("redirect", {"to": "https://evil.example/"}),
    ("status", {"status": 200, "body": ""}), ("status", {"status": 200, "body": "[]"}), ("status", {"status": 200, "body": "null"}),
    ("status", {"status": 200, "body": "[" * 100000}),
]
TOKEN_BROKEN = [
    ("status", {"status": 200, "body": '{"access_token": 7}'}), ("error", {"error": "invalid_grant"}),
    ("error", {"error": "invalid_client", "status": 401}), ("error", {"error": "invalid_grant", "status": 200}),
]
ISSUER_BROKEN = [("change", {"remove": ["access_token"]}), ("change", {"set": {"access_token": "a\r\nX-Evil: 1"}}),
                 ("change", {"remove": ["id_token"]}), ("change", {"set": {"id_token": "a.b.c"}}), ("change", {"set": {"id_token": {}}})]


def id_token_faults(fake):
    """Each way in which an ID Token can be wrong (OpenID Connect Core 3.1.3.7)."""
    now, client = int(time.time()), fake.metadata()["client_id"]
    for claims in ({"iss": "https://evil.example"}, {"iss": fake.url + "/"}, {"iss": None}, {"aud": "another"}, {"aud": []}, {"aud": None},
                   {"aud": [client, "another"], "azp": "another"}, {"azp": "another"}, {"nonce": "another"}, {"nonce": None},
                   {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": "x" * 300}, {"exp": now - HOUR}, {"exp": None}, {"exp": "later"},
                   {"iat": now + HOUR}, {"iat": None}):
        yield {"claims": claims}
    yield from ({"alg": "none"}, {"alg": "HS256"}, {"key": "foreign"}, {"key": "unknown"}, {"spoil": True})


def fails(site, fake, what, go=None):
    """A person goes by the provider, and ends at a page with a way on, soon, without a session; the traveller, the page."""
    traveller = Traveller(site, fake)
    began = time.monotonic()
    answer = (go or (lambda one: one.go("ann-" + fake.name)))(traveller)
    seconds = time.monotonic() - began
    assert seconds < LIMIT_S, f"{what}: {seconds:.1f} s"
    assert not traveller.is_signed_in, f"{what}: signed in"
    is_told(answer, what)
    equal(fake.faults, [], f"{what}: faults that never happened")
    return traveller, answer


def users(site):
    return site.sql("SELECT COUNT(*) FROM users")[0][0], site.sql("SELECT COUNT(*) FROM connections")[0][0]


@test("abuse 72: whatever is wrong with a provider's answers, there is a page to try again from, nobody is signed in or made, and the next try works")
def broken_answers(site):
    for fake in site.fakes:
        at = {"google": ["token"], "apple": ["token"], "microsoft": ["token"], "github": ["token", "userinfo", "emails"]}.get(fake.name, ["token", "userinfo"])
        more = TOKEN_BROKEN + (ISSUER_BROKEN if fake.name in ISSUERS else [])
        before = users(site)
        for place, (fault, how) in [(place, one) for place in at for one in BROKEN + (more if place == "token" else [])]:
            fake.fault(place, fault, **how)
            traveller, answer = fails(site, fake, f"{fake.name}, {place}: {fault} {how}")
        equal(users(site), before, f"users and connections after {fake.name}'s faults")
        assert traveller.finish(traveller.go("ann-" + fake.name, answer)), f"{fake.name}: the next try, from the page itself"


@test("abuse 72, security 38: an ID Token with a wrong iss, aud, azp, nonce, sub, exp, iat, alg, key or signature signs nobody in")
def id_tokens(site):
    for name in (*ISSUERS, "apple"):
        before = users(site)
        for fault in id_token_faults(site.fakes[name]):
            site.fakes[name].fault("token", "id_token", **fault)
            fails(site, site.fakes[name], f"{name}: {fault}")
        equal(users(site), before, f"users and connections after {name}'s ID Tokens")


@test("abuse 72: a userinfo answer about somebody else signs nobody in")
def another_subject(site):
    for name, member in (("acme", "sub"), ("facebook", "id"), ("github", "id")):
        for change in ({"remove": [member]}, {"set": {member: ""}}, {"set": {member: None}}, {"set": {member: {"$ne": 1}}}, {"set": {member: True}}):
            site.fakes[name].fault("userinfo", "change", **change)
            fails(site, site.fakes[name], f"{name}: {change}")
    known = Traveller(site, site.fakes["acme"])
    assert known.finish(known.go("ann-acme"))
    site.fakes["acme"].fault("userinfo", "change", set={"sub": "another"})
    fails(site, site.fakes["acme"], "another sub than the ID Token's")


@test("abuse 72, 44: a provider that hangs or drips anywhere costs a person less than ten seconds and others nothing; one that is slow signs in")
def slow(site):
    places = [("google", "token", "hang"), ("acme", "userinfo", "drip"), ("facebook", "userinfo", "hang"), ("github", "emails", "drip")]
    hanging = [(name, f"{fault}s: {at}", Traveller(site, site.fakes[name])) for name, at, fault in places]
    ways = [traveller.fake.visit(traveller.leave(), "ann-" + name) for name, _, traveller in hanging]
    for name, at, fault in places:
        site.fakes[name].fault(at, fault)
    began = time.monotonic()
    with ThreadPoolExecutor(len(places)) as pool:
        answers = [pool.submit(traveller.arrive, way) for (_, _, traveller), way in zip(hanging, ways)]
        time.sleep(0.3)
        assert site.connect().get("/readyz").status == 200
        assert time.monotonic() - began < 6, "others wait as well"
        for (name, what, traveller), answer in zip(hanging, answers):
            is_told(answer.result(), f"{name} {what}")
            assert not traveller.is_signed_in, name
    assert time.monotonic() - began < LIMIT_S, f"{time.monotonic() - began:.1f} s"
    site.fakes["google"].fault("token", "slow", ms=1500)
    traveller = Traveller(site, site.fakes["google"])
    assert traveller.finish(traveller.go("ann-google")), "a provider that is slow"


@test("T-53, abuse 43: a provider that redirects us, to whatever host, isn't followed")
def redirects(site):
    inside = site.fakes["github"]
    for name, at in (("google", "token"), ("acme", "userinfo"), ("facebook", "userinfo"), ("apple", "token")):
        for status in (301, 302, 307, 308):
            site.fakes[name].fault(at, "redirect", to=f"{inside.url}/user", status=status)
            fails(site, site.fakes[name], f"{name}, {at}: {status}")
    equal(inside.asked(), [], "calls of the place that was named")


INSIDE = ("http://169.254.169.254/latest", "https://10.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://127.0.0.1/",
          "https://2130706433/", "http://issuer.example/", "file:///etc/passwd", "gopher://127.0.0.1:25/", "https://user@localhost/",
          "https://issuer.example/#x", "javascript:alert(1)", "//issuer.example", "")


@test("T-52, abuse 43: a provider can't be added inside: loopback, link-local, private, metadata, other schemes")
def inside(site):
    for url, member in [(url, member) for url in INSIDE for member in ("issuer", "token_endpoint", "jwks_uri", "userinfo_endpoint")]:
        with tempfile.NamedTemporaryFile("w") as file:
            json.dump({"name": "inside", "kind": "oidc", "client_id": "x", "client_secret": "y", "issuer": "https://issuer.example", member: url}, file)
            file.flush()
            done = subprocess.run([site.program, "-c", site.conf, "provider", "add", "--metadata", file.name], capture_output=True, text=True,
                                  timeout=30, check=False)
        assert done.returncode != 0 and member in done.stderr, f"{member}: {url}: {done}"


@test("abuse 72, T-52: an issuer whose discovery or keys can't be had, or say what can't be, or lead inside: a page, nobody signed in, in time")
def discovery(site):
    for number, (at, fault, how) in enumerate((
            ("discovery", "status", {"status": 500}), ("discovery", "bad_json", {}), ("discovery", "hang", {}), ("discovery", "oversized", {}),
            ("discovery", "change", {"set": {"issuer": "https://evil.example"}}), ("discovery", "change", {"remove": ["token_endpoint"]}),
            ("discovery", "change", {"set": {"authorization_endpoint": "javascript:alert(1)"}}),
            ("discovery", "change", {"set": {"token_endpoint": "http://169.254.169.254/latest"}}),
            ("jwks", "status", {"status": 500}), ("jwks", "bad_json", {}), ("jwks", "change", {"set": {"keys": []}}),
            ("jwks", "change", {"set": {"keys": "none"}}))):
        with Providers() as fakes:  # one that nothing is known of yet
            fake = fakes["acme"]
            name = f"fresh-{number}"
            fake.register(site.cli, name=name)
            fake.name = name
            fake.fault(at, fault, times=9, **how)
            traveller = Traveller(site, fake)
            began = time.monotonic()
            if at == "discovery":
                answer = traveller.browser.open(link_to(traveller.page, login_path(fake)))
            else:
                answer = traveller.go("ann")
            assert time.monotonic() - began < LIMIT_S, f"{at}: {fault}"
            is_told(answer, f"{at}: {fault} {how}")
            assert not traveller.is_signed_in, f"{at}: {fault} {how}"
            site.cli("provider", "remove", name)


@test("abuse 72: a provider that signs with another key from today on is understood at once")
def rotated(site):
    google = site.fakes["google"]
    assert Traveller(site, google).go("ann-google")
    time.sleep(10.5)  # what is known of its keys may be that young, so that nobody makes us ask without end
    google.rotate_keys()
    traveller = Traveller(site, google)
    assert traveller.finish(traveller.go("ann-google")), "after the keys changed"


@test("abuse 72: an error from the provider, of whatever words, is told in ours; cancelling leads back to the ways to sign in")
def errors(site):
    for fake in site.fakes:
        traveller, answer = fails(site, fake, f"{fake.name}: denied", lambda one: one.go("ann-" + one.fake.name, allow=False))
        assert traveller.finish(traveller.go("ann-" + fake.name, answer)), f"{fake.name}: the next try"
    for word in ("server_error", "temporarily_unavailable", "interaction_required", "x" * 2000, "<b>1", POLYGLOT, ""):
        google = site.fakes["google"]
        google.fault("back", "change", set={"error": word, "error_description": POLYGLOT}, remove=["code"])
        _, answer = fails(site, google, f"error={word[:40]}")
        assert "onload" not in answer.text and "alert" not in answer.page().text, f"error={word[:40]}: {answer.page().text}"


@test("abuse 72, T-82: who has another address at the provider today is still the same person here, with the address they had")
def changed_address(site):
    for name in ("google", "facebook", "github", "acme"):
        fake, word = site.fakes[name], f"moving-{name}"
        first = Traveller(site, fake)
        assert first.finish(first.go(word)), name
        fake.set(people={word: {"email": f"elsewhere-{name}@people.example"}})
        second = Traveller(site, fake)
        assert second.finish(second.go(word)), name
        emails = site.sql("SELECT u.email FROM users u JOIN connections c ON c.user_id = u.id "
                          f"WHERE c.provider = '{name}' AND u.email_key LIKE '%-{name}@people.example' AND u.email_key NOT LIKE 'ann-%'")
        equal(emails, [[f"{word}@people.example"]], name)


@test("T-82: another person who has the address at the provider by now isn't the one that had it")
def address_of_another(site):
    google = site.fakes["google"]
    first = Traveller(site, google)
    assert first.finish(first.go("reused"))
    google.set(people={"reused": {"subject": "100000000000000000001"}})
    second = Traveller(site, google)
    is_told(second.go("reused"), "the second owner of the address")
    assert not second.is_signed_in


@test("abuse 72, T-81, T-83, security 122: an answer is taken once, in the browser that was sent, from the provider that it was sent to, as it was sent")
def replay(site):
    for fake in site.fakes:
        traveller = Traveller(site, fake)
        back = fake.visit(traveller.leave(), "ann-" + fake.name)
        thief = site.browser()
        is_told(arrive_in(thief, back, fake), f"{fake.name}: another browser")
        assert not is_signed_in(thief), f"{fake.name}: another browser is signed in"
        assert traveller.finish(traveller.arrive(back)), fake.name
        counted = fake.counts["token"]
        later = traveller.browser.clone_without("public-session")
        is_told(arrive_in(later, back, fake), f"{fake.name}: again")
        assert not is_signed_in(later), f"{fake.name}: the same answer again"
        equal(fake.counts["token"], counted, f"{fake.name}: calls for a code that was used")


def arrive_in(browser, back, fake):
    traveller = Traveller.__new__(Traveller)
    traveller.browser, traveller.fake = browser, fake
    return traveller.arrive(back)


@test("abuse 72: sixteen at once with the same answer: one is signed in at most, and the provider is asked once")
def replay_at_once(site):
    google = site.fakes["google"]
    traveller = Traveller(site, google)
    back = google.visit(traveller.leave(), "ann-google").split("#")[0]
    counted = google.counts["token"]
    browsers = [traveller.browser.clone_without() for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda browser: browser.get(back), browsers))
    equal(google.counts["token"] - counted, 1, "codes redeemed")
    equal(sum(is_signed_in(browser) for browser in browsers), 1, "signed in")


@test("security 122: mixed up: an answer that another provider gave, or that names another, opens nothing (RFC 9207)")
def mixed_up(site):
    acme, google = site.fakes["acme"], site.fakes["google"]
    for change in ({"set": {"iss": "https://evil.example"}}, {"set": {"iss": google.url}}, {"remove": ["iss"]}, {"set": {"iss": acme.url + "/"}},
                   {"set": {"iss": ""}}):
        acme.fault("back", "change", **change)
        before = acme.counts["token"]
        fails(site, acme, f"acme: {change}")
        equal(acme.counts["token"], before, f"asked with a code of another's: {change}")
    for sent, by in (("google", "acme"), ("acme", "google")):
        traveller = Traveller(site, site.fakes[sent])
        back = site.fakes[sent].visit(traveller.leave(), "ann-" + sent)
        before = site.fakes[by].counts["token"]
        answer = traveller.browser.open(back.replace(f"/auth/{sent}/", f"/auth/{by}/"))
        is_told(answer, f"{sent}'s answer at {by}'s callback")
        assert not traveller.is_signed_in, f"{sent}'s answer at {by}'s callback"
        equal(site.fakes[by].counts["token"], before, "asked with a code of another's")


@test("security 122: a state that is missing, forged, changed, of another browser or nobody's opens nothing")
def states(site):
    google = site.fakes["google"]
    traveller = Traveller(site, google)
    back = google.visit(traveller.leave(), "ann-google")
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))
    path = urllib.parse.urlsplit(back).path
    other = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(Traveller(site, google).leave()).query))["state"]
    before = google.counts["token"]
    for state in ("", "x", "e30", other, query["state"][:-2], query["state"] + "A", query["state"][4:], "A" * 4000, POLYGLOT, "\u20ac"):
        answer = traveller.browser.open(path, {**query, "state": state})
        is_told(answer, f"state={state[:30]}")
        assert not traveller.is_signed_in, f"state={state[:30]}"
    equal(google.counts["token"], before, "codes redeemed")


run_with_providers(workers=6)
