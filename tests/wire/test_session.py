"""The dialogue, told in playbooks: what is said on one side, and what comes of it on the other."""

import pytest

from gateway.errors import LocalProtocolError
from gateway.model import Outcome
from gateway.wire import answers
from gateway.wire.exchange import AWAITED_LIMIT, HELD_LIMIT
from gateway.wire.phase import Moment


def test_r01_the_clients_2xx_is_the_next_hops_to_the_byte(ready):
    ready.content(watch=False)
    assert ready.client(b"x\r\n.\r\n") == (b"", b"x\r\n.\r\n")
    reply = b"250-2.6.0 <x@y>  odd   spacing\r\n250 2.6.0 queued as 4XYZ\r\n"
    assert ready.hop(reply[:9]) == (b"", b"")
    assert ready.hop(reply[9:]) == (reply, b"")
    assert ready.session.tally == [Outcome.DELIVERED]


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


def test_r03_a_refused_bdat_swallows_its_octets(ready):
    assert ready.client(b"BDAT 6 LAST\r\n")[0].startswith(b"502 ")
    assert ready.client(b"DAT") == (b"", b"")
    assert ready.client(b"A\r\nNOOP\r\n") == (b"", b"NOOP\r\n")


def test_r03_a_bdat_without_a_size_ends_the_session_since_its_octets_cannot_be_told(ready):
    to_client, to_hop = ready.client(b"BDAT x\r\nRCPT TO:<evil@b>\r\n")
    assert to_client.startswith(b"502 ")
    assert b"421 " in to_client
    assert to_hop == b""
    assert ready.session.is_over


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
    assert ready.session.transaction.paths == [b"yes@mipt.ru"]


def test_r06_no_next_hop_is_a_421_at_the_greeting(play):
    nobody = play()
    to_client, _ = nobody.do("part", last_words=answers.NO_HOP)
    assert to_client.startswith(b"421 ")
    assert nobody.session.is_over


def test_r06_a_hop_that_refuses_its_greeting_is_passed_over_while_another_is_left(play):
    busy = play()
    busy.do("meet", is_last=False)
    assert busy.hop(b"421 busy\r\n") == (b"", b"")
    assert busy.session.needs_hop
    busy.do("meet", is_last=True)
    assert busy.hop(b"554 no service\r\n") == (b"554 no service\r\n", b"")


def test_r06_early_bytes_wait_for_the_greeting(play):
    early = play()
    assert early.client(b"EHLO x\r\n") == (b"", b"")
    assert early.hop(b"220 hi\r\n") == (b"220 hi\r\n", b"EHLO x\r\n")


@pytest.mark.parametrize("watch", [False, True])
def test_r07_the_hop_dies_in_data_and_the_content_is_swallowed_to_its_end(ready, watch):
    ready.content(watch=watch)
    assert ready.client(b"some\r\n") == (b"", b"some\r\n")
    assert ready.do("next_hop_left") == (b"", b"")
    assert ready.client(b"more\r\n.\r") == (b"", b"")
    to_client, to_hop = ready.client(b"\nNOOP\r\n")
    assert to_hop == b""
    assert [line[:3] for line in to_client.splitlines()] == [b"451", b"421"]
    assert ready.session.tally == [Outcome.FAILED]


def test_r07_a_swallowed_message_without_end_is_cut_off(ready, monkeypatch):
    monkeypatch.setattr("gateway.wire.message.SWALLOW_LIMIT", 100)
    ready.content(watch=False)
    ready.do("next_hop_left")
    to_client, _ = ready.client(b"x" * 101)
    assert to_client.startswith(b"451 ")
    assert ready.session.is_over


def test_r07_the_hop_dies_behind_the_dot(ready):
    ready.content(watch=False)
    ready.client(b"x\r\n.\r\n")
    to_client, _ = ready.do("next_hop_left")
    assert to_client.startswith(b"451 ")
    assert ready.session.tally == [Outcome.UNKNOWN]
    assert ready.client(b"QUIT\r\n")[0].startswith(b"421 ")


