// Agreements: the list, and the page of one agreement with all answers to it.

import { ask, query } from "../api.js";
import { h } from "../dom.js";
import { badge, blockLink, command, doc, finalMark, hash, transaction } from "../format.js";
import { account, mine } from "../names.js";
import { choices, comparison, csv, empty, facts, hint, json, pages, quoted, rows, section, table, title, verdict } from "../parts.js";
import { said } from "../said.js";
import { at, when } from "../time.js";
import { w } from "../words.js";

const STATUSES = ["open", "effective", "refused", "withdrawn", "expired"];
/** The node calls a status settled after this many confirmations. */
const SETTLED = 6;

const signed = (item) => w.agreements.ofParties(item.parties.filter((party) => party.answer === "signed" && !party.late).length + 1, item.parties.length + 1);
/** Whether it was decided by a block that is final. While it is open, only its proposal is. */
const decidedFinally = (item) => item.status !== "open" && item.final;
const standing = (item) => h("span", { class: "what" }, badge(item.status), decidedFinally(item) ? h("small", {}, w.common.final) : item.status === "open" || item.settled ? null : h("small", {}, w.agreements.mayChange));
/** How sure the decision is, after the sentence that says what it was. */
const sureness = (item) => {
  if (item.status === "open") return null;
  if (item.final) return ` ${w.agreements.final}`;
  return ` ${item.settled ? w.agreements.settled(item.confirmations) : w.agreements.unsettled(item.confirmations, SETTLED)}`;
};
/** Whether the deadline has passed, although no block shows it yet. */
const late = (item) => item.status === "open" && Date.parse(item.deadline) < Date.now();

/** The parties that have not answered. */
export const unanswered = (item) => item.parties.filter((party) => party.answer === null);

/** Whether the reader, or this node's member, has to answer it. */
export const waitsForReader = (item) => item.status === "open" && unanswered(item).some((party) => mine().has(party.address));

/** A deadline that comes within this time is marked, in milliseconds. */
const SOON = 24 * 3600 * 1000;

/** The deadline of an open agreement. */
export const due = (item) => h("span", { class: Date.parse(item.deadline) - Date.now() < SOON ? "soon" : null }, when(item.deadline));

/** An agreement's title, which leads to it. */
export const agreementLink = (item) => h("a", { href: `/agreement/${item.id}` }, item.title ? said(item.title) : w.agreements.untitled);

/** The command that signs it, with the file that was compared if it is the right one. */
export const signing = (item, given = null) => `bouya agree sign ${item.id} --from WALLET --document ${given?.same ? quoted(given.name) : "FILE"}`;

export const agreementTable = (items, none) => items.length === 0 ? none
  : table(w.agreements.caption, [[w.agreements.title, "name"], [w.agreements.status], [w.agreements.signed, "n"], [w.agreements.proposedBy], [w.agreements.deadline], [w.agreements.document]], rows(items, (item) => ({
      key: item.id,
      cells: [agreementLink(item), waitsForReader(item) ? h("span", { class: "what" }, standing(item), badge("waits", w.agreements.yourTurn)) : standing(item), signed(item), account(item.proposer),
        // A deadline that no longer matters would only be read as one that does.
        item.status === "open" ? due(item) : "–", doc(item.document)],
    })));

const PROPOSE = "bouya agree propose --from WALLET --title TITLE --document FILE --party ADDRESS --deadline 14d";

export const agreements = {
  title: () => w.agreements.head,
  on: ["block", "reorg", "final", "agreement"],
  load: (_name, asked) => ask(query("/v1/agreements", { status: asked.get("status"), party: asked.get("party"), from: asked.get("from"), limit: 20 })),
  view: (page, _name, asked) => {
    const [status, party] = [asked.get("status"), asked.get("party")];
    const none = status || party || asked.get("from")
      ? empty(STATUSES.includes(status) ? w.agreements.noneOf[status] : w.agreements.noneFound)
      : empty(w.agreements.none, hint(w.agreements.propose, PROPOSE));
    return [
      title(null, w.agreements.head),
      section(STATUSES.includes(status) ? w.agreements.only[status] : w.common.newestFirst, { beside: [choices(w.agreements.status, [[w.agreements.all, query("/agreements", { party }), !status], ...STATUSES.map((name) => [w.agreements.only[name], query("/agreements", { status: name, party }), name === status])]), csv("agreements", query("/v1/agreements", { status, party }))] },
        agreementTable(page.items, page.next ? empty(w.common.noneSoFar) : none),
        pages([asked.get("from") && [w.common.newest, query("/agreements", { status, party })], page.next && [page.items.length === 0 ? w.common.further : w.common.older, query("/agreements", { status, party, from: page.next })]])),
    ];
  },
};

