#!/usr/bin/env python3
"""An installation with templates, texts and styles of its own: those of earlier releases, the themes that come as
examples, a language that is written from right to left, and a brand for the applications of one service."""
import json
import os
import re
import shutil
import subprocess
import tempfile

from kit import *
from harness import SOURCE
from harness import TestCase as Case

FROZEN = os.path.join(SOURCE, "tests", "templates")
THEMES = os.path.join(SOURCE, "contrib", "themes")
SAMPLES = os.path.join(SOURCE, "templates", "samples.json")
ARABIC = {"direction": "rtl", "email_label": "البريد الإلكتروني", "password_label": "كلمة المرور", "sign_in": "تسجيل الدخول"}
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"></svg>'
README_COLOURS = """:root { --brand: #7a1f5c; --brand-strong: #5a1243; --radius: 4px; }
@media (prefers-color-scheme: dark) {
  :root { --brand: #e59ac8; --brand-strong: #f0bfdd; }
}
"""


def folders(place):
    return [os.path.join(place, name) for name in sorted(os.listdir(place))]


def template(site, *arguments):
    return subprocess.run([site.program, "-c", site.conf, "template", *arguments], capture_output=True, text=True,
                          timeout=60, check=False)


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def previews(case, site, *options):
    "[(page, state, HTML)], all that there are samples for."
    with tempfile.TemporaryDirectory(prefix="dw-previews-") as place:
        written = template(site, "preview", "--all", place, *options)
        case.assertEqual((0, ""), (written.returncode, written.stderr))
        return [(page, state, read(place, f"{page}-{state}.html"))
                for page, states in json.loads(read(SAMPLES)).items() for state in states]


def findings(site):
    return json.loads(template(site, "check", "--json").stdout)["findings"]


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text if isinstance(text, str) else json.dumps(text))


class Branded(Case):
    """A Doorward whose template_directory is a copy of a folder (None: an empty one)."""

    def start(self, folder=None, mark=None):
        own = self.enterContext(tempfile.TemporaryDirectory(prefix="dw-brand-"))
        os.chmod(own, 0o755)
        if folder:
            shutil.copytree(folder, own, dirs_exist_ok=True)
        if mark:  # so that a page shows whose layout it was made with
            path = os.path.join(own, "layout.mustache")
            with open(path, encoding="utf-8") as file:
                text = file.read()
            write(own, "layout.mustache", text.replace("</head>", f'<meta name="made-with" content="{mark}">\n</head>'))
        door = self.enterContext(Doorward(workers=1, settings={"template_directory": own}))
        return Site(door.environment(), door), own

    def no_complaint(self, site):
        complaints = [line for line in site.log().splitlines() if " template" in line]
        self.assertEqual([], complaints)


class Previews(Branded):
    def test_all(self):
        "every page and mail in every state, and the text of each mail, is written in one go, as it is shown alone"
        site, _ = self.start()
        place = os.path.join(self.enterContext(tempfile.TemporaryDirectory(prefix="dw-previews-")), "all")
        told = template(site, "preview", "--all", place, "--language", "de", "--json")
        wanted = {f"{page}-{state}.{kind}" for page, states in json.loads(read(SAMPLES)).items() for state in states
                  for kind in (("html", "txt") if page.startswith("mail_") else ("html",))}
        self.assertEqual(wanted, set(os.listdir(place)))
        self.assertEqual((0, "", {"files": len(wanted)}), (told.returncode, told.stderr, json.loads(told.stdout)))
        for page, state, *text in (("login", "error"), ("mail_pin", "default"), ("mail_pin", "default", "--text")):
            alone = template(site, "preview", page, "--state", state, "--language", "de", *text).stdout
            self.assertEqual(alone, read(place, f"{page}-{state}.{'txt' if text else 'html'}"))
        self.assertIn("Anmelden", read(place, "login-default.html"))

    def test_all_refused(self):
        "nothing is passed over: one page of all, and a directory that can't be written to, are refused"
        site, own = self.start()
        write(own, "file", "")
        for arguments, status in ((("--all", own, "login"), 2), (("--all", own, "--state", "error"), 2),
                                  (("--all", own, "--text"), 2), (("--all", os.path.join(own, "no", "where")), 1),
                                  (("--all", os.path.join(own, "file")), 1)):
            told = template(site, "preview", *arguments)
            self.assertEqual((status, ""), (told.returncode, told.stdout), arguments)
            self.assertIn("doorward template preview: ", told.stderr)
        self.assertEqual(["file"], os.listdir(own))


