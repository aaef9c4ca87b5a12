"""Drills in which the members change who they are, as README.md and docs/OPERATIONS.md say it, over the command line."""

import json
import random
import re
import shutil
import signal
import subprocess
import threading
import time

from crashes import seconds
from network import Node, called, until
from receipts import Desk, proven, receipt


def move(network, node, *change):
    """What a member's governor asks the others for, on that member's node. The motion's id, once all nodes that run know it."""
    motion = network.said(node, "member", *change, "--from", node.governor)
    known = lambda: all(one.ask(f"/v1/motions/{motion}") for one in running(network))
    if until(known, 120) is None:
        raise RuntimeError(f"motion {motion} is not known on all nodes after two minutes")
    return motion


def state_of(node, motion):
    return (node.ask(f"/v1/motions/{motion}") or {"state": "unknown"})["state"]


def agree(network, motion, *nodes):
    """Their yes, each on its own node. The last of them waits until the change is in force and final."""
    for node in nodes:
        wait = ["--wait", "--timeout", "5m"] if node is nodes[-1] else []
        network.said(node, "vote", "yes", motion[:8], "--from", node.governor, *wait)


def running(network):
    return [node for node in network.nodes if node.process and node.process.poll() is None]


def arrives(network, node):
    """Starts an observer. Seconds until its status says ready; None if it does not."""
    node.start()
    return until(lambda: node.state() == "ready", 120)


def taken_in(drill, network, node, *voters):
    """An observer becomes a member: the first of the voters moves it, the others and the newcomer say yes."""
    waited = arrives(network, node)
    drill.table.hold(f"{node.name}'s node is ready as an observer, and says it", f"{seconds(waited)}, {node.voting()}", node.voting() == "observes")
    began = time.monotonic()
    motion = move(network, voters[0], "add", network.ask(node, network.wallet(node.name)), "--reason", "one more")
    agree(network, motion, *voters[1:], node)
    drill.table.say(f"from moving {node.name} until all have said yes and it is final", f"{time.monotonic() - began:.1f} s")
    votes = until(lambda: node.voting() == "votes", 60)
    drill.table.hold(f"{node.name} votes after another", seconds(votes), votes is not None)
    mine(node)
    node.restart()


def mine(node):
    """Its operator lets it seal blocks: from the next start on."""
    path = node.folder / "node.toml"
    path.write_text(path.read_text().replace("enabled = false", "enabled = true"))


def ids(node):
    return [member["id"] for member in (node.ask("/v1/members") or {"members": []})["members"]]


def same_members(drill, nodes, wanted):
    """Who the members are, and since which block, is the same everywhere."""
    def told(node):
        all = node.ask("/v1/members")
        return all and all["final"] and [all["since"], *([one["id"], one["key"], one["governor"]] for one in all["members"])]
    same = until(lambda: told(nodes[0]) and all(told(node) == told(nodes[0]) for node in nodes[1:]), 60)
    names = sorted(ids(nodes[0]))
    drill.table.hold(f"the same members on {len(nodes)} nodes, final", ", ".join(names), same is not None and names == sorted(wanted))


def all_final(drill, nodes, what="all of it final on all of them after"):
    target = max(node.tip() for node in nodes)
    waited = until(lambda: min(node.final() for node in nodes) >= target, 180)
    drill.table.hold(what, seconds(waited), waited is not None)


class Load:
    """Wallets that pay all the time, each through one node. What was accepted is kept."""

    def __init__(self, network, nodes):
        self.over, self.taken, self.network = threading.Event(), [], network
        self.threads = [threading.Thread(target=self.pay, args=(nodes[payer % len(nodes)], payer), daemon=True) for payer in range(4)]
        for thread in self.threads:
            thread.start()

    def pay(self, node, payer):
        while not self.over.wait(0.5):
            if payment := self.network.pay(node, payer, "0.001"):
                self.taken.append(payment)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


