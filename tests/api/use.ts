// Uses the types that were made of the description: node use.js URL FILE. The compiler holds what is written here against them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { components, paths } from "./described.js";

const [url, file] = process.argv.slice(2) as [string, string];
const known = JSON.parse(readFileSync(file, "utf8")) as { account: string; transactions: [string]; unsent: [string, string] };
const node = createClient<paths>({ baseUrl: url });

const there = <T>(answer: { data?: T; error?: unknown }): T => {
  assert.ok(answer.data, JSON.stringify(answer.error));
  return answer.data;
};

const status = there(await node.GET("/v1/status"));
assert.ok(status.final.height <= status.tip.height);
const account = there(await node.GET("/v1/accounts/{address}", { params: { path: { address: known.account }, query: { final: true } } }));
assert.match(account.balance, /^[0-9.]+$/);
const records = there(await node.GET("/v1/records", { params: { query: { topic: "prices", limit: 1 } } }));
const [record] = records.items;
assert.equal(record?.text, "one coffee, two coins");
assert.equal(records.next, null);

const what = (action: components["schemas"]["Action"]): string => {
  switch (action.type) {
    case "record": return action.topic;
    case "transfer": return action.outputs.map(({ to }) => to).join();
    default: return action.type;
  }
};
const show = async (id: string) => there(await node.GET("/v1/transactions/{id}", { params: { path: { id } } }));
assert.equal(what((await show(record.transaction)).action), "prices");
const paid = await show(known.transactions[0]);
assert.equal(what(paid.action), known.account);
const receipt = there(await node.GET("/v1/transactions/{id}/receipt", { params: { path: { id: paid.id } } }));
assert.equal(receipt.network, status.network.id);

const { error } = await node.POST("/v1/transactions", { body: { raw: receipt.transaction } });
assert.equal(error?.type, "urn:bouya:confirmed");
assert.equal(error.height, paid.height);
const early = await node.POST("/v1/transactions", { body: { raw: known.unsent[1] } });
assert.equal(early.error?.type, "urn:bouya:wrong-nonce");
assert.equal(early.error.expected_nonce, account.nonce);
