"""HTTP to a node, with the standard library: the API is plain HTTP/1.1, mostly on the loopback, and proxies of the environment are not asked.

Connections are kept and shared between threads. A question on one that the node has closed meanwhile is asked again on a new one. What changes
something goes out on a new connection at once, so that nothing is ever sent twice unasked.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from ._reading import read
from .errors import ApiError, NodeUnreachable, UnexpectedAnswer, problem

_MOST_BYTES = 64 * 1024 * 1024
Query = Mapping[str, str | int | bool | None]


class Http:
    """The connections to one node."""

    def __init__(self, url: str, timeout: float, headers: Mapping[str, str], context: ssl.SSLContext | None) -> None:
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{url!r} is no URL of a node; one looks like http://127.0.0.1:5000")
        self.url, self.timeout = url.rstrip("/"), timeout
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path.rstrip("/")
        self._context = (context or ssl.create_default_context()) if parts.scheme == "https" else None
        self._headers = {"Accept": "application/json", **headers}

    def connect(self, timeout: float) -> http.client.HTTPConnection:
        """A connection of one's own. It dials with the first request."""
        if self._context:
            return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=self._context)
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout)

    def target(self, path: str, query: Query) -> str:
        """Path and query as they are sent. What is None is left out."""
        written = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in query.items() if value is not None}
        return self._path + path + ("?" + urlencode(written) if written else "")

    def headers(self, **more: str) -> dict[str, str]:
        """The headers of a request."""
        return {**self._headers, **{name.replace("_", "-"): value for name, value in more.items()}}

    def unreachable(self, error: Exception) -> NodeUnreachable:
        """The error for a node that did not answer."""
        why = str(error) or type(error).__name__
        return NodeUnreachable(f"no answer from {self.url}: {why}; is the node running, and is this its API?")

    def request(self, method: str, path: str, query: Query, body: bytes | str | None = None) -> bytes:
        """The body of an answer that is no problem. A text is sent as JSON."""
        if isinstance(body, str):
            headers, body = self.headers(Content_Type="application/json"), body.encode()
        else:
            headers = self.headers(Content_Type="application/octet-stream") if body is not None else self.headers()
        while True:
            connection, was_kept = self._take() if method == "GET" else (self.connect(self.timeout), False)
            try:
                connection.request(method, self.target(path, query), body, headers)
                answer = connection.getresponse()
                said = answer.read(_MOST_BYTES + 1)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                # A kept connection may have been closed at its other end. Then a new one decides, and so does any error but a timeout.
                if was_kept and not isinstance(error, TimeoutError):
                    continue
                raise self.unreachable(error) from error
            break
        if len(said) > _MOST_BYTES:
            connection.close()
            raise UnexpectedAnswer(f"{self.url}{path} answers more than {_MOST_BYTES} bytes")
        self._keep(connection, answer)
        if answer.status >= 400:
            raise read_problem(answer.status, answer.getheader("Content-Type", ""), said)
        if answer.status >= 300:
            raise UnexpectedAnswer(f"{self.url}{path} answers {answer.status}: something else than a node is there")
        return said

    def get_json(self, path: str, query: Query) -> object:
        """What a question is answered."""
        return read_json(self.request("GET", path, query))

    def close(self) -> None:
        """Closes the connections that are kept."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def __del__(self) -> None:
        # For whoever does not close a node, as a short script may not.
        self.close()

    def _take(self) -> tuple[http.client.HTTPConnection, bool]:
        with self._lock:
            if self._idle:
                return self._idle.pop(), True
        return self.connect(self.timeout), False

    def _keep(self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> None:
        if answer.will_close or not answer.isclosed():
            connection.close()
            return
        with self._lock:
            self._idle.append(connection)


def read_json(said: bytes) -> object:
    """JSON, or an `UnexpectedAnswer`."""
    try:
        return json.loads(said)
    except (ValueError, RecursionError) as error:
        raise UnexpectedAnswer(f"not JSON: {said[:80]!r}; something else than a node may listen there") from error


def read_problem(status: int, kind: str, said: bytes) -> ApiError:
    """The error that a node's answer describes. A proxy in front of it may answer in another form."""
    if kind.startswith("application/problem+json"):
        try:
            return read(ApiError, {**json.loads(said), "status": status})
        except (ValueError, TypeError, RecursionError, UnexpectedAnswer):
            pass
    text = said[:200].decode(errors="replace")
    return problem("unknown", status, http.client.responses.get(status, "Error"), f"not a node's answer: {text!r}")
