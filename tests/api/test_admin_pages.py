#!/usr/bin/env python3
"""The console at /admin: how administrators sign in, what each page shows and does, and who never gets in."""
import base64
import hashlib
import re
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

from kit import *
from console import *
from installation import basic
from web import filled

LISTS = ["", "/clients", "/keys", "/members", "/requests", "/subscriptions", "/plans"]


def history(site, service=None):
    return [tuple(row) for row in site.sql("SELECT kind, actor, subject FROM history WHERE service_id = "
                                           f"UNHEX(REPLACE('{service or site.service}', '-', '')) ORDER BY at_ms")]


def all_pages(site):
    client, person = site.client("web"), member(site)
    return ["/admin/services"] + [here(site, one) for one in LISTS] + [
        here(site, f"/clients/{client.id}"), here(site, f"/members/{person.id}")]


def member(site):
    if "member" not in shared:
        shared["member"] = site.add_person(name="Mia Member")
        site.sql("INSERT IGNORE INTO members (service_id, user_id, created_at, email_key, words) SELECT UNHEX(REPLACE("
                 f"'{site.service}', '-', '')), id, 1700000000, email_key, CONCAT(email_key, CHAR(10), LOWER(name)) FROM users WHERE id = UNHEX(REPLACE("
                 f"'{shared['member'].id}', '-', ''))")
    return shared["member"]


# --- signing in ---

@test("139: a fresh installation lets nobody in: there is no admin until the command line has made one")
def no_default(site):
    for email in ("admin@example.org", "admin", "root@localhost", "doorward@example.org"):
        browser = site.browser()
        form = browser.open("/admin").page().form_with(type="password")
        for password in ("admin", "password", "doorward", ""):
            answer = browser.submit(form, {"email": email, "password": password}, follow=False)
            one_of(answer.status, (400, 429), f"{email}: {answer}")
    equal(site.sql("SELECT COUNT(*) FROM admin_sessions"), [["0"]])


@test("security 136: the first sign-in sets the second step up; secret and recovery codes are shown once and not stored as they are")
def enrolment(site):
    admin, browser = new_admin(site), site.browser()
    shown = enrol(browser, admin)
    equal(len(set(admin.codes)), 10, shown.page().text)
    assert re.fullmatch("[0-9a-f]{64}", browser.cookies["admin-session"])
    equal(browser.open("/admin").status, 200)
    equal(urllib.parse.urlsplit(browser.here).path, "/admin/services")
    stored = site.sql(f"SELECT HEX(totp_sealed), recovery_hashes FROM admins WHERE email = '{admin.email}'")[0]
    assert base64.b32decode(admin.secret).hex().upper() not in stored[0]
    for code in admin.codes:
        assert code not in stored[1] and code.replace("-", "") not in stored[1]
        assert hashlib.sha256(code.replace("-", "").encode()).hexdigest() in stored[1]
    again = site.browser().open("/admin/second-step")
    assert "otpauth" not in again.text
    answer = password_step(site.browser(), admin)
    equal(urllib.parse.urlsplit(answer.location).path, "/admin/code", "it isn't offered a second time")
    for secret in (admin.secret, *admin.codes, PASSWORD):
        assert secret not in site.log()


@test("security 134: a code works once, one step early or late, and never two steps away")
def codes_once(site):
    admin = new_admin(site)
    enrol(site.browser(), admin)
    answer = sign_in(site, admin, code=admin.code(-4)).last
    equal(answer.status, 400, str(answer))
    admin.forget_used()
    code = admin.code()
    browser = sign_in(site, admin, code=code)
    equal((browser.last.status, urllib.parse.urlsplit(browser.last.location).path), (303, "/admin/services"))
    answer = sign_in(site, admin, code=code).last
    equal(answer.status, 400, "the same code a second time")
    assert answer.page().title.startswith("Error")


@test("T-92, T-93, security 134, 136: the same code at ten machines' worth of workers at once lets in one; so does a recovery code")
def codes_in_parallel(site):
    admin = new_admin(site)
    enrol(site.browser(), admin)
    for code in (None, admin.codes[0]):
        admin.forget_used()
        code = code or admin.code()
        ready = []
        for _ in range(6):
            browser = site.browser()
            form = browser.follow(password_step(browser, admin)).page().form_with(name="code")
            ready.append((browser, form))
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda one: one[0].submit(one[1], {"code": code}, follow=False), ready))
        equal(sorted(answer.status for answer in answers), [303] + [400] * 5, code)


