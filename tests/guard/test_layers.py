#!/usr/bin/env python3
"""Includes point down only, and each foreign library has one door (HACKING.md, "Layers")."""
import os
import re

from harness import SOURCE, TestCase, main

# What each folder of src may include, itself aside.
LAYERS = {
    "core": [],
    "http": ["core"],
    "net": ["core"],
    "crypto": ["core"],
    "store": ["core"],
    "domain": ["core", "net", "crypto", "store"],
    "app": ["core", "http", "net", "crypto", "store", "domain"],
    "api": ["core", "http", "net", "crypto", "store", "domain", "app"],
    "pages": ["core", "http", "net", "crypto", "store", "domain", "app"],
    "cmd": ["core", "http", "net", "crypto", "store", "domain", "app", "api", "pages"],
}

# Foreign headers and the places that may include them.
DOORS = {
    r"json-c/.*|json\.h|json_object\.h": ["src/core/json.c"],
    r"fcgiapp\.h|fcgi_stdio\.h|fcgi_config\.h": ["src/http/fcgi.c"],
    r"mysql.*\.h|mariadb.*\.h|errmsg\.h|mysqld_error\.h": ["src/store/db.c"],
    r"openssl/.*": ["src/crypto/"],
    r"libscrypt\.h": ["src/crypto/"],
    r"curl/.*": ["src/net/send.c", "src/net/http.c"],
    r"idn2\.h": ["src/core/", "src/domain/login/canonical.c"],
    r"uni(str|norm|case|ctype|types|width|conv)\.h": ["src/core/", "src/domain/login/canonical.c"],
}

# Files that were moved since are caught by this: a door that no longer exists is a mistake here.
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def sources():
    for folder, _, names in os.walk(os.path.join(SOURCE, "src")):
        for name in sorted(names):
            if name.endswith((".c", ".h")):
                yield os.path.relpath(os.path.join(folder, name), SOURCE)


def includes(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            found = INCLUDE.match(line)
            if found:
                yield number, found.group(1), found.group(2)


class Layers(TestCase):
    def test_down_only(self):
        "layers: an include never points up or sideways"
        wrong = []
        for path in sources():
            layer = path.split("/")[1]
            for number, quote, name in includes(path):
                target = name.split("/")[0]
                if quote == '"' and target in LAYERS and target != layer and target not in LAYERS[layer]:
                    wrong.append(f"{path}:{number}: {layer} must not include {name}")
        self.assertEqual([], wrong)

    def test_every_folder_has_a_place(self):
        "layers: every folder of src has a place among the layers"
        folders = {path.split("/")[1] for path in sources()}
        self.assertEqual(set(), folders - set(LAYERS))

    def test_one_door(self):
        "layers: a foreign header is included by its one file only"
        wrong = []
        for path in sources():
            for number, quote, name in includes(path):
                for pattern, doors in DOORS.items():
                    if quote == "<" and re.fullmatch(pattern, name) and not any(map(path.startswith, doors)):
                        wrong.append(f"{path}:{number}: {name} belongs into {' or '.join(doors)}")
        self.assertEqual([], wrong)

    def test_domain_knows_no_http(self):
        "layers: rules never see HTTP: no status numbers' names, header names or cookies in src/domain"
        wrong = [f"{path}:{number}" for path in sources() if path.startswith("src/domain/")
                 for number, quote, name in includes(path) if name.startswith(("http/", "app/"))]
        self.assertEqual([], wrong)

    def test_sql_only_in_store(self):
        "layers: SQL stands in src/store alone"
        statement = re.compile(r'"\s*(SELECT .* FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b')
        wrong = []
        for path in sources():
            if path.startswith("src/store/"):
                continue
            with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
                wrong += [f"{path}:{number}: {line.strip()}" for number, line in enumerate(file, 1)
                          if statement.search(line)]
        self.assertEqual([], wrong)


if __name__ == "__main__":
    main()
