"""The code in the documents runs, as it is written there, against a real network."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

from bouya.testing import Devnet

PACKAGE = ROOT / "clients/python"


def code(path: Path, heading: str | None = None) -> str:
    """All Python of a document, or of one section of it, in the order in which it stands there."""
    text = path.read_text()
    if heading is not None:
        level = heading.split(" ")[0]
        text = text.split(f"\n{heading}\n", 1)[1]
        # Comments in code begin with # as well.
        text = re.split(rf"\n#{{2,{len(level)}}} (?=[A-Z])", text, maxsplit=1)[0]
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert blocks, f"{path} has no Python"
    return "\n".join(blocks)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Devnet]:
    """A network in which nobody was paid before: code that takes coins for granted fails, as it does for its reader."""
    if "BOUYA" not in os.environ:
        pytest.skip("BOUYA names no program: the tests against a real network are left out")
    with Devnet(nodes=2, folder=tmp_path / ".devnet") as devnet:
        yield devnet


def test_the_code_is_typed(tmp_path: Path) -> None:
    headings = ("## Python", "## Call a contract", "### A follower, whole")
    programs = [code(ROOT / "docs/PROGRAMS.md", heading) for heading in headings] + [code(PACKAGE / "README.md")]
    for number, program in enumerate(programs):
        (tmp_path / f"program{number}.py").write_text(program)
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "."], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("document", "heading"),
    [(ROOT / "docs/PROGRAMS.md", "## Python"), (PACKAGE / "README.md", None)],
    ids=["PROGRAMS.md", "README.md"],
)
def test_the_code_runs(document: Path, heading: str | None, fresh: Devnet) -> None:
    # As its readers do: beside the folder `.devnet`, with the address of a node in the environment.
    folder = fresh.folder.parent
    environment = {**os.environ, "BOUYA_API": fresh.node.url, "PYTHONPATH": str(PACKAGE / "src")}
    done = subprocess.run([sys.executable, "-W", "error", "-c", code(document, heading)], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_the_call_runs(fresh: Devnet) -> None:
    folder = fresh.folder.parent
    bouya = [os.environ["BOUYA"], "--api", fresh.node.url]

    def run(*arguments: str) -> str:
        done = subprocess.run([*bouya, *arguments, "--wallets", str(fresh.folder / "wallets")], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    wait = ["--yes", "--wait", "--timeout", "120s"]
    run("send", "--from", "demo", "--to", "node0:1000", "--to", "friend:1000", *wait)
    terms = json.dumps({"seller": "demo", "arbiter": "friend", "deadline": 4_000_000_000_000, "subject": "ab" * 32})
    escrow = ROOT / "sdk/examples/modules/escrow"
    given = [f"{escrow}.wasm", "--abi", f"{escrow}.abi.json", "--input", terms, "--value", "70"]
    contract = run("contract", "deploy", *given, "--from", "node0", *wait)
    environment = {**os.environ, "BOUYA_API": fresh.node.url, "PYTHONPATH": str(PACKAGE / "src"), "ESCROW": contract}
    program = code(ROOT / "docs/PROGRAMS.md", "## Call a contract")
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("paid 70000000 to bouya1")
