"""A workbook of findings (XLSX), written row by row: memory does not grow with their number.

Times are times to the spreadsheet; texts are harmless, and hold nothing that XML has no place for.
The rows' digest is on the last sheet, so that the workbook can be told from one that was edited.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import IO, TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.writer.excel import ExcelWriter

from gateway.ledger.evidence.safe_cell import harmless
from gateway.ledger.record.record import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

ROWS_PER_SHEET = 1_048_576
"""What one sheet holds, its heading included: beyond it another one follows."""

_LONGEST = 32_767
_CUT = " …"
# XML 1.0, section 2.2, has no place for these; a spreadsheet reads _x000D_ as the sign it names.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_TIMES = frozenset({"at"})
_DAYS = frozenset({"listed_on", "expires_on"})
_WIDTHS = {"id": 29, "at": 21, "sender": 30, "recipient": 34, "entity_name": 44, "policy_rule": 28}
_WIDTH = 15


def write_workbook(
    stream: IO[bytes],
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    about: Mapping[str, str | None],
    *,
    rows_per_sheet: int = ROWS_PER_SHEET,
) -> int:
    """Write the findings, and what ``about`` says of them; returns how many sheets they took.

    ``columns`` are the rows' keys that are shown, in their order. The digest is the SHA-256 of the
    rows as JSON lines, as ``--format json`` writes them. Raises ``OSError`` where there is no room
    for it, here or where temporary files lie.
    """
    book = Workbook(write_only=True)
    archive = ZipFile(stream, "w", ZIP_DEFLATED)
    try:
        sheets = _fill(book, rows, columns, about, rows_per_sheet)
        ExcelWriter(book, archive).save()
    except BaseException:
        # What is half written complains when it is collected, unless it is closed before.
        for unfinished in (*book.worksheets, archive):
            with suppress(Exception):
                unfinished.close()
        raise
    return sheets


def _fill(
    book: Workbook,
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    about: Mapping[str, str | None],
    rows_per_sheet: int,
) -> int:
    digest, count, sheets = hashlib.sha256(), 0, 1
    sheet = _sheet(book, "Findings", columns)
    for row in rows:
        if count and count % (rows_per_sheet - 1) == 0:
            sheets += 1
            sheet = _sheet(book, f"Findings {sheets}", columns)
        sheet.append([_cell(sheet, name, row.get(name)) for name in columns])
        digest.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        count += 1
    told = {
        **about,
        "findings": str(count),
        "SHA-256 of the findings": digest.hexdigest(),
        "which is of": "the same findings as JSON lines: audit export --format json",
    }
    note = book.create_sheet("About")
    note.column_dimensions["A"].width, note.column_dimensions["B"].width = 26, 90
    for name, value in told.items():
        note.append([_bold(note, name), xlsx_text(value or "")])
    return sheets


def xlsx_text(value: str) -> str:
    """A text as a cell can hold it: harmless, whole signs, at most as long as a cell may be."""
    spelt = _NO_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", harmless(value))
    spelt = _ESCAPE.sub("_x005F_", spelt)
    return spelt if len(spelt) <= _LONGEST else spelt[: _LONGEST - len(_CUT)] + _CUT


def _sheet(book: Workbook, title: str, columns: Sequence[str]) -> WriteOnlyWorksheet:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, name in enumerate(columns):
        letters = _letters(number)
        sheet.column_dimensions[letters].width = _WIDTHS.get(name, _WIDTH)
    sheet.append([_bold(sheet, name) for name in columns])
    return sheet


def _letters(number: int) -> str:
    first, last = divmod(number, 26)
    return (chr(ord("A") + first - 1) if first else "") + chr(ord("A") + last)


def _bold(sheet: WriteOnlyWorksheet, value: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=value)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: WriteOnlyWorksheet, name: str, value: object) -> object:
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return value
    if name in _TIMES or name in _DAYS:
        return _dated(sheet, name, str(value))
    return xlsx_text(str(value))


def _dated(sheet: WriteOnlyWorksheet, name: str, value: str) -> object:
    """A time or a day as the spreadsheet's own; in UTC, for cells know no zones."""
    try:
        if name in _DAYS:
            cell = WriteOnlyCell(sheet, value=date.fromisoformat(value))
            cell.number_format = "yyyy-mm-dd"
        else:
            at: datetime = parse_timestamp(value).astimezone(UTC).replace(tzinfo=None)
            cell = WriteOnlyCell(sheet, value=at)
            cell.number_format = "yyyy-mm-dd hh:mm:ss"
    except ValueError:
        return xlsx_text(value)
    return cell
