"""What a worker tells its supervisor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.metrics import Metrics
from gateway.serve import worker_report
from gateway.serve.worker_report import WorkerReport

WORDS = st.text(max_size=20)
REPORTS = st.builds(
    WorkerReport,
    st.booleans(),
    st.lists(WORDS, max_size=3).map(tuple),
    st.dictionaries(
        st.tuples(WORDS, WORDS, st.lists(st.tuples(WORDS, WORDS), max_size=3).map(tuple)),
        st.floats(allow_nan=False),
        max_size=5,
    ),
)


@pytest.fixture
def ends():
    ours, theirs = worker_report.channel()
    with ours, theirs:
        yield ours, theirs


@given(REPORTS)
def test_a_report_is_read_as_it_was_written(told):
    assert WorkerReport.decode(told.encode()) == told


def test_the_newest_report_counts(ends):
    ours, theirs = ends
    assert worker_report.receive(ours) == (None, False)
    for number in range(3):
        worker_report.send(theirs, WorkerReport(is_serving=True, faults=(str(number),), samples={}))
    assert worker_report.receive(ours) == (
        WorkerReport(is_serving=True, faults=("2",), samples={}),
        False,
    )
    assert worker_report.receive(ours) == (None, False)


def test_last_words_are_heard_before_the_end(ends):
    ours, theirs = ends
    last = WorkerReport(is_serving=False, faults=(), samples=Metrics().samples())
    worker_report.send(theirs, last)
    theirs.close()
    assert worker_report.receive(ours) == (last, True)
    assert worker_report.receive(ours) == (None, True)


def test_a_worker_waits_neither_for_a_busy_supervisor_nor_for_a_dead_one(ends):
    ours, theirs = ends
    told = WorkerReport(is_serving=True, faults=("x" * 50_000,), samples={})
    for _ in range(20):
        worker_report.send(theirs, told)
    assert worker_report.receive(ours) == (told, False)
    ours.close()
    worker_report.send(theirs, told)


def test_a_report_with_every_label_there_could_be_goes_through(ends):
    ours, theirs = ends
    metrics = Metrics()
    for standing in ("listed", "review"):
        for tier in ("blocking", "export-control", "research-security", "advisory", "none"):
            for action in ("observe", "warn", "refuse"):
                metrics.findings.labels(standing, tier, action).inc()
    for number in range(200):
        metrics.snapshot_info.labels("sha256:" + "5" * 64, f"sha256:{number:064}").set(1)
    told = WorkerReport(is_serving=True, faults=(), samples=metrics.samples())
    worker_report.send(theirs, told)
    assert worker_report.receive(ours) == (told, False)
