#!/usr/bin/env python3
"""The command line: what scripts may rely on: exit statuses, where output goes, and what a typo is answered with."""
import json
import os
import shutil
import subprocess
import tempfile

from harness import SOURCE, TestCase, build_directory, main

PROGRAM = os.path.join(build_directory(), "doorward")


def run(*words, config=None, environment=None, stdin=subprocess.DEVNULL):
    """Status, standard output and standard error of the program."""
    done = subprocess.run([PROGRAM, *(["-c", config] if config else []), *words], capture_output=True, text=True,
                          check=False, stdin=stdin, env={**os.environ, "DOORWARD_CONFIG": "", **(environment or {})})
    return done.returncode, done.stdout, done.stderr


class CommandLine(TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.config = os.path.join(folder.name, "doorward.conf")
        self.write("")

    def write(self, more):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"issuer = https://sso.example.org\nrun_directory = {self.folder}\n"
                       f"default_template_directory = {self.folder}/templates\n"
                       f"key_file = {self.folder}/key-file\ndatabase_socket = {self.folder}/none.sock\n{more}")

    def test_usage(self):
        "command line: wrong usage ends with 2, nothing on standard output, and the nearest name"
        cases = [
            ((), "doorward: which command? doorward --help lists them\n"),
            (("confg",), "doorward: unknown command 'confg', did you mean 'config'?\n"),
            (("config", "chek"), "doorward: unknown command 'chek' of 'config', did you mean 'check'?\n"),
            (("config",), "doorward: config what? doorward config --help lists it\n"),
            (("config", "show", "--chnged"),
             "doorward config show: unknown option '--chnged', did you mean '--changed'?\n"),
            (("config", "show", "--changed=1"), "doorward config show: option '--changed' takes no value\n"),
            (("config", "show", "--changed", "--changed"),
             "doorward config show: option '--changed' is there twice\n"),
            (("config", "show", "-x"), "doorward config show: unknown option '-x'\n"),
            (("config", "show", "a"), "doorward config show: 'a' is one argument too many\n"),
            (("config", "show", "--", "--changed"), "doorward config show: '--changed' is one argument too many\n"),
            (("service", "add"), "doorward service add: option '--name NAME' is missing\n"),
            (("service", "add", "--name"), "doorward service add: option '--name' needs a value: NAME\n"),
            (("service", "show"), "doorward service show: ID is missing\n"),
            (("-c",), "doorward: option '-c' needs a value: FILE\n"),
            (("--frobnicate",), "doorward: unknown option '--frobnicate'; doorward --help lists all\n"),
        ]
        for words, message in cases:
            self.assertEqual((2, "", message), run(*words), words)

    def test_help(self):
        "command line: --help goes to standard output with status 0, wherever it stands"
        for words in (("--help",), ("help",), ("config", "--help"), ("client", "add", "--help"),
                      ("client", "add", "--service", "x", "--help")):
            status, out, err = run(*words)
            self.assertEqual((0, ""), (status, err), words)
            self.assertTrue(out.startswith("usage: doorward"), out)

    def test_help_about(self):
        "command line: help COMMAND is COMMAND --help; of a noun it lists what there is, and of what isn't there it says so"
        for words in (("serve",), ("config",), ("config", "check"), ("client", "secret", "add")):
            self.assertEqual(run(*words, "--help"), run("help", *words), words)
        self.assertEqual((2, "", "doorward: unknown command 'confg', did you mean 'config'?\n"), run("help", "confg"))

    def test_configuration(self):
        "command line: a broken configuration ends with 3 and names file and line"
        self.write("workrs = 1\n")
        self.assertEqual((3, "", f"doorward config show: {self.config}:6: unknown option 'workrs', "
                                 "did you mean 'workers'?\n"), run("config", "show", config=self.config))
        self.assertEqual(3, run("service", "list", config=os.path.join(self.folder, "absent"))[0])

    def test_place_of_the_configuration(self):
        "command line: -c comes before $DOORWARD_CONFIG"
        other = os.path.join(self.folder, "other.conf")
        with open(other, "w", encoding="utf-8") as file:
            file.write("issuer = https://other.example.org\n")
        by_variable = run("config", "show", "--changed", environment={"DOORWARD_CONFIG": other})
        by_option = run("config", "show", "--changed", config=self.config, environment={"DOORWARD_CONFIG": other})
        self.assertIn("other.example.org", by_variable[1])
        self.assertIn("sso.example.org", by_option[1])

    def test_database_away(self):
        "command line: a database that is away ends with 4"
        self.assertEqual(0, run("key-file", "create", os.path.join(self.folder, "key-file"), config=self.config)[0])
        status, out, err = run("service", "list", "--json", config=self.config)
        self.assertEqual((4, ""), (status, out))
        self.assertIn("doorward service list: the database is not available\n", err)

    def test_check(self):
        "command line: config check names each fault with its fix, and ends with 1"
        status, out, _ = run("config", "check", "--json", config=self.config)
        found = {row["check"]: row for row in json.loads(out)}
        self.assertEqual(1, status)
        self.assertEqual("OK", found["configuration"]["result"])
        self.assertEqual(("FAIL", "FAIL"), (found["key file"]["result"], found["database"]["result"]))
        self.assertEqual("FAIL", found["templates"]["result"])
        self.assertTrue(all("fix" in row for row in found.values() if row["result"] != "OK"))
        self.write("nonsense = 1\n")
        status, out, _ = run("config", "check", config=self.config)
        self.assertEqual(1, status)
        self.assertIn("FAIL configuration: ", out)
        self.assertIn("\n     fix: ", out)

    def test_check_of_templates(self):
        "command line: config check takes the templates of this release, and names the line that breaks one"
        folder = os.path.join(self.folder, "templates")
        shutil.copytree(os.path.join(SOURCE, "templates"), folder)
        self.assertIn("OK   templates: all compile\n", run("config", "check", config=self.config)[1])
        with open(os.path.join(folder, "login.mustache"), "a", encoding="utf-8") as file:
            file.write("{{#open}}")
        self.assertRegex(run("config", "check", config=self.config)[1],
                         r"FAIL templates: \S+/login\.mustache:\d+: 'open' is never closed\n")

    def test_families(self):
        "command line: config check finds families that don't exist or that nobody serves"
        self.write("[pool a]\nfamilies = token tokens\n")
        self.assertIn("FAIL pools: pool a: there is no family tokens\n", run("config", "check", config=self.config)[1])
        self.write("[pool a]\nfamilies = token\n")
        self.assertIn("WARN pools: no pool serves metadata\n", run("config", "check", config=self.config)[1])

    def test_secret(self):
        "command line: a secret shown by config show is only 'set', and one that nobody can type is asked for"
        self.write("database_password = hush hush\n")
        for words in (("config", "show"), ("config", "show", "--json"), ("config", "show", "--changed")):
            status, out, err = run(*words, config=self.config)
            self.assertEqual(0, status)
            self.assertNotIn("hush", out + err)
            self.assertIn("(set)", out)

    def test_full_disk(self):
        "command line: an answer that can't be written isn't a success"
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([PROGRAM, "version"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((1, True), (done.returncode, "can't write the answer" in done.stderr))


if __name__ == "__main__":
    main()
