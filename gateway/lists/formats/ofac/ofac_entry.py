"""One entry of OFAC's lists, as every one of its formats gives it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gateway.lists.formats.ofac.ofac_facts import NON_SDN, OfacFacts
from gateway.lists.parsing.entry import Entry, RejectedRowReason, unique
from gateway.lists.parsing.field_values import clean, programme
from gateway.model import Listing

if TYPE_CHECKING:
    import datetime as dt

SDN = "US-OFAC-SDN"

MAX_ENTRIES = 500_000
"""Entries in one file. The SDN list had 15,402 of all kinds in June 2024."""

_SOURCES = {SDN: "OFAC SDN list", NON_SDN: "OFAC Consolidated (non-SDN) list"}
_UID = re.compile(r"[0-9]{1,12}\Z")

KINDS = {
    "individual": RejectedRowReason.INDIVIDUAL,
    "vessel": RejectedRowReason.VESSEL,
    "aircraft": RejectedRowReason.AIRCRAFT,
}
"""The kinds of party that are no institutions, in lower case."""


@dataclass(slots=True)
class Draft:
    """What a format says of one entry, as gathered so far.

    ``countries`` are the codes of its addresses. ``listed_on`` is when it came onto the list,
    where the format tells.
    """

    uid: str
    name: str
    place: str
    programmes: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    weak: list[str] = field(default_factory=list)
    countries: list[str] = field(default_factory=list)
    facts: OfacFacts = field(default_factory=OfacFacts)
    listed_on: dt.date | None = None


def is_uid(text: str) -> bool:
    """Whether a text can be OFAC's number of an entry."""
    return _UID.match(text) is not None


def id_of(uid: str) -> str:
    """The entity's id, the same in every format that carries OFAC's number."""
    return f"us-ofac-{uid}"


def entry(draft: Draft, list_: str) -> Entry:
    """Make the entry of a draft, whose name is not empty, on a list: ``SDN`` or ``NON_SDN``."""
    name = clean(draft.name)
    country = _country(draft)
    aliases = tuple(each for each in unique(list(map(clean, draft.aliases))) if each != name)
    weak = unique(list(map(clean, draft.weak)))
    return Entry(
        id_of(draft.uid),
        name,
        draft.place,
        listings(draft, list_),
        aliases,
        tuple(each for each in weak if each != name and each not in aliases),
        country,
        unique(draft.facts.websites),
        unique(draft.facts.emails),
        (f"ofac:{draft.uid}", *draft.facts.identifiers(country)),
    )


def listings(draft: Draft, list_: str) -> tuple[Listing, ...]:
    """Give a listing for each programme; one without where the entry names none.

    A directive's dates are those of the listing short of blocking, also where the SDN list tells
    them: its own date is another, and is not in them.
    """
    names = unique([programme(each) or "" for each in draft.programmes])
    found = {
        name: Listing(
            list_,
            name or None,
            draft.uid,
            draft.listed_on,
            source=f"{_SOURCES[list_]}, entry {draft.uid}",
        )
        for name in names or ("",)
    }
    dated = draft.facts.directives(draft.uid, names)
    if list_ != NON_SDN:
        return (*found.values(), *dated)
    for each in dated:
        assert each.programme is not None
        first = found[each.programme]
        found[each.programme] = replace(
            each, listed_on=first.listed_on or each.listed_on, source=first.source
        )
    return tuple(found.values())


def _country(draft: Draft) -> str | None:
    """The country of its addresses where all lie in one, else that of its registration."""
    several = set(draft.countries)
    return several.pop() if len(several) == 1 else draft.facts.registered_in
