// Asks the node every two seconds and shows what it says. Text only ever goes in as text.
const at = (id) => document.getElementById(id);
const ask = async (path) => {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
};

const cell = (text, kind = "") => {
  const td = document.createElement("td");
  td.textContent = text;
  td.className = kind;
  return td;
};
const link = (text, href) => {
  const td = cell("", "hash");
  const a = document.createElement("a");
  a.textContent = text;
  a.href = href;
  td.append(a);
  return td;
};
const rows = (body, list, empty) => {
  const made = list.map((cells) => {
    const tr = document.createElement("tr");
    tr.append(...cells);
    return tr;
  });
  if (made.length === 0) {
    const td = cell(empty, "empty");
    td.colSpan = 5;
    const tr = document.createElement("tr");
    tr.append(td);
    made.push(tr);
  }
  body.replaceChildren(...made);
};
const ago = (time) => {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`;
  return new Date(time).toLocaleString();
};

const show = (status, blocks, peers) => {
  document.title = `${status.id} – ${status.network.name}`;
  at("id").textContent = status.id;
  at("network").textContent = `network ${status.network.name}, id ${status.network.id}, bouya ${status.version}`;
  at("height").textContent = status.tip.height.toLocaleString();
  at("sync").textContent = status.sync.state;
  at("sync").className = status.sync.state === "synced" ? "good" : "";
  at("peers").textContent = status.peers.connected;
  at("mempool").textContent = status.mempool.transactions.toLocaleString();
  at("rate").textContent = status.miner.hashes_per_second.toLocaleString();
  at("certificate").textContent = status.certificate.days_left;
  at("certificate").className = status.certificate.days_left < 30 ? "bad" : "";
  rows(at("blocks"), blocks.items.map((block) => [
    cell(block.height.toLocaleString(), "n"),
    link(block.hash.slice(0, 16), `/v1/blocks/${block.hash}`),
    cell(ago(block.time)),
    cell(block.miner.id ?? block.miner.key.slice(0, 12), block.miner.id ? "" : "hash"),
    cell(block.transactions, "n"),
  ]), "No block yet.");
  rows(at("peer-list"), peers.items.map((peer) => [
    cell(peer.id),
    cell(peer.host ? `${peer.host}:${peer.port}` : "dials only"),
    cell(peer.status, { connected: "good", banned: "bad" }[peer.status] ?? ""),
    cell(peer.height ?? "–", "n"),
    cell(peer.rtt_ms === null ? "–" : `${peer.rtt_ms} ms`, "n"),
  ]), "No peer known.");
};

const look = async () => {
  try {
    show(...await Promise.all([ask("/v1/status"), ask("/v1/blocks?limit=10"), ask("/v1/peers")]));
    at("trouble").hidden = true;
  } catch (error) {
    at("trouble").textContent = `The node does not answer (${error.message}). What is shown is the last that it said.`;
    at("trouble").hidden = false;
  }
  setTimeout(look, 2000);
};
look();
