// One box for everything: what is typed decides what is looked for.

import { ask, find, query } from "./api.js";

/** What a text can be; hashes may stand in groups, as they are spoken. */
export const kind = (typed) => {
  const text = typed.trim();
  const joined = text.replace(/\s+/g, "").toLowerCase();
  if (text === "") return { kind: "nothing" };
  if (/^[0-9]{1,15}$/.test(text)) return { kind: "height", text: String(Number(text)) };
  if (/^[0-9a-f]{64}$/.test(joined)) return { kind: "hash", text: joined };
  if (/^bouya1[0-9a-z]*$/.test(joined)) return { kind: "address", text: joined };
  return { kind: "topic", text };
};

/** Where to go for what was typed. */
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

/** Everything that a hash names here: [what it is, where]. */
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
