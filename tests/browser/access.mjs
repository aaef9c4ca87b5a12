// Whoever reads: on a phone, in the dark, with a keyboard, with a screen reader.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { DESKTOP, open, settled, SMALL } from "./browser.mjs";
import { englishIn, englishTexts } from "./languages.mjs";
import { everyPage } from "./pages.mjs";
import { showStrictly, watch } from "./policy.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const faults = (page) => page.evaluate(async () => (await globalThis.axe.run(document, { resultTypes: ["violations"] })).violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(" ")} ${nodes[0].failureSummary}`));

export const access = (world) => {
  for (const [viewport, scheme, locale, name] of [[DESKTOP, "light", "en-GB", "desktop, light"], [DESKTOP, "dark", "fr-FR", "desktop, dark, French"], [SMALL, "light", "fr-FR", "phone, light, French"], [SMALL, "dark", "en-GB", "phone, dark"]]) {
    test(`no page has a fault that axe finds, scrolls sideways, breaks its policy or mixes languages: ${name}`, async () => {
      const page = await open(world.browser, world.network.url, { path: null, viewport, scheme, locale, allow: (text) => text.includes("404") });
      // The policy is the same for all readers: one of them loads a document of each kind anew.
      const seen = name === "desktop, light" ? new Set() : null;
      await watch(page);
      await page.show("/");
      // Not as an inline script: the policy of the page would rightly refuse it.
      await page.evaluate(AXE);
      const english = locale === "fr-FR" ? await englishTexts(page) : null;
      for (const [name, path] of everyPage(world.facts)) {
        const kind = path.split(/[/?]/)[1];
        if (seen !== null && !seen.has(kind)) {
          seen.add(kind);
          await showStrictly(page, world.network.url, name, path);
          await page.evaluate(AXE);
        } else await page.turn(path);
        if (english !== null) assert.deepEqual(await englishIn(page, english), [], name);
        const wide = await page.evaluate(() => {
          scrollTo(10_000, 0);
          const reached = scrollX;
          scrollTo(0, 0);
          return reached;
        });
        assert.equal(wide, 0, `${name} scrolls ${wide} px sideways`);
        assert.deepEqual(await faults(page), [], name);
      }
      await page.turn(`/agreement/${world.facts.agreements.open}`);
      for (const [file, word] of [[world.facts.lease, "same"], [world.facts.other, "other"]]) {
        await page.locator("#file").setInputFiles(file);
        await page.locator(`.verdict.${word}`).waitFor();
        assert.deepEqual(await faults(page), [], word);
      }
      await page.finish();
    });
  }

  test("a screen reader finds every part by its name", async () => {
    const page = await open(world.browser, world.network.url, {});
    for (const [role, name] of [
      ["banner"], ["main"], ["contentinfo"], ["navigation", "Pages"], ["search"], ["searchbox", "Search by name, title, topic, file name, height, hash or address"],
      ["button", "Search"], ["button", /^Document/], ["button", "Français"], ["heading", "devnet"], ["heading", "Waits for an answer"], ["heading", "What is new"], ["heading", "3 members"],
      ["region", "Health of this node"], ["list", "What happened, newest first"], ["list", "What waits for an answer, the nearest deadline first"],
    ]) {
      assert.equal(await page.getByRole(role, name ? { name, exact: typeof name === "string" } : {}).count(), 1, `${role} ${name ?? ""}`);
    }
    assert.equal(await page.locator("nav a[aria-current=page]").textContent(), "Overview");
    assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
    for (const [path, role, name] of [["/blocks", "table", "Blocks of the best chain"], ["/records", "form", "Filter records"], ["/agreements", "navigation", "Status"], ["/peers", "table", "Peers"], ["/peers", "img", "PICTURE"], ["/node", "slider", "INTERVAL"], ["/contacts", "form", "Name an address"]]) {
      await page.show(path);
      const pattern = { PICTURE: /^This node, node0, in the middle; 2 peers around it/, INTERVAL: /^Interval of blocks \d+ to \d+\. Median/ }[name];
      assert.equal(await page.getByRole(role, pattern ? { name: pattern } : { name, exact: true }).count(), 1, `${role} ${name}`);
    }
    await page.finish();
  });

  test("on a phone, cards are read and reached in the order in which they are seen", async () => {
    const page = await open(world.browser, world.network.url, { path: null, viewport: SMALL, allow: (text) => text.includes("404") });
    await page.show("/");
    for (const [name, path] of everyPage(world.facts)) {
      await page.turn(path);
      const above = await page.evaluate(() => [...document.querySelectorAll("tr")].flatMap((row) => {
        const cells = [...row.cells].filter((cell) => cell.checkVisibility());
        return cells.filter((cell, index) => index > 0 && cell.getBoundingClientRect().top < cells[index - 1].getBoundingClientRect().top).map((cell) => cell.dataset.label);
      }));
      assert.deepEqual(above, [], `${name}: these stand above what comes before them`);
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
    for (let step = 0; step < 17; step += 1) {
      await page.keyboard.press("Tab");
      seen.push(await focused());
      const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.notEqual(ring, "none", `${seen.at(-1)} shows its focus`);
    }
    for (const name of ["bouya", "Français", "q", "Search", "Overview", "Blocks", "Agreements", "Peers", "Node"]) assert.ok(seen.includes(name), `${name} is among ${seen}`);
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.id), "q");
    await page.keyboard.type("1");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/block/1");
    await settled(page);
    assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1", "a new page is read from its heading");
    await page.finish();
  });

  test("a chart is read with the keyboard alone", async () => {
    const page = await open(world.browser, world.network.url, { path: "/node" });
    const chart = page.getByRole("slider", { name: /^Interval/ });
    await chart.focus();
    await page.keyboard.press("Home");
    const first = Number(await chart.getAttribute("aria-valuemin"));
    assert.match(await chart.getAttribute("aria-valuetext"), new RegExp(`^Block ${first}, .*s$`));
    await page.keyboard.press("ArrowRight");
    assert.equal(Number(await chart.getAttribute("aria-valuenow")), first + 1);
    assert.equal(await page.locator("[data-plot=interval] .says").textContent(), await chart.getAttribute("aria-valuetext"), "it is seen as well as heard");
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
