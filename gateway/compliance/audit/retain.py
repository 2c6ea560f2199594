"""Personal data whose time is over goes, as the configuration says; made for a timer (A4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.compliance.actor import open_as
from gateway.compliance.audit.erase import Amount, amount_of
from gateway.ledger.erasure import retention
from gateway.ledger.erasure.erasure_request import finish_erasure
from gateway.ledger.erasure.retention import RetentionPeriods
from gateway.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from gateway.compliance.actor import Actor
    from gateway.config import Config

SILENT_AFTER = timedelta(days=1)
"""A gateway that runs says every five minutes that it does."""


@dataclass(frozen=True, slots=True)
class RetentionRun:
    """What a run did, or would do.

    ``due`` counts findings by disposition, ``reasons`` those given when people looked, ``notices``
    those that were sent or given up long ago. ``as_of`` is the moment that was judged by, in UTC;
    ``is_silent``: the ledger's last event is older than :data:`SILENT_AFTER`, which is that moment
    then.
    """

    as_of: datetime
    is_silent: bool
    amount: Amount
    due: Mapping[str, int]
    reasons: int
    notices: int


def retain(
    config: Config,
    actor: Actor,
    *,
    is_trial: bool = False,
    progress: Callable[[int], Callable[[int], None]] = lambda _: lambda _: None,
    tell: Callable[[RetentionRun], None] = lambda _: None,
) -> tuple[str, ...]:
    """Erase what is due at ``actor.at``; a trial only counts it. ``tell`` hears what came of it.

    After that the file itself is tidied up, which can take long; given are sentences of what could
    not be done. ``progress`` is asked with the number of events there are, and hears how many were
    looked through so far. Raises ``LedgerError``.
    """
    path = config.ledger.path
    with open_as(config, None) as reading:
        length = reading.checkpoint().seq
    kept_for = retention_periods(config)
    done = retention.retain(path, kept_for, actor, is_trial=is_trial, progress=progress(length))
    tell(
        RetentionRun(
            done.as_of,
            actor.at - done.as_of > SILENT_AFTER,
            amount_of(done.tally),
            {each.value: count for each, count in done.due.items()},
            done.reasons,
            done.notices,
        )
    )
    return () if is_trial else finish_erasure(path)


def retention_periods(config: Config) -> RetentionPeriods:
    """How long the configuration has each kept, by disposition and otherwise."""
    kept = config.retention
    return RetentionPeriods(
        findings={
            each: timedelta(days=getattr(kept, f"{each.value.replace('-', '_')}_days"))
            for each in Disposition
        },
        access_log=timedelta(days=kept.access_log_days),
        notices=timedelta(days=kept.notices_days),
        windows=timedelta(days=config.notices.every_days),
    )
