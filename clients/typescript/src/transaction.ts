// Transactions: built and signed here, and read from receipts. The node never sees a key.

import { type Action, type AnyAction, beginning, checkAction, checkCost, encodeAction, readAction } from "./action.js";
import { addressOfKey } from "./address.js";
import { concat, fromHex, toHex, utf8 } from "./bytes.js";
import { DecodeError, Reader, u64, u8 } from "./codec.js";
import { InputError } from "./errors.js";
import { sha256 } from "./hash.js";
import { isSigned, type SecretKey } from "./keys.js";
import { TRANSACTION_BYTES } from "./limits.js";

const VERSION = 1;
const SIGNATURE_BYTES = 64;
/** Version, key, nonce, fee and valid_until stand before the action. */
const ACTION_AT = 1 + 32 + 8 + 8 + 8;

/** A signed transaction. */
export interface Transaction<A extends AnyAction = AnyAction> {
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
  readonly action: A;
  /** The agreement that it is about: the one that it proposes, answers or withdraws. */
  readonly agreement: string | null;
  /** The motion that it is about. */
  readonly motion: string | null;
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

/** Bytes of a signed transaction. Nodes take a fee per byte. */
export const transactionSize = (action: Action): number => ACTION_AT + encodeAction(action).length + SIGNATURE_BYTES;

const signedBytes = (network: Uint8Array, unsigned: Uint8Array): Uint8Array => concat(utf8("bouya transaction\0"), network, unsigned);

/** Signs an action for the network with this id. */
export const signTransaction = (network: string, key: SecretKey, terms: Terms, action: Action): Transaction<Action> => {
  checkAction(action, key.address, terms.nonce, fromHex(network, 32));
  checkCost(action, terms.fee);
  const signed = signUnchecked(network, key, terms, action);
  const { length } = signed.bytes;
  if (length > TRANSACTION_BYTES) throw new InputError(`the transaction has ${length} bytes, at most ${TRANSACTION_BYTES} are allowed`);
  return signed;
};

/** The same for what no node would take. */
export const signUnchecked = (network: string, key: SecretKey, terms: Terms, action: Action): Transaction<Action> => {
  const encoded = encodeAction(action);
  const unsigned = concat(u8(VERSION), fromHex(key.publicKey), u64(terms.nonce), u64(terms.fee), u64(terms.validUntil), encoded);
  const bytes = concat(unsigned, key.sign(signedBytes(fromHex(network, 32), unsigned)));
  return made(bytes, key.publicKey, terms, action, encoded);
};

const made = <A extends AnyAction>(bytes: Uint8Array, sender: string, { nonce, fee, validUntil }: Terms, action: A, encoded: Uint8Array): Transaction<A> => {
  const begun = (tag: "agreement" | "motion") => beginning(tag, sender, nonce, encoded.slice(1));
  const agreement = action.type === "propose" ? begun("agreement") : "agreement" in action ? action.agreement : null;
  const motion = action.type === "motion" ? begun("motion") : action.type === "ballot" ? action.motion : null;
  return { id: toHex(sha256(bytes)), bytes, sender, address: addressOfKey(sender), nonce, fee, validUntil, action, agreement, motion };
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
  if (bytes.length > TRANSACTION_BYTES) throw new DecodeError(`it has ${bytes.length} bytes, at most ${TRANSACTION_BYTES} are allowed`);
  const reader = new Reader(bytes);
  const version = reader.u8();
  if (version !== VERSION) throw new DecodeError(`version ${version} is unknown`);
  const sender = reader.hex(32);
  const terms = { nonce: reader.u64(), fee: reader.u64(), validUntil: reader.u64() };
  const action = readAction(reader);
  const unsigned = bytes.slice(0, reader.at);
  const signature = reader.take(SIGNATURE_BYTES);
  reader.end();
  const [transaction, id] = [made(bytes, sender, terms, action, unsigned.slice(ACTION_AT)), fromHex(network, 32)];
  const claims = checkAction(action, transaction.address, terms.nonce, id);
  checkCost(action, terms.fee);
  const check = () => {
    if (!isSigned(fromHex(sender), signedBytes(id, unsigned), signature)) throw new DecodeError("its signature is not its sender's for this network");
    if (!claims.every((claim) => isSigned(claim.key, claim.message, claim.signature))) throw new DecodeError("the new member key has not signed");
  };
  return [transaction, check];
};
