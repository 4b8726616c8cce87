"""HTTP as tests need it: requests sent exactly as written, a browser with a cookie jar that fills in
forms like a person, and answers that can be asked about. Knows nothing of OAuth."""
import html.parser
import http.client
import json
import re
import socket
import ssl
import urllib.parse


class Answer:
    """A response: status, headers in order, body."""

    def __init__(self, status, headers, body, url):
        self.status = status
        self.headers = headers
        self.body = body
        self.url = url

    def header(self, name):
        values = self.all_headers(name)
        return values[0] if values else None

    def all_headers(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def media_type(self):
        return (self.header("Content-Type") or "").split(";")[0].strip().lower()

    def json(self):
        assert self.media_type == "application/json", f"{self} is not JSON but {self.media_type}: {self.text[:200]}"
        return json.loads(self.body)

    @property
    def error(self):
        """The error word of a JSON error body, None when there is none."""
        try:
            return json.loads(self.body).get("error")
        except (ValueError, AttributeError):
            return None

    @property
    def location(self):
        return self.header("Location")

    @property
    def is_redirect(self):
        return self.status in (302, 303)

    def page(self):
        return Page(self.text)

    def __str__(self):
        return f"{self.status} from {self.url}: {self.text[:300]!r}"


class Page(html.parser.HTMLParser):
    """A page's forms, links, headings and words."""

    VOID_TEXT = ("script", "style", "title")

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.source = text
        self.title = ""
        self.forms = []
        self.links = []
        self.tags = []
        self.words = []
        self._form = None
        self._button = None
        self._area = self._select = None
        self._open = []
        self.feed(text)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        self._open.append(tag)
        if tag == "form":
            self._form = {"action": attributes.get("action", ""), "method": attributes.get("method", "get").lower(),
                          "fields": [], "buttons": [], "attributes": attributes}
            self.forms.append(self._form)
        elif tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        elif tag == "input" and self._form is not None:
            self._add_input(attributes)
        elif tag == "textarea" and self._form is not None:
            self._area = dict(attributes, value="")
            self._form["fields"].append(self._area)
        elif tag == "select" and self._form is not None:
            self._select = dict(attributes, value=None)
            self._form["fields"].append(self._select)
        elif tag == "option" and self._select is not None and (self._select["value"] is None or "selected" in attributes):
            self._select["value"] = attributes.get("value", "")
        elif tag == "button" and self._form is not None:
            self._button = dict(attributes, text="")
            self._form["buttons"].append(self._button)

    def _add_input(self, attributes):
        if attributes.get("type", "text") == "submit":
            self._form["buttons"].append(dict(attributes, text=attributes.get("value", "")))
        else:
            self._form["fields"].append(attributes)

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "button":
            self._button = None
        elif tag == "textarea" and self._area is not None:
            # browsers drop one line break at the beginning, and send CR LF
            self._area["value"] = self._area["value"].removeprefix("\n").replace("\n", "\r\n")
            self._area = None
        elif tag == "select":
            self._select = None
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data):
        if self._open and self._open[-1] == "title":
            self.title += data
        elif not self._open or self._open[-1] not in self.VOID_TEXT:
            self.words.append(data)
        if self._area is not None:
            self._area["value"] += data
        if self._button is not None:
            self._button["text"] += data.strip()

    def form_with(self, **attributes):
        """The first form with a field that has all these attributes (type="password"); or None."""
        for form in self.forms:
            for field in form["fields"]:
                if all(field.get(key) == value for key, value in attributes.items()):
                    return form
        return None


def field_of(form, **attributes):
    """Name of the form's field with these attributes, or None."""
    for field in form["fields"]:
        if all(field.get(key) == value for key, value in attributes.items()):
            return field.get("name")
    return None


def filled(form, values=None, button=None):
    """The pairs that a browser would send for this form, with values typed in and a button pressed."""
    values = dict(values or {})
    pairs = []
    for field in form["fields"]:
        name = field.get("name")
        if not name or field.get("disabled") is not None and "disabled" in field:
            continue
        if field.get("type") in ("checkbox", "radio") and "checked" not in field and name not in values:
            continue
        pairs.append((name, values.pop(name, field.get("value") or "")))
    pairs += list(values.items())
    if button is not None and button.get("name"):
        pairs.append((button["name"], button.get("value") or ""))
    return pairs


