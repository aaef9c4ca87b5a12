// Chromium, and pages that notice what no page may do: speak to another host, or write an error to its console.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

/** With FROM_SOURCES set, pages come from the working copy, not from the program: no build between two looks. */
const SOURCES = process.env.FROM_SOURCES ? fileURLToPath(new URL("../../src/http/explorer", import.meta.url)) : null;
const KINDS = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

/** The first parts of pages' addresses, as the program knows them. */
const isKnown = (path) => ["", "blocks", "block", "tx", "account", "contacts", "records", "agreements", "agreement", "document", "mempool", "members", "motion", "node", "peers", "voters", "search"].includes(path.split("/")[1]);

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });

export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };
export const SMALL = { width: 360, height: 740 };

/** A page of a context of its own. `page.faults` holds what went wrong; `close` insists that nothing did. */
export const open = async (browser, url, { path = "/", viewport = DESKTOP, scheme = "light", motion = "reduce", locale = "en-GB", allow = () => false } = {}) => {
  const context = await browser.newContext({ baseURL: url, viewport, colorScheme: scheme, reducedMotion: motion, locale, timezoneId: "Europe/Paris" });
  const page = await context.newPage();
  if (SOURCES) {
    await context.route("**/assets/**", async (route) => {
      const name = new URL(route.request().url()).pathname.slice("/assets/".length);
      await route.fulfill({ body: await readFile(join(SOURCES, name)), contentType: KINDS[extname(name)] });
    });
    const isPage = (address) => !/^\/(v1|assets|metrics|openapi)/.test(address.pathname);
    await context.route(isPage, async (route) => {
      // With the node's own headers: the policy among them.
      const response = await route.fetch();
      // A page that is newer than the program is there all the same.
      const status = isKnown(new URL(route.request().url()).pathname) ? 200 : response.status();
      await route.fulfill({ response, status, contentType: "text/html; charset=utf-8", body: await readFile(join(SOURCES, "index.html")) });
    });
  }
  const faults = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !allow(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.stack ?? error}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${url}/`)) faults.push(`request elsewhere: ${request.url()}`);
  });
  page.on("dialog", (dialog) => faults.push(`dialog: ${dialog.message()}`));
  page.finish = async () => {
    await context.close();
    assert.deepEqual(faults, []);
  };
  page.show = async (path) => {
    await page.goto(path);
    await settled(page);
  };
  /** The same without loading the document anew, as a link does it. */
  page.turn = async (path) => {
    await page.evaluate((path) => {
      history.pushState(null, "", path);
      dispatchEvent(new PopStateEvent("popstate"));
    }, path);
    await settled(page);
  };
  if (path) await page.show(path);
  return page;
};

/** The page shows what it loaded, and hears the node. */
export const settled = async (page) => {
  await page.locator("main:not([aria-busy]) h1").waitFor();
  await page.locator("#pulse[data-state=live]").waitFor();
};
