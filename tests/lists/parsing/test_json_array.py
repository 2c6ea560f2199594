import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.parsing import json_array, json_stream
from gateway.lists.parsing.json_array import objects_under

GOOD = (
    '{"total": 2,\n "skip": [[{"results": []}]],\n "results": [\n  {"a": 1},\n  {"b": "ü"}\n ]}\n'
)


@pytest.fixture
def message(part):
    def read(content):
        with pytest.raises(ListError) as caught:
            list(objects_under(part("list.json", content), "results"))
        return str(caught.value)

    return read


def test_gives_the_objects_of_the_array_with_their_lines(part):
    assert list(objects_under(part("list.json", GOOD), "results")) == [
        (4, {"a": 1}),
        (5, {"b": "ü"}),
    ]


def test_an_empty_array_has_no_objects(part):
    assert list(objects_under(part("list.json", '{"results": [ ] }'), "results")) == []


def test_s12_a_file_cut_anywhere_is_refused(part):
    content = GOOD.encode().rstrip()
    for end in range(1, len(content)):
        with pytest.raises(ListError):
            list(objects_under(part("list.json", content[:end]), "results"))


def test_s12_a_cut_says_where_it_is(message):
    assert message(GOOD[:60]).startswith("list.json:4: ends within a value: it was cut short")
    assert "list.json:6: ends where '," in message(GOOD[: GOOD.index("]}\n")])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("[]", "'[' stands where '{' should"),
        ("{}", "is an empty JSON object"),
        ('{"results": [;{"a": 1}]}', "is no JSON: "),
        ('{"total": 1}', "without an array 'results'"),
        ('{"results": {}}', "without an array 'results'"),
        ('{"results": [1]}', "something else than objects"),
        ('{"results": [{}]} x', "goes on behind its end"),
        ('{"results": [{} {}]}', "'{' stands where ',' or ']' should"),
        ('{"results" [{}]}', "'[' stands where ':' should"),
        ('{"results": [' + "[" * 100_000, "is nested too deeply"),
        ('{"results": [{"a": ' + "9" * 5000 + "}]}", "is no JSON"),
        (b'{"results": [{"a": "\xe4"}]}', "is not UTF-8"),
        ("<!DOCTYPE html><html>", "is a web page"),
        ('{"results": []}'.encode("utf-16"), "is UTF-16"),
    ],
)
def test_s12_what_is_no_such_file_is_refused(message, content, says):
    assert says in message(content)


def test_s12_a_value_or_a_file_without_end_is_refused_before_it_is_held(part, monkeypatch):
    monkeypatch.setattr(json_stream, "_CHUNK", 16)
    monkeypatch.setattr(json_stream, "MAX_VALUE", 100)
    long = '{"results": [{"a": "' + "x" * 150 + '"}]}'
    with pytest.raises(ListError, match=r"more than 100 characters"):
        list(objects_under(part("list.json", long), "results"))
    monkeypatch.setattr(json_stream, "_CHUNK", 1000)
    with pytest.raises(ListError, match="more than 100 characters"):
        list(objects_under(part("list.json", long), "results"))
    monkeypatch.setattr(json_array, "MAX_FILE", 50)
    many = '{"results": [' + ",".join(['{"a": 1}'] * 10) + "]}"
    with pytest.raises(ListError, match="more than 50 characters"):
        list(objects_under(part("list.json", many), "results"))


@given(st.lists(st.dictionaries(st.text(), st.integers() | st.text(), max_size=3)), st.data())
def test_the_stretch_that_is_looked_at_makes_no_difference(part, objects, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "_CHUNK", data.draw(st.integers(1, 40)))
        content = json.dumps({"total": 12345, "results": objects, "end": 1.5}, indent=1)
        found = objects_under(part("list.json", content), "results")
        assert [each for _, each in found] == objects
