"""Counters and histograms in Prometheus's text format. No address ever becomes a label.

Names are part of the contract; ``docs/metrics.md`` tells what each means. Every process counts
in a registry of its own; :func:`merge` makes one page of several processes' samples
(``docs/decisions/0009-workers.md`` says why so).
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.metrics_core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RELAY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600)
_INSPECT_BUCKETS = (5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 5e-4, 1e-3, 1e-2, 0.1)
_WRITE_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2, 10)

Key: TypeAlias = tuple[str, str, tuple[tuple[str, str], ...]]
"""What a sample is of: its family, its own name, and (label, value) for each of its labels."""

Samples: TypeAlias = dict[Key, float]
"""The numbers of one process, or of several together."""

# Of these gauges each process has a part; of all others every process sees the whole.
_SHARED_OUT = frozenset({"monition_sessions", "monition_workers"})

# Of this one the process that has least tells: what one worker does not look for may pass.
_LEAST = frozenset({"monition_institutions_in_force"})


class SecondsHistogram(Collector):
    """A histogram of seconds that one thread fills: no lock, and no walk through its buckets.

    prometheus_client's own costs some 3 µs an observation, and every message makes two.
    """

    def __init__(self, name: str, text: str, bounds: tuple[float, ...]) -> None:
        """``bounds`` are where the buckets end, in seconds, ascending; one more has no end."""
        self._name, self._text, self._bounds = name, text, bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one; a bound belongs to the bucket that it ends."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def collect(self) -> Iterator[Metric]:
        """What a scrape sees, from whatever thread."""
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        buckets = list(zip(names, accumulate(self._counts), strict=True))
        family = HistogramMetricFamily(self._name, self._text)
        family.add_metric([], buckets, self._sum)
        yield family


class Metrics:
    """The numbers of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=self.registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(name, text, labels, registry=self.registry)

        def timing(name: str, text: str, bounds: tuple[float, ...]) -> SecondsHistogram:
            made = SecondsHistogram(name, text, bounds)
            self.registry.register(made)
            return made

        self.messages = counter(
            "monition_messages", "Messages by the next hop's final word", "outcome"
        )
        self.findings = counter(
            "monition_findings", "Recipients found", "standing", "tier", "action"
        )
        self.match_rate_unusual = gauge(
            "monition_match_rate_unusual", "Whether matches come at an unusual rate", "of"
        )
        self.sessions = gauge("monition_sessions", "Client sessions open now")
        self.turned_away = counter(
            "monition_clients_turned_away", "Clients that were not let in", "reason"
        )
        self.relay_seconds = timing(
            "monition_relay_seconds", "From DATA accepted to its final reply", _RELAY_BUCKETS
        )
        self.inspect_seconds = timing(
            "monition_inspect_seconds", "Screening one message's recipients", _INSPECT_BUCKETS
        )
        self.next_hop_errors = counter(
            "monition_next_hop_errors", "Next hops that failed: refused, lost or silent"
        )
        self.screening_errors = counter(
            "monition_screening_errors",
            "Messages with recipients that an error of ours left unscreened",
        )
        self.unreadable = counter(
            "monition_unreadable_recipients",
            "Recipients of whom nobody could tell where the mail goes; each is for review",
        )
        self.ledger_write_seconds = timing(
            "monition_ledger_write_seconds", "Making an event durable", _WRITE_BUCKETS
        )
        self.ledger_failures = counter(
            "monition_ledger_failures", "Events the ledger itself could not take"
        )
        self.journal_lines = gauge(
            "monition_journal_lines",
            "Lines of the emergency journal, waiting or put aside",
            "state",
        )
        self.journal_taken_in = counter(
            "monition_journal_taken_in", "Entries of the emergency journal taken into the ledger"
        )
        self.notices = counter("monition_notices", "Notices by what became of them", "result")
        self.notice_queue = gauge("monition_notice_queue", "Notices waiting to be sent")
        self.snapshot_info = gauge(
            "monition_snapshot_info", "The snapshot and policy in force", "digest", "policy"
        )
        self.institutions_in_force = gauge(
            "monition_institutions_in_force", "Institutions that are looked for now"
        )
        self.lists_unreadable = gauge(
            "monition_lists_unreadable", "Whether the last good lists serve in place of those there"
        )
        self.list_age = gauge(
            "monition_list_age_seconds", "Since a list was known to be its publisher's", "source"
        )
        self.list_refused = gauge(
            "monition_list_refused", "Whether a list's latest import was refused", "source"
        )
        self.lookups = counter(
            "monition_linkage_lookups", "Domains by what became of looking them up", "result"
        )
        self.workers = gauge("monition_workers", "Workers that serve now")
        self.worker_restarts = counter(
            "monition_worker_restarts", "Workers that ended unasked and were started again"
        )

    def samples(self) -> Samples:
        """All numbers as they are now."""
        return {
            (family.name, sample.name, tuple(sample.labels.items())): sample.value
            for family in self.registry.collect()
            for sample in family.samples
            # When a series began: of several processes it would say nothing.
            if not sample.name.endswith("_created")
        }


def merge(parts: Iterable[Samples]) -> Samples:
    """Make the samples of several processes one: added, but for gauges that all see alike.

    Of those the largest counts, or, of what is looked for, the least.
    """
    merged: Samples = {}
    for part in parts:
        for key, value in part.items():
            family = key[0]
            if key in merged and _TYPES.get(family) == "gauge" and family not in _SHARED_OUT:
                choose = min if family in _LEAST else max
                merged[key] = choose(merged[key], value)
            else:
                merged[key] = merged.get(key, 0.0) + value
    return merged


def without_gauges(samples: Samples) -> Samples:
    """What is still true of a process that has ended: all that it counted, no gauge."""
    return {key: value for key, value in samples.items() if _TYPES.get(key[0]) != "gauge"}


def exposition(samples: Samples) -> bytes:
    """The page that Prometheus scrapes: its text format, as UTF-8."""
    registry = CollectorRegistry()
    registry.register(_Page(samples))
    return generate_latest(registry)


class _Page(Collector):
    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        by_family: dict[str, list[tuple[str, dict[str, str], float]]] = {}
        for (family, name, labels), value in self._samples.items():
            by_family.setdefault(family, []).append((name, dict(labels), value))
        # All families in one order, those without a sample too: a page has its outline.
        for outline in _OUTLINE:
            metric = Metric(outline.name, outline.documentation, outline.type)
            for sample in by_family.get(outline.name, ()):
                metric.add_sample(*sample)
            yield metric


_OUTLINE = tuple(Metrics().registry.collect())


_TYPES = {family.name: family.type for family in _OUTLINE}
