"""The noun of an audit question: what it asks, in SQL and in words. Pure.

The SQL chooses on the table ``facet`` and shows from the view ``finding``, which is told from the
sealed events; ``{where}`` in it is the condition of the question's filters. It may name ``:now``
(RFC 3339, UTC), ``:today``, ``:limit`` and its own parameters. Its columns are those of
:attr:`Question.columns`, in their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_PEOPLE = frozenset({"sender", "recipient", "reason"})


class ParameterKind(StrEnum):
    """What a parameter is: how it is read from a person's words."""

    ADDRESS = "address"
    """A mail address."""
    SENDER = "sender"
    """A sender of ours, who stands in the access log by pseudonym."""
    MOMENT = "moment"
    """A time, as filters take it."""
    END = "end"
    """A time that ends a period: of a day, its end."""
    DAY = "day"
    """A day of the calendar."""
    NUMBER = "number"
    """A whole number, 0 or more."""
    WORD = "word"
    """Any text."""
    FILE = "file"
    """A file's path."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that a question leaves open. Without a ``default`` it may be left out.

    ``name`` is its name in the SQL and, after two dashes, on the command line.
    """

    name: str
    takes: ParameterKind
    help: str
    metavar: str
    default: int | None = None
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """The answer in one sentence, by how many rows it has; ``{count}`` stands for their number."""

    none: str
    one: str
    many: str

    def of(self, count: int, *, has_more: bool = False) -> str:
        """The sentence for so many rows, or with ``has_more`` for more than so many."""
        if count == 0:
            return self.none
        if count == 1 and not has_more:
            return self.one
        told = self.many.format(count=f"more than {count:,}" if has_more else f"{count:,}")
        return told[0].upper() + told[1:]


@dataclass(frozen=True, slots=True)
class Question:
    """A named question. ``sql=None``: it is answered from more than the ledger, by its command.

    ``filters`` are the names of the filters it takes. ``table_columns`` are the columns for people,
    on a terminal; programs get ``columns``. ``example`` is what stands behind the name in an
    example.
    """

    name: str
    asks: str
    sentence: AnswerSentence
    columns: tuple[str, ...]
    table_columns: tuple[str, ...]
    example: str
    sql: str | None = None
    filters: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()

    @property
    def is_personal(self) -> bool:
        """Whether its answer shows people."""
        return not _OF_PEOPLE.isdisjoint(self.columns)

    @property
    def defaults(self) -> Mapping[str, int | None]:
        """A value for each parameter, where it is left out; ``None`` for one that has none."""
        return {parameter.name: parameter.default for parameter in self.parameters}


def findings_where(condition: str, order: str = "DESC") -> str:
    """SQL: the findings of a page, by a condition on ``facet``; newest first unless ``ASC``."""
    return f"(SELECT seq FROM facet WHERE {condition} ORDER BY seq {order} LIMIT :limit)"  # noqa: S608
