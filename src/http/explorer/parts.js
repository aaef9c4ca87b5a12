// Parts that several pages use.

import { h } from "./dom.js";
import { command, hash } from "./format.js";
import { said } from "./said.js";
import { w } from "./words.js";

/** A page's head: its kind, its name, and what is next to them. */
export const title = (kind, name, ...beside) =>
  h("div", { class: "title" }, h("div", {}, kind ? h("p", { class: "kind" }, kind) : null, h("h1", { tabindex: -1 }, name)), beside.length > 0 ? h("div", { class: "beside" }, beside) : null);

/** A section of a page, with a heading. */
export const section = (heading, { beside = null, kind = "" }, ...children) =>
  h("section", { class: `card ${kind}`.trim() }, h("div", { class: "head" }, h("h2", {}, heading), beside === null ? null : h("div", { class: "beside" }, beside)), children);

/** Names and values. */
export const facts = (pairs) =>
  h("dl", { class: "facts" }, pairs.filter((pair) => pair && pair[1] !== null && pair[1] !== undefined).map(([name, ...value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));

/**
 * A table that becomes cards on a phone. Columns: [heading, class]; rows: { key, cells }. Roles are written out, because to a browser
 * cards are not a table. A first column of class "name" heads its card; two of class "half" that stand side by side share a line; one of
 * class "bare" needs no heading beside it; a missing value ("–") has no line.
 */
export const table = (caption, columns, rows) =>
  h("table", { class: "list", role: "table" },
    h("caption", { class: "sr" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map(([name, kind]) => h("th", { role: "columnheader", scope: "col", class: kind }, name)))),
    h("tbody", { role: "rowgroup" }, rows.map(({ key, cells, kind }) =>
      h("tr", { role: "row", "data-key": key, class: kind }, cells.map((cell, index) =>
        h("td", { role: "cell", class: cell === "–" ? `${columns[index][1] ?? ""} none` : columns[index][1], "data-label": columns[index][0] }, h("span", {}, cell)))))));

/** The rows of a table. An item that this page cannot show has a row that says so: it does not take the others' place. */
export const rows = (items, row) => items.map((item, index) => {
  try {
    return row(item, index);
  } catch (error) {
    return { key: String(item.id ?? item.hash ?? item.transaction ?? index), cells: [w.common.cannotShow(error)] };
  }
});

/** An empty list: why it is empty, and what to do next. */
export const empty = (text, ...next) => h("div", { class: "empty" }, h("p", {}, text), next);

/** A sentence, and commands to type. */
export const hint = (text, ...commands) => h("div", { class: "hint" }, h("p", {}, text), commands.map(command));

/** Links to other pages of a list. */
export const pages = (links) => {
  const given = links.filter(Boolean);
  return given.length === 0 ? null : h("nav", { class: "pages", "aria-label": w.common.listPages }, given.map(([text, href]) => h("a", { href }, text)));
};

/** Choices that are links. */
export const choices = (label, items) =>
  h("nav", { class: "choices", "aria-label": label }, items.map(([text, href, chosen]) => h("a", { href, "aria-current": chosen ? "true" : null }, text)));

/** The API's answer that a page was made of. */
export const json = (path) => h("a", { class: "raw", href: path }, w.common.json);

/** A button that writes the whole list into a file. `kind` and `path` as in `csv.js`. */
export const csv = (kind, path) => h("button", { type: "button", class: "plain small", "data-csv": kind, "data-path": path, title: w.common.csvMeans }, w.common.csv);

/** Whether the file that was dropped is the page's document: the first thing on the page. `whose`: what the document is of. */
export const verdict = (given, expected, whose) => given === null ? null
  : h("div", { class: `verdict ${given.same ? "same" : "other"}`, role: "alert", tabindex: -1 },
      h("p", { class: "word" }, given.same ? w.verdict.same : w.verdict.other),
      h("p", {}, given.same ? w.verdict.sameWhy(said(given.name), whose) : w.verdict.otherWhy(said(given.name), whose)),
      h("dl", { class: "pair" }, h("div", {}, h("dt", {}, w.verdict.document(whose)), h("dd", {}, hash(expected, null, true))), h("div", {}, h("dt", {}, w.verdict.yours), h("dd", {}, hash(given.sha256, null, true)))),
      h("p", {}, w.verdict.how, " ", given.same ? null : h("a", { href: `/document/${given.sha256}` }, w.verdict.lookUp)));

/** A line that asks for a file to compare. */
export const comparison = () => h("p", { class: "compare" }, h("button", { type: "button", class: "plain", "data-pick": true }, w.verdict.pick), h("span", { class: "soft" }, w.verdict.orDrop));

/** A file's name as an argument of a shell's command. */
export const quoted = (name) => (/^[\w.,@%+=:-]+$/.test(name) && !name.startsWith("-") ? name : `'./${name.replaceAll("'", "'\\''")}'`);
