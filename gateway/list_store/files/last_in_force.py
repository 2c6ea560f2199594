"""What the lists were when they were last in force: remembered outside the lists directory.

Beside the ledger, in ``ledger.record``::

    lists.json           which lists, with how many institutions, of which folder
    sha256-….gz          the snapshot itself, so that a start without the folder can serve by it

A lists directory that is gone, swapped or put back from an old copy cannot say what it has lost.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any

from gateway.errors import ListError
from gateway.list_store.files import accepted_domains, imported_source, recorded_acts, safe_open
from gateway.list_store.files import lists_directory as files
from gateway.list_store.files.recorded_acts import RecordedAct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from gateway.list_store.files.lists_directory import Folder

REMEDY = "restore it from a backup, or move it away once `monition lists status` shows every list"
"""What a person does about a record that is damaged."""


@dataclass(frozen=True, slots=True)
class KeptSource:
    """What a list gave: the digest of its entries, and how many they are."""

    digest: str
    entries: int


@dataclass(frozen=True, slots=True)
class LastInForce:
    """What was last in force, since when (aware), out of which directory with which owner.

    ``digest`` is the snapshot's, of so many ``institutions``. ``folder`` is the name of the
    directory and ``place`` where its acts stood (``recorded_acts.py``). ``accepted`` has the digest
    of each file of what people accepted.
    """

    at: datetime
    digest: str
    institutions: int
    directory: str
    owner: int
    folder: str | None
    place: str | None
    sources: dict[str, KeptSource] = field(default_factory=dict)
    accepted: dict[str, str] = field(default_factory=dict)


def path_of(record: Path) -> Path:
    """The file that remembers."""
    return record / "lists.json"


def read(folder: Folder) -> LastInForce | None:
    """Read what was last in force; ``None``: nothing ever was, or nobody remembers for this one.

    Raises :class:`ListError` where it cannot be told.
    """
    if folder.record is None:
        return None
    path = path_of(folder.record)
    if (said := safe_open.read_file(path, REMEDY)) is None:
        return None
    try:
        return _parsed(said)
    except safe_open.MALFORMED as error:
        what = f"is damaged ({safe_open.reason_of(error)})"
        raise safe_open.damaged(path, None, what, REMEDY) from None


def known(folder: Folder) -> LastInForce | None:
    """Read as :func:`read` does; ``None`` also where it cannot be told."""
    try:
        return read(folder)
    except ListError:
        return None


def measure(folder: Folder, digest: str, institutions: int, at: datetime) -> LastInForce:
    """Take down what the directory holds now, whose snapshot is in force.

    Raises :class:`ListError` and ``OSError`` where it cannot be read.
    """
    sources = {}
    for name in imported_source.source_names(folder):
        if (header := imported_source.read_header(folder, name)) is not None:
            sources[name] = KeptSource(header.digest, header.entries)
    acts = recorded_acts.read(folder)
    return LastInForce(
        at=at,
        digest=digest,
        institutions=institutions,
        directory=str(folder.path.absolute()),
        owner=folder.path.stat().st_uid,
        folder=acts.folder,
        place=acts.place,
        sources=sources,
        accepted=accepted_domains.digests(folder),
    )


def write(folder: Folder, last: LastInForce, lines: Callable[[], Iterable[bytes]]) -> None:
    """Remember it, where anybody does, with its snapshot. Raises ``OSError``.

    ``lines`` gives the snapshot's, without their ends, where it was not kept in the directory.
    """
    record = folder.record
    if record is None or not record.parent.is_dir():
        return  # the ledger has no folder either, which is told
    before = known(folder)
    is_same = before is not None and dataclasses.replace(before, at=last.at) == last
    if is_same and snapshot_of(record, last.digest).exists():
        return
    files.make_directory(record)
    name = snapshot_of(record, last.digest).name
    if not (record / name).exists():
        files.replace(record / name, _snapshot(folder, name, lines))
    files.replace(path_of(record), _dumped(last))
    for path in record.glob("sha256-*.gz"):
        if path.name != name:
            with contextlib.suppress(OSError):
                path.unlink()


def snapshot_of(record: Path, digest: str) -> Path:
    """Where a snapshot lies that was last in force."""
    return record / f"{digest.replace(':', '-')}.gz"


def forget(folder: Folder, source: str) -> None:
    """A person said that a list may go: it is not missed any more. Raises ``OSError``."""
    before = known(folder)
    if folder.record is not None and before is not None and source in before.sources:
        sources = {name: kept for name, kept in before.sources.items() if name != source}
        files.replace(path_of(folder.record), _dumped(dataclasses.replace(before, sources=sources)))


def note(  # noqa: PLR0913, PLR0917 - the fields of an act
    folder: Folder,
    act: str,
    source: str,
    digest: str,
    at: datetime,
    by: str = "",
    reason: str = "",
) -> None:
    """Put an act on record before it is done; the directory is held. Raises ``OSError``.

    In a directory put in the place of one that is gone it counts as done in that one.
    """
    before = known(folder)
    is_place = before is not None and before.directory == str(folder.path.absolute())
    after = (before.place if before is not None and is_place else None) or ""
    said = RecordedAct(secrets.token_hex(8), at, act, source, digest, by, reason, after)
    recorded_acts.add(folder, said)


def _snapshot(folder: Folder, name: str, lines: Callable[[], Iterable[bytes]]) -> bytes:
    with contextlib.suppress(ListError, OSError):
        if (found := safe_open.read_file(folder.snapshots / name, REMEDY)) is not None:
            return found
    return gzip.compress(b"".join(line + b"\n" for line in lines()), 6, mtime=0)


def _dumped(last: LastInForce) -> bytes:
    said = dataclasses.asdict(last)
    said["at"] = last.at.astimezone(UTC).isoformat(timespec="microseconds")
    return json.dumps(said).encode("ascii") + b"\n"


def _parsed(text: bytes) -> LastInForce:
    said: dict[str, Any] = json.loads(text)
    return LastInForce(
        at=safe_open.parse_time(said["at"]),
        digest=safe_open.parse_text(said["digest"]),
        institutions=safe_open.parse_count(said["institutions"]),
        directory=safe_open.parse_text(said["directory"]),
        owner=safe_open.parse_count(said["owner"]),
        folder=said["folder"],
        place=said["place"],
        sources={
            name: KeptSource(
                safe_open.parse_text(kept["digest"]), safe_open.parse_count(kept["entries"])
            )
            for name, kept in said["sources"].items()
        },
        accepted={name: safe_open.parse_text(of) for name, of in said["accepted"].items()},
    )