class Chaos(threading.Thread):
    """Kills one of some nodes at a time, at random moments, and starts it again. Never while somebody types on it: hold `quiet` then."""

    def __init__(self, nodes):
        super().__init__(daemon=True)
        self.nodes, self.kills, self.over, self.quiet, self.draw = nodes, 0, threading.Event(), threading.Lock(), random.Random(1)
        self.start()

    def run(self):
        while not self.over.wait(self.draw.uniform(1, 6)):
            with self.quiet:
                victim = self.draw.choice(self.nodes)
                victim.kill()
                time.sleep(self.draw.uniform(0, 2))
                victim.start()
                self.kills += 1

    def end(self):
        self.over.set()
        self.join()


class Cut(threading.Thread):
    """Watches one node: the moments at which a removal is final there, and at which it has no connection to who was removed."""

    def __init__(self, node, removed):
        super().__init__(daemon=True)
        self.node, self.removed, self.final, self.cut, self.before = node, removed.name, None, None, False
        self.start()

    def run(self):
        while self.final is None:
            time.sleep(0.01)
            self.before |= self.removed in (self.node.connected() or ())
            told = self.node.ask("/v1/members")
            if told and told["final"] and self.removed not in [member["id"] for member in told["members"]]:
                self.final = time.monotonic()
        while self.cut is None and time.monotonic() < self.final + 60:
            time.sleep(0.01)
            connected = self.node.connected()
            if connected is not None and self.removed not in connected:
                self.cut = time.monotonic()

    def took(self):
        """The seconds between; None if it was not cut, or was not connected before."""
        self.join(180)
        return self.cut - self.final if self.cut and self.before else None


def grow(drill):
    """three members become five and then four, under load and chaos (4 min)"""
    network = drill.network("grow", interval_ms=1000, members=3, observers=2, sides=[(0, 1, 2), (3, 4)])
    alice, bob, carol, dave, erin = network.nodes
    # Those who pay are not killed: what a killed node had not passed on is lost.
    load, chaos = Load(network, [alice, carol]), Chaos([bob])
    network.said = quietly(network, chaos, alice)
    taken_in(drill, network, dave, alice, bob, carol)
    chaos.nodes = [bob, dave]
    taken_in(drill, network, erin, alice, bob, carol, dave)
    chaos.nodes = [dave, erin]
    same_members(drill, network.nodes, ["alice", "bob", "carol", "dave", "erin"])
    cut_off(drill, network, "three and two cut off from each other")
    expel(drill, network, bob, alice, carol, dave, erin)
    cut_off(drill, network, "two and two cut off from each other")
    chaos.end()
    load.end()
    drill.table.say("times that a node was killed and started again", chaos.kills)
    stay = [alice, carol, dave, erin]
    all_final(drill, stay)
    same_members(drill, stay, ["alice", "carol", "dave", "erin"])
    left = [(node, payment) for payment in load.taken for node in stay]
    final = lambda node, payment: (node.ask(f"/v1/transactions/{payment}") or {}).get("final")
    for _ in range(30):
        left = [one for one in left if not final(*one)]
        time.sleep(2 * bool(left))
    drill.table.hold(f"of {len(load.taken)} payments that were taken, not final on each", len(left), load.taken and not left)
    drill.table.hold("bob's node: connections, and what state it says", f"{len(bob.connected() or ())}, {bob.state()}", not bob.connected())


def quietly(network, chaos, watcher):
    """Commands for a network under chaos: nobody is killed while a command is typed, but while it would wait."""
    said = network.said

    def say(node, *words):
        waits = "--wait" in words
        with chaos.quiet:
            until(lambda: all(one.status() for one in running(network)), 60)
            told = said(node, *(word for word in words if word not in ("--wait", "--timeout", "5m")))
            # Time to pass it on.
            time.sleep(1)
        if waits and until(lambda: state_of(watcher, words[2]) == "applied" and watcher.ask("/v1/members")["final"], 300) is None:
            raise RuntimeError(f"motion {words[2]} is not in force and final after five minutes")
        return told
    return say


