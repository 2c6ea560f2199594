"""Look-alikes through a real gateway, between real sockets, before a raw capture.

Each known form with a forged message behind it, split at every byte: two packets, the second
sent when the gateway has read the first.
"""

import asyncio
import itertools
import runpy
from pathlib import Path

import pytest

from gateway.smtp import own_replies

HERE = Path(__file__).parent
oracle = runpy.run_path(str(HERE / "oracle.py"))
streams = runpy.run_path(str(HERE / "streams.py"))
hop_of = runpy.run_path(str(HERE / "hop.py"))
lone_dots, verdict, believed = oracle["lone_dots"], oracle["verdict"], oracle["believed"]
NAMED, HONEST, FORGED = streams["NAMED"], streams["HONEST"], streams["FORGED"]
single_bytes = streams["single_bytes"]
OK, QUEUED, BYE, GO_AHEAD = (hop_of[name] for name in ("OK", "QUEUED", "BYE", "GO_AHEAD"))
REFUSED = GO_AHEAD + own_replies.LOOKALIKE + own_replies.FOLLOWS_FAILURE
TAKEN = GO_AHEAD + QUEUED
AT_ONCE = 24  # sessions
FORMS = {**NAMED, **HONEST}
RECIPIENTS = {"unmatched": b"friend@example.org", "matched": b"friend@mipt.ru"}
# At the content's beginning, and in its middle.
BEGINNINGS = (b"", b"Subject: x\r\n\r\ntext")
MAIL = b"MAIL FROM:<a@example.edu>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"
names = itertools.count()


def all_splits():
    """Every form in both places, cut at every byte up to the beginning of the forged envelope."""
    for form, before in itertools.product(FORMS.values(), BEGINNINGS):
        stream = before + form + (FORGED if form in NAMED.values() else b"\r\n" + FORGED)
        yield [stream]
        for cut in range(1, len(before + form) + 6):
            yield [stream[:cut], stream[cut:]]


def some_splits():
    """Each of them whole, in single bytes, and cut behind its dot."""
    for form in FORMS.values():
        stream = b"text" + form + (FORGED if form in NAMED.values() else b"\r\n" + FORGED)
        cut = len(b"text" + form[: form.find(b".") + 1])
        yield from ([stream], [stream[:cut], stream[cut:]], single_bytes(stream))


async def spoken(connect, port, capture, pieces, recipient):
    """A whole session: what the client is told from 354 on, and what the next hop hears."""
    client, name = await connect(port), b"s%d" % next(names)
    await client.hear(b"220")
    await client.ask(b"EHLO " + name)
    await client.say(b"MAIL FROM:<a@example.edu>\r\nRCPT TO:<%s>\r\nDATA\r\n" % recipient)
    await client.hear(b"354")
    told, hop = len(client.told) - len(GO_AHEAD), capture.connections[name]
    before = len(hop.hop.heard)
    for piece in pieces[:-1]:
        await client.say(piece)
        await client.until_read()
    await client.say(pieces[-1] + b"NOOP\r\nQUIT\r\n")
    await client.hear_all()
    await capture.until(lambda: hop.is_closed)
    client.reset()
    return client.told[told:], hop.hop.heard[before:]


async def spoken_all(connect, port, capture, all_pieces, recipient):
    """All of them, some at once; each with what came of it."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(pieces):
        async with limit:
            return pieces, *await spoken(connect, port, capture, pieces, recipient)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(pieces)) for pieces in all_pieces]
    return [task.result() for task in tasks]


def assert_as_the_oracle_says(pieces, told, heard):
    stream = b"".join(pieces)
    expected = verdict(stream)
    if expected.is_honest:
        assert told == TAKEN + OK + BYE
        assert heard == stream + b"NOOP\r\nQUIT\r\n"
    else:
        assert told == REFUSED
        assert expected.safe.startswith(heard)
        assert lone_dots(heard) == []
        assert believed(MAIL + heard) == []


async def test_r09_r10_no_lookalike_gets_through_at_any_split(connect, refusing, capture):
    spoke = await spoken_all(connect, refusing.port, capture, all_splits(), RECIPIENTS["unmatched"])
    assert len(spoke) > 700
    for each in spoke:
        assert_as_the_oracle_says(*each)


async def test_r09_r10_nor_in_a_matched_message(connect, refusing, capture):
    before = refusing.observed()
    spoke = await spoken_all(connect, refusing.port, capture, some_splits(), RECIPIENTS["matched"])
    for each in spoke:
        assert_as_the_oracle_says(*each)
    # What was refused was never on its way to anybody: it is no event.
    honest = sum(verdict(b"".join(pieces)).is_honest for pieces, _, _ in spoke)
    assert refusing.observed() - before == honest


@pytest.mark.parametrize("recipient", RECIPIENTS.values(), ids=RECIPIENTS)
async def test_r09_where_they_may_pass_they_pass_unaltered_and_end_nothing(
    connect, passing, capture, recipient
):
    spoke = await spoken_all(connect, passing.port, capture, some_splits(), recipient)
    for pieces, told, heard in spoke:
        assert told == TAKEN + OK + BYE
        assert heard == b"".join(pieces) + b"NOOP\r\nQUIT\r\n"
