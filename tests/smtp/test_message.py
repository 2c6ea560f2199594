"""One message's content: what goes on, in which pieces, and what is kept of it."""

import sys

import pytest

from gateway.model import Outcome
from gateway.smtp.content import Scan
from gateway.smtp.message import Message

CONTENT = b"Subject: x\r\n\r\n" + b"text\r\n" * 1000


def message(*, watch=False):
    return Message(is_matched=watch, refuse_lookalikes=True), []


def test_r02_a_chunk_that_is_passed_whole_is_passed_as_it_is():
    unwatched, pieces = message()
    assert unwatched.pass_on(CONTENT, pieces) is Scan.MORE
    last = CONTENT + b".\r\n"
    assert unwatched.pass_on(last, pieces) is Scan.END
    assert pieces[0] is CONTENT
    assert pieces[1] is last, "the terminator goes with the content, in one piece"


def test_r09_what_follows_the_terminator_does_not_go_on():
    unwatched, pieces = message()
    assert unwatched.pass_on(CONTENT + b".\r\nMAIL FROM:<>\r\n", pieces) is Scan.END
    assert pieces == [CONTENT + b".\r\n"]
    assert unwatched.rest == b"MAIL FROM:<>\r\n"


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_r09_a_terminator_in_two_chunks_goes_on_whole(cut):
    unwatched, pieces = message()
    whole = CONTENT + b".\r\n"
    for chunk in (whole[:-cut], whole[-cut:]):
        unwatched.pass_on(chunk, pieces)
    assert b"".join(pieces) == whole


def test_r17_of_a_watched_message_the_terminator_stays_here():
    watched, pieces = message(watch=True)
    assert watched.pass_on(CONTENT + b".\r\n", pieces) is Scan.END
    assert pieces == [CONTENT]
    assert watched.terminator == b".\r\n"


def test_r07_of_a_lost_message_nothing_goes_on():
    lost, pieces = message()
    lost.abandon(b"451 4.0.0 no\r\n", Outcome.FAILED)
    assert lost.pass_on(CONTENT + b".\r\nQUIT\r\n", pieces) is Scan.END
    assert pieces == []
    assert lost.rest == b"QUIT\r\n"


@pytest.mark.parametrize("watch", [False, True])
def test_r15_a_chunk_that_has_gone_on_is_not_kept(watch):
    taking, pieces = message(watch=watch)
    chunk = bytes(bytearray(CONTENT))
    before = sys.getrefcount(chunk)
    taking.pass_on(chunk, pieces)
    pieces.clear()
    assert sys.getrefcount(chunk) == before
