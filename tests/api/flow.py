"""The code flow as a client and a person go through it together."""
import secrets
import urllib.parse

from jose import Jwt, challenge_of
from web import field_of, filled

AUTHORIZE = "/api/oauth/authorize"
TOKEN = "/api/oauth/token"
USERINFO = "/api/oauth/userinfo"
REVOKE = "/api/oauth/revoke"
INTROSPECT = "/api/oauth/introspect"
LOGOUT = "/api/oauth/logout"


class Response:
    """An authorization response: what reached the client's redirect_uri."""

    def __init__(self, redirect_uri, pairs, fragment, mode, answer):
        self.redirect_uri = redirect_uri
        self.pairs = pairs
        self.parameters = dict(pairs)
        self.fragment = fragment
        self.mode = mode
        self.answer = answer

    def __getitem__(self, name):
        assert name in self.parameters, f"no {name} in the authorization response {self.parameters}"
        return self.parameters[name]

    def get(self, name):
        return self.parameters.get(name)


def response_of(answer, redirect_uri):
    """The authorization response in an answer (redirect or form_post page); None when it's neither."""
    if answer.is_redirect:
        return _response_of_redirect(answer, redirect_uri)
    if answer.status != 200 or answer.media_type != "text/html":
        return None
    forms = [form for form in answer.page().forms if form["action"].split("?")[0] == redirect_uri.split("?")[0]]
    if not forms:
        return None
    return Response(forms[0]["action"], filled(forms[0]), "", "form_post", answer)


def _response_of_redirect(answer, redirect_uri):
    target = urllib.parse.urlsplit(answer.location)
    base = urllib.parse.urlunsplit((target.scheme, target.netloc, target.path, "", ""))
    if base != redirect_uri.split("?")[0]:
        return None
    pairs = urllib.parse.parse_qsl(target.query, keep_blank_values=True)
    return Response(base, pairs, target.fragment, "query", answer)


def request_of(client, **parameters):
    """Parameters of an authorization request; None as a value leaves one out."""
    words = {"response_type": "code", "client_id": client.id, "redirect_uri": client.redirect_uri, "scope": "openid",
             "state": secrets.token_urlsafe(8), "nonce": secrets.token_urlsafe(8)}
    verifier = parameters.pop("verifier", None)
    if verifier:
        words.update(code_challenge=challenge_of(verifier), code_challenge_method="S256")
    words.update(parameters)
    return {key: value for key, value in words.items() if value is not None}


def is_login(page):
    return page.form_with(autocomplete="current-password") is not None


def is_consent(page):
    return consent_form(page) is not None


def consent_form(page):
    """The form of a consent page: the one with two submit buttons, or without a field to type in."""
    for form in page.forms:
        if len(form["buttons"]) >= 2 and "consent" in form["action"]:
            return form
    return None


def button_of(form, *words):
    """The submit button whose value, name or text has one of the words."""
    for button in form["buttons"]:
        text = " ".join([button.get("value") or "", button.get("name") or "", button.get("text") or ""]).lower()
        if any(word in text for word in words):
            return button
    raise AssertionError(f"no button with {words} in {form['buttons']}")


def fill_login(browser, answer, person, password=None):
    """Types address and password into the login page and presses its button."""
    form = answer.page().form_with(autocomplete="current-password")
    assert form, f"no login form on {answer}"
    email = field_of(form, autocomplete="username") or field_of(form, type="email")
    secret = field_of(form, autocomplete="current-password")
    button = form["buttons"][0] if form["buttons"] else None
    return browser.submit(form, {email: person.email, secret: password or person.password}, button)


def decide(browser, answer, allow=True):
    form = consent_form(answer.page())
    words = ("allow", "approve", "accept", "yes") if allow else ("deny", "cancel", "refuse", "no")
    return browser.submit(form, button=button_of(form, *words))


def walk(browser, answer, person, redirect_uri, allow=True, seen=None):
    """Goes on from an answer, signing in and consenting where asked, until the client gets its
    response, or a page comes that a person can't go on from (then: None and that answer)."""
    seen = seen if seen is not None else []
    for _ in range(6):
        response = response_of(answer, redirect_uri)
        if response:
            return response
        if answer.status not in (200, 400, 401, 422) or answer.media_type != "text/html":
            break  # a form that was refused comes again with a 4xx
        page = answer.page()
        if is_login(page):
            seen.append("login")
            answer = fill_login(browser, answer, person)
        elif is_consent(page):
            seen.append("consent")
            answer = decide(browser, answer, allow)
        else:
            break
    raise AssertionError(f"the flow ended at {answer} after {seen}")


def authorize(site, client, person=None, browser=None, seen=None, allow=True, **parameters):
    """A whole authorization request; the Response that the client gets."""
    browser = browser or site.browser()
    request = request_of(client, **parameters)
    redirect_uri = request.get("redirect_uri") or client.redirect_uri
    answer = browser.open(AUTHORIZE, request)
    return walk(browser, answer, person or site.person(), redirect_uri, allow, seen)


def signed_in(site, person=None, client=None):
    """A browser in which the person is signed in and has consented to the client's openid scope."""
    browser = site.browser()
    authorize(site, client or site.client(), person, browser)
    return browser


def post_token(site, client, web=None, **parameters):
    """A token request with the client's own authentication; the Answer."""
    words = {key: value for key, value in {**client.parameters(), **parameters}.items() if value is not None}
    return (web or site.web).post(TOKEN, words, headers=client.headers())


def redeem(site, client, code, web=None, **parameters):
    words = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri, **parameters}
    return post_token(site, client, web, **words)


def refresh(site, client, token, web=None, **parameters):
    return post_token(site, client, web, grant_type="refresh_token", refresh_token=token, **parameters)


def client_credentials(site, client, **parameters):
    return post_token(site, client, grant_type="client_credentials", **parameters)


class Tokens:
    def __init__(self, body):
        self.body = body
        self.access = body["access_token"]
        self.refresh = body.get("refresh_token")
        self.id = body.get("id_token")

    @property
    def id_claims(self):
        return Jwt(self.id).claims


def sign_in(site, client, person=None, browser=None, scope="openid", **parameters):
    """The whole code flow with PKCE; Tokens."""
    verifier = secrets.token_urlsafe(48)
    response = authorize(site, client, person, browser, scope=scope, verifier=verifier, **parameters)
    assert response.get("code"), f"no code but {response.parameters}"
    redirect_uri = parameters.get("redirect_uri", client.redirect_uri)
    answer = redeem(site, client, response["code"], code_verifier=verifier, redirect_uri=redirect_uri)
    assert answer.status == 200, str(answer)
    return Tokens(answer.json())


def userinfo(site, token, method="GET", web=None, **more):
    headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
    return (web or site.web).request(method, USERINFO, headers=headers, **more)


def introspect(site, client, token, web=None, **parameters):
    words = {**client.parameters(), "token": token, **parameters}
    return (web or site.web).post(INTROSPECT, words, headers=client.headers())


def revoke(site, client, token, web=None, **parameters):
    words = {**client.parameters(), "token": token, **parameters}
    return (web or site.web).post(REVOKE, words, headers=client.headers())


def jwks(site):
    return site.web.get("/.well-known/jwks.json").json()


def metadata(site):
    return site.web.get("/.well-known/openid-configuration").json()
