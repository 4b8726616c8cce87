"""JWTs as a relying party sees them: taken apart and verified (RS256, ES256, EdDSA) with Python's
numbers alone, and made under keys of our own for forgeries. Not constant-time: for tests only."""
import base64
import hashlib
import hmac
import json
import secrets


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(text):
    return int.from_bytes(unb64(text), "big")


class Jwt:
    """A compact JWS taken apart, not verified."""

    def __init__(self, text):
        parts = text.split(".")
        assert len(parts) == 3, f"{text[:40]}... is no compact JWS"
        self.text = text
        self.header = json.loads(unb64(parts[0]))
        self.claims = json.loads(unb64(parts[1]))
        self.signature = unb64(parts[2])
        self.signed = (parts[0] + "." + parts[1]).encode()

    def verify(self, jwks):
        """Asserts a good signature by the key of the set that kid names; returns self."""
        keys = [key for key in jwks["keys"] if key.get("kid") == self.header.get("kid")]
        assert len(keys) == 1, f"{len(keys)} keys with kid {self.header.get('kid')}"
        alg = self.header["alg"]
        assert keys[0].get("alg", alg) == alg, f"key is for {keys[0]['alg']}, token says {alg}"
        assert VERIFIERS[alg](keys[0], self.signed, self.signature), f"bad {alg} signature"
        return self


def _verify_rs256(key, signed, signature):
    modulus, exponent = number(key["n"]), number(key["e"])
    size = (modulus.bit_length() + 7) // 8
    if len(signature) != size:
        return False
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    digest = prefix + hashlib.sha256(signed).digest()
    want = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    return pow(int.from_bytes(signature, "big"), exponent, modulus).to_bytes(size, "big") == want


# P-256 (FIPS 186-4 D.1.2.3)
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def _add(a, b):
    if a is None:
        return b
    if b is None:
        return a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def _times(scalar, point):
    result = None
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _verify_es256(key, signed, signature):
    if len(signature) != 64:
        return False
    point = number(key["x"]), number(key["y"])
    assert (point[1] ** 2 - (point[0] ** 3 - 3 * point[0] + B)) % P == 0, "the key is not on its curve"
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (0 < r < N and 0 < s < N):
        return False
    digest = int.from_bytes(hashlib.sha256(signed).digest(), "big")
    inverse = pow(s, -1, N)
    sum_ = _add(_times(digest * inverse % N, G), _times(r * inverse % N, point))
    return sum_ is not None and sum_[0] % N == r


# Ed25519 (RFC 8032 section 5.1)
Q = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, Q) % Q


def _recover_x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, -1, Q) % Q
    x = pow(square, (Q + 3) // 8, Q)
    if (x * x - square) % Q:
        x = x * pow(2, (Q - 1) // 4, Q) % Q
    assert (x * x - square) % Q == 0, "no point on the curve"
    return Q - x if x & 1 != sign else x


def _ed_point(data):
    value = int.from_bytes(data, "little")
    y = value & ((1 << 255) - 1)
    return _recover_x(y, value >> 255), y


def _ed_add(a, b):
    product = D * a[0] * b[0] * a[1] * b[1] % Q
    return ((a[0] * b[1] + b[0] * a[1]) * pow(1 + product, -1, Q) % Q,
            (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, Q) % Q)


def _ed_times(scalar, point):
    result = (0, 1)
    while scalar:
        if scalar & 1:
            result = _ed_add(result, point)
        point = _ed_add(point, point)
        scalar >>= 1
    return result


ED_BASE = (_recover_x(4 * pow(5, -1, Q) % Q, 0), 4 * pow(5, -1, Q) % Q)


def _verify_eddsa(key, signed, signature):
    if len(signature) != 64 or key.get("crv") != "Ed25519":
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    public = unb64(key["x"])
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + signed).digest(), "little") % L
    return _ed_times(s, ED_BASE) == _ed_add(_ed_point(signature[:32]), _ed_times(h, _ed_point(public)))


VERIFIERS = {"RS256": _verify_rs256, "ES256": _verify_es256, "EdDSA": _verify_eddsa}


def encode_parts(header, claims):
    return b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())


def unsigned(claims, alg="none", **header):
    """A token with an empty signature."""
    return encode_parts(dict(header, alg=alg), claims) + "."


def foreign(claims, **header):
    """A token signed with ES256 under a key that nobody else knows."""
    private = secrets.randbelow(N - 1) + 1
    text = encode_parts(dict(header, alg="ES256"), claims)
    nonce = secrets.randbelow(N - 1) + 1
    r = _times(nonce, G)[0] % N
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    s = pow(nonce, -1, N) * (digest + r * private) % N
    return text + "." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def hs256(claims, key, **header):
    """A token MACed under the given bytes: for algorithm confusion."""
    text = encode_parts(dict(header, alg="HS256"), claims)
    return text + "." + b64(hmac.new(key, text.encode(), hashlib.sha256).digest())


def half_hash(text):
    """at_hash and c_hash for an algorithm that hashes with SHA-256."""
    return b64(hashlib.sha256(text.encode()).digest()[:16])


def challenge_of(verifier):
    return b64(hashlib.sha256(verifier.encode()).digest())
