#!/usr/bin/env python3
"""Microsoft: tenants and who may come of which, addresses that nobody vouches for, tokens that hold all that was ever allowed."""
import json
import time
import urllib.parse

from connecting import Member, Place, SignedIn, words_of
from kit import *
from providing import *
from signing_in import *

CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
HOME = "c0000000-0000-4000-8000-000000000001"  # the fake's people.example, where everybody is who isn't said to be elsewhere


def people(word, **changes):
    """Of one person, what has changed."""
    fakes["microsoft"].set(people={word: changes})


def provider(site, name, authority):
    """Another provider of the same kind: people of that authority alone."""
    fakes["microsoft"].register(site.cli, name=name, kind="microsoft", display_name=name, issuer=f"{fakes['microsoft'].url}/{authority}/v2.0")
    return name


def arrives(browser, name, word, authority=None, follow=False):
    """Signs in by the provider; at another authority than the one they were sent to, as who changes the address may."""
    url = leave(browser, name)
    if authority:
        path = urllib.parse.urlsplit(url).path
        url = url.replace(path, f"/{authority}/{path.split('/', 2)[2]}")
    return come_back(browser, fakes["microsoft"].visit(url, word), follow)


def is_refused(site, browser, answer, error, word):
    equal(error_of(answer), error, word)
    assert who(browser) is None, f"{word} is signed in"
    equal(connections_of(site, word), [], word)


# --- tenants ---

@test("people of any tenant sign in by Microsoft, at work and in private; each is known by a subject that is this application's alone")
def tenants(site):
    seen = set()
    for tenant in ("people.example", "other.example", "consumers"):
        word, browser = somebody(), site.browser()
        people(word, tenant=tenant)
        answer = sign_in(browser, "microsoft", word, follow=False)
        equal(urllib.parse.urlsplit(answer.location).query, "login=success", tenant)
        equal((who(browser)["email"], who(browser)["emailVerified"]), (address_of(word), True), tenant)
        again = site.browser()
        sign_in(again, "microsoft", word)
        equal(who(again)["id"], who(browser)["id"], tenant)
        [[_, subject]] = connections_of(site, word)
        seen.add(subject)
    equal(len(seen), 3)


@test("nOAuth: of a provider for one tenant, by its id or its domain, nobody else gets in, whatever authority they signed in at")
def one_tenant(site):
    for authority in (HOME, "people.example"):
        name = provider(site, "corp-" + authority[:6], authority)
        word, stranger, browser = somebody(), somebody(), site.browser()
        arrives(browser, name, word)
        equal(who(browser)["email"], address_of(word), authority)
        people(stranger, tenant="other.example")
        browser = site.browser()
        is_refused(site, browser, arrives(browser, name, stranger, authority="common"), f"{name}_callback_failed", stranger)
        assert f"provider {name}: ID Token: iss is another's" in site.log(), authority


@test("of a provider for organizations nobody gets in with a private account, of one for consumers nobody else")
def kinds_of_accounts(site):
    for authority, inside, outside in (("organizations", "other.example", "consumers"), ("consumers", "consumers", "people.example")):
        name, word, stranger, browser = provider(site, authority, authority), somebody(), somebody(), site.browser()
        people(word, tenant=inside)
        arrives(browser, name, word)
        equal(who(browser)["email"], address_of(word), authority)
        people(stranger, tenant=outside)
        browser = site.browser()
        is_refused(site, browser, arrives(browser, name, stranger, authority="common"), f"{name}_callback_failed", stranger)


@test("security 38: an ID Token whose issuer doesn't fit its tid, or which has none that is one, signs nobody in")
def issuer_and_tenant(site):
    fake = fakes["microsoft"]
    for claims in ({"tid": CONSUMERS}, {"tid": None}, {"tid": "common"}, {"tid": "{tenantid}", "iss": f"{fake.url}/{{tenantid}}/v2.0"},
                   {"tid": "common", "iss": f"{fake.url}/common/v2.0"}, {"iss": f"{fake.url}/{CONSUMERS}/v2.0"}, {"tid": HOME.upper()},
                   {"iss": f"https://evil.example/{HOME}/v2.0"}, {"iss": f"{fake.url}/{HOME}/v2.0/"}):
        word, browser = somebody(), site.browser()
        fake.fault("token", "id_token", claims=claims)
        is_refused(site, browser, sign_in(browser, "microsoft", word, follow=False), "microsoft_callback_failed", word)
    browser = site.browser()
    fake.fault("token", "id_token", claims={"iss": f"{fake.url}/{CONSUMERS}/v2.0", "tid": CONSUMERS})
    sign_in(browser, "microsoft", somebody())
    assert who(browser), "a tenant and its issuer, both changed, fit"


# --- addresses ---

