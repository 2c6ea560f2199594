"""What rows of the US Consolidated Screening List make.

Rows of the Treasury bear OFAC's own number and become the same entities as in OFAC's lists. Rows
of the Departments of Commerce and of State bear none: those of one department and one name are
one entity, with the addresses and designations of them all.

Commerce and State do not say which rows are people. On the Denied Persons List and among the
debarred exporters most are: of those two lists a row is taken only where its name has a word that
organisations bear. From the others every row is taken, for they name institutions in the main, and
a person's name there brings no address with it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.lists.formats.csl.csl_names import is_abbreviation, is_organisation, read_names
from gateway.lists.formats.csl.csl_record import LISTS, OFAC, CslRecord, UnnumberedList
from gateway.lists.formats.ofac.ofac_entry import KINDS, Draft, entry, id_of, is_uid
from gateway.lists.formats.ofac.ofac_facts import OfacFacts
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason, slug, unique
from gateway.lists.parsing.field_values import clean, iso_day, programme
from gateway.model import Listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.lists.formats.csl.csl_names import CslNames


def entries(records: Iterable[CslRecord | RejectedRow]) -> Iterator[Entry | RejectedRow]:
    """Give OFAC's entries as their rows come, those that a name alone tells apart at the end.

    Rejections come where their rows do.
    """
    seen: set[tuple[str, str]] = set()
    named: dict[str, _Named] = {}
    for record in records:
        if isinstance(record, RejectedRow):
            yield record
        elif record.source in OFAC:
            yield _numbered(record, seen)
        elif record.source in LISTS:
            list_, names = LISTS[record.source], read_names(record.name, record.other_names)
            if rejected := _why_not(record, list_, names):
                yield rejected
            else:
                id_ = f"{list_.department}-{slug(names.plain)}"
                named.setdefault(id_, _Named(id_, names.name, record.place)).add(
                    record, list_, names
                )
        else:
            yield RejectedRow(RejectedRowReason.OTHER_LIST, record.place, clean(record.source))
    for each in named.values():
        yield each.entry()


def _numbered(record: CslRecord, seen: set[tuple[str, str]]) -> Entry | RejectedRow:
    kind = record.kind.lower()
    if not is_uid(record.number) or not kind:
        return RejectedRow(
            RejectedRowReason.MALFORMED, record.place, "has no entity_number or no type"
        )
    if (record.source, record.number) in seen:
        return RejectedRow(
            RejectedRowReason.DUPLICATE, record.place, f"{id_of(record.number)} stood before"
        )
    seen.add((record.source, record.number))
    if kind != "entity":
        return RejectedRow(
            KINDS.get(kind, RejectedRowReason.OTHER_KIND), record.place, clean(record.name)
        )
    if not clean(record.name):
        return RejectedRow(RejectedRowReason.NAMELESS, record.place, id_of(record.number))
    facts = OfacFacts()
    for label, value, country in record.ids:
        facts.note(label, value, country)
    draft = Draft(record.number, record.name, record.place, record.programmes)
    # The list does not say which names OFAC calls weak; the short ones are.
    for name in record.other_names:
        (draft.weak if is_abbreviation(name) else draft.aliases).append(name)
    draft.countries, draft.facts = record.countries, facts
    return entry(draft, OFAC[record.source])


def _why_not(record: CslRecord, list_: UnnumberedList, names: CslNames) -> RejectedRow | None:
    """Say why a row without a number is not taken, if it is not."""
    kind = record.kind.lower()
    if kind not in {"", "entity"}:
        return RejectedRow(
            KINDS.get(kind, RejectedRowReason.OTHER_KIND), record.place, clean(record.name)
        )
    if not names.name:
        return RejectedRow(RejectedRowReason.NAMELESS, record.place)
    if not kind and list_.is_of_people and not is_organisation(names.name):
        return RejectedRow(
            RejectedRowReason.INDIVIDUAL,
            record.place,
            f"{names.name}: a person, as far as the name tells",
        )
    return None


@dataclass(slots=True)
class _Named:
    """An entity that its name tells apart, and what each of its rows adds."""

    id: str
    name: str
    place: str
    aliases: list[str] = field(default_factory=list)
    weak: list[str] = field(default_factory=list)
    countries: set[str] = field(default_factory=set)
    facts: OfacFacts = field(default_factory=OfacFacts)
    listings: set[Listing] = field(default_factory=set)

    def add(self, record: CslRecord, list_: UnnumberedList, names: CslNames) -> None:
        """Take in one row."""
        self.aliases += [names.name, *names.aliases]
        self.weak += names.weak
        self.countries.update(record.countries)
        for label, value, country in record.ids:
            self.facts.note(label, value, country)
        starts, ends = iso_day(record.starts), iso_day(record.ends)
        self.listings |= {
            Listing(list_.name, name or None, None, starts, delisted_on=ends, source=list_.source)
            for name in {programme(each) for each in record.programmes} or {None}
        }

    def entry(self) -> Entry:
        """Give the entity, of its designations the one that lasts longest in front."""
        country = next(iter(self.countries)) if len(self.countries) == 1 else None
        aliases = tuple(each for each in unique(self.aliases) if each != self.name)
        return Entry(
            self.id,
            self.name,
            self.place,
            tuple(sorted(self.listings, key=_lasting)),
            aliases,
            tuple(each for each in unique(self.weak) if each not in {self.name, *aliases}),
            country,
            unique(self.facts.websites),
            unique(self.facts.emails),
            self.facts.identifiers(country),
        )


def _lasting(listing: Listing) -> tuple[str, str, int, dt.date]:
    """Sort by list and programme; within them first what ends last, then what began first."""
    ends = listing.delisted_on or dt.date.max
    return (
        listing.list,
        listing.programme or "",
        -ends.toordinal(),
        listing.listed_on or dt.date.max,
    )
