"""Sockets that systemd hands over."""

import contextlib
import os
import signal
import socket

import pytest

from gateway.errors import MonitionError
from gateway.serve import listener_sockets


@pytest.fixture
def listening():
    """Listening sockets that outlive a gateway, as systemd's do."""
    with contextlib.ExitStack() as stack:

        def listen():
            return stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1024))

        yield listen


@pytest.fixture(params=[1, 3])
def workers(request):
    return request.param


def test_o03_sockets_handed_over_take_the_place_of_the_configured(serve, listening, workers):
    relay, pages = listening(), listening()
    gateway = serve(workers=workers, handed=[("relay", relay), ("metrics", pages)], ready=False)
    with pytest.raises(ConnectionRefusedError):
        gateway.client()
    gateway.address = relay.getsockname()
    gateway.pages = "http://{}:{}".format(*pages.getsockname())
    with gateway.client() as client:
        # It waited in the socket's queue until somebody served.
        assert client.open() == 250
        assert client.deliver("handed") == 250
    # One worker is the process itself.
    assert len(gateway.workers()) == (workers if workers > 1 else 0)
    serving = gateway.logged("serving")
    assert serving[0]["listen"] == ["127.0.0.1:{}".format(*relay.getsockname()[1:])]
    assert gateway.get("/livez")[0] == 200
    gateway.send(signal.SIGTERM)
    assert gateway.ended() == 0


def test_o03_a_restart_under_load_refuses_no_connection(  # noqa: PLR0917
    serve, listening, load_on, next_hop, until, workers
):
    relay = listening()
    gateway = serve(workers=workers, handed=[("relay", relay)])
    load = load_on(relay.getsockname())
    for _ in range(2):
        sent = len(load.accepted)
        until(lambda sent=sent: len(load.accepted) > sent + 60, "a load")
        gateway.send(signal.SIGTERM)
        assert gateway.ended() == 0
        gateway = serve(workers=workers, handed=[("relay", relay)])
    sent = len(load.accepted)
    until(lambda: len(load.accepted) > sent + 60, "a load")
    load.stop()
    assert load.refused == 0
    assert load.permanent == []
    assert load.accepted <= next_hop.tokens


def test_o03_a_unix_socket_can_be_handed_over_too(serve, tmp_path):
    with socket.socket(socket.AF_UNIX) as relay:
        relay.bind(str(tmp_path / "relay.sock"))
        relay.listen()
        gateway = serve(workers=2, handed=[("relay", relay)])
        gateway.address = str(tmp_path / "relay.sock")
        with gateway.client() as client:
            assert client.open() == 250
    assert gateway.logged("serving")[0]["listen"] == [f"unix:{tmp_path}/relay.sock"]


def test_what_was_handed_to_another_process_is_not_taken():
    environ = {"LISTEN_PID": "1", "LISTEN_FDS": "1"}
    assert listener_sockets.from_systemd(environ, 2) == []
    assert listener_sockets.from_systemd({}, 2) == []


def test_a_descriptor_that_does_not_listen_is_named(monkeypatch):
    with socket.socket() as deaf:
        monkeypatch.setattr(listener_sockets, "FIRST_DESCRIPTOR", os.dup(deaf.fileno()))
        environ = {"LISTEN_PID": "2", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "deaf"}
        with pytest.raises(MonitionError, match=r"descriptor \d+ \(deaf\).*ListenStream="):
            listener_sockets.from_systemd(environ, 2)


def test_a_descriptor_without_a_name_has_no_empty_brackets(monkeypatch):
    with socket.socket() as deaf:
        monkeypatch.setattr(listener_sockets, "FIRST_DESCRIPTOR", os.dup(deaf.fileno()))
        with pytest.raises(MonitionError, match=r"^descriptor \d+, handed over by LISTEN_FDS, "):
            listener_sockets.from_systemd({"LISTEN_PID": "2", "LISTEN_FDS": "1"}, 2)


def test_a_number_of_descriptors_that_is_none_is_told():
    with pytest.raises(MonitionError, match="LISTEN_FDS is 'two'"):
        listener_sockets.from_systemd({"LISTEN_PID": "2", "LISTEN_FDS": "two"}, 2)


def test_names_may_be_missing(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as one:
        monkeypatch.setattr(listener_sockets, "FIRST_DESCRIPTOR", os.dup(one.fileno()))
        ((name, taken),) = listener_sockets.from_systemd({"LISTEN_PID": "2", "LISTEN_FDS": "1"}, 2)
        with taken:
            assert name == "unknown"
            assert taken.getsockname() == one.getsockname()
            assert not taken.get_inheritable()


def test_endpoints_are_spelt_as_in_the_configuration():
    with socket.socket(socket.AF_INET6) as six:
        try:
            six.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        assert listener_sockets.endpoint_of(six) == f"[::1]:{six.getsockname()[1]}"
