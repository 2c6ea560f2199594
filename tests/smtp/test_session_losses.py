"""Playbooks of the session: peers that leave, and replies that come too early."""

import pytest

from gateway.model import Outcome
from gateway.smtp.dialogue_states import Moment


@pytest.mark.parametrize("watch", [False, True])
def test_r07_the_hop_dies_in_data_and_the_content_is_swallowed_to_its_end(ready, watch):
    ready.content(watch=watch)
    assert ready.client(b"some\r\n") == (b"", b"some\r\n")
    assert ready.do("next_hop_closed") == (b"", b"")
    assert ready.client(b"more\r\n.\r") == (b"", b"")
    to_client, to_hop = ready.client(b"\nNOOP\r\n")
    assert to_hop == b""
    assert [line[:3] for line in to_client.splitlines()] == [b"451", b"421"]
    assert ready.session.outcomes == [Outcome.FAILED]


def test_r07_a_swallowed_message_without_end_is_cut_off(ready, monkeypatch):
    monkeypatch.setattr("gateway.smtp.message.SWALLOW_LIMIT", 100)
    ready.content(watch=False)
    ready.do("next_hop_closed")
    to_client, _ = ready.client(b"x" * 101)
    assert to_client.startswith(b"451 ")
    assert ready.session.is_over


def test_r07_the_hop_dies_behind_the_dot(ready):
    ready.content(watch=False)
    ready.client(b"x\r\n.\r\n")
    to_client, _ = ready.do("next_hop_closed")
    assert to_client.startswith(b"451 ")
    assert ready.session.outcomes == [Outcome.UNKNOWN]
    assert ready.client(b"QUIT\r\n")[0].startswith(b"421 ")


