#!/usr/bin/env python3
"""Certificates of clients through lighttpd that starts the program (contrib/lighttpd/doorward-spawned.conf, doorward-mtls.conf)."""
from certificates import Certificates, TestCase
from harness import main


class LighttpdSpawned(Certificates, TestCase):
    KIND = "lighttpd-spawned"
    HANDS_OVER_UNKNOWN = False


if __name__ == "__main__":
    main()
