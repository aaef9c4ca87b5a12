// The node's state on one page.

import { ask, query, several } from "../api.js";
import { h } from "../dom.js";
import { blockLink, bytes, copy, dayOf, daysLeft, endsSoon, few, hash, miner, node, number, plural, span, transaction, when } from "../format.js";
import { empty, hint, rows, section, table, title } from "../parts.js";
import { picture } from "../picture.js";
import { median, plot } from "../plot.js";
import { summary } from "./transaction.js";

/** How many blocks the plots show. */
const SHOWN = 100;

const narrow = matchMedia("(max-width: 44rem)");

/** The newest blocks. Blocks that are already known are not requested again. */
const newest = async (known, event) => {
  const tip = node.status.tip;
  if (known.length > 0 && event !== "reorg" && event !== "lagged") {
    if (known[0].hash === tip.hash) return known;
    const missing = tip.height - known[0].height;
    if (missing > 0 && missing < 20) {
      const { items } = await ask(query("/v1/blocks", { limit: missing + 1 }));
      const overlap = items.find((block) => block.height === known[0].height);
      if (overlap?.hash === known[0].hash) return [...items.filter((block) => block.height > known[0].height), ...known].slice(0, SHOWN);
    }
  }
  return (await several("/v1/blocks", {}, SHOWN)).items;
};

const tile = (name, value, detail, kind = "") => h("div", { class: `tile ${kind}` }, h("dt", {}, name), h("dd", {}, h("b", {}, value), h("span", {}, detail)));

const finalTile = ({ final }) => {
  const behind = final.behind === 0 ? "all of the chain" : `${plural(final.behind, "block")} behind the tip`;
  return tile("Final", final.height === 0 ? "—" : number(final.height), [final.height === 0 ? "no block yet" : behind, ", ", h("a", { href: "/voters" }, "voters")]);
};

const tiles = ({ status }) => {
  const { tip, state, certificate, clock } = status;
  return h("dl", { class: "tiles", "aria-label": "At a glance" },
    tile("Height", number(tip.height), tip.height > 0 ? ["newest block ", when(tip.time)] : "no block yet"),
    finalTile(status),
    tile("State", state.name, state.reason, state.name === "ready" ? "good" : state.ready ? "warn" : "bad"),
    tile("Peers", number(status.peers.connected), `connected, of ${number(status.peers.known)} known`),
    tile("Mempool", number(status.mempool.transactions), status.mempool.transactions === 0 ? "nothing waiting" : `waiting, ${bytes(status.mempool.bytes)}`),
    tile("Mining", !status.miner.enabled ? "off" : status.miner.obstacle !== null ? "paused" : `${few(status.miner.hashes_per_second)}H/s`, !status.miner.enabled ? "this node only verifies" : status.miner.obstacle ?? (status.miner.hashes_per_second > 0 ? "on this node" : "resting")),
    tile("Certificate", daysLeft(certificate), [certificate.days_left < 0 ? "since " : "left, until ", h("time", { datetime: certificate.not_after, title: certificate.not_after }, dayOf(certificate.not_after))], endsSoon(certificate) ? "bad" : ""),
    clock.offset_ms === null
      ? tile("Clock", "—", "no peer to compare it with")
      : tile("Clock", `${clock.offset_ms > 0 ? "+" : clock.offset_ms < 0 ? "−" : "±"}${span(clock.offset_ms)}`, "difference to the peers’ median", Math.abs(clock.offset_ms) > 2_000 ? "warn" : ""));
};

const ending = (peers) => peers.length === 0 ? null : h("p", { class: "note bad" }, "Certificates that expire soon: ", peers.map((peer) => `${peer.id} (${daysLeft(peer.certificate)})`).join(", "), ". Their owners must renew them with the CA.");

const warnings = ({ status, peers }) => [
  ending(peers.filter((peer) => endsSoon(peer.certificate))),
  status.state.ready ? null : h("div", { class: "note bad", role: "alert" }, h("p", {}, `This node is not ready: ${status.state.reason}.`), status.state.next === null ? null : h("p", {}, `Next: ${status.state.next}.`)),
  endsSoon(status.certificate) && status.certificate.days_left >= 0 ? h("div", { class: "note bad" }, h("p", {}, "This node’s certificate expires soon. After that, peers refuse it."), hint("Run this on the CA’s machine, then copy the new certificate over the old one:", `mkca renew ${status.id}`)) : null,
];