@test("nOAuth, security 122: whoever runs a tenant writes any address into it; without xms_edov it opens nothing and matches nobody, whatever else they say")
def takeover(site):
    fake, word = fakes["microsoft"], somebody()
    owner = add_owner(site, word)
    for edov, claims in ((None, {}), (False, {}), ("false", {}), (0, {}), ("0", {}), (None, {"email_verified": True}),
                         (None, {"verified_primary_email": [owner.email], "upn": owner.email, "preferred_username": owner.email})):
        evil, browser = somebody(), site.browser()
        people(evil, tenant="other.example", email=owner.email, edov=edov)
        fake.fault("token", "id_token", claims=claims)
        answer = sign_in(browser, "microsoft", evil, follow=False)
        is_refused(site, browser, answer, "microsoft_address_taken", word)
        equal(site.sql(f"SELECT COUNT(*) FROM challenges WHERE email_key = '{owner.email}'"), [["0"]], f"xms_edov {edov}, {claims}")
    for edov in (True, 1, "1", "true"):
        browser = site.browser()
        people(word, edov=edov)
        page = sign_in(browser, "microsoft", word)
        assert who(browser) is None and is_login(page.page()) and owner.email in page.text, f"xms_edov {edov}: {page}"
    fill_login(browser, page, owner)
    equal((who(browser)["id"], len(connections_of(site, word))), (owner.id, 1))


@test("nOAuth: who is known and then takes somebody's address stays who they were")
def changed_address(site):
    evil, word = somebody(), somebody()
    owner = add_owner(site, word)
    browser = site.browser()
    sign_in(browser, "microsoft", evil)
    person = who(browser)
    for edov in (None, True):
        people(evil, email=owner.email, edov=edov)
        again = site.browser()
        sign_in(again, "microsoft", evil)
        equal((who(again)["id"], who(again)["email"]), (person["id"], person["email"]), f"xms_edov {edov}")
    equal(connections_of(site, owner.email), [])


@test("a new person whose address nobody vouches for confirms it by a mail; without one there is no account, though a user name looks like one")
def newcomers(site):
    word, browser = somebody(), site.browser()
    people(word, edov=None)
    sign_in(browser, "microsoft", word)
    equal((urllib.parse.urlsplit(browser.here).path, who(browser)["emailVerified"]), ("/confirm", False))
    site.mail.wait(address_of(word), "verify_email")
    word, browser = somebody(), site.browser()
    people(word, email=None)
    fakes["microsoft"].fault("token", "id_token", claims={"preferred_username": address_of(word), "xms_edov": True})
    is_refused(site, browser, sign_in(browser, "microsoft", word, follow=False), "microsoft_no_email", word)


@test("an address that only the userinfo endpoint tells isn't vouched for by what the ID Token says of another")
def userinfo(site):
    word, browser = somebody(), site.browser()
    fakes["microsoft"].fault("token", "id_token", claims={"email": None, "xms_edov": True})
    sign_in(browser, "microsoft", word)
    equal((who(browser)["email"], who(browser)["emailVerified"]), (address_of(word), False))


# --- what it says no with ---

@test("who needs an administrator's consent, a second step, or cancels is told so; the numbers stand in the log, the descriptions nowhere")
def refusals(site):
    fake, browser = fakes["microsoft"], site.browser()
    for word, told in {"consent_required": "administrator", "interaction_required": "second step", "access_denied": "cancelled"}.items():
        fake.fault("back", "change", remove=["code"], set={"error": word, "error_description": "AADSTS65001: Call 0900"})
        answer = sign_in(browser, "microsoft", somebody(), follow=False)
        equal(error_of(answer), f"microsoft_{word}")
        page = browser.follow(answer)
        assert told in errors_of(page) and "0900" not in page.text and link_to(page, "/login"), f"{word}: {page}"
    fake.fault("token", "status", status=400, body=json.dumps({"error": "invalid_grant", "error_codes": [50173], "suberror": "bad_token",
                                                               "error_description": "AADSTS50173: The grant of ann@people.example was revoked."}))
    equal(error_of(sign_in(browser, "microsoft", somebody(), follow=False)), "microsoft_callback_failed")
    assert "provider microsoft: refused: invalid_grant (50173)" in site.log() and "AADSTS" not in site.log()


@test("prompt is passed on, one at a time, and the address as a hint")
def prompts(site):
    for prompt in ("login", "select_account"):
        asked = words_of(leave(site.browser(), "microsoft", prompt=prompt, login_hint="ann@people.example"))
        equal((asked["prompt"], asked["login_hint"], asked["scope"]), (prompt, "ann@people.example", "openid profile email"))


# --- tokens for services ---

def place(site, scopes="Mail.Read Calendars.Read"):
    return Place(site, fakes, scopes=f"microsoft={scopes}")


def change(site, user, words):
    site.sql(f"UPDATE connections SET {words} WHERE user_id = UNHEX('{user.id.replace('-', '')}')")


def expire(site, user):
    change(site, user, f"token_expires_at = {int(time.time()) + 60}")


def token(user, *scopes):
    return user.token("microsoft", scopes=list(scopes))


