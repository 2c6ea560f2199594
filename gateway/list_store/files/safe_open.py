"""Opening what lies in the lists directory, whatever it is: what is wrong is told with a remedy.

``remedy`` is everywhere what a person does about it, in words that may follow a semicolon.
Disks fail, people copy and other programs write. Nothing there is believed before it was looked at:
not even that a file is one, since opening a pipe would wait for ever.
"""

from __future__ import annotations

import contextlib
import errno
import gzip
import os
import re
import stat
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from gateway.errors import Fault, ListError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

T = TypeVar("T")

MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)
"""What comes of reading content that is not as we write it."""

LARGEST = 1 << 30
"""Bytes that any file but a list's own may have."""

_OF_ANOTHER_KIND = {errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ELOOP}

_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]*\Z", re.ASCII)


@contextlib.contextmanager
def open_file(path: Path, remedy: str) -> Iterator[BinaryIO]:
    """Open a file to be read. Raises ``FileNotFoundError`` where there is none.

    Raises :class:`ListError` where it is no file or cannot be read, also within the block.
    """
    try:
        # A pipe that nobody writes to is opened at once, and then seen to be one.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise damaged(path, None, "is no file", remedy)
            yield stream
    except FileNotFoundError:
        if path.is_symlink():
            # Somebody put it there: it is not the same as a file that never was.
            raise damaged(path, None, "is a link that leads nowhere", remedy) from None
        raise
    except OSError as error:
        raise unreadable(path, error, remedy) from None


def read_file(path: Path, remedy: str) -> bytes | None:
    """Read a file whole; ``None``: there is none.

    Raises :class:`ListError` where it cannot be read or is larger than :data:`LARGEST`.
    """
    try:
        with open_file(path, remedy) as stream:
            found = stream.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    if len(found) > LARGEST:
        raise damaged(path, None, f"is larger than {LARGEST} bytes, which none is", remedy)
    return found


def read_gzip_file(path: Path, remedy: str, largest: int = LARGEST) -> bytes:
    """Read a gzipped file whole, opened at most ``largest`` bytes.

    Raises :class:`ListError`, also where there is none.
    """
    try:
        with open_file(path, remedy) as stream, gzip.open(stream) as inside:
            found: bytes = inside.read(largest + 1)
    except FileNotFoundError:
        raise damaged(path, None, "is gone", remedy) from None
    except (EOFError, zlib.error) as error:
        raise damaged(path, None, f"cannot be read ({error})", remedy) from None
    if len(found) > largest:
        raise damaged(path, None, f"holds more than {largest} bytes, which none does", remedy)
    return found


def files_in(directory: Path, suffix: str) -> list[Path]:
    """Give the files of a directory that end so, sorted; hidden ones are half written.

    None where there is no directory. Raises :class:`ListError` where it cannot be read.
    """
    try:
        found = sorted(directory.iterdir())
    except FileNotFoundError:
        for each in (directory, directory.parent):
            if each.is_symlink() and not each.exists():
                remedy = "restore what it leads to, or move the link away"
                raise damaged(each, None, "is a link that leads nowhere", remedy) from None
        return []
    except OSError as error:
        raise unreadable(directory, error, "see what it is, and move it away") from None
    return [each for each in found if each.name.endswith(suffix) and not each.name.startswith(".")]


def records(path: Path, said: bytes, read: Callable[[bytes], T], remedy: str) -> list[T]:
    """Read the lines of a file that grows line by line, ``said``, each by ``read``.

    A last line without its end was torn by a crash, and is passed over where it cannot be read.
    Raises :class:`ListError` for any other that ``read`` raises one of :data:`MALFORMED` for.
    """
    lines = said.splitlines()
    found: list[T] = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(read(line))
        except MALFORMED:
            if number < len(lines) or said.endswith(b"\n"):
                raise damaged(path, number, "is damaged", remedy) from None
    return found


def is_whole(read: Callable[[Path], object], path: Path) -> bool:
    """Whether ``read`` reads the file at ``path`` without a :class:`ListError`."""
    try:
        read(path)
    except ListError:
        return False
    return True


def is_own_name(name: str) -> bool:
    """Whether a file may be of ours: no name that we give holds anything but these signs."""
    return _PLAIN.match(name) is not None


def parse_time(text: str) -> datetime:
    """Read a time as we write it, in UTC. Raises ``ValueError`` or another of ``MALFORMED``."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time without its zone")
    return found.astimezone(UTC)


def parse_count(value: object) -> int:
    """Take a number of things, from 0. Raises ``ValueError`` for anything else."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("no number of things where one should be")
    return value


def parse_text(value: object) -> str:
    """Take a text. Raises ``TypeError`` for anything else."""
    if not isinstance(value, str):
        raise TypeError("no text where one should be")
    return value


def unreadable(path: Path, error: OSError, remedy: str) -> ListError:
    """Make the error of what the system said of a file; some errors have a better remedy."""
    if isinstance(error, PermissionError):
        remedy = "run this as the gateway's user, or give it back to that user"
    elif error.errno in _OF_ANOTHER_KIND and "move" not in remedy:
        remedy = f"move it away, then {remedy}"
    return damaged(path, None, f"cannot be read ({error.strerror or error})", remedy)


def damaged(path: Path, line: int | None, what: str, remedy: str) -> ListError:
    """Make the error of what is wrong in a file, at a line from 1 or as a whole."""
    return ListError([Fault(str(path), line, None, f"{what}; {remedy}")])


def reason_of(error: BaseException) -> str:
    """Say in a few words what was wrong with content; one of ``MALFORMED``."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, KeyError):
        return f"it has no {error}"
    return str(error).partition("\n")[0]
