#!/usr/bin/env python3
"""lighttpd that starts the program (contrib/lighttpd/doorward-spawned.conf)."""
from harness import main
from through import TestCase, Through


class LighttpdSpawned(Through, TestCase):
    KIND = "lighttpd-spawned"
    REFUSES_ANNOUNCED = True
    test_program_away = None  # the web server starts the program itself


if __name__ == "__main__":
    main()
