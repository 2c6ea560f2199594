import gzip
import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.snapshots import snapshot_history
from gateway.list_store.snapshots.snapshot_history import SnapshotActivation
from gateway.model import Claim, Entity, Listing
from gateway.screening.recipient_kind import MailboxKinds
from gateway.screening.snapshot import build

PEOPLE = MailboxKinds({"gmail.com": "Google"}, {}, frozenset({"info"}), frozenset(), frozenset())


def made(*names):
    return build(
        [
            Entity(
                name,
                f"Name of {name}",
                listings=(Listing("L", None, name),),
                domains=(Claim(f"{name}.ru", "s"),),
            )
            for name in names
        ],
        PEOPLE,
    )


@pytest.fixture
def save(folder, at):
    """Put a snapshot of entities with these ids in force, so many days after the first."""

    def run(*names, days=0):
        snapshot = made(*names)
        activation = SnapshotActivation(
            at(days), snapshot.digest, f"inputs {days}", len(names), {"own": len(names)}
        )
        with folder.locked():
            snapshot_history.save(folder, snapshot, activation)
        return snapshot

    return run


def fault(call):
    with pytest.raises(ListError) as caught:
        call()
    return str(caught.value)


def test_a_snapshot_comes_back_as_it_was(folder, save):
    kept = save("a", "b")
    loaded = snapshot_history.load(folder, kept.digest)
    assert loaded.digest == kept.digest
    assert dict(loaded.entities) == dict(kept.entities)
    assert loaded.mailbox_kinds == kept.mailbox_kinds
    assert list(loaded.domains) == list(kept.domains)


def test_it_is_found_by_the_start_of_its_digest(folder, save):
    digest = save("a").digest
    for text in (digest, digest[7:], digest[7:13], f"sha256-{digest[7:]}"):
        assert snapshot_history.load(folder, text).digest == digest


@pytest.mark.parametrize("text", ["", "sha256:", "0" * 64, "../../etc/passwd", "*", "zz", "[a]"])
def test_what_is_not_kept_is_told(folder, save, text):
    save("a")
    assert "no such snapshot is kept here" in fault(lambda: snapshot_history.load(folder, text))


def test_a_beginning_of_several_is_told(folder, save):
    digests = [save(str(number), days=number).digest[7:] for number in range(17)]
    start = next(d[0] for d in digests if sum(other[0] == d[0] for other in digests) > 1)
    assert "more than one snapshot begins so" in fault(lambda: snapshot_history.load(folder, start))


def test_equal_content_gives_an_equal_file(folder, save, tmp_path, at):
    kept = save("a", "b")
    before = snapshot_history.path_of(folder, kept.digest).read_bytes()
    other = Folder(tmp_path / "other")
    with other.locked():
        snapshot_history.save(
            other, made("b", "a"), SnapshotActivation(at(7), kept.digest, "", 2, {})
        )
    assert snapshot_history.path_of(other, kept.digest).read_bytes() == before


def test_what_is_kept_already_is_not_written_again(folder, save):
    path = snapshot_history.path_of(folder, save("a").digest)
    before = path.stat()
    save("b", days=1)
    save("a", days=2)
    assert path.stat().st_ino == before.st_ino


@pytest.mark.parametrize("where", [0, 10, 20, 40, -9, -5, -1])
@pytest.mark.parametrize("how", ["altered", "cut"])
def test_a_file_altered_by_one_byte_is_not_believed(folder, save, where, how):
    kept = save("a", "b")
    path = snapshot_history.path_of(folder, kept.digest)
    content = bytearray(path.read_bytes())
    if how == "altered":
        content[where] ^= 0x41
    else:
        del content[where:]
    path.write_bytes(content)
    assert str(path) in fault(lambda: snapshot_history.load(folder, kept.digest))


def test_a_file_that_was_packed_anew_with_other_content_is_not_believed(folder, save):
    kept = save("a", "b")
    path = snapshot_history.path_of(folder, kept.digest)
    content = gzip.decompress(path.read_bytes())
    for other in (
        content.replace(b"a.ru", b"c.ru"),
        content[: content.rindex(b"[")],
        content.removesuffix(b"\n"),
        content + b"\n",
        content.replace(b"\n", b"\r\n"),
        b"",
        b"[1]\n[2]\n",
    ):
        path.write_bytes(gzip.compress(other))
        assert "does not hold what its name says" in fault(
            lambda: snapshot_history.load(folder, kept.digest)
        )


@given(st.binary(max_size=60).map(lambda some: some + b"\n"))
def test_whatever_another_version_wrote_is_told_and_no_bug(tmp_path_factory, content):
    folder = Folder(tmp_path_factory.mktemp("lists") / "l")
    folder.make()
    digest = f"sha256:{snapshot_history.hashlib.sha256(content).hexdigest()}"
    snapshot_history.path_of(folder, digest).write_bytes(gzip.compress(content))
    assert "another version of Monition" in fault(lambda: snapshot_history.load(folder, digest))


