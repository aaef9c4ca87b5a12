"""What a node answers, typed: hashes as `Hash`, addresses as `Address`, amounts as smallest units, times as datetimes in UTC.

The fields are those of the API's description (docs/openapi.json), which says more about some of them. What a newer node adds is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from ._reading import COINS, Alias
from .address import Address
from .errors import ApiError
from .hashing import Hash

Amount = Annotated[int, COINS]
"""Smallest units. The API writes coins with decimals; `Node.coin` converts."""


@dataclass(frozen=True)
class AddressName:
    """Whose an address is, by the members after the newest block."""

    member: str
    name: str
    role: Literal["governor", "key"]


@dataclass(frozen=True)
class Moment:
    """When something was put on the chain."""

    height: int
    time: datetime
    transaction: Hash


@dataclass(frozen=True)
class Turnout:
    """The voters that take part."""

    heard: int
    members: int
    needed: int
    missing: tuple[str, ...]


# --- The node ---


@dataclass(frozen=True)
class NodeState:
    """How a node stands: the gravest thing that is true of it, and what its operator can do about it."""

    name: str
    ready: bool
    reason: str
    next: str | None = None

    @property
    def sees_network(self) -> bool:
        """Whether it sees the network's newest blocks, so that confirmations are the network's."""
        return self.name in ("ready", "held", "stalled", "unwritten", "silent", "not-listed")


@dataclass(frozen=True)
class NetworkInfo:
    """The network that a node is of."""

    id: Hash
    name: str
    symbol: str
    decimals: int
    interval_ms: int
    min_fee_per_byte: int
    version: int
    gas_per_block: int
    code: str | None = None
    override: Hash | None = None


@dataclass(frozen=True)
class Tip:
    """The newest block. From `lowest_block` on the node has all transactions."""

    height: int
    hash: Hash
    time: datetime
    work: int
    lowest_block: int


@dataclass(frozen=True)
class FinalTip:
    """The newest final block: the genesis block if none was voted final yet."""

    height: int
    hash: Hash
    behind: int
    turnout: Turnout
    since: datetime | None = None
    after_ms: int | None = None


@dataclass(frozen=True)
class PeerCounts:
    """How many peers a node has."""

    connected: int
    known: int


@dataclass(frozen=True)
class Mempool:
    """What waits for a block."""

    transactions: int
    bytes: int


@dataclass(frozen=True)
class Status:
    """A node at a glance."""

    id: str
    version: str
    state: NodeState
    network: NetworkInfo
    tip: Tip
    final: FinalTip
    peers: PeerCounts
    mempool: Mempool
    reward_to: Address
    started: datetime


# --- Actions ---


@dataclass(frozen=True)
class Output:
    """An amount for an address."""

    to: Address
    amount: Amount
    name: AddressName | None = None


@dataclass(frozen=True)
class Transfer:
    """Pays."""

    type: Literal["transfer"]
    outputs: tuple[Output, ...]
    memo: str


@dataclass(frozen=True)
class RecordAction:
    """Writes down. `hash` is that of the data or the document; `name` is the document's."""

    type: Literal["record"]
    topic: str
    hash: Hash
    data: bytes | None = None
    text: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Propose:
    """Proposes an agreement."""

    type: Literal["propose"]
    agreement: Hash
    title: str
    document: Hash
    parties: tuple[Address, ...]
    deadline: datetime


@dataclass(frozen=True)
class Respond:
    """Signs or refuses an agreement."""

    type: Literal["respond"]
    agreement: Hash
    document: Hash
    response: Literal["sign", "refuse"]


@dataclass(frozen=True)
class Withdraw:
    """Takes a proposal back."""

    type: Literal["withdraw"]
    agreement: Hash


@dataclass(frozen=True)
class AddMember:
    """A new member."""

    type: Literal["add"]
    id: str
    key: bytes
    governor: Address
    name: str


@dataclass(frozen=True)
class RemoveMember:
    """A member less."""

    type: Literal["remove"]
    id: str


@dataclass(frozen=True)
class ChangeGovernor:
    """Another address speaks for a member."""

    type: Literal["governor"]
    id: str
    governor: Address


@dataclass(frozen=True)
class UpgradeBlocks:
    """A version of blocks from a height on."""

    type: Literal["upgrade"]
    version: int
    height: int


@dataclass(frozen=True)
class ChangeKeys:
    """A member's own word about its keys."""

    type: Literal["keys"]
    id: str
    key: bytes | None = None
    governor: Address | None = None


