"""A run's result: a table for people, a file for programs."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.report.table import Block, Row, Table, joined, render

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.peers.peer import Peer
    from benchmarks.sections.section import Outcome


@dataclass(slots=True)
class Result:
    """``facts``: of the machine; ``asked``: the options. ``began``: seconds since the epoch.

    ``outcomes`` are by the name of their section.
    """

    facts: dict[str, Any]
    asked: dict[str, Any]
    peers: Sequence[Peer]
    began: float
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def table(self, form: str) -> str:
        """Write what all sections found, and who was missing; ``form`` is one of ``FORMATS``."""
        tables = joined([outcome.table for outcome in self.outcomes.values()])
        shown = [render(self._marked(table), form) for table in tables]
        return "\n\n".join([*shown, "\n".join(self._who())])

    def _marked(self, table: Table) -> Table:
        """With a word in the columns that would be empty."""
        away = dict.fromkeys((peer.name for peer in self.peers if peer.missing), "missing")

        def marked(block: Block) -> Block:
            first, *others = block.rows
            cells = {**away, **first.cells}
            return Block(block.title, [Row(first.thing, first.measure, cells), *others])

        return Table(table.columns, [*map(marked, table.blocks)], table.notes)

    def _who(self) -> list[str]:
        here = [peer.told for peer in self.peers if peer.missing is None]
        away = [f"not measured: {peer.told}" for peer in self.peers if peer.missing is not None]
        return [*here, *away]

    @property
    def foreign_share(self) -> float:
        """The most that other programs took of the machine while a sample was taken."""
        return max((outcome.foreign_share for outcome in self.outcomes.values()), default=0)

    def write(self, directory: Path) -> Path:
        """Write all of it with every sample, as JSON; give the file, which the time names."""
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(self.began))
        file = directory / f"{stamp}.json"
        whole = {
            "machine": self.facts,
            "asked": self.asked,
            "peers": {peer.name: peer.missing or peer.version for peer in self.peers},
            "goals": [
                asdict(judgement)
                for outcome in self.outcomes.values()
                for judgement in outcome.judgements
            ],
            "samples": {name: outcome.samples for name, outcome in self.outcomes.items()},
        }
        file.write_text(json.dumps(whole, indent=1) + "\n")
        return file
