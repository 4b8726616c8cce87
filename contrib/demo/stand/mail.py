"""The mail server of a stand: takes every mail and keeps it as a file; nothing leaves the machine."""
import os
import socket
import sys

from .process import Process, free_port

HERE = os.path.dirname(os.path.abspath(__file__))


class MailServer:
    """start() and stop(); between them mails to port land in directory. The port stays the same."""

    def __init__(self, directory, log):
        self.directory, self.log = directory, log
        self.port = free_port()
        self.process = None

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    def start(self):
        """Returns at once: the socket is there before the process is, so nobody needs to wait for it."""
        python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port))
            listener.listen(64)
            self.process = Process("the mail server", [python, "-I", os.path.join(HERE, "mail_sink.py"),
                                                       self.directory], self.log, stdin=listener)

    def stop(self):
        process, self.process = self.process, None
        if process:
            process.stop(5)
