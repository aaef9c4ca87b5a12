// The verifier, as pages embed it: what it finds, and how it tells.

export { hashDocument, isReceipt } from "../src/index.js";
export { type Brought, type Fault, judge, judgeByNode, type Level, type NodeSays, readable, type Verdict } from "./judge.js";
export { type About, h, report, said } from "./report.js";
export { type Words, wordsFor } from "./words.js";
