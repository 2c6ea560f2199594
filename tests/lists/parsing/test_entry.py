import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lists.parsing.entry import slug, unique

_PLAIN = set(string.ascii_lowercase + string.digits + "-")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Institute of Physics", "institute-of-physics"),
        ("  Université de Sciences & Techniques (UST)  ", "universite-de-sciences-techniques-ust"),
        ("A--B", "a-b"),
        ("北京", "u5317-4eac"),
        ("МФТИ", "u41c-424-422-418"),
    ],
)
def test_a_name_becomes_a_part_of_an_id(name, expected):
    assert slug(name) == expected


@given(st.text())
def test_whatever_the_name_the_id_has_plain_signs_alone_and_no_end(name):
    found = slug(name)
    assert set(found) <= _PLAIN
    assert found
    assert len(found) <= max(len(name) * 8, 300)


def test_texts_are_given_once_without_surrounding_space_and_empty_ones():
    assert unique(["b", " a  c ", "", "  ", "b ", "a c"]) == ("b", "a c")
    assert unique(iter(["x"])) == ("x",)
