"""What OFAC knows of an entity besides its names: websites, e-mail addresses, numbers, dates.

The same facts stand as text in the remarks of the CSV files, as labelled elements in the XML
files, and as labelled triples in the Consolidated Screening List. Each reader hands them over as
label and value, and here it is decided what of them is kept.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from gateway.lists.parsing.entry import unique
from gateway.lists.parsing.field_values import clean, iso_day
from gateway.lists.parsing.identifiers import is_inn, is_lei, is_ogrn
from gateway.model import Listing

NON_SDN = "US-OFAC-NON-SDN"

_WEBSITE = frozenset({"website"})
_EMAIL = frozenset({"email address", "email", "e-mail address", "e-mail"})
_TAX = frozenset({"tax id no.", "tax id no"})
_REGISTRATION = frozenset(
    {
        "registration number",
        "registration id",
        "business registration number",
        "public registration number",
        "registration no.",
        "identification number",
    }
)
_NATIONAL = frozenset({"national id no.", "national id no", "identification number"})
_LEI = frozenset({"legal entity number"})
_CREDIT_CODE = frozenset(
    {"unified social credit code (uscc)", "united social credit code certificate (usccc)"}
)
_NATIONALITY = frozenset({"nationality of registration"})

LABELS = tuple(
    sorted(
        _WEBSITE | _EMAIL | _TAX | _REGISTRATION | _NATIONAL | _LEI | _CREDIT_CODE | _NATIONALITY,
        key=len,
        reverse=True,
    )
)
"""The labels that are understood, in lower case, longer ones before those they begin with."""

_DATED = re.compile(r"(?P<what>listing|effective) date \((?P<basis>[^)]*)\):?\Z", re.IGNORECASE)
_ORDER = re.compile(r"\bE\.?O\.? ?(\d{5})\b", re.IGNORECASE)
_DAY = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2}) (\d{4})\b", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_IRANIAN = re.compile(r"\d{11}\Z", re.ASCII)  # a legal entity's; a person's has ten digits
_CHINESE = re.compile(r"[0-9A-Z]{18}\Z", re.ASCII)


@dataclass(slots=True)
class OfacFacts:
    """The facts of one entity, gathered one after the other."""

    websites: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    country: str | None = None  # of registration
    _numbers: list[tuple[str, str, str | None]] = field(default_factory=list)
    _dates: dict[str, dict[str, dt.date]] = field(default_factory=dict)

    def note(self, label: str, value: str, country: str | None = None) -> None:
        """Take one fact, or pass over one of no use here.

        ``label`` is OFAC's (``Tax ID No.``), with or without the ``alt.`` of a second one.
        ``country`` is the code of the country that issued a number.
        """
        label = clean(label).lower().removeprefix("alt. ").removesuffix(":")
        value = clean(value)
        if not value:
            return
        if label in _WEBSITE:
            self.websites.append(value)
        elif label in _EMAIL:
            self.emails.append(value)
        elif label in _NATIONALITY:
            self.country = self.country or country
        elif found := _DATED.match(label):
            day = read_day(value)
            basis = self._dates.setdefault(found["basis"], {})
            if day is not None:
                basis.setdefault(found["what"], day)
        elif label in LABELS:
            self._numbers.append((label, value, country))

    def identifiers(self, country: str | None) -> tuple[str, ...]:
        """Give the numbers as ``scheme:value``.

        ``country`` is the entity's: it stands in where a number's own is not told. A Russian
        number or a legal entity identifier with a slip in it, by its check digits, is left out.
        """
        found = [
            _identifier(label, number, issuer or country) for label, number, issuer in self._numbers
        ]
        return unique([identifier for identifier in found if identifier])

    @property
    def registered_in(self) -> str | None:
        """The country the entity is registered in, as far as its numbers all say the same."""
        if self.country:
            return self.country
        issuers = {issuer for label, _, issuer in self._numbers if label in _TAX | _REGISTRATION}
        return issuers.pop() if len(issuers) == 1 else None

    def directives(self, uid: str, programmes: tuple[str, ...]) -> tuple[Listing, ...]:
        """Give the designations on the lists short of blocking that the facts date.

        One a programme. Where several directives under one order are dated, the first counts:
        by then the entity stood on the list.
        """
        found: dict[str, Listing] = {}
        for basis, dates in sorted(self._dates.items(), key=lambda item: _first(item[1])):
            name = next((each for each in programmes if _rests_on(each, basis)), None)
            if name is not None and dates:
                found.setdefault(
                    name,
                    Listing(
                        NON_SDN,
                        name,
                        uid,
                        dates.get("listing"),
                        dates.get("effective"),
                        source=f"OFAC Consolidated (non-SDN) list, entry {uid}",
                    ),
                )
        return tuple(found.values())


def read_day(text: str) -> dt.date | None:
    """Read OFAC's ``24 Feb 2022``, or ``2022-02-24``; ``None`` for anything else."""
    found = _DAY.match(text.strip())
    if not found or found[2] not in _MONTHS:
        return iso_day(text)
    try:
        return dt.date(int(found[3]), _MONTHS.index(found[2]) + 1, int(found[1]))
    except ValueError:
        return None


def _first(dates: dict[str, dt.date]) -> dt.date:
    return min(dates.values(), default=dt.date.max)


def _rests_on(programme: str, basis: str) -> bool:
    """Whether ``RUSSIA-EO14024`` is the programme of ``EO 14024 Directive 3``."""
    if order := _ORDER.search(basis):
        return programme.upper().endswith(f"EO{order[1]}")
    return programme.upper().startswith(f"{basis.upper()}-")


def _identifier(label: str, value: str, country: str | None) -> str | None:
    number = "".join(value.split())
    scheme = None
    if label in _TAX and country == "RU" and is_inn(number):
        scheme = "ru-inn"
    elif label in _REGISTRATION and country == "RU" and is_ogrn(number):
        scheme = "ru-ogrn"
    elif label in _LEI and is_lei(number):
        scheme = "lei"
    elif label in _NATIONAL and country == "IR" and _IRANIAN.match(number):
        scheme = "ir-id"
    elif label in _CREDIT_CODE and _CHINESE.match(number):
        scheme = "cn-uscc"
    return f"{scheme}:{number.lower()}" if scheme else None
