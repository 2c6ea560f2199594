import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import ListError
from gateway.list_store import list_status
from gateway.list_store.files import imported_source
from gateway.list_store.files.imported_source import Header
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import import_run, remove_list
from gateway.list_store.snapshots import (
    build_snapshot,
    compare_snapshots,
    coverage,
    snapshot_history,
    snapshot_in_force,
)
from gateway.lists.parsing.entry import Entry
from gateway.model import Listing
from gateway.screening import snapshot

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
    return lambda: build_snapshot.current_or_built(policies, folder, at())


@pytest.fixture
def put(policies, folder, at):
    return lambda days=0: build_snapshot.put_in_force(policies, folder, at(days))


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


def test_s10_every_file_that_it_is_made_of_counts(  # noqa: PLR0917 - fixtures
    put, take, live, folder, policies, at
):
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
        lambda: remove_list.remove(policies, folder, "own", at(9)),
    ]
    digests = [put().digest]
    for number, change in enumerate(changes):
        if number == len(changes) - 1:
            accepted.write_text("")
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
    digest = take("A", "B").built.snapshot.digest
    other = Folder(tmp_path / "other")
    taken = import_run.import_list(policies, other, parcel("A", "B"), at(9))
    assert taken.built.snapshot.digest == digest


def test_s09_a_damaged_snapshot_is_made_again(put, live, folder):
    first = put()
    path = snapshot_history.path_of(folder, first.digest)
    path.write_bytes(b"junk")
    assert live().digest == first.digest
    path.unlink()
    assert put(1).digest == first.digest
    assert snapshot_history.load(folder, first.digest).digest == first.digest


def test_a_damaged_snapshot_is_mended_when_it_is_put_in_force(put, folder):
    first = put()
    snapshot_history.path_of(folder, first.digest).write_bytes(b"junk")
    assert put(1).digest == first.digest
    assert snapshot_history.load(folder, first.digest).digest == first.digest


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
    really = build_snapshot.read_overrides

    def meanwhile(*arguments):
        entities.write_text(entities.read_text().replace("written.ru", "other.ru"))
        return really(*arguments)

    monkeypatch.setattr(build_snapshot, "read_overrides", meanwhile)
    assert list(put().domains) == ["written.ru"]
    monkeypatch.undo()
    assert list(put(1).domains) == ["other.ru"]


def test_what_changes_while_a_list_is_imported_is_taken_by_the_next(
    policies, folder, take, put, monkeypatch
):
    entities = policies / "entities" / "a.toml"
    really = build_snapshot.read_overrides

    def meanwhile(*arguments):
        entities.write_text(entities.read_text().replace("written.ru", "other.ru"))
        return really(*arguments)

    monkeypatch.setattr(build_snapshot, "read_overrides", meanwhile)
    take("A")
    monkeypatch.undo()
    assert set(put(1).domains) == {"other.ru", "a.example.ru"}


def test_a_directory_that_cannot_be_written_serves_all_the_same(policies, at):
    nowhere = Folder(Path("/proc/monition"))
    assert list(build_snapshot.current_or_built(policies, nowhere, at()).domains) == ["written.ru"]
    with pytest.raises(OSError, match="/proc/monition"):
        build_snapshot.put_in_force(policies, nowhere, at())


# ── who holds what several claim ─────────────────────────────────────────────────────────────


@pytest.fixture
def write(folder, at):
    """Keep a list with one institution at a domain."""

    def run(name, id_, domain):
        listing = Listing(name.upper(), None, id_)
        entry = Entry(id_, f"Institute {id_}", f"{name}:1", (listing,), domains=(domain,))
        folder.make()
        imported_source.write(folder, Header(name, at(), at(), (), 1), [entry])

    return run


def test_a_disjoint_list_changes_only_what_the_difference_names(write, put):
    write("own", "own-1", "one.example.org")
    write("un-sc", "un-1", "un.example.org")
    before = put()
    # Both believed before the other two, and between them.
    write("us-ofac-sdn", "us-1", "us.example.org")
    write("opensanctions", "os-1", "os.example.org")
    after = put(1)
    pair = compare_snapshots.ComparedSnapshots(before, after)
    assert {change.entity for change in compare_snapshots.changes(pair)} == {"us-1", "os-1"}
    for id_ in before.entities:
        assert before.entities[id_] == after.entities[id_]


def test_of_a_domain_that_two_claim_the_list_further_up_names_the_holder(write, put):
    write("own", "a-1", "shared.example.org")
    write("us-csl", "z-1", "shared.example.org")
    held = dict(put().domains.items())["shared.example.org"]
    assert [each.entity.id for each in held] == ["z-1", "a-1"]
    write("un-sc", "m-1", "shared.example.org")
    held = dict(put(1).domains.items())["shared.example.org"]
    assert [each.entity.id for each in held] == ["z-1", "m-1", "a-1"]


def test_a_snapshot_with_the_places_of_an_earlier_version_is_loaded(write, put, folder):
    write("own", "own-1", "one.example.org")
    made = put()
    entities = [replace(each, rank=min(each.rank, 1)) for each in made.entities.values()]
    old = snapshot.build(entities, made.mailbox_kinds)
    assert old.digest != made.digest
    with folder.locked():
        snapshot_history.keep(folder, old)
    assert snapshot_history.load(folder, old.digest).entities["own-1"].rank == 1


