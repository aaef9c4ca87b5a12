"""What a transaction does (docs/PROTOCOL.md, 10). Times are milliseconds since 1970, amounts are smallest units."""

from __future__ import annotations

from dataclasses import dataclass

from . import encoding
from .address import Address
from .encoding import Reader, need
from .hashing import Hash, sha256
from .members import Member as Member
from .members import Upgrade as Upgrade
from .members import node_id, read_node_id

_CODE, _INIT, _INPUT = 32_768, 4_096, 8_192
_OUTPUTS, _PARTIES, _MEMO, _TOPIC, _NAME, _TITLE, _REASON, _DATA = 128, 32, 256, 64, 256, 256, 256, 8192
Proof = tuple[bytes, bytes, bytes, str]
"""A key, a message, the signature over it, and what that is."""


@dataclass(frozen=True)
class Output:
    """An amount for an address."""

    to: Address
    amount: int


@dataclass(frozen=True)
class Transfer:
    """Pays one or many addresses."""

    outputs: tuple[Output, ...]
    memo: str = ""

    def encode(self) -> bytes:
        """Its bytes."""
        outputs = (output.to + encoding.u64(output.amount) for output in self.outputs)
        return b"\0" + encoding.listed(outputs, _OUTPUTS, "outputs") + encoding.text(self.memo, _MEMO, "the memo")

    @classmethod
    def read(cls, reader: Reader) -> Transfer:
        """From what stands behind its number."""
        outputs = reader.listed(_OUTPUTS, lambda: Output(Address(reader.take(33)), reader.number(8)))
        return cls(outputs, reader.text(_MEMO))

    def check(self) -> None:
        """What the protocol asks of any."""
        need(
            len(self.outputs) > 0 and all(output.amount > 0 for output in self.outputs),
            "an output of nothing, or none at all",
        )


@dataclass(frozen=True)
class Data:
    """Data that every member can read."""

    data: bytes

    @property
    def hash(self) -> Hash:
        """What it is found by."""
        return sha256(self.data)


@dataclass(frozen=True)
class Document:
    """The hash of a document that is elsewhere, and what it is called."""

    hash: Hash
    name: str = ""


@dataclass(frozen=True)
class Record:
    """Writes down data or a document's hash under a topic."""

    topic: str
    content: Data | Document

    def encode(self) -> bytes:
        """Its bytes."""
        topic = b"\1" + encoding.text(self.topic, _TOPIC, "the topic")
        if isinstance(self.content, Data):
            return topic + b"\0" + encoding.counted(self.content.data, _DATA, "the data")
        return topic + b"\1" + self.content.hash + encoding.text(self.content.name, _NAME, "the document's name")

    @classmethod
    def read(cls, reader: Reader) -> Record:
        """From what stands behind its number."""
        topic = reader.text(_TOPIC)
        if reader.choice(2, "content") == 0:
            return cls(topic, Data(reader.counted(_DATA)))
        return cls(topic, Document(Hash(reader.take(32)), reader.text(_NAME)))

    def check(self) -> None:
        """What the protocol asks of any."""
        need(self.topic != "", "a record without a topic")


@dataclass(frozen=True)
class Propose:
    """Proposes an agreement about a document, and signs it for the proposer."""

    title: str
    document: Hash
    parties: tuple[Address, ...]
    deadline: int

    def fields(self) -> bytes:
        """The bytes that the agreement's id stands for."""
        parties = encoding.listed(self.parties, _PARTIES, "parties")
        return encoding.text(self.title, _TITLE, "the title") + self.document + parties + encoding.u64(self.deadline)

    def encode(self) -> bytes:
        """Its bytes."""
        return b"\2" + self.fields()

    @classmethod
    def read(cls, reader: Reader) -> Propose:
        """From what stands behind its number."""
        title, document = reader.text(_TITLE), Hash(reader.take(32))
        return cls(title, document, reader.listed(_PARTIES, lambda: Address(reader.take(33))), reader.number(8))

    def check(self, sender: Address) -> None:
        """What the protocol asks of any."""
        need(self.title != "", "a proposal without a title")
        need(len(self.parties) > 0, "a proposal without a party")
        need(len({*self.parties, sender}) == len(self.parties) + 1, "a party twice, or the proposer as party")


