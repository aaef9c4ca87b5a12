// Blocks: the list, and the page of one block.

import { ask, query } from "../api.js";
import { h } from "../dom.js";
import { account, badge, blockLink, bytes, few, finalMark, hash, amount, miner, node, number, plural, span, transaction, when, whenExactly } from "../format.js";
import { empty, facts, hint, pages, rows, section, table, title } from "../parts.js";
import { intervals } from "./overview.js";
import { summary } from "./transaction.js";

const PAGE = 25;

/** What of a list is final, in words. */
const finality = (shown, edge) => {
  if (shown.length === 0) return null;
  if (edge === 0) return h("p", { class: "soft" }, "All of these blocks are final.");
  return h("p", { class: "soft" }, edge < 0 ? "None of these blocks is final yet." : ["Final from block ", blockLink(shown[edge].height), " down. The blocks above the line are not final yet."]);
};

export const blocks = {
  title: () => "Blocks",
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
      title(null, "Blocks", h("span", { class: "soft" }, `best chain, height ${number(tip)}`)),
      section(asked.get("from") ? `Blocks from ${number(first)} down` : "Newest first", {}, shown.length === 0
        ? empty("No blocks yet. Miners pause while no transaction waits.", hint("Mine one now:", "bouya mine"))
        : [finality(shown, edge), table("Blocks of the best chain", [["Height", "n name"], ["Block"], ["When", "half"], ["Interval", "n half"], ["Sealed by"], ["Transactions", "n half"], ["Size", "n half"], ["Difficulty", "n"]],
            rows(shown, (block, index) => ({
              key: block.hash,
              kind: edge > 0 && index === edge ? "edge" : null,
              cells: [blockLink(block.height), hash(block.hash, `/block/${block.hash}`), when(block.time), between[index] === null ? "–" : span(between[index]), miner(block.miner), number(block.transactions), bytes(block.size), few(block.difficulty)],
            })))],
        pages([
          asked.get("from") && ["Newest", "/blocks"],
          asked.get("from") && first < tip && ["Newer", first + PAGE >= tip ? "/blocks" : `/blocks?from=${first + PAGE}`],
          items.length > PAGE && ["Older", `/blocks?from=${items[PAGE].height}`],
        ])),
    ];
  },
};

export const block = {
  title: (name) => (/^\d+$/.test(name) ? `Block ${name}` : `Block ${name.slice(0, 12)}`),
  on: ["block", "reorg", "final"],
  otherwise: (name) => [`Search the records for the topic “${name}”`, query("/records", { topic: name })],
  load: (name) => ask(`/v1/blocks/${encodeURIComponent(name)}`),
  view: (found) => {
    const tip = node.status.tip.height;
    const best = found.confirmations > 0;
    return [
      title("Block", number(found.height),
        best ? badge("confirmed", plural(found.confirmations, "confirmation")) : badge("refused", "not on the best chain"),
        finalMark(found),
        h("nav", { class: "steps", "aria-label": "Neighbours" },
          found.height > 1 ? h("a", { href: best ? `/block/${found.height - 1}` : `/block/${found.parent}`, rel: "prev" }, "Older") : null,
          best && found.confirmations > 1 && found.height < tip + 1 ? h("a", { href: `/block/${found.height + 1}`, rel: "next" }, "Newer") : null)),
      best ? null : h("p", { class: "note bad" }, "This block is not on the best chain: another branch has more work."),
      section("Details", { beside: h("a", { href: `/v1/blocks/${found.hash}/raw`, download: `block-${found.height}.bin` }, "Download as bytes") }, facts([
        ["Hash", hash(found.hash, null, true)],
        ["Time", ...whenExactly(found.time)],
        ["Sealed by", found.miner.id ? [h("span", { class: "member" }, found.miner.id), " "] : null, hash(found.miner.key, null, !found.miner.id)],
        ["Reward", amount(found.reward.amount), " to ", account(found.reward.to)],
        ["Size", bytes(found.size)],
        ["Difficulty", number(found.difficulty), h("span", { class: "soft" }, " expected hashes")],
        ["Work of the chain", number(found.work)],
        ["Parent", found.height > 1 ? hash(found.parent, `/block/${found.parent}`, true) : [hash(found.parent), h("span", { class: "soft" }, " the network’s definition (genesis)")]],
      ]),
      h("details", {}, h("summary", {}, "More header fields"), facts([
        ["Body root", hash(found.body_root, null, true)],
        ["History root", hash(found.history, null, true)],
        ["Nonce", String(found.nonce)],
      ]))),
      section(plural(found.transactions.length, "transaction"), {}, found.transactions.length === 0
        ? empty("This block has no transactions, only the reward.")
        : table("Transactions of this block", [["Transaction"], ["From"], ["What", "name"], ["Fee", "n"]], rows(found.transactions, (item) => ({ key: item.id, cells: [transaction(item.id), account(item.sender), summary(item), item.fee] })))),
    ];
  },
};
