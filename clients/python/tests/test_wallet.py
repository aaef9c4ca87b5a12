"""Wallet and key files, as the program writes them."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bouya import Key, Wallet, open_wallet
from bouya.errors import PassphraseError, WalletError
from bouya.wallet import _hchacha20, default_folder

PASSPHRASE = "correct horse battery staple"
KEY = Key(bytes([2] * 32))
# Written by `bouya wallet import`. Files that end in .wallet stay out of the repository.
SEALED = Path(__file__).parent / "data/sealed.wallet.json"


def write(folder: Path, text: str, name: str = "sealed.wallet") -> Path:
    path = folder / name
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def plain(**changes: Any) -> str:
    said = {
        "format": 1,
        "name": "plain",
        "address": str(KEY.address),
        "public_key": KEY.public.hex(),
        "kdf": None,
        "unencrypted_seed": KEY.seed().hex(),
    }
    return json.dumps({**said, **changes})


def test_a_sealed_wallet_opens_with_its_passphrase_and_no_other(tmp_path: Path) -> None:
    path = write(tmp_path, SEALED.read_text())
    wallet = Wallet.load(path)
    assert wallet.is_encrypted
    assert wallet.address == KEY.address
    assert wallet.unlock(PASSPHRASE).seed() == KEY.seed()
    assert open_wallet(path, PASSPHRASE).public == KEY.public
    for wrong in (None, "", PASSPHRASE + " "):
        with pytest.raises(PassphraseError):
            wallet.unlock(wrong)
    assert KEY.seed().hex() not in repr(wallet) + repr(KEY)


def test_a_wallet_without_a_passphrase_opens_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, plain(), "plain.wallet")
    monkeypatch.setenv("BOUYA_WALLETS", str(tmp_path))
    assert default_folder() == tmp_path
    assert open_wallet("plain").address == KEY.address
    with pytest.raises(WalletError, match="check the path"):
        open_wallet("other")


@pytest.mark.skipif(os.name != "posix", reason="files have no owners here")
def test_a_wallet_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, plain(), "plain.wallet")
    path.chmod(0o640)
    with pytest.raises(WalletError, match="chmod 600"):
        Wallet.load(path)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"format": 2}, "format 2"),
        ({"name": "other"}, "do not rename"),
        ({"address": str(Key(bytes(32)).address)}, "does not match"),
        ({"unencrypted_seed": "00" * 32}, "does not match"),
        ({"unencrypted_seed": "02" * 31}, "the seed"),
        ({"unencrypted_seed": None}, "neither"),
        ({"more": 1}, "a field"),
        ({"public_key": 7}, "damaged"),
    ],
)
def test_a_changed_wallet_is_damaged(change: dict[str, Any], why: str, tmp_path: Path) -> None:
    path = write(tmp_path, plain(**change), "plain.wallet")
    with pytest.raises(WalletError, match=why) as raised:
        Wallet.load(path)
    assert "02" * 31 not in str(raised.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said["kdf"].update(memory_kib=1 << 30),
        lambda said: said["kdf"].update(passes=0),
        lambda said: said["kdf"].update(lanes=17),
        lambda said: said["kdf"].update(algorithm="pbkdf2"),
        lambda said: said["cipher"].update(nonce="00"),
        lambda said: said.pop("cipher"),
        lambda said: said.update(kdf=None),
    ],
)
def test_a_file_cannot_ask_for_other_costs_or_algorithms(change: Callable[[Any], object], tmp_path: Path) -> None:
    said = json.loads(SEALED.read_text())
    change(said)
    with pytest.raises(WalletError, match="damaged"):
        Wallet.load(write(tmp_path, json.dumps(said)))


def test_a_key_file_is_one_line_of_hex(tmp_path: Path) -> None:
    assert Key.from_file(write(tmp_path, KEY.seed().hex() + "\n", "key")).public == KEY.public
    for wrong in ("", "02" * 31, "zz" * 32, "02" * 10_000):
        with pytest.raises(WalletError) as raised:
            Key.from_file(write(tmp_path, wrong, "key"))
        assert "0202" not in str(raised.value)
    with pytest.raises(WalletError):
        Key.from_file(tmp_path / "missing")


def test_hchacha20_is_that_of_the_draft() -> None:
    # draft-irtf-cfrg-xchacha-03, 2.2.1
    derived = _hchacha20(bytes(range(32)), bytes.fromhex("000000090000004a0000000031415927"))
    assert derived.hex() == "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
