"""Findings counted by what they have in common: by institution, sender, department … Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from gateway.ledger.questions.filters import Filters
from gateway.ledger.questions.question import AnswerSentence, Question

if TYPE_CHECKING:
    from collections.abc import Mapping

FILTERS = tuple(Filters.__dataclass_fields__)

_COUNTS = (
    "findings",
    "senders",
    "institutions",
    "warnings",
    "open",
    "false_positives",
    "unreadable",
    "first_at",
    "last_at",
)
_COUNTS_SQL = (
    "count(*) AS findings, count(DISTINCT sender) AS senders,"
    " count(DISTINCT entity) AS institutions,"
    " count(DISTINCT notice_id) FILTER (WHERE notice = 'sent') AS warnings,"
    " count(*) FILTER (WHERE disposition = 'open') AS open,"
    " count(*) FILTER (WHERE disposition = 'false-positive') AS false_positives,"
    " count(*) FILTER (WHERE rule = 'unreadable') AS unreadable,"
    " min(seq) AS first, max(seq) AS last"
)
# Groups are made by sorting, and numbers are sorted for less than texts: times and names are looked
# up afterwards, for the rows that are shown.
_FOUND = "(SELECT f.{} FROM facet f WHERE f.seq = {})"


def _by(name: str, group: str, many: str, *, order: str = "findings DESC, last DESC") -> Question:
    # What is the same for all of a group says nothing of it.
    left_out = {"entity": "institutions", "sender": "senders"}.get(name)
    names = ("entity_name",) if name == "entity" else ()
    columns = (name, *names, *_COUNTS)
    shown = tuple(
        column for column in columns if column not in {left_out, "entity", "first_at", "last_at"}
    )
    told = (
        *(name, *(_FOUND.format(column, "last") for column in names), *_COUNTS[:-2]),
        *(_FOUND.format("at", "first"), _FOUND.format("at", "last")),
    )
    return Question(
        name,
        f"Findings by {name}.",
        AnswerSentence("Nothing in the ledger fits.", f"All findings are of one {name}.", many),
        columns,
        shown,
        f"--by {name}",
        f"SELECT {', '.join(told)} FROM ("  # noqa: S608 - our words alone
        f"SELECT {group} AS {name}, {_COUNTS_SQL} FROM facet WHERE {{where}} GROUP BY {group} "
        f"ORDER BY {order} LIMIT :limit) ORDER BY {order}",
        FILTERS,
    )


BY: Mapping[str, Question] = MappingProxyType(
    {
        "entity": _by("entity", "+entity", "{count} institutions, the most written to first."),
        "sender": _by("sender", "+sender", "{count} senders, the busiest first."),
        "department": _by(
            "department",
            "coalesce(department, '(not known)')",
            "{count} departments, the busiest first.",
        ),
        # The Monday it begins with: `weekday 0` goes on to the Sunday.
        "week": _by(
            "week",
            "date(at, 'weekday 0', '-6 days')",
            "{count} weeks, by their Mondays (UTC), the newest first.",
            order="week DESC",
        ),
        "rule": _by("rule", "+rule", "{count} rules, the most frequent first."),
    }
)
"""How findings can be counted: by what, and the question that counts them."""
