"""Clients of every way of authentication, and what each sends to prove who it is."""
import secrets
import time

from checks import refused
from flow import INTROSPECT, REVOKE, TOKEN
from installation import basic
from signers import EcKey, SecretKey

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_PATHS = (TOKEN, "/token", "/oauth2/token")
ENDPOINTS = (*TOKEN_PATHS, INTROSPECT, REVOKE)
MACHINE = {"grant_types": ["client_credentials"], "redirect_uris": None, "response_types": None, "scope": "read:things write:things"}


def claims_of(site, client, **more):
    """Claims of a good assertion; None as a value leaves one out."""
    now = int(time.time())
    claims = {"iss": client.id, "sub": client.id, "aud": site.url, "iat": now, "exp": now + 120, "jti": secrets.token_urlsafe(16), **more}
    return {name: value for name, value in claims.items() if value is not None}


def assertion(site, client, alg=None, header=None, key=None, **claims):
    return (key or client.key).sign(claims_of(site, client, **claims), alg, **(header or {}))


def asserted(text, **more):
    return {"client_assertion_type": JWT_BEARER, "client_assertion": text, **more}


def invalid_client(answer, what=""):
    assert answer.status == 401, f"{what}: {answer}"
    refused(answer, 401, "invalid_client")


def words_for(site, path, client, token=None):
    """What an endpoint is asked for, beside who asks."""
    if path in TOKEN_PATHS:
        return {"grant_type": "client_credentials"}
    return {"token": token or secrets.token_urlsafe(16)}


def ask(site, path, client, proof, headers=None, web=None, **more):
    words = {**words_for(site, path, client), **proof, **more}
    return (web or site.web).post(path, {name: value for name, value in words.items() if value is not None}, headers=headers or {})


def keyed_client(site, key=None, **metadata):
    """A machine with private_key_jwt, whose key is client.key."""
    key = key or EcKey("one")
    words = {**MACHINE, "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [key.public()]}, **metadata}
    client = site.add_client(**words)
    client.key = key
    return client


def secret_client(site, **metadata):
    client = site.add_client(**{**MACHINE, "token_endpoint_auth_method": "client_secret_jwt", **metadata})
    client.key = SecretKey(client.secret)
    return client


def proof_of(site, client):
    """(form words, headers) that prove a client by its registered way."""
    if client.method in ("private_key_jwt", "client_secret_jwt"):
        return asserted(assertion(site, client)), {}
    if client.method == "client_secret_basic":
        return {}, {"Authorization": basic(client.id, client.secret)}
    if client.method == "client_secret_post":
        return {"client_id": client.id, "client_secret": client.secret}, {}
    return {"client_id": client.id}, {}


def get_token(site, client, path=TOKEN, **more):
    words, headers = proof_of(site, client)
    return ask(site, path, client, words, headers, **more)
