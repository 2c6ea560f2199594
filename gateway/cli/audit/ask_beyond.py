"""The questions that need more than the ledger, each printed in a way of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.audit import verify
from gateway.cli.check import explanation
from gateway.cli.shared.audit_answer import print_answer
from gateway.cli.shared.options import tell_of_damage
from gateway.cli.shared.tables import emit, print_message, visible
from gateway.compliance.actor import open_as
from gateway.compliance.audit import questions_beyond_ledger
from gateway.compliance.previews.try_address import as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.compliance.actor import Access
    from gateway.config import Config
    from gateway.ledger.questions.question import Question


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with all that it is asked with; ``limit=None`` is all rows."""

    config: Config
    who: Access | None
    question: Question
    values: Mapping[str, Any]
    limit: int | None
    output_format: str


def _why(asked: Asked) -> None:
    with open_as(asked.config, asked.who) as reading:
        told = questions_beyond_ledger.why(reading, asked.values["event"])
    print_message(visible(told.sentence))
    if asked.output_format == "json":
        emit([told.facts], format="json")
        return
    rows = [
        {"field": name, "value": value} for name, value in told.facts.items() if value is not None
    ]
    if asked.output_format == "csv":
        emit(rows, columns=asked.question.columns, format="csv")
    else:
        # All of it, also what is long.
        emit(rows, columns=asked.question.table_columns)


def _why_not(asked: Asked) -> None:
    day = date.fromisoformat(asked.values["on"]) if asked.values["on"] else None
    with open_as(asked.config, asked.who) as reading:
        found = questions_beyond_ledger.why_not(
            asked.config, reading, asked.values["address"], day, asked.limit
        )
    tell_of_damage(found.lists)
    if asked.output_format == "json":
        print_message(found.seen.sentence)
        emit([{**as_object(found.verdict), "seen": found.seen.rows}], format="json")
        return
    # As data where people read it; beside the data where a program does.
    for line in explanation(found.verdict, found.basis.rules, writes=found.basis.writes):
        click.echo(line, err=asked.output_format == "csv")
    print_answer(asked.question, found.seen, asked.output_format)


def _list_change(asked: Asked) -> None:
    before, after = asked.values["before"], asked.values["after"]
    with open_as(asked.config, asked.who) as reading:
        found = questions_beyond_ledger.list_change(
            asked.config, reading, before, after, asked.limit
        )
    if found is None:
        print_message(
            "Only one snapshot was ever in force: there is nothing to compare it with yet."
        )
        return
    print_answer(asked.question, found, asked.output_format)
    print_message(
        "Mail that was never matched is not in the ledger: see docs/lists.md, Looking back."
    )


def _exceptions(asked: Asked) -> None:
    with open_as(asked.config, asked.who) as reading:
        found = questions_beyond_ledger.exceptions(asked.config, reading, asked.values, asked.limit)
    print_answer(asked.question, found, asked.output_format)


def _intact(asked: Asked) -> None:
    """Hand it on to ``audit verify``, which answers with its status too."""
    if asked.output_format == "csv":
        raise click.UsageError("--format csv has nothing to show here: take table or json.")
    arguments = ["--config", str(asked.config.file), "--format", asked.output_format]
    if asked.values["checkpoint"]:
        arguments += ["--checkpoint", asked.values["checkpoint"]]
    with verify.verify.make_context("verify", arguments) as context:
        verify.verify.invoke(context)


ANSWERS: Mapping[str, Callable[[Asked], None]] = {
    "why": _why,
    "why-not": _why_not,
    "list-change": _list_change,
    "exceptions": _exceptions,
    "intact": _intact,
}
"""Who answers which of them."""

ONE_THING = {"why", "intact"}
"""Answers that no limit of rows makes sense for."""
