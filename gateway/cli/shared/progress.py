"""How far a verb is, on a terminal, once it takes longer than people like to wait."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

_PATIENCE_SECONDS = 2.0
_STEP = 1000


def progress(length: int, *, step: int = 1) -> Callable[[int], None]:
    """Give what is to be told the number of rows done, of so many; every ``step`` it is shown."""
    begun = time.monotonic()
    is_shown = sys.stderr.isatty()

    def tell(rows: int) -> None:
        if is_shown and rows % step == 0 and time.monotonic() - begun > _PATIENCE_SECONDS:
            click.echo(f"{rows:,} of {length:,} rows\r", nl=False, err=True)

    return tell


def counted(rows: Iterable[dict[str, Any]], length: int) -> Iterator[dict[str, Any]]:
    """Give the rows on, telling how far they are."""
    tell = progress(length, step=_STEP)
    for number, row in enumerate(rows, 1):
        tell(number)
        yield row
