#!/usr/bin/env python3
"""The manuals say what the program does: endpoints, options and commands agree, both ways."""
import json
import os
import re
import subprocess
import tempfile

from harness import SOURCE, TestCase, build_directory, main

PROGRAM = os.path.join(build_directory(), "doorward")


def manual(name):
    with open(os.path.join(SOURCE, "man", name), encoding="utf-8") as file:
        return file.read()


def program(*arguments):
    """What a subcommand prints, run with a configuration that names an issuer alone."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
        config.write("issuer = https://sso.example.org\n")
        config.flush()
        os.chmod(config.name, 0o600)
        done = subprocess.run([PROGRAM, "-c", config.name, *arguments], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{arguments}: {done.returncode} {done.stderr}"
    return done.stdout


def rows(value):
    """Every object with a method and a path, wherever in the JSON it stands."""
    if isinstance(value, list):
        for item in value:
            yield from rows(item)
    elif isinstance(value, dict):
        if "method" in value and "path" in value:
            yield value
        for item in value.values():
            if isinstance(item, (list, dict)):
                yield from rows(item)


def options():
    """The names of all options, of the file and of its pool sections."""
    shown = json.loads(program("config", "show", "--json"))
    names = set()

    def gather(value):
        if isinstance(value, dict):
            if isinstance(value.get("name"), str) and "default" in value:
                names.add(value["name"])
            value = list(value.values())
        if isinstance(value, list):
            for item in value:
                gather(item)
    gather(shown)
    return names


class Manuals(TestCase):
    def test_routes(self):
        "manual: doorward-api(7) names every endpoint with its aliases, and none that isn't there"
        told = set()
        for line in re.findall(r"^\.It ((?:GET|POST|PUT|PATCH|DELETE) .*)$", manual("doorward-api.7"), re.M):
            method, _, paths = line.partition(" ")
            told |= {f"{method} {path.strip()}" for path in paths.replace('"', "").split(",")}
        known = set()
        for row in rows(json.loads(program("routes", "--json"))):
            known |= {f"{row['method']} {path}" for path in [row["path"], *row.get("aliases", [])]}
        self.assertTrue(known)
        self.assertEqual((set(), set()), (known - told, told - known), "(not in the manual, not in the program)")

    def test_options(self):
        "manual: doorward.conf(5) names every option, and none that isn't there"
        known = options()
        told = set(re.findall(r"^\.It (?:Cm|Ic) (\w+)", manual("doorward.conf.5"), re.M))
        self.assertTrue(known)
        self.assertEqual((set(), set()), (known - told, told - known), "(not in the manual, not in the program)")

    def test_options_of_the_sample(self):
        "manual: every option of the sample configuration is one that the program knows"
        known = options()
        with open(os.path.join(SOURCE, "contrib", "doorward.conf.sample"), encoding="utf-8") as file:
            used = set(re.findall(r"^#?(\w+) = ", file.read(), re.M))
        self.assertEqual(set(), used - known)

    def test_commands(self):
        "manual: doorward(8) names every command of the program's own usage"
        done = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=False)
        commands = set(re.findall(r"^  ([a-z-]+(?: [a-z-]+)?)\b.*  [A-Z]", done.stdout + done.stderr, re.M))
        told = re.sub(r"^\.\w+ ", "", manual("doorward.8"), flags=re.M)
        missing = [command for command in commands
                   if not re.search(r"\W+(?:Cm |Ic )?".join(re.escape(word) for word in command.split()), told)]
        self.assertTrue(commands, done.stdout + done.stderr)
        self.assertEqual([], missing)

    def test_mandoc(self):
        "manual: mandoc finds no fault in any page"
        pages = [os.path.join(SOURCE, "man", name) for name in sorted(os.listdir(os.path.join(SOURCE, "man")))
                 if name[-1].isdigit()]
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], capture_output=True, text=True,
                              check=False)
        self.assertEqual((0, ""), (done.returncode, done.stdout))

    def test_quotes(self):
        "manual: JSON keeps its quotes (a bare one groups a macro's words), and nothing is quoted within a quotation"
        faults = []
        for name in sorted(os.listdir(os.path.join(SOURCE, "man"))):
            for number, line in enumerate(manual(name).splitlines(), 1):
                if re.match(r'\.Li \{.*"', line) or re.match(r"\..*\bDq .* Dq ", line):
                    faults.append(f"{name}:{number}: {line}")
        self.assertEqual([], faults)

    def test_installed(self):
        "manual: every page is installed"
        with open(os.path.join(SOURCE, "Makefile.am"), encoding="utf-8") as file:
            listed = file.read()
        for folder, _, names in os.walk(os.path.join(SOURCE, "man")):
            for name in names:
                if name == "Makefile.inc":
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        listed += file.read()
        pages = [name for name in os.listdir(os.path.join(SOURCE, "man")) if name[-1].isdigit()]
        self.assertEqual([], [name for name in pages if name not in listed])


if __name__ == "__main__":
    main()
