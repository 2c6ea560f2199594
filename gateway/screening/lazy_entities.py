"""Entities by id, each read from its line when it is asked for.

A snapshot of all the lists names tens of thousands of institutions, and mail reaches a few
hundred of them: the rest stay bytes until somebody searches for a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gateway.model import Entity
from gateway.screening import snapshot_lines

if TYPE_CHECKING:
    from collections.abc import Iterable


class LazyEntities(Mapping[str, Entity]):
    """An immutable mapping, id to entity, over canonical lines. Each look-up reads a line anew.

    Making one and looking up raise :class:`snapshot_lines.MalformedLineError` for what is no line.
    """

    __slots__ = ("_lines",)

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = {snapshot_lines.id_of(line): line for line in lines}

    def __getitem__(self, id_: str) -> Entity:
        return snapshot_lines.entity_of(self._lines[id_])

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._lines

    def differences(self, other: LazyEntities) -> list[str]:
        """Give the ids, sorted, of entities that are not alike in both, or in one alone.

        Canonical lines are compared, so that of the many that are alike none is read.
        """
        ids = self._lines.keys() | other._lines.keys()
        return sorted(id_ for id_ in ids if self._lines.get(id_) != other._lines.get(id_))

    def with_claims(self) -> Iterator[Entity]:
        """Give the entities that hold a domain or an address, or are linked to one."""
        return map(
            snapshot_lines.entity_of, filter(snapshot_lines.has_claims, self._lines.values())
        )
