"""What a listing asks of a sender: the table from list and programme to tier."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.model import Standing, Tier

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from gateway.document import Section
    from gateway.model import Finding, Listing


@dataclass(frozen=True, slots=True)
class Tiers:
    """The table, by pairs of list and programme; ``None`` as programme is the list as a whole.

    A programme of its own goes before its list. ``otherwise`` is for lists that the table does
    not name.
    """

    table: Mapping[tuple[str, str | None], Tier]
    otherwise: Tier

    def tier_of(self, listing: Listing) -> Tier:
        """Give the tier of one listing."""
        by_list = self.table.get((listing.list, None), self.otherwise)
        return self.table.get((listing.list, listing.programme), by_list)

    def has_list(self, list_: str) -> bool:
        """Whether the table has a line for a list."""
        return any(named == list_ for named, _ in self.table)


def listings_in_force(finding: Finding, on: date) -> tuple[Listing, ...]:
    """Give the listings of a finding's entity that bind on that day, in the entity's order."""
    if finding.entity is None:
        return ()
    return tuple(listing for listing in finding.entity.listings if listing.is_in_force(on))


def with_strictest_listing(finding: Finding, tiers: Tiers, on: date) -> Finding:
    """Give a finding with its strictest listing in force, and that one's tier.

    A finding that is clear has neither. Of equally strict listings the entity's first counts.
    """
    listings = () if finding.standing is Standing.CLEAR else listings_in_force(finding, on)
    if not listings:
        return replace(finding, listing=None, tier=None)
    strictest = min(listings, key=lambda listing: tiers.tier_of(listing).strictness)
    return replace(finding, listing=strictest, tier=tiers.tier_of(strictest))


def read_tiers(root: Section) -> Tiers:
    """Read ``[tiers]`` and the ``[[tier]]`` tables of policy.toml; faults go to its document."""
    table: dict[tuple[str, str | None], Tier] = {}
    for section in root.tables("tier"):
        key = (section.text("list"), section.text("programme", default=None))
        if key in table:
            section.fault("list", "has this tier's list and programme a second time; keep one")
        table[key] = section.choice("tier", Tier)
    return Tiers(table, root.table("tiers").choice("otherwise", Tier))