@test("security 136: each recovery code lets in once, spelled as people do")
def recovery(site):
    admin = new_admin(site)
    enrol(site.browser(), admin)
    for code in (admin.codes[1], admin.codes[2].lower().replace("-", " ")):
        equal(sign_in(site, admin, code=code).last.status, 303, code)
        equal(sign_in(site, admin, code=code).last.status, 400, code)


@test("security 134: wrong codes are counted: after ten none is looked at, not even the right one")
def code_limit(site):
    admin = new_admin(site)
    enrol(site.browser(), admin)
    admin.forget_used()
    browser = site.browser()
    form = browser.follow(password_step(browser, admin)).page().form_with(name="code")
    seen = [browser.submit(form, {"code": f"{n:06}"}, follow=False).status for n in range(12)]
    assert 429 in seen and 303 not in seen, seen
    answer = browser.submit(form, {"code": admin.code()}, follow=False)
    equal(answer.status, 429, str(answer))
    assert answer.header("Retry-After")


@test("86: a wrong password and an unknown address get the same answer; guesses are counted apart from people's")
def wrong_password(site):
    admin = new_admin(site)
    browser = site.browser()
    wrong = password_step(browser, admin, "not the password")
    form = browser.open("/admin").page().form_with(type="password")
    nobody = browser.submit(form, {"email": "nobody@admins.example", "password": "x" * 12}, follow=False)
    strip = lambda answer: re.sub(r'value="[^"]*"', "", answer.text)
    equal((wrong.status, strip(wrong)), (nobody.status, strip(nobody)))
    site.cli("admin", "disable", admin.email)
    equal(password_step(site.browser(), admin).status, 400)


@test("139: a user's password is no admin's, and no user's session ever opens a page of the console")
def users_stay_out(site):
    person = site.person()
    browser = signed_in(site, person)
    for path in all_pages(site):
        for method in ("GET", "POST"):
            answer = browser.request(method, path)
            equal(answer.status, 303, f"{method} {path}: {answer}")
            equal(urllib.parse.urlsplit(answer.location).path, "/admin")
    form = browser.open("/admin").page().form_with(type="password")
    equal(browser.submit(form, {"email": person.email, "password": person.password}, follow=False).status, 400)
    browser.cookies["admin-session"] = browser.cookies["public-session"]
    equal(browser.get("/admin/services").status, 303)


@test("T-109: the step between password and code opens nothing, and belongs to its browser")
def between(site):
    admin = new_admin(site)
    enrol(site.browser(), admin)
    browser = site.browser()
    browser.follow(password_step(browser, admin))
    assert "admin-session" not in browser.cookies
    equal(browser.get("/admin/services").status, 303)
    thief = site.browser()
    thief.open("/admin")
    thief.cookies["__Host-doorward-admin-step"] = browser.cookies["__Host-doorward-admin-step"]
    equal(urllib.parse.urlsplit(thief.get("/admin/code").location).path, "/admin")


@test("68: the session is new at each sign-in, never one that the browser brought; the one before it ends")
def new_session(site):
    admin = new_admin(site)
    browser = site.browser()
    browser.cookies["admin-session"] = planted = "ab" * 32
    enrol(browser, admin)
    first = browser.cookies["admin-session"]
    assert first != planted
    sign_in(site, admin, browser, path="/admin?again=1")
    second = browser.cookies["admin-session"]
    assert second not in (first, planted)
    browser.cookies["admin-session"] = first
    equal(browser.get("/admin/services").status, 303)
    line = [one for one in browser.seen_cookies if one.startswith("admin-session=")][-1]
    for word in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
        assert word in line, line


@test("sessions: they end an hour after the last use, four after the sign-in, by sign-out and with the admin")
def sessions_end(site):
    for change in ("seen_at = seen_at - 3601", "authenticated_at = authenticated_at - 14401", "expires_at = 1"):
        browser = sign_in(site, new_admin(site))
        value = hashlib.sha256(browser.cookies["admin-session"].encode()).hexdigest()
        equal(browser.get("/admin/services").status, 200)
        site.sql(f"UPDATE admin_sessions SET {change} WHERE id_hash = UNHEX('{value}')")
        equal(browser.get("/admin/services").status, 303, change)
    admin = new_admin(site)
    browser = sign_in(site, admin)
    shown = browser.open("/admin/services")
    form = [one for one in shown.page().forms if urllib.parse.urlsplit(one["action"]).path == "/admin/sign-out"][0]
    held = browser.cookies["admin-session"]
    equal(browser.submit(form, follow=False).status, 303)
    browser.cookies["admin-session"] = held
    equal(browser.get("/admin/services").status, 303, "the row is gone, too")
    browser = sign_in(site, admin)
    site.cli("admin", "disable", admin.email)
    equal(browser.get("/admin/services").status, 303)


