"""An installation of schema 1 that has people in it becomes one of today's: nothing of theirs is lost, and the
program of schema 1 can go on beside the new one until it's stopped. What that one says to the database is
frozen in statements-1.json."""
import json
import os

from database import Database
from harness import tap

HERE = os.path.dirname(os.path.abspath(__file__))
FIRST = "0001-initial.sql"
NOW = 1760000000
LATER = 1 << 40


def binary(number, length=16):
    return f"UNHEX('{number:02x}' '{'00' * (length - 1)}')"


def literal(value):
    return "NULL" if value is None else value if str(value).startswith("UNHEX(") else repr(value)


def uuid(number):
    return f"{number:02x}000000-0000-0000-0000-000000000000"


# What people of schema 1 had, in the order of the old program's own statements.
OLD_ROWS = [
    ("services.add", [binary(1), "Shop", NOW, NOW]),
    ("clients.add", ["shop", binary(1), '{"client_name":"Shop"}', NOW, NOW]),
    ("users.add", [binary(2), "Ann@example.org", "ann@example.org", 1, "Ann", None, "$s1$old", NOW, NOW]),
    ("users.add", [binary(3), "bob@example.org", "bob@example.org", 0, "Bob", '{"locale":"de"}', None, NOW, NOW]),
    ("members.put", [binary(1), binary(2), NOW]),
    ("sessions.add", [binary(4, 32), binary(5), binary(2), NOW, NOW, LATER - 9, "pwd", "192.0.2.1", "Browser", LATER]),
    ("grants.add", [binary(6), binary(2), 1, "openid email", NOW, NOW]),
    ("authorizations.add", [binary(7), binary(6), binary(2), 1, binary(5), "openid", "https://shop.example/cb", 1,
                            None, None, NOW, "pwd", binary(8, 32), NOW + 60, NOW, LATER]),
    ("tickets.add", [binary(9), binary(1, 32), 1, "{}", binary(2, 32), NOW, LATER]),
]


