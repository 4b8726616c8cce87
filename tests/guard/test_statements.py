"""Every statement of the program fits the schema that its migrations make."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "store"))

from database import Database, run_probe  # noqa: E402
from harness import tap  # noqa: E402
from harness.fixture import SOURCE  # noqa: E402

FOLDER = os.path.join(SOURCE, "src", "store")


def store_files(end):
    for name in sorted(os.listdir(FOLDER)):
        if name.endswith(end):
            with open(os.path.join(FOLDER, name)) as file:
                yield name, file.read()


class Statements(tap.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()

    @classmethod
    def tearDownClass(cls):
        cls.database.close()

    def test_prepare(self):
        """Each row of each table can be prepared, with its parameters and columns as the row says"""
        status, output = run_probe("statements", self.database.server.socket)
        self.assertEqual(status, 0, output)
        rows = sum(text.count(".name = \"") for _, text in store_files(".c"))
        self.assertGreater(int(output.split()[0]), rows, "one table at least is made by a macro")

    def test_listed(self):
        """Each file with statements stands in tables.c"""
        with open(os.path.join(FOLDER, "tables.c")) as file:
            listed = set(re.findall(r"&(\w+)_statements", file.read()))
        declared = {match for _, text in store_files(".h")
                    for match in re.findall(r"extern const struct statement_table (\w+)_statements", text)}
        self.assertEqual(declared, listed)

    def test_schema_number(self):
        """SCHEMA_NUMBER is that of the newest file in sql/"""
        newest = max(int(name.split("-")[0]) for name in os.listdir(os.path.join(SOURCE, "sql"))
                     if name.endswith(".sql"))
        text = dict(store_files(".h"))["migrations.h"]
        self.assertEqual(int(re.search(r"SCHEMA_NUMBER = (\d+)", text)[1]), newest)

    def test_retention(self):
        """Each table states its retention, and each one that grows has an indexed expires_at"""
        for name in sorted(os.listdir(os.path.join(SOURCE, "sql"))):
            if not name.endswith(".sql"):
                continue
            with open(os.path.join(SOURCE, "sql", name)) as file:
                text = file.read()
            for comment, table, body in re.findall(r"((?:^--.*\n)*)CREATE TABLE (\w+) \((.*?)\n\)", text,
                                                   re.M | re.S):
                with self.subTest(table=table):
                    self.assertIn("Retention:", comment)
                    if "expires_at" in body:
                        self.assertIn("(expires_at)", body)
                        self.assertIn(f'DELETE_EXPIRED("{table}")', dict(store_files(".c"))["housekeeping.c"])


if __name__ == "__main__":
    tap.main()
