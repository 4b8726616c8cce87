#!/usr/bin/env python3
"""Certificates of clients through nginx (contrib/nginx/doorward-mtls.conf)."""
from certificates import Certificates, TestCase
from harness import main


class Nginx(Certificates, TestCase):
    KIND = "nginx"


if __name__ == "__main__":
    main()