class Upgrade(tap.TestCase):
    def setUp(self):
        self.database = Database(migrated=False)
        self.addCleanup(self.database.close)
        with open(os.path.join(HERE, "statements-1.json"), encoding="utf-8") as file:
            self.statements = json.load(file)
        with open(os.path.join(self.database.sql_directory, FIRST), encoding="utf-8") as file:
            self.database.sql(file.read())
        self.database.doorward("migrate", "--adopt")
        self.database.sql("DELETE FROM schema_migrations WHERE number > 1")
        self.database.doorward("key-file", "create", self.database.path("keys"))

    def old_program(self, name, values):
        parts = self.statements[name].split("?")
        filled = "".join(part + (literal(value)) for part, value in zip(parts, values)) + parts[-1]
        return self.database.sql(filled)

    def fill(self):
        for name, values in OLD_ROWS:
            self.old_program(name, values)

    def upgrade(self):
        applied = self.database.json("migrate")["applied"]
        self.assertEqual(applied, sorted(os.listdir(self.database.sql_directory))[1:])

    def columns(self):
        rows = self.database.sql("SELECT table_name, column_name FROM information_schema.columns "
                                 "WHERE table_schema = DATABASE() AND table_name NOT LIKE 'schema%' "
                                 "ORDER BY table_name, ordinal_position")
        tables = {}
        for table, column in rows:
            tables.setdefault(table, []).append(column)
        return tables

    def content(self, tables):
        return {table: self.database.sql("SELECT {} FROM {} ORDER BY 1, 2".format(
            ", ".join(f"HEX({column})" for column in columns), table)) for table, columns in tables.items()}

    def test_nothing_is_lost(self):
        """Each row and column of schema 1 is as it was, and new columns say nothing that isn't known"""
        self.fill()
        tables = self.columns()
        before = self.content(tables)
        self.upgrade()
        self.assertEqual(self.content(tables), before)
        self.assertEqual(self.database.sql("SELECT DISTINCT self_registered, languages, sign_ins, last_sign_in_at "
                                           "FROM users"), [["0", "", "0", "0"]])
        self.assertEqual(self.database.sql("SELECT pin_gate, sign_in_form FROM services"), [["", ""]])

    def unfilled(self):
        return int(self.database.sql("SELECT COUNT(*) FROM members m JOIN users u ON u.id = m.user_id WHERE m.email_key <> u.email_key "
                                     "OR m.words <> CONCAT(u.email_key, '\\n', LOWER(u.name))")[0][0])

    def many(self, count):
        """So many more members of schema 1, of two services."""
        self.database.sql(
            "INSERT INTO users (id, email, email_key, email_verified, name, status, created_at, updated_at) SELECT UNHEX(MD5(seq)), "
            f"CONCAT('P', seq, '@example.org'), CONCAT('p', seq, '@example.org'), 1, CONCAT('Person ', seq), 'active', 1, 1 FROM seq_1_to_{count};"
            f"INSERT IGNORE INTO services (id, name, created_at, updated_at) VALUES ({binary(1)}, 'Shop', 1, 1), ({binary(2)}, 'Other', 1, 1);"
            f"INSERT INTO members (service_id, user_id, created_at) SELECT IF(seq % 3, {binary(1)}, {binary(2)}), UNHEX(MD5(seq)), seq FROM seq_1_to_{count}")

    def updates(self):
        return int(self.database.sql("SHOW GLOBAL STATUS LIKE 'Com_update_multi'")[0][1])

    def test_members_in_batches(self):
        """Members of before get what lists and searches go by in batches of 500, of which --plan tells; nobody holds all of them"""
        self.many(3200)
        self.database.sql("ANALYZE TABLE members")
        plan = {one["name"]: one["statements"] for one in self.database.json("migrate", "--plan")["pending"]}
        last = plan["0003-services.sql"][-1]
        self.assertEqual((last["table"], last["statement"]), ("members", "then members, 500 at a time"))
        self.assertGreater(last["rows"], 2000)
        before = self.updates()
        done = self.database.json("migrate")
        self.assertEqual((done["filled"], self.unfilled()), (3200, 0))
        self.assertGreaterEqual(self.updates() - before, 3200 // 500)
        self.assertNotIn("filled", self.database.json("migrate"))
        with open(os.path.join(self.database.sql_directory, "0003-services.sql"), encoding="utf-8") as file:
            self.assertNotIn("UPDATE", file.read().upper().replace("UPDATED_AT", ""))

    def test_members_goes_on(self):
        """Filling in that was broken off goes on with the next migrate, and what somebody has changed meanwhile stays"""
        self.many(700)
        self.upgrade()
        self.database.sql("UPDATE members SET email_key = '', words = '' LIMIT 650")
        self.assertEqual((self.database.json("migrate")["filled"], self.unfilled()), (650, 0))

    def test_members_by_hand(self):
        """Files that were loaded by hand: the housekeeper fills in, and so it does behind a program of schema 1 that still runs"""
        self.many(1200)
        for name in sorted(os.listdir(self.database.sql_directory))[1:]:
            with open(os.path.join(self.database.sql_directory, name), encoding="utf-8") as file:
                self.database.sql(file.read())
        self.assertEqual(self.unfilled(), 1200)
        checksums = "INSERT INTO schema_migrations (number, name, checksum, needs_program, begun_at, applied_at) VALUES ({}, '{}', '', 1, 1, 1)"
        for number, name in list(enumerate(sorted(os.listdir(self.database.sql_directory)), 1))[1:]:
            self.database.sql(checksums.format(number, name))
        self.database.doorward("housekeep")
        self.assertEqual(self.unfilled(), 0)
        for values in [row[1] for row in OLD_ROWS if row[0] == "users.add"]:
            self.old_program("users.add", values)
        self.old_program("members.put", [binary(1), binary(2), NOW])
        self.assertEqual(self.unfilled(), 1)
        self.database.doorward("housekeep")
        self.assertEqual(self.unfilled(), 0)

    def test_new_program(self):
        """The new program works on what the old one wrote"""
        self.fill()
        self.upgrade()
        shown = self.database.json("user", "show", "ann@example.org")
        self.assertEqual((shown["email_verified"], shown["sign_ins"], shown["self_registered"]), (True, 0, False))
        self.assertEqual([one["sid"] for one in self.database.json("user", "sessions", uuid(2))], [uuid(5)])
        self.database.doorward("user", "sign-out", uuid(2))
        self.assertEqual(self.database.json("user", "sessions", uuid(2)), [])
        self.assertNotEqual(self.database.sql("SELECT revoked_at FROM authorizations"), [["0"]])

    def test_old_program(self):
        """The program of schema 1 may run on today's: it says everything that it said, and its rows are whole"""
        self.upgrade()
        self.assertEqual(self.database.sql("SELECT MAX(needs_program) FROM schema_migrations"), [["1"]])
        for name, text in self.statements.items():
            if name.startswith("migrations."):
                continue
            with self.subTest(statement=name):
                self.database.sql("PREPARE one FROM '{}'".format(text.replace("'", "''")))
        self.fill()
        self.assertEqual(self.database.json("user", "show", uuid(3))["sign_ins"], 0)
        self.assertEqual(self.database.json("service", "list")[0]["name"], "Shop")


if __name__ == "__main__":
    tap.main()
