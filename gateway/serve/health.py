"""What ``/metrics``, ``/livez`` and ``/readyz`` say, whoever asks and whoever answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from prometheus_client.exposition import CONTENT_TYPE_LATEST

from gateway.metrics import exposition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.metrics import Samples

STALL_SECONDS = 10
"""How long an event loop may show no sign of life before ``/livez`` says so."""

TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: the status with its reason (``200 OK``), the content type, the body."""

    status: str
    kind: str
    body: bytes


class HealthSource(Protocol):
    """Who is asked: the one process there is, or the supervisor of several."""

    def stalls(self) -> list[str]:
        """Why it is not alive; empty when it is."""

    def faults(self) -> list[str]:
        """Why it is not ready; empty when it is."""

    def samples(self) -> Samples:
        """All that was counted."""


def page(path: str, subject: HealthSource) -> Page:
    """Answer one request for a path without its query; 404 for any other than the three.

    ``/livez`` and ``/readyz`` are 200, or 503 with a reason on each line.
    """
    match path:
        case "/metrics":
            return Page("200 OK", CONTENT_TYPE_LATEST, exposition(subject.samples()))
        case "/livez":
            return _verdict(subject.stalls(), "alive")
        case "/readyz":
            return _verdict(subject.faults(), "ready")
        case _:
            there = b"there are /metrics, /livez and /readyz\n"
            return Page("404 Not Found", TEXT, there)


def stall_text(seconds: float) -> str | None:
    """How to tell that an event loop has shown no sign of life for so long; ``None``: it has."""
    if seconds <= STALL_SECONDS:
        return None
    return f"the event loop has been silent for {seconds:.0f} s"


def _verdict(reasons: Iterable[str], word: str) -> Page:
    text = "".join(f"{reason}\n" for reason in reasons)
    if text:
        return Page("503 Service Unavailable", TEXT, text.encode())
    return Page("200 OK", TEXT, f"{word}\n".encode())
