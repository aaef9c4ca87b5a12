"""Receipts and final proofs: the good ones, and thousands that somebody changed, beside the checker tests/receipt/check.py."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest
from conftest import ROOT

from bouya import Hash, Key, Network, Proof, ProvenFinal, actions, sha256, verify_final_proof, verify_receipt
from bouya.encoding import Reader
from bouya.errors import NotAReceipt, NotProven, ReceiptError
from bouya.finality import Certificate, Checkpoint, Link
from bouya.header import Header

Vector = dict[str, Any]


def named(receipts: list[Vector], what: str) -> Vector:
    return next(vector for vector in receipts if vector["what"] == what)


def network(vector: Vector) -> Network:
    return Network.parse(vector["network"], vector["override"])


def by_definition(vector: Vector, text: str | bytes) -> Proof | ProvenFinal:
    if vector["trusted"] is None:
        return verify_final_proof(text, network(vector))
    return verify_receipt(text, network=network(vector))


def test_every_good_one_is_proven(receipts: list[Vector]) -> None:
    assert len(receipts) > 10
    for vector in receipts:
        if vector["trusted"]:
            proof = verify_receipt(vector["text"], trust=vector["trusted"])
            assert str(proof.anchor.hash) == vector["trusted"]
            assert proof.final is None
        if vector["final"]:
            assert by_definition(vector, vector["text"]).final, vector["what"]
            # White space around the line does not matter.
            by_definition(vector, f"\n {vector['text']}\r\n".encode())
        else:
            with pytest.raises(NotProven):
                by_definition(vector, vector["text"])


def test_what_became_of_a_call_is_told_and_cannot_be_changed(receipts: list[Vector]) -> None:
    called, failed, unknown = (named(receipts, what) for what in ("a call under a final block", "a call that failed", "the same without its outcome"))
    proofs = [verify_receipt(vector["text"], network=network(vector)) for vector in (called, failed, unknown)]
    outcome = proofs[0].outcome
    assert outcome
    assert outcome.done
    assert outcome.contract == proofs[0].transaction.contract
    assert (outcome.done.output, [paid.amount for paid in outcome.done.payments]) == (b"hello", [3])
    assert [event.topic for event in outcome.done.events] == ["hello"]
    assert proofs[1].outcome
    assert proofs[1].outcome.done is None
    assert proofs[2].outcome is None
    for part, value in {"done": "00", "path": [], "writes": "00" * 32, "state": "00" * 32, "roster": "00" * 32}.items():
        said = json.loads(called["text"])
        said["outcome"][part] = value
        with pytest.raises(NotAReceipt):
            verify_receipt(json.dumps(said, separators=(",", ":")), trust=called["trusted"])


def test_what_is_proven_is_told(receipts: list[Vector]) -> None:
    vector = named(receipts, "a signature under a final block")
    proof = verify_receipt(vector["text"], network=network(vector))
    action = proof.transaction.action
    assert isinstance(action, actions.Respond)
    assert (action.signs, proof.document, proof.agreement) == (True, sha256(b"lease"), action.agreement)
    assert proof.final
    assert (proof.final.members, proof.final.guilty, proof.final.changes) == (("m1", "m2", "m3", "m9"), 2, ())
    assert len(proof.final.signers) == 3
    assert (proof.after, proof.anchor) == (None, proof.block)
    vector = named(receipts, "a document under the last block")
    proof = verify_receipt(vector["text"], trust=vector["trusted"])
    assert proof.after
    assert proof.before.time < proof.block.time < proof.after.time < proof.anchor.time
    assert (proof.anchor.height - proof.before.height, proof.work) == (6, 24)
    assert (proof.final, proof.governs) == (None, None)


def test_changes_of_the_members_and_overrides_are_told(receipts: list[Vector]) -> None:
    vector = named(receipts, "a motion, and the members changed thrice")
    proof = verify_receipt(vector["text"], network=network(vector))
    assert proof.final
    assert len(proof.final.changes) == 3
    assert proof.governs
    assert proof.governs.id == "m1"
    vector = named(receipts, "a transfer after an override")
    proof = verify_receipt(vector["text"], network=network(vector))
    assert proof.final
    assert proof.final.members == ("m11", "m8")
    assert proof.final.changes[-1].override == network(vector).overrides[-1].hash
    # Who does not know of the override is not told that it is final.
    with pytest.raises(NotProven):
        verify_receipt(vector["text"], network=Network.parse(vector["network"]))


def test_the_verdict_is_the_same_as_check_pys_and_so_is_what_it_shows(receipts: list[Vector], tmp_path: Path) -> None:
    for number, vector in enumerate(receipts):
        if not vector["final"]:
            continue
        files = [tmp_path / f"{number}.{name}" for name in ("toml", "override", "receipt")]
        for file, text in zip(files, (vector["network"], vector["override"] or "", vector["text"]), strict=True):
            file.write_text(text)
        trusted = f"{files[0]},{files[1]}" if vector["override"] else str(files[0])
        shown = json.loads(subprocess.run([sys.executable, CHECK, files[2], trusted], check=True, capture_output=True).stdout)
        proof = by_definition(vector, vector["text"])
        final = shown["final"]
        assert proof.final
        assert list(proof.final.signers) == final["signers"]
        assert list(proof.final.members) == final["members"]
        assert proof.final.guilty == final["guilty"]
        changes = [(one.height, str(one.block), list(one.signers), list(one.members), one.guilty) for one in proof.final.changes]
        assert changes == [tuple(one[name] for name in ("height", "hash", "signers", "members", "guilty")) for one in final["changes"]]
        assert str(proof.block.hash) == shown["block"]["hash"]
        if isinstance(proof, Proof):
            assert str(proof.work) == shown["work"]
            assert str(proof.transaction.id) == shown["transaction"]["id"]
            governs = {"id": proof.governs.id, "name": proof.governs.name} if proof.governs else None
            assert governs == shown["transaction"]["governs"]


CHECK = str(ROOT / "tests/receipt/check.py")


@contextmanager
def others(lines: list[tuple[str, bytes]]) -> Iterator[Callable[[], list[bool]]]:
    """What the other checker says of each (trusted hash or definition's files, receipt). It works while this one does."""
    with TemporaryFile() as given:
        given.write(b"".join(trusted.encode() + b" " + text + b"\n" for trusted, text in lines))
        given.seek(0)
        with subprocess.Popen([sys.executable, CHECK], stdin=given, stdout=subprocess.PIPE) as checker:
            yield lambda: [line == b"proven" for line in checker.communicate()[0].splitlines()]


def changed_bytes(text: str, step: int) -> Iterator[bytes]:
    """The text with one byte changed to another that may stand there."""
    data = text.encode()
    for at in range(0, len(data), step):
        old = data[at : at + 1]
        new = bytes([data[at] + 1 if old in b"01234568abcde" else data[at] ^ 1]) if old not in b"9f" else {b"9": b"a", b"f": b"0"}[old]
        yield data[:at] + new + data[at + 1 :]


def changed_fields(text: str, other: str) -> Iterator[bytes]:
    """The text with one field missing, another's, or of another kind."""
    said, foreign = json.loads(text), json.loads(other)

    def written(value: object) -> bytes:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

    for name in said:
        values: list[object] = [None, [], {}, "", 7, True, "00" * 32, [said[name]], foreign.get(name)]
        for value in values:
            if value != said[name]:
                yield written({**said, name: value})
        yield written({key: value for key, value in said.items() if key != name})
    for outer in ("above", "finality"):
        for inner in said.get(outer) or {}:
            for value in (None, [], "", "0", 7, (foreign.get(outer) or {}).get(inner)):
                if value != said[outer][inner]:
                    yield written({**said, outer: {**said[outer], inner: value}})
    yield written({**said, "more": 1})
    yield written(dict(reversed(said.items())))
    yield json.dumps(said).encode()
    yield text.encode().replace(b":", b": ", 1)
    yield text.encode().upper()
    yield b'{"format":"x",' + text.encode()[1:]
    yield text.encode()[:-1]
    yield text.encode() + b"}"
    yield b"\xff" + text.encode()
    yield b"[" * 10_000
    yield b""


WHICH = [
    # Its name, one whose fields are put in, and every which byte is changed.
    ("a document under the last block", "a data under the last block", 9),
    ("a transfer under its own block", "a transfer under the next one", 9),
    ("a signature under a final block", "the same without votes", 23),
    ("a final proof", "a final proof, and they changed thrice", 23),
    ("a motion, and the members changed thrice", "a signature under a final block", 211),
    # No fields: without its handovers it is another one that is true, since the override replaces them all.
    ("a transfer after an override", None, 211),
]


def test_a_thousand_changes_are_refused_by_both(receipts: list[Vector], tmp_path: Path) -> None:
    lines: list[tuple[Vector, str, bytes]] = []
    for number, (what, other, step) in enumerate(WHICH):
        vector = named(receipts, what)
        files = [tmp_path / f"{number}.toml", tmp_path / f"{number}.override"]
        files[0].write_text(vector["network"])
        files[1].write_text(vector["override"] or "")
        trusted = ",".join(map(str, files if vector["override"] else files[:1])) if vector["final"] else vector["trusted"]
        text = vector["text"]
        changed = [text.encode(), *changed_bytes(text, step)]
        changed += changed_fields(text, named(receipts, other)["text"]) if other else []
        lines += [(vector, trusted, one) for one in changed]
    assert len(lines) > 1_000
    definitions = {vector["what"]: network(vector) for vector, _, _ in lines}

    def ours(vector: Vector, trusted: str, text: bytes) -> bool:
        try:
            if not vector["final"]:
                verify_receipt(text, trust=trusted)
            elif vector["trusted"] is None:
                verify_final_proof(text, definitions[vector["what"]])
            else:
                verify_receipt(text, network=definitions[vector["what"]])
        except ReceiptError:
            return False
        return True

    with others([(trusted, text) for _, trusted, text in lines]) as said:
        verdicts = [ours(*line) for line in lines]
        theirs = said()
    assert verdicts == theirs
    for (vector, _, text), verdict in zip(lines, verdicts, strict=True):
        # Each one is refused, but the unchanged.
        assert verdict == (text == vector["text"].encode()), text
    assert sum(verdicts) == len(WHICH)


def key(number: int) -> Key:
    """The vectors' networks are made with keys that everybody knows, so they can be used for what no honest member signs."""
    return Key(bytes([number] * 32))


def proven_by_both(vector: Vector, said: dict[str, Any], trusted: str, tmp_path: Path) -> bool:
    text = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
    (tmp_path / "network.toml").write_text(vector["network"])
    named = str(tmp_path / "network.toml") if trusted == "definition" else trusted
    try:
        verify_receipt(text, **({"network": network(vector)} if trusted == "definition" else {"trust": trusted}))
        ours = True
    except ReceiptError:
        ours = False
    with others([(named, text)]) as theirs:
        assert theirs() == [ours]
    return ours


def test_what_a_quorum_signed_counts_for_its_own_set_and_as_a_commit_only(receipts: list[Vector], tmp_path: Path) -> None:
    vector = named(receipts, "a signature under a final block")
    said = json.loads(vector["text"])
    of = network(vector)
    reader = Reader(bytes.fromhex(said["finality"]["certificate"]))
    good = Certificate.read(reader).link
    keys = {key(number).public: key(number) for number in (1, 2, 3, 9)}
    voters = [keys[member.key] for member in of.first.roster.members]

    def proven(link: Link, count: int = 3, network_id: Hash = of.id) -> bool:
        message = b"bouya vote\0" + network_id + link.encode()
        forged = Certificate(link, bytes([2**count - 1]), tuple(voter.sign(message) for voter in voters[:count]))
        finality = {**said["finality"], "certificate": forged.encode().hex()}
        return proven_by_both(vector, {**said, "finality": finality}, "definition", tmp_path)

    assert proven(good)
    assert proven(good, 4)
    assert not proven(good, 2)
    assert not proven(good, 3, sha256(b"another network"))
    source, target = good.source, good.target
    for link in [
        replace(good, set=sha256(b"another set")),
        replace(good, target=replace(target, epoch=target.epoch + 1)),
        replace(good, target=replace(target, block=sha256(b"another block"))),
        # A prepare for the block, and a link from an odd epoch.
        Link(good.set, Checkpoint(0, 0, of.id), source),
        Link(good.set, replace(source, epoch=source.epoch + 1), replace(target, epoch=target.epoch + 1)),
        # In epoch 0 there is nothing but the root.
        Link(good.set, replace(source, epoch=0), replace(target, epoch=1)),
        replace(good, source=replace(source, height=source.height + 1), target=replace(target, height=target.height + 1)),
    ]:
        assert not proven(link), link


def test_a_block_without_work_or_seal_is_none_even_for_whoever_trusts_it(receipts: list[Vector], tmp_path: Path) -> None:
    vector = named(receipts, "a transfer under its own block")
    said = json.loads(vector["text"])
    of, good = Hash.parse(said["network"]), Header.decode(bytes.fromhex(said["block"]))
    [miner] = [key(number) for number in range(1, 20) if key(number).public == good.miner]

    def proven(header: Header, signer: Key = miner) -> bool:
        header = replace(header, seal=signer.sign(header.sealed(of)))
        tries = (replace(header, nonce=nonce) for nonce in range(1_000))
        is_worked = next((one for one in tries if int.from_bytes(one.id, "big") <= (2**256 - 1) // max(header.difficulty, 1)), header)
        return proven_by_both(vector, {**said, "block": is_worked.encode().hex()}, str(is_worked.id), tmp_path)

    assert proven(good)
    assert not proven(replace(good, difficulty=2**64 - 1))
    assert not proven(replace(good, difficulty=0))
    assert not proven(good, key(99))
    assert not proven(replace(good, height=good.height + 1))
    assert not proven(replace(good, time=1))
    assert not proven(replace(good, body=sha256(b"another body")))


def test_whoever_trusts_another_block_is_not_told_that_it_is_proven(receipts: list[Vector]) -> None:
    vector = named(receipts, "a transfer under the last block")
    with pytest.raises(NotProven, match="leads to block"):
        verify_receipt(vector["text"], trust=Hash(bytes(32)))
    with pytest.raises(NotProven, match="of network"):
        verify_receipt(vector["text"], network=network(named(receipts, "a final proof, and they changed thrice")))
    with pytest.raises(NotAReceipt, match="format"):
        verify_final_proof(vector["text"], network(vector))
    with pytest.raises(TypeError):
        verify_receipt(vector["text"])
