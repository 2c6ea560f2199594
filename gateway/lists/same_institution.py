"""Which entries of several lists, and which entities that people wrote, are one institution.

They are joined by identifiers alone: an entity's id, a list's own number, an identifier that
two lists share, or a link that a person drew (``same_as``). Never by name: two institutes may
share one. Two entries of one list stay two, whatever identifier they share, unless a person
says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.lists.parsing.entry import Entry
    from gateway.model import Entity

_Key = tuple[str, ...]


@dataclass(slots=True)
class Group:
    """What is one institution: entities that people wrote, additions to it, entries of lists."""

    written: list[Entity] = field(default_factory=list)
    additions: list[Entity] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    _ids: dict[int, set[str]] = field(default_factory=dict)  # by source
    _joined_to: Group | None = None

    @property
    def root(self) -> Group:
        """The group that this one has become a part of, or itself."""
        group = self
        while group._joined_to is not None:
            group = group._joined_to
        return group

    def add(self, entry: Entry, source: int) -> None:
        """Take in an entry of the source of that number."""
        self.entries.append(entry)
        self._ids.setdefault(source, set()).add(entry.id)

    def has_sibling_of(self, entry: Entry, source: int) -> bool:
        """Whether another entry of the same source is here."""
        return bool(self._ids.get(source, set()) - {entry.id})

    @property
    def rank(self) -> int:
        """0 where a person wrote of it, else the place of the first list that names it, from 1."""
        return 0 if self.written else min(self._ids, default=0) + 1

    def is_linked_by(self, identifier: str) -> bool:
        """Whether a person said that this identifier is the institution's."""
        return any(identifier in entity.same_as for entity in self.written)

    def may_join(self, other: Group) -> bool:
        """Whether they can be one: no two that people wrote, no two entries of one list."""
        if self.written and other.written:
            return False
        return all(self._ids.get(source, ids) == ids for source, ids in other._ids.items())

    def join(self, other: Group) -> None:
        """Take in all of another group, for good."""
        self.written += other.written
        self.entries += other.entries
        for source, ids in other._ids.items():
            self._ids.setdefault(source, set()).update(ids)
        other._joined_to = self


class Groups:
    """Groups, found by any key of their members. Additions come last."""

    def __init__(self) -> None:
        self._by_key: dict[_Key, Group] = {}

    def __iter__(self) -> Iterator[Group]:
        return iter(
            {id(root): root for group in self._by_key.values() if (root := group.root)}.values()
        )

    def add_written(self, entity: Entity) -> None:
        """Take in an entity that a person wrote; its id is no other's."""
        group = Group([entity])
        for key in (*_own_keys(entity), *(("same", same) for same in entity.same_as)):
            self._by_key.setdefault(key, group)

    def add_entry(self, entry: Entry, source: int) -> None:
        """Take in an entry of a list, where it belongs."""
        own = _own_keys(entry)
        common: list[_Key] = [("same", identifier) for identifier in entry.identifiers]
        found = [group.root for key in own if (group := self._by_key.get(key)) is not None]
        for key in common:
            group = self._by_key.get(key)
            if group is not None and (
                group.root.is_linked_by(key[1]) or not group.root.has_sibling_of(entry, source)
            ):
                found.append(group.root)
        group = found[0] if found else Group()
        for other in (each.root for each in found[1:]):
            if other is not group and group.may_join(other):
                group.join(other)
        group.add(entry, source)
        for key in (*own, *common):
            self._by_key.setdefault(key, group)

    def add_addition(self, addition: Entity) -> bool:
        """Take in what adds domains or addresses to an entity; whether there is that entity."""
        group = self._by_key.get(("id", addition.id))
        if group is not None:
            group.root.additions.append(addition)
        return group is not None


def _own_keys(named: Entity | Entry) -> list[_Key]:
    numbers = [("uid", each.list, each.uid) for each in named.listings if each.uid]
    return [("id", named.id), *numbers]
