from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.addresses.path_reading import parse, read
from gateway.cli.main import command
from gateway.ledger.record.events import Observation, SettledRecipient, observed
from gateway.ledger.store.settlement import Settlement
from gateway.ledger.store.writer import LedgerWriter
from gateway.model import Client, Envelope, Outcome, Peek, Recipient, Reply
from gateway.notices import rhythm
from gateway.policy import rules
from gateway.policy.decide import decide
from gateway.screening import snapshot
from gateway.screening.classify import classify

POLICIES = Path(__file__).parents[3] / "policies"
WEEK = timedelta(days=7)

CONFIG = """
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "office@example.edu"
phone = "+1 555 0100"
[ledger]
path = "{folder}/ledger.db"
emergency_journal = "{folder}/ledger.journal"
[policies]
mode = "{mode}"
[notices]
from = "notice@example.edu"
"""


@pytest.fixture
def configure(tmp_path):
    def write(mode="warn"):
        folder = tmp_path / "ledger"
        folder.mkdir(mode=0o750, exist_ok=True)
        file = tmp_path / "monition.toml"
        file.write_text(CONFIG.format(folder=folder, mode=mode))
        return file

    return write


@pytest.fixture
def run(configure):
    def invoke(verb, *words, mode="warn"):
        arguments = ["notice", verb, "--config", str(configure(mode)), *words]
        return CliRunner().invoke(command, arguments, catch_exceptions=False)

    return invoke


def test_a_preview_is_the_message_that_would_be_sent(run):
    result = run("preview", "a@stud.mipt.ru", "--from", "jane@physics.example.edu")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert "To: <jane@physics.example.edu>\n" in result.stdout
    assert "Reply-To: <office@example.edu>\n" in result.stdout
    assert "Auto-Submitted: auto-replied\n" in result.stdout
    assert "\n- Moscow Institute of Physics and Technology\n  a@stud.mipt.ru\n" in result.stdout
    assert "since 2\n  August 2022 (US-OFAC-SDN, RUSSIA-EO14024)" in result.stdout
    assert "<p>" not in result.stdout


def test_a_preview_in_bytes_is_what_the_mta_gets(run):
    result = run("preview", "a@mipt.ru", "--raw")
    message = message_from_bytes(result.stdout_bytes, policy=default)
    assert b"\r\n" in result.stdout_bytes
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]


def test_a_preview_in_html_is_a_page(run):
    result = run("preview", "a@mipt.ru", "--html")
    assert result.stdout.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert result.stdout.count("<h1>") == 1


@pytest.mark.parametrize("address", ["nonsense", "@mipt.ru", "a@"])
def test_a_preview_needs_a_whole_address(address, run):
    result = run("preview", address)
    assert (result.exit_code, "ADDRESS" in result.stderr, result.stdout) == (2, True, "")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["friend@gmail.com"], "friend@gmail.com is clear and passes; it would leave no trace."),
        (["x@alumni.mipt.ru"], "x@alumni.mipt.ru is listed, but only written down, by the rule "),
        (["a@mipt.ru", "--from", "x@other.org"], "x@other.org is not one of ours"),
        (["a@mipt.ru", "--from", "owner-x@example.edu"], "owner-x@example.edu belongs to a mail"),
        (["a@mipt.ru", "--from", "mailer-daemon@example.edu"], "mailer-daemon@example.edu is the"),
        (["a@mipt.ru", "--on", "2022-08-01"], "a@mipt.ru is clear and passes"),
    ],
)
def test_where_none_would_be_sent_that_is_said(words, reason, run):
    result = run("preview", *words)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith(f"No notice would be sent: {reason}")


def test_p02_in_observe_mode_it_is_said_that_nobody_is_written_to(run):
    result = run("preview", "a@mipt.ru", mode="observe")
    assert result.stderr.startswith("Not now: policies.mode is observe, so nobody is written to.")
    assert "Moscow Institute" in result.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["@@"], "cannot be read"),
        (["a@mipt.ru", "--from", "x@[bad"], "cannot be read"),
        (["a@mipt.ru", "--language", "tlh"], "has no texts; there are en."),
        ([], "Missing argument 'ADDRESS'"),
    ],
)
def test_wrong_usage_is_told(words, told, run):
    result = run("preview", *words)
    assert result.exit_code == 2
    assert told in result.stderr


