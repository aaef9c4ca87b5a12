"""Uses the client that was made of the description: use.py URL FILE. What it reads is typed, so a wrong description fails here."""

import json
import sys
from datetime import datetime
from pathlib import Path

from generated import Client
from generated.api.accounts import accounts_show
from generated.api.node import node_status
from generated.api.records import records_list
from generated.api.transactions import transactions_check, transactions_receipt, transactions_show
from generated.models import Account, ActionRecord, ActionTransfer, PageRecord, Problem, RawTransaction, Receipt, Status, Transaction, TransactionCheck
from generated.models.problem_type import ProblemType


def main(url, file):
    known = json.loads(Path(file).read_text())
    with Client(base_url=url) as client:
        status = node_status.sync(client=client)
        assert isinstance(status, Status) and isinstance(status.started, datetime) and status.network.symbol
        assert status.final.height <= status.tip.height
        account = accounts_show.sync(known["account"], client=client, final=True)
        assert isinstance(account, Account) and account.balance.count(".") <= 1
        records = records_list.sync(client=client, topic="prices")
        assert isinstance(records, PageRecord) and [one.text for one in records.items] == ["one coffee, two coins"]
        recorded = transactions_show.sync(records.items[0].transaction, client=client)
        assert isinstance(recorded, Transaction) and isinstance(recorded.action, ActionRecord) and recorded.action.topic == "prices"
        paid = transactions_show.sync(known["transactions"][0], client=client)
        assert isinstance(paid, Transaction) and isinstance(paid.action, ActionTransfer) and paid.action.outputs[0].to == known["account"]
        receipt = transactions_receipt.sync(known["transactions"][0], client=client)
        assert isinstance(receipt, Receipt) and receipt.network == status.network.id
        again = problem_with(client, receipt.transaction)
        assert (again.type_, again.height) == (ProblemType.URNBOUYACONFIRMED, paid.height)
        early = problem_with(client, known["unsent"][1])
        assert (early.type_, early.expected_nonce) == (ProblemType.URNBOUYAWRONG_NONCE, account.nonce)
        unknown = transactions_show.sync("0" * 64, client=client)
        assert isinstance(unknown, Problem) and unknown.type_ == ProblemType.URNBOUYANOT_FOUND


def problem_with(client, raw):
    """Sending is not for this generator: it cannot tell bodies apart of which one may be a list."""
    checked = transactions_check.sync(client=client, body=RawTransaction(raw=raw))
    assert isinstance(checked, TransactionCheck) and not checked.passes and isinstance(checked.problem, Problem), checked
    return checked.problem


if __name__ == "__main__":
    main(*sys.argv[1:])
