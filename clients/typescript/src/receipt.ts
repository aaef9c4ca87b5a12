// Receipts and final proofs: verified with no node and no network (docs/PROTOCOL.md, Receipts).

import { documentOf, type Member } from "./action.js";
import { fromHex, isHex } from "./bytes.js";
import { DecodeError, decodeHex } from "./codec.js";
import { BouyaError, InputError, ReceiptError } from "./errors.js";
import { checkCommit, checkFinal, type Final, type Finality, readCertificate, readHandover } from "./finality.js";
import { climb, follows, type Header, historyLeaf, isSealed, isStep, meets, readHeader } from "./header.js";
import { HANDOVERS, RECEIPT_BYTES, STEPS, U128 } from "./limits.js";
import type { Network } from "./network.js";
import { type Outcome, readOutcome } from "./outcome.js";
import { readUnchecked, type Transaction } from "./transaction.js";

const RECEIPT = "bouya receipt 2";
const FINAL_PROOF = "bouya final 1";

/** What a receipt shows once its anchor is trusted. Everything that needs no trust was checked. */
export interface Receipt {
  readonly kind: "receipt";
  /** The network's id. */
  readonly network: string;
  readonly transaction: Transaction;
  /** The document's SHA-256 that the transaction is about. */
  readonly document: string | null;
  /** The block before the transaction's. */
  readonly before: Header;
  /** The transaction's block. */
  readonly block: Header;
  /** The block after it, if there is one up to the anchor. */
  readonly after: Header | null;
  /** The block that all of this lies under. */
  readonly anchor: Header;
  /** Expected hashes from the block to the anchor, both counted. */
  readonly work: bigint;
  /** A commit for the anchor; whose signatures it holds is checked with the definition. */
  readonly finality: Finality | null;
  /** What became of it, if it deploys or calls a contract; null too where the node that made the receipt no longer had that. */
  readonly outcome: Outcome | null;
}

/** A block alone, with what makes it final. */
export interface FinalProof {
  readonly kind: "final";
  readonly network: string;
  readonly anchor: Header;
  readonly finality: Finality;
}

/** Why a verifier relies on the receipt's last block: by the network's definition, or because it trusts the block with this id. */
export type Ground = { readonly network: Network } | { readonly trust: string };

/** What was proven beside what the receipt shows. */
export interface Proven {
  /** By whom the anchor is final; null if the verifier trusts it for other reasons. */
  readonly final: Final | null;
  /** The member whose governor sent the transaction, when its block was made; null if it was no governor, or if nobody knows. */
  readonly member: Member | null;
  /** The members when the block was made; none if they are not known. */
  readonly members: readonly Member[];
}

const malformed = (what: string) => new ReceiptError("form", `it is no receipt: ${what}`);
const forged = (what: string) => new ReceiptError("forged", what);

type Fields = Record<string, unknown>;

const fields = (value: unknown, names: readonly string[], what: string): Fields => {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject || Object.keys(value).join() !== names.join()) throw malformed(`${what} does not have the fields ${names.join(", ")}`);
  return value as Fields;
};

const hex = (value: unknown, what: string, bytes?: number): string => {
  if (!isHex(value, bytes)) throw malformed(`${what} is not in lower-case hex`);
  return value;
};

const header = (value: unknown, what: string): Header => {
  try {
    return decodeHex(hex(value, what), readHeader);
  } catch (error) {
    throw error instanceof DecodeError ? malformed(`${what}: ${error.message}`) : error;
  }
};

const work = (value: unknown): bigint => {
  if (typeof value !== "string" || !/^(0|[1-9][0-9]{0,38})$/.test(value) || BigInt(value) > U128) throw malformed("a work is not a number");
  return BigInt(value);
};

const path = (value: unknown): string[] => {
  if (!Array.isArray(value) || value.length > STEPS || !value.every(isStep)) throw malformed("a path is none");
  return value;
};

const finality = (handovers: unknown, certificate: unknown): Finality => {
  if (!Array.isArray(handovers) || handovers.length > HANDOVERS) throw malformed(`its handovers are no list of at most ${HANDOVERS}`);
  try {
    return { handovers: handovers.map((one) => decodeHex(hex(one, "a handover"), readHandover)), certificate: decodeHex(hex(certificate, "the certificate"), readCertificate) };
  } catch (error) {
    if (error instanceof ReceiptError || !(error instanceof BouyaError)) throw error;
    throw malformed(`what makes its last block final: ${error.message}`);
  }
};

