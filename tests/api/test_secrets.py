#!/usr/bin/env python3
"""T-85, security 106, 107, 142: a person goes every way in and through once, and what was secret on it is looked for where it
mustn't be: in the database, in the logs, in what the browser is sent. How the cookies are set is looked at on the way."""
import base64
import glob
import os
import re
import secrets
import subprocess

from kit import *
from script import *
from signing_in import *
from web import field_of


class Watched:
    """A browser whose answers are kept."""

    def __init__(self, life):
        self.life, self.browser = life, life.site.browser()
        request = self.browser.request

        def watching(method, target, **more):
            answer = request(method, target, **more)
            life.saw(answer)
            life.cookies |= set(self.browser.cookies.values())
            return answer
        self.browser.request = watching


class Life:
    """All that a person does with an account, once; afterwards what was secret in it, by kind."""

    def __init__(self, site):
        self.site, self.client = site, site.client()
        self.passwords, self.tokens, self.cookies, self.form_tokens, self.emails = set(), set(), set(), set(), []
        self.answers = []
        self.email, self.password = self.new_address(), self.new_password()
        for step in (self.register, self.sign_in, self.change_address, self.change_password, self.recover):
            step()
        self.mails = [mail for email in self.emails for mail in site.mail.all(email)]
        self.kinds = {mail.mail for mail in self.mails}
        self.links = {token_of(link) for mail in self.mails for link in mail.links if "token=" in link}
        self.pins = {mail.pin for mail in self.mails if mail.pin}

    # --- what happens ---

    def register(self):
        browser = Watched(self).browser
        register(browser, browser.open("/register"), self.email, self.password)
        self.press_link(browser, "verify_email", "/confirm")

    def sign_in(self):
        browser = Watched(self).browser
        asked = ask_for_link(self.site, browser, browser.open("/login"), self.email)
        type_pin(browser, asked, wrong(self.mailed("magic_link").pin))
        browser = Watched(self).browser
        asked = ask_for_link(self.site, browser, browser.open("/login"), self.email)
        type_pin(browser, asked, self.mailed("magic_link").pin)
        assert is_signed_in(browser)
        browser = Watched(self).browser
        ask_for_link(self.site, browser, browser.open("/login"), self.email)
        self.press_link(browser, "magic_link", "/api/public/magic-login")
        self.sign_in_by_pin(Watched(self).browser)
        browser = Watched(self).browser
        fill_login(browser, browser.open("/login"), self, password=self.new_password())
        tokens = sign_in(self.site, self.client, self, browser, scope="openid email offline_access", prompt="consent")
        fresh = token_response(refresh(self.site, self.client, tokens.refresh))
        userinfo(self.site, tokens.access)
        self.tokens |= {tokens.access, tokens.refresh, tokens.id, fresh["access_token"], fresh["refresh_token"]}

    def sign_in_by_pin(self, browser):
        with gated(self.site) as own:
            page = fill_login(browser, browser.open(AUTHORIZE, request_of(own.client())), self)
            type_pin(browser, page, self.mailed("pin").pin, "/login/pin")
        assert is_signed_in(browser)

    def change_address(self):
        browser, old = self.signed_in(), self.email
        page = browser.open("/account/email")
        browser.submit(form_to(page, "/account/email"), {"email": self.new_address()})
        self.press_link(browser, "confirm_old_email", "/confirm")
        self.email = self.emails[-1]
        self.press_link(browser, "confirm_new_email", "/confirm")
        assert old != self.email

    def change_password(self):
        browser, old = self.signed_in(), self.password
        form = form_to(browser.open("/account/password"), "/account/password")
        self.password = self.new_password()
        current, new = (field_of(form, autocomplete=f"{which}-password") for which in ("current", "new"))
        browser.submit(form, {current: old, new: self.password})
        self.signed_in()

    def recover(self):
        browser = Watched(self).browser
        browser.submit(form_to(browser.open("/forgot-password"), "/forgot-password"), {"email": self.email})
        page = browser.open(path_of(self.mailed("reset_password").links[0]))
        self.password = self.new_password()
        browser.submit(form_to(page, "/reset-password"), {field_of(form_to(page, "/reset-password"), autocomplete="new-password"): self.password})
        assert is_signed_in(browser)
        browser.submit(form_to(browser.open("/account/delete"), "/account/delete"))

    # --- what is noted ---

    def new_address(self):
        self.emails.append(new_email("life"))
        return self.emails[-1]

    def new_password(self):
        password = f"secret-{secrets.token_hex(8)} words"
        self.passwords.add(password)
        return password

    def mailed(self, mail):
        found = self.site.mail.wait(None, mail)
        assert set(found.recipients) & set(self.emails), found.recipients
        return found

    def press_link(self, browser, mail, path):
        press(browser, browser.open(path_of(self.mailed(mail).links[0])), path)

    def signed_in(self):
        browser = Watched(self).browser
        fill_login(browser, browser.open("/login"), self)
        assert is_signed_in(browser), f"{self.email} isn't signed in"
        return browser

    def saw(self, answer):
        self.answers.append(answer)
        if answer.media_type == "text/html":
            self.form_tokens |= set(re.findall(r'name="token" value="([^"]+)"', answer.text))


_lives = {}


