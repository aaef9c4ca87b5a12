// A transaction: what it does, its state, and its receipt.

import { ask } from "../api.js";
import { h } from "../dom.js";
import { account, agreement, amount, badge, blockLink, bytes, doc, finalMark, hash, node, number, plural, said, saidLines, short, whenExactly } from "../format.js";
import { comparison, facts, hint, section, table, title, verdict } from "../parts.js";

/** What a motion changes, or a member about its own keys, in a few words. */
export const change = (change) => {
  switch (change.type) {
    case "add": return ["add ", said(change.id)];
    case "remove": return ["remove ", said(change.id)];
    case "governor": return [account(change.governor), " governs ", said(change.id)];
    case "upgrade": return `blocks of version ${change.version} from height ${change.height} on`;
    case "keys": return ["new keys of ", said(change.id)];
    default: return String(change.type);
  }
};

/** What a transaction does, in a few words. */
export const summary = ({ action }) => {
  switch (action.type) {
    case "transfer": {
      const [first, ...others] = action.outputs;
      return h("span", { class: "what" }, first ? ["pays ", amount(first.amount), " to ", account(first.to), others.length > 0 ? ` and ${others.length} more` : ""] : "pays nobody",
        action.memo ? h("small", {}, said(action.memo)) : null);
    }
    case "record": return h("span", { class: "what" }, action.name !== null ? ["records ", said(action.name)] : "records data", h("small", {}, "topic ", said(action.topic)));
    case "propose": return h("span", { class: "what" }, "proposes ", h("a", { href: `/agreement/${action.agreement}` }, said(action.title)), h("small", {}, `to ${plural(action.parties.length, "party").replace("partys", "parties")}`));
    case "respond": return h("span", { class: "what" }, action.response === "sign" ? "signs agreement " : "refuses agreement ", agreement(action.agreement));
    case "withdraw": return h("span", { class: "what" }, "withdraws agreement ", agreement(action.agreement));
    case "motion": return h("span", { class: "what" }, "moves: ", change(action.change), action.reason ? h("small", {}, said(action.reason)) : null);
    case "ballot": return h("span", { class: "what" }, action.yes ? "says yes to motion " : "says no to motion ", short(action.motion));
    case "keys": return h("span", { class: "what" }, "changes the keys of member ", said(action.member));
    default: return String(action.type);
  }
};

const HEADS = { transfer: "Transfer", record: "Record", propose: "Proposal", respond: "Answer", withdraw: "Withdrawal", motion: "Motion", ballot: "Ballot", keys: "New keys" };

/** The content of a record. */
export const content = ({ hash: sha256, data, text, name }) => {
  if (data === null) return [["Document", said(name ?? "")], ["SHA-256", doc(sha256, true), h("p", { class: "soft" }, "The ledger holds this hash and the name, not the file.")]];
  const size = bytes(data.length / 2);
  return [
    ["Data", text !== null ? saidLines(text) : h("pre", { class: "hex", tabindex: 0 }, data.match(/.{1,32}/g)?.map((line) => line.match(/../g).join(" ")).join("\n") ?? ""), h("p", { class: "soft" }, text !== null ? `${size} of text` : `${size}, not text: in hex`)],
    ["SHA-256", doc(sha256, true)],
  ];
};