@dataclass(frozen=True)
class Respond:
    """Signs or refuses an agreement."""

    agreement: Hash
    document: Hash
    signs: bool

    def encode(self) -> bytes:
        """Its bytes."""
        return b"\3" + self.agreement + self.document + (b"\0" if self.signs else b"\1")

    @classmethod
    def read(cls, reader: Reader) -> Respond:
        """From what stands behind its number."""
        return cls(Hash(reader.take(32)), Hash(reader.take(32)), reader.choice(2, "response") == 0)


@dataclass(frozen=True)
class Withdraw:
    """Takes a proposal back."""

    agreement: Hash

    def encode(self) -> bytes:
        """Its bytes."""
        return b"\4" + self.agreement

    @classmethod
    def read(cls, reader: Reader) -> Withdraw:
        """From what stands behind its number."""
        return cls(Hash(reader.take(32)))


@dataclass(frozen=True)
class Add:
    """A new member; `proof` is its key's word."""

    member: Member
    proof: bytes


@dataclass(frozen=True)
class Remove:
    """A member less."""

    id: str


@dataclass(frozen=True)
class Governor:
    """Another address speaks for a member."""

    id: str
    governor: Address


Change = Add | Remove | Governor | Upgrade
"""What a motion asks for."""


@dataclass(frozen=True)
class Motion:
    """Asks the members to change who they are."""

    change: Change
    reason: str
    until: int

    def fields(self) -> bytes:
        """The bytes that the motion's id stands for."""
        return _encode_change(self.change) + encoding.text(self.reason, _REASON, "the reason") + encoding.u64(self.until)

    def encode(self) -> bytes:
        """Its bytes."""
        return b"\5" + self.fields()

    @classmethod
    def read(cls, reader: Reader) -> Motion:
        """From what stands behind its number."""
        return cls(_read_change(reader), reader.text(_REASON), reader.number(8))

    def check(self) -> None:
        """What the protocol asks of any."""
        if isinstance(self.change, Add):
            _check_governor(self.change.member.governor, self.change.member.key)
        if isinstance(self.change, Governor):
            _check_governor(self.change.governor, None)

    def proofs(self) -> list[Proof]:
        """The new member's word for its key."""
        if not isinstance(self.change, Add):
            return []
        member = self.change.member
        message = b"bouya new member\0" + node_id(member.id) + member.key + member.governor
        return [(member.key, message, self.change.proof, "the new member's proof")]


@dataclass(frozen=True)
class Ballot:
    """Says yes or no to a motion."""

    motion: Hash
    yes: bool

    def encode(self) -> bytes:
        """Its bytes."""
        return b"\6" + self.motion + encoding.u8(int(self.yes))

    @classmethod
    def read(cls, reader: Reader) -> Ballot:
        """From what stands behind its number."""
        return cls(Hash(reader.take(32)), reader.flag())


@dataclass(frozen=True)
class NewKey:
    """A key, and its own word that it is to be a member's."""

    key: bytes
    proof: bytes


@dataclass(frozen=True)
class Keys:
    """Gives the sender's own member another key, another governor or both."""

    id: str
    key: NewKey | None
    governor: Address | None

    def encode(self) -> bytes:
        """Its bytes."""
        key = encoding.optional(self.key, lambda new: encoding.exactly(new.key, 32, "a key") + encoding.exactly(new.proof, 64, "a proof"))
        return b"\7" + node_id(self.id) + key + encoding.optional(self.governor, bytes)

    @classmethod
    def read(cls, reader: Reader) -> Keys:
        """From what stands behind its number."""
        id = read_node_id(reader)
        key = reader.optional(lambda: NewKey(reader.take(32), reader.take(64)))
        return cls(id, key, reader.optional(lambda: Address(reader.take(33))))

    def check(self, sender: Address) -> None:
        """What the protocol asks of any."""
        need(self.key is not None or self.governor is not None, "neither a new key nor a new governor")
        _check_governor(self.governor or sender, self.key.key if self.key else None)

    def proofs(self, network: Hash, sender: Address, nonce: int) -> list[Proof]:
        """The new key's word."""
        if self.key is None:
            return []
        about = node_id(self.id) + self.key.key + (self.governor or sender) + encoding.u64(nonce)
        return [(self.key.key, b"bouya own keys\0" + network + about, self.key.proof, "the new key's proof")]


