#!/usr/bin/env python3
"""The hosted pages without a browser's help: headers, forms that belong to one browser, kind refusals."""
import re
import urllib.parse

from kit import *
from web import field_of, filled


def open_login(site, browser=None, client=None, **parameters):
    browser = browser or site.browser()
    answer = browser.open(AUTHORIZE, request_of(client or site.client(), **parameters))
    assert is_login(answer.page()), str(answer)
    return browser, answer


def open_consent(site, client=None, person=None):
    client = client or site.add_client()
    browser, answer = open_login(site, client=client, scope="openid email")
    answer = fill_login(browser, answer, person or site.person())
    assert is_consent(answer.page()), f"no consent page: {answer}"
    return browser, answer, client


def open_registration(site):
    browser, answer = open_login(site)
    for link in answer.page().links:
        if "register" in link:
            return browser, browser.open(link)
    raise AssertionError(f"no way to register in {answer.page().links}")


def register_form(answer):
    return answer.page().form_with(autocomplete="new-password")


def fill_registration(browser, answer, email, name="New Person", password="a quite good password"):
    form = register_form(answer)
    assert form, f"no registration form on {answer}"
    values = {field_of(form, autocomplete="name"): name, field_of(form, autocomplete="new-password"): password}
    values[field_of(form, autocomplete="email") or field_of(form, autocomplete="username") or field_of(form, type="email")] = email
    return browser.submit(form, values, form["buttons"][0])


def check_headers(site, answer, what):
    policy = answer.header("Content-Security-Policy") or ""
    assert "frame-ancestors 'none'" in policy and answer.header("X-Frame-Options"), f"15: {what} may be framed: {policy}"
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy, f"118: {what}: {policy}"
    for part in ("object-src 'none'", "base-uri 'none'", "form-action"):
        assert part in policy or part.startswith("object") and "default-src 'none'" in policy, f"118: {what} lacks {part}: {policy}"
    equal(answer.header("X-Content-Type-Options"), "nosniff", f"118: {what}")
    equal(answer.header("Referrer-Policy"), "no-referrer", f"18: {what}")
    assert answer.header("Strict-Transport-Security"), f"118: {what} without HSTS"
    assert "no-store" in answer.header("Cache-Control"), f"109: {what} may be stored"
    for tag, attributes in answer.page().tags:
        for name in ("src", "href"):
            target = attributes.get(name) or ""
            if tag in ("script", "img", "link", "iframe", "source") and re.match(r"(https?:)?//", target):
                assert target.startswith(site.url + "/"), f"18: {what} loads {target}"
        assert "style" not in attributes, f"{what}: a style attribute on {tag}"
        assert not [a for a in attributes if a.startswith("on")], f"{what}: a handler on {tag}"


@test("security 15, 18, 118: login, registration, consent and error pages: not framable, strict policy, nothing from elsewhere, not stored")
def page_headers(site):
    _, login = open_login(site)
    check_headers(site, login, "login")
    check_headers(site, open_registration(site)[1], "registration")
    check_headers(site, open_consent(site)[1], "consent")
    error = site.browser().get(AUTHORIZE, {"client_id": "nobody"})
    equal(error.status, 400, "error page")
    check_headers(site, error, "error")


@test("decision: the login page is at /login?oauth_request=..., consent at /oauth/consent?request=...")
def addresses(site):
    browser = site.browser()
    client = site.add_client()
    answer = browser.get(AUTHORIZE, request_of(client, scope="openid email"))
    target = urllib.parse.urlsplit(answer.location)
    equal(target.path, "/login", answer.location)
    ticket = dict(urllib.parse.parse_qsl(target.query))["oauth_request"]
    assert "client_id" not in urllib.parse.unquote(ticket), "T-74: the request is readable in the address"
    browser.follow(answer)
    answer = fill_login(browser, browser.get(answer.location), site.person())
    equal(urllib.parse.urlsplit(browser.here).path, "/oauth/consent", browser.here)


@test("security 106: cookies are Secure, HttpOnly, SameSite, Path=/, without Domain, and hold random ids alone")
def cookies(site):
    browser = signed_in(site)
    assert browser.seen_cookies
    for line in browser.seen_cookies:
        attributes = [part.strip().lower() for part in line.split(";")[1:]]
        for wanted in ("secure", "httponly", "path=/"):
            assert wanted in attributes, line
        assert [a for a in attributes if a.startswith("samesite=")], line
        assert "samesite=lax" in attributes or not line.startswith("public-session"), line
        assert not [a for a in attributes if a.startswith("domain")] and len(line) <= 4096, line
    assert re.fullmatch("[0-9a-f]{64}", browser.cookies["public-session"]), browser.cookies
    assert all(name == "public-session" or name.startswith("__Host-") for name in browser.cookies), browser.cookies


