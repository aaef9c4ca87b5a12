#!/usr/bin/env python3
"""Checks a receipt or a final proof by docs/PROTOCOL.md alone, with nothing but Python's standard library.

check.py RECEIPT [TRUSTED_HASH | NETWORK_TOML[,OVERRIDE_TOML]]: prints what it shows as JSON. Exit code 0: proven, 1: not.
check.py: the same for every line of the standard input, each one what is trusted, a space and the receipt; prints `proven` or `not` and a
reason. Needs Python 3.11.
Written to be read beside the text, not to be fast.
"""

import datetime
import functools
import hashlib
import json
import re
import sys
import tomllib

# --- Ed25519, by the ZIP-215 rule: cofactored, any encoding of points, S below the group's order ---

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, (y & (2**255 - 1)) % P
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    if x & 1 != sign:
        x = -x % P
    return (x, y, 1, x * y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def is_zero(point):
    return point[0] % P == 0 and (point[1] - point[2]) % P == 0


BASE = decompress(bytes([0x58] + [0x66] * 31))


def verify(key, message, signature):
    a, r = decompress(key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER or is_zero(multiply(8, a)):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    minus = lambda p: (-p[0] % P, p[1], p[2], -p[3] % P)
    return is_zero(multiply(8, add(multiply(s, BASE), minus(add(r, multiply(k, a))))))


# --- Hashes and headers ---

def sha(data):
    return hashlib.sha256(data).digest()


def tagged(tag, *parts):
    return sha(sha(tag.encode()) + b"".join(parts))


address_of = lambda key: b"\0" + tagged("bouya address", b"\0", key)
little = lambda number, size: number.to_bytes(size, "little")
counted = lambda data: little(len(data), 4) + data
string = lambda text: counted(text.encode())
listed = lambda items: little(len(items), 4) + b"".join(items)


class Bad(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Bad(what)


def unhex(text, length=None):
    need(isinstance(text, str) and text == text.lower(), "hex in lower case")
    try:
        data = bytes.fromhex(text)
    except ValueError:
        raise Bad("hex")
    need(data.hex() == text and (length is None or len(data) == length), "a length")
    return data


class Header:
    def __init__(self, data):
        self.data = data
        number = lambda at: int.from_bytes(data[at:at + 8], "little")
        self.height, self.time, self.difficulty = number(8), number(16), number(24)
        self.parent, self.body, self.history = data[32:64], data[64:96], data[96:128]
        self.commitments, self.miner = data[128:160], data[160:192]
        self.id = sha(sha(data))

    def follows(self, parent):
        need(self.parent == parent.id and self.height == parent.height + 1 and self.time > parent.time, "a block's place")


def read_header(text, network, signatures, may_be_genesis=False):
    """`signatures` gets what is still to be verified: that is slow here, so it comes last."""
    header = Header(unhex(text, 264))
    if header.height == 0:
        need(may_be_genesis and header.id == network, "the genesis block")
        return header
    need(header.difficulty > 0 and int.from_bytes(header.id, "big") <= (2**256 - 1) // header.difficulty, "work")
    signatures.append((header.miner, b"bouya seal\0" + network + header.data[:192], header.data[192:256], "a seal"))
    return header


def climb(data, steps):
    need(isinstance(steps, list) and len(steps) <= 64, "a path")
    value = sha(b"\0" + data)
    for step in steps:
        sibling = unhex(step[1:], 32)
        need(step[0] in "LR", "a side")
        value = sha(b"\1" + (sibling + value if step[0] == "L" else value + sibling))
    return value


def work(text):
    need(isinstance(text, str) and text.isascii() and text.isdigit() and str(int(text)) == text, "a number")
    need(int(text) < 2**128, "a number")
    return int(text)


# --- Transactions ---

class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        need(self.at + count <= len(self.data), "the transaction's length")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "little")

    def count(self, most):
        count = self.number(4)
        need(count <= most, "a bound")
        return count

    def text(self, most):
        text = self.take(self.count(most)).decode()
        need(not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text), "control characters")
        return text

    def id(self):
        id = self.text(63)
        need(re.fullmatch("[a-z0-9]([a-z0-9-]*[a-z0-9])?", id) and not id.isdigit() and id != "ca", "a node id")
        return id

    def is_some(self):
        some = self.number(1)
        need(some in (0, 1), "an option")
        return some == 1

    def member(self):
        return self.id(), self.take(32), self.take(33), self.text(64)

    def header(self):
        return Header(self.take(264))


def read_action(reader, sender_key, sender, nonce, network, signatures):
    kind = reader.number(1)
    if kind == 0:
        outputs = [(reader.take(33), reader.number(8)) for _ in range(reader.count(128))]
        need(outputs and all(amount for _, amount in outputs), "an output")
        reader.text(256)
        return {"type": "transfer"}, sum(amount for _, amount in outputs)
    if kind == 1:
        topic = reader.text(64)
        need(topic, "a topic")
        content = reader.number(1)
        need(content in (0, 1), "a content")
        if content == 0:
            return {"type": "record", "topic": topic, "hash": sha(reader.take(reader.count(8192))).hex()}, 0
        digest = reader.take(32)
        reader.text(256)
        return {"type": "record", "topic": topic, "hash": digest.hex()}, 0
    if kind == 2:
        start = reader.at
        title, document = reader.text(256), reader.take(32)
        parties = [reader.take(33) for _ in range(reader.count(32))]
        need(title and parties and len(set(parties + [sender])) == len(parties) + 1, "parties")
        reader.number(8)
        proposal = reader.data[start:reader.at]
        agreement = tagged("bouya agreement", sender_key, nonce.to_bytes(8, "little"), proposal)
        return {"type": "propose", "agreement": agreement.hex(), "document": document.hex()}, 0
    if kind == 3:
        agreement, document, response = reader.take(32), reader.take(32), reader.number(1)
        need(response in (0, 1), "a response")
        said = ["sign", "refuse"][response]
        return {"type": "respond", "agreement": agreement.hex(), "document": document.hex(), "response": said}, 0
    if kind == 4:
        return {"type": "withdraw", "agreement": reader.take(32).hex()}, 0
    if kind == 5:
        start = reader.at
        change = read_change(reader, signatures)
        reader.text(256)
        reader.number(8)
        motion = reader.data[start:reader.at]
        id = tagged("bouya motion", sender_key, nonce.to_bytes(8, "little"), motion)
        return {"type": "motion", "motion": id.hex(), "change": change}, 0
    if kind == 6:
        motion, yes = reader.take(32), reader.number(1)
        need(yes in (0, 1), "a ballot")
        return {"type": "ballot", "motion": motion.hex(), "yes": bool(yes)}, 0
    if kind == 8:
        code, input = reader.take(reader.count(32768)), reader.take(reader.count(4096))
        value, _gas = reader.number(8), reader.number(8)
        parts = b"\1", sender, little(nonce, 8), sha(code), sha(input)
        contract = b"\1" + tagged("bouya address", *parts)
        return {"type": "deploy", "contract": contract.hex(), "code": sha(code).hex()}, value
    if kind == 9:
        contract, code, size = reader.take(33), reader.take(32), reader.number(4)
        need(contract[0] == 1 and size <= 32768, "a contract")
        reader.take(reader.count(8192))
        value, _gas = reader.number(8), reader.number(8)
        return {"type": "call", "contract": contract.hex(), "code": code.hex()}, value
    need(kind == 7, "an action")
    id = reader.id()
    proven = (reader.take(32), reader.take(64)) if reader.is_some() else None
    governor = reader.take(33) if reader.is_some() else None
    need(proven or governor, "new keys")
    governs = governor or sender
    need(governs[0] == 0 and not (proven and address_of(proven[0]) == governs), "a governor")
    if proven:
        key, signature = proven
        message = b"bouya own keys\0" + network + string(id) + key + governs + little(nonce, 8)
        signatures.append((key, message, signature, "a new key's proof"))
    return {"type": "keys", "member": id}, 0


def read_change(reader, signatures):
    kind = reader.number(1)
    if kind == 0:
        id, key, governor, _name = reader.member()
        need(governor[0] == 0 and address_of(key) != governor, "a governor")
        message = b"bouya new member\0" + string(id) + key + governor
        signatures.append((key, message, reader.take(64), "a new member's proof"))
        return {"type": "add", "id": id}
    if kind == 1:
        return {"type": "remove", "id": reader.id()}
    if kind == 2:
        id, governor = reader.id(), reader.take(33)
        need(governor[0] == 0, "a governor")
        return {"type": "governor", "id": id}
    need(kind == 3, "a change")
    return {"type": "upgrade", "version": reader.number(4), "height": reader.number(8)}


def read_transaction(data, network, signatures):
    reader = Reader(data)
    need(reader.number(1) == 1, "a version")
    key, nonce, fee, _valid_until = reader.take(32), reader.number(8), reader.number(8), reader.number(8)
    action, paid = read_action(reader, key, address_of(key), nonce, network, signatures)
    need(len(data) <= (40960 if action["type"] == "deploy" else 16384), "the transaction's size")
    need(fee + paid < 2**64, "amounts")
    signed, signature = data[:reader.at], reader.take(64)
    need(reader.at == len(data), "nothing after the transaction")
    signatures.append((key, b"bouya transaction\0" + network + signed, signature, "the signature"))
    return {"id": sha(data).hex(), "key": key.hex(), "action": action, "payer": address_of(key)}


# --- Networks and their voters ---

LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def checksum(digits):
    check = 1
    for value in [ord(c) >> 5 for c in "bouya"] + [0] + [ord(c) & 31 for c in "bouya"] + digits:
        top, check = check >> 25, (check & 0x1ffffff) << 5 ^ value
        for at, factor in enumerate([0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]):
            check ^= factor if top >> at & 1 else 0
    return check


def address(text):
    """Bech32m, 33 bytes behind the prefix `bouya`."""
    need(text == text.lower() and text.startswith("bouya1"), "an address")
    digits = [LETTERS.index(letter) for letter in text[6:]]
    need(checksum(digits) == 0x2bc830a3 and len(digits) == 59, "an address")
    number = functools.reduce(lambda total, digit: total << 5 | digit, digits[:-6], 0)
    need(number & 1 == 0, "an address")
    return (number >> 1).to_bytes(33, "big")


def address_text(data):
    """The other way."""
    number = int.from_bytes(data, "big") << 1
    digits = [number >> 5 * at & 31 for at in reversed(range(53))]
    check = checksum(digits + [0] * 6) ^ 0x2bc830a3
    digits += [check >> 5 * at & 31 for at in reversed(range(6))]
    return "bouya1" + "".join(LETTERS[digit] for digit in digits)


class Roster:
    """The members that a block, or an override, puts into force: tuples of id, key, governor and name. They are the voters, numbered by ascending
    key. `known_by` is the parent of the block, or the override's hash."""

    def __init__(self, known_by, height, members, upgrades=(), is_override=False):
        self.height, self.members = height, sorted(members, key=lambda member: member[1])
        # No member key governs.
        addresses = {at for _, key, governor, _ in members for at in (address_of(key), governor)}
        need(len({one[0] for one in members}) == len(members) and len(addresses) == 2 * len(members), "members")
        need(1 <= len(members) <= 128 and all(one[2][0] == 0 for one in members), "members")
        self.data = little(is_override, 1) + known_by + little(height, 8) + listed([encoded(one) for one in self.members])
        self.upgrades = upgrades
        self.data += listed(upgrades)
        self.commitment = tagged("bouya roster", self.data)
        self.quorum = len(members) - (len(members) - 1) // 3
        self.guilty = 2 * self.quorum - len(members)

    def put_into_force(self, block, named=None):
        self.block = block
        self.set = tagged("bouya set", named or block, listed([string(id) + key for id, key, _, _ in self.members]))
        return self

    def names(self):
        return sorted(one[0] for one in self.members)


def encoded(member):
    id, key, governor, name = member
    return string(id) + key + governor + string(name)


def read_members(said):
    return [(one["id"], unhex(one["key"], 32), address(one["governor"]), one.get("name", "")) for one in said]


def read_overrides(path, network):
    """The rosters that the file puts into force, by rising height."""
    with open(path, "rb") as file:
        said = tomllib.load(file)
    need(unhex(said["network"], 32) == network, "an override of the network")
    named, below, overrides = bytes(32), 0, []
    for one in said["overrides"]:
        height, block = one["height"], unhex(one["block"], 32)
        need(height > below, "overrides by rising height")
        members = sorted(read_members(one["members"]), key=lambda member: member[1])
        about = little(height, 8) + block + listed([encoded(member) for member in members]) + string(one.get("reason", ""))
        named = tagged("bouya override", network, named, about)
        overrides.append(Override(named, below := height, block, members))
    return overrides


class Override:
    def __init__(self, hash, height, block, members):
        self.hash, self.height, self.block, self.members = hash, height, block, members

    def after(self, before):
        """The versions that were decided stay."""
        return Roster(self.hash, self.height, self.members, before.upgrades, True).put_into_force(self.block, self.hash)


class Network:
    def __init__(self, path, overrides=None):
        with open(path, "rb") as file:
            said = tomllib.load(file)
        coin, blocks = said["coin"], said.get("blocks", {})
        decimals = coin.get("decimals", 6)

        def amount(text):
            need(re.fullmatch(r"[0-9]+(\.[0-9]+)?", text), "an amount")
            whole, _, fraction = text.partition(".")
            need(len(fraction) <= decimals, "an amount")
            return int(whole + fraction.ljust(decimals, "0"))

        since = datetime.datetime.fromisoformat(said["created"]) - datetime.datetime.fromisoformat("1970-01-01T00:00:00Z")
        created = little(since // datetime.timedelta(milliseconds=1), 8)
        members = read_members(said.get("members", []))
        given = [address(one["address"]) + little(amount(one["amount"]), 8) for one in said.get("allocations", [])]
        difficulty = blocks.get("initial_difficulty", 20_000_000)
        rules = little(blocks.get("interval_ms", 5000), 4) + little(blocks.get("half_life", 32), 2) + little(difficulty, 8)
        rules += little(amount(blocks.get("reward", "50")), 8) + little(blocks.get("max_bytes", 1_900_000), 4)
        about = string(said["name"]) + created + unhex(said.get("salt", "00" * 16), 16)
        sections = {0: about, 1: string(coin["symbol"]) + little(decimals, 1), 2: rules}
        sections[3] = listed([encoded(one) for one in sorted(members)])
        if given:
            sections[4] = listed(sorted(given))
        version, gas = blocks.get("version", 2), blocks.get("gas_per_block")
        need(2 <= version <= 3, "a version that is known here")
        if version != 2:
            sections[5] = little(version, 4)
        if gas is not None:
            sections[6] = little(gas, 8)
        parts = [little(number, 1) + counted(data) for number, data in sections.items()]
        body = tagged("bouya network", sha(little(1, 2) + listed(parts)))
        first = Roster(bytes(32), 0, members, [little(version, 4) + little(0, 8)] if version != 2 else [])
        # The rows that the genesis block writes: the supply, the accounts with coins, the roster.
        row = lambda key, value: key + b"\1" + counted(b"\1" + value)
        supply = sum(int.from_bytes(one[33:], "little") for one in given)
        rows = [row(b"\0", little(supply, 8))] if given else []
        rows += [row(b"\1" + one[:33], one[33:] + bytes(8)) for one in sorted(given)] + [row(b"\5", first.data)]
        # Two zeros: no results, and no hash of the state, as its rows are all there are.
        executed = tagged("bouya executed", sha(listed(rows)), bytes(32), bytes(32))
        commitments = tagged("bouya commitments", first.commitment, executed)
        header = little(version, 4) + bytes(4) + bytes(8) + created + little(difficulty, 8) + bytes(32)
        header += body + sha(b"") + commitments
        self.id = sha(sha(header + bytes(264 - len(header))))
        self.first = first.put_into_force(self.id)
        self.overrides = read_overrides(overrides, self.id) if overrides else []


class Certificate:
    """Votes for one link."""

    def __init__(self, reader):
        self.link = reader.take(128)
        self.bits, self.signatures = reader.take(reader.count(16)), [reader.take(64) for _ in range(reader.count(128))]
        self.epoch, self.height = (int.from_bytes(self.link[at:at + 8], "little") for at in (32, 40))

    def commits(self, block):
        source, target = self.link[32:80], self.link[80:]
        need(self.epoch % 2 == 0 and target == little(self.epoch + 1, 8) + source[8:], "a commit")
        need(source[8:] == little(block.height, 8) + block.id, "a certificate for its block")

    def signers(self, network, roster):
        """The names of those who signed, if they are a quorum of these members."""
        need(self.link[:32] == roster.set, "a certificate of the voters in force")
        root = little(roster.height, 8) + roster.block
        need(self.epoch > 0 or self.link[40:80] == root, "a checkpoint")
        need(self.height >= roster.height, "a checkpoint")
        named = [at for at in range(8 * len(self.bits)) if self.bits[at // 8] >> at % 8 & 1]
        count = len(roster.members)
        need(len(self.bits) == (count + 7) // 8 and all(at < count for at in named), "the list of signers")
        need(len(named) == len(self.signatures) >= roster.quorum, "a quorum")
        for at, signature in zip(named, self.signatures):
            need(verify(roster.members[at][1], b"bouya vote\0" + network + self.link, signature), "a vote")
        return sorted(roster.members[at][0] for at in named)


class Handover:
    """A block that puts a roster into force, final by the set before."""

    def __init__(self, text):
        reader = Reader(unhex(text))
        self.header, self.executed = reader.header(), reader.take(32)
        need(reader.number(1) == 0, "a block that puts the roster into force")
        self.base, self.members = (reader.take(32), reader.number(8)), [reader.member() for _ in range(reader.count(128))]
        self.upgrades = [reader.take(12) for _ in range(reader.count(32))]
        self.certificate = Certificate(reader)
        need(reader.at == len(reader.data), "nothing after the handover")

    def check(self, network, before):
        """Who signed, and the roster from then on."""
        header, roster = self.header, Roster(*self.base, self.members, self.upgrades)
        need(roster.members == self.members, "members by ascending key")
        need(self.base == (header.parent, header.height) and header.id != before.block, "the roster of that block")
        commitments = tagged("bouya commitments", roster.commitment, self.executed)
        need(header.commitments == commitments, "a block that puts the roster into force")
        self.certificate.commits(header)
        return self.certificate.signers(network, before), roster.put_into_force(header.id)


# --- Receipts and final proofs ---

def keys(value, names):
    need(isinstance(value, dict) and list(value) == names, "the keys")


def under(value, network, signatures, anchor):
    keys(value, ["header", "work", "path"])
    header, total = read_header(value["header"], network, signatures), work(value["work"])
    need(climb(header.id + total.to_bytes(16, "little"), value["path"]) == anchor.history, "a block under the anchor")
    return header, total


def signed_by(roster, signers):
    return {"signers": signers, "members": roster.names(), "guilty": roster.guilty}


def final_by(handovers, certificate, anchor, definition, network):
    """Who made the anchor final and how they became members, if this is the network's definition. And the rosters."""
    need(isinstance(handovers, list) and len(handovers) <= 1024, "handovers")
    handovers = [Handover(text) for text in handovers]
    reader = Reader(unhex(certificate))
    certificate = Certificate(reader)
    certificate.commits(anchor)
    need(reader.at == len(reader.data), "nothing after the certificate")
    if definition is None or definition.id != network:
        return None, []
    rosters, changes, overrides = [definition.first], [], list(definition.overrides)

    def override():
        now = overrides.pop(0)
        about = {"height": now.height, "hash": now.block.hex(), "override": now.hash.hex()}
        changes.append(dict(signed_by(rosters[-1], []), **about))
        rosters.append(now.after(rosters[-1]))

    for handover in handovers:
        while overrides and overrides[0].height < handover.header.height:
            override()
        signers, roster = handover.check(network, rosters[-1])
        changes.append(dict(signed_by(rosters[-1], signers), height=roster.height, hash=roster.block.hex()))
        rosters.append(roster)
    # Those before may have made an override's block itself final, and no other block at its height.
    is_behind = lambda one: one.height < certificate.height or one.height == certificate.height and (certificate.link[:32], anchor.id) != (rosters[-1].set, one.block)
    while overrides and is_behind(overrides[0]):
        override()
    last = rosters[-1]
    return dict(signed_by(last, certificate.signers(network, last)), changes=changes), rosters


def governed(payer, height, rosters):
    """The member that an address spoke for when the block at this height was made."""
    for roster in reversed(rosters):
        if roster.height < height:
            found = [{"id": id, "name": name} for id, _, governor, name in roster.members if governor == payer]
            return found[0] if found else None
    return None


def check_outcome(outcome, transaction, block):
    """What became of a deployment or a call."""
    keys(outcome, ["done", "path", "writes", "state", "roster"])
    contract = bytes.fromhex(transaction["action"].get("contract", ""))
    need(contract, "a contract")
    done = unhex(outcome["done"])
    reader = Reader(done)
    output, payments, events = b"", [], []
    if is_done := reader.is_some():
        output = reader.take(reader.count(1024))
        payments = [(reader.take(33), reader.number(8)) for _ in range(reader.count(128))]
        events = [(reader.text(64), reader.take(reader.count(1024))) for _ in range(reader.count(16))]
    need(reader.at == len(done), "nothing after the outcome")
    leaf = tagged("bouya outcome", bytes.fromhex(transaction["id"]) + contract + done)
    writes, state, roster = (unhex(outcome[name], 32) for name in ["writes", "state", "roster"])
    executed = tagged("bouya executed", writes, climb(leaf, outcome["path"]), state)
    need(block.commitments == tagged("bouya commitments", roster, executed), "what its block commits to")
    return {
        "contract": address_text(contract),
        "done": is_done,
        "output": output.hex(),
        "payments": [{"to": address_text(to), "amount": str(amount)} for to, amount in payments],
        "events": [{"topic": topic, "data": data.hex()} for topic, data in events],
    }


def check_final_proof(proof, definition):
    keys(proof, ["format", "network", "header", "handovers", "certificate"])
    network, signatures = unhex(proof["network"], 32), []
    block = read_header(proof["header"], network, signatures, may_be_genesis=True)
    final, _ = final_by(proof["handovers"], proof["certificate"], block, definition, network)
    for key, message, signature, what in signatures:
        need(verify(key, message, signature), what)
    # By a trusted hash it proves nothing: who trusts the block needs no proof.
    return {"block": {"height": block.height, "hash": block.id.hex(), "time_ms": block.time}, "anchor": {"hash": None}, "final": final}


def check(text, definition):
    receipt = json.loads(text)
    need(json.dumps(receipt, separators=(",", ":"), ensure_ascii=False) == text.strip(), "the one form")
    if receipt["format"] == "bouya final 1":
        return check_final_proof(receipt, definition)
    names = ["format", "network", "transaction", "path", "before", "block", "above", "finality"]
    keys(receipt, names + ["outcome"] * ("outcome" in receipt))
    need(receipt["format"] == "bouya receipt 2", "the format")
    network, signatures = unhex(receipt["network"], 32), []
    transaction = read_transaction(unhex(receipt["transaction"]), network, signatures)
    block = read_header(receipt["block"], network, signatures)
    before = read_header(receipt["before"], network, signatures, may_be_genesis=True)
    need(climb(bytes.fromhex(transaction["id"]), receipt["path"]) == block.body, "the transaction in the block")
    block.follows(before)
    outcome = check_outcome(receipt["outcome"], transaction, block) if "outcome" in receipt else None
    anchor, after, done = block, None, block.difficulty
    above = receipt["above"]
    if above is not None:
        keys(above, ["work", "path", "after", "last", "anchor"])
        anchor, total = read_header(above["anchor"], network, signatures), work(above["work"])
        need(climb(block.id + total.to_bytes(16, "little"), above["path"]) == anchor.history, "the block under the anchor")
        parent, below = block, total
        after = anchor
        if above["after"] is not None:
            after, below = under(above["after"], network, signatures, anchor)
            parent = after
        after.follows(block)
        if above["last"] is not None:
            parent, below = under(above["last"], network, signatures, anchor)
        anchor.follows(parent)
        done = below + anchor.difficulty - total + block.difficulty
    final, rosters = None, []
    if receipt["finality"] is not None:
        keys(receipt["finality"], ["handovers", "certificate"])
        finality = receipt["finality"]
        final, rosters = final_by(finality["handovers"], finality["certificate"], anchor, definition, network)
    for key, message, signature, what in signatures:
        need(verify(key, message, signature), what)
    transaction["governs"] = governed(transaction.pop("payer"), block.height, rosters)
    return {
        "transaction": transaction,
        "outcome": outcome,
        "block": {"height": block.height, "hash": block.id.hex(), "time_ms": block.time},
        "before_ms": before.time,
        "after_ms": after.time if after else None,
        "anchor": {"height": anchor.height, "hash": anchor.id.hex()},
        "work": str(done),
        "final": final,
    }


network_of = functools.cache(Network)


def judge(text, trusted):
    """What a receipt shows, or why it is none. `trusted` is a block's hash, a network.toml, both files with a comma between, or nothing."""
    is_file = bool(trusted) and not re.fullmatch("[0-9a-f]{64}", trusted)
    definition = network_of(*trusted.split(",")) if is_file else None
    try:
        shown = check(text, definition)
    except (Bad, ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        return None, f"not a receipt: {error}"
    shown["proven"] = shown["final"] is not None if is_file else trusted == shown["anchor"]["hash"]
    why = "not final by this definition" if is_file else "leads to another block"
    return shown, None if shown["proven"] else why


def main():
    if len(sys.argv) < 2:
        for line in sys.stdin.buffer:
            trusted, _, text = line.rstrip(b"\n").partition(b" ")
            try:
                _, why = judge(text.decode(), trusted.decode())
            except UnicodeDecodeError:
                why = "no text"
            print("proven" if why is None else f"not: {why}".encode("ascii", "replace").decode())
        return 0
    with open(sys.argv[1], encoding="utf-8") as file:
        shown, why = judge(file.read(), sys.argv[2] if len(sys.argv) > 2 else None)
    print(json.dumps(shown) if shown else "")
    if why:
        print(why, file=sys.stderr)
    return 1 if why else 0


if __name__ == "__main__":
    sys.exit(main())
