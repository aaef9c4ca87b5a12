// Formats values: times, sizes, hashes, amounts, and text from strangers.

import { h } from "./dom.js";

/** The node's latest status. The coin's symbol and the network's interval come from here. */
export const node = { status: null };

/** Whose addresses are, by the members of now: address to { role, id, name }. `app.js` keeps it up to date. */
export const owners = { by: new Map() };

/** Takes in the members. */
export const learnOwners = ({ members }) => {
  owners.by = new Map(members.flatMap(({ id, name, governor, key_address: key }) => [[governor, { role: "governor", id, name }], [key, { role: "key", id, name }]]));
};

const plural = (count, unit) => `${count} ${unit}${count === 1 ? "" : "s"}`;
export { plural };

/** A whole number, with its digits grouped. Those that may exceed 2^53 come as text. */
export const number = (value) => (/^\d+$/.test(String(value)) ? BigInt(value).toLocaleString("en") : String(value));

/** A span of milliseconds in words. */
export const span = (ms) => {
  const seconds = Math.abs(ms) / 1000;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`;
  return plural(Math.round(seconds / 86_400), "day");
};

/** The node writes a time that no calendar here holds, such as a deadline in the year 11761191, in milliseconds. */
const beyond = (time) => (/^\d+ ms$/.test(time) ? "after the year 9999" : String(time));

/** How far a time is from now. */
export const ago = (time) => {
  const ms = Date.now() - Date.parse(time);
  if (Number.isNaN(ms)) return beyond(time);
  const whole = Math.abs(ms) < 99_500 ? plural(Math.max(0, Math.round(Math.abs(ms) / 1000)), "second").replace(/ seconds?/, " s") : span(ms);
  if (Math.abs(ms) < 1500) return "now";
  return ms < 0 ? `in ${whole}` : `${whole} ago`;
};

const local = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** `Intl` throws for a date that is none. Every member can put such a time on the chain, and it must not take the page. */
const dated = (format) => (time) => {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? beyond(time) : format.format(date);
};

/** A time in the reader's time zone. */
export const at = dated(local);
export const dayOf = dated(day);
export const clockOf = dated(clock);

/** A relative time, with the exact one in its title. `app.js` keeps it up to date. */
export const when = (time) =>
  h("time", { datetime: time, title: `${at(time)} here, ${time}`, "data-ago": true }, ago(time));

/** A time, both exact and relative. */
export const whenExactly = (time) => [h("time", { datetime: time, title: time }, at(time)), " (", when(time), ")"];

export const bytes = (count) => {
  if (count < 1024) return plural(count, "byte");
  if (count < 1024 * 1024) return `${(count / 1024).toFixed(1)} KiB`;
  return `${(count / 1024 / 1024).toFixed(1)} MiB`;
};

/** A large number in few digits: 12.3 k, 4.56 M. */
export const few = (value) => {
  const count = Number(value);
  for (const [unit, size] of [["P", 1e15], ["T", 1e12], ["G", 1e9], ["M", 1e6], ["k", 1e3]]) {
    if (count >= size * 10 || (count >= size && unit !== "k")) {
      const scaled = count / size;
      return `${scaled >= 100 ? scaled.toFixed(0) : scaled.toPrecision(3)} ${unit}`;
    }
  }
  return number(Math.round(count));
};

/** An amount, exactly as the node sent it. */
export const amount = (text) => h("span", { class: "amount" }, text, " ", h("span", { class: "unit" }, node.status?.network.symbol ?? ""));

/** The two ends of a long name. */
export const short = (text) => {
  if (text.length <= 20) return text;
  return text.startsWith("bouya1") ? `${text.slice(0, 12)}…${text.slice(-6)}` : `${text.slice(0, 8)}…${text.slice(-6)}`;
};

const named = (text, href, long) =>
  href
    ? h("a", { class: long ? "hash long" : "hash", href, title: long ? null : text }, long ? text : short(text))
    : h("span", { class: long ? "hash long" : "hash", title: long ? null : text }, long ? text : short(text));

/** A thing named by its hash. `long` shows the hash in full, with a button that copies it. */
export const hash = (text, href, long = false) => (long ? h("span", { class: "copyable" }, named(text, href, true), copy(text)) : named(text, href, false));

export const blockLink = (height) => h("a", { href: `/block/${height}` }, number(height));
export const transaction = (id, long) => hash(id, `/tx/${id}`, long);
/** An address whose owner stands beside it already. */
export const plainAccount = (address, long) => hash(address, `/account/${address}`, long);
/** Names first, addresses second. The id of a member is its own; what people call it may be another's too. */
export const account = (address, long) => {
  const owner = owners.by.get(address);
  const link = plainAccount(address, long);
  return owner === undefined ? link : h("span", { class: "owned" }, ownerName(owner), " ", link);
};
/** What an address is to a member. */
export const ownerName = ({ role, id, name }) => h("span", { class: "owner", title: "as the members have voted; not a contact of yours" }, `${role} of `, h("b", {}, id), name ? [" (", said(name), ")"] : null);
export const agreement = (id, long) => hash(id, `/agreement/${id}`, long);
export const doc = (sha256, long) => hash(sha256, `/document/${sha256}`, long);

/** A button that copies; `app.js` listens. */
export const copy = (text) => h("button", { type: "button", class: "copy", "data-copy": text, "aria-label": `Copy ${short(text)}`, title: "Copy" }, "Copy");

/** A command to type. Its words break over lines only if one alone is too long for a line. */
export const command = (text) => h("div", { class: "command" }, h("code", {}, text.split(" ").map((word, index) => [index > 0 ? " " : null, h("span", { class: "word" }, word)])), copy(text));

// Characters that are invisible or turn the direction of the text after them. Joiners are left out: some scripts need them.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

const parts = (text, pattern) => {
  const made = [];
  let from = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > from) made.push(text.slice(from, found.index));
    const code = `U+${found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    made.push(h("span", { class: "unseen", title: "an invisible character, or one that turns the direction of text" }, code));
    from = found.index + found[0].length;
  }
  if (from < text.length) made.push(text.slice(from));
  return made;
};

