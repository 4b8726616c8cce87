#!/usr/bin/env python3
"""What went wrong elsewhere and what an attacker would try is kept in numbered lists: incidents (T-n), security (security n) and
abuse (abuse n). Each number that is about people who sign in is in the promise of a test, or is named here with what it waits for."""
import os
import re

from harness import SOURCE, TestCase, main

# Numbers of what isn't built yet: the tests come with it.
LATER = {
    "T-55": "back-channel logout",
    "T-76": "the device flow",
    "T-102": "dynamic registration",
    "T-105": "metrics",
}
WANTED = ([f"T-{number}" for number in range(31, 113)] +
          [f"security {number}" for number in [4, 38, *range(48, 62), 85, 86, 88, 89, 96, 102, 103, *range(105, 137), 142]] +
          [f"abuse {number}" for number in (27, 39, 40, 41, 42, 43, 44, 71, 72)] + ["1.4", "1.6", "2.6", "2.9"])

# What a test promises: @test("…"), test('…' in JavaScript, the first line of a docstring, and the comment above a
# unit test, whose name may bear it as well: …_T64.
PROMISES = {
    ".py": [r'@test\(f?"(.*)"\)$', r'^ +"{1,3}((?:T-|abuse |security |\d).*?)"{1,3}$', r'^ +test\(f"(.*)"$'],
    ".mjs": [r"\btest\(['`](.*?)['`], "],
    ".c": [r"^/\* (.*)", r"^static void (\w+)\(void \*\*state\)$"],
}


def test_files():
    for folder, folders, names in os.walk(os.path.join(SOURCE, "tests")):
        folders[:] = sorted(name for name in folders if name not in ("node_modules", "guard", "lib", "fuzz", "__pycache__"))
        for name in sorted(names):
            if name.startswith("test_") or name in ("through.py", "certificates.py"):
                yield os.path.join(folder, name)


def numbers_of(promise):
    """The numbers that a promise bears: "T-72, security 115, 116, abuse 27: …"."""
    found = {f"T-{number}" for number in re.findall(r"(?:\bT-|_T)(\d+)\b", promise.replace("_T", " _T"))}
    for word, numbers in re.findall(r"\b(security(?:\.md)?|abuse) (\d+(?:, \d+)*)", promise):
        found |= {f"{word.split('.')[0]} {number}" for number in numbers.split(", ")}
    return found | set(re.findall(r"(?<![\d.])(1\.4|1\.6|2\.6|2\.9)(?![\d.])", promise))


def kept():
    """Each number with the files whose promises bear it."""
    found = {}
    for path in test_files():
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for pattern in PROMISES.get(os.path.splitext(path)[1], []):
            for promise in re.findall(pattern, text, re.M):
                for number in numbers_of(promise):
                    found.setdefault(number, set()).add(os.path.relpath(path, SOURCE))
    return found


class Numbers(TestCase):
    def test_each_has_a_test(self):
        "numbers: each line of the lists about people who sign in is promised by a test, or waits for what is named"
        found = kept()
        self.assertEqual([], [number for number in WANTED if number not in found and number not in LATER])

    def test_nothing_waits_that_is_there(self):
        "numbers: what is said to come later has no test yet"
        found = kept()
        self.assertEqual({}, {number: sorted(found[number]) for number in LATER if number in found})

    def test_promises_are_read(self):
        "numbers: promises of every form are read as they are written"
        self.assertEqual({"T-72", "security 115", "security 116", "abuse 27"}, numbers_of("T-72, security 115, 116, abuse 27: x 118"))
        self.assertEqual({"T-64"}, numbers_of("view__hostile_names_are_text_T64"))
        self.assertEqual(set(), numbers_of("256 bits, 2.91, 12.9 and T-: nothing"))


if __name__ == "__main__":
    main()
