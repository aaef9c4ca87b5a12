// Lists as CSV files, for spreadsheets. The columns have the API's names; amounts and numbers are exactly its own.

import { ask, several } from "./api.js";
import { contacts } from "./contacts.js";
import { accountText } from "./names.js";
import { plainLines } from "./said.js";
import { save } from "./save.js";

/** Most lines of a file, and most requests for one: a list may be as long as the chain. */
const MOST = 10_000;
const REQUESTS = 200;

const of = (address) => (address === null ? "" : accountText(address));
const list = (values) => values.join("; ");

/** What is done by a transaction, in one cell each. */
const action = ({ type, outputs, memo, topic, name, hash, agreement, title, document, response, motion, yes }) => ({
  action: type,
  to: outputs ? list(outputs.map((output) => `${output.amount} ${of(output.to)}`)) : "",
  memo: memo ?? "", topic: topic ?? "", title: title ?? name ?? "", hash: document ?? hash ?? "", agreement: agreement ?? "", motion: motion ?? "",
  says: response ?? (yes === undefined ? "" : yes ? "yes" : "no"),
});

/** The cells of an item of each kind of list. */
const CELLS = {
  records: (item) => ({ time: item.time, height: item.height, final: item.final, sender: of(item.sender), topic: item.topic, name: item.name ?? "", text: item.text ?? "", hash: item.hash, transaction: item.transaction }),
  agreements: (item) => ({
    id: item.id, title: item.title, status: item.status, final: item.final, document: item.document, proposed: item.proposed.time, proposer: of(item.proposer), deadline: item.deadline, decided: item.decided?.time ?? "",
    signed: list([item.proposer, ...item.parties.filter(({ answer, late }) => answer === "signed" && !late).map(({ address }) => address)].map(of)),
    refused: list(item.parties.filter(({ answer }) => answer === "refused").map(({ address }) => of(address))),
    unanswered: list(item.parties.filter(({ answer }) => answer === null).map(({ address }) => of(address))),
  }),
  movements: (item) => ({ time: item.time, height: item.height, direction: item.direction, action: item.action, amount: item.amount, fee: item.fee, counterparties: list(item.counterparties.map(of)), memo: item.memo, transaction: item.transaction ?? "" }),
  blocks: (item) => ({ height: item.height, time: item.time, final: item.final, hash: item.hash, miner: item.miner.id ?? item.miner.key, transactions: item.transactions, size: item.size, difficulty: item.difficulty }),
  transactions: (item) => ({ id: item.id, status: item.status, time: item.time ?? "", height: item.height ?? "", block: item.block ?? "", final: item.final, sender: of(item.sender), fee: item.fee, ...action(item.action), size: item.size, valid_until: item.valid_until }),
  members: (item) => ({ id: item.id, name: item.name, governor: item.governor, key: item.key, since: item.since?.time ?? "", last_block: item.sealed?.height ?? "", last_vote: item.vote?.height ?? "", runs: item.agent ?? "", certificate_until: item.certificate?.not_after ?? "" }),
  motions: (item) => ({ id: item.id, state: item.state, change: item.change.type, of: item.change.id ?? "", mover: item.vote.mover, reason: item.vote.reason, yes: item.vote.yes, no: item.vote.no, needed: item.vote.needed, moved: item.at.time, until: item.vote.until, decided: item.decided?.time ?? "", in_force: item.applied?.time ?? "" }),
  peers: (item) => ({ id: item.id, status: item.status, host: item.host, port: item.port, height: item.height ?? "", rtt_ms: item.rtt_ms ?? "", runs: item.agent ?? "", since: item.since ?? "", why: item.why ?? "" }),
  voters: (item) => ({ id: item.id, number: item.number, last_vote: item.vote?.height ?? "", heard: item.vote?.heard ?? "", fault: item.fault ?? "" }),
  contacts: ({ name, address, own }) => ({ name, address, own }),
  sets: (item) => ({ since: item.since.time, height: item.since.height, count: item.count, needed: item.needed, came: list(item.came.map(({ id }) => id)), went: list(item.went.map(({ id }) => id)), changed: list(item.changed.map(({ id }) => id)), motions: list(item.motions) }),
};
/** Lists that come whole, under another name than `items`. */
const WHOLE = { members: "members", voters: "voters" };

// Where a spreadsheet would begin a formula: some split lines at semicolons or tabs, and some of them even within quotes.
const FORMULA = /(?<=^|[;\t\n])(?=(?:[^\S\t\n]|")*[=+\-@＝＋－＠]|\t)/g;

/** A cell. What a spreadsheet would take for a formula, which a stranger may have written, has an apostrophe before it; what hides is shown. */
const cell = (value) => {
  const safe = plainLines(String(value)).replace(FORMULA, "'");
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** The text of a file with these items. */
export const written = (kind, items) => {
  const lines = items.map(CELLS[kind]);
  return [Object.keys(lines[0] ?? {}), ...lines.map(Object.values)].map((line) => `${line.map(cell).join(",")}\r\n`).join("");
};

const read = async (kind, path) => {
  if (kind === "contacts") return { items: contacts(), next: null };
  const whole = path.startsWith("/v1/blocks/") ? "transactions" : WHOLE[kind];
  if (whole) return { items: (await ask(path))[whole], next: null };
  const [base, values] = path.split("?");
  return several(base, Object.fromEntries(new URLSearchParams(values ?? "")), MOST, REQUESTS);
};

/** Reads a list, whole, and has the browser save it. How many lines the file has, and whether the list goes on. */
export const saveList = async (kind, path) => {
  const { items, next } = await read(kind, path);
  // The mark at the beginning tells spreadsheets that it is UTF-8.
  save(`${kind}.csv`, ["\ufeff", written(kind, items)], "text/csv");
  return { count: items.length, more: next !== null };
};
