import pytest

from gateway.errors import ListError
from gateway.list_store.snapshots import compare_snapshots, snapshot_history
from gateway.lists.snapshot_diff import ChangedPart, ChangeKind
from gateway.screening.lazy_entities import LazyEntities


def fault(call):
    with pytest.raises(ListError) as caught:
        call()
    return str(caught.value)


def told(compared):
    return [(each.entity, str(each)) for each in compare_snapshots.changes(compared)]


def test_s10_left_out_are_the_one_before_the_present_and_the_present(take, folder):
    take("A", "B", days=0, accepts_loss=True)
    take("B", "C", days=1, accepts_loss=True)
    compared = compare_snapshots.find_snapshots(folder, None, None)
    assert told(compared) == [
        ("own-a", "entity removed: A"),
        ("own-a", "listing removed: OWN"),
        ("own-a", "domain removed: a.example.ru"),
        ("own-c", "entity added: C"),
        ("own-c", "listing added: OWN"),
        ("own-c", "domain added: c.example.ru"),
    ]


def test_snapshots_are_named_by_digest_or_by_day_either_way_round(take, folder):
    first = take("A").built.snapshot.digest
    take("A", "B", days=1)
    third = take("A", "B", "C", days=2).built.snapshot.digest
    for before, after, count in (
        ("2026-11-20", None, 6),
        (first[7:15], None, 6),
        ("2026-11-20", "2026-11-21", 3),
        ("2026-11-21", third, 3),
        ("2026-12-31", None, 0),
        (third, third, 0),
    ):
        changes = compare_snapshots.changes(compare_snapshots.find_snapshots(folder, before, after))
        assert len(changes) == count
        assert {each.how for each in changes} <= {ChangeKind.ADDED}
    back = compare_snapshots.changes(compare_snapshots.find_snapshots(folder, None, first))
    assert {(each.what, each.how) for each in back} == {
        (ChangedPart.ENTITY, ChangeKind.REMOVED),
        (ChangedPart.LISTING, ChangeKind.REMOVED),
        (ChangedPart.DOMAIN, ChangeKind.REMOVED),
    }


def test_the_first_snapshot_has_nothing_before_it(take, folder):
    take("A")
    assert compare_snapshots.find_snapshots(folder, None, None) is None


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("2026-11-19", "the first one came on 2026-11-20"),
        ("2026-02-30", "is no day of the calendar"),
        ("zz", "no such snapshot is kept here"),
    ],
)
def test_what_names_no_snapshot_is_told(take, folder, named, why):
    take("A")
    assert why in fault(lambda: compare_snapshots.find_snapshots(folder, named, None))


def test_an_empty_directory_is_told(folder):
    assert "no snapshot was put in force yet" in fault(
        lambda: compare_snapshots.find_snapshots(folder, None, None)
    )


def test_s10_of_many_that_are_alike_none_is_read(take, folder, monkeypatch):
    names = [f"I{number}" for number in range(30)]
    take(*names)
    take(*names, "NEW", days=1)
    compared = compare_snapshots.find_snapshots(folder, None, None)
    read = []
    really = LazyEntities.__getitem__
    monkeypatch.setattr(
        LazyEntities, "__getitem__", lambda self, id_: read.append(id_) or really(self, id_)
    )
    assert len(compare_snapshots.changes(compared)) == 3
    assert set(read) == {"own-new"}


def test_snapshots_that_were_never_written_are_compared_as_well(take, folder):
    one = take("A").built.snapshot
    other = take("A", "B", days=1).built.snapshot
    assert not isinstance(one.entities, LazyEntities)
    compared = compare_snapshots.ComparedSnapshots(one, other)
    loaded = compare_snapshots.ComparedSnapshots(
        *(snapshot_history.load(folder, each.digest) for each in (one, other))
    )
    assert told(compared) == told(loaded)
