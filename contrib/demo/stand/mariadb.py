"""A private MariaDB: own data directory, unix socket, no TCP, no tie to any server of the machine."""
import os
import shutil
import signal
import socket
import tempfile
import time

from .process import Process, StartError, run

# Small and quick to start; durable=False also leaves out the wait for the disk, for tests.
COMMON = ["--skip-networking", "--skip-log-bin", "--skip-name-resolve", "--performance-schema=OFF",
          "--innodb-log-file-size=16M", "--max-connections=200", "--innodb-flush-method=fsync",
          "--character-set-server=utf8mb4"]
QUICK = ["--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0", "--innodb-buffer-pool-size=48M",
         "--innodb-doublewrite=0"]


def _as_root():
    return ["--user=root"] if os.geteuid() == 0 else []


def template_directory(cache):
    """A stopped, initialised data directory, made once and copied for every server after that."""
    version = run(["mariadbd", "--version"]).split("Ver ")[1].split()[0]
    place = os.path.join(cache, f"mariadb-{version}")
    if os.path.isdir(place):
        return place
    os.makedirs(cache, exist_ok=True)
    making = tempfile.mkdtemp(dir=cache)
    try:
        # --force: no look-up of the host's name, which a bare machine can't answer and nobody needs here
        run(["mariadb-install-db", "--no-defaults", "--force", f"--datadir={making}", "--skip-test-db",
             "--auth-root-authentication-method=normal", "--innodb-log-file-size=16M"] + _as_root())
        os.rename(making, place)
    except OSError:  # somebody else was quicker
        pass
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return place


class MariaDB:
    """start(), stop(), kill(), freeze(), thaw(), sql()."""

    def __init__(self, directory, cache, durable=True):
        self.directory, self.cache, self.durable = directory, cache, durable
        self.data = os.path.join(directory, "data")
        self.socket = os.path.join(directory, "db.sock")
        self.log = os.path.join(directory, "log", "mariadbd.log")
        self.process = None

    def prepare(self, sql):
        """Makes the data directory; sql runs at every start, before the socket opens."""
        if not os.path.isdir(self.data):
            run(["cp", "-a", "--reflink=auto", template_directory(self.cache), self.data])
        with open(os.path.join(self.directory, "init.sql"), "w") as file:
            file.write(sql)
        os.chmod(file.name, 0o600)

    def start(self):
        self.process = Process("mariadbd", [
            "mariadbd", "--no-defaults", f"--datadir={self.data}", f"--socket={self.socket}",
            # one that starts deletes what it takes for old temporary tables, and so those of its neighbours
            f"--tmpdir={self.directory}",
            f"--pid-file={self.directory}/mariadbd.pid", f"--init-file={self.directory}/init.sql",
            *COMMON, *([] if self.durable else QUICK), *_as_root()], self.log)
        self.process.wait_until(self.answers, what="open its socket")

    def answers(self):
        """True when the server greets: its socket is there and it takes connections."""
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(2)
                probe.connect(self.socket)
                return len(probe.recv(64)) > 4
        except OSError:
            return False

    def stop(self):
        if self.process:
            self.process.stop(30)
            self.process = None

    def kill(self):
        """The server dies as by a power cut; start() brings it back."""
        self.process.popen.kill()
        self.process.stop()
        self.process = None

    def freeze(self):
        """The server hangs: connections stay open and nothing answers. Waits until each thread has stopped."""
        self.process.popen.send_signal(signal.SIGSTOP)
        until = time.monotonic() + 60
        while not self._is_stopped():
            if time.monotonic() > until:
                raise StartError("mariadbd goes on in spite of SIGSTOP")
            time.sleep(0.005)

    def _is_stopped(self):
        tasks = f"/proc/{self.process.popen.pid}/task"
        states = []
        try:
            for task in os.listdir(tasks):
                with open(f"{tasks}/{task}/stat") as file:
                    states.append(file.read().rsplit(")", 1)[1].split()[0])
        except OSError:  # a thread has ended since it was listed
            return False
        return all(state == "T" for state in states)

    def thaw(self):
        self.process.popen.send_signal(signal.SIGCONT)

    def sql(self, text, database="doorward"):
        """Runs SQL as root; rows as lists of strings."""
        if not self.process:
            raise StartError("the database is stopped")
        out = run(["mariadb", "--no-defaults", "-uroot", "-S", self.socket, "-N", "-B", database],
                  input_text=text)
        return [line.split("\t") for line in out.splitlines()]
