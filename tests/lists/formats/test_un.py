import xml.etree.ElementTree as ET
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.formats import un
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason
from gateway.model import Listing

# What the fixtures of conftest.py read: reader, the file's role, and the hand-made one.
SAMPLE = (un.read, "consolidated.xml", "un/consolidated.xml")


def test_an_entity_with_all_that_is_told_of_it(found):
    assert found[1] == Entry(
        id="un-sc-tte.001",
        name="BUREAU OF TIDAL MATHEMATICS",
        place="consolidated.xml:13",
        listings=(
            Listing(
                "UN-SC",
                "Nowhere-East",
                "TTe.001",
                listed_on=date(2012, 4, 18),
                source="UN Security Council consolidated list, entry TTe.001",
            ),
        ),
        aliases=("조석수학국", "Tidal Bureau", "Office of Moons"),
        weak_aliases=("BTM",),
        country="IR",
        websites=("http://www.bureau.example",),
        emails=("tides@bureau.example", "moon@bureau.example", "branch@bureau.example"),
        identifiers=("un:tte.001", "un-data:700001"),
    )


def test_an_entity_of_which_little_is_told(found):
    assert found[2] == Entry(
        id="un-sc-tte.002",
        name="COLLEGE OF SMALL WINDS",
        place="consolidated.xml:31",
        listings=(
            Listing(
                "UN-SC",
                None,
                "TTe.002",
                source="UN Security Council consolidated list, entry TTe.002",
            ),
        ),
        identifiers=("un:tte.002",),
    )


def test_s12_what_is_not_taken_is_told_with_its_reason_and_place(found):
    assert [
        (each.reason, each.place, each.detail) for each in found if isinstance(each, RejectedRow)
    ] == [
        (RejectedRowReason.INDIVIDUAL, "consolidated.xml:4", "TTi.001"),
        (
            RejectedRowReason.DUPLICATE,
            "consolidated.xml:39",
            "un-sc-tte.001 stands at consolidated.xml:13",
        ),
        (RejectedRowReason.NAMELESS, "consolidated.xml:43", "TTe.003"),
        (RejectedRowReason.MALFORMED, "consolidated.xml:47", "has no REFERENCE_NUMBER"),
    ]
    assert len(found) == 6


def test_s12_another_file_is_refused(read, content):
    with pytest.raises(ListError, match="outermost element is <export>, not <CONSOLIDATED_LIST>"):
        read(content("eu/eu.xml"))


def test_s12_a_missing_file_is_named():
    with pytest.raises(ListError, match=r"^consolidated\.xml: is missing"):
        list(un.read({}))


@given(st.data())
def test_s12_a_file_cut_short_never_passes(outcome, read, good, data):
    end = data.draw(st.integers(0, len(good.rstrip()) - 1))
    assert isinstance(outcome(lambda: read(good[:end])), ListError)


@given(st.data())
def test_s12_damage_gives_entries_rejections_or_an_error(outcome, damaged, read, good, data):
    outcome(lambda: read(damaged(data, good)))


@given(st.binary(max_size=200))
def test_s12_any_bytes_give_an_error(outcome, read, raw):
    assert isinstance(outcome(lambda: read(raw)), ListError)


@pytest.mark.data
def test_the_real_list_is_accounted_for(real, data_path):
    root = ET.parse(data_path("un/consolidated.xml")).getroot()
    found = list(un.read({"consolidated.xml": real("un/consolidated.xml")}))
    entries = {each.listings[0].uid: each for each in found if isinstance(each, Entry)}
    # grep -c '<ENTITY>' and '<INDIVIDUAL>'
    assert len(entries) == len(root.findall("ENTITIES/ENTITY")) == 273
    rest = Counter(each.reason for each in found if isinstance(each, RejectedRow))
    assert rest == {RejectedRowReason.INDIVIDUAL: len(root.findall("INDIVIDUALS/INDIVIDUAL"))}
    assert rest[RejectedRowReason.INDIVIDUAL] == 730
    for element in root.findall("ENTITIES/ENTITY"):
        entry = entries[element.findtext("REFERENCE_NUMBER").strip()]
        assert entry.name == " ".join(element.findtext("FIRST_NAME").split())
        assert entry.listings[0].listed_on == date.fromisoformat(
            element.findtext("LISTED_ON")[:10]  # ten have a time zone behind the day
        )
        assert entry.listings[0].programme == element.findtext("UN_LIST_TYPE").strip()
        told = {" ".join((each.text or "").split()) for each in element.iter("ALIAS_NAME")}
        assert told - {"", entry.name} <= set(entry.aliases)


@pytest.mark.data
def test_the_real_list_names_two_websites_and_fifteen_mailboxes(real):
    found = un.read({"consolidated.xml": real("un/consolidated.xml")})
    entries = [each for each in found if isinstance(each, Entry)]
    # Every @ and every web address of the file's entities but INTERPOL's and the UN's own.
    assert [site for each in entries for site in each.websites] == [
        "http://www.behinehco.ir",
        "http://ansharuttauhid.com/",
    ]
    assert len([box for each in entries for box in each.emails]) == 15
    assert all(box.count("@") == 1 for each in entries for box in each.emails)


@pytest.mark.data
def test_every_country_of_the_real_list_is_known(real, data_path):
    root = ET.parse(data_path("un/consolidated.xml")).getroot()
    names = {(each.text or "").strip() for each in root.iterfind("ENTITIES//COUNTRY")} - {""}
    assert {name for name in names if un.country(name) is None} == set()
