"""What comes before a session: TLS from the first byte, and a balancer's word about the client."""

import asyncio
import socket
import ssl
import struct
from ipaddress import ip_network

import pytest

from gateway.config import Endpoint
from gateway.relay import connection_preamble, server
from gateway.smtp.proxy_protocol import V2_SIGNATURE

EHLO = b"EHLO client.example\r\n"
LOOPBACK = ip_network("127.0.0.0/8")
CAMPUS = ip_network("198.51.100.0/24")

V1 = b"PROXY TCP4 198.51.100.7 127.0.0.1 40000 25\r\n"
_ADDRESSES = socket.inet_aton("198.51.100.7") + socket.inet_aton("127.0.0.1")
V2 = V2_SIGNATURE + struct.pack("!BBH12s", 0x21, 0x11, 17, _ADDRESSES + b"\x9c\x40\x00\x19")
V2 += b"\x04\x00\x02ok"  # a TLV
HEALTH_CHECK = V2_SIGNATURE + struct.pack("!BBH", 0x20, 0, 0)


def stranger(header: bytes) -> bytes:
    """The same header for a client that is not on the campus."""
    return header.replace(b"198.51.100.7", b"203.0.113.77").replace(
        socket.inet_aton("198.51.100.7"), socket.inet_aton("203.0.113.7")
    )


@pytest.fixture
async def secure(gateway, ours, free_endpoint):
    """A gateway whose address is the one where TLS comes first."""

    async def start(**options):
        options |= ours.options
        started = await gateway(listen_tls=(free_endpoint,), **options)
        started.address = (free_endpoint.host, free_endpoint.port)
        return started

    return start


@pytest.fixture
async def proxied(gateway):
    """A gateway behind a balancer on this machine, for clients of the campus."""
    return await gateway(clients=(CAMPUS,), proxy_protocol=(LOOPBACK,))


async def session(started, client):
    """From the greeting past EHLO; the EHLO reply and the hop."""
    hop = await started.hop.greet()
    await client.hear(b"220 next.example ESMTP\r\n")
    await client.say(EHLO)
    await (await hop.hear(EHLO)).say(b"250 next.example\r\n")
    return await client.reply(250), hop


async def client_in_event(started, client, hop, envelope):
    await envelope(client, hop, b"friend@mipt.ru")
    await client.say(b"x\r\n.\r\n")
    await (await hop.hear(b"x\r\n.\r\n")).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)
    ((address,),) = started.rows("SELECT client FROM finding")
    return address


# ── TLS from the first byte ──────────────────────────────────────────────────────────────────


async def test_r12_with_tls_from_the_start_no_starttls_is_offered(secure, ours, wrap, envelope):
    started = await secure()
    client = await started.connect()
    await wrap(client, ours.client)
    said, hop = await session(started, client)
    assert b"STARTTLS" not in said
    await client.ask(b"STARTTLS", 502)
    assert await client_in_event(started, client, hop, envelope) == "127.0.0.1"


async def test_r12_the_plain_listener_stays_plain_beside_it(gateway, ours, free_endpoint):
    started = await gateway(listen_tls=(free_endpoint,), **ours.options)
    client = await started.connect()
    said, _ = await session(started, client)
    assert said.endswith(b"250 STARTTLS\r\n")


async def test_r18_an_early_word_behind_the_handshake_is_kept(secure, ours, wrap):
    started = await secure()
    client = await started.connect()
    await wrap(client, ours.client, behind=EHLO)
    hop = await started.hop.greet()
    await client.reply(220)
    await hop.hear(EHLO)


async def test_r20_a_stranger_costs_no_handshake(secure, ours, wrap):
    started = await secure(clients=(CAMPUS,))
    client = await started.connect()
    assert await client.end() == b""
    assert not started.server._waiting


async def test_r20_above_max_sessions_it_is_421_under_tls_too(secure, ours, wrap):
    started = await secure(max_sessions=1)
    first = await started.connect()
    await wrap(first, ours.client)
    await session(started, first)
    second = await started.connect()
    await wrap(second, ours.client)
    await second.hear(b"421 4.3.2 Too many sessions, try again later\r\n")


