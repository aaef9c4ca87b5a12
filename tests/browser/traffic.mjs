// What the tests look for: payments, records and agreements in all states, with words that no page may take for markup.

import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./network.mjs";

const MODULES = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../sdk/examples/modules");

/** A memo that would run if a page read it as markup. */
export const MARKUP = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
/** Turns the direction of what follows it. */
export const BIDI = "invoice \u202Efdp.exe\u202C \u200Bpaid";

const idOf = (words) => /\b[0-9a-f]{64}\b/.exec(words)[0];

/** An escrow: a call of it that failed, one that paid, and an ABI file that reads them. */
const escrow = async (network, { demo, friend }) => {
  const node0 = await network.address("node0");
  const abi = `${MODULES}/escrow.abi.json`;
  await mkdir(`${network.dir}/node0/data/abis`, { recursive: true });
  await copyFile(abi, `${network.dir}/node0/data/abis/escrow.abi.json`);
  await network.wallet("send", "--from", "demo", "--to", `${node0}:1000`, "--to", `${friend}:1000`, "--wait");
  const terms = { seller: demo, arbiter: friend, deadline: Date.now() + 7 * 86_400_000, subject: "ab".repeat(32) };
  const deployed = JSON.parse(await network.wallet("contract", "deploy", `${MODULES}/escrow.wasm`, "--abi", abi, "--from", "node0", "--input", JSON.stringify(terms), "--value", "70", "--wait", "--json"));
  const { items: [{ address: contract, transaction: deployment }] } = await network.get("/v1/contracts");
  if (!JSON.stringify(deployed).includes(deployment)) throw new Error(`not deployed: ${JSON.stringify(deployed)}`);
  const call = (from, ...more) => network.wallet("contract", "call", contract, '"Release"', "--abi", abi, "--from", from, ...more);
  // With --wait the command would say that it failed, and so fail itself.
  const failed = idOf(await call("demo", "--gas", "500000"));
  await until("it is in a block", async () => (await network.get(`/v1/transactions/${failed}`)).status === "confirmed");
  return { contract, deployment, failed, released: idOf(await call("friend", "--wait")) };
};

export const traffic = async (network) => {
  await network.bouya("wallet", "new", "carol", "--no-passphrase", "--wallets", `${network.dir}/wallets`);
  const [demo, friend, carol] = await Promise.all(["demo", "friend", "carol"].map((name) => network.address(name)));
  const deal = await escrow(network, { demo, friend });
  const lease = await network.file("lease.pdf", "the lease of 2027, as agreed by telephone\n".repeat(40));
  const other = await network.file("annex.pdf", "an annex that nobody recorded\n");
  const annex = await network.file("first-annex.pdf", "the annex to the lease, recorded elsewhere\n");
  const hash = createHash("sha256").update(await readFile(lease)).digest("hex");
  const binary = await network.file("seal.bin", Buffer.from([...Array(48).keys()].map((n) => (n * 37 + 200) % 256)));

  // Fees come first: all that follow are of one block or two.
  const paid = await network.wallet("send", "--from", "demo", "--to", `${friend}:12.5`, "--to", `${carol}:20`, "--memo", MARKUP, "--wait");
  const send = (...given) => network.wallet(...given);
  const words = await send("send", "--from", "demo", "--to", `${carol}:0.000001`, "--memo", BIDI);
  const record = await send("record", "add", "--from", "demo", "--topic", "contracts", "--document", lease);
  const annexed = await send("record", "add", "--from", "demo", "--topic", "contracts", "--document", annex);
  await send("record", "add", "--from", "friend", "--topic", "prices", "--data", "wheat 212.50");
  await send("record", "add", "--from", "friend", "--topic", "prices", "--data", `${MARKUP} \u202Eabc`);
  await send("record", "add", "--from", "carol", "--topic", "seals", "--data-file", binary);
  const propose = (title, deadline, ...parties) => send("agree", "propose", "--from", "demo", "--title", title, "--document", lease, ...parties.flatMap((party) => ["--party", party]), "--deadline", deadline, "--json");
  const proposals = [];
  for (const [title, deadline, ...parties] of [["Lease 2027", "2h", friend, carol], ["Supply of wheat, first half of 2027", "1d", friend, carol], [`Terms ${MARKUP}`, "1d", friend], ["Warehouse", "1d", carol], ["Too late", "15s", carol], ["Beyond", "4294967295d", carol]]) {
    proposals.push(await propose(title, deadline, ...parties));
  }
  await send("send", "--from", "demo", "--to", `${friend}:1`, "--wait");
  const all = (await network.get("/v1/agreements")).items;
  const id = (title) => all.find((item) => item.title.startsWith(title)).id;
  const agreements = { effective: id("Lease"), open: id("Supply"), refused: id("Terms"), withdrawn: id("Warehouse"), expired: id("Too late") };
  // Its deadline is a time that no calendar of a browser holds.
  const beyond = id("Beyond");
  await send("agree", "sign", agreements.effective, "--from", "friend", "--document", lease);
  await send("agree", "sign", agreements.effective, "--from", "carol", "--document", lease);
  await send("agree", "sign", agreements.open, "--from", "friend", "--document", lease);
  await send("agree", "refuse", agreements.refused, "--from", "friend");
  await send("agree", "withdraw", agreements.withdrawn, "--from", "demo");
  await send("send", "--from", "friend", "--to", `${carol}:0.5`, "--wait");
  // The tip's time decides, so the deadline has passed once a block says so.
  await until("the agreements are in their states", async () => {
    const { items } = await network.get("/v1/agreements");
    return Object.entries(agreements).every(([status, id]) => items.find((item) => item.id === id).status === status);
  });
  return { ...deal, demo, friend, carol, lease, annex, hash, other, agreements, beyond, proposed: all.find((item) => item.id === beyond).proposed.transaction, paid: idOf(paid), words: idOf(words), record: idOf(record), annexed: idOf(annexed) };
};
