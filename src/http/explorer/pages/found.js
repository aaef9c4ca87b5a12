// What a typed text names.

import { h } from "../dom.js";
import { hash } from "../format.js";
import { empty, hint, section, title } from "../parts.js";
import { said } from "../said.js";
import { kind, LOOKED, matches, target } from "../search.js";
import { query } from "../api.js";
import { w } from "../words.js";

const line = ([what, name, href]) => h("li", {}, h("a", { href }, h("span", { class: "what" }, name, h("small", {}, what))));

export const found = {
  title: () => w.found.head,
  on: ["block", "reorg", "transaction"],
  load: async (_name, asked, before) => {
    // Words were looked for in many pages of lists, which is not done anew for every block.
    if (before?.what?.kind === "words") return before;
    const what = kind(asked.get("q") ?? "");
    if (what.kind !== "hash" && what.kind !== "words") return { go: target(asked.get("q") ?? "") ?? "/" };
    const all = await matches(what);
    // One that begins so may be followed by others: only what is named whole needs no choice.
    return all.length === 1 && (what.kind === "hash" || all[0].whole) ? { go: all[0].href } : { what, all };
  },
  view: ({ what, all }) => [
    title(w.found.head, all.length === 0 ? w.found.nothing : w.found.several(all.length)),
    section(w.found.searched, {}, h("p", {}, what.kind === "hash" ? hash(what.text, null, true) : said(what.text)),
      all.length > 0
        ? h("ul", { class: "found" }, all.map(({ what: kind, name, href }) => line([kind, name, href])))
        : empty(what.kind === "hash" ? w.found.noHash : w.found.noWords, hint(w.found.file, "bouya record find --file FILE")),
      what.kind === "words" ? h("p", { class: "soft" }, w.found.bounded(LOOKED), " ", h("a", { href: query("/records", { topic: what.text }) }, w.found.exactTopic)) : null),
  ],
};
