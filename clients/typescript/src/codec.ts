// Borsh with bounds: the same bytes are hashed, signed and sent, and no length is trusted before it is checked.

import { concat, fromHex, isPlain, toHex, utf8 } from "./bytes.js";
import { BouyaError, InputError } from "./errors.js";
import { ID_BYTES, U64 } from "./limits.js";

/** Bytes that are not the canonical encoding of what was expected. */
export class DecodeError extends BouyaError {
  override name = "DecodeError";
}

/** A node id: `[a-z0-9]([a-z0-9-]*[a-z0-9])?`, not all digits, not `ca`. */
export const isNodeId = (text: string): boolean =>
  text.length <= ID_BYTES && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text) && !/^[0-9]*$/.test(text) && text !== "ca";

const integer = (value: bigint, bytes: number): Uint8Array => {
  const data = new Uint8Array(bytes);
  for (let at = 0, rest = value; at < bytes; at += 1, rest >>= 8n) data[at] = Number(rest & 0xffn);
  return data;
};

export const u8 = (value: number): Uint8Array => integer(BigInt(value), 1);
export const u16 = (value: number): Uint8Array => integer(BigInt(value), 2);
export const u32 = (value: number): Uint8Array => integer(BigInt(value), 4);
export const u128 = (value: bigint): Uint8Array => integer(value, 16);

/** A number that the caller gave. */
export const u64 = (value: bigint): Uint8Array => {
  if (typeof value !== "bigint" || value < 0n || value > U64) throw new InputError(`${value} is not a bigint from 0 to 2^64 - 1`);
  return integer(value, 8);
};

/** Bytes behind their length. */
export const counted = (data: Uint8Array): Uint8Array => concat(u32(data.length), data);

export const listed = (items: readonly Uint8Array[]): Uint8Array => concat(u32(items.length), ...items);

/** A text that the caller gave, with at most `most` bytes. */
export const text = (value: string, most: number, what: string): Uint8Array => {
  // What JavaScript cannot write as UTF-8 would be signed as something else.
  if (!value.isWellFormed()) throw new InputError(`${what}: half a character is no text`);
  const data = utf8(value);
  if (data.length > most) throw new InputError(`${what}: ${data.length} bytes of text where at most ${most} are allowed`);
  if (!isPlain(value)) throw new InputError(`${what}: control characters are not allowed`);
  return counted(data);
};

/** A node id that the caller gave. */
export const nodeId = (id: string): Uint8Array => {
  if (!isNodeId(id)) throw new InputError(`${JSON.stringify(id.slice(0, 80))} is no node id: lower-case letters, digits and hyphens, such as "alice"`);
  return counted(utf8(id));
};

/** A value that may be left out. */
export const option = (value: Uint8Array | null): Uint8Array => (value === null ? u8(0) : concat(u8(1), value));

/** Reads a value from the front of some bytes. Every fault is a DecodeError. */
export class Reader {
  at = 0;

  constructor(readonly data: Uint8Array) {}

  take(count: number): Uint8Array {
    if (this.at + count > this.data.length) throw new DecodeError("it ends too early");
    this.at += count;
    return this.data.slice(this.at - count, this.at);
  }

  private integer(bytes: number): bigint {
    return this.take(bytes).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }

  u8(): number {
    return Number(this.integer(1));
  }

  u32(): number {
    return Number(this.integer(4));
  }

  u64(): bigint {
    return this.integer(8);
  }

  hex(bytes: number): string {
    return toHex(this.take(bytes));
  }

  hash(): string {
    return this.hex(32);
  }

  /** A number below `count`. */
  choice(count: number, what: string): number {
    const number = this.u8();
    if (number >= count) throw new DecodeError(`${what} ${number} is unknown`);
    return number;
  }

  flag(): boolean {
    return this.choice(2, "a flag of") === 1;
  }

  option<T>(read: () => T): T | null {
    return this.flag() ? read() : null;
  }

  count(most: number): number {
    const count = this.u32();
    if (count > most) throw new DecodeError(`${count} items where at most ${most} are allowed`);
    return count;
  }

  list<T>(most: number, read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.count(most); left > 0; left -= 1) items.push(read());
    return items;
  }

  bytes(most: number): Uint8Array {
    return this.take(this.count(most));
  }

  text(most: number): string {
    const data = this.bytes(most);
    let found: string;
    try {
      found = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
    } catch {
      throw new DecodeError("text is not UTF-8");
    }
    if (!isPlain(found)) throw new DecodeError("control characters in text");
    return found;
  }

  nodeId(): string {
    const id = this.text(ID_BYTES);
    if (!isNodeId(id)) throw new DecodeError(`${JSON.stringify(id)} is not a node id`);
    return id;
  }

  /** Nothing may follow a value. */
  end(): void {
    if (this.at !== this.data.length) throw new DecodeError("something follows its end");
  }
}

/** The value that hex digits encode, all of them. */
export const decodeHex = <T>(hex: string, read: (reader: Reader) => T): T => {
  const reader = new Reader(fromHex(hex));
  const value = read(reader);
  reader.end();
  return value;
};
