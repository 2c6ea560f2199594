"""One worker's place: when it is filled again, and what it tells. Time is given."""

import pytest

from gateway.metrics import Metrics
from gateway.serve.worker_report import WorkerReport
from gateway.serve.worker_slot import HEALTHY_SECONDS, STUCK_SECONDS, WorkerSlot


@pytest.fixture
def slot():
    slot = WorkerSlot(2)
    slot.worker_started(4711, None, 100.0)
    return slot


def report(*, delivered=0, is_serving=True, faults=()):
    metrics = Metrics()
    metrics.messages.labels("delivered").inc(delivered)
    metrics.sessions.set(3)
    return WorkerReport(is_serving, faults, metrics.samples())


def test_r21_each_death_in_a_row_doubles_the_wait_to_half_a_minute(slot):
    waits = []
    for _ in range(11):
        waits.append(slot.worker_ended(101.0))
        assert slot.start_at == 101.0 + waits[-1]
        slot.worker_started(1, None, 101.0)
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]


def test_r21_a_minute_of_health_makes_the_next_death_the_first(slot):
    for _ in range(5):
        slot.worker_ended(101.0)
        slot.worker_started(1, None, 101.0)
    assert slot.worker_ended(101.0 + HEALTHY_SECONDS) == 0.1


def test_r21_what_was_counted_stays_and_what_was_measured_goes(slot):
    for _ in range(2):
        slot.report_received(report(delivered=5), 101.0)
        slot.worker_ended(102.0)
        slot.worker_started(4712, None, 103.0)
    samples = {name: value for (_, name, _), value in slot.samples().items()}
    assert samples["monition_messages_total"] == 10
    assert "monition_sessions" not in samples


def test_a_missing_worker_is_told(slot):
    assert slot.stall(100.0) is None
    slot.worker_ended(100.0)
    assert slot.stall(100.0) == "worker 2 is not running"
    assert slot.faults() == ["worker 2 does not serve yet"]
    assert not slot.is_stuck(1000.0)


def test_a_silent_worker_is_told_and_later_stuck(slot):
    slot.report_received(report(), 110.0)
    assert slot.stall(120.0) is None
    assert slot.stall(121.0) == "worker 2: the event loop has been silent for 11 s"
    assert not slot.is_stuck(110.0 + STUCK_SECONDS)
    assert slot.is_stuck(111.0 + STUCK_SECONDS)
    slot.silence_excused(140.0)
    assert slot.stall(141.0) is None


def test_a_worker_is_ready_when_it_serves_and_nothing_is_wrong(slot):
    assert slot.faults() == ["worker 2 does not serve yet"]
    slot.report_received(report(is_serving=False), 101.0)
    assert (slot.is_serving, slot.has_served) == (False, False)
    slot.report_received(report(faults=("ledger: the disk is full",)), 101.0)
    assert slot.faults() == ["worker 2: ledger: the disk is full"]
    slot.report_received(report(), 102.0)
    assert slot.faults() == []
    slot.worker_ended(103.0)
    assert (slot.is_serving, slot.has_served) == (False, True)