class Frozen(Branded):
    def test_every_state(self):
        "demand 3: templates of earlier releases render with today's program in every state that there are samples for"
        self.assertTrue(folders(FROZEN))
        for folder in folders(FROZEN):
            site, _ = self.start(folder, "frozen")
            serious = [finding for finding in findings(site) if finding["kind"] == "error"]
            self.assertEqual([], serious)
            for page, state, text in previews(self, site):
                if os.path.exists(os.path.join(folder, f"{page}.mustache")):
                    self.assertIn('content="frozen"', text, f"{folder}: {page} {state}")
                    self.assertIn("<h1>", text)

    def test_flow(self):
        "demand 3: a person registers, signs in, agrees and signs out on the pages of an earlier release"
        for folder in folders(FROZEN):
            site, own = self.start(folder, "frozen")
            write(own, "logo.svg", LOGO)
            browser, client = site.browser(), site.add_client()
            request = request_of(client, scope="openid email")
            answer = browser.open(AUTHORIZE, request)
            self.assertTrue(is_login(answer.page()))
            self.assertIn('content="frozen"', answer.text)
            self.assertIn("logo.svg", answer.text)
            self.assertNotIn("client-logo", answer.text, "the site's logo isn't the application's")
            register = browser.open(next(link for link in answer.page().links if "register" in link))
            self.assertIn('content="frozen"', register.text)
            self.assertTrue(register.page().form_with(autocomplete="new-password"))
            answer = fill_login(browser, browser.open(AUTHORIZE, request), site.person())
            self.assertTrue(is_consent(answer.page()), str(answer))
            self.assertIn('content="frozen"', answer.text)
            self.assertTrue(response_of(decide(browser, answer), client.redirect_uri)["code"])
            start = browser.open("/")
            out = browser.submit(start.page().forms[0], button=start.page().forms[0]["buttons"][0])
            self.assertNotIn("public-session", browser.cookies)
            self.assertIn('content="frozen"', out.text)
            self.assertIn('content="frozen"', browser.open("/nowhere").text)
            self.no_complaint(site)


class Themes(Branded):
    def test_theme(self):
        "branding: the themes that come as examples are checked without a finding and are seen on the pages"
        self.assertTrue(folders(THEMES))
        for folder in folders(THEMES):
            site, _ = self.start(folder, "theme")
            self.assertEqual([], findings(site))
            with open(os.path.join(folder, "text", "de.json"), encoding="utf-8") as file:
                german = json.load(file)
            browser = site.browser()
            answer = browser.open("/login", headers={"Accept-Language": "de"})
            self.assertIn('content="theme"', answer.text)
            self.assertIn(german["login_heading"], answer.page().text)
            self.assertIn(german["site_name"], answer.page().title)
            for name in ("brand.css", "logo.svg", "icon.svg"):
                path = next(value for _, attributes in answer.page().tags for value in attributes.values()
                            if value and value.startswith("/assets/") and value.endswith(name))
                with open(os.path.join(folder, name), "rb") as file:
                    equal(browser.get(path).body, file.read(), name)
            self.check_mail(site, folder, german)
            self.no_complaint(site)

    def check_mail(self, site, folder, texts):
        person, browser = site.person(), signed_in(site)
        form = browser.open("/account/password", headers={"Accept-Language": "de"}).page().forms[-1]
        browser.submit(form, button=form["buttons"][-1], headers={"Accept-Language": "de"})
        mail = site.door.mail.wait(person.email, "reset_password")
        with open(os.path.join(folder, "brand.css"), encoding="utf-8") as file:
            brand = re.search("--brand: (#[0-9a-f]{6})", file.read())[1]
        self.assertIn(texts["site_name"], mail.html)
        self.assertIn(texts["site_name"], mail.headers["From"])
        self.assertIn(brand, mail.html)
        self.assertIn("Passwort", mail.text)
        with open(os.path.join(folder, "mail_layout.mustache"), encoding="utf-8") as file:
            self.assertIn(re.search("<body style=[^>]*>", file.read())[0], mail.html)


