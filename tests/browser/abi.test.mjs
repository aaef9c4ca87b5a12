// The explorer reads a contract's messages as the command line does. The values are the command line's (src/abi/tests.rs).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { decode } from "../../src/http/explorer/abi.js";

const { abi, cases } = JSON.parse(readFileSync(new URL("../../src/abi/vectors.json", import.meta.url), "utf8"));

test("values are read as the command line reads them, and refused where it refuses", () => {
  assert.ok(cases.length > 50 && cases.some(({ fits }) => !fits));
  for (const { hex, fits, value } of cases) {
    if (fits) assert.deepEqual(decode(abi, abi.init, hex), value, hex);
    else assert.throws(() => decode(abi, abi.init, hex), (error) => error instanceof RangeError || error instanceof TypeError, hex);
  }
});
