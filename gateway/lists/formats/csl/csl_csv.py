"""The US Consolidated Screening List in CSV, as the Department of Commerce publishes it.

One row a party, with a header; several values of one field are joined by ``; ``. The parts of an
identifier have stood in both orders: ``www.x.ru, Website`` and ``Website, www.x.ru``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.lists.formats.csl.csl_entries import entries
from gateway.lists.formats.csl.csl_record import CslRecord
from gateway.lists.formats.ofac.ofac_facts import LABELS
from gateway.lists.parsing import countries
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason
from gateway.lists.parsing.field_values import clean, required
from gateway.lists.parsing.truncation import TruncationCheck
from gateway.lists.parsing.untrusted_file import refuse, rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.lists.parsing.untrusted_file import UntrustedFile

_COLUMNS = (
    "source",
    "entity_number",
    "type",
    "programs",
    "name",
    "addresses",
    "start_date",
    "end_date",
    "alt_names",
    "ids",
)
_CODE = re.compile(r"(?:.*,)?\s*([A-Z]{2})\s*\Z", re.DOTALL)


def read(parts: Mapping[str, UntrustedFile]) -> Iterator[Entry | RejectedRow]:
    """Read ``consolidated.csv``. Its columns may stand in any order, with others among them.

    Raises :class:`gateway.errors.ListError` where the file as a whole cannot be read.
    """
    return entries(_records(TruncationCheck(required(parts, "consolidated.csv"))))


def _records(tail: TruncationCheck) -> Iterator[CslRecord | RejectedRow]:
    columns: dict[str, int] = {}
    width = 0
    row: list[str] = []
    for line, row in rows(tail.part):
        if not columns:
            columns = _header(tail, line, row)
            width = len(row)
            continue
        place = f"{tail.part.name}:{line}"
        if len(row) != width:
            yield RejectedRow(
                RejectedRowReason.MALFORMED,
                place,
                f"has {len(row)} columns, the header has {width}",
            )
            continue
        field = {name: row[at] for name, at in columns.items()}
        yield CslRecord(
            place,
            clean(field["source"]),
            field["entity_number"].strip(),
            field["type"].strip(),
            field["name"],
            _several(field["programs"]),
            _countries(field["addresses"]),
            _several(field["alt_names"]),
            field["start_date"],
            field["end_date"],
            [found for each in _several(field["ids"]) if (found := _identifier(each))],
        )
    tail.check(last_is_whole=len(row) == width)


def _header(tail: TruncationCheck, line: int, row: list[str]) -> dict[str, int]:
    found = {name.strip().lower(): at for at, name in enumerate(row)}
    missing = [name for name in _COLUMNS if name not in found]
    if missing:
        refuse(
            tail.part,
            line,
            f"the header has no column {', '.join(missing)}; is this the Consolidated Screening "
            "List in CSV?",
        )
    return {name: found[name] for name in _COLUMNS}


def _several(text: str) -> list[str]:
    return [each.strip() for each in text.split(";") if each.strip()]


def _countries(text: str) -> list[str]:
    """Give the codes that addresses end in; a street may hold a ``;`` and ends in none."""
    ends = (_CODE.match(each) for each in _several(text))
    codes = (countries.country_code(found[1]) for found in ends if found)
    return [code for code in codes if code]


def _identifier(text: str) -> tuple[str, str, str | None] | None:
    """Take an identifier apart: its label is at one end, a country's code may be with it."""
    fields = [each.strip() for each in text.split(",")]
    for at in (0, -1):
        label = fields[at].rstrip(":")
        if label.lower() in LABELS and len(fields) > 1:
            rest = fields[1:] if at == 0 else fields[:-1]
            codes = [each for each in rest if _CODE.match(each) and countries.country_code(each)]
            values = [each for each in rest if each not in codes[:1]]
            return label, ", ".join(values), countries.country_code(codes[0]) if codes else None
    return None
