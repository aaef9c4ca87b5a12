// One search box for everything: the form of the text decides what to look for.

import { ask, find, query } from "./api.js";

/** What kind of thing a text names. Hashes may be typed in groups, as people read them out. */
export const kind = (typed) => {
  const text = typed.trim();
  const joined = text.replace(/\s+/g, "").toLowerCase();
  if (text === "") return { kind: "nothing" };
  if (/^[0-9]{1,15}$/.test(text)) return { kind: "height", text: String(Number(text)) };
  if (/^[0-9a-f]{64}$/.test(joined)) return { kind: "hash", text: joined };
  if (/^bouya1[0-9a-z]*$/.test(joined)) return { kind: "address", text: joined };
  return { kind: "topic", text };
};

/** The page for a typed text. */
export const target = (typed) => {
  const found = kind(typed);
  switch (found.kind) {
    case "height": return `/block/${found.text}`;
    case "hash": return query("/search", { q: found.text });
    case "address": return `/account/${found.text}`;
    case "topic": return query("/records", { topic: found.text });
    default: return null;
  }
};

/** Everything on this node that a hash names, as [what it is, its page]. */
export const named = async (hash) => {
  const [block, transaction, agreement, records, agreements] = await Promise.all([
    find(`/v1/blocks/${hash}`),
    find(`/v1/transactions/${hash}`),
    find(`/v1/agreements/${hash}`),
    ask(query("/v1/records", { hash, limit: 1 })),
    ask(query("/v1/agreements", { document: hash, limit: 1 })),
  ]);
  return [
    block && [`Block ${block.height}`, `/block/${hash}`],
    transaction && ["Transaction", `/tx/${hash}`],
    agreement && ["Agreement", `/agreement/${hash}`],
    (records.items.length > 0 || agreements.items.length > 0) && ["Document or data", `/document/${hash}`],
  ].filter(Boolean);
};