/** Headers whose work was checked, and seals that are still to be: those are slow. */
class Headers {
  readonly #seals: [Header, string][] = [];

  constructor(readonly network: string) {}

  read(value: unknown, what: string, mayBeGenesis = false): Header {
    const found = header(value, what);
    if (found.height === 0n) {
      if (!mayBeGenesis || found.id !== this.network) throw forged(`${what} is not the network's first block`);
      return found;
    }
    if (!meets(found)) throw forged(`${what} does not show the work that it states`);
    this.#seals.push([found, what]);
    return found;
  }

  checkSeals(): void {
    for (const [found, what] of this.#seals) if (!isSealed(found, this.network)) throw forged(`${what} is not sealed by its miner for this network`);
  }
}

const under = (headers: Headers, value: unknown, anchor: Header, what: string): [Header, bigint] => {
  const said = fields(value, ["header", "work", "path"], what);
  const [found, total, steps] = [headers.read(said.header, what), work(said.work), path(said.path)];
  if (climb(historyLeaf(found.id, total), steps) !== anchor.history) throw forged(`${what} does not stand under the last block`);
  return [found, total];
};

/** The anchor, the block after `block`, and the work from `block` to the anchor. */
const checkAbove = (headers: Headers, value: unknown, block: Header): Pick<Receipt, "anchor" | "after" | "work"> => {
  if (value === null) return { anchor: block, after: null, work: block.difficulty };
  const said = fields(value, ["work", "path", "after", "last", "anchor"], "above");
  const [anchor, total, steps] = [headers.read(said.anchor, "the last block"), work(said.work), path(said.path)];
  if (climb(historyLeaf(block.id, total), steps) !== anchor.history) throw forged("the transaction's block does not stand under the last block");
  const [after, afterWork] = said.after === null ? [anchor, null] : under(headers, said.after, anchor, "the block after");
  if (!follows(after, block)) throw forged("the block after does not follow the transaction's");
  const lower: [Header, bigint] = afterWork === null ? [block, total] : [after, afterWork];
  const [last, below] = said.last === null ? lower : under(headers, said.last, anchor, "the block before the last");
  if (!follows(anchor, last)) throw forged("the last block does not follow the one before it");
  return { anchor, after, work: below + anchor.difficulty - total + block.difficulty };
};

const transaction = (value: unknown, network: string): [Transaction, () => void] => {
  const said = hex(value, "the transaction");
  const judged = <T>(read: () => T): T => {
    try {
      return read();
    } catch (error) {
      throw error instanceof DecodeError || error instanceof InputError ? forged(`the transaction: ${error.message}`) : error;
    }
  };
  const [found, check] = judged(() => readUnchecked(fromHex(said), network));
  return [found, () => judged(check)];
};

/** What became of a deployment or a call, which its block commits to. */
const checkOutcome = (value: unknown, { id, contract }: Transaction, block: Header): Outcome => {
  const said = fields(value, ["done", "path", "writes", "state", "roster"], "outcome");
  if (contract === null) throw forged("it shows what became of a call, and the transaction calls nothing");
  const hash = (name: string) => hex(said[name], name, 32);
  const parts = { done: hex(said.done, "done"), path: path(said.path), writes: hash("writes"), state: hash("state"), roster: hash("roster") };
  try {
    const [outcome, commitments] = readOutcome(parts, id, contract);
    if (commitments === block.commitments) return outcome;
  } catch (error) {
    throw error instanceof DecodeError || error instanceof InputError ? malformed(`what became of the transaction: ${error.message}`) : error;
  }
  throw forged("what it says became of the transaction is not what the block commits to");
};

const RECEIPT_FIELDS = ["format", "network", "transaction", "path", "before", "block", "above", "finality"];

const checkReceipt = (value: Fields): Receipt => {
  fields(value, "outcome" in value ? [...RECEIPT_FIELDS, "outcome"] : RECEIPT_FIELDS, "it");
  const network = hex(value.network, "the network", 32);
  const [[found, checkSignatures], headers] = [transaction(value.transaction, network), new Headers(network)];
  const [before, block] = [headers.read(value.before, "the block before", true), headers.read(value.block, "the transaction's block")];
  if (climb(fromHex(found.id), path(value.path)) !== block.body) throw forged("the path does not lead from the transaction to the block's body");
  if (!follows(block, before)) throw forged("the transaction's block does not follow the one before it");
  const outcome = "outcome" in value ? checkOutcome(value.outcome, found, block) : null;
  const above = checkAbove(headers, value.above, block);
  let votes: Finality | null = null;
  if (value.finality !== null) {
    const said = fields(value.finality, ["handovers", "certificate"], "finality");
    votes = finality(said.handovers, said.certificate);
    checkCommit(votes.certificate, above.anchor);
  }
  headers.checkSeals();
  checkSignatures();
  return { kind: "receipt", network, transaction: found, document: documentOf(found.action), before, block, ...above, finality: votes, outcome };
};

const checkFinalProof = (value: Fields): FinalProof => {
  fields(value, ["format", "network", "header", "handovers", "certificate"], "it");
  const headers = new Headers(hex(value.network, "the network", 32));
  const anchor = headers.read(value.header, "the block", true);
  const votes = finality(value.handovers, value.certificate);
  checkCommit(votes.certificate, anchor);
  headers.checkSeals();
  return { kind: "final", network: headers.network, anchor, finality: votes };
};

const decoded = (file: string | Uint8Array): string => {
  if (file.length > RECEIPT_BYTES) throw malformed("it is too large");
  if (typeof file === "string") return file;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(file);
  } catch {
    throw malformed("it is no text");
  }
};

