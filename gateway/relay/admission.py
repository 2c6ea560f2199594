"""Who may come in, and how many: clients, trusted peers and balancers, sessions and descriptors."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from gateway.relay import client_address
from gateway.relay.limits.descriptor_limit import DescriptorLimit
from gateway.relay.rejections import RejectionReason
from gateway.smtp import own_replies

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from gateway.config import Relay
    from gateway.relay.limits.session_count import SessionCount, SharedCounter
    from gateway.relay.rejections import Rejections

log = structlog.get_logger("relay")


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a client may come in (``refusal`` is the reply if not), and use XFORWARD."""

    refusal: bytes | None
    is_trusted: bool


class AdmissionControl:
    """Asked by whoever has a new connection; it counts in those that may stay.

    Whoever was admitted is counted out again by :meth:`left`, whoever was let wait by
    :meth:`left_waiting`. ``time`` gives seconds on the loop's clock.
    """

    def __init__(
        self,
        config: Relay,
        session_count: SessionCount,
        rejections: Rejections,
        time: Callable[[], float],
    ) -> None:
        self.is_draining = False
        """Whether the process accepts nobody any more."""
        self._config = config
        self._session_count = session_count
        self._rejections = rejections
        self._time = time
        self._descriptors = DescriptorLimit()
        # Clients are mail servers: the same few addresses over and over.
        self._by_address = functools.lru_cache(maxsize=256)(self._judge)

    def admit(self, client: asyncio.Transport, told: str | None) -> tuple[str | None, Admission]:
        """Count a new client in, or say why not; its address, where it has one.

        ``told`` is the address by a balancer's word, which then stands for the connection's.
        """
        address = told or client_address.peer_address(client)
        admission = self._admission_of(client, address)
        if self.is_draining:
            admission = Admission(own_replies.CLOSING, is_trusted=False)
            self._count(RejectionReason.CLOSING)
        elif admission.refusal is not None:
            self._count(RejectionReason.STRANGER)
        elif not self._has_room(client, self._session_count.sessions):
            admission = Admission(own_replies.TOO_MANY, is_trusted=False)
        return address, admission

    def left(self) -> None:
        """A client that was admitted is gone."""
        self._session_count.sessions.leave()

    def let_wait(self, connection: asyncio.Transport) -> bytes | None:
        """Count in a connection that is no session yet; else the reply that says why not."""
        if self.is_draining:
            self._count(RejectionReason.CLOSING)
            return own_replies.CLOSING
        if not self._has_room(connection, self._session_count.waiting):
            return own_replies.TOO_MANY
        return None

    def left_waiting(self) -> None:
        """A connection that was let wait has become a session, or is gone."""
        self._session_count.waiting.leave()

    def is_balancer(self, connection: asyncio.Transport) -> bool:
        """Whether the peer must send a PROXY header; nobody else may."""
        address = client_address.peer_address(connection)
        networks = self._config.proxy_protocol
        return address is not None and client_address.is_in_networks(address, networks)

    def is_welcome(self, connection: asyncio.Transport, told: str | None) -> bool:
        """Whether a client may come in, asked before it costs us a handshake."""
        address = told or client_address.peer_address(connection)
        is_welcome = self._admission_of(connection, address).refusal is None
        if not is_welcome:
            self._count(RejectionReason.STRANGER)
        return is_welcome

    def reject(self, client: asyncio.Transport, reply: bytes) -> None:
        """Send this reply to a client that was not admitted, and close."""
        # Where descriptors are short, its own is wanted back.
        lingers = not self._descriptors.is_reached_by(client_address.descriptor_of(client))
        self._rejections.reject(client, reply, self._time(), lingers=lingers)

    def measure_descriptors(self) -> None:
        """Asked every second or so: prlimit(1) may change the limit while we run."""
        self._descriptors.measure()

    def _has_room(self, client: asyncio.Transport, count: SharedCounter) -> bool:
        """Count one more in, if the configuration and the system allow."""
        if self._descriptors.is_reached_by(client_address.descriptor_of(client)):
            self._count(RejectionReason.DESCRIPTORS)
            return False
        if not count.enter(self._config.max_sessions):
            self._count(RejectionReason.SESSIONS)
            return False
        return True

    def _count(self, reason: RejectionReason) -> None:
        self._rejections.count(reason, self._time())

    def _admission_of(self, connection: asyncio.Transport, address: str | None) -> Admission:
        if address is not None:
            return self._by_address(address)
        if client_address.is_unix(connection):
            return Admission(None, is_trusted=True)
        return Admission(own_replies.NOT_A_CLIENT, is_trusted=False)

    def _judge(self, address: str) -> Admission:
        if not client_address.is_in_networks(address, self._config.clients):
            log.warning("client turned away: not in relay.clients")
            return Admission(own_replies.NOT_A_CLIENT, is_trusted=False)
        return Admission(None, client_address.is_in_networks(address, self._config.trusted))
