"""The dialogue, told in playbooks: what is said on one side, and what comes of it on the other."""

import pytest

from gateway.errors import LocalProtocolError
from gateway.model import Outcome
from gateway.smtp import own_replies
from gateway.smtp.dialogue_states import Moment
from gateway.smtp.session import HELD_LIMIT, PENDING_LIMIT


def test_r01_the_clients_2xx_is_the_next_hops_to_the_byte(ready):
    ready.content(watch=False)
    assert ready.client(b"x\r\n.\r\n") == (b"", b"x\r\n.\r\n")
    reply = b"250-2.6.0 <x@y>  odd   spacing\r\n250 2.6.0 queued as 4XYZ\r\n"
    assert ready.hop(reply[:9]) == (b"", b"")
    assert ready.hop(reply[9:]) == (reply, b"")
    assert ready.session.outcomes == [Outcome.DELIVERED]


@pytest.mark.parametrize(
    "line",
    [
        b"MAIL FROM:<Prof@Example.EDU> RET=HDRS ENVID=QQ314159 SIZE=1000 BODY=8BITMIME\r\n",
        b"RCPT TO:<a@b> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;MixedCase@Example.ORG\r\n",
        b"HELO there\r\n",
        b"NOOP  with   spaces \r\n",
        b"VRFY somebody\r\n",
        b"HELP\r\n",
        b"RSET\r\n",
        b"FROBNICATE now\r\n",
        b"\r\n",
        b"   \r\n",
        b"mail from: <lower@case>\r\n",
        "RCPT TO:<пушкин@пример.рф>\r\n".encode(),
        b"RCPT TO:<\xff\xfe@b>\r\n",
    ],
)
def test_r03_every_command_goes_on_byte_for_byte_and_its_reply_comes_back(ready, line):
    assert ready.client(line) == (b"", line)
    assert ready.hop(b"555 5.5.4 no such thing\r\n") == (b"555 5.5.4 no such thing\r\n", b"")


@pytest.mark.parametrize(
    "verb", [b"AUTH PLAIN", b"BURL", b"XCLIENT ADDR=x", b"ETRN", b"TURN", b"ATRN", b"starttls"]
)
def test_r03_what_would_not_work_from_end_to_end_is_answered_by_us(ready, verb):
    to_client, to_hop = ready.client(verb + b"\r\n")
    assert to_client.startswith(b"502 ")
    assert to_hop == b""


@pytest.mark.parametrize("line", [b"NOOP\r\n", b"MAIL FROM:<a@b>\r\n", b"DATA\r\n"])
def test_r03_any_3xx_but_datas_354_ends_the_session(ready, line):
    ready.client(line)
    to_client, _ = ready.hop(b"334 VXNlcm5hbWU6\r\n")
    assert to_client.startswith(b"421 ")
    assert ready.session.is_over


def test_r03_a_data_command_in_odd_dress_is_still_one(ready):
    ready.client(b"MAIL FROM:<a@b>\r\n")
    ready.hop(b"250 Ok\r\n")
    ready.client(b"RCPT TO:<c@d>\r\n")
    ready.hop(b"250 Ok\r\n")
    assert ready.client(b" \tdAtA \r\nNOOP\r\n") == (b"", b" \tdAtA \r\n")
    ready.hop(b"354 go\r\n")
    assert ready.session.moment is Moment.ENVELOPE


def test_r04_pipelined_replies_come_in_order_with_ours_among_them(ready):
    commands = b"MAIL FROM:<a@b>\r\nAUTH PLAIN\r\nRCPT TO:<c@d>\r\nXCLIENT x\r\nRCPT TO:<e@f>\r\n"
    to_client, to_hop = ready.client(commands)
    assert to_client == b""
    assert to_hop == b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\n"
    to_client, _ = ready.hop(b"250 1\r\n250 2\r\n550 3\r\n")
    assert [line[:5] for line in to_client.splitlines()] == [
        b"250 1", b"502 5", b"250 2", b"502 5", b"550 3",
    ]  # fmt: skip


