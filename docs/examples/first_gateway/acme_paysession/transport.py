"""What sends requests to Acme."""

from __future__ import annotations

import json as json_format
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from typing import Final, Protocol
from urllib.parse import urlsplit

_MOST_BYTES: Final = 1024 * 1024


class Transport(Protocol):
    """What sends a request: a few lines around the HTTP client that you like."""

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        json: Mapping[str, object] | None,
        timeout_seconds: float,
    ) -> tuple[int, bytes]:
        """
        Send it once, and return the status and the body of the response.

        Raises:
            ConnectionRefusedError: Nothing was sent.
            Exception: Anything may have happened.
        """
        ...


class HttpTransport:
    """
    Sends requests by Python's own client, which follows no redirect and repeats nothing.

    Args:
        address: Where Acme is, such as `https://api.acme.example`.
    """

    def __init__(self, address: str) -> None:
        self._address = urlsplit(address)

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        json: Mapping[str, object] | None,
        timeout_seconds: float,
    ) -> tuple[int, bytes]:
        """Connect, and only then send: what fails before that has certainly not arrived."""
        kind = HTTPSConnection if self._address.scheme == "https" else HTTPConnection
        with closing(kind(self._address.netloc, timeout=timeout_seconds)) as connection:
            try:
                connection.connect()
            except OSError as error:
                raise ConnectionRefusedError("there is no connection to Acme") from error
            body = None if json is None else json_format.dumps(json).encode()
            sent = {**headers, "Content-Type": "application/json"}
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            return response.status, response.read(_MOST_BYTES)
