"""Rows as JSON lines and as CSV, and a value as one cell's text: for programs and spreadsheets."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import IO, Any

from gateway.ledger.evidence.safe_cell import harmless

Row = Mapping[str, Any]


def write_json(rows: Iterable[Row], columns: Sequence[str] | None, out: IO[str]) -> None:
    """Write one object a line, each as soon as its row is there.

    ``columns`` chooses and orders the keys, and what a row lacks is null; left out, each row has
    its own. A day or a time is written as ISO 8601, and what else JSON has no form for as text.
    """
    ascii_only = not _encoding(out).startswith("utf")
    for row in rows:
        chosen = row if columns is None else {key: row.get(key) for key in columns}
        line = json.dumps(chosen, ensure_ascii=ascii_only, default=_plain)
        # A byte that was no UTF-8 is a lone surrogate, for which `\udcff` is JSON's own escape.
        out.write(writable(line, out) + "\n")


def write_csv(rows: Iterable[Row], columns: Sequence[str] | None, out: IO[str]) -> None:
    """Write a heading and one record a row (RFC 4180, lines ending in LF), each as it comes.

    ``columns`` chooses and orders; left out, the first row's keys do. What a row lacks is empty. A
    cell that a spreadsheet would take for a formula is made harmless (A8).
    """
    writer = csv.writer(out, lineterminator="\n")
    # The writer leaves a lone CR bare where rows end in LF, and readers take it for a row's end.
    quoting = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    names = columns
    if names is not None:
        writer.writerow(names)
    for row in rows:
        if names is None:
            names = list(row)
            writer.writerow(names)
        cells = [writable(_csv_cell(row.get(name)), out) for name in names]
        (quoting if any("\r" in cell for cell in cells) else writer).writerow(cells)


def cell(value: object) -> str:
    """Put a value in one cell's text; nothing for null, and a list's items behind commas."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(cell, value))
        case dict():
            return json.dumps(value, ensure_ascii=False, default=_plain)
        case date() | datetime():
            return value.isoformat()
        case _:
            return str(value)


def is_number(value: object) -> bool:
    """Whether a cell holds a number; yes and no are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def visible(text: str) -> str:
    r"""Spell out, as in ``\x1b``, what would move the cursor or turn the writing round.

    Texts are anyone's.
    """
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text)


def writable(text: str, out: IO[str]) -> str:
    """Escape what the stream's encoding has no character for, rather than fail half-way."""
    encoding = _encoding(out)
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _csv_cell(value: object) -> str:
    # A negative number is no formula.
    return cell(value) if is_number(value) else harmless(cell(value))


def _encoding(out: IO[str]) -> str:
    return (getattr(out, "encoding", None) or "utf-8").lower()


def _plain(value: object) -> object:
    """Give JSON a form of what it has none for."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
