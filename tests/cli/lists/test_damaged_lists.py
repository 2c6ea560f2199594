"""Whatever lies in the lists directory: no verb is a traceback, and none says what is untrue."""

import json
import os
import re
import shutil
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from gateway.cli.main import command
from gateway.config import load
from gateway.list_store import list_status
from gateway.list_store.files import accepted_domains, imported_source, linked_domains, mail_hosts
from gateway.list_store.files.accepted_domains import Acceptance, Rejection
from gateway.list_store.files.imported_source import Header, Refusal
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import import_run, ror_store
from gateway.list_store.imports.import_run import ImportFiles
from gateway.list_store.snapshots import snapshot_history, snapshot_in_force
from gateway.lists.parsing.organisation import Organisation
from gateway.screening.dns_linkage import Link
from gateway.serve import load_in_force

NOW = datetime.now(UTC)
CONFIG = """
[institution]
name = "U"
domains = ["example.edu"]
[compliance]
office = "O"
email = "o@example.edu"
[ledger]
path = "ledger.db"
emergency_journal = "ledger.journal"
[lists]
directory = "lists"
[policies]
directory = "policies"
"""
DEEP = b"[" * 200_000


def pipe(path):
    path.unlink()
    os.mkfifo(path)


def directory(path):
    path.unlink()
    path.mkdir()


def absent(path):
    path.unlink()


def link_to(target):
    def link(path):
        path.unlink()
        path.symlink_to(target)

    return link


def holding(content):
    return lambda path: path.write_bytes(content)


def altered(old, new):
    return lambda path: path.write_bytes(path.read_bytes().replace(old, new, 1))


DAMAGE = {
    "gone": absent,
    "empty": holding(b""),
    "junk": holding(b"\x1f\x8b\xff junk \x00"),
    "nested": holding(DEEP + b"\n" + DEEP + b"\n"),
    "null": holding(b"null\nnull\n"),
    "an object": holding(b"{}\n{}\n"),
    "a number": holding(b"7\n7\n"),
    "other types": holding(b'{"at": 7, "entries": "x", "on": [], "format": 1, "source": {}}\n' * 2),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "twice": lambda path: path.write_bytes(path.read_bytes() * 2),
    "a folder": directory,
    "a pipe": pipe,
    "a device": link_to("/dev/zero"),
    "a loop": lambda path: link_to(path.name)(path),
    "a time without zone": altered(b"+00:00", b""),
    "a far time": lambda path: path.write_bytes(
        re.sub(rb'(at": ?")[^"]*', rb"\g<1>0001-01-01T00:00:00+23:59", path.read_bytes())
    ),
}
FILES = {
    "current.json": lambda folder: folder.current,
    "history.jsonl": lambda folder: folder.history,
    "policies.jsonl": lambda folder: folder.policies_history,
    "linked.jsonl": lambda folder: folder.linked,
    "mail_hosts.jsonl": mail_hosts.path_of,
    "ror.jsonl": ror_store.path_of,
    "rejected.jsonl": accepted_domains.rejections_of,
    "accepted/entities.toml": accepted_domains.path_of,
    "sources/own.jsonl": lambda folder: folder.source("own"),
    "sources/own.refused": lambda folder: folder.refusal("own"),
    "sources/own.checked": lambda folder: imported_source.checked(folder, "own"),
    "snapshots": lambda folder: snapshot_history.path_of(
        folder, snapshot_history.current(folder).digest
    ),
    "policies": lambda folder: next(folder.policies.iterdir()),
}
READING = (
    ("lists", "status", "--format", "json"),
    ("lists", "diff"),
    ("lists", "show", "own-a"),
    ("lists", "search", "Institute"),
    ("lists", "propose"),
    ("check", "a@a.example.org"),
    ("config", "check"),
    ("policy", "test"),
)
WRITING = (
    ("lists", "update", "policies"),
    ("lists", "import", "own.csv", "--source", "own"),
    ("lists", "forget", "own"),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, small_policies):
    """A directory in which a gateway has run, with a list and all that people decide."""
    path = tmp_path_factory.mktemp("whole")
    small_policies(path / "policies")
    (path / "monition.toml").write_text(CONFIG)
    (path / "own.csv").write_text(
        "name,id,domains\nInstitute A,own-a,a.example.org\nInstitute B,own-b,b.example.org\n"
    )
    folder = Folder(path / "lists")
    import_files = ImportFiles("own", [path / "own.csv"])
    import_run.import_list(path / "policies", folder, import_files, NOW)
    with folder.locked():
        accepted_domains.add(folder, Acceptance("own-a", "more.example.org", "s", "r", NOW.date()))
        accepted_domains.reject(folder, Rejection("p1", "own-a", "no.example.org", "r", NOW.date()))
        accepted_domains.reject(folder, Rejection("p2", "own-b", "no.example.org", "r", NOW.date()))
        header = Header("ror", NOW, NOW, (), 1)
        known = Organisation("00v0z9322", "Institute A", "ror.json:1", ("Institute A",))
        ror_store.write(folder, header, [known])
    link = Link("x.example.net", "MX", "mx.a.example.org", "a.example.org")
    linked_domains.add(folder, link, NOW.date())
    mail_hosts.add(folder, [link], NOW.date())
    load_in_force.load(load(path / "monition.toml", {}), NOW.date())
    imported_source.write_checked(folder, "own", NOW)
    imported_source.write_refusal(folder, "own", Refusal(NOW, "half of it"))
    return path


