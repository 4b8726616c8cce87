"""What the benchmarks share: an optimised build, Doorward behind nginx on the floor's MariaDB, wrk, and
the CPU and memory of servers. The floor (reference workers that do the same work and nothing else) is in
../shared/bench beside the source, or where BENCH_FLOOR says."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(HERE)
FLOOR = os.environ.get("BENCH_FLOOR", os.path.join(SOURCE, "..", "shared", "bench"))
PLACE = os.environ.setdefault("BENCH_DIR", os.path.join(tempfile.gettempdir(), "doorward-bench"))
PORT = int(os.environ.get("PORT_DOORWARD", "24750"))
FLOOR_PORT = int(os.environ.get("PORT_NGINX", "24700"))
URL = f"http://127.0.0.1:{PORT}"
CALLBACK = "https://client.example/cb"
EMAIL = "bench@people.example"
PASSWORD = "correct horse battery staple"
TICKS = os.sysconf("SC_CLK_TCK")


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(arguments, **more):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stdout[-1500:]}{done.stderr[-1500:]}")
    return done.stdout


def floor_script(name, *arguments, **environment):
    """Runs a script of the floor's. Its servers outlive it, so its output goes to a file, not a pipe."""
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run([os.path.join(FLOOR, name), *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False,
                              env={**os.environ, **environment})
        output.seek(0)
        text = output.read()
    if done.returncode != 0:
        raise RuntimeError(f"{name} {' '.join(arguments)}: exit {done.returncode}\n{text[-1500:]}")
    return text


def floor_is_here():
    return os.path.exists(os.path.join(FLOOR, "setup-floor.sh"))


def build():
    """An optimised build of the program and of bench-seed, in BENCH_DIR/build."""
    place = os.path.join(PLACE, "build")
    os.makedirs(place, exist_ok=True)
    if not os.path.exists(os.path.join(SOURCE, "configure")):
        run(["autoreconf", "-fi"], cwd=SOURCE)
    if not os.path.exists(os.path.join(place, "Makefile")):
        run([os.path.join(SOURCE, "configure"), "CFLAGS=-O2 -g"], cwd=place)
    run(["make", f"-j{os.cpu_count()}", "doorward", "bench-seed"], cwd=place)
    return place


class Server:
    """A process in a session of its own, ended by its own number."""

    def __init__(self, name, arguments, **more):
        self.log = os.path.join(PLACE, "log", f"{name}.log")
        os.makedirs(os.path.dirname(self.log), exist_ok=True)
        with open(self.log, "ab") as output:
            self.popen = subprocess.Popen([str(a) for a in arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                          start_new_session=True, **more)

    def stop(self):
        self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(20)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


# Pools and their options.
ONE_POOL = {"main": {}}
PAGES_APART = {"token": {"families": "metadata token userinfo health consent"}, "pages": {"families": "pages", "nice": 19}}


class Doorward:
    """Doorward as the benchmarks want it: ES256 tokens, plain nginx in front (which says HTTPS=on, as a
    terminator would), everything in BENCH_DIR/doorward."""

    def __init__(self, workers=8, requests_per_worker=1000000, database=None, keep=16, pools=None, **settings):
        self.place = os.path.join(PLACE, "doorward")
        self.build = build()
        self.program = os.path.join(self.build, "doorward")
        self.database = database or os.path.join(PLACE, "db.sock")
        self.workers, self.requests_per_worker, self.keep = workers, requests_per_worker, keep
        self.config = os.path.join(self.place, "doorward.conf")
        self.pools, self.settings = pools or ONE_POOL, settings
        self.service = self.nginx = None

    def __enter__(self):
        shutil.rmtree(self.place, ignore_errors=True)
        os.makedirs(os.path.join(self.place, "run"))
        self._configure()
        self._populate()
        try:
            self.serve()
            self._start_nginx()
            self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in (self.nginx, self.service):
            if server:
                server.stop()

    def sql(self, text, database="doorward_bench"):
        return run(["mariadb", "--no-defaults", "-uroot", "-S", self.database, "-N", "-B", *([database] if database else []), "-e", text])

    def cli(self, *arguments):
        return json.loads(run([self.program, "-c", self.config, *arguments, "--json"]))

    def _configure(self):
        self.sql("DROP DATABASE IF EXISTS doorward_bench; CREATE DATABASE doorward_bench CHARACTER SET utf8mb4", None)
        keys = os.path.join(self.place, "keys")
        run([self.program, "key-file", "create", keys])
        options = {
            "issuer": f"https://127.0.0.1:{PORT}", "run_directory": os.path.join(self.place, "run"), "key_file": keys,
            "default_template_directory": os.path.join(SOURCE, "templates"), "sql_directory": os.path.join(SOURCE, "sql"),
            "password_blocklist": os.path.join(SOURCE, "data", "common-passwords.txt"),
            "database_socket": self.database, "database_name": "doorward_bench", "database_user": "root",
            "token_limit": 0, "authorization_limit": 0, "service_management_limit": 0, "client_management_limit": 0, "service_api_rate": 0,
            "access_token_alg": "ES256", "log": f"file:{self.place}/log", **self.settings}
        with open(self.config, "w", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in options.items())
            for name, more in self.pools.items():
                pool = {"workers": self.workers, "requests_per_worker": self.requests_per_worker, **more}
                file.write(f"\n[pool {name}]\n" + "".join(f"{option} = {value}\n" for option, value in pool.items()))
        os.chmod(self.config, 0o640)
        run([self.program, "-c", self.config, "migrate"])

    def _populate(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"client_name": "Bench", "redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
                       "response_types": ["code"], "scope": "openid profile email offline_access api",
                       "token_endpoint_auth_method": "client_secret_basic", "id_token_signed_response_alg": "ES256"}, file)
            file.flush()
            service = self.cli("service", "add", "--name", "Bench")["id"]
            client = self.cli("client", "add", "--service", service, "--metadata", file.name)
        self.client_id, self.client_secret = client["client_id"], client["client_secret"]
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(PASSWORD + "\n")
            file.flush()
            self.cli("user", "add", "--email", EMAIL, "--name", "Bench Person", "--password-file", file.name, "--verified")

    def serve(self):
        self.service = Server("doorward", [self.program, "-c", self.config, "serve"])

    def _start_nginx(self):
        place = os.path.join(self.place, "nginx")
        os.makedirs(place)
        with open(os.path.join(SOURCE, "contrib", "nginx", "doorward_fastcgi_params"), encoding="utf-8") as file:
            parameters = file.read().replace("$https if_not_empty", "on")
        temporary = "".join(f"{kind}_temp_path {place}/{kind}; " for kind in ("client_body", "fastcgi", "proxy", "uwsgi", "scgi"))
        upstreams = "".join(f"upstream {name} {{ server unix:{self.place}/run/{name}.sock; keepalive {self.keep}; keepalive_requests 1000000; }}\n"
                            for name in self.pools)
        first, last = list(self.pools)[0], list(self.pools)[-1]
        with open(os.path.join(place, "nginx.conf"), "w", encoding="utf-8") as file:
            file.write(f"""user root; worker_processes {os.cpu_count()}; daemon off; pid {place}/pid; error_log {place}/error.log warn;
events {{ worker_connections 1024; }}
http {{ access_log off; {temporary}keepalive_requests 100000000; sendfile on; tcp_nopush on;
fastcgi_cache_path {place}/cache levels=1 keys_zone=c:1m max_size=10m inactive=10m use_temp_path=off;
{upstreams}{parameters}
fastcgi_keep_conn on; fastcgi_read_timeout 15s;
server {{ listen 127.0.0.1:{PORT} reuseport;
 location / {{ fastcgi_pass {first}; }}
 location /login {{ fastcgi_pass {last}; }}
 location /cached/ {{ rewrite ^/cached(/.*)$ $1 break; {parameters.replace('$request_uri', '$uri')}
 fastcgi_cache c; fastcgi_cache_key $uri; fastcgi_cache_valid 200 60s; fastcgi_cache_lock on; fastcgi_pass {first}; }}
}} }}
""")
        self.nginx = Server("bench-nginx", ["nginx", "-c", file.name, "-e", os.path.join(place, "error.log")])

    def wait(self, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if subprocess.run(["curl", "-fso", "/dev/null", f"{URL}/readyz"], check=False).returncode == 0:
                return
            time.sleep(0.05)
        with open(self.service.log, encoding="utf-8", errors="replace") as log:
            raise RuntimeError(f"Doorward did not become ready:\n{log.read()[-2000:]}")

    def authorization(self):
        import base64
        return "Basic " + base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()

    def seed(self, count, kind, scope="openid profile offline_access"):
        """A file with count codes or refresh tokens, one a line."""
        path = os.path.join(self.place, f"seeded-{kind}")
        with open(path, "w", encoding="utf-8") as file:
            subprocess.run([os.path.join(self.build, "bench-seed"), self.config, self.client_id, EMAIL, scope, str(count), kind],
                           stdout=file, check=True, env={**os.environ, "REDIRECT_URI": CALLBACK})
        return path

    def access_tokens(self, count):
        """A file with access tokens, each of an authorization of its own."""
        import urllib.parse
        import urllib.request
        path = os.path.join(self.place, "access-tokens")
        with open(self.seed(count, "refresh"), encoding="utf-8") as tokens, open(path, "w", encoding="utf-8") as file:
            for token in tokens:
                body = urllib.parse.urlencode({"grant_type": "refresh_token", "refresh_token": token.strip()}).encode()
                request = urllib.request.Request(f"{URL}/api/oauth/token", body, {"Authorization": self.authorization()})
                with urllib.request.urlopen(request, timeout=10) as answer:
                    file.write(json.load(answer)["access_token"] + "\n")
        return path

    def worker_pids(self):
        with open(f"/proc/{self.service.popen.pid}/task/{self.service.popen.pid}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]


class Row:
    """One run of wrk: rate, latencies, errors, the servers' CPU microseconds per request, and what others
    used of the machine meanwhile (100: a whole core)."""

    def __init__(self, text):
        words = [line for line in text.splitlines() if line.startswith("RESULT")]
        if not words:
            raise RuntimeError(f"wrk said nothing:\n{text}")
        rate, p50, p99, bad, errors, starved = map(float, words[0].split()[1:])
        self.rate, self.p50, self.p99, self.bad, self.errors, self.starved = rate, p50, p99, int(bad), int(errors), int(starved)
        self.why = next((line[9:] for line in text.splitlines() if line.startswith("FIRSTBAD")), "")
        self.cpu_us = self.foreign = 0.0


def busy_seconds():
    """CPU seconds that the whole machine has used so far."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(word) for word in file.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def own_seconds():
    """CPU seconds of us and of the wrk processes that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def sessions_cpu(sessions):
    """CPU seconds that all processes of these sessions have used so far."""
    total = 0
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) in sessions:
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def load(url, seconds, sessions=(), connections=16, **environment):
    """Runs wrk with send.lua; a Row. Headers are 'Name: value' lines."""
    before, busy, own = sessions_cpu(sessions), busy_seconds(), own_seconds()
    text = run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "5s", "-s", os.path.join(HERE, "lua", "send.lua"), url],
               env={**os.environ, **{k: str(v) for k, v in environment.items() if v is not None}})
    used = sessions_cpu(sessions) - before
    row = Row(text)
    row.cpu_us = used * 1e6 / max(1.0, row.rate * seconds)
    row.foreign = max(0.0, busy_seconds() - busy - (own_seconds() - own) - used) / seconds * 100
    return row


def private_kib(pid):
    """Memory that a process shares with nobody."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(("Private_Clean", "Private_Dirty")))


def write_section(path, title, lines):
    """Puts a section of a report in the place of the one of that title, or at the end."""
    text = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
    sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    section = "\n".join([f"## {title}", "", *lines]) + "\n"
    found = [number for number, one in enumerate(sections) if one.splitlines()[:1] == [f"## {title}"]]
    if found:
        sections[found[0]] = section
    else:
        sections.append(section)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(one.rstrip("\n") + "\n" for one in sections if one))


def floor_session(name):
    with open(os.path.join(PLACE, "run", f"{name}.pid"), encoding="ascii") as file:
        return int(file.read())
