"""A web server in front of Doorward, run from the configuration files in contrib/ as they are shipped:
only their paths and addresses are replaced by ours, so every file that an admin copies is one that was
really started."""
import os
import shutil
import socket

from .process import Process, StartError, free_port

APACHE_MODULES = ["mpm_event", "authz_core", "setenvif", "env", "headers", "mime", "dir",
                  "ssl", "socache_shmcb", "alias"]
WORKING_USER = "www-data"


def _read(source, name):
    with open(os.path.join(source, "contrib", name)) as file:
        return file.read()


def _replace(text, changes):
    """Each old must be there, so that a shipped file can't drift away from its test."""
    for old, new in changes:
        if old not in text:
            raise StartError(f"the shipped configuration no longer says {old!r}")
        text = text.replace(old, new)
    return text


class WebServer:
    """kind: a name in SERVERS. place: paths of the stand (directory, socket, certificate, key, ...)."""

    def __init__(self, kind, place, port, plain_port=0, mtls_port=0):
        if kind not in SERVERS:
            raise StartError(f"unknown web server {kind}: one of {', '.join(SERVERS)}")
        self.kind, self.place, self.port, self.plain_port, self.mtls_port = kind, place, port, plain_port, mtls_port
        self.directory = os.path.join(place.directory, "web")
        self.log = os.path.join(place.directory, "log", "web.log")
        self.process = None

    @property
    def spawns(self):
        """True when the web server starts the program itself, as a single worker."""
        return SERVERS[self.kind]["spawns"]

    def start(self):
        os.makedirs(self.directory, exist_ok=True)
        if os.geteuid() == 0:
            with open(self.log, "a"):
                shutil.chown(self.log, WORKING_USER)
            shutil.chown(self.directory, WORKING_USER, WORKING_USER)
        command = SERVERS[self.kind]["write"](self)
        # nginx and Apache keep a master that is root; lighttpd is one process, and starts as what it stays.
        user = WORKING_USER if command[0] == "lighttpd" else None
        self.process = Process(self.kind, command, self.log, user=user)
        self.process.wait_until(self._listens, what=f"listen on port {self.port}")

    def stop(self):
        if self.process:
            self.process.stop(10)
            self.process = None

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write(text)
        return path


def _mtls(web, name, changes):
    """The shipped configuration of the place where clients show certificates, "" when the stand has none."""
    if not web.mtls_port:
        return ""
    place = web.place
    return _replace(_read(place.source, name), [
        ("/etc/ssl/doorward/fullchain.pem", place.certificate), ("/etc/ssl/doorward/privkey.pem", place.key),
        ("/etc/ssl/doorward/clients.pem", place.clients), *changes])


def _write_nginx(web):
    place = web.place
    parameters = ("/etc/nginx/doorward_fastcgi_params", os.path.join(place.source, "contrib/nginx/doorward_fastcgi_params"))
    changes = [
        ("/var/cache/nginx/doorward", os.path.join(web.directory, "cache")),
        parameters,
        ("/run/doorward/main.sock", place.socket),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{web.port} ssl http2;"
         + (f" listen 127.0.0.1:{web.plain_port};" if web.plain_port else "")),
        ("sso.example.org", "127.0.0.1"),
        ("/etc/ssl/doorward/fullchain.pem", place.certificate),
        ("/etc/ssl/doorward/privkey.pem", place.key),
        ("rate=50r/s", "rate=100000r/s"), ("burst=200", "burst=10000"),
    ]
    mtls = _mtls(web, "nginx/doorward-mtls.conf", [
        parameters, ("listen 443", f"listen 127.0.0.1:{web.mtls_port}"), ("mtls.sso.example.org", "127.0.0.1"),
        ("burst=200", "burst=10000")])
    web.write("site.conf", _replace(_read(place.source, "nginx/doorward.conf"), changes) + mtls)
    user = f"user {WORKING_USER};\n" if os.geteuid() == 0 else ""
    temporary = "".join(f"    {kind}_temp_path {web.directory}/{kind};\n"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    main = web.write("nginx.conf", f"""{user}daemon off;
worker_processes 2;
pid {web.directory}/nginx.pid;
error_log {web.log} warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
{temporary}    include {web.directory}/site.conf;
}}
""")
    return ["nginx", "-c", main, "-p", web.directory, "-e", web.log]


def _write_lighttpd(web, spawned):
    place = web.place
    changes = [
        ("0.0.0.0:443", f"127.0.0.1:{web.port}"),
        ("/etc/ssl/doorward/fullchain.pem", place.certificate),
        ("/etc/ssl/doorward/privkey.pem", place.key),
        ("/etc/lighttpd/doorward-error-", os.path.join(web.directory, "doorward-error-")),
    ]
    shutil.copy(os.path.join(place.source, "contrib/lighttpd/doorward-error-503.html"), web.directory)
    if spawned:
        changes += [("/usr/local/bin/doorward -c /usr/local/etc/doorward/doorward.conf",
                     f"{place.program} -c {place.config}"),
                    ("/run/lighttpd/doorward.sock", os.path.join(web.directory, "doorward.sock"))]
        site = _replace(_read(place.source, "lighttpd/doorward-spawned.conf"), changes)
    else:
        changes += [("/run/doorward/main.sock", place.socket)]
        site = _replace(_read(place.source, "lighttpd/doorward.conf"), changes)
    site += _mtls(web, "lighttpd/doorward-mtls.conf", [("0.0.0.0:8443", f"127.0.0.1:{web.mtls_port}")])
    # The port of the main section is plain HTTP; without plain_port it is one that nobody is told about. Connections
    # outlast what a test does between two requests (a command that a busy machine takes seconds for).
    main = web.write("lighttpd.conf", f"""server.modules = ()
server.document-root = "{web.directory}"
server.bind = "127.0.0.1"
server.port = {web.plain_port or free_port()}
server.errorlog = "{web.log}"
server.pid-file = "{web.directory}/lighttpd.pid"
server.max-keep-alive-idle = 60
{site}""")
    return ["lighttpd", "-D", "-f", main]


def _apache_main(web, modules, rest):
    loads = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
                    for name in APACHE_MODULES + modules)
    user = f"User {WORKING_USER}\nGroup {WORKING_USER}\n" if os.geteuid() == 0 else ""
    plain = "".join(f"Listen 127.0.0.1:{port}\n" for port in (web.plain_port, web.mtls_port) if port)
    main = web.write("apache.conf", f"""{loads}{user}ServerRoot {web.directory}
ServerName 127.0.0.1
DefaultRuntimeDir {web.directory}
PidFile {web.directory}/apache.pid
Mutex pthread
TypesConfig /dev/null
ErrorLog {web.log}
LogLevel warn
Listen 127.0.0.1:{web.port}
{plain}StartServers 1
{rest}""")
    return ["apache2", "-D", "FOREGROUND", "-f", main]


