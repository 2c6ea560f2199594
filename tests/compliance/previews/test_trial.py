"""What would be, asked as a page would ask it: without a terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gateway import packaged
from gateway.compliance.previews import preview_notice, verdict_words
from gateway.compliance.previews.check_configuration import check_configuration
from gateway.compliance.previews.preview_notice import PartialAddressError
from gateway.compliance.previews.try_address import UnreadableAddressError, trial_basis, try_address
from gateway.compliance.previews.try_policy import try_policy
from gateway.compliance.sanction_lists.current_lists import current_lists
from gateway.config import load
from gateway.errors import ConfigError
from gateway.model import Action, Standing

DAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def config():
    return load(packaged.default_configuration(), {})


@pytest.fixture(scope="module")
def snapshot(config):
    return current_lists(config, AT).snapshot


def test_s04_an_address_is_tried_and_its_verdict_said_in_sentences(config, snapshot):
    by = trial_basis(config, snapshot, DAY, "Jane <jane@example.edu>")
    assert by.sender == "jane@example.edu"
    verdict = try_address("a@stud.mipt.ru", by)
    assert verdict.finding.standing is Standing.LISTED
    assert verdict.decision.action is Action.WARN
    assert verdict_words.reason(verdict) == (
        "stud.mipt.ru lies below mipt.ru, a domain of the institution below."
    )
    told = dict(verdict_words.details(verdict, by.rules, writes=True))
    assert told["institution"].startswith("Moscow Institute of Physics and Technology (")
    assert told["tier"] == "blocking"
    assert "" not in told
    assert "Not now" in dict(verdict_words.details(verdict, by.rules, writes=False))[""]


@pytest.mark.parametrize("nobody", [None, "", " <> "])
def test_the_null_sender_is_nobody(config, snapshot, nobody):
    assert trial_basis(config, snapshot, DAY, nobody).sender is None


def test_a_sender_that_is_none_is_told_with_the_reason(config, snapshot):
    with pytest.raises(UnreadableAddressError):
        trial_basis(config, snapshot, DAY, "a@b..c")


def test_an_address_that_cannot_be_read_is_a_verdict_with_an_error(config, snapshot):
    verdict = try_address("@@", trial_basis(config, snapshot, DAY))
    assert verdict.error == "it names nobody"
    assert verdict.finding.standing is Standing.REVIEW


def test_p04_the_packaged_examples_are_as_expected(config, snapshot):
    trial = try_policy(config, snapshot, DAY)
    assert trial.examples > 0
    assert (trial.failed, trial.notes) == ((), ())


def test_n07_a_preview_is_a_notice_and_its_three_forms(config, snapshot):
    texts = preview_notice.read_texts(config)
    found = preview_notice.preview(
        config=config,
        snapshot=snapshot,
        sender=preview_notice.read_sender(config, None),
        recipient=preview_notice.read_recipient("a@stud.mipt.ru"),
        language=None,
        at=AT,
    )
    assert found.why_none is None
    raw = preview_notice.as_bytes(found.notice, config, texts)
    text = preview_notice.as_text(found.notice, config, texts)
    assert raw.startswith(text.partition("\n")[0].encode())
    assert "Moscow Institute of Physics and Technology" in text
    assert "<h1" in preview_notice.as_html(found.notice, config, texts)


def test_n01_where_no_notice_would_go_it_is_said_why(config, snapshot):
    def why(sender, recipient):
        found = preview_notice.preview(
            config=config,
            snapshot=snapshot,
            sender=preview_notice.read_sender(config, sender),
            recipient=preview_notice.read_recipient(recipient),
            language=None,
            at=AT,
        )
        assert found.notice is None
        return found.why_none

    assert (
        why(None, "a@example.org") == "a@example.org is clear and passes; it would leave no trace."
    )
    assert "is not one of ours" in why("a@other.example", "a@mipt.ru")


def test_a_recipient_without_a_domain_can_get_no_message():
    with pytest.raises(PartialAddressError, match="must be whole"):
        preview_notice.read_recipient("postmaster")


def test_p05_a_check_tells_faults_what_it_looked_at_and_remarks(tmp_path):
    good = check_configuration(packaged.default_configuration(), AT)
    # The packaged defaults name folders of a machine that is set up.
    assert {fault.key for fault in good.faults} <= {"ledger.path", "ledger.emergency_journal"}
    assert good.looked_at[0].endswith("monition.toml: the configuration")
    bad = tmp_path / "monition.toml"
    bad.write_text("[institution]\nname = 3\n")
    faults = check_configuration(bad, AT).faults
    assert "institution.name" in {fault.key for fault in faults}
    assert list(faults) == sorted(faults, key=lambda fault: fault.line or float("inf"))
    with pytest.raises(ConfigError):
        check_configuration(tmp_path / "none.toml", AT)


def test_lists_that_are_damaged_are_told_with_what_serves_instead(config, tmp_path):
    folder = tmp_path / "lists"
    (folder / "sources").mkdir(parents=True)
    (folder / "sources" / "own.jsonl").write_text("junk\n")
    found = current_lists(replace(config, lists=replace(config.lists, directory=folder)), AT)
    assert found.damage
    assert "serve alone" in found.instead_text
    assert found.snapshot.entities


def test_a_mailbox_that_may_be_a_persons_is_told(config, snapshot):
    by = trial_basis(config, snapshot, DAY)
    told = [
        dict(verdict_words.details(try_address(text, by), by.rules, writes=True))["mailbox"]
        for text in ("dean@mipt.ru", "info@mipt.ru")
    ]
    assert told == ["role: an office's, or a person's of that name", "role: an office's"]
