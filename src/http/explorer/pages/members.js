// The members, the motions about them, and the page of one motion.

import { ask, query } from "../api.js";
import { h } from "../dom.js";
import { account, at, badge, blockLink, dayOf, daysLeft, endsSoon, finalMark, hash, number, plainAccount, plural, said, transaction, when, whenExactly } from "../format.js";
import { choices, empty, facts, hint, pages, rows, section, table, title } from "../parts.js";
import { history, member } from "./sets.js";
import { change } from "./transaction.js";

const ON = ["block", "reorg", "final", "motion", "members"];
/** What became of a motion, in words. */
const WORDS = { open: "open", passed: "passed", applied: "in force", dropped: "fell away", rejected: "rejected", expired: "expired", replaced: "gave way", void: "void" };
const ADD = "bouya admit ID.request";

/** A block that says since when; the genesis block has no page. */
const since = (block) => block === null ? "–" : h("span", { class: "what" }, block.height === 0 ? "the beginning" : ["block ", blockLink(block.height)], h("small", {}, dayOf(block.time)));
const last = (block) => block === null ? "–" : h("span", { class: "what" }, blockLink(block.height), h("small", {}, when(block.time)));
const certificate = ({ certificate: found }) => found === null ? "–" : h("span", { class: endsSoon(found) ? "ends" : null, title: found.not_after }, daysLeft(found));
const voted = (vote) => vote === null ? "–" : vote.height === 0 ? "the beginning" : blockLink(vote.height);

const motionLink = (motion) => h("a", { href: `/motion/${motion.id}` }, change(motion.change));
/** Where a motion ended, or got to; null as long as it is open. */
const ended = (motion) => motion.applied ?? motion.decided;
const time = (motion) => ended(motion) === null ? ["ends ", when(motion.vote.until)] : h("span", { class: "what" }, ["block ", blockLink(ended(motion).height)], h("small", {}, when(ended(motion).time)));

const motionTable = (items) => table("Motions", [["Change", "name"], ["State"], ["Moved by"], ["Yes", "n half"], ["No", "n half"], ["When"]], rows(items, (motion) => ({
  key: motion.id,
  cells: [motionLink(motion), badge(motion.state, WORDS[motion.state]), motion.vote.mover, `${motion.vote.yes} of ${motion.vote.needed}`, String(motion.vote.no), time(motion)],
})));

const motionPart = (motions, asked) => {
  const which = asked.get("motions") === "decided" ? "decided" : "open";
  const none = which === "decided" ? empty("No motion was decided.") : empty("No motion is open.", hint("To ask the members to take in another one:", ADD));
  const here = (values) => query("/members", { motions: which === "open" ? null : which, ...values });
  return section("Motions", { beside: choices("Which motions", [["Open", "/members", which === "open"], ["Decided", "/members?motions=decided", which === "decided"]]) },
    motions.items.length === 0 ? none : motionTable(motions.items),
    pages([asked.get("from") && ["Newest", here({})], motions.next && ["Older", here({ from: motions.next })]]));
};

const waiting = ({ waiting: decided }) => decided.length === 0 ? null
  : section("Decided, not yet in force", {}, table("Decided", [["Change", "name"], ["Decided"]], rows(decided, (item) => ({
      key: item.motion ?? `${item.change.type} ${item.change.id}`,
      cells: [item.motion === null ? change(item.change) : h("a", { href: `/motion/${item.motion}` }, change(item.change)), h("span", { class: "what" }, "block ", blockLink(item.at.height), h("small", {}, when(item.at.time)))],
    }))),
      h("p", { class: "soft" }, "It is in force once a block carries the proof that this is final."));

const past = ({ former, dropped, upgrades }) => former.length + dropped.length + upgrades.length === 0 ? null
  : section("Before and after", {}, facts([
      former.length > 0 && ["Former members", former.join(", ")],
      ...dropped.map(({ motion, why }) => ["Fell away", motion === null ? "new keys" : hash(motion, `/motion/${motion}`), ": ", said(why)]),
      ...upgrades.map(({ version, height }) => ["Upgrade", `blocks of version ${version} from height ${number(height)} on`]),
    ]));

