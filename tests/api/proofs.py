"""DPoP as a client does it: a key, proofs made with it (RFC 9449 section 4.2), and requests that carry them. A
proof is made of words that a test may change, leave out (None) or add."""
import hashlib
import json
import secrets
import time

from flow import TOKEN, USERINFO
from jose import b64, encode_parts

REQUIRED = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}


def thumbprint_of(key):
    """RFC 7638."""
    jwk = key.jwk()
    text = json.dumps({name: jwk[name] for name in REQUIRED[jwk["kty"]]}, separators=(",", ":"))
    return b64(hashlib.sha256(text.encode()).digest())


def signed_by(key, header, claims, alg=None):
    """A JWS with exactly this header, whatever it says, signed by the key."""
    text = encode_parts(header, claims)
    return text + "." + b64(key.signature(alg or key.algs[0], text.encode()))


def ath_of(token):
    return b64(hashlib.sha256(token.encode()).digest())


def proof(key, method, url, token=None, header=None, alg=None, **claims):
    """A proof for one request. header and claims change its words; None leaves one out."""
    alg = alg or key.algs[0]
    head = {"typ": "dpop+jwt", "alg": alg, "jwk": key.jwk(), **(header or {})}
    words = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url, "iat": int(time.time())}
    if token:
        words["ath"] = ath_of(token)
    words.update(claims)
    keep = lambda members: {name: value for name, value in members.items() if value is not None}
    return signed_by(key, keep(head), keep(words), alg)


def ask_token(site, client, key, web=None, dpop=None, more=None, **parameters):
    """A token request with a proof, or with the text dpop in its place."""
    made = dpop if dpop is not None else proof(key, "POST", site.url + TOKEN, **(more or {}))
    headers = {**client.headers(), "DPoP": made}
    return (web or site.web).post(TOKEN, {**client.parameters(), **parameters}, headers=headers)


def machine_token(site, client, key):
    """An access token of the client itself, bound to the key."""
    answer = ask_token(site, client, key, grant_type="client_credentials")
    assert answer.status == 200 and answer.json()["token_type"] == "DPoP", str(answer)
    return answer.json()["access_token"]


def with_proof(site, token, made, path=USERINFO, method="GET", scheme="DPoP", web=None, **more):
    headers = {"Authorization": f"{scheme} {token}", **({} if made is None else {"DPoP": made}), **more.pop("headers", {})}
    return (web or site.web).request(method, path, headers=headers, **more)


def use(site, token, key, path=USERINFO, method="GET", web=None, header=None, data=None, **claims):
    """A request to a resource with a proof of its own."""
    made = proof(key, method, site.url + path, token, header, **claims)
    return with_proof(site, token, made, path, method, web=web, **({"data": data} if data is not None else {}))
