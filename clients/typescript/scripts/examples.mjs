// Writes the examples of README.md and docs/PROGRAMS.md into build/examples/, so that the compiler looks at them. Those of a section of the latter are
// one program, which a test runs.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const place = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = place("../build/examples/");
const examples = (text) => [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
examples(readFileSync(place("../README.md"), "utf8")).forEach((code, number) => writeFileSync(`${folder}readme-${number}.ts`, code));
const sections = readFileSync(place("../../../docs/PROGRAMS.md"), "utf8").split(/^## /m);
for (const [heading, name] of [["TypeScript", "programs"], ["Call a contract", "call"], ["Follow what happens", "follower"]]) {
  const section = sections.find((text) => text.startsWith(`${heading}\n`));
  writeFileSync(`${folder}${name}.ts`, examples(section).join("\n"));
}
const options = { target: "es2022", lib: ["es2024", "dom"], module: "nodenext", types: ["node"], strict: true, rootDir: "." };
writeFileSync(`${folder}tsconfig.json`, JSON.stringify({ compilerOptions: options, include: ["."] }));
