"""Private keys of clients: made, shown as JWKs, and signing with Python's numbers alone. Not constant-time: for tests only."""
import functools
import hashlib
import hmac
import secrets

from jose import ED_BASE, G, L, N, _ed_times, _times, b64, encode_parts, unb64

HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
# DigestInfo of PKCS #1 (RFC 8017 section 9.2)
PREFIXES = {"256": "3031300d060960864801650304020105000420", "384": "3041300d060960864801650304020205000430",
            "512": "3051300d060960864801650304020305000440"}


class Key:
    """What all have: a kid, public() as a JWK, sign() as a compact JWS."""
    algs = ()

    def __init__(self, kid=None):
        self.kid = kid

    def public(self, **members):
        return {**self.jwk(), **({"kid": self.kid} if self.kid else {}), **members}

    def sign(self, claims, alg=None, **header):
        header = {"alg": alg or self.algs[0], **({"kid": self.kid} if self.kid else {}), **header}
        text = encode_parts({name: value for name, value in header.items() if value is not None}, claims)
        return text + "." + b64(self.signature(header["alg"], text.encode()))


class EcKey(Key):
    algs = ("ES256",)

    def __init__(self, kid=None):
        super().__init__(kid)
        self.d = secrets.randbelow(N - 1) + 1
        self.point = _times(self.d, G)

    def jwk(self):
        return {"kty": "EC", "crv": "P-256", **{name: b64(value.to_bytes(32, "big")) for name, value in zip("xy", self.point)}}

    def private(self):
        return {**self.public(), "d": b64(self.d.to_bytes(32, "big"))}

    def signature(self, alg, signed):
        nonce = secrets.randbelow(N - 1) + 1
        r = _times(nonce, G)[0] % N
        digest = int.from_bytes(hashlib.sha256(signed).digest(), "big")
        s = pow(nonce, -1, N) * (digest + r * self.d) % N
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _is_prime(number):
    if any(number % small == 0 for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)):
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(8):
        x = pow(secrets.randbelow(number - 3) + 2, odd, number)
        if x in (1, number - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % number
            if x == number - 1:
                break
        else:
            return False
    return True


@functools.lru_cache(maxsize=None)
def _prime(bits, which):
    while True:
        number = secrets.randbits(bits) | 3 << (bits - 2) | 1
        if _is_prime(number) and (number - 1) % 65537:
            return number


class RsaKey(Key):
    """which tells keys of one size apart: making one takes a moment."""
    algs = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")

    def __init__(self, kid=None, bits=2048, which=0):
        super().__init__(kid)
        p, q = _prime(bits // 2, 2 * which), _prime(bits // 2, 2 * which + 1)
        self.n, self.size = p * q, bits // 8
        self.d = pow(65537, -1, (p - 1) * (q - 1))

    def jwk(self):
        return {"kty": "RSA", "n": b64(self.n.to_bytes(self.size, "big")), "e": "AQAB"}

    def signature(self, alg, signed):
        new = HASHES[alg[2:]]
        digest = new(signed).digest()
        if alg.startswith("RS"):
            info = bytes.fromhex(PREFIXES[alg[2:]]) + digest
            block = b"\0\1" + b"\xff" * (self.size - len(info) - 3) + b"\0" + info
        else:
            block = self._pss(new, digest)
        return pow(int.from_bytes(block, "big"), self.d, self.n).to_bytes(self.size, "big")

    def _pss(self, new, digest):
        """EMSA-PSS (RFC 8017 section 9.1.1), the salt as long as the hash."""
        salt = secrets.token_bytes(len(digest))
        last = new(bytes(8) + digest + salt).digest()
        size = self.size - len(last) - 1
        block = bytes(size - len(salt) - 1) + b"\1" + salt
        mask = b"".join(new(last + count.to_bytes(4, "big")).digest() for count in range(size // len(last) + 1))[:size]
        masked = bytes(a ^ b for a, b in zip(block, mask))
        return bytes([masked[0] & 0x7f]) + masked[1:] + last + b"\xbc"


def _compressed(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def _affine_times(scalar, point):
    return _ed_times(scalar, point)


class EdKey(Key):
    algs = ("EdDSA", "Ed25519")

    def __init__(self, kid=None):
        super().__init__(kid)
        digest = hashlib.sha512(secrets.token_bytes(32)).digest()
        self.scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
        self.prefix = digest[32:]
        self.x = _compressed(_affine_times(self.scalar, ED_BASE))

    def jwk(self):
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(self.x)}

    def signature(self, alg, signed):
        r = int.from_bytes(hashlib.sha512(self.prefix + signed).digest(), "little") % L
        point = _compressed(_affine_times(r, ED_BASE))
        h = int.from_bytes(hashlib.sha512(point + self.x + signed).digest(), "little") % L
        return point + ((r + h * self.scalar) % L).to_bytes(32, "little")


class SecretKey(Key):
    algs = ("HS256", "HS384", "HS512")

    def __init__(self, secret, kid=None):
        super().__init__(kid)
        self.secret = secret if isinstance(secret, bytes) else secret.encode()

    def jwk(self):
        return {"kty": "oct", "k": b64(self.secret)}

    def signature(self, alg, signed):
        return hmac.new(self.secret, signed, HASHES[alg[2:]]).digest()


def pem_of(key):
    """SubjectPublicKeyInfo of an RSA key as PEM: what a confused verifier would take for a secret."""
    import base64

    def der(tag, body):
        size = len(body)
        head = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
        return bytes([tag]) + head + body
    jwk = key.public()
    numbers = der(0x30, b"".join(der(2, b"\0" * (unb64(jwk[name])[0] > 127) + unb64(jwk[name])) for name in "ne"))
    info = der(0x30, bytes.fromhex("300d06092a864886f70d0101010500") + der(3, b"\0" + numbers))
    text = base64.encodebytes(info).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{text}-----END PUBLIC KEY-----\n".encode()
