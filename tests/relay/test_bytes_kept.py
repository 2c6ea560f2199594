"""What is kept of a peer's words and address, and what its odd bytes get, over real sockets."""

import json
import time
from ipaddress import ip_network

import pytest

from gateway.config import Endpoint, value_types
from gateway.model import Client
from gateway.relay import client_address
from gateway.smtp.commands import read_xforward
from gateway.smtp.proxy_protocol import plain_address

OTHER = b"someone.else@example.org"
MAPPED = {
    "::ffff:198.51.100.7": "198.51.100.7",
    "::FFFF:198.51.100.7": "198.51.100.7",
    "::ffff:c633:6407": "198.51.100.7",
    "0:0:0:0:0:ffff:198.51.100.7": "198.51.100.7",
    "2001:DB8:0:0::7": "2001:db8::7",
    "198.51.100.7": "198.51.100.7",
    "not an address": "not an address",
}


@pytest.mark.parametrize(("told", "kept"), MAPPED.items())
def test_r27_an_address_is_kept_in_one_form(told, kept):
    assert plain_address(told) == kept
    told = told.replace(" ", "+20").encode()
    for tag in (b"", b"IPV6:", b"ipv6:"):
        client = read_xforward(b"XFORWARD ADDR=" + tag + told + b"\r\n", Client())
        assert client.address == kept


@pytest.mark.parametrize(
    ("network", "same"),
    [
        ("::ffff:198.51.100.0/120", "198.51.100.0/24"),
        ("::ffff:198.51.100.7", "198.51.100.7/32"),
        ("2001:db8::/32", "2001:db8::/32"),
    ],
)
def test_r27_a_configured_network_is_read_in_the_same_form(network, same):
    assert value_types.network(network) == ip_network(same)


def test_r27_nor_may_all_of_ipv4_be_named_so():
    with pytest.raises(ValueError, match="every address"):
        value_types.network("::ffff:0:0/96")


@pytest.mark.parametrize(
    ("peername", "kept"),
    [
        (("::ffff:127.0.0.1", 5, 0, 0), "127.0.0.1"),
        (("::1", 5, 0, 0), "::1"),
        (("2001:db8::7", 5, 0, 0), "2001:db8::7"),
        (("127.0.0.1", 5), "127.0.0.1"),
        ("", None),
        (None, None),
    ],
)
def test_r27_a_client_on_a_socket_for_both_families_is_known_by_its_ipv4_address(peername, kept):
    class Transport:
        def get_extra_info(self, name):
            return {"peername": peername}[name]

    assert client_address.peer_address(Transport()) == kept


def personal(started, kind, part):
    sql = (
        "SELECT data FROM personal JOIN event ON event.id = personal.event "
        f"WHERE kind = '{kind}' AND part = '{part}'"
    )
    ((data,),) = started.rows(sql)
    return json.loads(data)


REPLIES = {
    b"250 2.1.5 Ok": "250 2.1.5 Ok",
    b"250 2.1.5 <friend@mipt.ru> and <someone.else@example.org> ok": (
        "250 2.1.5 <address> and <address> ok"
    ),
    b"250 someone.else@example.org: fine": "250 <address> fine",
    b"250 <someone.else>: fine": "250 <address>: fine",
    b'250 "some one.else"@example.org fine': "250 <address> fine",
    b"250 example.org!someone.else someone.else%example.org": "250 <address> <address>",
    b"250 http://x.example/?m=someone.else%40example.org": "250 <address>",
    b"250-someone.else@example.org\r\n250 forwarded": "250 <address> forwarded",
    b"250 " + b"y " * 990 + b"someone.else@example.org and more": "250 " + "y " * 990,
}


@pytest.mark.parametrize(("said", "kept"), REPLIES.items())
async def test_r27_a_next_hops_words_are_kept_without_addresses(gateway, said, kept):
    started = await gateway()
    client, hop = await started.meet()
    for line, reply in (
        (b"MAIL FROM:<prof@example.edu>", b"250 Ok"),
        (b"RCPT TO:<friend@mipt.ru>", said),
        (b"RCPT TO:<" + OTHER + b">", said),
        (b"DATA", b"354 go"),
        (b"x\r\n.", said),
    ):
        await client.say(line + b"\r\n")
        await (await hop.hear(line + b"\r\n")).say(reply + b"\r\n")
        await client.hear(reply + b"\r\n")
    assert personal(started, "OBSERVED", "recipient")["reply"].startswith(kept.rstrip())
    assert personal(started, "SETTLED", "recipient")["reply"].startswith(kept.rstrip())
    files = b"".join(file.read_bytes() for file in started.folder.rglob("*") if file.is_file())
    assert b"someone" not in files


