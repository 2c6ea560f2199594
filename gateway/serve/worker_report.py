"""What a worker tells the supervisor, every second: that it lives, how it is, what it counted.

Each report is one datagram on a socket pair of type SEQPACKET: whole or not at all. The same
pair tells each side that the other has died, by its end of file.
"""

from __future__ import annotations

import contextlib
import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.metrics import Samples

_LARGEST = 1 << 18


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """One worker at one moment. ``faults`` say why it is not ready.

    ``reloads_wanted`` is how often it has asked that all workers reload, since it started: a
    number, since a report may be lost and a later one must still tell.
    """

    is_serving: bool
    faults: tuple[str, ...]
    samples: Samples
    reloads_wanted: int = 0

    def encode(self) -> bytes:
        """As JSON: a list of its fields, a sample as ``[family, name, labels, value]``."""
        samples = [[*key, value] for key, value in self.samples.items()]
        return json.dumps([self.is_serving, self.faults, samples, self.reloads_wanted]).encode()

    @classmethod
    def decode(cls, data: bytes) -> WorkerReport:
        """Read what :meth:`encode` wrote."""
        is_serving, faults, samples, reloads_wanted = json.loads(data)
        numbers = {
            (family, name, tuple((label, text) for label, text in labels)): value
            for family, name, labels, value in samples
        }
        return cls(is_serving, tuple(faults), numbers, reloads_wanted)


def channel() -> tuple[socket.socket, socket.socket]:
    """Make a pair: the supervisor's end, and the worker's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, theirs):
        end.settimeout(0)
        # The kernel doubles it, and sends nothing larger at once: a report is never cut off.
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LARGEST // 2)
    return ours, theirs


def send(end: socket.socket, report: WorkerReport) -> None:
    """Tell, unless the supervisor is busy or gone: a worker waits for neither."""
    with contextlib.suppress(OSError):
        end.send(report.encode())


def receive(end: socket.socket) -> tuple[WorkerReport | None, bool]:
    """Take the newest report that has arrived, if any; and whether none can come any more."""
    newest, is_over = b"", False
    with contextlib.suppress(BlockingIOError):
        while data := end.recv(_LARGEST):
            newest = data
        is_over = True
    return (WorkerReport.decode(newest) if newest else None), is_over
