import pytest

from gateway.screening.names.comparable_form import comparable_form
from gateway.screening.names.initials import initials_of, plain, russian


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Bauman Moscow State Technical University", {"bmstu", "mstu", "mgtu"}),
        ("Central Institute of Aviation Technology LLC", {"ciat", "iat", "tsiat"}),
        ("МГТУ Баумана", set()),
        ("A Very Long Name of Nine Words Which Is Nobodys at All", set()),
        ("", set()),
    ],
)
def test_initials_in_its_own_language_and_in_russian(name, initials):
    assert set(initials_of(comparable_form(name))) == initials


def test_a_word_whose_russian_is_not_known_leaves_no_russian_initials():
    tokens = comparable_form("Moscow Quux University").tokens
    assert (plain(tokens), russian(tokens)) == ("mqu", "")
    assert russian(()) == ""
