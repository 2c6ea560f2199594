"""Addresses wrapped up in a local part, by forwarders, list managers and old routing habits.

``SRS0=HHH=TT=mipt.ru=ivan@forwarder.org`` (the Sender Rewriting Scheme), ``bounce-ivan=mipt.ru@…``
(VERP), ``ivan%mipt.ru@relay``, ``mipt.ru!ivan@relay`` and ``ivan@mipt.ru@relay`` all hold a mailbox
at ``mipt.ru``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.addresses.domain_name import DomainError, normalise
from gateway.addresses.mailbox import mailbox_key

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the wrapping forms put between a mailbox and its domain.
SEPARATORS = "=%!@"

_SPLIT = re.compile(f"[{re.escape(SEPARATORS)}]")
# SRS1, the longest of the forms, has eight parts; a local part of separators alone has thousands.
_MOST_PARTS = 16


def embedded(local: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give each domain that a local part may wrap, with the mailboxes it may stand for.

    Domains are in normal form, mailboxes are keys as of :func:`mailbox_key`. Which neighbour of
    a domain is its mailbox differs from form to form, so both are given.
    """
    if _SPLIT.search(local) is None:
        return
    parts = _SPLIT.split(local)[-_MOST_PARTS:]
    for index, part in enumerate(parts):
        if "." not in part:
            continue
        try:
            domain = normalise(part)
        except DomainError:
            continue
        before = re.split("[+-]", parts[index - 1])[-1] if index else ""
        after = parts[index + 1] if index + 1 < len(parts) else ""
        yield domain, tuple(mailbox_key(name) for name in (before, after) if name)