def cut_off(drill, network, what):
    """One side is cut off from the other, and neither is a quorum. Healed, all is final."""
    network.part()
    time.sleep(5)
    newest = lambda: max(node.final() for node in network.nodes)
    before, tip = newest(), network.nodes[0].tip()
    time.sleep(20)
    until(lambda: network.nodes[0].tip() > tip, 120)
    after, grown = newest(), network.nodes[0].tip() - tip
    drill.table.hold(f"{what}, 20 s: blocks on one side, of them final", f"{grown}, {after - before}", before == after and grown > 0)
    network.heal()
    all_final(drill, [node for node in network.nodes if node.name in ids(network.nodes[0])], "healed: all of it final after")


def are_cut(drill, cuts):
    took = [(cut.node.name, cut.took()) for cut in cuts]
    figures = ", ".join(name + (" never" if one is None else f" {one * 1000:.0f} ms") for name, one in took)
    drill.table.hold("from final on a node until it has no connection to it", figures, all(one is not None and one <= 5 for _, one in took))


def expel(drill, network, removed, mover, *voters):
    """The others remove a member, whose node runs on."""
    others = [node for node in network.nodes if node is not removed]
    motion = move(network, mover, "remove", removed.name, "--reason", "it has left")
    cuts = [Cut(node, removed) for node in others]
    began = time.monotonic()
    agree(network, motion, *voters)
    drill.table.say(f"{removed.name} removed: until all have said yes and it is final", f"{time.monotonic() - began:.1f} s")
    are_cut(drill, cuts)
    time.sleep(5)
    again = [node.name for node in others if removed.name in (node.connected() or ())]
    drill.table.hold("five seconds later, connected to it", ", ".join(again) or "nobody", not again)


def rotated(drill, network, node):
    """A member gives itself a new member key, and does what the command says."""
    certs, before = node.folder / "certs", key_of(node)
    network.said(node, "member", "rotate", "--from", node.governor, "--dir", certs, "--wait", "--timeout", "5m")
    changed = key_of(node) != before
    node.kill(signal.SIGTERM)
    (certs / "old").mkdir()
    for kind in ("member", "votes"):
        (certs / f"{node.name}.{kind}").rename(certs / f"old/{node.name}.{kind}")
        (certs / f"{node.name}.next.{kind}").rename(certs / f"{node.name}.{kind}")
    node.start()
    waited = until(lambda: node.voting() == "votes", 60)
    drill.table.hold(f"{node.name} rotates its member key, puts the files in place: votes after", seconds(waited), changed and waited is not None)


def key_of(node):
    return [one["key"] for one in node.ask("/v1/members")["members"] if one["id"] == node.name]


def governed(drill, network, node):
    """A member gives itself a new governor."""
    began, wallet = time.monotonic(), f"{node.name}2"
    network.said(node, "member", "governor", node.name, network.wallet(wallet), "--from", node.governor, "--wait", "--timeout", "5m")
    node.governor = wallet
    drill.table.say(f"{node.name}'s new governor in force and final after", f"{time.monotonic() - began:.1f} s")


def away(drill):
    """a member away for 1,000 blocks and three handovers, and a newcomer with network.toml alone (5 min)"""
    network = drill.network("away", interval_ms=100, observers=2)
    alice, bob, carol, dave, erin, frank = network.nodes
    # Where nothing waits for a block, difficulty does not fall, and a busy machine makes few.
    load = Load(network, [alice, carol])
    left = dave.tip()
    dave.kill()
    taken_in(drill, network, erin, alice, bob, carol)
    rotated(drill, network, bob)
    governed(drill, network, carol)
    until(lambda: alice.tip() >= left + (drill.asked.count or 1000), 1200, 0.5)
    target, missed = alice.final(), alice.tip() - left
    began = time.monotonic()
    dave.start()
    final = until(lambda: dave.final() >= target, 180)
    voting = until(lambda: dave.voting() == "votes", 180)
    took = time.monotonic() - began
    drill.table.hold(f"dave is back after {missed} blocks: all of them final there after", seconds(final), final is not None)
    drill.table.hold("and it votes", seconds(took), voting is not None)
    heard = until(lambda: vote_height(alice, dave) > target, 60)
    drill.table.hold("alice hears a vote of it for a later block after another", seconds(heard), heard is not None)
    same_members(drill, network.nodes[:5], ["alice", "bob", "carol", "dave", "erin"])
    load.end()
    newcomer(drill, network, frank, alice)


