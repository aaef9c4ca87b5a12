// Against a server that answers what a node would not, or loses connections as a network does.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { AnswerError, Client, type Heard, ProblemError, UnreachableError, WaitError } from "../src/index.js";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const STATUS = { network: { id: "05".repeat(32), name: "acme", symbol: "ACM", decimals: 2, min_fee_per_byte: "1" }, state: { name: "ready", ready: true, reason: "" }, tip: { height: 3, work: "340282366920938463463374607431768211455" } };

let answer: Answer = () => undefined;
const server = createServer((request, response) => {
  if (request.url === "/v1/status") response.end(JSON.stringify(STATUS));
  else answer(request, response);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const client = new Client(URL);
after(() => {
  server.closeAllConnections();
  server.close();
});

const says = (text: string, status = 200): Answer => (_, response) => {
  response.statusCode = status;
  response.end(text);
};

test("numbers of 64 bits and amounts are bigint, and what would lose digits is refused", async () => {
  answer = says('{"address":"bouya1x","balance":"184467440737095516.15","confirmations":1,"nonce":9007199254740991}');
  assert.deepEqual(await client.account("bouya1x"), { address: "bouya1x", balance: 2n ** 64n - 1n, confirmations: 1n, nonce: 2n ** 53n - 1n });
  assert.equal((await client.status()).tip.work, 2n ** 128n - 1n);
  answer = says('{"address":"bouya1x","balance":"1","confirmations":1,"nonce":9007199254740993}');
  await assert.rejects(client.account("bouya1x"), AnswerError);
});

test("a problem of the API, another answer and none at all have types of their own", async () => {
  const problem = { type: "urn:bouya:low-fee", title: "Unprocessable Entity", status: 422, detail: "the fee is too low" };
  answer = says(JSON.stringify(problem), 422);
  const isProblem = (error: unknown) => error instanceof ProblemError && error.kind === "low-fee" && error.status === 422 && error.detail === problem.detail;
  await assert.rejects(client.submit({ id: "00", bytes: new Uint8Array() }), isProblem);
  answer = says("<html>sign in first</html>", 502);
  await assert.rejects(client.transaction("00"), AnswerError);
  answer = says("<html>sign in first</html>");
  await assert.rejects(client.transaction("00"), AnswerError);
  answer = says('{"id":"11"}', 202);
  await assert.rejects(client.submit({ id: "00", bytes: new Uint8Array() }), AnswerError, "another transaction was taken");
  await assert.rejects(new Client("http://127.0.0.1:1").status(), UnreachableError);
  answer = () => undefined;
  await assert.rejects(new Client(URL, { timeout: 50 }).transaction("00"), UnreachableError);
  await assert.rejects(new Client(URL, { network: "06".repeat(32) }).account("bouya1x"), AnswerError, "a node of another network");
});

test("waiting ends with a word about how it stands", async () => {
  answer = says(JSON.stringify({ type: "urn:bouya:not-found", title: "Not Found", status: 404, detail: "" }), 404);
  await assert.rejects(client.wait("00", "final", { timeout: 0 }), (error: unknown) => error instanceof WaitError && error.message.includes("not known"));
  answer = says('{"id":"00","height":2,"confirmations":2,"final":false,"fee":"0"}');
  assert.equal((await client.wait("00", "confirmed", { timeout: 0 })).height, 2n);
  await assert.rejects(client.wait("00", 3n, { timeout: 0 }), (error: unknown) => error instanceof WaitError && error.id === "00");
  await assert.rejects(client.wait("00", "final", { signal: AbortSignal.abort(new Error("enough")) }), /enough/);
});

const events = async (count: number, after: string | null = null): Promise<Heard[]> => {
  const heard: Heard[] = [];
  const stop = new AbortController();
  for await (const one of client.events({ after, signal: stop.signal })) {
    heard.push(one);
    if (heard.length === count) stop.abort();
  }
  return heard;
};

test("the stream goes on behind the last event when a connection is lost, and tells of what was missed", async () => {
  const asked: (string | null)[] = [];
  const frame = (id: number, data: object, name = "transaction") => `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
  answer = (request, response) => {
    asked.push(new globalThis.URL(request.url ?? "", URL).searchParams.get("after"));
    if (asked.length === 2) return void says(JSON.stringify({ type: "urn:bouya:busy", title: "Busy", status: 503, detail: "stopping" }), 503)(request, response);
    response.writeHead(200, { "content-type": "text/event-stream" });
    if (asked.length === 1) {
      // Cut in the middle of a letter, with a comment that keeps the connection alive, and lost in the middle of an event.
      const text = Buffer.from(`: \n\n${frame(7, { type: "dropped", id: "aa", reason: "Ünpaid" })}${frame(8, { type: "transaction", id: "bb" })}event: block\nid: 9\nda`);
      const cut = text.indexOf("Ü") + 1;
      response.write(text.subarray(0, cut), () => response.write(text.subarray(cut), () => response.destroy()));
      return;
    }
    response.write(frame(12, { missed: null }, "lagged") + frame(13, { type: "block", hash: "cc", height: 4, miner: "alice", transactions: 1 }, "block"));
  };
  const heard = await events(4);
  assert.deepEqual(heard.map(({ id }) => id), ["7", "8", "12", "13"]);
  assert.deepEqual(asked, [null, "8", "8"]);
  assert.deepEqual(heard[0]?.event, { type: "dropped", id: "aa", reason: "Ünpaid" });
  assert.deepEqual(heard[2]?.event, { type: "lagged", missed: null });
  assert.deepEqual(heard[3]?.event, { type: "block", hash: "cc", height: 4n, miner: "alice", transactions: 1 });
});

test("what a node refuses for good ends the stream", async () => {
  answer = says(JSON.stringify({ type: "urn:bouya:forbidden", title: "Forbidden", status: 403, detail: "another host" }), 403);
  await assert.rejects(events(1), ProblemError);
});
