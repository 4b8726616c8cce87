"""What the store answers when the database is pulled from under it."""
import re
import time
import uuid

from database import Database, LossyProxy, Probe
from harness import tap


class Connection(tap.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()

    @classmethod
    def tearDownClass(cls):
        cls.database.close()

    def setUp(self):
        self.closing = []

    def tearDown(self):
        for thing in self.closing:
            thing.close()
        if not self.database.server.process:
            self.database.server.start()

    def probe(self, socket=None):
        probe = Probe(socket or self.database.server.socket)
        self.closing.append(probe)
        return probe

    def proxy(self):
        proxy = LossyProxy(self.database.directory, self.database.server.socket)
        self.closing.append(proxy)
        self.addCleanup(__import__("os").unlink, proxy.path)
        return proxy

    def kill_connections(self):
        """Ends every connection but our own, as the server does to idle ones."""
        ids = self.database.sql("SELECT id FROM information_schema.processlist "
                                "WHERE command <> 'Daemon' AND id <> CONNECTION_ID() AND user = 'root'")
        for (number,) in ids:
            try:
                self.database.sql(f"KILL CONNECTION {number}")
            except Exception:  # pylint: disable=broad-except  # it has gone by itself
                pass
        those = ", ".join(number for (number,) in ids) or "0"
        end = time.monotonic() + 30
        while self.database.sql(f"SELECT id FROM information_schema.processlist WHERE id IN ({those})"):
            self.assertLess(time.monotonic(), end, "connections that don't end")
        time.sleep(0.1)

    def test_values_come_back_as_they_went(self):
        """Long and empty texts, bytes and 64-bit numbers come back as they went"""
        self.assertEqual(self.probe().ask("carry", str(uuid.uuid4())), "OK same")

    def test_numbers_are_numbers(self):
        """T-91: a count comes back as a number, whatever the server sends"""
        self.assertRegex(self.probe().ask("count-users"), r"^OK \d+$")

    def test_taken_key(self):
        """A taken key is a conflict, in a statement as in a transaction"""
        probe, key = self.probe(), str(uuid.uuid4())
        self.assertEqual(probe.ask("add", key, "one"), "OK")
        self.assertEqual(probe.ask("add", key, "two"), "CONFLICT")
        self.assertEqual(probe.ask("transact", key, "three"), "CONFLICT")
        self.assertEqual(self.database.sql(f"SELECT name FROM services WHERE id = x'{key.replace('-', '')}'"),
                         [["one"]])

    def test_restart(self):
        """After a restart of the server the next read and the next write work, prepared anew"""
        probe, key = self.probe(), str(uuid.uuid4())
        self.assertEqual(probe.ask("add", key, "one"), "OK")
        self.database.server.stop()
        self.database.server.start()
        self.assertEqual(probe.ask("find", key), "OK")
        self.database.server.kill()
        self.database.server.start()
        self.assertEqual(probe.ask("add", str(uuid.uuid4()), "two"), "OK")

    def test_closed_for_idleness(self):
        """A connection that the server closed while it was idle costs nothing, not even a write"""
        probe = self.probe()
        for _ in range(5):
            self.assertEqual(probe.ask("add", str(uuid.uuid4()), "name"), "OK")
            self.kill_connections()
        self.assertEqual(probe.ask("transact", str(uuid.uuid4()), "name"), "OK")

    def test_away(self):
        """With the server away every call fails at once, and works again when it is back"""
        probe, key = self.probe(), str(uuid.uuid4())
        self.assertEqual(probe.ask("add", key, "one"), "OK")
        self.database.server.kill()
        began = time.monotonic()
        for _ in range(50):
            self.assertEqual(probe.ask("find", key), "FAILED")
            self.assertEqual(probe.ask("transact", key, "again"), "FAILED")
        self.assertLess(time.monotonic() - began, 20)  # of a hundred
        self.database.server.start()
        time.sleep(0.6)
        self.assertEqual(probe.ask("find", key), "OK")

    def test_revocation_with_the_database_away(self):
        """T-23: a revocation that could not be stored is not reported as done"""
        probe = self.probe()
        self.assertEqual(probe.ask("revoke", str(uuid.uuid4())), "OK")
        self.database.server.kill()
        self.assertEqual(probe.ask("revoke", str(uuid.uuid4())), "FAILED")

    def test_hanging_server(self):
        """A server that hangs costs one time limit and no more, and its answer isn't waited for twice"""
        probe, key = self.probe(), str(uuid.uuid4())
        self.assertEqual(probe.ask("find", key), "NOT_FOUND")
        self.database.server.freeze()
        try:
            took = []
            while not took or (min(took) >= 3.5 and len(took) < 4):  # on a busy machine once more: two limits are four seconds
                began = time.monotonic()
                self.assertEqual(probe.ask("find", key), "FAILED")
                took.append(time.monotonic() - began)
            self.assertLess(min(took), 3.5)
        finally:
            self.database.server.thaw()

    def test_lost_in_a_transaction(self):
        """A connection lost inside a transaction: the whole of it is played again"""
        probe, key = self.probe(), str(uuid.uuid4())
        probe.say("transact-paused", key, "name")
        self.assertEqual(probe.hear(), "paused")
        self.kill_connections()
        self.assertEqual(probe.ask("go"), "OK 2")
        self.assertEqual(probe.ask("find", key), "OK")

    def test_commit_answer_lost(self):
        """The answer to COMMIT lost: uncertain, and the row's own key tells that it was done"""
        proxy, key = self.proxy(), str(uuid.uuid4())
        probe = self.probe(proxy.path)
        self.assertEqual(probe.ask("find", key), "NOT_FOUND")
        proxy.armed = b"COMMIT"
        self.assertEqual(probe.ask("transact", key, "name"), "UNCERTAIN")
        self.assertEqual(proxy.cuts, 1)
        self.assertEqual(probe.ask("find", key), "OK")

    def test_write_answer_lost(self):
        """The answer to a lone write lost: uncertain, and never sent twice by itself"""
        proxy, key = self.proxy(), str(uuid.uuid4())
        probe = self.probe(proxy.path)
        self.assertEqual(probe.ask("find", key), "NOT_FOUND")
        proxy.armed = b"lost-name"
        self.assertEqual(probe.ask("add", key, "lost-name"), "UNCERTAIN")
        self.assertEqual(proxy.cuts, 1)
        self.assertEqual(probe.ask("find", key), "OK")

    def test_read_answer_lost(self):
        """The answer to a read lost: it is read again on a new connection"""
        proxy, key = self.proxy(), str(uuid.uuid4())
        probe = self.probe(proxy.path)
        self.assertEqual(probe.ask("add", key, "name"), "OK")
        self.assertEqual(probe.ask("find", key), "OK")
        proxy.armed = uuid.UUID(key).bytes
        self.assertEqual(probe.ask("find", key), "OK")
        self.assertEqual(proxy.cuts, 1)

    def test_deadlock(self):
        """Two transactions in a deadlock both end well: the loser is played again from its start"""
        first, second = self.probe(), self.probe()
        keys = [str(uuid.uuid4()) for _ in range(2)]
        for key in keys:
            self.assertEqual(first.ask("add", key, "name"), "OK")
        for probe, order, status in ((first, keys, "one"), (second, keys[::-1], "two")):
            probe.say("cross", *order, status)
            self.assertEqual(probe.hear(), "paused")
        first.say("go")
        time.sleep(0.2)
        second.say("go")
        answers = [first.hear(), second.hear()]
        self.assertEqual([answer.split()[0] for answer in answers], ["OK", "OK"])
        self.assertGreaterEqual(max(int(answer.split()[1]) for answer in answers), 2)
        statuses = self.database.sql("SELECT DISTINCT status FROM services WHERE id IN (" +
                                     ",".join(f"x'{key.replace('-', '')}'" for key in keys) + ")")
        self.assertEqual(len(statuses), 1, "both rows carry the last transaction's status")

    def test_counts(self):
        """Statements, round trips and commits are counted: a prepared read costs one of each but the last"""
        probe, key = self.probe(), str(uuid.uuid4())
        probe.ask("find", key)
        before = [int(word) for word in probe.ask("counts").split()]
        probe.ask("find", key)
        after = [int(word) for word in probe.ask("counts").split()]
        self.assertEqual([b - a for a, b in zip(before, after)], [1, 1, 0])

    def test_housekeeping(self):
        """What has expired is deleted in batches, what hasn't stays, and more is told"""
        self.database.sql("INSERT INTO revoked_tokens (id, expires_at) "
                          "SELECT UNHEX(SHA2(seq, 256)), seq FROM seq_1_to_1200")
        answer = self.probe().ask("housekeep", "1100")
        self.assertRegex(answer, r"^OK \d+ 0$")
        self.assertGreaterEqual(int(re.findall(r"\d+", answer)[0]), 1100)
        self.assertEqual(self.database.sql("SELECT COUNT(*), MIN(expires_at) FROM revoked_tokens"),
                         [["100", "1101"]])


if __name__ == "__main__":
    tap.main()
