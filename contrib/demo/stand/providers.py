"""The fake providers of a stand: contrib/demo/providers as one process, and what an installation must know of
each, in the words of `doorward provider add --metadata`."""
import json
import os

from .process import Process

HOST = "localhost"  # what egress_allow must list

# The part behind the fake's own address of each endpoint; an issuer says its endpoints itself.
PROVIDERS = {
    "google": {"issuer": "", "client_id": "doorward.apps.example", "client_secret": "the-secret-of-doorward-at-google"},
    "facebook": {"authorization_endpoint": "/v23.0/dialog/oauth", "token_endpoint": "/v23.0/oauth/access_token",
                 "userinfo_endpoint": "/v23.0/me", "revocation_endpoint": "/v23.0/me/permissions",
                 "client_id": "1234567890123456", "client_secret": "the-secret-of-doorward-at-facebook"},
    "github": {"authorization_endpoint": "/login/oauth/authorize", "token_endpoint": "/login/oauth/access_token",
               "userinfo_endpoint": "/user", "emails_endpoint": "/user/emails",
               "revocation_endpoint": "/applications/{client_id}/token",
               "client_id": "Iv1.doorward", "client_secret": "the-secret-of-doorward-at-github"},
    "acme": {"kind": "oidc", "display_name": "Acme", "issuer": "",
             "client_id": "doorward-at-acme", "client_secret": "the-secret-of-doorward-at-acme"},
}


class ProviderProcess:
    """start() and stop(); between them urls has the address of each by name."""

    def __init__(self, source, log):
        self.program = os.path.join(source, "contrib", "demo", "providers", "main.mjs")
        self.log, self.urls, self.process = log, {}, None

    def start(self):
        self.process = Process("the fake providers", ["node", self.program], self.log)
        self.process.wait_until(self._read_urls, 30, "tell their addresses")

    def _read_urls(self):
        with open(self.log) as log:
            lines = [line for line in log if line.startswith("{") and line.endswith("}\n")]
        self.urls = json.loads(lines[-1]) if lines else {}
        return self.urls

    def stop(self):
        process, self.process = self.process, None
        if process:
            process.stop(5)

    def metadata(self, name, **changes):
        """One provider for `doorward provider add`; None as a value leaves a member out."""
        words = {"name": name, **{key: self.urls[name] + value if key == "issuer" or value.startswith("/") else value
                                  for key, value in PROVIDERS[name].items()}, **changes}
        return {key: value for key, value in words.items() if value is not None}
