"""What a sender would be told about a message, and when the next notice may go.

A *window* is opened for a sender by a notice and closes by itself. There is one for each matched
institution and tier and one for each listing of it in force: whatever is new opens the way
again, and a listing that ends does not. A notice goes when any window of the message is open to
it; it names all institutions and opens all windows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.model import Action, MatchedInstitution, NoticeRequest, Tier
from gateway.notices.header_peek import is_message_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime, timedelta

    from gateway.model import Address, Decision, Finding, Peek

_DOT_ATOM = re.compile(
    r"[^\x00-\x20\x7f\"(),:;<>@\[\\\].]+(?:\.[^\x00-\x20\x7f\"(),:;<>@\[\\\].]+)*"
)


def window_keys(findings: Iterable[Finding], on: date) -> tuple[str, ...]:
    """Give the keys of the windows that a notice about these findings opens, sorted.

    No key holds an address.

    Shapes: ``ENTITY tier STANDING TIER`` and ``ENTITY listing LIST PROGRAMME UID``, with ``-``
    for what is not known. Dates are left out: one that is corrected is no new listing.
    """
    keys: set[str] = set()
    for finding in findings:
        entity = finding.entity
        who = entity.id if entity is not None else finding.recipient.domain
        keys.add(f"{who} tier {finding.standing} {_tier(finding)}")
        for listing in entity.listings if entity is not None else ():
            if listing.is_in_force(on):
                which = f"{listing.list} {listing.programme or '-'} {listing.uid or '-'}"
                keys.add(f"{who} listing {which}")
    return tuple(sorted(keys))


def is_open(last_opened: Mapping[str, datetime | None], now: datetime, every: timedelta) -> bool:
    """Whether any of a message's windows lets a notice through (behaviour N2).

    ``last_opened`` says of each window's key when a notice last opened it, ``None``: never.
    ``every`` has to pass from then on. Times are aware.

    A time that lies further ahead than a window is wide comes from a clock that went wrong; it
    must not silence a sender for good.
    """
    return any(at is None or abs(now - at) >= every for at in last_opened.values())


def notice_request(  # noqa: PLR0913 - by name only; what a notice needs comes from six places
    *,
    message: str,
    sender: Address,
    decisions: Sequence[Decision],
    events: Mapping[Address, str],
    peek: Peek,
    languages: Sequence[str],
    on: date,
    mailbox: str = "",
) -> NoticeRequest | None:
    """What the sender of ``message`` would be told; ``None`` where no decision warns or refuses.

    ``message`` is the id that its events share, ``events`` the event's id of each matched
    recipient. ``sender`` is written to; ``mailbox`` is the one that counts, whose windows are
    asked. ``languages`` are those the institution writes in, the first by default. ``on`` is the
    day the findings were made for.
    """
    told = [
        (finding, decision.action)
        for decision in decisions
        if decision.action in {Action.WARN, Action.REFUSE}
        for finding in decision.findings
    ]
    if not told:
        return None
    # A recipient named twice in one envelope is told of once.
    matters = dict.fromkeys(
        _matter(finding, action, events[finding.recipient]) for finding, action in told
    )
    return NoticeRequest(
        message=message,
        to=addr_spec(sender),
        matters=tuple(matters),
        windows=window_keys((finding for finding, _ in told), on),
        refused=any(action is Action.REFUSE for _, action in told),
        language=choose_language(peek.content_language, languages),
        in_reply_to=peek.message_id if is_message_id(peek.message_id or "") else None,
        references=peek.references,
        mailbox=mailbox,
    )


def choose_language(wanted: str | None, offered: Sequence[str]) -> str:
    """The offered language for a message that says ``wanted`` (RFC 3282), else the first.

    ``en`` where none is offered.

    ``de-AT, en`` is served by ``de-AT``, then by ``de``, then by ``en``.
    """
    by_name = {language.lower(): language for language in offered}
    for tag in (wanted or "").lower().split(","):
        parts = tag.strip().split("-")
        for length in range(len(parts), 0, -1):
            if (language := by_name.get("-".join(parts[:length]))) is not None:
                return language
    return offered[0] if offered else "en"


def addr_spec(address: Address) -> str:
    """The address as a header and a command take it, RFC 5322 section 3.4.1: quoted if need be."""
    local = address.local
    if not _DOT_ATOM.fullmatch(local):
        local = '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{local}@{address.domain}"


def _matter(finding: Finding, action: Action, event: str) -> MatchedInstitution:
    entity, listing = finding.entity, finding.listing
    listed_on = listing.listed_on if listing is not None else None
    return MatchedInstitution(
        event=event,
        recipient=addr_spec(finding.recipient),
        entity=entity.id if entity is not None else finding.recipient.domain,
        entity_name=entity.name if entity is not None else finding.recipient.domain,
        list=listing.list if listing is not None else "-",
        programme=listing.programme if listing is not None else None,
        listed_on=listed_on.isoformat() if listed_on is not None else None,
        tier=_tier(finding),
        action=action,
        standing=finding.standing,
    )


def _tier(finding: Finding) -> Tier:
    """A finding that a policy warns about without a tier asks for care, no more."""
    return finding.tier or Tier.ADVISORY
