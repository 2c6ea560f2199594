"""exceptions.toml: what a named person allowed, why, and until when (behaviour P3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.document import Document
from gateway.errors import FaultyFile
from gateway.policy.conditions import read_conditions

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from gateway.document import Section
    from gateway.errors import Fault
    from gateway.policy.conditions import Conditions


@dataclass(frozen=True, slots=True)
class Exemption:
    """An exception. Its conditions bound it to institutions or recipients, and end on a day.

    ``licence`` is the reference of a licence it rests on, where there is one.
    """

    name: str
    owner: str
    reason: str
    conditions: Conditions
    licence: str | None = None

    def has_expired(self, on: date) -> bool:
        """Whether its last day is past: then it does nothing any more."""
        return self.conditions.until is not None and self.conditions.until < on


def read_exceptions(path: Path, faults: list[Fault]) -> tuple[Exemption, ...]:
    """Read the exceptions, in their order; none where the file is absent, or has a fault.

    Faults are added to ``faults``.
    """
    if not path.exists():
        return ()
    try:
        document = Document.read(path)
        document.root.known.add("example")
        sections = document.root.tables("exception")
        exceptions = tuple(map(_exemption, sections))
        seen: set[str] = set()
        for section, each in zip(sections, exceptions, strict=True):
            if each.name in seen:
                section.fault("name", f"{each.name!r} is the name of an exception before it")
            seen.add(each.name)
        document.check()
    except FaultyFile as error:
        faults += error.faults
        return ()
    return exceptions


def _exemption(section: Section) -> Exemption:
    conditions = read_conditions(section)
    if "until" not in section:
        section.fault("until", "is missing; an exception ends on a day: write its last one")
    if not conditions.name_somebody:
        section.fault(
            None,
            "covers everybody; say whom: entity = […] or recipient = […] (an address, a domain)",
        )
    return Exemption(
        section.text("name"),
        section.text("owner"),
        section.text("reason"),
        conditions,
        section.text("licence", default=None),
    )