def test_r05_a_refused_recipient_is_not_in_the_envelope(ready):
    ready.client(b"MAIL FROM:<a@b>\r\nRCPT TO:<yes@mipt.ru>\r\nRCPT TO:<no@mipt.ru>\r\nDATA\r\n")
    ready.hop(b"250 1\r\n250 2.1.5 fine\r\n550 5.1.1 no\r\n354 go\r\n")
    envelope = ready.session.transaction.envelope("id", "192.0.2.1")
    assert envelope.sender == b"a@b"
    assert [recipient.path for recipient in envelope.recipients] == [b"yes@mipt.ru"]
    assert envelope.recipients[0].reply.enhanced == "2.1.5"
    assert ready.session.transaction.recipient_lines == [b"RCPT TO:<yes@mipt.ru>\r\n"]


def test_r06_no_next_hop_is_a_421_at_the_greeting(play):
    nobody = play()
    to_client, _ = nobody.do("close", last_words=own_replies.NO_HOP)
    assert to_client.startswith(b"421 ")
    assert nobody.session.is_over


def test_r06_a_hop_that_refuses_its_greeting_is_passed_over_while_another_is_left(play):
    busy = play()
    busy.do("next_hop_connected", is_last=False)
    assert busy.hop(b"421 busy\r\n") == (b"", b"")
    assert busy.session.needs_next_hop
    busy.do("next_hop_connected", is_last=True)
    assert busy.hop(b"554 no service\r\n") == (b"554 no service\r\n", b"")


def test_r06_early_bytes_wait_for_the_greeting(play):
    early = play()
    assert early.client(b"EHLO x\r\n") == (b"", b"")
    assert early.hop(b"220 hi\r\n") == (b"220 hi\r\n", b"EHLO x\r\n")


def test_r10_a_lookalike_is_swallowed_and_refused(ready):
    ready.content(watch=False)
    assert ready.client(b"text\r\n") == (b"", b"text\r\n")
    assert ready.client(b"a\r\n.\nMAIL FROM:<evil@b>\r\n") == (b"", b"")
    assert ready.session.drop_next_hop
    to_client, to_hop = ready.client(b"rest\r\n.\r\nNOOP\r\n")
    assert to_hop == b""
    assert to_client.startswith(b"550 5.5.2 ")
    assert to_client.splitlines()[1].startswith(b"421 ")
    assert ready.session.is_over


def test_r10_the_real_end_may_come_in_one_packet_with_a_lookalike(ready):
    ready.content(watch=False)
    to_client, to_hop = ready.client(b"a\r\n.\nMAIL FROM:<evil@b>\r\n.\r\nNOOP\r\n")
    assert to_hop == b""
    assert [line[:3] for line in to_client.splitlines()] == [b"550", b"421"]
    assert ready.session.outcomes == [Outcome.REFUSED]


def test_r10_where_they_pass_they_pass_unaltered(play):
    lax = play(refuse_lookalikes=False).greeted().ehlo()
    lax.content(watch=False)
    assert lax.client(b"a\n.\nb\r\n.\r\n") == (b"", b"a\n.\nb\r\n.\r\n")


