"""The running checks that every flow must pass (C1 to C12 of OpenID certification), and small
assertions that say what they saw."""
import math
import re
import time
from collections import Counter

from jose import Jwt, half_hash

TOKEN_CHARACTERS = re.compile(r"\A[\x20-\x7e]+\Z")          # RFC 6749 appendix A.17
ERROR_CHARACTERS = re.compile(r"\A[\x20-\x21\x23-\x5b\x5d-\x7e]*\Z")  # RFC 6749 section 5.2
ERROR_MEMBERS = {"error", "error_description", "error_uri"}


def tampered(text, at=-4):
    """The same text with one other character there. What changes the last one of an encoding should change an earlier one, too:
    its last bits may stand for nothing."""
    at %= len(text)
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:]


def equal(seen, wanted, what=""):
    assert seen == wanted, f"{what}: {seen!r}, not {wanted!r}"


def until(condition, what, seconds=60):
    """Waits for it; what is for the one who reads that it didn't happen."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.05)


def one_of(seen, wanted, what=""):
    assert seen in wanted, f"{what}: {seen!r}, none of {wanted!r}"


def refused(answer, status, error):
    """C9: an OAuth error body, and nothing else in it."""
    statuses = status if isinstance(status, tuple) else (status,)
    assert answer.status in statuses, f"wanted {status} {error}, got {answer}"
    body = answer.json()
    errors = error if isinstance(error, tuple) else (error,)
    assert body.get("error") in errors, f"wanted {error}, got {answer}"
    assert set(body) <= ERROR_MEMBERS, f"unexpected members in {body}"
    assert ERROR_CHARACTERS.match(body["error"]) and ERROR_CHARACTERS.match(body.get("error_description", ""))
    assert "no-store" in (answer.header("Cache-Control") or ""), f"an error that may be stored: {answer.headers}"
    return body


def entropy_bits(text):
    """Shannon's estimate over the text's own characters, as the certification suite does."""
    counts = Counter(text)
    return -sum(n * math.log2(n / len(text)) for n in counts.values())


def unguessable(text, what):
    """C3: long enough, varied enough, and of the printable set."""
    assert TOKEN_CHARACTERS.match(text), f"{what} has characters outside RFC 6749 appendix A"
    assert len(text) >= 22 and entropy_bits(text) >= 96, f"{what} is guessable: {len(text)} characters"


def authorization_response(response, request, issuer):
    """C1, C2 and the code's part of C3."""
    equal(response.get("state"), request.get("state"), "state")
    equal(response["iss"], issuer, "iss")
    equal(response.fragment, "", "fragment")
    names = [name for name, _ in response.pairs]
    equal(len(names), len(set(names)), "repeated parameters")
    allowed = {"code", "state", "iss"} if "code" in names else {"error", "error_description", "state", "iss"}
    assert set(names) <= allowed, f"unexpected parameters {set(names) - allowed}"
    if "code" in names:
        unguessable(response["code"], "code")


def token_response(answer):
    """C4 and the tokens' part of C3; the body."""
    equal(answer.status, 200, str(answer))
    body = answer.json()
    assert "no-store" in (answer.header("Cache-Control") or ""), "tokens that may be stored"
    equal(body["token_type"].lower(), "bearer", "token_type")
    assert type(body["expires_in"]) is int and body["expires_in"] > 0, body["expires_in"]
    unguessable(body["access_token"], "access_token")
    if "refresh_token" in body:
        unguessable(body["refresh_token"], "refresh_token")
    return body


ID_TOKEN_CLAIMS = {"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "jti", "sid", "amr", "acr", "azp"}


def id_token(body, keys, issuer, client, nonce=None):
    """C5 and C6; the claims."""
    token = Jwt(body["id_token"]).verify(keys)
    claims = token.claims
    now = time.time()
    equal(claims["iss"], issuer, "iss of the ID Token")
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    equal(audience, [client.id], "aud of the ID Token")
    assert "azp" not in claims or claims["azp"] == client.id, claims
    assert type(claims["exp"]) is int and claims["exp"] > now, claims
    assert type(claims["iat"]) is int and abs(claims["iat"] - now) < 60, claims
    assert isinstance(claims["sub"], str) and 0 < len(claims["sub"]) <= 255, claims
    equal(claims.get("nonce"), nonce, "nonce")
    if "at_hash" in claims and token.header["alg"] != "EdDSA":
        equal(claims["at_hash"], half_hash(body["access_token"]), "at_hash")
    assert set(claims) <= ID_TOKEN_CLAIMS, f"claims that nobody asked for: {set(claims) - ID_TOKEN_CLAIMS}"
    return claims


def key_set(keys):
    """C8 and 98: kids, distinct; no private member; long enough."""
    kids = [key["kid"] for key in keys["keys"]]
    equal(len(kids), len(set(kids)), "distinct kids")
    for key in keys["keys"]:
        private = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"} & set(key)
        assert not private, f"private members {private} in the key set"
        if key["kty"] == "RSA":
            assert len(key["n"]) >= 342, "an RSA key under 2048 bits"
        else:
            one_of(key["crv"], ("P-256", "Ed25519"), "curve")


def same_for_a_stranger(one, other, what):
    """Two answers that a stranger must not be able to tell apart: same status, headers and body."""
    strip = {"date", "x-request-id", "set-cookie"}
    headers = [sorted(k.lower() for k, _ in answer.headers if k.lower() not in strip) for answer in (one, other)]
    equal(one.status, other.status, f"{what}: status")
    equal(headers[0], headers[1], f"{what}: header names")
    equal(one.body, other.body, f"{what}: body")
