"""A settlement: how an observed message ended, and whether its sender is written to.

Everything about it happens in one transaction (:func:`write_settlement`): a SETTLED for each
matched recipient, and, where a notice may go, its row in the outbox with the windows it opens. The
question whether a window is open is asked inside that transaction, under the write lock: two
workers that settle at the same moment cannot both be told yes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from gateway.addresses.canonical_mailbox import mailbox_of
from gateway.errors import LedgerError
from gateway.ledger.record.events import Entropy, NoticeState, SettledRecipient, settled
from gateway.ledger.record.record import JSON, parse_timestamp, timestamp
from gateway.model import (
    Action,
    MatchedInstitution,
    Notice,
    NoticeRequest,
    Outcome,
    Suppression,
    Tier,
)

if TYPE_CHECKING:
    from gateway.ledger.store.store_contract import Store

MayNotify: TypeAlias = Callable[[Mapping[str, datetime | None], datetime], bool]
"""Window key to when it was last opened (``None``: never), and now: may a notice go?"""

Rhythm: TypeAlias = Callable[[Mapping[str, datetime | None], datetime, timedelta], bool]
"""The same with the time between two notices: what a :data:`MayNotify` is made from."""

NONE = NoticeState("none")


@dataclass(frozen=True, slots=True)
class Settlement:
    """How one message ended for all its observed recipients; ``message`` is its id.

    ``request`` is what the sender would be told, ``suppression`` why not; both ``None`` where the
    policy only observes. ``every`` is how long the windows stay closed.
    """

    message: str
    at: datetime
    results: tuple[SettledRecipient, ...]
    request: NoticeRequest | None
    suppression: Suppression | None
    may_notify: MayNotify
    every: timedelta


def any_window_is_open(
    opened: Mapping[str, datetime | None], now: datetime, every: timedelta
) -> bool:
    """The plain rhythm: a notice may go when any of its windows has been shut long enough.

    Asked for settlements that come out of the emergency journal when nobody gave another rhythm.
    """
    # Either way: a time far ahead comes from a clock since set back, and must not silence anyone.
    return any(at is None or abs(now - at) >= every for at in opened.values())


def write_settlement(
    store: Store, settlement: Settlement, *, now: datetime, process: str, entropy: Entropy
) -> str:
    """Write a settlement, inside the caller's transaction; returns the notice's state.

    That is ``none``, ``queued`` or ``suppressed:REASON``. The notice is decided as of ``now``,
    which is later than ``settlement.at`` where the settlement waited in the journal. What is
    settled already is left alone (the first word stands), so a settlement can be taken twice.
    Raises :class:`LedgerError` where none of it was ever observed.
    """
    open_events = set(store.awaiting([result.observed for result in settlement.results]))
    if not open_events and not any(store.has(result.observed) for result in settlement.results):
        raise LedgerError(f"message {settlement.message} cannot be settled: it was never observed")
    results = [result for result in settlement.results if result.observed in open_events]
    states = _decide(store, settlement, results, now)
    for result in results:
        store.append(
            settled(
                result,
                states.get(result.observed, NONE),
                message=settlement.message,
                process=process,
                at=settlement.at,
                entropy=entropy,
            )
        )
    return next(iter(states.values()), NONE).state


def _decide(
    store: Store, settlement: Settlement, results: list[SettledRecipient], now: datetime
) -> dict[str, NoticeState]:
    """The notice's state for each observed event that has a say in it; queues the notice."""
    told = {result.observed for result in results if _is_worth_a_notice(result)}
    request = settlement.request
    if request is None:
        if settlement.suppression is None:
            return {}
        state = NoticeState(f"suppressed:{settlement.suppression}")
        return dict.fromkeys(sorted(told), state)
    matters = tuple(matter for matter in request.matters if matter.event in told)
    if not matters:
        return {}
    events = [matter.event for matter in matters]
    if settlement.suppression is not None:
        return dict.fromkeys(events, NoticeState(f"suppressed:{settlement.suppression}"))
    # One person, however they spell their address: fewer notices are better notices.
    sender = window_owner(request)
    windows = _windows_of(request, matters)
    if not settlement.may_notify(store.windows(sender, windows), now):
        return dict.fromkeys(events, NoticeState(f"suppressed:{Suppression.RHYTHM}"))
    notice = Notice(
        id=events[0],
        request=replace(request, matters=matters, windows=windows),
        created_at=now,
        next_at=now + settlement.every,
    )
    store.queue(notice, windows)
    return dict.fromkeys(events, NoticeState("queued", notice.id))


