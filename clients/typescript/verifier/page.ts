// The page that works from a file: whatever is dropped is recognised by what it holds, and the answer is given anew each time.

import { h, hashDocument, isReceipt, judge, report, said, wordsFor } from "./index.js";

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

/** Of a receipt and of a document the newest; of what the proof stands on all that differ, the first one first. */
const held = new Map<Kind, readonly Held[]>();
let trust = "";

/**
 * What a file is, by what it holds. A damaged receipt is known by its name. What says who the members are must also be named as that: the text of a
 * document may come from whoever forged the receipt, and its lines may read like an override's.
 */
const kindOf = (text: string | null, name: string): Kind => {
  if (text === null) return "document";
  if (isReceipt(text) || /\.(receipt|final)$/i.test(name)) return "receipt";
  if (!/\.toml$/i.test(name)) return "document";
  if (/^\s*\[\[overrides\]\]/m.test(text) && /^\s*network\s*=/m.test(text)) return "override";
  const isDefinition = /^\s*created\s*=/m.test(text) && /^\s*\[\[members\]\]/m.test(text);
  return isDefinition || /^network/i.test(name) ? "network" : "document";
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

/** No file that the proof stands on takes another one's place: the reader chooses between them. */
const keep = (kind: Kind, file: Held): void => {
  const files = kind === "network" || kind === "override" ? (held.get(kind) ?? []) : [];
  if (!files.some(({ content }) => content === file.content)) held.set(kind, [...files, file]);
};

const take = async (files: readonly File[]): Promise<void> => {
  answer.replaceChildren(h("p", { class: "reading" }, page.reading));
  const failed: string[] = [];
  for (const file of files) {
    try {
      const text = await textOf(file);
      const kind = kindOf(text, file.name);
      keep(kind, { name: file.name, content: kind === "document" || text === null ? await hashDocument(file) : text });
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

const lines = (kind: Kind): readonly HTMLElement[] => {
  const files = held.get(kind) ?? [];
  if (files.length === 0 && kind !== "override") return [h("li", { class: "missing" }, h("span", { class: "kind" }, page.kinds[kind]), h("span", {}, page.missing[kind]))];
  return files.map((file) => line(kind, file));
};

const line = (kind: Kind, file: Held): HTMLElement => {
  const remove = h("button", { type: "button", class: "plain", "aria-label": `${page.remove}: ${file.name}` }, page.remove);
  remove.addEventListener("click", () => {
    held.set(kind, (held.get(kind) ?? []).filter((other) => other !== file));
    show();
  });
  return h("li", { class: "there" }, h("span", { class: "kind" }, page.kinds[kind]), h("span", { class: "name" }, said(file.name)), remove);
};

/** Files of one kind that differ: nothing is judged by any of them before the reader has chosen. */
const conflicts = (): readonly HTMLElement[] =>
  (["network", "override"] as const).map((kind) => held.get(kind) ?? []).filter(({ length }) => length > 1).map((files) => {
    const names = files.map(({ name }, index) => [index === 0 ? "" : ", ", said(name)]);
    return h("p", { class: "bad", role: "alert" }, page.differ[0], names, page.differ[1]);
  });

/** Nobody waits for a page that does not answer: the browser draws first, then this computes. */
const drawn = () => new Promise((resolve) => setTimeout(resolve, 0));

let latest = 0;

const show = async (failed: readonly string[] = []): Promise<void> => {
  latest += 1;
  const mine = latest;
  list.replaceChildren(...(["receipt", "network", "override", "document"] as const).flatMap(lines));
  const differ = conflicts();
  const problems = [...failed.map((text) => h("p", { class: "bad", role: "alert" }, text)), ...differ];
  const receipt = held.get("receipt")?.[0];
  if (!receipt || differ.length > 0) return answer.replaceChildren(...problems);
  answer.replaceChildren(h("p", { class: "reading" }, page.reading));
  await drawn();
  if (mine !== latest) return;
  const [network, override, document] = (["network", "override", "document"] as const).map((kind) => held.get(kind)?.[0] ?? null);
  const verdict = judge({ receipt: receipt.content, network: network?.content ?? null, override: override?.content ?? null, document: document?.content ?? null, trust: trust || null });
  answer.replaceChildren(...problems, report(verdict, words, { override: override?.name ?? null }));
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
