"""What black-box tests share: Doorward as a fixture (a whole stand in a directory of its own), and a
runner for unittest classes that prints TAP. Python's standard library only.

    from harness import Doorward, TestCase, main

    class Discovery(TestCase):
        @classmethod
        def setUpClass(cls):
            cls.door = cls.enterClassContext(Doorward())

        def test_issuer_is_configured(self):
            "T-77: the issuer in discovery is the configured one, whatever Host says"
            ...

    if __name__ == "__main__":
        main()

The first line of a test's docstring is its promise, and what TAP shows; it begins with the number of the
requirement or incident when it stands for one. `FILE.py PATTERN...` runs the tests whose name or promise
holds a pattern.
"""
import os
import sys

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(SOURCE, "contrib", "demo"))

from sign_in import Browser, SignInError, form_with, sign_in  # noqa: E402
from stand import MariaDB, Process, Stand, StartError, run  # noqa: E402

from .fixture import Doorward, build_directory  # noqa: E402
from .mailbox import Mail, Mailbox  # noqa: E402
from .providers import Providers  # noqa: E402
from .tap import TestCase, main  # noqa: E402

__all__ = ["SOURCE", "Browser", "SignInError", "form_with", "sign_in", "MariaDB", "Process", "Stand", "StartError",
           "run", "Doorward", "Mail", "Mailbox", "Providers", "build_directory", "TestCase", "main"]
