// What the ledger holds about a document or data, by SHA-256.

import { ask, query } from "../api.js";
import { h } from "../dom.js";
import { hash, short } from "../format.js";
import { csv, empty, hint, quoted, section, title } from "../parts.js";
import { said } from "../said.js";
import { when } from "../time.js";
import { w } from "../words.js";
import { agreementTable } from "./agreements.js";
import { recordTable } from "./records.js";

export const documentPage = {
  title: (name) => w.document.one(name.slice(0, 12)),
  on: ["block", "reorg", "agreement"],
  load: async (name) => {
    const [records, agreements] = await Promise.all([ask(query("/v1/records", { hash: name, limit: 50 })), ask(query("/v1/agreements", { document: name, limit: 50 }))]);
    return { records, agreements };
  },
  view: ({ records, agreements }, name) => {
    const dropped = history.state?.document ?? null;
    const file = dropped === null ? "FILE" : quoted(dropped);
    const [some, first] = [records.items.length + agreements.items.length > 0, records.next ? null : records.items.at(-1)];
    return [
      title(w.document.kind, dropped ? said(dropped) : short(name)),
      h("p", { class: some ? "lead found" : "lead missing", role: dropped ? "status" : null }, some
        ? [h("strong", {}, w.document.here), first ? [" ", w.document.first, " ", when(first.time)] : null]
        : [h("strong", {}, w.document.missing), " ", w.document.missingWhy]),
      h("p", {}, h("span", { class: "soft" }, "SHA-256 "), hash(name, null, true)),
      dropped ? h("p", { class: "soft" }, w.document.private) : null,
      some ? null : section(w.document.next, {},
        hint(w.document.record, `bouya record add --from WALLET --topic TOPIC --document ${file} --wait`),
        hint(w.document.propose, `bouya agree propose --from WALLET --title TITLE --document ${file} --party ADDRESS --deadline 14d`)),
      some ? section(w.nav.records, { beside: csv("records", query("/v1/records", { hash: name })) }, recordTable(records.items, empty(w.document.noRecord))) : null,
      some ? section(w.nav.agreements, { beside: csv("agreements", query("/v1/agreements", { document: name })) }, agreementTable(agreements.items, empty(w.document.noAgreement))) : null,
    ];
  },
};
