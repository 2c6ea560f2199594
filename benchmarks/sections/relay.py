"""CPU a message and messages a second, for each way of sending."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.host import usage
from benchmarks.host.child import BenchmarkError
from benchmarks.peers import contestant, postfix
from benchmarks.peers.contestant import Meter, RunningPeer
from benchmarks.peers.peer import Peer, Role
from benchmarks.report.column import COLUMNS, Column
from benchmarks.report.figures import number, paired, shown, spread
from benchmarks.report.goal import Goal, Judgement, judge
from benchmarks.report.table import Block, Row, Table
from benchmarks.sections.section import Outcome, Section, Setting
from benchmarks.traffic.content import content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

WARM_UP = 0.2
"""Messages sent before the first sample, as a part of a sample's."""

NEAR_THE_FLOOR = Goal("goal ≤ 1.5", 1.5)
FAR_BELOW_THE_RIVAL = Goal("goal ≥ 5", 5, is_least=True)


@dataclass(frozen=True, slots=True)
class Sample:
    """What one peer used for the messages of one column, once."""

    repetition: int
    peer: str
    column: str
    messages: int
    cpu_seconds: float
    wall_seconds: float
    foreign_share: float

    @property
    def cpu_milliseconds(self) -> float:
        """For one message."""
        return 1000 * self.cpu_seconds / self.messages

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.wall_seconds


def run(setting: Setting) -> Outcome:
    """Measure in fresh processes each time, with every column sent through all of them.

    So the samples that are compared lie seconds apart, and the first in a column is another peer
    each time.
    """
    columns = [column for column in COLUMNS if column.has_goals or not setting.is_quick]
    for size in {column.size for column in columns}:
        _content(setting, size).write_text(content(size), "utf-8")
    samples: list[Sample] = []
    for repetition in range(setting.repetitions):
        setting.tell(f"relay: repetition {repetition + 1} of {setting.repetitions}")
        with contextlib.ExitStack() as stack:
            contestants = [
                stack.enter_context(contestant.running(peer, setting)) for peer in setting.present
            ]
            for each in contestants:
                for column in columns:
                    if column.has_goals:
                        send(each, column, setting, WARM_UP)
            for at, column in enumerate(columns):
                turn = (repetition + at) % len(contestants)
                samples += [
                    _sample(each, column, setting, repetition)
                    for each in contestants[turn:] + contestants[:turn]
                ]
    blocks, judgements = summary(columns, setting.peers, samples)
    return Outcome(
        table=Table(tuple(peer.name for peer in setting.peers), blocks),
        judgements=judgements,
        samples=[asdict(sample) for sample in samples],
        foreign_share=max(sample.foreign_share for sample in samples),
    )


def _content(setting: Setting, size: int) -> Path:
    return setting.directory / f"content-{size}"


def send(each: RunningPeer, column: Column, setting: Setting, part: float = 1) -> tuple[int, float]:
    """Send one sample, or a part of it, and see that all arrived; give the count and the seconds.

    Raises :class:`BenchmarkError` where sending fails or a message is missing.
    """
    peer = each.peer
    messages = column.messages(setting.messages, peer.pace * part)
    before = each.arrived
    try:
        seconds = postfix.send(
            column,
            _content(setting, column.size),
            peer.recipient or column.clear,
            messages,
            each.place.listen,
        )
    except BenchmarkError as error:
        raise BenchmarkError(f"{peer.name}, {column.key}: {error}\n{each.said()}") from error
    each.sent += messages
    usage.rest(each.pid)
    arrived = each.arrived - before
    if arrived < messages:
        raise BenchmarkError(
            f"{peer.name}, {column.key}: {messages} messages sent, {arrived} arrived"
        )
    return messages, seconds


def _sample(each: RunningPeer, column: Column, setting: Setting, repetition: int) -> Sample:
    usage.rest(each.pid)
    meter = Meter(each, setting.processors)
    messages, seconds = send(each, column, setting)
    used = meter.read()
    return Sample(
        repetition=repetition,
        peer=each.peer.name,
        column=column.key,
        messages=messages,
        cpu_seconds=used.cpu_seconds,
        wall_seconds=seconds,
        foreign_share=used.foreign_share,
    )


def summary(
    columns: Iterable[Column], peers: Sequence[Peer], samples: Sequence[Sample]
) -> tuple[list[Block], list[Judgement]]:
    """Say what the samples show, and how the goals were met; columns of equal sessions adjoin."""
    blocks: list[Block] = []
    judgements: list[Judgement] = []
    for sessions, group in groupby(columns, key=lambda column: column.sessions):
        rows: list[Row] = []
        for column in group:
            more, judged = _rows(column, peers, samples)
            rows += more
            judgements += judged
        count = f"{sessions} sessions" if sessions > 1 else "one session"
        blocks.append(Block(f"CPU a message and throughput, {count}", rows))
    return blocks, judgements


def _rows(
    column: Column, peers: Sequence[Peer], samples: Sequence[Sample]
) -> tuple[list[Row], list[Judgement]]:
    mine = [sample for sample in samples if sample.column == column.key]
    cpu = {peer.name: _of(mine, peer, lambda each: each.cpu_milliseconds) for peer in peers}
    rates = {peer.name: _of(mine, peer, lambda each: each.rate) for peer in peers}
    rows = [Row(column.name, "CPU, ms", _medians(cpu))]
    judgements: list[Judgement] = []
    clear = [peer.name for peer in peers if peer.role is Role.CLEAR]
    others = [peer.name for peer in peers if peer.role is not Role.FLOOR]
    for role, goal, label, of, judged in (
        (Role.FLOOR, NEAR_THE_FLOOR, "× {}'s", others, clear),  # noqa: RUF001
        (Role.RIVAL, FAR_BELOW_THE_RIVAL, "{}'s ÷ it", clear, clear),
    ):
        base = next((peer for peer in peers if peer.role is role and peer.missing is None), None)
        if base is None or (role is Role.RIVAL and not column.has_goals):
            continue
        compare = _quotient if role is Role.FLOOR else _inverse
        ratios = {name: paired(cpu[name], cpu[base.name], compare) for name in of}
        measure = label.format(base.name.partition(",")[0])
        rows.append(Row(column.name, measure, _spreads(ratios)))
        if column.has_goals:
            verdicts = {n: goal.verdict(median(ratios[n])) for n in judged if ratios[n]}
            rows.append(Row(column.name, f"  {goal.text}", verdicts))
            judgements += [
                judge(goal, "relay", f"{column.key}: CPU {measure}", name, median(ratios[name]))
                for name in verdicts
            ]
    rows.append(Row(column.name, "messages/s", _medians(rates)))
    return rows, judgements


def _of(
    samples: Iterable[Sample], peer: Peer, value: Callable[[Sample], float]
) -> dict[int, float]:
    return {each.repetition: value(each) for each in samples if each.peer == peer.name}


def _quotient(mine: float, theirs: float) -> float:
    return mine / theirs


def _inverse(mine: float, theirs: float) -> float:
    return theirs / mine


def _medians(values: dict[str, dict[int, float]]) -> dict[str, str]:
    return {name: number(median(of.values())) for name, of in values.items() if of}


def _spreads(values: dict[str, list[float]]) -> dict[str, str]:
    return {name: shown(spread(of)) for name, of in values.items() if of}


SECTION = Section("relay", "CPU a message and throughput, beside the peers", run, is_relay=True)
