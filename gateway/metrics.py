"""Counters and histograms in Prometheus's text format. No address ever becomes a label.

Names are part of the contract; ``docs/metrics.md`` tells what each means.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_RELAY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600)
_INSPECT_BUCKETS = (5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 5e-4, 1e-3, 1e-2, 0.1)
_WRITE_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2, 10)


class Metrics:
    """The numbers of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=self.registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(name, text, labels, registry=self.registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(name, text, buckets=buckets, registry=self.registry)

        self.messages = counter(
            "monition_messages", "Messages by the next hop's final word", "outcome"
        )
        self.findings = counter(
            "monition_findings", "Recipients found", "standing", "tier", "action"
        )
        self.sessions = gauge("monition_sessions", "Client sessions open now")
        self.relay_seconds = histogram(
            "monition_relay_seconds", "From DATA accepted to its final reply", _RELAY_BUCKETS
        )
        self.inspect_seconds = histogram(
            "monition_inspect_seconds", "Screening one message's recipients", _INSPECT_BUCKETS
        )
        self.next_hop_errors = counter(
            "monition_next_hop_errors", "Next hops that failed: refused, lost or silent"
        )
        self.screening_errors = counter(
            "monition_screening_errors", "Messages that went on unscreened after an error of ours"
        )
        self.ledger_write_seconds = histogram(
            "monition_ledger_write_seconds", "Making an event durable", _WRITE_BUCKETS
        )
        self.ledger_failures = counter(
            "monition_ledger_failures", "Events the ledger itself could not take"
        )
        self.notices = counter("monition_notices", "Notices by what became of them", "result")
        self.notice_queue = gauge("monition_notice_queue", "Notices waiting to be sent")
        self.snapshot_info = gauge(
            "monition_snapshot_info", "The snapshot and policy in force", "digest", "policy"
        )

    def exposition(self) -> bytes:
        """The page that Prometheus scrapes."""
        return generate_latest(self.registry)
