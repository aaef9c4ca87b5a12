"""An ERP's hour against a real network of two nodes: the proposer at one, the other party at the other."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from bouya import (
    Event,
    FeedStream,
    Hash,
    Network,
    Node,
    Told,
    actions,
    errors,
    hash_document,
    open_wallet,
    verify_final_proof,
    verify_receipt,
    views,
)
from bouya.blocks import Block
from bouya.testing import Devnet, DevnetError

# Conditions are waited for. This is for a machine that is busy with other things.
LONG = 300.0


def until(events: object, kind: type, found: object = None) -> list[Event]:
    """All events up to the first of this kind (and about this)."""
    heard = []
    for event in events:  # type: ignore[attr-defined]
        heard.append(event)
        if isinstance(event.data, kind) and found in (None, getattr(event.data, "id", None)):
            return heard
    raise AssertionError("the stream ended")


def test_an_agreement_is_proposed_signed_final_and_proven(two_nodes: Devnet, tmp_path: Path) -> None:
    ours, theirs = two_nodes.nodes
    demo, friend = two_nodes.wallet("demo"), two_nodes.wallet("friend")
    lease = tmp_path / "lease.pdf"
    lease.write_bytes(b"The flat is yours until June.")

    with ours.events() as events:
        paid = ours.transfer(demo, friend.address, ours.coin.parse("12.5"), "rent")
        proposed = ours.propose(demo, "Lease 2027", lease, [friend.address], timedelta(days=14))
        assert proposed.agreement
        ours.wait(paid, 1, timeout=LONG)
        ours.wait(proposed, timeout=LONG)
        heard = until(events, views.AgreementEvent, proposed.agreement)
    assert heard[-1].data == views.AgreementEvent("agreement", proposed.agreement, "open")
    assert views.TransactionEvent("transaction", paid.id) in [event.data for event in heard]

    theirs.wait(proposed, timeout=LONG)
    with pytest.raises(errors.OtherDocument):
        theirs.sign(friend, proposed.agreement, b"another lease")
    signed = theirs.sign(friend, proposed.agreement, lease)
    assert theirs.wait(signed, timeout=LONG).final

    # The stream goes on behind the last event that was handled: nothing of what happened meanwhile is lost, and nothing is told twice.
    with ours.events(after=heard[-1].id) as events:
        more = until(events, views.FinalEvent)
        while views.AgreementEvent("agreement", proposed.agreement, "effective") not in [event.data for event in more]:
            more += until(events, views.AgreementEvent)
    ids = [event.id for event in heard + more]
    assert len(set(ids)) == len(ids)
    numbers = [int(str(id).partition("-")[2]) for id in ids]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))

    ours.wait(signed, timeout=LONG)
    agreement = ours.agreement(proposed.agreement)
    assert (agreement.status, agreement.final, agreement.document) == ("effective", True, hash_document(lease))
    assert [party.answer for party in agreement.parties] == ["signed"]

    receipt = tmp_path / "lease.receipt"
    receipt.write_text(ours.receipt(signed.id))
    proof = verify_receipt(receipt.read_text(), network=two_nodes.network)
    assert (proof.agreement, proof.document) == (proposed.agreement, hash_document(lease))
    assert proof.transaction == signed.transaction
    assert proof.final
    assert proof.final.members == ("node0", "node1")
    trusted = verify_receipt(receipt.read_text(), trust=proof.anchor.hash)
    assert trusted.block == proof.block


def test_everything_can_be_read(two_nodes: Devnet) -> None:
    node, demo = two_nodes.node, two_nodes.wallet("demo")
    written = node.record_data(demo, "prices", b"wheat 212.50")
    node.record_document(demo, "contracts", two_nodes.definition)
    node.wait(written, timeout=LONG)
    assert [record.text for record in node.records(topic="prices", sender=demo.address)] == ["wheat 212.50"]
    withdrawn = node.propose(demo, "Lease", b"lease", [two_nodes.wallet("friend").address], timedelta(days=1))
    assert withdrawn.agreement
    node.wait(withdrawn, 1, timeout=LONG)
    node.wait(node.withdraw(demo, withdrawn.agreement), timeout=LONG)
    assert node.agreement(withdrawn.agreement).status == "withdrawn"
    assert next(node.agreements(status="withdrawn", party=demo.address)).id == withdrawn.agreement

    found = node.transaction(written.id)
    block = Block.decode(node.raw_block(found.height or 0))
    block.check_body()
    assert written.transaction in block.transactions
    assert block.header.id == node.block(found.height or 0).hash == node.block(block.header.id).hash
    assert node.account(demo.address, final=True).balance > 0
    assert any(one.transaction == written.id for one in node.history(demo.address))
    assert [member.id for member in sorted(node.members().members, key=lambda member: member.id)] == ["node0", "node1"]
    assert next(node.blocks()).height > 0
    assert len(node.finality().voters) == 2
    assert list(node.motions("all")) == []
    assert list(node.waiting()) == [] or node.status().mempool
    sets = list(node.members_history())
    proof = verify_final_proof(node.members_proof(sets[0].since.height), two_nodes.network)
    assert proof.final.members == ("node0", "node1")


def told_until(feed: FeedStream, found: Hash) -> list[Told]:
    """All that the feed tells, up to this transaction."""
    heard = []
    for told in feed:
        heard.append(told)
        if isinstance(told.data, views.Transaction) and told.data.id == found:
            return heard
    raise AssertionError("the feed ended")


def told_ids(heard: list[Told]) -> list[Hash]:
    return [told.data.id for told in heard if isinstance(told.data, views.Transaction)]


def test_a_follower_goes_on_at_another_node_and_pages_tell_the_same(two_nodes: Devnet) -> None:
    ours, theirs = two_nodes.nodes
    demo, friend = two_nodes.wallet("demo"), two_nodes.wallet("friend")
    start = ours.feed("latest").next
    paid = [ours.transfer(demo, friend.address, amount, "feed").id for amount in (1, 2, 3)]
    with ours.follow(start, address=friend.address, kind="transfer") as feed:
        first = told_until(feed, paid[0])
    with theirs.follow(first[-1].cursor, address=friend.address, kind="transfer") as feed:
        heard = first + told_until(feed, paid[-1])
    assert told_ids(heard) == paid
    assert all(told.data.final for told in heard if isinstance(told.data, views.Transaction))
    assert isinstance(first[0].data, views.FeedAt)

    after: str = start
    read: list[Hash] = []
    while len(read) < 3:
        page = theirs.feed(after, limit=2, address=friend.address, kind="transfer")
        assert page.undone is None
        read, after = [*read, *(item.transaction.id for item in page.items)], page.next
    assert read == paid


def test_a_transaction_is_checked_and_a_receipt_renewed(two_nodes: Devnet) -> None:
    node, demo = two_nodes.node, two_nodes.wallet("demo")
    transaction = node.prepare(demo, actions.Record("prices", actions.Data(b"oats 180")))
    check = node.check(transaction)
    assert (check.id, check.passes, check.problem, check.fee) == (transaction.id, True, None, check.least_fee)
    with pytest.raises(errors.NotFound):
        node.transaction(transaction.id)
    cheap = node.check(node.prepare(demo, transaction.action, fee=1))
    assert not cheap.passes
    assert isinstance(cheap.problem, errors.LowFee)

    node.submit(transaction)
    height = node.wait(transaction, timeout=LONG).height
    old = node.receipt(transaction.id, under=height)
    for newer in (node.renew_receipt(old), node.renew_receipt(transaction)):
        proof = verify_receipt(newer, network=two_nodes.network)
        assert proof.transaction == transaction
        assert proof.final


def test_refusals_of_a_real_node(two_nodes: Devnet) -> None:
    node, friend = two_nodes.node, two_nodes.wallet("friend")
    poor = two_nodes.wallet("node1")
    with pytest.raises(errors.InsufficientBalance):
        node.transfer(poor, friend.address, 2**63)
    with pytest.raises(errors.LowFee):
        node.transfer(two_nodes.wallet("demo"), friend.address, 1, fee=0)
    with pytest.raises(errors.NotFound):
        node.transaction(bytes(32))
    with pytest.raises(errors.NotFound):
        node.receipt(bytes(32))
    with Node(node.url, network=bytes(32)) as other, pytest.raises(errors.WrongNetwork):
        other.status()


def test_a_network_is_stopped_also_when_the_test_fails_and_streams_go_on_over_a_restart(tmp_path: Path) -> None:
    if "BOUYA" not in os.environ:
        pytest.skip("BOUYA names no program")
    heard: list[Event] = []
    kept: list[Devnet] = []

    def fail() -> None:
        with Devnet(folder=tmp_path / "one") as devnet:
            kept.append(devnet)
            events = devnet.node.events()
            demo, friend = devnet.wallet("demo"), devnet.wallet("friend").address
            feed = devnet.node.follow("latest", kind="transfer")
            paid = [devnet.node.transfer(demo, friend, 1).id]
            told = told_until(feed, paid[0])
            reader = threading.Thread(target=lambda: heard.extend(until(events, views.Lagged)))
            reader.start()
            devnet.restart()
            # Another process has other numbers: what happened in between is not known, and said so.
            reader.join(LONG)
            assert not reader.is_alive()
            events.close()
            # The feed's cursor is a place on the chain: nothing is missed, and nothing is told twice.
            paid += [devnet.node.transfer(demo, friend, amount).id for amount in (2, 3)]
            told += told_until(feed, paid[-1])
            assert told_ids(told) == paid
            feed.close()
            kept.append(devnet)
            process = devnet._process
            assert process
            pids.append(process.pid)
            raise RuntimeError("as a test that fails")

    pids: list[int] = []
    with pytest.raises(RuntimeError):
        fail()
    assert isinstance(heard[-1].data, views.Lagged)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
    # A folder of the caller's is kept, and the chain in it.
    assert Network.load(tmp_path / "one/network.toml")
    assert open_wallet(tmp_path / "one/wallets/demo.wallet")


def test_no_network_outlives_a_test_run_that_is_killed(tmp_path: Path) -> None:
    if "BOUYA" not in os.environ:
        pytest.skip("BOUYA names no program")
    program = f"from bouya.testing import Devnet\nwith Devnet(folder={str(tmp_path)!r}) as one:\n    print(one.node.url, flush=True)\n    input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        url = run.stdout.readline().strip()
        with Node(url) as node:
            assert node.status().network.name == "devnet"
        run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        try:
            with Node(url, timeout=5) as node:
                node.status()
        except errors.NodeUnreachable:
            return
        time.sleep(0.1)
    raise AssertionError("the network is still there")


def test_a_program_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(DevnetError, match="ended at once"):
        Devnet(program="/bin/false", folder=tmp_path).start()
