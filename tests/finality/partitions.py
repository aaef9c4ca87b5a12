"""Drills in which the network falls apart, or one member has most of the hash rate."""

import re
import shutil
import time

from crashes import seconds
from measures import Listener, dated, spread
from network import until


def part(network, settle=3):
    """Parts the network. Returns once what was on its way has come or is lost."""
    network.part()
    time.sleep(settle)
    return [node.final() for node in network.nodes], [node.tip() for node in network.nodes]


def halves(drill):
    """2|2 for ten minutes: nothing final until it is healed (12 min)"""
    network = drill.network("halves", sides=[(0, 1), (2, 3)])
    finals, tips = part(network)
    time.sleep(60 * (drill.asked.minutes or 10))
    later = [node.final() for node in network.nodes]
    grown = [node.tip() - tip for node, tip in zip(network.nodes, tips)]
    drill.table.hold("two halves: both made blocks", f"{grown[0]} and {grown[2]}", min(grown) > 0)
    drill.table.hold("final before and after", f"{finals} {later}", finals == later)
    network.heal()
    one = until(lambda: same_tip(network), 600, 0.1)
    # The branch with more work counts, which may be the lower one.
    tip = network.nodes[0].tip()
    drill.table.hold("healed: one tip again after", seconds(one), one is not None)
    final = until(lambda: min(node.final() for node in network.nodes) >= tip, 600, 0.1)
    drill.table.hold("and all of it final on all nodes after another", seconds(final), final is not None)


def majority(drill):
    """3|1, the one mining faster: its heavier branch gives way (6 min)"""
    network = drill.network("majority", sides=[(0, 1, 2), (3,)], shares=(0.02, 0.02, 0.02, 0.3))
    lone_returns(drill, network, network.nodes[3], network.nodes[0], drill.asked.minutes or 5)


def lone_returns(drill, network, lone, one, minutes):
    """The lone one mines while it is apart from the others. At the end its branch must be the heavier one."""
    finals, tips = part(network)
    payment = network.pay(lone, 0)
    began = time.monotonic()
    heavier = lambda: lone.work() > one.work() > 0
    moved = lambda: one.final() > max(finals) and one.final() > max(tips)
    time.sleep(60 * minutes)
    until(lambda: moved() and heavier(), 900, 1)
    left, works = lone.status()["tip"], [lone.work(), one.work()]
    drill.table.say("apart for", f"{(time.monotonic() - began) / 60:.1f} min")
    drill.table.hold("work since the genesis block, lone side and the three", f"{works[0]:.3g} and {works[1]:.3g}", works[0] > works[1])
    drill.table.hold("final on the lone side: before and after", f"{finals[lone.number]} {lone.final()}", lone.final() == finals[lone.number])
    drill.table.hold("final on the other side: before and after", f"{finals[one.number]} {one.final()}", moved())
    listener = Listener(lone)
    network.heal()
    gone = until(lambda: (lone.ask(f"/v1/blocks/{left['hash']}") or {"confirmations": 0})["confirmations"] == 0, 600, 0.1)
    depth = max(listener.reorgs, default=0)
    drill.table.hold("healed: the lone one left its heavier branch after", f"{seconds(gone)}, {depth} blocks deep", gone is not None)
    final = until(lambda: lone.final() >= one.final() > max(tips) and same_tip(network), 600, 0.2)
    drill.table.hold("and has the others' final blocks after another", seconds(final), final is not None)
    if payment:
        state = (lone.ask(f"/v1/transactions/{payment}") or {"status": "gone"})["status"]
        drill.table.hold("a payment on the branch that was left is now", state, state in ("pending", "confirmed"))


def same_tip(network):
    """One tip on all nodes."""
    told = [node.status() for node in network.nodes]
    return all(told) and len({status["tip"]["hash"] for status in told}) == 1


def hashrate(drill):
    """a hundredfold hash rate: what one member can still do (45 min)"""
    shares = (1.0, 0.001, 0.001, 0.001)
    network = drill.network("hashrate", interval_ms=1000, sides=[(0,), (1, 2, 3)], shares=shares)
    strong, weak = network.nodes[0], network.nodes[1]
    rates(drill, network)
    payments(drill, network, weak, "the strong one takes payments", drill.asked.count or 60, 120)
    shutil.copy(network.folder / "network.toml", strong.folder)
    censor(strong)
    if until(lambda: strong.voting() == "votes", 120) is None:
        raise RuntimeError("the strong one does not vote again")
    payments(drill, network, weak, "it takes none (its own lowest fee is high)", max(1, (drill.asked.count or 60) // 6), 1200)
    lone_returns(drill, network, strong, weak, drill.asked.minutes or 2)


def censor(node):
    """Its own copy of the definition asks for a fee that nobody pays. That is not part of the network's id."""
    path = node.folder / "network.toml"
    path.write_text(re.sub(r"min_per_byte = \d+", "min_per_byte = 1000000", path.read_text()))
    node.kill()
    node.start()


def rates(drill, network):
    height, began = network.nodes[1].tip(), time.monotonic()
    listener = Listener(network.nodes[1])
    time.sleep(60)
    rate = [node.status()["miner"]["hashes_per_second"] for node in network.nodes]
    drill.table.say("hashes a second", f"{rate}: {rate[0] / max(1, sum(rate[1:])):.0f} to 1")
    blocks = [network.nodes[1].ask(f"/v1/blocks/{number}") for number in range(1, network.nodes[1].tip() + 1)]
    own = sum(block["miner"].get("id") == network.nodes[0].name for block in blocks)
    times = [dated(block["time"]) for block in blocks]
    drill.table.say("blocks so far: its own, and the others'", f"{own} and {len(blocks) - own}")
    drill.table.say("time between blocks (an interval is 1 s)", spread([b - a for a, b in zip(times, times[1:])]))
    drill.table.say("from coming to final", spread(listener.times(height)[1]))


def payments(drill, network, node, what, count, limit):
    """Payments one after the other through a weak member's node: until each is in a block, and until that is final."""
    included, final = [], []
    for number in range(count):
        payment, began = network.pay(node, number % 8), time.monotonic()
        look = lambda: node.ask(f"/v1/transactions/{payment}") or {}
        if payment is None or until(lambda: look().get("status") == "confirmed", limit) is None:
            drill.table.say(what, f"payment {number} is in no block after {limit} s")
            break
        included.append(time.monotonic() - began)
        until(lambda: look().get("final"), limit)
        final.append(time.monotonic() - began)
    drill.table.say(f"{what}: {len(included)} in a block", spread(included))
    drill.table.hold(f"{what}: final", spread(final), len(final) == count)
