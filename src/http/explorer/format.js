// Formats values: numbers, sizes, amounts, hashes and states.

import { h } from "./dom.js";
import { language, w } from "./words.js";

/** The node's latest status. The coin's symbol and the network's interval come from here. */
export const node = { status: null };

/** A whole number, with its digits grouped. Those that may exceed 2^53 come as text. */
export const number = (value) => (/^\d+$/.test(String(value)) ? BigInt(value).toLocaleString(w.locale) : String(value));

/** A decimal number in the reader's language. */
const decimal = (text) => text.replace(".", w.decimal);

export const bytes = (count) => {
  if (count < 1024) return w.common.bytes(count);
  const [unit, size] = count < 1024 * 1024 ? [w.common.kib, 1024] : [w.common.mib, 1024 * 1024];
  return `${decimal((count / size).toFixed(1))} ${unit}`;
};

/** A large number in few digits: 12.3 k, 4.56 M. */
export const few = (value) => {
  const count = Number(value);
  for (const [unit, size] of [["P", 1e15], ["T", 1e12], ["G", 1e9], ["M", 1e6], ["k", 1e3]]) {
    if (count >= size * 10 || (count >= size && unit !== "k")) {
      const scaled = count / size;
      return `${decimal(scaled >= 100 ? scaled.toFixed(0) : scaled.toPrecision(3))} ${unit}`;
    }
  }
  return number(Math.round(count));
};

/** An amount with all decimals of the coin and its digits grouped, so that a column of them can be compared. No digit is lost. */
export const money = (text) => {
  const [, whole, part = ""] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) return String(text);
  const digits = part.padEnd(node.status?.network.decimals ?? 0, "0");
  return number(whole) + (digits === "" ? "" : w.decimal + digits);
};

/** An amount with its unit. */
export const amount = (text) => h("span", { class: "amount" }, money(text), " ", h("span", { class: "unit" }, node.status?.network.symbol ?? ""));

/** Whether an amount is nothing. */
export const isZero = (text) => /^0(\.0*)?$/.test(text);

/** The two ends of a long name. */
export const short = (text) => {
  if (text.length <= 20) return text;
  return text.startsWith("bouya1") ? `${text.slice(0, 12)}…${text.slice(-6)}` : `${text.slice(0, 8)}…${text.slice(-6)}`;
};

// On paper a short one is replaced by its title, which is the whole.
const named = (text, href, long) =>
  href
    ? h("a", { class: long ? "hash long" : "hash", href, title: long ? null : text }, long ? text : short(text))
    : h("span", { class: long ? "hash long" : "hash", title: long ? null : text }, long ? text : short(text));

/** A thing named by its hash. `long` shows the hash in full, with a button that copies it. */
export const hash = (text, href, long = false) => (long ? h("span", { class: "copyable" }, named(text, href, true), copy(text)) : named(text, href, false));

export const blockLink = (height) => h("a", { href: `/block/${height}` }, number(height));
export const transaction = (id, long) => hash(id, `/tx/${id}`, long);
export const agreement = (id, long) => hash(id, `/agreement/${id}`, long);
export const doc = (sha256, long) => hash(sha256, `/document/${sha256}`, long);

/** A button that copies; `acts.js` listens. */
export const copy = (text) => h("button", { type: "button", class: "copy", "data-copy": text, "aria-label": w.common.copyWhat(short(text)), title: w.common.copy }, w.common.copy);

/** A command to type. Its words break over lines only if one alone is too long for a line. */
export const command = (text) => h("div", { class: "command" }, h("code", { translate: "no" }, text.split(" ").map((word, index) => [index > 0 ? " " : null, h("span", { class: "word" }, word)])), copy(text));

/** Words of the node itself, which speaks English. */
export const nodeSays = (text) => h("span", { lang: language === "en" ? null : "en" }, text);

/** A certificate with fewer days than this left gets a warning, as in the node's log. */
const RENEW = 30;

/** Whether a certificate should be renewed. */
export const endsSoon = (certificate) => certificate !== null && certificate.days_left < RENEW;

/** How long a certificate is still valid. */
export const daysLeft = ({ days_left: days }) => (days < 0 ? w.common.certificateOver : w.time.days(days));

/** Says that the members have voted it final; nothing if they have not. */
export const finalMark = (item) => (item.final ? h("span", { class: "final", title: w.common.finalMeans }, w.common.final) : null);

/** A session's round trip; the node measures whole milliseconds. */
export const roundTrip = ({ rtt_ms: ms }) => (ms === 0 ? "< 1 ms" : `${number(ms)} ms`);

const KINDS = {
  confirmed: "good", effective: "good", connected: "good", signed: "good", passed: "warn", applied: "good", yes: "good", own: "good",
  pending: "warn", open: "info", dialing: "info", backoff: "warn", expired: "warn", withdrawn: "soft", known: "soft", waits: "warn",
  refused: "bad", banned: "bad", no: "bad", rejected: "bad", dropped: "bad",
};

/** A status: its word, with a colour. */
export const badge = (status, text = w.states[status] ?? status) => h("span", { class: `badge ${KINDS[status] ?? "soft"}` }, text);
