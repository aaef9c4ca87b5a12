// Addresses: who can hold coins. 33 bytes, a kind and a hash, as text in bech32m with the prefix `bouya`.

import { concat, fromHex } from "./bytes.js";
import { u64 } from "./codec.js";
import { InputError } from "./errors.js";
import { tagged } from "./hash.js";

const PREFIX = "bouya";
const LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
/** What a text with a right checksum comes to. The older bech32 has 1 here; it lets an inserted letter pass. */
const BECH32M = 0x2bc830a3;
/** Kind 0: the hash of an ed25519 key. */
const ED25519 = 0;
/** Kind 1: that of a contract. */
const CONTRACT = 1;
const BYTES = 33;
/** 33 bytes in groups of five bits. */
const DIGITS = 53;
const CHECK_DIGITS = 6;

const checksum = (digits: readonly number[]): number => {
  const codes = [...PREFIX].map((letter) => letter.charCodeAt(0));
  let check = 1;
  for (const value of [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...digits]) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    GENERATOR.forEach((factor, at) => {
      if ((top >>> at) & 1) check ^= factor;
    });
  }
  return check;
};

/** Bits in groups of `from` regrouped to `to`, the last group filled with zeros. */
const regroup = (groups: Iterable<number>, from: number, to: number): number[] => {
  const found: number[] = [];
  let [held, bits] = [0, 0];
  for (const group of groups) {
    held = (held << from) | group;
    for (bits += from; bits >= to; ) {
      bits -= to;
      found.push(held >>> bits);
      held &= (1 << bits) - 1;
    }
  }
  if (bits > 0) found.push(held << (to - bits));
  return found;
};

/** The text of an address's 33 bytes. */
export const addressText = (bytes: Uint8Array): string => {
  const digits = regroup(bytes, 8, 5);
  const sum = checksum([...digits, ...Array<number>(CHECK_DIGITS).fill(0)]) ^ BECH32M;
  for (let at = CHECK_DIGITS - 1; at >= 0; at -= 1) digits.push((sum >>> (5 * at)) & 31);
  return `${PREFIX}1${digits.map((digit) => LETTERS[digit]).join("")}`;
};

/** The 33 bytes of an address; throws if a letter is wrong or missing. */
export const addressBytes = (text: string): Uint8Array => {
  const wrong = () => new InputError(`${JSON.stringify(String(text).slice(0, 100))} is not an address: a character is wrong or missing; copy the whole bouya1… text again`);
  if (typeof text !== "string" || (text !== text.toLowerCase() && text !== text.toUpperCase())) throw wrong();
  const lower = text.toLowerCase();
  const digits = [...lower.slice(PREFIX.length + 1)].map((letter) => LETTERS.indexOf(letter));
  if (!lower.startsWith(`${PREFIX}1`) || digits.length !== DIGITS + CHECK_DIGITS || digits.includes(-1) || checksum(digits) !== BECH32M) throw wrong();
  // 265 bits for 264: the last one says nothing and must be 0.
  if ((digits[DIGITS - 1] ?? 0) & 1) throw wrong();
  return Uint8Array.from(regroup(digits.slice(0, DIGITS), 5, 8).slice(0, BYTES));
};

/** Whether a text is an address. */
export const isAddress = (text: string): boolean => {
  try {
    addressBytes(text);
    return true;
  } catch {
    return false;
  }
};

/** The address of an ed25519 public key in hex. */
export const addressOfKey = (key: string): string => {
  const kind = Uint8Array.of(ED25519);
  return addressText(concat(kind, tagged("bouya address", kind, fromHex(key, 32))));
};

/** The address of a contract, from who deploys it with which nonce, and the SHA-256 of its code and of its first input. */
export const addressOfContract = (deployer: string, nonce: bigint, code: Uint8Array, input: Uint8Array): string => {
  const kind = Uint8Array.of(CONTRACT);
  return addressText(concat(kind, tagged("bouya address", kind, addressBytes(deployer), u64(nonce), code, input)));
};

/** Whether it is the address of a contract, deployed or not. */
export const isContract = (address: string): boolean => addressBytes(address)[0] === CONTRACT;

/** Whether somebody can sign for it: it is the address of an ed25519 key. */
export const isSignedFor = (address: string): boolean => addressBytes(address)[0] === ED25519;
