"""Signing in as a person does it: the pages with their forms, and the mails that go with them."""
import contextlib
import copy
import secrets
import urllib.parse

from flow import AUTHORIZE, fill_login, request_of, response_of
from web import field_of, filled

POLYGLOT = "\"'><svg onload=alert(1)>{{7*7}}</title></textarea><script>alert(1)</script>%0d%0aX-Evil:1 javascript:alert(1)//"
EVIL = ("https://evil.example", "//evil.example", "/\\evil.example", "https:evil.example", "javascript:alert(1)", "\\\\evil.example",
        "/%09/evil.example", "https://client.example.evil.example/", "https://client.example@evil.example/", "/..//evil.example", "http:///evil.example")


def form_to(answer, path):
    """The form of the page that goes to this path."""
    for form in answer.page().forms:
        if urllib.parse.urlsplit(form["action"]).path == path:
            return form
    raise AssertionError(f"no form to {path} on {answer}")


def link_to(answer, path):
    for link in answer.page().links:
        if urllib.parse.urlsplit(link).path == path:
            return link
    raise AssertionError(f"no link to {path} on {answer}: {answer.page().links}")


def hidden_of(form):
    return [(field["name"], field.get("value") or "") for field in form["fields"] if field.get("type") == "hidden"]


def errors_of(answer):
    """The page's messages beside its fields and in the summary, as text."""
    page = answer.page()
    return page.text if page.title.startswith("Error") else ""


def is_signed_in(browser):
    return "public-session" in browser.cookies


def open_flow(site, client=None, browser=None, **parameters):
    """A flow in front of its first page: the browser, the page, the client."""
    browser, client = browser or site.browser(), client or site.client()
    return browser, browser.open(AUTHORIZE, request_of(client, **parameters)), client


def ask_for_link(site, browser, login, email):
    """From a sign-in page to "check your mail"."""
    asking = browser.open(link_to(login, "/login/link"))
    return browser.submit(form_to(asking, "/login/link"), {"email": email})


def path_of(link):
    parts = urllib.parse.urlsplit(link)
    return f"{parts.path}?{parts.query}"


def press(browser, answer, path, **more):
    return browser.submit(form_to(answer, path), **more)


def type_pin(browser, answer, pin, path="/login/link/pin", **more):
    form = form_to(answer, path)
    return browser.submit(form, {field_of(form, autocomplete="one-time-code"): pin}, **more)


def wrong(pin):
    return format((int(pin) + 1) % 1000000, "06")


def in_service(site, **options):
    """The same site, with a service of its own whose clients are signed in to as options say."""
    other = copy.copy(site)
    other._clients = {}
    other.service = site.cli("service", "add", "--name", "Service " + secrets.token_hex(4))["id"]
    words = [word for name, value in options.items() for word in ("--" + name.replace("_", "-"), value)]
    site.cli("service", "set", other.service, *words)
    return other


@contextlib.contextmanager
def gated(site):
    """A service that asks for a PIN behind each password. Only for a while: a sign-in without a flow obeys the strictest."""
    own = in_service(site, pin_gate="always")
    try:
        yield own
    finally:
        site.cli("service", "set", own.service, "--pin-gate", "off")


def register(browser, answer, email, password="a quite good password", name="New Person"):
    return browser.submit(form_to(answer, "/register"), {"name": name, "email": email, "password": password})


def new_email(prefix="new"):
    return f"{prefix}-{secrets.token_hex(5)}@people.example"


def code_of(answer, client, what):
    response = response_of(answer, client.redirect_uri)
    assert response and response.get("code"), f"{what}: the flow ended at {answer}, {answer.location}"
    return response["code"]