@test("security 107: the database holds no session cookie value")
def session_is_hashed(site):
    browser = signed_in(site)
    value = browser.cookies["public-session"]
    equal(site.sql(f"SELECT COUNT(*) FROM sessions WHERE HEX(id_hash) = UPPER('{value}') OR id_hash = '{value}'")[0][0], "0", "cookie in the clear")
    equal(site.sql(f"SELECT COUNT(*) FROM sessions WHERE id_hash = UNHEX(SHA2('{value}', 256)) OR id_hash = UNHEX(SHA2(UNHEX('{value}'), 256))")[0][0], "1", "its hash")


@test("T-86, security 129: a wrong password and an unknown address get the same page")
def wrong_or_unknown(site):
    person = site.add_person()
    pages = []
    for email in (person.email, "nobody-" + person.email):
        browser, login = open_login(site)
        class Guess:
            pass
        guess = Guess()
        guess.email, guess.password = email, "wrong password"
        answer = fill_login(browser, login, guess)
        one_of(answer.status, (200, 400, 401, 403, 422), str(answer))
        text = re.sub(r'value="[^"]*"|oauth_request=[^"&]*', "", answer.text.replace(email, "EMAIL"))
        pages.append((answer.status, re.sub(r"[0-9a-f]{16,}", "", text)))
    equal(pages[0], pages[1], "the two pages")


@test("pages: after a wrong password the address is kept, the password isn't, the title says Error, and the next try works")
def kind_refusal(site):
    person = site.add_person()
    browser, login = open_login(site)
    answer = fill_login(browser, login, person, password="not the password")
    page = answer.page()
    assert page.title.startswith("Error"), page.title
    form = page.form_with(autocomplete="current-password")
    values = {f.get("name"): f.get("value") for f in form["fields"]}
    assert person.email in values.values() and "not the password" not in answer.text, values
    response = walk(browser, answer, person, site.client().redirect_uri)
    assert response["code"]


@test("T-72: empty posts to each form are refused kindly and lead nowhere")
def empty_posts(site):
    browser, login = open_login(site)
    form = login.page().form_with(autocomplete="current-password")
    for pairs in ([], [(f["name"], f.get("value") or "") for f in form["fields"] if f.get("type") == "hidden"]):
        answer = browser.request("POST", form["action"], form=pairs)
        one_of(answer.status, (200, 400, 401, 403, 422), str(answer))
        assert "public-session" not in browser.cookies, "signed in by nothing"
    browser, consent, client = open_consent(site)
    form = consent_form(consent.page())
    hidden = [(f["name"], f.get("value") or "") for f in form["fields"] if f.get("type") == "hidden"]
    for pairs in ([], hidden):
        answer = browser.request("POST", form["action"], form=pairs)
        response = response_of(answer, client.redirect_uri)
        assert response is None or response.get("code") is None, f"consent by an empty post: {answer}"


@test("T-66, security 116, 41: login, consent and registration forms need the token of their own browser: login CSRF is stopped")
def forms_belong_to_a_browser(site):
    person = site.person()
    browser, login = open_login(site)
    form = login.page().form_with(autocomplete="current-password")
    pairs = filled(form, {field_of(form, autocomplete="username") or field_of(form, type="email"): person.email,
                          field_of(form, autocomplete="current-password"): person.password})
    stranger = site.browser()
    answer = stranger.request("POST", form["action"], form=pairs)
    assert answer.status in (400, 403) and "public-session" not in stranger.cookies, f"without the cookie: {answer}"
    other, _ = open_login(site)
    answer = other.request("POST", form["action"], form=pairs)
    assert "public-session" not in other.cookies, f"with another browser's cookie: {answer}"
    browser, consent, client = open_consent(site)
    form = consent_form(consent.page())
    pairs = filled(form, button=button_of(form, "allow", "approve", "accept", "yes"))
    other = signed_in(site)
    answer = other.request("POST", form["action"], form=pairs)
    response = response_of(answer, client.redirect_uri)
    assert response is None or not response.get("code"), f"41: a consent replayed from another session: {answer}"


