// Made from clients/typescript by `npm run verifier`. Do not edit.
// node_modules/@noble/hashes/utils.js
function isBytes(a) {
  return a instanceof Uint8Array || ArrayBuffer.isView(a) && a.constructor.name === "Uint8Array" && "BYTES_PER_ELEMENT" in a && a.BYTES_PER_ELEMENT === 1;
}
var atitle = (title) => title ? `"${title}" ` : "";
function anumber(n, title = "") {
  if (typeof n !== "number")
    throw new TypeError(atitle(title) + "expected number, got " + typeof n);
  if (!Number.isSafeInteger(n) || n < 0)
    throw new RangeError(atitle(title) + "expected integer >= 0, got " + n);
  return n;
}
function abytes(value, length, title = "") {
  if (isBytes(value) && (length === void 0 || value.length === length))
    return value;
  if (length !== void 0)
    anumber(length, "length");
  const bytes = isBytes(value);
  const ofLen = length !== void 0 ? ` of length ${length}` : "";
  const got = bytes ? `length=${value.length}` : `type=${typeof value}`;
  const message = atitle(title) + "expected Uint8Array" + ofLen + ", got " + got;
  if (!bytes)
    throw new TypeError(message);
  throw new RangeError(message);
}
var aobject = (value, label) => {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new TypeError((label === "object" ? "" : `"${label}" `) + "expected object, got type=" + typeof value);
};
var aopts = (value, label) => {
  aobject(value, label);
  const proto = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null)
    throw new TypeError(`"${label}" expected plain object`);
  if (Object.hasOwn(value, "__proto__"))
    throw new TypeError(`"${label}.__proto__" is not allowed`);
};
function aexists(instance, checkFinished = true) {
  if (instance.destroyed)
    throw new Error("hash was destroyed");
  if (checkFinished && instance.finished)
    throw new Error("digest() was already called");
}
function aoutput(out, instance) {
  abytes(out, void 0, "output");
  const min = instance.outputLen;
  if (!(out.length >= min)) {
    throw new RangeError('"output" expected length >= ' + min);
  }
}
function clean(...arrays) {
  for (let i = 0; i < arrays.length; i++) {
    arrays[i].fill(0);
  }
}
function createView(arr) {
  return new DataView(arr.buffer, arr.byteOffset, arr.byteLength);
}
function rotr(word, shift) {
  return word << 32 - shift | word >>> shift;
}
var hasHexBuiltin = /* @__PURE__ */ (() => (
  // @ts-ignore
  typeof Uint8Array.from([]).toHex === "function" && typeof Uint8Array.fromHex === "function"
))();
var hexes = /* @__PURE__ */ Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));
function bytesToHex(bytes) {
  abytes(bytes);
  if (hasHexBuiltin)
    return bytes.toHex();
  let hex2 = "";
  for (let i = 0; i < bytes.length; i++) {
    hex2 += hexes[bytes[i]];
  }
  return hex2;
}
function asciiToBase16(ch) {
  return ch >= 48 && ch <= 57 ? ch - 48 : ch >= 65 && ch <= 70 ? ch - (65 - 10) : ch >= 97 && ch <= 102 ? ch - (97 - 10) : void 0;
}
function hexToBytes(hex2) {
  if (typeof hex2 !== "string")
    throw new TypeError("hex string expected, got " + typeof hex2);
  if (hasHexBuiltin) {
    try {
      return Uint8Array.fromHex(hex2);
    } catch (error) {
      if (error instanceof SyntaxError)
        throw new RangeError(error.message);
      throw error;
    }
  }
  const hl = hex2.length;
  const al = hl / 2;
  if (hl % 2)
    throw new RangeError("hex string expected, got unpadded hex of length " + hl);
  const array = new Uint8Array(al);
  for (let ai = 0, hi = 0; ai < al; ai++, hi += 2) {
    const n1 = asciiToBase16(hex2.charCodeAt(hi));
    const n2 = asciiToBase16(hex2.charCodeAt(hi + 1));
    if (n1 === void 0 || n2 === void 0) {
      const char = hex2[hi] + hex2[hi + 1];
      throw new RangeError('hex string expected, got non-hex character "' + char + '" at index ' + hi);
    }
    array[ai] = n1 * 16 + n2;
  }
  return array;
}
function utf8ToBytes(str) {
  if (typeof str !== "string")
    throw new TypeError("string expected");
  const encoded = new TextEncoder().encode(str);
  try {
    return new Uint8Array(encoded);
  } finally {
    clean(encoded);
  }
}
function concatBytes(...arrays) {
  let sum = 0;
  for (let i = 0; i < arrays.length; i++) {
    const a = arrays[i];
    abytes(a);
    sum += a.length;
  }
  const res = new Uint8Array(sum);
  for (let i = 0, pad = 0; i < arrays.length; i++) {
    const a = arrays[i];
    res.set(a, pad);
    pad += a.length;
  }
  return res;
}
function checkOpts(defaults, opts, title = "opts") {
  aopts(defaults, "defaults");
  if (opts !== void 0)
    aopts(opts, title);
  const merged = Object.assign(/* @__PURE__ */ Object.create(null), defaults, opts);
  return merged;
}
function createHasher(hashCons, info = {}) {
  if (typeof hashCons !== "function")
    throw new TypeError('"hashCons" expected function, got type=' + typeof hashCons);
  info = checkOpts({}, info, "info");
  const hashC = (msg, opts) => hashCons(opts).update(msg).digest();
  const tmp = hashCons(void 0);
  hashC.outputLen = tmp.outputLen;
  hashC.blockLen = tmp.blockLen;
  hashC.canXOF = tmp.canXOF;
  hashC.create = (opts) => hashCons(opts);
  Object.assign(hashC, info);
  return Object.freeze(hashC);
}
function randomBytes(bytesLength = 32) {
  anumber(bytesLength, "bytesLength");
  const cr = typeof globalThis === "object" ? globalThis.crypto : null;
  if (typeof cr?.getRandomValues !== "function")
    throw new Error("crypto.getRandomValues must be defined");
  if (bytesLength > 65536)
    throw new RangeError(`"bytesLength" expected <= 65536, got ${bytesLength}`);
  return cr.getRandomValues(new Uint8Array(bytesLength));
}
var oidNist = (suffix) => ({
  // Current NIST hashAlgs suffixes used here fit in one DER subidentifier octet.
  // Larger suffix values would need base-128 OID encoding and a different length byte.
  oid: Uint8Array.from([6, 9, 96, 134, 72, 1, 101, 3, 4, 2, suffix])
});

// src/errors.ts
var BouyaError = class extends Error {
  name = "BouyaError";
};
var InputError = class extends BouyaError {
  name = "InputError";
};
var DefinitionError = class extends BouyaError {
  name = "DefinitionError";
};
var ReceiptError = class extends BouyaError {
  name = "ReceiptError";
  fault;
  constructor(fault, message) {
    super(message);
    this.fault = fault;
  }
};

// src/bytes.ts
var toHex = bytesToHex;
var concat = concatBytes;
var utf8 = utf8ToBytes;
var isHex = (text2, length) => typeof text2 === "string" && text2.length % 2 === 0 && /^[0-9a-f]*$/.test(text2) && (length === void 0 || text2.length === 2 * length);
var fromHex = (text2, length) => {
  if (!isHex(text2, length)) throw new InputError(`${JSON.stringify(String(text2).slice(0, 80))} is not ${length === void 0 ? "" : `${2 * length} `}lower-case hex digits`);
  return hexToBytes(text2);
};
var isPlain = (text2) => !/[\u0000-\u001f\u007f-\u009f]/.test(text2);
var ZERO_HASH = new Uint8Array(32);

// src/limits.ts
var TRANSACTION_BYTES = 16384;
var DEPLOY_BYTES = 40960;
var CONTRACT_CODE_BYTES = 32768;
var CONTRACT_INIT_INPUT = 4096;
var CONTRACT_INPUT = 8192;
var CONTRACT_OUTPUT = 1024;
var CONTRACT_PAYMENTS = 128;
var CONTRACT_EVENTS = 16;
var CONTRACT_TOPIC = 64;
var CONTRACT_EVENT = 1024;
var GAS_PER_BLOCK_LEAST = 5000000n;
var OUTPUTS = 128;
var MEMO_BYTES = 256;
var TOPIC_BYTES = 64;
var RECORD_BYTES = 8192;
var TITLE_BYTES = 256;
var PARTIES = 32;
var REASON_BYTES = 256;
var ID_BYTES = 63;
var MEMBER_NAME_BYTES = 64;
var NETWORK_NAME_BYTES = 64;
var SYMBOL_BYTES = 12;
var DECIMALS = 9;
var VOTERS = 128;
var UPGRADES = 32;
var ALLOCATIONS = 1e4;
var OVERRIDES = 64;
var HEADER_BYTES = 264;
var RECEIPT_BYTES = 64 * 1024 * 1024;
var STEPS = 64;
var HANDOVERS = 1024;
var KEYSTORE = { memoryKib: 1024 * 1024, passes: 16, lanes: 16 };
var U32 = 2 ** 32 - 1;
var U64 = 2n ** 64n - 1n;
var U128 = 2n ** 128n - 1n;

// src/codec.ts
var DecodeError = class extends BouyaError {
  name = "DecodeError";
};
var isNodeId = (text2) => text2.length <= ID_BYTES && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text2) && !/^[0-9]*$/.test(text2) && text2 !== "ca";
var integer = (value, bytes) => {
  const data = new Uint8Array(bytes);
  for (let at = 0, rest = value; at < bytes; at += 1, rest >>= 8n) data[at] = Number(rest & 0xffn);
  return data;
};
var u8 = (value) => integer(BigInt(value), 1);
var u16 = (value) => integer(BigInt(value), 2);
var u32 = (value) => integer(BigInt(value), 4);
var u128 = (value) => integer(value, 16);
var u64 = (value) => {
  if (typeof value !== "bigint" || value < 0n || value > U64) throw new InputError(`${value} is not a bigint from 0 to 2^64 - 1`);
  return integer(value, 8);
};
var counted = (data) => concat(u32(data.length), data);
var listed = (items) => concat(u32(items.length), ...items);
var text = (value, most, what) => {
  if (!value.isWellFormed()) throw new InputError(`${what}: half a character is no text`);
  const data = utf8(value);
  if (data.length > most) throw new InputError(`${what}: ${data.length} bytes of text where at most ${most} are allowed`);
  if (!isPlain(value)) throw new InputError(`${what}: control characters are not allowed`);
  return counted(data);
};
var nodeId = (id) => {
  if (!isNodeId(id)) throw new InputError(`${JSON.stringify(id.slice(0, 80))} is no node id: lower-case letters, digits and hyphens, such as "alice"`);
  return counted(utf8(id));
};
var Reader = class {
  constructor(data) {
    this.data = data;
  }
  data;
  at = 0;
  take(count) {
    if (this.at + count > this.data.length) throw new DecodeError("it ends too early");
    this.at += count;
    return this.data.slice(this.at - count, this.at);
  }
  integer(bytes) {
    return this.take(bytes).reduceRight((value, byte) => value << 8n | BigInt(byte), 0n);
  }
  u8() {
    return Number(this.integer(1));
  }
  u32() {
    return Number(this.integer(4));
  }
  u64() {
    return this.integer(8);
  }
  hex(bytes) {
    return toHex(this.take(bytes));
  }
  hash() {
    return this.hex(32);
  }
  /** A number below `count`. */
  choice(count, what) {
    const number2 = this.u8();
    if (number2 >= count) throw new DecodeError(`${what} ${number2} is unknown`);
    return number2;
  }
  flag() {
    return this.choice(2, "a flag of") === 1;
  }
  option(read) {
    return this.flag() ? read() : null;
  }
  count(most) {
    const count = this.u32();
    if (count > most) throw new DecodeError(`${count} items where at most ${most} are allowed`);
    return count;
  }
  list(most, read) {
    const items = [];
    for (let left = this.count(most); left > 0; left -= 1) items.push(read());
    return items;
  }
  bytes(most) {
    return this.take(this.count(most));
  }
  text(most) {
    const data = this.bytes(most);
    let found;
    try {
      found = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
    } catch {
      throw new DecodeError("text is not UTF-8");
    }
    if (!isPlain(found)) throw new DecodeError("control characters in text");
    return found;
  }
  nodeId() {
    const id = this.text(ID_BYTES);
    if (!isNodeId(id)) throw new DecodeError(`${JSON.stringify(id)} is not a node id`);
    return id;
  }
  /** Nothing may follow a value. */
  end() {
    if (this.at !== this.data.length) throw new DecodeError("something follows its end");
  }
};
var decodeHex = (hex2, read) => {
  const reader = new Reader(fromHex(hex2));
  const value = read(reader);
  reader.end();
  return value;
};

// node_modules/@noble/hashes/_u64.js
var U32_MASK64 = /* @__PURE__ */ (() => BigInt(2 ** 32 - 1))();
var _32n = /* @__PURE__ */ BigInt(32);
function fromBig(n, le = false) {
  if (le)
    return { h: Number(n & U32_MASK64), l: Number(n >> _32n & U32_MASK64) };
  return { h: Number(n >> _32n & U32_MASK64) | 0, l: Number(n & U32_MASK64) | 0 };
}
function split(lst, le = false) {
  const len = lst.length;
  let Ah = new Uint32Array(len);
  let Al = new Uint32Array(len);
  for (let i = 0; i < len; i++) {
    const { h: h2, l } = fromBig(lst[i], le);
    [Ah[i], Al[i]] = [h2, l];
  }
  return [Ah, Al];
}
var fromNumH = (n) => n / 2 ** 32 | 0;
var fromNumL = (n) => n >>> 0;
function setU64FromNum(view, byteOffset, n, isLE) {
  const h2 = fromNumH(n);
  const l = fromNumL(n);
  view.setUint32(byteOffset, isLE ? l : h2, isLE);
  view.setUint32(byteOffset + 4, isLE ? h2 : l, isLE);
}
var shrSH = (h2, _l, s) => h2 >>> s;
var shrSL = (h2, l, s) => h2 << 32 - s | l >>> s;
var rotrSH = (h2, l, s) => h2 >>> s | l << 32 - s;
var rotrSL = (h2, l, s) => h2 << 32 - s | l >>> s;
var rotrBH = (h2, l, s) => h2 << 64 - s | l >>> s - 32;
var rotrBL = (h2, l, s) => h2 >>> s - 32 | l << 64 - s;
function add(Ah, Al, Bh, Bl) {
  const l = (Al >>> 0) + (Bl >>> 0);
  return { h: Ah + Bh + (l / 2 ** 32 | 0) | 0, l: l | 0 };
}
var add3L = (Al, Bl, Cl) => (Al >>> 0) + (Bl >>> 0) + (Cl >>> 0);
var add3H = (low, Ah, Bh, Ch) => Ah + Bh + Ch + (low / 2 ** 32 | 0) | 0;
var add4L = (Al, Bl, Cl, Dl) => (Al >>> 0) + (Bl >>> 0) + (Cl >>> 0) + (Dl >>> 0);
var add4H = (low, Ah, Bh, Ch, Dh) => Ah + Bh + Ch + Dh + (low / 2 ** 32 | 0) | 0;
var add5L = (Al, Bl, Cl, Dl, El) => (Al >>> 0) + (Bl >>> 0) + (Cl >>> 0) + (Dl >>> 0) + (El >>> 0);
var add5H = (low, Ah, Bh, Ch, Dh, Eh) => Ah + Bh + Ch + Dh + Eh + (low / 2 ** 32 | 0) | 0;

// node_modules/@noble/hashes/_md.js
function Chi(a, b, c) {
  return a & b ^ ~a & c;
}
function Maj(a, b, c) {
  return a & b ^ a & c ^ b & c;
}
var HashMD = class {
  blockLen;
  outputLen;
  canXOF = false;
  padOffset;
  isLE;
  // For partial updates less than block size
  buffer;
  view;
  finished = false;
  length = 0;
  pos = 0;
  destroyed = false;
  constructor(blockLen, outputLen, padOffset, isLE) {
    this.blockLen = blockLen;
    this.outputLen = outputLen;
    this.padOffset = padOffset;
    this.isLE = isLE;
    this.buffer = new Uint8Array(blockLen);
    this.view = createView(this.buffer);
  }
  update(data) {
    aexists(this);
    abytes(data);
    const { view, buffer, blockLen } = this;
    const len = data.length;
    let processed = false;
    for (let pos = 0; pos < len; ) {
      const take = Math.min(blockLen - this.pos, len - pos);
      if (take === blockLen) {
        const dataView = createView(data);
        for (; blockLen <= len - pos; pos += blockLen)
          this.process(dataView, pos);
        processed = true;
        continue;
      }
      buffer.set(pos === 0 && take === len ? data : data.subarray(pos, pos + take), this.pos);
      this.pos += take;
      pos += take;
      if (this.pos === blockLen) {
        this.process(view, 0);
        this.pos = 0;
        processed = true;
      }
    }
    this.length += data.length;
    if (processed)
      this.roundClean();
    return this;
  }
  digestInto(out) {
    aexists(this);
    aoutput(out, this);
    this.finished = true;
    const { buffer, view, blockLen, isLE } = this;
    let { pos } = this;
    buffer[pos++] = 128;
    buffer.fill(0, pos);
    if (this.padOffset > blockLen - pos) {
      this.process(view, 0);
      buffer.fill(0);
    }
    setU64FromNum(view, blockLen - 8, this.length * 8, isLE);
    this.process(view, 0);
    this.roundClean();
    const oview = out === buffer ? view : createView(out);
    const len = this.outputLen;
    const outLen = len / 4;
    const state = this.get();
    if (len % 4 || outLen > state.length)
      throw new Error("invalid outputLen");
    for (let i = 0; i < outLen; i++)
      oview.setUint32(4 * i, state[i], isLE);
  }
  digest() {
    const { buffer, outputLen } = this;
    this.digestInto(buffer);
    const res = buffer.slice(0, outputLen);
    this.destroy();
    return res;
  }
  _cloneIntoMeta(to) {
    const { buffer, length, finished, destroyed, pos } = this;
    to.destroyed = destroyed;
    to.finished = finished;
    to.length = length;
    to.pos = pos;
    if (pos)
      to.buffer.set(buffer);
    return to;
  }
  clone() {
    return this._cloneInto();
  }
};
var SHA256_IV = /* @__PURE__ */ Uint32Array.from([
  1779033703,
  3144134277,
  1013904242,
  2773480762,
  1359893119,
  2600822924,
  528734635,
  1541459225
]);
var SHA512_IV = /* @__PURE__ */ Uint32Array.from([
  1779033703,
  4089235720,
  3144134277,
  2227873595,
  1013904242,
  4271175723,
  2773480762,
  1595750129,
  1359893119,
  2917565137,
  2600822924,
  725511199,
  528734635,
  4215389547,
  1541459225,
  327033209
]);

