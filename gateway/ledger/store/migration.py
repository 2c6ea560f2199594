"""Bringing an older ledger up to date, in a thread of its own: mail must not wait for a minute.

It is one transaction. Whoever is killed in it leaves the ledger as it was; until it has ended, the
emergency journal keeps what is found.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

from gateway.ledger.schema.current_schema import APPLICATION_ID, VERSION
from gateway.ledger.store.open_database import open_for_writing
from gateway.ledger.store.store_contract import StoreError

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_SECONDS = 1.0
"""So long a caller waits for it: most ledgers need less, and nobody notices."""


class Migration:
    """The migration of the ledger at a path, if it needs one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread: threading.Thread | None = None
        self._error: StoreError | None = None

    def await_briefly(self) -> bool:
        """Begin it where the ledger is older; whether it was brought up to date just now.

        Waits for :data:`PATIENCE_SECONDS` at most, and not at all where there is nothing to do.

        Raises :class:`StoreError`: it is still under way, or it failed.
        """
        if self._thread is None:
            if not _is_older(self._path):
                return False
            self._error = None
            # A daemon: a gateway that is told to end must not wait for it.
            self._thread = threading.Thread(
                target=self._run, name="monition-migration", daemon=True
            )
            self._thread.start()
        self._thread.join(PATIENCE_SECONDS)
        if self._thread.is_alive():
            raise StoreError(
                f"the ledger {self._path} is being brought up to date for this version; until "
                "that is done, the emergency journal keeps what is found",
                is_busy=True,
            )
        self._thread = None
        if self._error is not None:
            raise self._error
        return True

    def _run(self) -> None:
        try:
            database, _ = open_for_writing(self._path)
            database.conn.close()
        except StoreError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - a thread's last words
            self._error = StoreError(f"the ledger {self._path} cannot be brought up: {error!r}")


def _is_older(path: Path) -> bool:
    """Whether a ledger of an earlier version is there; what else may be there is not asked."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            (application,) = file.execute("PRAGMA application_id").fetchone()
            (version,) = file.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error:
        return False
    return bool(application == APPLICATION_ID and 0 < version < VERSION)
