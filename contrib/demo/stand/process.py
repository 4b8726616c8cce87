"""Processes that we start and end by their own number: each in a session of its own, with its output in
a log, and gone when we are gone, however we went."""
import ctypes
import os
import pwd
import random
import signal
import socket
import subprocess
import time

_libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
_claims = []

# How long a program may take to start. One that ends is noticed at once; this is for a machine that is busy with much else.
START_LIMIT_S = 120


class StartError(RuntimeError):
    """Something didn't start; the message says what, and ends with its log."""


def _tail(path, lines=25):
    try:
        with open(path, errors="replace") as log:
            return "".join(log.readlines()[-lines:])
    except OSError:
        return ""


def _child(death_signal, user):
    os.setsid()
    if user:
        os.initgroups(user.pw_name, user.pw_gid)
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    # After the change of user, which would forget it; a program that changes its user later forgets it, too.
    _libc.prctl(PR_SET_PDEATHSIG, death_signal)


class Process:
    """One program that runs until stop(). Must be made on the main thread: the kernel ends it when
    the thread that started it ends."""

    def __init__(self, name, arguments, log, env=None, stdin=subprocess.DEVNULL, cwd=None,
                 death_signal=signal.SIGTERM, user=None):
        """user: the name of the user to run as, when we are root."""
        self.name, self.log = name, log
        user = pwd.getpwnam(user) if user and os.geteuid() == 0 else None
        with open(log, "ab") as output:
            self.popen = subprocess.Popen(
                [str(argument) for argument in arguments], stdin=stdin, stdout=output, stderr=output,
                env=env, cwd=cwd, close_fds=True, preexec_fn=lambda: _child(death_signal, user))

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def wait_until(self, ready, seconds=START_LIMIT_S, what="become ready"):
        """Calls ready() until it is true; StartError when the program ends or time runs out."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.running():
                raise StartError(f"{self.name} ended with status {self.popen.returncode}:\n{_tail(self.log)}")
            if ready():
                return
            time.sleep(0.03)
        raise StartError(f"{self.name} didn't {what} within {seconds} s:\n{_tail(self.log)}")

    def stop(self, seconds=15, how=signal.SIGTERM):
        """Asks it to end, waits, and kills what is left of its session. The exit status, negative for
        a signal."""
        if self.running():
            self.popen.send_signal(how)
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        status = self.popen.wait()
        for pid in session_members(self.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return status


def session_members(session):
    """The processes whose session is that of a process of ours."""
    members = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            members.append(int(entry))
    return members


def run(arguments, env=None, input_text=None, cwd=None, check=True):
    """Runs a command to its end; its standard output. StartError with what it said when it fails."""
    done = subprocess.run([str(argument) for argument in arguments], input=input_text, text=True, env=env,
                          cwd=cwd, stdin=None if input_text is not None else subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if check and done.returncode != 0:
        raise StartError(f"{' '.join(map(str, arguments))}\nended with status {done.returncode}:\n"
                         f"{done.stdout}{done.stderr}")
    return done.stdout


def free_port():
    """A TCP port of loopback that nobody uses: below the range from which the kernel takes ports for
    outgoing connections, and claimed until we end, so that no other stand takes it before the server that gets it
    has bound it. The claim is an abstract socket, which the kernel takes back from whoever dies."""
    for _ in range(200):
        port = random.randrange(20000, 32000)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0doorward-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return port
    raise StartError("no free port between 20000 and 32000")
