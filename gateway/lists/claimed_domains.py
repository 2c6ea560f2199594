"""What one entry of a list claims: domains and addresses, each with its evidence.

Of each text the list gives, something is taken, or it is told why nothing is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.lists.overrides import OverrideKey, comparable_website
from gateway.lists.parsing import hosts
from gateway.model import Claim

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gateway.lists.overrides import Overrides
    from gateway.lists.parsing.entry import Entry
    from gateway.lists.parsing.hosts import Guard


@dataclass(frozen=True, slots=True)
class UnusedText:
    """A text that a list gives for an institution, and of which nothing was taken.

    ``entity`` is the institution's id, ``entry`` the list's; ``place`` is file and row.
    """

    entity: str
    entry: str
    place: str
    text: str
    reason: str


class ClaimReader:
    """Reads entries' texts; remembers what was of no use, and which overrides met their text."""

    def __init__(self, overrides: Overrides, guard: Guard) -> None:
        self._overrides = overrides
        self._guard = guard
        self.used: set[OverrideKey] = set()
        self.refused: list[UnusedText] = []

    def domains(
        self, entity: str, entry: Entry, numbers: Collection[tuple[str, str | None]]
    ) -> Iterator[Claim]:
        """Give the domains that an entry claims for the institution of that id, in normal form.

        ``numbers`` are all that lists know it by, each with its list. What is of no use goes to
        :attr:`refused`; where an override stands, what it says counts.
        """
        says = _says(entry)
        for domain in entry.domains:
            if (reason := self._guard(domain)) is None:
                yield Claim(domain, f"{says}, domain")
            else:
                self._refuse(entity, entry, hosts.UnusableText(domain, reason))
        for text in entry.websites:
            if (key := self._override(text, numbers)) is not None:
                yield from self._instead(key)
                continue
            for found in hosts.domains(text, self._guard):
                if (key := self._override(found.text, numbers)) is not None:
                    yield from self._instead(key)
                elif isinstance(found, hosts.ListedDomain):
                    yield Claim(found.value, f"{says}, website {found.text}")
                else:
                    self._refuse(entity, entry, found)

    def mailboxes(self, entity: str, entry: Entry) -> Iterator[Claim]:
        """Give the exact addresses of an entry; what is of no use goes to :attr:`refused`."""
        for text in entry.emails:
            for found in hosts.mailboxes(text):
                if isinstance(found, hosts.ListedMailbox):
                    yield Claim(found.value, f"{_says(entry)}, e-mail address")
                else:
                    self._refuse(entity, entry, found)

    def _refuse(self, entity: str, entry: Entry, found: hosts.UnusableText) -> None:
        self.refused.append(UnusedText(entity, entry.id, entry.place, found.text, found.reason))

    def _override(
        self, text: str, numbers: Collection[tuple[str, str | None]]
    ) -> OverrideKey | None:
        website = comparable_website(text)
        keys = (OverrideKey(name, uid or "", website) for name, uid in numbers)
        return next((key for key in keys if key in self._overrides), None)

    def _instead(self, key: OverrideKey) -> Iterator[Claim]:
        self.used.add(key)
        if (claim := self._overrides[key]) is not None:
            yield claim


def _says(entry: Entry) -> str:
    """Who says it, for the evidence of a claim."""
    listing = entry.listings[0]
    return f"{listing.list} {listing.uid}" if listing.uid else listing.list
