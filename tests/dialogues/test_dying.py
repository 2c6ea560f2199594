"""Every dialogue, broken off at every step, straight and through the gateway.

The next hop must hear the same, never a final dot that was not said, and the next session must
find everything in order. Long scripts, which repeat themselves, are broken off at some of their
steps; with ``--hypothesis-profile=long`` at every one.
"""

import re
import runpy
import time
from pathlib import Path

import pytest
from hypothesis import settings

HERE = Path(__file__).parent
PATIENCE = 30
SCRIPTS = sorted(file.stem for file in HERE.glob("*.smtp"))
as_offered = runpy.run_path(str(HERE / "quirks.py"))["as_offered"]
MANY = 60  # steps
EDGE, BETWEEN = 8, 6
DYING = ("close", "reset")


def ends(dialogue):
    """After how many steps it is broken off: the first is the greeting."""
    every = range(1, len(dialogue.steps) + 1)
    if len(every) <= MANY or settings().max_examples > 1000:
        return list(every)
    middle = every[EDGE:-EDGE]
    return [*every[:EDGE], *middle[:: len(middle) // BETWEEN], *every[-EDGE:]]


def said(steps):
    return b"".join(text for kind, text, _ in steps if kind == "say")


def allowed(heard, dialogue):
    """What the gateway passes on of this."""
    for piece in dialogue.unsent:
        heard = heard.replace(piece, b"", 1)
    return heard


class Ways:
    """Both ways to one next hop, for as long as a client lives."""

    def __init__(self, recorder, gateway, live):
        self.recorder, self.gateway, self.live = recorder, gateway, live

    def die(self, way, dialogue, at, end, last_words=b""):
        """The client, and what the next hop has heard of it."""
        self.recorder.begin(dialogue.hop)
        port = self.gateway.port if way == "through" else self.recorder.server_address[1]
        client = self.live(port, dialogue.steps[:at], way, last_words, end)
        return client, self.recorder.last_heard()

    def pending(self):
        return self.gateway.count("finding WHERE outcome = 'pending'")


@pytest.fixture(scope="session")
def ways(recorder, gateway, live):
    return Ways(recorder, gateway, live)


@pytest.fixture
def all_in_order(ways, dialogues):
    """After the test: a whole session goes as ever, and what became of each match is known."""
    yield
    plain = dialogues["plain-message"]
    _, heard = ways.die("through", plain, len(plain.steps), "stop talking")
    assert heard == said(plain.steps)
    deadline = time.monotonic() + PATIENCE
    while ways.pending():
        assert time.monotonic() < deadline, "a match is not settled"
        time.sleep(0.01)


@pytest.mark.parametrize("name", SCRIPTS)
def test_r01_r08_a_client_that_says_no_more_at_any_step_is_told_all_that_it_asked(
    name, dialogues, ways, all_in_order
):
    dialogue = dialogues[name]
    for at in ends(dialogue):
        straight, heard_straight = ways.die("straight", dialogue, at, "stop talking")
        through, heard = ways.die("through", dialogue, at, "stop talking")
        if dialogue.is_cut:
            assert heard_straight.startswith(heard), at
            assert b"\r\n.\r\n" not in heard, at
        else:
            assert heard == allowed(heard_straight, dialogue), at
        if not dialogue.quirks or dialogue.quirks == ["ehlo-keywords"]:
            assert through.raw == as_offered(straight.raw), at


@pytest.mark.parametrize("end", DYING)
@pytest.mark.parametrize("name", SCRIPTS)
def test_r08_a_client_that_dies_at_any_step_is_heard_as_straight_and_no_further(
    name, end, dialogues, ways, all_in_order
):
    """The reference is a client that stops there; one that dies may take unread bytes with it."""
    dialogue = dialogues[name]
    for at in ends(dialogue):
        _, straight = ways.die("straight", dialogue, at, "stop talking")
        _, heard = ways.die("through", dialogue, at, end)
        expected = allowed(straight, dialogue)
        assert expected.startswith(heard), at
        if dialogue.is_cut:
            assert b"\r\n.\r\n" not in heard, at
        elif dialogue.steps[at - 1][0] == "hear" and not awaits_more(dialogue, at):
            assert heard == expected, at


def awaits_more(dialogue, at):
    """Whether replies are still to come: what is unread when a client dies becomes a reset."""
    return dialogue.steps[at : at + 1] and dialogue.steps[at][0] == "hear"


@pytest.mark.parametrize("end", DYING)
@pytest.mark.parametrize("name", SCRIPTS)
def test_r08_a_client_that_says_all_in_one_packet_and_dies_is_heard_no_further(
    name, end, dialogues, ways, all_in_order
):
    dialogue = dialogues[name]
    at = 3 if dialogue.is_extensions else 1  # what EHLO offers is used only when it is known
    last_words = said(dialogue.steps[at:])
    _, heard = ways.die("through", dialogue, at, end, last_words)
    whole = allowed(said(dialogue.steps), dialogue)
    assert whole.startswith(heard)
    if dialogue.is_cut:
        assert b"\r\n.\r\n" not in heard


@pytest.mark.parametrize("end", DYING)
@pytest.mark.parametrize("name", ["plain-message", "matched-message"])
def test_r08_of_a_client_that_dies_at_any_byte_no_half_line_and_no_half_dot_goes_on(
    name, end, dialogues, ways, all_in_order
):
    dialogue = dialogues[name]
    for at, (kind, text, _) in enumerate(dialogue.steps):
        for size in range(1, len(text)) if kind == "say" else ():
            before = said(dialogue.steps[:at])
            _, heard = ways.die("through", dialogue, at, end, last_words=text[:size])
            whole = re.match(rb"(?s)(.*\r\n)?", text[:size])[0]
            if before.endswith(b"DATA\r\n"):
                # In the content every byte goes on, but for what may be the end's beginning.
                whole = re.sub(rb"(\A|\r\n)\.\r?\Z", rb"\1", text[:size])
            if end == "close":
                _, straight = ways.die("straight", dialogue, at, end, last_words=text[:size])
                assert straight == before + text[:size]
                assert heard == before + whole
            else:
                assert (before + whole).startswith(heard)
                assert heard.startswith(before)
