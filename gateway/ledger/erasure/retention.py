"""Retention: personal data goes when its time is over, by what the office decided (A4).

A finding's time counts from the finding, or from its last decision where that is later. A clock
that went wrong must not erase early, so two rules hold. Nothing is judged by a moment later than
the last event of the ledger: a clock that runs ahead finds nothing due that the ledger has not
lived to see. And no event counts as older than those before it in the chain: one that was
written while the clock was set back takes their time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gateway.ledger.erasure.erase_parts import (
    RETENTION,
    ErasureTally,
    due_of,
    erase,
    unerased_parts_of,
)
from gateway.ledger.office import office_writer
from gateway.ledger.record.record import EventKind, Part, parse_timestamp, timestamp
from gateway.ledger.store.open_database import reading, translated_errors
from gateway.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime, timedelta
    from pathlib import Path

    from sqlite_utils import Database

    from gateway.ledger.record.office_events import Actor

PAGE = 20_000
"""Events looked through at one time: so much is in memory, and so long is a reading open."""

ROWS_TOGETHER = 500

_EVENTS = """\
SELECT e.seq, e.id, e.at, e.kind, f.disposition FROM event e LEFT JOIN facet f ON f.seq = e.seq
WHERE e.seq > ? ORDER BY e.seq LIMIT ?"""

_STATE = """\
SELECT disposition, rule = 'unreadable', (
  SELECT max(at) FROM event
  WHERE kind = 'DISPOSED' AND json_extract(facts, '$.observed') = :finding
) FROM facet WHERE id = :finding"""

# What was said when people looked, had something erased, or began a ledger.
_OF_THE_LOG = {EventKind.ACCESSED.value, EventKind.ERASED.value, EventKind.BEGUN.value}


@dataclass(frozen=True, slots=True)
class RetentionPeriods:
    """How long each is kept. ``windows`` is how long a notice keeps the next one back."""

    findings: Mapping[Disposition, timedelta]
    access_log: timedelta
    notices: timedelta
    windows: timedelta


@dataclass(slots=True)
class RetentionResult:
    """What a run did, or would do. ``due`` counts findings by disposition, ``as_of`` is when.

    ``reasons`` counts events of the access log that lose theirs, ``notices`` rows of the outbox.
    """

    as_of: datetime
    due: Counter[Disposition] = field(default_factory=Counter)
    reasons: int = 0
    tally: ErasureTally = field(default_factory=ErasureTally)
    notices: int = 0


class _State(NamedTuple):
    """What a finding was judged by: its disposition, and when it was last decided.

    ``is_unread``: nobody could tell whom it concerns.
    """

    disposition: str
    is_unread: int
    decided_at: str | None


@dataclass(slots=True)
class _Page:
    """What is due among some events; ``about`` tells of each event the finding it belongs to."""

    dues: dict[str, set[Part]] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)
    states: dict[str, _State] = field(default_factory=dict)
    kept: int = 0
    last: int = 0


def retain(
    path: Path,
    periods: RetentionPeriods,
    actor: Actor,
    *,
    is_trial: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> RetentionResult:
    """Erase what is due at ``actor.at``; a trial only counts it.

    What is under hold stays and is counted. Notices that were sent or given up, and the windows
    that notices opened, go as well. ``progress`` hears how many events were looked through so far.
    Raises ``LedgerError``; what went by then is gone, and told.
    """
    done = RetentionResult(_as_of(path, actor.at))
    for page in _pages(path, periods, done):
        progress(page.last)
        if is_trial:
            done.tally.parts.update(part for parts in page.dues.values() for part in parts)
            done.tally.events += len(page.dues)
            done.tally.kept += page.kept
            continue

        def is_still_due(database: Database, event: str, page: _Page = page) -> bool:
            finding = page.about.get(event)
            return finding is None or _state(database, finding) == page.states[finding]

        tally = erase(
            path, page.dues, cause=RETENTION, actor=actor, kept=page.kept, is_still_due=is_still_due
        )
        done.tally.parts += tally.parts
        done.tally.events += tally.events
        done.tally.kept += tally.kept
    done.notices = _prune(path, periods, done.as_of, is_trial=is_trial)
    return done


def _as_of(path: Path, now: datetime) -> datetime:
    with reading(path) as database:
        row = database.execute("SELECT at FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    return now if row is None else min(now, parse_timestamp(row[0]))


def _pages(path: Path, periods: RetentionPeriods, done: RetentionResult) -> Iterator[_Page]:
    """What is due, some events at a time; between two no reading is open."""
    last, latest = 0, ""
    as_of = timestamp(done.as_of)
    while True:
        page = _Page()
        with reading(path) as database:
            database.execute("BEGIN")
            rows = database.execute(_EVENTS, (last, PAGE)).fetchall()
            for seq, id_, at, kind, disposition in rows:
                last = seq
                if at <= as_of:
                    latest = max(latest, at)
                since = parse_timestamp(latest if at <= as_of else at)
                if disposition is not None:
                    _judge(database, periods, done, page, (id_, since))
                elif kind in _OF_THE_LOG:
                    _judge_reason(database, periods, done, page, (id_, since))
        page.last = last
        yield page
        if len(rows) < PAGE:
            return


def _judge_reason(
    database: Database,
    periods: RetentionPeriods,
    done: RetentionResult,
    page: _Page,
    one: tuple[str, datetime],
) -> None:
    event, since = one
    if since + periods.access_log <= done.as_of and unerased_parts_of(database, event):
        page.dues[event] = {Part.NOTES}
        done.reasons += 1


def _judge(
    database: Database,
    periods: RetentionPeriods,
    done: RetentionResult,
    page: _Page,
    one: tuple[str, datetime],
) -> None:
    finding, since = one
    # Most are too young whatever was decided of them.
    if since + min(periods.findings.values()) > done.as_of:
        return
    state = _state(database, finding)
    disposition = Disposition(state.disposition)
    if state.decided_at is not None:
        since = max(since, parse_timestamp(state.decided_at))
    kept_as = disposition
    if disposition is Disposition.OPEN and state.is_unread:
        # Behaviour S15: what could not be read is no more than a false positive till it is decided.
        kept_as = Disposition.FALSE_POSITIVE
    if since + periods.findings[kept_as] > done.as_of:
        return
    dues, kept = due_of(database, (finding,), set(Part))
    page.kept += kept
    if dues:
        page.dues |= dues
        page.about |= dict.fromkeys(dues, finding)
        page.states[finding] = state
        done.due[disposition] += 1


def _state(database: Database, finding: str) -> _State:
    return _State(*database.execute(_STATE, {"finding": finding}).fetchone())


def _prune(path: Path, periods: RetentionPeriods, as_of: datetime, *, is_trial: bool) -> int:
    """Take out windows that are open again, and notices that nobody waits for; how many notices."""
    opened = timestamp(as_of - periods.windows)
    ended = timestamp(as_of - periods.notices)
    old = (
        "SELECT id FROM outbox WHERE state <> 'queued' AND coalesce(sent_at, created_at) < ? "
        "AND NOT EXISTS (SELECT 1 FROM notice_window w WHERE w.notice = outbox.id "
        "AND w.opened_at >= ?)"
    )
    with reading(path) as database:
        ids = [id_ for (id_,) in database.execute(old, (ended, opened)).fetchall()]
        (windows,) = database.execute(
            "SELECT count(*) FROM notice_window WHERE opened_at < ?", (opened,)
        ).fetchone()
    if is_trial or not (ids or windows):
        return len(ids)
    with office_writer.open_ledger(path) as store:
        for start in range(0, max(len(ids), windows), ROWS_TOGETHER):
            with store.transaction(), translated_errors(path):
                store.database.execute(
                    "DELETE FROM notice_window WHERE (sender, window) IN ("
                    "SELECT sender, window FROM notice_window WHERE opened_at < ? LIMIT ?)",
                    (opened, ROWS_TOGETHER),
                )
                for id_ in ids[start : start + ROWS_TOGETHER]:
                    # One that was queued anew since, by hand, stays.
                    store.database.execute(
                        "DELETE FROM outbox WHERE id = ? AND state <> 'queued' AND NOT EXISTS ("
                        "SELECT 1 FROM notice_window WHERE notice = outbox.id)",
                        (id_,),
                    )
    return len(ids)
