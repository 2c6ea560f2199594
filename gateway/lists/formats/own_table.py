"""The institution's own list, as a table: CSV with a heading, a row a designation.

The heading names the columns, in any order. Only ``name`` must be there::

    name,aliases,country,list,programme,listed_on,domains,addresses,source
    Example Institute,EI|Ex. Inst.,XK,OWN,,2026-03-01,institute.example,,Board decision 12/2026

Where a column holds several values, ``|`` stands between them. Rows with the same ``id`` are one
institution with several designations; without an ``id`` the name makes it.

A person writes this file. What is wrong in it is therefore no rejection but a fault; all of them
(or the first fifty) are told at once, and nothing of the file is used until they are mended. The
same facts can be written as TOML in the policies' ``entities`` folder, where each domain also has
its reviewer.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.addresses.domain_name import DomainError, normalise
from gateway.errors import Fault, ListError
from gateway.lists.parsing import countries
from gateway.lists.parsing.entry import Entry, slug, unique
from gateway.lists.parsing.field_values import clean, iso_day, programme
from gateway.lists.parsing.untrusted_file import refuse, rows
from gateway.model import Listing

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from gateway.lists.parsing.entry import RejectedRow
    from gateway.lists.parsing.untrusted_file import UntrustedFile

LIST = "OWN"
"""The list's name where a row gives none."""

MAX_SIZE = 16 * 1024 * 1024
"""Characters in the table: far above any that people keep by hand."""

_MAX_FAULTS = 50

COLUMNS = (
    "name",
    "id",
    "aliases",
    "country",
    "list",
    "programme",
    "uid",
    "listed_on",
    "effective_from",
    "wind_down_until",
    "delisted_on",
    "domains",
    "addresses",
    "source",
)
_ID = re.compile(r"[a-z0-9][a-z0-9.-]*\Z", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_LOCAL = re.compile(r"[^\s@<>\"(),:;]{1,64}\Z")


@dataclass(slots=True)
class _Institution:
    """What the rows of one id have told so far."""

    name: str
    place: str
    country: str | None = None
    aliases: list[str] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    domains: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)


def read(parts: Mapping[str, UntrustedFile]) -> Iterator[Entry | RejectedRow]:
    """Read one or more tables of the institution's own; no row is rejected.

    Addresses come as e-mails, in normal form; they and the domains pass the same guards as any
    list's. Raises :class:`ListError` with every fault, its line and its column.
    """
    faults: list[Fault] = []
    found: dict[str, _Institution] = {}
    for file in parts.values():
        _read_table(file, found, faults)
    if not parts:
        faults.append(Fault("own.csv", None, None, "is missing"))
    if faults:
        raise ListError(faults)
    for id_, each in found.items():
        yield Entry(
            id=id_,
            name=each.name,
            place=each.place,
            listings=tuple(each.listings),
            aliases=tuple(alias for alias in unique(each.aliases) if alias != each.name),
            country=each.country,
            domains=unique(each.domains),
            emails=unique(each.addresses),
        )


def _read_table(file: UntrustedFile, found: dict[str, _Institution], faults: list[Fault]) -> None:
    columns: list[str] = []
    size = heading = line = 0
    for line, cells in rows(file):
        if not columns:
            columns, heading = _heading(file, line, cells), line
            continue
        size += sum(map(len, cells)) + len(cells)
        if size > MAX_SIZE:
            refuse(file, line, f"is longer than {MAX_SIZE} characters; is it the right file?")
        if len(faults) >= _MAX_FAULTS:
            faults.append(Fault(file.name, line, None, "from here on nothing was looked at"))
            break
        row = _Row(file.name, line, faults)
        if len(cells) != len(columns):
            row.fault(
                None,
                f"has {len(cells)} cells, the heading {len(columns)}; a cell with a comma in it "
                "stands in double quotes",
            )
            continue
        row.cells = dict(zip(columns, map(clean, cells), strict=True))
        row.add_to(found)
    if line == heading:
        faults.append(Fault(file.name, None, None, "has no row below its heading"))


