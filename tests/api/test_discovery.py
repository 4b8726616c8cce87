#!/usr/bin/env python3
"""Metadata, keys and health: what any program may read without being known."""
import re

from kit import *

METADATA = "/.well-known/openid-configuration"
AS_METADATA = "/.well-known/oauth-authorization-server"
KEYS = "/.well-known/jwks.json"

# OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2, RFC 9207, RP-initiated logout, RFC 7662 and 7009
KNOWN_MEMBERS = {
    "issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "registration_endpoint",
    "scopes_supported", "response_types_supported", "response_modes_supported", "grant_types_supported",
    "acr_values_supported", "subject_types_supported", "id_token_signing_alg_values_supported",
    "userinfo_signing_alg_values_supported", "request_object_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported",
    "display_values_supported", "claim_types_supported", "claims_supported", "service_documentation",
    "claims_locales_supported", "ui_locales_supported", "claims_parameter_supported", "request_parameter_supported",
    "request_uri_parameter_supported", "require_request_uri_registration", "op_policy_uri", "op_tos_uri",
    "revocation_endpoint", "revocation_endpoint_auth_methods_supported", "introspection_endpoint",
    "introspection_endpoint_auth_methods_supported", "code_challenge_methods_supported", "end_session_endpoint",
    "authorization_response_iss_parameter_supported", "prompt_values_supported",
    "introspection_endpoint_auth_signing_alg_values_supported", "revocation_endpoint_auth_signing_alg_values_supported",
    "dpop_signing_alg_values_supported", "tls_client_certificate_bound_access_tokens"}


@test("T-75, C12 oidcc-discovery-endpoint-verification: the metadata is complete, of https, and true to its issuer")
def discovery_endpoint_verification(site):
    answer = site.web.get(METADATA)
    equal(answer.status, 200, "status")
    document = answer.json()
    equal(document["issuer"], site.url, "issuer")
    assert site.url.startswith("https://") and not re.search(r"[?#]", document["issuer"])
    unknown = set(document) - KNOWN_MEMBERS
    assert not unknown, f"unknown members {unknown}"
    for name, value in document.items():
        if name.endswith(("_endpoint", "jwks_uri")):
            assert value.startswith("https://") and "#" not in value, f"{name}: {value}"
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        assert name in document, f"{name} is missing"
    equal(document["response_types_supported"], ["code"], "response types")
    assert "check_session_iframe" not in document, "T-75: a frame that other origins send messages to"
    equal(document["subject_types_supported"], ["public"], "subject types")
    algorithms = document["id_token_signing_alg_values_supported"]
    assert {"RS256", "ES256", "EdDSA"} <= set(algorithms) and "none" not in algorithms, algorithms
    assert {"openid", "profile", "email", "offline_access"} <= set(document["scopes_supported"])
    for scope in document["scopes_supported"]:
        assert re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", scope), scope
    equal(sorted(document["grant_types_supported"]),
          ["authorization_code", "client_credentials", "refresh_token"], "grants")
    assert {"sub", "iss", "aud", "exp", "iat", "name", "email", "email_verified"} <= set(document["claims_supported"])
    equal(document["code_challenge_methods_supported"], ["S256"], "PKCE")
    equal(sorted(document["response_modes_supported"]), ["form_post", "query"], "response modes")
    equal(sorted(document["token_endpoint_auth_methods_supported"]),
          ["client_secret_basic", "client_secret_jwt", "client_secret_post", "none", "private_key_jwt"], "client authentication")
    for flag in ("claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"):
        equal(document[flag], False, flag)
    equal(document["authorization_response_iss_parameter_supported"], True, "RFC 9207")
    equal(site.web.get(document["jwks_uri"]).status, 200, "the key set")


@test("oidcc-rp-initiated-logout-discovery-endpoint-verification: an end_session_endpoint of https")
def logout_discovery(site):
    assert metadata(site)["end_session_endpoint"].startswith("https://")


@test("RFC 8414: the authorization server's metadata tells the same")
def authorization_server_metadata(site):
    document = site.web.get(AS_METADATA).json()
    reference = metadata(site)
    equal(document["issuer"], reference["issuer"], "issuer")
    for name in set(document) & set(reference):
        equal(document[name], reference[name], name)


