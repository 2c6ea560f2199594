"""OFAC's lists in its CSV set: one file of entries, and beside it aliases, addresses, comments.

The SDN list is ``sdn.csv``, ``alt.csv``, ``add.csv`` and ``sdn_comments.csv``; the other
sanctions, short of blocking, are ``cons_prim.csv``, ``cons_alt.csv``, ``cons_add.csv`` and
``cons_comments.csv``. There is no header as OFAC publishes them, but copies have one; a field that
is empty reads ``-0- ``; an entry of no other kind is an institution. All four belong to one day.
A single file does as well in XML: :mod:`gateway.lists.formats.ofac.sdn_xml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.errors import Fault, ListError
from gateway.lists.formats.ofac.ofac_entry import KINDS, SDN, Draft, entry, is_uid
from gateway.lists.formats.ofac.ofac_facts import NON_SDN
from gateway.lists.formats.ofac.remarks import is_cut, read_remarks
from gateway.lists.parsing import countries
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason
from gateway.lists.parsing.field_values import clean
from gateway.lists.parsing.truncation import TruncationCheck
from gateway.lists.parsing.untrusted_file import UntrustedFile, refuse, rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NOTHING = "-0-"
_HEADER = "ent_num"


@dataclass(frozen=True, slots=True)
class _Roles:
    """The four files of a set, by role, and the list they make."""

    list: str
    entries: str
    aliases: str
    addresses: str
    comments: str


class _Beside(NamedTuple):
    """A row of a file beside the entries: the line it stands on, and the field wanted of it."""

    line: int
    value: str


_SDN = _Roles(SDN, "sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv")
_CONSOLIDATED = _Roles(
    NON_SDN, "cons_prim.csv", "cons_alt.csv", "cons_add.csv", "cons_comments.csv"
)


def read(parts: Mapping[str, UntrustedFile]) -> Iterator[Entry | RejectedRow]:
    """Read the SDN list: ``sdn.csv alt.csv add.csv sdn_comments.csv``, each of them required.

    Raises :class:`ListError` where one is missing, or as a whole cannot be read.
    """
    return _read(parts, _SDN)


def read_consolidated(parts: Mapping[str, UntrustedFile]) -> Iterator[Entry | RejectedRow]:
    """Read the non-SDN list: ``cons_prim.csv cons_alt.csv cons_add.csv cons_comments.csv``.

    Raises as :func:`read`.
    """
    return _read(parts, _CONSOLIDATED)


def _read(parts: Mapping[str, UntrustedFile], roles: _Roles) -> Iterator[Entry | RejectedRow]:
    _require(parts, roles)
    aliases = _Side(parts[roles.aliases], width=5, field=3)
    addresses = _Side(parts[roles.addresses], width=6, field=4)
    comments = _Side(parts[roles.comments], width=2, field=1)
    sides = (aliases, addresses, comments)
    for side in sides:
        yield from side.read()
    tail = TruncationCheck(parts[roles.entries])
    seen: set[str] = set()
    for line, row in _rows(tail, 12):
        place = f"{tail.part.name}:{line}"
        uid = row[0].strip()
        if len(row) != 12 or not is_uid(uid):
            yield RejectedRow(RejectedRowReason.MALFORMED, place, _why_malformed(row, 12))
            continue
        if uid in seen:
            yield RejectedRow(RejectedRowReason.DUPLICATE, place, f"entry {uid} stood before")
            continue
        seen.add(uid)
        kind = clean(_value(row[2])).lower()
        if kind:
            reason = KINDS.get(kind, RejectedRowReason.OTHER_KIND)
            yield RejectedRow(reason, place, clean(row[1]))
        elif not clean(_value(row[1])):
            yield RejectedRow(RejectedRowReason.NAMELESS, place, f"entry {uid}")
        else:
            remark, comment = _value(row[11]), comments.of(uid)
            if comment is not None and not is_cut(remark):
                yield RejectedRow(
                    RejectedRowReason.ORPHAN,
                    f"{comments.name}:{comment.line}",
                    f"the remark of entry {uid} is whole; the files are of different days",
                )
                comment = None
            draft = Draft(uid, row[1], place, _programmes(row[3]))
            draft.aliases = [each.value for each in aliases.all_of(uid)]
            draft.countries = [
                code
                for each in addresses.all_of(uid)
                if (code := countries.country_code(each.value))
            ]
            remarks = read_remarks(remark, comment.value if comment else None)
            draft.facts, draft.weak = remarks.facts, remarks.weak
            yield entry(draft, roles.list)
    tails = (tail, *(side.tail for side in sides))
    for each in tails:
        each.check(beside=tails)
    for side in sides:
        yield from side.orphans(seen, roles.entries)


class _Side:
    """A file beside the entries, kept whole by the entries' numbers: its rows come in any order."""

    def __init__(self, file: UntrustedFile, width: int, field: int) -> None:
        self.name = file.name
        self.tail = TruncationCheck(file)
        self._width = width
        self._field = field
        self._found: dict[str, list[_Beside]] = {}

    def read(self) -> Iterator[RejectedRow]:
        """Read the file; what cannot be read in it is given."""
        for line, row in _rows(self.tail, self._width):
            uid = row[0].strip()
            if len(row) != self._width or not is_uid(uid):
                yield RejectedRow(
                    RejectedRowReason.MALFORMED,
                    f"{self.name}:{line}",
                    _why_malformed(row, self._width),
                )
                continue
            # Not stripped: a comment goes on where the remark was cut, be it at a space.
            beside = _Beside(line, _value(row[self._field]))
            self._found.setdefault(uid, []).append(beside)

    def all_of(self, uid: str) -> list[_Beside]:
        """Give the rows of an entry that say something."""
        return [each for each in self._found.get(uid, ()) if each.value]

    def of(self, uid: str) -> _Beside | None:
        """Give the rows of an entry as one: several continue one another."""
        found = self.all_of(uid)
        if not found:
            return None
        return _Beside(found[0].line, "".join(each.value for each in found))

    def orphans(self, seen: set[str], entries: str) -> Iterator[RejectedRow]:
        """Give the rows whose entry is not there, not even as one that was not taken."""
        for uid, found in self._found.items():
            if uid not in seen:
                for each in found:
                    yield RejectedRow(
                        RejectedRowReason.ORPHAN,
                        f"{self.name}:{each.line}",
                        f"{entries} has no entry {uid}",
                    )