@pytest.fixture
def outbox(tmp_path, configure):
    """A real ledger with one notice for each address, queued as the gateway queues them."""
    configure()
    folder = tmp_path / "ledger"
    began = datetime.now(UTC)
    ledger = LedgerWriter(
        folder / "ledger.db",
        folder / "ledger.journal",
        process="process-1",
        clock=lambda: datetime.now(UTC),
        entropy=os.urandom,
        tell=lambda text, error: None,
    )
    ledger.start()
    known, orders = snapshot.load(POLICIES), rules.load(POLICIES)

    numbers = count()

    def queue(sender, path):
        at = began + timedelta(milliseconds=next(numbers))
        accepted = Recipient(path, b"", Reply(250, None, (b"250 OK\r\n",)))
        envelope = Envelope("M" + path.decode(), sender, (accepted,), Client())
        decisions = decide(
            sender.decode(), [classify(read(path), known, at.date())], orders, at.date()
        )
        observation = Observation(envelope.id, "process-1", "warn", envelope, Peek())
        records = observed(observation, decisions, at=at, entropy=os.urandom)
        ledger.observe(records).result(10)
        request = rhythm.notice_request(
            message=envelope.id,
            sender=parse(sender),
            decisions=decisions,
            events={parse(path): records[0].id},
            peek=Peek(),
            languages=("en",),
            on=at.date(),
        )
        settlement = Settlement(
            message=envelope.id,
            at=at,
            results=(SettledRecipient(records[0].id, Outcome.DELIVERED, "250 OK", None),),
            request=request,
            suppression=None,
            may_notify=partial(rhythm.is_open, every=WEEK),
            every=WEEK,
        )
        assert ledger.settle(settlement).result(10) == "queued"
        return records[0].id

    yield ledger, queue
    ledger.close()


def claimed(ledger):
    return ledger.claim(
        owner="me",
        now=datetime.now(UTC) + timedelta(seconds=1),
        lease=timedelta(seconds=15),
        limit=1,
        per_hour=200,
    ).result(10)


def test_the_queue_is_the_outbox_as_rows(outbox, run):
    ledger, queue = outbox
    first = queue(b"prof@example.edu", b"a@mipt.ru")
    second = queue(b"dean@example.edu", b"b@hit.edu.cn")
    rows = [json.loads(line) for line in run("queue", "--format", "json").stdout.splitlines()]
    assert [(row["id"], row["state"], row["recipient"]) for row in rows] == [
        (first, "queued", "prof@example.edu"),
        (second, "queued", "dean@example.edu"),
    ]
    assert rows[1]["entities"] == ["Harbin Institute of Technology"]
    (notice,) = claimed(ledger)
    at = datetime.now(UTC)
    ledger.sent(notice, owner="me", at=at, message_id="<x@y>", digest="sha256:0").result(10)
    assert first not in run("queue").stdout
    assert first in run("queue", "--all").stdout


def test_an_empty_queue_is_said_to_be_empty(outbox, run):
    result = run("queue")
    assert (result.stdout, result.stderr) == ("", "No notice waits, and none was given up.\n")
    assert run("queue", "--all").stderr == "The outbox is empty.\n"
    assert run("retry").stderr == "No notice waits after a failure, and none was given up.\n"


def test_a_notice_that_was_given_up_goes_again_at_a_word(outbox, run):
    ledger, queue = outbox
    first, second = queue(b"prof@example.edu", b"a@mipt.ru"), queue(b"x@example.edu", b"b@mipt.ru")
    (notice,) = claimed(ledger)
    ledger.give_up(notice, owner="me", at=datetime.now(UTC), error="550 5.1.1").result(10)
    (notice,) = claimed(ledger)
    later = datetime.now(UTC) + timedelta(hours=1)
    ledger.postpone(notice, owner="me", not_before=later, error="451").result(10)
    assert claimed(ledger) == ()
    result = run("retry", first.lower())
    assert (result.exit_code, result.stdout) == (0, f"{first}\n")
    assert result.stderr == "The notice goes again.\n"
    assert [one.id for one in claimed(ledger)] == [first]
    assert run("retry").stdout == f"{second}\n"
    assert [one.id for one in claimed(ledger)] == [second]


def test_all_that_wait_are_counted(outbox, run):
    ledger, queue = outbox
    queue(b"prof@example.edu", b"a@mipt.ru"), queue(b"x@example.edu", b"b@mipt.ru")
    for _ in range(2):
        (notice,) = claimed(ledger)
        ledger.give_up(notice, owner="me", at=datetime.now(UTC), error="x").result(10)
    assert run("retry").stderr == "2 notices go again.\n"


@pytest.mark.parametrize("verb", ["queue", "retry"])
def test_a_ledger_that_is_not_there_is_told_and_none_is_begun(verb, run, tmp_path):
    result = run(verb)
    assert result.exit_code == 2
    assert result.stderr.startswith("monition: there is no ledger at")
    assert list((tmp_path / "ledger").iterdir()) == []


@pytest.mark.parametrize("verb", ["preview", "queue", "retry"])
def test_help_has_an_example(verb):
    result = CliRunner().invoke(command, ["notice", verb, "--help"])
    assert f"  monition notice {verb}" in result.stdout
