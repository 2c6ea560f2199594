"""Errors of our own, and a ledger that cannot be written: whose mail waits, and whose does not."""

import asyncio
import json

import pytest

from gateway.config import OnLedgerFailure
from gateway.config.settings import Mode
from gateway.inspection import inspector, matched_message

ADDRESSES = (b"prof.secret@example.edu", b"friend.secret@mipt.ru", b"other.secret@example.org")
CONTENT = b"From: prof.secret@example.edu\r\nSubject: secret plans\r\n\r\nsecret body\r\n"


class BrokenError(Exception):
    """A bug of ours whose words hold an address, as such words do."""


def breaks(*arguments, **named):
    local = b"friend.secret@mipt.ru"
    raise BrokenError(f"cannot cope with {local!r}")


async def send(gateway, *recipients, code=b"250", reaches=True):
    """One message through, its content full of secrets; what the client was told at its end."""
    client, hop = await gateway.content(*recipients, sender=ADDRESSES[0])
    await client.say(CONTENT + b".\r\n")
    if reaches:
        await (await hop.hear(CONTENT + b".\r\n")).say(b"250 2.0.0 Ok\r\n")
    else:
        # Everything but the dot.
        assert (await hop.end()).endswith(CONTENT)
    said = await client.reply(int(code))
    client.close()
    await gateway.until(lambda: not gateway.server.connections.open)
    return said


def assert_silent_about(gateway, *secrets):
    """Neither the log nor any file of the ledger's holds one of these."""
    logged = gateway.log.getvalue().encode()
    files = [file.read_bytes() for file in gateway.folder.rglob("*") if file.is_file()]
    for secret in secrets:
        assert secret not in logged
        assert not any(secret in content for content in files)


@pytest.mark.parametrize("name", ["classify_line", "decide", "sender_of"])
async def test_r16_an_error_in_screening_or_policy_reaches_no_message(gateway, monkeypatch, name):
    """Even a matched one goes on: nothing is known of it, and it must not suffer."""
    monkeypatch.setattr(inspector, name, breaks)
    started = await gateway()
    await send(started, *ADDRESSES[1:])
    await send(started, ADDRESSES[2])
    assert started.kinds() == []
    assert started.metrics.screening_errors._value.get() == 1
    assert "BrokenError" in started.log.getvalue()
    assert_silent_about(started, b"secret")


async def test_r16_an_error_in_the_screener_reaches_no_message(gateway, monkeypatch):
    started = await gateway()
    monkeypatch.setattr(
        type(started.server.connections.inspector.in_force.known_clear), "is_clear", breaks
    )
    await send(started, *ADDRESSES[1:])
    await send(started, ADDRESSES[2])
    # The quick question has no answer, so each is looked at closely.
    assert [row[0] for row in started.findings()] == [ADDRESSES[1].decode()]
    assert started.metrics.screening_errors._value.get() == 2
    assert_silent_about(started, b"other.secret")
    assert "secret" not in started.log.getvalue()


async def test_r16_an_error_in_one_recipient_hides_no_other(gateway, monkeypatch):
    judge = inspector.classify_line

    def breaks_for_one(line, snapshot, on):
        return breaks() if b"breaks@" in line else judge(line, snapshot, on)

    monkeypatch.setattr(inspector, "classify_line", breaks_for_one)
    started = await gateway()
    await send(started, b"breaks@skoltech.ru", b"friend@mipt.ru")
    assert [row[0] for row in started.findings()] == ["friend@mipt.ru"]
    assert started.metrics.screening_errors._value.get() == 1


async def test_r16_an_error_in_writing_down_defers_the_matched_and_no_other(gateway, monkeypatch):
    monkeypatch.setattr(inspector, "observed", breaks)
    started = await gateway()
    assert (await send(started, ADDRESSES[1], code=b"451", reaches=False)).startswith(b"451 4.3.0")
    await send(started, ADDRESSES[2])
    assert started.kinds() == []
    assert_silent_about(started, b"secret")


async def test_r16_a_header_that_cannot_be_read_costs_the_notice_and_nothing_else(
    gateway, monkeypatch
):
    monkeypatch.setattr(inspector, "peek", breaks)
    started = await gateway()
    await send(started, ADDRESSES[1])
    assert started.findings() == [("friend.secret@mipt.ru", "delivered", "suppressed:unreadable")]
    assert b"secret" not in started.log.getvalue().encode()


@pytest.mark.parametrize("name", ["suppression_of", "rhythm", "queue_id"])
async def test_r16_an_error_behind_the_dot_changes_no_reply(gateway, monkeypatch, name):
    monkeypatch.setattr(matched_message, name, breaks)
    started = await gateway()
    await send(started, ADDRESSES[1])
    await send(started, ADDRESSES[2])
    assert started.kinds()[0] == "OBSERVED"
    assert b"secret" not in started.log.getvalue().encode()


async def test_r16_an_error_of_the_ledgers_own_defers_the_matched_and_no_other(
    gateway, monkeypatch
):
    started = await gateway()
    monkeypatch.setattr(started.ledger, "observe", breaks)
    await send(started, ADDRESSES[1], code=b"451", reaches=False)
    await send(started, ADDRESSES[2])
    assert_silent_about(started, b"secret")