def test_r07_the_hop_dies_behind_a_watched_dot_and_the_outcome_is_unknown(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\n")
    assert ready.do("release_dot") == (b"", b".\r\n")
    assert ready.do("next_hop_closed") == (b"", b"")
    assert ready.session.moment is Moment.REPLIED
    assert ready.session.message.outcome is Outcome.UNKNOWN
    to_client, _ = ready.do("send_final_reply")
    assert to_client.startswith(b"451 ")


def test_r07_the_hop_dies_while_the_dot_is_withheld(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\n")
    ready.do("next_hop_closed")
    assert ready.session.moment is Moment.CONTENT_ENDED
    assert ready.do("release_dot") == (b"", b"")
    assert ready.session.moment is Moment.REPLIED
    assert ready.session.message.outcome is Outcome.FAILED
    assert ready.do("send_final_reply")[0].startswith(b"451 ")


@pytest.mark.parametrize(
    ("early", "code", "outcome"),
    [
        (b"552 5.3.4 too big\r\n", b"552", Outcome.REFUSED),
        (b"421 4.3.2 going down\r\n", b"421", Outcome.FAILED),
        (b"250 2.0.0 thanks\r\n", b"451", Outcome.FAILED),
        (b"gibberish\r\n", b"451", Outcome.FAILED),
    ],
)
def test_r07_a_hop_that_speaks_before_the_dot_gets_none(ready, early, code, outcome):
    ready.content(watch=False)
    ready.client(b"begin\r\n")
    assert ready.hop(early) == (b"", b"")
    assert ready.session.drop_next_hop
    to_client, to_hop = ready.client(b"end\r\n.\r\n")
    assert (to_client[:3], to_hop) == (code, b"")
    assert ready.session.outcomes == [outcome]


def test_r07_a_reply_that_came_before_the_dots_release_is_not_taken_for_its_own(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\n")
    ready.hop(b"250 2.0.0 a late reply\r\n")
    assert ready.do("release_dot") == (b"", b"")
    assert ready.session.message.outcome is Outcome.FAILED
    assert ready.do("send_final_reply")[0].startswith(b"451 ")


def test_r07_the_421_to_what_follows_waits_for_the_replies_before_it(ready):
    to_client, _ = ready.client(b"NOOP\r\nBDAT nine\r\nx")
    assert to_client == b""
    to_client, _ = ready.hop(b"250 noop\r\n")
    assert [line[:3] for line in to_client.splitlines()] == [b"250", b"502", b"421"]


def test_r07_the_421_to_what_follows_waits_for_the_settling(ready):
    ready.content(watch=True)
    ready.client(b".\r\n")
    ready.do("next_hop_closed")
    ready.do("release_dot")
    assert ready.client(b"NOOP\r\n") == (b"", b"")
    to_client, _ = ready.do("send_final_reply")
    assert [line[:3] for line in to_client.splitlines()] == [b"451", b"421"]


def test_r07_a_reply_in_one_packet_with_the_354_is_not_taken_for_the_dots(ready):
    ready.client(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
    ready.hop(b"250 1\r\n250 2\r\n354 go\r\n250 2.0.0 stale\r\n")
    ready.do("start_content", is_matched=False)
    to_client, to_hop = ready.client(b"x\r\n.\r\n")
    assert (to_client[:3], to_hop) == (b"451", b"")


def test_r01_what_the_hop_said_before_it_closed_is_heard(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\nQUIT\r\n")
    ready.do("release_dot")
    ready.hop(b"250 queued\r\n221 bye\r\n")
    ready.do("next_hop_closed")
    assert ready.do("send_final_reply") == (b"250 queued\r\n221 bye\r\n", b"")
    assert ready.session.is_over


def test_r07_a_hop_that_closed_behind_its_reply_is_missed_by_the_next_command(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\nNOOP\r\n")
    ready.do("release_dot")
    ready.hop(b"250 queued\r\n")
    ready.do("next_hop_closed")
    to_client, _ = ready.do("send_final_reply")
    assert [line[:3] for line in to_client.splitlines()] == [b"250", b"421"]
    assert ready.session.is_over


def test_r08_the_client_dies_in_data_and_the_hop_gets_no_dot(ready):
    ready.content(watch=False)
    assert ready.client(b"half a message\r\n.") == (b"", b"half a message\r\n")
    assert ready.do("client_closed") == (b"", b"")
    assert ready.session.drop_next_hop
    assert ready.session.is_over


@pytest.mark.parametrize("watch", [False, True])
def test_r08_a_client_that_left_behind_the_dot_still_has_an_outcome(ready, watch):
    ready.content(watch=watch)
    ready.client(b"x\r\n.\r\n")
    ready.do("client_closed")
    assert not ready.session.is_over
    if watch:
        ready.do("release_dot")
    to_client, _ = ready.hop(b"250 ok\r\n")
    if watch:
        assert ready.session.message.outcome is Outcome.DELIVERED
        to_client, _ = ready.do("send_final_reply")
    else:
        assert ready.session.outcomes == [Outcome.DELIVERED]
    assert to_client == b"250 ok\r\n"
    assert ready.session.is_over


def test_r08_a_client_that_only_closed_its_writing_half_gets_all_its_replies(play):
    early = play()
    early.client(b"EHLO x\r\nQUIT\r\n")
    early.do("client_closed")
    assert early.hop(b"220 hi\r\n")[1] == b"EHLO x\r\nQUIT\r\n"
    assert early.hop(b"250 mx\r\n") == (b"250 mx\r\n", b"")
    assert early.hop(b"221 bye\r\n") == (b"221 bye\r\n", b"")
    assert early.session.is_over


@pytest.mark.parametrize("watch", [False, True])
def test_r03_a_3xx_to_the_dot_is_no_answer_and_the_outcome_is_unknown(ready, watch):
    ready.content(watch=watch)
    ready.client(b"x\r\n.\r\n")
    if watch:
        ready.do("release_dot")
    to_client, _ = ready.hop(b"354 more?\r\n")
    if watch:
        assert ready.session.moment is Moment.REPLIED
        assert ready.session.message.outcome is Outcome.UNKNOWN
        to_client, _ = ready.do("send_final_reply")
    else:
        assert ready.session.outcomes == [Outcome.UNKNOWN]
    assert to_client.startswith(b"451 ")
    assert ready.client(b"NOOP\r\n")[0].startswith(b"421 ")


@pytest.mark.parametrize("watch", [False, True])
def test_r08_a_client_that_said_all_at_once_and_left_has_its_message_delivered(ready, watch):
    said = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\n"
    ready.client(said)
    ready.do("client_closed")
    ready.hop(b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go on\r\n")
    to_client, to_hop = ready.do("start_content", is_matched=watch)
    assert to_client == b"354 go on\r\n"
    if watch:
        assert to_hop == b"x\r\n"
        to_client, to_hop = ready.do("release_dot")
        assert to_hop == b".\r\n"
    else:
        assert to_hop == b"x\r\n.\r\n"
    ready.hop(b"250 queued\r\n")
    if watch:
        assert ready.do("send_final_reply")[0] == b"250 queued\r\n"
    assert ready.session.is_over


def test_r08_half_a_message_said_at_once_by_one_that_left_has_no_dot(ready):
    ready.client(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n")
    ready.do("client_closed")
    ready.hop(b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go on\r\n")
    ready.do("start_content", is_matched=False)
    assert ready.session.is_over
