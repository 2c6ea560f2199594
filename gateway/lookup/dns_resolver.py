"""Asking the DNS where a domain's mail goes, off the path of any message (behaviour S7).

A domain that was written to and is clear is put in a bounded queue; what finds no room is let go,
and counted. One question after the other is asked, within a budget an hour. What is remembered is
that a domain was asked about, in memory, in bounded number and for a day at most: a cache of
answers would be a trace of whom our people write to.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
import dns.reversename
import structlog

from gateway.addresses.address_literal import address_of
from gateway.addresses.domain_name import registrable
from gateway.errors import MonitionError
from gateway.log import redacted
from gateway.lookup.query_budget import QueryBudget

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from gateway.config.endpoint import Endpoint
    from gateway.metrics import Metrics

QUEUE_LENGTH = 10_000
"""Domains that wait to be asked about: a morning's, after a start."""

MOST_REMEMBERED = 20_000
"""Domains that are not asked about again within ``FORGET_SECONDS``."""

FORGET_SECONDS = 86_400
ANSWER_SECONDS = 5.0
"""How long one question may take, a second server and TCP included."""

QUERIES_A_DOMAIN = 2
"""Questions about one domain: its mail exchangers, its name servers."""

MOST_ANSWERS = 20
"""Records of a kind that are looked at: hardly anybody has more, a hostile zone thousands."""

MOST_NAMES_OF_AN_ADDRESS = 3
"""Hosts of one address literal that are asked whether they bear it."""

# RFC 9715 recommends no more in one datagram; what is larger comes over TCP.
_PAYLOAD = 1232

Answers = tuple[tuple[str, str], ...]
"""Pairs of record type and host, as of :func:`gateway.screening.dns_linkage.find_link`."""

log = structlog.get_logger("resolver")


@dataclass(frozen=True, slots=True)
class UnknownAnswer:
    """What could not be known, and why: a time-out, a server's failure. Never an exception."""

    reason: str


class NoServerError(MonitionError):
    """There is no DNS server to ask."""


