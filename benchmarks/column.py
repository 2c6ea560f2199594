"""What is sent in one column of the table."""

from __future__ import annotations

from dataclasses import dataclass

SESSIONS = 20
"""Client sessions at once, as ``smtp-source -s``."""


@dataclass(frozen=True, slots=True)
class Column:
    """A way of sending. ``size`` is bytes of content; ``clear`` a recipient nobody has listed."""

    name: str
    size: int
    is_kept: bool
    clear: str
    share: float
    """Messages in a sample, as a part of what ``--messages`` asks for."""

    def messages(self, asked: int, pace: float = 1.0) -> int:
        """How many messages make one sample, for a peer of that pace."""
        return max(SESSIONS, round(asked * self.share * pace))


COLUMNS = (
    Column("new 2 KB", 2_000, is_kept=False, clear="c.smith@physics.ox.ac.uk", share=1),
    Column("kept 2 KB", 2_000, is_kept=True, clear="somebody.else@gmail.com", share=1.5),
    Column("new 200 KB", 200_000, is_kept=False, clear="m.keller@ethz.ch", share=0.25),
    Column("kept 200 KB", 200_000, is_kept=True, clear="dean@cs.stanford.edu", share=0.25),
)
