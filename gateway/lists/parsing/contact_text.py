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


class ContactKind(Enum):
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


def contact_kind_of(label: str) -> ContactKind:
    """Give what a label such as ``WEB`` or ``EMAIL`` announces."""
    plain = label.strip().upper().replace("-", "")
    if plain.startswith(("WEB", "URL")):
        return ContactKind.WEBSITE
    return ContactKind.EMAIL if plain.startswith("EMAIL") else ContactKind.OTHER


def split(text: str, kind: ContactKind) -> Iterator[tuple[ContactKind, str]]:
    """Cut a value at the labels that were glued into it. What stands before the first is ``kind``.

    A website in an e-mail's field, or the other way round, is given as what it is labelled.
    """
    start = 0
    for found in _LABEL.finditer(text):
        yield from _piece(kind, text[start : found.start()])
        kind, start = _announced(found), found.end()
    yield from _piece(kind, text[start:])


def labelled(text: str) -> Iterator[tuple[ContactKind, str]]:
    """Give the websites and e-mail addresses that a free text labels as such, one at a time."""
    for kind, piece in split(text, ContactKind.OTHER):
        if kind is ContactKind.OTHER:
            continue
        several, one = (_SITES, _SITE) if kind is ContactKind.WEBSITE else (_BOXES, _BOX)
        if found := several.match(piece):
            for each in re.findall(one, found[0]):
                yield kind, each.rstrip(".")


def _announced(found: re.Match[str]) -> ContactKind:
    if found["web"] or found["glued_web"] or found["bare_web"]:
        return ContactKind.WEBSITE
    return ContactKind.EMAIL if found["mail"] or found["glued_mail"] else ContactKind.OTHER


def _piece(kind: ContactKind, text: str) -> Iterator[tuple[ContactKind, str]]:
    if piece := text.strip(" ;,/|"):
        yield kind, piece
