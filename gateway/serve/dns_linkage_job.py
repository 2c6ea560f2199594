"""Linkage by the DNS: domains found clear are looked up beside the mail, and ties written down."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from gateway.errors import FaultyFile
from gateway.list_store.files import linked_domains
from gateway.list_store.files.lists_directory import Folder
from gateway.lookup.dns_resolver import QUERIES_A_DOMAIN, DnsResolver, NoServerError
from gateway.screening import dns_linkage

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.config import Config
    from gateway.lookup.dns_resolver import Answers
    from gateway.metrics import Metrics
    from gateway.screening.snapshot import Snapshot

PAUSE_SECONDS = 60.0
"""Between two requests for a new snapshot: making one costs seconds, and a link has no hurry."""

log = structlog.get_logger("linkage")


def create_job(
    config: Config,
    metrics: Metrics,
    snapshot: Callable[[], Snapshot],
    changed: Callable[[], None],
    workers: int,
) -> DnsLinkageJob | None:
    """Make the job of one process, as :class:`DnsLinkageJob` takes it.

    ``None``, told loudly, where there is no DNS server to ask.
    """
    try:
        return DnsLinkageJob(config, metrics, snapshot, changed, workers=workers)
    except NoServerError as error:
        log.error("no domain is looked up", reason=str(error))  # noqa: TRY400 - no bug of ours
        return None


class DnsLinkageJob:
    """One process's part in the job.

    ``snapshot`` gives the one in force; ``changed`` is called when what is on disk makes another.
    ``workers`` share the budget (``lists.linkage_per_hour``). Whatever goes wrong here is told, and
    touches no message. Raises ``NoServerError`` where there is no DNS server to ask.
    """

    def __init__(
        self,
        config: Config,
        metrics: Metrics,
        snapshot: Callable[[], Snapshot],
        changed: Callable[[], None],
        *,
        workers: int,
    ) -> None:
        lists = config.lists
        self._ours = config.institution.domains
        self._folder = Folder.of(config)
        self._metrics = metrics
        self._snapshot = snapshot
        self._changed = changed
        self._is_changed = asyncio.Event()
        share = max(lists.linkage_per_hour // workers, QUERIES_A_DOMAIN)
        self._resolver = DnsResolver(share, lists.resolvers, metrics)
        self.enqueue = self._resolver.enqueue
        """To be called with each domain, in normal form, that is found clear for the first time."""

    async def run(self) -> None:
        """Look up and write down until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._resolver.run(self._is_worth_asking, self._look))
            tasks.create_task(self._ask_for_snapshots())

    def _is_worth_asking(self, domain: str) -> bool:
        if any(f".{domain}".endswith(f".{ours}") for ours in self._ours):
            return False
        return dns_linkage.may_be_linked(domain, self._snapshot())

    async def _look(self, domain: str, answers: Answers) -> None:
        link = dns_linkage.find_link(domain, answers, self._snapshot())
        if link is None:
            return
        today = datetime.now(UTC).date()
        try:
            is_kept = await asyncio.to_thread(linked_domains.add, self._folder, link, today)
        except (FaultyFile, OSError) as error:
            log.error("a link cannot be written down", reason=str(error))  # noqa: TRY400
            return
        # Whose domain it is stays out of the log; whose it is tied to is public.
        if not is_kept:
            log.warning(
                "so many domains are tied to one that it may serve everybody: no more are kept",
                within=link.within,
                most=linked_domains.MOST_LINKS,
            )
            return
        self._metrics.lookups.labels("linked").inc()
        log.info("a domain is linked", within=link.within, record=link.record)
        self._is_changed.set()

    async def _ask_for_snapshots(self) -> None:
        while True:
            await self._is_changed.wait()
            self._is_changed.clear()
            self._changed()
            await asyncio.sleep(PAUSE_SECONDS)
