import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.formats.ofac import advanced_xml, sdn_xml
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason

FILE = "sdn_advanced.xml"


@pytest.fixture
def read(part, content):
    def run(raw=None):
        return list(advanced_xml.read({FILE: part(FILE, raw or content(f"ofac/{FILE}"))}))

    return run


@pytest.fixture
def changed(read, content):
    """Read the file with one text of it changed."""

    def run(old, new):
        raw = content(f"ofac/{FILE}")
        assert old.encode() in raw
        return read(raw.replace(old.encode(), new.encode()))

    return run


def entries(found):
    return {each.id: each for each in found if isinstance(each, Entry)}


def rejections(found):
    return [(each.reason, each.place) for each in found if isinstance(each, RejectedRow)]


def without_dates(entry):
    listings = tuple(
        replace(each, listed_on=None) if each.list == "US-OFAC-SDN" else each
        for each in entry.listings
    )
    return replace(entry, place="", listings=listings)


def test_the_same_list_in_plain_xml_gives_the_same_entries_but_for_dates(read, part, content):
    plain = entries(sdn_xml.read({"sdn.xml": part("sdn.xml", content("ofac/sdn.xml"))}))
    found = entries(read())
    assert {id_: without_dates(each) for id_, each in found.items()} == {
        id_: without_dates(each) for id_, each in plain.items()
    }


def test_a_listing_has_the_date_of_its_entry(read):
    found = entries(read())
    assert {each.listed_on for each in found["us-ofac-90001"].listings} == {dt.date(2022, 8, 2)}
    assert [each.listed_on for each in found["us-ofac-90006"].listings] == [
        dt.date(2022, 4, 6),
        dt.date(2022, 4, 6),
        dt.date(2022, 2, 24),  # the directive's own
    ]


def test_the_first_of_several_events_counts_and_no_date_is_guessed(changed):
    event = "<EntryEvent><Date><Year>{}</Year><Month>8</Month><Day>{}</Day></Date></EntryEvent>"
    start = '<SanctionsEntry ID="900019" ProfileID="90001" ListID="1550">'
    found = changed(start, start + event.format(2021, 1) + event.format(2020, 99))
    assert entries(found)["us-ofac-90001"].listings[0].listed_on == dt.date(2021, 8, 1)
    undated = changed("<Month>8</Month><Day>2</Day>", "<Month>0</Month><Day>0</Day>")
    assert entries(undated)["us-ofac-90001"].listings[0].listed_on is None


def test_only_measures_that_are_programmes_are_programmes(read):
    programmes = {
        listing.programme for entry in entries(read()).values() for listing in entry.listings
    }
    assert programmes == {
        "RUSSIA-EO14024",
        "CAATSA-RUSSIA",
        "NPWMD",
        "IFSR",
        "UKRAINE-EO13662",
        None,
    }


def test_another_list_than_the_sdns_is_short_of_blocking(changed):
    found = changed('ProfileID="90001" ListID="1550"', 'ProfileID="90001" ListID="9"')
    (listing,) = entries(found)["us-ofac-90001"].listings
    assert listing.list == "US-OFAC-NON-SDN"


def test_the_consolidated_file_is_read_alike(part, content, read):
    raw = content(f"ofac/{FILE}")
    parts = {"cons_advanced.xml": part(FILE, raw)}
    assert list(advanced_xml.read_consolidated(parts)) == read()


def test_a_false_identity_names_nobody(changed):
    found = changed(
        'FixedRef="90001" Primary="true" False="false"', 'FixedRef="90001" False="true"'
    )
    assert (RejectedRowReason.NAMELESS, f"{FILE}:57") in rejections(found)


