// An address: whose it is, its balance and its history.

import { ask, query, several } from "../api.js";
import { contact } from "../contacts.js";
import { h } from "../dom.js";
import { amount, badge, blockLink, isZero, money, node, number, short, transaction, hash } from "../format.js";
import { account as address, mine, ownerOf } from "../names.js";
import { choices, csv, empty, hint, pages, rows, section, table, title } from "../parts.js";
import { said } from "../said.js";
import { at, when } from "../time.js";
import { w } from "../words.js";
import { agreementTable, signing, unanswered } from "./agreements.js";
import { contactForm } from "./contacts.js";
import { about, contractAt, eventTable, slotTable } from "./contract.js";
import { recordTable } from "./records.js";

const SIGNS = { in: "+", out: "−", reward: "+", self: "" };

/** What a movement is. Who calls a contract does not pay it as people are paid. */
const moved = ({ direction, action }, contract) => {
  if (contract && direction === "in" && Object.hasOwn(w.account.asked, action)) return w.account.asked[action];
  return direction === "self" ? w.account.actions[action] ?? action : w.account.verbs[direction] ?? direction;
};

const history = (page, contract) => page.items.length === 0
  ? empty(w.account.noHistory, hint(w.account.payIt, `bouya send --from WALLET --to ADDRESS:AMOUNT --wait`))
  : table(w.account.caption, [[w.transaction.what, "name"], [w.transaction.amount, "n"], [w.transaction.fee, "n"], [w.account.with], [w.blocks.when], [w.blocks.block, "n"], [w.transaction.kind]], rows(page.items, (item) => ({
      key: `${item.height} ${item.transaction}`,
      cells: [
        h("span", { class: "what" }, moved(item, contract), item.memo ? h("small", {}, said(item.memo)) : null),
        (item.direction === "self" && item.action !== "transfer") || isZero(item.amount) ? "–" : h("span", { class: `amount ${item.direction}` }, SIGNS[item.direction] ?? "", money(item.amount)),
        isZero(item.fee) ? "–" : money(item.fee),
        item.counterparties.length === 0 ? "–" : [address(item.counterparties[0]), item.counterparties.length > 1 ? ` ${w.common.more(item.counterparties.length - 1)}` : ""],
        when(item.time), blockLink(item.height), item.transaction ? transaction(item.transaction) : "–",
      ],
    })));

const PARTS = {
  history: { from: (name) => `/v1/accounts/${name}/transactions`, kind: "movements", view: history },
  records: { from: (name) => query("/v1/records", { sender: name }), kind: "records", view: (page) => recordTable(page.items, empty(w.account.noRecords)) },
  agreements: { from: (name) => query("/v1/agreements", { party: name }), kind: "agreements", view: (page) => agreementTable(page.items, empty(w.account.noAgreements)) },
};

/** What there is to see of a contract, which records and agrees to nothing. */
const OF_CONTRACT = {
  history: PARTS.history,
  events: { from: (name) => `/v1/contracts/${name}/events`, kind: null, view: (page, contract) => eventTable(page, contract?.abi) },
  slots: { from: (name) => `/v1/contracts/${name}/slots`, kind: null, view: slotTable },
};

const ALL = { ...PARTS, ...OF_CONTRACT };

const part = (asked) => (Object.hasOwn(ALL, asked.get("show")) ? asked.get("show") : "history");
const beginning = (path, from) => (from ? `${path}${path.includes("?") ? "&" : "?"}${new URLSearchParams({ from })}` : path);

/** What waits for this address's answer, with the command. */
const turn = (open, address) => open.length === 0 ? null
  : section(w.account.turn(open.length), { kind: "screen" }, open.slice(0, 5).map((item) => h("div", { class: "hint" }, h("p", {}, h("a", { href: `/agreement/${item.id}` }, item.title ? said(item.title) : w.agreements.untitled), " ", w.agreements.until(at(item.deadline))), hint(w.agreements.signHow, signing(item)))));

export const account = {
  title: (name) => w.account.one(short(name)),
  on: ["block", "reorg", "transaction", "dropped"],
  load: async (name, asked) => {
    const path = encodeURIComponent(name);
    const [confirmed, all, page, open, contract] = await Promise.all([ask(`/v1/accounts/${path}`), ask(`/v1/accounts/${path}?confirmations=0`), ask(beginning(ALL[part(asked)].from(path), asked.get("from"))), several("/v1/agreements", { party: name, status: "open" }, 20, 2), contractAt(name)]);
    return { confirmed, all, page, contract, open: open.items.filter((item) => unanswered(item).some((party) => party.address === confirmed.address)) };
  },
  view: ({ confirmed, all, page, open, contract }, name, asked) => {
    const shown = part(asked);
    const owner = ownerOf(confirmed.address);
    const here = (values) => query(`/account/${name}`, values);
    return [
      title(contract ? w.contract.kind : w.account.kind, owner ?? short(confirmed.address), mine().has(confirmed.address) ? badge("own", w.account.yours) : null, confirmed.address === node.status.reward_to ? badge("known", w.account.rewards) : null),
      h("p", {}, hash(confirmed.address, null, true)),
      h("dl", { class: "tiles" },
        h("div", { class: "tile wide" }, h("dt", {}, w.account.balance), h("dd", {}, h("b", {}, amount(confirmed.balance)), h("span", {}, w.account.atTip))),
        h("div", { class: "tile wide" }, h("dt", {}, w.account.withWaiting), h("dd", {}, h("b", {}, amount(all.balance)), h("span", {}, all.balance === confirmed.balance ? w.account.nothingWaits : w.account.waits))),
        contract ? null : h("div", { class: "tile" }, h("dt", {}, w.account.nonce), h("dd", {}, h("b", {}, number(confirmed.nonce)), h("span", {}, w.account.nonceFor)))),
      contract && about(contract),
      turn(open, confirmed.address),
      section(w.account.parts[shown], { beside: [choices(w.account.show, Object.keys(contract ? OF_CONTRACT : PARTS).map((key) => [w.account.parts[key], here({ show: key === "history" ? null : key }), key === shown])), ALL[shown].kind && csv(ALL[shown].kind, ALL[shown].from(confirmed.address))] },
        ALL[shown].view(page, contract),
        pages([asked.get("from") && [w.common.newest, here({ show: asked.get("show") })], page.next && [w.common.older, here({ show: asked.get("show"), from: page.next })]])),
      section(w.contacts.nameIt, { kind: "screen" }, contactForm(confirmed.address, contact(confirmed.address))),
    ];
  },
};
