// Ed25519, as every node verifies it: by the ZIP-215 rule, and without keys of small order.

import { ed25519 } from "@noble/curves/ed25519.js";
import { addressOfKey } from "./address.js";
import { fromHex, toHex } from "./bytes.js";
import { BouyaError } from "./errors.js";

/** Whether the key has signed the message. Never throws. */
export const isSigned = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  try {
    // Without small order: under such a key one signature fits every message.
    return !ed25519.Point.fromBytes(key, true).isSmallOrder() && ed25519.verify(signature, message, key, { zip215: true });
  } catch {
    return false;
  }
};

/** A secret key. It is not shown by console.log or JSON.stringify. */
export class SecretKey {
  readonly #seed: Uint8Array;
  /** In hex. */
  readonly publicKey: string;
  readonly address: string;

  private constructor(seed: Uint8Array) {
    this.#seed = seed;
    this.publicKey = toHex(ed25519.getPublicKey(seed));
    this.address = addressOfKey(this.publicKey);
  }

  /** The key of a seed: 32 bytes, or 64 hex digits as `bouya wallet export` and member keys have them. */
  static fromSeed(seed: Uint8Array | string): SecretKey {
    if (typeof seed !== "string") {
      if (seed.length !== 32) throw new BouyaError("a seed has 32 bytes");
      return new SecretKey(seed.slice());
    }
    const digits = seed.trim().toLowerCase();
    // The text is not shown: it may be a secret.
    if (!/^[0-9a-f]{64}$/.test(digits)) throw new BouyaError("a seed is one line of 64 hex digits");
    return new SecretKey(fromHex(digits));
  }

  /** A new key from the system's randomness. */
  static random(): SecretKey {
    return new SecretKey(ed25519.utils.randomSecretKey());
  }

  sign(message: Uint8Array): Uint8Array {
    return ed25519.sign(message, this.#seed);
  }

  /** The seed: whoever has it can pay and sign. */
  seed(): Uint8Array {
    return this.#seed.slice();
  }
}
