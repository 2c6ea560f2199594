"""Real servers as the gateway's next hop, and a sink behind them that keeps what they pass on."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.fuzz.servers.every import SERVERS
from tests.fuzz.servers.server import MissingError, Server
from tests.fuzz.servers.sink import Kept, Sink

if TYPE_CHECKING:
    from collections.abc import Iterator


class RunningSink:
    """A sink with a thread and a loop of its own."""

    def __init__(self) -> None:
        self._sink = Sink(keeps=True)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._run(self._sink.__aenter__())

    def _run(self, what) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result()

    @property
    def port(self) -> int:
        return self._sink.port

    def kept(self, sender: str) -> list[Kept]:
        """What came from a sender."""
        begin = b"<%s>" % sender.encode()
        return [each for each in self._sink.kept or () if begin in each.mail]

    def stop(self) -> None:
        self._run(self._sink.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass(frozen=True)
class NextHop:
    """A server, the gateway in front of it, and the sink behind."""

    server: Server
    gateway: object
    sink: RunningSink

    @property
    def ports(self) -> tuple[int, int]:
        """Straight, and through us."""
        return self.server.port, self.gateway.listen


@pytest.fixture(scope="session")
def sink() -> Iterator[RunningSink]:
    sink = RunningSink()
    yield sink
    sink.stop()


@pytest.fixture(scope="session", params=SERVERS)
def hop(request, sink, free_ports, gateway_for, eventually):
    """Each server in turn, up, with the gateway in front of it."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(SERVERS[request.param](sink.port))
        except MissingError as missing:
            pytest.skip(str(missing))
        gateway = gateway_for(*free_ports(1), server.port, submit=server.port)
        gateway.start(eventually)
        yield NextHop(server, gateway, sink)
