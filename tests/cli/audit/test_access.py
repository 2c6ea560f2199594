"""Every verb of the command line, held to A9: a new one fails here until somebody decides."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gateway.cli.main import command
from gateway.ledger.office import office_writer

SHOWS_NAMES = {
    "audit list": [],
    "audit show": ["{event}"],
    "audit replay": ["{event}"],
    "audit export": [],
    "audit stats": ["--by", "sender"],
    "audit first-contacts": [],
    "audit ask contacts": [],
    "audit ask first-contacts": [],
    "audit ask warned-often": ["--times", "1"],
    "audit ask after-warning": [],
    "audit ask not-warned": [],
    "audit ask unknown-outcome": [],
    "audit ask why": ["--event", "{event}"],
    "audit ask open-longer": ["--days", "0"],
    "audit ask decisions": [],
    "audit ask held": [],
    "notice queue": ["--all"],
}
"""What shows whose mail it was; with what is needed for some rows to be there."""

MAY_SHOW_NAMES = {
    *("audit ask list-change", "audit ask licence", "audit ask expiring", "audit ask why-not"),
    *("audit ask exceptions", "audit ask false-positives", "audit ask blind", "audit ask erased"),
    *("audit ask who-looked", "audit ask intact", "lists diff"),
}
"""What goes through the same door, and has no names to show in a day's ledger."""

SHOWS_NOBODY = {
    *("audit verify", "audit checkpoint", "audit questions", "audit snapshot", "audit retain"),
    *("audit dispose", "audit hold", "audit erase", "notice retry", "notice preview"),
    *("check", "demo", "serve", "completion", "config check", "config show", "policy test"),
    *(
        "lists import",
        "lists update",
        "lists status",
        "lists show",
        "lists search",
        "lists propose",
    ),
    *("lists forget", "lists unused", "ledger begin"),
}
"""What reads no personal data out of the ledger, or none that it shows."""


def verbs(group, context, path=()):
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from verbs(
                found, click.Context(found, parent=context, info_name=name), (*path, name)
            )
        else:
            yield " ".join((*path, name)), found


ALL = dict(verbs(command, click.Context(command)))


