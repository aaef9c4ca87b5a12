// What happens while a page is open.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open, settled } from "./browser.mjs";
import { PATIENCE, until } from "./network.mjs";

const height = (page) => page.locator(".health .height").getAttribute("data-height").then(Number);
/** Waits until the page is at this height or above. */
const reached = (page, least) => page.waitForFunction((least) => Number(document.querySelector(".health .height")?.dataset.height) >= least, least, { timeout: PATIENCE });

export const live = (world) => {
  test("blocks and transactions arrive by themselves", async () => {
    const { network, facts } = world;
    const page = await open(world.browser, network.url, {});
    const before = await height(page);
    await reached(page, before + 1);
    const read = await page.evaluate(() => [...document.querySelectorAll("[role=status], [role=alert], [aria-live]")].filter((region) => !region.hidden).map((region) => region.textContent.trim()).filter(Boolean));
    assert.deepEqual(read, ["Live"], "no screen reader has to hear of every block");
    const sent = await network.wallet("send", "--from", "demo", "--to", `${facts.carol}:2`);
    const id = /\b[0-9a-f]{64}\b/.exec(sent)[0];
    await page.goto(`/tx/${id}`);
    await settled(page);
    await page.getByRole("link", { name: "Download receipt" }).waitFor({ timeout: PATIENCE });
    await page.locator(".title .badge.good").waitFor();
    await page.finish();
  });

  test("a page that comes back asks for what it missed", async () => {
    const page = await open(world.browser, world.network.url, {});
    const hide = (hidden) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, hidden);
    const before = await height(page);
    await reached(page, before + 1);
    const streams = [];
    page.on("request", (request) => request.url().includes("/v1/events") && streams.push(request.url()));
    await hide(true);
    const left = await height(page);
    await until("two blocks that the page does not hear of", async () => (await world.network.get("/v1/status")).tip.height >= left + 2);
    await hide(false);
    await reached(page, left + 2);
    assert.deepEqual(streams.map((url) => /\/v1\/events\?after=[0-9a-f]{16}-\d+$/.test(url)), [true], `${streams}`);
    await page.finish();
  });

  test("a new agreement waits on the first page by itself", async () => {
    const { network, facts } = world;
    const page = await open(world.browser, network.url, {});
    await network.wallet("agree", "propose", "--from", "demo", "--title", "While you watch", "--document", facts.lease, "--party", facts.carol, "--deadline", "1h");
    const waiting = page.getByRole("list", { name: /^What waits for an answer/ });
    await waiting.getByRole("link", { name: "While you watch" }).waitFor({ timeout: PATIENCE });
    assert.equal(await waiting.locator("li .deed > a").first().textContent(), "While you watch", "its deadline is the nearest");
    await page.finish();
  });

  test("where all streams are taken a page says so, and asks instead", async () => {
    const page = await open(world.browser, world.network.url, { path: null, allow: (text) => text.includes("503") });
    await page.route("**/v1/events*", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: '{"type":"urn:bouya:busy","title":"busy","status":503,"detail":"all streams are taken"}' }));
    await page.goto("/");
    await page.locator("#pulse[data-state=polls]").waitFor({ timeout: PATIENCE });
    await page.getByText("All live connections of this node are taken.").waitFor();
    assert.ok(await page.locator("#trouble").isHidden(), "the node is not lost");
    await reached(page, (await height(page)) + 1);
    await page.finish();
  });

  test("a node that is gone is noticed, and so is its return", async () => {
    const { network } = world;
    const refused = (text) => /ERR_|Failed to load/.test(text);
    const page = await open(world.browser, network.url, { allow: refused });
    const before = await height(page);
    await network.halt();
    await page.locator("#pulse[data-state=lost]").waitFor({ timeout: PATIENCE });
    assert.match(await page.locator("#trouble").textContent(), /Connection lost\. .*This page shows the state of/);
    assert.ok((await height(page)) >= before, "what was read stays");
    await page.getByRole("link", { name: "Waiting", exact: true }).first().click();
    await page.getByText("The node does not answer").waitFor();
    await network.run();
    await page.locator("#pulse[data-state=live]").waitFor({ timeout: PATIENCE });
    await page.locator("#trouble").waitFor({ state: "hidden" });
    await page.getByRole("heading", { name: "Waiting", exact: true }).waitFor();
    await page.getByRole("link", { name: "Overview", exact: true }).click();
    await settled(page);
    await reached(page, before + 1);
    await page.finish();
  });
};
