// Shows a verdict: the answer first, in large plain words, then what is proven, then the details for experts.

import { type Action, formatAmount, type Header, type Member, type Receipt, toHex, type Transaction } from "../src/index.js";
import type { Verdict } from "./judge.js";
import type { Words } from "./words.js";

/** What is known beside the verdict. */
export interface About {
  /** The page's own node vouches for the block that the receipt ends at: its answer about an address, if it has one. */
  readonly byNode?: boolean;
  readonly nameOf?: (address: string) => Pick<Member, "id" | "name"> | null;
  /** A link to a page about something, if there are such pages. */
  readonly link?: (kind: "tx" | "block" | "account" | "agreement" | "document" | "motion", name: string) => string | null;
  /** The name of the file that the override came from. */
  readonly override?: string | null;
  /** The network's coin where no definition is known. */
  readonly coin?: { readonly symbol: string; readonly decimals: number } | null;
}

type Child = Node | string | null | readonly Child[];

/** An element. Text stays text: nothing here reads markup or sets a style. */
export const h = (tag: string, attributes: Readonly<Record<string, string | boolean | null>>, ...children: readonly Child[]): HTMLElement => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  element.append(...(children.flat(9) as Child[]).filter((child) => child !== null).map((child) => child as Node | string));
  return element;
};

// Characters that are invisible or turn the direction of the text after them. Joiners are left out: some scripts need them.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** Text from a stranger: never markup, it cannot turn the text around it, and what cannot be seen is shown by its code. */
export const said = (text: string): HTMLElement => {
  const shown: Child[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(UNSEEN)) {
    shown.push(text.slice(from, index), h("span", { class: "v-unseen" }, `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`));
    from = index + found.length;
  }
  return h("bdi", { class: "v-said" }, shown, text.slice(from));
};

/** The same over several lines. */
const saidLines = (text: string): Child => text.replaceAll("\r\n", "\n").split(/(?<=[\n\t])|(?=[\n\t])/).map((part) => (part === "\n" || part === "\t" ? part : said(part)));

/** In quotation marks of the language. */
const quoted = (text: string, { language }: Words): Child => (language === "fr" ? ["«\u00a0", said(text), "\u00a0»"] : ["“", said(text), "”"]);

const LARGEST_TIME = 8_640_000_000_000_000n;

export const dateOf = (time: bigint, { language }: Words): string => {
  if (time > LARGEST_TIME) return `${time} ms`;
  const shape = { year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" } as const;
  return new Intl.DateTimeFormat(language === "fr" ? "fr-FR" : "en-GB", shape).format(new Date(Number(time)));
};

const number = (value: bigint | number, { language }: Words): string => value.toLocaleString(language === "fr" ? "fr-FR" : "en-GB");

const code = (text: string, href: string | null = null): HTMLElement => (href ? h("a", { class: "v-code", href }, text) : h("span", { class: "v-code" }, text));

const memberText = ({ id, name }: Pick<Member, "id" | "name">): Child => (name === "" ? h("b", {}, id) : [h("b", {}, said(name)), ` (${id})`]);

/** Everything that the parts of a report need. */
interface Telling {
  readonly verdict: Verdict;
  readonly words: Words;
  readonly about: About;
}

const nameOf = ({ verdict, about }: Telling, address: string): Pick<Member, "id" | "name"> | null =>
  verdict.proven?.members.find(({ governor }) => governor === address) ?? about.nameOf?.(address) ?? null;

const addressText = (telling: Telling, address: string): Child => {
  const [name, shown] = [nameOf(telling, address), code(address, telling.about.link?.("account", address) ?? null)];
  return name ? [memberText(name), " ", shown] : shown;
};

const amountText = ({ verdict, words, about }: Telling, amount: bigint): string => {
  const coin = verdict.network?.coin ?? about.coin;
  return coin ? `${formatAmount(amount, coin)} ${coin.symbol}` : words.actions.units(number(amount, words));
};

/** A record's data, if it reads as text. */
const readable = (data: Uint8Array): string | null => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return null;
  }
};

const LONGEST_TEXT = 600;

const saysRecord = (telling: Telling, action: Action & { readonly type: "record" }): Child => {
  const { words } = telling;
  const { actions } = words;
  if (!("data" in action.content)) return [actions.recordsDocument, quoted(action.content.name, words), actions.under, quoted(action.topic, words), "."];
  const { data } = action.content;
  const text = readable(data);
  const shown = text === null || text === "" ? null : h("pre", { class: "v-text", dir: "auto", tabindex: "0" }, saidLines(text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text));
  return [actions.recordsData(data.length), quoted(action.topic, words), ".", shown];
};

