#!/usr/bin/env python3
"""The egress process: what the others have sent out by it. Probes (outgoing_probe.c) stand for workers: each has the
descriptor of a process of the master, by which the egress process is reached."""
import base64
import concurrent.futures
import ctypes
import errno
import http.server
import json
import random
import select
import socketserver
import stat
import struct

from kit import (PROGRAM, Place, TestCase, build_directory, contextlib, idles, main, os, signal, socket, subprocess, threading, time,
                 until)

PROBE = os.path.join(build_directory(), "tests/process/outgoing_probe")
PIDFD_GETFD = 438


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        site = self.server.site
        with site.lock:
            site.asked.append((self.command, self.path, dict(self.headers), body))
        word, _, rest = self.path[1:].partition("/")
        getattr(self, f"do_{word}", self.do_text)(rest)

    do_GET = do_POST = answer

    def send(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_text(self, rest):
        self.send(200, b"text", Set_Cookie="a=b; Path=/")

    def do_slow(self, seconds):
        "Waits, but not for who hung up."
        end = time.monotonic() + float(seconds)
        while time.monotonic() < end:
            if select.select([self.connection], [], [], 0.02)[0]:
                self.server.site.left.append(self.path)
                self.close_connection = True
                return
        self.send(200, b"slow")

    def do_held(self, rest):
        "Waits until the test lets go of it."
        self.server.site.released.wait(60)
        self.send(200, b"slow")

    def do_status(self, status):
        self.send(int(status))

    def do_to(self, rest):
        self.send(302, Location=f"http://127.0.0.1:{self.server.server_port}/text/redirected")

    def do_large(self, size):
        self.send(200, b"x" * int(size))

    def log_message(self, *args):
        pass


class Site(http.server.ThreadingHTTPServer):
    """A server under two names, 127.0.0.1 and localhost, that counts what it's asked."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.site, self.asked, self.left, self.lock, self.released = self, [], [], threading.Lock(), threading.Event()
        self.url, self.other_url = (f"http://{host}:{self.server_port}" for host in ("127.0.0.1", "localhost"))
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, *args):
        pass

    def count(self, path):
        with self.lock:
            return sum(asked[1] == path for asked in self.asked)

    def __exit__(self, *args):
        self.released.set()
        self.shutdown()
        super().__exit__(*args)


class Probe:
    """A process that has things sent out."""

    def __init__(self, place, passage):
        self.process = subprocess.Popen([PROBE, place.config, str(passage)], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, pass_fds=[passage] if passage >= 0 else [])

    def begin(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self

    def end(self):
        return json.loads(self.process.stdout.readline())

    def ask(self, *words):
        return self.begin(*words).end()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def newest(place, program, name):
    """The pid of the youngest child of that name, that of the serving generation; None when there is none. Children are listed in
    the order in which they were made, which that of their numbers needn't be."""
    return next((pid for pid in reversed(place.children(program.pid)) if place.name(pid) == name), None)


def inodes(pid):
    found = set()
    with contextlib.suppress(FileNotFoundError):
        for number in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                found.add(os.readlink(f"/proc/{pid}/fd/{number}"))
    return found


def network_sockets():
    """All of IPv4 and IPv6, as links in /proc/PID/fd name them."""
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        with open(f"/proc/net/{table}") as file:
            found |= {f"socket:[{line.split()[9]}]" for line in list(file)[1:]}
    return found


class Turnstile(socketserver.ThreadingUnixStreamServer):
    """A database that turns everybody away, but not before the client library has taken their passwords in its hand."""
    daemon_threads = True

    class RequestHandler(socketserver.StreamRequestHandler):
        def say(self, number, packet):
            self.request.sendall(struct.pack("<I", len(packet))[:3] + bytes([number]) + packet)

        def handle(self):
            salt = b"a" * 8 + b"\0", b"b" * 12 + b"\0"
            capabilities = 0x00818209  # protocol 4.1, whole answers of authentication, and the ways to it by name
            self.say(0, b"\x0a10.11.0-MariaDB\0" + struct.pack("<I", 1) + salt[0] + struct.pack("<HBHHB", capabilities & 0xffff,
                     45, 2, capabilities >> 16, 21) + bytes(10) + salt[1] + b"mysql_native_password\0")
            if self.request.recv(4096):
                self.say(2, b"\xff" + struct.pack("<H", 1045) + b"#28000" + b"Access denied")

    def __init__(self, path):
        super().__init__(path, self.RequestHandler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *args):
        self.shutdown()
        super().__exit__(*args)


def memory_of(pid, page=os.sysconf("SC_PAGE_SIZE")):
    """What a process has in memory that it can write to. What a sanitizer sets aside for its own notes is too much to look at."""
    found = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory, open(f"/proc/{pid}/pagemap", "rb", 0) as pages:
        for line in maps:
            begin, end = (int(number, 16) for number in line.split()[0].split("-"))
            if "w" not in line.split()[1] or end - begin > 1 << 32:
                continue
            kept = os.pread(pages.fileno(), (end - begin) // page * 8, begin // page * 8)
            for at in range(begin, end, page):
                if kept[(at - begin) // page * 8 + 7] >> 6:  # present, or swapped out
                    found.append(os.pread(memory.fileno(), page, at))
    return b"".join(dict.fromkeys(found))  # most are alike: empty


def pieces(secret, length=12):
    """Of what was given back the beginning is written over, and more may be."""
    return {secret[at:at + length] for at in range(0, len(secret) - length + 1, 8)}


class Egress(TestCase):
    def setUp(self):
        self.site = self.enterContext(Site())
        self.passages, self.probes = [], []
        self.addCleanup(self.let_go)

    def let_go(self):
        for probe in self.probes:
            probe.close()
        for passage in self.passages:
            os.close(passage)
        self.probes, self.passages = [], []

    def start(self, allow="127.0.0.1 localhost", workers=2, **options):
        place = self.place = self.enterContext(Place(workers=workers, egress_allow=allow, **options))
        self.addCleanup(lambda: self.assertNotRegex(place.log(), r"Sanitizer|runtime error:|\.c:\d+: "))
        self.program = place.start()
        until(self.egress, what="the egress process")
        return place

    def keeper(self):
        return newest(self.place, self.program, "doorward-keeper")

    def passage(self):
        """The end of the passage that the others have: the housekeeper's, as it's the only socket of its kind there."""
        keeper = self.keeper()
        pidfd = os.pidfd_open(keeper)
        self.addCleanup(os.close, pidfd)
        libc = ctypes.CDLL(None, use_errno=True)
        for number in os.listdir(f"/proc/{keeper}/fd"):
            # It opens and closes others meanwhile, as it looks for its database: what has gone was none of ours.
            mine = libc.syscall(PIDFD_GETFD, pidfd, int(number), 0)
            if mine < 0:
                self.assertEqual(errno.EBADF, ctypes.get_errno(), os.strerror(ctypes.get_errno()))
                continue
            if stat.S_ISSOCK(os.fstat(mine).st_mode):
                with socket.socket(fileno=os.dup(mine)) as found:
                    kind = found.type
                if kind == socket.SOCK_SEQPACKET:
                    self.passages.append(mine)
                    return mine
            os.close(mine)
        raise AssertionError("the housekeeper has no way to the egress process")

    def probe(self, count=1, alone=False):
        passage = -1 if alone else self.passage()
        made = [Probe(self.place, passage) for _ in range(count)]
        self.probes += made
        return made if count > 1 else made[0]

    def egress(self):
        return newest(self.place, self.program, "doorward-egress")

    # --- what it knows ---

    def add_key(self):
        """A new key at the top of the key file: in all the ways in which it could be in memory."""
        path = self.place.settings["key_file"]
        os.remove(path)
        subprocess.run([PROGRAM, "key-file", "create", path], check=True, stdout=subprocess.DEVNULL)
        return self.keys()

    def keys(self):
        with open(self.place.settings["key_file"]) as file:
            text = file.read().split()[1]
        raw = base64.urlsafe_b64decode(text + "=")
        return {"the key": raw, "the key, base64url": text.encode()}, {"the key, hex": raw.hex().encode()}

    def write_secret(self, name, secret):
        path = os.path.join(self.place.directory, name)
        with open(path, "wb") as file:
            file.write(secret + b"\n")
        os.chmod(path, 0o600)
        return path

    def make_signing_key(self):
        """The key of a provider that wants its secret signed: what of it a worker holds as it is, and what else there could be."""
        pem = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                             capture_output=True, check=True).stdout
        lines = pem.splitlines()[1:-1]
        number = base64.b64decode(b"".join(lines))[36:68]
        return pem.decode(), {"signing key, PEM": lines[1]}, {  # all such keys begin alike
            "signing key, PEM's beginning": lines[0][48:], "signing key": number, "signing key, reversed": number[::-1],
            "signing key, base64url": base64.urlsafe_b64encode(number)}

    def configure(self):
        """Secrets of all kinds, each of its own: those that a worker holds as they are, and what else they could be."""
        pem, held, other = self.make_signing_key()
        provider = {"name": "fake", "kind": "oidc", "issuer": "https://login.example.org", "client_id": "us"}
        found = {name: random.randbytes(20).hex().encode() for name in ("database", "mail", "provider", "provider of a file")}
        providers = [provider | {"client_secret": found["provider"].decode()},
                     provider | {"name": "other", "client_secret_file": self.write_secret("other", found["provider of a file"])},
                     {"name": "apple", "client_id": "us", "team_id": "us", "key_id": "it", "client_secret": pem}]
        with open(os.path.join(self.place.directory, "providers.json"), "w") as file:
            json.dump(providers, file)
        self.place.write(database_password="file:" + self.write_secret("database", found["database"]),
                         mail_password=found["mail"].decode(), mail="smtp://127.0.0.1:9", mail_from="us@example.org",
                         providers=file.name)
        return found | held, other

    def assert_forgotten(self, pid, secrets):
        memory = memory_of(pid)
        self.assertTrue(self.place.run.encode() in memory, "its memory wasn't read")
        self.assertEqual([], [name for name, secret in secrets for piece in pieces(secret) if piece in memory])

    def make_place(self):
        self.place = self.enterContext(Place(workers=1, egress_allow="127.0.0.1"))
        self.enterContext(Turnstile(self.place.settings["database_socket"]))

    def test_knows_no_secret(self):
        "egress: keys, passwords and secrets of providers, which the master and the workers have in memory, are gone from its own"
        self.make_place()
        everything = []
        for generation in (1, 2):  # after a reload it began as a copy of what both had read
            secrets = [self.add_key(), self.configure()]
            held = [item for held, _ in secrets for item in held.items()]
            everything += held + [item for _, other in secrets for item in other.items()]
            if generation == 1:
                self.program = self.place.start()
            else:
                keeper = self.keeper()
                self.program.send_signal(signal.SIGHUP)
                until(lambda: self.keeper() not in (None, keeper), what="another housekeeper")
            until(lambda: self.place.find_in_log(f"ready generation={generation}"))
            until(lambda: self.place.is_settled(self.program.pid), what="the start of every new process")
            self.assertEqual(200, self.probe().ask("send", self.site.url + "/text", 30000)["status"])
            worker = memory_of(self.place.workers(self.program)[-1])
            self.assertEqual([], [name for name, secret in held if secret not in worker])
            self.assert_forgotten(self.egress(), everything)

    def test_next_one_knows_no_secret(self):
        "egress: who takes the place of a killed one has no secret either"
        self.make_place()
        secrets = [item for found in (*self.keys(), *self.configure()) for item in found.items()]
        self.program = self.place.start()
        old = until(self.egress)
        os.kill(old, signal.SIGKILL)
        until(lambda: self.egress() not in (None, old))
        self.assertEqual(200, self.probe().ask("send", self.site.url + "/text", 30000)["status"])
        self.assert_forgotten(self.egress(), secrets)

    # --- who sends ---

    def test_sent_by_it_alone(self):
        "egress: what a worker has sent goes out from the egress process, and no other process has a connection"
        self.start()
        probe = self.probe()
        got = probe.ask("post", self.site.url + "/text", 30000, "hello")
        self.assertEqual(("answered", 200, "text"), (got["result"], got["status"], got["body"]))
        self.assertEqual(("POST", "/text", b"hello"), self.site.asked[0][:2] + self.site.asked[0][3:])
        probe.begin("send", self.site.url + "/held", 30000)
        until(lambda: self.site.count("/held"))
        sockets, all_pids = network_sockets(), [self.program.pid, *self.place.children(self.program.pid)]
        having = {self.place.name(pid) for pid in [*all_pids, probe.process.pid] if inodes(pid) & sockets}
        self.assertEqual({"doorward-egress"}, having)
        self.site.released.set()
        self.assertEqual("slow", probe.end()["body"])

    def test_answers_as_they_come(self):
        "egress: status and headers come through, an answer beyond its limit doesn't"
        self.start()
        probe = self.probe()
        self.assertEqual(503, probe.ask("send", self.site.url + "/status/503", 30000)["status"])
        got = probe.ask("send", self.site.url + "/large/65536", 30000)
        self.assertEqual(65536, len(got["body"]))
        self.assertIn("Content-Length: 65536", got["headers"])
        self.assertIn("body is too large", probe.ask("send", self.site.url + "/large/65537", 30000)["error"])
        self.assertEqual("text", probe.ask("send", self.site.url + "/text", 30000)["body"])

    def test_guarded(self):
        "T-52, T-54, abuse 43: by the egress process, too, nothing goes to a private address, whatever names it"
        self.start(allow="10.9.9.9")
        probe, port = self.probe(), self.site.server_port
        for url, words in ((f"https://localhost:{port}/", "is not a public address"), (self.site.url, "https"),
                           (self.site.other_url, "https"), (f"https://127.0.0.1:{port}/", "private address"),
                           (f"https://10.0.0.1:{port}/", "private address"), ("file:///etc/passwd", "https"),
                           ("gopher://127.0.0.1/", "https"), (f"https://[::ffff:127.0.0.2]:{port}/", "URL")):
            for what in ("send", "document"):
                got = probe.ask(what, url, 2000)
                self.assertEqual("refused", got["result"], (url, got))
                self.assertIn(words, got["error"])
        self.assertEqual([], self.site.asked)

    def test_no_redirect_is_followed(self):
        "T-53: by the egress process, too, no redirect is followed, not even to where it may go"
        self.start()
        probe = self.probe()
        self.assertEqual(302, probe.ask("send", self.site.url + "/to", 2000)["status"])
        self.assertEqual("the answer was 302", probe.ask("document", self.site.url + "/to", 0)["error"])
        self.assertEqual(0, self.site.count("/text/redirected"))

    def test_nothing_of_one_is_known_to_the_next(self):
        "egress: no proxy of the environment, no cookies, no connection that another request had"
        self.start()
        self.let_go()
        self.program.terminate()
        self.program.wait(10)
        nowhere = "http://127.0.0.1:9"
        self.program = self.place.start(env={"http_proxy": nowhere, "all_proxy": nowhere, "HTTPS_PROXY": nowhere})
        until(self.egress)
        first, second = self.probe(2)
        for probe in (first, second, first):
            self.assertEqual(200, probe.ask("send", self.site.url + "/text", 30000)["status"])
        for _, _, headers, _ in self.site.asked:
            self.assertNotIn("Cookie", headers)
        self.assertFalse(inodes(self.egress()) & network_sockets())

    def test_headers_stay_one_line(self):
        "egress: a value that others sent can't add a header to a request"
        self.start()
        probe = self.probe()
        got = probe.ask("header", self.site.url + "/text", "a%0AX-Evil:1")
        self.assertEqual(("refused", []), (got["result"], self.site.asked))
        self.assertIn("control characters", got["error"])
        self.assertEqual(200, probe.ask("header", self.site.url + "/text", "a")["status"])
        self.assertEqual("a", self.site.asked[0][2]["X-Value"])

    # --- slow ones ---

    def test_slow_host_delays_no_other(self):
        "egress: a destination that is slow delays nothing that goes elsewhere"
        self.start(workers=8)
        slow, quick, hung = self.probe(3)
        with socket.socket() as silent:  # takes connections and says nothing
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            slow.begin("send", self.site.url + "/held", 60000)
            hung.begin("send", f"http://127.0.0.1:{silent.getsockname()[1]}/", 1200)
            until(lambda: self.site.count("/held"))
            for _ in range(20):
                got = quick.ask("send", self.site.other_url + "/text", 30000)
                self.assertEqual("answered", got["result"], got)
            self.site.released.set()
            self.assertEqual("slow", slow.end()["body"])
            got = hung.end()
            self.assertEqual("failed", got["result"])
            self.assertLess(1100, got["took_ms"])
            self.assertLess(got["took_ms"], 10000)

    def test_slow_host_gets_no_more(self):
        "egress: a host that keeps half of the workers waiting gets no more of them, others still do, and it when it's well"
        self.start(workers=4)
        first, second, third, fourth = self.probe(4)
        began = time.monotonic()
        for probe in (first, second):
            probe.begin("send", self.site.url + "/held", 60000)
        got = third.ask("send", self.site.url + "/text", 30000)
        if time.monotonic() - began < 0.9:  # as long as it may well be quick, more may go there
            self.assertEqual("text", got["body"])
        until(lambda: self.site.count("/held") == 2)
        time.sleep(1.2)
        got = third.ask("send", self.site.url + "/text", 30000)
        self.assertEqual("failed", got["result"])
        self.assertIn("127.0.0.1 is slow", got["error"])
        self.assertLess(got["took_ms"], 15000)  # not the thirty seconds that it would wait
        self.assertIn("127.0.0.1 is slow", fourth.ask("document", self.site.url + "/doc", 0)["error"])
        self.assertEqual("text", fourth.ask("send", self.site.other_url + "/text", 30000)["body"])
        self.site.released.set()
        self.assertEqual(["slow"] * 2, [probe.end()["body"] for probe in (first, second)])
        self.assertEqual("text", third.ask("send", self.site.url + "/text", 30000)["body"])

    def test_slow_host_that_many_came_to_at_once(self):
        "egress, abuse 44: of all who came at once to a host that is slow half of the workers wait on, and no more than that for a while"
        self.start(workers=4)
        probes = self.probe(4)
        for probe in probes:  # who is there already comes at once
            self.assertEqual("text", probe.ask("send", self.site.other_url + "/text", 30000)["body"])
        for probe in probes:
            probe.begin("send", self.site.url + "/slow/11", 30000)
        until(lambda: self.site.count("/slow/11") == 4)
        answers = [probe.end() for probe in probes]
        given_up = [got for got in answers if got["result"] == "failed"]
        self.assertEqual(["slow"] * 2, [got["body"] for got in answers if got["result"] == "answered"])
        self.assertEqual(2, len(given_up))
        for got in given_up:
            self.assertIn("127.0.0.1 is slow", got["error"])
            self.assertLess(got["took_ms"], 10000)  # three seconds, and what a busy machine adds
        until(lambda: len(self.site.left) == 2, what="the end of what nobody waits for")
        for probe in probes[:2]:
            probe.begin("send", self.site.url + "/held", 30000)
        until(lambda: self.site.count("/held") == 2)
        self.assertIn("127.0.0.1 is slow", probes[2].ask("send", self.site.url + "/text", 30000)["error"])
        self.assertEqual("text", probes[3].ask("send", self.site.other_url + "/text", 30000)["body"])
        self.site.released.set()
        self.assertEqual(["slow"] * 2, [probe.end()["body"] for probe in probes[:2]])
        self.assertEqual("text", probes[2].ask("send", self.site.url + "/text", 30000)["body"])

    def test_who_gives_up_is_forgotten(self):
        "egress: a request whose process is gone is broken off"
        self.start()
        probe = self.probe().begin("send", self.site.url + "/slow/20", 30000)
        until(lambda: self.site.count("/slow/20"))
        probe.process.kill()
        until(lambda: self.site.left, what="the end of the request")

    # --- documents ---

    def test_document_is_fetched_once(self):
        "T-56: many who want a document at the same time, or later, make one fetch"
        self.start(workers=20)
        probes, url = self.probe(16), self.site.url + "/slow/0.4"
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda probe: probe.ask("document", url, 0), probes))
        self.assertEqual({"slow"}, {answer["body"] for answer in answers})
        self.assertEqual(1, self.site.count("/slow/0.4"))
        again = probes[0].ask("document", url, 0)
        self.assertEqual("slow", again["body"])
        self.assertLess(again["took_ms"], 5000)
        self.assertEqual(1, self.site.count("/slow/0.4"))
        for _ in range(3):  # who wants a newer one gets that, and then it is young enough for a while
            self.assertEqual("slow", probes[0].ask("document", url, int(time.time() * 1000))["body"])
        self.assertEqual(2, self.site.count("/slow/0.4"))
        self.assertEqual("application/json", self.site.asked[0][2]["Accept"])

    def test_document_outlives_who_asked(self):
        "T-56: who asked first may die; the others get the document"
        self.start()
        first, second = self.probe(2)
        first.begin("document", self.site.url + "/held", 0)
        until(lambda: self.site.count("/held"))
        second.begin("document", self.site.url + "/held", 0)
        first.process.kill()
        first.process.wait()
        time.sleep(0.2)  # for the second one's question, and the end of the first one's
        self.site.released.set()
        self.assertEqual("slow", second.end()["body"])
        self.assertEqual(1, self.site.count("/held"))

    def test_failure_is_remembered(self):
        "T-56: a document that can't be had is not asked for again at once"
        self.start()
        first, second = self.probe(2)
        self.assertEqual("text", second.ask("send", self.site.url + "/text", 30000)["body"])  # it has started: a failure is remembered for 5 s
        for probe in (first, second, first):
            got = probe.ask("document", self.site.url + "/status/500", 0)
            self.assertEqual(("failed", "the answer was 500"), (got["result"], got["error"]))
        self.assertEqual(1, self.site.count("/status/500"))

    def test_alone(self):
        "T-56: a process that sends by itself remembers documents as well, behind the same guard"
        self.start(allow="127.0.0.1")
        probe = self.probe(alone=True)
        for _ in range(3):
            self.assertEqual("text", probe.ask("document", self.site.url + "/doc", 0)["body"])
            self.assertEqual("failed", probe.ask("document", self.site.url + "/status/404", 0)["result"])
        self.assertEqual((1, 1), (self.site.count("/doc"), self.site.count("/status/404")))
        self.assertEqual("refused", probe.ask("document", self.site.other_url, 0)["result"])
        self.assertEqual("text", probe.ask("post", self.site.url + "/text", 30000, "x")["body"])

    # --- its life ---

    def test_killed_one_is_replaced(self):
        "egress: a killed egress process is replaced at once; what it had in its hand fails and isn't sent twice"
        self.start()
        probe, busy = self.probe(2)
        self.assertEqual(200, probe.ask("send", self.site.url + "/text", 30000)["status"])
        busy.begin("post", self.site.url + "/held", 60000, "code")
        until(lambda: self.site.count("/held"))
        old = self.egress()
        os.kill(old, signal.SIGKILL)
        until(lambda: not self.place.is_alive(old))
        got = probe.ask("send", self.site.url + "/text", 5000)
        self.assertEqual(200, got["status"], got)
        until(lambda: self.egress() not in (None, old))
        got = busy.end()
        self.assertEqual(("failed", "the egress process went away meanwhile"), (got["result"], got["error"]))
        self.assertEqual(1, self.site.count("/held"))
        self.assertEqual(200, busy.ask("send", self.site.url + "/text", 30000)["status"])
        until(lambda: self.place.find_in_log(r"doorward: egress died pid=%d signal=KILL" % old))

    def test_hung_one_holds_nobody_past_the_limit(self):
        "egress: when the egress process hangs, a request fails when its time is over"
        self.start()
        probe = self.probe()
        os.kill(self.egress(), signal.SIGSTOP)
        try:
            got = probe.ask("send", self.site.url + "/text", 700)
        finally:
            os.kill(self.egress(), signal.SIGCONT)
        self.assertEqual(("failed", "the egress process didn't answer in time"), (got["result"], got["error"]))
        self.assertLess(got["took_ms"], 10000)
        self.assertEqual(200, probe.ask("send", self.site.url + "/text", 30000)["status"])
        time.sleep(0.2)
        self.assertEqual(1, self.site.count("/text"))  # what nobody waited for wasn't sent afterwards

    def test_reload_takes_new_settings(self):
        "egress: a reload brings an egress process with the new egress_allow; what is on its way still ends well"
        self.start(allow="localhost")
        old, keeper, busy = self.egress(), self.keeper(), self.probe()
        self.assertEqual("refused", self.probe().ask("send", self.site.url + "/text", 30000)["result"])
        busy.begin("send", self.site.other_url + "/held", 60000)
        until(lambda: self.site.count("/held"))
        self.place.write(egress_allow="127.0.0.1")
        self.program.send_signal(signal.SIGHUP)
        until(lambda: self.place.find_in_log("ready generation=2"))
        until(lambda: self.egress() != old)
        until(lambda: self.keeper() not in (None, keeper), what="another housekeeper")
        until(lambda: self.place.is_settled(self.program.pid), what="the start of every new process")
        probe = self.probe()
        got = probe.ask("send", self.site.url + "/text", 30000)
        self.assertEqual("text", got["body"], got)
        self.assertEqual("refused", probe.ask("send", self.site.other_url + "/text", 30000)["result"])
        self.site.released.set()
        self.assertEqual("slow", busy.end()["body"])
        self.let_go()
        until(lambda: not self.place.is_alive(old), what="the old egress process's end")

    def test_stop_waits_for_what_is_on_its_way(self):
        "egress: at the end of the service the egress process leaves last, after what is on its way"
        self.start()
        probe = self.probe().begin("send", self.site.url + "/held", 60000)
        until(lambda: self.site.count("/held"))
        self.program.terminate()
        time.sleep(0.8)  # it would be gone by now
        self.site.released.set()
        self.assertEqual("slow", probe.end()["body"])
        self.let_go()
        self.assertEqual(0, self.program.wait(timeout=60))

    def test_follows_a_dead_master(self):
        "egress: when the master is killed, the egress process leaves with the workers"
        self.start()
        pids = self.place.children(self.program.pid)
        self.program.kill()
        self.program.wait()
        until(lambda: not any(map(self.place.is_alive, pids)), what="the end of all")

    # --- hostile neighbours ---

    def hand_over(self, passage):
        mine, theirs = socket.socketpair()
        with theirs, socket.socket(fileno=os.dup(passage)) as way:
            socket.send_fds(way, [b"c"], [theirs.fileno()])
        self.addCleanup(mine.close)
        mine.settimeout(60)
        return mine

    def test_nonsense(self):
        "egress: nonsense closes the connection that it came on, and nothing else"
        self.start()
        probe, pid = self.probe(), self.egress()
        passage, seed = self.passage(), random.Random(7)
        nonsense = [b"\0\0\0\0", b"\xff\xff\xff\xff", struct.pack("=I", 512 * 1024 + 1), struct.pack("=Iq", 8, 1),
                    struct.pack("=I5q", 40, 0, 0, 2**62, 2**62, -1), *(struct.pack("=I", 64) + seed.randbytes(64) for _ in range(20))]
        for data in nonsense:
            connection = self.hand_over(passage)
            connection.sendall(data)
            self.assertEqual(b"", connection.recv(1), data)
        half, silent = self.hand_over(passage), self.hand_over(passage)
        half.sendall(struct.pack("=I", 500000) + bytes(1000))
        self.assertEqual(200, probe.ask("send", self.site.url + "/text", 30000)["status"])
        self.assertEqual(pid, self.egress())
        half.close()
        silent.close()
        with socket.socket(fileno=os.dup(passage)) as way:  # what isn't a connection, and what carries none
            way.send(b"c")
            socket.send_fds(way, [b"c"], [0])
        self.assertEqual(200, probe.ask("send", self.site.url + "/text", 30000)["status"])
        self.assertEqual(pid, self.egress())

    def test_too_late(self):
        "egress: what nobody waits for any more isn't sent"
        self.start()
        def text(value):
            return struct.pack("=q", len(value)) + value + b"\0"
        def frame(until_ms):
            ask = (struct.pack("=3q", 0, 0, until_ms) + text(self.site.url.encode() + b"/text") + struct.pack("=3q", 0, 0, 0) +
                   text(b"") + struct.pack("=3q", 100, 2000, 2000))
            return struct.pack("=I", len(ask)) + ask
        now_ms = int(time.monotonic() * 1000)
        for until_ms, words, count in ((now_ms - 10, b"the time was over", 0), (now_ms + 60000, b"200 OK", 1)):
            connection = self.hand_over(self.passage())
            connection.sendall(frame(until_ms))
            self.assertIn(words, connection.recv(4096))
            self.assertEqual(count, self.site.count("/text"))

    def test_nobody_else_gets_in(self):
        "egress: no file leads to the egress process, and it listens nowhere"
        place = self.start()
        self.assertEqual({"lock", "main.sock", "pid", "shared"}, set(os.listdir(place.run)))
        with open("/proc/net/unix") as file:
            listening = {f"socket:[{line.split()[6]}]" for line in list(file)[1:] if line.split()[3] == "00010000"}
        self.assertFalse(inodes(self.egress()) & (listening | network_sockets()))

    def test_idle_costs_nothing(self):
        "egress: with connections kept and nothing to do it uses no processor time"
        self.start()
        self.assertEqual(200, self.probe().ask("send", self.site.url + "/text", 30000)["status"])
        self.assertTrue(idles([self.egress()]))


if __name__ == "__main__":
    main()
