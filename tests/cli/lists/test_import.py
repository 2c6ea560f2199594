"""``monition lists import``: what a person is told of what was taken, and of what was not."""

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway import packaged
from gateway.cli.main import command
from gateway.list_store.files import imported_source
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import ror_store
from gateway.list_store.snapshots import snapshot_history
from gateway.lists.formats import own_table
from gateway.screening.entity_files import read_entities
from gateway.screening.recipient_kind import MailboxKinds

CONFIG = """
[institution]
name = "U"
domains = ["example.edu"]
[compliance]
office = "O"
email = "o@example.edu"
[lists]
directory = "lists"
[policies]
directory = "{policies}"
"""
ROR = (
    '{"id":"https://ror.org/00v0z9322","status":"active","names":[{"value":"Institute of Tests",'
    '"types":["ror_display"]}],"locations":[],"domains":["tests.example"],"links":[]}\n'
)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "lists")


@pytest.fixture
def policies(tmp_path):
    """A policies directory whose files a test may replace."""
    directory = tmp_path / "policies"
    directory.mkdir()
    for path in packaged.policies_directory().iterdir():
        (directory / path.name).symlink_to(path)
    return directory


@pytest.fixture
def take(tmp_path, policies):
    config = tmp_path / "monition.toml"
    config.write_text(CONFIG.format(policies=policies))

    def take(name, *files, options=()):
        for file, content in files:
            (tmp_path / file).write_bytes(content.encode() if isinstance(content, str) else content)
        paths = [str(tmp_path / file) for file, _ in files]
        words = ["lists", "import", *paths, "--source", name, *options, "-c", str(config)]
        return CliRunner().invoke(command, words, catch_exceptions=False)

    return take


def own(*rows):
    return "\n".join(["name,domains,addresses", *rows, ""])


def test_it_says_what_was_taken_and_what_is_in_force(take, folder):
    done = take("own", ("own.csv", own("Institute,institute.example.org,")))
    assert done.exit_code == 0, done.output
    now = snapshot_history.current(folder).digest[:19]
    assert done.stdout.startswith("own: 1 institution taken\n")
    assert f"In force: {now}… (there was none before), " in done.stdout
    assert done.stdout.endswith("The running gateway takes it within seconds.\n")
    again = take("own", ("own.csv", own("Institute,institute.example.org,")))
    assert f"In force: {now}… (as before)" in again.stdout
    assert "within seconds" not in again.stdout
    more = take(
        "own",
        ("own.csv", own("Institute,institute.example.org,", "Other,other.example.net,")),
    )
    assert f"({now}… before)" in more.stdout


def test_s12_rows_left_out_are_counted_by_reason_with_their_places(take):
    rows = [
        '1,"INSTITUTE",-0- ,"TEST",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ',
        '2,"DOE, John","individual","TEST",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ',
        '3,"OTHER","vessel","TEST"',
    ]
    alt = '9,1,"aka","NOBODY",-0- '
    done = take(
        "us-ofac-sdn",
        ("sdn.csv", "\r\n".join([*rows, "\x1a"])),
        ("alt.csv", f"{alt}\r\n\x1a"),
        ("add.csv", "\x1a"),
        ("sdn_comments.csv", "\x1a"),
    )
    assert done.exit_code == 0, done.output
    assert "us-ofac-sdn: 1 institution taken\n" in done.stdout
    assert "  1 row left out: individual\n" in done.stdout
    assert "  1 row left out: malformed\n    sdn.csv:3" in done.stdout
    assert "  1 row left out: orphan\n    alt.csv:1" in done.stdout
    # Of rows that are left out for what they are nobody needs to see examples.
    assert "DOE" not in done.stdout


def test_s03_websites_that_cannot_be_used_are_told_with_the_reason(take):
    done = take("own", ("own.csv", own("Institute,gmail.com|ac.ru,")))
    assert done.exit_code == 0, done.output
    assert "Websites and addresses not used: 2" in done.stdout
    assert "  own.csv:2: own-institute: gmail.com: " in done.stdout
    assert "  own.csv:2: own-institute: ac.ru: " in done.stdout


