"""What the commands of the program make, list and change: statuses and JSON that scripts rely on."""
import json
import os
import re
import subprocess
import time

from database import Database
from harness import tap

UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
METADATA = {"client_name": "One", "redirect_uris": ["https://rp.example/cb"],
            "grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile read:x",
            "token_endpoint_auth_method": "client_secret_basic"}


class Commands(tap.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()
        cls.database.doorward("key-file", "create", cls.database.path("keys"))
        cls.service = cls.json("service", "add", "--name", "Service One")
        with open(cls.database.path("password"), "w") as file:
            file.write("correct horse battery staple\nsecond line\n")

    @classmethod
    def tearDownClass(cls):
        cls.database.close()

    @classmethod
    def json(cls, *arguments):
        return cls.database.json(*arguments)

    def refused(self, *arguments, status=1):
        return self.database.doorward(*arguments, status=status)[1]

    def sql(self, text):
        return self.database.sql(text)

    def versions(self):
        return dict(self.sql("SELECT name, value FROM versions"))

    def client(self, **members):
        path = self.database.path("client.json")
        with open(path, "w") as file:
            json.dump({**METADATA, **members}, file)
        return self.json("client", "add", "--metadata", path, "--service", self.service["id"])

    def user(self, email, *options):
        return self.json("user", "add", "--email", email, "--name", "Ann", "--password-file",
                         self.database.path("password"), *options)

    # --- services ---

    def test_service(self):
        """A service is made, found, listed, and switched off and on"""
        made = self.json("service", "add", "--name", "B\u00fccher & S\u00f6hne 100%_")
        self.assertRegex(made["id"], UUID)
        self.assertEqual((made["name"], made["status"]), ("B\u00fccher & S\u00f6hne 100%_", "active"))
        self.assertEqual(self.json("service", "show", made["id"]), made)
        self.assertEqual(self.json("service", "list", "--search", "100%_"), [made])
        self.assertEqual(self.json("service", "list", "--search", "100_%"), [])
        self.assertEqual(self.json("service", "disable", made["id"])["status"], "disabled")
        self.assertEqual(self.json("service", "enable", made["id"])["status"], "active")
        self.assertIn(made["id"], self.database.doorward("service", "list")[0])

    def test_service_refused(self):
        """An unknown service, a broken id and an empty name are refused with status 1, a missing option with 2"""
        self.refused("service", "show", "01a20109-8aaf-7b7b-958b-d9780f7e2356")
        self.refused("service", "disable", "1 OR 1=1")
        self.refused("service", "add", "--name", "")
        self.refused("service", "add", status=2)

    # --- clients ---

    def test_client(self):
        """A client is answered in the words it was registered in, with its id and secret"""
        made = self.client()
        self.assertRegex(made["client_id"], UUID)
        self.assertRegex(made["client_secret"], r"^[A-Za-z0-9_-]{43}$")
        self.assertEqual(made["client_secret_expires_at"], 0)
        self.assertEqual({name: made[name] for name in METADATA}, METADATA)
        shown = self.json("client", "show", made["client_id"])
        self.assertNotIn("client_secret", shown)
        self.assertIn(shown, self.json("client", "list", "--service", self.service["id"]))

    def test_client_secret_is_stored_hashed_and_sealed(self):
        """A client secret is nowhere in the database but hashed and sealed"""
        secret = self.client()["client_secret"]
        rows = self.sql("SELECT HEX(secret_hash), HEX(sealed) FROM client_secrets")
        self.assertIn(__import__("hashlib").sha256(secret.encode()).hexdigest().upper(), [row[0] for row in rows])
        self.assertFalse(any(secret.encode().hex().upper() in row[1] for row in rows))

    def test_client_id_is_compared_as_bytes(self):
        """T-07: a client id in another case or with a space behind it is another one"""
        client_id = self.client()["client_id"]
        for other in (client_id.upper(), client_id + " ", " " + client_id, client_id + "%", client_id[:-1] + "_"):
            with self.subTest(other=other):
                self.refused("client", "show", other)

    def test_rotate_secret(self):
        """A new secret ends the old one at once, or when it is told to"""
        made = self.client()
        number = self.sql(f"SELECT number FROM clients WHERE client_id = '{made['client_id']}'")[0][0]
        ends = f"SELECT expires_at > UNIX_TIMESTAMP() FROM client_secrets WHERE client_number = {number} " \
               "ORDER BY created_at, id"
        rotated = self.json("client", "rotate-secret", made["client_id"], "--keep-old", "7d")
        self.assertNotEqual(rotated["client_secret"], made["client_secret"])
        self.assertEqual(self.sql(ends), [["1"], ["0"]])
        self.json("client", "rotate-secret", made["client_id"])
        self.assertEqual(self.sql(ends), [["0"], ["0"], ["0"]])
        self.assertEqual(self.sql(f"SELECT COUNT(*) FROM client_secrets WHERE client_number = {number} "
                                  "AND expires_at = 0"), [["1"]])

    def test_public_client(self):
        """A public client has no secret and gets none"""
        made = self.client(token_endpoint_auth_method="none")
        self.assertNotIn("client_secret", made)
        self.assertIn("has no secret", self.refused("client", "rotate-secret", made["client_id"]))

    def test_client_refused(self):
        """T-10, T-60: metadata that can't be served is refused by the name of the member, and nothing written"""
        before = self.sql("SELECT COUNT(*) FROM clients")
        for member, value in (("redirect_uris", ["javascript:alert(1)"]), ("logo_uri", "http://a.example/"),
                              ("grant_types", ["password"]), ("scope", 3)):
            with self.subTest(member=member):
                path = self.database.path("bad.json")
                with open(path, "w") as file:
                    json.dump({**METADATA, member: value}, file)
                self.assertIn(member, self.refused("client", "add", "--metadata", path, "--service",
                                                   self.service["id"]))
        self.assertEqual(self.sql("SELECT COUNT(*) FROM clients"), before)

    def test_directory_version(self):
        """Each change of services, clients and secrets moves the version that workers watch"""
        made = self.client()
        for words in (("client", "disable", made["client_id"]), ("client", "enable", made["client_id"]),
                      ("client", "rotate-secret", made["client_id"]), ("service", "disable", self.service["id"]),
                      ("service", "enable", self.service["id"])):
            with self.subTest(words=words):
                before = int(self.versions()["directory"])
                self.json(*words)
                self.assertGreater(int(self.versions()["directory"]), before)

    # --- people ---

    def test_user(self):
        """A user is made with the first line of the file as password, and found by id and by address"""
        made = self.user("Ada@Example.org", "--verified")
        self.assertEqual((made["email"], made["email_verified"], made["has_password"], made["status"]),
                         ("Ada@Example.org", True, True, "active"))
        self.assertEqual(self.json("user", "show", "ADA@example.ORG"), made)
        self.assertEqual(self.json("user", "show", made["id"]), made)
        self.assertEqual(self.json("user", "list", "--search", "ada@"), [made])
        self.assertIn("there is a user", self.refused("user", "add", "--email", "ada@example.org", "--name", "A",
                                                      "--password-file", self.database.path("password")))

    def test_user_password_by_environment(self):
        """A password comes from a file, the environment or a prompt, never from an argument"""
        environment = {**os.environ, "DOORWARD_PASSWORD": "correct horse battery staple"}
        done = subprocess.run(self.database.command("user", "add", "--email", "env@example.org", "--name", "E"),
                              env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.refused("user", "add", "--email", "x@example.org", "--name", "X", "--password", "secret", status=2)

    def test_user_refused(self):
        """No address, a bad name and a short password are refused with a reason"""
        for email in ("nobody", "x" * 65 + "@example.org"):
            for noun in ("user", "admin"):
                self.assertIn("address", self.refused(noun, "add", "--email", email, "--name", "A",
                                                      "--password-file", self.database.path("password")))
        with open(self.database.path("short"), "w") as file:
            file.write("short\n")
        self.refused("user", "add", "--email", "s@example.org", "--name", "S", "--password-file",
                     self.database.path("short"))
        self.refused("user", "show", "unknown@example.org")

    def test_disabling_a_user_ends_all(self):
        """Disabling a user, or setting a password, ends every session and every authorization"""
        for verb in (("disable",), ("set-password", "--password-file", self.database.path("password"))):
            with self.subTest(verb=verb[0]):
                user = self.user(f"{verb[0]}@example.org")
                number = f"x'{user['id'].replace('-', '')}'"
                self.sql(f"INSERT INTO sessions VALUES (UNHEX(SHA2({number}, 256)), {number}, {number}, 1, 1, 1, "
                         f"'pwd', '', '', 9999999999);"
                         "INSERT INTO authorizations (id, grant_id, user_id, client_number, sid, scope, "
                         "redirect_uri, redirect_uri_sent, auth_time, amr, code_hash, code_expires_at, created_at, "
                         f"expires_at) VALUES ({number}, {number}, {number}, 1, {number}, '', '', 1, 1, 'pwd', "
                         "REPEAT('x', 32), 1, 1, 9999999999)")
                self.json("user", verb[0], user["id"], *verb[1:])
                self.assertEqual(self.sql(f"SELECT COUNT(*) FROM sessions WHERE user_id = {number}"), [["0"]])
                self.assertEqual(self.sql(f"SELECT revoked_at > 0 FROM authorizations WHERE id = {number}"), [["1"]])

    def test_passwords_are_hashed(self):
        """A password is stored as an scrypt hash alone"""
        self.user("hash@example.org")
        stored = self.sql("SELECT password_hash FROM users WHERE email_key = 'hash@example.org'")[0][0]
        self.assertRegex(stored, r"^\$s1\$")

    def test_admin(self):
        """An admin is made apart from users, listed, and locked"""
        made = self.json("admin", "add", "--email", "grace@example.org", "--name", "Grace", "--password-file",
                         self.database.path("password"))
        self.assertEqual(made["status"], "active")
        self.refused("user", "show", "grace@example.org")
        self.assertEqual(self.json("admin", "disable", "grace@example.org")["status"], "disabled")
        self.assertEqual(self.json("admin", "enable", "grace@example.org")["status"], "active")
        self.json("admin", "set-password", "grace@example.org", "--password-file", self.database.path("password"))
        self.assertEqual([admin["email"] for admin in self.json("admin", "list")], ["grace@example.org"])
        self.refused("admin", "add", "--email", "GRACE@example.org", "--name", "G", "--password-file",
                     self.database.path("password"))

    # --- API keys ---

    def test_api_key(self):
        """An API key has the contract's form, is told once, and is stored hashed"""
        made = self.json("api-key", "add", "--service", self.service["id"], "--name", "Key",
                         "--permissions", "read:users write:users read:users", "--expires-in", "30d")
        self.assertRegex(made["key"], r"^sk_live_[0-9a-f]{12}_[0-9a-f]{64}$")
        self.assertTrue(made["key"].startswith(made["prefix"] + "_"))
        self.assertEqual(made["permissions"], ["read:users", "write:users"])
        self.assertEqual(made["expires_at"] - made["created_at"], 30 * 86400)
        listed = self.json("api-key", "list", "--service", self.service["id"])
        self.assertNotIn("key", next(key for key in listed if key["id"] == made["id"]))
        self.assertEqual(self.json("api-key", "revoke", made["id"])["status"], "revoked")
        self.refused("api-key", "revoke", made["id"])
        test = self.json("api-key", "add", "--service", self.service["id"], "--name", "Key", "--test",
                         "--permissions", "read:provider_tokens:google")
        self.assertRegex(test["key"], r"^sk_test_")

    def test_api_key_rotated(self):
        """A rotated key's successor is shown once and has all that it had; the old one ends after the overlap"""
        made = self.json("api-key", "add", "--service", self.service["id"], "--name", "Key", "--test", "--permissions",
                         "read:users", "--expires-in", "30d", "--addresses", "192.0.2.7 2001:db8::/32")
        self.assertEqual(made["addresses"], ["192.0.2.7", "2001:db8::/32"])
        after = self.json("api-key", "rotate", made["id"], "--overlap", "1d")
        for member in ("service_id", "name", "permissions", "addresses", "status"):
            self.assertEqual(after[member], made[member], member)
        self.assertRegex(after["key"], r"^sk_test_[0-9a-f]{12}_[0-9a-f]{64}$")
        self.assertNotEqual(after["key"], made["key"])
        self.assertEqual(after["expires_at"] - after["created_at"], 30 * 86400)
        old = self.json("api-key", "show", made["id"])
        self.assertEqual((old["rotated_to"], old["status"]), (after["id"], "active"))
        self.assertEqual(old["expires_at"] - after["created_at"], 86400)
        self.assertFalse({"key", "key_hash"} & set(old) | {"key"} & set(self.json("api-key", "show", after["id"])))
        self.assertIn("successor", self.refused("api-key", "rotate", made["id"]))
        self.assertEqual(old, self.json("api-key", "show", made["id"]))

    def test_api_key_rotation_refused(self):
        """A key that is revoked, over or unknown, or an overlap that is none, isn't rotated"""
        made = self.json("api-key", "add", "--service", self.service["id"], "--name", "Key", "--permissions", "read:users")
        for overlap in ("x", "-1d", "2000d"):
            self.refused("api-key", "rotate", made["id"], "--overlap", overlap, status=2)
        self.json("api-key", "revoke", made["id"])
        self.refused("api-key", "rotate", made["id"])
        self.refused("api-key", "rotate", "01a20109-8aaf-7b7b-958b-d9780f7e2356")
        self.refused("api-key", "show", "nonsense")
        for addresses in ("x", "192.0.2.1/33", "192.0.2.1/24", "::/129", "192.0.2.1,192.0.2.2", "1.2.3.4 " * 300):
            with self.subTest(addresses=addresses):
                self.refused("api-key", "add", "--service", self.service["id"], "--name", "K", "--permissions", "read:users",
                             "--addresses", addresses)

    def test_api_key_refused(self):
        """Unknown permissions, none, and an unknown service are refused"""
        for permissions in ("users:read", "", " ", "read:users,write:users", "read:provider_tokens:", "read:users x"):
            with self.subTest(permissions=permissions):
                self.refused("api-key", "add", "--service", self.service["id"], "--name", "K", "--permissions",
                             permissions)
        self.assertIn("no such service",
                      self.refused("api-key", "add", "--service", "01a20109-8aaf-7b7b-958b-d9780f7e2356", "--name",
                                   "K", "--permissions", "read:users"))

    # --- keys ---

    def test_rotations_at_once(self):
        """Of several rotations at once each algorithm still has one current and one next key"""
        time.sleep(1.1)  # a key made in this second can't be replaced in it
        racers = [subprocess.Popen(self.database.command("key", "rotate", "--json"), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True) for _ in range(4)]
        statuses = [(racer.communicate(timeout=120), racer.returncode)[1] for racer in racers]
        self.assertTrue(set(statuses) <= {0, 1}, statuses)
        self.assertIn(0, statuses)
        counts = self.sql("SELECT alg, state, COUNT(*) FROM signing_keys WHERE state <> 'retired' GROUP BY 1, 2")
        self.assertEqual(sorted(counts), sorted([alg, state, "1"] for alg in ("RS256", "ES256", "EdDSA")
                                                for state in ("current", "next")))

    def test_private_keys_are_sealed(self):
        """Private keys are sealed"""
        self.json("key", "rotate", "--alg", "EdDSA")
        self.assertEqual(self.sql("SELECT COUNT(*) FROM signing_keys WHERE sealed LIKE '%kty%'"), [["0"]])

    def test_key_file(self):
        """A key file is never replaced, and only its owner can read it"""
        path = self.database.path("more-keys")
        self.database.doorward("key-file", "create", path)
        self.assertEqual(os.stat(path).st_mode & 0o077, 0)
        self.refused("key-file", "create", path)

    def test_away(self):
        """With the database away every command says try again later"""
        self.database.server.stop()
        self.addCleanup(self.database.server.start)
        for words in (("service", "list"), ("key", "list"), ("user", "show", "a@b.example")):
            with self.subTest(words=words):
                self.refused(*words, status=4)


if __name__ == "__main__":
    tap.main()
