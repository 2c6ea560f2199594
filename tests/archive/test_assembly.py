from pathlib import Path

import pytest

from gateway.archive import assembly, history, importing
from gateway.archive.folder import Folder
from gateway.errors import ListError

ADDITION = """
[[addition]]
entity = "own-a"
  [[addition.domain]]
  name = "added.ru"
  source = "ROR 7"
  reviewer = "A. Reviewer"
  reviewed_on = 2026-11-22
"""
OVERRIDE = """
[[override]]
list = "OWN"
uid = "7"
website = "x"
source = "s"
reviewer = "r"
reviewed_on = 2026-11-22
"""


@pytest.fixture
def live(policies, folder, at):
    return lambda: assembly.live(policies, folder, at())


@pytest.fixture
def put(policies, folder, at):
    return lambda days=0: assembly.put_in_force(policies, folder, at(days))


def test_s09_without_a_lists_directory_the_policies_serve_and_nothing_is_written(live, folder):
    assert list(live().domains) == ["written.ru"]
    assert not folder.path.exists()


def test_live_writes_nothing_whatever_is_there(live, take, folder, files, policies):
    take("A")
    before = files()
    live()
    (policies / "entities" / "a.toml").write_text("")
    live()
    folder.current.unlink()
    del before["current.json"]
    live()
    assert files() == before


def test_the_kept_one_is_loaded_where_nothing_has_changed(put, live, folder, files):
    first = put()
    before = files()
    assert put(1).digest == live().digest == first.digest
    assert files() == before


def test_s10_every_file_that_it_is_made_of_counts(put, take, live, folder, policies):
    take("A")
    accepted = folder.accepted / "entities.toml"
    changes = [
        lambda: accepted.write_text(ADDITION),
        lambda: (policies / "personal.toml").write_text(
            (policies / "personal.toml").read_text().replace("gmail", "mail")
        ),
        lambda: (policies / "roles.toml").write_text(
            (policies / "roles.toml").read_text().replace('"info"', '"press"')
        ),
        lambda: (policies / "entities" / "a.toml").write_text(""),
        lambda: folder.source("own").unlink(),
    ]
    digests = [put().digest]
    for number, change in enumerate(changes):
        if number == len(changes) - 1:
            accepted.unlink()
        change()
        digests.append(live().digest)
        assert put(number + 1).digest == digests[-1]
    assert len(set(digests)) == len(digests)


def test_an_override_that_changes_no_verdict_is_read_all_the_same(put, live, policies):
    first = put()
    (policies / "overrides.toml").write_text(OVERRIDE)
    assert live().digest == first.digest
    (policies / "overrides.toml").write_text(OVERRIDE.replace("uid", "uit"))
    with pytest.raises(ListError, match=r"overrides\.toml"):
        live()


def test_an_accepted_domain_reaches_its_institution(take, live, folder):
    take("A")
    (folder.accepted / "entities.toml").write_text(ADDITION)
    assert {"added.ru", "a.example.ru"} <= set(live().domains)
    assert {claim.value for claim in live().entities["own-a"].domains} == {
        "added.ru",
        "a.example.ru",
    }


def test_the_same_files_give_the_same_snapshot_wherever_they_lie(
    take, parcel, policies, tmp_path, at
):
    digest = take("A", "B").assembly.snapshot.digest
    other = Folder(tmp_path / "other")
    taken = importing.take(policies, other, parcel("A", "B"), at(9))
    assert taken.assembly.snapshot.digest == digest


def test_s09_a_damaged_snapshot_is_made_again(put, live, folder):
    first = put()
    path = history.path_of(folder, first.digest)
    path.write_bytes(b"junk")
    assert live().digest == first.digest
    path.unlink()
    assert put(1).digest == first.digest
    assert history.load(folder, first.digest).digest == first.digest


def test_a_damaged_snapshot_is_mended_when_it_is_put_in_force(put, folder):
    first = put()
    history.path_of(folder, first.digest).write_bytes(b"junk")
    assert put(1).digest == first.digest
    assert history.load(folder, first.digest).digest == first.digest


@pytest.fixture
def two(take, folder):
    take("A", "B")
    return folder


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"\xff" + content,
        lambda content: content[:-5],
        lambda content: content[: content.rindex(b"{")],
        lambda content: content[: content.rstrip().rindex(b"\n") + 1],
        lambda content: content.replace(b'"listings"', b'"listing"'),
        lambda content: content + b"{}\n",
        lambda content: content + b"null\n",
        lambda content: content.replace(b'{"format"', b'{"formal"'),
    ],
)
def test_s12_a_damaged_source_is_told_with_file_and_line_and_changes_nothing(
    two, live, files, put, damage
):
    folder = two
    path = folder.source("own")
    path.write_bytes(damage(path.read_bytes()))
    before = files()
    for call in (live, put):
        with pytest.raises(ListError) as caught:
            call()
        (fault,) = caught.value.faults
        assert fault.file == str(path)
        assert "import the list again" in fault.message
    assert files() == before


def test_a_damaged_source_is_mended_by_an_import(take, folder, live):
    take("A", "B")
    folder.source("own").write_bytes(b"junk")
    with pytest.raises(ListError, match="import the list again"):
        live()
    # How many it held is known from the note of what is in force.
    with pytest.raises(ListError, match="lacks 1 of the 2"):
        take("A", days=1)
    take("A", "C", days=1)
    assert "own-a" in live().entities


def test_s12_faulty_accepted_entities_are_told_with_file_and_line(take, live, folder):
    take("A")
    (folder.accepted / "entities.toml").write_text(ADDITION.replace("added.ru", "ac.ir"))
    with pytest.raises(ListError, match=r"accepted/entities\.toml:5: .*public suffix"):
        live()


def test_what_changes_while_a_snapshot_is_made_is_taken_by_the_next(
    policies, folder, at, put, monkeypatch
):
    entities = policies / "entities" / "a.toml"
    really = assembly.read_overrides

    def meanwhile(*arguments):
        entities.write_text(entities.read_text().replace("written.ru", "other.ru"))
        return really(*arguments)

    monkeypatch.setattr(assembly, "read_overrides", meanwhile)
    assert list(put().domains) == ["written.ru"]
    monkeypatch.undo()
    assert list(put(1).domains) == ["other.ru"]


def test_what_changes_while_a_list_is_imported_is_taken_by_the_next(
    policies, folder, take, put, monkeypatch
):
    entities = policies / "entities" / "a.toml"
    really = assembly.read_overrides

    def meanwhile(*arguments):
        entities.write_text(entities.read_text().replace("written.ru", "other.ru"))
        return really(*arguments)

    monkeypatch.setattr(assembly, "read_overrides", meanwhile)
    take("A")
    monkeypatch.undo()
    assert set(put(1).domains) == {"other.ru", "a.example.ru"}


def test_a_directory_that_cannot_be_written_serves_all_the_same(policies, at):
    nowhere = Folder(Path("/proc/monition"))
    assert list(assembly.live(policies, nowhere, at()).domains) == ["written.ru"]
    with pytest.raises(OSError, match="/proc/monition"):
        assembly.put_in_force(policies, nowhere, at())
