"""After an erasure: does any file beside the ledger still hold the address, byte for byte?"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from gateway.errors import LedgerError
from gateway.ledger.journal import Journal
from gateway.ledger.mention import is_named_within, spellings
from gateway.ledger.scrub import descriptor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gateway.ledger.mention import Mailbox

_BLOCK = 1 << 22
_OVERLAP = 4096
_CHECKSUM = 65


def forget_set_aside(journal_path: Path, sought: Mailbox) -> int:
    """Take the lines that name the mailbox out of what the journal put aside; how many.

    A line that is no JSON any more goes where the address stands anywhere in it.
    """
    journal = Journal(journal_path)
    if not journal.aside.exists():
        return 0
    # Whoever puts a line aside holds the journal meanwhile.
    with journal.held():
        try:
            lines = journal.aside.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if not _names(line, sought)]
            if len(kept) == len(lines):
                return 0
            if kept:
                fresh = journal.aside.with_name(journal.aside.name + ".new")
                _write(fresh, b"".join(kept))
                fresh.replace(journal.aside)
            else:
                journal.aside.unlink()
        except OSError as error:
            raise LedgerError(
                f"{journal.aside} holds the address and cannot be written ({error.strerror}): run "
                "this as the gateway's user, then again"
            ) from error
    return len(lines) - len(kept)


def look(
    path: Path, journal: Path, sought: Mailbox, alike: Iterable[bytes], *, spare_ledger: bool
) -> tuple[Path, ...]:
    """The files in the folders of ledger and journal that hold the address still, or can't be read.

    ``alike`` are longer addresses of other people in which it is a piece. ``spare_ledger`` leaves
    out the ledger itself, where a hold keeps it there.
    """
    needles, longer = spellings(sought), tuple(alike)
    found: list[Path] = []
    for file in _files(path, journal):
        if file == path and spare_ledger:
            continue
        try:
            # The ledger by the descriptor that stays open; others by one of their own.
            handle = descriptor(path) if file == path else os.open(file, os.O_RDONLY)
        except OSError:
            found.append(file)
            continue
        try:
            if _holds(handle, needles, longer):
                found.append(file)
        finally:
            if file != path:
                os.close(handle)
    return tuple(found)


def _files(path: Path, journal: Path) -> Iterator[Path]:
    # The shared memory of the write-ahead log holds page numbers and locks; to open it here would
    # drop the locks. The log itself was cut to nothing, or that was told.
    passed_over = {path.with_name(path.name + "-shm"), path.with_name(path.name + "-wal")}
    for folder in sorted({path.parent, journal.parent}):
        for file in sorted(folder.iterdir()):
            if file.is_file() and not file.is_symlink() and file not in passed_over:
                yield file


def _holds(handle: int, needles: tuple[bytes, ...], longer: tuple[bytes, ...]) -> bool:
    at = 0
    while block := os.pread(handle, _BLOCK, at):
        text = block.lower()
        if any(_stands(text, needle, longer) for needle in needles):
            return True
        if len(block) <= _OVERLAP:
            return False
        at += len(block) - _OVERLAP
    return False


def _stands(text: bytes, needle: bytes, longer: tuple[bytes, ...]) -> bool:
    at = text.find(needle)
    while at >= 0:
        if not any(_is_piece(text, at, needle, other) for other in longer):
            return True
        at = text.find(needle, at + 1)
    return False


def _is_piece(text: bytes, at: int, needle: bytes, other: bytes) -> bool:
    """Whether the needle found there is a piece of a longer address that stands there."""
    within = other.find(needle)
    if within < 0:
        return False
    begins = max(at - within, 0)
    # One that is cut by the edge of a block is seen whole in its neighbour.
    return other[begins - at + within :].startswith(text[begins : at - within + len(other)])


def _names(line: bytes, sought: Mailbox) -> bool:
    try:
        return is_named_within(sought, json.loads(line[_CHECKSUM:]))
    except ValueError:
        return any(needle in line.lower() for needle in spellings(sought))


def _write(file: Path, content: bytes) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
