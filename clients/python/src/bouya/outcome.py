"""What became of a deployment or a call, as a receipt shows it (docs/PROTOCOL.md, 18 and 21)."""

from __future__ import annotations

from dataclasses import dataclass

from .address import Address
from .encoding import Reader
from .hashing import Hash, tagged
from .transaction import Transaction

_OUTPUT, _PAYMENTS, _EVENTS, _TOPIC, _EVENT = 1_024, 128, 16, 64, 1_024


@dataclass(frozen=True)
class Payment:
    """What a contract paid to whom, in the smallest unit."""

    to: Address
    amount: int


@dataclass(frozen=True)
class ContractEvent:
    """What a contract said."""

    topic: str
    data: bytes


@dataclass(frozen=True)
class Done:
    """What a run that did not fail has given: its output, and what it paid and said, in its order."""

    output: bytes
    payments: tuple[Payment, ...]
    events: tuple[ContractEvent, ...]

    @classmethod
    def read(cls, reader: Reader) -> Done:
        """From the front of some bytes."""
        return cls(
            reader.counted(_OUTPUT),
            reader.listed(_PAYMENTS, lambda: Payment(Address(reader.take(33)), reader.number(8))),
            reader.listed(_EVENTS, lambda: ContractEvent(reader.text(_TOPIC), reader.counted(_EVENT))),
        )


@dataclass(frozen=True)
class Outcome:
    """What became of a deployment or a call. `done` is None if it failed: it cost its fee, its value went back, and nothing else changed."""

    contract: Address
    done: Done | None

    @classmethod
    def decode(cls, data: bytes, contract: Address) -> Outcome:
        """From the bytes that a receipt holds."""
        reader = Reader(data)
        done = reader.optional(lambda: Done.read(reader))
        reader.end()
        return cls(contract, done)


def leaf(transaction: Transaction, contract: Address, done: bytes) -> Hash:
    """What stands for the outcome in the tree of its block."""
    return tagged("bouya outcome", transaction.id, contract, done)
