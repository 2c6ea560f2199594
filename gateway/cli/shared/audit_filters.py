"""The filters of ``audit list``, for every verb that takes them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from gateway.cli.shared.tables import print_message
from gateway.compliance.audit.question_values import is_empty_period, moment
from gateway.ledger.questions.filters import ACCEPTED, Filters
from gateway.model import Action, Disposition, Kind, Outcome, Standing, Tier

if TYPE_CHECKING:
    from enum import StrEnum

    from gateway.ledger.questions.filters import SearchWord

F = TypeVar("F", bound=Callable[..., Any])


class MomentParamType(click.ParamType[datetime]):
    """A time in a person's words; ``is_end`` for one that ends a period."""

    name = "when"

    def __init__(self, *, is_end: bool = False) -> None:
        self._is_end = is_end

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read the time, or say what is accepted."""
        if isinstance(value, datetime):
            return value
        try:
            return moment(value, is_end=self._is_end)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def filters_of(*names: str) -> Callable[[F], F]:
    """Add the filters of these names, handed over together as ``filters: Filters``."""

    def decorated(command: F) -> F:
        @functools.wraps(command)
        def with_filters(*values: Any, **named: Any) -> Any:
            asked = {name: named.pop("list_" if name == "list" else name) for name in names}
            filters = Filters(**asked)
            check_period(filters.since, filters.until)
            return command(*values, filters=filters, **named)

        with_options: Any = with_filters
        for name in reversed(names):
            with_options = _OPTIONS[name](with_options)
        return cast("F", with_options)

    return decorated


def check_period(since: datetime | None, until: datetime | None) -> None:
    """End the command where a period ends before it begins."""
    if since and until and is_empty_period(since, until):
        raise click.UsageError(
            f"nothing lies between --since {since:%Y-%m-%d %H:%M} and --until "
            f"{until:%Y-%m-%d %H:%M} (UTC): the first must be before the second; a last day is in."
        )


def filter_options(command: F) -> F:
    """Add all filters, handed over together as ``filters: Filters``."""
    return filters_of(*_OPTIONS)(command)


def tell_of_words(words: Iterable[SearchWord]) -> None:
    """Say what the words of ``--text`` were taken for, and which of them no name has."""
    for word in words:
        if word.taken:
            print_message(f"{word.asked} → {', '.join(word.taken)}")
        else:
            print_message(f"no name in the ledger has a word like {word.asked!r}")


def _choice(option: str, values: type[StrEnum], text: str) -> Callable[[F], F]:
    return click.option(option, type=click.Choice([value.value for value in values]), help=text)


_OPTIONS: dict[str, Callable[[Any], Any]] = dict(
    zip(
        Filters.__dataclass_fields__,
        (
            click.option(
                "--since", type=MomentParamType(), metavar="WHEN", help=f"From then on: {ACCEPTED}."
            ),
            click.option(
                "--until",
                type=MomentParamType(is_end=True),
                metavar="WHEN",
                help="Up to then; a day is in.",
            ),
            click.option(
                "--sender", metavar="ADDRESS", help="The sender; * stands for any letters."
            ),
            click.option(
                "--recipient", metavar="ADDRESS", help="The recipient; * stands for any letters."
            ),
            click.option(
                "--domain", metavar="DOMAIN", help="Recipients at it or below it, or matched by it."
            ),
            click.option(
                "--entity", metavar="ID|NAME", help="The institution, by its id or whole name."
            ),
            click.option("--list", "list_", metavar="LIST", help="The list, as in US-OFAC-SDN."),
            click.option(
                "--programme", metavar="PROGRAMME", help="The programme, as in RUSSIA-EO14024."
            ),
            _choice("--tier", Tier, "What the listing asks for."),
            _choice("--standing", Standing, "What the lists said of the recipient."),
            _choice("--kind", Kind, "Whose mailbox it was."),
            _choice("--action", Action, "What the policy did."),
            _choice("--outcome", Outcome, "What became of the message."),
            _choice("--disposition", Disposition, "What the office decided."),
            click.option(
                "--department", metavar="NAME", help="The sender's department at that time."
            ),
            click.option(
                "--text", metavar="WORDS", help="Words in names of people and institutions."
            ),
        ),
        strict=True,
    )
)
