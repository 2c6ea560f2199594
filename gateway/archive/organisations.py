"""The Research Organization Registry as it is kept: no list, a source of proposals.

``ror.jsonl`` has a header line that says what it is, then an organisation a line. Nothing that is
in force is made of it.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.archive import folder as files
from gateway.archive import reading, source
from gateway.archive.importing import Refused
from gateway.archive.source import Header
from gateway.archive.weighing import MOST_LOST
from gateway.errors import Fault, ListError
from gateway.lists import ror
from gateway.lists.catalogue import MEGABYTE, PROPOSING
from gateway.lists.organisation import Organisation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from gateway.archive.folder import Folder

LARGEST = 2048 * MEGABYTE
"""Bytes of the registry's file, opened. The release of 2025 has 300 megabytes."""


def path_of(folder: Folder) -> Path:
    """Where the registry lies, or would."""
    return folder.path / f"{PROPOSING}.jsonl"


def take(folder: Folder, path: Path, at: datetime, *, accepts_loss: bool = False) -> Header:
    """Import the registry from its published file.

    Raises :class:`ListError`, and ``OSError`` where it cannot be kept; then nothing has changed.
    """
    taken: list[Organisation] = []
    rejected: Counter[str] = Counter()
    with reading.counted(path, LARGEST) as (part, original):
        for each in ror.read_organisations(part):
            if isinstance(each, Organisation):
                taken.append(each)
            else:
                rejected[each.reason.value] += 1
        header = Header(PROPOSING, at, at, (original(),), len(taken), dict(rejected), __version__)
    with folder.held():
        before = read_header(folder)
        _weigh(path, header, before, accepts_loss=accepts_loss)
        write(folder, header, taken)
    return header


def _weigh(path: Path, header: Header, before: Header | None, *, accepts_loss: bool) -> None:
    had = before.entries if before else 0
    if not header.entries:
        message = "holds no organisation; nothing was changed"
    elif header.entries < had * (1 - MOST_LOST) and not accepts_loss:
        message = (
            f"holds {header.entries} organisations where there were {had}; nothing was changed; "
            "where the registry has really shrunk, say --accept-loss"
        )
    else:
        return
    raise Refused([Fault(str(path), None, None, message)])


def write(folder: Folder, header: Header, organisations: Sequence[Organisation]) -> None:
    """Replace what is kept of the registry; the directory is held. Raises ``OSError``."""
    lines = [source.dumped_header(header), *map(_dumped, organisations)]
    files.replace(path_of(folder), b"\n".join(lines) + b"\n")


def read_header(folder: Folder) -> Header | None:
    """Read what is known of the import; ``None``: there is none. Raises :class:`ListError`."""
    path = path_of(folder)
    try:
        with path.open("rb") as stream:
            return source.parsed_header(stream.readline())
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise _broken(path, 1, error) from None


def read(folder: Folder) -> Iterator[Organisation]:
    """Give the organisations one at a time; none where none were imported.

    Raises :class:`ListError`.
    """
    path = path_of(folder)
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        return
    with stream:
        given = 0
        try:
            source.parsed_header(stream.readline())
            for line in stream:
                yield _organisation(json.loads(line))
                given += 1
        except (ValueError, KeyError, TypeError) as error:
            raise _broken(path, given + 2, error) from None


def _broken(path: Path, line: int, error: Exception) -> ListError:
    message = f"is damaged ({error}); import the registry again"
    return ListError([Fault(str(path), line, None, message)])


def _dumped(organisation: Organisation) -> bytes:
    said = {
        name: value
        for name in _FIELDS
        if (value := getattr(organisation, name)) not in (None, ()) and name != "is_active"
    }
    if not organisation.is_active:
        said["is_active"] = False
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def _organisation(said: dict[str, Any]) -> Organisation:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
    }
    return Organisation(**values)


_FIELDS = tuple(each.name for each in dataclasses.fields(Organisation))
