"""The notices on their way: those that wait, were given up or were sent, and trying one again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gateway.ledger.store import retry_notice

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.config import Config
    from gateway.ledger.query.logged_reading import LoggedReading

COLUMNS = (
    *("id", "state", "recipient", "entities", "created_at", "attempts", "not_before"),
    *("lease_until", "sent_at", "next_at", "last_error"),
)
"""The keys of a notice in the outbox."""


def waiting(reading: LoggedReading, *, everything: bool = False) -> list[dict[str, Any]]:
    """Give the notices that wait or were given up, oldest first; with ``everything`` the sent, too.

    Recipients are senders of matched mail: where names are shown, who looks is recorded (A9).
    """
    return reading.notices(everything=everything)


def retry(config: Config, notice: str | None, at: datetime) -> tuple[str, ...]:
    """Send again: the notice with that id, or all that wait after a failure or were given up.

    Gives their ids. Raises :class:`gateway.errors.LedgerError` where there is no ledger, and for an
    id that is none of such a notice.
    """
    return retry_notice.retry(config.ledger.path, notice, at=at, entropy=os.urandom)
