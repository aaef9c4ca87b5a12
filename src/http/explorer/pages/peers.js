// The peers that this node knows, as a picture and as a table.

import { several } from "../api.js";
import { h } from "../dom.js";
import { badge, daysLeft, endsSoon, node, number, plural, roundTrip, said, when } from "../format.js";
import { empty, hint, rows, section, table, title } from "../parts.js";
import { picture } from "../picture.js";

const narrow = matchMedia("(max-width: 44rem)");

const state = (peer) => h("span", { class: "what" }, badge(peer.status),
  peer.status === "connected" ? h("small", {}, peer.direction === "in" ? "it dialled" : "dialled from here", peer.since ? [", ", when(peer.since)] : null) : null,
  peer.why && peer.status !== "connected" ? h("small", {}, said(peer.why)) : null,
  peer.until ? h("small", {}, "until ", when(peer.until)) : null);

export const peers = {
  title: () => "Peers",
  status: true,
  on: ["peer", "block"],
  load: async () => ({ status: node.status, items: (await several("/v1/peers", {}, 500)).items }),
  view: ({ status, items }) => [
    title(null, "Peers", h("span", { class: "soft" }, `${number(status.peers.connected)} connected, ${number(status.peers.known)} known`)),
    items.length === 0
      ? section("No peers", {}, empty("This node knows no peers.", hint("Add a member:", "bouya peer add ID@HOST:PORT")))
      : [
          section("What this node knows", {}, picture(status, items, narrow.matches)),
          section(plural(items.length, "peer"), {}, table("Peers", [["Member", "name"], ["Status"], ["Address"], ["Height", "n half"], ["Round trip", "n half"], ["Certificate", "n"], ["Runs"]], rows(items, (peer) => ({
            key: peer.id,
            cells: [h("span", { class: "member" }, peer.id), state(peer), peer.host ? `${peer.host.includes(":") ? `[${peer.host}]` : peer.host}:${peer.port}` : h("span", { class: "soft" }, "dials only"), peer.height === null ? "–" : number(peer.height), peer.rtt_ms === null ? "–" : roundTrip(peer), peer.certificate ? h("span", { class: endsSoon(peer.certificate) ? "ends" : null, title: peer.certificate.not_after }, daysLeft(peer.certificate)) : "–", peer.agent ? said(peer.agent) : "–"],
          })))),
        ],
  ],
};
