import datetime as dt
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import pytest

from gateway.document import Document, Section
from gateway.errors import ConfigError


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


def root_of(text: str) -> Section:
    return Document.parse(text.encode(), "f.toml").root


def told(text: str, take: Callable[[Section], Any]) -> tuple[Any, list[str]]:
    """Give what a take hands back, and the faults it leaves."""
    document = Document.parse(text.encode(), "f.toml")
    got = take(document.root)
    return got, [str(fault) for fault in document.faults]


def as_upper(text: str) -> str:
    if not text.isalpha():
        raise ValueError("has no letters")
    return text.upper()


SOUND = """\
text = "ü"
prose = "one\\n\\ttwo"
number = 5
yes = true
day = 2026-11-22
colour = "green"
texts = ["a", "b"]
colours = ["red", "green"]
"""


@pytest.mark.parametrize(
    ("take", "value"),
    [
        (lambda s: s.text("text"), "ü"),
        (lambda s: s.text("prose", multiline=True), "one\n\ttwo"),
        (lambda s: s.integer("number", at_least=5, at_most=5), 5),
        (lambda s: s.flag("yes"), True),
        (lambda s: s.date("day"), dt.date(2026, 11, 22)),
        (lambda s: s.choice("colour", Colour), Colour.GREEN),
        (lambda s: s.parsed("text", as_upper), "Ü"),
        (lambda s: s.value("number", lambda value: value + 1), 6),
        (lambda s: s.texts("texts"), ("a", "b")),
        (lambda s: s.choices("colours", Colour), (Colour.RED, Colour.GREEN)),
        (lambda s: s.parsed_list("texts", as_upper), ("A", "B")),
        (lambda s: s.text("no", default=None), None),
        (lambda s: s.integer("no", default=7), 7),
        (lambda s: s.flag("no", default=None), None),
        (lambda s: s.date("no", default=None), None),
        (lambda s: s.choice("no", Colour, default=None), None),
        (lambda s: s.parsed("no", as_upper, default=None), None),
        (lambda s: s.value("no", str, default=None), None),
        (lambda s: s.texts("no", default=["d"]), ("d",)),
        (lambda s: s.choices("no", Colour, default=()), ()),
        (lambda s: s.parsed_list("no", as_upper, default=()), ()),
        (lambda s: s.optional_table("no"), None),
        (lambda s: s.tables("no"), []),
    ],
)
def test_what_is_sound_is_taken_without_a_fault(take: Callable[[Section], Any], value: Any):
    assert told(SOUND, take) == (value, [])


@pytest.mark.parametrize(
    ("text", "take", "stand_in", "fault"),
    [
        ("x = 5", lambda s: s.text("x"), "", "must be a text in quotes, not the number 5"),
        ("x = [[]]", lambda s: s.text("x"), "", "must be a text in quotes, not a list"),
        ("x = '  '", lambda s: s.text("x"), "", "is empty; write something, or leave the key out"),
        ("x = 'a'", lambda s: s.integer("x"), 0, "must be a whole number, not a text in quotes"),
        ("x = 1.5", lambda s: s.integer("x"), 0, "must be a whole number, not the number 1.5"),
        ("x = true", lambda s: s.integer("x"), 0, "must be a whole number, not true"),
        ("x = -1", lambda s: s.integer("x"), 0, "must be 0 or more, not -1"),
        ("x = 9", lambda s: s.integer("x", default=3, at_most=8), 3, "must be 8 or less, not 9"),
        ("x = 1", lambda s: s.flag("x"), False, "must be true or false, not the number 1"),
        (
            "x = 07:01:00",
            lambda s: s.flag("x"),
            False,
            "must be true or false, not the time 07:01:00",
        ),
        (
            "x = 2026-11-22T07:01:00",
            lambda s: s.date("x"),
            dt.date.min,
            (
                "must be a date, written without quotes as in 2026-11-22, not the time"
                " 2026-11-22T07:01:00"
            ),
        ),
        (
            "x = 'Gren'",
            lambda s: s.choice("x", Colour),
            Colour.RED,
            "is 'Gren', must be one of red, green; did you mean 'green'?",
        ),
        (
            "x = 'blau'",
            lambda s: s.choice("x", Colour, default=None),
            None,
            "is 'blau', must be one of red, green",
        ),
        (
            "x = {}",
            lambda s: s.choice("x", Colour),
            Colour.RED,
            "must be one of red, green, not a table",
        ),
        ("x = '1'", lambda s: s.parsed("x", as_upper), None, "has no letters"),
        (
            "x = 'a'",
            lambda s: s.texts("x"),
            (),
            'must be a list, as in x = ["…"], not a text in quotes',
        ),
        (
            "x = 'a'",
            lambda s: s.texts("x", default=["d"]),
            ("d",),
            'must be a list, as in x = ["…"], not a text in quotes',
        ),
        ("x = []", lambda s: s.texts("x"), (), "is empty; it needs at least one item"),
        (
            "x = [1]",
            lambda s: s.optional_table("x") is None,
            False,
            "must be a table, headed [x], not a list",
        ),
        ("x = 2026-11-22", lambda s: s.tables("x"), [], "must be tables, each headed [[x]]"),
        ("[x]", lambda s: s.tables("x"), [], "must be tables, each headed [[x]]"),
    ],
)
def test_what_is_wrong_leaves_a_fault_and_a_stand_in(
    text: str, take: Callable[[Section], Any], stand_in: Any, fault: str
):
    assert told(text, take) == (stand_in, [f"f.toml:1: x: {fault}"])


