"""``monition lists update`` against a real server on this machine."""

import contextlib
import http.server
import json
import os
import threading

import pytest
import structlog
from click.testing import CliRunner

from gateway import __version__
from gateway.cli.main import command
from gateway.compliance.sanction_lists import update_lists
from gateway.config import Lists
from gateway.list_store.files import imported_source
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.snapshots import snapshot_history
from gateway.lookup.download import Timeouts

CONFIG = """
[institution]
name = "U"
domains = ["example.edu"]
[compliance]
office = "O"
email = "o@example.edu"
[lists]
directory = "lists"
sources = [{sources}]
[lists.mirrors]
{mirrors}
"""
OFAC = ("sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        content = self.server.files.get(self.path)
        tag = f'"{hash(content)}"'
        asked = self.headers["If-None-Match"]
        self.server.asked.append((self.path, asked))
        if content is None:
            self.send_error(404)
            return
        is_unchanged = asked == tag
        self.send_response(304 if is_unchanged else 200)
        self.send_header("ETag", tag)
        if not is_unchanged:
            self.send_header("Content-Length", str(len(content) + self.server.lie))
        self.end_headers()
        if not is_unchanged:
            self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    """A web server; ``files`` are what it has, ``asked`` who asked for what, and on what terms."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.asked, server.lie = {}, [], 0
    server.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "lists")


@pytest.fixture
def monition(tmp_path, site):
    def run(*arguments, sources=("own",), mirrors=None):
        mirrors = {"own": "/own.csv", "us-ofac-sdn": "/ofac/"} if mirrors is None else mirrors
        text = CONFIG.format(
            sources=", ".join(f'"{name}"' for name in sources),
            mirrors="\n".join(f'{name} = "{site.base}{path}"' for name, path in mirrors.items()),
        )
        (tmp_path / "monition.toml").write_text(text)
        words = [*arguments, "-c", str(tmp_path / "monition.toml")]
        return CliRunner().invoke(command, words, catch_exceptions=False)

    return run


@pytest.fixture
def update(monition):
    def run(*names, **settings):
        return monition("lists", "update", *names, **settings)

    return run


def own(count=20, start=1):
    rows = [f"Institute No. {n},institute-{n}.example.org" for n in range(start, start + count)]
    return "\n".join(["name,domains", *rows, ""]).encode()


def sdn(count=3000, start=1):
    rows = [
        f'{n},"INSTITUTE NO. {n}",-0- ,"TEST",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- '
        for n in range(start, start + count)
    ]
    return "\r\n".join([*rows, "\x1a"]).encode()


def entries(folder, name="own"):
    return {entry.name for entry in imported_source.read_entries(folder, name)}


def test_a_list_is_fetched_and_put_in_force(update, site, folder):
    site.files["/own.csv"] = own()
    done = update()
    assert done.exit_code == 0, done.output
    assert "own: 20 institutions taken" in done.stdout
    assert "The running gateway takes it within seconds." in done.stdout
    assert len(entries(folder)) == 20
    header = imported_source.read_header(folder, "own")
    (original,) = header.originals
    assert (original.name, original.address) == ("own.csv", f"{site.base}/own.csv")
    assert original.etag
    assert header.version == __version__
    assert snapshot_history.current(folder).entries == {"own": 20}


def test_what_has_not_changed_is_only_known_to_be_so(update, site, folder):
    site.files["/own.csv"] = own()
    update()
    kept, activation = folder.source("own").read_bytes(), snapshot_history.current(folder)
    first = imported_source.read_header(folder, "own")
    (folder.sources / "own.checked").unlink(missing_ok=True)
    done = update()
    assert done.exit_code == 0
    assert done.stdout == "own: unchanged\n"
    assert site.asked[1] == ("/own.csv", first.originals[0].etag)
    assert folder.source("own").read_bytes() == kept
    assert snapshot_history.current(folder) == activation
    assert (folder.sources / "own.checked").exists()


def test_a_later_version_of_monition_reads_what_has_not_changed_again(
    update, site, folder, monkeypatch
):
    site.files["/own.csv"] = own()
    update()
    monkeypatch.setattr(update_lists, "__version__", "99")
    assert "20 institutions taken" in update().stdout
    assert [asked for _, asked in site.asked] == [None, None]


def test_what_came_from_elsewhere_is_fetched_whatever_its_tag(update, site):
    site.files |= {"/own.csv": own(), "/there.csv": own()}
    update()
    done = update(mirrors={"own": "/there.csv"})
    assert "20 institutions taken" in done.stdout
    assert site.asked[1] == ("/there.csv", None)


def test_of_a_list_of_several_files_all_are_needed_when_one_has_changed(update, site, folder):
    site.files |= {f"/ofac/{name}": b"" for name in OFAC}
    site.files["/ofac/sdn.csv"] = sdn()
    for name in OFAC[1:]:
        site.files[f"/ofac/{name}"] = b"\x1a\r\n"
    done = update(sources=["us-ofac-sdn"])
    assert done.exit_code == 0, done.output
    site.asked.clear()
    assert update(sources=["us-ofac-sdn"]).stdout == "us-ofac-sdn: unchanged\n"
    assert len(site.asked) == 4
    assert all(asked for _, asked in site.asked)
    site.asked.clear()
    site.files["/ofac/sdn.csv"] = sdn(3001)
    assert "3,001 institutions taken" in update(sources=["us-ofac-sdn"]).stdout
    # The three that had not changed were asked for once more, without conditions.
    assert sorted(path for path, asked in site.asked if asked is None) == sorted(
        f"/ofac/{name}" for name in OFAC[1:]
    )
    assert len(site.asked) == 7


@pytest.mark.parametrize(
    ("content", "lie", "why"),
    [
        (None, 0, "answers 404 Not Found"),
        (own(21), 10, "broke off"),
        (b"<!DOCTYPE html><title>Moved</title>", 0, "is a web page, not the list"),
        (own(17), 0, "lacks 3 of the 20 institutions that own had"),
        (b"name,domains\n", 0, "has no row below its heading"),
    ],
    ids=["gone", "cut", "a web page", "lost more than a tenth", "empty"],
)
def test_s08_what_is_not_the_list_is_refused_and_the_old_one_stays(  # noqa: PLR0917 - fixtures
    update, monition, site, folder, content, lie, why
):
    site.files["/own.csv"] = own()
    update()
    before, activation = entries(folder), snapshot_history.current(folder)
    site.files["/own.csv"], site.lie = content, lie
    done = update()
    assert done.exit_code == 1
    assert why in done.stderr
    assert "not updated: own; what was there before stays in force" in done.stderr
    assert (entries(folder), snapshot_history.current(folder)) == (before, activation)
    assert why in imported_source.read_refusal(folder, "own").reason
    assert not list(folder.path.glob(".fetched-*"))
    status = monition("lists", "status", "--format", "json")
    assert status.exit_code == 1
    row = json.loads(status.stdout.splitlines()[0])
    assert why in row["refusal"]
    assert row["institutions"] == 20
    assert row["age_seconds"] >= 0
    # And all is well again when the list is.
    site.files["/own.csv"], site.lie = own(), 0
    assert update().exit_code == 0
    assert monition("lists", "status").exit_code == 0


def test_s08_a_first_fetch_of_half_a_list_is_refused_too(update, site, folder):
    site.files |= {f"/ofac/{name}": b"\x1a\r\n" for name in OFAC}
    site.files["/ofac/sdn.csv"] = sdn(1500)
    done = update(sources=["us-ofac-sdn"])
    assert done.exit_code == 1
    reason = imported_source.read_refusal(folder, "us-ofac-sdn").reason
    assert reason.startswith("names 1500 institutions, and us-ofac-sdn has 3000 at the least")
    assert imported_source.source_names(folder) == []


def test_one_that_cannot_be_had_does_not_keep_the_others_away(update, site, folder):
    site.files["/own.csv"] = own()
    done = update(sources=["us-ofac-sdn", "policies", "own"])
    assert done.exit_code == 1
    assert "not updated: us-ofac-sdn;" in done.stderr
    assert "policies: " in done.stdout
    assert len(entries(folder)) == 20


def test_one_that_hangs_does_not_keep_the_others_away(update, site, folder, monkeypatch):
    monkeypatch.setattr(update_lists, "_LIMITS", Timeouts(connect=5, read=0.2, total=5))
    is_over = threading.Event()
    site.files |= {"/own.csv": own(), "/ofac/sdn.csv": b""}
    plain = Handler.do_GET
    monkeypatch.setattr(
        Handler, "do_GET", lambda self: is_over.wait(5) if "ofac" in self.path else plain(self)
    )
    done = update(sources=["us-ofac-sdn", "own"])
    is_over.set()
    assert done.exit_code == 1
    assert "fell silent for 0 s" in done.stderr
    assert len(entries(folder)) == 20


def test_only_those_named_are_fetched(update, site):
    site.files["/own.csv"] = own()
    assert update("own", sources=["us-ofac-sdn"]).exit_code == 0
    assert {path for path, _ in site.asked} == {"/own.csv"}


def test_what_is_accepted_is_that_a_refused_list_is_imported_by_hand(
    update, monition, site, folder, tmp_path
):
    site.files["/own.csv"] = own()
    update()
    (tmp_path / "own.csv").write_bytes(own(10))
    words = ("lists", "import", str(tmp_path / "own.csv"), "--source", "own")
    refused = monition(*words)
    assert refused.exit_code == 1
    assert "--accept-loss" in refused.stderr
    assert monition(*words, "--accept-loss").exit_code == 0
    assert len(entries(folder)) == 10
    assert imported_source.read_refusal(folder, "own") is None


@pytest.mark.parametrize(
    ("sources", "mirrors", "told"),
    [
        (["us-ofac-sdm"], {}, "lists.sources: us-ofac-sdm is in no catalogue; did you mean us-of"),
        (["ror"], {}, "lists.sources: ror is no list, and not fetched"),
        (["eu-fsf"], {}, "lists.sources: eu-fsf cannot be fetched from its publisher; name a mir"),
        (
            ["policies"],
            {"owm": "/"},
            "lists.mirrors.owm: owm is in no catalogue; did you mean",
        ),
        (
            ["us-ofac-sdn"],
            {"us-ofac-sdn": "/a.csv"},
            "lists.mirrors.us-ofac-sdn: us-ofac-sdn is made of 4 files",
        ),
    ],
)
def test_a_source_that_is_not_there_is_a_fault_of_the_configuration(
    update, monition, sources, mirrors, told
):
    line = 12 if "mirrors." in told else 10
    for done, status in (
        (update(sources=sources, mirrors=mirrors), 2),
        (monition("config", "check", sources=sources, mirrors=mirrors), 1),
    ):
        assert done.exit_code == status
        assert f"monition.toml:{line}: {told}" in done.output


def test_a_name_on_the_command_line_that_is_in_no_catalogue_is_wrong_usage(update, site):
    site.files["/own.csv"] = own()
    done = update("own", "us-cls")
    assert done.exit_code == 2
    assert "us-cls is in no catalogue; did you mean us-csl?" in done.stderr
    assert site.asked == []


def test_a_mirror_anybody_could_change_is_a_fault_of_the_configuration(monition, tmp_path):
    text = CONFIG.format(sources='"own"', mirrors='own = "http://mirror.example.edu/own.csv"')
    (tmp_path / "other.toml").write_text(text)
    done = CliRunner().invoke(command, ["lists", "update", "-c", str(tmp_path / "other.toml")])
    assert done.exit_code == 2
    assert "other.toml:12: lists.mirrors.own: " in done.stderr
    assert "use https" in done.stderr


def test_two_updates_do_not_meet(update, folder):
    with contextlib.ExitStack() as stack:
        stack.enter_context(update_lists.update_lock(folder))
        done = update()
    assert done.exit_code == 1
    assert "another update is under way" in done.stderr


def test_what_an_update_that_was_killed_left_behind_goes(update, site, folder):
    folder.make()
    (folder.path / ".fetched-old").mkdir()
    (folder.path / ".fetched-old" / "own.csv").write_bytes(b"half a li")
    site.files["/own.csv"] = own()
    assert update().exit_code == 0
    assert not list(folder.path.glob(".fetched-*"))


def test_the_licence_of_a_list_that_has_terms_is_told(update, site):
    entity = {
        "id": "NK-1",
        "schema": "Organization",
        "properties": {"name": ["Institute"], "topics": ["sanction"]},
    }
    site.files["/os/entities.ftm.json"] = json.dumps(entity).encode() + b"\n"
    done = update(sources=["opensanctions"], mirrors={"opensanctions": "/os/"})
    told, fetching = done.stderr.splitlines()[:2]
    assert told.startswith("opensanctions: CC BY-NC 4.0: ")
    assert "fetching" in fetching
    # And only where it is named: no source is fetched unasked.
    assert "opensanctions" not in Lists().sources


def test_a_bug_while_one_is_taken_is_logged_with_its_traceback_and_others_are_taken(
    update, site, folder, monkeypatch
):
    site.files = {"/own.csv": own(), **{f"/ofac/{name}": b"\x1a\r\n" for name in OFAC}}
    site.files["/ofac/sdn.csv"] = sdn()
    take = update_lists.import_run.import_list

    def broken(policies, folder, parcel, at):
        if parcel.source == "own":
            raise ZeroDivisionError("division by zero")
        return take(policies, folder, parcel, at)

    monkeypatch.setattr(update_lists.import_run, "import_list", broken)
    try:
        done = update(sources=("own", "us-ofac-sdn"))
    finally:
        structlog.reset_defaults()
    assert done.exit_code == 1
    logged = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert [(each["level"], each["source"]) for each in logged] == [("error", "own")]
    assert logged[0]["exception"][0]["exc_type"] == "ZeroDivisionError"
    assert "own: refused: ZeroDivisionError: division by zero; the log has the whole" in done.stderr
    assert "ZeroDivisionError" in imported_source.read_refusal(folder, "own").reason
    assert imported_source.read_header(folder, "us-ofac-sdn").entries == 3000


def test_a_refusal_that_was_worded_is_not_logged(update, site):
    done = update()
    assert done.exit_code == 1
    assert "{" not in done.stderr


def test_an_update_mends_what_is_damaged_before_the_policies_are_put_in_force(update, site, folder):
    site.files = {"/own.csv": own()}
    update()
    folder.source("own").write_bytes(b"junk")
    done = update(sources=("policies", "own"))
    assert done.exit_code == 0, done.output
    assert imported_source.read_header(folder, "own").entries == 20


def test_s08_policies_over_lists_that_are_damaged_are_not_put_in_force(update, site, folder):
    site.files = {"/own.csv": own()}
    update()
    before = snapshot_history.current(folder)
    folder.source("own").unlink()
    done = update(sources=("policies",))
    assert done.exit_code == 1
    assert "policies: not in force: " in done.stderr
    assert "own.jsonl: is gone" in done.stderr
    assert snapshot_history.current(folder) == before


def test_lists_that_were_all_lost_come_back_one_by_one(update, site, folder):
    site.files = {"/own.csv": own(), **{f"/ofac/{name}": b"\x1a\r\n" for name in OFAC}}
    site.files["/ofac/sdn.csv"] = sdn()
    update(sources=("own", "us-ofac-sdn"))
    before = snapshot_history.current(folder)
    for name in ("own", "us-ofac-sdn"):
        folder.source(name).unlink()
    done = update(sources=("own", "us-ofac-sdn"))
    assert "own: refused: " in done.stderr
    assert "is kept, and comes into force when the other lists are mended" in done.stderr
    assert snapshot_history.current(folder).digest == before.digest
    assert update(sources=("own", "us-ofac-sdn")).exit_code == 0
    assert imported_source.read_refusal(folder, "own") is None


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("elsewhere")])
def test_a_mark_of_an_update_that_is_no_file_holds_nobody_up(tmp_path, make):
    lists = tmp_path / "lists"
    lists.mkdir()
    make(lists / ".update")
    with pytest.raises(OSError, match="move it away"), update_lists.update_lock(Folder(lists)):
        pass
    assert not (lists / "elsewhere").exists()