@test("reset-second-step: the next sign-in sets it up anew; sessions end with it")
def reset(site):
    admin = new_admin(site)
    browser = sign_in(site, admin)
    equal(site.cli("admin", "reset-second-step", admin.email)["second_step"], False)
    equal(browser.get("/admin/services").status, 303)
    old = admin.secret
    enrol(site.browser(), admin)
    assert admin.secret != old
    equal(site.cli("admin", "show", admin.email)["second_step"], True)


@test("validate: GET /api/sso/validate tells of an administrator who has signed in here")
def seen_by_validate(site):
    browser = console(site)
    answer = site.web.get("/api/sso/validate", headers={"Cookie": f"admin-session={browser.cookies['admin-session']}",
                                                        "Origin": site.url})
    equal(answer.status, 200, str(answer))
    assert shared["admin"].email in answer.text and '"admin"' in answer.text, answer.text


@test("65: the sign-in leads back to the page that was asked for, and to no other site")
def way_back(site):
    admin = new_admin(site)
    enrol(site.browser(), admin)
    for wanted, reached in ((here(site, "/keys"), here(site, "/keys")), ("//evil.example/", "/admin/services"),
                            ("https://evil.example/admin/", "/admin/services"), ("/admin/../login", "/admin/services")):
        browser = sign_in(site, admin, path="/admin?return_to=" + urllib.parse.quote(wanted, safe=""))
        equal(browser.last.location.replace(site.url, ""), reached, wanted)


# --- all pages ---

@test("T-109: strangers are sent to the sign-in; pages aren't stored and carry the strict headers")
def every_page(site):
    browser = console(site)
    for path in all_pages(site):
        answer = browser.get(path)
        equal(answer.status, 200, f"{path}: {answer}")
        assert "no-store" in answer.header("Cache-Control"), path
        assert "frame-ancestors 'none'" in answer.header("Content-Security-Policy"), path
        page = answer.page()
        assert not [tag for tag, _ in page.tags if tag == "script"], path
        equal(len([tag for tag, _ in page.tags if tag == "h1"]), 1, path)
        stranger = site.browser().get(path)
        equal(stranger.status, 303, path)
        assert stranger.location.replace(site.url, "").startswith("/admin?return_to="), stranger.location


@test("70: no form counts without its own token: of another form, page, session, browser or site")
def csrf(site):
    browser, other = console(site), sign_in(site, new_admin(site))
    path = here(site)
    form = form_named(browser.open(path), "service_change")
    shown = dict(filled(form))
    before = history(site)
    fields = dict(shown, pin_gate="off", sign_in_form="both")
    tries = [(browser, path, dict(fields, token=""), {}), (browser, path, dict(fields, form="service_disable"), {}),
             (browser, path, dict(fields, form="none-such"), {}), (other, path, fields, {}),
             (browser, here(site, "/clients"), dict(fields, form="client_add"), {}),
             (browser, path, fields, {"Origin": "https://evil.example"}), (browser, path, fields, {"Sec-Fetch-Site": "cross-site"})]
    for who, where, sent, headers in tries:
        answer = who.request("POST", where, form=sent, headers=headers)
        equal(answer.status, 403, f"{sent} {headers}: {answer}")
        assert where in answer.page().links, f"{where}: the refusal doesn't lead back"
    equal(history(site), before)
    equal(browser.request("POST", path, form=fields).status, 303)


