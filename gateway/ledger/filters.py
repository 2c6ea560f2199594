"""Which findings a person asks for: the filters of ``audit list`` as SQL with parameters. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.ledger.record import timestamp

if TYPE_CHECKING:
    from gateway.model import Action, Kind, Outcome, Standing, Tier

_AGO = re.compile(r"([0-9]{1,6})\s*([mhdw])", re.IGNORECASE)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

ACCEPTED = (
    "a day (2026-11-22), a moment (2026-11-22T09:30:00Z, or with +02:00), or how long ago: "
    "30m, 12h, 7d, 2w"
)
"""What :func:`when` takes, for help and errors."""


@dataclass(frozen=True, slots=True)
class Filters:
    """All combinable; ``None`` asks for nothing. ``until`` itself is left out.

    ``sender`` and ``recipient`` may hold ``*`` for any letters; case does not count. ``domain``
    holds for the domains below it too, and for what matched. ``entity`` is an id or a whole name.
    """

    since: datetime | None = None
    until: datetime | None = None
    sender: str | None = None
    recipient: str | None = None
    domain: str | None = None
    entity: str | None = None
    list: str | None = None
    programme: str | None = None
    tier: Tier | None = None
    standing: Standing | None = None
    kind: Kind | None = None
    action: Action | None = None
    outcome: Outcome | None = None


def when(text: str, now: datetime, *, is_end: bool = False) -> datetime:
    """A moment in a person's words, in UTC where they name no zone.

    A day is its beginning, or where it ends a period the beginning of the next: the day itself
    is within. Raises ``ValueError`` with what is accepted.
    """
    text = text.strip()
    try:
        if found := _AGO.fullmatch(text):
            return now - timedelta(**{_UNITS[found[2].lower()]: int(found[1])})
        if len(text) == len("2026-11-22"):
            day = date.fromisoformat(text) + timedelta(days=1 if is_end else 0)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no time; accepted are {ACCEPTED}") from error


def as_sql(filters: Filters) -> tuple[str, dict[str, str]]:
    """The condition on the view ``finding``, and its parameters."""
    terms = ["1"]
    values: dict[str, str] = {}
    if filters.since is not None:
        terms.append("at >= :since")
        values["since"] = timestamp(filters.since)
    if filters.until is not None:
        terms.append("at < :until")
        values["until"] = timestamp(filters.until)
    for part in ("sender", "recipient"):
        if (address := getattr(filters, part)) is not None:
            terms.append(_of_address(part, address))
            values[part] = _pattern(address) if "*" in address else _folded(address)
    if filters.domain is not None:
        domain = _folded(filters.domain).strip(".@")
        terms.append(
            "(matched = :domain OR recipient LIKE :at_domain ESCAPE '\\' "
            "OR recipient LIKE :below_domain ESCAPE '\\')"
        )
        values["domain"] = domain
        values["at_domain"] = "%@" + _escaped(domain)
        values["below_domain"] = "%@%." + _escaped(domain)
    if filters.entity is not None:
        terms.append("(entity = :entity OR lower(entity_name) = :entity_name)")
        values["entity"] = filters.entity
        values["entity_name"] = _folded(filters.entity)
    for column in ("list", "programme", "tier", "standing", "kind", "action", "outcome"):
        if (value := getattr(filters, column)) is not None:
            terms.append(f"{column} = :{column}")
            values[column] = str(value)
    return " AND ".join(terms), values


def _of_address(part: str, address: str) -> str:
    if "*" in address:
        return f"{part} LIKE :{part} ESCAPE '\\'"
    # The very expression of the index personal_address, so that it is used.
    return (
        f"id IN (SELECT event FROM personal WHERE part = '{part}' "  # noqa: S608 - two fixed words
        f"AND lower(json_extract(data, '$.address')) = :{part} "
        "AND json_extract(data, '$.address') IS NOT NULL)"
    )


def _folded(text: str) -> str:
    """Lower case for ASCII letters alone: what SQLite's lower() does."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _pattern(text: str) -> str:
    return _escaped(text).replace("*", "%")
