// What a contract takes, gives back and says, as its ABI file tells how to read it (docs/CONTRACTS.md). The node has checked the file.

/** Values within values, and values in all; more are not shown. As in the node. */
const DEPTH = 16;
const VALUES = 65_536;

const LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const FACTORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

const checksum = (digits) => {
  let check = 1;
  for (const digit of [3, 3, 3, 3, 3, 0, 2, 15, 21, 25, 1, ...digits]) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ digit;
    FACTORS.forEach((factor, at) => (check ^= (top >>> at) & 1 ? factor : 0));
  }
  return check >>> 0;
};

/** An address' text: Bech32m of its 33 bytes, behind `bouya`. */
const address = (bytes) => {
  let [all, digits] = [bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) << 1n, []];
  for (let at = 0; at < 53; at += 1, all >>= 5n) digits.unshift(Number(all & 31n));
  const check = checksum([...digits, 0, 0, 0, 0, 0, 0]) ^ 0x2bc830a3;
  for (let at = 5; at >= 0; at -= 1) digits.push((check >>> (5 * at)) & 31);
  return `bouya1${digits.map((digit) => LETTERS[digit]).join("")}`;
};

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
/** Bytes of another type. */
const fail = () => {
  throw new RangeError();
};

/** The sizes of numbers in bytes. What every reader of JSON can hold is a number, what not is text. */
const WIDTHS = { u8: 1, u16: 2, u32: 4, u64: 8, i64: 8, u128: 16 };

class Reader {
  constructor(types, bytes) {
    Object.assign(this, { types, bytes, at: 0, values: VALUES });
  }

  take(count) {
    if (this.at + count > this.bytes.length) fail();
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  unsigned(width) {
    return this.take(width).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  }

  length() {
    return Number(this.unsigned(4));
  }

  flag() {
    const [byte] = this.take(1);
    return byte > 1 ? fail() : byte === 1;
  }

  number(kind) {
    const number = this.unsigned(WIDTHS[kind]);
    if (WIDTHS[kind] <= 4) return Number(number);
    return String(kind === "i64" ? BigInt.asIntN(64, number) : number);
  }

  value(kind, depth) {
    if (depth === 0 || this.values === 0) fail();
    this.values -= 1;
    if (Array.isArray(kind)) return this.compound(kind, depth - 1);
    if (Object.hasOwn(WIDTHS, kind)) return this.number(kind);
    switch (kind) {
      case "()": return null;
      case "bool": return this.flag();
      case "string": return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.take(this.length()));
      case "bytes": return hex(this.take(this.length()));
      case "hash": return hex(this.take(32));
      case "address": return this.address();
      default: return this.named(this.types[kind], depth - 1);
    }
  }

  address() {
    const bytes = this.take(33);
    return bytes[0] > 1 ? fail() : address(bytes);
  }

  compound([kind, ...of], depth) {
    switch (kind) {
      case "list": return this.list(() => this.value(of[0], depth));
      case "option": return this.flag() ? this.value(of[0], depth) : null;
      case "tuple": return of.map((part) => this.value(part, depth));
      default: return this.map(of, depth);
    }
  }

  list(next) {
    const items = [];
    for (let left = this.length(); left > 0; left -= 1) items.push(next());
    return items;
  }

  /** Pairs by ascending key: other bytes are no map. */
  map([key, of], depth) {
    let last = null;
    return this.list(() => {
      const from = this.at;
      const one = this.value(key, depth);
      const place = order(key, this.bytes.subarray(from, this.at));
      if (last !== null && last >= place) fail();
      last = place;
      return [one, this.value(of, depth)];
    });
  }

  named(definition, depth) {
    if (definition.struct) return this.fields(definition.struct, depth);
    const [name, fields] = definition.enum[this.take(1)[0]] ?? fail();
    return fields.length === 0 ? name : { [name]: this.fields(fields, depth) };
  }

  fields(fields, depth) {
    return Object.fromEntries(fields.map(([name, kind]) => [name, this.value(kind, depth)]));
  }
}

/** Text that sorts as keys of this type do. */
const order = (key, bytes) => {
  if (key === "string" || key === "bytes") return hex(bytes.subarray(4));
  if (!Object.hasOwn(WIDTHS, key)) return hex(bytes);
  const falling = bytes.slice().reverse();
  if (key === "i64") falling[0] ^= 0x80;
  return hex(falling);
};

/** The value of this type that these digits stand for. Throws if they are of another type. */
export const decode = (abi, kind, digits) => {
  const bytes = Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const reader = new Reader(abi.types, bytes);
  const value = reader.value(kind, DEPTH);
  return reader.at === bytes.length ? value : fail();
};
