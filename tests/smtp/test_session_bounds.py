"""Playbooks of the session: lines and replies of odd lengths and ends, and the bounds of a turn."""

import time

import pytest

from gateway.model import Outcome
from gateway.smtp import dialogue_states, own_replies
from gateway.smtp.dialogue_states import Moment
from gateway.smtp.replies import REPLY_LIMIT, SHORTENED_LIMIT

UNCLEAN = own_replies.LINE_UNCLEAN


def until_done(play):
    """Give it turns until it wants no more; what went to the (client, hop), and how many."""
    to_client, to_hop, turns = b"", b"", 0
    while play.session.awaits_turn:
        piece = play.do("take_turn")
        to_client, to_hop, turns = to_client + piece[0], to_hop + piece[1], turns + 1
    return to_client, to_hop, turns


@pytest.mark.parametrize("line", [b"NOOP\n", b"\n", b"EHLO x\nMAIL\n", b"x" * 9000 + b"\n"])
def test_r24_a_line_that_ends_in_a_bare_lf_is_over_when_no_more_comes(ready, line):
    for byte in line:
        assert ready.client(bytes([byte])) == (b"", b"")
    assert ready.session.ends_in_bare_lf
    assert ready.session.has_backlog
    assert ready.do("take_turn") == (UNCLEAN, b"")
    assert not ready.session.has_backlog
    assert ready.client(b"NOOP\r\n") == (b"", b"NOOP\r\n")


def test_r24_it_waits_its_turn_among_the_replies(ready):
    ready.client(b"VRFY x\r\nNOOP\n")
    assert ready.do("take_turn") == (b"", b"")
    assert ready.hop(b"252 maybe\r\n") == (b"252 maybe\r\n" + UNCLEAN, b"")


@pytest.mark.parametrize("size", [1, 5, 100])
def test_r24_what_comes_in_time_belongs_to_the_line(ready, size):
    """One command here must not be two there, nor two here one there."""
    line = b"RCPT TO:<a@b>\nRCPT TO:<evil@mipt.ru>\r\n"
    said = [ready.client(line[at : at + size]) for at in range(0, len(line), size)]
    assert b"".join(piece[0] for piece in said) == UNCLEAN
    assert b"".join(piece[1] for piece in said) == b""
    assert not ready.session.ends_in_bare_lf


def test_r24_a_turn_amid_a_line_that_goes_on_ends_nothing(ready):
    ready.client(b"NOOP\nNO")
    assert not ready.session.ends_in_bare_lf
    assert ready.do("take_turn") == (b"", b"")
    assert ready.client(b"OP\r\n") == (UNCLEAN, b"")


def test_r24_a_client_that_leaves_behind_a_bare_lf_is_told(ready):
    ready.client(b"NOOP\n")
    assert ready.do("client_closed") == (UNCLEAN, b"")
    assert ready.session.is_over


def test_r24_in_content_it_ends_nothing(ready):
    ready.content(watch=False)
    assert ready.client(b"x\n") == (b"", b"x\n")
    assert ready.do("take_turn") == (b"", b"")


@pytest.mark.parametrize("packet", [1000, 1 << 20])
@pytest.mark.parametrize("size", [512, 8192, 65000, 65536])
@pytest.mark.parametrize("watch", [True, False])
def test_r24_a_reply_of_64_kb_in_one_line_passes(ready, packet, size, watch):
    ready.content(watch=watch)
    ready.client(b"x\r\n.\r\n")
    if watch:
        ready.do("release_dot")
    reply = b"250 " + b"y" * (size - 6) + b"\r\n"
    to_client = b"".join(
        ready.hop(reply[at : at + packet])[0] for at in range(0, len(reply), packet)
    )
    if watch:
        assert ready.session.message.outcome is Outcome.DELIVERED
        to_client += ready.do("send_final_reply")[0]
    assert to_client == reply
    assert ready.client(b"NOOP\r\n") == (b"", b"NOOP\r\n")


