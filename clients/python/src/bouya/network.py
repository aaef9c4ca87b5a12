"""A network's definition, which is all that a verifier needs: `network.toml`, and `override.toml` where there is one."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from . import encoding
from .address import Address
from .coin import Coin
from .encoding import need
from .errors import BouyaError, DefinitionError, WrongNetwork
from .finality import Override
from .hashing import Hash, double, sha256, tagged, unhex
from .members import MOST, NAME_BYTES, Member, Roster, Upgrade, VoterSet

_ALLOCATIONS = 10_000
_OLDEST, _NEWEST = 2, 3
_GAS_LEAST = 5_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

File = str | os.PathLike[str]


@dataclass(frozen=True)
class Network:
    """A network: its id, its coin, its first voters, and the overrides that the verifier knows of.

    The id stands for all values in the definition. Get the file from somebody whom you believe, or compare the id by phone.
    """

    id: Hash
    name: str
    coin: Coin
    created: datetime
    interval: timedelta
    first: VoterSet
    overrides: tuple[Override, ...] = ()

    @classmethod
    def load(cls, definition: File, override: File | None = None) -> Network:
        """Reads `network.toml`, and `override.toml` if the network has one."""
        texts = []
        for path in (definition, override):
            if path is not None:
                with open(path, encoding="utf-8") as file:
                    texts.append(file.read())
        return cls.parse(*texts)

    @classmethod
    def parse(cls, definition: str, override: str | None = None) -> Network:
        """From the files' texts."""
        try:
            network = _define(tomllib.loads(definition))
        except (BouyaError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise DefinitionError(f"not a network's definition: {_said(error)}") from error
        if override is None:
            return network
        try:
            overrides = _read_overrides(tomllib.loads(override), network.id)
        except WrongNetwork:
            raise
        except (BouyaError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise DefinitionError(f"not a file of overrides: {_said(error)}") from error
        return cls(network.id, network.name, network.coin, network.created, network.interval, network.first, overrides)


def _said(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def milliseconds(time: datetime) -> int:
    """Milliseconds since 1970 of a time with a zone. One without could mean any."""
    if time.tzinfo is None:
        raise ValueError(f"{time} has no time zone: give one, as in datetime.now(UTC)")
    return (time - _EPOCH) // timedelta(milliseconds=1)


def moment(ms: int) -> datetime:
    """The time of so many milliseconds since 1970. Beyond the year 9999 it is the last one that Python knows."""
    try:
        return _EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _check_format(said: dict[str, Any]) -> None:
    need(said.get("format", 1) == 1, f"its format is {said.get('format')}, this version reads 1; use a newer one")


def _read_members(said: list[dict[str, Any]]) -> list[Member]:
    return [Member(one["id"], unhex(one["key"], "a member's key", 32), Address.parse(one["governor"]), one.get("name", "")) for one in said]


def _define(said: dict[str, Any]) -> Network:
    _check_format(said)
    blocks = said.get("blocks", {})
    coin = Coin(said["coin"]["symbol"], said["coin"].get("decimals", 6))
    created = datetime.fromisoformat(said["created"])
    members = _read_members(said.get("members", []))
    given = sorted(Address.parse(one["address"]) + encoding.u64(coin.parse(one["amount"])) for one in said.get("allocations", []))
    interval, difficulty = blocks.get("interval_ms", 5_000), blocks.get("initial_difficulty", 20_000_000)
    rules = encoding.u32(interval) + encoding.u16(blocks.get("half_life", 32)) + encoding.u64(difficulty)
    rules += encoding.u64(coin.parse(blocks.get("reward", "50"))) + encoding.u32(blocks.get("max_bytes", 1_900_000))
    salt = unhex(said.get("salt", "00" * 16), "the salt", 16)
    listed = (member.encode() for member in sorted(members, key=lambda member: member.id))
    version, gas = blocks.get("version", _OLDEST), blocks.get("gas_per_block")
    need(_OLDEST <= version <= _NEWEST, f"blocks.version is {version}; this package knows {_OLDEST} to {_NEWEST}: use a newer one")
    need(gas is None or gas >= _GAS_LEAST, f"blocks.gas_per_block is {gas}, at least {_GAS_LEAST} is needed")
    sections = {
        0: encoding.text(said["name"], NAME_BYTES, "the name") + encoding.u64(milliseconds(created)) + salt,
        1: encoding.text(coin.symbol, 12, "the symbol") + encoding.u8(coin.decimals),
        2: rules,
        3: encoding.listed(listed, MOST, "members"),
    }
    # A section that says nothing is absent.
    if given:
        sections[4] = encoding.listed(given, _ALLOCATIONS, "allocations")
    if version != _OLDEST:
        sections[5] = encoding.u32(version)
    if gas is not None:
        sections[6] = encoding.u64(gas)
    parts = (encoding.u8(at) + encoding.counted(data, 1 << 24, "a section") for at, data in sections.items())
    definition = encoding.u16(1) + encoding.listed(parts, len(sections), "sections")
    upgrades = (Upgrade(version, 0),) if version != _OLDEST else ()
    first = Roster.sorted(Hash(bytes(32)), 0, members, upgrades)
    commitments = tagged("bouya commitments", first.commitment, _first_rows(first, given))
    header = encoding.u32(version) + bytes(4) + bytes(8) + encoding.u64(milliseconds(created)) + encoding.u64(difficulty)
    header += bytes(32) + tagged("bouya network", sha256(definition)) + sha256() + commitments
    id = double(header + bytes(264 - len(header)))
    return Network(id, said["name"], coin, created, timedelta(milliseconds=interval), VoterSet(first, id, id))


def _first_rows(first: Roster, given: list[bytes]) -> Hash:
    """`executed` of the genesis block: it writes the supply, the accounts with coins, and the roster."""

    def row(key: bytes, value: bytes) -> bytes:
        return key + b"\1" + encoding.u32(len(value) + 1) + b"\1" + value

    supply = sum(int.from_bytes(one[33:], "little") for one in given)
    rows = [row(b"\0", encoding.u64(supply))] if given else []
    rows += [row(b"\1" + one[:33], one[33:] + bytes(8)) for one in given]
    rows.append(row(b"\5", first.encode()))
    # Two zeros: no results, and no hash of the state, as its rows are all there are.
    return tagged("bouya executed", sha256(encoding.listed(rows, len(rows), "rows")), bytes(32), bytes(32))


def _read_overrides(said: dict[str, Any], network: Hash) -> tuple[Override, ...]:
    """By rising height. Each hash stands for all up to it."""
    _check_format(said)
    if Hash.parse(said["network"]) != network:
        raise WrongNetwork(f"the overrides are of network {said['network']}, not of {network}")
    named, below, overrides = Hash(bytes(32)), 0, []
    for one in said["overrides"]:
        height, block = one["height"], Hash.parse(one["block"])
        need(height > below, "overrides that are not by rising height")
        members = sorted(_read_members(one["members"]), key=lambda member: member.key)
        about = encoding.u64(height) + block + encoding.listed((member.encode() for member in members), MOST, "members")
        about += encoding.text(one.get("reason", ""), 256, "the reason")
        named, below = tagged("bouya override", network, named, about), height
        overrides.append(Override(named, height, block, tuple(members)))
    need(len(overrides) > 0, "it lists no override")
    return tuple(overrides)
