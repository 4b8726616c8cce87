#!/usr/bin/env python3
"""Certificates of clients through lighttpd (contrib/lighttpd/doorward-mtls.conf)."""
from certificates import Certificates, TestCase
from harness import main


class Lighttpd(Certificates, TestCase):
    KIND = "lighttpd"
    HANDS_OVER_UNKNOWN = False


if __name__ == "__main__":
    main()
