// A transaction: what it does, its state, and its receipt.

import { ask } from "../api.js";
import { h } from "../dom.js";
import { badge, agreement, amount, blockLink, bytes, command, doc, finalMark, hash, isZero, number, short } from "../format.js";
import { account } from "../names.js";
import { comparison, facts, hint, json, section, table, title, verdict } from "../parts.js";
import { said, saidLines } from "../said.js";
import { exactly, when } from "../time.js";
import { w } from "../words.js";
import { abiOf, asked, led } from "./contract.js";

/** What a motion changes, or a member about its own keys, in a few words. */
export const change = (change) => {
  switch (change.type) {
    case "add": return w.motions.add(said(change.id));
    case "remove": return w.motions.remove(said(change.id));
    case "governor": return w.motions.governs(account(change.governor), said(change.id));
    case "upgrade": return w.motions.upgrade(change.version, number(change.height));
    case "keys": return w.motions.keys(said(change.id));
    default: return String(change.type);
  }
};

const motionLink = (id) => h("a", { href: `/motion/${id}` }, short(id));

/** An agreement by its title, where that is known. */
const entitled = (id, titles) => (titles.get(id) ? h("a", { href: `/agreement/${id}` }, said(titles.get(id))) : agreement(id));

/** What a transaction does, in a few words: [words, what is said about it]. */
const words = (action, titles) => {
  switch (action.type) {
    case "transfer": {
      const [first, ...others] = action.outputs;
      return [first ? [w.does.pays(amount(first.amount), account(first.to)), others.length > 0 ? ` ${w.common.more(others.length)}` : ""] : w.does.paysNobody, action.memo ? said(action.memo) : null];
    }
    case "record": return [action.name !== null ? w.does.records(said(action.name)) : w.does.recordsData, w.does.topic(said(action.topic))];
    case "propose": return [w.does.proposes(h("a", { href: `/agreement/${action.agreement}` }, action.title ? said(action.title) : w.agreements.untitled)), w.does.toParties(action.parties.length)];
    case "respond": return [(action.response === "sign" ? w.does.signs : w.does.refuses)(entitled(action.agreement, titles)), null];
    case "withdraw": return [w.does.withdraws(entitled(action.agreement, titles)), null];
    case "motion": return [w.does.moves(change(action.change)), action.reason ? said(action.reason) : null];
    case "ballot": return [(action.yes ? w.does.saysYes : w.does.saysNo)(motionLink(action.motion)), null];
    case "keys": return [w.does.changesKeys(said(action.member)), null];
    case "deploy": return [w.does.deploys(account(action.contract)), null];
    case "call": return [w.does.calls(account(action.contract)), isZero(action.value) ? null : amount(action.value)];
    default: return [String(action.type), null];
  }
};

/** What a transaction does, in a few words. `titles`: those of agreements, by id. */
export const summary = ({ action }, titles = new Map()) => {
  const [does, remark] = words(action, titles);
  return h("span", { class: "what" }, does, remark === null ? null : h("small", {}, remark));
};

/** The content of a record. */
const content = ({ hash: sha256, data, text, name }) => {
  if (data === null) return [[w.records.document, said(name ?? "")], ["SHA-256", doc(sha256, true), h("p", { class: "soft" }, w.records.onlyHash)]];
  const size = bytes(data.length / 2);
  return [
    [w.records.data, text !== null ? saidLines(text) : h("pre", { class: "hex", tabindex: 0 }, data.match(/.{1,32}/g)?.map((line) => line.match(/../g).join(" ")).join("\n") ?? ""), h("p", { class: "soft" }, text !== null ? w.records.ofText(size) : w.records.inHex(size))],
    ["SHA-256", doc(sha256, true)],
  ];
};

const none = () => h("span", { class: "soft" }, w.common.none);

