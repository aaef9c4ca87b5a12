"""Amounts, addresses, hashes, encodings, and what makes a transaction valid nowhere."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

from bouya import Address, Coin, Hash, Key, Network, Transaction, actions, hash_document, sha256
from bouya.encoding import Reader, number
from bouya.errors import AddressError, AmountError, DefinitionError, EncodingError, InvalidTransaction, WrongNetwork
from bouya.members import Member
from bouya.network import milliseconds, moment

ALICE, BOB = Key(bytes([1] * 32)), Key(bytes([2] * 32))
NETWORK = sha256(b"a network")


@pytest.mark.parametrize(
    ("decimals", "text", "units"),
    [
        (2, "1", 100),
        (2, "1.00", 100),
        (2, "0.05", 5),
        (2, "01.5", 150),
        (0, "7", 7),
        (9, "18446744073.709551615", 2**64 - 1),
        (6, Decimal("12.5"), 12_500_000),
        (6, Decimal("12.50000000"), 12_500_000),
        (6, Decimal("1E+3"), 1_000_000_000),
    ],
)
def test_amounts_are_exact(decimals: int, text: str | Decimal, units: int) -> None:
    coin = Coin("ACM", decimals)
    assert coin.parse(text) == units
    assert coin.parse(coin.format(units)) == units
    with localcontext(prec=3):
        assert coin.decimal(units) == Decimal(units) / 10**decimals or units > 999
        assert coin.parse(coin.decimal(units)) == units


@pytest.mark.parametrize("text", ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1.2.3", " 1", "1 ", "٣", Decimal("-1"), Decimal("NaN")])
def test_what_is_no_amount_is_refused(text: str | Decimal) -> None:
    with pytest.raises(AmountError):
        Coin("ACM", 2).parse(text)


def test_floats_ints_and_finer_amounts_are_refused() -> None:
    for wrong in (1.5, 1, None):
        with pytest.raises(AmountError):
            Coin("ACM", 2).parse(wrong)  # type: ignore[arg-type]
    for finer in ("1.005", Decimal("1.005")):
        with pytest.raises(AmountError, match="3 decimals"):
            Coin("ACM", 2).parse(finer)
    for large in ("18446744073.709551616", "9" * 5_000):
        with pytest.raises(AmountError):
            Coin("ACM", 9).parse(large)
    for wrong in (-1, 2**64, 1.5, True):
        with pytest.raises(AmountError):
            Coin("ACM", 2).format(wrong)  # type: ignore[arg-type]
    assert [Coin("ACM", 6).format(units) for units in (0, 1, 1_500_000)] == ["0", "0.000001", "1.5"]


def test_no_mistyped_address_is_taken() -> None:
    text = str(ALICE.address)
    assert Address.parse(text.upper()) == ALICE.address
    for at in range(len(text)):
        for letter in "qpz1B":
            if text[at] != letter:
                with pytest.raises(AddressError):
                    Address.parse(text[:at] + letter + text[at + 1 :])
    for wrong in ("", "bouya1", text[:-1], text + "q", " " + text, "bouya1" + "é" * 59, text.upper().replace("K", "\u212a")):
        with pytest.raises(AddressError):
            Address.parse(wrong)
    # The older checksum, and another prefix.
    with pytest.raises(AddressError):
        Address.parse("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")
    with pytest.raises(AddressError):
        Address(bytes(32))


def test_hashes_are_lower_case_hex_of_32_bytes() -> None:
    hash = sha256(b"lease")
    assert Hash.parse(str(hash)) == hash == Hash.of(str(hash)) == Hash.of(bytes(hash))
    for wrong in ("", str(hash)[:8], str(hash).upper(), " " + str(hash)[1:], str(hash) + "00"):
        with pytest.raises(EncodingError):
            Hash.parse(wrong)


def test_a_document_is_hashed_the_same_however_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "lease.pdf"
    path.write_bytes(b"lease" * 100_000)
    hash = sha256(b"lease" * 100_000)
    with open(path, "rb") as file:
        given = [hash_document(path), hash_document(str(path)), hash_document(path.read_bytes()), hash_document(file)]
    assert [*given, hash_document(io.BytesIO(path.read_bytes()))] == [hash] * 5


def test_numbers_that_do_not_fit_are_no_numbers() -> None:
    for wrong in (-1, 256, True, 1.0, "1"):
        with pytest.raises(EncodingError):
            number(wrong, 1)  # type: ignore[arg-type]


def test_only_canonical_bytes_are_read() -> None:
    data = bytes(Transaction.sign(NETWORK, ALICE, 0, 1, 9, actions.Transfer((actions.Output(BOB.address, 1),), "rent")))
    assert bytes(Transaction.decode(data)) == data
    for cut in range(len(data)):
        with pytest.raises(EncodingError):
            Transaction.decode(data[:cut])
    for wrong in (data + b"\0", b"\2" + data[1:], data.replace(b"rent", b"re\nt"), data.replace(b"rent", b"re\xfft")):
        with pytest.raises(EncodingError):
            Transaction.decode(wrong)
    with pytest.raises(EncodingError):
        Reader(b"\2").flag()


def signed(action: actions.Action, fee: int = 1) -> Transaction:
    return Transaction.sign(NETWORK, ALICE, 3, fee, 9, action)


OUTPUT = actions.Output(BOB.address, 5)
MEMBER = Member("carol", BOB.public, ALICE.address)


def proven(member: Member, by: Key) -> actions.Motion:
    draft = actions.Motion(actions.Add(member, bytes(64)), "", 1)
    return replace(draft, change=actions.Add(member, by.sign(draft.proofs()[0][1])))


def keys(by: Key, governor: Address | None) -> actions.Keys:
    draft = actions.Keys("carol", actions.NewKey(BOB.public, bytes(64)), governor)
    message = draft.proofs(NETWORK, ALICE.address, 3)[0][1]
    return replace(draft, key=actions.NewKey(BOB.public, by.sign(message)))


def test_all_kinds_of_transactions_are_valid_and_read_back() -> None:
    all: list[actions.Action] = [
        actions.Transfer((OUTPUT, OUTPUT), "rent"),
        actions.Record("contracts", actions.Data(b"wheat 212.50")),
        actions.Record("contracts", actions.Document(sha256(b"lease"), "lease.pdf")),
        actions.Propose("Lease", sha256(b"lease"), (BOB.address,), 1),
        actions.Respond(sha256(b"a"), sha256(b"lease"), True),
        actions.Withdraw(sha256(b"a")),
        proven(MEMBER, BOB),
        actions.Motion(actions.Remove("carol"), "gone", 1),
        actions.Motion(actions.Governor("carol", ALICE.address), "", 1),
        actions.Motion(actions.Upgrade(3, 5_000), "", 1),
        actions.Ballot(sha256(b"m"), True),
        keys(BOB, None),
        actions.Keys("carol", None, BOB.address),
    ]
    for action in all:
        made = signed(action)
        made.check(NETWORK)
        assert Transaction.decode(bytes(made)) == made
        with pytest.raises(InvalidTransaction):
            made.check(sha256(b"another network"))


def test_what_is_valid_nowhere_is_refused() -> None:
    lease = sha256(b"lease")
    all: list[actions.Action] = [
        actions.Transfer(()),
        actions.Transfer((replace(OUTPUT, amount=0),)),
        actions.Transfer((replace(OUTPUT, amount=2**64 - 1), OUTPUT)),
        actions.Record("", actions.Data(b"")),
        actions.Propose("", lease, (BOB.address,), 1),
        actions.Propose("Lease", lease, (), 1),
        actions.Propose("Lease", lease, (ALICE.address,), 1),
        actions.Propose("Lease", lease, (BOB.address, BOB.address), 1),
        proven(MEMBER, ALICE),
        proven(replace(MEMBER, governor=BOB.address), BOB),
        proven(replace(MEMBER, governor=Address(b"\1" + bytes(32))), BOB),
        actions.Motion(actions.Governor("carol", Address(b"\1" + bytes(32))), "", 1),
        keys(ALICE, None),
        keys(BOB, BOB.address),
        actions.Keys("carol", None, None),
    ]
    for action in all:
        with pytest.raises(InvalidTransaction):
            signed(action).check(NETWORK)
    with pytest.raises(InvalidTransaction):
        signed(actions.Transfer((OUTPUT,)), fee=2**64 - 1).check(NETWORK)


def test_what_does_not_fit_is_not_even_encoded() -> None:
    all: list[actions.Action] = [
        actions.Transfer((OUTPUT,) * 129),
        actions.Transfer((OUTPUT,), "x" * 257),
        actions.Transfer((OUTPUT,), "two\nlines"),
        actions.Transfer((OUTPUT,), "\ud800"),
        actions.Record("x" * 65, actions.Data(b"")),
        actions.Record("x", actions.Data(bytes(8_193))),
        actions.Motion(actions.Remove("Carol"), "", 1),
        actions.Motion(actions.Remove("ca"), "", 1),
        actions.Motion(actions.Remove("12"), "", 1),
    ]
    for action in all:
        with pytest.raises(EncodingError):
            signed(action)


def test_times_have_a_zone() -> None:
    assert milliseconds(datetime(2026, 9, 21, 14, 13, 20, 123_999, tzinfo=UTC)) == 1_790_000_000_123
    assert moment(1_790_000_000_123) == datetime(2026, 9, 21, 14, 13, 20, 123_000, tzinfo=UTC)
    assert moment(2**64 - 1).year == 9999
    with pytest.raises(ValueError, match="zone"):
        milliseconds(datetime(2026, 9, 21))


def test_a_wrong_definition_says_what_is_wrong() -> None:
    for text, why in [("", "'coin' is missing"), ("x", "Expected"), ("format = 2", "format"), ("coin = 1", "definition")]:
        with pytest.raises(DefinitionError, match=why):
            Network.parse(text)


def test_overrides_of_another_network_are_refused() -> None:
    text = f"""
name = "acme"
created = "2026-09-21T14:13:20Z"
coin = {{ symbol = "ACM" }}
members = [{{ id = "alice", key = "{ALICE.public.hex()}", governor = "{BOB.address}" }}]
"""
    assert len(Network.parse(text).first.roster.members) == 1
    with pytest.raises(WrongNetwork):
        Network.parse(text, f'network = "{NETWORK}"\noverrides = []')
