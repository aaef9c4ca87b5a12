// Records, by topic, sender and time.

import { ask, query } from "../api.js";
import { h } from "../dom.js";
import { account, blockLink, bytes, doc, said, transaction, when } from "../format.js";
import { empty, hint, pages, rows, section, table, title } from "../parts.js";

const cut = (text) => (text.length > 160 ? `${text.slice(0, 160)}…` : text);

const held = (item) => {
  if (item.name !== null) return h("span", { class: "what" }, said(item.name), h("small", {}, "document ", doc(item.hash)));
  if (item.text !== null) return h("span", { class: "what" }, said(cut(item.text)), h("small", {}, "data ", doc(item.hash)));
  return h("span", { class: "what" }, `${bytes(item.data.length / 2)} that are not text`, h("small", {}, "data ", doc(item.hash)));
};

export const recordTable = (items, none) => items.length === 0 ? none
  : table("Records, newest first", [["Topic", "t"], ["Content", "name"], ["From"], ["When", "half"], ["Block", "n half"], ["Transaction"]], rows(items, (item) => ({
      key: item.transaction,
      cells: [h("a", { href: query("/records", { topic: item.topic }) }, said(item.topic)), held(item), account(item.sender), when(item.time), blockLink(item.height), transaction(item.transaction)],
    })));

const FILTERS = ["topic", "sender", "since", "until"];
/** A day from the form as a time for the API: the day's first or last moment, in the reader's time zone. */
const moment = (text, last) => {
  if (!text) return null;
  const time = new Date(`${text}T${last ? "23:59:59.999" : "00:00:00"}`);
  return Number.isNaN(time.getTime()) ? text : time.toISOString();
};

const field = (name, label, type, asked) => h("label", {}, h("span", {}, label), h("input", { name, type, value: asked.get(name) ?? "", autocomplete: "off", spellcheck: "false" }));

const none = (asked) => {
  const topic = asked.get("topic");
  const add = `bouya record add --from WALLET --topic ${topic && /^[\w.-]+$/.test(topic) ? topic : "TOPIC"} --document FILE --wait`;
  if (asked.get("from")) return empty("No more records.");
  if (FILTERS.some((name) => asked.get(name))) {
    return empty(topic ? h("span", {}, "No record under the topic ", said(topic), " found. A topic must match exactly.") : "No records found.", hint("Add the first one:", add));
  }
  return empty("No records yet.", hint("Record a document’s hash, under a topic that you and your readers agree on:", add));
};

export const records = {
  title: () => "Records",
  on: ["block", "reorg"],
  load: (_name, asked) => ask(query("/v1/records", { topic: asked.get("topic"), sender: asked.get("sender"), since: moment(asked.get("since")), until: moment(asked.get("until"), true), from: asked.get("from"), limit: 20 })),
  view: (page, _name, asked) => {
    const kept = Object.fromEntries(FILTERS.map((name) => [name, asked.get(name)]));
    const filtered = FILTERS.some((name) => asked.get(name));
    return [
      title(null, "Records"),
      h("form", { class: "filters card", action: "/records", "aria-label": "Filter records" },
        field("topic", "Topic", "text", asked), field("sender", "Sender", "text", asked), field("since", "Since", "date", asked), field("until", "Until", "date", asked),
        h("div", { class: "act" }, h("button", { type: "submit" }, "Show"), filtered ? h("a", { href: "/records" }, "All records") : null)),
      section(asked.get("topic") ? h("span", {}, "Under ", said(asked.get("topic"))) : filtered ? "Matches" : "Newest first", {},
        recordTable(page.items, page.next ? empty("None found so far.") : none(asked)),
        pages([asked.get("from") && ["Newest", query("/records", kept)], page.next && [page.items.length === 0 ? "Look further back" : "Older", query("/records", { ...kept, from: page.next })]])),
    ];
  },
};
