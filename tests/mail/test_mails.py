#!/usr/bin/env python3
"""The mails of real requests: who gets which, and what no request can change in them."""
import http.client
import json
import ssl
import time

from harness import Doorward, TestCase, main

USER = "ada@example.org"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"

# What proxies, frameworks and attackers name a host with (T-77).
HOSTS = ["Host", "X-Forwarded-Host", "X-Forwarded-Server", "X-Host", "X-Original-Host", "X-HTTP-Host-Override",
         "X-Original-URL", "X-Rewrite-URL", "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "Origin", "Referer"]


class Mails(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.door = cls.enterClassContext(Doorward(settings={"trusted_proxies": "127.0.0.1"}))

    def post(self, path, fields, headers=None):
        """Status and body of a JSON call."""
        context = ssl.create_default_context(cafile=self.door.ca)
        connection = http.client.HTTPSConnection("127.0.0.1", self.door.port, context=context, timeout=20)
        given = {"Host": f"127.0.0.1:{self.door.port}", "Content-Type": "application/json", "User-Agent": FIREFOX,
                 **(headers or {})}
        connection.putrequest("POST", path, skip_host=True, skip_accept_encoding=True)
        body = json.dumps(fields).encode()
        for name, value in {**given, "Content-Length": len(body)}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        told = answer.status, answer.read()
        connection.close()
        return told

    def test_magic_link(self):
        "a mailed link arrives whole in both parts, with a code, and who asked for it"
        self.assertEqual(200, self.post("/api/public/request-magic-link", {"email": USER})[0])
        mail = self.door.mail.wait(USER, "magic_link")
        self.assertTrue(mail.links[0].startswith(f"{self.door.url}/api/public/magic-login?token="), mail.links)
        self.assertIn(f'href="{mail.links[0]}"', mail.html)
        self.assertTrue(mail.pin and mail.pin in mail.html)
        self.assertIn("127.0.0.1", mail.text)
        self.assertIn("Firefox on Windows", mail.text)
        self.assertIn(" UTC", mail.text)

    def test_no_header_names_the_host(self):
        "T-77, security 123: no header changes where the links of a mail lead"
        for name in HOSTS:
            with self.subTest(name=name):
                value = {"Forwarded": "host=evil.example;proto=https", "Origin": "https://evil.example",
                         "Referer": "https://evil.example/x", "X-Forwarded-For": "evil.example",
                         "X-Original-URL": "https://evil.example/x", "X-Forwarded-Proto": "evil"}.get(name, "evil.example")
                status, _ = self.post("/api/public/forgot-password", {"email": USER}, {name: value})
                if status != 200:  # refused outright, as a foreign origin is
                    continue
                mail = self.door.mail.wait(USER, "reset_password")
                self.assertNotIn(b"evil", mail.bytes)
                self.assertTrue(mail.links[0].startswith(f"{self.door.url}/reset-password?token="))

    def test_nobody(self):
        "security 129: an address that nobody has gets the same answer, and no mail"
        known = self.post("/api/public/forgot-password", {"email": USER})
        unknown = self.post("/api/public/forgot-password", {"email": "nobody@example.org"})
        self.assertEqual(known, unknown)
        self.door.mail.wait(USER, "reset_password")
        self.assertTrue(self.door.mail.none("nobody@example.org"))
        dropped = [row for row in self.door.doorward_json("mail", "queue") if row["to"] == "nobody@example.org"]
        self.assertEqual(["dropped"], [row["state"] for row in dropped])

    def test_language(self):
        "a mail is in the language that the browser asked for"
        self.post("/api/public/forgot-password", {"email": USER}, {"Accept-Language": "de-AT,en;q=0.5"})
        mail = self.door.mail.wait(USER, "reset_password")
        self.assertEqual("de", mail.headers["Content-Language"])
        self.assertIn("Neues Passwort", mail.subject)

    def test_registration(self):
        "T-64: registering somebody else's address has nothing of one's own delivered there"
        victim = "victim@example.org"
        status, body = self.post("/api/public/register", {"email": victim, "password": "a long passphrase here",
                                                          "name": "Win at https://evil.example now"})
        self.assertEqual(201, status, body)
        mail = self.door.mail.wait(victim, "verify_email")
        self.assertNotIn(b"evil", mail.bytes)
        self.assertIn("/confirm?token=", mail.links[0])

    def test_answer_does_not_wait(self):
        "the answer doesn't wait for the mail server"
        self.door.mail_server.stop()
        began = time.monotonic()
        self.assertEqual(200, self.post("/api/public/forgot-password", {"email": "grace@example.net"})[0])
        self.assertEqual(200, self.post("/api/public/forgot-password", {"email": USER})[0])
        self.assertLess(time.monotonic() - began, 20)
        self.door.mail_server.start()
        self.door.doorward("mail", "retry")
        self.door.mail.wait(USER, "reset_password")


if __name__ == "__main__":
    main()