def _require(parts: Mapping[str, UntrustedFile], roles: _Roles) -> None:
    wanted = (roles.entries, roles.aliases, roles.addresses, roles.comments)
    together = " ".join(wanted)
    faults = [
        Fault(
            role,
            None,
            None,
            f"is missing: names and websites would be lost without it. Give {together} together, "
            "of one day, or the list in XML, which is one file",
        )
        for role in wanted
        if role not in parts
    ]
    if faults:
        raise ListError(faults)


def _rows(tail: TruncationCheck, width: int) -> Iterator[tuple[int, list[str]]]:
    """Give the rows behind the header, if there is one; another file's are refused at the first."""
    is_first = True
    for line, row in rows(tail.part):
        if is_first and len(row) != width:
            refuse(
                tail.part,
                line,
                f"has {len(row)} columns where there should be {width}; is it the right file, and "
                "whole?",
            )
        if not is_first or row[0].strip().lower() != _HEADER:
            yield line, row
        is_first = False


def _value(text: str) -> str:
    return "" if text.strip() == _NOTHING else text


def _programmes(text: str) -> list[str]:
    return [each.strip(" []") for each in _value(text).split("] [")]


def _why_malformed(row: list[str], width: int) -> str:
    if len(row) != width:
        return f"has {len(row)} columns where there should be {width}"
    return "its first column is no number"