def test_r11_bytes_behind_data_are_held_until_its_reply_is_known(ready):
    ready.client(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n")
    ready.hop(b"250 1\r\n250 2\r\n")
    assert ready.client(b"DATA\r\nRSET\r\nfrom a client in a hurry\r\n.\r\n") == (b"", b"DATA\r\n")
    ready.hop(b"354 go\r\n")
    assert ready.do("start_content", is_matched=False) == (
        b"354 go\r\n",
        b"RSET\r\nfrom a client in a hurry\r\n.\r\n",
    )


def test_r11_after_any_reply_but_354_they_are_commands_again(ready):
    ready.client(b"MAIL FROM:<a@b>\r\n")
    ready.hop(b"250 1\r\n")
    assert ready.client(b"DATA\r\nRSET\r\n") == (b"", b"DATA\r\n")
    assert ready.hop(b"503 no recipients\r\n") == (b"503 no recipients\r\n", b"RSET\r\n")


def test_r11_bytes_behind_a_withheld_dot_are_held_until_its_release(ready):
    ready.content(watch=True)
    assert ready.client(b"x\r\n.\r\nMAIL FROM:<next@b>\r\n") == (b"", b"x\r\n")
    assert ready.client(b"RCPT TO:<c@d>\r\n") == (b"", b"")
    assert ready.do("release_dot") == (b"", b".\r\nMAIL FROM:<next@b>\r\nRCPT TO:<c@d>\r\n")


def test_r11_reading_pauses_at_64_kb_held(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\n")
    assert ready.session.may_read_client
    ready.client(b"N" * HELD_LIMIT)
    assert not ready.session.may_read_client


def test_r11_two_thousand_replies_may_be_owed_and_no_more(ready):
    """A client that says a line a packet, a next hop that says nothing: R14's recipients fit."""
    for number in range(1, 2000):
        ready.client(b"RCPT TO:<u%d@b>\r\n" % number)
    assert not ready.session.has_backlog
    assert ready.session.may_read_client
    ready.client(b"RCPT TO:<u2000@b>\r\n")
    assert ready.session.has_backlog
    assert not ready.session.may_read_client


def test_r11_our_own_replies_that_wait_their_turn_count_as_well(ready):
    ready.client(b"NOOP\r\n")
    for _ in range(1999):
        assert not ready.session.has_backlog
        ready.client(b"AUTH PLAIN\r\n")
    assert ready.session.has_backlog
    assert not ready.session.may_read_client


def test_r11_reading_pauses_when_too_many_replies_are_owed(ready):
    ready.client(b"NOOP\r\n" * PENDING_LIMIT)
    assert not ready.session.may_read_client
    ready.hop(b"250 ok\r\n")
    assert ready.session.may_read_client


def test_r13_xforward_goes_on_from_a_trusted_peer(play):
    trusted = play(trusts_client=True).greeted().ehlo()
    line = b"XFORWARD NAME=x ADDR=192.0.2.7 HELO=their.host\r\n"
    assert trusted.client(line) == (b"", line)
    assert trusted.hop(b"250 ok\r\n") == (b"250 ok\r\n", b"")
    trusted.client(b"XFORWARD IDENT=4ABC SOURCE=REMOTE\r\n")
    trusted.hop(b"250 ok\r\n")
    client = trusted.envelope().session.transaction.envelope("id", "127.0.0.1").client
    assert (client.address, client.helo, client.ident) == ("192.0.2.7", "their.host", "4ABC")


def test_r13_it_tells_of_one_transaction_only(play):
    trusted = play(trusts_client=True).greeted().ehlo()
    trusted.client(b"XFORWARD ADDR=192.0.2.7 IDENT=4ABC\r\n")
    trusted.hop(b"250 ok\r\n")
    trusted.content(watch=False)
    trusted.client(b".\r\n")
    trusted.hop(b"250 ok\r\n")
    client = trusted.envelope().session.transaction.envelope("id", "127.0.0.1").client
    assert (client.address, client.helo, client.ident) == ("127.0.0.1", "client.example", None)


def test_r13_where_the_hop_lacks_it_we_answer_in_turn(play):
    trusted = play(trusts_client=True).greeted().ehlo(b"250 mx.example\r\n")
    to_client, to_hop = trusted.client(b"NOOP\r\nXFORWARD ADDR=IPV6:2001:db8::1\r\n")
    assert (to_client, to_hop) == (b"", b"NOOP\r\n")
    assert trusted.hop(b"250 noop\r\n")[0] == b"250 noop\r\n250 2.0.0 Ok\r\n"
    client = trusted.envelope().session.transaction.envelope("id", None).client
    assert client.address == "2001:db8::1"


def test_r13_a_stranger_is_refused(ready):
    to_client, to_hop = ready.client(b"XFORWARD ADDR=192.0.2.7\r\n")
    assert to_client.startswith(b"550 ")
    assert to_hop == b""


@pytest.mark.parametrize(
    "line",
    [
        b"MAIL FROM:<a@b>\nRCPT TO:<c@d>\r\n",
        b"MAIL FROM:<a@b>\rRCPT TO:<c@d>\r\n",
        b"RCPT TO:<a\0@b>\r\n",
        b"DATA\r\r\n",
    ],
)
def test_r14_a_line_that_could_be_two_there_gets_500_and_is_not_passed(ready, line):
    to_client, to_hop = ready.client(line)
    assert to_client.startswith(b"500 ")
    assert len(to_client.splitlines()) == 1
    assert to_hop == b""
    assert ready.client(b"NOOP\r\n") == (b"", b"NOOP\r\n")


def test_r14_4096_bytes_pass_and_one_more_gets_500(ready):
    line = b"NOOP " + b"x" * (4096 - 7) + b"\r\n"
    assert ready.client(line) == (b"", line)
    ready.hop(b"250 ok\r\n")
    to_client, to_hop = ready.client(b"x" + line + b"RSET\r\n")
    assert to_client.startswith(b"500 ")
    assert to_hop == b"RSET\r\n"


def test_r14_a_line_without_end_is_not_kept(ready):
    for _ in range(100):
        assert ready.client(b"y" * 5000) == (b"", b"")
        assert ready.session._client_lines.size <= 4096
    to_client, to_hop = ready.client(b"\r\nNOOP\r\n")
    assert to_client.startswith(b"500 ")
    assert to_hop == b"NOOP\r\n"


def test_r14_a_thousand_recipients(ready):
    commands = b"MAIL FROM:<a@b>\r\n" + b"".join(b"RCPT TO:<u%d@b>\r\n" % n for n in range(1000))
    assert ready.client(commands + b"DATA\r\n") == (b"", commands + b"DATA\r\n")
    ready.hop(b"250 ok\r\n" * 1001 + b"354 go\r\n")
    assert len(ready.session.transaction.recipient_lines) == 1000


def test_r17_a_watched_dot_waits_for_its_release_and_its_reply_for_the_answer(ready):
    ready.content(watch=True)
    assert ready.client(b"From: a\r\n\r\nx\r\n.\r\n") == (b"", b"From: a\r\n\r\nx\r\n")
    assert ready.session.moment is Moment.CONTENT_ENDED
    assert ready.session.message.header.block == b"From: a\r\n"
    assert ready.do("release_dot") == (b"", b".\r\n")
    assert ready.hop(b"250 queued as 4X\r\n250 early\r\n") == (b"", b"")
    assert ready.session.moment is Moment.REPLIED
    assert ready.session.message.reply == b"250 queued as 4X\r\n"
    assert ready.do("send_final_reply")[0].startswith(b"250 queued as 4X\r\n")


def test_r17_what_cannot_be_recorded_is_deferred(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\nNOOP\r\n")
    to_client, to_hop = ready.do("defer_message")
    assert to_client.startswith(b"451 ")
    assert b"\r\n421 " in to_client
    assert to_hop == b""
    assert ready.session.drop_next_hop


def test_r17_replies_behind_a_settling_one_keep_their_order(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\nMAIL FROM:<n@b>\r\nAUTH x\r\n")
    ready.do("release_dot")
    assert ready.hop(b"250 dot\r\n250 mail\r\n") == (b"", b"")
    to_client, _ = ready.do("send_final_reply")
    assert [line[:7] for line in to_client.splitlines()] == [b"250 dot", b"250 mai", b"502 5.5"]


def test_r18_draining_ends_an_idle_session_at_once(ready):
    to_client, _ = ready.do("drain")
    assert to_client.startswith(b"421 ")
    assert ready.session.is_over


def test_r18_a_transaction_under_way_is_finished_first(ready):
    ready.content(watch=False)
    assert ready.do("drain") == (b"", b"")
    ready.client(b"x\r\n.\r\n")
    to_client, _ = ready.hop(b"250 ok\r\n")
    assert [line[:3] for line in to_client.splitlines()] == [b"250", b"421"]


def test_a_421_of_the_hops_while_idle_is_passed_on(ready):
    assert ready.hop(b"421 4.4.2 idle too long\r\n") == (b"421 4.4.2 idle too long\r\n", b"")
    assert ready.session.is_over


def test_any_other_unasked_reply_ends_the_session(ready):
    assert ready.hop(b"250 surprise\r\n")[0].startswith(b"421 ")
    assert ready.session.is_over


def test_quit_ends_it_and_what_follows_is_not_passed(ready):
    ready.client(b"QUIT\r\n")
    assert ready.hop(b"221 bye\r\n") == (b"221 bye\r\n", b"")
    assert ready.session.is_over
    assert ready.client(b"NOOP\r\n") == (b"", b"")


def test_rset_forgets_the_recipients(ready):
    ready.client(b"MAIL FROM:<a@b>\r\nRCPT TO:<old@b>\r\nRSET\r\n")
    ready.hop(b"250 1\r\n250 2\r\n250 3\r\n")
    assert ready.envelope(b"<new@b>").session.transaction.recipient_lines == [
        b"RCPT TO:<new@b>\r\n"
    ]


def test_an_answer_out_of_place_is_a_bug_of_ours(ready):
    with pytest.raises(LocalProtocolError, match="REPLIED"):
        ready.do("send_final_reply")


def test_r14_the_end_of_an_overlong_line_is_no_command(ready):
    ready.client(b"y" * 5000)
    to_client, to_hop = ready.client(b"RSET\r\n")
    assert to_client.startswith(b"500 ")
    assert to_hop == b""
