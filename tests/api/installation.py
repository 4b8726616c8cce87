"""The installation under test, as its admin sees it: the command line, the database, the log. What it
knows comes from the DOORWARD_* variables that tests/lib/with-doorward sets."""
import itertools
import json
import os
import subprocess
import tempfile
import time

from harness import Mailbox
from web import Browser, Web

ALL_GRANTS = ["authorization_code", "refresh_token", "client_credentials"]
CALLBACK = "https://client.example/cb"


class Client:
    """A registered client: its metadata, and how it proves itself at the token endpoint."""

    def __init__(self, metadata):
        self.metadata = metadata
        self.id = metadata["client_id"]
        self.secret = metadata.get("client_secret")
        self.method = metadata.get("token_endpoint_auth_method", "client_secret_basic")
        self.redirect_uri = (metadata.get("redirect_uris") or [None])[0]
        self.is_public = self.method == "none"

    def headers(self):
        if self.method != "client_secret_basic":
            return {}
        return {"Authorization": basic(self.id, self.secret)}

    def parameters(self):
        if self.method == "client_secret_basic":
            return {}
        if self.is_public:
            return {"client_id": self.id}
        return {"client_id": self.id, "client_secret": self.secret}


def basic(user, password):
    """Authorization header with both parts form-encoded first (RFC 6749 section 2.3.1)."""
    import base64
    import urllib.parse
    pair = urllib.parse.quote_plus(user) + ":" + urllib.parse.quote_plus(password)
    return "Basic " + base64.b64encode(pair.encode()).decode()


class Person:
    def __init__(self, email, password, name):
        self.email, self.password, self.name = email, password, name


class Site:
    def __init__(self, environment, door=None):
        """door: the harness's Doorward when the test started it itself, for what only it can do."""
        self.door = door
        self.url = environment["DOORWARD_URL"].rstrip("/")
        self.ca = environment["DOORWARD_CA"]
        self.program = environment["DOORWARD_BIN"]
        self.conf = environment["DOORWARD_CONF"]
        self.service = environment["DOORWARD_SERVICE_ID"]
        self.database_socket = environment["DOORWARD_DB_SOCKET"]
        self.database = environment["DOORWARD_DB_NAME"]
        self.master = int(environment["DOORWARD_PID"] or 0)  # none where the web server starts the program
        self.mail = door.mail if door else Mailbox(environment["DOORWARD_MAIL_DIR"])
        self.directory = os.path.dirname(self.conf)
        self.web = Web(self.url, self.ca)
        self._numbers = itertools.count(1)
        self._mark = format(int(time.time() * 1000) % 16**8, "x")
        self._clients, self._people = {}, {}

    def connect(self):
        """A connection of its own, for threads."""
        return Web(self.url, self.ca)

    def browser(self):
        return Browser(self.url, self.ca)

    # --- the command line ---

    def cli(self, *arguments, check=True, stdin=None):
        """Runs a subcommand with --json; the JSON value that it printed."""
        command = [self.program, "-c", self.conf, *arguments, "--json"]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60)
        if check:
            assert done.returncode == 0, f"{' '.join(arguments)}: exit {done.returncode}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def add_client(self, **metadata):
        """A new client; None as a value leaves a member out. By default: web, Basic, every grant."""
        words = {"client_name": f"Client {next(self._numbers)}", "redirect_uris": [CALLBACK],
                 "grant_types": ALL_GRANTS, "response_types": ["code"], "token_endpoint_auth_method": "client_secret_basic",
                 "scope": "openid profile email offline_access read:things write:things"}
        words.update(metadata)
        if words["token_endpoint_auth_method"] == "none" and "grant_types" not in metadata:
            words["grant_types"] = ["authorization_code", "refresh_token"]
        words = {key: value for key, value in words.items() if value is not None}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(words, file)
            file.flush()
            added = self.cli("client", "add", "--service", self.service, "--metadata", file.name)
        return Client(dict(words, **added))

    def client(self, kind="web"):
        """A client of a kind that many tests share."""
        if kind not in self._clients:
            self._clients[kind] = self.add_client(**CLIENT_KINDS[kind])
        return self._clients[kind]

    def add_person(self, password="correct horse battery staple", verified=True, name=None):
        number = next(self._numbers)
        person = Person(f"person{number}-{self._mark}@people.example", password, name or f"Person {number}")
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(password + "\n")
            file.flush()
            options = ["--email", person.email, "--name", person.name, "--password-file", file.name]
            added = self.cli("user", "add", *options, *(["--verified"] if verified else []))
        person.id = added["id"]
        return person

    def person(self, which="first"):
        """A person whom many tests share; sign-ins of theirs must not fail."""
        if which not in self._people:
            self._people[which] = self.add_person()
        return self._people[which]

    def add_provider(self, name, **metadata):
        """An identity provider, of a known kind by default, where nobody goes."""
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"name": name, "client_id": "door", "client_secret": "for nobody", **metadata}, file)
            file.flush()
            return self.cli("provider", "add", "--metadata", file.name)

    # --- the database ---

    def sql(self, text):
        """Runs SQL; rows as lists of strings."""
        command = ["mariadb", "--no-defaults", "-uroot", "-S", self.database_socket, "-N", "-B", self.database, "-e", text]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{text}: {done.stderr}"
        return [line.split("\t") for line in done.stdout.splitlines()]

    # --- the log ---

    def log(self):
        with open(os.path.join(self.directory, "log", "doorward.log"), encoding="utf-8", errors="replace") as file:
            return file.read()


CLIENT_KINDS = {
    "web": {},
    "other": {},
    "post": {"token_endpoint_auth_method": "client_secret_post"},
    "public": {"token_endpoint_auth_method": "none"},
    "native": {"token_endpoint_auth_method": "none", "application_type": "native",
               "redirect_uris": ["http://127.0.0.1/cb", "http://[::1]/cb", "com.example.app:/cb"]},
    "strict": {"require_pkce": True},
    "rs256": {"id_token_signed_response_alg": "RS256"},
    "es256": {"id_token_signed_response_alg": "ES256"},
    "eddsa": {"id_token_signed_response_alg": "EdDSA"},
    "leaver": {"post_logout_redirect_uris": ["https://client.example/bye"]},
    "code only": {"grant_types": ["authorization_code"]},
    "machine": {"grant_types": ["client_credentials"], "redirect_uris": None, "response_types": None,
                "scope": "read:things write:things"},
    "two places": {"redirect_uris": [CALLBACK, "https://client.example/other?x=1"]},
}
