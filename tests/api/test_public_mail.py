#!/usr/bin/env python3
"""What the family "public" mails: links and PINs, a new password, a proven address. They are in the mail and nowhere else."""
import re

from kit import *
from script import *

NEW = "another good password"
ODD = [None, "", 5, True, ["a@b.example"], {"a": "b"}]
MAILING = ["request-magic-link", "forgot-password", "resend-verification"]


@test("what mails: 400 for a missing address and for what is none; else the same words for everybody")
def mailing_refusals(site):
    person, script = site.add_person(), Script(site)
    for path in MAILING:
        for value in ODD:
            refusal(script.post(path, {"email": value}), 400, "Email is required")
        refusal(script.post(path, {}), 400, "Email is required")
        for email in ("nothing", "a b@c.example", "x@y.example\r\nBcc: z@y.example", "@", "a@b@c.example"):
            refusal(script.post(path, {"email": email}), 400, "Invalid email")
        one = script.post(path, {"email": person.email})
        equal(set(said(one, 200, success=True)), {"success", "message"}, path)
        same_for_a_stranger(one, script.post(path, {"email": new_address("nobody")}), path)
    for value in (5, ["x"], {}, False):
        refusal(script.post("request-magic-link", {"email": person.email, "redirect_uri": value}), 400, "Invalid request")


@test("request-magic-link: a link and a PIN to a verified account; the PIN signs in where it was asked for")
def magic_link_pin(site):
    person, script = site.add_person(), Script(site)
    said(script.post("request-magic-link", {"email": person.email}), 200, success=True)
    mail = site.mail.wait(person.email, "magic_link")
    assert mail.link("/api/public/magic-login?token=").startswith(site.url + "/"), mail.links
    assert re.fullmatch(r"\d{6}", mail.pin), mail.pin
    refusal(Script(site).post("verify-pin", {"email": person.email, "pin": mail.pin}), 401, "Invalid credentials")
    elsewhere = Script(site)
    elsewhere.post("request-magic-link", {"email": new_address("nobody")})
    refusal(elsewhere.post("verify-pin", {"email": person.email, "pin": mail.pin}), 401, "PIN expired or not found")
    equal(set(said(script.post("verify-pin", {"email": person.email, "pin": mail.pin}), 200, success=True)), {"success", "message"}, "members")
    equal(said(script.get("session"), 200)["user"]["id"], person.id, "who is signed in")
    refusal(script.post("verify-pin", {"email": person.email, "pin": mail.pin}), 401, "PIN expired or not found")


@test("request-magic-link: nothing is mailed to who is unknown, disabled or not verified")
def magic_link_nobody(site):
    disabled, unverified, script = site.add_person(), site.add_person(verified=False), Script(site)
    site.cli("user", "disable", disabled.email)
    for email in (disabled.email, unverified.email, new_address("nobody")):
        said(script.post("request-magic-link", {"email": email}), 200, success=True)
        assert site.mail.none(email, "magic_link", seconds=0.4), email


@test("2.9, security 135: verify-pin: every refusal with its words; the fourth try is too many, and the right PIN doesn't help any more")
def pin_refusals(site):
    person, script = site.add_person(), Script(site)
    said(script.post("request-magic-link", {"email": person.email}), 200)
    pin = site.mail.wait(person.email, "magic_link").pin
    for body in ({}, {"pin": pin}, {"email": 5, "pin": pin}, {"email": "", "pin": pin}):
        refusal(script.post("verify-pin", body), 400, "Email is required")
    for value in ODD:
        refusal(script.post("verify-pin", {"email": person.email, "pin": value}), 400, "PIN is required")
    for value in ("12345", "1234567", "abcdef", "12345\u0661", " 12345", "-12345"):
        refusal(script.post("verify-pin", {"email": person.email, "pin": value}), 400, "Invalid PIN")
    for email in ("nothing", "a@b@c.example"):
        refusal(script.post("verify-pin", {"email": email, "pin": pin}), 401, "Invalid credentials")
    refusal(script.post("verify-pin", {"email": new_address("nobody"), "pin": pin}), 401, "PIN expired or not found")
    wrong = f"{(int(pin) + 1) % 1000000:06}"
    errors = [script.post("verify-pin", {"email": person.email, "pin": wrong}).error for _ in range(4)]
    equal(errors[:2], ["Incorrect PIN", "Incorrect PIN"], "the first two tries")
    one_of(errors[2], ("Incorrect PIN", "Too many attempts"), "the third")
    equal(errors[3], "Too many attempts", "the fourth")
    refusal(script.post("verify-pin", {"email": person.email, "pin": pin}), 401, "Too many attempts")
    assert script.session is None


