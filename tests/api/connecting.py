"""Provider tokens as a service's backend, a person and the fake providers go through them together."""
import itertools
import secrets
import urllib.parse

from checks import equal
from flow import sign_in
from service import Key, said
from signing_in import form_to, in_service

CALLBACK = "https://app.example/cb"
PATH = "/connect/provider-token/"
_words = itertools.count(1)


def word():
    """Somebody new at the fakes; their address is on people.example."""
    return f"p{next(_words)}x{secrets.token_hex(3)}"


class Place:
    """A service that may ask github and google for something, its key, and the fakes."""

    def __init__(self, site, fakes, scopes="github=repo read:user google=openid email acme=openid email profile offline_access",
                 redirect_uris=CALLBACK):
        self.site, self.fakes = in_service(site), fakes
        if not fakes.are_known:
            fakes.register(site.cli)
            fakes.are_known = True
        self.service = self.site.service
        self.set(scopes=scopes, redirect_uris=redirect_uris)
        self.key = Key(site, self.service)

    def set(self, scopes=None, redirect_uris=None):
        words = [*(["--provider-scopes", scopes] if scopes is not None else []),
                 *(["--provider-redirect-uri", redirect_uris] if redirect_uris is not None else [])]
        return self.site.cli("service", "set", self.service, *words)

    def member(self, name=None, password=None):
        """A new member, by default without a password; name is also their word at the fakes."""
        name = name or word()
        email = f"{name}@people.example"
        made = self.key.post("users", {"email": email})
        member = Member(self, name, email, made.json()["id"])
        return member

    def ask(self, user, provider="github", key=None, **more):
        return (key or self.key).post("provider-tokens", {"user_id": getattr(user, "id", user), "provider": provider, **more})


class Member:
    def __init__(self, place, name, email, id):
        self.place, self.name, self.email, self.id = place, name, email, id

    def ask(self, provider="github", **more):
        return self.place.ask(self, provider, **more)

    def action(self, provider="github", code=None, **more):
        """What has to be done, as the answer says it."""
        body = told(self.ask(provider, **more), "action_required", provider=provider)
        if code is not None:
            assert body["code"] == code, body
        assert set(body) == {"status", "code", "reauth_url", "missing_scopes", "provider"}, body
        return body

    def token(self, provider="github", **more):
        return told(self.ask(provider, **more), "ok", provider=provider)

    def connect(self, provider="github", browser=None, **more):
        """Does what has to be done; where the person then is, as words of its query."""
        return self.go(self.action(provider, **more)["reauth_url"], provider, browser)

    def go(self, url, provider="github", browser=None, account=None, **choices):
        browser = browser or self.place.site.browser()
        answer = follow(self.place, browser, url, provider, account or self.name, **choices)
        assert answer.is_redirect, answer
        return words_of(answer.location)


def told(answer, status, **members):
    """An answer of 200 of this status, and with these members; its body."""
    body = said(answer, 200, **members)
    equal(body["status"], status, str(body))
    return body


def words_of(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def leave(browser, url):
    """From a request's address to the provider's, as a program goes."""
    answer = browser.get(url, headers={"Accept": "*/*"})
    assert answer.is_redirect, answer
    return answer.location


def come_back(browser, back, accept=None):
    """Our callback; answered by what we say of it."""
    return browser.get(back, headers={"Accept": accept} if accept else None)


def follow(place, browser, url, provider, account, accept=None, **choices):
    """From a request's address by way of the provider to where we send the person last. A provider that is asked
    once more (for an address) is gone to once more."""
    fake = place.fakes[provider]
    target = leave(browser, url)
    for _ in range(2):
        answer = come_back(browser, fake.visit(target, account, **choices), accept)
        target = answer.location or ""
        if not target.startswith(fake.url):
            break
    return answer


def press(browser, answer, decision, **values):
    """A button of the request's page."""
    path = urllib.parse.urlsplit(answer.url).path
    form = form_to(answer, path)
    button = next(button for button in form["buttons"] if button.get("value") == decision)
    return browser.submit(form, values, button=button, follow=False)


class SignedIn(Member):
    """A member with a password, signed in in a browser; of the fakes' people the one with the same address."""

    def __init__(self, place):
        person = place.site.add_person()
        made = place.key.post("users", {"email": person.email})
        super().__init__(place, person.email.split("@")[0], person.email, made.json()["id"])
        self.person = person
        self.browser = place.site.browser()
        fill = self.browser.open("/login")
        answer = self.browser.submit(form_to(fill, "/login"), {"email": person.email, "password": person.password})
        assert "public-session" in self.browser.cookies, answer

    def page(self, url):
        return self.browser.get(url)

    def token_of(self, scope="openid account", client=None, browser=None):
        """An application of the service with the person's access token."""
        client = client or self.place.site.add_client(scope="openid profile email account")
        return App(self.place.site, sign_in(self.place.site, client, self.person, scope=scope, browser=browser).access, client)


class App:
    def __init__(self, site, token, client):
        self.web, self.token, self.client = site.connect(), token, client

    def call(self, method, path, data=None):
        answer = self.web.request(method, path if path.startswith("/") else "/api/user/" + path, data=data, headers={"Authorization": f"Bearer {self.token}"})
        equal(answer.header("Cache-Control"), "no-store", f"Cache-Control of {answer}")
        return answer

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, data=None):
        return self.call("POST", path, {} if data is None else data)

    def delete(self, path):
        return self.call("DELETE", path)
