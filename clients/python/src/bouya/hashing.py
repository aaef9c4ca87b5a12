"""Hashes: their type, the tagged ones of the protocol, and those of documents."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from typing import BinaryIO, Self

from .errors import EncodingError


class Hash(bytes):
    """32 bytes: an id, or the SHA-256 of a document. As text it is lower-case hex: `str(hash)`, `Hash.parse(text)`."""

    __slots__ = ()

    def __new__(cls, data: bytes) -> Self:  # noqa: D102
        if len(data) != 32:
            raise EncodingError(f"a hash has 32 bytes, not {len(data)}")
        return super().__new__(cls, data)

    @classmethod
    def parse(cls, text: str) -> Hash:
        """From 64 lower-case hex digits. Shortened hashes are not for programs: somebody can make one that begins alike."""
        return cls(unhex(text, "a hash", 32))

    @classmethod
    def of(cls, value: Hash | bytes | str) -> Hash:
        """From a hash, 32 bytes or 64 hex digits."""
        return cls.parse(value) if isinstance(value, str) else cls(value)

    def __str__(self) -> str:
        return self.hex()

    def __repr__(self) -> str:
        return f"Hash({self.hex()})"


HashLike = Hash | bytes | str
"""A hash as callers have it: 32 bytes or 64 hex digits."""

Document = Hash | bytes | BinaryIO | str | os.PathLike[str]
"""A document: its bytes, an open binary file, or the path of a file; or its hash, where that is known. A text is a path, never the content."""


def unhex(text: str, what: str, size: int | None = None) -> bytes:
    """The bytes of lower-case hex, in exactly that form."""
    try:
        data = bytes.fromhex(text)
    except (ValueError, TypeError):
        data = None
    if data is None or data.hex() != text or size not in (None, len(data)):
        digits = "lower-case hex" if size is None else f"{2 * size} lower-case hex digits"
        raise EncodingError(f"{what} must be {digits}")
    return data


def sha256(*parts: bytes) -> Hash:
    """SHA-256 of the parts, joined."""
    return Hash(hashlib.sha256(b"".join(parts)).digest())


def double(data: bytes) -> Hash:
    """SHA-256 twice: ids of blocks."""
    return sha256(sha256(data))


def tagged(tag: str, *parts: bytes) -> Hash:
    """tagged_hash of docs/PROTOCOL.md, 8: no hash for one use is ever one for another."""
    return sha256(sha256(tag.encode()), *parts)


def hash_document(document: Document) -> Hash:
    """The SHA-256 of a document as records and agreements name it. Files of any size are read in pieces. A `Hash` is taken as it is."""
    if isinstance(document, Hash):
        return document
    if isinstance(document, bytes):
        return sha256(document)
    if isinstance(document, (str, os.PathLike)):
        with open(document, "rb") as file:
            return Hash(hashlib.file_digest(file, "sha256").digest())
    return Hash(hashlib.file_digest(document, "sha256").digest())  # type: ignore[arg-type]


def merkle_root(leaves: Iterable[bytes]) -> Hash:
    """The root of RFC 6962."""
    leaves = list(leaves)
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return sha256(b"\0", leaves[0])
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1", merkle_root(leaves[:left]), merkle_root(leaves[left:]))
