"""What we say of a RCPT line: the one place where the trial asks the gateway."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from gateway.addresses.mailbox import parse
from gateway.addresses.mailbox_path import readings
from gateway.model import Standing
from gateway.screening.classify import classify
from gateway.screening.snapshot import Snapshot, load

_POLICIES: Final = Path(__file__).parents[3] / "policies"
_ON: Final = date(2026, 12, 1)
_ORDER: Final = ("clear", "unreadable", "review", "listed")


@cache
def _snapshot() -> Snapshot:
    return load(_POLICIES)


def verdict(line: bytes) -> str:
    """``listed``, ``review``, ``unreadable`` or ``clear``: the strictest of what is read in it."""
    found = {_of_path(path) for path in readings(line)} or {"clear"}
    return max(found, key=_ORDER.index)


def _of_path(path: bytes) -> str:
    finding = classify(parse(path), _snapshot(), _ON)
    if finding.standing is Standing.REVIEW and finding.rule == "unreadable":
        return "unreadable"
    return finding.standing.value
