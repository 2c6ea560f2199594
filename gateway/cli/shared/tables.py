"""Rows on their way out: a table for people, JSON lines and CSV for programs.

Data goes to stdout, talk to stderr (:func:`print_message`). Colour is for terminals alone.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from typing import IO, TYPE_CHECKING, Any

import click
import tabulate as tables

from gateway.compliance.row_formats import (
    cell,
    is_number,
    visible,
    writable,
    write_csv,
    write_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.compliance.row_formats import Row

__all__ = ["emit", "has_colour", "paint", "print_message", "visible"]

# Two more signs to the width of each heading would put a table that fits out of its bounds.
tables.MIN_PADDING = 0

# Between two columns of a table; and how narrow one may be made so that a table fits.
_GAP = 2
_NARROWEST = 12


def emit(
    rows: Iterable[Row],
    *,
    columns: Sequence[str] | None = None,
    format: str = "table",  # noqa: A002 - named after the option it carries
    stream: IO[str] | None = None,
) -> None:
    """Print ``rows`` as ``table``, ``json`` (one object a line) or ``csv``.

    ``columns`` chooses and orders; left out, the first row's keys do. A row's missing cell is
    null, an empty cell. JSON and CSV are written row by row, so that a reader sees the first
    while the last is still being found.
    """
    out = stream or sys.stdout
    match format:
        case "table":
            _table(rows, columns, out)
        case "json":
            write_json(rows, columns, out)
        case "csv":
            write_csv(rows, columns, out)
        case _:
            raise ValueError(f"no such format: {format!r}")


def print_message(message: str) -> None:
    """Print talk, which is never data, on stderr; on a terminal broken between words."""
    if sys.stderr.isatty():
        columns = shutil.get_terminal_size().columns
        message = "\n".join(_broken(line, columns) for line in message.split("\n"))
    click.echo(message, err=True)


def _broken(line: str, columns: int) -> str:
    if len(line) <= columns:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    # A path or an id stays whole: people copy it.
    return textwrap.fill(
        line,
        columns,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def has_colour(stream: IO[str]) -> bool:
    """Whether colour is welcome: a terminal, and neither NO_COLOR nor TERM=dumb is set."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def paint(text: str, stream: IO[str], **style: Any) -> str:
    """Style ``text`` as :func:`click.style` does, where ``stream`` welcomes colour."""
    return click.style(text, **style) if has_colour(stream) else text


def _table(rows: Iterable[Row], columns: Sequence[str] | None, out: IO[str]) -> None:
    held = list(rows)
    if not held:
        return
    names = list(held[0] if columns is None else columns)
    heads = [paint(name.replace("_", " "), out, bold=True) for name in names]
    cells = [[visible(cell(row.get(name))) for name in names] for row in held]
    sides = ["right" if all(is_number(row.get(n)) for row in held) else "left" for n in names]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    room = shutil.get_terminal_size().columns if out.isatty() else sum(widths) * 2 + 100
    fitted = _fitted(names, widths, room)
    if fitted is None:
        text = "\n\n".join(_block(heads, row, max(map(len, names))) for row in cells)
    else:
        # Without `disable_numparse` a serial number such as 1e5 or 007 would be shown as another.
        text = tables.tabulate(
            cells,
            heads,
            tablefmt="simple",
            disable_numparse=True,
            colalign=sides,
            maxcolwidths=None if fitted == widths else fitted,
            maxheadercolwidths=None if fitted == widths else fitted,
        )
    out.write(writable(text, out) + "\n")


def _fitted(names: Sequence[str], widths: list[int], room: int) -> list[int] | None:
    """Widths with which a table fits a terminal; ``None`` where it would be too narrow to read.

    An id is never broken: people copy it.
    """
    fitted = list(widths)
    while sum(fitted) + _GAP * (len(fitted) - 1) > room:
        shrinkable = [index for index, name in enumerate(names) if name != "id"]
        widest = max(shrinkable, key=fitted.__getitem__, default=None)
        if widest is None or fitted[widest] <= _NARROWEST:
            return None
        fitted[widest] -= 1
    return fitted


def _block(heads: Sequence[str], row: Sequence[str], width: int) -> str:
    """One row as lines of its own, for a terminal too narrow for the table."""
    lines = zip(heads, row, strict=True)
    return "\n".join(
        f"{head}{' ' * (width - len(click.unstyle(head)))}  {cell}" for head, cell in lines if cell
    )
