#!/usr/bin/env python3
"""Apache with mod_proxy_fcgi (contrib/apache)."""
from harness import main
from through import TestCase, Through


class Apache(Through, TestCase):
    KIND = "apache"


if __name__ == "__main__":
    main()
