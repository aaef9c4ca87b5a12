// The peers as a picture: this node in the middle, its own sessions as lines. This node does not know the sessions between others.

import { h, s } from "./dom.js";
import { number, plural, roundTrip } from "./format.js";

const LEGEND = [
  ["connected", "connected"],
  ["dialing", "being dialled"],
  ["backoff", "lost, retried later"],
  ["known", "known, not connected"],
  ["banned", "kept out"],
];

/** The number of places in each ring, from the inside out. */
const rings = (count) => {
  if (count <= 14) return [count];
  const outer = Math.ceil(count * (count <= 40 ? 0.6 : 0.42));
  if (count <= 40) return [count - outer, outer];
  const middle = Math.ceil(count * 0.34);
  return [count - outer - middle, middle, outer];
};

const places = (count, width, height) => {
  const made = [];
  const sizes = rings(count);
  sizes.forEach((size, ring) => {
    const reach = sizes.length === 1 ? 1 : 0.45 + (0.55 * ring) / (sizes.length - 1);
    for (let index = 0; index < size; index += 1) {
      const angle = -Math.PI / 2 + ((index + (ring % 2) / 2) / size) * 2 * Math.PI + (size === 2 ? Math.PI / 2 : 0);
      made.push({ x: width / 2 + Math.cos(angle) * (width / 2 - 62) * reach, y: height / 2 + Math.sin(angle) * (height / 2 - 46) * reach });
    }
  });
  return made;
};

const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// An arrowhead at 58 % of a line, counted from the middle, shows who dialled.
const arrow = (from, to, outward) => {
  const [start, end] = outward ? [from, to] : [to, from];
  const angle = Math.atan2(end.y - start.y, end.x - start.x);
  const tip = { x: from.x + (to.x - from.x) * 0.58, y: from.y + (to.y - from.y) * 0.58 };
  const side = (turn) => `${(tip.x - Math.cos(angle + turn) * 8).toFixed(1)},${(tip.y - Math.sin(angle + turn) * 8).toFixed(1)}`;
  return s("polygon", { class: "arrow", points: `${tip.x.toFixed(1)},${tip.y.toFixed(1)} ${side(0.45)} ${side(-0.45)}` });
};

const dot = (peer, place, size) => {
  const shape = [s("circle", { class: "dot", cx: place.x, cy: place.y, r: size })];
  if (peer.status === "banned") {
    const reach = size * 0.5;
    for (const turn of [1, -1]) shape.push(s("line", { class: "cross", x1: place.x - reach, x2: place.x + reach, y1: place.y - reach * turn, y2: place.y + reach * turn }));
  }
  return shape;
};

const words = (peer) => {
  const details = [peer.status === "connected" ? (peer.direction === "in" ? "connected, it dialled" : "connected, dialled from here") : peer.status];
  if (peer.height !== null) details.push(`height ${number(peer.height)}`);
  if (peer.rtt_ms !== null) details.push(roundTrip(peer));
  return `${peer.id}: ${details.join(", ")}`;
};

/** The figure. `sealer`: who sealed the newest block. */
export const picture = (status, peers, narrow, sealer = null) => {
  const [width, height] = narrow ? [350, peers.length < 3 ? 160 : peers.length < 5 ? 260 : 340] : [620, peers.length < 3 ? 190 : peers.length < 5 ? 300 : 370];
  const middle = { x: width / 2, y: height / 2 };
  const sorted = [...peers].sort((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));
  const all = places(sorted.length, width, height);
  const crowded = sorted.length > (narrow ? 14 : 26);
  const size = sorted.length > 40 ? 5 : sorted.length > 14 ? 7 : 10;
  const lines = sorted.map((peer, index) => {
    if (peer.status !== "connected" && peer.status !== "dialing") return null;
    const line = s("line", { class: `edge ${peer.status}`, x1: middle.x, y1: middle.y, x2: all[index].x, y2: all[index].y });
    return s("g", { "data-key": `line ${peer.id}` }, line, peer.direction && !crowded ? arrow(middle, all[index], peer.direction === "out") : null);
  });
  const dots = sorted.map((peer, index) => {
    const place = all[index];
    const below = place.y >= middle.y - 1 ? size + 17 : -size - (crowded ? 8 : 21);
    const label = crowded ? [] : [
      s("text", { class: "name", x: place.x, y: place.y + below }, cut(peer.id, narrow ? 12 : 16)),
      s("text", { class: "detail", x: place.x, y: place.y + below + 14 }, peer.status === "connected" ? (peer.rtt_ms === null ? "connected" : roundTrip(peer)) : peer.status),
    ];
    return s("g", { class: `peer ${peer.status}`, "data-key": peer.id }, s("title", {}, words(peer)),
      sealer === peer.id ? s("circle", { class: "seal", cx: place.x, cy: place.y, r: size + 5 }) : null, dot(peer, place, size), label);
  });
  const self = s("g", { class: "peer self", "data-key": "this node" }, s("title", {}, `${status.id}: this node`),
    sealer === status.id ? s("circle", { class: "seal", cx: middle.x, cy: middle.y, r: 24 }) : null,
    s("circle", { class: "dot", cx: middle.x, cy: middle.y, r: 18 }),
    s("text", { class: "name halo", x: middle.x, y: middle.y + 36 }, cut(status.id, 18)), crowded ? null : s("text", { class: "detail halo", x: middle.x, y: middle.y + 50 }, "this node"));
  const counts = LEGEND.map(([name, text]) => [name, text, peers.filter((peer) => peer.status === name).length]).filter(([, , count]) => count > 0);
  const summary = `This node, ${status.id}, in the middle; ${plural(peers.length, "peer")} around it: ${counts.map(([, text, count]) => `${count} ${text}`).join(", ")}. The table of peers has the same information.`;
  return h("figure", { class: "picture" },
    s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": summary }, lines, dots, self),
    h("ul", { class: "legend" }, counts.map(([name, text, count]) => h("li", { class: name }, h("span", { class: "key", "aria-hidden": "true" }), `${count} ${text}`)),
      sealer ? h("li", { class: "sealer" }, h("span", { class: "key", "aria-hidden": "true" }), "sealed the newest block") : null),
    h("figcaption", {}, `Lines are this node’s own sessions${crowded ? "" : "; arrows show who dialled"}. It does not know the sessions between its peers.`));
};
