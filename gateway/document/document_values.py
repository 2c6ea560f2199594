"""What a single TOML value may be.

Each function takes a value as :mod:`tomllib` gives it and hands it back typed, or raises
:class:`InvalidValueError`.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from enum import StrEnum
from typing import TypeVar

E = TypeVar("E", bound=StrEnum)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]")


class InvalidValueError(ValueError):
    """A value that cannot be taken, in the words of its fault."""


def integer(value: object, at_least: int, at_most: int) -> int:
    """Take a whole number within its bounds, both included.

    All else is an :class:`InvalidValueError`.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidValueError(f"must be a whole number, not {describe(value)}")
    if value < at_least:
        raise InvalidValueError(f"must be {at_least} or more, not {value}")
    if value > at_most:
        raise InvalidValueError(f"must be {at_most} or less, not {value}")
    return value


def text(value: object, *, multiline: bool = False) -> str:
    """Take a text that is not blank; one line, unless ``multiline``.

    Raises :class:`InvalidValueError` for all else, and for control characters but tab and line
    ends.
    """
    if not isinstance(value, str):
        raise InvalidValueError(f"must be a text in quotes, not {describe(value)}")
    if not value.strip():
        raise InvalidValueError("is empty; write something, or leave the key out")
    if not multiline and ("\n" in value or _CONTROL.search(value)):
        raise InvalidValueError("must be one line without control characters")
    if multiline and _CONTROL.search(value.replace("\r\n", "\n")):
        raise InvalidValueError("must not hold control characters")
    return value


def flag(value: object) -> bool:
    """Take true or false; all else is an :class:`InvalidValueError`."""
    if not isinstance(value, bool):
        raise InvalidValueError(f"must be true or false, not {describe(value)}")
    return value


def date(value: object) -> dt.date:
    """Take a day without a time of day; all else is an :class:`InvalidValueError`."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    raise InvalidValueError(
        f"must be a date, written without quotes as in 2026-11-22, not {describe(value)}"
    )


def member(value: object, kind: type[E]) -> E:
    """Take a member of ``kind`` by its value; what is none is an :class:`InvalidValueError`."""
    allowed = [each.value for each in kind]
    if isinstance(value, str):
        if value in allowed:
            return kind(value)
        near = difflib.get_close_matches(value.lower(), allowed, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InvalidValueError(f"is {value!r}, must be one of {', '.join(allowed)}{hint}")
    raise InvalidValueError(f"must be one of {', '.join(allowed)}, not {describe(value)}")


def describe(value: object) -> str:
    """Name a TOML value in a fault's words: a text, a list and a table by their kind alone."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            return "a text in quotes"
        case dt.datetime() | dt.time():
            return f"the time {value.isoformat()}"
        case dt.date():
            return f"the date {value.isoformat()}"
        case list():
            return "a list"
        case _:
            return "a table"
