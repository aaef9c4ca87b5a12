"""The `.wallet` files of `bouya wallet new`: a name, an address and a key in the clear, and the seed under a passphrase.

The passphrase becomes a key with Argon2id, at the cost that the file names, and XChaCha20-Poly1305 opens the seed with it.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from .address import Address
from .errors import EncodingError, PassphraseError, WalletError
from .hashing import unhex
from .keys import Key, read_private

_FORMAT = 1
# The highest cost that a file may ask for, as in bouya itself: a file must not make a program take all memory.
_MEMORY_KIB, _PASSES, _LANES = 1024 * 1024, 16, 16


@dataclass(frozen=True)
class _Sealed:
    memory_kib: int
    passes: int
    lanes: int
    salt: bytes
    nonce: bytes
    ciphertext: bytes


class Wallet:
    """A wallet that was read, and not opened yet: `Wallet.load("alice.wallet").unlock(passphrase)` gives the key."""

    def __init__(self, name: str, public: bytes, secret: _Sealed | Key) -> None:
        self.name, self.public, self._secret = name, public, secret

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Wallet:
        """Reads the file. It must be its owner's alone, and bear the wallet's name."""
        path = Path(path)
        try:
            return _read(json.loads(read_private(path)), path)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            # An `EncodingError` names a field. What else is said could quote the secret file, so it is not passed on.
            why = str(error) if isinstance(error, EncodingError) else "not a wallet's fields"
            raise WalletError(f"{path} is damaged ({why}); restore it from a backup, or import its seed again") from None

    @property
    def address(self) -> Address:
        """Its address."""
        return Address.of_key(self.public)

    @property
    def is_encrypted(self) -> bool:
        """Whether a passphrase is needed."""
        return isinstance(self._secret, _Sealed)

    def unlock(self, passphrase: str | None = None) -> Key:
        """The key. With a passphrase it takes some time and memory, as much as whoever guesses must spend on each guess."""
        if isinstance(self._secret, Key):
            return self._secret
        if passphrase is None:
            raise PassphraseError(f'wallet "{self.name}" is encrypted: give its passphrase')
        wrong = f'wrong passphrase for wallet "{self.name}" (or its file was changed); try again'
        try:
            seed = _open(self._secret, passphrase, struct.pack("<I", _FORMAT) + self.public)
        except InvalidTag:
            raise PassphraseError(wrong) from None
        key = Key(seed) if len(seed) == 32 else None
        if key is None or key.public != self.public:
            raise PassphraseError(wrong)
        return key

    def __repr__(self) -> str:
        return f"Wallet {self.name} of {self.address}"


def default_folder() -> Path:
    """Where `bouya` keeps wallets unless told otherwise: `BOUYA_WALLETS`, or `bouya/wallets` in the user's data folder."""
    if named := os.environ.get("BOUYA_WALLETS"):
        return Path(named)
    data = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (data if data.is_absolute() else Path.home() / ".local/share") / "bouya/wallets"


def open_wallet(wallet: str | os.PathLike[str], passphrase: str | None = None) -> Key:
    """The key of a wallet: the path of its file, or its name in `default_folder()`."""
    path = Path(wallet)
    if path.suffix != ".wallet" and len(path.parts) == 1:
        path = default_folder() / f"{path}.wallet"
    return Wallet.load(path).unlock(passphrase)


def _read(said: Any, path: Path) -> Wallet:
    if said["format"] != _FORMAT:
        raise WalletError(f"{path} has wallet format {said['format']}, this version knows format 1; use a newer one")
    more = set(said) - {"format", "name", "address", "public_key", "kdf", "cipher", "unencrypted_seed"}
    if more:
        raise EncodingError("it has a field that format 1 does not have")
    name, public = said["name"], unhex(said["public_key"], "the public key", 32)
    if f"{name}.wallet" != path.name:
        raise EncodingError("it holds another wallet's name; do not rename wallet files")
    if said["address"] != str(Address.of_key(public)):
        raise EncodingError("the address does not match the public key")
    kdf, cipher, seed = said["kdf"], said.get("cipher"), said.get("unencrypted_seed")
    if kdf is None and cipher is None and seed is not None:
        key = Key(unhex(seed, "the seed", 32))
        if key.public != public:
            raise EncodingError("the seed does not match the public key")
        return Wallet(name, public, key)
    if kdf is None or cipher is None or seed is not None:
        raise EncodingError("the seed is neither encrypted nor unencrypted")
    if (kdf["algorithm"], cipher["algorithm"]) != ("argon2id", "xchacha20-poly1305"):
        raise EncodingError("it names an algorithm that format 1 does not have")
    memory, passes, lanes = kdf["memory_kib"], kdf["passes"], kdf["lanes"]
    if not (8 * lanes <= memory <= _MEMORY_KIB and 1 <= passes <= _PASSES and 1 <= lanes <= _LANES):
        raise EncodingError("its key derivation cost is out of bounds")
    salt, nonce = unhex(kdf["salt"], "the salt", 16), unhex(cipher["nonce"], "the nonce", 24)
    ciphertext = unhex(cipher["ciphertext"], "the ciphertext", 48)
    return Wallet(name, public, _Sealed(memory, passes, lanes, salt, nonce, ciphertext))


def _open(sealed: _Sealed, passphrase: str, associated: bytes) -> bytes:
    try:
        derive = Argon2id(salt=sealed.salt, length=32, iterations=sealed.passes, lanes=sealed.lanes, memory_cost=sealed.memory_kib)
        key = derive.derive(passphrase.encode())
    except UnsupportedAlgorithm as error:
        next_step = "install the wheel of `cryptography` from the package index, or build it with OpenSSL 3.2 or later"
        raise WalletError(f"this build of `cryptography` has no Argon2id; {next_step}") from error
    # XChaCha20-Poly1305 is ChaCha20-Poly1305 under a key that the first 16 bytes of the nonce change.
    cipher = ChaCha20Poly1305(_hchacha20(key, sealed.nonce[:16]))
    return cipher.decrypt(bytes(4) + sealed.nonce[16:], sealed.ciphertext, associated)


def _hchacha20(key: bytes, nonce: bytes) -> bytes:
    """HChaCha20 (draft-irtf-cfrg-xchacha, 2.2). It only adds, rotates and xors, so it takes no other time for another key."""
    state = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))

    def quarter(a: int, b: int, c: int, d: int) -> None:
        for x, y, z, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[x] = (state[x] + state[y]) & 0xFFFFFFFF
            mixed = state[z] ^ state[x]
            state[z] = (mixed << by | mixed >> 32 - by) & 0xFFFFFFFF

    for _ in range(10):
        for at in range(4):
            quarter(at, 4 + at, 8 + at, 12 + at)
        for at in range(4):
            quarter(at, 4 + (at + 1) % 4, 8 + (at + 2) % 4, 12 + (at + 3) % 4)
    return struct.pack("<8I", *state[:4], *state[12:])
