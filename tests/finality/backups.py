"""Drills in which a machine is lost, and its node restored elsewhere from a backup, as docs/OPERATIONS.md says it."""

import json
import shutil
import signal
import subprocess

from crashes import needed, seconds, vote_of
from members import another
from network import called, until


def lost(drill):
    """a machine is lost, its node restored from an old backup: silent, then it votes; of four and of three (1 min)"""
    four = drill.network("lost-of-four", interval_ms=1000)
    moved(drill, four, four.nodes[2], again(drill, four, four.nodes[3], final_meanwhile=True))
    three = drill.network("lost-of-three", interval_ms=1000, members=3)
    again(drill, three, three.nodes[2], final_meanwhile=False)


def again(drill, network, victim, final_meanwhile):
    """A running node is backed up, votes on, and is lost. Its node elsewhere."""
    first, say = network.nodes[0], f"of {len(network.founders)}"
    asked = reminds(network, victim)
    backup, told = backed_up(network, victim)
    quiet = not reminds(network, victim)
    drill.table.hold(f"{say}: status asks for a backup, and no more once it is made", f"{asked}, {quiet}", asked and quiet)
    drill.table.hold("a running node's record of votes is in it", told["record"], not told["record"])
    before, height = vote_of(first, victim), first.final()
    until(lambda: first.final() >= height + 10 and vote_of(first, victim) > before, 180)
    victim.kill()
    shutil.rmtree(victim.folder)
    meanwhile(drill, "the machine is lost, five blocks later: more are final", first, settled(first), 5, final_meanwhile)
    return resumed(drill, network, victim, restored(network, victim, backup), final_meanwhile)


def resumed(drill, network, victim, elsewhere, final_meanwhile):
    """It is silent until its operator's word, and votes after it."""
    first = network.nodes[0]
    last, stood = vote_of(first, victim), first.final()
    elsewhere.start()
    drill.witnesses[-1].nodes.append(elsewhere)
    silent = until(lambda: elsewhere.state() == "silent" and elsewhere.final() >= stood, 120)
    drill.table.hold("restored elsewhere, it has the chain and says silent after", seconds(silent), silent is not None)
    meanwhile(drill, "ten blocks later: more are final", first, stood, 10, final_meanwhile)
    votes = vote_of(first, elsewhere) - last
    drill.table.hold("it still says, and has voted", f"{elsewhere.state()}, {votes}", elsewhere.state() == "silent" and votes == 0)
    target = first.tip()
    called(network.bouya, "final", "resume", "--config", elsewhere.folder / "node.toml")
    voting = until(lambda: elsewhere.voting() == "votes", 120)
    final = until(lambda: min(first.final(), elsewhere.final()) >= target and vote_of(first, elsewhere) > last, 120)
    drill.table.hold("after final resume: it votes, all is final there too", f"{seconds(voting)}, {seconds(final)}", None not in (voting, final))
    if final_meanwhile:
        needed(drill, network, elsewhere)
    return elsewhere


def meanwhile(drill, what, node, stood, blocks, goes_on):
    """So many blocks come; where the others are enough, some more become final, in whoever's slot it is."""
    tip = node.tip()
    until(lambda: node.tip() >= tip + blocks and (node.final() > stood or not goes_on), 120)
    more = node.final() - stood
    drill.table.hold(what, more, bool(more) == goes_on)


def moved(drill, network, node, elsewhere):
    """A node that is stopped for good moves with its record of votes."""
    node.kill(signal.SIGTERM)
    backup, told = backed_up(network, node)
    drill.table.hold("a stopped node's record of votes is in its backup", told["record"], told["record"])
    other = restored(network, node, backup, "--record")
    drill.witnesses[-1].nodes.append(other)
    other.start()
    votes = until(lambda: other.voting() == "votes", 120)
    drill.table.hold("with its record it votes again, without a word, after", seconds(votes), votes is not None)


def settled(node):
    """What is final once the votes that were on their way have come: it stands while two blocks come, or grows anyway."""
    tip = node.tip()
    until(lambda: node.tip() >= tip + 2, 60)
    return node.final()


def passphrase(network):
    path = network.folder / "passphrase"
    path.write_text("correct horse battery staple\n")
    return ["--passphrase-file", path]


def backed_up(network, node):
    path = network.folder / f"{node.name}.backup"
    made = called(network.bouya, "backup", "--out", path, "--config", node.folder / "node.toml", "--json", *passphrase(network), *network.wallets)
    return path, json.loads(made)


def restored(network, node, backup, *more):
    """On a machine with another address, which its operator writes into node.toml."""
    other = another(network, node, len(network.nodes))
    called(network.bouya, "restore", backup, "--yes", "--dir", other.folder, "--wallets", other.folder / "wallets", *passphrase(network), *more)
    path = other.folder / "node.toml"
    text = path.read_text().replace(node.where(), other.where())
    path.write_text(text.replace(f"{node.api_host}:{node.api_port}", f"{other.api_host}:{other.api_port}"))
    return other


def reminds(network, node):
    """Whether status asks for a backup."""
    command = [network.bouya, "status", "--config", node.folder / "node.toml"]
    environment = {"BOUYA_WALLETS": str(network.folder / "wallets")}
    return "bouya backup --out FILE" in subprocess.run(command, capture_output=True, text=True, env=environment).stderr