@pytest.mark.parametrize(
    "people", [b"[1,2,3,4,5]", b"[[1],[],[],[],[]]", b"[[],[],[[]],[],[]]", b"[[],[],[],[]]"]
)
def test_people_in_another_form_are_told_too(folder, people):
    folder.make()
    content = people + b"\n"
    digest = f"sha256:{snapshot_history.hashlib.sha256(content).hexdigest()}"
    snapshot_history.path_of(folder, digest).write_bytes(gzip.compress(content))
    assert "another version of Monition" in fault(lambda: snapshot_history.load(folder, digest))


# ── which one was in force ───────────────────────────────────────────────────────────────────


def test_the_present_one_and_every_change_are_told(folder, save, at):
    first, second = save("a"), save("b", days=1)
    now = snapshot_history.current(folder)
    assert now == SnapshotActivation(at(1), second.digest, "inputs 1", 1, {"own": 1})
    assert [activation.digest for activation in snapshot_history.activations(folder)] == [
        first.digest,
        second.digest,
    ]


def test_the_same_snapshot_of_other_files_is_no_change(folder, save):
    save("a")
    save("a", days=1)
    assert len(snapshot_history.activations(folder)) == 1
    assert snapshot_history.current(folder).inputs == "inputs 1"


def test_one_that_comes_back_is_a_change(folder, save):
    first, _, _ = save("a"), save("b", days=1), save("a", days=2)
    assert len(snapshot_history.activations(folder)) == 3
    assert snapshot_history.activations(folder)[2].digest == first.digest


def test_where_none_was_in_force_none_is_told(folder):
    assert snapshot_history.current(folder) is None
    assert snapshot_history.activations(folder) == []
    assert snapshot_history.before_current(folder) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"at": 1}', b"\xff", b"null"])
def test_s09_a_damaged_note_of_the_present_one_counts_as_none(folder, save, content):
    save("a")
    folder.current.write_bytes(content)
    assert snapshot_history.current(folder) is None


def test_a_torn_last_line_is_passed_over_and_one_within_is_told(folder, save):
    first = save("a")
    save("b", days=1)
    lines = folder.history.read_bytes().splitlines(keepends=True)
    folder.history.write_bytes(lines[0] + lines[1][:40])
    assert [activation.digest for activation in snapshot_history.activations(folder)] == [
        first.digest
    ]
    folder.history.write_bytes(lines[1][:40] + b"\n" + lines[0])
    told = fault(lambda: snapshot_history.activations(folder))
    assert told.startswith(f"{folder.history}:1: is damaged")


def test_after_a_torn_line_the_next_change_is_written_whole(folder, save):
    save("a")
    with folder.history.open("ab") as stream:
        stream.write(b'{"at": "2026')
    save("b", days=1)
    assert len(snapshot_history.activations(folder)) == 2


def test_a_crash_between_the_two_notes_makes_no_line_twice(folder, save):
    save("a")
    before = folder.current.read_bytes()
    second = save("b", days=1)
    folder.current.write_bytes(before)
    save("b", days=1)
    assert len(snapshot_history.activations(folder)) == 2
    assert snapshot_history.current(folder).digest == second.digest


def test_a_history_that_was_lost_is_begun_again(folder, save):
    save("a")
    folder.history.unlink()
    save("a", days=1)
    assert len(snapshot_history.activations(folder)) == 1


def test_the_one_before_the_present_is_found_whatever_lies_between(folder, save):
    assert snapshot_history.before_current(folder) is None
    first = save("a")
    assert snapshot_history.before_current(folder) is None
    save("b", days=1)
    assert snapshot_history.before_current(folder).digest == first.digest
    folder.history.write_bytes(folder.history.read_bytes() + folder.current.read_bytes())
    assert snapshot_history.before_current(folder).digest == first.digest


def test_a_day_means_what_was_in_force_when_it_ended(folder, save, at):
    first, second, third = save("a"), save("b", days=1), save("c", days=1.25)
    assert snapshot_history.in_force_on(folder, date(2026, 11, 20)).digest == first.digest
    assert snapshot_history.in_force_on(folder, date(2026, 11, 21)).digest == third.digest
    assert snapshot_history.in_force_on(folder, date(2030, 1, 1)).digest == third.digest
    assert second.digest != third.digest
    told = fault(lambda: snapshot_history.in_force_on(folder, date(2026, 11, 19)))
    assert "no snapshot was in force on 2026-11-19: the first one came on 2026-11-20" in told


def test_a_day_of_an_empty_directory_is_told(folder):
    assert "none ever was" in fault(
        lambda: snapshot_history.in_force_on(folder, date(2026, 11, 19))
    )


def test_a_turn_is_written_in_utc(folder, at):
    snapshot = made("a")
    with folder.locked():
        snapshot_history.save(
            folder, snapshot, SnapshotActivation(at(), snapshot.digest, "", 1, {})
        )
    said = json.loads(folder.current.read_bytes())
    assert said["at"] == "2026-11-20T12:00:00+00:00"
    assert replace(snapshot_history.current(folder), at=at()) == snapshot_history.current(folder)
