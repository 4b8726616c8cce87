#!/usr/bin/env python3
"""Behind a new key in the key file: every sealed column is sealed anew, by the right machine and in time, and the command line
tells what still needs which key."""
import base64
import json
import os
import re
import secrets
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from database import Database  # noqa: E402
from harness import tap  # noqa: E402
from harness.fixture import SOURCE  # noqa: E402

# What is sealed for a browser or an address and kept in none of our columns.
SEALED_ELSEWHERE = {"src/pages/note.c", "src/domain/providers/journey.c", "src/domain/providers/link_ticket.c",
                    "src/domain/login/admin_sign_in.c"}
LASTING = {"client_secrets.sealed", "signing_keys.sealed", "admins.totp_sealed", "webhooks.secret_sealed", "providers.secret_sealed",
           "connections.access_sealed", "connections.refresh_sealed"}


def table():
    """The rows of the table of sealed columns: "table.column" and its life."""
    with open(os.path.join(SOURCE, "src/store/sealed_columns.h")) as file:
        text = re.sub(r"\s*\\\n\s*", " ", file.read())
    rows = re.findall(r"ROW\(\w+, (\w+), \w+, (\w+), \"[^\"]+\", \w+, \"\w\",\s+(\w+)\)", text)
    return {f"{table}.{column}": life for table, column, life in rows}


def line(name):
    return f"{name} {base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip('=')}\n"


class Machine:
    """A configuration with a run directory and a key file of its own, on the same database."""

    def __init__(self, database, name):
        self.database, self.path = database, database.path(name)
        os.makedirs(os.path.join(self.path, "run"))
        open(os.path.join(self.path, "run", "shared"), "w").close()  # the page is made in it: the machine's name
        with open(database.path("doorward.conf")) as file:
            text = file.read().replace(database.path("run"), os.path.join(self.path, "run")).replace(database.path("keys"), os.path.join(self.path, "keys"))
        with open(os.path.join(self.path, "doorward.conf"), "w") as file:
            file.write(text)

    def keys(self, *lines):
        path = os.path.join(self.path, "keys")
        with open(path, "w") as file:
            file.write("".join(lines))
        os.chmod(path, 0o600)

    def doorward(self, *words):
        command = self.database.command(*words)
        command[2] = os.path.join(self.path, "doorward.conf")
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def housekeep(self):
        done = self.doorward("housekeep")
        assert done.returncode == 0, done.stderr
        return done.stderr

    def status(self):
        done = self.doorward("key-file", "status", "--json")
        return done.returncode, json.loads(done.stdout)

    def states(self):
        return {key["name"]: key["state"] for key in self.status()[1]["keys"]}


