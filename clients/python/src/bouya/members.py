"""Members as blocks and definitions list them, and the sets of voters that they form (docs/PROTOCOL.md, 11 and 17)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from . import encoding
from .address import Address
from .encoding import Reader, need
from .hashing import Hash, tagged

MOST = 128
NAME_BYTES = 64
_UPGRADES = 32


def node_id(id: str) -> bytes:
    """An encoded node id, which it must be."""
    pattern = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
    need(re.fullmatch(pattern, id) is not None and not id.isdigit() and id != "ca", f"{id[:80]!r} is no node id")
    return encoding.text(id, 63, "a node id")


def read_node_id(reader: Reader) -> str:
    """A node id."""
    id = reader.text(63)
    node_id(id)
    return id


@dataclass(frozen=True)
class Member:
    """A member: its node's id, the key that seals and votes, the address that speaks for it, and what people call it."""

    id: str
    key: bytes
    governor: Address
    name: str = ""

    def encode(self) -> bytes:
        """Its bytes."""
        name = encoding.text(self.name, NAME_BYTES, "a member's name")
        return node_id(self.id) + encoding.exactly(self.key, 32, "a key") + self.governor + name

    @classmethod
    def read(cls, reader: Reader) -> Member:
        """From the front of bytes."""
        return cls(read_node_id(reader), reader.take(32), Address(reader.take(33)), reader.text(NAME_BYTES))


@dataclass(frozen=True)
class Upgrade:
    """A version of blocks, and the first height that has it."""

    version: int
    height: int

    def encode(self) -> bytes:
        """Its bytes."""
        return encoding.u32(self.version) + encoding.u64(self.height)

    @classmethod
    def read(cls, reader: Reader) -> Upgrade:
        """From the front of bytes."""
        return cls(reader.number(4), reader.number(8))


@dataclass(frozen=True)
class Roster:
    """The members that a block, or an override, puts into force.

    `known_by` is the id of the block before it, or the override's hash; `height` is its own.
    """

    known_by: Hash
    height: int
    members: tuple[Member, ...]
    upgrades: tuple[Upgrade, ...] = ()
    is_override: bool = False

    def __post_init__(self) -> None:
        need(1 <= len(self.members) <= MOST, f"a roster of {len(self.members)} members")
        keys = [member.key for member in self.members]
        need(keys == sorted(keys), "members that are not in the order of their keys")
        need(len({member.id for member in self.members}) == len(keys), "two members with one id")
        need(all(member.governor.kind == 0 for member in self.members), "a governor that is no key's address")
        # No member key governs.
        addresses = {at for member in self.members for at in (Address.of_key(member.key), member.governor)}
        need(len(addresses) == 2 * len(keys), "members that share a key or a governor")

    @classmethod
    def sorted(cls, known_by: Hash, height: int, members: list[Member], upgrades: tuple[Upgrade, ...] = ()) -> Roster:
        """Of members in any order."""
        return cls(known_by, height, tuple(sorted(members, key=lambda member: member.key)), upgrades)

    @classmethod
    def read(cls, reader: Reader) -> Roster:
        """From the front of bytes."""
        is_override = reader.choice(2, "base") == 1
        known_by, height = Hash(reader.take(32)), reader.number(8)
        members = reader.listed(MOST, lambda: Member.read(reader))
        return cls(known_by, height, members, reader.listed(_UPGRADES, lambda: Upgrade.read(reader)), is_override)

    def encode(self) -> bytes:
        """Its bytes."""
        base = encoding.u8(int(self.is_override)) + self.known_by + encoding.u64(self.height)
        members = encoding.listed((member.encode() for member in self.members), MOST, "members")
        upgrades = encoding.listed((upgrade.encode() for upgrade in self.upgrades), _UPGRADES, "upgrades")
        return base + members + upgrades

    @cached_property
    def commitment(self) -> Hash:
        """What headers commit to."""
        return tagged("bouya roster", self.encode())


@dataclass(frozen=True)
class VoterSet:
    """A roster in force: its members vote, numbered by ascending key. `named` tells sets apart: the base's id, or the override's hash."""

    roster: Roster
    block: Hash
    named: Hash
    id: Hash = field(init=False)

    def __post_init__(self) -> None:
        voters = (node_id(member.id) + member.key for member in self.roster.members)
        id = tagged("bouya set", self.named, encoding.listed(voters, MOST, "voters"))
        object.__setattr__(self, "id", id)

    @property
    def quorum(self) -> int:
        """Votes that make a block final."""
        count = len(self.roster.members)
        return count - (count - 1) // 3

    @property
    def guilty(self) -> int:
        """So many of them have signed two histories if two conflicting blocks are final."""
        return 2 * self.quorum - len(self.roster.members)

    @property
    def names(self) -> tuple[str, ...]:
        """Their ids, in order."""
        return tuple(sorted(member.id for member in self.roster.members))
