import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.screening.names.comparable_form import (
    MAX_NAME,
    comparable_form,
    consonant_skeleton,
    is_legal_form,
    sound_key,
)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("Bauman Moscow State Technical University", "bauman moscow state technical university"),
        ("Московский государственный университет", "moscow state university"),
        ("北京航空航天大学", "beijing aviation aerospace university"),
        ("哈尔滨工业大学", "harbin industry university"),
        ("دانشگاه صنعتی", "university technology"),
        ("Université de Technologie", "university technology"),
        ("Open Joint Stock Company Gazprom", "jsc gazprom"),
        ("ПАО «Газпром»", "jsc gazprom"),
        ("Volkswagen Gesellschaft mit beschränkter Haftung", "volkswagen llc"),
        ("Bowne Global Solutions, S.A.R.L.", "bowne global solutions llc"),
        ("A.B.C. Company", "abc company"),
        ("Procter & Gamble", "procter gamble"),
        ("Brigade Forty-Four", "brigade 44"),
        ("Forty Thieves", "40 thieves"),
        ("27th Centre", "27 center"),
        ("Capital Trust IX", "finance trust 9"),
        ("Institut nauki i tekhniki", "institute science tekhniki"),
        ("Trust I", "trust 1"),
        ("X Institute", "x institute"),
        ("Hong Kong", "hongkong"),
        ("007", "7"),
        ("000", "0"),
        ("The Of", "the of"),
        ("", ""),
        ("«…»", ""),
    ],
)
def test_a_name_in_any_script_becomes_the_same_tokens(name, texts):
    assert comparable_form(name).texts == tuple(texts.split())


def test_legal_forms_are_replaced_and_never_deleted():
    assert comparable_form("OOO").texts == comparable_form("LLC").texts == ("llc",)
    assert is_legal_form("llc")
    assert not is_legal_form("university")
    assert not is_legal_form("bauman")


def test_a_token_remembers_what_was_said():
    assert comparable_form("Государственный").tokens[0].original == "gosudarstvennyy"


def test_the_squeezed_form_has_stop_words_and_no_legal_form():
    assert comparable_form("van der Bilt Corp").squeezed == "vanderbilt"


@pytest.mark.parametrize(
    ("one", "other"),
    [("bowman", "bauman"), ("skolteck", "skoltech"), ("muromskiy", "murom")],
)
def test_what_is_heard_alike_sounds_alike(one, other):
    assert sound_key(one) == sound_key(other)


def test_a_skeleton_has_no_vowels():
    assert consonant_skeleton("malek") == consonant_skeleton("mlk") == "mlk"
    assert sound_key("bahman") != sound_key("bauman")


@given(st.text(max_size=80))
def test_any_text_is_read_and_read_alike_in_capitals(text):
    form = comparable_form(text)
    assert all(token.text and token.original for token in form.tokens)
    assert all(text.isascii() and text.isalnum() for text in form.texts)
    if text.isascii():
        assert comparable_form(text.upper()).texts == form.texts


def test_of_a_very_long_name_the_beginning_counts():
    assert (
        comparable_form("a" * MAX_NAME + " rest").tokens == comparable_form("a" * MAX_NAME).tokens
    )
