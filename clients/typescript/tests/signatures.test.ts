// What a valid signature is: ZIP-215, with keys of small order refused. The same cases and counts as tests/ed25519.rs, where other rules disagree.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ed25519, ED25519_TORSION_SUBGROUP } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, fromHex, toHex, utf8 } from "../src/bytes.js";
import { isSigned, SecretKey } from "../src/index.js";

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
const MESSAGE = utf8("Zcash");
const SECRET = 7_919n;

const little = (bytes: Uint8Array): bigint => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
const scalar = (value: bigint): Uint8Array => Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 255n));
const torsion = ED25519_TORSION_SUBGROUP.map((hex) => Point.fromHex(hex, true));
const challenge = (r: Uint8Array, key: Uint8Array): bigint => little(sha512(concat(r, key, MESSAGE))) % ORDER;

/** The encodings of points of small order: eight canonical, six that are not (y not reduced, or x = 0 with a sign). */
const smallOrder = (): Uint8Array[] => {
  const canonical = torsion.map((point) => point.toBytes());
  const fields = Array.from({ length: 19 }, (_, low) => new Uint8Array(32).fill(255).with(0, 237 + low).with(31, 127));
  const one = new Uint8Array(32).with(0, 1);
  const minusOne = new Uint8Array(32).fill(255).with(0, 236).with(31, 127);
  const found = new Map(canonical.map((bytes) => [toHex(bytes), bytes]));
  for (const y of [...fields, one, minusOne]) {
    for (const sign of [0, 128]) {
      const bytes = y.with(31, (y[31] ?? 0) | sign);
      try {
        if (Point.fromBytes(bytes, true).isSmallOrder()) found.set(toHex(bytes), bytes);
      } catch {
        // No point at all.
      }
    }
  }
  return [...found.values()];
};

test("keys of small order are refused, and nonce points of small order are fine", () => {
  const small = smallOrder();
  assert.equal(small.length, 14);
  for (const key of small) for (const r of small) assert.ok(!isSigned(key, MESSAGE, concat(r, new Uint8Array(32))));
  const key = Point.BASE.multiply(SECRET).toBytes();
  for (const r of small) assert.ok(isSigned(key, MESSAGE, concat(r, scalar((challenge(r, key) * SECRET) % ORDER))), toHex(r));
});

test("points of mixed order count as ZIP-215 says", () => {
  for (const keyOffset of torsion) {
    for (const offset of torsion) {
      const nonce = 104_729n;
      const key = Point.BASE.multiply(SECRET).add(keyOffset).toBytes();
      const r = Point.BASE.multiply(nonce).add(offset).toBytes();
      assert.ok(isSigned(key, MESSAGE, concat(r, scalar((nonce + challenge(r, key) * SECRET) % ORDER))));
    }
  }
});

test("no flipped bit verifies, no loose scalar, and what is no point throws nothing", () => {
  const secret = SecretKey.fromSeed("02".repeat(32));
  const [key, signature] = [fromHex(secret.publicKey), secret.sign(MESSAGE)];
  assert.ok(isSigned(key, MESSAGE, signature));
  // S + L fits the same equation; if it counted, anybody could change a transaction's id.
  const loose = concat(signature.slice(0, 32), scalar(little(signature.slice(32)) + ORDER));
  assert.ok(!isSigned(key, MESSAGE, loose) && !isSigned(key, utf8("Zcach"), signature));
  for (let bit = 0; bit < 96 * 8; bit += 1) {
    const all = concat(key, signature);
    all[bit >> 3] = (all[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.ok(!isSigned(all.slice(0, 32), MESSAGE, all.slice(32)), `bit ${bit}`);
  }
  assert.ok(!isSigned(new Uint8Array(32).fill(255), MESSAGE, signature) && !isSigned(key, MESSAGE, signature.slice(1)));
});
