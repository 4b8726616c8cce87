"""Guesses, links and PINs, asked for by many processes and several machines at the same moment."""
import os
import subprocess

from database import Database
from harness import tap
from harness.fixture import build_directory

LIMIT, WINDOW = 6, 15
FREE = LIMIT // 2
EMAIL, PASSWORD = "ada@example.org", "a-quite-good-password"


class Machine:
    """login_probe with a shared page of its own."""

    def __init__(self, database, name):
        self.process = subprocess.Popen(
            [os.path.join(build_directory(), "tests/store/login_probe"), database.path("doorward.conf"), database.path(f"shared-{name}")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def say(self, *words):
        self.process.stdin.write(" ".join(word or "-" for word in words) + "\n")

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the probe died: status {self.process.wait()}")
        return line.rstrip("\n")

    def ask(self, *words):
        self.say(*words)
        return self.hear()

    def ask_for(self, *words):
        """What comes behind OK."""
        answer = self.ask(*words)
        if not answer.startswith("OK "):
            raise AssertionError(f"{words}: {answer}")
        return answer[3:]

    def start_race(self, processes, times, *words):
        self.say("race", str(processes), str(times), *words)

    def finish_race(self):
        counts = (answer.rsplit("=", 1) for answer in self.hear().split(","))
        return {answer: int(count) for answer, count in counts}

    def race(self, processes, times, *words):
        self.start_race(processes, times, *words)
        return self.finish_race()

    def close(self):
        self.process.stdin.close()
        status = self.process.wait(30)
        self.process.stdout.close()
        if status != 0:
            raise AssertionError(f"the probe ended with status {status}: a leak or worse")


class SignIn(tap.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database(settings={
            "sign_in_limit_per_account": LIMIT, "sign_in_window": f"{WINDOW}s", "max_concurrent_hashes": 4,
            "mail": "smtp://127.0.0.1:9", "mail_from": "doorward@example.org", "mail_limit_per_recipient": 5})
        cls.database.doorward("key-file", "create", cls.database.path("keys"))
        cls.service = cls.database.json("service", "add", "--name", "Things")["id"]

    @classmethod
    def tearDownClass(cls):
        cls.database.close()

    def setUp(self):
        for table in ("attempts", "challenges", "outbox", "users"):
            self.database.sql(f"DELETE FROM {table}")
        self.database.json("service", "set", self.service, "--pin-gate", "default")
        self.database.doorward("user", "add", "--email", EMAIL, "--name", "Ada Lovelace", "--verified", "--password-file", "-",
                               input_text=PASSWORD + "\n")
        self.set_window(WINDOW)
        for name in ("one", "other"):
            if os.path.exists(self.database.path(f"shared-{name}")):
                os.unlink(self.database.path(f"shared-{name}"))
        self.one, self.other = Machine(self.database, "one"), Machine(self.database, "other")
        self.addCleanup(lambda: (self.one.close(), self.other.close()))
        self.browser = self.one.ask_for("browser")

    def lock(self, machine):
        """Guesses wrong until it's locked, each when the time that it must wait has passed."""
        for wait in (0, 0, 0, 1, 2, 4):
            self.later(wait * 1.1)
            self.assertEqual(machine.ask("password", EMAIL, "wrong"), "WRONG_PASSWORD")

    def later(self, seconds):
        """What was tried is so much longer ago."""
        self.database.sql(f"UPDATE attempts SET at_ms = at_ms - {int(seconds * 1000)}")

    def newest_was(self, seconds):
        """The newest try was made so long ago, and the others as much before it as they were."""
        self.database.sql("UPDATE attempts JOIN (SELECT MAX(at_ms) AS at_ms FROM attempts) newest SET attempts.at_ms = "
                          f"attempts.at_ms - newest.at_ms + FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) - {int(seconds * 1000)}")

    def set_window(self, seconds):
        self.database.settings["sign_in_window"] = f"{seconds}s"
        self.database.write_config()

    def widen(self, seconds):
        """Makes the window so long that it can't move on during a test."""
        self.set_window(seconds)
        self.one.close(), self.other.close()
        self.one, self.other = Machine(self.database, "one"), Machine(self.database, "other")

    def test_parallel_guesses(self):
        """T-87: of 500 wrong passwords that come side by side on two machines, no more are checked than the limit"""
        self.widen(900)
        for machine in (self.one, self.other):
            machine.start_race(25, 10, "password", EMAIL, "wrong")
        answers = [self.one.finish_race(), self.other.finish_race()]
        checked = sum(answer.get("WRONG_PASSWORD", 0) for answer in answers)
        refused = sum(answer.get("TOO_MANY_REQUESTS", 0) + answer.get("UNAVAILABLE", 0) for answer in answers)
        self.assertEqual(checked + refused, 500, answers)
        self.assertLessEqual(checked, LIMIT, answers)
        self.assertGreater(checked, 0, answers)
        self.assertEqual([[str(checked)]], self.database.sql("SELECT COUNT(*) FROM attempts"))

    def test_machines_share_the_limit(self):
        """T-87, security 130: two machines count the same guesses, and those for nobody as those for somebody"""
        self.widen(900)
        for email in (EMAIL, "nobody@example.org"):
            answers = [machine.ask("password", email, "wrong") for _ in range(FREE) for machine in (self.one, self.other)]
            self.assertEqual(answers.count("WRONG_PASSWORD"), FREE, answers)
            self.assertEqual(answers[-1], "TOO_MANY_REQUESTS")

    def test_growing_delay(self):
        """security 130: behind the first half of the limit each guess waits, twice as long as the one before"""
        self.widen(900)
        for _ in range(FREE):
            self.assertEqual(self.one.ask("password", EMAIL, "wrong"), "WRONG_PASSWORD")
        for pause, expected in ((0, "TOO_MANY_REQUESTS"), (1.1, "WRONG_PASSWORD"), (0, "TOO_MANY_REQUESTS"),
                                (1.1, "TOO_MANY_REQUESTS"), (2.1, "WRONG_PASSWORD")):
            self.newest_was(pause)
            self.assertEqual(self.other.ask("password", EMAIL, "wrong"), expected)

    def test_lock_ends_with_the_window(self):
        """security 130: a locked account is locked for the right password too, until the window has moved on"""
        self.lock(self.one)
        self.assertEqual(self.other.ask("password", EMAIL, PASSWORD), "TOO_MANY_REQUESTS")
        self.later(WINDOW - 6)
        self.assertEqual(self.other.ask("password", EMAIL, PASSWORD), "OK pwd")

    def test_unlock(self):
        """security 130: an unlocked account is open on every machine, by the rule and by doorward user unlock"""
        self.widen(40)
        for unlock in (lambda: self.one.ask("unlock", EMAIL), lambda: self.database.doorward("user", "unlock", EMAIL)):
            self.database.sql(f"""INSERT INTO attempts SELECT UNHEX(MD5(seq)), UNHEX(LEFT(SHA2('password\\n{EMAIL}', 256), 32)),
                                  UNIX_TIMESTAMP() * 1000, UNIX_TIMESTAMP() + 900 FROM seq_1_to_{LIMIT}""")
            self.assertEqual(self.other.ask("password", EMAIL, PASSWORD), "TOO_MANY_REQUESTS")
            unlock()
            self.assertEqual(self.other.ask("password", EMAIL, PASSWORD), "OK pwd")

    def test_right_password_forgets(self):
        """security 130: a right password forgets the wrong ones"""
        self.widen(900)
        for _ in range(3):
            for _ in range(FREE - 1):
                self.assertEqual(self.one.ask("password", EMAIL, "wrong"), "WRONG_PASSWORD")
            self.assertEqual(self.one.ask("password", EMAIL, PASSWORD), "OK pwd")
        self.assertEqual([["0"]], self.database.sql("SELECT COUNT(*) FROM attempts"))

    def test_known_browser(self):
        """security 130: a browser that the account was used in gets in while others have locked it, and no other browser does"""
        self.widen(900)
        devices = self.one.ask_for("devices", EMAIL, self.browser)
        stranger = self.one.ask_for("browser")
        self.database.sql(f"""INSERT INTO attempts SELECT UNHEX(MD5(seq)), UNHEX(LEFT(SHA2('password\\n{EMAIL}', 256), 32)),
                              UNIX_TIMESTAMP() * 1000, UNIX_TIMESTAMP() + 900 FROM seq_1_to_{LIMIT}""")
        self.assertEqual(self.one.ask("password", EMAIL, PASSWORD), "TOO_MANY_REQUESTS")
        self.assertEqual(self.one.ask("password", EMAIL, PASSWORD, stranger, devices), "TOO_MANY_REQUESTS")
        self.assertEqual(self.one.ask("password", EMAIL, PASSWORD, self.browser, devices), "OK pwd")
        # its own guesses are limited all the same
        answers = [self.one.ask("password", EMAIL, "wrong", self.browser, devices) for _ in range(FREE + 1)]
        self.assertEqual(answers, ["WRONG_PASSWORD"] * FREE + ["TOO_MANY_REQUESTS"])
        # and it's a stranger again once the password has been changed
        self.database.sql("UPDATE users SET tokens_after = UNIX_TIMESTAMP() + 5")
        self.assertEqual(self.other.ask("password", EMAIL, PASSWORD, self.browser, devices), "TOO_MANY_REQUESTS")

    def test_unverified(self):
        """A self-made account signs in only once its address is confirmed; without the right password nobody is told"""
        self.database.sql("UPDATE users SET self_registered = 1, email_verified = 0")
        self.assertEqual(self.one.ask("password", EMAIL, PASSWORD), "EMAIL_NOT_VERIFIED")
        self.assertEqual(self.one.ask("password", EMAIL, "wrong"), "WRONG_PASSWORD")
        self.database.sql("UPDATE users SET self_registered = 0")
        self.assertEqual(self.one.ask("password", EMAIL, PASSWORD), "OK pwd")

    def test_password_not_set(self):
        """An account that signs in by a provider alone is told so; one that can't sign in at all isn't"""
        self.database.sql("UPDATE users SET password_hash = NULL")
        self.assertEqual(self.one.ask("password", EMAIL, PASSWORD), "WRONG_PASSWORD")
        self.database.sql("INSERT INTO connections (id, user_id, provider, subject, label, created_at)"
                          " SELECT UNHEX(MD5(1)), id, 'example', '1', '', 1 FROM users")
        self.assertEqual(self.one.ask("password", EMAIL, PASSWORD), "PASSWORD_NOT_SET")
        self.database.sql("UPDATE users SET status = 'disabled'")
        self.assertEqual(self.one.ask("password", EMAIL, PASSWORD), "WRONG_PASSWORD")

    def test_pin_tries(self):
        """security 135: of 64 PINs that are tried side by side on two machines, three are checked; then the right one is too late"""
        pin = self.one.ask_for("begin", "pin", EMAIL, self.browser).split()[1]
        wrong = f"{(int(pin) + 1) % 1000000:06}"
        for machine in (self.one, self.other):
            machine.start_race(32, 1, "pin", EMAIL, wrong, self.browser)
        answers = [self.one.finish_race(), self.other.finish_race()]
        self.assertEqual(sum(answer.get("WRONG_PIN", 0) for answer in answers), 3, answers)
        self.assertEqual(sum(answer.get("PIN_SPENT", 0) for answer in answers), 61, answers)
        self.assertEqual(self.one.ask("pin", EMAIL, pin, self.browser), "PIN_SPENT")

    def test_right_pin_once(self):
        """security 135: the right PIN signs in once, however many send it"""
        pin = self.one.ask_for("begin", "pin", EMAIL, self.browser).split()[1]
        answers = self.one.race(16, 1, "pin", EMAIL, pin, self.browser)
        self.assertEqual(answers.get("OK otp"), 1, answers)

    def test_pin_is_bound(self):
        """security 135: a PIN is worth nothing in another browser, for another address or as one of another kind"""
        pin = self.one.ask_for("begin", "pin", EMAIL, self.browser).split()[1]
        other = self.one.ask_for("browser")
        self.assertEqual(self.one.ask("pin", EMAIL, pin, other), "PIN_NOT_FOUND")
        self.assertEqual(self.one.ask("pin", EMAIL, pin), "PIN_NOT_FOUND")
        self.assertEqual(self.one.ask("pin", "bob@example.org", pin, self.browser), "PIN_NOT_FOUND")
        self.assertEqual(self.one.ask("mailed-pin", EMAIL, pin, self.browser), "PIN_NOT_FOUND")
        self.assertEqual(self.one.ask("pin", EMAIL, pin, self.browser), "OK otp")
        self.assertEqual(self.one.ask("pin", EMAIL, pin, self.browser), "PIN_NOT_FOUND")

    def test_pin_expires(self):
        """security 135: a PIN lasts five minutes"""
        pin = self.one.ask_for("begin", "pin", EMAIL, self.browser).split()[1]
        self.assertEqual([["300"]], self.database.sql("SELECT expires_at - created_at FROM challenges"))
        self.database.sql("UPDATE challenges SET expires_at = UNIX_TIMESTAMP()")
        self.assertEqual(self.one.ask("pin", EMAIL, pin, self.browser), "PIN_NOT_FOUND")

    def test_newer_pin(self):
        """security 135: a newer PIN takes the place of the one before"""
        first = self.one.ask_for("begin", "pin", EMAIL, self.browser).split()[1]
        second = self.one.ask_for("begin", "pin", EMAIL, self.browser).split()[1]
        if first != second:
            self.assertEqual(self.one.ask("pin", EMAIL, first, self.browser), "WRONG_PIN")
        self.assertEqual(self.one.ask("pin", EMAIL, second, self.browser), "OK otp")
        self.assertEqual([["0"]], self.database.sql("SELECT COUNT(*) FROM challenges"))

    def test_link_once(self):
        """A link that 32 send at the same moment, on two machines, signs in once"""
        token = self.one.ask_for("begin", "magic_link", EMAIL).split()[0]
        for machine in (self.one, self.other):
            machine.start_race(16, 1, "link", token)
        answers = [self.one.finish_race(), self.other.finish_race()]
        self.assertEqual(sum(answer.get("OK otp", 0) for answer in answers), 1, answers)
        self.assertEqual(sum(answer.get("FLOW_ENDED", 0) for answer in answers), 31, answers)

    def test_link_and_pin_are_one(self):
        """Of link and PIN of one mail the first that is used ends both"""
        token, pin = self.one.ask_for("begin", "magic_link", EMAIL, self.browser).split()
        self.assertEqual(self.one.ask("mailed-pin", EMAIL, pin, self.browser), "OK otp")
        self.assertEqual(self.one.ask("link", token), "FLOW_ENDED")

    def test_link_ends(self):
        """A link is dead once it's expired, changed, or the account has been changed or disabled"""
        self.assertEqual([["900"]], self.with_link("SELECT expires_at - created_at FROM challenges", "OK otp"))
        self.with_link("UPDATE challenges SET expires_at = UNIX_TIMESTAMP()", "FLOW_ENDED")
        self.with_link("UPDATE challenges SET secret_hash = UNHEX(SHA2('x', 256))", "FLOW_ENDED")
        self.with_link("UPDATE challenges SET kind = 'reset_password'", "FLOW_ENDED")
        self.with_link("UPDATE users SET tokens_after = UNIX_TIMESTAMP() + 1", "FLOW_ENDED")
        self.database.sql("UPDATE users SET tokens_after = 0")
        self.with_link("UPDATE users SET email_key = 'ada@example.net'", "FLOW_ENDED")
        self.database.sql(f"UPDATE users SET email_key = '{EMAIL}'")
        self.with_link("UPDATE users SET status = 'disabled'", "FLOW_ENDED")

    def with_link(self, statement, expected):
        token = self.one.ask_for("begin", "magic_link", EMAIL).split()[0]
        rows = self.database.sql(statement)
        self.assertEqual(self.one.ask("link", token), expected, statement)
        return rows

    def test_request_for_all(self):
        """T-86: a link that nobody gets leaves the same rows, and counts for none of the person's"""
        self.assertEqual(self.one.ask("request", EMAIL, self.browser), "OK")
        self.assertEqual(self.one.ask("request", "nobody@example.org", self.browser), "OK")
        self.assertEqual(self.one.ask("request", "no address", self.browser), "INVALID_REQUEST")
        self.assertEqual([["ada@example.org", "waiting"], ["nobody@example.org", "dropped"]],
                         self.database.sql("SELECT recipient, state FROM outbox ORDER BY recipient"))
        self.assertEqual([["3"], ["3"]], self.database.sql("SELECT tries_left FROM challenges"))
        self.database.sql("UPDATE users SET email_verified = 0")
        self.assertEqual(self.one.ask("request", EMAIL, self.browser), "OK")
        self.assertEqual([["dropped", "2"], ["waiting", "1"]],
                         self.database.sql("SELECT state, COUNT(*) FROM outbox GROUP BY state ORDER BY state"))

    def test_request_flood(self):
        """T-78: past the recipient's limit no link is mailed, and the one that was mailed last still works"""
        token = self.one.ask_for("begin", "magic_link", EMAIL).split()[0]
        self.database.sql(f"""INSERT INTO outbox SELECT UNHEX(MD5(seq)), 'magic_link', '{EMAIL}', '{EMAIL}', NULL, '', '', 'sent', 0, 0,
                              '', UNIX_TIMESTAMP(), 0, 0, UNIX_TIMESTAMP() + 900 FROM seq_1_to_5""")
        self.assertEqual(self.one.ask("request", EMAIL), "OK")
        self.assertEqual([["1"]], self.database.sql("SELECT COUNT(*) FROM outbox WHERE state = 'dropped'"))
        self.assertEqual(self.one.ask("link", token), "OK otp")

    def test_pin_gates(self):
        """The PIN gate of the strictest service: off, always, in a new browser, at every tenth sign-in"""
        devices = self.one.ask_for("devices", EMAIL, self.browser)
        gates = {"off": ("OK pwd", "OK pwd", "OK pwd"), "always": ("OK needs_pin",) * 3,
                 "new_browser": ("OK needs_pin", "OK pwd", "OK needs_pin"), "periodic": ("OK pwd", "OK pwd", "OK needs_pin")}
        for gate, expected in gates.items():
            self.assertEqual(self.database.json("service", "set", self.service, "--pin-gate", gate)["pin_gate"], gate)
            self.database.sql("DELETE FROM outbox")
            got = []
            for sign_ins, known in ((1, None), (1, devices), (9, None)):
                self.database.sql(f"UPDATE users SET sign_ins = {sign_ins}")
                got.append(self.one.ask("password", EMAIL, PASSWORD, self.browser, known))
            self.assertEqual(tuple(got), expected, gate)
            mailed = self.database.sql("SELECT COUNT(*) FROM outbox WHERE template = 'pin' AND state = 'waiting'")
            self.assertEqual([[str(expected.count("OK needs_pin"))]], mailed, gate)
        self.database.doorward("service", "set", self.service, "--pin-gate", "sometimes", status=1)

    def test_pin_flood(self):
        """Who has the password can't have more PINs mailed, and so tried, than the recipient's limit"""
        self.database.json("service", "set", self.service, "--pin-gate", "always")
        answers = [self.one.ask("password", EMAIL, PASSWORD, self.browser) for _ in range(7)]
        self.assertEqual(answers, ["OK needs_pin"] * 5 + ["TOO_MANY_REQUESTS"] * 2)

    def test_return_addresses(self):
        """T-65: people are sent back to local paths and to registered applications, and nowhere else"""
        metadata = self.database.path("client.json")
        with open(metadata, "w") as file:
            file.write('{"redirect_uris": ["https://app.example/cb"], "client_uri": "https://www.app.example",'
                       ' "logo_uri": "https://logos.example/x.png", "grant_types": ["authorization_code"],'
                       ' "post_logout_redirect_uris": ["https://bye.example:8443/"]}')
        client = self.database.json("client", "add", "--service", self.service, "--metadata", metadata)["client_id"]
        good = ["/account", "/account?tab=1", "https://app.example/any/page?x=1", "https://app.example", "https://app.example/#there",
                "https://www.app.example/", "https://bye.example:8443/x"]
        bad = ["//app.example/", "/\\app.example", "https:app.example", "https://app.example.evil/", "https://app.example@evil/",
               "https://evil/https://app.example/", "http://app.example/", "https://app.example:444/", "https://bye.example/",
               "https://logos.example/x.png", "javascript:alert(1)", "https://%/", "https://_pp.example/", "https://evil/%22https://app.example/",
               "https://app.example\\@evil/", "data:text/html,x", "///evil", "/%5cevil", "https://APP.example/"]
        for address in good:
            self.assertEqual(self.one.ask("return-to", address), f"OK {address}", address)
        for address in bad:
            self.assertEqual(self.one.ask("return-to", address), "OK nowhere", address)
        self.database.doorward("client", "disable", client)
        for address in good[2:]:
            self.assertEqual(self.one.ask("return-to", address), "OK nowhere", address)


if __name__ == "__main__":
    tap.main()
