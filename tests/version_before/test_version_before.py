"""Files that the version before left open unchanged, and say today what they said then.

What they are and how they came about is told in README.md beside this file. Only the command line
is asked, so that nothing here rests on how the program is built.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.main import command

HERE = Path(__file__).parent


def _load_record():
    spec = importlib.util.spec_from_file_location("record", HERE / "record.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


record = _load_record()
MONITION = [sys.executable, "-m", "gateway"]
EVENTS = json.loads((record.EXPECTED / "events.json").read_text("utf-8"))
CASES = {
    f"{name}-{number}-{'-'.join(case['arguments'][:2])}": case
    for name in record.QUESTIONS
    for number, case in enumerate(record.questions(name))
}
# `monition audit verify` with the checkpoint that was signed then.
SIGNED = next(case for case in CASES.values() if "--public-key" in case["arguments"])
# What `monition lists import` was given, in this order; between the second and the third the
# gateway was at work.
IMPORTS = {
    "us-ofac-sdn": ("ofac/sdn.csv", "ofac/alt.csv", "ofac/add.csv", "ofac/sdn_comments.csv"),
    "own": ("plain/own.csv",),
    "us-csl": ("csl/consolidated.csv",),
    "un-sc": ("un/consolidated.xml",),
    "eu-fsf": ("eu/eu.xml",),
    "uk-sanctions": ("uk/UK-Sanctions-List.csv",),
    "opensanctions": ("ftm/entities.ftm.json",),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the files; who asks is who asked then."""
    monkeypatch.setenv("SUDO_USER", "officer")
    return record.lay_out(tmp_path)


@pytest.fixture(scope="module")
def brought_up(tmp_path_factory):
    """Another copy, whose ledger of the first schema a gateway of today has opened."""
    folder = record.lay_out(tmp_path_factory.mktemp("first"))
    record.serve_once(MONITION, folder / "first")
    return folder


@pytest.fixture
def run(folder, monkeypatch):
    """Type a verb in the installation's folder."""

    def run(*arguments, where="installation", status=0, text=""):
        monkeypatch.chdir(folder / where)
        words = [*arguments, "-c", "monition.toml"]
        result = CliRunner().invoke(command, words, input=text, catch_exceptions=False)
        assert result.exit_code == status, result.output
        return result.stdout

    return run


def contents(folder):
    """A digest of every file but a ledger's own, which a reading about people adds to.

    Locks are no content.
    """
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.name.startswith(("ledger.db", "."))
        and path.suffix != ".lock"
    }


