import pytest

from benchmarks.sections.memory import SESSIONS, SIZE, Sample, summary


def sampled(peer, idle, peak, size=SIZE):
    return Sample(
        peer=peer.name,
        size=size,
        sessions=SESSIONS,
        idle=idle * 1_000_000,
        typical=(idle + peak) * 500_000,
        peak=peak * 1_000_000,
        seconds=20.0,
        foreign_share=0.0,
    )


@pytest.fixture
def samples(peers):
    floor, rival, clear, matched = peers
    return [
        sampled(floor, 15, 17),
        sampled(rival, 26, 1006, size=SIZE // 10),
        sampled(clear, 52, 70),
        sampled(matched, 52, 93),
    ]


def test_memory_is_held_against_what_was_there_idle(peers, samples):
    block, judgements = summary(peers, samples)
    rows = {row.measure.strip(): row.cells for row in block.rows}
    floor, rival, clear, matched = (peer.name for peer in peers)
    assert rows["each of MB"] == {floor: "50", rival: "5", clear: "50", matched: "50"}
    assert rows["peak above idle"][rival] == "980"
    assert rows["goal ≤ 20"] == {clear: "met", matched: "missed by 21"}
    assert [(each.peer, each.measured) for each in judgements] == [(clear, 18), (matched, 41)]


def test_smaller_messages_are_not_judged(peers):
    block, judgements = summary(peers, [sampled(peers[2], 52, 60, size=SIZE // 10)])
    assert judgements == []
    assert [row.measure for row in block.rows][-1] == "peak above idle"
