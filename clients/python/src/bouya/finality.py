"""What a quorum of the members has signed, and how one set of voters leads to the next (docs/PROTOCOL.md, 17)."""

from __future__ import annotations

from dataclasses import dataclass

from . import ed25519, encoding
from .encoding import Reader, need
from .hashing import Hash, tagged
from .header import Header
from .members import Member, Roster, VoterSet

_SIGNERS, _SIGNATURES = 16, 128


@dataclass(frozen=True)
class Checkpoint:
    """A block in an epoch of votes."""

    epoch: int
    height: int
    block: Hash

    def encode(self) -> bytes:
        """Its bytes."""
        return encoding.u64(self.epoch) + encoding.u64(self.height) + self.block

    @classmethod
    def read(cls, reader: Reader) -> Checkpoint:
        """From the front of bytes."""
        return cls(reader.number(8), reader.number(8), Hash(reader.take(32)))


@dataclass(frozen=True)
class Link:
    """What is voted for: a step from one checkpoint to a later one."""

    set: Hash
    source: Checkpoint
    target: Checkpoint

    def encode(self) -> bytes:
        """Its bytes."""
        return self.set + self.source.encode() + self.target.encode()

    @classmethod
    def read(cls, reader: Reader) -> Link:
        """From the front of bytes."""
        return cls(Hash(reader.take(32)), Checkpoint.read(reader), Checkpoint.read(reader))


@dataclass(frozen=True)
class Certificate:
    """A quorum's votes for one link."""

    link: Link
    signers: bytes
    signatures: tuple[bytes, ...]

    def encode(self) -> bytes:
        """Its bytes."""
        signatures = (encoding.exactly(one, 64, "a signature") for one in self.signatures)
        signers = encoding.counted(self.signers, _SIGNERS, "the list of signers")
        return self.link.encode() + signers + encoding.listed(signatures, _SIGNATURES, "signatures")

    @classmethod
    def read(cls, reader: Reader) -> Certificate:
        """From the front of bytes."""
        link, signers = Link.read(reader), reader.counted(_SIGNERS)
        return cls(link, signers, reader.listed(_SIGNATURES, lambda: reader.take(64)))

    def check_commit(self, block: Header) -> None:
        """Raises an `EncodingError` unless it is a commit for this block. Whose signatures it holds is `voters`'s to say."""
        source, target = self.link.source, self.link.target
        is_commit = source.epoch % 2 == 0 and target == Checkpoint(source.epoch + 1, source.height, source.block)
        need(is_commit, "a certificate that is no commit makes no block final")
        is_its = (source.height, source.block) == (block.height, block.id)
        need(is_its, f"the certificate is for block {source.height}, not for block {block.height} here")

    def voters(self, network: Hash, voters: VoterSet) -> tuple[str, ...]:
        """The ids of those who signed. Raises an `EncodingError` unless they are a quorum of these voters, all signatures verified."""
        source, members = self.link.source, voters.roster.members
        need(self.link.set == voters.id, "the certificate is not of the voters in force")
        is_root = (source.height, source.block) == (voters.roster.height, voters.block)
        need((source.epoch > 0 or is_root) and source.height >= voters.roster.height, "a checkpoint that nobody signs")
        signed = [at for at in range(8 * len(self.signers)) if self.signers[at // 8] >> at % 8 & 1]
        need(len(self.signers) == (len(members) + 7) // 8, "a list of signers of another length")
        need(all(at < len(members) for at in signed), "a signer who is no voter")
        need(len(signed) == len(self.signatures), "another number of signatures than of signers")
        need(len(signed) >= voters.quorum, f"{len(signed)} signatures, and {voters.quorum} are needed")
        message = b"bouya vote\0" + network + self.link.encode()
        for at, signature in zip(signed, self.signatures, strict=True):
            need(ed25519.verify(members[at].key, message, signature), f"the vote of {members[at].id} is not valid")
        return tuple(sorted(members[at].id for at in signed))


@dataclass(frozen=True)
class Handover:
    """A block that puts a roster into force, final by the set before."""

    header: Header
    executed: Hash
    roster: Roster
    certificate: Certificate

    @classmethod
    def decode(cls, data: bytes) -> Handover:
        """From its bytes."""
        reader = Reader(data)
        handover = cls(Header.read(reader), Hash(reader.take(32)), Roster.read(reader), Certificate.read(reader))
        reader.end()
        return handover

    def check(self, network: Hash, before: VoterSet) -> tuple[tuple[str, ...], VoterSet]:
        """Who signed, and the voters from then on. Raises an `EncodingError` if it leads from that set to none."""
        header, roster = self.header, self.roster
        is_base = not roster.is_override and (roster.known_by, roster.height) == (header.parent, header.height)
        need(is_base and header.id != before.block, "the roster is not of that block")
        commitments = tagged("bouya commitments", roster.commitment, self.executed)
        need(header.commitments == commitments, f"block {header.height} does not put these members into force")
        self.certificate.check_commit(header)
        return self.certificate.voters(network, before), VoterSet(roster, header.id, header.id)


@dataclass(frozen=True)
class Override:
    """Members that people have put into force by hand, after this block."""

    hash: Hash
    height: int
    block: Hash
    members: tuple[Member, ...]

    def after(self, before: VoterSet) -> VoterSet:
        """The voters from then on. The versions of blocks that were decided stay."""
        roster = Roster(self.hash, self.height, self.members, before.roster.upgrades, is_override=True)
        return VoterSet(roster, self.block, self.hash)
