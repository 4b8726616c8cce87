"""Clients that show certificates (RFC 8705), through each web server as contrib sets it up. Each test file of this
folder that is called test_certificates_* names one server; what a server does differently is a constant there."""
import base64
import hashlib
import http.client
import json
import os
import secrets
import ssl
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "api"))

from flow import authorize  # noqa: E402
from harness import Doorward, TestCase  # noqa: E402
from installation import Client, Site  # noqa: E402
from proofs import proof, thumbprint_of  # noqa: E402
from signers import EcKey  # noqa: E402

TOKEN, USERINFO, INTROSPECT = "/api/oauth/token", "/api/oauth/userinfo", "/api/oauth/introspect"


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.status} {self.body[:300]!r}"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Certificate:
    def __init__(self, paths):
        self.paths = paths
        with open(paths[0]) as file:
            self.pem = file.read()
        self.der = ssl.PEM_cert_to_DER_cert(self.pem)
        self.thumbprint = b64(hashlib.sha256(self.der).digest())

    @property
    def jwk(self):
        """Its public key, which is one of P-256."""
        pem = subprocess.run(["openssl", "x509", "-in", self.paths[0], "-noout", "-pubkey"], capture_output=True, check=True, text=True).stdout
        point = base64.b64decode("".join(pem.splitlines()[1:-1]))[-64:]
        return {"kty": "EC", "crv": "P-256", "x": b64(point[:32]), "y": b64(point[32:])}


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
        cls.for_servers = make("for-servers", "/C=DE/O=Acme, Inc./CN=api client", "clients-ca",
                               extensions=["subjectAltName=DNS:api.acme.example", "extendedKeyUsage=critical,serverAuth"])
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
        "security 59: a token is bound to the certificate (cnf x5t#S256) and good with it alone: another, none or the other host is invalid_token"
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
        "security 58, T-50: a certificate that a client writes into a header is none, at either host and under whatever name"
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

    def test_both(self):
        "a token may be bound to a certificate and to a DPoP key, and needs both; a proof's htu may be of the host that shows certificates"
        client, key = self.bound_client(), EcKey()
        answer = self.token(client, self.signed, headers={"DPoP": proof(key, "POST", self.door.mtls_url + TOKEN)})
        self.assertEqual((200, "DPoP"), (answer.status, answer.json().get("token_type")), str(answer))
        token = answer.json()["access_token"]
        self.assertEqual({"jkt": thumbprint_of(key), "x5t#S256": self.signed.thumbprint}, claims_of(token)["cnf"])
        for certificate, status in ((self.signed, 403), (self.other, 401), (None, 401)):
            headers = {"Authorization": f"DPoP {token}", "DPoP": proof(key, "GET", self.door.mtls_url + USERINFO, token)}
            self.assertEqual(status, self.ask("GET", USERINFO, None, certificate, headers).status)
        self.assertEqual(401, self.use(token, self.signed).status)

    # --- the promises: clients prove who they are ---

    NAMES = {"tls_client_auth_subject_dn": "CN=API Client, O=Acme\\, Inc., C=de", "tls_client_auth_san_dns": "API.acme.example",
             "tls_client_auth_san_uri": "https://acme.example/api", "tls_client_auth_san_ip": "192.0.2.7", "tls_client_auth_san_email": "ops@acme.example"}

    def refused(self, answer):
        self.assertEqual((401, "invalid_client"), (answer.status, answer.json().get("error")), str(answer))

    def test_by_chain(self):
        "8705 2.1: tls_client_auth: a certificate that the web server's CA signed, by its subject or one of its other names"
        for name, value in self.NAMES.items():
            client = self.client(token_endpoint_auth_method="tls_client_auth", **{name: value})
            answer = self.token(client, self.signed)
            self.assertEqual(200, answer.status, f"{name}: {answer}")
            # another's, one of another CA with the same subject, one that it signed itself, and none
            for certificate in (self.other, self.foreign, self.own, self.listed, None):
                self.refused(self.token(client, certificate))
            self.refused(self.token(client, mtls=False))

    def test_other_names(self):
        "8705 2.1: a name that the certificate doesn't bear, in whatever spelling, is another's"
        for name, value in {"tls_client_auth_subject_dn": "CN=api client,O=Acme,C=DE", "tls_client_auth_san_dns": "acme.example", "tls_client_auth_san_uri":
                            "https://acme.example/", "tls_client_auth_san_ip": "192.0.2.70", "tls_client_auth_san_email": "OPS@acme.example"}.items():
            self.refused(self.token(self.client(token_endpoint_auth_method="tls_client_auth", **{name: value}), self.signed))

    def test_for_servers_only(self):
        "8705 2.1: a certificate of the right CA and name that is for servers alone proves no client"
        client = self.client(token_endpoint_auth_method="tls_client_auth", tls_client_auth_san_dns="api.acme.example")
        self.assertEqual(200, self.token(client, self.signed).status)
        try:
            answer = self.token(client, self.for_servers)
        except OSError:  # Apache ends the handshake
            return
        self.assertIn(answer.status, (400, 401), str(answer))

    def jwks(self, *certificates):
        return {"keys": [{**certificate.jwk, "x5c": [base64.b64encode(certificate.der).decode()]} for certificate in certificates]}

    def test_by_its_own(self):
        "8705 2.2: self_signed_tls_client_auth: one of the certificates in the client's jwks, by x5c, x5t#S256 or key; of two any"
        certificate = self.own if self.HANDS_OVER_UNKNOWN else self.listed
        by_key, by_print = self.jwks(certificate), self.jwks(certificate)
        del by_key["keys"][0]["x5c"]
        del by_print["keys"][0]["x5c"]
        by_print["keys"][0]["x5t#S256"] = certificate.thumbprint
        for jwks in (self.jwks(certificate), self.jwks(self.signed, certificate), by_key, by_print):
            client = self.client(token_endpoint_auth_method="self_signed_tls_client_auth", jwks=jwks)
            answer = self.token(client, certificate)
            self.assertEqual(200, answer.status, f"{jwks}: {answer}")
            for other in (self.other, self.foreign if self.HANDS_OVER_UNKNOWN else None, None):
                self.refused(self.token(client, other))
        if not self.HANDS_OVER_UNKNOWN:
            self.refused(self.token(self.client(token_endpoint_auth_method="self_signed_tls_client_auth", jwks=self.jwks(self.own)), self.own))

    def test_ways_are_told(self):
        "8705 3.3: discovery tells both ways"
        told = self.ask("GET", "/.well-known/openid-configuration").json()
        for endpoint in ("token", "revocation", "introspection"):
            self.assertLessEqual({"tls_client_auth", "self_signed_tls_client_auth"}, set(told[f"{endpoint}_endpoint_auth_methods_supported"]))

    def test_no_other_way(self):
        "security 51: a client of a secret doesn't pass by a certificate, nor one of a certificate by saying its name in a header"
        with_secret = dict(self.client())
        with_secret["client_secret"] = None
        self.refused(self.token(with_secret, self.signed))
        client = self.client(token_endpoint_auth_method="tls_client_auth", tls_client_auth_san_dns="api.acme.example")
        headers = {"SSL-Client-Cert": urllib.parse.quote(self.signed.pem), "SSL-Client-Verify": "SUCCESS", "SSL-Client-S-DN": "CN=api client,O=Acme\\, Inc.,C=DE"}
        for mtls in (True, False):
            self.refused(self.token(client, headers=headers, mtls=mtls))

    def test_enhanced(self):
        "4.3: an enhanced client that shows a certificate has its tokens bound to it without saying so"
        client = self.client(token_endpoint_auth_method="tls_client_auth", tls_client_auth_san_dns="api.acme.example", enhanced_security=True)
        answer = self.token(client, self.signed)
        self.assertEqual({"x5t#S256": self.signed.thumbprint}, claims_of(answer.json()["access_token"])["cnf"])
        self.assertEqual(401, self.use(answer.json()["access_token"]).status)

    # --- people's tokens ---

    def test_public_client(self):
        "8705 4: a public client's refresh tokens are bound to its certificate: another or none is invalid_grant, and nothing is spent by that"
        client = self.client(token_endpoint_auth_method="none", grant_types=["authorization_code", "refresh_token"], scope="openid offline_access",
                             redirect_uris=["https://client.example/cb"], tls_client_certificate_bound_access_tokens=True)
        verifier = secrets.token_urlsafe(48)
        code = authorize(Site(self.door.environment(), self.door), Client(client), verifier=verifier, scope="openid offline_access")["code"]
        body = {"grant_type": "authorization_code", "client_id": client["client_id"], "code": code, "code_verifier": verifier,
                "redirect_uri": client["redirect_uris"][0]}
        tokens = self.ask("POST", TOKEN, body, self.signed).json()
        self.assertEqual(200, self.use(tokens["access_token"], self.signed).status)
        self.assertEqual(401, self.use(tokens["access_token"], self.other).status)
        body = {"grant_type": "refresh_token", "client_id": client["client_id"], "refresh_token": tokens["refresh_token"]}
        for certificate, error in ((self.other, "invalid_grant"), (None, "invalid_request")):
            answer = self.ask("POST", TOKEN, body, certificate)
            self.assertEqual((400, error), (answer.status, answer.json()["error"]), str(answer))
        answer = self.ask("POST", TOKEN, body, self.signed)
        self.assertEqual({"x5t#S256": self.signed.thumbprint}, claims_of(answer.json()["access_token"])["cnf"])


__all__ = ["Certificates", "TestCase", "claims_of"]
