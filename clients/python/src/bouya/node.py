"""A node's API: read the ledger, sign, send and wait. The node never sees a key."""

from __future__ import annotations

import json
import os
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal, Self, TypeVar, Unpack, cast

from . import actions, views
from ._http import Http, Query, read_json
from ._reading import read
from .address import Address, AddressLike
from .coin import Coin
from .encoding import u32
from .errors import (
    AlreadyConfirmed,
    ApiError,
    Busy,
    MaybeSent,
    NeverConfirmed,
    NodeUnreachable,
    NonceTaken,
    NotFound,
    NotYet,
    OtherDocument,
    UnexpectedAnswer,
    WrongNetwork,
)
from .events import EventStream
from .feed import FeedFilter, FeedStream, feed_query
from .hashing import Document, Hash, HashLike, hash_document
from .keys import Signer
from .network import Network, milliseconds
from .transaction import Transaction

T = TypeVar("T")
BlockName = int | HashLike | Literal["latest"]
"""A block: its height, its hash, or `latest`."""

# A transaction can be confirmed in this many blocks. Long enough for a busy or idle network, and short enough that one that everyone gave
# up does not come back months later.
_VALID_BLOCKS = 1_000
# How many nonces to try while others sign with the same key.
_NONCES = 32
# Problems after which the node may have taken it all the same: those of a proxy, and of a node that was cut short.
_UNDECIDED = ("unknown", "timeout", "internal", "busy")
_LOOK_EVERY = 0.25
_SUBMITTED = 1_000
_PAGE = 100


@dataclass(frozen=True)
class Sent:
    """A transaction that the node took."""

    id: Hash
    transaction: Transaction

    @property
    def agreement(self) -> Hash | None:
        """The id of the agreement that it proposed."""
        return self.transaction.agreement


@dataclass(frozen=True)
class Proposed(Sent):
    """A proposal that the node took."""

    @property
    def agreement(self) -> Hash:
        """The id of the agreement, which is not the transaction's."""
        return cast(Hash, self.transaction.agreement)


