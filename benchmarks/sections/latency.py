"""Latency that a gateway adds, under a load that is the same for all who are compared."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.host import disk, usage
from benchmarks.host.child import BenchmarkError
from benchmarks.peers import contestant
from benchmarks.peers.contestant import Meter, RunningPeer
from benchmarks.peers.peer import Peer, Role
from benchmarks.peers.postfix import SENDER
from benchmarks.report.figures import ladder, percentile
from benchmarks.report.table import Table
from benchmarks.sections import added
from benchmarks.sections.added import Sample
from benchmarks.sections.section import Outcome, Section, Setting
from benchmarks.traffic import errand
from benchmarks.traffic.content import as_sent, content
from benchmarks.traffic.load import LOADS, Load, pace
from benchmarks.traffic.order import Order, Sent

if TYPE_CHECKING:
    from collections.abc import Iterable

CLEAR = "c.smith@physics.ox.ac.uk"
STRAIGHT = Peer(added.STRAIGHT, Role.FLOOR, "", None, lambda _place: [])
"""No gateway at all: what the others are compared with."""

SECONDS, QUICK_SECONDS = 2.0, 0.5
LEAST = 100
"""Messages in a sample, at the least."""
SENDER_SHARE = 0.8
"""Of one processor: a sender that needs more measures itself."""


def run(setting: Setting) -> Outcome:
    """Try what each can take, in the first repetition; then send each load through all, in turn."""
    loads = [load for load in LOADS if load.sessions > 1 or not setting.is_quick]
    for size in {load.size for load in loads}:
        (setting.directory / f"content-{size}").write_bytes(as_sent(content(size)))
    ways = {load.way: load for load in loads}
    speeds: dict[str, dict[str, float]] = {way: {} for way in ways}
    samples: list[Sample] = []
    syncs: list[float] = []
    for repetition in range(setting.repetitions):
        setting.tell(f"latency: repetition {repetition + 1} of {setting.repetitions}")
        with contextlib.ExitStack() as stack:
            everybody = [stack.enter_context(contestant.straight(STRAIGHT, setting))]
            everybody += [
                stack.enter_context(contestant.running(peer, setting)) for peer in setting.present
            ]
            for each in everybody:
                for way, load in ways.items():
                    # Whatever a process does only once is done before its first sample.
                    _send(each, _order(each, load, LEAST, None, setting))
                    if repetition == 0:
                        speeds[way][each.peer.name] = _speed(each, load, setting)
            syncs.append(percentile(sorted(disk.sync_seconds(setting.directory)), 50))
            for at, load in enumerate(loads):
                compared = [each for each in everybody if each.peer.role in load.roles]
                rate = pace(load, (speeds[load.way][each.peer.name] for each in compared))
                turn = (repetition + at) % len(compared)
                samples += [
                    _sample(each, load, rate, setting, repetition)
                    for each in compared[turn:] + compared[:turn]
                ]
    blocks, judgements = added.summary(samples, loads, setting.peers, speeds, median(syncs))
    return Outcome(
        table=Table(tuple(peer.name for peer in setting.peers), blocks, warnings(samples)),
        judgements=judgements,
        samples=[
            *[asdict(sample) for sample in samples],
            {"messages_a_second_at_most": speeds},
            {"fdatasync_seconds": syncs},
        ],
        foreign_share=max(sample.foreign_share for sample in samples),
    )


def _order(
    each: RunningPeer, load: Load, messages: int, rate: float | None, setting: Setting
) -> Order:
    """Such messages to that peer. Everybody has the same timetable, since the seed is the same."""
    return Order(
        port=each.place.listen,
        sessions=load.sessions,
        is_kept=load.is_kept,
        messages=messages,
        rate=rate,
        sender=SENDER,
        recipient=each.peer.recipient or CLEAR,
        content=str(setting.directory / f"content-{load.size}"),
    )


def _send(each: RunningPeer, order: Order) -> Sent:
    """And wait until the gateway rests again."""
    try:
        sent = errand.done(order)
    except BenchmarkError as error:
        raise BenchmarkError(f"{each.peer.name}: {error}\n{each.said()}") from error
    each.sent += order.messages
    usage.rest(each.pid)
    return sent


def _speed(each: RunningPeer, load: Load, setting: Setting) -> float:
    """Messages a second, as fast as its sessions take them."""
    messages = max(LEAST, round(setting.messages * each.peer.pace))
    return messages / _send(each, _order(each, load, messages, None, setting)).seconds


def _sample(
    each: RunningPeer, load: Load, rate: float, setting: Setting, repetition: int
) -> Sample:
    seconds = QUICK_SECONDS if setting.is_quick else SECONDS
    messages = max(LEAST, round(rate * seconds))
    meter = Meter(each, setting.processors)
    sent = _send(each, _order(each, load, messages, rate, setting))
    used = meter.read()
    return Sample(
        repetition=repetition,
        peer=each.peer.name,
        load=load.key,
        rate=rate,
        messages=messages,
        latency=ladder(sent.latencies),
        delay=ladder(sent.delays),
        sender_share=sent.cpu_seconds / sent.seconds,
        foreign_share=used.foreign_share,
    )


def warnings(samples: Iterable[Sample]) -> list[str]:
    """Warn where the sender was not fast enough to measure anybody but itself; else nothing."""
    most = max(sample.sender_share for sample in samples)
    if most <= SENDER_SHARE:
        return []
    return [f"The sender itself took up to {most:.0%} of a processor: these latencies say little."]


SECTION = Section("latency", "latency added, p50 and p99, at half load", run, is_relay=True)