@pytest.fixture
def there(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "copy", symlinks=True)


@pytest.fixture
def folder(there):
    return Folder(there / "lists")


@pytest.fixture
def monition(there, monkeypatch):
    monkeypatch.chdir(there)

    def run(*words):
        done = CliRunner().invoke(command, [*words, "-c", "monition.toml"], catch_exceptions=False)
        assert done.exit_code in {0, 1, 2}, done.output
        return done

    return run


def test_where_nothing_is_damaged_nothing_is_told(monition):
    for words in READING:
        assert "damaged:" not in monition(*words).stderr, words


MATRIX = [(file, kind) for file in FILES for kind in DAMAGE]


@pytest.mark.parametrize(("file", "kind"), MATRIX)
def test_no_damage_is_a_bug_nor_hides_what_is_whole(folder, there, file, kind):
    DAMAGE[kind](FILES[file](folder))
    found = list_status.status(there / "policies", folder)
    (row,) = found.sources
    assert row.name == "own"
    assert found.activation is not None
    told = [fault for fault in (*row.damage, *found.damage) if not fault.file.endswith(".toml")]
    # Of TOML the parser's words say it all.
    assert all("; " in fault.message for fault in told), "each says what to do"
    if file == "sources/own.jsonl":
        assert row.damage
        assert not found.damage
    else:
        assert row.header is not None
    now = snapshot_in_force.snapshot_in_force(there / "policies", folder, NOW, keep=True)
    assert now.snapshot.domains.covers("a.example.org"), "whatever is damaged, it is looked for"


# Each file and each kind several times, and not each with each: a verb takes its time.
@pytest.mark.parametrize(("file", "kind"), MATRIX[::11])
def test_no_damage_ends_a_verb_in_a_traceback(monition, folder, there, file, kind):
    DAMAGE[kind](FILES[file](folder))
    for words in READING:
        monition(*words)
    with capture_logs():
        load_in_force.load(load(there / "monition.toml", {}), NOW.date())


@pytest.mark.parametrize("words", WRITING, ids=" ".join)
@pytest.mark.parametrize("kind", ["gone", "nested", "a pipe"])
@pytest.mark.parametrize("file", ["current.json", "history.jsonl", "sources/own.jsonl"])
def test_no_damage_ends_a_verb_that_mends_it_in_a_traceback(monition, folder, file, kind, words):
    DAMAGE[kind](FILES[file](folder))
    monition(*words)


@pytest.mark.parametrize("name", ["sources", "snapshots", "accepted", "policies", "."])
@pytest.mark.parametrize("kind", ["gone", "a file", "a pipe"])
def test_a_directory_that_is_none_is_told(monition, folder, there, name, kind):
    path = folder.path / name
    shutil.rmtree(path)
    if kind == "a file":
        path.write_bytes(b"x")
    elif kind == "a pipe":
        os.mkfifo(path)
    done = monition(*READING[0])
    if name != ".":
        rows = list(map(json.loads, done.stdout.splitlines()))
        assert [row["source"] for row in rows[:-1]] == ["own"]
    for words in WRITING:
        monition(*words)
    with capture_logs():
        load_in_force.load(load(there / "monition.toml", {}), NOW.date())


@pytest.mark.parametrize(
    "name", ["a\nb.jsonl", "-.jsonl", "\udcff.jsonl", "x y.jsonl", "\x1b[2J.jsonl"]
)
def test_a_file_that_no_list_can_have_is_named_and_not_read(monition, folder, name):
    shutil.copy(folder.source("own"), folder.sources / f"{name}.jsonl")
    done = monition(*READING[0])
    *_, last = map(json.loads, done.stdout.splitlines())
    (told,) = last["damage"]
    assert "is no list's file, and is not read; move it away" in told
    assert told.isprintable()
    for words in READING[-3:]:
        monition(*words)


# ── what is said ─────────────────────────────────────────────────────────────────────────────


def faults(done):
    row, last = map(json.loads, done.stdout.splitlines())
    return row["damage"], last["damage"]


