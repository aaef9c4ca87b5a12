"""The drill of receipts: proofs on a machine without a network."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

from network import called, until

CHECKER = Path(__file__).resolve().parent.parent / "receipt/check.py"


class Desk:
    """An empty folder with nothing but network.toml, perhaps an override, on a machine without a network."""

    def __init__(self, network, override=None):
        self.bouya, self.folder = network.bouya, network.folder / ("desk-with-override" if override else "desk")
        self.folder.mkdir()
        self.given, self.trusted = ["--network", "network.toml"], str(self.folder / "network.toml")
        shutil.copy(network.folder / "network.toml", self.folder)
        if override:
            shutil.copy(override, self.folder / "override.toml")
            self.given += ["--override", "override.toml"]
            self.trusted += f",{self.folder / 'override.toml'}"

    def verifies(self, text, name="some.receipt"):
        (self.folder / name).write_text(text)
        # A fresh namespace has no interface but a loopback that is down.
        command = ["unshare", "--net", "--", self.bouya, "receipt", "verify", name, *self.given]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"receipt verify ended with {done.returncode}: {done.stderr}")
        return done.returncode == 0

    def checked(self, texts):
        """What the checker of another language says of each."""
        lines = "".join(f"{self.trusted} {text.strip()}\n" for text in texts)
        done = subprocess.run([sys.executable, CHECKER], input=lines, capture_output=True, text=True, check=True)
        return [line == "proven" for line in done.stdout.splitlines()]


def receipts(drill):
    """receipts without a network; false ones are refused (3 min)"""
    network = drill.network("receipts", sides=[(0, 1, 2), (3,)])
    genuine = receipt(network, network.nodes[0], 0, "final")
    desk = Desk(network)
    drill.table.hold("a receipt in an empty folder, no network: bouya", proven(desk.verifies(genuine)), desk.verifies(genuine))
    drill.table.hold("the same: tests/receipt/check.py", proven(desk.checked([genuine])[0]), desk.checked([genuine])[0])
    private = in_private(network)
    for what, text in (("a chain that one member mined alone", private), ("the same with the other one's signatures", grafted(private, genuine))):
        said = [desk.verifies(text), *desk.checked([text])]
        drill.table.hold(f"{what}: bouya, check.py", " ".join(map(proven, said)), not any(said))
    texts = list(changed(genuine.strip(), drill.asked.count or 1000))
    ours, theirs = [desk.verifies(text) for text in texts], desk.checked(texts)
    drill.table.hold(f"{len(texts)} with one byte changed, refused by bouya", ours.count(False), not any(ours))
    drill.table.hold("the same by check.py", theirs.count(False), len(theirs) == len(texts) and not any(theirs))


def proven(said):
    return "proven" if said else "not proven"


def receipt(network, node, payer, standing):
    """The receipt of a payment that is confirmed, or final."""
    payment = network.pay(node, payer)
    look = lambda: node.ask(f"/v1/transactions/{payment}") or {}
    if payment is None or until(lambda: look().get("final") if standing == "final" else look().get("status") == standing, 180) is None:
        raise RuntimeError(f"a payment is not {standing} after three minutes")
    return called(network.bouya, "receipt", "get", payment, "--api", node.api())


def in_private(network):
    """A member leaves, forgets the chain, and mines one of its own from the genesis block, with a payment in it."""
    lone = network.nodes[3]
    network.watched.remove(lone)
    network.part()
    lone.kill()
    shutil.rmtree(lone.folder / "data")
    lone.start()
    if until(lambda: lone.tip() > 2, 180) is None:
        raise RuntimeError("the lone member mines nothing")
    return receipt(network, lone, 1, "confirmed")


def grafted(private, genuine):
    made = json.loads(private)
    made["finality"] = json.loads(genuine)["finality"]
    return json.dumps(made, separators=(",", ":"))


def changed(text, count):
    """The text with one byte changed to another that may stand in a line."""
    draw = random.Random(1)
    for _ in range(count):
        at = draw.randrange(len(text))
        other = draw.choice([letter for letter in map(chr, range(32, 127)) if letter != text[at]])
        # White space at either end is not part of a receipt, but then the byte that stood there is gone.
        yield text[:at] + other + text[at + 1:]
