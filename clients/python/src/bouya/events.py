"""The event stream: what happens on a node, as it happens, and over breaks of the connection (server-sent events)."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Self

from ._http import Http, read_json, read_problem
from ._reading import read
from .errors import Busy, UnexpectedAnswer
from .views import EventData, Lagged, Unknown

# The node says something every 15 s, if only that it is there.
_SILENCE = 45.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0
# Real events have some hundred bytes.
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Event:
    """An event. Keep `id` once you are done with it: `Node.events(after=id)` goes on behind it.

    It is None where the client itself noticed a gap.
    """

    id: str | None
    data: EventData


class EventStream(Iterator[Event]):
    """Events without end: `for event in node.events(): ...`. It blocks until the next one comes.

    If the connection breaks, or the node restarts, it connects again and goes on behind the last event. Events are told once each, in
    order. What was lost all the same is told as `Lagged`. `close` ends it, from any thread.
    """

    def __init__(self, http: Http, after: str | None) -> None:
        self.last_id = after
        self._http = http
        self._socket: socket.socket | None = None
        self._answer: HTTPResponse | None = None
        self._closed = threading.Event()
        # Held by whoever reads: nobody takes the connection away under its hands.
        self._reading = threading.RLock()
        # At once, so that nothing is missed that happens from now on. A first try that fails is a mistake more often than a break.
        try:
            self._open()
        except (OSError, HTTPException) as error:
            self._drop()
            raise http.unreachable(error) from error
        except BaseException:
            self._drop()
            raise

    def __next__(self) -> Event:
        with self._reading:
            return self._next_of_all()

    def _next_of_all(self) -> Event:
        """The next event, over as many connections as it takes."""
        pause = _FIRST_PAUSE
        while not self._closed.is_set():
            try:
                if self._answer is None:
                    self._open()
                    if self.last_id is None:
                        # Something may have been lost, and the node cannot know.
                        return Event(None, Lagged("lagged"))
                return self._next()
            except (Busy, OSError, HTTPException):
                self._drop()
            except BaseException:
                # Whoever goes on after it gets a new connection, and misses nothing.
                self._drop()
                raise
            self._closed.wait(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise StopIteration

    def close(self) -> None:
        """Ends the stream. A thread that waits for an event stops waiting."""
        self._closed.set()
        if (connection := self._socket) is not None:
            # Wakes a thread that waits for the next line; to close the socket alone would not.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        with self._reading:
            self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> None:
        """Connects, behind the last event if there was one."""
        resume = {"Last_Event_ID": self.last_id} if self.last_id is not None else {}
        headers = self._http.headers(Accept="text/event-stream", Cache_Control="no-store", **resume)
        connection = self._http.connect(self._http.timeout)
        connection.connect()
        self._socket = connection.sock
        if self._closed.is_set():
            # By another thread, which has not seen this connection.
            raise ConnectionAbortedError("the stream was closed")
        connection.request("GET", self._http.target("/v1/events", {}), headers=headers)
        self._answer = answer = connection.getresponse()
        kind = answer.getheader("Content-Type", "")
        if answer.status != 200:
            raise read_problem(answer.status, kind, answer.read(_MOST_BYTES))
        if not kind.startswith("text/event-stream"):
            raise UnexpectedAnswer(f"{self._http.url}/v1/events answers {kind!r}: something else than a node is there")
        self._socket.settimeout(_SILENCE)

    def _next(self) -> Event:
        """Reads up to the end of the next event. Lines that the node does not write are passed over, as the standard says."""
        id, name, data, size = self.last_id, "message", list[str](), 0
        while (line := self._line()) or not data:
            # An empty line ends an event, or nothing, as behind the node's signs of life.
            size = size + len(line) if line else 0
            if size > _MOST_BYTES:
                raise UnexpectedAnswer("an event that is longer than any")
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "data":
                data.append(value)
            elif field == "id":
                id = value
            elif field == "event":
                name = value
        self.last_id = id
        return Event(id, _data(name, "\n".join(data)))

    def _line(self) -> str:
        answer = self._answer
        if answer is None:
            raise ConnectionAbortedError("the stream was closed")
        line = answer.readline(_MOST_BYTES)
        if not line.endswith(b"\n"):
            raise ConnectionResetError("the stream ended")
        return line.rstrip(b"\r\n").decode(errors="replace")

    def _drop(self) -> None:
        answer, connection = self._answer, self._socket
        self._answer = self._socket = None
        if connection is not None:
            connection.close()
        if answer is not None:
            answer.close()


def _data(name: str, text: str) -> EventData:
    """What an event says. One that only a newer version knows must not stop the stream, or it could never get past it."""
    said = read_json(text.encode())
    if not isinstance(said, dict):
        return Unknown(name, {})
    # That of `lagged` does not name itself.
    fields = {"type": name, **said}
    try:
        return read(EventData, fields)  # type: ignore[arg-type]
    except UnexpectedAnswer:
        return Unknown(name, fields)
