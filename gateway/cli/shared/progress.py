"""How far a verb is, on a terminal, once it takes longer than people like to wait."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE_SECONDS = 2.0


def progress(length: int, *, step: int = 1) -> Callable[[int], None]:
    """Give what is to be told the number of rows done, of so many; every ``step`` it is shown."""
    begun = time.monotonic()
    is_shown = sys.stderr.isatty()

    def tell(rows: int) -> None:
        if is_shown and rows % step == 0 and time.monotonic() - begun > _PATIENCE_SECONDS:
            click.echo(f"{rows:,} of {length:,} rows\r", nl=False, err=True)

    return tell
