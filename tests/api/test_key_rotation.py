#!/usr/bin/env python3
"""A new key in the key file, through the front door: everything that is kept is sealed anew in the background, and works on
when the old key has been taken out."""
import base64
import os
import secrets

import console
from kit import *
from connecting import *
from harness import Doorward, Providers, TestCase, main
from installation import Site
from prove import get_token, secret_client
from receiver import Receiver
from service import said

fakes = Providers()
LASTING = {"client_secrets.sealed", "signing_keys.sealed", "admins.totp_sealed", "webhooks.secret_sealed", "providers.secret_sealed",
           "connections.access_sealed", "connections.refresh_sealed"}


def key_file(site):
    return os.path.join(site.directory, "keys")


def lines(site):
    with open(key_file(site)) as file:
        return file.read().splitlines()


def states(site, check=True):
    return {key["name"]: key for key in site.cli("key-file", "status", check=check)["keys"]}


def sign_in_by(site, provider, word):
    """By a provider's button; the session's person."""
    browser = site.browser()
    answer = browser.get(f"/api/auth/{provider}/login")
    answer = browser.get(fakes[provider].visit(answer.location, word))
    assert answer.is_redirect and "error" not in answer.location, answer.location
    return said(browser.get("/api/public/session"), 200)["user"]["email"]


def tags(site, browser):
    """Each provider's, by its name."""
    names = [one["name"] for one in said(browser.get("/api/admin/providers"), 200)["providers"]]
    return {name: browser.get(f"/api/admin/providers/{name}").header("ETag") for name in names}


def expire(site, user):
    site.sql(f"UPDATE connections SET token_expires_at = UNIX_TIMESTAMP() + 60 WHERE user_id = UNHEX('{user.id.replace('-', '')}')")


def write(site, *keys):
    with open(key_file(site), "w") as file:
        file.write("".join(key + "\n" for key in keys))


class KeyRotation(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(fakes)
        door = Doorward(settings={"egress_allow": f"{fakes.settings['egress_allow']} 127.0.0.1", "housekeeping_interval": "1s"})
        door.extra_settings["egress_ca"] = door.ca
        cls.enterClassContext(door)
        cls.site = Site(door.environment(), door)
        cls.receiver = cls.enterClassContext(Receiver(door.certificate, door.key))

    def test_rotation(self):
        """rotated, sealed anew, the old key taken out and restarted: a second step, a sign-in by a provider, a provider's token and its
        refresh, client_secret_jwt, a webhook's signature and refresh tokens of since then work on; a tag that was seen and a page that was
        opened before are as good as ever, and an administrator between password and code goes on"""
        site, receiver = self.site, self.receiver
        here = Place(site, fakes)
        user, idle = here.member(), here.member()
        for one in (user, idle):
            one.connect("acme")
        machine, admin, client = secret_client(site), console.new_admin(site), site.client("web")
        equal(get_token(site, machine).status, 200, "before")
        browser, entering = console.sign_in(site, admin), site.browser()
        opened = console.form_named(browser.open("/admin/providers/google"), "provider_change")
        provider_tags = tags(site, browser)
        second_step = entering.follow(console.password_step(entering, admin)).page().form_with(name="code")
        email = sign_in_by(site, "google", "before" + user.name)
        webhook = said(here.key.post("webhooks", {"url": receiver.url}), 201)
        tag = here.key.get(f"webhooks/{webhook['id']}").header("ETag")
        signed = sign_in(site, client, site.person(), scope="openid offline_access")
        had = lines(site)
        old = had[0].split()[0]
        held = states(site)[old]
        equal((held["state"], held["values"].keys() >= LASTING), ("newest", True), str(held))
        kids = {key["kid"] for key in jwks(site)["keys"]}

        write(site, f"newest {base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip('=')}", *had)
        site.door.reload()
        until(lambda: states(site)[old]["lasting"] == 0, "sealed anew", 60)
        now = states(site)
        equal((now["newest"]["state"], now[old]["state"] in ("until", "needed")), ("newest", True), str(now))
        assert now["newest"]["lasting"] >= held["lasting"] and now["newest"]["values"].keys() >= LASTING, now
        signed = Tokens(refresh(site, client, signed.refresh).json())
        admin.forget_used()
        answer = entering.submit(second_step, {"code": admin.code()}, follow=False)
        assert "admin-session" in entering.cookies, f"between password and code: {answer}, to {answer.location}"
        equal(tags(site, browser), provider_tags, "providers that nobody has changed")
        console.is_done(browser, browser.submit(opened, {"display_name": "Since then"}, follow=False), "have been saved")
        equal([name for name, tag in tags(site, browser).items() if tag != provider_tags[name]], ["google"], "the one that was changed")

        write(site, lines(site)[0])
        site.door.stop_service()
        site.door.start_service()
        site.door.wait_ready()
        equal(console.sign_in(site, admin).last.status, 303, "the second step")
        equal(sign_in_by(site, "google", "before" + user.name), email, "by a provider")
        token = user.token("acme")["access_token"]
        expire(site, idle)
        idle.token("acme")
        assert token and fakes["acme"].counts["refresh"] >= 1, "refreshed"
        equal(get_token(site, machine).status, 200, "client_secret_jwt")
        receiver.behave()
        said(here.key.post(f"webhooks/{webhook['id']}/test"), 202)
        assert receiver.wait_for(1)[0].is_signed_by(webhook["secret"]), "signed"
        equal(here.key.get(f"webhooks/{webhook['id']}").header("ETag"), tag, "what wasn't changed has the tag that it had")
        equal({key["kid"] for key in jwks(site)["keys"]}, kids, "signing keys")
        equal(refresh(site, client, signed.refresh).status, 200, "a refresh token of since then")


if __name__ == "__main__":
    main()
