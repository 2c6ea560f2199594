import pytest

from gateway.lists.parsing.countries import country_code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Russia", "RU"),
        ("Russian Federation", "RU"),
        ("KOREA, NORTH", "KP"),
        ("Bahamas, The", "BS"),
        ("The Gambia", "GM"),
        ("Burma", "MM"),
        ("Cote d Ivoire", "CI"),
        ("Côte d\u2019Ivoire", "CI"),
        ("St. Kitts and Nevis", "KN"),
        ("Timor Leste", "TL"),
        ("Congo, Democratic Republic of the", "CD"),
        ("Congo, Republic of the", "CG"),
        ("North Macedonia, The Republic of", "MK"),
        (" Iran ", "IR"),
        ("cn", "CN"),
        ("XK", "XK"),
    ],
)
def test_names_and_codes_give_the_code(text, expected):
    assert country_code(text) == expected


@pytest.mark.parametrize(
    "text", ["", "-0- ", "Region: Crimea", "undetermined", "ZZ", "Russia and others", "x" * 10_000]
)
def test_what_is_no_country_gives_nothing(text):
    assert country_code(text) is None


def test_the_table_has_every_code_of_iso_3166_and_kosovo():
    # ISO 3166-1 has 249 since 2011.
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    found = {country_code(one + two) for one in letters for two in letters} - {None}
    assert len(found) == 250
