"""A provider that means harm: an OpenID Connect issuer of a few lines, whose every answer a test can put something else in
place of, down to the bytes on the wire."""
import json
import socketserver
import threading
import time
import urllib.parse

from signers import EcKey

CLIENT_ID = "door"


class _Handler(socketserver.StreamRequestHandler):
    timeout = 30

    def handle(self):
        request = self.rfile.readline(65536).decode("latin-1").split(" ")
        headers = {}
        while (line := self.rfile.readline(65536).decode("latin-1").strip()):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length") or 0)).decode()
        if len(request) < 2:
            return
        path = request[1].split("?")[0]
        self.form = dict(urllib.parse.parse_qsl(body))
        self.server.rogue.note(request[0], path, headers, body)
        answer = self.server.rogue.answers.get(path)
        if callable(answer):
            answer(self)
        elif answer is None:
            self.tell({}, "404 Not Found")
        else:
            self.tell(answer)

    def tell(self, answer, status="200 OK", *headers):
        """Of bytes as they are; of anything else as JSON."""
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(data)}", "Connection: close", *headers]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + data)

    def send(self, data):
        try:
            self.wfile.write(data)
            return True
        except OSError:
            return False


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *args):
        pass


class Rogue:
    """answers: by path, a JSON value, bytes, or a function of the handler."""

    def __init__(self, host="127.0.0.1"):
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.rogue = self
        self.url = f"http://{host}:{self.server.server_address[1]}"
        self.key = EcKey("k1")
        self.asked, self.lock = [], threading.Lock()
        self.reset()
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def note(self, method, path, headers, body):
        with self.lock:
            self.asked.append((method, path, headers, body))

    def count(self, path):
        with self.lock:
            return sum(asked[1] == path for asked in self.asked)

    def reset(self):
        self.answers = {
            "/.well-known/openid-configuration": self.discovery(),
            "/keys": {"keys": [self.key.public(alg="ES256", use="sig")]},
            "/token": self.tokens(),
        }

    def discovery(self, **changes):
        return {"issuer": self.url, "authorization_endpoint": self.url + "/authorize", "token_endpoint": self.url + "/token",
                "jwks_uri": self.url + "/keys", "userinfo_endpoint": self.url + "/userinfo",
                "token_endpoint_auth_methods_supported": ["client_secret_post"], **changes}

    def tokens(self, id_token=None, **more):
        return {"access_token": "opaque-access", "token_type": "Bearer", "expires_in": 3600, **({"id_token": id_token} if id_token else {}), **more}

    def claims(self, sub, nonce, **more):
        """None as a value leaves a claim out."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "sub": sub, "nonce": nonce, "iat": now, "exp": now + 300, "auth_time": now, **more}
        return {name: value for name, value in claims.items() if value is not None}

    def metadata(self, name="rogue", **changes):
        words = {"name": name, "kind": "oidc", "issuer": self.url, "client_id": CLIENT_ID, "client_secret": "s3cret-of-rogue", **changes}
        return {name: value for name, value in words.items() if value is not None}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def asked_of(location):
    """The parameters that somebody was sent to a provider with."""
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
