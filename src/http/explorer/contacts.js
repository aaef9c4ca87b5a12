// Names that the reader gave to addresses. They stay in this browser: no node and no other member sees them.

import { keep, recall } from "./storage.js";

const KEY = "contacts";
/** Most names, and characters of one. */
const MOST = 1_000;
export const LONGEST = 64;

const ADDRESS = /^bouya1[0-9a-z]{20,100}$/;

const read = () => {
  try {
    const held = JSON.parse(recall(KEY) ?? "[]");
    return new Map(held.filter(({ address, name }) => ADDRESS.test(address) && typeof name === "string").map(({ address, name, own }) => [address, { address, name, own: own === true }]));
  } catch {
    return new Map();
  }
};

let known = read();
// Another tab of this browser may change them.
addEventListener("storage", () => {
  known = read();
});

const write = () => keep(KEY, known.size === 0 ? null : JSON.stringify([...known.values()]));

/** The contact with this address, or null. */
export const contact = (address) => known.get(address) ?? null;

/** All contacts, by name. */
export const contacts = () => [...known.values()].sort((a, b) => a.name.localeCompare(b.name));

/** Addresses that the reader marked as their own. */
export const ownAddresses = () => contacts().filter(({ own }) => own).map(({ address }) => address);

/** Names an address; an empty name takes the name away. Null if that worked, else what did not: "address", "many" or "kept". */
export const nameAddress = (given, text, own) => {
  const [address, name] = [given.trim().toLowerCase(), text.trim().slice(0, LONGEST)];
  if (!ADDRESS.test(address)) return "address";
  if (name === "") known.delete(address);
  else if (known.size >= MOST && !known.has(address)) return "many";
  else known.set(address, { address, name, own });
  return write() ? null : "kept";
};
