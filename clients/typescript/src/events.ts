// The event stream (server-sent events) of a node. It goes on where it left off, across lost connections and across runs of a program.

import type { Event as NodeEvent } from "./api-types.js";
import { AnswerError, ProblemError, UnreachableError } from "./errors.js";
import { type Http, parseAnswer } from "./http.js";

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

export interface Following {
  /** The id of the last event that was dealt with; without it, the stream begins now. */
  readonly after?: string | null;
  /** Ends the stream. */
  readonly signal?: AbortSignal;
  /** Called each time a connection stands: the node will tell all that happens from now on. */
  readonly onOpen?: () => void;
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
        const [, name, text = ""] = /^([^:]*)(?::\s?(.*))?$/.exec(line) ?? [];
        if (name === "id") frame.id = text;
        else if (name === "event") frame.name = text;
        else if (name === "data") frame.data.push(text);
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Follows a node's events until `signal` ends it, over lost connections too. */
export async function* follow(http: Http, { after = null, signal, onOpen }: Following): AsyncGenerator<Heard> {
  const stop = signal ?? new AbortController().signal;
  let [last, wait] = [after, FIRST_WAIT];
  while (!stop.aborted) {
    const silent = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), SILENCE);
    };
    alive();
    try {
      // In the query: a browser would ask another origin's node for leave to send it as a header.
      const answer = await http.open("/v1/events", { after: last }, { headers: { accept: "text/event-stream" } }, AbortSignal.any([stop, silent.signal]));
      if (!answer.body) throw new AnswerError("the node's event stream has no body");
      onOpen?.();
      wait = FIRST_WAIT;
      for await (const { id, name, data } of frames(answer.body, alive)) {
        const said = parseAnswer(data.join("\n"), null) as object;
        const event = (name === "lagged" ? { ...said, type: "lagged" } : said) as NodeEvent | Lagged;
        last = id ?? last;
        // No event is without one; the type says so.
        yield { id: last ?? "", event };
      }
    } catch (error) {
      if (stop.aborted) return;
      // A node that stops, starts or is busy comes back. What it refuses for another reason it refuses again.
      const lost = error instanceof UnreachableError || (error instanceof ProblemError && error.status === 503) || silent.signal.aborted || error instanceof TypeError;
      if (!lost) throw error;
    } finally {
      clearTimeout(timer);
      silent.abort();
    }
    await pause(wait, stop);
    wait = Math.min(2 * wait, LONGEST_WAIT);
  }
}
