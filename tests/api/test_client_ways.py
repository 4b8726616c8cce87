#!/usr/bin/env python3
"""The ways in which clients prove who they are: the table of ways by endpoint by outcome, assertions and all that is wrong
with them, and the keys that clients register."""
import json
import secrets
import subprocess
import threading
import time

from kit import *
from installation import basic
from jose import b64, encode_parts, unsigned
from prove import *
from receiver import Receiver
from signers import EcKey, EdKey, RsaKey, SecretKey, pem_of
from together import at_once

METHODS = ("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt")
_clients = {}


def of_way(site, method):
    """A client of each way, shared by tests."""
    if method not in _clients:
        if method == "private_key_jwt":
            _clients[method] = keyed_client(site)
        elif method == "client_secret_jwt":
            _clients[method] = secret_client(site)
        else:
            _clients[method] = site.add_client(**{**MACHINE, "token_endpoint_auth_method": method})
    return _clients[method]


# --- the table of ways ---

@test("security 48: each way proves its client at every endpoint that knows clients: token by its three names, introspection, revocation")
def every_way_everywhere(site):
    for method in METHODS:
        client = of_way(site, method)
        for path in ENDPOINTS:
            words, headers = proof_of(site, client)
            answer = ask(site, path, client, words, headers)
            equal(answer.status, 200, f"{method} at {path}: {answer}")
    public = site.client("public")
    equal(ask(site, REVOKE, public, {"client_id": public.id}).status, 200, "none at revocation")
    refused(ask(site, TOKEN, public, {"client_id": public.id}), 400, "unauthorized_client")
    invalid_client(ask(site, INTROSPECT, public, {"client_id": public.id}), "none at introspection")