def window_owner(request: NoticeRequest) -> str:
    """The mailbox whose windows a notice opens; one that an earlier version queued names none."""
    return request.mailbox or mailbox_of(request.to)


def _windows_of(request: NoticeRequest, named: tuple[MatchedInstitution, ...]) -> tuple[str, ...]:
    """The windows of the matters that are named; one left out opens none.

    A key begins with its entity. One that begins with no entity of the request belongs to all.
    """
    left_out = {matter.entity for matter in request.matters} - {matter.entity for matter in named}
    return tuple(key for key in request.windows if key.partition(" ")[0] not in left_out)


def _is_worth_a_notice(result: SettledRecipient) -> bool:
    return result.outcome is Outcome.DELIVERED or (
        result.outcome is Outcome.REFUSED and result.refused_by_us
    )


def request_as_json(request: NoticeRequest) -> dict[str, JSON]:
    """A request as the outbox and the journal keep it: its fields by their names."""
    return asdict(request)


def request_from_json(data: Mapping[str, Any]) -> NoticeRequest:
    """Read a request back. Fields of another version that are unknown here are passed over.

    Raises ``KeyError``, ``TypeError``, ``ValueError`` or ``AttributeError`` for what is none.
    """
    known = {field.name for field in fields(NoticeRequest)}
    of_matter = {field.name for field in fields(MatchedInstitution)}
    matters = tuple(
        MatchedInstitution(
            **{
                **{key: value for key, value in matter.items() if key in of_matter},
                "tier": Tier(matter["tier"]),
                "action": Action(matter["action"]),
            }
        )
        for matter in data["matters"]
    )
    plain = {key: value for key, value in data.items() if key in known}
    return NoticeRequest(
        **{
            **plain,
            "matters": matters,
            "windows": tuple(data["windows"]),
            "references": tuple(data["references"]),
        }
    )


def as_json(settlement: Settlement) -> dict[str, JSON]:
    """A settlement as the journal keeps it, without its rhythm, which is code.

    Its fields by their names: ``every`` in whole seconds, ``at`` in RFC 3339.
    """
    request, suppression = settlement.request, settlement.suppression
    return {
        "message": settlement.message,
        "at": timestamp(settlement.at),
        "results": [asdict(result) for result in settlement.results],
        "request": None if request is None else request_as_json(request),
        "suppression": None if suppression is None else suppression.value,
        "every": int(settlement.every.total_seconds()),
    }


def from_json(data: Mapping[str, Any], *, rhythm: Rhythm) -> Settlement:
    """Read a settlement back; its notice will be decided by that rhythm.

    Raises ``KeyError``, ``TypeError``, ``ValueError`` or ``AttributeError`` for what is none.
    """
    every = timedelta(seconds=data["every"])
    results = tuple(
        SettledRecipient(**{**result, "outcome": Outcome(result["outcome"])})
        for result in data["results"]
    )
    request, suppression = data["request"], data["suppression"]
    return Settlement(
        message=data["message"],
        at=parse_timestamp(data["at"]),
        results=results,
        request=None if request is None else request_from_json(request),
        suppression=None if suppression is None else Suppression(suppression),
        may_notify=lambda opened, now: rhythm(opened, now, every),
        every=every,
    )
