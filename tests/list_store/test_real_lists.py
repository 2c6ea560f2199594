"""The real lists, imported as an office would import them: every website of theirs is listed."""

import csv
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.addresses.address_text import from_text
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import import_run
from gateway.list_store.imports.import_run import ImportFiles
from gateway.list_store.snapshots import build_snapshot, compare_snapshots, snapshot_history
from gateway.model import Standing
from gateway.packaged import policies_directory
from gateway.screening.classify import classify
from gateway.screening.names.name_index import NameIndex, names_of

DATA = Path(__file__).parents[3] / "shared" / "data"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

pytestmark = pytest.mark.data

# Written apart from the code: in OFAC's remarks a website ends at a semicolon, a space or the end.
WEBSITE = re.compile(r"Website:? (?:https?://)?(?:www\.)?([^\s;/:]+)")

# OFAC 30625: policies/overrides.toml says why, and what is meant.
SLIP = "en.miu.ac"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is absent: it is not part of the project")
    folder = Folder(tmp_path_factory.mktemp("real") / "lists")
    names = ("sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv")
    import_files = ImportFiles("us-ofac-sdn", [DATA / "ofac" / name for name in names])
    import_run.import_list(policies_directory(), folder, import_files, NOW)
    return folder


@pytest.fixture(scope="module")
def live(folder):
    return snapshot_history.load(folder, snapshot_history.current(folder).digest)


@pytest.fixture(scope="module")
def index(live):
    return NameIndex(each for entity in live.entities.values() for each in names_of(entity))


@pytest.fixture(scope="module")
def named(folder):
    """Give each host behind the word Website in an entity's remark, by the number of its entry."""
    remarks = {}
    with (DATA / "ofac" / "sdn.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.reader(stream):
            if row[2:3] == ["-0- "]:
                remarks[row[0]] = [row[11]]
    with (DATA / "ofac" / "sdn_comments.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.reader(stream):
            if row[0] in remarks:
                remarks[row[0]].append(row[1])
    return [
        (uid, found[1].rstrip(".").lower())
        for uid, texts in remarks.items()
        for text in texts
        for found in WEBSITE.finditer(text)
    ]


def test_every_website_that_passes_the_guards_is_listed_as_its_own_institutions(live, named):
    assert len(named) > 900
    missed = []
    for uid, host in named:
        finding = classify(from_text(f"someone@{host}"), live, NOW.date())
        entities = {
            holding.entity.id
            for match in live.matches("someone", host)
            for holding in match.entity_claims
        }
        if finding.standing is not Standing.LISTED or f"us-ofac-{uid}" not in entities:
            missed.append(host)
    assert SLIP in missed
    missed.remove(SLIP)
    # What the guards refuse: shared hosts, a provider's, hosts outside the DNS.
    assert len(missed) <= 10
    refused = re.compile(r"facebook\.com|narod\.ru|wixsite\.com|\.onion|\.corn")
    assert all(refused.search(host) for host in missed), missed


def test_the_slip_of_30625_is_put_right_and_what_it_is_near_is_clear(live):
    def standing(domain):
        finding = classify(from_text(f"someone@{domain}"), live, NOW.date())
        return finding.standing, finding.entity and finding.entity.id

    assert standing("miu.ac.ir") == (Standing.LISTED, "us-ofac-30625")
    assert standing("en.miu.ac.ir") == (Standing.LISTED, "us-ofac-30625")
    assert standing("miu.ac") == (Standing.CLEAR, None)
    assert standing("en.miu.ac") == (Standing.CLEAR, None)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("МГТУ им. Баумана", "us-ofac-45919"),
        ("МГТУ имени Баумана", "us-ofac-45919"),
        ("МГТУ Баумана", "us-ofac-45919"),
        ("MGTU", "us-ofac-45919"),
        ("Bowman", "us-ofac-45919"),
        ("Koorchatof", "us-ofac-35342"),
        ("Kurchatof institut", "us-ofac-35342"),
        ("Skoltekh", "us-ofac-38222"),
        ("физтех", "us-ofac-38316"),
        ("Fizteh", "us-ofac-38316"),
        ("MFTI", "us-ofac-38316"),
        ("Kalashnikoff", "us-ofac-16911"),
        ("Tichomirow", "us-ofac-17251"),
        ("Toupolev", "us-ofac-35898"),
        ("Губкин", "us-ofac-43036"),
        ("Malik Ashtar", "us-ofac-13152"),
        ("哈尔滨工业大学", "us-bis-harbin-institute-of-technology"),
    ],
)
def test_whom_a_person_means_is_among_the_first_three_of_7266(index, asked, meant):
    assert meant in [hit.owner for hit in index.search(asked, 3)]


def test_what_is_loaded_equals_what_is_made_of_the_same_files(folder, live):
    made = build_snapshot.build(policies_directory(), folder, at=NOW).snapshot
    assert made.digest == live.digest
    assert compare_snapshots.changes(compare_snapshots.ComparedSnapshots(made, live)) == []
    assert set(made.domains) == set(live.domains)