/** What the JSON says, and its text without white space. */
const parsed = (text: string): [unknown, string | undefined] => {
  try {
    const value: unknown = JSON.parse(text);
    return [value, JSON.stringify(value)];
  } catch {
    throw malformed("it is no JSON");
  }
};

/** Whether a file claims to be a receipt or a final proof, of any version. */
export const isReceipt = (file: string): boolean => /^\s*\{\s*"format"\s*:\s*"bouya (receipt|final) /.test(file);

/**
 * Reads a receipt or a final proof, as text or as a file's bytes, and checks everything in it that needs no trust. By itself it shows who signed,
 * and no more: anyone can make blocks in private. Then see `prove`. Throws a ReceiptError.
 */
export const readReceipt = (file: string | Uint8Array): Receipt | FinalProof => {
  const text = decoded(file);
  const [value, again] = parsed(text);
  // Its one form. All strings in it are hex, digits and these names, so it reads back in one way only.
  if (again !== text.trim()) throw malformed("its form was changed after it was made");
  const { format } = Object(value) as Fields;
  if (format === RECEIPT) return checkReceipt(value as Fields);
  if (format === FINAL_PROOF) return checkFinalProof(value as Fields);
  const other = typeof format === "string" ? ` of the format ${JSON.stringify(format.slice(0, 40))}` : "";
  throw malformed(`this library reads "${RECEIPT}" and "${FINAL_PROOF}", not a file${other}`);
};

/** Whether the last block can be relied on, and by whom it is final then. Throws a ReceiptError if it cannot. */
export const prove = (receipt: Receipt | FinalProof, ground: Ground): Proven => {
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
  const [final, sets] = checkFinal(receipt.finality, receipt.network, ground.network);
  const { height } = receipt.kind === "final" ? receipt.anchor : receipt.block;
  // The first members were in force for every block that no later ones were.
  const then = sets.findLast(({ roster }) => roster.base.height < height) ?? sets[0];
  const members = then?.roster.members ?? [];
  const member = receipt.kind === "final" ? null : (members.find(({ governor }) => governor === receipt.transaction.address) ?? null);
  return { final, member, members };
};

/** Checks that the receipt's transaction is about the document with this SHA-256. Throws a ReceiptError. */
export const checkDocument = (receipt: Receipt | FinalProof, hash: string): void => {
  const about = receipt.kind === "receipt" ? receipt.document : null;
  if (about === null) throw new ReceiptError("no-document", "the transaction is not about a document");
  if (about !== hash) throw new ReceiptError("other-document", `this is another document: the transaction is about SHA-256 ${about}, not ${hash}`);
};

/** Everything at once: what the receipt shows, and why that is so. Throws a ReceiptError unless it is proven. */
export const verifyReceipt = (file: string | Uint8Array, ground: Ground, document?: string): (Receipt | FinalProof) & Proven => {
  const receipt = readReceipt(file);
  if (document !== undefined) checkDocument(receipt, document);
  return { ...receipt, ...prove(receipt, ground) };
};
