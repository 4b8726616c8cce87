"""Calls of the family "public" from any address: as the web server would hand them over, without it."""
import json
import threading

import fcgi_client
from script import PUBLIC

WRONG = "a wrong guess at it"


def addresses(number):
    return [f"198.51.{100 + at // 250}.{at % 250 + 1}" for at in range(number)]


def ask(site, address, path, data, pool="main"):
    """A JSON call of the family "public" from this address."""
    body = json.dumps(data).encode()
    extra = [("REMOTE_ADDR", address), ("CONTENT_TYPE", "application/json"), ("CONTENT_LENGTH", str(len(body))), ("HTTP_ORIGIN", site.url)]
    socket = f"{site.directory}/run/{pool}.sock"
    return fcgi_client.request(socket, fcgi_client.parameters(PUBLIC + path, "POST", extra, without=("REMOTE_ADDR",)), body, timeout=60)


def guess(site, address, email, password=WRONG):
    return ask(site, address, "login", {"email": email, "password": password}).status


def counted(statuses):
    return {status: statuses.count(status) for status in sorted(set(statuses))}


def in_threads(number, items, call):
    """call(item) for each, so many at once; the results."""
    results, waiting, lock = [], list(items), threading.Lock()

    def work():
        while True:
            with lock:
                if not waiting:
                    return
                item = waiting.pop(0)
            result = call(item)
            with lock:
                results.append(result)
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
