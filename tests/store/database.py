"""A private database for a test of the store, the probe that speaks to it, and the program's commands."""
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading

import harness  # noqa: F401  (puts the stand on the path)
from harness.fixture import CACHE, SOURCE, build_directory
from stand.files import write_whole
from stand.mariadb import MariaDB

NAME = "doorward"


class Database:
    """A started server with an empty database; a directory for the test's files. settings: more options."""

    def __init__(self, migrated=True, settings=None):
        self.settings = settings or {}
        self.directory = tempfile.mkdtemp(prefix="dws-", dir=os.environ.get("DOORWARD_TMP", "/tmp"))
        os.makedirs(self.path("log"))
        os.makedirs(self.path("run"))
        self.sql_directory = self.path("sql")
        shutil.copytree(os.path.join(SOURCE, "sql"), self.sql_directory)
        self.server = MariaDB(self.directory, CACHE, durable=True)
        self.server.prepare(f"CREATE DATABASE IF NOT EXISTS {NAME};")
        self.server.start()
        self.write_config()
        if migrated:
            self.doorward("migrate")

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write_config(self):
        write_whole(self.path("doorward.conf"),
                    "issuer = https://op.example\n"
                    f"run_directory = {self.path('run')}\n"
                    f"default_template_directory = {os.path.join(SOURCE, 'templates')}\n"
                    f"sql_directory = {self.sql_directory}\n"
                    f"key_file = {self.path('keys')}\n"
                    f"password_blocklist = {os.path.join(SOURCE, 'data', 'common-passwords.txt')}\n"
                    "scrypt_log_n = 10\n"
                    f"database_socket = {self.server.socket}\n"
                    f"database_name = {NAME}\n"
                    "database_user = root\n" +
                    "".join(f"{name} = {value}\n" for name, value in self.settings.items()), mode=0o644)

    def command(self, *arguments):
        """What starts a subcommand of the program."""
        return [os.path.join(build_directory(), "doorward"), "-c", self.path("doorward.conf"), *arguments]

    def doorward(self, *arguments, status=0, input_text=None):
        """Runs a subcommand that must end with this status; its two outputs."""
        done = subprocess.run(self.command(*arguments), input=input_text, capture_output=True, text=True,
                              check=False)
        if done.returncode != status:
            raise AssertionError(f"doorward {' '.join(arguments)}: status {done.returncode}, not {status}\n"
                                 f"{done.stdout}{done.stderr}")
        return done.stdout, done.stderr

    def json(self, *arguments):
        return json.loads(self.doorward(*arguments, "--json")[0])

    def sql(self, text):
        return self.server.sql(text, NAME)

    def close(self):
        self.server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


class Probe:
    """store_probe in a dialogue."""

    def __init__(self, socket_path):
        self.process = subprocess.Popen(
            [os.path.join(build_directory(), "tests/store/store_probe"), "dialogue", socket_path, NAME],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1)

    def say(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the probe died: status {self.process.wait()}")
        return line.rstrip("\n")

    def ask(self, *words):
        self.say(*words)
        return self.hear()

    def close(self):
        self.process.stdin.close()
        status = self.process.wait(30)
        self.process.stdout.close()
        if status != 0:
            raise AssertionError(f"the probe ended with status {status}: a leak or worse")


def run_probe(what, socket_path):
    """Runs the probe to its end: status and output."""
    done = subprocess.run([os.path.join(build_directory(), "tests/store/store_probe"), what, socket_path, NAME],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class LossyProxy:
    """Carries a connection to the server; a request that holds the armed bytes is passed on, and the
    connection cut before its answer comes back: the client can't know whether it was done."""

    def __init__(self, directory, server_socket):
        self.path, self.server_socket = os.path.join(directory, "proxy.sock"), server_socket
        self.armed, self.cuts = None, 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(8)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.server_socket)
            cut = threading.Event()
            threading.Thread(target=self._ask, args=(client, server, cut), daemon=True).start()
            threading.Thread(target=self._answer, args=(server, client, cut), daemon=True).start()

    def _ask(self, client, server, cut):
        try:
            while data := client.recv(65536):
                if self.armed and self.armed in data:
                    self.armed = None
                    self.cuts += 1
                    cut.set()
                server.sendall(data)
        except OSError:
            pass
        self._shut(client, server)

    def _answer(self, server, client, cut):
        """What the server says once the cut is ordered shows that it has done its work."""
        try:
            while (data := server.recv(65536)) and not cut.is_set():
                client.sendall(data)
        except OSError:
            pass
        self._shut(client, server)

    @staticmethod
    def _shut(*ends):
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
