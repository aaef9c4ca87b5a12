// Receipts and final proofs as nodes make them (tests/receipt/vectors.json), and a thousand changes of them, beside the checker in another language.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { BouyaError, DefinitionError, type Ground, hashDocument, isReceipt, readNetwork, readReceipt, ReceiptError, type ReceiptFault, SecretKey, signTransaction, verifyReceipt } from "../src/index.js";
import { concat, fromHex, toHex, utf8 } from "../src/bytes.js";
import { decodeHex, listed, u32, u64 } from "../src/codec.js";
import { readCertificate } from "../src/finality.js";
import { double } from "../src/hash.js";
import { climb } from "../src/header.js";
import { type Line, others } from "./checker.js";
import { readJson } from "./files.js";
import { changes, seeded, type Vector } from "./receipts.js";

const vectors = readJson<Vector[]>("tests/receipt/vectors.json");
const named = (what: string): Vector => {
  const found = vectors.find((vector) => vector.what === what);
  assert.ok(found, `no receipt is called ${what}`);
  return found;
};
const byFiles = ({ network, override }: Vector): Ground => ({ network: readNetwork(network, override) });

const folder = mkdtempSync(join(tmpdir(), "bouya-receipts-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const written = new Map<string, string>();
/** The file that holds this text, for the other checker. */
const file = (text: string): string => {
  const known = written.get(text) ?? join(folder, `${written.size}.toml`);
  if (!written.has(text)) writeFileSync(known, text);
  written.set(text, known);
  return known;
};
const files = ({ network, override }: Vector): string => [network, override].flatMap((text) => (text === null ? [] : [file(text)])).join();

/** Why it is not proven; null if it is. What is not a fault of the receipt is one of this library. */
const fault = (receipt: string, ground: Ground): ReceiptFault | null => {
  try {
    verifyReceipt(receipt, ground);
    return null;
  } catch (error) {
    if (error instanceof ReceiptError) return error.fault;
    throw error;
  }
};

test("receipts of all kinds are proven where they should be, by both", async () => {
  assert.ok(vectors.length >= 10);
  const cases = vectors.flatMap((vector) => {
    const files_ = { line: { trusted: files(vector), receipt: vector.text }, proven: vector.final, fault: fault(vector.text, byFiles(vector)), what: vector.what };
    if (vector.trusted === null) return [files_];
    const trust = { line: { trusted: vector.trusted, receipt: vector.text }, proven: true, fault: fault(vector.text, { trust: vector.trusted }), what: `${vector.what}, trusted` };
    return [files_, trust];
  });
  assert.deepEqual(
    cases.map(({ what, fault }) => [what, fault === null]),
    cases.map(({ what, proven }) => [what, proven]),
  );
  assert.deepEqual(await others(cases.map(({ line }) => line)), cases.map(({ proven }) => proven));
});

test("a receipt tells what became of a call, and nothing of that can be changed", () => {
  const receipts = ["a call under a final block", "a call that failed", "the same without its outcome", "a deployment under a final block"].map(named);
  const outcomes = receipts.map((vector) => {
    const shown = verifyReceipt(vector.text, byFiles(vector));
    assert.ok(shown.kind === "receipt" && shown.transaction.contract !== null);
    assert.ok(shown.outcome === null || shown.outcome.contract === shown.transaction.contract);
    return shown.outcome?.done;
  });
  const [called, failed, unknown, deployed] = outcomes;
  assert.ok(called && deployed);
  assert.deepEqual([new TextDecoder().decode(called.output), called.payments.map(({ amount }) => amount), called.events.map(({ topic }) => topic)], ["hello", [3n], ["hello"]]);
  assert.deepEqual([failed, unknown, deployed.output.length], [null, undefined, 0]);
  const [{ text, trusted }, other] = receipts as [Vector, Vector, ...Vector[]];
  const part = (from: string) => from.slice(from.indexOf(',"outcome":'));
  const swapped = text.replace(part(text), part(other.text));
  assert.equal(fault(swapped, { trust: trusted! }), "forged");
  const before = text.slice(0, -part(text).length);
  for (const changed of changes(part(text), 300, seeded(7))) assert.notEqual(fault(before + changed, { trust: trusted! }), null, changed);
});

test("a receipt tells who signed what, for whom, and by whom it is final", async () => {
  const signature = named("a signature under a final block");
  const shown = verifyReceipt(signature.text, byFiles(signature), await hashDocument(new TextEncoder().encode("lease")));
  assert.ok(shown.kind === "receipt" && shown.final);
  assert.deepEqual([shown.final.signers, shown.final.members.length, shown.final.guilty, shown.final.changes], [["m1", "m3", "m9"].sort(), 4, 2, []]);
  const { action } = shown.transaction;
  assert.ok(action.type === "respond" && action.response === "sign" && action.agreement === shown.transaction.agreement);
  assert.deepEqual([shown.after, shown.anchor.id, shown.work], [null, shown.block.id, shown.block.difficulty], "it is the newest final block itself");
  const changed = named("a motion, and the members changed thrice");
  const motion = verifyReceipt(changed.text, byFiles(changed));
  assert.ok(motion.kind === "receipt" && motion.final && motion.member);
  assert.deepEqual([motion.transaction.action.type, motion.final.changes.length], ["motion", 3]);
  assert.equal(motion.member.governor, motion.transaction.address);
  assert.ok(motion.before.time < motion.block.time && motion.after && motion.block.time < motion.after.time && motion.after.time <= motion.anchor.time);
  const rescued = named("a transfer after an override");
  const after = verifyReceipt(rescued.text, byFiles(rescued));
  assert.deepEqual(after.final?.changes.map(({ override }) => override !== null), [false, false, false, true]);
});

test("each fault has its name", () => {
  const [signature, plain, final, rescued] = ["a signature under a final block", "a transfer under the last block", "a final proof", "a transfer after an override"].map(named) as [Vector, Vector, Vector, Vector];
  const table: [string, Ground, ReceiptFault][] = [
    ["{}", byFiles(signature), "form"],
    ["no receipt", byFiles(signature), "form"],
    ["[".repeat(100_000), byFiles(signature), "form"],
    [`{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`, byFiles(signature), "form"],
    [signature.text.replace("receipt 2", "receipt 3"), byFiles(signature), "form"],
    [signature.text.replace(",", ", "), byFiles(signature), "form"],
    [signature.text.replace('"network"', '"netw\\u006frk"'), byFiles(signature), "form"],
    [signature.text.replace('{"format"', '{"__proto__":1,"format"'), byFiles(signature), "form"],
    [signature.text, byFiles(plain), "network"],
    [plain.text, byFiles(plain), "not-final"],
    [plain.text, byFiles(signature), "network"],
    [plain.text, { trust: "00".repeat(32) }, "other-block"],
    [final.text, { trust: readReceipt(final.text).anchor.id }, "other-block"],
    [named("two of four voters").text, byFiles(named("two of four voters")), "members"],
    [rescued.text, { network: readNetwork(rescued.network) }, "members"],
  ];
  for (const [at, [text, ground, expected]] of table.entries()) assert.equal(fault(text, ground), expected, `case ${at}`);
  assert.throws(() => verifyReceipt(new Uint8Array([255]), byFiles(signature)), (error) => error instanceof ReceiptError && error.fault === "form");
  const document = (vector: Vector, hash: string) => () => verifyReceipt(vector.text, { trust: readReceipt(vector.text).anchor.id }, hash);
  const isFault = (expected: ReceiptFault) => (error: unknown) => error instanceof ReceiptError && error.fault === expected;
  assert.throws(document(signature, "00".repeat(32)), isFault("other-document"));
  assert.throws(document(plain, "00".repeat(32)), isFault("no-document"));
  assert.ok(isReceipt(signature.text) && isReceipt(` ${final.text}`) && !isReceipt("{}"));
});

/** A receipt that ends at its own block, made here on the genesis block: what anyone can make. */
const home = readNetwork(named("a transfer under the last block").network);
const madeHere = ({ sealed = home.id, difficulty = 1n, later = 1n, signed = home.id } = {}): Line => {
  const key = SecretKey.fromSeed("07".repeat(32));
  const { bytes, id } = signTransaction(signed, key, { nonce: 0n, fee: 0n, validUntil: 1n }, { type: "record", topic: "a", content: { data: new Uint8Array() } });
  const hash = "00".repeat(32);
  const parts = [u32(2), u32(0), u64(1n), u64(home.created + later), u64(difficulty), fromHex(home.id), fromHex(climb(fromHex(id), [])), fromHex(hash), fromHex(hash), fromHex(key.publicKey)];
  const header = concat(...parts);
  const block = concat(header, key.sign(concat(utf8("bouya seal\0"), fromHex(sealed), header)), u64(0n));
  const receipt = { format: "bouya receipt 2", network: home.id, transaction: toHex(bytes), path: [], before: toHex(home.genesis), block: toHex(block), above: null, finality: null };
  return { trusted: toHex(double(block)), receipt: JSON.stringify(receipt) };
};

test("who trusts a block trusts no header without its work, its seal and its place, and no transaction without its signature", async () => {
  const other = "05".repeat(32);
  const lines = [madeHere(), madeHere({ sealed: other }), madeHere({ difficulty: 2n ** 63n }), madeHere({ difficulty: 0n }), madeHere({ later: 0n }), madeHere({ signed: other })];
  assert.deepEqual(lines.map(({ receipt, trusted }) => fault(receipt, { trust: trusted })), [null, ...Array<string>(5).fill("forged")]);
  assert.deepEqual(await others(lines), [true, ...Array<boolean>(5).fill(false)]);
});

test("votes count for their own set, as commits, from members each counted once, and enough of them", async () => {
  const vector = named("a final proof");
  const network = readNetwork(vector.network);
  const proof = JSON.parse(vector.text) as { certificate: string };
  const keys = Array.from({ length: 32 }, (_, seed) => SecretKey.fromSeed(new Uint8Array(32).fill(seed)));
  const voters = network.first.roster.members.map((member) => keys.find((key) => key.publicKey === member.key));
  assert.ok(voters.every((key) => key !== undefined), "the members of tests have keys of 32 equal bytes");
  const link = decodeHex(proof.certificate, (reader) => readCertificate(reader)).link;
  const signed = ({ link: said = link, signers = [0, 1, 2], by = signers, bits = signers }: { link?: Uint8Array; signers?: number[]; by?: number[]; bits?: number[] } = {}): string => {
    const message = concat(utf8("bouya vote\0"), fromHex(network.id), said);
    const signatures = by.map((at) => (voters[at] ?? (voters[0] as SecretKey)).sign(message));
    const certificate = concat(said, u32(1), Uint8Array.of(bits.reduce((all, at) => all | (1 << at), 0)), listed(signatures));
    return JSON.stringify({ ...proof, certificate: toHex(certificate) });
  };
  /** Of its 128 bytes: set, and twice epoch, height and block. */
  const changed = (at: number, to: number) => link.with(at, to);
  const epochs = (source: bigint, target: bigint) => concat(link.slice(0, 32), u64(source), link.slice(40, 80), u64(target), link.slice(88));
  const table: [string, ReceiptFault | null][] = [
    [signed(), null],
    [signed({ signers: [0, 1, 2, 3] }), null],
    [signed({ link: changed(0, (link[0] ?? 0) ^ 1) }), "members"],
    [signed({ link: epochs(2n, 4n) }), "forged"],
    [signed({ link: epochs(3n, 4n) }), "forged"],
    [signed({ link: changed(40, (link[40] ?? 0) ^ 1) }), "forged"],
    [signed({ signers: [0, 1] }), "members"],
    [signed({ by: [0, 1, 1] }), "members"],
    [signed({ by: [1, 0, 2] }), "members"],
    [signed({ bits: [0, 1] }), "members"],
    [signed({ signers: [0, 1, 2, 4] }), "members"],
  ];
  assert.deepEqual(table.map(([receipt]) => fault(receipt, byFiles(vector))), table.map(([, expected]) => expected));
  assert.deepEqual(await others(table.map(([receipt]) => ({ trusted: files(vector), receipt }))), table.map(([, expected]) => expected === null));
});

test("white space around the line does not matter, to both", async () => {
  const { text, trusted } = named("a transfer under the last block");
  const all = [` ${text}`, `${text} `, `\t${text}\r`];
  assert.ok(trusted && all.every((receipt) => fault(receipt, { trust: trusted }) === null));
  assert.deepEqual(await others(all.map((receipt) => ({ trusted, receipt }))), [true, true, true]);
});

test("a thousand changes are refused by both", async () => {
  const pick = seeded(20_270_101);
  // By the definition where there are votes, and by a trusted block where there are none: who trusts the block looks at no votes.
  const proven = vectors.filter(({ final, text }) => final || text.includes('"finality":null'));
  const count = Math.ceil(1_000 / proven.length);
  const lines = proven.flatMap((vector) => {
    const [ground, trusted] = vector.final ? [byFiles(vector), files(vector)] : [{ trust: vector.trusted ?? "" }, vector.trusted ?? ""];
    return changes(vector.text, count, pick).map((receipt) => ({ trusted, receipt, fault: fault(receipt, ground), what: vector.what }));
  });
  assert.ok(lines.length >= 1_000);
  const accepted = lines.filter(({ fault }) => fault === null);
  assert.deepEqual(accepted, [], "ours takes what was changed");
  const said = await others(lines satisfies Line[]);
  assert.deepEqual(lines.filter((_, at) => said[at]), [], "the other takes what was changed");
});

test("a definition is read as strictly as a node reads it", () => {
  const { network, override } = named("a transfer after an override");
  assert.ok(override);
  const { id } = readNetwork(network);
  assert.equal(readNetwork(`# A comment.\n${network}`).id, id);
  assert.notEqual(readNetwork(network.replace(/^interval_ms = .*$/m, "interval_ms = 5001")).id, id);
  const changes: [RegExp, string][] = [
    [/^name = /m, "nom = "],
    [/^name = .*$/m, 'name = ""'],
    [/^created = .*$/m, 'created = "2026-02-30T00:00:00Z"'],
    [/^created = .*$/m, 'created = "yesterday"'],
    [/^salt = "../m, 'salt = "'],
    [/^decimals = .*$/m, "decimals = 10"],
    [/^half_life = .*$/m, "half_life = 1.5"],
    [/^interval_ms = .*$/m, "interval_ms = 99"],
    [/^reward = .*$/m, 'reward = "-1"'],
    [/^\[coin\]$/m, "[coin]\nmore = 1"],
    [/^key = "../m, 'key = "zz'],
    [/^governor = "bouya1./m, 'governor = "bouya1b'],
    [/^\[\[members\]\]\nid = .*$/m, '[[members]]\nid = "-"'],
    [/^format = .*$/m, "format = 2"],
  ];
  for (const [pattern, to] of changes) {
    assert.match(network, pattern);
    assert.throws(() => readNetwork(network.replace(pattern, to)), DefinitionError, String(pattern));
  }
  assert.throws(() => readNetwork("= no TOML"), DefinitionError);
  assert.throws(() => readNetwork(network, override.replace(/^network = "../m, 'network = "zz')), BouyaError);
  assert.throws(() => readNetwork(network, override.replace(/^height = .*$/m, "height = 0")), DefinitionError);
});
