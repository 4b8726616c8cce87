#!/usr/bin/env python3
"""The source as it is kept: formatted, without loose ends, every test wired in, no script that a shell
checker would object to."""
import os
import re
import subprocess

from harness import SOURCE, TestCase, main

SKIPPED = {".git", ".cache", "build", "node_modules", "__pycache__", "autom4te.cache", "build-aux", "vectors",
           "wycheproof", "mustache-spec"}
GENERATED = {"configure", "aclocal.m4", "Makefile.in", "config.h.in", "configure~", "config.h.in~",
             "Makefile", "config.h", "config.log", "config.status"}


def files(*endings):
    for folder, folders, names in os.walk(SOURCE):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        for name in sorted(names):
            if name not in GENERATED and (not endings or name.endswith(endings)):
                yield os.path.join(folder, name)


def relative(path):
    return os.path.relpath(path, SOURCE)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def output(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=SOURCE)
    return done.returncode, (done.stdout + done.stderr)[:6000]


class Sources(TestCase):
    def test_format(self):
        "format: clang-format has nothing to change"
        paths = [path for path in files(".c", ".h")]
        status, said = output(["clang-format", "--dry-run", "-Werror", *paths])
        self.assertEqual(0, status, said)

    def test_shell_scripts(self):
        "lint: shellcheck has nothing to say about any shell script"
        scripts = [path for path in files() if os.access(path, os.X_OK) and
                   re.match(rb"#!/(usr/)?bin/(env )?(ba)?sh\b", open(path, "rb").read(40))]
        scripts += [path for path in files(".sh")]
        self.assertTrue(scripts)
        status, said = output(["shellcheck", "-x", *scripts])
        self.assertEqual(0, status, said)

    def test_python(self):
        "lint: every Python file compiles"
        for path in files(".py"):
            with self.subTest(relative(path)):
                compile(read(path), path, "exec")

    def test_no_loose_ends(self):
        "sources: nothing is left to do, and nothing tells where it was made"
        here = re.escape(SOURCE + "/")
        words = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\bfor now\b|/root/|" + here)
        wrong = []
        for path in files(".c", ".h", ".py", ".mjs", ".js", ".sql", ".mustache", ".css", ".sh", ".ac", ".am", ".inc",
                          ".md", ".conf", ".1", ".5", ".7", ".8"):
            if relative(path).startswith("tests/guard/"):
                continue
            for number, line in enumerate(read(path).splitlines(), 1):
                if words.search(line):
                    wrong.append(f"{relative(path)}:{number}: {line.strip()[:100]}")
        self.assertEqual([], wrong)

    def test_file_opens_with_its_purpose(self):
        "sources: every C file opens with what it is for"
        wrong = [relative(path) for path in files(".c", ".h")
                 if relative(path).startswith("src/") and not read(path).startswith("/*")]
        self.assertEqual([], wrong)

    def test_unit_tests_are_wired_in(self):
        "tests: every unit test file is a program of tests/unit/Makefile.inc"
        listed = read(os.path.join(SOURCE, "tests/unit/Makefile.inc"))
        names = [os.path.basename(path)[:-2] for path in files(".c")
                 if os.path.basename(path).startswith("test_") and relative(path).startswith("tests/unit/")]
        self.assertEqual([], [name for name in names if not re.search(rf"\b{name}\.c\b", listed)])

    def test_functions_are_wired_in(self):
        "tests: every test function of a unit program is run by its table"
        wrong = []
        for path in files(".c"):
            if not os.path.basename(path).startswith("test_"):
                continue
            text = read(path)
            for name in re.findall(r"^static void (\w+__\w+)\(void \*\*", text, re.M):
                if len(re.findall(rf"\b{name}\b", text)) < 2:
                    wrong.append(f"{relative(path)}: {name}")
        self.assertEqual([], wrong)

    def test_tests_are_found(self):
        "tests: every test file has a name that tests/run finds"
        suites = ("guard", "store", "process", "api", "servers", "clients", "browser", "fault")
        listed = set(subprocess.run([os.path.join(SOURCE, "tests/run"), "--list"], capture_output=True, text=True,
                                    check=True).stdout.split())
        wrong = []
        for path in files(".py", ".mjs"):
            parts = relative(path).split("/")
            runs = "main()" in read(path) or "run()" in read(path) if path.endswith(".py") else "node:test" in read(path)
            if parts[0] == "tests" and parts[1] in suites and len(parts) == 3 and os.access(path, os.X_OK) and runs:
                if f"{parts[1]}/{parts[2]}" not in listed:
                    wrong.append(relative(path))
        self.assertEqual([], wrong)

    def test_shipped(self):
        "dist: every folder of the source is shipped"
        makefile = read(os.path.join(SOURCE, "Makefile.am"))
        shipped = re.search(r"^shipped = ([^\n]*\\\n)*[^\n]*", makefile, re.M).group(0)
        folders = [name for name in os.listdir(SOURCE) if os.path.isdir(os.path.join(SOURCE, name))
                   and name not in SKIPPED | {"src", "m4", "build-aux"} and not name.startswith("doorward-")
                   and not name.startswith("build")]
        self.assertEqual([], [name for name in folders if not re.search(rf"(^|\s){re.escape(name)}(\s|$)", shipped)])


if __name__ == "__main__":
    main()
