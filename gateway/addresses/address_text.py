"""An address as a person writes it: in a question, an example, a letter's head.

People leave brackets on, copy a trailing comma along, spell the ``@`` out, or ask about a domain.
What is left is read by the one grammar of :mod:`gateway.addresses.path_reading`.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.addresses.domain_name import DomainError, has_known_suffix, normalise
from gateway.addresses.path_reading import PathReading, UnreadablePath, read
from gateway.model import Address

# What stands about an address that was copied out of a sentence or a list.
_ABOUT: Final = " \t\r\n,;\u00a0"
_QUOTES: Final = (('"', '"'), ("'", "'"), ("`", "`"), ("\u201c", "\u201d"), ("\u00ab", "\u00bb"))
# How people keep an address from being collected.
_SPELT_AT: Final = re.compile(r"\s*(?:\uff20|[\[({<]\s*at\s*[\])}>])\s*|\s+at\s+", re.IGNORECASE)
_SPELT_DOT: Final = re.compile(r"\s*[\[({]\s*dot\s*[\])}]\s*|\s+dot\s+", re.IGNORECASE)
# A mailbox of one's own host; whoever writes _at_ means an address.
_LOCAL_NAME: Final = re.compile(r"(?!.*_at_)[\w.+-]+", re.IGNORECASE)

_NO_ADDRESS: Final = "it is no address: one is somebody@example.org"
_SEVERAL: Final = "it holds more than one address; ask about one at a time"


def from_text(text: str) -> PathReading:
    """Read an address as people write it: bare, in brackets, or with a name before them.

    A name never makes an address listed: ``Ivan Petrov (Skoltech) <ivan@gmail.com>`` is the
    mailbox ``ivan@gmail.com``. A domain by itself has the local part ``""``. What is not one
    address is an :class:`UnreadablePath`, whose reason says what to do.
    """
    bare = _without_quotes(text.strip(_ABOUT).removeprefix("mailto:"))
    if "@" not in bare:
        bare = _SPELT_AT.sub("@", bare)
    bare = _SPELT_DOT.sub(".", bare)
    path = octets(bare)
    if "@" not in bare:
        if (domain := _domain(bare)) is not None:
            return PathReading(path, Address(path, "", domain), is_by_grammar=True, is_plain=True)
        return read(path) if _LOCAL_NAME.fullmatch(bare) else _none(path, _NO_ADDRESS)
    reading = read(path)
    if not reading.is_by_grammar and bare.endswith(">") and bare.count("<") == 1:
        # A name before the brackets may have a comma in it, as directories write it.
        reading = read(octets(bare[bare.index("<") :]))
    if reading.is_by_grammar and isinstance(reading.address, Address):
        # A name before the brackets is the writer's, and no server sees it.
        return read(octets(str(reading.address))) if bare.endswith(">") else reading
    if isinstance(reading.address, UnreadablePath):
        return reading
    return _none(path, _NO_ADDRESS if bare.count("@") < 2 else _SEVERAL)


def _none(path: bytes, why: str) -> PathReading:
    return read(path)._replace(
        address=UnreadablePath(path, why), is_by_grammar=False, is_plain=False
    )


def _without_quotes(text: str) -> str:
    for start, end in _QUOTES:
        inner = text[1:-1]
        if len(text) > 1 and text.startswith(start) and text.endswith(end) and end not in inner:
            return inner.strip(_ABOUT)
    return text


def octets(text: str) -> bytes:
    """Give the bytes of a command line that a text stands for; never raises."""
    try:
        # Bytes of a command line that are not UTF-8 arrive as lone surrogates.
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _domain(text: str) -> str | None:
    """The domain that a text is, if it is one that can have mail."""
    try:
        domain = normalise(text)
    except DomainError:
        return None
    is_name = "." in domain and "_" not in domain
    return domain if is_name and has_known_suffix(domain) else None