def test_names_in_other_scripts_are_aliases(changed):
    name = (
        '<DocumentedName ID="2" DocNameStatusID="2"><DocumentedNamePart><NamePartValue>{}'
        "</NamePartValue></DocumentedNamePart></DocumentedName></Alias>"
    )
    found = changed(
        "INSTITUTE OF NORTHERN OPTICS</NamePartValue></DocumentedNamePart>\n"
        "            </DocumentedName>\n          </Alias>",
        "INSTITUTE OF NORTHERN OPTICS</NamePartValue></DocumentedNamePart>\n"
        "            </DocumentedName>" + name.format("ИНСТИТУТ"),
    )
    entry = entries(found)["us-ofac-90001"]
    assert entry.name == "INSTITUTE OF NORTHERN OPTICS"
    assert "ИНСТИТУТ" in entry.aliases


def test_a_name_without_letters_is_none(changed):
    found = changed(">INO<", "> <")
    assert entries(found)["us-ofac-90001"].weak_aliases == ()


def test_the_namespace_may_change(changed, read):
    new = "https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/ADVANCED_XML"
    assert changed("http://www.un.org/sanctions/1.0", new) == read()


def test_s12_each_party_that_is_not_taken_is_told_by_reason_and_line(read):
    assert rejections(read()) == [
        (RejectedRowReason.INDIVIDUAL, f"{FILE}:84"),
        (RejectedRowReason.VESSEL, f"{FILE}:96"),
        (RejectedRowReason.AIRCRAFT, f"{FILE}:108"),
        (RejectedRowReason.NAMELESS, f"{FILE}:160"),
        (RejectedRowReason.OTHER_KIND, f"{FILE}:167"),
    ]


LISTED = 'ProfileID="90001" ListID="1550"'
PROFILE = '<Profile ID="90001" PartySubTypeID="3">'


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            LISTED,
            'ProfileID="1" ListID="1550"',
            {RejectedRowReason.ORPHAN, RejectedRowReason.INACTIVE},
        ),
        (
            LISTED,
            'ProfileID="90001" ListID="7"',
            {RejectedRowReason.MALFORMED, RejectedRowReason.INACTIVE},
        ),
        (PROFILE, '<Profile ID="90001" PartySubTypeID="77">', {RejectedRowReason.MALFORMED}),
        (
            PROFILE,
            '<Profile ID="A" PartySubTypeID="3">',
            {RejectedRowReason.MALFORMED, RejectedRowReason.ORPHAN},
        ),
        (
            '<Profile ID="90005" ',
            '<Profile ID="90001" ',
            {RejectedRowReason.DUPLICATE, RejectedRowReason.ORPHAN},
        ),
    ],
    ids=["no entry", "unnamed list", "unnamed kind", "no number", "twice"],
)
def test_s12_references_that_lead_nowhere_are_told(changed, old, new, expected):
    usual = {
        RejectedRowReason.INDIVIDUAL,
        RejectedRowReason.VESSEL,
        RejectedRowReason.AIRCRAFT,
        RejectedRowReason.NAMELESS,
        RejectedRowReason.OTHER_KIND,
    }
    assert {reason for reason, _ in rejections(changed(old, new))} - usual == expected


def test_s12_a_party_without_a_profile_is_told(read):
    found = read("<Sanctions>\n<DistinctParty/></Sanctions>")
    assert rejections(found) == [(RejectedRowReason.MALFORMED, f"{FILE}:2")]


def test_s12_more_than_a_list_can_hold_is_refused(read, monkeypatch):
    monkeypatch.setattr(advanced_xml, "MAX_HELD", 2000)
    with pytest.raises(ListError, match="has more in it than any list"):
        read()


def test_s12_a_file_cut_anywhere_is_refused(read, content):
    whole = content(f"ofac/{FILE}").rstrip()
    for end in range(1, len(whole), 211):
        with pytest.raises(ListError):
            read(whole[:end])


@given(st.data())
def test_s12_a_damaged_file_gives_entries_rejections_or_one_error(
    part, content, outcome, damaged, data
):
    raw = damaged(data, content(f"ofac/{FILE}"))
    outcome(lambda: advanced_xml.read({FILE: part(FILE, raw)}))
