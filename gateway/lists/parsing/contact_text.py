"""Websites and e-mail addresses in a text that holds other things besides.

The EU's values come glued, ``EMAILa@b.example PHONE+7 495…WEBhttps://…``, and the United Nations'
comments name an address in the middle of a paragraph. They also name websites that are not the
institution's (``INTERPOL-UN … web link:``), so that of free text only what is labelled counts.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Way(Enum):
    """How one reaches an institution, as far as it matters here."""

    WEBSITE = auto()
    EMAIL = auto()
    OTHER = auto()


# A label in any letters and a colon; or one in capitals with its value right behind, at the start,
# after a space, or glued to the value before. What follows must look like a value, so that a
# capital WEB within an address is no label.
_LABEL = re.compile(
    r"(?<![\w@./-])(?i:(?P<web>web ?sites?|web ?pages?|web|url)"
    r"|(?P<mail>e-?mails?(?: address(?:es)?)?)"
    r"|(?:tele)?phones?|tel\.?|fax|mobile) ?: ?"
    r"|(?<![A-Z@./_-])(?:(?P<glued_web>WEB ?(?=https?:|www\.))"
    r"|(?P<glued_mail>E-?MAIL ?(?=[^\s@]{1,64}@)))"
    r"|(?:PHONE|FAX|(?<![A-Z])(?:TEL|MOBILE)) ?(?=[+(])"
    r"|(?<![\w@./-])(?:PHONE|FAX|TEL|MOBILE) ?(?=\d{3})"
    r"|(?<![\w@./-])(?P<bare_web>WEB ?(?=[\w-]+(?:\.[\w-]+)*\.[a-z]))"
)
# Behind the first, what is a site must show it: "Website: www.x.example No.5 Fleet Street".
_FURTHER = r"(?:https?:|www\.)[^\s;,<>\"')]+"
_SITE = rf"(?:{_FURTHER}|[\w-]+(?:\.[\w-]+)+(?:[:/][^\s;,<>\"')]*)?)"
_BOX = r"[^\s;,<>\"'():@]+@[^\s;,<>\"'()@]+"
_NEXT = r"(?:\s*[;,/|]\s*|\s+)(?:and\s+|or\s+)?"
_SITES = re.compile(rf"{_SITE}(?:{_NEXT}{_FURTHER})*")
_BOXES = re.compile(rf"{_BOX}(?:{_NEXT}{_BOX})*")


def way_of(label: str) -> Way:
    """Give what a label such as ``WEB`` or ``EMAIL`` announces."""
    plain = label.strip().upper().replace("-", "")
    if plain.startswith(("WEB", "URL")):
        return Way.WEBSITE
    return Way.EMAIL if plain.startswith("EMAIL") else Way.OTHER


def split(text: str, way: Way) -> Iterator[tuple[Way, str]]:
    """Cut a value at the labels that were glued into it. What stands before the first is ``way``.

    A website in an e-mail's field, or the other way round, is given as what it is labelled.
    """
    start = 0
    for found in _LABEL.finditer(text):
        yield from _piece(way, text[start : found.start()])
        way, start = _announced(found), found.end()
    yield from _piece(way, text[start:])


def labelled(text: str) -> Iterator[tuple[Way, str]]:
    """Give the websites and e-mail addresses that a free text labels as such, one at a time."""
    for way, piece in split(text, Way.OTHER):
        if way is Way.OTHER:
            continue
        several, one = (_SITES, _SITE) if way is Way.WEBSITE else (_BOXES, _BOX)
        if found := several.match(piece):
            for each in re.findall(one, found[0]):
                yield way, each.rstrip(".")


def _announced(found: re.Match[str]) -> Way:
    if found["web"] or found["glued_web"] or found["bare_web"]:
        return Way.WEBSITE
    return Way.EMAIL if found["mail"] or found["glued_mail"] else Way.OTHER


def _piece(way: Way, text: str) -> Iterator[tuple[Way, str]]:
    if piece := text.strip(" ;,/|"):
        yield way, piece
