"""Transactions: made, signed, encoded, read and checked here; a node sees nothing but the signed bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from . import ed25519, encoding
from .actions import Action, Call, Deploy, Keys, Motion, Proof, Propose, Transfer, check_action, read_action
from .address import Address
from .encoding import Reader, need
from .errors import EncodingError, InvalidTransaction
from .hashing import Hash, sha256, tagged
from .keys import Signer

MOST_BYTES = 16_384
DEPLOY_BYTES = 40_960
"""Of a transaction that deploys a contract."""
_VERSION = 1
_GAS_PER_BYTE, _GAS_PER_CODE_BYTE = 1_000, 100


@dataclass(frozen=True)
class Transaction:
    """A signed transaction. `Transaction.sign` makes one; `bytes(transaction)` is what is hashed and sent."""

    sender: bytes
    nonce: int
    fee: int
    valid_until: int
    action: Action
    signature: bytes

    @classmethod
    def sign(cls, network: Hash, signer: Signer, nonce: int, fee: int, valid_until: int, action: Action) -> Transaction:
        """Signs for one network. It is checked by whoever sends it, see `check`."""
        draft = cls(signer.public, nonce, fee, valid_until, action, bytes(64))
        return replace(draft, signature=encoding.exactly(signer.sign(draft._signed(network)), 64, "a signature"))

    @classmethod
    def decode(cls, data: bytes) -> Transaction:
        """From its bytes, which must be canonical."""
        reader = Reader(data)
        transaction = cls.read(reader)
        reader.end()
        return transaction

    @classmethod
    def read(cls, reader: Reader) -> Transaction:
        """From the front of bytes."""
        need(reader.number(1) == _VERSION, "a version of transactions that is not known here")
        sender, nonce, fee, until = reader.take(32), reader.number(8), reader.number(8), reader.number(8)
        return cls(sender, nonce, fee, until, read_action(reader), reader.take(64))

    @cached_property
    def _unsigned(self) -> bytes:
        numbers = encoding.u64(self.nonce) + encoding.u64(self.fee) + encoding.u64(self.valid_until)
        return encoding.u8(_VERSION) + encoding.exactly(self.sender, 32, "a key") + numbers + self.action.encode()

    def _signed(self, network: Hash) -> bytes:
        return b"bouya transaction\0" + network + self._unsigned

    def __bytes__(self) -> bytes:
        return self._unsigned + self.signature

    @cached_property
    def id(self) -> Hash:
        """What it is found by."""
        return sha256(bytes(self))

    @property
    def address(self) -> Address:
        """The sender's address."""
        return Address.of_key(self.sender)

    @property
    def agreement(self) -> Hash | None:
        """The id of the agreement that it proposes. It is not the transaction's id."""
        return self._named("bouya agreement", self.action.fields()) if isinstance(self.action, Propose) else None

    @property
    def motion(self) -> Hash | None:
        """The id of the motion that it moves."""
        return self._named("bouya motion", self.action.fields()) if isinstance(self.action, Motion) else None

    @property
    def contract(self) -> Address | None:
        """The contract that it deploys or calls."""
        if isinstance(self.action, Deploy):
            return Address.of_contract(self.address, self.nonce, sha256(self.action.code), sha256(self.action.input))
        return self.action.contract if isinstance(self.action, Call) else None

    @property
    def burden(self) -> int:
        """What it costs a block, in bytes: its own, and those that its gas is worth. Nodes take a fee for each."""
        gas = 0
        if isinstance(self.action, Deploy):
            gas = self.action.gas + _GAS_PER_CODE_BYTE * len(self.action.code)
        elif isinstance(self.action, Call):
            gas = self.action.gas + _GAS_PER_CODE_BYTE * self.action.size
        return len(bytes(self)) + -(-gas // _GAS_PER_BYTE)

    def _paid(self) -> int:
        if isinstance(self.action, Transfer):
            return sum(output.amount for output in self.action.outputs)
        return self.action.value if isinstance(self.action, (Deploy, Call)) else 0

    def _named(self, tag: str, fields: bytes) -> Hash:
        return tagged(tag, self.sender, encoding.u64(self.nonce), fields)

    def check(self, network: Hash) -> None:
        """Raises `InvalidTransaction` unless it is valid everywhere: in form, and signed for this network."""
        try:
            self.check_form()
        except EncodingError as error:
            raise InvalidTransaction(str(error)) from error
        for key, message, signature, what in self.proofs(network):
            if not ed25519.verify(key, message, signature):
                raise InvalidTransaction(f"{what} is not valid for network {network}")

    def check_form(self) -> None:
        """Raises an `EncodingError` if it is valid nowhere, signatures apart."""
        size = len(bytes(self))
        most = DEPLOY_BYTES if isinstance(self.action, Deploy) else MOST_BYTES
        need(size <= most, f"it has {size} bytes; at most {most} are allowed")
        check_action(self.action, self.address)
        need(self.fee + self._paid() < 1 << 64, "fee, outputs and value are more than the ledger can count")

    def proofs(self, network: Hash) -> list[Proof]:
        """All signatures in it, to be verified."""
        own: Proof = (self.sender, self._signed(network), self.signature, "the signature")
        if isinstance(self.action, Motion):
            return [own, *self.action.proofs()]
        if isinstance(self.action, Keys):
            return [own, *self.action.proofs(network, self.address, self.nonce)]
        return [own]
