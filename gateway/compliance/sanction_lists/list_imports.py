"""Lists taken in from files, or done without, and what came of it in plain values (S8, S12).

An import is read whole before anything is changed; one that is broken, or has lost too much, is
refused, and what was there before stays in force.
"""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gateway.compliance.actor import acting_name
from gateway.compliance.row_formats import visible
from gateway.errors import MonitionError
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import import_run, remove_list, ror_store
from gateway.list_store.imports.import_run import ImportFiles
from gateway.list_store.imports.own_domain_guard import listed_own_domains
from gateway.lists import catalogue
from gateway.lists.parsing.entry import RejectedRowReason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from gateway.config import Config
    from gateway.errors import Fault
    from gateway.list_store.imports.import_run import ImportResult
    from gateway.lists.claimed_domains import UnusedText
    from gateway.lists.overrides import OverrideKey
    from gateway.lists.parsing.entry import RejectedRow

_OF_ANOTHER_KIND = {errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ELOOP}
_PLAIN = {
    RejectedRowReason.INDIVIDUAL,
    RejectedRowReason.VESSEL,
    RejectedRowReason.AIRCRAFT,
    RejectedRowReason.OTHER_KIND,
    RejectedRowReason.INACTIVE,
}


class NotOneFileError(MonitionError):
    """The registry of organisations is one file, and none or several are given."""


@dataclass(frozen=True, slots=True)
class RowsLeftOut:
    """Rows of a list that were not taken, with the first few of them.

    ``is_plain``: they are left out because of what they are, and nobody needs to look at them.
    """

    reason: str
    count: int
    examples: tuple[RejectedRow, ...]
    is_plain: bool


@dataclass(frozen=True, slots=True)
class ImportedList:
    """What came of an import.

    ``entries`` are the institutions taken from the list. ``counts`` are the rows left out, by
    reason. ``unused`` are texts of its websites and addresses of which nothing was taken, and
    ``shared`` the domains it names that several institutions claim, with their ids; a match tells
    the first. ``unused_overrides`` met nothing in it, and ``orphans`` are ids that additions name
    and nothing else has. ``before`` and ``snapshot`` are the digests of what was in force and is
    now, with so many ``institutions`` and ``domains``. ``own_domains`` tells, a sentence each,
    which of the institution's own domains that snapshot holds for somebody else's.
    """

    source: str
    entries: int
    counts: Mapping[str, int]
    left_out: tuple[RowsLeftOut, ...]
    unused: tuple[UnusedText, ...]
    shared: Mapping[str, tuple[str, ...]]
    unused_overrides: tuple[OverrideKey, ...]
    orphans: tuple[str, ...]
    before: str | None
    snapshot: str
    institutions: int
    domains: int
    own_domains: tuple[str, ...]

    @property
    def is_changed(self) -> bool:
        """Whether another snapshot is in force now."""
        return self.before != self.snapshot


@dataclass(frozen=True, slots=True)
class ImportedRegistry:
    """What came of an import of organisations, for proposals; ``counts`` are rows left out."""

    source: str
    entries: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ForgottenList:
    """What came of it: the ``entries`` that a list had given, and what is in force without them.

    Where ``faults`` keep that snapshot from being made, the one before stays in force, and
    ``snapshot``, a digest, is ``None``. ``is_fetched``: the configuration names the list, and the
    next update takes it in again.
    """

    entries: int
    snapshot: str | None
    institutions: int
    faults: tuple[Fault, ...]
    is_fetched: bool


def import_list(
    config: Config, source: str, files: Sequence[Path], at: datetime, *, accepts_loss: bool = False
) -> ImportedList:
    """Take a list of the catalogue in from its files; they may be gzipped.

    ``accepts_loss``: a person knows that it has shrunk. Raises :class:`gateway.errors.ListError`,
    its kind ``Refused`` among them, and :class:`MonitionError` where the lists directory cannot be
    written; then nothing is in force that was not before.
    """
    folder = Folder.of(config)
    with writable(folder):
        import_files = ImportFiles(source, files, accepts_loss=accepts_loss)
        taken = import_run.import_list(config.policies.directory, folder, import_files, at)
    return imported_list(config, taken)


def import_registry(
    config: Config, files: Sequence[Path], at: datetime, *, accepts_loss: bool = False
) -> ImportedRegistry:
    """Take the Research Organization Registry in from its one file. Nothing in force changes.

    Raises :class:`NotOneFileError`, and else as :func:`import_list`.
    """
    folder = Folder.of(config)
    with writable(folder):
        if len(files) != 1:
            raise NotOneFileError(f"{catalogue.ROR} is one file, and {len(files)} are given")
        header = ror_store.import_registry(folder, files[0], at, accepts_loss=accepts_loss)
    return ImportedRegistry(header.source, header.entries, header.rejected)