@test("re-authentication: what is dangerous asks for password and code again when they are old; then it works")
def stale(site):
    admin = new_admin(site)
    browser = sign_in(site, admin)
    make_old(site, browser)
    client, person = site.client("web"), member(site)
    before = len(history(site))
    held = browser.cookies["admin-session"]
    answer = send(browser, here(site), "service_disable")
    equal(answer.status, 303, str(answer))
    wanted = urllib.parse.urlsplit(answer.location)
    equal((wanted.path, "again=1" in wanted.query), ("/admin", True), answer.location)
    equal(len(history(site)), before)
    for path, name, values in ((here(site, "/keys"), "key_add", {"key_name": "x", "permissions": "read:users"}),
                               (here(site, "/clients"), "client_add", {"client_name": "x", "client_kind": "machine"}),
                               (here(site, f"/clients/{client.id}"), "client_secret", {}), (here(site, f"/clients/{client.id}"), "client_remove", {}),
                               (here(site, f"/members/{person.id}"), "member_disable", {})):
        equal(send(browser, path, name, values).status, 303, name)
    equal(len(history(site)), before)
    sign_in(site, admin, browser, path=answer.location.replace(site.url, ""))
    equal(browser.last.location.replace(site.url, ""), here(site))
    assert browser.cookies["admin-session"] != held
    equal(send(browser, here(site), "service_change", {"pin_gate": "off", "sign_in_form": "both"}).status, 303)


@test("re-authentication: name and word of a service, how people sign in to it and its providers ask for a fresh sign-in; before it nothing has changed")
def stale_service(site):
    admin = new_admin(site)
    browser = sign_in(site, admin)
    service = site.cli("service", "add", "--name", "Kept")["id"]
    page, word = f"/admin/services/{service}", f"fresh-{site._mark}"
    kept = site.cli("service", "show", service)
    make_old(site, browser)
    forms = (("service_profile", {"service_name": "Taken", "slug": ""}), ("service_profile", {"service_name": "Kept", "slug": word}),
             ("service_change", {"pin_gate": "always", "sign_in_form": "identifier_first"}), ("service_disable", {}))
    for name, values in forms:
        answer = send(browser, page, name, values)
        wanted = urllib.parse.urlsplit(answer.location or "")
        equal((answer.status, wanted.path, "again=1" in wanted.query), (303, "/admin", True), f"{name}: {answer}")
        equal(site.cli("service", "show", service), kept, f"behind {name} {values}")
    equal([kind for kind, _, _ in history(site, service)], ["service.created"], "history")
    sign_in(site, admin, browser, path=answer.location.replace(site.url, ""))
    is_done(browser, send(browser, page, "service_profile", {"service_name": "Fresh", "slug": word}), "have been saved")
    shown = site.cli("service", "show", service)
    equal((shown["name"], shown["slug"]), ("Fresh", word), str(shown))


# --- the pages ---

@test("services: added, named, given a word, set up, switched off and on; history has who did it")
def services(site):
    browser = console(site)
    refused_ = send(browser, "/admin/services", "service_add", {"service_name": ""})
    equal(refused_.status, 400, str(refused_))
    assert "Type a name" in refused_.page().text
    answer = send(browser, "/admin/services", "service_add", {"service_name": "<b>Shop & Söhne</b>"})
    shown = is_done(browser, answer, "The service has been added.")
    assert "<b>Shop" not in shown.text and "<b>Shop & Söhne</b>" in shown.page().text
    path = urllib.parse.urlsplit(browser.here).path
    service = path.rsplit("/", 1)[1]
    is_done(browser, send(browser, path, "service_profile", {"service_name": "Shop", "slug": f"shop-{site._mark}"}), "have been saved")
    equal(send(browser, path, "service_profile", {"service_name": "Shop", "slug": "No Good!"}).status, 400)
    is_done(browser, send(browser, path, "service_change", {"pin_gate": "always", "sign_in_form": "identifier_first"}), "have been saved")
    equal(send(browser, path, "service_change", {"pin_gate": "sometimes"}).status, 400)
    is_done(browser, send(browser, path, "service_disable"), "switched off")
    is_done(browser, send(browser, path, "service_enable"), "switched on")
    row = site.cli("service", "show", service)
    equal((row["name"], row["pin_gate"], row["status"]), ("Shop", "always", "active"))
    kinds = [kind for kind, actor, _ in history(site, service) if actor == f"admin:{shared['admin'].email}"]
    for kind in ("service.created", "service.updated", "service.disabled", "service.enabled"):
        assert kind in kinds, kinds
    found = browser.get("/admin/services?search=Shop")
    assert service in found.text and site.service not in found.text


