"""What we say of a RCPT line: the one place where the trial asks the gateway."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from gateway.model import Rule
from gateway.screening.classify import classify_line
from gateway.screening.snapshot import Snapshot, load

_POLICIES: Final = Path(__file__).parents[3] / "policies"
_ON: Final = date(2026, 12, 1)


@cache
def _snapshot() -> Snapshot:
    return load(_POLICIES)


def verdict(line: bytes) -> str:
    """``listed``, ``review``, ``unreadable`` or ``clear``."""
    finding = classify_line(line, _snapshot(), _ON)
    return "unreadable" if finding.rule is Rule.UNREADABLE else finding.standing.value
