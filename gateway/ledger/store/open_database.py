"""Opening a ledger's file: every way it can be unusable is told in words, with the remedy."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from sqlite_utils import Database

from gateway import file_owner
from gateway.errors import LedgerError
from gateway.ledger.schema.current_schema import (
    APPLICATION_ID,
    MIGRATIONS,
    VERSION,
    schema_differences,
)
from gateway.ledger.store.store_contract import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_SECONDS = 1.5
"""How long a writer waits for another's transaction.

Longer, and mail would wait with it: the emergency journal is the better place then.
"""

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGE = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


def open_for_writing(path: Path) -> tuple[Database, bool]:
    """Open a ledger, or begin one where there is none; tells whether it was begun.

    An older one is brought up to date, which may take long. Every commit is durable when it
    returns (SQLite's documentation, "PRAGMA synchronous"). A new file is for its owner alone
    (0600); SQLite gives its -wal and -shm the same mode. Raises :class:`StoreError`.
    """
    _check_place(path)
    with translated_errors(path):
        is_new = _create(path)
        # isolation_level=None: transactions begin where we say so, and only there.
        connection = sqlite3.connect(path, timeout=PATIENCE_SECONDS, isolation_level=None)
        try:
            return _prepare(connection, path), is_new
        except BaseException:
            connection.close()
            raise


def open_for_reading(path: Path) -> Database:
    """Open a ledger that cannot be written through this connection.

    Raises ``LedgerError`` where there is none, an empty one or one of an older version;
    :class:`StoreError` where it cannot be used.
    """
    if path.is_dir():
        raise LedgerError(f"{path} is a folder, not a ledger: set [ledger] path to a file in it")
    if not os.path.lexists(path):
        raise LedgerError(
            f"there is no ledger at {path}: `monition serve` begins one; if there was one, look "
            "at [ledger] path in the configuration, then at the backups"
        )
    with translated_errors(path):
        try:
            return _opened_for_reading(path, "mode=ro")
        except sqlite3.OperationalError:
            if not _is_at_rest(path):
                raise
            # A write-ahead log needs a file beside it even to be read. Nobody writes to this copy,
            # and it has no log: it can be read as it lies.
            return _opened_for_reading(path, "immutable=1")


@contextmanager
def reading(path: Path) -> Iterator[Database]:
    """A ledger open for reading while a block lasts; SQLite's errors in it become ours.

    Raises as :func:`open_for_reading` and :func:`translated_errors` do.
    """
    database = open_for_reading(path)
    try:
        with translated_errors(path):
            yield database
    finally:
        database.conn.close()


def _opened_for_reading(path: Path, how: str) -> Database:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None
    )
    try:
        database = Database(connection, execute_plugins=False)
        for pragma in ("query_only = on", "temp_store = memory"):
            database.execute(f"PRAGMA {pragma}")
        _check_is_current(database, path)
    except BaseException:
        connection.close()
        raise
    return database


def _is_at_rest(path: Path) -> bool:
    """Whether it lies where we cannot write, closed by whoever wrote it."""
    has_log = path.with_name(path.name + "-wal").exists()
    may_write = os.access(path.parent, os.W_OK, effective_ids=True)
    return path.is_file() and not has_log and not may_write


@contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours: a constraint is the caller's fault, all else the store's.

    Raises ``LedgerError`` for a row that a constraint or a trigger refused, :class:`StoreError` for
    a database that is busy, full, damaged or cannot be opened.
    """
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.DataError) as error:
        raise LedgerError(f"the ledger {path} refused: {error}") from error
    except (sqlite3.Error, UnicodeDecodeError) as error:
        # The module stumbles over the words of SQLite's own error where they quote a damaged
        # schema. The low byte is the primary code; errors of the module itself have none.
        is_garbled = isinstance(error, UnicodeDecodeError)
        code = getattr(error, "sqlite_errorcode", None) or 0
        code = sqlite3.SQLITE_CORRUPT if is_garbled else code & 0xFF
        raise StoreError(
            _explained(path, error, code), is_busy=code in _BUSY, is_damage=code in _DAMAGE
        ) from error


def _check_place(path: Path) -> None:
    if path.is_dir():
        raise StoreError(f"{path} is a folder, not a ledger: set [ledger] path to a file in it")
    parent = path.parent
    if parent.exists() and not parent.is_dir():
        raise StoreError(f"{path} cannot be: {parent} is a file, not a folder")
    if not parent.exists():
        raise StoreError(
            f"the folder {parent} for the ledger is missing: make it for the gateway's user "
            f"alone, as in `install -d -m 0750 -o monition -g monition {parent}`"
        )


