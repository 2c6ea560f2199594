"""The relay's listening sockets: who may come in, how many, and how they all leave."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import secrets
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import structlog

from gateway.config import BareNewlines, certificate
from gateway.errors import ConfigError
from gateway.log_rate_limit import Seldom
from gateway.model import Outcome
from gateway.relay import client_address, next_hop_tls
from gateway.relay.bind_sockets import BACKLOG, bind_all
from gateway.relay.connection import Relay
from gateway.relay.connection_preamble import Entrance
from gateway.relay.descriptor_limit import Shortage
from gateway.relay.read_buffer import Room
from gateway.relay.rejections import Farewells, Reason
from gateway.relay.session_count import Headcount
from gateway.smtp import own_replies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.config import Config, Endpoint
    from gateway.errors import Fault
    from gateway.inspection.inspector import Watch
    from gateway.metrics import Metrics
    from gateway.relay.patience import Patience
    from gateway.relay.session_count import Count

CHECK_SECONDS: float = 1

HOP_LINES = 20
"""Lines a minute, at most, that a next hop's failures make in the log."""

ENDS: tuple[Outcome, ...] = tuple(each for each in Outcome if each is not Outcome.PENDING)
"""What can become of a message: while it is pending it is not counted."""

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
        self.reach, self.reach_seconds = next_hop_tls.reaching(config.relay.next_hop_tls)
        """Connects a relay to one next hop, in so many seconds at the latest."""
        self.room = Room()
        """What relays read their clients' bytes into."""
        self._whole_config = config
        self._config = config.relay
        self._listening = listening
        self._headcount = headcount or Headcount()
        self._entering: set[Entrance] = set()
        self._relays: set[Relay] = set()
        self._one_left = asyncio.Event()
        self._farewells = Farewells(self.room, metrics, self._one_left.set)
        self._shortage = Shortage()
        self._hop_lines = Seldom(HOP_LINES)
        # A session is named in the log by its process and its number there.
        self._name = secrets.token_hex(4)
        self._begun = 0
        # A label is looked up under a lock; there are five outcomes, and one a message.
        self._outcomes = {each: metrics.messages.labels(each.value) for each in ENDS}
        metrics.sessions.set_function(lambda: len(self._relays))
        self._servers: list[asyncio.Server] = []
        self._sweep: asyncio.Task[None] | None = None
        self._is_draining = self._is_drained = False
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
        has_tls = client_address.is_among(self._config.listen_tls, sock)
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
        """Accept nobody; let transactions finish within ``drain_seconds``, then break off.

        A second time there is nothing left to wait for.
        """
        if self._is_drained:
            return
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
        self._farewells.abandon()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._wait_until_empty()
        self.close()
        self._is_drained = True

    async def _wait_until_empty(self) -> None:
        while self._relays or self._farewells:
            self._one_left.clear()
            await self._one_left.wait()

    async def _check_all(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            now = self.loop.time()
            self._shortage.measure()
            self._farewells.check(now)
            for relay in tuple(self._relays):
                relay.check(now)
            for entrance in tuple(self._entering):
                entrance.check(now)

    # What a relay asks.

    def offers_starttls(self, client: asyncio.Transport) -> bool:
        """Whether it may use STARTTLS: we have a certificate, and it has no TLS yet."""
        return self.tls is not None and client.get_extra_info("ssl_object") is None

    def admit(
        self, relay: Relay, client: asyncio.Transport, told: str | None
    ) -> tuple[str | None, Admission]:
        """Take a new client in, or say why not; its address, where it has one.

        ``told`` is the address by a balancer's word, which then stands for the connection's.
        """
        address = told or client_address.address(client)
        admission = self._admission_of(client, address)
        if self._is_draining:
            admission = Admission(own_replies.CLOSING, is_trusted=False)
            self._count(Reason.CLOSING)
        elif admission.refusal is not None:
            self._count(Reason.STRANGER)
        elif not self._has_room(client, self._headcount.sessions):
            admission = Admission(own_replies.TOO_MANY, is_trusted=False)
        if admission.refusal is None:
            self._begun += 1
            relay.number = self._begun
            self._relays.add(relay)
            self.room.share(len(self._relays))
        return address, admission

    def turn_away(self, client: asyncio.Transport, words: bytes) -> None:
        """Say these last words to a client that was not admitted."""
        # Where descriptors are short, its own is wanted back.
        lingers = not self._shortage.is_shown_by(client_address.descriptor(client))
        self._farewells.say(client, words, self.loop.time(), lingers=lingers)

    def _has_room(self, client: asyncio.Transport, count: Count) -> bool:
        """Count one more in, if the configuration and the system allow."""
        if self._shortage.is_shown_by(client_address.descriptor(client)):
            self._count(Reason.DESCRIPTORS)
            return False
        if not count.enter(self._config.max_sessions):
            self._count(Reason.SESSIONS)
            return False
        return True

    def _count(self, reason: Reason) -> None:
        self._farewells.count(reason, self.loop.time())

    def _admission_of(self, connection: asyncio.Transport, address: str | None) -> Admission:
        if address is not None:
            return self._admission(address)
        if client_address.is_unix(connection):
            return Admission(None, is_trusted=True)
        return Admission(own_replies.NOT_A_CLIENT, is_trusted=False)

    def _judge(self, address: str) -> Admission:
        if not client_address.lies_in(address, self._config.clients):
            log.warning("client turned away: not in relay.clients")
            return Admission(own_replies.NOT_A_CLIENT, is_trusted=False)
        return Admission(None, client_address.lies_in(address, self._config.trusted))

    # What an entrance asks.

    def let_wait(self, entrance: Entrance, connection: asyncio.Transport) -> bytes | None:
        """Take one more connection that is no session yet; else why not, in SMTP's words."""
        if self._is_draining:
            self._count(Reason.CLOSING)
            return own_replies.CLOSING
        if not self._has_room(connection, self._headcount.waiting):
            return own_replies.TOO_MANY
        self._entering.add(entrance)
        return None

    def left(self, entrance: Entrance) -> None:
        """It has become a session, or is gone."""
        if entrance in self._entering:
            self._entering.discard(entrance)
            self._headcount.waiting.leave()

    def is_balancer(self, connection: asyncio.Transport) -> bool:
        """Whether the peer must send a PROXY header; nobody else may."""
        address = client_address.address(connection)
        return address is not None and client_address.lies_in(address, self._config.proxy_protocol)

    def is_welcome(self, connection: asyncio.Transport, told: str | None) -> bool:
        """Whether a client may come in, asked before it costs us a handshake."""
        address = told or client_address.address(connection)
        is_welcome = self._admission_of(connection, address).refusal is None
        if not is_welcome:
            self._count(Reason.STRANGER)
        return is_welcome

    def finished(self, relay: Relay) -> None:
        """A session is over and its connections are closed."""
        if relay in self._relays:
            self._relays.discard(relay)
            self._headcount.sessions.leave()
            self.room.share(len(self._relays))
        self._one_left.set()

    def name_of(self, relay: Patience) -> str:
        """A session's name in the log: it tells nothing of anybody."""
        return f"{self._name}-{relay.number}"

    def tell_of_hop(self, event: str, hop: Endpoint, **facts: object) -> None:
        """Count a next hop that failed, and tell of it; of many in a minute only of the first."""
        self.metrics.next_hop_errors.inc()
        left_out = self._hop_lines.left_out(self.loop.time())
        if left_out is not None:
            log.warning(event, next_hop=str(hop), **facts, left_out=left_out)

    def count(self, outcomes: Sequence[Outcome], began: float) -> None:
        """Count messages whose end is known; empties the list it is given."""
        for outcome in outcomes:
            self._outcomes[outcome].inc()
            self.metrics.relay_seconds.observe(self.loop.time() - began)
        if isinstance(outcomes, list):
            outcomes.clear()
