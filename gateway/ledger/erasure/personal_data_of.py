"""Finding what in a ledger names a person: parts of findings, of their ends, of notes, of texts.

Read without a lock. The whole of the personal data is walked through once, since an address can
stand in a server's reply or an officer's note as well.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.ledger.erasure.erase_notices import ROLES
from gateway.ledger.erasure.erase_parts import is_held, settled_of
from gateway.ledger.erasure.mentions import is_named_in, is_named_within, like_pattern, texts
from gateway.ledger.record.fold import fold
from gateway.ledger.record.record import Part
from gateway.ledger.store.open_database import reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sqlite_utils import Database

    from gateway.ledger.erasure.mentions import SoughtMailbox

# What an address stands in, to its ends on both sides.
_RUN = r"[^\s\"<>(),;:\\\[\]]*"


@dataclass(slots=True)
class PersonalData:
    """What is due, by event id; how many findings it is of, and how many events hold keeps.

    ``findings`` counts those of which the mailbox is the sender or the recipient.
    ``longer_addresses`` are longer addresses that hold this one and are another's, as bytes in
    lower case.
    """

    dues: dict[str, set[Part]] = field(default_factory=dict)
    findings: dict[Part, int] = field(default_factory=dict)
    kept: int = 0
    longer_addresses: set[bytes] = field(default_factory=set)


def find(path: Path, sought: SoughtMailbox, roles: frozenset[Part] = ROLES) -> PersonalData:
    """Everything that names the mailbox; with one role, not what names it in the other alone.

    Raises ``LedgerError`` where there is no ledger.
    """
    found = PersonalData()
    with reading(path) as database:
        database.execute("BEGIN")
        for event, part, data in database.execute(
            "SELECT event, part, data FROM personal WHERE data LIKE ? ESCAPE '\\'",
            (like_pattern(sought),),
        ):
            _take(database, sought, roles, (event, Part(part), json.loads(data)), found)
        for event in [event for event in found.dues if is_held(database, event)]:
            del found.dues[event]
            found.kept += 1
    return found


def facts_naming(path: Path, sought: SoughtMailbox) -> tuple[str, ...]:
    """The ids of events whose facts name the mailbox: they are sealed, and nothing can be done.

    Raises as :func:`find` does, and so does :func:`other_spellings`.
    """
    with reading(path) as database:
        return tuple(
            id_
            for id_, facts in database.execute(
                "SELECT id, facts FROM event WHERE facts LIKE ? ESCAPE '\\'",
                (like_pattern(sought),),
            )
            if is_named_within(sought, json.loads(facts))
        )


def other_spellings(path: Path, sought: SoughtMailbox) -> tuple[str, ...]:
    """Other spellings of the mailbox that findings have: with a ``+tag`` (RFC 5233), signed.

    Findings of before senders had one spelling bear them, and recipients do.
    """
    with reading(path) as database:
        rows = database.execute(
            "SELECT DISTINCT value FROM name WHERE kind <> 'entity' AND value LIKE ? "
            "ESCAPE '\\' ORDER BY value",
            (like_pattern(sought),),
        ).fetchall()
    plain = fold(str(sought))
    return tuple(value for (value,) in rows if value != plain and is_named_in(sought, value))


def _forms(text: str) -> tuple[str, ...]:
    """A text with its accents as one sign and as two: either may have been stored."""
    return unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)


def longer_addresses(sought: SoughtMailbox, values: Iterable[str]) -> set[bytes]:
    """Longer addresses in the texts, of which this one is a piece: bytes, in lower case."""
    local = "|".join(re.escape(form) for form in _forms(sought.local))
    run = re.compile(f"{_RUN}(?:{local})@{_RUN}", re.IGNORECASE)
    return {
        found[0].encode("utf-8", "backslashreplace").lower()
        for text in values
        for found in run.finditer(text)
        if not is_named_in(sought, found[0])
    }


def _take(
    database: Database,
    sought: SoughtMailbox,
    roles: frozenset[Part],
    row: tuple[str, Part, Mapping[str, Any]],
    found: PersonalData,
) -> None:
    event, part, content = row
    found.longer_addresses |= longer_addresses(sought, texts(content))
    if not is_named_within(sought, content):
        return
    address = content.get("address")
    is_theirs = isinstance(address, str) and is_named_in(sought, address)
    if is_theirs and part not in roles:
        return
    found.dues.setdefault(event, set()).add(part)
    if is_theirs:
        found.findings[part] = found.findings.get(part, 0) + 1
        for end in settled_of(database, event):
            found.dues.setdefault(end, set()).add(part)