class Web:
    """One HTTPS origin, and one kept connection to it. Not for use by two threads at once."""

    def __init__(self, base, ca, timeout=30):
        parts = urllib.parse.urlsplit(base)
        self.base = base.rstrip("/")
        self.host, self.port = parts.hostname, parts.port or 443
        self.timeout = timeout
        self.tls = ssl.create_default_context(cafile=ca)
        self._connection = None

    def close(self):
        if self._connection:
            self._connection.close()
        self._connection = None

    def _connect(self):
        self._connection = http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout, context=self.tls)
        self._connection.connect()

    def warm(self):
        """Opens the connection now, so that a later request starts at once."""
        if self._connection is None:
            self._connect()
        return self

    def request(self, method, path, form=None, body=None, headers=None, data=None):
        """form: pairs or a dict, sent form-encoded; data: sent as JSON; body: sent as it is."""
        headers = dict(headers or {})
        if form is not None:
            body = encode(form)
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        if data is not None:
            body = json.dumps(data)
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        if path.startswith(self.base):
            path = path[len(self.base):] or "/"
        for attempt in (1, 2):
            fresh = self._connection is None
            if fresh:
                self._connect()
            try:
                return self._exchange(method, path, body, headers)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
                self.close()
                if fresh or attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def _exchange(self, method, path, body, headers):
        connection = self._connection
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read(), path)
        if response.will_close:
            self.close()
        return answer

    def get(self, path, query=None, headers=None):
        return self.request("GET", with_query(path, query), headers=headers)

    def post(self, path, form=None, **more):
        return self.request("POST", path, form=form, **more)

    def raw(self, text, timeout=None):
        """Sends these bytes as they are on a connection of their own; the answer's bytes."""
        if isinstance(text, str):
            text = text.encode("utf-8", "surrogateescape")
        with socket.create_connection((self.host, self.port), timeout or self.timeout) as plain:
            with self.tls.wrap_socket(plain, server_hostname=self.host) as connection:
                try:
                    connection.sendall(text)
                except OSError:
                    pass  # refused before all of it was sent; the answer may be there all the same
                return read_all(connection)

    def raw_request(self, method, target, headers=(), body=b""):
        """A request whose target and headers are not looked at on their way; an Answer."""
        if isinstance(body, str):
            body = body.encode("utf-8", "surrogateescape")
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}:{self.port}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers]
        if body or method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")
        return parse_raw(self.raw(head + body), target)


def read_all(connection):
    parts = []
    try:
        while True:
            part = connection.recv(65536)
            if not part:
                break
            parts.append(part)
    except (TimeoutError, ConnectionResetError, ssl.SSLError):
        pass
    return b"".join(parts)


def parse_raw(data, url):
    assert data.startswith(b"HTTP/"), f"no HTTP answer to {url}: {data[:200]!r}"
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if ":" in line]
    return Answer(int(lines[0].split()[1]), headers, body, url)


def encode(pairs):
    if hasattr(pairs, "items"):
        pairs = pairs.items()
    return urllib.parse.urlencode([(key, value) for key, value in pairs if value is not None])


def with_query(path, query):
    if not query:
        return path
    text = query if isinstance(query, str) else encode(query)
    return path + ("&" if "?" in path else "?") + text


class Browser:
    """A person's browser without JavaScript: keeps cookies, follows redirects within the site."""

    def __init__(self, base, ca):
        self.web = Web(base, ca)
        self.cookies = {}
        self.here = "/"
        self.seen_cookies = []

    def clone_without(self, *names):
        other = Browser.__new__(Browser)
        other.web = Web(self.web.base, None)
        other.web.tls = self.web.tls
        other.cookies = {key: value for key, value in self.cookies.items() if key not in names}
        other.here = self.here
        other.seen_cookies = []
        return other

    def absolute(self, target):
        return urllib.parse.urljoin(self.web.base + self.here, target)

    def is_ours(self, target):
        url = self.absolute(target)
        return url == self.web.base or url.startswith((self.web.base + "/", self.web.base + "?"))

    def request(self, method, target, headers=None, **more):
        url = self.absolute(target)
        assert self.is_ours(url), f"the browser would leave for {url}"
        path = url[len(self.web.base):].split("#")[0] or "/"
        headers = dict(headers or {})
        headers.setdefault("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            headers.setdefault("Origin", self.web.base)
        answer = self.web.request(method, path, headers=headers, **more)
        self.here = path
        self._keep_cookies(answer)
        return answer

    def _keep_cookies(self, answer):
        for line in answer.all_headers("Set-Cookie"):
            self.seen_cookies.append(line)
            pair, _, attributes = line.partition(";")
            name, _, value = pair.strip().partition("=")
            gone = re.search(r"max-age=0*(;|$)", attributes.replace(" ", ""), re.I) or value == ""
            if gone:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    def get(self, target, query=None, headers=None):
        return self.request("GET", with_query(target, query), headers=headers)

    def follow(self, answer):
        """Follows redirects for as long as they stay on the site; the last answer."""
        for _ in range(12):
            if not (answer.is_redirect and self.is_ours(answer.location)):
                return answer
            answer = self.request("GET", answer.location)
        raise AssertionError(f"redirects in a circle at {answer.location}")

    def open(self, target, query=None, headers=None):
        return self.follow(self.get(target, query, headers))

    def submit(self, form, values=None, button=None, headers=None, follow=True):
        pairs = filled(form, values, button)
        target = form["action"] or self.here
        if form["method"] == "post":
            answer = self.request("POST", target, form=pairs, headers=headers)
        else:
            answer = self.get(target, pairs)
        return self.follow(answer) if follow else answer
