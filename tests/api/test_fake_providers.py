#!/usr/bin/env python3
"""The fake providers have the quirks of those that they stand for, and can fail in every way that tests need. Nothing of
Doorward runs here."""
import base64
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Providers, TestCase, main  # noqa: E402

BACK = "https://127.0.0.1:1/api/auth/x/callback"
VERIFIER = "v" * 43
AUTHORIZE, TOKEN = {"microsoft": "/common/oauth2/v2.0/authorize"}, {"microsoft": "/common/oauth2/v2.0/token"}
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def send(url, form=None, headers=None, method=None, data=None, timeout=10):
    """(status, body); JSON is read."""
    body = urllib.parse.urlencode(form).encode() if form is not None else data
    request = urllib.request.Request(url, body, headers={"User-Agent": "tests", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            status, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        status, text = answer.code, answer.read().decode()
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text


def parameters_of(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def claims_of(token, part=1):
    text = token.split(".")[part]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class Fakes(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fakes = cls.enterClassContext(Providers())

    def setUp(self):
        for fake in self.fakes:
            fake.reset()

    def ask(self, fake, **parameters):
        """The address that a client sends people to."""
        known = fake.metadata()
        place = known.get("authorization_endpoint", fake.url + AUTHORIZE.get(fake.name, "/auth"))
        return place + "?" + urllib.parse.urlencode({
            "client_id": known["client_id"], "redirect_uri": BACK, "response_type": "code", "state": "s-1", **parameters})

    def token(self, fake, headers=None, **form):
        known = fake.metadata()
        return send(known.get("token_endpoint", fake.url + TOKEN.get(fake.name, "/token")),
                    {"client_id": known["client_id"], "client_secret": known["client_secret"], **form}, headers)

    def redeem(self, fake, back, headers=None, **form):
        return self.token(fake, headers, grant_type="authorization_code", code=parameters_of(back)["code"],
                          redirect_uri=BACK, **form)


class Google(Fakes):
    def sign_in(self, account="ann", scopes=None, **parameters):
        google = self.fakes["google"]
        back = google.visit(self.ask(google, **{"scope": "openid email profile", "nonce": "n-1", **parameters}), account, scopes=scopes)
        self.assertNotIn("iss", parameters_of(back))
        return google, back, self.redeem(google, back)

    def test_profile(self):
        "the fake Google's ID Token has the profile, and its scopes come back in its own words"
        google, back, (status, tokens) = self.sign_in()
        claims = claims_of(tokens["id_token"])
        self.assertEqual((200, "s-1"), (status, parameters_of(back)["state"]))
        self.assertEqual((google.url, "n-1", "ann@people.example", True),
                         (claims["iss"], claims["nonce"], claims["email"], claims["email_verified"]))
        self.assertIn("https://www.googleapis.com/auth/userinfo.email", tokens["scope"].split())
        status, who = send(f"{google.url}/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
        self.assertEqual((200, claims["sub"]), (status, who["sub"]))

    def test_refresh(self):
        "the fake Google gives a refresh token with the first consent alone, unless asked to consent again; it stays the same"
        self.assertNotIn("refresh_token", self.sign_in("one")[2][1])
        google, _, (_, tokens) = self.sign_in("two", access_type="offline")
        self.assertIn("refresh_token", tokens)
        self.assertNotIn("refresh_token", self.sign_in("two", access_type="offline")[2][1])
        self.assertIn("refresh_token", self.sign_in("two", access_type="offline", prompt="consent")[2][1])
        self.assertNotIn("refresh_token", self.sign_in("one", access_type="offline")[2][1])
        status, fresh = self.token(google, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        self.assertEqual((200, False), (status, "refresh_token" in fresh))
        self.assertEqual(1, google.counts["refresh"])

    def test_incremental(self):
        "the fake Google adds what was granted before, where it is asked to"
        drive = "https://www.googleapis.com/auth/drive.file"
        self.sign_in("carla", scope=f"openid {drive}")
        self.assertNotIn(drive, self.sign_in("carla")[2][1]["scope"].split())
        self.assertIn(drive, self.sign_in("carla", include_granted_scopes="true")[2][1]["scope"].split())
        self.assertNotIn(drive, self.sign_in("dave", scope=f"openid email {drive}", scopes=["email"])[2][1]["scope"].split())

    def test_revocation(self):
        "the fake Google takes a token back from whoever holds it, and with it the whole grant"
        google, _, (_, tokens) = self.sign_in("eve", access_type="offline")
        self.assertEqual(200, send(f"{google.url}/revoke", {"token": tokens["access_token"]})[0])
        self.assertEqual(400, send(f"{google.url}/revoke", {"token": tokens["access_token"]})[0])
        status, answer = self.token(google, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        self.assertEqual((400, "invalid_grant"), (status, answer["error"]))
        self.assertEqual([tokens["access_token"]] * 2, google.revoked)

    def test_refusals(self):
        "the fake Google: denied, used codes, scopes that it doesn't know"
        google, back, _ = self.sign_in()
        self.assertEqual((400, "invalid_grant"), (lambda status, body: (status, body["error"]))(*self.redeem(google, back)))
        denied = google.visit(self.ask(google, scope="openid"), allow=False)
        self.assertEqual({"error": "access_denied", "state": "s-1"},
                         {name: value for name, value in parameters_of(denied).items() if name != "error_description"})
        self.assertEqual(400, send(self.ask(google, scope="openid offline_access"))[0])

    def test_id_tokens(self):
        "the fake Google's ID Tokens can be wrong in each way, and its keys change"
        google = self.fakes["google"]
        google.set(account="ann")
        for fault, part, want in (({"claims": {"iss": "https://evil.example"}}, 1, {"iss": "https://evil.example"}),
                                  ({"alg": "none"}, 0, {"alg": "none"}), ({"alg": "HS256"}, 0, {"alg": "HS256"})):
            google.fault("token", "id_token", **fault)
            token = self.sign_in()[2][1]["id_token"]
            self.assertEqual(want, {name: claims_of(token, part)[name] for name in want})
        before = send(f"{google.url}/jwks")[1]["keys"][0]["kid"]
        google.rotate_keys()
        after = send(f"{google.url}/jwks")[1]["keys"][0]["kid"]
        self.assertNotEqual(before, after)
        self.assertEqual(after, claims_of(self.sign_in()[2][1]["id_token"], 0)["kid"])


class Acme(Fakes):
    def sign_in(self, account="ann", **parameters):
        acme = self.fakes["acme"]
        back = acme.visit(self.ask(acme, **{"scope": "openid email offline_access", "prompt": "consent", "code_challenge": CHALLENGE,
                                            "code_challenge_method": "S256", **parameters}), account)
        return acme, back

    def test_standard(self):
        "the fake issuer does as the standards have it: iss in the answer, PKCE, rotation, one use of each token"
        acme, back = self.sign_in()
        self.assertEqual(acme.url, parameters_of(back)["iss"])
        status, tokens = self.redeem(acme, back, code_verifier=VERIFIER)
        self.assertEqual(200, status, tokens)
        self.assertNotIn("email", claims_of(tokens["id_token"]))
        status, fresh = self.token(acme, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        self.assertNotEqual(tokens["refresh_token"], fresh["refresh_token"])
        self.assertEqual(400, self.token(acme, grant_type="refresh_token", refresh_token=tokens["refresh_token"])[0])
        self.assertEqual("invalid_request", parameters_of(acme.visit(self.ask(acme, scope="openid")))["error"])

    def test_withdrawn(self):
        "at the fake issuer a person takes everything back"
        acme, back = self.sign_in("frida")
        tokens = self.redeem(acme, back, code_verifier=VERIFIER)[1]
        acme.withdraw("frida")
        self.assertEqual(400, self.token(acme, grant_type="refresh_token", refresh_token=tokens["refresh_token"])[0])
        self.assertEqual(401, send(f"{acme.url}/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})[0])


class Apple(Fakes):
    def sign_in(self, **more):
        apple = self.fakes["apple"]
        return apple, *apple.visit(self.ask(apple, scope="openid name email", response_mode="form_post"), "hugo", **more)

    def test_form(self):
        "the fake Apple: a form that is posted, the name with the first consent alone, no secret but one that is signed"
        apple, place, form = self.sign_in()
        self.assertEqual((BACK, "s-1", {"firstName": "Hugo", "lastName": "Example"}), (place, form["state"], json.loads(form["user"])["name"]))
        self.assertEqual({"code", "state"}, set(self.sign_in()[2]))
        self.assertEqual({"error": "user_cancelled_authorize", "state": "s-1"},
                         {name: value for name, value in self.sign_in(allow=False)[2].items() if name != "error_description"})
        self.assertEqual(400, send(self.ask(apple, scope="openid email"))[0])
        status, answer = self.token(apple, grant_type="authorization_code", code=form["code"], redirect_uri=BACK)
        self.assertEqual((400, "invalid_client"), (status, answer["error"]))

    def test_signed(self):
        "the fake Apple takes a secret that was signed by the key it knows, and says email_verified as a text"
        apple, _, form = self.sign_in()
        known = apple.metadata()
        head, claims = ({"alg": "ES256", "kid": known["key_id"]},
                        {"iss": known["team_id"], "sub": known["client_id"], "aud": apple.url, "exp": int(time.time()) + 60})
        text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (head, claims))
        signature = base64.urlsafe_b64encode(sign_es256(text.encode(), known["client_secret"])).rstrip(b"=").decode()
        status, tokens = self.token(apple, grant_type="authorization_code", code=form["code"], redirect_uri=BACK, client_secret=f"{text}.{signature}")
        self.assertEqual(200, status, tokens)
        claims = claims_of(tokens["id_token"])
        self.assertEqual(("hugo@people.example", "true", None), (claims["email"], claims["email_verified"], claims.get("name")))


def sign_es256(data, pem):
    """By the openssl command: its DER, as the two numbers that JWS wants."""
    with tempfile.NamedTemporaryFile("w") as key:
        key.write(pem)
        key.flush()
        der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key.name], input=data, capture_output=True, check=True).stdout
    at, numbers = 2, []
    for _ in range(2):
        size = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2:at + 2 + size], "big").to_bytes(32, "big"))
        at += 2 + size
    return b"".join(numbers)


class Facebook(Fakes):
    def sign_in(self, account="ann", scope="email,public_profile", **more):
        facebook = self.fakes["facebook"]
        return facebook, facebook.visit(self.ask(facebook, scope=scope), account, **more)

    def me(self, facebook, token, fields="id,name,email", **parameters):
        proof = hmac.new(facebook.metadata()["client_secret"].encode(), token.encode(), hashlib.sha256).hexdigest()
        query = {"fields": fields, "access_token": token, "appsecret_proof": proof, **parameters}
        return send(f"{facebook.url}/v23.0/me?" + urllib.parse.urlencode({k: v for k, v in query.items() if v}))

    def test_profile(self):
        "the fake Facebook: commas, no scopes in the answer, a profile of what is asked for, and the proof demanded"
        facebook, back = self.sign_in()
        self.assertTrue(back.endswith("#_=_"))
        status, tokens = self.redeem(facebook, back)
        self.assertEqual((200, {"access_token", "token_type", "expires_in"}), (status, set(tokens)))
        status, who = self.me(facebook, tokens["access_token"])
        self.assertEqual((200, "ann@people.example", {"id", "name", "email"}), (status, who.get("email"), set(who)))
        self.assertEqual({"id", "name"}, set(self.me(facebook, tokens["access_token"], fields=None)[1]))
        self.assertIn({"permission": "user_birthday", "status": "declined"}, self.me(facebook, tokens["access_token"], "permissions")[1]["permissions"]["data"])
        for proof in ("", "0" * 64):
            status, answer = self.me(facebook, tokens["access_token"], appsecret_proof=proof)
            self.assertEqual((400, 100), (status, answer["error"]["code"]))
        self.assertEqual(400, send(self.ask(facebook, scope="email public_profile"))[0])

    def test_without_address(self):
        "the fake Facebook leaves the address out: none there, kept back, or not confirmed"
        for account, scopes in (("noemail", None), ("unverified", None), ("ann", ["public_profile"])):
            facebook, back = self.sign_in(account, scopes=scopes)
            self.assertNotIn("email", self.me(facebook, self.redeem(facebook, back)[1]["access_token"])[1])

    def test_refusals(self):
        "the fake Facebook's errors are of its own form"
        facebook, back = self.sign_in(allow=False)
        self.assertEqual(("access_denied", "user_denied"), (parameters_of(back)["error"], parameters_of(back)["error_reason"]))
        facebook, back = self.sign_in("gina")
        token = self.redeem(facebook, back)[1]["access_token"]
        status, answer = self.redeem(facebook, back)
        self.assertEqual((400, "OAuthException"), (status, answer["error"]["type"]))
        proof = hmac.new(facebook.metadata()["client_secret"].encode(), token.encode(), hashlib.sha256).hexdigest()
        self.assertEqual((200, {"success": True}), send(f"{facebook.url}/v23.0/me/permissions", {
            "method": "delete", "access_token": token, "appsecret_proof": proof}))
        self.assertEqual(([token], 1), (facebook.revoked, facebook.counts["revoke"]))
        self.assertEqual(190, self.me(facebook, token)[1]["error"]["code"])


class GitHub(Fakes):
    def sign_in(self, account="ann", scope="repo read:user user:email", **more):
        github = self.fakes["github"]
        return github, github.visit(self.ask(github, scope=scope), account, **more)

    def api(self, github, path, token, **headers):
        return send(github.url + path, headers={"Authorization": f"Bearer {token}", **headers})

    def test_profile(self):
        "the fake GitHub: a form unless JSON is wanted, commas, ids that are numbers, addresses apart and for their scope alone"
        github, back = self.sign_in("ben")
        status, text = self.redeem(github, back)
        answer = dict(urllib.parse.parse_qsl(text))
        self.assertEqual((200, "read:user,repo,user:email"), (status, answer["scope"]))
        who = self.api(github, "/user", answer["access_token"])[1]
        self.assertEqual((int, "ben.public@people.example"), (type(who["id"]), who["email"]))
        emails = self.api(github, "/user/emails", answer["access_token"])[1]
        self.assertEqual(["ben@people.example"], [one["email"] for one in emails if one["primary"]])
        github, back = self.sign_in(scope="read:user")
        token = self.redeem(github, back, {"Accept": "application/json"})[1]["access_token"]
        self.assertEqual(404, self.api(github, "/user/emails", token)[0])
        self.assertEqual(403, self.api(github, "/user", token, **{"User-Agent": ""})[0])

    def test_refusals(self):
        "the fake GitHub's token endpoint fails with status 200"
        github, back = self.sign_in(allow=False)
        self.assertEqual("access_denied", parameters_of(back)["error"])
        github, back = self.sign_in()
        self.redeem(github, back)
        status, answer = self.redeem(github, back, {"Accept": "application/json"})
        self.assertEqual((200, "bad_verification_code"), (status, answer["error"]))

    def test_revocation(self):
        "the fake GitHub takes a token back by the client's own call"
        github, back = self.sign_in()
        token = self.redeem(github, back, {"Accept": "application/json"})[1]["access_token"]
        known = github.metadata()
        basic = base64.b64encode(f"{known['client_id']}:{known['client_secret']}".encode()).decode()
        url = known["revocation_endpoint"].replace("{client_id}", known["client_id"])
        told = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
        self.assertEqual(204, send(url, headers=told, method="DELETE", data=json.dumps({"access_token": token}).encode())[0])
        self.assertEqual((401, [token]), (self.api(github, "/user", token)[0], github.revoked))


class Microsoft(Fakes):
    CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"

    def sign_in(self, account="ann", scope="openid profile email", **parameters):
        microsoft = self.fakes["microsoft"]
        back = microsoft.visit(self.ask(microsoft, scope=scope, nonce="n-1", **parameters), account)
        return microsoft, back

    def tokens(self, *arguments, **parameters):
        microsoft, back = self.sign_in(*arguments, **parameters)
        status, tokens = self.redeem(microsoft, back)
        self.assertEqual(200, status, tokens)
        return tokens

    def test_authorities(self):
        "the fake Microsoft publishes {tenantid} for many tenants, and a tenant's id for its name; who isn't of it stays outside"
        url = self.fakes["microsoft"].url
        tenants = {"common": "{tenantid}", "organizations": "{tenantid}", "consumers": self.CONSUMERS}
        for authority, tenant in tenants.items():
            published = send(f"{url}/{authority}/v2.0/.well-known/openid-configuration")[1]
            self.assertEqual((f"{url}/{tenant}/v2.0", False), (published["issuer"], "revocation_endpoint" in published), authority)
        status, answer = send(f"{url}/nowhere/v2.0/.well-known/openid-configuration")
        self.assertEqual((400, "invalid_tenant", [90002]), (status, answer["error"], answer["error_codes"]))
        self.assertEqual([f"{url}/{{tenantid}}/v2.0"], [key["issuer"] for key in send(f"{url}/common/discovery/v2.0/keys")[1]["keys"]])
        microsoft = self.fakes["microsoft"]
        microsoft.set(account="ann")
        for authority in ("consumers", "other.example"):
            status, text = send(self.ask(microsoft, scope="openid").replace("/common/", f"/{authority}/"))
            self.assertEqual((400, True), (status, "AADSTS50020" in text), authority)

    def test_claims(self):
        "the fake Microsoft's ID Tokens: the tenant's own issuer, no email_verified, xms_edov beside an address alone"
        microsoft = self.fakes["microsoft"]
        claims = claims_of(self.tokens()["id_token"])
        self.assertEqual((f"{microsoft.url}/{claims['tid']}/v2.0", "2.0", "n-1", "ann@people.example", True),
                         (claims["iss"], claims["ver"], claims["nonce"], claims["preferred_username"], claims["xms_edov"]))
        self.assertNotIn("email_verified", claims)
        microsoft.set(people={"ann": {"tenant": "consumers", "edov": None}})
        claims = claims_of(self.tokens()["id_token"])
        self.assertEqual((self.CONSUMERS, False), (claims["tid"], "xms_edov" in claims))
        self.assertFalse({"email", "xms_edov"} & set(claims_of(self.tokens("noemail")["id_token"])))

    def test_scopes(self):
        "the fake Microsoft: all that was ever allowed, in Graph's spelling, with its address where one was asked for so"
        self.assertEqual("Mail.Read openid", self.tokens("otto", "openid mail.read")["scope"])
        self.assertEqual("Calendars.Read Mail.Read openid", self.tokens("otto", "openid Calendars.Read")["scope"])
        self.assertEqual({"openid", "https://graph.microsoft.com/Mail.Read", "https://graph.microsoft.com/Calendars.Read"},
                         set(self.tokens("otto", "openid https://graph.microsoft.com/Mail.Read")["scope"].split()))

    def test_refresh(self):
        "the fake Microsoft: a refresh token for offline_access alone, another one with each use, and the old one stays good"
        self.assertNotIn("refresh_token", self.tokens("paul"))
        tokens, microsoft = self.tokens("paul", "openid offline_access"), self.fakes["microsoft"]
        self.assertNotIn("offline_access", tokens["scope"])
        for _ in range(2):
            status, fresh = self.token(microsoft, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
            self.assertEqual((200, False), (status, fresh["refresh_token"] == tokens["refresh_token"]))
        microsoft.withdraw("paul")
        status, answer = self.token(microsoft, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        self.assertEqual((400, "invalid_grant", [65001], "consent_required"), (status, answer["error"], answer["error_codes"], answer["suberror"]))

    def test_refusals(self):
        "the fake Microsoft's errors have numbers; one prompt at a time; what only an administrator can allow"
        microsoft, back = self.sign_in()
        self.assertIn("session_state", parameters_of(back))
        self.redeem(microsoft, back)
        status, answer = self.redeem(microsoft, back)
        self.assertEqual((400, "invalid_grant", [54005]), (status, answer["error"], answer["error_codes"]))
        self.assertTrue(answer["error_description"].startswith("AADSTS54005: "))
        denied = parameters_of(microsoft.visit(self.ask(microsoft, scope="openid"), allow=False))
        self.assertEqual(("access_denied", "cancel"), (denied["error"], denied["error_subcode"]))
        self.assertEqual("consent_required", parameters_of(self.sign_in(scope="openid Directory.Read.All")[1])["error"])
        self.assertEqual("login_required", parameters_of(microsoft.visit(self.ask(microsoft, scope="openid", prompt="none")))["error"])
        self.assertEqual(400, send(self.ask(microsoft, scope="openid", prompt="login consent"))[0])

    def test_response_modes(self):
        "the fake Microsoft answers in the query, behind a #, or by a form that posts itself"
        microsoft = self.fakes["microsoft"]
        self.assertIn("code", urllib.parse.urlsplit(self.sign_in(response_mode="fragment")[1]).fragment)
        place, form = microsoft.visit(self.ask(microsoft, scope="openid", response_mode="form_post"))
        self.assertEqual((BACK, {"code", "state", "session_state"}), (place, set(form)))


class Faults(Fakes):
    def test_each(self):
        "each fault of a call, as often as it was told"
        google = self.fakes["google"]
        place = f"{google.url}/.well-known/openid-configuration"
        google.fault("discovery", "status", status=503, times=2)
        self.assertEqual([503, 503, 200], [send(place)[0] for _ in range(3)])
        google.fault("discovery", "change", set={"issuer": "https://evil.example"}, remove=["jwks_uri"])
        changed = send(place)[1]
        self.assertEqual(("https://evil.example", False), (changed["issuer"], "jwks_uri" in changed))
        google.fault("discovery", "bad_json")
        self.assertIsInstance(send(place)[1], str)
        google.fault("discovery", "oversized", megabytes=3)
        self.assertGreater(len(json.dumps(send(place)[1])), 3000000)
        for fault in ("close", "lost"):
            google.fault("discovery", fault)
            with self.assertRaises(OSError, msg=fault):
                send(place)
        google.fault("discovery", "hang")
        with self.assertRaises((TimeoutError, socket.timeout)):
            send(place, timeout=0.3)
        self.assertEqual(9, google.counts["discovery"])

    def test_way_back(self):
        "what people bring back can be changed, and changed people are told of"
        google = self.fakes["google"]
        google.set(account="ann", people={"ann": {"email": "new@people.example"}})
        google.fault("back", "change", set={"state": "another", "iss": "https://evil.example"})
        back = parameters_of(google.visit(self.ask(google, scope="openid email")))
        self.assertEqual(("another", "https://evil.example"), (back["state"], back["iss"]))
        tokens = self.redeem(google, google.visit(self.ask(google, scope="openid email")))[1]
        self.assertEqual("new@people.example", claims_of(tokens["id_token"])["email"])
        self.assertEqual(["openid email"] * 2, [call["query"]["scope"] for call in google.asked("authorize")])


if __name__ == "__main__":
    main()