@test("T-125, security 115: a POST from a foreign origin is refused")
def foreign_origin(site):
    person = site.person()
    # a browser says null for our own pages too, as they send no referrer; what tells them apart is Sec-Fetch-Site
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}, {"Origin": site.url + ".evil.example"},
                    {"Origin": site.url, "Sec-Fetch-Site": "cross-site"}, {"Origin": "null", "Sec-Fetch-Site": "same-site"}):
        browser, login = open_login(site)
        form = login.page().form_with(autocomplete="current-password")
        values = {field_of(form, autocomplete="username") or field_of(form, type="email"): person.email,
                  field_of(form, autocomplete="current-password"): person.password}
        answer = browser.submit(form, values, headers=headers)
        assert answer.status in (400, 403) and "public-session" not in browser.cookies, f"{headers}: {answer}"


@test("T-68, security 105: a new session id at every sign-in; a session id that the browser brings is never taken over; the old one is dead")
def session_fixation(site):
    browser = site.browser()
    browser.cookies["public-session"] = "a" * 64
    authorize(site, site.client(), browser=browser)
    first = browser.cookies["public-session"]
    assert first != "a" * 64
    authorize(site, site.client(), browser=browser, prompt="login")
    second = browser.cookies["public-session"]
    assert second != first, "the same session id after signing in again"
    thief = site.browser()
    thief.cookies["public-session"] = first
    answer = thief.get(AUTHORIZE, request_of(site.client(), prompt="none"))
    equal(response_of(answer, site.client().redirect_uri).get("error"), "login_required", "the old session")


@test("abuse 6, security 105: a browser with a User-Agent of 600 characters signs in as any other; its beginning is kept")
def long_user_agent(site):
    browser = site.browser()
    form = browser.open(AUTHORIZE, request_of(site.client())).page().form_with(autocomplete="current-password")
    pairs = filled(form, {"email": site.person().email, "password": site.person().password})
    agent = "A" * 299 + "\u00e9" * 300
    answer = browser.request("POST", "/login", form=pairs, headers={"User-Agent": agent.encode(), "Origin": site.url})
    assert "public-session" in browser.cookies, str(answer)
    assert ["A" * 299] in site.sql("SELECT user_agent FROM sessions"), "not kept up to the cut character"


@test("T-69, 41: who chose one account and has become another in a second tab does not go on as that other")
def chosen_account(site):
    client, first, second = site.add_client(), site.person(), site.person("second")
    browser = signed_in(site, first, client)
    choice = browser.open(AUTHORIZE, request_of(client, prompt="select_account"))
    form = choice.page().forms[0]
    authorize(site, client, second, browser, prompt="login")
    answer = browser.submit(form, button=form["buttons"][0])
    equal(answer.status, 403, str(answer))
    assert response_of(answer, client.redirect_uri) is None, "the choice of the first was taken for the second's"


@test("T-69: another person signing in at prompt=login gets a session of their own")
def subject_change(site):
    client = site.client()
    browser = site.browser()
    one = sign_in(site, client, site.person(), browser)
    two = sign_in(site, client, site.person("second"), browser, prompt="login")
    assert one.id_claims["sub"] != two.id_claims["sub"]
    assert one.id_claims.get("sid") is None or one.id_claims["sid"] != two.id_claims["sid"], "the same sid for two people"


@test("abuse 26: a truncated, doubled or foreign session cookie counts as none")
def odd_cookies(site):
    browser = signed_in(site)
    good = browser.cookies["public-session"]
    client = site.client()
    for header in (f"public-session={good[:-1]}", f"public-session={good}0", f"public-session={good.upper()}" if good.upper() != good else "x=1",
                   f"public-session={good}; public-session={'0' * 64}", f"public-session=\"{good}\"", f"Public-Session={good}",
                   "public-session=", "public-session", "=" + good, "public-session=" + "a" * 4000, ";" * 500, "a=b; " * 100):
        answer = site.web.get(AUTHORIZE, request_of(client, prompt="none"), {"Cookie": header})
        response = response_of(answer, client.redirect_uri)
        assert response and response.get("error") == "login_required", f"{header[:60]}: {answer}"


@test("T-26, T-71, security 121: a login or consent address opened in another browser does not join its flow")
def bound_to_browser(site):
    browser, login = open_login(site)
    address = browser.here
    answer = site.browser().open(address)
    assert response_of(answer, site.client().redirect_uri) is None
    assert not is_login(answer.page()) or answer.status == 200, str(answer)
    stranger = site.browser()
    joined = stranger.open(address)
    if is_login(joined.page()):
        after = fill_login(stranger, joined, site.person("second"))
        response = response_of(after, site.client().redirect_uri)
        assert response is None or not response.get("code"), "joined somebody else's flow"
    browser, _, client = open_consent(site)
    other = signed_in(site, site.person("second"))
    answer = other.open(browser.here)
    assert response_of(answer, client.redirect_uri) is None and consent_form(answer.page()) is None, f"another's consent page: {answer}"


