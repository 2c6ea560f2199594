"""The digest of a snapshot: one name for all that a verdict rests on.

By it a verdict can be given again years later.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gateway.screening import snapshot_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.model import Entity
    from gateway.screening.recipient_kind import MailboxKinds


def digest_of(entities: Iterable[Entity], mailbox_kinds: MailboxKinds) -> str:
    """Give ``sha256:`` and 64 hex digits over the whole content of a snapshot."""
    return digest_of_lines(snapshot_lines.lines(entities, mailbox_kinds))


def digest_of_lines(lines: Iterable[bytes]) -> str:
    """Give the same of a snapshot's lines, each of them ended by a newline."""
    found = hashlib.sha256()
    for line in lines:
        found.update(line + b"\n")
    return f"sha256:{found.hexdigest()}"
