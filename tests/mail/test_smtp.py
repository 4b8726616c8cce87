#!/usr/bin/env python3
"""How a mail is handed over: one mail each by `doorward mail test`, against servers and commands of all kinds."""
import email
import email.policy
import json
import os
import stat
import subprocess

from harness import Doorward, TestCase, main, run
from smtp import Smtp

TO = "ada@example.org"


class Handing(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.door = cls.enterClassContext(Doorward(server=None))
        cls.plain = cls.enterClassContext(Smtp())
        cls.starttls = cls.enterClassContext(Smtp((cls.door.certificate, cls.door.key)))
        cls.implicit = cls.enterClassContext(Smtp((cls.door.certificate, cls.door.key), implicit=True))

    def setUp(self):
        for server in (self.plain, self.starttls, self.implicit):
            server.behave()

    def configure(self, **settings):
        self.door.extra_settings = {"scrypt_log_n": 10, **settings}
        self.door.write_config()

    def send(self, server=None, to=TO, host="127.0.0.1", **settings):
        """None when the mail was taken, else the error."""
        if server:
            scheme = "smtps" if server.implicit else "smtp"
            settings = {"mail": f"{scheme}://{host}:{server.port}", "mail_tls_ca": self.door.ca,
                        "mail_tls": "off" if server is self.plain else "required", **settings}
        self.configure(**settings)
        done = subprocess.run([self.door.program, "-c", self.door.config, "mail", "test", "--to", to, "--json"],
                              capture_output=True, text=True, check=False, env={**os.environ, **self.door.env})
        told = json.loads(done.stdout or "{}")
        self.assertEqual(done.returncode != 0, not told.get("sent"), done.stderr)
        return None if told.get("sent") else told.get("error", done.stderr)

    # --- the server ---

    def test_a_good_server(self):
        "a mail arrives with the envelope and the headers that it should have"
        self.assertIsNone(self.send(self.plain))
        mail = self.plain.deliveries[0]
        self.assertEqual(("accounts@example.org", [TO]), (mail.sender, mail.recipients))
        headers = email.message_from_bytes(mail.bytes, policy=email.policy.default)
        self.assertEqual("auto-generated", headers["Auto-Submitted"])
        self.assertEqual("test", headers["X-Doorward-Mail"])
        self.assertEqual(TO, headers["To"].addresses[0].addr_spec)
        self.assertTrue(headers["Message-ID"].endswith("@127.0.0.1>"))
        self.assertEqual(["text/plain", "text/html"], [part.get_content_type() for part in headers.iter_parts()])
        self.assertEqual("EHLO [127.0.0.1]", self.plain.commands[0])
        self.assertEqual([], headers.defects)

    def test_no_server(self):
        "abuse 71: a server that is down: told with where to look"
        with Smtp() as gone:
            pass
        self.assertIn("does the server that mail names run", self.send(gone))

    def test_refused(self):
        "abuse 71: 4xx and 5xx at each step are told in the server's words"
        for verb, reply in (("GREETING", "554 go away"), ("MAIL", "550 5.7.1 not you"), ("RCPT", "450 4.2.1 greylisted"),
                            ("RCPT", "550 5.1.1 no such user"), ("DATA", "451 later"), ("END", "554 spam")):
            with self.subTest(verb=verb, reply=reply):
                self.plain.behave()
                self.plain.replies[verb] = reply
                self.assertIn(reply, self.send(self.plain))
                self.assertEqual([], self.plain.deliveries)

    def test_hangs_up(self):
        "abuse 71: a server that hangs up, whenever, doesn't have the mail"
        for verb in ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END"):
            with self.subTest(verb=verb):
                self.plain.behave()
                self.plain.drops.add(verb)
                self.assertTrue(self.send(self.plain))

    def test_hostile_words(self):
        "what the server says is told as one line of printable text"
        self.plain.replies["RCPT"] = "550-first\r\n550 \x1b[2J\x07\u202e last " + "x" * 500
        error = self.send(self.plain)
        self.assertTrue(error.isascii() and error.isprintable(), error)
        self.assertLess(len(error), 310)

    # --- TLS ---

    def test_starttls(self):
        "STARTTLS with a certificate of the CA that mail_tls_ca names"
        self.assertIsNone(self.send(self.starttls))
        self.assertTrue(self.starttls.deliveries[0].tls)
        self.assertEqual("EHLO", self.starttls.commands[2][:4], "asked anew behind TLS")

    def test_smtps(self):
        "TLS from the first byte, for smtps://"
        self.assertIsNone(self.send(self.implicit))
        self.assertEqual(1, len(self.implicit.deliveries))

    def test_bad_certificate(self):
        "abuse 71: a certificate of an unknown CA: nothing is said to that server"
        for server in (self.starttls, self.implicit):
            self.assertIn("mail_tls_ca", self.send(server, mail_tls_ca=""))
            self.assertFalse(server.saw("MAIL"))

    def test_certificate_of_another_name(self):
        "abuse 71: a certificate for another host isn't taken"
        folder = os.path.join(self.door.directory, "tls")
        other = os.path.join(folder, "other.pem"), os.path.join(folder, "other-key.pem")
        run(["openssl", "req", "-x509", "-CA", self.door.ca, "-CAkey", f"{folder}/ca-key.pem", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-keyout", other[1], "-out", other[0], "-subj",
             "/CN=mail.example.net", "-addext", "subjectAltName=DNS:mail.example.net"])
        with Smtp(other) as server:
            self.assertIn("the host in mail as the certificate does", self.send(server))
            self.assertFalse(server.saw("MAIL"))

    def test_starttls_not_offered(self):
        "abuse 71: STARTTLS is required and not offered: neither mail nor password is sent"
        self.plain.users = {"bob": "secret"}
        error = self.send(self.plain, mail_tls="required", mail_user="bob", mail_password="secret")
        self.assertIn("STARTTLS", error)
        self.assertFalse(self.plain.saw("AUTH") or self.plain.saw("MAIL"))

    def test_optional_tls(self):
        "mail_tls = optional takes TLS where it is offered, does without where not, but never sends a password then"
        self.assertIsNone(self.send(self.starttls, mail_tls="optional"))
        self.assertTrue(self.starttls.deliveries[0].tls)
        self.assertIsNone(self.send(self.plain, mail_tls="optional"))
        self.plain.users = {"bob": "secret"}
        self.assertTrue(self.send(self.plain, mail_tls="optional", mail_user="bob", mail_password="secret"))
        self.assertFalse(self.plain.saw("AUTH"))

    # --- AUTH ---

    def test_auth(self):
        "AUTH with the right password, and with a wrong one"
        self.starttls.users = {"bob": "pässword"}
        self.assertIsNone(self.send(self.starttls, mail_user="bob", mail_password="pässword"))
        self.assertEqual("bob", self.starttls.deliveries[0].user)
        error = self.send(self.starttls, mail_user="bob", mail_password="hunter2")
        self.assertIn("535", error)
        self.assertIn("are mail_user and mail_password right?", error)
        self.assertNotIn("hunter2", error)
        self.assertEqual(1, len(self.starttls.deliveries))

    def test_auth_wanted(self):
        "a server that wants a login which isn't configured: told so"
        self.plain.replies["MAIL"] = "530 5.7.0 Authentication required"
        self.assertIn("are mail_user and mail_password right?", self.send(self.plain))

    # --- addresses ---

    def test_international(self):
        "abuse 71: an IDN host goes as A-labels; a local part beyond ASCII goes with SMTPUTF8"
        self.assertIsNone(self.send(self.plain, to="Ada@bücher.example"))
        self.assertEqual(["Ada@xn--bcher-kva.example"], self.plain.deliveries[0].recipients)
        self.assertIsNone(self.send(self.plain, to="jörg@bücher.example"))
        self.assertEqual(["jörg@xn--bcher-kva.example"], self.plain.deliveries[1].recipients)
        self.assertIn("SMTPUTF8", [c for c in self.plain.commands if c.startswith("MAIL")][-1])

    def test_one_recipient(self):
        "T-64: an address can't name a second recipient, a header or a command"
        for address in ("a@example.org\r\nRCPT TO:<b@example.org>", "a@example.org\nBcc: b@example.org",
                        "a,b@example.org", "<a>@example.org", "a@example.org>,<b@example.org", "a;b@example.org",
                        '"a\\" b"@example.org', "a(b)@example.org"):
            with self.subTest(address=address):
                self.assertTrue(self.send(self.plain, to=address))
        self.assertFalse(self.plain.saw("RCPT") or self.plain.saw("DATA"))

    def test_hostile_brand(self):
        "T-64: line breaks in the name of the site make no headers"
        place = os.path.join(self.door.directory, "own")
        os.makedirs(os.path.join(place, "text"), exist_ok=True)
        with open(os.path.join(place, "text", "en.json"), "w") as file:
            json.dump({"site_name": "Acme\r\nBcc: x@example.org\r\n\r\n", "mail_test_subject": "Hi\nX-Evil: 1"}, file)
        self.assertIsNone(self.send(self.plain, template_directory=place))
        headers = email.message_from_bytes(self.plain.deliveries[0].bytes, policy=email.policy.default)
        self.assertFalse({"bcc", "x-evil"} & {name.lower() for name in headers.keys()})
        self.assertIn("X-Evil: 1", headers["Subject"])

    # --- sendmail ---

    def script(self, body):
        path = os.path.join(self.door.directory, "sendmail")
        with open(path, "w") as file:
            file.write(f"#!/bin/sh\n{body}\n")
        os.chmod(path, stat.S_IRWXU)
        return {"mail": f"sendmail:{path}"}

    def test_sendmail(self):
        "the sendmail command gets the addresses behind -- and the mail with plain line ends"
        kept = os.path.join(self.door.directory, "kept")
        self.assertIsNone(self.send(to="-oQ/tmp@example.org",
                                    **self.script(f'printf "%s\\n" "$@" >{kept}.arguments; cat >{kept}')))
        with open(f"{kept}.arguments") as file:
            self.assertEqual("-i -f accounts@example.org -- -oQ/tmp@example.org", " ".join(file.read().split()))
        with open(kept, "rb") as file:
            content = file.read()
        self.assertNotIn(b"\r", content)
        self.assertTrue(content.startswith(b"Date: ") and content.rstrip().endswith(b"--"))

    def test_sendmail_fails(self):
        "a sendmail command that fails, that isn't there, or that doesn't read: told with what it said"
        self.assertIn("status 75: queue is full", self.send(**self.script("cat >/dev/null; echo queue is full >&2; exit 75")))
        self.assertIn("status 67", self.send(**self.script("exit 67")))
        self.assertIn("signal 9", self.send(**self.script("kill -9 $$")))
        self.assertIn("can't be run", self.send(mail="sendmail:/nonexistent/sendmail"))
        self.assertIsNone(self.send(**self.script("exec <&-; sleep 0.3; exit 0")))

    def check(self, **settings):
        """What config check finds about mail: its result, and what it says."""
        self.configure(**settings)
        told = json.loads(self.door.doorward("config", "check", "--json", check=False))
        found = next(finding for finding in told if finding["check"] == "mail")
        return found["result"], found["detail"]

    def test_config_check(self):
        "config check logs in to the mail server without sending anything"
        self.starttls.users = {"bob": "secret"}
        good = {"mail": f"smtp://127.0.0.1:{self.starttls.port}", "mail_tls": "required", "mail_tls_ca": self.door.ca,
                "mail_user": "bob", "mail_password": "secret"}
        self.assertEqual("OK", self.check(**good)[0])
        self.assertTrue(self.starttls.saw("AUTH") and not self.starttls.saw("MAIL"))
        self.assertIn("535", self.check(**{**good, "mail_password": "wrong"})[1])
        self.assertIn("mail_tls_ca", self.check(**{**good, "mail_tls_ca": ""})[1])
        self.assertEqual("OK", self.check(**self.script(":"))[0])
        self.assertEqual("FAIL", self.check(mail="sendmail:/nonexistent")[0])
        self.assertEqual("WARN", self.check(mail="", mail_from="")[0])

    def test_without_mail(self):
        "an installation without mail says so"
        self.assertIn("the option mail is not set", self.send(mail="", mail_from=""))


if __name__ == "__main__":
    main()
