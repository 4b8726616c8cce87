"""The whole: database, keys, configuration, something in the database, program, web server."""
import grp
import json
import os
import secrets
import shutil
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

from .files import write_whole
from .mail import MailServer
from .mariadb import MariaDB
from .process import START_LIMIT_S, Process, StartError, free_port, run
from .providers import HOST, PROVIDERS, SERVICE_SCOPES, ProviderProcess
from .webserver import WORKING_USER, WebServer

SCOPE = "openid profile email offline_access roles manage_permissions"
API_PERMISSIONS = ("read:users write:users delete:users read:subscriptions write:subscriptions "
                   "delete:subscriptions read:analytics read:service write:service read:provider_tokens")
GRANTS = ["authorization_code", "refresh_token", "client_credentials"]


class Stand:
    """
    start() and stop(); between them environment() tells how to reach it.

    directory   where everything lives; short, as it holds unix sockets. Made when missing
    program     the doorward to run; source: the source tree (contrib, sql, templates)
    server      a name of webserver.SERVERS, or None for no web server at all
    port        of https, 0 for a free one; plain: also listen on a free port without TLS (plain_port)
    mtls        also listen where clients show certificates (mtls_url); make_client_certificate() makes some
    settings    options of doorward.conf over those below; pools: {name: {option: value}}
    durable     False: the database doesn't wait for the disk (tests)
    cache       a directory that outlives the stand, for the initialised database
    wrapper     arguments in front of the program (valgrind); env: added to its environment
    providers   True: with the fake providers, registered, and what the service may ask of them
    """

    def __init__(self, directory, program, source, *, server="lighttpd", port=0, plain=False, mtls=False, settings=None,
                 pools=None, durable=True, cache=None, wrapper=(), env=None, providers=False):
        self.directory, self.program = os.path.abspath(directory), os.path.abspath(program)
        self.source = os.path.abspath(source)
        self.port = port or free_port()
        self.plain_port = free_port() if plain else 0
        self.mtls_port = free_port() if mtls else 0
        self.url = f"https://127.0.0.1:{self.port}"
        self.mtls_url = f"https://127.0.0.1:{self.mtls_port}" if mtls else ""
        self.extra_settings, self.pools = dict(settings or {}), pools or {"main": {"workers": 4}}
        self.wrapper, self.env = list(wrapper), dict(env or {})
        self.config = self._path("doorward.conf")
        self.certificate, self.key, self.ca = self._path("tls", "cert.pem"), self._path("tls", "key.pem"), \
            self._path("tls", "ca.pem")
        self.clients = self._path("tls", "clients.pem")
        self.socket = self._path("run", f"{next(iter(self.pools))}.sock")
        self.mail_directory = self._path("mail")
        self.mail_server = MailServer(self.mail_directory, self._path("log", "mail.log"))
        self.providers = ProviderProcess(self.source, self._path("log", "providers.log")) if providers else None
        self.database = MariaDB(self.directory, cache or self._path("cache"), durable)
        self.database_password = secrets.token_hex(16)
        self.web = WebServer(server, self, self.port, self.plain_port, self.mtls_port) if server else None
        self.service = None
        self.known = {}

    def _path(self, *parts):
        return os.path.join(self.directory, *parts)

    @property
    def spawned(self):
        return bool(self.web and self.web.spawns)

    # --- starting, in order ---

    def start(self):
        try:
            self._make_directories()
            self.mail_server.start()
            if self.providers:
                self.providers.start()
            self._make_certificate()
            if self.mtls_port:
                self._make_client_certificates()
            self.database.prepare(
                "CREATE DATABASE IF NOT EXISTS doorward CHARACTER SET utf8mb4;\n"
                "CREATE USER IF NOT EXISTS doorward@localhost;\n"
                f"ALTER USER doorward@localhost IDENTIFIED BY '{self.database_password}';\n"
                "GRANT ALL ON doorward.* TO doorward@localhost;\n")
            self.database.start()
            if self.spawned:
                self._install()
            self.doorward("key-file", "create", self._path("keys"))
            self.write_config()
            self._give_to_web_user()
            self.doorward("migrate")
            self.populate()
            if not self.spawned:
                self.start_service()
            if self.web:
                self.web.start()
                self.wait_ready()
        except BaseException:
            self.stop()
            raise

    def _make_directories(self):
        os.makedirs(self.directory, mode=0o711, exist_ok=True)
        os.chmod(self.directory, 0o711)
        for name in ("run", "log", "mail", "tls"):
            os.makedirs(self._path(name), exist_ok=True)
        if len(self.socket) > 100:
            raise StartError(f"the path of the sockets is too long for a unix socket: {self.directory}")

    def _make_certificate(self):
        """A CA for this stand alone and a certificate for 127.0.0.1 and localhost under it."""
        tls = self._path("tls")
        names = "subjectAltName=IP:127.0.0.1,DNS:localhost"
        common = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]
        run(["openssl", "req", "-x509", *common, "-keyout", f"{tls}/ca-key.pem", "-out", self.ca,
             "-subj", "/CN=Doorward demo CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
        run(["openssl", "req", "-x509", "-CA", self.ca, "-CAkey", f"{tls}/ca-key.pem", *common,
             "-keyout", self.key, "-out", self.certificate, "-subj", "/CN=127.0.0.1", "-addext", names,
             "-addext", "basicConstraints=critical,CA:false", "-addext", "extendedKeyUsage=serverAuth"])
        with open(self.ca) as ca, open(self.certificate, "a") as chain:
            chain.write(ca.read())

    def _make_client_certificates(self):
        """Who signs clients' certificates, and one that a client signed itself: clients.pem names both."""
        for name in ("clients-ca", "foreign-ca"):
            self.make_client_certificate(name, f"/CN={name}", extensions=["keyUsage=critical,keyCertSign,cRLSign"])
        listed = self.make_client_certificate("listed", "/O=Acme/CN=listed")[0]
        with open(self.clients, "w") as clients:
            for path in (self._path("tls", "clients-ca.pem"), listed):
                with open(path) as file:
                    clients.write(file.read())

    def make_client_certificate(self, name, subject, signer=None, extensions=()):
        """Paths of a certificate and its key. signer: "clients-ca" or "foreign-ca"; None: itself."""
        certificate, key = self._path("tls", f"{name}.pem"), self._path("tls", f"{name}-key.pem")
        signing = ["-CA", self._path("tls", f"{signer}.pem"), "-CAkey", self._path("tls", f"{signer}-key.pem")] if signer else []
        added = [word for extension in extensions for word in ("-addext", extension)]
        run(["openssl", "req", "-x509", "-utf8", *signing, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "30", "-keyout", key, "-out", certificate, "-subj", subject, *added])
        return certificate, key

    def _install(self):
        """The program and its files where the web server's user can read them."""
        place = self._path("installed")
        for name in ("templates", "sql", "data"):
            shutil.copytree(os.path.join(self.source, name), os.path.join(place, name), dirs_exist_ok=True)
        shutil.copy(self.program, os.path.join(place, "doorward"))
        self.program = os.path.join(place, "doorward")

    def settings(self):
        data = self._path("installed") if self.spawned else self.source
        values = {
            "issuer": self.url,
            "run_directory": self._path("run"),
            "default_template_directory": os.path.join(data, "templates"),
            "sql_directory": os.path.join(data, "sql"),
            "password_blocklist": os.path.join(data, "data", "common-passwords.txt"),
            "key_file": self._path("keys"),
            "log": "file:" + self._path("log", "doorward.log") if self.spawned else "stderr",
            "database_socket": self.database.socket,
            "database_name": "doorward",
            "database_user": "doorward",
            "database_password": self.database_password,
            "sign_in_limit_per_address": 1000,
            "mail_request_limit_per_address": 1000,
            "pin_limit_per_address": 1000,
            "mail_limit_per_recipient": 1000,
            "mail": self.mail_server.url,
            "mail_tls": "off",
            "mail_from": "accounts@example.org",
            **({"egress_allow": HOST} if self.providers else {}),
        }
        if self.mtls_port:
            values.update(client_certificates="yes", mtls_url=self.mtls_url)
        return {**values, **self.extra_settings}

    def write_config(self):
        """Writes doorward.conf; a changed one counts after reload()."""
        group = WORKING_USER if os.geteuid() == 0 else ""
        lines = [f"{name} = {value}" for name, value in self.settings().items()]
        for name, options in self.pools.items():
            lines.append(f"\n[pool {name}]")
            lines += [f"{option} = {value}" for option, value in {"socket_group": group, **options}.items()
                      if value != ""]
        write_whole(self.config, "\n".join(lines) + "\n")

    def _give_to_web_user(self):
        """The sockets and the certificate's key; and what the program reads, where the web server starts it
        under its own user."""
        if os.geteuid() != 0:
            return
        gid = grp.getgrnam(WORKING_USER).gr_gid
        os.chown(self._path("run"), 0, gid)
        os.chmod(self._path("run"), 0o770 if self.spawned else 0o750)
        os.chown(self.key, 0, gid)
        os.chmod(self.key, 0o640)
        if self.spawned:
            for path in (self.config, self._path("keys")):
                os.chown(path, 0, gid)
                os.chmod(path, 0o640)
            shutil.chown(self._path("log"), WORKING_USER, WORKING_USER)

    # --- what is in the database ---

    def doorward(self, *arguments, input_text=None, check=True):
        """Runs a subcommand; what it prints."""
        config = ["-c", self.config] if os.path.exists(self.config) else []
        return run([self.program, *config, *arguments], input_text=input_text, check=check,
                   env={**os.environ, **self.env})

    def doorward_json(self, *arguments, input_text=None):
        return json.loads(self.doorward(*arguments, "--json", input_text=input_text))

    def populate(self):
        """A service with a client, an API key, a user and an admin."""
        redirect_uri = f"{self.url}/demo/callback"
        service = self.doorward_json("service", "add", "--name", "Demo service")
        # No way of authentication is named, so the client may send its secret either way.
        client = self.add_client({
            "client_name": "Demo client", "redirect_uris": [redirect_uri],
            "post_logout_redirect_uris": [f"{self.url}/demo/signed-out"],
            "grant_types": GRANTS, "response_types": ["code"], "scope": SCOPE}, service["id"])
        people = {"user": "ada@example.org", "admin": "grace@example.org"}
        passwords = {who: secrets.token_urlsafe(12) for who in people}
        names = {"user": "Ada Example", "admin": "Grace Example"}
        for who, email in people.items():
            self.add_person(who, email, names[who], passwords[who])
        key = self.doorward_json("api-key", "add", "--service", service["id"], "--name", "Demo key",
                                 "--permissions", API_PERMISSIONS)
        self.known = {
            "DOORWARD_SERVICE_ID": service["id"],
            "DOORWARD_CLIENT_ID": client["client_id"], "DOORWARD_CLIENT_SECRET": client["client_secret"],
            "DOORWARD_REDIRECT_URI": redirect_uri,
            "DOORWARD_USER_EMAIL": people["user"], "DOORWARD_USER_PASSWORD": passwords["user"],
            "DOORWARD_ADMIN_EMAIL": people["admin"], "DOORWARD_ADMIN_PASSWORD": passwords["admin"],
            "DOORWARD_API_KEY": key.get("api_key") or key["key"],
        }
        if self.providers:
            self._add_providers()

    def _add_providers(self):
        """Each fake, and what the demo service may ask of them."""
        path = self._path("provider.json")
        redirect_uri = f"{self.url}/demo/provider"
        self.providers.wait()
        for name in PROVIDERS:
            with open(path, "w") as file:
                json.dump(self.providers.metadata(name), file)
            os.chmod(path, 0o600)
            self.doorward_json("provider", "add", "--metadata", path)
        os.unlink(path)
        scopes = " ".join(f"{name}={words}" for name, words in SERVICE_SCOPES.items())
        self.doorward_json("service", "set", "--provider-scopes", scopes, "--provider-redirect-uri", redirect_uri,
                           self.known["DOORWARD_SERVICE_ID"])
        self.known["DOORWARD_PROVIDER_REDIRECT_URI"] = redirect_uri
        self.known.update(self.providers.environment())

    def add_client(self, metadata, service=None):
        """Registers a client (RFC 7591 metadata); the registered client in the same words."""
        path = self._path("client.json")
        with open(path, "w") as file:
            json.dump(metadata, file)
        return self.doorward_json("client", "add", "--metadata", path, "--service",
                                  service or self.known["DOORWARD_SERVICE_ID"])

    def add_person(self, noun, email, name, password, verified=True):
        """noun is "user" or "admin"."""
        path = self._path("password")
        with open(path, "w") as file:
            file.write(password)
        os.chmod(path, 0o600)
        try:
            return self.doorward_json(noun, "add", "--email", email, "--name", name, "--password-file", path,
                                      *(["--verified"] if verified and noun == "user" else []))
        finally:
            os.unlink(path)

    # --- the program ---

    def start_service(self):
        self.service = Process("doorward", [*self.wrapper, self.program, "-c", self.config, "serve"],
                               self._path("log", "doorward.log"), env={**os.environ, **self.env})
        self.service.wait_until(lambda: os.path.exists(self.socket), what="make its socket")

    def stop_service(self, seconds=60):
        """Ends the program politely; its exit status."""
        service, self.service = self.service, None
        return service.stop(seconds) if service else None

    def reload(self):
        """SIGHUP: a new generation of workers."""
        self.service.popen.send_signal(1)

    def wait_ready(self, seconds=START_LIMIT_S):
        """Until /readyz answers 200 through the web server."""
        context = ssl.create_default_context(cafile=self.ca)
        end, last = time.monotonic() + seconds, "no answer"
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", context=context, timeout=30) as answer:
                    if answer.status == 200:
                        return
            except urllib.error.HTTPError as error:
                last = f"{error.code} {error.read(300)!r}"
            except OSError as error:
                last = str(error)
            if self.service and not self.service.running():
                break
            time.sleep(0.05)
        logs = "".join(f"--- {name}\n{self.log_text(name)[-2000:]}" for name in ("doorward.log", "web.log"))
        raise StartError(f"{self.url}/readyz didn't become 200: {last}\n{logs}")

    def log_text(self, name="doorward.log"):
        try:
            with open(self._path("log", name), errors="replace") as log:
                return log.read()
        except OSError:
            return ""

    def environment(self):
        """What a script needs to use it."""
        return {
            "DOORWARD_URL": self.url, "DOORWARD_CA": self.ca, **self.known,
            "DOORWARD_MAIL_DIR": self.mail_directory,
            "DOORWARD_DB_SOCKET": self.database.socket, "DOORWARD_DB_NAME": "doorward",
            "DOORWARD_BIN": self.program, "DOORWARD_CONF": self.config,
            "DOORWARD_PID": str(self.service.pid) if self.service else "",
        }

    def stop(self):
        """Ends everything, the last started first. The program's exit status, None when it wasn't running."""
        status = None
        for step in (self.web and self.web.stop, self.stop_service, self.providers and self.providers.stop,
                     self.mail_server.stop, self.database.stop):
            try:
                result = step() if step else None
                status = result if step == self.stop_service else status
            except (OSError, subprocess.SubprocessError) as error:
                print(f"while stopping: {error}", file=sys.stderr)
        return status
