"""A lists directory that goes wrong under a real gateway: nothing falls out of the screening.

Each way is met by the poll, by a reload and by a start, with one worker and with two, as a user to
whom modes and owners mean something.
"""

import json
import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.serve.conftest import NOBODY

pytestmark = pytest.mark.unprivileged

LISTS = 'max_sessions = 200\n[lists]\ndirectory = "{}"\nsources = ["policies"]'
TOLD, OVER = "the lists cannot be read", "the lists can be read again"


def write_list(path, *domains):
    rows = "".join(f"Institute of {domain},{domain}\n" for domain in domains)
    path.write_text(f"name,domains\n{rows}")
    return str(path)


@pytest.fixture
def lists(home):
    return home / "lists"


@pytest.fixture
def start(serve, home, lists):
    """Starts a gateway as nobody, in that user's folder."""

    def start(workers=1, *, ready=True, directory=lists, user=NOBODY):
        relay = LISTS.format(directory)
        return serve(workers=workers, drain=1, ready=ready, folder=home, user=user, relay=relay)

    return start


@pytest.fixture
def imported(start, home, monition, until):
    """A gateway that has three institutions of a list in force, beside those of the policies."""

    def begin(workers):
        gateway = start(workers)
        alone = gateway.number("monition_institutions_in_force")
        file = write_list(home / "own.csv", *(f"{one}.example.org" for one in ("a", "b", "c")))
        monition("lists", "import", file, "--source", "own")
        until(lambda: in_force(gateway) == alone + 3, "the list to be in force")
        return gateway, alone + 3

    return begin


def in_force(gateway):
    return gateway.number("monition_institutions_in_force")


def is_blind(gateway):
    """Whether it says, in both places, that the lists cannot be taken as they are."""
    status, text = gateway.get("/readyz")
    unreadable = gateway.number("monition_lists_unreadable")
    return status == 503 and "lists: " in text and unreadable == 1 and text


def matched(folder):
    with closing(sqlite3.connect(folder / "ledger.db")) as database:
        return database.execute("SELECT count(*) FROM event WHERE kind = 'OBSERVED'").fetchone()[0]


def deliver(gateway, home, until):
    """Mail flows, and what the list names is recorded."""
    before = matched(home)
    with gateway.client() as client:
        assert client.open() == 250
        assert client.deliver("unmatched") == 250
        assert client.deliver("matched", "x@b.example.org") == 250
    assert matched(home) == before + 1


def swap(lists):
    """Another directory in its place, made as it should be, and smaller."""
    lists.rename(lists.with_name("away"))
    lists.with_name("other").rename(lists)


def swap_back(lists):
    lists.rename(lists.with_name("other"))
    lists.with_name("away").rename(lists)


def empty(lists):
    lists.rename(lists.with_name("away"))
    lists.mkdir(0o750)
    os.chown(lists, NOBODY, NOBODY)


def refill(lists):
    shutil.rmtree(lists)
    lists.with_name("away").rename(lists)


FAULTS = {
    "gone": (
        lambda lists: lists.rename(lists.with_name("away")),
        lambda lists: lists.with_name("away").rename(lists),
        "is gone, with the lists in force (own)",
    ),
    "unreadable": (
        lambda lists: lists.chmod(0),
        lambda lists: lists.chmod(0o750),
        "cannot be read (Permission denied)",
    ),
    "unreadable in part": (
        lambda lists: (lists / "sources" / "own.jsonl").chmod(0),
        lambda lists: (lists / "sources" / "own.jsonl").chmod(0o640),
        "own.jsonl: cannot be read (Permission denied)",
    ),
    "emptied": (empty, refill, "own.jsonl: is gone"),
    "smaller": (swap, swap_back, "names 1 institutions, and 3 were in force"),
    "another's": (
        lambda lists: os.chown(lists, 0, 0),
        lambda lists: os.chown(lists, NOBODY, NOBODY),
        "belongs to somebody else now (user 0)",
    ),
}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("fault", FAULTS)
def test_o07_a_lists_directory_that_goes_wrong_takes_nothing_out_of_force(  # noqa: PLR0917
    imported, start, home, lists, monition, until, fault, workers
):
    """Behaviours S21 and O7, at the poll, at a reload and at a start; and it mends itself."""
    spoil, mend, words = FAULTS[fault]
    gateway, institutions = imported(workers)
    if fault == "smaller":
        other = (home / "monition.toml").read_text().replace(str(lists), str(home / "other"))
        config = (home / "monition.toml").read_text()
        (home / "monition.toml").write_text(other.replace("ledger.db", "other.db"))
        file = write_list(home / "small.csv", "a.example.org")
        monition("lists", "import", file, "--source", "own")
        (home / "monition.toml").write_text(config)

    spoil(lists)
    assert words in until(lambda: is_blind(gateway), "the poll to notice")
    assert in_force(gateway) == institutions
    deliver(gateway, home, until)

    gateway.send(signal.SIGHUP)
    reloads = "reloading" if workers > 1 else "reloaded"
    until(lambda: gateway.logged(reloads), "the reload")
    assert words in until(lambda: is_blind(gateway), "the reload to be over")
    assert in_force(gateway) == institutions
    deliver(gateway, home, until)
    assert gateway.get("/livez")[0] == 200
    # Once a process, however often it is looked at.
    assert len(gateway.logged(TOLD)) <= (1 if workers == 1 else 1 + workers)
    gateway.send(signal.SIGTERM)
    gateway.ended()

    gateway = start(workers, ready=False)
    assert words in until(lambda: is_blind(gateway), "the start to tell")
    until(lambda: "does not serve" not in gateway.get("/readyz")[1], "the start")
    assert in_force(gateway) == institutions
    deliver(gateway, home, until)
    assert len(gateway.logged(TOLD)) == 1

    mend(lists)
    until(gateway.is_well, "it to mend")
    until(lambda: gateway.number("monition_lists_unreadable") == 0, "the metric")
    assert in_force(gateway) == institutions
    assert gateway.logged(OVER)
    deliver(gateway, home, until)


