"""Headers and blocks (docs/PROTOCOL.md, 11 and 12)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from . import encoding
from .address import Address
from .encoding import Reader, need
from .finality import Certificate
from .hashing import Hash, merkle_root, tagged
from .header import Header
from .transaction import Transaction

_TRANSACTIONS = 16_384


@dataclass(frozen=True)
class Reward:
    """What the miner of a block got."""

    to: Address
    amount: int

    def encode(self) -> bytes:
        """Its bytes."""
        return self.to + encoding.u64(self.amount)

    def id(self, height: int) -> Hash:
        """Its id in the block at this height."""
        return tagged("bouya reward", encoding.u64(height), self.encode())


@dataclass(frozen=True)
class Block:
    """A header and its body."""

    header: Header
    executed: Hash
    reward: Reward
    certificate: Certificate | None
    transactions: tuple[Transaction, ...]

    @classmethod
    def decode(cls, data: bytes) -> Block:
        """From its bytes, as `Node.raw_block` gets them."""
        reader = Reader(data)
        header, executed = Header.read(reader), Hash(reader.take(32))
        reward = Reward(Address(reader.take(33)), reader.number(8))
        certificate = reader.optional(lambda: Certificate.read(reader))
        transactions = reader.listed(_TRANSACTIONS, lambda: Transaction.read(reader))
        reader.end()
        return cls(header, executed, reward, certificate, transactions)

    def __bytes__(self) -> bytes:
        body = self.executed + self.reward.encode() + encoding.optional(self.certificate, Certificate.encode)
        return self.header.encode() + body + encoding.listed(map(bytes, self.transactions), _TRANSACTIONS, "transactions")

    @cached_property
    def body_root(self) -> Hash:
        """What the header says of the body, if the two belong together."""
        certificate = [tagged("bouya certificate", self.certificate.encode())] if self.certificate else []
        ids = (transaction.id for transaction in self.transactions)
        return merkle_root([self.reward.id(self.header.height), *certificate, *ids])

    def check_body(self) -> None:
        """Raises an `EncodingError` unless the body is the header's."""
        need(self.body_root == self.header.body, "the body is not this header's")
