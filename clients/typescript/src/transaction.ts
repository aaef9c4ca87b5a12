// Transactions: built and signed here, and read from receipts. The node never sees a key.

import { type Action, beginning, type Claim, checkAction, checkCost, contractOf, encodeAction, readAction } from "./action.js";
import { addressOfKey } from "./address.js";
import { concat, fromHex, toHex, utf8 } from "./bytes.js";
import { DecodeError, Reader, u64, u8 } from "./codec.js";
import { InputError } from "./errors.js";
import { sha256 } from "./hash.js";
import { isSigned, type SecretKey } from "./keys.js";
import { DEPLOY_BYTES, GAS_PER_BYTE, GAS_TRANSLATE_BYTE, TRANSACTION_BYTES } from "./limits.js";

const VERSION = 1;
const SIGNATURE_BYTES = 64;
/** Version, key, nonce, fee and valid_until stand before the action. */
const ACTION_AT = 1 + 32 + 8 + 8 + 8;

/** A signed transaction. */
export interface Transaction {
  readonly id: string;
  /** What is sent. */
  readonly bytes: Uint8Array;
  /** The sender's public key. */
  readonly sender: string;
  /** The sender's address. */
  readonly address: string;
  readonly nonce: bigint;
  readonly fee: bigint;
  readonly validUntil: bigint;
  readonly action: Action;
  /** The agreement that it is about: the one that it proposes, answers or withdraws. */
  readonly agreement: string | null;
  /** The motion that it is about. */
  readonly motion: string | null;
  /** The contract that it deploys or calls. */
  readonly contract: string | null;
}

/** What the signer decides beside the action. */
export interface Terms {
  /** The sender's number of transactions so far: `account.nonce`. */
  readonly nonce: bigint;
  /** In the smallest unit. */
  readonly fee: bigint;
  /** The last block that may hold it. */
  readonly validUntil: bigint;
}

/** Bytes of a signed transaction. */
export const transactionSize = (action: Action): number => ACTION_AT + encodeAction(action).length + SIGNATURE_BYTES;

/** What a transaction costs a block, in bytes: its own, and those that its gas is worth. Nodes take a fee for each. */
export const transactionBurden = (action: Action): bigint => {
  const gas = "gas" in action ? action.gas + GAS_TRANSLATE_BYTE * BigInt(action.type === "deploy" ? action.code.length : action.size) : 0n;
  return BigInt(transactionSize(action)) + (gas + GAS_PER_BYTE - 1n) / GAS_PER_BYTE;
};

const signedBytes = (network: Uint8Array, unsigned: Uint8Array): Uint8Array => concat(utf8("bouya transaction\0"), network, unsigned);

const areSigned = (claims: readonly Claim[]): boolean => claims.every(({ key, message, signature }) => isSigned(key, message, signature));

/** The largest transaction that may hold an action. */
const room = (action: Action): number => (action.type === "deploy" ? DEPLOY_BYTES : TRANSACTION_BYTES);

/** Signs an action for the network with this id. */
export const signTransaction = (network: string, key: SecretKey, terms: Terms, action: Action): Transaction => {
  if (!areSigned(checkAction(action, key.address, terms.nonce, network))) throw new InputError("the new member key has not signed: its proof is for something else");
  checkCost(action, terms.fee);
  const signed = signUnchecked(network, key, terms, action);
  const { length } = signed.bytes;
  if (length > room(action)) throw new InputError(`the transaction has ${length} bytes, at most ${room(action)} are allowed`);
  return signed;
};

/** The same for what no node would take. */
export const signUnchecked = (network: string, key: SecretKey, terms: Terms, action: Action): Transaction => {
  const encoded = encodeAction(action);
  const unsigned = concat(u8(VERSION), fromHex(key.publicKey), u64(terms.nonce), u64(terms.fee), u64(terms.validUntil), encoded);
  const bytes = concat(unsigned, key.sign(signedBytes(fromHex(network, 32), unsigned)));
  return made(bytes, key.publicKey, terms, action, encoded);
};

const made = (bytes: Uint8Array, sender: string, { nonce, fee, validUntil }: Terms, action: Action, encoded: Uint8Array): Transaction => {
  const begun = (tag: "agreement" | "motion") => beginning(tag, sender, nonce, encoded.slice(1));
  const agreement = action.type === "propose" ? begun("agreement") : "agreement" in action ? action.agreement : null;
  const motion = action.type === "motion" ? begun("motion") : action.type === "ballot" ? action.motion : null;
  const address = addressOfKey(sender);
  return { id: toHex(sha256(bytes)), bytes, sender, address, nonce, fee, validUntil, action, agreement, motion, contract: contractOf(action, address, nonce) };
};

/**
 * Reads a transaction and checks all that makes it valid everywhere, the signature for this network among it. Throws a DecodeError or an
 * InputError.
 */
export const readTransaction = (bytes: Uint8Array, network: string): Transaction => {
  const [transaction, check] = readUnchecked(bytes, network);
  check();
  return transaction;
};

/** The same, with the signatures left to be checked: they are slow, so whoever checks other things as well does these last. */
export const readUnchecked = (bytes: Uint8Array, network: string): [Transaction, () => void] => {
  const tooLarge = (most: number) => new DecodeError(`it has ${bytes.length} bytes, at most ${most} are allowed`);
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
  const [transaction, id] = [made(bytes, sender, terms, action, unsigned.slice(ACTION_AT)), fromHex(network, 32)];
  const claims = checkAction(action, transaction.address, terms.nonce, network);
  checkCost(action, terms.fee);
  const check = () => {
    if (!isSigned(fromHex(sender), signedBytes(id, unsigned), signature)) throw new DecodeError("its signature is not its sender's for this network");
    if (!areSigned(claims)) throw new DecodeError("the new member key has not signed");
  };
  return [transaction, check];
};
