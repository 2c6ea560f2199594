"""What is kept for good is looked at before an old verdict needs it."""

import gzip

import pytest

from gateway.list_store import list_status
from gateway.list_store.snapshots import integrity_check, snapshot_history
from gateway.list_store.snapshots import policy_history as editions


def gone(path):
    path.unlink()


def other(path):
    path.write_bytes(gzip.compress(b"{}"))


def cut(path):
    path.write_bytes(path.read_bytes()[:40])


def no_gzip(path):
    path.write_bytes(b"no such thing")


@pytest.mark.parametrize("damage", [gone, other, cut, no_gzip])
def test_a05_a_damaged_older_snapshot_is_damage(take, policies, folder, damage):
    first = snapshot_history.path_of(folder, take("A").built.snapshot.digest)
    take("A", "B", days=1)
    assert not list_status.status(policies, folder).is_damaged
    damage(first)
    (fault,) = list_status.status(policies, folder).damage
    assert fault.file == str(first)
    assert "take its line out of history.jsonl" in fault.message


@pytest.mark.parametrize("damage", [gone, no_gzip])
def test_a05_very_old_ones_are_looked_at_as_well(take, policies, folder, monkeypatch, damage):
    monkeypatch.setattr(integrity_check, "READ_WHOLE", 0)
    first = snapshot_history.path_of(folder, take("A").built.snapshot.digest)
    take("A", "B", days=1)
    assert not list(integrity_check.damaged_snapshots(folder))
    damage(first)
    assert [fault.file for fault in list_status.status(policies, folder).damage] == [str(first)]


@pytest.mark.parametrize("damage", [gone, other, cut, no_gzip])
def test_a05_a_damaged_edition_of_the_policies_is_damage(take, policies, folder, damage):
    take("A")
    name = f"sha256-{'0' * 64}.{'1' * 64}.gz"
    (folder.policies / name).write_bytes(gzip.compress(b"x"))
    folder.policies_history.write_text(
        f'{{"at": "2026-11-20T12:00:00+00:00", "policy": "p", "texts": "t", "file": "{name}"}}\n'
    )
    assert [activation.file for activation in editions.activations(folder)] == [name]
    damage(folder.policies / name)
    (fault,) = list_status.status(policies, folder).damage
    assert fault.file == str(folder.policies / name)


@pytest.mark.parametrize("left", [b"", b"\0" * 50])
def test_s08_a_history_that_does_not_name_what_is_in_force_is_damage(take, policies, folder, left):
    take("A")
    take("A", "B", days=1)
    lines = folder.history.read_bytes().splitlines(keepends=True)
    folder.history.write_bytes(left or lines[0])
    damage = list_status.status(policies, folder).damage
    assert [fault.file for fault in damage] == [str(folder.history)]