@test("security 51, 52, T-34: a way other than the registered one is invalid_client at every endpoint: the whole square of ways")
def registered_way_alone(site):
    strangers = {"none": site.client("public"), "tls_client_auth": site.add_client(**{
        **MACHINE, "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "client.example"})}
    owners = {**{method: of_way(site, method) for method in METHODS}, **strangers}
    for owner in owners.values():
        key, secret = getattr(owner, "key", EcKey("one")), owner.secret or "x" * 43
        shown = {
            "client_secret_basic": ({}, {"Authorization": basic(owner.id, secret)}),
            "client_secret_post": ({"client_id": owner.id, "client_secret": secret}, {}),
            "client_secret_jwt": (asserted(assertion(site, owner, key=SecretKey(secret))), {}),
            "private_key_jwt": (asserted(assertion(site, owner, key=key if isinstance(key, EcKey) else EcKey("one"))), {}),
            "none": ({"client_id": owner.id}, {}),
        }
        for method, (words, headers) in shown.items():
            if method == owner.method:
                continue
            for path in (TOKEN, INTROSPECT, REVOKE):
                invalid_client(ask(site, path, owner, words, headers), f"{owner.method} showing {method} at {path}")


@test("security 48: several ways in one request are invalid_request at every endpoint, though each would do")
def several_ways(site):
    for path in ENDPOINTS:
        web, key = of_way(site, "client_secret_basic"), of_way(site, "private_key_jwt")
        post = of_way(site, "client_secret_post")
        header = {"Authorization": basic(web.id, web.secret)}
        for words, headers in (({"client_id": web.id, "client_secret": web.secret}, header),
                               (asserted(assertion(site, key)), header),
                               (asserted(assertion(site, key), client_secret=post.secret), {}),
                               (asserted(assertion(site, key), client_secret=""), {}),
                               (asserted(assertion(site, key), client_id=key.id, client_secret="x"), header)):
            refused(ask(site, path, web, words, headers), 400, "invalid_request")


@test("T-35: an empty or repeated field is refused, and never taken for one that didn't come")
def empty_and_repeated(site):
    key, post = of_way(site, "private_key_jwt"), of_way(site, "client_secret_post")
    good = assertion(site, key)
    for words in (asserted(""), {"client_assertion": good}, {"client_assertion_type": JWT_BEARER}, {"client_assertion": good, "client_assertion_type": ""},
                  {"client_id": "", **asserted(good)}, {"client_id": "", "client_secret": post.secret}):
        refused(ask(site, TOKEN, key, words), 400, "invalid_request")
    invalid_client(ask(site, TOKEN, post, {"client_id": post.id, "client_secret": ""}))
    pairs = {"client_id": post.id, "client_secret": post.secret, **asserted(good)}
    for name in pairs:
        words = [("grant_type", "client_credentials")] + [(n, v) for n, v in pairs.items() if n.startswith(name[:10])] + [(name, pairs[name])]
        refused(site.web.post(TOKEN, words), 400, "invalid_request")
    equal(get_token(site, key).status, 200, "and a good one is good")


@test("security 47: secrets and assertions in the query are refused, and their fields in the body as well then")
def in_the_query(site):
    key, post = of_way(site, "private_key_jwt"), of_way(site, "client_secret_post")
    for query in (f"client_id={post.id}&client_secret={post.secret}", "client_assertion=" + assertion(site, key)):
        refused(site.web.post(f"{TOKEN}?{query}", {"grant_type": "client_credentials"}), 400, "invalid_request")
        refused(ask(site, f"{TOKEN}?{query}", key, proof_of(site, key)[0], grant_type="client_credentials"), 400, "invalid_request")


@test("security 50: a failed assertion has no Basic challenge; a failed Basic has one")
def challenges(site):
    key, web = of_way(site, "private_key_jwt"), of_way(site, "client_secret_basic")
    answer = ask(site, TOKEN, key, asserted(assertion(site, key, exp=1)))
    invalid_client(answer)
    equal(answer.header("WWW-Authenticate"), None, "challenge")
    answer = ask(site, TOKEN, web, {}, {"Authorization": basic(web.id, "x")})
    assert answer.header("WWW-Authenticate").startswith("Basic")


@test("the contract's other errors: no authentication 401, no grant_type 400, unknown grant 400, wrong type 400, GET 405")
def contract_errors(site):
    web = of_way(site, "client_secret_basic")
    header = {"Authorization": basic(web.id, web.secret)}
    invalid_client(site.web.post("/oauth2/token", {"grant_type": "client_credentials"}))
    refused(site.web.post("/oauth2/token", {"scope": "read:things"}, headers=header), 400, "invalid_request")
    refused(site.web.post("/oauth2/token", {"grant_type": "password"}, headers=header), 400, "unsupported_grant_type")
    refused(site.web.post("/oauth2/token", {"grant_type": "client_credentials", "scope": "admin"}, headers=header), 400, "invalid_scope")
    refused(site.web.post("/oauth2/token", {"grant_type": "refresh_token", "refresh_token": "x"}, headers=header), 400, "unauthorized_client")
    for path in (TOKEN, "/oauth2/token", "/api/oauth/introspect", "/api/oauth/revoke"):
        answer = site.web.request("POST", path, body="grant_type=client_credentials&token=x", headers={**header, "Content-Type": "text/plain"})
        refused(answer, 400, "invalid_request")
    equal(site.web.get("/oauth2/token").status, 405, "GET")
    answer = site.web.post("/oauth2/token", {"grant_type": "client_credentials", "scope": "read:things"}, headers=header)
    body = token_response(answer)
    equal((body["scope"], answer.header("Pragma")), ("read:things", "no-cache"), "the answer")


@test("a member that isn't known has no effect (RFC 7591 2), and whoever typed it hears of that")
def mistyped(site):
    words = json.dumps({**MACHINE, "client_name": "Typed", "enhanced_securty": True, "client_secret": "mine"})
    command = [site.program, "-c", site.conf, "client", "add", "--service", site.service, "--metadata", "-", "--json"]
    done = subprocess.run(command, input=words, capture_output=True, text=True, timeout=60)
    equal((done.returncode, done.stderr), (0, "doorward: without effect, as not known here: enhanced_securty, client_secret\n"))
    assert json.loads(done.stdout)["client_secret"] != "mine"


# --- secrets of any shape, where they come from elsewhere ---

@test("security 49: a secret with : + % space and letters beyond ASCII works with Basic when it is encoded, in the body as it is; un-encoded in Basic it fails")
def odd_secret(site):
    import base64
    import hashlib
    odd = "p:a+s%s w\u00f6rd\u20ac%41"
    for method in ("client_secret_basic", "client_secret_post"):
        client = site.add_client(**{**MACHINE, "token_endpoint_auth_method": method})
        number = site.sql(f"SELECT number FROM clients WHERE client_id = '{client.id}'")[0][0]
        site.sql(f"UPDATE client_secrets SET secret_hash = UNHEX('{hashlib.sha256(odd.encode()).hexdigest()}') WHERE client_number = {number}")
        client.secret = odd
        answer = get_token(site, client)
        equal(answer.status, 200, f"{method}: {answer}")
    plain = base64.b64encode(f"{client.id}:{odd}".encode()).decode()
    client = site.add_client(**{**MACHINE, "token_endpoint_auth_method": "client_secret_basic"})
    one_of(ask(site, TOKEN, client, {}, {"Authorization": f"Basic {plain}"}).status, (400, 401), "un-encoded")


# --- assertions ---

@test("private_key_jwt by RSA, P-256 and Ed25519 keys, with each algorithm; client_secret_jwt with each HMAC")
def algorithms(site):
    for key in (RsaKey("rsa"), EcKey("ec"), EdKey("ed")):
        client = keyed_client(site, key)
        for alg in key.algs:
            answer = ask(site, TOKEN, client, asserted(assertion(site, client, alg)))
            equal(answer.status, 200, f"{alg}: {answer}")
    client = of_way(site, "client_secret_jwt")
    for alg in client.key.algs:
        equal(ask(site, TOKEN, client, asserted(assertion(site, client, alg))).status, 200, alg)


@test("aud may be the issuer, the endpoint by any name, or the token endpoint; a string or one of an array")
def audiences(site):
    client = of_way(site, "private_key_jwt")
    for path in ENDPOINTS:
        for aud in (site.url, site.url + path, site.url + TOKEN, [site.url], ["https://other.example", site.url + path]):
            answer = ask(site, path, client, asserted(assertion(site, client, aud=aud)))
            equal(answer.status, 200, f"{aud} at {path}: {answer}")


@test("T-42, security 55: each claim that is missing or wrong, one by one, is invalid_client")
def wrong_claims(site):
    client, other = of_way(site, "private_key_jwt"), site.client()
    now = int(time.time())
    wrong = [{name: None} for name in ("iss", "sub", "aud", "exp", "jti")]
    wrong += [{"iss": value} for value in (other.id, "", 7, [client.id], client.id + " ", client.id.upper())]
    wrong += [{"sub": value} for value in (other.id, "", 7, [client.id])]
    wrong += [{"aud": value} for value in ("https://other.example", "", [], [7], {"a": site.url}, site.url + "/", site.url + USERINFO, site.url.upper(),
                                           "http" + site.url[5:], [site.url, 7], TOKEN)]
    wrong += [{"exp": value} for value in (now - 1, now - 61, 0, -1, "9999999999", now + 3700, 2**62, True, 1e300, -1e300, now + 3700.5, now - 0.5, None, [], {})]
    wrong += [{"nbf": now + 90}, {"nbf": "x"}, {"iat": now + 90}, {"iat": "x"}, {"jti": ""}, {"jti": 7}, {"jti": "x" * 300}, {"jti": "\u20ac" * 100}, {"jti": ["x"]}, {"nbf": 1e300}, {"iat": 2**62}, {"nbf": True}]
    for claims in wrong:
        invalid_client(ask(site, TOKEN, client, asserted(assertion(site, client, **claims))), f"{claims}")


@test("security 102: nbf and iat may be a minute in the future, exp an hour away; not more")
def skews(site):
    now, client = int(time.time()), of_way(site, "private_key_jwt")
    for claims in ({"nbf": now + 45}, {"iat": now + 45}, {"exp": now + 3600, "iat": now}, {"iat": None}, {"exp": now + 5}, {"exp": now + 60.25, "iat": now + 0.5, "nbf": now - 0.5}):
        equal(ask(site, TOKEN, client, asserted(assertion(site, client, **claims))).status, 200, f"{claims}")


@test("T-39, security 57: alg none in every spelling, no signature, a cut or a foreign one are invalid_client")
def no_signature(site):
    client = of_way(site, "private_key_jwt")
    good = assertion(site, client)
    forged = [unsigned(claims_of(site, client), alg) for alg in ("none", "None", "NONE", "nOnE", "", "ES256")]
    forged += [good.rsplit(".", 1)[0] + ".", good.rsplit(".", 1)[0], good[:-4], good + "AA", good + ".", "." + good, good.replace(".", "..", 1),
               encode_parts({"typ": "JWT", "kid": "one"}, claims_of(site, client)) + "." + good.rsplit(".", 1)[1],
               assertion(site, client, key=EcKey("one")), assertion(site, client, key=RsaKey("one")), good.rsplit(".", 1)[0] + "." + "A" * 86]
    for text in forged:
        invalid_client(ask(site, TOKEN, client, asserted(text)), text[-40:])
    for text in ("x", "a.b.c", "{}", "e30.e30.e30", "é", "." * 3, "x" * 7000):
        invalid_client(ask(site, TOKEN, client, asserted(text)), text[:20])


@test("T-38, security 56: the public key as an HMAC secret, as JWK, as PEM or as bytes, is invalid_client; so is an HMAC for a client with keys")
def confused_algorithms(site):
    client = keyed_client(site, RsaKey("rsa"))
    public = client.key.public()
    jwk = json.dumps(public).encode()
    for secret in (pem_of(client.key), pem_of(client.key).strip(), jwk, json.dumps({"keys": [public]}).encode(), public["n"].encode(), b""):
        for alg in SecretKey.algs:
            invalid_client(ask(site, TOKEN, client, asserted(assertion(site, client, alg, key=SecretKey(secret, "rsa")))), alg)
    post = of_way(site, "client_secret_jwt")
    invalid_client(ask(site, TOKEN, post, asserted(assertion(site, post, key=EcKey()))))
    invalid_client(ask(site, TOKEN, post, asserted(assertion(site, post, key=SecretKey(post.secret + "x")))))


@test("T-38: a registered algorithm pins it: every other one of the same key is invalid_client, and one that a key names")
def pinned_algorithms(site):
    client = keyed_client(site, RsaKey("rsa"), token_endpoint_auth_signing_alg="PS256")
    for alg in client.key.algs:
        answer = ask(site, TOKEN, client, asserted(assertion(site, client, alg)))
        equal(answer.status, 200 if alg == "PS256" else 401, alg)
    key = RsaKey("rsa")
    client = keyed_client(site, key, jwks={"keys": [key.public(alg="RS384")]})
    for alg in key.algs:
        equal(ask(site, TOKEN, client, asserted(assertion(site, client, alg))).status, 200 if alg == "RS384" else 401, alg)


@test("T-40, T-41, T-43, T-48, security 57: crit, b64, zip and JWE are refused; jku, x5u and an embedded jwk are never looked at")
def headers_that_steer(site):
    client, thief = of_way(site, "private_key_jwt"), EcKey("one")
    with Receiver() as server:
        server.behave(lambda handler: answer_json(handler, {"keys": [thief.public()]}))
        for header in ({"crit": ["exp"]}, {"b64": False}, {"zip": "DEF"}, {"crit": []}, {"kid": 7}, {"kid": ["one"]}, {"typ": 7}):
            invalid_client(ask(site, TOKEN, client, asserted(assertion(site, client, header=header))), f"{header}")
        steering = {"jku": server.url, "x5u": server.url, "jwk": thief.public(), "x5c": ["AA=="], "jwks_uri": server.url}
        for name, value in steering.items():
            text = assertion(site, client, header={name: value}, key=thief)
            invalid_client(ask(site, TOKEN, client, asserted(text)), name)
        equal(server.told, [], "no outbound call")
        equal(ask(site, TOKEN, client, asserted(assertion(site, client, header=steering))).status, 200, "ignored where the key is the client's")
    jwe = ".".join(["eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ", "AA", "AA", "AA", "AA"])
    invalid_client(ask(site, TOKEN, client, asserted(jwe)), "JWE")
    bare = encode_parts({"alg": "ES256", "kid": "one", "cty": "JWT"}, {"sub": client.id})
    invalid_client(ask(site, TOKEN, client, asserted(bare + "." + "A" * 86)), "bare JSON")


@test("security 72: a token of another kind is no assertion: what typ says it is, an ID Token, an access token of ours")
def other_tokens(site):
    client = of_way(site, "private_key_jwt")
    for typ in ("at+jwt", "dpop+jwt", "logout+jwt", "secevent+jwt"):
        invalid_client(ask(site, TOKEN, client, asserted(assertion(site, client, header={"typ": typ}))), typ)
    for typ in ("JWT", "jwt", "client-authentication+jwt"):
        equal(ask(site, TOKEN, client, asserted(assertion(site, client, header={"typ": typ}))).status, 200, typ)
    tokens = sign_in(site, site.client())
    for text in (tokens.id, tokens.access, token_response(get_token(site, client))["access_token"]):
        invalid_client(ask(site, TOKEN, client, asserted(text)))


@test("client_id beside an assertion must be its sub; another client_assertion_type is invalid_client")
def parties(site):
    client, other = of_way(site, "private_key_jwt"), of_way(site, "client_secret_post")
    equal(ask(site, TOKEN, client, asserted(assertion(site, client), client_id=client.id)).status, 200, "its own")
    invalid_client(ask(site, TOKEN, client, asserted(assertion(site, client), client_id=other.id)))
    for kind in ("urn:ietf:params:oauth:client-assertion-type:saml2-bearer", "jwt-bearer", JWT_BEARER.upper()):
        words = {"client_assertion_type": kind, "client_assertion": assertion(site, client)}
        invalid_client(ask(site, TOKEN, client, words), kind)


# --- once ---

@test("T-36, security 55: an assertion works once: at every endpoint after any, also when the request itself was refused")
def replays(site):
    client = of_way(site, "private_key_jwt")
    for path in ENDPOINTS:
        words = asserted(assertion(site, client))
        equal(ask(site, path, client, words).status, 200, f"first at {path}")
        for again in ENDPOINTS:
            invalid_client(ask(site, again, client, words), f"{path}, then {again}")
    for refused_words in ({"grant_type": "password"}, {"grant_type": "authorization_code"}, {"grant_type": "client_credentials", "scope": "admin"},
                          {"grant_type": None}):
        words = asserted(assertion(site, client))
        equal(ask(site, TOKEN, client, words, **refused_words).status, 400, f"{refused_words}")
        invalid_client(ask(site, TOKEN, client, words), f"after {refused_words}")


@test("T-36: a jti of one byte, of 256, and of letters beyond ASCII is one name: taken once")
def odd_names(site):
    client = of_way(site, "private_key_jwt")
    for jti in (secrets.choice("!abc"), secrets.token_hex(128), "\u20ac\U0001f600 \u0301" + secrets.token_hex(4), "%00\\u0000 ' \" --" + secrets.token_hex(4)):
        for status in (200, 401):
            equal(ask(site, TOKEN, client, asserted(assertion(site, client, jti=jti))).status, status, jti)


@test("security 57: a member twice, in the header or the claims, is invalid_client, wherever the good one stands; so is what isn't UTF-8")
def twofold_members(site):
    client = of_way(site, "private_key_jwt")
    header, claims = (json.dumps(part) for part in ({"typ": "JWT", "alg": "ES256", "kid": client.key.kid}, claims_of(site, client)))

    def sent(header, claims):
        text = ".".join(b64(part if isinstance(part, bytes) else part.encode()) for part in (header, claims))
        return ask(site, TOKEN, client, asserted(text + "." + b64(client.key.signature("ES256", text.encode()))))
    twice = [(part[:-1] + ', "%s": "x"}' % name, '{"%s": "x", ' % name + part[1:]) for part, name in ((header, "alg"), (header, "kid"), (claims, "sub"), (claims, "aud"))]
    for number, pair in enumerate(twice):
        for part in pair:
            invalid_client(sent(part, claims) if number < 2 else sent(header, part), part)
    invalid_client(sent(header, claims.encode()[:-1] + b', "x": "\xff"}'), "no UTF-8")
    invalid_client(sent(header, claims.replace('"sub"', '"\\u0073ub": "x", "sub"')), "the name escaped")
    equal(sent(header, claims).status, 200, "once")


@test("T-36: one jti of two clients is two; one that failed is not used up")
def whose_jti(site):
    one, two = of_way(site, "private_key_jwt"), of_way(site, "client_secret_jwt")
    jti = secrets.token_urlsafe(8)
    invalid_client(ask(site, TOKEN, one, asserted(assertion(site, one, jti=jti, key=EcKey("one")))), "a stranger's")
    invalid_client(ask(site, TOKEN, one, asserted(assertion(site, one, jti=jti, exp=1))), "an expired one")
    for client in (one, two):
        equal(ask(site, TOKEN, client, asserted(assertion(site, client, jti=jti))).status, 200, "first use")
    for client in (one, two):
        invalid_client(ask(site, TOKEN, client, asserted(assertion(site, client, jti=jti))), "signed anew with the same jti")


@test("T-36: 32 uses of one assertion at once, over all workers: one is taken")
def parallel_uses(site):
    client = of_way(site, "private_key_jwt")
    words = asserted(assertion(site, client))
    answers = at_once(site, 32, lambda web, _: ask(site, TOKEN, client, words, web=web))
    equal(sorted({answer.status for answer in answers}), [200, 401], "answers")
    equal(len([answer for answer in answers if answer.status == 200]), 1, "taken")


@test("T-37: what was used is remembered until exp and twice the skew")
def remembered(site):
    client = of_way(site, "private_key_jwt")
    site.sql("DELETE FROM used_ids")
    exp = int(time.time()) + 3000
    equal(ask(site, TOKEN, client, asserted(assertion(site, client, exp=exp))).status, 200, "first")
    equal(site.sql("SELECT expires_at FROM used_ids"), [[str(exp + 120)]], "kept until")


@test("T-36: a code is redeemed with an assertion in one transaction; with a used one the code is neither spent nor its tokens ended")
def with_a_code(site):
    client = keyed_client(site, redirect_uris=["https://client.example/cb"], grant_types=["authorization_code", "refresh_token"],
                          response_types=["code"], scope="openid offline_access")
    used = asserted(assertion(site, client))
    equal(ask(site, REVOKE, client, used).status, 200, "used up")
    verifier = secrets.token_urlsafe(48)
    code = authorize(site, client, verifier=verifier, scope="openid offline_access", prompt="consent")["code"]
    words = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri, "code_verifier": verifier}
    invalid_client(site.web.post(TOKEN, {**words, **used}), "a used one")
    answer = site.web.post(TOKEN, {**words, **asserted(assertion(site, client))})
    body = token_response(answer)
    invalid_client(site.web.post(TOKEN, {**words, **used}), "code and assertion used")
    again = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    invalid_client(site.web.post(TOKEN, {**again, **used}), "refresh with a used one")
    fresh = asserted(assertion(site, client))
    second = token_response(site.web.post(TOKEN, {**again, **fresh}))
    invalid_client(site.web.post(TOKEN, {**again, **fresh}), "the same request again")
    # within the grace the old refresh token gives the same successor, but each time another assertion is needed
    grace = asserted(assertion(site, client))
    equal(token_response(site.web.post(TOKEN, {**again, **grace}))["refresh_token"], second["refresh_token"], "successor")
    invalid_client(site.web.post(TOKEN, {**again, **grace}), "used for the successor")


# --- keys at registration ---

def added(site, **metadata):
    """Whether a registration is taken; the reason when it isn't."""
    import subprocess
    words = {"client_name": "Keys", **{name: value for name, value in MACHINE.items() if value}, "token_endpoint_auth_method": "private_key_jwt", **metadata}
    done = subprocess.run([site.program, "-c", site.conf, "client", "add", "--service", site.service, "--metadata", "-"],
                          input=json.dumps(words), capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    return None if done.returncode == 0 else done.stderr


@test("security 96, 103, T-38: private, symmetric, weak, unknown, twofold and too many keys are refused at registration; so are jwks and jwks_uri both")
def registered_keys(site):
    good, rsa = EcKey("one"), RsaKey("rsa", 1024)
    off_curve = {**good.public(), "y": good.public()["x"]}
    keys = {"keys": [good.public()]}
    assert added(site, jwks=keys) is None
    assert added(site, jwks={"keys": [good.public(), EcKey("two").public(), RsaKey("three").public(use="enc")]}) is None
    for jwks in ({"keys": []}, {}, [], "x", {"keys": good.public()}, good.public(), {"keys": [7]}, {"keys": [good.private()]},
                 {"keys": [SecretKey("x" * 64).public()]}, {"keys": [{**good.public(), "d": ""}]}, {"keys": [rsa.public()]}, {"keys": [off_curve]},
                 {"keys": [{**good.public(), "crv": "P-999"}]}, {"keys": [{**RsaKey("e").public(), "e": "Ag"}]}, {"keys": [{**RsaKey("e").public(), "e": "AQ"}]},
                 {"keys": [good.public(), EcKey("one").public()]}, {"keys": [good.public(use="enc")]}, {"keys": [EcKey(f"k{i}").public() for i in range(21)]},
                 {"keys": [good.public(kid="x" * 300)]}, {"keys": [good.public(kid=7)]}, {"keys": [good.public(x5u="https://x.example/", kid="")]}):
        reason = added(site, jwks=jwks)
        assert reason and "jwks" in reason, f"{json.dumps(jwks)[:90]}: {reason}"
    assert "jwks" in added(site)
    assert "jwks" in added(site, jwks=keys, jwks_uri="https://keys.example/jwks")
    assert "jwks" in added(site, jwks=keys, token_endpoint_auth_signing_alg="RS256")
    for method, alg in (("private_key_jwt", "HS256"), ("client_secret_jwt", "RS256"), ("client_secret_basic", "RS256"), ("private_key_jwt", "none")):
        assert "token_endpoint_auth_signing_alg" in added(site, jwks=keys, token_endpoint_auth_method=method, token_endpoint_auth_signing_alg=alg)


@test("T-52, security 85, 88: a jwks_uri that isn't https of a public host is refused at registration")
def registered_places(site):
    for uri in ("http://keys.example/jwks", "https://127.0.0.2/jwks", "https://[::1]/", "https://169.254.169.254/latest", "https://10.0.0.1/",
                "https://192.168.1.1/", "https://[::ffff:127.0.0.2]/", "https://[fe80::1]/", "https://user@keys.example/", "https://keys.example/#x", "ftp://keys.example/",
                "file:///etc/passwd", "", "/jwks", 7, ["https://keys.example/"], "https://0x7f.1/", "https://2130706433/"):
        reason = added(site, jwks_uri=uri)
        assert reason and "jwks_uri" in reason, f"{uri}: {reason}"
    assert added(site, jwks_uri="https://keys.example/jwks") is None


@test("no kid: the only key that fits is taken; of two that fit neither")
def without_kid(site):
    one, two, rsa = EcKey(), EcKey(), RsaKey()
    client = keyed_client(site, one, jwks={"keys": [one.public(), rsa.public()]})
    equal(ask(site, TOKEN, client, asserted(assertion(site, client))).status, 200, "the only EC key")
    equal(ask(site, TOKEN, client, asserted(assertion(site, client, key=rsa))).status, 200, "the only RSA key")
    client = keyed_client(site, one, jwks={"keys": [one.public(), two.public()]})
    invalid_client(ask(site, TOKEN, client, asserted(assertion(site, client))), "two fit")
    client = keyed_client(site, EcKey("one"), jwks={"keys": [one.public(kid="one"), two.public(kid="two")]})
    one.kid, two.kid = "one", "two"
    for key in (one, two):
        equal(ask(site, TOKEN, client, asserted(assertion(site, client, key=key))).status, 200, "two at once, by kid")
    two.kid = "one"
    invalid_client(ask(site, TOKEN, client, asserted(assertion(site, client, key=two))), "the other's kid")


# --- keys elsewhere ---

def answer_json(handler, value, status=200, headers=()):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    for name, text in headers:
        handler.send_header(name, text)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def fetched_client(site, server, key, **metadata):
    client = keyed_client(site, key, jwks=None, jwks_uri=f"{server.url}/{secrets.token_hex(6)}", **metadata)
    server.behave(lambda handler: answer_json(handler, {"keys": [key.public()]}))
    return client


@test("jwks_uri: keys are fetched and kept; a kid that isn't there has them fetched anew, once, and a new key works")
def fetched_keys(site):
    with Receiver() as server:
        client = fetched_client(site, server, EcKey("one"))
        for _ in range(5):
            equal(get_token(site, client).status, 200, "by the first key")
        equal(len(server.told), 1, "fetches")
        old, client.key = client.key, EcKey("two")
        invalid_client(ask(site, TOKEN, client, asserted(assertion(site, client, key=EcKey("one")))), "a foreign key with a known kid")
        equal(len(server.told), 1, "a bad signature fetches nothing")
        server.behaviour = lambda handler: answer_json(handler, {"keys": [old.public(), client.key.public()]})
        equal(get_token(site, client).status, 200, "by the new key")
        equal(len(server.told), 2, "one fetch more")
        client.key = old
        equal(get_token(site, client).status, 200, "by the old key")


@test("security 89, T-56: assertions with random kids cause one fetch more in a minute, on however many workers")
def random_kids(site):
    with Receiver() as server:
        client = fetched_client(site, server, EcKey("one"))
        equal(get_token(site, client).status, 200, "first")
        for burst in range(2):
            for number in range(40):
                answer = ask(site, TOKEN, client, asserted(assertion(site, client, header={"kid": f"x{burst}-{number}"})))
                invalid_client(answer, "a random kid")
            equal(len(server.told), 2, "fetches")
            if not burst:
                time.sleep(10.5)  # what was fetched for a kid is young enough for anyone until then


@test("T-53, security 88: a jwks_uri that redirects, is large, is no JSON, has no or too many keys, or a private one, is invalid_client")
def bad_documents(site):
    key = EcKey("one")
    with Receiver() as server, Receiver() as inner:
        inner.behave(lambda handler: answer_json(handler, {"keys": [key.public()]}))
        many = {"keys": [EcKey(f"k{i}").public() for i in range(30)] + [key.public()]}
        bad = {
            "redirect": lambda handler: answer_json(handler, {"keys": [key.public()]}, 302, [("Location", inner.url)]),
            "404": lambda handler: answer_json(handler, {"keys": [key.public()]}, 404),
            "large": lambda handler: answer_json(handler, {"keys": [key.public()], "x": "y" * 3_000_000}),
            "no JSON": lambda handler: answer_json(handler, b"<html>"),
            "empty": lambda handler: answer_json(handler, {"keys": []}),
            "too many": lambda handler: answer_json(handler, many),
            "private": lambda handler: answer_json(handler, {"keys": [key.private()]}),
            "symmetric": lambda handler: answer_json(handler, {"keys": [SecretKey("x" * 64, "one").public()]}),
            "array": lambda handler: answer_json(handler, [key.public()]),
            "closed": lambda handler: None,
        }
        for name, behaviour in bad.items():
            client = fetched_client(site, server, key)
            server.behave(behaviour)
            invalid_client(get_token(site, client), name)
        equal(inner.told, [], "the redirect's target was not asked")


@test("T-52, security 88: a slow jwks_uri is given up within its limit, and other clients are served meanwhile")
def slow_document(site):
    with Receiver() as server:
        client = fetched_client(site, server, EcKey("one"))
        server.behave(lambda handler: time.sleep(40))
        answers, began = [], time.monotonic()
        web = site.connect()
        waiting = threading.Thread(target=lambda: answers.append(ask(site, TOKEN, client, proof_of(site, client)[0], web=web)))
        waiting.start()
        server.wait_for(1)
        equal(get_token(site, of_way(site, "private_key_jwt")).status, 200, "another client")
        assert waiting.is_alive(), "another client had to wait"
        waiting.join()
        invalid_client(answers[0])
        assert time.monotonic() - began < 20, "the slow one took too long"


# --- discovery ---

@test("discovery tells the ways and their algorithms; every way it tells can be registered")
def discovery(site):
    document = site.web.get("/.well-known/openid-configuration").json()
    ways = set(METHODS)  # those by certificate are told where the web server hands certificates over (tests/servers)
    equal(set(document["token_endpoint_auth_methods_supported"]), ways | {"none"}, "token")
    equal(set(document["revocation_endpoint_auth_methods_supported"]), ways | {"none"}, "revocation")
    equal(set(document["introspection_endpoint_auth_methods_supported"]), ways, "introspection")
    for endpoint in ("token", "revocation", "introspection"):
        algs = document[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
        equal(set(algs), {*RsaKey.algs, "ES256", "ES384", "ES512", "EdDSA", "Ed25519", *SecretKey.algs}, endpoint)
    keys = {"keys": [EcKey("one").public()]}
    for way in (*ways, "tls_client_auth", "self_signed_tls_client_auth"):
        more = {"tls_client_auth_subject_dn": "CN=client"} if way == "tls_client_auth" else {"jwks": keys} if way in ("private_key_jwt", "self_signed_tls_client_auth") else {}
        equal(added(site, token_endpoint_auth_method=way, **more), None, way)


run(workers=4, settings={"egress_allow": "127.0.0.1", "client_failure_limit": 100000})
