// Signs and sends with one key: asks the node for the nonce and the fee, never for trust in what is signed.

import type { Action, Content, Output } from "./action.js";
import type * as api from "./api-types.js";
import type { Client, Until, Waiting } from "./client.js";
import { BouyaError, InputError, ProblemError } from "./errors.js";
import { type Document, hashDocument } from "./hash.js";
import type { SecretKey } from "./keys.js";
import { signTransaction, type Transaction, transactionBurden } from "./transaction.js";

/** What can be decided for each transaction. */
export interface Sending {
  /** In the smallest unit; the node's smallest fee per byte unless told otherwise. */
  readonly fee?: bigint;
  /** The last block that may hold it: a thousand blocks from now unless told otherwise. */
  readonly validUntil?: bigint;
}

/** What a contract may take. */
export interface Running {
  /** Paid whole, whatever it takes. */
  readonly gas: bigint;
  /** Coins that come with it, in the smallest unit. */
  readonly value?: bigint;
}

/** What was sent. */
export interface Sent extends Transaction {
  /** Waits until it is confirmed, or final. */
  wait(until?: Until, waiting?: Waiting): Promise<api.Transaction>;
}

/** A file, or its SHA-256 in hex. */
export type DocumentOrHash = Document | string;

/** Long enough for a busy or idle network, and short enough that a payment that everyone gave up does not come back months later. */
const VALID_BLOCKS = 1_000n;
/** How many nonces to try while others sign with the same key. */
const NONCES = 32;
/** Another transaction came first: its nonce waits, is confirmed, or is gone with the one that waited. */
const OVERTAKEN = ["nonce-taken", "wrong-nonce", "confirmed"];

const hashOf = async (document: DocumentOrHash): Promise<string> => {
  if (typeof document !== "string") return hashDocument(document);
  if (!/^[0-9a-f]{64}$/.test(document)) throw new InputError("a document is its bytes, or its SHA-256 as 64 lower-case hex digits");
  return document;
};

/** Whoever signs with one key at one node. */
export class Sender {
  readonly #client: Client;
  readonly #key: SecretKey;

  constructor(client: Client, key: SecretKey) {
    this.#client = client;
    this.#key = key;
  }

  get address(): string {
    return this.#key.address;
  }

  /** Its account, what waits in the node's mempool counted: coins sent a moment ago are spent. */
  account(): Promise<api.Account> {
    return this.#client.account(this.address, { confirmations: 0 });
  }

  /** Pays one or several addresses. */
  transfer(outputs: Output | readonly Output[], { memo = "", ...sending }: Sending & { readonly memo?: string } = {}): Promise<Sent> {
    return this.send({ type: "transfer", outputs: [outputs].flat() as Output[], memo }, sending);
  }

  /** Writes data down under a topic, for every member to read: at most 8 KiB. */
  record(topic: string, data: Uint8Array | string, sending: Sending = {}): Promise<Sent> {
    const content: Content = { data: typeof data === "string" ? new TextEncoder().encode(data) : data };
    return this.send({ type: "record", topic, content }, sending);
  }

  /** Writes a document's SHA-256 down under a topic, with its name. The document stays here. */
  async recordDocument(topic: string, document: DocumentOrHash, name: string, sending: Sending = {}): Promise<Sent> {
    return this.send({ type: "record", topic, content: { hash: await hashOf(document), name } }, sending);
  }

  /** Proposes an agreement, which counts as a signature. The parties need the document and the agreement's id, `sent.agreement`. */
  async propose(
    proposal: { readonly title: string; readonly document: DocumentOrHash; readonly parties: readonly string[]; readonly deadline: Date },
    sending: Sending = {},
  ): Promise<Sent & { readonly agreement: string }> {
    const { title, parties, deadline } = proposal;
    const document = await hashOf(proposal.document);
    const sent = await this.send({ type: "propose", title, document, parties, deadline: BigInt(deadline.getTime()) }, sending);
    return sent as Sent & { readonly agreement: string };
  }

