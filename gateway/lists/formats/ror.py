"""The Research Organization Registry: names and domains of research organisations. CC0.

It lists nobody. From its records domains are proposed for institutions that a list names without
any. The published file is one JSON array (``v1.63-2025-04-03-ror-data_schema_v2.json``); one record
a line is read as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.lists.parsing import countries
from gateway.lists.parsing.entry import RejectedRow, RejectedRowReason, unique
from gateway.lists.parsing.field_values import clean
from gateway.lists.parsing.json_records import records
from gateway.lists.parsing.organisation import Organisation
from gateway.lists.parsing.untrusted_file import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.lists.parsing.untrusted_file import UntrustedFile

# Crockford's base 32 and two check digits, behind the registry's address.
_ID = re.compile(r"(?:https?://)?(?:ror\.org/)?(0[a-hj-km-np-tv-z0-9]{6}\d{2})\Z", re.ASCII)


def read_organisations(file: UntrustedFile) -> Iterator[Organisation | RejectedRow]:
    """Read the records of schema 2, one at a time. A withdrawn one is rejected as inactive.

    A stream that was compressed is handed over opened. Raises
    :class:`gateway.errors.ListError` for what :func:`gateway.lists.parsing.json_records.records`
    refuses, and for records of schema 1.
    """
    for line, record in records(file):
        if "names" not in record and isinstance(record.get("name"), str):
            refuse(file, line, "is in ROR's schema 1; take the release's file of schema 2")
        yield _taken(record, f"{file.name}:{line}")


def _taken(record: dict[str, object], place: str) -> Organisation | RejectedRow:
    told = record.get("id")
    found = _ID.match(told.strip().lower()) if isinstance(told, str) else None
    if found is None:
        return RejectedRow(RejectedRowReason.MALFORMED, place, "has no ROR id")
    ror = found[1]
    if record.get("status") == "withdrawn":
        return RejectedRow(RejectedRowReason.INACTIVE, place, ror)
    shown = [
        _text(name, "value")
        for name in _objects(record, "names")
        if "ror_display" in _texts(name, "types")
    ]
    names = unique([*shown, *(_text(name, "value") for name in _objects(record, "names"))])
    if not names:
        return RejectedRow(RejectedRowReason.NAMELESS, place, ror)
    websites = [
        _text(link, "value")
        for link in _objects(record, "links")
        if _text(link, "type") == "website"
    ]
    return Organisation(
        ror=ror,
        name=names[0],
        place=place,
        names=names,
        country=_country(record),
        domains=unique(_texts(record, "domains")),
        websites=unique(websites),
        is_active=record.get("status") == "active",
    )


def _country(record: dict[str, object]) -> str | None:
    for location in _objects(record, "locations"):
        details = location.get("geonames_details")
        if isinstance(details, dict) and (
            code := countries.country_code(_text(details, "country_code"))
        ):
            return code
    return None


def _objects(holder: dict[str, object], key: str) -> list[dict[str, object]]:
    found = holder.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _texts(holder: dict[str, object], key: str) -> list[str]:
    found = holder.get(key)
    if not isinstance(found, list):
        return []
    return [clean(each) for each in found if isinstance(each, str)]


def _text(holder: dict[str, object], key: str) -> str:
    found = holder.get(key)
    return clean(found) if isinstance(found, str) else ""
