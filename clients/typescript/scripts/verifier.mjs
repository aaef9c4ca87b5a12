// Builds the verifier from this library, readable: one module for the explorer, and one page that works from a file. With --check it only says
// whether both are current.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const place = (path) => fileURLToPath(new URL(path, import.meta.url));
const read = (path) => readFileSync(place(path), "utf8");
const REPOSITORY = "../../..";
const NOTE = "Made from clients/typescript by `npm run verifier`. Do not edit.";

const bundle = async (entry, format) => {
  const options = { entryPoints: [place(`../verifier/${entry}`)], bundle: true, write: false, format, target: "es2022", charset: "utf8", legalComments: "inline", logLevel: "warning" };
  // Paths of the sources stand in comments; they are the same on each machine.
  const { outputFiles } = await build({ ...options, absWorkingDir: place("..") });
  // No address of elsewhere stands in what browsers load, not even in a comment: tests look for them.
  return outputFiles[0].text.replace(/^ *\/\/ https?:.*\n/gm, "").replace(/[ \t]+$/gm, "");
};

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const [module, script] = [await bundle("index.ts", "esm"), await bundle("page.ts", "iife")];
const [report, page] = [read("../verifier/report.css"), read("../verifier/page.css")];
// Nothing may end the element that it stands in.
if (/<\/script|<!--/i.test(script)) throw new Error("the script would end its element");
const [style, code] = [`\n${page}${report}`, `\n${script}`];
// The policy refuses all that is not this page: no request, no other script, no style.
const policy = `default-src 'none'; script-src ${hash(code)}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'`;
const html = `<!doctype html>
<!-- ${NOTE} -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Verify a receipt – Bouya</title>
<style>${style}</style>
</head>
<body>
<noscript><p>This page needs JavaScript, which is switched off here. On a terminal: bouya receipt verify FILE --network network.toml</p></noscript>
<p>This page works from a file: save it, and open it from there.</p>
<script>${code}</script>
</body>
</html>
`;

const made = {
  "src/http/explorer/verifier.js": `// ${NOTE}\n${module}`,
  "src/http/explorer/verifier.css": `/* ${NOTE} */\n${report}`,
  "src/http/explorer/verifier.html": html,
};
for (const [path, text] of Object.entries(made)) {
  const target = place(`${REPOSITORY}/${path}`);
  if (!process.argv.includes("--check")) {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  } else if (readFileSync(target, "utf8") !== text) {
    console.error(`${path} is not what clients/typescript makes; run there: npm run verifier`);
    process.exitCode = 1;
  }
}