def vote_height(node, voter):
    voters = (node.ask("/v1/finality") or {"voters": []})["voters"]
    return max([int(known["vote"]["height"]) for known in voters if known["id"] == voter.name and known.get("vote")], default=0)


def newcomer(drill, network, frank, alice):
    """An observer that has network.toml alone, and a receipt from it, verified without a network."""
    target = alice.final()
    began = time.monotonic()
    ready = arrives(network, frank)
    final = until(lambda: frank.final() >= target, 300)
    drill.table.hold(f"frank joins with network.toml alone: {target} blocks final after", seconds(final and time.monotonic() - began), None not in (ready, final))
    text, desk = receipt(network, frank, 0, "final"), Desk(network)
    drill.table.hold("a receipt over the handovers, from frank's node: handovers in it", handovers(text), handovers(text) >= 3)
    verified(drill, "it", desk, text)


def handovers(text):
    return len(json.loads(text)["finality"]["handovers"])


def verified(drill, what, desk, text, wanted=True):
    """What bouya and check.py say of a receipt, offline."""
    said = [desk.verifies(text), *desk.checked([text])]
    drill.table.hold(f"{what}, offline: bouya, check.py", " ".join(map(proven, said)), said == [wanted, wanted])


def stolen(drill):
    """a stolen node: revoked, its key rotated, the old one counts for nothing (3 min)"""
    network = drill.network("stolen", interval_ms=1000)
    alice, bob, carol, dave = network.nodes
    thief = copied(network, dave, 4)
    # The two sign with one key.
    network.suspects = {"dave"}
    thief.start()
    time.sleep(20)
    drill.table.say("two machines with dave's keys, after 20 s: what each says", f"{dave.voting()}, {thief.voting()}")
    goes_on(drill, "blocks final meanwhile", alice, 10)
    revoke(drill, network, [alice, bob, carol])
    dave.kill(signal.SIGTERM)
    elsewhere = moved(network, dave, 5)
    elsewhere.start()
    up = until(lambda: elsewhere.connected(), 60)
    drill.table.hold("dave's node elsewhere, with a new certificate: connected", seconds(up), up is not None)
    told = elsewhere.voting()
    called(network.bouya, "final", "resume", "--config", elsewhere.folder / "node.toml")
    votes = until(lambda: elsewhere.voting() == "votes", 60)
    drill.table.hold("without a record of votes; after final resume it votes", f"{told}; {seconds(votes)}", told != "votes" and votes is not None)
    stale = key_of(elsewhere)
    rotated(drill, network, elsewhere)
    target = alice.tip()
    heard = until(lambda: vote_height(alice, elsewhere) > target, 60)
    drill.table.hold("alice hears a vote of the new key after", seconds(heard), heard is not None)
    counts_for_nothing(drill, network, thief, stale[0], alice, [carol, elsewhere])


def copied(network, node, number):
    """Another machine with the same files, except for the chain."""
    other = another(network, node, number)
    shutil.copytree(node.folder / "certs", other.folder / "certs")
    network.configure(other, 0.05, "")
    return other


def another(network, node, number, name=None):
    other = Node(network, number, name or node.name)
    network.nodes.append(other)
    other.folder.mkdir()
    return other


