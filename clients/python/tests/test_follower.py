"""The follower of docs/PROGRAMS.md, as it is written there, killed at each of its lines in turn: nothing is missed, and nothing is done twice."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from conftest import ROOT
from test_devnet import LONG
from test_documents import PACKAGE, code

from bouya import actions, views
from bouya.testing import Devnet

FOLLOWER = code(ROOT / "docs/PROGRAMS.md", "### A follower, whole")
# Runs a program, and kills it when it comes to its line number so and so, counted as they are run, from the one that asks where it was.
KILLER = """
import os, signal, sys

program, left = sys.argv[1], int(sys.argv[2])
counts = False


def trace(frame, event, _):
    global counts, left
    if frame.f_code.co_filename != "follower.py":
        return None
    if event == "line":
        counts = counts or program.splitlines()[frame.f_lineno - 1].startswith("place =")
        left -= counts
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return trace


sys.settrace(trace)
exec(compile(program, "follower.py", "exec"), {"__name__": "__main__"})
"""
PAYMENTS = 12


class House:
    """Is called, and remembers by whom."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        house = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert said["id"] == self.headers["Idempotency-Key"]
                house.calls.append(said["id"])
                # The follower may be gone.
                with contextlib.suppress(OSError):
                    self.send_response(204)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/bouya"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.close()


def test_a_follower_that_is_killed_at_any_line_does_each_thing_once(two_nodes: Devnet, house: House, tmp_path: Path) -> None:
    (tmp_path / ".devnet").symlink_to(two_nodes.folder)
    node, demo, friend = two_nodes.node, two_nodes.wallet("demo"), two_nodes.wallet("friend")
    # In blocks of their own and several in one.
    for number in range(PAYMENTS):
        paid = node.transfer(demo, friend.address, 1_000 + number, f"invoice {number}")
        if number % 4 == 0:
            node.wait(paid, timeout=LONG)
    other = node.send(friend, actions.Record("follower", actions.Data(b"no payment")))
    for one in two_nodes.nodes:
        one.wait(paid, timeout=LONG)
        one.wait(other, timeout=LONG)
    expected = [item.transaction for item in node.feed(limit=1_000, address=friend.address).items]
    outputs = [(one, one.action.outputs if isinstance(one.action, views.Transfer) else ()) for one in expected]
    paid_in = [(str(one.id), one.height) for one, to in outputs if friend.address in [output.to for output in to]]
    assert PAYMENTS <= len(paid_in) < len(expected)

    def is_done() -> bool:
        return any(int(str(cursor).partition("-")[0]) > (expected[-1].height or 0) for _, cursor, _ in rows(tmp_path, "place"))

    lines = 0
    while not is_done():
        lines += 1
        # At each node in turn: a cursor holds on all of them.
        url = two_nodes.nodes[lines % 2].url
        environment = {**os.environ, "BOUYA_API": url, "HOOK": house.url, "PYTHONPATH": str(PACKAGE / "src")}
        run = [sys.executable, "-W", "error", "-c", KILLER, FOLLOWER, str(lines)]
        with subprocess.Popen(run, cwd=tmp_path, env=environment) as follower:
            while follower.poll() is None and not is_done():
                time.sleep(0.02)
            follower.kill()
        assert follower.returncode == -signal.SIGKILL, "it ended by itself"

    assert [(id, height) for id, height, _, _ in rows(tmp_path, "booked")] == paid_in
    # In order, and twice at most where it was killed behind a call.
    assert list(dict.fromkeys(house.calls)) == [str(one.id) for one in expected]
    assert len(house.calls) > len(expected), "no kill came between a call and its commit: this test shows too little"


def rows(folder: Path, table: str) -> list[tuple[object, ...]]:
    """All rows of a table of the follower's, if it has come so far."""
    with contextlib.closing(sqlite3.connect(folder / "house.db")) as house:
        try:
            return house.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
        except sqlite3.OperationalError:
            return []
