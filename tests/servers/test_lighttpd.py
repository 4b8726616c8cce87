#!/usr/bin/env python3
"""lighttpd that connects to the service (contrib/lighttpd/doorward.conf)."""
from harness import main
from through import TestCase, Through


class Lighttpd(Through, TestCase):
    KIND = "lighttpd"
    REFUSES_ANNOUNCED = True
    RETRY_AFTER = None  # lighttpd can't add a header to an error of its own


if __name__ == "__main__":
    main()
