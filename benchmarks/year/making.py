"""Everything put together: a folder with a year's ledger, its configuration, lists and policies."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from benchmarks.year import rhythm
from benchmarks.year.abroad import INSTITUTIONS, Abroad, write_invented
from benchmarks.year.mail import Mail
from benchmarks.year.office import Office
from benchmarks.year.pages import Pages
from benchmarks.year.staff import Staff
from benchmarks.year.watch import BEAT, Gateway
from gateway import config as configuration
from gateway import packaged
from gateway.ledger.store.pseudonyms import Pseudonyms
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.snapshots import policy_edition, policy_history, snapshot_history
from gateway.notices import notice_texts
from gateway.policy import rules
from gateway.screening import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.screening.snapshot import Snapshot

EVENTS, SEED, DAYS, LAST = 1_000_000, 1, 365, date(2026, 11, 22)
NEWLY_LISTED = 24
WITH_LETTERS = 50_000
"""Up to so many events the letters are written too: their digests take longer than all else."""
EVENTS_A_MESSAGE = 2.78
"""Measured, and a little less: events run out before the year does, never the other way round."""

CONFIG = """\
# Made by `python -m benchmarks.year`.
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "research-compliance@example.edu"
[ledger]
path = "{folder}/ledger.db"
emergency_journal = "{folder}/ledger.journal"
[lists]
directory = "{folder}/lists"
[policies]
directory = "{folder}/policies"
"""
EXCEPTIONS = """\
[[exception]]
name = "Detector agreement"
owner = "J. Lindqvist, Research Compliance"
reason = "Covered by the licence."
licence = "BIS-D1247753"
entity = {entities}
sender = ["physics.example.edu"]
from = {first}
until = {last}

[[exception]]
name = "Library exchange"
owner = "A. Rossi, Research Compliance"
reason = "Interlibrary loan, reviewed by counsel."
entity = {entities}
sender = ["library.example.edu"]
from = {first}
until = {middle}
"""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made. ``first`` to ``last`` are the times of its events."""

    ledger: Path
    config: Path
    departments: Path
    events: int
    first: datetime
    last: datetime


def make(
    folder: Path,
    *,
    events: int = EVENTS,
    seed: int = SEED,
    days: int | None = None,
    last: date = LAST,
) -> Made:
    """Make a ledger of so many events in an empty folder: the same for the same arguments.

    ``days``: how long a time it covers; by default a year, and less for few events, so that
    heartbeats are a third of them at most. Raises ``ValueError`` for too few.
    """
    beats = timedelta(days=1) // BEAT
    days = days or max(1, min(DAYS, events // (3 * beats)))
    if events < 1.2 * days * beats:
        raise ValueError(f"{days} days have {days * beats} heartbeats alone: too many for {events}")
    source = random.Random(seed)
    first = last - timedelta(days=days)
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    before, after, unlisted = _lists(folder, source, first, last)
    config_file = folder / "monition.toml"
    config_file.write_text(CONFIG.format(folder=folder.resolve()), encoding="utf-8")
    config = configuration.load(config_file, {})
    policy, letters = rules.load(folder / "policies"), notice_texts.load(folder / "policies")
    kept = policy_edition.edition_of(config, policy, letters)
    policy_history.keep(Folder(folder / "lists"), kept, begin)
    turn = begin + timedelta(days=days * 0.55)
    _keep(folder, before, begin)
    _keep(folder, after, turn)
    staff = Staff(source)
    staff.write_departments(folder / "departments.csv")
    pages = Pages(folder / "ledger.db", source)
    try:
        names = Pseudonyms.of(pages.store.database.conn)
        office = Office(pages, names, last + timedelta(days=90))
        blind = rhythm.gaps(first, days)
        mail = Mail(
            pages, staff, Abroad(after, source, last), policy, config,
            turns=(begin + timedelta(days=days * 0.12), turn),
            digests=(before.digest, after.digest), unlisted=unlisted,
            found=office.found, texts=kept.texts,
            letters=letters if events <= WITH_LETTERS else None,
        )  # fmt: skip
        pages.later(begin, Gateway(pages, blind).start)
        _plan(pages, office, begin, days)
        messages = round((events - days * beats) / EVENTS_A_MESSAGE)
        _send(pages, mail, rhythm.moments(source, first, days, messages, blind))
        end = pages.write(events) or begin
    finally:
        pages.store.close()
    return Made(
        folder / "ledger.db", config_file, folder / "departments.csv", pages.written, begin, end
    )


def _lists(
    folder: Path, source: random.Random, first: date, last: date
) -> tuple[Snapshot, Snapshot, frozenset[str]]:
    """The policies' folder; its snapshot before some were listed and after, and their ids."""
    directory = folder / "policies"
    shutil.copytree(packaged.policies_directory(), directory)
    known = len(snapshot.load(directory).entities)
    entities = directory / "entities"
    invented = write_invented(entities / "invented.toml", source, INSTITUTIONS - known)
    unlisted = frozenset(invented[-NEWLY_LISTED:])
    exempt = [f'"{each}"' for each in invented[:12]]
    (directory / "exceptions.toml").write_text(
        EXCEPTIONS.format(
            entities=f"[{', '.join(exempt)}]",
            first=first,
            middle=first + (last - first) / 2,
            last=last + timedelta(days=90),
        ),
        encoding="utf-8",
    )
    written = snapshot.read(directory)
    after = snapshot.build(written.entities, written.mailbox_kinds)
    before = snapshot.build(
        (each for each in written.entities if each.id not in unlisted), written.mailbox_kinds
    )
    return before, after, unlisted


def _keep(folder: Path, made: Snapshot, at: datetime) -> None:
    # Of no list: all of it stands in the policies' folder.
    activation = snapshot_history.SnapshotActivation(
        at, made.digest, made.digest, len(made.entities), {}
    )
    lists = Folder(folder / "lists")
    with lists.locked():
        snapshot_history.save(lists, made, activation)


def _plan(pages: Pages, office: Office, begin: datetime, days: int) -> None:
    """Holds every third day, and a few readings on each working day."""
    source = pages.source
    for n in range(days):
        day = begin + timedelta(days=n)
        if n % 3 == 2:
            pages.later(day + timedelta(hours=10, minutes=source.randrange(300)), office.hold)
        for _ in range(source.randint(3, 7) if day.weekday() < 5 else 0):
            pages.later(day + timedelta(hours=8, seconds=source.randrange(32_000)), office.look)


def _send(pages: Pages, mail: Mail, moments: Iterator[datetime]) -> None:
    """Send a message at each of the moments; one at a time waits for its turn."""

    def send(at: datetime) -> None:
        mail.message(at)
        if (then := next(moments, None)) is not None:
            pages.later(then, send)

    if (then := next(moments, None)) is not None:
        pages.later(then, send)
