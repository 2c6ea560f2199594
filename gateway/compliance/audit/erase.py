"""Personal data erased because somebody asked: all of a person's, or parts of findings (A3).

What would go is counted first: it cannot be undone. The events stay, and the chain stays whole;
what is under hold is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from gateway.compliance.actor import open_as, same_mailboxes
from gateway.ledger.erasure import (
    erase_notices,
    erase_parts,
    erasure_request,
    leftover_scan,
    mentions,
    personal_data_of,
)
from gateway.ledger.record.record import Part
from gateway.ledger.store.emergency_journal import Journal
from gateway.notices import rhythm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from gateway.compliance.actor import Access, Actor
    from gateway.config import Config
    from gateway.ledger.erasure.mentions import SoughtMailbox

BOTH = "both"
ROLES: Mapping[str, frozenset[Part]] = MappingProxyType(
    {
        "sender": frozenset({Part.SENDER}),
        "recipient": frozenset({Part.RECIPIENT}),
        BOTH: erase_notices.ROLES,
    }
)
"""What a person can be in findings. Only as both does everything go that names them."""

PARTS = tuple(part.value for part in Part)
"""What can be erased of an event by itself."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much goes: parts by their names, those of which any does; ``kept`` are under hold.

    ``events`` and ``kept`` count events.
    """

    parts: Mapping[str, int]
    events: int
    kept: int


@dataclass(frozen=True, slots=True)
class TornLines:
    """So many lines are not whole that the journal put aside in ``file``.

    Part of any address may stand at their ends.
    """

    lines: int
    file: Path


@dataclass(frozen=True, slots=True)
class ErasureForecast:
    """What an erasure of a person would be about.

    ``as_sender`` and ``as_recipient`` count findings; ``notices`` those that name the address,
    ``unsent`` of them wait still. ``journal`` and ``aside`` are lines that name it, in the
    emergency journal and put aside by it. ``tagged`` are other spellings of the mailbox
    that findings have, with a ``+tag`` or a signature: they go with it.
    """

    mailbox: SoughtMailbox
    as_sender: int
    as_recipient: int
    notices: int
    unsent: int
    journal: int
    aside: int
    torn: TornLines
    tagged: tuple[str, ...]
    amount: Amount


@dataclass(frozen=True, slots=True)
class ErasedParts:
    """What went. ``unfinished`` are sentences: where it stands all the same, and what to do."""

    amount: Amount
    unfinished: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ErasedPerson:
    """What went of a person, besides the events.

    ``notices`` that named them were removed or changed, ``dropped`` notices given up; ``aside``
    lines were taken out of what the journal had put aside. ``unfinished`` as in
    :class:`ErasedParts`.
    """

    amount: Amount
    notices: int
    dropped: int
    aside: int
    torn: TornLines
    unfinished: tuple[str, ...]


def read_mailbox(text: str) -> SoughtMailbox:
    """Read whose data is meant, as a person writes an address. Raises ``LedgerError`` for none."""
    return mentions.read_mailbox(text)


def foresee_person(
    config: Config, sought: SoughtMailbox, role: str, actor: Actor, who: Access
) -> ErasureForecast:
    """Tell what an erasure would be about; ``role`` is one of :data:`ROLES`. Nothing is changed.

    How much there is of a person is something about them: it is recorded that ``who`` is told.
    Raises ``LedgerError``.
    """
    path, roles = config.ledger.path, ROLES[role]
    sought = _every_spelling(config, sought)
    found = personal_data_of.find(path, sought, roles)
    letters = erase_notices.notices_naming(path, sought, actor, roles)
    others = personal_data_of.other_spellings(path, sought)
    lines = leftover_scan.count_lines(config.ledger.emergency_journal, sought)
    with open_as(config, who) as reading:
        name = reading.names.person(str(sought))
        reading.record(len(found.dues), {"person": name}, [str(sought), *others])
    return ErasureForecast(
        sought,
        as_sender=found.findings.get(Part.SENDER, 0),
        as_recipient=found.findings.get(Part.RECIPIENT, 0),
        notices=len(letters),
        unsent=sum(notice.state == "queued" for notice in letters),
        journal=lines.journal,
        aside=lines.aside,
        torn=_torn(config, lines.torn),
        tagged=others,
        amount=_due(found.dues, found.kept),
    )


def erase_person(  # noqa: PLR0913 - whose, in which role, why, and by whom
    config: Config,
    sought: SoughtMailbox,
    role: str,
    actor: Actor,
    *,
    reason: str | None = None,
    drops_notices: bool = False,
    drops_torn: bool = False,
) -> ErasedPerson:
    """Erase everything that names a mailbox, in any spelling; ``role`` is one of :data:`ROLES`.

    What waits in the emergency journal is taken in first. With ``drops_notices`` those on their way
    that name it are given up; with ``drops_torn`` lines put aside go where they are not whole.
    Raises ``LedgerError`` before anything is erased where it cannot be done now.
    """
    sought = _every_spelling(config, sought)
    request = erasure_request.ErasureRequest(sought, ROLES[role], reason, drops_notices, drops_torn)
    path, journal = config.ledger.path, config.ledger.emergency_journal
    answer = erasure_request.erase_person(path, journal, request, actor, rhythm.is_open)
    return ErasedPerson(
        amount_of(answer.tally),
        answer.notices,
        answer.dropped,
        answer.set_aside,
        _torn(config, answer.torn),
        answer.still,
    )


def foresee_parts(config: Config, events: Sequence[str], names: Sequence[str]) -> Amount:
    """Tell how much would go of findings; ``names`` are of :data:`PARTS`. Raises ``LedgerError``.

    ``events`` are ids or the beginnings of them.
    """
    return _due(*erase_parts.due_of_findings(config.ledger.path, events, map(Part, names)))


def erase_findings_parts(  # noqa: PLR0913 - of what, which, why, and by whom
    config: Config,
    events: Sequence[str],
    names: Sequence[str],
    actor: Actor,
    *,
    reason: str | None = None,
    tell: Callable[[Amount], None] = lambda _: None,
) -> ErasedParts:
    """Erase parts of findings, as :func:`foresee_parts` counts them.

    ``tell`` hears what went before the file itself is tidied up, which can take long. Raises
    ``LedgerError``.
    """
    path = config.ledger.path
    dues, kept = erase_parts.due_of_findings(path, events, map(Part, names))
    cause = erase_parts.REQUEST
    tally = erase_parts.erase(path, dues, cause=cause, actor=actor, reason=reason, kept=kept)
    amount = amount_of(tally)
    tell(amount)
    return ErasedParts(amount, erasure_request.finish_erasure(path))


def amount_of(tally: erase_parts.ErasureTally) -> Amount:
    """Give a tally as values, its parts in the order that :data:`PARTS` has."""
    counted = {part.value: tally.parts[part] for part in Part if tally.parts[part]}
    return Amount(counted, tally.events, tally.kept)


def _every_spelling(config: Config, sought: SoughtMailbox) -> SoughtMailbox:
    return mentions.every_spelling(sought, same_mailboxes(config))


def _due(dues: erase_parts.Dues, kept: int) -> Amount:
    tally = erase_parts.ErasureTally(events=len(dues), kept=kept)
    tally.parts.update(part for parts_of_one in dues.values() for part in parts_of_one)
    return amount_of(tally)


def _torn(config: Config, lines: int) -> TornLines:
    return TornLines(lines, Journal(config.ledger.emergency_journal).set_aside_path)
