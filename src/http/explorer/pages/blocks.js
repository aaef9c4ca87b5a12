// Blocks: the list, and the page of one block.

import { ask, query } from "../api.js";
import { h } from "../dom.js";
import { amount, badge, blockLink, bytes, few, finalMark, hash, money, isZero, node, number, transaction } from "../format.js";
import { account, miner } from "../names.js";
import { csv, empty, facts, hint, json, pages, rows, section, table, title } from "../parts.js";
import { span, when } from "../time.js";
import { w } from "../words.js";
import { intervals } from "./node.js";
import { summary } from "./transaction.js";

const PAGE = 25;

/** What of a list is final, in words. */
const finality = (shown, edge) => {
  if (shown.length === 0) return null;
  if (edge === 0) return h("p", { class: "soft" }, w.blocks.allFinal);
  return h("p", { class: "soft" }, edge < 0 ? w.blocks.noneFinal : w.blocks.finalFrom(blockLink(shown[edge].height)));
};

export const blocks = {
  title: () => w.nav.blocks,
  on: ["block", "reorg", "final"],
  load: async (_name, asked) => {
    // One more than is shown: the interval of the last block needs its parent.
    const page = await ask(query("/v1/blocks", { from: asked.get("from"), limit: PAGE + 1 }));
    return { items: page.items };
  },
  view: ({ items }, _name, asked) => {
    const between = intervals(items);
    const shown = items.slice(0, PAGE);
    const first = shown[0]?.height ?? 0;
    const edge = shown.findIndex((block) => block.final);
    const tip = node.status.tip.height;
    return [
      title(null, w.nav.blocks, h("span", { class: "soft" }, w.blocks.height(number(tip)))),
      section(asked.get("from") ? w.blocks.from(number(first)) : w.common.newestFirst, { beside: csv("blocks", query("/v1/blocks", { from: asked.get("from") })) }, shown.length === 0
        ? empty(w.blocks.none, hint(w.blocks.mine, "bouya mine"))
        : [finality(shown, edge), table(w.blocks.caption, [[w.blocks.heightHead, "n name"], [w.blocks.block], [w.blocks.when], [w.blocks.sealedBy], [w.blocks.interval, "n half"], [w.blocks.transactions, "n half"], [w.blocks.size, "n half"], [w.blocks.difficulty, "n half"]],
            rows(shown, (block, index) => ({
              key: block.hash,
              kind: edge > 0 && index === edge ? "edge" : null,
              cells: [blockLink(block.height), hash(block.hash, `/block/${block.hash}`), when(block.time), miner(block.miner), between[index] === null ? "–" : span(between[index]), number(block.transactions), bytes(block.size), few(block.difficulty)],
            })))],
        pages([
          asked.get("from") && [w.common.newest, "/blocks"],
          asked.get("from") && first < tip && [w.common.newer, first + PAGE >= tip ? "/blocks" : `/blocks?from=${first + PAGE}`],
          items.length > PAGE && [w.common.older, `/blocks?from=${items[PAGE].height}`],
        ])),
    ];
  },
};

const details = (found) => section(w.blocks.details, { beside: [h("a", { class: "raw", href: `/v1/blocks/${found.hash}/raw`, download: `block-${found.height}.bin` }, w.blocks.raw), json(`/v1/blocks/${found.hash}`)] }, facts([
  [w.blocks.hash, hash(found.hash, null, true)],
  [w.blocks.time, when(found.time)],
  [w.common.finality, found.final ? w.common.isFinal : w.common.notFinal],
  [w.blocks.sealedBy, found.miner.id ? [miner(found.miner), " "] : null, hash(found.miner.key, null, !found.miner.id)],
  [w.blocks.reward, w.blocks.rewardTo(amount(found.reward.amount), account(found.reward.to))],
  [w.blocks.size, bytes(found.size)],
  [w.blocks.difficulty, number(found.difficulty), h("span", { class: "soft" }, ` ${w.blocks.hashes}`)],
  [w.blocks.work, number(found.work)],
  [w.blocks.parent, found.height > 1 ? hash(found.parent, `/block/${found.parent}`, true) : [hash(found.parent), h("span", { class: "soft" }, ` ${w.blocks.genesis}`)]],
]),
h("details", {}, h("summary", {}, w.blocks.moreFields), facts([
  [w.blocks.bodyRoot, hash(found.body_root, null, true)],
  [w.blocks.historyRoot, hash(found.history, null, true)],
  [w.transaction.nonce, String(found.nonce)],
])));

export const block = {
  title: (name) => w.blocks.one(/^\d+$/.test(name) ? name : name.slice(0, 12)),
  on: ["block", "reorg", "final"],
  otherwise: (name) => [w.blocks.asTopic(name), query("/records", { topic: name })],
  load: (name) => ask(`/v1/blocks/${encodeURIComponent(name)}`),
  view: (found) => {
    const tip = node.status.tip.height;
    const best = found.confirmations > 0;
    return [
      title(w.blocks.block, number(found.height),
        best ? badge("confirmed", w.common.confirmations(found.confirmations)) : badge("refused", w.blocks.aside),
        finalMark(found),
        h("nav", { class: "steps", "aria-label": w.blocks.neighbours },
          found.height > 1 ? h("a", { href: best ? `/block/${found.height - 1}` : `/block/${found.parent}`, rel: "prev" }, w.blocks.previous) : null,
          best && found.confirmations > 1 && found.height < tip + 1 ? h("a", { href: `/block/${found.height + 1}`, rel: "next" }, w.blocks.next) : null)),
      best ? null : h("p", { class: "note bad" }, w.blocks.asideWhy),
      details(found),
      section(w.blocks.count(found.transactions.length), { beside: found.transactions.length === 0 ? null : csv("transactions", `/v1/blocks/${found.hash}`) }, found.transactions.length === 0
        ? empty(w.blocks.onlyReward)
        : table(w.blocks.ofBlock, [[w.transaction.what, "name"], [w.transaction.from], [w.transaction.fee, "n"], [w.transaction.kind]], rows(found.transactions, (item) => ({ key: item.id, cells: [summary(item), account(item.sender), isZero(item.fee) ? "–" : money(item.fee), transaction(item.id)] })))),
    ];
  },
};
