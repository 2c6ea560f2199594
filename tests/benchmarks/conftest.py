"""What the benchmarks' tests share: invented peers, and next hops that are real."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.host import child
from benchmarks.peers import slow_sink
from benchmarks.peers.peer import Peer, Role
from benchmarks.sections.section import Setting
from benchmarks.traffic.content import as_sent, content


def invented(name, role, missing=None):
    return Peer(name, role, "1.0", missing, lambda _place: [])


@pytest.fixture
def peers():
    return (
        invented("floor, TCP", Role.FLOOR),
        invented("rival, Proxy", Role.RIVAL),
        invented("ours, clear", Role.CLEAR),
        invented("ours, matched", Role.MATCHED),
    )


@pytest.fixture
def without_floor(peers):
    return (invented("floor, TCP", Role.FLOOR, missing="it is not installed"), *peers[1:])


@pytest.fixture
def ports():
    return child.Ports()


@pytest.fixture
def setting(tmp_path, peers, ports):
    return Setting(
        directory=tmp_path,
        peers=peers,
        repetitions=1,
        messages=20,
        is_quick=True,
        processors=2,
        tell=lambda _text: None,
        ports=ports,
    )


@pytest.fixture
def next_hop(tmp_path, ports):
    """The port of a next hop of our own, which is in no hurry and in no way slow."""
    port = ports.take()
    command = [sys.executable, slow_sink.__file__, str(port), "1e9"]
    with child.running(command, port, tmp_path / "sink.log"):
        yield port


@pytest.fixture
def letter(tmp_path):
    """A file with a message as it goes over the wire."""
    file = Path(tmp_path, "letter")
    file.write_bytes(as_sent(content(2_000)))
    return str(file)