def offered():
    """The variables of each page, as the manual lists them; "*" are those of all."""
    with open(os.path.join(SOURCE, "man", "doorward-templates.7"), encoding="utf-8") as file:
        parts = re.split(r"^\.Ss ", file.read(), flags=re.M)
    names = {part.split("\n")[0].replace("The page ", "").replace("All pages", "*"): part for part in parts}
    return {name: set(re.findall(r"^\.It Va (\S+)", part, re.M)) for name, part in names.items()}


class Contract(Case):
    def test_frozen(self):
        "demand 3: every variable that an earlier release offered is still offered"
        now = offered()
        for folder in folders(FROZEN):
            with open(os.path.join(folder, "variables"), encoding="utf-8") as file:
                then = [line.split() for line in file]
            self.assertTrue(then)
            self.assertEqual([], [(page, name) for page, name in then if name not in now[page]])

    def test_readme(self):
        "branding: templates/README names every page, and only variables that the page offers"
        with open(os.path.join(SOURCE, "templates", "README"), encoding="utf-8") as file:
            told = file.read().split("The contract")[1]
        with open(SAMPLES, encoding="utf-8") as file:
            pages = [page for page in json.load(file) if not page.startswith("mail_")]
        lines = dict(re.findall(r"^  (\w+) +(\S.*(?:\n {23}.*)*)", told, re.M))
        self.assertEqual([], [page for page in pages if page not in lines])
        for page in pages:
            named = re.sub(r"\([^)]*\)", "", lines[page]).replace("[]", "")
            names = {name.strip() for name in named.replace("\n", " ").split(",")}
            self.assertEqual(set(), names - offered()[page], page)


class Languages(Branded):
    def test_right_to_left(self):
        "branding: a language that is written from right to left needs its text file alone"
        site, own = self.start()
        write(own, "text/ar.json", ARABIC)
        answer = site.browser().open("/login", headers={"Accept-Language": "ar"})
        root = next(attributes for tag, attributes in answer.page().tags if tag == "html")
        self.assertEqual(("ar", "rtl"), (root["lang"], root["dir"]))
        self.assertIn(ARABIC["sign_in"], answer.page().text)
        self.assertEqual(["note"], sorted({finding["kind"] for finding in findings(site)}), "what it lacks is told")

    def test_own_texts(self):
        "branding: a text that only the installation has is missed in its other languages, not in the defaults"
        site, own = self.start()
        write(own, "text/en.json", {"our_motto": "Hello"})
        write(own, "text/de.json", {"site_name": "Wir"})
        told = [(finding["file"], finding["message"].split()[0]) for finding in findings(site)]
        self.assertEqual([(os.path.join(own, "text/de.json"), "our_motto")], told)


class Services(Branded):
    def test_one_service(self):
        "branding: colours, logo and words for the applications of one service, without a template, and for no other"
        site, own = self.start()
        place = os.path.join(own, "services", site.service)
        write(place, "brand.css", README_COLOURS)
        write(place, "logo.svg", LOGO)
        write(place, "text/en.json", {"site_name": "Photo Shop"})
        other = site.cli("service", "add", "--name", "Other")["id"]
        mine = site.add_client()
        site.service = other
        theirs = site.add_client()
        self.assertEqual([], findings(site))
        branded = site.browser().open(AUTHORIZE, request_of(mine)).text
        plain = site.browser().open(AUTHORIZE, request_of(theirs)).text
        for word in ("Photo Shop", "brand.css", "logo.svg"):
            self.assertIn(word, branded)
            self.assertNotIn(word, plain)
        self.assertNotIn("client-logo", branded, "the site's logo isn't the application's")


if __name__ == "__main__":
    main()
