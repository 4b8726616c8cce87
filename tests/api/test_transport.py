#!/usr/bin/env python3
"""Decision 9, abuse 81: plain HTTP is refused, never redirected, and its credentials are not looked at."""
import socket

from kit import *
from web import parse_raw


def plain(site, path, headers="", method="GET", body=""):
    """A request over the web server's port without TLS."""
    port = site.door.plain_port
    text = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{headers}\r\n{body}"
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(text.encode())
        data = b""
        while part := connection.recv(65536):
            data += part
    return parse_raw(data, path)


@test("plain HTTP: 403 invalid_request 'HTTPS required', no redirect")
def refused_over_http(site):
    for path in ("/.well-known/openid-configuration", AUTHORIZE, "/login", USERINFO):
        answer = plain(site, path)
        equal((answer.status, answer.location), (403, None), path)
    body = plain(site, "/.well-known/openid-configuration", "Accept: application/json\r\n").json()
    equal(body, {"error": "invalid_request", "error_description": "HTTPS required"}, "body")


@test("plain HTTP: right credentials change nothing, and no header makes it TLS (T-50)")
def credentials_not_looked_at(site):
    client = site.client()
    form = "Content-Type: application/x-www-form-urlencoded\r\n"
    for header in ("X-Forwarded-Proto: https", "HTTPS: on", "X-Forwarded-Ssl: on", "Front-End-Https: on", "Forwarded: proto=https", "X-Url-Scheme: https"):
        answer = plain(site, TOKEN, f"{form}Authorization: {client.headers()['Authorization']}\r\n{header}\r\n", "POST", "grant_type=client_credentials")
        equal(answer.status, 403, header)
        assert "access_token" not in answer.text


run(plain=True)
