// Is all well, what waits for an answer, what is new.

import { ask, query, several } from "../api.js";
import { h } from "../dom.js";
import { badge, blockLink, command, copy, daysLeft, endsSoon, hash, node, number } from "../format.js";
import { account, inOrder, mine } from "../names.js";
import { empty, hint, section } from "../parts.js";
import { said } from "../said.js";
import { exactly, when } from "../time.js";
import { w } from "../words.js";
import { agreementLink, due, signing, unanswered, waitsForReader } from "./agreements.js";
import { health } from "./health.js";
import { voting } from "./motion.js";
import { change, summary } from "./transaction.js";

/** How many of the newest blocks are looked through for what is new, and how many of them are read. */
const LOOKED = 100;
const READ = 6;
/** Most deeds that are listed, and most of one block. A block with more than the last of these is not read: it may be large. */
const LISTED = 14;
const EACH = 6;
const LARGE = 200;
/** Most agreements and motions that are listed. */
const OPEN = 8;

/** The newest blocks. Blocks that are already known are not requested again. */
export const newest = async (known, event) => {
  const tip = node.status.tip;
  if (known.length > 0 && event !== "reorg" && event !== "lagged") {
    if (known[0].hash === tip.hash) return known;
    const missing = tip.height - known[0].height;
    if (missing > 0 && missing < 20) {
      const { items } = await ask(query("/v1/blocks", { limit: missing + 1 }));
      const overlap = items.find((block) => block.height === known[0].height);
      if (overlap?.hash === known[0].hash) return [...items.filter((block) => block.height > known[0].height), ...known].slice(0, LOOKED);
    }
  }
  return (await several("/v1/blocks", {}, LOOKED)).items;
};

/** Events after which what stands on the chain is the same. */
const QUIET = ["status", "peer", "transaction", "dropped"];

/** What waits for an answer, and the newest of what does not stand in the newest blocks. */
const onChain = async () => {
  const [open, motions, recent, records] = await Promise.all([several("/v1/agreements", { status: "open" }, 100, 3), ask("/v1/motions?limit=20"), ask("/v1/agreements?limit=50"), ask(`/v1/records?limit=${LISTED}`)]);
  return { open, motions, recent, records, titles: new Map([...recent.items, ...open.items].map(({ id, title }) => [id, title])) };
};

/** The transactions of the newest blocks that have some: block's hash to transactions. A block never changes. */
const contents = async (blocks, known) => {
  const wanted = blocks.filter(({ transactions }) => transactions > 0 && transactions <= LARGE).slice(0, READ);
  return new Map(await Promise.all(wanted.map(async ({ hash: id }) => [id, known?.get(id) ?? (await ask(`/v1/blocks/${id}`)).transactions])));
};

/** Blocks as lines: one for each deed, one for each row of blocks without any. And the height of the last block that is among them. */
const lines = (blocks, read) => {
  const made = [];
  let lowest = Infinity;
  for (const block of blocks) {
    if (made.length >= LISTED) break;
    if (block.transactions > 0 && block.transactions <= LARGE && !read.has(block.hash)) break;
    lowest = block.height;
    const last = made.at(-1);
    if (block.transactions === 0) {
      if (last?.empty) last.empty.push(block);
      else made.push({ empty: [block] });
      continue;
    }
    const shown = (read.get(block.hash) ?? []).slice(0, EACH);
    made.push(...shown.map((deed) => ({ block, deed })));
    if (block.transactions > shown.length) made.push({ block, more: block.transactions - shown.length });
  }
  return [made, lowest];
};

/** Records, proposals and answers below the blocks that were looked through: a network that rests makes a block a minute, and has news all the same. */
const older = (lowest, most, recent, records) => {
  const made = [
    ...records.items.map((item) => ({ id: item.transaction, height: item.height, time: item.time, sender: item.sender, action: { type: "record", name: item.name, topic: item.topic } })),
    ...recent.items.flatMap(({ id, title, proposer, proposed, parties, withdrawal }) => [
      { id: proposed.transaction, ...proposed, sender: proposer, action: { type: "propose", agreement: id, title, parties } },
      ...parties.filter(({ at }) => at).map(({ address, answer, at }) => ({ id: at.transaction, ...at, sender: address, action: { type: "respond", response: answer === "signed" ? "sign" : "refuse", agreement: id } })),
      ...(withdrawal ? [{ id: withdrawal.transaction, ...withdrawal, sender: proposer, action: { type: "withdraw", agreement: id } }] : []),
    ]),
  ];
  return made.filter(({ height }) => height < lowest).sort((a, b) => b.height - a.height).slice(0, most).map((deed) => ({ block: { height: deed.height, time: deed.time }, deed }));
};

const line = (titles) => ({ block, deed, more, empty: rest }) => {
  if (rest) {
    const [top, low] = [rest[0], rest.at(-1)];
    return h("li", { class: "idle", "data-key": `idle ${low.hash}` }, h("span", { class: "deed" }, w.overview.idle(rest.length, rest.length === 1 ? blockLink(top.height) : [blockLink(low.height), "–", blockLink(top.height)])), h("span", { class: "at" }, when(top.time)));
  }
  const at = (link) => h("span", { class: "at" }, when(block.time), " ", h("small", {}, w.common.block(blockLink(block.height)), block.height <= node.status.final.height ? [", ", h("span", { class: "final" }, w.common.final)] : null, link === null ? null : [", ", link]));
  if (more) return h("li", { "data-key": `more ${block.hash}` }, h("span", { class: "deed" }, w.overview.moreDeeds(number(more), blockLink(block.height))), at(null));
  return h("li", { "data-key": deed.id }, h("span", { class: "deed" }, account(deed.sender), " ", summary(deed, titles)), at(h("a", { href: `/tx/${deed.id}` }, w.overview.details)));
};

