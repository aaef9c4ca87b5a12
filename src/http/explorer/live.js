// The node's event stream. If it breaks, it is opened again and continues after the last event received. If the node has none left to give,
// pages ask instead.

import { ask, query } from "./api.js";
import { node } from "./format.js";

const NAMES = ["block", "reorg", "transaction", "dropped", "agreement", "motion", "members", "final", "finality_stalled", "member_fault", "finality_conflict", "peer", "lagged"];
/** Time between two requests for the status, in milliseconds. The status has what no event tells, such as the hash rate. */
const LOOK = 5_000;
/** Events come in bursts. One status request serves all events within this time, in milliseconds. */
const BURST = 300;
/** Waits between attempts to connect, in milliseconds. */
const WAITS = [1_000, 2_000, 3_000, 5_000];

/** Time until a page that found all streams taken tries again to get one, in milliseconds. */
const FULL = 30_000;

/** Whether the node answers and has no stream left: `EventSource` does not tell why it failed. */
const isFull = async () => {
  const stop = new AbortController();
  try {
    return (await fetch("/v1/events", { cache: "no-store", signal: AbortSignal.any([stop.signal, AbortSignal.timeout(LOOK)]) })).status === 503;
  } catch {
    return false;
  } finally {
    stop.abort();
  }
};

/**
 * `tell(name, data)` gets events, and "poll" in place of them while all streams are taken; `show(state, { resumed, since, next })` gets
 * "live", "polls" or "lost"; `fresh()` is called for a new status.
 */
export const follow = ({ tell, show, fresh }) => {
  let source = null;
  let timer = null;
  let looking = null;
  let attempt = 0;
  let heard = null;
  /** The last event's id: the stream continues after it. If it cannot, the node sends "lagged". */
  let last = null;
  let full = false;

  const look = async () => {
    clearTimeout(looking);
    try {
      node.status = await ask("/v1/status");
      heard = Date.now();
      fresh();
      if (full) tell("poll", {});
    } catch (trouble) {
      // A node that is busy and refuses is not lost.
      if (trouble.status === 0) return lose();
    }
    looking = setTimeout(look, LOOK);
  };

  const soon = () => {
    clearTimeout(looking);
    looking = setTimeout(look, BURST);
  };

  const close = () => {
    clearTimeout(timer);
    clearTimeout(looking);
    source?.close();
    source = null;
    full = false;
  };

  const lose = () => {
    close();
    const wait = WAITS[Math.min(attempt, WAITS.length - 1)];
    attempt += 1;
    show("lost", { since: heard, next: Date.now() + wait });
    timer = setTimeout(open, wait);
  };

  /** What the stream would have told is asked for until there is a stream. */
  const poll = () => {
    close();
    full = true;
    attempt = 0;
    show("polls", { since: heard });
    look();
    timer = setTimeout(open, FULL);
  };

  const open = () => {
    close();
    const resumed = last !== null;
    const opened = new EventSource(query("/v1/events", { after: last }));
    source = opened;
    opened.onopen = async () => {
      attempt = 0;
      await look();
      if (source === opened) show("live", { resumed });
    };
    opened.onerror = async () => {
      if (source !== opened) return;
      const taken = await isFull();
      if (source !== opened) return;
      if (taken) poll();
      else lose();
    };
    for (const name of NAMES) {
      opened.addEventListener(name, (event) => {
        last = event.lastEventId || last;
        let data = {};
        try {
          data = JSON.parse(event.data);
        } catch {
          // The event's name is enough: pages load their data again.
        }
        tell(name, data);
      });
    }
  };

  // A browser opens at most six connections to a node, so a hidden page closes its stream.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else open();
  });
  open();
  return {
    again: () => {
      attempt = 0;
      open();
    },
    look,
    soon,
  };
};
