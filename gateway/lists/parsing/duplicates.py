"""Duplicates within a list: the second entry under one id is told, not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason
from gateway.lists.parsing.untrusted_file import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.lists.parsing.untrusted_file import UntrustedFile

MAX_ENTRIES = 300_000
"""Institutions in one list. OpenSanctions, the largest, names well under 100,000."""

MAX_ID = 200
"""Characters in an id."""


def without_duplicates(
    file: UntrustedFile, found: Iterable[Entry | RejectedRow]
) -> Iterator[Entry | RejectedRow]:
    """Give entries and rejections as they come; an entry whose id stood before is a rejection.

    Raises :class:`gateway.errors.ListError` past so many entries: their ids are all that a reader
    holds to the end, and memory is to have a bound.
    """
    places: dict[str, str] = {}
    for each in found:
        if isinstance(each, Entry):
            if len(each.id) > MAX_ID:
                yield RejectedRow(
                    RejectedRowReason.MALFORMED, each.place, f"has an id of {len(each.id)} signs"
                )
                continue
            first = places.setdefault(each.id, each.place)
            if first is not each.place:
                yield RejectedRow(
                    RejectedRowReason.DUPLICATE, each.place, f"{each.id} stands at {first}"
                )
                continue
            if len(places) > MAX_ENTRIES:
                refuse(file, None, f"names more than {MAX_ENTRIES} institutions; is it the list?")
        yield each
