// A receipt that was dropped, verified in this page by the block that it ends at, as this node has it. Nothing of it is sent.

import { ask, find, Trouble } from "../api.js";
import { h } from "../dom.js";
import { title } from "../parts.js";
import { language } from "../words.js";
import { isReceipt, judgeByNode, readable, report, wordsFor } from "../verifier.js";

const words = wordsFor([language]);

/** No receipt is larger, in bytes. */
const LARGEST = 64 * 1024 * 1024;
/** What tells a receipt stands at its beginning. */
const HEAD = 256;

/** The receipt that was dropped last. It is in this page alone: after a reload there is none. */
let held = null;

/** Takes a file if it is a receipt; false if it is none. One that is damaged is known by its name. */
export const takeReceipt = async (file) => {
  const isOne = file.size <= LARGEST && (isReceipt(await file.slice(0, HEAD).text()) || /\.(receipt|final)$/i.test(file.name));
  if (isOne) held = { name: file.name, text: await file.text() };
  return isOne;
};

const link = (kind, name) => `/${kind}/${name}`;

/** The block that this node has where the receipt ends; null if it has none, or its content no more. */
const blockAt = async (height) => {
  try {
    return await find(`/v1/blocks/${height}`);
  } catch (trouble) {
    if (trouble instanceof Trouble && trouble.status === 410) return null;
    throw trouble;
  }
};

/** The verifier that works without a node. */
const alone = () => h("p", { class: "soft" }, words.page.alone, h("a", { href: "/assets/verifier.html", download: "bouya-verifier.html" }, words.page.save));

export const verify = {
  title: () => words.page.title,
  on: ["final", "reorg"],
  load: async () => {
    const receipt = held && readable(held.text);
    if (!receipt) return { held };
    const [{ network }, { members }] = await Promise.all([ask("/v1/status"), ask("/v1/members")]);
    const block = receipt.network === network.id ? await blockAt(receipt.anchor.height) : null;
    return { held, network, members, block: block && { hash: block.hash, final: block.final } };
  },
  view: ({ held, network, members, block }, _name, _query, given) => {
    if (!held) return [title(null, words.page.title), h("p", { class: "lead" }, words.page.lead), h("p", {}, words.page.dropReceipt), h("p", {}, h("button", { type: "button", "data-pick": true }, words.page.chooseReceipt)), alone()];
    const owners = new Map((members ?? []).flatMap((member) => [[member.governor, member], [member.key_address, member]]));
    const verdict = judgeByNode({ receipt: held.text, document: given?.sha256 ?? null }, { network: network?.id ?? "", block: block ?? null });
    const about = { byNode: true, nameOf: (address) => owners.get(address) ?? null, link, coin: network ? { symbol: network.symbol, decimals: network.decimals } : null };
    return [title(words.page.kinds.receipt, h("bdi", {}, held.name)), report(verdict, words, about), h("p", { class: "soft" }, words.page.byNode), alone()];
  },
  expects: ({ held }) => (held && readable(held.text)?.document) ?? null,
};
