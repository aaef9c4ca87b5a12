// Every page in the reader's language, whole.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { open, settled } from "./browser.mjs";

const FOLDER = fileURLToPath(new URL("../../src/http/explorer/", import.meta.url));

/** All texts of both languages, by their path, as the page itself has them. */
const both = (page) => page.evaluate(async () => {
  const leaves = (part, path, into) => {
    for (const [key, value] of Object.entries(part)) {
      const at = `${path}.${key}`;
      if (typeof value === "object") leaves(value, at, into);
      else into[at] = typeof value === "function" ? `function of ${value.length}` : value;
    }
    return into;
  };
  const [{ en }, { fr }] = await Promise.all([import("/assets/words/en.js"), import("/assets/words/fr.js")]);
  return [leaves(en, "", {}), leaves(fr, "", {})];
});

/** English texts that have a French one, of a page in French. */
export const englishTexts = async (page) => {
  const [en, fr] = await both(page);
  const french = new Set(Object.values(fr));
  return Object.values(en).filter((text) => /[a-z]{3}/.test(text) && !text.startsWith("function") && !french.has(text));
};

/** Which of them a page shows. The switch to the other language is in that language, and what strangers wrote is in theirs. */
export const englishIn = (page, english) => page.evaluate((english) => {
  const known = new Set(english);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = [];
  while (walker.nextNode()) {
    const text = walker.currentNode.nodeValue.trim();
    if (known.has(text) && !walker.currentNode.parentElement.closest("[lang=en], noscript, bdi, code")) seen.push(text);
  }
  for (const attribute of ["aria-label", "title", "placeholder"]) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) if (!element.closest("[lang=en]") && known.has(element.getAttribute(attribute))) seen.push(`${attribute}: ${element.getAttribute(attribute)}`);
  }
  return document.documentElement.lang === "fr" ? seen : [...seen, "the document is not in French"];
}, english);

export const languages = (world) => {
  test("both languages have the same words", async () => {
    const page = await open(world.browser, world.network.url, {});
    const [en, fr] = await both(page);
    // English takes these from the node.
    const keys = (words) => Object.keys(words).filter((key) => !/^\.(health\.(reasons|steps)|trouble\.whys)\./.test(key)).sort();
    assert.deepEqual(keys(fr), keys(en));
    for (const key of keys(en)) assert.equal(fr[key].startsWith("function"), en[key].startsWith("function"), key);
    await page.finish();
  });

  test("a node that needs help says what to do, in the reader's language, for every state that there is", async () => {
    const { network } = world;
    const states = (await network.get("/openapi.json")).components.schemas.NodeState.enum;
    const page = await open(world.browser, network.url, { locale: "fr-FR" });
    const [en, fr] = await both(page);
    for (const state of states) {
      assert.ok(en[`.health.names.${state}`] && fr[`.health.names.${state}`], state);
      assert.ok(state === "ready" || fr[`.health.reasons.${state}`], state);
      assert.ok(["ready", "starting", "syncing"].includes(state) || fr[`.health.steps.${state}`], state);
    }
    const status = await network.get("/v1/status");
    await page.route("**/v1/status", (route) => route.fulfill({ json: { ...status, state: { name: "disk-full", ready: false, reason: "the disk is nearly full", next: "make room" } } }));
    await page.show("/");
    assert.match(await page.locator(".health.bad[role=alert]").textContent(), /Ce nœud a besoin d’aide.*Le disque est presque plein.*Que faire\s:.*Faites de la place/);
    assert.equal(await page.locator(".health [lang=en]").first().textContent(), "The disk is nearly full.", "the node's own words are there as well");
    await page.finish();
  });

  test("what is not there is said in the reader's language, and the node's own words are kept", async () => {
    const page = await open(world.browser, world.network.url, { path: "/block/99999999", locale: "fr-FR", allow: (text) => text.includes("404") });
    assert.equal(await page.locator(".note").textContent(), "Ce nœud n’a rien à cette hauteur ou sous ce nom.");
    assert.match(await page.locator("main details [lang=en]").textContent(), /^No block at height 99999999/);
    await page.finish();
  });

  test("a reader can switch, and the browser remembers", async () => {
    const page = await open(world.browser, world.network.url, { path: "/agreements" });
    await page.getByRole("button", { name: "Français" }).click();
    await page.getByRole("heading", { name: "Accords" }).waitFor();
    await settled(page);
    await page.show(`/agreement/${world.facts.agreements.effective}`);
    assert.equal(await page.locator(".lead").textContent().then((text) => text.startsWith("Toutes les parties ont signé.")), true);
    await page.getByRole("button", { name: "English" }).click();
    await page.getByText("All parties have signed.").waitFor();
    await page.finish();
  });

  test("what people read stands in the files of words alone", async () => {
    // The verifier is built from a library, with words of its own in both languages: clients/typescript/verifier/words.ts.
    const files = (await readdir(FOLDER, { recursive: true })).filter((name) => name.endsWith(".js") && !name.startsWith("words") && name !== "verifier.js");
    assert.ok(files.length > 30);
    for (const name of files) {
      const code = (await readFile(`${FOLDER}${name}`, "utf8")).replace(/\/\*[^]*?\*\/|^\s*\/\/.*$|\s\/\/ .*$/gm, "");
      const texts = [...code.matchAll(/"((?:[^"\\\n]|\\.)*)"/g)].map(([, text]) => text).filter((text) => /^[A-Z]?[a-z’]+(?: [a-z’]+){2,}|^[A-Z][a-z]+ [a-z]+/.test(text) && !text.startsWith("bouya "));
      assert.deepEqual(texts, [], name);
    }
  });
};
