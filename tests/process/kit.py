"""What the tests of processes share: the program without a web server and without a database, spoken to
over its socket. A request in hand is one whose body isn't finished: so the test decides when it ends."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import fcgi_client as wire  # noqa: E402
from fcgi_client import Closed, Connection, parameters, request  # noqa: E402
from harness import SOURCE, Doorward, TestCase, build_directory, main  # noqa: E402
from stand.files import write_whole  # noqa: E402

__all__ = ["PROGRAM", "Closed", "Connection", "Doorward", "Load", "Place", "TestCase", "build_directory", "contextlib",
           "hold", "idles", "main", "parameters", "request", "signal", "socket", "subprocess", "time", "until", "os", "threading", "wire"]

PROGRAM = os.path.join(build_directory(), "doorward")


def until(condition, within=60.0, what="it"):
    """Waits for a condition; its value, or a failure."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {within} s")
        time.sleep(0.01)


def hold(connection, program):
    """Puts a request into somebody's hand, until it is finished: it has been read, and all of the program sleep, so that who
    has read it waits for the rest already."""
    connection.send_half()
    until(connection.is_read, what="the reading of the request")
    until(lambda: {Place.state(pid) for pid in [program.pid, *Place.children(program.pid)]} == {"S"}, what="the wait for the rest")


def idles(pids, seconds=2):
    """Whether these processes use no processor time: in one of some stretches, as what they do at first may take a while."""
    used = []
    for _ in range(8):
        before = sum(map(Place.cpu_ticks, pids))
        time.sleep(seconds)
        used.append(sum(map(Place.cpu_ticks, pids)) - before)
        if used[-1] <= 1:
            return True
    raise AssertionError(f"ticks in {seconds} s each: {used}")


class Place:
    """A run directory with a configuration, and the programs started in it."""

    def __init__(self, workers=2, pool="", pools="", **settings):
        self.directory = tempfile.mkdtemp(prefix="dwp-", dir=os.environ.get("DOORWARD_TMP", "/tmp"))
        self.run = os.path.join(self.directory, "run")
        self.config = os.path.join(self.directory, "doorward.conf")
        self.log_path = os.path.join(self.directory, "log")
        self.socket = os.path.join(self.run, "main.sock")
        self.programs = []
        key = os.path.join(self.directory, "key")
        subprocess.run([PROGRAM, "key-file", "create", key], check=True, stdout=subprocess.DEVNULL)
        self.settings = {"issuer": "https://id.example", "run_directory": self.run, "key_file": key,
                         "database_socket": os.path.join(self.directory, "no-database"),
                         "default_template_directory": os.path.join(SOURCE, "templates"), **settings}
        self.write(workers, pool, pools)

    def write(self, workers=2, pool="", pools="", **settings):
        self.settings.update(settings)
        write_whole(self.config, "".join(f"{name} = {value}\n" for name, value in self.settings.items())
                    + f"[pool main]\nworkers = {workers}\n{pool}\n{pools}\n", mode=0o644)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in self.programs:
            if program.poll() is None:
                for child in self.children(program.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)
                program.kill()
            program.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self, words=("serve",), ready=True, env=None, **options):
        """Starts the program; with ready, waits for its first answer."""
        with open(self.log_path, "ab") as log:
            program = subprocess.Popen([PROGRAM, "-c", self.config, *words], stderr=log, stdout=log,
                                       stdin=options.pop("stdin", subprocess.DEVNULL),
                                       env={**os.environ, **(env or {})}, **options)
        self.programs.append(program)
        if ready:
            until(lambda: self.answers(program), what="the first answer")
            until(lambda: self.is_settled(program.pid), what="the start of every process")
        return program

    def answers(self, program=None):
        if program and program.poll() is not None:
            raise AssertionError(f"the program ended with {program.returncode}:\n{self.log()}")
        try:
            return request(self.socket, timeout=30).status == 200
        except (FileNotFoundError, ConnectionError, TimeoutError, Closed):
            return False

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def find_in_log(self, pattern):
        return re.findall(pattern, self.log())

    @staticmethod
    def children(pid):
        try:
            with open(f"/proc/{pid}/task/{pid}/children") as file:
                return [int(word) for word in file.read().split()]
        except OSError:
            return []

    @classmethod
    def is_settled(cls, pid):
        """Whether a master has its housekeeper, started after all workers, and each process reads its signals."""
        names = [cls.name(child) for child in cls.children(pid)]
        started = not names or ("doorward-keeper" in names and "doorward" not in names)
        return started and all(cls.blocks_term(process) for process in [pid, *cls.children(pid)])

    @staticmethod
    def blocks_term(pid):
        try:
            with open(f"/proc/{pid}/status") as file:
                return bool(int(re.search(r"SigBlk:\s+(\w+)", file.read())[1], 16) & 1 << (signal.SIGTERM - 1))
        except OSError:  # it has left since it was listed
            return False

    @classmethod
    def workers(cls, program):
        """The pids of the master's workers."""
        return [pid for pid in cls.children(program.pid) if cls.name(pid) == "doorward-worker"]

    @staticmethod
    def name(pid):
        try:
            with open(f"/proc/{pid}/comm") as file:
                return file.read().strip()
        except OSError:
            return None

    @staticmethod
    def state(pid):
        """One letter of proc(5); X when it has left."""
        try:
            with open(f"/proc/{pid}/stat") as file:
                return file.read().rpartition(")")[2].split()[0]
        except OSError:
            return "X"

    @classmethod
    def is_alive(cls, pid):
        return cls.state(pid) not in "ZX"

    @staticmethod
    def cpu_ticks(pid):
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])


class Load:
    """Clients that ask again and again until told to stop, and count what failed. A kept connection
    that the program closed behind an answer is opened again, as web servers do."""

    def __init__(self, address, clients=4, keep=False):
        self.address, self.keep = address, keep
        self.good, self.failed = 0, []
        self.stopping = False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        for thread in self.threads:
            thread.join()

    def _one(self, connection):
        if connection and connection.is_closed(within=0.0005):
            connection.close()
            connection = None
        connection = connection or Connection(self.address)
        connection.socket.settimeout(60)
        status = connection.request(keep=self.keep).status
        if status != 200:
            raise AssertionError(f"status {status}")
        if self.keep:
            return connection
        connection.close()
        return None

    def _run(self):
        connection = None
        while not self.stopping:
            try:
                connection = self._one(connection)
                with self.lock:
                    self.good += 1
            except (OSError, Closed, AssertionError) as error:
                with self.lock:
                    self.failed.append(repr(error))
                connection = None
        if connection:
            connection.close()
