import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.screening.names.phonetic import (
    DECLINED,
    HEARD_ALIKE,
    is_genitive_of,
    phonetic_key,
    phonetic_similarity,
)

WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("koorchatof", "kurchatov"),
        ("kurtschatow", "kurchatov"),
        ("fiztekh", "phystech"),
        ("fizteh", "phystech"),
        ("skoltekh", "skoltech"),
        ("tupoleff", "tupolev"),
        ("kalaschnikow", "kalashnikov"),
        ("alexandrov", "aleksandrov"),
        ("joukovsky", "zhukovskiy"),
        ("tichomirow", "tikhomirov"),
        ("kharkiv", "harkiv"),
        ("leningrat", "leningrad"),
    ],
)
def test_what_a_listener_cannot_tell_apart(one, other):
    assert phonetic_key(one) == phonetic_key(other)
    assert phonetic_similarity(one, other) == phonetic_similarity(other, one) == HEARD_ALIKE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("beheshti", "best"),
        ("beihang", "bingo"),
        ("bauman", "bahman"),
        ("iran", "iraq"),
        ("mut", "mute"),
        ("zavod12", "savod12"),
    ],
)
def test_what_a_listener_can(one, other):
    assert phonetic_similarity(one, other) == 0


@pytest.mark.parametrize(
    ("name", "genitive"),
    [("bauman", "baumana"), ("gubkin", "gubkina"), ("zhukovskiy", "zhukovskogo")],
)
def test_a_russian_genitive_is_nearly_the_name(name, genitive):
    assert is_genitive_of(name, genitive)
    assert not is_genitive_of(genitive, name)
    assert phonetic_similarity(name, genitive) == phonetic_similarity(genitive, name) == DECLINED


@given(WORDS, WORDS)
def test_it_is_the_same_from_both_sides_and_between_0_and_1(one, other):
    assert phonetic_similarity(one, other) == phonetic_similarity(other, one)
    assert 0 <= phonetic_similarity(one, other) <= 1
    assert phonetic_key(one) == phonetic_key(one)
