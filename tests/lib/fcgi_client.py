"""A FastCGI client for tests: what a web server says to the program, well formed or not. Python's
standard library only."""
import fcntl
import socket
import struct
import sys
import termios
import time

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7
RESPONDER, AUTHORIZER, FILTER = 1, 2, 3
KEEP_CONNECTION = 1


class Closed(Exception):
    """The other side closed the connection, or ended the request, before the answer was complete."""


def record(kind, content=b"", version=1, request=1, padding=0):
    return struct.pack(">BBHHBx", version, kind, request, len(content), padding) + content + bytes(padding)


def length(number):
    return bytes([number]) if number < 128 else struct.pack(">I", number | 0x80000000)


def pair(name, value):
    name, value = (part if isinstance(part, bytes) else part.encode() for part in (name, value))
    return length(len(name)) + length(len(value)) + name + value


def begin(keep=False, role=RESPONDER):
    return record(BEGIN, struct.pack(">HB5x", role, KEEP_CONNECTION if keep else 0))


def stream(kind, data):
    """A stream's records and its end."""
    return b"".join(record(kind, data[at:at + 65535]) for at in range(0, len(data), 65535)) + record(kind)


def parameters(uri="/healthz", method="GET", extra=(), without=()):
    """What a web server passes, as pairs; extra ones are added, also when they repeat a name."""
    usual = [("REQUEST_METHOD", method), ("REQUEST_URI", uri), ("REMOTE_ADDR", "127.0.0.1"), ("HTTPS", "on"),
             ("SERVER_PROTOCOL", "HTTP/1.1")]
    return [item for item in usual if item[0] not in without] + list(extra)


class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        self.headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n") if ": " in line]
        # 0: the request was ended without an answer
        self.status = int(dict(self.headers).get("Status", "200").split()[0]) if raw else 0

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Connection:
    """One connection to a unix socket (a path) or to an address (host, port)."""

    def __init__(self, address, timeout=60):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.socket.connect(address)
                return
            except BlockingIOError:  # a full backlog of a unix socket
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.002)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_request(self, pairs=None, body=b"", keep=False):
        pairs = parameters() if pairs is None else pairs
        self.send(begin(keep) + stream(PARAMS, b"".join(pair(*item) for item in pairs)) + stream(STDIN, body))

    def send_half(self, pairs=None, keep=False):
        """All but the end of the body: whoever reads it has a request in hand until finish()."""
        pairs = parameters() if pairs is None else pairs
        self.send(begin(keep) + stream(PARAMS, b"".join(pair(*item) for item in pairs)))

    def is_read(self):
        """Whether somebody has read all that was sent. For a unix socket."""
        return not int.from_bytes(fcntl.ioctl(self.socket, termios.TIOCOUTQ, bytes(4)), sys.byteorder)

    def finish(self):
        self.send(record(STDIN))

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise Closed()
            data += piece
        return data

    def answer(self):
        output = b""
        while True:
            version, kind, _, size, padding = struct.unpack(">BBHHBx", self._exactly(8))
            content = self._exactly(size + padding)[:size]
            if version != 1:
                raise AssertionError(f"an answer of FastCGI version {version}")
            if kind == STDOUT:
                output += content
            if kind == END and content[4]:
                raise Closed()  # refused by the protocol
            if kind == END:
                return Answer(output)

    def request(self, pairs=None, body=b"", keep=False):
        self.send_request(pairs, body, keep)
        return self.answer()

    def is_closed(self, within=60.0):
        """Whether the other side closes, or has closed, the connection within so many seconds."""
        self.socket.settimeout(within)
        try:
            while self.socket.recv(4096):
                pass
            return True
        except socket.timeout:
            return False
        except ConnectionError:
            return True


def request(address, pairs=None, body=b"", timeout=60):
    """One request on a connection of its own."""
    with Connection(address, timeout) as connection:
        return connection.request(pairs, body)
