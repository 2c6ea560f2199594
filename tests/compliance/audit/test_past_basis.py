import dataclasses
import shutil

import pytest

from gateway.addresses.address_text import from_text
from gateway.compliance.audit import past_basis
from gateway.list_store.snapshots import build_snapshot, policy_edition, policy_history
from gateway.model import Standing
from gateway.notices import notice_texts
from gateway.policy import rules
from gateway.policy.decide import decide_one
from gateway.screening.classify import classify

NOBODY = "sha256:" + "0" * 64


@pytest.fixture
def served(config, folder, at):
    """Put the policies in force as a gateway does; the digests that its events bear."""

    def run(days=0):
        directory = config.policies.directory
        snapshot = build_snapshot.put_in_force(directory, folder, at(days))
        made = policy_edition.edition_of(
            config, rules.load(directory), notice_texts.load(directory)
        )
        policy_history.keep(folder, made, at(days))
        return snapshot.digest, made.policy, made.texts

    return run


def judged(was, day):
    finding = classify(from_text("a@written.ru"), was.snapshot, day)
    return decide_one("prof@example.edu", finding, was.rules, day)


def test_a05_a_verdict_is_given_again_after_everything_has_changed(served, config, folder, at):
    day = at().date()
    snapshot, policy, letters = served()
    before = past_basis.open_basis(folder, snapshot, policy)
    decision = judged(before, day)
    assert decision.findings[0].standing is Standing.LISTED
    shutil.rmtree(config.policies.directory / "entities")
    (config.policies.directory / "entities").mkdir()
    path = config.policies.directory / "policy.toml"
    path.write_text(path.read_text().replace("all: warn", "all: another"))
    served(days=1)

    was = past_basis.open_basis(folder, snapshot, policy, at=at())
    assert was.can_be_judged
    assert was.gone == was.notes == ()
    assert judged(was, day) == decision
    assert (was.snapshot.digest, was.rules.digest) == (snapshot, policy)
    assert was.edition.texts == letters
    assert was.texts.languages == {"en"}


@pytest.mark.parametrize("what", ["snapshot", "policy"])
@pytest.mark.parametrize("how", [NOBODY, None, "nonsense"])
def test_a05_it_is_told_which_of_them_is_gone(served, folder, what, how):
    snapshot, policy, _ = served()
    named = {"snapshot": snapshot, "policy": policy, what: how}
    was = past_basis.open_basis(folder, **named)
    assert not was.can_be_judged
    (gone,) = was.gone
    assert gone.startswith(f"the {what}: ")
    assert (was.snapshot is None) == (what == "snapshot")
    assert (was.rules is None) == (was.texts is None) == (what == "policy")


def test_a05_without_the_letters_it_can_be_judged_all_the_same(served, folder):
    snapshot, policy, _ = served()
    was = past_basis.open_basis(folder, snapshot, policy, texts=NOBODY)
    assert was.can_be_judged
    assert was.texts is None
    assert was.gone[0].startswith("the notice texts: ")


def test_a05_where_the_whole_archive_is_gone_all_is_told(folder):
    was = past_basis.open_basis(folder, NOBODY, NOBODY, texts=NOBODY)
    assert not was.can_be_judged
    assert [each.partition(":")[0] for each in was.gone] == ["the snapshot", "the policy"]


def test_a_policy_of_another_version_is_used_with_a_note(served, config, folder, at):
    snapshot, _, _ = served()
    directory = config.policies.directory
    made = policy_edition.edition_of(config, rules.load(directory), notice_texts.load(directory))
    old = dataclasses.replace(made, policy=NOBODY, version="0.0.1")
    lie = dataclasses.replace(made, policy="sha256:" + "1" * 64)
    for each in (old, lie):
        path = policy_history.path_of(folder, each)
        path.write_bytes(policy_history.gzip.compress(each.content))
    was = past_basis.open_basis(folder, snapshot, NOBODY)
    assert was.can_be_judged
    assert was.rules.digest == NOBODY
    assert was.notes[0].startswith("the rules were kept by Monition 0.0.1")
    was = past_basis.open_basis(folder, snapshot, lie.policy)
    assert was.rules is None
    assert was.gone[0].endswith("is another one")


def test_a_policy_that_this_version_cannot_read_is_told(served, config, folder):
    snapshot, _, _ = served()
    directory = config.policies.directory
    made = policy_edition.edition_of(config, rules.load(directory), notice_texts.load(directory))
    files = {**made.files, "policy.toml": "[", "notices/en/notice.txt.j2": "{% if %}"}
    broken = dataclasses.replace(made, policy=NOBODY, version="0.0.1", files=files)
    policy_history.path_of(folder, broken).write_bytes(policy_history.gzip.compress(broken.content))
    was = past_basis.open_basis(folder, snapshot, NOBODY)
    assert was.rules is None
    assert was.texts is None
    assert [each.partition(":")[0] for each in was.gone] == ["the policy", "the notice texts"]


def test_a_damaged_history_is_a_note_and_no_loss(served, folder, at):
    snapshot, policy, _ = served()
    folder.policies_history.write_bytes(b"{\n{\n")
    was = past_basis.open_basis(folder, snapshot, policy, at=at())
    assert was.can_be_judged
    assert was.texts is not None
    assert "are not known" in was.notes[0]
