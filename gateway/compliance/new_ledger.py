"""A ledger begun on purpose, where the one that was there is gone (behaviour O7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ledger.office import begin_ledger as office

if TYPE_CHECKING:
    from gateway.compliance.actor import Actor
    from gateway.config import Config


def begin_ledger(config: Config, actor: Actor, reason: str | None) -> str:
    """Begin the configured ledger; the id of the event that says so.

    Raises ``LedgerError`` where the one that was there is there still, or none can be made.
    """
    return office.begin(config.ledger.path, actor, reason=reason or None).id
