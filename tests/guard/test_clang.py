#!/usr/bin/env python3
"""The second compiler: clang reads every source with the strict set and has nothing to say."""
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from harness import SOURCE, TestCase, build_directory, main


def flags():
    """Warnings and definitions of the build, without what only gcc knows."""
    with open(os.path.join(build_directory(), "Makefile"), encoding="utf-8") as file:
        text = file.read()
    found = []
    for name in ("WARN_CFLAGS", "CRYPTO_CFLAGS", "JSON_CFLAGS", "MARIADB_CFLAGS", "IDN_CFLAGS", "CURL_CFLAGS"):
        match = re.search(rf"^{name} = (.*)$", text, re.M)
        found += match.group(1).split() if match else []
    return [flag for flag in found if flag not in ("-Wlogical-op", "-Wduplicated-cond")]


class Clang(TestCase):
    def test_no_warning(self):
        "clang: no warning in any file of src"
        common = ["clang", "-fsyntax-only", "-std=gnu11", "-Werror", *flags(), "-I" + os.path.join(SOURCE, "src"),
                  "-I" + build_directory(), '-DDATADIR="x"', '-DSYSCONFDIR="x"']
        paths = [os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(SOURCE, "src"))
                 for name in names if name.endswith(".c")]
        self.assertTrue(paths)

        def check(path):
            done = subprocess.run([*common, path], capture_output=True, text=True, check=False)
            return done.stderr if done.returncode else ""
        with ThreadPoolExecutor(2) as pool:
            said = "".join(pool.map(check, sorted(paths)))
        self.assertEqual("", said[:6000])


if __name__ == "__main__":
    main()
