// Agreements: the list, and the page of one agreement with all answers to it.

import { ask, query } from "../api.js";
import { h } from "../dom.js";
import { account, at, badge, blockLink, doc, finalMark, hash, plural, said, transaction, when, whenExactly } from "../format.js";
import { choices, comparison, empty, facts, hint, pages, rows, section, table, title, verdict } from "../parts.js";

const STATUSES = ["open", "effective", "refused", "withdrawn", "expired"];
/** The node calls a status settled after this many confirmations. */
const SETTLED = 6;

const signed = (item) => `${item.parties.filter((party) => party.answer === "signed" && !party.late).length + 1} of ${item.parties.length + 1}`;
/** Whether it was decided by a block that is final. While it is open, only its proposal is. */
const decidedFinally = (item) => item.status !== "open" && item.final;
const standing = (item) => h("span", { class: "what" }, badge(item.status), decidedFinally(item) ? h("small", {}, "final") : item.status === "open" || item.settled ? null : h("small", {}, "may still change"));
/** How sure the decision is, after the sentence that says what it was. */
const sureness = (item) => {
  if (item.status === "open") return null;
  if (item.final) return " Final: it never changes.";
  return item.settled ? ` Settled: ${plural(item.confirmations, "block")} deep.` : ` May still change: ${item.confirmations} of ${SETTLED} blocks deep.`;
};
const capital = (text) => `${text[0].toUpperCase()}${text.slice(1)}`;
/** Whether the deadline has passed, although no block shows it yet. */
const late = (item) => item.status === "open" && Date.parse(item.deadline) < Date.now();

export const agreementTable = (items, none) => items.length === 0 ? none
  : table("Agreements, newest first", [["Title", "name"], ["Status"], ["Signed", "n"], ["Proposed by"], ["Deadline"], ["Document"]], rows(items, (item) => ({
      key: item.id,
      cells: [h("a", { href: `/agreement/${item.id}` }, item.title ? said(item.title) : "without a title"), standing(item), signed(item), account(item.proposer), when(item.deadline), doc(item.document)],
    })));

const PROPOSE = "bouya agree propose --from WALLET --title TITLE --document FILE --party ADDRESS --deadline 14d";

export const agreements = {
  title: () => "Agreements",
  on: ["block", "reorg", "final", "agreement"],
  load: (_name, asked) => ask(query("/v1/agreements", { status: asked.get("status"), party: asked.get("party"), from: asked.get("from"), limit: 20 })),
  view: (page, _name, asked) => {
    const [status, party] = [asked.get("status"), asked.get("party")];
    const none = status || party || asked.get("from")
      ? empty(status ? `No agreement is ${status}.` : "No agreements found.")
      : empty("No agreements yet.", hint("Propose a document. Each party can sign at any time before the deadline:", PROPOSE));
    return [
      title(null, "Agreements"),
      section(status ? capital(status) : "Newest first", { beside: choices("Status", [["All", query("/agreements", { party }), !status], ...STATUSES.map((name) => [capital(name), query("/agreements", { status: name, party }), name === status])]) },
        agreementTable(page.items, page.next ? empty("None found so far.") : none),
        pages([asked.get("from") && ["Newest", query("/agreements", { status, party })], page.next && [page.items.length === 0 ? "Look further back" : "Older", query("/agreements", { status, party, from: page.next })]])),
    ];
  },
};

const WORDS = {
  open: (item) => late(item) ? "The deadline has passed. It expires with the next block." : `Waits for ${plural(item.parties.filter((party) => party.answer === null).length, "answer")}, until the deadline.`,
  effective: () => "All parties have signed.",
  refused: () => "A party refused, which ended it.",
  withdrawn: () => "The proposer withdrew it before anyone else had signed.",
  expired: () => "The deadline passed before all parties had signed.",
};

const event = (name, who, moment, kind, remark) =>
  h("li", { class: kind }, h("div", {}, h("strong", {}, name), " ", who), h("div", { class: "soft" }, moment ? [when(moment.time), ", block ", blockLink(moment.height), ", transaction ", transaction(moment.transaction)] : remark));

const answers = (item) => {
  const answered = item.parties.filter((party) => party.at).map((party) => [party.at, event(`${party.answer === "signed" ? "Signed" : "Refused"}${party.late ? " too late" : ""} by`, account(party.address), party.at, party.late ? "late" : party.answer)]);
  const said = [...answered, ...(item.withdrawal ? [[item.withdrawal, event(item.status === "withdrawn" ? "Withdrawn by" : "Withdrawn without effect by", account(item.proposer), item.withdrawal, "withdrawn")]] : [])];
  said.sort(([a], [b]) => a.height - b.height || Date.parse(a.time) - Date.parse(b.time));
  const open = item.parties.filter((party) => !party.at);
  return h("ol", { class: "story" },
    event("Proposed and signed by", account(item.proposer), item.proposed, "signed"),
    said.map(([, made]) => made),
    open.map((party) => event(item.status === "open" ? "Waits for" : "No answer from", account(party.address), null, "waits", item.status === "open" ? `until ${at(item.deadline)}` : "before it ended")),
    item.status === "expired" ? event("Expired", "", null, "refused", when(item.deadline)) : null);
};

export const agreement = {
  title: (name) => `Agreement ${name.slice(0, 12)}`,
  on: ["block", "reorg", "final", "agreement"],
  load: (name) => ask(`/v1/agreements/${encodeURIComponent(name)}`),
  expects: (item) => item.document,
  view: (item, _name, _asked, given) => [
    title("Agreement", item.title ? said(item.title) : "Without a title", badge(item.status), decidedFinally(item) ? finalMark(item) : null),
    h("p", { class: "lead" }, WORDS[item.status]?.(item) ?? "",
      sureness(item)),
    verdict(given, item.document, "this agreement"),
    section("Answers", { beside: h("span", { class: "soft" }, `${signed(item)} signed`) }, answers(item), h("p", { class: "soft" }, "Each answer is a transaction. Its page has a receipt that proves it.")),
    section("Content", { beside: h("a", { href: `/v1/agreements/${item.id}` }, "As JSON") }, facts([
      ["Document", doc(item.document, true), h("p", { class: "soft" }, "This is its SHA-256; the ledger does not hold the file."), comparison()],
      ["Deadline", ...whenExactly(item.deadline)],
      ["Proposed", ...whenExactly(item.proposed.time), ", block ", blockLink(item.proposed.height)],
      ["Proposer", account(item.proposer, true)],
      ["Agreement", hash(item.id, null, true)],
    ])),
    item.status === "open" && !late(item) ? section("Answer it", {},
      hint("Each party signs on its own machine. The command refuses to sign if the file differs:", `bouya agree sign ${item.id} --from WALLET --document FILE`),
      hint("To refuse, which ends the agreement:", `bouya agree refuse ${item.id} --from WALLET`)) : null,
  ],
};
