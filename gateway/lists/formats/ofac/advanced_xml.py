"""OFAC's lists in their advanced XML: ``SDN_ADVANCED.XML``, the one format that dates a listing.

The file is a small database. ``ReferenceValueSets`` name what numbers stand for; ``Locations``
and ``IDRegDocuments`` are referred to by the ``DistinctParty`` elements behind them; a
``SanctionsEntry`` at the end says on which list a profile is, since when, under which programmes.
Institutions are therefore kept until their entry comes, all others are not.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from gateway.lists.formats.ofac.ofac_entry import KINDS, SDN, Draft, entry, is_uid
from gateway.lists.formats.ofac.ofac_facts import NON_SDN
from gateway.lists.parsing import countries
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason
from gateway.lists.parsing.field_values import clean, required
from gateway.lists.parsing.untrusted_file import UntrustedFile, refuse
from gateway.lists.parsing.xml_stream import elements, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from xml.etree.ElementTree import Element

MAX_HELD = 128 * 1024 * 1024
"""Characters held until the entries come, each part of the file counted as a hundred more."""

_SETS = (
    "AliasType",
    "Country",
    "FeatureType",
    "IDRegDocType",
    "List",
    "PartyType",
    "PartySubType",
    "SanctionsType",
)


def read(parts: Mapping[str, UntrustedFile]) -> Iterator[Entry | RejectedRow]:
    """Read ``sdn_advanced.xml``.

    The date of listing is the entry's. Where it has several programmes, later ones may have been
    added behind that day: the file does not date them singly. Raises
    :class:`gateway.errors.ListError` where the file as a whole cannot be read.
    """
    return _Reader(required(parts, "sdn_advanced.xml")).read()


def read_consolidated(parts: Mapping[str, UntrustedFile]) -> Iterator[Entry | RejectedRow]:
    """Read ``cons_advanced.xml``, the non-SDN list; which list an entry is on, the file says.

    Raises as :func:`read`.
    """
    return _Reader(required(parts, "cons_advanced.xml")).read()


class _Reader:
    """What was read so far and is needed further down."""

    def __init__(self, file: UntrustedFile) -> None:
        self._part = file
        self._held = 0
        self._named: dict[str, dict[str, str]] = {each: {} for each in _SETS}
        self._party_types: dict[str, str] = {}  # of a party's subtype
        self._places: dict[str, str] = {}  # location → country's code
        self._documents: dict[str, list[tuple[str, str, str | None]]] = {}  # by identity
        self._drafts: dict[str, Draft] = {}
        self._seen: set[str] = set()
        self._listed: set[str] = set()

    def read(self) -> Iterator[Entry | RejectedRow]:
        """Go through the file once, in its order."""
        take: dict[str, Callable[[Element], None]] = {
            **dict.fromkeys(_SETS, self._name),
            "Location": self._place,
            "IDRegDocument": self._document,
        }
        for line, element in elements(
            self._part, *take, "DistinctParty", "SanctionsEntry", root="Sanctions"
        ):
            place = f"{self._part.name}:{line}"
            if element.tag == "DistinctParty":
                profiles = element.findall("Profile")
                if not profiles:
                    yield RejectedRow(
                        RejectedRowReason.MALFORMED, place, "a party without a profile"
                    )
                for profile in profiles:
                    yield from self._party(profile, place)
            elif element.tag == "SanctionsEntry":
                yield from self._entry(element, place)
            else:
                take[element.tag](element)
            if self._held > MAX_HELD:
                refuse(self._part, line, "has more in it than any list; is this the right file?")
        for uid, draft in self._drafts.items():
            if uid not in self._listed:
                yield RejectedRow(
                    RejectedRowReason.INACTIVE, draft.place, f"entry {uid} is on no list"
                )

    def _hold(self, *texts: str) -> None:
        self._held += 100 + sum(map(len, texts))

    def _name(self, element: Element) -> None:
        id_, name = element.get("ID", ""), clean(element.text)
        if element.tag == "Country":
            name = (
                countries.country_code(element.get("ISO2", ""))
                or countries.country_code(name)
                or ""
            )
        elif element.tag == "PartySubType":
            self._party_types[id_] = element.get("PartyTypeID", "")
        self._hold(id_, name)
        self._named[element.tag][id_] = name

    def _place(self, element: Element) -> None:
        country = element.find("LocationCountry")
        if country is not None and (code := self._country(country.get("CountryID"))):
            id_ = element.get("ID", "")
            self._hold(id_)
            self._places[id_] = code

    def _document(self, element: Element) -> None:
        fact = (
            self._named["IDRegDocType"].get(element.get("IDRegDocTypeID", ""), ""),
            text(element, "IDRegistrationNo"),
            self._country(element.get("IssuedBy-CountryID")),
        )
        identity = element.get("IdentityID", "")
        self._hold(identity, fact[1])
        self._documents.setdefault(identity, []).append(fact)

    def _country(self, id_: str | None) -> str | None:
        return self._named["Country"].get(id_ or "") or None

    def _party(self, profile: Element, place: str) -> Iterator[RejectedRow]:
        uid = profile.get("ID", "")
        subtype = profile.get("PartySubTypeID", "")
        # Of a vessel the subtype says so, its type only "Transport".
        kinds = (
            self._named["PartySubType"].get(subtype, "").lower(),
            self._named["PartyType"].get(self._party_types.get(subtype, ""), "").lower(),
        )
        draft = Draft(uid, "", place)
        self._read_names(profile, draft)
        if not is_uid(uid):
            yield RejectedRow(RejectedRowReason.MALFORMED, place, "a profile without a number")
            return
        if uid in self._seen:
            yield RejectedRow(RejectedRowReason.DUPLICATE, place, f"profile {uid} stood before")
            return
        self._seen.add(uid)
        self._hold(uid)
        if not kinds[1]:
            yield RejectedRow(
                RejectedRowReason.MALFORMED, place, f"the kind of profile {uid} has no name"
            )
        elif "entity" not in kinds:
            other = next(
                (KINDS[kind] for kind in kinds if kind in KINDS), RejectedRowReason.OTHER_KIND
            )
            yield RejectedRow(other, place, draft.name)
        elif not draft.name:
            yield RejectedRow(RejectedRowReason.NAMELESS, place, f"profile {uid}")
        else:
            self._read_facts(profile, draft)
            self._drafts[uid] = draft
            self._hold(draft.name, *draft.aliases, *draft.weak, *draft.facts.websites)

    def _read_names(self, profile: Element, draft: Draft) -> None:
        for identity in profile.iterfind("Identity"):
            if identity.get("False") == "true":
                continue
            for alias in identity.iterfind("Alias"):
                for name in map(_written, alias.iterfind("DocumentedName")):
                    if not name:
                        continue
                    if alias.get("Primary") == "true" and not draft.name:
                        draft.name = name
                    elif alias.get("LowQuality") == "true":
                        draft.weak.append(name)
                    else:
                        draft.aliases.append(name)

    def _read_facts(self, profile: Element, draft: Draft) -> None:
        for identity in profile.iterfind("Identity"):
            for label, value, country in self._documents.pop(identity.get("ID", ""), ()):
                draft.facts.note(label, value, country)
        for feature in profile.iterfind("Feature"):
            label = self._named["FeatureType"].get(feature.get("FeatureTypeID", ""), "")
            for version in feature.iterfind("FeatureVersion"):
                where = [
                    self._places.get(each.get("LocationID", ""))
                    for each in version.iterfind("VersionLocation")
                ]
                if label == "Location":
                    draft.countries += [code for code in where if code]
                    continue
                day = _day(version.find("DatePeriod/Start/From"))
                value = text(version, "VersionDetail") or (day.isoformat() if day else "")
                country = next((code for code in where if code), None)
                draft.facts.note(label, value or country or "", country)

    def _entry(self, element: Element, place: str) -> Iterator[Entry | RejectedRow]:
        uid = element.get("ProfileID", "")
        if uid not in self._drafts:
            if uid not in self._seen:
                yield RejectedRow(
                    RejectedRowReason.ORPHAN, place, f"there is no profile {uid[:20]} before it"
                )
            return
        list_ = self._named["List"].get(element.get("ListID", ""), "")
        if not list_:
            yield RejectedRow(
                RejectedRowReason.MALFORMED, place, f"the list of entry {uid} has no name"
            )
            return
        draft = self._drafts[uid]
        self._listed.add(uid)
        days = [_day(each) for each in element.iterfind("EntryEvent/Date")]
        draft.listed_on = min((day for day in days if day), default=None)
        draft.programmes = [
            comment
            for measure in element.iterfind("SanctionsMeasure")
            if self._is_programme(measure) and (comment := text(measure, "Comment"))
        ]
        yield entry(draft, SDN if list_.lower() == "sdn list" else NON_SDN)

    def _is_programme(self, measure: Element) -> bool:
        named = self._named["SanctionsType"].get(measure.get("SanctionsTypeID", ""), "Program")
        return named.lower() == "program"


def _written(name: Element) -> str:
    parts = name.iterfind("DocumentedNamePart/NamePartValue")
    return clean(" ".join(each.text or "" for each in parts))


def _day(date: Element | None) -> dt.date | None:
    if date is None:
        return None
    try:
        return dt.date(*(int(text(date, each)) for each in ("Year", "Month", "Day")))
    except (ValueError, OverflowError):
        return None
