"""Streams of what a node tells, over breaks of the connection (server-sent events)."""

from __future__ import annotations

import contextlib
import logging
import random
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Generic, Self, TypeVar

from ._http import Http, Query, read_problem
from .errors import Busy, UnexpectedAnswer

T = TypeVar("T")
_LOG = logging.getLogger("bouya")
# The node says something every 15 s, if only that it is there.
_SILENCE = 45.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0
# A transaction of the feed has some 32 KiB.
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Frame:
    """What a node told."""

    id: str | None
    name: str
    data: str


class Stream(Iterator[T], Generic[T]):
    """What a node tells, without end. It blocks until the next thing comes.

    If the connection breaks, or the node restarts, it connects again and goes on behind the last thing that it told. While it has to wait for
    that, it says so once, as a warning of the logger `bouya`. `close` ends it, from any thread.
    """

    def __init__(self, http: Http, path: str, query: Query, after: str | None) -> None:
        self.last_id = after
        self._http, self._path, self._query = http, path, query
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
        except Busy as error:
            self._drop()
            # A node that is behind gets there: see `__next__`.
            if error.kind != "behind":
                raise
        except BaseException:
            self._drop()
            raise

    def _told(self, frame: Frame) -> T:
        """What a frame says."""
        raise NotImplementedError

    def _reopened(self) -> T | None:
        """What there is to say when a connection stands again."""
        return None

    def __next__(self) -> T:
        with self._reading:
            return self._next_of_all()

    def _next_of_all(self) -> T:
        """The next thing, over as many connections as it takes."""
        pause, waits = _FIRST_PAUSE, False
        while not self._closed.is_set():
            stands = self._answer is not None
            try:
                if not stands:
                    self._open()
                    stands, waits = True, False
                    if (said := self._reopened()) is not None:
                        return said
                frame = self._next()
                said = self._told(frame)
                # Only now: whoever goes on after something that cannot be read meets it again.
                self.last_id = frame.id
                return said
            except (Busy, OSError, HTTPException) as error:
                self._drop()
                # A connection that breaks, and stands again at once, is no wait.
                if not (stands or waits or self._closed.is_set()):
                    waits = True
                    _LOG.warning("waiting for the node at %s: %s", self._http.url, error)
            except BaseException:
                # Whoever goes on after it gets a new connection, and misses nothing.
                self._drop()
                raise
            self._closed.wait(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise StopIteration

    def close(self) -> None:
        """Ends the stream. A thread that waits stops waiting."""
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
        """Connects, behind the last thing that was told."""
        resume = {"Last_Event_ID": self.last_id} if self.last_id is not None else {}
        headers = self._http.headers(Accept="text/event-stream", Cache_Control="no-store", **resume)
        connection = self._http.connect(self._http.timeout)
        connection.connect()
        self._socket = connection.sock
        if self._closed.is_set():
            # By another thread, which has not seen this connection.
            raise ConnectionAbortedError("the stream was closed")
        connection.request("GET", self._http.target(self._path, self._query), headers=headers)
        self._answer = answer = connection.getresponse()
        kind = answer.getheader("Content-Type", "")
        if answer.status != 200:
            raise read_problem(answer.status, kind, answer.read(_MOST_BYTES))
        if not kind.startswith("text/event-stream"):
            raise UnexpectedAnswer(f"{self._http.url}{self._path} answers {kind!r}: something else than a node is there")
        self._socket.settimeout(_SILENCE)

    def _next(self) -> Frame:
        """Reads up to the end of the next frame. Lines that the node does not write are passed over, as the standard says."""
        id, name, data, size = self.last_id, "message", list[str](), 0
        while (line := self._line()) or not data:
            # An empty line ends an event, or nothing, as behind the node's signs of life.
            size = size + len(line) if line else 0
            if size > _MOST_BYTES:
                raise UnexpectedAnswer("it tells more at once than any node")
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "data":
                data.append(value)
            elif field == "id":
                id = value
            elif field == "event":
                name = value
        return Frame(id, name, "\n".join(data))

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