  /** Signs an agreement about this document; refuses to if it is about another. */
  sign(agreement: string, document: DocumentOrHash, sending: Sending = {}): Promise<Sent> {
    return this.#respond(agreement, document, "sign", sending);
  }

  /** Refuses an agreement about this document, for good. */
  refuse(agreement: string, document: DocumentOrHash, sending: Sending = {}): Promise<Sent> {
    return this.#respond(agreement, document, "refuse", sending);
  }

  async #respond(agreement: string, given: DocumentOrHash, response: "sign" | "refuse", sending: Sending): Promise<Sent> {
    const [document, known] = await Promise.all([hashOf(given), this.#client.agreement(agreement)]);
    if (known.document !== document) throw new InputError(`the agreement ${agreement} is about the document ${known.document}, and this one is ${document}`);
    return this.send({ type: "respond", agreement: known.id, document, response }, sending);
  }

  /** Takes a proposal back; it has an effect until the first party signs. */
  withdraw(agreement: string, sending: Sending = {}): Promise<Sent> {
    return this.send({ type: "withdraw", agreement }, sending);
  }

  /** Puts a contract on the ledger: `sent.contract` is its address. Only governors of members may. `client.check` says how much gas it takes. */
  deploy(code: Uint8Array, input: Uint8Array, { gas, value = 0n, ...sending }: Sending & Running): Promise<Sent> {
    return this.send({ type: "deploy", code, input, value, gas }, sending);
  }

  /** Calls a contract. What that led to is the `outcome` of the confirmed transaction. */
  async call(contract: string, input: Uint8Array, { gas, value = 0n, ...sending }: Sending & Running): Promise<Sent> {
    const { address, code, size } = await this.#client.contract(contract);
    return this.send({ type: "call", contract: address, code, size: Number(size), input, value, gas }, sending);
  }

  /**
   * Signs, and sends nothing. Who stores `bytes` before `node.submit(...)` can send the very same again after a crash (`readTransaction` reads them):
   * it counts once. A node that has it in a block already says so with the kind `confirmed`.
   */
  async prepare(action: Action, sending: Sending = {}): Promise<Transaction> {
    const { network, terms, nonce } = await this.#ask(action, sending);
    return signTransaction(network, this.#key, { ...terms, nonce }, action);
  }

  /**
   * Signs and sends. Between the question for the nonce and this, somebody may have used it with the same key: then this signs again with the next
   * one, so that neither takes the other's place.
   */
  async send(action: Action, sending: Sending = {}): Promise<Sent> {
    const { network, terms, ...first } = await this.#ask(action, sending);
    let { nonce } = first;
    for (let left = NONCES; left > 0; left -= 1) {
      const signed = signTransaction(network, this.#key, { ...terms, nonce }, action);
      try {
        // One that is known already was sent by somebody else with this key, and counts once, for them.
        if (!(await this.#client.submit(signed)).known) return this.#sent(signed);
      } catch (error) {
        if (!(error instanceof ProblemError && OVERTAKEN.includes(error.kind))) throw error;
      }
      ({ nonce } = await this.account());
    }
    throw new BouyaError(`nothing was sent: the key of ${this.address} is in use elsewhere, and ${NONCES} nonces were taken before this could use them; try again`);
  }

  /** What the node knows and the signer has not decided. */
  async #ask(action: Action, { fee, validUntil }: Sending) {
    const [{ network, tip }, { nonce }] = await Promise.all([this.#client.status(), this.account()]);
    const terms = {
      fee: fee ?? transactionBurden(action) * network.min_fee_per_byte,
      validUntil: validUntil ?? tip.height + VALID_BLOCKS,
    };
    return { network: network.id, terms, nonce };
  }

  #sent(signed: Transaction): Sent {
    return { ...signed, wait: (until, waiting) => this.#client.wait(signed.id, until, waiting) };
  }
}

