"""A next hop that fails in mid-session: a line in the log, without an address, and not too many."""

import asyncio

import pytest

from gateway.relay import failover, server, timeouts


def told(started, event="next hop lost"):
    return [line for line in started.logged() if line["event"] == event]


async def in_the_envelope(client, hop):
    await client.say(b"MAIL FROM:<prof@example.edu>\r\n")
    await (await hop.hear(b"MAIL FROM:<prof@example.edu>\r\n")).say(b"250 2.1.0 Ok\r\n")
    await client.reply(250)


async def behind_the_dot(client, hop, envelope):
    await envelope(client, hop, b"friend@mipt.ru")
    await client.say(b"x\r\n.\r\n")
    await hop.hear(b"x\r\n.\r\n")


@pytest.mark.parametrize(
    "step", ["greeting", "between messages", "envelope", "content", "behind the dot"]
)
async def test_r07_a_lost_next_hop_is_told_with_the_session_and_its_step(gateway, envelope, step):
    started = await gateway()
    if step == "greeting":
        client, hop = await started.connect(), await started.hop.accept()
    else:
        client, hop = await started.meet()
    if step == "envelope":
        await in_the_envelope(client, hop)
    elif step == "content":
        await envelope(client, hop)
    elif step == "behind the dot":
        await behind_the_dot(client, hop, envelope)
    hop.close()
    await started.until(lambda: told(started))
    (line,) = told(started)
    assert line["step"] == step
    assert line["session"].endswith("-1")
    assert (line["level"], line["left_out"]) == ("warning", 0)
    assert line["next_hop"] == str(started.hop.endpoint)
    assert "@" not in started.log.getvalue()
    assert started.metrics.next_hop_errors._value.get() == 1


async def test_r07_a_next_hop_that_leaves_when_it_was_asked_to_is_not_lost(gateway):
    started = await gateway()
    client, hop = await started.meet()
    await client.say(b"QUIT\r\n")
    await (await hop.hear(b"QUIT\r\n")).say(b"221 2.0.0 Bye\r\n")
    hop.close()
    await client.end()
    client.close()
    await started.until(lambda: not started.server.connections.open)
    assert told(started) == []


async def test_r07_one_that_leaves_while_a_match_is_settled_was_asked_to(
    gateway, envelope, monkeypatch
):
    started = await gateway()
    client, hop = await started.meet()
    settle, may_settle = started.server.connections.inspector.settle, asyncio.Event()

    async def late(*words):
        await may_settle.wait()
        await settle(*words)

    monkeypatch.setattr(started.server.connections.inspector, "settle", late)
    await behind_the_dot(client, hop, envelope)
    await client.say(b"QUIT\r\n")
    await hop.hear(b"QUIT\r\n")
    (session,) = started.server.connections.open
    await hop.say(b"250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n")
    hop.close()
    await started.until(lambda: session._hop is None)
    may_settle.set()
    assert await client.end() == b"250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n"
    client.close()
    await started.until(lambda: not started.server.connections.open)
    assert told(started) == []


async def test_r07_a_quit_that_is_refused_ends_nothing(gateway):
    started = await gateway()
    client, hop = await started.meet()
    await client.say(b"QUIT now\r\n")
    await (await hop.hear(b"QUIT now\r\n")).say(b"501 5.5.4 no\r\n")
    await client.reply(501)
    await client.say(b"NOOP\r\n")
    await (await hop.hear(b"NOOP\r\n")).say(b"250 Ok\r\n")
    await client.reply(250)


async def test_r07_a_dead_next_hop_does_not_fill_the_disk(gateway):
    started = await gateway()
    for number in range(failover.FAILURE_LINES + 5):
        client, hop = await started.meet()
        hop.close()
        assert (await client.end()).startswith(b"421 ")
        assert len(told(started)) == min(number + 1, failover.FAILURE_LINES)
    assert started.metrics.next_hop_errors._value.get() == failover.FAILURE_LINES + 5
    assert len({line["session"] for line in told(started)}) == failover.FAILURE_LINES


async def test_r20_a_silent_next_hop_is_told_in_the_same_way(gateway, monkeypatch):
    monkeypatch.setattr(server, "CHECK_SECONDS", 0.02)
    monkeypatch.setattr(timeouts, "NEXT_HOP_SECONDS", 0.1)
    started = await gateway()
    client, hop = await started.meet()
    await client.say(b"NOOP\r\n")
    await hop.hear(b"NOOP\r\n")
    assert (await client.end()).startswith(b"421 4.4.2 ")
    (line,) = told(started, "next hop silent")
    assert (line["session"][-2:], line["step"], line["seconds"]) == ("-1", "envelope", 0.1)
