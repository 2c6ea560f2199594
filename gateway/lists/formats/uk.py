"""The UK Sanctions List, in its CSV.

A designation has a row for each of its names, addresses and numbers, all under one Unique ID. The
rows need not stand together, so the institutions' are held until the file ends: their number is
bounded by what is kept of them, not by what is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason, unique
from gateway.lists.parsing.field_values import (
    british_day,
    clean,
    country,
    country_of_seat,
    programme,
    reference,
    required,
)
from gateway.lists.parsing.identifiers import registered
from gateway.lists.parsing.untrusted_file import refuse, rows
from gateway.model import Listing

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from gateway.lists.parsing.untrusted_file import UntrustedFile

LIST = "UK-SANCTIONS"
ROLE = "UK-Sanctions-List.csv"

MAX_KEPT = 64 * 1024 * 1024
"""Characters held until the end, what holding them costs included."""

# What holding a text costs besides its characters, about.
_EACH = 100

_REQUIRED = ("unique id", "name 6", "name type", "regime name", "date designated")
# One column whose heading changed with the edition.
_KIND = ("designation type", "individual, entity, ship", "type")
_GIVEN = ("name 1", "name 2", "name 3", "name 4", "name 5", "name 6")
_KINDS = {
    "individual": RejectedRowReason.INDIVIDUAL,
    "ship": RejectedRowReason.VESSEL,
    "aircraft": RejectedRowReason.AIRCRAFT,
}
# Lines above the heading: some editions have the day of the report there.
_HEADING_WITHIN = 5


@dataclass(slots=True)
class _Designation:
    """What the rows of one Unique ID have told so far. The keys are values in their order."""

    uid: str
    place: str
    names: dict[str, None] = field(default_factory=dict)
    aliases: dict[str, None] = field(default_factory=dict)
    weak: dict[str, None] = field(default_factory=dict)
    regimes: dict[str | None, dt.date | None] = field(default_factory=dict)
    websites: dict[str, None] = field(default_factory=dict)
    emails: dict[str, None] = field(default_factory=dict)
    identifiers: dict[str, None] = field(default_factory=dict)
    countries: set[str | None] = field(default_factory=set)
    kept: int = 0

    def take(self, row: dict[str, str]) -> None:
        """Take a row. ``kept`` then counts what is held of it as well, in characters."""
        name = " ".join(filter(None, (row.get(column, "") for column in _GIVEN)))
        if row["name type"].lower() == "primary name":
            self._keep(self.names, name)
        elif row.get("alias strength", "").lower().startswith("low"):
            self._keep(self.weak, name)
        else:
            self._keep(self.aliases, name)
        self._keep(self.aliases, row.get("name non-latin script", ""))
        self._keep(self.websites, row.get("website", ""))
        self._keep(self.emails, row.get("email address", ""))
        regime = programme(row["regime name"])
        if regime not in self.regimes:
            self.kept += _EACH + len(regime or "")
        self.regimes[regime] = self.regimes.get(regime) or british_day(row["date designated"])
        code = country(row.get("address country"))
        self.countries |= {code}
        for identifier in self._identifiers(row, code):
            self._keep(self.identifiers, identifier)

    def _identifiers(self, row: dict[str, str], code: str | None) -> Iterator[str]:
        yield f"uk:{reference(self.uid)}"
        if group := reference(row.get("ofsi group id")):
            yield f"uk-ofsi:{group}"
        if united_nations := reference(row.get("un reference number")):
            yield f"un:{united_nations}"
        numbers = row.get("business registration number (s)", "")
        yield from registered(numbers, code)

    def _keep(self, texts: dict[str, None], text: str) -> None:
        if text and text not in texts:
            texts[text] = None
            self.kept += _EACH + len(text)

    def entry(self) -> Entry | RejectedRow:
        """Give what the rows came to."""
        names = unique([*self.names, *self.aliases, *self.weak])
        if not names:
            return RejectedRow(RejectedRowReason.NAMELESS, self.place, self.uid)
        strong = unique([*self.names, *self.aliases])
        return Entry(
            id=f"uk-{reference(self.uid)}",
            name=names[0],
            place=self.place,
            listings=tuple(
                Listing(
                    LIST,
                    regime,
                    self.uid,
                    listed_on=day,
                    source=f"UK Sanctions List, entry {self.uid}",
                )
                for regime, day in self.regimes.items()
            ),
            aliases=strong[1:],
            weak_aliases=tuple(each for each in names[1:] if each not in strong),
            country=country_of_seat(self.countries),
            websites=unique([*self.websites]),
            emails=unique([*self.emails]),
            identifiers=tuple(self.identifiers),
        )


def read(parts: Mapping[str, UntrustedFile]) -> Iterator[Entry | RejectedRow]:
    """Read ``UK-Sanctions-List.csv``: rejected rows as they come, the entries at the end.

    A designation that is no institution's is rejected once, at its first row. Raises
    :class:`gateway.errors.ListError` where the file as a whole cannot be read.
    """
    file = required(parts, ROLE)
    found: dict[str, _Designation | None] = {}
    kept = 0
    for place, row in _records(file):
        if isinstance(row, RejectedRow):
            yield row
            continue
        key = reference(row["unique id"])
        if not key:
            yield RejectedRow(RejectedRowReason.MALFORMED, place, "has no Unique ID")
            continue
        if key not in found:
            kept += _EACH + len(key)
            refused = _why_not(row, place)
            found[key] = None if refused else _Designation(row["unique id"], place)
            if refused:
                yield refused
        designation = found[key]
        if designation is not None:
            kept -= designation.kept
            designation.take(row)
            kept += designation.kept
        if kept > MAX_KEPT:
            refuse(file, None, f"holds more than {MAX_KEPT} characters of names; is it the list?")
    for designation in found.values():
        if designation is not None:
            yield designation.entry()


def _why_not(row: dict[str, str], place: str) -> RejectedRow | None:
    kind = row["kind"].lower()
    if kind == "entity":
        return None
    reason = _KINDS.get(kind, RejectedRowReason.OTHER_KIND if kind else RejectedRowReason.MALFORMED)
    told = row["unique id"]
    if reason in {RejectedRowReason.OTHER_KIND, RejectedRowReason.MALFORMED}:
        told = f"{told}: designation type {kind or 'missing'}"
    return RejectedRow(reason, place, told)


def _records(file: UntrustedFile) -> Iterator[tuple[str, dict[str, str] | RejectedRow]]:
    """Give each row by its columns' headings in small letters; the kind under ``kind``."""
    columns: list[str] = []
    short: tuple[int, RejectedRow] | None = None
    found = False
    line = 0
    for count, (line, cells) in enumerate(rows(file), 1):
        if not columns:
            columns = _headings(file, line, cells, count)
            continue
        if short is not None:
            yield short[1].place, short[1]
            short = None
        found = True
        place = f"{file.name}:{line}"
        if len(cells) != len(columns):
            said = f"has {len(cells)} columns, the heading {len(columns)}"
            short = (line, RejectedRow(RejectedRowReason.MALFORMED, place, said))
            continue
        yield place, dict(zip(columns, map(clean, cells), strict=True))
    if short is not None:
        # The last row is where a file is cut. One that is too long is told all the same: a
        # list whose end cannot be read is not known to be whole.
        refuse(file, short[0], f"{short[1].detail}: the file was cut short; fetch it again")
    if not columns or not found:
        refuse(file, line, "ends before the first row; fetch it again")


def _headings(file: UntrustedFile, line: int, cells: list[str], count: int) -> list[str]:
    """The columns' names, or none where this line is not yet the heading."""
    names = [clean(cell).lower() for cell in cells]
    if "unique id" not in names:
        if count >= _HEADING_WITHIN:
            refuse(file, line, "no heading with a column Unique ID so far; is it the right file?")
        return []
    if missing := [each for each in _REQUIRED if each not in names]:
        told = ", ".join(name.capitalize() for name in missing)
        refuse(file, line, f"the heading lacks {told}; the list's format may have changed")
    kind = next((each for each in _KIND if each in names), None)
    if kind is None:
        refuse(file, line, "the heading lacks Designation Type; the list's format may have changed")
    names[names.index(kind)] = "kind"
    return names
