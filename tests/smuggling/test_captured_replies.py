"""Replies that are none, through a real gateway: split into two packets on their way to it.

``test_replies.py`` has every form at every split. Here some of them travel over real sockets, and
what became of their messages is looked up.
"""

import asyncio
import contextlib
import itertools
import runpy
import sqlite3
from pathlib import Path

import pytest

from gateway.smtp import own_replies

HERE = Path(__file__).parent
hop_of = runpy.run_path(str(HERE / "hop.py"))
BANNER, GO_AHEAD, OK = (hop_of[name] for name in ("BANNER", "GO_AHEAD", "OK"))
AT_ONCE = 24  # sessions
LINES = {
    b"NOOP": b"NOOP",
    b"MAIL": b"MAIL FROM:<a@example.edu>",
    b"RCPT": b"RCPT TO:<friend@mipt.ru>",
    b"DATA": b"DATA",
    b".": b"Subject: x\r\n\r\nx\r\n.",
}
CODES = {b"DATA": b"354"}
# %s is the code that would have been right.
FORMS = {
    "bare LF": b"%s Ok\n",
    "bare CR": b"%s Ok\r250 Ok\r\n",
    "CR CRLF": b"%s Ok\r\r\n",
    "CR NUL LF": b"%s Ok\r\0\n",
    "no code": b"fine\r\n",
    "a code that changes": b"%s-Ok\r\n550 no\r\n",
    "bare LF inside": b"%s-Ok\n%s Ok\r\n",
}
names = itertools.count()


async def spoken(client, capture, step, reply, cut):
    """A session in turns until it is over: what the client is told behind EHLO's reply."""
    name = b"r%d" % next(names)
    capture.scripts[name] = {step: reply}, cut
    await client.hear(b"220")
    await client.ask(b"EHLO " + name)
    told = len(client.told)
    for verb, line in LINES.items():
        await client.say(line + b"\r\n")
        if verb == step:
            break
        await client.hear(CODES.get(verb, b"250"))
    await client.hear(b"4..")
    await client.say(b"NOOP\r\n")
    await client.hear_all()
    hop = capture.connections[name]
    await capture.until(lambda: hop.is_closed)
    client.reset()
    return client.told[told:], hop.hop.heard


def outcomes(gateway):
    with contextlib.closing(sqlite3.connect(gateway.ledger)) as database:
        return database.execute("SELECT outcome FROM finding ORDER BY seq").fetchall()


@pytest.mark.parametrize("step", LINES, ids=bytes.decode)
async def test_r01_r07_a_reply_that_is_none_is_a_4xx_of_ours_and_recorded(
    connect, refusing, capture, step
):
    limit, before = asyncio.Semaphore(AT_ONCE), len(outcomes(refusing))

    async def one(form, cut):
        reply = form.replace(b"%s", CODES.get(step, b"250"))
        async with limit:
            return await spoken(await connect(refusing.port), capture, step, reply, cut)

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(one(form, cut)) for form in FORMS.values() for cut in (1, 4, 7, 50)
        ]
    is_dot = step == b"."
    usual = b"".join(
        OK if verb != b"DATA" else GO_AHEAD
        for verb in itertools.takewhile(lambda verb: verb != step, LINES)
    )
    for told, heard in map(asyncio.Task.result, tasks):
        ours = (
            own_replies.HOP_LOST + own_replies.FOLLOWS_FAILURE if is_dot else own_replies.HOP_GONE
        )
        assert told == usual + ours
        assert heard.endswith(LINES[step] + b"\r\n")
    # Its dot was out: nobody knows what became of it. Before the dot there is nothing to record.
    assert outcomes(refusing)[before:] == ([("unknown",)] * len(tasks) if is_dot else [])
