"""What must hold through every web server. Each test file of this folder names one server and runs all of it;
what a server really does differently is a method that it overrides."""
import base64
import contextlib
import http.client
import json
import socket
import ssl
import time
import urllib.parse

from harness import Doorward, TestCase, sign_in

DISCOVERY = "/.well-known/openid-configuration"
TOKEN = "/api/oauth/token"

# Headers by which a client might pretend to be the proxy, another host, or somebody with a certificate
# (T-49, T-50, T-77).
PRETENDING = {
    "Forwarded": "for=1.2.3.4;host=evil.example;proto=http", "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http", "X-Forwarded-Port": "81", "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Prefix": "/evil", "X-Host": "evil.example", "X-Original-URL": "/evil", "X-Rewrite-URL": "/evil",
    "X-Forwarded-For": "1.2.3.4", "X-Real-IP": "1.2.3.4", "X-HTTP-Method-Override": "DELETE",
    "SSL-Client-Cert": "-----BEGIN CERTIFICATE-----", "SSL-Client-Verify": "SUCCESS", "X-SSL-Client-Cert": "x",
    "SSL_CLIENT_CERT": "-----BEGIN CERTIFICATE-----", "Remote-User": "admin", "HTTPS": "off", "Proxy": "http://evil",
}


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    def json(self):
        return json.loads(self.body)