def agrees(now, then):
    """Whether all that was said then is said now; what came to it since may stand beside it."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(
            key in now and agrees(now[key], value) for key, value in then.items()
        )
    if isinstance(then, list):
        return (
            isinstance(now, list)
            and len(now) == len(then)
            and all(agrees(one, other) for one, other in zip(now, then, strict=True))
        )
    return bool(now == then)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_was_answered_then_is_answered_now(case, folder, brought_up, run):
    if case["in"] == "first":
        shutil.rmtree(folder / "first")
        shutil.copytree(brought_up / "first", folder / "first")
    before = contents(folder)
    text = run(
        *case["arguments"], where=case["in"], status=case["status"], text=case.get("input", "")
    )
    found = record.rows(text, folder)
    if case["arguments"][:2] == ["config", "show"]:
        # A row a key: those that came to it since stand among the others.
        known = {row["key"] for row in case["rows"]}
        found = [row for row in found if row["key"] in known]
    for now, then in zip(found, case["rows"], strict=True):
        if "error" in now and case["arguments"][0] == "check":
            # Behaviour S17: until December 2026 what is not one address was said to be clear.
            assert now["standing"] == "review"
            continue
        assert agrees(now, then), f"now  {now}\nthen {then}"
    assert contents(folder) == before
    where = folder / case["in"] / "ledger.db"
    kept = record.select(where, record.EVENTS)
    assert kept[: len(EVENTS[case["in"]])] == EVENTS[case["in"]]


def test_there_are_verdicts_of_every_rule_standing_and_action():
    rows = [row for case in record.questions("verdicts") for row in case["rows"]]
    assert {row["standing"] for row in rows} == {"listed", "review", "clear"}
    assert {row["action"] for row in rows} == {"pass", "observe", "warn", "refuse"}
    assert {row["rule"] for row in rows} == {
        *("exact-address", "exact-domain", "subdomain", "lookalike", "linked", "embedded", None)
    }
    assert {row["kind"] for row in rows} == {
        *("personal", "individual", "role", "alumni", "unknown")
    }


def test_what_shows_nothing_of_people_leaves_the_ledger_byte_for_byte(folder, run):
    ledger = folder / "installation" / "ledger.db"
    before = ledger.read_bytes()
    for verb in ("config check", "config show", "lists status", "audit verify", "policy test"):
        run(*verb.split())
    run("check", "a@fog-institute.example")
    run("audit", "list", "--pseudonyms")
    assert ledger.read_bytes() == before


def test_the_snapshot_made_anew_of_the_same_lists_has_the_same_digest(folder, run):
    lists = folder / "installation" / "lists"
    digest = json.loads((lists / "current.json").read_text())["digest"]
    for name in ("current.json", "history.jsonl"):
        (lists / name).unlink()
    shutil.rmtree(lists / "snapshots")
    said = json.loads(run("check", "a@fog-institute.example", "--format", "json"))
    assert said["snapshot"] == digest
    run("lists", "update", "policies")
    (kept,) = (lists / "snapshots").iterdir()
    assert f"sha256:{hashlib.sha256(gzip.decompress(kept.read_bytes())).hexdigest()}" == digest


def test_the_same_files_imported_anew_give_the_same_entries_and_snapshots(folder, run):
    lists = folder / "installation" / "lists"
    then = lists.rename(folder / "then")
    for source, files in IMPORTS.items():
        run(
            "lists", "import", *(str(HERE / "imports" / file) for file in files), "--source", source
        )
        one, other = ((each / "sources" / f"{source}.jsonl") for each in (lists, then))
        # The first line tells when it was imported.
        assert one.read_text().splitlines()[1:] == other.read_text().splitlines()[1:]
    run("lists", "import", str(HERE / "imports" / "ror.jsonl"), "--source", "ror")
    history = [
        [json.loads(line)["digest"] for line in (each / "history.jsonl").read_text().splitlines()]
        for each in (lists, then)
    ]
    assert history[0] == history[1][: len(IMPORTS)]


def test_a_gateway_of_today_takes_over_and_what_waited_in_the_journal_is_sealed_alike(folder, run):
    where = folder / "installation"
    ledger = where / "ledger.db"
    before = contents(folder / "installation" / "lists")
    record.serve_once(MONITION, where)
    kept = EVENTS["installation"]
    assert record.select(ledger, record.EVENTS)[: len(kept)] == kept
    late = record.select(ledger, record.LATE, len(kept))
    then = EVENTS["journalled"]
    # An observation is sealed as it lay in the journal; what settles it gets an id and salts now.
    assert [row[:5] for row in late if row[1] == "OBSERVED"] == [
        row[:5] for row in then if row[1] == "OBSERVED"
    ]
    assert late[0] == then[0]
    settled = [
        [
            {key: value for key, value in json.loads(facts).items() if key != "process"}
            for _, kind, _, facts, *_ in rows
            if kind == "SETTLED"
        ]
        for rows in (late, then)
    ]
    assert settled[0] == settled[1]
    assert (where / "ledger.journal").read_bytes() == b""
    assert json.loads(run("audit", "verify", "--format", "json"))["intact"]
    # Nothing of the lists has changed, so nothing of them is written; the directory gets a name.
    after = contents(folder / "installation" / "lists")
    after.pop("acts.jsonl")
    assert after == before


def test_a_ledger_of_the_first_schema_is_brought_up_with_every_hash_as_it_was(brought_up, run):
    ledger = brought_up / "first" / "ledger.db"
    assert record.select(ledger, "PRAGMA user_version") != [[1]]
    kept = EVENTS["first"]
    assert record.select(ledger, record.EVENTS)[: len(kept)] == kept
    said = run("audit", "verify", "--format", "json", where=brought_up / "first")
    assert json.loads(said)["intact"]


def test_a_pack_and_a_program_that_verifies_it_understand_each_other_both_ways(folder, run):
    packs = {"then": folder / "evidence" / "pack.zip", "today": folder / "today.zip"}
    run("audit", "export", "--pack", str(packs["today"]), "--entity", "uni-fog", "--reason", "test")
    for name, file in packs.items():
        with zipfile.ZipFile(file) as packed:
            packed.extractall(folder / name)
    (key,) = SIGNED["rows"][0]["signed_by"]
    for name, program, more in (
        *(("then", "today", ("--fingerprint", key)), ("then", "then", ())),
        ("today", "then", ()),
    ):
        checked = subprocess.run(
            [sys.executable, folder / program / "verify.py", packs[name], *more],
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
    chains = [
        (folder / name / "chain.jsonl").read_text().splitlines() for name in ("then", "today")
    ]
    assert chains[1][: len(chains[0])] == chains[0]
    hashes = [[row["seq"], row["id"], row["hash"]] for row in map(json.loads, chains[0])]
    assert hashes == EVENTS["installation"][: len(hashes)]