@test("German: what is usually typed wrong is refused in German, beside its field")
def german_refusals(site):
    browser = console(site)
    german = {"Accept-Language": "de"}
    clients, one, plans = here(site, "/clients"), here(site, f"/clients/{site.client('web').id}"), here(site, "/plans")
    client = {"client_name": "X", "client_kind": "web", "redirect_uris": "https://a.example/cb", "scope": "openid"}
    plan = {"plan_name": "X", "price_cents": "1", "currency": "eur", "plan_features": ""}
    service = {"service_name": "Shop", "slug": ""}
    taken = f"taken-{site._mark}"
    other = f"/admin/services/{site.cli('service', 'add', '--name', 'Slug owner')['id']}"
    is_done(browser, send(browser, other, "service_profile", dict(service, slug=taken)), "have been saved")
    is_done(browser, send(browser, plans, "plan_add", dict(plan, plan_name=taken)), "has been added")
    long = "x" * 201
    for path, form, values, field, words in (
            (clients, "client_add", dict(client, redirect_uris=""), "redirect_uris", "mindestens eine Redirect-URI"),
            (clients, "client_add", dict(client, redirect_uris="http://plain.example/"), "redirect_uris", "https-Adresse"),
            (clients, "client_add", dict(client, client_name=long), "client_name", "1 bis 200"),
            (clients, "client_add", dict(client, scope='"'), "scope", "Geben Sie Scopes"),
            (one, "client_change", dict(client, post_logout_redirect_uris="http://plain.example/"), "post_logout_redirect_uris", "https-Adresse"),
            (one, "client_change", dict(client, client_uri="http://plain.example/"), "client_uri", "mit https:// beginnt"),
            (one, "client_change", dict(client, logo_uri="x"), "logo_uri", "mit https:// beginnt"),
            (one, "client_change", dict(client, policy_uri="x"), "policy_uri", "mit https:// beginnt"),
            (one, "client_change", dict(client, tos_uri="x"), "tos_uri", "mit https:// beginnt"),
            ("/admin/services", "service_add", {"service_name": long}, None, "1 bis 200"),
            (here(site), "service_profile", dict(service, slug="No Good!"), "slug", "Das Wort hat"),
            (here(site), "service_profile", dict(service, slug=taken), "slug", "hat dieses Wort schon"),
            (here(site, "/keys"), "key_add", {"key_name": "X", "permissions": "read:users", "addresses": "nowhere"}, "addresses", "Geben Sie Adressen"),
            (plans, "plan_add", dict(plan, plan_name=long), "plan_name", "1 bis 200"),
            (plans, "plan_add", dict(plan, currency="nonsense"), "currency", "drei Buchstaben"),
            (plans, "plan_add", dict(plan, plan_features=long), "plan_features", "Höchstens 100"),
            (plans, "plan_add", dict(plan, plan_name=taken), "plan_name", "mit diesem Namen")):
        answer = send(browser, path, form, values, headers=german)
        equal(answer.status, 400, f"{form} {values}: {answer}")
        page = answer.page()
        assert words in page.text and "Das wird nicht angenommen" not in page.text, f"{form} {values}: {page.text}"
        assert field is None or f"#{form}-{field}" in page.links, f"{form} {field}: {page.links}"


