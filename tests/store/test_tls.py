"""The database over TCP and TLS: with database_tls_ca set, only the server that it vouches for is spoken to."""
import os
import re
import socket
import subprocess

from database import NAME, Database
from harness import Process, run, tap
from stand.mariadb import COMMON
from stand.process import free_port


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as probe:
            return len(probe.recv(16)) > 4
    except OSError:
        return False


class Tls(tap.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()
        cls.database.doorward("key-file", "create", cls.database.path("keys"))
        cls.database.sql("CREATE USER safe@'%' IDENTIFIED BY 'pw' REQUIRE SSL; GRANT ALL ON doorward.* TO safe@'%';"
                         "CREATE USER plain@'%' IDENTIFIED BY 'pw'; GRANT ALL ON doorward.* TO plain@'%'")
        for name in ("good", "other"):
            cls.make_ca(name)
        cls.make_certificate("good", "localhost", "DNS:localhost,IP:127.0.0.1")
        cls.database.server.stop()

    @classmethod
    def tearDownClass(cls):
        cls.database.close()

    words = ""

    @classmethod
    def make_ca(cls, name):
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-keyout", cls.database.path(f"{name}-ca.key"), "-out", cls.database.path(f"{name}-ca.pem"),
             "-subj", f"/CN={name} CA"])

    @classmethod
    def make_certificate(cls, ca, name, names):
        run(["openssl", "req", "-x509", "-CA", cls.database.path(f"{ca}-ca.pem"), "-CAkey",
             cls.database.path(f"{ca}-ca.key"), "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-keyout", cls.database.path(f"{name}.key"), "-out", cls.database.path(f"{name}.pem"),
             "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}", "-addext",
             "basicConstraints=critical,CA:false"])

    def serve(self, certificate=None):
        """Starts the server on a port of loopback; its port."""
        port = free_port()
        options = [] if not certificate else [f"--ssl-cert={self.database.path(certificate + '.pem')}",
                                              f"--ssl-key={self.database.path(certificate + '.key')}"]
        server = Process("mariadbd", [
            "mariadbd", "--no-defaults", f"--datadir={self.database.server.data}", *COMMON, "--skip-networking=0",
            f"--socket={self.database.path('tcp.sock')}", "--bind-address=127.0.0.1", f"--port={port}",
            f"--pid-file={self.database.path('tcp.pid')}", *(["--user=root"] if os.geteuid() == 0 else []), *options],
            self.database.path("log", "tcp.log"))
        self.addCleanup(server.stop)
        server.wait_until(lambda: answers(port), 30, "open its port")
        return port

    def connects(self, port, user, ca=None, host="127.0.0.1"):
        """Whether a command of the program reaches the database so."""
        path = self.database.path("doorward.conf")
        with open(path) as file:
            text = re.sub(r"^database_.*\n", "", file.read(), flags=re.M)
        with open(path, "w") as file:
            file.write(f"{text}database_host = {host}\ndatabase_port = {port}\ndatabase_name = {NAME}\n"
                       f"database_user = {user}\ndatabase_password = pw\n")
            if ca:
                file.write(f"database_tls_ca = {self.database.path(ca + '-ca.pem')}\n")
        command = self.database.command("service", "list")
        os.chmod(path, 0o600)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, (0, 4), done.stderr)
        self.words = done.stderr
        return done.returncode == 0

    def refused(self, error, *arguments):
        """Refused with this error number of the database or its client library."""
        self.assertFalse(self.connects(*arguments))
        self.assertIn(f"can't connect: {error}", self.words)

    def test_tcp(self):
        """Over TCP without TLS when no CA is configured, and never with a user that needs TLS"""
        port = self.serve()
        self.assertTrue(self.connects(port, "plain"), self.words)
        self.refused("1045", port, "safe")

    def test_tls(self):
        """With a CA: only to a server with a certificate of that CA, for the name that is configured"""
        port = self.serve("localhost")
        self.assertTrue(self.connects(port, "safe", "good"), self.words)
        self.assertTrue(self.connects(port, "safe", "good", "localhost"), self.words)
        self.refused("2026", port, "plain", "other")

    def test_foreign_name(self):
        """A certificate of the right CA for another name is refused"""
        self.make_certificate("good", "elsewhere", "DNS:elsewhere.example")
        self.refused("2026", self.serve("elsewhere"), "plain", "good")

    def test_no_downgrade(self):
        """With a CA, a server without TLS is refused: credentials never go in the clear"""
        self.refused("2026", self.serve(), "plain", "good")


if __name__ == "__main__":
    tap.main()
