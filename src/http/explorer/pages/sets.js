// Who the members were, from set to set.

import { query } from "../api.js";
import { h } from "../dom.js";
import { blockLink, finalMark, short } from "../format.js";
import { inOrder } from "../names.js";
import { csv, empty, json, pages, rows, section, table } from "../parts.js";
import { said } from "../said.js";
import { when } from "../time.js";
import { w } from "../words.js";

const list = (word, members) => members.length === 0 ? null : h("span", { class: "what" }, h("small", {}, word), inOrder(members).map((one, index) => [index > 0 ? ", " : null, h("span", { class: "member" }, one.name ? said(one.name) : one.id), one.name ? ` (${one.id})` : null]));
const keys = ({ key, governor }) => key === null ? w.sets.otherGovernor : governor === null ? w.sets.otherKey : w.sets.otherBoth;

const what = (set) => [
  set.came.length + set.went.length + set.changed.length > 0 ? null : w.sets.nobody,
  list(set.since.height === 0 ? w.sets.beganWith : w.sets.came, set.came), list(w.sets.went, set.went), set.changed.map((one) => list(keys(one), [one])),
  set.motions.map((id) => h("small", {}, h("a", { href: `/motion/${id}` }, w.sets.motion(short(id))))),
];

const base = (set) => set.since.height === 0 ? w.sets.beginning : h("span", { class: "what" }, [w.common.block(blockLink(set.since.height)), " ", finalMark(set)], h("small", {}, when(set.since.time)));
const by = (set) => set.override !== null ? h("span", { class: "what" }, w.sets.byHand, h("small", { title: set.override }, w.sets.override(short(set.override)))) : set.by === null ? "–" : h("span", { class: "what" }, blockLink(set.by.height), h("small", { title: set.by.signers.join(", ") }, w.sets.signedBy(set.by.signers.length)));
const proof = (set) => set.proven === null ? "–" : h("a", { href: `/v1/members/history/${set.since.height}/proof`, download: `members-${set.since.height}.final`, title: w.sets.proofOf(set.proven) }, w.sets.download);

/** The sets of one page, the newest first. */
export const history = (page, from) => section(w.sets.head, { beside: [json("/v1/members/history"), csv("sets", "/v1/members/history")] },
  page.items.length === 0 ? empty(w.sets.none)
    : table(w.sets.caption, [[w.sets.since, "name"], [w.motions.change], [w.nav.members], [w.sets.byFinal], [w.sets.proof]], rows(page.items, (set) => ({
        key: String(set.since.height),
        cells: [base(set), what(set), h("span", { class: "what" }, String(set.count), h("small", {}, w.sets.decide(set.needed))), by(set), proof(set)],
      }))),
  h("p", { class: "soft" }, w.sets.proofMeans, " ", h("code", {}, "bouya receipt verify FILE --network network.toml")),
  pages([from && [w.common.newest, "/members"], page.next && [w.common.older, query("/members", { sets: page.next })]]));
