// Against a server that answers what a node would not, or loses connections as a network does.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { AnswerError, Client, type FeedTold, type Heard, InputError, ProblemError, UnreachableError, WaitError } from "../src/index.js";

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

test("a problem tells programs what would do", async () => {
  const problem = { type: "urn:bouya:slot-taken", title: "Conflict", status: 409, detail: "pay more", by: "05".repeat(32), least_fee: "1.5", expected_nonce: 7 };
  answer = says(JSON.stringify(problem), 409);
  const tells = (error: unknown) => {
    assert.ok(error instanceof ProblemError);
    assert.deepEqual(error.values, { by: problem.by, least_fee: "1.5", expected_nonce: 7n });
    return true;
  };
  await assert.rejects(client.submit({ id: "00", bytes: new Uint8Array() }), tells);
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

const CURSORS = ["4-1", "4-all", "3-all"].map((place) => `${place}-3-${"0a".repeat(32)}`) as [string, string, string];
const TRANSACTION = { id: "bb", fee: "0.10", height: 4, nonce: 0, final: true, action: { type: "transfer", outputs: [{ to: "bouya1x", amount: "2" }], memo: "" } };
const queryOf = (request: IncomingMessage) => Object.fromEntries(new globalThis.URL(request.url ?? "", URL).searchParams);
const problem = (kind: string, status: number) => JSON.stringify({ type: `urn:bouya:${kind}`, title: "No", status, detail: kind });

test("the feed is read page by page with all that is wanted, and a height called final is a number", async () => {
  const asked: object[] = [];
  const page = { items: [{ cursor: CURSORS[0], transaction: TRANSACTION }], next: CURSORS[1], more: true, final: 3, undone: 2 };
  answer = (request, response) => {
    asked.push(queryOf(request));
    response.end(JSON.stringify(page));
  };
  const read = await client.feed({ after: 2n, limit: 5, until: "confirmed", address: ["bouya1x", "bouya1y"], topic: "a,b", kind: "transfer", agreement: ["aa", "bb"] });
  assert.deepEqual([read.next, read.more, read.final, read.undone], [CURSORS[1], true, 3n, 2n]);
  assert.deepEqual([read.items[0]?.transaction.fee, read.items[0]?.transaction.final, read.items[0]?.transaction.height], [10n, true, 4n]);
  await client.feed();
  assert.deepEqual(asked, [{ after: "2", limit: "5", until: "confirmed", address: "bouya1x,bouya1y", topic: "a,b", kind: "transfer", agreement: "aa,bb" }, {}]);
});

test("a follower goes on behind the last cursor, waits for a node that is behind, and is told what is undone", async () => {
  const asked: object[] = [];
  const frame = (name: string, id: string, data: object) => `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
  answer = (request, response) => {
    asked.push(queryOf(request));
    if (asked.length === 1 || asked.length === 3) return void says(problem("behind", 503), 503)(request, response);
    response.writeHead(200, { "content-type": "text/event-stream" });
    const first = frame("transaction", CURSORS[0], TRANSACTION) + frame("at", CURSORS[1], { height: 4, final: 3 });
    if (asked.length === 2) response.write(`${first}event: at\nid: cut`, () => response.destroy());
    else response.write(frame("undone", CURSORS[2], { above: 3 }));
  };
  const told: FeedTold[] = [];
  for await (const one of client.follow({ after: 3n, until: "confirmed", kind: "transfer" })) if (told.push(one) === 3) break;
  assert.ok(told[0]?.type === "transaction" && told[0].cursor === CURSORS[0]);
  assert.deepEqual([told[0].transaction.id, told[0].transaction.fee], ["bb", 10n]);
  assert.deepEqual(told.slice(1), [
    { type: "at", cursor: CURSORS[1], height: 4n, final: 3n },
    { type: "undone", cursor: CURSORS[2], above: 3n },
  ]);
  const wanted = { until: "confirmed", kind: "transfer" };
  assert.deepEqual(asked, ["3", "3", CURSORS[1], CURSORS[1]].map((after) => ({ ...wanted, after })));
});

test("a follower that waits says so, once for each wait", async () => {
  const frame = (id: string) => `event: at\nid: ${id}\ndata: {"height":4,"final":3}\n\n`;
  const tells = (id: string): Answer => (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(frame(id), () => response.destroy());
  };
  const behind = says(problem("behind", 503), 503);
  const answers = [behind, behind, tells(CURSORS[0]), tells(CURSORS[1]), says(problem("busy", 503), 503), tells(CURSORS[2])];
  answer = (request, response) => answers.shift()?.(request, response);
  const waits: string[] = [];
  const seen: number[] = [];
  for await (const _ of client.follow({ after: 3n, onWait: (why) => waits.push((why as ProblemError).kind) })) if (seen.push(waits.length) === 3) break;
  // A connection that stands again at once is no wait.
  assert.deepEqual([waits, seen], [["behind", "busy"], [1, 1, 2]]);
});

test("a misspelt option is refused, and nothing is asked", async () => {
  let asked = 0;
  answer = (_, response) => {
    asked += 1;
    response.end("{}");
  };
  const wrong = { adress: "bouya1x" } as object;
  const asks = [
    () => client.feed(wrong),
    () => client.follow(wrong).next(),
    () => client.events(wrong).next(),
    () => client.account("bouya1x", wrong),
    () => client.receipt("00", wrong),
    () => client.wait("00", "final", wrong),
    () => client.submit({ id: "00", bytes: new Uint8Array() }, wrong),
  ];
  for (const ask of asks) await assert.rejects(ask(), (error: unknown) => error instanceof InputError && error.message.includes('"adress"'));
  assert.equal(asked, 0);
});

test("a follower whose place is gone is told", async () => {
  for (const [kind, status] of [["other-history", 409], ["pruned", 410]] as const) {
    answer = says(problem(kind, status), status);
    await assert.rejects(client.follow({ after: CURSORS[0] }).next(), (error: unknown) => error instanceof ProblemError && error.kind === kind);
  }
});

test("a transaction can be checked before it is sent", async () => {
  let body = "";
  answer = (request, response) => {
    request.on("data", (data) => (body += data));
    request.on("end", () => response.end(JSON.stringify({ id: "00", passes: false, size: 171, fee: "0.10", least_fee: "0.20", nonce: 0, next_nonce: 3, problem: JSON.parse(problem("low-fee", 422)) })));
  };
  const check = await client.check({ bytes: Uint8Array.of(1, 2) });
  assert.equal(body, '{"raw":"0102"}');
  assert.deepEqual([check.passes, check.fee, check.least_fee, check.next_nonce, check.problem?.type], [false, 10n, 20n, 3n, "urn:bouya:low-fee"]);
});

test("what a node refuses for good ends the stream", async () => {
  answer = says(JSON.stringify({ type: "urn:bouya:forbidden", title: "Forbidden", status: 403, detail: "another host" }), 403);
  await assert.rejects(events(1), ProblemError);
});

test("a follower passes over nothing because of what people have written into it", async () => {
  const memos = ["plain", "a\u2028b", "a\u2029b", "a\u0085b", "a: b", " begins with a space"];
  const at = (number: number) => `${number}-all-0-${"00".repeat(32)}`;
  const frame = (memo: string, number: number) => `event: transaction\nid: ${at(number)}\ndata: ${JSON.stringify({ id: "11", action: { type: "transfer", outputs: [], memo } })}\n\n`;
  answer = (_, response) => {
    response.setHeader("content-type", "text/event-stream");
    response.write(memos.map(frame).join(""));
  };
  const told: string[] = [];
  for await (const one of client.follow({})) {
    assert.equal(one.type, "transaction");
    if (one.type === "transaction" && one.transaction.action.type === "transfer") told.push(one.transaction.action.memo);
    if (told.length === memos.length) break;
  }
  assert.deepEqual(told, memos);
});

test("a proxy that answers in a node's place is waited out", async () => {
  const answers = [says("<html>Bad Gateway</html>", 502), says("<html>later</html>", 503)];
  answer = (request, response) => {
    const next = answers.shift();
    if (next) return next(request, response);
    response.setHeader("content-type", "text/event-stream");
    response.write(`event: at\nid: 3-all-3-${"00".repeat(32)}\ndata: {"height": 3, "final": 3}\n\n`);
  };
  for await (const one of client.follow({})) {
    assert.equal(one.type, "at");
    break;
  }
});
