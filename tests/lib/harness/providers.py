"""The fake providers for tests (contrib/demo/providers): started, asked and told through their control endpoint, and
gone through as a person does.

    with Providers() as fakes, Doorward(settings=fakes.settings) as door:
        google = fakes["google"]
        google.register(door.doorward_json)
        back = google.visit(location, "ann")      # our callback's address, with code and state
        google.fault("token", "status", status=500)
        google.counts["refresh"]
"""
import html.parser
import http.cookiejar
import json
import os
import shutil
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from stand.providers import HOST, PROVIDERS, ProviderProcess

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


class _Page(html.parser.HTMLParser):
    """The form of a fake's page: fields as they would be sent, scopes that have a box."""

    def __init__(self, text):
        super().__init__()
        self.scopes, self.account, self.has_form, self.action, self.hidden = [], None, False, None, {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        words = dict(attributes)
        self.has_form |= tag == "form"
        if tag == "form":
            self.action = words.get("action")
        elif words.get("type") == "hidden":
            self.hidden[words["name"]] = words["value"]
        if words.get("name") == "scope":
            self.scopes.append(words["value"])
        elif words.get("name") == "account" and "checked" in words:
            self.account = words["value"]


class Visitor:
    """A person's browser at the fakes: keeps cookies; any other origin is where they left for."""

    def __init__(self, url):
        self.origin = url
        self.opener = urllib.request.build_opener(_Stay, urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def send(self, url, form=None):
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            with self.opener.open(urllib.request.Request(url, data), timeout=30) as answer:
                return answer.status, answer.headers, answer.read().decode(), url
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, answer.read().decode(errors="replace"), url

    def follow(self, answer):
        """(url, page): where they left for, and None; or where they are, and its page."""
        for _ in range(10):
            status, headers, text, url = answer
            if status not in (301, 302, 303, 307):
                assert status < 400, f"{url} answers {status}: {text}"
                return url, _Page(text)
            target = urllib.parse.urljoin(url, headers["Location"])
            if not target.startswith(self.origin + "/"):
                return target, None
            answer = self.send(target)
        raise AssertionError(f"redirects in a circle at {url}")


class Provider:
    """One fake."""

    def __init__(self, fakes, name):
        self.fakes, self.name = fakes, name
        self.url = fakes.urls[name]

    # --- a person there ---

    def page(self, url):
        """The page that somebody sent here sees: its scopes and the account that is chosen already."""
        visitor = Visitor(self.url)
        place, page = visitor.follow(visitor.send(url))
        assert page and page.has_form, f"no page to choose from at {place}"
        return page

    def visit(self, url, account="ann", allow=True, scopes=None):
        """Goes where we sent them, chooses, and allows (those scopes) or not; the address that they come back to us by.
        Facebook's has a fragment. Of Apple, which has them post it: (address, form)."""
        visitor = Visitor(self.url)
        place, page = visitor.follow(visitor.send(url))
        if page is None or page.action:
            return (page.action, page.hidden) if page else place
        form = [("other", account), ("decision", "allow" if allow else "deny")]
        form += [("scope", scope) for scope in (page.scopes if scopes is None else scopes)]
        place, page = visitor.follow(visitor.send(place, form))
        if page and page.action:
            return page.action, page.hidden
        assert page is None, f"they didn't come back: {place}"
        return place

    # --- what an installation knows of it ---

    def metadata(self, **changes):
        return self.fakes.process.metadata(self.name, **changes)

    def register(self, doorward_json, **changes):
        """`doorward provider add` by a function that runs subcommands (Stand.doorward_json, Site.cli)."""
        path = os.path.join(self.fakes.directory, f"{changes.get('name', self.name)}.json")
        with open(path, "w") as file:
            json.dump(self.metadata(**changes), file)
        return doorward_json("provider", "add", "--metadata", path)

    # --- its control endpoint ---

    def _control(self, path="", told=None):
        data = json.dumps(told).encode() if told is not None else None
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/control{path}", data), timeout=30) as answer:
            return json.load(answer)

    def set(self, **settings):
        """account="ben": answers at once; allowed, scopes, lifetime, rotate, people: control.mjs."""
        self._control(told=settings)

    def fault(self, at, do, **more):
        """What goes wrong next, once or times=N: control.mjs has them all."""
        self._control("/fault", {"at": at, "do": do, **more})

    @property
    def faults(self):
        """Those that haven't happened yet."""
        return self._control()["faults"]

    def reset(self):
        self._control("/reset", {})

    def withdraw(self, account):
        """The person takes back, at the provider, all that they allowed."""
        self._control("/withdraw", {"account": account})

    def rotate_keys(self):
        self._control("/rotate-keys", {})

    @property
    def counts(self):
        """Calls by kind: authorize, page, token, refresh, revoke, userinfo, emails, discovery, jwks."""
        counts = self._control()["counts"]
        return {kind: counts.get(kind, 0) for kind in
                ("authorize", "page", "token", "refresh", "revoke", "userinfo", "emails", "discovery", "jwks", *counts)}

    def asked(self, at=None):
        """Each call: at, method, path, query, form, accept, authorization (its scheme), agent."""
        return [call for call in self._control()["asked"] if at in (None, call["at"])]

    @property
    def revoked(self):
        """Tokens that we have taken back."""
        return self._control()["revoked"]


class Providers:
    """All of them, by name: fakes["google"]."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="dwf-", dir=os.environ.get("DOORWARD_TMP", "/tmp"))
        self.process = ProviderProcess(SOURCE, os.path.join(self.directory, "log"))
        self.settings = {"egress_allow": HOST}
        self.are_known = False  # to the installation under test; for who registers them when they are needed

    def __enter__(self):
        try:
            self.process.start()
            self.process.wait()
        except BaseException:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise
        return self

    def __exit__(self, *error):
        self.process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def urls(self):
        return self.process.urls

    def __getitem__(self, name):
        return Provider(self, name)

    def __iter__(self):
        return (self[name] for name in PROVIDERS)

    def register(self, doorward_json):
        """All of them."""
        for provider in self:
            provider.register(doorward_json)
