// Streams of what a node tells (server-sent events). They go on where they left off, across lost connections and across runs of a program.

import { AnswerError, ProblemError, UnreachableError } from "./errors.js";
import { type Http, noOthers, type Query } from "./http.js";

export interface Following {
  /** The id of the last event that was dealt with; without it, events begin now. */
  readonly after?: string | null;
  /** Ends the stream. */
  readonly signal?: AbortSignal;
  /** Called each time a connection stands: the node will tell all that happens from now on. */
  readonly onOpen?: () => void;
  /** Called once each time that the stream has to wait for its node: it is down, or has not yet come to the cursor. It then tries again by itself. */
  readonly onWait?: (why: Error) => void;
}

/** A node says something every 15 seconds at least, so a connection that is silent for longer is lost. */
const SILENCE = 45_000;
const FIRST_WAIT = 250;
const LONGEST_WAIT = 10_000;

const pause = (time: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, time);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });

interface Frame {
  id: string | null;
  name: string | null;
  data: string[];
}

/** What a node told, in JSON, with the id to go on after it. */
export interface Told {
  readonly id: string;
  readonly name: string | null;
  readonly data: string;
}

/** The frames of a stream of server-sent events. */
async function* frames(body: ReadableStream<Uint8Array>, alive: () => void): AsyncGenerator<Frame> {
  const [reader, decoder] = [body.getReader(), new TextDecoder()];
  const blank = (): Frame => ({ id: null, name: null, data: [] });
  let [rest, frame] = ["", blank()];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") {
          if (frame.data.length > 0) yield frame;
          frame = blank();
          continue;
        }
        // No pattern: its dot stops at U+2028, which anybody may write into a memo, and a transaction would be passed over.
        const colon = line.indexOf(":");
        const [name, said] = colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1)];
        const text = said.startsWith(" ") ? said.slice(1) : said;
        if (name === "id") frame.id = text;
        else if (name === "event") frame.name = text;
        else if (name === "data") frame.data.push(text);
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Follows one of a node's streams until `signal` ends it, over lost connections too. */
export async function* follow(http: Http, path: string, query: Query, { after = null, signal, onOpen, onWait, ...others }: Following): AsyncGenerator<Told> {
  noOthers(others);
  const stop = signal ?? new AbortController().signal;
  let [last, wait, waits] = [after, FIRST_WAIT, false];
  while (!stop.aborted) {
    let stood = false;
    const silent = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), SILENCE);
    };
    alive();
    try {
      // In the query: a browser would ask another origin's node for leave to send it as a header.
      const answer = await http.open(path, { ...query, after: last }, { headers: { accept: "text/event-stream" } }, AbortSignal.any([stop, silent.signal]));
      if (!answer.body) throw new AnswerError("the node's stream has no body");
      onOpen?.();
      [stood, wait, waits] = [true, FIRST_WAIT, false];
      for await (const { id, name, data } of frames(answer.body, alive)) {
        last = id ?? last;
        // Nothing is told without one; the type says so.
        yield { id: last ?? "", name, data: data.join("\n") };
      }
    } catch (error) {
      if (stop.aborted) return;
      // A node that stops, starts or is busy comes back, and so does one behind a proxy that says so in its own words. What a node refuses for
      // another reason it refuses again.
      const away = error instanceof ProblemError ? error.status === 503 : error instanceof AnswerError && [408, 429, 502, 503, 504].includes(error.status ?? 0);
      const lost = error instanceof UnreachableError || away || silent.signal.aborted || error instanceof TypeError;
      if (!lost) throw error;
      // A connection that breaks, and stands again at once, is no wait.
      if (!stood && !waits) {
        waits = true;
        onWait?.(silent.signal.aborted ? new UnreachableError("the node does not answer: it took too long") : (error as Error));
      }
    } finally {
      clearTimeout(timer);
      silent.abort();
    }
    await pause(wait, stop);
    wait = Math.min(2 * wait, LONGEST_WAIT);
  }
}
