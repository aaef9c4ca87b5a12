// The members, the motions about them, and the page of one motion.

import { ask, query } from "../api.js";
import { h } from "../dom.js";
import { account, at, badge, blockLink, finalMark, hash, number, plural, said, transaction, when, whenExactly } from "../format.js";
import { empty, facts, hint, rows, section, table, title } from "../parts.js";
import { history, member } from "./sets.js";
import { change } from "./transaction.js";

const ON = ["block", "reorg", "final", "motion", "members"];
const ADD = "bouya member add ID:KEY:GOVERNOR:PROOF --from WALLET";

/** A block that says since when; the genesis block has no page. */
const since = (block) => block === null ? "–" : h("span", { class: "what" }, block.height === 0 ? "the beginning" : ["block ", blockLink(block.height)], h("small", {}, when(block.time)));
const last = (block) => block === null ? "–" : h("span", { class: "what" }, blockLink(block.height), h("small", {}, when(block.time)));
const voted = (vote) => vote === null ? "–" : vote.height === 0 ? "the beginning" : blockLink(vote.height);

const motionLink = (motion) => h("a", { href: `/motion/${motion.id}` }, change(motion.change));
const count = ({ vote }) => vote === null ? "–" : `${vote.yes} of ${vote.needed}`;

const motionTable = (items) => table("Motions", [["Change", "name"], ["State"], ["Moved by"], ["Yes", "n"], ["No", "n"], ["Until"]], rows(items, (motion) => ({
  key: motion.id,
  cells: [motionLink(motion), badge(motion.state), motion.vote?.mover ?? "–", count(motion), motion.vote === null ? "–" : String(motion.vote.no), motion.vote === null ? "–" : when(motion.vote.until)],
})));

const waiting = ({ waiting: decided }) => decided.length === 0 ? null
  : section("Decided, not yet in force", {}, table("Decided", [["Change", "name"], ["Decided"]], rows(decided, (item) => ({
      key: item.motion ?? `${item.change.type} ${item.change.id}`,
      cells: [item.motion === null ? change(item.change) : h("a", { href: `/motion/${item.motion}` }, change(item.change)), h("span", { class: "what" }, "block ", blockLink(item.at.height), h("small", {}, when(item.at.time)))],
    }))),
      h("p", { class: "soft" }, "It is in force once a block carries the proof that this is final."));

const past = ({ former, dropped, upgrades }) => former.length + dropped.length + upgrades.length === 0 ? null
  : section("Before and after", {}, facts([
      former.length > 0 && ["Former members", former.join(", ")],
      ...dropped.map(({ motion, why }) => ["Fell away", motion === null ? "new keys" : hash(motion), ": ", said(why)]),
      ...upgrades.map(({ version, height }) => ["Upgrade", `blocks of version ${version} from height ${number(height)} on`]),
    ]));

export const members = {
  title: () => "Members",
  // No event tells of a vote.
  status: true,
  on: ON,
  load: async (_name, asked) => {
    const sets = ask(query("/v1/members/history", { from: asked.get("sets"), limit: 10 }));
    const [found, motions] = await Promise.all([ask("/v1/members"), ask("/v1/motions?limit=100")]);
    return { found, motions, sets: await sets };
  },
  view: ({ found, motions, sets }, _name, asked) => [
    title(null, "Members", h("span", { class: "soft" }, `${found.needed} of ${found.members.length} must say yes to a motion`)),
    section(plural(found.members.length, "member"), { beside: h("a", { href: "/v1/members" }, "As JSON") },
      table("Members", [["Member", "name"], ["Since"], ["Last block"], ["Last vote for"], ["Governor"]], rows(found.members, (item) => ({
        key: item.id,
        cells: [member(item), since(item.since), last(item.sealed), voted(item.vote), account(item.governor)],
      }))),
      h("p", { class: "soft" }, found.since.height === 0 ? "These are the members since the beginning." : ["In force since block ", blockLink(found.since.height), found.final ? ", which is final." : ", which is not final yet: until it is, those before vote."])),
    section("Motions", { beside: h("a", { href: "/v1/motions" }, "As JSON") },
      motions.items.length === 0 ? empty("No motion is open.", hint("To ask the members to take in another one:", ADD)) : motionTable(motions.items)),
    waiting(found),
    past(found),
    history(sets, asked.get("sets")),
  ],
};

const answer = ({ member: id, address, yes }, remark) => ({
  key: `${id} ${remark}`,
  cells: [h("span", { class: "what" }, h("span", { class: "member" }, id), remark ? h("small", {}, remark) : null), yes === null ? (address === null ? "has no say for now" : "nothing yet") : badge(yes ? "yes" : "no"), address === null ? "–" : account(address)],
});

const votes = ({ voices, candidate }) => table("Who says what", [["Member", "name"], ["Says"], ["By"]],
  [...rows(voices, (voice) => answer(voice, "")), ...rows(candidate === null ? [] : [candidate], (voice) => answer(voice, "is to be added, and must say yes too"))]);

export const motion = {
  title: (name) => `Motion ${name.slice(0, 12)}`,
  on: ON,
  load: (name) => ask(`/v1/motions/${encodeURIComponent(name)}`),
  otherwise: () => ["The members, and what was decided", "/members"],
  view: (item) => [
    title("Motion", change(item.change), badge(item.state)),
    h("p", { class: "lead" }, item.vote === null ? "It has passed, and is in force once a block carries the proof that this is final."
      : `${item.vote.yes} of the ${plural(item.vote.needed, "member")} that it needs say yes, ${item.vote.no} say no.`),
    item.vote === null ? null : section("Who says what", {}, votes(item.vote)),
    section("Content", { beside: h("a", { href: `/v1/motions/${item.id}` }, "As JSON") }, facts([
      item.vote !== null && ["Moved by", item.vote.mover],
      item.vote !== null && ["Reason", item.vote.reason ? said(item.vote.reason) : h("span", { class: "soft" }, "none")],
      item.vote !== null && ["Until", ...whenExactly(item.vote.until)],
      [item.vote === null ? "Passed" : "Moved", at(item.at.time), ", block ", blockLink(item.at.height), ", transaction ", transaction(item.at.transaction), " ", finalMark(item)],
      item.change.type === "add" && ["Its member key", h("code", {}, item.change.key)],
      item.change.type === "add" && ["Its governor", account(item.change.governor, true)],
      ["Motion", hash(item.id, null, true)],
    ])),
    item.vote === null ? null : section("Say yes or no", {},
      hint("Each member does on the machine with its governor’s wallet:", `bouya vote yes ${item.id.slice(0, 12)} --from WALLET`, `bouya vote no ${item.id.slice(0, 12)} --from WALLET`)),
  ],
};
