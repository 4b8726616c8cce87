#!/usr/bin/env python3
"""The Basic modules again with response_mode=form_post, and what a form_post page must be (C11)."""
from kit import *


def posted(site, client, browser=None, person=None, **parameters):
    response = authorize(site, client, person, browser, response_mode="form_post", **parameters)
    equal(response.mode, "form_post", f"mode of {response.answer}")
    return response


@test("C11 oidcc-server by form_post: a form that POSTs to the redirect_uri, nothing in the URL, and a code that works")
def server(site):
    client = site.client()
    request = request_of(client, response_mode="form_post")
    browser = site.browser()
    response = walk(browser, browser.open(AUTHORIZE, request), site.person(), client.redirect_uri)
    equal(response.mode, "form_post", "mode")
    equal(response.redirect_uri, client.redirect_uri, "no parameters in the URL")
    authorization_response(response, request, site.url)
    body = token_response(redeem(site, client, response["code"]))
    id_token(body, jwks(site), site.url, client, request["nonce"])


@test("1.4: the page works without script by a visible button, may not be stored, and its policy lets only that form out")
def page(site):
    client = site.client()
    browser = signed_in(site)
    answer = browser.get(AUTHORIZE, request_of(client, response_mode="form_post", prompt="none"))
    form = answer.page().forms[0]
    equal(form["method"], "post", "method")
    assert form["buttons"] and form["buttons"][0]["text"], "no visible button"
    assert "no-store" in answer.header("Cache-Control"), answer.headers
    policy = dict(part.strip().split(" ", 1) for part in answer.header("Content-Security-Policy").split(";") if " " in part.strip())
    equal(policy["form-action"].split(), ["https://client.example"], "form-action")
    assert "unsafe-inline" not in answer.header("Content-Security-Policy"), policy
    assert "frame-ancestors" in policy, policy


@test("1.4, T-59: values are escaped, whatever the state holds")
def escaped(site):
    client = site.client()
    browser = signed_in(site)
    for state in ('"><script>alert(1)</script>', "'><img src=x onerror=alert(1)>", "&quot;&#34;", "</form><form action=https://evil.example>", "<!--", "{{{state}}}"):
        answer = browser.get(AUTHORIZE, request_of(client, response_mode="form_post", prompt="none", state=state))
        page = answer.page()
        equal(len(page.forms), 1, f"forms with {state}")
        equal(response_of(answer, client.redirect_uri)["state"], state, "state")
        assert not [a for _, a in page.tags if "onerror" in a] and "alert(1)</script>" not in answer.text, state


@test("1.4: refusals are posted as well")
def errors(site):
    client = site.client()
    answer = site.browser().get(AUTHORIZE, request_of(client, response_mode="form_post", prompt="none", state="s"))
    response = response_of(answer, client.redirect_uri)
    equal((response.mode, response["error"], response["state"], response["iss"]), ("form_post", "login_required", "s", site.url), str(answer))
    denied = posted(site, client, scope="openid email", prompt="consent", allow=False)
    equal(denied.get("error"), "access_denied", str(denied.parameters))


@test("oidcc-prompt-none-logged-in, oidcc-max-age-10000, oidcc-ensure-request-without-nonce-succeeds-for-code-flow by form_post")
def more_modules(site):
    client = site.client()
    browser = signed_in(site)
    for words in ({"prompt": "none"}, {"max_age": "10000"}, {"nonce": None}, {"scope": "openid profile", "prompt": "consent"}):
        response = posted(site, client, browser, **words)
        token_response(redeem(site, client, response["code"]))


@test("oidcc-prompt-login, oidcc-max-age-1 by form_post: the sign-in page comes first")
def sign_in_again(site):
    client = site.client()
    browser = signed_in(site)
    for words in ({"prompt": "login"}, {"max_age": "0"}):
        seen = []
        response = authorize(site, client, None, browser, seen, response_mode="form_post", **words)
        assert "login" in seen and response.mode == "form_post", (words, seen)


@test("oidcc-codereuse by form_post: a second use is invalid_grant")
def codereuse(site):
    client = site.client()
    code = posted(site, client)["code"]
    token_response(redeem(site, client, code))
    refused(redeem(site, client, code), 400, "invalid_grant")


@test("oidcc-ensure-registered-redirect-uri by form_post: no form to an address that is not registered (T-10)")
def registered(site):
    client = site.client()
    for uri in ("https://evil.example/cb", "javascript:alert(1)", "data:text/html,x"):
        answer = site.browser().get(AUTHORIZE, request_of(client, response_mode="form_post", redirect_uri=uri))
        equal(answer.status, 400, uri)
        assert not [f for f in answer.page().forms if uri in f["action"]] if answer.media_type == "text/html" else True


@test("T-10: a javascript:, data: or http: address of a web client is refused when it is registered")
def dangerous_registration(site):
    import json
    import tempfile
    for uri in ("javascript:alert(1)", "data:text/html,x", "http://client.example/cb", "https://client.example/cb#f", "https://u@client.example/cb",
                "https://client.example/a b", "vbscript:x", "file:///x", "//client.example/cb", "https:///cb"):
        with tempfile.NamedTemporaryFile("w") as file:
            json.dump({"redirect_uris": [uri], "client_name": "X"}, file)
            file.flush()
            done = run_cli(site, "client", "add", "--service", site.service, "--metadata", file.name)
            assert done != 0, f"{uri} was registered"


def run_cli(site, *arguments):
    import subprocess
    return subprocess.run([site.program, "-c", site.conf, *arguments, "--json"], capture_output=True, timeout=60).returncode


run()
