#!/usr/bin/env python3
"""The housekeeper, against a database."""
import ssl
import urllib.request

from kit import Doorward, TestCase, main, time, until


def counted(door, what):
    return int(door.database.sql(f"SHOW GLOBAL STATUS LIKE '{what}'")[0][1])


class Housekeeper(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.door = cls.enterClassContext(Doorward(server="nginx", settings={"housekeeping_interval": "1s"}))

    def rows(self):
        return int(self.door.database.sql("SELECT COUNT(*) FROM revoked_tokens")[0][0])

    def ask(self):
        """A request, so that something has happened."""
        urllib.request.urlopen(self.door.url + "/.well-known/openid-configuration",
                               context=ssl.create_default_context(cafile=self.door.ca)).read()

    def add(self, expires_at):
        self.door.database.sql("INSERT INTO revoked_tokens (id, expires_at) "
                               f"VALUES (RANDOM_BYTES(32), {expires_at})")

    def test_keys_are_made_on_the_first_start(self):
        "signing keys are made on the first start, a current and a next one per algorithm"
        listed = self.door.doorward_json("key", "list")
        self.assertGreaterEqual(len(listed if isinstance(listed, list) else listed["keys"]), 6)

    def test_expired_rows_are_deleted(self):
        "what has expired is deleted, what hasn't is kept; and so by `doorward housekeep`"
        for expires_at in (1, 2, int(time.time()) + 3600):
            self.add(expires_at)
        self.door.doorward("housekeep")
        self.assertEqual(self.rows(), 1)
        self.add(1)
        self.ask()
        until(lambda: self.rows() == 1, what="the housekeeper's sweep")

    def test_idle_installation_is_left_alone(self):
        "the longer nothing happens, the rarer the housekeeper's statements"
        time.sleep(4)
        before = counted(self.door, "Com_delete") + counted(self.door, "Com_stmt_execute")
        time.sleep(6)
        after = counted(self.door, "Com_delete") + counted(self.door, "Com_stmt_execute")
        self.assertLess(after - before, 130, "a sweep has some 20 statements, and most count twice: two sweeps, not six of 220")
        # The next one by itself is eight seconds behind the last; a busy machine may need another try.
        took = [self.until_swept()]
        while took[-1] > 4 and len(took) < 3:
            time.sleep(10)
            took.append(self.until_swept())
        self.assertLess(took[-1], 4, f"a sweep soon after a request: {took}")

    def until_swept(self):
        self.add(1)
        began = time.monotonic()
        self.ask()
        until(lambda: self.rows() <= 1, what="a sweep")
        return time.monotonic() - began


if __name__ == "__main__":
    main()