class Through:
    """Mixed into a TestCase by server(); door is the fixture."""
    KIND = None
    REFUSES_ANNOUNCED = False
    RETRY_AFTER = "5"
    door = None

    @classmethod
    def setUpClass(cls):
        cls.door = cls.enterClassContext(Doorward(server=cls.KIND, plain=True))
        known = cls.door.known
        cls.credentials = (known["DOORWARD_CLIENT_ID"], known["DOORWARD_CLIENT_SECRET"])

    # --- sending ---

    def ask(self, method, path, body=None, headers=None, plain=False):
        """A well-formed request; body may be an iterable, which is sent chunked."""
        if plain:
            connection = http.client.HTTPConnection("127.0.0.1", self.door.plain_port, timeout=20)
        else:
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self.door.port, timeout=20, context=ssl.create_default_context(cafile=self.door.ca))
        try:
            connection.request(method, path, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def ask_raw(self, text, plain=False):
        """The bytes as they stand; the answer, or None when the server just hung up."""
        port = self.door.plain_port if plain else self.door.port
        with socket.create_connection(("127.0.0.1", port), timeout=20) as stream:
            if not plain:
                context = ssl.create_default_context(cafile=self.door.ca)
                stream = context.wrap_socket(stream, server_hostname="127.0.0.1")
            stream.sendall(text.encode("latin-1"))
            response = http.client.HTTPResponse(stream, method=text.split(" ", 1)[0])
            try:
                response.begin()
                return Answer(response)
            except (http.client.HTTPException, OSError):
                return None
            finally:
                stream.close()

    def basic(self):
        pair = ":".join(urllib.parse.quote_plus(part) for part in self.credentials)
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
                "Content-Type": "application/x-www-form-urlencoded"}

    # --- the promises ---

    def test_sign_in(self):
        "a person signs in through the whole code flow: PKCE, code, tokens, ID token, userinfo by Bearer"
        result = sign_in(self.door.environment())
        self.assertEqual(self.door.known["DOORWARD_USER_EMAIL"], result["userinfo"]["email"])

    def test_basic_arrives(self):
        "the Authorization header arrives: a client proves itself by Basic"
        answer = self.ask("POST", TOKEN, "grant_type=client_credentials", self.basic())
        self.assertEqual(200, answer.status, answer.body)
        self.assertEqual("Bearer", answer.json()["token_type"])

    def test_repeated_authorization(self):
        "two Authorization headers never pass for one"
        line = f"Authorization: {self.basic()['Authorization']}\r\n"
        body = "grant_type=client_credentials"
        answer = self.ask_raw(f"POST {TOKEN} HTTP/1.1\r\nHost: 127.0.0.1\r\n{line}{line}Connection: close\r\n"
                              f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}")
        self.assertIn(answer.status, (400, 401), answer.body)

    def test_chunked_body(self):
        "a chunked body arrives whole"
        parts = [b"grant_type=", b"client_cred", b"entials"]
        answer = self.ask("POST", TOKEN, iter(parts), self.basic())
        self.assertEqual(200, answer.status, answer.body)

    def test_large_body(self):
        "a body over the limit is refused with 413, and the next request is served"
        # Where the web server refuses by the announced length and hangs up, sending all of it would hide
        # the answer.
        body = "" if self.REFUSES_ANNOUNCED else "a=" + "b" * 79998
        answer = self.ask_raw(f"POST {TOKEN} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 80000\r\n"
                              "Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n" + body)
        self.assertEqual(413, answer.status)
        self.assertEqual(200, self.ask("GET", DISCOVERY).status)

    def test_slow_senders(self):
        "senders that never finish hold no worker: there are four times as many as workers"
        start = (f"POST {TOKEN} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
                 "Content-Type: application/x-www-form-urlencoded\r\n\r\na=b").encode()
        with contextlib.ExitStack() as streams:
            for _ in range(8):
                plain = streams.enter_context(socket.create_connection(("127.0.0.1", self.door.port), timeout=20))
                context = ssl.create_default_context(cafile=self.door.ca)
                stream = streams.enter_context(context.wrap_socket(plain, server_hostname="127.0.0.1"))
                stream.sendall(start)
            time.sleep(0.3)
            began = time.monotonic()
            self.assertEqual(200, self.ask("GET", DISCOVERY).status)
            self.assertLess(time.monotonic() - began, 15)

    def test_head(self):
        "HEAD answers as GET does, without a body"
        get, head = self.ask("GET", DISCOVERY), self.ask("HEAD", DISCOVERY)
        self.assertEqual((200, b""), (head.status, head.body))
        self.assertEqual(get.headers["Content-Type"], head.headers["Content-Type"])
        if head.headers["Content-Length"]:  # Apache's mod_proxy_fcgi leaves it out
            self.assertEqual(str(len(get.body)), head.headers["Content-Length"])

    def test_not_modified(self):
        "discovery is cached by its ETag"
        first = self.ask("GET", DISCOVERY)
        again = self.ask("GET", DISCOVERY, headers={"If-None-Match": first.headers["ETag"]})
        self.assertEqual((304, b""), (again.status, again.body))

    def test_absolute_form(self):
        "T-77: a target with another host doesn't change the issuer, nor where links lead"
        plain = self.ask("GET", DISCOVERY)
        answer = self.ask_raw(f"GET https://evil.example{DISCOVERY} HTTP/1.1\r\nHost: evil.example\r\n"
                              "Connection: close\r\n\r\n")
        if answer and answer.status == 200:
            self.assertEqual(plain.body, answer.body)
        else:
            self.assertTrue(answer is None or answer.status in (400, 404, 421), answer and answer.status)

    def test_foreign_host(self):
        "T-77: a foreign Host header changes nothing"
        answer = self.ask("GET", DISCOVERY, headers={"Host": "evil.example"})
        self.assertEqual(self.ask("GET", DISCOVERY).body, answer.body)

    def test_odd_paths(self):
        "T-113, T-114: a path has one spelling: %2F, //, dots, ; and NUL lead nowhere"
        for path in ("/.well-known%2Fopenid-configuration", "//.well-known/openid-configuration",
                     "/.well-known//openid-configuration", "/.well-known/openid-configuration;x=1",
                     "/.well-known/openid-configuration/", "/x/..;/.well-known/openid-configuration",
                     "/%2e%2e/.well-known/openid-configuration", "/.well-known/openid-configuration%00",
                     "/.WELL-KNOWN/openid-configuration", "/.well-known/openid-configuration%20"):
            with self.subTest(path):
                answer = self.ask_raw(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                self.assertTrue(answer is None or answer.status in self.refused(path),
                                f"{answer and answer.status} for {path}")

    def refused(self, path):
        return (400, 404)

    def test_pretending_headers(self):
        "T-49, T-50, T-77: headers that imitate a proxy, a host or a certificate are ignored"
        plain = self.ask("GET", DISCOVERY)
        for name, value in PRETENDING.items():
            with self.subTest(name):
                answer = self.ask("GET", DISCOVERY, headers={name: value})
                self.assertEqual((200, plain.body), (answer.status, answer.body))

    def test_bad_forwarded_for(self):
        "T-115: a malformed X-Forwarded-For changes no decision"
        for value in ("not an address", "1.2.3.4, , ;;", "A" * 4000, "127.0.0.1\t, unix:"):
            with self.subTest(value[:20]):
                answer = self.ask("POST", TOKEN, "grant_type=client_credentials&client_id=x&client_secret=y",
                                  {"X-Forwarded-For": value, "Content-Type": "application/x-www-form-urlencoded"})
                self.assertEqual(401, answer.status)

    def test_plain_http(self):
        "plain HTTP is refused, not redirected, and credentials sent over it are not looked at"
        wrong = {**self.basic(), "Authorization": "Basic " + base64.b64encode(b"x:y").decode()}
        answers = [self.ask("POST", TOKEN, "grant_type=client_credentials", headers, plain=True)
                   for headers in (self.basic(), wrong)]
        for answer in answers:
            self.assertEqual(403, answer.status, answer.body)
            self.assertIsNone(answer.headers["Location"])
            self.assertNotIn(b"access_token", answer.body)
        self.assertEqual(answers[0].body, answers[1].body)

    def test_plain_http_pretending(self):
        "T-50: no header makes plain HTTP pass for TLS"
        for headers in ({"X-Forwarded-Proto": "https"}, {"HTTPS": "on"}, {"Forwarded": "proto=https"},
                        {"X-Forwarded-Ssl": "on"}, {"Front-End-Https": "on"}, {"X-Url-Scheme": "https"}):
            with self.subTest(headers):
                answer = self.ask("POST", TOKEN, "grant_type=client_credentials", {**self.basic(), **headers},
                                  plain=True)
                self.assertEqual(403, answer.status, answer.body)

    def test_authorize_page_over_plain_http(self):
        "plain HTTP gets no sign-in page and no cookie"
        answer = self.ask("GET", "/login", headers={"Accept": "text/html"}, plain=True)
        self.assertGreaterEqual(answer.status, 400)
        self.assertIsNone(answer.headers["Set-Cookie"])

    def test_wrong_method(self):
        "a wrong method gets 405 with Allow"
        answer = self.ask("DELETE", TOKEN)
        self.assertEqual((405, "POST"), (answer.status, (answer.headers["Allow"] or "").replace(", OPTIONS", "")))

    def test_errors_pass(self):
        "Doorward's own error answers pass the web server unchanged"
        answer = self.ask("POST", TOKEN, "grant_type=nonsense", self.basic())
        self.assertEqual((400, "unsupported_grant_type"), (answer.status, answer.json()["error"]))
        page = self.ask("GET", "/nowhere", headers={"Accept": "text/html"})
        self.assertEqual(404, page.status)
        self.assertNotIn(b"nginx", page.body)

    def test_database_away(self):
        "with the database away discovery and keys still answer; what needs it gets 503 with Retry-After"
        self.door.database.kill()
        try:
            self.assertEqual(200, self.ask("GET", DISCOVERY).status)
            self.assertEqual(200, self.ask("GET", "/.well-known/jwks.json").status)
            answer = self.ask("GET", "/readyz")
            self.assertEqual(503, answer.status)
            body = urllib.parse.urlencode({"grant_type": "refresh_token", "refresh_token": "x" * 43})
            answer = self.ask("POST", TOKEN, body, self.basic())
            self.assertIn(answer.status, (400, 503), answer.body)
            if answer.status == 503:
                self.assertTrue(answer.headers["Retry-After"])
        finally:
            self.door.database.start()
        time.sleep(0.6)  # for half a second after a failed connect a worker doesn't ask again
        self.door.wait_ready()

    def test_program_away(self):
        "with no worker there: 503, with Retry-After where the server can; and it is back by itself"
        self.door.stop_service()
        try:
            answer = self.ask("GET", "/login", headers={"Accept": "text/html"})
            self.assertEqual(503, answer.status)
            self.assertIn(b"Back in a moment", answer.body)
            self.assertEqual(self.RETRY_AFTER, answer.headers["Retry-After"])
        finally:
            self.door.start_service()
        self.door.wait_ready()


__all__ = ["DISCOVERY", "TOKEN", "TestCase", "Through"]