@test("verify-pin: an unknown address that asked for a mail is told the same as a known one, try by try")
def pin_stranger(site):
    seen = []
    for email in (site.add_person().email, new_address("nobody")):
        script = Script(site)
        said(script.post("request-magic-link", {"email": email}), 200)
        seen.append([script.post("verify-pin", {"email": email, "pin": "000000"}) for _ in range(5)])
    for known, unknown in zip(*seen):
        same_for_a_stranger(known, unknown, "verify-pin")


@test("T-86, 2.9: the link's page and button sign in once; a link for a foreign place ends at our own door")
def magic_link_button(site):
    site.client()  # has registered https://client.example/cb: its pages are places to go to
    for wanted, ends in (("https://evil.example/x", "/"), ("//evil.example", "/"), ("/account", "/account"), (None, "/"),
                         ("https://client.example/some/page?x=1", "https://client.example/some/page?x=1")):
        person, browser = site.add_person(), site.browser()
        body = {"email": person.email, **({"redirect_uri": wanted} if wanted else {})}
        said(Script(site).post("request-magic-link", body), 200)
        link = site.mail.wait(person.email, "magic_link").link("magic-login")
        page = browser.get(link)
        equal((page.status, page.media_type), (200, "text/html"), "the page")
        assert "public-session" not in browser.cookies, "a GET signed in"
        form = next(form for form in page.page().forms if form["method"] == "post")
        answer = browser.submit(form, follow=False)
        one_of(answer.status, (302, 303), str(answer))
        one_of(answer.location, (ends, site.url + ends), wanted)
        assert "public-session" in browser.cookies
        again = site.browser().get(link)
        equal((again.status, again.media_type), (401, "text/html"), "the second time")


@test("security 112, 132: reset-password: by the mailed link, once: ends sessions and tokens, signs in, and verifies the address")
def reset(site):
    person, client = site.add_person(verified=False), site.client()
    other = Script(site).sign_in(person)
    tokens = sign_in(site, client, person, site.browser(), scope="openid offline_access", prompt="consent")
    script = Script(site)
    said(script.post("forgot-password", {"email": person.email}), 200, success=True)
    token = token_of(site.mail.wait(person.email, "reset_password").link("/reset-password?token="))
    for body in ({}, {"token": token}, {"password": NEW}, {"token": 5, "password": NEW}, {"token": token, "password": ["x"]}):
        refusal(script.post("reset-password", body), 400, "Missing required fields")
    for weak in ("short", "password", person.email):
        assert refusal(script.post("reset-password", {"token": token, "password": weak}), 400, "Password too weak")["message"]
    said(other.get("session"), 200)
    said(script.post("reset-password", {"token": token, "password": NEW}), 200, success=True)
    user = said(script.get("session"), 200)["user"]
    equal((user["id"], user["emailVerified"]), (person.id, True), "who is signed in")
    said(other.get("session"), 401)
    refused(refresh(site, client, tokens.refresh), 400, "invalid_grant")
    refusal(Script(site).post("reset-password", {"token": token, "password": "yet another one"}), 410, "Invalid or expired token")
    refusal(Script(site).post("login", {"email": person.email, "password": person.password}), 401, "Invalid email or password")
    person.password = NEW
    Script(site).sign_in(person)


