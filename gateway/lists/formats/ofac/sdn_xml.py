"""OFAC's lists in their plain XML: ``SDN.XML`` and ``CONSOLIDATED.XML``, each one file.

``sdnList/sdnEntry`` with ``uid``, ``lastName``, ``sdnType``, ``programList/program``,
``akaList/aka``, ``addressList/address``, ``idList/id``. The namespace has changed with the server
that publishes them; names count without it. There is no date of listing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.lists.formats.ofac.ofac_entry import KINDS, MAX_ENTRIES, SDN, Draft, entry, is_uid
from gateway.lists.formats.ofac.ofac_facts import NON_SDN
from gateway.lists.parsing import countries
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason
from gateway.lists.parsing.field_values import clean, required
from gateway.lists.parsing.untrusted_file import UntrustedFile, refuse
from gateway.lists.parsing.xml_stream import elements, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element


def read(parts: Mapping[str, UntrustedFile]) -> Iterator[Entry | RejectedRow]:
    """Read the SDN list: ``sdn.xml``.

    Raises :class:`gateway.errors.ListError` where the file as a whole cannot be read.
    """
    return _read(required(parts, "sdn.xml"), SDN)


def read_consolidated(parts: Mapping[str, UntrustedFile]) -> Iterator[Entry | RejectedRow]:
    """Read the non-SDN list: ``consolidated.xml``. Raises as :func:`read`."""
    return _read(required(parts, "consolidated.xml"), NON_SDN)


def _read(file: UntrustedFile, list_: str) -> Iterator[Entry | RejectedRow]:
    seen: set[str] = set()
    for line, element in elements(file, "sdnEntry", root="sdnList"):
        place = f"{file.name}:{line}"
        uid, name = text(element, "uid"), clean(element.findtext("lastName"))
        kind = text(element, "sdnType").lower()
        if not is_uid(uid) or not kind:
            yield RejectedRow(
                RejectedRowReason.MALFORMED, place, "has no <uid> that is a number, or no <sdnType>"
            )
            continue
        if uid in seen:
            yield RejectedRow(RejectedRowReason.DUPLICATE, place, f"entry {uid} stood before")
            continue
        seen.add(uid)
        if len(seen) > MAX_ENTRIES:
            refuse(file, line, f"has more than {MAX_ENTRIES} entries; is this the list?")
        if kind != "entity":
            yield RejectedRow(KINDS.get(kind, RejectedRowReason.OTHER_KIND), place, name)
        elif not name:
            yield RejectedRow(RejectedRowReason.NAMELESS, place, f"entry {uid}")
        else:
            yield entry(_draft(element, Draft(uid, name, place)), list_)


def _draft(element: Element, draft: Draft) -> Draft:
    draft.programmes = [each.text or "" for each in element.iterfind("programList/program")]
    for aka in element.iterfind("akaList/aka"):
        names = draft.weak if text(aka, "category").lower() == "weak" else draft.aliases
        names.append(text(aka, "lastName"))
    for each in element.iterfind("addressList/address/country"):
        if code := countries.country_code(clean(each.text)):
            draft.countries.append(code)
    for each in element.iterfind("idList/id"):
        value = text(each, "idNumber")
        country = countries.country_code(text(each, "idCountry")) or countries.country_code(value)
        draft.facts.note(text(each, "idType"), value, country)
    return draft
