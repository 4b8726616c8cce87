"""Signing in by the fake providers (contrib/demo/providers): one Doorward that has all of them in its configuration,
and the ways of a person between the two."""
import atexit
import json
import os
import secrets
import urllib.parse

from harness.providers import PROVIDERS, Providers
from signing_in import form_to, link_to

PASSWORD = "correct horse battery staple"

fakes = Providers()


def options_with_providers(**settings):
    """Starts the fakes; options for run(). changes of a provider's metadata: {"acme": {...}} as providers=."""
    changes = settings.pop("changes", {})
    fakes.__enter__()
    atexit.register(fakes.__exit__)
    path = os.path.join(fakes.directory, "providers.json")
    with open(path, "w") as file:
        json.dump([fakes[name].metadata(**changes.get(name, {})) for name in PROVIDERS], file)
    os.chmod(path, 0o600)
    return {"settings": {"sign_in_limit_per_address": 10000, "mail_request_limit_per_address": 1000, **fakes.settings,
                         "providers": path, **settings}}


def somebody():
    """A word for a person whom nobody has seen yet; their address at each fake is WORD@people.example."""
    return "p" + secrets.token_hex(5)


def address_of(word):
    return f"{word}@people.example"


def add_owner(site, word, password=True, verified=True):
    """An account here with the address that the word has at the providers."""
    import tempfile
    from installation import Person
    person = Person(address_of(word), PASSWORD, "Owner " + word)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(PASSWORD + "\n")
        file.flush()
        added = site.cli("user", "add", "--email", person.email, "--name", person.name, "--password-file", file.name,
                         *(["--verified"] if verified else []))
    person.id = added["id"]
    return person


def leave(browser, provider, answer=None, **query):
    """Where a browser is sent: by the button of a page, or by the address of the login."""
    if answer is None:
        answer = browser.get(f"/api/auth/{provider}/login", query)
    else:
        answer = browser.get(link_to(answer, f"/api/auth/{provider}/login"))
    assert answer.is_redirect and not browser.is_ours(answer.location), f"not sent to {provider}: {answer} {answer.location}"
    return answer.location


def come_back(browser, back, follow=True):
    """With the answer that the provider gave: an address, or (of Apple) an address and a form that is posted."""
    if isinstance(back, tuple):
        # what a browser sends from another site: no cookie that is SameSite=Lax
        bare = browser.clone_without(*browser.cookies)
        answer = bare.request("POST", back[0], form=back[1], headers={"Origin": "https://provider.example"})
        assert answer.status == 303, f"a form_post answer: {answer}"
        back = answer.location
    answer = browser.get(back)
    return browser.follow(answer) if follow else answer


def sign_in(browser, provider, word, answer=None, follow=True, **query):
    """The whole way; where it ends."""
    return come_back(browser, fakes[provider].visit(leave(browser, provider, answer, **query), word), follow)


def who(browser):
    """The person who is signed in, as the session tells; None."""
    here = browser.here
    answer = browser.get("/api/public/session")
    browser.here = here
    return answer.json()["user"] if answer.status == 200 else None


def error_of(answer):
    """The word of the error that somebody was sent away with."""
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.location).query))
    return query.get("error")


def connections_of(site, word_or_email):
    """Rows of the accounts that a person has connected: (provider, subject)."""
    email = word_or_email if "@" in word_or_email else address_of(word_or_email)
    return site.sql("SELECT c.provider, c.subject FROM connections c JOIN users u ON u.id = c.user_id"
                     f" WHERE u.email_key = '{email}' ORDER BY c.provider")
