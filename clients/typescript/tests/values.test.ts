import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, fromHex, toHex, utf8 } from "../src/bytes.js";
import { Reader, text, u32 } from "../src/codec.js";
import {
  type Action,
  addressText,
  DecodeError,
  formatAmount,
  fromHex as publicFromHex,
  hashDocument,
  InputError,
  isAddress,
  keysMessage,
  type Member,
  memberMessage,
  parseAmount,
  readTransaction,
  SecretKey,
  signTransaction,
  transactionSize,
} from "../src/index.js";

const key = SecretKey.fromSeed("02".repeat(32));
const other = SecretKey.fromSeed("01".repeat(32));
const NETWORK = "05".repeat(32);
const TERMS = { nonce: 7n, fee: 0n, validUntil: 2n ** 64n - 1n };

const carol: Member = { id: "carol", key: other.publicKey, governor: key.address, name: "Carol SA" };
const proof = toHex(other.sign(memberMessage(carol)));

test("amounts are exact", () => {
  const table: [number, string, bigint][] = [
    [2, "1", 100n],
    [2, "0.05", 5n],
    [2, "01.5", 150n],
    [0, "7", 7n],
    [9, "18446744073.709551615", 2n ** 64n - 1n],
  ];
  for (const [decimals, given, amount] of table) assert.equal(parseAmount(given, { decimals }), amount);
  for (const bad of ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1.2.3", " 1", "٣", "1.005", "999999999999999999999"]) assert.throws(() => parseAmount(bad, { decimals: 2 }), InputError, bad);
  for (const [amount, shown] of [[0n, "0"], [1n, "0.000001"], [1_500_000n, "1.5"], [20_000_000n, "20"]] as const) assert.equal(formatAmount(amount, { decimals: 6 }), shown);
  assert.equal(formatAmount(10n, { decimals: 0 }), "10");
});

test("every changed, dropped or doubled character of an address is noticed", () => {
  const { address } = key;
  assert.ok(isAddress(address) && isAddress(address.toUpperCase()));
  for (let at = 0; at < address.length; at += 1) {
    const changed = address[at] === "q" ? "p" : "q";
    const [before, after] = [address.slice(0, at), address.slice(at + 1)];
    for (const bad of [before + changed + after, before + after, before + address[at] + address[at] + after]) assert.ok(!isAddress(bad), bad);
  }
  assert.ok(!isAddress("") && !isAddress("bouya1") && !isAddress(address.slice(0, 9) + address.slice(9).toUpperCase()));
  // A later kind of address can be paid already.
  assert.ok(isAddress(addressText(new Uint8Array(33).fill(9))));
});

test("only one text and one encoding is taken for each value", () => {
  assert.throws(() => fromHex("AB"), InputError);
  assert.throws(() => publicFromHex("abc"), InputError);
  assert.throws(() => text("a\nb", 9, "it"), InputError);
  assert.throws(() => text("\ud800", 9, "it"), InputError);
  assert.throws(() => text("abc", 2, "it"), InputError);
  const read = (bytes: Uint8Array, what: (reader: Reader) => unknown) => () => {
    const reader = new Reader(bytes);
    what(reader);
    reader.end();
  };
  const bad: [Uint8Array, (reader: Reader) => unknown][] = [
    [Uint8Array.of(1, 2), (reader) => reader.u8()],
    [Uint8Array.of(2), (reader) => reader.flag()],
    [concat(u32(1), Uint8Array.of(255)), (reader) => reader.text(9)],
    [concat(u32(1), Uint8Array.of(27)), (reader) => reader.text(9)],
    [concat(u32(4_000_000_000), utf8("abc")), (reader) => reader.bytes(2 ** 32 - 1)],
    [concat(u32(3), utf8("abc")), (reader) => reader.text(2)],
    [concat(u32(2), utf8("ca")), (reader) => reader.nodeId()],
    [concat(u32(2), utf8("12")), (reader) => reader.nodeId()],
  ];
  for (const [at, [bytes, what]] of bad.entries()) assert.throws(read(bytes, what), DecodeError, String(at));
  // A byte order mark is text like any other: what is read must be what was hashed.
  const marked = new Reader(concat(u32(4), utf8("\ufeffa")));
  assert.equal(marked.text(9), "\ufeffa");
});

test("what no node would take is not signed", () => {
  const sign = (action: Action, terms = TERMS) => signTransaction(NETWORK, key, terms, action);
  const document = "07".repeat(32);
  const propose = (parties: string[], title = "Lease"): Action => ({ type: "propose", title, document, parties, deadline: 1n });
  const pay = (...amounts: bigint[]): Action => ({ type: "transfer", outputs: amounts.map((amount) => ({ to: other.address, amount })), memo: "" });
  const bad = [
    pay(),
    pay(0n),
    pay(-1n),
    pay(2n ** 64n),
    pay(2n ** 63n, 2n ** 63n),
    pay(...Array<bigint>(129).fill(1n)),
    { type: "transfer", outputs: [{ to: "bouya1nobody", amount: 1n }], memo: "" },
    { type: "transfer", outputs: [{ to: other.address, amount: 1n }], memo: "é".repeat(129) },
    { type: "record", topic: "", content: { data: new Uint8Array() } },
    { type: "record", topic: "a", content: { data: new Uint8Array(8_193) } },
    { type: "record", topic: "a", content: { hash: "07", name: "" } },
    propose([]),
    propose([key.address]),
    propose([other.address, other.address.toUpperCase()]),
    propose([other.address], ""),
    { type: "motion", change: { type: "remove", id: "Carol" }, reason: "", until: 1n },
    { type: "motion", change: { type: "remove", id: "12" }, reason: "", until: 1n },
    { type: "motion", change: { type: "remove", id: "carol" }, reason: "é".repeat(129), until: 1n },
    { type: "motion", change: { type: "upgrade", version: 2 ** 32, height: 1n }, reason: "", until: 1n },
    { type: "motion", change: { type: "governor", id: "carol", governor: addressText(Uint8Array.of(1, ...new Uint8Array(32))) }, reason: "", until: 1n },
    { type: "motion", change: { type: "add", member: { ...carol, governor: other.address }, proof }, reason: "", until: 1n },
    { type: "motion", change: { type: "add", member: { ...carol, id: "dave" }, proof }, reason: "", until: 1n },
    { type: "ballot", motion: "07", yes: true },
    { type: "keys", id: "carol", key: null, proof: null, governor: null },
    { type: "keys", id: "carol", key: other.publicKey, proof: null, governor: null },
    { type: "keys", id: "carol", key: null, proof, governor: other.address },
    { type: "keys", id: "carol", key: other.publicKey, proof, governor: null },
    { type: "keys", id: "carol", key: key.publicKey, proof, governor: null },
  ] satisfies Action[];
  for (const [at, action] of bad.entries()) assert.throws(() => sign(action), InputError, String(at));
  assert.throws(() => sign(pay(1n), { ...TERMS, fee: 2n ** 64n - 1n }), InputError);
  const signed = sign(pay(1n));
  assert.equal(signed.bytes.length, 171);
  assert.equal(transactionSize(signed.action), 171);
});

test("what members say about members is signed, and read as it was written", () => {
  const own = { id: "carol", key: other.publicKey, governor: null };
  const said = [
    { type: "motion", change: { type: "add", member: carol, proof }, reason: "they mill", until: 5n },
    { type: "motion", change: { type: "remove", id: "carol" }, reason: "", until: 5n },
    { type: "motion", change: { type: "governor", id: "carol", governor: other.address }, reason: "lost", until: 5n },
    { type: "motion", change: { type: "upgrade", version: 2, height: 9n }, reason: "", until: 5n },
    { type: "ballot", motion: "07".repeat(32), yes: true },
    { type: "ballot", motion: "07".repeat(32), yes: false },
    { type: "keys", id: "carol", key: null, proof: null, governor: other.address },
    { type: "keys", ...own, proof: toHex(other.sign(keysMessage(NETWORK, key.address, TERMS.nonce, own))) },
  ] satisfies Action[];
  for (const action of said) {
    const signed = signTransaction(NETWORK, key, TERMS, action);
    assert.deepEqual(readTransaction(signed.bytes, NETWORK), signed);
    assert.equal(signed.bytes.length, transactionSize(action));
  }
  // The new key's word is for one transaction: with another nonce it is worth nothing.
  assert.throws(() => signTransaction(NETWORK, key, { ...TERMS, nonce: 8n }, said.at(-1) as Action), InputError);
});

test("no byte of a transaction can be changed, and none added", () => {
  const { bytes } = signTransaction(NETWORK, key, TERMS, { type: "propose", title: "Lease", document: "07".repeat(32), parties: [other.address], deadline: 1n });
  assert.equal(readTransaction(bytes, NETWORK).address, key.address);
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = bytes.with(at, (bytes[at] ?? 0) ^ 1);
    assert.throws(() => readTransaction(changed, NETWORK), (error) => error instanceof DecodeError || error instanceof InputError, `byte ${at}`);
    assert.throws(() => readTransaction(bytes.slice(0, at), NETWORK), DecodeError);
  }
  assert.throws(() => readTransaction(concat(bytes, Uint8Array.of(0)), NETWORK), DecodeError);
  assert.throws(() => readTransaction(bytes, "06".repeat(32)), DecodeError);
});

test("a document is hashed alike from bytes, a blob and streams", async () => {
  const expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const [a, bc] = [utf8("a"), utf8("bc")];
  async function* pieces() {
    yield a;
    yield bc;
  }
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const piece of [a, bc]) controller.enqueue(piece);
      controller.close();
    },
  });
  const given = [utf8("abc"), utf8("abc").slice().buffer, new Blob(["abc"]), pieces(), stream];
  assert.deepEqual(await Promise.all(given.map(hashDocument)), given.map(() => expected));
  assert.equal(toHex(utf8("abc")), "616263");
});
