// A node's API: https://…/openapi.json describes it, and so does docs/openapi.json. Nothing here needs a key.

import type * as api from "./api-types.js";
import type { Coin } from "./amount.js";
import { toHex } from "./bytes.js";
import { AnswerError, BouyaError, InputError, ProblemError, WaitError } from "./errors.js";
import { events, type Heard } from "./events.js";
import { feed, type FeedFilter, type FeedPlace, feedQuery, type FeedTold } from "./feed.js";
import { Http, noOthers, parseAnswer, type Query, type Reach } from "./http.js";
import type { SecretKey } from "./keys.js";
import { readReceipt } from "./receipt.js";
import { Sender } from "./sender.js";
import type { Following } from "./stream.js";
import type { Transaction } from "./transaction.js";

/** Some items of a list, and how to ask for those after them. */
export interface Page<T> {
  readonly items: readonly T[];
  /** For `from`; null at the end. */
  readonly next: string | null;
}

/** Which part of a list. */
export interface Part {
  /** The `next` of the page before. */
  readonly from?: string | null;
  /** At most 100. */
  readonly limit?: number;
}

export interface RecordFilter extends Part {
  readonly topic?: string;
  readonly sender?: string;
  /** Of the data, or of the document. */
  readonly hash?: string;
  readonly since?: Date;
  readonly until?: Date;
}

export interface AgreementFilter extends Part {
  readonly party?: string;
  readonly document?: string;
  readonly status?: api.AgreementStatus;
}

/** A client's settings. */
export interface Options extends Reach {
  /** The network's id. A node of another network is refused before anything is signed for it. */
  readonly network?: string;
}

/** What to wait for: a block, so many confirmations, or that the members have voted it final. */
export type Until = "confirmed" | "final" | bigint;

export interface Waiting {
  /** In milliseconds; a minute unless told otherwise. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

const WAIT = 60_000;
/** How often to look at a transaction, in milliseconds. */
const LOOK_EVERY = 500;
/** States in which a node sees what the network sees. Elsewhere confirmations may never count. */
const IN_TOUCH: readonly api.NodeState[] = ["ready", "held", "stalled", "unwritten", "silent", "not-listed"];

/** A node, as programs see it. */
export class Client {
  readonly #http: Http;
  readonly #network: string | null;
  #coin: Promise<Coin> | null = null;

  /** `new Client("http://127.0.0.1:5000")`. */
  constructor(url: string | URL, options: Options = {}) {
    this.#http = new Http(url, options);
    this.#network = options.network ?? null;
  }

