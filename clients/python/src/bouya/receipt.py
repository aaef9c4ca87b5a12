"""Receipts and final proofs: whether they prove something, with no node and no network (docs/PROTOCOL.md, 18).

    proof = verify_receipt(text, network=Network.load("network.toml"))
    proof = verify_receipt(text, trust=hash_of_a_later_block)

Either returns a `Proof`, or raises `NotAReceipt` (it was changed or made up) or `NotProven` (it leads to nothing that this
verifier trusts).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from . import actions, ed25519
from .encoding import Reader, need, u128
from .errors import EncodingError, NotAReceipt, NotProven
from .finality import Certificate, Handover
from .hashing import Hash, HashLike, sha256, tagged, unhex
from .header import Header
from .members import Member, VoterSet
from .network import Network, moment
from .outcome import Outcome, leaf
from .transaction import Transaction

_MOST_BYTES = 64 * 1024 * 1024
_STEPS = 64
_HANDOVERS = 1_024
_Proofs = list[actions.Proof]
T = TypeVar("T")


@dataclass(frozen=True)
class BlockRef:
    """A block, and its time as its miner claims it."""

    height: int
    hash: Hash
    time: datetime


@dataclass(frozen=True)
class MembersChange:
    """A change of the members on the way to those who signed: by a block that the set before made final, or by an override."""

    height: int
    block: Hash
    signers: tuple[str, ...]
    members: tuple[str, ...]
    guilty: int
    override: Hash | None = None


@dataclass(frozen=True)
class FinalBy:
    """Who made a block final. It is, unless `guilty` of `members` (or those of one of `changes`) have signed two histories."""

    signers: tuple[str, ...]
    members: tuple[str, ...]
    guilty: int
    changes: tuple[MembersChange, ...]


@dataclass(frozen=True)
class Proof:
    """What a receipt proves: the transaction stands in `block`, made after the block of `before` and before that of `after`.

    `anchor` is the block that all of it lies under: the one that is final or trusted. `after` is None if `anchor` is `block` itself.
    `work` is the expected number of hashes from `block` to `anchor`. `final` is None if a hash was trusted instead; then `governs`, the
    member whom the sender spoke for, is None too. `outcome` is what became of a deployment or a call; None where the node that made the
    receipt no longer had that.
    """

    network: Hash
    transaction: Transaction
    before: BlockRef
    block: BlockRef
    after: BlockRef | None
    anchor: BlockRef
    work: int
    final: FinalBy | None
    governs: Member | None
    outcome: Outcome | None

    @property
    def document(self) -> Hash | None:
        """The hash of the document or data that the transaction is about. Compare it with `hash_document` of your file."""
        action = self.transaction.action
        if isinstance(action, actions.Record):
            return action.content.hash
        return action.document if isinstance(action, (actions.Propose, actions.Respond)) else None

    @property
    def agreement(self) -> Hash | None:
        """The agreement that the transaction proposes, answers or withdraws."""
        action = self.transaction.action
        return action.agreement if isinstance(action, (actions.Respond, actions.Withdraw)) else self.transaction.agreement


@dataclass(frozen=True)
class ProvenFinal:
    """What a final proof proves: this block is final, and all that it stands on."""

    network: Hash
    block: BlockRef
    header: Header
    final: FinalBy


def verify_receipt(receipt: str | bytes, *, network: Network | None = None, trust: HashLike | None = None) -> Proof:
    """What a receipt proves to whoever has the network's definition, or trusts a later block for other reasons. Give one of the two."""
    if (network is None) == (trust is None):
        raise TypeError("give either the network's definition or the hash of a block that you trust")
    trusted = None if trust is None else Hash.of(trust)
    proof = _reading(lambda: _check_receipt(_parse(receipt, "bouya receipt 2"), network))
    if network is None and proof.anchor.hash != trusted:
        raise NotProven(f"it leads to block {proof.anchor.height} ({proof.anchor.hash}), not to the trusted {trusted}")
    return proof


def verify_final_proof(proof: str | bytes, network: Network) -> ProvenFinal:
    """What a final proof (`bouya final proof`, `Node.members_proof`) proves by the network's definition."""
    return _reading(lambda: _check_final_proof(_parse(proof, "bouya final 1"), network))


