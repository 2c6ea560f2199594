from benchmarks.sections.matched import COLUMNS, Sample, summary


def sampled(column, rate, workers=1, repetition=0):
    """So many messages a second and worker."""
    return Sample(
        repetition=repetition,
        workers=workers,
        column=column.key,
        messages=rate * workers,
        wall_seconds=1.0,
        cpu_seconds=1.0,
        sync_seconds=0.0003,
        foreign_share=0.0,
    )


def test_one_worker_is_held_against_the_goal_and_two_are_only_told(peers):
    new, kept, _ = COLUMNS
    samples = [
        *[sampled(new, rate, repetition=at) for at, rate in enumerate((150, 190, 400))],
        sampled(kept, 850),
        sampled(kept, 100, workers=2),
    ]
    peer = peers[3]
    block, judgements = summary(peer, samples, "ext4")
    assert block.title.endswith("fdatasync on ext4: 0.30 ms")
    assert [(row.thing, row.measure.strip(), row.cells[peer.name]) for row in block.rows] == [
        ("new 2 KB, 20", "1 worker", "190 (150–400)"),  # noqa: RUF001
        ("new 2 KB, 20", "goal ≥ 200", "missed by 10"),
        ("kept 2 KB, 20", "1 worker", "850"),
        ("kept 2 KB, 20", "goal ≥ 200", "met"),
        ("kept 2 KB, 20", "each of 2", "100"),
    ]
    assert [each.is_met for each in judgements] == [False, True]
