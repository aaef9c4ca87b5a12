// Requests to the node. Every answer is JSON; every error becomes a Trouble with a text for people.

import { w } from "./words.js";

/** Longest wait for an answer, in milliseconds. */
const PATIENCE = 10_000;

export class Trouble extends Error {
  /** `said`: whether the node itself said it, in English. */
  constructor(status, title, detail, said = false) {
    super(detail);
    this.status = status;
    this.title = title;
    this.said = said;
  }
  /** No answer at all, or the node cannot answer now. */
  get unreachable() {
    return this.status === 0 || this.status === 503;
  }
}

/** The answer to GET `path`. */
export const ask = async (path) => {
  let answer, text;
  try {
    answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    text = await answer.text();
  } catch {
    throw new Trouble(0, w.trouble.silent, w.trouble.silentWhy);
  }
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Handled below: every answer of the node's API is JSON.
  }
  if (answer.ok && body !== null) return body;
  throw new Trouble(answer.ok ? 502 : answer.status, body?.title ?? w.trouble.noAnswer, body?.detail ?? w.trouble.unexplained(answer.status), body?.detail !== undefined);
};

/** The answer, or null if nothing has that name. */
export const find = async (path) => {
  try {
    return await ask(path);
  } catch (trouble) {
    if (trouble.status === 404 || trouble.status === 400) return null;
    throw trouble;
  }
};

/** A path with a query of the given values. Empty ones are left out. */
export const query = (path, values) => {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
};

/** Up to `most` items of a list, from several pages if needed. Pages may be short, so these are bounded too. */
export const several = async (path, values, most, longest = 8) => {
  const items = [];
  let from = null;
  for (let pages = 0; pages < longest && items.length < most; pages += 1) {
    const page = await ask(query(path, { ...values, from, limit: Math.min(100, most - items.length) }));
    items.push(...page.items);
    from = page.next;
    if (from === null) break;
  }
  return { items, next: from };
};
