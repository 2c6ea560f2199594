"""The numbers of several processes as one page."""

import pytest

from gateway.metrics import Metrics, exposition, merge, without_gauges


@pytest.fixture
def page():
    def page(*parts):
        return exposition(merge(part.samples() for part in parts)).decode().splitlines()

    return page


def test_r21_counters_and_histograms_are_added(page):
    one, other = Metrics(), Metrics()
    one.messages.labels("delivered").inc(2)
    other.messages.labels("delivered").inc(3)
    other.messages.labels("refused").inc()
    one.relay_seconds.observe(0.002)
    other.relay_seconds.observe(0.2)
    told = page(one, other)
    assert 'monition_messages_total{outcome="delivered"} 5.0' in told
    assert 'monition_messages_total{outcome="refused"} 1.0' in told
    assert 'monition_relay_seconds_bucket{le="0.0025"} 1.0' in told
    assert 'monition_relay_seconds_bucket{le="+Inf"} 2.0' in told
    assert "monition_relay_seconds_sum 0.202" in told


def test_r21_only_gauges_of_which_each_has_a_part_are_added(page):
    one, other = Metrics(), Metrics()
    for metrics, sessions, queue in ((one, 2, 7), (other, 3, 6)):
        metrics.sessions.set(sessions)
        metrics.workers.set(1)
        # All couriers look into one outbox.
        metrics.notice_queue.set(queue)
        metrics.snapshot_info.labels("sha256:5a", "sha256:b0").set(1)
    told = page(one, other)
    assert "monition_sessions 5.0" in told
    assert "monition_workers 2.0" in told
    assert "monition_notice_queue 7.0" in told
    assert 'monition_snapshot_info{digest="sha256:5a",policy="sha256:b0"} 1.0' in told


def test_r21_the_dead_leave_what_they_counted(page):
    metrics = Metrics()
    metrics.messages.labels("delivered").inc()
    metrics.relay_seconds.observe(1)
    metrics.sessions.set(4)
    families = {family for family, _, _ in without_gauges(metrics.samples())}
    assert {"monition_messages", "monition_relay_seconds"} <= families
    assert not families & {"monition_sessions", "monition_workers", "monition_notice_queue"}


def test_one_process_is_told_as_the_library_tells_it(page):
    from prometheus_client import generate_latest  # noqa: PLC0415

    metrics = Metrics()
    metrics.messages.labels("delivered").inc()
    metrics.inspect_seconds.observe(1e-5)
    theirs = generate_latest(metrics.registry).decode().splitlines()
    assert page(metrics) == [line for line in theirs if "_created" not in line]
