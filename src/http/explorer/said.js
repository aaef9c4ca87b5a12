// Text from strangers: it stays text, and what it hides is shown.

import { h } from "./dom.js";
import { w } from "./words.js";

// Characters that are invisible or turn the direction of the text after them. Joiners are left out: some scripts need them.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

const code = (unseen) => `U+${unseen.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

const parts = (text, pattern) => {
  const made = [];
  let from = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > from) made.push(text.slice(from, found.index));
    made.push(h("span", { class: "unseen", title: w.common.unseen }, code(found[0])));
    from = found.index + found[0].length;
  }
  if (from < text.length) made.push(text.slice(from));
  return made;
};

/** Text from a stranger. It is never markup and cannot turn the text around it. Invisible characters are shown by their code. */
export const said = (text) => h("bdi", { class: "said" }, parts(text, UNSEEN));

// Over several lines, their ends and tabs are what they are.
const UNSEEN_IN_LINES = new RegExp(`(?![\\n\\t])(?:${UNSEEN.source})`, "gu");
const lines = (text) => text.replaceAll("\r\n", "\n");

/** The same over several lines. */
export const saidLines = (text) => h("pre", { class: "said", dir: "auto", tabindex: 0 }, parts(lines(text), UNSEEN_IN_LINES));

/** The same for a line of a file. */
export const plain = (text) => text.replace(UNSEEN, code);

/** The same for several lines of a file. */
export const plainLines = (text) => lines(text).replace(UNSEEN_IN_LINES, code);
