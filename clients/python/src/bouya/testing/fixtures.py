"""Fixtures for pytest. Name this module in your `conftest.py`: `pytest_plugins = ["bouya.testing.fixtures"]`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import Devnet


@pytest.fixture(scope="session")
def devnet() -> Iterator[Devnet]:
    """A network of one node for all tests of a run. For more nodes, write a fixture like this one with `Devnet(nodes=4)`."""
    with Devnet() as devnet:
        yield devnet