@test("104: a client's secret is shown once, when it's made and when it's rotated, and never again")
def clients(site):
    browser = console(site)
    bad = send(browser, here(site, "/clients"), "client_add",
               {"client_name": "Bad", "client_kind": "web", "redirect_uris": "javascript:alert(1)", "scope": "openid"})
    equal(bad.status, 400, str(bad))
    assert "javascript" in bad.page().text or "redirect_uris" in bad.page().text
    made = send(browser, here(site, "/clients"), "client_add",
                {"client_name": "Console made", "client_kind": "web", "redirect_uris": "https://one.example/cb\nhttps://two.example/cb",
                 "scope": "openid email"})
    equal(made.status, 200, str(made))
    client_id, secret = [site.sql("SELECT client_id FROM clients ORDER BY number DESC LIMIT 1")[0][0],
                         re.search(r'class="detail"><code>([\w-]{43})</code>', made.text).group(1)]
    works = lambda value: site.web.post("/api/oauth/token", form=[("grant_type", "authorization_code"), ("code", "x"),
                                        ("client_id", client_id), ("client_secret", value)]).error
    path = here(site, f"/clients/{client_id}")
    for page in (path, here(site, "/clients"), here(site)):
        assert secret not in browser.get(page).text, page
    assert secret not in site.log()
    rotated = send(browser, path, "client_secret", {"keep": "keep_none"})
    equal(rotated.status, 200, str(rotated))
    fresh = re.search(r'class="detail"><code>([\w-]{43})</code>', rotated.text).group(1)
    assert fresh != secret and fresh not in browser.get(path).text
    equal(site.cli("client", "show", client_id)["redirect_uris"], ["https://one.example/cb", "https://two.example/cb"])
    fields = {"client_name": "Renamed", "redirect_uris": "https://three.example/cb", "scope": "openid", "client_uri": "https://three.example/",
              "role": "admin", "status": "disabled", "service_id": "0", "client_secret": "mine", "token_endpoint_auth_method": "none"}
    is_done(browser, send(browser, path, "client_change", fields), "have been saved")
    row = site.cli("client", "show", client_id)
    equal((row["client_name"], row["redirect_uris"], row["status"], row["service_id"], row["token_endpoint_auth_method"]),
          ("Renamed", ["https://three.example/cb"], "active", site.service, "client_secret_basic"), "140: no mass assignment")
    equal(send(browser, path, "client_change", dict(fields, redirect_uris="http://plain.example/")).status, 400)
    is_done(browser, send(browser, path, "client_change", dict(fields, requires_permission="yes")), "have been saved")
    equal(site.cli("client", "show", client_id)["requires_permission"], True)
    is_done(browser, send(browser, path, "client_change", dict(fields, requires_permission="")), "have been saved")
    equal(site.cli("client", "show", client_id)["requires_permission"], False)
    is_done(browser, send(browser, path, "client_disable"), "switched off")
    equal(site.cli("client", "show", client_id)["status"], "disabled")
    is_done(browser, send(browser, path, "client_enable"), "switched on")
    kinds = [kind for kind, actor, subject in history(site) if subject == client_id]
    equal(kinds, ["client.created", "client.secret_rotated", *["client.updated"] * 3, "client.disabled", "client.enabled"])
    assert works


@test("clients: each kind of application can be registered, and gets tokens the way it's meant to")
def client_kinds(site):
    browser = console(site)
    for kind, method, grants in (("web", "client_secret_basic", ["authorization_code", "refresh_token"]), ("public", "none", ["authorization_code", "refresh_token"]),
                                 ("native", "none", ["authorization_code", "refresh_token"]), ("machine", "client_secret_basic", ["client_credentials"])):
        answer = send(browser, here(site, "/clients"), "client_add",
                      {"client_name": f"Kind {kind}", "client_kind": kind, "redirect_uris": "https://kind.example/cb", "scope": "openid read:things"})
        equal(answer.status, 303 if method == "none" else 200, f"{kind}: {answer} {answer.page().text}")
        client_id = site.sql("SELECT client_id FROM clients ORDER BY number DESC LIMIT 1")[0][0]
        made = site.cli("client", "show", client_id)
        equal((made["client_name"], made["token_endpoint_auth_method"], made["grant_types"]), (f"Kind {kind}", method, grants), kind)
        path = here(site, f"/clients/{client_id}")
        is_done(browser, send(browser, path, "client_change", {"client_name": f"Other {kind}", "scope": "openid read:things",
                                                               "redirect_uris": "https://kind.example/cb" if kind != "machine" else ""}), "have been saved")
        if kind == "machine":
            secret = re.search(r'class="detail"><code>([\w-]{43})</code>', answer.text).group(1)
            got = site.web.post("/api/oauth/token", form=[("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", secret)])
            equal((got.status, made["response_types"]), (401, []), "by the method that it isn't registered for")
            got = site.web.post("/api/oauth/token", form=[("grant_type", "client_credentials"), ("scope", "read:things")], headers={"Authorization": basic(client_id, secret)})
            equal(got.status, 200, str(got))