def test_a_domain_of_several_institutions_is_told(take):
    done = take("own", ("own.csv", own("One,a.example.org,", "Two,a.example.org,")))
    assert "Domains that several institutions name, of which a match tells the first: 1" in (
        done.stdout
    )
    assert "  a.example.org: own-one, own-two" in done.stdout


def test_of_what_other_lists_say_nothing_is_told_again(take):
    take(
        "own", ("own.csv", own("Institute,gmail.com,", "One,a.example.org,", "Two,a.example.org,"))
    )
    rows = ['1,"INSTITUTE",-0- ,"TEST",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ', "\x1a"]
    empty = [(name, "\x1a") for name in ("alt.csv", "add.csv", "sdn_comments.csv")]
    done = take("us-ofac-sdn", ("sdn.csv", "\r\n".join(rows)), *empty)
    assert done.exit_code == 0, done.output
    assert "gmail.com" not in done.stdout
    assert "a.example.org" not in done.stdout


def test_an_override_and_an_addition_that_meet_nothing_are_told(take, policies, folder):
    (policies / "overrides.toml").unlink()
    (policies / "overrides.toml").write_text(
        '[[override]]\nlist = "OWN"\nuid = "7"\nwebsite = "www.gone.example"\n'
        'source = "a test"\nreviewer = "us"\nreviewed_on = 2026-11-22\n'
    )
    folder.make()
    (folder.accepted / "entities.toml").write_text(
        '[[addition]]\nentity = "nobody-1"\n[[addition.domain]]\nname = "nobody.example.org"\n'
        'source = "a test"\nreviewer = "us"\nreviewed_on = 2026-11-22\n'
    )
    done = take("own", ("own.csv", own("Institute,institute.example.org,")))
    assert done.exit_code == 0, done.output
    assert "An override meets nothing in the list: OWN 7, www.gone.example" in done.stdout
    assert "An addition names nobody-1, which no list and no file has" in done.stdout


def test_s12_a_file_that_is_not_the_list_is_refused_and_the_refusal_kept(take, folder):
    done = take("own", ("own.csv", "<html><body>Sign in</body></html>"))
    assert done.exit_code == 1
    assert done.stderr == "own.csv:1: is a web page, not the list; its address may have moved\n"
    assert imported_source.read_refusal(folder, "own").reason.startswith("own.csv:1: is a web page")
    assert snapshot_history.current(folder) is None


def test_the_wrong_files_are_wrong_usage_and_no_refusal(take, folder):
    done = take("us-ofac-sdn", ("sdn.csv", ""), ("alt.csv", ""))
    assert done.exit_code == 2
    assert "us-ofac-sdn is made of these files: sdn.csv, alt.csv, add.csv, sdn_comm" in done.stderr
    assert imported_source.read_refusal(folder, "us-ofac-sdn") is None


def test_a_source_that_is_in_no_catalogue_is_wrong_usage(take):
    done = take("us-ofac", ("sdn.csv", ""))
    assert done.exit_code == 2
    assert "us-ofac-sdn" in done.stderr


def test_faulty_policies_refuse_it_too_and_nothing_has_changed(take, policies, folder):
    (policies / "roles.toml").unlink()
    (policies / "roles.toml").write_text("[[role]\n")
    done = take("own", ("own.csv", own("Institute,institute.example.org,")))
    assert done.exit_code == 1
    assert "roles.toml:1" in done.stderr
    assert imported_source.source_names(folder) == []


def test_a_damaged_source_is_mended_by_importing_it_again(take, folder):
    content = own("Institute,institute.example.org,")
    take("own", ("own.csv", content))
    folder.source("own").write_bytes(folder.source("own").read_bytes()[:-9])
    done = take("own", ("own.csv", content))
    assert done.exit_code == 0, done.output
    assert [entry.name for entry in imported_source.read_entries(folder, "own")] == ["Institute"]


def test_a_compressed_file_is_opened(take, folder):
    content = own("Institute,institute.example.org,").encode()
    done = take("own", ("own.csv.gz", gzip.compress(content)))
    assert done.exit_code == 0, done.output
    (original,) = imported_source.read_header(folder, "own").originals
    assert (original.name, original.size) == ("own.csv.gz", len(content))


