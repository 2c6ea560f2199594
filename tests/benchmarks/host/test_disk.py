from benchmarks.host import disk


def test_each_wait_for_the_disk_is_told_and_nothing_is_left(tmp_path):
    waits = disk.sync_seconds(tmp_path, writes=3)
    assert len(waits) == 3
    assert min(waits) > 0
    assert list(tmp_path.iterdir()) == []
