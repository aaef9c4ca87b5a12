// The members, and the motions about them.

import { ask, query } from "../api.js";
import { h } from "../dom.js";
import { badge, blockLink, daysLeft, endsSoon, hash, number } from "../format.js";
import { inOrder, member, plainAccount } from "../names.js";
import { choices, csv, empty, facts, hint, json, pages, rows, section, table, title } from "../parts.js";
import { said } from "../said.js";
import { dayOf, when } from "../time.js";
import { w } from "../words.js";
import { history } from "./sets.js";
import { change } from "./transaction.js";

const ADD = "bouya admit ID.request";

/** A block that says since when; the genesis block has no page. */
const since = (block) => block === null ? "–" : h("span", { class: "what" }, block.height === 0 ? w.sets.beginning : w.common.block(blockLink(block.height)), h("small", {}, dayOf(block.time)));
const last = (block) => block === null ? "–" : h("span", { class: "what" }, blockLink(block.height), h("small", {}, when(block.time)));
const certificate = ({ certificate: found }) => found === null ? "–" : h("span", { class: endsSoon(found) ? "ends" : null, title: found.not_after }, daysLeft(found));
const voted = (vote) => vote === null ? "–" : vote.height === 0 ? w.sets.beginning : blockLink(vote.height);

const motionLink = (motion) => h("a", { href: `/motion/${motion.id}` }, change(motion.change));
/** Where a motion ended, or got to; null as long as it is open. */
const ended = (motion) => motion.applied ?? motion.decided;
const time = (motion) => ended(motion) === null ? h("span", { class: "what" }, w.motions.ends, h("small", {}, when(motion.vote.until))) : h("span", { class: "what" }, w.common.block(blockLink(ended(motion).height)), h("small", {}, when(ended(motion).time)));

const motionTable = (items) => table(w.motions.head, [[w.motions.change, "name"], [w.motions.state], [w.motions.movedBy], [w.motions.yes, "n half"], [w.motions.no, "n half"], [w.blocks.when]], rows(items, (motion) => ({
  key: motion.id,
  cells: [motionLink(motion), badge(motion.state, w.motions.states[motion.state]), motion.vote.mover, w.agreements.ofParties(motion.vote.yes, motion.vote.needed), String(motion.vote.no), time(motion)],
})));

const motionPart = (motions, asked) => {
  const which = asked.get("motions") === "decided" ? "decided" : "open";
  const none = which === "decided" ? empty(w.motions.noneDecided) : empty(w.motions.noneOpen, hint(w.motions.toAdd, ADD));
  const here = (values) => query("/members", { motions: which === "open" ? null : which, ...values });
  return section(w.motions.head, { beside: [choices(w.motions.which, [[w.motions.open, "/members", which === "open"], [w.motions.decided, "/members?motions=decided", which === "decided"]]), csv("motions", "/v1/motions?state=all")] },
    motions.items.length === 0 ? none : motionTable(motions.items),
    pages([asked.get("from") && [w.common.newest, here({})], motions.next && [w.common.older, here({ from: motions.next })]]));
};

const waiting = ({ waiting: decided }) => decided.length === 0 ? null
  : section(w.members.decided, {}, table(w.members.decided, [[w.motions.change, "name"], [w.motions.decided]], rows(decided, (item) => ({
      key: item.motion ?? `${item.change.type} ${item.change.id}`,
      cells: [item.motion === null ? change(item.change) : h("a", { href: `/motion/${item.motion}` }, change(item.change)), h("span", { class: "what" }, w.common.block(blockLink(item.at.height)), h("small", {}, when(item.at.time)))],
    }))),
      h("p", { class: "soft" }, w.members.inForceOnce));

const past = ({ former, dropped, upgrades }) => former.length + dropped.length + upgrades.length === 0 ? null
  : section(w.members.past, {}, facts([
      former.length > 0 && [w.members.former, inOrder(former, (id) => id).join(", ")],
      ...dropped.map(({ motion, why }) => [w.motions.states.dropped, motion === null ? w.members.newKeys : hash(motion, `/motion/${motion}`), " ", said(why)]),
      ...upgrades.map(({ version, height }) => [w.members.upgrade, w.motions.upgrade(version, number(height))]),
    ]));

const standing = (found) => found.since.height === 0 ? w.members.always : w.members.inForce(blockLink(found.since.height), found.final);

export const members = {
  title: () => w.nav.members,
  // No event tells of a vote.
  status: true,
  on: ["block", "reorg", "final", "motion", "members"],
  load: async (_name, asked) => {
    const sets = ask(query("/v1/members/history", { from: asked.get("sets"), limit: 10 }));
    const wanted = asked.get("motions") === "decided" ? { state: "decided", limit: 20 } : { limit: 100 };
    const [found, motions] = await Promise.all([ask("/v1/members"), ask(query("/v1/motions", { ...wanted, from: asked.get("from") }))]);
    return { found, motions, sets: await sets };
  },
  view: ({ found, motions, sets }, _name, asked) => [
    title(null, w.nav.members, h("span", { class: "soft" }, w.members.needed(found.needed, found.members.length))),
    section(w.overview.members(found.members.length), { beside: [h("a", { href: "/voters" }, w.voters.head), json("/v1/members"), csv("members", "/v1/members")] },
      table(w.nav.members, [[w.members.member, "name"], [w.members.since, "tight"], [w.members.lastBlock], [w.members.lastVote], [w.members.runs, "t"], [w.node.certificate, "tight"], [w.members.governor]], rows(inOrder(found.members), (item) => ({
        key: item.id,
        cells: [member(item), since(item.since), last(item.sealed), voted(item.vote), item.agent ? said(item.agent) : "–", certificate(item), plainAccount(item.governor)],
      }))),
      h("p", { class: "soft" }, standing(found))),
    motionPart(motions, asked),
    waiting(found),
    past(found),
    history(sets, asked.get("sets")),
  ],
};
