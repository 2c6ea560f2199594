"""Addresses wrapped up in a local part, by forwarders, list managers, gateways and old habits.

``SRS0=HHH=TT=mipt.ru=ivan`` (the Sender Rewriting Scheme), ``bounce-ivan=mipt.ru`` (VERP),
``ivan%mipt.ru``, ``mipt.ru!ivan``, ``IMCEASMTP-ivan+40mipt+2Eru`` (Exchange, for what is no address
of its own), ``ivan_mipt.ru#EXT#`` (a guest in Microsoft Entra) and ``ivan_at_mipt.ru_x`` (the
reverse alias by which a forwarding service lets its user answer) all hold a mailbox at ``mipt.ru``.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from gateway.addresses.domain_name import DomainError, normalise
from gateway.addresses.mailbox import mailbox_key

if TYPE_CHECKING:
    from collections.abc import Iterator

MAY_WRAP: Final = re.compile(rb"[=%!]|(?i:_at_|#ext#|imcea|\+[0-9a-f]{2})")
"""What a path has in it if its local part wraps an address; other paths need not be asked."""

# What most of the wrapping forms put between a mailbox and its domain.
_SPLIT: Final = re.compile("[=%!@]")
# SRS1, the longest of the forms, has eight parts; a local part of separators alone has thousands.
_MOST_PARTS: Final = 16
# Parts before a domain that may be its mailbox.
_NEAR: Final = 4

# Exchange's IMCEA ("Internet Mail Connector Encapsulated Address"): TYPE, a hyphen, and the
# address with every octet that is not a letter or digit as + and two hex digits.
_IMCEA: Final = re.compile(r"imcea[a-z0-9]+-", re.IGNORECASE)
_HEX: Final = re.compile(r"[+=%]([2-7][0-9a-f])", re.IGNORECASE)
_AT_WORD: Final = re.compile("_at_", re.IGNORECASE)
_GUEST: Final = re.compile("#ext#", re.IGNORECASE)


def encapsulated(local: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give each domain that a local part may wrap, with the mailboxes it may stand for.

    Domains are in normal form, mailboxes are keys as of :func:`mailbox_key`. Which neighbour of a
    domain is its mailbox differs from form to form, so both are given.
    """
    decoded = without_hex(local)
    for text in dict.fromkeys((local, _IMCEA.sub("", decoded))):
        yield from _parted(text)
    yield from _guest(local)
    yield from reverse_alias(local)


def reverse_alias(local: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give what a forwarding service's reverse alias may stand for, as :func:`encapsulated` does.

    ``ivan_at_mipt.ru_x`` and ``ivan_at_mipt_ru_x``, where some marks follow the domain; and
    ``alias+ivan=mipt.ru``, which is VERP's form.
    """
    parts = _AT_WORD.split(local)[-_MOST_PARTS:]
    for before, behind in pairwise(parts):
        labels = [label for label in re.split("[_.]", behind) if label][:_MOST_PARTS]
        for count in range(2, len(labels) + 1):
            yield from _named(".".join(labels[:count]), before)
    if "=" in local:
        yield from _parted(local)


def _guest(local: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The last underscore before #EXT# was an ``@``: no host name has one."""
    address, found, _ = _GUEST.sub("\0", local).partition("\0")
    if found and "_" in address:
        before, _, domain = address.rpartition("_")
        yield from _named(domain, before)


def _parted(local: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if _SPLIT.search(local) is None:
        return
    parts = _SPLIT.split(local)[-_MOST_PARTS:]
    for index, part in enumerate(parts):
        if "." in part:
            # A tag may hold signs that part words, and a list manager's prefix stands before it.
            near = parts[max(index - _NEAR, 0) : index]
            last = re.split("[+-]", parts[index - 1])[-1] if index else ""
            yield from _named(part, *dict.fromkeys((last, *near, *parts[index + 1 : index + 2])))


def _named(domain: str, *mailboxes: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    try:
        name = normalise(domain)
    except DomainError:
        return
    yield name, tuple(mailbox_key(each) for each in mailboxes if each)


def without_hex(text: str) -> str:
    """Give a text with signs that stand in hex as themselves.

    So write them xtext (RFC 3461), IMCEA, a VERP that knows "=" for the "@" (``ivan=40mipt.ru``),
    quoted-printable and URLs.
    """
    return _HEX.sub(lambda match: chr(int(match[1], 16)), text)
