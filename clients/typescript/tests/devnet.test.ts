// The first hour of somebody who ties another program to a network: a devnet of its own on free ports, two companies, one agreement.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import {
  type api,
  Client,
  type FeedTold,
  formatAmount,
  hashDocument,
  type Heard,
  keysMessage,
  type Network,
  ProblemError,
  readNetwork,
  readWallet,
  ReceiptError,
  SecretKey,
  type Sender,
  signTransaction,
  toHex,
  verifyReceipt,
} from "../src/index.js";
import { place, readJson } from "./files.js";
import { changes, seeded, type Vector } from "./receipts.js";

/** Longest wait for something that comes within seconds unless the machine is busy with other things. */
const PATIENCE = { timeout: 120_000 };
const DOCUMENT = new TextEncoder().encode("The lease of 2027.");

interface Devnet {
  readonly url: string;
  readonly base: number;
  readonly dir: string;
  halt(): Promise<void>;
  run(): Promise<void>;
  stop(): Promise<void>;
}

// The nodes stop with this program, however it ends: see there.
const { BOUYA, Network: Nodes } = (await import(pathToFileURL(place("tests/browser/network.mjs")).href)) as { BOUYA: string; Network: { start(): Promise<Devnet> } };

let devnet: Devnet;
let network: Network;
let folder: string;
let [alice, bob]: [Client, Client] = [] as never;
let [demo, friend]: [Sender, Sender] = [] as never;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "bouya-typescript-"));
  devnet = await Nodes.start();
  network = readNetwork(await readFile(join(devnet.dir, "network.toml"), "utf8"));
  const at = (number: number) => new Client(`http://127.0.0.1:${devnet.base + number}`, { network: network.id });
  [alice, bob] = [at(0), at(1)];
  const sender = async (name: string, client: Client) => client.sender(await readWallet(await readFile(join(devnet.dir, "wallets", `${name}.wallet`), "utf8")).unlock());
  [demo, friend] = [await sender("demo", alice), await sender("friend", bob)];
});

