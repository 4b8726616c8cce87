"""A service's program at the service API: calls with an API key, and what must hold of every answer."""
import itertools
import re

from checks import equal

ALL = ("read:users write:users delete:users read:subscriptions write:subscriptions delete:subscriptions read:analytics "
       "read:service write:service read:provider_tokens")
TIME = re.compile(r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
CODES = {400: ("BAD_REQUEST", "DUPLICATE_CONSTRAINT"), 401: ("UNAUTHORIZED",), 403: ("FORBIDDEN", "ORGANIZATION_NOT_ACTIVE"), 404: ("NOT_FOUND",),
         405: ("METHOD_NOT_ALLOWED",), 409: ("IDEMPOTENCY_KEY_IN_USE",), 412: ("PRECONDITION_FAILED",), 413: ("BAD_REQUEST",),
         422: ("IDEMPOTENCY_KEY_REUSED",), 429: ("TOO_MANY_REQUESTS",), 503: ("SERVICE_UNAVAILABLE",)}
_numbers = itertools.count(1)


def add_service(site, name="Another service"):
    return site.cli("service", "add", "--name", name)["id"]


class Key:
    """An API key of a service, by default of the site's own, with every permission."""

    def __init__(self, site, service=None, permissions=ALL, text=None, addresses=None):
        self.site, self.web, self.service = site, site.connect(), service or site.service
        self.id = None
        if text is None:
            made = site.cli("api-key", "add", "--service", self.service, "--name", f"Key {next(_numbers)}", "--permissions", permissions,
                            *(["--addresses", addresses] if addresses else []))
            self.id, text = made["id"], made["key"]
        self.text = text

    def call(self, method, path, data=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.text:
            headers["X-API-Key"] = self.text
        target = path if path.startswith("/api/") else "/api/service/" + path
        answer = self.web.request(method, target, data=data, headers=headers)
        equal(answer.header("Cache-Control"), "no-store", f"Cache-Control of {answer}")
        return answer

    def get(self, path, **headers):
        return self.call("GET", path, **headers)

    def post(self, path, data=None, **headers):
        return self.call("POST", path, data, **headers)

    def patch(self, path, data=None, **headers):
        return self.call("PATCH", path, data, **headers)

    def delete(self, path, **headers):
        return self.call("DELETE", path, **headers)


def said(answer, status, **members):
    """The answer has this status and these members; its body."""
    equal(answer.status, status, str(answer))
    body = answer.json()
    for name, value in members.items():
        equal(body.get(name), value, f"{name} in {body}")
    return body


def refusal(answer, status, code=None):
    """A refusal in the family's one form; code: where a status has several."""
    equal(answer.status, status, str(answer))
    body = answer.json()
    equal(set(body), {"error", "error_code", "timestamp"}, str(body))
    equal(body["error_code"], code or CODES[status][0], str(body))
    assert body["error"] and isinstance(body["error"], str), body
    assert TIME.match(body["timestamp"]), body
    return body


def new_address(word="member"):
    return f"{word}{next(_numbers)}@members.example"