@test("consent: names the client and each scope; deny goes to the client as access_denied; allow is remembered (39)")
def consent(site):
    client = site.add_client(client_name="Photo Albums")
    browser, answer, _ = open_consent(site, client)
    assert "Photo Albums" in answer.page().text, answer.page().text
    denied = response_of(decide(browser, answer, allow=False), client.redirect_uri)
    equal(denied.get("error"), "access_denied", str(denied.parameters))
    assert denied.get("iss") == site.url
    seen = []
    authorize(site, client, browser=browser, seen=seen, scope="openid email")
    equal(seen, ["consent"], "asked again after deny")
    seen = []
    authorize(site, client, browser=browser, seen=seen, scope="openid email")
    equal(seen, [], "not asked again after allow")
    seen = []
    authorize(site, client, browser=browser, seen=seen, scope="openid email profile")
    equal(seen, ["consent"], "a new scope is asked for")
    seen = []
    authorize(site, client, browser=browser, seen=seen, scope="openid", prompt="consent")
    equal(seen, ["consent"], "prompt=consent always asks")


@test("39: a native client with a loopback or custom-scheme address asks again each time (RFC 8252 8.6)")
def native_consent(site):
    client = site.client("native")
    browser = site.browser()
    for redirect_uri in ("http://127.0.0.1:4711/cb", "com.example.app:/cb"):
        for _ in range(2):
            seen = []
            authorize(site, client, browser=browser, seen=seen, redirect_uri=redirect_uri, verifier="v" * 43)
            assert seen, "a code without asking"


@test("40, T-58, T-64: client and person names are shown inert, bidi controls included")
def hostile_names(site):
    hostile = '<b onclick=alert(1)>"Bank"</b>{{name}}{{{x}}}&amp;'
    client = site.add_client(client_name=hostile)
    person = site.add_person(name="<script>alert(2)</script>'\"&")
    _, answer, _ = open_consent(site, client, person)
    page = answer.page()
    assert "alert(2)</script>" not in answer.text and not [a for t, a in page.tags if "onclick" in a], "markup came through"
    assert '"Bank"' in page.text, page.text
    refused_name = {"client_name": "moc.live\u202e"}
    try:
        site.add_client(**refused_name)
    except AssertionError:
        return
    raise AssertionError("40: a name with a bidi override was registered")


@test("T-58: a polyglot in every parameter of the authorization endpoint is inert on the pages")
def polyglot(site):
    payload = "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=alert() )//</stYle/</titLe/</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd=alert()//>"
    client = site.client()
    for name in list(request_of(client)) + ["login_hint", "ui_locales", "display", "acr_values", "response_mode", "prompt", "max_age",
                                            "id_token_hint", "claims", "code_challenge", "extra", "provider"]:
        answer = site.browser().open(AUTHORIZE, request_of(client, **{name: payload}))
        if answer.media_type == "text/html":
            handlers = [(tag, a) for tag, a in answer.page().tags if any(key.startswith("on") for key in a)]
            svgs = [tag for tag, _ in answer.page().tags if tag == "svg" and "<svg/" in answer.text.lower()]
            assert not handlers and not svgs, f"{name}: {handlers}"


@test("registration: a new person signs up in the flow and comes back to the client with an unverified address")
def registration(site):
    import time
    browser, answer = open_registration(site)
    email = f"fresh-{time.time_ns()}@people.example"
    answer = fill_registration(browser, answer, email)
    class Fresh:
        pass
    fresh = Fresh()
    fresh.email, fresh.password = email, "a quite good password"
    response = walk(browser, answer, fresh, site.client().redirect_uri)
    body = token_response(redeem(site, site.client(), response["code"]))
    assert Jwt(body["id_token"]).claims["sub"]
    rows = site.sql(f"SELECT email_verified FROM users WHERE email_key = '{email}'")
    equal(rows, [["0"]], "email_verified")


