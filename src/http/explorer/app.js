// Picks the page for an address, loads it, and keeps it up to date.

import { listen } from "./acts.js";
import { ask, Trouble } from "./api.js";
import { h, morphChildren } from "./dom.js";
import { node, nodeSays } from "./format.js";
import { by, forgetTorn, hears, learnStatus, news, startFrame, torn } from "./frame.js";
import { follow } from "./live.js";
import { learnOwners } from "./names.js";
import { hint, title } from "./parts.js";
import { readPlots } from "./plot.js";
import { w } from "./words.js";
import { account } from "./pages/account.js";
import { agreement, agreements } from "./pages/agreements.js";
import { block, blocks } from "./pages/blocks.js";
import { contactsPage } from "./pages/contacts.js";
import { contracts } from "./pages/contract.js";
import { documentPage } from "./pages/document.js";
import { found } from "./pages/found.js";
import { members } from "./pages/members.js";
import { mempool } from "./pages/mempool.js";
import { motion } from "./pages/motion.js";
import { nodePage } from "./pages/node.js";
import { overview } from "./pages/overview.js";
import { peers } from "./pages/peers.js";
import { records } from "./pages/records.js";
import { transaction } from "./pages/transaction.js";
import { takeReceipt, verify } from "./pages/verify.js";
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
  [/^\/contacts$/, contactsPage],
  [/^\/contracts$/, contracts],
  [/^\/records$/, records],
  [/^\/agreements$/, agreements],
  [/^\/agreement\/([^/]+)$/, agreement],
  [/^\/document\/([^/]+)$/, documentPage],
  [/^\/mempool$/, mempool],
  [/^\/members$/, members],
  [/^\/motion\/([^/]+)$/, motion],
  [/^\/node$/, nodePage],
  [/^\/peers$/, peers],
  [/^\/verify$/, verify],
  [/^\/voters$/, voters],
  [/^\/search$/, found],
];
/** Shortest time between two loads of a page, in milliseconds, however many events come. */
const CALM = 700;
/** Events after which everything that was read before may be out of date. */
const REWRITES = ["reorg", "lagged", "poll"];

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

const capital = (text) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

const troubled = (trouble, place) => {
  if (trouble.unreachable) return [title(null, trouble.title), h("p", { class: "note" }, trouble.message, ` ${w.trouble.keepsTrying}`)];
  const other = place?.page.otherwise?.(place.name);
  const known = w.trouble.titles[trouble.status];
  // The node speaks English: other languages have a sentence of their own, and the node's words behind it.
  const own = trouble.said ? w.trouble.whys[trouble.status] : trouble.message;
  return [
    title(String(trouble.status), known ?? trouble.title),
    h("p", { class: "note" }, own ?? nodeSays(capital(trouble.message))),
    trouble.said && own !== undefined ? h("details", {}, h("summary", {}, w.health.original), h("p", {}, nodeSays(capital(trouble.message)))) : null,
    other ? h("p", {}, h("a", { href: other[1] }, other[0])) : null,
    trouble.status === 404 || trouble.status === 410 ? hint(w.trouble.syncing, "bouya status") : null,
  ];
};

const nowhere = () => [title("404", w.trouble.nowhere), h("p", { class: "note" }, w.trouble.nowhereWhy(location.pathname)), h("p", {}, h("a", { href: "/" }, w.trouble.overview))];

const mark = () => {
  // Motions are about members, and voters are members.
  const path = location.pathname.replace(/^\/(motion|voters)(?=\/|$)/, "/members");
  for (const link of document.querySelectorAll("nav a[data-word]")) {
    const own = link.getAttribute("href");
    const here = own === "/" ? path === "/" : path.startsWith(own.replace(/s$/, ""));
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

const view = (place, fresh) => paint(place, place.page.view(place.data, place.name, place.query, place.given ?? null), fresh);

/** What waits once an event comes: of several, one that rewrites the past is the one to remember, and no other stands for all. */
const together = (waiting, event) => {
  if (waiting === undefined || REWRITES.includes(event)) return event;
  return REWRITES.includes(waiting) || waiting === event ? waiting : "several";
};

/** Loads the page of a place. A load after an event changes only what is different. */
const load = async (place, event = null) => {
  if (place.loading) {
    place.again = together(place.again, event);
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
    view(place, fresh);
    place.shown = true;
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) console.error(trouble);
    // What was loaded before stays on the page; the bar above it says that the node does not answer.
    const words = trouble instanceof Trouble ? trouble : new Trouble(500, w.trouble.bug, String(trouble));
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
    document.title = `${w.trouble.nowhere} – Bouya`;
    main.removeAttribute("aria-busy");
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

/** Says on a page that is about a document whether the file is that document. False on other pages. */
const compare = (sha256, name) => {
  const place = current;
  const expected = place?.shown ? place.page.expects?.(place.data) : null;
  if (!expected) return false;
  place.given = { sha256, name, same: sha256 === expected };
  view(place, false);
  main.querySelector(".verdict")?.focus();
  return true;
};

startFrame();
listen({
  visit,
  isPage: (path) => route(path) !== null,
  again: () => current?.shown && view(current, false),
  receipt: async (file) => {
    const isOne = await takeReceipt(file);
    if (isOne) visit("/verify");
    return isOne;
  },
  found: (sha256, name) => {
    news("");
    if (!compare(sha256, name)) visit(`/document/${sha256}`, { state: { document: name } });
  },
  busy: (text) => {
    news(text);
    main.setAttribute("aria-busy", "true");
  },
  fail: (text) => {
    news("");
    current = null;
    main.removeAttribute("aria-busy");
    main.replaceChildren(title(null, w.file.notHashed), h("p", { class: "note", role: "alert" }, text));
  },
});
readPlots();

/** Names for addresses. Without them a page shows the addresses alone. */
const learn = () => ask("/v1/members").then(learnOwners, () => {});

const stream = follow({
  tell: (name) => {
    if (name === "finality_conflict") torn();
    if (name === "members" || name === "lagged") learn().then(() => current?.shown && load(current, name));
    if (name === "lagged") forgetTorn();
    if (["block", "reorg", "final", "finality_stalled", "finality_conflict", "peer", "lagged"].includes(name)) stream.soon();
    // A page that was not found may exist now.
    if ((current?.shown || current?.failed) && (current.page.on.includes(name) || name === "lagged" || name === "poll")) load(current, name);
  },
  show: (state, details) => {
    hears(state, details);
    // A resumed stream sends the missed events. If it was not resumed, missed events are lost, so the page loads again.
    if (state !== "lost" && current && !(current.shown && details.resumed)) load(current, current.shown ? "lagged" : null);
  },
  fresh: () => {
    learnStatus();
    if (current?.shown && current.page.status) load(current, "status");
  },
});
by("again").addEventListener("click", () => stream.again());

// Amounts need the coin's symbol, so the first page waits until the status arrives or fails.
await Promise.all([stream.look(), learn()]);
if (!current) show(0, false);