@dataclass(frozen=True)
class Unknown:
    """Something that this version does not know, as the node wrote it."""

    type: str
    said: dict[str, Any]


MemberChange = AddMember | RemoveMember | ChangeGovernor | UpgradeBlocks | ChangeKeys | Unknown
"""What changes about the members."""


@dataclass(frozen=True)
class MotionAction:
    """Moves that the members change."""

    type: Literal["motion"]
    motion: Hash
    change: MemberChange
    reason: str
    until: datetime


@dataclass(frozen=True)
class Ballot:
    """Says yes or no to a motion."""

    type: Literal["ballot"]
    motion: Hash
    yes: bool


@dataclass(frozen=True)
class Keys:
    """Gives the sender's own member other keys."""

    type: Literal["keys"]
    member: str
    key: bytes | None = None
    governor: Address | None = None


@dataclass(frozen=True)
class Deploy:
    """Puts a contract on the ledger. `code` is the SHA-256 of its code, and `size` how many bytes that has."""

    type: Literal["deploy"]
    contract: Address
    code: Hash
    size: int
    input: bytes
    value: Amount
    gas: int


@dataclass(frozen=True)
class Call:
    """Calls a contract. `code` and `size` are what it says of the contract's code."""

    type: Literal["call"]
    contract: Address
    code: Hash
    size: int
    input: bytes
    value: Amount
    gas: int


Action = Transfer | RecordAction | Propose | Respond | Withdraw | MotionAction | Ballot | Keys | Deploy | Call | Unknown
"""What a transaction does."""


# --- Contracts ---


@dataclass(frozen=True)
class ContractEvent:
    """Something that a contract said."""

    topic: str
    data: bytes


@dataclass(frozen=True)
class ContractOutcome:
    """What a deployment or a call has led to, or would lead to. If not `done` it has cost its fee and changed nothing else; `why` says why."""

    done: bool
    gas: int
    output: bytes
    payments: tuple[Output, ...]
    events: tuple[ContractEvent, ...]
    why: str | None = None


@dataclass(frozen=True)
class Contract:
    """A contract on the ledger. `held` are the bytes of what it keeps."""

    address: Address
    code: Hash
    size: int
    deployer: Address
    transaction: Hash
    height: int
    held: int
    balance: Amount
    deployer_name: AddressName | None = None


@dataclass(frozen=True)
class ContractSlot:
    """Something that a contract keeps."""

    key: bytes
    data: bytes


@dataclass(frozen=True)
class ContractTold:
    """Something that a contract said, and when."""

    topic: str
    data: bytes
    transaction: Hash
    height: int
    time: datetime
    confirmations: int
    final: bool


@dataclass(frozen=True)
class ContractAnswer:
    """What a contract says when it is asked. Nothing of that is on the ledger."""

    done: bool
    gas: int
    output: bytes
    height: int
    why: str | None = None


# --- Transactions, blocks, accounts ---


@dataclass(frozen=True)
class Transaction:
    """A transaction that waits, or is on the chain. `final`: the members have voted its block final, so it never changes.

    `height`, `time` and `block` are its block's; None while it waits. `outcome` is that of a deployment or a call whose block the node executed.
    """

    id: Hash
    status: Literal["pending", "confirmed"]
    confirmations: int
    final: bool
    sender: Address
    nonce: int
    fee: Amount
    valid_until: int
    size: int
    action: Action
    height: int | None = None
    time: datetime | None = None
    block: Hash | None = None
    sender_name: AddressName | None = None
    outcome: ContractOutcome | None = None


@dataclass(frozen=True)
class Miner:
    """Who sealed a block."""

    key: bytes
    id: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Reward:
    """What the miner got."""

    to: Address
    amount: Amount
    name: AddressName | None = None


@dataclass(frozen=True)
class BlockSummary:
    """A block without its transactions."""

    height: int
    hash: Hash
    time: datetime
    final: bool
    difficulty: int
    miner: Miner
    size: int
    transactions: int


@dataclass(frozen=True)
class Block:
    """A block."""

    height: int
    hash: Hash
    time: datetime
    final: bool
    confirmations: int
    parent: Hash
    body_root: Hash
    history: Hash
    difficulty: int
    work: int
    nonce: int
    miner: Miner
    reward: Reward
    size: int
    transactions: tuple[Transaction, ...]


@dataclass(frozen=True)
class Account:
    """What an address holds. `nonce` is the next one to use."""

    address: Address
    balance: Amount
    nonce: int
    confirmations: int
    name: AddressName | None = None


