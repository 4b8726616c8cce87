#!/usr/bin/env python3
"""What Doorward takes for the certificate of a connection (RFC 8705), as web servers' variables say it: whatever stands in them.
Real handshakes are in tests/servers."""
import json
import os
import subprocess
import tempfile
import urllib.parse

from kit import *
from installation import basic
from machines import ask_at
from proofs import proof
from prove import *
from signers import EcKey

_made = {}


def certificate(name="/CN=client"):
    """A self-signed certificate with that subject, as PEM."""
    if name not in _made:
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "certificate")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", name,
                            "-utf8", "-multivalue-rdn", "-keyout", path + ".key", "-out", path], check=True, capture_output=True)
            with open(path, encoding="ascii") as file:
                _made[name] = file.read()
    return _made[name]


def subject_client(site, subject="CN=client", **metadata):
    return site.add_client(**{**MACHINE, "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": subject, **metadata})


def ask(site, client, variables, **more):
    words = {"grant_type": "client_credentials", "client_id": client.id, **more.pop("words", {})}
    return ask_at(site.door.socket, "POST", TOKEN, words, more=list(variables), **more)


def shown(pem, verify="SUCCESS", name="SSL_CLIENT_CERT"):
    return [(name, pem), ("SSL_CLIENT_VERIFY", verify)]


@test("security 58, 8705 6.3: SSL_CLIENT_VERIFY is SUCCESS, letter for letter, or the chain proves nothing")
def verify_values(site):
    client, pem = subject_client(site), certificate()
    equal(ask(site, client, shown(pem)).status, 200, "SUCCESS")
    for value in ("FAILED:self-signed certificate", "FAILED:certificate has expired", "FAILED:SUCCESS", "FAILED", "GENEROUS", "NONE", "success", "SUCCESS ", " SUCCESS",
                  "SUCCESS:", "0", "1", ""):
        equal(ask(site, client, shown(pem, value)).status, 401, repr(value))
        site.cli("client", "unlock", client.id)
    equal(ask(site, client, [("SSL_CLIENT_CERT", pem)]).status, 401, "no verdict")
    equal(ask(site, client, [("SSL_CLIENT_VERIFY", "SUCCESS"), ("SSL_CLIENT_S_DN", "CN=client")]).status, 401, "a verdict without a certificate, and the name as text")


@test("8705: a certificate is read as each web server writes it; two, half of one, and one with something behind it are none")
def encodings(site):
    client, pem = subject_client(site), certificate()
    escaped, other = urllib.parse.quote(pem, safe=""), certificate("/CN=other")
    for text in (pem, pem.replace("\n", "\r\n"), pem.replace("\n", "\n\t"), pem.replace("\n", " "), pem.strip(), escaped,
                 urllib.parse.quote(pem.replace("\n", "\r\n"), safe="")):
        for name in ("SSL_CLIENT_CERT", "SSL_CLIENT_ESCAPED_CERT"):
            equal(ask(site, client, shown(text, name=name)).status, 200, f"{name}: {text[:60]!r}")
    equal(ask(site, client, [("SSL_CLIENT_ESCAPED_CERT", ""), *shown(pem)]).status, 200, "an empty variable is none")
    for text in (pem + other, other + pem, pem + pem, pem + "x", "x" + pem, pem[:-30], pem[:200], pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
                 pem.replace("BEGIN", "begin"), escaped + "%", escaped.replace("%0A", "%0", 1), "%00" + escaped, "A" * 20000, "A" * 40000, "-----BEGIN CERTIFICATE-----", "\u00e9"):
        equal(ask(site, client, shown(text)).status, 401, repr(text[:60]))
        site.cli("client", "unlock", client.id)


@test("8705 2.1.2, RFC 4514: a subject is its parts in the string's order, the last first, and a part of several in any")
def subjects(site):
    pem = certificate("/C=DE/O=Acme, Inc./OU=Pay+UID=42/CN=J\u00fcrgen \"x\"")
    same = ("CN=J\u00fcrgen \\\"x\\\",OU=Pay+UID=42,O=Acme\\, Inc.,C=DE", "CN=J\\C3\\BCrgen \\22x\\22 , UID=42+OU=pay , O=acme\\2C inc. , C=de")
    other = ("C=DE,O=Acme\\, Inc.,OU=Pay+UID=42,CN=J\u00fcrgen \\\"x\\\"", "CN=J\u00fcrgen \\\"x\\\",OU=Pay,UID=42,O=Acme\\, Inc.,C=DE",
             "CN=J\u00fcrgen \\\"x\\\",OU=Pay,O=Acme\\, Inc.,C=DE", "CN=J\u00fcrgen \\\"x\\\",OU=Pay+UID=42,O=Acme,C=DE", "CN=Jurgen \\\"x\\\",OU=Pay+UID=42,O=Acme\\, Inc.,C=DE")
    for subjects, status in ((same, 200), (other, 401)):
        for subject in subjects:
            answer = ask(site, subject_client(site, subject), shown(pem))
            equal(answer.status, status, f"{subject}: {answer.body}")


@test("security 48, 51: a certificate beside a secret, an assertion or Basic: the registered way alone counts, and two of the body's ways are invalid_request")
def beside_others(site):
    pem, client = certificate(), subject_client(site)
    keyed, posting = keyed_client(site), site.add_client(**{**MACHINE, "token_endpoint_auth_method": "client_secret_post"})
    for words, status in (({"client_secret": "x"}, 401), (asserted(assertion(site, keyed)), 401), ({"client_secret": ""}, 401),
                          ({"client_secret": "x", **asserted(assertion(site, keyed))}, 400)):
        equal(ask(site, client, shown(pem), words=words).status, status, f"{words}")
        site.cli("client", "unlock", client.id)
    equal(ask(site, client, shown(pem), headers={"Authorization": basic(client.id, "x")}).status, 401, "Basic")
    equal(ask(site, posting, shown(pem)).status, 401, "a client of a secret")
    equal(ask(site, posting, shown(pem), words={"client_secret": posting.secret}).status, 200, "its secret, over a connection with a certificate")
    equal(ask(site, keyed, shown(pem), words=asserted(assertion(site, keyed))).status, 200, "its assertion, over one")


@test("4.3: a certificate that is the client's, shown from an address that it may not come from, is 403 and doesn't lock it; another's counts for its range alone")
def enhanced(site):
    client = subject_client(site, enhanced_security=True, allowed_addresses=["192.0.2.0/24"])
    pem = certificate()
    for number in range(12):
        equal(ask(site, client, shown(pem), address=f"203.0.113.{number}").status, 403, "its own, from elsewhere")
        equal(ask(site, client, shown(certificate("/CN=other")), address=f"192.0.2.{100 + number}").status, 401, "another's")
    equal(ask(site, client, shown(pem), address="192.0.2.1").status, 200, "from its place")


@test("4.3: an enhanced client's assertion over a connection with a certificate, and with a proof: the token is bound to both")
def bound_to_both(site):
    client, key = keyed_client(site, enhanced_security=True), EcKey()
    words = asserted(assertion(site, client))
    answer = ask(site, client, shown(certificate(), "FAILED:self-signed certificate"), words=words, headers={"DPoP": proof(key, "POST", site.url + TOKEN)})
    equal(answer.status, 200, answer.body)
    equal(sorted(Jwt(json.loads(answer.body)["access_token"]).claims["cnf"]), ["jkt", "x5t#S256"], "cnf")


run(workers=2, settings={"client_certificates": "yes", "mtls_url": "https://mtls.example.org"})
