"""Checkpoints: the head of the chain, taken to be kept where the ledger's writer cannot reach.

Whoever may write the ledger could forge all of it; a checkpoint that lies elsewhere shows it. A
signature says besides who took it, so that it may be kept where others can write. The signed text
is in ``docs/decisions/0015-evidence.md``. Pure, but for reading the files that people kept.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gateway.errors import LedgerError
from gateway.ledger.record.chain import ROOT, Checkpoint
from gateway.ledger.record.record import TAG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

SIGNED_TAG = "monition-checkpoint-1"
"""The first line of what is signed: no signature of another format can be taken for one."""

# Far above any checkpoint; a device or a database named by mistake must not fill memory.
_LONGEST = 4096
_LARGEST = 64 * 2**20

_HEX = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[0-9.:+Z-]{0,20}")


@dataclass(frozen=True, slots=True)
class Signature:
    """Ed25519 (RFC 8032): the raw public key, 32 bytes, and the signature, 64."""

    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint as it is kept: what it says, of which ledger, when it was taken, by whom.

    ``ledger`` is the hash of the ledger's first event, which no other ledger has. Both it and
    ``taken_at`` may be ``None`` in one of the first release; ``signature`` is, where nobody signed.
    """

    checkpoint: Checkpoint
    ledger: str | None = None
    taken_at: str | None = None
    signature: Signature | None = None

    def signed_text(self) -> bytes:
        """The bytes that a signature is over: the tag, then a line for each field."""
        head = self.checkpoint
        fields = {
            "ledger": self.ledger,
            "seq": head.seq,
            "hash": head.hash,
            "id": head.id,
            "at": head.at,
            "taken_at": self.taken_at,
        }
        lines = [f"{name} {'-' if value is None else value}" for name, value in fields.items()]
        return "\n".join([SIGNED_TAG, *lines, ""]).encode()


def take_checkpoint(database: Database) -> Checkpoint:
    """The head of the chain, to be kept elsewhere; of an empty ledger row 0."""
    row = database.execute(
        "SELECT seq, hash, id, at FROM event ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return Checkpoint(0, ROOT.hex(), None, None)
    return Checkpoint(row[0], row[1].hex(), row[2], row[3])


def identity(database: Database) -> str | None:
    """What tells this ledger from any other: its first event's hash, in hex; ``None``: no event."""
    row = database.execute("SELECT hash FROM event WHERE seq = 1").fetchone()
    return None if row is None else bytes(row[0]).hex()


def checkpoint_as_json(kept: KeptCheckpoint) -> dict[str, Any]:
    """A checkpoint as it is printed and kept, key and signature in base64 (RFC 4648, 4).

    Keys: ``format seq hash id at taken_at ledger``, and where it is signed ``public_key
    signature``.
    """
    head, signature = kept.checkpoint, kept.signature
    fields: dict[str, Any] = {
        "format": TAG.decode(),
        "seq": head.seq,
        "hash": head.hash,
        "id": head.id,
        "at": head.at,
        "taken_at": kept.taken_at,
        "ledger": kept.ledger,
    }
    if signature is not None:
        fields["public_key"] = base64.b64encode(signature.key).decode()
        fields["signature"] = base64.b64encode(signature.value).decode()
    return fields


def as_line(kept: KeptCheckpoint) -> str:
    """A checkpoint on one line, without its end."""
    return json.dumps(checkpoint_as_json(kept))


def read_checkpoints(path: Path) -> tuple[KeptCheckpoint, ...]:
    """Read what was kept: one checkpoint, or a history with one on each line, oldest first.

    Raises ``LedgerError`` for a file that holds none, with the line.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        raise LedgerError(f"the checkpoint {path} cannot be read: {error.strerror}") from error
    if len(content) > _LARGEST:
        raise LedgerError(f"{path} is no checkpoint: it is larger than any history of them")
    try:
        return (_parsed(content),)
    except ValueError:
        pass  # no single one: a history then
    found: list[KeptCheckpoint] = []
    for number, line in _lines(content):
        try:
            found.append(_parsed(line))
        except ValueError as error:
            raise LedgerError(
                f"{path}, line {number}, is no checkpoint: it should hold what "
                "`monition audit checkpoint` printed"
            ) from error
    if not found:
        raise LedgerError(
            f"{path} is no checkpoint: it should hold what `monition audit checkpoint` printed"
        )
    return tuple(found)


def out_of_order(history: tuple[KeptCheckpoint, ...]) -> str | None:
    """What a history says against itself: another ledger in it, or a row before an earlier one.

    A sentence without its full stop; ``None``: nothing.
    """
    for earlier, later in pairwise(history):
        before, after = earlier.checkpoint, later.checkpoint
        if None not in (earlier.ledger, later.ledger) and earlier.ledger != later.ledger:
            return f"the checkpoints of rows {before.seq} and {after.seq} are of two ledgers"
        if after.seq < before.seq:
            return (
                f"the checkpoint of row {after.seq} follows that of row {before.seq}: the ledger "
                "was shorter than it had been"
            )
        if after.seq == before.seq and after.hash != before.hash:
            return f"two checkpoints of row {after.seq} do not agree"
    return None


def _lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            yield number, line


def _parsed(content: bytes) -> KeptCheckpoint:
    """Raises ``ValueError`` for what is no checkpoint."""
    try:
        data: Any = json.loads(content) if len(content) <= _LONGEST else None
        head = Checkpoint(data["seq"], data["hash"], data["id"], data["at"])
        # Each has one spelling, and none has a line's end in it: so the signed text is one's own.
        is_sound = (
            data["format"] == TAG.decode()
            and type(head.seq) is int
            and head.seq >= 0
            and _is(_HEX, head.hash)
            and (head.id is None or _is(_ID, head.id))
            and (head.at is None or _is(_TIME, head.at))
        )
        kept = KeptCheckpoint(head, data.get("ledger"), data.get("taken_at"))
        if kept.ledger is not None and not _is(_HEX, kept.ledger):
            is_sound = False
        if "signature" in data:
            is_sound = is_sound and _is(_TIME, kept.taken_at)
            kept = replace(kept, signature=_signature(data))
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError("is no checkpoint") from error
    if not is_sound:
        raise ValueError("is no checkpoint")
    return kept


def _signature(data: dict[str, Any]) -> Signature:
    key = base64.b64decode(data["public_key"], validate=True)
    value = base64.b64decode(data["signature"], validate=True)
    if (len(key), len(value)) != (32, 64):
        raise ValueError("no key and signature of Ed25519")
    return Signature(key, value)


def _is(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
