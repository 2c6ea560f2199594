"""A snapshot put to the proof before it is in force: do the policies' own examples still hold?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import Fault, ListError
from gateway.policy import rules, trial
from gateway.screen.address import from_text
from gateway.screen.classify import classify

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from gateway.screen.snapshot import Snapshot


def prove(policies: Path, made: Snapshot, on: date) -> None:
    """Raise :class:`ListError` where an example fails: a gateway would refuse the snapshot too."""
    policy = rules.load(policies)
    failed = trial.failures(
        policy, lambda address, day: classify(from_text(address), made, day), on
    )
    if failed:
        raise ListError(
            Fault(
                each.example.file,
                each.example.line,
                None,
                f"with this list an example of the policy fails: {each}; nothing was changed",
            )
            for each in failed
        )
