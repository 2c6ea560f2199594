"""One table for the terminal, at most 120 columns wide, and the same for markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from tabulate import tabulate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORMATS = ("simple", "github")
GAP = "  "
WIDTH = 120
SPREAD = re.compile(r" \(.+\)$")
LEFT_OUT = (
    "The least and the most of each are left out, since the table would be too wide with them."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of one thing. ``cells`` are by the names in the table's heading."""

    thing: str
    measure: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows under a line that says what they have in common."""

    title: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Table:
    """``columns``: what is compared, left to right. ``notes`` stand below."""

    columns: tuple[str, ...]
    blocks: list[Block]
    notes: list[str] = field(default_factory=list)


def joined(tables: Sequence[Table]) -> list[Table]:
    """Join neighbours that compare the same things to one table."""
    return [
        _one(columns, [*group]) for columns, group in groupby(tables, lambda each: each.columns)
    ]


def _one(columns: tuple[str, ...], tables: Sequence[Table]) -> Table:
    blocks = [block for table in tables for block in table.blocks]
    return Table(columns, blocks, [note for table in tables for note in table.notes])


def render(table: Table, form: str) -> str:
    """Write the table as text; ``form`` is one of ``FORMATS``."""
    shown = _markdown(table) if form == "github" else _plain(table)
    return "\n".join([shown, "", *table.notes]) if table.notes else shown


def _lines(table: Table, block: Block) -> list[list[str]]:
    """A block's cells; a thing is named once, at the first of its rows."""
    lines, before = [], None
    for row in block.rows:
        cells = [row.cells.get(column, "") for column in table.columns]
        lines.append(["" if row.thing == before else row.thing, row.measure, *cells])
        before = row.thing
    return lines


def _plain(table: Table) -> str:
    drawn = _drawn(table)
    titles = {block.title for block in table.blocks}
    if max(len(line) for line in drawn.splitlines() if line not in titles) <= WIDTH:
        return drawn
    # A noisy machine makes wide spreads; the middles say what matters.
    return f"{_drawn(_without_spreads(table))}\n\n{LEFT_OUT}"


def _without_spreads(table: Table) -> Table:
    def narrowed(row: Row) -> Row:
        cells = {column: SPREAD.sub("", cell) for column, cell in row.cells.items()}
        return Row(row.thing, row.measure, cells)

    blocks = [Block(block.title, [*map(narrowed, block.rows)]) for block in table.blocks]
    return Table(table.columns, blocks, table.notes)


def _drawn(table: Table) -> str:
    # A heading of two parts takes two lines: "monition, all matched".
    heading = ["\n".join(column.split(", ", 1)) for column in table.columns]
    lines = [line for block in table.blocks for line in _lines(table, block)]
    drawn = tabulate(
        lines, ["", "", *heading], "simple", disable_numparse=True, preserve_whitespace=True
    ).splitlines()
    rule = next(at for at, line in enumerate(drawn) if line.startswith("--"))
    result, rest = drawn[: rule + 1], drawn[rule + 1 :]
    for at, block in enumerate(table.blocks):
        result += [block.title] if at == 0 else ["", block.title]
        result += [f"{GAP}{line}".rstrip() for line in rest[: len(block.rows)]]
        rest = rest[len(block.rows) :]
    return "\n".join([GAP + line if at <= rule else line for at, line in enumerate(result)])


def _markdown(table: Table) -> str:
    lines: list[list[str]] = []
    for block in table.blocks:
        lines.append([f"**{block.title}**", *[""] * (len(table.columns) + 1)])
        lines += _lines(table, block)
    return tabulate(lines, ["", "", *table.columns], "github", disable_numparse=True)