class Node:
    """A node's API at `url`.

    With `network` (a definition or its id) it is an error if the node is of another one; do that wherever you sign. `headers` are sent along,
    for a proxy that wants a sign-in. A node can be used from several threads at once.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:5000",
        *,
        network: Network | HashLike | None = None,
        timeout: float = 30.0,
        headers: Mapping[str, str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._http = Http(url, timeout, headers or {}, ssl_context)
        self._expected = network.id if isinstance(network, Network) else None if network is None else Hash.of(network)

    @property
    def url(self) -> str:
        """Where it is."""
        return self._http.url

    def close(self) -> None:
        """Closes the connections that are kept."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Node({self.url!r})"

    # --- Reading ---

    def status(self) -> views.Status:
        """The node at a glance."""
        status = read(views.Status, self._http.get_json("/v1/status", {}))
        if self._expected is not None and status.network.id != self._expected:
            name = status.network.name
            why = f"the node at {self.url} is of network {name} ({status.network.id}), not of {self._expected}"
            raise WrongNetwork(f"{why}; the definition or the node is another network's: compare both")
        return status

    @cached_property
    def coin(self) -> Coin:
        """The network's coin, which converts smallest units to what people write, and back."""
        network = self.status().network
        return Coin(network.symbol, network.decimals)

    def blocks(self) -> Iterator[views.BlockSummary]:
        """The blocks of the best chain, newest first. Like all lists it is fetched as it is read: stop when you have enough."""
        return self._pages(views.BlockSummary, "/v1/blocks", {})

    def block(self, name: BlockName = "latest") -> views.Block:
        """One block."""
        return self._get(views.Block, f"/v1/blocks/{_block(name)}", {})

    def raw_block(self, name: BlockName = "latest") -> bytes:
        """One block's bytes, as they are hashed: see `blocks.Block.decode`."""
        return self._http.request("GET", f"/v1/blocks/{_block(name)}/raw", {})

    def transaction(self, id: HashLike) -> views.Transaction:
        """One transaction, waiting or confirmed."""
        return self._get(views.Transaction, f"/v1/transactions/{Hash.of(id)}", {})

    def waiting(self) -> Iterator[views.Transaction]:
        """The transactions that wait for a block."""
        return self._pages(views.Transaction, "/v1/transactions", {})

    def account(self, address: AddressLike, *, confirmations: int | None = None, final: bool = False) -> views.Account:
        """What an address holds: at the tip, with so many confirmations (0 counts what waits), or in the newest final block."""
        query: Query = {"confirmations": confirmations, "final": True if final else None}
        return self._get(views.Account, f"/v1/accounts/{Address.read(address)}", query)

    def history(self, address: AddressLike) -> Iterator[views.Movement]:
        """What an address paid and got, newest first."""
        return self._pages(views.Movement, f"/v1/accounts/{Address.read(address)}/transactions", {})

    def records(
        self,
        *,
        topic: str | None = None,
        sender: AddressLike | None = None,
        hash: HashLike | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[views.Record]:
        """What was written down, newest first."""
        query: Query = {
            "topic": topic,
            "sender": None if sender is None else str(Address.read(sender)),
            "hash": None if hash is None else str(Hash.of(hash)),
            "since": None if since is None else _rfc3339(since),
            "until": None if until is None else _rfc3339(until),
        }
        return self._pages(views.Record, "/v1/records", query)

    def agreement(self, id: HashLike, *, confirmations: int | None = None) -> views.Agreement:
        """One agreement, with all answers to it."""
        return self._get(views.Agreement, f"/v1/agreements/{Hash.of(id)}", {"confirmations": confirmations})

    def agreements(
        self,
        *,
        party: AddressLike | None = None,
        document: HashLike | None = None,
        status: views.AgreementStatus | None = None,
    ) -> Iterator[views.Agreement]:
        """Agreements, newest first."""
        query: Query = {
            "party": None if party is None else str(Address.read(party)),
            "document": None if document is None else str(Hash.of(document)),
            "status": status,
        }
        return self._pages(views.Agreement, "/v1/agreements", query)

    def members(self) -> views.Members:
        """The members after the newest block, and what waits to change them."""
        return self._get(views.Members, "/v1/members", {})

    def members_history(self) -> Iterator[views.MemberSet]:
        """All sets of members that were in force, the newest first."""
        return self._pages(views.MemberSet, "/v1/members/history", {})

    def members_proof(self, height: int) -> str:
        """The final proof of the members that the block at this height put into force: see `verify_final_proof`."""
        return self._http.request("GET", f"/v1/members/history/{int(height)}/proof", {}).decode()

    def motions(self, state: Literal["open", "decided", "all"] = "open") -> Iterator[views.Motion]:
        """What members ask the members."""
        return self._pages(views.Motion, "/v1/motions", {"state": state})

    def motion(self, id: HashLike) -> views.Motion:
        """One motion, and who said what."""
        return self._get(views.Motion, f"/v1/motions/{Hash.of(id)}", {})

    def finality(self) -> views.Finality:
        """How finality stands: the newest final block, and the voters."""
        return self._get(views.Finality, "/v1/finality", {})

    def contracts(self) -> Iterator[views.Contract]:
        """The contracts, newest first."""
        return self._pages(views.Contract, "/v1/contracts", {})

    def contract(self, address: AddressLike) -> views.Contract:
        """One contract."""
        return self._get(views.Contract, f"/v1/contracts/{Address.read(address)}", {})

    def contract_code(self, address: AddressLike) -> bytes:
        """A contract's code: a WebAssembly module."""
        return self._http.request("GET", f"/v1/contracts/{Address.read(address)}/code", {})

    def contract_slots(self, address: AddressLike, *, prefix: bytes = b"") -> Iterator[views.ContractSlot]:
        """What a contract keeps under keys that begin so: shorter keys first, and those of one length in the order of their bytes."""
        return self._pages(views.ContractSlot, f"/v1/contracts/{Address.read(address)}/slots", {"prefix": prefix.hex() or None})

    def contract_events(self, address: AddressLike, *, topic: str | None = None) -> Iterator[views.ContractTold]:
        """What a contract has said, newest first."""
        return self._pages(views.ContractTold, f"/v1/contracts/{Address.read(address)}/events", {"topic": topic})

    def ask(self, address: AddressLike, input: bytes = b"") -> views.ContractAnswer:
        """Asks a contract on the newest block. Nothing of that stays, and nothing needs a key."""
        body = json.dumps({"input": input.hex()})
        answer = self._http.request("POST", f"/v1/contracts/{Address.read(address)}/view", {}, body)
        return read(views.ContractAnswer, read_json(answer), self.coin)

    def receipt(self, id: HashLike, *, under: BlockName | None = None) -> str:
        """A confirmed transaction's receipt, to be kept as it is: see `verify_receipt`.

        It leads to the newest final block, which is proven in it, if the transaction is not above that; wait until it is final first.
        Or it leads to the block that is named, for whoever will trust that one's hash.
        """
        query: Query = {"under": None if under is None else _block(under)}
        return self._http.request("GET", f"/v1/transactions/{Hash.of(id)}/receipt", query).decode()

    def renew_receipt(self, receipt: str | Transaction, *, under: BlockName | None = None) -> str:
        """The newest receipt of the transaction of an older one, or of a transaction that one has kept.

        A node answers this also if it has pruned the block. `under` is as for `receipt`.
        """
        query: Query = {"under": None if under is None else _block(under)}
        body = receipt if isinstance(receipt, str) else bytes(receipt)
        return self._http.request("POST", "/v1/receipts", query, body).decode()

    def events(self, after: str | None = None) -> EventStream:
        """What happens on the node from now on, or behind the event of this id."""
        return EventStream(self._http, after)

    def feed(self, after: str | int | None = None, *, limit: int | None = None, **wanted: Unpack[FeedFilter]) -> views.Feed:
        """A page of the chain's transactions in its order, oldest first: for programs that must miss none. See `feed.FeedFilter`.

        `after` is the `next` of the page before, a `cursor` from any node of the network, a block's height or `latest`; without it, the
        feed begins with block 1. Store `next` once you are done with the items. At most 1,000 of them make a page.
        """
        return self._get(views.Feed, "/v1/feed", {"after": after, "limit": limit, **feed_query(wanted)})

    def follow(self, after: str | int | None = None, **wanted: Unpack[FeedFilter]) -> FeedStream:
        """The same as it grows: all that there is behind `after`, and then what comes, without end."""
        return FeedStream(self._http, feed_query(wanted), None if after is None else str(after), self.coin)

    def _get(self, kind: type[T], path: str, query: Query) -> T:
        return read(kind, self._http.get_json(path, query), self.coin)

    def _pages(self, kind: type[T], path: str, query: Query) -> Iterator[T]:
        """The items of all pages. A page may be empty and still have a next one."""
        start: str | None = None
        while True:
            page = self._http.get_json(path, {**query, "limit": _PAGE, "from": start})
            if not isinstance(page, dict) or not isinstance(page.get("items"), list):
                raise UnexpectedAnswer(f"{self.url}{path} answers no page")
            for item in page["items"]:
                yield read(kind, item, self.coin)
            start = page.get("next")
            if start is None:
                return

    # --- Sending ---

    def prepare(
        self, key: Signer, action: actions.Action, *, fee: int | None = None, valid_blocks: int = _VALID_BLOCKS, nonce: int | None = None
    ) -> Transaction:
        """A signed transaction, not sent yet. Without `fee` it is the least that the node takes.

        Store it before you `submit` it if your program may die in between: to submit the same one again does no harm, to sign a second
        one pays twice.
        """
        status = self.status()
        network = status.network.id
        if nonce is None:
            # What waits counts: its nonces are taken.
            nonce = self.account(Address.of_key(key.public), confirmations=0).nonce
        until = status.tip.height + valid_blocks
        if fee is None:
            # Fee and signature have fixed sizes, so this is also the size of the signed transaction.
            draft = Transaction(key.public, nonce, 0, until, action, bytes(64))
            fee = draft.burden * status.network.min_fee_per_byte
        transaction = Transaction.sign(network, key, nonce, fee, until, action)
        transaction.check(network)
        return transaction

    def submit(self, transaction: Transaction, *, replace: bool = False) -> views.Submitted:
        """Sends a transaction. The same one again is taken like the first time. With `replace` it may take the place of another that waits
        with its nonce, for a fee that is 10 % higher."""
        query: Query = {"replace": True if replace else None}
        answer = self._http.request("POST", "/v1/transactions", query, bytes(transaction))
        submitted = read(views.Submitted, read_json(answer))
        if submitted.id != transaction.id:
            raise UnexpectedAnswer(f"{transaction.id} was sent, but the node took it as {submitted.id}; compare the versions")
        return submitted

    def check(self, transaction: Transaction, *, replace: bool = False) -> views.TransactionCheck:
        """Whether the node would take a transaction now, and what it would cost. Nothing is sent. The next moment may change the answer."""
        query: Query = {"replace": True if replace else None}
        answer = self._http.request("POST", "/v1/transactions/check", query, bytes(transaction))
        return read(views.TransactionCheck, read_json(answer), self.coin)

    def submit_all(self, transactions: Iterable[Transaction]) -> list[views.Submitted | ApiError]:
        """Sends up to 1,000 transactions at once. The answers are in their order: each was taken, or there is a problem with it."""
        transactions = list(transactions)
        if not 1 <= len(transactions) <= _SUBMITTED:
            raise ValueError(f"{len(transactions)} transactions: give 1 to {_SUBMITTED}")
        body = u32(len(transactions)) + b"".join(map(bytes, transactions))
        answer = read_json(self._http.request("POST", "/v1/transactions", {}, body))
        if not isinstance(answer, list) or len(answer) != len(transactions):
            raise UnexpectedAnswer(f"{self.url} answers another number of transactions than were sent")
        return [_outcome(one) for one in answer]

    def send(self, key: Signer, action: actions.Action, *, fee: int | None = None, valid_blocks: int = _VALID_BLOCKS) -> Sent:
        """Signs and sends. If another program sends with the same key at the same time, it signs again with the next nonce.

        Raises `MaybeSent` if the node did not answer: the error has the transaction, to be submitted again.
        """
        for _ in range(_NONCES):
            transaction = self.prepare(key, action, fee=fee, valid_blocks=valid_blocks)
            try:
                if not self.submit(transaction).known:
                    return Sent(transaction.id, transaction)
                # Known, and this one was never sent before: another program did the very same with this nonce. That counts once, for it.
            except (NonceTaken, AlreadyConfirmed):
                pass
            except (NodeUnreachable, UnexpectedAnswer) as error:
                raise MaybeSent(transaction) from error
            except ApiError as error:
                if error.kind not in _UNDECIDED:
                    raise
                raise MaybeSent(transaction) from error
        raise NonceTaken("nonce-taken", 409, "Conflict", f"{_NONCES} nonces were taken by others with this key; try again")

    def transfer(self, key: Signer, to: AddressLike, amount: int, memo: str = "", *, fee: int | None = None) -> Sent:
        """Pays one address, in smallest units: `node.coin.parse("12.5")`. To pay many at once, `send` an `actions.Transfer`."""
        output = actions.Output(Address.read(to), amount)
        return self.send(key, actions.Transfer((output,), memo), fee=fee)

    def record_document(self, key: Signer, topic: str, document: Document, name: str | None = None, *, fee: int | None = None) -> Sent:
        """Writes down a document's hash under a topic. Without a name, the file's is written down."""
        if name is None:
            name = Path(document).name if isinstance(document, (str, os.PathLike)) else ""
        return self.send(key, actions.Record(topic, actions.Document(hash_document(document), name)), fee=fee)

    def record_data(self, key: Signer, topic: str, data: bytes, *, fee: int | None = None) -> Sent:
        """Writes down data under a topic, at most 8 KiB, readable by every member."""
        return self.send(key, actions.Record(topic, actions.Data(data)), fee=fee)

    def propose(
        self,
        key: Signer,
        title: str,
        document: Document,
        parties: Iterable[AddressLike],
        deadline: datetime | timedelta,
        *,
        fee: int | None = None,
    ) -> Proposed:
        """Proposes an agreement about a document, and signs it. `Proposed.agreement` is its id, which is not the transaction's.

        Give the parties the document yourself: the ledger holds only its hash.
        """
        if isinstance(deadline, timedelta):
            deadline = datetime.now(UTC) + deadline
        named = tuple(Address.read(party) for party in parties)
        sent = self.send(key, actions.Propose(title, hash_document(document), named, milliseconds(deadline)), fee=fee)
        return Proposed(sent.id, sent.transaction)

    def sign(self, key: Signer, agreement: HashLike, document: Document, *, fee: int | None = None) -> Sent:
        """Signs an agreement, if it is about this document: your copy of it, or its hash. Raises `OtherDocument` if it is not."""
        found, mine = self.agreement(agreement), hash_document(document)
        if found.document != mine:
            raise OtherDocument(f"agreement {found.id} is about a document with the hash {found.document}, and yours has {mine}: read theirs")
        return self.send(key, actions.Respond(found.id, mine, True), fee=fee)

    def refuse(self, key: Signer, agreement: HashLike, *, fee: int | None = None) -> Sent:
        """Refuses an agreement, which ends it."""
        found = self.agreement(agreement)
        return self.send(key, actions.Respond(found.id, found.document, False), fee=fee)

    def deploy(self, key: Signer, code: bytes, input: bytes, *, gas: int, value: int = 0, fee: int | None = None) -> Sent:
        """Puts a contract on the ledger: `sent.transaction.contract` is its address. Only governors of members may. `check` says what it takes."""
        return self.send(key, actions.Deploy(code, input, value, gas), fee=fee)

    def call(self, key: Signer, contract: AddressLike, input: bytes, *, gas: int, value: int = 0, fee: int | None = None) -> Sent:
        """Calls a contract. What that led to is the `outcome` of the confirmed transaction."""
        known = self.contract(contract)
        return self.send(key, actions.Call(known.address, known.code, known.size, input, value, gas), fee=fee)

    def withdraw(self, key: Signer, agreement: HashLike, *, fee: int | None = None) -> Sent:
        """Takes back an agreement that one has proposed and nobody else has signed yet."""
        return self.send(key, actions.Withdraw(Hash.of(agreement)), fee=fee)

    # --- Waiting ---

    def wait(self, sent: Sent | Transaction | HashLike, until: int | Literal["final"] = "final", *, timeout: float = 60.0) -> views.Transaction:
        """Waits until a transaction is final, or has so many confirmations (1: it is in a block), and returns it as it is then.

        Raises `NotYet` when the time is over: it may still get there, so wait again rather than sign anew. Raises `NeverConfirmed` if it cannot
        any more, which only shows if a `Sent` or a `Transaction` is given. Confirmations count only while the node sees the network.
        """
        transaction = sent.transaction if isinstance(sent, Sent) else sent if isinstance(sent, Transaction) else None
        id = transaction.id if transaction else Hash.of(sent)  # type: ignore[arg-type]
        deadline = time.monotonic() + timeout
        seen: views.Transaction | None
        while True:
            seen, state = None, "the node did not answer"
            try:
                # In this order: what is final now stays, whatever happens until the second answer.
                status = self.status()
                try:
                    seen = self.transaction(id)
                except NotFound:
                    # It was dropped, or is just moving between the mempool and the chain.
                    if transaction and _is_past(transaction, status):
                        why = f"{id} was valid until block {transaction.valid_until}, and {status.final.height} is final"
                        raise NeverConfirmed(why) from None
                if seen and _is_reached(seen, until, status.state):
                    return seen
                state = _stands(seen, status)
            except (NodeUnreachable, Busy):
                # It may restart. Whoever cannot wait for that gave a short time.
                if time.monotonic() >= deadline:
                    raise
            if time.monotonic() >= deadline:
                raise NotYet(f"{id} is not there after {timeout:g} s ({state}); it may still get there", seen)
            time.sleep(_LOOK_EVERY)


def _is_reached(seen: views.Transaction, until: int | Literal["final"], node: views.NodeState) -> bool:
    """Confirmations of a node that is cut off may never count. A quorum's votes count wherever they are seen, unless there are two."""
    if until == "final":
        return seen.final and node.name not in ("refuses-final", "two-histories")
    return seen.confirmations >= until and (node.sees_network or node.ready)


def _is_past(transaction: Transaction, status: views.Status) -> bool:
    """Whether all blocks that could hold it are final, on a node that would know it. Those of a node that prunes may be gone."""
    return status.final.height >= transaction.valid_until and status.tip.lowest_block <= 1


def _stands(seen: views.Transaction | None, status: views.Status) -> str:
    if seen is None:
        return "not known to the node at the moment"
    where = "waiting for a block" if seen.height is None else f"in block {seen.height}, not final"
    return where if status.state.sees_network else f"{where}; the node says {status.state.name}: {status.state.reason}"


def _outcome(said: object) -> views.Submitted | ApiError:
    found = said.get("problem") if isinstance(said, dict) else None
    return read(views.Submitted, said) if found is None else read(ApiError, found)


def _block(name: BlockName) -> str:
    if isinstance(name, int):
        return str(name)
    return name if name == "latest" else str(Hash.of(name))


def _rfc3339(time: datetime) -> str:
    milliseconds(time)
    return time.isoformat()
