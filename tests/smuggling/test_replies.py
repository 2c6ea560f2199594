"""From the next hop to the client: no reply is taken for another command's, or for what is none.

A reply of the next hop's bears the number of its command. The client must see those numbers in
order, each whole, and then, where something was wrong, a reply of ours and the end.
"""

import runpy
from pathlib import Path

import pytest

from gateway.model import Outcome
from gateway.smtp import own_replies
from gateway.smtp.dialogue_states import Moment
from gateway.smtp.session import Session

HERE = Path(__file__).parent
single_bytes = runpy.run_path(str(HERE / "streams.py"))["single_bytes"]
COMMANDS = {
    "EHLO": b"EHLO client.example\r\n",
    "NOOP": b"NOOP\r\n",
    "MAIL": b"MAIL FROM:<a@example.edu>\r\n",
    "RCPT": b"RCPT TO:<b@mipt.ru>\r\n",
    "DATA": b"DATA\r\n",
    "the dot": b"Subject: x\r\n\r\nx\r\n.\r\n",
}
STEPS = list(COMMANDS)
BEHIND = b"NOOP\r\nQUIT\r\n"

# %s is the code, %d the command's number; 999 is nobody's.
NOT_A_REPLY = {
    "bare LF": b"%s #%d\n",
    "bare LF, then a whole one": b"%s #%d\n250 #999\r\n",
    "bare CR, then a whole one": b"%s #%d\r250 #999\r\n",
    "CR CRLF": b"%s #%d\r\r\n",
    "LF CR": b"%s #%d\n\r",
    "CR NUL LF": b"%s #%d\r\0\n",
    "bare LF inside": b"%s-#%d\n%s #%d\r\n",
    "bare CR inside": b"%s-#%d\r%s #%d\r\n",
    "NUL for a separator": b"%s\0#%d\r\n",
    "no code": b"fine #%d\r\n",
    "a blank before the code": b" %s #%d\r\n",
    "NUL before the code": b"\0%s #%d\r\n",
    "two digits": b"25 #%d\r\n",
    "four digits": b"2500 #%d\r\n",
    "digits of another script": b"\xef\xbc\x92\xef\xbc\x95\xef\xbc\x90 #%d\r\n",
    "a code below 200": b"150 #%d\r\n",
    "a code above 599": b"650 #%d\r\n",
    "an empty line": b"\r\n",
    "a code that changes": b"%s-#%d\r\n550 #%d\r\n",
    "another code behind a hyphen": b"%s-#%d\r\nfine\r\n",
}
ODD_BUT_A_REPLY = {
    "NULs in its text": b"%s #%d \0\0\r\n",
    "8-bit and tabs": b"%s #%d\t\xff\xfe\x85\r\n",
    "many lines": b"%s-#%d\r\n" * 59 + b"%s #%d\r\n",
    "bare codes": b"%s-#%d\r\n%s\r\n",
    "a code inside": b"%s #%d 550 250 354\r\n",
}


def filled(form, code, number):
    values = {b"%s": code, b"%d": b"%d" % number}
    for mark, value in values.items():
        form = form.replace(mark, value)
    return form


def good(at):
    code = b"354" if STEPS[at] == "DATA" else b"250"
    return code + b" #%d\r\n" % at


def all_pieces(data):
    """Whole, in single bytes, and in two at every byte."""
    yield [data]
    yield single_bytes(data)
    for cut in range(1, len(data)):
        yield [data[:cut], data[cut:]]


class Play:
    """A session, with a client in turns or in one go, and a hop that is told what to say."""

    def __init__(self, *, watch):
        self.session, self.watch = Session(), watch
        self.told = self.heard = b""
        self.outcomes = []
        self.hop(b"220 #banner\r\n")

    def client(self, data):
        self.session.receive_from_client(data)
        self.settle()

    def hop(self, data):
        # The hop's last words may reach us when we have let it go: nobody listens then.
        self.session.receive_from_next_hop(data)
        self.settle()

    def settle(self):
        session = self.session
        while session.moment is not None:
            if session.moment is Moment.ENVELOPE:
                session.start_content(is_matched=self.watch)
            elif session.moment is Moment.CONTENT_ENDED:
                session.release_dot()
            elif session.moment is Moment.REPLIED:
                self.outcomes.append(session.message.outcome)
                session.send_final_reply()
        self.outcomes += session.outcomes
        session.outcomes.clear()
        self.told += b"".join(session.to_client)
        self.heard += b"".join(session.to_next_hop)
        session.to_client.clear()
        session.to_next_hop.clear()

    def reach(self, at):
        """In turns, up to the reply to the command of that step."""
        for step in range(at):
            self.client(COMMANDS[STEPS[step]])
            self.hop(good(step))
        self.client(COMMANDS[STEPS[at]])
        return b"220 #banner\r\n" + b"".join(map(good, range(at)))

    def pipelined(self, at):
        """The same, but for EHLO all that the client has to say is said at once."""
        self.client(COMMANDS["EHLO"])
        self.hop(good(0))
        self.client(b"".join(list(COMMANDS.values())[1:]) + BEHIND)
        for step in range(1, at):
            self.hop(good(step))
        return b"220 #banner\r\n" + b"".join(map(good, range(at)))


