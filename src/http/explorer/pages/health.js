// How the node is, in a sentence, with what to do about it.

import { h } from "../dom.js";
import { blockLink, node, nodeSays, number } from "../format.js";
import { language, w } from "../words.js";

const capital = (text) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** The node speaks English; other languages have a sentence of their own for each state, and the node's own words behind it. */
const reason = ({ name, reason: says }) => (language === "en" || w.health.reasons[name] === undefined ? nodeSays(`${capital(says)}.`) : w.health.reasons[name]);

const step = ({ name, next }) => {
  if (next === null) return null;
  return language === "en" || w.health.steps[name] === undefined ? nodeSays(`${capital(next)}.`) : w.health.steps[name];
};

const original = ({ reason: says, next }) => language === "en" ? null
  : h("details", {}, h("summary", {}, w.health.original), h("p", {}, nodeSays(`${capital(says)}.`)), next === null ? null : h("p", {}, nodeSays(`${capital(next)}.`)));

/** The first thing on the overview. The height stands apart, for programs that watch the page. */
export const health = (status, link = true) => {
  const { state, tip, peers, final } = status;
  const height = h("span", { class: "height", "data-height": tip.height }, tip.height === 0 ? number(0) : blockLink(tip.height));
  const good = state.name === "ready";
  const next = step(state);
  return h("section", { class: `health ${good ? "good" : state.ready ? "warn" : "bad"}`, role: state.ready ? null : "alert", "aria-label": w.health.label },
    h("p", { class: "word" }, good ? w.health.well : state.ready ? w.health.mind : w.health.ill),
    h("p", {}, good ? w.health.ready(peers.connected) : reason(state), " ", w.health.at(height), " ", final.height === 0 ? w.health.noneFinal : final.behind === 0 ? w.health.allFinal : w.health.final(number(final.height))),
    next === null ? null : h("p", {}, h("strong", {}, w.health.next), " ", next),
    good ? null : original(state),
    link ? h("p", {}, h("a", { href: "/node" }, w.health.more)) : null);
};

/** The state's name, as tiles show it. */
export const stateName = () => w.health.names[node.status.state.name] ?? node.status.state.name;
