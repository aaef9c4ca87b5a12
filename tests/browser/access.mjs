// Whoever reads: on a phone, in the dark, with a keyboard, with a screen reader.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { DESKTOP, open, settled, SMALL } from "./browser.mjs";
import { everyPage } from "./pages.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const access = (world) => {
  for (const [viewport, scheme, name] of [[DESKTOP, "light", "desktop, light"], [DESKTOP, "dark", "desktop, dark"], [SMALL, "light", "phone, light"], [SMALL, "dark", "phone, dark"]]) {
    test(`no page has a fault that axe finds, nor scrolls sideways: ${name}`, async () => {
      const page = await open(world.browser, world.network.url, { path: null, viewport, scheme, allow: (text) => text.includes("404") });
      for (const [name, path] of everyPage(world.facts)) {
        await page.show(path);
        const wide = await page.evaluate(() => {
          scrollTo(10_000, 0);
          const reached = scrollX;
          scrollTo(0, 0);
          return reached;
        });
        assert.equal(wide, 0, `${name} scrolls ${wide} px sideways`);
        // Not as an inline script: the policy of the page would rightly refuse it.
        await page.evaluate(AXE);
        const found = await page.evaluate(async () => (await globalThis.axe.run(document, { resultTypes: ["violations"] })).violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(" ")} ${nodes[0].failureSummary}`));
        assert.deepEqual(found, [], name);
      }
      await page.finish();
    });
  }

  test("a screen reader finds every part by its name", async () => {
    const page = await open(world.browser, world.network.url, {});
    for (const [role, name] of [
      ["banner"], ["main"], ["contentinfo"], ["navigation", "Pages"], ["search"], ["searchbox", "Search by height, hash, address or topic"],
      ["button", "Search"], ["button", /^Document/], ["heading", "devnet"], ["heading", "Latest blocks"], ["heading", "Peers"],
      ["list", "Latest blocks, newest first"], ["img", /^This node, node0, in the middle; 2 peers around it/],
      ["img", /^Interval of blocks \d+ to \d+\. Median/], ["img", /^Difficulty of blocks/],
    ]) {
      assert.equal(await page.getByRole(role, name ? { name, exact: typeof name === "string" } : {}).count(), 1, `${role} ${name ?? ""}`);
    }
    assert.equal(await page.locator("nav a[aria-current=page]").textContent(), "Overview");
    assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
    for (const [path, role, name] of [["/blocks", "table", "Blocks of the best chain"], ["/records", "form", "Filter records"], ["/agreements", "navigation", "Status"], ["/peers", "table", "Peers"]]) {
      await page.show(path);
      assert.equal(await page.getByRole(role, { name, exact: true }).count(), 1, `${role} ${name}`);
    }
    await page.finish();
  });

  test("light and dark follow the reader's choice", async () => {
    const grounds = [];
    for (const scheme of ["light", "dark"]) {
      const page = await open(world.browser, world.network.url, { scheme });
      grounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      await page.finish();
    }
    assert.notEqual(grounds[0], grounds[1]);
  });

  test("everything can be done with the keyboard alone", async () => {
    const page = await open(world.browser, world.network.url, {});
    await page.keyboard.press("Tab");
    const focused = () => page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.id);
    assert.equal(await focused(), "Skip to content");
    assert.ok(await page.evaluate(() => document.activeElement.getBoundingClientRect().top >= 0), "it is seen once it has the focus");
    const seen = [];
    for (let step = 0; step < 12; step += 1) {
      await page.keyboard.press("Tab");
      seen.push(await focused());
      const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.notEqual(ring, "none", `${seen.at(-1)} shows its focus`);
    }
    for (const name of ["bouya", "q", "Search", "Overview", "Blocks", "Agreements", "Peers"]) assert.ok(seen.includes(name), `${name} is among ${seen}`);
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.id), "q");
    await page.keyboard.type("1");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/block/1");
    await settled(page);
    assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1", "a new page is read from its heading");
    await page.finish();
  });

  test("an update keeps the focus where it was", async () => {
    const page = await open(world.browser, world.network.url, { path: "/blocks" });
    const link = page.locator("tbody a").first();
    await link.focus();
    const [address, top] = [await link.getAttribute("href"), await page.locator("tbody a").first().textContent()];
    await page.waitForFunction((top) => document.querySelector("tbody a").textContent !== top, top, { timeout: 120_000 });
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")), address);
    await page.finish();
  });
};
