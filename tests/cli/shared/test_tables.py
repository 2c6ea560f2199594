import contextlib
import csv
import io
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from click import unstyle
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli.shared.tables import emit, has_colour, paint, print_message
from gateway.ledger.evidence.safe_cell import harmless
from gateway.model import Tier

ROWS: list[dict[str, Any]] = [
    {
        "name": "mipt.ru",
        "count": 12,
        "tier": Tier.BLOCKING,
        "on": date(2022, 8, 2),
        "also": ["a", "b"],
    },
    {"name": "Ü", "count": 7, "tier": None, "on": None, "also": []},
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(rows: Any, **options: Any) -> str:
    stream = io.StringIO()
    emit(rows, stream=stream, **options)
    return stream.getvalue()


def test_a_table_is_for_people():
    assert printed(ROWS) == (
        "name     count  tier      on          also\n"
        "-------  -----  --------  ----------  ----\n"
        "mipt.ru     12  blocking  2022-08-02  a, b\n"
        "Ü            7\n"
    )


def test_columns_choose_and_order():
    assert printed(ROWS, columns=["count", "name"]).splitlines()[0].split() == ["count", "name"]
    assert (
        printed(ROWS, columns=["count", "no"], format="json").splitlines()[0]
        == '{"count": 12, "no": null}'
    )
    assert printed(ROWS, columns=["no", "name"], format="csv").splitlines() == [
        "no,name",
        ",mipt.ru",
        ",Ü",
    ]


def test_json_is_one_object_a_line():
    first, second = map(json.loads, printed(ROWS, format="json").splitlines())
    assert first == {
        "name": "mipt.ru",
        "count": 12,
        "tier": "blocking",
        "on": "2022-08-02",
        "also": ["a", "b"],
    }
    assert second["tier"] is None
    assert "Ü" in printed(ROWS, format="json")


def test_json_and_csv_are_written_as_rows_come():
    stream = io.StringIO()
    seen: list[str] = []

    def rows():
        yield {"a": 1}
        seen.append(stream.getvalue())
        yield {"a": 2}

    emit(rows(), format="json", stream=stream)
    emit(rows(), format="csv", stream=stream)
    assert seen[0] == '{"a": 1}\n'
    assert seen[1].endswith("a\n1\n")


def test_nothing_found_prints_no_row():
    assert printed([]) == ""
    assert printed([], format="json") == ""
    assert printed([], format="csv") == ""
    assert printed([], format="csv", columns=["a", "b"]) == "a,b\n"


def test_an_unknown_format_is_a_bug():
    with pytest.raises(ValueError, match="no such format: 'xml'"):
        printed(ROWS, format="xml")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a08_a_cell_that_a_spreadsheet_would_run_is_made_harmless(cell: str):
    assert harmless(cell) == "'" + cell
    [_, row] = csv.reader(io.StringIO(printed([{"a": cell}], format="csv"), newline=""))
    assert row == ["'" + cell]


def test_a08_other_cells_stay_as_they_are():
    assert harmless("a=b") == "a=b"
    assert printed([{"a": -5, "b": -1.5, "c": True}], format="csv") == "a,b,c\n-5,-1.5,yes\n"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a08_no_text_reaches_a_csv_as_a_formula(text: str):
    rows = list(csv.reader(io.StringIO(printed([{"a": text, "b": 0}], format="csv"), newline="")))
    assert not rows[1][0].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert rows[1][0].removeprefix("'") == text.removeprefix("'")


def test_a_nested_value_is_one_cell():
    row = {"a": {"b": date(2022, 8, 2)}, "at": datetime(2022, 8, 2, 1, 2, 3, tzinfo=UTC), "x": b"?"}
    assert printed([row], format="csv") == (
        'a,at,x\n"{""b"": ""2022-08-02""}",2022-08-02T01:02:03+00:00,b\'?\'\n'
    )
    assert json.loads(printed([row], format="json"))["x"] == "b'?'"


def test_a_table_shows_no_control_characters():
    assert "a\\x1b[2Jb\\x202e" in printed([{"a": "a\x1b[2Jb\u202e"}])


def test_what_a_stream_cannot_write_is_escaped():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="\n")
    row = {"a": "é\udcff"}
    for form in ("json", "csv", "table"):
        emit([row], format=form, stream=stream)
    stream.flush()
    first, _, second, *_ = raw.getvalue().decode("ascii").splitlines()
    assert json.loads(first) == row
    assert second == "\\xe9\\udcff"
    assert json.loads(printed([row], format="json")) == row


def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert paint("x", Terminal(), bold=True) == "\x1b[1mx\x1b[0m"
    assert paint("x", io.StringIO(), bold=True) == "x"
    terminal = Terminal()
    emit([{"a_b": 1}], stream=terminal)
    assert "\x1b[1ma b\x1b[0m" in terminal.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_colour(Terminal())
    monkeypatch.setenv("NO_COLOR", "")
    assert has_colour(Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert not has_colour(Terminal())


def test_talk_goes_to_stderr(capsys: pytest.CaptureFixture[str]):
    print_message("working")
    emit([{"a": 1}], format="json")
    assert capsys.readouterr() == ('{"a": 1}\n', "working\n")


WIDE = [{"id": "01M816PZRGA8FV54N1TYH0AR3X", "sender": "ada@example.edu", "name": "word " * 12}]


@pytest.mark.parametrize(("columns", "lines"), [("200", 3), ("80", 4)])
def test_a_table_fits_the_terminal_and_breaks_no_id(columns, lines, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    stream = Terminal()
    emit(WIDE, stream=stream)
    shown = stream.getvalue()
    assert WIDE[0]["id"] in shown
    assert len(shown.splitlines()) >= lines
    assert all(len(line) <= int(columns) for line in unstyle(shown).splitlines())


def test_rows_too_wide_for_the_terminal_are_shown_one_below_the_other(monkeypatch):
    monkeypatch.setenv("COLUMNS", "45")
    stream = Terminal()
    emit([*WIDE, {"id": "2"}], stream=stream)
    assert unstyle(stream.getvalue()).splitlines() == [
        "id      01M816PZRGA8FV54N1TYH0AR3X",
        "sender  ada@example.edu",
        f"name    {'word ' * 12}",
        "",
        "id      2",
    ]


def test_a_pipe_gets_the_table_as_wide_as_it_is(monkeypatch):
    monkeypatch.setenv("COLUMNS", "45")
    assert len(printed(WIDE).splitlines()) == 3


def said_in_40_columns(message, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    with contextlib.redirect_stderr(stream):
        print_message(message)
    return stream.getvalue()


def test_talk_is_broken_between_words_on_a_terminal(monkeypatch):
    text = "  one two three four five six seven eight nine ten\nshort"
    assert said_in_40_columns(text, monkeypatch) == (
        "  one two three four five six seven\n  eight nine ten\nshort\n"
    )


def test_a_path_in_talk_stays_whole(monkeypatch):
    path = "/var/lib/monition/" + "a-b/" * 12
    assert path in said_in_40_columns(f"look at {path} for it", monkeypatch).splitlines()


def test_talk_that_is_read_by_a_program_is_one_line(capsys):
    print_message("word " * 50)
    assert capsys.readouterr().err == "word " * 50 + "\n"


def test_a_heading_is_wrapped_as_its_column_is(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    row = {"department": "Mechanical Engineering", "false_positives": 12, "institutions": 3}
    emit([row], stream=stream)
    assert max(map(len, map(unstyle, stream.getvalue().splitlines()))) <= 40
