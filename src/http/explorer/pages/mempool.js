// The mempool: transactions that wait for a block.

import { ask, query } from "../api.js";
import { h } from "../dom.js";
import { bytes, isZero, money, node, number, transaction } from "../format.js";
import { account } from "../names.js";
import { csv, empty, hint, pages, rows, section, table, title } from "../parts.js";
import { w } from "../words.js";
import { summary } from "./transaction.js";

const PAGE = 50;

export const mempool = {
  title: () => w.nav.mempool,
  status: true,
  on: ["block", "reorg", "transaction", "dropped"],
  load: async (_name, asked) => ({ page: await ask(query("/v1/transactions", { from: asked.get("from"), limit: PAGE })), level: node.status.mempool }),
  view: ({ page, level }, _name, asked) => [
    title(null, w.nav.mempool, h("span", { class: "soft" }, w.mempool.level(level.transactions, bytes(level.bytes)))),
    section(w.mempool.order, { beside: csv("transactions", "/v1/transactions") }, page.items.length === 0
      ? empty(w.mempool.none, hint(w.mempool.send, "bouya send --from WALLET --to ADDRESS:AMOUNT --wait"))
      : table(w.mempool.caption, [[w.transaction.what, "name"], [w.transaction.from], [w.transaction.fee, "n"], [w.transaction.size, "n"], [w.transaction.validUntil, "n"], [w.transaction.kind]], rows(page.items, (item) => ({
          key: item.id,
          cells: [summary(item), account(item.sender), isZero(item.fee) ? "–" : money(item.fee), bytes(item.size), number(item.valid_until), transaction(item.id)],
        }))),
      pages([asked.get("from") && [w.common.first, "/mempool"], page.next && [w.common.moreItems, query("/mempool", { from: page.next })]])),
    h("p", { class: "soft" }, w.mempool.own),
  ],
};