export const members = {
  title: () => "Members",
  // No event tells of a vote.
  status: true,
  on: ON,
  load: async (_name, asked) => {
    const sets = ask(query("/v1/members/history", { from: asked.get("sets"), limit: 10 }));
    const wanted = asked.get("motions") === "decided" ? { state: "decided", limit: 20 } : { limit: 100 };
    const [found, motions] = await Promise.all([ask("/v1/members"), ask(query("/v1/motions", { ...wanted, from: asked.get("from") }))]);
    return { found, motions, sets: await sets };
  },
  view: ({ found, motions, sets }, _name, asked) => [
    title(null, "Members", h("span", { class: "soft" }, `${found.needed} of ${found.members.length} must say yes to a motion`)),
    section(plural(found.members.length, "member"), { beside: h("a", { href: "/v1/members" }, "As JSON") },
      table("Members", [["Member", "name"], ["Since"], ["Last block", "half"], ["Last vote for", "half"], ["Runs", "half"], ["Certificate", "half"], ["Governor"]], rows(found.members, (item) => ({
        key: item.id,
        cells: [member(item), since(item.since), last(item.sealed), voted(item.vote), item.agent ? said(item.agent) : "–", certificate(item), plainAccount(item.governor)],
      }))),
      h("p", { class: "soft" }, found.since.height === 0 ? "These are the members since the beginning." : ["In force since block ", blockLink(found.since.height), found.final ? ", which is final." : ", which is not final yet: until it is, those before vote."])),
    motionPart(motions, asked),
    waiting(found),
    past(found),
    history(sets, asked.get("sets")),
  ],
};

const answer = (over) => ({ member: id, address, yes }, remark) => ({
  key: `${id} ${remark}`,
  cells: [h("span", { class: "what" }, h("span", { class: "member" }, id), remark ? h("small", {}, remark) : null), yes === null ? (over ? "nothing" : address === null ? "has no say for now" : "nothing yet") : badge(yes ? "yes" : "no"), address === null ? "–" : plainAccount(address)],
});

const votes = ({ voices, candidate }, over) => table("Who says what", [["Member", "name"], [over ? "Said" : "Says"], ["By"]],
  [...rows(voices, (voice) => answer(over)(voice, "")), ...rows(candidate === null ? [] : [candidate], (voice) => answer(over)(voice, "is to be added, and must say yes too"))]);

/** What became of a motion, in a sentence. */
const standing = ({ state, vote, why }) => ({
  open: `${vote.yes} of the ${plural(vote.needed, "member")} that it needs say yes, ${vote.no} say no.`,
  passed: "It has passed, and is in force once a block carries the proof that this is final.",
  applied: "It has passed, and is in force.",
  dropped: ["It had passed, and could not come into force: ", said(why ?? "")],
  rejected: `It was rejected: ${vote.yes} of the ${plural(vote.needed, "member")} that it needed said yes, ${vote.no} said no.`,
  expired: `Its time was over: ${vote.yes} of the ${plural(vote.needed, "member")} that it needed had said yes.`,
  replaced: "It gave way to a newer one: a member has a few open motions at most.",
  void: "Other members were put into force by hand, by an override.",
})[state];

const place = ({ height, time: date, transaction: id }) => [at(date), ", block ", blockLink(height), id === null ? ", by its handover" : [", transaction ", transaction(id)]];

export const motion = {
  title: (name) => `Motion ${name.slice(0, 12)}`,
  on: ON,
  load: (name) => ask(`/v1/motions/${encodeURIComponent(name)}`),
  otherwise: () => ["The members, and what was decided", "/members"],
  view: (item) => [
    title("Motion", change(item.change), badge(item.state, WORDS[item.state])),
    h("p", { class: "lead" }, standing(item)),
    section(item.state === "open" ? "Who says what" : "Who said what", {}, votes(item.vote, item.state !== "open")),
    section("Content", { beside: h("a", { href: `/v1/motions/${item.id}` }, "As JSON") }, facts([
      ["Moved by", item.vote.mover],
      ["Reason", item.vote.reason ? said(item.vote.reason) : h("span", { class: "soft" }, "none")],
      ["Until", ...whenExactly(item.vote.until)],
      ["Moved", place(item.at), " ", item.decided === null ? finalMark(item) : null],
      item.decided !== null && [item.state === "passed" || item.applied !== null ? "Passed" : "Over", place(item.decided), " ", item.applied === null ? finalMark(item) : null],
      item.applied !== null && [item.state === "applied" ? "In force" : "Fell away", place(item.applied), " ", finalMark(item)],
      item.change.type === "add" && ["Its member key", h("code", {}, item.change.key)],
      item.change.type === "add" && ["Its governor", account(item.change.governor, true)],
      ["Motion", hash(item.id, null, true)],
    ])),
    item.state !== "open" ? null : section("Say yes or no", {},
      hint("Each member does on the machine with its governor’s wallet:", `bouya vote yes ${item.id.slice(0, 12)} --from WALLET`, `bouya vote no ${item.id.slice(0, 12)} --from WALLET`)),
  ],
};