class KeyRotation(tap.TestCase):
    def setUp(self):
        self.database = Database()
        self.addCleanup(self.database.close)
        self.old, self.new = line("old"), line("new")
        self.one, self.two = Machine(self.database, "one"), Machine(self.database, "two")

    def names(self):
        """The keys by which signing keys are sealed."""
        return {row[0] for row in self.database.sql("SELECT DISTINCT SUBSTRING(sealed, 2, ORD(sealed)) FROM signing_keys")}

    def test_every_sealed_column_is_in_the_table(self):
        "every sealed column of the schema is in the one table, and what lasts is sealed anew"
        columns = {f"{row[0]}.{row[1]}" for row in self.database.sql(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'doorward' AND column_name LIKE '%sealed%'")}
        self.assertEqual(columns, set(table()))
        self.assertEqual({name for name, life in table().items() if life == "LONG"}, LASTING)

    def test_nothing_else_seals_a_column(self):
        "nothing but the table's module seals what goes into a column"
        callers = set()
        for folder, _, names in os.walk(os.path.join(SOURCE, "src")):
            for name in names:
                path = os.path.join(folder, name)
                with open(path) as file:
                    if name.endswith(".c") and re.search(r"\bkeyfile_(seal|open)\(", file.read()):
                        callers.add(os.path.relpath(path, SOURCE))
        self.assertEqual(callers, SEALED_ELSEWHERE | {"src/crypto/keyfile.c", "src/domain/sealed.c"})

    def test_one_machine(self):
        "one machine: all is sealed anew, the status tells how far it is, and the old key may go when nothing was given out under it lately"
        self.one.keys(self.old)
        self.one.housekeep()
        self.assertEqual((self.names(), self.one.states()), ({"old"}, {"old": "newest"}))
        self.one.keys(self.old, self.new)
        self.assertEqual(self.one.states(), {"old": "newest", "new": "not used"})
        self.one.keys(self.new, self.old)
        status, told = self.one.status()
        self.assertEqual((status, self.one.states()), (0, {"new": "newest", "old": "needed"}))
        self.assertEqual(told["keys"][1]["values"], {"signing_keys.sealed": 6})
        self.one.housekeep()
        self.assertEqual((self.names(), self.one.states()), ({"new"}, {"new": "newest", "old": "until"}))
        self.database.sql("UPDATE file_keys SET last_at = last_at - 32 * 86400 WHERE name = 'old'")
        self.assertEqual(self.one.states(), {"new": "newest", "old": "free"})
        self.one.keys(self.new)
        self.one.housekeep()
        self.assertEqual(self.one.states(), {"new": "newest"})
        self.one.keys(self.old)
        status, told = self.one.status()
        self.assertEqual((status, {key["name"]: key["state"] for key in told["keys"]}), (1, {"old": "newest", "new": "missing"}))
        self.assertIn("new is not in the key file", self.one.doorward("key-file", "status").stderr)

    def test_a_machine_without_the_key(self):
        "nothing is sealed anew that a machine couldn't open; and once all have the key, it is"
        for machine in (self.one, self.two):
            machine.keys(self.old)
            machine.housekeep()
        self.one.keys(self.new, self.old)
        self.assertIn("keys.resealing_waits newest=new machines_without=1", self.one.housekeep())
        self.assertEqual(self.names(), {"old"})
        self.two.keys(self.old, self.new)
        self.two.housekeep()
        self.one.housekeep()
        self.assertEqual(self.names(), {"new"})

    def test_a_machine_that_is_gone(self):
        "a machine that wasn't heard of for a day is waited for no longer"
        for machine in (self.one, self.two):
            machine.keys(self.old)
            machine.housekeep()
        self.database.sql("UPDATE file_keys SET noted_at = noted_at - 86500")
        self.one.keys(self.new, self.old)
        self.one.housekeep()
        self.assertEqual(self.names(), {"new"})

    def test_no_ping_pong(self):
        "a machine that has the keys in their old order leaves alone what was sealed by the newer one, and says so"
        self.one.keys(self.old, self.new)
        self.two.keys(self.old, self.new)
        self.one.housekeep()
        self.two.housekeep()
        self.one.keys(self.new, self.old)
        self.one.housekeep()
        self.assertEqual(self.names(), {"new"})
        self.assertIn("keys.file_is_behind newest=old", self.two.housekeep())
        self.assertEqual(self.names(), {"new"})
        self.assertEqual(self.two.status()[0], 1)
        kid = self.database.sql("SELECT kid FROM signing_keys LIMIT 1")[0][0]
        self.two.doorward("key", "rotate", "--alg", "ES256")
        self.assertEqual(self.names(), {"new", "old"}, "what the other one seals meanwhile")
        self.one.housekeep()
        self.assertEqual(self.names(), {"new"}, f"{kid} and all others")

    def test_what_does_not_open_is_left(self):
        "a value that no key of the file opens is left as it is, and the rest is sealed anew"
        self.one.keys(self.old)
        self.one.housekeep()
        self.database.sql("UPDATE signing_keys SET sealed = CONCAT(UNHEX('046C6F7374'), REPEAT('x', 60)) ORDER BY kid LIMIT 2")
        self.one.keys(self.new, self.old)
        self.one.housekeep()
        self.assertEqual(self.names(), {"new", "lost"})
        self.assertEqual(self.one.states(), {"new": "newest", "old": "until", "lost": "missing"})

    def test_changed_meanwhile(self):
        "a value that is changed between reading and writing it stays as it was changed"
        self.one.keys(self.old)
        self.one.housekeep()
        kid = self.database.sql("SELECT MIN(kid) FROM signing_keys")[0][0]
        changes = threading.Thread(target=self.database.sql, args=(
            f"BEGIN; UPDATE signing_keys SET sealed = CONCAT(sealed, '!') WHERE kid = '{kid}'; DO SLEEP(3); COMMIT",))
        changes.start()
        waiting = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(3)%' AND id <> CONNECTION_ID()"
        while self.database.sql(waiting) == [["0"]]:
            time.sleep(0.05)
        self.one.keys(self.new, self.old)
        self.one.housekeep()
        changes.join()
        self.assertEqual(self.database.sql(f"SELECT RIGHT(sealed, 1), SUBSTRING(sealed, 2, ORD(sealed)) FROM signing_keys WHERE kid = '{kid}'"), [["!", "old"]])
        self.assertEqual(self.names(), {"new", "old"})

    def test_many(self):
        "more than a portion: in one go of the command, and with nothing to do nothing is written"
        self.one.keys(self.old)
        self.one.housekeep()
        service = json.loads(self.one.doorward("service", "add", "--name", "S", "--json").stdout)["id"]
        for i in range(3):
            made = self.one.doorward("client", "add", "--service", service, "--metadata", self.metadata(), "--json")
            self.assertEqual(made.returncode, 0, made.stderr)
        self.database.sql("INSERT INTO client_secrets (id, client_number, secret_hash, sealed, created_at) "
                          "SELECT RANDOM_BYTES(16), c.client_number, RANDOM_BYTES(32), c.sealed, 1 FROM client_secrets c, seq_1_to_100")
        self.one.keys(self.new, self.old)
        self.one.housekeep()
        sealed = "SELECT SUBSTRING(sealed, 2, ORD(sealed)), COUNT(*), SHA2(GROUP_CONCAT(sealed ORDER BY id), 256) FROM client_secrets GROUP BY 1 ORDER BY 1"
        had = self.database.sql(sealed)
        self.assertEqual([row[:2] for row in had], [["new", "3"], ["old", "300"]], "those that open, and those that were made up")
        self.assertEqual(self.names(), {"new"}, "the columns behind it")
        self.one.housekeep()
        self.assertEqual(self.database.sql(sealed), had)

    def metadata(self):
        path = self.database.path("client.json")
        with open(path, "w") as file:
            json.dump({"client_name": "C", "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "client_secret_basic"}, file)
        return path


if __name__ == "__main__":
    tap.main()
