"""The emergency journal: where events go while the database cannot be written.

One entry a line, each behind its own checksum, fsynced before anyone is told it is kept. When the
database is back the entries are taken in, in order, and the file is emptied. A crash between the
two only means that they are offered again: the ids decide what is known already. A line that
cannot be read (the power went while it was written) is moved beside, to ``….aside``, and told.

Several processes may share one journal: a lock of the kernel's is held while it is written and
while it is taken in, and goes with whoever held it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from gateway import file_owner
from gateway.errors import LedgerError
from gateway.ledger.record.record import JSON, Part, Record, canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_CHECKSUM_LETTERS = 64


class JournalError(LedgerError):
    """The emergency journal cannot be used."""


Line: TypeAlias = bytes
"""One entry as it is written, its newline included."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line read back: what it is (``record``, ``settlement``), its content, the line itself.

    ``type`` is empty where the line is not whole.
    """

    type: str
    content: Mapping[str, Any]
    line: Line


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many lines wait to be taken in, and how many were put aside for a person to look at."""

    waiting: int
    set_aside: int


class Journal:
    """The emergency journal at a path. The file is made when the first line is written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def set_aside_path(self) -> Path:
        """Where lines are moved that cannot be taken in."""
        return self._path.with_name(self._path.name + ".aside")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to take in. Cheap: asked before every transaction."""
        try:
            return self._path.stat().st_size == 0
        except OSError:
            return True

    def backlog(self) -> Backlog:
        """Count the lines; of a file that cannot be read, none. Reads both files to their ends."""
        return Backlog(_count(self._path), _count(self.set_aside_path))

    def write(self, lines: Iterable[Line]) -> None:
        """Keep all of the lines or none; durable when it returns. Raises :class:`JournalError`."""
        with self._told("written"), self._locked() as handle:
            end = os.lseek(handle, 0, os.SEEK_END)
            block = b"".join(lines)
            if end and os.pread(handle, 1, end - 1) != b"\n":
                # A torn line ends the file: what follows must not grow onto it.
                block = b"\n" + block
            try:
                _write_all(handle, block)
                os.fsync(handle)
            except BaseException:
                # Half a block would be events that nobody was told are kept.
                with suppress(OSError):
                    os.ftruncate(handle, end)
                    os.fsync(handle)
                raise

    @contextmanager
    def locked(self) -> Iterator[LockedJournal]:
        """Read the entries while nobody else writes. Raises :class:`JournalError`.

        Take the database's write lock first and this one after it: whoever waits for the
        journal then waits for as long as the taking in lasts, never for a busy database.
        """
        with self._told("read"), self._locked() as handle:
            yield LockedJournal(self, handle)

    def _empty(self, handle: int, unfit: Iterable[Line]) -> None:
        if lines := list(unfit):
            self._put_aside(lines)
        os.ftruncate(handle, 0)
        os.fsync(handle)

    def _put_aside(self, lines: Iterable[Line]) -> None:
        handle = os.open(self.set_aside_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            file_owner.follow_folder(handle, self._path.parent)
            _write_all(handle, b"".join(line.rstrip(b"\n") + b"\n" for line in lines))
            os.fsync(handle)
        finally:
            os.close(handle)
        _sync_folder(self._path)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        is_new = not self._path.exists()
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if is_new:
                file_owner.follow_folder(handle, self._path.parent)
                # The file's name must survive a power cut too, not only its content.
                _sync_folder(self._path)
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def _told(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise JournalError(
                f"the emergency journal {self._path} cannot be {verb}: {error.strerror}; its "
                "folder must exist, have room, and belong to the gateway's user"
            ) from error


class LockedJournal:
    """The journal while its lock is held. Made by :meth:`Journal.locked`."""

    def __init__(self, journal: Journal, handle: int) -> None:
        self._journal = journal
        self._handle = handle

    def entries(self) -> Iterator[Entry]:
        """All entries in the order they were written, also those that are not whole."""
        with os.fdopen(os.dup(self._handle), "rb") as file:
            file.seek(0)
            yield from map(_read, file)

    def empty(self, unfit: Iterable[Line]) -> None:
        """Forget all, once it is durable elsewhere; the lines given are put aside first."""
        self._journal._empty(self._handle, unfit)  # noqa: SLF001 - two halves of one thing


def line(type_: str, content: Mapping[str, JSON]) -> Line:
    """One entry as a line: hex SHA-256 of the rest, a space, canonical JSON.

    ``type_`` is ``record`` or ``settlement``. Raises ``TypeError`` or ``ValueError`` for a content
    that cannot be written so.
    """
    body = canonical({"type": type_, "content": content}).encode()
    return hashlib.sha256(body).hexdigest().encode() + b" " + body + b"\n"


def record_as_json(record: Record) -> dict[str, JSON]:
    """A record as the journal keeps it: its fields by their names, its salts in hex."""
    return {
        "id": record.id,
        "at": record.at,
        "kind": record.kind,
        "facts": record.facts,
        "personal": {part.value: content for part, content in record.personal.items()},
        "salts": {part.value: salt.hex() for part, salt in record.salts.items()},
    }


def record_from_json(data: Mapping[str, Any]) -> Record:
    """Read a record back.

    Raises ``KeyError``, ``TypeError``, ``ValueError`` or ``AttributeError`` for what is none.
    """
    return Record(
        id=data["id"],
        at=data["at"],
        kind=data["kind"],
        facts=data["facts"],
        personal={Part(part): content for part, content in data["personal"].items()},
        salts={Part(part): bytes.fromhex(salt) for part, salt in data["salts"].items()},
    )


def _read(raw: Line) -> Entry:
    head, body = raw[: _CHECKSUM_LETTERS + 1], raw[_CHECKSUM_LETTERS + 1 :].removesuffix(b"\n")
    torn = Entry("", {}, raw)
    if hashlib.sha256(body).hexdigest().encode() + b" " != head:
        return torn
    try:
        found = json.loads(body)
        return Entry(found["type"], found["content"], raw)
    except (ValueError, TypeError, KeyError):
        return torn


def _count(path: Path) -> int:
    try:
        with path.open("rb") as file:
            return sum(1 for _ in file)
    except OSError:
        return 0


def _write_all(handle: int, block: bytes) -> None:
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
