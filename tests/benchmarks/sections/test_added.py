import pytest

from benchmarks.sections.added import STRAIGHT, Added, Sample, summary
from benchmarks.sections.latency import SENDER_SHARE, warnings
from benchmarks.traffic.load import LOADS

HALF, EVERYBODYS = LOADS[0], LOADS[2]


def sampled(load, peer, *microseconds, share=0.1):
    """A sample a repetition; p99 is ten times p50."""
    return [
        Sample(
            repetition=repetition,
            peer=peer,
            load=load.key,
            rate=5800.0,
            messages=100,
            latency={"p50": each / 1e6, "p99": each / 1e5},
            delay={},
            sender_share=share,
            foreign_share=0.0,
        )
        for repetition, each in enumerate(microseconds)
    ]


@pytest.fixture
def samples(peers):
    floor, rival, clear, matched = (peer.name for peer in peers)
    return [
        sample
        for load in (HALF, EVERYBODYS)
        for sample in (
            *sampled(load, STRAIGHT, 100, 200, 100),
            *sampled(load, floor, 140, 240, 160),
            *sampled(load, rival, 1100, 1200, 1100),
            *sampled(load, clear, 200, 290, 200),
            *sampled(load, matched, 900, 1000, 950),
        )
    ]


@pytest.fixture
def speeds(peers):
    return {load.way: {peer.name: 1000.0 for peer in peers} for load in LOADS}


def cells(block, measure):
    (row,) = [row for row in block.rows if row.measure.strip() == measure]
    return row.cells


def test_what_is_added_is_through_the_peer_less_straight_in_each_repetition(peers, samples):
    mine = [sample for sample in samples if sample.load == HALF.key]
    added = Added(mine)
    assert [round(each) for each in added.over(peers[0].name, STRAIGHT, "p50")] == [40, 40, 60]
    assert added.straight() == "p50 100, p99 1000"


def test_unmatched_mail_is_held_against_twice_the_floors_p99(peers, samples, speeds):
    (block,), judgements = summary(samples, [HALF], peers, speeds, 0.0003)
    floor, _rival, clear, _matched = (peer.name for peer in peers)
    assert "5,800/s (0.5 of the slowest's most)" in block.title
    assert cells(block, "p50")[floor] == "40 (40–60)"  # noqa: RUF001
    assert cells(block, "p99")[clear] == "1000 (900–1000)"  # noqa: RUF001
    # Twice 400.
    assert cells(block, "goal ≤ 2 × p99") == {clear: "missed by 200"}  # noqa: RUF001
    (judged,) = judgements
    assert (round(judged.bound), round(judged.measured), judged.is_met) == (800, 1000, False)


def test_a_floor_lost_in_noise_judges_nobody(peers, samples, speeds):
    floor, _rival, clear, _matched = (peer.name for peer in peers)
    noisy = [each for each in samples if each.peer != floor] + sampled(HALF, floor, 90, 150, 95)
    (block,), judgements = summary(noisy, [HALF], peers, speeds, 0.0003)
    assert judgements == []
    assert cells(block, "goal ≤ 2 × p99") == {clear: "floor lost in noise"}  # noqa: RUF001


def test_without_the_floor_nobody_is_held_against_it(without_floor, samples, speeds):
    there = [sample for sample in samples if sample.peer != without_floor[0].name]
    (block,), judgements = summary(there, [HALF], without_floor, speeds, 0.0003)
    assert judgements == []
    assert [row.measure for row in block.rows] == ["p50", "p99", "at most, /s"]


def test_matching_is_held_against_two_waits_for_the_disk(peers, samples, speeds):
    (block,), judgements = summary(samples, [EVERYBODYS], peers, speeds, 0.0003)
    matched = peers[3].name
    assert cells(block, "by matching, p50") == {matched: "710 (700–750)"}  # noqa: RUF001
    assert cells(block, "goal ≤ 2 × 300") == {matched: "missed by 110"}  # noqa: RUF001
    assert [each.is_met for each in judgements] == [False]
    _, judgements = summary(samples, [EVERYBODYS], peers, speeds, 0.0005)
    assert [each.is_met for each in judgements] == [True]


def test_a_sender_that_measured_itself_is_told():
    assert warnings(sampled(HALF, STRAIGHT, 1, share=SENDER_SHARE)) == []
    (told,) = warnings(sampled(HALF, STRAIGHT, 1, share=0.93))
    assert "93%" in told
