"""What a test file of this folder imports: test(), run(), the assertions and the flow.

A test is a function behind @test("what it promises"); it gets the Site. A file ends in run(), which
starts an installation of its own when none is in the environment, and reports as TAP."""
import os
import sys
import traceback

from checks import *  # noqa: F401,F403
from flow import *  # noqa: F401,F403
from jose import Jwt, challenge_of  # noqa: F401
from installation import Site  # noqa: F401

TESTS = []


def test(name):
    def keep(function):
        TESTS.append((name, function))
        return function
    return keep
