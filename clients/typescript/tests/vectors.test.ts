// The frozen formats: tests/vectors.json, as tests/vectors.rs makes it. What nodes say to each other is no client's business.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Action } from "../src/action.js";
import { concat, fromHex, toHex, utf8 } from "../src/bytes.js";
import { counted, Reader, u64 } from "../src/codec.js";
import { tagged } from "../src/hash.js";
import { climb, historyLeaf, isSealed, meets, readHeader } from "../src/header.js";
import { addressBytes, addressOfKey, addressText, readNetwork, readTransaction, SecretKey, signTransaction, type Transaction } from "../src/index.js";
import { signUnchecked } from "../src/transaction.js";
import { readJson } from "./files.js";

const vectors = readJson<Record<string, string>>("tests/vectors.json");
const vector = (name: string): string => {
  const found = vectors[name];
  assert.ok(found, `tests/vectors.json has no ${name}`);
  return found;
};

const [miner, key, governor] = [1, 2, 3].map((byte) => SecretKey.fromSeed(new Uint8Array(32).fill(byte))) as [SecretKey, SecretKey, SecretKey];

const DEFINITION = `
name = "acme"
created = "2026-09-21T14:13:20Z"
salt = "${"07".repeat(16)}"
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
key = "${miner.publicKey}"
governor = "${governor.address}"
name = "Alice SA"
[[allocations]]
address = "${key.address}"
amount = "1"
`;
const network = readNetwork(DEFINITION);

/** What has no path has one leaf. */
const root = (leaves: Uint8Array[]): string => {
  if (leaves.length === 1) return climb(leaves[0] as Uint8Array, []);
  const left = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return toHex(sha256(concat(Uint8Array.of(1), fromHex(root(leaves.slice(0, left))), fromHex(root(leaves.slice(left))))));
};

const transfer = () =>
  signTransaction(network.id, key, { nonce: 0n, fee: 171n, validUntil: 1_000n }, { type: "transfer", outputs: [{ to: miner.address, amount: 12_500_000n }], memo: "rent" });

test("keys and addresses are those of the vectors", () => {
  assert.equal(key.publicKey, vector("public key of seed 02*32"));
  assert.equal(key.address, vector("address of seed 02*32"));
  assert.equal(addressText(addressBytes(key.address)), key.address);
  assert.equal(addressOfKey(key.publicKey), key.address);
});

test("a definition has its network's id", () => {
  assert.equal(network.id, vector("network id of the example"));
  assert.equal(toHex(network.genesis), vector("genesis header of the example"));
  assert.equal(toHex(tagged("bouya rules", fromHex(network.id))), vector("rules digest of the example"));
});

test("a network that runs contracts has another id", () => {
  const running = readNetwork(DEFINITION.replace("[blocks]\n", "[blocks]\nversion = 3\ngas_per_block = 30000000\n"));
  assert.equal(running.id, vector("network id of the example that runs contracts"));
  assert.equal(readNetwork(DEFINITION.replace("[blocks]\n", "[blocks]\nversion = 2\n")).id, network.id, "the oldest version says nothing");
  for (const [wrong, why] of [
    ["version = 4", "blocks.version"],
    ["gas_per_block = 4999999", "blocks.gas_per_block"],
  ] as const) assert.throws(() => readNetwork(DEFINITION.replace("[blocks]\n", `[blocks]\n${wrong}\n`)), (error: Error) => error.message.startsWith(why));
});

test("a transfer and a proposal have their bytes and ids", () => {
  const paid = transfer();
  assert.equal(toHex(paid.bytes), vector("transfer bytes"));
  assert.equal(paid.id, vector("transfer id"));
  const proposal: Action = { type: "propose", title: "Lease", document: toHex(sha256(utf8("lease"))), parties: [miner.address], deadline: 1_800_000_000_000n };
  const proposed = signTransaction(network.id, key, { nonce: 1n, fee: 300n, validUntil: 1_000n }, proposal);
  assert.equal(toHex(proposed.bytes), vector("proposal bytes"));
  assert.equal(proposed.agreement, vector("agreement id"));
  for (const signed of [paid, proposed]) assert.deepEqual(readTransaction(signed.bytes, network.id), signed);
});

