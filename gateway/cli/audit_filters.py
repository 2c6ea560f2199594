"""The filters of ``audit list``, for every verb that takes them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from gateway.ledger.filters import ACCEPTED, Filters, when
from gateway.model import Action, Disposition, Kind, Outcome, Standing, Tier

if TYPE_CHECKING:
    from enum import StrEnum

F = TypeVar("F", bound=Callable[..., Any])


class Moment(click.ParamType[datetime]):
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
            return when(value, datetime.now(UTC), is_end=self._is_end)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def filter_options(command: F) -> F:
    """Add the filters, handed over together as ``filters: Filters``."""

    @functools.wraps(command)
    def with_filters(*values: Any, list_: str | None, **named: Any) -> Any:
        asked = {name: named.pop(name) for name in _NAMES}
        return command(*values, filters=Filters(list=list_, **asked), **named)

    decorated: Any = with_filters
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return cast("F", decorated)


def _choice(option: str, values: type[StrEnum], text: str) -> Callable[[F], F]:
    return click.option(option, type=click.Choice([value.value for value in values]), help=text)


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--since", type=Moment(), metavar="WHEN", help=f"From then on: {ACCEPTED}."),
    click.option(
        "--until", type=Moment(is_end=True), metavar="WHEN", help="Up to then; a day is in."
    ),
    click.option("--sender", metavar="ADDRESS", help="The sender; * stands for any letters."),
    click.option("--recipient", metavar="ADDRESS", help="The recipient; * stands for any letters."),
    click.option(
        "--domain", metavar="DOMAIN", help="Recipients at it or below it, or matched by it."
    ),
    click.option("--entity", metavar="ID|NAME", help="The institution, by its id or whole name."),
    click.option("--list", "list_", metavar="LIST", help="The list, as in US-OFAC-SDN."),
    click.option("--programme", metavar="PROGRAMME", help="The programme, as in RUSSIA-EO14024."),
    _choice("--tier", Tier, "What the listing asks for."),
    _choice("--standing", Standing, "What the lists said of the recipient."),
    _choice("--kind", Kind, "Whose mailbox it was."),
    _choice("--action", Action, "What the policy did."),
    _choice("--outcome", Outcome, "What became of the message."),
    _choice("--disposition", Disposition, "What the office decided."),
    click.option("--department", metavar="NAME", help="The sender's department at that time."),
    click.option("--text", metavar="WORDS", help="Words in names of people and institutions."),
)
_NAMES = tuple(name for name in Filters.__dataclass_fields__ if name != "list")
