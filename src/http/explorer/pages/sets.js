// Who the members were, from set to set.

import { query } from "../api.js";
import { h } from "../dom.js";
import { blockLink, finalMark, said, short, when } from "../format.js";
import { empty, pages, rows, section, table } from "../parts.js";

/** A member's id, and what people call it. */
export const member = ({ id, name }) => h("span", { class: "what" }, h("span", { class: "member" }, id), name ? h("small", {}, said(name)) : null);

const list = (word, members) => members.length === 0 ? null : h("span", { class: "what" }, h("small", {}, word), members.map((one, index) => [index > 0 ? ", " : null, h("span", { class: "member" }, one.id), one.name ? [" (", said(one.name), ")"] : null]));
const keys = ({ key, governor }) => key === null ? "other governor" : governor === null ? "other key" : "other key and governor";

const what = (set) => [
  set.came.length + set.went.length + set.changed.length > 0 ? null : "nobody came or went",
  list(set.since.height === 0 ? "began with" : "came", set.came), list("went", set.went), set.changed.map((one) => list(keys(one), [one])),
  set.motions.map((id) => h("small", {}, h("a", { href: `/motion/${id}` }, "motion ", short(id)))),
];

const base = (set) => set.since.height === 0 ? "the beginning" : h("span", { class: "what" }, ["block ", blockLink(set.since.height), " ", finalMark(set)], h("small", {}, when(set.since.time)));
const by = (set) => set.override !== null ? h("span", { class: "what" }, "put in by hand", h("small", { title: set.override }, "override ", short(set.override))) : set.by === null ? "–" : h("span", { class: "what" }, blockLink(set.by.height), h("small", { title: set.by.signers.join(", ") }, `signed by ${set.by.signers.length}`));
const proof = (set) => set.proven === null ? "–" : h("a", { href: `/v1/members/history/${set.since.height}/proof`, download: `members-${set.since.height}.final`, title: `What they made final, up to block ${set.proven}` }, "Download");

/** The sets of one page, the newest first. */
export const history = (page, from) => section("History of members", { beside: h("a", { href: "/v1/members/history" }, "As JSON") },
  page.items.length === 0 ? empty("No older ones.")
    : table("Sets of members", [["In force since", "name"], ["Change"], ["Members"], ["By final block"], ["Proof"]], rows(page.items, (set) => ({
        key: String(set.since.height),
        cells: [base(set), what(set), h("span", { class: "what" }, String(set.count), h("small", {}, `${set.needed} decide`)), by(set), proof(set)],
      }))),
  h("p", { class: "soft" }, "A proof says who the members were, to whoever has the network’s definition: ", h("code", {}, "bouya receipt verify FILE --network network.toml")),
  pages([from && ["Newest", "/members"], page.next && ["Older", query("/members", { sets: page.next })]]));
