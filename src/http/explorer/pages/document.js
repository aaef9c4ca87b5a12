// What the ledger holds about a document or data, by SHA-256.

import { ask, query } from "../api.js";
import { h } from "../dom.js";
import { hash, said, short, when } from "../format.js";
import { empty, hint, section, title } from "../parts.js";
import { agreementTable } from "./agreements.js";
import { recordTable } from "./records.js";

export const documentPage = {
  title: (name) => `Document ${name.slice(0, 12)}`,
  on: ["block", "reorg", "agreement"],
  load: async (name) => {
    const [records, agreements] = await Promise.all([ask(query("/v1/records", { hash: name, limit: 50 })), ask(query("/v1/agreements", { document: name, limit: 50 }))]);
    return { records, agreements };
  },
  view: ({ records, agreements }, name) => {
    const dropped = history.state?.document ?? null;
    const [some, first] = [records.items.length + agreements.items.length > 0, records.next ? null : records.items.at(-1)];
    return [
      title("Document", dropped ? said(dropped) : short(name)),
      h("p", { class: some ? "lead found" : "lead missing", role: dropped ? "status" : null }, some
        ? [h("strong", {}, "On the ledger."), first ? [" First recorded ", when(first.time), "."] : null]
        : [h("strong", {}, "Not on this ledger."), " No record and no agreement names this SHA-256. Even one changed byte gives a different hash."]),
      h("p", {}, h("span", { class: "soft" }, "SHA-256 "), hash(name, null, true)),
      dropped ? h("p", { class: "soft" }, "The file was hashed in this page. It did not leave this machine.") : null,
      some ? null : section("What to do", {},
        hint("Record it, so that it can be proven later:", "bouya record add --from WALLET --topic TOPIC --document FILE --wait"),
        hint("Or ask others to sign it:", "bouya agree propose --from WALLET --title TITLE --document FILE --party ADDRESS --deadline 14d")),
      some ? section("Records", {}, recordTable(records.items, empty("No record has it."))) : null,
      some ? section("Agreements", {}, agreementTable(agreements.items, empty("No agreement is about it."))) : null,
    ];
  },
};
