import datetime as dt

import pytest

from gateway.lists.formats.ofac.ofac_facts import LABELS, NON_SDN, OfacFacts, read_day


def noted(*facts):
    found = OfacFacts()
    for fact in facts:
        found.note(*fact)
    return found


def test_websites_and_addresses_are_kept_as_they_stand():
    facts = noted(
        ("Website", "www.x.example"),
        ("alt. Website", "http://y.example/en/"),
        ("Email Address", "Office@x.example"),
        ("Website", " "),
        ("Organization Type", "www.z.example"),
    )
    assert facts.websites == ["www.x.example", "http://y.example/en/"]
    assert facts.emails == ["Office@x.example"]


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (("Tax ID No.", "9900000017", "RU"), "ru-inn:9900000017"),
        (("Registration Number", "1029900000019", "RU"), "ru-ogrn:1029900000019"),
        (("Registration ID", "1029900000019", "RU"), "ru-ogrn:1029900000019"),
        (("Legal Entity Number", "2534009999MONITION10", None), "lei:2534009999monition10"),
        (("National ID No.", "10999000001", "IR"), "ir-id:10999000001"),
        (
            ("Unified Social Credit Code (USCC)", "91990000000000000X", "CN"),
            "cn-uscc:91990000000000000x",
        ),
    ],
)
def test_numbers_of_registers_become_identifiers(fact, expected):
    assert noted(fact).identifiers(None) == (expected,)


@pytest.mark.parametrize(
    "fact",
    [
        ("Tax ID No.", "9900000018", "RU"),  # a slip in the last digit
        ("Tax ID No.", "9900000017", "KZ"),
        ("Tax ID No.", "9900000017", None),
        ("Registration Number", "26740", "IR"),
        ("Registration Number", "1029900000018", "RU"),
        ("Legal Entity Number", "2534009999MONITION11", None),
        ("National ID No.", "1099900000", "IR"),  # a person's
        ("Government Gazette Number", "1029900000019", "RU"),
    ],
)
def test_other_numbers_do_not(fact):
    assert noted(fact).identifiers(None) == ()


def test_the_entitys_country_stands_in_where_a_numbers_own_is_not_told():
    facts = noted(("Tax ID No.", "9900000017"))
    assert facts.identifiers("RU") == ("ru-inn:9900000017",)


def test_the_country_of_registration_is_what_its_numbers_agree_on():
    assert noted(("Tax ID No.", "1", "RU"), ("Registration ID", "2", "RU")).registered_in == "RU"
    assert noted(("Tax ID No.", "1", "RU"), ("Tax ID No.", "2", "CY")).registered_in is None
    assert (
        noted(
            ("Tax ID No.", "1", "RU"), ("Nationality of Registration", "China", "CN")
        ).registered_in
        == "CN"
    )


def test_directives_date_the_programme_they_rest_on():
    facts = noted(
        ("Listing Date (EO 14024 Directive 3):", "03 Mar 2022"),
        ("Effective Date (EO 14024 Directive 3):", "02 Apr 2022"),
        ("Listing Date (EO 14024 Directive 2):", "24 Feb 2022"),
        ("Effective Date (EO 14024 Directive 2):", "26 Mar 2022"),
        ("Listing Date (CMIC)", "03 Jun 2021"),
        ("Listing Date (EO 99999 Directive 1):", "01 Jan 2020"),
        ("Effective Date (EO 14024 Directive 4):", "soon"),
    )
    eo14024, cmic = sorted(
        facts.directives("1", ("UKRAINE-EO13662", "RUSSIA-EO14024", "CMIC-EO13959")),
        key=lambda each: each.programme,
        reverse=True,
    )
    assert {eo14024.list, cmic.list} == {NON_SDN}
    assert (eo14024.programme, eo14024.uid) == ("RUSSIA-EO14024", "1")
    assert eo14024.listed_on == dt.date(2022, 2, 24)
    assert eo14024.effective_from == dt.date(2022, 3, 26)
    assert (cmic.programme, cmic.listed_on) == ("CMIC-EO13959", dt.date(2021, 6, 3))
    assert cmic.effective_from is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24 Feb 2022", dt.date(2022, 2, 24)),
        (" 4 Feb 2022.", dt.date(2022, 2, 4)),
        ("2022-02-24", dt.date(2022, 2, 24)),
        ("30 Feb 2022", None),
        ("Feb 2022", None),
        ("24 Foo 2022", None),
        ("", None),
    ],
)
def test_days_are_read_or_not_known(text, expected):
    assert read_day(text) == expected


def test_a_label_stands_before_those_it_begins_with():
    for at, label in enumerate(LABELS):
        assert not any(label.startswith(earlier) for earlier in LABELS[:at])
