"""What was aimed at, and how near a run came."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.report.figures import number


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on one figure: the most that it may be, or with ``is_least`` the least."""

    text: str
    """As the table shows it, such as ``≤ 1.5``."""
    bound: float
    is_least: bool = False

    def is_met(self, measured: float) -> bool:
        """Whether a figure meets it; on the bound is met."""
        return measured >= self.bound if self.is_least else measured <= self.bound

    def verdict(self, measured: float) -> str:
        """``met``, or by how much it was missed, in the figure's own unit."""
        if self.is_met(measured):
            return "met"
        return f"missed by {number(abs(measured - self.bound), 2)}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One goal, held against one peer's figure."""

    section: str
    measure: str
    peer: str
    goal: str
    bound: float
    measured: float
    is_met: bool


def judge(goal: Goal, section: str, measure: str, peer: str, measured: float) -> Judgement:
    """Hold a goal against a peer's figure, for the result's file."""
    met = goal.is_met(measured)
    return Judgement(section, measure, peer, goal.text, goal.bound, measured, met)
