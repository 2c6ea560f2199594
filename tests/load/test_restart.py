"""Restarts under load, the listening socket in somebody else's hands, as in systemd's."""

import signal
import socket

import pytest

RESTARTS = 2


@pytest.mark.parametrize("workers", [1, 2])
def test_o03_a_restart_under_load_refuses_nobody_and_loses_nothing(  # noqa: PLR0917
    serve, load_on, more, settle_accounts, some, workers
):
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listening:
        handed = [("relay", listening)]
        gateway = serve(workers=workers, drain=20, handed=handed)
        load = load_on(listening.getsockname(), 12)
        for _ in range(some(RESTARTS)):
            more(load, 100)
            gateway.send(signal.SIGTERM)
            assert gateway.ended() == 0
            assert gateway.logged("sessions broken off") == []
            gateway = serve(workers=workers, drain=20, handed=handed)
        more(load, 100)
        load.stop()
        gateway.send(signal.SIGTERM)
        assert gateway.ended() == 0
        tries = settle_accounts(gateway, load)
    # Nobody was refused or reset, and who was not served was told to come again.
    assert {each["code"] for each in tries} <= {250, 421}
