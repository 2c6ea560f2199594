"""Playbooks of the session: what the next hop says unasked never answers anything else."""

import pytest

from gateway.model import Outcome
from gateway.smtp import own_replies
from gateway.smtp.dialogue_states import Moment

STRAYS = {"whole": b"250 2.0.0 stray\r\n", "begun": b"250 2.0", "several": b"250 a\r\n250 b\r\n"}
strays = pytest.mark.parametrize("stray", STRAYS.values(), ids=STRAYS)


@pytest.fixture
def settling(ready):
    """A session whose matched message has its final reply, and is being settled."""
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\n")
    ready.do("release_dot")
    return ready


@strays
@pytest.mark.parametrize("in_one_packet", [True, False])
def test_r01_what_comes_while_a_match_is_settled_answers_no_command(settling, stray, in_one_packet):
    if in_one_packet:
        settling.hop(b"250 queued\r\n" + stray)
    else:
        settling.hop(b"250 queued\r\n")
        settling.hop(stray)
    assert settling.session.moment is Moment.REPLIED
    assert settling.client(b"MAIL FROM:<next@example.edu>\r\n") == (b"", b"")
    assert settling.do("send_final_reply") == (b"250 queued\r\n" + own_replies.HOP_GONE, b"")
    assert settling.session.is_over


def test_r01_nor_does_it_while_an_answer_of_ours_waits_for_the_settling(settling):
    settling.client(b"AUTH PLAIN x\r\n")
    settling.hop(b"250 queued\r\n")
    settling.hop(STRAYS["whole"])
    assert settling.client(b"MAIL FROM:<next@example.edu>\r\n") == (b"", b"")
    to_client, to_hop = settling.do("send_final_reply")
    assert [line[:3] for line in to_client.splitlines()] == [b"250", b"421"]
    assert to_hop == b""


def test_r01_a_421_that_comes_while_a_match_is_settled_is_passed_on_after_it(settling):
    settling.hop(b"250 queued\r\n")
    settling.hop(b"421 4.3.2 going down\r\n")
    assert settling.client(b"QUIT\r\n") == (b"", b"")
    assert settling.do("send_final_reply")[0] == b"250 queued\r\n421 4.3.2 going down\r\n"
    assert settling.session.is_over


def test_r01_a_reply_to_what_was_said_during_the_settling_is_no_stray(settling):
    settling.hop(b"250 queued\r\n")
    assert settling.client(b"MAIL FROM:<n@b>\r\n") == (b"", b"MAIL FROM:<n@b>\r\n")
    settling.hop(b"250 sender ok\r\n")
    assert settling.client(b"RSET\r\n") == (b"", b"RSET\r\n")
    assert settling.do("send_final_reply")[0] == b"250 queued\r\n250 sender ok\r\n"
    assert settling.hop(b"250 reset\r\n") == (b"250 reset\r\n", b"")


@pytest.fixture
def asking(ready):
    """A session that is about to ask about a recipient."""
    ready.session.asks_recipients = True
    ready.client(b"MAIL FROM:<prof@example.edu>\r\nRCPT TO:<a@b>\r\n")
    return ready


@strays
@pytest.mark.parametrize("in_one_packet", [True, False])
def test_r01_what_comes_while_a_recipient_is_decided_does_not_accept_it(
    asking, stray, in_one_packet
):
    if in_one_packet:
        asking.hop(b"250 sender ok\r\n" + stray)
    else:
        asking.hop(b"250 sender ok\r\n")
        asking.hop(stray)
    assert asking.session.moment is Moment.RECIPIENT
    to_client, to_hop = asking.do("accept_recipient")
    assert (to_client, to_hop) == (own_replies.HOP_GONE, b"")
    assert asking.session.transaction.recipient_lines == []


@strays
def test_r01_nor_does_it_answer_what_follows_a_refused_recipient(asking, stray):
    asking.hop(b"250 sender ok\r\n" + stray)
    assert asking.client(b"DATA\r\n") == (b"", b"")
    refusal = b"550 5.7.1 no\r\n"
    assert asking.do("reject_recipient", reply=refusal) == (refusal + own_replies.HOP_GONE, b"")


@pytest.fixture
def chunking(play):
    """A session whose hop takes BDAT, with a sender named."""
    session = play().greeted().ehlo(b"250-mx\r\n250 CHUNKING\r\n")
    session.client(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n")
    return session


@strays
@pytest.mark.parametrize("watch", [True, False])
def test_r01_what_comes_with_the_envelopes_replies_does_not_answer_the_only_chunk(
    chunking, stray, watch
):
    """A 250 for a message that no next hop has: the client would think it is delivered."""
    chunking.client(b"BDAT 2 LAST\r\nhi")
    chunking.hop(b"250 sender ok\r\n250 recipient ok\r\n" + stray)
    assert chunking.session.moment is Moment.ENVELOPE
    assert chunking.do("start_content", is_matched=watch) == (own_replies.HOP_GONE, b"")
    assert chunking.session.outcomes == []


@pytest.mark.parametrize("watch", [True, False])
def test_r01_a_reply_begun_before_the_last_octet_is_no_answer_to_it(chunking, watch):
    chunking.hop(b"250 sender ok\r\n250 recipient ok\r\n")
    chunking.client(b"BDAT 4 LAST\r\nhi")
    chunking.do("start_content", is_matched=watch)
    assert chunking.hop(b"250 2.0") == (b"", b"")
    to_client, to_hop = chunking.client(b"!\n")
    assert (to_client, to_hop) == (own_replies.HOP_LOST, b"")
    assert chunking.session.drop_next_hop
    assert chunking.session.outcomes == [Outcome.FAILED]
