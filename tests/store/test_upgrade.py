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
