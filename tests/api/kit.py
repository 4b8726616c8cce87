"""What a test file of this folder imports: test(), run(), the assertions and the flow.

A test is a function behind @test("what it promises"); it gets the Site. A file ends in run(), which
starts a Doorward of its own, or uses the one that the DOORWARD_* variables tell of (a demo, say)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from checks import *  # noqa: E402,F401,F403
from flow import *  # noqa: E402,F401,F403
from harness import Doorward, TestCase, main  # noqa: E402
from installation import Site  # noqa: E402
from jose import Jwt, challenge_of  # noqa: E402,F401

_tests = []


def test(promise):
    """Makes a function a test whose promise this is."""
    def keep(function):
        _tests.append((promise, function))
        return function
    return keep


def _method(promise, function, number):
    def method(self):
        function(self.site)
    method.__name__ = f"test_{number:03}_{function.__name__}"
    method.__doc__ = promise
    return method


def run(**options):
    """Runs the tests of the file that calls it, unless it's only imported. options are Doorward's."""
    caller = sys._getframe(1).f_globals
    if caller["__name__"] != "__main__":
        return
    own = not os.environ.get("DOORWARD_URL")

    class Api(TestCase):
        @classmethod
        def setUpClass(cls):
            door = cls.enterClassContext(Doorward(**options)) if own else None
            cls.site = Site(door.environment() if door else os.environ, door)

        @classmethod
        def tearDownClass(cls):
            cls.site.web.close()

    add_tests(Api)
    caller["Api"] = Api
    main()


def add_tests(case):
    """Makes the functions behind @test methods of a class, which has the Site."""
    for number, (promise, function) in enumerate(_tests):
        method = _method(promise, function, number)
        setattr(case, method.__name__, method)
    case.__module__ = "__main__"
