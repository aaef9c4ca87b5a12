// What became of a deployment or a call, as a receipt shows it (docs/PROTOCOL.md, Receipts and Contracts).

import type { Output } from "./action.js";
import { addressBytes, addressText } from "./address.js";
import { concat, fromHex } from "./bytes.js";
import { decodeHex, type Reader } from "./codec.js";
import { tagged } from "./hash.js";
import { climb, commitmentsOf } from "./header.js";
import { CONTRACT_EVENT, CONTRACT_EVENTS, CONTRACT_OUTPUT, CONTRACT_PAYMENTS, CONTRACT_TOPIC } from "./limits.js";

/** What a run that did not fail has given. */
export interface Done {
  /** What the contract gave back. */
  readonly output: Uint8Array;
  /** What it paid, in its order. */
  readonly payments: readonly Output[];
  /** What it said, in its order. */
  readonly events: readonly { readonly topic: string; readonly data: Uint8Array }[];
}

/** What became of a deployment or a call. */
export interface Outcome {
  readonly contract: string;
  /** Null: it failed. It has cost its fee, its value went back, and it changed nothing else. */
  readonly done: Done | null;
}

/** What a receipt says of it, in hex. */
export interface OutcomeParts {
  readonly done: string;
  readonly path: readonly string[];
  readonly writes: string;
  readonly state: string;
  readonly roster: string;
}

const readDone = (reader: Reader): Done => ({
  output: reader.bytes(CONTRACT_OUTPUT),
  payments: reader.list(CONTRACT_PAYMENTS, () => ({ to: addressText(reader.take(33)), amount: reader.u64() })),
  events: reader.list(CONTRACT_EVENTS, () => ({ topic: reader.text(CONTRACT_TOPIC), data: reader.bytes(CONTRACT_EVENT) })),
});

/** What became of a transaction, and the commitments of the block in which that is so. */
export const readOutcome = (parts: OutcomeParts, transaction: string, contract: string): [Outcome, string] => {
  const done = decodeHex(parts.done, (reader) => reader.option(() => readDone(reader)));
  const leaf = tagged("bouya outcome", fromHex(transaction, 32), addressBytes(contract), fromHex(parts.done));
  const [writes, state, roster] = [parts.writes, parts.state, parts.roster].map((hash) => fromHex(hash, 32)) as [Uint8Array, Uint8Array, Uint8Array];
  const executed = tagged("bouya executed", concat(writes, fromHex(climb(leaf, parts.path), 32), state));
  return [{ contract, done }, commitmentsOf(roster, executed)];
};