const body = ({ action }, abi) => {
  switch (action.type) {
    case "transfer":
      return [
        table(w.transaction.recipients, [[w.transaction.to], [w.transaction.amount, "n"]], action.outputs.map((output, index) => ({ key: String(index), cells: [account(output.to), amount(output.amount)] }))),
        facts([[w.transaction.memo, action.memo ? said(action.memo) : none()]]),
      ];
    case "record":
      return facts([[w.records.topic, h("a", { href: `/records?${new URLSearchParams({ topic: action.topic })}` }, said(action.topic))], ...content(action)]);
    case "propose":
      return facts([
        [w.agreements.kind, agreement(action.agreement, true)],
        [w.agreements.title, said(action.title)],
        [w.agreements.document, doc(action.document, true)],
        [w.agreements.parties, h("ul", { class: "plain" }, action.parties.map((party) => h("li", {}, account(party, true))))],
        [w.agreements.deadline, exactly(action.deadline)],
      ]);
    case "respond":
      return facts([[w.transaction.answer, badge(action.response === "sign" ? "signed" : "refused")], [w.agreements.kind, agreement(action.agreement, true)], [w.agreements.document, doc(action.document, true)]]);
    case "motion":
      return facts([[w.motions.kind, hash(action.motion, `/motion/${action.motion}`, true)], [w.motions.change, change(action.change)], [w.motions.reason, action.reason ? said(action.reason) : none()], [w.motions.until, exactly(action.until)]]);
    case "ballot":
      return facts([[w.motions.kind, hash(action.motion, `/motion/${action.motion}`, true)], [w.transaction.says, w.states[action.yes ? "yes" : "no"]]]);
    case "keys":
      return facts([[w.members.member, said(action.member)], ...(action.key ? [[w.transaction.newKey, h("code", {}, action.key)]] : []), ...(action.governor ? [[w.transaction.newGovernor, account(action.governor, true)]] : [])]);
    case "deploy":
    case "call":
      return asked(action, abi);
    default:
      return facts([[w.agreements.kind, agreement(action.agreement, true)]]);
  }
};

/** The SHA-256 of the document or data that it is about. */
const documentOf = (action) => action.document ?? (action.type === "record" ? action.hash : null);

/** A final one needs nobody's word; another one ends at a block that the verifier must trust. */
const receipt = ({ id, final }, anchor) => {
  const file = `${id.slice(0, 12)}.receipt`;
  const path = `/v1/transactions/${id}/receipt`;
  return section(w.receipt.head, { kind: "screen", beside: [h("button", { type: "button", class: "plain small", "data-print": true }, w.evidence.print), h("a", { class: "button", href: final ? path : `${path}?under=${anchor.hash}`, download: file }, w.receipt.download)] },
    h("p", {}, w.receipt.means),
    hint(w.receipt.how, final ? `bouya receipt verify ${file} --network network.toml` : `bouya receipt verify ${file} --trust ${anchor.hash}`),
    h("p", { class: "soft" }, final ? w.receipt.definition : w.receipt.trust(blockLink(anchor.height), h("code", {}, `bouya block show ${anchor.height}`))));
};

/** A proposal waits for answers: where they are given. */
const next = ({ action }) => action.type !== "propose" ? null : h("p", { class: "screen" }, h("a", { href: `/agreement/${action.agreement}` }, w.transaction.toAgreement));

const waitsFor = (found) => [
  h("p", { class: "note" }, w.transaction.waitsNote),
  section(w.transaction.waitHere, { kind: "screen" }, command(`bouya tx ${found.id}`)),
];

export const transaction = {
  title: (name) => w.transaction.one(name.slice(0, 12)),
  on: ["block", "reorg", "final", "transaction", "dropped"],
  // The block that the receipt ends at stays the same while the page is open, unless the chain is reorganised.
  load: async (name, _query, before, event) => {
    const found = await ask(`/v1/transactions/${encodeURIComponent(name)}`);
    const kept = event === "reorg" || event === "lagged" ? null : before?.anchor;
    const anchor = found.status !== "confirmed" ? null : kept ?? (({ height, hash }) => ({ height, hash }))(await ask("/v1/blocks/latest"));
    return { found, anchor, abi: await abiOf(found) };
  },
  expects: ({ found }) => documentOf(found.action),
  view: ({ found, anchor, abi }, _name, _asked, given) => {
    const waits = found.status !== "confirmed";
    const about = documentOf(found.action);
    return [
      title(w.transaction.heads[found.action.type] ?? w.transaction.kind, short(found.id), waits ? badge("pending", w.transaction.waits) : badge("confirmed", w.common.confirmations(found.confirmations)), finalMark(found)),
      verdict(given, about, w.verdict.ofTransaction),
      section(w.transaction.does, {}, body(found, abi), about ? comparison() : null, next(found)),
      led(found, abi),
      section(w.transaction.state, { beside: json(`/v1/transactions/${found.id}`) }, facts([
        [w.transaction.kind, hash(found.id, null, true)],
        !waits && [w.transaction.when, when(found.time)],
        waits ? [w.transaction.block, h("span", { class: "soft" }, w.transaction.noBlock)] : [w.transaction.block, blockLink(found.height)],
        !waits && [w.transaction.blockHash, hash(found.block, `/block/${found.block}`, true)],
        !waits && [w.common.finality, found.final ? w.common.isFinal : w.common.notFinal],
        [w.transaction.from, account(found.sender, true)],
        [w.transaction.fee, amount(found.fee)],
        [w.transaction.nonce, number(found.nonce)],
        [w.transaction.validUntil, number(found.valid_until)],
        [w.transaction.size, bytes(found.size)],
      ])),
      waits ? waitsFor(found) : receipt(found, anchor),
    ];
  },
};