@test("104: an API key is shown once; it works until it's revoked")
def keys(site):
    browser = console(site)
    equal(send(browser, here(site, "/keys"), "key_add", {"key_name": "No permission"}).status, 400)
    equal(send(browser, here(site, "/keys"), "key_add", {"key_name": "Odd", "permissions": "write:everything"}).status, 400)
    equal(send(browser, here(site, "/keys"), "key_add", {"key_name": "Odd", "permissions": "read:users", "days": "-1"}).status, 400)
    made = send(browser, here(site, "/keys"), "key_add",
                {"key_name": "Console key", "permissions": "read:users read:service", "environment": "live", "days": "30"})
    equal(made.status, 200, str(made))
    key = re.search(r"sk_live_[\w-]{20,}", made.text).group(0)
    assert key not in browser.get(here(site, "/keys")).text and key not in site.log()
    ask = lambda: site.web.get("/api/service/users", headers={"X-API-Key": key}).status
    equal(ask(), 200)
    ident = site.sql("SELECT LOWER(HEX(id)) FROM api_keys ORDER BY created_at DESC, id DESC LIMIT 1")[0][0]
    ident = f"{ident[:8]}-{ident[8:12]}-{ident[12:16]}-{ident[16:20]}-{ident[20:]}"
    rotated = send(browser, here(site, "/keys"), "key_rotate", button=ident)
    equal(rotated.status, 200, str(rotated))
    fresh = re.search(r"sk_live_[\w-]{20,}", rotated.text).group(0)
    assert fresh != key and fresh not in browser.get(here(site, "/keys")).text
    equal((ask(), site.web.get("/api/service/users", headers={"X-API-Key": fresh}).status), (200, 200), "both work for a while")
    equal(send(browser, here(site, "/keys"), "key_add", {"key_name": "Odd", "permissions": "read:users", "addresses": "nowhere"}).status, 400)
    is_done(browser, send(browser, here(site, "/keys"), "key_revoke", button=ident), "has been revoked")
    for _ in range(20):
        if ask() == 401:
            break
        time.sleep(0.2)
    equal(ask(), 401)


@test("members: found by name and address, in pages; signed out, locked and unlocked")
def members(site):
    browser, person = console(site), member(site)
    theirs = signed_in(site, person)
    found = browser.get(here(site, "/members?search=Mia+Memb"))
    assert person.email in found.page().text, found.page().text
    assert person.email not in browser.get(here(site, "/members?search=nobody-of-this-name")).page().text
    for query in ("offset=-1", "offset=99999999999999999999", "search=%25", "search=%27%22%3C"):
        equal(browser.get(here(site, "/members?" + query)).status, 200, query)
    path = here(site, f"/members/{person.id}")
    is_done(browser, send(browser, path, "member_sign_out"), "signed out everywhere")
    equal(theirs.get("/account").status, 303)
    is_done(browser, send(browser, path, "member_disable"), "switched off")
    equal(site.cli("user", "show", person.id)["status"], "disabled")
    is_done(browser, send(browser, path, "member_enable"), "switched on")


@test("103: what belongs to another service isn't there, on any page and by any form")
def other_service(site):
    browser = console(site)
    other = site.cli("service", "add", "--name", "Other")["id"]
    client, person = site.client("web"), member(site)
    for rest in (f"/clients/{client.id}", f"/members/{person.id}"):
        equal(browser.get(f"/admin/services/{other}{rest}").status, 404, rest)
    ident = site.sql("SELECT LOWER(HEX(id)) FROM api_keys WHERE service_id = UNHEX(REPLACE("
                     f"'{site.service}', '-', '')) AND status = 'active' LIMIT 1")[0][0]
    ident = f"{ident[:8]}-{ident[8:12]}-{ident[12:16]}-{ident[16:20]}-{ident[20:]}"
    added = send(browser, f"/admin/services/{other}/keys", "key_add", {"key_name": "Theirs", "permissions": "read:users"})
    equal(added.status, 200, str(added))
    for name in ("key_revoke", "key_rotate"):
        form = form_named(browser.open(f"/admin/services/{other}/keys"), name)
        equal(browser.submit(form, None, {"name": "id", "value": ident}, follow=False).status, 404, name)
    for path in ("/admin/services/none", "/admin/services/00000000-0000-0000-0000-000000000000", here(site, "/clients/none"),
                 here(site, "/members/none"), here(site, "/members/00000000-0000-0000-0000-000000000000")):
        equal(browser.get(path).status, 404, path)


