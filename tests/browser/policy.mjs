// What keeps the pages shut: where they may load from, and what may run in them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./browser.mjs";

/** Counts, in the page, what its policy refused. */
export const watch = (page) =>
  page.addInitScript(() => {
    globalThis.refused = [];
    document.addEventListener("securitypolicyviolation", (event) => globalThis.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
  });

/** Shows a page, which must come with a strict policy and keep to it. */
export const showStrictly = async (page, url, name, path) => {
  const [answer] = await Promise.all([page.waitForResponse(url + path), page.show(path)]);
  const given = answer.headers()["content-security-policy"] ?? "";
  for (const part of ["default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]) assert.ok(given.includes(part), `${name}: ${given}`);
  assert.ok(!/unsafe|\*|https?:/.test(given), `${name}: ${given}`);
  assert.deepEqual(await page.evaluate(() => globalThis.refused), [], name);
};

export const policy = (world) => {
  test("the policy refuses what a page might be made to run or load", async () => {
    const page = await open(world.browser, world.network.url, { path: null, allow: (text) => /Content Security Policy|violates/.test(text) });
    await watch(page);
    await page.show("/");
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "globalThis.owned = true";
      document.body.append(script);
      const styled = document.createElement("p");
      styled.setAttribute("style", "color: red");
      document.body.append(styled);
    });
    // Refused before anything is sent, so that `finish` sees no request to elsewhere.
    const loaded = await page.evaluate(() => fetch("https://elsewhere.example/").then(() => true, () => false));
    assert.equal(loaded, false);
    assert.equal(await page.evaluate(() => globalThis.owned ?? false), false);
    const refused = await page.evaluate(() => globalThis.refused.map((text) => text.split(" ")[0]));
    assert.deepEqual(refused.sort(), ["connect-src", "script-src-elem", "style-src-attr"]);
    await page.finish();
  });
};