def _reading(read: Callable[[], T]) -> T:
    """Whatever is wrong with a file from somewhere makes it no receipt."""
    try:
        return read()
    except EncodingError as error:
        raise NotAReceipt(f"it was changed or made up: {error}") from error
    except (KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        raise NotAReceipt(f"it cannot be read: {error}") from error


def _parse(text: str | bytes, expected: str) -> dict[str, Any]:
    need(len(text) <= _MOST_BYTES, f"it has {len(text)} bytes, more than any")
    if isinstance(text, bytes):
        text = text.decode()
    said = json.loads(text)
    if not isinstance(said, dict):
        raise EncodingError("not an object")
    found = said.get("format")
    need(found == expected, f"its format is {str(found)[:40]!r}, and {expected!r} is read here")
    # It has one form. Keys that stand twice, white space or other ways to write a letter are changes.
    need(json.dumps(said, separators=(",", ":"), ensure_ascii=False) == text.strip(" \t\r\n"), "its form was changed")
    return said


def _keys(value: Any, names: list[str]) -> None:
    need(isinstance(value, dict) and list(value) == names, f"not the fields {', '.join(names)}")


def _header(text: str, network: Hash, proofs: _Proofs, may_be_genesis: bool = False) -> Header:
    header = Header.decode(unhex(text, "a header", 264))
    proofs += header.check(network, may_be_genesis)
    return header


def _climb(data: bytes, steps: Any) -> Hash:
    need(isinstance(steps, list) and len(steps) <= _STEPS, "a path that is too long")
    value = sha256(b"\0", data)
    for step in steps:
        need(isinstance(step, str) and step[:1] in ("L", "R"), "a step that names no side")
        sibling = unhex(step[1:], "a step", 32)
        value = sha256(b"\1", sibling, value) if step[0] == "L" else sha256(b"\1", value, sibling)
    return value


def _work(text: Any) -> int:
    need(isinstance(text, str) and re.fullmatch("0|[1-9][0-9]{0,38}", text) is not None, "work that is no number")
    u128(int(text))
    return int(text)


def _under(value: Any, network: Hash, proofs: _Proofs, anchor: Header) -> tuple[Header, int]:
    """A header under the anchor, and the work up to it."""
    _keys(value, ["header", "work", "path"])
    header, work = _header(value["header"], network, proofs), _work(value["work"])
    _check_under(header, work, value["path"], anchor)
    return header, work


def _check_under(header: Header, work: int, path: Any, anchor: Header) -> None:
    is_under = _climb(header.id + u128(work), path) == anchor.history
    need(is_under, f"block {header.height} does not stand under block {anchor.height}")


def _check_receipt(said: dict[str, Any], network: Network | None) -> Proof:
    names = ["format", "network", "transaction", "path", "before", "block", "above", "finality"]
    _keys(said, [*names, "outcome"] if "outcome" in said else names)
    of, proofs = Hash.parse(said["network"]), _Proofs()
    transaction = Transaction.decode(unhex(said["transaction"], "the transaction"))
    transaction.check_form()
    proofs += transaction.proofs(of)
    block = _header(said["block"], of, proofs)
    before = _header(said["before"], of, proofs, may_be_genesis=True)
    need(_climb(transaction.id, said["path"]) == block.body, "the transaction does not stand in its block")
    block.check_follows(before)
    outcome = _outcome(said["outcome"], transaction, block) if "outcome" in said else None
    anchor, after, work = _above(said["above"], of, proofs, block)
    final: FinalBy | None = None
    sets: list[VoterSet] = []
    if said["finality"] is not None:
        _keys(said["finality"], ["handovers", "certificate"])
        final, sets = _final_by(said["finality"], anchor, of, network)
    _verify(proofs)
    if network is not None and final is None:
        why = "it has no certificate that makes its last block final; get the receipt again once it is"
        raise NotProven(why if network.id == of else f"it is of network {of}, not of {network.id}")
    governs = _governed(transaction, block.height, sets)
    return Proof(
        network=of,
        transaction=transaction,
        before=_ref(before),
        block=_ref(block),
        after=_ref(after) if after else None,
        anchor=_ref(anchor),
        work=work,
        final=final,
        governs=governs,
        outcome=outcome,
    )


def _outcome(said: Any, transaction: Transaction, block: Header) -> Outcome:
    """What became of a deployment or a call, which the block commits to together with the members after it."""
    _keys(said, ["done", "path", "writes", "state", "roster"])
    contract = transaction.contract
    if contract is None:
        raise EncodingError("the transaction runs no contract")
    done = unhex(said["done"], "what became of it")
    outcome = Outcome.decode(done, contract)
    writes, state, roster = (unhex(said[name], name, 32) for name in ("writes", "state", "roster"))
    executed = tagged("bouya executed", writes, _climb(leaf(transaction, contract, done), said["path"]), state)
    is_so = block.commitments == tagged("bouya commitments", roster, executed)
    need(is_so, "what it says became of the transaction is not what the block commits to")
    return outcome


def _above(above: Any, network: Hash, proofs: _Proofs, block: Header) -> tuple[Header, Header | None, int]:
    """The anchor, the block after `block`, and the work from `block` to the anchor."""
    if above is None:
        return block, None, block.difficulty
    _keys(above, ["work", "path", "after", "last", "anchor"])
    anchor, work = _header(above["anchor"], network, proofs), _work(above["work"])
    _check_under(block, work, above["path"], anchor)
    # A missing header is the block itself or the anchor: the chain is too short for another.
    after, parent, below = anchor, block, work
    if above["after"] is not None:
        after, below = _under(above["after"], network, proofs, anchor)
        parent = after
    after.check_follows(block)
    if above["last"] is not None:
        parent, below = _under(above["last"], network, proofs, anchor)
    anchor.check_follows(parent)
    return anchor, after, below + anchor.difficulty - work + block.difficulty


def _check_final_proof(said: dict[str, Any], network: Network) -> ProvenFinal:
    _keys(said, ["format", "network", "header", "handovers", "certificate"])
    of, proofs = Hash.parse(said["network"]), _Proofs()
    header = _header(said["header"], of, proofs, may_be_genesis=True)
    final, _ = _final_by(said, header, of, network)
    _verify(proofs)
    if final is None:
        raise NotProven(f"it is of network {of}, not of {network.id}")
    return ProvenFinal(of, _ref(header), header, final)


def _final_by(said: Any, anchor: Header, of: Hash, network: Network | None) -> tuple[FinalBy | None, list[VoterSet]]:
    """Who made the anchor final, and all sets of voters up to them. Without this network's definition only the form is checked."""
    texts = said["handovers"]
    need(isinstance(texts, list) and len(texts) <= _HANDOVERS, "handovers that nobody follows")
    handovers = [Handover.decode(unhex(text, "a handover")) for text in texts]
    reader = Reader(unhex(said["certificate"], "the certificate"))
    certificate = Certificate.read(reader)
    reader.end()
    certificate.check_commit(anchor)
    if network is None or network.id != of:
        return None, []
    try:
        return _walk(handovers, certificate, network)
    except EncodingError as error:
        raise NotProven(f"not final by this definition: {error}") from error


def _walk(handovers: list[Handover], certificate: Certificate, network: Network) -> tuple[FinalBy, list[VoterSet]]:
    """From the members that the definition lists over all handovers, and the overrides that the verifier knows of, to those who signed."""
    sets, changes, overrides = [network.first], list[MembersChange](), list(network.overrides)

    def changed(next: VoterSet, height: int, signers: tuple[str, ...], override: Hash | None) -> None:
        before = sets[-1]
        changes.append(MembersChange(height, next.block, signers, before.names, before.guilty, override))
        sets.append(next)

    def override() -> None:
        now = overrides.pop(0)
        changed(now.after(sets[-1]), now.height, (), now.hash)

    for handover in handovers:
        while overrides and overrides[0].height < handover.header.height:
            override()
        signers, next = handover.check(network.id, sets[-1])
        changed(next, handover.header.height, signers, None)
    source = certificate.link.source

    def is_behind() -> bool:
        # Those before may have made an override's block itself final, and no other block at its height.
        next, is_theirs = overrides[0], certificate.link.set == sets[-1].id
        return next.height < source.height or (next.height == source.height and not (is_theirs and next.block == source.block))

    while overrides and is_behind():
        override()
    last = sets[-1]
    return FinalBy(certificate.voters(network.id, last), last.names, last.guilty, tuple(changes)), sets


def _governed(transaction: Transaction, height: int, sets: list[VoterSet]) -> Member | None:
    """The member that the sender spoke for when the block at this height was made."""
    for one in reversed(sets):
        if one.roster.height < height:
            return next((m for m in one.roster.members if m.governor == transaction.address), None)
    return None


def _verify(proofs: _Proofs) -> None:
    """Last, because it takes longest."""
    for key, message, signature, what in proofs:
        need(ed25519.verify(key, message, signature), f"{what} is not valid")


def _ref(header: Header) -> BlockRef:
    return BlockRef(header.height, header.id, moment(header.time))
