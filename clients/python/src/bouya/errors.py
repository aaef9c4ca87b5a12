"""Everything that this package raises on purpose. Each error is a `BouyaError`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import views
    from .transaction import Transaction


class BouyaError(Exception):
    """What went wrong, whose fault it is, and what to do next."""


class EncodingError(BouyaError, ValueError):
    """Bytes that are no canonical encoding, or a value that the protocol's bounds do not allow."""


class AddressError(BouyaError, ValueError):
    """A text that is no address."""


class AmountError(BouyaError, ValueError):
    """A text or a number that is no amount of the coin."""


class InvalidTransaction(BouyaError, ValueError):
    """A transaction that no node of its network would take, whatever the state of the chain."""


class DefinitionError(BouyaError, ValueError):
    """A `network.toml` or `override.toml` that defines nothing."""


class WrongNetwork(BouyaError):
    """The node is of another network than the one that was asked for. Nothing was signed for it."""


class OtherDocument(BouyaError):
    """The agreement is about another document than the one in hand. Nothing was signed."""


class ReceiptError(BouyaError):
    """A receipt or a final proof that proves nothing to this verifier."""


class NotAReceipt(ReceiptError):
    """It was changed, cut or made up: nobody should believe it."""


class NotProven(ReceiptError):
    """It is well made, and it does not lead to what this verifier trusts."""


class WalletError(BouyaError):
    """A wallet or key file that cannot be read or opened."""


class PassphraseError(WalletError):
    """The passphrase is missing or wrong (or the file's ciphertext was changed, which looks the same)."""


class NodeError(BouyaError):
    """No usable answer from the node."""


class NodeUnreachable(NodeError, ConnectionError):
    """The node does not answer: it is not running, not at this address, or the connection broke."""


class UnexpectedAnswer(NodeError):
    """An answer that this version does not understand: perhaps something else listens there, or the node is newer."""


class MaybeSent(NodeError):
    """A transaction was sent, and nobody answered whether it was taken.

    `submit` the same `transaction` again, which does no harm; to sign another one could pay twice.
    """

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(f"{transaction.id} was sent, and there was no answer; submit the same transaction again")
        self.transaction = transaction


class NotYet(BouyaError, TimeoutError):
    """The time for waiting is over. The transaction may still get there; `seen` is what the node last said of it, None if nothing."""

    def __init__(self, message: str, seen: views.Transaction | None) -> None:
        super().__init__(message)
        self.seen = seen


class NeverConfirmed(BouyaError):
    """The transaction can no longer be confirmed: all blocks that could have held it are final without it. Sign anew."""


@dataclass(frozen=True)
class ProblemValues:
    """What a program needs to mend a problem; docs/API.md says which problem has which. Amounts are text in coins, which `Coin.parse` reads."""

    expected_nonce: int | None = None
    next_nonce: int | None = None
    by: str | None = None
    least_fee: str | None = None
    height: int | None = None
    lowest: int | None = None
    balance: str | None = None
    cost: str | None = None


class ApiError(NodeError):
    """A problem document of the node (RFC 9457). `kind` is its type without `urn:bouya:`; `detail` says what to do; `values` is for programs."""

    def __init__(self, kind: str, status: int, title: str, detail: str, values: ProblemValues | None = None) -> None:
        super().__init__(f"{detail} ({kind}, {status})")
        self.kind, self.status, self.title, self.detail = kind, status, title, detail
        self.values = values or ProblemValues()


class NotFound(ApiError):
    """Nothing of that name is there (404)."""


class Pruned(ApiError):
    """It was there, and this node keeps it no more (410): ask a node that keeps all."""


class OtherHistory(ApiError):
    """What was final where a cursor of the feed comes from is not on this node's chain: people must compare the nodes before anything goes on."""


class BadRequest(ApiError):
    """The node does not understand the question (400 and its like): a mistake of the program."""


class Forbidden(ApiError):
    """The node does not answer whoever asks like this (401, 403): see the detail."""


class Busy(ApiError):
    """The node is busy, full or stopping (503, 429, 408), or a proxy in front of it says so: try again."""


class NodeFault(ApiError):
    """A fault of the node itself, and in its log (500)."""


class Refused(ApiError):
    """The node does not take the transaction as things stand (409, 422)."""


class NonceTaken(Refused):
    """Another transaction of this sender waits with, or was confirmed with, that nonce: sign anew with the next one."""


class AlreadyConfirmed(Refused):
    """This very transaction is on the chain already."""


class LowFee(Refused):
    """The fee is lower than the node asks for."""


class InsufficientBalance(Refused):
    """The sender's coins do not cover outputs and fee."""


class Expired(Refused):
    """The chain is beyond the transaction's last block."""


_BY_KIND: dict[str, type[ApiError]] = {
    "nonce-taken": NonceTaken,
    "slot-taken": NonceTaken,
    "wrong-nonce": NonceTaken,
    "confirmed": AlreadyConfirmed,
    "low-fee": LowFee,
    "insufficient-balance": InsufficientBalance,
    "expired": Expired,
    "other-history": OtherHistory,
}

_BY_STATUS: dict[int, type[ApiError]] = {
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    408: Busy,
    409: Refused,
    410: Pruned,
    422: Refused,
    429: Busy,
    500: NodeFault,
    502: Busy,
    503: Busy,
    504: Busy,
}


def problem(kind: str, status: int, title: str, detail: str, values: ProblemValues | None = None) -> ApiError:
    """The error for a problem document. An unknown kind or status becomes the class that is nearest."""
    nearest = BadRequest if 400 <= status < 500 else ApiError
    return _BY_KIND.get(kind, _BY_STATUS.get(status, nearest))(kind, status, title, detail, values)
