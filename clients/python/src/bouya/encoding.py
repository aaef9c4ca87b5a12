"""Borsh, as far as the protocol uses it: the same bytes are hashed, signed, stored and sent (docs/PROTOCOL.md, 1)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import TypeVar

from .errors import EncodingError

T = TypeVar("T")


def need(condition: bool, what: str) -> None:
    """Raises an `EncodingError` unless the condition holds."""
    if not condition:
        raise EncodingError(what)


def number(value: int, size: int) -> bytes:
    """An unsigned number of `size` bytes, little-endian."""
    # A bool is an int in Python, and never meant as one here.
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 8 * size:
        raise EncodingError(f"{value!r} is not a whole number from 0 to 2^{8 * size} - 1")
    return value.to_bytes(size, "little")


def u8(value: int) -> bytes:
    """One byte."""
    return number(value, 1)


def u16(value: int) -> bytes:
    """Two bytes."""
    return number(value, 2)


def u32(value: int) -> bytes:
    """Four bytes."""
    return number(value, 4)


def u64(value: int) -> bytes:
    """Eight bytes."""
    return number(value, 8)


def u128(value: int) -> bytes:
    """Sixteen bytes."""
    return number(value, 16)


def exactly(data: bytes, size: int, what: str) -> bytes:
    """Bytes of one size, as they are."""
    need(len(data) == size, f"{what} has {len(data)} bytes, not {size}")
    return bytes(data)


def counted(data: bytes, most: int, what: str) -> bytes:
    """Bytes with their length in front."""
    need(len(data) <= most, f"{what} has {len(data)} bytes; at most {most} are allowed")
    return u32(len(data)) + bytes(data)


def text(value: str, most: int, what: str) -> bytes:
    """A text with its length in bytes in front. Control characters are not allowed."""
    need(not any(unicodedata.category(letter) == "Cc" for letter in value), f"{what} holds control characters")
    try:
        return counted(value.encode(), most, what)
    except UnicodeEncodeError as error:
        raise EncodingError(f"{what} is not Unicode text") from error


def listed(items: Iterable[bytes], most: int, what: str) -> bytes:
    """Encoded items with their count in front."""
    items = list(items)
    need(len(items) <= most, f"{what}: {len(items)} of them; at most {most} are allowed")
    return u32(len(items)) + b"".join(items)


def optional(value: T | None, encode: Callable[[T], bytes]) -> bytes:
    """0, or 1 and the value."""
    return b"\0" if value is None else b"\1" + encode(value)


class Reader:
    """Takes values from the front of bytes. Only the canonical form is read; whoever reads last calls `end`."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        """So many bytes."""
        need(self.at + count <= len(self.data), "the bytes end too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, size: int) -> int:
        """An unsigned number of `size` bytes."""
        return int.from_bytes(self.take(size), "little")

    def count(self, most: int) -> int:
        """A length or count, checked against its bound before anything is read."""
        count = self.number(4)
        need(count <= most, f"a length of {count}, where at most {most} is allowed")
        return count

    def counted(self, most: int) -> bytes:
        """Bytes with their length in front."""
        return self.take(self.count(most))

    def text(self, most: int) -> str:
        """A text without control characters."""
        try:
            value = self.counted(most).decode()
        except UnicodeDecodeError as error:
            raise EncodingError("a text that is not UTF-8") from error
        need(not any(unicodedata.category(letter) == "Cc" for letter in value), "a text with control characters")
        return value

    def choice(self, count: int, what: str) -> int:
        """The number of a variant, below `count`."""
        number = self.number(1)
        need(number < count, f"{number} is no {what}")
        return number

    def flag(self) -> bool:
        """0 or 1."""
        return self.choice(2, "flag") == 1

    def optional(self, read: Callable[[], T]) -> T | None:
        """A value that may be absent."""
        return read() if self.flag() else None

    def listed(self, most: int, read: Callable[[], T]) -> tuple[T, ...]:
        """A list with its count in front."""
        return tuple(read() for _ in range(self.count(most)))

    def end(self) -> None:
        """Nothing may follow a value."""
        need(self.at == len(self.data), "bytes follow where the value ends")
