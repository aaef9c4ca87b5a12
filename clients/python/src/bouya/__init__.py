"""Client of Bouya, the ledger of a closed consortium.

    node = bouya.Node("http://127.0.0.1:5000", network=bouya.Network.load("network.toml"))
    key = bouya.open_wallet("alice.wallet", passphrase)
    sent = node.propose(key, "Lease 2027", "lease.pdf", ["bouya1..."], timedelta(days=14))
    node.wait(sent)
    proof = bouya.verify_receipt(node.receipt(sent.id), network=network)

What a node answers is in `bouya.views`, what a transaction can do in `bouya.actions`, what is raised in `bouya.errors`. Amounts are whole
numbers of the smallest unit; `Coin` converts them to what people write. All errors are a `BouyaError`.
"""

from . import actions, errors, views
from .address import Address
from .coin import Coin
from .errors import BouyaError
from .events import Event, EventStream
from .feed import FeedStream, Told
from .hashing import Hash, hash_document, sha256
from .keys import Key, Signer
from .network import Network
from .node import Node, Proposed, Sent
from .outcome import ContractEvent, Done, Outcome, Payment
from .receipt import Proof, ProvenFinal, verify_final_proof, verify_receipt
from .transaction import Transaction
from .wallet import Wallet, open_wallet

__version__ = "0.1.0"

__all__ = [
    "Address",
    "BouyaError",
    "Coin",
    "ContractEvent",
    "Done",
    "Event",
    "EventStream",
    "FeedStream",
    "Hash",
    "Key",
    "Network",
    "Node",
    "Outcome",
    "Payment",
    "Proof",
    "Proposed",
    "ProvenFinal",
    "Sent",
    "Signer",
    "Told",
    "Transaction",
    "Wallet",
    "__version__",
    "actions",
    "errors",
    "hash_document",
    "open_wallet",
    "sha256",
    "verify_final_proof",
    "verify_receipt",
    "views",
]
