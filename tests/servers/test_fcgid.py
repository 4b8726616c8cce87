#!/usr/bin/env python3
"""Apache with mod_fcgid and .htaccess (contrib/shared-hosting)."""
import contextlib
import os
import shutil

from harness import main
from through import DISCOVERY, TestCase, Through


class Fcgid(Through, TestCase):
    KIND = "fcgid"
    test_program_away = None  # the web server starts the program itself

    def serving(self):
        """The processes that serve under our configuration."""
        found = set()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
                if self.door.config.encode() in file.read().split(b"\0"):
                    found.add(pid)
        return found

    def test_replaced(self):
        "shared hosting: once a copy of doorward.fcgi was renamed over it, the next request is answered by a new process"
        self.assertEqual(200, self.ask("GET", DISCOVERY).status)
        before = self.serving()
        script = os.path.join(self.door.web.directory, "htdocs", "doorward.fcgi")
        shutil.copy2(script, script + ".new")
        os.rename(script + ".new", script)
        self.assertEqual(200, self.ask("GET", DISCOVERY).status)
        self.assertTrue(before and self.serving() - before, before)


if __name__ == "__main__":
    main()
