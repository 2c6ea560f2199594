"""The key that signs checkpoints: Ed25519 (RFC 8032), in PEM, by the ``cryptography`` library.

The secret key is best kept where the gateway itself cannot read it: whoever takes the gateway over
could else sign what they forged.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from gateway.errors import LedgerError
from gateway.ledger.evidence.atomic_file import sync_folder
from gateway.ledger.verify.checkpoint import Signature

if TYPE_CHECKING:
    from gateway.ledger.verify.checkpoint import KeptCheckpoint

# RFC 8410, section 4: what stands before the 32 bytes of a public key in SubjectPublicKeyInfo.
_SPKI = bytes.fromhex("302a300506032b6570032100")

_LARGEST = 64 * 1024
# Its group may read a key (Debian's ssl-cert does), nobody else anything.
_FORBIDDEN = 0o037


class SigningKey:
    """A secret key, read and ready."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @property
    def public(self) -> bytes:
        """The 32 bytes of the public key."""
        return self._key.public_key().public_bytes_raw()

    def signed(self, kept: KeptCheckpoint) -> KeptCheckpoint:
        """The checkpoint with this key's signature."""
        return replace(kept, signature=self.signature(kept.signed_text()))

    def signature(self, content: bytes) -> Signature:
        """This key's signature of some bytes, which should begin with a tag of their own."""
        return Signature(self.public, self._key.sign(content))


def make_key(path: Path) -> SigningKey:
    """Make a key and write it to a new file, 0600. Raises ``LedgerError``; overwrites nothing."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        # O_EXCL: a key that is there may be the only one that old signatures can be told by.
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise LedgerError(f"{path} is there already: a key is never overwritten") from error
    except OSError as error:
        raise LedgerError(f"the key {path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(pem)
            stream.flush()
            os.fsync(stream.fileno())
        sync_folder(Path(os.path.abspath(path)).parent)  # noqa: PTH100 - symlinks stay as named
    except OSError as error:
        path.unlink(missing_ok=True)
        raise LedgerError(f"the key {path} cannot be written: {error.strerror}") from error
    return SigningKey(key)


def read_key(path: Path) -> SigningKey:
    """Read a secret key: PEM, PKCS8 (RFC 5958), without a passphrase.

    Raises ``LedgerError`` for a file that cannot be read, that others may use, or that holds none.
    """
    content = _content(path)
    mode = path.stat().st_mode & 0o777
    if mode & _FORBIDDEN:
        raise LedgerError(
            f"the key {path} may be used by others (its mode is {mode:04o}): `chmod 0600 {path}`, "
            "and make a new one if somebody could have read it"
        )
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except TypeError as error:
        raise LedgerError(
            f"the key {path} has a passphrase, and nobody is there to type it: store it without"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise LedgerError(f"{path} holds no private key in PEM (PKCS8)") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise LedgerError(
            f"the key {path} is not one of Ed25519: `monition audit checkpoint --make-key` "
            "makes one"
        )
    return SigningKey(key)


def read_public_key(path: Path) -> bytes:
    """Read a public key in PEM: its 32 bytes. Raises ``LedgerError`` for a file that holds none."""
    try:
        key = serialization.load_pem_public_key(_content(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise LedgerError(f"{path} holds no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise LedgerError(f"the public key {path} is not one of Ed25519")
    return key.public_bytes_raw()


def public_pem(public: bytes) -> str:
    """A public key in PEM, as OpenSSL reads it."""
    return (
        Ed25519PublicKey.from_public_bytes(public)
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def fingerprint(public: bytes) -> str:
    """What people compare: ``sha256:`` and the hex SHA-256 of the key's SubjectPublicKeyInfo."""
    return "sha256:" + hashlib.sha256(_SPKI + public).hexdigest()


def is_signed(content: bytes, signature: Signature) -> bool:
    """Whether the signature is that key's, over these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(signature.key).verify(signature.value, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def signature_fault(kept: KeptCheckpoint, public: bytes | None) -> str | None:
    """What is wrong with who signed a checkpoint, as a sentence; ``None`` for nothing.

    ``public`` is the key that must have signed it, where one is known. Without one, the key that
    it names itself is asked, which proves no more than that it was not changed by accident.
    """
    row, signature = kept.checkpoint.seq, kept.signature
    if signature is None:
        return None if public is None else f"the checkpoint of row {row} is not signed"
    if public is not None and signature.key != public:
        return (
            f"the checkpoint of row {row} is signed by another key, {fingerprint(signature.key)}, "
            f"and not by {fingerprint(public)}"
        )
    if not is_signed(kept.signed_text(), signature):
        return f"the signature of the checkpoint of row {row} is wrong: it was changed or forged"
    return None


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_LARGEST)
    except OSError as error:
        raise LedgerError(f"the key {path} cannot be read: {error.strerror}") from error
