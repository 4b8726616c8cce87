"""A person who signs in by a provider: from a page of ours to the fake and back, as a browser without JavaScript does it."""
import urllib.parse

import kit
from flow import consent_form, decide, response_of
from harness import Doorward, Providers, TestCase, main
from installation import Site
from signing_in import is_signed_in, link_to, open_flow


def login_path(fake):
    return f"/api/auth/{fake.name}/login"


class Traveller:
    """One browser, in front of the sign-in page of a flow; or of /login, with flow=False."""

    def __init__(self, site, fake, client=None, browser=None, flow=True, **parameters):
        self.site, self.fake, self.client = site, fake, client or site.client()
        self.browser = browser or site.browser()
        if flow:
            _, self.page, _ = open_flow(site, self.client, self.browser, **parameters)
        else:
            self.page = self.browser.open("/login")

    def leave(self, page=None):
        """Presses the provider's button, here or on the sign-in page that is linked to; the address that they are sent to."""
        page = page or self.page
        ways = [link for link in page.page().links if link.startswith("/login?oauth_request=")]
        if ways and not any(login_path(self.fake) in link for link in page.page().links):
            page = self.browser.open(ways[0])
        answer = self.browser.get(link_to(page, login_path(self.fake)))
        assert answer.is_redirect and not self.browser.is_ours(answer.location), f"not sent to {self.fake.name}: {answer}, {answer.location}"
        return answer.location

    def arrive(self, back):
        """Comes back by the address, or the form, that visit() gave; the page or redirect at the end."""
        if isinstance(back, tuple):  # from another site, so that no cookie comes along (SameSite=Lax)
            answer = self.browser.web.post(urllib.parse.urlsplit(back[0]).path, back[1],
                                           headers={"Origin": self.fake.url, "Accept": "text/html"})
            return self.browser.follow(answer)
        return self.browser.open(back.split("#")[0])

    def go(self, account="ann", page=None, **more):
        """There and back."""
        return self.arrive(self.fake.visit(self.leave(page), account, **more))

    @property
    def is_signed_in(self):
        return is_signed_in(self.browser)

    def finish(self, answer):
        """Allows what the client wants, where that is asked; the client's code, or None."""
        if answer.media_type == "text/html" and consent_form(answer.page()):
            answer = decide(self.browser, answer)
        response = response_of(answer, self.client.redirect_uri)
        return response.get("code") if response else None


def is_told(answer, what):
    """A page of ours that says what happened and leads on."""
    assert answer.status in (200, 400, 401, 403, 404, 503) and answer.media_type == "text/html", f"{what}: {answer} {answer.location}"
    page = answer.page()
    assert page.title and (page.forms or page.links), f"{what}: no way on: {page.text}"
    return page.text


def run_with_providers(**options):
    """As kit.run(), with the fakes registered as site.fakes."""
    caller = kit.sys._getframe(1).f_globals
    if caller["__name__"] != "__main__":
        return

    class Api(TestCase):
        @classmethod
        def setUpClass(cls):
            fakes = cls.enterClassContext(Providers())
            settings = {**fakes.settings, **options.pop("settings", {})}
            door = cls.enterClassContext(Doorward(settings=settings, **options))
            cls.site = Site(door.environment(), door)
            cls.site.fakes = fakes
            fakes.register(cls.site.cli)

        def setUp(self):
            for fake in self.site.fakes:
                fake.reset()

        @classmethod
        def tearDownClass(cls):
            cls.site.web.close()

    kit.add_tests(Api)
    caller["Api"] = Api
    main()