@pytest.mark.parametrize(
    "text", ["a\\nb", "a\\rb", "a\\u0000", "a\\u001b[2J", "a\\u2028b", "a\\u0085"]
)
def test_one_line_is_one_line(text: str):
    assert told(f'x = "{text}"', lambda s: s.text("x")) == (
        "",
        ["f.toml:1: x: must be one line without control characters"],
    )


def test_prose_has_no_control_characters_but_line_ends_and_tabs():
    assert told('x = "a\\r\\nb\\tc"', lambda s: s.text("x", multiline=True)) == ("a\r\nb\tc", [])
    assert told('x = "a\\rb"', lambda s: s.text("x", multiline=True)) == (
        "",
        ["f.toml:1: x: must not hold control characters"],
    )


def test_a_missing_key_is_told_where_it_belongs():
    text = "\n[a.b]\n[[c]]\n"
    assert told(text, lambda s: s.text("x"))[1] == [
        "f.toml: x: is missing and has no default; add it"
    ]
    assert told(text, lambda s: s.table("a").table("b").texts("x"))[1] == [
        "f.toml:2: a.b.x: is missing and has no default; add it under [a.b]"
    ]
    assert told(text, lambda s: s.tables("c")[0].date("x"))[1] == [
        "f.toml:3: c[1].x: is missing and has no default; add it"
    ]
    assert told(text, lambda s: s.table("no").date("x"))[1] == [
        "f.toml: no.x: is missing and has no default; add it under [no]"
    ]


def test_each_faulty_item_of_a_list_is_told_on_its_own_line():
    got, faults = told('x = [\n"a",\n"1",\n2,\n"b"]', lambda s: s.parsed_list("x", as_upper))
    assert got == ("A", "B")
    assert faults == [
        "f.toml:3: x[2]: has no letters",
        "f.toml:4: x[3]: must be a text in quotes, not the number 2",
    ]


def test_all_faults_are_raised_at_once():
    document = Document.parse(b"a = 1\nb = 2\nc = 3\n", "f.toml")
    document.root.text("a")
    document.root.flag("b")
    with pytest.raises(ConfigError) as caught:
        document.check()
    assert [fault.key for fault in caught.value.faults] == ["a", "b", "c"]


def test_a_table_opened_twice_is_one_table():
    document = Document.parse(b"[a]\nx = 1\ny = 2\n", "f.toml")
    document.root.table("a").integer("x")
    document.root.table("a").integer("y")
    document.check()


def unknown(text: str) -> list[str]:
    document = Document.parse(text.encode(), "f.toml")
    root = document.root
    relay = root.table("relay")
    relay.texts("next_hop", default=())
    relay.integer("workers", default=1)
    root.table("desk").text("address", default=None)
    for rule in root.tables("rule"):
        rule.text("action", default=None)
        rule.text("name", default=None)
    with pytest.raises(ConfigError) as caught:
        document.check()
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[relay]\nnexthop = []", "f.toml:2: relay.nexthop: unknown key; did you mean next_hop?"),
        ("[relay]\nNEXT-HOP = []", "f.toml:2: relay.NEXT-HOP: unknown key; did you mean next_hop?"),
        (
            "[desk]\nworkers = 1",
            "f.toml:2: desk.workers: unknown key here; did you mean relay.workers?",
        ),
        ("[desk]\nzzz = 1", "f.toml:2: desk.zzz: unknown key; known here: address"),
        ("[relais]\n", "f.toml:1: relais: unknown key; did you mean relay?"),
        (
            "[[rule]]\n[[rule]]\nacton = 'x'",
            "f.toml:3: rule[2].acton: unknown key; did you mean action?",
        ),
        ("name = 'x'", "f.toml:1: name: unknown key; known here: desk, relay, rule"),
    ],
)
def test_an_unknown_key_names_the_nearest_known_one(text: str, fault: str):
    assert unknown(text) == [fault]


def test_a_section_can_be_asked_about_itself():
    section = root_of("\n[a]\nb = 1\n'c d' = 2\n").table("a")
    assert section.keys() == ("b", "c d")
    assert "b" in section
    assert "x" not in section
    assert section.name("c d") == 'a."c d"'
    assert (section.line(), section.line("b"), section.line("x")) == (2, 3, 2)
    assert repr(section) == "<Section a: b, c d>"
    assert repr(root_of("")) == "<Section root: empty>"


def test_a_caller_adds_faults_of_its_own():
    document = Document.parse(b"[a]\nb = ['x',\n'y']\n", "f.toml")
    section = document.root.table("a")
    section.fault("b", "clashes", index=1)
    section.fault("b", "is odd")
    section.fault(None, "is strange")
    assert list(map(str, document.faults)) == [
        "f.toml:1: a: is strange",
        "f.toml:2: a.b: is odd",
        "f.toml:3: a.b[2]: clashes",
    ]


def test_finishing_a_section_twice_tells_its_faults_once():
    document = Document.parse(b"a = 1\n", "f.toml")
    document.root.finish()
    document.root.finish()
    with pytest.raises(ConfigError, match="known here: none"):
        document.check()
    assert len(document.faults) == 1
