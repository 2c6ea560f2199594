import pytest

from gateway.screening.names.comparable_form import comparable_form
from gateway.screening.names.similarity import name_similarity


def compare(one, other):
    return name_similarity(comparable_form(one), comparable_form(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("OAO Gazprom", "Open Joint Stock Company Gazprom"),
        ("Bauman Moscow State Technical University", "МГТУ имени Баумана, Moscow, State Technical"),
        ("Московский физико-технический институт", "Moskovskiy Fiziko-Tekhnicheskiy Institut"),
        ("International Labour Organization", "International Labor Organisation"),
        ("Central Bank of Iran", "Iran Central Bank"),
        ("Institute of Physics", "INSTITUTE OF PHYSICS"),
    ],
)
def test_names_of_one_institution_match(one, other):
    assert compare(one, other).is_match
    assert compare(other, one).is_match


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Institute of Physics", "Institute of Physics and Technology"),
        ("Institute of Physics", "Kurchatov Institute of Physics"),
        ("Moscow State University", "Tomsk State University"),
        ("Government of Estonia", "Government of Ethiopia"),
        ("Bank of China (Hong Kong)", "Bank of China (Singapore)"),
        ("Volkswagen AG", "Siemens AG"),
        ("ANO Iskusstvo Krasoty", "OOO Iskusstvo Krasoty Moda"),
        ("Bauman", "Bauman Moscow State Technical University"),
        ("", "Bauman"),
        ("Bauman", ""),
    ],
)
def test_names_of_two_institutions_do_not(one, other):
    assert not compare(one, other).is_match
    assert not compare(other, one).is_match


def test_what_is_common_tells_nothing_apart_and_what_is_rare_does():
    generic = compare("Institute of Physics", "Institute of Physics, Minsk")
    assert not generic.is_distinctive
    assert generic.covered == 1
    assert compare("Bauman", "Bauman University").is_distinctive


def test_an_equal_name_of_common_words_is_told_as_such():
    found = compare("Institute of Physics", "Institute of Physics")
    assert (found.score, found.is_identical, found.is_distinctive) == (1, True, False)


def test_initials_alone_never_tell_apart():
    found = compare("MSTU", "Moscow State Technical University")
    assert found.has_initials
    assert not found.is_match


def test_other_legal_forms_count_against_and_common_ones_do_not():
    same = compare("Bauman LLC", "Bauman OOO").score
    assert compare("Bauman LLC", "Bauman JSC").score < same
    assert compare("Bauman Company", "Bauman LLC").score > compare("Bauman LLC", "Bauman JSC").score


def test_the_reasons_name_each_pair_and_add_up_to_the_score():
    found = compare("Bauman Tech. Universität", "Bauman Technical University")
    assert found.reasons[0][0] == "bauman"
    assert "universitat = university" in found.why
    whole = compare("Bauman University", "Bauman Technical University")
    assert sum(part for _, part in whole.reasons) == pytest.approx(whole.score)


def test_what_is_left_is_told_for_each_side():
    assert compare("Bauman Bank", "Bauman University Moscow").left == pytest.approx((0.15, 0.70))