def _write_apache(web):
    place = web.place
    site = _replace(_read(place.source, "apache/doorward.conf"), [
        ("*:443", f"127.0.0.1:{web.port}"), ("sso.example.org", "127.0.0.1"),
        ("/etc/ssl/doorward/fullchain.pem", place.certificate),
        ("/etc/ssl/doorward/privkey.pem", place.key),
        ("/run/doorward/main.sock", place.socket)])
    if web.plain_port:
        plain = site.replace(f"127.0.0.1:{web.port}", f"127.0.0.1:{web.plain_port}")
        site += "\n".join(line for line in plain.splitlines() if "SSL" not in line)
    site += _mtls(web, "apache/doorward-mtls.conf", [
        ("*:443", f"127.0.0.1:{web.mtls_port}"), ("mtls.sso.example.org", "127.0.0.1"),
        ("/run/doorward/main.sock", place.socket)])
    return _apache_main(web, ["proxy", "proxy_fcgi", "buffer", "reqtimeout"], site)


def _write_fcgid(web):
    place = web.place
    root = os.path.join(web.directory, "htdocs")
    os.makedirs(root, exist_ok=True)
    shutil.copy(os.path.join(place.source, "contrib/shared-hosting/htaccess"), os.path.join(root, ".htaccess"))
    script = _replace(_read(place.source, "shared-hosting/doorward.fcgi"), [
        ("home=/home/user/doorward", f"home={place.directory}"), ("$home/doorward\"", "$home/installed/doorward\"")])
    path = web.write("htdocs/doorward.fcgi", script)
    os.chmod(path, 0o755)
    plain = f"<VirtualHost 127.0.0.1:{web.plain_port}>\n</VirtualHost>\n" if web.plain_port else ""
    mtls = _mtls(web, "shared-hosting/doorward-mtls.conf", [
        ("*:443", f"127.0.0.1:{web.mtls_port}"), ("mtls.sso.example.org", "127.0.0.1"), ("/home/user/web", root)])
    return _apache_main(web, ["fcgid", "rewrite"], f"""DocumentRoot {root}
FcgidIPCDir {web.directory}/fcgid
FcgidProcessTableFile {web.directory}/fcgid_shm
FcgidMaxProcessesPerClass 4
FcgidFixPathinfo 1
<Directory {root}>
    AllowOverride FileInfo AuthConfig Options
    Options +ExecCGI
    Require all granted
</Directory>
{plain}<VirtualHost 127.0.0.1:{web.port}>
    SSLEngine on
    SSLCertificateFile {place.certificate}
    SSLCertificateKeyFile {place.key}
</VirtualHost>
{mtls}""")


SERVERS = {
    "nginx": {"spawns": False, "write": _write_nginx},
    "lighttpd": {"spawns": False, "write": lambda web: _write_lighttpd(web, False)},
    "apache": {"spawns": False, "write": _write_apache},
    "lighttpd-spawned": {"spawns": True,
                         "write": lambda web: _write_lighttpd(web, True)},
    "fcgid": {"spawns": True, "write": _write_fcgid},
}
