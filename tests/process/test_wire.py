#!/usr/bin/env python3
"""What a peer on the socket may send: garbage harms its own connection only; odd requests get an answer."""
import random
import struct

from kit import Closed, Connection, Place, TestCase, main, parameters, request, time, wire

GARBAGE = {
    "a bad version": wire.record(wire.BEGIN, struct.pack(">HB5x", 1, 0), version=7),
    "an unknown role": wire.begin(role=9),
    "the role of an authorizer": wire.begin(role=wire.AUTHORIZER) + wire.stream(wire.PARAMS, b"")
    + wire.stream(wire.STDIN, b""),
    "a BEGIN of 3 bytes": wire.record(wire.BEGIN, b"\0\1\0"),
    "an ABORT among the parameters": wire.begin() + wire.record(wire.PARAMS, wire.pair("A", "b"))
    + wire.record(wire.ABORT),
    "a body without parameters": wire.begin() + wire.stream(wire.STDIN, b"x"),
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "zeros": bytes(64),
    "a record of an unknown kind": wire.begin() + wire.record(77, b"x" * 20),
    "a pair cut off": wire.begin() + wire.stream(wire.PARAMS, b"\x05\x05AB"),
    "two BEGINs": wire.begin() + wire.begin(),
}


def announced(name, value):
    """CVE-2025-23016: lengths announced, and next to nothing sent."""
    return wire.begin() + wire.stream(wire.PARAMS, struct.pack(">II", name | 0x80000000, value | 0x80000000) + b"AAAA")


LENGTHS = {"2^31-1 twice": (2**31 - 1, 2**31 - 1), "2^31-2 twice": (2**31 - 2, 2**31 - 2), "2^30 twice": (2**30, 2**30),
           "a value of 1 GiB": (4, 2**30), "a name of 1 GiB": (2**30, 4)}


class Wire(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = cls.enterClassContext(Place(workers=2, max_body="1k"))
        cls.program = cls.place.start()

    def good(self):
        self.assertEqual(request(self.place.socket, timeout=30).status, 200)

    def test_garbage_closes_its_connection_only(self):
        "abuse 32: garbage closes that connection; the pool is unaffected and no worker dies"
        before = self.place.workers(self.program)
        for what, bytes_sent in GARBAGE.items():
            with self.subTest(what), Connection(self.place.socket) as connection:
                connection.send(bytes_sent)
                connection.socket.shutdown(1)
                try:
                    status = connection.answer().status
                    self.assertNotEqual(status, 200)
                except (Closed, ConnectionError):
                    pass
                self.good()
        self.assertEqual(self.place.workers(self.program), before)

    def test_refused_body_leaves_a_kept_connection_usable(self):
        "abuse 8: after a refused body the next request on the connection is read from its start"
        with Connection(self.place.socket) as connection:
            self.assertEqual(connection.request(parameters(), b"a" * 300000, keep=True).status, 413)
            self.assertEqual(connection.request(keep=True).status, 200)

    def test_large_headers(self):
        "abuse 6: 1 MiB of header or cookie is answered with 431, 400 headers too"
        for extra in ([("HTTP_X", "a" * 2**20)], [("HTTP_COOKIE", "a" * 2**20)],
                      [(f"HTTP_X{number}", "a") for number in range(400)]):
            self.assertEqual(request(self.place.socket, parameters(extra=extra)).status, 431)
        self.good()

    def test_long_targets(self):
        "abuse 7: a target of 1 MiB is answered with 414, 10,000 parameters are refused"
        self.assertEqual(request(self.place.socket, parameters("/" + "a" * 2**20)).status, 414)
        began = time.monotonic()
        query = "&".join(f"a{number}=" for number in range(2000))
        self.assertEqual(request(self.place.socket, parameters(f"/healthz?{query}")).status, 400)
        self.assertLess(time.monotonic() - began, 5)

    def test_bodies_and_their_lengths(self):
        "abuse 8: bodies are counted against CONTENT_LENGTH and the limit"
        cases = [("3", b"abc", 200), (None, b"abc", 200), ("", b"abc", 200), ("0", b"", 200), ("60000", b"", 413),
                 ("600", b"", 400), ("4", b"abc", 400), ("2", b"abc", 400), ("-1", b"abc", 400), ("x", b"abc", 400),
                 (None, b"a" * 1025, 413), ("5", b"a" * 100000, 413), ("9" * 30, b"abc", 413)]
        for announced_length, body, status in cases:
            with self.subTest(length=announced_length, body=len(body)):
                extra = [] if announced_length is None else [("CONTENT_LENGTH", announced_length)]
                got = request(self.place.socket, parameters(extra=extra), body)
                self.assertEqual(got.status, status)

    def test_head(self):
        "HEAD is answered as GET, with the length and without the body"
        got = request(self.place.socket, parameters(method="HEAD"))
        whole = request(self.place.socket)
        self.assertEqual(got.body, b"")
        self.assertEqual(got.header("Content-Length"), str(len(whole.body)))

    def test_security_headers(self):
        "every answer bears the security headers"
        for uri in ("/healthz", "/nothing", "/a;b"):
            got = request(self.place.socket, parameters(uri))
            for name, value in (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer")):
                self.assertEqual(got.header(name), value)
            self.assertIn("max-age=", got.header("Strict-Transport-Security"))

    def test_one_spelling(self):
        "abuse 20, T-114: other spellings of a path are not found"
        for uri in ("//healthz", "/healthz/", "/healthz%2f", "/./healthz", "/healthz;x", "/a/..;/healthz"):
            self.assertEqual(request(self.place.socket, parameters(uri)).status, 404, uri)

    def test_without_a_peer(self):
        "abuse 81: a web server that passes no REMOTE_ADDR is refused"
        self.assertEqual(request(self.place.socket, parameters(without=("REMOTE_ADDR",))).status, 400)


class Hostile(TestCase):
    """What may cost the worker that reads it: libfcgi ends the process when it can't have the memory."""

    def check(self, place, before):
        self.assertEqual(request(place.socket, timeout=60).status, 200)
        self.assertNotRegex(place.log(), "buffer-overflow|use-after-free|SEGV|runtime error")
        return len(place.find_in_log("worker died")) - before

    def test_huge_lengths_cost_one_worker_at_most(self):
        "abuse 32, CVE-2025-23016: huge lengths never read past; at most that worker dies and is replaced"
        with Place(workers=2) as place:
            place.start()
            # Counted from the start: the log may tell of a death a little after the connection has closed.
            for sent, (what, lengths) in enumerate(LENGTHS.items(), 1):
                with self.subTest(what), Connection(place.socket) as connection:
                    connection.send(announced(*lengths))
                    connection.socket.shutdown(1)
                    self.assertTrue(connection.is_closed(within=60))
                    self.assertLessEqual(self.check(place, 0), sent)

    def test_random_bytes(self):
        "abuse 32: 300 connections of random and of bent bytes leave the pool serving"
        chance = random.Random(4711)
        plain = wire.begin() + wire.stream(wire.PARAMS, b"".join(wire.pair(*item) for item in parameters())) \
            + wire.stream(wire.STDIN, b"")
        with Place(workers=2) as place:
            place.start()
            for turn in range(300):
                bent = bytearray(plain if turn % 3 else chance.randbytes(200))
                for _ in range(chance.randrange(1, 5)):
                    bent[chance.randrange(len(bent))] = chance.randrange(256)
                with Connection(place.socket) as connection:
                    connection.send(bytes(bent[:chance.randrange(1, len(bent) + 1)]))
            self.check(place, 0)


if __name__ == "__main__":
    main()
