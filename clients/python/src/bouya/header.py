"""The 264 bytes that are sealed and mined (docs/PROTOCOL.md, 11)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from . import encoding
from .actions import Proof
from .encoding import Reader, need
from .hashing import Hash, double

SIZE = 264


@dataclass(frozen=True)
class Header:
    """A block's header. `time` is in milliseconds since 1970."""

    version: int
    flags: int
    height: int
    time: int
    difficulty: int
    parent: Hash
    body: Hash
    history: Hash
    commitments: Hash
    miner: bytes
    seal: bytes
    nonce: int

    @classmethod
    def read(cls, reader: Reader) -> Header:
        """From the front of bytes."""
        numbers = reader.number(4), reader.number(4), reader.number(8), reader.number(8), reader.number(8)
        hashes = Hash(reader.take(32)), Hash(reader.take(32)), Hash(reader.take(32)), Hash(reader.take(32))
        return cls(*numbers, *hashes, reader.take(32), reader.take(64), reader.number(8))

    @classmethod
    def decode(cls, data: bytes) -> Header:
        """From its bytes."""
        reader = Reader(data)
        header = cls.read(reader)
        reader.end()
        return header

    def encode(self) -> bytes:
        """Its bytes."""
        numbers = encoding.u32(self.version) + encoding.u32(self.flags) + encoding.u64(self.height)
        numbers += encoding.u64(self.time) + encoding.u64(self.difficulty)
        hashes = self.parent + self.body + self.history + self.commitments
        sealed = encoding.exactly(self.miner, 32, "a key") + encoding.exactly(self.seal, 64, "a seal")
        return numbers + hashes + sealed + encoding.u64(self.nonce)

    @cached_property
    def id(self) -> Hash:
        """The block's id."""
        return double(self.encode())

    def sealed(self, network: Hash) -> bytes:
        """What the miner signs."""
        return b"bouya seal\0" + network + self.encode()[:192]

    def check(self, network: Hash, may_be_genesis: bool = False) -> list[Proof]:
        """Raises an `EncodingError` unless it shows its work. Returns what is still to be verified: its seal, which takes longest.

        The genesis block has neither. Its id is the network's.
        """
        if self.height == 0:
            need(may_be_genesis and self.id == network, "a genesis block that is not the network's")
            return []
        is_worked = self.difficulty > 0 and int.from_bytes(self.id, "big") <= (2**256 - 1) // self.difficulty
        need(is_worked, f"the header of block {self.height} does not show its work")
        return [(self.miner, self.sealed(network), self.seal, f"the seal of block {self.height}")]

    def check_follows(self, parent: Header) -> None:
        """Raises an `EncodingError` unless it is the next block after that one."""
        is_next = self.parent == parent.id and self.height == parent.height + 1 and self.time > parent.time
        need(is_next, f"block {self.height} does not follow block {parent.height}")
