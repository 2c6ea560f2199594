"""What the pages say."""

from dataclasses import dataclass, field

import pytest

from gateway.metrics import Metrics
from gateway.serve.health import page, stall_text


@dataclass
class Patient:
    """One that is as the test says."""

    stalled: list[str] = field(default_factory=list)
    faulty: list[str] = field(default_factory=list)
    metrics: Metrics = field(default_factory=Metrics)

    def stalls(self):
        return self.stalled

    def faults(self):
        return self.faulty

    def samples(self):
        return self.metrics.samples()


@pytest.fixture
def patient():
    return Patient()


def test_metrics_are_told_in_prometheus_format(patient):
    patient.metrics.messages.labels("delivered").inc()
    answer = page("/metrics", patient)
    assert answer.status == "200 OK"
    assert answer.kind.startswith("text/plain; version=")
    assert b"# TYPE monition_sessions gauge\n" in answer.body
    assert b'monition_messages_total{outcome="delivered"} 1.0\n' in answer.body


@pytest.mark.parametrize(
    ("path", "word", "reasons"), [("/livez", "alive", "stalled"), ("/readyz", "ready", "faulty")]
)
def test_well_until_there_is_a_reason_and_then_it_says_which(patient, path, word, reasons):
    answer = page(path, patient)
    assert (answer.status, answer.body) == ("200 OK", f"{word}\n".encode())
    getattr(patient, reasons).extend(["ledger: the disk is full", "and more"])
    answer = page(path, patient)
    assert answer.status == "503 Service Unavailable"
    assert answer.body == b"ledger: the disk is full\nand more\n"


def test_other_pages_are_not_there(patient):
    assert page("/etc/passwd", patient).status == "404 Not Found"


def test_ten_seconds_of_silence_are_too_many():
    assert stall_text(10) is None
    assert stall_text(10.6) == "the event loop has been silent for 11 s"
