"""Lists that change while the gateway runs."""

import json
import math
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from gateway.cli.main import command
from gateway.config import load
from gateway.list_store.files import imported_source
from gateway.list_store.files.imported_source import Refusal
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import import_run, remove_list
from gateway.list_store.imports.import_run import ImportFiles
from gateway.list_store.snapshots import snapshot_history
from gateway.metrics import Metrics, exposition
from gateway.serve import load_in_force
from gateway.serve.list_freshness import NewerSnapshot, measure

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LISTS = '[lists]\ndirectory = "{}"\nsources = ["policies", "us-csl"]'


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "lists")


@pytest.fixture
def take(tmp_path, policies, folder):
    """Imports a list of one's own with these domains; gives the digest then in force."""

    def take(*domains, at=NOW):
        file = tmp_path / "own.csv"
        rows = "".join(f"Institute of {domain},{domain}\n" for domain in domains)
        file.write_text(f"name,domains\n{rows}")
        import_files = ImportFiles("own", [file], accepts_loss=True)
        return import_run.import_list(policies, folder, import_files, at).built.snapshot.digest

    return take


@pytest.fixture
def own_config(config, folder, tmp_path):
    text = config.file.read_text().replace("[ledger]", LISTS.format(folder.path) + "\n[ledger]")
    config.file.write_text(text)
    return load(config.file, {})


def test_another_snapshot_in_force_is_told_once(own_config, take):
    newer = NewerSnapshot(own_config)
    assert not newer.is_in_force("sha256:served")  # none was ever put in force
    first = take("one.example.org")
    assert not newer.is_in_force(first)
    second = take("one.example.org", "two.example.org")
    assert newer.is_in_force(first)
    assert not newer.is_in_force(first)
    assert take("one.example.org") == first
    assert newer.is_in_force(second)


def test_an_import_that_changes_nothing_asks_for_nothing(own_config, take):
    newer = NewerSnapshot(own_config)
    served = take("one.example.org")
    newer.is_in_force(served)
    assert take("one.example.org", at=NOW + timedelta(hours=1)) == served
    assert not newer.is_in_force(served)


def test_two_gateways_that_disagree_do_not_take_turns_for_ever(own_config, take, folder):
    ours, theirs = take("one.example.org"), take("two.example.org")
    newer = NewerSnapshot(own_config)
    assert newer.is_in_force(ours)
    # We load, by our own policies, what we had; they come again, and so on.
    for at in range(3):
        for digest in (ours, theirs):
            activation = snapshot_history.current(folder)
            made = snapshot_history.load(folder, digest)
            later = activation.at + timedelta(seconds=at)
            with folder.locked():
                snapshot_history.save(
                    folder,
                    made,
                    snapshot_history.SnapshotActivation(later, digest, "", activation.entities, {}),
                )
            assert not newer.is_in_force(ours)


def page(config, metrics=None):
    metrics = metrics or Metrics()
    measure(config, metrics, NOW)
    text = exposition(metrics.samples()).decode()
    return [line for line in text.splitlines() if line.startswith("monition_list_")]


def test_s08_each_list_has_an_age_and_says_whether_it_was_refused(own_config, take, folder):
    # One that is asked for and was never taken is older than any bound.
    assert page(own_config) == [
        'monition_list_age_seconds{source="us-csl"} +Inf',
        'monition_list_refused{source="us-csl"} 0.0',
    ]
    take("one.example.org", at=NOW - timedelta(days=2))
    assert 'monition_list_age_seconds{source="own"} 172800.0' in page(own_config)
    imported_source.write_refusal(folder, "own", Refusal(NOW, "half of it is missing"))
    told = page(own_config)
    assert 'monition_list_age_seconds{source="own"} 172800.0' in told
    assert 'monition_list_refused{source="own"} 1.0' in told
    import_run.record_unchanged(folder, "own", NOW - timedelta(seconds=60))
    told = page(own_config)
    assert 'monition_list_age_seconds{source="own"} 60.0' in told
    assert 'monition_list_refused{source="own"} 0.0' in told


