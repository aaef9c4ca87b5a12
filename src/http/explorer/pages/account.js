// An address: its balance and its history.

import { ask, query } from "../api.js";
import { h } from "../dom.js";
import { account as address, amount, badge, blockLink, hash, node, number, ownerName, owners, said, short, transaction, when } from "../format.js";
import { choices, empty, hint, pages, rows, section, table, title } from "../parts.js";
import { agreementTable } from "./agreements.js";
import { recordTable } from "./records.js";

const SIGNS = { in: "+", out: "−", reward: "+", self: "" };
const VERBS = { in: "received", out: "paid", reward: "mining reward" };

const moved = (item) => {
  if (item.direction !== "self") return VERBS[item.direction] ?? item.direction;
  return { record: "wrote a record", propose: "proposed an agreement", respond: "answered an agreement", withdraw: "withdrew an agreement", transfer: "paid itself" }[item.action] ?? item.action;
};

const history = (page) => page.items.length === 0
  ? empty("This address has not paid or received anything on the chain.", hint("Pay it:", `bouya send --from WALLET --to ADDRESS:AMOUNT --wait`))
  : table("Payments by and to this address, newest first", [["What", "name"], ["Amount", "n"], ["Fee", "n"], ["With"], ["Block", "n half"], ["When", "half"], ["Transaction"]], rows(page.items, (item) => ({
      key: `${item.height} ${item.transaction}`,
      cells: [
        h("span", { class: "what" }, moved(item), item.memo ? h("small", {}, said(item.memo)) : null),
        item.direction === "self" && item.action !== "transfer" ? "–" : h("span", { class: `amount ${item.direction}` }, SIGNS[item.direction] ?? "", item.amount),
        /^0(\.0*)?$/.test(item.fee) ? "–" : item.fee,
        item.counterparties.length === 0 ? "–" : [address(item.counterparties[0]), item.counterparties.length > 1 ? ` and ${item.counterparties.length - 1} more` : ""],
        blockLink(item.height), when(item.time), item.transaction ? transaction(item.transaction) : "–",
      ],
    })));

const PARTS = {
  history: ["History", (name, from) => query(`/v1/accounts/${name}/transactions`, { from }), history],
  records: ["Records", (name, from) => query("/v1/records", { sender: name, from }), (page) => recordTable(page.items, empty("This address has no records."))],
  agreements: ["Agreements", (name, from) => query("/v1/agreements", { party: name, from }), (page) => agreementTable(page.items, empty("This address is not a party to any agreement."))],
};

const part = (asked) => (asked.get("show") in PARTS ? asked.get("show") : "history");

export const account = {
  title: (name) => `Account ${short(name)}`,
  on: ["block", "reorg", "transaction", "dropped"],
  load: async (name, asked) => {
    const path = encodeURIComponent(name);
    const [confirmed, all, page] = await Promise.all([ask(`/v1/accounts/${path}`), ask(`/v1/accounts/${path}?confirmations=0`), ask(PARTS[part(asked)][1](path, asked.get("from")))]);
    return { confirmed, all, page };
  },
  view: ({ confirmed, all, page }, name, asked) => {
    const shown = part(asked);
    const owner = owners.by.get(confirmed.address);
    const here = (values) => query(`/account/${name}`, values);
    return [
      title("Account", owner ? ownerName(owner) : short(confirmed.address), confirmed.address === node.status.reward_to ? badge("known", "this node’s mining rewards") : null),
      h("p", {}, hash(confirmed.address, null, true)),
      h("dl", { class: "tiles" },
        h("div", { class: "tile wide" }, h("dt", {}, "Balance"), h("dd", {}, h("b", {}, amount(confirmed.balance)), h("span", {}, "at the newest block"))),
        h("div", { class: "tile wide" }, h("dt", {}, "With waiting transactions"), h("dd", {}, h("b", {}, amount(all.balance)), h("span", {}, all.balance === confirmed.balance ? "nothing waiting" : "including this node’s mempool"))),
        h("div", { class: "tile" }, h("dt", {}, "Next nonce"), h("dd", {}, h("b", {}, number(confirmed.nonce)), h("span", {}, "for its next transaction")))),
      section(PARTS[shown][0], { beside: choices("What to show", Object.entries(PARTS).map(([key, [text]]) => [text, here({ show: key === "history" ? null : key }), key === shown])) },
        PARTS[shown][2](page),
        pages([asked.get("from") && ["Newest", here({ show: asked.get("show") })], page.next && ["Older", here({ show: asked.get("show"), from: page.next })]])),
    ];
  },
};
