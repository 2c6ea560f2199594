from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.parsing.field_values import (
    british_day,
    clean,
    country,
    country_of_seat,
    iso_day,
    programme,
    reference,
    required,
)


def test_s12_a_file_of_the_list_that_is_not_there_is_named():
    with pytest.raises(ListError, match=r"^eu\.xml: is missing"):
        required({}, "eu.xml")


def test_a_part_that_is_there_is_given(part):
    given_part = part("other name.xml", "")
    assert required({"eu.xml": given_part}, "eu.xml") is given_part


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (None, ""),
        ("  \n", ""),
        ("Institute\n  of\tWinds ", "Institute of Winds"),
        ("a\0b\x1fc\x7f\x85d", "a b c d"),
        ("half \ud800 a sign", "half a sign"),
        ("line\u2028end", "line end"),
        ("Институт", "Институт"),
    ],
)
def test_cleans_text(text, cleaned):
    assert clean(text) == cleaned


@given(st.text())
def test_what_is_clean_can_be_written_and_stays(text):
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert cleaned.isprintable() or not set(cleaned) & set(map(chr, range(32)))
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("QDe.004", "qde.004"),
        (" EU.4011.64 ", "eu.4011.64"),
        ("RUS 0001/2", "rus-0001-2"),
        ("..", ""),
        (None, ""),
    ],
)
def test_a_reference_as_it_stands_in_ids(text, found):
    assert reference(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CAATSA - RUSSIA", "CAATSA-RUSSIA"),
        ("UKRAINE -EO13661", "UKRAINE-EO13661"),
        ("Al-Qaida", "Al-Qaida"),
        ("", None),
        (None, None),
    ],
)
def test_a_programme_has_no_spaces_around_its_hyphens(text, found):
    assert programme(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2022-08-02", date(2022, 8, 2)),
        (" 2022-08-02T00:00:00.000+02:00 ", date(2022, 8, 2)),
        ("2022-08-02-04:00", date(2022, 8, 2)),
        ("2022-08-02Z", date(2022, 8, 2)),
        ("2022-08-021", None),
        ("2022-02-30", None),
        ("0000-01-01", None),
        ("2022-8-2", None),
        ("٢٠٢٢-٠٨-٠٢", None),
        ("02/08/2022", None),
        ("", None),
        (None, None),
    ],
)
def test_a_day_or_unknown(text, found):
    assert iso_day(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("02/08/2022", date(2022, 8, 2)),
        ("2/8/2022", date(2022, 8, 2)),
        ("31/02/2019", None),
        ("08/31/2022", None),
        ("00/00/2019", None),
        ("2022-08-02", None),
        (None, None),
    ],
)
def test_a_british_day_or_unknown(text, found):
    assert british_day(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Iran (Islamic Republic of)", "IR"),
        ("North Korea", "KP"),
        ("Korea, North", "KP"),
        ("United Republic of Tanzania", "TZ"),
        ("ru", "RU"),
        ("00", None),
        ("Region: Crimea", None),
        ("", None),
        (None, None),
    ],
)
def test_a_country_by_name_or_code(text, found):
    assert country(text) == found


def test_the_seat_is_where_all_addresses_lie():
    assert country_of_seat(["RU", None, "RU"]) == "RU"
    assert country_of_seat(["RU", "BY"]) is None
    assert country_of_seat([None]) is None
    assert country_of_seat([]) is None
