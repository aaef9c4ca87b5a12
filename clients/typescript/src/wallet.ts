// `.wallet` files: a seed under a passphrase, as `bouya wallet` writes them (src/wallet/keystore.rs).

import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { argon2idAsync } from "@noble/hashes/argon2.js";
import { addressOfKey } from "./address.js";
import { concat, fromHex, isHex, utf8 } from "./bytes.js";
import { u32 } from "./codec.js";
import { WalletError } from "./errors.js";
import { SecretKey } from "./keys.js";
import { KEYSTORE } from "./limits.js";

const FORMAT = 1;

interface Sealed {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** A wallet that was read and is not unlocked yet. */
export interface Wallet {
  readonly name: string;
  readonly publicKey: string;
  readonly address: string;
  /** Whether a passphrase opens it. */
  readonly isEncrypted: boolean;
  /** The key. An encrypted wallet takes a second or more: that is what protects it. Throws a WalletError. */
  unlock(passphrase?: string): Promise<SecretKey>;
}

const damaged = (why: string) => new WalletError("damaged", `the wallet is damaged (${why}); restore it from a backup, or import its seed again`);

const noWallet = () => new WalletError("damaged", "this is no wallet: give the text of a .wallet file; if it was one, restore it from a backup");

type Fields = { readonly [name: string]: unknown };

const object = (value: unknown, what: string, needed: readonly string[], allowed: readonly string[] = []): Fields => {
  const names = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : null;
  if (!names || !needed.every((name) => names.includes(name)) || !names.every((name) => needed.includes(name) || allowed.includes(name))) throw damaged(`not ${what}`);
  return value as Fields;
};

const bytes = (value: unknown, length: number, what: string): Uint8Array => {
  if (!isHex(value, length)) throw damaged(`${what} is not ${2 * length} hex digits`);
  return fromHex(value);
};

const readSealed = (kdfSaid: unknown, cipherSaid: unknown): Sealed => {
  const kdf = object(kdfSaid, "its kdf", ["algorithm", "memory_kib", "passes", "lanes", "salt"]);
  const cipher = object(cipherSaid, "its cipher", ["algorithm", "nonce", "ciphertext"]);
  if (kdf.algorithm !== "argon2id" || cipher.algorithm !== "xchacha20-poly1305") throw damaged("it names an algorithm that format 1 does not have");
  const cost = [kdf.memory_kib, kdf.passes, kdf.lanes].map(Number) as [number, number, number];
  const most = [KEYSTORE.memoryKib, KEYSTORE.passes, KEYSTORE.lanes];
  const [memoryKib, passes, lanes] = cost;
  if (!cost.every((value, at) => Number.isInteger(value) && value >= 1 && value <= (most[at] ?? 0)) || memoryKib < 8 * lanes) throw damaged("its key derivation cost is out of bounds");
  return {
    memoryKib,
    passes,
    lanes,
    salt: bytes(kdf.salt, 16, "the salt"),
    nonce: bytes(cipher.nonce, 24, "the nonce"),
    ciphertext: bytes(cipher.ciphertext, 48, "the ciphertext"),
  };
};

const unseal = async ({ memoryKib, passes, lanes, salt, nonce, ciphertext }: Sealed, publicKey: string, passphrase: string): Promise<SecretKey> => {
  const secret = await argon2idAsync(utf8(passphrase), salt, { m: memoryKib, t: passes, p: lanes, dkLen: 32, version: 0x13 });
  const wrong = new WalletError("passphrase", "wrong passphrase (or the file was changed)");
  let seed: Uint8Array;
  try {
    seed = xchacha20poly1305(secret, nonce, concat(u32(FORMAT), fromHex(publicKey))).decrypt(ciphertext);
  } catch {
    throw wrong;
  }
  const key = SecretKey.fromSeed(seed);
  if (key.publicKey !== publicKey) throw wrong;
  return key;
};

/** Reads the text of a `.wallet` file, still locked. Throws a WalletError. */
export const readWallet = (text: string): Wallet => {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    // The parser's message may quote the secret file, so it is not passed on.
    throw noWallet();
  }
  const { format } = Object(said) as Fields;
  if (format === undefined) throw noWallet();
  if (typeof format === "number" && format !== FORMAT) throw new WalletError("format", `the wallet has the format ${format}, this library knows format ${FORMAT}`);
  const file = object(said, "a wallet's fields", ["format", "name", "address", "public_key", "kdf"], ["cipher", "unencrypted_seed"]);
  const { name, address, public_key: publicKey, kdf, cipher = null, unencrypted_seed: plain = null } = file;
  if (typeof name !== "string" || !isHex(publicKey, 32)) throw damaged("not a wallet's fields");
  if (address !== addressOfKey(publicKey)) throw damaged("the address does not match the public key");
  const about = { name, publicKey, address };
  if (kdf === null && cipher === null && plain !== null) {
    const key = SecretKey.fromSeed(bytes(plain, 32, "the seed"));
    if (key.publicKey !== publicKey) throw damaged("the seed does not match the public key");
    return { ...about, isEncrypted: false, unlock: () => Promise.resolve(key) };
  }
  if (kdf === null || cipher === null || plain !== null) throw damaged("the seed is neither encrypted nor unencrypted");
  const sealed = readSealed(kdf, cipher);
  const unlock = async (passphrase?: string) => {
    if (passphrase === undefined) throw new WalletError("passphrase-needed", `wallet "${name}" is encrypted: give its passphrase`);
    return unseal(sealed, publicKey, passphrase);
  };
  return { ...about, isEncrypted: true, unlock };
};