# ── what is lost or damaged ──────────────────────────────────────────────────────────────────


def test_s08_all_lists_that_are_lost_or_damaged_are_told_at_once(write, put, folder):
    for name in ("own", "un-sc", "us-csl"):
        write(name, f"{name}-1", f"{name}.example.org")
    put()
    folder.source("own").unlink()
    folder.source("un-sc").write_bytes(b"x")
    with pytest.raises(coverage.IncompleteListsError) as caught:
        put(1)
    assert [fault.file for fault in caught.value.faults] == [
        str(folder.source("own")),
        str(folder.source("un-sc")),
    ]


def test_what_is_in_force_names_the_digests_of_its_lists(take, folder, write, put):
    take("A")
    header = imported_source.read_header(folder, "own")
    assert header.digest
    assert snapshot_history.current(folder).sources == {"own": header.digest}
    write("un-sc", "un-1", "un.example.org")
    put(1)
    assert set(snapshot_history.current(folder).sources) == {"own", "un-sc"}


def test_s08_half_a_list_is_refused_though_what_was_kept_of_it_is_gone(take, folder):
    take(*"ABCDEFGHIJ")
    folder.source("own").unlink()
    with pytest.raises(ListError, match="lacks 5 of the 10 institutions"):
        take(*"ABCDE", days=1)
    assert take(*"ABCDEFGHI", days=2).header.entries == 9


@pytest.mark.parametrize("name", ["own", "other"])
def test_s08_a_list_that_is_a_link_to_nowhere_is_no_list_without_entries(put, take, folder, name):
    take("A")
    before = snapshot_history.current(folder)
    folder.source(name).unlink(missing_ok=True)
    folder.source(name).symlink_to("nowhere")
    with pytest.raises(ListError, match=rf"{name}\.jsonl: is a link that leads nowhere"):
        put(1)
    assert snapshot_history.current(folder) == before


def test_s08_a_list_that_vanishes_before_it_is_read_is_missed(take, live, folder, monkeypatch):
    take("A")
    (folder.path / "current.json").write_bytes(
        folder.current.read_bytes().replace(b'"inputs": "sha256', b'"inputs": "sha257')
    )
    listed = imported_source.source_names(folder)
    folder.source("own").unlink()
    monkeypatch.setattr(imported_source, "source_names", lambda _: listed)
    with pytest.raises(coverage.IncompleteListsError, match=r"own\.jsonl: is gone"):
        live()


def test_s08_two_lists_that_lead_nowhere_do_not_keep_each_other_out(take, live, folder):
    take("A")
    folder.source("zzz").symlink_to("nowhere")
    folder.source("own").unlink()
    folder.source("own").symlink_to("nowhere")
    with pytest.raises(ListError, match=r"zzz\.jsonl: is a link"):
        take("A", "B")
    folder.source("zzz").unlink()
    assert {"own-a", "own-b"} <= set(live().entities)


def accepted_is_gone(folder):
    (folder.accepted / "entities.toml").unlink()


def accepted_leads_nowhere(folder):
    (folder.accepted / "entities.toml").rename(folder.path / "elsewhere.toml")
    (folder.accepted / "entities.toml").symlink_to("nowhere")


def its_folder_is_gone(folder):
    shutil.rmtree(folder.accepted)


def its_folder_leads_nowhere(folder):
    shutil.rmtree(folder.accepted)
    folder.accepted.symlink_to("nowhere")


@pytest.mark.parametrize(
    "lose",
    [accepted_is_gone, accepted_leads_nowhere, its_folder_is_gone, its_folder_leads_nowhere],
)
def test_s08_what_was_accepted_does_not_fall_out_in_silence(  # noqa: PLR0917 - fixtures
    put, take, policies, folder, at, lose
):
    take("A")
    (folder.accepted / "entities.toml").write_text(ADDITION)
    put(1)
    lose(folder)
    found = snapshot_in_force.snapshot_in_force(policies, folder, at(2), keep=True)
    assert "added.ru" in found.snapshot.domains
    (fault,) = found.faults
    assert str(folder.accepted) in fault.file
    assert "is gone" in fault.message or "leads nowhere" in fault.message
    assert list_status.status(policies, folder).is_damaged


def test_s08_an_emptied_file_of_what_was_accepted_was_emptied_on_purpose(put, take, folder):
    take("A")
    path = folder.accepted / "entities.toml"
    path.write_text(ADDITION)
    assert "added.ru" in put(1).domains
    path.write_text("")
    assert "added.ru" not in put(2).domains
    path.unlink()
    assert "added.ru" not in put(3).domains


def test_s08_what_was_accepted_before_it_was_written_down_is_read_as_ever(put, take, folder):
    take("A")
    said = json.loads(folder.current.read_bytes())
    assert said.pop("accepted") == {}
    folder.current.write_text(json.dumps(said))
    assert snapshot_history.in_force(folder).accepted == {}
    (folder.accepted / "entities.toml").write_text(ADDITION)
    put(1)
    assert list(snapshot_history.in_force(folder).accepted) == ["entities.toml"]


def test_s08_lists_that_are_a_link_to_nowhere_are_damage(policies, folder):
    folder.path.symlink_to("nowhere")
    found = list_status.status(policies, folder)
    assert any("leads nowhere" in fault.message for fault in found.damage)
