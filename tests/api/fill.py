"""Fills a devnet with something of each kind, and writes down what there is: fill.py URL FOLDER FILE."""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

import bouya
from bouya import actions

# Signed transactions that are not sent: whoever tests sends them.
UNSENT = 40


def main(url, folder, out):
    node = bouya.Node(url)
    demo, friend = (bouya.open_wallet(Path(folder) / f"wallets/{name}.wallet") for name in ["demo", "friend"])
    governor = bouya.open_wallet(Path(folder) / "wallets/node0.wallet")
    document = b"The flat is yours until June."
    sent = [node.transfer(demo, key.address, 1_000_000_000, "for fees") for key in [friend, governor]]
    sent.append(node.record_data(demo, "prices", b"one coffee, two coins"))
    sent.append(node.record_data(demo, "bytes", bytes(range(256))))
    sent.append(node.record_document(demo, "papers", document, "lease.txt"))
    proposed = node.propose(demo, "Lease 2027", document, [friend.address], timedelta(days=14))
    open_still = node.propose(demo, "Lease 2028", document, [friend.address], timedelta(days=14))
    sent += [proposed, open_still]
    for one in sent:
        node.wait(one)
    sent.append(node.sign(friend, proposed.agreement, document))
    change = actions.Governor("node1", friend.address)
    until = int((time.time() + 7 * 24 * 3600) * 1000)
    sent.append(node.send(governor, actions.Motion(change, "its wallet is lost", until)))
    sent.append(node.withdraw(demo, open_still.agreement))
    for one in sent[-3:]:
        node.wait(one)
    receipt = node.receipt(sent[0].id)
    motions = [str(motion.id) for motion in node.motions("all")]
    assert motions, "the motion counts"
    height = node.status().final.height
    nonce = node.account(friend.address, confirmations=0).nonce
    unsent = [node.prepare(friend, actions.Record("unsent", actions.Data(bytes([n]))), nonce=nonce + n) for n in range(UNSENT)]
    agreements = [str(one.agreement) for one in [proposed, open_still]]
    hashes = [str(bouya.hash_document(document))]
    transactions = [str(one.id) for one in sent]
    blocks = [str(node.block(name).hash) for name in [1, height]]
    known = {
        "transactions": transactions,
        "receipt": json.loads(receipt),
        "unsent": [bytes(one).hex() for one in unsent],
        "raw": [bytes(one).hex() for one in unsent] + [bytes(one.transaction).hex() for one in sent],
        "account": str(friend.address),
        # For parameters. The beginning of an id is enough.
        "names": {
            "addresses": [str(key.address) for key in [demo, friend, governor]],
            "transactions": transactions + [one[:16] for one in transactions],
            "agreements": agreements + [one[:12] for one in agreements],
            "motions": motions + [one[:12] for one in motions],
            "documents": hashes + [one[:10] for one in hashes],
            "blocks": ["latest", "0", "1", str(height), *blocks],
            "heights": [0, 1, height],
            "networks": [str(node.status().network.id)],
            "topics": ["prices", "papers", "bytes"],
        },
    }
    Path(out).write_text(json.dumps(known))


if __name__ == "__main__":
    main(*sys.argv[1:])