watched = pytest.mark.parametrize("watch", [False, True], ids=["unmatched", "matched"])
steps = pytest.mark.parametrize("at", range(len(STEPS)), ids=STEPS)


@watched
@steps
@pytest.mark.parametrize("form", NOT_A_REPLY.values(), ids=NOT_A_REPLY)
def test_r01_what_is_no_reply_is_not_passed_on_in_any_pieces(form, at, watch):
    broken = filled(form, good(at)[:3], at)
    for pieces in all_pieces(broken):
        play = Play(watch=watch)
        before = play.reach(at)
        for piece in pieces:
            play.hop(piece)
        play.hop(b"250 #999\r\n")  # nothing that comes later is believed either
        is_dot = STEPS[at] == "the dot"
        ours = own_replies.HOP_LOST if is_dot else own_replies.HOP_GONE
        assert play.told == before + ours
        assert play.outcomes == ([Outcome.UNKNOWN] if is_dot else [])
        heard = play.heard
        play.client(BEHIND)
        assert play.told == before + ours + (own_replies.FOLLOWS_FAILURE if is_dot else b"")
        assert play.heard == heard


@watched
@steps
@pytest.mark.parametrize("form", NOT_A_REPLY.values(), ids=NOT_A_REPLY)
def test_r01_nor_to_a_client_that_pipelines(form, at, watch):
    broken = filled(form, good(at)[:3], at)
    for pieces in all_pieces(broken):
        play = Play(watch=watch)
        if at == 0:
            play.client(b"".join(COMMANDS.values()) + BEHIND)
        before = play.pipelined(at) if at else b"220 #banner\r\n"
        for piece in pieces:
            play.hop(piece)
        play.hop(b"250 #999\r\n")
        is_dot = STEPS[at] == "the dot"
        ours = own_replies.HOP_LOST + own_replies.HOP_GONE if is_dot else own_replies.HOP_GONE
        assert play.told == before + ours
        assert play.outcomes == ([Outcome.UNKNOWN] if is_dot else [])


@watched
@steps
@pytest.mark.parametrize("form", ODD_BUT_A_REPLY.values(), ids=ODD_BUT_A_REPLY)
def test_r01_what_is_only_odd_is_passed_on_to_the_byte_in_any_pieces(form, at, watch):
    odd = filled(form, good(at)[:3], at)
    for pieces in all_pieces(odd):
        play = Play(watch=watch)
        before = play.reach(at)
        for piece in pieces:
            assert play.told == before
            play.hop(piece)
        if STEPS[at] != "EHLO":  # of which keyword lines are taken out
            assert play.told == before + odd
        assert play.outcomes == ([Outcome.DELIVERED] if STEPS[at] == "the dot" else [])


GLUED = {
    "a second 250": b"250 #999\r\n",
    "a second 250 in many lines": b"250-#999\r\n250 #999\r\n",
    "a second 250 with a bare LF": b"250 #999\n",
    "a 354": b"354 #999\r\n",
    "no reply at all": b"fine #999\r\n",
}


@watched
@steps
@pytest.mark.parametrize("glued", GLUED.values(), ids=GLUED)
def test_r01_a_reply_to_nothing_is_no_answer_to_what_follows(glued, at, watch):
    said = good(at) + glued
    for pieces in all_pieces(said):
        play = Play(watch=watch)
        before = play.reach(at)
        for piece in pieces:
            play.hop(piece)
        told = before + good(at)
        if STEPS[at] == "DATA":
            # The go-ahead stands; what came with it answers no dot, and none is sent.
            assert play.told == told
            play.client(COMMANDS["the dot"] + BEHIND)
            assert play.told == told + own_replies.HOP_LOST + own_replies.FOLLOWS_FAILURE
            assert play.outcomes == [Outcome.FAILED]
            assert b".\r\n" not in play.heard
        else:
            assert play.told == told + own_replies.HOP_GONE
            heard = play.heard
            play.client(BEHIND)
            assert play.told == told + own_replies.HOP_GONE
            assert play.heard == heard


@watched
@pytest.mark.parametrize("code", [b"450", b"550"])
def test_r07_a_refusal_behind_the_go_ahead_is_the_messages_and_no_dot_is_sent(code, watch):
    said = good(STEPS.index("DATA")) + code + b" #999\r\n"
    for pieces in all_pieces(said):
        play = Play(watch=watch)
        before = play.reach(STEPS.index("DATA"))
        for piece in pieces:
            play.hop(piece)
        play.client(COMMANDS["the dot"] + BEHIND)
        assert play.told == before + said + own_replies.FOLLOWS_FAILURE
        assert b".\r\n" not in play.heard


@watched
@pytest.mark.parametrize("size", range(1, 10))
@pytest.mark.parametrize("at", range(len(STEPS) - 1), ids=STEPS[:-1])
def test_r01_a_reply_that_began_before_the_command_is_not_the_commands(at, size, watch):
    """Half a reply too many, and its other half when the next command is under way."""
    stray = b"250 #999\r\n"
    play = Play(watch=watch)
    before = play.reach(at)
    play.hop(good(at) + stray[:size])
    play.client(COMMANDS[STEPS[at + 1]])
    play.hop(stray[size:])
    assert b"999" not in play.told
    assert play.told.startswith(before + good(at) + b"4")
    assert b"\r\n.\r\n" not in play.heard
