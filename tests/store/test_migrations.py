"""doorward migrate: once, in order, never backwards, and safely twice at once."""
import os
import shutil
import subprocess
import time

from database import Database
from harness import tap

SLOW = ("-- Needs a program of schema: 1\nCREATE TABLE slow (id INT PRIMARY KEY) ENGINE=InnoDB;\n"
        "DO SLEEP(1);\nINSERT INTO slow VALUES (1);\n")


NEEDS = "-- Needs a program of schema: {}\n"


class Migrations(tap.TestCase):
    def setUp(self):
        self.database = Database(migrated=False)
        self.addCleanup(self.database.close)
        self.files = sorted(os.listdir(self.database.sql_directory))
        self.newest = len(self.files)

    def write(self, number, words, text):
        """A migration of the test's own; its file's name."""
        name = f"{number:04}-{words}.sql"
        with open(os.path.join(self.database.sql_directory, name), "w") as file:
            file.write(text)
        return name

    def remove(self, name):
        os.unlink(os.path.join(self.database.sql_directory, name))

    def tables(self):
        return {row[0] for row in self.database.sql("SHOW TABLES")}

    def test_plan(self):
        """--plan tells each statement and the rows it touches, and changes nothing"""
        plan = self.database.json("migrate", "--plan")
        self.assertEqual([migration["number"] for migration in plan["pending"]],
                         list(range(1, self.newest + 1)))
        self.assertEqual(self.tables(), set())
        self.database.doorward("migrate")
        self.database.sql("INSERT INTO services (id, name, created_at, updated_at) "
                          "SELECT UNHEX(MD5(seq)), seq, 1, 1 FROM seq_1_to_500;"
                          "ANALYZE TABLE services")
        self.write(self.newest + 1, "more", NEEDS.format(1) + "ALTER TABLE services ADD note TEXT NULL;")
        statement = self.database.json("migrate", "--plan")["pending"][0]["statements"][0]
        self.assertEqual(statement["table"], "services")
        self.assertGreater(statement["rows"], 300)
        self.assertNotIn("note", str(self.database.sql("DESCRIBE services")))

    def test_twice(self):
        """A second run does nothing"""
        self.assertEqual(self.database.json("migrate")["applied"], self.files)
        self.assertEqual(self.database.json("migrate"), {"applied": [], "schema": self.newest})
        self.assertEqual(self.database.json("migrate", "--plan"), {"pending": []})

    def test_two_at_once(self):
        """Of two at once one works and the other waits; both end well and nothing is applied twice"""
        self.database.doorward("migrate")
        name = self.write(self.newest + 1, "slow", SLOW)
        both = [subprocess.Popen(self.database.command("migrate", "--json"), stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True) for _ in range(2)]
        outputs = sorted(one.communicate(timeout=60)[0] for one in both)
        self.assertEqual([one.returncode for one in both], [0, 0], outputs)
        self.assertEqual(sum(name in output for output in outputs), 1, outputs)
        self.assertEqual(self.database.sql("SELECT COUNT(*) FROM slow"), [["1"]])

    def test_changed_file(self):
        """A file that was changed after it was applied is an error"""
        self.database.doorward("migrate")
        with open(os.path.join(self.database.sql_directory, "0001-initial.sql"), "a") as file:
            file.write("-- another word\n")
        _, error = self.database.doorward("migrate", status=1)
        self.assertIn("was changed after it had been applied", error)

    def test_backwards(self):
        """A database newer than the files is refused, and so is a program that it doesn't know"""
        self.database.doorward("migrate")
        name = self.write(self.newest + 1, "next", NEEDS.format(self.newest + 1) +
                          "CREATE TABLE next (id INT PRIMARY KEY);")
        self.database.doorward("migrate")
        _, error = self.database.doorward("service", "list", status=3)  # no key file
        self.database.doorward("key-file", "create", self.database.path("keys"))
        _, error = self.database.doorward("service", "list", status=1)
        self.assertIn("needs a newer doorward", error)
        self.remove(name)
        _, error = self.database.doorward("migrate", status=1)
        self.assertIn("use the newer release's", error)

    def test_expand_first(self):
        """A newer schema that says so can be worked on by this program"""
        self.database.doorward("migrate")
        self.database.doorward("key-file", "create", self.database.path("keys"))
        self.write(self.newest + 1, "wider", NEEDS.format(1) + "ALTER TABLE services ADD note TEXT NULL;")
        self.database.doorward("migrate")
        self.database.doorward("service", "list")

    def test_gap(self):
        """Files with a gap, without their header, or without a number are refused before anything is done"""
        for number, text, words in ((self.newest + 2, NEEDS.format(1), "missing or there twice"),
                                    (self.newest, NEEDS.format(1), "missing or there twice"),
                                    (self.newest + 1, "SELECT 1;", "doesn't say which program it needs"),
                                    (None, "SELECT 1;", "has no number")):
            with self.subTest(number=number):
                name = self.write(number, "more", text) if number else "bare.sql"
                if not number:
                    shutil.copy(os.path.join(self.database.sql_directory, self.files[0]),
                                os.path.join(self.database.sql_directory, name))
                _, error = self.database.doorward("migrate", status=1)
                self.assertIn(words, error)
                self.assertEqual(self.tables(), set())
                self.remove(name)

    def test_resume(self):
        """A migration that broke off is told of, and --resume goes on where it stopped"""
        self.database.doorward("migrate")
        self.write(self.newest + 1, "half", SLOW.replace("DO SLEEP(1)", "DO SLEEP(30)"))
        process = subprocess.Popen(self.database.command("migrate"), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while "slow" not in self.tables() and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.3)
        process.kill()
        process.wait()
        self.database.server.kill()  # and the statement with it
        self.database.server.start()
        # the file's text is what was begun, so it's told apart from a changed one
        self.database.sql("SET @unused = 0")
        began = time.monotonic()
        _, error = self.database.doorward("migrate", status=1)
        self.assertIn("--resume", error)
        self.assertGreater(time.monotonic() - began, 10)
        checksum_of = "UPDATE schema_migrations SET checksum = UNHEX(SHA2('{}', 256)) WHERE number = {}"
        self.write(self.newest + 1, "half", SLOW)
        self.database.sql(checksum_of.format(SLOW.replace("'", "''"), self.newest + 1))
        self.database.doorward("migrate", "--resume")
        self.assertEqual(self.database.sql("SELECT COUNT(*) FROM slow"), [["1"]])

    def test_failing_statement(self):
        """A statement that fails is named with its file and number, and what stands before it stays noted"""
        self.database.doorward("migrate")
        name = self.write(self.newest + 1, "bad", NEEDS.format(1) +
                          "CREATE TABLE good (id INT);\nCREATE TABLE bad (;")
        _, error = self.database.doorward("migrate", status=1)
        self.assertIn(name + ", statement 2:", error)
        self.assertEqual(self.database.sql("SELECT statements_done, applied_at FROM schema_migrations "
                                           f"WHERE number = {self.newest + 1}"), [["1", "0"]])

    def test_adopt(self):
        """A schema that was loaded by hand is taken over"""
        for name in self.files:
            with open(os.path.join(self.database.sql_directory, name)) as file:
                self.database.sql(file.read())
        _, error = self.database.doorward("migrate", "--adopt")
        self.database.doorward("key-file", "create", self.database.path("keys"))
        self.database.doorward("service", "list")

    def test_away(self):
        """With the database away the status says try again later"""
        self.database.server.stop()
        self.database.doorward("migrate", status=4)


if __name__ == "__main__":
    tap.main()
