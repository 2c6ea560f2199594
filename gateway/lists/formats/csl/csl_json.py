"""The US Consolidated Screening List in JSON: the same rows as in CSV, their fields already apart.

The document is an object whose ``results`` are the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.lists.formats.csl.csl_entries import entries
from gateway.lists.formats.csl.csl_record import CslRecord
from gateway.lists.parsing import countries
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason
from gateway.lists.parsing.field_values import clean, required
from gateway.lists.parsing.json_array import objects_under

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.lists.parsing.untrusted_file import UntrustedFile


def read(parts: Mapping[str, UntrustedFile]) -> Iterator[Entry | RejectedRow]:
    """Read ``consolidated.json``. Keys that are not known are passed over.

    Raises :class:`gateway.errors.ListError` where the file as a whole cannot be read.
    """
    return entries(_records(required(parts, "consolidated.json")))


def _records(file: UntrustedFile) -> Iterator[CslRecord | RejectedRow]:
    for number, (line, row) in enumerate(objects_under(file, "results"), 1):
        # All rows may stand on one line: the place says which of them it is.
        place = f"{file.name}:{line}, result {number}"
        source = _text(row, "source")
        if not source:
            yield RejectedRow(RejectedRowReason.MALFORMED, place, "has no source")
            continue
        yield CslRecord(
            place,
            source,
            _text(row, "entity_number"),
            _text(row, "type"),
            _text(row, "name"),
            _texts(row, "programs"),
            [code for each in _objects(row, "addresses") if (code := _country(each))],
            _texts(row, "alt_names"),
            _text(row, "start_date"),
            _text(row, "end_date"),
            [
                (_text(each, "type"), _text(each, "number"), _country(each))
                for each in _objects(row, "ids")
            ],
        )


def _text(holder: dict[str, object], key: str) -> str:
    found = holder.get(key)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return clean(found) if isinstance(found, str) else ""


def _texts(holder: dict[str, object], key: str) -> list[str]:
    found = holder.get(key)
    several = found if isinstance(found, list) else [found]
    return [each for each in several if isinstance(each, str)]


def _objects(holder: dict[str, object], key: str) -> list[dict[str, object]]:
    found = holder.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _country(holder: dict[str, object]) -> str | None:
    return countries.country_code(_text(holder, "country"))
