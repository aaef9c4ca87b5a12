// One search box for everything. Hashes, heights and addresses are told by their form; words are looked for in names and titles.

import { ask, find, query, several } from "./api.js";
import { contacts } from "./contacts.js";
import { number } from "./format.js";
import { owners } from "./names.js";
import { said } from "./said.js";
import { w } from "./words.js";

/** How many of the newest records, and of the newest agreements, words are looked for in; and how many finds are shown of each kind. */
export const LOOKED = 500;
const SHOWN = 20;

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
  if (/^bouya1[0-9a-z]{20,}$/.test(joined)) return { kind: "address", text: joined };
  return { kind: "words", text };
};

/** The page for a typed text. */
export const target = (typed) => {
  const found = kind(typed);
  switch (found.kind) {
    case "height": return `/block/${found.text}`;
    case "address": return `/account/${found.text}`;
    case "hash":
    case "words": return query("/search", { q: found.text });
    default: return null;
  }
};

/** Without accents and case: people type names without them. */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Everything on this node that a hash names, whole or shortened. */
const named = async (typed) => {
  const hash = typed.toLowerCase();
  const part = encodeURIComponent(hash);
  const [block, transaction, agreement, motion, records, agreements] = await Promise.all([
    find(`/v1/blocks/${part}`),
    find(`/v1/transactions/${part}`),
    find(`/v1/agreements/${part}`),
    find(`/v1/motions/${part}`),
    find(query("/v1/records", { hash, limit: 1 })),
    find(query("/v1/agreements", { document: hash, limit: 1 })),
  ]);
  const document = records?.items[0]?.hash ?? agreements?.items[0]?.document;
  return [
    block && { what: w.blocks.block, name: number(block.height), href: `/block/${block.hash}` },
    transaction && { what: w.transaction.kind, name: transaction.id, href: `/tx/${transaction.id}` },
    agreement && { what: w.agreements.kind, name: said(agreement.title), href: `/agreement/${agreement.id}` },
    motion && { what: w.motions.kind, name: motion.id, href: `/motion/${motion.id}` },
    document && { what: w.document.kind, name: document, href: `/document/${document}` },
  ].filter(Boolean);
};

/** Finds of one kind, those that are named whole first. `texts` gives what an item may be found by, `make` the find. */
const among = (items, typed, texts, make) => {
  const wanted = plain(typed);
  const made = new Map();
  for (const item of items) {
    const all = texts(item).filter(Boolean).map(plain);
    if (!all.some((text) => text.includes(wanted))) continue;
    const found = { ...make(item), whole: all.includes(wanted) };
    if (!made.has(found.href)) made.set(found.href, found);
  }
  return [...made.values()].sort((a, b) => b.whole - a.whole).slice(0, SHOWN);
};

/** What words name: members, contacts, topics, files and titles. Beginnings of addresses and hashes are words too. */
const spoken = async (typed) => {
  const [records, agreements, exact] = await Promise.all([several("/v1/records", {}, LOOKED), several("/v1/agreements", {}, LOOKED), ask(query("/v1/records", { topic: typed, limit: 1 }))]);
  const topics = [...exact.items, ...records.items];
  return [
    ...among(contacts(), typed, ({ name, address }) => [name, address], ({ name, address }) => ({ what: w.found.contact, name: said(name), href: `/account/${address}` })),
    ...among(owners.members, typed, ({ id, name, governor }) => [id, name, governor], ({ id, name, governor }) => ({ what: w.found.member(id), name: name ? said(name) : id, href: `/account/${governor}` })),
    ...among(topics, typed, ({ topic }) => [topic], ({ topic }) => ({ what: w.found.topic, name: said(topic), href: query("/records", { topic }) })),
    ...among(agreements.items, typed, ({ title, id }) => [title, id], ({ title, id }) => ({ what: w.agreements.kind, name: title ? said(title) : w.agreements.untitled, href: `/agreement/${id}` })),
    ...among(records.items, typed, ({ name, text, hash, transaction }) => [name, text, hash, transaction], ({ name, topic, transaction }) => ({ what: w.found.record(topic), name: name ? said(name) : w.found.data, href: `/tx/${transaction}` })),
  ];
};

/** Everything that a text names. A short hash may be a word as well. */
export const matches = async ({ kind: of, text }) => {
  if (of === "words") return spoken(text);
  const found = await named(text);
  return found.length > 0 || text.length === 64 ? found : spoken(text);
};
