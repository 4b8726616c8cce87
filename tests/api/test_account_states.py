#!/usr/bin/env python3
"""T-24, T-25: the whole matrix: every way to get or use something, times every state of the account, the
consent, the client and its service. What a state forbids is refused at the next request; the rest works."""
from kit import *

OFFLINE = "openid offline_access"
PASSWORD = "another good password"


class Standing:
    """One person's dealings with one client of a service of its own, just before something happens."""

    def __init__(self, site):
        everybody, site.service = site.service, site.cli("service", "add", "--name", "One of many")["id"]
        try:
            self.service, self.client = site.service, site.add_client()
        finally:
            site.service = everybody
        self.site, self.person = site, site.add_person()
        self.browser = site.browser()
        self.tokens = sign_in(site, self.client, self.person, self.browser, scope=OFFLINE)
        self.machine = client_credentials(site, self.client).json()["access_token"]
        self.code = self.authorize("openid").get("code")
        self.login = site.browser()
        self.login_page = self.login.open(AUTHORIZE, request_of(self.client))
        self.consent_page = self.browser.open(AUTHORIZE, request_of(self.client, prompt="consent"))
        assert is_login(self.login_page.page()) and is_consent(self.consent_page.page())

    def authorize(self, scope):
        answer = self.browser.get(AUTHORIZE, request_of(self.client, scope=scope, prompt="none"))
        return response_of(answer, self.client.redirect_uri) or {}

    def by_script(self, path, **words):
        words = {"client_id": self.client.id, "scope": "openid", **words}
        cookies = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
        return self.site.web.request("POST", path, data=words, headers={"Cookie": cookies, "Origin": self.site.url})


# --- the ways: each tells whether it gave what it gives a person and client in good standing ---

def by_code(standing):
    return worked(redeem(standing.site, standing.client, standing.code), "invalid_grant", "invalid_client")


def by_refresh_token(standing):
    answer = refresh(standing.site, standing.client, standing.tokens.refresh)
    return worked(answer, "invalid_grant", "invalid_client")


def by_client_credentials(standing):
    return worked(client_credentials(standing.site, standing.client), "invalid_client")


def by_session(standing):
    return bool(standing.authorize("openid").get("code"))


def by_password(standing):
    answer = fill_login(standing.login, standing.login_page, standing.person)
    assert answer.status < 500, str(answer)
    return "public-session" in standing.login.cookies and answer.status != 410


def by_consent_page(standing):
    answer = decide(standing.browser, standing.consent_page)
    assert answer.status < 500, str(answer)
    return (response_of(answer, standing.client.redirect_uri) or {}).get("code") is not None


def by_consent_api(standing):
    answer = standing.by_script("/api/oauth/consent", approved=True)
    return worked(answer, "invalid_token", "unauthorized_client", "invalid_client")


def by_approve_api(standing):
    answer = standing.by_script("/api/oauth/authorize/approve", redirect_uri=standing.client.redirect_uri)
    return worked(answer, "invalid_token", "unauthorized_client", "invalid_client", "consent_required")


def at_userinfo(standing):
    return worked(userinfo(standing.site, standing.tokens.access), "invalid_token")


def at_introspection(standing):
    return is_active(standing, standing.tokens.access)


def at_introspection_of_refresh(standing):
    return is_active(standing, standing.tokens.refresh)


def at_introspection_of_machine(standing):
    return is_active(standing, standing.machine)


def worked(answer, *errors):
    if answer.status == 200:
        return True
    refused(answer, (400, 401), errors)
    return False


def is_active(standing, token):
    answer = introspect(standing.site, standing.client, token)
    return worked(answer, "invalid_client") and answer.json()["active"]


# Those that leave the standing as it is come first.
WAYS = [at_userinfo, at_introspection, at_introspection_of_refresh, at_introspection_of_machine, by_session,
        by_approve_api, by_client_credentials, by_code, by_refresh_token, by_consent_page, by_consent_api, by_password]


# --- the states: what happens, and the ways that go on working ---

def nothing(standing):
    pass


def user_disabled(standing):
    standing.site.cli("user", "disable", standing.person.email)


def user_disabled_for_a_while(standing):
    user_disabled(standing)
    standing.site.cli("user", "enable", standing.person.email)


def user_deleted(standing):
    standing.site.sql(f"DELETE FROM users WHERE email_key = '{standing.person.email}'")


def password_changed(standing):
    standing.site.cli("user", "set-password", standing.person.email, "--password-file", "-", stdin=PASSWORD)


def consent_withdrawn(standing):
    standing.site.sql("DELETE g FROM grants g JOIN users u ON u.id = g.user_id "
                      f"WHERE u.email_key = '{standing.person.email}'")


def client_disabled(standing):
    standing.site.cli("client", "disable", standing.client.id)


def service_disabled(standing):
    standing.site.cli("service", "disable", standing.service)


def secret_rotated(standing):
    standing.site.cli("client", "rotate-secret", standing.client.id)


MACHINE = {at_introspection_of_machine, by_client_credentials}
SIGNED_IN = {by_consent_page, by_consent_api, by_password}
WITHOUT_SECRET = {at_userinfo, by_session, by_approve_api} | SIGNED_IN
STATES = [(nothing, set(WAYS)), (user_disabled, MACHINE), (user_disabled_for_a_while, MACHINE | {by_password}),
          (user_deleted, MACHINE), (password_changed, MACHINE), (consent_withdrawn, MACHINE | SIGNED_IN),
          (client_disabled, set()), (service_disabled, set()), (secret_rotated, WITHOUT_SECRET)]


def try_all(site, happening, working):
    standing = Standing(site)
    happening(standing)
    for way in WAYS:
        equal(way(standing), way in working, f"{happening.__name__}: {way.__name__}")


for _happening, _working in STATES:
    test(f"T-24, T-25, security 111: {_happening.__name__.replace('_', ' ')}: {len(_working)} of {len(WAYS)} ways work, the others "
         "are refused at the next request")(lambda site, one=_happening, two=_working: try_all(site, one, two))

run()