test("a header has its fields, its id and its seal", () => {
  const header = readHeader(new Reader(fromHex(vector("header bytes"))));
  const { height, time, difficulty, parent, body, history, nonce, id } = header;
  assert.deepEqual([height, time, difficulty, parent, nonce], [1n, 1_790_000_005_000n, 20_000_000n, network.id, 0x0123456789abcdefn]);
  assert.deepEqual([id, body, history], [vector("header id"), vector("body root"), vector("history root after the genesis block")]);
  assert.ok(isSealed(header, network.id) && !isSealed(header, "00".repeat(32)));
  assert.ok(!meets(header), "it shows no work");
});

test("the trees have their roots", () => {
  assert.equal(root([..."abc"].map(utf8)), vector("merkle root of a, b, c"));
  const reward = tagged("bouya reward", u64(1n), addressBytes(miner.address), u64(50_000_171n));
  assert.equal(toHex(reward), vector("reward id"));
  assert.equal(root([reward, fromHex(transfer().id)]), vector("body root"));
  const leaf = historyLeaf(network.id, 0n);
  assert.equal(toHex(leaf), vector("history leaf of the genesis block"));
  assert.equal(root([leaf]), vector("history root after the genesis block"));
});

/** The same numbers from a seed as tests/vectors.rs has. */
class Seeded {
  #state = 1n;

  number(): bigint {
    const wrap = (value: bigint) => BigInt.asUintN(64, value);
    this.#state = wrap(this.#state + 0x9e3779b97f4a7c15n);
    let z = this.#state;
    z = wrap((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = wrap((z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  }

  below(bound: number): number {
    return Number(this.number() % BigInt(bound));
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Number(this.number() & 0xffn));
  }

  hash(): string {
    return toHex(this.bytes(32));
  }

  address(): string {
    return addressOfKey(this.hash());
  }

  sign(key: SecretKey, action: Action): Transaction {
    const [network, nonce, fee, validUntil] = [this.hash(), this.number(), this.number(), this.number()];
    return signUnchecked(network, key, { nonce, fee, validUntil }, action);
  }

  transaction(): Transaction {
    const key = SecretKey.fromSeed(this.bytes(32));
    const outputs = Array.from({ length: this.below(4) }, () => ({ to: this.address(), amount: this.number() }));
    const memo = ["", "rent", "Müller & Söhne"][this.below(3)] ?? "";
    return this.sign(key, { type: "transfer", outputs, memo });
  }

  said(): Transaction[] {
    const [agreement, document] = [this.hash(), this.hash()];
    const parties = [this.address(), this.address()];
    const data = this.bytes(20);
    const actions: Action[] = [
      { type: "record", topic: "contracts", content: { data } },
      { type: "record", topic: "contracts", content: { hash: document, name: "lease.pdf" } },
      { type: "propose", title: "Lease", document, parties, deadline: this.number() },
      { type: "respond", agreement, document, response: "sign" },
      { type: "respond", agreement, document, response: "refuse" },
      { type: "withdraw", agreement },
    ];
    return actions.map((action) => this.sign(SecretKey.fromSeed(this.bytes(32)), action));
  }

  contracts(): Transaction[] {
    const deploy: Action = { type: "deploy", code: this.bytes(40), input: this.bytes(9), value: this.number(), gas: this.number() };
    const deployed = this.sign(SecretKey.fromSeed(this.bytes(32)), deploy);
    assert.ok(deployed.contract);
    const size = () => Number(this.number() & 0xffffffffn);
    const call: Action = { type: "call", contract: deployed.contract, code: this.hash(), size: size(), input: this.bytes(30), value: this.number(), gas: this.number() };
    return [deployed, this.sign(SecretKey.fromSeed(this.bytes(32)), call)];
  }
}

const conformance = (values: (seeded: Seeded) => Transaction[]): string => {
  const seeded = new Seeded();
  const all = Array.from({ length: 64 }, () => values(seeded).map(({ bytes }) => counted(bytes)));
  return toHex(sha256(concat(...all.flat())));
};

test("many transactions of each kind have the bytes that nodes give them", () => {
  assert.equal(conformance((seeded) => [seeded.transaction()]), vector("conformance of Transaction"));
  assert.equal(conformance((seeded) => seeded.said()), vector("conformance of records and agreements"));
  assert.equal(conformance((seeded) => seeded.contracts()), vector("conformance of deployments and calls"));
});
