"""Drills in which processes die."""

import random
import time

from measures import Listener, spread
from network import until


def one_down(drill):
    """one of four killed: the others make blocks final (3 min)"""
    network = drill.network("one-down")
    first, last = network.nodes[0], network.nodes[3]
    last.kill()
    listener, height = Listener(first), first.tip()
    time.sleep(60 * (drill.asked.minutes or 2))
    times = listener.times(height)[1]
    drill.table.hold("one of four killed: blocks, and how soon each was final", f"{len(times)}; {spread(times)}", len(times) > 0)
    target = first.tip()
    waited = until(lambda: first.final() >= target, 60)
    drill.table.hold("all of them are final after another", seconds(waited), waited is not None)
    last.start()
    up = until(lambda: last.voting() == "votes" and last.final() >= target, 60)
    drill.table.hold("the killed one is back, votes, and has all that is final", seconds(up), up is not None)


def two_down(drill):
    """two of four killed, one back: final again within 10 s (4 min)"""
    network = drill.network("two-down")
    first, *_, third, last = network.nodes
    backs, finals, tips = [], [], []
    last.kill()
    for _ in range(drill.asked.count or 10):
        third.kill()
        # Votes that are on their way may still make something final.
        time.sleep(3)
        before, tip = first.final(), first.tip()
        time.sleep(12)
        finals.append(first.final() - before)
        tips.append(first.tip() - tip)
        target = first.tip()
        third.start()
        backs.append(until(lambda: first.final() >= target, 60) or 60)
        until(lambda: third.final() >= target, 60)
    drill.table.say("blocks in 12 s of two alone, in all", sum(tips))
    drill.table.hold("of them final meanwhile", sum(finals), not any(finals))
    drill.table.hold("from the start of the third to all of them final", spread(backs), max(backs) <= 10)


def kills(drill):
    """a voter killed 1,000 times around its votes: no offence (15 min)"""
    count = drill.asked.count or 1000
    network = drill.network("kills", interval_ms=500)
    first, victim, *_, last = network.nodes
    # With it down, nothing is final without the victim's votes.
    last.kill()
    draw = random.Random(1)
    began, ups, voted, durable, seen, height = time.monotonic(), [], 0, 0, 0, first.final()
    for number in range(count):
        if number % 2:
            # The moment at which its next vote is durable, and perhaps has not left yet.
            written = victim.record().stat().st_mtime_ns
            durable += until(lambda: victim.record().stat().st_mtime_ns != written, 3, 0.0005) is not None
            time.sleep(draw.uniform(0, 0.003))
        else:
            time.sleep(draw.uniform(0, 1.2))
        victim.kill()
        newest = vote_of(first, victim)
        voted, seen = voted + (newest > seen), newest
        victim.start()
        up = until(lambda: victim.voting() == "votes", 90, 0.01)
        if up is None:
            drill.table.hold("after a kill", f"{victim.name} says {victim.voting()} after 90 s", False)
            return
        ups.append(up)
    drill.table.say("kills, and how long all of it took", f"{count}, {(time.monotonic() - began) / 60:.0f} min")
    drill.table.say("of them within 3 ms of a vote that was just durable", durable)
    drill.table.say("lives in which others heard new votes of it", voted)
    drill.table.say("from its start until it votes again", spread(ups))
    grown = first.final() - height
    drill.table.hold("blocks final meanwhile, none of them without its votes", grown, grown > 0)
    target = first.tip()
    waited = until(lambda: first.final() >= target, 60)
    drill.table.hold("after the last kill all is final after", seconds(waited), waited is not None)
    drill.table.hold("it says of itself", victim.voting(), victim.voting() == "votes")
    last.start()
    until(lambda: last.voting() == "votes", 60)


def restored(drill):
    """an old record of votes put back: no offence, it votes (2 min)"""
    network = drill.network("restored")
    first, victim = network.nodes[0], network.nodes[1]
    for age in (5, 30):
        old = victim.record().read_bytes()
        before, height = vote_of(first, victim), first.final()
        until(lambda: first.final() > height + age // 2 and vote_of(first, victim) > before, 180)
        victim.kill()
        newer = victim.record().read_bytes()
        victim.record().write_bytes(old)
        victim.start()
        up = until(lambda: victim.voting() == "votes", 120)
        what = f"record older by {vote_of(first, victim) - before} epochs put back: votes again"
        drill.table.hold(what, seconds(up), up is not None and old != newer)
    needed(drill, network, victim)


def needed(drill, network, victim):
    """With another one down, the victim's votes are needed: finality must go on with them."""
    watcher = network.nodes[2]
    network.nodes[0].kill()
    height = watcher.tip()
    waited = until(lambda: watcher.final() > height, 60)
    drill.table.hold("with another one killed, so that its votes are needed", f"final again after {seconds(waited)}", waited is not None)
    network.nodes[0].start()
    until(lambda: network.nodes[0].voting() == "votes", 60)
    drill.table.hold("it says of itself", victim.voting(), victim.voting() == "votes")


def vote_of(node, voter):
    """The epoch of the newest vote of a voter that a node has heard."""
    voters = (node.ask("/v1/finality") or {"voters": []})["voters"]
    return max([int(known["vote"]["epoch"]) for known in voters if known["id"] == voter.name and known.get("vote")], default=0)


def seconds(value):
    return "never" if value is None else f"{value:.1f} s"