def test_s08_a_list_that_cannot_be_read_is_as_old_as_can_be(own_config, take, folder):
    take("one.example.org")
    folder.source("own").write_bytes(b"{torn")
    assert 'monition_list_age_seconds{source="own"} +Inf' in page(own_config)


def test_s09_lists_that_cannot_be_read_keep_no_gateway_from_starting(own_config, take, folder):
    alone = load_in_force.load(own_config, NOW.date()).in_force.snapshot.digest
    last = take("one.example.org")
    # As good as another user's file: whoever opens it gets an OSError.
    folder.source("own").unlink()
    folder.source("own").mkdir()
    assert 'monition_list_age_seconds{source="own"} +Inf' in page(own_config)
    loaded = load_in_force.load(own_config, NOW.date()).in_force
    assert loaded.snapshot.digest == last
    assert not loaded.known_clear.is_clear(b"a@one.example.org")
    folder.current.unlink()
    assert load_in_force.load(own_config, NOW.date()).in_force.snapshot.digest == last
    folder.history.unlink()
    loaded = load_in_force.load(own_config, NOW.date()).in_force
    assert loaded.snapshot.digest == alone
    assert not loaded.known_clear.is_clear(b"a@mipt.ru")


def test_what_is_no_longer_there_is_no_longer_told(own_config, take, folder):
    metrics = Metrics()
    take("one.example.org")
    assert len(page(own_config, metrics)) == 4
    remove_list.remove(own_config.policies.directory, folder, "own", NOW)
    assert len(page(own_config, metrics)) == 2


def test_infinity_outlives_the_way_to_the_supervisor(own_config):
    from gateway.serve.worker_report import WorkerReport  # noqa: PLC0415

    metrics = Metrics()
    measure(own_config, metrics, NOW)
    report = WorkerReport(is_serving=True, faults=(), samples=metrics.samples(), reloads_wanted=0)
    told = WorkerReport.decode(report.encode()).samples
    assert math.inf in told.values()


def events(gateway):
    done = CliRunner().invoke(
        command, ["audit", "list", "--format", "json", "-c", str(gateway.config.file)]
    )
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("workers", [1, 2])
def test_s10_a_running_gateway_takes_an_import_and_no_message_sees_half_of_it(
    serve, until, folder, tmp_path, workers
):
    gateway = serve(workers=workers, relay=LISTS.format(folder.path))
    before = snapshot_history.current(folder).digest
    (tmp_path / "own.csv").write_text("name,domains\nInstitute of News,news.example.org\n")
    with gateway.client() as client, gateway.client() as other:
        for session in (client, other):
            assert session.open() == 250
            assert session.ask("MAIL FROM:<prof@example.edu>") == 250
            assert session.ask("RCPT TO:<a@news.example.org>") == 250
            assert session.ask("RCPT TO:<b@mipt.ru>") == 250
        # This one has been screened, the other not yet.
        assert client.ask("DATA") == 354
        done = CliRunner().invoke(
            command,
            [
                *("lists", "import", str(tmp_path / "own.csv"), "--source", "own"),
                *("-c", str(gateway.config.file)),
            ],
        )
        assert done.exit_code == 0, done.output
        assert "The running gateway takes it within seconds." in done.stdout
        after = snapshot_history.current(folder).digest
        assert after != before
        until(lambda: len(gateway.logged("reloaded")) == workers, "all workers to reload")
        assert client.ask("Subject: x\r\n\r\ntoken=1\r\n.") == 250
        assert other.ask("DATA") == 354
        assert other.ask("Subject: x\r\n\r\ntoken=2\r\n.") == 250
    found = {(event["recipient"], event["snapshot"]) for event in events(gateway)}
    assert found == {("b@mipt.ru", before), ("a@news.example.org", after), ("b@mipt.ru", after)}
    until(lambda: f'digest="{before}"' not in gateway.get("/metrics")[1], "the metrics")
    told = gateway.get("/metrics")[1]
    assert f'digest="{after}"' in told
    assert 'monition_list_age_seconds{source="us-csl"} +Inf' in told
    # Once and for all: that they reloaded is no news to them.
    assert len(gateway.logged("reloaded")) == workers