@pytest.mark.parametrize(
    "content",
    [b"no gzip", gzip.compress(b"name\n" + b"x" * 9999)[:-9], b""],
    ids=["no gzip", "cut", "empty"],
)
def test_s12_a_compressed_file_that_is_none_or_not_whole_is_refused(take, content):
    done = take("own", ("own.csv.gz", content))
    assert done.exit_code == 1
    assert "own.csv.gz: " in done.stderr


def test_the_registry_of_organisations_is_kept_for_proposals_and_puts_nothing_in_force(
    take, folder
):
    done = take("ror", ("v1-ror_schema_v2.json.gz", gzip.compress(ROR.encode())))
    assert done.exit_code == 0, done.output
    assert done.stdout == "ror: 1 organisation taken\n"
    assert "Nothing in force has changed" in done.stderr
    assert [each.name for each in ror_store.read(folder)] == ["Institute of Tests"]
    assert snapshot_history.current(folder) is None
    assert imported_source.source_names(folder) == []


def test_the_registry_is_one_file(take):
    done = take("ror", ("a.jsonl", ROR), ("b.jsonl", ROR))
    assert done.exit_code == 2
    assert "is one file, and 2 are given" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_root_does_not_leave_files_that_the_gateway_could_not_read(take, folder):
    folder.make()
    os.chown(folder.path, 12345, 12345)
    done = take("own", ("own.csv", own("Institute,institute.example.org,")))
    assert done.exit_code == 2
    assert "is not root's: run this as its owner, sudo -u '#12345' monition" in done.stderr
    assert imported_source.source_names(folder) == []


def test_a_directory_that_cannot_be_made_is_told_with_the_remedy(take, tmp_path):
    (tmp_path / "lists").write_text("a file")
    done = take("own", ("own.csv", own("Institute,institute.example.org,")))
    assert done.exit_code == 2
    assert f"{tmp_path}/lists cannot be written (" in done.stderr
    assert "set [lists] directory" in done.stderr


def test_two_imports_at_once_leave_both_lists(tmp_path, take, folder):
    take("own", ("own.csv", own("Institute,institute.example.org,")))
    rows = ['1,"INSTITUTE",-0- ,"TEST",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ', "\x1a"]
    for name in ("sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv"):
        (tmp_path / name).write_text("\r\n".join(rows) if name == "sdn.csv" else "\x1a")
    config = str(tmp_path / "monition.toml")
    monition = [sys.executable, "-m", "gateway", "lists", "import"]
    ofac = [str(tmp_path / n) for n in ("sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv")]
    running = [
        subprocess.Popen(
            [*monition, *files, "--source", name, "-c", config], stdout=subprocess.DEVNULL
        )
        for name, files in (("us-ofac-sdn", ofac), ("own", [str(tmp_path / "own.csv")]))
    ]
    assert [each.wait(60) for each in running] == [0, 0]
    assert snapshot_history.current(folder).entries == {"own": 1, "us-ofac-sdn": 1}


def test_every_list_verb_has_an_example(take):
    for verb in ("import", "update", "status", "show"):
        done = CliRunner().invoke(command, ["lists", verb, "--help"])
        assert f"monition lists {verb}" in done.stdout.partition("Example")[2]


def test_what_is_taken_can_be_checked_at_once(take, tmp_path):
    take("own", ("own.csv", own("Institute,institute.example.org,")))
    words = ["check", "a@institute.example.org", "--format", "json"]
    done = CliRunner().invoke(command, [*words, "-c", str(tmp_path / "monition.toml")])
    assert json.loads(done.stdout)["standing"] == "listed"


def test_s03_all_that_was_not_used_is_told_to_programs_with_file_and_row(take, folder):
    rows = [f"Institute {number},gmail.com," for number in range(7)]
    done = take(
        "own", ("own.csv", own(*rows, "Last,last.example.org,")), options=["--format", "json"]
    )
    told = json.loads(done.stdout)
    assert [each["place"] for each in told["unused"]] == [f"own.csv:{n}" for n in range(2, 9)]
    assert {each["text"] for each in told["unused"]} == {"gmail.com"}
    assert told["unused"][0]["entity"] == "own-institute-0"
    assert "provider of personal mail" in told["unused"][0]["reason"]
    assert (told["source"], told["taken"], told["left_out"]) == ("own", 8, {})
    assert told["snapshot"] == snapshot_history.current(folder).digest
    assert (told["before"], told["own_domains"], told["shared"]) == (None, [], {})


