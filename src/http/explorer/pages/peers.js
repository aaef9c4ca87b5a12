// The peers that this node knows, as a table, and as a picture where one can be read.

import { several } from "../api.js";
import { h } from "../dom.js";
import { badge, daysLeft, endsSoon, node, nodeSays, number, roundTrip } from "../format.js";
import { inOrder, memberId } from "../names.js";
import { csv, empty, hint, rows, section, table, title } from "../parts.js";
import { drawable, picture } from "../picture.js";
import { said } from "../said.js";
import { when } from "../time.js";
import { w } from "../words.js";

const narrow = matchMedia("(max-width: 44rem)");

const state = (peer) => h("span", { class: "what" }, badge(peer.status),
  peer.status === "connected" ? h("small", {}, peer.direction === "in" ? w.peers.itDialled : w.peers.dialledFromHere, peer.since ? [", ", when(peer.since)] : null) : null,
  peer.why && peer.status !== "connected" ? h("small", {}, nodeSays(said(peer.why))) : null,
  peer.until ? h("small", {}, w.peers.until, " ", when(peer.until)) : null);

export const peers = {
  title: () => w.nav.peers,
  status: true,
  on: ["peer", "block"],
  load: async () => ({ status: node.status, items: (await several("/v1/peers", {}, 500)).items }),
  view: ({ status, items }) => [
    title(null, w.nav.peers, h("span", { class: "soft" }, w.peers.counts(number(status.peers.connected), number(status.peers.known)))),
    items.length === 0
      ? section(w.peers.noPeers, {}, empty(w.peers.none, hint(w.peers.add, "bouya peer add ID@HOST:PORT")))
      : [
          drawable(items.length, narrow.matches) ? section(w.peers.knows, {}, picture(status, items, narrow.matches)) : null,
          section(w.peers.count(items.length), { beside: csv("peers", "/v1/peers") }, table(w.nav.peers, [[w.members.member, "name"], [w.agreements.status], [w.peers.address], [w.blocks.heightHead, "n half"], [w.peers.roundTrip, "n half"], [w.node.certificate, "n"], [w.members.runs]], rows(inOrder(items), (peer) => ({
            key: peer.id,
            cells: [memberId(peer.id), state(peer), peer.host ? `${peer.host.includes(":") ? `[${peer.host}]` : peer.host}:${peer.port}` : h("span", { class: "soft" }, w.peers.dialsOnly), peer.height === null ? "–" : number(peer.height), peer.rtt_ms === null ? "–" : roundTrip(peer), peer.certificate ? h("span", { class: endsSoon(peer.certificate) ? "ends" : null, title: peer.certificate.not_after }, daysLeft(peer.certificate)) : "–", peer.agent ? said(peer.agent) : "–"],
          })))),
        ],
  ],
};
