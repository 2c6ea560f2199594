"""The forms in which mailboxes are compared."""

from __future__ import annotations

import re

# BATV, draft-levine-smtp-batv-01: prvs=KDDDSSSSSS=mailbox, signed by the mailbox's own host.
_BATV = re.compile(r"prvs=[0-9a-z]{10}=", re.IGNORECASE)


def mailbox_key(local: str) -> str:
    """Give the form in which local parts are compared.

    Only the receiving host may say that case matters (RFC 5321 section 2.4), and hardly one does.
    """
    return local.casefold()


def without_tag(key: str) -> str:
    """Give a mailbox key without its ``+tag`` (RFC 5233), which the same person reads."""
    base, _, _ = key.partition("+")
    return base or key


def without_batv(local: str) -> str:
    """Give a local part without its BATV signature, if it has one."""
    signature = _BATV.match(local)
    return local[signature.end() :] if signature else local
