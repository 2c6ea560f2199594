"""The client vanishes: no dot that it did not send, nothing forgotten that it did."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

KINDS = {"unmatched": False, "matched": True}
matched_or_not = pytest.mark.parametrize("is_matched", KINDS.values(), ids=KINDS)

# Where it vanishes: how much of `Letter.script` it has said, the beginning of what comes next,
# and the place at which the next hop still owes it a reply.
STEPS = {
    "before the banner": (0, b"", "banner"),
    "after the banner": (0, b"", None),
    "in a command": (1, b"MAIL FRO", None),
    "before the reply to EHLO": (1, b"", "EHLO"),
    "before the reply to MAIL": (2, b"", "MAIL"),
    "after MAIL": (2, b"", None),
    "before the reply to RCPT": (3, b"", "RCPT"),
    "after RCPT": (3, b"", None),
    "before the 354": (4, b"", "DATA"),
    "after the 354": (4, b"", None),
    "in the content": (5, b"", None),
    "before the dot": (6, b"", None),
    "in the dot": (6, b".\r", None),
    "before the reply to the dot": (7, b"", "dot"),
    "after the message": (7, b"", None),
    "before the reply to QUIT": (8, b"", "QUIT"),
}


CONTENT = (5, 6)
"""The lines of ``Letter.script`` before which no reply comes: what precedes them is content."""


class Victim:
    """A client in a process of its own: it says its part, and is killed."""

    def __init__(self, port: int, said: list[bytes], *, listens: bool) -> None:
        turns = [(int(number not in CONTENT), line) for number, line in enumerate(said)]
        if listens:
            turns.append((int(len(said) not in CONTENT), b""))
        program = [sys.executable, "-I", "-S", Path(__file__).with_name("client.py")]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(program, **pipes)
        order = {
            "port": port,
            "say": [line.decode("latin-1") for _, line in turns],
            "replies": [count for count, _ in turns],
        }
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == b"said\n"

    def leave(self, how: str) -> None:
        assert how == "killed"
        self.process.kill()

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@matched_or_not
@pytest.mark.parametrize("how", ["killed", "reset", "half-closed"])
@pytest.mark.parametrize("step", STEPS)
def test_r08_the_client_vanishes(books, clients, step, how, is_matched):
    letter = books.letter(is_matched=is_matched)
    count, more, owed = STEPS[step]
    said = letter.script[:count]
    session = books.hop.plan(**({"at": owed, "waits": True} if owed else {}))
    with contextlib.ExitStack() as stack:
        if how == "killed":
            is_listening = not (owed or more)
            everything = [*said, more] if more else said
            client = Victim(books.gateway.port, everything, listens=is_listening)
            stack.callback(client.close)
        else:
            client = clients()
            if owed != "banner":
                assert client.reply() == books.usual["banner"]
                client.walk(said[:-1] if owed else said)
                client.say((said[-1] if owed else b"") + more)
        session.hears(b"".join(said))
        client.leave(how)
        if owed:
            session.go()
        if how == "half-closed":
            # It can still listen, and is told what became of what it said.
            assert client.end() == session.replies
            books.note(letter, client, books.usual["dot"] if count >= 7 else b"")
        assert session.end() in (("quit",) if owed == "QUIT" else ("eof", "reset"))
    assert session.heard == b"".join(said)
    # What it said to the dot has its outcome, though nobody is there to be told.
    assert books.outcomes(letter) == ["delivered"] * (is_matched and count >= 7)
    letter.doubles = int(count >= 7 and how != "half-closed")


@matched_or_not
@pytest.mark.parametrize("how", ["close", "reset", "half-closed"])
def test_r08_a_client_says_all_at_once_and_leaves(books, clients, until, how, is_matched):
    letter = books.letter(is_matched=is_matched)
    session = books.hop.next_session()
    client = clients()
    # Before it was greeted the gateway may not have met it, and would look idle.
    client.reply()
    client.say(b"".join(letter.script))
    client.leave(how)
    is_told = how == "half-closed" and books.usual["dot"] in client.end()
    if is_told:
        books.note(letter, client, books.usual["dot"])
    until(books.gateway.is_idle)
    assert b"".join(letter.script).startswith(session.heard)
    letter.doubles = len(books.hop.kept(letter.sender)) - is_told
    assert letter.doubles in (0, 1)
    assert is_told == (how == "half-closed")


@matched_or_not
@pytest.mark.parametrize("how", ["close", "reset", "half-closed"])
def test_r07_r08_both_are_lost_behind_the_dot(books, clients, how, is_matched):
    letter = books.letter(is_matched=is_matched)
    session = books.hop.plan(at="dot", waits=True, do="die")
    client = clients()
    client.reply()
    client.walk(letter.script[:6])
    client.say(letter.script[6])
    session.hears(b"".join(letter.script[:7]))
    client.leave(how)
    session.go()
    assert session.end() == "killed"
    if how == "half-closed":
        assert client.end() == session.replies + books.ours.HOP_LOST
    assert books.outcomes(letter) == ["unknown"] * is_matched
    letter.doubles = 1


def test_r08_clients_that_come_and_go_leave_nothing_behind(books, until):
    for how in ("close", "reset", "half-closed") * 20:
        with books.connect() as client:
            client.leave(how)
    until(books.gateway.is_idle)
    books.letter(is_matched=True)
