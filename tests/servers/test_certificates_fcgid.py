#!/usr/bin/env python3
"""Certificates of clients through Apache's mod_fcgid (contrib/shared-hosting/doorward-mtls.conf)."""
from certificates import Certificates, TestCase
from harness import main


class Fcgid(Certificates, TestCase):
    KIND = "fcgid"


if __name__ == "__main__":
    main()
