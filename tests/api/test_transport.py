#!/usr/bin/env python3
"""Decision 9, abuse 81: plain HTTP is refused, never redirected, and its credentials are not looked at."""
import os
import socket

from kit import *


def plain(path, headers="", method="GET", body=""):
    """A request over the plain HTTP port that the fixture's web server has, if any."""
    port = int(os.environ["DOORWARD_HTTP_PORT"])
    text = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{headers}\r\n{body}"
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(text.encode())
        data = b""
        while part := connection.recv(65536):
            data += part
    from web import parse_raw
    return parse_raw(data, path)


def needs_port(function):
    def guarded(site):
        assert os.environ.get("DOORWARD_HTTP_PORT"), "the fixture has no plain HTTP port"
        function(site)
    guarded.__name__ = function.__name__
    return guarded


@test("plain HTTP: 403 invalid_request 'HTTPS required', no redirect")
@needs_port
def refused_over_http(site):
    for path in ("/.well-known/openid-configuration", AUTHORIZE, "/login", USERINFO):
        answer = plain(path)
        equal((answer.status, answer.location), (403, None), path)
    body = plain("/.well-known/openid-configuration", "Accept: application/json\r\n").json()
    equal(body, {"error": "invalid_request", "error_description": "HTTPS required"}, "body")


@test("plain HTTP: right credentials change nothing, and no header makes it TLS (T-50)")
@needs_port
def credentials_not_looked_at(site):
    client = site.client()
    form = "Content-Type: application/x-www-form-urlencoded\r\n"
    for header in ("X-Forwarded-Proto: https", "HTTPS: on", "X-Forwarded-Ssl: on", "Front-End-Https: on", "Forwarded: proto=https", "X-Url-Scheme: https"):
        answer = plain(TOKEN, f"{form}Authorization: {client.headers()['Authorization']}\r\n{header}\r\n", "POST", "grant_type=client_credentials")
        equal(answer.status, 403, header)
        assert "access_token" not in answer.text


run()
