"""A person asks to be forgotten: everything that names their mailbox goes, file by file (A3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import LedgerError
from gateway.ledger.erasure import (
    erase_notices,
    known_names,
    leftover_scan,
    personal_data_of,
    scrub_pages,
)
from gateway.ledger.erasure.erase_parts import REQUEST, ErasureTally, erase
from gateway.ledger.erasure.mentions import is_named_in
from gateway.ledger.office import office_writer
from gateway.ledger.store import recovery
from gateway.ledger.store.emergency_journal import Journal
from gateway.ledger.store.settlement import any_window_is_open

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gateway.ledger.erasure.mentions import SoughtMailbox
    from gateway.ledger.record.office_events import Actor
    from gateway.ledger.record.record import Part
    from gateway.ledger.store.settlement import Rhythm

BY_PERSON = "by hand"
AGAIN = "run the same again"


class NotNowError(LedgerError):
    """The request cannot be granted now; nothing was done, and the text says when it can."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """Whose mailbox, in which role, and why.

    ``drops_notices``: those on their way that name it are given up, where else they would have to
    go first. ``drops_torn``: lines that the journal put aside go where they are not whole.
    """

    mailbox: SoughtMailbox
    roles: frozenset[Part] = erase_notices.ROLES
    reason: str | None = None
    drops_notices: bool = False
    drops_torn: bool = False


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """What was done. ``still`` are sentences: where the address stands all the same, what to do.

    ``notices`` were forgotten, ``dropped`` of them unsent; ``set_aside`` lines of the emergency
    journal went. ``torn`` lines that are not whole stay among those that the journal put aside.
    """

    tally: ErasureTally
    notices: int
    dropped: int
    set_aside: int
    still: tuple[str, ...]
    torn: int = 0


def erase_person(
    path: Path,
    journal: Path,
    request: ErasureRequest,
    actor: Actor,
    rhythm: Rhythm = any_window_is_open,
) -> ErasureResult:
    """Erase what the request asks for, beside a gateway that goes on writing.

    What waits in the emergency journal is taken in first, its notices decided by ``rhythm``.
    Raises ``LedgerError`` before anything is erased where the request cannot be granted now. Where
    it is cut short, what was erased is erased and told, and the same request ends it.
    """
    sought = request.mailbox
    if request.reason and is_named_in(sought, request.reason):
        raise LedgerError(
            "the reason names the address that is to be erased: it would stand in the ledger again"
        )
    _take_in(path, Journal(journal), actor, rhythm)
    _check_letters(path, request, actor)
    found = personal_data_of.find(path, sought, request.roles)
    tally = erase(
        path, found.dues, cause=REQUEST, actor=actor, reason=request.reason, kept=found.kept
    )
    notices, dropped = erase_notices.erase_from_notices(path, sought, actor, request.roles)
    still = list(finish_erasure(path))
    set_aside = torn = 0
    if request.roles == erase_notices.ROLES:
        set_aside = leftover_scan.erase_set_aside(journal, sought, drops_torn=request.drops_torn)
        torn = leftover_scan.count_lines(journal, sought).torn
        still += _still(
            path, (journal, found.longer_addresses), sought, actor, is_kept=tally.kept > 0
        )
    return ErasureResult(tally, notices, dropped, set_aside, tuple(still), torn)


def finish_erasure(path: Path) -> tuple[str, ...]:
    """After any erasure: the names and the file follow. Sentences of what could not be done.

    Raises ``LedgerError`` for a ledger that cannot be written; the same again ends it.
    """
    known_names.rebuild(path)
    if scrub_pages.scrub(path).is_log_empty:
        return ()
    return (
        (
            f"copies of what was erased may stand in {path} and its write-ahead log, because "
            f"another program was reading the ledger all the time: {AGAIN} when it has ended"
        ),
    )


def _take_in(path: Path, journal: Journal, actor: Actor, rhythm: Rhythm) -> None:
    if journal.is_empty:
        return
    with office_writer.open_ledger(path) as store:
        writer = recovery.WritingProcess(BY_PERSON, lambda: actor.at, actor.entropy)
        recovery.take_journal_in(store, journal, writer, rhythm)


def _check_letters(path: Path, request: ErasureRequest, actor: Actor) -> None:
    waiting = [
        notice
        for notice in erase_notices.notices_naming(path, request.mailbox, actor, request.roles)
        if notice.state == "queued"
    ]
    leaving = [notice for notice in waiting if notice.is_leaving]
    if leaving:
        raise NotNowError(
            f"a notice that names {request.mailbox} is being sent this moment: {AGAIN} in a "
            "minute; nothing was erased"
        )
    if waiting and not request.drops_notices:
        raise NotNowError(
            f"notices that name {request.mailbox} are still to be sent ({len(waiting)}; `monition "
            f"notice queue` shows them): {AGAIN} when they have gone, or give them up with "
            "--drop-notices; nothing was erased"
        )


def _still(
    path: Path,
    beside: tuple[Path, Iterable[bytes]],
    sought: SoughtMailbox,
    actor: Actor,
    *,
    is_kept: bool,
) -> Iterable[str]:
    journal, alike = beside
    holding = leftover_scan.scan(path, journal, sought, alike, spare_ledger=is_kept)
    for file in holding:
        if file == path:
            yield _in_the_ledger(path, sought, actor)
        elif file.is_dir():
            yield (
                f"{file} was not looked through to its end: it cannot be read, or holds more than "
                f"{leftover_scan.MOST_FILES:,} files"
            )
        else:
            yield (
                f"{file} holds the address, or cannot be read; it is none of the ledger's own "
                "files: see whether it may be removed"
            )


def _in_the_ledger(path: Path, sought: SoughtMailbox, actor: Actor) -> str:
    if personal_data_of.find(path, sought).dues or erase_notices.notices_naming(
        path, sought, actor
    ):
        return f"something that names the address was recorded meanwhile: {AGAIN}"
    if sealed := personal_data_of.facts_naming(path, sought):
        return (
            f"the facts of {', '.join(sealed[:3])}{' and others' * (len(sealed) > 3)} name the "
            "address; facts are sealed for ever, and no erasure reaches them"
        )
    return (
        f"{path} holds the address in a place that no event leads to; `monition audit verify` "
        "may tell more: have a person look"
    )
