// Asking the node. Every answer is JSON; every error becomes a Trouble with words for people.

/** The longest that an answer may take, in milliseconds. */
const PATIENCE = 10_000;

export class Trouble extends Error {
  constructor(status, title, detail) {
    super(detail);
    this.status = status;
    this.title = title;
  }
  /** No answer at all, or none now. */
  get unreachable() {
    return this.status === 0 || this.status === 503;
  }
}

// Whole numbers beyond 2^53 stay as they are written, as text.
const exact = (_, value, context) =>
  typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) && context?.source
    ? context.source
    : value;

/** The answer to GET `path`. */
export const ask = async (path) => {
  let answer, text;
  try {
    answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    text = await answer.text();
  } catch {
    throw new Trouble(0, "The node does not answer", "It may be stopped, or this machine may have lost its way to it.");
  }
  let body = null;
  try {
    body = JSON.parse(text, exact);
  } catch {
    // Below: no answer of the node's API is anything but JSON.
  }
  if (answer.ok && body !== null) return body;
  throw new Trouble(answer.ok ? 502 : answer.status, body?.title ?? "No answer", body?.detail ?? `The node answered ${answer.status} without words.`);
};

/** The answer, or null if there is none of that name. */
export const find = async (path) => {
  try {
    return await ask(path);
  } catch (trouble) {
    if (trouble.status === 404 || trouble.status === 400) return null;
    throw trouble;
  }
};

/** A path with a query of those values that are there. */
export const query = (path, values) => {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
};

/** Items of a list until there are `most` of them, over several pages if one is short. */
export const several = async (path, values, most) => {
  const items = [];
  let from = null;
  for (let pages = 0; pages < 8 && items.length < most; pages += 1) {
    const page = await ask(query(path, { ...values, from, limit: Math.min(100, most - items.length) }));
    items.push(...page.items);
    from = page.next;
    if (from === null) break;
  }
  return { items, next: from };
};