@test("registration: what is wrong is said beside the field, what was typed is kept, the password isn't (abuse 25, security 125)")
def registration_refusals(site):
    import time
    for email, name, password in (("no-address", "N N", "a quite good password"), ("a@b@c.example", "N N", "a quite good password"),
                                  (f"x{time.time_ns()}@p.example", "N N", "short"), (f"x{time.time_ns()}@p.example", "", "a quite good password")):
        browser, answer = open_registration(site)
        answer = fill_registration(browser, answer, email, name, password)
        assert register_form(answer), f"{email}, {password}: {answer}"
        assert "public-session" not in browser.cookies and answer.page().title.startswith("Error"), (email, answer.page().title)
        invalid = [a for _, a in answer.page().tags if a.get("aria-invalid") == "true"]
        assert invalid and invalid[0].get("aria-describedby"), "no field is marked"
        assert f'value="{password}"' not in answer.text, "the password came back"


@test("security 125: passwords of 64 and 128 bytes work, and one that differs only in byte 73 is wrong")
def long_passwords(site):
    password = "p" * 72 + "Q" + "r" * 55
    person = site.add_person(password=password)
    browser, login = open_login(site)
    answer = fill_login(browser, login, person, password="p" * 72 + "X" + "r" * 55)
    assert "public-session" not in browser.cookies, "truncated"
    assert walk(browser, answer, person, site.client().redirect_uri)["code"]


@test("abuse 25, T-97: a password of 1 MiB is refused before it is hashed")
def giant_password(site):
    browser, login = open_login(site)
    try:
        answer = fill_login(browser, login, site.person(), password="p" * (1 << 20))
    except OSError:
        return  # the web server refused it before it had read it all
    one_of(answer.status, (200, 400, 401, 413, 422), str(answer.status))


@test("T-90, abuse 24: letter case and width of the address do not matter; the account is the same")
def email_case(site):
    person = site.add_person()
    plain = sign_in(site, site.client(), person).id_claims["sub"]
    person.email = person.email.upper()
    equal(sign_in(site, site.client(), person).id_claims["sub"], plain, "sub")


@test("registration with a taken address, letter case aside, makes no second account")
def taken_address(site):
    person = site.add_person()
    browser, answer = open_registration(site)
    answer = fill_registration(browser, answer, person.email.capitalize())
    assert "public-session" not in browser.cookies, "signed in as somebody else"
    equal(site.sql(f"SELECT COUNT(*) FROM users WHERE email_key = '{person.email}'"), [["1"]], "accounts")


@test("T-87, security 130: ten wrong passwords slow the account down; the answer is a kind page with Retry-After")
def throttled(site):
    person = site.add_person()
    statuses = []
    for _ in range(25):
        browser, login = open_login(site)
        answer = fill_login(browser, login, person, password="wrong wrong wrong")
        statuses.append(answer.status)
        if answer.status == 429:
            assert answer.header("Retry-After"), answer.headers
            break
    assert 429 in statuses, f"never slowed down: {statuses}"


@test("4, T-12, T-13: no page leads off the site by a parameter")
def no_open_redirect(site):
    browser = signed_in(site)
    for path in ("/login", "/register", "/oauth/consent", "/api/oauth/logout"):
        for name in ("return_to", "redirect_uri", "next", "url", "oauth_request", "request", "post_logout_redirect_uri", "lang", "continue"):
            for value in ("//evil.example", "/\\evil.example", "https:evil.example", "javascript:alert(1)", "https://evil.example", "/\tevil.example"):
                answer = browser.get(path, {name: value})
                location = answer.location or "/"
                assert browser.is_ours(location) and "evil.example" not in urllib.parse.urlsplit(browser.absolute(location)).netloc, f"{path}?{name}={value}: {location}"


@test("a login page without a flow, and one of a flow that never was, are pages with a way on")
def no_flow(site):
    for path in ("/login", "/login?oauth_request=x", "/oauth/consent", "/oauth/consent?request=x", "/login?oauth_request=" + "A" * 3000):
        answer = site.browser().open(path)
        assert answer.status < 500 and answer.media_type == "text/html", f"{path}: {answer}"


@test("an unknown page is 404: a page for a browser, JSON for a program, nothing told (security 120)")
def not_found(site):
    for accept, kind in (("text/html", "text/html"), ("application/json", "application/json")):
        answer = site.web.get("/nowhere", headers={"Accept": accept})
        equal((answer.status, answer.media_type), (404, kind), accept)
    for path in ("/.git/config", "/etc/passwd", "/templates/login.html", "/../etc/passwd", "/static/../../etc/passwd", "/static/%2e%2e/%2e%2e/etc/passwd"):
        one_of(site.web.raw_request("GET", path).status, (400, 403, 404), path)


run()