// node_modules/@noble/hashes/sha2.js
var SHA256_K = /* @__PURE__ */ Uint32Array.from([
  1116352408,
  1899447441,
  3049323471,
  3921009573,
  961987163,
  1508970993,
  2453635748,
  2870763221,
  3624381080,
  310598401,
  607225278,
  1426881987,
  1925078388,
  2162078206,
  2614888103,
  3248222580,
  3835390401,
  4022224774,
  264347078,
  604807628,
  770255983,
  1249150122,
  1555081692,
  1996064986,
  2554220882,
  2821834349,
  2952996808,
  3210313671,
  3336571891,
  3584528711,
  113926993,
  338241895,
  666307205,
  773529912,
  1294757372,
  1396182291,
  1695183700,
  1986661051,
  2177026350,
  2456956037,
  2730485921,
  2820302411,
  3259730800,
  3345764771,
  3516065817,
  3600352804,
  4094571909,
  275423344,
  430227734,
  506948616,
  659060556,
  883997877,
  958139571,
  1322822218,
  1537002063,
  1747873779,
  1955562222,
  2024104815,
  2227730452,
  2361852424,
  2428436474,
  2756734187,
  3204031479,
  3329325298
]);
var SHA256_W = /* @__PURE__ */ new Uint32Array(64);
var SHA2_32B = class extends HashMD {
  // We cannot use array here since array allows indexing by variable
  // which means optimizer/compiler cannot use registers.
  // Numeric initializers matter: starting the fields as `undefined` changes
  // V8's field representation and makes sha256 3x slower (measured).
  A = 0;
  B = 0;
  C = 0;
  D = 0;
  E = 0;
  F = 0;
  G = 0;
  H = 0;
  constructor(outputLen, IV) {
    super(64, outputLen, 8, false);
    this.A = IV[0] | 0;
    this.B = IV[1] | 0;
    this.C = IV[2] | 0;
    this.D = IV[3] | 0;
    this.E = IV[4] | 0;
    this.F = IV[5] | 0;
    this.G = IV[6] | 0;
    this.H = IV[7] | 0;
  }
  get() {
    const { A, B, C, D, E, F, G, H } = this;
    return [A, B, C, D, E, F, G, H];
  }
  // prettier-ignore
  set(A, B, C, D, E, F, G, H) {
    this.A = A | 0;
    this.B = B | 0;
    this.C = C | 0;
    this.D = D | 0;
    this.E = E | 0;
    this.F = F | 0;
    this.G = G | 0;
    this.H = H | 0;
  }
  _cloneInto(to) {
    (to ||= new this.constructor()).set(...this.get());
    return this._cloneIntoMeta(to);
  }
  process(view, offset) {
    for (let i = 0; i < 16; i++, offset += 4)
      SHA256_W[i] = view.getUint32(offset, false);
    for (let i = 16; i < 64; i++) {
      const W15 = SHA256_W[i - 15];
      const W2 = SHA256_W[i - 2];
      const s0 = rotr(W15, 7) ^ rotr(W15, 18) ^ W15 >>> 3;
      const s1 = rotr(W2, 17) ^ rotr(W2, 19) ^ W2 >>> 10;
      SHA256_W[i] = s1 + SHA256_W[i - 7] + s0 + SHA256_W[i - 16] | 0;
    }
    let { A, B, C, D, E, F, G, H } = this;
    for (let i = 0; i < 64; i++) {
      const sigma1 = rotr(E, 6) ^ rotr(E, 11) ^ rotr(E, 25);
      const T1 = H + sigma1 + Chi(E, F, G) + SHA256_K[i] + SHA256_W[i] | 0;
      const sigma0 = rotr(A, 2) ^ rotr(A, 13) ^ rotr(A, 22);
      const T2 = sigma0 + Maj(A, B, C) | 0;
      H = G;
      G = F;
      F = E;
      E = D + T1 | 0;
      D = C;
      C = B;
      B = A;
      A = T1 + T2 | 0;
    }
    A = A + this.A | 0;
    B = B + this.B | 0;
    C = C + this.C | 0;
    D = D + this.D | 0;
    E = E + this.E | 0;
    F = F + this.F | 0;
    G = G + this.G | 0;
    H = H + this.H | 0;
    this.set(A, B, C, D, E, F, G, H);
  }
  roundClean() {
    clean(SHA256_W);
  }
  destroy() {
    this.destroyed = true;
    this.set(0, 0, 0, 0, 0, 0, 0, 0);
    clean(this.buffer);
  }
};
var _SHA256 = class extends SHA2_32B {
  constructor() {
    super(32, SHA256_IV);
  }
};
var K512 = /* @__PURE__ */ (() => split([
  "0x428a2f98d728ae22",
  "0x7137449123ef65cd",
  "0xb5c0fbcfec4d3b2f",
  "0xe9b5dba58189dbbc",
  "0x3956c25bf348b538",
  "0x59f111f1b605d019",
  "0x923f82a4af194f9b",
  "0xab1c5ed5da6d8118",
  "0xd807aa98a3030242",
  "0x12835b0145706fbe",
  "0x243185be4ee4b28c",
  "0x550c7dc3d5ffb4e2",
  "0x72be5d74f27b896f",
  "0x80deb1fe3b1696b1",
  "0x9bdc06a725c71235",
  "0xc19bf174cf692694",
  "0xe49b69c19ef14ad2",
  "0xefbe4786384f25e3",
  "0x0fc19dc68b8cd5b5",
  "0x240ca1cc77ac9c65",
  "0x2de92c6f592b0275",
  "0x4a7484aa6ea6e483",
  "0x5cb0a9dcbd41fbd4",
  "0x76f988da831153b5",
  "0x983e5152ee66dfab",
  "0xa831c66d2db43210",
  "0xb00327c898fb213f",
  "0xbf597fc7beef0ee4",
  "0xc6e00bf33da88fc2",
  "0xd5a79147930aa725",
  "0x06ca6351e003826f",
  "0x142929670a0e6e70",
  "0x27b70a8546d22ffc",
  "0x2e1b21385c26c926",
  "0x4d2c6dfc5ac42aed",
  "0x53380d139d95b3df",
  "0x650a73548baf63de",
  "0x766a0abb3c77b2a8",
  "0x81c2c92e47edaee6",
  "0x92722c851482353b",
  "0xa2bfe8a14cf10364",
  "0xa81a664bbc423001",
  "0xc24b8b70d0f89791",
  "0xc76c51a30654be30",
  "0xd192e819d6ef5218",
  "0xd69906245565a910",
  "0xf40e35855771202a",
  "0x106aa07032bbd1b8",
  "0x19a4c116b8d2d0c8",
  "0x1e376c085141ab53",
  "0x2748774cdf8eeb99",
  "0x34b0bcb5e19b48a8",
  "0x391c0cb3c5c95a63",
  "0x4ed8aa4ae3418acb",
  "0x5b9cca4f7763e373",
  "0x682e6ff3d6b2b8a3",
  "0x748f82ee5defb2fc",
  "0x78a5636f43172f60",
  "0x84c87814a1f0ab72",
  "0x8cc702081a6439ec",
  "0x90befffa23631e28",
  "0xa4506cebde82bde9",
  "0xbef9a3f7b2c67915",
  "0xc67178f2e372532b",
  "0xca273eceea26619c",
  "0xd186b8c721c0c207",
  "0xeada7dd6cde0eb1e",
  "0xf57d4f7fee6ed178",
  "0x06f067aa72176fba",
  "0x0a637dc5a2c898a6",
  "0x113f9804bef90dae",
  "0x1b710b35131c471b",
  "0x28db77f523047d84",
  "0x32caab7b40c72493",
  "0x3c9ebe0a15c9bebc",
  "0x431d67c49c100d4c",
  "0x4cc5d4becb3e42b6",
  "0x597f299cfc657e2a",
  "0x5fcb6fab3ad6faec",
  "0x6c44198c4a475817"
].map((n) => BigInt(n))))();
var SHA512_Kh = /* @__PURE__ */ (() => K512[0])();
var SHA512_Kl = /* @__PURE__ */ (() => K512[1])();
var SHA512_W_H = /* @__PURE__ */ new Uint32Array(80);
var SHA512_W_L = /* @__PURE__ */ new Uint32Array(80);
var SHA2_64B = class extends HashMD {
  // We cannot use array here since array allows indexing by variable
  // which means optimizer/compiler cannot use registers.
  // h -- high 32 bits, l -- low 32 bits
  // Numeric initializers matter: starting the fields as `undefined` changes
  // V8's field representation and slows hashing down (measured on sha256).
  Ah = 0;
  Al = 0;
  Bh = 0;
  Bl = 0;
  Ch = 0;
  Cl = 0;
  Dh = 0;
  Dl = 0;
  Eh = 0;
  El = 0;
  Fh = 0;
  Fl = 0;
  Gh = 0;
  Gl = 0;
  Hh = 0;
  Hl = 0;
  constructor(outputLen, IV) {
    super(128, outputLen, 16, false);
    this.Ah = IV[0] | 0;
    this.Al = IV[1] | 0;
    this.Bh = IV[2] | 0;
    this.Bl = IV[3] | 0;
    this.Ch = IV[4] | 0;
    this.Cl = IV[5] | 0;
    this.Dh = IV[6] | 0;
    this.Dl = IV[7] | 0;
    this.Eh = IV[8] | 0;
    this.El = IV[9] | 0;
    this.Fh = IV[10] | 0;
    this.Fl = IV[11] | 0;
    this.Gh = IV[12] | 0;
    this.Gl = IV[13] | 0;
    this.Hh = IV[14] | 0;
    this.Hl = IV[15] | 0;
  }
  // prettier-ignore
  get() {
    const { Ah, Al, Bh, Bl, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl } = this;
    return [Ah, Al, Bh, Bl, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl];
  }
  // prettier-ignore
  set(Ah, Al, Bh, Bl, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl) {
    this.Ah = Ah | 0;
    this.Al = Al | 0;
    this.Bh = Bh | 0;
    this.Bl = Bl | 0;
    this.Ch = Ch | 0;
    this.Cl = Cl | 0;
    this.Dh = Dh | 0;
    this.Dl = Dl | 0;
    this.Eh = Eh | 0;
    this.El = El | 0;
    this.Fh = Fh | 0;
    this.Fl = Fl | 0;
    this.Gh = Gh | 0;
    this.Gl = Gl | 0;
    this.Hh = Hh | 0;
    this.Hl = Hl | 0;
  }
  _cloneInto(to) {
    (to ||= new this.constructor()).set(...this.get());
    return this._cloneIntoMeta(to);
  }
  process(view, offset) {
    for (let i = 0; i < 16; i++, offset += 4) {
      SHA512_W_H[i] = view.getUint32(offset);
      SHA512_W_L[i] = view.getUint32(offset += 4);
    }
    for (let i = 16; i < 80; i++) {
      const W15h = SHA512_W_H[i - 15] | 0;
      const W15l = SHA512_W_L[i - 15] | 0;
      const s0h = rotrSH(W15h, W15l, 1) ^ rotrSH(W15h, W15l, 8) ^ shrSH(W15h, W15l, 7);
      const s0l = rotrSL(W15h, W15l, 1) ^ rotrSL(W15h, W15l, 8) ^ shrSL(W15h, W15l, 7);
      const W2h = SHA512_W_H[i - 2] | 0;
      const W2l = SHA512_W_L[i - 2] | 0;
      const s1h = rotrSH(W2h, W2l, 19) ^ rotrBH(W2h, W2l, 61) ^ shrSH(W2h, W2l, 6);
      const s1l = rotrSL(W2h, W2l, 19) ^ rotrBL(W2h, W2l, 61) ^ shrSL(W2h, W2l, 6);
      const SUMl = add4L(s0l, s1l, SHA512_W_L[i - 7], SHA512_W_L[i - 16]);
      const SUMh = add4H(SUMl, s0h, s1h, SHA512_W_H[i - 7], SHA512_W_H[i - 16]);
      SHA512_W_H[i] = SUMh | 0;
      SHA512_W_L[i] = SUMl | 0;
    }
    let { Ah, Al, Bh, Bl, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl } = this;
    for (let i = 0; i < 80; i++) {
      const sigma1h = rotrSH(Eh, El, 14) ^ rotrSH(Eh, El, 18) ^ rotrBH(Eh, El, 41);
      const sigma1l = rotrSL(Eh, El, 14) ^ rotrSL(Eh, El, 18) ^ rotrBL(Eh, El, 41);
      const CHIh = Eh & Fh ^ ~Eh & Gh;
      const CHIl = El & Fl ^ ~El & Gl;
      const T1ll = add5L(Hl, sigma1l, CHIl, SHA512_Kl[i], SHA512_W_L[i]);
      const T1h = add5H(T1ll, Hh, sigma1h, CHIh, SHA512_Kh[i], SHA512_W_H[i]);
      const T1l = T1ll | 0;
      const sigma0h = rotrSH(Ah, Al, 28) ^ rotrBH(Ah, Al, 34) ^ rotrBH(Ah, Al, 39);
      const sigma0l = rotrSL(Ah, Al, 28) ^ rotrBL(Ah, Al, 34) ^ rotrBL(Ah, Al, 39);
      const MAJh = Ah & Bh ^ Ah & Ch ^ Bh & Ch;
      const MAJl = Al & Bl ^ Al & Cl ^ Bl & Cl;
      Hh = Gh | 0;
      Hl = Gl | 0;
      Gh = Fh | 0;
      Gl = Fl | 0;
      Fh = Eh | 0;
      Fl = El | 0;
      ({ h: Eh, l: El } = add(Dh | 0, Dl | 0, T1h | 0, T1l | 0));
      Dh = Ch | 0;
      Dl = Cl | 0;
      Ch = Bh | 0;
      Cl = Bl | 0;
      Bh = Ah | 0;
      Bl = Al | 0;
      const All = add3L(T1l, sigma0l, MAJl);
      Ah = add3H(All, T1h, sigma0h, MAJh);
      Al = All | 0;
    }
    ({ h: Ah, l: Al } = add(this.Ah | 0, this.Al | 0, Ah | 0, Al | 0));
    ({ h: Bh, l: Bl } = add(this.Bh | 0, this.Bl | 0, Bh | 0, Bl | 0));
    ({ h: Ch, l: Cl } = add(this.Ch | 0, this.Cl | 0, Ch | 0, Cl | 0));
    ({ h: Dh, l: Dl } = add(this.Dh | 0, this.Dl | 0, Dh | 0, Dl | 0));
    ({ h: Eh, l: El } = add(this.Eh | 0, this.El | 0, Eh | 0, El | 0));
    ({ h: Fh, l: Fl } = add(this.Fh | 0, this.Fl | 0, Fh | 0, Fl | 0));
    ({ h: Gh, l: Gl } = add(this.Gh | 0, this.Gl | 0, Gh | 0, Gl | 0));
    ({ h: Hh, l: Hl } = add(this.Hh | 0, this.Hl | 0, Hh | 0, Hl | 0));
    this.set(Ah, Al, Bh, Bl, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl);
  }
  roundClean() {
    clean(SHA512_W_H, SHA512_W_L);
  }
  destroy() {
    this.destroyed = true;
    clean(this.buffer);
    this.set(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }
};
var _SHA512 = class extends SHA2_64B {
  constructor() {
    super(64, SHA512_IV);
  }
};
var sha256 = /* @__PURE__ */ createHasher(
  () => new _SHA256(),
  /* @__PURE__ */ oidNist(1)
);
var sha512 = /* @__PURE__ */ createHasher(
  () => new _SHA512(),
  /* @__PURE__ */ oidNist(3)
);

// src/hash.ts
var double = (data) => sha256(sha256(data));
var tagged = (tag, ...parts) => sha256(concat(sha256(utf8(tag)), ...parts));
var hashDocument = async (document2) => {
  if (document2 instanceof Uint8Array) return toHex(sha256(document2));
  if (document2 instanceof ArrayBuffer) return toHex(sha256(new Uint8Array(document2)));
  const source = document2 instanceof Blob ? document2.stream() : document2;
  const hash = sha256.create();
  for await (const piece of pieces(source)) hash.update(piece);
  return toHex(hash.digest());
};
async function* pieces(source) {
  if (!("getReader" in source)) return yield* source;
  const reader = source.getReader();
  try {
    for (; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}

// src/address.ts
var PREFIX = "bouya";
var LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
var GENERATOR = [996825010, 642813549, 513874426, 1027748829, 705979059];
var BECH32M = 734539939;
var ED25519 = 0;
var CONTRACT = 1;
var BYTES = 33;
var DIGITS = 53;
var CHECK_DIGITS = 6;
var checksum = (digits) => {
  const codes = [...PREFIX].map((letter) => letter.charCodeAt(0));
  let check = 1;
  for (const value of [...codes.map((code2) => code2 >> 5), 0, ...codes.map((code2) => code2 & 31), ...digits]) {
    const top = check >>> 25;
    check = (check & 33554431) << 5 ^ value;
    GENERATOR.forEach((factor, at) => {
      if (top >>> at & 1) check ^= factor;
    });
  }
  return check;
};
var regroup = (groups, from, to) => {
  const found = [];
  let [held, bits] = [0, 0];
  for (const group of groups) {
    held = held << from | group;
    for (bits += from; bits >= to; ) {
      bits -= to;
      found.push(held >>> bits);
      held &= (1 << bits) - 1;
    }
  }
  if (bits > 0) found.push(held << to - bits);
  return found;
};
var addressText = (bytes) => {
  const digits = regroup(bytes, 8, 5);
  const sum = checksum([...digits, ...Array(CHECK_DIGITS).fill(0)]) ^ BECH32M;
  for (let at = CHECK_DIGITS - 1; at >= 0; at -= 1) digits.push(sum >>> 5 * at & 31);
  return `${PREFIX}1${digits.map((digit) => LETTERS[digit]).join("")}`;
};
var addressBytes = (text2) => {
  const wrong = () => new InputError(`${JSON.stringify(String(text2).slice(0, 100))} is not an address: a character is wrong or missing; copy the whole bouya1… text again`);
  if (typeof text2 !== "string" || text2 !== text2.toLowerCase() && text2 !== text2.toUpperCase()) throw wrong();
  const lower = text2.toLowerCase();
  const digits = [...lower.slice(PREFIX.length + 1)].map((letter) => LETTERS.indexOf(letter));
  if (!lower.startsWith(`${PREFIX}1`) || digits.length !== DIGITS + CHECK_DIGITS || digits.includes(-1) || checksum(digits) !== BECH32M) throw wrong();
  if ((digits[DIGITS - 1] ?? 0) & 1) throw wrong();
  return Uint8Array.from(regroup(digits.slice(0, DIGITS), 5, 8).slice(0, BYTES));
};
var addressOfKey = (key) => {
  const kind = Uint8Array.of(ED25519);
  return addressText(concat(kind, tagged("bouya address", kind, fromHex(key, 32))));
};
var addressOfContract = (deployer, nonce, code2, input) => {
  const kind = Uint8Array.of(CONTRACT);
  return addressText(concat(kind, tagged("bouya address", kind, addressBytes(deployer), u64(nonce), code2, input)));
};
var isContract = (address) => addressBytes(address)[0] === CONTRACT;
var isSignedFor = (address) => addressBytes(address)[0] === ED25519;

// src/action.ts
var RESPONSES = ["sign", "refuse"];
var encodeMember = ({ id, key, governor, name }) => concat(nodeId(id), fromHex(key, 32), addressBytes(governor), text(name, MEMBER_NAME_BYTES, "a member's name"));
var readMember = (reader) => ({
  id: reader.nodeId(),
  key: reader.hex(32),
  governor: addressText(reader.take(33)),
  name: reader.text(MEMBER_NAME_BYTES)
});
var readContent = (reader) => reader.choice(2, "content") === 0 ? { data: reader.bytes(RECORD_BYTES) } : { hash: reader.hash(), name: reader.text(TITLE_BYTES) };
var readChange = (reader) => {
  switch (reader.choice(4, "change")) {
    case 0:
      return { type: "add", member: readMember(reader), proof: reader.hex(64) };
    case 1:
      return { type: "remove", id: reader.nodeId() };
    case 2:
      return { type: "governor", id: reader.nodeId(), governor: addressText(reader.take(33)) };
    default:
      return { type: "upgrade", version: reader.u32(), height: reader.u64() };
  }
};
var readKeys = (reader) => {
  const id = reader.nodeId();
  const proven = reader.option(() => ({ key: reader.hex(32), proof: reader.hex(64) }));
  const governor = reader.option(() => addressText(reader.take(33)));
  return { type: "keys", id, key: proven?.key ?? null, proof: proven?.proof ?? null, governor };
};
var readCall = (reader) => {
  const [contract, code2, size] = [addressText(reader.take(33)), reader.hash(), reader.u32()];
  return { type: "call", contract, code: code2, size, input: reader.bytes(CONTRACT_INPUT), value: reader.u64(), gas: reader.u64() };
};
var readAction = (reader) => {
  switch (reader.choice(10, "action")) {
    case 0:
      return { type: "transfer", outputs: reader.list(OUTPUTS, () => ({ to: addressText(reader.take(33)), amount: reader.u64() })), memo: reader.text(MEMO_BYTES) };
    case 1:
      return { type: "record", topic: reader.text(TOPIC_BYTES), content: readContent(reader) };
    case 2:
      return { type: "propose", title: reader.text(TITLE_BYTES), document: reader.hash(), parties: reader.list(PARTIES, () => addressText(reader.take(33))), deadline: reader.u64() };
    case 3:
      return { type: "respond", agreement: reader.hash(), document: reader.hash(), response: RESPONSES[reader.choice(2, "response")] ?? "refuse" };
    case 4:
      return { type: "withdraw", agreement: reader.hash() };
    case 5:
      return { type: "motion", change: readChange(reader), reason: reader.text(REASON_BYTES), until: reader.u64() };
    case 6:
      return { type: "ballot", motion: reader.hash(), yes: reader.flag() };
    case 7:
      return readKeys(reader);
    case 8:
      return { type: "deploy", code: reader.bytes(CONTRACT_CODE_BYTES), input: reader.bytes(CONTRACT_INIT_INPUT), value: reader.u64(), gas: reader.u64() };
    default:
      return readCall(reader);
  }
};
var memberMessage = ({ id, key, governor }) => concat(utf8("bouya new member\0"), nodeId(id), fromHex(key, 32), addressBytes(governor));
var keysMessage = (network, sender, nonce, { id, key, governor }) => concat(utf8("bouya own keys\0"), fromHex(network, 32), nodeId(id), fromHex(key, 32), addressBytes(governor ?? sender), u64(nonce));
var checkGovernor = (id, governor, key) => {
  const fits = isSignedFor(governor) && (key === null || addressOfKey(key) !== governor);
  if (!fits) throw new InputError(`the governor of ${id} must be the address of an ed25519 key, and not that of its member key`);
};
var checkAction = (action, sender, nonce, network) => {
  switch (action.type) {
    case "transfer":
      if (action.outputs.length === 0) throw new InputError("the transfer pays nobody: give at least one output");
      if (action.outputs.length > OUTPUTS) throw new InputError(`a transfer has at most ${OUTPUTS} outputs`);
      if (action.outputs.some(({ amount }) => amount === 0n)) throw new InputError("an output of the transfer pays 0: give an amount above 0");
      return [];
    case "record":
      if (action.topic === "") throw new InputError("the record has no topic: give one");
      return [];
    case "propose":
      checkProposal(action.title, action.parties, sender);
      return [];
    case "motion":
      return checkChange(action.change);
    case "keys": {
      if (action.key === null && action.governor === null) throw new InputError("it names neither a new member key nor a new governor");
      checkGovernor(action.id, action.governor ?? sender, action.key);
      const { key, proof } = action;
      if (key === null || proof === null) return [];
      return [{ key: fromHex(key, 32), message: keysMessage(network, sender, nonce, { ...action, key }), signature: fromHex(proof, 64) }];
    }
    case "call":
      if (!isContract(action.contract)) throw new InputError(`${action.contract} is no contract's address`);
      if (action.size > CONTRACT_CODE_BYTES) throw new InputError(`the call states code of ${action.size} bytes; at most ${CONTRACT_CODE_BYTES} are allowed`);
      return [];
    default:
      return [];
  }
};
var checkProposal = (title, parties, sender) => {
  if (title === "") throw new InputError("the proposal has no title: give one");
  if (parties.length === 0) throw new InputError("the proposal names no party: give at least one besides the proposer");
  if (parties.length > PARTIES) throw new InputError(`a proposal names at most ${PARTIES} parties`);
  const named = new Set([sender, ...parties].map((party) => toHex(addressBytes(party))));
  if (named.size !== parties.length + 1) throw new InputError("name every party once, and not the proposer, who signs by proposing");
};
var checkChange = (change) => {
  if (change.type === "governor") checkGovernor(change.id, change.governor, null);
  if (change.type !== "add") return [];
  const { id, key, governor } = change.member;
  checkGovernor(id, governor, key);
  return [{ key: fromHex(key, 32), message: memberMessage(change.member), signature: fromHex(change.proof, 64) }];
};
var paid = (action) => {
  if (action.type === "transfer") return action.outputs.reduce((sum, { amount }) => sum + amount, 0n);
  return "value" in action ? action.value : 0n;
};
var checkCost = (action, fee) => {
  if (fee + paid(action) > U64) throw new InputError("fee, outputs and value together are more than the ledger can count");
};
var documentOf = (action) => {
  switch (action.type) {
    case "record":
      return "data" in action.content ? toHex(sha256(action.content.data)) : action.content.hash;
    case "propose":
    case "respond":
      return action.document;
    default:
      return null;
  }
};
var beginning = (tag, senderKey, nonce, fields2) => toHex(tagged(`bouya ${tag}`, fromHex(senderKey, 32), u64(nonce), fields2));
var contractOf = (action, sender, nonce) => {
  if (action.type === "call") return action.contract;
  if (action.type !== "deploy") return null;
  return addressOfContract(sender, nonce, sha256(action.code), sha256(action.input));
};

// src/amount.ts
var parseAmount = (text2, coin) => {
  const found = /^([0-9]+)(?:\.([0-9]+))?$/.exec(text2);
  if (!found) throw new InputError(`${JSON.stringify(String(text2).slice(0, 60))} is not an amount: write digits, with a point before the decimals, as in 12.5`);
  const [, whole = "", fraction = ""] = found;
  if (fraction.length > coin.decimals) throw new InputError(`${text2} has ${fraction.length} decimals, this network's coin has ${coin.decimals}`);
  const amount = BigInt(whole + fraction.padEnd(coin.decimals, "0"));
  if (amount > U64) throw new InputError(`${text2} is more than the ledger can count`);
  return amount;
};
var formatAmount = (amount, coin) => {
  const digits = amount.toString().padStart(coin.decimals + 1, "0");
  const point = digits.length - coin.decimals;
  const fraction = digits.slice(point).replace(/0+$/, "");
  return fraction === "" ? digits.slice(0, point) : `${digits.slice(0, point)}.${fraction}`;
};

// node_modules/@noble/curves/utils.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
function aarray(item, title, inner = () => {
}) {
  if (!Array.isArray(item))
    throw new TypeError(`"${title}" expected array, got type=${typeof item}`);
  for (let i = 0; i < item.length; i++)
    inner(item[i], `${title}[${i}]`);
  return item;
}
var abytes2 = (value, length, title) => abytes(value, length, title);
var anumber2 = anumber;
function aobject2(value, title = "object") {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new TypeError(title === "object" ? "expected valid options object" : `"${title}" expected object, got type=${typeof value}`);
  return value;
}
function afunction(value, title) {
  if (typeof value !== "function")
    throw new TypeError(`"${title}" is invalid: expected function, got ${typeof value}`);
  return value;
}
var bytesToHex2 = bytesToHex;
var concatBytes2 = (...arrays) => concatBytes(...arrays);
var hexToBytes2 = (hex2) => hexToBytes(hex2);
var isBytes2 = isBytes;
var randomBytes2 = (bytesLength) => randomBytes(bytesLength);
var _0n = /* @__PURE__ */ BigInt(0);
var _1n = /* @__PURE__ */ BigInt(1);
var atitle2 = (title) => title ? `"${title}" ` : "";
function abool(value, title = "") {
  if (typeof value !== "boolean")
    throw new TypeError(atitle2(title) + "expected boolean, got type=" + typeof value);
  return value;
}
function abignumber(n) {
  if (typeof n === "bigint") {
    if (!isPosBig(n))
      throw new RangeError("positive bigint expected, got " + n);
  } else
    anumber2(n);
  return n;
}
function asafenumber(value, title = "") {
  if (typeof value !== "number") {
    const prefix = title && `"${title}" `;
    throw new TypeError(prefix + "expected number, got type=" + typeof value);
  }
  if (!Number.isSafeInteger(value)) {
    const prefix = title && `"${title}" `;
    throw new RangeError(prefix + "expected safe integer, got " + value);
  }
}
function hexToNumber(hex2) {
  if (typeof hex2 !== "string")
    throw new TypeError("hex string expected, got " + typeof hex2);
  return hex2 === "" ? _0n : BigInt("0x" + hex2);
}
function bytesToNumberBE(bytes) {
  return hexToNumber(bytesToHex(bytes));
}
function bytesToNumberLE(bytes) {
  return hexToNumber(bytesToHex(copyBytes(abytes(bytes)).reverse()));
}
function numberToBytesBE(n, len) {
  anumber(len);
  if (len === 0)
    throw new Error("zero output length is invalid");
  n = abignumber(n);
  const expectedLen = len * 2;
  const hex2 = n.toString(16);
  if (hex2.length > expectedLen)
    throw new RangeError("number is too large");
  return hexToBytes(hex2.padStart(expectedLen, "0"));
}
function numberToBytesLE(n, len) {
  return numberToBytesBE(n, len).reverse();
}
function copyBytes(bytes) {
  return Uint8Array.from(abytes2(bytes));
}
function isPosBig(n) {
  return typeof n === "bigint" && _0n <= n;
}
function inRange(n, min, max) {
  return isPosBig(n) && isPosBig(min) && isPosBig(max) && min <= n && n < max;
}
function aInRange(title, n, min, max) {
  if (!inRange(n, min, max))
    throw new RangeError("expected valid " + title + ": " + min + " <= n < " + max + ", got " + n);
}
function bitLen(n) {
  if (n < _0n)
    throw new Error("expected non-negative bigint, got " + n);
  return n === _0n ? 0 : n.toString(2).length;
}
var bitMask = (n) => {
  asafenumber(n, "n");
  return (_1n << BigInt(n)) - _1n;
};
function validateObject(object, fields2 = {}, optFields = {}, title = "object") {
  aobject2(object, title);
  aobject2(fields2, "fields");
  aobject2(optFields, "optFields");
  function checkField(fieldName, expectedType, isOpt) {
    const label = title === "object" ? `param "${String(fieldName)}"` : `"${title}.${String(fieldName)}"`;
    const val = object[fieldName];
    if (!Object.hasOwn(object, fieldName) && (isOpt ? val !== void 0 : expectedType !== "function")) {
      throw new TypeError(`${label} is invalid: expected own property`);
    }
    if (isOpt && val === void 0)
      return;
    const current = typeof val;
    if (current !== expectedType || val === null)
      throw new TypeError(`${label} is invalid: expected ${expectedType}, got ${current}`);
  }
  const iter = (f, isOpt) => Object.entries(f).forEach(([k, v]) => checkField(k, v, isOpt));
  iter(fields2, false);
  iter(optFields, true);
}

// node_modules/@noble/curves/abstract/modular.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var _0n2 = /* @__PURE__ */ BigInt(0);
var _1n2 = /* @__PURE__ */ BigInt(1);
var _2n = /* @__PURE__ */ BigInt(2);
var _3n = /* @__PURE__ */ BigInt(3);
var _4n = /* @__PURE__ */ BigInt(4);
var _5n = /* @__PURE__ */ BigInt(5);
var _7n = /* @__PURE__ */ BigInt(7);
var _8n = /* @__PURE__ */ BigInt(8);
var _9n = /* @__PURE__ */ BigInt(9);
var _15n = /* @__PURE__ */ BigInt(15);
var _16n = /* @__PURE__ */ BigInt(16);
var POW_WINDOWED_MIN = /* @__PURE__ */ BigInt("0x10000000000000000");
function mod(a, b) {
  if (b <= _0n2)
    throw new Error("mod: expected positive modulus, got " + b);
  const result = a % b;
  return result >= _0n2 ? result : b + result;
}
function pow(num, power, modulo) {
  if (modulo <= _1n2)
    throw new Error("pow: expected modulus > 1, got " + modulo);
  if (typeof power !== "bigint")
    throw new TypeError("invalid exponent: expected bigint, got " + typeof power);
  if (power < _0n2)
    throw new Error("invalid exponent, negatives unsupported");
  if (power === _0n2)
    return _1n2;
  if (power === _1n2)
    return num;
  let d = num % modulo;
  if (d < _0n2)
    d += modulo;
  if (power < POW_WINDOWED_MIN) {
    let p2 = _1n2;
    while (power > _0n2) {
      if (power & _1n2)
        p2 = p2 * d % modulo;
      d = d * d % modulo;
      power >>= _1n2;
    }
    return p2;
  }
  const digits = [];
  while (power > _0n2) {
    digits.push(Number(power & _15n));
    power >>= _4n;
  }
  const table = new Array(16);
  table[0] = _1n2;
  table[1] = d;
  for (let i = 2; i < 16; i++)
    table[i] = table[i - 1] * d % modulo;
  let p = table[digits[digits.length - 1]];
  for (let w = digits.length - 2; w >= 0; w--) {
    p = p * p % modulo;
    p = p * p % modulo;
    p = p * p % modulo;
    p = p * p % modulo;
    const digit = digits[w];
    if (digit !== 0)
      p = p * table[digit] % modulo;
  }
  return p;
}
function pow2(x, power, modulo) {
  if (modulo <= _1n2)
    throw new Error("pow2: expected modulus > 1, got " + modulo);
  if (power < _0n2)
    throw new Error("pow2: expected non-negative exponent, got " + power);
  let res = x;
  while (power-- > _0n2) {
    res *= res;
    res %= modulo;
  }
  return res;
}
function invert(number2, modulo) {
  if (number2 === _0n2)
    throw new Error("invert: expected non-zero number");
  if (modulo <= _1n2)
    throw new Error("invert: expected modulus > 1, got " + modulo);
  let a = mod(number2, modulo);
  let b = modulo;
  let x = _0n2, u = _1n2;
  while (a !== _0n2) {
    const q = b / a;
    const r = b - a * q;
    const m = x - u * q;
    b = a, a = r, x = u, u = m;
  }
  const gcd = b;
  if (gcd !== _1n2)
    throw new Error("invert: does not exist");
  return mod(x, modulo);
}
function assertIsSquare(Fp2, root, n) {
  const F = Fp2;
  if (!F.eql(F.sqr(root), n))
    throw new Error("Cannot find square root");
}
function aoddModulus(order, fnName) {
  if ((order & _1n2) === _0n2)
    throw new Error(fnName + ": expected odd modulus, got " + order);
}
function sqrt3mod4(Fp2, n) {
  const F = Fp2;
  const p1div4 = (F.ORDER + _1n2) / _4n;
  const root = F.pow(n, p1div4);
  assertIsSquare(F, root, n);
  return root;
}
function sqrt5mod8(Fp2, n) {
  const F = Fp2;
  const p5div8 = (F.ORDER - _5n) / _8n;
  const n2 = F.mul(n, _2n);
  const v = F.pow(n2, p5div8);
  const nv = F.mul(n, v);
  const i = F.mul(F.mul(nv, _2n), v);
  const root = F.mul(nv, F.sub(i, F.ONE));
  assertIsSquare(F, root, n);
  return root;
}
function sqrt9mod16(P) {
  const Fp_ = Field(P);
  const tn = tonelliShanks(P);
  const c1 = tn(Fp_, Fp_.neg(Fp_.ONE));
  const c2 = tn(Fp_, c1);
  const c3 = tn(Fp_, Fp_.neg(c1));
  const c4 = (P + _7n) / _16n;
  return ((Fp2, n) => {
    const F = Fp2;
    let tv1 = F.pow(n, c4);
    let tv2 = F.mul(tv1, c1);
    const tv3 = F.mul(tv1, c2);
    const tv4 = F.mul(tv1, c3);
    const e1 = F.eql(F.sqr(tv2), n);
    const e2 = F.eql(F.sqr(tv3), n);
    tv1 = F.cmov(tv1, tv2, e1);
    tv2 = F.cmov(tv4, tv3, e2);
    const e3 = F.eql(F.sqr(tv2), n);
    const root = F.cmov(tv1, tv2, e3);
    assertIsSquare(F, root, n);
    return root;
  });
}
function tonelliShanks(P) {
  if (P < _3n)
    throw new Error("sqrt is not defined for small field");
  aoddModulus(P, "tonelliShanks");
  let Q = P - _1n2;
  let S = 0;
  while (Q % _2n === _0n2) {
    Q /= _2n;
    S++;
  }
  let Z = _2n;
  const _Fp = Field(P);
  while (FpLegendre(_Fp, Z) === 1) {
    if (Z++ > 1e3)
      throw new Error("Cannot find square root: probably non-prime P");
  }
  if (S === 1)
    return sqrt3mod4;
  let cc = _Fp.pow(Z, Q);
  const Q1div2 = (Q + _1n2) / _2n;
  return function tonelliSlow(Fp2, n) {
    const F = Fp2;
    if (F.is0(n))
      return n;
    if (FpLegendre(F, n) !== 1)
      throw new Error("Cannot find square root");
    let M = S;
    let c = F.mul(F.ONE, cc);
    let t = F.pow(n, Q);
    let R = F.pow(n, Q1div2);
    while (!F.eql(t, F.ONE)) {
      if (F.is0(t))
        throw new Error("Cannot find square root: probably non-prime P");
      let i = 1;
      let t_tmp = F.sqr(t);
      while (!F.eql(t_tmp, F.ONE)) {
        i++;
        t_tmp = F.sqr(t_tmp);
        if (i === M)
          throw new Error("Cannot find square root");
      }
      const exponent = _1n2 << BigInt(M - i - 1);
      const b = F.pow(c, exponent);
      M = i;
      c = F.sqr(b);
      t = F.mul(t, c);
      R = F.mul(R, b);
    }
    return R;
  };
}
function FpSqrt(P) {
  aoddModulus(P, "Fp.sqrt");
  if (P % _4n === _3n)
    return sqrt3mod4;
  if (P % _8n === _5n)
    return sqrt5mod8;
  if (P % _16n === _9n)
    return sqrt9mod16(P);
  return tonelliShanks(P);
}
var isNegativeLE = (num, modulo) => (mod(num, modulo) & _1n2) === _1n2;
var FIELD_FIELDS = [
  "create",
  "isValid",
  "is0",
  "neg",
  "inv",
  "sqrt",
  "sqr",
  "eql",
  "add",
  "sub",
  "mul",
  "pow",
  "div",
  "addN",
  "subN",
  "mulN",
  "sqrN"
];
function validateField(field) {
  aobject2(field, "field");
  if (typeof field.ORDER !== "bigint")
    throw new TypeError('param "ORDER" is invalid: expected bigint, got ' + typeof field.ORDER);
  asafenumber(field.BYTES, "BYTES");
  asafenumber(field.BITS, "BITS");
  for (const name of FIELD_FIELDS)
    afunction(field[name], "field." + name);
  if (field.BYTES < 1 || field.BITS < 1)
    throw new Error("invalid field: expected BYTES/BITS > 0");
  if (field.ORDER <= _1n2)
    throw new Error("invalid field: expected ORDER > 1, got " + field.ORDER);
  return field;
}
function FpInvertBatch(Fp2, nums, passZero = false) {
  validateField(Fp2);
  aarray(nums, "nums");
  abool(passZero, "passZero");
  const F = Fp2;
  const inverted = new Array(nums.length).fill(passZero ? F.ZERO : void 0);
  const multipliedAcc = nums.reduce((acc, num, i) => {
    if (F.is0(num))
      return acc;
    inverted[i] = acc;
    return F.mul(acc, num);
  }, F.ONE);
  const invertedAcc = F.inv(multipliedAcc);
  nums.reduceRight((acc, num, i) => {
    if (F.is0(num))
      return acc;
    inverted[i] = F.mul(acc, inverted[i]);
    return F.mul(acc, num);
  }, invertedAcc);
  return inverted;
}
function FpLegendre(Fp2, n) {
  validateField(Fp2);
  const F = Fp2;
  aoddModulus(F.ORDER, "FpLegendre");
  const p1mod2 = (F.ORDER - _1n2) / _2n;
  const powered = F.pow(n, p1mod2);
  const yes = F.eql(powered, F.ONE);
  const zero = F.eql(powered, F.ZERO);
  const no = F.eql(powered, F.neg(F.ONE));
  if (!yes && !zero && !no)
    throw new Error("invalid Legendre symbol result");
  return yes ? 1 : zero ? 0 : -1;
}
function nLength(n, nBitLength) {
  if (nBitLength !== void 0)
    anumber2(nBitLength);
  if (n <= _0n2)
    throw new Error("invalid n length: expected positive n, got " + n);
  if (nBitLength !== void 0 && nBitLength < 1)
    throw new Error("invalid n length: expected positive bit length, got " + nBitLength);
  const bits = bitLen(n);
  if (nBitLength !== void 0 && nBitLength < bits)
    throw new Error(`invalid n length: expected nBitLength (${nBitLength}) >= bitLen(n) (${bits})`);
  const _nBitLength = nBitLength !== void 0 ? nBitLength : bits;
  const nByteLength = Math.ceil(_nBitLength / 8);
  return { nBitLength: _nBitLength, nByteLength };
}
var FIELD_SQRT = /* @__PURE__ */ new WeakMap();
var _Field = class {
  ORDER;
  BITS;
  BYTES;
  isLE;
  ZERO = _0n2;
  ONE = _1n2;
  _lengths;
  _mod;
  constructor(ORDER, opts = {}) {
    if (ORDER <= _1n2)
      throw new Error("invalid field: expected ORDER > 1, got " + ORDER);
    let _nbitLength = void 0;
    this.isLE = false;
    if (opts != null && typeof opts === "object") {
      if (typeof opts.BITS === "number")
        _nbitLength = opts.BITS;
      if (typeof opts.sqrt === "function")
        Object.defineProperty(this, "sqrt", { value: opts.sqrt, enumerable: true });
      if (typeof opts.isLE === "boolean")
        this.isLE = opts.isLE;
      if (opts.allowedLengths)
        this._lengths = Object.freeze(opts.allowedLengths.slice());
      if (typeof opts.modFromBytes === "boolean")
        this._mod = opts.modFromBytes;
    }
    const { nBitLength, nByteLength } = nLength(ORDER, _nbitLength);
    if (nByteLength > 2048)
      throw new Error("invalid field: expected ORDER of <= 2048 bytes");
    this.ORDER = ORDER;
    this.BITS = nBitLength;
    this.BYTES = nByteLength;
    Object.freeze(this);
  }
  create(num) {
    return mod(num, this.ORDER);
  }
  isValid(num) {
    if (typeof num !== "bigint")
      throw new TypeError("invalid field element: expected bigint, got " + typeof num);
    return _0n2 <= num && num < this.ORDER;
  }
  is0(num) {
    return num === _0n2;
  }
  // is valid and invertible
  isValidNot0(num) {
    return !this.is0(num) && this.isValid(num);
  }
  isOdd(num) {
    return (num & _1n2) === _1n2;
  }
  neg(num) {
    return mod(-num, this.ORDER);
  }
  eql(lhs, rhs) {
    return lhs === rhs;
  }
  sqr(num) {
    return mod(num * num, this.ORDER);
  }
  add(lhs, rhs) {
    return mod(lhs + rhs, this.ORDER);
  }
  sub(lhs, rhs) {
    return mod(lhs - rhs, this.ORDER);
  }
  mul(lhs, rhs) {
    return mod(lhs * rhs, this.ORDER);
  }
  pow(num, power) {
    return pow(num, power, this.ORDER);
  }
  div(lhs, rhs) {
    return mod(lhs * invert(rhs, this.ORDER), this.ORDER);
  }
  // Same as above, but doesn't normalize
  sqrN(num) {
    return num * num;
  }
  addN(lhs, rhs) {
    return lhs + rhs;
  }
  subN(lhs, rhs) {
    return lhs - rhs;
  }
  mulN(lhs, rhs) {
    return lhs * rhs;
  }
  inv(num) {
    return invert(num, this.ORDER);
  }
  sqrt(num) {
    let sqrt = FIELD_SQRT.get(this);
    if (!sqrt)
      FIELD_SQRT.set(this, sqrt = FpSqrt(this.ORDER));
    return sqrt(this, num);
  }
  toBytes(num) {
    return this.isLE ? numberToBytesLE(num, this.BYTES) : numberToBytesBE(num, this.BYTES);
  }
  fromBytes(bytes, skipValidation = false) {
    abytes2(bytes);
    const { _lengths: allowedLengths, BYTES: BYTES2, isLE, ORDER, _mod: modFromBytes } = this;
    if (allowedLengths) {
      if (bytes.length < 1 || !allowedLengths.includes(bytes.length) || bytes.length > BYTES2) {
        throw new Error("Field.fromBytes: expected " + allowedLengths + " bytes, got " + bytes.length);
      }
      const padded = new Uint8Array(BYTES2);
      padded.set(bytes, isLE ? 0 : padded.length - bytes.length);
      bytes = padded;
    }
    if (bytes.length !== BYTES2)
      throw new Error("Field.fromBytes: expected " + BYTES2 + " bytes, got " + bytes.length);
    let scalar = isLE ? bytesToNumberLE(bytes) : bytesToNumberBE(bytes);
    if (modFromBytes)
      scalar = mod(scalar, ORDER);
    if (!skipValidation) {
      if (!this.isValid(scalar))
        throw new Error("invalid field element: outside of range 0..ORDER");
    }
    return scalar;
  }
  // TODO: we don't need it here, move out to separate fn
  invertBatch(lst) {
    return FpInvertBatch(this, lst, true);
  }
  // We can't move this out because Fp6, Fp12 implement it
  // and it's unclear what to return in there.
  cmov(a, b, condition) {
    abool(condition, "condition");
    return condition ? b : a;
  }
};
function Field(ORDER, opts = {}) {
  Object.freeze(_Field.prototype);
  return new _Field(ORDER, opts);
}

// node_modules/@noble/curves/abstract/curve.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var _0n3 = /* @__PURE__ */ BigInt(0);
var _1n3 = /* @__PURE__ */ BigInt(1);
var _4n2 = /* @__PURE__ */ BigInt(4);
var BLIND_BYTES = 16;
var BLIND_BITS = 128;
var FW_WINDOW = 5;
var TABLE_BYTES_MAX = /* @__PURE__ */ (() => 2 ** 31)();
function validatePointCons(Point) {
  const pc = Point;
  if (typeof pc !== "function")
    throw new TypeError('"Point" expected constructor, got type=' + typeof Point);
  afunction(pc.fromAffine, "Point.fromAffine");
  afunction(pc.fromBytes, "Point.fromBytes");
  afunction(pc.fromHex, "Point.fromHex");
  aobject2(pc.BASE, "Point.BASE");
  aobject2(pc.ZERO, "Point.ZERO");
  validateField(pc.Fp);
  validateField(pc.Fn);
}
function normalizeZ(c, points) {
  validatePointCons(c);
  validateMSMPoints(points, c);
  const invertedZs = FpInvertBatch(c.Fp, points.map((p) => p.Z));
  return points.map((p, i) => c.fromAffine(p.toAffine(invertedZs[i])));
}
function validateW(W, bits, min = 1) {
  if (!Number.isSafeInteger(W) || W < min || W > bits)
    throw new Error("invalid window size, expected [" + min + ".." + bits + "], got W=" + W);
}
function validateTableBytes(numPoints, fpBytes) {
  const bytes = numPoints * (4 * fpBytes + 128);
  if (bytes > TABLE_BYTES_MAX)
    throw new Error("invalid window size: table would need ~" + Math.ceil(bytes / 2 ** 20) + " MiB, max " + TABLE_BYTES_MAX / 2 ** 20 + " MiB");
}
function probeRandomBytes(randomBytes3, length) {
  if (randomBytes3 === void 0)
    return void 0;
  afunction(randomBytes3, "randomBytes");
  try {
    const probe = randomBytes3(length);
    if (!isBytes2(probe) || probe.length !== length)
      return void 0;
  } catch {
    return void 0;
  }
  return randomBytes3;
}
function validateMSMPoints(points, c) {
  aarray(points, "points");
  points.forEach((p, i) => {
    if (!(p instanceof c))
      throw new Error("invalid point at index " + i);
  });
}
function validateMSMScalars(scalars, field, maxScalar) {
  if (!Array.isArray(scalars))
    throw new Error("array of scalars expected");
  scalars.forEach((s, i) => {
    const ok = maxScalar === void 0 ? field.isValid(s) : isPosBig(s) && s < maxScalar;
    if (!ok)
      throw new Error("invalid scalar at index " + i);
  });
}
var pointWindowSizes = /* @__PURE__ */ new WeakMap();
function getWindowSize(P) {
  return pointWindowSizes.get(P) || 1;
}
function oddMultiples(p, size) {
  const dbl = p.double();
  const t = [p];
  for (let j = 1; j < size; j++)
    t.push(t[j - 1].add(dbl));
  return t;
}
function wnafDigits(n, W) {
  const size = 2 ** W;
  const half = size / 2;
  const mask = BigInt(size - 1);
  const d = [];
  while (n > _0n3) {
    let w = 0;
    if (n & _1n3) {
      w = Number(n & mask);
      if (w >= half)
        w -= size;
      n -= BigInt(w);
    }
    d.push(w);
    n >>= _1n3;
  }
  return d;
}
function signedWindowDigits(n, W, windows) {
  const size = 2 ** W;
  const half = size / 2;
  const mask = BigInt(size - 1);
  const shiftBy = BigInt(W);
  const d = [];
  for (let w = 0; w < windows; w++) {
    let v = Number(n & mask);
    n >>= shiftBy;
    if (v > half) {
      v -= size;
      n += _1n3;
    }
    d.push(v);
  }
  if (n !== _0n3)
    throw new Error("invalid wnaf");
  return d;
}
function wnafWalk(zero, tables, digits) {
  let max = 0;
  for (const d of digits)
    max = Math.max(max, d.length);
  let acc = zero;
  for (let bit = max - 1; bit >= 0; bit--) {
    if (bit !== max - 1)
      acc = acc.double();
    for (let i = 0; i < digits.length; i++) {
      const w = digits[i][bit];
      if (w) {
        const item = tables[i][Math.abs(w) - 1 >> 1];
        acc = acc.add(w < 0 ? item.negate() : item);
      }
    }
  }
  return acc;
}
var ScalarMultiplier = class {
  Point;
  BASE;
  ZERO;
  randomBytes;
  wnafPrecomputes = /* @__PURE__ */ new WeakMap();
  baseCanBeBlinded;
  bits;
  // Parametrized with a given Point class (not individual point)
  constructor(Point, randomBytes3) {
    validatePointCons(Point);
    this.randomBytes = probeRandomBytes(randomBytes3, BLIND_BYTES);
    this.Point = Point;
    this.BASE = Point.BASE;
    this.ZERO = Point.ZERO;
    this.bits = Point.Fn.BITS;
  }
  /**
   * Creates a signed fixed-window wNAF precomputation table: for every window w, the
   * multiples `[1..2^(W−1)]⋅2^(w⋅W)⋅P`, flattened. All doublings are baked into the table,
   * so cached multiplication is additions-only. `windows = ceil(bits/W) + 1`: the extra
   * window absorbs the final carry of signed-digit recoding.
   * For a 256-bit curve and W=6, the table is 44⋅32 = 1408 points.
   * @param point - Point instance
   * @param W - window size
   * @param bits - scalar bitlength the table must cover
   */
  buildWnafTable(point, W, bits) {
    const windows = Math.ceil(bits / W) + 1;
    const half = 2 ** (W - 1);
    const comp = [];
    let base = point;
    for (let w = 0; w < windows; w++) {
      let acc = base;
      for (let i = 0; i < half; i++) {
        comp.push(acc);
        acc = acc.add(base);
      }
      base = comp[comp.length - 1].double();
    }
    return { W, bits, windows, comp };
  }
  /**
   * Implements ec multiplication using precomputed signed fixed-window wNAF tables.
   * Constant-time: fixed window count with one table addition per window — zero digits feed
   * the fake accumulator — and no doublings; the lookup scans the whole window slice.
   * Scalar bounds are validated by the public entry points ({@link ScalarMultiplier.mulCT},
   * {@link ScalarMultiplier.mulCTBlinded}, {@link ScalarMultiplier.mulUnsafe});
   * signedWindowDigits throws if `n` exceeds the table.
   * @returns real and fake (for const-time) points
   */
  wnafCachedCT(precomputes, n) {
    const { W, windows, comp } = precomputes;
    const half = 2 ** (W - 1);
    const digits = signedWindowDigits(n, W, windows);
    let p = this.ZERO;
    let f = this.BASE;
    for (let w = 0; w < windows; w++) {
      const digit = digits[w];
      const start = w * half;
      const idx = Math.abs(digit) - 1;
      let sel = comp[start];
      for (let i = 1; i < half; i++)
        sel = i === idx ? comp[start + i] : sel;
      const neg = sel.negate();
      if (digit === 0)
        f = f.add(comp[start]);
      else
        p = p.add(digit < 0 ? neg : sel);
    }
    return { p, f };
  }
  // Cache key is point identity plus (W, bits); at most two entries exist per point (public-width
  // `Fn.BITS` and blinded `Fn.BITS + BLIND_BITS`). Callers must not reuse the same point with
  // incompatible `transform(...)` layouts and expect a separate cache entry.
  getWnafPrecomputes(W, point, bits, transform) {
    let entries = this.wnafPrecomputes.get(point);
    let comp = entries?.find((entry) => entry.W === W && entry.bits === bits);
    if (!comp) {
      comp = this.buildWnafTable(point, W, bits);
      if (typeof transform === "function")
        comp = { ...comp, comp: transform(comp.comp) };
      if (!entries) {
        entries = [];
        this.wnafPrecomputes.set(point, entries);
      }
      entries.push(comp);
    }
    return comp;
  }
  assertPoint(point) {
    if (!(point instanceof this.Point))
      throw new TypeError('"point" expected Point instance, got type=' + typeof point);
  }
  // Shared prologue of the constant-time entry points. Rejects scalar 0: in key/signature-style
  // callers a zero scalar means broken upstream plumbing, and concrete Points already reject it.
  // Uses inRange instead of Fn.isValidNot0: validateField() only certifies the arithmetic subset.
  validateMulInput(point, scalar) {
    this.assertPoint(point);
    if (!inRange(scalar, _1n3, this.Point.Fn.ORDER))
      throw new Error("invalid scalar");
  }
  // Constant-time dispatch shared by mulCT / mulCTBlinded. Un-precomputed points (W===1, e.g.
  // ECDH peer keys) skip building a throwaway cached table in favor of a small fixed-window
  // multiply. `n` must be < 2^bits.
  runCT(point, n, bits, transform) {
    const W = getWindowSize(point);
    if (W === 1)
      return this.fixedWindowCT(point, n, bits);
    return this.wnafCachedCT(this.getWnafPrecomputes(W, point, bits, transform), n);
  }
  mulCT(point, scalar, transform) {
    this.validateMulInput(point, scalar);
    return this.runCT(point, scalar, this.bits, transform);
  }
  mulCTBlinded(point, scalar, transform) {
    this.validateMulInput(point, scalar);
    if (this.randomBytes === void 0)
      throw new Error("randomBytes is required for scalar blinding");
    const bits = this.Point.Fn.BITS + BLIND_BITS;
    const blind = this.randomBytes(BLIND_BYTES);
    if (!isBytes2(blind) || blind.length !== BLIND_BYTES)
      throw new Error("randomBytes returned invalid byte array");
    blind[0] = blind[0] & 63 | 128;
    const n = scalar + bytesToNumberBE(blind) * this.Point.Fn.ORDER;
    return this.runCT(point, n, bits, transform);
  }
  /**
   * Constant-time multiplication `n*point` for an un-precomputed point, via a small fixed window.
   * A cached wNAF table only pays off when reused; a flat 2^FW_WINDOW table (`size-1` adds) is
   * far cheaper to build for a single use. The point-operation sequence is independent of `n`:
   * build the table, then per window exactly FW_WINDOW doublings, a data-oblivious scan over
   * every table entry, and one addition (adds the identity when the window digit is 0 — never
   * skipped).
   *
   * `n` must be `< 2^bits`. Assumes complete addition (adding the identity costs the same as any
   * add), which holds for the Weierstrass/Edwards point types used here. The table is left in
   * projective form (no normalizeZ): normalizing this small a table costs more than the
   * mixed-add savings it would buy for a single multiply.
   * @returns real point `p`; `f` duplicates it only to match {@link wnafCachedCT}'s return shape
   * (this path needs no fake accumulator — its op-count is already scalar-independent).
   */
  fixedWindowCT(point, n, bits) {
    const W = FW_WINDOW;
    const size = 1 << W;
    const mask = bitMask(W);
    const table = new Array(size);
    table[0] = this.ZERO;
    for (let i = 1; i < size; i++)
      table[i] = table[i - 1].add(point);
    const windows = Math.ceil(bits / W);
    let acc = this.ZERO;
    for (let window = windows - 1; window >= 0; window--) {
      if (window !== windows - 1)
        for (let d = 0; d < W; d++)
          acc = acc.double();
      const digit = Number(n >> BigInt(window * W) & mask);
      let sel = table[0];
      for (let i = 1; i < size; i++)
        sel = i === digit ? table[i] : sel;
      acc = acc.add(sel);
    }
    return { p: acc, f: acc };
  }
  shouldBlind(point, cofactor) {
    if (this.randomBytes === void 0)
      return false;
    if (cofactor === _1n3)
      return true;
    if (point !== this.BASE)
      return false;
    if (this.baseCanBeBlinded === void 0)
      this.baseCanBeBlinded = this.mulUnsafe(this.BASE, this.Point.Fn.ORDER).is0();
    return this.baseCanBeBlinded;
  }
  mulSecret(point, scalar, cofactor, transform) {
    return this.shouldBlind(point, cofactor) ? this.mulCTBlinded(point, scalar, transform) : this.mulCT(point, scalar, transform);
  }
  mulUnsafe(point, scalar, transform) {
    this.assertPoint(point);
    if (!isPosBig(scalar))
      throw new Error("invalid scalar");
    const W = getWindowSize(point);
    if (W === 1 || scalar >= this.Point.Fn.ORDER)
      return mulAddUnsafe(this.Point, [point], [scalar], true);
    const precomputes = this.getWnafPrecomputes(W, point, this.bits, transform);
    return this.wnafCachedCT(precomputes, scalar).p;
  }
  // Remembers the window size used for precomputed wNAF multiplication of the given point
  // and drops any previously built tables. Usually only the base point is precomputed.
  // W=1 resets the point to the un-precomputed (table-less) paths.
  // W is additionally capped so tables stay under ~2 GiB ({@link TABLE_BYTES_MAX}).
  setWindowSize(point, W) {
    this.assertPoint(point);
    validateW(W, this.bits);
    const windows = Math.ceil((this.bits + BLIND_BITS) / W) + 1;
    validateTableBytes(windows * 2 ** (W - 1), this.Point.Fp.BYTES);
    pointWindowSizes.set(point, W);
    this.wnafPrecomputes.delete(point);
  }
  // True when a window size is set: tables themselves are built lazily on first multiply.
  hasWindowSize(point) {
    return getWindowSize(point) !== 1;
  }
};
function mulAddUnsafe(c, points, scalars, allowOversized = false) {
  validatePointCons(c);
  validateMSMPoints(points, c);
  abool(allowOversized, "allowOversized");
  validateMSMScalars(scalars, c.Fn, allowOversized ? c.Fn.ORDER ** _4n2 : void 0);
  if (points.length !== scalars.length)
    throw new Error("arrays of points and scalars must have equal length");
  const tables = points.map((p) => oddMultiples(p, 4));
  const digits = scalars.map((n) => wnafDigits(n, 4));
  return wnafWalk(c.ZERO, tables, digits);
}
function createField(order, field, isLE) {
  if (field) {
    if (field.ORDER !== order)
      throw new Error("Field.ORDER must match order: Fp == p, Fn == n");
    validateField(field);
    return field;
  } else {
    return Field(order, { isLE });
  }
}
function createCurveFields(type, CURVE, curveOpts = {}, FpFnLE) {
  if (type !== "weierstrass" && type !== "edwards")
    throw new Error('expected curve type "weierstrass" or "edwards"');
  if (FpFnLE === void 0)
    FpFnLE = type === "edwards";
  if (!CURVE || typeof CURVE !== "object")
    throw new Error(`expected valid ${type} CURVE object`);
  validateObject(curveOpts);
  for (const p of ["p", "n", "h"]) {
    const val = CURVE[p];
    if (!(isPosBig(val) && val !== _0n3))
      throw new Error(`CURVE.${p} must be positive bigint`);
  }
  const Fp2 = createField(CURVE.p, curveOpts.Fp, FpFnLE);
  const Fn = createField(CURVE.n, curveOpts.Fn, FpFnLE);
  const _b = type === "weierstrass" ? "b" : "d";
  const params = ["Gx", "Gy", "a", _b];
  for (const p of params) {
    if (!Fp2.isValid(CURVE[p]))
      throw new Error(`CURVE.${p} must be valid field element of CURVE.Fp`);
  }
  CURVE = Object.freeze(Object.assign({}, CURVE));
  return { CURVE, Fp: Fp2, Fn };
}
function createKeygen(randomSecretKey, getPublicKey) {
  return function keygen(seed) {
    const secretKey = randomSecretKey(seed);
    return { secretKey, publicKey: getPublicKey(secretKey) };
  };
}

// node_modules/@noble/curves/abstract/edwards.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var _0n4 = /* @__PURE__ */ BigInt(0);
var _1n4 = /* @__PURE__ */ BigInt(1);
var _2n2 = /* @__PURE__ */ BigInt(2);
var _4n3 = /* @__PURE__ */ BigInt(4);
var _8n2 = /* @__PURE__ */ BigInt(8);
function isEdValidXY(Fp2, CURVE, x, y) {
  const x2 = Fp2.sqr(x);
  const y2 = Fp2.sqr(y);
  const left = Fp2.add(Fp2.mul(CURVE.a, x2), y2);
  const right = Fp2.add(Fp2.ONE, Fp2.mul(CURVE.d, Fp2.mul(x2, y2)));
  return Fp2.eql(left, right);
}
function edwards(params, extraOpts = {}) {
  validateObject(extraOpts, {}, {}, "extraOpts");
  const opts = extraOpts;
  const validated = createCurveFields("edwards", params, opts, opts.FpFnLE);
  const { Fp: Fp2, Fn } = validated;
  let CURVE = validated.CURVE;
  const { h: cofactor } = CURVE;
  if (FpLegendre(Fp2, CURVE.a) !== 1)
    throw new Error("edwards: CURVE.a must be a square in Fp for complete addition formulas");
  if (FpLegendre(Fp2, CURVE.d) !== -1)
    throw new Error("edwards: CURVE.d must be a non-square in Fp for complete addition formulas");
  validateObject(opts, {}, { uvRatio: "function", randomBytes: "function" });
  const randomBytes3 = opts.randomBytes === void 0 ? randomBytes2 : opts.randomBytes;
  const MASK = _2n2 << BigInt(Fp2.BYTES * 8) - _1n4;
  function isOdd(n) {
    if (!Fp2.isOdd)
      throw new Error("Field does not have .isOdd()");
    return Fp2.isOdd(n);
  }
  const uvRatio2 = opts.uvRatio === void 0 ? (u, v) => {
    try {
      return { isValid: true, value: Fp2.sqrt(Fp2.div(u, v)) };
    } catch (e) {
      return { isValid: false, value: _0n4 };
    }
  } : opts.uvRatio;
  if (!isEdValidXY(Fp2, CURVE, CURVE.Gx, CURVE.Gy))
    throw new Error("bad curve params: generator point");
  const mulA = Fp2.eql(CURVE.a, Fp2.neg(Fp2.ONE)) ? (x) => Fp2.neg(x) : Fp2.eql(CURVE.a, Fp2.ONE) ? (x) => x : (x) => Fp2.mul(CURVE.a, x);
  function acoord(title, n, banZero = false) {
    const min = banZero ? _1n4 : _0n4;
    aInRange("coordinate " + title, n, min, MASK);
    return n;
  }
  function aedpoint(other) {
    if (!(other instanceof Point))
      throw new Error("EdwardsPoint expected");
  }
  class Point {
    static BASE = new Point(CURVE.Gx, CURVE.Gy, Fp2.ONE, Fp2.mul(CURVE.Gx, CURVE.Gy));
    static ZERO = new Point(Fp2.ZERO, Fp2.ONE, Fp2.ONE, Fp2.ZERO);
    static Fp = Fp2;
    static Fn = Fn;
    X;
    Y;
    Z;
    T;
    constructor(X, Y, Z, T) {
      this.X = acoord("x", X);
      this.Y = acoord("y", Y);
      this.Z = acoord("z", Z, true);
      this.T = acoord("t", T);
      Object.freeze(this);
    }
    static CURVE() {
      return CURVE;
    }
    /**
     * Create one extended Edwards point from affine coordinates.
     * Does NOT validate that the point is on-curve or torsion-free.
     * Use `.assertValidity()` on adversarial inputs.
     */
    static fromAffine(p) {
      if (p instanceof Point)
        throw new Error("extended point not allowed");
      const { x, y } = p || {};
      acoord("x", x);
      acoord("y", y);
      return new Point(x, y, Fp2.ONE, Fp2.mul(x, y));
    }
    // Uses algo from RFC8032 5.1.3.
    static fromBytes(bytes, zip215 = false) {
      const len = Fp2.BYTES;
      const { a, d } = CURVE;
      bytes = copyBytes(abytes2(bytes, len, "point"));
      abool(zip215, "zip215");
      const normed = copyBytes(bytes);
      const lastByte = bytes[len - 1];
      normed[len - 1] = lastByte & ~128;
      const y = bytesToNumberLE(normed);
      const max = zip215 ? MASK : Fp2.ORDER;
      aInRange("point.y", y, _0n4, max);
      const y2 = Fp2.sqr(y);
      const u = Fp2.sub(y2, Fp2.ONE);
      const v = Fp2.sub(Fp2.mulN(d, y2), a);
      let { isValid, value: x } = uvRatio2(u, v);
      if (!isValid)
        throw new Error("bad point: invalid y coordinate");
      const isXOdd = isOdd(x);
      const isLastByteOdd = (lastByte & 128) !== 0;
      if (!zip215 && Fp2.is0(x) && isLastByteOdd)
        throw new Error("bad point: x=0 and x_0=1");
      if (isLastByteOdd !== isXOdd)
        x = Fp2.neg(x);
      return Point.fromAffine({ x, y });
    }
    static fromHex(hex2, zip215 = false) {
      return Point.fromBytes(hexToBytes2(hex2), zip215);
    }
    get x() {
      return this.toAffine().x;
    }
    get y() {
      return this.toAffine().y;
    }
    precompute(windowSize = 6, isLazy = true) {
      wnaf.setWindowSize(this, windowSize);
      if (!isLazy)
        this.multiply(_2n2);
      return this;
    }
    // Useful in fromAffine() - not for fromBytes(), which always created valid points.
    assertValidity() {
      const p = this;
      const { a, d } = CURVE;
      if (p.is0())
        throw new Error("bad point: ZERO");
      const { X, Y, Z, T } = p;
      const X2 = Fp2.sqr(X);
      const Y2 = Fp2.sqr(Y);
      const Z2 = Fp2.sqr(Z);
      const Z4 = Fp2.sqr(Z2);
      const aX2 = Fp2.mul(X2, a);
      const left = Fp2.mul(Fp2.add(aX2, Y2), Z2);
      const right = Fp2.add(Z4, Fp2.mul(d, Fp2.mul(X2, Y2)));
      if (!Fp2.eql(left, right))
        throw new Error("bad point: equation left != right (1)");
      const XY = Fp2.mul(X, Y);
      const ZT = Fp2.mul(Z, T);
      if (!Fp2.eql(XY, ZT))
        throw new Error("bad point: equation left != right (2)");
    }
    // Compare one point to another.
    equals(other) {
      aedpoint(other);
      const { X: X1, Y: Y1, Z: Z1 } = this;
      const { X: X2, Y: Y2, Z: Z2 } = other;
      const X1Z2 = Fp2.mul(X1, Z2);
      const X2Z1 = Fp2.mul(X2, Z1);
      const Y1Z2 = Fp2.mul(Y1, Z2);
      const Y2Z1 = Fp2.mul(Y2, Z1);
      return Fp2.eql(X1Z2, X2Z1) && Fp2.eql(Y1Z2, Y2Z1);
    }
    is0() {
      return this.equals(Point.ZERO);
    }
    negate() {
      return new Point(Fp2.neg(this.X), this.Y, this.Z, Fp2.neg(this.T));
    }
    // Fast algo for doubling Extended Point.
    // Cost: 4M + 4S + 1*a + 6add + 1*2.
    double() {
      const { X: X1, Y: Y1, Z: Z1 } = this;
      const A = Fp2.sqr(X1);
      const B = Fp2.sqr(Y1);
      const C = Fp2.mul(Fp2.sqr(Z1), _2n2);
      const D = mulA(A);
      const x1y1 = Fp2.addN(X1, Y1);
      const E = Fp2.sub(Fp2.subN(Fp2.sqr(x1y1), A), B);
      const G = Fp2.addN(D, B);
      const F = Fp2.subN(G, C);
      const H = Fp2.subN(D, B);
      const X3 = Fp2.mul(E, F);
      const Y3 = Fp2.mul(G, H);
      const T3 = Fp2.mul(E, H);
      const Z3 = Fp2.mul(F, G);
      return new Point(X3, Y3, Z3, T3);
    }
    // Fast algo for adding 2 Extended Points.
    // Cost: 9M + 1*a + 1*d + 7add.
    add(other) {
      aedpoint(other);
      const { d } = CURVE;
      const { X: X1, Y: Y1, Z: Z1, T: T1 } = this;
      const { X: X2, Y: Y2, Z: Z2, T: T2 } = other;
      const A = Fp2.mul(X1, X2);
      const B = Fp2.mul(Y1, Y2);
      const C = Fp2.mul(Fp2.mulN(T1, d), T2);
      const D = Fp2.mul(Z1, Z2);
      const E = Fp2.sub(Fp2.subN(Fp2.mulN(Fp2.addN(X1, Y1), Fp2.addN(X2, Y2)), A), B);
      const F = Fp2.subN(D, C);
      const G = Fp2.addN(D, C);
      const H = Fp2.sub(B, mulA(A));
      const X3 = Fp2.mul(E, F);
      const Y3 = Fp2.mul(G, H);
      const T3 = Fp2.mul(E, H);
      const Z3 = Fp2.mul(F, G);
      return new Point(X3, Y3, Z3, T3);
    }
    subtract(other) {
      aedpoint(other);
      return this.add(other.negate());
    }
    // Constant-time multiplication.
    multiply(scalar) {
      if (!Fn.isValidNot0(scalar))
        throw new RangeError("invalid scalar: expected 1 <= sc < curve.n");
      const { p, f } = wnaf.mulSecret(this, scalar, cofactor, normalize);
      return normalize([p, f])[0];
    }
    // Non-constant-time multiplication. Uses double-and-add algorithm.
    // It's faster, but should only be used when you don't care about
    // an exposed private key e.g. sig verification.
    // Keeps the same subgroup-scalar contract: 0 is allowed for public-scalar callers, but
    // n and larger values are rejected instead of being reduced mod n to the identity point.
    multiplyUnsafe(scalar) {
      if (!Fn.isValid(scalar))
        throw new RangeError("invalid scalar: expected 0 <= sc < curve.n");
      if (scalar === _0n4)
        return Point.ZERO;
      if (this.is0() || scalar === _1n4)
        return this;
      return wnaf.mulUnsafe(this, scalar, normalize);
    }
    // Checks if point is of small order.
    // If you add something to small order point, you will have "dirty"
    // point with torsion component.
    // Clears cofactor and checks if the result is 0.
    isSmallOrder() {
      return this.clearCofactor().is0();
    }
    // Multiplies point by curve order and checks if the result is 0.
    // Returns `false` is the point is dirty.
    isTorsionFree() {
      return wnaf.mulUnsafe(this, CURVE.n).is0();
    }
    // Converts Extended point to default (x, y) coordinates.
    // Can accept precomputed Z^-1 - for example, from invertBatch.
    toAffine(invertedZ) {
      const p = this;
      let iz = invertedZ;
      if (iz != null && typeof iz !== "bigint")
        throw new TypeError('"invertedZ" expected bigint, got type=' + typeof iz);
      const { X, Y, Z } = p;
      const is0 = p.is0();
      if (iz == null)
        iz = is0 ? Fp2.create(_8n2) : Fp2.inv(Z);
      const x = Fp2.mul(X, iz);
      const y = Fp2.mul(Y, iz);
      const zz = Fp2.mul(Z, iz);
      if (is0)
        return { x: Fp2.ZERO, y: Fp2.ONE };
      if (!Fp2.eql(zz, Fp2.ONE))
        throw new Error("invZ was invalid");
      return { x, y };
    }
    clearCofactor() {
      if (cofactor === _1n4)
        return this;
      if (cofactor === _2n2)
        return this.double();
      if (cofactor === _4n3)
        return this.double().double();
      if (cofactor === _8n2)
        return this.double().double().double();
      return this.multiplyUnsafe(cofactor);
    }
    toBytes() {
      const { x, y } = this.toAffine();
      const bytes = Fp2.toBytes(y);
      bytes[bytes.length - 1] |= isOdd(x) ? 128 : 0;
      return bytes;
    }
    toHex() {
      return bytesToHex2(this.toBytes());
    }
    toString() {
      return `<Point ${this.is0() ? "ZERO" : this.toHex()}>`;
    }
  }
  const normalize = (points) => normalizeZ(Point, points);
  const wnaf = new ScalarMultiplier(Point, randomBytes3);
  if (wnaf.bits >= 6)
    Point.BASE.precompute(6);
  Object.freeze(Point.prototype);
  Object.freeze(Point);
  return Point;
}
function eddsa(Point, cHash, eddsaOpts = {}) {
  validatePointCons(Point);
  if (typeof cHash !== "function")
    throw new Error('"hash" function param is required');
  const hash = cHash;
  const opts = eddsaOpts;
  validateObject(opts, {}, {
    adjustScalarBytes: "function",
    randomBytes: "function",
    domain: "function",
    prehash: "function",
    zip215: "boolean",
    mapToCurve: "function",
    toMontgomery: "function",
    toMontgomerySecret: "function"
  });
  const { prehash } = opts;
  const { BASE, Fp: Fp2, Fn } = Point;
  const outputLen = hash.outputLen;
  const expectedLen = 2 * Fp2.BYTES;
  if (outputLen !== void 0) {
    asafenumber(outputLen, "hash.outputLen");
    if (outputLen !== expectedLen)
      throw new Error(`hash.outputLen must be ${expectedLen}, got ${outputLen}`);
  }
  const randomBytes3 = opts.randomBytes === void 0 ? randomBytes2 : opts.randomBytes;
  const toMontgomery2 = opts.toMontgomery;
  const toMontgomerySecret2 = opts.toMontgomerySecret;
  const adjustScalarBytes2 = opts.adjustScalarBytes === void 0 ? (bytes) => bytes : opts.adjustScalarBytes;
  const domain = opts.domain === void 0 ? (data, ctx, phflag) => {
    abool(phflag, "phflag");
    if (ctx.length || phflag)
      throw new Error("Contexts/pre-hash are not supported");
    return data;
  } : opts.domain;
  function modN_LE(hash2) {
    return Fn.create(bytesToNumberLE(hash2));
  }
  function getPrivateScalar(key) {
    const len = lengths.secretKey;
    abytes2(key, lengths.secretKey, "secretKey");
    const hashed = abytes2(hash(key), 2 * len, "hashedSecretKey");
    const head = adjustScalarBytes2(hashed.slice(0, len));
    const prefix = hashed.slice(len, 2 * len);
    const scalar = modN_LE(head);
    return { head, prefix, scalar };
  }
  function getExtendedPublicKey(secretKey) {
    const { head, prefix, scalar } = getPrivateScalar(secretKey);
    const point = BASE.multiply(scalar);
    const pointBytes = point.toBytes();
    return { head, prefix, scalar, point, pointBytes };
  }
  function getPublicKey(secretKey) {
    return getExtendedPublicKey(secretKey).pointBytes;
  }
  function hashDomainToScalar(context = Uint8Array.of(), ...msgs) {
    const msg = concatBytes2(...msgs);
    return modN_LE(hash(domain(msg, abytes2(context, void 0, "context"), !!prehash)));
  }
  function sign(msg, secretKey, options = {}) {
    validateObject(options, {}, {}, "options");
    msg = copyBytes(abytes2(msg, void 0, "message"));
    if (prehash)
      msg = prehash(msg);
    const { prefix, scalar, pointBytes } = getExtendedPublicKey(secretKey);
    const r = hashDomainToScalar(options.context, prefix, msg);
    const R = BASE.multiply(r).toBytes();
    const k = hashDomainToScalar(options.context, R, pointBytes, msg);
    const s = Fn.create(r + k * scalar);
    if (!Fn.isValid(s))
      throw new Error("sign failed: invalid s");
    const rs = concatBytes2(R, Fn.toBytes(s));
    return abytes2(rs, lengths.signature, "result");
  }
  const verifyOpts = {
    zip215: opts.zip215
  };
  function verify(sig, msg, publicKey, options = verifyOpts) {
    validateObject(options);
    const { context } = options;
    const zip215 = options.zip215 === void 0 ? !!verifyOpts.zip215 : options.zip215;
    const len = lengths.signature;
    sig = abytes2(sig, len, "signature");
    msg = abytes2(msg, void 0, "message");
    publicKey = abytes2(publicKey, lengths.publicKey, "publicKey");
    if (zip215 !== void 0)
      abool(zip215, "zip215");
    if (prehash)
      msg = prehash(msg);
    const mid = len / 2;
    const r = sig.subarray(0, mid);
    const s = bytesToNumberLE(sig.subarray(mid, len));
    let A, R, SB;
    try {
      A = Point.fromBytes(publicKey, zip215);
      R = Point.fromBytes(r, zip215);
      SB = BASE.multiplyUnsafe(s);
    } catch (error) {
      return false;
    }
    if (!zip215 && A.isSmallOrder())
      return false;
    const k = hashDomainToScalar(context, r, publicKey, msg);
    const RkA = R.add(A.multiplyUnsafe(k));
    return RkA.subtract(SB).clearCofactor().is0();
  }
  const _size = Fp2.BYTES;
  const lengths = {
    secretKey: _size,
    publicKey: _size,
    signature: 2 * _size,
    seed: _size
  };
  function randomSecretKey(seed) {
    seed = seed === void 0 ? randomBytes3(lengths.seed) : seed;
    return abytes2(seed, lengths.seed, "seed");
  }
  function isValidSecretKey(key) {
    return isBytes2(key) && key.length === lengths.secretKey;
  }
  function isValidPublicKey(key, zip215) {
    try {
      return !!Point.fromBytes(key, zip215 === void 0 ? verifyOpts.zip215 : zip215);
    } catch (error) {
      return false;
    }
  }
  const utils = {
    getExtendedPublicKey,
    randomSecretKey,
    isValidSecretKey,
    isValidPublicKey,
    /** Converts an Edwards public key to a companion Montgomery public key. */
    toMontgomery(publicKey) {
      if (toMontgomery2 === void 0)
        throw new Error("Montgomery conversion is not supported for this curve");
      return toMontgomery2(Point.fromBytes(publicKey));
    },
    toMontgomerySecret(secretKey) {
      if (toMontgomerySecret2 === void 0)
        throw new Error("Montgomery conversion is not supported for this curve");
      return toMontgomerySecret2(secretKey);
    }
  };
  Object.freeze(lengths);
  Object.freeze(utils);
  return Object.freeze({
    keygen: createKeygen(randomSecretKey, getPublicKey),
    getPublicKey,
    sign,
    verify,
    utils,
    Point,
    lengths
  });
}

// node_modules/@noble/curves/ed25519.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var _1n5 = /* @__PURE__ */ BigInt(1);
var _2n3 = /* @__PURE__ */ BigInt(2);
var _5n2 = /* @__PURE__ */ BigInt(5);
var _8n3 = /* @__PURE__ */ BigInt(8);
var ed25519_CURVE_p = /* @__PURE__ */ BigInt("0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
var ed25519_CURVE = /* @__PURE__ */ (() => ({
  p: ed25519_CURVE_p,
  n: BigInt("0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"),
  h: _8n3,
  a: BigInt("0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec"),
  d: BigInt("0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"),
  Gx: BigInt("0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a"),
  Gy: BigInt("0x6666666666666666666666666666666666666666666666666666666666666658")
}))();
function ed25519_pow_2_252_3(x) {
  const _10n = BigInt(10), _20n = BigInt(20), _40n = BigInt(40), _80n = BigInt(80);
  const P = ed25519_CURVE_p;
  const x2 = x * x % P;
  const b2 = x2 * x % P;
  const b4 = pow2(b2, _2n3, P) * b2 % P;
  const b5 = pow2(b4, _1n5, P) * x % P;
  const b10 = pow2(b5, _5n2, P) * b5 % P;
  const b20 = pow2(b10, _10n, P) * b10 % P;
  const b40 = pow2(b20, _20n, P) * b20 % P;
  const b80 = pow2(b40, _40n, P) * b40 % P;
  const b160 = pow2(b80, _80n, P) * b80 % P;
  const b240 = pow2(b160, _80n, P) * b80 % P;
  const b250 = pow2(b240, _10n, P) * b10 % P;
  const pow_p_5_8 = pow2(b250, _2n3, P) * x % P;
  return { pow_p_5_8, b2 };
}
function adjustScalarBytes(bytes) {
  bytes[0] &= 248;
  bytes[31] &= 127;
  bytes[31] |= 64;
  return bytes;
}
var ED25519_SQRT_M1 = /* @__PURE__ */ BigInt("19681161376707505956807079304988542015446066515923890162744021073123829784752");
function uvRatio(u, v) {
  const P = ed25519_CURVE_p;
  const v3 = mod(v * v * v, P);
  const v7 = mod(v3 * v3 * v, P);
  const pow3 = ed25519_pow_2_252_3(u * v7).pow_p_5_8;
  let x = mod(u * v3 * pow3, P);
  const vx2 = mod(v * x * x, P);
  const root1 = x;
  const root2 = mod(x * ED25519_SQRT_M1, P);
  const useRoot1 = vx2 === u;
  const useRoot2 = vx2 === mod(-u, P);
  const noRoot = vx2 === mod(-u * ED25519_SQRT_M1, P);
  if (useRoot1)
    x = root1;
  if (useRoot2 || noRoot)
    x = root2;
  if (isNegativeLE(x, P))
    x = mod(-x, P);
  return { isValid: useRoot1 || useRoot2, value: x };
}
var ed25519_Point = /* @__PURE__ */ edwards(ed25519_CURVE, { uvRatio });
var Fp = /* @__PURE__ */ (() => ed25519_Point.Fp)();
function toMontgomery(point) {
  const { y } = point;
  return Fp.toBytes(Fp.div(_1n5 + y, _1n5 - y));
}
function toMontgomerySecret(secretKey) {
  const size = ed25519_Point.Fp.BYTES;
  abytes(secretKey, size);
  return adjustScalarBytes(sha512(secretKey.subarray(0, size))).subarray(0, size);
}
function ed(opts) {
  return eddsa(ed25519_Point, sha512, Object.assign({ adjustScalarBytes, toMontgomery, toMontgomerySecret, zip215: true }, opts));
}
var ed25519 = /* @__PURE__ */ ed({});

// src/keys.ts
var isSigned = (key, message, signature) => {
  try {
    return !ed25519.Point.fromBytes(key, true).isSmallOrder() && ed25519.verify(signature, message, key, { zip215: true });
  } catch {
    return false;
  }
};

// node_modules/smol-toml/dist/error.js
/*!
 * Copyright (c) Squirrel Chat et al., All rights reserved.
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * Redistribution and use in source and binary forms, with or without
 * modification, are permitted provided that the following conditions are met:
 *
 * 1. Redistributions of source code must retain the above copyright notice, this
 *    list of conditions and the following disclaimer.
 * 2. Redistributions in binary form must reproduce the above copyright notice,
 *    this list of conditions and the following disclaimer in the
 *    documentation and/or other materials provided with the distribution.
 * 3. Neither the name of the copyright holder nor the names of its contributors
 *    may be used to endorse or promote products derived from this software without
 *    specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND
 * ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
 * WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
 * DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
 * FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
 * DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
 * SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
 * CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
 * OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
 * OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
 */
function getLineColFromPtr(string, ptr) {
  let lines = string.slice(0, ptr).split(/\r?\n/);
  return [lines.length, lines.pop().length + 1];
}
function makeCodeBlock(string, line, column) {
  let lines = string.split(/\r?\n/);
  let codeblock = "";
  let numberLen = (Math.log10(line + 1) | 0) + 1;
  for (let i = line - 1; i <= line + 1; i++) {
    let l = lines[i - 1];
    if (!l)
      continue;
    codeblock += i.toString().padEnd(numberLen, " ");
    codeblock += ":  ";
    codeblock += l;
    codeblock += "\n";
    if (i === line) {
      codeblock += " ".repeat(numberLen + column + 2);
      codeblock += "^\n";
    }
  }
  return codeblock;
}
var TomlError = class _TomlError extends Error {
  line;
  column;
  codeblock;
  constructor(message, options) {
    const [line, column] = getLineColFromPtr(options.toml, options.ptr);
    const codeblock = makeCodeBlock(options.toml, line, column);
    super(`Invalid TOML document: ${message}

${codeblock}`, options);
    this.line = line;
    this.column = column;
    this.codeblock = codeblock;
  }
  /** @internal */
  static x(message, ctx, ptr) {
    throw new _TomlError(message, { toml: ctx.s, ptr: ptr ?? ctx.p });
  }
};

// node_modules/smol-toml/dist/primitive.js
/*!
 * Copyright (c) Squirrel Chat et al., All rights reserved.
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * Redistribution and use in source and binary forms, with or without
 * modification, are permitted provided that the following conditions are met:
 *
 * 1. Redistributions of source code must retain the above copyright notice, this
 *    list of conditions and the following disclaimer.
 * 2. Redistributions in binary form must reproduce the above copyright notice,
 *    this list of conditions and the following disclaimer in the
 *    documentation and/or other materials provided with the distribution.
 * 3. Neither the name of the copyright holder nor the names of its contributors
 *    may be used to endorse or promote products derived from this software without
 *    specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND
 * ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
 * WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
 * DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
 * FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
 * DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
 * SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
 * CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
 * OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
 * OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
 */
function parseString(ctx) {
  let startPtr = ctx.p;
  let c = ctx.s.charCodeAt(ctx.p++);
  let first = c;
  let isLiteral = c === 39;
  let isMultiline = c === ctx.s.charCodeAt(ctx.p) && c === ctx.s.charCodeAt(ctx.p + 1);
  if (isMultiline) {
    if ((c = ctx.s.charCodeAt(ctx.p += 2)) === 10)
      ctx.p++;
    else if (c === 13 && ctx.s.charCodeAt(ctx.p + 1) === 10)
      ctx.p += 2;
  }
  let parsed2 = "";
  let sliceStart = ctx.p;
  let state = 0;
  for (; ctx.p < ctx.s.length; ctx.p++) {
    c = ctx.s.charCodeAt(ctx.p);
    if (isMultiline && (c === 10 || c === 13 && ctx.s.charCodeAt(ctx.p + 1) === 10)) {
      state = state && 3;
    } else if (c < 32 && c !== 9 || c === 127) {
      TomlError.x("control characters are not allowed in strings", ctx);
    } else if ((!state || state === 3) && c === first && (!isMultiline || ctx.s.charCodeAt(ctx.p + 1) === first && ctx.s.charCodeAt(ctx.p + 2) === first)) {
      if (isMultiline) {
        if (ctx.s.charCodeAt(ctx.p + 3) === first)
          ctx.p++;
        if (ctx.s.charCodeAt(ctx.p + 3) === first)
          ctx.p++;
      }
      if (!state) {
        let s = ctx.s.slice(sliceStart, ctx.p);
        parsed2 = parsed2 ? parsed2 + s : s;
      }
      ctx.p += isMultiline ? 3 : 1;
      return parsed2;
    } else if (!state) {
      if (!isLiteral && c === 92) {
        parsed2 += ctx.s.slice(sliceStart, sliceStart = ctx.p);
        state = 1;
      }
    } else if (state === 1) {
      if (c === 120 || c === 117 || c === 85) {
        let errPtr = ctx.p++ - 1;
        let value = 0;
        let len = c === 120 ? 2 : c === 117 ? 4 : 8;
        for (let j = 0; j < len; j++, ctx.p++) {
          let hex2 = ctx.s.charCodeAt(ctx.p);
          let digit = (
            /* 0-9 */
            hex2 >= 48 && hex2 <= 57 ? hex2 - 48 : (
              /* A-F */
              hex2 >= 65 && hex2 <= 70 ? hex2 - 65 + 10 : (
                /* a-f */
                hex2 >= 97 && hex2 <= 102 ? hex2 - 97 + 10 : -1
              )
            )
          );
          if (digit < 0)
            TomlError.x("invalid non-hex character in unicode escape", ctx);
          value = value << 4 | digit;
        }
        if (value < 0 || value > 1114111 || value >= 55296 && value <= 57343) {
          TomlError.x("invalid unicode escape", ctx, errPtr);
        }
        parsed2 += String.fromCodePoint(value);
        sliceStart = ctx.p--;
        state = 0;
      } else if (isMultiline && (c === 32 || c === 9)) {
        state = 2;
      } else {
        if (c === 98)
          parsed2 += "\b";
        else if (c === 116)
          parsed2 += "	";
        else if (c === 110)
          parsed2 += "\n";
        else if (c === 102)
          parsed2 += "\f";
        else if (c === 114)
          parsed2 += "\r";
        else if (c === 101)
          parsed2 += "\x1B";
        else if (c === 34)
          parsed2 += '"';
        else if (c === 92)
          parsed2 += "\\";
        else
          TomlError.x("unrecognised escape sequence", ctx);
        sliceStart = ctx.p + 1;
        state = 0;
      }
    } else if (c !== 32 && c !== 9) {
      if (state === 2)
        TomlError.x("invalid escape: only line-ending whitespace may be escaped", ctx, sliceStart);
      state = !isLiteral && c === 92 ? 1 : 0;
      sliceStart = ctx.p;
    }
  }
  TomlError.x("unfinished string", ctx, startPtr);
}

// node_modules/smol-toml/dist/date.js
/*!
 * Copyright (c) Squirrel Chat et al., All rights reserved.
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * Redistribution and use in source and binary forms, with or without
 * modification, are permitted provided that the following conditions are met:
 *
 * 1. Redistributions of source code must retain the above copyright notice, this
 *    list of conditions and the following disclaimer.
 * 2. Redistributions in binary form must reproduce the above copyright notice,
 *    this list of conditions and the following disclaimer in the
 *    documentation and/or other materials provided with the distribution.
 * 3. Neither the name of the copyright holder nor the names of its contributors
 *    may be used to endorse or promote products derived from this software without
 *    specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND
 * ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
 * WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
 * DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
 * FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
 * DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
 * SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
 * CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
 * OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
 * OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
 */
var DATE_TIME_RE = /^(\d{4}-\d{2}-\d{2})?[Tt ]?(?:(\d{2}):\d{2}(?::\d{2}(?:\.\d+)?)?)?(Z|z|[-+]\d{2}:\d{2})?$/i;
var TomlDate = class _TomlDate extends Date {
  #hasDate = false;
  #hasTime = false;
  #offset = null;
  constructor(date, fasttype, unsafeDelim) {
    let hasDate = true;
    let hasTime = true;
    let offset = "Z";
    let c;
    if (typeof date === "string") {
      if (fasttype)
        prep: {
          if (fasttype < 3) {
            if (+date.slice(11, 13) > 23) {
              date = "";
              break prep;
            }
            if (fasttype === 2) {
              offset = null;
              date += "Z";
            } else if ((c = date.charCodeAt(date.length - 1)) !== 90 && c !== 122) {
              offset = date.slice(date.length - 6);
            }
            if (unsafeDelim)
              date = date.slice(0, 10) + "T" + date.slice(11);
          } else if (fasttype === 4) {
            date = +date.slice(0, 2) > 23 ? "" : `0000-01-01T${date}Z`;
          }
          hasDate = fasttype !== 4;
          hasTime = fasttype !== 3;
        }
      else {
        let match = date.match(DATE_TIME_RE);
        if (match) {
          if (!match[1]) {
            hasDate = false;
            date = `0000-01-01T${date}`;
          }
          hasTime = !!match[2];
          hasTime && date[10] === " " && (date = date.replace(" ", "T"));
          if (match[2] && +match[2] > 23) {
            date = "";
          } else {
            offset = match[3] || null;
            if (!offset && hasTime)
              date += "Z";
          }
        } else {
          date = "";
        }
      }
    }
    super(date);
    if (!isNaN(this.getTime())) {
      this.#hasDate = hasDate;
      this.#hasTime = hasTime;
      this.#offset = offset;
    }
  }
  isDateTime() {
    return this.#hasDate && this.#hasTime;
  }
  isLocal() {
    return !this.#hasDate || !this.#hasTime || !this.#offset;
  }
  isDate() {
    return this.#hasDate && !this.#hasTime;
  }
  isTime() {
    return this.#hasTime && !this.#hasDate;
  }
  isValid() {
    return this.#hasDate || this.#hasTime;
  }
  toISOString() {
    let iso = super.toISOString();
    if (this.isDate())
      return iso.slice(0, 10);
    if (this.isTime())
      return iso.slice(11, 23);
    if (this.#offset === null)
      return iso.slice(0, -1);
    if (this.#offset === "Z" || this.#offset === "z")
      return iso;
    let offset = +this.#offset.slice(1, 3) * 60 + +this.#offset.slice(4, 6);
    offset = this.#offset[0] === "-" ? offset : -offset;
    let offsetDate = new Date(this.getTime() - offset * 6e4);
    return offsetDate.toISOString().slice(0, -1) + this.#offset;
  }
  static wrapAsOffsetDateTime(jsDate, offset = "Z") {
    let date = new _TomlDate(jsDate);
    date.#offset = offset;
    return date;
  }
  static wrapAsLocalDateTime(jsDate) {
    let date = new _TomlDate(jsDate);
    date.#offset = null;
    return date;
  }
  static wrapAsLocalDate(jsDate) {
    let date = new _TomlDate(jsDate);
    date.#hasTime = false;
    date.#offset = null;
    return date;
  }
  static wrapAsLocalTime(jsDate) {
    let date = new _TomlDate(jsDate);
    date.#hasDate = false;
    date.#offset = null;
    return date;
  }
};

// node_modules/smol-toml/dist/extract.js
/*!
 * Copyright (c) Squirrel Chat et al., All rights reserved.
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * Redistribution and use in source and binary forms, with or without
 * modification, are permitted provided that the following conditions are met:
 *
 * 1. Redistributions of source code must retain the above copyright notice, this
 *    list of conditions and the following disclaimer.
 * 2. Redistributions in binary form must reproduce the above copyright notice,
 *    this list of conditions and the following disclaimer in the
 *    documentation and/or other materials provided with the distribution.
 * 3. Neither the name of the copyright holder nor the names of its contributors
 *    may be used to endorse or promote products derived from this software without
 *    specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND
 * ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
 * WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
 * DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
 * FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
 * DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
 * SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
 * CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
 * OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
 * OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
 */
function isDigit(char, base = 10) {
  return base === 16 ? char > 47 && char < 58 || char > 64 && char < 71 || char > 96 && char < 103 : char > 47 && char < 48 + base;
}
function isEndOfValue(char, delim) {
  return char === 32 || char === 9 || char === 10 || char === 13 || // Structure end or next value delimiter
  delim && (char === delim || char === 44) || // Comment
  char === 35;
}
function extractValue(ctx, end) {
  let errPtr = ctx.p;
  let c = ctx.s.charCodeAt(ctx.p);
  if (c === 91 || c === 123) {
    ctx.d-- || TomlError.x("document contains excessively nested structures. aborting.", ctx);
    let value = c === 91 ? parseArray(ctx) : parseInlineTable(ctx);
    ctx.d++;
    return value;
  }
  if (c === 34 || c === 39) {
    return parseString(ctx);
  }
  if (c === 116) {
    if (ctx.s.charCodeAt(++ctx.p) !== 114 || ctx.s.charCodeAt(++ctx.p) !== 117 || ctx.s.charCodeAt(++ctx.p) !== 101)
      TomlError.x("invalid value", ctx, errPtr);
    return ctx.p++, true;
  }
  if (c === 102) {
    if (ctx.s.charCodeAt(++ctx.p) !== 97 || ctx.s.charCodeAt(++ctx.p) !== 108 || ctx.s.charCodeAt(++ctx.p) !== 115 || ctx.s.charCodeAt(++ctx.p) !== 101)
      TomlError.x("invalid value", ctx, errPtr);
    return ctx.p++, false;
  }
  if (c === 43 || c === 45) {
    return parseNumber(ctx, ctx.p, ctx.s.charCodeAt(++ctx.p), 44 - c, end);
  }
  if (ctx.s.charCodeAt(ctx.p + 4) === 45 && ctx.s.charCodeAt(ctx.p + 7) === 45) {
    return parseDate(ctx, c, end);
  }
  if (ctx.s.charCodeAt(ctx.p + 2) === 58) {
    return parseTime(ctx, c, end);
  }
  return parseNumber(ctx, ctx.p, c, 0, end);
}
function parseNumber(ctx, startPtr, startChr, sign, endChr) {
  let c = startChr;
  let state = 0;
  let hasUnderscores = false;
  if (c === 105) {
    if (ctx.s.charCodeAt(++ctx.p) !== 110 || ctx.s.charCodeAt(++ctx.p) !== 102)
      TomlError.x("invalid value", ctx, startPtr);
    return ctx.p++, (sign || 1) / 0;
  }
  if (c === 110) {
    if (ctx.s.charCodeAt(++ctx.p) !== 97 || ctx.s.charCodeAt(++ctx.p) !== 110)
      TomlError.x("invalid value", ctx, startPtr);
    return ctx.p++, NaN;
  }
  if (c === 48) {
    if (++ctx.p >= ctx.s.length || isEndOfValue(c = ctx.s.charCodeAt(ctx.p), endChr))
      return ctx.bi === true ? 0n : 0;
    if (!sign) {
      if (c === 120)
        return parseIntegerBaseN(ctx, startPtr, 16, endChr);
      else if (c === 98)
        return parseIntegerBaseN(ctx, startPtr, 2, endChr);
      else if (c === 111)
        return parseIntegerBaseN(ctx, startPtr, 8, endChr);
    }
    if (c === 46)
      state = 2;
    else if (c === 101 || c === 69)
      state = 4;
    else
      TomlError.x("illegal leading zero", ctx, startPtr);
  } else if (!isDigit(c))
    TomlError.x("invalid value", ctx, startPtr);
  while (++ctx.p < ctx.s.length && (c = ctx.s.charCodeAt(ctx.p), !isEndOfValue(c, endChr))) {
    if (!state)
      state = 1;
    if (c === 95) {
      if (!(state & 1))
        TomlError.x("illegal underscore", ctx);
      state += 11;
      hasUnderscores = true;
    } else if (state === 1 && c === 46)
      state = 2;
    else if ((state === 1 || state === 3) && (c === 101 || c === 69))
      state = 4;
    else if (state === 4 && (c === 43 || c === 45)) {
      state = 6;
    } else if (!isDigit(c))
      TomlError.x(`illegal character in numeric literal`, ctx);
    else if (state > 9)
      state -= 11;
    else if (!(state & 1))
      state++;
  }
  if (!state) {
    let val = (startChr - 48) * (sign || 1);
    return ctx.bi === true ? BigInt(val) : val;
  }
  if (!(state & 1))
    TomlError.x("unfinished numeric value", ctx, startPtr);
  let str = ctx.s.slice(startPtr, ctx.p);
  if (hasUnderscores)
    str = str.replaceAll("_", "");
  return state > 1 ? parseFloat(str) : parseInteger(ctx, str, 10, startPtr);
}
function parseIntegerBaseN(ctx, startPtr, base, endChr) {
  let c, underscore = 1;
  while (++ctx.p < ctx.s.length && (c = ctx.s.charCodeAt(ctx.p), !isEndOfValue(c, endChr))) {
    if (c === 95) {
      if (underscore & 1)
        TomlError.x("illegal underscore", ctx);
      underscore = 3;
    } else if (!isDigit(c, base))
      TomlError.x(`illegal character in numeric literal`, ctx);
    else if (underscore & 1)
      underscore--;
  }
  if (underscore & 1)
    TomlError.x("unfinished numeric value", ctx);
  let str = ctx.s.slice(startPtr + 2, ctx.p);
  if (underscore)
    str = str.replaceAll("_", "");
  return parseInteger(ctx, str, base, startPtr);
}
function parseInteger(ctx, str, base, startPtr) {
  if (ctx.bi !== true)
    int: {
      let val = parseInt(str, base);
      if (!Number.isSafeInteger(val)) {
        if (ctx.bi)
          break int;
        TomlError.x("integer value cannot be represented losslessly", ctx, startPtr);
      }
      return val;
    }
  return base === 10 ? BigInt(str) : BigInt((base === 2 ? "0b" : base === 8 ? "0o" : "0x") + str);
}
function parseDate(ctx, c, endChr) {
  let startPtr = ctx.p++, unsafeSeparator;
  if (!isDigit(c) || !isDigit(ctx.s.charCodeAt(ctx.p++)) || !isDigit(ctx.s.charCodeAt(ctx.p++)) || !isDigit(ctx.s.charCodeAt(ctx.p++))) {
    return parseNumber(ctx, ctx.p = startPtr, c, 0, endChr);
  }
  ctx.p += 5;
  if (!isDigit(ctx.s.charCodeAt(ctx.p++)))
    TomlError.x("invalid date-time: date part is malformed", ctx, startPtr);
  if (ctx.p >= ctx.s.length || ((c = ctx.s.charCodeAt(ctx.p)) !== 32 || (unsafeSeparator = true, !isDigit(ctx.s.charCodeAt(ctx.p + 1)))) && c !== 84 && c !== 116) {
    let t2 = ctx.s.slice(startPtr, ctx.p);
    return readDate(ctx, t2, 3, false, startPtr);
  }
  if (ctx.s.charCodeAt(ctx.p += 3) !== 58)
    TomlError.x("invalid date-time: time part is malformed", ctx, startPtr);
  if (ctx.s.charCodeAt(ctx.p += 3) === 58)
    ctx.p += 3;
  if (ctx.s.charCodeAt(ctx.p) === 46)
    while (isDigit(ctx.s.charCodeAt(++ctx.p)))
      ;
  if (c = ctx.s.charCodeAt(ctx.p)) {
    if (c === 90 || c === 122) {
      let t2 = ctx.s.slice(startPtr, ++ctx.p);
      return readDate(ctx, t2, 1, unsafeSeparator, startPtr, "[+00:00]");
    }
    if (c === 43 || c === 45) {
      let t2 = ctx.s.slice(startPtr, ctx.p += 6);
      return readDate(ctx, t2, 1, unsafeSeparator, startPtr, !ctx.ld && "[" + ctx.s.slice(ctx.p - 6, ctx.p) + "]");
    }
  }
  let t = ctx.s.slice(startPtr, ctx.p);
  return readDate(ctx, t, 2, unsafeSeparator, startPtr);
}
function parseTime(ctx, c, endChr) {
  let start = ctx.p;
  if (!isDigit(c) || !isDigit(ctx.s.charCodeAt(++ctx.p))) {
    return parseNumber(ctx, --ctx.p, c, 0, endChr);
  }
  if (ctx.s.charCodeAt(ctx.p += 4) === 58)
    ctx.p += 3;
  if (ctx.s.charCodeAt(ctx.p) === 46)
    while (isDigit(ctx.s.charCodeAt(++ctx.p)))
      ;
  let t = ctx.s.slice(start, ctx.p);
  return readDate(ctx, t, 4, false, start);
}
function readDate(ctx, str, type, unsafeDelim, errPtr, temporalSuffix) {
  if (ctx.ld) {
    let date = new TomlDate(str, type, unsafeDelim);
    if (!date.isValid())
      TomlError.x("invalid date", ctx, errPtr);
    return date;
  }
  try {
    if (temporalSuffix)
      str += temporalSuffix;
    switch (type) {
      case 1:
        return Temporal.ZonedDateTime.from(str);
      case 2:
        return Temporal.PlainDateTime.from(str);
      case 3:
        return Temporal.PlainDate.from(str);
      case 4:
        return Temporal.PlainTime.from(str);
    }
  } catch (e) {
    TomlError.x(e instanceof Error ? e.message : "" + e, ctx, errPtr);
  }
}

// node_modules/smol-toml/dist/util.js
/*!
 * Copyright (c) Squirrel Chat et al., All rights reserved.
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * Redistribution and use in source and binary forms, with or without
 * modification, are permitted provided that the following conditions are met:
 *
 * 1. Redistributions of source code must retain the above copyright notice, this
 *    list of conditions and the following disclaimer.
 * 2. Redistributions in binary form must reproduce the above copyright notice,
 *    this list of conditions and the following disclaimer in the
 *    documentation and/or other materials provided with the distribution.
 * 3. Neither the name of the copyright holder nor the names of its contributors
 *    may be used to endorse or promote products derived from this software without
 *    specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND
 * ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
 * WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
 * DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
 * FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
 * DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
 * SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
 * CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
 * OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
 * OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
 */
function skipComment(ctx) {
  for (; ctx.p < ctx.s.length; ctx.p++) {
    let c = ctx.s.charCodeAt(ctx.p);
    if (c === 10)
      break;
    if (c === 13 && ctx.s.charCodeAt(ctx.p + 1) === 10) {
      ctx.p++;
      break;
    }
    if (c < 32 && c !== 9 || c === 127) {
      TomlError.x("control characters are not allowed in comments", ctx);
    }
  }
}
function skipVoid(ctx, banNewLines, banComments) {
  let c;
  while (ctx.p < ctx.s.length) {
    while (ctx.p < ctx.s.length && ((c = ctx.s.charCodeAt(ctx.p)) === 32 || c === 9 || !banNewLines && (c === 10 || c === 13 && ctx.s.charCodeAt(ctx.p + 1) === 10)))
      ctx.p++;
    if (banComments || c !== 35)
      break;
    skipComment(ctx);
  }
}

// node_modules/smol-toml/dist/struct.js
/*!
 * Copyright (c) Squirrel Chat et al., All rights reserved.
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * Redistribution and use in source and binary forms, with or without
 * modification, are permitted provided that the following conditions are met:
 *
 * 1. Redistributions of source code must retain the above copyright notice, this
 *    list of conditions and the following disclaimer.
 * 2. Redistributions in binary form must reproduce the above copyright notice,
 *    this list of conditions and the following disclaimer in the
 *    documentation and/or other materials provided with the distribution.
 * 3. Neither the name of the copyright holder nor the names of its contributors
 *    may be used to endorse or promote products derived from this software without
 *    specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND
 * ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
 * WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
 * DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
 * FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
 * DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
 * SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
 * CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
 * OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
 * OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
 */
function parseKey(ctx, end = 61) {
  let startPtr;
  let state = 0;
  let parsed2 = [];
  let sliceStart;
  let c = ctx.s.charCodeAt(startPtr = ctx.p);
  do {
    if (c === end) {
      if (!state)
        TomlError.x("unexpected end of key", ctx);
      if (state === 1)
        parsed2.push(ctx.s.slice(sliceStart, ctx.p));
      return ctx.p++, parsed2;
    } else if (c === 46) {
      if (!state)
        TomlError.x("illegal empty bare key", ctx);
      if (state === 1)
        parsed2.push(ctx.s.slice(sliceStart, ctx.p));
      state = 0;
    } else if (!state && (c === 34 || c === 39)) {
      if (c === ctx.s.charCodeAt(ctx.p + 1) && c === ctx.s.charCodeAt(ctx.p + 2))
        TomlError.x("illegal quoted key: multiline strings are not allowed", ctx);
      parsed2.push(parseString(ctx));
      state = 2;
      ctx.p--;
    } else if (c === 32 || c === 9) {
      if (state === 1) {
        parsed2.push(ctx.s.slice(sliceStart, ctx.p));
        state = 2;
      }
    } else if (state === 2 || c < 48 && c !== 45 || c > 57 && c < 65 || c > 90 && c < 97 && c !== 95 || c > 122) {
      TomlError.x("illegal character in key", ctx);
    } else if (!state) {
      state = 1;
      sliceStart = ctx.p;
    }
  } while (c = ctx.s.charCodeAt(++ctx.p));
  TomlError.x("incomplete key-value: cannot find end of key", ctx, startPtr);
}
function parseInlineTable(ctx) {
  let startPtr = ctx.p++;
  let res = /* @__PURE__ */ Object.create(null);
  let seen = /* @__PURE__ */ new Set();
  let c;
  while (ctx.p < ctx.s.length) {
    skipVoid(ctx);
    if ((c = ctx.s.charCodeAt(ctx.p)) === 125) {
      ctx.p++;
      return res;
    }
    let k;
    let t = res;
    let hasOwn = false;
    let errPtr = ctx.p;
    let key = parseKey(ctx);
    for (let i = 0; i < key.length; i++) {
      if (i)
        t = hasOwn ? t[k] : t[k] = /* @__PURE__ */ Object.create(null);
      k = key[i];
      if ((hasOwn = Object.hasOwn(t, k)) && (typeof t[k] !== "object" || seen.has(t[k]))) {
        TomlError.x("trying to redefine an already defined value", ctx, errPtr);
      }
      let unsafe = k === "__proto__";
      if (ctx.uk && (unsafe || k === "constructor")) {
        t = ctx.uk !== 1 && TomlError.x("document contains an unsafe property", ctx, errPtr);
        break;
      }
      if (!hasOwn && unsafe) {
        Object.defineProperty(t, k, { enumerable: true, configurable: true, writable: true });
      }
    }
    if (hasOwn) {
      TomlError.x("trying to redefine an already defined value", ctx, errPtr);
    }
    skipVoid(ctx, true, true);
    let value = extractValue(
      ctx,
      125
      /* } */
    );
    if (t && typeof (t[k] = value) === "object")
      seen.add(value);
    skipVoid(ctx);
    if ((c = ctx.s.charCodeAt(ctx.p++)) === 125) {
      return res;
    }
    if (c !== 44)
      TomlError.x("expected comma or end of structure", ctx, ctx.p - 1);
  }
  TomlError.x("unfinished table", ctx, startPtr);
}
function parseArray(ctx) {
  let startPtr = ctx.p++;
  let res = [];
  let c;
  while (ctx.p < ctx.s.length) {
    skipVoid(ctx);
    if ((c = ctx.s.charCodeAt(ctx.p)) === 93) {
      ctx.p++;
      return res;
    }
    res.push(extractValue(
      ctx,
      93
      /* ] */
    ));
    skipVoid(ctx);
    if ((c = ctx.s.charCodeAt(ctx.p++)) === 93) {
      return res;
    }
    if (c !== 44)
      TomlError.x("expected comma or end of structure", ctx, ctx.p - 1);
  }
  TomlError.x("unfinished array", ctx, startPtr);
}

// node_modules/smol-toml/dist/parse.js
/*!
 * Copyright (c) Squirrel Chat et al., All rights reserved.
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * Redistribution and use in source and binary forms, with or without
 * modification, are permitted provided that the following conditions are met:
 *
 * 1. Redistributions of source code must retain the above copyright notice, this
 *    list of conditions and the following disclaimer.
 * 2. Redistributions in binary form must reproduce the above copyright notice,
 *    this list of conditions and the following disclaimer in the
 *    documentation and/or other materials provided with the distribution.
 * 3. Neither the name of the copyright holder nor the names of its contributors
 *    may be used to endorse or promote products derived from this software without
 *    specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND
 * ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
 * WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
 * DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
 * FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
 * DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
 * SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
 * CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
 * OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
 * OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
 */
function peekTable(ctx, key, table, meta, type) {
  let t = table;
  let m = meta;
  let k;
  let hasOwn = false;
  let state;
  for (let i = 0; i < key.length; i++) {
    if (i) {
      t = hasOwn ? t[k] : t[k] = /* @__PURE__ */ Object.create(null);
      m = (state = m[k]).c;
      if (type === 0 && (state.t === 1 || state.t === 2)) {
        return null;
      }
      if (state.t === 2) {
        let l = t.length - 1;
        t = t[l];
        m = m[l].c;
      }
    }
    k = key[i];
    if ((hasOwn = Object.hasOwn(t, k)) && m[k]?.t === 0 && m[k]?.d) {
      return null;
    }
    if (!hasOwn) {
      let unsafe = k === "__proto__";
      if (ctx.uk && (unsafe || k === "constructor"))
        return false;
      if (unsafe) {
        Object.defineProperty(t, k, { enumerable: true, configurable: true, writable: true });
        Object.defineProperty(m, k, { enumerable: true, configurable: true, writable: true });
      }
      m[k] = {
        t: i < key.length - 1 && type === 2 ? 3 : type,
        d: false,
        i: 0,
        c: /* @__PURE__ */ Object.create(null)
      };
    }
  }
  state = m[k];
  if (state.t !== type && !(type === 1 && state.t === 3)) {
    return null;
  }
  if (type === 2) {
    if (!state.d) {
      state.d = true;
      t[k] = [];
    }
    t[k].push(t = /* @__PURE__ */ Object.create(null));
    state.c[state.i++] = state = { t: 1, d: false, i: 0, c: /* @__PURE__ */ Object.create(null) };
  }
  if (state.d) {
    return null;
  }
  state.d = true;
  if (type === 1) {
    t = hasOwn ? t[k] : t[k] = /* @__PURE__ */ Object.create(null);
  } else if (type === 0 && hasOwn) {
    return null;
  }
  return [k, t, state.c];
}
function validateTablePeek(ctx, peek, ptr) {
  if (peek === null || ctx.uk === 2)
    TomlError.x(peek === null ? "trying to redefine an already defined table or value" : "document contains an unsafe property", ctx, ptr);
}
function parse(toml, options = {}) {
  let ctx = {
    s: toml,
    p: 0,
    d: options.maxDepth ?? 1e3,
    bi: options.integersAsBigInt ?? false,
    ld: options.useLegacyDate ?? true,
    uk: options.unsafeKeyBehaviour === "throw" ? 2 : options.unsafeKeyBehaviour === "drop" ? 1 : 0
  };
  let res = /* @__PURE__ */ Object.create(null);
  let meta = /* @__PURE__ */ Object.create(null);
  let tmp;
  let skipping = false;
  let tbl = res;
  let m = meta;
  if (toml.charCodeAt(0) === 65279)
    ctx.p++;
  skipVoid(ctx);
  while (ctx.p < toml.length) {
    if (toml.charCodeAt(ctx.p) === 91) {
      let isTableArray = toml.charCodeAt(++ctx.p) === 91;
      tmp = ctx.p += +isTableArray;
      skipping = false;
      let k = parseKey(
        ctx,
        93
        /* ] */
      );
      if (isTableArray) {
        if (toml.charCodeAt(ctx.p) !== 93) {
          TomlError.x("expected end of table array declaration", ctx);
        }
        ctx.p++;
      }
      let p = peekTable(
        ctx,
        k,
        res,
        meta,
        isTableArray ? 2 : 1
        /* Type.EXPLICIT */
      );
      if (!p) {
        validateTablePeek(ctx, p, tmp);
        skipping = true;
      } else {
        m = p[2];
        tbl = p[1];
      }
    } else {
      tmp = ctx.p;
      let k = parseKey(ctx);
      let p = peekTable(
        ctx,
        k,
        tbl,
        m,
        0
        /* Type.DOTTED */
      );
      if (!p && !skipping)
        validateTablePeek(ctx, p, tmp);
      skipVoid(ctx, true, true);
      let v = extractValue(ctx, void 0);
      if (p && !skipping)
        p[1][p[0]] = v;
    }
    skipVoid(ctx, true);
    if (ctx.p < toml.length && (tmp = toml.charCodeAt(ctx.p)) !== 10 && (tmp !== 13 || toml.charCodeAt(ctx.p + 1) !== 10)) {
      TomlError.x("each key-value declaration must be followed by an end-of-line", ctx);
    }
    skipVoid(ctx);
  }
  return res;
}

// node_modules/smol-toml/dist/stringify.js
/*!
 * Copyright (c) Squirrel Chat et al., All rights reserved.
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * Redistribution and use in source and binary forms, with or without
 * modification, are permitted provided that the following conditions are met:
 *
 * 1. Redistributions of source code must retain the above copyright notice, this
 *    list of conditions and the following disclaimer.
 * 2. Redistributions in binary form must reproduce the above copyright notice,
 *    this list of conditions and the following disclaimer in the
 *    documentation and/or other materials provided with the distribution.
 * 3. Neither the name of the copyright holder nor the names of its contributors
 *    may be used to endorse or promote products derived from this software without
 *    specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND
 * ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
 * WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
 * DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
 * FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
 * DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
 * SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
 * CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
 * OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
 * OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
 */
var HAS_WELLFORMED = !!"".isWellFormed;

// node_modules/smol-toml/dist/index.js
/*!
 * Copyright (c) Squirrel Chat et al., All rights reserved.
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * Redistribution and use in source and binary forms, with or without
 * modification, are permitted provided that the following conditions are met:
 *
 * 1. Redistributions of source code must retain the above copyright notice, this
 *    list of conditions and the following disclaimer.
 * 2. Redistributions in binary form must reproduce the above copyright notice,
 *    this list of conditions and the following disclaimer in the
 *    documentation and/or other materials provided with the distribution.
 * 3. Neither the name of the copyright holder nor the names of its contributors
 *    may be used to endorse or promote products derived from this software without
 *    specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND
 * ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
 * WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
 * DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE
 * FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
 * DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
 * SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
 * CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
 * OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
 * OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
 */

// src/definition.ts
var Section = class _Section {
  constructor(table, prefix) {
    this.table = table;
    this.prefix = prefix;
  }
  table;
  prefix;
  #known = /* @__PURE__ */ new Set();
  /** The whole file. `read` takes all that may stand there. */
  static read(text2, read) {
    let table;
    try {
      table = parse(text2, { integersAsBigInt: true });
    } catch (error) {
      if (error instanceof TomlError) throw new DefinitionError(`it is no TOML: ${error.message.split("\n")[0]}`);
      throw error;
    }
    return _Section.#all(table, "", (root) => {
      const format = root.number("format", 0n, 2n ** 63n - 1n, 1n);
      if (format !== 1n) throw root.wrong("format", `this library reads format 1, not ${format}`);
      return read(root);
    });
  }
  static #all(table, prefix, read) {
    const section = new _Section(table, prefix);
    const value = read(section);
    for (const key of Object.keys(table)) if (!section.#known.has(key)) throw section.wrong(key, `unknown key; known here: ${[...section.#known].join(", ")}`);
    return value;
  }
  wrong(key, why) {
    return new DefinitionError(`${this.prefix}${key}: ${why}`);
  }
  #take(key) {
    this.#known.add(key);
    return Object.hasOwn(this.table, key) ? this.table[key] : void 0;
  }
  /** A text. Without `fallback` it must be there. */
  text(key, fallback) {
    const value = this.#take(key) ?? fallback;
    if (value === void 0) throw this.wrong(key, "missing; it has no default");
    if (typeof value !== "string") throw this.wrong(key, "a text in quotes is expected");
    return value;
  }
  /** A text that goes into the definition's bytes. */
  short(key, most, fallback) {
    const value = this.text(key, fallback);
    if (utf8(value).length > most) throw this.wrong(key, `at most ${most} bytes of text are allowed`);
    if (!isPlain(value)) throw this.wrong(key, "control characters are not allowed in text");
    return value;
  }
  hex(key, bytes, fallback) {
    const value = this.text(key, fallback);
    if (!isHex(value, bytes)) throw this.wrong(key, `${2 * bytes} lower-case hex digits are expected`);
    return value;
  }
  address(key) {
    return this.made(key, () => addressText(addressBytes(this.text(key))));
  }
  /** What is made of a value here; a mistake in it gets the key's name. */
  made(key, make) {
    try {
      return make();
    } catch (error) {
      if (error instanceof BouyaError && !(error instanceof DefinitionError)) throw this.wrong(key, error.message);
      throw error;
    }
  }
  /** What is read of a value, if there is one. */
  maybe(key, read) {
    return this.#take(key) === void 0 ? null : read();
  }
  number(key, least, most, fallback) {
    const value = this.#take(key) ?? fallback;
    if (value === void 0) throw this.wrong(key, "missing; it has no default");
    if (typeof value !== "bigint" || value < least || value > most) throw this.wrong(key, `a whole number from ${least} to ${most} is expected`);
    return value;
  }
  /** A table; without it all its values have their defaults. */
  section(key, read) {
    const value = this.#take(key) ?? {};
    if (!isTable(value)) throw this.wrong(key, `a table [${key}] is expected`);
    return _Section.#all(value, `${this.prefix}${key}.`, read);
  }
  /** A list of tables, which may be missing. */
  sections(key, read) {
    const value = this.#take(key) ?? [];
    if (!Array.isArray(value)) throw this.wrong(key, `tables [[${key}]] are expected`);
    return value.map((entry, at) => {
      if (!isTable(entry)) throw this.wrong(key, `tables [[${key}]] are expected`);
      return _Section.#all(entry, `${this.prefix}${key}[${at}].`, read);
    });
  }
};
var isTable = (value) => typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
var readListed = (section) => {
  const id = section.text("id");
  if (!isNodeId(id)) throw section.wrong("id", `${JSON.stringify(id.slice(0, 80))} is not a node id`);
  return { id, key: section.hex("key", 32), governor: section.address("governor"), name: section.short("name", MEMBER_NAME_BYTES, "") };
};

// src/header.ts
var SEALED_BYTES = 192;
var readHeader = (reader) => {
  const bytes = reader.take(HEADER_BYTES);
  const at = new Reader(bytes);
  return {
    bytes,
    id: toHex(double(bytes)),
    version: at.u32(),
    flags: at.u32(),
    height: at.u64(),
    time: at.u64(),
    difficulty: at.u64(),
    parent: at.hash(),
    body: at.hash(),
    history: at.hash(),
    commitments: at.hash(),
    miner: at.hash(),
    seal: at.hex(64),
    nonce: at.u64()
  };
};
var meets = ({ id, difficulty }) => difficulty > 0n && BigInt(`0x${id}`) <= (2n ** 256n - 1n) / difficulty;
var isSealed = ({ bytes, miner, seal }, network) => isSigned(fromHex(miner), concat(utf8("bouya seal\0"), fromHex(network, 32), bytes.slice(0, SEALED_BYTES)), fromHex(seal));
var follows = (header2, parent) => header2.parent === parent.id && header2.height === parent.height + 1n && header2.time > parent.time;
var commitmentsOf = (roster, executed2) => toHex(tagged("bouya commitments", roster, executed2));
var historyLeaf = (id, work2) => concat(fromHex(id, 32), u128(work2));
var isStep = (text2) => typeof text2 === "string" && /^[LR][0-9a-f]{64}$/.test(text2);
var climb = (leaf, steps) => {
  let hash = sha256(concat(Uint8Array.of(0), leaf));
  for (const step of steps) {
    if (!isStep(step)) throw new DecodeError("a path has another form");
    const sibling = fromHex(step.slice(1));
    const pair = step.startsWith("L") ? [sibling, hash] : [hash, sibling];
    hash = sha256(concat(Uint8Array.of(1), ...pair));
  }
  return toHex(hash);
};

// src/roster.ts
var GENESIS = { byOverride: false, hash: ZERO_HASH, height: 0n };
var byKey = (a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
var checkMembers = (members) => {
  if (members.length === 0) throw new BouyaError("it lists no members");
  if (members.length > VOTERS) throw new BouyaError(`it lists ${members.length} members, at most ${VOTERS} are allowed`);
  const [ids, addresses] = [/* @__PURE__ */ new Set(), /* @__PURE__ */ new Set()];
  for (const { id, key, governor } of members) {
    if (!isSignedFor(governor)) throw new BouyaError(`the governor of "${id}" is not the address of an ed25519 key`);
    for (const bytes of [addressBytes(addressOfKey(key)), addressBytes(governor)]) addresses.add(toHex(bytes));
    ids.add(id);
    if (addresses.size !== 2 * ids.size) throw new BouyaError(`the id, the key or the governor of "${id}" is listed twice; each member has its own, and no member key governs`);
  }
  if (ids.size !== members.length) throw new BouyaError("an id is listed twice");
  return [...members].sort(byKey);
};
var makeRoster = (base, members, upgrades = []) => ({ base, members: checkMembers(members), upgrades });
var encodeRoster = ({ base, members, upgrades }) => concat(
  u8(base.byOverride ? 1 : 0),
  base.hash,
  u64(base.height),
  listed(members.map(encodeMember)),
  listed(upgrades.map(({ version, height }) => concat(u32(version), u64(height))))
);
var readRoster = (reader) => {
  const byOverride2 = reader.flag();
  const base = { byOverride: byOverride2, hash: reader.take(32), height: reader.u64() };
  const members = reader.list(VOTERS, () => readMember(reader));
  const upgrades = reader.list(UPGRADES, () => ({ version: reader.u32(), height: reader.u64() }));
  const roster = makeRoster(base, members, upgrades);
  if (byOverride2) throw new DecodeError("a roster that no block put into force");
  if (roster.members.some(({ key }, at) => key !== members[at]?.key)) throw new DecodeError("members that are not by ascending key");
  return roster;
};
var rosterCommitment = (roster) => tagged("bouya roster", encodeRoster(roster));
var inForce = (roster, block) => {
  const count = roster.members.length;
  const quorum = count - Math.floor((count - 1) / 3);
  const named = roster.base.byOverride ? roster.base.hash : fromHex(block, 32);
  const voters = roster.members.map(({ id, key }) => concat(counted(utf8(id)), fromHex(key, 32)));
  return { roster, block, set: toHex(tagged("bouya set", named, listed(voters))), quorum, guilty: 2 * quorum - count };
};

// src/network.ts
var ENCODING = 1;
var OLDEST_VERSION = 2n;
var NEWEST_VERSION = 3n;
var I64 = 2n ** 63n - 1n;
var parseTime2 = (given) => {
  const parts = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/.exec(given);
  const wrong = new DefinitionError(`created: ${JSON.stringify(given.slice(0, 60))} is not a time like 2026-11-20T00:00:00Z`);
  if (!parts) throw wrong;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
  const date = /* @__PURE__ */ new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const [sign, hours, minutes] = [parts[8] === "-" ? -1 : 1, Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  const exact = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60 && hours < 24 && minutes < 60;
  const time = date.getTime() - sign * (hours * 60 + minutes) * 6e4 + Number((parts[7] ?? "").padEnd(3, "0").slice(0, 3));
  if (!exact || time < 0) throw wrong;
  return BigInt(time);
};
var readAllocations = (root, coin) => {
  const found = root.sections("allocations", (one) => ({
    address: addressBytes(one.address("address")),
    amount: one.made("amount", () => parseAmount(one.text("amount"), coin))
  }));
  if (found.length > ALLOCATIONS) throw new DefinitionError(`allocations: at most ${ALLOCATIONS} are allowed`);
  if (found.some(({ amount }) => amount === 0n)) throw new DefinitionError("allocations: an address gets 0; leave it out or give it an amount");
  if (new Set(found.map(({ address }) => toHex(address))).size !== found.length) throw new DefinitionError("allocations: an address is listed twice; add the amounts up");
  if (found.reduce((sum, { amount }) => sum + amount, 0n) > U64) throw new DefinitionError("allocations: together more than the ledger can count");
  return found.sort((a, b) => toHex(a.address) < toHex(b.address) ? -1 : 1);
};
var readCoin = (section) => {
  const coin = { symbol: section.short("symbol", SYMBOL_BYTES), decimals: Number(section.number("decimals", 0n, BigInt(DECIMALS), 6n)) };
  if (coin.symbol === "") throw section.wrong("symbol", "may not be empty");
  return coin;
};
var readBlocks = (section, coin) => {
  const interval = section.number("interval_ms", 100n, 600000n, 5000n);
  const halfLife = section.number("half_life", 1n, 65535n, 32n);
  const difficulty = section.number("initial_difficulty", 1n, I64, 20000000n);
  const reward = section.made("reward", () => parseAmount(section.text("reward", "50"), coin));
  const maxBytes = section.number("max_bytes", 10000n, 1900000n, 1900000n);
  const version = Number(section.number("version", OLDEST_VERSION, NEWEST_VERSION, OLDEST_VERSION));
  const gas = section.maybe("gas_per_block", () => section.number("gas_per_block", GAS_PER_BLOCK_LEAST, I64));
  return { bytes: concat(u32(Number(interval)), u16(Number(halfLife)), u64(difficulty), u64(reward), u32(Number(maxBytes))), difficulty, version, gas };
};
var upgradesOf = ({ version }) => BigInt(version) === OLDEST_VERSION ? [] : [{ version, height: 0n }];
var row = (key, value) => concat(key, u8(1), counted(concat(u8(1), value)));
var executed = (allocations, roster) => {
  const supply = allocations.reduce((sum, { amount }) => sum + amount, 0n);
  const accounts = allocations.map(({ address, amount }) => row(concat(u8(1), address), concat(u64(amount), u64(0n))));
  const rows = [...supply > 0n ? [row(u8(0), u64(supply))] : [], ...accounts, row(u8(5), roster)];
  return tagged("bouya executed", sha256(listed(rows)), ZERO_HASH, ZERO_HASH);
};
var encodeDefinition = (about, coin, blocks, members, allocations) => {
  const sorted = [...members].sort((a, b) => a.id < b.id ? -1 : 1);
  const given = listed(allocations.map(({ address, amount }) => concat(address, u64(amount))));
  const sections = [
    about,
    concat(text(coin.symbol, SYMBOL_BYTES, "symbol"), u8(coin.decimals)),
    blocks.bytes,
    listed(sorted.map(encodeMember)),
    allocations.length > 0 ? given : null,
    BigInt(blocks.version) === OLDEST_VERSION ? null : u32(blocks.version),
    blocks.gas === null ? null : u64(blocks.gas)
  ];
  const said2 = sections.flatMap((data, number2) => data === null ? [] : [concat(u8(number2), counted(data))]);
  return concat(u16(ENCODING), listed(said2));
};
var genesisHeader = (created, { version, difficulty }, definition, commitments) => {
  const header2 = new Uint8Array(HEADER_BYTES);
  const body = tagged("bouya network", sha256(definition));
  header2.set(concat(u32(version), u32(0), u64(0n), u64(created), u64(difficulty), ZERO_HASH, body, sha256(new Uint8Array()), fromHex(commitments)));
  return header2;
};
var readNetwork = (toml, overrides = null) => {
  const network = Section.read(toml, (root) => {
    const name = root.short("name", NETWORK_NAME_BYTES);
    if (name === "") throw root.wrong("name", "may not be empty");
    const created = parseTime2(root.text("created"));
    const salt = root.hex("salt", 16, "00".repeat(16));
    const coin = root.section("coin", readCoin);
    const blocks = root.section("blocks", (section) => readBlocks(section, coin));
    const minFeePerByte = root.section("fees", (section) => section.number("min_per_byte", 0n, 1000000n, 1n));
    const members = root.sections("members", readListed);
    const roster = root.made("members", () => makeRoster(GENESIS, members, upgradesOf(blocks)));
    const allocations = readAllocations(root, coin);
    const about = concat(text(name, NETWORK_NAME_BYTES, "name"), u64(created), fromHex(salt));
    const definition = encodeDefinition(about, coin, blocks, members, allocations);
    const commitments = commitmentsOf(rosterCommitment(roster), executed(allocations, encodeRoster(roster)));
    const genesis = genesisHeader(created, blocks, definition, commitments);
    const id = toHex(double(genesis));
    return { id, name, created, coin, minFeePerByte, members, overrides: [], first: inForce(roster, id), genesis };
  });
  return overrides === null ? network : { ...network, overrides: readOverrides(overrides, network.id) };
};
var readOverrides = (toml, network) => Section.read(toml, (root) => {
  const named = root.hex("network", 32);
  if (named !== network) throw root.wrong("network", `it is of the network ${named}, not of ${network}`);
  const found = [];
  let [before, below] = [ZERO_HASH, 0n];
  const decrees = root.sections("overrides", (one) => ({
    height: one.number("height", 1n, I64),
    block: one.hex("block", 32),
    reason: one.short("reason", TITLE_BYTES, ""),
    members: one.sections("members", readListed)
  }));
  if (decrees.length === 0 || decrees.length > OVERRIDES) throw root.wrong("overrides", `the file lists 1 to ${OVERRIDES}`);
  for (const { height, block, reason, members } of decrees) {
    if (height <= below) throw root.wrong("overrides", `the one at height ${height} follows one at height ${below}`);
    const sorted = root.made("overrides", () => checkMembers(members));
    const decree = concat(u64(height), fromHex(block), listed(sorted.map(encodeMember)), text(reason, TITLE_BYTES, "reason"));
    const hash = tagged("bouya override", fromHex(network), before, decree);
    const base = { byOverride: true, hash, height };
    const after = ({ roster }) => inForce(makeRoster(base, sorted, roster.upgrades), block);
    found.push({ height, block, hash: toHex(hash), members: sorted, after });
    [before, below] = [hash, height];
  }
  return found;
});

// src/finality.ts
var LINK_BYTES = 128;
var readCheckpoint = (reader) => ({ epoch: reader.u64(), height: reader.u64(), block: reader.hash() });
var readCertificate = (reader) => {
  const start = reader.at;
  const [set, source, target] = [reader.hash(), readCheckpoint(reader), readCheckpoint(reader)];
  const link = reader.data.slice(start, start + LINK_BYTES);
  const signers = reader.bytes(VOTERS / 8);
  return { link, set, source, target, signers, signatures: reader.list(VOTERS, () => reader.take(64)) };
};
var readHandover = (reader) => ({
  header: readHeader(reader),
  executed: reader.take(32),
  roster: readRoster(reader),
  certificate: readCertificate(reader)
});
var checkCommit = ({ source, target }, block) => {
  const isCommit = source.epoch % 2n === 0n && target.epoch === source.epoch + 1n && target.height === source.height && target.block === source.block;
  if (!isCommit) throw new ReceiptError("forged", "its certificate is no commit: it makes no block final");
  if (source.height !== block.height || source.block !== block.id)
    throw new ReceiptError("forged", `its certificate is for block ${source.height} (${source.block}), but it leads to block ${block.height} (${block.id})`);
};
var checkVotes = (certificate, network, { roster, block, set, quorum }) => {
  const { link, source, signers, signatures } = certificate;
  const voters = roster.members;
  if (certificate.set !== set) throw new BouyaError(`its certificate is of the set ${certificate.set}, not of ${set}`);
  const isRoot = source.height === roster.base.height && source.block === block;
  if (source.height < roster.base.height || source.epoch === 0n && !isRoot) throw new BouyaError("its certificate's link leads nowhere that voters vote for");
  const named = Array.from({ length: 8 * signers.length }, (_, at) => at).filter((at) => (signers[at >> 3] ?? 0) >> (at & 7) & 1);
  if (signers.length !== Math.ceil(voters.length / 8) || named.length !== signatures.length || named.some((at) => at >= voters.length))
    throw new BouyaError("its certificate's list of signers does not fit the voters");
  if (signatures.length < quorum) throw new BouyaError(`its certificate has ${signatures.length} of ${quorum} signatures that are needed`);
  const message = concat(utf8("bouya vote\0"), fromHex(network, 32), link);
  return named.map((at, number2) => {
    const [voter, signature] = [voters[at], signatures[number2]];
    if (!voter || !signature || !isSigned(fromHex(voter.key), message, signature)) throw new BouyaError("a signature in its certificate is not its voter's");
    return voter.id;
  });
};
var checkHandover = ({ header: header2, executed: executed2, roster, certificate }, network, before) => {
  const isBase = toHex(roster.base.hash) === header2.parent && roster.base.height === header2.height && header2.id !== before.block;
  if (!isBase || header2.commitments !== commitmentsOf(rosterCommitment(roster), executed2)) throw new BouyaError("its header does not put its roster into force");
  return [checkVotes(certificate, network, before), inForce(roster, header2.id)];
};
var signedBy = ({ roster, guilty }, signers) => ({
  signers: [...signers].sort(),
  members: roster.members.map(({ id }) => id).sort(),
  guilty
});
var checkFinal = (finality2, networkId, network) => {
  if (networkId !== network.id) throw new ReceiptError("network", `it is of the network ${networkId}, not of ${network.id}`);
  const { certificate } = finality2;
  const overrides = [...network.overrides];
  const [sets, changes] = [[network.first], []];
  let last = network.first;
  const next = (set, change) => {
    changes.push(change);
    sets.push(set);
    last = set;
  };
  const overridden = (isBefore) => {
    for (let one = overrides[0]; one && isBefore(one.height, one.block); one = overrides[0]) {
      overrides.shift();
      next(one.after(last), { ...signedBy(last, []), height: one.height, hash: one.block, override: one.hash });
    }
  };
  const judged = (check, where) => {
    try {
      return check();
    } catch (error) {
      if (error instanceof BouyaError) throw new ReceiptError("members", where + error.message);
      throw error;
    }
  };
  finality2.handovers.forEach((handover, at) => {
    const { header: header2 } = handover;
    overridden((height) => height < header2.height);
    checkCommit(handover.certificate, header2);
    const where = `change ${at + 1} of ${finality2.handovers.length} of the members, at block ${header2.height}: `;
    const [signers2, set] = judged(() => checkHandover(handover, networkId, last), where);
    next(set, { ...signedBy(last, signers2), height: header2.height, hash: header2.id, override: null });
  });
  const { source } = certificate;
  overridden((height, block) => height < source.height || height === source.height && !(certificate.set === last.set && block === source.block));
  const signers = judged(() => checkVotes(certificate, networkId, last), "");
  return [{ ...signedBy(last, signers), network: network.name, changes }, sets];
};

// src/outcome.ts
var readDone = (reader) => ({
  output: reader.bytes(CONTRACT_OUTPUT),
  payments: reader.list(CONTRACT_PAYMENTS, () => ({ to: addressText(reader.take(33)), amount: reader.u64() })),
  events: reader.list(CONTRACT_EVENTS, () => ({ topic: reader.text(CONTRACT_TOPIC), data: reader.bytes(CONTRACT_EVENT) }))
});
var readOutcome = (parts, transaction2, contract) => {
  const done = decodeHex(parts.done, (reader) => reader.option(() => readDone(reader)));
  const leaf = tagged("bouya outcome", fromHex(transaction2, 32), addressBytes(contract), fromHex(parts.done));
  const [writes, state, roster] = [parts.writes, parts.state, parts.roster].map((hash) => fromHex(hash, 32));
  const executed2 = tagged("bouya executed", concat(writes, fromHex(climb(leaf, parts.path), 32), state));
  return [{ contract, done }, commitmentsOf(roster, executed2)];
};

// src/transaction.ts
var VERSION = 1;
var SIGNATURE_BYTES = 64;
var ACTION_AT = 1 + 32 + 8 + 8 + 8;
var signedBytes = (network, unsigned) => concat(utf8("bouya transaction\0"), network, unsigned);
var areSigned = (claims) => claims.every(({ key, message, signature }) => isSigned(key, message, signature));
var room = (action) => action.type === "deploy" ? DEPLOY_BYTES : TRANSACTION_BYTES;
var made = (bytes, sender, { nonce, fee, validUntil }, action, encoded) => {
  const begun = (tag) => beginning(tag, sender, nonce, encoded.slice(1));
  const agreement = action.type === "propose" ? begun("agreement") : "agreement" in action ? action.agreement : null;
  const motion = action.type === "motion" ? begun("motion") : action.type === "ballot" ? action.motion : null;
  const address = addressOfKey(sender);
  return { id: toHex(sha256(bytes)), bytes, sender, address, nonce, fee, validUntil, action, agreement, motion, contract: contractOf(action, address, nonce) };
};
var readUnchecked = (bytes, network) => {
  const tooLarge = (most) => new DecodeError(`it has ${bytes.length} bytes, at most ${most} are allowed`);
  if (bytes.length > DEPLOY_BYTES) throw tooLarge(DEPLOY_BYTES);
  const reader = new Reader(bytes);
  const version = reader.u8();
  if (version !== VERSION) throw new DecodeError(`version ${version} is unknown`);
  const sender = reader.hex(32);
  const terms = { nonce: reader.u64(), fee: reader.u64(), validUntil: reader.u64() };
  const action = readAction(reader);
  if (bytes.length > room(action)) throw tooLarge(room(action));
  const unsigned = bytes.slice(0, reader.at);
  const signature = reader.take(SIGNATURE_BYTES);
  reader.end();
  const [transaction2, id] = [made(bytes, sender, terms, action, unsigned.slice(ACTION_AT)), fromHex(network, 32)];
  const claims = checkAction(action, transaction2.address, terms.nonce, network);
  checkCost(action, terms.fee);
  const check = () => {
    if (!isSigned(fromHex(sender), signedBytes(id, unsigned), signature)) throw new DecodeError("its signature is not its sender's for this network");
    if (!areSigned(claims)) throw new DecodeError("the new member key has not signed");
  };
  return [transaction2, check];
};

// src/receipt.ts
var RECEIPT = "bouya receipt 2";
var FINAL_PROOF = "bouya final 1";
var malformed = (what) => new ReceiptError("form", `it is no receipt: ${what}`);
var forged = (what) => new ReceiptError("forged", what);
var fields = (value, names, what) => {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject || Object.keys(value).join() !== names.join()) throw malformed(`${what} does not have the fields ${names.join(", ")}`);
  return value;
};
var hex = (value, what, bytes) => {
  if (!isHex(value, bytes)) throw malformed(`${what} is not in lower-case hex`);
  return value;
};
var header = (value, what) => {
  try {
    return decodeHex(hex(value, what), readHeader);
  } catch (error) {
    throw error instanceof DecodeError ? malformed(`${what}: ${error.message}`) : error;
  }
};
var work = (value) => {
  if (typeof value !== "string" || !/^(0|[1-9][0-9]{0,38})$/.test(value) || BigInt(value) > U128) throw malformed("a work is not a number");
  return BigInt(value);
};
var path = (value) => {
  if (!Array.isArray(value) || value.length > STEPS || !value.every(isStep)) throw malformed("a path is none");
  return value;
};
var finality = (handovers, certificate) => {
  if (!Array.isArray(handovers) || handovers.length > HANDOVERS) throw malformed(`its handovers are no list of at most ${HANDOVERS}`);
  try {
    return { handovers: handovers.map((one) => decodeHex(hex(one, "a handover"), readHandover)), certificate: decodeHex(hex(certificate, "the certificate"), readCertificate) };
  } catch (error) {
    if (error instanceof ReceiptError || !(error instanceof BouyaError)) throw error;
    throw malformed(`what makes its last block final: ${error.message}`);
  }
};
var Headers = class {
  constructor(network) {
    this.network = network;
  }
  network;
  #seals = [];
  read(value, what, mayBeGenesis = false) {
    const found = header(value, what);
    if (found.height === 0n) {
      if (!mayBeGenesis || found.id !== this.network) throw forged(`${what} is not the network's first block`);
      return found;
    }
    if (!meets(found)) throw forged(`${what} does not show the work that it states`);
    this.#seals.push([found, what]);
    return found;
  }
  checkSeals() {
    for (const [found, what] of this.#seals) if (!isSealed(found, this.network)) throw forged(`${what} is not sealed by its miner for this network`);
  }
};
var under = (headers, value, anchor, what) => {
  const said2 = fields(value, ["header", "work", "path"], what);
  const [found, total, steps] = [headers.read(said2.header, what), work(said2.work), path(said2.path)];
  if (climb(historyLeaf(found.id, total), steps) !== anchor.history) throw forged(`${what} does not stand under the last block`);
  return [found, total];
};
var checkAbove = (headers, value, block) => {
  if (value === null) return { anchor: block, after: null, work: block.difficulty };
  const said2 = fields(value, ["work", "path", "after", "last", "anchor"], "above");
  const [anchor, total, steps] = [headers.read(said2.anchor, "the last block"), work(said2.work), path(said2.path)];
  if (climb(historyLeaf(block.id, total), steps) !== anchor.history) throw forged("the transaction's block does not stand under the last block");
  const [after, afterWork] = said2.after === null ? [anchor, null] : under(headers, said2.after, anchor, "the block after");
  if (!follows(after, block)) throw forged("the block after does not follow the transaction's");
  const lower = afterWork === null ? [block, total] : [after, afterWork];
  const [last, below] = said2.last === null ? lower : under(headers, said2.last, anchor, "the block before the last");
  if (!follows(anchor, last)) throw forged("the last block does not follow the one before it");
  return { anchor, after, work: below + anchor.difficulty - total + block.difficulty };
};
var transaction = (value, network) => {
  const said2 = hex(value, "the transaction");
  const judged = (read) => {
    try {
      return read();
    } catch (error) {
      throw error instanceof DecodeError || error instanceof InputError ? forged(`the transaction: ${error.message}`) : error;
    }
  };
  const [found, check] = judged(() => readUnchecked(fromHex(said2), network));
  return [found, () => judged(check)];
};
var checkOutcome = (value, { id, contract }, block) => {
  const said2 = fields(value, ["done", "path", "writes", "state", "roster"], "outcome");
  if (contract === null) throw forged("it shows what became of a call, and the transaction calls nothing");
  const hash = (name) => hex(said2[name], name, 32);
  const parts = { done: hex(said2.done, "done"), path: path(said2.path), writes: hash("writes"), state: hash("state"), roster: hash("roster") };
  try {
    const [outcome, commitments] = readOutcome(parts, id, contract);
    if (commitments === block.commitments) return outcome;
  } catch (error) {
    throw error instanceof DecodeError || error instanceof InputError ? malformed(`what became of the transaction: ${error.message}`) : error;
  }
  throw forged("what it says became of the transaction is not what the block commits to");
};
var RECEIPT_FIELDS = ["format", "network", "transaction", "path", "before", "block", "above", "finality"];
var checkReceipt = (value) => {
  fields(value, "outcome" in value ? [...RECEIPT_FIELDS, "outcome"] : RECEIPT_FIELDS, "it");
  const network = hex(value.network, "the network", 32);
  const [[found, checkSignatures], headers] = [transaction(value.transaction, network), new Headers(network)];
  const [before, block] = [headers.read(value.before, "the block before", true), headers.read(value.block, "the transaction's block")];
  if (climb(fromHex(found.id), path(value.path)) !== block.body) throw forged("the path does not lead from the transaction to the block's body");
  if (!follows(block, before)) throw forged("the transaction's block does not follow the one before it");
  const outcome = "outcome" in value ? checkOutcome(value.outcome, found, block) : null;
  const above = checkAbove(headers, value.above, block);
  let votes = null;
  if (value.finality !== null) {
    const said2 = fields(value.finality, ["handovers", "certificate"], "finality");
    votes = finality(said2.handovers, said2.certificate);
    checkCommit(votes.certificate, above.anchor);
  }
  headers.checkSeals();
  checkSignatures();
  return { kind: "receipt", network, transaction: found, document: documentOf(found.action), before, block, ...above, finality: votes, outcome };
};
var checkFinalProof = (value) => {
  fields(value, ["format", "network", "header", "handovers", "certificate"], "it");
  const headers = new Headers(hex(value.network, "the network", 32));
  const anchor = headers.read(value.header, "the block", true);
  const votes = finality(value.handovers, value.certificate);
  checkCommit(votes.certificate, anchor);
  headers.checkSeals();
  return { kind: "final", network: headers.network, anchor, finality: votes };
};
var decoded = (file) => {
  if (file.length > RECEIPT_BYTES) throw malformed("it is too large");
  if (typeof file === "string") return file;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(file);
  } catch {
    throw malformed("it is no text");
  }
};
var parsed = (text2) => {
  try {
    const value = JSON.parse(text2);
    return [value, JSON.stringify(value)];
  } catch {
    throw malformed("it is no JSON");
  }
};
var isReceipt = (file) => /^\s*\{\s*"format"\s*:\s*"bouya (receipt|final) /.test(file);
var readReceipt = (file) => {
  const text2 = decoded(file);
  const [value, again] = parsed(text2);
  if (again !== text2.trim()) throw malformed("its form was changed after it was made");
  const { format } = Object(value);
  if (format === RECEIPT) return checkReceipt(value);
  if (format === FINAL_PROOF) return checkFinalProof(value);
  const other = typeof format === "string" ? ` of the format ${JSON.stringify(format.slice(0, 40))}` : "";
  throw malformed(`this library reads "${RECEIPT}" and "${FINAL_PROOF}", not a file${other}`);
};
var prove = (receipt, ground) => {
  const { anchor } = receipt;
  if ("trust" in ground) {
    if (receipt.kind === "final") throw new ReceiptError("other-block", "it is about a block alone, and only the network's definition proves it");
    if (ground.trust !== anchor.id) throw new ReceiptError("other-block", `it ends at block ${anchor.height} (${anchor.id}), not at ${ground.trust}, which you trust`);
    return { final: null, member: null, members: [] };
  }
  if (receipt.finality === null) {
    if (receipt.network !== ground.network.id) throw new ReceiptError("network", `it is of the network ${receipt.network}, not of ${ground.network.id}`);
    throw new ReceiptError("not-final", "it holds no votes that make its last block final; get it again once the block is final, or trust that block for other reasons");
  }
  const [final2, sets] = checkFinal(receipt.finality, receipt.network, ground.network);
  const { height } = receipt.kind === "final" ? receipt.anchor : receipt.block;
  const then = sets.findLast(({ roster }) => roster.base.height < height) ?? sets[0];
  const members = then?.roster.members ?? [];
  const member = receipt.kind === "final" ? null : members.find(({ governor }) => governor === receipt.transaction.address) ?? null;
  return { final: final2, member, members };
};

// verifier/judge.ts
var SIGNED = ["no-ground", "not-final", "other-block"];
var groundOf = ({ network, override, trust }) => {
  if (network) return { network: readNetwork(network, override ?? null) };
  return trust ? { trust } : null;
};
var compared = (receipt, document2) => {
  if (!document2) return null;
  const about = receipt.kind === "receipt" ? receipt.document : null;
  return about === null ? "none" : about === document2 ? "same" : "other";
};
var verdict = ({ receipt, network, proven }, brought, fault, detail = null) => {
  const document2 = receipt && compared(receipt, brought);
  const isAnother = document2 === "other";
  const level = isAnother ? "wrong" : fault === null ? "proven" : SIGNED.includes(fault) && receipt ? "signed" : "wrong";
  return { level, fault: fault ?? (isAnother ? "other-document" : null), detail, receipt, proven, network, document: document2 };
};
var judge = (brought) => {
  const found = { receipt: null, network: null, proven: null };
  try {
    found.receipt = readReceipt(brought.receipt);
    const ground = groundOf(brought);
    if (ground === null) return verdict(found, brought.document, "no-ground");
    found.network = "network" in ground ? ground.network : null;
    found.proven = prove(found.receipt, ground);
    return verdict(found, brought.document, null);
  } catch (error) {
    if (error instanceof ReceiptError) return verdict(found, brought.document, error.fault, error.message);
    if (error instanceof DefinitionError) return verdict(found, brought.document, "definition", error.message);
    throw error;
  }
};
var readable = (receipt) => judge({ receipt }).receipt;
var judgeByNode = ({ receipt: text2, document: document2 }, { network, block }) => {
  const read = judge({ receipt: text2, document: document2 ?? null });
  const { receipt } = read;
  if (receipt === null) return read;
  const fault = () => {
    if (receipt.network !== network) return "network";
    if (block === null) return "no-ground";
    return block.hash !== receipt.anchor.id ? "other-block" : block.final ? null : "not-final";
  };
  const found = fault();
  return verdict({ receipt, network: null, proven: found === null ? { final: null, member: null, members: [] } : null }, document2, found);
};

// verifier/report.ts
var h = (tag, attributes, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  element.append(...children.flat(9).filter((child) => child !== null).map((child) => child));
  return element;
};
var UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
var said = (text2) => {
  const shown = [];
  let from = 0;
  for (const { 0: found, index } of text2.matchAll(UNSEEN)) {
    shown.push(text2.slice(from, index), h("span", { class: "v-unseen" }, `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`));
    from = index + found.length;
  }
  return h("bdi", { class: "v-said" }, shown, text2.slice(from));
};
var saidLines = (text2) => text2.replaceAll("\r\n", "\n").split(/(?<=[\n\t])|(?=[\n\t])/).map((part) => part === "\n" || part === "	" ? part : said(part));
var quoted = (text2, { language }) => language === "fr" ? ["« ", said(text2), " »"] : ["“", said(text2), "”"];
var LARGEST_TIME = 8640000000000000n;
var dateOf = (time, { language }) => {
  if (time > LARGEST_TIME) return `${time} ms`;
  const shape = { year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" };
  return new Intl.DateTimeFormat(language === "fr" ? "fr-FR" : "en-GB", shape).format(new Date(Number(time)));
};
var number = (value, { language }) => value.toLocaleString(language === "fr" ? "fr-FR" : "en-GB");
var code = (text2, href = null) => href ? h("a", { class: "v-code", href }, text2) : h("span", { class: "v-code" }, text2);
var memberText = ({ id, name }) => name === "" ? h("b", {}, id) : [h("b", {}, said(name)), ` (${id})`];
var nameOf = ({ verdict: verdict2, about }, address) => verdict2.proven?.members.find(({ governor }) => governor === address) ?? about.nameOf?.(address) ?? null;
var addressText2 = (telling, address) => {
  const [name, shown] = [nameOf(telling, address), code(address, telling.about.link?.("account", address) ?? null)];
  return name ? [memberText(name), " ", shown] : shown;
};
var amountText = ({ verdict: verdict2, words, about }, amount) => {
  const coin = verdict2.network?.coin ?? about.coin;
  return coin ? `${formatAmount(amount, coin)} ${coin.symbol}` : words.actions.units(number(amount, words));
};
var readable2 = (data) => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return null;
  }
};
var LONGEST_TEXT = 600;
var saysRecord = (telling, action) => {
  const { words } = telling;
  const { actions } = words;
  if (!("data" in action.content)) return [actions.recordsDocument, quoted(action.content.name, words), actions.under, quoted(action.topic, words), "."];
  const { data } = action.content;
  const text2 = readable2(data);
  const shown = text2 === null || text2 === "" ? null : h("pre", { class: "v-text", dir: "auto", tabindex: "0" }, saidLines(text2.length > LONGEST_TEXT ? `${text2.slice(0, LONGEST_TEXT)}…` : text2));
  return [actions.recordsData(data.length), quoted(action.topic, words), ".", shown];
};
var saysContract = (telling, { action, contract }, value) => {
  const { deploys, calls, withCoins } = telling.words.actions;
  const coins = value === 0n ? null : [withCoins, h("b", {}, amountText(telling, value))];
  return [action.type === "deploy" ? deploys : calls, contract === null ? null : addressText2(telling, contract), coins, "."];
};
var became = (telling, { outcome }) => {
  const { outcome: words, actions } = telling.words;
  if (outcome === null) return words.elsewhere;
  if (outcome.done === null) return [h("b", {}, words.failed), words.failedMeans];
  const { output, payments, events } = outcome.done;
  const bytes = (data) => code(toHex(data));
  const lines = [
    output.length === 0 ? null : h("li", {}, words.gives, bytes(output)),
    payments.map(({ to, amount }) => h("li", {}, actions.pays, h("b", {}, amountText(telling, amount)), actions.to, addressText2(telling, to))),
    events.map(({ topic, data }) => h("li", {}, words.tells, quoted(topic, telling.words), ": ", bytes(data)))
  ];
  return [h("b", {}, words.done), output.length + payments.length + events.length === 0 ? null : h("ul", { class: "v-list" }, lines)];
};
var says = (telling, transaction2) => {
  const { action } = transaction2;
  const { words } = telling;
  const { actions } = words;
  switch (action.type) {
    case "transfer": {
      const lines = action.outputs.map(({ to, amount }) => h("li", {}, actions.pays, h("b", {}, amountText(telling, amount)), actions.to, addressText2(telling, to)));
      return [h("ul", { class: "v-list" }, lines), action.memo === "" ? null : h("p", {}, `${words.terms.memo}: `, quoted(action.memo, words))];
    }
    case "record":
      return saysRecord(telling, action);
    case "propose": {
      const parties = action.parties.map((party) => h("li", {}, addressText2(telling, party)));
      return [actions.proposes, quoted(action.title, words), actions.until(dateOf(action.deadline, words)), actions.withParties, h("ul", { class: "v-list" }, parties)];
    }
    case "respond":
      return action.response === "sign" ? actions.signs : actions.refuses;
    case "withdraw":
      return actions.withdraws;
    case "ballot":
      return actions.ballot(action.yes);
    case "keys":
      return [actions.keys, h("b", {}, action.id)];
    case "deploy":
    case "call":
      return saysContract(telling, transaction2, action.value);
    case "motion": {
      const { change } = action;
      const { moves } = actions;
      if (change.type === "upgrade") return moves.upgrade(change.version, number(change.height, words));
      return change.type === "add" ? [moves.add, memberText(change.member)] : [moves[change.type], h("b", {}, change.id)];
    }
  }
};
var signer = (telling, receipt) => {
  const { verdict: verdict2, words } = telling;
  const { address } = receipt.transaction;
  const shown = code(address, telling.about.link?.("account", address) ?? null);
  const owner = nameOf(telling, address);
  const isKnown = (verdict2.proven?.members.length ?? 0) > 0;
  if (owner) return [words.member(isKnown), memberText(owner), h("p", {}, shown)];
  return [isKnown ? words.nobody : words.unknownSigner, h("p", {}, shown)];
};
var maker = ({ verdict: verdict2, words }, { miner }) => {
  const member = verdict2.proven?.members.find(({ key }) => key === miner);
  return member ? [words.madeBy, memberText(member)] : null;
};
var when = (telling, { block, before, after }) => {
  const { words } = telling;
  const [height, date] = [number(block.height, words), dateOf(block.time, words)];
  return [words.inBlock(height, date), maker(telling, block), ". ", words.between(dateOf(before.time, words), after && dateOf(after.time, words))];
};
var final = ({ verdict: verdict2, words, about }) => {
  const { proven, receipt } = verdict2;
  if (!proven || !receipt) return null;
  const { anchor } = receipt;
  if (!proven.final) return (about.byNode ? words.byNode.final : words.trusted)(number(anchor.height, words));
  const { signers, members, guilty, changes } = proven.final;
  const override = changes.findLast((change) => change.override !== null);
  const voted = changes.filter((change) => change.override === null).length;
  return [
    words.finalWith(number(anchor.height, words), dateOf(anchor.time, words)),
    words.signedBy,
    h("b", {}, signers.join(", ")),
    words.unless(guilty, members.length),
    voted > 0 ? words.changes(voted) : null,
    override ? words.overridden(number(override.height, words)) : null
  ];
};
var documentLine = ({ verdict: verdict2, words }) => {
  const { document: document2, receipt } = verdict2;
  if (receipt?.kind !== "receipt" || receipt.document === null && document2 === null) return null;
  if (document2 === "same") return h("b", { class: "v-good" }, words.same);
  if (document2 === "other") return h("b", { class: "v-bad" }, words.other);
  return document2 === "none" ? words.none : words.compare;
};
var details = (telling) => {
  const { verdict: verdict2, words, about } = telling;
  const { receipt, detail } = verdict2;
  const { terms } = words;
  const link = (kind, name) => about.link?.(kind, name) ?? null;
  const pairs = detail === null ? [] : [[words.labels.reason, detail]];
  if (receipt?.kind === "receipt") {
    const { transaction: transaction2, block, document: document2 } = receipt;
    pairs.push([terms.transaction, code(transaction2.id, link("tx", transaction2.id))], [terms.key, code(transaction2.sender)], [terms.fee, amountText(telling, transaction2.fee)]);
    if (transaction2.agreement) pairs.push([terms.agreement, code(transaction2.agreement, link("agreement", transaction2.agreement))]);
    if (transaction2.motion) pairs.push([terms.motion, code(transaction2.motion, link("motion", transaction2.motion))]);
    if (document2) pairs.push([terms.document, code(document2, link("document", document2))]);
    pairs.push([terms.block, [`${number(block.height, words)} `, code(block.id, link("block", block.id))]], [terms.work, number(receipt.work, words)]);
  }
  if (receipt) {
    const { anchor } = receipt;
    pairs.push([terms.anchor, [`${number(anchor.height, words)} `, code(anchor.id, link("block", anchor.id))]], [terms.network, code(receipt.network)]);
  }
  if (pairs.length === 0) return null;
  const isOpen = verdict2.level === "wrong" && receipt === null;
  return h("details", { class: "v-details", open: isOpen }, h("summary", {}, words.labels.details), facts(pairs));
};
var facts = (pairs) => h("dl", { class: "v-facts" }, pairs.filter(([, value]) => value !== null).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
var headline = ({ verdict: verdict2, words, about }) => {
  const { level, fault, receipt, network } = verdict2;
  const faults = about.byNode ? { ...words.faults, ...words.byNode.faults } : words.faults;
  if (level === "wrong") return [fault === "other-document" ? words.heads.another : words.heads.wrong, faults[fault ?? "form"]];
  if (level === "signed") {
    const isBlock = receipt?.kind === "final";
    return [isBlock ? words.heads.wrong : words.heads.signed, [isBlock ? null : `${words.signedOnly} `, faults[fault ?? "no-ground"]]];
  }
  if (receipt?.kind === "final") return [words.heads.finalProof, words.finalBlock(number(receipt.anchor.height, words), dateOf(receipt.anchor.time, words))];
  return [words.heads.proven, network ? [words.byDefinition[0], said(network.name), words.byDefinition[1]] : about.byNode ? words.byNode.proven : words.byTrust];
};
var byOverride = ({ verdict: verdict2, words, about }) => {
  const isUsed = verdict2.proven?.final?.changes.some(({ override }) => override !== null) ?? false;
  return verdict2.level === "proven" && isUsed ? [words.byOverride[0], said(about.override ?? "override.toml"), words.byOverride[1]] : null;
};
var SIGNS = { proven: "✓", signed: "?", wrong: "✕" };
var report = (verdict2, words, about = {}) => {
  const telling = { verdict: verdict2, words, about };
  const { receipt, level } = verdict2;
  const [head, sentence] = headline(telling);
  const shown = [];
  if (receipt?.kind === "receipt") {
    shown.push([words.labels.says, says(telling, receipt.transaction)], [words.labels.signed, signer(telling, receipt)]);
    shown.push([words.labels.document, documentLine(telling)]);
    if (verdict2.proven) {
      if (receipt.transaction.contract !== null) shown.push([words.labels.outcome, became(telling, receipt)]);
      shown.push([words.labels.when, when(telling, receipt)]);
    }
  }
  if (verdict2.proven) shown.push([words.labels.final, final(telling)]);
  return h(
    "section",
    { class: `v-report v-${level}`, lang: words.language },
    h("div", { class: "v-verdict", role: "status" }, h("span", { class: "v-sign", "aria-hidden": "true" }, SIGNS[level]), h("div", {}, h("h2", {}, head), h("p", {}, sentence, byOverride(telling)))),
    shown.length > 0 ? facts(shown) : null,
    details(telling)
  );
};

// verifier/words.ts
var en = {
  language: "en",
  heads: { proven: "Proven", signed: "Signed, but not proven", wrong: "Not proven", another: "This is another document", finalProof: "This block is final" },
  byDefinition: ["It stands on the ledger of the network “", "”. The members have made it final: it never changes."],
  byTrust: "It stands on the ledger, under the block that you trust.",
  byOverride: [" The file “", "” decides who the members are: rely on this only if you have that file from your own node or from a member."],
  byNode: {
    proven: "It stands on this node’s ledger, and the members have made it final: it never changes.",
    final: (height) => `It ends at block ${height}, which this node has as final.`,
    faults: {
      network: "This receipt is of another network than this node’s.",
      "no-ground": "This node does not have the block at which the receipt ends: it may be behind, or it keeps newer blocks only. The verifier that works from a file needs no node.",
      "other-block": "This node has another block at the height where the receipt ends. Either the receipt comes from elsewhere, or this node is not in touch with its network.",
      "not-final": "This node has the block at which the receipt ends, but the members have not made it final yet: it may still change."
    }
  },
  signedOnly: "Who signed it is certain. That it stands on a ledger is not: anyone could have made the rest of this file.",
  faults: {
    form: "This is not a receipt, or its text was changed after it was made. Ask for the receipt again.",
    forged: "Something in this receipt is false: it was changed or forged. Do not rely on it.",
    network: "This receipt is of another network than the one in network.toml. Use that network’s file.",
    "not-final": "The receipt holds no votes of the members, so network.toml alone does not prove it. Ask for it again now that its block is final, or give the hash of a block that you trust.",
    members: "Those who signed are not enough of the members that network.toml leads to. Either the receipt is forged, or the members were once decided by hand: then add that network’s override.toml, from your own node or from a member, not from whoever sent the receipt.",
    "other-block": "The receipt ends at another block than the one that you trust. Ask for one that ends at yours.",
    "other-document": "The receipt is about another document than this file. Even one changed character makes another document.",
    "no-document": "The transaction is about no document.",
    definition: "The network’s file cannot be used.",
    "no-ground": "To prove it, add the network’s file network.toml. Have it from your own node or from a member, not from whoever sent the receipt."
  },
  labels: { says: "What it says", outcome: "What came of it", signed: "Signed by", when: "When", final: "Final", document: "Document", details: "For experts", reason: "Why, in the checker’s words" },
  terms: {
    transaction: "Transaction",
    agreement: "Agreement",
    motion: "Motion",
    key: "Key",
    address: "Address",
    block: "Its block",
    anchor: "The block that it ends at",
    document: "SHA-256 of the document",
    network: "Network",
    work: "Work from its block on, in hashes",
    fee: "Fee",
    memo: "Memo"
  },
  actions: {
    pays: "Pays ",
    to: " to ",
    units: (count) => `${count} of the coin’s smallest unit`,
    recordsData: (bytes) => `Records ${bytes} bytes of data under `,
    recordsDocument: "Records the document ",
    under: " under ",
    proposes: "Proposes and signs the agreement ",
    withParties: " with ",
    until: (date) => `, open until ${date}`,
    signs: "Signs an agreement about a document",
    refuses: "Refuses an agreement about a document",
    withdraws: "Withdraws a proposed agreement",
    moves: { add: "Moves to make a member of ", remove: "Moves to remove the member ", governor: "Moves to let another address speak for the member ", upgrade: (version, height) => `Moves to give blocks the version ${version} from height ${height} on` },
    ballot: (yes) => `Votes ${yes ? "yes" : "no"} on a motion`,
    keys: "Changes the keys of the member ",
    deploys: "Deploys the contract ",
    calls: "Calls the contract ",
    withCoins: ", with "
  },
  outcome: {
    done: "Done.",
    failed: "Failed.",
    failedMeans: " It has cost its fee; its coins went back, and it changed nothing else.",
    gives: "Gives back, in hex: ",
    tells: "Says under ",
    elsewhere: "This receipt does not say whether it failed or what the contract did."
  },
  member: (isProven) => isProven ? "for the member " : "for the member, as this node says, ",
  nobody: "an address that spoke for no member then",
  unknownSigner: "the owner of the address",
  inBlock: (height, date) => `In block ${height}, made on ${date}`,
  between: (before, after) => `After ${before}${after === null ? "" : ` and before ${after}`}, if those who made these blocks have right clocks.`,
  madeBy: " by ",
  finalWith: (height, date) => `Final with block ${height}, made on ${date}. `,
  signedBy: "Voted for by ",
  unless: (guilty, count) => `. This is false only if at least ${guilty} of all ${count} members have signed two histories.`,
  changes: (count) => count === 1 ? " The members have changed once since network.toml; that change was proven too." : ` The members have changed ${count} times since network.toml; each change was proven too.`,
  overridden: (height) => ` After block ${height}, people decided by hand who the members are, as override.toml says.`,
  trusted: (height) => `It ends at block ${height}, which is the one that is trusted. Whether the members made that block final was not looked at.`,
  notShown: "Not known.",
  same: "The same file: not one character is different.",
  other: "Another file.",
  none: "The transaction is about no document, so there is nothing to compare.",
  compare: "To compare, add the document.",
  finalBlock: (height, date) => `Block ${height}, made on ${date}, and all that it stands on never change.`,
  page: {
    title: "Verify a receipt",
    lead: "A receipt proves that something was signed and stands on a ledger. This page checks it.",
    drop: "Drop the receipt, network.toml and the document here",
    choose: "Choose files",
    local: "Everything happens in this page. It works without a network, and no file leaves this machine.",
    dropReceipt: "Drop a receipt on any page, or choose it here. A document that is dropped after it is compared.",
    chooseReceipt: "Choose a receipt",
    byNode: "Checked in this page, against this node’s ledger. Nothing of the file was sent.",
    alone: "Who has no node needs the receipt, network.toml, and this page as a file: ",
    save: "Save the verifier",
    kinds: { receipt: "Receipt", network: "Network", override: "Override", document: "Document" },
    missing: { receipt: "no receipt yet", network: "no network.toml yet", document: "optional: the document that it is about" },
    remove: "Remove",
    trust: "Hash of a block that you trust",
    trustHint: "Instead of network.toml",
    badHash: "A hash has 64 digits, 0 to 9 and a to f.",
    caution: "Have network.toml from your own node or from a member, not from whoever sent the receipt.",
    reading: "Checking…",
    unreadable: (name) => `${name} cannot be read. If it is a folder, choose the files in it.`,
    differ: ["These files differ, and only one of them can count: ", ". Nothing is checked before you remove the others. Keep the one that you have from your own node or from a member."]
  }
};
var fr = {
  language: "fr",
  heads: { proven: "Prouvé", signed: "Signé, mais pas prouvé", wrong: "Pas prouvé", another: "C’est un autre document", finalProof: "Ce bloc est définitif" },
  byDefinition: ["C’est inscrit au registre du réseau « ", " ». Les membres l’ont rendu définitif : cela ne changera jamais."],
  byTrust: "C’est inscrit au registre, sous le bloc auquel vous vous fiez.",
  byOverride: [" Le fichier « ", " » décide qui sont les membres : ne vous y fiez que si vous tenez ce fichier de votre propre nœud ou d’un membre."],
  byNode: {
    proven: "C’est inscrit au registre de ce nœud, et les membres l’ont rendu définitif : cela ne changera jamais.",
    final: (height) => `Il aboutit au bloc ${height}, que ce nœud tient pour définitif.`,
    faults: {
      network: "Ce reçu vient d’un autre réseau que celui de ce nœud.",
      "no-ground": "Ce nœud n’a pas le bloc auquel le reçu aboutit : il est peut-être en retard, ou ne garde que des blocs plus récents. Le vérificateur enregistré comme fichier se passe de nœud.",
      "other-block": "Ce nœud a un autre bloc à la hauteur où le reçu aboutit. Ou bien le reçu vient d’ailleurs, ou bien ce nœud n’est pas en contact avec son réseau.",
      "not-final": "Ce nœud a le bloc auquel le reçu aboutit, mais les membres ne l’ont pas encore rendu définitif : cela peut encore changer."
    }
  },
  signedOnly: "Le signataire est certain. L’inscription à un registre ne l’est pas : n’importe qui a pu fabriquer le reste de ce fichier.",
  faults: {
    form: "Ce n’est pas un reçu, ou son texte a été modifié. Redemandez le reçu.",
    forged: "Quelque chose est faux dans ce reçu : il a été modifié ou forgé. Ne vous y fiez pas.",
    network: "Ce reçu vient d’un autre réseau que celui de network.toml. Utilisez le fichier de ce réseau.",
    "not-final": "Le reçu ne contient aucun vote des membres : network.toml ne suffit pas à le prouver. Redemandez-le maintenant que son bloc est définitif, ou donnez l’empreinte d’un bloc auquel vous vous fiez.",
    members: "Ceux qui ont signé ne sont pas assez nombreux parmi les membres auxquels mène network.toml. Ou bien le reçu est forgé, ou bien les membres ont un jour été fixés à la main : ajoutez alors le fichier override.toml de ce réseau, pris sur votre propre nœud ou chez un membre, non auprès de celui qui a envoyé le reçu.",
    "other-block": "Le reçu aboutit à un autre bloc que celui auquel vous vous fiez. Demandez-en un qui aboutisse au vôtre.",
    "other-document": "Le reçu porte sur un autre document que ce fichier. Un seul caractère modifié en fait un autre document.",
    "no-document": "La transaction ne porte sur aucun document.",
    definition: "Le fichier du réseau est inutilisable.",
    "no-ground": "Pour le prouver, ajoutez le fichier network.toml du réseau. Prenez-le sur votre propre nœud ou chez un membre, non auprès de celui qui a envoyé le reçu."
  },
  labels: { says: "Ce que cela dit", outcome: "Ce qu’il en est résulté", signed: "Signé par", when: "Quand", final: "Définitif", document: "Document", details: "Pour les spécialistes", reason: "Pourquoi, dans les mots du vérificateur (en anglais)" },
  terms: {
    transaction: "Transaction",
    agreement: "Accord",
    motion: "Motion",
    key: "Clé",
    address: "Adresse",
    block: "Son bloc",
    anchor: "Le bloc auquel il aboutit",
    document: "SHA-256 du document",
    network: "Réseau",
    work: "Travail à partir de son bloc, en hachages",
    fee: "Frais",
    memo: "Mention"
  },
  actions: {
    pays: "Paie ",
    to: " à ",
    units: (count) => `${count} de la plus petite unité de la monnaie`,
    recordsData: (bytes) => `Consigne ${bytes} octets de données sous `,
    recordsDocument: "Consigne le document ",
    under: " sous ",
    proposes: "Propose et signe l’accord ",
    withParties: " avec ",
    until: (date) => `, ouvert jusqu’au ${date}`,
    signs: "Signe un accord sur un document",
    refuses: "Refuse un accord sur un document",
    withdraws: "Retire une proposition d’accord",
    moves: { add: "Propose d’admettre comme membre ", remove: "Propose d’exclure le membre ", governor: "Propose qu’une autre adresse parle pour le membre ", upgrade: (version, height) => `Propose de donner aux blocs la version ${version} à partir de la hauteur ${height}` },
    ballot: (yes) => `Vote ${yes ? "oui" : "non"} sur une motion`,
    keys: "Change les clés du membre ",
    deploys: "Déploie le contrat ",
    calls: "Appelle le contrat ",
    withCoins: ", avec "
  },
  outcome: {
    done: "Réussi.",
    failed: "Échoué.",
    failedMeans: " Il en a coûté les frais ; les pièces sont revenues, et rien d’autre n’a changé.",
    gives: "Rend, en hexadécimal : ",
    tells: "Dit sous ",
    elsewhere: "Ce reçu ne dit pas si cet appel ou ce déploiement a échoué, ni ce que le contrat a fait."
  },
  member: (isProven) => isProven ? "pour le membre " : "pour le membre, selon ce nœud, ",
  nobody: "une adresse qui ne parlait alors pour aucun membre",
  unknownSigner: "le détenteur de l’adresse",
  inBlock: (height, date) => `Dans le bloc ${height}, fait le ${date}`,
  between: (before, after) => `Après le ${before}${after === null ? "" : ` et avant le ${after}`}, si les horloges des auteurs de ces blocs sont justes.`,
  madeBy: " par ",
  finalWith: (height, date) => `Définitif avec le bloc ${height}, fait le ${date}. `,
  signedBy: "Voté par ",
  unless: (guilty, count) => `. Ce n’est faux que si au moins ${guilty} des ${count} membres ont signé deux histoires.`,
  changes: (count) => count === 1 ? " Les membres ont changé une fois depuis network.toml ; ce changement aussi est prouvé." : ` Les membres ont changé ${count} fois depuis network.toml ; chaque changement aussi est prouvé.`,
  overridden: (height) => ` Après le bloc ${height}, les membres ont été fixés à la main, comme le dit override.toml.`,
  trusted: (height) => `Il aboutit au bloc ${height}, celui auquel on se fie. Que les membres aient rendu ce bloc définitif n’a pas été examiné.`,
  notShown: "Inconnu.",
  same: "Le même fichier : pas un caractère ne diffère.",
  other: "Un autre fichier.",
  none: "La transaction ne porte sur aucun document ; il n’y a rien à comparer.",
  compare: "Pour comparer, ajoutez le document.",
  finalBlock: (height, date) => `Le bloc ${height}, fait le ${date}, et tout ce sur quoi il repose ne changeront jamais.`,
  page: {
    title: "Vérifier un reçu",
    lead: "Un reçu prouve que quelque chose a été signé et est inscrit à un registre. Cette page le vérifie.",
    drop: "Déposez ici le reçu, network.toml et le document",
    choose: "Choisir des fichiers",
    local: "Tout se passe dans cette page. Elle fonctionne sans réseau, et aucun fichier ne quitte cette machine.",
    dropReceipt: "Déposez un reçu sur n’importe quelle page, ou choisissez-le ici. Un document déposé ensuite est comparé.",
    chooseReceipt: "Choisir un reçu",
    byNode: "Vérifié dans cette page, avec le registre de ce nœud. Rien du fichier n’a été envoyé.",
    alone: "Qui n’a pas de nœud a besoin du reçu, de network.toml et de cette page comme fichier : ",
    save: "Enregistrer le vérificateur",
    kinds: { receipt: "Reçu", network: "Réseau", override: "Décision manuelle", document: "Document" },
    missing: { receipt: "pas encore de reçu", network: "pas encore de network.toml", document: "facultatif : le document dont il s’agit" },
    remove: "Retirer",
    trust: "Empreinte d’un bloc auquel vous vous fiez",
    trustHint: "Au lieu de network.toml",
    badHash: "Une empreinte a 64 chiffres, de 0 à 9 et de a à f.",
    caution: "Prenez network.toml sur votre propre nœud ou chez un membre, non auprès de celui qui a envoyé le reçu.",
    reading: "Vérification…",
    unreadable: (name) => `${name} ne peut pas être lu. Si c’est un dossier, choisissez les fichiers qu’il contient.`,
    differ: ["Ces fichiers diffèrent, et un seul peut compter : ", ". Rien n’est vérifié tant que vous n’avez pas retiré les autres. Gardez celui que vous tenez de votre propre nœud ou d’un membre."]
  }
};
var wordsFor = (languages) => {
  const known = languages.map((language) => language.slice(0, 2).toLowerCase()).find((language) => language === "en" || language === "fr");
  return known === "fr" ? fr : en;
};
export {
  h,
  hashDocument,
  isReceipt,
  judge,
  judgeByNode,
  readable,
  report,
  said,
  wordsFor
};