async def test_r20_those_who_wait_at_the_entrance_have_a_number_too(secure, ours):
    started = await secure(max_sessions=1)
    await started.connect()
    await started.until(lambda: len(started.server._waiting) == 1)
    second = await started.connect()
    assert await second.end() == b""
    assert len(started.server._waiting) == 1


@pytest.mark.parametrize("said", [EHLO, b"\x16\x03\x01\xff\xff", b"\0" * 300])
async def test_what_is_no_handshake_is_closed(secure, said):
    started = await secure()
    client = await started.connect()
    await client.say(said)
    client.say_no_more()
    # Nothing but an alert of TLS's own.
    assert len(await client.end()) < 20
    await started.until(lambda: not started.server._waiting)
    assert not started.server.connections.open


async def test_r18_a_handshake_under_way_does_not_keep_the_process(secure):
    started = await secure()
    client = await started.connect()
    await started.until(lambda: started.server._waiting)
    await started.server.drain()
    assert await client.end() == b""
    assert not started.server._waiting


async def test_old_protocols_are_refused(secure, ours, wrap):
    started = await secure()
    client = await started.connect()
    context = ours.client
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    await wrap(client, context)
    assert started.server.connections.tls.minimum_version is ssl.TLSVersion.TLSv1_2


# ── a balancer's word ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("header", [V1, V2], ids=["v1", "v2"])
async def test_r13_the_client_is_whom_the_balancer_names(proxied, envelope, header):
    client = await proxied.connect()
    await client.say(header)
    _, hop = await session(proxied, client)
    assert await client_in_event(proxied, client, hop, envelope) == "198.51.100.7"


@pytest.mark.parametrize("header", [V1, V2], ids=["v1", "v2"])
async def test_r20_the_named_client_must_be_one_of_ours(proxied, header):
    client = await proxied.connect()
    await client.say(stranger(header))
    assert (await client.end()).startswith(b"421 4.7.1 ")


async def test_r13_xforward_is_believed_of_the_named_client(gateway):
    options = {"clients": (CAMPUS,), "proxy_protocol": (LOOPBACK,)}
    for trusted, code in (((CAMPUS,), 250), ((LOOPBACK,), 550)):
        started = await gateway(trusted=trusted, **options)
        client = await started.connect()
        await client.say(V1)
        said, _ = await session(started, client)
        assert (b"XFORWARD" in said) == (code == 250)
        await client.ask(b"XFORWARD ADDR=192.0.2.9", code)


@pytest.mark.parametrize("header", [V1, V2], ids=["v1", "v2"])
async def test_a_header_may_come_in_any_packets(proxied, header):
    client = await proxied.connect()
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for at in range(len(header)):
        await client.say(header[at : at + 1])
        await asyncio.sleep(0)
    await session(proxied, client)


@pytest.mark.parametrize("header", [V1, V2], ids=["v1", "v2"])
async def test_what_follows_the_header_is_the_clients(proxied, header):
    client = await proxied.connect()
    await client.say(header + EHLO)
    hop = await proxied.hop.greet()
    await client.reply(220)
    await hop.hear(EHLO)


@pytest.mark.parametrize("header", [V1, V2], ids=["v1", "v2"])
async def test_nobody_else_is_believed(gateway, envelope, header):
    elsewhere = ip_network("192.0.2.0/24")
    started = await gateway(proxy_protocol=(elsewhere,))
    client = await started.connect()
    await client.say(stranger(header))
    hop = await started.hop.greet()
    await client.reply(220)
    if header is V1:
        # A command like any other, and no known one.
        await (await hop.hear(stranger(header))).say(b"502 5.5.2 Error\r\n")
        await client.reply(502)
        await client.say(EHLO)
        await (await hop.hear(EHLO)).say(b"250 next.example\r\n")
        await client.reply(250)
        assert await client_in_event(started, client, hop, envelope) == "127.0.0.1"
    else:
        await hop.hear(b"\r\n\r\n")


