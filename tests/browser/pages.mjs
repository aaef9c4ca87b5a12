// What the pages show, and where they lead.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open, settled } from "./browser.mjs";
import { until } from "./network.mjs";
import { BIDI, MARKUP } from "./traffic.mjs";

const follow = async (page, locator, address) => {
  await locator.click();
  await page.waitForURL(address);
  await settled(page);
};

/** Every page's address, for tests of what all have in common. */
export const everyPage = (facts) => [
  ["overview", "/"], ["node", "/node"], ["verify", "/verify"], ["contacts", "/contacts"], ["blocks", "/blocks"], ["block", "/block/1"], ["mempool", "/mempool"], ["records", "/records"], ["topic", "/records?topic=prices"],
  ["agreements", "/agreements"], ["peers", "/peers"], ["voters", "/voters"], ["members", "/members"], ["transfer", `/tx/${facts.paid}`], ["words", `/tx/${facts.words}`], ["record", `/tx/${facts.record}`],
  ["contracts", "/contracts"], ["contract", `/account/${facts.contract}`], ["contract-events", `/account/${facts.contract}?show=events`], ["contract-slots", `/account/${facts.contract}?show=slots`],
  ["deployment", `/tx/${facts.deployment}`], ["call", `/tx/${facts.released}`], ["call-failed", `/tx/${facts.failed}`],
  ["account", `/account/${facts.demo}`], ["account-records", `/account/${facts.friend}?show=records`], ["account-agreements", `/account/${facts.carol}?show=agreements`],
  ...Object.entries(facts.agreements).map(([status, id]) => [`agreement-${status}`, `/agreement/${id}`]),
  ["agreement-beyond", `/agreement/${facts.beyond}`], ["proposal-beyond", `/tx/${facts.proposed}`],
  ["document", `/document/${facts.hash}`], ["unknown-document", `/document/${"cd".repeat(32)}`], ["nothing-found", `/search?q=${"ef".repeat(32)}`],
  ["found", "/search?q=lease"], ["no-topic", "/records?topic=nothing"], ["missing", "/block/99999999"],
];

