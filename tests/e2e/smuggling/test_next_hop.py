"""A real Postfix behind the gateway, gullible as it was by default, and strict: nothing is smuggled
to it, and what is honest arrives as it does straight."""

from __future__ import annotations

import asyncio
import itertools
import runpy
from pathlib import Path

import pytest

from gateway.smtp import own_replies

pytestmark = pytest.mark.e2e

TESTS = Path(__file__).parents[2]
streams = runpy.run_path(str(TESTS / "smuggling" / "streams.py"))
NAMED, HONEST, FORGED = streams["NAMED"], streams["HONEST"], streams["FORGED"]
AT_ONCE = 12  # sessions
numbers = itertools.count()


def splits(form):
    """Whole, and cut at every byte in the form and beside it."""
    yield None
    yield from range(-1, len(form) + 2)


async def sent(client, way, name, form, cut):
    """A message with that form in it, a forged one behind it; the reply to its end."""
    before = b"From: prof@example.edu\r\nMessage-ID: <1@example.edu>\r\n\r\ntext"
    stream = before + form + b"\r\n" * (form in HONEST.values())
    stream += FORGED.replace(b"victim@", b"victim.%s@" % way.encode())
    await client.hear(b"220")
    await client.ask(b"EHLO client.example")
    await client.ask(b"MAIL FROM:<prof@example.edu>")
    await client.ask(b"RCPT TO:<%s>" % name)
    await client.ask(b"DATA", b"354")
    told = len(client.told)
    if cut is not None:
        await client.say(stream[: len(before) + cut])
        await client.until_read()
        stream = stream[len(before) + cut :]
    await client.say(stream + b"QUIT\r\n")
    await client.hear_all()
    client.reset()
    return client.told[told:]


async def all_sent(connect, port, way, forms, *, at_every_split=True):
    """Each form at each split, or whole: to whom, in which form, and what was said to it."""
    limit, said = asyncio.Semaphore(AT_ONCE), []

    async def one(form, cut):
        # Every other one is matched.
        number = next(numbers)
        name = b"m%d@%s" % (number, (b"example.org", b"mipt.ru")[number % 2])
        async with limit:
            told = await sent(await connect(port), way, name, form, cut)
        said.append((name.decode(), form, told))

    async with asyncio.TaskGroup() as group:
        for form in forms.values():
            for cut in splits(form) if at_every_split else (None,):
                group.create_task(one(form, cut))
    return said


@pytest.fixture
def arrived(postfix, maildir, eventually):
    """All mail by its envelope's recipient, when none is on its way any more."""

    def arrived():
        eventually(postfix.is_idle, "the queue to be empty")
        return {mail.message["X-Original-To"]: mail.content for mail in maildir(postfix.mail)}

    return arrived


def contents(said, mail):
    """Each form as it arrived, in all the ways in which it did."""
    found = {}
    for name, form, told in said:
        assert told.startswith(b"250 2.0.0 Ok: queued as "), (form, told)
        found.setdefault(form, set()).add(mail[name])
    return found


async def test_r10_straight_to_it_the_gullible_one_is_taken_in(postfix, connect, arrived):
    """What the other tests are worth: without the gateway the forged messages arrive."""
    said = await all_sent(connect, postfix.ports["gullible"], "straight", NAMED)
    fooled = {form for _, form, told in said if told.count(b"queued as") == 2}
    assert {NAMED["LF . LF"], NAMED["LF . CRLF"], NAMED["CRLF . CR CRLF"]} <= fooled
    assert b"forged" in arrived()["victim.straight@example.org"]


@pytest.mark.parametrize("hop", ["gullible", "strict"])
async def test_r10_nothing_is_smuggled_through_the_gateway(
    postfix, gateways, connect, arrived, hop
):
    said = await all_sent(connect, gateways[f"to the {hop}"].listen, hop, NAMED)
    assert {told for _, _, told in said} == {own_replies.LOOKALIKE + own_replies.FOLLOWS_FAILURE}
    mail = arrived()
    assert f"victim.{hop}@example.org" not in mail
    assert f"to=<victim.{hop}@" not in postfix.log
    # Nor was anything of the messages that were refused.
    assert not {name for name, _, _ in said} & set(mail)


@pytest.mark.parametrize("hop", ["gullible", "strict"])
async def test_r02_what_is_honest_arrives_as_it_does_straight(
    postfix, gateways, connect, arrived, hop
):
    straight = await all_sent(connect, postfix.ports[hop], f"honest.{hop}", HONEST)
    through = await all_sent(connect, gateways[f"to the {hop}"].listen, f"honest.{hop}", HONEST)
    mail = arrived()
    assert f"victim.honest.{hop}@example.org" not in mail
    expected = contents(straight, mail)
    assert all(len(each) == 1 for each in expected.values())
    assert contents(through, mail) == expected


async def test_r09_where_they_may_pass_a_strict_next_hop_gets_them_as_it_does_straight(
    postfix, gateways, connect, arrived
):
    straight, through = postfix.ports["strict"], gateways["passing"].listen
    before = await all_sent(connect, straight, "passed", NAMED, at_every_split=False)
    passed = await all_sent(connect, through, "passed", NAMED, at_every_split=False)
    mail = arrived()
    assert "victim.passed@example.org" not in mail
    assert contents(passed, mail) == contents(before, mail)