after(async () => {
  await devnet?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Reads events from `client` until `found`, and returns them. */
const heardUntil = async (client: Client, after: string | null, found: (one: Heard) => boolean, onOpen = () => undefined as void): Promise<Heard[]> => {
  const [all, stop]: [Heard[], AbortController] = [[], new AbortController()];
  const timer = setTimeout(() => stop.abort(), PATIENCE.timeout);
  for await (const one of client.events({ after, signal: stop.signal, onOpen })) {
    all.push(one);
    if (found(one)) break;
  }
  clearTimeout(timer);
  assert.ok(all.some(found), `not heard: ${JSON.stringify(all.map(({ event }) => event.type))}`);
  return all;
};

test("an hour: pay, propose, sign as the other party, wait until final, keep the receipt, and hear of it all", async () => {
  const coin = await alice.coin();
  assert.deepEqual(coin, network.coin);
  // Somebody listens from the beginning, and is gone after the payment.
  let listening: () => void = () => undefined;
  const isOpen = new Promise<void>((resolve) => (listening = resolve));
  const first = heardUntil(alice, null, ({ event }) => event.type === "transaction", listening);
  await isOpen;
  const start = await demo.account();
  const paid = await demo.transfer({ to: friend.address, amount: 5_000_000n }, { memo: "for fees" });
  await bob.wait(paid.id, "final", PATIENCE);
  const last = (await first).at(-1);
  assert.ok(last?.event.type === "transaction" && last.event.id === paid.id);
  assert.equal((await demo.account()).balance, start.balance - 5_000_000n - paid.fee);
  assert.equal((await bob.account(friend.address)).balance, 5_000_000n);

  const proposed = await demo.propose({ title: "Lease 2027", document: DOCUMENT, parties: [friend.address], deadline: new Date(Date.now() + 86_400_000) });
  await bob.wait(proposed.id, "final", PATIENCE);
  await assert.rejects(friend.sign(proposed.agreement, new TextEncoder().encode("another one")), /is about the document/);
  const signed = await friend.sign(proposed.agreement, DOCUMENT);
  const final = await signed.wait("final", PATIENCE);
  assert.ok(final.final && final.height);
  await alice.wait(signed.id, "final", PATIENCE);
  const agreement = await alice.agreement(proposed.agreement);
  assert.deepEqual([agreement.status, agreement.title, agreement.parties[0]?.answer], ["effective", "Lease 2027", "signed"]);
  assert.deepEqual((await alice.agreements({ party: friend.address })).items.map(({ id }) => id), [proposed.agreement]);

  // Who comes back hears what was missed, and in order.
  const missed = await heardUntil(alice, last.id, ({ event }) => event.type === "agreement" && event.status === "effective");
  const told = missed.flatMap(({ event }) => (event.type === "agreement" ? [event] : []));
  assert.ok(told.every(({ id }) => id === proposed.agreement));
  // Two miners may find a block at the same time: then it is told again.
  assert.deepEqual([told[0]?.status, told.at(-1)?.status], ["open", "effective"]);
  assert.ok(!missed.some(({ event }) => event.type === "lagged"));
  const numbers = [last, ...missed].map(({ id }) => Number(id.split("-").at(-1)));
  assert.ok(numbers.every((number, at) => at === 0 || number === (numbers[at - 1] ?? 0) + 1), "none is left out, and none told twice");

  const file = join(folder, "lease.receipt");
  await writeFile(file, await alice.receipt(signed.id));
  await proves(file, signed.id);
});

/** The library, the program and the other checker say the same of a stored receipt. */
const proves = async (file: string, id: string) => {
  const text = await readFile(file, "utf8");
  const definition = join(devnet.dir, "network.toml");
  const shown = verifyReceipt(text, { network }, await hashDocument(DOCUMENT));
  assert.ok(shown.kind === "receipt" && shown.final);
  assert.deepEqual([shown.transaction.id, shown.transaction.address, shown.final.network], [id, friend.address, network.name]);
  assert.throws(() => verifyReceipt(text, { network }, "00".repeat(32)), (error) => error instanceof ReceiptError && error.fault === "other-document");
  assert.equal(verifyReceipt(text, { trust: shown.anchor.id }).final, null);
  const [ours, other] = await Promise.all([
    promisify(execFile)(BOUYA, ["receipt", "verify", file, "--network", definition, "--json"]),
    promisify(execFile)("python3", [place("tests/receipt/check.py"), file, definition]),
  ]);
  const [program, python] = [ours, other].map(({ stdout }) => JSON.parse(stdout)) as [any, any];
  assert.ok(program.proven && python.proven);
  for (const said of [program, python]) {
    assert.deepEqual([said.final.signers, said.final.guilty, said.work], [shown.final.signers, shown.final.guilty, String(shown.work)]);
    assert.deepEqual([said.block.hash, said.anchor.hash], [shown.block.id, shown.anchor.id]);
  }
};

test("two payments at the same time with one key take nothing from each other", async () => {
  const before = await demo.account();
  const sent = await Promise.all([1n, 2n, 3n].map((amount) => demo.transfer({ to: friend.address, amount })));
  assert.equal(new Set(sent.map(({ nonce }) => nonce)).size, 3);
  const account = await demo.account();
  assert.equal(account.nonce, before.nonce + 3n);
  assert.equal(account.balance, sent.reduce((left, { fee }) => left - fee, before.balance - 6n));
});

test("what is written down is found again, and what the node refuses is told", async () => {
  const kept = await demo.record("prices", "wheat 212.50");
  const named = await demo.recordDocument("contracts", DOCUMENT, "lease.txt");
  await Promise.all([kept, named].map((one) => one.wait("final", PATIENCE)));
  const [record] = (await alice.records({ topic: "prices" })).items;
  assert.deepEqual([record?.text, record?.transaction], ["wheat 212.50", kept.id]);
  const found = [];
  for await (const one of alice.all((part) => alice.records({ sender: demo.address, ...part }))) found.push(one.transaction);
  assert.deepEqual(new Set(found), new Set([kept.id, named.id]));
  await assert.rejects(demo.record("prices", "cheap", { fee: 0n }), (error) => error instanceof ProblemError && error.kind === "low-fee");
  await assert.rejects(alice.block(10n ** 15n), (error) => error instanceof ProblemError && error.status === 404);
  const [block, members] = await Promise.all([alice.block("latest"), alice.members()]);
  assert.ok(block.height > 0n && typeof block.reward.amount === "bigint");
  assert.deepEqual(members.members.map(({ id }) => id).sort(), network.members.map(({ id }) => id).sort());
  assert.match(formatAmount(block.reward.amount, network.coin), /^50/);
});

test("the program in docs/PROGRAMS.md runs as it stands there", async () => {
  const home = await mkdtemp(join(folder, "program-"));
  await symlink(devnet.dir, join(home, ".devnet"));
  const program = place("clients/typescript/build/examples/programs.js");
  const { stdout } = await promisify(execFile)(process.execPath, [program], { cwd: home, env: { ...process.env, BOUYA_API: devnet.url }, timeout: PATIENCE.timeout });
  assert.match(stdout, /^effective\nfinal at block \d+, signed by node/);
  assert.ok((await readFile(join(home, "lease.receipt"), "utf8")).startsWith("{"));
});

/** The escrow of which `docs/PROGRAMS.md` tells: the governor of a node buys of `demo`, and `friend` decides. Returns its address. */
const deployEscrow = async (): Promise<string> => {
  const buyer = JSON.parse(await readFile(join(devnet.dir, "wallets", "node0.wallet"), "utf8")) as { address: string };
  const paid = await demo.transfer([buyer.address, friend.address].map((to) => ({ to, amount: 1_000_000_000n })));
  await paid.wait("final", PATIENCE);
  const terms = JSON.stringify({ seller: "demo", arbiter: "friend", deadline: 4_000_000_000_000, subject: "ab".repeat(32) });
  const [module, abi] = ["wasm", "abi.json"].map((kind) => place(`sdk/examples/modules/escrow.${kind}`)) as [string, string];
  const deploy = ["contract", "deploy", module, "--abi", abi, "--input", terms, "--value", "70", "--from", "node0", "--yes", "--wait", "--timeout", "120s"];
  const { stdout } = await promisify(execFile)(BOUYA, [...deploy, "--wallets", join(devnet.dir, "wallets"), "--api", devnet.url], PATIENCE);
  return stdout.trim();
};

test("the call in docs/PROGRAMS.md runs as it stands there", async () => {
  const home = await mkdtemp(join(folder, "call-"));
  await symlink(devnet.dir, join(home, ".devnet"));
  const environment = { ...process.env, BOUYA_API: devnet.url, ESCROW: await deployEscrow() };
  const { stdout } = await promisify(execFile)(process.execPath, [place("clients/typescript/build/examples/call.js")], { cwd: home, env: environment, timeout: PATIENCE.timeout });
  assert.equal(stdout, `paid 70000000 to ${demo.address}\n`);
});

/** Reads the feed from `client` up to this transaction. */
const toldUntil = async (client: Client, after: string, id: string, following: Parameters<Client["follow"]>[0] = {}): Promise<FeedTold[]> => {
  const told: FeedTold[] = [];
  const stop = AbortSignal.timeout(PATIENCE.timeout);
  for await (const one of client.follow({ after, address: friend.address, kind: "transfer", signal: stop, ...following })) {
    told.push(one);
    if (one.type === "transaction" && one.transaction.id === id) return told;
  }
  throw new Error(`the feed did not tell ${id}`);
};
const idsOf = (told: readonly FeedTold[]) => told.flatMap((one) => (one.type === "transaction" ? [one.transaction.id] : []));

test("a follower goes on at another node and over a restart of all, and pages tell the same", async () => {
  const start = (await alice.feed({ after: "latest" })).next;
  const paid: string[] = [];
  for (const amount of [1n, 2n, 3n]) paid.push((await demo.transfer({ to: friend.address, amount })).id);
  const first = await toldUntil(alice, start, paid[0] ?? "");
  const then = await toldUntil(bob, first.at(-1)?.cursor ?? "", paid[2] ?? "");
  assert.deepEqual(idsOf([...first, ...then]), paid);
  // One stream, over a restart.
  let [opened, restarted]: [number, Promise<void> | null] = [0, null];
  const restart = async () => {
    await devnet.halt();
    await devnet.run();
    paid.push((await demo.transfer({ to: friend.address, amount: 4n })).id);
  };
  const told: FeedTold[] = [];
  for await (const one of alice.follow({ after: start, kind: "transfer", onOpen: () => void (opened += 1) })) {
    told.push(one);
    restarted ??= restart();
    if (idsOf(told).length < 3) continue;
    await restarted;
    if (idsOf(told).length === 4) break;
  }
  assert.deepEqual([idsOf(told), opened > 1], [paid, true]);
  const read: string[] = [];
  for (let after = start, more = true; more; ) {
    const page = await alice.feed({ after, limit: 2, address: friend.address, kind: "transfer" });
    read.push(...page.items.map(({ transaction }) => transaction.id));
    ({ next: after, more } = page);
  }
  assert.deepEqual(read, paid);
});

test("a transaction is checked, and a receipt is renewed", async () => {
  const signed = await demo.prepare({ type: "record", topic: "prices", content: { data: new TextEncoder().encode("oats 180") } });
  const check = await alice.check(signed);
  assert.deepEqual([check.passes, check.id, check.fee, check.problem], [true, signed.id, check.least_fee, undefined]);
  const cheap = await alice.check(await demo.prepare(signed.action, { fee: 1n }));
  assert.deepEqual([cheap.passes, cheap.problem?.type], [false, "urn:bouya:low-fee"]);
  await assert.rejects(alice.transaction(signed.id), (error) => error instanceof ProblemError && error.status === 404);
  await alice.submit(signed);
  const { height } = await alice.wait(signed.id, "final", PATIENCE);
  const old = await alice.receipt(signed.id, { under: height ?? 0n });
  for (const newer of [await alice.renewReceipt(old), await alice.renewReceipt(signed)]) {
    const receipt = verifyReceipt(newer, { network });
    assert.ok(receipt.kind === "receipt" && receipt.transaction.id === signed.id && receipt.final);
  }
  await assert.rejects(alice.renewReceipt("{}"), ReceiptError);
});

test("a motion is moved and voted on, and a member's new key is taken", async () => {
  const governor = async (name: string) => readWallet(await readFile(join(devnet.dir, "wallets", `${name}.wallet`), "utf8")).unlock();
  const [mover, voter] = [await governor("node0"), await governor("node1")];
  const fees = await demo.transfer([mover, voter].map(({ address }) => ({ to: address, amount: 1_000_000n })));
  await fees.wait("final", PATIENCE);
  const moved = await alice.sender(mover).send({ type: "motion", change: { type: "remove", id: "node2" }, reason: "it is only a test", until: BigInt(Date.now() + 172_800_000) });
  await moved.wait("final", PATIENCE);
  const ballot = await alice.sender(voter).send({ type: "ballot", motion: moved.motion ?? "", yes: false });
  await ballot.wait("final", PATIENCE);
  const { vote, change } = await alice.motion(moved.motion ?? "");
  assert.deepEqual([vote.mover, vote.yes, vote.no, change.type], ["node0", 1, 1, "remove"]);

  const fresh = SecretKey.random();
  const { nonce } = await alice.account(voter.address, { confirmations: 0 });
  const own = { id: "node1", key: fresh.publicKey, governor: null };
  const proven = toHex(fresh.sign(keysMessage(network.id, voter.address, nonce, own)));
  // Only checked: node1 must go on with the key that it has.
  const checked = await alice.check(signTransaction(network.id, voter, { nonce, fee: 500_000n, validUntil: 1_000n }, { type: "keys", ...own, proof: proven }));
  assert.deepEqual([checked.passes, checked.problem], [true, undefined]);
});

test("the follower in docs/PROGRAMS.md misses nothing and does nothing twice, however often it is killed", async () => {
  const home = await mkdtemp(join(folder, "follower-"));
  await symlink(devnet.dir, join(home, ".devnet"));
  const expected: string[] = [];
  for (let after: string | null = null, more = true; more; ) {
    const page: api.Feed = await alice.feed({ after, address: friend.address });
    expected.push(...page.items.map(({ transaction }) => transaction.id));
    ({ next: after, more } = page);
  }
  assert.ok(expected.length > 4);
  const file = join(home, "house.jsonl");
  const lines = async () => (await readFile(file, "utf8").catch(() => "")).split("\n").slice(0, -1);
  for (let seen = 0, run = 0; seen < expected.length; run += 1) {
    const env = { ...process.env, BOUYA_API: `http://127.0.0.1:${devnet.base + (run % 2)}` };
    const child = spawn(process.execPath, [place("clients/typescript/build/examples/follower.js")], { cwd: home, env, stdio: "inherit" });
    const ended = once(child, "exit");
    while (child.exitCode === null && (await lines()).length === seen) await new Promise((resolve) => setTimeout(resolve, 5)); // poll
    child.kill("SIGKILL");
    assert.deepEqual(await ended, [null, "SIGKILL"], "it ended by itself");
    seen = (await lines()).length;
    // As a crash of the machine leaves it that was in the middle of a line, and of a letter.
    await appendFile(file, Buffer.from('{"cursor":"1-all-0-00","id":"é').subarray(0, -1));
  }
  assert.deepEqual((await lines()).slice(0, expected.length).map((line) => JSON.parse(line).id), expected);
});

test("the program says the same as this library of every receipt, and of changes of them", async () => {
  const [pick, home] = [seeded(20_270_103), await mkdtemp(join(folder, "receipts-"))];
  const judged = async (name: string, receipt: string, { network, override, trusted, final }: Vector) => {
    const write = async (end: string, text: string) => {
      await writeFile(join(home, `${name}${end}`), text);
      return join(home, `${name}${end}`);
    };
    const byFiles = async () => ["--network", await write(".toml", network), ...(override ? ["--override", await write(".override.toml", override)] : [])];
    const ground = final || trusted === null ? await byFiles() : ["--trust", trusted];
    const theirs = await promisify(execFile)(BOUYA, ["receipt", "verify", await write(".receipt", receipt), ...ground]).then(() => true, () => false);
    let ours = true;
    try {
      verifyReceipt(receipt, final || trusted === null ? { network: readNetwork(network, override) } : { trust: trusted });
    } catch (error) {
      if (!(error instanceof ReceiptError)) throw error;
      ours = false;
    }
    assert.equal(theirs, ours, receipt);
    return ours;
  };
  for (const [at, vector] of readJson<Vector[]>("tests/receipt/vectors.json").entries()) {
    assert.ok(await judged(String(at), vector.text, vector), vector.what);
    // Who trusts a block looks at no votes, so a change of those is none.
    if (vector.final || vector.text.includes('"finality":null')) for (const changed of changes(vector.text, 5, pick)) assert.ok(!(await judged(String(at), changed, vector)), changed);
  }
});
