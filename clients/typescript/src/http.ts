// Requests to a node. Numbers of 64 bits become bigint, amounts too; errors become types.

import { AMOUNTS, WHOLE } from "./api-types.js";
import { parseAmount } from "./amount.js";
import { AnswerError, InputError, ProblemError, UnreachableError } from "./errors.js";

/** How to reach a node. */
export interface Reach {
  /** Sent with every request: what a proxy in front of the node asks for, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Longest wait for an answer, in milliseconds; 30 seconds unless told otherwise. */
  readonly timeout?: number;
  /** Instead of the global `fetch`. */
  readonly fetch?: typeof fetch;
}

const TIMEOUT = 30_000;
/** Most of an answer that is none of a node's, as an error shows it. */
const SHOWN = 200;

export type Query = Readonly<Record<string, string | number | bigint | boolean | null | undefined>>;

/** Refuses what is left of options once all that are known are taken: a misspelt filter that nobody notices lets everything through. */
export const noOthers = (others: object): void => {
  const [name] = Object.keys(others);
  if (name !== undefined) throw new InputError(`there is no option ${JSON.stringify(name)}; compare how it is written`);
};

const number = (value: unknown): bigint => {
  const isExact = typeof value === "string" ? /^-?[0-9]+$/.test(value) : Number.isSafeInteger(value);
  if (!isExact) throw new AnswerError(`${JSON.stringify(value)} in the node's answer is not an exact whole number`);
  return BigInt(value as string | number);
};

/** The JSON of the API as values. `decimals` are the coin's; without them amounts stay text. */
export const parseAnswer = (text: string, decimals: number | null): unknown => {
  const revive = (key: string, value: unknown) => {
    if (typeof value !== "string" && typeof value !== "number") return value;
    if (WHOLE.has(key)) return number(value);
    return decimals !== null && AMOUNTS.has(key) ? parseAmount(String(value), { decimals }) : value;
  };
  return JSON.parse(text, revive);
};

/** Requests to one node. */
export class Http {
  readonly #base: string;
  readonly #reach: Reach;

  constructor(url: string | URL, reach: Reach = {}) {
    this.#base = String(url).replace(/\/+$/, "");
    this.#reach = reach;
  }

  /** A request, and its answer if that is a good one. A body that streams is the caller's to end, with `signal`. */
  async open(path: string, query: Query, options: RequestInit, signal: AbortSignal): Promise<Response> {
    const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
    const search = given.length === 0 ? "" : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
    const request = this.#reach.fetch ?? globalThis.fetch;
    const headers = { ...this.#reach.headers, ...(options.headers as Record<string, string> | undefined) };
    let answer: Response;
    try {
      answer = await request(`${this.#base}${path}${search}`, { ...options, headers, cache: "no-store", signal });
    } catch (error) {
      throw this.#unreachable(error, signal);
    }
    if (!answer.ok) throw problemOf(answer.status, await this.#text(answer, signal));
    return answer;
  }

  /** The text of an answer. */
  async text(path: string, query: Query = {}, options: RequestInit = {}): Promise<string> {
    const signal = AbortSignal.timeout(this.#reach.timeout ?? TIMEOUT);
    return this.#text(await this.open(path, query, options, signal), signal);
  }

  async #text(answer: Response, signal: AbortSignal): Promise<string> {
    try {
      return await answer.text();
    } catch (error) {
      throw this.#unreachable(error, signal);
    }
  }

  #unreachable(error: unknown, signal: AbortSignal): unknown {
    const late = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
    // The caller's own wish to stop is no fault of the node.
    if (signal.aborted && !late) return signal.reason;
    const cause = error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error);
    return new UnreachableError(`the node at ${this.#base} does not answer: ${late ? "it took too long" : cause}`, { cause: error });
  }
}

const problemOf = (status: number, text: string): ProblemError | AnswerError => {
  try {
    const { type, title, detail, status: _, ...values } = parseAnswer(text, null) as Record<string, unknown>;
    const isProblem = typeof type === "string" && typeof title === "string" && typeof detail === "string";
    if (isProblem) return new ProblemError({ status, type, title, detail, values });
  } catch {
    // No problem document: what answers is a proxy, or no node at all.
  }
  return new AnswerError(`the answer is not a Bouya node's: HTTP ${status} ${text.slice(0, SHOWN)}`, status);
};
