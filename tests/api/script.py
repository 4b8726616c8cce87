"""A page's script at the family "public": JSON calls with the browser's cookies, and what must hold of
every answer."""
import itertools
import re

from checks import equal

PUBLIC = "/api/public/"
VALIDATE = "/api/sso/validate"
PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)


class Script:
    """Calls with the cookies that answers have set; Origin is that of our own pages unless one is given."""

    def __init__(self, site, origin=None):
        self.site, self.web, self.cookies = site, site.connect(), {}
        self.origin = origin or site.url

    def call(self, method, path, data=None, origin="own", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        origin = self.origin if origin == "own" else origin
        if origin and (method != "GET" or origin != self.site.url):
            headers.setdefault("Origin", origin)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        target = path if path.startswith("/") else PUBLIC + path
        answer = self.web.request(method, target, data=data, headers=headers)
        self._keep(answer)
        looks_right(answer)
        return answer

    def get(self, path, **headers):
        return self.call("GET", path, **headers)

    def post(self, path, data=None, **headers):
        return self.call("POST", path, data, **headers)

    def _keep(self, answer):
        for line in answer.all_headers("Set-Cookie"):
            pair, _, attributes = line.partition(";")
            name, _, value = pair.partition("=")
            if value == "" or re.search(r"max-age=0*(;|$)", attributes.replace(" ", ""), re.I):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    @property
    def session(self):
        return self.cookies.get("public-session")

    def sign_in(self, person):
        said(self.post("login", {"email": person.email, "password": person.password}), 200, success=True)
        assert self.session, "no session cookie"
        return self


def looks_right(answer):
    """What holds of every answer of the family: JSON that nobody keeps, and no header of old."""
    if answer.status != 204:
        assert isinstance(answer.json(), dict), str(answer)
    equal(answer.header("Cache-Control"), "no-store", f"Cache-Control of {answer}")
    old = [name for name, _ in answer.headers if name.lower().startswith("x-ratelimit")]
    equal(old, [], "X-RateLimit headers")
    for line in answer.all_headers("Set-Cookie"):
        assert "HttpOnly" in line and "Secure" in line and "Path=/" in line and "SameSite=" in line, line
    assert "token" not in answer.json() if answer.status != 204 else True, f"a token in {answer}"


def said(answer, status, **members):
    """The answer has this status and these members; its body."""
    equal(answer.status, status, str(answer))
    body = answer.json()
    for name, value in members.items():
        equal(body.get(name), value, f"{name} in {body}")
    return body


def refusal(answer, status, error, also=()):
    """A refusal in the family's words: error, perhaps message, and nothing else that isn't named."""
    body = said(answer, status, error=error)
    allowed = {"error", "message", *also} | ({"retryAfter"} if status == 429 else set())
    assert set(body) <= allowed, f"unexpected members in {body}"
    assert isinstance(body.get("message", ""), str), body
    assert not answer.all_headers("Set-Cookie") or not any("public-session=" in line and "Max-Age=0" not in line
                                                           for line in answer.all_headers("Set-Cookie")), str(answer.headers)
    return body


def new_address(word="new"):
    return f"{word}{next(_numbers)}@people.example"


def registered(site, script=None, name="Neo New", password=PASSWORD):
    """Somebody who has just registered: a Script, the address."""
    script, email = script or Script(site), new_address()
    said(script.post("register", {"email": email, "password": password, "name": name}), 201)
    return script, email


def without_password(site):
    """A person who signs in by a provider alone."""
    person = site.add_person()
    site.sql(f"UPDATE users SET password_hash = NULL WHERE email_key = '{person.email}'")
    site.sql("INSERT INTO connections (id, user_id, provider, subject, label, created_at) SELECT UNHEX(MD5(email)), id, 'google', "
             f"MD5(email), email, UNIX_TIMESTAMP() FROM users WHERE email_key = '{person.email}'")
    return person


def make_old(site, person_email, seconds=86400):
    """Makes the person's sign-ins that long ago, so that they aren't recent any more."""
    site.sql(f"UPDATE users SET tokens_after = 0 WHERE email_key = '{person_email}'")
    site.sql(f"UPDATE sessions SET authenticated_at = authenticated_at - {seconds} WHERE user_id = "
             f"(SELECT id FROM users WHERE email_key = '{person_email}')")


def token_of(link):
    return re.search(r"[?&]token=([^&]+)", link).group(1)


# What moves by itself, whenever a minute of use is over or the housekeeper has counted: it says nothing about a change.
MOVING = ("usage_counts", "limit_counts", "file_keys")
USE = ("seen_at", "last_used_at", "last_used_from", "last_accessed_at")


def checksums(site, leaving_out=(), only=None):
    """The rows of each table, as one number a table, but for when and from where they were used."""
    columns = {}
    for table, column in site.sql("SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1, ORDINAL_POSITION"):
        if table in (only or [table]) and table not in (*MOVING, *leaving_out) and column not in USE:
            columns.setdefault(table, []).append(f"COALESCE(HEX(`{column}`), '-')")
    rows = site.sql(" UNION ALL ".join(
        f"SELECT '{table}', COUNT(*), BIT_XOR(CAST(CONV(LEFT(MD5(CONCAT_WS(',', {', '.join(names)})), 15), 16, 10) AS UNSIGNED)) FROM `{table}`"
        for table, names in columns.items()))
    return {table: (count, total) for table, count, total in rows}
