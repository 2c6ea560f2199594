"""The remarks of OFAC's CSV files: statements joined by ``; ``, the last ended by a full stop.

The field holds 1,000 characters. What goes beyond stands in a file of comments, and the cut falls
anywhere: within a word, within a website.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gateway.lists.formats.ofac.ofac_facts import LABELS, OfacFacts
from gateway.lists.parsing import countries
from gateway.lists.parsing.field_values import clean

LIMIT = 1000
"""Characters that the field holds. A remark that fills it goes on elsewhere."""

_ALIAS = re.compile(r"(?:alt\. )?[afn]\.k\.a\. '(?P<name>.+)'\Z")
_LABELLED = re.compile(
    rf"(?:alt\. )?(?P<label>{'|'.join(map(re.escape, LABELS))}):?\s+(?P<value>.+)\Z", re.IGNORECASE
)
_DATED = re.compile(
    r"(?:alt\. )?(?P<label>(?:Listing|Effective) Date \([^)]*\)):?\s+(?P<value>.+)\Z", re.IGNORECASE
)
# "7744001497 (Russia) issued 03 Dec 2001; expires …": the number, whose it is, and since when.
_ISSUED = re.compile(r"\s+(?:issued|expires)\s.*\Z")
_ISSUER = re.compile(r"\s+\((?P<country>[^()]*)\)\Z")
# Older remarks give an address without a label, or with one behind it.
_BARE_WEBSITE = re.compile(r"(?P<value>(?:https?://|www\.)\S+)(?: \(website\))?\Z", re.IGNORECASE)
_BARE_EMAIL = re.compile(
    r"(?P<value>[^\s@]{1,64}@[^\s@]{1,190}\.[^\s@]{1,64})(?: \(e-?mail\))?\Z", re.IGNORECASE
)


@dataclass(slots=True)
class Remarks:
    """What the remarks of one entity say. ``weak`` are its names in quotes."""

    facts: OfacFacts = field(default_factory=OfacFacts)
    weak: list[str] = field(default_factory=list)


def is_cut(text: str) -> bool:
    """Whether the field is full, so that the remark may go on elsewhere.

    A full stop at its end says nothing: the cut may fall behind the dot of ``www.``.
    """
    return len(text) >= LIMIT


def read_remarks(text: str, continuation: str | None = None) -> Remarks:
    """Read a remark, with the comment that continues it where it was cut.

    A statement that was cut and has no continuation is left out: half a website is another's.
    """
    if continuation is not None:
        text += continuation
    statements = text.rstrip().split("; ")
    if continuation is None and is_cut(text):
        statements.pop()
    else:
        statements[-1] = statements[-1].removesuffix(".")
    remarks = Remarks()
    for statement in statements:
        _read(clean(statement), remarks)
    return remarks


def _read(statement: str, remarks: Remarks) -> None:
    facts = remarks.facts
    if found := _ALIAS.match(statement):
        remarks.weak.append(found["name"])
    elif found := _LABELLED.match(statement) or _DATED.match(statement):
        value = _ISSUED.sub("", found["value"])
        issuer = _ISSUER.search(value)
        country = (
            countries.country_code(issuer["country"]) if issuer else countries.country_code(value)
        )
        facts.note(found["label"], value[: issuer.start()] if issuer else value, country)
    elif found := _BARE_WEBSITE.match(statement):
        facts.note("Website", found["value"])
    elif found := _BARE_EMAIL.match(statement):
        facts.note("Email Address", found["value"])
