#!/usr/bin/env python3
"""Webhooks: who may have them, what they are told and when, that it is signed, and where they may never go."""
import json
import os
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

import kit  # noqa: F401  (puts the harness on the path)
from harness import Doorward, Process, TestCase, build_directory, main
from receiver import Receiver

ALL = "read:service write:service"


def until(condition, seconds=60, what="it"):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.03)


def happen(door, service, event="member.created", data=None, how="commit"):
    """An event, stored in a transaction that ends so."""
    subprocess.run([os.path.join(build_directory(), "tests/store/event_probe"), door.config,
                    os.path.join(door.directory, "run", "shared"), service, event, "a subject",
                    json.dumps(data or {"id": "x"}), how], check=True, timeout=30)


class Webhooks(TestCase):
    @classmethod
    def setUpClass(cls):
        door = cls.door = Doorward(workers=1, settings={"egress_allow": "127.0.0.1"})
        door.extra_settings["egress_ca"] = door.ca
        cls.enterClassContext(door)
        cls.tls = ssl.create_default_context(cafile=door.ca)
        cls.service = door.known["DOORWARD_SERVICE_ID"]
        cls.key = cls.make_key(cls.service, ALL)
        cls.receiver = cls.enterClassContext(Receiver(door.certificate, door.key))
        cls.other = cls.enterClassContext(Receiver(door.certificate, door.key))

    @classmethod
    def make_key(cls, service, permissions):
        return cls.door.doorward_json("api-key", "add", "--service", service, "--name", "k",
                                      "--permissions", permissions)["key"]

    def setUp(self):
        self.door.database.sql("DELETE FROM webhooks; DELETE FROM history")
        self.receiver.behave()
        self.other.behave()

    # --- speaking to it ---

    def call(self, method, path, body=None, key=None, headers=None):
        """Status, JSON (None without a body), headers."""
        data = None if body is None else json.dumps(body).encode()
        head = {"X-API-Key": key or self.key, **({"Content-Type": "application/json"} if body is not None else {}),
                **(headers or {})}
        request = urllib.request.Request(f"{self.door.url}/api/service/webhooks{path}", data, head, method=method)
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=20) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None, answer.headers
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read()), error.headers

    def add(self, url=None, **more):
        status, webhook, _ = self.call("POST", "", {"url": url or self.receiver.url, **more})
        self.assertEqual(201, status, webhook)
        return webhook

    def deliveries(self, webhook, query=""):
        status, body, _ = self.call("GET", f"/{webhook['id']}/deliveries{query}")
        self.assertEqual(200, status, body)
        return body["deliveries"]

    def delivery(self, webhook, state, seconds=60):
        """Its only delivery, once it is in that state after an attempt."""
        def look():
            rows = self.deliveries(webhook)
            return rows and rows[0]["state"] == state and (rows[0]["attempts"] or state != "waiting") and rows[0]
        return until(look, seconds, f"state {state}")

    def happen(self, event="member.created", data=None, how="commit", service=None):
        happen(self.door, service or self.service, event, data, how)

    def set(self, what):
        """Changes all deliveries by hand, and wakes the courier."""
        self.door.database.sql(f"UPDATE webhook_deliveries SET {what}")
        self.happen("permission.changed", service=self.door.doorward_json("service", "add", "--name", "n")["id"])

    # --- being told ---

    def test_told(self):
        "webhooks: an event is told at once, signed as Standard Webhooks are"
        webhook = self.add()
        self.happen(data={"id": "7", "email": "ä@example.org"})
        began = time.monotonic()
        told, = self.receiver.wait_for(1)
        self.assertLess(time.monotonic() - began, 20)  # woken, that is: by itself the courier looks every five minutes
        self.assertEqual(("POST", "/hook", "application/json"), (told.method, told.path, told.headers["Content-Type"]))
        self.assertTrue(told.is_signed_by(webhook["secret"]))
        self.assertEqual(1, len(told.signatures))
        self.assertEqual({"type", "timestamp", "data"}, set(told.event))
        self.assertEqual(("member.created", {"id": "7", "email": "ä@example.org"}),
                         (told.event["type"], told.event["data"]))
        self.assertRegex(told.event["timestamp"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        row = self.delivery(webhook, "sent")
        self.assertEqual((told.id, 1, 204), (row["id"], row["attempts"], row["response_status"]))
        self.assertEqual(told.event, row["payload"])

    def test_wanted_events_only(self):
        "webhooks: a webhook hears of the events that it asked for, a disabled one of none"
        few, every = self.add(events=["member.deleted", "subscription.created"]), self.add(self.other.url)
        off = self.add(self.receiver.url + "/off", status="disabled")
        self.happen("member.created")
        self.happen("subscription.created")
        self.other.wait_for(2)
        self.assertEqual(["subscription.created"], [told.event["type"] for told in self.receiver.wait_for(1)])
        self.assertEqual((1, 0), (len(self.deliveries(few)), len(self.deliveries(off))))
        self.assertEqual(["subscription.created", "member.created"], [row["event"] for row in self.deliveries(every)])

    def test_other_services_hear_nothing(self):
        "T-103: an event of one service is told to its own webhooks alone"
        self.add()
        self.happen(service=self.door.doorward_json("service", "add", "--name", "Other")["id"])
        self.happen("member.deleted")
        self.assertEqual(["member.deleted"], [told.event["type"] for told in self.receiver.wait_for(1)])

    def test_rolled_back(self):
        "webhooks: a change that is rolled back tells nobody and leaves no history"
        webhook = self.add()
        self.happen(how="rollback")
        self.assertEqual([], self.deliveries(webhook))
        self.assertEqual([["0"]], self.door.database.sql("SELECT COUNT(*) FROM history WHERE kind NOT LIKE 'webhook.%'"))
        self.happen("member.deleted")
        self.assertEqual(["member.deleted"], [told.event["type"] for told in self.receiver.wait_for(1)])
        self.assertEqual([["member.deleted"]], self.door.database.sql("SELECT kind FROM history WHERE kind NOT LIKE 'webhook.%'"))

    # --- failing ---

    def test_retry_after_an_error(self):
        "webhooks: an answer of 500 is tried again with the same id, later and later for two days, then dead"
        webhook = self.add()
        self.receiver.behave(500)
        self.happen()
        row = self.delivery(webhook, "waiting")
        self.assertEqual((500, "the answer was 500"), (row["response_status"], row["error"]))
        pauses = (5, 60, 300, 1800, 7200, 18000, 36000, 50400, 72000)
        attempt, total = 0, sum(pauses)
        while attempt < len(pauses):
            attempt, next_at = until(lambda: self.attempted(attempt))  # where this test is slow the first pause may be over
            asked, pause = self.receiver.told[attempt - 1].at, pauses[attempt - 1]
            self.assertTrue(asked + pause - 1 <= next_at <= time.time() + pause + 1, f"{attempt}: {next_at - asked}, not {pause}")
            self.set("next_at = 1")
        self.assertEqual(10, self.delivery(webhook, "dead")["attempts"])
        self.assertTrue(48 <= total / 3600 <= 56)
        self.assertEqual(1, len({told.id for told in self.receiver.told}))
        self.assertTrue(all(told.is_signed_by(webhook["secret"]) for told in self.receiver.told))
        until(lambda: "webhook.dead" in self.door.log_text(), what="webhook.dead in the log")

    def attempted(self, before):
        """(attempts, when the next one is) of the only delivery, when there were more and it waits."""
        (attempts, next_at), = self.door.database.sql("SELECT IF(state = 'waiting', attempts, 0), next_at FROM webhook_deliveries")
        return int(attempts) > before and (int(attempts), int(next_at))

    def test_retry_by_itself(self):
        "webhooks: what failed once arrives when the server is well again"
        webhook, answers = self.add(), iter((503,))

        def once(handler):
            handler.send_response(next(answers, 204))
            handler.send_header("Content-Length", "0")
            handler.end_headers()
        self.receiver.behave(once)
        self.happen()
        self.assertEqual(2, self.delivery(webhook, "sent")["attempts"])

    def test_time_out(self):
        "abuse 44: a server that never answers costs ten seconds, and what waits for it steps back"
        slow, quick = self.add(), self.add(self.other.url)
        self.receiver.behave(lambda handler: time.sleep(30))
        began = time.monotonic()
        self.happen()
        self.happen()
        self.other.wait_for(2)
        row = until(lambda: [row for row in self.deliveries(slow) if row["attempts"]
                             and row["state"] == "waiting"])[0]
        self.assertIsNone(row["response_status"])
        self.assertIn("timed out", row["error"].lower())
        self.assertEqual([0, 1], sorted(row["attempts"] for row in self.deliveries(slow)))
        later, = self.door.database.sql("SELECT MAX(next_at) FROM webhook_deliveries WHERE state = 'waiting'")[0]
        self.assertGreater(int(later), time.time() + 60)
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual(["sent", "sent"], [row["state"] for row in self.deliveries(quick)])

    def test_mails_go_on(self):
        "webhooks: a server that never answers holds up no mail"
        webhook = self.add()
        self.receiver.behave(lambda handler: time.sleep(30))
        self.happen()
        self.receiver.wait_for(1)
        began = time.monotonic()
        mail = self.door.doorward_json("mail", "test", "--to", "ada@example.org", "--queue")["id"]
        until(lambda: [row for row in self.door.doorward_json("mail", "queue")
                       if row["id"] == mail and row["state"] == "sent"])
        self.assertLess(time.monotonic() - began, 9.5)  # ten seconds are what the server costs
        self.call("DELETE", f"/{webhook['id']}")

    def test_huge_and_dripping_answers(self):
        "abuse 44: an answer's body is never read, be it endless or a byte a second"
        def endless(handler):
            handler.send_response(200)
            handler.end_headers()
            for _ in range(1 << 14):
                handler.wfile.write(b"x" * (1 << 16))

        def dripping(handler):
            handler.send_response(200)
            handler.end_headers()
            for _ in range(60):
                handler.wfile.write(b"x")
                time.sleep(1)
        webhook = self.add()
        for behaviour in (endless, dripping):
            self.receiver.behave(behaviour)
            began = time.monotonic()
            self.happen()
            until(lambda: all(row["state"] == "sent" for row in self.deliveries(webhook)))
            self.assertLess(time.monotonic() - began, 30)  # reading it would take a minute, or never end
        self.receiver.behave(lambda handler: [handler.send_header("X-Long", "x" * 1000) for _ in range(100)] and
                             handler.end_headers())

    def test_limit(self):
        "webhooks: a service has 20 at most, also when many are asked for at once"
        self.door.database.sql("INSERT INTO webhooks (id, service_id, url, events, secret_sealed, status, created_at, updated_at) SELECT UNHEX(MD5(seq)), "
                               f"UNHEX(REPLACE('{self.service}', '-', '')), 'https://hooks.example/', '*', 'x', 'disabled', 1, 1 FROM seq_1_to_17")
        statuses = []
        threads = [threading.Thread(target=lambda: statuses.append(self.call("POST", "", {"url": "https://hooks.example/"})[0])) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([201] * 3 + [400] * 5, sorted(statuses))
        self.assertEqual(20, self.call("GET", "")[1]["total"])
        self.assertEqual([["3"]], self.door.database.sql("SELECT COUNT(*) FROM history WHERE kind = 'webhook.created'"))

    def test_gone(self):
        "webhooks: 410 disables the webhook, and it hears no more until it is active again"
        webhook = self.add()
        self.receiver.behave(410)
        self.happen()
        row = self.delivery(webhook, "dead")
        self.assertEqual((410, 1), (row["response_status"], row["attempts"]))
        self.assertEqual("disabled", self.call("GET", f"/{webhook['id']}")[1]["status"])
        self.assertEqual([["courier"]], self.door.database.sql("SELECT actor FROM history WHERE kind = 'webhook.updated'"))
        self.happen()
        self.assertEqual(1, len(self.deliveries(webhook)))
        self.assertEqual(400, self.call("POST", f"/{webhook['id']}/test")[0])
        self.assertEqual(400, self.call("POST", f"/{webhook['id']}/deliveries/{row['id']}/replay")[0])
        self.receiver.behave()
        self.assertEqual("active", self.call("PATCH", f"/{webhook['id']}", {"status": "active"})[1]["status"])
        self.happen("member.updated")
        self.assertEqual("member.updated", self.receiver.wait_for(1)[0].event["type"])

    def test_bad_certificate(self):
        "abuse 44: a server without a certificate that is trusted hears nothing"
        directory = self.door.directory
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", f"{directory}/bad.key", "-out", f"{directory}/bad.pem", "-subj", "/CN=127.0.0.1",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        with Receiver(f"{directory}/bad.pem", f"{directory}/bad.key") as bad:
            webhook = self.add(bad.url)
            self.happen()
            self.assertIn("certificate", self.delivery(webhook, "waiting")["error"].lower())
            self.assertEqual([], bad.told)

    # --- where they may not go ---

    def test_redirects(self):
        "T-53: a redirect isn't followed, not even to where it may go"
        def elsewhere(handler):
            handler.send_response(307)
            handler.send_header("Location", self.other.url)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
        webhook = self.add()
        self.receiver.behave(elsewhere)
        self.happen()
        row = self.delivery(webhook, "waiting")
        self.assertEqual((307, "the answer was 307; redirects aren't followed"), (row["response_status"], row["error"]))
        self.assertEqual([], self.other.told)

    def test_private_addresses(self):
        "abuse 43, T-52: no webhook is made for a private address, another scheme, or a user in the URL"
        for url in ("https://127.0.0.2/", "https://10.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest/",
                    "https://192.168.1.1/", "https://[::ffff:10.0.0.1]/", "https://[fd00:ec2::254]/", "https://0.0.0.0/",
                    "https://[64:ff9b::a00:1]/", "https://0x7f.1/", "https://2130706433/", "http://example.org/",
                    "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://example.org/", "https://user:pw@example.org/",
                    "https://example.org/#x", "//example.org/", "example.org", "https://", "https://a b/", 7, {}, ""):
            status, body, _ = self.call("POST", "", {"url": url})
            self.assertEqual((400, "BAD_REQUEST"), (status, body.get("error_code")), url)
        webhook = self.add("https://example.org/hook")
        self.assertEqual(400, self.call("PATCH", f"/{webhook['id']}", {"url": "https://10.0.0.1/"})[0])
        self.assertEqual("https://example.org/hook", self.call("GET", f"/{webhook['id']}")[1]["url"])

    # --- the secret ---

    def test_secret_is_shown_once(self):
        "T-104: the secret is shown when it is made and never again, and sealed in the database"
        webhook = self.add()
        self.assertRegex(webhook["secret"], r"^whsec_[A-Za-z0-9+/]{43}=$")
        for path in ("", f"/{webhook['id']}"):
            self.assertNotIn("whsec_", json.dumps(self.call("GET", path)[1]))
        self.assertNotIn("whsec_", json.dumps(self.call("PATCH", f"/{webhook['id']}", {"events": ["*"]})[1]))
        sealed, = self.door.database.sql("SELECT HEX(secret_sealed) FROM webhooks")[0]
        self.assertNotIn(b"whsec_", bytes.fromhex(sealed))
        self.assertNotIn(webhook["secret"][6:20], self.door.log_text())

    def test_rotation(self):
        "webhooks: after a rotation both secrets sign, and never a third"
        old = self.add()
        status, new, _ = self.call("POST", f"/{old['id']}/rotate-secret")
        self.assertEqual(200, status)
        self.assertNotEqual(old["secret"], new["secret"])
        self.happen()
        told, = self.receiver.wait_for(1)
        self.assertEqual(2, len(told.signatures))
        self.assertTrue(told.is_signed_by(new["secret"]) and told.is_signed_by(old["secret"]))
        third = self.call("POST", f"/{old['id']}/rotate-secret")[1]
        self.happen()
        told = self.receiver.wait_for(2)[1]
        self.assertEqual([True, True, False], [told.is_signed_by(one["secret"]) for one in (third, new, old)])

    # --- asked for ---

    def test_test(self):
        "webhooks: a test event is sent to the one webhook, whatever it asked for"
        webhook = self.add(events=["member.deleted"])
        self.add(self.other.url)
        status, row, _ = self.call("POST", f"/{webhook['id']}/test")
        self.assertEqual((202, "webhook.test", "waiting"), (status, row["event"], row["state"]))
        told, = self.receiver.wait_for(1)
        self.assertEqual((row["id"], "webhook.test", {"webhook_id": webhook["id"]}),
                         (told.id, told.event["type"], told.event["data"]))
        self.assertTrue(told.is_signed_by(webhook["secret"]))
        self.assertEqual([], self.other.told)

    def test_replay(self):
        "webhooks: a delivery that was sent or died is told again with its id"
        webhook = self.add()
        self.happen()
        first, = self.receiver.wait_for(1)
        self.delivery(webhook, "sent")
        self.assertEqual(202, self.call("POST", f"/{webhook['id']}/deliveries/{first.id}/replay")[0])
        again = self.receiver.wait_for(2)[1]
        self.assertEqual((first.id, first.body), (again.id, again.body))
        self.delivery(webhook, "sent")
        self.set("state = 'dead'")
        self.door.doorward("webhook", "replay", webhook["id"], first.id)
        self.receiver.wait_for(3)
        other = self.add(self.other.url)
        self.assertEqual(404, self.call("POST", f"/{other['id']}/deliveries/{first.id}/replay")[0])
        self.assertEqual(404, self.call("POST", f"/{webhook['id']}/deliveries/{webhook['id']}/replay")[0])
        self.assertEqual(404, self.call("POST", f"/{webhook['id']}/deliveries/x/replay")[0])

    # --- keeping them ---

    def test_claim_that_is_over(self):
        "webhooks: a courier that comes back when another has its delivery, even one replayed since, writes nothing"
        go_on = threading.Event()

        def hold(handler):
            go_on.wait(20)
            handler.send_response(204)
            handler.end_headers()

        self.receiver.behave(hold)
        webhook = self.add()
        self.happen()
        self.receiver.wait_for(1)
        # as when its claim ran out, the delivery was replayed, and another courier claimed it
        self.door.database.sql("UPDATE webhook_deliveries SET next_at = next_at + 60")
        go_on.set()
        until(lambda: "webhook.not_noted" in self.door.log_text(), what="not_noted")
        row, = self.deliveries(webhook)
        self.assertEqual(("sending", 1, None), (row["state"], row["attempts"], row["response_status"]))

    def test_life(self):
        "webhooks: made, listed, changed and removed with all that waited"
        webhook = self.add(events=["member.created", "member.created", "member.deleted"])
        self.assertEqual(["member.created", "member.deleted"], webhook["events"])
        self.assertEqual(["*"], self.add()["events"])
        self.assertEqual({"id", "url", "events", "status", "created_at", "updated_at", "secret"}, set(webhook))
        status, body, _ = self.call("GET", "?limit=1")
        self.assertEqual((200, 2, [webhook["id"]]), (status, body["total"], [one["id"] for one in body["webhooks"]]))
        self.assertEqual(1, len(self.call("GET", "?offset=1")[1]["webhooks"]))
        status, changed, _ = self.call("PATCH", f"/{webhook['id']}", {"events": ["*"], "url": self.other.url})
        self.assertEqual((200, ["*"], self.other.url), (status, changed["events"], changed["url"]))
        self.happen()
        self.other.wait_for(1)
        self.assertEqual((204, None), self.call("DELETE", f"/{webhook['id']}")[:2])
        for method, path in (("GET", ""), ("DELETE", ""), ("PATCH", ""), ("GET", "/deliveries"), ("POST", "/test"),
                             ("POST", "/rotate-secret")):
            status, body, _ = self.call(method, f"/{webhook['id']}{path}", {} if method == "PATCH" else None)
            self.assertEqual((404, "NOT_FOUND"), (status, body["error_code"]), (method, path))

    def test_if_match(self):
        "webhooks: a change that was meant for an earlier state is refused"
        webhook = self.add()
        tag = self.call("GET", f"/{webhook['id']}")[2]["ETag"]
        first = self.call("PATCH", f"/{webhook['id']}", {"status": "disabled"}, headers={"If-Match": tag})
        self.assertEqual((200, True), (first[0], first[2]["ETag"] != tag))
        status, body, _ = self.call("PATCH", f"/{webhook['id']}", {"events": ["*"]}, headers={"If-Match": tag})
        self.assertEqual((412, "PRECONDITION_FAILED"), (status, body["error_code"]))

    def test_nonsense(self):
        "webhooks: what can't be is refused with 400 and says why"
        webhook = self.add()
        for body in ({}, {"url": None}, {"url": self.receiver.url, "events": []}, {"url": self.receiver.url, "events": "*"},
                     {"url": self.receiver.url, "events": {}}, {"url": self.receiver.url, "events": ["member.moved"]},
                     {"url": self.receiver.url, "events": [1]}, {"url": self.receiver.url, "events": ["*", "member.moved"]}, {"url": self.receiver.url, "events": ["member.created,x"]},
                     {"url": self.receiver.url, "status": "sleepy"}, {"url": "https://example.org/" + "x" * 2000}):
            status, answer, _ = self.call("POST", "", body)
            self.assertEqual((400, "BAD_REQUEST"), (status, answer.get("error_code")), body)
            self.assertTrue(answer["error"] and answer["timestamp"])
        for query in ("?state=nowhere", "?limit=x", "?offset=-1"):
            self.assertEqual(400, self.call("GET", f"/{webhook['id']}/deliveries{query}")[0], query)
        self.assertEqual([], self.deliveries(webhook, "?state=dead&limit=1000"))

    def test_twenty(self):
        "webhooks: a service has at most 20"
        for _ in range(20):
            self.add()
        self.assertEqual(400, self.call("POST", "", {"url": self.receiver.url})[0])

    # --- whose they are ---

    def test_permissions(self):
        "webhooks: reading takes read:service, all else write:service"
        webhook, reader = self.add(), self.make_key(self.service, "read:service")
        writer = self.make_key(self.service, "write:service")
        self.assertEqual(200, self.call("GET", "", key=reader)[0])
        self.assertEqual(403, self.call("GET", "", key=writer)[0])
        for method, path in (("POST", ""), ("PATCH", f"/{webhook['id']}"), ("DELETE", f"/{webhook['id']}"),
                             ("POST", f"/{webhook['id']}/test"), ("POST", f"/{webhook['id']}/rotate-secret"),
                             ("POST", f"/{webhook['id']}/deliveries/{webhook['id']}/replay")):
            status, body, _ = self.call(method, path, None if method == "DELETE" else {}, key=reader)
            self.assertEqual((403, "FORBIDDEN"), (status, body["error_code"]), (method, path))
            self.assertIn("write:service", body["error"])
        self.assertEqual(401, self.call("GET", "", key="sk_live_no_such")[0])

    def test_another_service(self):
        "T-103: a key of another service neither sees nor changes a webhook"
        webhook = self.add()
        self.happen()
        told, = self.receiver.wait_for(1)
        stranger = self.make_key(self.door.doorward_json("service", "add", "--name", "Stranger")["id"], ALL)
        self.assertEqual({"webhooks": [], "total": 0}, self.call("GET", "", key=stranger)[1])
        before = self.call("GET", f"/{webhook['id']}")[1]
        for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/deliveries"), ("POST", "/test"),
                             ("POST", "/rotate-secret"), ("POST", f"/deliveries/{told.id}/replay")):
            body = {"status": "disabled"} if method == "PATCH" else None
            self.assertEqual(404, self.call(method, f"/{webhook['id']}{path}", body, key=stranger)[0], (method, path))
        self.assertEqual(before, self.call("GET", f"/{webhook['id']}")[1])
        self.assertEqual(1, len(self.deliveries(webhook)))

    def test_command_line(self):
        "webhooks: the command line makes, shows, lists and removes them"
        made = self.door.doorward_json("webhook", "add", "--service", self.service, "--url", self.receiver.url,
                                       "--events", "member.created,member.deleted")
        self.assertEqual(["member.created", "member.deleted"], made["events"])
        self.happen()
        self.assertTrue(self.receiver.wait_for(1)[0].is_signed_by(made["secret"]))
        self.delivery(made, "sent")
        self.assertEqual(["sent"], [row["state"] for row in self.door.doorward_json("webhook", "deliveries", made["id"])])
        self.assertEqual([made["id"]], [one["id"] for one in self.door.doorward_json("webhook", "list")])
        self.assertEqual(made["url"], self.door.doorward_json("webhook", "show", made["id"])["url"])
        self.door.doorward("webhook", "remove", made["id"])
        self.assertEqual([], self.door.doorward_json("webhook", "list"))
        self.assertNotEqual("", self.door.doorward("webhook", "list", "--help"))


class Couriers(TestCase):
    """Whoever carries, each delivery is carried by one."""

    @classmethod
    def setUpClass(cls):
        door = cls.door = Doorward(server=None, workers=1, settings={"egress_allow": "127.0.0.1"})
        door.extra_settings["egress_ca"] = door.ca
        cls.enterClassContext(door)
        cls.service = door.known["DOORWARD_SERVICE_ID"]
        cls.receiver = cls.enterClassContext(Receiver(door.certificate, door.key))
        cls.webhook = door.doorward_json("webhook", "add", "--service", cls.service, "--url", cls.receiver.url)
        door.stop_service()

    def setUp(self):
        self.door.database.sql("DELETE FROM webhook_deliveries")
        self.receiver.behave()

    def states(self):
        rows = self.door.doorward_json("webhook", "deliveries", self.webhook["id"])
        return sorted({row["state"] for row in rows})

    def test_many(self):
        "webhooks: several couriers on one database tell each event once"
        for number in range(12):
            happen(self.door, self.service, data={"id": str(number)})
        keepers = [subprocess.Popen([self.door.program, "-c", self.door.config, "housekeep"]) for _ in range(4)]
        self.assertEqual([0] * 4, [keeper.wait(60) for keeper in keepers])
        self.assertEqual(sorted(str(number) for number in range(12)),
                         sorted(told.event["data"]["id"] for told in self.receiver.told))
        self.assertEqual(["sent"], self.states())

    def test_given_up(self):
        "webhooks: what a courier took and never finished is told by another when its time is over"
        happen(self.door, self.service)
        self.door.database.sql("UPDATE webhook_deliveries SET state = 'sending', attempts = 1,"
                               " next_at = UNIX_TIMESTAMP() + 40")
        self.door.doorward("housekeep")
        self.assertEqual([], self.receiver.told)
        self.door.database.sql("UPDATE webhook_deliveries SET next_at = UNIX_TIMESTAMP()")
        self.door.doorward("housekeep")
        self.assertEqual((1, ["sent"]), (len(self.receiver.told), self.states()))

    def test_alone(self):
        "webhooks: a worker that is alone tells them between requests"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.join(self.door.directory, "alone.sock"))
            listener.listen(8)
            alone = Process("alone", [self.door.program, "-c", self.door.config, "serve"],
                            os.path.join(self.door.directory, "log", "alone.log"), stdin=listener)
        try:
            happen(self.door, self.service)
            self.receiver.wait_for(1)
            until(lambda: self.states() == ["sent"])
        finally:
            self.assertEqual(0, alone.stop())


class Strict(TestCase):
    """Nothing is allowed beyond the public internet, as it is without a setting."""

    def test_name_of_a_private_address(self):
        "T-54: a name that resolves to a private address isn't connected to, though the URL looks fine"
        with Doorward(server=None, workers=1) as door, Receiver(door.certificate, door.key) as receiver:
            service = door.known["DOORWARD_SERVICE_ID"]
            webhook = door.doorward_json("webhook", "add", "--service", service, "--url",
                                         f"https://localhost:{receiver.port}/hook")
            happen(door, service)
            row, = until(lambda: [row for row in door.doorward_json("webhook", "deliveries", webhook["id"])
                                  if row["attempts"] and row["state"] == "waiting"])
            self.assertIn("is not a public address", row["error"])
            self.assertEqual([], receiver.told)


if __name__ == "__main__":
    main()
