"""The web server of three small pages."""

import selectors
import socket
import time
import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.serve.health import TEXT, Page
from gateway.serve.health_server import (
    LONGEST_REQUEST,
    MOST_CONNECTIONS,
    PATIENCE_SECONDS,
    HealthServer,
    HealthServerThread,
)

LARGE = 5_000_000


def answer(path):
    if path == "/broken":
        raise ValueError
    return Page("200 OK", TEXT, b"x" * LARGE if path == "/large" else path.encode())


@pytest.fixture
def served():
    sock = socket.create_server(("127.0.0.1", 0))
    address = sock.getsockname()
    thread = HealthServerThread(sock, answer)
    yield address
    thread.close()
    assert sock.fileno() == -1


def ask(address, request):
    with socket.create_connection(address, timeout=10) as visitor:
        visitor.sendall(request)
        return hear(visitor)


def hear(visitor):
    reply = b""
    while data := visitor.recv(65536):
        reply += data
    head, _, body = reply.partition(b"\r\n\r\n")
    return head.splitlines(), body


def test_a_page_is_answered_whole(served):
    url = "http://{}:{}".format(*served)
    with urllib.request.urlopen(f"{url}/page?with=query", timeout=5) as got:
        assert (got.read(), got.headers["Content-Type"]) == (b"/page", TEXT)
    with urllib.request.urlopen(f"{url}/large", timeout=5) as got:
        assert len(got.read()) == LARGE


def test_head_gets_the_head_alone(served):
    head, body = ask(served, b"HEAD /page HTTP/1.0\r\n\r\n")
    assert head[0] == b"HTTP/1.1 200 OK"
    assert b"Content-Length: 5" in head
    assert body == b""


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"POST /page HTTP/1.1", b"405 Method Not Allowed"),
        (b"GET /page", b"400 Bad Request"),
        (b"GET /pa ge HTTP/1.1", b"400 Bad Request"),
        (b"GET /page HTTP/2", b"400 Bad Request"),
        (b"\x16\x03\x01", b"400 Bad Request"),
        (b"GET /broken HTTP/1.1", b"500 Internal Server Error"),
    ],
)
def test_what_cannot_be_answered_is_told_so(served, request_line, status):
    with capture_logs():
        head, _ = ask(served, request_line + b"\r\n\r\n")
    assert head[0] == b"HTTP/1.1 " + status


def test_a_request_has_a_longest_length(served):
    head, _ = ask(served, b"GET /page HTTP/1.1\r\n".ljust(LONGEST_REQUEST + 1, b"x"))
    assert head[0] == b"HTTP/1.1 400 Bad Request"


def test_one_who_is_slow_holds_up_nobody(served):
    with (
        socket.create_connection(served, timeout=10) as silent,
        socket.create_connection(served, timeout=10) as slow,
        socket.create_connection(served, timeout=10) as lazy,
    ):
        lazy.sendall(b"GET /large HTTP/1.1\r\n\r\n")
        for byte in b"GET /slow HTTP/1.1\r\n\r\n":
            slow.sendall(bytes([byte]))
            assert ask(served, b"GET /quick HTTP/1.1\r\n\r\n")[1] == b"/quick"
        assert hear(slow)[1] == b"/slow"
        assert len(hear(lazy)[1]) == LARGE
        silent.sendall(b"GET /late HTTP/1.1\r\n\r\n")
        assert hear(silent)[1] == b"/late"


@pytest.fixture
def driven():
    """The pages, driven by hand."""
    with selectors.DefaultSelector() as selector:
        sock = socket.create_server(("127.0.0.1", 0))
        pages = HealthServer(sock, answer, selector)

        def turn():
            for key, _ in selector.select(0):
                key.data()

        yield pages, turn, sock.getsockname()
        pages.close()
        assert not selector.get_map()


def test_who_takes_too_long_is_sent_away(driven):
    pages, turn, address = driven
    with socket.create_connection(address, timeout=5) as silent:
        turn()
        pages.expire(time.monotonic())
        assert len(pages._connections) == 1
        pages.expire(time.monotonic() + PATIENCE_SECONDS + 1)
        assert silent.recv(1) == b""


def test_of_visitors_beyond_the_most_the_first_silent_one_is_sent_away(driven):
    pages, turn, address = driven
    visitors = [socket.create_connection(address, timeout=5) for _ in range(MOST_CONNECTIONS + 1)]
    for _ in visitors:
        turn()
    assert len(pages._connections) == MOST_CONNECTIONS
    assert visitors[0].recv(1) == b""
    visitors[-1].sendall(b"GET /page HTTP/1.1\r\n\r\n")
    for _ in range(3):
        turn()
    assert visitors[-1].recv(15) == b"HTTP/1.1 200 OK"
    for visitor in visitors:
        visitor.close()
    turn()
    assert not pages._connections


@given(st.binary(max_size=100))
def test_any_request_has_a_reply(request):
    pages = HealthServer.__new__(HealthServer)
    pages._answer = lambda path: Page("200 OK", TEXT, path.encode())
    head, _, _ = pages._reply(request).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 ")
    assert b"\r\nContent-Length: " in head