@test("requests: access is allowed with a role or refused, once")
def requests(site):
    browser, person, client = console(site), site.add_person(), site.client("web")
    number = site.sql(f"SELECT number FROM clients WHERE client_id = '{client.id}'")[0][0]
    put = lambda who: site.sql("INSERT INTO permissions (user_id, client_number, role, status, requested_at, created_at, updated_at)"
                               f" VALUES (UNHEX(REPLACE('{who.id}', '-', '')), {number}, 'none', 'pending', 1, 1, 1)")
    state = lambda who: tuple(site.sql("SELECT role, status FROM permissions WHERE user_id = "
                                       f"UNHEX(REPLACE('{who.id}', '-', ''))")[0])
    put(person)
    page = browser.open(here(site, "/requests"))
    assert person.email in page.page().text
    form = form_named(page, "request_admin", f"{person.id} {client.id}")
    pressed = {"name": "id", "value": f"{person.id} {client.id}"}
    is_done(browser, browser.submit(form, None, pressed, follow=False), "has been allowed")
    equal(state(person), ("admin", "approved"))
    equal(browser.submit(form, None, pressed, follow=False).status, 400, "it has been answered")
    third = site.add_person()
    put(third)
    answer = send(browser, here(site, "/requests"), "request_refuse", button=f"{third.id} {client.id}")
    is_done(browser, answer, "has been refused")
    equal(state(third)[1], "revoked")
    equal(browser.submit(form, None, {"name": "id", "value": "nonsense"}, follow=False).status, 404)


@test("plans: added, edited and removed; one that somebody has stays, and a subscription is cancelled at its end and kept")
def plans(site):
    browser, person = console(site), member(site)
    path = here(site, "/plans")
    name = f"Gold {site._mark}"
    plan = {"plan_name": name, "price_cents": "1999", "currency": "eur", "plan_features": "one\ntwo words"}
    equal(send(browser, path, "plan_add", dict(plan, plan_name="")).status, 400)
    equal(send(browser, path, "plan_add", dict(plan, price_cents="-1")).status, 400)
    equal(send(browser, path, "plan_add", dict(plan, currency="nonsense")).status, 400)
    shown = is_done(browser, send(browser, path, "plan_add", plan), "has been added")
    assert "19.99 eur" in shown.page().text
    equal(send(browser, path, "plan_add", plan).status, 400, "a second of this name")
    number = site.sql(f"SELECT LOWER(HEX(id)) FROM plans WHERE name = '{name}'")[0][0]
    ident = f"{number[:8]}-{number[8:12]}-{number[12:16]}-{number[16:20]}-{number[20:]}"
    one = f"{path}/{ident}"
    is_done(browser, send(browser, one, "plan_change", dict(plan, price_cents="2500")), "have been saved")
    equal(site.sql(f"SELECT price_cents, currency, features FROM plans WHERE name = '{name}'"), [["2500", "eur", '["one","two words"]']])
    made = site.cli("subscription", "add", "--service", site.service, "--plan", ident, person.id, check=False)
    if made is None:
        now = int(time.time())
        site.sql("INSERT INTO subscriptions (id, service_id, user_id, plan_id, status, current_period_start, current_period_end,"
                 f" ends_at, created_at, updated_at) VALUES (UNHEX(MD5('s')), UNHEX(REPLACE('{site.service}', '-', '')),"
                 f" UNHEX(REPLACE('{person.id}', '-', '')), UNHEX('{number}'), 'active', {now}, {now + 86400}, {now + 86400}, {now}, {now})")
    assert person.email in browser.get(here(site, "/subscriptions")).page().text
    equal(send(browser, one, "plan_remove").status, 400, "somebody has it")
    theirs = here(site, f"/subscriptions/{person.id}")
    is_done(browser, send(browser, theirs, "subscription_cancel"), "have been saved")
    state = lambda: site.sql("SELECT cancel_at_period_end FROM subscriptions WHERE user_id = "
                             f"UNHEX(REPLACE('{person.id}', '-', ''))")
    equal(state(), [["1"]])
    shown = is_done(browser, send(browser, theirs, "subscription_keep"), "have been saved")
    equal(state(), [["0"]])
    assert f"admin:{shared['admin'].email}" in shown.page().text, "its history tells who did it"
    site.sql(f"DELETE FROM subscriptions WHERE user_id = UNHEX(REPLACE('{person.id}', '-', ''))")
    answer = send(browser, one, "plan_remove")
    is_done(browser, answer, "has been removed")
    other = site.cli("service", "add", "--name", "Other plans")["id"]
    free = site.sql(f"SELECT LOWER(HEX(id)) FROM plans WHERE service_id = UNHEX(REPLACE('{other}', '-', ''))")
    if free:
        number = free[0][0]
        ident = f"{number[:8]}-{number[8:12]}-{number[12:16]}-{number[16:20]}-{number[20:]}"
        equal(browser.get(f"{path}/{ident}").status, 404, "103: another service's")


run()
