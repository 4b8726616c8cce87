"""An administrator at the console: signs in with both steps, opens pages, sends their forms."""
import base64
import hashlib
import hmac
import re
import struct
import tempfile
import time
import urllib.parse

from checks import equal

PASSWORD = "a console password of length"


class Admin:
    def __init__(self, site, number):
        self.site, self.email, self.last = site, f"admin{number}-{site._mark}@admins.example", 0
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(PASSWORD + "\n")
            file.flush()
            self.id = site.cli("admin", "add", "--email", self.email, "--name", "Ada Admin", "--password-file", file.name)["id"]
        self.secret, self.codes = None, []

    def code(self, away=0):
        """The code of a step; each is used once, so a test that signs in again forgets what was used."""
        step = int(time.time()) // 30 + away
        mac = hmac.new(base64.b32decode(self.secret), struct.pack(">Q", step), hashlib.sha1).digest()
        at = mac[-1] & 15
        return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 10**6:06}"

    def forget_used(self):
        self.site.sql(f"UPDATE admins SET totp_step = 0 WHERE email = '{self.email}'")


made_admins = []


def new_admin(site):
    made_admins.append(Admin(site, len(made_admins) + 1))
    return made_admins[-1]


def password_step(browser, admin, password=PASSWORD, path="/admin"):
    page = browser.open(path).page()
    return browser.submit(page.form_with(type="password"), {"email": admin.email, "password": password}, follow=False)


def enrol(browser, admin):
    """The first sign-in; the page with the recovery codes."""
    answer = password_step(browser, admin)
    equal((answer.status, urllib.parse.urlsplit(answer.location).path), (303, "/admin/second-step"), str(answer))
    shown = browser.follow(answer)
    admin.secret = re.search(r"<code>((?:[A-Z2-7]{4} ?){8})</code>", shown.text).group(1).replace(" ", "")
    uri = re.search(r"otpauth://totp/\S+?secret=([A-Z2-7]+)", shown.text)
    equal(uri.group(1), admin.secret)
    shown = browser.submit(shown.page().form_with(name="code"), {"code": admin.code()})
    equal(shown.status, 200, str(shown))
    admin.codes = re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", shown.text)
    return shown


def sign_in(site, admin, browser=None, code=None, path="/admin"):
    browser = browser or site.browser()
    if admin.secret is None:
        enrol(browser, admin)
        return browser
    if code is None:
        admin.forget_used()
    answer = browser.follow(password_step(browser, admin, path=path))
    answer = browser.submit(answer.page().form_with(name="code"), {"code": code or admin.code()}, follow=False)
    browser.last = answer
    return browser


shared = {}


def console(site):
    """A browser of an administrator who has just signed in, shared by tests that don't end the session."""
    if "browser" not in shared:
        shared["admin"] = new_admin(site)
        shared["browser"] = sign_in(site, shared["admin"])
    return shared["browser"]


def here(site, rest=""):
    return f"/admin/services/{site.service}{rest}"


def form_named(answer, name, button=None):
    for form in answer.page().forms:
        fields = {field.get("name"): field.get("value") for field in form["fields"]}
        if fields.get("form") == name and (button is None or any(one.get("value") == button for one in form["buttons"])):
            return form
    raise AssertionError(f"no form {name} on {answer.page().text}")


def send(browser, path, name, values=None, button=None, follow=False, headers=None):
    answer = browser.open(path)
    equal(answer.status, 200, f"{path}: {answer}")
    form = form_named(answer, name, button)
    pressed = {"name": "id", "value": button} if button else None
    return browser.submit(form, values, pressed, headers=headers, follow=follow)


def is_done(browser, answer, words):
    equal(answer.status, 303, str(answer) + answer.page().text)
    shown = browser.follow(answer)
    equal(shown.status, 200, str(shown))
    assert words in shown.page().text, f"not said: {words}: {shown.page().text}"
    return shown


def make_old(site, browser, seconds=1000):
    value = hashlib.sha256(browser.cookies["admin-session"].encode()).hexdigest()
    site.sql(f"UPDATE admin_sessions SET authenticated_at = authenticated_at - ({seconds}) WHERE id_hash = UNHEX('{value}')")
