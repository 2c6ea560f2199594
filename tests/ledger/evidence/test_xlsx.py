from __future__ import annotations

import gc
import hashlib
import io
import json
import zipfile
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from gateway.errors import LedgerError
from gateway.ledger.evidence import xlsx
from gateway.ledger.evidence.atomic_file import atomic_writer
from gateway.ledger.query.ledger_reader import COLUMNS, LedgerReader
from gateway.ledger.questions.filters import Filters


@pytest.fixture
def rows(case):
    with LedgerReader(case.path) as reader:
        return list(reader.findings(Filters()))


def written(rows, columns=COLUMNS, **changes):
    stream = io.BytesIO()
    sheets = xlsx.write_workbook(stream, rows, columns, {"made by": "a test"}, **changes)
    return load_workbook(stream), sheets, stream


def values(page):
    return [[cell.value for cell in row] for row in page.iter_rows()]


def test_a08_a_workbook_has_the_rows_in_their_order_with_times_as_times(rows):
    book, sheets, _ = written(rows)
    head, *found = values(book["Findings"])
    assert (sheets, tuple(head)) == (1, COLUMNS)
    assert [row[0] for row in found] == [row["id"] for row in rows]
    oldest = dict(zip(COLUMNS, found[-1], strict=True))
    assert oldest["at"] == datetime(2026, 11, 22, 7, 8, 9, 123000)  # noqa: DTZ001 - cells have no zone
    assert oldest["listed_on"].date().isoformat() == "2022-08-02"
    assert oldest["held"] == "no"
    assert book["Findings"].freeze_panes == "A2"


def test_a08_no_cell_of_a_workbook_is_a_formula(rows):
    book, _, _ = written(rows)
    senders = [row[COLUMNS.index("sender")] for row in values(book["Findings"])[1:]]
    assert senders[-1] == "'=cmd@example.edu"
    assert {cell.data_type for row in book["Findings"].iter_rows() for cell in row} <= {
        *("s", "n", "d", "inlineStr"),
    }


def test_a08_the_last_sheet_says_how_it_was_made_and_the_rows_digest(rows):
    book, _, _ = written(rows)
    told = dict(values(book["About"]))
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    assert told["made by"] == "a test"
    assert told["findings"] == "5"
    assert told["SHA-256 of the findings"] == hashlib.sha256(lines.encode()).hexdigest()


def test_more_rows_than_a_sheet_holds_go_on_to_the_next(rows):
    book, sheets, _ = written(rows, rows_per_sheet=3)
    assert (sheets, book.sheetnames) == (3, ["Findings", "Findings 2", "Findings 3", "About"])
    parts = [values(book[name]) for name in book.sheetnames[:3]]
    assert [len(part) for part in parts] == [3, 3, 2]
    assert [row[0] for part in parts for row in part[1:]] == [row["id"] for row in rows]
    assert xlsx.ROWS_PER_SHEET == 2**20


def test_a08_what_xml_cannot_hold_is_spelt_out():
    assert xlsx.xlsx_text("a\x00\x1b\ufffe\udcffz") == "a\\x00\\x1b\\xfffe\\xdcffz"
    assert xlsx.xlsx_text("_x003D_1") == "_x005F_x003D_1"
    assert xlsx.xlsx_text("a_x12") == "a_x12"


def test_a_text_that_is_too_long_for_a_cell_is_cut_and_says_so():
    cut = xlsx.xlsx_text("x" * 40_000)
    assert (len(cut), cut[-3:]) == (32_767, "x …")


@settings(max_examples=40)
@given(st.text(alphabet=st.characters()))
def test_any_text_comes_back_or_is_spelt_out(value):
    book, _, stream = written([{"sender": value}], ["sender"])
    (found,) = values(book["Findings"])[1]
    back = "" if found is None else found.replace("_x005F_", "_")
    assert back.replace("\r", "\n") == xlsx.xlsx_text(value).replace("_x005F_", "_").replace(
        "\r\n", "\n"
    ).replace("\r", "\n")
    assert zipfile.ZipFile(stream).testzip() is None


def test_what_is_no_time_stays_a_text():
    book, _, _ = written([{"at": "yesterday", "listed_on": "=now()"}], ["at", "listed_on"])
    assert values(book["Findings"])[1] == ["yesterday", "'=now()"]


def test_a08_a_full_disk_is_told_and_nothing_complains_later(rows, tmp_path, small_files):
    """Warnings are errors here: a workbook that is forgotten half written would fail this."""
    path = tmp_path / "out.xlsx"
    with small_files(2048), pytest.raises(LedgerError, match="is its disk full"):
        fill(path, rows)
    gc.collect()
    assert not path.exists()


def test_rows_that_end_in_an_error_end_the_workbook(rows, tmp_path):
    def broken():
        yield rows[0]
        raise LookupError

    with pytest.raises(LookupError):
        fill(tmp_path / "out.xlsx", broken())
    gc.collect()
    assert list(tmp_path.glob("*.xlsx")) == []


def fill(path, rows):
    with atomic_writer(path) as stream:
        xlsx.write_workbook(stream, rows, COLUMNS, {})