const saysContract = (telling: Telling, { action, contract }: Transaction, value: bigint): Child => {
  const { deploys, calls, withCoins } = telling.words.actions;
  const coins = value === 0n ? null : [withCoins, h("b", {}, amountText(telling, value))];
  return [action.type === "deploy" ? deploys : calls, contract === null ? null : addressText(telling, contract), coins, "."];
};

/** What became of a deployment or a call. */
const became = (telling: Telling, { outcome }: Receipt): Child => {
  const { outcome: words, actions } = telling.words;
  if (outcome === null) return words.elsewhere;
  if (outcome.done === null) return [h("b", {}, words.failed), words.failedMeans];
  const { output, payments, events } = outcome.done;
  const bytes = (data: Uint8Array) => code(toHex(data));
  const lines = [
    output.length === 0 ? null : h("li", {}, words.gives, bytes(output)),
    payments.map(({ to, amount }) => h("li", {}, actions.pays, h("b", {}, amountText(telling, amount)), actions.to, addressText(telling, to))),
    events.map(({ topic, data }) => h("li", {}, words.tells, quoted(topic, telling.words), ": ", bytes(data))),
  ];
  return [h("b", {}, words.done), output.length + payments.length + events.length === 0 ? null : h("ul", { class: "v-list" }, lines)];
};

/** What a transaction does, in a sentence. */
const says = (telling: Telling, transaction: Transaction): Child => {
  const { action } = transaction;
  const { words } = telling;
  const { actions } = words;
  switch (action.type) {
    case "transfer": {
      const lines = action.outputs.map(({ to, amount }) => h("li", {}, actions.pays, h("b", {}, amountText(telling, amount)), actions.to, addressText(telling, to)));
      return [h("ul", { class: "v-list" }, lines), action.memo === "" ? null : h("p", {}, `${words.terms.memo}: `, quoted(action.memo, words))];
    }
    case "record":
      return saysRecord(telling, action);
    case "propose": {
      const parties = action.parties.map((party) => h("li", {}, addressText(telling, party)));
      return [actions.proposes, quoted(action.title, words), actions.until(dateOf(action.deadline, words)), actions.withParties, h("ul", { class: "v-list" }, parties)];
    }
    case "respond":
      return action.response === "sign" ? actions.signs : actions.refuses;
    case "withdraw":
      return actions.withdraws;
    case "ballot":
      return actions.ballot(action.yes);
    case "keys":
      return [actions.keys, h("b", {}, action.id)];
    case "deploy":
    case "call":
      return saysContract(telling, transaction, action.value);
    case "motion": {
      const { change } = action;
      const { moves } = actions;
      if (change.type === "upgrade") return moves.upgrade(change.version, number(change.height, words));
      return change.type === "add" ? [moves.add, memberText(change.member)] : [moves[change.type], h("b", {}, change.id)];
    }
  }
};

const signer = (telling: Telling, receipt: Receipt): Child => {
  const { verdict, words } = telling;
  const { address } = receipt.transaction;
  const shown = code(address, telling.about.link?.("account", address) ?? null);
  const owner = nameOf(telling, address);
  const isKnown = (verdict.proven?.members.length ?? 0) > 0;
  if (owner) return [words.member(isKnown), memberText(owner), h("p", {}, shown)];
  return [isKnown ? words.nobody : words.unknownSigner, h("p", {}, shown)];
};

/** The member whose key sealed a block. */
const maker = ({ verdict, words }: Telling, { miner }: Header): Child => {
  const member = verdict.proven?.members.find(({ key }) => key === miner);
  return member ? [words.madeBy, memberText(member)] : null;
};

const when = (telling: Telling, { block, before, after }: Receipt): Child => {
  const { words } = telling;
  const [height, date] = [number(block.height, words), dateOf(block.time, words)];
  return [words.inBlock(height, date), maker(telling, block), ". ", words.between(dateOf(before.time, words), after && dateOf(after.time, words))];
};

const final = ({ verdict, words, about }: Telling): Child => {
  const { proven, receipt } = verdict;
  if (!proven || !receipt) return null;
  const { anchor } = receipt;
  if (!proven.final) return (about.byNode ? words.byNode.final : words.trusted)(number(anchor.height, words));
  const { signers, members, guilty, changes } = proven.final;
  const override = changes.findLast((change) => change.override !== null);
  const voted = changes.filter((change) => change.override === null).length;
  return [
    words.finalWith(number(anchor.height, words), dateOf(anchor.time, words)),
    words.signedBy,
    h("b", {}, signers.join(", ")),
    words.unless(guilty, members.length),
    voted > 0 ? words.changes(voted) : null,
    override ? words.overridden(number(override.height, words)) : null,
  ];
};

