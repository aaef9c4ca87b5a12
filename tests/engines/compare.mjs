// Asks another engine, V8, what each module does. Lines come from the standard input: a module in hex, and what it gave, or `trap`.

import { createHash } from "node:crypto";
import { createInterface } from "node:readline";

const INPUT = Buffer.from("what every module is called with, always");

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));

/** What the module's `call` gives: bytes in hex, or `trap`; null where only V8 has a bound. */
const run = (code) => {
  let memory = null;
  let given = "";
  const slots = new Map();
  const read = (at, length, most = Infinity) => {
    const [from, count] = [at >>> 0, length >>> 0];
    if (count > most || from + count > memory.buffer.byteLength) throw new WebAssembly.RuntimeError("outside");
    return Buffer.from(memory.buffer, from, count);
  };
  const write = (at, data) => data.copy(read(at, data.length));
  const key = (at, length) => read(at, length, 64).toString("hex");
  // What the world does that the machine was given.
  const bouya = {
    output: (at, length) => { given = read(at, length, 1_024).toString("hex"); },
    input_size: () => INPUT.length,
    value: () => 77n,
    balance: () => 1n << 40n,
    height: () => 9n,
    time: () => 1_700_000_000_000n,
    input: (at) => write(at, INPUT),
    sha256: (at, length, to) => write(to, createHash("sha256").update(read(at, length)).digest()),
    get: (at, length, to, room) => {
      const found = slots.get(key(at, length));
      if (found === undefined) return -1;
      write(to, found.subarray(0, room >>> 0));
      return found.length;
    },
    set: (at, length, from, count) => {
      const name = key(at, length);
      slots.set(name, Buffer.from(read(from, count, 4_096)));
    },
    remove: (at, length) => { slots.delete(key(at, length)); },
  };
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { bouya });
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