def test_s21_what_an_import_takes_away_is_no_loss(imported, home, monition, until):
    gateway, institutions = imported(1)
    file = write_list(home / "own.csv", "b.example.org")
    monition("lists", "import", file, "--source", "own", "--accept-loss")
    until(lambda: in_force(gateway) == institutions - 2, "the smaller list")
    assert gateway.get("/readyz")[0] == 200
    assert not gateway.logged(TOLD)
    gateway.send(signal.SIGHUP)
    until(lambda: len(gateway.logged("reloaded")) >= 2, "the reload")
    assert gateway.get("/readyz")[0] == 200


@pytest.mark.parametrize("workers", [1, 2])
def test_o07_a_start_with_the_packaged_entities_alone_waits_for_a_persons_word(  # noqa: PLR0917
    imported, start, lists, home, monition, until, workers
):
    gateway, institutions = imported(workers)
    gateway.send(signal.SIGTERM)
    gateway.ended()
    shutil.rmtree(lists)
    for copy in (home / "ledger.record").glob("sha256-*.gz"):
        copy.unlink()
    gateway = start(workers, ready=False)
    assert "monition lists forget" in until(lambda: is_blind(gateway), "the start to tell")
    until(lambda: in_force(gateway) == institutions - 3, "the policies' own to serve")
    with gateway.client() as client:
        assert client.open() == 250
        assert client.deliver("unmatched") == 250
    assert "nothing is kept of us-csl" in monition("lists", "forget", "us-csl", status=2)
    monition("lists", "forget", "own", "--by", "j.lindqvist", "--reason", "not binding on us")
    until(gateway.is_well, "the word to be heard")
    assert in_force(gateway) == institutions - 3
    acts = [json.loads(line) for line in (lists / "acts.jsonl").read_text().splitlines()[1:]]
    assert [(act["act"], act["source"], act["by"], act["reason"]) for act in acts] == [
        ("forget", "own", "j.lindqvist", "not binding on us")
    ]
    gateway.send(signal.SIGTERM)
    gateway.ended()
    start(workers)


def test_o07_lists_that_were_lost_are_taken_again_by_an_import(  # noqa: PLR0917
    imported, start, lists, home, monition, until
):
    gateway, institutions = imported(1)
    shutil.rmtree(lists)
    until(lambda: is_blind(gateway), "the poll to notice")
    # What is on record counts for the directory in its place: one institution fewer is a delisting.
    file = write_list(home / "own.csv", "a.example.org", "b.example.org")
    refused = monition("lists", "import", file, "--source", "own", status=1)
    assert "lacks 1 of the 3 institutions" in refused
    assert is_blind(gateway)
    monition("lists", "import", file, "--source", "own", "--accept-loss")
    until(gateway.is_well, "the import to be taken")
    assert in_force(gateway) == institutions - 1


def test_o07_serve_as_root_leaves_nothing_that_the_owner_of_the_folders_cannot_read(
    start, home, lists, until
):
    gateway = start(2, user=0)
    with gateway.client() as client:
        assert client.open() == 250
        assert client.deliver("matched", "x@mipt.ru") == 250
    until(lambda: matched(home) == 1, "the event")
    gateway.send(signal.SIGTERM)
    gateway.ended()
    made = [path for path in home.rglob("*") if path.name != "monition.toml"]
    assert lists in made
    assert home / "ledger.db" in made
    assert [str(path) for path in made if path.stat().st_uid != NOBODY] == []
    start(2)
    assert matched(home) == 1


def test_o07_root_does_not_write_into_a_lists_directory_that_it_finds_another_in(
    start, home, lists, until
):
    lists.mkdir()
    os.chown(lists, 4242, 4242)
    gateway = start(1, user=0, ready=False)
    assert "somebody else now (user 4242)" in until(lambda: is_blind(gateway), "the start")
    assert [path.name for path in Path(lists).iterdir()] == []
