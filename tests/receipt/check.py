#!/usr/bin/env python3
"""Checks a receipt or a final proof by docs/PROTOCOL.md alone, with nothing but Python's standard library.

check.py RECEIPT [TRUSTED_HASH | NETWORK_TOML]: prints what it shows as JSON. Exit code 0: proven, 1: not.
check.py: the same for every line of the standard input, each one `TRUSTED_HASH RECEIPT` or `NETWORK_TOML RECEIPT`; prints `proven` or `not`
and a reason. Needs Python 3.11.
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
    """`signatures` gets what is still to be verified: that is slow here, so it comes last."""

    def __init__(self, text, network, signatures, may_be_genesis=False):
        data = unhex(text, 264)
        number = lambda at: int.from_bytes(data[at:at + 8], "little")
        self.height, self.time, self.difficulty = number(8), number(16), number(24)
        self.parent, self.body, self.history = data[32:64], data[64:96], data[96:128]
        self.miner = data[160:192]
        self.id = sha(sha(data))
        if self.height == 0:
            need(may_be_genesis and self.id == network, "the genesis block")
            return
        need(self.difficulty > 0 and int.from_bytes(self.id, "big") <= (2**256 - 1) // self.difficulty, "work")
        signatures.append((self.miner, b"bouya seal\0" + network + data[:192], data[192:256], "a seal"))

    def follows(self, parent):
        need(self.parent == parent.id and self.height == parent.height + 1 and self.time > parent.time, "a block's place")


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


def read_action(reader, sender_key, sender, nonce):
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
    need(kind == 4, "an action")
    return {"type": "withdraw", "agreement": reader.take(32).hex()}, 0


def read_transaction(data, network, signatures):
    need(len(data) <= 16384, "the transaction's size")
    reader = Reader(data)
    need(reader.number(1) == 1, "a version")
    key, nonce, fee, _valid_until = reader.take(32), reader.number(8), reader.number(8), reader.number(8)
    action, paid = read_action(reader, key, b"\0" + tagged("bouya address", b"\0", key), nonce)
    need(fee + paid < 2**64, "amounts")
    signed, signature = data[:reader.at], reader.take(64)
    need(reader.at == len(data), "nothing after the transaction")
    signatures.append((key, b"bouya transaction\0" + network + signed, signature, "the signature"))
    return {"id": sha(data).hex(), "key": key.hex(), "action": action}


# --- Networks and their voters ---

LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def address(text):
    """Bech32m, 33 bytes behind the prefix `bouya`."""
    need(text == text.lower() and text.startswith("bouya1"), "an address")
    digits = [LETTERS.index(letter) for letter in text[6:]]
    check = 1
    for value in [ord(c) >> 5 for c in "bouya"] + [0] + [ord(c) & 31 for c in "bouya"] + digits:
        top, check = check >> 25, (check & 0x1ffffff) << 5 ^ value
        for at, factor in enumerate([0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]):
            check ^= factor if top >> at & 1 else 0
    need(check == 0x2bc830a3 and len(digits) == 59, "an address")
    number = functools.reduce(lambda total, digit: total << 5 | digit, digits[:-6], 0)
    need(number & 1 == 0, "an address")
    return (number >> 1).to_bytes(33, "big")


little = lambda number, size: number.to_bytes(size, "little")
counted = lambda data: little(len(data), 4) + data
string = lambda text: counted(text.encode())
listed = lambda items: little(len(items), 4) + b"".join(items)


class Network:
    def __init__(self, path):
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
        members = [
            (one["id"], unhex(one["key"], 32), address(one["governor"]), one.get("name", "")) for one in said.get("members", [])
        ]
        # No member key governs.
        addresses = {at for _, key, governor, _ in members for at in (b"\0" + tagged("bouya address", b"\0", key), governor)}
        need(len({one[0] for one in members}) == len(members) and len(addresses) == 2 * len(members), "members")
        need(1 <= len(members) <= 128 and all(one[2][0] == 0 for one in members), "members")
        given = [address(one["address"]) + little(amount(one["amount"]), 8) for one in said.get("allocations", [])]
        difficulty = blocks.get("initial_difficulty", 20_000_000)
        rules = little(blocks.get("interval_ms", 5000), 4) + little(blocks.get("half_life", 32), 2) + little(difficulty, 8)
        rules += little(amount(blocks.get("reward", "50")), 8) + little(blocks.get("max_bytes", 1_900_000), 4)
        first = string(said["name"]) + created + unhex(said.get("salt", "00" * 16), 16)
        sections = {0: first, 1: string(coin["symbol"]) + little(decimals, 1), 2: rules}
        encoded = lambda member: string(member[0]) + member[1] + member[2] + string(member[3])
        sections[3] = listed([encoded(one) for one in sorted(members)])
        if given:
            sections[4] = listed(sorted(given))
        parts = [little(number, 1) + counted(data) for number, data in sections.items()]
        body = tagged("bouya network", sha(little(1, 2) + listed(parts)))
        # Voters are numbered by ascending key.
        self.voters = sorted(members, key=lambda member: member[1])
        roster = bytes(32) + bytes(8) + listed([encoded(one) for one in self.voters])
        # The rows that the genesis block writes: the supply, the accounts with coins, the roster.
        row = lambda key, value: key + b"\1" + counted(b"\1" + value)
        supply = sum(int.from_bytes(one[33:], "little") for one in given)
        rows = [row(b"\0", little(supply, 8))] if given else []
        rows += [row(b"\1" + one[:33], one[33:] + bytes(8)) for one in sorted(given)] + [row(b"\5", roster)]
        executed = tagged("bouya executed", sha(listed(rows)), bytes(32))
        commitments = tagged("bouya commitments", tagged("bouya roster", roster), executed)
        header = little(2, 4) + bytes(4) + bytes(8) + created + little(difficulty, 8) + bytes(32)
        header += body + sha(b"") + commitments
        self.id = sha(sha(header + bytes(264 - len(header))))
        self.set = tagged("bouya set", self.id, listed([string(id) + key for id, key, _, _ in self.voters]))
        self.quorum = len(members) - (len(members) - 1) // 3


class Certificate:
    """What needs no voters is checked at once, the rest by `final`."""

    def __init__(self, text, anchor):
        reader = Reader(unhex(text))
        self.link = reader.take(128)
        self.bits, self.signatures = reader.take(reader.count(16)), [reader.take(64) for _ in range(reader.count(128))]
        need(reader.at == len(reader.data), "nothing after the certificate")
        self.epoch, source, target = int.from_bytes(self.link[32:40], "little"), self.link[32:80], self.link[80:]
        need(self.epoch % 2 == 0 and target == little(self.epoch + 1, 8) + source[8:], "a commit")
        need(source[8:] == little(anchor.height, 8) + anchor.id, "a certificate for the anchor")

    def final(self, network):
        """The names of those who signed, if they are a quorum of the network's voters."""
        need(self.link[:32] == network.set, "a certificate of the network's voters")
        need(self.epoch > 0 or self.link[40:80] == bytes(8) + network.id, "a checkpoint")
        named = [at for at in range(8 * len(self.bits)) if self.bits[at // 8] >> at % 8 & 1]
        count = len(network.voters)
        need(len(self.bits) == (count + 7) // 8 and all(at < count for at in named), "the list of signers")
        need(len(named) == len(self.signatures) >= network.quorum, "a quorum")
        for at, signature in zip(named, self.signatures):
            need(verify(network.voters[at][1], b"bouya vote\0" + network.id + self.link, signature), "a vote")
        return [network.voters[at][0] for at in named]


# --- Receipts and final proofs ---

def keys(value, names):
    need(isinstance(value, dict) and list(value) == names, "the keys")


def under(value, network, signatures, anchor):
    keys(value, ["header", "work", "path"])
    header, total = Header(value["header"], network, signatures), work(value["work"])
    need(climb(header.id + total.to_bytes(16, "little"), value["path"]) == anchor.history, "a block under the anchor")
    return header, total


def final_by(certificate, definition, network):
    """Who made the anchor final, if this is the network's definition."""
    if definition is None or definition.id != network:
        return None
    names = certificate.final(definition)
    guilty = 2 * definition.quorum - len(definition.voters)
    return {"signers": sorted(names), "members": sorted(one[0] for one in definition.voters), "guilty": guilty}


def check_final_proof(proof, definition):
    keys(proof, ["format", "network", "header", "handovers", "certificate"])
    network, signatures = unhex(proof["network"], 32), []
    block = Header(proof["header"], network, signatures, may_be_genesis=True)
    need(proof["handovers"] == [], "no changes of the voters")
    final = final_by(Certificate(proof["certificate"], block), definition, network)
    for key, message, signature, what in signatures:
        need(verify(key, message, signature), what)
    # By a trusted hash it proves nothing: who trusts the block needs no proof.
    return {"block": {"height": block.height, "hash": block.id.hex(), "time_ms": block.time}, "anchor": {"hash": None}, "final": final}


def check(text, definition):
    receipt = json.loads(text)
    need(json.dumps(receipt, separators=(",", ":"), ensure_ascii=False) == text.strip(), "the one form")
    if receipt["format"] == "bouya final 1":
        return check_final_proof(receipt, definition)
    keys(receipt, ["format", "network", "transaction", "path", "before", "block", "above", "finality"])
    need(receipt["format"] == "bouya receipt 2", "the format")
    network, signatures = unhex(receipt["network"], 32), []
    transaction = read_transaction(unhex(receipt["transaction"]), network, signatures)
    block = Header(receipt["block"], network, signatures)
    before = Header(receipt["before"], network, signatures, may_be_genesis=True)
    need(climb(bytes.fromhex(transaction["id"]), receipt["path"]) == block.body, "the transaction in the block")
    block.follows(before)
    anchor, after, done = block, None, block.difficulty
    above = receipt["above"]
    if above is not None:
        keys(above, ["work", "path", "after", "last", "anchor"])
        anchor, total = Header(above["anchor"], network, signatures), work(above["work"])
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
    final = None
    if receipt["finality"] is not None:
        keys(receipt["finality"], ["handovers", "certificate"])
        need(receipt["finality"]["handovers"] == [], "no changes of the voters")
        final = final_by(Certificate(receipt["finality"]["certificate"], anchor), definition, network)
    for key, message, signature, what in signatures:
        need(verify(key, message, signature), what)
    return {
        "transaction": transaction,
        "block": {"height": block.height, "hash": block.id.hex(), "time_ms": block.time},
        "before_ms": before.time,
        "after_ms": after.time if after else None,
        "anchor": {"height": anchor.height, "hash": anchor.id.hex()},
        "work": str(done),
        "final": final,
    }


network_of = functools.cache(Network)


def judge(text, trusted):
    """What a receipt shows, or why it is none. `trusted` is a block's hash, a network.toml or nothing."""
    is_file = bool(trusted) and not re.fullmatch("[0-9a-f]{64}", trusted)
    definition = network_of(trusted) if is_file else None
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
