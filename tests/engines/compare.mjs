// Asks another engine, V8, what each module does. Lines come from the standard input: a module in hex, and what it gave, or `trap`.

import { createInterface } from "node:readline";

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));

/** What the module's `call` gives: bytes in hex, or `trap`; null where only V8 has a bound. */
const run = (code) => {
  let memory = null;
  let given = "";
  const output = (at, length) => {
    const [from, count] = [at >>> 0, length >>> 0];
    if (count > 1024 || from + count > memory.buffer.byteLength) throw new WebAssembly.RuntimeError("output");
    given = Buffer.from(memory.buffer, from, count).toString("hex");
  };
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { bouya: { output } });
    memory = exports.memory;
    exports.call();
    return given;
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return "trap";
    // Its stack is another one.
    if (error instanceof RangeError) return null;
    throw error;
  }
};

let [same, traps, bounded] = [0, 0, 0];
for await (const line of createInterface({ input: process.stdin })) {
  const [code, gave] = line.split(" ");
  const found = run(bytes(code));
  if (found === null) bounded += 1;
  else if (found !== gave) {
    console.error(`they differ: here ${gave}, V8 ${found}, module ${code}`);
    process.exit(1);
  } else {
    same += 1;
    traps += gave === "trap";
  }
}
console.log(`${same} modules gave the same in both engines, ${traps} of them a trap; ${bounded} were too deep for V8`);
if (same === 0) process.exit(1);
