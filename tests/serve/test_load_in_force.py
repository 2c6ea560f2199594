"""What a process works by, kept so that an old event can be judged again."""

from dataclasses import replace
from datetime import date

import pytest
from structlog.testing import capture_logs

from gateway.compliance.audit import past_basis
from gateway.config import load
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.snapshots import policy_history, snapshot_history
from gateway.serve import load_in_force
from gateway.serve.worker import Worker

TODAY = date(2026, 11, 22)


@pytest.fixture
def own_config(config, tmp_path):
    text = config.file.read_text()
    text = text.replace("[ledger]", f'[lists]\ndirectory = "{tmp_path}/lists"\n[ledger]')
    config.file.write_text(text)
    return load(config.file, {})


@pytest.fixture
def folder(own_config):
    return Folder(own_config.lists.directory)


def test_a05_what_serves_is_kept_at_the_start_and_at_each_reload(own_config, folder):
    first = load_in_force.load(own_config, TODAY)
    file = own_config.policies.directory / "policy.toml"
    file.write_text(file.read_text().replace("listed institutions: warn", "another name"))
    examples = own_config.policies.directory / "examples.toml"
    examples.write_text(examples.read_text().replace("listed institutions: warn", "another name"))
    second = load_in_force.reload(own_config, TODAY, first)
    assert second.in_force.rules.digest != first.in_force.rules.digest
    for loaded in (first, second):
        digests = loaded.in_force.snapshot.digest, loaded.in_force.rules.digest
        was = past_basis.open_basis(folder, *digests, texts=loaded.texts_digest)
        assert was.gone == ()
        assert was.rules.rules == loaded.in_force.rules.rules
        assert was.texts.sources == loaded.texts.sources
    assert len(policy_history.activations(folder)) == 2


def test_that_it_cannot_be_kept_keeps_no_gateway_from_starting(own_config, folder):
    folder.path.mkdir()
    folder.policies.write_bytes(b"no folder")
    with capture_logs() as logs:
        loaded = load_in_force.load(own_config, TODAY)
    assert loaded.texts_digest.startswith("sha256:")
    assert "the policies cannot be kept" in [each["event"] for each in logs]


def test_a_refused_reload_keeps_no_policy(own_config, folder):
    first = load_in_force.load(own_config, TODAY)
    file = own_config.policies.directory / "policy.toml"
    file.write_text(file.read_text().replace('action = "warn"', 'action = "pass"'))
    with capture_logs():
        assert load_in_force.reload(own_config, TODAY, first) is first
    assert len(policy_history.activations(folder)) == 1


def test_o07_a_refused_reload_puts_no_snapshot_on_disk(own_config, folder):
    first = load_in_force.load(own_config, TODAY)
    entities = own_config.policies.directory / "entities"
    for file in entities.iterdir():
        file.write_text("")
    with capture_logs():
        assert load_in_force.reload(own_config, TODAY, first) is first
    assert snapshot_history.current(folder).digest == first.in_force.snapshot.digest


def test_a_domain_of_our_own_on_a_list_is_told_loudly(own_config):
    own_config.file.write_text(own_config.file.read_text().replace("example.edu", "mipt.ru", 1))
    with capture_logs() as logs:
        load_in_force.load(load(own_config.file, {}), TODAY)
    (told,) = [each for each in logs if each["event"] == "a domain of our own is listed"]
    assert told["log_level"] == "warning"
    assert "mipt.ru" in told["what"]


def test_s08_a_reload_over_a_lost_list_takes_the_policies_and_keeps_the_snapshot(
    own_config, folder, tmp_path
):
    first = load_in_force.load(own_config, TODAY)
    (folder.sources / "own.jsonl").write_bytes(b"junk")
    with capture_logs() as logs:
        again = load_in_force.reload(own_config, TODAY, first)
    assert again.in_force.snapshot.digest == first.in_force.snapshot.digest
    (told,) = [each for each in logs if each["event"] == "the lists cannot be read"]
    assert told["instead"].startswith("the last good snapshot stays in force")
    assert snapshot_history.current(folder).digest == first.in_force.snapshot.digest


def test_o07_whoever_serves_by_the_last_good_lists_is_not_ready(own_config):
    loaded = load_in_force.load(own_config, TODAY)
    worker = Worker(own_config, loaded=replace(loaded, lists_faults=("it is gone",)))
    assert "lists: it is gone" in worker.faults()
    assert worker.samples()["monition_lists_unreadable", "monition_lists_unreadable", ()] == 1
