"""The European Union's consolidated list of financial sanctions (FSF), in its XML of version 1.1.

Each ``sanctionEntity`` is one designation. The dates of its ``regulation`` are those of the last
act that touched the entry, often years behind the first, and are not taken for the listing's.
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
from gateway.lists.parsing.identifiers import registered
from gateway.lists.parsing.xml_stream import elements
from gateway.model import Listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

    from gateway.lists.parsing.untrusted_file import UntrustedFile

LIST = "EU-FSF"
ROLE = "eu.xml"


def read(parts: Mapping[str, UntrustedFile]) -> Iterator[Entry | RejectedRow]:
    """Read ``eu.xml``: the root ``export``, namespace ``http://eu.europa.ec/fpi/fsd/export``.

    Raises :class:`gateway.errors.ListError` where the file as a whole cannot be read.
    """
    file = required(parts, ROLE)
    designations = elements(file, "sanctionEntity", root="export")
    yield from without_duplicates(
        file, (_taken(each, f"{file.name}:{line}") for line, each in designations)
    )


def _taken(element: Element, place: str) -> Entry | RejectedRow:
    # Entries that came before references were given have the register's own number alone.
    uid = clean(element.get("euReferenceNumber")) or clean(element.get("logicalId"))
    code = clean(_attribute(element, "subjectType", "code")).lower()
    if code == "person":
        return RejectedRow(RejectedRowReason.INDIVIDUAL, place, uid)
    if code != "enterprise":
        reason = RejectedRowReason.OTHER_KIND if code else RejectedRowReason.MALFORMED
        return RejectedRow(reason, place, f"{uid}: subjectType {code or 'missing'}")
    if not reference(uid):
        return RejectedRow(
            RejectedRowReason.MALFORMED, place, "has neither euReferenceNumber nor logicalId"
        )
    strong, weak = _names(element)
    if not strong and not weak:
        return RejectedRow(RejectedRowReason.NAMELESS, place, uid)
    name = (strong or weak)[0]
    home = _country(element)
    websites, emails = _contacts(element)
    return Entry(
        id=f"eu-fsf-{reference(uid)}",
        name=name,
        place=place,
        listings=_listings(element, uid),
        aliases=strong[1:],
        weak_aliases=tuple(alias for alias in weak if alias != name and alias not in strong),
        country=home,
        websites=websites,
        emails=emails,
        identifiers=_identifiers(element, uid, home),
    )


def _attribute(element: Element, path: str, name: str) -> str | None:
    found = element.find(path)
    return None if found is None else found.get(name)


def _names(element: Element) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The strong names, one in English or in no language first; and the weak ones."""
    strong: list[str] = []
    plain: list[str] = []
    weak: list[str] = []
    for alias in element.findall("nameAlias"):
        name = clean(alias.get("wholeName"))
        if clean(alias.get("strong")).lower() == "false":
            weak.append(name)
            continue
        strong.append(name)
        if clean(alias.get("nameLanguage")).upper() in {"", "EN"}:
            plain.append(name)
    return unique([*plain[:1], *strong]), unique(weak)


def _listings(element: Element, uid: str) -> tuple[Listing, ...]:
    programmes = dict.fromkeys(
        programme(regulation.get("programme")) for regulation in element.findall("regulation")
    )
    named: list[str | None] = [each for each in programmes if each]
    return tuple(
        Listing(
            LIST,
            each,
            uid,
            listed_on=iso_day(element.get("designationDate")),
            source=f"EU consolidated financial sanctions list, entry {uid}",
        )
        for each in named or [None]
    )


def _country(element: Element) -> str | None:
    return country_of_seat(
        country(each.get("countryIso2Code")) for each in element.findall("address")
    )


def _contacts(element: Element) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found: dict[ContactKind, list[str]] = {kind: [] for kind in ContactKind}
    for info in element.iter("contactInfo"):
        kind = contact_text.contact_kind_of(clean(info.get("key")))
        for told, value in contact_text.split(clean(info.get("value")), kind):
            found[told].append(value)
    for remark in element.iter("remark"):
        for told, value in contact_text.labelled(clean(remark.text)):
            found[told].append(value)
    return unique(found[ContactKind.WEBSITE]), unique(found[ContactKind.EMAIL])


def _identifiers(element: Element, uid: str, home: str | None) -> tuple[str, ...]:
    found = [f"eu:{reference(uid)}"]
    if united_nations := reference(element.get("unitedNationId")):
        found.append(f"un:{united_nations}")
    for number in element.findall("identification"):
        said = (number.get("identificationTypeDescription"), number.get("number"))
        remarks = (remark.text for remark in number.findall("remark"))
        text = " ".join(map(clean, (*said, *remarks)))
        found += registered(text, country(number.get("countryIso2Code")) or home)
    return unique(found)
