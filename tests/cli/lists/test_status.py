"""``monition lists status``: how the lists stand, for people and for programs."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from gateway import packaged
from gateway.cli.lists import status as status_module
from gateway.cli.lists.status import age_text
from gateway.cli.main import command
from gateway.list_store.files import imported_source
from gateway.list_store.files.imported_source import Refusal
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import import_run
from gateway.list_store.imports.import_run import ImportFiles
from gateway.list_store.snapshots import build_snapshot, snapshot_history
from gateway.serve.query_running_gateway import RunningGateway

POLICIES = packaged.policies_directory()
CONFIG = """
[institution]
name = "U"
domains = ["example.edu"]
[compliance]
office = "O"
email = "o@example.edu"
[lists]
directory = "lists"
sources = ["policies", "us-csl"]
"""


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "lists")


@pytest.fixture
def status(tmp_path):
    config = tmp_path / "monition.toml"
    config.write_text(CONFIG)

    def status(*options):
        words = ["lists", "status", *options, "-c", str(config)]
        return CliRunner().invoke(command, words, catch_exceptions=False)

    return status


@pytest.fixture
def take(tmp_path, folder):
    def take(days_ago=0, rows="Institute,institute.example.org,OWN,\n"):
        file = tmp_path / "own.csv"
        file.write_text(f"name,domains,list,uid\n{rows}")
        at = datetime.now(UTC) - timedelta(days=days_ago)
        return import_run.import_list(POLICIES, folder, ImportFiles("own", [file]), at)

    return take


def test_before_anything_was_imported(status, tmp_path):
    done = status()
    assert done.exit_code == 0
    assert done.stdout.splitlines()[2].split() == ["us-csl", "never", "taken"]
    assert "no snapshot was put in force yet" in done.stderr
    first, last = map(json.loads, status("--format", "json").stdout.splitlines())
    assert first["source"] == "us-csl"
    assert first["age_seconds"] is None
    assert last["snapshot"] is None
    assert not (tmp_path / "lists").exists()


def test_s08_each_list_has_its_age_and_the_snapshot_its_size(status, take, folder):
    taken = take(days_ago=3)
    done = status()
    assert done.exit_code == 0
    row = done.stdout.splitlines()[-1].split()
    assert row[:2] == ["own", "1"]
    assert row[-2:] == ["3", "days"]
    made = taken.built.snapshot
    assert f"in force: {made.digest}" in done.stderr
    assert f"{len(made.entities)} institutions, {len(made.domains)} domains; 1 snap" in done.stderr
    last = json.loads(status("--format", "json").stdout.splitlines()[-1])
    assert last["snapshot"] == made.digest
    assert last["domains"] == len(made.domains)
    assert last["is_current"] is True
    assert last["missing"] == []


def test_s08_a_refusal_is_told_with_its_reason_and_ends_with_one(status, take, folder):
    take(days_ago=2)
    with folder.locked():
        imported_source.write_refusal(
            folder, "own", Refusal(datetime.now(UTC), "half of it is missing")
        )
    done = status()
    assert done.exit_code == 1
    assert "own: refused on " in done.stderr
    assert "half of it is missing" in done.stderr
    (_, row) = csv.DictReader(io.StringIO(status("--format", "csv").stdout))
    assert row["refusal"] == "half of it is missing"
    assert int(row["age_seconds"]) >= 2 * 86_400


def test_what_was_seen_to_be_unchanged_is_young_again(status, take, folder):
    take(days_ago=5)
    import_run.record_unchanged(folder, "own", datetime.now(UTC) - timedelta(hours=2))
    done = status()
    assert done.stdout.splitlines()[-1].endswith("2 hours")
    assert "the policies or the lists have changed since" not in done.stderr


def test_a_change_that_is_not_in_force_yet_is_told(status, take, folder):
    take()
    (folder.accepted / "entities.toml").write_text("# nothing yet\n")
    assert "the policies or the lists have changed since" in status().stderr
    build_snapshot.put_in_force(POLICIES, folder, datetime.now(UTC))
    assert "the policies or the lists have changed since" not in status().stderr


def test_a_designation_that_the_imported_list_lacks_is_told(status, take):
    take(rows="Institute,institute.example.org,US-OFAC-SDN,1\n")
    done = status()
    assert "note: us-ofac-38316 is written down as US-OFAC-SDN 38316, which the imp" in done.stderr
    missing = json.loads(status("--format", "json").stdout.splitlines()[-1])["missing"]
    assert {"entity": "us-ofac-38316", "list": "US-OFAC-SDN", "uid": "38316"} in missing


def test_a_snapshot_that_cannot_be_read_is_told(status, take, folder):
    digest = take().built.snapshot.digest
    snapshot_history.path_of(folder, digest).write_bytes(b"junk")
    done = status()
    assert "its file cannot be read: `monition lists update policies` makes it anew" in done.stderr


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(seconds=59), "now"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(hours=23), "23 hours"),
        (timedelta(days=1, hours=3), "1 day"),
        (timedelta(days=400), "400 days"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(age, said):
    assert age_text(age) == said


def test_a_gateway_that_cannot_be_asked_is_no_fault_and_said(status, take, tmp_path):
    digest = take().built.snapshot.digest
    assert "not known: [metrics] is not configured" in status().stderr
    config = tmp_path / "monition.toml"
    config.write_text(config.read_text() + f'[metrics]\nlisten = "unix:{tmp_path}/nobody"\n')
    done = status()
    assert "running gateway: not known: no gateway answers at unix:" in done.stderr
    assert done.exit_code == 0
    last = json.loads(status("--format", "json").stdout.splitlines()[-1])
    assert last["snapshot"] == digest
    assert last["gateway_snapshots"] == []
    assert "no gateway answers" in last["gateway_unknown"]


@pytest.mark.parametrize("is_same", [True, False])
def test_what_a_running_gateway_works_by_is_told(status, take, monkeypatch, is_same, tmp_path):
    digest = take().built.snapshot.digest
    served = digest if is_same else "sha256:another"
    config = tmp_path / "monition.toml"
    config.write_text(config.read_text() + "[metrics]\n")
    found = RunningGateway((served,), ("sha256:policy",))
    monkeypatch.setattr(status_module.query_running_gateway, "ask", lambda _: found)
    told = status().stderr
    assert ("works by the same snapshot" if is_same else "works by sha256:another") in told
    assert "with the policy sha256:policy" in told
