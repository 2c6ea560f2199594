"""Reading the files of a list to their end, counted, hashed and bounded."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from gateway.errors import Fault, ListError
from gateway.list_store.files.imported_source import Original
from gateway.lists.parsing.entry import Entry
from gateway.lists.parsing.untrusted_file import UntrustedFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from gateway.lists.catalogue import ListFormat
    from gateway.lists.parsing.entry import RejectedRow, RejectedRowReason

EXAMPLES = 5
"""Rejected rows that are kept of each reason, to be shown."""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a publisher's server said of a file: for the next conditional request."""

    etag: str | None = None
    last_modified: str | None = None
    address: str | None = None


@dataclass(slots=True)
class ListReading:
    """All that some files held. ``examples`` are a few of the rows that were not taken.

    ``rejected`` counts all of those, by reason. ``originals`` are the files, in their roles' order.
    """

    entries: list[Entry] = field(default_factory=list)
    rejected: Counter[RejectedRowReason] = field(default_factory=Counter)
    examples: dict[RejectedRowReason, list[RejectedRow]] = field(default_factory=dict)
    originals: tuple[Original, ...] = ()

    def add(self, found: Entry | RejectedRow) -> None:
        """Take in what a reader gave."""
        if isinstance(found, Entry):
            self.entries.append(found)
            return
        self.rejected[found.reason] += 1
        some = self.examples.setdefault(found.reason, [])
        if len(some) < EXAMPLES:
            some.append(found)


def read(
    format_: ListFormat, paths: Mapping[str, Path], largest: int, fetched: Mapping[str, ServerFacts]
) -> ListReading:
    """Read the files, by role, each of at most ``largest`` bytes. Raises :class:`ListError`.

    A file whose name ends in ``.gz`` is opened; the bound is on what comes out of it. ``fetched``
    may lack any role.
    """
    reading = ListReading()
    with contextlib.ExitStack() as stack:
        streams = {
            role: stack.enter_context(_counted(path, largest)) for role, path in paths.items()
        }
        parts = {role: _part(path, streams[role]) for role, path in paths.items()}
        for found in format_.reader(parts):
            reading.add(found)
        reading.originals = tuple(
            stream.original(fetched.get(role, ServerFacts())) for role, stream in streams.items()
        )
    return reading


@contextlib.contextmanager
def open_counted(
    path: Path, largest: int
) -> Iterator[tuple[UntrustedFile, Callable[[], Original]]]:
    """Open one file: give the part to be read, and what reads it to its end and says what it was.

    It has at most ``largest`` bytes, opened. Raises :class:`ListError`, also while it is read.
    """
    with _counted(path, largest) as stream:
        yield _part(path, stream), lambda: stream.original(ServerFacts())


def _part(path: Path, stream: _Counted) -> UntrustedFile:
    return UntrustedFile(path.name, cast("BinaryIO", stream))


@contextlib.contextmanager
def _counted(path: Path, largest: int) -> Iterator[_Counted]:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from None
    with stream:
        opened: IO[bytes] = (
            cast("IO[bytes]", gzip.GzipFile(fileobj=stream)) if is_compressed(path.name) else stream
        )
        yield _Counted(opened, path, largest)


def is_compressed(name: str) -> bool:
    """Whether a file of this name is opened with gzip first."""
    return name.lower().endswith(".gz")


def _unreadable(path: Path, error: Exception) -> ListError:
    reason = getattr(error, "strerror", None) or str(error)
    if isinstance(error, EOFError | zlib.error | gzip.BadGzipFile):
        reason += "; it is cut short or damaged: get it again"
    return ListError([Fault(str(path), None, None, f"cannot be read: {reason}")])


class _Counted:
    """A stream that is hashed and counted as it is read, and ends in an error past its bound."""

    def __init__(self, stream: IO[bytes], path: Path, largest: int) -> None:
        self._stream = stream
        self._path = path
        self._largest = largest
        self._size = 0
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        # A compressed file says nothing of its size, so that not even `read()` takes it whole.
        most = self._largest - self._size + 1
        return self._seen(self._stream.read, most if size < 0 else min(size, most))

    def readline(self, size: int = -1) -> bytes:
        most = self._largest - self._size + 1
        return self._seen(self._stream.readline, most if size < 0 else min(size, most))

    def original(self, fetched: ServerFacts) -> Original:
        """What was read, to its end."""
        while self.read(1 << 20):
            pass
        return Original(
            self._path.name,
            self._size,
            self._hash.hexdigest(),
            fetched.etag,
            fetched.last_modified,
            fetched.address,
        )

    def _seen(self, read: Callable[[int], bytes], most: int) -> bytes:
        try:
            data = read(most)
        except (OSError, EOFError, zlib.error) as error:
            raise _unreadable(self._path, error) from None
        self._size += len(data)
        self._hash.update(data)
        if self._size > self._largest:
            message = f"is larger than {self._largest} bytes, which no such list is"
            raise ListError([Fault(str(self._path), None, None, message)])
        return data