async def test_r17_an_unusable_ledger_leaves_the_journal(gateway, tmp_path):
    (tmp_path / "ledger.db").mkdir()
    started = await gateway()
    assert started.ledger.fault is not None
    await send(started, *ADDRESSES[1:])
    await send(started, ADDRESSES[2])
    lines = (tmp_path / "ledger.journal").read_bytes().splitlines()
    assert [json.loads(line[65:])["type"] for line in lines] == ["record", "settlement"]


async def test_r17_the_journal_is_taken_in_when_the_ledger_is_back(gateway, tmp_path):
    in_the_way = tmp_path / "ledger.db"
    in_the_way.mkdir()
    started = await gateway()
    await send(started, ADDRESSES[1])
    in_the_way.rmdir()
    await started.until(lambda: started.ledger.fault is None)
    assert started.findings() == [("friend.secret@mipt.ru", "delivered", "queued")]
    assert (tmp_path / "ledger.journal").read_bytes() == b""


@pytest.fixture
def nowhere(tmp_path):
    """A folder in which neither ledger nor journal can be made."""
    file = tmp_path / "a file"
    file.write_bytes(b"")
    return file / "ledger"


async def test_r17_without_a_journal_the_matched_is_deferred(gateway, nowhere):
    started = await gateway(nowhere)
    assert (await send(started, *ADDRESSES[1:], code=b"451", reaches=False)).startswith(b"451 4.3")
    await send(started, ADDRESSES[2])
    assert started.count("failed") == 1
    assert started.count("delivered") == 1
    assert any(line["level"] == "error" for line in started.logged())
    assert b"secret" not in started.log.getvalue().encode()


async def test_r17_without_a_journal_the_matched_goes_on_where_the_configuration_says_so(
    gateway, nowhere
):
    started = await gateway(nowhere, on_ledger_failure=OnLedgerFailure.DELIVER)
    await send(started, *ADDRESSES[1:])
    await send(started, ADDRESSES[2])
    assert started.count("delivered") == 2
    assert any(line["event"] == "a match could not be recorded" for line in started.logged())
    assert b"secret" not in started.log.getvalue().encode()


async def test_r17_a_ledger_that_hangs_defers_the_matched_and_no_other(gateway, monkeypatch):
    from concurrent.futures import Future  # noqa: PLC0415 - only here

    monkeypatch.setattr(inspector, "OBSERVE_SECONDS", 0.1)
    started = await gateway()
    waiting: Future = Future()
    monkeypatch.setattr(started.ledger, "observe", lambda _: waiting)
    await send(started, ADDRESSES[1], code=b"451", reaches=False)
    # Withdrawn: an event of a message that never went on would be a lie.
    assert waiting.cancelled()
    await send(started, ADDRESSES[2])


async def test_r17_a_settlement_that_hangs_keeps_no_sender_waiting(gateway, monkeypatch):
    from concurrent.futures import Future  # noqa: PLC0415 - only here

    monkeypatch.setattr(inspector, "SETTLE_SECONDS", 0.1)
    started = await gateway()
    waiting: Future = Future()
    monkeypatch.setattr(started.ledger, "settle", lambda _: waiting)
    await send(started, ADDRESSES[1])
    assert not waiting.cancelled()
    waiting.set_result("queued")
    assert b"secret" not in started.log.getvalue().encode()


async def test_nothing_is_kept_of_a_message_without_a_finding(gateway):
    started = await gateway()
    for _ in range(3):
        await send(started, ADDRESSES[2], b"third.secret@gmail.com")
    assert started.kinds() == []
    assert_silent_about(started, b"secret", b"example.org", b"gmail", b"127.0.0.1", b"client.exam")
    assert started.count("delivered") == 3


async def test_of_a_matched_message_only_sender_and_matched_recipients_are_kept(gateway):
    started = await gateway()
    await send(started, *ADDRESSES[1:])
    assert started.findings() == [("friend.secret@mipt.ru", "delivered", "queued")]
    assert_silent_about(started, b"other.secret", b"secret plans", b"secret body")
    assert b"secret" not in started.log.getvalue().encode()
    (event,) = started.rows("SELECT id FROM event WHERE kind = 'OBSERVED'")
    assert event[0] in started.log.getvalue()


async def test_p02_observe_mode_writes_down_and_writes_to_nobody(gateway):
    started = await gateway(mode=Mode.OBSERVE)
    await send(started, ADDRESSES[1])
    assert started.findings() == [("friend.secret@mipt.ru", "delivered", "suppressed:observe-mode")]
    assert started.rows("SELECT count(*) FROM outbox") == [(0,)]


async def test_n02_ten_messages_to_one_institution_are_ten_events_and_one_notice(gateway):
    started = await gateway()
    for _ in range(10):
        await send(started, ADDRESSES[1])
    assert started.kinds() == ["OBSERVED", "SETTLED"] * 10
    assert [notice for _, _, notice in started.findings()] == ["queued"] + ["suppressed:rhythm"] * 9


async def test_a10_messages_at_once_are_each_observed_once(gateway):
    started = await gateway()
    pairs = [await started.content(ADDRESSES[1]) for _ in range(30)]

    async def finish(client, hop):
        await client.say(b"x\r\n.\r\n")
        await (await hop.hear(b"x\r\n.\r\n")).say(b"250 2.0.0 Ok\r\n")
        await client.reply(250)

    await asyncio.gather(*(finish(*pair) for pair in pairs))
    assert sorted(started.kinds()) == ["OBSERVED"] * 30 + ["SETTLED"] * 30
    assert started.rows("SELECT count(*) FROM outbox") == [(1,)]