const documentLine = ({ verdict, words }: Telling): Child => {
  const { document, receipt } = verdict;
  if (receipt?.kind !== "receipt" || (receipt.document === null && document === null)) return null;
  if (document === "same") return h("b", { class: "v-good" }, words.same);
  if (document === "other") return h("b", { class: "v-bad" }, words.other);
  return document === "none" ? words.none : words.compare;
};

const details = (telling: Telling): Child => {
  const { verdict, words, about } = telling;
  const { receipt, detail } = verdict;
  const { terms } = words;
  const link: NonNullable<About["link"]> = (kind, name) => about.link?.(kind, name) ?? null;
  const pairs: [string, Child][] = detail === null ? [] : [[words.labels.reason, detail]];
  if (receipt?.kind === "receipt") {
    const { transaction, block, document } = receipt;
    pairs.push([terms.transaction, code(transaction.id, link("tx", transaction.id))], [terms.key, code(transaction.sender)], [terms.fee, amountText(telling, transaction.fee)]);
    if (transaction.agreement) pairs.push([terms.agreement, code(transaction.agreement, link("agreement", transaction.agreement))]);
    if (transaction.motion) pairs.push([terms.motion, code(transaction.motion, link("motion", transaction.motion))]);
    if (document) pairs.push([terms.document, code(document, link("document", document))]);
    pairs.push([terms.block, [`${number(block.height, words)} `, code(block.id, link("block", block.id))]], [terms.work, number(receipt.work, words)]);
  }
  if (receipt) {
    const { anchor } = receipt;
    pairs.push([terms.anchor, [`${number(anchor.height, words)} `, code(anchor.id, link("block", anchor.id))]], [terms.network, code(receipt.network)]);
  }
  if (pairs.length === 0) return null;
  const isOpen = verdict.level === "wrong" && receipt === null;
  return h("details", { class: "v-details", open: isOpen }, h("summary", {}, words.labels.details), facts(pairs));
};

const facts = (pairs: readonly (readonly [string, Child])[]): HTMLElement =>
  h("dl", { class: "v-facts" }, pairs.filter(([, value]) => value !== null).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));

/** The answer in a few words, and the sentence below it. */
const headline = ({ verdict, words, about }: Telling): [string, Child] => {
  const { level, fault, receipt, network } = verdict;
  const faults = about.byNode ? { ...words.faults, ...words.byNode.faults } : words.faults;
  if (level === "wrong") return [fault === "other-document" ? words.heads.another : words.heads.wrong, faults[fault ?? "form"]];
  if (level === "signed") {
    // A block alone has no signer.
    const isBlock = receipt?.kind === "final";
    return [isBlock ? words.heads.wrong : words.heads.signed, [isBlock ? null : `${words.signedOnly} `, faults[fault ?? "no-ground"]]];
  }
  if (receipt?.kind === "final") return [words.heads.finalProof, words.finalBlock(number(receipt.anchor.height, words), dateOf(receipt.anchor.time, words))];
  return [words.heads.proven, network ? [words.byDefinition[0], said(network.name), words.byDefinition[1]] : about.byNode ? words.byNode.proven : words.byTrust];
};

/** Where people decided who the members are, the proof is worth what their file is worth: the answer itself says so. */
const byOverride = ({ verdict, words, about }: Telling): Child => {
  const isUsed = verdict.proven?.final?.changes.some(({ override }) => override !== null) ?? false;
  return verdict.level === "proven" && isUsed ? [words.byOverride[0], said(about.override ?? "override.toml"), words.byOverride[1]] : null;
};

const SIGNS = { proven: "✓", signed: "?", wrong: "✕" } as const;

/** The whole report. */
export const report = (verdict: Verdict, words: Words, about: About = {}): HTMLElement => {
  const telling = { verdict, words, about };
  const { receipt, level } = verdict;
  const [head, sentence] = headline(telling);
  const shown: [string, Child][] = [];
  if (receipt?.kind === "receipt") {
    shown.push([words.labels.says, says(telling, receipt.transaction)], [words.labels.signed, signer(telling, receipt)]);
    shown.push([words.labels.document, documentLine(telling)]);
    // Where nothing makes the blocks real, their times say nothing.
    if (verdict.proven) {
      if (receipt.transaction.contract !== null) shown.push([words.labels.outcome, became(telling, receipt)]);
      shown.push([words.labels.when, when(telling, receipt)]);
    }
  }
  if (verdict.proven) shown.push([words.labels.final, final(telling)]);
  return h(
    "section",
    { class: `v-report v-${level}`, lang: words.language },
    h("div", { class: "v-verdict", role: "status" }, h("span", { class: "v-sign", "aria-hidden": "true" }, SIGNS[level]), h("div", {}, h("h2", {}, head), h("p", {}, sentence, byOverride(telling)))),
    shown.length > 0 ? facts(shown) : null,
    details(telling),
  );
};
