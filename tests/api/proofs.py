"""DPoP as a client does it: a key, proofs made with it (RFC 9449 section 4.2), and requests that carry them. A
proof is made of words that a test may change, leave out (None) or add."""
import hashlib
import json
import secrets
import subprocess
import tempfile
import time

from flow import TOKEN, USERINFO, post_token
from jose import G, N, _times, b64, encode_parts


class EcKey:
    """A P-256 key of a client's."""
    alg = "ES256"

    def __init__(self):
        self.private = secrets.randbelow(N - 1) + 1
        x, y = _times(self.private, G)
        self.jwk = {"kty": "EC", "crv": "P-256", "x": b64(x.to_bytes(32, "big")), "y": b64(y.to_bytes(32, "big"))}

    @property
    def private_jwk(self):
        return dict(self.jwk, d=b64(self.private.to_bytes(32, "big")))

    @property
    def thumbprint(self):
        names = ("crv", "kty", "x", "y") if self.jwk["kty"] == "EC" else ("e", "kty", "n")
        text = json.dumps({name: self.jwk[name] for name in names}, separators=(",", ":"), sort_keys=True)
        return b64(hashlib.sha256(text.encode()).digest())

    def signature(self, text):
        nonce = secrets.randbelow(N - 1) + 1
        r = _times(nonce, G)[0] % N
        digest = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
        s = pow(nonce, -1, N) * (digest + r * self.private) % N
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def sign(self, header, claims):
        text = encode_parts(header, claims)
        return text + "." + b64(self.signature(text))


class RsaKey(EcKey):
    """An RSA key, by the openssl command."""

    def __init__(self, alg="RS256"):
        self.alg = alg
        self.file = tempfile.NamedTemporaryFile("wb")
        self.file.write(self._openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"))
        self.file.flush()
        modulus = self._openssl("rsa", "-in", self.file.name, "-noout", "-modulus").decode().strip().split("=")[1]
        self.jwk = {"kty": "RSA", "n": b64(bytes.fromhex(modulus)), "e": "AQAB"}

    def _openssl(self, *arguments, stdin=b""):
        return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout

    def signature(self, text):
        pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1"] if self.alg.startswith("PS") else []
        return self._openssl("dgst", "-sha256", "-sign", self.file.name, *pss, stdin=text.encode())


def ath_of(token):
    return b64(hashlib.sha256(token.encode()).digest())


def proof(key, method, url, token=None, header=None, **claims):
    """A proof for one request. header and claims change its words; None leaves one out."""
    head = {"typ": "dpop+jwt", "alg": key.alg, "jwk": key.jwk, **(header or {})}
    words = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url, "iat": int(time.time())}
    if token:
        words["ath"] = ath_of(token)
    words.update(claims)
    keep = lambda members: {name: value for name, value in members.items() if value is not None}
    return key.sign(keep(head), keep(words))


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


def without_proof(site, client, **parameters):
    return post_token(site, client, **parameters)
