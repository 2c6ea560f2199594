"""Single values of a list, as readers need them: references, programmes, days."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from gateway.errors import Fault, ListError
from gateway.lists.parsing import countries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.lists.parsing.untrusted_file import UntrustedFile

# Control characters, line separators, and the halves of characters that JSON can spell alone: none
# of them can be written on, to a file in UTF-8 or onto a page.
_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_NOT_IN_ID = re.compile(r"[^a-z0-9.]+")
_HYPHEN = re.compile(r"\s+-\s*|\s*-\s+")
_BRACKETS = re.compile(r" \((.+)\)\Z")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T Z+-].*)?\Z", re.ASCII)
_BRITISH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})\Z", re.ASCII)


def required(parts: Mapping[str, UntrustedFile], role: str) -> UntrustedFile:
    """Give the part with that role; raises :class:`ListError` where it was not handed over."""
    if role not in parts:
        raise ListError([Fault(role, None, None, "is missing; this list cannot be read without")])
    return parts[role]


def clean(text: str | None) -> str:
    """Give a text on one line, without what cannot be written on; empty where there is none."""
    return " ".join(_UNWRITABLE.sub(" ", text).split()) if text else ""


def reference(text: str | None) -> str:
    """Give a list's own number in the form it has within ids: ``QDe.004`` as ``qde.004``."""
    return _NOT_IN_ID.sub("-", clean(text).lower()).strip("-.")


def programme(text: str | None) -> str | None:
    """Give a programme's name, no spaces around its hyphens: ``CAATSA-RUSSIA``; ``None``: empty."""
    return _HYPHEN.sub("-", clean(text)) or None


def country(text: str | None) -> str | None:
    """Give the code of a country from its name or code, the United Nations' brackets included.

    ``Iran (Islamic Republic of)`` is ``IR``; what is no country known here is ``None``.
    """
    name = clean(text)
    return (
        (countries.country_code(name) or countries.country_code(_BRACKETS.sub(r", \1", name)))
        if name
        else None
    )


def country_of_seat(several: Iterable[str | None]) -> str | None:
    """Give the country where all addresses with a known one lie; ``None`` for none or several."""
    known = {each for each in several if each}
    return known.pop() if len(known) == 1 else None


def iso_day(text: str | None) -> dt.date | None:
    """Read a day written ``2022-08-02``, a time or a time zone behind it or none.

    ``None`` where there is none or it is no day: an unknown date is not guessed.
    """
    found = _ISO.match((text or "").strip())
    return _day(*found.groups()) if found else None


def british_day(text: str | None) -> dt.date | None:
    """Read a day written ``02/08/2022``, the day first; ``None`` as in :func:`iso_day`."""
    found = _BRITISH.match((text or "").strip())
    return _day(*reversed(found.groups())) if found else None


def _day(year: str, month: str, day: str) -> dt.date | None:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None
