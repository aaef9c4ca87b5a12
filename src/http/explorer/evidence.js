// All that proves an agreement, as one file: the receipt of each transaction, what the ledger says, and how to check it.

import { ask } from "./api.js";
import { node } from "./format.js";
import { accountText } from "./names.js";
import { plain } from "./said.js";
import { save } from "./save.js";
import { at } from "./time.js";
import { w } from "./words.js";
import { zip } from "./zip.js";

/** Who did what, with the transaction: the oldest first. */
const deeds = (item) => [
  { what: "proposed", who: item.proposer, moment: item.proposed },
  ...item.parties.filter((party) => party.at).map((party) => ({ what: `${party.answer}${party.late ? "Late" : ""}`, who: party.address, moment: party.at })),
  ...(item.withdrawal ? [{ what: "withdrawn", who: item.proposer, moment: item.withdrawal }] : []),
].sort((a, b) => a.moment.height - b.moment.height);

const exact = (time) => `${at(time)} (${time})`;

const summary = (item, done) => {
  const { network, tip, id, final } = node.status;
  const lines = [
    w.evidence.of(item.title || w.agreements.untitled), "",
    [w.paper.network, `${network.name}, ${network.id}`], network.code === null ? null : [w.paper.code, network.code],
    [w.agreements.kind, item.id], [w.agreements.status, w.states[item.status]], [w.common.finality, item.final ? (item.status === "open" ? w.agreements.proposalFinal : w.common.isFinal) : w.common.notFinal],
    [w.evidence.document, item.document], [w.agreements.proposed, exact(item.proposed.time)], [w.agreements.deadline, exact(item.deadline)],
    item.decided === null ? null : [w.agreements.decided, exact(item.decided.time)],
    "", w.agreements.answers, "",
    ...done.flatMap(({ what, who, moment, file }) => [`- ${w.evidence.deed[what]} ${accountText(who)}`, `  ${exact(moment.time)}, ${w.evidence.block(moment.height)}`, `  ${w.evidence.transaction(moment.transaction)}`, `  ${file === null ? w.evidence.noReceipt : file}`]),
    ...item.parties.filter((party) => party.answer === null).map((party) => `- ${w.evidence.deed.silent} ${accountText(party.address)}`),
    "", [w.paper.asOf, w.paper.state(tip.height, at(tip.time), id, final.height)], "", ...w.evidence.check,
  ];
  // A title or a name must not make a line of its own, nor turn one around.
  return lines.filter((line) => line !== null).map((line) => `${plain(Array.isArray(line) ? line.join(": ") : line)}\r\n`).join("");
};

/** The text of a receipt, exactly as the node sends it; null if it has none. */
const receipt = async (id) => {
  const answer = await fetch(`/v1/transactions/${id}/receipt`, { cache: "no-store" });
  return answer.ok ? answer.text() : null;
};

/** Has the browser save the evidence of an agreement. How many receipts are in it. */
export const saveEvidence = async (id) => {
  const item = await ask(`/v1/agreements/${id}`);
  const files = [];
  const done = [];
  for (const [index, deed] of deeds(item).entries()) {
    const text = await receipt(deed.moment.transaction);
    const file = text === null ? null : `${index + 1}-${deed.what}-${deed.moment.transaction.slice(0, 12)}.receipt`;
    if (file !== null) files.push([file, text]);
    done.push({ ...deed, file });
  }
  const name = `agreement-${item.id.slice(0, 12)}`;
  files.unshift([`${name}.txt`, `\ufeff${summary(item, done)}`], [`${name}.json`, `${JSON.stringify(item, null, 2)}\n`]);
  save(`${name}.zip`, zip(files, new Date()), "application/zip");
  return files.length - 2;
};
