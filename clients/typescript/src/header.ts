// Headers of blocks: 264 bytes with their own work and seal, and the trees that they commit to.

import { concat, fromHex, toHex, utf8 } from "./bytes.js";
import { DecodeError, Reader, u128 } from "./codec.js";
import { double, sha256, tagged } from "./hash.js";
import { isSigned } from "./keys.js";
import { HEADER_BYTES } from "./limits.js";

/** A block's header. Hashes are hex, times milliseconds since 1970. */
export interface Header {
  readonly bytes: Uint8Array;
  /** The block's id. */
  readonly id: string;
  readonly version: number;
  readonly flags: number;
  readonly height: bigint;
  readonly time: bigint;
  /** Expected hashes. */
  readonly difficulty: bigint;
  readonly parent: string;
  /** Root over the ids of reward, certificate and transactions. */
  readonly body: string;
  /** Root over all earlier headers. */
  readonly history: string;
  readonly commitments: string;
  /** The member key that sealed it. */
  readonly miner: string;
  readonly seal: string;
  readonly nonce: bigint;
}

/** What the seal signs of a header. */
const SEALED_BYTES = 192;

export const readHeader = (reader: Reader): Header => {
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
    nonce: at.u64(),
  };
};

/** Whether a header shows the work that it states. */
export const meets = ({ id, difficulty }: Pick<Header, "id" | "difficulty">): boolean => difficulty > 0n && BigInt(`0x${id}`) <= (2n ** 256n - 1n) / difficulty;

/** Whether the miner's key has sealed it for this network. */
export const isSealed = ({ bytes, miner, seal }: Header, network: string): boolean =>
  isSigned(fromHex(miner), concat(utf8("bouya seal\0"), fromHex(network, 32), bytes.slice(0, SEALED_BYTES)), fromHex(seal));

export const follows = (header: Header, parent: Header): boolean => header.parent === parent.id && header.height === parent.height + 1n && header.time > parent.time;

/** A header's commitments: to the roster after the block, and to what the block changes. */
export const commitmentsOf = (roster: Uint8Array, executed: Uint8Array): string => toHex(tagged("bouya commitments", roster, executed));

/** What stands in the history for a block: its id, and the work of the chain up to it. */
export const historyLeaf = (id: string, work: bigint): Uint8Array => concat(fromHex(id, 32), u128(work));

/** A step up a Merkle tree: the side on which the sibling stands, L or R, and the sibling in hex. */
export const isStep = (text: unknown): text is string => typeof text === "string" && /^[LR][0-9a-f]{64}$/.test(text);

/** The root that a leaf leads to. */
export const climb = (leaf: Uint8Array, steps: readonly string[]): string => {
  let hash = sha256(concat(Uint8Array.of(0), leaf));
  for (const step of steps) {
    if (!isStep(step)) throw new DecodeError("a path has another form");
    const sibling = fromHex(step.slice(1));
    const pair = step.startsWith("L") ? [sibling, hash] : [hash, sibling];
    hash = sha256(concat(Uint8Array.of(1), ...pair));
  }
  return toHex(hash);
};