def test_r07_the_hop_dies_behind_a_watched_dot_and_the_outcome_is_unknown(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\n")
    assert ready.do("release") == (b"", b".\r\n")
    assert ready.do("next_hop_left") == (b"", b"")
    assert ready.session.moment is Moment.REPLIED
    assert ready.session.message.outcome is Outcome.UNKNOWN
    to_client, _ = ready.do("answer")
    assert to_client.startswith(b"451 ")


def test_r07_the_hop_dies_while_the_dot_is_withheld(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\n")
    ready.do("next_hop_left")
    assert ready.session.moment is Moment.CONTENT_ENDED
    assert ready.do("release") == (b"", b"")
    assert ready.session.moment is Moment.REPLIED
    assert ready.session.message.outcome is Outcome.FAILED
    assert ready.do("answer")[0].startswith(b"451 ")


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
    assert ready.session.tally == [outcome]


def test_r07_a_reply_that_came_before_the_dots_release_is_not_taken_for_its_own(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\n")
    ready.hop(b"250 2.0.0 a late reply\r\n")
    assert ready.do("release") == (b"", b"")
    assert ready.session.message.outcome is Outcome.FAILED
    assert ready.do("answer")[0].startswith(b"451 ")


def test_r07_the_421_to_what_follows_waits_for_the_replies_before_it(ready):
    to_client, _ = ready.client(b"NOOP\r\nBDAT nine\r\nx")
    assert to_client == b""
    to_client, _ = ready.hop(b"250 noop\r\n")
    assert [line[:3] for line in to_client.splitlines()] == [b"250", b"502", b"421"]


def test_r07_the_421_to_what_follows_waits_for_the_settling(ready):
    ready.content(watch=True)
    ready.client(b".\r\n")
    ready.do("next_hop_left")
    ready.do("release")
    assert ready.client(b"NOOP\r\n") == (b"", b"")
    to_client, _ = ready.do("answer")
    assert [line[:3] for line in to_client.splitlines()] == [b"451", b"421"]


def test_r07_a_reply_in_one_packet_with_the_354_is_not_taken_for_the_dots(ready):
    ready.client(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
    ready.hop(b"250 1\r\n250 2\r\n354 go\r\n250 2.0.0 stale\r\n")
    ready.do("begin", watch=False)
    to_client, to_hop = ready.client(b"x\r\n.\r\n")
    assert (to_client[:3], to_hop) == (b"451", b"")


def test_r01_what_the_hop_said_before_it_closed_is_heard(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\nQUIT\r\n")
    ready.do("release")
    ready.hop(b"250 queued\r\n221 bye\r\n")
    ready.do("next_hop_left")
    assert ready.do("answer") == (b"250 queued\r\n221 bye\r\n", b"")
    assert ready.session.is_over


def test_r07_a_hop_that_closed_behind_its_reply_is_missed_by_the_next_command(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\nNOOP\r\n")
    ready.do("release")
    ready.hop(b"250 queued\r\n")
    ready.do("next_hop_left")
    to_client, _ = ready.do("answer")
    assert [line[:3] for line in to_client.splitlines()] == [b"250", b"421"]
    assert ready.session.is_over


def test_r08_the_client_dies_in_data_and_the_hop_gets_no_dot(ready):
    ready.content(watch=False)
    assert ready.client(b"half a message\r\n.") == (b"", b"half a message\r\n")
    assert ready.do("client_left") == (b"", b"")
    assert ready.session.drop_next_hop
    assert ready.session.is_over


@pytest.mark.parametrize("watch", [False, True])
def test_r08_a_client_that_left_behind_the_dot_still_has_an_outcome(ready, watch):
    ready.content(watch=watch)
    ready.client(b"x\r\n.\r\n")
    ready.do("client_left")
    assert not ready.session.is_over
    if watch:
        ready.do("release")
    to_client, _ = ready.hop(b"250 ok\r\n")
    if watch:
        assert ready.session.message.outcome is Outcome.DELIVERED
        to_client, _ = ready.do("answer")
    else:
        assert ready.session.tally == [Outcome.DELIVERED]
    assert to_client == b"250 ok\r\n"
    assert ready.session.is_over


def test_r08_a_client_that_only_closed_its_writing_half_gets_all_its_replies(play):
    early = play()
    early.client(b"EHLO x\r\nQUIT\r\n")
    early.do("client_left")
    assert early.hop(b"220 hi\r\n")[1] == b"EHLO x\r\nQUIT\r\n"
    assert early.hop(b"250 mx\r\n") == (b"250 mx\r\n", b"")
    assert early.hop(b"221 bye\r\n") == (b"221 bye\r\n", b"")
    assert early.session.is_over


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
    assert ready.session.tally == [Outcome.REFUSED]


def test_r10_where_they_pass_they_pass_unaltered(play):
    lax = play(refuse_lookalikes=False).greeted().ehlo()
    lax.content(watch=False)
    assert lax.client(b"a\n.\nb\r\n.\r\n") == (b"", b"a\n.\nb\r\n.\r\n")


def test_r11_bytes_behind_data_are_held_until_its_reply_is_known(ready):
    ready.client(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n")
    ready.hop(b"250 1\r\n250 2\r\n")
    assert ready.client(b"DATA\r\nRSET\r\nfrom a client in a hurry\r\n.\r\n") == (b"", b"DATA\r\n")
    ready.hop(b"354 go\r\n")
    assert ready.do("begin", watch=False) == (
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
    assert ready.do("release") == (b"", b".\r\nMAIL FROM:<next@b>\r\nRCPT TO:<c@d>\r\n")


def test_r11_reading_pauses_at_64_kb_held(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\n")
    assert ready.session.wants_client
    ready.client(b"N" * HELD_LIMIT)
    assert not ready.session.wants_client


def test_r11_reading_pauses_when_too_many_replies_are_owed(ready):
    ready.client(b"NOOP\r\n" * AWAITED_LIMIT)
    assert not ready.session.wants_client
    ready.hop(b"250 ok\r\n")
    assert ready.session.wants_client


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
        assert ready.session._inbox.size <= 4096
    to_client, to_hop = ready.client(b"\r\nNOOP\r\n")
    assert to_client.startswith(b"500 ")
    assert to_hop == b"NOOP\r\n"


def test_r14_a_thousand_recipients(ready):
    commands = b"MAIL FROM:<a@b>\r\n" + b"".join(b"RCPT TO:<u%d@b>\r\n" % n for n in range(1000))
    assert ready.client(commands + b"DATA\r\n") == (b"", commands + b"DATA\r\n")
    ready.hop(b"250 ok\r\n" * 1001 + b"354 go\r\n")
    assert len(ready.session.transaction.paths) == 1000


def test_r17_a_watched_dot_waits_for_its_release_and_its_reply_for_the_answer(ready):
    ready.content(watch=True)
    assert ready.client(b"From: a\r\n\r\nx\r\n.\r\n") == (b"", b"From: a\r\n\r\nx\r\n")
    assert ready.session.moment is Moment.CONTENT_ENDED
    assert ready.session.message.header.block == b"From: a\r\n"
    assert ready.do("release") == (b"", b".\r\n")
    assert ready.hop(b"250 queued as 4X\r\n250 early\r\n") == (b"", b"")
    assert ready.session.moment is Moment.REPLIED
    assert ready.session.message.reply == b"250 queued as 4X\r\n"
    assert ready.do("answer")[0].startswith(b"250 queued as 4X\r\n")


def test_r17_what_cannot_be_recorded_is_deferred(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\nNOOP\r\n")
    to_client, to_hop = ready.do("defer")
    assert to_client.startswith(b"451 ")
    assert b"\r\n421 " in to_client
    assert to_hop == b""
    assert ready.session.drop_next_hop


def test_r17_replies_behind_a_settling_one_keep_their_order(ready):
    ready.content(watch=True)
    ready.client(b"x\r\n.\r\nMAIL FROM:<n@b>\r\nAUTH x\r\n")
    ready.do("release")
    assert ready.hop(b"250 dot\r\n250 mail\r\n") == (b"", b"")
    to_client, _ = ready.do("answer")
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
    assert ready.envelope(b"<new@b>").session.transaction.paths == [b"new@b"]


def test_an_answer_out_of_place_is_a_bug_of_ours(ready):
    with pytest.raises(LocalProtocolError, match="REPLIED"):
        ready.do("answer")


@pytest.fixture
def asking(ready):
    """A session with an accepted sender, which asks about recipients."""
    ready.session.asks_recipients = True
    ready.client(b"MAIL FROM:<prof@example.edu>\r\n")
    ready.hop(b"250 ok\r\n")
    return ready


def test_r22_a_recipient_is_asked_about_before_the_next_hop_hears_of_it(asking):
    assert asking.client(b"RCPT TO:<a@mipt.ru>\r\nRCPT TO:<b@c>\r\n") == (b"", b"")
    assert asking.session.moment is Moment.RECIPIENT
    assert asking.session.asked_path == b"a@mipt.ru"
    assert asking.session.transaction.sender == b"prof@example.edu"
    assert asking.do("refuse", reply=b"550 5.7.1 no\r\n") == (b"550 5.7.1 no\r\n", b"")
    assert asking.session.asked_path == b"b@c"
    assert asking.do("admit") == (b"", b"RCPT TO:<b@c>\r\n")
    assert asking.hop(b"250 ok\r\n") == (b"250 ok\r\n", b"")
    assert asking.session.transaction.paths == [b"b@c"]


def test_r22_replies_stay_in_order_and_the_sender_is_known_when_it_asks(ready):
    ready.session.asks_recipients = True
    ready.client(b"MAIL FROM:<prof@example.edu>\r\nRCPT TO:<a@mipt.ru>\r\nDATA\r\n")
    assert ready.session.moment is None
    assert ready.hop(b"250 mail\r\n") == (b"250 mail\r\n", b"")
    assert ready.session.moment is Moment.RECIPIENT
    assert ready.do("refuse", reply=b"550 no\r\n") == (b"550 no\r\n", b"DATA\r\n")


def test_r22_a_hop_that_leaves_while_a_recipient_is_decided(asking):
    asking.client(b"RCPT TO:<a@b>\r\n")
    asking.do("next_hop_left")
    to_client, _ = asking.do("admit")
    assert to_client.startswith(b"421 ")
    assert asking.session.is_over


def test_r22_a_client_that_leaves_while_a_recipient_is_decided(asking):
    asking.client(b"RCPT TO:<a@b>\r\n")
    asking.do("client_left")
    assert not asking.session.is_over
    asking.do("refuse", reply=b"550 no\r\n")
    assert asking.session.is_over


CHUNKING = b"250-mx\r\n250 CHUNKING\r\n"


@pytest.fixture
def chunking(play):
    """A session whose hop takes BDAT, with a sender and a recipient accepted."""
    session = play().greeted().ehlo(CHUNKING)
    session.client(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n")
    session.hop(b"250 1\r\n250 2\r\n")
    return session


def test_r03_chunks_go_on_as_chunks(chunking):
    assert chunking.client(b"BDAT 7\r\nab\r\n.\r") == (b"", b"")
    assert chunking.session.moment is Moment.ENVELOPE
    assert chunking.session.transaction.paths == [b"c@d"]
    assert chunking.do("begin", watch=False) == (b"", b"BDAT 7\r\nab\r\n.\r")
    assert chunking.client(b"x") == (b"", b"x")
    assert chunking.hop(b"250 got 7\r\n") == (b"250 got 7\r\n", b"")
    assert chunking.client(b"BDAT 0 LAST\r\nNOOP\r\n") == (b"", b"BDAT 0 LAST\r\nNOOP\r\n")
    assert chunking.hop(b"250 queued\r\n") == (b"250 queued\r\n", b"")
    assert chunking.session.tally == [Outcome.DELIVERED]
    assert not chunking.session.transaction.is_open


def test_r03_a_pipelined_first_chunk_waits_until_every_recipient_is_answered(play):
    session = play().greeted().ehlo(CHUNKING)
    commands = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
    assert session.client(commands + b"BDAT 2 LAST\r\nhiQUIT\r\n") == (b"", commands)
    session.hop(b"250 1\r\n")
    assert session.session.moment is None
    session.hop(b"250 2\r\n")
    assert session.session.moment is Moment.ENVELOPE
    assert session.do("begin", watch=False) == (b"", b"BDAT 2 LAST\r\nhiQUIT\r\n")
    assert session.hop(b"250 queued\r\n221 bye\r\n")[0] == b"250 queued\r\n221 bye\r\n"


@pytest.mark.parametrize(
    ("chunks", "before", "withheld"),
    [
        (b"BDAT 5 LAST\r\nhello", b"BDAT 5 LAST\r\nhell", b"o"),
        (b"BDAT 1 LAST\r\n\n", b"BDAT 1 LAST\r\n", b"\n"),
        (b"BDAT 0 LAST\r\n", b"", b"BDAT 0 LAST\r\n"),
        (b"BDAT 2\r\nhiBDAT 0 LAST\r\n", b"BDAT 2\r\nhi", b"BDAT 0 LAST\r\n"),
    ],
)
def test_r17_the_end_of_a_watched_last_chunk_is_withheld(chunking, chunks, before, withheld):
    for byte in chunks:
        chunking.session.from_client(bytes([byte]))
        if chunking.session.moment is Moment.ENVELOPE:
            chunking.session.begin(watch=True)
    assert chunking._taken() == (b"", before)
    if b"BDAT 2\r" in before:
        # It is asked about only when every earlier chunk is answered.
        assert chunking.session.moment is None
        assert chunking.hop(b"250 chunk\r\n") == (b"250 chunk\r\n", b"")
    assert chunking.session.moment is Moment.CONTENT_ENDED
    assert chunking.do("release") == (b"", withheld)
    chunking.hop(b"250 queued\r\n")
    assert chunking.session.moment is Moment.REPLIED
    assert chunking.do("answer")[0].endswith(b"250 queued\r\n")


def test_r03_a_held_chunk_dies_with_the_dialogue(play):
    session = play().greeted().ehlo(CHUNKING)
    session.client(b"MAIL FROM:<a@b>\r\nBDAT 5 LAST\r\n12345and more")
    assert session.hop(b"421 going down\r\n") == (b"421 going down\r\n", b"")
    assert session.session.is_over
    assert session.session.moment is None
    assert session.client(b"still talking\r\n") == (b"", b"")


def test_the_header_of_a_chunked_message_is_captured_across_chunks(chunking):
    chunking.client(b"BDAT 6\r\nFrom: ")
    chunking.do("begin", watch=True)
    chunking.client(b"BDAT 9 LAST\r\na\r\n\r\nbody")
    assert chunking.session.message.header.block == b"From: a\r\n"


def test_r03_a_chunk_that_the_hop_refuses_has_its_octets_all_the_same(chunking):
    chunking.client(b"BDAT 6\r\nabcdef")
    chunking.do("begin", watch=False)
    assert chunking.hop(b"554 no\r\n") == (b"554 no\r\n", b"")
    assert chunking.client(b"BDAT 4 LAST\r\nRSETRSET\r\n") == (
        b"",
        b"BDAT 4 LAST\r\nRSETRSET\r\n",
    )
    chunking.hop(b"503 again\r\n250 reset\r\n")
    assert chunking.session.tally == [Outcome.REFUSED]


def test_r07_the_hop_dies_in_a_chunk_and_every_owed_reply_is_given(chunking):
    chunking.client(b"BDAT 3\r\nabcBDAT 9 LAST\r\nrest")
    chunking.do("begin", watch=False)
    assert chunking.do("next_hop_left") == (b"", b"")
    to_client, to_hop = chunking.client(b"12345NOOP\r\n")
    assert to_hop == b""
    assert [line[:3] for line in to_client.splitlines()] == [b"451", b"451", b"421"]


def test_r07_a_swallowed_chunk_without_sensible_end_is_cut_off(chunking, monkeypatch):
    monkeypatch.setattr("gateway.wire.message.SWALLOW_LIMIT", 100)
    chunking.client(b"BDAT 999999999999 LAST\r\nx")
    chunking.do("begin", watch=False)
    chunking.do("next_hop_left")
    to_client, _ = chunking.client(b"x" * 101)
    assert to_client.startswith(b"451 ")
    assert chunking.session.is_over


def test_r07_a_final_reply_before_the_last_octet_is_no_answer(chunking):
    chunking.client(b"BDAT 9 LAST\r\nhalf")
    chunking.do("begin", watch=False)
    assert chunking.hop(b"250 thanks\r\n") == (b"", b"")
    assert chunking.client(b"12345")[0].startswith(b"451 ")


def test_a_recipient_named_after_the_first_chunk_ends_the_session(chunking):
    chunking.client(b"BDAT 1\r\na")
    chunking.do("begin", watch=False)
    chunking.client(b"RCPT TO:<late@mipt.ru>\r\n")
    to_client, _ = chunking.hop(b"250 chunk\r\n250 lenient\r\n")
    assert [line[:3] for line in to_client.splitlines()] == [b"250", b"421"]


def test_r03_a_new_transaction_is_asked_about_anew_after_abandoned_chunks(chunking):
    chunking.client(b"BDAT 1\r\na")
    chunking.do("begin", watch=False)
    chunking.hop(b"250 chunk\r\n")
    chunking.client(b"RSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<x@mipt.ru>\r\nBDAT 1 LAST\r\nb")
    chunking.hop(b"250 rset\r\n250 mail\r\n250 rcpt\r\n")
    assert chunking.session.moment is Moment.ENVELOPE
    assert chunking.session.transaction.paths == [b"x@mipt.ru"]


def test_starttls_is_ours_and_forgets_what_was_said_before_it(play):
    session = play()
    session.session.offers_tls = True
    session.greeted().ehlo(b"250-mx\r\n250 STARTTLS\r\n")
    to_client, to_hop = session.client(b"STARTTLS\r\nMAIL FROM:<injected@b>\r\n")
    assert to_client.startswith(b"220 ")
    assert to_hop == b""
    assert session.session.moment is Moment.STARTTLS
    assert session.do("tls_started") == (b"", b"")
    assert session.client(b"STARTTLS\r\n")[0].startswith(b"502 ")
    assert session.client(b"EHLO again\r\n") == (b"", b"EHLO again\r\n")
    assert b"STARTTLS" not in session.hop(b"250-mx\r\n250 STARTTLS\r\n")[0]


def test_starttls_waits_its_turn(play):
    session = play()
    session.session.offers_tls = True
    session.greeted()
    assert session.client(b"EHLO x\r\nSTARTTLS\r\n") == (b"", b"EHLO x\r\n")
    assert session.session.moment is None
    to_client, _ = session.hop(b"250 mx\r\n")
    assert to_client.endswith(b"220 2.0.0 Ready to start TLS\r\n")
    assert session.session.moment is Moment.STARTTLS


def test_r14_the_end_of_an_overlong_line_is_no_command(ready):
    ready.client(b"y" * 5000)
    to_client, to_hop = ready.client(b"RSET\r\n")
    assert to_client.startswith(b"500 ")
    assert to_hop == b""


def test_r03_the_octets_of_a_refused_chunk_are_no_command(ready):
    ready.client(b"BDAT 6\r\n")
    assert ready.client(b"RSET\r\n") == (b"", b"")
    assert ready.client(b"NOOP\r\n") == (b"", b"NOOP\r\n")


@pytest.mark.parametrize("watch", [False, True])
def test_r03_a_3xx_to_the_dot_is_no_answer_and_the_outcome_is_unknown(ready, watch):
    ready.content(watch=watch)
    ready.client(b"x\r\n.\r\n")
    if watch:
        ready.do("release")
    to_client, _ = ready.hop(b"354 more?\r\n")
    if watch:
        assert ready.session.moment is Moment.REPLIED
        assert ready.session.message.outcome is Outcome.UNKNOWN
        to_client, _ = ready.do("answer")
    else:
        assert ready.session.tally == [Outcome.UNKNOWN]
    assert to_client.startswith(b"451 ")
    assert ready.client(b"NOOP\r\n")[0].startswith(b"421 ")


@pytest.mark.parametrize("watch", [False, True])
def test_r08_a_client_that_said_all_at_once_and_left_has_its_message_delivered(ready, watch):
    said = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\n"
    ready.client(said)
    ready.do("client_left")
    ready.hop(b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go on\r\n")
    to_client, to_hop = ready.do("begin", watch=watch)
    assert to_client == b"354 go on\r\n"
    if watch:
        assert to_hop == b"x\r\n"
        to_client, to_hop = ready.do("release")
        assert to_hop == b".\r\n"
    else:
        assert to_hop == b"x\r\n.\r\n"
    ready.hop(b"250 queued\r\n")
    if watch:
        assert ready.do("answer")[0] == b"250 queued\r\n"
    assert ready.session.is_over


def test_r08_half_a_message_said_at_once_by_one_that_left_has_no_dot(ready):
    ready.client(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n")
    ready.do("client_left")
    ready.hop(b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go on\r\n")
    ready.do("begin", watch=False)
    assert ready.session.is_over


@pytest.mark.parametrize("split", [True, False])
def test_r17_starttls_in_the_middle_of_a_message_is_not_begun(ready, split):
    """The next hop would keep what was said in the clear, and we would not know of it."""
    ready.session.offers_tls = True
    said = [b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n", b"STARTTLS\r\n"]
    if split:
        for line in said[:2]:
            ready.client(line)
            ready.hop(b"250 Ok\r\n")
        to_client, _ = ready.client(said[2])
    else:
        ready.client(b"".join(said))
        to_client, _ = ready.hop(b"250 Ok\r\n250 Ok\r\n")
    assert to_client.endswith(answers.TLS_NOT_NOW)
    assert ready.session.moment is None
    assert ready.client(b"RSET\r\n") == (b"", b"RSET\r\n")
    ready.hop(b"250 Ok\r\n")
    assert ready.client(b"STARTTLS\r\n")[0] == answers.TLS_READY
    assert ready.session.moment is Moment.STARTTLS