def _create(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        # SQLite gives what it makes beside it to the same owner.
        file_owner.follow_folder(handle, path.parent)
    except FileExistsError:
        return False
    except OSError as error:
        raise StoreError(
            f"the ledger {path} cannot be made: {error.strerror}; the gateway's user must be able "
            f"to write in {path.parent}"
        ) from error
    # Only ever on a file nobody has opened yet: closing a descriptor of a database file drops
    # the locks that SQLite holds on it in this process (fcntl(2), advisory record locks).
    os.close(handle)
    return True


def _prepare(connection: sqlite3.Connection, path: Path) -> Database:
    # recursive_triggers is on by the constructor; plugins of others have no business here.
    database = Database(connection, execute_plugins=False)
    for pragma in (
        "foreign_keys = on",
        "secure_delete = on",
        "temp_store = memory",
        "cell_size_check = on",
    ):
        database.execute(f"PRAGMA {pragma}")
    _version_of(database, path)
    mode = _switch_to_wal(database)
    if mode != "wal":
        raise StoreError(
            f"the ledger {path} cannot be used with a write-ahead log (SQLite says {mode!r}): "
            "keep it on a local file system, not on a network share"
        )
    # In WAL, NORMAL can lose what was committed when the power goes; FULL cannot.
    database.execute("PRAGMA synchronous = full")
    _migrate(database, path)
    return database


def _switch_to_wal(database: Database) -> str:
    # SQLite does not wait for another worker that is doing the same: its time-out counts for
    # statements, not for this.
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            (mode,) = database.execute("PRAGMA journal_mode = wal").fetchone()
        except sqlite3.OperationalError as error:
            if (error.sqlite_errorcode & 0xFF) not in _BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return str(mode)


def _version_of(database: Database, path: Path) -> int:
    # One statement sees one moment: another worker may be beginning this ledger right now.
    application, version, objects = database.execute(
        "SELECT (SELECT application_id FROM pragma_application_id),"
        " (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_master)"
    ).fetchone()
    if application != APPLICATION_ID and (application or version or objects):
        raise StoreError(
            f"{path} is an SQLite database, but not a ledger of Monition's: set [ledger] path to "
            "another file"
        )
    if version > VERSION:
        raise StoreError(
            f"{path} was made by a newer Monition (its schema is {version}, this one knows "
            f"{VERSION}): run that version, or give this one a path of its own"
        )
    return int(version)


def _check_is_current(database: Database, path: Path) -> None:
    version = _version_of(database, path)
    (objects,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not objects:
        raise LedgerError(
            f"{path} is empty: `monition serve` has written nothing to it yet; where it held "
            "events before, they are gone: restore a backup"
        )
    _check_says_its_version(database, path)
    if version < VERSION:
        raise LedgerError(
            f"{path} was made by an older Monition (its schema is {version}, this one "
            f"reads {VERSION}): start `monition serve` once, it brings it up to date"
        )


def _check_says_its_version(database: Database, path: Path) -> None:
    """A number that was set back would have `serve` and `verify` send people to each other."""
    # One statement, as above.
    version, objects, facets = database.execute(
        "SELECT (SELECT user_version FROM pragma_user_version),"
        " (SELECT count(*) FROM sqlite_master),"
        " (SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'facet')"
    ).fetchone()
    if (facets and version < VERSION) or (objects and not version):
        raise StoreError(
            f"{path} is not what its version says (user_version is {version}, and it holds what "
            "that version has not): somebody changed the file: put it aside, restore a backup, "
            "and find out who"
        )


def _migrate(database: Database, path: Path) -> None:
    if _version_of(database, path) == VERSION:
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        # Asked again under the lock: another worker may have done it meanwhile.
        _check_says_its_version(database, path)
        for statements in MIGRATIONS[_version_of(database, path) :]:
            for statement in statements:
                database.execute(statement)
        _check_schema(database, path)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {VERSION}")
        database.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise


def _check_schema(database: Database, path: Path) -> None:
    # A trigger that was dropped before would be missing for good, and nobody told.
    for difference in schema_differences(database.conn):
        raise StoreError(
            f"{path} cannot be brought up to date: {difference.what}; somebody changed the file: "
            "put it aside, restore a backup, and find out who"
        )


def _explained(path: Path, error: Exception, code: int) -> str:
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            remedy = "another program holds it: look for one with `fuser`"
        case sqlite3.SQLITE_FULL:
            remedy = "the disk, or a quota on it, is full: make room"
        case sqlite3.SQLITE_IOERR:
            remedy = "the disk failed, or is full: look at the kernel's log, make room"
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            remedy = "the file is damaged or no ledger: put it aside and restore a backup"
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_READONLY:
            remedy = "the gateway's user must be able to read and write it and its folder"
        case _:
            remedy = "run `monition audit verify`"
    return f"the ledger {path} cannot be used ({error}): {remedy}"
