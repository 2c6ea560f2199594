import pytest

from benchmarks.report.column import COLUMNS
from benchmarks.sections.relay import Sample, summary

GOAL_COLUMN = COLUMNS[0]
PLAIN_COLUMN = next(column for column in COLUMNS if not column.has_goals)


def sampled(column, peer, *milliseconds):
    """One sample a repetition, of so much CPU a message, in a second."""
    return [
        Sample(repetition, peer.name, column.key, 1000, each, 1.0, 0.0)
        for repetition, each in enumerate(milliseconds)
    ]


@pytest.fixture
def samples(peers):
    floor, rival, clear, matched = peers
    return [
        sample
        for column in (GOAL_COLUMN, PLAIN_COLUMN)
        for sample in (
            # The second repetition ran on a machine twice as slow.
            *sampled(column, floor, 0.1, 0.2, 0.1),
            *sampled(column, rival, 0.6, 1.2, 0.6),
            *sampled(column, clear, 0.15, 0.3, 0.16),
            *sampled(column, matched, 1.0, 2.0, 1.0),
        )
    ]


def cells(rows, measure):
    (row,) = [row for row in rows if row.measure.strip() == measure]
    return row.cells


def test_a_sample_is_cpu_and_messages_a_second(peers):
    (sample,) = sampled(GOAL_COLUMN, peers[0], 0.25)
    assert (sample.cpu_milliseconds, sample.rate) == (0.25, 1000)


def test_ratios_are_taken_in_pairs_and_goals_stand_below_them(peers, samples):
    (block,), judgements = summary([GOAL_COLUMN], peers, samples)
    floor, rival, clear, matched = (peer.name for peer in peers)
    assert block.title == "CPU a message and throughput, 20 sessions"
    assert cells(block.rows, "CPU, ms") == {
        floor: "0.100",
        rival: "0.600",
        clear: "0.160",
        matched: "1.00",
    }
    assert cells(block.rows, "× floor's")[clear] == "1.50 (1.50–1.60)"  # noqa: RUF001
    assert floor not in cells(block.rows, "× floor's")  # noqa: RUF001
    assert cells(block.rows, "goal ≤ 1.5") == {clear: "met"}
    assert cells(block.rows, "rival's ÷ it") == {clear: "4.00 (3.75–4.00)"}  # noqa: RUF001
    assert cells(block.rows, "goal ≥ 5") == {clear: "missed by 1.0"}
    assert [(each.peer, each.goal, each.is_met) for each in judgements] == [
        (clear, "goal ≤ 1.5", True),
        (clear, "goal ≥ 5", False),
    ]


def test_a_column_without_goals_is_not_judged(peers, samples):
    (block,), judgements = summary([PLAIN_COLUMN], peers, samples)
    assert judgements == []
    assert [row.measure for row in block.rows] == ["CPU, ms", "× floor's", "messages/s"]  # noqa: RUF001


def test_without_the_floor_there_is_no_ratio_to_it(without_floor, samples):
    there = [sample for sample in samples if sample.peer != without_floor[0].name]
    (block,), judgements = summary([GOAL_COLUMN], without_floor, there)
    assert [row.measure.strip() for row in block.rows] == [
        "CPU, ms",
        "rival's ÷ it",
        "goal ≥ 5",
        "messages/s",
    ]
    assert len(judgements) == 1


def test_each_number_of_sessions_has_a_block(peers):
    samples = [sample for c in COLUMNS for peer in peers for sample in sampled(c, peer, 0.1)]
    blocks, _ = summary(COLUMNS, peers, samples)
    assert [block.title.rpartition(", ")[2] for block in blocks] == [
        "20 sessions",
        "one session",
        "200 sessions",
    ]