LONG = REPLY_LIMIT + 100
TOO_LONG = {
    "line": b"%s 2.0.0 Ok: queued as 4LONG " + b"y" * LONG + b"\r\n",
    "no end": b"%s 2.0.0 Ok: queued as 4LONG " + b"y" * LONG,
    "lines": b"%s-2.0.0 Ok: queued as 4LONG\r\n" + b"%s-y\r\n" * (LONG // 7) + b"%s end\r\n",
}
CODES = {Outcome.DELIVERED: b"250", Outcome.REFUSED: b"550", Outcome.FAILED: b"451"}


@pytest.mark.parametrize("packet", [1000, 1 << 20])
@pytest.mark.parametrize("long", TOO_LONG.values(), ids=TOO_LONG)
@pytest.mark.parametrize("outcome", [Outcome.DELIVERED, Outcome.REFUSED, Outcome.FAILED])
@pytest.mark.parametrize("watch", [True, False])
def test_r24_a_reply_too_long_behind_the_dot_says_what_became_of_the_message(
    ready, packet, long, outcome, watch
):
    code = CODES[outcome]
    ready.content(watch=watch)
    ready.client(b"x\r\n.\r\n")
    if watch:
        ready.do("release_dot")
    said = long.replace(b"%s", code)
    to_client = b"".join(ready.hop(said[at : at + packet])[0] for at in range(0, len(said), packet))
    if watch:
        assert ready.session.moment is Moment.REPLIED
        assert ready.session.message.outcome is outcome
        to_client += ready.do("send_final_reply")[0]
    else:
        assert ready.session.outcomes == [outcome]
    # Its beginning in one line, and no more of it.
    assert to_client.startswith(code + b" 2.0.0 Ok: queued as 4LONG")
    assert to_client.count(b"\r\n") == 1
    assert to_client.endswith(b"\r\n")
    assert len(to_client) <= SHORTENED_LIMIT
    assert ready.session.drop_next_hop
    assert ready.client(b"NOOP\r\n") == (own_replies.FOLLOWS_FAILURE, b"")


@pytest.mark.parametrize("said", [b"250-a\r\n551 b\r\n", b"25x " + b"y" * LONG, b"y" * LONG])
def test_r24_what_is_no_reply_at_all_tells_nothing(ready, said):
    ready.content(watch=False)
    ready.client(b"x\r\n.\r\n")
    assert ready.hop(said) == (own_replies.HOP_LOST, b"")
    assert ready.session.outcomes == [Outcome.UNKNOWN]


def test_r24_elsewhere_a_reply_too_long_ends_the_session(ready):
    ready.client(b"MAIL FROM:<a@b>\r\n")
    assert ready.hop(b"250 " + b"y" * LONG) == (own_replies.HOP_GONE, b"")


COMMANDS = {
    "passed": b"\r\n",
    "answered by us": b"AUTH\r\n",
    "unclean": b"\0\r\n",
    "chunks": b"BDAT 0\r\n",
}


@pytest.mark.parametrize("line", COMMANDS.values(), ids=COMMANDS)
def test_r26_of_one_read_only_so_many_commands_are_taken_at_a_time(ready, line):
    """A read of 256 KB holds a hundred thousand commands: others want their turn."""
    began = time.process_time()
    whole = ready.client(line * (262144 // len(line)))
    spent = [time.process_time() - began]
    while ready.session.awaits_turn:
        began = time.process_time()
        piece = ready.do("take_turn")
        spent.append(time.process_time() - began)
        whole = whole[0] + piece[0], whole[1] + piece[1]
    assert max(spent) < 0.05
    if whole[1]:
        assert whole[1] == line * dialogue_states.IN_FLIGHT_LIMIT
        # The rest goes on as the replies come.
        assert ready.hop(b"500 what?\r\n" * 1000)[1] == line * 1000
    else:
        assert whole[0].count(b"\r\n") == 262144 // len(line)
    assert not ready.session.awaits_turn


def test_r26_a_client_that_leaves_amid_its_turns_is_heard_to_the_end(ready):
    said = b"AUTH\r\n" * 3000 + b"VRFY x\r\n"
    ready.client(said)
    assert ready.session.awaits_turn
    ready.do("client_closed")
    assert not ready.session.is_over
    assert until_done(ready)[1] == b"VRFY x\r\n"
    ready.hop(b"252 maybe\r\n")
    assert ready.session.is_over


def test_r26_replies_to_thousands_of_commands_in_one_packet_are_soon_read(ready):
    ready.client(b"NOOP\r\n" * dialogue_states.IN_FLIGHT_LIMIT)
    until_done(ready)
    replies = b"250 2.0.0 all is well here, and there\r\n" * dialogue_states.IN_FLIGHT_LIMIT
    began = time.process_time()
    assert ready.hop(replies) == (replies, b"")
    assert time.process_time() - began < 0.05


MAIL, RCPT = b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n"
FULL = own_replies.TOO_MANY_RECIPIENTS


@pytest.fixture
def three(play):
    """A session that takes three recipients a message."""
    return play(max_recipients=3).greeted().ehlo()


def test_r26_beyond_so_many_recipients_it_is_452_and_the_next_hop_hears_of_no_more(three):
    assert FULL.startswith(b"452 4.5.3 ")
    three.client(MAIL)
    three.hop(b"250 sender\r\n")
    for _ in range(3):
        assert three.client(RCPT) == (b"", RCPT)
        three.hop(b"250 recipient\r\n")
    for _ in range(2):
        assert three.client(RCPT) == (FULL, b"")
    assert three.session.transaction.recipient_count == 3
    assert three.client(b"DATA\r\n") == (b"", b"DATA\r\n")


def test_r26_pipelined_the_replies_stay_in_order(three):
    assert three.client(MAIL + RCPT * 5 + b"DATA\r\n") == (b"", MAIL + RCPT * 3)
    assert three.hop(b"250 0\r\n250 1\r\n250 2\r\n") == (b"250 0\r\n250 1\r\n250 2\r\n", b"")
    assert three.hop(b"250 3\r\n") == (b"250 3\r\n" + FULL * 2, b"DATA\r\n")


def test_r26_those_that_were_refused_do_not_count(three):
    three.client(MAIL + RCPT * 6)
    assert three.hop(b"250 0\r\n550 1\r\n250 2\r\n550 3\r\n")[1] == RCPT * 2
    assert three.hop(b"250 4\r\n250 5\r\n") == (b"250 4\r\n250 5\r\n" + FULL, b"")


@pytest.mark.parametrize("fresh", [b"RSET\r\n", b"EHLO x\r\n"])
def test_r26_a_new_transaction_counts_anew(three, fresh):
    three.client(MAIL + RCPT * 4)
    three.hop(b"250 0\r\n250 1\r\n250 2\r\n250 3\r\n")
    three.client(fresh + MAIL + RCPT)
    assert three.hop(b"250 fresh\r\n250 mail\r\n")[1] == RCPT


def test_r26_a_second_sender_makes_no_room(three):
    """A next hop that takes it may keep the recipients, and so do we."""
    three.client(MAIL + RCPT * 3)
    three.hop(b"250 0\r\n250 1\r\n250 2\r\n250 3\r\n")
    three.client(MAIL)
    three.hop(b"250 another\r\n")
    assert three.client(RCPT) == (FULL, b"")


def test_r26_a_transaction_that_was_not_begun_does_not(three):
    """Otherwise a MAIL that is refused would make room for ever more."""
    three.client(MAIL + RCPT * 3)
    three.hop(b"250 0\r\n250 1\r\n250 2\r\n250 3\r\n")
    three.client(MAIL)
    three.hop(b"503 nested\r\n")
    assert three.client(RCPT) == (FULL, b"")


def test_r26_after_a_message_there_is_room_again(three):
    for _ in range(3):
        three.client(MAIL + RCPT * 3 + b"DATA\r\n")
        for number in range(4):
            three.hop(b"250 %d\r\n" % number)
        three.hop(b"354 go on\r\n")
        three.do("start_content", is_matched=False)
        three.client(b"x\r\n.\r\n")
        three.hop(b"250 queued\r\n")
    assert three.session.outcomes == [Outcome.DELIVERED] * 3


def test_r26_those_that_the_policy_refuses_count_as_well(three):
    three.session.asks_recipients = True
    three.client(MAIL)
    three.hop(b"250 0\r\n")
    for _ in range(3):
        three.client(RCPT)
        three.do("reject_recipient", reply=b"550 5.7.1 no\r\n")
    assert three.client(RCPT) == (FULL, b"")
    three.client(b"RSET\r\n" + MAIL)
    three.hop(b"250 reset\r\n250 0\r\n")
    three.client(RCPT)
    assert three.session.moment is not None


def test_r26_those_that_are_asked_about_count_as_well(three):
    three.session.asks_recipients = True
    three.client(MAIL)
    three.hop(b"250 0\r\n")
    for _ in range(3):
        three.client(RCPT)
        three.do("accept_recipient")
        three.hop(b"250 recipient\r\n")
    assert three.client(RCPT) == (FULL, b"")
    assert three.session.moment is None
