"""Which findings a person asks for: the filters of ``audit list`` as SQL with parameters. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from gateway.addresses.canonical_mailbox import NO_FAMILIES, mailbox_of
from gateway.ledger.record.fold import fold
from gateway.ledger.record.record import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.addresses.canonical_mailbox import SameMailboxes
    from gateway.model import Action, Disposition, Kind, Outcome, Standing, Tier

_AGO = re.compile(r"([0-9]{1,6})\s*([mhdw])", re.IGNORECASE)
_PLAIN = ("list", "programme", "tier", "standing", "kind", "action", "outcome", "disposition")
_OF_DOMAIN = (
    "(matched = :domain OR recipient LIKE :at_domain ESCAPE '\\'"
    " OR recipient LIKE :below_domain ESCAPE '\\')"
)
# By the names, each of which stands there once: few to fold, and facets have an index on them.
_OF_ENTITY = (
    "(entity = :entity OR entity_name IN"
    " (SELECT value FROM name WHERE kind = 'entity' AND lower(value) = :entity_name))"
)
# The names in which a word stands, as a value of FTS5's MATCH.
_NAMED = (
    "(SELECT value FROM name WHERE id IN (SELECT rowid FROM name_text WHERE name_text MATCH :{}))"
)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

_Term: TypeAlias = tuple[str, dict[str, str]]

ACCEPTED = (
    "a day (2026-11-22), a moment (2026-11-22T09:30:00Z, or with +02:00), or how long ago: "
    "30m, 12h, 7d, 2w"
)
"""What :func:`parse_moment` takes, for help and errors."""


@dataclass(frozen=True, slots=True)
class Filters:
    """All combinable; ``None`` asks for nothing. ``until`` itself is left out.

    ``sender`` and ``recipient`` may hold ``*`` for any letters; case does not count. A sender
    written out is sought as it is written and as the mailbox that it counts under. ``domain``
    holds for the domains below it too, and for what matched. ``entity`` is an id or a whole name.
    ``text`` is words that are sought in the names, approximately, each in any of them.
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
    disposition: Disposition | None = None
    department: str | None = None
    text: str | None = None

    @property
    def name_a_person(self) -> bool:
        """Whether they ask about one: by an address, a pattern or pseudonym of one, or by words."""
        named = self.sender or self.recipient or self.text
        # What matched can be an address too, and is asked for by --domain.
        return bool(named) or "@" in (self.domain or "").strip("@")


@dataclass(frozen=True, slots=True)
class SearchWord:
    """A word of a text, and what it was taken for in the names that the ledger holds.

    ``query`` is FTS5's expression for it (SQLite's documentation, "FTS5", section 3); empty where
    no name has the like. ``taken`` are the words that stand for it where it does not stand there
    itself. ``is_common``: so many names have it that a walk through the findings is quicker than
    one through the names.
    """

    asked: str
    query: str = ""
    taken: tuple[str, ...] = ()
    is_common: bool = False


def parse_moment(text: str, now: datetime, *, is_end: bool = False) -> datetime:
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


def as_sql(
    filters: Filters,
    words: Sequence[SearchWord] = (),
    same_mailboxes: SameMailboxes = NO_FAMILIES,
) -> tuple[str, dict[str, str]]:
    """The condition on the table ``facet``, as SQL, and its parameters by their names.

    ``words`` is what ``filters.text`` was found to mean: a finding fits in whose names, sender,
    recipient and institution together, each of them stands. ``same_mailboxes`` is what is known of
    providers (behaviour S18).
    """
    terms = ["1"]
    values: dict[str, str] = {}
    for term, parameters in (
        *_of_time(filters),
        *_of_people(filters, same_mailboxes),
        *_of_words(words),
    ):
        terms.append(term)
        values.update(parameters)
    for column in _PLAIN:
        if (value := getattr(filters, column)) is not None:
            terms.append(f"{column} = :{column}")
            values[column] = str(value)
    return " AND ".join(terms), values


def _of_time(filters: Filters) -> Iterator[_Term]:
    if filters.since is not None:
        yield "at >= :since", {"since": timestamp(filters.since)}
    if filters.until is not None:
        yield "at < :until", {"until": timestamp(filters.until)}


def _of_people(filters: Filters, same_mailboxes: SameMailboxes) -> Iterator[_Term]:
    if filters.sender is not None:
        if "*" in filters.sender:
            yield _of_address("sender", filters.sender), {"sender": _address(filters.sender)}
        else:
            # Events of before senders had one spelling keep theirs.
            mailbox = fold(mailbox_of(filters.sender, same_mailboxes))
            spelt = {"sender": fold(filters.sender), "sender_mailbox": mailbox}
            yield "sender IN (:sender, :sender_mailbox)", spelt
    if filters.recipient is not None:
        address = filters.recipient
        yield _of_address("recipient", address), {"recipient": _address(address)}
    if filters.domain is not None:
        domain = fold(filters.domain).strip(".@")
        below = _escaped(domain)
        yield (
            _OF_DOMAIN,
            {"domain": domain, "at_domain": f"%@{below}", "below_domain": f"%@%.{below}"},
        )
    if filters.entity is not None:
        yield _OF_ENTITY, {"entity": filters.entity, "entity_name": fold(filters.entity)}
    if filters.department is not None:
        yield "lower(department) = :department", {"department": fold(filters.department)}


def _of_words(words: Sequence[SearchWord]) -> Iterator[_Term]:
    for number, word in enumerate(words):
        if not word.query:
            yield "0", {}
            continue
        # A plus keeps SQLite from its indexes.
        sign = "+" if word.is_common else ""
        named = _NAMED.format(f"text_{number}")
        columns = ("sender", "recipient", "entity_name")
        either = " OR ".join(f"{sign}{column} IN {named}" for column in columns)
        yield f"({either})", {f"text_{number}": word.query}


def _of_address(column: str, address: str) -> str:
    is_pattern = "*" in address
    return f"{column} LIKE :{column} ESCAPE '\\'" if is_pattern else f"{column} = :{column}"


def _address(address: str) -> str:
    return _escaped(address).replace("*", "%") if "*" in address else fold(address)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
