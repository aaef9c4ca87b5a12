// Contracts: what a call has led to, and what stands at a contract's address.

import { find } from "../api.js";
import { h } from "../dom.js";
import { amount, badge, blockLink, bytes, hash, number, short, transaction } from "../format.js";
import { account } from "../names.js";
import { empty, facts, rows, section, table } from "../parts.js";
import { said } from "../said.js";
import { when } from "../time.js";
import { w } from "../words.js";

/** Whether an address is that of a contract: the first byte that it encodes says so. */
const isContract = (address) => /^bouya1q[y9x8]/.test(address);

/** The contract at an address; null if it is none. */
export const contractAt = (address) => (isContract(address) ? find(`/v1/contracts/${address}`) : null);

const hex = (digits) => (digits === "" ? h("span", { class: "soft" }, w.common.none) : h("pre", { class: "hex", tabindex: 0 }, digits.match(/.{1,64}/g).join("\n")));

const code = ({ code: digits, size }) => [hash(digits, null, true), ` (${bytes(size)})`];

/** What a deployment or a call asks for. */
export const asked = (action) => facts([
  [w.contract.kind, account(action.contract, true)],
  [w.contract.code, code(action)],
  [w.contract.input, hex(action.input)],
  [w.contract.value, amount(action.value)],
  [w.contract.gas, number(action.gas)],
]);

/** What a confirmed one has led to; null for a transaction that runs nothing or waits. */
export const led = ({ action, status, outcome }) => {
  if ((action.type !== "deploy" && action.type !== "call") || status !== "confirmed") return null;
  if (!outcome) return section(w.contract.led, {}, h("p", { class: "soft" }, w.contract.elsewhere));
  const paid = outcome.payments.map((output, index) => ({ key: String(index), cells: [account(output.to), amount(output.amount)] }));
  const events = outcome.events.map((event, index) => ({ key: String(index), cells: [said(event.topic), hex(event.data)] }));
  return section(w.contract.led, {},
    facts([
      [w.transaction.state, outcome.done ? badge("confirmed", w.contract.done) : badge("refused", w.contract.failed)],
      !outcome.done && [w.contract.why, said(outcome.why ?? "")],
      !outcome.done && [w.contract.means, w.contract.failedMeans],
      [w.contract.taken, number(outcome.gas)],
      outcome.done && [w.contract.output, hex(outcome.output)],
    ]),
    paid.length === 0 ? null : table(w.contract.payments, [[w.contract.pays, "name"], [w.transaction.amount, "n"]], paid),
    events.length === 0 ? null : table(w.contract.events, [[w.contract.topic, "name"], [w.contract.data]], events));
};

/** What stands at a contract's address. */
export const about = (contract) => section(w.contract.kind, {}, facts([
  [w.contract.code, code(contract)],
  [w.contract.deployer, account(contract.deployer, true)],
  [w.contract.deployed, [transaction(contract.transaction), ", ", w.common.inBlock(blockLink(contract.height))]],
  [w.contract.held, bytes(contract.held)],
]));

/** What a contract has said. */
export const eventTable = (page) => page.items.length === 0
  ? empty(w.contract.noEvents)
  : table(w.contract.events, [[w.contract.topic, "name"], [w.contract.data], [w.blocks.when], [w.blocks.block, "n"], [w.transaction.kind]], rows(page.items, (event, index) => ({
      key: `${event.transaction} ${index}`,
      cells: [said(event.topic), hex(event.data), when(event.time), blockLink(event.height), transaction(event.transaction)],
    })));

/** What a contract keeps. */
export const slotTable = (page) => page.items.length === 0
  ? empty(w.contract.noSlots)
  : table(w.contract.slots, [[w.contract.key, "name"], [w.contract.data]], rows(page.items, (slot) => ({ key: slot.key, cells: [h("code", {}, slot.key), hex(slot.data)] })));
