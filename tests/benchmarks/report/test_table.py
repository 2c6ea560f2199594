from benchmarks.report.table import LEFT_OUT, WIDTH, Block, Row, Table, joined, render

COLUMNS = ("haproxy, TCP mode", "monition, nothing matched")


def a_table(*cells, columns=COLUMNS, title="CPU a message", notes=()):
    rows = [Row("new 2 KB", f"measure {at}", each) for at, each in enumerate(cells)]
    return Table(columns, [Block(title, rows)], list(notes))


def test_a_cell_stands_under_its_column_and_an_absent_one_is_empty():
    text = render(
        a_table({COLUMNS[0]: "0.102", COLUMNS[1]: "0.220"}, {COLUMNS[1]: "2.18"}), "simple"
    )
    lines = text.splitlines()
    assert [lines[0].split(), lines[1].split()] == [
        ["haproxy", "monition"],
        ["TCP", "mode", "nothing", "matched"],
    ]
    assert lines[3] == "CPU a message"
    assert lines[4].split() == ["new", "2", "KB", "measure", "0", "0.102", "0.220"]
    assert lines[5].split() == ["measure", "1", "2.18"]
    assert lines[5].index("2.18") == lines[4].index("0.220") == lines[0].index("monition")


def test_blocks_stand_apart_under_their_titles():
    one, other = a_table({}, title="first"), a_table({}, title="second")
    (table,) = joined([one, other])
    lines = render(table, "simple").splitlines()
    at = lines.index("second")
    assert lines[at - 1] == ""
    assert lines.index("first") < at
    assert lines[at + 1].split() == ["new", "2", "KB", "measure", "0"]


def test_only_tables_that_compare_the_same_are_joined():
    one, other = a_table({}), a_table({}, columns=("measured",))
    assert joined([one, other]) == [one, other]
    assert len(joined([one, one, other])) == 2


def test_a_table_too_wide_for_the_terminal_leaves_out_its_spreads():
    columns = tuple(f"peer {number}" for number in range(5))
    cells = dict.fromkeys(columns, "32475 (22003–42946)")  # noqa: RUF001
    text = render(a_table(cells, columns=columns), "simple")
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "22003" not in text
    assert text.count("32475") == 5
    assert text.endswith(LEFT_OUT)


def test_markdown_keeps_them():
    columns = tuple(f"peer {number}" for number in range(5))
    cells = dict.fromkeys(columns, "32475 (22003–42946)")  # noqa: RUF001
    text = render(a_table(cells, columns=columns), "github")
    assert text.count("22003") == 5


def test_markdown_is_one_table_with_as_many_cells_in_each_line():
    table = a_table({COLUMNS[0]: "0.102"}, {COLUMNS[1]: "2.18"})
    lines = render(table, "github").splitlines()
    assert {line.count("|") for line in lines} == {len(COLUMNS) + 3}
    assert "**CPU a message**" in lines[2]
    assert "monition, nothing matched" in lines[0]


def test_notes_stand_below():
    text = render(a_table({}, notes=["The sender was busy."]), "simple")
    assert text.endswith("\n\nThe sender was busy.")
