"""Addresses: a kind and 32 bytes, written in bech32m with the prefix `bouya` (docs/PROTOCOL.md, 9)."""

from __future__ import annotations

from typing import Self

from .errors import AddressError
from .hashing import tagged

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_PREFIX = "bouya"
_BECH32M = 0x2BC830A3
_DIGITS = 53


class Address(bytes):
    """33 bytes. Kind 0: the hash of a key. Kind 1: a contract. Others can be paid, but nobody can spend from them yet. As text: `str(address)`."""

    __slots__ = ()

    def __new__(cls, data: bytes) -> Self:  # noqa: D102
        if len(data) != 33:
            raise AddressError(f"an address has 33 bytes, not {len(data)}")
        return super().__new__(cls, data)

    @classmethod
    def of_key(cls, key: bytes) -> Address:
        """The address of a public key."""
        return cls(b"\0" + tagged("bouya address", b"\0", key))

    @classmethod
    def of_contract(cls, deployer: Address, nonce: int, code: bytes, input: bytes) -> Address:
        """The address of a contract, from who deploys it with which nonce, and the SHA-256 of its code and of its first input."""
        return cls(b"\1" + tagged("bouya address", b"\1", deployer, nonce.to_bytes(8, "little"), code, input))

    @classmethod
    def parse(cls, text: str) -> Address:
        """From text: all upper or all lower case. Four wrong characters are always noticed."""
        lower = text.lower()
        if not text.isascii() or text not in (lower, text.upper()) or not lower.startswith(_PREFIX + "1"):
            raise AddressError(f"{text[:80]!r} is no address: one begins with {_PREFIX}1, and has no mixed case")
        try:
            digits = [_LETTERS.index(letter) for letter in lower[len(_PREFIX) + 1 :]]
        except ValueError:
            raise AddressError(f"{text[:80]!r} is no address: a letter is not one of {_LETTERS}") from None
        if len(digits) != _DIGITS + 6 or _checksum(digits) != _BECH32M:
            raise AddressError(f"{text[:80]!r} is no address: it was mistyped or cut; copy it again")
        number = 0
        for digit in digits[:_DIGITS]:
            number = number << 5 | digit
        if number & 1:
            raise AddressError(f"{text[:80]!r} is no address: its last bit is not 0")
        return cls((number >> 1).to_bytes(33, "big"))

    @classmethod
    def read(cls, value: Address | bytes | str) -> Address:
        """From an address, 33 bytes or text."""
        return cls.parse(value) if isinstance(value, str) else cls(value)

    @property
    def kind(self) -> int:
        """0: the hash of an ed25519 key; 1: a contract."""
        return self[0]

    def __str__(self) -> str:
        number = int.from_bytes(self, "big") << 1
        digits = [number >> 5 * at & 31 for at in range(_DIGITS - 1, -1, -1)]
        check = _checksum([*digits, 0, 0, 0, 0, 0, 0]) ^ _BECH32M
        digits += [check >> 5 * at & 31 for at in range(5, -1, -1)]
        return _PREFIX + "1" + "".join(_LETTERS[digit] for digit in digits)

    def __repr__(self) -> str:
        return f"Address({self})"


AddressLike = Address | bytes | str
"""An address as callers have it."""


def _checksum(digits: list[int]) -> int:
    check = 1
    for value in [ord(c) >> 5 for c in _PREFIX] + [0] + [ord(c) & 31 for c in _PREFIX] + digits:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for at, factor in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= factor if top >> at & 1 else 0
    return check
