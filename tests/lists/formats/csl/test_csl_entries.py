import datetime as dt
from dataclasses import replace

import pytest

from gateway.lists.formats.csl.csl_entries import entries
from gateway.lists.formats.csl.csl_record import LISTS, OFAC, CslRecord
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason

SDN = "Specially Designated Nationals (SDN) - Treasury Department"
SSI = "Sectoral Sanctions Identifications List (SSI) - Treasury Department"
ENTITY_LIST = "Entity List (EL) - Bureau of Industry and Security"
UNVERIFIED = "Unverified List (UVL) - Bureau of Industry and Security"
DENIED = "Denied Persons List (DPL) - Bureau of Industry and Security"
DEBARRED = "ITAR Debarred (DTC) - State Department"

PLAIN = CslRecord("list:1", ENTITY_LIST, "", "", "Fictional Institute")
NUMBERED = CslRecord("list:2", SDN, "90001", "Entity", "FICTIONAL INSTITUTE")


def read(*records):
    return list(entries(iter(records)))


def reasons(*records):
    return [getattr(each, "reason", "entry") for each in read(*records)]


def test_the_policys_lists_have_their_names():
    assert {each.name for each in LISTS.values()} == {
        "US-BIS-EL",
        "US-BIS-MEU",
        "US-BIS-UVL",
        "US-BIS-DPL",
        "US-STATE-ISN",
        "US-STATE-AECA",
    }
    assert set(OFAC.values()) == {"US-OFAC-SDN", "US-OFAC-NON-SDN"}


def test_rows_with_ofacs_number_have_the_id_they_have_in_ofacs_lists():
    (entry,) = read(NUMBERED)
    assert entry.id == "us-ofac-90001"
    assert entry.identifiers == ("ofac:90001",)
    assert entry.listings[0].source == "OFAC SDN list, entry 90001"


def test_one_number_on_two_of_ofacs_lists_is_one_id_with_a_listing_on_each():
    one, other = read(NUMBERED, replace(NUMBERED, source=SSI, place="list:3"))
    assert one.id == other.id
    assert [each.listings[0].list for each in (one, other)] == ["US-OFAC-SDN", "US-OFAC-NON-SDN"]


def test_s12_rows_of_one_name_in_one_department_are_one_entity_and_none_is_lost():
    again = replace(PLAIN, place="list:3", starts="2010-06-30", countries=["NO"])
    first = replace(PLAIN, starts="2010-06-28", countries=["ZA"], other_names=["Other Name"])
    unverified = replace(PLAIN, place="list:4", source=UNVERIFIED)
    (entry,) = read(first, again, unverified)
    assert entry.id == "us-bis-fictional-institute"
    assert entry.place == "list:1"
    assert entry.aliases == ("Other Name",)
    assert entry.country is None
    assert [(each.list, each.listed_on) for each in entry.listings] == [
        ("US-BIS-EL", dt.date(2010, 6, 28)),
        ("US-BIS-EL", dt.date(2010, 6, 30)),
        ("US-BIS-UVL", None),
    ]


def test_departments_do_not_share_names():
    state = replace(PLAIN, source="Nonproliferation Sanctions (ISN) - State Department")
    assert [each.id for each in read(PLAIN, state)] == [
        "us-bis-fictional-institute",
        "us-state-fictional-institute",
    ]


def test_an_order_that_ended_is_delisted_and_what_lasts_longest_stands_first():
    ended = replace(PLAIN, source=DENIED, starts="2009-06-05", ends="2019-12-03")
    lasting = replace(ended, starts="2021-01-01", ends="2031-01-01")
    endless = replace(ended, starts="2024-01-01", ends="")
    (entry,) = read(ended, lasting, endless)
    assert [each.delisted_on for each in entry.listings] == [
        None,
        dt.date(2031, 1, 1),
        dt.date(2019, 12, 3),
    ]
    assert not entry.listings[2].is_in_force(dt.date(2019, 12, 3))
    assert entry.listings[2].is_in_force(dt.date(2019, 12, 2))


@pytest.mark.parametrize("source", [DENIED, DEBARRED])
def test_s12_on_lists_of_people_a_row_is_taken_for_a_word_that_organisations_bear(source):
    person = replace(PLAIN, source=source, name="SOMEBODY ELSE")
    firm = replace(PLAIN, source=source, name="SOMEBODY ELSE AVIATION LTD")
    told = replace(person, kind="Entity", name="GBNTT")
    assert reasons(person, firm, told) == [RejectedRowReason.INDIVIDUAL, "entry", "entry"]


def test_on_lists_of_institutions_every_row_is_taken_unless_it_says_otherwise():
    bare = replace(PLAIN, name="GBNTT")
    person = replace(PLAIN, name="SOMEBODY ELSE", kind="Individual")
    assert reasons(bare, person) == [RejectedRowReason.INDIVIDUAL, "entry"]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (replace(NUMBERED, kind="Individual"), RejectedRowReason.INDIVIDUAL),
        (replace(NUMBERED, kind="Vessel"), RejectedRowReason.VESSEL),
        (replace(NUMBERED, kind="Aircraft"), RejectedRowReason.AIRCRAFT),
        (replace(NUMBERED, kind="Wallet"), RejectedRowReason.OTHER_KIND),
        (replace(NUMBERED, kind=""), RejectedRowReason.MALFORMED),
        (replace(NUMBERED, number="A1"), RejectedRowReason.MALFORMED),
        (replace(NUMBERED, name=" "), RejectedRowReason.NAMELESS),
        (replace(PLAIN, name=" ; "), RejectedRowReason.NAMELESS),
        (replace(PLAIN, source="List of Bad Weather (LBW)"), RejectedRowReason.OTHER_LIST),
    ],
)
def test_s12_what_is_not_taken_is_told_by_reason(record, reason):
    (rejected,) = read(record)
    assert isinstance(rejected, RejectedRow)
    assert (rejected.reason, rejected.place) == (reason, record.place)


def test_s12_a_number_that_stood_before_on_the_same_list_is_told():
    assert reasons(NUMBERED, replace(NUMBERED, place="list:9")) == [
        "entry",
        RejectedRowReason.DUPLICATE,
    ]


def test_a_row_without_a_number_may_name_a_website():
    ids = [("Website", "www.x.example", None), ("Tax ID No.", "9900000017", "RU")]
    (entry,) = read(replace(PLAIN, ids=ids))
    assert entry.websites == ("www.x.example",)
    assert entry.identifiers == ("ru-inn:9900000017",)


def test_rejections_of_the_format_pass_through():
    rejected = RejectedRow(RejectedRowReason.MALFORMED, "list:7", "short")
    assert read(rejected) == [rejected]


def test_short_names_of_ofacs_rows_are_weak():
    (entry,) = read(replace(NUMBERED, other_names=["FICTECH", "INO", "FICTIONAL (NORTH)"]))
    assert isinstance(entry, Entry)
    assert entry.aliases == ("FICTECH", "FICTIONAL (NORTH)")
    assert entry.weak_aliases == ("INO",)
