"""The relay's listening sockets: who may come in, how many, and how they all leave."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import socket
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import structlog

from gateway.config import BareNewlines, certificate
from gateway.errors import ConfigError
from gateway.model import Outcome
from gateway.net import hop_tls, peer
from gateway.net.entrance import Entrance
from gateway.net.headcount import Headcount
from gateway.net.relay import Relay
from gateway.net.room import Room
from gateway.wire import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gateway.config import Config, Endpoint
    from gateway.errors import Fault
    from gateway.metrics import Metrics
    from gateway.net.watch import Watch

CHECK_SECONDS: float = 1
BACKLOG = 4096  # the kernel bounds it by net.core.somaxconn

log = structlog.get_logger("relay")


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a client may come in (``refusal`` is the reply if not), and use XFORWARD."""

    refusal: bytes | None
    is_trusted: bool


class Listener:
    """All client sessions of one process.

    ``listening`` are sockets that are bound already; without them those of ``relay.listen`` and
    ``relay.listen_tls`` are bound. ``headcount`` is what all processes count together, for
    ``relay.max_sessions``. ``ConfigError``: the certificate cannot be used.
    """

    def __init__(
        self,
        config: Config,
        watch: Watch,
        metrics: Metrics,
        listening: Sequence[socket.socket] = (),
        headcount: Headcount | None = None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.watch = watch
        self.metrics = metrics
        self.next_hops = config.relay.next_hop
        self.refuses_lookalikes = config.relay.bare_newlines is BareNewlines.REFUSE
        self.tls = certificate.load(config)
        """Our certificate in force, where there is one."""
        self.reach, self.reach_seconds = hop_tls.reaching(config.relay.next_hop_tls)
        """Connects a relay to one next hop, in so many seconds at the latest."""
        self.room = Room()
        """What relays read their clients' bytes into."""
        self._whole_config = config
        self._config = config.relay
        self._listening = listening
        self._headcount = headcount or Headcount()
        self._entering: set[Entrance] = set()
        self._relays: set[Relay] = set()
        self._served: set[Relay] = set()  # without those that are being turned away
        # A label is looked up under a lock; there are five outcomes, and one a message.
        self._outcomes = {each: metrics.messages.labels(each.value) for each in Outcome}
        metrics.sessions.set_function(lambda: len(self._served))
        self._servers: list[asyncio.Server] = []
        self._sweep: asyncio.Task[None] | None = None
        self._empty = asyncio.Event()
        self._is_draining = False
        # Clients are mail servers: the same few addresses over and over.
        self._admission = functools.lru_cache(maxsize=256)(self._judge)

    async def start(self) -> None:
        """Listen on every endpoint; an ``OSError`` names the one that could not be had."""
        relay = self._config
        for sock in self._listening or bind_all((*relay.listen, *relay.listen_tls)):
            serve = self.loop.create_server
            if sock.family == socket.AF_UNIX:
                serve = self.loop.create_unix_server  # type: ignore[assignment]
            self._servers.append(await serve(self._door(sock), sock=sock, backlog=BACKLOG))
        self._sweep = self.loop.create_task(self._check_all())

    def _door(self, sock: socket.socket) -> Callable[[], asyncio.Protocol]:
        """What a connection to that socket meets first."""
        has_tls = peer.is_among(self._config.listen_tls, sock)
        if has_tls or self._config.proxy_protocol:
            return lambda: Entrance(self, has_tls=has_tls)
        return lambda: cast("asyncio.Protocol", Relay(self))

    def reload_tls(self) -> tuple[Fault, ...]:
        """Read certificate and key again; keep the old ones, loudly, where the new do not serve.

        Sessions under way keep what they began with. Gives what is wrong with the new ones.
        """
        try:
            self.tls = certificate.load(self._whole_config)
        except ConfigError as error:
            log.error("certificate refused, the old one stays", faults=list(map(str, error.faults)))  # noqa: TRY400
            return error.faults
        return ()

    def close(self) -> None:
        """Accept nobody any more."""
        for server in self._servers:
            server.close()
        if self._sweep is not None:
            self._sweep.cancel()

    async def drain(self) -> None:
        """Accept nobody; let transactions finish within ``drain_seconds``, then break off."""
        self._is_draining = True
        for server in self._servers:
            server.close()
        for entrance in tuple(self._entering):
            entrance.abandon()
        for relay in tuple(self._relays):
            relay.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._config.drain_seconds):
                await self._wait_until_empty()
        if self._relays:
            log.warning("sessions broken off", sessions=len(self._relays))
        for relay in tuple(self._relays):
            relay.abandon()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._wait_until_empty()
        self.close()

    async def _wait_until_empty(self) -> None:
        while self._relays:
            self._empty.clear()
            await self._empty.wait()

    async def _check_all(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            now = self.loop.time()
            for relay in tuple(self._relays):
                relay.check(now)
            for entrance in tuple(self._entering):
                entrance.check(now)

    # What a relay asks.

    def offers_tls(self, client: asyncio.Transport) -> bool:
        """Whether it may use STARTTLS: we have a certificate, and it has no TLS yet."""
        return self.tls is not None and client.get_extra_info("ssl_object") is None

    def admit(
        self, relay: Relay, client: asyncio.Transport, told: str | None
    ) -> tuple[str | None, Admission]:
        """Take a new client in, or say why not; its address, where it has one.

        ``told`` is the address by a balancer's word, which then stands for the connection's.
        """
        address = told or peer.address(client)
        admission = self._admission_of(client, address)
        if self._is_draining:
            admission = Admission(answers.CLOSING, is_trusted=False)
        elif admission.refusal is None and not self._headcount.sessions.enter(
            self._config.max_sessions
        ):
            admission = Admission(answers.TOO_MANY, is_trusted=False)
        self._relays.add(relay)
        self.room.share(len(self._relays))
        if admission.refusal is None:
            self._served.add(relay)
        return address, admission

    def _admission_of(self, connection: asyncio.Transport, address: str | None) -> Admission:
        if address is not None:
            return self._admission(address)
        if peer.is_unix(connection):
            return Admission(None, is_trusted=True)
        return Admission(answers.NOT_A_CLIENT, is_trusted=False)

    def _judge(self, address: str) -> Admission:
        if not peer.lies_in(address, self._config.clients):
            log.warning("client turned away: not in relay.clients")
            return Admission(answers.NOT_A_CLIENT, is_trusted=False)
        return Admission(None, peer.lies_in(address, self._config.trusted))

    # What an entrance asks.

    def let_wait(self, entrance: Entrance) -> bool:
        """Whether there is room for one more connection that is no session yet."""
        if self._is_draining or not self._headcount.waiting.enter(self._config.max_sessions):
            return False
        self._entering.add(entrance)
        return True

    def left(self, entrance: Entrance) -> None:
        """It has become a session, or is gone."""
        if entrance in self._entering:
            self._entering.discard(entrance)
            self._headcount.waiting.leave()

    def is_balancer(self, connection: asyncio.Transport) -> bool:
        """Whether the peer must send a PROXY header; nobody else may."""
        address = peer.address(connection)
        return address is not None and peer.lies_in(address, self._config.proxy_protocol)

    def is_welcome(self, connection: asyncio.Transport, told: str | None) -> bool:
        """Whether a client may come in, asked before it costs us a handshake."""
        address = told or peer.address(connection)
        return self._admission_of(connection, address).refusal is None

    def finished(self, relay: Relay) -> None:
        """A session is over and its connections are closed."""
        self._relays.discard(relay)
        self.room.share(len(self._relays))
        if relay in self._served:
            self._served.discard(relay)
            self._headcount.sessions.leave()
        if not self._relays:
            self._empty.set()

    def count(self, outcomes: Sequence[Outcome], began: float) -> None:
        """Count messages whose end is known; empties the list it is given."""
        for outcome in outcomes:
            self._outcomes[outcome].inc()
            self.metrics.relay_seconds.observe(self.loop.time() - began)
        if isinstance(outcomes, list):
            outcomes.clear()


def bind_all(endpoints: Iterable[Endpoint]) -> list[socket.socket]:
    """Listen on every endpoint, or on none; an ``OSError`` names the one that could not be had."""
    bound: list[socket.socket] = []
    with contextlib.ExitStack() as undo:
        for endpoint in endpoints:
            try:
                for sock in _bind(endpoint):
                    undo.callback(sock.close)
                    bound.append(sock)
            except OSError as error:
                is_resolvers = isinstance(error, socket.gaierror)  # its numbers are its own
                reason = error.strerror if is_resolvers else os.strerror(error.errno or 0)
                raise OSError(error.errno, f"cannot listen on {endpoint}: {reason}") from error
        undo.pop_all()
    return bound


def _bind(endpoint: Endpoint) -> Iterator[socket.socket]:
    if endpoint.path is not None:
        _clear_stale_socket(endpoint.path)
        yield _listening(socket.AF_UNIX, endpoint.path)
        return
    found = socket.getaddrinfo(
        endpoint.host, endpoint.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    # A name may stand for several addresses: all of them are ours.
    for family, _, _, _, address in dict.fromkeys(found):
        yield _listening(family, address)


def _listening(family: socket.AddressFamily, address: Any) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # [::] next to 0.0.0.0 would be the same port twice.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.settimeout(0)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _clear_stale_socket(path: str) -> None:
    """Remove the socket of a process that is gone; a live one answers and is left alone."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):  # noqa: PTH116
            return
    except OSError:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)  # noqa: PTH108
        except OSError:
            return
