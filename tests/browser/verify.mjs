// Receipts in a browser: dropped on the explorer's pages, and in the page that works from a file.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { DESKTOP, open, settled, SMALL } from "./browser.mjs";

const place = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const PAGE = pathToFileURL(place("src/http/explorer/verifier.html")).href;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LEASE = Buffer.from("lease");

/** Every receipt that tests/receipt.rs has made. */
const vectors = JSON.parse(readFileSync(place("tests/receipt/vectors.json"), "utf8"));
const vector = (what) => vectors.find((one) => one.what === what);

const file = (name, content) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(content) });

/** Another digit in the middle of a hash: the form is right, and what it says is false. */
const changed = (text) => text.replace(/(?<=[LR][0-9a-f]{10})[0-9a-f]/, (digit) => (digit === "0" ? "1" : "0"));

/** What axe finds wrong, and how far the page scrolls sideways. */
const faults = async (page) => {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    scrollTo(10_000, 0);
    const found = (await globalThis.axe.run(document, { resultTypes: ["violations"] })).violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(" ")}`);
    return scrollX === 0 ? found : [...found, `it scrolls ${scrollX} px sideways`];
  });
};

/** The page that works from a file, in a context that has no network and says what it was refused. */
const standalone = async (browser, { locale = "en-GB", viewport = DESKTOP, colorScheme = "light" } = {}) => {
  const context = await browser.newContext({ locale, viewport, colorScheme, offline: true });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => wrong.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`error: ${error}`));
  page.on("request", (request) => request.url() === PAGE || wrong.push(`request: ${request.url()}`));
  await page.addInitScript(() => {
    globalThis.refused = [];
    document.addEventListener("securitypolicyviolation", (event) => globalThis.refused.push(event.violatedDirective));
  });
  await page.goto(PAGE);
  page.give = async (...files) => {
    await page.locator("#files").setInputFiles(files);
    await page.locator(".reading").waitFor({ state: "detached" });
  };
  page.verdict = async () => ({ level: /v-(proven|signed|wrong)/.exec(await page.locator(".v-report").getAttribute("class"))[1], head: await page.locator(".v-verdict h2").textContent(), text: await page.locator(".v-report").innerText() });
  page.finish = async () => {
    assert.deepEqual(await page.evaluate(() => globalThis.refused), []);
    await context.close();
    assert.deepEqual(wrong, []);
  };
  return page;
};

export const verify = (world) => {
  test("a receipt that is dropped on a page is recognised, and verified in the browser", async () => {
    const { network, facts } = world;
    const text = await network.bouya("receipt", "get", facts.record);
    const page = await open(world.browser, network.url, { path: "/blocks", allow: (said) => said.includes("404") });
    const sent = [];
    page.on("request", (request) => sent.push(`${request.method()} ${request.url()}`));
    const give = async (name, content) => {
      await page.locator("#file").setInputFiles(file(name, content));
      await page.waitForURL("**/verify");
      await settled(page);
      await page.getByText(name).waitFor();
    };
    await give("lease.receipt", text);
    await page.locator(".v-proven").waitFor();
    const shown = await page.locator(".v-report").innerText();
    for (const words of ["Proven", "lease.pdf", "contracts", facts.demo]) assert.ok(shown.includes(words), `${words}: ${shown}`);
    assert.deepEqual(await faults(page), []);
    for (const [path, words] of [[facts.lease, "The same file"], [facts.other, "This is another document"]]) {
      await page.locator("#file").setInputFiles(path);
      await page.getByText(words).waitFor();
    }
    await give("changed.receipt", changed(text));
    await page.locator(".v-wrong").waitFor();
    await give("cut.receipt", text.slice(0, 300));
    await page.locator(".v-wrong").waitFor();
    const { text: foreign } = vector("a signature under a final block");
    await give("foreign.receipt", foreign);
    await page.locator(".v-wrong").waitFor();
    assert.match(await page.locator(".v-report").innerText(), /another network/);
    assert.ok(sent.every((request) => request.startsWith("GET ") && !request.includes("receipt")), "nothing of the file was sent");
    await page.finish();
  });

  test("without a receipt the page says what to do", async () => {
    const page = await open(world.browser, world.network.url, { path: "/verify", allow: (said) => said.includes("404") });
    assert.match(await page.locator("main").innerText(), /Drop a receipt/);
    await page.finish();
  });

  test("the page from a file says the same of every receipt as the files prove", async () => {
    const page = await standalone(world.browser);
    for (const { what, network, override, text, final } of vectors) {
      await page.goto(PAGE);
      await page.give(file("it.receipt", text));
      assert.equal((await page.verdict()).level, "signed", what);
      await page.give(file("network.toml", network), ...(override ? [file("override.toml", override)] : []));
      assert.equal((await page.verdict()).level === "proven", final, what);
    }
    await page.finish();
  });

  test("it tells what became of a call, that it failed, or that the receipt does not say", async () => {
    const page = await standalone(world.browser);
    for (const [what, words] of [
      ["a call under a final block", ["Done.", "Gives back, in hex"]],
      ["a call that failed", ["Failed.", "it changed nothing else"]],
      ["the same without its outcome", ["This receipt does not say whether it failed"]],
    ]) {
      const { text, network } = vector(what);
      await page.goto(PAGE);
      await page.give(file("it.receipt", text), file("network.toml", network));
      const said = await page.verdict();
      assert.equal(said.level, "proven", what);
      for (const one of ["What came of it", ...words]) assert.ok(said.text.includes(one), `${what}: ${one}: ${said.text}`);
    }
    await page.finish();
  });

  test("it tells who signed what, compares the document, and is not fooled by changes", async () => {
    const { text, network } = vector("a signature under a final block");
    for (const [viewport, colorScheme] of [[DESKTOP, "light"], [SMALL, "dark"]]) {
      const page = await standalone(world.browser, { viewport, colorScheme });
      assert.deepEqual(await faults(page), []);
      await page.give(file("lease.receipt", text), file("network.toml", network), file("lease.pdf", LEASE));
      const good = await page.verdict();
      assert.deepEqual([good.level, good.head], ["proven", "Proven"]);
      for (const words of ["The same file", "Signs an agreement", "m1, m3, m9", "at least 2 of all 4 members"]) assert.ok(good.text.includes(words), `${words}: ${good.text}`);
      assert.deepEqual(await faults(page), []);
      await page.give(file("lease.pdf", "leaser"));
      assert.deepEqual((await page.verdict()).head, "This is another document");
      assert.deepEqual(await faults(page), []);
      await page.getByRole("button", { name: "Remove: lease.pdf" }).click();
      await page.locator(".v-proven").waitFor();
      await page.give(file("lease.receipt", changed(text)));
      assert.deepEqual((await page.verdict()).level, "wrong");
      await page.give(file("lease.receipt", "nonsense"));
      assert.deepEqual((await page.verdict()).level, "wrong");
      await page.getByRole("button", { name: "Remove: network.toml" }).click();
      await page.give(file("lease.receipt", text), file("network.toml", network.replace(/^salt = "../m, 'salt = "ff')));
      assert.match((await page.verdict()).text, /another network/);
      assert.deepEqual(await faults(page), []);
      await page.finish();
    }
  });

  test("a document whose lines read like an override is a document, and an override is named in the answer", async () => {
    const { text, network, override } = vector("a transfer after an override");
    for (const [locale, names] of [["en-GB", "The file “override.toml” decides who the members are"], ["fr-FR", "Le fichier «\u00a0override.toml\u00a0» décide qui sont les membres"]]) {
      const page = await standalone(world.browser, { locale });
      const contract = `# The parties agree to the following.\n${override}`;
      await page.give(file("it.receipt", text), file("network.toml", network), file("contract.txt", contract));
      const smuggled = await page.verdict();
      assert.equal(smuggled.level, "wrong");
      assert.ok(!smuggled.text.includes(names));
      assert.deepEqual(await page.locator(".files .name").allTextContents(), ["it.receipt", "network.toml", "contract.txt"]);
      await page.give(file("definition.txt", network.replace(/^salt = "../m, 'salt = "ff')));
      assert.deepEqual(await page.locator(".files .name").allTextContents(), ["it.receipt", "network.toml", "definition.txt"], "nor the network's definition");
      await page.locator(".files button").last().click();
      await page.give(file("override.toml", override));
      const good = await page.verdict();
      assert.equal(good.level, "proven");
      assert.ok((await page.locator(".v-verdict").innerText()).includes(names), good.text);
      assert.deepEqual(await faults(page), []);
      await page.finish();
    }
  });

  test("what says who the members are is not replaced by another file until the reader chooses", async () => {
    const { text, network, override } = vector("a transfer after an override");
    for (const [locale, words] of [["en-GB", /only one of them can count: .*toml, .*toml/], ["fr-FR", /un seul peut compter.*toml, .*toml/]]) {
      const page = await standalone(world.browser, { locale, viewport: SMALL });
      const good = [file("network.toml", network), file("override.toml", override)];
      await page.give(file("it.receipt", text), ...good);
      for (const other of [file("network2.toml", `${network}# other\n`), file("mine.toml", `${override}# other\n`)]) {
        await page.give(other, ...good, file("copy.toml", network));
        assert.match(await page.getByRole("alert").first().textContent(), words);
        assert.equal(await page.locator(".v-report").count(), 0, "nothing is said by files that differ");
        assert.deepEqual(await faults(page), []);
        await page.getByRole("button", { name: `: ${other.name}` }).click();
        assert.equal((await page.verdict()).level, "proven", "the first one is still there, once");
      }
      assert.deepEqual(await page.locator(".files .name").allTextContents(), ["it.receipt", "network.toml", "override.toml"]);
      await page.finish();
    }
  });

  test("a block that is trusted for other reasons takes the definition's place", async () => {
    const { text, trusted } = vector("a transfer under the last block");
    const page = await standalone(world.browser);
    await page.give(file("it.receipt", text));
    await page.locator("details.trust summary").click();
    await page.locator("#trust").fill(trusted.slice(1));
    assert.match(await page.locator("details.trust").innerText(), /64 digits/);
    await page.locator("#trust").fill(trusted);
    await page.locator(".v-proven").waitFor();
    await page.finish();
  });

  test("it speaks French to who reads French", async () => {
    const { text, network } = vector("a signature under a final block");
    const page = await standalone(world.browser, { locale: "fr-CA" });
    assert.equal(await page.locator("html").getAttribute("lang"), "fr");
    await page.give(file("bail.receipt", text), file("network.toml", network));
    assert.equal((await page.verdict()).head, "Prouvé");
    await page.finish();
  });

  test("what strangers wrote is text, and its policy refuses all else", async () => {
    const page = await standalone(world.browser);
    const loaded = await page.evaluate(() => fetch("https://elsewhere.example/").then(() => true, () => false));
    const ran = await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "globalThis.owned = true";
      document.body.append(script);
      return globalThis.owned ?? false;
    });
    assert.deepEqual([loaded, ran], [false, false]);
    const refused = await page.evaluate(() => globalThis.refused.splice(0));
    assert.deepEqual(refused.sort(), ["connect-src", "script-src-elem"]);
    await page.context().close();
    assert.match(await readFile(place("src/http/explorer/verifier.html"), "utf8"), /default-src 'none'/);
  });
};