def moved(network, node, number):
    """The node on another machine: its member key from a backup, without a record of votes, and a new TLS key and certificate."""
    other = another(network, node, number)
    network.issue(other)
    shutil.copy(node.folder / f"certs/{node.name}.member", other.folder / "certs")
    network.configure(other, 0.05, "")
    return other


def revoke(drill, network, nodes):
    called(network.mkca, "--dir", network.ca, "revoke", "dave")
    shutil.copy(network.ca / "ca.crl", nodes[0].folder / "certs")
    cut = until(lambda: not any("dave" in (node.connected() or {"dave"}) for node in nodes), 60)
    drill.table.hold("revoked, the list given to alice: cut off on all after", seconds(cut), cut is not None and cut <= 5)


def goes_on(drill, what, node, during):
    before = node.final()
    time.sleep(during)
    until(lambda: node.final() > before, 120)
    drill.table.hold(what, node.final() - before, node.final() > before)


def stands(drill, what, nodes, during=12):
    """Blocks come, and none is final."""
    # Votes that are on their way may still make something final.
    time.sleep(5)
    before, tips = [node.final() for node in nodes], [node.tip() for node in nodes]
    time.sleep(during)
    until(lambda: all(node.tip() > tip for node, tip in zip(nodes, tips)), 120)
    grown, blocks = max(node.final() - b for node, b in zip(nodes, before)), min(node.tip() - b for node, b in zip(nodes, tips))
    drill.table.hold(f"{what}: blocks, of them final", f"{blocks}, {grown}", grown == 0 and blocks > 0)


def counts_for_nothing(drill, network, thief, key, alice, gone):
    """The old key comes back under a certificate of another name: as an observer, even where its vote would be the one that lacks."""
    certs = thief.folder / "certs"
    thief.kill(signal.SIGTERM)
    back = another(network, thief, 6, "mallory")
    network.issue(back)
    for kind in ("member", "votes"):
        shutil.copy(certs / f"dave.{kind}", back.folder / f"certs/mallory.{kind}")
    network.configure(back, 0.05, "")
    mine(back)
    back.start()
    until(lambda: back.final() >= alice.final() > 0, 120)
    drill.table.hold("the old key under another name: says it is, and of its vote", f"{back.state()}, {back.voting()}",
                     (back.state(), back.voting()) == ("not-listed", "observes"))
    height = alice.tip()
    for node in gone:
        node.kill()
    stands(drill, "two others killed, so that one vote lacks", [alice])
    sealed = [alice.ask(f"/v1/blocks/{number}")["miner"] for number in range(height + 1, alice.tip() + 1)]
    drill.table.hold("blocks of the old key since", sum(key in json.dumps(one) for one in sealed), key not in json.dumps(sealed))
    for node in gone:
        node.start()
    all_final(drill, [alice, *gone], "both back: all of it final after")


def governor(drill):
    """a lost governor, replaced by another member's motion and the member key (1 min)"""
    network = drill.network("governor", interval_ms=1000)
    alice, bob, carol, dave = network.nodes
    began = time.monotonic()
    motion = move(network, alice, "governor", "bob", network.wallet("bob2"), "--reason", "bob's phone burnt")
    called(network.bouya, "wallet", "import", "bobkey", "--member-key", bob.folder / "certs/bob.member", "--no-passphrase", *network.wallets)
    refused = fails(network, bob, "vote", "yes", motion[:8], "--from", "bob")
    drill.table.hold("the lost governor has no voice in it", refused[:60], "no voice" in refused)
    network.said(bob, "vote", "yes", motion[:8], "--from", "bobkey")
    agree(network, motion, carol)
    drill.table.say("moved, yes of bob's member key and of carol, in force and final after", f"{time.monotonic() - began:.1f} s")
    refused = fails(network, bob, "member", "remove", "dave", "--from", "bob")
    drill.table.hold("the old governor is told", refused[:60], "no member's governor" in refused)
    motion = network.said(bob, "member", "remove", "dave", "--from", "bob2")
    until(lambda: alice.ask(f"/v1/motions/{motion}"), 60)
    cuts = [Cut(node, dave) for node in (alice, bob, carol)]
    agree(network, motion, alice, carol)
    same_members(drill, [alice, bob, carol], ["alice", "bob", "carol"])
    drill.table.say("dave is removed on the new governor's motion", "")
    are_cut(drill, cuts)


