"""Overwriting what was erased in the ledger's file: the log folded in, gaps made empty (A3).

``secure_delete`` overwrites a cell that is deleted. A page that splits keeps copies of the cells
that moved away, though, in the gap between its cell pointers and its content, and nobody clears
them: a name that is erased later, where it moved to, would stay there. SQLite's own remedy,
VACUUM, holds the write lock for as long as the whole file takes, and mail would wait with it.

So the gaps are zeroed in the file itself, some pages at a time. That is sound because nothing
ever reads a gap, and because of three things that are kept here: the write lock is held, the
write-ahead log is empty (no page has a newer copy in it), and a commit ends it, upon which every
other connection forgets the pages it has in memory. SQLite's file format, section 1.6.
"""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.errors import LedgerError
from gateway.ledger.office import office_writer
from gateway.ledger.schema.current_schema import VERSION
from gateway.ledger.store.open_database import translated_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

    from gateway.ledger.store.sqlite_store import SqliteStore

TOGETHER = 1000
"""Pages made clean under one lock: some tens of milliseconds."""

TRIES = 100
PAUSE_SECONDS = 0.05
"""So often, and so long apart, it is tried to empty the log while others read."""

_AT_ONCE = 256
_BTREE_PAGES = {2: 12, 5: 12, 10: 8, 13: 8}
_HEADER = 100

# Closing any descriptor of a database's file drops the locks that SQLite holds on it in the whole
# process (fcntl(2), advisory record locks). So one is opened for each ledger and never closed.
_descriptors: dict[tuple[int, int], int] = {}


class PageLayout(NamedTuple):
    """How the file is cut: bytes a page, those of them in use, and how many pages there are."""

    page: int
    usable: int
    pages: int


@dataclass(frozen=True, slots=True)
class ScrubResult:
    """How many pages were made clean, and whether the log is empty.

    Where it is not, another program was reading all the time.
    """

    pages: int
    is_log_empty: bool


def scrub(path: Path) -> ScrubResult:
    """Leave nothing of what was erased in the ledger's file and its write-ahead log.

    The write lock is held for short spells only. Raises ``LedgerError`` for a ledger that cannot
    be written; what is clean by then is clean.
    """
    try:
        return _scrub(path)
    except OSError as error:
        raise LedgerError(
            f"copies of what was erased may stand in {path}: its file cannot be written "
            f"({error.strerror}); see to the disk, then run the same again"
        ) from error


def _scrub(path: Path) -> ScrubResult:
    if not _is_emptied(path):
        return ScrubResult(0, is_log_empty=False)
    handle = descriptor(path)
    shape = page_layout_of(handle)
    suspects = list(_with_full_gaps(handle, shape))
    for start in range(0, len(suspects), TOGETHER):
        if not _is_cleaned(path, handle, shape, suspects[start : start + TOGETHER]):
            return ScrubResult(start, is_log_empty=False)
    return ScrubResult(len(suspects), is_log_empty=_is_emptied(path))


def descriptor(path: Path) -> int:
    """A descriptor of the ledger's file, for reading and writing, that is never closed.

    Raises ``OSError``.
    """
    status = path.stat()
    key = status.st_dev, status.st_ino
    if key not in _descriptors:
        _descriptors[key] = os.open(path, os.O_RDWR)
    return _descriptors[key]


def page_layout_of(handle: int) -> PageLayout:
    """The file's shape, from the database's header (SQLite's file format, section 1.3)."""
    header = os.pread(handle, _HEADER, 0)
    page = int.from_bytes(header[16:18])
    page = 65536 if page == 1 else page
    return PageLayout(page, page - header[20], os.fstat(handle).st_size // page)


def unallocated_of(page: bytes, usable: int) -> slice:
    """Where the gap of a page lies; empty for a page that has none, or is no b-tree's.

    ``usable`` is the bytes of a page in use. SQLite's file format, section 1.6.
    """
    begins = _BTREE_PAGES.get(page[0])
    if begins is None:
        return slice(0, 0)
    start = begins + 2 * int.from_bytes(page[3:5])
    end = int.from_bytes(page[5:7]) or 65536
    return slice(start, end) if start <= end <= usable else slice(0, 0)


def _with_full_gaps(handle: int, shape: PageLayout) -> Iterator[int]:
    """Pages, by number from 1, whose gap is not empty. The first holds the schema: nobody's name.

    Read without a lock: what it takes for one is looked at again under it.
    """
    for first in range(1, shape.pages, _AT_ONCE):
        block = os.pread(handle, _AT_ONCE * shape.page, first * shape.page)
        for at in range(0, len(block), shape.page):
            if block[at] in _BTREE_PAGES:
                page = block[at : at + shape.page]
                gap = page[unallocated_of(page, shape.usable)]
                if gap.count(0) != len(gap):
                    yield first + at // shape.page + 1


def _is_cleaned(path: Path, handle: int, shape: PageLayout, numbers: list[int]) -> bool:
    log = path.with_name(path.name + "-wal")
    for _ in range(TRIES):
        # A connection of its own each time: it has none of these pages in its memory.
        with office_writer.open_ledger(path) as store:
            if not _is_log_emptied(store):
                return False
            with store.transaction():
                if log.exists() and log.stat().st_size:
                    # Another wrote in between: its pages may be these.
                    continue
                for number in numbers:
                    _clear(handle, shape, number)
                os.fsync(handle)
                # Any page will do: what counts is that there is a commit.
                store.database.execute(f"PRAGMA user_version = {VERSION}")
        return True
    return False


def _clear(handle: int, shape: PageLayout, number: int) -> None:
    place = (number - 1) * shape.page
    gap = unallocated_of(os.pread(handle, shape.page, place), shape.usable)
    if gap.stop > gap.start:
        os.pwrite(handle, bytes(gap.stop - gap.start), place + gap.start)


def _is_emptied(path: Path) -> bool:
    with office_writer.open_ledger(path) as store, translated_errors(path):
        return _is_log_emptied(store)


def _is_log_emptied(store: SqliteStore) -> bool:
    """Fold the log into the file and cut it to nothing; False where readers hold it too long."""
    database = store.database
    # TRUNCATE holds the write lock while it waits for readers: wait outside of it instead.
    database.execute("PRAGMA busy_timeout = 0")
    for _ in range(TRIES):
        # Most of the way without the write lock.
        if _checkpoint(database, "PASSIVE") and _checkpoint(database, "TRUNCATE"):
            return True
        time.sleep(PAUSE_SECONDS)
    return False


def _checkpoint(database: Database, mode: str) -> bool:
    try:
        (busy, _, _) = database.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    except sqlite3.OperationalError as error:
        if (error.sqlite_errorcode & 0xFF) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return False
        raise
    return not busy
