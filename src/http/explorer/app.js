// The frame around all pages: picks the page for a path, keeps it up to date, and says when the node does not answer.

import { ask, find, Trouble } from "./api.js";
import { h, morphChildren } from "./dom.js";
import { takeFiles } from "./file.js";
import { ago, clockOf, learnOwners, node, number } from "./format.js";
import { follow } from "./live.js";
import { readPlots } from "./plot.js";
import { target } from "./search.js";
import { hint, title } from "./parts.js";
import { account } from "./pages/account.js";
import { agreement, agreements } from "./pages/agreements.js";
import { block, blocks } from "./pages/blocks.js";
import { documentPage } from "./pages/document.js";
import { members, motion } from "./pages/members.js";
import { mempool } from "./pages/mempool.js";
import { overview } from "./pages/overview.js";
import { peers } from "./pages/peers.js";
import { records } from "./pages/records.js";
import { found } from "./pages/found.js";
import { transaction } from "./pages/transaction.js";
import { voters } from "./pages/voters.js";

/**
 * Each page is { title(name), load(name, query, before, event), view(data, name, query, given), on: events that make it load again }. One with
 * `expects(data)` is about a document with that SHA-256: a file that is dropped there is compared with it, and is `given` from then on.
 */
const ROUTES = [
  [/^\/$/, overview],
  [/^\/blocks$/, blocks],
  [/^\/block\/([^/]+)$/, block],
  [/^\/tx\/([^/]+)$/, transaction],
  [/^\/account\/([^/]+)$/, account],
  [/^\/records$/, records],
  [/^\/agreements$/, agreements],
  [/^\/agreement\/([^/]+)$/, agreement],
  [/^\/document\/([^/]+)$/, documentPage],
  [/^\/mempool$/, mempool],
  [/^\/members$/, members],
  [/^\/motion\/([^/]+)$/, motion],
  [/^\/peers$/, peers],
  [/^\/voters$/, voters],
  [/^\/search$/, found],
];
/** Shortest time between two loads of a page, in milliseconds, however many events come. */
const CALM = 700;
/** Events after which everything that was read before may be out of date. */
const REWRITES = ["reorg", "lagged"];

const by = (id) => document.getElementById(id);
const main = by("main");
let current = null;

const route = (path) => {
  for (const [pattern, page] of ROUTES) {
    const match = pattern.exec(path);
    if (!match) continue;
    try {
      return { page, name: match[1] === undefined ? null : decodeURIComponent(match[1]) };
    } catch {
      return null;
    }
  }
  return null;
};

const troubled = (trouble, place) => {
  if (trouble.unreachable) return [title(null, trouble.title), h("p", { class: "note" }, trouble.message, " This page keeps trying.")];
  const other = place?.page.otherwise?.(place.name);
  return [
    title(String(trouble.status), trouble.status === 404 ? "Not found" : trouble.title),
    h("p", { class: "note" }, `${trouble.message.slice(0, 1).toUpperCase()}${trouble.message.slice(1)}`),
    other ? h("p", {}, h("a", { href: other[1] }, other[0])) : null,
    hint("If another member has it, this node may still be syncing. To check:", "bouya status"),
  ];
};

const nowhere = () => [title("404", "No such page"), h("p", { class: "note" }, "There is no page at this address. "), h("p", {}, h("a", { href: "/" }, "To the overview"))];

const mark = () => {
  for (const link of document.querySelectorAll("header nav a")) {
    const own = link.getAttribute("href");
    const here = own === "/" ? location.pathname === "/" : location.pathname.startsWith(own.replace(/s$/, ""));
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
};

const paint = (place, children, fresh) => {
  const given = children.flat(9).filter((child) => child !== null && child !== undefined && child !== false);
  if (fresh) {
    main.replaceChildren(...given);
    scrollTo(0, place.scroll ?? 0);
    if (place.focus) main.querySelector("h1")?.focus({ preventScroll: true });
  } else {
    morphChildren(main, given);
  }
  main.removeAttribute("aria-busy");
};

/** Loads the page of a place. A load after an event changes only what is different. */
const load = async (place, event = null) => {
  if (place.loading) {
    // If several events wait, one that rewrites the past is the one to remember.
    if (!REWRITES.includes(place.again)) place.again = event ?? place.again;
    return;
  }
  place.loading = true;
  const fresh = !place.shown;
  try {
    const data = await place.page.load(place.name, place.query, place.data ?? null, event);
    if (current !== place) return;
    if (data.go) return void visit(data.go, { replace: true });
    place.data = data;
    place.failed = null;
    paint(place, place.page.view(data, place.name, place.query, place.given ?? null), fresh);
    place.shown = true;
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) console.error(trouble);
    // What was loaded before stays on the page; the bar above it says that the node does not answer.
    const words = trouble instanceof Trouble ? trouble : new Trouble(500, "This page has a bug", String(trouble));
    const news = place.failed !== words.message;
    if (current === place && news && (fresh || !words.unreachable)) {
      paint(place, troubled(words, place), true);
      place.shown = false;
      place.failed = words.message;
    }
  } finally {
    setTimeout(() => {
      place.loading = false;
      if (place.again !== undefined && current === place) {
        const waiting = place.again;
        place.again = undefined;
        load(place, waiting);
      }
    }, CALM);
  }
};

/** Shows the page for the current address. */
const show = (scroll, focus) => {
  const found = route(location.pathname);
  mark();
  if (!found) {
    current = null;
    document.title = "Bouya";
    main.replaceChildren(...nowhere());
    return;
  }
  const place = { ...found, query: new URLSearchParams(location.search), scroll, focus };
  current = place;
  document.title = `${found.page.title(found.name)} – Bouya`;
  main.setAttribute("aria-busy", "true");
  load(place);
};

