"""Doorward as a fixture: a stand in a temporary directory, quick and unforgiving."""
import os
import re
import shutil
import tempfile

from stand import Stand

from .mailbox import Mailbox

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
CACHE = os.environ.get("DOORWARD_CACHE", os.path.join(SOURCE, ".cache"))

# What a log holds when the program did what it never may.
FAULTS = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|UndefinedBehavior|\bbug\b.*\.c:\d+"
                    r"|doorward: (worker|housekeeper|courier) (died|killed)")


def build_directory():
    """Where the program under test was built (tests/run says so)."""
    return os.environ.get("DOORWARD_BUILD", os.path.join(CACHE, "build-tests"))


class Doorward(Stand):
    """
    with Doorward(server="nginx", settings={"code_lifetime": "5s"}) as door: ...

    Takes what Stand takes, but for the directory. A worker that dies unasked ends the program
    (DOORWARD_NO_RESPAWN) and fails the test at the end; so does a sanitizer's report, a leak, or an exit
    status other than 0. faults=False leaves that out, for tests that kill workers.
    """

    def __init__(self, *, server="lighttpd", faults=True, respawn=False, program=None, workers=2, **options):
        self.place = tempfile.mkdtemp(prefix="dw-", dir=os.environ.get("DOORWARD_TMP", "/tmp"))
        self.faults = faults
        sanitizer = os.environ.get("ASAN_OPTIONS", "detect_leaks=1")
        env = {"ASAN_OPTIONS": sanitizer + ":abort_on_error=0:exitcode=99", "UBSAN_OPTIONS": "print_stacktrace=1",
               **({} if respawn else {"DOORWARD_NO_RESPAWN": "1"}), **options.pop("env", {})}
        # Cheap password hashes, as what is tested is the rule and not the cost; callers may ask as fast as they can.
        settings = {"scrypt_log_n": 10, "service_api_rate": 0, "service_management_limit": 0, **options.pop("settings", {})}
        super().__init__(self.place, program or os.path.join(build_directory(), "doorward"), SOURCE,
                         server=server, settings=settings, durable=options.pop("durable", False), cache=CACHE,
                         pools=options.pop("pools", {"main": {"workers": workers}}), env=env, **options)
        self.mail = Mailbox(self.mail_directory)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, kind, error, trace):
        running = self.service is not None
        status = self.stop()
        faults = self.log_faults()
        self._remove()
        if not self.faults or kind is not None:
            return
        if faults:
            raise AssertionError("the program did what it never may:\n" + faults)
        if running and status != 0:
            raise AssertionError(f"doorward ended with status {status}")

    def log_faults(self):
        """Lines around each sanitizer report, bug or dead worker in the logs, "" when there is none."""
        lines = (self.log_text() + self.log_text("web.log")).splitlines()
        marked = [number for number, line in enumerate(lines) if FAULTS.search(line)]
        if not marked:
            return ""
        return "\n".join(lines[max(0, marked[0] - 3):marked[0] + 40])

    def _remove(self):
        keep = os.environ.get("DOORWARD_KEEP")
        if keep:
            print(f"# kept {self.place}", flush=True)
        else:
            shutil.rmtree(self.place, ignore_errors=True)
