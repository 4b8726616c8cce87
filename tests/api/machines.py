"""Other machines on the same database: a second one beside this, or this one after it has forgotten what it counted."""
import contextlib
import glob
import os
import signal
import subprocess
import tempfile
import time
import urllib.parse

import fcgi_client as wire
from checks import equal


@contextlib.contextmanager
def second_machine(site):
    """Another master with a run directory of its own, on the same database; its socket."""
    with tempfile.TemporaryDirectory(prefix="dwm-") as directory:
        run, config = os.path.join(directory, "run"), os.path.join(directory, "doorward.conf")
        os.mkdir(run)
        with open(site.conf, encoding="utf-8") as own, open(config, "w", encoding="utf-8") as file:
            file.write("".join(f"run_directory = {run}\n" if line.startswith("run_directory") else line for line in own if "socket_group" not in line))
        with open(os.path.join(directory, "log"), "w+") as log:
            master = subprocess.Popen([site.program, "-c", config, "serve"], stdout=log, stderr=log)
            try:
                socket = os.path.join(run, "main.sock")
                within(60, lambda: answers(socket), "a second machine's answer")
                yield socket
            finally:
                master.send_signal(signal.SIGTERM)
                status = master.wait(timeout=60)
            log.seek(0)
            equal(status, 0, log.read())


def ask_at(socket, method, uri, fields=None, address="127.0.0.1", headers=(), more=()):
    """One request to a master's socket, as a web server passes it; more: pairs that it sets itself."""
    body = urllib.parse.urlencode(fields).encode() if fields else b""
    pairs = [("REQUEST_METHOD", method), ("REQUEST_URI", uri), ("REMOTE_ADDR", address), ("HTTPS", "on"), ("SERVER_PROTOCOL", "HTTP/1.1"),
             *[(f"HTTP_{name.upper().replace('-', '_')}", value) for name, value in dict(headers).items()], *more]
    if fields:
        pairs += [("CONTENT_TYPE", "application/x-www-form-urlencoded"), ("CONTENT_LENGTH", str(len(body)))]
    return wire.request(socket, pairs, body)


def restart_as_another_machine(site):
    """The same program with a shared page that has counted nothing."""
    site.door.stop_service()
    os.unlink(os.path.join(site.door.directory, "run", "shared"))
    for path in glob.glob(os.path.join(site.door.directory, "run", "*.sock")):
        os.unlink(path)
    site.door.start_service()
    site.door.wait_ready()


def answers(socket):
    try:
        return wire.request(socket, timeout=5).status == 200
    except (OSError, wire.Closed):
        return False


def within(seconds, condition, what):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.1)
