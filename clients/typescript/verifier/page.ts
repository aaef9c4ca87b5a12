// The page that works from a file: whatever is dropped is recognised by what it holds, and the answer is given anew each time.

import { h, hashDocument, isReceipt, judge, report, wordsFor } from "./index.js";

const words = wordsFor(navigator.languages);
const { page } = words;

/** No receipt is larger, and no definition. What is larger is a document. */
const LARGEST = 64 * 1024 * 1024;

type Kind = keyof typeof page.kinds;

interface Held {
  readonly name: string;
  /** A document's SHA-256; of everything else the text. */
  readonly content: string;
}

const held = new Map<Kind, Held>();
let trust = "";

/** What a file is, by what it holds. A damaged receipt is known by its name. */
const kindOf = (text: string | null, name: string): Kind => {
  if (text === null) return "document";
  if (isReceipt(text) || /\.(receipt|final)$/i.test(name)) return "receipt";
  if (/^\s*\[\[overrides\]\]/m.test(text) && /^\s*network\s*=/m.test(text)) return "override";
  const isDefinition = /^\s*created\s*=/m.test(text) && /^\s*\[\[members\]\]/m.test(text);
  return isDefinition || /^network.*\.toml$/i.test(name) ? "network" : "document";
};

const textOf = async (file: File): Promise<string | null> => {
  if (file.size > LARGEST) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
};

const take = async (files: readonly File[]): Promise<void> => {
  answer.replaceChildren(h("p", { class: "reading" }, page.reading));
  const failed: string[] = [];
  for (const file of files) {
    try {
      const text = await textOf(file);
      const kind = kindOf(text, file.name);
      held.set(kind, { name: file.name, content: kind === "document" || text === null ? await hashDocument(file) : text });
    } catch {
      failed.push(page.unreadable(file.name));
    }
  }
  show(failed);
};

const input = h("input", { type: "file", id: "files", multiple: true, class: "sr" }) as HTMLInputElement;
const list = h("ul", { class: "files" });
const answer = h("div", { class: "answer", "aria-live": "polite" });
const trusted = h("input", { id: "trust", type: "text", spellcheck: "false", autocomplete: "off", maxlength: "64", size: "64", "aria-describedby": "trust-hint" }) as HTMLInputElement;
const wrongHash = h("span", { class: "bad", role: "alert" });

const line = (kind: Kind): HTMLElement | null => {
  const file = held.get(kind);
  if (!file) return kind === "override" ? null : h("li", { class: "missing" }, h("span", { class: "kind" }, page.kinds[kind]), h("span", {}, page.missing[kind]));
  const remove = h("button", { type: "button", class: "plain", "aria-label": `${page.remove}: ${file.name}` }, page.remove);
  remove.addEventListener("click", () => {
    held.delete(kind);
    show();
  });
  return h("li", { class: "there" }, h("span", { class: "kind" }, page.kinds[kind]), h("bdi", { class: "name" }, file.name), remove);
};

/** Nobody waits for a page that does not answer: the browser draws first, then this computes. */
const drawn = () => new Promise((resolve) => setTimeout(resolve, 0));

let latest = 0;

const show = async (failed: readonly string[] = []): Promise<void> => {
  latest += 1;
  const mine = latest;
  list.replaceChildren(...(["receipt", "network", "override", "document"] as const).map(line).filter((item) => item !== null));
  const problems = failed.map((text) => h("p", { class: "bad", role: "alert" }, text));
  const receipt = held.get("receipt");
  if (!receipt) return answer.replaceChildren(...problems);
  answer.replaceChildren(h("p", { class: "reading" }, page.reading));
  await drawn();
  if (mine !== latest) return;
  const [network, override, document] = (["network", "override", "document"] as const).map((kind) => held.get(kind)?.content ?? null);
  const verdict = judge({ receipt: receipt.content, network: network ?? null, override: override ?? null, document: document ?? null, trust: trust || null });
  answer.replaceChildren(...problems, report(verdict, words));
};

input.addEventListener("change", () => {
  const files = [...(input.files ?? [])];
  input.value = "";
  void take(files);
});

trusted.addEventListener("input", () => {
  const given = trusted.value.trim().toLowerCase();
  const isHash = /^[0-9a-f]{64}$/.test(given);
  wrongHash.textContent = given === "" || isHash ? "" : page.badHash;
  const now = isHash ? given : "";
  if (now !== trust) {
    trust = now;
    void show();
  }
});

const drop = h(
  "div",
  { class: "drop" },
  h("p", { class: "big" }, page.drop),
  h("label", { for: "files", class: "button" }, page.choose),
  input,
);
const carries = (event: DragEvent) => [...(event.dataTransfer?.types ?? [])].includes("Files");
addEventListener("dragover", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  drop.classList.add("over");
});
addEventListener("dragleave", () => drop.classList.remove("over"));
addEventListener("drop", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  drop.classList.remove("over");
  void take([...(event.dataTransfer?.files ?? [])]);
});

document.documentElement.lang = words.language;
document.title = `${page.title} – Bouya`;
document.body.replaceChildren(
  h(
    "main",
    {},
    h("h1", {}, page.title),
    h("p", { class: "lead" }, page.lead),
    drop,
    list,
    h("details", { class: "trust" }, h("summary", {}, page.trust), h("label", { for: "trust" }, page.trust), trusted, h("small", { id: "trust-hint" }, page.trustHint), wrongHash),
    answer,
    h("footer", {}, h("p", {}, page.caution), h("p", {}, page.local)),
  ),
);
void show();
