"""The mark that says that there is a ledger: one that is gone is missed, and not begun anew.

It lies beside the ledger, in ``ledger.record``, and names the first event, so that an empty file or
another ledger in its place is told from the one that was there (behaviour O7).
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import file_owner
from gateway.config.settings import record_of
from gateway.ledger.store.open_database import translated_errors
from gateway.ledger.store.store_contract import StoreError

if TYPE_CHECKING:
    from sqlite_utils import Database

_REMEDY = (
    "restore a backup; if it is meant so, say `monition ledger begin`, and until then what is "
    "found goes to the emergency journal"
)


@dataclass(frozen=True, slots=True)
class Begun:
    """A ledger's first event: its id, and when it was (RFC 3339); empty where that is lost."""

    id: str
    at: str


class BegunMark:
    """The mark of the ledger at a path."""

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._file = record_of(ledger) / "ledger.json"

    def read(self) -> Begun | None:
        """Read it; ``None``: there never was a ledger, as far as is known."""
        try:
            said = json.loads(self._file.read_bytes())
            return Begun(str(said["id"]), str(said["at"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return Begun("", "")  # there was one, and that is what counts

    def check_file(self) -> None:
        """Raise :class:`StoreError` where there was a ledger, and now is none or an empty file."""
        begun = self.read()
        if begun is None:
            return
        try:
            is_there = self._ledger.stat().st_size > 0
        except FileNotFoundError:
            is_there = False
        except OSError:
            return  # whoever opens it tells why it cannot be
        if not is_there:
            raise StoreError(f"{self._was(begun)} and is gone: {_REMEDY}")

    def check(self, database: Database) -> None:
        """Raise :class:`StoreError` where the ledger that is open is not the one that was there."""
        begun = self.read()
        if begun is None:
            return
        first = first_event(database, self._ledger)
        if first is None:
            raise StoreError(f"{self._was(begun)}, and what is there is empty: {_REMEDY}")
        if begun.id and first.id != begun.id:
            raise StoreError(f"{self._was(begun)}, and what is there is another one: {_REMEDY}")

    def write(self, begun: Begun) -> None:
        """Set it, durably. Raises ``OSError``."""
        if self.read() == begun:
            return
        folder = self._file.parent
        if not folder.exists():
            folder.mkdir(mode=0o750)
            file_owner.follow_folder(folder, folder.parent)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".unfinished-")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(json.dumps({"id": begun.id, "at": begun.at}).encode() + b"\n")
                file_owner.follow_folder(stream.fileno(), folder)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(self._file)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _was(self, begun: Begun) -> str:
        since = f" on {begun.at[:10]}" if begun.at else ""
        return f"the ledger {self._ledger} was begun{since}"


def first_event(database: Database, path: Path) -> Begun | None:
    """Read a ledger's first event; ``None``: it has none. Raises :class:`StoreError`."""
    with translated_errors(path):
        row = database.execute("SELECT id, at FROM event ORDER BY seq LIMIT 1").fetchone()
    return None if row is None else Begun(*row)
