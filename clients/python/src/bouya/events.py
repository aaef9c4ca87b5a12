"""The event stream: what happens on a node, as it happens."""

from __future__ import annotations

from dataclasses import dataclass

from ._http import Http, read_json
from ._reading import read
from ._stream import Frame, Stream
from .errors import UnexpectedAnswer
from .views import EventData, Lagged, Unknown


@dataclass(frozen=True)
class Event:
    """An event. Keep `id` once you are done with it: `Node.events(after=id)` goes on behind it.

    It is None where the client itself noticed a gap.
    """

    id: str | None
    data: EventData


class EventStream(Stream[Event]):
    """Events without end: `for event in node.events(): ...`. It blocks until the next one comes.

    If the connection breaks, or the node restarts, it connects again and goes on behind the last event. Events are told once each, in
    order. What was lost all the same is told as `Lagged`. `close` ends it, from any thread.
    """

    def __init__(self, http: Http, after: str | None) -> None:
        super().__init__(http, "/v1/events", {}, after)

    def _told(self, frame: Frame) -> Event:
        return Event(frame.id, _data(frame))

    def _reopened(self) -> Event | None:
        # Something may have been lost, and without an id the node cannot know.
        return Event(None, Lagged("lagged")) if self.last_id is None else None


def _data(frame: Frame) -> EventData:
    """What an event says. One that only a newer version knows must not stop the stream, or it could never get past it."""
    said = read_json(frame.data.encode())
    if not isinstance(said, dict):
        return Unknown(frame.name, {})
    # That of `lagged` does not name itself.
    fields = {"type": frame.name, **said}
    try:
        return read(EventData, fields)  # type: ignore[arg-type]
    except UnexpectedAnswer:
        return Unknown(frame.name, fields)
