#!/usr/bin/env python3
"""Certificates of clients through Apache (contrib/apache/doorward-mtls.conf)."""
from certificates import Certificates, TestCase
from harness import main


class Apache(Certificates, TestCase):
    KIND = "apache"


if __name__ == "__main__":
    main()
