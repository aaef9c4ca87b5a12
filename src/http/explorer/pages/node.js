// This node, for whoever runs it: its work, its clock, its certificate, and the pace of blocks.

import { h } from "../dom.js";
import { bytes, daysLeft, endsSoon, few, node, nodeSays, number } from "../format.js";
import { empty, json, section, title } from "../parts.js";
import { median, plot } from "../plot.js";
import { dayOf, exactly, span, when } from "../time.js";
import { w } from "../words.js";
import { health, stateName } from "./health.js";
import { newest } from "./overview.js";

const tile = (name, value, detail, kind = "") => h("div", { class: `tile ${kind}` }, h("dt", {}, name), h("dd", {}, h("b", {}, value), h("span", {}, detail)));

const mining = ({ miner }) => {
  if (!miner.enabled) return [w.node.off, w.node.verifies];
  if (miner.obstacle !== null) return [w.node.paused, nodeSays(miner.obstacle)];
  return [w.node.hashRate(few(miner.hashes_per_second)), miner.hashes_per_second > 0 ? w.node.here : w.node.resting];
};

const clock = ({ offset_ms: offset }) => offset === null ? tile(w.node.clock, "—", w.node.noPeer)
  : tile(w.node.clock, `${offset > 0 ? "+" : offset < 0 ? "−" : "±"}${span(offset)}`, w.node.offset, Math.abs(offset) > 2_000 ? "warn" : "");

const tiles = (status) => {
  const { tip, state, certificate, final } = status;
  return h("dl", { class: "tiles", "aria-label": w.node.glance },
    tile(w.node.height, number(tip.height), tip.height > 0 ? when(tip.time) : w.node.noBlock),
    tile(w.node.final, final.height === 0 ? "—" : number(final.height), [final.height === 0 ? w.node.noneFinal : final.behind === 0 ? w.node.all : w.node.behind(final.behind), ", ", h("a", { href: "/voters" }, w.node.voters)]),
    tile(w.node.state, stateName(), w.node.started(exactly(status.started)), state.name === "ready" ? "good" : state.ready ? "warn" : "bad"),
    tile(w.node.peers, number(status.peers.connected), w.node.ofKnown(number(status.peers.known))),
    tile(w.node.waiting, number(status.mempool.transactions), status.mempool.transactions === 0 ? w.node.nothing : bytes(status.mempool.bytes)),
    tile(w.node.mining, ...mining(status)),
    tile(w.node.certificate, daysLeft(certificate), [certificate.days_left < 0 ? w.node.since : w.node.until, " ", h("time", { datetime: certificate.not_after, title: certificate.not_after }, dayOf(certificate.not_after))], endsSoon(certificate) ? "bad" : ""),
    clock(status.clock));
};

/** Milliseconds between each block and the one before. */
export const intervals = (blocks) => blocks.map((block, index) => (index + 1 < blocks.length ? Date.parse(block.time) - Date.parse(blocks[index + 1].time) : null));

/** On an axis a round number of seconds stays one: in minutes, 100 s would be 2 min with 50 s in its middle. */
const seconds = (ms) => (ms >= 100_000 && ms < 6_000_000 ? `${number(Math.round(ms / 1000))} s` : span(ms));

const plots = (status, blocks) => {
  const points = (values) => blocks.map(({ height, time }, index) => ({ height, time, value: values[index] })).filter(({ value }) => value !== null).reverse();
  const between = points(intervals(blocks));
  if (between.length < 2) return section(w.node.pace, {}, empty(w.node.tooFew));
  const aim = status.network.interval_ms;
  const typical = median(between.map(({ value }) => value));
  return section(w.node.pace, { kind: "plots", beside: h("span", { class: "soft" }, w.node.last(blocks.length)) },
    plot({ key: "interval", name: w.node.interval, about: w.node.median(span(typical), span(aim)), points: between, kind: "bars", words: span, scale: seconds, aim, most: Math.max(aim * 4, typical * 6) }),
    plot({ key: "difficulty", name: w.node.difficulty, about: w.node.expected(few(blocks[0].difficulty)), points: points(blocks.map(({ difficulty }) => Number(difficulty))), kind: "steps", words: few }));
};

export const nodePage = {
  title: () => w.nav.node,
  status: true,
  on: ["block", "reorg", "final", "peer"],
  load: async (_name, _query, before, event) => ({ status: node.status, blocks: await newest(before?.blocks ?? [], event) }),
  view: ({ status, blocks }) => [
    title(w.node.kind, status.id, h("span", { class: "soft" }, `bouya ${status.version}`), json("/v1/status")),
    health(status, false),
    tiles(status),
    plots(status, blocks),
  ],
};
