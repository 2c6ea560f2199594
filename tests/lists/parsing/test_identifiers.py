import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lists.parsing.identifiers import is_inn, is_lei, is_ogrn, registered

# Made up, with right check digits.
INN, OGRN, LEI = "7700000009", "1027700000008", "5299000TEST000000X63"


@pytest.mark.parametrize(
    ("text", "country", "found"),
    [
        (f"INN: {INN}; OGRN {OGRN}", None, [f"ru-inn:{INN}", f"ru-ogrn:{OGRN}"]),
        (f"ИНН {INN}, ОГРН {OGRN}", None, [f"ru-inn:{INN}", f"ru-ogrn:{OGRN}"]),
        (f"Tax ID No. {INN} (Russia)", None, [f"ru-inn:{INN}"]),
        (f"Taxpayer identification number - {INN}", None, [f"ru-inn:{INN}"]),
        (f"Primary State Registration Number (OGRN): {OGRN}", None, [f"ru-ogrn:{OGRN}"]),
        (f"Registration number {OGRN}", "RU", [f"ru-ogrn:{OGRN}"]),
        (f"Registration number {OGRN}", "TH", []),
        (f"Registration number {INN}", "RU", []),
        (f"phone {INN}", "RU", []),
        ("INN: 7700000008", "RU", []),
        ("OGRN 1027700000009", "RU", []),
        (f"INN 1{INN}", "RU", []),
        (f"Legal Entity Identifier {LEI}", None, [f"lei:{LEI.lower()}"]),
        (f"{LEI[:-1]}4", None, []),
        ("", "RU", []),
    ],
)
def test_takes_numbers_whose_register_is_named_and_whose_check_is_right(text, country, found):
    assert list(registered(text, country)) == found


def test_one_wrong_digit_is_noticed():
    for number, check in ((INN, is_inn), (OGRN, is_ogrn), (LEI, is_lei)):
        assert check(number)
        for digit in set("0123456789") - {number[-1]}:
            assert not check(number[:-1] + digit)


def test_other_digits_are_no_number():
    assert not is_inn("٧٧٠٠٠٠٠٠٠٩")
    assert not is_ogrn("")
    assert not is_lei("x" * 20)


@given(st.text(), st.sampled_from([None, "RU", "FR"]))
def test_any_text_is_read(text, country):
    assert all(":" in each for each in registered(text, country))
