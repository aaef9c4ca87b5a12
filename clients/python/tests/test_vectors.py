"""The formats, against tests/vectors.json."""

import hashlib
from collections.abc import Callable

import pytest

from bouya import Address, Hash, Key, Network, Transaction, actions, sha256
from bouya.blocks import Block, Reward
from bouya.errors import DefinitionError
from bouya.finality import Certificate, Checkpoint, Link
from bouya.hashing import merkle_root, tagged
from bouya.header import Header

MINER, WALLET, GOVERNOR = (Key(bytes([number]) * 32) for number in (1, 2, 3))
DEFINITION = f"""
format = 1
name = "acme"
created = "2026-09-21T14:13:20Z"
salt = "{"07" * 16}"
[coin]
symbol = "ACM"
decimals = 6
[blocks]
interval_ms = 5000
half_life = 32
initial_difficulty = 20000000
reward = "50"
max_bytes = 1900000
[[members]]
id = "alice"
key = "{MINER.public.hex()}"
governor = "{GOVERNOR.address}"
name = "Alice SA"
[[allocations]]
address = "{WALLET.address}"
amount = "1"
"""
NETWORK = Network.parse(DEFINITION)


def transfer() -> Transaction:
    output = actions.Output(MINER.address, 12_500_000)
    return Transaction.sign(NETWORK.id, WALLET, 0, 171, 1_000, actions.Transfer((output,), "rent"))


def test_keys_and_addresses(vectors: dict[str, str]) -> None:
    assert WALLET.public.hex() == vectors["public key of seed 02*32"]
    assert str(WALLET.address) == vectors["address of seed 02*32"]
    assert Address.parse(str(WALLET.address)) == WALLET.address


def test_the_networks_id(vectors: dict[str, str]) -> None:
    assert str(NETWORK.id) == vectors["network id of the example"]
    genesis = Header.decode(bytes.fromhex(vectors["genesis header of the example"]))
    assert genesis.id == NETWORK.id
    assert genesis.check(NETWORK.id, may_be_genesis=True) == []
    assert str(tagged("bouya rules", NETWORK.id)) == vectors["rules digest of the example"]
    assert str(NETWORK.first.id) == "5002b71861c8dd0f202da88c6a73ebc2d7e4ddbc9f76e9703a42ae4a0dceeb73"


def test_a_network_that_runs_contracts_has_another_id(vectors: dict[str, str]) -> None:
    def stating(more: str) -> Network:
        return Network.parse(DEFINITION.replace("[blocks]\n", f"[blocks]\n{more}\n"))

    running = stating("version = 3\ngas_per_block = 30000000")
    assert str(running.id) == vectors["network id of the example that runs contracts"]
    assert stating("version = 2").id == NETWORK.id, "the oldest version says nothing"
    for wrong, why in [("version = 4", "blocks.version"), ("gas_per_block = 4999999", "blocks.gas_per_block")]:
        with pytest.raises(DefinitionError, match=why):
            stating(wrong)


def test_a_transfer(vectors: dict[str, str]) -> None:
    made = transfer()
    assert bytes(made).hex() == vectors["transfer bytes"]
    assert str(made.id) == vectors["transfer id"]
    assert Transaction.decode(bytes(made)) == made
    made.check(NETWORK.id)


def test_a_proposal_and_its_agreement(vectors: dict[str, str]) -> None:
    proposal = actions.Propose("Lease", sha256(b"lease"), (MINER.address,), 1_800_000_000_000)
    made = Transaction.sign(NETWORK.id, WALLET, 1, 300, 1_000, proposal)
    assert bytes(made).hex() == vectors["proposal bytes"]
    assert str(made.agreement) == vectors["agreement id"]
    made.check(NETWORK.id)


def test_a_block(vectors: dict[str, str]) -> None:
    header = Header.decode(bytes.fromhex(vectors["header bytes"]))
    assert str(header.id) == vectors["header id"]
    reward = Reward(MINER.address, 50_000_171)
    assert str(reward.id(1)) == vectors["reward id"]
    block = Block(header, Hash(bytes([6] * 32)), reward, None, (transfer(),))
    assert str(block.body_root) == vectors["body root"]
    block.check_body()
    assert Block.decode(bytes(block)) == block
    assert str(merkle_root([NETWORK.id + bytes(16)])) == vectors["history root after the genesis block"]


def test_a_merkle_root(vectors: dict[str, str]) -> None:
    assert str(merkle_root([b"a", b"b", b"c"])) == vectors["merkle root of a, b, c"]


