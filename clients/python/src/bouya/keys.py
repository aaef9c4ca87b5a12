"""Keys that sign. The secret stays in the object, and signing runs in constant time (OpenSSL, by way of `cryptography`)."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .address import Address
from .encoding import exactly
from .errors import WalletError

_SECRET_FILE_BYTES = 16 * 1024


class Signer(Protocol):
    """Whoever can sign: a `Key`, or your own class around a security module or a signing service."""

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the Ed25519 signature over the message (RFC 8032)."""


class Key:
    """A secret key. It is never printed."""

    def __init__(self, seed: bytes) -> None:
        """From the 32 bytes of an ed25519 seed."""
        self._key = Ed25519PrivateKey.from_private_bytes(exactly(seed, 32, "a seed"))
        self.public = self._key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> Key:
        """A new key. Keep its seed, or nobody can ever use its coins."""
        return cls(secrets.token_bytes(32))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Key:
        """From a file with one line of 64 hex digits, as `bouya wallet export` writes it. It must be its owner's alone."""
        digits = read_private(path).strip()
        try:
            seed = bytes.fromhex(digits) if len(digits) == 64 else b""
        except ValueError:
            seed = b""
        if len(seed) != 32:
            raise WalletError(f"{path} is not a key file: one line of 64 hex digits is expected")
        return cls(seed)

    @property
    def address(self) -> Address:
        """Where it is paid."""
        return Address.of_key(self.public)

    def seed(self) -> bytes:
        """The secret itself, to be kept. Whoever has it has the key."""
        return self._key.private_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The signature over the message."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"Key of {self.address}"


def read_private(path: str | os.PathLike[str]) -> str:
    """The text of a file that holds a secret. One that others may read is refused, where files have owners."""
    try:
        with open(path, "rb") as file:
            # The mode of the open file, not of the path: the file at the path could be swapped in between.
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if os.name == "posix" and mode & 0o077:
                raise WalletError(f"other users can access {path} (mode {mode:03o}); make it private: chmod 600 {path}")
            data = file.read(_SECRET_FILE_BYTES)
    except OSError as error:
        raise WalletError(f"cannot read {Path(path)}: {error.strerror}; check the path") from error
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = None
    # The content is not shown and not chained: it may be a secret.
    if text is None or len(data) == _SECRET_FILE_BYTES:
        raise WalletError(f"{path} is not a text of at most {_SECRET_FILE_BYTES} bytes; check the path")
    return text
