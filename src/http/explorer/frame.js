// What surrounds all pages: the network's name, whether the page hears its node, and news.

import { find } from "./api.js";
import { h } from "./dom.js";
import { node } from "./format.js";
import { ago, at, clockOf } from "./time.js";
import { language, other, switchLanguage, translateFrame, w } from "./words.js";

export const by = (id) => document.getElementById(id);

/** How long news stays in sight, in milliseconds. */
const NEWS = 4_000;
let fading = null;

/** Says in one line what came of something that the reader did. */
export const news = (text) => {
  clearTimeout(fading);
  by("news").textContent = text;
  fading = setTimeout(() => {
    by("news").textContent = "";
  }, NEWS);
};

/** The members contradict each other. That does not go away by itself, so this stays. */
export const torn = () => {
  by("torn").hidden = false;
};

/** Whether the node was asked for it: its state and its events tell of what comes later. */
let askedForTorn = false;

/** Events that told of it may have been missed. */
export const forgetTorn = () => {
  askedForTorn = false;
};

/** What the node's state and its voter say then. */
const TORN = ["refuses-final", "two-histories"];

const lookForTorn = async () => {
  if (TORN.includes(node.status.state.name)) torn();
  if (askedForTorn) return;
  askedForTorn = true;
  try {
    if (TORN.includes((await find("/v1/finality"))?.voting)) torn();
  } catch {
    askedForTorn = false;
  }
};

/** While the node does not answer: since when, and when the next attempt is due. */
let lost = null;

const tick = () => {
  for (const time of document.querySelectorAll("[data-ago]")) {
    const text = ago(time.dataset.ago);
    if (time.textContent !== text) time.textContent = text;
  }
  if (!lost) return;
  const seconds = Math.max(0, Math.ceil((lost.next - Date.now()) / 1000));
  by("trouble-text").replaceChildren(h("strong", {}, w.frame.lost), ` ${w.frame.lostWhy(location.host, lost.since ? clockOf(lost.since) : null)} `, h("span", { "aria-hidden": "true" }, seconds > 0 ? w.frame.next(seconds) : w.frame.trying));
};

/** Shows whether the page hears its node: "live", "polls" or "lost". */
export const hears = (state, details) => {
  const pulse = by("pulse");
  if (pulse.dataset.state !== state) {
    pulse.dataset.state = state;
    pulse.textContent = w.frame.pulse[state];
  }
  by("trouble").hidden = state !== "lost";
  by("polls").hidden = state !== "polls";
  lost = state === "lost" ? details : null;
  tick();
};

/** Takes in a new status. */
export const learnStatus = () => {
  const { network, id, version, tip, final } = node.status;
  by("network-name").textContent = network.name;
  by("node-name").textContent = w.frame.node(id);
  by("version").textContent = w.frame.version(version, network.name, `${network.id.slice(0, 16)}…`);
  // On paper a page must say by itself what network it speaks of, and as of when.
  by("paper").replaceChildren(
    h("p", {}, h("b", {}, w.paper.network), ` ${network.name}, ${network.id}`, network.code === null ? null : `, ${w.paper.code} ${network.code}`),
    h("p", {}, h("b", {}, w.paper.asOf), ` ${w.paper.state(tip.height, at(tip.time), id, final.height)}`),
    h("p", {}, h("b", {}, w.paper.page), ` ${location.href}`));
  lookForTorn();
};

export const startFrame = () => {
  translateFrame();
  const button = by("language");
  button.lang = other;
  button.addEventListener("click", switchLanguage);
  by("pulse").textContent = w.frame.pulse.wait;
  document.documentElement.dataset.language = language;
  setInterval(tick, 1_000);
  addEventListener("beforeprint", () => {
    by("printed").textContent = w.paper.printed(at(Date.now()));
    if (node.status) learnStatus();
  });
};
