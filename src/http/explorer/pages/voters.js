// The voters, and what they have made final.

import { ask } from "../api.js";
import { h } from "../dom.js";
import { badge, blockLink, finalMark, hash, number } from "../format.js";
import { inOrder, memberId } from "../names.js";
import { csv, empty, facts, hint, json, rows, section, table, title } from "../parts.js";
import { when } from "../time.js";
import { w } from "../words.js";

const WAITS = ["no-record", "twin"];

/** A block that was voted for. It may not be on this node's chain; the genesis block has no page. */
const voted = ({ height, hash: id }) => height === 0 ? w.voters.definition : h("span", { class: "what" }, number(height), h("small", {}, hash(id, `/block/${id}`)));

const newest = ({ final, voters }) => facts([
  [w.blocks.block, blockLink(final.height), " ", finalMark({ final: true })],
  [w.blocks.hash, hash(final.hash, `/block/${final.hash}`, true)],
  [w.voters.votedBy, w.voters.who(final.signers.length, voters.length, inOrder(final.signers, (id) => id).join(", "))],
  final.since !== null && [w.voters.since, when(final.since)],
]);

export const voters = {
  title: () => w.voters.head,
  // No event tells of a vote.
  status: true,
  on: ["block", "final", "member_fault", "finality_conflict"],
  load: () => ask("/v1/finality"),
  view: (found) => [
    title(null, w.voters.head, h("span", { class: "soft" }, w.voters.quorum(found.quorum, found.voters.length))),
    section(w.voters.newest, { beside: json("/v1/finality") },
      found.final === null ? empty(w.health.noneFinal) : newest(found),
      h("p", { class: "soft" }, w.voters.unless(number(found.guilty)))),
    section(w.voters.thisNode, {}, h("p", {}, w.voters.voting[found.voting] ?? String(found.voting)),
      WAITS.includes(found.voting) ? hint(w.voters.before, "bouya final resume --help") : null),
    section(w.voters.count(found.voters.length), { beside: csv("voters", "/v1/finality") },
      table(w.voters.head, [[w.members.member, "name"], [w.members.lastVote], [w.voters.heard], [w.voters.fault]], rows(inOrder(found.voters), ({ id, vote, fault }) => ({
        key: id,
        cells: [memberId(id), vote === null ? "–" : voted(vote), vote?.heard ? when(vote.heard) : "–", fault === null ? "–" : badge("refused", w.voters.faults[fault] ?? fault)],
      }))),
      found.voters.some(({ fault }) => fault !== null) ? h("p", { class: "soft" }, w.voters.faultMeans) : null),
  ],
};
