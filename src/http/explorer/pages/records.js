// Records, by topic, sender and time.

import { ask, query } from "../api.js";
import { h } from "../dom.js";
import { blockLink, bytes, doc, finalMark, transaction } from "../format.js";
import { account } from "../names.js";
import { csv, empty, hint, pages, rows, section, table, title } from "../parts.js";
import { said } from "../said.js";
import { when } from "../time.js";
import { w } from "../words.js";

/** A text's beginning on one line. Its page has the lines as they are. */
const cut = (text) => {
  const line = text.replace(/[\t\r\n]+/g, " ").trim();
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
};

const held = (item) => {
  const [what, kind] = item.name !== null ? [said(item.name), w.records.documentOf] : [item.text !== null ? said(cut(item.text)) : w.records.notText(bytes(item.data.length / 2)), w.records.dataOf];
  return h("span", { class: "what" }, what, h("small", {}, kind, " ", doc(item.hash)));
};

export const recordTable = (items, none) => items.length === 0 ? none
  : table(w.records.caption, [[w.records.content, "name"], [w.records.topic, "t"], [w.transaction.from], [w.blocks.when], [w.blocks.block, "n"], [w.transaction.kind]], rows(items, (item) => ({
      key: item.transaction,
      cells: [held(item), h("a", { href: query("/records", { topic: item.topic }) }, said(item.topic)), account(item.sender), when(item.time), h("span", { class: "what" }, blockLink(item.height), " ", finalMark(item)), transaction(item.transaction)],
    })));

const FILTERS = ["topic", "sender", "since", "until"];
/** A day from the form as a time for the API: the day's first or last moment, in the reader's time zone. */
const moment = (text, last) => {
  if (!text) return null;
  const time = new Date(`${text}T${last ? "23:59:59.999" : "00:00:00"}`);
  return Number.isNaN(time.getTime()) ? text : time.toISOString();
};

const field = (name, type, asked) => h("label", {}, h("span", {}, w.records.filters[name]), h("input", { name, type, value: asked.get(name) ?? "", autocomplete: "off", spellcheck: "false" }));

const none = (asked) => {
  const topic = asked.get("topic");
  const add = `bouya record add --from WALLET --topic ${topic && /^[\w.-]+$/.test(topic) ? topic : "TOPIC"} --document FILE --wait`;
  if (asked.get("from")) return empty(w.records.noMore);
  if (FILTERS.some((name) => asked.get(name))) {
    return empty(topic ? h("span", {}, w.records.noneUnder(said(topic))) : w.records.noneFound, topic ? h("a", { href: query("/search", { q: topic }) }, w.records.searchTopic) : null, hint(w.records.addFirst, add));
  }
  return empty(w.records.none, hint(w.records.add, add));
};

const asks = (asked) => ({ topic: asked.get("topic"), sender: asked.get("sender"), since: moment(asked.get("since")), until: moment(asked.get("until"), true) });

export const records = {
  title: () => w.nav.records,
  on: ["block", "reorg", "final"],
  load: (_name, asked) => ask(query("/v1/records", { ...asks(asked), from: asked.get("from"), limit: 20 })),
  view: (page, _name, asked) => {
    const kept = Object.fromEntries(FILTERS.map((name) => [name, asked.get(name)]));
    const filtered = FILTERS.some((name) => asked.get(name));
    return [
      title(null, w.nav.records),
      h("form", { class: "filters card", action: "/records", "aria-label": w.records.filter },
        field("topic", "text", asked), field("sender", "text", asked), field("since", "date", asked), field("until", "date", asked),
        h("div", { class: "act" }, h("button", { type: "submit" }, w.records.show), filtered ? h("a", { href: "/records" }, w.records.all) : null)),
      section(asked.get("topic") ? h("span", {}, w.records.under(said(asked.get("topic")))) : filtered ? w.records.matches : w.common.newestFirst, { beside: csv("records", query("/v1/records", asks(asked))) },
        recordTable(page.items, page.next ? empty(w.common.noneSoFar) : none(asked)),
        pages([asked.get("from") && [w.common.newest, query("/records", kept)], page.next && [page.items.length === 0 ? w.common.further : w.common.older, query("/records", { ...kept, from: page.next })]])),
    ];
  },
};
