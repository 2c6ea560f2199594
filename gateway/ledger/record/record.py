"""A record: what is to be written into the ledger, before it has a place in the chain.

Facts are for ever. Personal data lies beside them, in parts that can each be erased alone; the
chain seals only a salted commitment to each part. The format is fixed for good in
``docs/decisions/0003-hash-format.md``. Pure: time and randomness arrive as arguments.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias

JSON: TypeAlias = "bool | int | str | Sequence[JSON] | Mapping[str, JSON] | None"
"""What a record may hold: no floats, which have no one spelling."""

TAG = b"monition-1"
"""Goes into every hash of this format, so that no hash of another can be taken for one."""

SALT_BYTES = 32
ENTROPY_BYTES = 10
"""The random bytes of a ULID."""

# Beyond this a reader that keeps numbers as doubles (jq, a browser) would round: RFC 7493, 2.2.
LARGEST_INTEGER = 2**53 - 1

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MILLISECONDS_OF_A_ULID = 1 << 48


class Part(StrEnum):
    """A part of the personal data beside an event, erasable alone."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    NOTES = "notes"


class EventKind(StrEnum):
    """The kinds written today. The set is open: a reader meets unknown kinds with patience."""

    OBSERVED = "OBSERVED"
    SETTLED = "SETTLED"
    NOTIFIED = "NOTIFIED"
    STARTED = "STARTED"
    STOPPED = "STOPPED"
    HEARTBEAT = "HEARTBEAT"
    JOURNALLED = "JOURNALLED"
    DISPOSED = "DISPOSED"
    HELD = "HELD"
    RELEASED = "RELEASED"
    ERASED = "ERASED"
    ACCESSED = "ACCESSED"
    BEGUN = "BEGUN"


@dataclass(frozen=True, slots=True)
class Record:
    """One event to be: no place in the chain yet.

    ``id`` is a ULID, ``at`` as :func:`timestamp` writes it. ``salts`` holds 32 random bytes for
    each part that ``personal`` has; ``ValueError`` where it does not.
    """

    id: str
    at: str
    kind: str
    facts: Mapping[str, JSON]
    personal: Mapping[Part, Mapping[str, JSON]] = field(default_factory=dict)
    salts: Mapping[Part, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.personal.keys() != self.salts.keys():
            raise ValueError(f"event {self.id}: each personal part needs a salt, and no other")
        if any(len(salt) != SALT_BYTES for salt in self.salts.values()):
            raise ValueError(f"event {self.id}: a salt is {SALT_BYTES} bytes long")


def canonical(value: JSON) -> str:
    r"""The one spelling of a value: RFC 8785, for the values a record may hold.

    Those are null, booleans, integers within ±(2^53 - 1), text, lists, and objects with ASCII
    keys. What cannot be UTF-8 (a lone surrogate, from bytes that were never text) is written as
    ``\udcXX`` in plain letters. Raises ``TypeError`` for anything else, floats above all: they
    have no one spelling; ``ValueError`` for an integer or a key out of bounds.
    """
    _check(value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return canonical(_without_surrogates(value))
    return text


def commitment(salt: bytes, data: bytes) -> str:
    """What the chain seals of a personal part: hex SHA-256 over tag, salt and stored bytes.

    Tag and salt have fixed lengths, so nothing can be moved across their borders. The salt is
    erased with the data: without it nobody can try addresses against the commitment.
    """
    return hashlib.sha256(TAG + salt + data).hexdigest()


def commitments(record: Record) -> tuple[str, dict[Part, str]]:
    """The ``commitments`` column of a record, and the ``data`` column of each part.

    Raises as :func:`canonical` does.
    """
    data = {part: canonical(content) for part, content in record.personal.items()}
    sealed: dict[str, JSON] = {
        part.value: commitment(record.salts[part], text.encode()) for part, text in data.items()
    }
    return canonical(sealed), data


def ulid(at: datetime, entropy: bytes) -> str:
    """Name an event: 48 bits of milliseconds, then 80 random bits, in Crockford's base 32.

    26 characters that sort by time. ``at`` is aware; ``entropy`` is ten bytes, or ``ValueError``.
    """
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"a ULID takes {ENTROPY_BYTES} random bytes, not {len(entropy)}")
    milliseconds = int(at.timestamp() * 1000) % _MILLISECONDS_OF_A_ULID
    number = milliseconds << 80 | int.from_bytes(entropy)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def timestamp(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: ``2026-11-22T07:08:09.123Z``. Sorts as text.

    Raises ``ValueError`` for a time without a zone: nobody could say when that was.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_timestamp(text: str) -> datetime:
    """Read back what :func:`timestamp` wrote, an aware time. Raises ``ValueError`` for none."""
    return datetime.fromisoformat(text)


def as_text(raw: bytes) -> str:
    r"""Bytes of a peer as text: UTF-8 where it is UTF-8, else ``\xNN`` for what is not."""
    return raw.decode("utf-8", "backslashreplace")


def _check(value: JSON) -> None:
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise ValueError(f"{value} is beyond what every JSON reader keeps exactly")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"{key!r} cannot be a key: keys are ASCII text")
            _check(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _check(inner)
    else:
        raise TypeError(f"{value!r} has no canonical spelling ({type(value).__name__})")


def _without_surrogates(value: JSON) -> JSON:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {key: _without_surrogates(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_surrogates(inner) for inner in value]
    return value
