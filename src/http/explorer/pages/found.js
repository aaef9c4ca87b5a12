// What a hash names: a hash does not tell whether it is a block, a transaction or something else.

import { h } from "../dom.js";
import { hash } from "../format.js";
import { empty, hint, section, title } from "../parts.js";
import { kind, named, target } from "../search.js";

export const found = {
  title: () => "Search",
  on: ["block", "reorg", "transaction"],
  load: async (_name, asked) => {
    const what = kind(asked.get("q") ?? "");
    if (what.kind !== "hash") return { go: target(asked.get("q") ?? "") ?? "/" };
    const matches = await named(what.text);
    return matches.length === 1 ? { go: matches[0][1] } : { hash: what.text, matches };
  },
  view: ({ hash: text, matches }) => [
    title("Search", matches.length === 0 ? "Nothing found" : "Several matches"),
    section("Searched for", {}, h("p", {}, hash(text, null, true)),
      matches.length > 0
        ? h("ul", {}, matches.map(([name, href]) => h("li", {}, h("a", { href }, name))))
        : empty("No block, transaction, agreement, record or document on this node has this hash. If it is very new, it may not have arrived yet: this page looks again by itself. A shortened id of an old transaction is not found: give all 64 digits.",
            hint("To look up a file, drop it on this page, or type:", "bouya record find --file FILE"))),
  ],
};
