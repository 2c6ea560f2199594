"""Resident memory, idle and while many large messages are under way at once."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.host import usage
from benchmarks.host.child import BenchmarkError
from benchmarks.peers import contestant
from benchmarks.peers.contestant import Meter, RunningPeer
from benchmarks.peers.peer import Peer, Role
from benchmarks.peers.postfix import SENDER
from benchmarks.report.figures import number
from benchmarks.report.goal import Goal, Judgement, judge
from benchmarks.report.table import Block, Row, Table
from benchmarks.sections.section import Outcome, Section, Setting
from benchmarks.traffic import errand
from benchmarks.traffic.content import as_sent, content
from benchmarks.traffic.order import Order

if TYPE_CHECKING:
    from collections.abc import Sequence

SESSIONS = 100
SIZE = 50_000_000
PART = 10
"""A peer that holds whole messages is sent a tenth, so that the machine's memory suffices; in a
quick run everybody gets a tenth of their own."""

BYTES_A_SECOND = 250_000_000
"""What the next hop takes, from all sessions together: far less than a sender gives."""

LOOK_SECONDS = 0.05
CLEAR = "m.keller@ethz.ch"
ABOVE_IDLE = Goal("goal ≤ 20", 20)


@dataclass(frozen=True, slots=True)
class Sample:
    """Resident bytes of one peer's processes.

    ``idle``: ready, before its first message. ``typical``: the middle of what was seen while the
    messages were under way. ``peak``: the highest then, by the kernel's account.
    """

    peer: str
    size: int
    sessions: int
    idle: int
    typical: int
    peak: int
    seconds: float
    foreign_share: float


def run(setting: Setting) -> Outcome:
    """Measure one peer after the other, each alone."""
    samples: list[Sample] = []
    for peer in setting.present:
        size = SIZE // (1 if peer.is_streaming else PART) // (PART if setting.is_quick else 1)
        setting.tell(f"memory: {SESSIONS} messages of {size / 1e6:g} MB, {peer.name}")
        file = setting.directory / f"content-{size}"
        if not file.exists():
            file.write_bytes(as_sent(content(size)))
        with contestant.running(peer, setting, slow_sink) as each:
            samples.append(_sample(each, file, size, setting))
    block, judgements = summary(setting.peers, samples)
    return Outcome(
        table=Table(tuple(peer.name for peer in setting.peers), [block]),
        judgements=judgements,
        samples=[asdict(sample) for sample in samples],
        foreign_share=max(sample.foreign_share for sample in samples),
    )


def slow_sink(port: int) -> list[str]:
    """Give the command of a next hop that reads slowly."""
    script = Path(__file__).parents[1] / "peers" / "slow_sink.py"
    return [sys.executable, str(script), str(port), str(BYTES_A_SECOND)]


def _sample(each: RunningPeer, file: Path, size: int, setting: Setting) -> Sample:
    usage.rest(each.pid)
    idle = usage.resident_bytes(each.pid, peak=False)
    # Starting may have taken more for a moment than ever after.
    usage.forget_peak(each.pid)
    order = Order(
        port=each.place.listen,
        sessions=SESSIONS,
        is_kept=True,
        messages=SESSIONS,
        rate=None,
        sender=SENDER,
        recipient=each.peer.recipient or CLEAR,
        content=str(file),
    )
    meter, seen = Meter(each, setting.processors), [idle]
    try:
        with errand.begun(order) as process:
            while process.poll() is None:
                seen.append(usage.resident_bytes(each.pid, peak=False))
                time.sleep(LOOK_SECONDS)
            sent = errand.ended(process)
    except BenchmarkError as error:
        raise BenchmarkError(f"{each.peer.name}: {error}\n{each.said()}") from error
    each.sent += order.messages
    used = meter.read()
    if sent.most_in_content < SESSIONS:
        raise BenchmarkError(
            f"{each.peer.name}: of {SESSIONS} messages only {sent.most_in_content} were under "
            "way at once: the next hop took them too fast"
        )
    usage.rest(each.pid)
    return Sample(
        peer=each.peer.name,
        size=size,
        sessions=SESSIONS,
        idle=idle,
        typical=sorted(seen)[len(seen) // 2],
        peak=usage.resident_bytes(each.pid, peak=True),
        seconds=sent.seconds,
        foreign_share=used.foreign_share,
    )


def summary(peers: Sequence[Peer], samples: Sequence[Sample]) -> tuple[Block, list[Judgement]]:
    """Say what the samples show, and how the goal was met, which is about messages of full size."""
    ours = {peer.name for peer in peers if peer.role in (Role.CLEAR, Role.MATCHED)}
    above = {each.peer: (each.peak - each.idle) / 1e6 for each in samples}
    judged = [each.peer for each in samples if each.peer in ours and each.size == SIZE]
    thing = f"{SESSIONS} at once"
    rows = [
        Row(thing, "each of MB", {each.peer: f"{each.size / 1e6:g}" for each in samples}),
        Row(thing, "idle", {each.peer: _megabytes(each.idle) for each in samples}),
        Row(thing, "typical", {each.peer: _megabytes(each.typical) for each in samples}),
        Row(thing, "peak", {each.peer: _megabytes(each.peak) for each in samples}),
        Row(thing, "peak above idle", {peer: number(value) for peer, value in above.items()}),
    ]
    if judged:
        verdicts = {peer: ABOVE_IDLE.verdict(above[peer]) for peer in judged}
        rows.append(Row(thing, f"  {ABOVE_IDLE.text}", verdicts))
    judgements = [
        judge(ABOVE_IDLE, "memory", f"{thing}: peak above idle, MB", peer, above[peer])
        for peer in judged
    ]
    title = "Resident memory, MB, messages under way at once to a next hop that reads slowly"
    return Block(title, rows), judgements


def _megabytes(count: int) -> str:
    return number(count / 1e6)


SECTION = Section("memory", "resident memory with large messages under way", run, is_relay=True)
