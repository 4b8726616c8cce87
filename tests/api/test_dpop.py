#!/usr/bin/env python3
"""DPoP (RFC 9449): tokens bound to a key, the proofs that are taken and those that aren't, at the token endpoint
and at every resource. Numbers "1.6.1" are those of the conformance checklist."""
import json
import secrets
import time

from jose import b64, challenge_of, foreign, hs256, unsigned
from kit import *
from proofs import *
from signers import EcKey, EdKey, RsaKey
from together import at_once
from workspaces import BASE, Workspace, data, failed, password

SCOPE = "openid profile email offline_access subscription account manage_service read:things write:things"
ALGS = "ES256 ES384 ES512 PS256 PS384 PS512 EdDSA Ed25519"
_kept = {}


def kept(name, make):
    if name not in _kept:
        _kept[name] = make()
    return _kept[name]


def key():
    return kept("key", EcKey)


def bound(site):
    """A person's access token that is bound to key()."""
    return kept("token", lambda: sign_in_bound(site, site.add_client(scope=SCOPE), key(), scope=SCOPE)["access_token"])


def sign_in_bound(site, client, its_key, scope="openid", jkt=None, person=None):
    """The code flow with a proof at its end; the token answer's body."""
    verifier = secrets.token_urlsafe(48)
    more = {"dpop_jkt": jkt} if jkt else {}
    response = authorize(site, client, person, scope=scope, verifier=verifier, prompt="consent", **more)
    answer = redeem_bound(site, client, its_key, response["code"], verifier)
    equal(answer.status, 200, str(answer))
    return answer.json()


def redeem_bound(site, client, its_key, code, verifier, **more):
    return ask_token(site, client, its_key, grant_type="authorization_code", code=code, redirect_uri=client.redirect_uri,
                     code_verifier=verifier, **more)


def refresh_bound(site, client, its_key, token, **more):
    return ask_token(site, client, its_key, grant_type="refresh_token", refresh_token=token, **more)


def challenged(answer, error, status=401):
    """A refusal of a resource, whose challenge tells the scheme's algorithms (RFC 9449 7.1)."""
    equal(answer.status, status, str(answer))
    challenges = [text for text in answer.all_headers("WWW-Authenticate") if text.startswith("DPoP")]
    equal(len(challenges), 1, answer.headers)
    assert f'error="{error}"' in challenges[0] and f'algs="{ALGS}"' in challenges[0], challenges
    return answer


# --- what a token is bound to ---

@test("9449 5, 6: a proof at the token endpoint binds the token: token_type DPoP, cnf.jkt, also for clients that needn't send one")
def token_is_bound(site):
    answer = ask_token(site, site.client("machine"), key(), grant_type="client_credentials")
    equal((answer.status, answer.json()["token_type"]), (200, "DPoP"), str(answer))
    claims = Jwt(answer.json()["access_token"]).verify(jwks(site)).claims
    equal(claims["cnf"], {"jkt": thumbprint_of(key())}, "cnf")
    plain = client_credentials(site, site.client("machine")).json()
    equal((plain["token_type"], "cnf" in Jwt(plain["access_token"]).claims), ("Bearer", False), "without a proof")


@test("9449 6.2: introspection tells token_type DPoP and cnf, of access and refresh tokens")
def introspection(site):
    client = site.add_client(token_endpoint_auth_method="none")
    body = sign_in_bound(site, client, key(), "openid offline_access")
    asker = site.client("machine")
    token = machine_token(site, asker, key())
    told = introspect(site, asker, token).json()
    equal((told["token_type"], told["cnf"]), ("DPoP", {"jkt": thumbprint_of(key())}), "access token")
    bound_to = site.sql(f"SELECT bound_to FROM authorizations a JOIN clients c ON c.number = a.client_number WHERE c.client_id = '{client.id}'")
    equal(bound_to, [[f"jkt:{thumbprint_of(key())}"]], "the refresh token's row")
    assert body["refresh_token"]
    plain = client_credentials(site, asker).json()["access_token"]
    told = introspect(site, asker, plain).json()
    equal((told["token_type"], "cnf" in told), ("Bearer", False), "a token that isn't bound")


@test("9449 5.1: discovery tells the algorithms: asymmetric ones alone, no RS256")
def discovery(site):
    equal(metadata(site)["dpop_signing_alg_values_supported"], ALGS.split(), "algorithms")


