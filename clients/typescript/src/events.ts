// The event stream: what happens on a node, as it happens.

import type { Event as NodeEvent } from "./api-types.js";
import { type Http, parseAnswer } from "./http.js";
import { type Following, follow } from "./stream.js";

/** Events were missed: how many, or null if nobody counted them. Ask for the current state, and read on. */
export interface Lagged {
  readonly type: "lagged";
  readonly missed: bigint | null;
}

/** What happened, with the id to go on after it. */
export interface Heard {
  /** Give it as `after` to go on behind this event. */
  readonly id: string;
  readonly event: NodeEvent | Lagged;
}

export async function* events(http: Http, following: Following): AsyncGenerator<Heard> {
  for await (const { id, name, data } of follow(http, "/v1/events", {}, following)) {
    const said = parseAnswer(data, null) as object;
    yield { id, event: (name === "lagged" ? { ...said, type: "lagged" } : said) as NodeEvent | Lagged };
  }
}
