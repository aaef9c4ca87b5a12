// Writes src/api-types.ts from docs/openapi.json: the API's answers as this library gives them. With --check it only says whether it is current.
//
// A property that is a 64-bit number in any schema, as a JSON number or as text, is a bigint wherever it has that name. So are amounts, which the
// API writes as decimals of the coin.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const place = (path) => fileURLToPath(new URL(path, import.meta.url));
const TARGET = place("../src/api-types.ts");
const AMOUNTS = ["amount", "balance", "cost", "fee", "least_fee", "value"];
/** Decimal text of any length. */
const ALSO_WHOLE = ["work"];
const DIGITS = "^[0-9]{1,20}$";
/** What this library sends, or reads in another way. */
const LEFT_OUT = /^(Page_|RawTransaction$|Submission|Brought$|NewPeer$|Lagged$|Receipt|FinalProof$)/;

const { components } = JSON.parse(readFileSync(place("../../../docs/openapi.json"), "utf8"));
const { schemas } = components;

const parts = (schema) => ["oneOf", "anyOf"].flatMap((key) => schema[key] ?? []);
const kinds = (schema) => [schema.type ?? []].flat();

function* properties(schema) {
  for (const [name, value] of Object.entries(schema.properties ?? {})) {
    yield [name, value];
    yield* properties(value);
  }
  for (const part of [...parts(schema), ...(schema.items ? [schema.items] : [])]) yield* properties(part);
}

const all = Object.values(schemas).flatMap((schema) => [...properties(schema)]);
const isWide = ([name, { format, pattern }]) => format === "int64" || pattern === DIGITS || ALSO_WHOLE.includes(name);
const whole = [...new Set(all.filter(isWide).map(([name]) => name))].sort();
for (const [name, schema] of all) {
  const fits = (allowed) => kinds(schema).every((kind) => allowed.includes(kind));
  if (AMOUNTS.includes(name) && !fits(["string"])) throw new Error(`${name} is an amount here and something else there`);
  // The feed calls a height `final`; elsewhere that is true or false, and stays so.
  if (whole.includes(name) && !fits(["integer", "string", "boolean", "null"])) throw new Error(`${name} is a number here and something else there`);
}

const comment = (text, indent) => {
  if (!text) return "";
  const words = text.replaceAll("*/", "* /").split(/\s+/);
  const lines = [""];
  for (const word of words) {
    if (lines.at(-1) && lines.at(-1).length + word.length > 120) lines.push("");
    lines.push(`${lines.pop()} ${word}`.trim());
  }
  return lines.length === 1 ? `${indent}/** ${lines[0]} */\n` : `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join("")}${indent} */\n`;
};

const typeOf = (schema, name = null, indent = "  ") => {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return choices.map((part) => typeOf(part, name, indent)).join(" | ");
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(" | ");
  if (AMOUNTS.includes(name)) return "bigint";
  const types = kinds(schema).map((kind) => {
    if (kind === "null") return "null";
    if (kind === "array") return `readonly ${bracketed(typeOf(schema.items, null, indent))}[]`;
    if (kind === "object") return schema.properties ? body(schema, indent) : "unknown";
    if (whole.includes(name) && ["integer", "string"].includes(kind)) return "bigint";
    return { integer: "number", string: "string", boolean: "boolean" }[kind];
  });
  return [...new Set(types)].join(" | ") || "unknown";
};

const bracketed = (type) => (/[ |&]/.test(type) && !type.startsWith("{") ? `(${type})` : type);

const body = (schema, indent) => {
  const inner = Object.entries(schema.properties).map(([name, value]) => {
    const optional = (schema.required ?? []).includes(name) ? "" : "?";
    const about = value.description ?? value.oneOf?.find((part) => part.description)?.description;
    return `${comment(about, indent)}${indent}readonly ${name}${optional}: ${typeOf(value, name, `${indent}  `)};\n`;
  });
  return `{\n${inner.join("")}${indent.slice(2)}}`;
};

const lines = [
  "// Made from docs/openapi.json by `npm run describe`. Do not edit.\n\n",
  "/** Properties that are whole numbers of up to 64 bits, or sums of them. */\n",
  `export const WHOLE: ReadonlySet<string> = new Set(${JSON.stringify(whole)});\n\n`,
  "/** Properties that are amounts of the coin. */\n",
  `export const AMOUNTS: ReadonlySet<string> = new Set(${JSON.stringify(AMOUNTS)});\n`,
];
for (const [name, schema] of Object.entries(schemas)) {
  if (!LEFT_OUT.test(name)) lines.push(`\n${comment(schema.description, "")}export type ${name} = ${typeOf(schema)};\n`);
}

const made = lines.join("");

if (process.argv.includes("--check")) {
  if (readFileSync(TARGET, "utf8") !== made) {
    console.error("src/api-types.ts is not what docs/openapi.json says; run: npm run describe");
    process.exit(1);
  }
} else {
  writeFileSync(TARGET, made);
}