def life_of(site):
    if site not in _lives:
        _lives[site] = Life(site)
        assert _lives[site].kinds >= {"verify_email", "magic_link", "pin", "confirm_old_email", "confirm_new_email", "reset_password"}, _lives[site].kinds
    return _lives[site]


def printed(secret):
    """A secret as somebody might have kept it: as it is, the bytes that it stands for, and both in hexadecimal."""
    words = {secret.encode()}
    for part in re.split(r"[.~]", secret):
        if re.fullmatch(r"[0-9a-f]{32,}", part):
            words.add(bytes.fromhex(part))
        if re.fullmatch(r"[A-Za-z0-9_-]{22,}", part):
            words.add(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))[-16:])
    return words | {word.hex().encode() for word in words}


def dump(site):
    """All that is in the database, text and blobs, in lower case hexadecimal and as it is."""
    command = ["mariadb-dump", "--no-defaults", "-uroot", "-S", site.database_socket, "--skip-opt", "--no-create-info", site.database]
    parts = [subprocess.run([*command, *more], capture_output=True, check=True).stdout for more in ([], ["--hex-blob"])]
    assert b"INSERT INTO `users`" in parts[0]
    return parts[0] + parts[1].lower()


@test("T-74, T-95, security 106: each cookie that is ever set is Secure, HttpOnly, SameSite, for / and this host alone, and short; ids have 256 bits")
def cookies(site):
    lines = [line for answer in life_of(site).answers for line in answer.all_headers("Set-Cookie")]
    names = {line.split("=")[0] for line in lines}
    equal(names, {"public-session", "__Host-doorward-browser", "__Host-doorward-devices"}, "cookies")
    for line in lines:
        attributes = {part.strip().lower() for part in line.split(";")[1:]}
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= attributes, line
        assert not [a for a in attributes if a.startswith("domain")] and len(line) <= 4096, line
    ids = [line.split("=")[1].split(";")[0] for line in lines if line.startswith("public-session=")]
    ids = [one for one in ids if one]
    assert len(ids) > 5 and len(set(ids)) == len(ids), "a session id that came twice"
    for one in ids:
        assert re.fullmatch(r"[0-9a-f]{64}", one), one
    for answer in life_of(site).answers:
        for line in answer.all_headers("Set-Cookie"):
            assert not [email for email in life_of(site).emails if email.split("@")[0] in line], f"T-74: a name in a cookie: {line}"


@test("security 107, T-81: nothing in the database is a cookie's value, a link's token, a PIN, a password, a token or a form's token")
def database(site):
    life = life_of(site)
    Life(site)  # one whose account is there no more, and one that is just being looked at
    person = site.add_person()
    browser, sent = site.browser(), None
    sent = ask_for_link(site, browser, browser.open("/login"), person.email)
    mail = site.mail.wait(person.email, "magic_link")
    browser.submit(form_to(browser.open("/forgot-password"), "/forgot-password"), {"email": person.email})
    reset = site.mail.wait(person.email, "reset_password")
    waiting = sign_in(site, site.client(), person, signed_in(site, person), scope="openid offline_access", prompt="consent")
    other = signed_in(site, person)
    everything = dump(site)
    living = {token_of(mail.link("token=")), token_of(reset.link("token=")), waiting.access, waiting.refresh, person.password,
              *(value for name, value in {**other.cookies, **browser.cookies}.items() if name != "__Host-doorward-devices")}
    assert sent is not None and len(living) > 6
    for secret in living | life.passwords | life.links | life.tokens | life.cookies | life.form_tokens:
        for word in printed(secret):
            assert word not in everything, f"{secret[:16]}... is in the database as {word[:40]}"
    for pin in life.pins | {mail.pin}:
        assert not re.search(rb"(?<![0-9a-z])%s(?![0-9a-z])" % pin.encode(), everything), "a PIN is in the database"


@test("T-85, T-111, security 142: no log of a run has a password, PIN, link's token, cookie, form's token or token in it, nor an address")
def logs(site):
    life = life_of(site)
    paths = glob.glob(os.path.join(site.directory, "log", "*"))
    assert [path for path in paths if path.endswith("doorward.log")], paths
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as file:
            log = file.read()
        for secret in life.passwords | life.links | life.tokens | life.cookies | life.form_tokens:
            assert secret not in log and secret[-24:] not in log, f"{secret[:16]}... is in {os.path.basename(path)}"
        for email in life.emails:
            assert email not in log, f"{email} is in {os.path.basename(path)}"
        for pin in life.pins:
            assert not re.search(rf"(?<![\w:.-]){pin}(?![\w:.-])", log), f"a PIN is in {os.path.basename(path)}"


@test("T-85, security 131: no answer to a browser holds a PIN, a password or a mailed token but the page that its own link opens; no mail holds a password")
def answers(site):
    life = life_of(site)
    for answer in life.answers:
        text = answer.text + "\n".join(value for _, value in answer.headers)
        for secret in life.passwords:
            assert secret not in text, f"a password in {answer.url}"
        for token in life.links:
            assert token not in text or token in answer.url, f"a link's token in {answer.url}"
        for pin in life.pins:
            assert not re.search(rf"(?<![0-9a-zA-Z_-]){pin}(?![0-9a-zA-Z_-])", text), f"a PIN in {answer.url}"
    for mail in life.mails:
        for password in life.passwords:
            assert password.encode() not in mail.bytes and password not in mail.text + mail.html, mail.mail


run()