  async #get<T>(path: string, query: Query = {}): Promise<T> {
    const [text, { decimals }] = await Promise.all([this.#http.text(path, query), this.coin()]);
    return read<T>(text, decimals);
  }

  /** The node at a glance. */
  async status(): Promise<api.Status> {
    const status = read<api.Status>(await this.#http.text("/v1/status"), null);
    if (this.#network !== null && status.network.id !== this.#network) {
      throw new AnswerError(`the node is of the network ${status.network.id}, not of ${this.#network}; the definition or the node is another network's: compare both`);
    }
    return status;
  }

  /** The network's coin. It never changes, so it is asked for once. */
  coin(): Promise<Coin> {
    this.#coin ??= this.status().then(
      ({ network: { symbol, decimals } }) => ({ symbol, decimals }),
      (error: unknown) => {
        this.#coin = null;
        throw error;
      },
    );
    return this.#coin;
  }

  /** The newest blocks first. */
  blocks(part: Part = {}): Promise<Page<api.BlockSummary>> {
    return this.#get("/v1/blocks", { ...part });
  }

  /** A block by height, hash or `latest`. */
  block(reference: bigint | string): Promise<api.Block> {
    return this.#get(`/v1/blocks/${encodeURIComponent(String(reference))}`);
  }

  /** What waits for a block. */
  waiting(part: Part = {}): Promise<Page<api.Transaction>> {
    return this.#get("/v1/transactions", { ...part });
  }

  transaction(id: string): Promise<api.Transaction> {
    return this.#get(`/v1/transactions/${encodeURIComponent(id)}`);
  }

  /** An account: with what waits (0 confirmations), as of the tip (1), deeper, or only what is final. */
  async account(address: string, { confirmations, final, ...others }: { readonly confirmations?: bigint | number; readonly final?: boolean } = {}): Promise<api.Account> {
    noOthers(others);
    return this.#get(`/v1/accounts/${encodeURIComponent(address)}`, { confirmations, final: final || null });
  }

  /** An account's history, newest first. */
  movements(address: string, part: Part = {}): Promise<Page<api.Movement>> {
    return this.#get(`/v1/accounts/${encodeURIComponent(address)}/transactions`, { ...part });
  }

  records({ since, until, ...filter }: RecordFilter = {}): Promise<Page<api.Record>> {
    return this.#get("/v1/records", { ...filter, since: since?.toISOString(), until: until?.toISOString() });
  }

  agreements(filter: AgreementFilter = {}): Promise<Page<api.Agreement>> {
    return this.#get("/v1/agreements", { ...filter });
  }

  agreement(id: string): Promise<api.Agreement> {
    return this.#get(`/v1/agreements/${encodeURIComponent(id)}`);
  }

  /** The contracts, newest first. */
  contracts(part: Part = {}): Promise<Page<api.Contract>> {
    return this.#get("/v1/contracts", { ...part });
  }

  contract(address: string): Promise<api.Contract> {
    return this.#get(`/v1/contracts/${encodeURIComponent(address)}`);
  }

  /** What a contract keeps under keys that begin so (in hex): shorter keys first, and those of one length in the order of their bytes. */
  contractSlots(address: string, part: Part & { readonly prefix?: string } = {}): Promise<Page<api.ContractSlot>> {
    return this.#get(`/v1/contracts/${encodeURIComponent(address)}/slots`, { ...part });
  }

  /** What a contract has said, newest first. */
  contractEvents(address: string, part: Part & { readonly topic?: string } = {}): Promise<Page<api.ContractTold>> {
    return this.#get(`/v1/contracts/${encodeURIComponent(address)}/events`, { ...part });
  }

  /** Asks a contract on the newest block. Nothing of that stays, and nothing needs a key. */
  async ask(address: string, input: Uint8Array = new Uint8Array()): Promise<api.ContractAnswer> {
    const { decimals } = await this.coin();
    const body = JSON.stringify({ input: toHex(input) });
    return read(await this.#http.text(`/v1/contracts/${encodeURIComponent(address)}/view`, {}, post(body)), decimals);
  }

  /** The members in force. */
  members(): Promise<api.Members> {
    return this.#get("/v1/members");
  }

  /** Who the members were, newest first. */
  memberHistory(part: Part = {}): Promise<Page<api.MemberSet>> {
    return this.#get("/v1/members/history", { ...part });
  }

  /** What the members vote about, or have voted about. */
  motions(part: Part & { readonly state?: "open" | "decided" | "all" } = {}): Promise<Page<api.Motion>> {
    return this.#get("/v1/motions", { ...part });
  }

  motion(id: string): Promise<api.Motion> {
    return this.#get(`/v1/motions/${encodeURIComponent(id)}`);
  }

  /** What is final, and who votes. */
  finality(): Promise<api.Finality> {
    return this.#get("/v1/finality");
  }

  /** Everything in a list: `for await (const record of client.all((part) => client.records({ topic, ...part })))`. */
  async *all<T>(list: (part: Part) => Promise<Page<T>>): AsyncGenerator<T> {
    for (let from: string | null = null; ; ) {
      const page: Page<T> = await list({ from, limit: 100 });
      yield* page.items;
      if (page.next === null) return;
      from = page.next;
    }
  }

  /**
   * A confirmed transaction's receipt, to be stored as it is. Its last block is the newest final one, if that is not below the transaction's; then it
   * holds what proves it. `under` names another block. The text was checked to be a receipt of this transaction; see `verifyReceipt` for the rest.
   */
  async receipt(id: string, { under, ...others }: { readonly under?: bigint | string } = {}): Promise<string> {
    noOthers(others);
    return receiptOf(id, await this.#http.text(`/v1/transactions/${encodeURIComponent(id)}/receipt`, { under }));
  }

  /**
   * The newest receipt of the transaction of an older one, or of a transaction that one has kept. A node answers this also if it has pruned the block.
   * `under` is as for `receipt`.
   */
  async renewReceipt(older: string | Pick<Transaction, "id" | "bytes">, { under, ...others }: { readonly under?: bigint | string } = {}): Promise<string> {
    noOthers(others);
    const [id, body] = typeof older === "string" ? [transactionOf(older), older] : [older.id, rawOf(older)];
    if (id === null) throw new InputError("this is a final proof, and no receipt of a transaction");
    return receiptOf(id, await this.#http.text("/v1/receipts", { under }, post(body)));
  }

  /** A page of the chain's transactions in its order, oldest first: for programs that must miss none. At most 1000 of them. */
  async feed({ after, limit, ...filter }: FeedFilter & FeedPlace & { readonly limit?: number } = {}): Promise<api.Feed> {
    return this.#get("/v1/feed", { ...feedQuery(filter), after, limit });
  }

  /**
   * The same as it grows: all that there is behind `after`, and then what comes, over lost connections too. A node that is behind the cursor is waited
   * for. Throws a ProblemError of the kind `other-history` or `pruned` where the chain cannot be read on from there.
   */
  async *follow({ after, signal, onOpen, onWait, ...filter }: FeedFilter & FeedPlace & Omit<Following, "after"> = {}): AsyncGenerator<FeedTold> {
    const { decimals } = await this.coin();
    const following = { after: after?.toString() ?? null, ...(signal && { signal }), ...(onOpen && { onOpen }), ...(onWait && { onWait }) };
    yield* feed(this.#http, decimals, filter, following);
  }

  /** What happens on the node, as it happens, with all that was missed since the event `after`. */
  events(following: Following = {}): AsyncGenerator<Heard> {
    return events(this.#http, following);
  }

  /** Sends a signed transaction. The same one again is taken like the first time. */
  async submit({ id, bytes }: Pick<Transaction, "id" | "bytes">, { replace = false, ...others }: { readonly replace?: boolean } = {}): Promise<api.Submitted> {
    noOthers(others);
    const taken = read<api.Submitted>(await this.#http.text("/v1/transactions", { replace: replace || null }, post(rawOf({ bytes }))), null);
    if (taken.id !== id) throw new AnswerError(`${id} was sent, but the node took it as ${taken.id}`);
    return taken;
  }

  /** Whether the node would take a signed transaction now, and what it would cost. Nothing is sent. The next moment may change the answer. */
  async check({ bytes }: Pick<Transaction, "bytes">, { replace = false, ...others }: { readonly replace?: boolean } = {}): Promise<api.TransactionCheck> {
    noOthers(others);
    const { decimals } = await this.coin();
    return read(await this.#http.text("/v1/transactions/check", { replace: replace || null }, post(rawOf({ bytes }))), decimals);
  }

  /** Who signs and sends with this key. */
  sender(key: SecretKey): Sender {
    return new Sender(this, key);
  }

  /**
   * Waits for a transaction. Confirmations count only while the node is in touch with the network; final is final wherever it is seen, unless the
   * members have signed two histories. Throws a WaitError when the time is over.
   */
  async wait(id: string, until: Until = "final", { timeout = WAIT, signal, ...others }: Waiting = {}): Promise<api.Transaction> {
    noOthers(others);
    const end = Date.now() + timeout;
    for (;;) {
      signal?.throwIfAborted();
      const found = await this.#find(id);
      const { state } = await this.status();
      if (found && reached(found, until, state)) return found;
      if (Date.now() >= end) throw new WaitError(id, `${id} ${late(found, until, state)} after ${timeout / 1000} s; it may still come`);
      await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_EVERY, Math.max(0, end - Date.now()))));
    }
  }

  /** None while it moves between what waits and the chain, or if it was dropped. */
  async #find(id: string): Promise<api.Transaction | null> {
    try {
      return await this.transaction(id);
    } catch (error) {
      if (error instanceof ProblemError && error.status === 404) return null;
      throw error;
    }
  }
}

const rawOf = ({ bytes }: Pick<Transaction, "bytes">): string => JSON.stringify({ raw: toHex(bytes) });

const post = (body: string): RequestInit => ({ method: "POST", headers: { "content-type": "application/json" }, body });

/** The id of the transaction that a receipt is about; none of a final proof. */
const transactionOf = (text: string): string | null => {
  const receipt = readReceipt(text);
  return receipt.kind === "receipt" ? receipt.transaction.id : null;
};

/** The text, which must be the receipt of this transaction. */
const receiptOf = (id: string, text: string): string => {
  if (transactionOf(text) !== id) throw new AnswerError(`the node gave something else than the receipt of ${id}`);
  return text;
};

const read = <T>(text: string, decimals: number | null): T => {
  try {
    return parseAnswer(text, decimals) as T;
  } catch (error) {
    if (error instanceof BouyaError) throw error;
    throw new AnswerError(`the answer is not a Bouya node's: ${text.slice(0, 200)}`);
  }
};

const reached = (found: api.Transaction, until: Until, { name, ready }: api.NodeStatus): boolean => {
  if (until === "final") return found.final && name !== "refuses-final" && name !== "two-histories";
  const needed = until === "confirmed" ? 1n : until;
  return found.confirmations >= needed && (ready || IN_TOUCH.includes(name));
};

const late = (found: api.Transaction | null, until: Until, state: api.NodeStatus): string => {
  const doubt = IN_TOUCH.includes(state.name) ? "" : ` (the node is not in touch with the network: ${state.reason})`;
  if (found === null) return `is not known to the node${doubt}`;
  if (found.height === null || found.height === undefined) return `waits for a block${doubt}`;
  return `is in block ${found.height}, ${until === "final" ? "not final" : `with ${found.confirmations} confirmations`}${doubt}`;
};
