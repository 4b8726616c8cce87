#!/usr/bin/env python3
"""An SMTP server that keeps what it gets: mail_sink.py DIRECTORY, with its listening socket as standard input.
Each mail becomes DIRECTORY/NNN.eml, its envelope in headers of its own in front, and NNN.json with what a
script wants of it: to, mail, subject, text, html, links, pin. Run by Debian's Python, for python3-aiosmtpd."""
import asyncio
import email
import email.policy
import json
import os
import re
import socket
import sys

from aiosmtpd.smtp import SMTP

TIMEOUT_S = 30


def part(message, kind):
    body = message.get_body((kind,))
    return body.get_content() if body else ""


def reading(message, recipients):
    text = part(message, "plain")
    pin = re.search(r"^\s*(\d{6})\s*$", text, re.MULTILINE)
    return {"to": recipients, "mail": message["X-Doorward-Mail"], "subject": message["Subject"], "text": text,
            "html": part(message, "html"), "links": [link.rstrip(".,;:") for link in re.findall(r"https?://[^\s<>\"]+", text)],
            "pin": pin.group(1) if pin else None}


class Keeper:
    def __init__(self, directory):
        self.directory = directory
        numbers = [int(name[:-4]) for name in os.listdir(directory) if re.fullmatch(r"\d+\.eml", name)]
        self.number = max(numbers, default=0)

    def write(self, suffix, content):
        """Complete, or not there at all."""
        path = os.path.join(self.directory, f"{self.number:03d}{suffix}")
        with open(path + ".new", "wb") as file:
            file.write(content)
        os.rename(path + ".new", path)

    async def handle_DATA(self, server, session, envelope):
        self.number += 1
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.write(".json", json.dumps(reading(message, envelope.rcpt_tos)).encode())
        front = [f"X-Envelope-From: {envelope.mail_from}"] + [f"X-Envelope-To: {to}" for to in envelope.rcpt_tos]
        self.write(".eml", "".join(line + "\r\n" for line in front).encode() + envelope.content)
        return "250 OK"


async def serve(directory):
    keeper = Keeper(directory)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(keeper, hostname="localhost", enable_SMTPUTF8=True, timeout=TIMEOUT_S, loop=loop),
        sock=socket.socket(fileno=os.dup(0)))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
