"""``monition audit ask`` and ``questions``: the named questions, each a verb of its own."""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.audit import ask_beyond
from gateway.cli.shared.audit_answer import MOST, limit_option, print_answer
from gateway.cli.shared.audit_filters import MomentParamType, check_period, filters_of
from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.paragraphs import paragraph
from gateway.cli.shared.person import access_options
from gateway.cli.shared.tables import emit, paint
from gateway.compliance.actor import open_as
from gateway.compliance.audit import ask_ledger
from gateway.compliance.audit.question_values import mailbox_or_pseudonym
from gateway.ledger.questions.named_questions import QUESTIONS
from gateway.ledger.questions.question import ParameterKind, Question

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.compliance.actor import Access
    from gateway.ledger.questions.filters import Filters
    from gateway.ledger.questions.question import Parameter


class MailboxParamType(click.ParamType[str]):
    """A mail address, or the pseudonym of one."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take it, or say what it lacks."""
        try:
            return mailbox_or_pseudonym(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class DayParamType(click.ParamType[str]):
    """A day of the calendar."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the day, or say how one is written."""
        day = click.DateTime(["%Y-%m-%d"]).convert(value, param, ctx)
        return str(day.date().isoformat())


_TYPES: dict[ParameterKind, Callable[[], click.ParamType[Any]]] = {
    ParameterKind.ADDRESS: MailboxParamType,
    ParameterKind.SENDER: MailboxParamType,
    ParameterKind.MOMENT: MomentParamType,
    ParameterKind.END: lambda: MomentParamType(is_end=True),
    ParameterKind.DAY: DayParamType,
    ParameterKind.NUMBER: lambda: click.IntRange(0, MOST),
    ParameterKind.WORD: lambda: click.STRING,
    ParameterKind.FILE: lambda: click.STRING,
}


class Questions(click.Group):
    """A group with a verb for each question; its options are the question's parameters."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the questions."""
        del ctx
        return list(QUESTIONS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make the verb of a question."""
        del ctx
        question = QUESTIONS.get(cmd_name)
        return None if question is None else verb_of(question)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the question; an unknown one is told with the nearest known."""
        name = args[0]
        if name not in QUESTIONS and not name.startswith("-") and not ctx.resilient_parsing:
            near = difflib.get_close_matches(name, QUESTIONS, 1)
            hint = f"did you mean {near[0]}?" if near else "`monition audit questions` lists them."
            ctx.fail(f"There is no question {name!r}; {hint}")
        return super().resolve_command(ctx, args)


@click.command(
    "ask",
    cls=Questions,
    subcommand_metavar="NAME [ARGS]...",
    epilog=example(
        "monition audit ask contacts --sender prof@example.edu --domain mipt.ru --since 365d",
        "monition audit ask blind --since 30d",
        "monition audit ask after-warning --help",
    ),
)
def ask() -> None:
    """Put a named question to the ledger.

    The answer in one sentence goes to stderr, the rows to stdout.
    """


def verb_of(question: Question) -> click.Command:
    """Make the verb of a question."""
    beyond = ask_beyond.ANSWERS.get(question.name)
    names = {parameter.name for parameter in question.parameters}

    def answer(
        *,
        config_file: Path | None,
        who: Access | None,
        output_format: str,
        filters: Filters,
        limit: int = 0,
        **named: Any,
    ) -> None:
        config = load_config(config_file)
        values = {name: named[name] for name in names}
        check_period(values.get("since"), values.get("until"))
        if beyond is not None:
            asked = ask_beyond.Asked(config, who, question, values, limit or None, output_format)
            beyond(asked)
            return
        with open_as(config, who) as reading:
            found = ask_ledger.ask(
                reading, question, filters=filters, values=values, limit=limit or None
            )
        print_answer(question, found, output_format)

    decorated: Any = config_option(answer)
    decorated = access_options(f"audit ask {question.name}")(decorated)
    decorated = format_option()(decorated)
    if question.name not in ask_beyond.ONE_THING:
        decorated = limit_option(decorated)
    decorated = filters_of(*question.filters)(decorated)
    for parameter in reversed(question.parameters):
        decorated = _option(parameter)(decorated)
    line = f"monition audit ask {question.name} {question.example}".rstrip()
    return click.command(
        question.name, help=question.asks, short_help=question.asks, epilog=example(line)
    )(decorated)


def _option(parameter: Parameter) -> Callable[[Any], Any]:
    # click takes a default of None for one that is given, and then requires nothing.
    default: dict[str, Any] = {} if parameter.default is None else {"default": parameter.default}
    return click.option(
        f"--{parameter.name}",
        type=_TYPES[parameter.takes](),
        metavar=parameter.metavar,
        help=parameter.help,
        show_default=bool(default),
        required=parameter.is_required,
        **default,
    )


@click.command(epilog=example("monition audit questions", "monition audit questions --format json"))
@format_option()
def questions(output_format: str) -> None:
    """List the questions that `monition audit ask` answers, each with an example."""
    rows = [
        {
            "name": question.name,
            "asks": question.asks,
            "options": [f"--{name}" for name in _options(question)],
            "example": f"monition audit ask {question.name} {question.example}".rstrip(),
        }
        for question in QUESTIONS.values()
    ]
    if output_format != "table":
        emit(rows, format=output_format)
        return
    for number, row in enumerate(rows):
        if number:
            click.echo()
        click.echo(paint(str(row["name"]), sys.stdout, bold=True))
        click.echo(paragraph("asks", str(row["asks"])))
        click.echo(paragraph("options", " ".join(row["options"]) or "none"))
        click.echo(paragraph("example", str(row["example"])))


def _options(question: Question) -> list[str]:
    return [*(parameter.name for parameter in question.parameters), *question.filters]