class DnsResolver:
    """One process's questions, ``per_hour`` at most.

    ``servers`` are asked in their order; with none, those of the system's configuration. Raises
    :class:`NoServerError` where that names none either. A question has ``seconds`` in all;
    ``room`` is how many domains may wait.
    """

    def __init__(
        self,
        per_hour: int,
        servers: Sequence[Endpoint],
        metrics: Metrics,
        *,
        seconds: float = ANSWER_SECONDS,
        room: int = QUEUE_LENGTH,
    ) -> None:
        self._budget = QueryBudget(per_hour)
        self._metrics = metrics
        self._waiting: asyncio.Queue[str] = asyncio.Queue(room)
        self._remembered: OrderedDict[str, float] = OrderedDict()
        self._resolver = _resolver(servers, seconds)

    def enqueue(self, domain: str) -> None:
        """A domain, in normal form, was written to: ask about it when there is time, if it is new.

        From the event loop's thread; never waits, never raises.
        """
        now = time.monotonic()
        asked = self._remembered.get(domain)
        if asked is not None and now - asked < FORGET_SECONDS:
            return
        try:
            self._waiting.put_nowait(domain)
        except asyncio.QueueFull:
            self._count("dropped")
            return
        self._remembered[domain] = now
        self._remembered.move_to_end(domain)
        if len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)

    async def run(
        self, wanted: Callable[[str], bool], told: Callable[[str, Answers], Awaitable[None]]
    ) -> None:
        """Ask until cancelled.

        ``wanted`` says, when a domain's turn has come, whether it is worth a question at all;
        ``told`` hears a domain and its hosts. Whatever goes wrong is counted, and the next
        domain's turn comes.
        """
        while True:
            domain = await self._waiting.get()
            try:
                if wanted(domain):
                    await self._within_budget()
                    await self._tell(domain, told)
            except Exception as error:
                self._count("failed")
                # An error's text may hold the domain.
                log.exception("a domain was not looked at", exc_info=redacted(error))

    async def _tell(self, domain: str, told: Callable[[str, Answers], Awaitable[None]]) -> None:
        answers = await self.ask(domain)
        if isinstance(answers, UnknownAnswer):
            # Asked again when it is met again after the next change of the snapshot.
            self._remembered.pop(domain, None)
            self._count("unknown")
            return
        self._count("answered")
        await told(domain, answers)

    async def ask(self, domain: str) -> Answers | UnknownAnswer:
        """Ask for a domain's mail exchangers, and for the name servers of its registered part.

        Two questions, whatever the budget. Mail exchangers come first, then name servers, each
        sorted, :data:`MOST_ANSWERS` at most; empty for a domain that does not exist.
        ``UnknownAnswer`` where the exchangers could not be learnt, or there are none and the
        servers could not. Of an address literal the hosts that bear the address, as ``PTR``: those
        whose own zone says so, too (RFC 1912 section 2.1).
        """
        if (address := address_of(domain)) is not None:
            return await self._hosts_at(str(address))
        mail = await self._hosts(domain, dns.rdatatype.MX)
        if isinstance(mail, UnknownAnswer):
            return mail
        names = await self._hosts(registrable(domain) or domain, dns.rdatatype.NS)
        if isinstance(names, UnknownAnswer):
            if not mail:
                return names
            names = []
        return (*(("MX", host) for host in mail), *(("NS", host) for host in names))

    async def _hosts_at(self, address: str) -> Answers | UnknownAnswer:
        name = dns.reversename.from_address(address).to_text(omit_final_dot=True)
        hosts = await self._hosts(name, dns.rdatatype.PTR)
        if isinstance(hosts, UnknownAnswer):
            return hosts
        kind = dns.rdatatype.AAAA if ":" in address else dns.rdatatype.A
        told = hosts[:MOST_NAMES_OF_AN_ADDRESS]
        borne = [await self._hosts(host, kind) for host in told]
        return tuple(
            ("PTR", host)
            for host, addresses in zip(told, borne, strict=True)
            if not isinstance(addresses, UnknownAnswer) and address in addresses
        )

    async def mail_hosts(self, domain: str) -> Answers | UnknownAnswer:
        """Ask for a domain's mail exchangers alone: one question, whatever the budget."""
        mail = await self._hosts(domain, dns.rdatatype.MX)
        return mail if isinstance(mail, UnknownAnswer) else tuple(("MX", host) for host in mail)

    async def _hosts(self, name: str, kind: dns.rdatatype.RdataType) -> list[str] | UnknownAnswer:
        try:
            answer = await self._resolver.resolve(
                dns.name.from_text(name), kind, raise_on_no_answer=False, search=False
            )
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.exception.DNSException, OSError) as error:
            return UnknownAnswer(type(error).__name__)
        # The order in an answer is the server's whim; the same records are to give the same link.
        return sorted(filter(None, map(_host, answer.rrset or ())))[:MOST_ANSWERS]

    async def _within_budget(self) -> None:
        while wait := self._budget.take(QUERIES_A_DOMAIN, time.monotonic()):  # noqa: ASYNC110 - a clock
            await asyncio.sleep(wait)

    def _count(self, result: str) -> None:
        self._metrics.lookups.labels(result).inc()


def _resolver(servers: Iterable[Endpoint], seconds: float) -> dns.asyncresolver.Resolver:
    named = [(server.host, server.port) for server in servers]
    try:
        resolver = dns.asyncresolver.Resolver(configure=not named)
    except dns.resolver.NoResolverConfiguration:
        raise NoServerError(
            "the system's configuration names no DNS server; name one in lists.resolvers"
        ) from None
    if named:
        resolver.nameservers = [dns.nameserver.Do53Nameserver(*each) for each in named]
    resolver.lifetime = seconds
    resolver.use_edns(0, 0, _PAYLOAD)
    resolver.cache = None
    return resolver


def _host(record: object) -> str:
    """The host that an MX, NS or PTR record names, or the address that one of a host has.

    An empty text for "no mail here" (RFC 7505).
    """
    target = getattr(record, "exchange", None) or getattr(record, "target", None)
    target = target or getattr(record, "address", None)
    return str(target).rstrip(".").lower() if target is not None else ""
