"""Names as the Consolidated Screening List writes them, run together with talk about them.

The Bureau of Industry and Security's rows carry what the Federal Register printed: an
abbreviation in brackets behind the name, ``; and`` before the last of several, ``a.k.a., the
following two aliases:``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gateway.lists.parsing.entry import unique
from gateway.lists.parsing.field_values import clean

_SUCCESSORS = re.compile(r"[;,]?\s+and\s+any\s+(?:\w+\s+)?successors?\b.*\Z", re.IGNORECASE)
_ALSO = re.compile(
    r"[;,]?\s+\(?(?:(?:a\.?\s?k\.?\s?a|f\.?\s?k\.?\s?a)\b\.?|also known as\b)[,:]?\s*",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"(?:(?:and|or)\s+|(?:[afn]\.k\.a\.|aka|fka|nka|also known as|formerly known as)[,:]?\s+"
    r"|(?:the\s+)?following\s+(?:\w+\s+)?alias(?:es)?:?\s*|[-\u2013\u2014*]\s*)+",
    re.IGNORECASE,
)
_SHORT = re.compile(r"(?P<plain>.*\S)\s+\((?P<short>[A-Z][A-Z0-9&. -]{1,11})\)\Z")
_ABBREVIATION = re.compile(r"[A-Z0-9&.-]{1,5}\Z")
# A full stop behind a long word ends a sentence; behind a short one it belongs to it: "Ltd."
_STOP = re.compile(r"(?<=[a-z]{5})\.\Z", re.IGNORECASE)

_ORGANISATIONS = """
    academy aerospace agency airlines airways arms associates association aviation bank bhd bureau
    center centre college company consultants consulting corp corporation department digital
    electric electronics engineering enterprise enterprises equipment est establishment export
    exporters exports factory firearms foundation fze fzc fzco general gmbh group holding holdings
    impex import imports inc incorporated industrial industries industry institute instruments
    international jsc laboratories laboratory limited llc llp logistics ltd ltda machinery
    manufacturing marketing ministry oao oil ojsc ooo optics organisation organization oy pao
    partners partnership pjsc plant plc products pte pty pvt research sarl school schweiz sciences
    sdn security services shipping society software solutions srl sro supplies supply systems tech
    technik technologies technology telecom tools trade traders trading transport university
    ventures works zao
"""
_ORGANISATION_WORDS = frozenset(_ORGANISATIONS.split())
# Too short to count anywhere but at the end, where a legal form stands.
_FORMS = frozenset({"ab", "ag", "ao", "as", "bv", "co", "kg", "lp", "nv", "sa", "spa"})
_WORD = re.compile(r"[^\W_]+")


class CslNames(NamedTuple):
    """The name of a row, the others it bears, and those too short to find it by.

    ``plain`` is the name without an abbreviation behind it: what an id is made of.
    """

    name: str
    plain: str
    aliases: tuple[str, ...]
    weak: tuple[str, ...]


def read_names(name: str, others: list[str]) -> CslNames:
    """Take a row's name and its other names apart."""
    first, *more = _ALSO.split(_SUCCESSORS.sub("", clean(name)))
    first = first.strip(" ;,")
    plain, short = first, ""
    if found := _SHORT.match(first):
        plain, short = found["plain"], found["short"]
    several = [piece for each in (*more, *others) for piece in _ALSO.split(" " + clean(each))]
    tidied = unique(
        [plain, short, *(_tidied(piece) for each in several for piece in each.split(";"))]
    )
    found_names = [each for each in tidied if each != first]
    weak = tuple(each for each in found_names if each == short or is_abbreviation(each))
    aliases = tuple(each for each in found_names if each not in weak)
    return CslNames(first, plain, aliases, weak)


def is_abbreviation(name: str) -> bool:
    """Whether a name is so short, and in capitals, that many may bear it."""
    return _ABBREVIATION.match(name) is not None


def is_organisation(name: str) -> bool:
    """Whether a name has a word in it that companies and institutes bear, and people do not."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words:
        return False
    return "&" in name or words[-1] in _FORMS or not _ORGANISATION_WORDS.isdisjoint(words)


def _tidied(text: str) -> str:
    text = text.strip(" ,;")
    if led := _LEADING.match(text):
        text = text[led.end() :]
    return _STOP.sub("", text.strip(" ,;\"'"))
