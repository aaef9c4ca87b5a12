// What happens on the node, as it happens: its event stream, opened again whenever it breaks, from the last event that was heard.

import { ask, query } from "./api.js";
import { node } from "./format.js";

const NAMES = ["block", "reorg", "transaction", "dropped", "agreement", "peer", "lagged"];
/** Between two looks at the status, in milliseconds: what no event tells, such as the hash rate, comes from there. */
const LOOK = 5_000;
/** Events come in bursts; one look serves all that come so close together, in milliseconds. */
const BURST = 300;
/** Waits between attempts. */
const WAITS = [1_000, 2_000, 3_000, 5_000];

/** `tell(name, data)` hears events; `show(state, { resumed, since, next })` hears "live" and "lost"; `fresh()` hears a new status. */
export const follow = ({ tell, show, fresh }) => {
  let source = null;
  let timer = null;
  let looking = null;
  let attempt = 0;
  let heard = null;
  /** The last event's id: the stream goes on behind it. The node says "lagged" where it cannot. */
  let last = null;

  const look = async () => {
    clearTimeout(looking);
    try {
      node.status = await ask("/v1/status");
      heard = Date.now();
      fresh();
    } catch (trouble) {
      // Busy is not gone.
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
  };

  const lose = () => {
    close();
    const wait = WAITS[Math.min(attempt, WAITS.length - 1)];
    attempt += 1;
    show("lost", { since: heard, next: Date.now() + wait });
    timer = setTimeout(open, wait);
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
    opened.onerror = () => {
      if (source === opened) lose();
    };
    for (const name of NAMES) {
      opened.addEventListener(name, (event) => {
        last = event.lastEventId || last;
        let data = {};
        try {
          data = JSON.parse(event.data);
        } catch {
          // The name alone says enough: pages ask again.
        }
        tell(name, data);
      });
    }
  };

  // A browser opens six connections to a node; a page that nobody sees gives its stream back.
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
