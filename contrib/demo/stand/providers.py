"""The fake providers of a stand: contrib/demo/providers as one process, and what an installation must know of
each, in the words of `doorward provider add --metadata`."""
import json
import os
import urllib.request

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
               "revocation_endpoint": "/applications/{client_id}/grant",
               "client_id": "Iv1.doorward", "client_secret": "the-secret-of-doorward-at-github"},
    # the secret is a key, which the fake makes anew each time it starts
    "apple": {"issuer": "", "client_id": "org.example.doorward"},
    "microsoft": {"issuer": "/common/v2.0",
                  "client_id": "6731de76-14a6-49ae-97bc-6eba6914391e", "client_secret": "the-secret-of-doorward-at-microsoft"},
    "acme": {"kind": "oidc", "display_name": "Acme", "issuer": "",
             "client_id": "doorward-at-acme", "client_secret": "the-secret-of-doorward-at-acme"},
}

# What the demo's service may ask of them.
SERVICE_SCOPES = {"github": "repo read:user", "google": "openid email"}


class ProviderProcess:
    """start() and stop(); between them urls has the address of each by name."""

    def __init__(self, source, log):
        self.program = os.path.join(source, "contrib", "demo", "providers", "main.mjs")
        self.log, self.urls, self.process = log, {}, None

    def start(self):
        """Returns at once; wait() makes sure that they answer."""
        self.process = Process("the fake providers", ["node", self.program], self.log)

    def wait(self):
        self.process.wait_until(self._read_urls, what="tell their addresses")

    def _read_urls(self):
        with open(self.log) as log:
            lines = [line for line in log if line.startswith("{") and line.endswith("}\n")]
        self.urls = json.loads(lines[-1]) if lines else {}
        return self.urls

    def stop(self):
        process, self.process = self.process, None
        if process:
            process.stop(5)

    def metadata(self, fake, **changes):
        """One provider for `doorward provider add`; None as a value leaves a member out."""
        known = {key: self.urls[fake] + value if key == "issuer" or value.startswith("/") else value
                 for key, value in PROVIDERS[fake].items()}
        words = {"name": fake, **known, **self.made(fake), **changes}
        return {key: value for key, value in words.items() if value is not None}

    def made(self, name):
        """What a fake has made for its client: of Apple, the key that signs its secrets, team_id and key_id."""
        with urllib.request.urlopen(self.urls[name] + "/control", timeout=60) as answer:
            return json.load(answer).get("known") or {}

    def environment(self):
        """What a script needs to use them."""
        known = {"DOORWARD_PROVIDERS": ",".join(PROVIDERS)}
        for name, words in PROVIDERS.items():
            prefix = f"DOORWARD_PROVIDER_{name.upper()}"
            known.update({f"{prefix}_URL": self.urls[name], f"{prefix}_CLIENT_ID": words["client_id"]})
            if "issuer" in words:
                known[f"{prefix}_ISSUER"] = self.urls[name] + words["issuer"]
            if "client_secret" in words:
                known[f"{prefix}_CLIENT_SECRET"] = words["client_secret"]
        return known
