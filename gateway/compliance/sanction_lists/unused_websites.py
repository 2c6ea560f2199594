"""What the imported lists give as website or address, and nobody is found by (S19)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import MonitionError
from gateway.list_store import unused_contacts
from gateway.list_store.files import imported_source
from gateway.list_store.files.lists_directory import Folder

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.screening.snapshot import Snapshot

COLUMNS = ("source", "place", "entity", "entity_name", "text", "reason")
"""The fields of :class:`UnusedWebsite`."""


@dataclass(frozen=True, slots=True)
class UnusedWebsite:
    """A website or address that was not used.

    ``source`` is the list that gives it and ``place`` its file and row there; ``entity`` and
    ``entity_name`` are the institution it is given for.
    """

    source: str
    place: str
    entity: str
    entity_name: str
    text: str
    reason: str


def require_imported(config: Config, source: str) -> None:
    """Raise :class:`gateway.errors.MonitionError` for a list that was not imported."""
    known = imported_source.source_names(Folder.of(config))
    if source not in known:
        had = ", ".join(known) or "none"
        raise MonitionError(f"{source} was not imported; imported are: {had}")


def unused_websites(
    config: Config, snapshot: Snapshot, source: str | None = None
) -> list[UnusedWebsite]:
    """Give those of all imported lists, or of one, in the order of its rows.

    Raises as :func:`require_imported`, and
    :class:`gateway.errors.ListError` where an imported list or the overrides cannot be read.
    """
    if source is not None:
        require_imported(config, source)
    folder = Folder.of(config)
    found = unused_contacts.unused_contacts(config.policies.directory, folder, snapshot, source)
    return [
        UnusedWebsite(
            source=each.source,
            place=each.text.place,
            entity=each.text.entity,
            entity_name=snapshot.entities[each.text.entity].name,
            text=each.text.text,
            reason=each.text.reason,
        )
        for each in found
    ]
