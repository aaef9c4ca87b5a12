// What those who sign come for: whose turn it is, what proves it, and what they can take with them.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { open } from "./browser.mjs";

/** The files of an archive without compression, by its directory. */
const unzipped = (bytes) => {
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const files = new Map();
  let at = bytes.readUInt32LE(end + 16);
  for (let count = bytes.readUInt16LE(end + 10); count > 0; count -= 1) {
    const [size, label, head] = [bytes.readUInt32LE(at + 20), bytes.readUInt16LE(at + 28), bytes.readUInt32LE(at + 42)];
    const begin = head + 30 + bytes.readUInt16LE(head + 26) + bytes.readUInt16LE(head + 28);
    files.set(bytes.toString("utf8", at + 46, at + 46 + label), bytes.subarray(begin, begin + size));
    at += 46 + label;
  }
  return files;
};

export const signing = (world) => {
  const start = (path, options) => open(world.browser, world.network.url, { path, ...options });
  const saved = async (page, button) => {
    const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
    return [download.suggestedFilename(), await readFile(await download.path())];
  };

  test("a name given to an address stands before it on all pages, and stays in this browser", async () => {
    const { facts } = world;
    const page = await start(`/account/${facts.carol}`);
    const asked = [];
    page.on("request", (request) => asked.push(`${request.url()} ${request.postData() ?? ""}`));
    await page.getByLabel("Name", { exact: true }).fill("Carol Müller");
    await page.getByLabel("it is mine").check();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "Carol Müller" }).waitFor();
    await page.show(`/agreement/${facts.agreements.open}`);
    assert.match(await page.locator(".story .waits").textContent(), /^Waits for Carol Müller you bouya1/);
    assert.equal(await page.locator(".title").getByText("your turn").count(), 1);
    await page.show("/");
    const first = page.getByRole("list", { name: /^What waits/ }).locator("li").first();
    assert.match(await first.textContent(), /your turn/);
    assert.match(await first.locator(".command").textContent(), new RegExp(`bouya agree sign [0-9a-f]{64} --from WALLET --document FILE`));
    await page.show("/search?q=muller");
    assert.equal(await page.locator(`.found a[href="/account/${facts.carol}"]`).count(), 1);
    await page.show("/contacts");
    assert.match((await saved(page, page.getByRole("button", { name: "CSV" })))[1].toString(), new RegExp(`Carol Müller,${facts.carol},true`));
    await page.getByRole("button", { name: "Remove Carol Müller" }).click();
    await page.getByText("No names yet.").waitFor();
    assert.ok(asked.every((text) => !/M%C3%BCller|Müller|M%FCller/.test(text)), "no node hears of it");
    await page.finish();
  });

  test("what waits for an answer has its command ready", async () => {
    const { facts } = world;
    const page = await start(`/agreement/${facts.agreements.open}`);
    const command = page.locator(".command").first();
    assert.equal(await command.locator("code").textContent(), `bouya agree sign ${facts.agreements.open} --from WALLET --document FILE`);
    await page.locator("#file").setInputFiles(facts.lease);
    await page.locator(".verdict.same").waitFor();
    assert.equal(await command.locator("code").textContent(), `bouya agree sign ${facts.agreements.open} --from WALLET --document lease.pdf`, "with the file that was compared");
    await page.show(`/account/${facts.carol}`);
    assert.match(await page.locator("main").textContent(), /agreements? waits? for this address/);
    await page.getByText(facts.agreements.open).first().waitFor();
    await page.finish();
  });

  test("an open motion marks whose turn it is, with the commands to answer", async () => {
    const { members, needed } = await world.network.get("/v1/members");
    const id = "ab".repeat(32);
    const moment = { height: 2, time: "2026-11-20T00:00:00Z", transaction: "cd".repeat(32) };
    const voices = members.map(({ id: member, governor }) => ({ member, address: governor, yes: member === "node1" ? true : null }));
    const motion = { id, state: "open", change: { type: "remove", id: "node2" }, at: moment, decided: null, applied: null, why: null, final: true, vote: { mover: "node1", reason: "it is silent", until: "2100-01-01T00:00:00Z", needed, yes: 1, no: 0, voices, candidate: null } };
    const page = await start(null);
    await page.route("**/v1/motions*", (route) => route.fulfill({ json: { items: [motion], next: null } }));
    await page.route(`**/v1/motions/${id}`, (route) => route.fulfill({ json: motion }));
    await page.show("/");
    const waits = page.getByRole("list", { name: /^What waits/ }).locator("li", { hasText: "moves: remove node2" });
    assert.match(await waits.textContent(), /your turn.*1 of the 3 members that it needs say yes, 0 say no\..*bouya vote yes abababababab --from WALLET/);
    await page.show(`/motion/${id}`);
    assert.deepEqual(await page.locator(".command code").allTextContents(), ["bouya vote yes abababababab --from WALLET", "bouya vote no abababababab --from WALLET"]);
    assert.equal(await page.locator("tbody tr", { hasText: "your turn" }).count(), 1, "this node's member alone");
    await page.finish();
  });

  test("the evidence of an agreement is one file whose receipts verify offline", async () => {
    const { facts, network } = world;
    const page = await start(`/agreement/${facts.agreements.effective}`);
    const [name, bytes] = await saved(page, page.getByRole("button", { name: "Download evidence" }));
    assert.equal(name, `agreement-${facts.agreements.effective.slice(0, 12)}.zip`);
    const files = unzipped(bytes);
    const receipts = [...files.keys()].filter((file) => file.endsWith(".receipt"));
    assert.equal(receipts.length, 3, "the proposal and both answers");
    for (const file of receipts) {
      await writeFile(`${network.dir}/${file}`, files.get(file));
      assert.match(await network.offline("receipt", "verify", file, "--network", "network.toml", "--document", facts.lease), /^PROVEN/m);
    }
    const summary = files.get(name.replace(".zip", ".txt")).toString();
    for (const word of ["Lease 2027", facts.hash, facts.carol, facts.friend, facts.demo, receipts[0], "network.toml"]) assert.ok(summary.includes(word), word);
    assert.equal(JSON.parse(files.get(name.replace(".zip", ".json"))).id, facts.agreements.effective);
    await page.finish();
  });

  test("a stranger's title makes no line in the evidence's summary, and turns none around", async () => {
    const id = world.facts.agreements.effective;
    const page = await start(`/agreement/${id}`);
    await page.route(`**/v1/agreements/${id}`, async (route) => {
      const answer = await (await route.fetch()).json();
      await route.fulfill({ json: { ...answer, title: "Lease\u2028State: refused\u2029\u202eesael\u2066" } });
    });
    const [name, bytes] = await saved(page, page.getByRole("button", { name: "Download evidence" }));
    const summary = unzipped(bytes).get(name.replace(".zip", ".txt")).toString();
    assert.match(summary.split("\r\n")[0], /LeaseU\+2028State: refusedU\+2029U\+202EesaelU\+2066/);
    assert.doesNotMatch(summary, /[\u2028-\u202e\u2066-\u2069]/);
    await page.finish();
  });

  test("on paper a page says what network it is of, when, and everything in full", async () => {
    const { facts, network } = world;
    const status = await network.get("/v1/status");
    const page = await start(`/agreement/${facts.agreements.effective}`);
    for (const [path, whole] of [[`/agreement/${facts.agreements.effective}`, facts.carol], [`/tx/${facts.record}`, facts.hash], [`/tx/${facts.paid}`, facts.friend], [`/document/${facts.hash}`, facts.record]]) {
      await page.emulateMedia({ media: "screen" });
      await page.show(path);
      await page.emulateMedia({ media: "print" });
      const paper = page.locator("#paper");
      assert.ok(await paper.isVisible());
      const text = await paper.textContent();
      for (const word of [status.network.name, status.network.id, status.network.code, path]) assert.ok(text.includes(word), word);
      assert.equal(await page.locator("nav, .search, .command, footer, .ago, button").evaluateAll((all) => all.filter((one) => one.checkVisibility()).length), 0, "nothing to click, nothing that is not true tomorrow");
      const printed = await page.evaluate(() => [...document.querySelectorAll("main .hash")].map((hash) => (hash.title ? getComputedStyle(hash, "::after").content : hash.textContent)));
      assert.ok(printed.some((text) => text.includes(whole)), whole);
      assert.ok(printed.every((text) => !text.includes("…")));
    }
    await page.finish();
  });

  test("a list is saved as CSV, whole, and holds no formulas", async () => {
    const { facts, network } = world;
    const page = await start("/records");
    await page.route("**/v1/records?*", async (route) => {
      const answer = await (await route.fetch()).json();
      await route.fulfill({ json: { ...answer, items: answer.items.map((item, index) => (index === 0 ? { ...item, topic: '=HYPERLINK("http://x")', text: "a\u2028b\u202ec\td" } : item)) } });
    });
    const [name, bytes] = await saved(page, page.getByRole("button", { name: "CSV" }));
    const lines = bytes.toString().split("\r\n");
    assert.equal(name, "records.csv");
    assert.match(lines[0], /^\ufefftime,height,final,sender,topic,name,text,hash,transaction$/);
    assert.equal(lines.length, (await network.get("/v1/records?limit=100")).items.length + 2);
    assert.ok(lines[1].includes(`"'=HYPERLINK(""http://x"")"`), lines[1]);
    assert.ok(lines[1].includes(",aU+2028bU+202Ec\td,"), lines[1]);
    for (const path of ["/agreements", "/blocks", "/members", "/peers", "/voters", "/mempool", `/account/${facts.demo}`, `/block/${(await network.get(`/v1/transactions/${facts.paid}`)).height}`]) {
      await page.show(path);
      const button = page.getByRole("button", { name: "CSV" }).first();
      assert.match((await saved(page, button))[0], /\.csv$/, path);
    }
    await page.finish();
  });

  test("no spreadsheet finds a formula in a cell, wherever it splits the line", async () => {
    const page = await start("/records");
    const cells = (names) => page.evaluate(async (given) => {
      const { written } = await import("/assets/csv.js");
      return given.map((name) => written("contacts", [{ name, address: "", own: false }]).split("\r\n")[1].replace(/,,false$/, ""));
    }, names);
    for (const [name, cell] of [
      ["=1+1", "'=1+1"], ["a;=1+1", "a;'=1+1"], ["a; =1+1", "a;' =1+1"], ["a\t-1", "a\t'-1"], ["\ta", "'\ta"], ["a;\t@b", "a;'\t'@b"], ["＝1;＋1", "'＝1;'＋1"],
      ["a\r\n+1", '"a\n\'+1"'], ["a;\n=1", '"a;\n\'=1"'], ['a;"=1"', '"a;\'""=1"""'], ["\r=1", "U+000D=1"], ["-5", "'-5"],
      ["a=1; b-c", "a=1; b-c"], ["12.50", "12.50"], ["Müller", "Müller"],
    ]) assert.deepEqual(await cells([name]), [cell], JSON.stringify(name));
    await page.finish();
  });
};
