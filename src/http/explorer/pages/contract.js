// Contracts: the list, what a call has led to, and what stands at a contract's address.

import { decode } from "../abi.js";
import { ask, find, query } from "../api.js";
import { h } from "../dom.js";
import { amount, badge, blockLink, bytes, hash, money, number, short, transaction } from "../format.js";
import { account } from "../names.js";
import { empty, facts, hint, pages, rows, section, table, title } from "../parts.js";
import { said, saidLines } from "../said.js";
import { when } from "../time.js";
import { w } from "../words.js";

/** Whether an address is that of a contract: the first byte that it encodes says so. */
const isContract = (address) => /^bouya1q[y9x8]/.test(address);

/** The ABI file that this node's operator keeps of a contract's code; null if there is none. */
const abiAt = (address) => find(`/v1/contracts/${address}/abi`);

/** The contract at an address, with its ABI file; null if it is none. */
export const contractAt = async (address) => {
  if (!isContract(address)) return null;
  const [contract, abi] = await Promise.all([find(`/v1/contracts/${address}`), abiAt(address)]);
  return contract && { ...contract, abi };
};

/** The ABI file of what a transaction deploys or calls. */
export const abiOf = ({ action }) => (action.type === "deploy" || action.type === "call" ? abiAt(action.contract) : null);

const hex = (digits) => (digits === "" ? h("span", { class: "soft" }, w.common.none) : [h("pre", { class: "hex", tabindex: 0 }, digits.match(/.{1,64}/g).join("\n")), h("p", { class: "soft" }, w.contract.inHex)]);

/** A message, as the ABI file reads it. `kind`: its type there. Without one, and where it does not fit, the bytes. */
const message = (abi, kind, digits) => {
  if (!abi || kind === undefined) return hex(digits);
  try {
    const value = decode(abi, kind, digits);
    return value === null ? h("span", { class: "soft" }, w.common.none) : saidLines(JSON.stringify(value, null, 2));
  } catch {
    return hex(digits);
  }
};

const event = (abi, { topic, data }) => message(abi, abi && Object.hasOwn(abi.events, topic) ? abi.events[topic] : undefined, data);

/** Whose word it is what the bytes mean. */
const readBy = (abi) => abi && h("p", { class: "soft" }, w.contract.readBy(said(abi.name)));

const code = ({ code: digits, size }) => [hash(digits, null, true), ` (${bytes(size)})`];

/** What a deployment or a call asks for. */
export const asked = (action, abi) => [facts([
  [w.contract.kind, account(action.contract, true)],
  [w.contract.code, code(action)],
  [w.contract.input, message(abi, action.type === "deploy" ? abi?.init : abi?.call, action.input)],
  [w.contract.value, amount(action.value)],
  [w.contract.gas, number(action.gas)],
]), readBy(abi)];

/** What a confirmed one has led to; null for a transaction that runs nothing or waits. */
export const led = ({ action, status, outcome }, abi) => {
  if ((action.type !== "deploy" && action.type !== "call") || status !== "confirmed") return null;
  if (!outcome) return section(w.contract.led, {}, h("p", { class: "soft" }, w.contract.elsewhere));
  const paid = outcome.payments.map((output, index) => ({ key: String(index), cells: [account(output.to), amount(output.amount)] }));
  const events = outcome.events.map((one, index) => ({ key: String(index), cells: [said(one.topic), event(abi, one)] }));
  return section(w.contract.led, {},
    facts([
      [w.transaction.state, outcome.done ? badge("confirmed", w.contract.done) : badge("refused", w.contract.failed)],
      !outcome.done && [w.contract.why, said(outcome.why ?? "")],
      !outcome.done && [w.contract.means, w.contract.failedMeans],
      [w.contract.taken, number(outcome.gas)],
      outcome.done && [w.contract.output, message(abi, action.type === "call" ? abi?.output : undefined, outcome.output)],
    ]),
    paid.length === 0 ? null : table(w.contract.payments, [[w.contract.pays, "name"], [w.transaction.amount, "n"]], paid),
    events.length === 0 ? null : table(w.contract.events, [[w.contract.topic, "name"], [w.contract.data]], events));
};

const PAGE = 50;

const contractTable = (items, none) => items.length === 0 ? none
  : table(w.contract.caption, [[w.contract.kind, "name"], [w.contract.balance, "n"], [w.contract.held, "n"], [w.contract.deployer], [w.contract.hashOfCode], [w.blocks.block, "n"]], rows(items, (item) => ({
      key: item.address,
      cells: [account(item.address), money(item.balance), bytes(item.held), account(item.deployer), hash(item.code), blockLink(item.height)],
    })));

export const contracts = {
  title: () => w.nav.contracts,
  on: ["block", "reorg"],
  load: (_name, asked) => ask(query("/v1/contracts", { from: asked.get("from"), limit: PAGE })),
  view: (page, _name, asked) => {
    const from = asked.get("from");
    const none = page.next || from ? empty(w.common.noneSoFar) : empty(w.contract.none, hint(w.contract.deploy, "bouya contract deploy MODULE.wasm --from WALLET --wait"));
    return [
      title(null, w.nav.contracts),
      section(w.common.newestFirst, {},
        contractTable(page.items, none),
        pages([from && [w.common.newest, "/contracts"], page.next && [page.items.length === 0 ? w.common.further : w.common.older, query("/contracts", { from: page.next })]])),
    ];
  },
};

/** What stands at a contract's address. */
export const about = (contract) => section(w.contract.kind, {}, facts([
  [w.contract.code, code(contract)],
  [w.contract.deployer, account(contract.deployer, true)],
  [w.contract.deployed, [transaction(contract.transaction), ", ", w.common.inBlock(blockLink(contract.height))]],
  [w.contract.held, bytes(contract.held)],
]), readBy(contract.abi));

/** What a contract has said. */
export const eventTable = (page, abi) => page.items.length === 0
  ? empty(w.contract.noEvents)
  : table(w.contract.events, [[w.contract.topic, "name t"], [w.contract.data], [w.blocks.when], [w.blocks.block, "n"], [w.transaction.kind]], rows(page.items, (one, index) => ({
      key: `${one.transaction} ${index}`,
      cells: [said(one.topic), event(abi, one), when(one.time), blockLink(one.height), transaction(one.transaction)],
    })));

/** What a contract keeps. */
export const slotTable = (page) => page.items.length === 0
  ? empty(w.contract.noSlots)
  : table(w.contract.slots, [[w.contract.key, "name"], [w.contract.data]], rows(page.items, (slot) => ({ key: slot.key, cells: [h("code", {}, slot.key), hex(slot.data)] })));
