"""The transport of the adapter guide's example, against servers on loopback."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from acme_paysession import HttpTransport

HEADERS = {"Authorization": "Bearer key", "Idempotency-Key": "key-1"}


class Echo(BaseHTTPRequestHandler):
    """Answers what it was sent."""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        said = {"path": self.path, "headers": dict(self.headers), "json": body.decode()}
        self.answer(402, json.dumps(said).encode())

    def do_GET(self) -> None:
        self.send_response(307)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[HttpTransport]:
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield HttpTransport(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


def test_a_request_arrives_with_its_headers_and_its_body() -> None:
    with serving() as transport:
        status, body = transport.send(
            "POST", "/intents", headers=HEADERS, json={"amount": 100}, timeout_seconds=5
        )
    said: dict[str, Any] = json.loads(body)
    assert (402, "/intents", {"amount": 100}) == (status, said["path"], json.loads(said["json"]))
    expected = {**HEADERS, "Content-Type": "application/json"}
    assert expected.items() <= said["headers"].items()


def test_no_redirect_is_followed() -> None:
    with serving() as transport:
        answer = transport.send(
            "GET", "/actions/at_1", headers=HEADERS, json=None, timeout_seconds=5
        )
    assert (307, b"") == answer


def test_what_cannot_connect_has_sent_nothing_and_says_so() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    for address in (f"http://127.0.0.1:{port}", f"https://127.0.0.1:{port}"):
        with pytest.raises(ConnectionRefusedError):
            HttpTransport(address).send(
                "POST", "/intents", headers=HEADERS, json={}, timeout_seconds=5
            )


def test_nobody_is_waited_for_longer_than_the_time_out() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        transport = HttpTransport(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(TimeoutError):
            transport.send("POST", "/intents", headers=HEADERS, json={}, timeout_seconds=0.05)