const visit = (href, { replace = false, state = null } = {}) => {
  if (!replace) history.replaceState({ ...history.state, scroll: scrollY }, "");
  history[replace ? "replaceState" : "pushState"](state, "", href);
  show(0, true);
};

addEventListener("popstate", (event) => show(event.state?.scroll ?? 0, false));
history.scrollRestoration = "manual";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    const done = await navigator.clipboard?.writeText(button.dataset.copy).then(() => true, () => false);
    by("news").textContent = done ? "Copied" : "This browser does not let the page copy";
    button.classList.toggle("done", Boolean(done));
    setTimeout(() => button.classList.remove("done"), 1_500);
    return;
  }
  if (event.target.closest("[data-pick]")) return by("file").click();
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.origin !== location.origin || link.hasAttribute("download") || link.getAttribute("href").startsWith("#") || !route(link.pathname)) return;
  event.preventDefault();
  visit(link.href);
});

// Filters of lists: the filled-in fields become the address.
document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  if (form.id === "search") {
    const goal = target(by("q").value);
    if (goal) visit(goal);
    else by("q").focus();
    return;
  }
  const given = [...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value !== "");
  visit(`${form.getAttribute("action")}?${new URLSearchParams(given)}`);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  event.preventDefault();
  by("q").focus();
  by("q").select();
});

/** Says on a page that is about a document whether the file is that document. False on other pages. */
const compare = (sha256, name) => {
  const place = current;
  const expected = place?.shown ? place.page.expects?.(place.data) : null;
  if (!expected) return false;
  place.given = { sha256, name, same: sha256 === expected };
  paint(place, place.page.view(place.data, place.name, place.query, place.given), false);
  main.querySelector(".verdict")?.focus();
  return true;
};

takeFiles({
  found: (sha256, name) => compare(sha256, name) || visit(`/document/${sha256}`, { state: { document: name } }),
  busy: (text) => {
    by("news").textContent = text;
    main.setAttribute("aria-busy", "true");
  },
  fail: (text) => {
    current = null;
    main.removeAttribute("aria-busy");
    main.replaceChildren(title(null, "Not hashed"), h("p", { class: "note", role: "alert" }, text));
  },
});

readPlots();

/** The members contradict each other. That does not go away by itself, so this stays. */
const torn = () => {
  by("torn").hidden = false;
};

/** Whether the node was asked for it: its state and its events tell of what comes later. */
let askedForTorn = false;

const lookForTorn = async () => {
  if (node.status.state.name === "two-histories") torn();
  if (askedForTorn) return;
  askedForTorn = true;
  try {
    if ((await find("/v1/finality"))?.voting === "two-histories") torn();
  } catch {
    askedForTorn = false;
  }
};

/** While the node does not answer: since when, and when the next attempt is due. */
let lost = null;

const tick = () => {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const text = ago(time.dateTime);
    if (time.textContent !== text) time.textContent = text;
  }
  if (lost) {
    const seconds = Math.max(0, Math.ceil((lost.next - Date.now()) / 1000));
    const since = lost.since ? `This page shows the state of ${clockOf(lost.since)}.` : "";
    const next = seconds > 0 ? `Next attempt in ${seconds} s.` : "Trying now.";
    by("trouble-text").replaceChildren(h("strong", {}, "Connection lost."), ` The node at ${location.host} does not answer. ${since} `, h("span", { "aria-hidden": "true" }, next));
  }
};
setInterval(tick, 1_000);

/** Names for addresses. Without them a page shows the addresses alone. */
const learn = () => ask("/v1/members").then(learnOwners, () => {});

const stream = follow({
  tell: (name, data) => {
    if (name === "block") by("news").textContent = `Block ${number(data.height)}, ${data.transactions} transactions`;
    if (name === "finality_conflict") torn();
    if (name === "members" || name === "lagged") learn().then(() => current?.shown && load(current, name));
    if (name === "lagged") askedForTorn = false;
    if (["block", "reorg", "final", "finality_stalled", "finality_conflict", "peer", "lagged"].includes(name)) stream.soon();
    // A page that was not found may exist now.
    if ((current?.shown || current?.failed) && (current.page.on.includes(name) || name === "lagged")) load(current, name);
  },
  show: (state, details) => {
    const pulse = by("pulse");
    if (pulse.dataset.state !== state) {
      pulse.dataset.state = state;
      pulse.textContent = state === "live" ? "Live" : "Connection lost";
    }
    by("trouble").hidden = state === "live";
    if (state === "live") {
      lost = null;
      // A resumed stream sends the missed events. If it was not resumed, missed events are lost, so the page loads again.
      if (current && !(current.shown && details.resumed)) load(current, current.shown ? "lagged" : null);
    } else {
      lost = details;
      tick();
    }
  },
  fresh: () => {
    const { network, id, version } = node.status;
    by("network-name").textContent = network.name;
    by("node-name").textContent = `node ${id}`;
    by("version").textContent = `bouya ${version}, network ${network.name} ${network.id.slice(0, 16)}…`;
    lookForTorn();
    if (current?.shown && current.page.status) load(current, "status");
  },
});
by("again").addEventListener("click", () => stream.again());

// Amounts need the coin's symbol, so the first page waits until the status arrives or fails.
await Promise.all([stream.look(), learn()]);
if (!current) show(0, false);
