"""The ways of sending that CPU and throughput are taken for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A way of sending. ``size`` is bytes of content; ``clear`` a recipient nobody has listed."""

    name: str
    size: int
    is_kept: bool
    clear: str
    share: float
    """Messages in a sample, as a part of what ``--messages`` asks for."""
    sessions: int = 20
    """Client sessions at once, as ``smtp-source -s``."""
    has_goals: bool = False
    """A quick run takes these only; they also warm up a process before its first sample."""

    @property
    def key(self) -> str:
        """The name with the sessions, which no other column has."""
        return f"{self.name}, {self.sessions} session{'s' if self.sessions > 1 else ''}"

    def messages(self, asked: int, pace: float = 1.0) -> int:
        """Give how many messages make one sample, for a peer of that pace; no session goes idle."""
        # Of large ones a few say enough, and twenty would take a slow peer seven seconds.
        least = min(self.sessions, 5) if self.size > 1_000_000 else self.sessions
        return max(least, round(asked * self.share * pace))


OXFORD, PROVIDER = "c.smith@physics.ox.ac.uk", "somebody.else@gmail.com"
ZURICH, STANFORD = "m.keller@ethz.ch", "dean@cs.stanford.edu"

COLUMNS = (
    Column("new 2 KB", 2_000, is_kept=False, clear=OXFORD, share=1, has_goals=True),
    Column("kept 2 KB", 2_000, is_kept=True, clear=PROVIDER, share=1.5, has_goals=True),
    Column("new 200 KB", 200_000, is_kept=False, clear=ZURICH, share=0.25, has_goals=True),
    Column("kept 200 KB", 200_000, is_kept=True, clear=STANFORD, share=0.25, has_goals=True),
    Column("new 10 MB", 10_000_000, is_kept=False, clear=OXFORD, share=0.01),
    Column("kept 10 MB", 10_000_000, is_kept=True, clear=PROVIDER, share=0.01),
    Column("new 2 KB", 2_000, is_kept=False, clear=ZURICH, share=0.4, sessions=1),
    Column("kept 2 KB", 2_000, is_kept=True, clear=STANFORD, share=0.5, sessions=1),
    Column("new 2 KB", 2_000, is_kept=False, clear=OXFORD, share=1, sessions=200),
    Column("kept 2 KB", 2_000, is_kept=True, clear=PROVIDER, share=1.5, sessions=200),
    Column("kept 200 KB", 200_000, is_kept=True, clear=ZURICH, share=0.25, sessions=200),
)
"""Those of the same sessions stand together, and the table gives them a line of their own."""
