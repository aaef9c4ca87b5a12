// The checker of receipts that was written from the text alone: tests/receipt/check.py.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { text } from "node:stream/consumers";
import { place } from "./files.js";

/** A receipt, and what is trusted: a block's hash, or the definition's files with a comma between. */
export interface Line {
  readonly trusted: string;
  readonly receipt: string;
}

const judge = async (lines: readonly Line[]): Promise<boolean[]> => {
  const child = spawn("python3", [place("tests/receipt/check.py")], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  child.stdin.end(lines.map(({ trusted, receipt }) => `${trusted} ${receipt}\n`).join(""));
  const said = (await text(child.stdout)).split("\n").slice(0, -1);
  const [code] = (await ended) as [number | null];
  if (code !== 0 || said.length !== lines.length) throw new Error(`check.py ended with ${code} after ${said.length} of ${lines.length} lines`);
  return said.map((line) => line === "proven");
};

/** What it says of each. It is slow over signatures, so it runs on all cores. */
export const others = async (lines: readonly Line[]): Promise<boolean[]> => {
  const runs = availableParallelism();
  const parts = await Promise.all(Array.from({ length: runs }, (_, run) => judge(lines.filter((_, at) => at % runs === run))));
  return lines.map((_, at) => parts[at % runs]?.[Math.floor(at / runs)] ?? false);
};
