"""What the lists give and nobody is found by, told from what is kept of each list."""

import pytest

from gateway.list_store.files import imported_source
from gateway.list_store.imports import import_run
from gateway.list_store.imports.import_run import ImportFiles
from gateway.list_store.snapshots import build_snapshot
from gateway.list_store.unused_contacts import unused_contacts, unused_of

ROWS = """\
name,id,uid,domains,addresses
A,own-a,7,gmail.com|a.example.ru,
B,own-b,8,b.example.ru,
C,own-c,9,x.wordpress.com,c@gmail.com
"""
OVERRIDE = """
[[override]]
list = "OWN"
uid = "7"
website = "gmail.com"
source = "seen"
reviewer = "r"
reviewed_on = 2026-11-01
"""


@pytest.fixture
def told(policies, folder, at, tmp_path):
    """Import the rows above; then tell what was not used."""
    (tmp_path / "own.csv").write_text(ROWS)
    import_run.import_list(policies, folder, ImportFiles("own", [tmp_path / "own.csv"]), at())

    def run(*names):
        snapshot = build_snapshot.current_or_built(policies, folder, at())
        return [
            (each.source, each.text.place, each.text.entity, each.text.entry, each.text.text)
            for each in unused_contacts(policies, folder, snapshot, *names)
        ]

    return run


ALL = [
    ("own", "own.csv:2", "own-a", "own-a", "gmail.com"),
    ("own", "own.csv:4", "own-c", "own-c", "x.wordpress.com"),
]


def test_s03_each_is_told_with_its_list_file_row_and_institution(told):
    assert told() == told("own") == ALL


def test_s03_it_is_told_under_the_institution_that_a_person_made_of_it(told, policies):
    with (policies / "entities" / "a.toml").open("a") as file:
        file.write('[[entity]]\nid = "mine"\nname = "A"\n  [[entity.listing]]\n  list = "OWN"\n')
        file.write('  uid = "7"\n  source = "s"\n')
    assert told()[0] == ("own", "own.csv:2", "mine", "own-a", "gmail.com")


def test_s03_one_institution_is_told_alone(told, policies, folder, at):
    snapshot = build_snapshot.current_or_built(policies, folder, at())
    entries = [
        ("own", each) for each in imported_source.read_entries(folder, "own") if each.id == "own-c"
    ]
    found = unused_of(snapshot.entities["own-c"], entries, policies, snapshot)
    assert [each.text.text for each in found] == ["x.wordpress.com"]


def test_the_guards_of_today_count(told, policies):
    (policies / "personal.toml").write_text(
        (policies / "personal.toml").read_text().replace("gmail.com", "b.example.ru")
    )
    assert [each[-1] for each in told()] == ["b.example.ru", "x.wordpress.com"]