@dataclass(frozen=True)
class Movement:
    """A line of an address's history."""

    height: int
    time: datetime
    action: str
    direction: Literal["in", "out", "self", "reward"]
    amount: Amount
    fee: Amount
    counterparties: tuple[Address, ...]
    memo: str
    transaction: Hash | None = None


# --- Records and agreements ---


@dataclass(frozen=True)
class Record:
    """What was written down. `hash` is that of the data or the document."""

    transaction: Hash
    height: int
    time: datetime
    confirmations: int
    final: bool
    sender: Address
    topic: str
    hash: Hash
    data: bytes | None = None
    text: str | None = None
    name: str | None = None
    sender_name: AddressName | None = None


@dataclass(frozen=True)
class Party:
    """A party of an agreement. A late answer does not count."""

    address: Address
    late: bool
    answer: Literal["signed", "refused"] | None = None
    at: Moment | None = None
    name: AddressName | None = None


AgreementStatus = Literal["open", "effective", "refused", "withdrawn", "expired"]
"""How an agreement stands."""


@dataclass(frozen=True)
class Agreement:
    """An agreement and its state at the tip. `final`: the block that decided it is; while it is open, the proposal's."""

    id: Hash
    title: str
    document: Hash
    proposer: Address
    deadline: datetime
    status: AgreementStatus
    settled: bool
    confirmations: int
    final: bool
    proposed: Moment
    parties: tuple[Party, ...]
    decided: Moment | None = None
    withdrawal: Moment | None = None
    proposer_name: AddressName | None = None


# --- Members, motions, finality ---


@dataclass(frozen=True)
class Since:
    """A block that changed who the members are."""

    height: int
    hash: Hash
    time: datetime


@dataclass(frozen=True)
class Vote:
    """A voter's newest vote."""

    epoch: int
    height: int
    hash: Hash
    heard: datetime | None = None


@dataclass(frozen=True)
class Member:
    """A member."""

    id: str
    key: bytes
    key_address: Address
    governor: Address
    name: str
    since: Since | None = None
    sealed: Since | None = None
    vote: Vote | None = None
    agent: str | None = None


@dataclass(frozen=True)
class DecidedAt:
    """Where something was decided, or came into force."""

    height: int
    time: datetime
    transaction: Hash | None = None


@dataclass(frozen=True)
class Decided:
    """What was decided, and waits to come into force."""

    at: DecidedAt
    change: MemberChange
    motion: Hash | None = None


@dataclass(frozen=True)
class Members:
    """The members after the newest block, and what waits to change them. `needed` votes decide."""

    members: tuple[Member, ...]
    needed: int
    since: Since
    final: bool
    former: tuple[str, ...]
    waiting: tuple[Decided, ...]


@dataclass(frozen=True)
class MemberName:
    """A member, and what people call it."""

    id: str
    name: str


@dataclass(frozen=True)
class MemberSet:
    """The members of a time. `proven` is the height that a proof of them leads to."""

    since: Since
    final: bool
    count: int
    needed: int
    came: tuple[MemberName, ...]
    went: tuple[MemberName, ...]
    motions: tuple[Hash, ...]
    override: Hash | None = None
    proven: int | None = None


@dataclass(frozen=True)
class Voice:
    """What somebody said about a motion."""

    member: str
    yes: bool | None = None
    address: Address | None = None


@dataclass(frozen=True)
class MotionVote:
    """Who said what about a motion."""

    mover: str
    reason: str
    until: datetime
    needed: int
    yes: int
    no: int
    voices: tuple[Voice, ...]
    candidate: Voice | None = None


@dataclass(frozen=True)
class Motion:
    """A motion."""

    id: Hash
    state: str
    change: MemberChange
    at: Moment
    final: bool
    vote: MotionVote
    decided: DecidedAt | None = None
    applied: DecidedAt | None = None
    why: str | None = None


@dataclass(frozen=True)
class FinalBlock:
    """A final block, and who signed it."""

    height: int
    hash: Hash
    epoch: int
    signers: tuple[str, ...]
    certificate: bytes
    since: datetime | None = None


@dataclass(frozen=True)
class Voter:
    """A voter. `fault` says what it signed that no honest machine signs."""

    id: str
    number: int
    vote: Vote | None = None
    fault: str | None = None


@dataclass(frozen=True)
class Finality:
    """How finality stands. A `rival` is a final block of another history: then people must decide."""

    set: Hash
    quorum: int
    guilty: int
    voters: tuple[Voter, ...]
    voting: str
    final: FinalBlock | None = None
    rival: FinalBlock | None = None


