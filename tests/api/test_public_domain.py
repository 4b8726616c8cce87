#!/usr/bin/env python3
"""One session for the hosts of a shared domain (session_cookie_domain): what GET /api/sso/validate is for."""
from kit import *
from script import *

DOMAIN = "shared.example"


def cookie_lines(answer):
    return {line.split("=")[0]: line for line in answer.all_headers("Set-Cookie")}


@test("the session's cookie is for the whole domain, and is taken back for it; the helper cookies stay with their host")
def cookie(site):
    person, script = site.add_person(), Script(site)
    lines = cookie_lines(script.post("login", {"email": person.email, "password": person.password}))
    assert f"Domain={DOMAIN}" in lines["public-session"] and "SameSite=None" in lines["public-session"], lines
    for name, line in lines.items():
        assert name == "public-session" or (name.startswith("__Host-") and "Domain" not in line), line
    line = cookie_lines(script.post("logout"))["public-session"]
    assert f"Domain={DOMAIN}" in line and "Max-Age=0" in line, line


@test("another host's program asks validate with the browser's cookies, and learns who it is until they sign out")
def validate(site):
    person, script = site.add_person(), Script(site)
    script.sign_in(person)
    cookie = {"Cookie": f"theirs=1; public-session={script.session}; more=2"}
    answer = site.web.get(VALIDATE, headers=cookie)
    looks_right(answer)
    equal(said(answer, 200, isValid=True, userType="public")["user"]["id"], person.id, "who")
    page = site.web.get(VALIDATE, headers={**cookie, "Origin": f"https://app.{DOMAIN}", "Sec-Fetch-Site": "same-site"})
    equal(page.header("Access-Control-Allow-Origin"), f"https://app.{DOMAIN}", "CORS")
    equal(page.header("Access-Control-Allow-Credentials"), "true", "CORS")
    said(site.web.get(VALIDATE, headers={"Cookie": f"public-session={script.session}; public-session={'0' * 64}"}), 401, isValid=False)
    said(script.post("logout", origin=f"https://app.{DOMAIN}"), 200)
    said(site.web.get(VALIDATE, headers=cookie), 401, isValid=False)


run(settings={"session_cookie_domain": DOMAIN, "session_cookie_same_site": "None", "cors_origins": f"https://app.{DOMAIN}"})
