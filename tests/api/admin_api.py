"""The admins' API of applications."""
import json

from checks import equal
from console import console

API = "/api/admin/oauth-clients"


class AdminApi:
    """The admins' API with the console's session."""

    def __init__(self, site, browser=None):
        self.browser, self.site = browser or console(site), site

    def call(self, method, path, body=None, web=None, **headers):
        words = {"Origin": self.site.url, "Cookie": "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items()), **headers}
        data = None if body is None else json.dumps(body)
        if data:
            words["Content-Type"] = "application/json"
        return (web or self.site.web).request(method, API + path, body=data, headers=words)

    def good(self, method, path, body=None, status=200):
        answer = self.call(method, path, body)
        equal(answer.status, status, f"{method} {path}: {answer}")
        return answer.json() if answer.body else None
