"""A whole network for a test: `bouya devnet`, started on free ports of the loopback and stopped again. It ends with this process, also when
that is killed.

    with Devnet(nodes=2) as devnet:
        sent = devnet.node.transfer(devnet.wallet("demo"), devnet.wallet("friend").address, 1_000_000)
        devnet.node.wait(sent)

The fixture `devnet` of `bouya.testing.fixtures` is one for all tests of a run. Needs the program `bouya`: the one that the environment variable
`BOUYA` names, or else the one in the path.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any, Self

from ..errors import BouyaError
from ..keys import Key
from ..network import Network
from ..node import Node
from ..wallet import open_wallet

_STOP = 30.0


class DevnetError(BouyaError):
    """The network did not start. The message ends with what the program said."""


class Devnet:
    """A network of `nodes` nodes, all members, in one process. Its wallets `demo` (which has coins) and `friend` need no passphrase.

    Its files are in `folder`, a new one unless you name it; only a new one is removed at the end. One node is the quickest. Its miners take a
    quarter of the machine. Blocks come every two seconds, or every `interval_ms` milliseconds.
    """

    def __init__(
        self,
        nodes: int = 1,
        *,
        folder: str | os.PathLike[str] | None = None,
        interval_ms: int | None = None,
        program: str | None = None,
        timeout: float = 120.0,
    ) -> None:
        self._count, self._interval, self._timeout = nodes, interval_ms, timeout
        self._program = program or os.environ.get("BOUYA") or shutil.which("bouya")
        self._is_own = folder is None
        self.folder = Path(folder) if folder is not None else Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._base_port = 0
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
            self._begin(0)
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
        self._end()
        self._begin(self._base_port)

    def said(self) -> str:
        """The end of what the program logged."""
        try:
            return self._log.read_text(errors="replace")[-2_000:]
        except OSError:
            return ""

    @property
    def _log(self) -> Path:
        return self.folder / "devnet.log"

    def _begin(self, port: int) -> None:
        """Starts the program, and reads where its nodes are. Port 0: any free ones."""
        arguments = ["devnet", "--json", "--until-eof", "--nodes", str(self._count), "--dir", str(self.folder), "--base-port", str(port)]
        if self._interval is not None:
            arguments += ["--interval", str(self._interval)]
        with open(self._log, "wb") as log:
            # A session of its own: Ctrl-C in the terminal is for the tests, and `stop` comes after them. Nothing is written to its input, which
            # the system closes when this process is gone: then the network ends too.
            process = self._process = subprocess.Popen(
                [str(self._program), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
        late = threading.Timer(self._timeout, process.kill)
        late.start()
        try:
            assert process.stdout
            line = process.stdout.readline()
        finally:
            late.cancel()
        if not line:
            killed = process.wait() == -signal.SIGKILL
            why = f"was not up after {self._timeout:g} s" if killed else "ended at once"
            raise DevnetError(f"the network {why}: {self.said()}")
        told: dict[str, Any] = json.loads(line)
        self._base_port = told["base_port"]
        network = self.network
        self.nodes = tuple(Node(node["api"], network=network) for node in told["nodes"])

    def _end(self) -> None:
        for node in self.nodes:
            node.close()
        self.nodes = ()
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        # Leaving the block closes its pipes, and waits for its end.
        with process:
            try:
                process.wait(_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
