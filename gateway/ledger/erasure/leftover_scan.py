"""After an erasure: does any file beside the ledger still hold the address, byte for byte?"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import file_owner
from gateway.errors import LedgerError
from gateway.ledger.erasure.mentions import is_named_within, is_near, spellings, wrapped_spellings
from gateway.ledger.erasure.scrub_pages import descriptor
from gateway.ledger.store.emergency_journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.ledger.erasure.mentions import SoughtMailbox
    from gateway.ledger.record.record import JSON

MOST_FILES = 20_000
"""So many files are looked through at most: then the folder itself is given."""

_BLOCK = 1 << 22
_OVERLAP = 4096
_CHECKSUM = 65
# A local part has 64 octets at most (RFC 5321, 4.5.3.1.1), a domain 255.
_AROUND = 256


@dataclass(frozen=True, slots=True)
class JournalLines:
    """Lines that name a mailbox: in the journal, and of those that it put aside.

    ``torn`` are others put aside that are not whole: part of an address may stand at their ends.
    """

    journal: int = 0
    aside: int = 0
    torn: int = 0


def count_lines(journal_path: Path, sought: SoughtMailbox) -> JournalLines:
    """Count the lines, without a lock. Raises ``LedgerError`` for a file that cannot be read."""
    put_aside = _lines(Journal(journal_path).set_aside_path)
    aside = [line for line in put_aside if _names(line, sought)]
    return JournalLines(
        sum(_names(line, sought) for line in _lines(journal_path)),
        len(aside),
        sum(_is_torn(line) for line in put_aside) - sum(map(_is_torn, aside)),
    )


def erase_set_aside(journal_path: Path, sought: SoughtMailbox, *, drops_torn: bool = False) -> int:
    """Take the lines that name the mailbox out of what the journal put aside; how many.

    A line that is no JSON any more goes where the address stands anywhere in it or begins at its
    end; with ``drops_torn`` all of those go. Raises ``LedgerError`` where the journal or what it
    put aside cannot be read or written; the lines are then as they were.
    """
    journal = Journal(journal_path)
    if not journal.set_aside_path.exists():
        return 0
    # Whoever puts a line aside holds the journal meanwhile.
    with journal.locked():
        try:
            lines = journal.set_aside_path.read_bytes().splitlines(keepends=True)
            kept = [
                line
                for line in lines
                if not (_names(line, sought) or (drops_torn and _is_torn(line)))
            ]
            if len(kept) == len(lines):
                return 0
            if kept:
                fresh = journal.set_aside_path.with_name(journal.set_aside_path.name + ".new")
                _write(fresh, b"".join(kept))
                fresh.replace(journal.set_aside_path)
            else:
                journal.set_aside_path.unlink()
        except OSError as error:
            raise LedgerError(
                f"{journal.set_aside_path} holds the address and cannot be written "
                f"({error.strerror}): run "
                "this as the gateway's user, then again"
            ) from error
    return len(lines) - len(kept)


def scan(
    path: Path, journal: Path, sought: SoughtMailbox, alike: Iterable[bytes], *, spare_ledger: bool
) -> tuple[Path, ...]:
    """The files in the folders of ledger and journal that hold the address still, or can't be read.

    Folders below them too; one that cannot be read, or holds too much, is given itself. Nothing is
    raised for a file. ``alike`` are longer addresses of other people in which it is a piece.
    ``spare_ledger`` leaves out the ledger itself, where a hold keeps it there.
    """
    needles = _Needles(sought, spellings(sought), wrapped_spellings(sought), tuple(alike))
    found: list[Path] = []
    for file in _files(path, journal):
        if file == path and spare_ledger:
            continue
        if file.is_dir():
            found.append(file)
            continue
        try:
            # The ledger by the descriptor that stays open; others by one of their own.
            handle = descriptor(path) if file == path else os.open(file, os.O_RDONLY)
        except OSError:
            found.append(file)
            continue
        try:
            if _holds(handle, needles):
                found.append(file)
        finally:
            if file != path:
                os.close(handle)
    return tuple(found)


def _files(path: Path, journal: Path) -> Iterator[Path]:
    # The shared memory of the write-ahead log holds page numbers and locks; to open it here would
    # drop the locks. The log itself was cut to nothing, or that was told.
    passed_over = {path.with_name(path.name + "-shm"), path.with_name(path.name + "-wal")}
    seen: set[Path] = set()
    for folder in sorted({path.parent, journal.parent}):
        unread: list[Path] = []

        def tell(error: OSError, unread: list[Path] = unread) -> None:
            unread.append(Path(error.filename))

        for root, below, names in os.walk(folder, onerror=tell):
            below.sort()
            for file in (Path(root, name) for name in sorted(names)):
                if len(seen) >= MOST_FILES:
                    yield folder
                    return
                if file in seen or file in passed_over or file.is_symlink():
                    continue
                if file.is_file():
                    seen.add(file)
                    yield file
        yield from unread


@dataclass(frozen=True, slots=True)
class _Needles:
    """What is sought: plain; wrapped, where what stands around decides; others' addresses."""

    sought: SoughtMailbox
    plain: tuple[bytes, ...]
    wrapped: tuple[bytes, ...]
    longer: tuple[bytes, ...]


def _holds(handle: int, needles: _Needles) -> bool:
    at = 0
    while block := os.pread(handle, _BLOCK, at):
        text = block.lower()
        if any(_stands(text, needle, needles.longer) for needle in needles.plain):
            return True
        if any(_stands_wrapped(text, needle, needles.sought) for needle in needles.wrapped):
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


def _stands_wrapped(text: bytes, needle: bytes, sought: SoughtMailbox) -> bool:
    at = text.find(needle)
    while at >= 0:
        if is_near(sought, text[max(at - _AROUND, 0) : at + len(needle) + _AROUND]):
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


def _names(line: bytes, sought: SoughtMailbox) -> bool:
    if (content := _content(line)) is not None:
        return is_named_within(sought, content)
    text = line.lower()
    plain = spellings(sought)
    return (
        any(needle in text for needle in plain)
        or any(_stands_wrapped(text, needle, sought) for needle in wrapped_spellings(sought))
        or any(_begins_at_end(text.rstrip(b"\n"), needle) for needle in plain)
    )


def _begins_at_end(text: bytes, needle: bytes) -> bool:
    """Whether a line ends with the local part, the @ and what there is of the domain."""
    shortest = needle.rindex(b"@") + 1
    return any(text.endswith(needle[:end]) for end in range(shortest, len(needle)))


def _is_torn(line: bytes) -> bool:
    return _content(line) is None


def _content(line: bytes) -> JSON:
    try:
        found: JSON = json.loads(line[_CHECKSUM:])
    except ValueError:
        return None
    return found


def _lines(file: Path) -> list[bytes]:
    try:
        return file.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LedgerError(
            f"{file} cannot be read ({error.strerror}): run this as the gateway's user"
        ) from error


def _write(file: Path, content: bytes) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    # Not os.write(): on a disk that is nearly full it writes a part, and says so by a number.
    with os.fdopen(handle, "wb") as stream:
        file_owner.follow_folder(handle, file.parent)
        stream.write(content)
        stream.flush()
        os.fsync(handle)
