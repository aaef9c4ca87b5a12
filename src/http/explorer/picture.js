// The peers as a picture: this node in the middle, its own sessions as lines. This node does not know the sessions between others.

import { h, s } from "./dom.js";
import { number, roundTrip } from "./format.js";
import { w } from "./words.js";

const STATES = ["connected", "dialing", "backoff", "known", "banned"];

/** Most peers whose labels do not meet. Where there are more, the table says more than a picture. */
export const drawable = (count, narrow) => count <= (narrow ? 8 : 14);

const places = (count, width, height) => Array.from({ length: count }, (_, index) => {
  const angle = -Math.PI / 2 + (index / count) * 2 * Math.PI + (count === 2 ? Math.PI / 2 : 0);
  return { x: width / 2 + Math.cos(angle) * (width / 2 - 62), y: height / 2 + Math.sin(angle) * (height / 2 - 46) };
});

const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// An arrowhead at 58 % of a line, counted from the middle, shows who dialled.
const arrow = (from, to, outward) => {
  const [start, end] = outward ? [from, to] : [to, from];
  const angle = Math.atan2(end.y - start.y, end.x - start.x);
  const tip = { x: from.x + (to.x - from.x) * 0.58, y: from.y + (to.y - from.y) * 0.58 };
  const side = (turn) => `${(tip.x - Math.cos(angle + turn) * 8).toFixed(1)},${(tip.y - Math.sin(angle + turn) * 8).toFixed(1)}`;
  return s("polygon", { class: "arrow", points: `${tip.x.toFixed(1)},${tip.y.toFixed(1)} ${side(0.45)} ${side(-0.45)}` });
};

const SIZE = 10;

const dot = (peer, place) => {
  const shape = [s("circle", { class: "dot", cx: place.x, cy: place.y, r: SIZE })];
  if (peer.status === "banned") {
    const reach = SIZE * 0.5;
    for (const turn of [1, -1]) shape.push(s("line", { class: "cross", x1: place.x - reach, x2: place.x + reach, y1: place.y - reach * turn, y2: place.y + reach * turn }));
  }
  return shape;
};

const words = (peer) => {
  const details = [peer.status === "connected" ? (peer.direction === "in" ? w.peers.dialledIn : w.peers.dialledOut) : w.states[peer.status]];
  if (peer.height !== null) details.push(w.peers.height(number(peer.height)));
  if (peer.rtt_ms !== null) details.push(roundTrip(peer));
  return `${peer.id}: ${details.join(", ")}`;
};

/** The figure. */
export const picture = (status, peers, narrow) => {
  const [width, height] = narrow ? [350, peers.length < 3 ? 160 : peers.length < 5 ? 260 : 340] : [620, peers.length < 3 ? 190 : peers.length < 5 ? 300 : 370];
  const middle = { x: width / 2, y: height / 2 };
  const sorted = [...peers].sort((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));
  const all = places(sorted.length, width, height);
  const lines = sorted.map((peer, index) => {
    if (peer.status !== "connected" && peer.status !== "dialing") return null;
    const line = s("line", { class: `edge ${peer.status}`, x1: middle.x, y1: middle.y, x2: all[index].x, y2: all[index].y });
    return s("g", { "data-key": `line ${peer.id}` }, line, peer.direction ? arrow(middle, all[index], peer.direction === "out") : null);
  });
  const dots = sorted.map((peer, index) => {
    const place = all[index];
    const below = place.y >= middle.y - 1 ? SIZE + 17 : -SIZE - 21;
    return s("g", { class: `peer ${peer.status}`, "data-key": peer.id }, s("title", {}, words(peer)), dot(peer, place),
      s("text", { class: "name", x: place.x, y: place.y + below }, cut(peer.id, narrow ? 12 : 16)),
      s("text", { class: "detail", x: place.x, y: place.y + below + 14 }, peer.status === "connected" && peer.rtt_ms !== null ? roundTrip(peer) : w.states[peer.status]));
  });
  const self = s("g", { class: "peer self", "data-key": "this node" }, s("title", {}, `${status.id}: ${w.peers.thisNode}`),
    s("circle", { class: "dot", cx: middle.x, cy: middle.y, r: 18 }),
    s("text", { class: "name halo", x: middle.x, y: middle.y + 36 }, cut(status.id, 18)), s("text", { class: "detail halo", x: middle.x, y: middle.y + 50 }, w.peers.thisNode));
  const counts = STATES.map((name) => [name, peers.filter((peer) => peer.status === name).length]).filter(([, count]) => count > 0);
  return h("figure", { class: "picture" },
    s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": w.peers.picture(status.id, peers.length, counts.map(([name, count]) => `${count} ${w.peers.legend[name]}`).join(", ")) }, lines, dots, self),
    h("ul", { class: "legend" }, counts.map(([name, count]) => h("li", { class: name }, h("span", { class: "key", "aria-hidden": "true" }), `${count} ${w.peers.legend[name]}`))),
    h("figcaption", {}, w.peers.lines));
};
