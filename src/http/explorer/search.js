// One search box for everything: the form of the text decides what to look for.

import { ask, find, query } from "./api.js";

/** A hash's beginning, and perhaps its end, as tables show it. */
const short = /^[0-9a-f]{8,63}$|^[0-9a-f]{8,62}…[0-9a-f]{0,55}$/i;

/** What kind of thing a text names. Hashes may be typed in groups, as people read them out. */
export const kind = (typed) => {
  const text = typed.trim();
  const joined = text.replace(/\s+/g, "").toLowerCase();
  if (text === "") return { kind: "nothing" };
  // With 8 digits or more it may be a hash's beginning, which needs its zeros; the node tells them apart.
  if (/^[0-9]{1,15}$/.test(text)) return { kind: "height", text: text.length < 8 ? String(Number(text)) : text };
  if (/^[0-9a-f]{64}$/.test(joined)) return { kind: "hash", text: joined };
  if (short.test(text)) return { kind: "hash", text };
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

/** Everything on this node that a hash names, whole or shortened, as [what it is, its page]. A short one may also be a topic. */
export const named = async (typed) => {
  const hash = typed.toLowerCase();
  const part = encodeURIComponent(hash);
  const [block, transaction, agreement, records, agreements, topic] = await Promise.all([
    find(`/v1/blocks/${part}`),
    find(`/v1/transactions/${part}`),
    find(`/v1/agreements/${part}`),
    find(query("/v1/records", { hash, limit: 1 })),
    find(query("/v1/agreements", { document: hash, limit: 1 })),
    ask(query("/v1/records", { topic: typed, limit: 1 })),
  ]);
  const document = records?.items[0]?.hash ?? agreements?.items[0]?.document;
  return [
    block && [`Block ${block.height}`, `/block/${block.hash}`],
    transaction && ["Transaction", `/tx/${transaction.id}`],
    agreement && ["Agreement", `/agreement/${agreement.id}`],
    document && ["Document or data", `/document/${document}`],
    topic.items.length > 0 && ["Records under this topic", query("/records", { topic: typed })],
  ].filter(Boolean);
};
