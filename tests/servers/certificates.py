"""Clients that show certificates (RFC 8705), through each web server as contrib sets it up. Each test file of this
folder that is called test_certificates_* names one server; what a server does differently is a constant there."""
import base64
import hashlib
import http.client
import json
import ssl
import urllib.parse

from harness import Doorward, TestCase

TOKEN, USERINFO, INTROSPECT, REVOKE = "/api/oauth/token", "/api/oauth/userinfo", "/api/oauth/introspect", "/api/oauth/revoke"


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.status} {self.body[:300]!r}"


class Certificate:
    def __init__(self, paths):
        self.paths = paths
        with open(paths[0]) as file:
            self.pem = file.read()
        self.der = ssl.PEM_cert_to_DER_cert(self.pem)
        self.thumbprint = base64.urlsafe_b64encode(hashlib.sha256(self.der).digest()).rstrip(b"=").decode()


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Certificates:
    """Mixed into a TestCase by each server's file."""
    KIND = None
    HANDS_OVER_UNKNOWN = True  # certificates that nobody in clients.pem has signed

    @classmethod
    def setUpClass(cls):
        cls.door = door = cls.enterClassContext(Doorward(server=cls.KIND, mtls=True))
        make = lambda *arguments, **more: Certificate(door.make_client_certificate(*arguments, **more))
        cls.signed = make("signed", "/C=DE/O=Acme, Inc./CN=api client", "clients-ca",
                          extensions=["subjectAltName=DNS:api.acme.example,URI:https://acme.example/api,IP:192.0.2.7,email:ops@acme.example"])
        cls.other = make("other", "/C=DE/O=Acme, Inc./CN=other client", "clients-ca")
        cls.foreign = make("foreign", "/C=DE/O=Acme, Inc./CN=api client", "foreign-ca")
        cls.own = make("own", "/CN=self-signed")
        cls.listed = Certificate((door.clients.replace("clients.pem", "listed.pem"), door.clients.replace("clients.pem", "listed-key.pem")))

    # --- sending ---

    def ask(self, method, path, body=None, certificate=None, headers=None, mtls=True):
        context = ssl.create_default_context(cafile=self.door.ca)
        if certificate:
            context.load_cert_chain(*certificate.paths)
        port = self.door.mtls_port if mtls else self.door.port
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context)
        headers = dict(headers or {})
        if body is not None:
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
            body = urllib.parse.urlencode(body)
        try:
            connection.request(method, path, body, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def client(self, **metadata):
        return self.door.add_client({"client_name": "Backend", "grant_types": ["client_credentials"], **metadata})

    def token(self, client, certificate=None, mtls=True, headers=None, **more):
        """A token request of the client for itself, with its secret if it has one."""
        headers = dict(headers or {})
        body = {"grant_type": "client_credentials", **more}
        if client.get("client_secret"):
            pair = f"{client['client_id']}:{client['client_secret']}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            body["client_id"] = client["client_id"]
        return self.ask("POST", TOKEN, body, certificate, headers, mtls)

    def use(self, token, certificate=None, **more):
        return self.ask("GET", USERINFO, None, certificate, {"Authorization": f"Bearer {token}", **more.pop("headers", {})}, **more)

    def introspect(self, client, token, certificate=None):
        pair = f"{client['client_id']}:{client['client_secret']}"
        headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        return self.ask("POST", INTROSPECT, {"token": token}, certificate, headers).json()

    # --- the promises: tokens ---

    def bound_client(self):
        return self.client(tls_client_certificate_bound_access_tokens=True)

    def test_discovery(self):
        "8705 3.3, 5: discovery tells that tokens are bound to certificates, and where clients show them"
        told = self.ask("GET", "/.well-known/openid-configuration", mtls=False).json()
        self.assertIs(True, told["tls_client_certificate_bound_access_tokens"])
        aliases = told["mtls_endpoint_aliases"]
        self.assertEqual({"token_endpoint", "userinfo_endpoint", "revocation_endpoint", "introspection_endpoint"}, set(aliases))
        for name, address in aliases.items():
            self.assertEqual(told[name].replace(self.door.url, self.door.mtls_url), address)

    def test_bound(self):
        "59: a token is bound to the certificate (cnf x5t#S256) and good with it alone: another, none or the other host is invalid_token"
        client = self.bound_client()
        answer = self.token(client, self.signed)
        self.assertEqual((200, "Bearer"), (answer.status, answer.json()["token_type"]), str(answer))
        token = answer.json()["access_token"]
        self.assertEqual({"x5t#S256": self.signed.thumbprint}, claims_of(token)["cnf"])
        # a machine's token has no openid: 403 says that it was taken
        self.assertEqual(403, self.use(token, self.signed).status)
        for refused in (self.use(token, self.other), self.use(token), self.use(token, mtls=False)):
            self.assertEqual((401, "invalid_token"), (refused.status, refused.json()["error"]), str(refused))
        self.assertEqual({"x5t#S256": self.signed.thumbprint}, self.introspect(client, token)["cnf"])

    def test_required(self):
        "8705 3: a client that is registered for it gets no token without a certificate"
        client = self.bound_client()
        for answer in (self.token(client), self.token(client, mtls=False)):
            self.assertEqual((400, "invalid_request"), (answer.status, answer.json()["error"]), str(answer))

    def test_unregistered(self):
        "a client that isn't gets one that isn't bound, whatever certificate it shows"
        answer = self.token(self.client(), self.signed)
        self.assertEqual(200, answer.status, str(answer))
        self.assertNotIn("cnf", claims_of(answer.json()["access_token"]))

    def test_headers_are_nothing(self):
        "58, T-50: a certificate that a client writes into a header is none, at either host and under whatever name"
        client, pem = self.bound_client(), self.signed.pem
        lines = {"escaped": urllib.parse.quote(pem), "one line": pem.replace("\n", " ").strip(), "tabs": pem.replace("\n", "\t").strip()}
        token = self.token(client, self.signed).json()["access_token"]
        for text in lines.values():
            headers = {name: text for name in ("SSL-Client-Cert", "SSL_CLIENT_CERT", "SSL-Client-Escaped-Cert", "X-SSL-Client-Cert", "SSL_CLIENT_ESCAPED_CERT",
                                               "HTTP_SSL_CLIENT_CERT", "Client-Cert", "X-Forwarded-Client-Cert")}
            headers.update({"SSL-Client-Verify": "SUCCESS", "SSL_CLIENT_VERIFY": "SUCCESS"})
            for mtls in (True, False):
                self.assertEqual(400, self.token(client, mtls=mtls, headers=headers).status)
                self.assertEqual(401, self.use(token, mtls=mtls, headers=headers).status)
            # nor does one replace what the web server says
            self.assertEqual(401, self.use(token, self.other, headers=headers).status)
            answer = self.token(client, self.other, headers=headers)
            self.assertEqual({"x5t#S256": self.other.thumbprint}, claims_of(answer.json()["access_token"])["cnf"])

    def test_self_signed_token(self):
        "8705 3: a token may be bound to a certificate that the client signed itself, where the web server hands it over"
        client = self.bound_client()
        answer = self.token(client, self.listed)
        self.assertEqual({"x5t#S256": self.listed.thumbprint}, claims_of(answer.json()["access_token"])["cnf"])
        answer = self.token(client, self.own)
        if self.HANDS_OVER_UNKNOWN:
            self.assertEqual({"x5t#S256": self.own.thumbprint}, claims_of(answer.json()["access_token"])["cnf"])
        else:
            self.assertNotEqual(200, answer.status)


__all__ = ["Certificates", "TestCase", "claims_of"]