def _heading(file: UntrustedFile, line: int, cells: list[str]) -> list[str]:
    names = [clean(cell).lower().replace(" ", "_") for cell in cells]
    if len(names) == 1 and ";" in names[0]:
        refuse(file, line, "has semicolons between its columns; save it with commas")
    messages: list[tuple[str | None, str]] = []
    for position, name in enumerate(names, 1):
        if not name:
            messages.append((None, f"column {position} has no name; name it or take it out"))
        elif name not in COLUMNS:
            messages.append((name[:60], _unknown(name)))
        elif name in names[: position - 1]:
            messages.append((name, "stands twice in the heading"))
    if "name" not in names:
        messages.append(("name", "is missing from the heading; every row needs a name"))
    if messages:
        raise ListError(Fault(file.name, line, key, message) for key, message in messages)
    return names


def _unknown(name: str) -> str:
    if near := difflib.get_close_matches(name[:60], COLUMNS, 1):
        return f"unknown column; did you mean {near[0]}?"
    return f"unknown column; known are {', '.join(COLUMNS)}"


class _Row:
    """One row, which tells its own faults."""

    def __init__(self, file: str, line: int, faults: list[Fault]) -> None:
        self._file = file
        self._line = line
        self._faults = faults
        self.cells: dict[str, str] = {}

    def fault(self, column: str | None, message: str) -> None:
        self._faults.append(Fault(self._file, self._line, column, message))

    def add_to(self, found: dict[str, _Institution]) -> None:
        """Make the row's institution, or add the designation to it where it stands already."""
        name = self.cells["name"]
        if not name:
            self.fault("name", "is empty; every row needs one")
            return
        id_ = self.cells.get("id") or f"own-{slug(name)}"
        if not _ID.match(id_):
            self.fault("id", "may have small letters, digits, dots and hyphens only")
            return
        place = f"{self._file}:{self._line}"
        institution = found.setdefault(id_, _Institution(name, place))
        if institution.name != name:
            self.fault("id", f"{id_} is {institution.name} at {institution.place} already")
            return
        listing = self._listing()
        same = (listing.list, listing.programme, listing.uid)
        if same in [(each.list, each.programme, each.uid) for each in institution.listings]:
            self.fault(None, f"{name} stands under this list and programme already")
        institution.listings.append(listing)
        institution.country = institution.country or self._country()
        institution.aliases += self._several("aliases")
        institution.domains += filter(None, map(self._domain, self._several("domains")))
        institution.addresses += filter(None, map(self._address, self._several("addresses")))

    def _several(self, column: str) -> list[str]:
        return [text for each in self.cells.get(column, "").split("|") if (text := each.strip())]

    def _listing(self) -> Listing:
        listing = Listing(
            self.cells.get("list") or LIST,
            programme(self.cells.get("programme")),
            self.cells.get("uid") or None,
            self._day("listed_on"),
            self._day("effective_from"),
            self._day("wind_down_until"),
            self._day("delisted_on"),
            self.cells.get("source") or f"the institution's own list, {self._file}:{self._line}",
        )
        starts = listing.effective_from or listing.listed_on
        for column, end in (
            ("wind_down_until", listing.wind_down_until),
            ("delisted_on", listing.delisted_on),
        ):
            if starts is not None and end is not None and end < starts:
                self.fault(
                    column, f"lies before the designation takes effect, {starts.isoformat()}"
                )
        return listing

    def _day(self, column: str) -> dt.date | None:
        text = self.cells.get(column, "")
        if not text:
            return None
        day = iso_day(text) if _DAY.match(text) else None
        if day is None:
            self.fault(column, "must be a day, written as in 2026-11-22, or empty")
        return day

    def _country(self) -> str | None:
        text = self.cells.get("country", "")
        if text and countries.country_code(text) is None:
            self.fault("country", "is no country; write its code of two letters, as in RU")
        return countries.country_code(text) if text else None

    def _domain(self, text: str) -> str | None:
        try:
            return normalise(text)
        except DomainError as error:
            self.fault("domains", f"{text[:80]}: {error}; write it as in institute.example")
            return None

    def _address(self, text: str) -> str | None:
        local, _, host = text.rpartition("@")
        try:
            if _LOCAL.match(local):
                return f"{local}@{normalise(host)}"
        except DomainError:
            pass
        self.fault("addresses", f"{text[:80]}: write a whole address, as in office@example.org")
        return None
