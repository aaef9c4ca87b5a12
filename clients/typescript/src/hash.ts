// SHA-256 and what Bouya makes of it.

import { sha256 } from "@noble/hashes/sha2.js";
import { concat, toHex, utf8 } from "./bytes.js";

export { sha256 };

export const double = (data: Uint8Array): Uint8Array => sha256(sha256(data));

/** A hash that means one thing only: sha256(sha256(tag) ‖ parts). */
export const tagged = (tag: string, ...parts: Uint8Array[]): Uint8Array => sha256(concat(sha256(utf8(tag)), ...parts));

/** What a document may come as. */
export type Document = Uint8Array | ArrayBuffer | Blob | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** The SHA-256 of a document, in hex: what the ledger knows of it. Streams and files are read piece by piece. */
export const hashDocument = async (document: Document): Promise<string> => {
  if (document instanceof Uint8Array) return toHex(sha256(document));
  if (document instanceof ArrayBuffer) return toHex(sha256(new Uint8Array(document)));
  const source = document instanceof Blob ? document.stream() : document;
  const hash = sha256.create();
  for await (const piece of pieces(source)) hash.update(piece);
  return toHex(hash.digest());
};

/** Not every browser iterates over a stream by itself. */
async function* pieces(source: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (!("getReader" in source)) return yield* source;
  const reader = source.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}