def fails(network, node, *words):
    """Why a command is refused; nothing if it is not."""
    try:
        network.said(node, *words)
        return ""
    except RuntimeError as error:
        return re.sub(r" \(bouya1\w+\)", "", str(error).splitlines()[-1].split("error: ")[-1])


def override(drill):
    """two of four lose key and governor for ever: an override (3 min)"""
    network = drill.network("override", interval_ms=1000)
    alice, bob, carol, dave = network.nodes
    before = receipt(network, alice, 0, "final")
    (network.folder / "found").mkdir()
    for node in (carol, dave):
        lose(network, node)
    stands(drill, "keys and governors of carol and dave lost", [alice, bob])
    file = network.folder / "override.toml"
    lines = [part for node in (carol, dave) for part in ("--member", network.ask(node, network.wallet(f"{node.name}2")))]
    made = called(network.bouya, "override", "make", "--keep", "alice", "--keep", "bob", *lines, "--reason", "two keys burnt", "--out", file,
                  "--api", alice.api())
    shown = called(network.bouya, "override", "show", file)
    drill.table.hold("override make and override show print the same", "yes" if made == shown else "no", made == shown)
    began = time.monotonic()
    for node in (alice, bob, carol):
        load(node, file)
    final(drill, network, "alice, bob and carol have loaded it: final again after", [alice, bob, carol], began)
    dave.start()
    time.sleep(10)
    refusals(drill, network, alice, dave)
    dave.kill(signal.SIGTERM)
    old_key(drill, network, dave, file, alice)
    began = time.monotonic()
    load(dave, file)
    final(drill, network, "dave loads it too: final there after", [dave], began)
    same_members(drill, network.nodes, ["alice", "bob", "carol", "dave"])
    after, bare, desk = receipt(network, dave, 1, "final"), Desk(network), Desk(network, file)
    verified(drill, "a receipt from before, without the file", bare, before)
    verified(drill, "a receipt from before, with it", desk, before)
    verified(drill, "a receipt from after, without the file", bare, after, wanted=False)
    verified(drill, "a receipt from after, with it", desk, after)


def lose(network, node):
    """Member key, record and governor are gone for ever; but somebody will find the first two."""
    node.kill()
    for kind in ("member", "votes"):
        shutil.move(node.folder / f"certs/{node.name}.{kind}", network.folder / "found")
    for path in (network.folder / "wallets").glob(f"{node.name}.*"):
        path.unlink()


def load(node, file):
    """As its operator does it."""
    shutil.copy(file, node.folder)
    path = node.folder / "node.toml"
    path.write_text(f'{path.read_text()}\n[chain]\noverride = "override.toml"\n')
    if node.process.poll() is None:
        node.kill(signal.SIGTERM)
    node.start()


def final(drill, network, what, nodes, began):
    until(lambda: network.nodes[0].tip() > 0, 60)
    target = network.nodes[0].tip()
    waited = until(lambda: min(node.final() for node in nodes) > target, 120)
    drill.table.hold(what, seconds(waited and time.monotonic() - began), waited is not None)


def refusals(drill, network, alice, dave):
    """What a node without the override and one with it say of each other."""
    drill.table.hold("dave's node without it: connections", len(dave.connected() or ()), not dave.connected())
    for node, other in ((dave, alice), (alice, dave)):
        peers = (node.ask("/v1/peers?limit=100") or {"items": []})["items"]
        why = [peer["why"] for peer in peers if peer["id"] == other.name]
        drill.table.hold(f"why, says {node.name}", "; ".join(map(str, why))[:150], "override" in str(why))
        done = subprocess.run([network.bouya, "status", "--api", node.api()], capture_output=True, text=True)
        told = re.findall(r"^(?:override|state) .*$", done.stdout, re.M)
        drill.table.say(f"bouya status of {node.name}", " | ".join(re.sub(r" +", " ", line) for line in told))


