"""A consortium of real daemons, each a process with its own files, on loopback or each in a network namespace."""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

NAMES = ["alice", "bob", "carol", "dave", "erin", "frank"]
# No proxy: the nodes are on this machine, or on a network that only this program has.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def until(condition, limit=120, every=0.05):
    """Seconds until the condition holds; None if it does not within the limit."""
    began = time.monotonic()
    while time.monotonic() - began < limit:
        if condition():
            return time.monotonic() - began
        time.sleep(every)
    return None


def called(*command, folder=None):
    """What a program prints; an error with what it said if it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=folder)
    if done.returncode:
        raise RuntimeError(f"{' '.join(str(part) for part in command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def ip(*lines, inside=None):
    """Runs commands of `ip`, in another process's network namespace if one is given."""
    enter = ["nsenter", f"--net=/proc/{inside}/ns/net", "--"] if inside else []
    done = subprocess.run([*enter, "ip", "-batch", "-"], input="\n".join(lines) + "\n", capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"ip: {done.stderr.strip()}")


class Node:
    """One machine, of a member or an observer. A killed one can be started again."""

    def __init__(self, network, number, name=None):
        self.network, self.number, self.name = network, number, name or NAMES[number]
        self.folder = network.folder / (f"{name}-{number}" if name else self.name)
        self.process = self.keeper = None
        # The wallet that speaks for it.
        self.governor = self.name
        self.host, self.api_host = "127.0.0.1", "127.0.0.1"
        self.port, self.api_port = network.port + 100 + number, network.port + number

    def where(self):
        return f"{self.host}:{self.port}"

    def api(self):
        return f"http://{self.api_host}:{self.api_port}"

    def record(self):
        return self.folder / "certs" / f"{self.name}.votes"

    def start(self):
        enter = ["nsenter", f"--net=/proc/{self.keeper.pid}/ns/net", "--"] if self.keeper else []
        with open(self.folder / "log", "a") as log:
            command = [*enter, self.network.bouya, "run", "--config", self.folder / "node.toml"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait()

    def restart(self):
        """As its operator does it."""
        self.kill(signal.SIGTERM)
        self.start()

    def log(self):
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def state(self):
        """What state the node says it is in."""
        return (self.status() or {"state": {"name": "down"}})["state"]["name"]

    def connected(self):
        """The ids of the peers that it is connected to; None if it does not answer."""
        peers = self.ask("/v1/peers?limit=100")
        return peers and {peer["id"] for peer in peers["items"] if peer["status"] == "connected"}

    def ask(self, path):
        """What the API answers; None if nothing does."""
        try:
            return json.load(OPENER.open(self.api() + path, timeout=5))
        except (OSError, ValueError):
            return None

    def status(self):
        return self.ask("/v1/status")

    def final(self):
        """The height of its newest final block; -1 if it does not answer."""
        status = self.status()
        return status["final"]["height"] if status else -1

    def tip(self):
        status = self.status()
        return status["tip"]["height"] if status else -1

    def work(self):
        status = self.status()
        return int(status["tip"]["work"]) if status else -1

    def voting(self):
        return (self.ask("/v1/finality") or {}).get("voting")

    def hash_at(self, height):
        return (self.ask(f"/v1/blocks/{height}") or {}).get("hash")

    def metric(self, name):
        text = OPENER.open(self.api() + "/metrics", timeout=5).read().decode()
        found = re.search(rf"^{name}(?:{{[^}}]*}})? ([0-9.e+]+)$", text, re.M)
        return float(found[1]) if found else None


class Network:
    """Members, the first of the names, and observers, the next ones, who are started later. `shares`: of one core, for each one's miner.
    `sides`: which nodes can be parted from which; needs namespaces."""

    def __init__(self, asked, port, name, interval_ms=2000, members=4, observers=0, shares=None, sides=None, sections=lambda number: ""):
        self.bouya, self.mkca, self.port = asked.bouya, asked.mkca, port
        self.folder, self.interval_ms = Path(asked.dir) / name, interval_ms
        self.wallets = ["--wallets", self.folder / "wallets"]
        shutil.rmtree(self.folder, ignore_errors=True)
        self.nodes = [Node(self, number) for number in range(members + observers)]
        self.founders, self.suspects = self.nodes[:members], set()
        self.watched = list(self.nodes)
        shares = shares or (0.05,) * len(self.nodes)
        if sides:
            self.wire(sides)
        self.members()
        self.ease(sum(shares[:members]))
        for node in self.nodes:
            self.configure(node, shares[node.number], sections(node.number))

    def members(self):
        """The first of them founds with what the others ask. Each has a folder of its own."""
        alice, *others = self.founders
        self.ca = alice.folder / "ca"
        self.folder.mkdir(parents=True)
        for node in self.nodes:
            node.folder.mkdir()
        asked = [part for node in others for part in ("--admit", self.ask(node, self.wallet(node.name)))]
        funded = [part for wallet in range(8) for part in ("--allocate", f"{self.wallet(f'payer{wallet}')}:1000000")]
        rules = ["--interval", self.interval_ms, "--coins", "0", *funded]
        called(self.bouya, "found", "drill", "--id", alice.name, "--advertise", alice.where(), *asked, *rules, "--no-passphrase", *self.wallets,
               "--dir", alice.folder)
        observers = self.nodes[len(self.founders):]
        if observers:
            called(self.bouya, "admit", *(self.ask(node) for node in observers), "--sign-only", "--bootstrap", f"{alice.name}@{alice.where()}",
                   "--yes", "--dir", alice.folder)
        for node in others + observers:
            called(self.bouya, "accept", alice.folder / f"{node.name}.invite", "--yes", *self.wallets, "--dir", node.folder)
        shutil.copy(alice.folder / "network.toml", self.folder)
        self.payee = self.wallet("payee")

    def ask(self, node, governor=None):
        """What somebody asks with, to be a member or to observe."""
        role = ["--governor", governor] if governor else ["--observer"]
        called(self.bouya, "ask", node.name, "--advertise", node.where(), *role, "--dir", node.folder)
        return node.folder / f"{node.name}.request"

    def issue(self, node):
        """A new TLS key and certificate for a node."""
        certs = node.folder / "certs"
        called(self.mkca, "--dir", certs, "request", node.name)
        shutil.copy(certs / f"{node.name}.csr", self.ca)
        called(self.mkca, "--dir", self.ca, "sign", f"{node.name}.csr")
        for file in (f"{node.name}.crt", "ca.crt", "ca.crl"):
            shutil.copy(self.ca / file, certs)

    def wallet(self, name):
        shown = called(self.bouya, "wallet", "new", name, "--no-passphrase", "--json", *self.wallets)
        return json.loads(shown)["address"]

    def ease(self, cores):
        """Sets the first difficulty for miners that use so many cores together: `found` sets it for half a core of each member."""
        path = self.folder / "network.toml"
        easier = lambda found: found[1] + str(max(1, int(int(found[2]) * cores / (0.5 * len(self.founders)))))
        path.write_text(re.sub(r"(initial_difficulty = )(\d+)", easier, path.read_text()))

    def configure(self, node, share, sections):
        """Writes its node.toml: it knows all others, and mines all the time."""
        shutil.copy(self.folder / "network.toml", node.folder)
        others = {other.name: other for other in self.nodes if other.name != node.name}.values()
        known = ", ".join(f'"{other.name}@{other.where()}"' for other in others)
        # The miner of an observer is off; once that is taken out, it mines like the others.
        enabled = str(any(founder.name == node.name for founder in self.founders)).lower()
        (node.folder / "node.toml").write_text(f"""data_dir = "data"
network = "network.toml"

[identity]
ca = "certs/ca.crt"
certificate = "certs/{node.name}.crt"
key = "certs/{node.name}.key"
crl = "certs/ca.crl"

[p2p]
listen = "{node.where()}"
advertise = "{node.where()}"
bootstrap = [{known}]

[api]
listen = "{node.api_host}:{node.api_port}"

[miner]
enabled = {enabled}
when = "always"
share = {share}
{sections}""")

    def wire(self, sides):
        """Gives each node a namespace with two cables: one to the switch of its side, for peers, and one to this program, for the API."""
        switches = [f"side{number}" for number in range(len(sides))]
        ip(*(f"link add {switch} type bridge\nlink set {switch} up" for switch in switches))
        ip("link add joint0 type veth peer name joint1",
           *(f"link set joint{number} master side{number} up" for number in range(2)))
        for side, numbers in enumerate(sides):
            for number in numbers:
                node = self.nodes[number]
                node.keeper = subprocess.Popen(["unshare", "--net", "--", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                own = os.stat("/proc/self/ns/net").st_ino
                until(lambda: os.stat(f"/proc/{node.keeper.pid}/ns/net").st_ino != own)
                node.host, node.api_host = f"10.77.0.{number + 1}", f"10.78.{number}.2"
                ip(f"link add peer{number} type veth peer name peers netns {node.keeper.pid}",
                   f"link add call{number} type veth peer name api netns {node.keeper.pid}",
                   f"link set peer{number} master side{side} up",
                   f"addr add 10.78.{number}.1/30 dev call{number}", f"link set call{number} up")
                ip("link set lo up", f"addr add {node.host}/24 dev peers", "link set peers up",
                   f"addr add {node.api_host}/30 dev api", "link set api up", inside=node.keeper.pid)

    def part(self):
        """Pulls the cable between the two sides: what is on its way is lost, and nobody is told."""
        ip("link set joint0 down")

    def heal(self):
        ip("link set joint0 up")

    def said(self, node, *words):
        """What a command prints that somebody signs with a wallet, asking that node."""
        return called(self.bouya, *words, "--yes", *self.wallets, "--api", node.api()).strip()

    def start(self):
        for node in self.founders:
            node.start()
        for node in self.founders:
            if until(lambda: node.voting() == "votes", 180) is None:
                raise RuntimeError(f"{node.name} does not vote within three minutes; see {node.folder}/log")
        if until(lambda: min(node.final() for node in self.founders) > 0, 180) is None:
            raise RuntimeError("nothing is final within three minutes")

    def end(self):
        for node in self.nodes:
            if node.process and node.process.poll() is None:
                node.process.send_signal(signal.SIGTERM)
        for node in self.nodes:
            if node.process:
                try:
                    node.process.wait(15)
                except subprocess.TimeoutExpired:
                    node.kill()
            if node.keeper:
                node.keeper.stdin.close()
                node.keeper.wait()
        if self.nodes[0].keeper:
            ip("link del joint0", "link del side0", "link del side1")

    def pay(self, node, payer, amount="0.5"):
        """A payment's id; None if it was not taken."""
        command = [self.bouya, "send", "--from", f"payer{payer}", "--to", f"{self.payee}:{amount}", "--api", node.api(), "--yes", "--json"]
        done = subprocess.run([str(part) for part in command + self.wallets], capture_output=True, text=True)
        return json.loads(done.stdout)["id"] if done.returncode == 0 else None

    def offences(self):
        """What nodes blame voters for, but those who are suspected: of whom, what, and who says so."""
        told = [(node, node.ask("/v1/finality")) for node in self.nodes]
        return [f"{voter['id']} {voter['fault']} (says {node.name})" for node, all in told if all for voter in all["voters"]
                if voter.get("fault") and voter["id"] not in self.suspects]


class Witness(threading.Thread):
    """Looks at all nodes twice a second and writes down what they call final: it must be one block at each height, and never go back."""

    def __init__(self, network):
        super().__init__(daemon=True)
        self.nodes, self.seen, self.wrong, self.over = network.watched, {}, [], threading.Event()
        self.newest = {}
        self.start()

    def run(self):
        while not self.over.wait(0.5):
            for node in self.nodes:
                if status := node.status():
                    self.look(node, status["final"])

    def look(self, node, final):
        height, block = final["height"], final["hash"]
        if self.seen.setdefault(height, block) != block:
            self.wrong.append(f"{node.name} has {block} final at {height}, another has {self.seen[height]}")
        # Another machine of the same member begins anew.
        if height < self.newest.get(node, 0):
            self.wrong.append(f"{node.name} went back from {self.newest[node]} to {height}")
        self.newest[node] = height

    def verdict(self):
        """What was wrong: in the meantime, or with what the nodes' chains hold now at the heights that were final."""
        self.over.set()
        self.join()
        for node in self.nodes:
            held = node.final()
            for height, block in self.seen.items():
                if 0 < height <= held and node.hash_at(height) != block:
                    self.wrong.append(f"{node.name} no longer has {block} at {height}")
        return self.wrong