@pytest.mark.parametrize("kind", ["gone", "junk", "a folder"])
def test_s08_a_list_that_is_lost_or_damaged_leaves_the_last_good_snapshot_in_force(
    monition, folder, there, kind
):
    before = snapshot_history.current(folder).digest
    DAMAGE[kind](folder.source("own"))
    done = monition("lists", "status", "--format", "json")
    (told,), others = faults(done)
    assert told.startswith(f"{folder.source('own')}"), told
    assert "import the list again" in told
    assert others == []
    assert "own.jsonl" in monition("config", "check").stdout
    assert "listed" in monition("check", "a@a.example.org").stdout
    with capture_logs() as logs:
        loaded = load_in_force.load(load(there / "monition.toml", {}), NOW.date())
    assert loaded.in_force.snapshot.digest == before
    (line,) = [each for each in logs if each["log_level"] == "error"]
    assert "own.jsonl" in line["faults"][0]
    assert f"the last good snapshot stays in force, {before}" in line["instead"]
    assert snapshot_history.current(folder).digest == before


@pytest.mark.parametrize("kind", ["gone", "junk", "an object", "a folder"])
def test_what_cannot_be_known_is_said_to_be_unknown(monition, folder, kind):
    before = snapshot_history.current(folder).digest
    DAMAGE[kind](folder.current)
    done = monition("lists", "status")
    assert f"in force: not known, as what tells it is damaged; last known: {before}" in done.stderr
    assert "current.json" in done.stderr
    assert "no snapshot was put in force yet" not in done.stderr
    assert done.exit_code == 1
    *_, last = map(json.loads, monition("lists", "status", "--format", "json").stdout.splitlines())
    assert (last["is_known"], last["is_current"]) == (False, None)
    done = monition("lists", "diff")
    assert done.exit_code == 2
    assert "current.json" in done.stderr
    assert "`monition lists update policies` makes it anew" in done.stderr


def test_s08_a_lost_list_is_known_of_though_what_is_in_force_is_not(monition, folder):
    folder.current.unlink()
    folder.source("own").unlink()
    assert "own.jsonl: is gone" in monition("lists", "status").stderr
    assert "listed" in monition("check", "a@a.example.org").stdout


@pytest.mark.parametrize("kind", ["gone", "junk", "a folder"])
def test_a_damaged_history_is_told_by_what_needs_it(monition, folder, kind):
    DAMAGE[kind](folder.history)
    done = monition("lists", "diff")
    assert done.exit_code == 2
    assert "history.jsonl" in done.stderr
    assert "Only one snapshot is known to have been in force" not in done.stderr
    digest = snapshot_history.current(folder).digest
    assert monition("lists", "diff", digest, digest).exit_code == 0


def test_a_history_that_is_gone_is_begun_again(monition, folder):
    folder.history.unlink()
    assert monition("lists", "update", "policies").exit_code == 0
    assert [each.digest for each in snapshot_history.activations(folder)] == [
        snapshot_history.current(folder).digest
    ]


def test_an_entry_that_was_altered_and_still_parses_is_noticed(monition, folder):
    altered(b"b.example.org", b"c.example.org")(folder.source("own"))
    (told,), _ = faults(monition("lists", "status", "--format", "json"))
    assert "its entries are not those that were written" in told
    assert "c.example.org: clear" in monition("check", "x@c.example.org").stdout


def test_a_list_of_an_earlier_version_has_no_digest_and_says_so(monition, folder):
    path = folder.source("own")
    head, _, body = path.read_bytes().partition(b"\n")
    said = json.loads(head)
    del said["digest"]
    path.write_bytes(json.dumps(said).encode() + b"\n" + body.replace(b"b.example", b"c.example"))
    done = monition("lists", "status")
    assert "own was taken by an earlier version, without a digest" in done.stderr
    assert "damaged" not in done.stderr
    assert "listed" in monition("check", "x@c.example.org").stdout


def test_s08_a_list_goes_when_a_person_says_so(monition, folder):
    before = snapshot_history.current(folder).digest
    folder.source("own").unlink()
    done = monition("lists", "forget", "own")
    assert done.exit_code == 0
    assert done.stdout.startswith("own: forgotten, with its 2 institutions\nIn force: sha256:")
    assert snapshot_history.current(folder).digest != before
    done = monition("lists", "status")
    assert "damaged" not in done.stderr
    assert done.exit_code == 0
    assert "clear" in monition("check", "a@a.example.org").stdout
    assert snapshot_history.load(folder, before).domains.covers("a.example.org")
    done = monition("lists", "forget", "own")
    assert done.exit_code == 2
    assert "nothing is kept of own; no list was imported" in done.stderr


def test_p04_a_list_that_an_example_needs_is_not_forgotten(monition, folder, there):
    (there / "policies" / "examples.toml").write_text(
        '[[example]]\naddress = "x@a.example.org"\nstanding = "listed"\n'
    )
    before = snapshot_history.current(folder)
    done = monition("lists", "forget", "own")
    assert done.exit_code == 2
    assert "without own an example of the policy fails" in done.stderr
    assert "nothing was changed" in done.stderr
    assert folder.source("own").exists()
    assert snapshot_history.current(folder) == before