@test("C8 98: every key of the set has a kid, none twice, none private, all long enough, one per algorithm at least")
def keys_are_public(site):
    answer = site.web.get(KEYS)
    equal(answer.status, 200, "status")
    keys = answer.json()
    key_set(keys)
    assert {"RS256", "ES256", "EdDSA"} <= {key["alg"] for key in keys["keys"]}
    assert all(key["use"] == "sig" for key in keys["keys"])


@test("2.2: metadata may be cached for an hour, keys as well, and both say for how long")
def documents_are_cacheable(site):
    assert re.search(r"public.*max-age=3600", site.web.get(METADATA).header("Cache-Control") or "")
    assert re.search(r"max-age=[1-9]\d+", site.web.get(KEYS).header("Cache-Control") or "")


@test("abuse 31: If-None-Match answers 304 without a body; Range is ignored")
def conditional_requests(site):
    for path in (METADATA, KEYS):
        first = site.web.get(path)
        tag = first.header("ETag")
        assert tag, f"no ETag on {path}"
        again = site.web.get(path, headers={"If-None-Match": tag})
        equal((again.status, again.body), (304, b""), path)
        equal(site.web.get(path, headers={"If-None-Match": '"other"'}).status, 200, path)
        ranged = site.web.get(path, headers={"Range": "bytes=0-9"})
        # a web server may cut the answer itself, rightly
        one_of((ranged.status, ranged.body), ((200, first.body), (206, first.body[:10])), f"Range on {path}")


@test("abuse 11: HEAD is like GET without a body; other methods are 405 with Allow")
def methods(site):
    for path in (METADATA, KEYS, AS_METADATA, "/healthz", "/readyz"):
        head = site.web.request("HEAD", path)
        equal((head.status, head.body), (200, b""), f"HEAD {path}")
        for method in ("POST", "PUT", "PATCH", "DELETE", "PROPFIND"):
            answer = site.web.request(method, path, body="a=b")
            equal(answer.status, 405, f"{method} {path}")
            assert "GET" in (answer.header("Allow") or ""), f"Allow of {method} {path}: {answer.header('Allow')}"


@test("17: metadata and keys may be read from any origin, never with credentials")
def cors(site):
    for path in (METADATA, KEYS):
        answer = site.web.get(path, headers={"Origin": "https://evil.example"})
        equal(answer.header("Access-Control-Allow-Origin"), "*", path)
        equal(answer.header("Access-Control-Allow-Credentials"), None, path)


@test("health: /healthz and /readyz answer 200 and tell no version and no secret")
def health(site):
    for path in ("/healthz", "/readyz"):
        answer = site.web.get(path)
        equal(answer.status, 200, path)
        assert len(answer.body) < 200 and not re.search(rb"\d+\.\d+\.\d+|mysql|maria", answer.body, re.I), answer.text


@test("T-123: the issuer in the metadata never comes from Host or forwarded headers (security 123)")
def issuer_is_configured(site):
    lies = [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "http"), ("Forwarded", "host=evil.example"),
            ("X-Original-Host", "evil.example"), ("X-Host", "evil.example"), ("X-Forwarded-Port", "1")]
    reference = site.web.get(METADATA).body
    for name, value in lies:
        equal(site.web.get(METADATA, headers={name: value}).body, reference, name)
    answer = site.web.raw(f"GET {METADATA} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    assert b"evil.example" not in answer, answer


@test("abuse 20: each path has one spelling; its look-alikes are nothing or refused")
def one_spelling(site):
    for path in ("//.well-known/jwks.json", "/.well-known/jwks.json/", "/.well-known%2fjwks.json",
                 "/./.well-known/jwks.json", "/.well-known/../.well-known/jwks.json", "/.well-known/jwks.json;x",
                 "/.WELL-KNOWN/jwks.json", "/.well-known/jwks.json%00"):
        answer = site.web.raw_request("GET", path)
        one_of(answer.status, (400, 404), path)


run()
