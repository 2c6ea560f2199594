"""Whether a sender may be written to about a message: RFC 3834 section 2, RFC 5230 section 4.6.

Behaviour N1.

The one asked about is the envelope's sender: that is where an automatic answer goes. When in
doubt nobody is written to. That costs little, since the event stays with the reason, and the
office sees it; the other slip, an answer to a machine or to a whole list, teaches people to
throw notices away.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.addresses.canonical_mailbox import is_forwarded, routes_elsewhere
from gateway.addresses.mailbox import without_batv, without_tag
from gateway.model import Suppression

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.model import Address, Peek

_BULK = frozenset({"bulk", "list", "junk"})
_NO_ANSWER = frozenset({"all", "oof", "autoreply"})
_COMMENT = re.compile(r"\([^()]*\)")
_WORD = re.compile(r"[a-z]+")


def suppression_of(
    sender: Address | None, peek: Peek, domains: Collection[str]
) -> Suppression | None:
    """Why no notice may go to the envelope's ``sender``; ``None`` where one may.

    ``sender`` is ``None`` for the null sender.

    ``domains`` are the institution's own, in normal form; what lies below them is ours too.
    Windows and mode are asked elsewhere: they are about the time, not about the message.
    """
    if sender is None:
        return Suppression.NULL_SENDER
    if not is_ours(sender, domains):
        return Suppression.NOT_OURS
    return _of_local_part(sender.local) or _of_header(peek)


def is_ours(sender: Address, domains: Collection[str]) -> bool:
    """Whether a notice to this address would reach one of the institution's own people.

    An address that a forwarder rewrote (SRS, Gmail's ``+caf_=``) bears our domain, but leads back
    to the stranger whose mail it was: a notice would tell an outsider about our user's mail. One
    whose local part routes elsewhere (``jane%other.org``) leads there.
    """
    if is_forwarded(sender.local) or routes_elsewhere(sender.local):
        return False
    labels = sender.domain.split(".")
    return any(".".join(labels[at:]) in domains for at in range(len(labels)))


def _of_local_part(local: str) -> Suppression | None:
    """RFC 3834 section 2: bounces, and the owners and clerks of lists. POSTMASTER is a person."""
    local = without_tag(without_batv(local).lower())
    if local == "mailer-daemon":
        return Suppression.NULL_SENDER
    if local.startswith("owner-") or local.endswith("-request"):
        return Suppression.LIST_MAIL
    return None


def _of_header(peek: Peek) -> Suppression | None:
    if peek.auto_submitted is not None and not _is_manual(peek.auto_submitted):
        return Suppression.AUTO_SUBMITTED
    if peek.list_headers:
        return Suppression.LIST_MAIL
    if not _BULK.isdisjoint(_words(peek.precedence)):
        return Suppression.BULK
    if not _NO_ANSWER.isdisjoint(_words(peek.x_auto_response_suppress)):
        return Suppression.AUTO_SUBMITTED
    # What could not be read may have forbidden an answer. People's mail has small headers.
    return None if peek.readable else Suppression.UNREADABLE


def _is_manual(value: str) -> bool:
    """Whether every Auto-Submitted (commas between them) says ``no``, RFC 3834 section 5."""
    while (bare := _COMMENT.sub(" ", value)) != value:
        value = bare
    return all(part.partition(";")[0].strip().lower() == "no" for part in value.split(","))


def _words(value: str | None) -> frozenset[str]:
    return frozenset(_WORD.findall((value or "").lower()))
