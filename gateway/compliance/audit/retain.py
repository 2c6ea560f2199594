"""Personal data whose time is over goes, as the configuration says; made for a timer (A4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.compliance.actor import open_as
from gateway.compliance.audit.erase import Amount, amount_of
from gateway.ledger.erasure import retention
from gateway.ledger.erasure.erasure_request import tidy
from gateway.ledger.erasure.retention import Periods
from gateway.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from gateway.compliance.actor import Hand
    from gateway.config import Config

SILENCE = timedelta(days=1)
"""A gateway that runs says every five minutes that it does."""


@dataclass(frozen=True, slots=True)
class Retained:
    """What a run did, or would do.

    ``due`` counts findings by disposition, ``reasons`` those given when people looked, ``notices``
    those that were sent or given up long ago. ``as_of`` is the moment that was judged by, in UTC;
    ``is_silent``: the ledger's last event is older than :data:`SILENCE`, which is that moment then.
    """

    as_of: datetime
    is_silent: bool
    amount: Amount
    due: Mapping[str, int]
    reasons: int
    notices: int


def retain(
    config: Config,
    hand: Hand,
    *,
    is_trial: bool = False,
    progress: Callable[[int], Callable[[int], None]] = lambda _: lambda _: None,
    tell: Callable[[Retained], None] = lambda _: None,
) -> tuple[str, ...]:
    """Erase what is due at ``hand.at``; a trial only counts it. ``tell`` hears what came of it.

    After that the file itself is tidied up, which can take long; given are sentences of what could
    not be done. ``progress`` is asked with the number of events there are, and hears how many were
    looked through so far. Raises ``LedgerError``.
    """
    path = config.ledger.path
    with open_as(config, None) as reading:
        length = reading.checkpoint().seq
    kept_for = periods(config)
    done = retention.retain(path, kept_for, hand, is_trial=is_trial, progress=progress(length))
    tell(
        Retained(
            done.as_of,
            hand.at - done.as_of > SILENCE,
            amount_of(done.tally),
            {each.value: count for each, count in done.due.items()},
            done.reasons,
            done.notices,
        )
    )
    return () if is_trial else tidy(path)


def periods(config: Config) -> Periods:
    """How long the configuration has each kept, by disposition and otherwise."""
    kept = config.retention
    return Periods(
        findings={
            each: timedelta(days=getattr(kept, f"{each.value.replace('-', '_')}_days"))
            for each in Disposition
        },
        access_log=timedelta(days=kept.access_log_days),
        notices=timedelta(days=kept.notices_days),
        windows=timedelta(days=config.notices.every_days),
    )