/** Text from a stranger. It is never markup and cannot turn the text around it. Invisible characters are shown by their code. */
export const said = (text) => h("bdi", { class: "said" }, parts(text, UNSEEN));

/** The same over several lines. */
export const saidLines = (text) => h("pre", { class: "said", dir: "auto", tabindex: 0 }, parts(text.replaceAll("\r\n", "\n"), new RegExp(`(?![\\n\\t])(?:${UNSEEN.source})`, "gu")));

/** A certificate with fewer days than this left gets a warning, as in the node's log. */
const RENEW = 30;

/** Whether a certificate should be renewed. */
export const endsSoon = (certificate) => certificate !== null && certificate.days_left < RENEW;

/** How long a certificate is still valid. */
export const daysLeft = ({ days_left: days }) => (days < 0 ? "expired" : plural(days, "day"));

/** Says that the members have voted it final; nothing if they have not. */
export const finalMark = (item) => (item.final ? h("span", { class: "final", title: "The members have voted for it: it never changes" }, "final") : null);

/** Who sealed a block. */
export const miner = (of) => (of.id ? h("span", { class: "member", title: of.key }, of.id, of.name ? [" (", said(of.name), ")"] : null) : hash(of.key));

/** A session's round trip; the node measures whole milliseconds. */
export const roundTrip = ({ rtt_ms: ms }) => (ms === 0 ? "< 1 ms" : `${number(ms)} ms`);

const KINDS = {
  confirmed: "good", effective: "good", connected: "good", signed: "good", passed: "warn", applied: "good", yes: "good",
  pending: "warn", open: "info", dialing: "info", backoff: "warn", expired: "warn", withdrawn: "soft", known: "soft",
  refused: "bad", banned: "bad", no: "bad", rejected: "bad", dropped: "bad",
};

/** A status: its word, with a colour. */
export const badge = (status, text = status) => h("span", { class: `badge ${KINDS[status] ?? "soft"}` }, text);
