import pytest

from gateway.screening.names.comparable_form import comparable_form
from gateway.screening.names.token_pairing import (
    HEARD,
    INITIALS,
    SOUNDS_ALIKE,
    pair_tokens,
    similarity,
    usual_weight,
)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("bauman", "bauman", 1.0),
        ("gazprom", "gasprom", 1 - 1 / 7),
        ("microsoft", "mecrosofd", 1 - 2 / 9),
        ("snow", "snoe", 0.0),  # one slip in four letters is another word
        ("bauman", "bowman", SOUNDS_ALIKE),
        ("malek", "mlk", HEARD),
        ("mtsst", "mstu", 0.0),
        ("iran", "irn", 0.0),
        ("2024", "2025", 0.0),
        ("44", "4x", 0.0),
        ("bp", "bd", 0.0),
        ("bahmanyar", "bomin", 0.0),
    ],
)
def test_how_alike_two_words_are(one, other, expected):
    assert similarity(one, other) == pytest.approx(expected)
    assert similarity(other, one) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("token", "weight"),
    [
        ("llc", 0.06),
        ("university", 0.15),
        ("moscow", 0.55),
        ("bauman", 1.0),
        ("7", 0.25),
        ("a", 0.25),
        ("bp", 0.5),
    ],
)
def test_common_words_weigh_less(token, weight):
    assert usual_weight(token) == weight


def pairs(one, other):
    query, name = comparable_form(one), comparable_form(other)
    return {
        (
            " ".join(query.tokens[at].original for at in pair.query),
            " ".join(name.tokens[at].original for at in pair.name),
        ): round(pair.similarity, 2)
        for pair in pair_tokens(query, name)
    }


def test_order_does_not_matter():
    assert pairs("Bauman University", "University Bauman") == {
        ("bauman", "bauman"): 1,
        ("university", "university"): 1,
    }


def test_a_word_is_paired_once():
    assert pairs("Paris Paris", "Paris") == {("paris", "paris"): 1}


def test_words_written_together_answer_those_written_apart_on_either_side():
    assert pairs("Goodwill House", "Good Will House")[("goodwill", "good will")] == 1
    assert pairs("Good Will House", "Goodwill House")[("good will", "goodwill")] == 1
    assert pairs("SiemensAG", "Siemens AG") == {("siemensag", "siemens ag"): 1}


def test_a_name_written_apart_in_all_its_words_is_one_name():
    assert pairs("van der bilt corp", "Vanderbilt Corp") == {
        ("bilt", "vanderbilt"): 1,
        ("corp", "corp"): 1,
    }
    assert not pairs("Area 51", "Are a 51x").get(("area 51", "are a 51x"))


def test_initials_answer_their_words_on_either_side():
    assert pairs("MSTU", "Bauman Moscow State Technical University") == {
        ("mstu", "moscow state technical university"): INITIALS
    }
    assert pairs("Moscow State Technical University", "MSTU") == {
        ("moscow state technical university", "mstu"): INITIALS
    }


def test_the_one_word_that_differs_may_have_more_slips():
    assert pairs("General Mortars", "General Motors") == {
        ("general", "general"): 1,
        ("mortars", "motors"): 0.71,
    }
    assert pairs("Goldman Hai", "Goldman Wai") == {("goldman", "goldman"): 1, ("hai", "wai"): 0.67}


def test_but_one_common_word_is_not_another():
    assert pairs("Bank of Iran", "Bank of Iraq") == {("bank", "bank"): 1}
