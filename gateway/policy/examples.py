"""Addresses and the verdicts they must have: the policy's own tests.

They stand in ``examples.toml``, and as ``[[example]]`` beside what they are about, in policy.toml,
exceptions.toml or an entities file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.document import Document
from gateway.errors import FaultyFile
from gateway.model import Action, Kind, Rule, Standing, Tier

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from gateway.document import Section
    from gateway.errors import Fault
    from gateway.model import Decision

# What an example writes where a verdict must have nothing: TOML has no null.
NO_VALUE = "none"


class ExampleDifference(NamedTuple):
    """One point in which a verdict is not what its example expects."""

    key: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Example:
    """An address, the circumstances, and what is expected of its verdict, key by key.

    ``sender`` is ``None`` for the null sender, ``on`` for today. ``expected`` maps keys that
    ``monition check`` prints (``standing``, ``tier``, ``policy_rule`` …) to the values they must
    have, :data:`NO_VALUE` where they must have none. ``line`` counts from 1.
    """

    address: str
    sender: str | None
    on: date | None
    expected: Mapping[str, str]
    why: str | None
    file: str
    line: int | None

    def differences(self, decision: Decision) -> tuple[ExampleDifference, ...]:
        """Compare with the decision about this one address, which has one finding.

        Empty where all is as expected.
        """
        got = _verdict(decision)
        return tuple(
            ExampleDifference(key, wanted, got[key])
            for key, wanted in self.expected.items()
            if got[key] != wanted
        )


def read_examples(directory: Path, faults: list[Fault]) -> tuple[Example, ...]:
    """Read the examples of all files of a policies directory, whichever are there.

    Faults are added to ``faults``. Opens files, and nothing else.
    """
    files = [directory / name for name in ("examples.toml", "policy.toml", "exceptions.toml")]
    files += sorted((directory / "entities").glob("*.toml"))
    examples: list[Example] = []
    for path in filter(lambda path: path.is_file(), files):
        try:
            document = Document.read(path)
        except FaultyFile as error:
            # Each other file has a reader of its own that tells.
            if path.name == "examples.toml":
                faults += error.faults
            continue
        found = [_example(section, str(path)) for section in document.root.tables("example")]
        if path.name != "examples.toml":
            document.root.known.update(document.root.keys())
        try:
            document.check()
        except FaultyFile as error:
            faults += error.faults
        examples += found
    return tuple(examples)


def _example(section: Section, file: str) -> Example:
    expected: dict[str, str | None] = {"standing": section.choice("standing", Standing)}
    for key, members in (("kind", Kind), ("tier", Tier), ("rule", Rule), ("action", Action)):
        if section.value(key, lambda value: value == NO_VALUE, default=False):
            expected[key] = NO_VALUE
        else:
            expected[key] = section.choice(key, members, default=None)
    for key in ("entity", "list", "matched", "policy_rule"):
        expected[key] = section.text(key, default=None)
    return Example(
        section.text("address"),
        section.text("from", default=None),
        section.date("on", default=None),
        {key: str(value) for key, value in expected.items() if value is not None},
        section.text("why", default=None),
        file,
        section.line(),
    )


def _verdict(decision: Decision) -> dict[str, str]:
    (finding,) = decision.findings
    verdict = {
        "standing": finding.standing,
        "kind": finding.kind,
        "tier": finding.tier,
        "rule": finding.rule,
        "action": decision.action,
        "entity": finding.entity and finding.entity.id,
        "list": finding.listing and finding.listing.list,
        "matched": finding.matched,
        "policy_rule": decision.rule,
    }
    return {key: NO_VALUE if value is None else str(value) for key, value in verdict.items()}
