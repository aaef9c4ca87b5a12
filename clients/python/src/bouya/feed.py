"""The feed as it grows: the transactions of the chain, each once and in order, whatever happens to the node and to the program."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from . import views
from ._http import Http, Query, read_json
from ._reading import read
from ._stream import Frame, Stream
from .address import Address, AddressLike
from .coin import Coin
from .errors import UnexpectedAnswer
from .hashing import Hash, HashLike

Until = Literal["final", "confirmed"]
"""What is told: what is final, and stays; or all that stands in a block, which may be undone."""
Kind = Literal["transfer", "record", "propose", "respond", "withdraw", "motion", "ballot", "keys"]
"""What a transaction does."""


class FeedFilter(TypedDict, total=False):
    """Which transactions: those that fit all of this. Several addresses, kinds or agreements fit if one of them does."""

    until: Until
    """`final` unless told otherwise."""
    address: AddressLike | Iterable[AddressLike]
    """As sender, as payee, or as a party of the agreement that it is about."""
    topic: str
    """Of a record."""
    kind: Kind | Iterable[Kind]
    agreement: HashLike | Iterable[HashLike]


_DATA: dict[str, type[views.Transaction] | type[views.FeedUndone] | type[views.FeedAt]] = {
    "transaction": views.Transaction,
    "undone": views.FeedUndone,
    "at": views.FeedAt,
}


@dataclass(frozen=True)
class Told:
    """A transaction, or how far the feed has come, or what of it is undone. Store `cursor` together with what you do about it, in one go."""

    cursor: str
    data: views.Transaction | views.FeedUndone | views.FeedAt | views.Unknown


class FeedStream(Stream[Told]):
    """The feed without end: `for told in node.follow(): ...`. It blocks until the next block has something.

    It goes on behind the last cursor when the connection breaks, and waits for a node that is behind it. Raises `OtherHistory` and `Pruned` where
    the chain cannot be read on from there. `close` ends it, from any thread.
    """

    def __init__(self, http: Http, query: Query, after: str | None, coin: Coin) -> None:
        self._coin = coin
        super().__init__(http, "/v1/feed/stream", query, after)

    def _told(self, frame: Frame) -> Told:
        said = read_json(frame.data.encode())
        if frame.id is None or not isinstance(said, dict):
            raise UnexpectedAnswer(f"the feed told {frame.name!r} in another form than this version knows; compare the node's version")
        kind = _DATA.get(frame.name)
        return Told(frame.id, views.Unknown(frame.name, said) if kind is None else read(kind, said, self._coin))


def feed_query(wanted: FeedFilter) -> Query:
    """How the API asks for these transactions."""
    # A misspelt filter that nobody notices lets everything through.
    if unknown := sorted(wanted.keys() - FeedFilter.__optional_keys__):
        raise TypeError(f"there is no filter {', '.join(unknown)}; there are {', '.join(sorted(FeedFilter.__optional_keys__))}")
    return {
        "until": wanted.get("until"),
        "address": _listed(wanted.get("address"), lambda one: str(Address.read(one))),
        "topic": wanted.get("topic"),
        "kind": _listed(wanted.get("kind"), str),
        "agreement": _listed(wanted.get("agreement"), lambda one: str(Hash.of(one))),
    }


def _listed(value: Any, text: Callable[[Any], str]) -> str | None:
    """One or several values, with commas between them."""
    if value is None:
        return None
    # Both can be iterated, and each is one value.
    values = (value,) if isinstance(value, (str, bytes)) else value
    return ",".join(text(one) for one in values)
