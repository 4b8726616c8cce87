#!/usr/bin/env python3
"""nginx, connections kept (contrib/nginx)."""
from harness import main
from through import DISCOVERY, TestCase, Through


class Nginx(Through, TestCase):
    KIND = "nginx"
    REFUSES_ANNOUNCED = True

    def refused(self, path):
        # nginx resolves an encoded dot segment at the root itself and refuses it, too.
        return (400, 404)

    def test_kept_connections(self):
        "a hundred requests over kept connections, none of them stuck behind another"
        for _ in range(100):
            self.assertEqual(200, self.ask("GET", "/healthz").status)

    def test_documents_are_kept(self):
        "with no worker there the documents about the server are still told, readable from every origin"
        kept = self.ask("GET", DISCOVERY)
        self.door.stop_service()
        try:
            answer = self.ask("GET", DISCOVERY, headers={"Origin": "https://app.example"})
            self.assertEqual((200, kept.body), (answer.status, answer.body))
            self.assertEqual("*", answer.headers["Access-Control-Allow-Origin"])
        finally:
            self.door.start_service()
        self.door.wait_ready()

    def test_away_for_programs(self):
        "with no worker there a program gets JSON"
        self.door.stop_service()
        try:
            answer = self.ask("POST", "/api/oauth/token", "grant_type=x", {"Accept": "application/json"})
            self.assertEqual((503, "temporarily_unavailable"), (answer.status, answer.json()["error"]))
        finally:
            self.door.start_service()
        self.door.wait_ready()


if __name__ == "__main__":
    main()
