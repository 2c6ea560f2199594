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
from gateway.errors import ListError
from gateway.list_store.files import imported_source, safe_open
from gateway.list_store.files import lists_directory as files
from gateway.list_store.files.imported_source import Header
from gateway.list_store.imports import list_reading, loss_guard
from gateway.list_store.imports.import_run import ImportRefusedError
from gateway.lists.catalogue import MEGABYTE, ROR
from gateway.lists.formats import ror
from gateway.lists.parsing.organisation import Organisation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from gateway.list_store.files.lists_directory import Folder

AGAIN = "import the registry again"
"""The remedy for whatever befell what is kept of it."""

LARGEST = 2048 * MEGABYTE
"""Bytes of the registry's file, opened. The release of 2025 has 300 megabytes."""


def path_of(folder: Folder) -> Path:
    """Where the registry lies, or would."""
    return folder.path / f"{ROR}.jsonl"


def import_registry(
    folder: Folder, path: Path, at: datetime, *, accepts_loss: bool = False
) -> Header:
    """Import the registry from its published file.

    Raises :class:`ImportRefusedError` for a file that is broken or has lost too much, and
    ``OSError`` where it cannot be kept; then nothing has changed.
    """
    try:
        header, taken = _read(path, at)
        with folder.locked():
            _weigh(path, header, read_header(folder), accepts_loss=accepts_loss)
            write(folder, header, taken)
    except ListError as error:
        raise ImportRefusedError(error.faults) from None
    return header


def _read(path: Path, at: datetime) -> tuple[Header, list[Organisation]]:
    taken: list[Organisation] = []
    rejected: Counter[str] = Counter()
    with list_reading.open_counted(path, LARGEST) as (file, original):
        for each in ror.read_organisations(file):
            if isinstance(each, Organisation):
                taken.append(each)
            else:
                rejected[each.reason.value] += 1
        header = Header(ROR, at, at, (original(),), len(taken), dict(rejected), __version__)
    return header, taken


def _weigh(path: Path, header: Header, before: Header | None, *, accepts_loss: bool) -> None:
    if not header.entries:
        raise loss_guard.refusal(str(path), "holds no organisation")
    if before is not None and not accepts_loss:
        lost = max(0, before.entries - header.entries)
        losses = [loss_guard.Loss("organisations", lost, before.entries)]
        loss_guard.check_losses(str(path), ROR, losses)


def write(folder: Folder, header: Header, organisations: Sequence[Organisation]) -> None:
    """Replace what is kept of the registry; the directory is held. Raises ``OSError``."""
    lines = [imported_source.dump_header(header), *map(_dumped, organisations)]
    files.replace(path_of(folder), b"\n".join(lines) + b"\n")


def read_header(folder: Folder) -> Header | None:
    """Read what is known of the import; ``None``: there is none. Raises :class:`ListError`."""
    path = path_of(folder)
    try:
        with safe_open.open_file(path, AGAIN) as stream:
            return imported_source.parse_header(stream.readline())
    except FileNotFoundError:
        return None
    except safe_open.MALFORMED as error:
        raise _broken(path, 1, error) from None


def read(folder: Folder) -> Iterator[Organisation]:
    """Give the organisations one at a time; none where none were imported.

    Raises :class:`ListError`, also on the way, where what is kept cannot be read or is damaged.
    """
    path = path_of(folder)
    line = 1
    try:
        with safe_open.open_file(path, AGAIN) as stream:
            imported_source.parse_header(stream.readline())
            for said in stream:
                line += 1
                yield _organisation(json.loads(said))
    except FileNotFoundError:
        return
    except safe_open.MALFORMED as error:
        raise _broken(path, line, error) from None


def _broken(path: Path, line: int, error: Exception) -> ListError:
    return safe_open.damaged(path, line, f"is damaged ({safe_open.reason_of(error)})", AGAIN)


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
        name: tuple(map(safe_open.parse_text, value)) if isinstance(value, list) else value
        for name, value in said.items()
    }
    found = Organisation(**values)
    for name in _TEXTS:
        safe_open.parse_text(getattr(found, name))
    if not isinstance(found.names, tuple) or not found.names:
        raise ValueError("an organisation without a name")
    return found


_TEXTS = ("ror", "name", "place")
_FIELDS = tuple(each.name for each in dataclasses.fields(Organisation))
