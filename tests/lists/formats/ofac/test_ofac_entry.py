import datetime as dt

import pytest

from gateway.lists.formats.ofac.ofac_entry import SDN, Draft, entry, is_uid
from gateway.lists.formats.ofac.ofac_facts import NON_SDN


def draft(**fields):
    return Draft(uid="1", name="NAME", place="list:1", **fields)


def test_names_stand_once_and_the_strong_before_the_weak():
    found = entry(draft(aliases=["NAME", "A", "A ", "B"], weak=["B", "C", "NAME", "C"]), SDN)
    assert found.aliases == ("A", "B")
    assert found.weak_aliases == ("C",)


def test_control_characters_stand_in_no_name():
    found = entry(Draft("1", "A\x92 \x00B", "list:1"), SDN)
    assert found.name == "A B"


def test_a_programme_has_no_spaces_about_its_hyphens_and_stands_once():
    found = entry(draft(programmes=["CAATSA - RUSSIA", "CAATSA-RUSSIA", "SOUTH SUDAN"]), SDN)
    assert [each.programme for each in found.listings] == ["CAATSA-RUSSIA", "SOUTH SUDAN"]


def test_the_entrys_own_date_goes_before_a_directives_on_the_same_list():
    one = draft(programmes=["RUSSIA-EO14024"], listed_on=dt.date(2022, 2, 22))
    one.facts.note("Listing Date (EO 14024 Directive 3):", "24 Feb 2022")
    one.facts.note("Effective Date (EO 14024 Directive 3):", "26 Mar 2022")
    (listing,) = entry(one, NON_SDN).listings
    assert listing.listed_on == dt.date(2022, 2, 22)
    assert listing.effective_from == dt.date(2022, 3, 26)
    assert listing.source == "OFAC Consolidated (non-SDN) list, entry 1"


@pytest.mark.parametrize("text", ["36", "123456789012"])
def test_a_number_is_a_number(text):
    assert is_uid(text)


@pytest.mark.parametrize("text", ["", "-1", "1 2", "\uff11\uff12", "x", "1234567890123", "12\n"])
def test_anything_else_is_none(text):
    assert not is_uid(text)
