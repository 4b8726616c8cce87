"""A server that webhooks go to, over HTTPS, in threads of the test. Verifies as the Standard Webhooks
specification has it, with nothing of ours."""
import base64
import hashlib
import hmac
import http.server
import json
import ssl
import threading
import time


def signatures(secret, message_id, timestamp, body):
    """The signature of each secret: HMAC-SHA256 over id.timestamp.body, base64."""
    assert secret.startswith("whsec_"), secret
    key = base64.b64decode(secret[len("whsec_"):], validate=True)
    text = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


class Told:
    """One request that came in."""

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body, self.at = method, path, headers, body, time.time()
        self.id, self.timestamp = headers.get("webhook-id"), headers.get("webhook-timestamp")
        self.signatures = (headers.get("webhook-signature") or "").split(" ")

    @property
    def event(self):
        return json.loads(self.body)

    def is_signed_by(self, secret):
        assert abs(time.time() - int(self.timestamp)) < 300, self.timestamp
        wanted = "v1," + signatures(secret, self.id, self.timestamp, self.body)
        return any(hmac.compare_digest(wanted, one) for one in self.signatures)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        receiver.told.append(Told(self.command, self.path, self.headers, body))
        receiver.behave_now(self)
        self.close_connection = True

    do_GET = do_POST = answer

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    context = None

    def finish_request(self, request, client_address):
        """TLS in the request's own thread, so that a caller who never speaks holds up nobody."""
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass


class Receiver:
    """told is what came; behaviour says how it answers: a status, or a function of the handler."""

    def __init__(self, certificate=None, key=None):
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.receiver = self
        if certificate:
            self.server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.server.context.load_cert_chain(certificate, key)
        self.port = self.server.server_address[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}/hook"
        self.behave()

    def behave(self, behaviour=204):
        self.told, self.behaviour = [], behaviour

    def behave_now(self, handler):
        if callable(self.behaviour):
            self.behaviour(handler)
            return
        handler.send_response(self.behaviour)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def wait_for(self, count, seconds=60):
        end = time.monotonic() + seconds
        while len(self.told) < count:
            if time.monotonic() > end:
                raise AssertionError(f"{len(self.told)} of {count} came within {seconds} s")
            time.sleep(0.02)
        return self.told[:count]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()
