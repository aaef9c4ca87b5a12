// The voters, and what they have made final.

import { ask } from "../api.js";
import { h } from "../dom.js";
import { badge, blockLink, finalMark, hash, number, plural, when } from "../format.js";
import { empty, facts, hint, rows, section, table, title } from "../parts.js";

const VOTING = {
  votes: "It votes.",
  observes: "It does not vote: its key is not among the voters.",
  asking: "It has just started, and asks the others what they have seen of its votes. Then it votes.",
  "no-record": "It does not vote: no record of its votes was found. Its operator must say whether the key is in use elsewhere.",
  twin: "It does not vote: another machine votes with its key. Its operator must stop one of the two.",
  "two-histories": "It does not vote: the members have voted for two histories.",
};
const WAITS = ["no-record", "twin"];

/** A block that was voted for. It may not be on this node's chain; the genesis block has no page. */
const voted = ({ height, hash: id }) => height === 0 ? "the network’s definition" : h("span", { class: "what" }, number(height), h("small", {}, hash(id, `/block/${id}`)));

const newest = ({ final, voters }) => facts([
  ["Block", blockLink(final.height), " ", finalMark({ final: true })],
  ["Hash", hash(final.hash, `/block/${final.hash}`, true)],
  ["Voted by", `${final.signers.length} of ${voters.length}: ${final.signers.join(", ")}`],
]);

export const voters = {
  title: () => "Voters",
  // No event tells of a vote.
  status: true,
  on: ["block", "final", "member_fault", "finality_conflict"],
  load: () => ask("/v1/finality"),
  view: (found) => [
    title(null, "Voters", h("span", { class: "soft" }, `${found.quorum} of ${found.voters.length} make a block final`)),
    section("Newest final block", { beside: h("a", { href: "/v1/finality" }, "As JSON") },
      found.final === null ? empty("No block is final yet.") : newest(found),
      h("p", { class: "soft" }, `What is final never changes, unless ${number(found.guilty)} or more of the voters sign two histories.`)),
    section("This node", {}, h("p", {}, VOTING[found.voting] ?? String(found.voting)),
      WAITS.includes(found.voting) ? hint("Before it may vote again, read:", "bouya final resume --help") : null),
    section(plural(found.voters.length, "voter"), {},
      table("Voters", [["Member", "name"], ["Last vote for"], ["Heard"], ["Fault"]], rows(found.voters, ({ id, vote, fault }) => ({
        key: id,
        cells: [h("span", { class: "member" }, id), vote === null ? "–" : voted(vote), vote?.heard ? when(vote.heard) : "–", fault === null ? "–" : badge("refused", `${fault} vote`)],
      }))),
      found.voters.some(({ fault }) => fault !== null) ? h("p", { class: "soft" }, "A fault is most often an operator’s mistake: one key on two machines, or an old record.") : null),
  ],
};
