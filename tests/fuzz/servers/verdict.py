"""What we say of a RCPT line: the one place where the trial asks the gateway."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from gateway.model import Rule
from gateway.screening.classify import classify_line
from gateway.screening.known_clear import KnownClear
from gateway.screening.snapshot import load

_POLICIES: Final = Path(__file__).parents[3] / "policies"
_ON: Final = date(2026, 12, 1)


@cache
def _known_clear() -> KnownClear:
    return KnownClear(load(_POLICIES))


def verdict(line: bytes) -> str:
    """``listed``, ``review``, ``unreadable`` or ``clear``, asked in the order of the relay."""
    known_clear = _known_clear()
    if known_clear.is_clear(line):
        return "clear"
    finding = classify_line(line, known_clear.snapshot, _ON)
    return "unreadable" if finding.rule is Rule.UNREADABLE else finding.standing.value
