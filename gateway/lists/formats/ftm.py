"""OpenSanctions' collections, as entities of FollowTheMoney: one JSON object a line.

The data is under CC BY-NC 4.0: free for use that is not commercial, by OpenSanctions' own licence
otherwise. It is never part of this project; an institution that names it as a source agrees with
OpenSanctions on its use.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.lists.parsing import countries
from gateway.lists.parsing.duplicates import without_duplicates
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason, slug, unique
from gateway.lists.parsing.field_values import clean, country_of_seat, programme, required
from gateway.lists.parsing.untrusted_file import objects
from gateway.model import Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gateway.lists.parsing.untrusted_file import UntrustedFile

LIST = "OPENSANCTIONS"
ROLE = "entities.ftm.json"

TOPICS = frozenset({"sanction", "export.control"})
"""What an institution must be tagged with. ``sanction.linked`` is of those that others' listing may
reach, ``sanction.counter`` of those that sanctioned states list in return: neither is listed."""

_SCHEMATA = frozenset({"Organization", "Company", "LegalEntity", "PublicBody"})
_OTHERS = {
    "Person": RejectedRowReason.INDIVIDUAL,
    "Vessel": RejectedRowReason.VESSEL,
    "Airplane": RejectedRowReason.AIRCRAFT,
}

# Ids that OpenSanctions makes of the sources' own, and what other readers make of the same.
_IDS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"ofac-(\d+)\Z", re.ASCII), lambda found: f"ofac:{found[1]}"),
    (re.compile(r"eu-fsf-eu-(\d+)-(\d+)\Z", re.ASCII), lambda f: f"eu:eu.{f[1]}.{f[2]}"),
    (re.compile(r"unsc-(\d+)\Z", re.ASCII), lambda found: f"un-data:{found[1]}"),
    (re.compile(r"gb-fcdo-([a-z]+\d+)\Z", re.ASCII), lambda found: f"uk:{found[1]}"),
    (re.compile(r"gb-hmt-(\d+)\Z", re.ASCII), lambda found: f"uk-ofsi:{found[1]}"),
    (re.compile(r"(q\d+)\Z", re.ASCII), lambda found: f"wikidata:{found[1]}"),
)
_NUMBERS = (
    ("innCode", "ru-inn", re.compile(r"\d{10}\Z", re.ASCII)),
    ("ogrnCode", "ru-ogrn", re.compile(r"\d{13}\Z", re.ASCII)),
    ("leiCode", "lei", re.compile(r"[0-9a-z]{18}\d{2}\Z", re.ASCII)),
    ("wikidataId", "wikidata", re.compile(r"q\d+\Z", re.ASCII)),
)


def read(parts: Mapping[str, UntrustedFile]) -> Iterator[Entry | RejectedRow]:
    """Read ``entities.ftm.json``. Dates stand in objects of their own there and are not taken.

    Raises :class:`gateway.errors.ListError` where the file as a whole cannot be read.
    """
    file = required(parts, ROLE)
    found = (_taken(each, f"{file.name}:{line}") for line, each in objects(file))
    yield from without_duplicates(file, found)


def _taken(entity: dict[str, object], place: str) -> Entry | RejectedRow:
    uid, schema = _text(entity, "id"), _text(entity, "schema")
    properties = entity.get("properties")
    if not uid or not schema or not isinstance(properties, dict):
        return RejectedRow(RejectedRowReason.MALFORMED, place, "lacks its id, schema or properties")
    if schema not in _SCHEMATA:
        reason = _OTHERS.get(schema, RejectedRowReason.OTHER_KIND)
        return RejectedRow(reason, place, uid if schema in _OTHERS else f"{uid}: {schema}")
    if TOPICS.isdisjoint(_values(properties, "topics")):
        return RejectedRow(
            RejectedRowReason.OTHER_LIST, place, f"{uid}: no topic of sanctions or export control"
        )
    names = unique([_text(entity, "caption"), *_values(properties, "name")])
    aliases = unique([*names[1:], *_values(properties, "alias"), *_values(properties, "weakAlias")])
    if not names:
        return RejectedRow(RejectedRowReason.NAMELESS, place, uid)
    weak = frozenset(_values(properties, "weakAlias")) - {*names, *_values(properties, "alias")}
    return Entry(
        id=f"ftm-{slug(uid)}",
        name=names[0],
        place=place,
        listings=_listings(properties, uid),
        aliases=tuple(each for each in aliases if each not in weak and each != names[0]),
        weak_aliases=tuple(each for each in aliases if each in weak),
        country=_country(properties),
        websites=unique(_values(properties, "website")),
        emails=unique(_values(properties, "email")),
        identifiers=_identifiers(entity, properties, uid),
    )


def _text(entity: dict[str, object], key: str) -> str:
    found = entity.get(key)
    return clean(found) if isinstance(found, str) else ""


def _values(properties: dict[object, object], name: str) -> list[str]:
    found = properties.get(name)
    if not isinstance(found, list):
        return []
    return [text for each in found if isinstance(each, str) and (text := clean(each))]


def _listings(properties: dict[object, object], uid: str) -> tuple[Listing, ...]:
    named: list[str | None] = []
    named += dict.fromkeys(map(programme, _values(properties, "programId")))
    return tuple(
        Listing(LIST, each, uid, source=f"OpenSanctions, entity {uid}") for each in named or [None]
    )


def _country(properties: dict[object, object]) -> str | None:
    """The one country that is named; values stand in no order, so of several none is the seat."""
    for name in ("jurisdiction", "mainCountry", "country"):
        if found := country_of_seat(
            countries.country_code(text) for text in _values(properties, name)
        ):
            return found
    return None


def _identifiers(
    entity: dict[str, object], properties: dict[object, object], uid: str
) -> tuple[str, ...]:
    referents = entity.get("referents")
    others = referents if isinstance(referents, list) else []
    found: list[str] = []
    for each in (uid, *others):
        if isinstance(each, str):
            text = clean(each).lower()
            matches = ((pattern.match(text), spell) for pattern, spell in _IDS)
            found += [spell(match) for match, spell in matches if match]
    for name, scheme, pattern in _NUMBERS:
        numbers = (text.lower() for text in _values(properties, name))
        found += [f"{scheme}:{number}" for number in numbers if pattern.match(number)]
    return unique(found)