def old_key(drill, network, dave, file, alice):
    """The lost key is found again, on a node that has the override."""
    found = another(network, dave, 4)
    shutil.copytree(dave.folder / "certs", found.folder / "certs")
    for kind in ("member", "votes"):
        shutil.copy(network.folder / f"found/dave.{kind}", found.folder / "certs")
    network.configure(found, 0.05, "")
    shutil.copy(file, found.folder)
    path = found.folder / "node.toml"
    path.write_text(f'{path.read_text()}\n[chain]\noverride = "override.toml"\n')
    found.start()
    until(lambda: found.final() >= alice.final() > 0, 60)
    drill.table.hold("dave's old key is found: its node says it is, and of its vote", f"{found.state()}, {found.voting()}",
                     (found.state(), found.voting()) == ("not-listed", "observes"))
    found.kill(signal.SIGTERM)
    network.nodes.remove(found)


def upgrade(drill):
    """an upgrade passes and is recorded with its height; one too near falls away (1 min)"""
    network = drill.network("upgrade", interval_ms=500)
    alice, bob, carol, dave = network.nodes
    near = move(network, alice, "upgrade", "3", "--height", str(alice.tip() + 500))
    refused = [fails(network, node, "vote", "yes", near[:8], "--from", node.governor, *wait) for node, wait in ((bob, []), (carol, ["--wait"]))]
    drill.table.hold("less than 1,000 blocks ahead: it passes, and", refused[-1][:110], "fell away" in refused[-1])
    height = alice.tip() + 1100
    motion = move(network, bob, "upgrade", "3", "--height", str(height))
    agree(network, motion, alice, carol)
    wanted = [{"version": 3, "height": height}]
    told = until(lambda: all((node.ask("/v1/members") or {}).get("upgrades") == wanted for node in network.nodes), 60)
    drill.table.hold("version 3 in more than 1,000 blocks: recorded on all, for height", height, told is not None)
    goes_on(drill, "blocks final afterwards", alice, 5)


def alone(drill):
    """one member alone changes its key and its governor; two cannot expel one (2 min)"""
    one = drill.network("alone-key", interval_ms=1000, members=1, observers=1)
    alice, bob = one.nodes
    rotated(drill, one, alice)
    refused = fails(one, alice, "member", "governor", "alice", one.wallet("alice2"), "--from", "alice", "--wait", "--timeout", "1m")
    drill.table.hold("another change of its keys on the same day", refused[-60:], "24 hours" in refused)
    other = drill.network("alone-governor", interval_ms=1000, members=1)
    governed(drill, other, other.nodes[0])
    goes_on(drill, "blocks final afterwards", other.nodes[0], 5)
    refused = fails(other, other.nodes[0], "member", "upgrade", "3", "--height", "5000", "--from", "alice")
    drill.table.hold("the old governor is told", refused[:60], "no member's governor" in refused)
    taken_in(drill, one, bob, alice)
    motion = move(one, alice, "remove", "bob")
    time.sleep(20)
    vote = alice.ask(f"/v1/motions/{motion}")["vote"]
    drill.table.hold("alice of two removes bob: yes, of those it needs", f"{vote['yes']} of {vote['needed']}", (vote["yes"], vote["needed"]) == (1, 2))
    one.said(bob, "vote", "no", motion[:8], "--from", "bob")
    gone = until(lambda: state_of(alice, motion) == "rejected", 60)
    drill.table.hold("bob says no: it is rejected after", seconds(gone), gone is not None)
    same_members(drill, one.nodes, ["alice", "bob"])