@pytest.fixture(scope="module")
def made(university_day, tmp_path_factory):
    """A day of a university's mail, its findings decided and held."""
    return university_day(tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def event(made):
    with closing(sqlite3.connect(made.ledger)) as connection:
        (id_,) = connection.execute("SELECT id FROM facet WHERE notice = 'sent'").fetchone()
    run = CliRunner().invoke
    config = ["-c", str(made.config)]
    for arguments in (
        ["audit", "dispose", id_, "--as", "licensed", "--reason", "x", "--licence", "L 1"],
        ["audit", "hold", id_, "--matter", "INQ-1"],
    ):
        result = run(command, [*arguments, *config])
        assert result.exit_code == 0, result.output
    return id_


@pytest.fixture(scope="module")
def addresses(made):
    with closing(sqlite3.connect(made.ledger)) as connection:
        rows = connection.execute("SELECT value FROM name WHERE kind <> 'entity'").fetchall()
    return {value for (value,) in rows}


@pytest.fixture
def run(made, event):
    def run(verb, *more):
        arguments = [word.format(event=event) for word in SHOWS_NAMES.get(verb, [])]
        return CliRunner().invoke(
            command, [*verb.split(), *arguments, *more, "-c", str(made.config)]
        )

    return run


@pytest.fixture
def log(made):
    """The ACCESSED of the ledger, as facts."""

    def log():
        with closing(sqlite3.connect(made.ledger)) as connection:
            rows = connection.execute(
                "SELECT facts FROM event WHERE kind = 'ACCESSED' ORDER BY seq"
            ).fetchall()
        return [json.loads(facts) for (facts,) in rows]

    return log


def named(text, addresses):
    return [address for address in addresses if address in text.lower()]


def test_a09_each_verb_either_records_or_shows_nobody():
    assert set(ALL) == SHOWS_NAMES.keys() | MAY_SHOW_NAMES | SHOWS_NOBODY
    for verb in (*SHOWS_NAMES, *(MAY_SHOW_NAMES - {"lists diff"})):
        options = {option.name for option in ALL[verb].params}
        assert {"reason", "pseudonyms"} <= options, verb


@pytest.mark.parametrize("verb", SHOWS_NAMES)
def test_a09_a_verb_that_shows_names_records_who_looked(run, log, addresses, verb):
    before = len(log())
    result = run(verb, "--reason", "a look")
    assert result.exit_code == 0, result.output
    # A replay reads all of a finding, and names nobody where it comes out as it was.
    assert named(result.stdout, addresses) or verb == "audit replay"
    (one,) = log()[before:]
    assert one["verb"].startswith(verb.rpartition(" ")[0])
    assert one["rows"] > 0
    assert one["by"]
    assert "@" not in json.dumps(one)


COUNTS = {
    **{
        f"audit stats --by {by}": "audit stats"
        for by in ("entity", "sender", "department", "week", "rule")
    },
    "audit ask false-positives": "audit ask false-positives",
    "audit dispose --as personal": "audit dispose",
    "audit hold --matter M": "audit hold",
    "audit hold --release": "audit hold",
}
"""What tells how much there is of a person whom the filters name, and need not show the name."""


@pytest.mark.parametrize("line", COUNTS)
@pytest.mark.parametrize("option", ["--sender", "--recipient", "--text"])
def test_a09_who_is_told_how_much_there_is_of_a_person_is_recorded(made, event, log, line, option):
    with closing(sqlite3.connect(made.ledger)) as connection:
        sender, recipient = connection.execute(
            "SELECT sender, recipient FROM facet WHERE id = ?", (event,)
        ).fetchone()
    acts = line.startswith(("audit dispose", "audit hold"))
    takes = {name for each in ALL[COUNTS[line]].params for name in each.opts}
    if option not in takes or (acts and option == "--text"):
        # It cannot be asked for so: an act is refused by what is found approximately.
        assert not line.startswith("audit stats")
        return
    asked = {"--sender": sender, "--recipient": recipient, "--text": sender.partition(".")[0]}
    before = len(log())
    arguments = [*line.split(), option, asked[option], "--reason", "why", "-c", str(made.config)]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == (2 if acts else 0), result.output
    (one,) = log()[before:]
    assert one["verb"] == COUNTS[line]
    assert one["rows"] > 0
    assert one["subjects"]
    assert "@" not in json.dumps(one)


def test_a09_counting_without_a_person_in_the_filters_is_no_reading_about_anyone(made, event, log):
    before = len(log())
    for line in ("audit stats --by week", "audit hold --matter M --tier blocking"):
        CliRunner().invoke(command, [*line.split(), "-c", str(made.config)])
    assert len(log()) == before


@pytest.mark.parametrize("verb", SHOWS_NAMES)
def test_a09_with_pseudonyms_nobody_is_named_and_nothing_recorded(run, log, addresses, verb):
    before = len(log())
    result = run(verb, "--pseudonyms")
    assert result.exit_code == 0, result.output
    assert named(result.output, addresses) == []
    assert len(log()) == before


@pytest.mark.parametrize("verb", SHOWS_NAMES)
def test_a09_where_it_cannot_be_recorded_no_name_is_shown(run, made, addresses, monkeypatch, verb):
    monkeypatch.setattr(office_writer, "PATIENCE_SECONDS", 0.01)
    with closing(sqlite3.connect(made.ledger, isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        result = run(verb)
        assert result.exit_code == 2, result.output
        assert named(result.output, addresses) == []
        assert "--pseudonyms shows the rows without names" in result.stderr
        assert run(verb, "--pseudonyms").exit_code == 0
        another.execute("ROLLBACK")


@pytest.mark.parametrize("verb", ["audit verify", "audit checkpoint", "config show"])
def test_a09_what_shows_nobody_names_nobody(run, log, addresses, verb):
    before = len(log())
    result = run(verb)
    assert result.exit_code == 0, result.output
    assert named(result.output, addresses) == []
    assert len(log()) == before


def test_a09_who_reads_the_first_line_and_leaves_has_been_recorded(made, event, log):
    before = len(log())
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    arguments = ["audit", "list", "--limit", "0", "--format", "csv", "-c", made.config]
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout.readline().startswith(b"id,at,sender")
        recorded = len(log())
        child.stdout.close()
        assert child.stderr.read() == b""
    assert recorded == before + 1


def test_a09_a_folder_that_cannot_be_written_shows_no_name(
    made, event, addresses, read_only_folder
):
    def moved(copy):
        text = made.config.read_text().replace(str(made.ledger.parent), str(copy))
        (copy / "monition.toml").write_text(text)

    with read_only_folder(made.ledger.parent, moved) as copy:
        config = copy / "monition.toml"
        invoke = CliRunner().invoke
        shown = invoke(command, ["audit", "list", "--pseudonyms", "-c", str(config)])
        assert shown.exit_code == 0, shown.output
        assert "person-" in shown.stdout
        refused = invoke(command, ["audit", "list", "-c", str(config)])
        assert refused.exit_code == 2
        assert "--pseudonyms shows the rows without names" in refused.stderr
        assert named(shown.output + refused.output, addresses) == []
