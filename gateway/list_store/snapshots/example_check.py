"""A snapshot put to the proof before it is in force: do the policies' own examples still hold?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.addresses.address_text import from_text
from gateway.errors import Fault, ListError
from gateway.policy import policy_trial, rules
from gateway.screening.classify import classify

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from gateway.policy.policy_trial import FailedExample
    from gateway.policy.rules import Rules
    from gateway.screening.snapshot import Snapshot


def failed_examples(policy: Rules, made: Snapshot, on: date) -> tuple[FailedExample, ...]:
    """Judge every example by a snapshot; empty where all are as expected."""
    return policy_trial.failed_examples(
        policy,
        lambda address, day: classify(from_text(address), made, day),
        on,
        made.mailbox_kinds.same_mailboxes,
    )


def faults(failed: Iterable[FailedExample], what: str) -> list[Fault]:
    """Word failed examples, each with its file and line, behind ``what``."""
    return [_fault(each, what) for each in failed]


def _fault(failed: FailedExample, what: str) -> Fault:
    place = Fault(failed.example.file, failed.example.line, None, "")
    # The place goes before the whole, and not before the example again.
    return replace(place, message=f"{what}: {str(failed).removeprefix(str(place))}")


def check(policies: Path, made: Snapshot, on: date, what: str = "with this list") -> None:
    """Raise :class:`ListError` where an example fails: a gateway would refuse the snapshot too.

    ``what`` says of which snapshot that is told. Raises ``ConfigError`` for faulty policies.
    """
    failed = failed_examples(rules.load(policies), made, on)
    if failed:
        raise ListError(
            Fault(each.file, each.line, None, f"{each.message}; nothing was changed")
            for each in faults(failed, f"{what} an example of the policy fails")
        )
