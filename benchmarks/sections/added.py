"""What the samples of latency say: how much each peer adds, beside the goals."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.peers.peer import Role
from benchmarks.report.figures import number, paired, spread, whole
from benchmarks.report.goal import Goal, Judgement, judge
from benchmarks.report.table import Block, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.peers.peer import Peer
    from benchmarks.traffic.load import Load

STRAIGHT = "straight"
"""The name of those samples that went through no gateway."""

TIMES_THE_FLOOR = 2
TIMES_THE_DISK = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """One sending at one load. ``latency`` and ``delay``: percentiles by name, in seconds.

    ``delay`` is the part of the latency before our first byte. ``sender_share``: what the sender
    itself used of one processor. ``rate`` is messages a second; ``repetition`` counts from 0.
    """

    repetition: int
    peer: str
    load: str
    rate: float
    messages: int
    latency: dict[str, float]
    delay: dict[str, float]
    sender_share: float
    foreign_share: float


class Added:
    """The samples of one load: microseconds through a peer, less the microseconds straight.

    Percentiles are taken of each sending and then subtracted, repetition by repetition; of the
    differences between single messages nothing is known.
    """

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._latency: dict[tuple[str, str], dict[int, float]] = {}
        for sample in samples:
            for step, seconds in sample.latency.items():
                of = self._latency.setdefault((sample.peer, step), {})
                of[sample.repetition] = 1e6 * seconds

    def straight(self) -> str:
        """Give what straight sending took, in words: microseconds."""
        steps = (self._latency[STRAIGHT, step] for step in ("p50", "p99"))
        p50, p99 = (f"{median(of.values()):.0f}" for of in steps)
        return f"p50 {p50}, p99 {p99}"

    def over(self, peer: str, other: str, step: str) -> list[float]:
        """Give what one takes longer than the other at a percentile (``p99``), in each repetition.

        In microseconds; empty where either has no samples.
        """
        mine, theirs = (self._latency.get((name, step), {}) for name in (peer, other))
        return paired(mine, theirs, lambda one, another: one - another)

    def row(self, load: Load, peers: Iterable[Peer], step: str) -> Row:
        """Give what each peer adds at a percentile, as a row of the table."""
        added = {peer.name: self.over(peer.name, STRAIGHT, step) for peer in peers}
        return Row(load.name, step, _cells(added))


def summary(
    samples: Sequence[Sample],
    loads: Iterable[Load],
    peers: Sequence[Peer],
    speeds: Mapping[str, Mapping[str, float]],
    sync_seconds: float,
) -> tuple[list[Block], list[Judgement]]:
    """Give a block for each load, and how the goals were met.

    ``speeds``: messages a second by way and peer. ``sync_seconds``: what the disk takes for one
    ``fdatasync``.
    """
    blocks: list[Block] = []
    judgements: list[Judgement] = []
    for load in loads:
        mine = [sample for sample in samples if sample.load == load.key]
        added = Added(mine)
        rows = [added.row(load, peers, "p50"), added.row(load, peers, "p99")]
        if Role.MATCHED in load.roles:
            more, judged = _by_matching(load, peers, added, sync_seconds)
        else:
            more, judged = _beside_the_floor(load, peers, added)
        at_most = {name: number(speed) for name, speed in speeds[load.way].items()}
        rows += [*more, Row(load.name, "at most, /s", at_most)]
        title = (
            f"Added latency, µs: {load.way}, {mine[0].rate:,.0f}/s ({load.part:g} of the slowest's "
            f"most); straight: {added.straight()}"
        )
        blocks.append(Block(title, rows))
        judgements += judged
    return blocks, judgements


def _beside_the_floor(
    load: Load, peers: Sequence[Peer], added: Added
) -> tuple[list[Row], list[Judgement]]:
    floor = next(peer for peer in peers if peer.role is Role.FLOOR)
    floor_adds = added.over(floor.name, STRAIGHT, "p99")
    if not floor_adds:
        return [], []
    clear = [peer.name for peer in peers if peer.role is Role.CLEAR]
    text, bound = f"goal ≤ {TIMES_THE_FLOOR} × p99", TIMES_THE_FLOOR * median(floor_adds)  # noqa: RUF001
    if bound <= 0:
        # Twice nothing is nothing: the machine was too restless for this goal.
        return [Row(load.name, f"  {text}", dict.fromkeys(clear, "floor lost in noise"))], []
    adds = {name: added.over(name, STRAIGHT, "p99") for name in clear}
    return _judged(load, Goal(text, bound), "p99 added, µs", adds)


def _by_matching(
    load: Load, peers: Sequence[Peer], added: Added, sync_seconds: float
) -> tuple[list[Row], list[Judgement]]:
    clear = next(peer.name for peer in peers if peer.role is Role.CLEAR)
    matched = next(peer.name for peer in peers if peer.role is Role.MATCHED)
    over = {matched: added.over(matched, clear, "p50")}
    sync = 1e6 * sync_seconds
    goal = Goal(f"goal ≤ {TIMES_THE_DISK} × {sync:.0f}", TIMES_THE_DISK * sync)  # noqa: RUF001
    rows, judgements = _judged(load, goal, "p50 added by matching, µs", over)
    return [Row(load.name, "by matching, p50", _cells(over)), *rows], judgements


def _judged(
    load: Load, goal: Goal, measure: str, adds: Mapping[str, list[float]]
) -> tuple[list[Row], list[Judgement]]:
    middle = {name: median(of) for name, of in adds.items() if of}
    verdicts = {name: goal.verdict(value) for name, value in middle.items()}
    return [Row(load.name, f"  {goal.text}", verdicts)], [
        judge(goal, "latency", f"{load.key}: {measure}", name, value)
        for name, value in middle.items()
    ]


def _cells(values: Mapping[str, list[float]]) -> dict[str, str]:
    return {name: whole(spread(of)) for name, of in values.items() if of}
