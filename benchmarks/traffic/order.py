"""What the sender is told to send, when each message is due, and what it tells afterwards."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Order:
    """What to send. ``rate`` is messages a second; ``None``: as fast as the sessions take them.

    ``content`` is a file, as SMTP sends it but for the final dot. ``patience`` is how
    many seconds may pass without anything happening.
    """

    port: int
    sessions: int
    is_kept: bool
    messages: int
    rate: float | None
    sender: str
    recipient: str
    content: str
    seed: int = 0
    patience: float = 60


@dataclass(frozen=True, slots=True)
class Sent:
    """How it went; seconds throughout.

    ``latencies``: for each message in the order of the timetable, from when it was due until the
    reply to its final dot. On a new connection that takes in the connecting. ``delays``: the part
    of it before our first byte; waiting for a free session, and our own lateness.
    """

    latencies: list[float]
    delays: list[float]
    seconds: float
    cpu_seconds: float
    most_in_content: int
    """Messages that were under way between DATA and the reply to the dot, at the most."""


def timetable(messages: int, rate: float | None, seed: int) -> list[float]:
    """Give the seconds from the beginning at which each message is due, in order.

    All 0 without a rate; else with exponential gaps, the same for the same seed.
    """
    if rate is None:
        return [0.0] * messages
    source, at, due = random.Random(seed), 0.0, []
    for _ in range(messages):
        at += source.expovariate(rate)
        due.append(at)
    return due
