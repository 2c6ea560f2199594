"""The guard against half a list: a new import held against what was kept of the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gateway.errors import Fault, ListError
from gateway.list_store.files import imported_source
from gateway.list_store.snapshots import coverage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.list_store.files.lists_directory import Folder
    from gateway.lists.parsing.entry import Entry

MOST_LOST = 0.10
"""The part of a source's institutions, names or addresses that one import may lack of the last."""

FEWEST = 20
"""Names or addresses below which a tenth says nothing."""


class Loss(NamedTuple):
    """Of some things that a source had, how many are missing now."""

    what: str
    lost: int
    had: int


def check(
    file: str, source: str, entries: Sequence[Entry], *, fewest: int, losses: Iterable[Loss]
) -> None:
    """Refuse what is likely to be half a list. Raises :class:`ListError`.

    ``file`` is its name in the error. ``fewest`` is how many institutions the source has at the
    least, ``losses`` are what it lacks of what it had.
    """
    if not entries:
        raise refusal(file, "names no institution")
    if len(entries) < fewest:
        raise refusal(
            file, f"names {len(entries)} institutions, and {source} has {fewest} at the least"
        )
    check_losses(file, source, losses)


def check_losses(file: str, source: str, losses: Iterable[Loss]) -> None:
    """Refuse a file that lacks more than a tenth of anything (S8). Raises :class:`ListError`."""
    for what, lost, had in losses:
        if lost > MOST_LOST * had:
            raise refusal(
                file,
                f"lacks {lost} of the {had} {what} that {source} had; where it has really shrunk, "
                "import it with --accept-loss",
            )


def refusal(file: str, what: str) -> ListError:
    """Make the error by which an import is refused."""
    return ListError([Fault(file, None, None, f"{what}; nothing was changed")])


def losses(folder: Folder, name: str, entries: Sequence[Entry]) -> Iterator[Loss]:
    """Give what of a source's institutions, names and addresses is missing now, and what it had.

    It is held against what is kept of its last import. Of fewer names or addresses than
    :data:`FEWEST` nothing is told.
    """
    had = coverage.entries_had(folder).get(name, 0)
    try:
        before = imported_source.read_entries(folder, name)
    except ListError:
        before = []
    if had and not before:
        # What is kept is damaged or gone, and this import mends it; how much it was is known.
        yield Loss("institutions", max(0, had - len(entries)), had)
        return
    old, new = ({entry.id for entry in each} for each in (before, entries))
    yield Loss("institutions", len(old - new), len(old))
    for what, old, new in (
        ("names", set(_names(before)), set(_names(entries))),
        ("websites and addresses", set(_addresses(before)), set(_addresses(entries))),
    ):
        if len(old) >= FEWEST:
            yield Loss(what, len(old - new), len(old))


def _names(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        yield from (entry.name, *entry.aliases, *entry.weak_aliases)


def _addresses(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        yield from (*entry.websites, *entry.emails, *entry.domains)
