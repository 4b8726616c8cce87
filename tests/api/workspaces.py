"""Services with a workspace, and what a program does with them (workspace-auth 5.1, 5.2)."""
import json
import secrets
import tempfile

from checks import equal
from flow import authorize
from installation import CALLBACK
from signing_in import in_service

BASE = "/v1/auth/"
SCOPE = "openid profile email"


class Workspace:
    """A service with a workspace of its own, known by its host name, and its client."""

    def __init__(self, site, host=True, client=None, **settings):
        self.site = in_service(site)
        self.login_url = site.url + BASE + "login"
        words = {"redirect_uris": [CALLBACK, self.login_url], **(client or {})}
        self.client = self.site.add_client(**words)
        self.service = self.site.service
        self.host = f"ws-{secrets.token_hex(4)}.example" if host else None
        self.settings = {"client_id": self.client.id, "redirect_uri": CALLBACK, **settings}
        if host:
            self.settings["host"] = self.host
        set_workspace(site, self.service, self.settings)

    def change(self, **settings):
        self.settings = {key: value for key, value in {**self.settings, **settings}.items() if value is not None}
        set_workspace(self.site, self.service, self.settings)
        return self

    def call(self, method, path, web=None, headers=None, **more):
        words = dict(headers or {})
        if self.host:
            words.setdefault("Host", self.host)
        return (web or self.site.web).request(method, BASE + path, headers=words, **more)

    def post(self, path, form=None, **more):
        return self.call("POST", path, form=form, **more)

    def code(self, person=None, browser=None, scope=SCOPE, **parameters):
        response = authorize(self.site, self.client, person, browser, scope=scope, redirect_uri=CALLBACK, **parameters)
        assert response.get("code"), response.parameters
        return response["code"]

    def login(self, person=None, browser=None, scope=SCOPE):
        return data(self.post("login", {"code": self.code(person, browser, scope)}))

    def register(self, token, web=None, **more):
        return self.call("POST", "register", web, headers={"Authorization": f"Bearer {token}", **more})


def set_workspace(site, service, settings, check=True):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(settings if isinstance(settings, str) else json.dumps(settings))
        file.flush()
        return site.cli("service", "set", service, "--workspace", file.name, check=check)


def data(answer):
    """The data of a 200; nothing else is beside it."""
    assert answer.status == 200, str(answer)
    assert "no-store" in (answer.header("Cache-Control") or ""), answer.headers
    equal(set(answer.json()), {"data"}, "members")
    return answer.json()["data"]


def failed(answer, status, code):
    """An error of the family: exactly error.code and error.message."""
    assert answer.status == status, f"wanted {status} {code}, got {answer}"
    body = answer.json()
    equal(set(body), {"error"}, "members")
    equal(set(body["error"]), {"code", "message"}, "members of error")
    equal(body["error"]["code"], code, str(answer))
    assert isinstance(body["error"]["message"], str) and body["error"]["message"], body
    return body["error"]["message"]


def password(own, person, web=None, **changes):
    form = {"grant_type": "password", "username": person.email, "password": person.password, **changes}
    return own.post("token", {key: value for key, value in form.items() if value is not None}, web=web)
