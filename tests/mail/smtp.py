"""An SMTP server that behaves as badly as it is told to (abuse 71), in threads of the test."""
import base64
import socket
import ssl
import threading
import time

from stand.process import free_port


class Delivery:
    def __init__(self, sender):
        self.sender, self.recipients, self.bytes, self.user, self.tls = sender, [], b"", None, False


class Smtp:
    """
    Between start() and stop() it takes mails into deliveries. How it behaves may be changed at any time:

    replies       {verb: reply}: "RCPT": "550 no such user"; "GREETING" and "END" (of the mail) count as verbs
    delays        {verb: seconds} before the reply, or a function that waits
    drops         verbs after which it hangs up without a word
    offers        words of EHLO
    users         {name: password}
    certificate   (certificate, key) for STARTTLS, or from the first byte when implicit is set
    """

    def __init__(self, certificate=None, implicit=False):
        self.port = free_port()
        self.certificate, self.implicit = certificate, implicit
        self.listener = None
        self.behave()

    def behave(self):
        """As a good server does again; forgets what it has seen."""
        self.replies, self.delays, self.drops, self.users = {}, {}, set(), {}
        self.offers = ["8BITMIME", "SMTPUTF8"] + (["STARTTLS"] if self.certificate and not self.implicit else [])
        self.deliveries, self.commands, self.connections = [], [], 0

    def start(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(32)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()
        return self

    def stop(self):
        listener, self.listener = self.listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *error):
        self.stop()

    def wait_for(self, count, seconds=60):
        """Until so many mails have been taken."""
        end = time.monotonic() + seconds
        while len(self.deliveries) < count:
            if time.monotonic() > end:
                raise AssertionError(f"{len(self.deliveries)} of {count} mails within {seconds} s")
            time.sleep(0.02)
        return self.deliveries

    def saw(self, verb):
        return any(command.upper().startswith(verb) for command in self.commands)

    # --- a conversation ---

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._safely, args=(connection,), daemon=True).start()

    def _safely(self, connection):
        try:
            connection.settimeout(60)
            if self.implicit:
                connection = self._secure(connection)
            self._talk(connection)
        except (OSError, EOFError):
            pass
        finally:
            connection.close()

    def _secure(self, connection):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate)
        return context.wrap_socket(connection, server_side=True)

    def _answer(self, connection, verb, usual):
        """False when what was asked for is refused."""
        delay = self.delays.get(verb, 0)
        delay() if callable(delay) else time.sleep(delay)
        if verb in self.drops:
            raise EOFError
        reply = self.replies.get(verb, usual)
        connection.sendall(reply.encode() + b"\r\n")
        return reply[0] in "23"

    def _talk(self, connection):
        file, tls, user, mail = connection.makefile("rb"), self.implicit, None, None
        self._answer(connection, "GREETING", "220 here")
        while True:
            line = file.readline()
            if not line:
                return
            command = line.decode("utf-8", "replace").rstrip("\r\n")
            self.commands.append(command)
            verb, _, rest = command.partition(" ")
            verb = verb.upper()
            if verb == "EHLO":
                offers = self.offers + (["AUTH PLAIN LOGIN"] if self.users else [])
                lines = ["here", *[word for word in offers if not (tls and word == "STARTTLS")]]
                usual = "\r\n".join(f"250{'-' if word is not lines[-1] else ' '}{word}" for word in lines)
                self._answer(connection, verb, usual)
            elif verb == "STARTTLS":
                if self._answer(connection, verb, "220 go on"):
                    connection, tls = self._secure(connection), True
                    file = connection.makefile("rb")
            elif verb == "AUTH":
                connection.sendall(b"334 \r\n")
                words = base64.b64decode(file.readline()).decode().split("\0")
                good = self.users.get(words[1]) == words[2]
                if self._answer(connection, verb, "235 welcome" if good else "535 5.7.8 who are you"):
                    user = words[1]
            elif verb == "MAIL":
                mail = Delivery(rest[len("FROM:<"):rest.index(">")])
                mail.user, mail.tls = user, tls
                self._answer(connection, verb, "250 fine")
            elif verb == "RCPT":
                if self._answer(connection, verb, "250 fine"):
                    mail.recipients.append(rest[len("TO:<"):rest.index(">")])
            elif verb == "DATA":
                if self._answer(connection, verb, "354 go on"):
                    self._take(connection, file, mail)
            elif verb == "QUIT":
                self._answer(connection, verb, "221 bye")
                return
            else:
                self._answer(connection, verb, "500 what")

    def _take(self, connection, file, mail):
        lines = []
        while True:
            line = file.readline()
            if not line:
                raise EOFError
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        mail.bytes = b"".join(lines)
        if "END" in self.drops:
            self.deliveries.append(mail)  # it has the mail; only its answer gets lost
        if self._answer(connection, "END", "250 taken"):
            self.deliveries.append(mail)