def forget_list(
    config: Config, source: str, at: datetime, *, by: str | None = None, reason: str = ""
) -> ForgottenList:
    """Take away what was imported of a list: its institutions are no longer looked for.

    Who said so (``by``; left out, whoever is signed in) and why goes on record. Raises
    :class:`gateway.errors.ListError`, and then nothing has changed: there is no such list here, or
    without it an example of the policy fails; and :class:`MonitionError` where the lists directory
    cannot be written.
    """
    folder = Folder.of(config)
    with writable(folder):
        done = remove_list.remove(
            config.policies.directory, folder, source, at, by=acting_name(by), reason=reason
        )
    made = done.snapshot
    return ForgottenList(
        done.entries,
        made.digest if made is not None else None,
        len(made.entities) if made is not None else 0,
        done.faults,
        source in config.lists.sources,
    )


def imported_list(config: Config, taken: ImportResult) -> ImportedList:
    """Give what came of an import that was taken, all that is for people in it."""
    made = taken.built.snapshot
    return ImportedList(
        source=taken.header.source,
        entries=taken.header.entries,
        counts=taken.header.rejected,
        left_out=tuple(
            RowsLeftOut(reason.value, taken.reading.rejected[reason], tuple(some), reason in _PLAIN)
            for reason, some in taken.reading.examples.items()
        ),
        unused=tuple(_unused(taken)),
        shared=_shared(taken),
        unused_overrides=taken.unused,
        orphans=taken.built.merged.orphans,
        before=taken.before,
        snapshot=made.digest,
        institutions=len(made.entities),
        domains=len(made.domains),
        own_domains=tuple(listed_own_domains(config.institution.domains, made)),
    )


@contextlib.contextmanager
def writable(folder: Folder) -> Iterator[None]:
    """Tell in a person's words where the lists directory cannot be written, or must not be.

    Raises :class:`MonitionError` at once for root, where the directory is another's, and in place
    of an ``OSError`` within.
    """
    if os.geteuid() == 0 and folder.path.is_dir() and (owner := folder.path.stat().st_uid) != 0:
        # What root writes there, the gateway could not read.
        raise MonitionError(
            f"{folder.path} is not root's: run this as its owner, sudo -u '#{owner}' monition …"
        )
    try:
        yield
    except OSError as error:
        remedy = "run this as the gateway's user, or set [lists] directory to a folder of its own"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            remedy = "make room; what was in force before still is"
        elif error.errno in _OF_ANOTHER_KIND:
            remedy = (
                f"{visible(str(error.filename))} is not what it should be: move it away, or set "
                "[lists] directory to a folder of its own"
            )
        raise MonitionError(
            f"{folder.path} cannot be written ({error.strerror or error}): {remedy}"
        ) from None


def as_object(done: ImportedList) -> dict[str, Any]:
    """Give an import for programs: all that was not used, each with its file and row."""
    return registry_as_object(done) | {
        "examples": [
            {"reason": some.reason, "place": each.place, "detail": each.detail}
            for some in done.left_out
            if not some.is_plain
            for each in some.examples
        ],
        "unused": [
            {
                "place": each.place,
                "entity": each.entity,
                "text": each.text,
                "reason": each.reason,
            }
            for each in done.unused
        ],
        "shared": {domain: list(ids) for domain, ids in done.shared.items()},
        "unused_overrides": [asdict(key) for key in done.unused_overrides],
        "orphans": list(done.orphans),
        "before": done.before,
        "snapshot": done.snapshot,
        "institutions": done.institutions,
        "domains": done.domains,
        "own_domains": list(done.own_domains),
    }


def registry_as_object(done: ImportedList | ImportedRegistry) -> dict[str, Any]:
    """Give for programs what was taken, of a list or of the registry, and what was left out."""
    return {"source": done.source, "taken": done.entries, "left_out": dict(done.counts)}


def _unused(taken: ImportResult) -> list[UnusedText]:
    """What was not used of this list: what the others say was told when they were imported."""
    own = {(entry.id, entry.place) for entry in taken.reading.entries}
    return [each for each in taken.built.merged.refused if (each.entry, each.place) in own]


def _shared(taken: ImportResult) -> dict[str, tuple[str, ...]]:
    """Domains of several institutions, as far as this list names them."""
    says = "\n".join(
        text
        for entry in taken.reading.entries
        for text in (*entry.websites, *entry.emails, *entry.domains)
    ).lower()
    every = taken.built.merged.shared.items()
    return {domain: ids for domain, ids in every if domain in says}
