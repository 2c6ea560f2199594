"""Sockets bound for real, and what an operator is told where that fails."""

import contextlib
import os
import socket
import stat

import pytest

from gateway.config import Endpoint
from gateway.relay.bind_sockets import bind_all


@pytest.fixture
def bind():
    with contextlib.ExitStack() as stack:

        def bind(*endpoints):
            bound = bind_all(endpoints)
            for sock in bound:
                stack.callback(sock.close)
            return bound

        yield bind


@pytest.fixture
def umask():
    before = os.umask(0o077)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize("mask", [0o077, 0o022, 0o007, 0])
def test_a_unix_sockets_group_may_connect_and_nobody_else_whatever_the_umask(
    bind, umask, tmp_path, mask
):
    """The unit's own is 0077 (systemd/monition.service): Postfix would stand before the door."""
    umask(mask)
    path = tmp_path / "relay.sock"
    bind(Endpoint(path=str(path)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_the_socket_of_a_process_that_is_gone_is_taken_away(bind, tmp_path):
    path = tmp_path / "relay.sock"
    for _ in range(2):
        (sock,) = bind(Endpoint(path=str(path)))
        sock.close()
    bind(Endpoint(path=str(path)))


def test_on_every_endpoint_or_on_none(tmp_path):
    path, nowhere = tmp_path / "relay.sock", tmp_path / "missing" / "relay.sock"
    with pytest.raises(OSError, match="missing"):
        bind_all([Endpoint(path=str(path)), Endpoint(path=str(nowhere))])
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(ConnectionRefusedError):
        client.connect(str(path))


def told(endpoint):
    with pytest.raises(OSError, match=r"^\[Errno -?\d+\] cannot listen on ") as caught:
        bind_all([endpoint])
    return caught.value.strerror


def test_a_unix_socket_that_cannot_be_had_says_what_to_do(bind, tmp_path):
    missing = Endpoint(path=f"{tmp_path}/missing/relay.sock")
    assert told(missing) == (
        f"cannot listen on {missing}: No such file or directory: there is no folder "
        f"{tmp_path}/missing: make it, or take one that is there; under systemd /run/monition is"
    )
    (tmp_path / "file").touch()
    assert told(Endpoint(path=f"{tmp_path}/file")).endswith(
        "Address already in use: what lies there is no socket: move it away, or take another path"
    )
    assert "there is no folder" in told(Endpoint(path=f"{tmp_path}/file/relay.sock"))
    live = Endpoint(path=f"{tmp_path}/live.sock")
    bind(live)
    assert "another program listens there: stop it" in told(live)


def test_a_folder_that_may_not_be_written_to_is_named():
    # Nobody may write there, not even root.
    assert told(Endpoint(path="/sys/relay.sock")).endswith(
        "the user that Monition runs as may not write to /sys: let it, or take a folder of its "
        "own; under systemd that is /run/monition"
    )


def test_an_address_that_cannot_be_had_says_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "`ss -ltnp` names it" in told(Endpoint(*taken.getsockname()))
    # TEST-NET-1 (RFC 5737): nobody's.
    assert "this machine has no such address" in told(Endpoint("192.0.2.1", 10025))