@test("a token of Graph, asked for with offline_access; refreshed behind the answer's own spelling of scopes, with the newest refresh token")
def tokens(site):
    fake, user = fakes["microsoft"], place(site).member()
    user.connect("microsoft", scopes=["Mail.Read"])
    assert "offline_access" in fake.asked("authorize")[-1]["query"]["scope"].split(), "asked for"
    first = token(user, "Mail.Read")
    equal(first["scopes"], ["Mail.Read"])
    fake.set(rotate=True)  # stricter than it is
    seen = {first["access_token"]}
    for _ in range(2):
        expire(site, user)
        fake.fault("refresh", "change", set={"scope": "https://graph.microsoft.com/Mail.Read https://graph.microsoft.com/User.Read email openid profile"})
        seen.add(token(user, "Mail.Read")["access_token"])
    equal(len(seen), 3, "tokens")


@test("scopes are added one after the other; what was allowed before stays in the token and in the grant")
def incremental(site):
    user = place(site).member()
    user.connect("microsoft", scopes=["Mail.Read"])
    body = user.action("microsoft", code="PROVIDER_SCOPE_CONSENT_REQUIRED", scopes=["Calendars.Read"])
    equal(body["missing_scopes"], ["Calendars.Read"])
    equal(user.go(body["reauth_url"], "microsoft")["provider_grant"], "success")
    equal(sorted(token(user, "Mail.Read", "Calendars.Read")["scopes"]), ["Calendars.Read", "Mail.Read"])


def allowed_elsewhere(site, scopes):
    """Somebody whose consent is older than their connection: each of their tokens can read calendars."""
    user = place(site, scopes=scopes).member()
    other = place(site)
    twin = Member(other, user.name, user.email, other.key.post("users", {"email": user.email}).json()["id"])
    twin.connect("microsoft", scopes=["Calendars.Read"])
    return user


@test("a token that can do more than was asked for, since that was allowed before, is had by who may have all of it, once they are allowed to")
def accumulated(site):
    user = allowed_elsewhere(site, "Mail.Read Calendars.Read")
    for _ in range(3):
        answer = user.ask("microsoft", scopes=["Mail.Read"]).json()
        if answer["status"] == "ok":
            break
        equal(user.go(answer["reauth_url"], "microsoft")["provider_grant"], "success")
    equal(sorted(answer["scopes"]), ["Calendars.Read", "Mail.Read"], "what the person was asked for, and allowed")


@test("and never by who may not")
def too_wide(site):
    user = allowed_elsewhere(site, "Mail.Read")
    for _ in range(2):
        user.go(user.action("microsoft", scopes=["Mail.Read"])["reauth_url"], "microsoft")
    user.action("microsoft", code="PROVIDER_REAUTH_REQUIRED", scopes=["Mail.Read"])


@test("what only says who somebody is doesn't make a token too wide, User.Read included")
def identity(site):
    fake, user = fakes["microsoft"], place(site, "Mail.Read").member()
    fake.fault("token", "change", set={"scope": "Mail.Read User.Read email openid profile"})
    user.connect("microsoft")
    token(user, "Mail.Read")


@test("a refresh that needs the person (consent taken back, a second step) is final; what an administrator has to allow is told to the service")
def final(site):
    fake, user = fakes["microsoft"], place(site).member()
    user.connect("microsoft")
    expire(site, user)
    fake.withdraw(user.name)
    body = user.action("microsoft", code="PROVIDER_REAUTH_REQUIRED")
    assert "provider microsoft: refused: invalid_grant (65001)" in site.log()
    user.go(body["reauth_url"], "microsoft")
    token(user)
    expire(site, user)
    fake.fault("refresh", "status", status=400, body=json.dumps({"error": "interaction_required", "error_codes": [50076]}))
    body = user.action("microsoft", code="PROVIDER_REAUTH_REQUIRED")
    fake.fault("back", "change", remove=["code"], set={"error": "consent_required"})
    answer = user.go(body["reauth_url"], "microsoft")
    equal((answer["provider_grant"], answer["error"]), ("error", "consent_required"))


@test("an account that is taken off is forgotten here; Microsoft has nothing to be told by, so nobody is asked, and nothing waits")
def taken_off(site):
    fake, here = fakes["microsoft"], place(site)
    user = SignedIn(here)
    user.connect("microsoft", browser=user.browser)
    app, before = user.token_of(), fake.counts
    [account] = app.get("linked-accounts").json()["accounts"]
    equal(app.delete(f"linked-accounts/{account['id']}").status, 204)
    equal(app.get("linked-accounts").json()["accounts"], [])
    until(lambda: site.sql("SELECT DISTINCT state, token_sealed = '' FROM provider_revocations WHERE provider = 'microsoft'") == [["sent", "1"]], "nothing waits")
    equal({**fake.counts, "discovery": 0}, {**before, "discovery": 0}, "calls")


fakes.are_known = True
run(workers=6, **options_with_providers())