@test("security 132: links of one kind do nothing at another's endpoint, and a changed one nothing at all: 410, always the same")
def foreign_links(site):
    person, script = site.add_person(), Script(site)
    said(script.post("forgot-password", {"email": person.email}), 200)
    reset_token = token_of(site.mail.wait(person.email, "reset_password").link("token="))
    said(script.post("request-magic-link", {"email": person.email}), 200)
    magic_token = token_of(site.mail.wait(person.email, "magic_link").link("token="))
    _, email = registered(site)
    verify_token = token_of(site.mail.wait(email, "verify_email").link("token="))
    wrong = script.post("reset-password", {"token": "x", "password": NEW})
    refusal(wrong, 410, "Invalid or expired token")
    changed = reset_token[:-1] + ("A" if reset_token[-1] != "A" else "B")
    for token in (magic_token, verify_token, changed, reset_token + "A", "x" * 3000, "\u00e4"):
        same_for_a_stranger(wrong, script.post("reset-password", {"token": token, "password": NEW}), token)
    for token in (magic_token, reset_token, changed, "x"):
        same_for_a_stranger(wrong, script.post("verify-email", {"token": token}), token)
    for body in ({}, {"token": ""}, {"token": 5}, {"token": [verify_token]}):
        refusal(script.post("verify-email", body), 400, "Missing required fields")
    said(script.post("verify-email", {"token": verify_token}), 200, result="verified")
    refusal(script.post("verify-email", {"token": verify_token}), 410, "Invalid or expired token")
    said(script.post("reset-password", {"token": reset_token, "password": NEW}), 200)


@test("resend-verification: a new link for who isn't verified yet; nothing for anybody else")
def resend(site):
    script, email = registered(site)
    first = token_of(site.mail.wait(email, "verify_email").link("token="))
    said(script.post("resend-verification", {"email": email}), 200, success=True)
    second = token_of(site.mail.wait(email, "verify_email").link("token="))
    assert first != second
    said(Script(site).post("verify-email", {"token": second}), 200, success=True, result="verified")
    equal(said(script.get("session"), 200)["user"]["emailVerified"], True, "emailVerified")
    said(script.post("resend-verification", {"email": email}), 200, success=True)
    assert site.mail.none(email, "verify_email")


@test("T-85, security 142: no PIN and no link's token is ever in an answer or in the log")
def secrets_stay_in_mails(site):
    person, script = site.add_person(), Script(site)
    answers = [script.post(path, {"email": person.email}) for path in MAILING]
    fresh, email = registered(site)
    answers += [fresh.post(path, {"email": email}) for path in MAILING]
    mails = [site.mail.wait(person.email, "magic_link"), site.mail.wait(person.email, "reset_password"), site.mail.wait(email, "verify_email")]
    answers += [script.post("verify-pin", {"email": person.email, "pin": "000000"})]
    answers += [script.post("reset-password", {"token": token_of(mails[1].link("token=")), "password": "x"})]
    tokens = [token_of(mail.link("token=")) for mail in mails]
    for mail in site.mail.all():
        tokens += [token_of(link) for link in mail.links if "token=" in link]
    pins = {mail.pin for mail in site.mail.all() if mail.pin}
    assert pins and tokens
    log = site.log()
    texts = ["\n".join([answer.text, *(f"{name}: {value}" for name, value in answer.headers)]) for answer in answers]
    for secret in [*tokens, person.password]:
        assert secret not in log and secret not in "\n".join(texts), "a link's token got out"
    for pin in pins:
        assert not re.search(rf"(?<![0-9a-f]){pin}(?![0-9a-f])", "\n".join(texts)), "a PIN in an answer"
        assert not re.search(rf"(?<![0-9a-f:.-]){pin}(?![0-9a-f:.-])", log), "a PIN in the log"


@test("T-77, security 123: links are made of the issuer, whatever Host and the forwarding headers say")
def host(site):
    person = site.add_person()
    for headers in ({"Host": "evil.example"}, {"X_Forwarded_Host": "evil.example", "X_Forwarded_Proto": "http", "Forwarded": "host=evil.example"}):
        Script(site).post("forgot-password", {"email": person.email}, **headers)
        mail = site.mail.wait(person.email, "reset_password")
        assert mail.link("token=").startswith(site.url + "/"), mail.links
        assert b"evil.example" not in mail.bytes


run()