@pytest.mark.parametrize(
    "said", [EHLO, b"PROXY TCP4 198.51.100.7\r\n", V2[:12] + b"\x11" + V2[13:], b"\r\nQUIT\r\n"]
)
async def test_a_balancer_without_its_header_is_closed_without_a_word(proxied, said):
    client = await proxied.connect()
    await client.say(said)
    assert await client.end() == b""
    assert not proxied.server._waiting
    assert "198.51.100" not in proxied.log.getvalue()


async def test_r20_a_header_that_does_not_come_is_given_up(proxied, monkeypatch):
    monkeypatch.setattr(server, "CHECK_SECONDS", 0.02)
    monkeypatch.setattr(connection_preamble, "PROXY_HEADER_SECONDS", 0.1)
    client = await proxied.connect()
    await client.say(V1[:20])
    assert await client.end() == b""
    assert not proxied.server._waiting


async def test_r08_a_balancer_that_leaves_is_gone(proxied):
    client = await proxied.connect()
    await client.say(V1[:20])
    await proxied.until(lambda: proxied.server._waiting)
    client.close()
    await proxied.until(lambda: not proxied.server._waiting)


async def test_a_health_check_is_the_balancers_own_connection(gateway):
    started = await gateway(clients=(CAMPUS, LOOPBACK), proxy_protocol=(LOOPBACK,))
    client = await started.connect()
    await client.say(HEALTH_CHECK)
    await session(started, client)


# ── both ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("header", [V1, V2], ids=["v1", "v2"])
async def test_tls_may_begin_in_the_headers_own_packet(secure, ours, wrap, envelope, header):
    started = await secure(clients=(CAMPUS,), proxy_protocol=(LOOPBACK,))
    client = await started.connect()
    await wrap(client, ours.client, ahead=header)
    _, hop = await session(started, client)
    assert await client_in_event(started, client, hop, envelope) == "198.51.100.7"


async def test_a_header_is_followed_by_starttls_as_ever(gateway, ours, wrap):
    started = await gateway(
        clients=(CAMPUS,), proxy_protocol=(LOOPBACK,), trusted=(), **ours.options
    )
    client = await started.connect()
    await client.say(V1)
    said, _ = await session(started, client)
    assert said == b"250-next.example\r\n250 STARTTLS\r\n"
    await client.ask(b"STARTTLS", 220)
    await wrap(client, ours.client)


@pytest.mark.parametrize("header", [V1, V2], ids=["v1", "v2"])
async def test_r20_a_named_stranger_costs_no_handshake(secure, header):
    started = await secure(clients=(CAMPUS,), proxy_protocol=(LOOPBACK,))
    client = await started.connect()
    await client.say(stranger(header))
    assert await client.end() == b""


# ── who is gone already ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("door", ["plain", "tls", "proxy"])
async def test_r20_a_stranger_that_resets_at_once_is_a_stranger_still(
    gateway, secure, proxied, door
):
    """uvloop learns no address then; what was said before the reset can still be read."""
    started = proxied
    if door != "proxy":
        started = await (secure if door == "tls" else gateway)(clients=(CAMPUS,))
    with socket.create_connection(started.address) as sock:
        sock.sendall(
            b"HELO x\r\nMAIL FROM:<a@example.edu>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"
            b"Subject: x\r\n\r\nx\r\n.\r\n"
        )
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await asyncio.sleep(0.05)  # the loop has accepted it, and would have reached the hop
    await started.until(lambda: not (started.server.connections.open or started.server._waiting))
    started.hop.sock.settimeout(0)
    with pytest.raises(BlockingIOError):
        started.hop.sock.accept()


async def test_r20_a_unix_socket_needs_no_address(gateway, ours, wrap, tmp_path):
    path = str(tmp_path / "monition.sock")
    started = await gateway(
        clients=(CAMPUS,), listen_tls=(Endpoint(path=path),), trusted=(), **ours.options
    )
    stranger = await started.connect()  # by TCP
    assert (await stranger.end()).startswith(b"421 4.7.1 ")
    client = type(stranger)(socket.socket(socket.AF_UNIX))
    started.peers.append(client)
    await client.loop.sock_connect(client.sock, path)
    await wrap(client, ours.client)
    said, _ = await session(started, client)
    assert b"XFORWARD" in said
