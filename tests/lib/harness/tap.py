"""unittest with TAP output: one line a test, its promise behind it, what went wrong as comments."""
import signal
import sys
import time
import unittest


class TestCase(unittest.TestCase):
    """unittest's, with long differences shown and promises of one line."""
    maxDiff = 4000
    longMessage = True


def promise(test):
    """The first line of the test's docstring, or its name in words."""
    return test.shortDescription() or test.id().rpartition(".")[2].replace("test_", "", 1).replace("_", " ")


class _TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number, self.failed, self.started, self.failed_part = 0, 0, 0.0, False

    def startTest(self, test):
        super().startTest(test)
        self.started, self.failed_part = time.monotonic(), False

    def _line(self, good, test, comment="", error=None):
        self.number += 1
        self.failed += not good
        if error:
            text = self._exc_info_to_string(error, test) if isinstance(error, tuple) else str(error)
            for line in text.splitlines():
                print(f"# {line}")
        name = promise(test) if isinstance(test, unittest.TestCase) else str(test)
        name = name.replace("#", "no. ")
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}{comment}", flush=True)

    def addSuccess(self, test):
        if not self.failed_part:
            self._line(True, test, f" # {time.monotonic() - self.started:.1f} s")

    def addError(self, test, error):
        self._line(False, test, error=error)

    addFailure = addError

    def addSkip(self, test, reason):
        self._line(True, test, f" # SKIP {reason}")

    def addSubTest(self, test, subtest, error):
        if error:
            self.failed_part = True
            self._line(False, test, error=(f"{subtest}\n" + self._exc_info_to_string(error, test)))


def _chosen(suite, patterns):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _chosen(test, patterns)
        elif not patterns or any(pattern in f"{test.id()} {promise(test)}" for pattern in patterns):
            yield test


def main(module="__main__"):
    """Runs the tests of a module, those that the command line names; exits 0 or 1."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[module])
    tests = list(_chosen(suite, sys.argv[1:]))
    result = _TapResult()
    unittest.TestSuite(tests).run(result)
    print(f"1..{result.number}", flush=True)
    sys.exit(1 if result.failed or not result.number else 0)
