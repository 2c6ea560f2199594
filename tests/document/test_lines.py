import tomllib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.document.lines import dotted, key_lines

TRICKY = '''\
# a comment with [a.header] = "and"
top = 1
"quoted.key" = "x = 1 # no comment"
'literal key'.inner = 2
dotted.deep.key = 3
long = """
[not.a.header]
nor = "a key" \\""" still inside
"""  # after
raw = \'\'\'
also = "no key"\'\'\'
list = [
  "a", # ] no end
  [ 1,
    2 ],
  { in = 1, "line q" = [ 5 ] },
]
when = 2026-11-22T07:01:00Z

[table]
key = 1
  [table.sub]
  key = 2
[[rule]]
action = "warn"
[rule.when]
tier = "a"
[[rule]]
action = "pass"
[[rule.part]]
x = 1
[[rule.part]]
x = 2
[rule.part.more]
y = 3
'''


def test_every_form_of_key_has_its_line():
    lines = {dotted(path): line for path, line in key_lines(TRICKY).items()}
    assert lines == {
        "top": 2,
        '"quoted.key"': 3,
        '"literal key"': 4,
        '"literal key".inner': 4,
        "dotted": 5,
        "dotted.deep": 5,
        "dotted.deep.key": 5,
        "long": 6,
        "raw": 10,
        "list": 12,
        "list[1]": 13,
        "list[2]": 14,
        "list[2][1]": 14,
        "list[2][2]": 15,
        "list[3]": 16,
        "list[3].in": 16,
        'list[3]."line q"': 16,
        'list[3]."line q"[1]': 16,
        "when": 18,
        "table": 20,
        "table.key": 21,
        "table.sub": 22,
        "table.sub.key": 23,
        "rule": 24,
        "rule[1]": 24,
        "rule[1].action": 25,
        "rule[1].when": 26,
        "rule[1].when.tier": 27,
        "rule[2]": 28,
        "rule[2].action": 29,
        "rule[2].part": 30,
        "rule[2].part[1]": 30,
        "rule[2].part[1].x": 31,
        "rule[2].part[2]": 32,
        "rule[2].part[2].x": 33,
        "rule[2].part[2].more": 34,
        "rule[2].part[2].more.y": 35,
    }
    tomllib.loads(TRICKY)


@pytest.mark.parametrize(
    "value",
    ['""""a""""', '""""""', '"""""a"""', "''''a''''", "''''''", r'"""\""""', r'"\\"', r'"a\"]"'],
)
def test_a_string_ends_where_toml_says(value: str):
    text = f"a = {value}\nb = 2\n"
    tomllib.loads(text)
    assert key_lines(text) == {("a",): 1, ("b",): 2}


def test_lines_are_counted_by_line_feeds_whatever_comes_before_them():
    assert key_lines("a = 1\r\n\r\nb = 2\r\n")[("b",)] == 3


def test_a_name_that_is_no_bare_key_is_quoted():
    assert dotted(("", "a b", 0, 'q"\\', "tab\t")) == '""."a b"[1]."q\\"\\\\"."tab\\u0009"'


keys = st.text(st.sampled_from("ab.\"'\\#=[]{},\u00e9\n\t "), max_size=4).map("k{}".format)
scalars = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(["true", "1.5", "2026-11-22", "07:01:00", '"a ] } # \\" b"', "'\\'"]),
    st.sampled_from(['"""\n a = 1\n[b]\n\\""" """', "'''\nx\n'' '''"]),
)


def basic(key: str) -> str:
    return '"' + "".join(f"\\U{ord(c):08X}" if c < " " or c in '"\\' else c for c in key) + '"'


@st.composite
def values(draw: st.DrawFn, depth: int = 2) -> str:
    kind = draw(st.integers(0, 2 if depth else 0))
    if kind == 1:
        gap = draw(st.sampled_from(["", " ", "\n", " # ]\n\n"]))
        return f"[{gap}" + f",{gap}".join(draw(st.lists(values(depth - 1), max_size=3))) + f"{gap}]"
    if kind == 2:
        pairs = draw(st.dictionaries(keys, values(depth - 1), max_size=3))
        return "{" + ", ".join(f"{basic(k)} = {v}" for k, v in pairs.items()) + "}"
    return draw(scalars)


@st.composite
def documents(draw: st.DrawFn) -> str:
    parts = []
    for number in range(draw(st.integers(0, 4))):
        head = draw(st.sampled_from(["", "[t{0}]\n", "[[a]]\n", "[t{0} . 'x y']\n", "[[b.c]]\n"]))
        pairs = draw(st.dictionaries(keys, values(), max_size=3))
        body = "".join(
            f"{draw(st.sampled_from(['', '  ', '# c' + chr(10)]))}{basic(k + str(number))} = {v}\n"
            for k, v in pairs.items()
        )
        parts.append(head.format(number) + body)
    return "\n".join(parts)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        found += paths(inner, (*path, key))
    return found


@given(documents())
def test_each_key_that_tomllib_finds_has_the_line_it_is_written_on(text: str):
    lines = key_lines(text)
    found = paths(tomllib.loads(text))
    assert set(found) == set(lines)
    written = text.split("\n")
    for path in found:
        key = path[-1]
        if isinstance(key, str) and key.startswith("k"):
            assert basic(key) in written[lines[path] - 1]


@example('"\\1" = 1')
@given(st.text(st.sampled_from("a=[]{}\"'\\.,#\n\r 1"), max_size=30))
def test_what_is_no_toml_leads_to_no_error(text: str):
    for path, line in key_lines(text).items():
        assert 1 <= line <= text.count("\n") + 1
        assert dotted(path)


def test_deep_nesting_gives_up_without_an_error():
    assert key_lines("a = " + "[" * 5000 + "]" * 5000)[("a",)] == 1
