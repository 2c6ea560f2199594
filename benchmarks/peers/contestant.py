"""A peer's process with a next hop of its own, and the measuring of what it does."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.host import child, usage
from benchmarks.host.child import BenchmarkError
from benchmarks.peers import postfix
from benchmarks.peers.peer import Peer, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.sections.section import Setting


@dataclass(slots=True)
class RunningPeer:
    """A running peer and its next hop. ``sent``: messages it was given so far, warm-up included."""

    peer: Peer
    place: Place
    pid: int
    sink_pid: int
    sent: int = 0

    @property
    def arrived(self) -> int:
        """Messages that its next hop has counted."""
        return postfix.arrived(self.place.directory / "sink.log")

    def said(self) -> str:
        """Give the last lines of its log."""
        return child.tail(self.place.directory / "log")


@contextlib.contextmanager
def running(
    peer: Peer, setting: Setting, sink: Callable[[int], list[str]] = postfix.sink
) -> Iterator[RunningPeer]:
    """Start a peer with a fresh next hop. Where the block ends well, its work is checked.

    ``sink`` gives the next hop's command for its port. Raises :class:`BenchmarkError` where either
    does not start, or the work was not done.
    """
    ports = setting.ports
    # smtp-sink refuses to be root. One of ours may lie where nobody else may enter.
    drops_rights = sink is postfix.sink
    place = Place(setting.directory / f"{peer.role.name.lower()}-{ports.given}", *ports.pair())
    place.directory.mkdir()
    hop, log = place.next_hop, place.directory / "sink.log"
    with (
        child.running(sink(hop), hop, log, unprivileged=drops_rights) as sink_pid,
        child.running(peer.command(place), place.listen, place.directory / "log") as pid,
    ):
        contestant = RunningPeer(peer, place, pid, sink_pid)
        yield contestant
    try:
        peer.check(place, contestant.sent)
    except BenchmarkError as error:
        raise BenchmarkError(f"{peer.name}: {error}\n{contestant.said()}") from error


@contextlib.contextmanager
def straight(peer: Peer, setting: Setting) -> Iterator[RunningPeer]:
    """Start a next hop alone: what is sent to it goes through no gateway.

    Raises :class:`BenchmarkError` where it does not start.
    """
    port = setting.ports.take()
    place = Place(setting.directory / f"straight-{port}", port, port)
    place.directory.mkdir()
    log = place.directory / "sink.log"
    with child.running(postfix.sink(port), port, log, unprivileged=True) as pid:
        yield RunningPeer(peer, place, pid, pid)


@dataclass(frozen=True, slots=True)
class Use:
    """What the gateway used, and what others took of the machine meanwhile (0 to 1)."""

    cpu_seconds: float
    wall_seconds: float
    foreign_share: float


class Meter:
    """Measures from its making on; a sender must have ended when it is read."""

    def __init__(self, contestant: RunningPeer, processors: int) -> None:
        self._pid, self._sink_pid = contestant.pid, contestant.sink_pid
        self._processors = processors
        self._before = self._now()

    def read(self) -> Use:
        """Give what was used since."""
        at, gateway, sink, ours, machine = (
            now - before for now, before in zip(self._now(), self._before, strict=True)
        )
        known = gateway + ours + (sink if self._sink_pid != self._pid else 0)
        foreign = machine - known
        return Use(gateway, at, max(0.0, foreign / (at * self._processors)))

    def _now(self) -> tuple[float, ...]:
        return (
            time.perf_counter(),
            usage.cpu_seconds(self._pid),
            usage.cpu_seconds(self._sink_pid),
            usage.our_seconds(),
            usage.machine_seconds(),
        )
