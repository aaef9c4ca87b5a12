"""What is measured: how long it takes until blocks are final."""

import datetime
import json
import threading
import time

from network import OPENER, until


def spread(values):
    """Median, 99th percentile and worst of some seconds."""
    if not values:
        return "none"
    ordered = sorted(values)
    at = lambda part: ordered[min(len(ordered) - 1, int(part * len(ordered)))]
    return f"p50 {at(0.5):.2f} s, p99 {at(0.99):.2f} s, worst {ordered[-1]:.2f} s"


def dated(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Listener(threading.Thread):
    """Follows a node's events: when each block came, and when it was final."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self.node, self.came, self.final, self.reorgs = node, {}, {}, []
        self.stream = OPENER.open(node.api() + "/v1/events", timeout=120)
        self.start()

    def run(self):
        try:
            for line in self.stream:
                if line.startswith(b"data:"):
                    self.hear(json.loads(line[5:]), time.time())
        except (OSError, ValueError, AttributeError):
            # The node is gone.
            pass

    def hear(self, event, now):
        if event.get("type") == "block":
            self.came[event["height"]] = now
        elif event.get("type") == "reorg":
            self.reorgs.append(event["depth"])
        elif event.get("type") == "final":
            # A final block makes all below it final.
            for height in range(max(self.final, default=event["height"] - 1) + 1, event["height"] + 1):
                self.final[height] = now

    def times(self, since):
        """Seconds to final of each block that came after a height: from its date, and from when it came."""
        heights = [height for height in self.final if height > since and height in self.came]
        date = {height: dated(self.node.ask(f"/v1/blocks/{height}")["time"]) for height in heights}
        return [self.final[height] - date[height] for height in heights], [self.final[height] - self.came[height] for height in heights]


def latency(drill):
    """how long until a block is final, idle and under load (12 min)"""
    network = drill.network("latency", interval_ms=3000)
    minutes = drill.asked.minutes or 5
    time.sleep(10)
    measure(drill, network, "idle", minutes)
    over, paid = threading.Event(), [0] * 8
    payers = [threading.Thread(target=pay, args=(network, payer, over, paid), daemon=True) for payer in range(8)]
    for payer in payers:
        payer.start()
    began = time.monotonic()
    measure(drill, network, "under load", minutes)
    over.set()
    for payer in payers:
        payer.join()
    took = time.monotonic() - began
    drill.table.say("payments taken from eight wallets, each by `bouya send`", f"{sum(paid)}, {sum(paid) / took:.1f} a second")


def pay(network, payer, over, paid):
    while not over.is_set():
        paid[payer] += network.pay(network.nodes[payer % 4], payer) is not None


def measure(drill, network, what, minutes):
    listeners = [Listener(node) for node in network.nodes]
    since = max(node.tip() for node in network.nodes)
    time.sleep(60 * minutes)
    both = [listener.times(since) for listener in listeners]
    blocks = min(len(by_date) for by_date, _ in both)
    drill.table.say(f"{what}: blocks, each on four nodes", blocks)
    drill.table.say(f"{what}: final after its date", spread([value for by_date, _ in both for value in by_date]))
    drill.table.say(f"{what}: final after it came", spread([value for _, by_coming in both for value in by_coming]))
    drill.table.hold(f"{what}: all final soon", f"{network.nodes[0].status()['final']['behind']} blocks wait",
                     until(lambda: min(node.final() for node in network.nodes) >= since + blocks, 60) is not None)
