"""Reads JSON into dataclasses by their types."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from .address import Address
from .coin import Coin
from .errors import ApiError, ProblemValues, UnexpectedAnswer, problem
from .hashing import Hash, unhex

T = TypeVar("T")
COINS = "coins"
"""Marks an amount that the API writes in coins."""


@dataclass(frozen=True)
class Alias:
    """The name of a field in the API, where Python cannot have it."""

    name: str


def read(kind: type[T], said: object, coin: Coin | None = None) -> T:
    """The value of this type that was said. Raises `UnexpectedAnswer` if it is none."""
    try:
        return typing.cast(T, _read(kind, said, coin))
    except (ValueError, TypeError, KeyError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        named = getattr(kind, "__name__", "value")
        raise UnexpectedAnswer(f"not a {named} as this version knows it: {what}; compare the node's version") from error


@cache
def _fields(kind: type) -> list[tuple[str, str, Any, bool]]:
    """Of a dataclass: each field, its name in JSON, its type, and whether it may be missing."""
    hints = typing.get_type_hints(kind, include_extras=True)
    found = []
    for field in dataclasses.fields(kind):
        aliases = [one.name for one in typing.get_args(hints[field.name])[1:] if isinstance(one, Alias)]
        is_optional = field.default is not dataclasses.MISSING
        found.append((field.name, aliases[0] if aliases else field.name, hints[field.name], is_optional))
    return found


@cache
def _tags(kind: type) -> tuple[str, ...]:
    """The values of its field `type`."""
    return typing.get_args(typing.get_type_hints(kind)["type"])


def _expect(said: object, kind: type[T]) -> T:
    # A bool is an int in Python, and never one in the API.
    if not isinstance(said, kind) or (isinstance(said, bool) and kind is not bool):
        raise ValueError(f"{str(said)[:60]!r} is no {kind.__name__}")
    return said


def _read(kind: Any, said: object, coin: Coin | None) -> object:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        if COINS in args:
            if coin is None:
                raise TypeError("an amount without its coin")
            return coin.parse(_expect(said, str))
        return _read(args[0], said, coin)
    if origin in (types.UnionType, typing.Union):
        return _read_union(args, said, coin)
    if origin is Literal:
        if said not in args:
            raise ValueError(f"{str(said)[:60]!r} is none of {args}")
        return said
    if origin is tuple:
        return tuple(_read(args[0], one, coin) for one in _expect(said, list))
    if dataclasses.is_dataclass(kind):
        return _read_fields(typing.cast(type, kind), _expect(said, dict), coin)
    return _read_plain(kind, said)


def _read_plain(kind: Any, said: object) -> object:
    if kind is Hash:
        return Hash.parse(_expect(said, str))
    if kind is Address:
        return Address.parse(_expect(said, str))
    if kind is ApiError:
        return _read_problem(_expect(said, dict))
    if kind is bytes:
        return unhex(_expect(said, str), "bytes")
    if kind is datetime:
        return _time(_expect(said, str))
    if kind is int and isinstance(said, str) and said.isascii() and said.isdigit():
        # Numbers that may not fit a JavaScript number come as text.
        return int(said)
    return _expect(said, kind)


def _time(said: str) -> datetime:
    """A time. Anybody may propose a deadline after the year 9999, which a node writes as milliseconds: it is the latest time that Python knows."""
    if said.endswith(" ms") and said[:-3].isascii() and said[:-3].isdigit():
        return datetime.max.replace(tzinfo=UTC)
    return datetime.fromisoformat(said)


def _read_problem(document: Mapping[str, object]) -> ApiError:
    kind = str(document["type"]).removeprefix("urn:bouya:")
    values = read(ProblemValues, document)
    return problem(kind, _expect(document["status"], int), str(document["title"]), str(document["detail"]), values)


def _read_union(kinds: tuple[Any, ...], said: object, coin: Coin | None) -> object:
    if said is None and type(None) in kinds:
        return None
    kinds = tuple(kind for kind in kinds if kind is not type(None))
    if len(kinds) == 1:
        return _read(kinds[0], said, coin)
    # Which one it is, is said in its field `type`. The last one is for what a newer node says.
    fields = _expect(said, dict)
    for kind in kinds[:-1]:
        if fields["type"] in _tags(kind):
            return _read(kind, said, coin)
    return kinds[-1](str(fields["type"]), fields)


def _read_fields(kind: type, said: Mapping[str, object], coin: Coin | None) -> object:
    values = {}
    for name, alias, of, is_optional in _fields(kind):
        if alias in said:
            values[name] = _read(of, said[alias], coin)
        elif not is_optional:
            raise KeyError(alias)
    return kind(**values)
