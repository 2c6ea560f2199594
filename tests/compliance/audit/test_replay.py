from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from gateway.compliance.audit import replay
from gateway.compliance.audit.replay import FIELDS, ObservedEvent, SentNotice
from gateway.config import load
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.questions.filters import Filters
from gateway.ledger.record.record import Part
from gateway.list_store.files.lists_directory import Folder


@pytest.fixture(scope="module")
def day(university_day, tmp_path_factory):
    """A day of a university's mail, with its lists and policies."""
    return university_day(tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def config(day):
    return load(day.config, {})


@pytest.fixture(scope="module")
def folder(config):
    return Folder(config.lists.directory)


@pytest.fixture(scope="module")
def events(day):
    """All OBSERVED by their ids, each with what was told of it."""
    found = {}
    with LedgerReader(day.ledger) as reader:
        for row in list(reader.findings(Filters())):
            story = reader.find(row["id"])
            sent = [
                each.facts
                for each in reader.related(story.event)
                if each.event.kind == "NOTIFIED" and each.facts["result"] == "sent"
            ]
            sent_notice = SentNotice(sent[-1], reader.notice(sent[-1]["notice"])) if sent else None
            observed = ObservedEvent(
                story.event.id,
                story.event.at,
                story.facts,
                story.personal[Part.SENDER],
                story.personal[Part.RECIPIENT],
            )
            found[story.event.id] = observed, sent_notice
    return found


@pytest.fixture
def warned(events):
    """An event whose sender was told."""
    return next(each for each in events.values() if each[1] is not None)


def test_a05_each_event_of_a_day_comes_out_as_it_was(events, folder, config):
    rules = {event.facts["rule"] for event, _ in events.values()}
    assert rules == {"exact-domain", "subdomain", "lookalike", "embedded"}
    assert len({event.facts["snapshot"] for event, _ in events.values()}) == 2
    one_a_rule = {
        (event.facts["rule"], event.facts["snapshot"], told is None): (event, told)
        for event, told in events.values()
    }
    for event, told in one_a_rule.values():
        judgement = replay.judge(folder, config, event, told)
        assert judgement.is_same, judgement
        assert judgement.compared == FIELDS + (() if told is None else ("notice",))


@pytest.mark.parametrize("field", FIELDS)
def test_a05_each_field_that_differs_is_told(warned, folder, config, field):
    event, _ = warned
    forged = replace(event, facts={**event.facts, field: "another"})
    if field in ("snapshot", "policy"):
        judgement = replay.judge(folder, config, forged, None)
        assert any(reason.startswith(f"the {field}:") for reason in judgement.gone)
        assert judgement.compared == ()
        return
    (difference,) = replay.judge(folder, config, forged, None).differences
    assert (difference.field, difference.then) == (field, "another")
    assert difference.now == event.facts[field]


def test_a05_a_verdict_that_rests_in_a_personal_part_is_compared(events, folder, config):
    event = next(event for event, _ in events.values() if event.facts["rule"] == "embedded")
    assert event.facts["matched"] is None
    forged = replace(event, recipient={**event.recipient, "matched": "another.example"})
    (difference,) = replay.judge(folder, config, forged, None).differences
    assert difference.field == "matched"
    assert difference.now == event.recipient["matched"]


def test_a05_another_letter_is_told(warned, folder, config):
    event, told = warned
    forged = replace(told, facts={**told.facts, "digest": "sha256:0"})
    (difference,) = replay.judge(folder, config, event, forged).differences
    assert (difference.field, difference.then) == ("notice", "sha256:0")
    other = replace(told, notice=replace(told.notice, id="01OTHER"))
    assert [d.field for d in replay.judge(folder, config, event, other).differences] == ["notice"]


def test_a05_what_is_gone_is_told_and_the_rest_is_compared(warned, folder, config, tmp_path):
    event, told = warned
    copy = Folder(tmp_path / "lists")
    shutil.copytree(folder.path, copy.path)
    for file in copy.snapshots.iterdir():
        file.unlink()
    judgement = replay.judge(copy, config, event, told)
    assert [reason.partition(":")[0] for reason in judgement.gone] == ["the snapshot"]
    assert judgement.compared == ("notice",)
    assert not judgement.is_same
    for file in copy.policies.iterdir():
        file.unlink()
    gone = [r.partition(":")[0] for r in replay.judge(copy, config, event, told).gone]
    assert gone == ["the snapshot", "the policy", "the notice"]


@pytest.mark.parametrize(
    ("facts", "what"),
    [({"digest": None}, "bears no digest"), ({"notice": None}, "no longer in the outbox")],
)
def test_a05_a_letter_that_cannot_be_made_again_is_told(warned, folder, config, facts, what):
    event, told = warned
    if "notice" in facts:
        told = replace(told, notice=None)
    else:
        told = replace(told, facts={**told.facts, **facts})
    judgement = replay.judge(folder, config, event, told)
    assert what in judgement.gone[0]
    assert judgement.compared == FIELDS


def test_a05_of_an_erased_recipient_no_verdict_is_given(warned, folder, config):
    event, _ = warned
    judgement = replay.judge(folder, config, replace(event, recipient=None), None)
    assert judgement.gone == ("the recipient: it was erased, and the verdict was about it",)
    assert judgement.compared == ()


def test_a05_without_the_sender_the_rules_are_asked_with_a_reservation(warned, folder, config):
    event, _ = warned
    judgement = replay.judge(folder, config, replace(event, sender=None), None)
    assert judgement.is_same
    assert "the sender was erased" in judgement.notes[0]