const activity = ({ status, blocks, read, lists: { titles, recent, records } }) => {
  const [newest, lowest] = lines(blocks, read);
  const rest = older(lowest, Math.max(0, LISTED - newest.length), recent, records);
  const made = [...newest, ...rest];
  const waiting = status.mempool.transactions;
  return section(w.overview.news, { beside: h("a", { href: "/blocks" }, w.overview.allBlocks) },
    waiting === 0 ? null : h("p", {}, h("a", { href: "/mempool" }, w.overview.waiting(waiting))),
    made.length === 0 ? empty(w.blocks.none, hint(w.blocks.mine, "bouya mine")) : h("ol", { class: "feed", "aria-label": w.overview.newsLabel }, made.map(line(titles))),
    rest.length === 0 ? null : h("p", { class: "soft" }, w.overview.below(blockLink(lowest))));
};

const openAgreement = (item) => h("li", { "data-key": item.id },
  h("div", { class: "deed" }, agreementLink(item), " ", waitsForReader(item) ? badge("waits", w.agreements.yourTurn) : null,
    h("small", {}, w.overview.waitsFor(unanswered(item).map((party, index) => [index > 0 ? ", " : null, account(party.address)]))),
    waitsForReader(item) ? command(signing(item)) : null),
  h("span", { class: "at" }, due(item)));

const openMotion = (item) => {
  const own = [...item.vote.voices, item.vote.candidate].some((voice) => voice !== null && voice.yes === null && mine().has(voice.address));
  return h("li", { "data-key": item.id },
    h("div", { class: "deed" }, h("a", { href: `/motion/${item.id}` }, w.does.moves(change(item.change))), " ", own ? badge("waits", w.agreements.yourTurn) : null, h("small", {}, w.motions.standing(item.vote)),
      own ? command(voting(item, "yes")) : null),
    h("span", { class: "at" }, when(item.vote.until)));
};

/** By deadline, what waits for the reader first. A deadline that no calendar holds comes last. */
const byDeadline = (a, b) => waitsForReader(b) - waitsForReader(a) || (Date.parse(a.deadline) || Infinity) - (Date.parse(b.deadline) || Infinity);

const answers = ({ lists: { open, motions } }) => {
  const items = [...open.items].sort(byDeadline);
  return section(w.overview.open, { beside: h("a", { href: "/agreements?status=open" }, open.next !== null || items.length > OPEN ? w.overview.allOpen : w.overview.toAgreements) },
    items.length + motions.items.length === 0 ? empty(w.overview.nothingOpen)
      : h("ol", { class: "feed", "aria-label": w.overview.openLabel }, items.slice(0, OPEN).map(openAgreement), motions.items.slice(0, OPEN).map(openMotion)),
    items.length + motions.items.length === 0 ? null : h("p", { class: "soft" }, w.overview.whose, " ", h("a", { href: "/contacts" }, w.overview.toContacts)));
};

const chip = (status, missing) => (one) => {
  const self = one.id === status.id;
  const state = self ? "self" : one.agent !== null ? "connected" : "away";
  const soon = one.certificate !== null && endsSoon(one.certificate);
  return h("li", { class: `chip ${state}`, "data-key": one.id }, h("span", { class: "key", "aria-hidden": "true" }),
    h("span", {}, h("b", {}, one.name ? said(one.name) : one.id), h("small", {}, one.name ? `${one.id}, ` : "", w.overview.chip[state], missing.has(one.id) ? `, ${w.overview.noVotes}` : "", soon ? h("span", { class: "ends" }, `, ${w.overview.certificate(daysLeft(one.certificate))}`) : null)));
};

const strip = ({ status, found }) => section(w.overview.members(found.members.length), { beside: h("a", { href: "/members" }, w.overview.toMembers) },
  h("ul", { class: "strip" }, inOrder(found.members).map(chip(status, new Set(status.final.turnout.missing)))));

const ending = (peers) => peers.length === 0 ? null : h("p", { class: "note bad" }, w.overview.ending(peers.map((peer) => `${peer.id} (${daysLeft(peer.certificate)})`).join(", ")));

const warnings = ({ status, peers }) => [
  ending(peers.filter((peer) => endsSoon(peer.certificate))),
  endsSoon(status.certificate) && status.certificate.days_left >= 0 ? h("div", { class: "note bad" }, h("p", {}, w.overview.ownEnding), hint(w.overview.renew, `mkca renew ${status.id}`)) : null,
];

export const overview = {
  title: () => w.nav.overview,
  status: true,
  on: ["block", "reorg", "transaction", "dropped", "agreement", "motion", "peer"],
  load: async (_name, _query, before, event) => {
    const [blocks, peers, found, lists] = await Promise.all([
      newest(before?.blocks ?? [], event), several("/v1/peers", {}, 200), ask("/v1/members"), before !== null && QUIET.includes(event) ? before.lists : onChain(),
    ]);
    return { status: node.status, lists, blocks, read: await contents(blocks, before?.read), peers: peers.items, found };
  },
  view: (data) => {
    const { status } = data;
    return [
      h("div", { class: "title" }, h("div", {}, h("p", { class: "kind" }, w.overview.network), h("h1", { tabindex: -1 }, h("bdi", {}, status.network.name))), h("div", { class: "beside soft" }, h("span", {}, w.overview.id, " ", hash(status.network.id), " "), copy(status.network.id))),
      health(status),
      warnings(data),
      answers(data),
      activity(data),
      strip(data),
      status.tip.height === 0 ? null : h("p", { class: "soft" }, w.overview.tip(blockLink(status.tip.height), exactly(status.tip.time))),
    ];
  },
};
