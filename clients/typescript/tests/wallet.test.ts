import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { argon2id } from "@noble/hashes/argon2.js";
import { concat, fromHex, toHex, utf8 } from "../src/bytes.js";
import { readWallet, SecretKey, WalletError } from "../src/index.js";
import { place } from "./files.js";
import { readFileSync } from "node:fs";

// Made by `bouya wallet import` from the vectors' key of 32 times 02.
const read = (name: string) => readFileSync(place(`clients/typescript/tests/wallets/${name}.json`), "utf8");
const SEED = "02".repeat(32);

const isFault = (fault: string) => (error: unknown) => error instanceof WalletError && error.fault === fault;

/** The sealed wallet, sealed anew at a cost that a test can pay many times. */
const cheap = () => {
  const wallet = JSON.parse(read("sealed"));
  const [salt, nonce] = [fromHex(wallet.kdf.salt), fromHex(wallet.cipher.nonce)];
  const secret = argon2id(utf8("first one"), salt, { m: 8, t: 1, p: 1, dkLen: 32 });
  const bound = concat(Uint8Array.of(1, 0, 0, 0), fromHex(wallet.public_key));
  wallet.kdf = { ...wallet.kdf, memory_kib: 8, passes: 1 };
  wallet.cipher.ciphertext = toHex(xchacha20poly1305(secret, nonce, bound).encrypt(fromHex(SEED)));
  return wallet;
};

test("a wallet that the program sealed opens with its passphrase", async () => {
  const wallet = readWallet(read("sealed"));
  assert.deepEqual([wallet.name, wallet.isEncrypted], ["sealed", true]);
  const key = await wallet.unlock("correct horse");
  assert.equal(toHex(key.seed()), SEED);
  assert.deepEqual([key.publicKey, key.address], [wallet.publicKey, wallet.address]);
});

test("one without a passphrase opens without", async () => {
  const wallet = readWallet(read("open"));
  assert.equal(wallet.isEncrypted, false);
  assert.equal(toHex((await wallet.unlock()).seed()), SEED);
});

test("what is no wallet at all is called so", () => {
  for (const text of ["", "[node]\nname = 1", "{}", "[]", "null", '{"network":"acme"}']) assert.throws(() => readWallet(text), /^WalletError: this is no wallet: give the text of a \.wallet file/);
});

test("a wrong passphrase, none, and a changed file are told apart", async () => {
  const wallet = cheap();
  const unlock = (changed: object, passphrase?: string) => Promise.resolve().then(() => readWallet(JSON.stringify(changed)).unlock(passphrase));
  assert.equal(toHex((await unlock(wallet, "first one")).seed()), SEED);
  await assert.rejects(unlock(wallet, "other one"), isFault("passphrase"));
  await assert.rejects(unlock(wallet), isFault("passphrase-needed"));
  await assert.rejects(unlock({ ...wallet, format: 2 }, "first one"), isFault("format"));
  const other = SecretKey.fromSeed("03".repeat(32));
  const { kdf, cipher } = wallet;
  const damages = [
    { ...wallet, public_key: other.publicKey },
    { ...wallet, address: other.address },
    { ...wallet, more: 1 },
    { ...wallet, cipher: undefined },
    { ...wallet, unencrypted_seed: SEED },
    { ...wallet, kdf: { ...kdf, memory_kib: 2 ** 21 } },
    { ...wallet, kdf: { ...kdf, passes: 17 } },
    { ...wallet, kdf: { ...kdf, lanes: 0 } },
    { ...wallet, kdf: { ...kdf, algorithm: "argon2i" } },
    { ...wallet, kdf: { ...kdf, salt: kdf.salt.toUpperCase() } },
    { ...wallet, cipher: { ...cipher, nonce: "00" } },
  ];
  for (const [at, damage] of damages.entries()) await assert.rejects(unlock(damage, "first one"), isFault("damaged"), `change ${at}`);
  for (const field of ["ciphertext", "nonce"]) {
    const changed = { ...wallet, cipher: { ...cipher, [field]: cipher[field].replace(/^./, (digit: string) => (digit === "0" ? "1" : "0")) } };
    await assert.rejects(unlock(changed, "first one"), isFault("passphrase"));
  }
  await assert.rejects(unlock({ ...wallet, public_key: other.publicKey, address: other.address }, "first one"), isFault("passphrase"));
  assert.throws(() => readWallet("{"), isFault("damaged"));
});

test("a key is not shown by accident", () => {
  const key = SecretKey.fromSeed(SEED);
  const shown = `${inspect(key, { depth: 9, showHidden: true })} ${JSON.stringify(key)} ${String(key)}`;
  assert.ok(!shown.includes("0202") && !shown.includes("2, 2, 2"), shown);
  assert.throws(() => SecretKey.fromSeed("abc123"), (error: Error) => !error.message.includes("abc123"));
});
