"""The views are what docs/openapi.json describes: a field that one has and the other has not is noticed here."""

import dataclasses
import json
from typing import Any

import pytest
from conftest import ROOT

from bouya import errors, views
from bouya._reading import _fields, _tags

SCHEMAS: dict[str, Any] = json.loads((ROOT / "docs/openapi.json").read_text())["components"]["schemas"]
# Under which name the description has it, where that is another, and what is left out here: what only an operator of the node looks at.
SAME = ["Account", "AddressName", "Agreement", "BlockSummary", "Finality", "FinalBlock", "Moment", "Motion", "Movement", "Output", "Party"]
SAME += [
    "Feed",
    "FeedAt",
    "FeedItem",
    "FeedUndone",
    "TransactionCheck",
    "Record",
    "Reward",
    "Transaction",
    "Turnout",
    "Voter",
    "Voice",
    "Decided",
    "DecidedAt",
    "MemberName",
    "MotionVote",
    "Submitted",
    "Contract",
    "ContractAnswer",
    "ContractEvent",
    "ContractOutcome",
    "ContractSlot",
    "ContractTold",
]
NAMED = {name: (name, set[str]()) for name in SAME} | {
    "Status": ("Status", {"certificate", "clock", "lists", "miner", "open_files"}),
    "NodeState": ("NodeStatus", set()),
    "NetworkInfo": ("NetworkStatus", {"upgrade"}),
    "Tip": ("TipStatus", set()),
    "FinalTip": ("FinalStatus", set()),
    "PeerCounts": ("PeerCounts", {"dialed_in"}),
    "Mempool": ("MempoolStatus", set()),
    "Block": ("Block", set()),
    "Miner": ("MinerOf", set()),
    "Member": ("Member", {"certificate"}),
    "Members": ("Members", {"dropped", "upgrades"}),
    "MemberSet": ("MemberSet", {"by", "changed"}),
    "Since": ("InForceSince", set()),
    "Vote": ("VoterVote", set()),
}


def described(schema: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """All fields, and those that are always there."""
    if "$ref" in schema:
        return described(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    return dict(schema.get("properties", {})), set(schema.get("required", []))


def compare(kind: type, schema: dict[str, Any], left_out: set[str]) -> None:
    fields, needed = described(schema)
    ours = {alias: is_optional for _, alias, _, is_optional in _fields(kind)}
    assert set(ours) | left_out == set(fields), kind
    assert {name for name, is_optional in ours.items() if not is_optional} == needed - left_out, kind


@pytest.mark.parametrize("name", NAMED)
def test_a_view_has_the_fields_of_the_description(name: str) -> None:
    theirs, left_out = NAMED[name]
    compare(getattr(views, name), SCHEMAS[theirs], left_out)


def test_a_problem_has_the_values_of_the_description() -> None:
    compare(errors.ProblemValues, SCHEMAS["Problem"], {"type", "title", "status", "detail"})


@pytest.mark.parametrize(("union", "schema"), [("Action", "Action"), ("MemberChange", "MemberChange"), ("EventData", "Event")])
def test_each_variant_has_the_fields_of_the_description(union: str, schema: str) -> None:
    kinds = [kind for kind in getattr(views, union).__args__ if kind not in (views.Unknown, views.Lagged)]
    by_tag = {_tags(kind)[0]: kind for kind in kinds}
    variants = SCHEMAS[schema]["oneOf"]
    assert len(by_tag) == len(kinds) == len(variants)
    for variant in variants:
        [tag] = described(variant)[0]["type"]["enum"]
        compare(by_tag[tag], variant, set())


def test_all_views_are_frozen() -> None:
    kinds = [kind for kind in vars(views).values() if dataclasses.is_dataclass(kind) and isinstance(kind, type)]
    assert len(kinds) > 50
    assert all(kind.__dataclass_params__.frozen for kind in kinds)  # type: ignore[attr-defined]
