// The one search box, and documents that are dropped.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { open, settled } from "./browser.mjs";

const missing = (text) => text.includes("404");

export const search = (world) => {
  test("the search box finds heights, hashes, addresses and topics", async () => {
    const { facts, network } = world;
    const page = await open(world.browser, network.url, { allow: missing });
    const block = await network.get("/v1/blocks/2");
    const grouped = block.hash.toUpperCase().replace(/.{8}/g, "$& ");
    for (const [typed, address, words] of [
      ["2", "/block/2", "Block"],
      [` ${block.hash} `, `/block/${block.hash}`, "Block"],
      [grouped, `/block/${block.hash}`, "Block"],
      [`${block.hash.slice(0, 8)}…${block.hash.slice(-4)}`, `/block/${block.hash}`, "Block"],
      [facts.paid, `/tx/${facts.paid}`, "Transfer"],
      [facts.paid.slice(0, 8).toUpperCase() + facts.paid.slice(8, 20), `/tx/${facts.paid}`, "Transfer"],
      [facts.hash.slice(0, 16), `/document/${facts.hash}`, "On the ledger."],
      [facts.agreements.effective, `/agreement/${facts.agreements.effective}`, "Lease 2027"],
      [facts.hash, `/document/${facts.hash}`, "On the ledger."],
      [facts.carol, `/account/${facts.carol}`, "Account"],
      ["prices", "/records?topic=prices", "Under prices"],
      ["no such topic", "/search?q=no+such+topic", "Nothing found"],
      ["ef".repeat(32), `/search?q=${"ef".repeat(32)}`, "Nothing found"],
    ]) {
      await page.locator("#q").fill(typed);
      await page.locator("#q").press("Enter");
      await page.waitForURL((url) => url.pathname + url.search === address);
      await settled(page);
      assert.ok((await page.locator("main").textContent()).includes(words), `${typed}: ${words}`);
    }
    await page.finish();
  });

  test("words are found in members' names, titles, file names and topics", async () => {
    const { facts } = world;
    const page = await open(world.browser, world.network.url, {});
    // With a letter in it: digits alone are a height, and one id in seventeen begins with six of them.
    const [part] = facts.agreements.open.match(/[0-9a-f]{5}[a-f]/);
    for (const [typed, href, words] of [
      ["SUPPLY", `/agreement/${facts.agreements.open}`, "Supply of wheat, first half of 2027Agreement"],
      ["annex.pdf", `/tx/${facts.annexed}`, "first-annex.pdfrecord under contracts"],
      ["pric", "/records?topic=prices", "pricesrecords under this topic"],
      [part, `/agreement/${facts.agreements.open}`, "Supply of wheat, first half of 2027Agreement"],
      ["node", null, "node1member node1"],
    ]) {
      await page.show(`/search?q=${typed}`);
      const found = href === null ? page.locator(".found a") : page.locator(`.found a[href="${href}"]`);
      assert.ok((await found.allTextContents()).includes(words), `${typed}: ${await found.allTextContents()}`);
    }
    await page.finish();
  });

  const drop = (page, file, name) =>
    page.evaluate(([content, name]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(content)], name));
      for (const type of ["dragenter", "dragover"]) document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
      const shown = !document.getElementById("drop").hidden;
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
      return shown;
    }, [[...file], name]);

  test("a dropped document is hashed in the page and found", async () => {
    const page = await open(world.browser, world.network.url, {});
    const sent = [];
    page.on("request", (request) => sent.push(`${request.method()} ${request.url()} ${request.postData() ?? ""}`));
    const lease = await readFile(world.facts.lease);
    assert.ok(await drop(page, lease, "my lease.pdf"), "the page says what a drop would do");
    await page.waitForURL(`**/document/${world.facts.hash}`);
    await settled(page);
    assert.equal(await page.locator("h1").textContent(), "my lease.pdf");
    assert.match(await page.locator(".lead").textContent(), /On the ledger/);
    assert.equal(await page.locator(`main a[href="/tx/${world.facts.record}"]`).count(), 1);
    assert.equal(await page.locator(`main a[href="/agreement/${world.facts.agreements.effective}"]`).count(), 1);
    assert.ok(sent.every((request) => request.startsWith("GET ") && !request.includes("lease")), "neither the file nor its name was sent");
    await page.finish();
  });

  test("a file dropped on an agreement is called the same file or another one, there", async () => {
    const { facts } = world;
    const page = await open(world.browser, world.network.url, { path: `/agreement/${facts.agreements.open}` });
    const verdict = page.locator(".verdict");
    // Recorded, and the document of other agreements: still not this one's.
    await drop(page, await readFile(facts.annex), "annex.pdf");
    await page.locator(".verdict.other").waitFor();
    assert.equal(await verdict.locator(".word").textContent(), "Another file");
    assert.ok(await verdict.evaluate((box) => box.getBoundingClientRect().top < innerHeight && document.activeElement === box), "it is in sight and has the focus");
    assert.equal(await verdict.getByRole("link", { name: /What the ledger holds/ }).count(), 1);
    assert.match(page.url(), /\/agreement\//, "the page is still the agreement's");
    await drop(page, await readFile(facts.lease), "lease.pdf");
    await page.locator(".verdict.same").waitFor();
    assert.equal(await verdict.locator(".word").textContent(), "Same file");
    assert.equal(await verdict.count(), 1);
    // The page that the record stands on does the same, also for a file that is chosen.
    await page.show(`/tx/${facts.record}`);
    assert.equal(await verdict.count(), 0, "what was dropped elsewhere is not said here");
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.getByRole("button", { name: "Compare a file…" }).click()]);
    await chooser.setFiles(facts.lease);
    await page.locator(".verdict.same").waitFor();
    await page.finish();
  });

  test("a document that nobody recorded is said to be missing, with what to do", async () => {
    const page = await open(world.browser, world.network.url, {});
    await page.locator("#file").setInputFiles(world.facts.other);
    await page.waitForURL("**/document/*");
    await settled(page);
    assert.match(await page.locator(".lead").textContent(), /Not on this ledger/);
    assert.ok(await page.getByText("bouya record add").count());
    await page.finish();
  });

  test("where a browser cannot hash, the page says why", async () => {
    const page = await open(world.browser, world.network.url, { path: null });
    // As on http://10.0.0.5: no secure context, so no crypto.subtle.
    await page.addInitScript(() => Object.defineProperty(Crypto.prototype, "subtle", { get: () => undefined }));
    await page.show("/");
    await page.locator("#file").setInputFiles(world.facts.other);
    await page.getByText("bouya record find --file FILE").waitFor();
    await page.finish();
  });
};
