import socket
from ipaddress import ip_network

import pytest

from gateway.config import Endpoint
from gateway.relay import client_address

CAMPUS = (ip_network("198.51.100.0/24"), ip_network("2001:db8::/32"))


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("198.51.100.7", True),
        ("::ffff:198.51.100.7", True),
        ("::ffff:c633:6407", True),
        ("2001:db8::7", True),
        ("2001:db8::7%eth0", True),
        ("203.0.113.7", False),
        ("::ffff:203.0.113.7", False),
        ("::1", False),
    ],
)
def test_an_address_lies_in_a_network_in_every_spelling(address: str, inside: bool):
    assert client_address.is_in_networks(address, CAMPUS) is inside


@pytest.mark.parametrize(
    ("bound", "named", "same"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "0.0.0.0", True),
        ("0.0.0.0", "127.0.0.1", True),
        ("0.0.0.0", "::", True),
        ("127.0.0.1", "192.0.2.1", False),
    ],
)
def test_a_socket_is_known_by_its_endpoint(bound: str, named: str, same: bool):
    with socket.create_server((bound, 0)) as sock:
        port = sock.getsockname()[1]
        others = [Endpoint(named, port + 1 if port < 65535 else 1), Endpoint(path="/run/s")]
        assert not client_address.is_endpoint_of(others, sock)
        assert client_address.is_endpoint_of([*others, Endpoint(named, port)], sock) is same


def test_a_unix_socket_is_known_by_its_path(tmp_path):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path)
        assert client_address.is_endpoint_of([Endpoint("127.0.0.1", 25), Endpoint(path=path)], sock)
        assert not client_address.is_endpoint_of(
            [Endpoint("127.0.0.1", 25), Endpoint(path="/run/s")], sock
        )
