"""One event as it is read: what is sealed of it, and the personal data beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.ledger.record.record import Part
    from gateway.model import Event


@dataclass(frozen=True, slots=True)
class EventWithActs:
    """One event whole: its row, its facts, and its personal parts; ``None`` is an erased part."""

    event: Event
    facts: Mapping[str, Any]
    personal: Mapping[Part, Mapping[str, Any] | None]
