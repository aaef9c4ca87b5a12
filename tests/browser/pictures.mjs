// Pictures of every page, to be looked at: `tests/browser/run --pictures`.

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { DESKTOP, launch, open, PHONE } from "./browser.mjs";
import { Network } from "./network.mjs";
import { everyPage } from "./pages.mjs";
import { traffic } from "./traffic.mjs";

/** Takes them, the dark ones in French; `only` is one of the four kinds, such as "phone-dark". */
export const pictures = async (url, folder, paths, only = null) => {
  await mkdir(folder, { recursive: true });
  const browser = await launch();
  for (const [width, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
    for (const scheme of ["light", "dark"]) {
      if (only && only !== `${width}-${scheme}`) continue;
      const page = await open(browser, url, { path: null, viewport, scheme, locale: scheme === "dark" ? "fr-FR" : "en-GB", allow: () => true });
      for (const [name, path] of paths) {
        await page.show(path);
        await page.screenshot({ path: `${folder}/${name}-${width}-${scheme}.png`, fullPage: true });
      }
      await page.finish();
    }
  }
  await browser.close();
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const network = await Network.start();
  const folder = fileURLToPath(new URL("pictures", import.meta.url));
  await pictures(network.url, folder, everyPage(await traffic(network)));
  await network.stop();
  console.log(folder);
}