@test("9449 5.2: a client registered with dpop_bound_access_tokens gets no token without a proof, by no grant")
def required(site):
    client = site.add_client(dpop_bound_access_tokens=True)
    refused(client_credentials(site, client), 400, "invalid_dpop_proof")
    verifier = secrets.token_urlsafe(48)
    code = authorize(site, client, scope="openid offline_access", verifier=verifier, prompt="consent")["code"]
    refused(redeem(site, client, code, code_verifier=verifier), 400, "invalid_dpop_proof")
    body = redeem_bound(site, client, key(), code, verifier).json()
    equal(body["token_type"], "DPoP", "the code was not spent by it")
    refused(refresh(site, client, body["refresh_token"]), 400, "invalid_dpop_proof")
    equal(refresh_bound(site, client, key(), body["refresh_token"]).json()["token_type"], "DPoP", "refresh")


# --- 1.6.1, at the resource ---

@test("1.6.1: a good proof is taken; the scheme and header in any case, more words in header and claims")
def accepted(site):
    token = bound(site)
    equal(use(site, token, key()).status, 200, "as it should be")
    for scheme in ("dpop", "DPOP", "dPoP"):
        equal(with_proof(site, token, proof(key(), "GET", site.url + USERINFO, token), scheme=scheme).status, 200, scheme)
    made = proof(key(), "GET", site.url + USERINFO, token)
    equal(site.web.get(USERINFO, headers={"Authorization": f"DPoP {token}", "DPOP": made}).status, 200, "DPOP: in capitals")
    equal(use(site, token, key(), header={"x": "y", "kid": "mine"}, extra={"a": [1]}).status, 200, "extra header and claims")
    now = int(time.time())
    equal(use(site, token, key(), nbf=now - 5, exp=now + 60).status, 200, "nbf and exp")
    equal(use(site, token, key(), method="POST").status, 200, "POST")


@test("1.6.1: htu with query and fragment, with upper-case scheme and host, is the same address")
def same_address(site):
    token, url = bound(site), site.url + USERINFO
    for htu in (url + "?a=b#c", url + "#c", url.replace("https://", "HTTPS://"), url + "?", url.upper().replace(USERINFO.upper(), USERINFO)):
        equal(use(site, token, key(), htu=htu).status, 200, htu)
    equal(use(site, token, key(), path="/userinfo").status, 200, "the alias")


@test("1.6.1: iat ten seconds off either way is fine, an hour is not")
def times(site):
    now = int(time.time())
    for iat in (now - 10, now + 10, now + 0.75):
        equal(use(site, bound(site), key(), iat=iat).status, 200, iat - now)
    for iat in (now - 3600, now + 3600, 0, -1, 2**62, "now", None, [], 1.5, 1e300, -1e300, 1e-300, now + 3600.5, True, str(now)):
        challenged(use(site, bound(site), key(), iat=iat), "invalid_dpop_proof")
    for more in ({"exp": now - 3600}, {"nbf": now + 3600}, {"exp": "soon"}, {"nbf": False}):
        challenged(use(site, bound(site), key(), **more), "invalid_dpop_proof")


@test("1.6.1: what is missing: typ, alg, jwk, jti, htm, htu, iat, ath, each refused; and empty or of another type")
def missing(site):
    token = bound(site)
    for name in ("typ", "alg", "jwk"):
        for value in (None, "", [], 7):
            challenged(use(site, token, key(), header={name: value}), "invalid_dpop_proof")
    for name in ("jti", "htm", "htu", "iat", "ath"):
        for value in (None, "", [], {}):
            challenged(use(site, token, key(), **{name: value}), "invalid_dpop_proof")


@test("1.6.1: other typ, htm, htu and ath are refused; htu of another host, path, port or scheme, or with a user")
def wrong(site):
    token, url = bound(site), site.url + USERINFO
    other = machine_token(site, site.client("machine"), key())
    for header in ({"typ": "JWT"}, {"typ": "dpop"}, {"typ": "at+jwt"}, {"typ": "DPoP+JWT "}):
        challenged(use(site, token, key(), header=header), "invalid_dpop_proof")
    for claims in ({"htm": "POST"}, {"htm": "get"}, {"ath": ath_of(other)}, {"ath": token}):
        challenged(use(site, token, key(), **claims), "invalid_dpop_proof")
    for htu in (site.url + "/api/oauth/token", site.url, site.url + "/", url + "/", "https://evil.example" + USERINFO,
                url.replace("https", "http"), url.replace("127.0.0.1", "127.0.0.1."), USERINFO, "//127.0.0.1" + USERINFO,
                url.replace("https://", "https://me@"), "https://127.0.0.1:1" + USERINFO, url + "%2f", url.replace("userinfo", "%75serinfo"),
                url.replace("/api/", "//api/"), url.replace("/api/", "/./api/"), "x" * 3000, "https://"):
        challenged(use(site, token, key(), htu=htu), "invalid_dpop_proof")