/** Milliseconds between each block and the one before. */
export const intervals = (blocks) => blocks.map((block, index) => (index + 1 < blocks.length ? Date.parse(block.time) - Date.parse(blocks[index + 1].time) : null));

const latest = ({ status, blocks }) => {
  const between = intervals(blocks);
  // Blocks that were read before may have become final since.
  const edge = blocks.findIndex((block) => block.height <= status.final.height);
  return section("Latest blocks", { beside: h("a", { href: "/blocks" }, "All blocks") }, blocks.length === 0
    ? empty("No blocks yet. Miners pause while no transaction waits.", hint("Mine one now:", "bouya mine"))
    : h("ol", { class: "chain", "aria-label": "Latest blocks, newest first" }, blocks.slice(0, 8).map((block, index) =>
        h("li", { "data-key": block.hash, class: `${block.transactions > 0 ? "full" : ""} ${edge > 0 && index === edge ? "edge" : ""}`.trim() },
          h("span", { class: "height" }, blockLink(block.height), index === edge ? h("small", {}, " final") : null),
          h("span", { class: "who" }, miner(block.miner), h("small", {}, block.transactions === 0 ? "no transactions" : plural(block.transactions, "transaction"), h("span", { class: "wide" }, ", ", bytes(block.size)))),
          h("span", { class: "age" }, when(block.time), h("small", {}, between[index] === null ? "" : `after ${span(between[index])}`))))));
};

const plots = ({ status, blocks }) => {
  const points = (values) => blocks.map(({ height, time }, index) => ({ height, time, value: values[index] })).filter(({ value }) => value !== null).reverse();
  const between = points(intervals(blocks));
  if (between.length < 2) return section("Interval and difficulty", {}, empty("The plots need at least two blocks. They come with the next transactions."));
  const aim = status.network.interval_ms;
  const typical = median(between.map(({ value }) => value));
  const last = blocks[0].difficulty;
  return section("Interval and difficulty", { kind: "plots", beside: h("span", { class: "soft" }, `the last ${blocks.length} blocks`) },
    plot({ name: "Interval", about: `Median ${span(typical)}; the network aims at ${span(aim)} on average.`, points: between, kind: "bars", words: span, aim, most: Math.max(aim * 4, typical * 6) }),
    plot({ name: "Difficulty", about: `Now ${few(last)}: expected hashes for a block.`, points: points(blocks.map(({ difficulty }) => Number(difficulty))), kind: "steps", words: few }));
};

const waiting = ({ status, waiting: items }) => section("Mempool", { beside: h("a", { href: "/mempool" }, status.mempool.transactions > items.length ? `All ${number(status.mempool.transactions)}` : "Details") }, items.length === 0
  ? empty("Nothing is waiting: every transaction that this node knows is in a block.", hint("Send one:", "bouya send --from WALLET --to ADDRESS:AMOUNT --wait"))
  : table("Waiting transactions, highest fee rate first", [["Transaction"], ["What", "name"], ["Fee", "n"]], rows(items, (item) => ({ key: item.id, cells: [transaction(item.id), summary(item), item.fee] }))));

export const overview = {
  title: () => "Overview",
  status: true,
  on: ["block", "reorg", "transaction", "dropped", "peer"],
  load: async (_name, _query, before, event) => {
    const [blocks, peers, page] = await Promise.all([
      newest(before?.blocks ?? [], event),
      several("/v1/peers", {}, 200),
      ask("/v1/transactions?limit=6"),
    ]);
    return { status: node.status, blocks, peers: peers.items, waiting: page.items };
  },
  view: (data) => {
    const { status, peers, blocks } = data;
    return [
      h("div", { class: "title" }, h("div", {}, h("p", { class: "kind" }, "Network"), h("h1", { tabindex: -1 }, h("bdi", {}, status.network.name))), h("div", { class: "beside soft" }, h("span", {}, "network id ", hash(status.network.id), " "), copy(status.network.id))),
      warnings(data),
      tiles(data),
      h("div", { class: "halves" }, latest(data),
        section("Peers", { beside: h("a", { href: "/peers" }, "Details") }, peers.length === 0
          ? empty("This node knows no peers.", hint("Add a member:", "bouya peer add ID@HOST:PORT"))
          : picture(status, peers, narrow.matches, blocks[0]?.miner.id ?? null))),
      plots(data),
      waiting(data),
    ];
  },
};