def test_s03_a_person_is_told_where_the_rest_is_shown(take):
    rows = [f"Institute {number},gmail.com," for number in range(7)]
    done = take("own", ("own.csv", own(*rows)))
    assert "  own.csv:2: own-institute-0: gmail.com: " in done.stdout
    assert "  and 2 more: `monition lists unused own` shows all\n" in done.stdout


def test_s12_a_broken_registry_is_refused_with_the_status_of_a_refused_list(take, folder):
    assert take("ror", ("ror.jsonl", ROR)).exit_code == 0
    done = take("ror", ("ror.jsonl", ROR[:-20]))
    assert done.exit_code == 1
    assert "ror.jsonl:1: ends within a value: it was cut short; fetch it again" in done.stderr
    assert ror_store.read_header(folder).entries == 1


def test_programs_are_told_of_the_registry_as_well(take):
    done = take("ror", ("ror.jsonl", ROR), options=["--format", "json"])
    assert json.loads(done.stdout) == {"source": "ror", "taken": 1, "left_out": {}}


def test_our_own_domain_in_a_list_is_told_loudly_and_stops_nothing(take, folder):
    done = take("own", ("own.csv", own("Slip,lab.example.edu,", "Other,other.example.org,")))
    assert done.exit_code == 0
    assert (
        "Warning: lab.example.edu, below your own example.edu, is listed as a domain of Slip"
        in (done.stderr)
    )
    assert len(done.stderr.splitlines()) == 1
    assert (
        "lab.example.edu"
        in snapshot_history.load(folder, snapshot_history.current(folder).digest).domains
    )


def blocks(heading, language):
    """The fenced examples below a heading of docs/lists.md."""
    text = (Path(__file__).parents[3] / "docs" / "lists.md").read_text()
    section = text.partition(f"\n### {heading}\n")[2].partition("\n### ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def test_the_documented_list_of_ones_own_can_be_imported(take, folder):
    (table,) = blocks("A list of your own", "csv")
    done = take("own", ("own.csv", table))
    assert done.exit_code == 0, done.output
    assert "own: 1 institution taken\n" in done.stdout
    assert "not used" not in done.stdout
    entity = snapshot_history.load(folder, snapshot_history.current(folder).digest).entities[
        "own-examples"
    ]
    assert {claim.value for claim in entity.domains} == {"examples.example.org", "lab.example.net"}
    assert [claim.value for claim in entity.addresses] == ["office@post.example.com"]
    assert entity.listings[0].wind_down_until.isoformat() == "2026-06-30"


def test_the_same_documented_as_toml_is_the_same_institution(take, folder, tmp_path):
    (table,) = blocks("A list of your own", "csv")
    take("own", ("own.csv", table))
    imported = snapshot_history.load(folder, snapshot_history.current(folder).digest).entities[
        "own-examples"
    ]
    (text,) = blocks("A list of your own", "toml")
    directory = tmp_path / "entities"
    directory.mkdir()
    (directory / "own.toml").write_text(text)
    faults = []
    mailbox_kinds = MailboxKinds({}, {}, frozenset(), frozenset(), frozenset())
    entities, _ = read_entities([directory], mailbox_kinds, faults)
    assert faults == []
    (written,) = entities
    same = ("id", "name", "aliases", "country")
    assert [getattr(written, name) for name in same] == [getattr(imported, name) for name in same]
    assert written.listings == imported.listings
    for kind in ("domains", "addresses"):
        assert {claim.value for claim in getattr(written, kind)} == {
            claim.value for claim in getattr(imported, kind)
        }


def test_every_column_of_ones_own_list_is_documented():
    text = (Path(__file__).parents[3] / "docs" / "lists.md").read_text()
    section = text.partition("\n### A list of your own\n")[2].partition("\n### ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) == set(own_table.COLUMNS)