class Seeded:
    """Numbers from a seed, and values of them, as tests/vectors.rs makes them: SplitMix64."""

    def __init__(self, state: int) -> None:
        self.state = state

    def number(self) -> int:
        self.state = self.state + 0x9E3779B97F4A7C15 & 2**64 - 1
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & 2**64 - 1
        z = (z ^ z >> 27) * 0x94D049BB133111EB & 2**64 - 1
        return z ^ z >> 31

    def bytes(self, count: int) -> bytes:
        return bytes(self.number() & 255 for _ in range(count))

    def hash(self) -> Hash:
        return Hash(self.bytes(32))

    def address(self) -> Address:
        return Address.of_key(self.bytes(32))

    def count(self, most: int) -> range:
        return range(self.number() % (most + 1))

    def sign(self, key: Key, action: actions.Action) -> Transaction:
        network, nonce, fee, until = self.hash(), self.number(), self.number(), self.number()
        return Transaction.sign(network, key, nonce, fee, until, action)

    def transaction(self) -> Transaction:
        key = Key(self.bytes(32))
        outputs = tuple(actions.Output(self.address(), self.number()) for _ in self.count(3))
        memo = ["", "rent", "Müller & Söhne"][self.number() % 3]
        return self.sign(key, actions.Transfer(outputs, memo))

    def said(self) -> list[Transaction]:
        agreement, document = self.hash(), self.hash()
        parties = (self.address(), self.address())
        data = actions.Data(self.bytes(20))
        proposal = actions.Propose("Lease", document, parties, self.number())
        all: list[actions.Action] = [
            actions.Record("contracts", data),
            actions.Record("contracts", actions.Document(document, "lease.pdf")),
            proposal,
            actions.Respond(agreement, document, True),
            actions.Respond(agreement, document, False),
            actions.Withdraw(agreement),
        ]
        return [self.sign(Key(self.bytes(32)), action) for action in all]

    def contracts(self) -> list[Transaction]:
        deploy = actions.Deploy(self.bytes(40), self.bytes(9), self.number(), self.number())
        deployed = self.sign(Key(self.bytes(32)), deploy)
        assert deployed.contract
        code, size = self.hash(), self.number() & 2**32 - 1
        call = actions.Call(deployed.contract, code, size, self.bytes(30), self.number(), self.number())
        return [deployed, self.sign(Key(self.bytes(32)), call)]

    def header(self) -> Header:
        height, time, difficulty = self.number(), self.number(), self.number()
        parent, body, history, commitments = self.hash(), self.hash(), self.hash(), self.hash()
        nonce, network, key = self.number(), self.hash(), Key(self.bytes(32))

        def made(seal: bytes) -> Header:
            return Header(2, 0, height, time, difficulty, parent, body, history, commitments, key.public, seal, nonce)

        return made(key.sign(made(bytes(64)).sealed(network)))

    def block(self) -> Block:
        reward = Reward(self.address(), self.number())
        transactions = tuple(self.transaction() for _ in self.count(4))
        header = self.header()
        return Block(header, self.hash(), reward, None, transactions)


KINDS: dict[str, Callable[[Seeded], list[bytes]]] = {
    "Transaction": lambda seeded: [bytes(seeded.transaction())],
    "records and agreements": lambda seeded: list(map(bytes, seeded.said())),
    "deployments and calls": lambda seeded: list(map(bytes, seeded.contracts())),
    "Header": lambda seeded: [seeded.header().encode()],
    "Block": lambda seeded: [bytes(seeded.block())],
}
READERS: dict[str, Callable[[bytes], object]] = {
    "Transaction": lambda data: bytes(Transaction.decode(data)),
    "records and agreements": lambda data: bytes(Transaction.decode(data)),
    "deployments and calls": lambda data: bytes(Transaction.decode(data)),
    "Header": lambda data: Header.decode(data).encode(),
    "Block": lambda data: bytes(Block.decode(data)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_many_values_have_the_same_bytes_as_everywhere(kind: str, vectors: dict[str, str]) -> None:
    seeded, hashed = Seeded(1), hashlib.sha256()
    for _ in range(64):
        for value in KINDS[kind](seeded):
            hashed.update(len(value).to_bytes(4, "little") + value)
            assert READERS[kind](value) == value
    assert hashed.hexdigest() == vectors[f"conformance of {kind}"]


def test_a_certificate_reads_back() -> None:
    seeded = Seeded(7)
    source, target = (Checkpoint(seeded.number(), seeded.number(), seeded.hash()) for _ in range(2))
    certificate = Certificate(Link(seeded.hash(), source, target), b"\x07", tuple(seeded.bytes(64) for _ in range(3)))
    header = seeded.header()
    block = Block(header, seeded.hash(), Reward(seeded.address(), 1), certificate, ())
    assert Block.decode(bytes(block)) == block
