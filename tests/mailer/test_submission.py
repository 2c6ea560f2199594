"""One submission against real SMTP peers on loopback: TLS, extensions, addresses, errors."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from gateway import packaged
from gateway.config import Endpoint, Tls, load
from gateway.mailer.submission import (
    NotSentError,
    Submission,
    configured_submission,
    loggable,
    submit,
)
from gateway.notices.render import RenderedNotice

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


def letter(to="prof@example.edu") -> RenderedNotice:
    return RenderedNotice(to, "<n@example.edu>", b"Subject: x\r\n\r\n.dot\r\nend\r\n", "sha256:0")


class Peer:
    def __init__(self):
        self.taken = []
        self.options = []
        self.encrypted = []

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        self.options += options
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.taken.append((envelope.rcpt_tos, envelope.content))
        self.encrypted.append(session.ssl is not None)
        return "250 OK"


@pytest.fixture
def peer():
    return Peer()


@pytest.fixture
async def listen(peer):
    servers = []

    async def run(*, utf8=True, **options) -> Submission:
        loop = asyncio.get_running_loop()
        listening = {"path": options.pop("path")} if "path" in options else {"host": "127.0.0.1"}
        make = loop.create_unix_server if "path" in listening else loop.create_server
        server = await make(
            lambda: SMTP(peer, enable_SMTPUTF8=utf8, hostname="mta", loop=loop, **options),
            **listening,
            **({} if "path" in listening else {"port": 0}),
        )
        servers.append(server)
        if "path" in listening:
            endpoint = Endpoint(path=listening["path"])
        else:
            endpoint = Endpoint("127.0.0.1", server.sockets[0].getsockname()[1])
        return Submission(endpoint, Tls.NONE, "gw.example.edu", seconds=20)

    yield run
    for server in servers:
        server.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", cert),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


def configured(tls, to, trusting=None) -> Submission:
    config = load(packaged.default_configuration(), {})
    config = replace(config, notices=replace(config.notices, tls=tls, submit=to.endpoint))
    made = replace(configured_submission(config, "gw.example.edu"), seconds=20)
    if trusting is not None:
        made.context.load_verify_locations(trusting)
    return made


async def test_what_is_sent_arrives_dot_by_dot(listen, peer):
    await submit(letter(), await listen())
    assert peer.taken == [(["prof@example.edu"], letter().content)]
    assert peer.encrypted == [False]


async def test_a_socket_in_the_file_system_serves_too(listen, peer):
    # Short: the path of a socket has 107 bytes.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        await submit(letter(), await listen(path=str(Path(folder) / "mta")))
    assert len(peer.taken) == 1


@pytest.mark.parametrize("to", ['"a b"@example.edu', '"a\\"b"@example.edu', "o'n+tag@example.edu"])
async def test_a_quoted_address_arrives_as_it_is(to, listen, peer):
    await submit(letter(to), await listen())
    assert peer.taken[0][0] == [to]


async def test_an_address_beyond_ascii_asks_for_smtputf8(listen, peer):
    await submit(letter("jürgen@example.edu"), await listen())
    assert peer.taken[0][0] == ["jürgen@example.edu"]
    assert "SMTPUTF8" in peer.options


async def test_an_address_beyond_ascii_is_final_where_the_mta_lacks_smtputf8(listen, peer):
    with pytest.raises(NotSentError, match="SMTPUTF8") as caught:
        await submit(letter("jürgen@example.edu"), await listen(utf8=False))
    assert caught.value.is_final
    assert peer.taken == []


@pytest.mark.parametrize("to", ["a@b\r\nRCPT TO:<x@y>", "a@b\n", "a@b\0", "<a@b>\r\nDATA"])
async def test_no_address_becomes_two_commands(to, listen, peer):
    try:
        await submit(letter(to), await listen())
    except NotSentError:
        assert peer.taken == []
    else:
        assert all(r == "a@b" for rcpts, _ in peer.taken for r in rcpts)


async def test_no_mta_is_no_final_answer():
    nobody = Submission(Endpoint("127.0.0.1", 1), Tls.NONE, "gw", seconds=5)
    with pytest.raises(NotSentError, match="SMTPConnectError") as caught:
        await submit(letter(), nobody)
    assert not caught.value.is_final


async def test_a_greeting_that_is_none_is_no_final_answer():
    async def babble(_reader, writer):
        writer.write(b"\xff\xfe hello\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(NotSentError) as caught:
        await submit(letter(), Submission(Endpoint("127.0.0.1", port), Tls.NONE, "gw", seconds=5))
    assert not caught.value.is_final
    server.close()


@needs_openssl
async def test_verify_sends_over_tls_to_a_peer_it_trusts(listen, peer, certificate):
    cert, context = certificate
    to = await listen(tls_context=context)
    await submit(letter(), configured(Tls.VERIFY, to, trusting=cert))
    assert peer.encrypted == [True]


@needs_openssl
async def test_verify_sends_nothing_to_a_stranger(listen, peer, certificate):
    to = await listen(tls_context=certificate[1])
    with pytest.raises(NotSentError) as caught:
        await submit(letter(), configured(Tls.VERIFY, to))
    assert not caught.value.is_final
    assert peer.taken == []


async def test_verify_sends_nothing_where_no_tls_is_offered(listen, peer):
    to = await listen()
    with pytest.raises(NotSentError, match="STARTTLS") as caught:
        await submit(letter(), configured(Tls.VERIFY, to))
    assert not caught.value.is_final
    assert peer.taken == []


@needs_openssl
async def test_opportunistic_takes_tls_from_anybody(listen, peer, certificate):
    to = await listen(tls_context=certificate[1])
    await submit(letter(), configured(Tls.OPPORTUNISTIC, to))
    assert peer.encrypted == [True]


async def test_opportunistic_does_without_where_none_is_offered(listen, peer):
    await submit(letter(), configured(Tls.OPPORTUNISTIC, await listen()))
    assert peer.encrypted == [False]


@needs_openssl
async def test_none_takes_no_tls_though_it_is_offered(listen, peer, certificate):
    await submit(letter(), configured(Tls.NONE, await listen(tls_context=certificate[1])))
    assert peer.encrypted == [False]


@needs_openssl
async def test_on_port_465_tls_comes_first(peer, certificate, monkeypatch):
    cert, context = certificate
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(peer, hostname="mta", loop=loop), "127.0.0.1", 0, ssl=context
    )
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setattr("gateway.mailer.submission.IMPLICIT_TLS", port)
    here = Submission(Endpoint("127.0.0.1", port), Tls.VERIFY, "gw")
    await submit(letter(), configured(Tls.VERIFY, here, trusting=cert))
    assert len(peer.taken) == 1
    server.close()


def test_an_error_in_a_log_has_no_address_and_one_short_line():
    assert loggable("550 <prof@example.edu>\r\n  unknown") == "550 … unknown"
    assert loggable(ValueError("no a@b")) == "ValueError: no …"
    assert len(loggable("x" * 1000)) == 300
