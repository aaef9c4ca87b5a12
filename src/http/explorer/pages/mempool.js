// The mempool: transactions that wait for a block.

import { ask, query } from "../api.js";
import { h } from "../dom.js";
import { account, bytes, node, number, plural, transaction } from "../format.js";
import { empty, hint, pages, rows, section, table, title } from "../parts.js";
import { summary } from "./transaction.js";

const PAGE = 50;

export const mempool = {
  title: () => "Mempool",
  status: true,
  on: ["block", "reorg", "transaction", "dropped"],
  load: async (_name, asked) => ({ page: await ask(query("/v1/transactions", { from: asked.get("from"), limit: PAGE })), level: node.status.mempool }),
  view: ({ page, level }, _name, asked) => [
    title(null, "Mempool", h("span", { class: "soft" }, `${plural(level.transactions, "transaction")}, ${bytes(level.bytes)}`)),
    section("Waiting, highest fee rate first", {}, page.items.length === 0
      ? empty("Nothing is waiting: every transaction that this node knows is in a block.", hint("Send one:", "bouya send --from WALLET --to ADDRESS:AMOUNT --wait"))
      : table("Waiting transactions", [["Transaction"], ["From"], ["What", "name"], ["Fee", "n"], ["Size", "n"], ["Valid up to", "n"]], rows(page.items, (item) => ({
          key: item.id,
          cells: [transaction(item.id), account(item.sender), summary(item), item.fee, bytes(item.size), number(item.valid_until)],
        }))),
      pages([asked.get("from") && ["First", "/mempool"], page.next && ["More", query("/mempool", { from: page.next })]])),
    h("p", { class: "soft" }, "Each node has its own mempool. Another member’s may differ for a moment."),
  ],
};
