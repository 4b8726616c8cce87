#!/usr/bin/env python3
"""The outbox and its couriers: mails that wait, fail, die, and are sent once."""
import contextlib
import os
import re
import shutil
import signal
import socket
import threading
import time

from harness import Doorward, Process, TestCase, main
from smtp import Smtp

TO = "ada@example.org"


def until(condition, seconds=60, what="it"):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.02)


def courier_of(door):
    """The pid of the master's courier."""
    with open(f"/proc/{door.service.pid}/task/{door.service.pid}/children") as file:
        for pid in file.read().split():
            with contextlib.suppress(OSError), open(f"/proc/{pid}/comm") as name:  # it may end meanwhile
                if name.read().strip() == "doorward-mail":
                    return int(pid)
    return None


class Couriers(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.smtp = cls.enterClassContext(Smtp())
        cls.door = cls.enterClassContext(Doorward(server=None, respawn=True, faults=False, workers=1, settings={
            "mail": f"smtp://127.0.0.1:{cls.smtp.port}"}))

    def setUp(self):
        self.door.database.sql("DELETE FROM outbox")
        self.smtp.behave()

    def queue(self, to=TO):
        return self.door.doorward_json("mail", "test", "--to", to, "--queue")["id"]

    def row(self, mail):
        return next(row for row in self.door.doorward_json("mail", "queue") if row["id"] == mail)

    def wait_state(self, mail, state, seconds=60):
        return until(lambda: self.row(mail)["state"] == state and self.row(mail), seconds, f"state {state}")

    def failed(self, mail):
        """When its first attempt is over and it waits for the next."""
        return until(lambda: self.row(mail)["error"] and self.row(mail)["state"] == "waiting" and self.row(mail))

    def told(self, words):
        """It is in the log, which may hear of it a little after the database."""
        until(lambda: words in self.door.log_text(), what=words)

    def set(self, mail, what):
        self.door.database.sql(f"UPDATE outbox SET {what} WHERE id = UNHEX('{mail.replace('-', '')}')")

    # --- waiting and failing ---

    def test_sent_at_once(self):
        "a mail goes out at once, and what it said is erased from the database"
        mail = self.queue()
        began = time.monotonic()
        self.smtp.wait_for(1)
        self.assertLess(time.monotonic() - began, 20)  # woken, that is: by itself it looks every five minutes
        self.assertEqual(1, self.wait_state(mail, "sent")["attempts"])
        self.assertEqual([["0"]], self.door.database.sql("SELECT LENGTH(sealed) FROM outbox"))
        self.told(f"mail.sent id={mail}")

    def test_sealed_while_it_waits(self):
        "security 107: links and codes that wait can't be read in the database"
        self.smtp.replies["GREETING"] = "421 later"
        self.failed(self.queue())
        sealed = self.door.database.sql("SELECT HEX(sealed) FROM outbox")[0][0]
        self.assertGreater(len(sealed), 100)
        self.assertNotIn(b"example", bytes.fromhex(sealed))

    def test_server_down_and_back(self):
        "abuse 71: while the server is down mails wait; retry sends them"
        self.smtp.stop()
        began = time.time()
        mail = self.queue()
        row = self.failed(mail)
        self.assertEqual(1, row["attempts"])
        self.assertIn("does the server that mail names run", row["error"])
        self.assertTrue(began + 29 <= row["next_at"] <= time.time() + 31, "the first pause is 30 s")
        self.smtp.start()
        self.assertEqual(1, self.door.doorward_json("mail", "retry", mail)["retried"])
        self.smtp.wait_for(1)
        self.assertEqual(2, self.wait_state(mail, "sent")["attempts"])

    def test_back_off(self):
        "abuse 71: each 4xx lengthens the pause: 30 s, 2, 10, 30 minutes, an hour, 4 hours"
        self.smtp.replies["RCPT"] = "450 4.2.1 greylisted"
        began = time.time()
        mail = self.queue()
        for attempt, pause in enumerate((30, 120, 600, 1800, 3600, 4 * 3600, 4 * 3600), 1):
            row = until(lambda: self.row(mail)["attempts"] == attempt and self.row(mail)["state"] == "waiting" and
                        self.row(mail))
            self.assertIn("450 4.2.1 greylisted", row["error"])
            self.assertTrue(began + pause - 1 <= row["next_at"] <= time.time() + pause + 1, f"{attempt}: {row}")
            began = time.time()
            self.door.doorward("mail", "retry", mail)

    def test_due_by_itself(self):
        "a mail that waits is sent when its time has come, without being woken"
        self.smtp.replies["RCPT"] = "450 later"
        mail = self.queue()
        self.failed(mail)
        self.smtp.behave()
        self.set(mail, "next_at = UNIX_TIMESTAMP() + 2")
        self.queue("other@example.org")  # so that it looks when the next one is due
        self.wait_state(mail, "sent")

    def test_final_refusal(self):
        "abuse 71: a recipient that the server refuses with 5xx is dead at once; retry tries it again"
        self.smtp.replies["RCPT"] = "550 5.1.1 no such user"
        mail = self.queue()
        self.assertIn("550 5.1.1 no such user", self.wait_state(mail, "dead")["error"])
        self.told(f"mail.dead id={mail}")
        self.smtp.behave()
        self.door.doorward("mail", "retry", mail)
        self.wait_state(mail, "sent")

    def test_configuration_at_fault(self):
        "a server that refuses our login or our own address doesn't kill mails"
        self.smtp.replies["MAIL"] = "530 5.7.0 Authentication required"
        row = self.failed(self.queue())
        self.smtp.replies = {"RCPT": "530 5.7.0 Authentication required"}
        self.door.doorward("mail", "retry")
        until(lambda: self.row(row["id"])["attempts"] == 2)
        self.assertEqual("waiting", until(lambda: self.row(row["id"])["state"] != "sending" and
                                          self.row(row["id"])["state"]))

    def test_never_too_late(self):
        "a mail isn't sent, nor tried again, once what it says is out of date"
        self.smtp.replies["RCPT"] = "450 later"
        mail = self.queue()
        self.failed(mail)
        self.set(mail, "useless_at = UNIX_TIMESTAMP() + 60")
        self.door.doorward("mail", "retry", mail)
        self.assertIn("450 later", self.wait_state(mail, "dead")["error"], "the next attempt would be too late")
        self.smtp.behave()
        self.set(mail, "state = 'waiting', useless_at = UNIX_TIMESTAMP() - 1, next_at = 1")
        self.queue("other@example.org")
        self.wait_state(mail, "dead")
        self.assertEqual(["other@example.org"], [to for d in self.smtp.wait_for(1) for to in d.recipients])
        with self.assertRaisesRegex(Exception, "out of date"):
            self.door.doorward("mail", "retry", mail)

    def test_dropped_answer(self):
        "abuse 71: when the answer to a mail is lost it is sent again, recognisably the same"
        self.smtp.drops.add("END")
        mail = self.queue()
        self.failed(mail)
        self.smtp.drops.clear()
        self.door.doorward("mail", "retry", mail)
        self.wait_state(mail, "sent")
        ids = {re.search(rb"Message-ID: (\S+)", delivery.bytes).group(1) for delivery in self.smtp.deliveries}
        self.assertEqual((2, 1), (len(self.smtp.deliveries), len(ids)))

    def test_key_gone(self):
        "a mail whose key is gone is dead, and says why"
        self.smtp.replies["GREETING"] = "421 later"
        mail = self.failed(self.queue())["id"]
        self.set(mail, "sealed = CONCAT(sealed, 'x')")
        self.door.doorward("mail", "retry", mail)
        self.assertIn("key", self.wait_state(mail, "dead")["error"])

    def test_cap(self):
        "abuse 41: one recipient gets at most mail_limit_per_recipient of a kind in an hour; others still get theirs"
        self.door.database.sql(
            "INSERT INTO outbox (id, template, recipient, recipient_key, languages, sealed, state, next_at, created_at,"
            f" useless_at, expires_at) SELECT RANDOM_BYTES(16), 'test', '{TO}', '{TO}', '', '', 'sent', 0,"
            " UNIX_TIMESTAMP() - 100, 0, UNIX_TIMESTAMP() + 100 FROM seq_1_to_1000")
        with self.assertRaisesRegex(Exception, "mail_limit_per_recipient"):
            self.door.doorward("mail", "test", "--to", TO.upper(), "--queue")
        self.assertEqual([["0", "dropped"]], self.door.database.sql(
            "SELECT LENGTH(sealed), state FROM outbox WHERE state <> 'sent'"))
        self.wait_state(self.queue("grace@example.org"), "sent")
        self.door.database.sql("UPDATE outbox SET created_at = created_at - 3600")
        self.wait_state(self.queue(), "sent")

    def test_listing(self):
        "mail queue tells mails by state, recipient and kind"
        self.smtp.replies["RCPT"] = "450 later"
        waiting = self.failed(self.queue())["id"]
        self.smtp.behave()
        sent = self.wait_state(self.queue("grace@example.org"), "sent")["id"]

        def listed(*arguments):
            return [row["id"] for row in self.door.doorward_json("mail", "queue", *arguments)]
        self.assertEqual([sent, waiting], listed())
        self.assertEqual([waiting], listed("--state", "waiting"))
        self.assertEqual([sent], listed("--search", "grace@"))
        self.assertEqual([waiting], listed("--state", "waiting", "--search", "test"))
        self.assertEqual([], listed("--search", "100%"))
        self.assertIn("450 later", self.door.doorward("mail", "queue"))

    # --- processes ---

    def test_page_does_not_wait(self):
        "abuse 71: nobody waits for a slow server but the courier, and it leaves when it is asked to"
        self.smtp.delays["GREETING"] = 20
        began = time.monotonic()
        mail = self.queue()
        self.assertLess(time.monotonic() - began, 15)
        until(lambda: self.smtp.connections)
        self.assertEqual("sending", self.row(mail)["state"])
        self.smtp.delays.clear()  # for the next one: that of this mail has begun
        courier = courier_of(self.door)
        os.kill(courier, signal.SIGTERM)
        until(lambda: courier_of(self.door) not in (None, courier), 20, "another courier")
        self.wait_state(mail, "sent")
        self.assertNotIn("courier killed", self.door.log_text())

    def test_killed_while_sending(self):
        "a courier that is killed while it sends: the mail is due again when its claim is over, and goes out"
        self.smtp.delays["DATA"] = 3
        mail = self.queue()
        until(lambda: self.smtp.saw("DATA"))
        courier = courier_of(self.door)
        os.kill(courier, signal.SIGKILL)
        until(lambda: courier_of(self.door) not in (None, courier))
        row = self.row(mail)
        self.assertEqual("sending", row["state"])
        [[left]] = self.door.database.sql("SELECT next_at - UNIX_TIMESTAMP() FROM outbox")
        self.assertTrue(60 < int(left) <= 90, left)
        self.smtp.delays.clear()
        self.set(mail, "next_at = UNIX_TIMESTAMP()")
        self.queue("other@example.org")
        self.assertEqual(2, self.wait_state(mail, "sent")["attempts"])
        until(lambda: len(self.smtp.deliveries) == 2, what="the other mail")
        self.assertEqual(1, [d.recipients for d in self.smtp.deliveries].count([TO]))

    def test_database_away(self):
        "a database that goes away while a mail is being taken doesn't have it sent twice"
        self.smtp.delays["END"] = 1.5
        mail = self.queue()
        until(lambda: self.smtp.saw("DATA"))
        self.door.database.kill()
        time.sleep(2)
        self.door.database.start()
        self.wait_state(mail, "sent")
        self.assertEqual(1, len(self.smtp.deliveries))

    def test_idle(self):
        "an idle courier asks the database nothing"
        sql = self.door.database.sql
        sql("SET GLOBAL log_output = 'TABLE'; TRUNCATE mysql.general_log; SET GLOBAL general_log = 1")
        try:
            self.wait_state(self.queue(), "sent")
            its_own = "FROM mysql.general_log WHERE command_type = 'Execute' AND argument LIKE '%outbox%state = %sending%'"
            connection, = sql(f"SELECT DISTINCT thread_id {its_own}")  # the housekeeper and others have theirs
            time.sleep(0.5)  # for its look at what is due next
            sql("TRUNCATE mysql.general_log")
            time.sleep(2)
            asked = sql(f"SELECT argument FROM mysql.general_log WHERE thread_id = {connection[0]}")
        finally:
            sql("SET GLOBAL general_log = 0")
        self.assertLess(len(asked), 5, asked)  # its glances would be 13

    def test_reload(self):
        "a reload has one courier go on"
        courier = courier_of(self.door)
        self.door.reload()
        until(lambda: courier_of(self.door) not in (None, courier), what="the new courier")
        self.wait_state(self.queue(), "sent")

    def second(self, name, alone=False):
        """A second installation on the same database: a process with a run directory of its own."""
        place = os.path.join(self.door.directory, name)
        os.makedirs(place, exist_ok=True)
        config = os.path.join(place, "conf")
        settings = {**self.door.settings(), "run_directory": place}
        with open(config, "w") as file:
            file.writelines(f"{option} = {value}\n" for option, value in settings.items())
            file.write("[pool main]\nworkers = 1\n")
        os.chmod(config, 0o600)
        log = os.path.join(place, "log")
        if not alone:
            return Process("second", [self.door.program, "-c", config, "serve"], log)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.join(place, "sock"))
            listener.listen(8)
            return Process("alone", [self.door.program, "-c", config, "serve"], log, stdin=listener)

    @staticmethod
    def meet(others):
        with contextlib.suppress(threading.BrokenBarrierError):
            others.wait(30)
            others.abort()  # once is enough
        time.sleep(0.1)

    def test_two_machines(self):
        "two couriers on one database never send a mail twice"
        other = self.second("two")
        try:
            self.smtp.replies["GREETING"] = "421 later"
            mails = [self.queue(f"person{number}@example.org") for number in range(16)]
            until(lambda: all(row["error"] for row in self.door.doorward_json("mail", "queue")))
            self.smtp.behave()
            both = threading.Barrier(2)
            self.smtp.delays["END"] = lambda: self.meet(both)  # nobody's first mail is done before the other has one, too
            place = os.path.join(self.door.directory, "two", "conf")
            wakes = [threading.Thread(target=self.door.doorward, args=("mail", "retry")),
                     threading.Thread(target=lambda: os.system(f"{self.door.program} -c {place} mail retry >/dev/null"))]
            for wake in wakes:
                wake.start()
            for wake in wakes:
                wake.join()
            for mail in mails:
                self.wait_state(mail, "sent")
            time.sleep(0.3)
            recipients = sorted(to for delivery in self.smtp.deliveries for to in delivery.recipients)
            self.assertEqual(sorted(set(recipients)), recipients)
            self.assertEqual(16, len(recipients))
            with open(os.path.join(self.door.directory, "two", "log")) as file:
                self.assertIn("mail.sent", file.read(), "both have worked")
        finally:
            self.assertEqual(0, other.stop())

    def test_single_worker(self):
        "a worker that is alone sends mail between requests"
        os.kill(self.door.service.pid, signal.SIGSTOP)
        courier = courier_of(self.door)
        os.kill(courier, signal.SIGSTOP)
        alone = None
        try:
            mail = self.queue()
            alone = self.second("alone", alone=True)
            self.wait_state(mail, "sent")
        finally:
            for pid in (courier, self.door.service.pid):
                os.kill(pid, signal.SIGCONT)
            if alone:
                self.assertEqual(0, alone.stop())

    def test_single_worker_leaves(self):
        "a worker that is alone gives a slow mail up when it is asked to leave; the mail is due again at once"
        os.kill(self.door.service.pid, signal.SIGSTOP)
        courier = courier_of(self.door)
        os.kill(courier, signal.SIGSTOP)
        try:
            self.smtp.delays["GREETING"] = 20
            mail = self.queue()
            alone = self.second("leaving", alone=True)
            until(lambda: self.smtp.connections)
            began = time.monotonic()
            self.assertEqual(0, alone.stop())
            self.assertLess(time.monotonic() - began, 15)  # not as long as the server keeps it waiting
            row = self.row(mail)
            self.assertEqual(("waiting", True), (row["state"], row["next_at"] <= time.time()), row)
        finally:
            self.smtp.behave()
            for pid in (courier, self.door.service.pid):
                os.kill(pid, signal.SIGCONT)

    def test_housekeep(self):
        "doorward housekeep sends what is due, for cron"
        courier = courier_of(self.door)
        os.kill(courier, signal.SIGSTOP)
        try:
            mails = [self.queue(), self.queue("grace@example.org")]
            self.door.doorward("housekeep")
            self.assertEqual(["sent"] * 2, [self.row(mail)["state"] for mail in mails])
        finally:
            os.kill(courier, signal.SIGCONT)

    # --- templates ---

    def test_broken_templates(self):
        "a broken template of the installation's own: the shipped one goes out; and a new one counts within a second"
        place = os.path.join(self.door.directory, "own")
        os.makedirs(place, exist_ok=True)
        self.door.extra_settings["template_directory"] = place
        self.door.write_config()
        courier = courier_of(self.door)
        self.door.reload()
        until(lambda: courier_of(self.door) not in (None, courier))

        def sent(name, content):
            with open(os.path.join(place, name), "w") as file:
                file.write(content)
            time.sleep(1.2)
            self.smtp.deliveries.clear()
            self.queue()
            return self.smtp.wait_for(1)[0].bytes.decode()
        self.assertIn("MY OWN", sent("mail_test_text.mustache", "MY OWN {{heading}}"))
        self.assertIn("MY OWN", sent("mail_test_text.mustache", "BROKEN {{#heading}}"), "the last good one")
        os.unlink(os.path.join(place, "mail_test_text.mustache"))
        self.assertIn("Mail works", sent("mail_layout.mustache", "{{>mail_layout}}"), "calls itself without an end")
        self.assertIn("use=defaults", self.door.log_text())
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
