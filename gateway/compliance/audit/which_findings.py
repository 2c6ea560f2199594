"""Which findings an act is about: named one by one, or all that filters choose; and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.addresses.canonical_mailbox import NO_FAMILIES
from gateway.compliance.actor import open_as, same_mailboxes
from gateway.errors import MonitionError
from gateway.ledger.office import office_writer
from gateway.ledger.office.chosen_findings import Chosen
from gateway.ledger.questions.filters import Filters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.addresses.canonical_mailbox import SameMailboxes
    from gateway.compliance.actor import Access
    from gateway.config import Config

__all__ = [
    "BothError",
    "Chosen",
    "NeitherError",
    "choose",
    "count_chosen",
    "record_looked",
    "same_in",
]


class NeitherError(MonitionError):
    """An act was asked for that names no finding and has no filters."""


class BothError(MonitionError):
    """An act was asked for that names findings and has filters as well."""


def choose(events: Sequence[str], filters: Filters) -> Chosen:
    """Give what an act is about: ids or the beginnings of them, or else filters.

    All of the ledger is nothing that anybody chose, nor is it clear what is meant by both. Raises
    :class:`NeitherError` or :class:`BothError`.
    """
    if filters == Filters():
        if not events:
            raise NeitherError("name findings, or choose them by filters")
        return events
    if events:
        raise BothError("name findings, or choose them by filters, not both")
    return filters


def count_chosen(config: Config, filters: Filters, who: Access) -> int:
    """Give how many findings the filters choose, for a person who has not said yes yet.

    How many a person has is something about them: it is recorded first that ``who`` is told. Raises
    ``LedgerError`` where nothing fits, and for a search by words.
    """
    count = office_writer.count(config.ledger.path, filters, same_in(config, filters))
    record_looked(config, filters, who)
    return count


def record_looked(config: Config, chosen: Chosen, who: Access) -> None:
    """Record that ``who`` is told how much there is of a person, where filters name one.

    An act that changed something is recorded by itself.
    """
    if isinstance(chosen, Filters) and chosen.name_a_person:
        with open_as(config, who) as reading:
            reading.log_findings(chosen)


def same_in(config: Config, chosen: Chosen) -> SameMailboxes:
    """Give what is known of providers, where filters seek a sender by it; else nothing."""
    if isinstance(chosen, Filters) and chosen.sender is not None:
        return same_mailboxes(config)
    return NO_FAMILIES
