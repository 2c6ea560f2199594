import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.screening.names.phonetic import DECLINED, HEARD_ALIKE, ear, heard, is_declined

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
    assert ear(one) == ear(other)
    assert heard(one, other) == heard(other, one) == HEARD_ALIKE


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
    assert heard(one, other) == 0


@pytest.mark.parametrize(
    ("name", "genitive"),
    [("bauman", "baumana"), ("gubkin", "gubkina"), ("zhukovskiy", "zhukovskogo")],
)
def test_a_russian_genitive_is_nearly_the_name(name, genitive):
    assert is_declined(name, genitive)
    assert not is_declined(genitive, name)
    assert heard(name, genitive) == heard(genitive, name) == DECLINED


@given(WORDS, WORDS)
def test_it_is_the_same_from_both_sides_and_between_0_and_1(one, other):
    assert heard(one, other) == heard(other, one)
    assert 0 <= heard(one, other) <= 1
    assert ear(one) == ear(one)
