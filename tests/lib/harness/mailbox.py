"""What the mail server of a stand has received."""
import email
import email.policy
import json
import os
import re
import time


class Mail:
    """One mail as it arrived: subject, text, html, links (those of the text), pin, mail (the template's name),
    headers (an email.message), recipients (of the envelope), bytes."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        with open(path[:-4] + ".json") as file:
            known = json.load(file)
        self.headers = email.message_from_bytes(self.bytes, policy=email.policy.default)
        self.recipients, self.mail, self.subject = known["to"], known["mail"], known["subject"]
        self.text, self.html, self.links, self.pin = known["text"], known["html"], known["links"], known["pin"]

    def link(self, part=""):
        """The first link that holds this."""
        return next(link for link in self.links if part in link)


class Mailbox:
    """
    mail = door.mail.wait("ada@example.org", "magic_link")

    wait() gives the newest mail that it hasn't given before, and counts the older ones to the same address as
    read, too.
    """

    def __init__(self, directory):
        self.directory = directory
        self.read = set()

    def _names(self):
        names = [name for name in os.listdir(self.directory) if re.fullmatch(r"\d+\.eml", name)]
        return sorted(names, key=lambda name: int(name[:-4]))

    def _fits(self, name, to, mail):
        with open(os.path.join(self.directory, name[:-4] + ".json")) as file:
            known = json.load(file)
        return (to is None or to.lower() in [known_to.lower() for known_to in known["to"]]) \
            and mail in (None, known["mail"])

    def all(self, to=None, mail=None):
        """Every mail so far, read or not, the oldest first."""
        return [Mail(os.path.join(self.directory, name)) for name in self._names() if self._fits(name, to, mail)]

    def take(self, to=None, mail=None):
        """The newest unread one now; None when there is none."""
        found = [name for name in self._names() if name not in self.read and self._fits(name, to, mail)]
        self.read.update(found)
        return Mail(os.path.join(self.directory, found[-1])) if found else None

    def wait(self, to=None, mail=None, timeout=60):
        end = time.monotonic() + timeout
        while True:
            found = self.take(to, mail)
            if found:
                return found
            if time.monotonic() > end:
                have = ", ".join(f"{mail.mail} to {mail.recipients}" for mail in self.all())
                raise AssertionError(f"no mail {mail or ''} to {to} within {timeout} s; there are: {have or 'none'}")
            time.sleep(0.02)

    def none(self, to=None, mail=None, seconds=0.5):
        """Waits a moment and is true when nothing unread has come."""
        time.sleep(seconds)
        return self.take(to, mail) is None
