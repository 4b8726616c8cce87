#!/usr/bin/env python3
"""What holds of every endpoint, as the program itself lists them: looking changes nothing, each answer carries its headers, no
error tells how we are built, and nothing that a person wrote is markup anywhere."""
import itertools
import re
import time
import urllib.parse

from kit import *
from script import *
from signing_in import *

TOKENS = {"magic_link": "/api/public/magic-login", "reset_password": "/reset-password", "verify_email": "/confirm",
          "confirm_old_email": "/confirm", "confirm_new_email": "/confirm", "unlock": "/unlock"}
HOSTILE = "\"'><svg onload=alert(1)>{{7*7}}</title><script>alert(1)</script>"


def routes(site, method="GET"):
    """The paths that the program lists, each with its aliases; what stands for a name is filled in."""
    for row in site.cli("routes"):
        if row["method"] == method:
            for path in (row["path"], *row["aliases"]):
                yield row["family"], re.sub(r"\{\w+\}", "00000000-0000-4000-8000-000000000000", path)


class Onlooker:
    """Sends requests with the cookies that a browser has now, on one connection, and keeps none that it is given."""

    def __init__(self, browser):
        self.browser, self.web = browser, browser.web
        self.cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())

    def request(self, method, target, headers=None, **more):
        usual = {"Accept": "text/html", "Origin": self.web.base, **({"Cookie": self.cookies} if self.cookies else {})}
        return self.web.request(method, target, headers={**usual, **(headers or {})}, **more)

    def get(self, path, query=None):
        return self.request("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))


def lock(site, person):
    """Wrong passwords until the account is locked."""
    for _ in range(20):
        stranger = site.browser()
        fill_login(stranger, stranger.open("/login"), person, password="a wrong guess")
        mail = site.mail.take(person.email, "unlock")
        if mail:
            return mail
        site.sql("UPDATE attempts SET at_ms = at_ms - 400000 WHERE at_ms > (UNIX_TIMESTAMP() - 300) * 1000")
    return site.mail.wait(person.email, "unlock")


def every_link(site):
    """A living link of each kind: the mail's name, its token."""
    person, mover, locked, fresh = site.add_person(), site.add_person(), site.add_person(), new_email()
    script, moved = Script(site), new_email()
    for path in ("request-magic-link", "forgot-password"):
        said(script.post(path, {"email": person.email}), 200)
    said(Script(site).post("register", {"email": fresh, "password": PASSWORD, "name": "Neo New"}), 201)
    said(Script(site).sign_in(mover).post("change-email", {"email": moved}), 200)
    wanted = [(person.email, "magic_link"), (person.email, "reset_password"), (fresh, "verify_email"),
              (mover.email, "confirm_old_email"), (moved, "confirm_new_email")]
    mails = [site.mail.wait(email, name) for email, name in wanted] + [lock(site, locked)]
    return {mail.mail: token_of(mail.link("token=")) for mail in mails}


def settled(site):
    """Waits until nothing is on its way any more that would change a row."""
    for _ in range(100):
        if site.sql("SELECT COUNT(*) FROM outbox WHERE state IN ('waiting', 'sending')") == [["0"]]:
            return
        time.sleep(0.05)


def open_flow_with_ticket(site, browser, client, **parameters):
    """Where a browser's flow waits: the page's address."""
    browser.open(AUTHORIZE, request_of(client, **parameters))
    return browser.here


@test("security 117: every GET of the program, signed in or not, with each kind of link, with a flow and with parameters of all forms, by GET and HEAD: not a row changes")
def looking(site):
    person, client = site.add_person(), site.client()
    browser = signed_in(site, person)
    links = every_link(site)
    equal(set(links), set(TOKENS), "kinds of links")
    flows = [open_flow_with_ticket(site, browser, client, prompt=prompt) for prompt in ("login", "consent", "select_account")]
    stranger = site.browser()
    flows.append(open_flow_with_ticket(site, stranger, client))
    settled(site)
    everything = {"token": links["magic_link"], "id": person.id, "email": person.email, "return_to": "/account", "redirect_uri": client.redirect_uri,
                  "withdraw": client.id, "others": "end", "confirm": "yes", "logout": "true", "delete": "1", "again": "1", "done": "name"}
    before = checksums(site)
    seen = 0
    for who in (Onlooker(browser), Onlooker(stranger)):
        for _, path in routes(site):
            if path in (AUTHORIZE, "/authorize"):
                continue  # begins a flow, which is a row of its own: below
            for method, query in (("GET", None), ("HEAD", None), ("GET", everything)):
                answer = who.request(method, path + ("?" + urllib.parse.urlencode(query) if query else ""))
                assert answer.status < 500, f"{method} {path}: {answer}"
                seen += 1
        for flow in flows:
            who.get(flow)
        for kind, token in links.items():
            for path in set(TOKENS.values()):
                answer = who.get(path, {"token": token})
                if TOKENS[kind] == path:
                    equal(answer.status, 200, f"{kind}: {answer}")
    assert seen > 150, seen
    equal(changed(before, checksums(site)), {}, "tables")
    for address in (client.redirect_uri, "https://nowhere.example/"):
        Onlooker(browser).get(AUTHORIZE, request_of(client, redirect_uri=address, prompt="none"))
    equal(set(changed(before, checksums(site))) - {"tickets", "authorizations", "sign_ins"}, set(), "tables behind authorization requests")
    equal(browser.get("/account").status, 200, "the session still stands")
    for kind, token in links.items():
        equal(site.browser().get(TOKENS[kind], {"token": token}).status, 200, f"{kind}: the link still stands")


def changed(before, after):
    return {table: (before[table], after[table]) for table in before if before[table] != after[table]}


# --- headers ---

def check_answer(answer, what, is_page=None):
    """What each answer carries, whatever its status."""
    equal(answer.header("X-Content-Type-Options"), "nosniff", f"{what}: {answer}")
    equal(answer.header("Referrer-Policy"), "no-referrer", what)
    assert int(re.fullmatch(r"max-age=(\d+).*", answer.header("Strict-Transport-Security"))[1]) >= 31536000, what
    assert answer.header("Server") is None or "oorward" not in answer.header("Server"), what
    if answer.media_type == "text/html" and answer.body:
        policy = answer.header("Content-Security-Policy")
        assert "default-src 'none'" in policy and "unsafe" not in policy, f"{what}: {policy}"
        for part in ("form-action", "base-uri 'none'", "frame-ancestors 'none'"):
            assert part in policy, f"{what}: {policy}"
        equal(answer.header("X-Frame-Options"), "DENY", what)
        assert "no-store" in answer.header("Cache-Control"), what


@test("security 118, 109: every endpoint's every answer, 200, 3xx, 4xx and 405, page or JSON, carries the strict headers; what is personal isn't stored")
def headers(site):
    browser, statuses = Onlooker(signed_in(site)), set()
    for (family, path), accept in itertools.product(routes(site), ("text/html", "application/json")):
        for method in ("GET", "POST", "PUT"):
            answer = browser.request(method, path, headers={"Accept": accept})
            check_answer(answer, f"{method} {path}")
            statuses.add(answer.status)
            if family not in ("metadata", "health") and not path.startswith("/assets"):
                assert "no-store" in answer.header("Cache-Control"), f"{method} {path} may be stored"
    for path in ("/nowhere", "/%00", "/" + "a" * 5000):
        answer = site.web.raw_request("GET", path, [("Accept", "text/html")])
        statuses.add(answer.status)
    assert {200, 302, 400, 401, 403, 404, 405, 410} <= statuses, statuses


@test("security 118: a page of our own alone can be opened by no other site's window; a page within an application's sign-in still can, for its pop-up")
def openers(site):
    browser = signed_in(site)
    for path in ("/", "/account", "/account/password", "/nowhere", "/login?again=1", "/forgot-password", "/reset-password?token=x", "/unlock?token=x"):
        equal(browser.get(path, headers={"Accept": "text/html"}).header("Cross-Origin-Opener-Policy"), "same-origin", path)
    _, login, _ = open_flow(site)
    equal(login.header("Cross-Origin-Opener-Policy"), None, "within a flow")


@test("T-63: nobody uploads anything: images are files of the administrator's, and one that is opened by itself is in a sandbox")
def images(site):
    page = site.web.get("/login").text
    assets = set(re.findall(r'"(/assets/[^"]+)"', page))
    assert assets, "no asset on the page"
    for path in assets:
        answer = site.web.get(path)
        equal(answer.status, 200, path)
        equal(answer.header("Content-Security-Policy"), "default-src 'none'; style-src 'unsafe-inline'; sandbox", path)
        equal(answer.header("X-Content-Type-Options"), "nosniff", path)
    for _, path in routes(site, "POST"):
        body = "--b\r\nContent-Disposition: form-data; name=logo; filename=a.svg\r\nContent-Type: image/svg+xml\r\n\r\n<svg/>\r\n--b--\r\n"
        for kind in ("multipart/form-data; boundary=b", "image/svg+xml"):
            answer = site.web.post(path, body=body, headers={"Content-Type": kind, "Origin": site.url})
            assert 400 <= answer.status < 500, f"{path} takes {kind}: {answer}"


# --- faults ---

INNER = re.compile(r"(?i)\bSQL|maria|mysql|select .* from|doorward/|\.c:\d+|/tmp/|/usr/|/home/|\.sock\b|\.mustache|errno|stack|trace|0x[0-9a-f]{6}|"
                   r"openssl|lighttpd|nginx|fastcgi|libfcgi|\b\d+\.\d+\.\d+\b|table|column|scrypt")


def tells_nothing(site, answer, what):
    text = answer.page().text + answer.page().title if answer.media_type == "text/html" else answer.text
    found = INNER.search(text.replace(site.url.split("/")[2].split(":")[0], "HOST"))
    assert not found, f"{what}: tells {found.group(0)!r}: {answer}"
    for name, value in answer.headers:
        if name.lower() not in ("server", "date", "content-security-policy", "set-cookie", "location"):
            assert not INNER.search(value), f"{what}: {name}: {value}"


@test("security 120: with a table away every endpoint's error page and body tell no path, SQL or version, and carry the headers")
def faults(site):
    browser, statuses = Onlooker(signed_in(site)), set()
    client = site.client()
    tables = ("users", "sessions", "tickets", "challenges", "clients")
    requests = [("GET", "/account", None), ("GET", AUTHORIZE + "?" + urllib.parse.urlencode(request_of(client)), None), ("GET", "/confirm?token=" + "A" * 60, None),
                ("POST", "/api/public/login", {"email": "a@b.example", "password": "some password"}), ("GET", "/api/public/session", None),
                ("POST", "/api/public/forgot-password", {"email": "a@b.example"}), ("GET", "/api/public/sessions", None),
                ("GET", USERINFO, None), ("POST", TOKEN, None)]
    for table in tables:
        site.sql(f"RENAME TABLE {table} TO {table}_away")
        try:
            for (method, path, data), accept in itertools.product(requests, ("text/html", "application/json")):
                answer = browser.request(method, path, data=data, headers={"Accept": accept})
                statuses.add(answer.status)
                what = f"without {table}: {method} {path.split('?')[0]}"
                tells_nothing(site, answer, what)
                check_answer(answer, what)
        finally:
            site.sql(f"RENAME TABLE {table}_away TO {table}")
    assert 503 in statuses and 500 not in statuses, statuses
    equal(browser.get("/account").status, 200, "afterwards")


@test("security 120: what is refused, of every endpoint and kind, tells no path, SQL or version")
def refusals(site):
    browser = Onlooker(signed_in(site))
    for _, path in {*routes(site), *routes(site, "POST")}:
        for method, more in (("GET", {}), ("PUT", {}), ("POST", {"form": [("x", "'\"\\%s")]}), ("POST", {"body": "{", "headers": {"Content-Type": "application/json"}}),
                             ("GET", {"query": "token=%27%22%5c%25s%00"}), ("GET", {"query": "oauth_request=" + "A" * 900})):
            if path.startswith("/.well-known") or path.startswith("/readyz"):
                continue
            target = path + ("?" + more["query"] if "query" in more else "")
            answer = browser.request(method, target, headers=more.get("headers"), **{k: v for k, v in more.items() if k in ("form", "body")})
            assert answer.status < 500, f"{method} {target}: {answer}"
            if answer.status >= 400:
                tells_nothing(site, answer, f"{method} {target}")


# --- what people write ---

@test("T-64, T-58, security 119: hostile names of a person, a client, a service and a browser are text on every page of a flow and an account, and in every mail")
def hostile_names(site):
    from test_pages_sign_in import check_inert
    own = in_service(site, pin_gate="off")
    own.service = site.cli("service", "add", "--name", HOSTILE)["id"]
    client = own.add_client(client_name=HOSTILE)
    person = site.add_person(name=HOSTILE)
    browser = site.browser()
    agent = {"User-Agent": HOSTILE + "\u202e".encode().decode("latin-1")}
    pages = []
    request = browser.request

    def watching(method, target, headers=None, **more):
        pages.append(request(method, target, headers={**(headers or {}), **agent}, **more))
        return pages[-1]
    browser.request = watching
    authorize(own, client, person, browser, prompt="consent")
    for prompt in ("consent", "select_account", "login"):
        browser.open(AUTHORIZE, request_of(client, prompt=prompt, login_hint=HOSTILE))
    browser.open("/api/oauth/logout", {"client_id": client.id})
    for _, path in routes(site):
        if path.startswith(("/account", "/login", "/register", "/forgot", "/confirm", "/oauth")) or path == "/":
            browser.open(path)
    for name in ("forgot-password", "request-magic-link"):
        said(Script(site).post(name, {"email": person.email}, User_Agent=HOSTILE), 200)
    mails = [site.mail.wait(person.email, "reset_password"), site.mail.wait(person.email, "magic_link")]
    for mail in mails:
        browser.open(path_of(mail.links[0]))
    Script(site).sign_in(person).post("change-email", {"email": new_email()})
    mails.append(site.mail.wait(person.email, "confirm_old_email"))
    said(Script(site).sign_in(person).post("change-password", {"currentPassword": person.password, "newPassword": "another good password"}), 200)
    mails.append(site.mail.wait(person.email, "password_changed"))
    assert len(pages) > 25, len(pages)
    assert [page for page in pages if "&lt;svg" in page.text], "the names are nowhere"
    for page in pages:
        check_inert(page, page.url)
    for mail in mails:
        tags = web_page(mail.html).tags
        assert "svg" not in [tag for tag, _ in tags] and "script" not in [tag for tag, _ in tags], mail.mail
        assert not [a for _, attributes in tags for a in attributes if a.startswith("on")], mail.mail
        equal(len(mail.headers.get_all("From")), 1, mail.mail)


def web_page(text):
    from web import Page
    return Page(text)


run()
