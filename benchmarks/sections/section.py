"""A section of the benchmarks: what it is given, and what it hands back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.host.child import Ports

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.peers.peer import Peer
    from benchmarks.report.goal import Judgement
    from benchmarks.report.table import Table


@dataclass(frozen=True, slots=True)
class Setting:
    """All that a section needs to know of this run.

    ``directory`` is an empty one of its own, on a real disk, and is removed afterwards.
    ``messages`` is how many make one sample of small messages; ``processors`` the machine's.
    ``tell`` takes a line for the person who waits.
    """

    directory: Path
    peers: tuple[Peer, ...]
    repetitions: int
    messages: int
    is_quick: bool
    processors: int
    tell: Callable[[str], None]
    ports: Ports = field(default_factory=Ports)
    data: Path | None = None
    """Where real lists lie, if anywhere: ``ofac/sdn.csv`` …, ``universities/`` and ``ror/``."""

    @property
    def present(self) -> tuple[Peer, ...]:
        """The peers that can run here."""
        return tuple(peer for peer in self.peers if peer.missing is None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a section found. ``samples`` go into the result's file as they are."""

    table: Table
    judgements: list[Judgement]
    samples: list[dict[str, Any]]
    foreign_share: float
    """The most that other programs took of the machine while a sample was taken."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a run. ``run`` measures; it raises ``BenchmarkError`` where that cannot be done.

    ``is_relay``: about the relay beside its peers, and part of a run that names no section.
    """

    name: str
    help: str
    run: Callable[[Setting], Outcome]
    is_relay: bool = False