async def test_r24_a_line_that_ends_in_a_bare_lf_gets_its_500_at_once(gateway):
    started = await gateway()
    client, hop = await started.meet()
    began = time.monotonic()
    await client.say(b"NOOP\n")
    assert (await client.reply(500)).startswith(b"500 5.5.2 ")
    assert time.monotonic() - began < 2
    await client.say(b"NOOP\r\n")
    await (await hop.hear(b"NOOP\r\n")).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)


async def test_r24_so_does_one_that_was_said_before_the_greeting(gateway):
    started = await gateway()
    client = await started.connect()
    await client.say(b"HELO x\n")
    hop = await started.hop.greet()
    await client.reply(220, 500)
    await hop.silence()


async def test_r26_a_read_full_of_commands_is_taken_in_turns(gateway):
    started = await gateway()
    client, hop = await started.meet()
    await client.say(b"AUTH\r\n" * 9000 + b"NOOP\r\n")
    await client.reply(*[502] * 9000)
    await (await hop.hear(b"NOOP\r\n")).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)


async def test_r26_beyond_the_most_recipients_it_is_452(gateway, envelope):
    started = await gateway(max_recipients=2)
    client, hop = await started.meet()
    said = b"MAIL FROM:<prof@example.edu>\r\n" + b"RCPT TO:<a@example.org>\r\n" * 2
    await client.say(said + b"RCPT TO:<friend@mipt.ru>\r\nDATA\r\n")
    await (await hop.hear(said)).say(b"250 2.1.0 Ok\r\n" * 3)
    assert (await client.reply(250, 250, 250, 452)).endswith(
        b"452 4.5.3 Error: too many recipients\r\n"
    )
    await (await hop.hear(b"DATA\r\n")).say(b"354 go on\r\n")
    await client.reply(354)
    await client.say(b"x\r\n.\r\n")
    await (await hop.hear(b"x\r\n.\r\n")).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)
    assert started.kinds() == []


async def test_r06_an_lmtp_next_hop_is_told_in_words_and_costs_no_mail(gateway):
    started = await gateway()
    client = await started.connect()
    hop = await started.hop.accept()
    await hop.say(b"220 next.example LMTP ready\r\n")
    assert (await client.end()).startswith(b"421 4.3.5 ")
    assert await hop.end() == b""
    (line,) = (line for line in started.logged() if "LMTP" in line["event"])
    assert "relay.next_hop" in line["event"]
    assert line["next_hop"] == str(started.hop.endpoint)
    assert started.metrics.next_hop_errors._value.get() == 1


async def test_r06_another_next_hop_is_tried_in_its_place(gateway):
    started = await gateway()
    second = type(started.hop)(started.peers)
    started.server.connections.next_hops.endpoints = (
        started.hop.endpoint,
        Endpoint(*second.sock.getsockname()),
    )
    client = await started.connect()
    await (await started.hop.accept()).say(b"220 next.example LMTP ready\r\n")
    await second.greet()
    await client.hear(b"220 next.example ESMTP\r\n")
    second.sock.close()


async def test_r27_an_early_talker_is_held_until_the_greeting_and_then_heard(gateway):
    """It may well be a robot: whether that is held against it is for the server in front."""
    started = await gateway()
    client = await started.connect()
    hop = await started.hop.accept()
    await client.say(b"EHLO robot\r\n")
    await hop.silence()
    await client.silence()
    await hop.say(b"220 next.example ESMTP\r\n")
    await hop.hear(b"EHLO robot\r\n")
    await client.hear(b"220 next.example ESMTP\r\n")


async def test_r26_a_header_of_bare_crs_is_recorded_as_unreadable_and_nobody_is_written_to(gateway):
    started = await gateway()
    client, hop = await started.content(b"friend@mipt.ru")
    said = b"From: a\rAuto-Submitted: auto-replied\rMessage-ID: <a@b>\r\rbody\r\n.\r\n"
    await client.say(said)
    await (await hop.hear(said)).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)
    ((facts,),) = started.rows("SELECT facts FROM event WHERE kind = 'OBSERVED'")
    assert json.loads(facts)["header_readable"] is False
    ((_, outcome, notice),) = started.findings()
    assert (outcome, notice) == ("delivered", "suppressed:unreadable")


async def test_r27_an_odd_message_id_is_recorded(gateway):
    started = await gateway()
    client, hop = await started.content(b"friend@mipt.ru")
    said = "Message-ID: имя пример\r\n\r\n.\r\n".encode()
    await client.say(said)
    await (await hop.hear(said)).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)
    assert personal(started, "OBSERVED", "sender")["message_id"] == "имя пример"
