// One devnet and one browser for all tests; each test has a page of its own, which notices errors and requests to elsewhere.

import { after, before, describe } from "node:test";
import { launch } from "./browser.mjs";
import { Network } from "./network.mjs";
import { traffic } from "./traffic.mjs";
import { access } from "./access.mjs";
import { languages } from "./languages.mjs";
import { live } from "./live.mjs";
import { pages } from "./pages.mjs";
import { policy } from "./policy.mjs";
import { search } from "./search.mjs";
import { signing } from "./signing.mjs";
import { verify } from "./verify.mjs";

describe("the explorer", () => {
  const world = {};
  before(async () => {
    world.network = await Network.start();
    world.facts = await traffic(world.network);
    world.browser = await launch();
  });
  after(async () => {
    await world.browser?.close();
    await world.network?.stop();
  });
  pages(world);
  search(world);
  signing(world);
  verify(world);
  languages(world);
  policy(world);
  access(world);
  // Last: it stops the nodes for a while.
  live(world);
});
