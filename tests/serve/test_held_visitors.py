"""Visitors of the health pages who say nothing, or read nothing, keep nobody else from them."""

import contextlib
import socket

import pytest

HELD = 40
ASKED = b"GET /metrics HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("said", [b"", b"GET /metrics HTTP/1.1\r\n", ASKED])
def test_o08_held_visitors_never_make_livez_or_readyz_fail(serve, workers, said):
    gateway = serve(workers=workers)
    endpoint = gateway.config.metrics.listen
    with contextlib.ExitStack() as stack:
        for _ in range(HELD):
            visitor = socket.socket()
            stack.callback(visitor.close)
            # Too small to take the page: whoever sends it waits.
            visitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            visitor.connect((endpoint.host, endpoint.port))
            visitor.sendall(said)
        for path in ("/livez", "/readyz", "/metrics", "/livez"):
            assert gateway.get(path)[0] == 200
