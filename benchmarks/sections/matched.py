"""How many matched messages a second one worker takes, and two, each durable before its dot."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.host import disk, machine
from benchmarks.peers import contestant, monition
from benchmarks.peers.contestant import Meter, RunningPeer
from benchmarks.peers.peer import Peer, Role
from benchmarks.report.column import Column
from benchmarks.report.figures import number, percentile, shown, spread
from benchmarks.report.goal import Goal, Judgement, judge
from benchmarks.report.table import Block, Row, Table
from benchmarks.sections import relay
from benchmarks.sections.section import Outcome, Section, Setting
from benchmarks.traffic.content import content

if TYPE_CHECKING:
    from collections.abc import Sequence

A_WORKER = Goal("goal ≥ 200", 200, is_least=True)
WORKERS = (1, 2)
REPETITIONS = 3
CLEAR = "nobody@example.org"

COLUMNS = (
    Column("new 2 KB", 2_000, is_kept=False, clear=CLEAR, share=1.5),
    Column("kept 2 KB", 2_000, is_kept=True, clear=CLEAR, share=1.5),
    Column("kept 2 KB", 2_000, is_kept=True, clear=CLEAR, share=1.5, sessions=200),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One sending, all of it matched. ``sync_seconds``: what the disk took for one before it."""

    repetition: int
    workers: int
    column: str
    messages: int
    wall_seconds: float
    cpu_seconds: float
    sync_seconds: float
    foreign_share: float

    @property
    def rate(self) -> float:
        """Messages a second and worker."""
        return self.messages / self.wall_seconds / self.workers


def run(setting: Setting) -> Outcome:
    """Measure each number of workers in fresh processes; several of them once."""
    peer = next(peer for peer in setting.peers if peer.role is Role.MATCHED)
    (setting.directory / f"content-{COLUMNS[0].size}").write_text(content(COLUMNS[0].size))
    samples: list[Sample] = []
    for workers in WORKERS:
        of_workers = monition.matched(peer.version, peer.missing, workers)
        for repetition in range(min(REPETITIONS, setting.repetitions) if workers == 1 else 1):
            setting.tell(f"matched: workers {workers}, repetition {repetition + 1}")
            with contestant.running(of_workers, setting) as each:
                relay.send(each, COLUMNS[1], setting, relay.WARM_UP)
                samples += [
                    _sample(each, column, setting, workers, repetition)
                    for column in (COLUMNS if workers == 1 else COLUMNS[:2])
                ]
    block, judgements = summary(peer, samples, machine.file_system(setting.directory))
    return Outcome(
        table=Table(tuple(peer.name for peer in setting.peers), [block]),
        judgements=judgements,
        samples=[asdict(sample) for sample in samples],
        foreign_share=max(sample.foreign_share for sample in samples),
    )


def _sample(
    each: RunningPeer, column: Column, setting: Setting, workers: int, repetition: int
) -> Sample:
    waits = sorted(disk.sync_seconds(setting.directory))
    meter = Meter(each, setting.processors)
    messages, seconds = relay.send(each, column, setting)
    used = meter.read()
    return Sample(
        repetition=repetition,
        workers=workers,
        column=column.key,
        messages=messages,
        wall_seconds=seconds,
        cpu_seconds=used.cpu_seconds,
        sync_seconds=percentile(waits, 50),
        foreign_share=used.foreign_share,
    )


def summary(
    peer: Peer, samples: Sequence[Sample], file_system: str
) -> tuple[Block, list[Judgement]]:
    """Give messages a second and worker, and how the goal was met, which is about one worker."""
    rows: list[Row] = []
    judgements: list[Judgement] = []
    for workers in WORKERS:
        for column in COLUMNS:
            rates = [
                each.rate
                for each in samples
                if each.workers == workers and each.column == column.key
            ]
            if not rates:
                continue
            thing = f"{column.name}, {column.sessions}"
            measure = "1 worker" if workers == 1 else f"each of {workers}"
            rows.append(Row(thing, measure, {peer.name: shown(spread(rates))}))
            if workers == 1:
                rate = median(rates)
                rows.append(Row(thing, f"  {A_WORKER.text}", {peer.name: A_WORKER.verdict(rate)}))
                what = f"{column.key}: matched messages a second and worker"
                judgements.append(judge(A_WORKER, "matched", what, peer.name, rate))
    wait = number(1000 * median(each.sync_seconds for each in samples), 2)
    title = (
        f"Matched messages a second and worker, by sessions; fdatasync on {file_system}: {wait} ms"
    )
    return Block(title, rows), judgements


SECTION = Section("matched", "matched messages a second and worker", run, is_relay=True)
