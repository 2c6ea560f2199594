"""The run: repetitions, samples, and the order they are taken in."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks import child, sending, usage
from benchmarks.child import BenchmarkError, Ports
from benchmarks.column import COLUMNS, Column
from benchmarks.content import content
from benchmarks.peer import Peer, Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WARM_UP = 0.2
"""Messages sent before the first sample, as a part of a sample's."""


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
    """Of the machine's processors, what programs that are not ours took meanwhile."""

    @property
    def cpu_milliseconds(self) -> float:
        """For one message."""
        return 1000 * self.cpu_seconds / self.messages

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.wall_seconds


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident bytes of one process: ready and idle, and at its highest."""

    repetition: int
    peer: str
    idle: int
    peak: int


@dataclass(slots=True)
class Contestant:
    """A peer's process in one repetition, with a next hop of its own."""

    peer: Peer
    place: Place
    pid: int
    sink_pid: int
    idle_bytes: int
    sent: int = 0

    @property
    def sink_log(self) -> Path:
        """Where its next hop counts."""
        return self.place.directory / "sink.log"


@dataclass(slots=True)
class Run:
    """Takes the samples. ``processors`` is the machine's count of them."""

    peers: tuple[Peer, ...]
    directory: Path
    messages: int
    repetitions: int
    processors: int
    tell: Callable[[str], None]
    samples: list[Sample] = field(default_factory=list)
    memories: list[Memory] = field(default_factory=list)
    _ports: Ports = field(default_factory=Ports)

    def go(self) -> None:
        """Take all samples, or raise ``BenchmarkError``."""
        for column in COLUMNS:
            self._content(column).write_text(content(column.size), "utf-8")
        for repetition in range(self.repetitions):
            self.tell(f"repetition {repetition + 1} of {self.repetitions}")
            self._repeat(repetition)

    def _content(self, column: Column) -> Path:
        return self.directory / f"content-{column.size}"

    def _repeat(self, repetition: int) -> None:
        """Fresh processes, all at once; each column is run by all of them in turn.

        So the samples that are compared lie seconds apart, and the first in a column is
        another peer each time.
        """
        with contextlib.ExitStack() as stack:
            contestants = [self._start(stack, peer, repetition) for peer in self.peers]
            for contestant in contestants:
                for column in COLUMNS:
                    self._send(contestant, column, WARM_UP)
            for at, column in enumerate(COLUMNS):
                turn = (repetition + at) % len(contestants)
                for contestant in contestants[turn:] + contestants[:turn]:
                    self.samples.append(self._sample(contestant, column, repetition))
            for contestant in contestants:
                peak = usage.resident_bytes(contestant.pid, peak=True)
                name = contestant.peer.name
                self.memories.append(Memory(repetition, name, contestant.idle_bytes, peak))
        for contestant in contestants:
            contestant.peer.check(contestant.place, contestant.sent)

    def _start(self, stack: contextlib.ExitStack, peer: Peer, repetition: int) -> Contestant:
        directory = self.directory / f"{repetition}-{self.peers.index(peer)}"
        directory.mkdir()
        place = Place(directory, self._ports.take(), self._ports.take())
        sink = child.running(
            sending.sink(place.next_hop),
            place.next_hop,
            directory / "sink.log",
            unprivileged=True,
        )
        sink_pid = stack.enter_context(sink)
        gateway = child.running(peer.command(place), place.listen, directory / "log")
        pid = stack.enter_context(gateway)
        return Contestant(peer, place, pid, sink_pid, usage.resident_bytes(pid, peak=False))

    def _send(self, contestant: Contestant, column: Column, part: float = 1) -> tuple[int, float]:
        """Send, and see that all arrived; gives the count and the seconds."""
        peer = contestant.peer
        messages = column.messages(self.messages, peer.pace * part)
        before = sending.arrived(contestant.sink_log)
        try:
            seconds = sending.send(
                column,
                peer.recipient or column.clear,
                messages,
                self._content(column),
                contestant.place.listen,
            )
        except BenchmarkError as error:
            said = child.tail(contestant.place.directory / "log")
            raise BenchmarkError(f"{peer.name}, {column.name}: {error}\n{said}") from error
        contestant.sent += messages
        usage.rest(contestant.pid)
        arrived = sending.arrived(contestant.sink_log) - before
        if arrived < messages:
            raise BenchmarkError(
                f"{peer.name}, {column.name}: {messages} messages sent, {arrived} arrived"
            )
        return messages, seconds

    def _sample(self, contestant: Contestant, column: Column, repetition: int) -> Sample:
        usage.rest(contestant.pid)
        began = time.perf_counter()
        cpu = usage.cpu_seconds(contestant.pid)
        sink = usage.cpu_seconds(contestant.sink_pid)
        ours, machine = usage.our_seconds(), usage.machine_seconds()
        messages, seconds = self._send(contestant, column)
        cpu = usage.cpu_seconds(contestant.pid) - cpu
        known = cpu + usage.cpu_seconds(contestant.sink_pid) - sink + usage.our_seconds() - ours
        foreign = usage.machine_seconds() - machine - known
        room = (time.perf_counter() - began) * self.processors
        return Sample(
            repetition=repetition,
            peer=contestant.peer.name,
            column=column.name,
            messages=messages,
            cpu_seconds=cpu,
            wall_seconds=seconds,
            foreign_share=max(0.0, foreign / room),
        )
