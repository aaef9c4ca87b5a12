// The feed: the transactions of the chain, each once and in order, whatever happens to the node and to the program.

import type { Action } from "./action.js";
import type * as api from "./api-types.js";
import { type Http, noOthers, parseAnswer, type Query } from "./http.js";
import { type Following, follow } from "./stream.js";

/** Which transactions: those that fit all of this. Of several addresses, kinds or agreements one must fit. */
export interface FeedFilter {
  /** What is final, and stays, unless told otherwise; or all that stands in a block, which may be undone. */
  readonly until?: "final" | "confirmed";
  /** As sender, as payee, or as a party of the agreement that it is about. */
  readonly address?: string | readonly string[];
  /** Of a record. */
  readonly topic?: string;
  readonly kind?: Action["type"] | readonly Action["type"][];
  readonly agreement?: string | readonly string[];
}

/** Where the feed goes on. */
export interface FeedPlace {
  /** A `cursor` or `next` from any node of the network, a block's height, or `latest`; without it, the feed begins with block 1. */
  readonly after?: string | bigint | null;
}

/**
 * A transaction; or how far the feed has come; or above which height to take back what was told. Store `cursor` together with what you do about it, in
 * one go.
 */
export type FeedTold =
  | { readonly type: "transaction"; readonly cursor: string; readonly transaction: api.Transaction }
  | ({ readonly type: "at"; readonly cursor: string } & api.FeedAt)
  | ({ readonly type: "undone"; readonly cursor: string } & api.FeedUndone);

/** How the API asks for these transactions. */
export const feedQuery = ({ until, address, topic, kind, agreement, ...others }: FeedFilter): Query => {
  noOthers(others);
  const listed = (value: string | readonly string[] | undefined) => (value === undefined ? null : [value].flat().join(","));
  return { until, address: listed(address), topic, kind: listed(kind), agreement: listed(agreement) };
};

export async function* feed(http: Http, decimals: number, filter: FeedFilter, following: Following): AsyncGenerator<FeedTold> {
  for await (const { id: cursor, name: type, data } of follow(http, "/v1/feed/stream", feedQuery(filter), following)) {
    const said = parseAnswer(data, decimals) as object;
    yield (type === "transaction" ? { type, cursor, transaction: said } : { ...said, type, cursor }) as FeedTold;
  }
}
