#!/usr/bin/env python3
"""The talk with providers by itself, at the end of a pipe: what each kind wants, gives and takes back, and what becomes of answers
that can't be true."""
import json
import os
import subprocess
import time
import urllib.parse

import kit  # noqa: F401  (puts the harness on the path)
from harness import Doorward, Providers, TestCase, build_directory, main

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
SCOPES = {"google": "openid email profile", "facebook": "email public_profile", "github": "read:user user:email",
          "apple": "openid name email", "microsoft": "openid profile email", "acme": "openid profile email"}


class Exchange(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fakes = cls.enterClassContext(Providers())
        cls.door = cls.enterClassContext(Doorward(workers=1, settings=cls.fakes.settings))
        for fake in cls.fakes:
            fake.register(cls.door.doorward_json)
        cls.start()

    @classmethod
    def start(cls):
        cls.probe = subprocess.Popen(
            [os.path.join(build_directory(), "tests/store/provider_probe"), cls.door.config, os.path.join(cls.door.directory, "run", "shared")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @classmethod
    def stop(cls):
        """What it has logged."""
        _, log = cls.probe.communicate(timeout=20)
        return log

    @classmethod
    def tearDownClass(cls):
        cls.stop()

    def forget(self):
        """What was fetched is known no more."""
        self.stop()
        self.start()

    def setUp(self):
        for fake in self.fakes:
            fake.reset()

    # --- the probe ---

    def do(self, what, provider, **words):
        self.probe.stdin.write(json.dumps({"do": what, "provider": provider, **words}) + "\n")
        self.probe.stdin.flush()
        return json.loads(self.probe.stdout.readline())

    def send(self, name, account="ann", scopes=None, granted=None, **words):
        """A person goes there and comes back: what the callback gets."""
        asked = {"state": "the state", "nonce": "the nonce", "code_verifier": VERIFIER, "scopes": scopes or SCOPES[name], **words}
        url = self.do("url", name, **asked)["url"]
        back = self.fakes[name].visit(url, account, scopes=granted)
        if isinstance(back, tuple):
            return url, back[1]
        return url, dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))

    def go(self, name, account="ann", scopes=None, **words):
        _, back = self.send(name, account, scopes, **words)
        return self.redeem(name, back, scopes)

    def redeem(self, name, back, scopes=None, **changes):
        words = {"code": back["code"], "nonce": "the nonce", "code_verifier": VERIFIER, "scopes": scopes or SCOPES[name], "user": back.get("user"),
                 **changes}
        return self.do("redeem", name, **{key: value for key, value in words.items() if value is not None})

    # --- each kind as it should be ---

    def test_01_identities(self):
        """Each kind says who somebody is: a subject, a name, and an address that it vouches for"""
        for fake in self.fakes:
            got = self.go(fake.name)
            self.assertEqual("ok", got["outcome"], got)
            self.assertTrue(got["subject"] and got["access_token"], got)
            self.assertEqual(("ann@people.example", True, "Ann Archer"), (got["email"], got["email_vouched"], got["name"]), fake.name)
            self.assertEqual(got["subject"], self.go(fake.name)["subject"])

    def test_02_addresses(self):
        """security 122: an address that isn't there is none, and one that isn't proven isn't vouched for"""
        for name in ("google", "github", "microsoft", "acme"):
            got = self.go(name, "unverified")
            self.assertEqual(("ok", "unverified@people.example", False), (got["outcome"], got["email"], got["email_vouched"]), name)
        for name in ("facebook", "microsoft", "acme"):
            got = self.go(name, "noemail")
            self.assertEqual(("ok", None), (got["outcome"], got.get("email")), name)
        got = self.go("github", "ben")
        self.assertEqual("ben@people.example", got["email"], "what is shown to everybody isn't what was proven")
        got = self.go("github", "ben", scopes="repo")
        self.assertEqual(("ok", None, "repo"), (got["outcome"], got.get("email"), got["scopes"]), "without user:email there's none to see")

    def test_03_apples_name_comes_once(self):
        """Apple's name comes with the first answer alone; later nobody has one, and still gets in"""
        first, second = self.go("apple", "newcomer"), self.go("apple", "newcomer")
        self.assertEqual(("Newcomer Example", "ok", ""), (first["name"], second["outcome"], second["name"]))
        self.assertEqual(first["subject"], second["subject"])

    def test_04_scopes(self):
        """Scopes come back in our words, whatever the provider's separator, order and spelling, and only those that were given"""
        got = self.go("google", granted=["openid", "https://www.googleapis.com/auth/userinfo.email"], account="carl")
        self.assertIn("openid", got.get("scopes", ""), got)
        got = self.go("google", account="carla")
        self.assertEqual({"openid", "email", "profile"}, set(got["scopes"].split()))
        got = self.go("github", scopes="user read:user repo")
        self.assertEqual({"user", "read:user", "repo"}, set(got["scopes"].split()))
        got = self.go("facebook")
        self.assertEqual({"email", "public_profile"}, set(got["scopes"].split()))
        url, _ = self.send("facebook")
        self.assertIn("scope=email%2Cpublic_profile", url)
        for asked, account in (("Mail.Read", "karl"), ("mail.read", "karl"), ("https://graph.microsoft.com/Mail.Read", "karl")):
            got = self.go("microsoft", account, scopes=asked)
            self.assertEqual(asked, got["scopes"].replace("openid ", ""), "as it was asked for, whatever the spelling of the answer")
        self.assertEqual({"Mail.Read", "Mail.Send"}, set(self.go("microsoft", "karl", scopes="Mail.Send")["scopes"].split()), "and what was allowed before")

    def test_04_declined(self):
        """What somebody declines at Facebook isn't in the token, though its answer doesn't say so; asked again, they can still allow it"""
        got = self.go("facebook", "lena", scopes="email public_profile user_birthday", granted=["public_profile", "user_birthday"])
        self.assertEqual(({"public_profile", "user_birthday"}, None), (set(got["scopes"].split()), got.get("email")))
        got = self.go("facebook", "lena", scopes="email public_profile")
        self.assertEqual(("lena@people.example", True), (got["email"], "email" in got["scopes"].split()))

    def test_04_lasting(self):
        """A token of Facebook that is to be kept and ends within hours is exchanged for one of 60 days; when that fails, it is still one"""
        facebook = self.fakes["facebook"]
        for lasting, fault, seconds in ((False, None, 7200), (True, None, 60 * 86400), (True, "status", 7200), (True, "html", 7200)):
            facebook.reset()
            facebook.set(lifetime=7200)
            if fault:
                facebook.fault("refresh", fault)
            _, back = self.send("facebook", "mona")
            got = self.redeem("facebook", back, lasting=lasting)
            self.assertEqual(("ok", "mona@people.example"), (got["outcome"], got["email"]))
            self.assertAlmostEqual(time.time() + seconds, got["expires_at"], delta=60)
            self.assertEqual(lasting, bool(facebook.counts["refresh"]))

    def test_05_offline(self):
        """A refresh token comes when it's wanted; Google leaves it out of a second consent unless that is asked for, and so it is"""
        for name in ("google", "microsoft", "acme"):
            scopes = SCOPES[name]
            self.assertNotIn("refresh_token", self.go(name, "dora", scopes), name)
            for _ in range(2):
                got = self.go(name, "dora", scopes, offline=True)
                self.assertTrue(got["refresh_token"], name)
                self.assertEqual(set(scopes.split()), set(got["scopes"].split()), name)

    def test_06_refresh(self):
        """A refresh gives another access token; a rotated refresh token comes with it, and none says that the old one stays good"""
        for name, rotates in (("google", False), ("microsoft", True), ("acme", True)):
            got = self.go(name, "emil", offline=True)
            fresh = self.do("refresh", name, token=got["refresh_token"], scopes=got["scopes"])
            self.assertEqual("ok", fresh["outcome"], fresh)
            self.assertNotEqual(got["access_token"], fresh["access_token"])
            self.assertEqual(rotates, "refresh_token" in fresh, name)
            self.assertEqual(set(got["scopes"].split()), set(fresh["scopes"].split()), name)
            self.assertAlmostEqual(time.time() + 3600, fresh["expires_at"], delta=60)

    def test_07_refresh_refused(self):
        """A refresh token that is worth nothing is refused for ever; all that may pass is a failure of the moment"""
        for name in ("google", "microsoft", "acme"):
            token = self.go(name, "finn", offline=True)["refresh_token"]
            fake = self.fakes[name]
            for do, more in (("status", {"status": 500}), ("bad_json", {}), ("html", {}), ("close", {}), ("oversized", {}),
                             ("error", {"error": "invalid_client", "status": 401}), ("error", {"error": "temporarily_unavailable"}),
                             ("status", {"status": 429})):
                fake.fault("refresh", do, **more)
                self.assertEqual("failed", self.do("refresh", name, token=token, scopes="openid")["outcome"], f"{name} {do} {more}")
            self.assertEqual("ok", self.do("refresh", name, token=token, scopes="openid")["outcome"], name)
            fake.withdraw("finn")
            got = self.do("refresh", name, token=token, scopes="openid")
            self.assertEqual(("refused", "invalid_grant"), (got["outcome"], got["reason"]), name)
        self.assertEqual("refused", self.do("refresh", "github", token="x", scopes="repo")["outcome"], "GitHub refreshes nothing")

    def test_08_revoke(self):
        """What is taken back is worth nothing at the provider, each in its own way; a second time is no failure"""
        for fake in self.fakes:
            if fake.name == "microsoft":
                continue
            earlier, token = (self.go(fake.name, "greta")["access_token"] for _ in range(2))
            self.assertEqual("ok", self.do("revoke", fake.name, token=token)["outcome"], fake.name)
            self.assertEqual(1, fake.counts["revoke"], fake.name)
            self.assertEqual("ok", self.do("revoke", fake.name, token=token)["outcome"], fake.name)
            if fake.name == "github":  # whose tokens never end
                self.assertEqual("ok", self.do("revoke", "github", token=earlier)["outcome"])
                self.assertEqual([token], fake.revoked, "an earlier token of the same person went with it")
        self.assertTrue(all(self.fakes[name].revoked for name in ("facebook", "github")))
        self.assertEqual("ok", self.do("revoke", "microsoft", token="x")["outcome"], "it has nothing to revoke with")
        self.assertEqual({}, {at: count for at, count in self.fakes["microsoft"].counts.items() if count})
        self.fakes["acme"].fault("revoke", "status", status=500)
        self.assertEqual("failed", self.do("revoke", "acme", token="x")["outcome"])
        for code, outcome in ((4, "failed"), (190, "ok")):  # too many calls; no such token
            self.fakes["facebook"].fault("revoke", "status", status=400, body=json.dumps({"error": {"type": "OAuthException", "code": code}}))
            self.assertEqual(outcome, self.do("revoke", "facebook", token="x")["outcome"], code)

    # --- what isn't taken ---

    def test_09_codes_once(self):
        """A code that was used, or another's verifier, is refused with the provider's own word"""
        words = {"google": "invalid_grant", "facebook": "OAuthException", "github": "bad_verification_code", "apple": "invalid_grant",
                 "microsoft": "invalid_grant", "acme": "invalid_grant"}
        for fake in self.fakes:
            _, back = self.send(fake.name)
            self.assertEqual("ok", self.redeem(fake.name, back)["outcome"], fake.name)
            again = self.redeem(fake.name, back)
            self.assertEqual(("refused", words[fake.name]), (again["outcome"], again["reason"]), fake.name)
        _, back = self.send("acme")
        self.assertEqual("refused", self.redeem("acme", back, code_verifier="x" * 43)["outcome"])

    def test_10_nonce_and_secret(self):
        """A token of another nonce is no token, and without a nonce there is none at all"""
        for name in ("google", "acme", "apple", "microsoft"):
            _, back = self.send(name)
            self.assertEqual("failed", self.redeem(name, back, nonce="another")["outcome"], name)

    def test_11_userinfo_of_another(self):
        """OpenID Connect Core 5.3.2: a userinfo answer about somebody else fails the whole"""
        self.fakes["acme"].fault("userinfo", "change", set={"sub": "another"})
        got = self.go("acme")
        self.assertEqual(("failed", True), (got["outcome"], "sub is another" in got["reason"]), got)

    def test_12_slow(self):
        """abuse 72: a provider that hangs is left after eight seconds, however much it has said before"""
        self.fakes["acme"].fault("userinfo", "hang")
        _, back = self.send("acme")
        began = time.monotonic()
        self.assertEqual("failed", self.redeem("acme", back)["outcome"])
        self.assertLess(time.monotonic() - began, 20)

    def test_13_no_redirects_and_no_other_hosts(self):
        """T-52: a token endpoint that redirects isn't followed, and a discovered endpoint at a private address isn't asked"""
        self.fakes["acme"].fault("token", "redirect", to=self.fakes["google"].url + "/token")
        _, back = self.send("acme")
        self.assertEqual("failed", self.redeem("acme", back)["outcome"])
        self.assertEqual(0, self.fakes["google"].counts["token"])
        self.forget()
        self.fakes["acme"].fault("discovery", "change", set={"token_endpoint": "http://169.254.169.254/token"})
        got = self.do("url", "acme", scopes="openid", state="s", nonce="n", code_verifier=VERIFIER)
        self.assertEqual("failed", got["outcome"], got)

    def test_14_discovery(self):
        """RFC 8414 section 3.3: a document of another issuer isn't taken; iss is expected of who promises it (RFC 9207)"""
        acme = self.fakes["acme"]
        for issuer in (acme.url + "/", "https://accounts.google.com", None):
            self.forget()
            acme.fault("discovery", "change", set={"issuer": issuer})
            got = self.do("url", "acme", scopes="openid", state="s", nonce="n")
            self.assertEqual("failed", got["outcome"], issuer)
        for do in ("html", "bad_json", "close", "oversized"):
            self.forget()
            acme.fault("discovery", do)
            self.assertEqual("failed", self.do("url", "acme", scopes="openid", state="s", nonce="n")["outcome"], do)
        self.forget()
        self.assertTrue(self.do("url", "acme", scopes="openid", state="s", nonce="n")["answers_iss"])
        self.assertFalse(self.do("url", "github", scopes="repo", state="s", nonce="n")["answers_iss"])

    def test_15_nothing_in_addresses(self):
        """Codes, tokens and secrets never stand in an address that is asked"""
        for fake in self.fakes:
            got = self.go(fake.name, "hanna", offline=True)
            if got.get("refresh_token"):
                self.do("refresh", fake.name, token=got["refresh_token"], scopes=got["scopes"])
            self.do("revoke", fake.name, token=got["access_token"])
            secret = fake.metadata().get("client_secret")
            for call in fake.asked():
                if call["at"] in ("authorize", "page"):
                    continue
                where = json.dumps([call["path"], call["query"]])
                for hidden in (got["access_token"], got.get("refresh_token"), secret):
                    self.assertFalse(hidden and hidden in where, f"{fake.name} {call['at']}: {where}")

    def test_16_nothing_in_the_log(self):
        """security: nothing of codes, tokens and secrets is written into the log, by failures neither"""
        hidden = []
        for fake in self.fakes:
            _, back = self.send(fake.name, "ida", offline=True)
            got = self.redeem(fake.name, back)
            fake.fault("token", "html")
            self.redeem(fake.name, back)
            fake.fault("token", "error", error=f"a {got['access_token']}")
            again = self.redeem(fake.name, back)
            self.assertEqual(("refused", "unknown_error"), (again["outcome"], again["reason"]), "a word that is none isn't told")
            hidden += [back["code"], got["access_token"], got.get("refresh_token"), fake.metadata().get("client_secret")]
        log = self.stop()
        self.start()
        self.assertIn("refused: unknown_error", log)
        for one in filter(None, hidden):
            self.assertNotIn(one, log)
            self.assertNotIn(one, self.door.log_text())


if __name__ == "__main__":
    main()
