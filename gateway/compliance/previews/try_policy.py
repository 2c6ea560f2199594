"""A policy's examples held against lists and rules, and what of it does not fit (P4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.list_store.snapshots import example_check
from gateway.policy import rules as policy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from gateway.config import Config
    from gateway.policy.policy_trial import FailedExample
    from gateway.policy.rules import Rules
    from gateway.screening.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class PolicyTrial:
    """What came of it: the examples that failed, of so many, and notes, a sentence each."""

    failed: tuple[FailedExample, ...]
    examples: int
    notes: tuple[str, ...]


def try_policy(config: Config, snapshot: Snapshot, today: date) -> PolicyTrial:
    """Judge every example of the policies directory; one that names no day is of ``today``.

    Raises :class:`gateway.errors.FaultyFile` where the policies cannot be read.
    """
    rules = policy.load(config.policies.directory)
    failed = example_check.failed_examples(rules, snapshot, today)
    return PolicyTrial(failed, len(rules.examples), tuple(notes(rules, snapshot, today)))


def notes(rules: Rules, snapshot: Snapshot, on: date) -> Iterator[str]:
    """Say what is no fault of one file but does not fit together: ids, tiers, days gone by."""
    for exemption in rules.expired(on):
        until = exemption.conditions.until
        yield (
            f"note: the exception {exemption.name!r} of {exemption.owner} ended on {until} "
            "and does nothing; renew it or take it out"
        )
    named = [(f"rule {rule.name!r}", rule.conditions) for rule in rules.rules]
    named += [(f"exception {each.name!r}", each.conditions) for each in rules.exceptions]
    for who, conditions in named:
        for id_ in sorted(conditions.entity - snapshot.entities.keys()):
            yield f"note: the {who} names the entity {id_!r}, which no list has"
    lists = {each.list for entity in snapshot.entities.values() for each in entity.listings}
    for list_ in sorted(lists):
        if not rules.tiers.has_list(list_):
            tier = rules.tiers.otherwise
            yield f"note: the list {list_} has no [[tier]] in policy.toml and counts as {tier}"
