"""Pseudonyms: the same name for the same person in one ledger, and no way back from it.

HMAC-SHA256 (RFC 2104) over the folded address, keyed with 32 random bytes that are made with the
ledger and never leave it. Who holds the key could try addresses out; who holds a snapshot without
it cannot.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import sqlite3
from contextlib import suppress

from gateway.errors import LedgerError
from gateway.ledger.record.fold import fold

_LETTERS = 12
KEY_BYTES = 32
_KEY = "SELECT value FROM setting WHERE name = 'pseudonym_key'"
PREFIX = "person-"
"""What every pseudonym begins with."""


class Pseudonyms:
    """The pseudonyms of one ledger."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> Pseudonyms:
        """Those of an open ledger. Raises ``LedgerError`` where its key is gone or is none."""
        row = connection.execute(_KEY).fetchone()
        if row is None:
            raise LedgerError(
                "the ledger's key for pseudonyms is gone (table setting): restore a backup"
            )
        if not isinstance(row[0], bytes) or len(row[0]) != KEY_BYTES:
            raise LedgerError(
                f"the ledger's key for pseudonyms (table setting) is not {KEY_BYTES} random bytes "
                "any more: somebody changed the file; restore a backup, and find out who"
            )
        return cls(row[0])

    def person(self, address: str) -> str:
        """``person-`` and twelve letters: 60 bits, so that two of a million hardly ever meet."""
        folded = fold(address).encode("utf-8", "backslashreplace")
        digest = hmac.digest(self._key, folded, hashlib.sha256)
        return PREFIX + base64.b32encode(digest)[:_LETTERS].decode().lower()

    def recipient(self, address: str) -> str:
        """A person's pseudonym at the domain of the address, which names an institution.

        ``person-…@DOMAIN``, or without an ``@`` where the address has none.
        """
        _, at, domain = address.rpartition("@")
        return f"{self.person(address)}{at}{fold(domain)}" if at else self.person(address)


def key_digest(connection: sqlite3.Connection) -> str | None:
    """SHA-256 of the ledger's key, in hex, which STARTED seals; ``None`` where there is no key.

    Of 32 random bytes it tells nothing that anybody could try out.
    """
    row = None
    # Without the table there is no key either; a watch begins all the same.
    with suppress(sqlite3.OperationalError):
        row = connection.execute(_KEY).fetchone()
    if row is None:
        return None
    key = row[0] if isinstance(row[0], bytes) else str(row[0]).encode()
    return hashlib.sha256(key).hexdigest()
