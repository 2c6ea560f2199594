"""Taking a list in: read whole, weighed against what was there, then put in force or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.archive import assembly, history, reading, source
from gateway.archive.source import Header, Refusal
from gateway.errors import Fault, ListError
from gateway.lists import catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from gateway.archive.assembly import Assembly
    from gateway.archive.folder import Folder
    from gateway.archive.reading import Fetched, Reading

MOST_LOST = 0.10
"""Of a source's entries, the part that may vanish from one import to the next."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Files that are to be taken in as a source.

    ``accepts_loss``: a person knows that the list has shrunk. ``fetched``: they come from the
    publisher, so that the catalogue's bounds hold; by role.
    """

    source: str
    paths: Sequence[Path]
    accepts_loss: bool = False
    fetched: Mapping[str, Fetched] | None = None

    @property
    def name(self) -> str:
        """The files, for an error."""
        return ", ".join(map(str, self.paths))


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of an import. ``before`` is the digest of the snapshot it took the place of."""

    header: Header
    before: str | None
    assembly: Assembly
    reading: Reading

    @property
    def is_changed(self) -> bool:
        """Whether another snapshot is in force now."""
        return self.before != self.assembly.snapshot.digest


def take(policies: Path, folder: Folder, parcel: Parcel, at: datetime) -> Taken:
    """Import a list from files and put the new snapshot in force.

    Raises :class:`ListError`; then nothing has changed but the note that says why. Raises
    ``OSError`` where what was read cannot be kept.
    """
    catalogue.find(parcel.source)
    with folder.held():
        try:
            return _take(policies, folder, parcel, at)
        except ListError as error:
            refusal = Refusal(at, str(error).partition("\n")[0])
            source.write_refusal(folder, parcel.source, refusal)
            raise


def _take(policies: Path, folder: Folder, parcel: Parcel, at: datetime) -> Taken:
    listed = catalogue.find(parcel.source)
    form, roles = catalogue.form_for(listed, map(str, parcel.paths))
    by_name = {str(path): path for path in parcel.paths}
    paths = {role: by_name[name] for role, name in roles.items()}
    found = reading.read(form, paths, listed.largest, parcel.fetched or {})
    _weigh(folder, parcel, {entry.id for entry in found.entries}, listed.fewest)
    header = Header(
        listed.name,
        at,
        at,
        found.originals,
        len(found.entries),
        {reason.value: count for reason, count in found.rejected.items()},
    )
    # Whole, in memory, before anything is replaced: faulty policies refuse the import too.
    made = assembly.assembled(policies, folder, at=at, instead={listed.name: found.entries})
    before = history.current(folder)
    source.write(folder, header, found.entries)
    history.save(folder, made.snapshot, assembly.turn_now(policies, folder, made.turn))
    return Taken(header, before.digest if before else None, made, found)


def _weigh(folder: Folder, parcel: Parcel, ids: set[str], fewest: int) -> None:
    """Refuse what is likely to be half a list."""
    if not ids:
        raise _refusal(parcel, "names no institution")
    if parcel.accepts_loss:
        return
    if parcel.fetched is not None and len(ids) < fewest:
        raise _refusal(
            parcel, f"names {len(ids)} institutions, and {parcel.source} has {fewest} at the least"
        )
    before = {entry.id for entry in source.read_entries(folder, parcel.source)}
    lost = before - ids
    if len(lost) > MOST_LOST * len(before):
        raise _refusal(
            parcel,
            f"lacks {len(lost)} of the {len(before)} institutions that {parcel.source} had; where "
            "the list has really shrunk, say --accept-loss",
        )


def _refusal(parcel: Parcel, what: str) -> ListError:
    return ListError([Fault(parcel.name, None, None, f"{what}; nothing was changed")])
