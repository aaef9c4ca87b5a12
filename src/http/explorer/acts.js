// What readers do: click, type, drop. One listener of each kind serves all pages.

import { nameAddress } from "./contacts.js";
import { saveList } from "./csv.js";
import { saveEvidence } from "./evidence.js";
import { takeFiles } from "./file.js";
import { number } from "./format.js";
import { by, news } from "./frame.js";
import { target } from "./search.js";
import { w } from "./words.js";

const copyText = async (button) => {
  const done = await navigator.clipboard?.writeText(button.dataset.copy).then(() => true, () => false);
  news(done ? w.news.copied : w.news.notCopied);
  button.classList.toggle("done", Boolean(done));
  setTimeout(() => button.classList.remove("done"), 1_500);
};

/** Makes a file of what the node has to be asked for first. One at a time for each button. */
const making = async (button, make) => {
  if (button.getAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  news(w.news.making);
  try {
    news(await make());
  } catch (trouble) {
    news(w.news.notMade(trouble.message));
  } finally {
    button.removeAttribute("aria-busy");
  }
};

const written = ({ count, more }) => (more ? w.news.linesMore(number(count)) : w.news.lines(count));

/** What buttons in pages do, by the attribute that they carry. */
const BUTTONS = {
  "data-copy": (button) => copyText(button),
  "data-pick": () => by("file").click(),
  "data-csv": (button) => making(button, async () => written(await saveList(button.dataset.csv, button.dataset.path))),
  "data-evidence": (button) => making(button, async () => w.news.receipts(await saveEvidence(button.dataset.evidence))),
  "data-print": () => print(),
};

/** `visit(href, …)`, `isPage(path)`, `again()` shows the page anew; `receipt`, `found`, `busy` and `fail` as in `file.js`. */
export const listen = ({ visit, isPage, again, receipt, found, busy, fail }) => {
  document.addEventListener("click", (event) => {
    for (const [attribute, act] of Object.entries(BUTTONS)) {
      const button = event.target.closest(`[${attribute}]`);
      if (button) return void act(button);
    }
    const forget = event.target.closest("[data-forget]");
    if (forget) {
      nameAddress(forget.dataset.forget, "", false);
      return again();
    }
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.hasAttribute("download") || link.getAttribute("href").startsWith("#") || !isPage(link.pathname)) return;
    event.preventDefault();
    visit(link.href);
  });

  document.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    if (form.id === "search") {
      const goal = target(by("q").value);
      if (goal) visit(goal);
      else by("q").focus();
      return;
    }
    const fields = new FormData(form);
    if (form.matches("[data-contact]")) {
      const trouble = nameAddress(fields.get("address"), fields.get("name"), fields.get("own") !== null);
      news(trouble === null ? w.news.named : w.news.notNamed[trouble]);
      if (trouble !== null) return;
      form.reset();
      return again();
    }
    // Filters of lists: the filled-in fields become the address.
    const given = [...fields].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value !== "");
    visit(`${form.getAttribute("action")}?${new URLSearchParams(given)}`);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    event.preventDefault();
    by("q").focus();
    by("q").select();
  });

  takeFiles({ receipt, found, busy, fail });
};
