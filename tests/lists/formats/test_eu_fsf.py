import xml.etree.ElementTree as ET
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.formats import eu_fsf
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason
from gateway.model import Listing

NS = "{http://eu.europa.ec/fpi/fsd/export}"


# What the fixtures of conftest.py read: reader, the file's role, and the hand-made one.
SAMPLE = (eu_fsf.read, "eu.xml", "eu/eu.xml")


def test_an_enterprise_with_all_that_is_told_of_it(found):
    source = "EU consolidated financial sanctions list, entry EU.9001.10"
    assert found[0] == Entry(
        id="eu-fsf-eu.9001.10",
        name="Institute of Applied Nephology",
        place="eu.xml:3",
        listings=(
            Listing("EU-FSF", "UKR", "EU.9001.10", listed_on=date(2022, 7, 21), source=source),
            Listing("EU-FSF", "RUS-DA", "EU.9001.10", listed_on=date(2022, 7, 21), source=source),
        ),
        aliases=("Институт прикладной нефологии", "Cloud Institute"),
        weak_aliases=("IAN",),
        country="RU",
        websites=(
            "https://nephology.example",
            "www.ian.example",
            "www.cloudworks.example",
            "http://nimbus.example/en",
        ),
        emails=("office@nephology.example", "dean@nephology.example"),
        identifiers=("eu:eu.9001.10", "ru-inn:7700000009", "ru-ogrn:1027700000008"),
    )


def test_an_enterprise_with_weak_names_two_countries_and_no_date(found):
    assert found[1] == Entry(
        id="eu-fsf-eu.9002.11",
        name="Bureau of Tidal Mathematics",
        place="eu.xml:25",
        listings=(
            Listing(
                "EU-FSF",
                "PRK",
                "EU.9002.11",
                source="EU consolidated financial sanctions list, entry EU.9002.11",
            ),
        ),
        identifiers=("eu:eu.9002.11", "un:tte.001"),
    )


def test_an_entry_without_reference_goes_by_its_register_number(found):
    entry = found[5]
    assert isinstance(entry, Entry)
    assert entry.id == "eu-fsf-90006"
    assert entry.listings[0].listed_on is None
    assert entry.listings[0].programme is None


def test_s12_what_is_not_taken_is_told_with_its_reason_and_place(found):
    assert [
        (each.reason, each.place, each.detail) for each in found if isinstance(each, RejectedRow)
    ] == [
        (RejectedRowReason.INDIVIDUAL, "eu.xml:33", "EU.9003.12"),
        (RejectedRowReason.NAMELESS, "eu.xml:37", "EU.9004.13"),
        (RejectedRowReason.DUPLICATE, "eu.xml:41", "eu-fsf-eu.9001.10 stands at eu.xml:3"),
        (RejectedRowReason.OTHER_KIND, "eu.xml:49", "EU.9007.14: subjectType ship"),
        (RejectedRowReason.MALFORMED, "eu.xml:53", "EU.9008.15: subjectType missing"),
        (RejectedRowReason.MALFORMED, "eu.xml:56", "has neither euReferenceNumber nor logicalId"),
    ]
    assert len(found) == 9


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"<WHOLE><ENTITY/></WHOLE>",
            "eu.xml:1: is not the list: its outermost element is <WHOLE>",
        ),
        (b"<export/>", "eu.xml: is XML without any <sanctionEntity>"),
        (b"<!doctype html><p>Please sign in", "eu.xml:1: is a web page"),
    ],
)
def test_s12_another_file_is_refused(read, content, said):
    with pytest.raises(ListError) as error:
        read(content)
    assert str(error.value).startswith(said)


def test_s12_a_missing_file_is_named():
    with pytest.raises(ListError, match=r"^eu\.xml: is missing"):
        list(eu_fsf.read({}))


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
def test_the_real_sample_is_accounted_for(real, data_path):
    tree = ET.parse(data_path("eu/sample.xml"))
    kinds = [each.get("code") for each in tree.getroot().iter(f"{NS}subjectType")]
    found = list(eu_fsf.read({"eu.xml": real("eu/sample.xml")}))
    assert len(kinds) == len(found) == 7
    assert kinds.count("person") == 7
    assert {each.reason for each in found} == {RejectedRowReason.INDIVIDUAL}


@pytest.mark.data
def test_the_real_sample_as_enterprises(read, data_path):
    # The sample has people only; as enterprises their names and programmes are read all the same.
    raw = data_path("eu/sample.xml").read_bytes().replace(b'code="person"', b'code="enterprise"')
    root = ET.fromstring(raw)
    found = read(raw)
    # One reference stands in it twice.
    again = [position for position, each in enumerate(found) if isinstance(each, RejectedRow)]
    assert [found[position].reason for position in again] == [RejectedRowReason.DUPLICATE]
    pairs = list(zip(found, root.iter(f"{NS}sanctionEntity"), strict=True))
    del pairs[again[0]]
    for entry, element in pairs:
        names = {each.get("wholeName") for each in element.iter(f"{NS}nameAlias")}
        assert {entry.name, *entry.aliases, *entry.weak_aliases} == names
        (listing,) = entry.listings
        assert listing.uid == element.get("euReferenceNumber")
        assert listing.programme == element.find(f"{NS}regulation").get("programme")
        told = element.get("designationDate")
        assert listing.listed_on == (date.fromisoformat(told) if told else None)
        united_nations = element.get("unitedNationId").lower()
        assert (f"un:{united_nations}" in entry.identifiers) == bool(united_nations)
