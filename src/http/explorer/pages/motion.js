// One motion: what it would change, and who says what.

import { ask } from "../api.js";
import { h } from "../dom.js";
import { badge, blockLink, finalMark, hash, transaction } from "../format.js";
import { account, inOrder, memberId, mine, plainAccount } from "../names.js";
import { facts, hint, json, rows, section, table, title } from "../parts.js";
import { said } from "../said.js";
import { when } from "../time.js";
import { w } from "../words.js";
import { change } from "./transaction.js";

/** The command that says yes or no to a motion. */
export const voting = (item, word) => `bouya vote ${word} ${item.id.slice(0, 12)} --from WALLET`;

const says = ({ address, yes }, over) => {
  if (yes !== null) return badge(yes ? "yes" : "no");
  if (over) return w.motions.nothing;
  if (address === null) return w.motions.noSay;
  return mine().has(address) ? badge("waits", w.agreements.yourTurn) : w.motions.nothingYet;
};

const answer = (over) => (voice, remark) => ({
  key: `${voice.member} ${remark}`,
  cells: [h("span", { class: "what" }, memberId(voice.member), remark ? h("small", {}, remark) : null), says(voice, over), voice.address === null ? "–" : plainAccount(voice.address)],
});

const votes = ({ voices, candidate }, over) => table(w.motions.whoSays, [[w.members.member, "name"], [over ? w.motions.said : w.motions.says], [w.motions.by]],
  [...rows(inOrder(voices, ({ member }) => member), (voice) => answer(over)(voice, "")), ...rows(candidate === null ? [] : [candidate], (voice) => answer(over)(voice, w.motions.candidate))]);

const place = ({ height, time, transaction: id }) => [when(time), ", ", w.common.inBlock(blockLink(height)), ", ", id === null ? w.motions.byHandover : w.common.byTransaction(transaction(id))];

export const motion = {
  title: (name) => w.motions.one(name.slice(0, 12)),
  on: ["block", "reorg", "final", "motion", "members"],
  load: (name) => ask(`/v1/motions/${encodeURIComponent(name)}`),
  otherwise: () => [w.motions.toMembers, "/members"],
  view: (item) => [
    title(w.motions.kind, change(item.change), badge(item.state, w.motions.states[item.state])),
    h("p", { class: "lead" }, item.state === "dropped" ? [w.motions.became.dropped, " ", said(item.why ?? "")] : item.state === "open" ? w.motions.standing(item.vote) : w.motions.became[item.state]?.(item.vote)),
    item.state !== "open" ? null : section(w.motions.answer, { kind: "screen" },
      hint(w.motions.how, voting(item, "yes"), voting(item, "no"))),
    section(item.state === "open" ? w.motions.whoSays : w.motions.whoSaid, {}, votes(item.vote, item.state !== "open")),
    section(w.agreements.content, { beside: json(`/v1/motions/${item.id}`) }, facts([
      [w.motions.movedBy, memberId(item.vote.mover)],
      [w.motions.reason, item.vote.reason ? said(item.vote.reason) : h("span", { class: "soft" }, w.common.none)],
      item.state === "open" && [w.motions.until, when(item.vote.until)],
      [w.motions.moved, place(item.at), " ", item.decided === null ? finalMark(item) : null],
      item.decided !== null && [item.state === "passed" || item.applied !== null ? w.motions.passed : w.motions.over, place(item.decided), " ", item.applied === null ? finalMark(item) : null],
      item.applied !== null && [w.motions.states[item.state === "applied" ? "applied" : "dropped"], place(item.applied), " ", finalMark(item)],
      item.change.type === "add" && [w.motions.memberKey, h("code", {}, item.change.key)],
      item.change.type === "add" && [w.motions.itsGovernor, account(item.change.governor, true)],
      [w.motions.kind, hash(item.id, null, true)],
    ])),
  ],
};