@test("T-49: a Host that the client names makes no address: htu of that host is refused")
def other_host(site):
    token = bound(site)
    made = proof(key(), "GET", "https://evil.example" + USERINFO, token)
    challenged(with_proof(site, token, made, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}), "invalid_dpop_proof")


@test("1.6.1, T-46: RS256, HS256, none, a bad signature, no JWT, a private key, a shared key: refused")
def not_signed(site):
    token, url = bound(site), site.url + USERINFO
    good = proof(key(), "GET", url, token)
    parts, claims = good.split("."), Jwt(good).claims
    header = Jwt(good).header
    private = signed_by(key(), dict(header, jwk=key().private()), claims)
    shared = hs256(claims, b"k" * 32, typ="dpop+jwt", jwk={"kty": "oct", "k": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s"})
    rsa = [proof(kept("rsa", RsaKey), "GET", url, token, alg=alg) for alg in ("RS256", "RS384", "RS512")]
    for made in (*rsa, unsigned(claims, typ="dpop+jwt", jwk=key().jwk()), unsigned(claims, "None", typ="dpop+jwt", jwk=key().jwk()),
                 foreign(claims, typ="dpop+jwt", jwk=key().jwk()), hs256(claims, json.dumps(key().jwk()).encode(), typ="dpop+jwt", jwk=key().jwk()),
                 shared, private, ".".join((parts[0], parts[1], "")), ".".join((parts[0], parts[1], parts[2][:-4] + "AAAA")), parts[0] + "." + parts[1],
                 good + ".", "." + good, good + "=", "x", "a.b.c", "..", "{}", "null", "é".encode().decode("latin-1"), "a" * 5000, good + "," + good,
                 signed_by(key(), dict(header, crit=["exp"]), claims), signed_by(key(), dict(header, b64=False), claims), signed_by(key(), dict(header, jwk=[key().jwk()]), claims),
                 signed_by(key(), dict(header, jwk=dict(key().jwk(), crv="P-384")), claims), signed_by(key(), dict(header, jwk=dict(key().jwk(), y=key().jwk()["x"])), claims),
                 signed_by(key(), dict(header, jwk=dict(key().jwk(), use="enc")), claims), signed_by(key(), header, []), signed_by(key(), header, "x")):
        challenged(with_proof(site, token, made), "invalid_dpop_proof")


@test("1.6.1: proofs by PS256, PS384, PS512 and EdDSA are taken as those by ES256 are")
def other_algorithms(site):
    for its_key, alg in ((kept("rsa", RsaKey), "PS256"), (kept("rsa", RsaKey), "PS384"), (kept("rsa", RsaKey), "PS512"), (EdKey(), "EdDSA")):
        answer = ask_token(site, site.client("machine"), its_key, more={"alg": alg}, grant_type="client_credentials")
        equal((answer.status, answer.json()["token_type"]), (200, "DPoP"), alg)
        equal(use(site, answer.json()["access_token"], its_key, alg=alg).status, 403, f"{alg}: a good proof, and a token that lacks openid")


@test("1.6.1: two DPoP headers, or none, are refused")
def count(site):
    token = bound(site)
    one, two = (proof(key(), "GET", site.url + USERINFO, token) for _ in range(2))
    challenged(with_proof(site, token, one + ", " + two), "invalid_dpop_proof")
    challenged(with_proof(site, token, None), "invalid_dpop_proof")
    challenged(with_proof(site, token, ""), "invalid_dpop_proof")


@test("1.6.1: another key's proof is refused")
def other_key(site):
    challenged(use(site, bound(site), EcKey()), "invalid_token")


@test("1.6.1: a bound token as Bearer is refused, with a proof or without, in the header and in a form")
def as_bearer(site):
    token = bound(site)
    for made in (None, proof(key(), "GET", site.url + USERINFO, token)):
        answer = with_proof(site, token, made, scheme="Bearer")
        refused(answer, 401, "invalid_token")
        assert any(text.startswith("Bearer") and 'error="invalid_token"' in text for text in answer.all_headers("WWW-Authenticate")), answer.headers
    made = proof(key(), "POST", site.url + USERINFO, token)
    refused(site.web.post(USERINFO, {"access_token": token}, headers={"DPoP": made}), 401, "invalid_token")


@test("9449 7.1: a token that isn't bound is refused by the scheme DPoP; it is fine as Bearer, whatever DPoP header comes along")
def unbound(site):
    token = sign_in(site, site.client()).access
    challenged(use(site, token, key()), "invalid_token")
    equal(with_proof(site, token, "nonsense", scheme="Bearer").status, 200, "as Bearer")


@test("security 79: a token by two schemes, or in a form too, is refused")
def two_ways(site):
    token = bound(site)
    made = proof(key(), "POST", site.url + USERINFO, token)
    answer = site.web.post(USERINFO, {"access_token": token}, headers={"Authorization": f"DPoP {token}", "DPoP": made})
    refused(answer, 400, "invalid_request")


@test("9449 7.2: without a token both schemes are told")
def challenge(site):
    told = site.web.get(USERINFO).all_headers("WWW-Authenticate")
    equal([text.split(" ")[0] for text in told], ["Bearer", "DPoP"], told)
    assert "error" not in "".join(told) and f'algs="{ALGS}"' in told[1], told


# --- once ---

@test("1.6.1, T-36, abuse 35: a proof is taken once, by any worker; of sixteen at once one; also at the token endpoint; a refused one is spent")
def once(site):
    token = bound(site)
    made = proof(key(), "GET", site.url + USERINFO, token)
    answers = at_once(site, 16, lambda web, _: with_proof(site, token, made, web=web))
    equal(sorted(answer.status for answer in answers), [200] + [401] * 15, "at once")
    challenged(with_proof(site, token, made), "invalid_dpop_proof")
    machine = site.client("machine")
    made = proof(key(), "POST", site.url + TOKEN)
    equal(ask_token(site, machine, key(), dpop=made, grant_type="client_credentials").status, 200, "first")
    refused(ask_token(site, machine, key(), dpop=made, grant_type="client_credentials"), 400, "invalid_dpop_proof")
    made = proof(key(), "POST", site.url + TOKEN)
    refused(ask_token(site, machine, key(), dpop=made, grant_type="client_credentials", scope="nonsense"), 400, "invalid_scope")
    refused(ask_token(site, machine, key(), dpop=made, grant_type="client_credentials"), 400, "invalid_dpop_proof")


@test("1.6.1: a jti of one byte, of kilobytes and of letters beyond ASCII is one name: taken once; a member twice makes no proof")
def odd_names(site):
    token = bound(site)
    for jti in (secrets.choice("!abc"), secrets.token_hex(1000), "\u20ac\U0001f600 \u0301" + secrets.token_hex(4)):
        made = proof(key(), "GET", site.url + USERINFO, token, jti=jti)
        equal(with_proof(site, token, made).status, 200, jti)
        challenged(with_proof(site, token, made), "invalid_dpop_proof")
        challenged(use(site, token, key(), jti=jti), "invalid_dpop_proof")
    header, claims = (json.dumps(part) for part in (Jwt(made).header, dict(Jwt(made).claims, jti="another")))
    for parts in ((header[:-1] + ', "alg": "none"}', claims), ('{"typ": "JWT", ' + header[1:], claims), (header, '{"htm": "POST", ' + claims[1:]), (header, claims[:-1] + ', "ath": "x"}')):
        text = ".".join(b64(part.encode()) for part in parts)
        challenged(with_proof(site, token, text + "." + b64(key().signature("ES256", text.encode()))), "invalid_dpop_proof")


@test("a jti of another key is another proof")
def same_name(site):
    machine, jti = site.client("machine"), secrets.token_urlsafe(8)
    for its_key in (EcKey(), EcKey()):
        equal(ask_token(site, machine, its_key, grant_type="client_credentials", more={"jti": jti}).status, 200, "first use")


@test("a used proof is forgotten once it wouldn't be taken any more, not by a machine either whose clock is a minute behind")
def forgotten(site):
    iat = int(time.time()) - 100
    equal(ask_token(site, site.client("machine"), key(), grant_type="client_credentials", more={"iat": iat}).status, 200, "an old one")
    rows = site.sql(f"SELECT expires_at FROM used_ids WHERE expires_at = {iat + 180}")
    assert rows, site.sql("SELECT expires_at FROM used_ids")


# --- at the token endpoint ---

@test("1.6.1 at the token endpoint: what isn't a proof for it is invalid_dpop_proof, and the code isn't spent by it")
def at_token_endpoint(site):
    client = site.client("public")
    verifier = secrets.token_urlsafe(48)
    code = authorize(site, client, verifier=verifier)["code"]
    url = site.url + TOKEN
    good = proof(key(), "POST", url)
    for made in ("x", good + "," + good, proof(key(), "GET", url), proof(key(), "POST", site.url + USERINFO), proof(kept("rsa", RsaKey), "POST", url),
                 proof(key(), "POST", url, iat=int(time.time()) - 3600), proof(key(), "POST", url, jti=None), proof(key(), "POST", url, header={"typ": "JWT"}),
                 foreign(Jwt(good).claims, typ="dpop+jwt", jwk=key().jwk()), proof(key(), "POST", url, header={"jwk": key().private()})):
        refused(redeem_bound(site, client, key(), code, verifier, dpop=made), 400, "invalid_dpop_proof")
    equal(redeem_bound(site, client, key(), code, verifier).json()["token_type"], "DPoP", "at last")


@test("root aliases: a proof for /oauth2/token is good there and nowhere else")
def alias(site):
    client = site.client("machine")
    for path, status in (("/oauth2/token", 200), (TOKEN, 400)):
        made = proof(key(), "POST", site.url + path)
        answer = site.web.post("/oauth2/token", {"grant_type": "client_credentials"}, headers={**client.headers(), "DPoP": made})
        equal(answer.status, status, str(answer))


# --- codes and refresh tokens ---

@test("9449 10: dpop_jkt binds the code: without a proof or with another key's it is invalid_grant, with the key's it is redeemed")
def bound_code(site):
    for kind in ("web", "public"):
        client, verifier = site.client(kind), secrets.token_urlsafe(48)
        code = authorize(site, client, verifier=verifier, dpop_jkt=thumbprint_of(key()))["code"]
        refused(redeem(site, client, code, code_verifier=verifier), 400, "invalid_grant")
        refused(redeem_bound(site, client, EcKey(), code, verifier), 400, "invalid_grant")
        equal(redeem_bound(site, client, key(), code, verifier).json()["token_type"], "DPoP", kind)


@test("9449 10: a code that a consent page of one's own asks for is bound by dpop_jkt too")
def bound_code_by_script(site):
    client, verifier = site.client(), secrets.token_urlsafe(48)
    browser = signed_in(site, client=client)
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    words = {"client_id": client.id, "scope": "openid", "redirect_uri": client.redirect_uri, "dpop_jkt": thumbprint_of(key()),
             "code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
    answer = site.web.request("POST", "/api/oauth/authorize/approve", data=words, headers={"Cookie": cookies, "Origin": site.url})
    equal(answer.status, 200, str(answer))
    code = answer.json()["code"]
    refused(redeem_bound(site, client, EcKey(), code, verifier), 400, "invalid_grant")
    equal(redeem_bound(site, client, key(), code, verifier).status, 200, "the key's")


@test("9449 10: a dpop_jkt that is no thumbprint is invalid_request; twice too")
def bad_thumbprint(site):
    for jkt in ("x", thumbprint_of(key()) + "A", thumbprint_of(key())[:-1], thumbprint_of(key()) + "="):
        equal(authorize(site, site.client(), dpop_jkt=jkt).get("error"), "invalid_request", jkt)


@test("9449 5: a public client's refresh tokens are bound: no proof or another key's is invalid_grant, and nothing is spent by that")
def public_refresh(site):
    client = site.client("public")
    first = sign_in_bound(site, client, key(), "openid offline_access")
    refused(refresh(site, client, first["refresh_token"]), 400, "invalid_grant")
    refused(refresh_bound(site, client, EcKey(), first["refresh_token"]), 400, "invalid_grant")
    second = refresh_bound(site, client, key(), first["refresh_token"]).json()
    equal(Jwt(second["access_token"]).claims["cnf"], {"jkt": thumbprint_of(key())}, "cnf")
    refused(refresh_bound(site, client, EcKey(), second["refresh_token"]), 400, "invalid_grant")
    equal(refresh_bound(site, client, key(), second["refresh_token"]).status, 200, "again")


@test("9449 5: a client that proves who it is may change its key; each access token is bound to the one it showed")
def confidential_refresh(site):
    client, new = site.client(), EcKey()
    first = sign_in_bound(site, client, key(), "openid offline_access")
    second = refresh_bound(site, client, new, first["refresh_token"]).json()
    equal(Jwt(second["access_token"]).claims["cnf"], {"jkt": thumbprint_of(new)}, "cnf")
    challenged(use(site, second["access_token"], key()), "invalid_token")
    equal(use(site, second["access_token"], new).status, 200, "the new key")


# --- everywhere ---

@test("security 59, 60: every endpoint that takes a token takes a bound one by its proof alone: as Bearer and with another's proof it is 401")
def everywhere(site):
    client = site.add_client(scope=SCOPE)
    token = sign_in_bound(site, client, key(), SCOPE)["access_token"]
    user = Jwt(token).claims["sub"]
    listed = [row for row in site.cli("routes") if "bearer" in row["who"]]
    assert len(listed) >= 12, listed
    for row in listed:
        path = row["path"]
        for name, value in (("userId", user), ("clientId", client.id)):
            path = path.replace("{%s}" % name, value)
        path = path.replace("{provider}", "google").replace("{", "").replace("}", "")
        data = {"role": "user", "status": "approved"} if row["method"] in ("PUT", "POST", "PATCH") and "userinfo" not in path else None
        what = f"{row['method']} {path}"
        equal(with_proof(site, token, None, path, row["method"], "Bearer", data=data).status, 401, what)
        equal(with_proof(site, token, None, path, row["method"], data=data).status, 401, what)
        equal(use(site, token, EcKey(), path, row["method"], data=data).status, 401, what)
        assert use(site, token, key(), path, row["method"], data=data).status != 401, what


@test("a workspace's tokens are bound too, and its refresh tokens, whose client proves nothing; proofs are for its own host")
def workspace(site):
    own = Workspace(site, password_grant_enabled=True)
    its = lambda path, method="POST", **more: {"DPoP": proof(key(), method, f"https://{own.host}{BASE}{path}", **more)}
    form = {"grant_type": "password", "username": site.person().email, "password": site.person().password}
    first = data(own.post("token", form, headers=its("token")))
    equal((first["token_type"], Jwt(first["access_token"]).claims["cnf"]), ("DPoP", {"jkt": thumbprint_of(key())}), "the token")
    for headers in ({}, {"DPoP": proof(EcKey(), "POST", f"https://{own.host}{BASE}refresh")}):
        failed(own.post("refresh", {"refresh_token": first["refresh_token"]}, headers=headers), 401, "SW_AUTH_INVALID_TOKEN")
    for htu in (f"https://other.example{BASE}refresh", f"http://{own.host}{BASE}refresh"):
        failed(own.post("refresh", {"refresh_token": first["refresh_token"]}, headers={"DPoP": proof(key(), "POST", htu)}), 400, "SW_AUTH_OIDC_FAILED")
    second = data(own.post("refresh", {"refresh_token": first["refresh_token"]}, headers=its("refresh")))
    equal(second["token_type"], "DPoP", "refreshed")
    token = second["access_token"]
    headers = {"Authorization": f"DPoP {token}", **its("register", token=token)}
    data(own.call("POST", "register", headers=headers))
    failed(own.call("POST", "register", headers=headers), 401, "SW_AUTH_INVALID_TOKEN")
    failed(own.register(token), 401, "SW_AUTH_INVALID_TOKEN")
    own.client = own.site.add_client(dpop_bound_access_tokens=True, redirect_uris=own.client.metadata["redirect_uris"])
    own.change(client_id=own.client.id)
    failed(own.post("token", form), 400, "SW_AUTH_OIDC_FAILED")


@test("scripts of listed origins may send the header DPoP and read DPoP-Nonce")
def scripts(site):
    origin = {"Origin": "https://app.example"}
    asked = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "dpop"}
    answer = site.web.request("OPTIONS", TOKEN, headers=asked)
    assert "DPoP" in answer.header("Access-Control-Allow-Headers").split(", "), answer.headers
    answer = site.web.get(USERINFO, headers=origin)
    assert {"DPoP-Nonce", "WWW-Authenticate"} <= set(answer.header("Access-Control-Expose-Headers").split(", ")), answer.headers


run(settings={"cors_origins": "https://app.example"})