@dataclass(frozen=True)
class Submitted:
    """A transaction that the node took. `known`: it waited there already."""

    id: Hash
    known: bool = False


@dataclass(frozen=True)
class TransactionCheck:
    """What would become of a transaction: it would be taken (`passes`), or there is a `problem`. `outcome` is what a deployment or a call would
    lead to if its turn came now."""

    id: Hash
    passes: bool
    size: int
    fee: Amount
    least_fee: Amount
    nonce: int
    next_nonce: int
    known: bool = False
    problem: ApiError | None = None
    outcome: ContractOutcome | None = None


# --- The feed ---


@dataclass(frozen=True)
class FeedItem:
    """A transaction of the feed. `cursor` is the place behind it."""

    cursor: str
    transaction: Transaction


@dataclass(frozen=True)
class Feed:
    """A page of the feed. Go on behind `next`, at once if there is `more`. What was told above `undone`, if there is one, is not so any more."""

    items: tuple[FeedItem, ...]
    next: str
    more: bool
    final: int
    undone: int | None = None


@dataclass(frozen=True)
class FeedUndone:
    """Blocks above this height are others than those that were told: take back what was told from there before you go on."""

    above: int


@dataclass(frozen=True)
class FeedAt:
    """How far the feed has come: all that fits in blocks up to this height was told. `final` is the newest final block's height."""

    height: int
    final: int


# --- Events ---


@dataclass(frozen=True)
class BlockEvent:
    """A block joined the best chain. `miner` is a member's id, or a key in hex."""

    type: Literal["block"]
    height: int
    hash: Hash
    transactions: int
    miner: str


@dataclass(frozen=True)
class ReorgEvent:
    """The best chain changed its past, above the final block."""

    type: Literal["reorg"]
    depth: int
    height: int
    before: Annotated[Hash, Alias("from")]
    after: Annotated[Hash, Alias("to")]


@dataclass(frozen=True)
class TransactionEvent:
    """A transaction waits to be confirmed."""

    type: Literal["transaction"]
    id: Hash


@dataclass(frozen=True)
class DroppedEvent:
    """A transaction left unconfirmed."""

    type: Literal["dropped"]
    id: Hash
    reason: str


@dataclass(frozen=True)
class AgreementEvent:
    """An agreement was proposed, answered, decided or ended: its state at the tip, which may change until it is final."""

    type: Literal["agreement"]
    id: Hash
    status: AgreementStatus


@dataclass(frozen=True)
class MotionEvent:
    """A motion was moved, decided, or came into force or could not."""

    type: Literal["motion"]
    id: Hash
    state: str


@dataclass(frozen=True)
class MembersEvent:
    """A block changed who the members are, or such a block is final."""

    type: Literal["members"]
    height: int
    hash: Hash
    members: tuple[str, ...]
    final: bool


@dataclass(frozen=True)
class FinalEvent:
    """A block is final, and with it all below."""

    type: Literal["final"]
    height: int
    hash: Hash
    after_ms: int


@dataclass(frozen=True)
class StalledEvent:
    """The blocks above the final one do not become final. The next `final` ends that."""

    type: Literal["finality_stalled"]
    height: int
    since: datetime
    heard: int
    members: int
    needed: int
    missing: tuple[str, ...]


@dataclass(frozen=True)
class FaultEvent:
    """A member signed two votes that no honest machine signs both."""

    type: Literal["member_fault"]
    id: str
    offence: str


@dataclass(frozen=True)
class ConflictEvent:
    """Two blocks were voted final that contradict each other: people must decide."""

    type: Literal["finality_conflict"]
    height: int
    hash: Hash


@dataclass(frozen=True)
class PeerEvent:
    """A peer connected or disconnected."""

    type: Literal["peer"]
    id: str
    status: str
    why: str | None = None


@dataclass(frozen=True)
class Lagged:
    """Events were lost: so many, or None if nobody counted them. Ask for the current state, and read on."""

    type: Literal["lagged"]
    missed: int | None = None


EventData = (
    BlockEvent
    | ReorgEvent
    | TransactionEvent
    | DroppedEvent
    | AgreementEvent
    | MotionEvent
    | MembersEvent
    | FinalEvent
    | StalledEvent
    | FaultEvent
    | ConflictEvent
    | PeerEvent
    | Lagged
    | Unknown
)
"""What happened."""
