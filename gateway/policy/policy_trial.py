"""The policy's examples, put to the test: by ``monition policy test`` and before every reload.

A reload whose examples fail is refused (behaviour P4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.addresses.canonical_mailbox import NO_FAMILIES
from gateway.policy.decide import decide_one

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from gateway.addresses.canonical_mailbox import SameMailboxes
    from gateway.model import Finding
    from gateway.policy.examples import Example, ExampleDifference
    from gateway.policy.rules import Rules


@dataclass(frozen=True, slots=True)
class FailedExample:
    """An example whose verdict is another than it expects, and in which points."""

    example: Example
    differences: tuple[ExampleDifference, ...]

    def __str__(self) -> str:
        example = self.example
        where = example.file if example.line is None else f"{example.file}:{example.line}"
        points = "; ".join(
            f"{point.key}: expected {point.expected}, got {point.got}" for point in self.differences
        )
        return f"{where}: {example.address}: {points}"


def failed_examples(
    rules: Rules,
    screen: Callable[[str, date], Finding],
    today: date,
    same_mailboxes: SameMailboxes = NO_FAMILIES,
) -> tuple[FailedExample, ...]:
    """Judge every example; empty where all are as expected.

    ``screen`` gives the verdict on an address as people write it, for a day: policy and
    screening do not know each other. An example that names no day is of ``today``.
    """
    failed: list[FailedExample] = []
    for example in rules.examples:
        on = example.on or today
        finding = screen(example.address, on)
        decision = decide_one(example.sender, finding, rules, on, same_mailboxes)
        if differences := example.differences(decision):
            failed.append(FailedExample(example, differences))
    return tuple(failed)
