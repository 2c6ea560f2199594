"""How the lists stand: each with its age, what is damaged, and the snapshot in force (S8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.compliance.sanction_lists.list_sources import POLICIES
from gateway.list_store import list_status
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.list_status import ListsStatus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gateway.config import Config
    from gateway.list_store.list_status import SourceStatus

__all__ = [
    "COLUMNS",
    "ListsStatus",
    "as_object",
    "as_row",
    "current_status",
    "damage",
    "in_force",
    "minute",
    "missing",
    "remarks",
]

COLUMNS = (
    *("source", "title", "institutions", "rejected", "imported_at", "checked_at", "age_seconds"),
    *("refused_at", "refusal", "damage"),
)
"""The keys of :func:`as_row`."""


def current_status(config: Config) -> ListsStatus:
    """Look at the lists and policies of a configuration; nothing is raised for what is there.

    Sources that the configuration names are told of before they were ever taken, too.
    """
    wanted = [name for name in config.lists.sources if name != POLICIES]
    return list_status.status(config.policies.directory, Folder.of(config), wanted)


def as_row(each: SourceStatus, now: datetime) -> dict[str, Any]:
    """Give one list as a row for programs; what is not known is ``None``."""
    header, refusal, age = each.header, each.refusal, each.age(now)
    return {
        "source": each.name,
        "title": each.title,
        "institutions": header.entries if header else None,
        "rejected": sum(header.rejected.values()) if header else None,
        "imported_at": header.imported_at if header else None,
        "checked_at": header.checked_at if header else None,
        "age_seconds": int(age.total_seconds()) if age is not None else None,
        "refused_at": refusal.at if refusal else None,
        "refusal": refusal.reason if refusal else None,
        "damage": list(map(str, each.damage)),
    }


def as_object(found: ListsStatus) -> dict[str, Any]:
    """Give the snapshot in force as an object for programs; what is not known is ``None``."""
    activation = found.activation
    return {
        "snapshot": activation.digest if activation else None,
        "since": activation.at if activation else None,
        "institutions": activation.entities if activation else None,
        "domains": found.domains,
        "is_known": found.is_known,
        "is_current": found.is_current,
        "snapshots_kept": found.kept,
        "missing": [
            {"entity": each.entity.id, "list": each.list, "uid": each.uid} for each in found.missing
        ],
        "damage": list(map(str, found.damage)),
    }


def remarks(found: ListsStatus) -> Iterator[str]:
    """Say in lines what there is to know of the lists beside their rows."""
    for each in found.sources:
        if each.refusal and each.refusal.reason:
            yield f"{each.name}: refused on {minute(each.refusal.at)}: {each.refusal.reason}"
    for each in found.sources:
        if not each.has_digest:
            yield (
                f"note: {each.name} was taken by an earlier version, without a digest: should its "
                "file be altered, nobody would notice; import it again"
            )
    if not found.sources and not found.damage:
        yield "no list was imported: the policies' own entities serve"
    if found.registry is not None:
        yield (
            f"{found.registry.source}: {found.registry.entries} organisations, imported "
            f"{minute(found.registry.imported_at)}, for proposals"
        )


def in_force(found: ListsStatus) -> list[str]:
    """Say in lines what is in force, as far as it is known, and since when."""
    activation = found.activation
    if activation is None and found.is_known:
        return ["no snapshot was put in force yet: `monition serve` or an import does"]
    if activation is None:
        return ["in force: not known, as what tells it is damaged"]
    kept = "an unknown number of" if found.kept is None else found.kept
    told = [f"in force: {activation.digest}"]
    if not found.is_known:
        told = [
            f"in force: not known, as what tells it is damaged; last known: {activation.digest}"
        ]
    told.append(
        f"  since {minute(activation.at)} UTC: {activation.entities} institutions, "
        f"{found.domains} domains; "
        f"{kept} {'snapshot' if found.kept == 1 else 'snapshots'} kept"
    )
    if found.domains is None:
        told[1] = "  its file cannot be read: `monition lists update policies` makes it anew"
    if any(each.damage for each in found.sources):
        told.append(
            "  a list is damaged: the last good snapshot stays in force until it is mended, or "
            "`monition lists forget NAME` says that it may go"
        )
    elif found.is_current is False:
        told.append(
            "  the policies or the lists have changed since: SIGHUP, or `monition lists update "
            "policies`, takes them"
        )
    return told


def missing(found: ListsStatus) -> Iterator[str]:
    """Tell the designations that a person wrote down and an imported list lacks, a line each."""
    for each in found.missing:
        yield (
            f"note: {each.entity.id} is written down as {each.list} {each.uid}, which the imported "
            "list does not have: it was taken off, or the import is older; it stays in force"
        )


def damage(found: ListsStatus) -> Iterator[str]:
    """Name all that is damaged, the lists first, each with its file and the remedy."""
    for fault in (*(fault for each in found.sources for fault in each.damage), *found.damage):
        yield f"damaged: {fault}"


def minute(at: datetime | None) -> str:
    """A time as people read it, to the minute; nothing for ``None``."""
    return at.strftime("%Y-%m-%d %H:%M") if at else ""
