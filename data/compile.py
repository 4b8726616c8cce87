#!/usr/bin/env python3
"""Compiles common-passwords.txt from the word lists of zxcvbn (see README): compile.py frequency_lists.coffee"""
import re
import sys

MINIMUM = 8
# How much of each list is taken: all passwords and names, and the words that people use most.
LISTS = {"passwords": None, "male_names": None, "female_names": None, "surnames": None,
         "us_tv_and_film": 10000, "english_wikipedia": 10000}
KEYBOARD = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop",
            "qsdfghjklm", "wxcvbn", "1qaz2wsx3edc4rfv5tgb", "1q2w3e4r5t6z", "1q2w3e4r5t6y7u8i9o0p", "!@#$%^&*()"]


def of_lists(text):
    for name, most in LISTS.items():
        words = re.search(rf"^\s*{name}: '([^']*)'", text, re.M) or re.search(rf'^\s*{name}: "([^"]*)"', text, re.M)
        yield from words.group(1).split(",")[:most]


def of_keyboard():
    """Each stretch of a row of keys, in both directions."""
    for row in KEYBOARD:
        for keys in (row, row[::-1]):
            for start in range(len(keys) - MINIMUM + 1):
                for end in range(start + MINIMUM, len(keys) + 1):
                    yield keys[start:end]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        words = {word.lower() for word in [*of_lists(file.read()), *of_keyboard()] if len(word) >= MINIMUM}
    sys.stdout.write("".join(word + "\n" for word in sorted(words, key=str.encode)))


if __name__ == "__main__":
    main()