export const pages = (world) => {
  const start = (path, options) => open(world.browser, world.network.url, { path, ...options });

  test("the overview says whether all is well, what waits, and what is new", async () => {
    const { facts, network } = world;
    const page = await start("/");
    const status = await network.get("/v1/status");
    assert.equal(await page.locator("h1").textContent(), status.network.name);
    assert.match(await page.locator(".health").textContent(), /^All is well.*up to date with 2 peers.*at block \d+/);
    assert.ok(Number(await page.locator(".health .height").getAttribute("data-height")) >= status.tip.height);
    const open = page.getByRole("list", { name: /^What waits for an answer/ });
    assert.deepEqual(await open.locator("li .deed > a").allTextContents(), ["Supply of wheat, first half of 2027", "Beyond"], "by deadline; what is decided waits for nobody");
    const news = page.getByRole("list", { name: /^What happened/ });
    // No more than some of a block's are listed, so one that is alone in its block is looked for.
    const last = (await network.get(`/v1/transactions/${facts.paid}`)).height;
    assert.ok(last > 0);
    assert.ok((await news.locator(".deed").count()) > 2);
    assert.match(await news.textContent(), /\d+ blocks? without transactions/);
    assert.match(await news.textContent(), /signs agreement (Lease 2027|Supply of wheat)/, "agreements by their titles");
    assert.equal(await page.locator(".strip .chip").count(), 3);
    assert.equal(await page.locator(".strip .chip.connected").count(), 2);
    assert.match(await page.locator("footer").textContent(), /This page only reads\..*command line/);
    await page.finish();
  });

  test("contracts are listed, and what a call led to is read with the ABI file", async () => {
    const { contract, failed, friend, released } = world.facts;
    const page = await start("/contracts");
    const row = page.locator("tbody tr");
    assert.equal(await row.count(), 1);
    await row.getByRole("link").first().click();
    await page.waitForURL(`**/account/${contract}`);
    await page.show(`/account/${contract}?show=events`);
    assert.match(await page.locator("main").innerText(), /released[\s\S]*"amount": "70000000"/);
    assert.ok((await page.locator("main").innerText()).includes(friend), "who released it");
    await page.show(`/tx/${released}`);
    for (const words of ["Release", "done", "Pays", "70.000000"]) assert.ok((await page.locator("main").innerText()).includes(words), words);
    await page.show(`/tx/${failed}`);
    for (const words of ["failed", "that is not yours to say", "It has cost its fee"]) assert.ok((await page.locator("main").innerText()).includes(words), words);
    await page.finish();
  });

  test("the node's page has what its operator looks for", async () => {
    const page = await start("/node");
    const status = await world.network.get("/v1/status");
    const tile = async (name) => (await page.locator(".tile", { has: page.locator(`dt:text-is("${name}")`) }).locator("b").textContent()).trim();
    assert.equal(await page.locator("h1").textContent(), status.id);
    assert.equal(await tile("State"), "ready");
    assert.equal(await tile("Peers"), "2");
    assert.equal(await tile("Certificate"), `${status.certificate.days_left} days`);
    await until("the height is the node's", async () => Number(await tile("Height")) >= status.tip.height);
    assert.equal(await page.locator("figure.plot [role=slider]").count(), 2);
    assert.ok((await page.locator(".plot .point").count()) > 2);
    await page.locator(".plot .hit").first().hover();
    assert.match(await page.locator(".plot .says").first().textContent(), /^Block \d+, .*s$/);
    await page.finish();
  });

  test("the peers are drawn while their labels can be read, and always listed", async () => {
    const page = await start("/peers");
    const figure = page.locator("figure.picture svg");
    assert.match(await figure.getAttribute("aria-label"), /node0, in the middle; 2 peers around it: 2 connected/);
    assert.equal(await figure.locator(".edge.connected").count(), 2, "a line for each own session and no other");
    assert.equal(await figure.locator(".peer").count(), 3);
    const { items: [one] } = await world.network.get("/v1/peers");
    await page.route("**/v1/peers*", (route) => route.fulfill({ json: { items: Array.from({ length: 30 }, (_, index) => ({ ...one, id: `member${index}` })), next: null } }));
    await page.show("/peers");
    assert.equal(await page.locator("tbody tr").count(), 30);
    assert.equal(await page.locator("figure.picture").count(), 0);
    await page.finish();
  });

  test("a block, its transactions and their accounts lead to each other", async () => {
    const page = await start("/blocks");
    const { height } = await world.network.get(`/v1/transactions/${world.facts.paid}`);
    await page.show(`/blocks?from=${height}`);
    await follow(page, page.locator(`a[href="/block/${height}"]`), `**/block/${height}`);
    assert.equal(await page.locator("h1").textContent(), String(height));
    await follow(page, page.locator(`main a[href="/tx/${world.facts.paid}"]`), `**/tx/${world.facts.paid}`);
    await follow(page, page.locator(`main a[href="/account/${world.facts.friend}"]`).first(), `**/account/${world.facts.friend}`);
    await follow(page, page.locator(`main a[href="/tx/${world.facts.paid}"]`), `**/tx/${world.facts.paid}`);
    await follow(page, page.locator(`main a[href="/block/${height}"]`).first(), `**/block/${height}`);
    await page.goBack();
    await settled(page);
    assert.match(page.url(), /\/tx\//);
    await page.finish();
  });

  test("amounts have all decimals and grouped digits, and lose none", async () => {
    const page = await start(`/account/${world.facts.demo}`);
    const { balance } = await world.network.get(`/v1/accounts/${world.facts.demo}`);
    const shown = (await page.locator(".tile b").first().textContent()).trim();
    assert.match(shown, /^\d{1,3}(,\d{3})*\.\d{6} DEV$/);
    assert.equal(shown.replaceAll(",", "").replace(/\.?0* DEV$/, ""), balance.replace(/\.?0*$/, ""));
    await page.show(`/tx/${world.facts.words}`);
    assert.match(await page.locator("table").first().textContent(), /0\.000001 DEV/);
    // More units than a double holds.
    await page.route("**/v1/accounts/*?confirmations=0", (route) => route.fulfill({ json: { address: world.facts.demo, name: null, balance: "18446744073709.5", nonce: 0, confirmations: 0 } }));
    await page.show(`/account/${world.facts.demo}`);
    await page.getByText("18,446,744,073,709.500000", { exact: false }).first().waitFor();
    await page.finish();
  });

  test("a transaction shows the time and the hash of its block, with the zone first", async () => {
    const page = await start(`/tx/${world.facts.paid}`);
    const found = await world.network.get(`/v1/transactions/${world.facts.paid}`);
    const block = await world.network.get(`/v1/blocks/${found.height}`);
    assert.equal(found.block, block.hash);
    assert.equal(await page.locator(`main a.hash[href="/block/${block.hash}"]`).textContent(), block.hash);
    const time = page.locator(".facts .moment").first();
    assert.equal(await time.locator("time").getAttribute("datetime"), block.time);
    assert.match(await time.textContent(), /^\d{1,2} \w+ \d{4}, \d\d:\d\d:\d\d CES?T .*ago$/);
    await page.finish();
  });

  test("a block's nonce is shown to its last digit", async () => {
    const page = await start(null);
    const raw = await (await fetch(`${world.network.url}/v1/blocks/1`)).text();
    const nonce = /"nonce":"(\d+)"/.exec(raw)[1];
    // One that no double holds, as another miner may find.
    const huge = "18446744073709551615";
    await page.route("**/v1/blocks/1", (route) => route.fulfill({ contentType: "application/json", body: raw.replace(`"nonce":"${nonce}"`, `"nonce":"${huge}"`) }));
    await page.show("/block/1");
    await page.locator("summary").click();
    await page.getByText(huge, { exact: true }).waitFor();
    await page.finish();
  });

  test("the members are shown, with what they have decided", async () => {
    const page = await start("/members");
    const { members, needed } = await world.network.get("/v1/members");
    const text = await page.locator("main").textContent();
    assert.match(text, new RegExp(`${needed} of ${members.length} must say yes`));
    for (const { id, governor } of members) {
      assert.equal(await page.locator(`tr[data-key="${id}"] a[href="/account/${governor}"]`).count(), 1);
    }
    assert.match(text, /No motion is open/);
    assert.equal(await page.locator('header nav a[aria-current="page"]').textContent(), "Members");
    await page.finish();
  });

  test("many members are listed by what they are called", async () => {
    const page = await start(null);
    const real = await world.network.get("/v1/members");
    const names = ["Zinc SA", "", "Étain & Fils", "", "acier"];
    const more = Array.from({ length: 30 }, (_, index) => ({ ...real.members[0], id: `member${(index * 7) % 30}`, name: names[index] ?? "", governor: world.facts.carol, key_address: `key${index}` }));
    await page.route("**/v1/members", (route) => route.fulfill({ json: { ...real, members: more } }));
    const sorted = ["acier", "Étain & Fils", ...more.filter(({ name }) => name === "").map(({ id }) => id).sort((a, b) => a.localeCompare(b, "en", { numeric: true })), "Zinc SA"];
    await page.show("/");
    assert.deepEqual(await page.locator(".strip .chip b").allTextContents(), sorted);
    await page.show("/members");
    assert.deepEqual(await page.locator("tbody tr .member:first-child").allTextContents().then((all) => all.slice(0, 30)), sorted);
    await page.finish();
  });

  test("the voters are shown with their last votes", async () => {
    const page = await start("/voters");
    const { voters, quorum } = await world.network.get("/v1/finality");
    const rows = page.locator("table tbody tr");
    assert.equal(await rows.count(), voters.length);
    assert.match(await page.locator("h1").textContent(), /Voters/);
    assert.match(await page.locator("main").textContent(), new RegExp(`${quorum} of ${voters.length} make a block final`));
    for (const { id } of voters) {
      const row = page.locator("table tbody tr", { has: page.locator(`.member:text-is("${id}")`) });
      await until(`the last vote of ${id} is shown`, async () => (await row.locator('a[href^="/block/"]').count()) === 1);
    }
    assert.match(await page.locator("main").textContent(), /It votes\./);
    await page.finish();
  });

  test("what strangers write stays text", async () => {
    const { facts } = world;
    const page = await start(`/tx/${facts.paid}`);
    for (const path of [`/tx/${facts.paid}`, "/records", "/agreements", `/agreement/${facts.agreements.refused}`, `/account/${facts.demo}`, "/blocks"]) {
      await page.turn(path);
      const shown = await page.evaluate((markup) => ({
        tags: document.querySelectorAll("main img, main script, main iframe, main [onerror], main [style]").length,
        title: document.title,
        text: document.querySelector("main").textContent.includes(markup),
      }), MARKUP);
      assert.equal(shown.tags, 0, path);
      assert.ok(!shown.title.includes("owned"), path);
      assert.equal(shown.text, path !== "/blocks", path);
    }
    await page.finish();
  });

  test("characters that turn or hide text are shown by their code", async () => {
    const page = await start(`/tx/${world.facts.words}`);
    const memo = page.locator("bdi.said");
    assert.equal(await memo.textContent(), BIDI.replace(/[\u202E\u202C\u200B]/g, (found) => `U+${found.codePointAt(0).toString(16).toUpperCase()}`));
    assert.deepEqual(await memo.locator(".unseen").allTextContents(), ["U+202E", "U+202C", "U+200B"]);
    await page.finish();
  });

  test("records are found by topic, sender and time", async () => {
    const page = await start("/records", { allow: (text) => text.includes("400") });
    const rows = page.locator("tbody tr");
    assert.equal(await rows.count(), 5);
    await page.getByLabel("Topic", { exact: true }).fill("prices");
    await page.getByLabel("Sender").fill(world.facts.friend);
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(/topic=prices&sender=/);
    await until("two records", async () => (await rows.count()) === 2);
    await page.show("/records?since=2100-01-01");
    assert.match(await page.locator(".empty").textContent(), /No records found\..*bouya record add/);
    await page.show("/records?since=2001-01-01&until=2100-01-01");
    assert.equal(await rows.count(), 5);
    await page.show("/records?sender=bouya1nonsense");
    await page.getByText("Not understood").first().waitFor();
    await page.finish();
  });

  test("a deadline that no calendar holds takes no page", async () => {
    const { facts } = world;
    const page = await start("/agreements");
    for (const path of ["/agreements", `/agreement/${facts.beyond}`, `/tx/${facts.proposed}`, `/document/${facts.hash}`, `/account/${facts.carol}?show=agreements`]) {
      await page.turn(path);
      await page.getByText("after the year 9999").first().waitFor();
      assert.equal(await page.getByText("This page has a bug").count(), 0, path);
    }
    await page.finish();
  });

  test("lines of a text are no more than spaces in a list", async () => {
    const page = await start(null);
    await page.route("**/v1/records?*", async (route) => {
      const answer = await (await route.fetch()).json();
      await route.fulfill({ json: { ...answer, items: [{ ...answer.items[0], name: null, data: "61", text: "wheat 212.50\r\nbarley\t188.00\u202E\n" }] } });
    });
    await page.show("/records");
    assert.equal(await page.locator("tbody .said").first().textContent(), "wheat 212.50 barley 188.00U+202E", "what turns text is shown all the same");
    await page.finish();
  });

  test("agreements are shown in each of their states", async () => {
    const page = await start("/agreements");
    assert.equal(await page.locator("tbody tr").count(), 6);
    const words = { open: /Waits for 1 answer/, effective: /All parties have signed/, refused: /A party refused/, withdrawn: /withdrew it/, expired: /deadline passed/ };
    for (const [status, id] of Object.entries(world.facts.agreements)) {
      await page.turn(`/agreement/${id}`);
      assert.equal(await page.locator(".title .badge").textContent(), status);
      assert.match(await page.locator(".lead").textContent(), words[status]);
      assert.equal(await page.getByText("Deadline", { exact: true }).count(), status === "open" ? 1 : 0, "a deadline that decides nothing any more is not shown");
      assert.equal(await page.getByText("bouya agree sign").count(), status === "open" ? 1 : 0, "how to answer is said while it can be");
      await page.turn(`/agreements?status=${status}`);
      assert.equal(await page.locator("tbody tr").count(), status === "open" ? 2 : 1, status);
    }
    await page.finish();
  });

  test("a receipt can be downloaded and verifies as the page says", async () => {
    const page = await start(`/tx/${world.facts.record}`);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download receipt" }).click()]);
    const file = `${world.network.dir}/${download.suggestedFilename()}`;
    await download.saveAs(file);
    const command = (await page.locator(".command code").textContent()).split(" ");
    assert.deepEqual(command.slice(0, 3), ["bouya", "receipt", "verify"]);
    assert.equal(command[3], download.suggestedFilename());
    const said = await world.network.offline(...command.slice(1), "--document", world.facts.lease);
    assert.match(said, /proven|lease\.pdf/);
    await page.finish();
  });

  test("a list goes on where it ended", async () => {
    const { network, facts } = world;
    // More than a page of 20 holds.
    for (let paid = 1; paid <= 20; paid += 1) await network.wallet("send", "--from", "carol", "--to", `${facts.demo}:0.01`);
    const all = () => network.get(`/v1/accounts/${facts.carol}/transactions?limit=100`);
    const items = await until("20 payments are in blocks", async () => {
      const { items } = await all();
      return items.filter((item) => item.direction === "out").length >= 20 && items;
    });
    const page = await start(`/account/${facts.carol}`);
    const rows = () => page.locator("tbody a[href^='/tx/']").evaluateAll((links) => links.map((link) => link.getAttribute("href").slice("/tx/".length)));
    const first = await rows();
    assert.equal(first.length, 20);
    await follow(page, page.getByRole("link", { name: "Older" }), /from=/);
    assert.deepEqual([...first, ...(await rows())], items.map((item) => item.transaction));
    assert.equal(await page.getByRole("link", { name: "Older" }).count(), 0);
    await follow(page, page.getByRole("link", { name: "Newest" }), `**/account/${facts.carol}`);
    await page.show("/blocks?from=2");
    assert.equal(await page.locator("tbody tr").count(), 2);
    await follow(page, page.getByRole("link", { name: "Newest" }), "**/blocks");
    await page.finish();
  });

  test("what is not there is named, with a way on", async () => {
    const page = await start("/block/99999999", { allow: (text) => text.includes("404") });
    await page.getByText("no block at height 99999999").waitFor();
    await follow(page, page.getByRole("link", { name: /topic “99999999”/ }), "**/records?topic=99999999");
    assert.match(await page.locator(".empty").textContent(), /No record under the topic 99999999/);
    await page.show(`/tx/${"0".repeat(64)}`);
    await page.getByText("neither waits here nor is on the chain").waitFor();
    for (const path of ["/no/such/page", "/agreement/"]) {
      await page.goto(path);
      await page.getByRole("heading", { name: "No such page" }).waitFor();
      await page.getByText(`There is no page at ${path} on this node.`).waitFor();
    }
    await follow(page, page.getByRole("link", { name: "To the overview" }), "**/");
    await page.finish();
  });
};
