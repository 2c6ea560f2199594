"""Reading the files of a list to their end, counted, hashed and bounded."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from gateway.archive.source import Original
from gateway.errors import Fault, ListError
from gateway.lists.entry import Entry
from gateway.lists.part import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gateway.lists.catalogue import Form
    from gateway.lists.entry import Reason, Rejected

EXAMPLES = 5
"""Rejected rows that are kept of each reason, to be shown."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a publisher's server said of a file: for the next conditional request."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(slots=True)
class Reading:
    """All that some files held. ``examples`` are a few of the rows that were not taken."""

    entries: list[Entry] = field(default_factory=list)
    rejected: Counter[Reason] = field(default_factory=Counter)
    examples: dict[Reason, list[Rejected]] = field(default_factory=dict)
    originals: tuple[Original, ...] = ()

    def add(self, found: Entry | Rejected) -> None:
        """Take in what a reader gave."""
        if isinstance(found, Entry):
            self.entries.append(found)
            return
        self.rejected[found.reason] += 1
        some = self.examples.setdefault(found.reason, [])
        if len(some) < EXAMPLES:
            some.append(found)


def read(
    form: Form, paths: Mapping[str, Path], largest: int, fetched: Mapping[str, Fetched]
) -> Reading:
    """Read the files, by role, each of at most so many bytes. Raises :class:`ListError`."""
    reading = Reading()
    with contextlib.ExitStack() as stack:
        streams = {
            role: _Counted(stack.enter_context(_opened(path)), path, largest)
            for role, path in paths.items()
        }
        parts = {
            role: Part(path.name, cast("BinaryIO", streams[role])) for role, path in paths.items()
        }
        for found in form.reader(parts):
            reading.add(found)
        reading.originals = tuple(
            stream.original(paths[role].name, fetched.get(role, Fetched()))
            for role, stream in streams.items()
        )
    return reading


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        stream = path.open("rb")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ListError([Fault(str(path), None, None, f"cannot be read: {reason}")]) from None
    with stream:
        yield stream


class _Counted:
    """A stream that is hashed and counted as it is read, and ends in an error past its bound."""

    def __init__(self, stream: IO[bytes], path: Path, largest: int) -> None:
        self._stream = stream
        self._path = path
        self._largest = largest
        self._size = 0
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        return self._seen(self._stream.read(size))

    def readline(self, size: int = -1) -> bytes:
        return self._seen(self._stream.readline(size))

    def original(self, name: str, fetched: Fetched) -> Original:
        """What was read, to its end."""
        while self.read(1 << 20):
            pass
        return Original(
            name, self._size, self._hash.hexdigest(), fetched.etag, fetched.last_modified
        )

    def _seen(self, data: bytes) -> bytes:
        self._size += len(data)
        self._hash.update(data)
        if self._size > self._largest:
            message = f"is larger than {self._largest} bytes, which no such list is"
            raise ListError([Fault(str(self._path), None, None, message)])
        return data
