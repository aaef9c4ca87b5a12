import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bouya.testing import Devnet

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def vectors() -> dict[str, str]:
    """tests/vectors.json: what every implementation must agree on."""
    said: dict[str, str] = json.loads((ROOT / "tests/vectors.json").read_text())
    return said


@pytest.fixture(scope="session")
def receipts() -> list[dict[str, Any]]:
    """tests/receipt/vectors.json: receipts and final proofs, with the files of those who check them."""
    said: list[dict[str, Any]] = json.loads((ROOT / "tests/receipt/vectors.json").read_text())
    return said


@pytest.fixture(scope="session")
def two_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    """A network of two nodes, one for each party. Its folder is named as in the documents."""
    if "BOUYA" not in os.environ:
        pytest.skip("BOUYA names no program: the tests against a real network are left out")
    with Devnet(nodes=2, folder=tmp_path_factory.mktemp("network") / ".devnet") as devnet:
        yield devnet