@dataclass(frozen=True)
class Deploy:
    """Puts a contract on the ledger: a WebAssembly module, what its `init` reads, the coins that it begins with, and the gas that `init` may take."""

    code: bytes
    input: bytes
    value: int
    gas: int

    def encode(self) -> bytes:
        """Its bytes."""
        code = encoding.counted(self.code, _CODE, "the code")
        input = encoding.counted(self.input, _INIT, "the input of a deployment")
        return b"\x08" + code + input + encoding.u64(self.value) + encoding.u64(self.gas)

    @classmethod
    def read(cls, reader: Reader) -> Deploy:
        """From what stands behind its number."""
        return cls(reader.counted(_CODE), reader.counted(_INIT), reader.number(8), reader.number(8))


@dataclass(frozen=True)
class Call:
    """Calls a contract. `code` is the SHA-256 of its code, and `size` how many bytes that has."""

    contract: Address
    code: Hash
    size: int
    input: bytes
    value: int
    gas: int

    def encode(self) -> bytes:
        """Its bytes."""
        input = encoding.counted(self.input, _INPUT, "the input of a call")
        numbers = encoding.u64(self.value) + encoding.u64(self.gas)
        return b"\x09" + self.contract + self.code + encoding.u32(self.size) + input + numbers

    @classmethod
    def read(cls, reader: Reader) -> Call:
        """From what stands behind its number."""
        contract, code, size = Address(reader.take(33)), Hash(reader.take(32)), reader.number(4)
        return cls(contract, code, size, reader.counted(_INPUT), reader.number(8), reader.number(8))

    def check(self) -> None:
        """What the protocol asks of any."""
        need(self.contract.kind == 1, f"{self.contract} is no contract's address")
        need(self.size <= _CODE, f"code of {self.size} bytes; at most {_CODE} are allowed")


Action = Transfer | Record | Propose | Respond | Withdraw | Motion | Ballot | Keys | Deploy | Call
"""All that a transaction can do."""

_READERS = (Transfer.read, Record.read, Propose.read, Respond.read, Withdraw.read, Motion.read, Ballot.read, Keys.read, Deploy.read, Call.read)


def read_action(reader: Reader) -> Action:
    """An action from the front of bytes."""
    return _READERS[reader.choice(len(_READERS), "action")](reader)


def check_action(action: Action, sender: Address) -> None:
    """Raises an `EncodingError` if the action is valid nowhere."""
    if isinstance(action, (Propose, Keys)):
        action.check(sender)
    elif isinstance(action, (Transfer, Record, Motion, Call)):
        action.check()


def _check_governor(governor: Address, key: bytes | None) -> None:
    need(governor.kind == 0, "a governor that is no key's address")
    need(key is None or Address.of_key(key) != governor, "a member key that would govern")


def _encode_change(change: Change) -> bytes:
    if isinstance(change, Add):
        return b"\0" + change.member.encode() + encoding.exactly(change.proof, 64, "a proof")
    if isinstance(change, Remove):
        return b"\1" + node_id(change.id)
    if isinstance(change, Governor):
        return b"\2" + node_id(change.id) + change.governor
    return b"\3" + change.encode()


def _read_change(reader: Reader) -> Change:
    kind = reader.choice(4, "change")
    if kind == 0:
        return Add(Member.read(reader), reader.take(64))
    if kind == 1:
        return Remove(read_node_id(reader))
    if kind == 2:
        return Governor(read_node_id(reader), Address(reader.take(33)))
    return Upgrade.read(reader)
