"""The loads that latency is taken under."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.peers.peer import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

UNMATCHED = (Role.FLOOR, Role.CLEAR)
OURS = (*UNMATCHED, Role.MATCHED)
EVERYBODY = (*OURS, Role.RIVAL)


@dataclass(frozen=True, slots=True)
class Load:
    """A way of sending, who is compared, and how much: a part of what the slowest of them takes.

    What each takes is tried in the same run with the same sender, which then sends as fast as
    its sessions allow. So nobody is measured beyond what they can bear, and no figure from
    another program or another machine comes in.
    """

    name: str
    size: int
    is_kept: bool
    roles: tuple[Role, ...]
    part: float = 0.5
    sessions: int = 20

    @property
    def way(self) -> str:
        """How it is sent; the speeds are by this."""
        sessions = f"{self.sessions} sessions" if self.sessions > 1 else "one session"
        return f"{self.name}, {sessions}"

    @property
    def key(self) -> str:
        """The name of one load only."""
        roles = ", ".join(role.name.lower() for role in self.roles)
        return f"{self.way}, {self.part:g} of the slowest of {roles}"


LOADS = (
    Load("kept 2 KB", 2_000, is_kept=True, roles=UNMATCHED),
    Load("new 2 KB", 2_000, is_kept=False, roles=UNMATCHED),
    Load("kept 2 KB", 2_000, is_kept=True, roles=EVERYBODY),
    # One after the other, with room between them: what a match costs where nothing else waits.
    Load("kept 2 KB", 2_000, is_kept=True, roles=OURS, part=0.2, sessions=1),
)
"""A quick run leaves out those of one session."""


def pace(load: Load, speeds: Iterable[float]) -> float:
    """Give messages a second for those who reach these speeds, to two digits."""
    return float(f"{min(speeds) * load.part:.1e}")
