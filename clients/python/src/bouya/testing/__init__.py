"""A whole network for a test: `bouya devnet`, started on free ports of the loopback and stopped again.

    with Devnet(nodes=2) as devnet:
        sent = devnet.node.transfer(devnet.wallet("demo"), devnet.wallet("friend").address, 1_000_000)
        devnet.node.wait(sent)

The fixture `devnet` of `bouya.testing.fixtures` is one for all tests of a run. Needs the program `bouya`: the one that the environment variable
`BOUYA` names, or else the one in the path.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from ..errors import BouyaError
from ..keys import Key
from ..network import Network
from ..node import Node
from ..wallet import open_wallet

# The ports of the nodes' peers begin this far above those of their APIs.
_PEER_PORTS = 100
_TRIES = 5
_LOOK_EVERY = 0.1
_STOP = 30.0
_IN_USE = "in use"


class DevnetError(BouyaError):
    """The network did not start. The message ends with what the program said."""


class Devnet:
    """A network of `nodes` nodes, all members, in one process. Its wallets `demo` (which has coins) and `friend` need no passphrase.

    Its files are in `folder`, a new one unless you name it; only a new one is removed at the end. One node is the quickest. Its miners take a
    quarter of the machine, and blocks come every two seconds.
    """

    def __init__(self, nodes: int = 1, *, folder: str | os.PathLike[str] | None = None, program: str | None = None, timeout: float = 120.0) -> None:
        self._count, self._timeout = nodes, timeout
        self._program = program or os.environ.get("BOUYA") or shutil.which("bouya")
        self._is_own = folder is None
        self.folder = Path(folder) if folder is not None else Path()
        self._process: subprocess.Popen[bytes] | None = None
        self.nodes: tuple[Node, ...] = ()

    @property
    def node(self) -> Node:
        """The first node."""
        return self.nodes[0]

    @property
    def network(self) -> Network:
        """The network's definition."""
        return Network.load(self.definition)

    @property
    def definition(self) -> Path:
        """The network's `network.toml`."""
        return self.folder / "network.toml"

    def wallet_file(self, name: str) -> Path:
        """The file of a wallet: `demo` and `friend`, and of each node the governor's, `node0` and so on."""
        return self.folder / "wallets" / f"{name}.wallet"

    def wallet(self, name: str) -> Key:
        """The key of a wallet."""
        return open_wallet(self.wallet_file(name))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts the network, and returns when its nodes answer and are connected. Started again, it goes on with its chain."""
        if self._program is None:
            raise DevnetError("there is no program `bouya` in the path: install it, or name it in the environment variable BOUYA")
        if self._is_own and not self.folder.is_absolute():
            self.folder = Path(tempfile.mkdtemp(prefix="bouya-devnet-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        # Whatever happens from here on, nothing is left running.
        atexit.register(self.stop)
        try:
            for _ in range(_TRIES):
                if self._try(_free_ports(self._count)):
                    return
            raise DevnetError(f"no free ports after {_TRIES} tries: {self.said()}")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops the network, and removes its files if they are in a folder of its own."""
        self._end()
        if self._is_own and self.folder.is_absolute():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = Path()
        atexit.unregister(self.stop)

    def restart(self) -> None:
        """Stops the nodes and starts them on the same ports, as after a power cut. Streams of events go on by themselves."""
        port = int(self.node.url.rpartition(":")[2])
        self._end()
        if not self._try(port):
            raise DevnetError(f"the ports were taken meanwhile: {self.said()}")

    def said(self) -> str:
        """The end of what the program wrote."""
        try:
            return self._log.read_text(errors="replace")[-2_000:]
        except OSError:
            return ""

    @property
    def _log(self) -> Path:
        return self.folder / "devnet.log"

    def _try(self, port: int) -> bool:
        """False if somebody took one of the ports meanwhile."""
        arguments = ["devnet", "--nodes", str(self._count), "--dir", str(self.folder), "--base-port", str(port)]
        with open(self._log, "wb") as log:
            # A session of its own: Ctrl-C in the terminal is for the tests, and `stop` comes after them.
            self._process = subprocess.Popen(
                [str(self._program), *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        urls = [f"http://127.0.0.1:{port + number}" for number in range(self._count)]
        deadline = time.monotonic() + self._timeout
        while not self._is_up(urls):
            if self._process.poll() is not None:
                self._process = None
                if _IN_USE in self.said():
                    return False
                raise DevnetError(f"the network ended at once: {self.said()}")
            if time.monotonic() >= deadline:
                raise DevnetError(f"the network was not up after {self._timeout:g} s: {self.said()}")
            time.sleep(_LOOK_EVERY)
        network = self.network
        self.nodes = tuple(Node(url, network=network) for url in urls)
        return True

    def _is_up(self, urls: list[str]) -> bool:
        """Whether all nodes answer, are of this network, and are connected."""
        if not self.definition.exists():
            return False
        try:
            for url in urls:
                with Node(url, network=self.network, timeout=5) as node:
                    if node.status().peers.connected < self._count - 1:
                        return False
        except BouyaError:
            # The definition may be half written, and another program may have answered.
            return False
        return True

    def _end(self) -> None:
        for node in self.nodes:
            node.close()
        self.nodes = ()
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP)
        except subprocess.TimeoutExpired:
            # The process leads a session of its own, so this is it and nothing else.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free_ports(count: int) -> int:
    """A port such that it and the next ones are free, for APIs and for peers. Others may take one until it is used."""
    while True:
        with ExitStack() as stack:
            first = stack.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            if port > 65_535 - _PEER_PORTS - count:
                continue
            try:
                for number in [*range(port + 1, port + count), *range(port + _PEER_PORTS, port + _PEER_PORTS + count)]:
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", number))
            except OSError:
                continue
            return port
