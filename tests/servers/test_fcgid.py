#!/usr/bin/env python3
"""Apache with mod_fcgid and .htaccess (contrib/shared-hosting)."""
from harness import main
from through import TestCase, Through


class Fcgid(Through, TestCase):
    KIND = "fcgid"
    test_program_away = None  # the web server starts the program itself


if __name__ == "__main__":
    main()