const lead = (item) => {
  if (item.status !== "open") return w.agreements.lead[item.status] ?? "";
  return late(item) ? w.agreements.lead.late : w.agreements.lead.open(unanswered(item).length, at(item.deadline));
};

const event = (words, moment, kind, remark) =>
  h("li", { class: kind }, h("div", {}, words), h("div", { class: "soft" }, moment ? [when(moment.time), ", ", w.common.inBlock(blockLink(moment.height)), ", ", w.common.byTransaction(transaction(moment.transaction))] : remark));

const answers = (item) => {
  const word = (party) => w.agreements.story[`${party.answer}${party.late ? "Late" : ""}`](account(party.address));
  const answered = item.parties.filter((party) => party.at).map((party) => [party.at, event(word(party), party.at, party.late ? "late" : party.answer)]);
  const withdrawn = item.withdrawal ? [[item.withdrawal, event(w.agreements.story[item.status === "withdrawn" ? "withdrawn" : "withdrawnVainly"](account(item.proposer)), item.withdrawal, "withdrawn")]] : [];
  const said = [...answered, ...withdrawn];
  said.sort(([a], [b]) => a.height - b.height || Date.parse(a.time) - Date.parse(b.time));
  const open = item.status === "open";
  return h("ol", { class: "story" },
    event(w.agreements.story.proposed(account(item.proposer)), item.proposed, "signed"),
    said.map(([, made]) => made),
    item.parties.filter((party) => !party.at).map((party) => event([w.agreements.story[open ? "waits" : "silent"](account(party.address)), open && mine().has(party.address) ? [" ", badge("waits", w.agreements.yourTurn)] : null], null, "waits", open ? w.agreements.until(at(item.deadline)) : w.agreements.beforeEnd)),
    item.status === "expired" ? event(h("strong", {}, w.agreements.story.expired), null, "refused", when(item.deadline)) : null);
};

const answering = (item, given) => item.status !== "open" || late(item) ? null
  : section(w.agreements.answer, { kind: "screen" },
      hint(w.agreements.signHow, signing(item, given)),
      hint(w.agreements.refuseHow, `bouya agree refuse ${item.id} --from WALLET`),
      hint(w.agreements.withdrawHow, `bouya agree withdraw ${item.id} --from WALLET`));

const proving = (item) => section(w.evidence.head, { kind: "screen", beside: [h("button", { type: "button", class: "plain small", "data-print": true }, w.evidence.print), h("button", { type: "button", class: "plain small", "data-evidence": item.id }, w.evidence.download)] },
  h("p", { class: "soft" }, w.evidence.means), command("bouya receipt verify FILE.receipt --network network.toml --document FILE"));

export const agreement = {
  title: (name) => w.agreements.one(name.slice(0, 12)),
  on: ["block", "reorg", "final", "agreement"],
  load: (name) => ask(`/v1/agreements/${encodeURIComponent(name)}`),
  expects: (item) => item.document,
  view: (item, _name, _asked, given) => [
    title(w.agreements.kind, item.title ? said(item.title) : w.agreements.untitledHead, badge(item.status), waitsForReader(item) ? badge("waits", w.agreements.yourTurn) : null, decidedFinally(item) ? finalMark(item) : null),
    h("p", { class: "lead" }, lead(item), sureness(item)),
    verdict(given, item.document, w.verdict.ofAgreement),
    answering(item, given),
    section(w.agreements.answers, { beside: h("span", { class: "soft" }, w.agreements.haveSigned(signed(item))) }, answers(item)),
    section(w.agreements.content, { beside: json(`/v1/agreements/${item.id}`) }, facts([
      [w.agreements.document, doc(item.document, true), h("p", { class: "soft" }, w.agreements.onlyHash), comparison()],
      item.status === "open" && [w.agreements.deadline, due(item)],
      item.decided !== null && [w.agreements.decided, when(item.decided.time), ", ", w.common.inBlock(blockLink(item.decided.height))],
      [w.agreements.proposed, when(item.proposed.time), ", ", w.common.inBlock(blockLink(item.proposed.height))],
      [w.agreements.proposer, account(item.proposer, true)],
      [w.agreements.parties, h("ul", { class: "plain" }, item.parties.map((party) => h("li", {}, account(party.address, true))))],
      [w.common.finality, item.final ? (item.status === "open" ? w.agreements.proposalFinal : w.common.isFinal) : w.common.notFinal],
      [w.agreements.kind, hash(item.id, null, true)],
    ])),
    proving(item),
  ],
};
