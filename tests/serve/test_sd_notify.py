"""What systemd hears."""

import signal
import socket

import pytest

from gateway.serve.sd_notify import Notifier


@pytest.fixture
def manager(tmp_path):
    """A service manager's ear: gives the next notification that begins as asked."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(30)

        def hear(word):
            while not (said := ear.recv(4096).decode()).startswith(word):
                pass
            return said

        hear.address = str(tmp_path / "notify")
        yield hear


@pytest.mark.parametrize("workers", [1, 3])
def test_o02_the_main_process_tells_how_it_is(serve, manager, workers):
    environ = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "30000000"}
    gateway = serve(workers=workers, environ=environ.items(), ready=False)
    assert manager("READY=1") == "READY=1"
    assert gateway.is_well()
    assert manager("WATCHDOG=1")
    gateway.send(signal.SIGHUP)
    assert "\nMONOTONIC_USEC=" in manager("RELOADING=1")
    assert manager("READY=1")
    gateway.send(signal.SIGTERM)
    assert manager("STOPPING=1")
    assert gateway.ended() == 0


def test_an_abstract_socket_is_spelt_with_an_at(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(b"\0" + str(tmp_path).encode()[-60:])
        name = ear.getsockname().decode()[1:]
        Notifier({"NOTIFY_SOCKET": f"@{name}"}, 1).notify("READY=1", "STATUS=x")
        ear.settimeout(5)
        assert ear.recv(100) == b"READY=1\nSTATUS=x"


def test_without_a_manager_nothing_is_said_and_nothing_fails(tmp_path):
    Notifier({}, 1).notify("READY=1")
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}, 1).notify("READY=1")


def test_the_watchdog_is_fed_only_where_it_watches_this_process(manager):
    watched = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "1", "WATCHDOG_PID": "7"}
    Notifier(watched, 8).notify_watchdog()
    Notifier({"NOTIFY_SOCKET": manager.address}, 7).notify_watchdog()
    ours = Notifier(watched, 7)
    ours.notify_watchdog()
    ours.notify_watchdog()  # not again within a second
    ours.notify("END=1")
    assert manager("") == "WATCHDOG=1"
    assert manager("") == "END=1"
