#!/usr/bin/env python3
"""Signs a person in through the whole authorization code flow with PKCE, as a client and a browser
would, checks what it gets, and tells each step. Reads the DOORWARD_* variables of `contrib/demo/run --env`
from the environment, or from a file given as the only argument. Python's standard library only; the
ID token's signature is checked with the openssl command."""
import base64
import hashlib
import html.parser
import http.cookiejar
import json
import os
import secrets
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request


class SignInError(RuntimeError):
    """A step didn't go as it must; the message says which and what came instead."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


class Browser:
    """Keeps cookies, follows redirects only when told, and can fill in a page's form."""

    def __init__(self, ca):
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca)), _NoRedirect,
            urllib.request.HTTPCookieProcessor(self.cookies))

    def send(self, url, form=None, headers=None):
        """(status, headers, text, url)"""
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(url, data, headers={"Accept": "text/html", **(headers or {})})
        try:
            with self.opener.open(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read().decode(), url
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, answer.read().decode(errors="replace"), url

    def follow(self, answer, stop_at):
        """Follows redirects until a page, or until one leads to the address stop_at."""
        for _ in range(10):
            status, headers, _, url = answer
            if status not in (301, 302, 303, 307):
                return answer
            target = urllib.parse.urljoin(url, headers["Location"])
            if target.split("?")[0] == stop_at:
                return answer
            answer = self.send(target)
        raise SignInError("the redirects don't end")


class _Forms(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.forms = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self.forms.append({"action": attributes.get("action", ""), "fields": {}, "buttons": []})
        elif self.forms and tag == "input" and "name" in attributes:
            self.forms[-1]["fields"][attributes["name"]] = attributes.get("value") or ""
        elif self.forms and tag == "button" and "name" in attributes:
            self.forms[-1]["buttons"].append((attributes["name"], attributes.get("value") or ""))


def form_with(text, field):
    """The form on a page that has the field (or a button of that name)."""
    for form in _Forms(text).forms:
        if field in form["fields"] or field in dict(form["buttons"]):
            return form
    return None


def _unpad(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _pad(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _der(tag, body):
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([0x80 | (size.bit_length() + 7) // 8]) + \
        size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + length + body


def _rsa_public_key(jwk):
    """A JWK as SubjectPublicKeyInfo, PEM (RFC 8017 A.1.1)."""
    numbers = b"".join(_der(2, b"\0" + _unpad(jwk[name])) for name in ("n", "e"))
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    key = _der(0x30, algorithm + _der(3, b"\0" + _der(0x30, numbers)))
    return b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(key) + b"-----END PUBLIC KEY-----\n"


def check_signature(token, jwks):
    """Verifies an RS256 JWT with the openssl command under the key that its header names; its claims."""
    head, body, signature = token.split(".")
    header = json.loads(_unpad(head))
    keys = [key for key in jwks["keys"] if key["kid"] == header["kid"]]
    if header["alg"] != "RS256" or len(keys) != 1 or keys[0]["kty"] != "RSA":
        raise SignInError(f"the ID token's header is not as expected: {header}")
    with tempfile.TemporaryDirectory() as place:
        for name, data in (("key.pem", _rsa_public_key(keys[0])), ("signature", _unpad(signature))):
            with open(os.path.join(place, name), "wb") as file:
                file.write(data)
        done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", f"{place}/key.pem", "-signature",
                               f"{place}/signature"], input=f"{head}.{body}".encode(), capture_output=True,
                              check=False)
    if done.returncode != 0:
        raise SignInError("the ID token's signature is wrong")
    return json.loads(_unpad(body))


def _expect(answer, status, step):
    if answer[0] != status:
        raise SignInError(f"{step}: {answer[0]} instead of {status}\n{answer[2][:1000]}")
    return answer


def _authorize(browser, env, say, scope, challenge, state, nonce):
    """From the client's redirect to the authorization response; its parameters."""
    redirect_uri = env["DOORWARD_REDIRECT_URI"]
    query = urllib.parse.urlencode({
        "response_type": "code", "client_id": env["DOORWARD_CLIENT_ID"], "redirect_uri": redirect_uri,
        "scope": scope, "state": state, "nonce": nonce, "code_challenge": challenge,
        "code_challenge_method": "S256"})
    say(f"GET  {env['DOORWARD_URL']}/api/oauth/authorize  (code, PKCE S256, scope {scope})")
    answer = browser.follow(browser.send(f"{env['DOORWARD_URL']}/api/oauth/authorize?{query}"), redirect_uri)
    login = form_with(answer[2], "password")
    if login:
        say(f"POST {urllib.parse.urlsplit(answer[3]).path}  (signing in as {env['DOORWARD_USER_EMAIL']})")
        fields = {**login["fields"], "email": env["DOORWARD_USER_EMAIL"],
                  "password": env["DOORWARD_USER_PASSWORD"]}
        answer = browser.send(urllib.parse.urljoin(answer[3], login["action"]), fields)
        answer = browser.follow(answer, redirect_uri)
        if form_with(answer[2], "password"):
            raise SignInError(f"the sign-in was refused:\n{answer[2][:3000]}")
    answer = _consent(browser, answer, redirect_uri, say)
    location = answer[1]["Location"] or ""
    if answer[0] not in (302, 303) or location.split("?")[0] != redirect_uri:
        raise SignInError(f"no way back to the client: {answer[0]} {location}\n{answer[2][:2000]}")
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))


def _consent(browser, answer, redirect_uri, say):
    forms = [form for form in _Forms(answer[2]).forms if form["buttons"]] if answer[0] == 200 else []
    if not forms:
        return answer
    form = forms[0]
    allow = [button for button in form["buttons"] if button[1] not in ("deny", "no", "false")][0]
    say(f"POST {urllib.parse.urlsplit(answer[3]).path}  (consent: {allow[0]}={allow[1]})")
    answer = browser.send(urllib.parse.urljoin(answer[3], form["action"]), {**form["fields"], allow[0]: allow[1]})
    return browser.follow(answer, redirect_uri)


def sign_in(env, say=lambda text: None, scope="openid profile email offline_access", browser=None):
    """The whole flow. env has the DOORWARD_* variables. Returns {tokens, claims, userinfo, browser}."""
    browser = browser or Browser(env["DOORWARD_CA"])
    url = env["DOORWARD_URL"]
    verifier, state, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16), secrets.token_urlsafe(16)
    challenge = _pad(hashlib.sha256(verifier.encode()).digest())
    back = _authorize(browser, env, say, scope, challenge, state, nonce)
    if back.get("state") != state or back.get("iss") != url or not back.get("code"):
        raise SignInError(f"the authorization response is wrong: {back}")
    say("302  back to the client with a code, our state and iss")

    say(f"POST {url}/api/oauth/token  (code, code_verifier, client secret)")
    answer = _expect(browser.send(f"{url}/api/oauth/token", {
        "grant_type": "authorization_code", "code": back["code"], "code_verifier": verifier,
        "redirect_uri": env["DOORWARD_REDIRECT_URI"], "client_id": env["DOORWARD_CLIENT_ID"],
        "client_secret": env["DOORWARD_CLIENT_SECRET"]}, {"Accept": "application/json"}), 200, "token request")
    tokens = json.loads(answer[2])

    jwks = json.loads(_expect(browser.send(f"{url}/.well-known/jwks.json"), 200, "JWKS")[2])
    claims = check_signature(tokens["id_token"], jwks)
    wrong = [name for name, good in (
        ("iss", claims.get("iss") == url), ("aud", claims.get("aud") == env["DOORWARD_CLIENT_ID"]),
        ("nonce", claims.get("nonce") == nonce), ("exp", claims.get("exp", 0) > time.time())) if not good]
    if wrong:
        raise SignInError(f"the ID token is wrong in {', '.join(wrong)}: {claims}")
    say(f"     ID token: signature good, iss, aud, nonce, exp good; sub {claims['sub']}")

    say(f"GET  {url}/api/oauth/userinfo")
    answer = _expect(browser.send(f"{url}/api/oauth/userinfo", headers={
        "Authorization": f"Bearer {tokens['access_token']}"}), 200, "userinfo")
    userinfo = json.loads(answer[2])
    if userinfo.get("sub") != claims["sub"]:
        raise SignInError(f"userinfo is about somebody else: {userinfo}")
    say(f"     {json.dumps(userinfo)}")
    return {"tokens": tokens, "claims": claims, "userinfo": userinfo, "browser": browser}


def read_env(path):
    with open(path) as file:
        return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)


def main():
    env = read_env(sys.argv[1]) if len(sys.argv) > 1 else os.environ
    try:
        sign_in(env, print)
    except (SignInError, OSError, KeyError, ValueError) as error:
        print(f"the sign-in failed: {error}", file=sys.stderr)
        return 1
    print("signed in")
    return 0


if __name__ == "__main__":
    sys.exit(main())
