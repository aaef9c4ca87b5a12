// The verifier that pages embed: as it is committed, it says what this library says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { readReceipt } from "../src/index.js";
import type * as verifier from "../verifier/index.js";
import { place, readJson } from "./files.js";
import { type Vector, byVector, changes, seeded } from "./receipts.js";

const { judge, judgeByNode, wordsFor } = (await import(pathToFileURL(place("src/http/explorer/verifier.js")).href)) as typeof verifier;
const vectors = readJson<Vector[]>("tests/receipt/vectors.json");

test("each receipt is proven, or only signed, as it should be", () => {
  for (const { what, text, network, override, trusted, final } of vectors) {
    assert.equal(judge({ receipt: text, network, override }).level === "proven", final, what);
    const alone = judge({ receipt: text });
    assert.deepEqual([alone.level, alone.fault], ["signed", "no-ground"], what);
    if (trusted !== null) assert.equal(judge({ receipt: text, trust: trusted }).level, "proven", what);
    assert.notEqual(judge({ receipt: text, trust: "00".repeat(32) }).level, "proven", what);
    assert.deepEqual(judge({ receipt: text, network: "nonsense" }).fault, "definition", what);
  }
});

test("another document is never green", () => {
  for (const { what, text, network, override, final } of vectors.filter(({ final }) => final)) {
    const { kind, ...rest } = readReceipt(text);
    const about = kind === "receipt" && "document" in rest ? rest.document : null;
    const other = judge({ receipt: text, network, override, document: "00".repeat(32) });
    assert.deepEqual([other.document, other.level], about ? ["other", "wrong"] : ["none", final ? "proven" : other.level], what);
    if (about) assert.deepEqual(judge({ receipt: text, network, override, document: about }).document, "same", what);
  }
});

test("by a node's word only what that node has as final is proven", () => {
  for (const { what, text } of vectors) {
    const { network, anchor } = readReceipt(text);
    const says = (block: { hash: string; final: boolean } | null, id = network) => judgeByNode({ receipt: text }, { network: id, block }).fault;
    const block = { hash: anchor.id, final: true };
    assert.deepEqual(
      [says(block), says({ ...block, final: false }), says({ ...block, hash: "00".repeat(32) }), says(null), says(block, "00".repeat(32))],
      [null, "not-final", "other-block", "no-ground", "network"],
      what,
    );
  }
});

test("a thousand changes are not green", () => {
  const pick = seeded(20_270_102);
  const proven = vectors.filter(({ final, text }) => final || text.includes('"finality":null'));
  for (const vector of proven) {
    for (const receipt of changes(vector.text, Math.ceil(1_000 / proven.length), pick)) assert.notEqual(judge({ receipt, ...byVector(vector) }).level, "proven", receipt);
  }
});

test("the first known language of the reader counts", () => {
  for (const [languages, expected] of [
    [["fr-CA", "en"], "fr"],
    [["de", "fr"], "fr"],
    [["en-US", "fr"], "en"],
    [[], "en"],
  ] as const) assert.equal(wordsFor(languages).language, expected);
});
