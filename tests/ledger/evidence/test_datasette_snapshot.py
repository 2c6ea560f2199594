from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import LedgerError
from gateway.ledger.evidence.datasette_snapshot import KEPT, VIEWS, description, write_snapshot
from gateway.ledger.query.logged_reading import COLUMNS, LoggedReading
from gateway.ledger.questions.filters import Filters

METADATA = Path(__file__).parents[3] / "config" / "datasette" / "metadata.json"


@pytest.fixture
def snapshot(case, mail, tmp_path):
    path = tmp_path / "monition.db"
    path.touch()
    with LoggedReading(case.path, None) as reading:
        about = description(mail.now(), seq=14, version="0.1.0")
        assert write_snapshot(path, reading.findings(Filters()), about) == case.count
    return path


@pytest.fixture
def ask(snapshot):
    def ask(sql, **values):
        with closing(sqlite3.connect(snapshot)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, values)]

    return ask


def test_a08_a_snapshot_has_every_finding_and_none_of_the_people(case, snapshot, ask):
    with LoggedReading(case.path, None) as reading:
        shown = {row["id"]: row for row in reading.findings(Filters())}
    rows = {row["id"]: row for row in ask("SELECT * FROM finding")}
    assert rows.keys() == shown.keys()
    for key, row in rows.items():
        assert tuple(row) == KEPT
        assert {name: shown[key][name] for name in KEPT} == {**row, "held": bool(row["held"])}
    content = snapshot.read_bytes().lower()
    for address in case.addresses:
        assert address.lower().encode() not in content
        assert address.rpartition("@")[0].lower().encode() + b"@" not in content


def test_a08_nothing_of_what_seals_or_unveils_is_in_a_snapshot(case, snapshot):
    content = snapshot.read_bytes()
    with closing(sqlite3.connect(case.path)) as connection:
        secrets = [salt for (salt,) in connection.execute("SELECT salt FROM personal") if salt]
        secrets += [bytes(value) for (value,) in connection.execute("SELECT value FROM setting")]
    assert len(secrets) > 10
    assert not [secret for secret in secrets if secret in content]
    for text in (b"asked by", b"told by", b"192.0.2.7", b"queued as", b"4XyZ", b"<1@example"):
        assert text not in content


def test_people_are_the_same_person_throughout(case, ask):
    (row,) = ask("SELECT sender, recipient FROM finding WHERE id = :id", id=case.noticed)
    assert row["sender"].startswith("person-")
    assert row["recipient"].endswith("@stud.mipt.ru")
    assert ask("SELECT count(*) AS n FROM person WHERE sender = :sender", sender=row["sender"]) == [
        {"n": 1}
    ]


def test_a08_a_licence_that_names_somebody_stays_out(case, mail, tmp_path):
    path = tmp_path / "x.db"
    path.touch()
    with LoggedReading(case.path, None) as reading:
        rows = [{**row, "licence": "for jane@example.edu"} for row in reading.findings(Filters())]
    write_snapshot(path, rows, {})
    assert b"jane@" not in path.read_bytes()


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_every_view_answers(ask, view):
    assert ask(f"SELECT * FROM {view}")


def test_what_a_snapshot_says_of_itself(ask):
    about = {row["name"]: row["value"] for row in ask("SELECT * FROM about")}
    assert about["of_the_ledger_up_to_row"] == "14"
    assert "pseudonyms" in about["people"]


def test_the_shipped_metadata_names_what_is_there_and_its_queries_run(ask):
    described = json.loads(METADATA.read_text())["databases"]["monition"]
    assert described["tables"].keys() == {"finding", "about", *VIEWS}
    finding = described["tables"]["finding"]
    assert {*finding["columns"], *finding["facets"], finding["sort_desc"]} <= set(KEPT)
    for query in described["queries"].values():
        ask(query["sql"], more_than="0", since="2026-01-01")


def test_what_is_left_out_is_what_a_reading_by_pseudonyms_keeps_null(case):
    with LoggedReading(case.path, None) as reading:
        rows = list(reading.findings(Filters()))
    left_out = set(COLUMNS) - set(KEPT)
    assert all(row[name] is None for row in rows for name in left_out)


def test_a08_a_full_disk_is_told(case, tmp_path, small_files):
    path = tmp_path / "x.db"
    path.touch()
    with LoggedReading(case.path, None) as reading:
        rows = list(reading.findings(Filters()))
    with small_files(8192), pytest.raises(LedgerError, match=r"cannot be written .*disk full"):
        write_snapshot(path, rows, {})


def test_the_page_names_every_table_and_view():
    page = (METADATA.parents[2] / "docs" / "datasette.md").read_text()
    assert [name for name in ("finding", "about", *VIEWS) if f"`{name}`" not in page] == []
