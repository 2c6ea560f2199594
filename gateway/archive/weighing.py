"""Is it the list, or half of it? A new import held against what was kept of the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.archive import history, source
from gateway.errors import Fault, ListError
from gateway.lists import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.archive.folder import Folder
    from gateway.archive.importing import Parcel
    from gateway.lists.entry import Entry

MOST_LOST = 0.10
"""The part of a source's institutions, names or addresses that one import may lack of the last."""

FEWEST = 20
"""Names or addresses below which a tenth says nothing."""


def weigh(folder: Folder, parcel: Parcel, entries: Sequence[Entry]) -> None:
    """Refuse what is likely to be half a list. Raises :class:`ListError`."""
    fewest = catalogue.find(parcel.source).fewest
    if not entries:
        raise refusal(parcel, "names no institution")
    if parcel.accepts_loss:
        return
    if parcel.fetched is not None and len(entries) < fewest:
        raise refusal(
            parcel,
            f"names {len(entries)} institutions, and {parcel.source} has {fewest} at the least",
        )
    for what, lost, had in _losses(folder, parcel.source, entries):
        if lost > MOST_LOST * had:
            raise refusal(
                parcel,
                f"lacks {lost} of the {had} {what} that {parcel.source} had; where the list has "
                "really shrunk, import it with --accept-loss",
            )


def refusal(parcel: Parcel, what: str) -> ListError:
    """The error by which an import is refused."""
    return ListError([Fault(parcel.name, None, None, f"{what}; nothing was changed")])


def _losses(folder: Folder, name: str, entries: Sequence[Entry]) -> Iterator[tuple[str, int, int]]:
    """Give what is missing now, and how much of it there was."""
    try:
        before = source.read_entries(folder, name)
    except ListError:
        # What is kept is damaged, and this import mends it; how much it was is known elsewhere.
        turn = history.current(folder)
        had = turn.entries.get(name, 0) if turn else 0
        yield "institutions", max(0, had - len(entries)), had
        return
    old, new = ({entry.id for entry in each} for each in (before, entries))
    yield "institutions", len(old - new), len(old)
    for what, old, new in (
        ("names", set(_names(before)), set(_names(entries))),
        ("websites and addresses", set(_addresses(before)), set(_addresses(entries))),
    ):
        if len(old) >= FEWEST:
            yield what, len(old - new), len(old)


def _names(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        yield from (entry.name, *entry.aliases, *entry.weak_aliases)


def _addresses(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        yield from (*entry.websites, *entry.emails, *entry.domains)