const body = ({ action }) => {
  switch (action.type) {
    case "transfer":
      return [
        table("Recipients", [["To"], ["Amount", "n"]], action.outputs.map((output, index) => ({ key: String(index), cells: [account(output.to), amount(output.amount)] }))),
        facts([["Memo", action.memo ? said(action.memo) : h("span", { class: "soft" }, "none")]]),
      ];
    case "record":
      return facts([["Topic", h("a", { href: `/records?${new URLSearchParams({ topic: action.topic })}` }, said(action.topic))], ...content(action)]);
    case "propose":
      return facts([
        ["Agreement", agreement(action.agreement, true)],
        ["Title", said(action.title)],
        ["Document", doc(action.document, true)],
        ["Parties", h("ul", { class: "plain" }, action.parties.map((party) => h("li", {}, account(party))))],
        ["Deadline", ...whenExactly(action.deadline)],
      ]);
    case "respond":
      return facts([["Answer", badge(action.response === "sign" ? "signed" : "refused")], ["Agreement", agreement(action.agreement, true)], ["Document", doc(action.document, true)]]);
    case "motion":
      return facts([["Motion", h("code", {}, action.motion)], ["Change", change(action.change)], ["Reason", action.reason ? said(action.reason) : h("span", { class: "soft" }, "none")], ["Until", ...whenExactly(action.until)]]);
    case "ballot":
      return facts([["Motion", h("code", {}, action.motion)], ["Says", action.yes ? "yes" : "no"]]);
    case "keys":
      return facts([["Member", said(action.member)], ...(action.key ? [["New member key", h("code", {}, action.key)]] : []), ...(action.governor ? [["New governor", account(action.governor)]] : [])]);
    default:
      return facts([["Agreement", agreement(action.agreement, true)]]);
  }
};

/** The SHA-256 of the document or data that it is about. */
const documentOf = (action) => action.document ?? (action.type === "record" ? action.hash : null);

const receipt = ({ id }, anchor) => {
  const file = `${id.slice(0, 12)}.receipt`;
  return section("Receipt", { beside: h("a", { class: "button", href: `/v1/transactions/${id}/receipt?under=${anchor.hash}`, download: file }, "Download receipt") },
    h("p", {}, "A small file that proves this transaction to anyone, without a node and without a network. Keep it unchanged. It ends at block ", blockLink(anchor.height), "."),
    hint("To verify it offline (add --document FILE to check a document too):", `bouya receipt verify ${file} --trust ${anchor.hash}`),
    h("p", { class: "soft" }, "The verifier must have their own reason to trust the hash after --trust: their own node shows it (", h("code", {}, `bouya block show ${anchor.height}`), "), or another member confirms it. A receipt cannot vouch for itself."));
};

export const transaction = {
  title: (name) => `Transaction ${name.slice(0, 12)}`,
  on: ["block", "reorg", "final", "transaction", "dropped"],
  // The block that the receipt ends at stays the same while the page is open, unless the chain is reorganised.
  load: async (name, _query, before, event) => {
    const found = await ask(`/v1/transactions/${encodeURIComponent(name)}`);
    const kept = event === "reorg" || event === "lagged" ? null : before?.anchor;
    const anchor = found.status !== "confirmed" ? null : kept ?? (({ height, hash }) => ({ height, hash }))(await ask("/v1/blocks/latest"));
    return { found, anchor };
  },
  expects: ({ found }) => documentOf(found.action),
  view: ({ found, anchor }, _name, _asked, given) => {
    const waits = found.status !== "confirmed";
    return [
      title(HEADS[found.action.type] ?? "Transaction", short(found.id), waits ? badge("pending", "waits for a block") : badge("confirmed", plural(found.confirmations, "confirmation")), finalMark(found)),
      verdict(given, documentOf(found.action), "this transaction"),
      section("What it does", {}, body(found), documentOf(found.action) ? comparison() : null),
      section("State", { beside: h("a", { href: `/v1/transactions/${found.id}` }, "As JSON") }, facts([
        ["Transaction", hash(found.id, null, true)],
        ["Block", waits ? h("span", { class: "soft" }, "none yet: it is in this node’s mempool") : blockLink(found.height)],
        ["From", account(found.sender, true)],
        ["Fee", amount(found.fee)],
        ["Nonce", number(found.nonce)],
        ["Valid up to block", number(found.valid_until)],
        ["Size", bytes(found.size)],
      ])),
      waits ? h("p", { class: "note" }, "Once it is in a block, this page offers a receipt for it.") : receipt(found, anchor),
    ];
  },
};
