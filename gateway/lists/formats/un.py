"""The United Nations Security Council's consolidated list, in its XML.

It has no field for websites and e-mail addresses. A few comments name one, labelled as such; the
web links that most comments end with lead to other bodies' notices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.lists.parsing import contact_text
from gateway.lists.parsing.contact_text import ContactKind
from gateway.lists.parsing.duplicates import without_duplicates
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason, unique
from gateway.lists.parsing.field_values import (
    clean,
    country,
    country_of_seat,
    iso_day,
    programme,
    reference,
    required,
)
from gateway.lists.parsing.xml_stream import elements, text
from gateway.model import Listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

    from gateway.lists.parsing.untrusted_file import UntrustedFile

LIST = "UN-SC"
ROLE = "consolidated.xml"

# An entity's name stands in the first of four fields that were made for people.
_NAME = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")


def read(parts: Mapping[str, UntrustedFile]) -> Iterator[Entry | RejectedRow]:
    """Read ``consolidated.xml``: each ``ENTITY`` an entry, each ``INDIVIDUAL`` a rejection.

    Raises :class:`gateway.errors.ListError` where the file as a whole cannot be read.
    """
    file = required(parts, ROLE)
    entries = elements(file, "ENTITY", "INDIVIDUAL", root="CONSOLIDATED_LIST")
    yield from without_duplicates(
        file, (_taken(each, f"{file.name}:{line}") for line, each in entries)
    )


def _taken(element: Element, place: str) -> Entry | RejectedRow:
    uid = clean(text(element, "REFERENCE_NUMBER"))
    if element.tag == "INDIVIDUAL":
        return RejectedRow(RejectedRowReason.INDIVIDUAL, place, uid)
    if not reference(uid):
        return RejectedRow(RejectedRowReason.MALFORMED, place, "has no REFERENCE_NUMBER")
    name = " ".join(filter(None, (clean(text(element, tag)) for tag in _NAME)))
    if not name:
        return RejectedRow(RejectedRowReason.NAMELESS, place, uid)
    aliases, weak = _aliases(element)
    websites, emails = _contacts(element)
    listed_as = Listing(
        LIST,
        programme(text(element, "UN_LIST_TYPE")),
        uid,
        listed_on=iso_day(text(element, "LISTED_ON")),
        source=f"UN Security Council consolidated list, entry {uid}",
    )
    return Entry(
        id=f"un-sc-{reference(uid)}",
        name=name,
        place=place,
        listings=(listed_as,),
        aliases=tuple(alias for alias in aliases if alias != name),
        weak_aliases=tuple(alias for alias in weak if alias != name and alias not in aliases),
        country=_country(element),
        websites=websites,
        emails=emails,
        identifiers=_identifiers(element, uid),
    )


def _aliases(element: Element) -> tuple[tuple[str, ...], tuple[str, ...]]:
    strong = [clean(each.text) for each in element.findall("NAME_ORIGINAL_SCRIPT")]
    weak: list[str] = []
    for alias in element.findall("ENTITY_ALIAS"):
        is_weak = text(alias, "QUALITY").lower().startswith("low")
        (weak if is_weak else strong).append(clean(text(alias, "ALIAS_NAME")))
    return unique(strong), unique(weak)


def _country(element: Element) -> str | None:
    return country_of_seat(country(each.text) for each in element.findall("ENTITY_ADDRESS/COUNTRY"))


def _contacts(element: Element) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found: dict[ContactKind, list[str]] = {kind: [] for kind in ContactKind}
    for path in ("COMMENTS1", "ENTITY_ADDRESS/NOTE"):
        for comment in element.findall(path):
            for kind, value in contact_text.labelled(clean(comment.text)):
                found[kind].append(value)
    return unique(found[ContactKind.WEBSITE]), unique(found[ContactKind.EMAIL])


def _identifiers(element: Element, uid: str) -> tuple[str, ...]:
    found = [f"un:{reference(uid)}"]
    # Other houses number the list's entries by this.
    if data := reference(text(element, "DATAID")):
        found.append(f"un-data:{data}")
    return tuple(found)
